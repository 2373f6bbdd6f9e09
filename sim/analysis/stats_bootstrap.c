#include "sim/analysis/stats_bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "router/base/random.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

/* ---- the draws ---- */

bool bootstrap_counts_draw(struct bootstrap_counts *counts, uint32_t replicates, uint32_t clusters,
                           uint64_t seed, struct err *err)
{
    assert(clusters <= BOOTSTRAP_CLUSTERS_MAX);
    *counts = (struct bootstrap_counts){.replicates = replicates, .clusters = clusters};
    counts->times = memory_zeroed((size_t)replicates * clusters * sizeof *counts->times);
    if (counts->times == NULL) return out_of_memory(err);
    for (uint32_t r = 0; r < replicates; r++) {
        uint16_t *const times = counts->times + (size_t)r * clusters;
        const uint64_t key = random_key(seed, r);
        for (uint32_t draw = 0; draw < clusters; draw++) {
            const uint64_t bits = random_draw(key, random_what(RANDOM_BOOTSTRAP, 0, 0, draw, 0));
            times[random_below(bits, clusters)]++;
        }
    }
    return true;
}

void bootstrap_counts_release(struct bootstrap_counts *counts)
{
    free(counts->times);
    *counts = (struct bootstrap_counts){.times = NULL};
}

/* ---- ratios ---- */

/* `times` NULL: once each. In the order of clusters, so the last bits never change. */
static double sum_times(const double *sums, const uint16_t *times, uint32_t clusters)
{
    double sum = 0.0;
    for (uint32_t g = 0; g < clusters; g++)
        sum += (sums == NULL ? 1.0 : sums[g]) * (times == NULL ? 1.0 : (double)times[g]);
    return sum;
}

static double ratio_of(struct bootstrap_sums sums, const uint16_t *times, uint32_t clusters)
{
    const double below = sum_times(sums.denominators, times, clusters);
    return below > 0.0 ? sum_times(sums.numerators, times, clusters) / below : (double)NAN;
}

void bootstrap_ratios(const struct bootstrap_counts *counts, struct bootstrap_sums sums,
                      double *ratios)
{
    for (uint32_t r = 0; r < counts->replicates; r++)
        ratios[r] = ratio_of(sums, bootstrap_times(counts, r), counts->clusters);
}

void bootstrap_ratios_int64(const struct bootstrap_counts *counts, const int64_t *numerators,
                            const int64_t *denominators, double *ratios)
{
    for (uint32_t r = 0; r < counts->replicates; r++) {
        const uint16_t *times = bootstrap_times(counts, r);
        int64_t above = 0, below = 0;
        for (uint32_t g = 0; g < counts->clusters; g++) {
            above += numerators[g] * times[g];
            below += (denominators == NULL ? 1 : denominators[g]) * times[g];
        }
        ratios[r] = below > 0 ? (double)above / (double)below : (double)NAN;
    }
}

/* ---- intervals ---- */

/* Linearised: sqrt(G/(G-1) sum of squared residuals) over the denominator. */
static double robust_error(struct bootstrap_sums sums, const uint16_t *times, uint32_t clusters,
                           double ratio)
{
    double squares = 0.0;
    for (uint32_t g = 0; g < clusters; g++) {
        const double weight = sums.denominators == NULL ? 1.0 : sums.denominators[g];
        const double residual = sums.numerators[g] - ratio * weight;
        squares += residual * residual * (times == NULL ? 1.0 : (double)times[g]);
    }
    const double stretch = (double)clusters / ((double)clusters - 1.0);
    return sqrt(squares * stretch) / sum_times(sums.denominators, times, clusters);
}

/* Of the ratios without one cluster each: a = sum of cubes / (6 (sum of squares)^1.5). A cluster
 * that holds all denominators leaves nothing to compare and is passed over. */
static double jackknife_acceleration(struct bootstrap_sums sums, uint32_t clusters)
{
    const double above = sum_times(sums.numerators, NULL, clusters);
    const double below = sum_times(sums.denominators, NULL, clusters);
    double mean = 0.0, used = 0.0, squares = 0.0, cubes = 0.0;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t g = 0; g < clusters; g++) {
            const double left = below - (sums.denominators == NULL ? 1.0 : sums.denominators[g]);
            if (!(left > 0.0)) continue;
            const double without = (above - sums.numerators[g]) / left;
            if (pass == 0) {
                mean += without;
                used += 1.0;
                continue;
            }
            const double off = mean - without;
            squares += off * off;
            cubes += off * off * off;
        }
        if (pass == 0) mean /= used;
    }
    return squares > 0.0 ? cubes / (6.0 * pow(squares, 1.5)) : 0.0;
}

