#include "sim/world/samples.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"

bool samples_init(struct samples *samples, uint32_t limit)
{
    *samples = (struct samples){.limit = limit, .room = limit, .least_us = INT64_MAX};
    samples->values = memory_resize(NULL, limit, sizeof *samples->values);
    samples->bins = memory_zeroed(2 * SAMPLES_BINS * sizeof *samples->bins);
    if (samples->values == NULL || samples->bins == NULL) {
        samples_release(samples);
        return false;
    }
    samples->censored_bins = samples->bins + SAMPLES_BINS;
    return true;
}

void samples_release(struct samples *samples)
{
    free(samples->values);
    free(samples->bins);
    *samples = (struct samples){0};
}

bool samples_exact(const struct samples *samples)
{
    return samples->kept == samples->count;
}

/* Only the bins between the least and the greatest value were touched: a series is emptied often.
 */
void samples_clear(struct samples *samples)
{
    if (!samples_exact(samples)) {
        const uint32_t first = samples_bin((uint32_t)samples->least_us);
        const uint32_t last = samples_bin((uint32_t)samples->most_us);
        const size_t bytes = (last - first + 1) * sizeof *samples->bins;
        memset(samples->bins + first, 0, bytes);
        if (samples->censored > 0) memset(samples->censored_bins + first, 0, bytes);
    }
    *samples = (struct samples){.values = samples->values,
                                .limit = samples->limit,
                                .room = samples->limit,
                                .bins = samples->bins,
                                .censored_bins = samples->censored_bins,
                                .least_us = INT64_MAX};
}

uint32_t samples_bin_start_us(uint32_t bin)
{
    assert(bin <= SAMPLES_BINS);
    if (bin < 2 * SAMPLES_OCTAVE) return bin;
    const uint32_t octave = bin / SAMPLES_OCTAVE - 1;
    return (bin - octave * SAMPLES_OCTAVE) << octave;
}

static void count_kept(struct samples *into, const struct samples *from)
{
    for (uint32_t i = 0; i < from->kept; i++) {
        const uint32_t value = from->values[i];
        (value & 1 ? into->censored_bins : into->bins)[samples_bin(value >> 1)]++;
    }
}

void samples_spill(struct samples *samples)
{
    count_kept(samples, samples);
    samples->kept = 0;
    samples->sorted = 0;
    samples->room = 0;
}

void samples_merge(struct samples *into, const struct samples *from)
{
    assert(into != from);
    const bool exact = samples_exact(into) && samples_exact(from);
    if (exact && into->kept + (uint64_t)from->kept <= into->limit) {
        if (from->kept > 0) {
            memcpy(into->values + into->kept, from->values, from->kept * sizeof *from->values);
        }
        into->kept += from->kept;
    } else {
        samples_spill(into);
        count_kept(into, from);
        for (uint32_t bin = 0; bin < SAMPLES_BINS && !samples_exact(from); bin++) {
            into->bins[bin] += from->bins[bin];
            into->censored_bins[bin] += from->censored_bins[bin];
        }
    }
    into->count += from->count;
    into->censored += from->censored;
    into->sum_us += from->sum_us;
    if (from->least_us < into->least_us) into->least_us = from->least_us;
    if (from->most_us > into->most_us) into->most_us = from->most_us;
}

/* --- sorting in place, a byte at a time from the highest (American flag sort; McIlroy, Bostic,
 * McIlroy, "Engineering radix sort", 1993): nothing is allocated, and no input makes it slow --- */

static void sort_few(uint32_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const uint32_t value = values[i];
        uint32_t place = i;
        for (; place > 0 && values[place - 1] > value; place--)
            values[place] = values[place - 1];
        values[place] = value;
    }
}

/* Swaps every value into its byte's stretch, which ends at ends[byte]. */
static void deal_out(uint32_t *values, const uint32_t ends[256], uint32_t next[256], unsigned shift)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        while (next[byte] < ends[byte]) {
            const uint32_t value = values[next[byte]];
            const unsigned home = value >> shift & 255;
            values[next[byte]] = values[next[home]];
            values[next[home]++] = value;
        }
    }
}

