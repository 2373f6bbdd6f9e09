/* How fast orders are decided again under other weights, in order-evaluations a second of one core.
 *
 * Goal: the kernels against each other and against the plain double replay, in one run, on the same
 * orders and weights; the whole simplex at step 0.04 over a million orders; two threads against
 * one. Method: random orders (decisions_fixture.h of the tests, four quotes at most), weights of
 * the simplex, sums over 50 clusters; the kernels' sums must agree. CPU time of the process; for
 * threads the wall clock. Beside them, where python3 has numpy, tests/bench/numpy_replay.py on the
 * same orders and the same weights; how many of its winners are not the exact ones is printed.
 *
 * Usage: bench_replay [smoke | ORDERS]
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "router/base/random.h"
#include "sim/analysis/sweep.h"

enum { STEPS = 25, WEIGHTS = 64, SIMPLEX = 23751, ROUNDS = 7 };
static const uint64_t seed = 20251123;
static const enum replay_outcome columns[REPLAY_COLUMNS] = {
    OUTCOME_PRICE, OUTCOME_ETA, OUTCOME_COMMISSION, OUTCOME_AVAILABILITY};

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Four quotes an order, made here: no order of a run, but scores spread as theirs are. */
static void make_table(struct replay_table *table, uint32_t count)
{
    void *room = NULL;
    const int aligned = posix_memalign(&room, 64, count * sizeof *table->orders);
    assert(aligned == 0);
    table->orders = memset(room, 0, count * sizeof *table->orders);
    table->fates = calloc(count, sizeof *table->fates);
    assert(table->fates != NULL);
    table->count = count;
    table->cluster_count = 50;
    for (uint32_t i = 0; i < count; i++) {
        struct replay_order *order = &table->orders[i];
        const uint64_t key = random_key(seed, i);
        order->source = i;
        order->cluster = (uint16_t)((uint64_t)i * 50 / count);
        const uint32_t preference = random_below(random_draw(key, 1), 10) < 6
                                        ? 0
                                        : 1 + random_below(random_draw(key, 2), 3);
        order->preference = preference & 15u;
        order->count = PROVIDER_COUNT;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            struct replay_quote *quote = &order->quotes[p];
            quote->provider = (uint8_t)p;
            for (unsigned k = 0; k < REPLAY_PARTS; k++)
                quote->parts[k] = (int16_t)random_below(random_draw(key, 16 + 8 * p + k), 101);
            quote->parts[PART_PRIORITY] = (int16_t)provider_traits[p].priority;
            for (unsigned k = 0; k < OUTCOME_COUNT; k++)
                table->fates[i].of[p][k] =
                    (int32_t)random_below(random_draw(key, 64 + 16 * p + k), 9000);
        }
    }
}

static void make_simplex(struct score_weights *weights)
{
    uint32_t count = 0;
    for (int a = 0; a <= STEPS; a++)
        for (int b = 0; a + b <= STEPS; b++)
            for (int c = 0; a + b + c <= STEPS; c++)
                for (int d = 0; a + b + c + d <= STEPS; d++)
                    weights[count++] =
                        (struct score_weights){.priority = 1.0,
                                               .price = a / 25.0,
                                               .speed = b / 25.0,
                                               .commission = c / 25.0,
                                               .availability = d / 25.0,
                                               .reliability = (STEPS - a - b - c - d) / 25.0};
    assert(count == SIMPLEX);
}

static uint64_t digest(const struct replay_sums *sums, size_t count)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            hash = random_mix(hash ^ (uint64_t)sums[i].columns[k]);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            hash = random_mix(hash ^ sums[i].won[p]);
    }
    return hash;
}

static double best_of_rounds(const struct replay_plane *plane, const struct score_weights *weights,
                             struct replay_sums *sums, unsigned rounds)
{
    double best = 1e300;
    for (unsigned r = 0; r < rounds; r++) {
        const double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
        replay_run(plane, weights, WEIGHTS, 1, sums);
        best = fmin(best, seconds(CLOCK_PROCESS_CPUTIME_ID) - began);
    }
    return best;
}

struct took {
    double wall, processor; /* of all threads together */
};

static struct took time_simplex(const struct replay_plane *plane,
                                const struct score_weights *weights, uint32_t count, uint32_t jobs,
                                struct replay_sums *sums)
{
    const double wall = seconds(CLOCK_MONOTONIC), busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
    replay_run(plane, weights, count, jobs, sums);
    return (struct took){seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - busy};
}

