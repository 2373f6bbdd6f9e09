/* sim/analysis/stats_tests.h - tests and intervals for two arms whose orders are different ones.
 *
 * stats.h judges the same orders under two policies (pairs, blocks). Here the arms of a live A/B
 * are compared, which share no order: shares, means, ratios of means, and whether the arms got the
 * traffic that they should have got. Units (orders; users, when assigned by user) are taken for
 * independent; sums per user first where users come again.
 *
 * Differences are b minus a; lifts are b over a minus 1. Every p is two-sided unless it says so,
 * and every result says by which method it came about and from how many units. NaN means not known,
 * and `method` then says why.
 *
 * Ownership: values in, values out; callers own arrays.
 * Failure:   none of these fails; what cannot be told is STATS_TEST_NONE.
 */
#ifndef SIM_ANALYSIS_STATS_TESTS_H
#define SIM_ANALYSIS_STATS_TESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stats_test_method {
    STATS_TEST_NONE,       /* too few units (none; for means fewer than two an arm), or no spread */
    STATS_TEST_SAME,       /* every pair differs by the same: nothing to estimate */
    STATS_TEST_Z,          /* normal, pooled variance under the null */
    STATS_TEST_FISHER,     /* exact: a 2x2 table given its margins */
    STATS_TEST_WELCH,      /* Student's t, unequal variances */
    STATS_TEST_PAIRED,     /* Student's t over differences */
    STATS_TEST_DELTA,      /* as Welch, variance of a ratio by the delta method */
    STATS_TEST_CHI_SQUARE, /* Pearson's */
    STATS_TEST_BINOMIAL,   /* exact; of more than two arms, each against the rest, by Holm */
    STATS_TEST_METHODS
};
extern const char *const stats_test_method_names[STATS_TEST_METHODS]; /* "Welch's t", ... */

struct stats_test {
    double value;     /* difference or lift */
    double low, high; /* two-sided at the level asked for; NaN without an interval */
    double error;     /* standard error; NaN where the method has none */
    double statistic; /* z, t; NaN where the method has none */
    double freedom;   /* of t; NaN otherwise */
    double p;         /* two-sided, of no difference */
    uint64_t n_a, n_b;
    enum stats_test_method method;
};

/* ---- shares ---- */

struct stats_share {
    uint64_t hits, n;
};

/* Wilson's score interval (JASA 1927), without continuity correction. n = 0: all of [0, 1]. */
void stats_wilson_interval(struct stats_share share, double level, double *low, double *high);

/* Newcombe's hybrid score interval of b minus a (Statistics in Medicine 1998, method 10), made of
 * two Wilson intervals at the same z; both arms have units. Inside [-1, 1], and as wide as it
 * should be even at 0 of n. */
void stats_newcombe_interval(struct stats_share a, struct stats_share b, double z, double *low,
                             double *high);

/* All the usual answers about two shares, and the one to use: `p` is Fisher's when some cell of
 * the table is expected to hold fewer than 5 (Cochran 1954) and the pooled z's otherwise, so it is
 * known whenever both arms have a unit; without any hit, or with hits only, it is 1. `low` and
 * `high` are Newcombe's; they come from other arithmetic than p, and close to the level one may
 * exclude 0 while the other does not. */
enum { STATS_CELL_LEAST = 5 };

struct stats_shares {
    double share_a, share_b; /* NaN: no unit */
    double difference;
    double z_pooled, p_pooled; /* variance of one share for both arms; NaN: the shares are 0, 1 */
    double z_unpooled, p_unpooled; /* variance of each arm's own; NaN: both arms have none */
    double wald_low, wald_high;    /* difference -+ z times that error; NaN as z_unpooled */
    double p_fisher;               /* NaN where the method is z: a long sum, with the same answer */
    double p, low, high;           /* the ones to use */
    uint64_t n_a, n_b;
    enum stats_test_method method; /* of p: Z, FISHER or NONE */
};

struct stats_shares stats_test_shares(struct stats_share a, struct stats_share b, double level);

/* Fisher's exact test, two-sided: the sum over tables no likelier than this one, as R's. Takes as
 * many steps as the smallest margin. */
double stats_fisher_p(struct stats_share a, struct stats_share b);

