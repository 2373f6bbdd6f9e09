/* `routesim alerts score`: several rule sets through the same drills and the same quiet days. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/alerts_score.h"
#include "sim/analysis/drill.h"
#include "sim/command/alerts_state.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/drill_state.h"
#include "sim/command/paper.h"
#include "sim/command/signals.h"
#include "sim/command/version.h"

enum { GRACE_MINUTES = 15, LABEL_MAX = 160 };

/* What one drill leaves behind: its truth, and the changes of every set. */
struct scored_drill {
    char name[SCENARIO_NAME_MAX];
    struct alert_score_drill truth;
    uint32_t *bad; /* of it */
    struct alert_watch watch;
};

struct scoring {
    const struct invocation *invocation;
    struct console *console;
    struct alert_set sets[ALERTS_SETS_MAX];
    char names[ALERTS_SETS_MAX][ALERTS_NAME_MAX];
    uint32_t set_count;
    struct drill_list list;
    struct scored_drill *drills;
    uint32_t drill_count;
    struct alert_watch quiet;
    char quiet_name[SCENARIO_NAME_MAX];
    int64_t quiet_us;
    struct alert_scores_set scored[ALERTS_SETS_MAX];
    struct alert_score_row *rows[ALERTS_SETS_MAX];
    const volatile sig_atomic_t *stop;
    struct progress progress;
    double step_from, step_size; /* of what is being played, of the whole */
    int64_t step_us;
};

/* ---- rule sets ---- */

static bool add_set(struct scoring *to, const char *path, const struct alert_spec *spec,
                    struct err *err)
{
    if (to->set_count == ALERTS_SETS_MAX)
        return err_fail(err, ERR_USAGE, (struct place){0}, "more than %d rule sets",
                        ALERTS_SETS_MAX);
    alerts_name_of(path, to->names[to->set_count]);
    to->sets[to->set_count] = (struct alert_set){.name = to->names[to->set_count], .spec = *spec};
    to->set_count++;
    return true;
}

/* Only rules that quote somebody's words can be read otherwise. */
static bool has_readings(const struct alert_spec *spec)
{
    for (uint32_t r = 0; r < spec->rule_count; r++)
        if (spec->rules[r].says[0] != '\0') return true;
    return false;
}

static bool read_sets(struct scoring *to, int *code)
{
    const struct invocation *invocation = to->invocation;
    struct alert_spec spec;
    struct err err;
    for (unsigned i = 1; i < invocation->operand_count; i++) {
        const char *path = invocation->operands[i];
        if (!alerts_read_rules(invocation, to->console, path, &spec, code)) return false;
        const bool all = alerts_all_readings(invocation) && has_readings(&spec);
        for (unsigned reading = 0; reading < (all ? READING_COUNT : 1u); reading++) {
            if (all) spec.reading = (enum alert_reading)reading;
            if (add_set(to, path, &spec, &err)) continue;
            *code = console_error(to->console, &err, NULL);
            return false;
        }
    }
    return true;
}

static int64_t longest_window_us(const struct alert_spec *spec)
{
    struct signals_setup wanted = {0};
    alerts_want(spec, &wanted);
    return wanted.longest_s * US_PER_SECOND;
}

/* ---- progress ---- */

static void step_on(void *context, const struct world_progress *done)
{
    struct scoring *to = context;
    const double share = (double)done->now_us / (double)(to->step_us > 0 ? to->step_us : 1);
    progress_update(&to->progress, to->step_from + to->step_size * (share < 1.0 ? share : 1.0), "");
}

/* Quiet days take as long as all drills together, by rule of thumb. */
static void begin_step(struct scoring *to, uint32_t index, const char *name, int64_t span_us)
{
    const bool quiet = to->quiet_us > 0;
    const double drills = quiet ? 0.5 : 1.0;
    to->step_us = span_us;
    to->step_size = index < to->list.count ? drills / (double)to->list.count : 0.5;
    to->step_from = index < to->list.count ? to->step_size * (double)index : 0.5;
    progress_phase(&to->progress, name);
}

/* ---- drills ---- */

static bool play_drill(struct scoring *to, struct scored_drill *scored, struct scenario *scenario,
                       struct drill *drill, struct err *err)
{
    const struct world_outputs outputs = {.context = &scored->watch,
                                          .alerts_ticked = alert_watch_ticked};
    const struct world_control control = {
        .stop = to->stop, .progress = step_on, .progress_context = to};
    if (!alert_watch_make(&scored->watch, to->sets, to->set_count, false))
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for alerts");
    alert_watch_open_loop(&scored->watch, scenario);
    scenario->replications = 1;
    const struct drill_request request = {.run = {.scenario = scenario,
                                                  .jobs = 1,
                                                  .outputs = &outputs,
                                                  .control = &control,
                                                  .program = "routesim",
                                                  .command = "routesim alerts"}};
    return drill_play(&request, drill, err);
}

