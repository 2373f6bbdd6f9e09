/* sim/command/mock.c - `routesim mock`: the four providers as HTTP servers, until somebody stops
 * them. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mocks/signing.h"
#include "router/base/duration.h"
#include "sim/command/command.h"
#include "sim/command/mock_keys.h"
#include "sim/command/mock_world.h"
#include "sim/command/provider_list.h"

#define GRACE_US INT64_C(2000000) /* for answers that are due, when it is asked to stop */

enum { HOST_MAX = 64, JOURNAL_SLICE = 4096 };

/* ---- what was asked for ---------------------------------------------------------------------- */

struct wish {
    char listen[HOST_MAX];
    uint16_t port_base; /* 0: any free ports */
    uint32_t providers;
    bool admin;
    uint16_t admin_port;
    bool tls;
    enum certificate_kind certificate;
    const char *keys;    /* NULL: none are written */
    const char *journal; /* NULL: it is not kept at the end */
    int64_t for_us;      /* INT64_MAX: until it is stopped */
};

static bool usage(struct err *err, const char *option, const char *text, const char *wanted)
{
    return err_fail(err, ERR_USAGE, (struct place){0}, "%s cannot be \"%s\": it takes %s", option,
                    text, wanted);
}

static bool read_port(const char *text, uint16_t *port)
{
    const size_t length = strlen(text);
    if (length == 0 || length > 5 || strspn(text, "0123456789") != length) return false;
    const long number = strtol(text, NULL, 10);
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

/* "127.0.0.1", "127.0.0.1:9000", "[::1]:9000", "::1" */
static bool read_listen(const char *text, struct wish *wish, struct err *err)
{
    static const char wanted[] = "an address, and a port if you like: 127.0.0.1:9000, [::1]:9000";
    unsigned char address[16];
    const bool bracket = text[0] == '[';
    const char *const colon = strrchr(text, ':');
    const char *end = bracket ? strchr(text, ']') : strchr(text, ':') == colon ? colon : NULL;
    const char *const start = bracket ? text + 1 : text;
    if (end == NULL) end = start + strlen(start);
    const char *const port = bracket && *end != '\0' ? end + 1 : end;
    const size_t length = (size_t)(end - start);
    if (length >= sizeof wish->listen) return usage(err, "--listen", text, wanted);
    memcpy(wish->listen, start, length);
    wish->listen[length] = '\0';
    if (inet_pton(AF_INET, wish->listen, address) != 1 &&
        inet_pton(AF_INET6, wish->listen, address) != 1) {
        return usage(err, "--listen", text, wanted);
    }
    if (*port == '\0') return true;
    return (*port == ':' && read_port(port + 1, &wish->port_base)) ||
           usage(err, "--listen", text, wanted);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* Providers take the ports from the base on in the registry's order, whoever of them is served, and
 * the admin interface the one behind. */
static bool read_ports(const struct invocation *invocation, struct wish *wish, struct err *err)
{
    const struct option_value *const base = &invocation->values[OPTION_PORT_BASE];
    if (base->text != NULL) {
        if (wish->port_base != 0 && wish->port_base != (uint16_t)base->whole) {
            return err_fail(err, ERR_USAGE, (struct place){0},
                            "--listen and --port-base name different ports");
        }
        wish->port_base = (uint16_t)base->whole;
    }
    if (wish->port_base > UINT16_MAX - PROVIDER_COUNT) {
        return err_fail(err, ERR_USAGE, (struct place){0},
                        "there are not enough ports from %u on: it takes %d",
                        (unsigned)wish->port_base, PROVIDER_COUNT + 1);
    }
    const char *const admin = invocation->values[OPTION_ADMIN].text;
    wish->admin = admin == NULL || strcmp(admin, "none") != 0;
    if (wish->port_base != 0) wish->admin_port = (uint16_t)(wish->port_base + PROVIDER_COUNT);
    if (admin == NULL || !wish->admin) return true;
    return read_port(admin, &wish->admin_port) ||
           usage(err, "--admin", admin, "a port (0: any free one), or none");
}

static bool read_exposure(const struct invocation *invocation, const struct wish *wish,
                          struct err *err)
{
    if (is_loopback(wish->listen) || invocation_on(invocation, OPTION_EXPOSE)) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){0},
                   "%s is no loopback address: others could reach the mocks", wish->listen);
    return err_hint(err, "--expose says that this is meant");
}

