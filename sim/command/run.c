/* sim/command/run.c - `routesim run`: one scenario through the full router, judged and reported. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "providers/cassette.h"
#include "reports/findings.h"
#include "sim/command/cache_choice.h"
#include "sim/command/command.h"
#include "sim/command/descriptors.h"
#include "sim/command/folder.h"
#include "sim/command/load.h"
#include "sim/command/logs.h"
#include "sim/command/present.h"
#include "sim/command/replayed.h"
#include "sim/command/signals.h"
#include "sim/command/version.h"
#include "sim/command/watch.h"
#include "sim/command/wires.h"
#include "sim/world/run.h"

enum { EVENT_LINES_DEFAULT = 1000000 };

/* --- what was asked for --------------------------------------------------------------------------
 */

struct run_command {
    const struct invocation *invocation;
    struct console *console;
    struct loaded loaded;
    struct text canonical;
    struct replayed replayed;
    const volatile sig_atomic_t *stop; /* signals_catch() */
    double percents[PERCENTILES_MAX];
    unsigned percent_count;
    struct wire_spec wire;
    struct cache_choice cache;
    struct recorder *recorder;
    struct folder folder;
    struct logs logs;
    struct world_outputs outputs;
    struct watch watch;
    struct result result;
    struct present present;
};

static uint32_t jobs_wanted(const struct invocation *invocation)
{
    if (invocation_given(invocation, OPTION_JOBS)) {
        return (uint32_t)invocation->values[OPTION_JOBS].whole;
    }
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (uint32_t)cores : 1;
}

static struct logs_wish wish_of(const struct run_command *run)
{
    const struct invocation *invocation = run->invocation;
    struct logs_wish wish = {.events = true,
                             .event_sample = 1,
                             .event_lines_most = EVENT_LINES_DEFAULT,
                             .quotes = !invocation_on(invocation, OPTION_NO_QUOTES),
                             .calls = run->wire.clock == WIRE_CLOCK_REAL};
    if (!invocation_given(invocation, OPTION_EVENTS)) return wish;
    const struct option_value *value = &invocation->values[OPTION_EVENTS];
    wish.event_lines_most = 0; /* asked for in so many words */
    if (strcmp(value->text, "none") == 0) wish.events = false;
    if (strncmp(value->text, "sample=", 7) == 0) wish.event_sample = (uint32_t)value->whole;
    return wish;
}

static void output_path(const struct run_command *run, char path[static FOLDER_PATH_MAX])
{
    if (invocation_given(run->invocation, OPTION_OUT)) {
        (void)snprintf(path, FOLDER_PATH_MAX, "%s", run->invocation->values[OPTION_OUT].text);
        return;
    }
    const struct scenario *scenario = run->loaded.scenario;
    (void)snprintf(path, FOLDER_PATH_MAX, "out/%s-%s", scenario->name, scenario->seed_text);
}

static const char *source_for(const struct run_command *run, const struct err *err)
{
    return err_source(err, run->loaded.scenario->file, run->loaded.source);
}

/* A run in real time that would not fit says so first; one that calls over HTTP at all gets as many
 * descriptors as may be had. */
static void warn_of_descriptors(const struct run_command *run, const struct world_plan *plan)
{
    struct descriptor_need need;
    struct err warning;
    if (run->wire.kind != WIRE_HTTP) return;
    const uint64_t limit = descriptors_raise();
    if (run->wire.clock != WIRE_CLOCK_REAL) return;
    descriptors_estimate(plan, &run->wire, &need);
    if (descriptors_lack(&need, limit, &warning)) (void)console_error(run->console, &warning, NULL);
}

/* The same, where no plan is at hand yet. What keeps one from being made is said by the run. */
static void prepare_descriptors(const struct run_command *run)
{
    struct world_plan plan;
    struct err ignored;
    if (run->wire.kind != WIRE_HTTP || !world_plan_make(run->loaded.scenario, &plan, &ignored)) {
        return;
    }
    warn_of_descriptors(run, &plan);
    world_plan_release(&plan);
}

