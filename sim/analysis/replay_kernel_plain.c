/* sim/analysis/replay_kernel_plain.c - the kernel for any machine, and the one to read first.
 *
 * Every step is a loop over the 16 lanes without a branch, so that a compiler makes vectors of it
 * (gcc does at -O2, with what the baseline of the processor has). Truths are lanes of ones or
 * zeros, as vector instructions have them. A quote that is not there scores ABSENT, below anything
 * a grid allows, and far enough from overflow that two scores can be subtracted.
 */
#include <string.h>

#include "sim/analysis/replay_kernel.h"

#define ABSENT (-(1 << 30))

struct judged { /* 16 orders */
    int32_t scores[PROVIDER_COUNT][KERNEL_LANES];
    int32_t best[KERNEL_LANES];
    int32_t clear[KERNEL_LANES]; /* ones: there is an order, and its best is the best for sure */
};

/* The two weights of each pair, for all lanes. */
struct spread_weights {
    int16_t of[KERNEL_PAIRS][2 * KERNEL_LANES];
};

static const int32_t lane_bit[KERNEL_LANES] = {1 << 0,  1 << 1,  1 << 2,  1 << 3, 1 << 4,  1 << 5,
                                               1 << 6,  1 << 7,  1 << 8,  1 << 9, 1 << 10, 1 << 11,
                                               1 << 12, 1 << 13, 1 << 14, 1 << 15};

static void spread(struct spread_weights *spread, const int16_t weights[REPLAY_PARTS])
{
    for (unsigned pair = 0; pair < KERNEL_PAIRS; pair++)
        for (unsigned lane = 0; lane < KERNEL_LANES; lane++)
            memcpy(&spread->of[pair][2 * lane], &weights[2 * pair], 2 * sizeof *weights);
}

static inline void score(int32_t scores[KERNEL_LANES], const struct kernel_block *block,
                         unsigned provider, const struct spread_weights *weights)
{
    int32_t sums[2 * KERNEL_LANES];
    const int16_t *const a = block->parts[provider][0], *const wa = weights->of[0];
    const int16_t *const b = block->parts[provider][1], *const wb = weights->of[1];
    const int16_t *const c = block->parts[provider][2], *const wc = weights->of[2];
    const int32_t present = block->present[provider];
    for (unsigned i = 0; i < 2 * KERNEL_LANES; i++)
        sums[i] = a[i] * wa[i] + b[i] * wb[i] + c[i] * wc[i];
    for (unsigned lane = 0; lane < KERNEL_LANES; lane++) {
        const int32_t total = sums[2 * lane] + sums[2 * lane + 1];
        scores[lane] = (present & lane_bit[lane]) != 0 ? total : ABSENT;
    }
}

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline void judge(struct judged *judged, const struct kernel_block *block,
                         const struct spread_weights *weights, int32_t near)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        score(judged->scores[p], block, p, weights);
    const int32_t *const s0 = judged->scores[0], *const s1 = judged->scores[1];
    const int32_t *const s2 = judged->scores[2], *const s3 = judged->scores[3];
    const int32_t lanes = block->lanes;
    for (unsigned i = 0; i < KERNEL_LANES; i++) {
        const int32_t high01 = larger(s0[i], s1[i]), low01 = smaller(s0[i], s1[i]);
        const int32_t high23 = larger(s2[i], s3[i]), low23 = smaller(s2[i], s3[i]);
        const int32_t best = larger(high01, high23);
        const int32_t second = larger(smaller(high01, high23), larger(low01, low23));
        judged->best[i] = best;
        judged->clear[i] = -(int32_t)(((lanes & lane_bit[i]) != 0) & (best - second > near));
    }
}

struct lane_sums {
    int32_t columns[REPLAY_COLUMNS][KERNEL_LANES]; /* 16 outcomes of 24 bits fit */
    int32_t won[PROVIDER_COUNT][KERNEL_LANES];
};

static inline void add(struct lane_sums *sums, const struct judged *judged,
                       const struct kernel_block *block)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        int32_t won[KERNEL_LANES];
        for (unsigned i = 0; i < KERNEL_LANES; i++) {
            won[i] = judged->clear[i] & -(int32_t)(judged->scores[p][i] == judged->best[i]);
            sums->won[p][i] -= won[i];
        }
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            for (unsigned i = 0; i < KERNEL_LANES; i++)
                sums->columns[k][i] += won[i] & block->outcomes[p][k][i];
    }
}

static void note(uint8_t winners[KERNEL_LANES], const struct judged *judged)
{
    for (unsigned i = 0; i < KERNEL_LANES; i++) {
        winners[i] = 255;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if (judged->clear[i] != 0 && judged->scores[p][i] == judged->best[i])
                winners[i] = (uint8_t)p;
    }
}

static inline uint16_t near_of(const struct judged *judged, const struct kernel_block *block)
{
    int32_t clear = 0;
    for (unsigned i = 0; i < KERNEL_LANES; i++)
        clear |= judged->clear[i] & lane_bit[i];
    return (uint16_t)(block->lanes & ~clear);
}

void kernel_plain(const struct kernel_block *blocks, uint32_t count,
                  const struct kernel_weights *weights, struct replay_sums *sums,
                  uint16_t near[KERNEL_BLOCKS_MAX], uint8_t *winners)
{
    struct spread_weights spread_out;
    struct lane_sums lanes = {0};
    spread(&spread_out, weights->weights);
    for (uint32_t b = 0; b < count; b++) {
        struct judged judged;
        judge(&judged, &blocks[b], &spread_out, weights->near);
        add(&lanes, &judged, &blocks[b]);
        near[b] = near_of(&judged, &blocks[b]);
        if (winners != NULL) note(winners + b * KERNEL_LANES, &judged);
    }
    for (unsigned i = 0; i < KERNEL_LANES; i++) {
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            sums->columns[k] += lanes.columns[k][i];
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            sums->won[p] += (uint32_t)lanes.won[p][i];
    }
}
