#include "sim/analysis/tune.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/tune_state.h"

enum { BLOCKS = 50, STEPS = 25, RESAMPLES = 2000 };

#define US_PER_DAY INT64_C(86400000000)

const char *const tune_constraints_default[] = {"price<=+0.5%", "eta<=+2min",
                                                "availability>=-0.5pp", "share<=80%", NULL};

static void say(const struct tune_request *request, const char *step, uint64_t done, uint64_t of)
{
    if (request->progress != NULL) request->progress(request->progress_context, step, done, of);
}

static void note(struct tuning *tuning, const char *sentence)
{
    if (tuning->note_count < TUNE_NOTES_MAX) tuning->notes[tuning->note_count++] = sentence;
}

/* ---- the data ---- */

/* The first order that starts at or after `share` of the span. */
static uint32_t first_of_holdout(const struct decision_set *set, double share, int64_t *at_us)
{
    const int64_t from_us = set->orders[0].as.order.start_us;
    const int64_t until_us = set->orders[set->count - 1].as.order.start_us;
    *at_us = from_us + (int64_t)((double)(until_us - from_us) * share);
    uint32_t low = 0, high = set->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (set->orders[middle].as.order.start_us < *at_us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool too_few(const struct tuning *tuning, struct err *err)
{
    (void)err_fail(err, ERR_INPUT, (struct place){.file = tuning->source_path},
                   "%u decisions to tune on and %u to judge by: either takes %d at least",
                   (unsigned)tuning->train.count, (unsigned)tuning->holdout.count,
                   TUNE_ORDERS_LEAST);
    return err_hint(err, "give it more orders, a longer run or a larger part of the log; or cut "
                         "them elsewhere with --holdout, which is a share of the time they span");
}

static bool make_tables(struct tuning *tuning, const struct tune_request *request, struct err *err)
{
    const struct decision_set *set = &tuning->set;
    if (set->count == 0) return too_few(tuning, err);
    const uint32_t split = first_of_holdout(set, 1.0 - request->holdout, &tuning->train_until_us);
    const struct replay_table_request all = {.set = set, .view = &request->view, .blocks = BLOCKS};
    struct replay_table_request train = all, holdout = all;
    train.count = split;
    holdout.first = split;
    if (split == 0 || split == set->count) return too_few(tuning, err);
    if (!replay_table_make(&tuning->all, &all, err) ||
        !replay_table_make(&tuning->train, &train, err) ||
        !replay_table_make(&tuning->holdout, &holdout, err))
        return false;
    if (tuning->train.count < TUNE_ORDERS_LEAST || tuning->holdout.count < TUNE_ORDERS_LEAST)
        return too_few(tuning, err);
    for (unsigned part = 0; part < TUNE_PARTS; part++) {
        tuning->orders[part] = tune_table(tuning, part)->count;
        tuning->clusters[part] = tune_table(tuning, part)->cluster_count;
    }
    for (unsigned part = 0; part < TUNE_PARTS; part++)
        tuning->clustered[part] = tune_table(tuning, part)->clustered;
    tuning->days = tuning->all.days;
    if (tuning->clustered[TUNE_HOLDOUT] == CLUSTERS_BY_BLOCK)
        note(tuning, tuning->days == 1
                         ? "All orders are of one day: intervals are about other orders of such a "
                           "day, and say nothing of other days."
                         : "The orders held out are of fewer than five days: intervals by block of "
                           "neighbouring orders say little of how days differ, and are rather too "
                           "narrow.");
    tuning->span_us =
        set->orders[set->count - 1].as.order.start_us - set->orders[0].as.order.start_us;
    tuning->orders_per_day = tuning->span_us > 0
                                 ? (double)tuning->all.count * US_PER_DAY / (double)tuning->span_us
                                 : (double)NAN;
    return true;
}

/* The weights in force at the end: those are what a change would replace. */
static struct score_weights baseline_of(struct tuning *tuning, const struct tune_request *request)
{
    if (tuning->set.config_count > 1)
        note(tuning, "The router was configured anew while these orders came; the baseline is what "
                     "it had at the end.");
    if (!tuning->weights_known && !request->baseline_given)
        note(tuning, "An event log does not tell the weights: production's defaults are the "
                     "baseline. Name others with --baseline.");
    return request->baseline_given ? request->baseline
                                   : decision_weights(&tuning->set, tuning->set.count - 1);
}

/* ---- what to look for ---- */

/* A goal of several parts must not be reached at the expense of one of them: unless a constraint
 * speaks of it, no part may get worse by more than counts as no change. */
static void protect_parts(struct tuning *tuning)
{
    for (uint32_t o = 0; o < tuning->objective_count; o++) {
        const enum replay_outcome outcome = tuning->objectives[o].outcome;
        const bool more = replay_outcome_traits[outcome].better > 0;
        bool spoken = tuning->constraint_count == SEARCH_CONSTRAINTS_MAX;
        for (uint32_t i = 0; i < tuning->constraint_count; i++)
            spoken = spoken || (tuning->constraints[i].quantity == QUANTITY_OUTCOME &&
                                tuning->constraints[i].outcome == outcome);
        if (spoken) continue;
        struct search_constraint *constraint = &tuning->constraints[tuning->constraint_count++];
        *constraint = (struct search_constraint){.quantity = QUANTITY_OUTCOME,
                                                 .outcome = outcome,
                                                 .at_most = !more,
                                                 .kind = LIMIT_RELATIVE,
                                                 .limit = more ? -TUNE_NOISE : TUNE_NOISE};
        (void)snprintf(constraint->text, sizeof constraint->text, "%s%s%g%%",
                       replay_outcome_traits[outcome].name, more ? ">=-" : "<=+",
                       100.0 * TUNE_NOISE);
    }
}

static void set_aims(struct tuning *tuning, const struct tune_request *request)
{
    if (request->objective_count > 0) {
        memcpy(tuning->objectives, request->objectives,
               request->objective_count * sizeof *request->objectives);
        tuning->objective_count = request->objective_count;
    } else {
        tuning->objectives[0] = (struct search_objective){OUTCOME_COMMISSION, 0.5};
        tuning->objectives[1] = (struct search_objective){OUTCOME_SAVINGS, 0.5};
        tuning->objective_count = 2;
    }
    if (request->constraint_count > 0) {
        memcpy(tuning->constraints, request->constraints,
               request->constraint_count * sizeof *request->constraints);
        tuning->constraint_count = request->constraint_count;
    }
    for (unsigned i = 0; request->constraint_count == 0 && tune_constraints_default[i] != NULL;
         i++) {
        struct err ignored;
        const bool read =
            search_read_constraint(tune_constraints_default[i], &tuning->constraints[i], &ignored);
        assert(read);
        tuning->constraint_count = i + 1;
    }
    protect_parts(tuning);
}

static void on_search(void *context, uint64_t done, uint64_t of)
{
    say(context, "replaying weights", done, of);
}

/* A weight that moves nothing on the training orders is not tuned, whatever the weight of priority
 * that the search would try: it is held where it is. */
static uint8_t held_weights(const struct tuning *tuning, const struct tune_request *request,
                            const struct score_weights *normal)
{
    static const double priorities[] = {0.0, 0.25, 0.5, 1.0};
    uint8_t held = request->fixed;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const enum replay_part part = (enum replay_part)k;
        bool inert = geometry_movable(&tuning->train, normal, part) < GEOMETRY_NO_EFFECT;
        for (unsigned p = 0; inert && p < sizeof priorities / sizeof *priorities; p++) {
            struct score_weights at = *normal;
            if (part != PART_PRIORITY) at.priority = priorities[p];
            inert = geometry_movable(&tuning->train, &at, part) < GEOMETRY_NO_EFFECT;
        }
        if (inert) held |= (uint8_t)(1u << k);
    }
    return held;
}

static bool search(struct tuning *tuning, struct tune_request *request,
                   const struct replay_table *tables, uint32_t table_count, struct err *err)
{
    const struct search_request wanted = {.tables = tables,
                                          .table_count = table_count,
                                          .baseline = tuning->arms[0].weights,
                                          .presets = search_presets,
                                          .preset_count = 4,
                                          .objectives = tuning->objectives,
                                          .objective_count = tuning->objective_count,
                                          .constraints = tuning->constraints,
                                          .constraint_count = tuning->constraint_count,
                                          .steps = request->steps > 0 ? request->steps : STEPS,
                                          .priorities = {0.0, 0.25, 0.5, 1.0},
                                          .priority_count = 4,
                                          .fixed = request->fixed,
                                          .resamples = tuning->resamples,
                                          .level = tuning->level,
                                          .seed = tuning->seed,
                                          .jobs = request->jobs,
                                          .progress = on_search,
                                          .progress_context = request};
    return search_run(&tuning->search, &wanted, err);
}

/* With further scenarios the search meets all; the training table stays the first. */
static bool search_all(struct tuning *tuning, struct tune_request *request, struct err *err)
{
    struct replay_table tables[SEARCH_SCENARIOS_MAX] = {tuning->train};
    uint32_t count = 1;
    bool ok = true;
    for (uint32_t i = 0; ok && i < request->other_count && count < SEARCH_SCENARIOS_MAX; i++) {
        const struct replay_table_request wanted = {
            .set = &request->others[i], .view = &request->view, .blocks = BLOCKS};
        ok = replay_table_make(&tables[count], &wanted, err);
        if (ok && tables[count].count > 0) {
            tune_fill_table(&tables[count], request);
            count++;
        } else if (ok) {
            replay_table_release(&tables[count]); /* not one order of it has a quote */
        }
    }
    ok = ok && search(tuning, request, tables, count, err);
    for (uint32_t i = 1; i < count; i++)
        replay_table_release(&tables[i]);
    return ok;
}

/* ---- arms ---- */

static struct tune_arm *add_arm(struct tuning *tuning, const char *name,
                                const struct score_weights *weights, int32_t candidate)
{
    assert(tuning->arm_count < TUNE_ARMS_MAX);
    struct tune_arm *arm = &tuning->arms[tuning->arm_count++];
    (void)snprintf(arm->name, sizeof arm->name, "%s", name);
    arm->weights = *weights;
    arm->candidate = candidate;
    return arm;
}

static bool same_weights(const struct score_weights *a, const struct score_weights *b)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        if (score_weight_of(a, (enum replay_part)k) != score_weight_of(b, (enum replay_part)k))
            return false;
    return true;
}

