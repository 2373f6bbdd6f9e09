/* Shares and counts: what of stats_tests.h comes down to a table of counts. */
#include "sim/analysis/stats_tests.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/analysis/stats.h"
#include "sim/analysis/stats_binomial.h"

/* ---- intervals ---- */

static void wilson(struct stats_share share, double z, double *low, double *high)
{
    const double n = (double)share.n, p = (double)share.hits / n, squared = z * z;
    const double middle = p + squared / (2.0 * n);
    const double reach = z * sqrt(p * (1.0 - p) / n + squared / (4.0 * n * n));
    *low = share.hits == 0 ? 0.0 : (middle - reach) / (1.0 + squared / n);
    *high = share.hits == share.n ? 1.0 : (middle + reach) / (1.0 + squared / n);
}

void stats_wilson_interval(struct stats_share share, double level, double *low, double *high)
{
    assert(share.hits <= share.n);
    assert(level > 0.0);
    assert(level < 1.0);
    *low = 0.0;
    *high = 1.0;
    if (share.n > 0) wilson(share, gsl_cdf_ugaussian_Pinv(0.5 + level / 2.0), low, high);
}

void stats_newcombe_interval(struct stats_share a, struct stats_share b, double z, double *low,
                             double *high)
{
    assert(a.n > 0);
    assert(b.n > 0);
    const double share_a = (double)a.hits / (double)a.n, share_b = (double)b.hits / (double)b.n;
    double low_a, high_a, low_b, high_b;
    wilson(a, z, &low_a, &high_a);
    wilson(b, z, &low_b, &high_b);
    *low = share_b - share_a - hypot(share_b - low_b, high_a - share_a);
    *high = share_b - share_a + hypot(high_b - share_b, share_a - low_a);
}

/* ---- Fisher ---- */

/* Hits of a, given that there are `hits` in all: hypergeometric. */
struct table {
    uint64_t n_a, n_b, hits;
    uint64_t least, most; /* of hits of a */
};

static double step_up(const struct table *table, uint64_t k) /* weight of k + 1 over that of k */
{
    return (double)(table->n_a - k) * (double)(table->hits - k) /
           ((double)(k + 1) * (double)(table->n_b + k + 1 - table->hits));
}

static uint64_t likeliest(const struct table *table)
{
    const double mode = ((double)table->n_a + 1.0) * ((double)table->hits + 1.0) /
                        ((double)table->n_a + (double)table->n_b + 2.0);
    const uint64_t k = (uint64_t)mode;
    return k < table->least ? table->least : k > table->most ? table->most : k;
}

/* Weights fall on both sides of the likeliest table, which has weight 1: no overflow. */
static double weigh(const struct table *table, uint64_t mode, uint64_t k)
{
    double weight = 1.0;
    for (uint64_t at = mode; at < k && weight > 0.0; at++)
        weight *= step_up(table, at);
    for (uint64_t at = mode; at > k && weight > 0.0; at--)
        weight /= step_up(table, at - 1);
    return weight;
}

double stats_fisher_p(struct stats_share a, struct stats_share b)
{
    assert(a.hits <= a.n);
    assert(b.hits <= b.n);
    struct table table = {.n_a = a.n, .n_b = b.n, .hits = a.hits + b.hits};
    table.least = table.hits > b.n ? table.hits - b.n : 0;
    table.most = table.hits < a.n ? table.hits : a.n;
    const uint64_t mode = likeliest(&table);
    /* Tables as likely as this one but for rounding count, as in R. */
    const double limit = weigh(&table, mode, a.hits) * (1.0 + 1e-7);

    double all = 1.0, rare = 1.0 <= limit ? 1.0 : 0.0, weight = 1.0;
    for (uint64_t k = mode; k < table.most && weight > 0.0; k++) {
        weight *= step_up(&table, k);
        all += weight;
        if (weight <= limit) rare += weight;
    }
    weight = 1.0;
    for (uint64_t k = mode; k > table.least && weight > 0.0; k--) {
        weight /= step_up(&table, k - 1);
        all += weight;
        if (weight <= limit) rare += weight;
    }
    return fmin(1.0, rare / all);
}

/* ---- two shares ---- */

static double least_expected(struct stats_share a, struct stats_share b)
{
    const double hits = (double)(a.hits + b.hits);
    const double n = (double)a.n + (double)b.n;
    return fmin((double)a.n, (double)b.n) * fmin(hits, n - hits) / n;
}

static void two_sided(double difference, double variance, double *z, double *p)
{
    *z = variance > 0.0 ? difference / sqrt(variance) : (double)NAN;
    *p = variance > 0.0 ? 2.0 * gsl_cdf_ugaussian_Q(fabs(*z)) : (double)NAN;
}

