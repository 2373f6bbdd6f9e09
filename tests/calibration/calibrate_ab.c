/* A/B as a whole, from assignment to the p that is judged by: two arms of the same weights raise
 * false alarms as often as alpha says, looking twenty times never more often; and with other
 * weights the interval holds the difference that the choice model's draws were made from. */
#include "tests/calibration/calibrate.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/analysis/ab.h"
#include "tests/sim/analysis/decisions_fixture.h"

enum { ORDERS = 600, SEED = 0xAB, HALF = EXPERIMENT_BUCKETS / 2 };

static struct decision_set orders;
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make_orders(void)
{
    decisions_fixture(&orders, ORDERS, SEED, false);
}

static void play(struct ab_result *result, uint64_t experiment, bool same, bool interleave)
{
    static const struct search_objective goal = {OUTCOME_BUYS, 1.0};
    char salt[32];
    struct err err;
    const struct score_weights cheap = {.price = 1.0};
    const struct ab_arm arms[2] = {{"baseline", score_weights_default, HALF},
                                   {"variant", same ? score_weights_default : cheap, HALF}};
    (void)snprintf(salt, sizeof salt, "calibration %llu", (unsigned long long)experiment);
    const struct ab_request request = {.name = "calibration",
                                       .source_path = "calibration",
                                       .seed = calibration_key(SEED, experiment, 0),
                                       .arms = arms,
                                       .arm_count = 2,
                                       .salt = salt,
                                       .interleave = interleave,
                                       .objectives = &goal,
                                       .objective_count = 1,
                                       .alpha = 0.05,
                                       .power = 0.8,
                                       .peeks = same ? 20 : 0,
                                       .set = &orders};
    const bool ran = ab_run(result, &request, &err);
    assert(ran);
}

static bool holds(const struct ab_value *goal)
{
    const struct stats_test *test = &goal->tests[goal->judged_by];
    return test->low <= goal->cost.difference && goal->cost.difference <= test->high;
}

static void run(uint64_t experiment, double *happened)
{
    struct ab_result *result = malloc(sizeof *result);
    assert(result != NULL);
    (void)pthread_once(&made, make_orders);
    const struct ab_value *goal = &result->variants[0].values[AB_GOAL];
    play(result, experiment, true, false);
    happened[0] = goal->tests[AB_CUPED].p <= 0.05;
    happened[1] = goal->tests[AB_RAW].p <= 0.05;
    happened[2] = result->variants[0].decided_at != UINT32_MAX;
    happened[3] = result->srm_p < STATS_SRM_ALPHA;
    play(result, experiment, false, false);
    happened[4] = holds(goal);
    play(result, experiment, false, true);
    happened[5] = holds(goal);
    free(result);
}

/* Intervals hold more than 95%: the orders are these ones, so their own spread is no error
 * (Neyman's bound is not reached). */
const struct calibration calibrate_ab = {
    .name = "ab",
    .how = "600 orders assigned by hash, purchases drawn from the choice model",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"same weights: p <= 0.05, CUPED", 0.05, CALIBRATION_NOMINAL},
                {"same weights: p <= 0.05, raw", 0.05, CALIBRATION_NOMINAL},
                {"same weights: decided in 20 looks", 0.05, CALIBRATION_AT_MOST},
                {"same weights: sample ratio alarm", 0.001, CALIBRATION_AT_MOST},
                {"interval holds the difference, split", 0.95, CALIBRATION_AT_LEAST},
                {"interval holds the difference, interleaved", 0.95, CALIBRATION_AT_LEAST}},
    .run = run};