/* --- the plan, without doing it ------------------------------------------------------------------
 */

static int dry_run(struct run_command *run)
{
    struct world_plan plan;
    struct err err;
    const struct scenario *scenario = run->loaded.scenario;
    if (!world_plan_make(scenario, &plan, &err)) {
        return console_error(run->console, &err, source_for(run, &err));
    }
    warn_of_descriptors(run, &plan);
    double per_second = workload_rate(&plan.workload);
    const double most = run->wire.max_orders_per_s;
    if (most > 0.0 && most < per_second) per_second = most;
    const double orders = per_second * (double)scenario->duration_us / 1e6 * scenario->replications;
    world_plan_release(&plan);
    char span[DURATION_TEXT_MAX], path[FOLDER_PATH_MAX];
    duration_for_people(scenario->duration_us, span);
    output_path(run, path);
    struct text text = {0}, wires = {0};
    text_format(&text, "%s, seed %s\n  %s of %s time, %" PRIu32 " replication%s, about ",
                scenario->name, scenario->seed_text, span, wire_clock_names[run->wire.clock],
                scenario->replications, scenario->replications == 1 ? "" : "s");
    text_grouped(&text, (int64_t)(orders + 0.5));
    wires_describe(scenario, &run->wire, &wires);
    cache_choice_describe(&run->cache, &wires);
    text_format(
        &text,
        " orders\n  %s\n  %" PRIu32 " fault%s, %" PRIu32 " check%s\n  results would go to %s\n"
        "  %s\nNothing was run or written.\n",
        wires.bytes, scenario->fault_count, scenario->fault_count == 1 ? "" : "s",
        scenario->check_count, scenario->check_count == 1 ? "" : "s", path, run->canonical.bytes);
    text_release(&wires);
    return console_write(run->console, &text);
}

/* --- running -------------------------------------------------------------------------------------
 */

static bool simulate(struct run_command *run, const struct world_outputs *outputs,
                     struct result *result, struct err *err)
{
    static char program[64];
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    const struct world_control control = {
        .stop = run->stop, .progress = watch_time, .progress_context = &run->watch};
    const struct run_request request = {
        .scenario = run->loaded.scenario,
        .wire = &run->wire,
        .cache = run->cache.given ? &run->cache.maker : NULL,
        .jobs = jobs_wanted(run->invocation),
        .percents = run->percents,
        .percent_count = run->percent_count,
        .sample_limit = (uint32_t)run->invocation->values[OPTION_EXACT].whole,
        .outputs = outputs,
        .control = &control,
        .replicated = watch_replication,
        .replicated_context = &run->watch,
        .program = program,
        .command = run->canonical.bytes,
        .replayed = run->replayed.names.bytes,
        .replay_flaws = run->replayed.flaws.bytes,
        .unanswered_allowed = invocation_on(run->invocation, OPTION_ALLOW_UNANSWERED)};
    return run_scenario(&request, result, err);
}

/* Runs once more, without logs, and holds the hash of all decisions and settled quotes to the
 * first. */
static bool runs_alike(struct run_command *run, struct err *err)
{
    static const struct world_outputs nowhere = {0};
    struct result again;
    if (!simulate(run, &nowhere, &again, err)) return false;
    const uint64_t first = run->result.event_hash, second = again.event_hash;
    result_release(&again);
    if (first == second) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                    "the same seed gave two different runs: hash %016" PRIx64 ", then %016" PRIx64
                    "; this is a bug in routesim",
                    first, second);
}

/* No verdict is possible then, whatever the checks are. */
static bool measured_nothing(const struct result *result)
{
    return result->phases[0].values[SCOPE_ROUTER][METRIC_ORDERS].value < 1.0;
}

