/* sim/analysis/replay_plane.c - the table packed into blocks, and many weights replayed over it.
 *
 * Orders are packed by segment: one cluster and one preference, so that a call of a kernel has one
 * set of effective weights and one place for its sums. A tile of blocks that fits the cache is met
 * by a whole chunk of weights before the next tile is fetched; threads take chunks.
 */
#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/replay_kernel.h"

enum { CHUNK = 32, JOBS_MAX = 64 };

#define GRID       10000.0 /* steps of a weight of 1 */
#define SCORE_MOST (1 << 29)

struct segment { /* of at most KERNEL_BLOCKS_MAX blocks */
    uint32_t first, count;
    uint16_t cluster;
    uint8_t preference;
};

struct replay_plane {
    const struct replay_table *table; /* borrowed */
    struct kernel_block *blocks;
    uint32_t *order_of; /* block * KERNEL_LANES + lane: place in the table */
    struct segment *segments;
    uint32_t block_count, segment_count;
    uint32_t clusters;
    uint8_t columns[REPLAY_COLUMNS];
    double part_most[REPLAY_PARTS]; /* the largest score, for errors of the grid */
    uint32_t *orders;               /* by cluster */
    kernel_function *kernel;
};

/* ---- which kernel ---- */

struct kernel_choice {
    const char *name;
    kernel_function *run;
};

static struct kernel_choice choose_kernel(void)
{
    const char *asked = getenv("ROUTESIM_KERNEL");
#if defined(__x86_64__)
    const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vnni");
    const bool middle = __builtin_cpu_supports("avx2");
    const bool any = asked == NULL || *asked == '\0';
    if (wide && (any || strcmp(asked, "avx512") == 0))
        return (struct kernel_choice){"avx512", kernel_avx512};
    if (middle && (any || strcmp(asked, "plain") != 0))
        return (struct kernel_choice){"avx2", kernel_avx2};
#else
    (void)asked;
#endif
    return (struct kernel_choice){"plain", kernel_plain};
}

const char *replay_kernel_name(void)
{
    return choose_kernel().name;
}

/* ---- packing ---- */

static void pack_quote(const struct replay_plane *plane, struct kernel_block *block, unsigned lane,
                       const struct replay_quote *quote, const int32_t *outcomes)
{
    const unsigned p = quote->provider;
    block->present[p] |= (uint16_t)(1u << lane);
    for (unsigned pair = 0; pair < KERNEL_PAIRS; pair++) {
        block->parts[p][pair][2 * lane] = quote->parts[2 * pair];
        block->parts[p][pair][2 * lane + 1] = quote->parts[2 * pair + 1];
    }
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        block->outcomes[p][k][lane] = outcomes[plane->columns[k]];
}