static bool read_wish(const struct invocation *invocation, struct wish *wish, struct err *err)
{
    const struct option_value *const values = invocation->values;
    *wish = (struct wish){.providers = (1u << PROVIDER_COUNT) - 1,
                          .tls = values[OPTION_TLS].text != NULL,
                          .keys = values[OPTION_KEYS].text,
                          .journal = values[OPTION_JOURNAL].text,
                          .for_us = INT64_MAX};
    if (wish->tls) wish->certificate = (enum certificate_kind)values[OPTION_TLS].choice;
    if (values[OPTION_FOR].text != NULL) wish->for_us = values[OPTION_FOR].whole;
    if (!read_listen(values[OPTION_LISTEN].text, wish, err)) return false;
    const char *const only = values[OPTION_ONLY].text;
    if (only != NULL && !provider_list_read("--only", only, &wish->providers, err)) return false;
    return read_ports(invocation, wish, err) && read_exposure(invocation, wish, err);
}

/* ---- signals --------------------------------------------------------------------------------- */

static pthread_t serving_thread;
static atomic_bool stop_asked; /* by the admin interface */

static sigset_t signals_of_ours(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1); /* a thread of ours has something to say */
    return set;
}

static void wake(bool stop)
{
    if (stop) atomic_store(&stop_asked, true);
    (void)pthread_kill(serving_thread, SIGUSR1);
}

static void on_second_signal(int number)
{
    _exit(128 + number);
}

/* The first asked for a graceful stop; the next leaves at once. */
static void leave_on_second_signal(void)
{
    struct sigaction action = {.sa_handler = on_second_signal};
    sigset_t set;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- what runs ------------------------------------------------------------------------------- */

struct mock {
    const struct invocation *invocation;
    struct console *console;
    struct wish wish;
    struct mock_world world;
    struct certificates certificates;
    struct journal *journal;
    struct mock_server *server;
    struct admin *admin;
    char folder[MOCK_KEYS_PATH_MAX]; /* of keys; "": none */
    char urls[PROVIDER_COUNT][MOCK_URL_MAX];
    char admin_url[ADMIN_URL_MAX];
};

static bool make_certificates(struct mock *mock, struct err *err)
{
    const struct certificate_wish wish = {
        .hosts = {"127.0.0.1", "::1", "localhost", mock->wish.listen}};
    if (!mock->wish.tls) return true;
    return certificates_make(&wish, &mock->certificates, err);
}

static bool start_server(struct mock *mock, struct err *err)
{
    struct mock_server_setup setup = {.clock = MOCK_CLOCK_WALL,
                                      .listen = mock->wish.listen,
                                      .certificate = mock->wish.certificate,
                                      .tls = mock->wish.tls ? &mock->certificates : NULL,
                                      .journal = mock->journal,
                                      .fault_header = true};
    for (unsigned p = 0; p < PROVIDER_COUNT && mock->wish.port_base != 0; p++)
        setup.ports[p] = (uint16_t)(mock->wish.port_base + p);
    mock_world_start(&mock->world);
    mock_world_describe(&mock->world, &setup);
    mock->server = mock_server_create(&setup, err);
    if (mock->server == NULL) return false;
    mock->world.server = mock->server;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if ((mock->wish.providers >> p & 1u) == 0) continue;
        mock_server_url(mock->server, p, mock->urls[p]);
    }
    return true;
}

