/* sim/command/runbook.c - `routesim runbook RUNBOOK.md`: the operators' runbook, put to the test.
 */
#include "sim/analysis/runbook.h"

#include <stdlib.h>
#include <string.h>

#include "reports/runbook_report.h"
#include "reports/runbook_text.h"
#include "router/base/json.h"
#include "router/base/random.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/load.h"
#include "sim/command/paper.h"
#include "sim/command/version.h"

struct runbook_command_state {
    const struct invocation *invocation;
    struct console *console;
    struct loaded loaded; /* the scenario */
    struct runbook_document document;
    struct runbook runbook;
    struct err_list list;
    struct text canonical;
    struct folder folder;
    char stem[64]; /* "runbook" of scenarios/runbook.md */
    char known_as[80];
    uint64_t bytes_hash; /* of the file */
};

static const char *text_of(const struct runbook_command_state *command, enum option option)
{
    return invocation_given(command->invocation, option) ? command->invocation->values[option].text
                                                         : NULL;
}

/* ---- the file ---- */

static void name_stem(struct runbook_command_state *command, const char *path)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = strcmp(path, "-") == 0 ? "stdin" : slash != NULL ? slash + 1 : path;
    (void)snprintf(command->stem, sizeof command->stem, "%.60s", name);
    char *const dot = strrchr(command->stem, '.');
    if (dot != NULL && dot != command->stem) *dot = '\0';
    (void)snprintf(command->known_as, sizeof command->known_as, "runbook-%s", command->stem);
}

/* A line of it may be shown with a mistake: values of secrets are starred out first. */
static int refuse(struct runbook_command_state *command)
{
    if (command->document.source != NULL) runbook_hide_secrets(command->document.source);
    return console_errors(command->console, &command->list, command->document.source);
}

static bool open_runbook(struct runbook_command_state *command, int *code)
{
    const char *const path = command->invocation->operands[0];
    const char *const name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct err err;
    size_t length = 0;
    char *const bytes = json_load(path, RUNBOOK_BYTES_MAX, &length, &err);
    name_stem(command, path);
    if (bytes == NULL) {
        err.code = ERR_INPUT; /* an unusable runbook, not a failing machine */
        *code = console_error(command->console, &err, NULL);
        return false;
    }
    command->bytes_hash = random_hash_text(bytes);
    const bool read =
        runbook_document_read(&command->document, name, bytes, length, &command->list);
    free(bytes);
    if (!read) *code = refuse(command);
    return read;
}

/* ---- what is told ---- */

static int show_failure(struct runbook_command_state *command)
{
    struct text line = {0};
    if (!runbook_is_at_fault(&command->runbook)) return EXIT_DONE;
    text_format(&line, "%s: ", command->runbook.file);
    runbook_write_headline(&line, &command->runbook);
    text_put(&line, ".\n");
    return console_write(command->console, &line);
}

static int show(struct runbook_command_state *command, const struct runbook_report *report)
{
    char page[FOLDER_PATH_MAX + 16];
    struct text text = {0};
    struct err err;
    const char *const json = text_of(command, OPTION_JSON);
    const char *const markdown = text_of(command, OPTION_MARKDOWN);
    (void)snprintf(page, sizeof page, "%s/report.html", command->folder.path);
    if (markdown != NULL) {
        runbook_write_markdown(&text, report);
        if (!copy_write(markdown, &text, &err)) return console_error(command->console, &err, NULL);
        if (strcmp(markdown, "-") == 0) return EXIT_DONE;
    }
    if (json != NULL) {
        runbook_write_json(&text, report);
        if (strcmp(json, "-") == 0) return console_write(command->console, &text);
        if (!copy_write(json, &text, &err)) return console_error(command->console, &err, NULL);
    }
    if (command->console->quiet) return show_failure(command);
    const struct runbook_style style = {
        .unicode = command->console->utf8,
        .color = command->console->out_color,
        .verbose = invocation_on(command->invocation, OPTION_RUNBOOK_VERBOSE),
        .report_path = page};
    runbook_write_console(&text, &command->runbook, &style);
    return console_write(command->console, &text);
}

static bool write_folder(const struct runbook_report *report, struct err *err)
{
    static const char *const always[] = {"runbook.json", NULL};
    static struct paper_files list;
    const struct drawing nothing = {0};
    return runbook_report_write_data(report, err) &&
           paper_list_files(&list, report->directory, always, &nothing, err) &&
           runbook_report_write_page(report, list.files, list.count, err);
}

/* ---- doing it ---- */

static bool play(struct runbook_command_state *command)
{
    enum { BOTH, DOCUMENTED, CODED }; /* as --profile names them */
    const unsigned wish = command->invocation->values[OPTION_PROFILE].choice;
    const struct runbook_play request = {
        .document = &command->document,
        .scenario = command->loaded.scenario,
        .profiles =
            {[PROFILE_AS_DOCUMENTED] = wish != CODED, [PROFILE_AS_CODED] = wish != DOCUMENTED},
        .only = text_of(command, OPTION_RUNBOOK_ONLY)};
    return runbook_run(&command->runbook, &request, &command->list);
}

static int play_and_report(struct runbook_command_state *command)
{
    char program[64];
    struct err err;
    const uint64_t experiment =
        random_key(random_key(scenario_hash(command->loaded.scenario, false), command->bytes_hash),
                   random_hash_text(command->canonical.bytes));
    if (!play(command)) return refuse(command);
    if (!paper_open_folder(&command->folder, command->invocation, "runbook", command->stem,
                           command->loaded.scenario->seed, experiment, &err))
        return console_error(command->console, &err, NULL);
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    const struct runbook_report report = {.runbook = &command->runbook,
                                          .program = program,
                                          .command = command->canonical.bytes,
                                          .name = command->known_as,
                                          .experiment = experiment,
                                          .directory = command->folder.temporary};
    if (!write_folder(&report, &err) || !folder_commit(&command->folder, &err)) {
        folder_discard(&command->folder);
        return console_error(command->console, &err, NULL);
    }
    const int code = show(command, &report);
    if (code != EXIT_DONE) return code;
    return runbook_is_at_fault(&command->runbook) ? EXIT_CHECK_FAILED : EXIT_DONE;
}

int command_runbook(const struct invocation *invocation, struct console *console)
{
    struct runbook_command_state *const command = calloc(1, sizeof *command); /* large */
    int code = EXIT_ENVIRONMENT;
    if (command == NULL) return code;
    command->invocation = invocation;
    command->console = console;
    load_canonical_command(invocation, invocation->operands[0], &command->canonical);
    if (open_runbook(command, &code)) {
        if (load_scenario(invocation, console, text_of(command, OPTION_SCENARIO),
                          &command->loaded)) {
            (void)console_errors(console, &command->loaded.list, command->loaded.source);
            code = play_and_report(command);
        } else {
            code = command->loaded.exit_code;
        }
        load_release(&command->loaded);
    }
    runbook_release(&command->runbook);
    runbook_document_release(&command->document);
    text_release(&command->canonical);
    free(command);
    return code;
}
