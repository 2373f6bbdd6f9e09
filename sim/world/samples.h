/* sim/world/samples.h - latencies, kept exactly while they are few and counted in a histogram after.
 *
 * Up to `limit` samples are kept as they are and quantiles are GSL's
 * (gsl_stats_quantile_from_sorted_data: linear interpolation, type 7, the same as SQL's
 * PERCENTILE_CONT). Past it all go into a log-linear histogram of 64 buckets an octave (relative error
 * at most 1/128; HdrHistogram's layout), which a test holds to gsl_histogram on the same ranges. Cost
 * and memory do not grow with the number of samples. A censored sample (a timeout) lies above its value:
 * a quantile that falls among censored ones is a bound and says so.
 *
 * Ownership: the set owns its arrays; samples_release() frees them.
 * Failure:   samples_init() returns false when memory is out; after that nothing allocates.
 */
#ifndef SIM_WORLD_SAMPLES_H
#define SIM_WORLD_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

enum { SAMPLES_LIMIT_DEFAULT = 65536, SAMPLES_OCTAVE = 64, SAMPLES_BINS = 64 * 36 };

struct samples {
    uint32_t *values; /* us; bit 31 marks a censored one; the first `kept` of `limit` */
    uint32_t limit;   /* a limit of 0 makes a pure histogram */
    uint32_t kept;
    uint64_t *bins;     /* SAMPLES_BINS; counted from the moment that `values` was full */
    uint64_t *censored_bins;
    uint64_t count;
    uint64_t censored;
    int64_t sum_us; /* of the uncensored */
    int64_t least_us, most_us; /* of all; values are capped at 2^31 - 1 us (35 min) */
};

bool samples_init(struct samples *samples, uint32_t limit);
void samples_release(struct samples *samples);
void samples_clear(struct samples *samples);

/* Which bin a value falls into, and the least value of a bin. */
static inline uint32_t samples_bin(uint32_t us)
{
    if (us < SAMPLES_OCTAVE) return us;
    const uint32_t octave = 31u - (uint32_t)__builtin_clz(us) - 6u; /* 64 buckets: 6 bits */
    return ((octave + 1u) << 6) + (us >> octave) - SAMPLES_OCTAVE;
}
uint32_t samples_bin_start_us(uint32_t bin);

void samples_spill(struct samples *samples); /* from exact to histogram; done by samples_add() */

static inline void samples_add(struct samples *samples, int64_t us, bool censored)
{
    const uint32_t value = us < 0 ? 0u : us > INT32_MAX ? (uint32_t)INT32_MAX : (uint32_t)us;
    samples->count++;
    samples->censored += censored;
    if (!censored) samples->sum_us += value;
    if (value < samples->least_us) samples->least_us = value;
    if (value > samples->most_us) samples->most_us = value;
    if (samples->kept < samples->limit) {
        samples->values[samples->kept++] = value | (censored ? UINT32_C(1) << 31 : 0u);
        return;
    }
    if (samples->kept != 0) samples_spill(samples);
    (censored ? samples->censored_bins : samples->bins)[samples_bin(value)]++;
}

/* Adds all of `from`; exact while the sum fits the limit. The result does not depend on whether samples
 * came one by one or merged, only on their multiset. */
void samples_merge(struct samples *into, const struct samples *from);

enum samples_state { SAMPLES_KNOWN, SAMPLES_NONE, SAMPLES_TOO_FEW, SAMPLES_ABOVE };

struct samples_quantile {
    double us;
    double needs; /* samples, when too few */
    enum samples_state state;
};

/* The quantile at `probability`. `least_beyond` is how many samples must lie beyond it on the thinner
 * side (10; 0 for series): fewer is SAMPLES_TOO_FEW. Sorts the kept values in place. */
struct samples_quantile samples_quantile(struct samples *samples, double probability,
                                         uint32_t least_beyond);

bool samples_exact(const struct samples *samples);
double samples_mean_us(const struct samples *samples); /* of the uncensored; NaN: none */

#endif