/* The admin interface stays on loopback, wherever the mocks are. */
static bool start_admin(struct mock *mock, struct err *err)
{
    if (!mock->wish.admin) return true;
    const struct admin_setup setup = {.listen =
                                          is_loopback(mock->wish.listen) ? mock->wish.listen : NULL,
                                      .port = mock->wish.admin_port,
                                      .server = mock->server,
                                      .journal = mock->journal,
                                      .lock = &mock->world.lock,
                                      .ask = mock_world_admin_port(&mock->world)};
    mock->admin = admin_create(&setup, err);
    if (mock->admin == NULL) return false;
    admin_url(mock->admin, mock->admin_url);
    return true;
}

static bool write_keys(struct mock *mock, struct err *err)
{
    if (mock->wish.keys == NULL) return true;
    struct mock_keys keys = {.directory = mock->folder,
                             .providers = mock->wish.providers,
                             .admin_url = mock->admin != NULL ? mock->admin_url : NULL,
                             .certificates = mock->wish.tls ? &mock->certificates : NULL};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        keys.backends[p] = mock->world.now->backends[p];
        keys.urls[p] = mock->urls[p];
    }
    return mock_keys_write(&keys, err);
}

/* Walmart's key takes a moment to make, and no client shall wait for it. */
static bool make_signing_key(const struct mock *mock, struct err *err)
{
    const struct scenario *const scenario = mock->world.now->loaded.scenario;
    const bool signs =
        (mock->wish.providers >> PROVIDER_WALMART_API & 1u) != 0 &&
        api_is_signed(PROVIDER_WALMART_API, scenario->providers[PROVIDER_WALMART_API].backend.api);
    return !signs || signing_keys_private_pem(1, err) != NULL;
}

static bool start(struct mock *mock, struct err *err)
{
    mock->world.providers = mock->wish.providers;
    mock->world.wake = wake;
    if (mock->wish.keys != NULL && !mock_keys_folder(mock->wish.keys, mock->folder, err)) {
        return false;
    }
    mock->journal = journal_create(JOURNAL_CAPACITY_DEFAULT, err);
    return mock->journal != NULL && make_certificates(mock, err) && make_signing_key(mock, err) &&
           start_server(mock, err) && start_admin(mock, err) && write_keys(mock, err);
}

/* Nobody may ask any more; what is due within the grace goes out. The journal stays. */
static void stop_serving(struct mock *mock, int64_t grace_us)
{
    admin_destroy(mock->admin); /* it asks the server */
    mock_server_destroy(mock->server, grace_us);
    mock->world.server = NULL;
    mock->server = NULL;
    mock->admin = NULL;
}

static void release(struct mock *mock)
{
    journal_destroy(mock->journal);
    certificates_release(&mock->certificates);
    mock_world_close(&mock->world);
    free(mock);
}

/* ---- saying where ---------------------------------------------------------------------------- */

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

static int say_where(const struct mock *mock)
{
    struct text text = {0};
    if (invocation_on(mock->invocation, OPTION_PRINT_URLS)) {
        put_machine_lines(mock, &text);
    } else {
        put_table(mock, &text);
    }
    const int code = console_write(mock->console, &text);
    return code != EXIT_DONE ? code : console_close(mock->console, EXIT_DONE);
}

static void warn(const struct mock *mock, const char *hint, const char *message)
{
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "%s", message);
    (void)err_hint(&err, "%s", hint);
    err.warning = true;
    (void)console_error(mock->console, &err, NULL);
}

static void say_warnings(const struct mock *mock)
{
    if (!is_loopback(mock->wish.listen)) {
        warn(mock, "the admin interface stays on 127.0.0.1",
             "the mocks listen where other machines can reach them");
    }
    if (mock->wish.tls && mock->wish.keys == NULL) {
        warn(mock, "--keys DIR writes DIR/ca.pem",
             "no client can know the authority behind these certificates");
    }
}

/* ---- serving --------------------------------------------------------------------------------- */