struct replicates { /* sorted: ratios, or (ratio* - ratio) / error* */
    double *items;
    uint32_t count;
};

/* The replicate at (R + 1) p, the first being at 1: of R replicates and the truth, as good as one
 * of them, each place is as likely (Davison and Hinkley, section 2.4). */
static double quantile_at(struct replicates replicates, double probability)
{
    const double n = replicates.count;
    const double place = (probability * (n + 1.0) - 1.0) / (n - 1.0);
    return gsl_stats_quantile_from_sorted_data(replicates.items, 1, replicates.count,
                                               fmin(fmax(place, 0.0), 1.0));
}

/* How many lie below `value`, those that equal it as a half. */
static double count_below(struct replicates replicates, double value)
{
    double below = 0.0;
    for (uint32_t r = 0; r < replicates.count; r++) {
        if (replicates.items[r] < value) below += 1.0;
        if (replicates.items[r] == value) below += 0.5;
    }
    return below;
}

/* Two-sided, from the share of one tail; a tail is never empty, only shorter than seen. */
static double two_sided(double tail, uint32_t count)
{
    const double share = fmin(tail, 1.0 - tail);
    return fmin(1.0, fmax(2.0 * share, 2.0 / ((double)count + 1.0)));
}

static double stretch_of(uint32_t clusters)
{
    return sqrt((double)clusters / ((double)clusters - 1.0));
}

/* The replicate that stretching about `value` moves to 0. */
static double before_stretch(double value, double stretch)
{
    return value - value / stretch;
}

static void percentile(struct replicates replicates, double level,
                       struct bootstrap_interval *interval)
{
    const double stretch = stretch_of(interval->clusters), value = interval->value;
    const double tail = (1.0 - level) / 2.0, n = replicates.count;
    interval->low = value + (quantile_at(replicates, tail) - value) * stretch;
    interval->high = value + (quantile_at(replicates, 1.0 - tail) - value) * stretch;
    interval->p =
        two_sided(count_below(replicates, before_stretch(value, stretch)) / n, replicates.count);
}

/* The normal quantile of a share of `count`, kept finite. */
static double normal_score(double below, uint32_t count)
{
    const double share = (below + 0.5) / ((double)count + 1.0);
    return gsl_cdf_ugaussian_Pinv(share);
}

static double shifted_level(double bias, double acceleration, double score)
{
    const double sum = bias + score;
    const double divisor = 1.0 - acceleration * sum;
    if (!(divisor > 0.0)) return sum > 0.0 ? 1.0 : 0.0; /* past the pole: the end of the scale */
    return gsl_cdf_ugaussian_P(bias + sum / divisor);
}

static void bias_corrected(struct replicates replicates, struct bootstrap_sums sums, double level,
                           struct bootstrap_interval *interval)
{
    const double stretch = stretch_of(interval->clusters), value = interval->value;
    const double bias = normal_score(count_below(replicates, value), replicates.count);
    const double acceleration = jackknife_acceleration(sums, interval->clusters);
    const double score = gsl_cdf_ugaussian_Pinv(0.5 + level / 2.0);
    const double low = quantile_at(replicates, shifted_level(bias, acceleration, -score));
    const double high = quantile_at(replicates, shifted_level(bias, acceleration, score));
    interval->bias = bias;
    interval->acceleration = acceleration;
    interval->low = value + (low - value) * stretch;
    interval->high = value + (high - value) * stretch;

    /* The level at which an end would be 0: shifted_level() solved for the score. */
    const double zero = count_below(replicates, before_stretch(value, stretch));
    const double shift = normal_score(zero, replicates.count) - bias;
    const double divisor = 1.0 + acceleration * shift;
    const double tail = divisor > 0.0 ? gsl_cdf_ugaussian_P(shift / divisor - bias) : 0.0;
    interval->p = two_sided(tail, replicates.count);
}

static void studentised(struct replicates replicates, double error, double level,
                        struct bootstrap_interval *interval)
{
    const double tail = (1.0 - level) / 2.0;
    interval->low = interval->value - quantile_at(replicates, 1.0 - tail) * error;
    interval->high = interval->value - quantile_at(replicates, tail) * error;
    interval->p = two_sided(count_below(replicates, interval->value / error) / replicates.count,
                            replicates.count);
}

