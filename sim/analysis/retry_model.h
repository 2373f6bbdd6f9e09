/* sim/analysis/retry_model.h - what fan-out, hedges, retries and their budgets come to, in closed
 * form: the figures that whatever is simulated or measured has to agree with.
 *
 * Every formula here takes calls for independent of each other: it is a model. Two calls to one
 * provider share its bad minutes, so a hedge gains less than the formula says (retry_whatif.h
 * measures how much less), and the paper it comes from says so.
 *
 *   fan-out     an order that waits for n answers is slow when any one is: 1 - (1 - p)^n; so its
 *               quantile p is each provider's quantile p^(1/n). J. Dean and L. A. Barroso, "The
 *               Tail at Scale", CACM 56(2), 2013
 *   hedge       a second call after d without an answer, the first answer wins: 1 - F(d) more
 *               calls; P(L > t) = 1 - F(t) up to d, (1 - F(t)) (1 - F(t - d)) beyond. The same
 *   layers      where each of k layers tries a times, the lowest meets a^k. M. Brooker, "Timeouts,
 *               retries and backoff with jitter", Amazon Builders' Library
 *   budgets     retries up to a share b of first tries: at most 1 + b times the load. "Handling
 *               Overload", Site Reliability Engineering, ch. 21: 10% a client, and 3 tries a
 *               request; Envoy and Finagle: 20%
 *   throttle    a bucket of tokens: a failure takes one, a success gives back a ratio r, retries
 *               only above half. Level where f = (1 - f) r: above a failure share of r / (1 + r)
 *               retries stop. gRPC proposal A6, "gRPC Retry Design"
 *
 * Times are milliseconds, shares 0..1. NaN where something is asked for that does not exist.
 *
 * Ownership: nothing is allocated. Pure.
 */
#ifndef SIM_ANALYSIS_RETRY_MODEL_H
#define SIM_ANALYSIS_RETRY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* ---- fan-out ---- */

/* The share of orders that meet a slow answer, when each of n answers is slow with `share`. */
double retry_fan_out(double share, double n);

/* The quantile that each of n must keep for all of them together to keep `probability`; and the
 * one that all together keep when each keeps `probability`. */
double retry_quantile_of_each(double probability, double n);
double retry_quantile_of_all(double probability, double n);

/* ---- hedges ---- */

struct retry_law {                                     /* how long one call takes */
    double (*reached)(const void *context, double ms); /* F: P(L <= ms), 0 below 0, rising */
    const void *context;                               /* borrowed */
};

/* Lognormal, by its median and another quantile: 0.5 < probability < 1. */
struct retry_lognormal {
    double mu, sigma;
};
struct retry_lognormal retry_lognormal_of(double median_ms, double probability, double ms);
struct retry_law retry_lognormal_law(const struct retry_lognormal *lognormal); /* borrows it */
double retry_lognormal_quantile(const struct retry_lognormal *lognormal, double probability);

/* Second calls over first calls when they are sent after `after_ms`. */
double retry_hedge_load(const struct retry_law *law, double after_ms);

/* P(L > ms) with such a hedge. */
double retry_hedge_tail(const struct retry_law *law, double after_ms, double ms);

/* The quantile of a call so hedged: P(L > result) = 1 - probability. */
double retry_hedge_quantile(const struct retry_law *law, double after_ms, double probability);

/* ---- retries ---- */

/* Calls that reach the lowest of `layers`, each of which tries `attempts` times, first try
 * included, for one request at the top while everything fails. */
double retry_layers(uint32_t attempts, uint32_t layers);

struct retry_plan {
    uint32_t attempts; /* first try included; at least 1 */
    double failing;    /* share of tries that fail */
    double budget;     /* retries per first try that are allowed in the long run; 0: no budget */
};
struct retry_outcome {
    double load;    /* tries per request: sum of f^k where the budget allows all */
    double wanted;  /* the same without the budget */
    double granted; /* share of wanted retries that the budget lets through */
    double failed;  /* requests that failed in the end */
};
/* With a budget that binds, each wanted retry is granted with the one probability g that uses it
 * up: sum over k >= 1 of (g f)^k = budget. */
struct retry_outcome retry_outcome_of(const struct retry_plan *plan);

/* ---- gRPC's throttle ---- */

struct retry_throttle {
    double most;  /* tokens of a full bucket: 10 in gRPC's example */
    double ratio; /* that a success gives back: 0.1 */
    double tokens;
};
void retry_throttle_count(struct retry_throttle *throttle, bool failed);
bool retry_throttle_allows(const struct retry_throttle *throttle);

/* The failure share above which the bucket runs low: ratio / (1 + ratio). */
double retry_throttle_limit(double ratio);

/* How much of the time a bucket lets retries through while tries fail with `failing`, one
 * independent of the other: the stationary distribution of its tokens, exact. For a ratio of which
 * a token is a whole multiple, and up to RETRY_THROTTLE_STATES steps of it in a bucket; else NaN.
 */
enum { RETRY_THROTTLE_STATES = 4096 };
double retry_throttle_share(double most, double ratio, double failing);

#endif
