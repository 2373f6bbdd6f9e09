/* What do five exact quantiles of ten million values cost, without sorting?
 *
 * Goal: milliseconds for p50, p90, p95, p99 and p99.9 of 10^7 doubles, log-normal as latencies are,
 * by stats_select.h; beside it the live histogram, and gsl_sort with GSL's quantile, which is the
 * definition. Method: fixed seed, one round to warm up and 15 that count (gsl_sort: one round after
 * none, it takes seconds); best and median; the quantiles must be GSL's, bit by bit, and those of
 * the histogram within its bound. Wall-clock time of one thread.
 *
 * Usage: bench_select [smoke]
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/random.h"
#include "sim/analysis/stats_histogram.h"
#include "sim/analysis/stats_select.h"

enum { QUANTILES = 5, ROUNDS = 15 };
static const double probabilities[QUANTILES] = {0.5, 0.9, 0.95, 0.99, 0.999};
static const struct stats_probabilities asked = {probabilities, QUANTILES};
static const uint64_t seed = 20251123;

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *must(void *memory)
{
    if (memory == NULL) abort();
    return memory;
}

static void make_values(double *values, size_t count)
{
    const uint64_t key = random_key(seed, 1);
    for (size_t i = 0; i < count; i++) { /* Box and Muller */
        const double u = random_unit(random_draw(key, 2 * i)) + 0x1p-54;
        const double v = random_unit(random_draw(key, 2 * i + 1));
        values[i] = exp(13.0 + 0.7 * sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
    }
}

struct times {
    double best_ms, median_ms;
};

static struct times sum_up(double *rounds_ms, int rounds)
{
    gsl_sort(rounds_ms, 1, (size_t)rounds);
    return (struct times){rounds_ms[0], rounds_ms[rounds / 2]};
}

static struct times time_select(const double *values, size_t count, int rounds, double *quantiles)
{
    double rounds_ms[ROUNDS];
    struct err err;
    for (int round = -1; round < rounds; round++) {
        const double start = now_ms();
        if (!stats_select_quantiles(values, count, asked, quantiles, &err)) abort();
        if (round >= 0) rounds_ms[round] = now_ms() - start;
    }
    return sum_up(rounds_ms, rounds);
}

static struct times time_histogram(const double *values, size_t count, int rounds,
                                   double *quantiles)
{
    double rounds_ms[ROUNDS];
    for (int round = -1; round < rounds; round++) {
        struct stats_histogram histogram;
        const double start = now_ms();
        if (!stats_histogram_init(&histogram)) abort();
        for (size_t i = 0; i < count; i++)
            stats_histogram_add(&histogram, values[i]);
        stats_histogram_quantiles(&histogram, asked, quantiles);
        if (round >= 0) rounds_ms[round] = now_ms() - start;
        stats_histogram_release(&histogram);
    }
    return sum_up(rounds_ms, rounds);
}

static double time_sort(double *values, size_t count, double *quantiles)
{
    const double start = now_ms();
    gsl_sort(values, 1, count);
    for (unsigned q = 0; q < QUANTILES; q++)
        quantiles[q] = gsl_stats_quantile_from_sorted_data(values, 1, count, probabilities[q]);
    return now_ms() - start;
}

static double worst_error(const double *found, const double *exact)
{
    double worst = 0.0;
    for (unsigned q = 0; q < QUANTILES; q++)
        worst = fmax(worst, fabs(found[q] / exact[q] - 1.0));
    return worst;
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const size_t count = smoke ? 100000 : 10000000;
    const int rounds = smoke ? 3 : ROUNDS;
    double *values = must(malloc(count * sizeof *values));
    make_values(values, count);

    double selected[QUANTILES], counted[QUANTILES], sorted[QUANTILES];
    const struct times select = time_select(values, count, rounds, selected);
    const struct times histogram = time_histogram(values, count, rounds, counted);
    const double sort_ms = time_sort(values, count, sorted);

    printf("%d quantiles of %zu doubles, seed %llu, %d rounds\n", QUANTILES, count,
           (unsigned long long)seed, rounds);
    printf("                     best ms   median ms   gsl_sort / median   largest error\n");
    printf("  selected exactly  %8.2f    %8.2f          %8.1f        %.3g\n", select.best_ms,
           select.median_ms, sort_ms / select.median_ms, worst_error(selected, sorted));
    printf("  live histogram    %8.2f    %8.2f          %8.1f        %.3g (bound %.3g)\n",
           histogram.best_ms, histogram.median_ms, sort_ms / histogram.median_ms,
           worst_error(counted, sorted), STATS_HISTOGRAM_ERROR_BOUND);
    printf("  gsl_sort          %8.2f           -               1.0        0\n", sort_ms);
    printf("  p50 %.17g, p99.9 %.17g\n", selected[0], selected[QUANTILES - 1]);
    const bool right = memcmp(selected, sorted, sizeof sorted) == 0 &&
                       worst_error(counted, sorted) <= STATS_HISTOGRAM_ERROR_BOUND;
    if (!right) printf("quantiles disagree\n");
    free(values);
    return right ? 0 : 1;
}
