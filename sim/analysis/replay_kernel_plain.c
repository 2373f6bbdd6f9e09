/* sim/analysis/replay_kernel_plain.c - the kernel for any machine, and the one to read first. */
#include "sim/analysis/replay_kernel.h"

struct lane { /* one order's scores */
    int32_t best, second;
    unsigned provider;
};

static int32_t score_of(const struct kernel_block *block, unsigned provider, unsigned lane,
                        const int16_t *weights)
{
    int32_t score = 0;
    for (unsigned pair = 0; pair < KERNEL_PAIRS; pair++) {
        const int16_t *parts = &block->parts[provider][pair][2 * lane];
        score += parts[0] * weights[2 * pair] + parts[1] * weights[2 * pair + 1];
    }
    return score;
}

static struct lane judge(const struct kernel_block *block, unsigned lane, const int16_t *weights)
{
    struct lane found = {.best = INT32_MIN, .second = INT32_MIN};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if ((block->present[p] >> lane & 1u) == 0) continue;
        const int32_t score = score_of(block, p, lane, weights);
        if (score > found.best) {
            found.second = found.best;
            found.best = score;
            found.provider = p;
        } else if (score > found.second) {
            found.second = score;
        }
    }
    return found;
}

void kernel_plain(const struct kernel_block *blocks, uint32_t count,
                  const struct kernel_weights *weights, struct replay_sums *sums,
                  uint16_t near[KERNEL_BLOCKS_MAX], uint8_t *winners)
{
    for (uint32_t b = 0; b < count; b++) {
        const struct kernel_block *block = &blocks[b];
        near[b] = 0;
        for (unsigned lane = 0; lane < KERNEL_LANES; lane++) {
            if (winners != NULL) winners[b * KERNEL_LANES + lane] = 255;
            if ((block->lanes >> lane & 1u) == 0) continue;
            const struct lane found = judge(block, lane, weights->weights);
            if ((int64_t)found.best - found.second <= weights->near) {
                near[b] |= (uint16_t)(1u << lane);
                continue;
            }
            if (winners != NULL) winners[b * KERNEL_LANES + lane] = (uint8_t)found.provider;
            sums->won[found.provider]++;
            for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
                sums->columns[k] += block->outcomes[found.provider][k][lane];
        }
    }
}
