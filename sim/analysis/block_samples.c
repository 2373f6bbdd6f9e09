#include "sim/analysis/block_samples.h"

#include <assert.h>
#include <stdlib.h>

uint32_t block_samples_bin(uint32_t value)
{
    if (value < 256) return value;
    const uint32_t octave = 23u - (uint32_t)__builtin_clz(value); /* 0: 256 to 511 */
    return 256 + 256 * octave + ((value >> octave) - 256);
}

uint32_t block_samples_middle(uint32_t bin)
{
    assert(bin < BLOCK_SAMPLES_BINS);
    if (bin < 512) return bin;
    const uint32_t octave = bin / 256 - 1;
    return ((bin % 256 + 256) << octave) + ((1u << octave) - 1) / 2;
}

static void count(struct block_samples *samples, uint32_t value, uint32_t block)
{
    samples->bins[block * BLOCK_SAMPLES_BINS + block_samples_bin(value)]++;
}

static bool spill(struct block_samples *samples)
{
    samples->bins = calloc((size_t)STATS_BLOCKS_MAX * BLOCK_SAMPLES_BINS, sizeof *samples->bins);
    if (samples->bins == NULL) return false;
    for (size_t i = 0; i < samples->count; i++)
        count(samples, samples->atoms[i].value, samples->atoms[i].block);
    free(samples->atoms);
    samples->atoms = NULL;
    samples->count = 0;
    return true;
}

bool block_samples_add(struct block_samples *samples, uint32_t value, uint32_t block)
{
    assert(block < STATS_BLOCKS_MAX);
    if (samples->n == 0) {
        samples->atoms = malloc(BLOCK_SAMPLES_LIMIT * sizeof *samples->atoms);
        if (samples->atoms == NULL) return false;
    }
    if (samples->n == BLOCK_SAMPLES_LIMIT && !spill(samples)) return false;
    samples->n++;
    if (samples->bins != NULL) {
        count(samples, value, block);
    } else {
        samples->atoms[samples->count++] =
            (struct stats_atom){.value = value, .count = 1, .block = block};
    }
    return true;
}

static int by_value_then_block(const void *left, const void *right)
{
    const struct stats_atom *a = left, *b = right;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return (a->block > b->block) - (a->block < b->block);
}

static bool gather_bins(struct block_samples *samples)
{
    const size_t all = (size_t)STATS_BLOCKS_MAX * BLOCK_SAMPLES_BINS;
    size_t filled = 0;
    for (size_t i = 0; i < all; i++)
        filled += samples->bins[i] > 0;
    free(samples->atoms);
    samples->count = 0;
    samples->atoms = malloc(filled * sizeof *samples->atoms);
    if (samples->atoms == NULL) return false;
    for (uint32_t bin = 0; bin < BLOCK_SAMPLES_BINS; bin++) {
        for (uint32_t block = 0; block < STATS_BLOCKS_MAX; block++) {
            const uint32_t times = samples->bins[block * BLOCK_SAMPLES_BINS + bin];
            if (times == 0) continue;
            samples->atoms[samples->count++] = (struct stats_atom){
                .value = block_samples_middle(bin), .count = times, .block = block};
        }
    }
    return true;
}

bool block_samples_atoms(struct block_samples *samples, struct stats_atoms *atoms)
{
    if (samples->bins != NULL) {
        if (!gather_bins(samples)) return false;
    } else if (samples->count > 0) {
        qsort(samples->atoms, samples->count, sizeof *samples->atoms, by_value_then_block);
    }
    *atoms = (struct stats_atoms){.items = samples->atoms, .count = samples->count};
    return true;
}

bool block_samples_exact(const struct block_samples *samples)
{
    return samples->bins == NULL;
}

void block_samples_release(struct block_samples *samples)
{
    free(samples->atoms);
    free(samples->bins);
    *samples = (struct block_samples){0};
}
