#include "sim/analysis/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/random.h"
#include "sim/analysis/stats_binomial.h"

static struct stats_estimate without_interval(double value, uint64_t n, uint32_t blocks)
{
    return (struct stats_estimate){
        .value = value, .low = NAN, .high = NAN, .p = NAN, .n = n, .blocks = blocks};
}

static struct stats_estimate exactly(double value, uint64_t n, uint32_t blocks)
{
    return (struct stats_estimate){.value = value,
                                   .low = value,
                                   .high = value,
                                   .p = value == 0.0 ? 1.0 : 0.0,
                                   .n = n,
                                   .blocks = blocks,
                                   .method = STATS_EXACT};
}

/* ---- means and ratios ---- */

/* The spread of a sum that is constant comes out as rounding noise, not as 0. */
static bool is_nothing(double deviation, const struct stats_block *block, double value)
{
    return fabs(deviation) <= 1e-12 * (fabs(block->difference) + fabs(value * block->weight));
}

struct stats_estimate stats_mean_difference(const struct stats_block *blocks, uint32_t count,
                                            double level)
{
    assert(level > 0.0);
    assert(level < 1.0);
    struct stats_block sum = {0};
    uint32_t used = 0;
    for (uint32_t g = 0; g < count; g++) {
        if (blocks[g].n == 0) continue;
        used++;
        sum.n += blocks[g].n;
        sum.difference += blocks[g].difference;
        sum.weight += blocks[g].weight;
    }
    if (used == 0 || !(sum.weight > 0.0)) return without_interval(NAN, sum.n, used);

    const double value = sum.difference / sum.weight;
    if (used < STATS_BLOCKS_LEAST) return without_interval(value, sum.n, used);
    double squares = 0.0;
    for (uint32_t g = 0; g < count; g++) {
        const double deviation = blocks[g].difference - value * blocks[g].weight;
        if (!is_nothing(deviation, &blocks[g], value)) squares += deviation * deviation;
    }
    if (squares == 0.0) return exactly(value, sum.n, used);

    const double freedom = (double)used - 1.0;
    const double error = sqrt(squares * (double)used / freedom) / sum.weight;
    const double reach = gsl_cdf_tdist_Pinv(0.5 + level / 2.0, freedom) * error;
    return (struct stats_estimate){.value = value,
                                   .low = value - reach,
                                   .high = value + reach,
                                   .p = 2.0 * gsl_cdf_tdist_Q(fabs(value) / error, freedom),
                                   .n = sum.n,
                                   .blocks = used,
                                   .method = STATS_BLOCKS};
}

/* ---- shares ---- */

void stats_binomial_interval(uint64_t hits, uint64_t n, double level, double *low, double *high)
{
    assert(n > 0);
    assert(hits <= n);
    const double tail = (1.0 - level) / 2.0;
    *low = stats_binomial_p_at_least(hits, n, tail);
    *high = stats_binomial_p_at_most(hits, n, tail);
}

struct stats_estimate stats_share_difference(struct stats_discordant pairs, double level)
{
    const uint64_t differ = pairs.gained + pairs.lost;
    assert(differ <= pairs.n);
    if (pairs.n == 0) return without_interval(NAN, 0, 0);
    if (differ == 0) return exactly(0.0, pairs.n, 0);

    const uint64_t fewer = pairs.gained < pairs.lost ? pairs.gained : pairs.lost;
    const double share = (double)differ / (double)pairs.n;
    double low, high;
    stats_binomial_interval(pairs.gained, differ, level, &low, &high);
    return (struct stats_estimate){.value = ((double)pairs.gained - (double)pairs.lost) /
                                            (double)pairs.n,
                                   .low = (2.0 * low - 1.0) * share,
                                   .high = (2.0 * high - 1.0) * share,
                                   .p = fmin(1.0, 2.0 * stats_binomial_at_most(fewer, differ, 0.5)),
                                   .n = pairs.n,
                                   .method = STATS_DISCORDANT};
}

/* ---- quantiles ---- */

/* P(low <= B < high). */
static double ranks_cover(uint64_t n, double probability, uint64_t low, uint64_t high)
{
    return stats_binomial_at_most(high - 1, n, probability) -
           (low == 0 ? 0.0 : stats_binomial_at_most(low - 1, n, probability));
}

/* The smallest k with P(B <= k) >= level, as R's qbinom. */
static uint64_t binomial_quantile(uint64_t n, double probability, double level)
{
    uint64_t below = 0, reached = n;
    while (below < reached) {
        const uint64_t middle = below + (reached - below) / 2;
        if (stats_binomial_at_most(middle, n, probability) >= level) {
            reached = middle;
        } else {
            below = middle + 1;
        }
    }
    return reached;
}

