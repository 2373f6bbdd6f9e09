/* sim/analysis/retry_whatif.h - what hedges and retries would have done to calls that were measured
 * without any.
 *
 * Hedges: for a delay d at each of four quantiles of a provider's latency, the extra load 1 - F(d),
 * and latency afterwards, twice:
 *
 *   independent  P(L > t) = S(t) S(t - d) beyond d: what the paper's formula gives over the curve
 *                that was measured, exactly, no law fitted. A model: two calls to one provider
 *                share its bad minutes, and no measurement says what the second would have taken
 *   shared       S(t) S'(t - d), where S' is the curve of calls that were really sent when the
 *                hedges would have been, just after a call that took longer than d. What slowness
 *                neighbours share is in it; that a call which took much longer than d has no slower
 *                neighbours than one that barely did is still a model
 *
 * Were all slowness shared, a hedge would gain nothing: latency stays what it was. So `before` is
 * the other end. Where P(slow | slow) lies near P(slow), believe the first; where it lies near 1,
 * save the calls.
 *
 * The curves are Kaplan and Meier's (survival.h), of calls that did not fail. What lies beyond the
 * longest watched call is BEYOND, more than that; a quantile with fewer than 10 calls beyond it is
 * TOO_FEW; a shared one needs WHATIF_PAIRS_LEAST neighbours.
 *
 * Retries: success within a deadline when a failed try is followed by another after a wait, from
 * the measured answers, failures and their times, by dynamic programming on a grid of deadline /
 * WHATIF_GRID, times rounded up, so that success is never overstated by it. Again twice: failures
 * independent, and with the failure share of calls that really followed a failed one. A failure
 * without a time is taken to leave no time for another try. Answers that nobody watched for do not
 * count: where the deadline lies beyond the longest watched call, success is at least that.
 *
 * Neighbours: the first call asked at or after the instant in question (a hedge's: d after its
 * first call was asked; a retry's: when the failure was there), at most `within_us` later. Without
 * times in the data it is the next row.
 *
 * Ownership: results hold numbers only. Failure: ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_RETRY_WHATIF_H
#define SIM_ANALYSIS_RETRY_WHATIF_H

#include "sim/analysis/latencies.h"

enum {
    WHATIF_DELAYS = 4,    /* p50, p90, p95, p99 */
    WHATIF_QUANTILES = 4, /* p50, p95, p99, p99.9 */
    WHATIF_TRIES = 4,
    WHATIF_GRID = 2048,
    WHATIF_PAIRS_LEAST = 30
};
extern const double whatif_delays[WHATIF_DELAYS];
extern const double whatif_quantiles[WHATIF_QUANTILES];

#define WHATIF_WITHIN_US INT64_C(60000000) /* a minute: what counts as close, by default */

enum whatif_method { WHATIF_MEASURED, WHATIF_INDEPENDENT, WHATIF_SHARED };
extern const char *const whatif_method_names[3]; /* "measured", "independent", "shared" */

struct whatif_setup {
    bool has_time; /* of the set: else at_us are rows */
    int64_t within_us;
    int64_t deadline_us; /* the timeout to judge by; 0: none */
};

enum whatif_state { WHATIF_KNOWN, WHATIF_BEYOND, WHATIF_TOO_FEW };
struct whatif_time {
    enum whatif_state state;
    int64_t us; /* BEYOND: it is more than that; TOO_FEW: 0 */
};

struct whatif_near { /* how far misfortune is shared by neighbours */
    uint32_t pairs;  /* whose first call had it, and whose second is known */
    uint32_t both;
    double after;     /* P(it | it) = both / pairs; NaN of no pairs */
    double low, high; /* Clopper-Pearson, 95% */
    double alone;     /* P(it), of all calls */
};

struct whatif_outcome { /* of calls, under one assumption */
    enum whatif_method method;
    bool model; /* true for all but WHATIF_MEASURED */
    bool known; /* false: too few neighbours; nothing below is set */
    uint32_t n; /* calls in the curve; WHATIF_SHARED: neighbours */
    struct whatif_time quantiles[WHATIF_QUANTILES];
    double in_time; /* answered by the deadline, of calls that did not fail; NaN: not known */
};

struct whatif_hedge {
    double delay_quantile;
    struct whatif_time after; /* not KNOWN: nothing below is set */
    double load;              /* second calls per first call */
    struct whatif_near slow;  /* longer than the delay */
    struct whatif_outcome independent, shared;
};

struct whatif_hedges {
    uint32_t n, answered, censored, failed; /* failed: UNTIMED too; in no curve */
    struct whatif_outcome before;
    struct whatif_hedge hedges[WHATIF_DELAYS];
};
bool whatif_hedges_make(struct whatif_hedges *whatif, const struct latency_series *series,
                        const struct whatif_setup *setup, struct err *err);

/* Whether to hedge: YES when one of the delays makes at most 10% more calls and takes p99, with
 * what neighbours share in it, down by more than 10%; NO when none does; NA when no such p99 is
 * known, before and after. `hedge`: of those judged the one with the least p99; NULL: NA. Borrowed.
 */
enum whatif_worth { WHATIF_YES, WHATIF_NO, WHATIF_NA };
struct whatif_choice {
    enum whatif_worth worth;
    const struct whatif_hedge *hedge;
};
struct whatif_choice whatif_choose(const struct whatif_hedges *whatif);

/* One delay of one's own choosing, with its quantile, into `hedge`. */
bool whatif_hedge_at(struct whatif_hedge *hedge, const struct latency_series *series,
                     const struct whatif_setup *setup, int64_t after_us, struct err *err);

/* ---- retries ---- */

struct whatif_retry_policy {
    int64_t backoff_us; /* before each further try */
    int64_t try_us;     /* a try that has not answered by then is given up and made again; 0: never,
                           as in production: only failures are tried again */
};

struct whatif_tries { /* with up to so many tries */
    uint32_t tries;
    double success, success_shared; /* answered by the deadline, of all calls; models but for 1 */
    double load, load_shared;       /* tries per call */
};

struct whatif_retries {
    uint32_t n;               /* calls, failed ones included */
    double failing;           /* share that failed */
    uint32_t untimed;         /* of them, without a time */
    struct whatif_near fails; /* a call that follows a failed one */
    bool shared_known;        /* else success_shared and load_shared are NaN */
    bool beyond; /* the deadline lies beyond the longest watched call: success is at least that */
    struct whatif_tries tries[WHATIF_TRIES]; /* 1, 2, ... */
};
/* setup->deadline_us > 0. */
bool whatif_retries_make(struct whatif_retries *whatif, const struct latency_series *series,
                         const struct whatif_setup *setup, const struct whatif_retry_policy *policy,
                         struct err *err);

#endif