static double doubles(const struct replay_table *table, const struct score_weights *weights,
                      uint8_t *winners)
{
    const double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
    replay_winners(table, weights, winners);
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
}

/* ---- numpy ---- */

/* A python that has numpy; NULL: none. */
static const char *find_python(void)
{
    static const char *const names[] = {"python3", "/usr/bin/python3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char command[128];
        (void)snprintf(command, sizeof command, "%s -c 'import numpy' >/dev/null 2>&1", names[i]);
        if (system(command) == 0) return names[i];
    }
    return NULL;
}

static void put(FILE *file, const void *bytes, size_t count)
{
    const size_t written = fwrite(bytes, 1, count, file);
    assert(written == count);
}

/* What numpy_replay.py reads: the orders, the scaled weights, and the exact winners. */
static void write_orders(FILE *file, const struct replay_table *table,
                         const struct score_weights *weights, uint32_t count, uint8_t *winners)
{
    put(file, &table->count, sizeof table->count);
    put(file, &count, sizeof count);
    for (uint32_t i = 0; i < table->count; i++)
        put(file, (const uint8_t[]){table->orders[i].preference}, 1);
    for (uint32_t i = 0; i < table->count; i++)
        for (unsigned q = 0; q < PROVIDER_COUNT; q++)
            put(file, table->orders[i].quotes[q].parts, REPLAY_PARTS * sizeof(int16_t));
    for (uint32_t i = 0; i < table->count; i++)
        for (unsigned q = 0; q < PROVIDER_COUNT; q++)
            for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
                put(file, &table->fates[i].of[q][columns[k]], sizeof(int32_t));
    for (uint32_t w = 0; w < count; w++)
        for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
            const struct score_weights scaled = score_weights_for(&weights[w], (enum preference)p);
            for (unsigned k = 0; k < REPLAY_PARTS; k++) {
                const double weight = score_weight_of(&scaled, (enum replay_part)k);
                put(file, &weight, sizeof weight);
            }
        }
    for (uint32_t w = 0; w < count; w++) {
        replay_winners(table, &weights[w], winners);
        put(file, winners, table->count);
    }
}

static void read_numpy(FILE *lines, double decisions, double fastest)
{
    char name[16];
    double took;
    unsigned long long winners, sums;
    while (fscanf(lines, "%15s %lf %llu %llu", name, &took, &winners, &sums) == 4)
        printf("numpy, %-27s %9.1f M order-evaluations/s  the fastest kernel is %.1f times as "
               "fast; %llu winners of %.0f differ, %llu sums\n",
               name, decisions / took * 1e-6, fastest * took / decisions, winners, decisions, sums);
}

/* `fastest`: decisions a second of the fastest kernel. */
static void time_numpy(const struct replay_table *table, const struct score_weights *weights,
                       uint32_t count, double fastest, bool smoke, uint8_t *winners)
{
    char path[] = "/tmp/routesim-bench-XXXXXX", command[256];
    const char *python = find_python();
    if (python == NULL) {
        printf("numpy: not installed (python3-numpy), so nothing to compare with\n");
        return;
    }
    const int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    assert(file != NULL);
    write_orders(file, table, weights, count, winners);
    const int closed = fclose(file);
    assert(closed == 0);
    (void)snprintf(command, sizeof command,
                   "OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 %s tests/bench/numpy_replay.py %s %d",
                   python, path, smoke ? 1 : 3);
    (void)fflush(stdout);
    FILE *lines = popen(command, "r");
    assert(lines != NULL);
    read_numpy(lines, (double)table->count * count, fastest);
    if (pclose(lines) != 0) printf("numpy_replay.py failed; it runs from the project's root\n");
    (void)remove(path);
}

/* ---- sweeps ---- */