bool stats_quantile_ranks(uint64_t n, double probability, double level, uint64_t *low,
                          uint64_t *high)
{
    assert(probability > 0.0);
    assert(probability < 1.0);
    const double tail = (1.0 - level) / 2.0;
    *low = binomial_quantile(n, probability, tail);
    *high = binomial_quantile(n, probability, 1.0 - tail) + 1;
    /* One rank less often suffices, because the two tails rarely use up their share. */
    if (*high > *low + 1 && ranks_cover(n, probability, *low, *high - 1) >= level) --*high;
    return *low >= 1 && *high <= n && ranks_cover(n, probability, *low, *high) >= level;
}

/* Samples at rank `rank` (0-based) and after it, weighed by delta: type 7. */
struct target {
    uint64_t rank;
    double delta;
};

static uint64_t weigh(struct stats_atoms atoms, const uint32_t *times)
{
    uint64_t n = 0;
    for (size_t i = 0; i < atoms.count; i++) {
        n += (uint64_t)atoms.items[i].count * (times == NULL ? 1u : times[atoms.items[i].block]);
    }
    return n;
}

static void find_quantiles(struct stats_atoms atoms, const uint32_t *times, uint64_t n,
                           const double *probabilities, uint32_t count, double *quantiles)
{
    struct target targets[STATS_QUANTILES_MAX];
    for (uint32_t q = 0; q < count; q++) {
        const double rank = (double)(n - 1) * probabilities[q];
        targets[q] = (struct target){.rank = (uint64_t)rank, .delta = rank - floor(rank)};
    }
    uint32_t next = 0; /* target whose lower sample is looked for */
    uint32_t half = 0; /* targets before `next` and from here lack their upper sample */
    uint64_t passed = 0;
    for (size_t i = 0; i < atoms.count && half < count; i++) {
        const struct stats_atom *atom = &atoms.items[i];
        passed += (uint64_t)atom->count * (times == NULL ? 1u : times[atom->block]);
        for (; next < count && targets[next].rank < passed; next++)
            quantiles[next] = (double)atom->value;
        for (; half < next && (targets[half].delta == 0.0 || targets[half].rank + 1 < passed);
             half++) {
            quantiles[half] += targets[half].delta * ((double)atom->value - quantiles[half]);
        }
    }
    assert(half == count);
}

void stats_quantiles(struct stats_atoms atoms, const uint32_t *times, const double *probabilities,
                     uint32_t count, double *quantiles)
{
    assert(count <= STATS_QUANTILES_MAX);
    const uint64_t n = weigh(atoms, times);
    for (uint32_t q = 0; q < count; q++)
        quantiles[q] = NAN;
    if (n > 0) find_quantiles(atoms, times, n, probabilities, count, quantiles);
}

/* Samples of each block; their sum over chosen blocks is a resample's size without a walk. */
static uint64_t count_blocks(struct stats_atoms atoms, uint64_t counts[STATS_BLOCKS_MAX])
{
    uint64_t n = 0;
    for (size_t i = 0; i < atoms.count; i++) {
        assert(atoms.items[i].block < STATS_BLOCKS_MAX);
        counts[atoms.items[i].block] += atoms.items[i].count;
        n += atoms.items[i].count;
    }
    return n;
}

struct resampling {
    const struct stats_bootstrap *bootstrap;
    uint64_t counts_a[STATS_BLOCKS_MAX], counts_b[STATS_BLOCKS_MAX];
    uint32_t filled[STATS_BLOCKS_MAX]; /* the blocks that hold samples */
    uint32_t filled_count;
};

static void resample(const struct resampling *resampling, uint32_t number, double *differences)
{
    const struct stats_bootstrap *bootstrap = resampling->bootstrap;
    const uint64_t key = random_key(bootstrap->seed, number);
    uint32_t times[STATS_BLOCKS_MAX] = {0};
    uint64_t n_a = 0, n_b = 0;
    for (uint32_t draw = 0; draw < resampling->filled_count; draw++) {
        const uint64_t bits = random_draw(key, random_what(RANDOM_BOOTSTRAP, 0, 0, draw, 0));
        const uint32_t block = resampling->filled[random_below(bits, resampling->filled_count)];
        times[block]++;
        n_a += resampling->counts_a[block];
        n_b += resampling->counts_b[block];
    }
    double a[STATS_QUANTILES_MAX], b[STATS_QUANTILES_MAX];
    find_quantiles(bootstrap->a, times, n_a, bootstrap->probabilities, bootstrap->count, a);
    find_quantiles(bootstrap->b, times, n_b, bootstrap->probabilities, bootstrap->count, b);
    for (uint32_t q = 0; q < bootstrap->count; q++)
        differences[q * bootstrap->resamples + number] = b[q] - a[q];
}

