#include "sim/analysis/stats_poisson.h"

#include <assert.h>
#include <stdbool.h>

#include <gsl/gsl_cdf.h>

/* P(N >= events), which rises with the mean, and P(N <= events), which falls. */
static double at_least(double events, double mean)
{
    return gsl_cdf_gamma_P(mean, events, 1.0);
}

static double at_most(double events, double mean)
{
    return gsl_cdf_gamma_Q(mean, events + 1.0, 1.0);
}

/* Where a tail that crosses `tail` between `low` and `high` does. */
static double crossing(double (*tail_at)(double, double), double events, double tail, double low,
                       double high)
{
    const bool rises = tail_at(events, low) < tail_at(events, high);
    for (;;) {
        const double middle = low + (high - low) / 2.0;
        if (middle <= low || middle >= high) return middle;
        if ((tail_at(events, middle) < tail) == rises) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

void stats_poisson_interval(uint64_t events, double level, double *low, double *high)
{
    assert(level > 0.0);
    assert(level < 1.0);
    assert(events < UINT64_C(1000000000));
    const double k = (double)events, tail = (1.0 - level) / 2.0;
    *low = events == 0 ? 0.0 : crossing(at_least, k, tail, 0.0, k + 1.0);
    double far = k + 1.0;
    while (at_most(k, far) > tail)
        far *= 2.0;
    *high = crossing(at_most, k, tail, k, far);
    assert(*low <= k);
    assert(*high >= k);
}