static int32_t candidate_of(const struct search *search, unsigned preset)
{
    for (uint32_t i = 0; i < search->count; i++)
        if (search->candidates[i].preset == (int16_t)preset) return (int32_t)i;
    return (int32_t)search->baseline;
}

static void add_presets(struct tuning *tuning, const struct tune_request *request)
{
    for (unsigned p = 0; p < 4; p++)
        if (!same_weights(&search_presets[p].weights, &tuning->arms[0].weights))
            (void)add_arm(tuning, p == 0 ? "production" : search_presets[p].name,
                          &search_presets[p].weights, candidate_of(&tuning->search, p));
    for (uint32_t i = 0; i < request->own_count && tuning->arm_count + 1 < TUNE_ARMS_MAX; i++)
        (void)add_arm(tuning, request->own[i].name, &request->own[i].weights, -1);
}

static bool moves_nothing(const struct tuning *tuning)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        if (tuning->geometry.weights[k].movable_orders > 0) return false;
    return true;
}

/* The centre of the set, unless the baseline itself cannot be told from the best. */
static void add_chosen(struct tuning *tuning)
{
    const struct search *found = &tuning->search;
    tuning->chosen = UINT32_MAX;
    if (moves_nothing(tuning)) {
        note(tuning, "No weight changes a single decision in this data: there is nothing to tune.");
        return;
    }
    if (found->chosen == UINT32_MAX) {
        note(tuning, "No weights are sure to keep every guardrail on the training orders: nothing "
                     "is recommended.");
        return;
    }
    if (found->candidates[found->baseline].in_set && found->candidates[found->baseline].feasible) {
        note(tuning, "The baseline cannot be told from the best weights found: nothing better is "
                     "recommended.");
        return;
    }
    (void)add_arm(tuning, "suggested", &found->candidates[found->chosen].weights,
                  (int32_t)found->chosen);
    tuning->chosen = tuning->arm_count - 1;
}

