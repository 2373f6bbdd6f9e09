/* sim/command/drill.c - `routesim drill`: disasters played as stories, one or a folder of them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "reports/drill_exports.h"
#include "reports/files.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/drill_state.h"
#include "sim/command/paper.h"
#include "sim/command/signals.h"

struct drill_style drill_style_of(const struct drill_command *command, double wall_seconds,
                                  const char *page)
{
    return (struct drill_style){.unicode = command->console->utf8,
                                .color = command->console->out_color,
                                .wall_seconds = wall_seconds,
                                .report_path = page};
}

static int code_of(const struct drill_command *command, enum drill_verdict verdict)
{
    if (*command->stop != 0) return 128 + (int)*command->stop;
    return drill_exit_code(verdict);
}

/* ---- one drill ---- */

static bool wanted(const struct drill_command *command, enum option option)
{
    return command->invocation->values[option].text != NULL;
}

static bool write_copies(const struct drill_command *command, const struct drill *drill,
                         struct err *err)
{
    static const struct {
        enum option option;
        void (*write)(struct text *text, const struct drill *drill);
    } copies[] = {{OPTION_JUNIT, drill_write_junit},
                  {OPTION_MARKDOWN, drill_write_markdown},
                  {OPTION_JSON, drill_write_json}};
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
        const char *path = command->invocation->values[copies[i].option].text;
        if (!wanted(command, copies[i].option) || strcmp(path, "-") == 0) continue;
        struct text text = {0};
        copies[i].write(&text, drill);
        if (!copy_write(path, &text, err)) return false;
    }
    return true;
}

static int show(const struct drill_command *command, const struct drill_run *run)
{
    struct console *console = command->console;
    struct text text = {0};
    struct err err;
    if (!write_copies(command, &run->drill, &err)) return console_error(console, &err, NULL);
    if (wanted(command, OPTION_JSON) &&
        strcmp(command->invocation->values[OPTION_JSON].text, "-") == 0) {
        drill_write_json(&text, &run->drill);
        return console_write(console, &text);
    }
    char page[FOLDER_PATH_MAX + 16];
    (void)snprintf(page, sizeof page, "%s/report.html", command->folder.path);
    const struct drill_style style = drill_style_of(command, run->wall_seconds, page);
    if (console->quiet) {
        if (run->drill.verdict == VERDICT_PASS) return EXIT_DONE;
        drill_write_console_verdict(&text, &run->drill, &style);
    } else {
        drill_write_console(&text, &run->drill, &style);
    }
    return console_write(console, &text);
}

/* Known by the scenario's name, as its summary.json says it. */
static void folder_of(const struct drill_command *command, const struct scenario *scenario,
                      char path[static FOLDER_PATH_MAX])
{
    if (invocation_given(command->invocation, OPTION_OUT)) {
        (void)snprintf(path, FOLDER_PATH_MAX, "%s", command->invocation->values[OPTION_OUT].text);
    } else {
        (void)snprintf(path, FOLDER_PATH_MAX, "out/drill-%s-%s", scenario->name,
                       scenario->seed_text);
    }
}

static bool open_folder(struct drill_command *command, const struct scenario *scenario,
                        struct err *err)
{
    char path[FOLDER_PATH_MAX];
    folder_of(command, scenario, path);
    return folder_open(&command->folder, path, scenario->name, scenario_hash(scenario, false),
                       invocation_on(command->invocation, OPTION_FORCE), err);
}

static int play_single(struct drill_command *command)
{
    struct drill_run run = {.invocation = command->invocation,
                            .console = command->console,
                            .path = command->list.paths[0],
                            .keeps_logs = true,
                            .stop = command->stop};
    struct err err;
    int code;
    if (!drill_run_load(&run)) return run.loaded.exit_code;
    const struct scenario *scenario = run.loaded.scenario;
    if (!drill_run_is_drill(scenario)) {
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = run.path},
                       "this is a scenario and no drill: nothing is watched, done or expected");
        (void)err_hint(&err, "`routesim run` plays it; a drill has \"hypothesis\", \"operators\", "
                             "\"stop_conditions\" or \"expect\" besides");
        code = console_error(command->console, &err, NULL);
        drill_run_release(&run);
        return code;
    }
    if (!drill_run_prepare(&run, &code)) {
        drill_run_release(&run);
        return code;
    }
    if (invocation_on(command->invocation, OPTION_DRY_RUN)) {
        char path[FOLDER_PATH_MAX];
        folder_of(command, scenario, path);
        code = drill_plan_show(command, &run, path);
        drill_run_release(&run);
        return code;
    }
    if (!open_folder(command, scenario, &err)) {
        code = console_error(command->console, &err, NULL);
        drill_run_release(&run);
        return code;
    }
    (void)snprintf(run.directory, sizeof run.directory, "%s", command->folder.temporary);
    if (!drill_run_play(&run, &err)) {
        code = console_error(command->console, &err,
                             err_source(&err, scenario->file, run.loaded.source));
    } else if (!run.drill.result.complete && run.drill.repeats == 0) {
        fputs("routesim: stopped: a drill that was cut short has no verdict; nothing was written\n",
              command->console->err);
        code = code_of(command, VERDICT_INVALID);
    } else if (!drill_run_write(&run, &err) || !folder_commit(&command->folder, &err)) {
        code = console_error(command->console, &err, NULL);
    } else {
        code = show(command, &run);
        if (code == EXIT_DONE) code = code_of(command, run.drill.verdict);
    }
    folder_discard(&command->folder);
    drill_run_release(&run);
    return code;
}

int command_drill(const struct invocation *invocation, struct console *console)
{
    struct drill_command command = {.invocation = invocation, .console = console};
    struct err err;
    int code;
    if (strcmp(invocation->values[OPTION_READING].text, "all") == 0) {
        (void)err_fail(&err, ERR_USAGE, (struct place){0}, "a drill is played in one reading");
        (void)err_hint(&err, "`routesim alerts score --reading all` has them beside each other");
        return console_error(console, &err, NULL);
    }
    if (!drill_list_make(invocation->operands, invocation->operand_count, &command.list, &err)) {
        code = console_error(console, &err, NULL);
    } else {
        command.stop = signals_catch();
        const bool suite = command.list.of_folder || command.list.count > 1;
        code = suite ? drill_suite_play(&command) : play_single(&command);
    }
    drill_list_release(&command.list);
    return code;
}