static int verdict_code(const struct run_command *run)
{
    if (run->result.local_failures > 0) return EXIT_ENVIRONMENT;
    if (*run->stop != 0) return 128 + (int)*run->stop;
    if (result_is_deaf(&run->result)) return EXIT_ENVIRONMENT; /* its checks judged nobody */
    if (result_lacks_answers(&run->result)) return EXIT_INPUT; /* nor did they judge this run */
    if (run->result.checks_failed > 0) return EXIT_CHECK_FAILED;
    if (measured_nothing(&run->result)) return EXIT_INCONCLUSIVE;
    if (run->result.checks_inconclusive > 0 &&
        invocation_on(run->invocation, OPTION_STRICT_EVIDENCE)) {
        return EXIT_INCONCLUSIVE;
    }
    return EXIT_DONE;
}

static bool keep_recording(struct run_command *run, struct err *err)
{
    struct recorder *recorder = run->recorder;
    if (recorder == NULL) return true;
    run->recorder = run->wire.recorder = NULL;
    recorder_orders(recorder, run->result.orders);
    if (recorder_refused(recorder) > 0) {
        fprintf(run->console->err,
                "routesim: warning: %" PRIu64 " conversations were too long to be kept\n",
                (uint64_t)recorder_refused(recorder));
    }
    if (!run->result.complete) {
        recorder_stopped(recorder, run->result.stopped_by);
        fprintf(run->console->err,
                "routesim: warning: the recording is partial, as the run is, and marked so: %s\n",
                recorder_path(recorder));
    }
    return recorder_close(recorder, true, err);
}

static bool start_recording(struct run_command *run, struct err *err)
{
    static char program[64];
    if (!invocation_given(run->invocation, OPTION_RECORD)) return true;
    if (folder_holds(&run->folder, run->invocation->values[OPTION_RECORD].text)) {
        (void)err_fail(err, ERR_USAGE,
                       (struct place){.file = run->invocation->values[OPTION_RECORD].text},
                       "the recording would lie in the output folder, which is replaced whole");
        return err_hint(err, "record to a file beside it");
    }
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    struct cassette_head head;
    wires_head(run->loaded.scenario, &run->wire, &head);
    head.program = program;
    run->recorder = recorder_open(run->invocation->values[OPTION_RECORD].text,
                                  invocation_on(run->invocation, OPTION_FORCE), &head, err);
    run->wire.recorder = run->recorder;
    return run->recorder != NULL;
}

static bool run_and_report(struct run_command *run, int64_t started_unix_us, struct err *err)
{
    const struct scenario *scenario = run->loaded.scenario;
    const struct logs_wish wish = wish_of(run);
    if (!logs_open(&run->logs, &wish, run->folder.temporary, scenario, &run->outputs, err)) {
        return false;
    }
    const struct watch_setup watch = {.console = run->console,
                                      .scenario = scenario,
                                      .progress = run->invocation->values[OPTION_PROGRESS].choice,
                                      .real = run->wire.clock == WIRE_CLOCK_REAL,
                                      .stop = run->stop};
    watch_begin(&run->watch, &watch);
    const int64_t begun_us = progress_clock_us();
    const bool ran = simulate(run, &run->outputs, &run->result, err);
    const double wall_seconds = (double)(progress_clock_us() - begun_us) / 1e6;
    watch_end(&run->watch, !ran || *run->stop != 0 || run->result.local_failures > 0);
    if (!ran) return false;
    if (!keep_recording(run, err)) return false;
    if (!logs_close(&run->logs, err)) return false;
    const bool compare = run->result.complete && run->wire.clock == WIRE_CLOCK_VIRTUAL &&
                         invocation_on(run->invocation, OPTION_CHECK_DETERMINISM);
    if (compare && !runs_alike(run, err)) {
        return false;
    }
    run->present = (struct present){.invocation = run->invocation,
                                    .console = run->console,
                                    .result = &run->result,
                                    .scenario = scenario,
                                    .directory = run->folder.temporary,
                                    .final_path = run->folder.path,
                                    .started_unix_us = started_unix_us,
                                    .wall_seconds = wall_seconds,
                                    .cache = run->cache.given ? &run->cache.plan : NULL,
                                    .exit_code = verdict_code(run)};
    return present_files(&run->present, err) && folder_commit(&run->folder, err);
}

