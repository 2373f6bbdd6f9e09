/* sim/analysis/replay_kernel.h - between the plane and its kernels.
 *
 * A block is 16 orders, one a lane. A provider's scores lie in three rows of 16 pairs of 16-bit
 * numbers, so that one multiply-add gives 16 sums of two products; its outcomes in rows of 16. A
 * quote that is not there has no bit in `present`. Lanes behind the last order of a segment have no
 * bit in any, and count for nothing. `candidates` is for the doubles: equal scores go to the first.
 *
 * A kernel adds what the winners of `count` blocks bring to `sums`; lanes whose best two are no
 * further apart than `near` are left out of that and come back as masks: the caller decides them in
 * doubles. With `winners` it writes each lane's provider (255: no order, or near).
 */
#ifndef SIM_ANALYSIS_REPLAY_KERNEL_H
#define SIM_ANALYSIS_REPLAY_KERNEL_H

#include "sim/analysis/replay.h"

enum {
    KERNEL_LANES = 16,
    KERNEL_PAIRS = REPLAY_PARTS / 2,
    KERNEL_BLOCKS_MAX = 16 /* a call: so many outcomes of 24 bits, and twice as many, fit 32 */
};

struct kernel_block {
    int16_t parts[PROVIDER_COUNT][KERNEL_PAIRS][2 * KERNEL_LANES];
    int32_t outcomes[PROVIDER_COUNT][REPLAY_COLUMNS][KERNEL_LANES];
    uint16_t present[PROVIDER_COUNT];
    uint16_t lanes;                   /* that hold an order */
    uint8_t candidates[KERNEL_LANES]; /* providers in the order of candidates, two bits each */
    uint16_t reserved[19];
};
_Static_assert(sizeof(struct kernel_block) % 64 == 0, "blocks stay aligned");
_Static_assert(PROVIDER_COUNT <= 4, "two bits name a provider");

struct kernel_weights {
    int16_t weights[REPLAY_PARTS]; /* on a grid */
    int32_t near;
};

typedef void kernel_function(const struct kernel_block *blocks, uint32_t count,
                             const struct kernel_weights *weights, struct replay_sums *sums,
                             uint16_t near[KERNEL_BLOCKS_MAX], uint8_t *winners);

kernel_function kernel_plain;
#if defined(__x86_64__)
kernel_function kernel_avx2, kernel_avx512;
#endif

/* replay.c: the doubles, with weights already scaled. */
uint32_t replay_winner_scaled(const struct replay_order *order, const struct score_weights *scaled);

#endif
