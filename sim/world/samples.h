/* sim/world/samples.h - latencies, kept exactly while they are few and counted in a histogram
 * after.
 *
 * Up to `limit` samples are kept as they are and quantiles are GSL's
 * (gsl_stats_quantile_from_sorted_data: linear interpolation, type 7, the same as SQL's
 * PERCENTILE_CONT). Past it all go into a log-linear histogram of 128 buckets an octave
 * (HdrHistogram's layout): a bucket is at most 1/128 of its values wide, and a quantile, which is
 * interpolated by rank inside its bucket, is off by less than that. Cost and memory do not grow
 * with the number of samples.
 *
 * A censored sample (a timeout) lies somewhere above its value: it stands behind uncensored ones of
 * the same value, and as far as anybody knows above all others. A quantile is known when no
 * censored sample stands at its rank or before; else what it would be if they lay at their bounds
 * is the least that it can be, and it says that it lies above.
 *
 * Ownership: the set owns its arrays; samples_release() frees them.
 * Failure:   samples_init() returns false when memory is out; after that nothing allocates.
 */
#ifndef SIM_WORLD_SAMPLES_H
#define SIM_WORLD_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SAMPLES_LIMIT_DEFAULT = 65536,
    SAMPLES_OCTAVE_BITS = 7,
    SAMPLES_OCTAVE = 1 << SAMPLES_OCTAVE_BITS,
    SAMPLES_VALUE_BITS = 31,
    SAMPLES_BINS = SAMPLES_OCTAVE * (SAMPLES_VALUE_BITS - SAMPLES_OCTAVE_BITS + 1),
};
#define SAMPLES_ERROR_BOUND (1.0 / SAMPLES_OCTAVE) /* of a histogram's quantiles, relative */

struct samples {
    uint32_t *values; /* us times two, and one more when censored; `kept` of them */
    uint32_t limit;   /* how many fit; a limit of 0 makes a pure histogram */
    uint32_t room;    /* `limit` while exact, then 0 */
    uint32_t kept;
    uint32_t
        sorted;     /* so many values were kept, and in order, when a quantile was last asked for */
    uint64_t *bins; /* SAMPLES_BINS; counted from the moment that `values` was full */
    uint64_t *censored_bins;
    uint64_t count;
    uint64_t censored;
    int64_t sum_us;            /* of the uncensored */
    int64_t least_us, most_us; /* of all; values are capped at 2^31 - 1 us (35 min) */
};

bool samples_init(struct samples *samples, uint32_t limit);
void samples_release(struct samples *samples);
void samples_clear(struct samples *samples);

/* Which bin a value falls into, and the least value of a bin. */
static inline uint32_t samples_bin(uint32_t us)
{
    if (us < SAMPLES_OCTAVE) return us;
    const uint32_t octave = 31u - (uint32_t)__builtin_clz(us) - SAMPLES_OCTAVE_BITS;
    return (octave << SAMPLES_OCTAVE_BITS) + (us >> octave);
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
    if (samples->kept < samples->room) {
        samples->values[samples->kept++] = value << 1 | censored;
        return;
    }
    if (samples->kept != 0) samples_spill(samples);
    (censored ? samples->censored_bins : samples->bins)[samples_bin(value)]++;
}

/* Adds all of `from`; exact while the sum fits the limit. With equal limits the result does not
 * depend on whether samples came one by one or merged, nor on their order. */
void samples_merge(struct samples *into, const struct samples *from);

enum samples_state { SAMPLES_KNOWN, SAMPLES_NONE, SAMPLES_TOO_FEW, SAMPLES_ABOVE };

struct samples_quantile {
    double us;    /* NaN: none, or too few */
    double needs; /* samples, when too few; infinite for the quantiles at 0 and 1 */
    enum samples_state state;
};

/* The quantile at `probability`. `least_beyond` is how many samples must lie beyond it on the
 * thinner side (10; 0 for series), n >= least_beyond / (1 - p): fewer is SAMPLES_TOO_FEW. Sorts the
 * kept values in place. */
struct samples_quantile samples_quantile(struct samples *samples, double probability,
                                         uint32_t least_beyond);

bool samples_exact(const struct samples *samples);
double samples_mean_us(const struct samples *samples); /* of the uncensored; NaN: none */

#endif