static double shrinkage(const struct tuning *tuning)
{
    if (tuning->chosen == UINT32_MAX) return (double)NAN;
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    const struct stats_estimate *gain = &arm->values[TUNE_TRAIN][TUNE_GOAL].difference;
    const double train = gain->value;
    return gain->low > 0.0 ? /* a ratio to what may be nothing says nothing */ arm
                                     ->values[TUNE_HOLDOUT][TUNE_GOAL]
                                     .difference.value /
                                 train
                           : (double)NAN;
}

/* ---- curves and flips ---- */

static bool sweep_all(struct tuning *tuning, struct err *err)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const double today = score_weight_of(&tuning->arms[0].weights, (enum replay_part)k);
        const struct sweep_request request = {
            .table = &tuning->all,
            .weights = tuning->arms[0].weights,
            .part = (enum replay_part)k,
            .low = 0.0,
            .high = fmax(1.0, 2.0 * today),
            .columns = {OUTCOME_PRICE, OUTCOME_ETA, OUTCOME_COMMISSION, OUTCOME_AVAILABILITY},
            .points_wanted = TUNE_SWEEP_POINTS + 1};
        if (!sweep_make(&tuning->sweeps[k], &request, err)) return false;
    }
    return true;
}

static void find_flips(struct tuning *tuning)
{
    if (tuning->chosen == UINT32_MAX) return;
    tuning->flip_count = geometry_flips(&tuning->all, &tuning->arms[0].weights,
                                        &tuning->arms[tuning->chosen].weights, tuning->flips,
                                        TUNE_FLIPS_MAX, &tuning->moves);
    tuning->triggered =
        tuning->all.count > 0 ? (double)tuning->moves.flips / tuning->all.count : (double)NAN;
}