static bool take_truth(struct scored_drill *scored, const struct scenario *scenario,
                       const struct drill *drill, struct err *err)
{
    const size_t bytes = (drill->burn.count + 1u) * sizeof *drill->burn.bad;
    uint32_t *bad = malloc(bytes);
    if (bad == NULL || scored->watch.failed) {
        free(bad);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a drill");
    }
    memcpy(bad, drill->burn.bad, drill->burn.count * sizeof *bad);
    scored->bad = bad;
    (void)snprintf(scored->name, sizeof scored->name, "%s", drill->name);
    scored->truth = (struct alert_score_drill){
        .name = scored->name,
        .duration_us = scenario->duration_us,
        .fault_us = drill->marks.fault_us,
        .clear_us = drill->marks.clear_us,
        .impact_us = drill->marks.impact_us,
        .bad = bad,
        .bucket_s = drill->burn.bucket_s,
        .bucket_count = drill->burn.count,
        .budget_orders = drill->slo_given ? drill->budget_orders : 0.0,
    };
    return true;
}

static bool score_drill(struct scoring *to, uint32_t index, int *code)
{
    struct scored_drill *scored = &to->drills[index];
    struct loaded loaded;
    struct drill drill = {0};
    struct err err;
    if (!load_scenario(to->invocation, to->console, to->list.paths[index], &loaded)) {
        *code = loaded.exit_code;
        return false;
    }
    begin_step(to, index, loaded.scenario->name, loaded.scenario->duration_us);
    bool fine = alerts_refuse_live(loaded.scenario, &err);
    const bool played = fine && play_drill(to, scored, loaded.scenario, &drill, &err);
    fine = played && take_truth(scored, loaded.scenario, &drill, &err);
    to->drill_count += fine;
    if (!fine) {
        progress_hide(&to->progress);
        *code = console_error(to->console, &err,
                              err_source(&err, to->list.paths[index], loaded.source));
    }
    if (played) drill_release(&drill);
    load_release(&loaded);
    return fine;
}

/* ---- quiet days ---- */

static bool play_quiet(struct scoring *to, int *code)
{
    const char *path = to->invocation->values[OPTION_QUIET_SCENARIO].text;
    struct loaded loaded;
    struct err err;
    if (to->quiet_us == 0) return true;
    if (path == NULL) path = to->list.paths[0];
    if (!load_scenario(to->invocation, to->console, path, &loaded)) {
        *code = loaded.exit_code;
        return false;
    }
    struct scenario *scenario = loaded.scenario;
    const struct world_control control = {
        .stop = to->stop, .progress = step_on, .progress_context = to};
    begin_step(to, to->list.count, "quiet days", to->quiet_us);
    (void)snprintf(to->quiet_name, sizeof to->quiet_name, "%s", scenario->name);
    bool fine = alert_watch_make(&to->quiet, to->sets, to->set_count, false);
    if (!fine) {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for alerts");
    } else {
        alert_watch_open_loop(&to->quiet, scenario);
        alert_watch_calm(scenario);
        scenario->duration_us = to->quiet_us;
        scenario->workload.arrivals.limit = 0;
        fine = alerts_refuse_live(scenario, &err) &&
               alerts_play(scenario, &to->quiet, &control, NULL, &err);
    }
    if (!fine) {
        progress_hide(&to->progress);
        *code = console_error(to->console, &err, err_source(&err, path, loaded.source));
    }
    load_release(&loaded);
    return fine;
}

/* ---- scores ---- */

static bool score_set(struct scoring *to, uint32_t s, struct alert_score_drill *drills)
{
    struct alert_scores_set *scored = &to->scored[s];
    const bool quiet = to->quiet_us > 0;
    struct alert_score_row *rows = calloc(to->drill_count + 1u, sizeof *rows);
    if (rows == NULL) return false;
    to->rows[s] = rows;
    for (uint32_t d = 0; d < to->drill_count; d++) {
        const struct alert_watched *watched = &to->drills[d].watch.each[s];
        drills[d] = to->drills[d].truth;
        drills[d].changes = watched->changes;
        drills[d].change_count = watched->change_count;
    }
    const struct alert_score_request request = {
        .rules = to->sets[s].spec.rules,
        .rule_count = to->sets[s].spec.rule_count,
        .drills = drills,
        .drill_count = to->drill_count,
        .grace_us = GRACE_MINUTES * US_PER_MINUTE,
        .significant = to->invocation->values[OPTION_SIGNIFICANT].number,
        .quiet_us = to->quiet_us,
        .quiet = quiet ? to->quiet.each[s].changes : NULL,
        .quiet_count = quiet ? to->quiet.each[s].change_count : 0,
    };
    alert_score(&request, rows, &scored->score);
    scored->name = to->sets[s].name;
    scored->reading = to->sets[s].spec.reading;
    scored->rules = to->sets[s].spec.rules;
    scored->rule_count = to->sets[s].spec.rule_count;
    scored->longest_window_us = longest_window_us(&to->sets[s].spec);
    scored->rows = rows;
    return true;
}

