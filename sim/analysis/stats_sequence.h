/* sim/analysis/stats_sequence.h - intervals and p's that one may look at as often as one likes.
 *
 * A fixed-horizon p is good for one look, at the n that was planned: whoever looks daily and stops
 * at the first p below 0.05 is wrong far more often than one time in twenty. What is computed here
 * holds at every n at once: the chance that the truth is *ever* outside the interval, or that p is
 * *ever* at most alpha without an effect, is at most alpha. The price is width: 1.55 times that of
 * a fixed 95% interval where n = tuning, twice at a tenth of that.
 *
 *   confidence sequence   Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central
 *      (sequence_of)      limit theory and asymptotic confidence sequences" (2021), the Gaussian
 *                         mixture of Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform,
 *                         nonparametric, nonasymptotic confidence sequences" (2021). With v the
 *                         variance of the estimate, n units and s^2 = n v that of one unit,
 *
 *                         reach = s sqrt(2 (n r^2 + 1) ln(sqrt(n r^2 + 1) / alpha) / (n r)^2)
 *                         r^2   = (-2 ln alpha + ln(1 - 2 ln alpha)) / tuning
 *
 *                         which is narrowest near n = tuning. GrowthBook computes exactly this, n
 *                         being the units of both arms and `tuning` 5000 unless told otherwise.
 *   mSPRT                 Johari, Koomen, Pekelis and Walsh, "Always valid inference: continuous
 *      (sequence_msprt)   monitoring of A/B tests" (Operations Research 2022): the likelihood ratio
 *                         of effects drawn from N(0, tau^2) against none. The same family with
 *                         tau = r s, but tau is chosen by the effect one hopes for, in the metric's
 *                         own unit, instead of by n.
 *
 * Both are asymptotic: they take the estimate for normal. tests/calibration counts false alarms
 * over 1,000 looks. One look's p is valid whenever one stops; the least p so far, and the
 * intersection of the intervals so far, are valid too (sequence_follow).
 *
 * Failure: none. With fewer than SEQUENCE_UNITS_LEAST units or without a variance (fewer than two
 *          units an arm, or no spread yet) nothing is told: interval NaN, p 1. The floor is ours:
 *          the variance of two or three units is often so near 0 by luck that looking at them costs
 *          more than a percent of false alarms.
 */
#ifndef SIM_ANALYSIS_STATS_SEQUENCE_H
#define SIM_ANALYSIS_STATS_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/analysis/stats_tests.h"

enum { SEQUENCE_UNITS_LEAST = 20 };
#define SEQUENCE_TUNING            5000.0 /* units; GrowthBook's default */
#define SEQUENCE_SRM_CONCENTRATION 1e4    /* prior units; see sequence_srm */

enum sequence_method { SEQUENCE_NONE, SEQUENCE_CONFIDENCE, SEQUENCE_MSPRT };

struct sequence_look {
    double value;
    double low, high; /* NaN: not told yet */
    double p;         /* of no difference; 1 until there is evidence */
    uint64_t n;       /* units of both arms; pairs */
    enum sequence_method method;
};

struct sequence_rule {
    double alpha;  /* 0.05 */
    double tuning; /* units; SEQUENCE_TUNING */
};

struct sequence_estimate {
    double value;
    double error; /* standard error; not > 0: unknown */
    uint64_t n;
};

double sequence_rho(struct sequence_rule rule); /* r above, of one unit */

struct sequence_look sequence_of(struct sequence_estimate estimate, struct sequence_rule rule);

/* b minus a, of different units. */
struct sequence_look sequence_of_means(struct stats_moments a, struct stats_moments b,
                                       struct sequence_rule rule);
struct sequence_look sequence_of_shares(struct stats_share a, struct stats_share b,
                                        struct sequence_rule rule);

/* The mean of the differences of pairs. */
struct sequence_look sequence_of_pairs(struct stats_moments differences, struct sequence_rule rule);

/* tau > 0: standard deviation of the effects that one would expect, in the value's unit. */
struct sequence_look sequence_msprt(struct sequence_estimate estimate, double tau, double alpha);

/* ---- many looks ---- */

/* Start with `sequence_unseen`, and hand in each look in turn. */
struct sequence_seen {
    double low,
        high; /* the intersection so far; -HUGE_VAL and HUGE_VAL before the first interval */
    double p; /* the least so far */
    uint32_t looks;
    bool empty; /* the intervals excluded each other: the truth moved, or that one time in twenty */
};

extern const struct sequence_seen sequence_unseen;
void sequence_follow(struct sequence_seen *seen, const struct sequence_look *look);

/* ---- sample ratio mismatch, at any look ---- */

/* Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022), what
 * GrowthBook's sequential check computes: 1 over the Bayes factor of shares drawn from a Dirichlet
 * distribution about the expected ones, as tightly as if SEQUENCE_SRM_CONCENTRATION units had been
 * seen. 1 without units. Compare with STATS_SRM_ALPHA. */
double sequence_srm(const uint64_t *counts, const double *shares, uint32_t arms);

#endif
