/* Tests of a fixed horizon, looked at once: without an effect one in twenty is to be significant.
 * Prices are log-normal, so that means are skewed as they are in carts; a user of the ratio metric
 * has one to five orders. */
#include "tests/calibration/calibrate.h"

#include <math.h>

#include "sim/analysis/stats.h"
#include "sim/analysis/stats_tests.h"

enum { SEED = 0xF17ED, ORDERS = 400, PAIRS = 200, VISITORS = 1000, FEW = 500, USERS = 300 };
enum { BLOCKS = 50 };

static struct stats_moments draw_prices(uint64_t key)
{
    double prices[ORDERS];
    for (uint64_t i = 0; i < ORDERS; i++)
        prices[i] = exp(8.5 + 0.5 * calibration_normal(key, i));
    return stats_moments_of(prices, ORDERS);
}

/* Two policies on the same orders: differences have a heavy middle and both signs. */
static struct stats_test test_pairs(uint64_t key)
{
    double differences[PAIRS];
    for (uint64_t i = 0; i < PAIRS; i++) {
        const double size = -log(calibration_unit(key, 2 * i));
        differences[i] = random_draw(key, 2 * i + 1) >> 63 ? size : -size;
    }
    return stats_test_paired(stats_moments_of(differences, PAIRS), 0.95);
}

static struct stats_moments draw_ratio(uint64_t key)
{
    double revenue[USERS], orders[USERS];
    for (uint64_t i = 0; i < USERS; i++) {
        orders[i] = 1.0 + (double)random_below(random_draw(key, 2 * i), 5);
        revenue[i] = orders[i] * exp(3.0 + 0.4 * calibration_normal(key, 2 * i + 1));
    }
    return stats_ratio_moments(stats_pair_moments_of(revenue, orders, USERS));
}

static double test_shares(uint64_t key, uint64_t n, double rate)
{
    const struct stats_share a = {calibration_hits(random_key(key, 0), n, rate), n};
    const struct stats_share b = {calibration_hits(random_key(key, 1), n, rate), n};
    return stats_test_shares(a, b, 0.95).p <= 0.05;
}

/* Blocks of unlike size that each had a day of their own. */
static struct stats_estimate test_blocks(uint64_t key)
{
    struct stats_block blocks[BLOCKS];
    for (uint64_t g = 0; g < BLOCKS; g++) {
        const uint64_t n = 80 + random_below(random_draw(key, 3 * g), 40);
        const double day = calibration_normal(key, 3 * g + 1);
        const double rest = calibration_normal(key, 3 * g + 2) / sqrt((double)n);
        blocks[g] = (struct stats_block){n, (double)n * (0.2 * day + rest), (double)n};
    }
    return stats_mean_difference(blocks, BLOCKS, 0.95);
}

static void run(uint64_t experiment, double *happened)
{
    const struct stats_moments a = draw_prices(calibration_key(SEED, experiment, 0));
    const struct stats_moments b = draw_prices(calibration_key(SEED, experiment, 1));
    happened[0] = stats_test_welch(a, b, 0.95).p <= 0.05;
    happened[1] = stats_test_lift(a, b, 0.95).p <= 0.05;
    happened[2] = test_pairs(calibration_key(SEED, experiment, 2)).p <= 0.05;
    happened[3] = stats_test_welch(draw_ratio(calibration_key(SEED, experiment, 3)),
                                   draw_ratio(calibration_key(SEED, experiment, 4)), 0.95)
                      .p <= 0.05;
    happened[4] = test_shares(calibration_key(SEED, experiment, 5), VISITORS, 0.3);
    happened[5] = test_shares(calibration_key(SEED, experiment, 6), FEW, 0.006);
    happened[6] = test_blocks(calibration_key(SEED, experiment, 7)).p <= 0.05;
}

const struct calibration calibrate_fixed = {
    .name = "fixed",
    .how = "A/A, one look at the planned n",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"Welch's t, prices of 400 orders an arm", 0.05, CALIBRATION_NOMINAL},
                {"lift by the delta method, the same prices", 0.05, CALIBRATION_NOMINAL},
                {"paired t, 200 orders", 0.05, CALIBRATION_NOMINAL},
                {"revenue an order, 300 users an arm", 0.05, CALIBRATION_NOMINAL},
                {"two shares, 30% of 1,000 an arm (z)", 0.05, CALIBRATION_NOMINAL},
                {"two shares, 0.6% of 500 an arm (Fisher)", 0.05, CALIBRATION_AT_MOST},
                {"paired difference over 50 blocks", 0.05, CALIBRATION_NOMINAL}},
    .run = run};
