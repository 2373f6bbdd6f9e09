/* One drill: read, played, and its folder written. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "reports/dashboards.h"
#include "reports/drill_files.h"
#include "sim/command/command.h"
#include "sim/command/descriptors.h"
#include "sim/command/drill_state.h"
#include "sim/command/paper.h"
#include "sim/command/present.h"
#include "sim/command/signals.h"
#include "sim/command/version.h"
#include "sim/command/wires.h"

enum { EVENT_LINES_DEFAULT = 1000000 };

/* ---- reading ---- */

bool drill_run_is_drill(const struct scenario *scenario)
{
    const struct drill_spec *drill = &scenario->drill;
    return drill->hypothesis.probe_count > 0 || drill->operator_count > 0 ||
           drill->expect_count > 0 || drill->stop_count > 0;
}

bool drill_run_load(struct drill_run *run)
{
    if (!load_scenario(run->invocation, run->console, run->path, &run->loaded)) return false;
    (void)console_errors(run->console, &run->loaded.list, run->loaded.source); /* warnings */
    /* The command that plays this one again, whatever else was asked for with it. */
    struct invocation *alone = malloc(sizeof *alone);
    if (alone == NULL) return true;
    *alone = *run->invocation;
    alone->operand_count = 1;
    alone->values[OPTION_TAG] = (struct option_value){.origin = ORIGIN_NOTHING};
    load_canonical_command(alone, run->path, &run->canonical);
    free(alone);
    return true;
}

static int64_t unix_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool is_real(const struct drill_run *run)
{
    return run->wire.clock == WIRE_CLOCK_REAL;
}

/* Options that only waiting gives a meaning. */
static bool refuse_virtual(const struct drill_run *run, struct err *err)
{
    static const enum option options[] = {OPTION_SPEED, OPTION_ASK, OPTION_NOTIFY_PAGERDUTY,
                                          OPTION_NOTIFY_SLACK};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (!invocation_given(run->invocation, options[i])) continue;
        (void)err_fail(err, ERR_USAGE, (struct place){0},
                       "--%s is for drills in real time, and in virtual time nobody waits",
                       option_traits(options[i])->name);
        (void)err_hint(err, "add --clock real");
        return true;
    }
    return false;
}

bool drill_run_prepare(struct drill_run *run, int *code)
{
    struct err err;
    struct scenario *scenario = run->loaded.scenario;
    if (!wires_read(run->invocation, scenario, &run->wire, &err) ||
        (!is_real(run) && refuse_virtual(run, &err))) {
        *code =
            console_error(run->console, &err, err_source(&err, scenario->file, run->loaded.source));
        return false;
    }
    if (!is_real(run)) return true;
    if (!invocation_on(run->invocation, OPTION_DRY_RUN) &&
        !wires_may_go_live(run->invocation, run->console, scenario, &run->wire, code)) {
        return false;
    }
    if (wire_goes_elsewhere(&run->wire, scenario)) scenario->start_unix_us = unix_now_us();
    (void)descriptors_raise();
    struct err_list list = {0};
    if (drill_live_open(&run->live, run->invocation, run->console, scenario, run->stop, &list)) {
        return true;
    }
    *code = console_errors(run->console, &list, run->loaded.source);
    return false;
}

void drill_run_release(struct drill_run *run)
{
    struct err ignored;
    drill_live_close(&run->live);
    (void)logs_close(&run->logs, &ignored);
    if (run->played) drill_release(&run->drill);
    text_release(&run->canonical);
    load_release(&run->loaded);
}

/* ---- playing ---- */

static uint32_t jobs_wanted(const struct invocation *invocation)
{
    if (invocation_given(invocation, OPTION_JOBS)) {
        return (uint32_t)invocation->values[OPTION_JOBS].whole;
    }
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (uint32_t)cores : 1;
}

static bool open_logs(struct drill_run *run, struct err *err)
{
    const struct invocation *invocation = run->invocation;
    struct logs_wish wish = {.events = run->keeps_logs,
                             .event_sample = 1,
                             .event_lines_most = EVENT_LINES_DEFAULT,
                             .quotes =
                                 run->keeps_logs && !invocation_on(invocation, OPTION_NO_QUOTES)};
    if (invocation_given(invocation, OPTION_EVENTS)) {
        const struct option_value *value = &invocation->values[OPTION_EVENTS];
        wish.events = strcmp(value->text, "none") != 0;
        wish.event_lines_most = 0;
        if (strncmp(value->text, "sample=", 7) == 0) wish.event_sample = (uint32_t)value->whole;
    }
    return logs_open(&run->logs, &wish, run->directory, run->loaded.scenario, &run->outputs, err);
}