/* The order's providers as it lists them, two bits each; those without a quote behind them. */
static uint8_t candidates_of(const struct replay_order *order)
{
    unsigned listed = 0, seen = 0, count = 0;
    for (; count < order->count; count++) {
        listed |= (unsigned)order->quotes[count].provider << (2 * count);
        seen |= 1u << order->quotes[count].provider;
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if ((seen >> p & 1u) == 0) listed |= p << (2 * count++);
    return (uint8_t)listed;
}

/* Orders by segment: places in the table, sorted by counting. */
static uint32_t *by_segment(const struct replay_table *table, uint32_t *sizes, uint32_t kinds)
{
    uint32_t *starts = calloc(kinds + 1u, sizeof *starts);
    uint32_t *places = malloc((table->count + 1u) * sizeof *places);
    if (starts == NULL || places == NULL) {
        free(starts);
        free(places);
        return NULL;
    }
    for (uint32_t i = 0; i < table->count; i++)
        sizes[table->orders[i].cluster * PREFERENCE_COUNT + table->orders[i].preference]++;
    for (uint32_t k = 0; k < kinds; k++)
        starts[k + 1] = starts[k] + sizes[k];
    for (uint32_t i = 0; i < table->count; i++)
        places[starts[table->orders[i].cluster * PREFERENCE_COUNT +
                      table->orders[i].preference]++] = i;
    free(starts);
    return places;
}

static void pack_segments(struct replay_plane *plane, const uint32_t *places, const uint32_t *sizes,
                          uint32_t kinds)
{
    uint32_t next = 0;
    for (uint32_t kind = 0; kind < kinds; kind++) {
        for (uint32_t done = 0; done < sizes[kind]; done++) {
            const unsigned lane = done % KERNEL_LANES;
            if (done % (KERNEL_LANES * KERNEL_BLOCKS_MAX) == 0) {
                plane->segments[plane->segment_count++] =
                    (struct segment){.first = plane->block_count,
                                     .cluster = (uint16_t)(kind / PREFERENCE_COUNT),
                                     .preference = (uint8_t)(kind % PREFERENCE_COUNT)};
            }
            if (lane == 0) {
                plane->block_count++;
                plane->segments[plane->segment_count - 1].count++;
            }
            struct kernel_block *block = &plane->blocks[plane->block_count - 1];
            const uint32_t place = places[next++];
            const struct replay_order *order = &plane->table->orders[place];
            block->lanes |= (uint16_t)(1u << lane);
            block->candidates[lane] = candidates_of(order);
            plane->order_of[(plane->block_count - 1) * KERNEL_LANES + lane] = place;
            for (unsigned q = 0; q < order->count; q++)
                pack_quote(plane, block, lane, &order->quotes[q], plane->table->fates[place].of[q]);
        }
        plane->orders[kind / PREFERENCE_COUNT] += sizes[kind];
    }
}

static void note_largest(struct replay_plane *plane)
{
    for (uint32_t i = 0; i < plane->table->count; i++) {
        const struct replay_order *order = &plane->table->orders[i];
        for (unsigned q = 0; q < order->count; q++)
            for (unsigned part = 0; part < REPLAY_PARTS; part++) {
                const double size = abs(order->quotes[q].parts[part]);
                if (size > plane->part_most[part]) plane->part_most[part] = size;
            }
    }
}

static void *zeroed(size_t count, size_t bytes)
{
    void *room = NULL;
    const size_t size = (count * bytes + 63u) & ~(size_t)63u;
    if (posix_memalign(&room, 64, size + 64) != 0) return NULL;
    memset(room, 0, size + 64);
    return room;
}

struct replay_plane *replay_plane_make(const struct replay_table *table,
                                       const enum replay_outcome columns[REPLAY_COLUMNS],
                                       struct err *err)
{
    const uint32_t kinds = table->cluster_count * PREFERENCE_COUNT;
    struct replay_plane *plane = calloc(1, sizeof *plane);
    uint32_t *sizes = calloc(kinds + 1u, sizeof *sizes);
    uint32_t *places = NULL;
    size_t blocks = 0, segments = 0;
    bool ok = plane != NULL && sizes != NULL && (places = by_segment(table, sizes, kinds)) != NULL;
    for (uint32_t k = 0; ok && k < kinds; k++) {
        blocks += (sizes[k] + KERNEL_LANES - 1) / KERNEL_LANES;
        segments += sizes[k] / (KERNEL_LANES * KERNEL_BLOCKS_MAX) + 1;
    }
    if (ok) {
        plane->table = table;
        plane->clusters = table->cluster_count;
        plane->kernel = choose_kernel().run;
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            plane->columns[k] = (uint8_t)columns[k];
        plane->blocks = zeroed(blocks, sizeof *plane->blocks);
        plane->order_of = calloc(blocks * KERNEL_LANES + 1, sizeof *plane->order_of);
        plane->segments = calloc(segments + 1, sizeof *plane->segments);
        plane->orders = calloc(plane->clusters + 1u, sizeof *plane->orders);
        ok = plane->blocks != NULL && plane->order_of != NULL && plane->segments != NULL &&
             plane->orders != NULL;
    }
    if (ok) {
        pack_segments(plane, places, sizes, kinds);
        note_largest(plane);
    } else {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for %u orders",
                       (unsigned)table->count);
        replay_plane_release(plane);
        plane = NULL;
    }
    free(sizes);
    free(places);
    return plane;
}