static int64_t unix_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void say_why_nothing_was_measured(const struct run_command *run)
{
    const struct result *result = &run->result;
    FILE *const stream = run->console->err;
    if (result->orders > 0) {
        fputs("routesim: nothing was measured: all orders started within the warm-up\n", stream);
    } else if (result->order_calls == 0) {
        fputs("routesim: nothing was measured: no order came\n", stream);
    } else {
        fprintf(stream,
                "routesim: nothing was measured: the first order might need %" PRIu64
                " calls of real providers, and --max-requests allows %" PRIu64 "\n",
                result->order_calls, run->wire.max_requests);
    }
}

/* A run that was to hear real providers and heard none has failed, whatever its figures look like:
 * Walmart's swallowed errors, say, read as good orders. */
static void say_if_deaf(const struct run_command *run)
{
    if (!result_is_deaf(&run->result)) return;
    struct text finding = {0};
    struct err err;
    finding_live(&run->result, &finding);
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "no real provider answered. %s",
                   finding.bytes != NULL ? finding.bytes : "");
    (void)err_hint(&err, "`routesim doctor --live` says how far each of them can be reached");
    (void)console_error(run->console, &err, NULL);
    text_release(&finding);
}

/* A replay that asks for more than was recorded is judged by 404s. */
static void say_if_answers_lack(const struct run_command *run)
{
    uint64_t unanswered = 0;
    struct err err;
    if (!result_lacks_answers(&run->result)) return;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        unanswered += run->result.replay_calls[p].unanswered;
    (void)err_fail(&err, ERR_INPUT, (struct place){0},
                   "%" PRIu64 " call%s had no recorded answer: the recording is of another run, or "
                   "of a part of this one",
                   unanswered, unanswered == 1 ? "" : "s");
    (void)err_hint(&err,
                   "recorded was %s; this is \"%s\", seed %s, %" PRIu64
                   " orders; --allow-unanswered lets such a run pass",
                   run->replayed.runs.bytes != NULL ? run->replayed.runs.bytes : "something else",
                   run->result.scenario, run->result.seed_text, run->result.orders);
    (void)console_error(run->console, &err, NULL);
}

/* The figures that are there are good, and there are fewer of them than were asked for. */
static void say_starved(const struct run_command *run)
{
    const struct result *result = &run->result;
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0},
                   "no file descriptor was left here (%s): %" PRIu64 " connection%s could not be "
                   "made, the run was ended, and %" PRIu64 " order%s under way %s not counted",
                   result->local_error, result->local_failures,
                   result->local_failures == 1 ? "" : "s", result->left_out,
                   result->left_out == 1 ? "" : "s", result->left_out == 1 ? "is" : "are");
    (void)err_hint(&err,
                   "no provider has failed; say `ulimit -n` with more than %" PRIu64
                   ", or let fewer orders come by --rate",
                   descriptors_raise());
    (void)console_error(run->console, &err, NULL);
}

/* What was recorded was paid for, maybe with calls of real providers: a failure that comes late
 * does not take it away. */
static void save_recording(struct run_command *run, const struct err *cause)
{
    struct recorder *const recorder = run->recorder;
    struct err err;
    if (recorder == NULL) return;
    const uint64_t takes = recorder_takes(recorder);
    run->recorder = run->wire.recorder = NULL;
    recorder_stopped(recorder, "an error");
    char *const path = strdup(recorder_path(recorder));
    if (!recorder_close(recorder, takes > 0, &err)) {
        if (strcmp(err.message, cause->message) != 0) {
            (void)console_error(run->console, &err, NULL);
        }
    } else if (takes > 0) {
        fprintf(run->console->err,
                "routesim: the run failed, and what it had recorded is kept: %" PRIu64
                " conversation%s in %s\n",
                takes, takes == 1 ? "" : "s", path != NULL ? path : "");
    }
    free(path);
}