bool drill_run_play(struct drill_run *run, struct err *err)
{
    static char program[64];
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    if (!open_logs(run, err)) return false;
    const struct watch_setup watch = {.console = run->console,
                                      .scenario = run->loaded.scenario,
                                      .progress = run->invocation->values[OPTION_PROGRESS].choice,
                                      .real = is_real(run),
                                      .stop = run->stop};
    struct world_control control = {
        .stop = run->stop, .progress = watch_time, .progress_context = &run->watch};
    if (is_real(run)) drill_live_control(&run->live, &control);
    const struct drill_request request = {.run = {.scenario = run->loaded.scenario,
                                                  .wire = &run->wire,
                                                  .jobs = jobs_wanted(run->invocation),
                                                  .outputs = &run->outputs,
                                                  .control = &control,
                                                  .replicated = watch_replication,
                                                  .replicated_context = &run->watch,
                                                  .program = program,
                                                  .command = run->canonical.bytes}};
    run->started_unix_us = unix_now_us();
    watch_begin(&run->watch, &watch);
    const int64_t begun_us = progress_clock_us();
    run->played = drill_play(&request, &run->drill, err);
    run->wall_seconds = (double)(progress_clock_us() - begun_us) / 1e6;
    watch_end(&run->watch, !run->played || *run->stop != 0);
    if (is_real(run)) drill_live_close(&run->live);
    return run->played && logs_close(&run->logs, err);
}

/* ---- writing ---- */

/* With --require-plots it fails; of a suite it is said once. */
static bool check_drawing(const struct drill_run *run, const struct drawing *drawing,
                          struct err *err)
{
    const bool required = invocation_on(run->invocation, OPTION_REQUIRE_PLOTS);
    if (run->drawing_known && !required) return true;
    return paper_check_drawing(drawing, run->invocation, run->console, err);
}

/* The operators' own dashboards, of the drilled run beside its control. */
static bool write_dashboards(const struct drill_run *run, const struct report_options *options,
                             struct err *err)
{
    const struct drill *drill = &run->drill;
    const struct dashboards dashboards = {
        .result = &drill->result,
        .control = drill->has_control ? drill->control[SCOPE_ROUTER] : NULL,
        .control_replications = 1,
        .control_label = "the same orders without faults and operators"};
    struct drawing drawing;
    return dashboards_write(&dashboards, run->directory, options->plots ? "gnuplot" : NULL,
                            &drawing, err);
}

static bool write_run(const struct drill_run *run, struct err *err)
{
    const struct present present = {.invocation = run->invocation,
                                    .console = run->console,
                                    .result = &run->drill.result,
                                    .scenario = run->loaded.scenario,
                                    .directory = run->directory,
                                    .final_path = run->directory,
                                    .started_unix_us = run->started_unix_us,
                                    .wall_seconds = run->wall_seconds,
                                    .exit_code = drill_exit_code(run->drill.verdict)};
    return present_run(&present, err);
}

/* All that is the same each time: run.json is about this machine. */
static bool list_files(const struct drill_run *run, const struct drawing *drawing,
                       struct paper_files *list, struct err *err)
{
    static const char *const besides[] = {"dashboards.html", "events.jsonl", "quotes.bin"};
    enum { BESIDES = sizeof besides / sizeof *besides, NAMES_MAX = 16 };
    const char *names[NAMES_MAX + 1];
    size_t count = 0;
    while (drill_file_names[count] != NULL && count < NAMES_MAX - BESIDES) {
        names[count] = drill_file_names[count];
        count++;
    }
    assert(drill_file_names[count] == NULL);
    for (size_t i = 0; i < BESIDES; i++)
        names[count++] = besides[i];
    names[count] = NULL;
    return paper_list_files(list, run->directory, names, drawing, err);
}

bool drill_run_write(struct drill_run *run, struct err *err)
{
    static struct paper_files list;
    const struct report_options options = {.plots =
                                               !invocation_on(run->invocation, OPTION_NO_PLOTS)};
    struct drawing drawing;
    return drill_files_write(&run->drill, run->directory, err) && write_run(run, err) &&
           write_dashboards(run, &options, err) &&
           drill_draw(&run->drill, run->directory, &options, &drawing, err) &&
           check_drawing(run, &drawing, err) && list_files(run, &drawing, &list, err) &&
           drill_write_page(&run->drill, run->directory, &drawing, list.files, list.count, err);
}
