/* A suite: many drills, read all before any is played, one table, one folder. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/files.h"
#include "router/base/random.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/drill_state.h"
#include "sim/command/progress.h"
#include "sim/command/version.h"

struct suite {
    struct drill_command *command;
    struct drill_run *runs;
    uint32_t count;
    struct drill_row *rows;
    uint32_t row_count;
    uint64_t experiment;
    int64_t begun_us;
};

static bool is_quiet(const struct suite *suite)
{
    const struct invocation *invocation = suite->command->invocation;
    const char *json = invocation->values[OPTION_JSON].text;
    return suite->command->console->quiet || (json != NULL && strcmp(json, "-") == 0);
}

static struct drill_style style_of(const struct suite *suite, const char *page)
{
    const double seconds = (double)(progress_clock_us() - suite->begun_us) / 1e6;
    return drill_style_of(suite->command, seconds, page);
}

/* ---- reading ---- */

static bool has_tag(const struct suite *suite, const struct scenario *scenario)
{
    const char *tag = suite->command->invocation->values[OPTION_TAG].text;
    if (tag == NULL) return true;
    for (uint32_t i = 0; i < scenario->drill.tag_count; i++) {
        if (strcmp(scenario->drill.tags[i], tag) == 0) return true;
    }
    return false;
}

/* Of a folder, what is no drill is passed over; named itself, it is a mistake. */
static bool take_drill(struct suite *suite, const char *path, int *code)
{
    struct drill_run *run = &suite->runs[suite->count];
    *run = (struct drill_run){.invocation = suite->command->invocation,
                              .console = suite->command->console,
                              .path = path,
                              .stop = suite->command->stop};
    if (!drill_run_load(run)) {
        *code = run->loaded.exit_code;
        return false;
    }
    if (!drill_run_is_drill(run->loaded.scenario)) {
        fprintf(suite->command->console->err,
                "%s: warning: no drill, passed over: nothing is watched, done or expected\n", path);
        drill_run_release(run);
        return true;
    }
    if (!has_tag(suite, run->loaded.scenario)) {
        drill_run_release(run);
        return true;
    }
    if (!drill_run_prepare(run, code)) {
        drill_run_release(run);
        return false;
    }
    for (uint32_t i = 0; i < suite->count; i++) {
        if (strcmp(suite->runs[i].loaded.scenario->name, run->loaded.scenario->name) != 0) continue;
        struct err err;
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = path},
                       "two drills are called \"%s\", here and in %s", run->loaded.scenario->name,
                       suite->runs[i].path);
        *code = console_error(suite->command->console, &err, NULL);
        drill_run_release(run);
        return false;
    }
    suite->experiment = random_key(suite->experiment, scenario_hash(run->loaded.scenario, false));
    suite->count++;
    return true;
}

/* All files' mistakes are said before it is given up. */
static bool take_drills(struct suite *suite, int *code)
{
    const struct drill_list *list = &suite->command->list;
    bool fine = true;
    for (uint32_t i = 0; i < list->count; i++)
        fine = take_drill(suite, list->paths[i], code) && fine;
    if (!fine || suite->count > 0) return fine;
    struct err err;
    const char *tag = suite->command->invocation->values[OPTION_TAG].text;
    (void)err_fail(&err, ERR_INPUT, (struct place){0}, "none of these files is a drill%s%s",
                   tag != NULL ? " with the tag " : "", tag != NULL ? tag : "");
    *code = console_error(suite->command->console, &err, NULL);
    return false;
}

static bool open_folder(struct suite *suite, struct err *err)
{
    const struct invocation *invocation = suite->command->invocation;
    char path[FOLDER_PATH_MAX], name[SCENARIO_NAME_MAX + 16];
    const char *tag = invocation->values[OPTION_TAG].text;
    (void)snprintf(name, sizeof name, "suite-%s%s%s", suite->command->list.name,
                   tag != NULL ? "-" : "", tag != NULL ? tag : "");
    if (invocation_given(invocation, OPTION_OUT)) {
        (void)snprintf(path, sizeof path, "%s", invocation->values[OPTION_OUT].text);
    } else {
        (void)snprintf(path, sizeof path, "out/%s", name);
    }
    return folder_open(&suite->command->folder, path, name, suite->experiment,
                       invocation_on(invocation, OPTION_FORCE), err);
}

/* ---- playing ---- */

static int show(const struct suite *suite,
                void (*write)(struct text *text, const struct suite *suite))
{
    if (is_quiet(suite)) return EXIT_DONE;
    struct text text = {0};
    write(&text, suite);
    const int code = console_write(suite->command->console, &text);
    (void)fflush(suite->command->console->out); /* a row is read while the next drill is played */
    return code;
}

static void write_head(struct text *text, const struct suite *suite)
{
    const struct drill_style style = style_of(suite, NULL);
    drill_write_suite_head(text, &style);
}

static void write_newest(struct text *text, const struct suite *suite)
{
    const struct drill_style style = style_of(suite, NULL);
    drill_write_suite_row(text, &suite->rows[suite->row_count - 1], &style);
}

static void write_total(struct text *text, const struct suite *suite)
{
    char page[FOLDER_PATH_MAX + 16];
    (void)snprintf(page, sizeof page, "%s/index.html", suite->command->folder.path);
    const struct drill_style style = style_of(suite, page);
    drill_write_suite_total(text, suite->rows, suite->row_count, &style);
}

