/* Coverage of 95% intervals. Coverage of an interval for a share swings with the share, because
 * hits are whole; so shares and sizes are drawn anew each time, and what is counted is the mean. */
#include "tests/calibration/calibrate.h"

#include <math.h>

#include <gsl/gsl_sort.h>

#include "sim/analysis/stats.h"
#include "sim/analysis/stats_tests.h"

enum { SEED = 0xC0FE, PRICES = 400 };

struct truth {
    double rate;
    struct stats_share share;
};

static struct truth draw_share(uint64_t key, uint64_t least, uint64_t most)
{
    const uint64_t span = most - least + 1;
    struct truth truth = {.rate = 0.02 + 0.96 * calibration_unit(key, 0)};
    truth.share.n = least + random_draw(key, 1) % span;
    truth.share.hits = calibration_hits(random_key(key, 1), truth.share.n, truth.rate);
    return truth;
}

static double within(double value, double low, double high)
{
    return value >= low && value <= high;
}

static double wilson_covers(uint64_t key)
{
    const struct truth truth = draw_share(key, 20, 400);
    double low, high;
    stats_wilson_interval(truth.share, 0.95, &low, &high);
    return within(truth.rate, low, high);
}

static double clopper_pearson_covers(uint64_t key)
{
    const struct truth truth = draw_share(key, 20, 400);
    double low, high;
    stats_binomial_interval(truth.share.hits, truth.share.n, 0.95, &low, &high);
    return within(truth.rate, low, high);
}

static double newcombe_covers(uint64_t key)
{
    const struct truth a = draw_share(random_key(key, 0), 20, 400);
    const struct truth b = draw_share(random_key(key, 1), 20, 400);
    const struct stats_shares test = stats_test_shares(a.share, b.share, 0.95);
    return within(b.rate - a.rate, test.low, test.high);
}

static double welch_covers(uint64_t key)
{
    double a[PRICES], b[PRICES / 4];
    for (uint64_t i = 0; i < PRICES; i++)
        a[i] = 50.0 + 10.0 * calibration_normal(key, i);
    for (uint64_t i = 0; i < PRICES / 4; i++)
        b[i] = 52.0 + 25.0 * calibration_normal(key, PRICES + i);
    const struct stats_test test =
        stats_test_welch(stats_moments_of(a, PRICES), stats_moments_of(b, PRICES / 4), 0.95);
    return within(2.0, test.low, test.high);
}

static double ranks_cover(uint64_t key)
{
    double values[PRICES];
    for (uint64_t i = 0; i < PRICES; i++)
        values[i] = calibration_unit(key, i);
    uint64_t low, high;
    if (!stats_quantile_ranks(PRICES, 0.95, 0.95, &low, &high)) return 0.0;
    gsl_sort(values, 1, PRICES);
    return within(0.95, values[low - 1], values[high - 1]);
}

static void run(uint64_t experiment, double *happened)
{
    happened[0] = wilson_covers(calibration_key(SEED, experiment, 0));
    happened[1] = clopper_pearson_covers(calibration_key(SEED, experiment, 1));
    happened[2] = newcombe_covers(calibration_key(SEED, experiment, 2));
    happened[3] = welch_covers(calibration_key(SEED, experiment, 3));
    happened[4] = ranks_cover(calibration_key(SEED, experiment, 4));
}

const struct calibration calibrate_intervals = {
    .name = "intervals",
    .how = "95% intervals that hold the truth",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"Wilson, a share of 20 to 400", 0.95, CALIBRATION_NOMINAL},
                {"Clopper-Pearson, the same", 0.95, CALIBRATION_AT_LEAST},
                {"Newcombe, two shares of 20 to 400", 0.95, CALIBRATION_NOMINAL},
                {"Welch, 400 against 100 of unlike spread", 0.95, CALIBRATION_NOMINAL},
                {"p95 of 400 by ranks", 0.95, CALIBRATION_AT_LEAST}},
    .run = run};
