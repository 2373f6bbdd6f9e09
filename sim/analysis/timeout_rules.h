/* sim/analysis/timeout_rules.h - the timeouts that the field's rules give for one provider, side by
 * side, each with what it would achieve.
 *
 *   TODAY      what is in force
 *   P95_PLUS   the runbook's: p95 + 2 s, with what timed out counted (latency_quantile.h: of
 *              answers alone the rule hides the problem that it causes)
 *   P99        the 99th percentile
 *   P999       a false-timeout rate of 0.1% (M. Brooker, "Timeouts, retries and backoff with
 *              jitter", AWS Builders' Library)
 *   CLAMP      clamp(quantile + base, least, most), the general form (eRPC's)
 *   TARGET     the shortest that waits for `target` of the good answers with 95% confidence: an
 *              order statistic, the upper end of a distribution-free tolerance interval (Hahn and
 *              Meeker, "Statistical Intervals", 5.4). It promises no percentile, so it needs
 *              ln(0.05)/ln(target) samples and not ten beyond: 59 for 95%, 299 for 99%. Fewer carry
 *              less: the target is lowered to 95, 90 or 80%, and `target` says to which. Good
 *              answers are those that come at all: a call that was watched past its timeout to a
 *              hard cap, and had not been answered by then, failed. One that was given up at its
 *              timeout may have been answered soon after, and counts as one that takes longer.
 *   KNEE       where the curve of answers over time is farthest above its chord, both axes scaled
 *              to 1 (Satopaa and others, "Finding a 'Kneedle' in a Haystack", 2011), from the first
 *              answer to the last that is known: it moves with the last, and is shown for that
 *   COST       cheapest under stated prices (waiting.h): of the whole router where orders are
 *              known, else of this provider's calls alone
 *
 * A timeout is a whole millisecond, rounded up: an answer at the timeout itself is late.
 *
 * What a timeout T achieves:
 *   success    asked, and answered well before T. Failed calls are in the denominator. Calls that
 *              were given up before T may have been answered by then: the share has them as not,
 *              `possible` as answered; between them lies the truth, and the interval covers both
 *   caught     of good answers, as TARGET counts them, those before T (Kaplan-Meier's curve): what
 *              a timeout governs
 *   false      asked, and known to have been answered after T; `false_possible` adds those of whom
 *              nobody knows, as the interval's upper end does. NaN where no late answer could be
 * seen
 *
 * Failure: ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_TIMEOUT_RULES_H
#define SIM_ANALYSIS_TIMEOUT_RULES_H

#include "sim/analysis/latencies.h"

enum timeout_rule {
    TIMEOUT_TODAY,
    TIMEOUT_P95_PLUS,
    TIMEOUT_P99,
    TIMEOUT_P999,
    TIMEOUT_CLAMP,
    TIMEOUT_TARGET,
    TIMEOUT_KNEE,
    TIMEOUT_COST,
    TIMEOUT_RULES
};
/* As --rule spells it, without spans and shares: "today", "p95+", "p99", "p99.9", "clamp",
 * "target", "knee", "cost"; NULL ends. */
extern const char *const timeout_rule_names[TIMEOUT_RULES + 1];

enum timeout_state {
    TIMEOUT_FOUND,
    TIMEOUT_TOO_FEW, /* the sample cannot carry it: n/a (needs `needs` samples) */
    TIMEOUT_BEYOND,  /* longer than `us`, where watching ended: nobody knows how much */
    TIMEOUT_UNKNOWN  /* TODAY: no timeout was told; COST: no prices */
};

struct timeout_setup {
    int64_t base_us;                           /* P95_PLUS: 2 s */
    double clamp_quantile;                     /* CLAMP: 0.99 */
    int64_t clamp_base_us, least_us, most_us;  /* 500 ms, 1 s, 15 s */
    double target;                             /* TARGET: 0.99 */
    double wait_cents_per_s, lost_quote_cents; /* COST of calls alone; both 0: no prices */
};
struct timeout_setup timeout_setup_default(void);

struct timeout_share {
    uint64_t hits, n;
    double value, low, high; /* exact 95% (Clopper and Pearson); NaN: n is 0 */
};

struct timeout_achieved {
    struct timeout_share success;
    double
        success_possible; /* with all of whom nobody knows; the value itself when there are none */
    double caught;        /* NaN: T lies beyond what is known, or there is no answer */
    struct timeout_share false_timeouts;
    double false_possible;
};

struct timeout_advice {
    enum timeout_state state;
    int64_t us;
    /* Exact 95% interval of the quantile it rests on, carried over: by order statistics. INT64_MAX:
     * beyond what is known; -1: no pair of ranks carries one. */
    int64_t low_us, high_us;
    double target;                    /* TARGET: what it waits for with 95% confidence; else NaN */
    uint64_t needs;                   /* TOO_FEW */
    struct timeout_achieved achieved; /* of FOUND alone */
};

/* All rules but COST of orders (the caller sets that one, from waiting_cheapest()). */
bool timeout_rules_apply(const struct latency_series *series, const struct timeout_setup *setup,
                         struct timeout_advice advice[TIMEOUT_RULES], struct err *err);

/* What a timeout does to a series. */
bool timeout_achieves(const struct latency_series *series, int64_t timeout_us,
                      struct timeout_achieved *achieved, struct err *err);

/* The whole curve at once; `timeouts_us` rise. */
bool timeout_curve(const struct latency_series *series, const int64_t *timeouts_us, uint32_t count,
                   struct timeout_achieved *achieved, struct err *err);

#endif
