/* The holdout's honesty: where weights can change nothing but luck, the best of many weights looks
 * better on the orders it was chosen on; on the others its gain's interval has to hold 0, and tune
 * has to win hardly ever. */
#include "tests/calibration/calibrate.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/analysis/tune_state.h"
#include "tests/sim/analysis/decisions_fixture.h"

enum { ORDERS = 900, STEPS = 5, SEED = 0x401D, NOISE_MOST = 400 };

static const struct search_objective commission = {OUTCOME_COMMISSION, 1.0};
static const struct search_objective canned = {OUTCOME_CANNED, 1.0};
/* Spoken of, so that tune adds no limit of its own, and never in the way. */
static const struct search_constraint open = {.outcome = OUTCOME_CANNED,
                                              .at_most = true,
                                              .kind = LIMIT_ABSOLUTE,
                                              .limit = 1.0,
                                              .text = "canned<=100%"};

static struct tune_request request_of(const struct search_objective *goal)
{
    return (struct tune_request){.name = "noise",
                                 .source_path = "noise",
                                 .seed = SEED,
                                 .objectives = goal,
                                 .objective_count = 1,
                                 .constraints = &open,
                                 .constraint_count = 1,
                                 .holdout = 0.3,
                                 .steps = STEPS,
                                 .resamples = 100,
                                 .jobs = 1};
}

static bool holds_nothing(const struct stats_estimate *gain)
{
    if (gain->method == STATS_EXACT) return gain->value == 0.0;
    return gain->low <= 0.0 && 0.0 <= gain->high;
}

/* ---- the whole of tune: which quotes are canned no score knows ---- */

static void mark_canned(struct decision_set *set, uint64_t key)
{
    for (uint32_t i = 0; i < set->count; i++)
        for (uint32_t q = 0; q < set->orders[i].as.order.quote_count; q++) {
            struct quote_record_quote *quote = &set->orders[i].as.order.quotes[q];
            quote->flags &= (uint8_t) ~(unsigned)QUOTE_FLAG_CANNED;
            if (random_unit(random_draw(key, i * PROVIDER_COUNT + q)) < 0.3)
                quote->flags |= QUOTE_FLAG_CANNED;
        }
}

/* The goal of a candidate on the holdout, against the baseline: whether or not it was suggested. */
static struct stats_estimate gain_of(const struct tuning *tuning, uint32_t candidate)
{
    struct tune_value values[TUNE_METRICS];
    uint8_t before[ORDERS], after[ORDERS];
    replay_winners(&tuning->holdout, &tuning->arms[0].weights, before);
    replay_winners(&tuning->holdout, &tuning->search.candidates[candidate].weights, after);
    tune_compare(tuning, &tuning->holdout, before, after, values);
    return values[TUNE_GOAL].difference;
}

static void tune_noise(uint64_t experiment, double *happened)
{
    struct tuning *tuning = malloc(sizeof *tuning);
    struct decision_set set;
    struct err err;
    const struct tune_request request = request_of(&canned);
    assert(tuning != NULL);
    decisions_fixture(&set, ORDERS, calibration_key(SEED, experiment, 0), false);
    mark_canned(&set, calibration_key(SEED, experiment, 1));
    const bool tuned = tune_run(tuning, &request, &set, &err);
    assert(tuned && tuning->search.best != UINT32_MAX);
    const struct stats_estimate gain = gain_of(tuning, tuning->search.best);
    happened[0] = holds_nothing(&gain);
    happened[1] = tuning->verdict == EXPERIMENT_VARIANT_WINS;
    tuning_release(tuning);
    free(tuning);
}

/* ---- search and judgement alone: commissions that nobody's rate explains ---- */

static void draw_commissions(struct replay_table *table, uint64_t key)
{
    for (uint32_t i = 0; i < table->count; i++)
        for (unsigned q = 0; q < table->orders[i].count; q++)
            table->fates[i].of[q][OUTCOME_COMMISSION] =
                (int32_t)random_below(random_draw(key, i * PROVIDER_COUNT + q), NOISE_MOST);
}

static void make_table(struct replay_table *table, const struct decision_set *set, uint32_t first,
                       uint32_t count, uint64_t key)
{
    struct err err;
    const struct replay_table_request request = {.set = set, .first = first, .count = count};
    const bool made = replay_table_make(table, &request, &err);
    assert(made);
    draw_commissions(table, key);
}

static void search_noise(uint64_t experiment, double *happened)
{
    enum { TRAIN = ORDERS * 7 / 10 };
    struct tuning *tuning = calloc(1, sizeof *tuning);
    struct decision_set set;
    struct err err;
    assert(tuning != NULL);
    decisions_fixture(&set, ORDERS, calibration_key(SEED, experiment, 2), false);
    make_table(&tuning->train, &set, 0, TRAIN, calibration_key(SEED, experiment, 3));
    make_table(&tuning->holdout, &set, TRAIN, 0, calibration_key(SEED, experiment, 4));
    const struct search_request request = {.tables = &tuning->train,
                                           .table_count = 1,
                                           .baseline = score_weights_default,
                                           .objectives = &commission,
                                           .objective_count = 1,
                                           .steps = STEPS,
                                           .priorities = {0.0, 0.5, 1.0},
                                           .priority_count = 3,
                                           .resamples = 100,
                                           .level = 0.95,
                                           .seed = SEED,
                                           .jobs = 1};
    const bool searched = search_run(&tuning->search, &request, &err);
    assert(searched && tuning->search.best != UINT32_MAX);
    tuning->level = 0.95;
    tuning->arms[0].weights = score_weights_default;
    tuning->objectives[0] = commission;
    tuning->objective_count = 1;
    const struct stats_estimate best = gain_of(tuning, tuning->search.best);
    const struct stats_estimate chosen = gain_of(tuning, tuning->search.chosen);
    happened[2] = holds_nothing(&best);
    happened[3] = holds_nothing(&chosen);
    tuning_release(tuning);
    decisions_release(&set);
    free(tuning);
}

static void run(uint64_t experiment, double *happened)
{
    tune_noise(experiment, happened);
    search_noise(experiment, happened);
}

const struct calibration calibrate_holdout = {
    .name = "holdout",
    .how = "tuned on 70% of 900 orders whose outcomes are noise, judged on the rest",
    .experiments = 1000, /* each is a whole tuning */
    .figures = {{"tune, canned quotes: best weights' gain holds 0", 0.95, CALIBRATION_NOMINAL},
                {"tune, canned quotes: verdict variant_wins", 0.025, CALIBRATION_AT_MOST},
                {"search, commissions: best weights' gain holds 0", 0.95, CALIBRATION_NOMINAL},
                {"search, commissions: the set's centre's gain holds 0", 0.95,
                 CALIBRATION_NOMINAL}},
    .run = run};
