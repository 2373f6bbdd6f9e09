/* Goal: tests of two arms give the numbers that others published. Method: tables of published
 * results, each with its source and the digits it was printed with:
 *   Newcombe 1998a, 1998b  Statistics in Medicine 17, 857 (one share) and 873 (two shares)
 *   R                      t.test() and fisher.test() as documented, on R's own data
 *   GrowthBook             gbstats' unit tests, rounded there to 5 decimals */
#include "tests/support.h"

#include "sim/analysis/stats_tests.h"

static struct stats_moments from_sums(double sum, double squares, uint64_t n)
{
    const double count = (double)n;
    return (struct stats_moments){
        .n = n, .mean = sum / count, .variance = (squares - sum * sum / count) / (count - 1.0)};
}

static struct stats_moments from_hits(uint64_t hits, uint64_t n) /* as GrowthBook: without n - 1 */
{
    const double share = (double)hits / (double)n;
    return (struct stats_moments){.n = n, .mean = share, .variance = share * (1.0 - share)};
}

/* ---- shares ---- */

static void gives_the_z_and_wald_interval_of_two_shares(void **state)
{
    (void)state;
    const struct stats_shares first =
        stats_test_shares((struct stats_share){48, 80}, (struct stats_share){56, 70}, 0.95);
    CHECK_NEAR(first.z_pooled, 2.6502, 1e-4);
    CHECK_NEAR(first.wald_low, 0.0575, 1e-4);
    CHECK_NEAR(first.wald_high, 0.3425, 1e-4);
    CHECK_NEAR(first.difference, 0.2, 1e-15);
    assert_int_equal(first.method, STATS_TEST_Z);
    CHECK_NEAR(first.p, first.p_pooled, 0.0);

    const struct stats_shares second =
        stats_test_shares((struct stats_share){1101, 1204}, (struct stats_share){4531, 4820}, 0.95);
    CHECK_NEAR(second.z_pooled, 3.2201, 1e-4);
    CHECK_NEAR(second.p_pooled, 0.00128, 1e-5);
}

