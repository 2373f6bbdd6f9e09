#include "sim/analysis/latency_scores.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

static bool no_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for ranks");
}

uint32_t latency_scores_timed(const struct latency_series *series, struct latency_sample *timed,
                              uint32_t *places)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        if (!latency_scores_takes(&series->samples[i])) continue;
        if (places != NULL) places[count] = i;
        timed[count++] = series->samples[i];
    }
    return count;
}

/* Microseconds are whole and below 2^51, so that half a one more is exact. */
static double sort_key(const struct latency_sample *sample)
{
    return (double)sample->us + (sample->fate == LATENCY_CENSORED ? 0.5 : 0.0);
}

static size_t *sorted_order(const struct latency_sample *samples, uint32_t count)
{
    double *keys = calloc(count, sizeof *keys);
    size_t *order = calloc(count, sizeof *order);
    if (keys == NULL || order == NULL) {
        free(keys);
        free(order);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        keys[i] = sort_key(&samples[i]);
    gsl_sort_index(order, keys, 1, count);
    free(keys);
    return order;
}

bool latency_scores_sort(struct latency_sample *samples, uint32_t count, struct err *err)
{
    if (count < 2) return true;
    size_t *order = sorted_order(samples, count);
    struct latency_sample *copy = calloc(count, sizeof *copy);
    const bool made = order != NULL && copy != NULL;
    if (made) {
        memcpy(copy, samples, count * sizeof *copy);
        for (uint32_t i = 0; i < count; i++)
            samples[i] = copy[order[i]];
    }
    free(order);
    free(copy);
    return made ? true : no_memory(err);
}

/* ---- ranks ---- */

/* Twice the ranks, which are whole. Walks groups of the same time and fate in rising order. */
static void fill_ranks(const struct latency_sample *samples, uint32_t count, const size_t *order,
                       double *ranks)
{
    double answered_below = 0.0, censored_below = 0.0;
    const double n = count;
    for (uint32_t i = 0; i < count;) {
        const struct latency_sample *first = &samples[order[i]];
        uint32_t end = i;
        while (end < count && samples[order[end]].us == first->us &&
               samples[order[end]].fate == first->fate)
            end++;
        const double tied = end - i;
        const bool censored = first->fate == LATENCY_CENSORED;
        const double above = censored ? 0.0 : n - answered_below - tied - censored_below;
        for (uint32_t k = i; k < end; k++)
            ranks[order[k]] = 0.5 * (n + 1.0 + answered_below - above);
        *(censored ? &censored_below : &answered_below) += tied;
        i = end;
    }
}

bool latency_scores_ranks(const struct latency_sample *samples, uint32_t count, double *ranks,
                          struct err *err)
{
    if (count == 0) return true;
    size_t *order = sorted_order(samples, count);
    if (order == NULL) return no_memory(err);
    fill_ranks(samples, count, order, ranks);
    free(order);
    return true;
}

static void standardise(double *values, uint32_t count)
{
    double sum = 0.0, squares = 0.0;
    for (uint32_t i = 0; i < count; i++)
        sum += values[i];
    for (uint32_t i = 0; i < count; i++) {
        values[i] -= sum / count;
        squares += values[i] * values[i];
    }
    const double spread = sqrt(squares / count);
    for (uint32_t i = 0; i < count; i++)
        values[i] = spread > 1e-9 ? values[i] / spread : 0.0;
}

bool latency_scores_normal(const struct latency_sample *samples, uint32_t count, double *scores,
                           struct err *err)
{
    if (!latency_scores_ranks(samples, count, scores, err)) return false;
    for (uint32_t i = 0; i < count; i++)
        scores[i] = gsl_cdf_ugaussian_Pinv((scores[i] - 0.375) / (count + 0.25));
    standardise(scores, count);
    return true;
}

double latency_scores_quantile(const struct latency_sample *sorted, uint32_t count,
                               double probability)
{
    assert(probability >= 0.0);
    assert(probability <= 1.0);
    if (count == 0) return NAN;
    const double index = (count - 1) * probability;
    const uint32_t below = (uint32_t)index;
    const double delta = index - below;
    const uint32_t above = delta > 0.0 ? below + 1 : below;
    for (uint32_t i = 0; i <= above; i++)
        if (sorted[i].fate == LATENCY_CENSORED) return NAN;
    return (1.0 - delta) * (double)sorted[below].us + delta * (double)sorted[above].us;
}

/* ---- rank sums ---- */

/* P(|sum of n_a of them - expected| >= distance), all splits alike: how many ways lead to each sum
 * of twice the ranks, which is a whole number, by adding one sample after the other. */
static double exact_p(const double *ranks, uint32_t count, uint32_t n_a, double distance)
{
    enum { SUMS = 2 * LATENCY_EXACT_MOST * LATENCY_EXACT_MOST + 1 };
    double *ways = calloc((size_t)(n_a + 1) * SUMS, sizeof *ways);
    if (ways == NULL) return NAN;
    ways[0] = 1.0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t step = (uint32_t)lround(2.0 * ranks[i]);
        for (uint32_t k = (i < n_a ? i + 1 : n_a); k >= 1; k--)
            for (uint32_t sum = step; sum < SUMS; sum++)
                ways[k * SUMS + sum] += ways[(k - 1) * SUMS + sum - step];
    }
    double all = 0.0, far = 0.0;
    const double expected = n_a * (count + 1.0);
    for (uint32_t sum = 0; sum < SUMS; sum++) {
        all += ways[n_a * SUMS + sum];
        if (fabs(sum - expected) >= 2.0 * distance - 1e-6) far += ways[n_a * SUMS + sum];
    }
    free(ways);
    return far / all;
}

static double normal_p(const double *ranks, uint32_t count, uint32_t n_a, double distance)
{
    double squares = 0.0;
    for (uint32_t i = 0; i < count; i++)
        squares += pow(ranks[i] - 0.5 * (count + 1.0), 2.0);
    const double n = count, a = n_a;
    const double variance = a * (n - a) / (n * (n - 1.0)) * squares;
    return fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q(fmax(distance - 0.5, 0.0) / sqrt(variance)));
}

static bool all_same(const double *ranks, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (fabs(ranks[i] - ranks[0]) > 0.25) return false;
    return true;
}

bool latency_scores_rank_sum(const struct latency_sample *samples, uint32_t count, uint32_t n_a,
                             struct latency_scores_rank_sum *test, struct err *err)
{
    assert(n_a <= count);
    *test = (struct latency_scores_rank_sum){
        .p = NAN, .later_slower = NAN, .n_a = n_a, .n_b = count - n_a};
    if (n_a == 0 || n_a == count) return true;
    double *ranks = calloc(count, sizeof *ranks);
    if (ranks == NULL) return no_memory(err);
    bool ok = latency_scores_ranks(samples, count, ranks, err);
    if (ok) {
        double sum = 0.0;
        for (uint32_t i = 0; i < n_a; i++)
            sum += ranks[i];
        const double a = n_a, b = count - n_a, expected = 0.5 * a * (count + 1.0);
        const double distance = fabs(sum - expected);
        test->later_slower = 0.5 - (sum - expected) / (a * b);
        test->exact = count <= LATENCY_EXACT_MOST;
        if (!all_same(ranks, count)) {
            test->p = test->exact ? exact_p(ranks, count, n_a, distance)
                                  : normal_p(ranks, count, n_a, distance);
            ok = !isnan(test->p) || no_memory(err);
        }
    }
    free(ranks);
    return ok;
}
