#include "tests/sim/analysis/latencies_truth.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "router/base/random.h"

#define MEDIAN_US  1.5e6
#define P95_US     3.5e6
#define LOW_US     4e6
#define HIGH_US    20e6
#define WATCHED_US INT64_C(3600000000)

static double sigma(void)
{
    return log(P95_US / MEDIAN_US) / gsl_cdf_ugaussian_Pinv(0.95);
}

double latencies_truth_reached(const void *context, double us)
{
    const struct latencies_truth *truth = context;
    const double tail = truth->hangs ? 0.0 : gsl_cdf_flat_P(us, LOW_US, HIGH_US);
    if (us <= 0.0) return 0.0;
    return (1.0 - truth->heavy) * gsl_cdf_lognormal_P(us, log(MEDIAN_US), sigma()) +
           truth->heavy * tail;
}

double latencies_truth_density(const struct latencies_truth *truth, double us)
{
    const double tail = truth->hangs ? 0.0 : gsl_ran_flat_pdf(us, LOW_US, HIGH_US);
    return (1.0 - truth->heavy) * gsl_ran_lognormal_pdf(us, log(MEDIAN_US), sigma()) +
           truth->heavy * tail;
}

static struct latency_sample draw(const struct latencies_truth *truth, uint64_t key)
{
    struct latency_sample sample = {.order = LATENCY_NO_ORDER, .fate = LATENCY_ANSWERED};
    const double share = random_unit(random_draw(key, 1));
    const double unit = random_unit(random_draw(key, 2)) + 0x1p-54; /* not 0 */
    if (share >= truth->heavy) {
        sample.us = llround(gsl_cdf_lognormal_Pinv(unit, log(MEDIAN_US), sigma()));
    } else if (truth->hangs) {
        sample.us = WATCHED_US;
        sample.fate = LATENCY_CENSORED;
        sample.capped = true;
    } else {
        sample.us = llround(LOW_US + unit * (HIGH_US - LOW_US));
    }
    return sample;
}

static void add(struct latency_series *series, struct latency_sample sample)
{
    struct err err;
    sample.at_us = (int64_t)series->count * 1000000;
    const bool added = latency_add(series, &sample, &err);
    assert(added);
    (void)added;
}

void latencies_truth_fill(struct latency_series *series, const struct latencies_truth *truth,
                          uint32_t count, uint64_t seed)
{
    for (uint32_t i = 0; i < count; i++)
        add(series, draw(truth, random_key(random_key(UINT64_C(0x1A7E), seed), i)));
}

void latencies_truth_add(struct latency_series *series, enum latency_fate fate, int64_t us)
{
    add(series,
        (struct latency_sample){.us = us, .order = LATENCY_NO_ORDER, .fate = (uint8_t)fate});
}
