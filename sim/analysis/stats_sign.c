#include "sim/analysis/stats_sign.h"

#include <gsl/gsl_sort.h>
#include <math.h>

#include "sim/analysis/stats.h"
#include "sim/analysis/stats_binomial.h"

double stats_middle(const double *sorted, size_t count)
{
    if (count == 0) return NAN;
    const double low = sorted[(count - 1) / 2], high = sorted[count / 2];
    return low <= high && high <= low ? low : low + (high - low) / 2; /* of two infinities: NaN */
}

static double sign_p(uint64_t above, uint64_t below)
{
    const uint64_t n = above + below, fewer = above < below ? above : below;
    if (n == 0) return 1.0;
    return fmin(1.0, 2.0 * stats_binomial_at_most(fewer, n, 0.5));
}

struct stats_sign stats_sign_of(double *differences, size_t count, double level)
{
    struct stats_sign sign = {.n = count, .low = NAN, .high = NAN, .p = NAN};
    gsl_sort(differences, 1, count);
    sign.median = stats_middle(differences, count);
    for (size_t i = 0; i < count; i++) {
        sign.above += differences[i] > 0.0;
        sign.below += differences[i] < 0.0;
    }
    if (count == 0) return sign;
    sign.p = sign_p(sign.above, sign.below);
    uint64_t low, high;
    if (stats_quantile_ranks(count, 0.5, level, &low, &high)) {
        sign.low = differences[low - 1];
        sign.high = differences[high - 1];
    }
    return sign;
}
