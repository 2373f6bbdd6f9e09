/* sim/analysis/block_samples.h - latencies that remember which block of orders they belong to.
 *
 * Up to BLOCK_SAMPLES_LIMIT samples are kept as they are. Past it each block has a histogram of 256
 * buckets an octave, whose middle stands for its samples: the relative error is at most 1/512.
 * Memory does not grow with the number of samples.
 *
 * Ownership: the set owns its arrays; block_samples_release() frees them (a zeroed set is fine).
 * Failure:   adding returns false when memory is out.
 */
#ifndef SIM_ANALYSIS_BLOCK_SAMPLES_H
#define SIM_ANALYSIS_BLOCK_SAMPLES_H

#include "sim/analysis/stats.h"

enum { BLOCK_SAMPLES_LIMIT = 65536, BLOCK_SAMPLES_BINS = 256 * 25 };
#define BLOCK_SAMPLES_ERROR (1.0 / 512.0)

struct block_samples {
    struct stats_atom *atoms;
    size_t count;   /* of atoms */
    uint32_t *bins; /* STATS_BLOCKS_MAX rows; NULL: every sample is an atom */
    uint64_t n;
};

bool block_samples_add(struct block_samples *samples, uint32_t value, uint32_t block);

/* Sorts, once all are in; what comes back lives as long as the set. */
bool block_samples_atoms(struct block_samples *samples, struct stats_atoms *atoms);
bool block_samples_exact(const struct block_samples *samples);
void block_samples_release(struct block_samples *samples);

uint32_t block_samples_bin(uint32_t value);
uint32_t block_samples_middle(uint32_t bin);

#endif
