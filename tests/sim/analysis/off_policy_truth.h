/* tests/sim/analysis/off_policy_truth.h - do off-policy estimates find what full information knows?
 *
 * 4,096 quote sets of four quotes each are the population. The target policy takes the best by
 * other weights than the logging policy's; what it earns (cents of the quote it takes) is computed
 * from all four quotes: the truth. A run draws 1,000 orders, lets the logging policy choose with
 * epsilon-exploration (0.4), hides the three quotes that were not chosen, and estimates. The model
 * for DR knows a provider's mean price and nothing of the order.
 */
#ifndef TESTS_SIM_ANALYSIS_OFF_POLICY_TRUTH_H
#define TESTS_SIM_ANALYSIS_OFF_POLICY_TRUTH_H

#include <stdint.h>

struct off_policy_truth_row {
    uint32_t covered; /* runs whose 95% interval held the truth */
    double mean;      /* of the estimates */
    double width;     /* of the intervals, on average */
};

struct off_policy_truth {
    uint32_t runs;
    double truth;   /* what the target policy earns */
    double logging; /* what the logging policy's rewards average: what a naive reader would say */
    struct off_policy_truth_row ips, snips, dr;
};

struct off_policy_truth off_policy_truth_count(uint32_t first, uint32_t runs);

#endif