struct stats_shares stats_test_shares(struct stats_share a, struct stats_share b, double level)
{
    assert(a.hits <= a.n);
    assert(b.hits <= b.n);
    assert(level > 0.0);
    assert(level < 1.0);
    const double n_a = (double)a.n, n_b = (double)b.n;
    struct stats_shares test = {.share_a = a.n == 0 ? (double)NAN : (double)a.hits / n_a,
                                .share_b = b.n == 0 ? (double)NAN : (double)b.hits / n_b,
                                .n_a = a.n,
                                .n_b = b.n};
    test.difference = test.share_b - test.share_a;
    test.z_pooled = test.p_pooled = test.z_unpooled = test.p_unpooled = NAN;
    test.wald_low = test.wald_high = test.p_fisher = test.p = test.low = test.high = NAN;
    if (a.n == 0 || b.n == 0) return test;

    const double z = gsl_cdf_ugaussian_Pinv(0.5 + level / 2.0);
    const double pooled = (double)(a.hits + b.hits) / (n_a + n_b);
    const double unpooled =
        test.share_a * (1.0 - test.share_a) / n_a + test.share_b * (1.0 - test.share_b) / n_b;
    two_sided(test.difference, pooled * (1.0 - pooled) * (1.0 / n_a + 1.0 / n_b), &test.z_pooled,
              &test.p_pooled);
    two_sided(test.difference, unpooled, &test.z_unpooled, &test.p_unpooled);
    if (unpooled > 0.0) {
        test.wald_low = test.difference - z * sqrt(unpooled);
        test.wald_high = test.difference + z * sqrt(unpooled);
    }
    stats_newcombe_interval(a, b, z, &test.low, &test.high);
    const bool few = least_expected(a, b) < STATS_CELL_LEAST;
    if (few) test.p_fisher = stats_fisher_p(a, b);
    test.p = few ? test.p_fisher : test.p_pooled;
    test.method = few ? STATS_TEST_FISHER : STATS_TEST_Z;
    return test;
}

/* ---- sample ratio mismatch ---- */

/* Twice the smaller tail. */
static double binomial_p(uint64_t hits, uint64_t n, double share)
{
    const double at_most = stats_binomial_at_most(hits, n, share);
    const double at_least = stats_binomial_at_least(hits, n, share);
    return fmin(1.0, 2.0 * fmin(at_most, at_least));
}

/* Of two arms, the second's p is the first's; of more, Holm's least adjusted p is as many times the
 * least p. */
static double exact_p(const uint64_t *counts, const double *shares, double whole, uint32_t arms,
                      uint64_t n)
{
    if (arms == 2) return binomial_p(counts[0], n, shares[0] / whole);
    double least = 1.0;
    for (uint32_t arm = 0; arm < arms; arm++)
        least = fmin(least, binomial_p(counts[arm], n, shares[arm] / whole));
    return fmin(1.0, (double)arms * least);
}

struct stats_srm stats_srm_test(const uint64_t *counts, const double *shares, uint32_t arms)
{
    assert(arms >= 2);
    assert(arms <= STATS_ARMS_MAX);
    double whole = 0.0;
    struct stats_srm test = {.chi_square = NAN, .freedom = arms - 1, .p = 1.0};
    for (uint32_t arm = 0; arm < arms; arm++) {
        assert(shares[arm] > 0.0);
        whole += shares[arm];
        test.n += counts[arm];
    }
    if (test.n == 0) return test;

    double square = 0.0, least = HUGE_VAL;
    for (uint32_t arm = 0; arm < arms; arm++) {
        const double expected = (double)test.n * shares[arm] / whole;
        const double surplus = (double)counts[arm] - expected;
        square += surplus * surplus / expected;
        least = fmin(least, expected);
    }
    if (least < STATS_CELL_LEAST) {
        test.p = exact_p(counts, shares, whole, arms, test.n);
        test.method = STATS_TEST_BINOMIAL;
    } else {
        test.chi_square = square;
        test.p = gsl_cdf_chisq_Q(square, (double)test.freedom);
        test.method = STATS_TEST_CHI_SQUARE;
    }
    return test;
}

void stats_srm_strata(const uint64_t *counts, uint32_t strata, const double *shares, uint32_t arms,
                      struct stats_srm *tests, double *adjusted)
{
    assert(strata <= STATS_STRATA_MAX);
    double p[STATS_STRATA_MAX];
    for (uint32_t s = 0; s < strata; s++) {
        tests[s] = stats_srm_test(counts + (size_t)s * arms, shares, arms);
        p[s] = tests[s].n == 0 ? (double)NAN : tests[s].p;
    }
    stats_holm(p, strata, adjusted);
}
