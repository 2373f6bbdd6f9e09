/* sim/analysis/stats_sign.h - paired differences without any law: the sign test, and the exact
 * interval of their median.
 *
 * Differences may be infinite: "never" here and not there is longer, or shorter, than any number.
 * The test is the binomial's over differences that are not 0 (Dixon and Mood, JASA 1946),
 * two-sided: twice the smaller tail, 1 at most. The interval lies between two order statistics
 * (stats_quantile_ranks()), ties and zeros included.
 *
 * Ownership: the caller's values are sorted in place. Failure: none; NaN means not known.
 */
#ifndef SIM_ANALYSIS_STATS_SIGN_H
#define SIM_ANALYSIS_STATS_SIGN_H

#include <stddef.h>
#include <stdint.h>

struct stats_sign {
    uint64_t n, above, below; /* of 0 */
    double median;    /* the mean of the middle two; NaN: none, or between both infinities */
    double low, high; /* NaN: too few for the level */
    double p;         /* 1 where nothing differs; NaN without differences at all */
};

/* None of the differences is NaN. */
struct stats_sign stats_sign_of(double *differences, size_t count, double level);

/* The middle of sorted values, the mean of two where they are even in number; NaN of none. */
double stats_middle(const double *sorted, size_t count);

#endif