static int64_t sooner(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The next signal of ours, or 0 when `wait_us` are over. */
static int wait_for_signal(int64_t wait_us)
{
    enum { LONGEST_S = 3600 };
    const sigset_t set = signals_of_ours();
    if (wait_us < 0) wait_us = 0;
    wait_us = sooner(wait_us, LONGEST_S * INT64_C(1000000));
    const struct timespec timeout = {.tv_sec = (time_t)(wait_us / 1000000),
                                     .tv_nsec = (long)(wait_us % 1000000) * 1000};
    const int number = sigtimedwait(&set, NULL, &timeout);
    return number > 0 ? number : 0;
}

static void reload(struct mock *mock)
{
    if (mock->world.path == NULL || strcmp(mock->world.path, "-") == 0) {
        warn(mock, "give a scenario's file", "there is nothing to read again");
        return;
    }
    const bool read = mock_world_reload(&mock->world);
    fprintf(mock->console->err, "routesim mock: %s\n",
            read ? "the scenario was read again" : "the scenario from before is served on");
}

/* Until somebody stops it, or the time is over. */
static void serve(struct mock *mock)
{
    const int64_t until_us =
        mock->wish.for_us == INT64_MAX ? INT64_MAX : monotonic_us() + mock->wish.for_us;
    while (!atomic_load(&stop_asked)) {
        const int64_t strike_us = mock_world_strike(&mock->world);
        const int64_t strike_in_us =
            strike_us == INT64_MAX ? INT64_MAX : strike_us - mock_world_now_us(&mock->world);
        const int64_t left_us = until_us == INT64_MAX ? INT64_MAX : until_us - monotonic_us();
        if (left_us <= 0) return;
        const int number = wait_for_signal(sooner(strike_in_us, left_us));
        if (number == SIGINT || number == SIGTERM) return;
        if (number == SIGHUP) reload(mock);
    }
}

static int write_journal(const struct mock *mock)
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
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){.file = mock->wish.journal},
                   "the journal cannot be written: %s", strerror(errno));
    return console_error(mock->console, &err, NULL);
}

static void say_goodbye(const struct mock *mock, int64_t served_us)
{
    const struct mock_server_counters counters = mock_server_counters(mock->server);
    char span[DURATION_TEXT_MAX];
    if (mock->console->quiet) return;
    duration_for_people(served_us, span);
    fprintf(mock->console->err, "routesim mock: stopped after %s and %" PRIu64 " request%s\n", span,
            counters.requests, counters.requests == 1 ? "" : "s");
}

static int serve_world(struct mock *mock)
{
    struct err err;
    if (!start(mock, &err)) {
        stop_serving(mock, 0);
        return console_error(mock->console, &err, NULL);
    }
    const int64_t begun_us = monotonic_us();
    say_warnings(mock);
    int code = say_where(mock);
    if (code == EXIT_DONE) {
        serve(mock);
        leave_on_second_signal();
        say_goodbye(mock, monotonic_us() - begun_us);
    }
    stop_serving(mock, code == EXIT_DONE ? GRACE_US : 0);
    return code != EXIT_DONE ? code : write_journal(mock);
}

int command_mock(const struct invocation *invocation, struct console *console)
{
    struct mock *const mock = calloc(1, sizeof *mock);
    if (mock == NULL) return EXIT_ENVIRONMENT;
    mock->invocation = invocation;
    mock->console = console;
    struct err err;
    int code;
    if (!read_wish(invocation, &mock->wish, &err)) {
        code = console_error(console, &err, NULL);
        free(mock);
        return code;
    }
    code = mock_world_open(&mock->world, invocation, console,
                           invocation->operand_count > 0 ? invocation->operands[0] : NULL);
    if (code == EXIT_DONE) {
        /* Before any thread begins, so that all of them leave signals to this one. */
        const sigset_t set = signals_of_ours();
        serving_thread = pthread_self();
        atomic_store(&stop_asked, false);
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
        code = serve_world(mock);
    }
    release(mock);
    return code;
}
