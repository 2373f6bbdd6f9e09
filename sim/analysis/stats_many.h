/* sim/analysis/stats_many.h - many tests at once: false discoveries, and the best of K.
 *
 * Which correction for what: Holm (stats.h) for guardrails, where a single false alarm is one too
 * many and nothing is known of how the tests depend on each other; Benjamini-Hochberg for
 * exploring, where a known share of false findings is a fair price; max-T for "the best of K
 * candidates", whose tests are nearly copies of each other, so that Holm would throw power away.
 *
 * Adjusted p: reject where it is <= alpha. NaN among the input is no test: it stays NaN and does
 * not count.
 *
 * Ownership: callers own all arrays; stats_max_t() allocates some memory meanwhile.
 * Failure:   stats_max_t() alone: false with an err when memory is out.
 */
#ifndef SIM_ANALYSIS_STATS_MANY_H
#define SIM_ANALYSIS_STATS_MANY_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/err.h"

/* Benjamini and Hochberg (JRSS B 1995), step-up. Of what is rejected at alpha, at most a share of
 * alpha is expected to be wrong, for independent and for positively dependent tests (Benjamini and
 * Yekutieli 2001). As R's p.adjust(method = "BH"). Quadratic in count: for thousands, not more. */
void stats_benjamini_hochberg(const double *p, uint32_t count, double *adjusted);

/* Westfall and Young ("Resampling-based multiple testing", 1993), free step-down. `observed` are
 * t's, value over error; `resampled` are t's under the null, that is (value* - value) / error* of
 * bootstrap replicates that all tests share, so that they keep how tests depend on each other. A
 * NaN among the resampled (a replicate without a value) counts as 0. */
struct stats_max_t {
    const double *observed;  /* count of them */
    const double *resampled; /* resampled[replicate * count + test] */
    uint32_t count, replicates;
    double level;   /* 0.95: of `critical` */
    bool one_sided; /* large t's only; else their sizes */
};

/* `critical` (NULL: not wanted) is the level's quantile of the largest t over all tests: value -+
 * critical times error are intervals that hold all at once. NaN without tests or replicates. No
 * adjusted p is below 1/(replicates + 1). */
bool stats_max_t(const struct stats_max_t *input, double *adjusted, double *critical,
                 struct err *err);

#endif
