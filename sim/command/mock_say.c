/* What `routesim mock` tells: where to find it, what to mind, and what happened. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "router/base/duration.h"
#include "sim/command/command.h"
#include "sim/command/descriptors.h"
#include "sim/command/mock_state.h"

enum { JOURNAL_SLICE = 4096 };

/* For programs: NAME=value lines. */
static void put_machine_lines(const struct mock *mock, struct text *text)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (mock->urls[p][0] != '\0') {
            text_format(text, "%s=%s\n", provider_traits[p].id, mock->urls[p]);
        }
    }
    if (mock->admin != NULL) text_format(text, "ADMIN=%s\n", mock->admin_url);
    if (mock->wish.keys == NULL) return;
    text_format(text, "ENV_FILE=%s/mock.env\n", mock->folder);
    if (mock->wish.tls) text_format(text, "CA_FILE=%s/ca.pem\n", mock->folder);
}

static void put_table(const struct mock *mock, struct text *text)
{
    const struct scenario *const scenario = mock->world.now->loaded.scenario;
    text_format(text, "routesim mock: %s, seed %" PRIu64 "\n\n",
                mock->world.path == NULL ? "defaults, every provider well" : scenario->name,
                mock->world.seed);
    text_format(text, "  %-13s %-32s %s\n", "PROVIDER", "URL", "API");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (mock->urls[p][0] == '\0') continue;
        text_format(text, "  %-13s %-32s %s\n", provider_traits[p].id, mock->urls[p],
                    api_names[scenario->providers[p].backend.api]);
    }
    if (mock->admin != NULL) {
        text_format(text, "  %-13s %-32s %s\n", "admin", mock->admin_url, "GET / lists its routes");
    }
    if (mock->wish.keys != NULL) {
        text_format(text, "  %-13s %s/mock.env\n", "credentials", mock->folder);
        if (mock->wish.tls) text_format(text, "  %-13s %s/ca.pem\n", "authority", mock->folder);
    }
    text_put(text, "\nCtrl-C stops it; SIGHUP reads the scenario again.\n");
}

int mock_say_where(const struct mock *mock)
{
    struct text text = {0};
    if (invocation_on(mock->invocation, OPTION_PRINT_URLS)) {
        put_machine_lines(mock, &text);
    } else if (!mock->console->quiet) {
        put_table(mock, &text);
    }
    const int code = console_write(mock->console, &text);
    return code != EXIT_DONE ? code : console_close(mock->console, EXIT_DONE);
}

void mock_warn(const struct mock *mock, const char *hint, const char *message)
{
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "%s", message);
    (void)err_hint(&err, "%s", hint);
    err.warning = true;
    (void)console_error(mock->console, &err, NULL);
}

void mock_warn_of_faults(const struct mock *mock)
{
    const struct mock_faults *const faults = mock->world.now->faults;
    for (uint32_t i = 0; i < faults->count; i++) {
        char note[FRONT_NOTE_MAX];
        if (mock_world_note(&mock->world, &faults->items[i], note)) mock_warn(mock, "", note);
    }
}

void mock_say_warnings(const struct mock *mock)
{
    if (!mock_wish_is_local(&mock->wish)) {
        mock_warn(mock, "the admin interface stays on 127.0.0.1",
                  "the mocks listen where other machines can reach them");
    }
    if (mock->wish.tls && mock->wish.keys == NULL) {
        mock_warn(mock, "--keys DIR writes DIR/ca.pem",
                  "no client can know the authority behind these certificates");
    }
    mock_warn_of_faults(mock);
}

static bool refuse_journal(const struct mock *mock, struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = mock->wish.journal},
                    "the journal cannot be written: %s", strerror(errno));
}

/* Nothing that is there is touched before there is something to put in its place. */
bool mock_check_journal(const struct mock *mock, struct err *err)
{
    if (mock->wish.journal == NULL || strcmp(mock->wish.journal, "-") == 0) return true;
    const int file =
        open(mock->wish.journal, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (file < 0 && errno == ENXIO) return true; /* a pipe, whose reader may come later */
    if (file < 0) return refuse_journal(mock, err);
    (void)close(file);
    return true;
}

int mock_write_journal(const struct mock *mock)
{
    if (mock->wish.journal == NULL) return EXIT_DONE;
    const bool to_out = strcmp(mock->wish.journal, "-") == 0;
    FILE *const file = to_out ? mock->console->out : fopen(mock->wish.journal, "w");
    struct journal_filter filter = journal_filter_any();
    bool written = file != NULL;
    filter.limit = JOURNAL_SLICE;
    while (written) {
        struct text text = {0};
        const struct journal_stats stats = journal_stats(mock->journal);
        const uint64_t count = journal_json(mock->journal, &filter, JOURNAL_PLAIN, &text);
        written =
            !text.failed && (count == 0 || fwrite(text.bytes, 1, text.length, file) == text.length);
        text_release(&text);
        filter.since = (filter.since < stats.lost ? stats.lost : filter.since) + count;
        if (count < JOURNAL_SLICE) break;
    }
    if (file != NULL && !to_out && fclose(file) != 0) written = false;
    if (written) return EXIT_DONE;
    struct err err;
    (void)refuse_journal(mock, &err);
    return console_error(mock->console, &err, NULL);
}

/* Clients wait then, or lose a connection that was to hang: none of it is what the scenario says.
 */
void mock_mind_starving(struct mock *mock)
{
    struct err err;
    if (mock->starved) return;
    mock->starved = mock_server_counters(mock->server).starved > 0 ||
                    (mock->front != NULL && front_starved(mock->front) > 0);
    if (!mock->starved) return;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0},
                   "no file descriptor was left here for a client: what it met is none of the "
                   "scenario's doing");
    (void)err_hint(&err, "say `ulimit -n` with more than %" PRIu64 " before it",
                   descriptors_raise());
    (void)console_error(mock->console, &err, NULL);
}

void mock_say_goodbye(const struct mock *mock, int64_t served_us)
{
    const struct mock_server_counters counters = mock_server_counters(mock->server);
    char span[DURATION_TEXT_MAX];
    if (mock->console->quiet) return;
    duration_for_people(served_us, span);
    fprintf(mock->console->err, "routesim mock: stopped after %s and %" PRIu64 " request%s\n", span,
            counters.requests, counters.requests == 1 ? "" : "s");
}
