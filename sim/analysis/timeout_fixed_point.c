#include "sim/analysis/timeout_fixed_point.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define SOLVED_US  1e-3
#define SETTLED_US 1.0

/* ---- the path ---- */

static struct timeout_fixed_point begin(const struct timeout_recursion *recursion)
{
    assert(recursion->probability > 0.0);
    assert(recursion->probability < 1.0);
    assert(recursion->from_us > 0.0);
    assert(recursion->allowance_us >= 0.0);
    struct timeout_fixed_point point = {.steps = 0};
    point.path_us[0] = point.timeout_us = recursion->from_us;
    return point;
}

/* False when the path ends here: it stands still, goes round, or is as long as it may be. */
static bool step_to(struct timeout_fixed_point *point, double us, bool beyond)
{
    const double before_us = point->timeout_us;
    point->path_us[++point->steps] = point->timeout_us = us;
    point->beyond[point->steps] = beyond;
    point->settled = !beyond && fabs(us - before_us) < SETTLED_US;
    for (uint32_t i = 0; i + 1 < point->steps; i++) {
        if (point->path_us[i] == us) return false;
    }
    return !point->settled && point->steps < TIMEOUT_STEPS_MAX;
}

/* ---- a law ---- */

/* The least us at which F is p; F(high) >= p. */
static double solve(timeout_law reached, const void *context, double probability, double high_us)
{
    double low_us = 0.0;
    while (high_us - low_us > SOLVED_US) {
        const double middle_us = low_us + (high_us - low_us) / 2.0;
        if (reached(context, middle_us) >= probability) {
            high_us = middle_us;
        } else {
            low_us = middle_us;
        }
    }
    return high_us;
}

struct timeout_fixed_point timeout_fixed_point(const struct timeout_recursion *recursion,
                                               timeout_law reached, const void *context)
{
    struct timeout_fixed_point point = begin(recursion);
    for (bool more = true; more;) {
        const double timeout_us = point.timeout_us;
        const double share = reached(context, timeout_us);
        const double wanted =
            recursion->probability * (recursion->rule == TIMEOUT_NAIVE ? share : 1.0);
        const bool beyond = share < wanted;
        const double quantile_us =
            beyond ? timeout_us : solve(reached, context, wanted, timeout_us);
        more = step_to(&point, quantile_us + recursion->allowance_us, beyond);
    }
    point.reached = reached(context, point.timeout_us);
    return point;
}

/* ---- a series ---- */

static int compare_samples(const void *left, const void *right)
{
    const struct latency_sample *const a = left, *const b = right;
    if (a->us != b->us) return a->us < b->us ? -1 : 1;
    return (int)a->fate - (int)b->fate; /* answers before what was censored with them */
}

/* The same calls, one after the other by their latency: what is cut from it is in order already, so
 * that no step has to sort again. When they were asked is of no matter here. */
static bool order_by_latency(struct latency_series *ordered, const struct latency_series *series,
                             struct err *err)
{
    for (uint32_t i = 0; i < series->count; i++) {
        if (!latency_add(ordered, &series->samples[i], err)) return false;
    }
    if (ordered->count > 0)
        qsort(ordered->samples, ordered->count, sizeof *ordered->samples, compare_samples);
    for (uint32_t i = 0; i < ordered->count; i++)
        ordered->samples[i].at_us = i;
    return true;
}

/* One week under a timeout: what would have been recorded, and its quantile. */
static bool quantile_under(struct latency_quantile *quantile, double *share,
                           const struct timeout_recursion *recursion,
                           const struct latency_series *series, double timeout_us, struct err *err)
{
    struct latency_series cut = {.count = 0};
    struct latency_ranks ranks = {.watched = 0};
    const bool made = latency_cut(&cut, series, (int64_t)ceil(timeout_us), err) &&
                      latency_ranks_make(&ranks, &cut, 0.95, err);
    if (made) {
        const enum latency_method method =
            recursion->rule == TIMEOUT_NAIVE ? LATENCY_NAIVE : LATENCY_CENSORED_RANKS;
        *quantile = latency_quantile(&ranks, method, recursion->probability);
        const uint32_t watched = latency_watched(&cut);
        *share = watched == 0 ? 0.0 : (double)cut.fates[LATENCY_ANSWERED] / watched;
    }
    latency_ranks_release(&ranks);
    latency_series_release(&cut);
    return made;
}

static bool follow(struct timeout_fixed_point *point, const struct timeout_recursion *recursion,
                   const struct latency_series *ordered, const char *name, struct err *err)
{
    struct latency_quantile quantile;
    for (bool more = true; more;) {
        if (!quantile_under(&quantile, &point->reached, recursion, ordered, point->timeout_us, err))
            return false;
        if (quantile.state == LATENCY_TOO_FEW) {
            return err_fail(err, ERR_INPUT, (struct place){0},
                            "%u calls of %s are too few for their quantile of %g", quantile.n, name,
                            recursion->probability);
        }
        const bool beyond = quantile.state == LATENCY_BEYOND;
        const double us = beyond ? quantile.beyond_us : quantile.us;
        more = step_to(point, us + recursion->allowance_us, beyond);
    }
    return quantile_under(&quantile, &point->reached, recursion, ordered, point->timeout_us, err);
}

bool timeout_fixed_point_of(struct timeout_fixed_point *point,
                            const struct timeout_recursion *recursion,
                            const struct latency_series *series, struct err *err)
{
    struct latency_series ordered = {.provider = series->provider};
    *point = begin(recursion);
    const bool done = order_by_latency(&ordered, series, err) &&
                      follow(point, recursion, &ordered, series->name, err);
    latency_series_release(&ordered);
    return done;
}
