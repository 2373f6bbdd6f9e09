/* sim/analysis/off_policy.h - what another policy would have earned, from a log of one that tried
 * things.
 *
 * Where a log has every quote of every order, replaying is exact and none of this is needed. It is
 * for what only the chosen one shows: was it delivered, was the customer content? Then a log can
 * answer for another policy only if the choice was partly random, with known probabilities
 * (epsilon-exploration), and every action the other policy takes had a chance. If one had none, the
 * value is not identified: no estimator and no amount of data would find it, and none is printed.
 *
 * Decision i: action a was taken with probability mu(a), reward r; the target policy takes it with
 * pi(a); w = pi(a) / mu(a).
 *   IPS    mean of w r (Horvitz and Thompson, JASA 1952): unbiased
 *   SNIPS  sum of w r over sum of w (Swaminathan and Joachims, "The self-normalized estimator for
 *          counterfactual learning", NIPS 2015): steadier, consistent
 *   DR     mean of sum_b pi(b) q(b) + w (r - q(a)) (Dudik, Langford, Li, "Doubly robust policy
 *          evaluation and learning", ICML 2011): unbiased whatever the model q, as long as q was
 *          not fitted to these same rewards, and the closer q the narrower
 * Weights are cut at a limit only when asked, which biases all three: `clipped` says how many were.
 *
 * Intervals are Student's t over clusters (stats.h), for the value over the population the orders
 * were drawn from. The effective n, (sum of w)^2 / sum of w^2, is how many orders of the target
 * policy's own the log is worth; the mean weight should be near 1, else mu is not what was logged.
 *
 * Ownership: the caller owns all arrays.
 * Failure:   false with an err: a row of probabilities that is none, an action taken that had no
 *            chance, a reward or model value that is not finite (ERR_INPUT, naming the decision,
 *            counted from 0); no memory.
 */
#ifndef SIM_ANALYSIS_OFF_POLICY_H
#define SIM_ANALYSIS_OFF_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "router/base/err.h"
#include "sim/analysis/stats.h"

struct off_policy_log { /* matrices have a row a decision, an entry an action */
    size_t count;
    uint32_t actions;
    const uint32_t *taken;
    const double *rewards;
    const double *logging;    /* mu; rows sum to 1 within 1e-9 */
    const double *target;     /* pi; the same */
    const double *model;      /* q; NULL: no DR */
    const uint32_t *clusters; /* of each decision, below cluster_count; NULL: each its own */
    uint32_t cluster_count;
    double weight_limit; /* 0: none */
    double level;
};

enum off_policy_state {
    OFF_POLICY_NONE,           /* no decisions */
    OFF_POLICY_NOT_IDENTIFIED, /* the target policy takes what never had a chance */
    OFF_POLICY_IDENTIFIED
};

struct off_policy_result {
    enum off_policy_state state;
    struct stats_estimate ips, snips, dr; /* values are NaN unless identified; dr without a model */
    double effective_n;                   /* NaN unless identified, as the next two */
    double mean_weight, largest_weight;   /* before cutting */
    uint64_t clipped;                     /* decisions whose weight was cut */
    uint64_t unsupported;                 /* decisions in which the target's action had no chance */
    size_t first_unsupported;             /* the first of them, if any */
};

bool off_policy_evaluate(const struct off_policy_log *log, struct off_policy_result *result,
                         struct err *err);

/* The row of a policy that takes `best`, but with probability epsilon any action, all alike. */
void off_policy_explore(uint32_t best, double epsilon, uint32_t actions, double *probabilities);

#endif
