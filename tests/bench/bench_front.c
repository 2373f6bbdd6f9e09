/* What does it cost to know who is on the front, and how surely?
 *
 * Goal: seconds for 2,000 cluster bootstraps of the front of all weights on the simplex at step
 * 0.04 (23,751 candidates), 3 objectives, 50 clusters, on one thread and on two. The candidates'
 * sums come from re-scoring made-up orders, so that neighbours on the simplex are as alike as they
 * are in earnest. Beside it the front itself of 25,000 points in 2 to 5 objectives, near a sphere,
 * where it is large; and its hypervolume in 3.
 *
 * Method: fixed seed; the probabilities once a thread count (they take seconds), fronts with one
 * round to warm up and 15 that count, best and median. Hits must be the same for one thread and
 * two. Wall-clock time.
 *
 * Usage: bench_front [smoke]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gsl/gsl_sort.h>

#include "router/base/random.h"
#include "sim/analysis/front.h"

enum { ROUNDS = 15, WEIGHTS = 5, QUOTES = 4, OBJECTIVES = 3, CLUSTERS = 50, REPLICATES = 2000 };
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

static double draw(uint64_t what, uint64_t index)
{
    return random_unit(random_draw(random_key(seed, what), index));
}

/* ---- candidates ---- */

struct quote {
    int scores[WEIGHTS];
    double outcomes[OBJECTIVES]; /* cents, minutes, cents of commission */
};

/* Every way to share out `steps` among the weights, and the winner of every order under each. */
struct simplex {
    const struct quote *quotes;
    uint32_t orders; /* a cluster */
    uint32_t steps;
    double *sums; /* NULL: count only */
    size_t count;
};

static void score_candidate(struct simplex *simplex, const int *weights)
{
    double *const sums = simplex->sums + simplex->count * OBJECTIVES * CLUSTERS;
    for (uint32_t i = 0; i < simplex->orders * CLUSTERS; i++) {
        const struct quote *order = simplex->quotes + (size_t)i * QUOTES, *winner = order;
        int best = -1;
        for (unsigned q = 0; q < QUOTES; q++) {
            int score = 0;
            for (unsigned w = 0; w < WEIGHTS; w++)
                score += weights[w] * order[q].scores[w];
            if (score > best) best = score, winner = &order[q];
        }
        for (unsigned o = 0; o < OBJECTIVES; o++)
            sums[o * CLUSTERS + i / simplex->orders] += winner->outcomes[o];
    }
}

static void walk(struct simplex *simplex, int *weights, unsigned place, uint32_t left)
{
    if (place == WEIGHTS - 1) {
        weights[place] = (int)left;
        if (simplex->sums != NULL) score_candidate(simplex, weights);
        simplex->count++;
        return;
    }
    for (uint32_t share = 0; share <= left; share++) {
        weights[place] = (int)share;
        walk(simplex, weights, place + 1, left - share);
    }
}

/* Price and time pull against each other, as they do between a store near by and one far off; a day
 * has its own level. */
static struct quote *make_quotes(uint32_t orders)
{
    struct quote *quotes = must(malloc((size_t)orders * QUOTES * sizeof *quotes));
    for (uint32_t i = 0; i < orders * QUOTES; i++) {
        const double day = 1.0 + 0.2 * draw(1, i / (orders / CLUSTERS * QUOTES));
        const double haste = draw(2, i), rate = 2.0 + floor(2.0 * draw(3, i));
        const double cents = floor(4000.0 * day * (1.0 + 0.3 * haste + 0.2 * draw(4, i)));
        const double minutes = floor(90.0 - 60.0 * haste + 20.0 * draw(5, i));
        quotes[i] = (struct quote){.outcomes = {cents, minutes, floor(cents * rate / 100.0)}};
        quotes[i].scores[0] = (int)(100.0 * (1.5 - cents / 4000.0 / 1.8 * 1.5 + 0.2));
        quotes[i].scores[1] = (int)(110.0 - minutes);
        quotes[i].scores[2] = (int)(50.0 * (rate - 2.0));
        for (unsigned w = 3; w < WEIGHTS; w++)
            quotes[i].scores[w] = (int)(100.0 * draw(6 + w, i));
    }
    return quotes;
}

static struct front_candidates make_candidates(uint32_t steps, uint32_t orders)
{
    int weights[WEIGHTS];
    struct quote *quotes = make_quotes(orders * CLUSTERS);
    struct simplex simplex = {.quotes = quotes, .orders = orders, .steps = steps};
    walk(&simplex, weights, 0, steps);
    simplex.sums = must(calloc(simplex.count * OBJECTIVES * CLUSTERS, sizeof *simplex.sums));
    simplex.count = 0;
    walk(&simplex, weights, 0, steps);
    free(quotes);
    return (struct front_candidates){.sums = simplex.sums,
                                     .count = simplex.count,
                                     .objectives = OBJECTIVES,
                                     .most_is_best = {false, false, true}};
}