static void sort_by_byte(uint32_t *values, uint32_t count, unsigned shift)
{
    enum { FEW = 32 };
    if (count <= FEW) {
        sort_few(values, count);
        return;
    }
    uint32_t ends[256] = {0};
    uint32_t next[256];
    for (uint32_t i = 0; i < count; i++)
        ends[values[i] >> shift & 255]++;
    uint32_t start = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        next[byte] = start;
        start += ends[byte];
        ends[byte] = start;
    }
    deal_out(values, ends, next, shift);
    if (shift == 0) return;
    start = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        sort_by_byte(values + start, ends[byte] - start, shift - 8);
        start = ends[byte];
    }
}

static void sort_kept(struct samples *samples)
{
    if (samples->sorted == samples->kept) return;
    sort_by_byte(samples->values, samples->kept, 24);
    samples->sorted = samples->kept;
}

/* --- quantiles --- */

/* Two neighbours in order of value, and how many samples stand before the first censored one. */
struct neighbours {
    double low_us, high_us;
    uint64_t known;
};

static struct neighbours neighbours_kept(struct samples *samples, uint64_t rank)
{
    sort_kept(samples);
    const uint64_t next = rank + 1 < samples->kept ? rank + 1 : rank;
    uint64_t known = samples->censored == 0 ? samples->kept : 0;
    while (known <= next && (samples->values[known] & 1) == 0)
        known++;
    return (struct neighbours){.low_us = samples->values[rank] >> 1,
                               .high_us = samples->values[next] >> 1,
                               .known = known};
}

/* Spreads the samples of a bin evenly over the whole values it stands for. */
static double place_in_bin(const struct samples *samples, uint32_t bin, uint64_t index, uint64_t n)
{
    const double start = samples_bin_start_us(bin);
    const double width = (double)samples_bin_start_us(bin + 1) - start;
    const double us = start + (width - 1) * ((double)index + 0.5) / (double)n;
    return fmin(fmax(us, (double)samples->least_us), (double)samples->most_us);
}

static struct neighbours neighbours_counted(const struct samples *samples, uint64_t rank)
{
    const uint64_t next = rank + 1 < samples->count ? rank + 1 : rank;
    const uint32_t last = samples_bin((uint32_t)samples->most_us);
    struct neighbours found = {.known = samples->count};
    uint64_t before = 0;
    for (uint32_t bin = samples_bin((uint32_t)samples->least_us); bin <= last; bin++) {
        const uint64_t n = samples->bins[bin] + samples->censored_bins[bin];
        if (samples->censored_bins[bin] > 0 && found.known == samples->count) {
            found.known = before + samples->bins[bin];
        }
        if (rank >= before && rank < before + n) {
            found.low_us = place_in_bin(samples, bin, rank - before, n);
        }
        if (next >= before && next < before + n) {
            found.high_us = place_in_bin(samples, bin, next - before, n);
            break;
        }
        before += n;
    }
    return found;
}

/* Samples that it takes, so that `least_beyond` lie beyond on average. The last bits of 1 - p are
 * no part of the rule: p90 takes 100, not 101. */
static double samples_needed(double probability, uint32_t least_beyond)
{
    const double beyond = probability < 0.5 ? probability : 1.0 - probability;
    if (least_beyond == 0) return 1.0;
    return ceil(least_beyond / beyond * (1.0 - 1e-12));
}

struct samples_quantile samples_quantile(struct samples *samples, double probability,
                                         uint32_t least_beyond)
{
    assert(probability >= 0.0);
    assert(probability <= 1.0);
    const uint64_t n = samples->count;
    if (n == 0) return (struct samples_quantile){.us = NAN, .state = SAMPLES_NONE};
    const double needs = samples_needed(probability, least_beyond);
    if ((double)n < needs) {
        return (struct samples_quantile){.us = NAN, .needs = needs, .state = SAMPLES_TOO_FEW};
    }
    const double index = probability * (double)(n - 1);
    const uint64_t rank = (uint64_t)index;
    const double share = index - (double)rank;
    const struct neighbours found =
        samples_exact(samples) ? neighbours_kept(samples, rank) : neighbours_counted(samples, rank);
    const uint64_t touched = share > 0 ? rank + 1 : rank;
    return (struct samples_quantile){.us = (1.0 - share) * found.low_us + share * found.high_us,
                                     .needs = needs,
                                     .state =
                                         touched < found.known ? SAMPLES_KNOWN : SAMPLES_ABOVE};
}

double samples_mean_us(const struct samples *samples)
{
    const uint64_t n = samples->count - samples->censored;
    return n == 0 ? (double)NAN : (double)samples->sum_us / (double)n;
}