void replay_plane_release(struct replay_plane *plane)
{
    if (plane == NULL) return;
    free(plane->blocks);
    free(plane->order_of);
    free(plane->segments);
    free(plane->orders);
    free(plane);
}

/* ---- weights on a grid ---- */

struct prepared { /* one weights, for each preference */
    struct kernel_weights grid[PREFERENCE_COUNT];
    double scaled[PREFERENCE_COUNT][REPLAY_PARTS];
};

/* The finest grid on which no product and no score overflows. */
static double grid_of(const struct replay_plane *plane, const double scaled[REPLAY_PARTS])
{
    double most = 0.0, score = 0.0;
    for (unsigned part = 0; part < REPLAY_PARTS; part++) {
        const double weight = fabs(scaled[part]);
        if (weight > most) most = weight;
        score += weight * plane->part_most[part];
    }
    double grid = GRID;
    if (most * grid > INT16_MAX) grid = floor(INT16_MAX / most);
    if (score * grid > SCORE_MOST) grid = floor(SCORE_MOST / score);
    return grid;
}

static void prepare(const struct replay_plane *plane, const struct score_weights *weights,
                    struct prepared *prepared)
{
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        double *const scaled = prepared->scaled[p];
        const struct score_weights for_preference = score_weights_for(weights, (enum preference)p);
        for (unsigned part = 0; part < REPLAY_PARTS; part++)
            scaled[part] = score_weight_of(&for_preference, (enum replay_part)part);
        const double grid = grid_of(plane, scaled);
        double error = 0.0;
        for (unsigned part = 0; part < REPLAY_PARTS; part++) {
            const double exact = scaled[part] * grid;
            const double rounded = rint(exact);
            prepared->grid[p].weights[part] = (int16_t)rounded;
            error += fabs(exact - rounded) * plane->part_most[part];
        }
        /* Rounding of the doubles themselves is 10^-9 of a step at most. */
        prepared->grid[p].near = (int32_t)ceil(fmin(2.0 * error - 1e-6, 1e9));
        if (prepared->grid[p].near < 0) prepared->grid[p].near = 0;
    }
}

/* ---- one tile and one weights ---- */

/* The sum as score_quotes() writes it: the same order, the same rounding. */
static double score_of(const struct kernel_block *block, unsigned provider, unsigned lane,
                       const double weights[REPLAY_PARTS])
{
    double score = weights[0] * block->parts[provider][0][2 * lane];
    for (unsigned part = 1; part < REPLAY_PARTS; part++)
        score += weights[part] * block->parts[provider][part / 2][2 * lane + part % 2];
    return score;
}

/* replay_winner() of one lane, by provider. All that it needs lies in the block, which the kernel
 * has just read. */
static unsigned winner_of(const struct kernel_block *block, unsigned lane,
                          const double weights[REPLAY_PARTS])
{
    unsigned candidates = block->candidates[lane], best = candidates & 3u;
    double best_score = score_of(block, best, lane, weights);
    for (unsigned i = 1; i < PROVIDER_COUNT; i++) {
        const unsigned provider = (candidates >>= 2) & 3u;
        if ((block->present[provider] >> lane & 1u) == 0) break;
        const double score = score_of(block, provider, lane, weights);
        if (score > best_score) {
            best_score = score;
            best = provider;
        }
    }
    return best;
}

static bool any_near(const uint16_t *near, uint32_t count)
{
    unsigned any = 0;
    for (uint32_t b = 0; b < count; b++)
        any |= near[b];
    return any != 0;
}

