/* sim/analysis/timeout_fixed_point.h - where a rule for timeouts ends when its own timeouts make
 * the data that it is fed with next.
 *
 * The runbook's rule is T = p95 + 2 s, week after week. Which p95?
 *
 *   NAIVE     of the answers within T: the next is Q(p F(T)) + allowance, for of all calls p F(T)
 *             lie below it. It ends where F(T - allowance) = p F(T), and that is far below the true
 *             quantile where the tail is heavy: it throws away more calls, and looks fine
 *   CENSORED  of all calls, timeouts at T: Q(p) + allowance, at once, if F(T) >= p. Else the
 *             quantile is more than T, and the next timeout T + allowance: it climbs until it sees
 *             enough
 *
 * The law may be a function F, then quantiles are solved for (bisection, to a thousandth of a
 * microsecond), or a series: then each step cuts it at T and asks latency_quantile(). A series can
 * only be cut where it was watched, so it should have been watched much longer than any T.
 *
 * It ends when a step moves less than a microsecond, or returns to a timeout it had before (a
 * series may end in a small circle: `settled` is false then), or after TIMEOUT_STEPS_MAX steps.
 *
 * Ownership: nothing is kept. Failure: ERR_ENVIRONMENT when memory is out; ERR_INPUT when the
 * series is too small for the quantile.
 */
#ifndef SIM_ANALYSIS_TIMEOUT_FIXED_POINT_H
#define SIM_ANALYSIS_TIMEOUT_FIXED_POINT_H

#include "sim/analysis/latency_quantile.h"

enum timeout_recursion_rule { TIMEOUT_NAIVE, TIMEOUT_CENSORED };
enum { TIMEOUT_STEPS_MAX = 64 };

struct timeout_recursion {
    enum timeout_recursion_rule rule;
    double probability;  /* 0.95 */
    double allowance_us; /* 2 s */
    double from_us;      /* the first timeout: 10 s */
};

struct timeout_fixed_point {
    double path_us[TIMEOUT_STEPS_MAX + 1]; /* from `from_us` on */
    bool beyond[TIMEOUT_STEPS_MAX + 1]; /* the step to it found its quantile beyond the timeout */
    uint32_t steps;
    double timeout_us; /* the last of the path */
    double reached;    /* share of calls answered within it (of those that do not fail) */
    bool settled;
};

/* F: the share of calls that are answered within `us`; rises, 0 at 0. It may end below 1: what
 * hangs is never answered. */
typedef double (*timeout_law)(const void *context, double us);

struct timeout_fixed_point timeout_fixed_point(const struct timeout_recursion *recursion,
                                               timeout_law reached, const void *context);

bool timeout_fixed_point_of(struct timeout_fixed_point *point,
                            const struct timeout_recursion *recursion,
                            const struct latency_series *series, struct err *err);

#endif