static int run_loaded(struct run_command *run)
{
    char path[FOLDER_PATH_MAX];
    struct err err;
    output_path(run, path);
    run->stop = signals_catch(); /* before anything is made that would be left behind */
    if (!folder_open(&run->folder, path, run->loaded.scenario->name,
                     scenario_hash(run->loaded.scenario, false),
                     invocation_on(run->invocation, OPTION_FORCE), &err)) {
        return console_error(run->console, &err, NULL);
    }
    const int64_t started_unix_us = unix_now_us();
    if (!start_recording(run, &err) || !run_and_report(run, started_unix_us, &err)) {
        struct err ignored;
        save_recording(run, &err);
        (void)logs_close(&run->logs, &ignored);
        folder_discard(&run->folder);
        result_release(&run->result);
        return console_error(run->console, &err, source_for(run, &err));
    }
    if (run->result.local_failures > 0) {
        say_starved(run);
    } else if (measured_nothing(&run->result)) {
        say_why_nothing_was_measured(run);
    }
    const int shown = present_result(&run->present);
    say_if_deaf(run);
    say_if_answers_lack(run);
    cache_choice_say(&run->cache, run->console);
    const int code = verdict_code(run);
    result_release(&run->result);
    return shown != EXIT_DONE ? shown : code;
}

/* Before anything is run: what they lack is known now. */
static bool look_at_recordings(struct run_command *run, int *code)
{
    struct err_list *const list = &run->loaded.list;
    *list = (struct err_list){0};
    if (!replayed_look(run->loaded.scenario, &run->wire, &run->replayed, list)) {
        *code = console_errors(run->console, list, NULL);
        return false;
    }
    if (run->replayed.flaws.length > 0) {
        fprintf(run->console->err, "routesim: warning: %s\n", run->replayed.flaws.bytes);
    }
    return true;
}

int command_run(const struct invocation *invocation, struct console *console)
{
    struct run_command *run = calloc(1, sizeof *run);
    if (run == NULL) return EXIT_ENVIRONMENT;
    run->invocation = invocation;
    run->console = console;
    int code;
    if (!load_scenario(invocation, console, invocation->operands[0], &run->loaded)) {
        code = run->loaded.exit_code;
        free(run);
        return code;
    }
    (void)console_errors(console, &run->loaded.list, run->loaded.source); /* warnings */
    run->percent_count = percent_list(invocation->values[OPTION_PERCENTILES].text, run->percents);
    load_canonical_command(invocation, invocation->operands[0], &run->canonical);
    struct err err;
    if (!wires_read(invocation, run->loaded.scenario, &run->wire, &err) ||
        !cache_choice_read(invocation, run->loaded.scenario, &run->cache, &err)) {
        code = console_error(console, &err, source_for(run, &err));
    } else if (!look_at_recordings(run, &code)) {
        (void)code; /* why was said */
    } else if (invocation_on(invocation, OPTION_DRY_RUN)) {
        code = dry_run(run);
    } else if (!wires_may_go_live(invocation, console, run->loaded.scenario, &run->wire, &code)) {
        (void)code; /* why was said */
    } else {
        struct scenario *const scenario = run->loaded.scenario;
        if (wire_goes_elsewhere(&run->wire, scenario)) scenario->start_unix_us = unix_now_us();
        prepare_descriptors(run);
        code = run_loaded(run);
    }
    text_release(&run->canonical);
    replayed_release(&run->replayed);
    load_release(&run->loaded);
    free(run);
    return code;
}
