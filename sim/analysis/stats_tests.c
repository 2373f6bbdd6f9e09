#include "sim/analysis/stats_tests.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>

const char *const stats_test_method_names[STATS_TEST_METHODS] = {
    [STATS_TEST_NONE] = "none",
    [STATS_TEST_SAME] = "same",
    [STATS_TEST_Z] = "z",
    [STATS_TEST_FISHER] = "Fisher's exact",
    [STATS_TEST_WELCH] = "Welch's t",
    [STATS_TEST_PAIRED] = "paired t",
    [STATS_TEST_DELTA] = "delta method",
    [STATS_TEST_CHI_SQUARE] = "chi-square",
    [STATS_TEST_BINOMIAL] = "exact binomial"};

static struct stats_test untold(double value, uint64_t n_a, uint64_t n_b)
{
    return (struct stats_test){.value = value,
                               .low = NAN,
                               .high = NAN,
                               .error = NAN,
                               .statistic = NAN,
                               .freedom = NAN,
                               .p = NAN,
                               .n_a = n_a,
                               .n_b = n_b,
                               .method = STATS_TEST_NONE};
}

static struct stats_test students(double value, double error, double freedom, double level)
{
    assert(error > 0.0);
    assert(freedom > 0.0);
    const double reach = gsl_cdf_tdist_Pinv(0.5 + level / 2.0, freedom) * error;
    const double t = value / error;
    return (struct stats_test){.value = value,
                               .low = value - reach,
                               .high = value + reach,
                               .error = error,
                               .statistic = t,
                               .freedom = freedom,
                               .p = 2.0 * gsl_cdf_tdist_Q(fabs(t), freedom)};
}

/* What the variance of a constant comes out as: rounding, squared. */
static bool is_rounding(double variance, double mean)
{
    const double noise = 1e-12 * mean;
    return !(variance > noise * noise);
}

static bool has_spread(struct stats_moments a)
{
    return a.n >= 2 && !is_rounding(a.variance, a.mean);
}

/* ---- means ---- */

struct stats_moments stats_moments_of(const double *values, size_t count)
{
    if (count == 0) return (struct stats_moments){.mean = NAN, .variance = NAN};
    const double mean = gsl_stats_mean(values, 1, count);
    return (struct stats_moments){
        .n = count,
        .mean = mean,
        .variance = count < 2 ? (double)NAN : gsl_stats_variance_m(values, 1, count, mean)};
}

static double squared_error(struct stats_moments arm)
{
    return arm.variance / (double)arm.n;
}

/* Satterthwaite's: of a sum of two variances, each known with n - 1. */
static double welch_freedom(struct stats_moments a, struct stats_moments b)
{
    const double from_a = squared_error(a), from_b = squared_error(b);
    const double both = from_a + from_b;
    return both * both /
           (from_a * from_a / ((double)a.n - 1.0) + from_b * from_b / ((double)b.n - 1.0));
}

struct stats_test stats_test_welch(struct stats_moments a, struct stats_moments b, double level)
{
    assert(level > 0.0);
    assert(level < 1.0);
    const double value = a.n == 0 || b.n == 0 ? (double)NAN : b.mean - a.mean;
    if (a.n < 2 || b.n < 2 || (!has_spread(a) && !has_spread(b)) || isnan(value))
        return untold(value, a.n, b.n);
    struct stats_test test =
        students(value, sqrt(squared_error(a) + squared_error(b)), welch_freedom(a, b), level);
    test.n_a = a.n;
    test.n_b = b.n;
    test.method = STATS_TEST_WELCH;
    return test;
}

struct stats_test stats_test_paired(struct stats_moments differences, double level)
{
    assert(level > 0.0);
    assert(level < 1.0);
    const uint64_t n = differences.n;
    if (n < 2 || isnan(differences.mean))
        return untold(n == 0 ? (double)NAN : differences.mean, n, n);
    struct stats_test test = untold(differences.mean, n, n);
    if (has_spread(differences)) {
        test = students(differences.mean, sqrt(squared_error(differences)), (double)n - 1.0, level);
        test.n_a = test.n_b = n;
        test.method = STATS_TEST_PAIRED;
    } else {
        test.low = test.high = test.value;
        test.error = 0.0;
        test.p = test.value == 0.0 ? 1.0 : 0.0;
        test.method = STATS_TEST_SAME;
    }
    return test;
}

/* ---- ratios ---- */

struct stats_pair_moments stats_pair_moments_of(const double *numerators,
                                                const double *denominators, size_t count)
{
    struct stats_pair_moments pairs = {.numerator = stats_moments_of(numerators, count),
                                       .denominator = stats_moments_of(denominators, count),
                                       .covariance = NAN};
    if (count >= 2) {
        pairs.covariance = gsl_stats_covariance_m(numerators, 1, denominators, 1, count,
                                                  pairs.numerator.mean, pairs.denominator.mean);
    }
    return pairs;
}

struct stats_moments stats_ratio_moments(struct stats_pair_moments pairs)
{
    assert(pairs.numerator.n == pairs.denominator.n);
    struct stats_moments ratio = {.n = pairs.numerator.n, .mean = NAN, .variance = NAN};
    const double scale = pairs.denominator.mean;
    if (ratio.n == 0 || scale == 0.0 || isnan(scale)) return ratio;
    ratio.mean = pairs.numerator.mean / scale;
    /* Rounding can leave a hair below 0 where numerators are proportional to denominators. */
    const double spread = pairs.numerator.variance - 2.0 * ratio.mean * pairs.covariance +
                          ratio.mean * ratio.mean * pairs.denominator.variance;
    if (ratio.n >= 2) ratio.variance = fmax(0.0, spread) / (scale * scale);
    return ratio;
}

