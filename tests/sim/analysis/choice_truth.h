/* tests/sim/analysis/choice_truth.h - customers whose tastes are known, and how often the intervals
 * of what is fitted to their choices hold the truth.
 *
 * A customer sees three quotes (price in dollars about a cart of 40 to 80, minutes, share of the
 * cart found) or leaves, and chooses by a logit with known coefficients. An experiment has 600 of
 * them, each a cluster of its own; a minute is worth 0.24 dollars.
 */
#ifndef TESTS_SIM_ANALYSIS_CHOICE_TRUTH_H
#define TESTS_SIM_ANALYSIS_CHOICE_TRUTH_H

#include <stdint.h>

#include "sim/analysis/choice_fit.h"

enum { CHOICE_TRUTH_SHOWN = 3, CHOICE_TRUTH_PARAMETERS = 4, CHOICE_TRUTH_CUSTOMERS = 600 };
enum choice_truth_parameter { TRUTH_CONSTANT, TRUTH_DOLLARS, TRUTH_MINUTES, TRUTH_FOUND };

extern const double choice_truth_beta[CHOICE_TRUTH_PARAMETERS];
extern const char *const choice_truth_names[CHOICE_TRUTH_PARAMETERS];

struct choice_truth_sample { /* caller's arrays of `count` and count * SHOWN * PARAMETERS */
    struct choice_observation *observations;
    double *features;
    uint32_t count;
};

/* The same customers for the same experiment. */
void choice_truth_draw(struct choice_truth_sample sample, uint64_t experiment);
struct choice_data choice_truth_data(struct choice_truth_sample sample);

struct choice_truth { /* counts of runs */
    uint32_t runs, fitted;
    uint32_t delta_model, delta_robust;     /* intervals of dollars a minute that held the truth */
    uint32_t fieller_model, fieller_robust; /* sets that did */
};

/* Adds one experiment's. Several threads may, each to counts of its own. */
void choice_truth_run(uint64_t experiment, struct choice_truth *truth);

/* ---- what a policy earns ---- */

/* 600 customers were shown one quote at random, and bought it or left; a model is fitted to them.
 * 300 other orders of three quotes each: one policy takes the cheapest, another the fastest, and
 * the commission is 3%. The truth is the mean over 200,000 orders under the true tastes. */
struct choice_truth_metric { /* counts of runs */
    uint32_t runs;
    uint32_t value, difference;   /* 95% intervals of both parts together that held the truth */
    uint32_t by_model, by_orders; /* of the value, by one part alone: each too narrow */
};

/* As above. */
void choice_truth_metric_run(uint64_t experiment, struct choice_truth_metric *truth);

#endif
