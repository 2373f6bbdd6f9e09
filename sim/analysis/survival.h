/* sim/analysis/survival.h - Kaplan-Meier: how likely an answer takes longer than t, from calls of
 * which some were watched to their answer and some only up to a timeout, not always the same.
 *
 * ANSWERED calls are events, CENSORED ones leave the watch unanswered; FAILED and UNTIMED calls are
 * in no latency and are only counted. S(t) = P(L > t) is the product, over the instants t_i <= t at
 * which answers came, of 1 - d_i / n_i: d_i answers among the n_i calls that were still watched
 * just before (Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA
 * 1958). A call censored at the very instant of an answer was still watched then. F = 1 - S; as
 * long as nothing was censored F is the share of answers so far, the very same double.
 *
 * A call that hung to a hard cap (`capped`) was ended there for good: it stays in the watch as long
 * as anybody's, so that its share is never handed on to slow answers.
 *
 * It rests on one assumption, that when watching ends tells nothing of how long the answer would
 * have taken. A timeout fulfils it; timeouts that were raised because answers were slow do not.
 *
 * The variance of S is Greenwood's, S^2 sum d_i / (n_i (n_i - d_i)); pointwise intervals are
 * S^exp(+-z s / log S) with s^2 that sum, symmetric on the scale log(-log S), and so always within
 * 0 and 1 (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, section 1.4).
 * Where S is 1 or 0 there is no spread to see, and no interval.
 *
 * The quantile of p is the first instant at which F >= p: an answer that was seen, never a value
 * between two (type 1 of Hyndman and Fan; R's survfit takes the middle of a stretch at which F is p
 * exactly, we its lower end). Its interval turns the pointwise ones round: from the first instant
 * at which S's lower bound has come down to 1 - p to the first at which its upper bound has
 * (Brookmeyer and Crowley 1982). What the curve never reaches is BEYOND: more than the longest that
 * anybody watched, and no number.
 *
 * Making sorts once, O(n log n); every question is O(log n).
 *
 * Ownership: a curve owns its arrays; survival_release() frees them (a zeroed one is fine).
 * Failure:   ERR_ENVIRONMENT when memory is out. A series without watched calls is an empty curve:
 *            S is NaN everywhere, no quantile is known.
 */
#ifndef SIM_ANALYSIS_SURVIVAL_H
#define SIM_ANALYSIS_SURVIVAL_H

#include "sim/analysis/latencies.h"

struct survival_step { /* an instant at which answers came */
    int64_t us;
    uint32_t at_risk; /* watched just before */
    uint32_t events;
    double survival, reached;     /* S and F from here on, to the next step */
    double greenwood;             /* sum of d / (n (n - d)); infinite where S is 0 */
    double low, high;             /* of S; NaN without an interval */
    double least_low, least_high; /* the least such up to here; 1 before the first */
};

struct survival {
    struct survival_step *steps; /* rising */
    uint32_t count;
    int64_t *watched_us; /* of all calls in the curve, rising */
    uint32_t n;          /* events + censored */
    uint32_t events, censored, failed, untimed;
    int64_t last_us; /* the longest that anybody watched; 0: nobody did */
    double level;
};

/* `level` of all intervals: 0.95. */
bool survival_make(struct survival *curve, const struct latency_series *series, double level,
                   struct err *err);
bool survival_from_samples(struct survival *curve, const struct latency_sample *samples,
                           uint32_t count, double level, struct err *err);

struct survival_point {
    double survival;  /* S(t) = P(L > t); NaN past `last_us` when S has not reached 0 */
    double reached;   /* F(t) = P(L <= t); NaN with it */
    double error;     /* Greenwood's standard error of either; 0 before the first answer */
    double low, high; /* of S; NaN without an interval */
    uint32_t at_risk; /* calls watched for t at least */
};
struct survival_point survival_at(const struct survival *curve, int64_t us);

enum survival_state {
    SURVIVAL_REACHED,
    SURVIVAL_BEYOND, /* it is more than `us` */
    SURVIVAL_UNKNOWN /* nothing to know it from */
};
struct survival_end {
    enum survival_state state;
    int64_t us;
};
struct survival_quantile {
    struct survival_end value;
    struct survival_end low, high;
};
/* 0 < probability < 1. */
struct survival_quantile survival_quantile(const struct survival *curve, double probability);

void survival_release(struct survival *curve);

#endif
