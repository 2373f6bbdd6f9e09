/* Exactness of the fast replay: by brute force, score_quotes() on every quote set under every
 * weights, beside each kernel and beside sweeps. Not one winner may differ: the rate accepted is so
 * small that a single one lies outside. */
#include "tests/calibration/calibrate.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/sweep.h"
#include "tests/sim/analysis/decisions_fixture.h"

/* A set in ten thousand has no quote: 101 are a hundred with quotes. Sweeps meet each set under six
 * lines of 167 points. */
enum { SEED = 0x5EED, SETS = 101, WEIGHTS = 1000, POINTS = 167, KERNELS = 3 };

static const char *const kernels[KERNELS] = {"plain", "avx2", "avx512"};
static const enum replay_outcome columns[REPLAY_COLUMNS] = {OUTCOME_PRICE, OUTCOME_ETA,
                                                            OUTCOME_COMMISSION, OUTCOME_SAVINGS};

/* Which kernel is asked for stands in the environment, which all threads share. */
static pthread_mutex_t environment = PTHREAD_MUTEX_INITIALIZER;

struct judged {
    struct decision_set set;
    struct replay_table table;
    struct decision_inputs inputs[SETS]; /* of the table's orders */
};

static void begin(struct judged *judged, uint64_t experiment)
{
    struct err err;
    decisions_fixture(&judged->set, SETS, random_key(SEED, experiment), experiment % 2 == 1);
    const struct replay_table_request request = {.set = &judged->set, .blocks = 1};
    if (!replay_table_make(&judged->table, &request, &err)) abort();
    assert(judged->table.count >= SETS - 1); /* what `how` says is what was done */
    for (uint32_t i = 0; i < judged->table.count; i++)
        decision_inputs_of(&judged->set, judged->table.orders[i].source, NULL, &judged->inputs[i]);
}

/* The truth. */
static uint32_t winner_of(const struct judged *judged, uint32_t order,
                          const struct score_weights *weights)
{
    return decision_select(&judged->inputs[order], weights,
                           (enum preference)judged->table.orders[order].preference, NULL);
}

/* ---- kernels ---- */

static void make_planes(struct replay_plane *planes[KERNELS], const struct replay_table *table)
{
    struct err err;
    (void)pthread_mutex_lock(&environment);
    for (unsigned k = 0; k < KERNELS; k++) {
        (void)setenv("ROUTESIM_KERNEL", kernels[k], 1);
        planes[k] = replay_plane_make(table, columns, &err);
        if (planes[k] == NULL) abort();
    }
    (void)unsetenv("ROUTESIM_KERNEL");
    (void)pthread_mutex_unlock(&environment);
}

static void judge_kernels(const struct judged *judged, uint64_t experiment, double *happened)
{
    struct replay_plane *planes[KERNELS];
    uint64_t differing[KERNELS] = {0};
    const uint32_t count = judged->table.count;
    make_planes(planes, &judged->table);
    for (uint32_t w = 0; w < WEIGHTS; w++) {
        uint8_t truth[SETS], winners[SETS];
        const struct score_weights weights =
            decisions_fixture_weights(random_key(SEED, experiment), w);
        for (uint32_t i = 0; i < count; i++)
            truth[i] = (uint8_t)winner_of(judged, i, &weights);
        for (unsigned k = 0; k < KERNELS; k++) {
            memset(winners, 255, sizeof winners);
            replay_plane_winners(planes[k], &weights, winners);
            for (uint32_t i = 0; i < count; i++)
                differing[k] += winners[i] != truth[i];
        }
    }
    for (unsigned k = 0; k < KERNELS; k++) {
        happened[k] = (double)differing[k] / ((double)count * WEIGHTS);
        replay_plane_release(planes[k]);
    }
}

/* ---- sweeps ---- */

