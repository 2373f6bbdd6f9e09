/* Goal: binomial tails and their inverse for every count. Method: the sum of the probabilities as
 * the slow version; intervals of every small count, among them those that GSL's own inverse stops
 * at; counts of billions against the normal they have become. */
#include "tests/support.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/analysis/stats.h"
#include "sim/analysis/stats_binomial.h"

static void sums_the_probabilities(void **state)
{
    (void)state;
    static const double shares[] = {0.0, 1e-6, 0.03, 0.5, 0.77, 1.0};
    static const unsigned sizes[] = {1, 2, 17, 400};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            double below = 0.0;
            for (unsigned k = 0; k <= sizes[i]; k++) {
                CHECK_NEAR(stats_binomial_at_least(k, sizes[i], shares[s]), 1.0 - below, 1e-11);
                below += gsl_ran_binomial_pdf(k, shares[s], sizes[i]);
                CHECK_NEAR(stats_binomial_at_most(k, sizes[i], shares[s]), below, 1e-11);
            }
        }
    }
}

static void inverts_every_count(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 400; n += n < 250 ? 83 : 1) {
        for (uint64_t hits = 0; hits <= n; hits += 1 + hits / 20) {
            const double low = stats_binomial_p_at_least(hits, n, 0.025);
            const double high = stats_binomial_p_at_most(hits, n, 0.025);
            assert_true(low <= (double)hits / (double)n && (double)hits / (double)n <= high);
            if (hits > 0) CHECK_NEAR(stats_binomial_at_least(hits, n, low), 0.025, 1e-12);
            if (hits < n) CHECK_NEAR(stats_binomial_at_most(hits, n, high), 0.025, 1e-12);
            CHECK_NEAR(stats_binomial_p_at_most(n - hits, n, 0.025), 1.0 - low, 1e-12);
        }
    }
    CHECK_NEAR(stats_binomial_p_at_least(0, 9, 0.025), 0.0, 0.0);
    CHECK_NEAR(stats_binomial_p_at_most(9, 9, 0.025), 1.0, 0.0);
}

/* Counts that came up in the calibration of intervals: GSL's inverse ends the program. */
static void gives_the_intervals_that_stopped_the_program(void **state)
{
    (void)state;
    const struct stats_estimate estimate = stats_share_difference(
        (struct stats_discordant){.gained = 7, .lost = 284, .n = 9000}, 0.95);
    assert_true(estimate.low < estimate.value && estimate.value < estimate.high);
    double low, high;
    stats_binomial_interval(7, 291, 0.95, &low, &high);
    CHECK_NEAR(stats_binomial_at_most(7, 291, high), 0.025, 1e-12);
}

static void becomes_normal_with_billions(void **state)
{
    (void)state;
    static const double shares[] = {0.5, 0.01, 0.95};
    static const uint64_t sizes[] = {10000000, 1000000000, UINT64_C(10000000000)};
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const double n = (double)sizes[i], sd = sqrt(n * shares[s] * (1.0 - shares[s]));
            double before = 0.0;
            for (double z = -3.0; z <= 3.0; z += 0.125) {
                const uint64_t hits = (uint64_t)floor(n * shares[s] + z * sd);
                const double p = stats_binomial_at_most(hits, sizes[i], shares[s]);
                /* Skewness moves it by up to 0.07 (1 - 2 p) / sd; what is left is far less. */
                const double normal =
                    gsl_cdf_ugaussian_P(((double)hits + 0.5 - n * shares[s]) / sd);
                CHECK_NEAR(p, normal, 0.08 / sd + 1e-5);
                assert_true(p > before);
                CHECK_NEAR(stats_binomial_at_least(hits + 1, sizes[i], shares[s]), 1.0 - p, 1e-9);
                before = p;
            }
            double low, high;
            const uint64_t half = sizes[i] / 2;
            stats_binomial_interval(half, sizes[i], 0.95, &low, &high);
            CHECK_NEAR((high - low) / 2.0, 1.959964 * 0.5 / sqrt(n), 1e-3 / sqrt(n));
        }
    }
}

static void finds_ranks_among_millions(void **state)
{
    (void)state;
    uint64_t low, high;
    const uint64_t n = 20000000;
    assert_true(stats_quantile_ranks(n, 0.95, 0.95, &low, &high));
    const double reach = 1.959964 * sqrt((double)n * 0.95 * 0.05);
    CHECK_NEAR((double)low, 0.95 * (double)n - reach, 2.0);
    CHECK_NEAR((double)high, 0.95 * (double)n + reach, 2.0);
    assert_true(stats_quantile_ranks(n, 0.5, 0.01, &low, &high)); /* in the very middle */
    CHECK_NEAR((double)low, 0.5 * (double)n, 40.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_the_probabilities),
        cmocka_unit_test(inverts_every_count),
        cmocka_unit_test(gives_the_intervals_that_stopped_the_program),
        cmocka_unit_test(becomes_normal_with_billions),
        cmocka_unit_test(finds_ranks_among_millions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