static void decide_near(const struct replay_plane *plane, const struct segment *segment,
                        const struct prepared *prepared, const uint16_t *near,
                        struct replay_sums *sums, uint8_t *winners)
{
    if (!any_near(near, segment->count)) return;
    const double *const weights = prepared->scaled[segment->preference];
    for (uint32_t b = 0; b < segment->count; b++) {
        const struct kernel_block *block = &plane->blocks[segment->first + b];
        for (unsigned bits = near[b]; bits != 0; bits &= bits - 1) {
            const unsigned lane = (unsigned)__builtin_ctz(bits);
            const unsigned provider = winner_of(block, lane, weights);
            if (winners != NULL) winners[b * KERNEL_LANES + lane] = (uint8_t)provider;
            sums->near++;
            sums->won[provider]++;
            for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
                sums->columns[k] += block->outcomes[provider][k][lane];
        }
    }
}

static void replay_segment(const struct replay_plane *plane, const struct segment *segment,
                           const struct prepared *prepared, struct replay_sums *sums,
                           uint8_t *winners)
{
    uint16_t near[KERNEL_BLOCKS_MAX];
    plane->kernel(&plane->blocks[segment->first], segment->count,
                  &prepared->grid[segment->preference], sums, near, winners);
    decide_near(plane, segment, prepared, near, sums, winners);
}

/* ---- many weights, many threads ---- */

struct work {
    const struct replay_plane *plane;
    const struct score_weights *weights;
    uint32_t count;
    struct replay_sums *sums;
    atomic_uint next; /* chunk */
};

static void replay_chunk(struct work *work, uint32_t first)
{
    const struct replay_plane *plane = work->plane;
    struct prepared prepared[CHUNK];
    const uint32_t count = work->count - first < CHUNK ? work->count - first : CHUNK;
    struct replay_sums *sums = &work->sums[(size_t)first * plane->clusters];
    memset(sums, 0, (size_t)count * plane->clusters * sizeof *sums);
    for (uint32_t k = 0; k < count; k++) {
        prepare(plane, &work->weights[first + k], &prepared[k]);
        for (uint32_t c = 0; c < plane->clusters; c++)
            sums[(size_t)k * plane->clusters + c].orders = plane->orders[c];
    }
    for (uint32_t s = 0; s < plane->segment_count; s++) {
        const struct segment *segment = &plane->segments[s];
        for (uint32_t k = 0; k < count; k++)
            replay_segment(plane, segment, &prepared[k],
                           &sums[(size_t)k * plane->clusters + segment->cluster], NULL);
    }
}

static void *replay_thread(void *argument)
{
    struct work *work = argument;
    for (;;) {
        const uint32_t first = (uint32_t)atomic_fetch_add(&work->next, 1u) * CHUNK;
        if (first >= work->count) return NULL;
        replay_chunk(work, first);
    }
}

void replay_run(const struct replay_plane *plane, const struct score_weights *weights,
                uint32_t count, uint32_t jobs, struct replay_sums *sums)
{
    struct work work = {.plane = plane, .weights = weights, .count = count, .sums = sums};
    pthread_t threads[JOBS_MAX];
    uint32_t started = 0;
    assert(count <= UINT32_MAX - CHUNK);
    atomic_init(&work.next, 0u); /* a thread that cannot be had is done without */
    while (started + 1 < jobs && started < JOBS_MAX &&
           pthread_create(&threads[started], NULL, replay_thread, &work) == 0)
        started++;
    (void)replay_thread(&work);
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
}

void replay_plane_winners(const struct replay_plane *plane, const struct score_weights *weights,
                          uint8_t *winners)
{
    struct prepared prepared;
    prepare(plane, weights, &prepared);
    for (uint32_t s = 0; s < plane->segment_count; s++) {
        uint8_t providers[KERNEL_BLOCKS_MAX * KERNEL_LANES];
        const struct segment *segment = &plane->segments[s];
        struct replay_sums ignored = {0};
        replay_segment(plane, segment, &prepared, &ignored, providers);
        for (uint32_t i = 0; i < segment->count * KERNEL_LANES; i++) {
            if (providers[i] == 255) continue; /* no order lies there */
            const uint32_t place = plane->order_of[segment->first * KERNEL_LANES + i];
            const struct replay_order *order = &plane->table->orders[place];
            for (uint8_t q = 0; q < order->count; q++)
                if (order->quotes[q].provider == providers[i]) winners[place] = q;
        }
    }
}