/* ---- all of it ---- */

static bool work(struct tuning *tuning, struct tune_request *request, struct err *err)
{
    if (!make_tables(tuning, request, err)) return false;
    const struct score_weights baseline = baseline_of(tuning, request);
    (void)add_arm(tuning, "baseline", &baseline, 0);
    tune_fill_model(tuning, request);
    say(request, "measuring what decisions rest on", 0, 1);
    const struct score_weights normal = search_normalise(&baseline);
    if (!geometry_make(&tuning->geometry, &tuning->all, &normal, err)) return false;
    tuning->rates = geometry_rates_of(&tuning->all);
    request->fixed = held_weights(tuning, request, &normal);
    tuning->held = request->fixed;
    set_aims(tuning, request);
    for (uint32_t o = 0; o < tuning->objective_count; o++)
        if (tuning->model_fitted && replay_outcome_traits[tuning->objectives[o].outcome].model)
            note(tuning, "The goal rests on a choice model that was fitted to purchases of all "
                         "orders, those held out included.");
    if (!search_all(tuning, request, err)) return false;
    add_presets(tuning, request);
    add_chosen(tuning);
    say(request, "judging", 0, 1);
    if (!tune_judge_arms(tuning, err)) return false;
    tuning->shrunk_goal = shrinkage(tuning);
    if (!tune_guard(tuning, err)) return false;
    find_flips(tuning);
    say(request, "sweeping each weight", 0, 1);
    return sweep_all(tuning, err) && tune_measure_sensitivity(tuning, request, err) &&
           tune_measure_model(tuning, request, err);
}

/* A log is taken to have been decided under the baseline that is named for it; how far that is so,
 * the reproduced decisions tell. */
static void name_weights(struct quote_record *config, const struct score_weights *weights)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        config->as.config.weights[k] = score_weight_of(weights, (enum replay_part)k);
}

bool tune_run(struct tuning *tuning, const struct tune_request *request, struct decision_set *set,
              struct err *err)
{
    struct tune_request mine = *request;
    *tuning = (struct tuning){.name = request->name,
                              .source_path = request->source_path,
                              .source = request->source,
                              .seed = request->seed,
                              .coverage = set->coverage,
                              .weights_known = set->weights_known,
                              .baseline_given = request->baseline_given,
                              .level = 0.95,
                              .resamples = request->resamples > 0 ? request->resamples : RESAMPLES,
                              .chosen = UINT32_MAX,
                              .set = *set};
    *set = (struct decision_set){0};
    if (!tuning->weights_known && request->baseline_given)
        name_weights(&tuning->set.configs[0], &request->baseline);
    tuning->reproducible = tuning->coverage.usable;
    tuning->reproduced = decisions_reproduced(&tuning->set, NULL);
    /* The set moved with the tuning: tables point into it from here on. */
    if (work(tuning, &mine, err)) return true;
    tuning_release(tuning);
    return false;
}

void tuning_release(struct tuning *tuning)
{
    search_release(&tuning->search);
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        sweep_release(&tuning->sweeps[k]);
    free(tuning->simplex);
    replay_table_release(&tuning->all);
    replay_table_release(&tuning->train);
    replay_table_release(&tuning->holdout);
    decisions_release(&tuning->set);
    *tuning = (struct tuning){.chosen = UINT32_MAX};
}
