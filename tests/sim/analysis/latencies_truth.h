/* tests/sim/analysis/latencies_truth.h - a provider whose latencies are known to the last call.
 *
 * Answers are lognormal with a median of 1,500 ms and a p95 of 3,500 ms; a share of `heavy` calls
 * takes 4 to 20 s instead, evenly. The share of a call is drawn by its own key, so a set with more
 * heavy calls keeps those of one with fewer.
 */
#ifndef TESTS_SIM_ANALYSIS_LATENCIES_TRUTH_H
#define TESTS_SIM_ANALYSIS_LATENCIES_TRUTH_H

#include "sim/analysis/latencies.h"

struct latencies_truth {
    double heavy;
    bool hangs; /* heavy calls never answer instead */
};

/* The share answered within `us`; `context` is a struct latencies_truth. */
double latencies_truth_reached(const void *context, double us);
double latencies_truth_density(const struct latencies_truth *truth, double us);

/* Adds `count` calls, one a second, each watched to its end (hanging ones for an hour). */
void latencies_truth_fill(struct latency_series *series, const struct latencies_truth *truth,
                          uint32_t count, uint64_t seed);

/* A sample by hand: seconds of the clock apart, microseconds as given. */
void latencies_truth_add(struct latency_series *series, enum latency_fate fate, int64_t us);

#endif