static struct stats_estimate percentile_interval(double value, double *differences,
                                                 const struct resampling *resampling)
{
    const struct stats_bootstrap *bootstrap = resampling->bootstrap;
    const size_t count = bootstrap->resamples;
    const double groups = (double)resampling->filled_count;
    const double stretch = sqrt(groups / (groups - 1.0));
    const double tail = (1.0 - bootstrap->level) / 2.0;
    size_t at_most_zero = 0, at_least_zero = 0;
    gsl_sort(differences, 1, count);
    for (size_t i = 0; i < count; i++) {
        const double moved = value + (differences[i] - value) * stretch;
        at_most_zero += moved <= 0.0;
        at_least_zero += moved >= 0.0;
    }
    const double low = gsl_stats_quantile_from_sorted_data(differences, 1, count, tail);
    const double high = gsl_stats_quantile_from_sorted_data(differences, 1, count, 1.0 - tail);
    const size_t fewer = at_most_zero < at_least_zero ? at_most_zero : at_least_zero;
    return (struct stats_estimate){.value = value,
                                   .low = value + (low - value) * stretch,
                                   .high = value + (high - value) * stretch,
                                   .p = fmin(1.0, 2.0 * (double)(fewer + 1) / (double)(count + 1)),
                                   .blocks = resampling->filled_count,
                                   .method = differences[0] == differences[count - 1] &&
                                                     differences[0] == value
                                                 ? STATS_EXACT
                                                 : STATS_BOOTSTRAP};
}

bool stats_quantile_differences(const struct stats_bootstrap *bootstrap,
                                struct stats_estimate *estimates, struct err *err)
{
    assert(bootstrap->block_count <= STATS_BLOCKS_MAX);
    assert(bootstrap->count <= STATS_QUANTILES_MAX);
    struct resampling resampling = {.bootstrap = bootstrap};
    const uint64_t n_a = count_blocks(bootstrap->a, resampling.counts_a);
    const uint64_t n_b = count_blocks(bootstrap->b, resampling.counts_b);
    for (uint32_t g = 0; g < bootstrap->block_count; g++) {
        /* A block that one side lacks could leave a resample of that side empty. */
        if (resampling.counts_a[g] > 0 && resampling.counts_b[g] > 0)
            resampling.filled[resampling.filled_count++] = g;
    }
    double a[STATS_QUANTILES_MAX], b[STATS_QUANTILES_MAX];
    stats_quantiles(bootstrap->a, NULL, bootstrap->probabilities, bootstrap->count, a);
    stats_quantiles(bootstrap->b, NULL, bootstrap->probabilities, bootstrap->count, b);
    const uint64_t n = n_a < n_b ? n_a : n_b;
    for (uint32_t q = 0; q < bootstrap->count; q++)
        estimates[q] = without_interval(b[q] - a[q], n, resampling.filled_count);
    if (resampling.filled_count < STATS_BOOTSTRAP_BLOCKS_LEAST || bootstrap->resamples == 0)
        return true;

    double *differences =
        malloc((size_t)bootstrap->count * bootstrap->resamples * sizeof *differences);
    if (differences == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint32_t r = 0; r < bootstrap->resamples; r++)
        resample(&resampling, r, differences);
    for (uint32_t q = 0; q < bootstrap->count; q++) {
        estimates[q] = percentile_interval(
            b[q] - a[q], differences + (size_t)q * bootstrap->resamples, &resampling);
        estimates[q].n = n;
    }
    free(differences);
    return true;
}

/* ---- many tests ---- */

void stats_holm(const double *p, uint32_t count, double *adjusted)
{
    uint32_t tests = 0;
    for (uint32_t i = 0; i < count; i++)
        tests += isnan(p[i]) ? 0u : 1u;
    for (uint32_t i = 0; i < count; i++) {
        adjusted[i] = NAN;
        if (isnan(p[i])) continue;
        /* The largest of (tests - rank) * p over the tests that come no later than this one. */
        double largest = 0.0;
        for (uint32_t j = 0; j < count; j++) {
            if (isnan(p[j]) || p[j] > p[i] || (p[j] == p[i] && j > i)) continue;
            uint32_t rank = 0;
            for (uint32_t k = 0; k < count; k++)
                rank += p[k] < p[j] || (p[k] == p[j] && k < j);
            largest = fmax(largest, (double)(tests - rank) * p[j]);
        }
        adjusted[i] = fmin(1.0, largest);
    }
}
