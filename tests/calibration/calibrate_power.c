/* Planning: with the number of orders that the plan asks for, an effect is found as often as the
 * plan says. */
#include "tests/calibration/calibrate.h"

#include <math.h>
#include <stdlib.h>

#include "sim/analysis/stats_power.h"
#include "sim/analysis/stats_tests.h"

enum { SEED = 0x90E4, MOST = 2000 };

static const struct power_test usual = {.alpha = 0.05, .power = 0.8};

static struct stats_moments draw(uint64_t key, double n, double mean, double sd)
{
    const uint64_t count = (uint64_t)ceil(n);
    double values[MOST];
    if (count > MOST) abort();
    for (uint64_t i = 0; i < count; i++)
        values[i] = mean + sd * calibration_normal(key, i);
    return stats_moments_of(values, count);
}

static double finds_means(uint64_t key)
{
    const double n = power_n_means(1.5, (struct power_spread){6.0, 9.0}, usual);
    return stats_test_welch(draw(random_key(key, 0), n, 0.0, 6.0),
                            draw(random_key(key, 1), n, 1.5, 9.0), 0.95)
               .p <= 0.05;
}

static double finds_pairs(uint64_t key)
{
    const double n = power_n_pairs(0.3, 2.0, usual);
    return stats_test_paired(draw(key, n, 0.3, 2.0), 0.95).p <= 0.05;
}

static double finds_shares(uint64_t key)
{
    const double step = power_mde_shares(1500.0, 0.1, false, usual);
    const struct stats_share a = {calibration_hits(random_key(key, 0), 1500, 0.1), 1500};
    const struct stats_share b = {calibration_hits(random_key(key, 1), 1500, 0.1 + step), 1500};
    return stats_test_shares(a, b, 0.95).p <= 0.05;
}

static void run(uint64_t experiment, double *happened)
{
    happened[0] = finds_means(calibration_key(SEED, experiment, 0));
    happened[1] = finds_pairs(calibration_key(SEED, experiment, 1));
    happened[2] = finds_shares(calibration_key(SEED, experiment, 2));
}

const struct calibration calibrate_power = {
    .name = "power",
    .how = "effects found at the planned n",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"means, n an arm for 80%", 0.8, CALIBRATION_NOMINAL},
                {"pairs, n for 80%", 0.8, CALIBRATION_NOMINAL},
                {"shares, smallest step that 1,500 an arm find in 80%", 0.8, CALIBRATION_NOMINAL}},
    .run = run};