static void gives_newcombes_intervals_of_two_shares(void **state)
{
    (void)state;
    static const struct { /* table II, method 10: first minus second */
        const char *label;
        struct stats_share first, second;
        double low, high;
    } rows[] = {
        {"(a)", {56, 70}, {48, 80}, 0.0524, 0.3339}, {"(b)", {9, 10}, {3, 10}, 0.1705, 0.8090},
        {"(c)", {6, 7}, {2, 7}, 0.0582, 0.8062},     {"(d)", {5, 56}, {0, 29}, -0.0381, 0.1926},
        {"(e)", {0, 10}, {0, 20}, -0.1611, 0.2775},  {"(f)", {0, 10}, {0, 10}, -0.2775, 0.2775},
        {"(g)", {10, 10}, {0, 20}, 0.6791, 1.0000},  {"(h)", {10, 10}, {0, 10}, 0.6075, 1.0000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct stats_shares test = stats_test_shares(rows[i].second, rows[i].first, 0.95);
        CHECK_ROW(rows[i].label, fabs(test.low - rows[i].low) < 5.1e-5);
        CHECK_ROW(rows[i].label, fabs(test.high - rows[i].high) < 5.1e-5);
    }
}

static void gives_wilsons_interval_of_one_share(void **state)
{
    (void)state;
    static const struct { /* table I, method 3 */
        const char *label;
        struct stats_share share;
        double low, high;
    } rows[] = {{"81 of 263", {81, 263}, 0.2553, 0.3662},
                {"15 of 148", {15, 148}, 0.0624, 0.1605},
                {"0 of 20", {0, 20}, 0.0000, 0.1611},
                {"1 of 29", {1, 29}, 0.0061, 0.1718}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double low, high;
        stats_wilson_interval(rows[i].share, 0.95, &low, &high);
        CHECK_ROW(rows[i].label, fabs(low - rows[i].low) < 5.1e-5);
        CHECK_ROW(rows[i].label, fabs(high - rows[i].high) < 5.1e-5);
    }
}

static void gives_fishers_p_as_r_does(void **state)
{
    (void)state;
    /* Fisher's tea drinker, and "Convictions" of the help page. */
    CHECK_NEAR(stats_fisher_p((struct stats_share){3, 4}, (struct stats_share){1, 4}), 0.4857143,
               5e-8);
    CHECK_NEAR(stats_fisher_p((struct stats_share){2, 12}, (struct stats_share){15, 18}), 0.0005367,
               5e-8);
}

/* ---- means ---- */

static const double sleep_1[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double sleep_2[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
enum { SLEEPERS = 10 };

static void gives_welchs_t_on_the_sleep_data(void **state)
{
    (void)state;
    const struct stats_test test = stats_test_welch(stats_moments_of(sleep_2, SLEEPERS),
                                                    stats_moments_of(sleep_1, SLEEPERS), 0.95);
    CHECK_NEAR(test.statistic, -1.860813, 1e-6);
    CHECK_NEAR(test.freedom / 17.77647, 1.0, 1e-6);
    CHECK_NEAR(test.p, 0.0793941, 1e-6);
    CHECK_NEAR(test.low, -3.3654832, 1e-6);
    CHECK_NEAR(test.high, 0.2054832, 1e-6);
    assert_int_equal(test.method, STATS_TEST_WELCH);
}

static void gives_the_paired_t_on_the_sleep_data(void **state)
{
    (void)state;
    double differences[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++)
        differences[i] = sleep_1[i] - sleep_2[i];
    const struct stats_test test = stats_test_paired(stats_moments_of(differences, SLEEPERS), 0.95);
    CHECK_NEAR(test.statistic, -4.062128, 1e-6);
    CHECK_NEAR(test.p, 0.00283289, 1e-6);
    CHECK_NEAR(test.freedom, 9.0, 0.0);
    CHECK_NEAR(test.value, -1.58, 1e-12);
    CHECK_NEAR(test.low, -2.4598858, 1e-6);
    CHECK_NEAR(test.high, -0.7001142, 1e-6);
    assert_int_equal(test.method, STATS_TEST_PAIRED);
}

static void gives_growthbooks_differences_and_lifts(void **state)
{
    (void)state;
    const struct stats_moments a = from_sums(1396.87, 52377.9767, 3407);
    const struct stats_moments b = from_sums(2422.7, 134698.29, 3461);
    const struct stats_test lift = stats_test_lift(a, b, 0.95);
    CHECK_NEAR(lift.value, 0.70732, 6e-6);
    CHECK_NEAR(lift.low, -0.03526, 6e-6);
    CHECK_NEAR(lift.high, 1.44989, 6e-6);
    CHECK_NEAR(lift.error, 0.37879, 6e-6);
    CHECK_NEAR(lift.p, 0.06191, 6e-6);
    assert_int_equal(lift.method, STATS_TEST_DELTA);

    const struct stats_test difference = stats_test_welch(a, b, 0.95);
    CHECK_NEAR(difference.value, 0.29, 1e-12);
    CHECK_NEAR(difference.low, 0.04538, 6e-6);
    CHECK_NEAR(difference.high, 0.53462, 6e-6);
    CHECK_NEAR(difference.p, 0.02016, 6e-6);

    const struct stats_test shares = stats_test_lift(from_hits(14, 28), from_hits(16, 30), 0.95);
    CHECK_NEAR(shares.value, 0.06667, 6e-6);
    CHECK_NEAR(shares.low, -0.47767, 6e-6);
    CHECK_NEAR(shares.high, 0.61101, 6e-6);
    CHECK_NEAR(shares.p, 0.80707, 6e-6);
}

static struct stats_moments ratio_from_sums(double sum, double squares, double count, uint64_t n)
{
    /* Every unit's denominator is 0 or 1, and its numerator is 0 where that is: count of ones. */
    const double units = (double)n;
    const struct stats_pair_moments pairs = {.numerator = from_sums(sum, squares, n),
                                             .denominator = from_sums(count, count, n),
                                             .covariance =
                                                 (sum - sum * count / units) / (units - 1.0)};
    return stats_ratio_moments(pairs);
}

static void gives_the_lift_of_a_ratio_metric(void **state)
{
    (void)state;
    const struct stats_moments a =
        ratio_from_sums(94605.79858780127, 10463129.505392816, 936.0, 1966);
    const struct stats_moments b =
        ratio_from_sums(99673.9364269569, 11298745.182728939, 947.0, 2034);
    const struct stats_test lift = stats_test_lift(a, b, 0.95);
    CHECK_NEAR(lift.value, 0.041333, 1e-4);
    CHECK_NEAR(lift.low, 0.01378609, 1e-4);
    CHECK_NEAR(lift.high, 0.0689, 1e-4);
    CHECK_NEAR(lift.p, 0.0032826, 1e-4);
}

static void gives_growthbooks_one_sided_bounds(void **state)
{
    (void)state;
    const struct stats_moments a = from_sums(1396.87, 52377.9767, 3000);
    const struct stats_moments b = from_sums(2422.7, 134698.29, 3461);
    const struct stats_margin none = {.margin = 0.0, .more_is_better = true, .alpha = 0.05};
    const struct stats_test difference = stats_test_welch(a, b, 0.95);
    const struct stats_kept absolute = stats_test_kept(&difference, none);
    CHECK_NEAR(absolute.bound, 0.020791480063255735, 1e-9);
    CHECK_NEAR(absolute.p, 0.03554272489873023, 1e-9);
    assert_int_equal(absolute.state, NONINFERIOR_SHOWN);
    const struct stats_test lift = stats_test_lift(a, b, 0.95);
    const struct stats_kept relative = stats_test_kept(&lift, none);
    CHECK_NEAR(relative.bound, -0.045136675850396046, 1e-9);
    CHECK_NEAR(relative.p, 0.06558262868467746, 1e-9);
    assert_int_equal(relative.state, NONINFERIOR_OPEN);
}

/* ---- sample ratio mismatch ---- */

static void finds_the_published_sample_ratio_mismatch(void **state)
{
    (void)state;
    const uint64_t counts[] = {821588, 815482};
    const double shares[] = {0.5, 0.5};
    const struct stats_srm test = stats_srm_test(counts, shares, 2);
    CHECK_NEAR(test.chi_square, 22.774, 1e-3);
    CHECK_NEAR(test.p / 1.82e-6, 1.0, 5e-3); /* printed with three digits */
    assert_true(test.p < STATS_SRM_ALPHA);
    assert_int_equal(test.method, STATS_TEST_CHI_SQUARE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_z_and_wald_interval_of_two_shares),
        cmocka_unit_test(gives_newcombes_intervals_of_two_shares),
        cmocka_unit_test(gives_wilsons_interval_of_one_share),
        cmocka_unit_test(gives_fishers_p_as_r_does),
        cmocka_unit_test(gives_welchs_t_on_the_sleep_data),
        cmocka_unit_test(gives_the_paired_t_on_the_sleep_data),
        cmocka_unit_test(gives_growthbooks_differences_and_lifts),
        cmocka_unit_test(gives_the_lift_of_a_ratio_metric),
        cmocka_unit_test(gives_growthbooks_one_sided_bounds),
        cmocka_unit_test(finds_the_published_sample_ratio_mismatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