static bool play_one(struct suite *suite, struct drill_run *run, struct err *err)
{
    (void)snprintf(run->directory, sizeof run->directory, "%.3900s/%s",
                   suite->command->folder.temporary, run->loaded.scenario->name);
    if (!files_make_directory(run->directory, err)) return false;
    if (!drill_run_play(run, err)) return false;
    if (!run->drill.result.complete) return true;
    run->drawing_known = suite->row_count > 0;
    suite->rows[suite->row_count++] = drill_row_of(&run->drill);
    return drill_run_write(run, err);
}

/* ---- the suite's own files ---- */

static bool write_own(const struct suite *suite, struct err *err)
{
    const char *directory = suite->command->folder.temporary;
    struct drill_suite of = {.name = suite->command->list.name, .count = suite->row_count};
    const struct drill **drills = calloc(suite->count, sizeof *drills);
    if (drills == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    for (uint32_t i = 0; i < suite->row_count; i++)
        drills[i] = &suite->runs[i].drill;
    of.drills = drills;
    of.rows = suite->rows;
    of.experiment = suite->experiment;
    struct text command = {0};
    load_canonical_command(suite->command->invocation, suite->command->invocation->operands[0],
                           &command);
    of.command = command.bytes;
    char program[64];
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    of.program = program;
    const bool written = drill_suite_write(&of, directory, err);
    text_release(&command);
    free(drills);
    return written;
}

static int worst_code(const struct suite *suite)
{
    int code = EXIT_DONE;
    for (uint32_t i = 0; i < suite->row_count; i++) {
        const int own = drill_exit_code(suite->rows[i].verdict);
        if (own == EXIT_CHECK_FAILED || code == EXIT_DONE) code = own;
    }
    return code;
}

/* ---- copies of the user's choosing ---- */

static bool write_junit(const struct suite *suite, const char *path, struct err *err)
{
    const struct drill **drills = calloc(suite->count, sizeof *drills);
    struct text text = {0};
    if (drills == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    for (uint32_t i = 0; i < suite->row_count; i++)
        drills[i] = &suite->runs[i].drill;
    drill_write_suite_junit(&text, drills, suite->row_count);
    free(drills);
    return copy_write(path, &text, err);
}

/* What lies in the folder, elsewhere too. */
static bool write_copies(const struct suite *suite, struct err *err)
{
    static const struct {
        enum option option;
        const char *file;
    } copies[] = {{OPTION_JSON, "suite.json"}, {OPTION_MARKDOWN, "suite.md"}};
    const struct option_value *values = suite->command->invocation->values;
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
        const char *path = values[copies[i].option].text;
        struct text text = {0};
        if (path == NULL || strcmp(path, "-") == 0) continue;
        if (!files_read(suite->command->folder.path, copies[i].file, &text, err) ||
            !copy_write(path, &text, err)) {
            return false;
        }
    }
    const char *junit = values[OPTION_JUNIT].text;
    return junit == NULL || write_junit(suite, junit, err);
}

static int conclude(struct suite *suite)
{
    struct err err;
    struct console *console = suite->command->console;
    if (*suite->command->stop != 0) {
        fputs("routesim: stopped: nothing was written\n", console->err);
        return 128 + (int)*suite->command->stop;
    }
    if (!write_own(suite, &err) || !folder_commit(&suite->command->folder, &err) ||
        !write_copies(suite, &err)) {
        return console_error(console, &err, NULL);
    }
    const int shown = show(suite, write_total);
    const char *json = suite->command->invocation->values[OPTION_JSON].text;
    if (json != NULL && strcmp(json, "-") == 0) {
        struct text text = {0};
        if (!files_read(suite->command->folder.path, "suite.json", &text, &err)) {
            return console_error(console, &err, NULL);
        }
        (void)console_write(console, &text);
    }
    return shown != EXIT_DONE ? shown : worst_code(suite);
}

static int play_all(struct suite *suite)
{
    struct err err;
    if (!open_folder(suite, &err)) return console_error(suite->command->console, &err, NULL);
    (void)show(suite, write_head);
    for (uint32_t i = 0; i < suite->count && *suite->command->stop == 0; i++) {
        struct drill_run *run = &suite->runs[i];
        if (!play_one(suite, run, &err)) {
            return console_error(suite->command->console, &err,
                                 err_source(&err, run->path, run->loaded.source));
        }
        if (suite->row_count == i + 1) (void)show(suite, write_newest);
    }
    return conclude(suite);
}

int drill_suite_play(struct drill_command *command)
{
    struct suite suite = {.command = command, .begun_us = progress_clock_us()};
    int code = EXIT_ENVIRONMENT;
    suite.runs = calloc(command->list.count, sizeof *suite.runs);
    suite.rows = calloc(command->list.count, sizeof *suite.rows);
    if (suite.runs != NULL && suite.rows != NULL && take_drills(&suite, &code)) {
        code = invocation_on(command->invocation, OPTION_DRY_RUN)
                   ? drill_plan_show_all(command, suite.runs, suite.count)
                   : play_all(&suite);
        folder_discard(&command->folder);
    }
    for (uint32_t i = 0; i < suite.count; i++)
        drill_run_release(&suite.runs[i]);
    free(suite.runs);
    free(suite.rows);
    return code;
}
