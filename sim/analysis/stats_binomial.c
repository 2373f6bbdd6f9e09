#include "sim/analysis/stats_binomial.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

/* P(B <= hits), with continuity and skewness, good to about 1/n. */
static double edgeworth(double hits, double n, double p)
{
    const double sd = sqrt(n * p * (1.0 - p));
    const double z = (hits + 0.5 - n * p) / sd;
    const double skew = (1.0 - 2.0 * p) / (6.0 * sd);
    return gsl_cdf_ugaussian_P(z) - skew * (z * z - 1.0) * gsl_ran_ugaussian_pdf(z);
}

double stats_binomial_at_most(uint64_t hits, uint64_t n, double p)
{
    assert(hits <= n);
    assert(p >= 0.0);
    assert(p <= 1.0);
    if (hits == n) return 1.0;
    const double tail = gsl_cdf_beta_Q(p, (double)hits + 1.0, (double)(n - hits));
    return isnan(tail) ? edgeworth((double)hits, (double)n, p) : tail;
}

double stats_binomial_at_least(uint64_t hits, uint64_t n, double p)
{
    assert(hits <= n);
    assert(p >= 0.0);
    assert(p <= 1.0);
    if (hits == 0) return 1.0;
    const double tail = gsl_cdf_beta_P(p, (double)hits, (double)(n - hits) + 1.0);
    return isnan(tail) ? 1.0 - edgeworth((double)hits - 1.0, (double)n, p) : tail;
}

/* ---- the inverse ---- */

/* Between `low` and `high` the tail passes `tail`, upward where more hits are asked for. */
static double halve(uint64_t hits, uint64_t n, double tail, bool at_least)
{
    double low = 0.0, high = 1.0;
    for (;;) {
        const double p = low + 0.5 * (high - low);
        if (p <= low || p >= high) return p;
        const double here =
            at_least ? stats_binomial_at_least(hits, n, p) : stats_binomial_at_most(hits, n, p);
        if ((here < tail) == at_least) {
            low = p;
        } else {
            high = p;
        }
    }
}

double stats_binomial_p_at_least(uint64_t hits, uint64_t n, double tail)
{
    assert(tail > 0.0);
    assert(tail < 1.0);
    return hits == 0 ? 0.0 : halve(hits, n, tail, true);
}

double stats_binomial_p_at_most(uint64_t hits, uint64_t n, double tail)
{
    assert(tail > 0.0);
    assert(tail < 1.0);
    return hits == n ? 1.0 : halve(hits, n, tail, false);
}
