/* Non-inferiority: a guardrail that is worse by exactly its margin is "kept" in one of twenty, and
 * one that has not moved is "breached" hardly ever. */
#include "tests/calibration/calibrate.h"

#include "sim/analysis/stats_tests.h"

enum { SEED = 0x6A4D, ORDERS = 3000, SPREAD = 300 };

static struct stats_share draw(uint64_t key, double rate)
{
    return (struct stats_share){calibration_hits(key, ORDERS, rate), ORDERS};
}

static struct stats_moments draw_mean(uint64_t key, double mean)
{
    double values[SPREAD];
    for (uint64_t i = 0; i < SPREAD; i++)
        values[i] = mean + calibration_normal(key, i);
    return stats_moments_of(values, SPREAD);
}

static void run(uint64_t experiment, double *happened)
{
    const struct stats_margin success = {.margin = 0.02, .more_is_better = true, .alpha = 0.05};
    const struct stats_margin latency = {.margin = 0.1, .more_is_better = false, .alpha = 0.05};
    const struct stats_share before = draw(calibration_key(SEED, experiment, 0), 0.92);
    const struct stats_share worse = draw(calibration_key(SEED, experiment, 1), 0.90);
    const struct stats_kept rate = stats_test_share_kept(before, worse, success);
    happened[0] = rate.state == NONINFERIOR_SHOWN;
    happened[1] = rate.state == NONINFERIOR_REFUTED;

    const struct stats_moments slow = draw_mean(calibration_key(SEED, experiment, 2), 5.0);
    const struct stats_moments slower = draw_mean(calibration_key(SEED, experiment, 3), 5.1);
    const struct stats_test means = stats_test_welch(slow, slower, 0.95);
    happened[2] = stats_test_kept(&means, latency).state == NONINFERIOR_SHOWN;

    const struct stats_share same = draw(calibration_key(SEED, experiment, 4), 0.92);
    happened[3] = stats_test_share_kept(before, same, success).state == NONINFERIOR_REFUTED;
}

const struct calibration calibrate_margins = {
    .name = "margins",
    .how = "guardrails against their margin, one-sided 5%",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"worse by the margin, kept: 92% to 90% of 3,000", 0.05, CALIBRATION_NOMINAL},
                {"worse by the margin, breached: the same", 0.05, CALIBRATION_NOMINAL},
                {"worse by the margin, kept: means of 300", 0.05, CALIBRATION_NOMINAL},
                {"not worse at all, breached", 0.001, CALIBRATION_AT_MOST}},
    .run = run};
