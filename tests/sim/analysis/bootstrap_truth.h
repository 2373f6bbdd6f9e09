/* tests/sim/analysis/bootstrap_truth.h - how often a bootstrap's 95% interval covers the truth.
 *
 * Made-up experiments of 50 days each: days differ in size (10 to 29 orders) and in luck, orders
 * are skewed (exponential), and the ratio of the sums is 2 on average. The quick test counts few
 * of them, calibration many.
 */
#ifndef TESTS_SIM_ANALYSIS_BOOTSTRAP_TRUTH_H
#define TESTS_SIM_ANALYSIS_BOOTSTRAP_TRUTH_H

#include <stdint.h>

struct bootstrap_truth {
    uint32_t runs;
    uint32_t percentile, studentised, bca; /* of the runs, how many covered */
};

/* Runs are numbered from `first`, so that parts of a long count can be added up. */
struct bootstrap_truth bootstrap_truth_count(uint32_t first, uint32_t runs, uint32_t replicates);

#endif