static int show(struct scoring *to, const struct alert_score_drill *drills, double wall_seconds)
{
    const struct option_value *json_to = &to->invocation->values[OPTION_JSON];
    char program[64];
    struct text command = {0}, text = {0};
    struct err err;
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    load_canonical_command(to->invocation, to->invocation->operands[0], &command);
    const struct alert_scores scores = {
        .sets = to->scored,
        .set_count = to->set_count,
        .drills = drills,
        .drill_count = to->drill_count,
        .significant = to->invocation->values[OPTION_SIGNIFICANT].number,
        .grace_us = GRACE_MINUTES * US_PER_MINUTE,
        .quiet_name = to->quiet_name,
        .quiet_us = to->quiet_us,
        .program = program,
        .command = command.bytes != NULL ? command.bytes : "",
    };
    const bool json = invocation_given(to->invocation, OPTION_JSON);
    const bool alone = json && (json_to->text == NULL || json_to->text[0] == '\0' ||
                                strcmp(json_to->text, "-") == 0);
    int code = EXIT_DONE;
    if (json) alerts_write_scores_json(&text, &scores);
    if (json && !alone && !copy_write(json_to->text, &text, &err))
        code = console_error(to->console, &err, NULL);
    if (code == EXIT_DONE && !alone) {
        const struct alert_scores_style style = {.unicode = to->console->utf8,
                                                 .color = to->console->out_color,
                                                 .wall_seconds = wall_seconds};
        alerts_write_scores(&text, &scores, &style);
    }
    if (code == EXIT_DONE) code = console_write(to->console, &text);
    text_release(&command);
    return code;
}

static int score_all(struct scoring *to, double wall_seconds)
{
    struct err err;
    struct alert_score_drill *drills = calloc(to->drill_count + 1u, sizeof *drills);
    bool fine = drills != NULL;
    for (uint32_t s = 0; fine && s < to->set_count; s++)
        fine = score_set(to, s, drills);
    int code;
    if (fine) {
        code = show(to, drills, wall_seconds);
    } else {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for scores");
        code = console_error(to->console, &err, NULL);
    }
    free(drills);
    return code;
}

/* ---- the whole ---- */

static bool prepare(struct scoring *to, int *code)
{
    const char *drills = to->invocation->values[OPTION_DRILLS].text;
    struct err err;
    to->quiet_us = to->invocation->values[OPTION_QUIET_DAYS].whole * US_PER_DAY;
    if (drills == NULL) {
        (void)err_fail(&err, ERR_USAGE, (struct place){0}, "alerts score needs drills");
        (void)err_hint(&err, "--drills scenarios/drills");
        *code = console_error(to->console, &err, NULL);
        return false;
    }
    if (to->invocation->values[OPTION_OUT].origin == ORIGIN_COMMAND_LINE) {
        (void)err_fail(&err, ERR_USAGE, (struct place){0}, "alerts score writes no folder");
        (void)err_hint(&err, "--json=FILE writes the scores; alerts export takes --out");
        *code = console_error(to->console, &err, NULL);
        return false;
    }
    if (!read_sets(to, code)) return false;
    if (!drill_list_make(&drills, 1, &to->list, &err)) {
        *code = console_error(to->console, &err, NULL);
        return false;
    }
    to->drills = calloc(to->list.count, sizeof *to->drills);
    if (to->drills != NULL) return true;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for drills");
    *code = console_error(to->console, &err, NULL);
    return false;
}

static int play_all(struct scoring *to)
{
    int code = EXIT_DONE;
    bool fine = true;
    const int64_t begun_us = progress_clock_us();
    to->stop = signals_catch();
    paper_begin_progress(&to->progress, to->invocation, to->console, "alerts");
    for (uint32_t d = 0; fine && *to->stop == 0 && d < to->list.count; d++)
        fine = score_drill(to, d, &code);
    if (fine && *to->stop == 0) fine = play_quiet(to, &code);
    progress_end(&to->progress, *to->stop != 0 ? "stopped" : "played");
    if (*to->stop != 0) return 128 + (int)*to->stop;
    return fine ? score_all(to, (double)(progress_clock_us() - begun_us) / 1e6) : code;
}

static void release(struct scoring *to)
{
    for (uint32_t d = 0; to->drills != NULL && d < to->list.count; d++) {
        free(to->drills[d].bad);
        alert_watch_release(&to->drills[d].watch);
    }
    for (uint32_t s = 0; s < to->set_count; s++)
        free(to->rows[s]);
    free(to->drills);
    alert_watch_release(&to->quiet);
    drill_list_release(&to->list);
    free(to);
}

int alerts_score_sets(const struct invocation *invocation, struct console *console)
{
    struct scoring *to = calloc(1, sizeof *to);
    struct err err;
    int code = EXIT_USAGE;
    if (to == NULL) {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return console_error(console, &err, NULL);
    }
    to->invocation = invocation;
    to->console = console;
    if (prepare(to, &code)) code = play_all(to);
    release(to);
    return code;
}