/* As far from 0 as an interval of its own would have to be. */
static bool is_away_from_zero(struct stats_moments arm, double level)
{
    const double reach = gsl_cdf_tdist_Pinv(0.5 + level / 2.0, (double)arm.n - 1.0);
    return fabs(arm.mean) > reach * sqrt(squared_error(arm));
}

struct stats_test stats_test_lift(struct stats_moments a, struct stats_moments b, double level)
{
    assert(level > 0.0);
    assert(level < 1.0);
    if (a.n == 0 || b.n == 0 || a.mean == 0.0) return untold(NAN, a.n, b.n);
    const double value = (b.mean - a.mean) / a.mean;
    if (a.n < 2 || b.n < 2 || isnan(value) || (!has_spread(a) && !has_spread(b)) ||
        !is_away_from_zero(a, level))
        return untold(value, a.n, b.n);
    const double ratio = b.mean / a.mean;
    const double variance =
        (squared_error(b) + ratio * ratio * squared_error(a)) / (a.mean * a.mean);
    if (!(variance > 0.0)) return untold(value, a.n, b.n);
    struct stats_test test = students(value, sqrt(variance), welch_freedom(a, b), level);
    test.n_a = a.n;
    test.n_b = b.n;
    test.method = STATS_TEST_DELTA;
    return test;
}

/* ---- not worse by more than a margin ---- */

static enum stats_noninferiority margin_state(double p, double p_harm, double alpha)
{
    if (isnan(p)) return NONINFERIOR_UNKNOWN;
    if (p <= alpha) return NONINFERIOR_SHOWN;
    return p_harm <= alpha ? NONINFERIOR_REFUTED : NONINFERIOR_OPEN;
}

static bool margin_is_sane(struct stats_margin margin)
{
    return margin.margin >= 0.0 && margin.alpha > 0.0 && margin.alpha < 0.5;
}

struct stats_kept stats_test_kept(const struct stats_test *test, struct stats_margin margin)
{
    assert(margin_is_sane(margin));
    const double bad = margin.more_is_better ? -1.0 : 1.0;
    const double loss = bad * test->value;
    struct stats_kept kept = {
        .value = test->value, .bound = NAN, .p = NAN, .p_harm = NAN, .method = test->method};
    if (test->method == STATS_TEST_SAME) {
        kept.bound = test->value;
        kept.p = loss < margin.margin ? 0.0 : 1.0;
        kept.p_harm = loss > margin.margin ? 0.0 : 1.0;
    } else if (test->error > 0.0) { /* NaN is not */
        const double room = (margin.margin - loss) / test->error;
        const bool normal = isnan(test->freedom);
        const double reach = normal ? gsl_cdf_ugaussian_Qinv(margin.alpha)
                                    : gsl_cdf_tdist_Qinv(margin.alpha, test->freedom);
        kept.bound = test->value + bad * reach * test->error;
        kept.p = normal ? gsl_cdf_ugaussian_Q(room) : gsl_cdf_tdist_Q(room, test->freedom);
        kept.p_harm = normal ? gsl_cdf_ugaussian_P(room) : gsl_cdf_tdist_P(room, test->freedom);
    }
    kept.state = margin_state(kept.p, kept.p_harm, margin.alpha);
    return kept;
}

struct stats_kept stats_test_share_kept(struct stats_share a, struct stats_share b,
                                        struct stats_margin margin)
{
    assert(margin_is_sane(margin));
    struct stats_kept kept = {.value = NAN, .bound = NAN, .p = NAN, .p_harm = NAN};
    kept.state = NONINFERIOR_UNKNOWN;
    if (a.n == 0 || b.n == 0) return kept;

    /* As losses: turning the arms round turns the difference round. */
    const struct stats_share from = margin.more_is_better ? b : a;
    const struct stats_share to = margin.more_is_better ? a : b;
    const double loss = (double)to.hits / (double)to.n - (double)from.hits / (double)from.n;
    kept.value = margin.more_is_better ? -loss : loss;
    double low, high;
    stats_newcombe_interval(from, to, gsl_cdf_ugaussian_Qinv(margin.alpha), &low, &high);
    kept.bound = margin.more_is_better ? -high : high;

    /* The z at which the end between loss and margin reaches the margin; ends move outward with z,
     * and no p is told apart from 0 past 40. */
    const bool keeps = loss < margin.margin;
    double near = 0.0, far = 40.0;
    for (int step = 0; step < 100; step++) {
        const double z = 0.5 * (near + far);
        stats_newcombe_interval(from, to, z, &low, &high);
        const bool reached = keeps ? high >= margin.margin : low <= margin.margin;
        if (reached) {
            far = z;
        } else {
            near = z;
        }
    }
    const double tail = gsl_cdf_ugaussian_Q(far), rest = gsl_cdf_ugaussian_P(far);
    kept.p = keeps ? tail : rest;
    kept.p_harm = keeps ? rest : tail;
    kept.method = STATS_TEST_Z;
    kept.state = margin_state(kept.p, kept.p_harm, margin.alpha);
    return kept;
}
