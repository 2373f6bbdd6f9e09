/* Stable series that seem to change, changes that are put in the wrong place, and predictions from
 * a first part that the rest breaks. Latencies are lognormal with a tail of one in fifty at five
 * times the median, in milliseconds. Sizes of the predictions' parts are drawn anew each time. */
#include "tests/calibration/calibrate.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sort.h>

#include "sim/analysis/change_points.h"
#include "sim/analysis/distribution_fit.h"
#include "sim/analysis/stability.h"

enum { SEED = 0xC4A6E, SHORT = 150, LONG = 1000, AT = 90, MOST = 200 };

static int64_t draw_us(uint64_t key, uint64_t index)
{
    const double z = calibration_normal(key, 2 * index);
    const bool tail = calibration_unit(key, 2 * index + 1) < 0.02;
    return 1000 * lround((tail ? 2000.0 : 400.0) * exp((tail ? 0.6 : 0.35) * z));
}

static void fill(struct latency_series *series, struct latency_sample *samples, uint32_t count,
                 uint64_t key)
{
    *series = (struct latency_series){.samples = samples, .count = count};
    for (uint32_t i = 0; i < count; i++)
        samples[i] = (struct latency_sample){.at_us = i, .us = draw_us(key, i)};
}

static double changes(uint32_t count, uint64_t key)
{
    struct latency_sample samples[LONG];
    struct latency_series series;
    struct change_set set;
    struct err err;
    fill(&series, samples, count, key);
    if (!change_points_find(&set, &series, key, &err)) abort();
    const double any = set.count > 0;
    change_set_release(&set);
    return any;
}

static double misplaces(uint64_t key, double factor)
{
    struct latency_sample samples[SHORT];
    struct latency_series series;
    struct change_set set;
    struct err err;
    fill(&series, samples, SHORT, key);
    for (uint32_t i = AT; i < SHORT; i++)
        samples[i].us = lround(factor * (double)samples[i].us);
    if (!change_points_find(&set, &series, key, &err)) abort();
    double missed = set.count > 0;
    for (uint32_t c = 0; c < set.count; c++)
        if (set.items[c].low <= AT && AT <= set.items[c].high) missed = 0.0;
    change_set_release(&set);
    return missed;
}

/* ---- predictions ---- */

enum rule { FIXED, ORDER_STATISTIC, P95_PLUS };

static double holds(uint64_t key, enum rule rule)
{
    const uint32_t n = 20 + (uint32_t)(random_draw(key, 0) % (MOST - 19));
    const uint32_t m = 20 + (uint32_t)(random_draw(key, 1) % (MOST - 19));
    const uint64_t first = random_key(key, 2), rest = random_key(key, 3);
    double us[MOST];
    for (uint32_t i = 0; i < n; i++)
        us[i] = (double)draw_us(first, i);
    gsl_sort(us, 1, n);
    double timeout = 600000.0;
    if (rule == ORDER_STATISTIC) timeout = us[(uint32_t)(0.95 * n)];
    if (rule == P95_PLUS) timeout = us[(uint32_t)(0.95 * n)] + 200000.0;
    uint64_t k = 0, y = 0, low, high;
    for (uint32_t i = 0; i < n; i++)
        k += us[i] <= timeout;
    for (uint32_t i = 0; i < m; i++)
        y += (double)draw_us(rest, i) <= timeout;
    stability_prediction(k, n, m, 0.95, &low, &high);
    return y >= low && y <= high;
}

static double levels_differ(uint64_t key, uint32_t count)
{
    struct latency_sample samples[SHORT];
    struct latency_series series;
    struct latency_scores_rank_sum test;
    struct err err;
    fill(&series, samples, count, key);
    if (!latency_scores_rank_sum(samples, count, count / 2, &test, &err)) abort();
    return test.p <= 0.05;
}

static void run(uint64_t experiment, double *happened)
{
    happened[0] = changes(SHORT, calibration_key(SEED, experiment, 0));
    happened[1] = changes(LONG, calibration_key(SEED, experiment, 1));
    happened[2] = misplaces(calibration_key(SEED, experiment, 2), 1.8);
    happened[3] = holds(calibration_key(SEED, experiment, 3), FIXED);
    happened[4] = holds(calibration_key(SEED, experiment, 4), ORDER_STATISTIC);
    happened[5] = holds(calibration_key(SEED, experiment, 5), P95_PLUS);
    happened[6] = levels_differ(calibration_key(SEED, experiment, 6), 24);
    happened[7] = levels_differ(calibration_key(SEED, experiment, 7), SHORT);
}