/* The winner's provider at each point, from the curve of a table of this order alone. */
static uint64_t points_differing(const struct judged *judged, uint32_t place,
                                 const struct sweep_request *line)
{
    const struct replay_order *order = &judged->table.orders[place];
    const struct replay_table alone = {.orders = &judged->table.orders[place],
                                       .fates = &judged->table.fates[place],
                                       .count = 1,
                                       .cluster_count = 1,
                                       .set = &judged->set};
    struct sweep_request request = *line;
    struct score_weights weights = line->weights;
    struct sweep_curve curve;
    struct err err;
    uint64_t differing = 0;
    request.table = &alone;
    (void)pthread_mutex_lock(&environment);
    const bool made = sweep_make(&curve, &request, &err);
    (void)pthread_mutex_unlock(&environment);
    if (!made) abort();
    for (uint32_t i = 0; i < curve.count; i++) {
        *score_weight(&weights, line->part) = curve.points[i].from;
        const struct replay_quote *won = &order->quotes[winner_of(judged, place, &weights)];
        differing += curve.points[i].won[won->provider] != 1;
    }
    sweep_release(&curve);
    return differing;
}

struct stretches {
    uint64_t count, differing;
};

/* Between breakpoints, in the middle. */
static void judge_stretches(struct stretches *stretches, const struct judged *judged,
                            uint32_t place, const struct sweep_request *line)
{
    double breaks[3];
    uint8_t winners[4];
    struct score_weights weights = line->weights;
    (void)pthread_mutex_lock(&environment);
    const uint32_t count = sweep_order(&judged->table.orders[place], &line->weights, line->part,
                                       line->low, line->high, breaks, winners);
    (void)pthread_mutex_unlock(&environment);
    for (uint32_t i = 0; i <= count; i++) {
        const double from = i == 0 ? line->low : breaks[i - 1];
        const double until = i == count ? line->high : breaks[i];
        if (until - from < 4 * SWEEP_NEAR) continue;
        *score_weight(&weights, line->part) = (from + until) / 2;
        stretches->count++;
        stretches->differing += winners[i] != winner_of(judged, place, &weights);
    }
}

static void judge_sweeps(const struct judged *judged, uint64_t experiment, double *happened)
{
    struct stretches stretches = {0};
    uint64_t differing = 0;
    for (unsigned part = 0; part < REPLAY_PARTS; part++) {
        const uint32_t index = (uint32_t)(experiment * REPLAY_PARTS + part);
        struct sweep_request line = {.weights = decisions_fixture_weights(SEED + 1, index),
                                     .part = (enum replay_part)part,
                                     .low = 0.0,
                                     .high = index % 3 == 0 ? 7.0 : 1.0,
                                     .points_wanted = POINTS};
        memcpy(line.columns, columns, sizeof columns);
        for (uint32_t i = 0; i < judged->table.count; i++) {
            differing += points_differing(judged, i, &line);
            judge_stretches(&stretches, judged, i, &line);
        }
    }
    happened[KERNELS] = (double)differing / ((double)judged->table.count * REPLAY_PARTS * POINTS);
    happened[KERNELS + 1] = (double)stretches.differing / (double)stretches.count;
}

static void run(uint64_t experiment, double *happened)
{
    struct judged *judged = calloc(1, sizeof *judged);
    if (judged == NULL) abort();
    begin(judged, experiment);
    judge_kernels(judged, experiment, happened);
    judge_sweeps(judged, experiment, happened);
    replay_table_release(&judged->table);
    decisions_release(&judged->set);
    free(judged);
}

#define NONE 1e-12 /* one differing winner in all lies outside */

const struct calibration calibrate_replay = {
    .name = "replay",
    .how = "score_quotes() beside the replay: 100 quote sets under 1,000 weights, 10^8 winners",
    .experiments = 1000,
    .figures = {{"another winner: plain kernel", NONE, CALIBRATION_AT_MOST},
                {"another winner: AVX2 (where there is AVX2)", NONE, CALIBRATION_AT_MOST},
                {"another winner: AVX-512 (where there is)", NONE, CALIBRATION_AT_MOST},
                {"another winner: sweeps at points", NONE, CALIBRATION_AT_MOST},
                {"another winner: sweeps between breakpoints", NONE, CALIBRATION_AT_MOST}},
    .run = run};