/* One weight along its whole axis, at 1,001 points and at every breakpoint. */
static void time_sweeps(const struct replay_table *table)
{
    static const uint32_t points[] = {1001, 0};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        double best = 1e300, worst = 0.0;
        uint32_t found = 0;
        for (int part = PART_PRIORITY; part <= PART_RELIABILITY; part++) {
            struct sweep_request request = {.table = table,
                                            .weights = score_weights_default,
                                            .part = (enum replay_part)part,
                                            .low = 0.0,
                                            .high = 1.0,
                                            .points_wanted = points[i]};
            struct sweep_curve curve;
            struct err err;
            memcpy(request.columns, columns, sizeof columns);
            const double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
            const bool made = sweep_make(&curve, &request, &err);
            const double took = seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
            assert(made);
            if (took < best) best = took;
            if (took > worst) worst = took;
            if (curve.count > found) found = curve.count;
            sweep_release(&curve);
        }
        printf(
            "sweep of one weight, %-18s %6.1f to %.1f ms over the six weights, up to %u points\n",
            points[i] > 0 ? "1,001 points" : "every breakpoint", best * 1e3, worst * 1e3,
            (unsigned)found);
    }
}

int main(int argc, char **argv)
{
    static const char *const kernels[] = {"plain", "avx2", "avx512"};
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const uint32_t orders = smoke ? 20000u : argc > 1 ? (uint32_t)atoi(argv[1]) : 1000000u;
    struct replay_table table = {0};
    struct err err;
    make_table(&table, orders);
    struct score_weights *simplex = calloc(SIMPLEX, sizeof *simplex);
    struct replay_sums *sums = calloc((size_t)SIMPLEX * table.cluster_count, sizeof *sums);
    uint8_t *winners = malloc(orders);
    assert(simplex != NULL && sums != NULL && winners != NULL);
    make_simplex(simplex);
    struct score_weights spread[WEIGHTS];
    for (unsigned w = 0; w < WEIGHTS; w++)
        spread[w] = simplex[(uint64_t)w * (SIMPLEX - 1) / (WEIGHTS - 1)];

    printf("%u orders, %d weights of the simplex, seed %" PRIu64
           "; best of %d rounds, processor time\n",
           (unsigned)orders, WEIGHTS, seed, ROUNDS);
    const double slow = doubles(&table, &score_weights_default, winners);
    printf("%-34s %9.1f M order-evaluations/s\n", "doubles, as the router sums them",
           orders / slow * 1e-6);
    uint64_t agreed = 0;
    double fastest = 0.0;
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        (void)setenv("ROUTESIM_KERNEL", kernels[k], 1);
        if (strcmp(replay_kernel_name(), kernels[k]) != 0) continue;
        struct replay_plane *plane = replay_plane_make(&table, columns, &err);
        assert(plane != NULL);
        const double took = best_of_rounds(plane, spread, sums, smoke ? 1 : ROUNDS);
        const uint64_t hash = digest(sums, (size_t)WEIGHTS * table.cluster_count);
        assert(agreed == 0 || hash == agreed);
        agreed = hash;
        uint64_t near = 0;
        for (size_t i = 0; i < (size_t)WEIGHTS * table.cluster_count; i++)
            near += sums[i].near;
        printf("kernel %-27s %9.1f M order-evaluations/s  %.1f times; %.3f%% in doubles\n",
               kernels[k], orders * (double)WEIGHTS / took * 1e-6, slow * WEIGHTS / took,
               100.0 * (double)near / ((double)orders * WEIGHTS));
        fastest = fmax(fastest, orders * (double)WEIGHTS / took);
        replay_plane_release(plane);
    }
    (void)unsetenv("ROUTESIM_KERNEL");
    time_numpy(&table, spread, WEIGHTS, fastest, smoke, winners);
    time_sweeps(&table);
    struct replay_plane *plane = replay_plane_make(&table, columns, &err);
    assert(plane != NULL);
    const uint32_t count = smoke ? 500 : SIMPLEX;
    const struct took one = time_simplex(plane, simplex, count, 1, sums);
    const uint64_t hash_one = digest(sums, (size_t)count * table.cluster_count);
    const struct took two = time_simplex(plane, simplex, count, 2, sums);
    assert(digest(sums, (size_t)count * table.cluster_count) == hash_one);
    printf("simplex of %u weights, kernel %s: one thread %.2f s (%.2f s of processor), two %.2f s "
           "(%.2f s): %.2f times as fast, same sums\n",
           (unsigned)count, replay_kernel_name(), one.wall, one.processor, two.wall, two.processor,
           one.wall / two.wall);
    replay_plane_release(plane);
    replay_table_release(&table);
    free(simplex);
    free(sums);
    free(winners);
    return 0;
}