/* Replaces ratios (in the order of replicates, NaNs included) by their distance from the value in
 * errors of their own. One without an error is infinitely far off. */
static void studentise(const struct bootstrap_counts *counts, struct bootstrap_sums sums,
                       double value, double *ratios)
{
    for (uint32_t r = 0; r < counts->replicates; r++) {
        if (isnan(ratios[r])) continue;
        const double error =
            robust_error(sums, bootstrap_times(counts, r), counts->clusters, ratios[r]);
        const double off = ratios[r] - value;
        ratios[r] = error > 0.0 ? off / error : off == 0.0 ? 0.0 : copysign(HUGE_VAL, off);
    }
}

static struct replicates keep_known(double *items, uint32_t count)
{
    struct replicates known = {.items = items};
    for (uint32_t r = 0; r < count; r++) {
        if (!isnan(items[r])) items[known.count++] = items[r];
    }
    return known;
}

/* The spread of equal ratios comes out as rounding noise. */
static bool all_the_same(struct replicates sorted, double value)
{
    const double noise = 1e-12 * fabs(value);
    return fabs(sorted.items[0] - value) <= noise &&
           fabs(sorted.items[sorted.count - 1] - value) <= noise;
}

static void no_interval(struct bootstrap_interval *interval)
{
    interval->low = interval->high = interval->p = NAN;
    interval->kind = BOOTSTRAP_NONE;
}

/* `ratios` are those of the replicates; they end sorted or studentised. */
static void fill_interval(const struct bootstrap_counts *counts, struct bootstrap_sums sums,
                          enum bootstrap_kind kind, double level, double *ratios,
                          struct bootstrap_interval *interval)
{
    double *const of_all = ratios + counts->replicates;
    memcpy(of_all, ratios, counts->replicates * sizeof *of_all);
    struct replicates replicates = keep_known(ratios, counts->replicates);
    interval->replicates = replicates.count;
    if (replicates.count < 2) return;
    gsl_sort(replicates.items, 1, replicates.count);
    if (all_the_same(replicates, interval->value)) {
        interval->kind = BOOTSTRAP_SAME;
        interval->low = interval->high = interval->value;
        interval->error = 0.0;
        interval->p = interval->value == 0.0 ? 1.0 : 0.0;
        return;
    }
    interval->kind = kind;
    interval->error =
        gsl_stats_sd(replicates.items, 1, replicates.count) * stretch_of(interval->clusters);
    switch (kind) {
    case BOOTSTRAP_PERCENTILE:
        percentile(replicates, level, interval);
        break;
    case BOOTSTRAP_BCA:
        bias_corrected(replicates, sums, level, interval);
        break;
    case BOOTSTRAP_STUDENTISED:
        studentise(counts, sums, interval->value, of_all);
        replicates = keep_known(of_all, counts->replicates);
        gsl_sort(replicates.items, 1, replicates.count);
        studentised(replicates, robust_error(sums, NULL, interval->clusters, interval->value),
                    level, interval);
        break;
    case BOOTSTRAP_NONE:
    case BOOTSTRAP_SAME:
        assert(false);
    }
    if (!isfinite(interval->low) || !isfinite(interval->high)) no_interval(interval);
}

bool bootstrap_interval(const struct bootstrap_counts *counts, struct bootstrap_sums sums,
                        enum bootstrap_kind kind, double level, struct bootstrap_interval *interval,
                        struct err *err)
{
    assert(level > 0.0);
    assert(level < 1.0);
    *interval = (struct bootstrap_interval){.value = ratio_of(sums, NULL, counts->clusters),
                                            .low = NAN,
                                            .high = NAN,
                                            .p = NAN,
                                            .error = NAN,
                                            .bias = NAN,
                                            .acceleration = NAN,
                                            .clusters = counts->clusters};
    if (isnan(interval->value) || counts->clusters < BOOTSTRAP_CLUSTERS_LEAST) return true;
    double *ratios = memory_resize(NULL, 2 * (size_t)counts->replicates, sizeof *ratios);
    if (ratios == NULL) return out_of_memory(err);
    bootstrap_ratios(counts, sums, ratios);
    fill_interval(counts, sums, kind, level, ratios, interval);
    free(ratios);
    return true;
}

/* ---- ranks ---- */