static double time_probabilities(const struct front_candidates *candidates,
                                 const struct bootstrap_counts *counts, uint32_t threads,
                                 uint32_t *hits, size_t *pruned)
{
    struct front_certainty certainty;
    struct err err;
    const double start = now_ms();
    if (!front_probabilities(candidates, counts, threads, hits, &certainty, &err)) abort();
    *pruned = certainty.pruned;
    return (now_ms() - start) / 1e3;
}

static void bench_probabilities(bool smoke)
{
    const struct front_candidates candidates = make_candidates(smoke ? 6 : 25, smoke ? 5 : 40);
    struct bootstrap_counts counts;
    struct err err;
    const uint32_t replicates = smoke ? 50 : REPLICATES;
    if (!bootstrap_counts_draw(&counts, replicates, CLUSTERS, seed, &err)) abort();
    uint32_t *one = must(malloc(candidates.count * sizeof *one));
    uint32_t *two = must(malloc(candidates.count * sizeof *two));
    size_t pruned;
    const double one_s = time_probabilities(&candidates, &counts, 1, one, &pruned);
    const double two_s = time_probabilities(&candidates, &counts, 2, two, &pruned);
    size_t ever = 0;
    uint64_t sum = 0;
    for (size_t k = 0; k < candidates.count; k++) {
        ever += one[k] > 0;
        sum = random_key(sum, one[k]);
    }
    printf("front of %zu candidates, %d objectives, %u bootstraps of %d clusters\n",
           candidates.count, OBJECTIVES, replicates, CLUSTERS);
    printf("  pruned %zu, ever on the front %zu\n", pruned, ever);
    printf("  1 thread  %6.2f s\n  2 threads %6.2f s   ratio %.2f   checksum %016llx\n", one_s,
           two_s, one_s / two_s, (unsigned long long)sum);
    if (memcmp(one, two, candidates.count * sizeof *one) != 0) {
        printf("one thread and two disagree\n");
        exit(1);
    }
    free(one);
    free(two);
    bootstrap_counts_release(&counts);
    free((double *)(uintptr_t)candidates.sums);
}

/* ---- fronts ---- */

static double *make_sphere(size_t count, uint32_t objectives)
{
    double *values = must(malloc(count * objectives * sizeof *values));
    for (size_t i = 0; i < count; i++) {
        double *const point = values + i * objectives;
        double length = 0.0;
        for (uint32_t o = 0; o < objectives; o++) {
            point[o] = draw(20 + o, i);
            length += point[o] * point[o];
        }
        for (uint32_t o = 0; o < objectives; o++)
            point[o] *= (1.0 + 0.05 * draw(30, i)) / sqrt(length);
    }
    return values;
}

static void bench_front(size_t count, uint32_t objectives, int rounds)
{
    double *values = make_sphere(count, objectives);
    bool *on_front = must(malloc(count * sizeof *on_front));
    const struct front_points points = {.values = values,
                                        .count = count,
                                        .objectives = objectives,
                                        .most_is_best = {true, true, true, true, true}};
    const double reference[FRONT_OBJECTIVES_MAX] = {0};
    double front_ms[ROUNDS], volume_ms[ROUNDS];
    size_t front_count = 0;
    struct front_volume volume = {.volume = NAN};
    struct err err;
    for (int round = -1; round < rounds; round++) {
        const double start = now_ms();
        if (!front_find(&points, on_front, &front_count, &err)) abort();
        const double middle = now_ms();
        if (objectives <= 3 && !front_hypervolume(&points, reference, &volume, &err)) abort();
        if (round < 0) continue;
        front_ms[round] = middle - start;
        volume_ms[round] = now_ms() - middle;
    }
    gsl_sort(front_ms, 1, (size_t)rounds);
    gsl_sort(volume_ms, 1, (size_t)rounds);
    printf("  %u objectives: front of %6zu  best %8.2f ms  median %8.2f", objectives, front_count,
           front_ms[0], front_ms[rounds / 2]);
    if (objectives <= 3)
        printf("   volume %.12g  median %8.2f", volume.volume, volume_ms[rounds / 2]);
    printf("\n");
    free(on_front);
    free(values);
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const size_t count = smoke ? 1000 : 25000;
    bench_probabilities(smoke);
    printf("fronts of %zu points near a sphere\n", count);
    for (uint32_t objectives = 2; objectives <= 5; objectives++)
        bench_front(count, objectives, smoke ? 3 : ROUNDS);
    return 0;
}