const struct calibration calibrate_change = {
    .name = "change",
    .how = "latency series of one level, and of two; 95% predictions of the rest",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"any change in 150 of one level", 0.05, CALIBRATION_NOMINAL},
                {"any change in 1,000 of one level", 0.05, CALIBRATION_NOMINAL},
                {"changes, none placed over a true one of 1.8", 0.05, CALIBRATION_AT_MOST},
                {"prediction, a fixed timeout", 0.95, CALIBRATION_AT_LEAST},
                {"prediction, the first part's order statistic", 0.95, CALIBRATION_AT_LEAST},
                {"prediction, that and 200 ms", 0.95, CALIBRATION_AT_LEAST},
                {"rank sum, 12 against 12", 0.05, CALIBRATION_AT_MOST},
                {"rank sum, 75 against 75", 0.05, CALIBRATION_AT_MOST}},
    .run = run};

/* ---- what takes longer ---- */

static double success_changes(uint64_t key, double rate)
{
    struct latency_sample samples[SHORT];
    struct latency_series series;
    struct change_set set;
    struct err err;
    fill(&series, samples, SHORT, key);
    for (uint32_t i = 0; i < SHORT; i++)
        if (calibration_unit(random_key(key, 1), i) < rate) samples[i].fate = LATENCY_FAILED;
    if (!change_points_find(&set, &series, key, &err)) abort();
    const double any = set.rate_count > 0;
    change_set_release(&set);
    return any;
}

/* p values of the true law. */
static void judge_fit(uint64_t key, bool censored, double *ks, double *ad)
{
    enum { SAMPLES = 60, CAP_US = 550000, RESAMPLES = 39 };
    struct latency_sample samples[SAMPLES];
    struct latency_series series = {.samples = samples, .count = SAMPLES};
    for (uint32_t i = 0; i < SAMPLES; i++) {
        const int64_t us = 1000 * lround(400.0 * exp(0.35 * calibration_normal(key, i)));
        samples[i] = (struct latency_sample){.us = us};
        if (censored && us > CAP_US)
            samples[i] = (struct latency_sample){.us = CAP_US, .fate = LATENCY_CENSORED};
    }
    struct fit_sample sample;
    struct fit fit;
    struct fit_goodness goodness;
    struct err err;
    if (!fit_sample_make(&sample, &series, &err) || !fit_law(&fit, &sample, FIT_LOGNORMAL, &err) ||
        !fit_judge(&goodness, &fit, &sample, RESAMPLES, key, &err))
        abort();
    *ks = goodness.ks_p <= 0.05;
    *ad = goodness.ad_p <= 0.05;
    fit_sample_release(&sample);
}

static void run_slow(uint64_t experiment, double *happened)
{
    happened[0] = success_changes(calibration_key(SEED, experiment, 8), 0.03);
    happened[1] = success_changes(calibration_key(SEED, experiment, 9), 0.3);
    judge_fit(calibration_key(SEED, experiment, 10), false, &happened[2], &happened[3]);
    judge_fit(calibration_key(SEED, experiment, 11), true, &happened[4], &happened[5]);
}

const struct calibration calibrate_resampled = {
    .name = "resampled",
    .how = "success of one level in 150 calls; a true law fitted to 60 latencies",
    .experiments = 2000,
    .figures = {{"any change of success, 3% fail", 0.05, CALIBRATION_AT_MOST},
                {"any change of success, 30% fail", 0.05, CALIBRATION_AT_MOST},
                {"law refused by Kolmogorov-Smirnov", 0.05, CALIBRATION_NOMINAL},
                {"law refused by Anderson-Darling", 0.05, CALIBRATION_NOMINAL},
                {"the same, 18% censored: K-S", 0.05, CALIBRATION_NOMINAL},
                {"the same, 18% censored: A-D", 0.05, CALIBRATION_NOMINAL}},
    .run = run_slow};