struct ranking { /* scratch of one replicate */
    const struct bootstrap_counts *counts;
    const struct bootstrap_field *field;
    double *values; /* lower is better */
    size_t *order;
};

/* Values of all candidates, turned so that lower is better and NaN is last, and their order. */
static void rank_replicate(struct ranking *ranking, const uint16_t *times)
{
    const struct bootstrap_field *field = ranking->field;
    const uint32_t clusters = ranking->counts->clusters;
    for (uint32_t k = 0; k < field->candidates; k++) {
        const size_t row = (size_t)k * clusters;
        const struct bootstrap_sums sums = {
            .numerators = field->numerators + row,
            .denominators = field->denominators == NULL ? NULL : field->denominators + row};
        const double ratio = ratio_of(sums, times, clusters);
        ranking->values[k] = isnan(ratio) ? HUGE_VAL : field->most_is_best ? -ratio : ratio;
    }
    gsl_sort_index(ranking->order, ranking->values, 1, field->candidates);
}

/* How many are better than who stands at `place`; `rank` is that of the place before. */
static uint32_t rank_at(const struct ranking *ranking, uint32_t place, uint32_t rank)
{
    if (place == 0) return 0;
    const double before = ranking->values[ranking->order[place - 1]];
    return ranking->values[ranking->order[place]] > before ? place : rank;
}

static void count_best(const struct ranking *ranking, double *won)
{
    const double best = ranking->values[ranking->order[0]];
    uint32_t tied = 0;
    while (tied < ranking->field->candidates && ranking->values[ranking->order[tied]] == best)
        tied++;
    if (best == HUGE_VAL) return; /* nobody is known */
    for (uint32_t i = 0; i < tied; i++)
        won[ranking->order[i]] += 1.0 / tied;
}

/* The ends of the interval among `count` ranks, outward; 10.000000001 counts as 10. */
static void rank_interval(uint16_t *ranks, uint32_t count, double level,
                          struct bootstrap_rank *into)
{
    gsl_sort_ushort(ranks, 1, count);
    const double tail = (1.0 - level) / 2.0;
    into->rank_low = 1u + ranks[(uint32_t)floor(tail * (count - 1) + 1e-9)];
    into->rank_high = 1u + ranks[(uint32_t)ceil((1.0 - tail) * (count - 1) - 1e-9)];
}

static void rank_all(struct ranking *ranking, double level, uint16_t *table, double *won,
                     struct bootstrap_rank *ranks)
{
    const uint32_t candidates = ranking->field->candidates;
    const uint32_t replicates = ranking->counts->replicates;
    rank_replicate(ranking, NULL);
    for (uint32_t place = 0, rank = 0; place < candidates; place++) {
        rank = rank_at(ranking, place, rank);
        ranks[ranking->order[place]] = (struct bootstrap_rank){.rank = 1 + rank};
    }
    for (uint32_t r = 0; r < replicates; r++) {
        rank_replicate(ranking, bootstrap_times(ranking->counts, r));
        count_best(ranking, won);
        for (uint32_t place = 0, rank = 0; place < candidates; place++) {
            rank = rank_at(ranking, place, rank);
            table[ranking->order[place] * replicates + r] = (uint16_t)rank;
        }
    }
    for (uint32_t k = 0; k < candidates; k++) {
        ranks[k].probability_best = won[k] / replicates;
        rank_interval(table + (size_t)k * replicates, replicates, level, &ranks[k]);
    }
}

bool bootstrap_ranks(const struct bootstrap_counts *counts, const struct bootstrap_field *field,
                     double level, struct bootstrap_rank *ranks, struct err *err)
{
    assert(field->candidates <= BOOTSTRAP_CANDIDATES_MAX);
    assert(counts->replicates > 0);
    if (field->candidates == 0) return true;
    struct ranking ranking = {.counts = counts, .field = field};
    ranking.values = memory_resize(NULL, field->candidates, sizeof *ranking.values);
    ranking.order = memory_resize(NULL, field->candidates, sizeof *ranking.order);
    double *won = memory_zeroed(field->candidates * sizeof *won);
    uint16_t *table =
        memory_resize(NULL, (size_t)field->candidates * counts->replicates, sizeof *table);
    const bool ready =
        ranking.values != NULL && ranking.order != NULL && won != NULL && table != NULL;
    if (ready) rank_all(&ranking, level, table, won, ranks);
    free(ranking.values);
    free(ranking.order);
    free(won);
    free(table);
    return ready || out_of_memory(err);
}