/* ---- means ---- */

struct stats_moments {
    uint64_t n;
    double mean;
    double variance; /* of a unit, with n - 1; NaN below two units */
};

struct stats_moments stats_moments_of(const double *values, size_t count);

/* Welch's t with Satterthwaite's degrees of freedom. Two arms without any spread give NONE. */
struct stats_test stats_test_welch(struct stats_moments a, struct stats_moments b, double level);

/* Student's t over the differences b - a of pairs. Without spread: SAME, an interval without width,
 * and p 1 or 0. */
struct stats_test stats_test_paired(struct stats_moments differences, double level);

/* ---- ratios, by the delta method ---- */

struct stats_pair_moments { /* of a unit's numerator and denominator: revenue and orders of a user
                             */
    struct stats_moments numerator, denominator; /* the same n */
    double covariance;                           /* with n - 1 */
};

struct stats_pair_moments stats_pair_moments_of(const double *numerators,
                                                const double *denominators, size_t count);

/* The ratio of the sums as if it were a mean: `variance` is that of a unit's linearised ratio,
 * (numerator - ratio * denominator) / mean denominator. So it can be given to stats_test_welch and
 * stats_test_lift. All NaN when the denominators' mean is 0. */
struct stats_moments stats_ratio_moments(struct stats_pair_moments pairs);

/* b over a minus 1, with the variance of a ratio of two independent means and Welch's degrees of
 * freedom (as GrowthBook). A ratio has no sensible normal interval while its denominator may as
 * well be 0: without an interval of a's mean that excludes 0, at the same level, this is NONE and
 * only `value` is known (NaN too when a's mean is 0). */
struct stats_test stats_test_lift(struct stats_moments a, struct stats_moments b, double level);

/* ---- not worse by more than a margin ---- */

enum stats_noninferiority {
    NONINFERIOR_OPEN,    /* the data allow both */
    NONINFERIOR_SHOWN,   /* worse by less than the margin, if at all: p <= alpha */
    NONINFERIOR_REFUTED, /* worse by more than the margin: p_harm <= alpha */
    NONINFERIOR_UNKNOWN  /* nothing to test with */
};

struct stats_margin {
    double margin; /* >= 0, in the value's unit: how much worse is still accepted */
    bool more_is_better;
    double alpha; /* one-sided, of each direction; 0.05 */
};

struct stats_kept {
    double value;  /* as it was, b minus a */
    double bound;  /* one-sided, of the bad side, at level 1 - alpha: compare with the margin */
    double p;      /* one-sided, of "worse by the margin or more" */
    double p_harm; /* one-sided, of "worse by the margin or less"; 1 - p where p is continuous */
    enum stats_noninferiority state;
    enum stats_test_method method; /* the test's */
};

/* From any test above that has an error. A test without spread decides by its value alone. */
struct stats_kept stats_test_kept(const struct stats_test *test, struct stats_margin margin);

/* For shares, by Newcombe's interval: bound and p agree, p being the alpha at which the bound
 * reaches the margin. */
struct stats_kept stats_test_share_kept(struct stats_share a, struct stats_share b,
                                        struct stats_margin margin);

/* ---- sample ratio mismatch ---- */

enum { STATS_ARMS_MAX = 16, STATS_STRATA_MAX = 256 };
#define STATS_SRM_ALPHA 0.001 /* below it no result of the experiment is believed */

struct stats_srm {
    double chi_square; /* NaN where the method is exact */
    uint32_t freedom;
    double p; /* 1 without units */
    uint64_t n;
    enum stats_test_method method; /* CHI_SQUARE; BINOMIAL where a cell expects fewer than 5 */
};

/* Counts of arms against expected shares, which are positive and need not sum to 1. */
struct stats_srm stats_srm_test(const uint64_t *counts, const double *shares, uint32_t arms);

/* The same in every stratum (hour, provider, postal area): counts[stratum * arms + arm]. The least
 * of `adjusted`, which are Holm's, is the one to compare with STATS_SRM_ALPHA; NaN for a stratum
 * without units. */
void stats_srm_strata(const uint64_t *counts, uint32_t strata, const double *shares, uint32_t arms,
                      struct stats_srm *tests, double *adjusted);

#endif
