/* Goal: tests of two arms hold at their edges: a p whenever there are units, intervals that stay
 * inside, non-inferiority whose bound and p say the same, honest silence. Method: every small
 * table; slower versions of the same sums; identities (the arms turned round, z squared is chi
 * square). Published numbers are in test_references_tests.c. */
#include "tests/support.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/analysis/stats_tests.h"

/* ---- shares ---- */

static double fisher_by_definition(struct stats_share a, struct stats_share b)
{
    const unsigned hits = (unsigned)(a.hits + b.hits), n_a = (unsigned)a.n, n_b = (unsigned)b.n;
    const double own = gsl_ran_hypergeometric_pdf((unsigned)a.hits, n_a, n_b, hits);
    double p = 0.0;
    for (unsigned k = 0; k <= hits && k <= n_a; k++) {
        const double here = gsl_ran_hypergeometric_pdf(k, n_a, n_b, hits);
        if (here <= own * (1.0 + 1e-7)) p += here;
    }
    return p;
}

static void check_table(struct stats_share a, struct stats_share b)
{
    const struct stats_shares test = stats_test_shares(a, b, 0.95);
    const struct stats_shares turned = stats_test_shares(b, a, 0.95);
    assert_true(test.p >= 0.0 && test.p <= 1.0);
    assert_true(test.low >= -1.0 && test.high <= 1.0);
    assert_true(test.low < test.high);
    assert_true(test.low <= test.difference && test.difference <= test.high);
    assert_true(test.method == STATS_TEST_FISHER || test.method == STATS_TEST_Z);
    assert_int_equal(isnan(test.p_fisher), test.method == STATS_TEST_Z);
    assert_int_equal(isnan(test.z_unpooled), isnan(test.wald_low));
    CHECK_NEAR(test.p, turned.p, 1e-12);
    CHECK_NEAR(test.low, -turned.high, 1e-15);
    CHECK_NEAR(stats_fisher_p(a, b), fisher_by_definition(a, b), 1e-10);
}

static void leaves_no_small_table_without_an_answer(void **state)
{
    (void)state;
    for (uint64_t n_a = 1; n_a <= 12; n_a++)
        for (uint64_t n_b = 1; n_b <= 12; n_b++)
            for (uint64_t a = 0; a <= n_a; a++)
                for (uint64_t b = 0; b <= n_b; b++)
                    check_table((struct stats_share){a, n_a}, (struct stats_share){b, n_b});
    check_table((struct stats_share){130, 400}, (struct stats_share){171, 390});
}

static void says_which_test_it_took(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct stats_share a, b;
        enum stats_test_method method;
    } rows[] = {{"five expected in every cell", {4, 10}, {6, 10}, STATS_TEST_Z},
                {"fewer in one", {4, 10}, {5, 10}, STATS_TEST_FISHER},
                {"a rate of one in a thousand", {3, 2000}, {1, 2000}, STATS_TEST_FISHER},
                {"no hit", {0, 5000}, {0, 5000}, STATS_TEST_FISHER},
                {"hits only", {50, 50}, {60, 60}, STATS_TEST_FISHER},
                {"no unit", {0, 0}, {3, 9}, STATS_TEST_NONE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct stats_shares test = stats_test_shares(rows[i].a, rows[i].b, 0.95);
        CHECK_ROW(rows[i].label, test.method == rows[i].method);
        CHECK_ROW(rows[i].label, isnan(test.p) == (test.method == STATS_TEST_NONE));
        CHECK_ROW(rows[i].label, isnan(test.low) == (test.method == STATS_TEST_NONE));
        CHECK_ROW(rows[i].label, stats_test_method_names[test.method] != NULL);
    }
    CHECK_NEAR(stats_test_shares(rows[3].a, rows[3].b, 0.95).p, 1.0, 0.0);
    CHECK_NEAR(stats_test_shares(rows[4].a, rows[4].b, 0.95).p, 1.0, 0.0);
}

static void takes_tables_of_billions(void **state)
{
    (void)state;
    const uint64_t n = UINT64_C(5000000000);
    /* Two hits, both in one arm: one table in two is as uneven. */
    CHECK_NEAR(stats_fisher_p((struct stats_share){2, n}, (struct stats_share){0, n}), 0.5, 1e-9);
    const struct stats_shares test = stats_test_shares(
        (struct stats_share){n / 2, n}, (struct stats_share){n / 2 + 150000, n}, 0.95);
    CHECK_NEAR(test.z_pooled, 150000.0 / sqrt(0.5 * (double)n), 1e-6);
}

/* ---- means and ratios ---- */

static void is_silent_where_nothing_can_be_told(void **state)
{
    (void)state;
    const double one[] = {4.0}, same[] = {4.1, 4.1, 4.1}, some[] = {1.0, 2.0, 4.0};
    const struct stats_moments single = stats_moments_of(one, 1), none = stats_moments_of(one, 0);
    const struct stats_moments flat = stats_moments_of(same, 3), wide = stats_moments_of(some, 3);
    const struct stats_test tests[] = {
        stats_test_welch(single, wide, 0.95), stats_test_welch(none, wide, 0.95),
        stats_test_welch(flat, flat, 0.95),   stats_test_lift(none, wide, 0.95),
        stats_test_lift(flat, flat, 0.95),    stats_test_paired(single, 0.95),
        stats_test_paired(none, 0.95)};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        assert_int_equal(tests[i].method, STATS_TEST_NONE);
        assert_true(isnan(tests[i].p) && isnan(tests[i].low) && isnan(tests[i].high));
    }
    CHECK_NEAR(tests[0].value, 7.0 / 3.0 - 4.0, 1e-12);
    assert_true(isnan(tests[1].value));
    /* One arm with a spread is enough. */
    assert_int_equal(stats_test_welch(flat, wide, 0.95).method, STATS_TEST_WELCH);
}

static void knows_a_difference_that_is_the_same_everywhere(void **state)
{
    (void)state;
    double shifts[50], zeros[50];
    for (int i = 0; i < 50; i++) {
        shifts[i] = (0.1 * i + 0.3) - 0.1 * i; /* 0.3 but for rounding */
        zeros[i] = 0.0;
    }
    const struct stats_test shift = stats_test_paired(stats_moments_of(shifts, 50), 0.95);
    assert_int_equal(shift.method, STATS_TEST_SAME);
    CHECK_NEAR(shift.low, shift.high, 0.0);
    CHECK_NEAR(shift.p, 0.0, 0.0);
    const struct stats_test zero = stats_test_paired(stats_moments_of(zeros, 50), 0.95);
    assert_int_equal(zero.method, STATS_TEST_SAME);
    CHECK_NEAR(zero.p, 1.0, 0.0);
}

static void gives_no_lift_over_what_may_be_nothing(void **state)
{
    (void)state;
    const struct stats_moments b = {.n = 100, .mean = 5.0, .variance = 9.0};
    const struct stats_moments near = {.n = 100, .mean = 0.5, .variance = 9.0}; /* 1.7 errors */
    const struct stats_moments away = {.n = 100, .mean = 0.7, .variance = 9.0}; /* 2.3 errors */
    const struct stats_moments zero = {.n = 100, .mean = 0.0, .variance = 9.0};
    assert_int_equal(stats_test_lift(near, b, 0.95).method, STATS_TEST_NONE);
    CHECK_NEAR(stats_test_lift(near, b, 0.95).value, 9.0, 1e-12);
    assert_int_equal(stats_test_lift(away, b, 0.95).method, STATS_TEST_DELTA);
    assert_true(isnan(stats_test_lift(zero, b, 0.95).value));
}

static void gives_a_ratio_the_spread_of_what_its_line_leaves(void **state)
{
    (void)state;
    enum { UNITS = 200 };
    double revenue[UNITS], orders[UNITS], rest[UNITS];
    double sum_revenue = 0.0, sum_orders = 0.0;
    for (uint64_t i = 0; i < UNITS; i++) {
        orders[i] = 1.0 + (double)(test_bits(1, i) % 5);
        revenue[i] = orders[i] * (20.0 + 10.0 * random_unit(test_bits(2, i)));
        sum_revenue += revenue[i];
        sum_orders += orders[i];
    }
    const double ratio = sum_revenue / sum_orders;
    for (int i = 0; i < UNITS; i++)
        rest[i] = (revenue[i] - ratio * orders[i]) / (sum_orders / UNITS);
    const struct stats_moments moments =
        stats_ratio_moments(stats_pair_moments_of(revenue, orders, UNITS));
    CHECK_NEAR(moments.mean, ratio, 1e-12);
    CHECK_NEAR(moments.variance / stats_moments_of(rest, UNITS).variance, 1.0, 1e-10);
    assert_int_equal(moments.n, UNITS);
    const double nothing[] = {0.0, 0.0};
    assert_true(isnan(stats_ratio_moments(stats_pair_moments_of(revenue, nothing, 2)).mean));
}

/* ---- not worse by more than a margin ---- */

static const double margins[] = {0.0, 0.005, 0.02, 0.05, 0.1, 0.3};

/* Bound and p are two ways to say one thing. */
static void check_kept(struct stats_kept kept, struct stats_margin margin)
{
    const double loss = margin.more_is_better ? -kept.bound : kept.bound;
    if (fabs(loss - margin.margin) > 1e-9) {
        assert_int_equal(kept.p <= margin.alpha, loss < margin.margin);
        assert_int_equal(kept.state == NONINFERIOR_SHOWN, loss < margin.margin);
    }
    CHECK_NEAR(kept.p + kept.p_harm, 1.0, 1e-9);
}

static void keeps_a_share_within_its_margin_by_bound_and_by_p(void **state)
{
    (void)state;
    for (uint64_t trial = 0; trial < 300; trial++) {
        const uint64_t n_a = 1 + test_bits(trial, 0) % 600, n_b = 1 + test_bits(trial, 1) % 600;
        const struct stats_share a = {test_bits(trial, 2) % (n_a + 1), n_a};
        const struct stats_share b = {test_bits(trial, 3) % (n_b + 1), n_b};
        double before = 1.0;
        for (size_t m = 0; m < sizeof margins / sizeof *margins; m++) {
            const struct stats_margin margin = {margins[m], trial % 2 == 0, 0.05};
            const struct stats_kept kept = stats_test_share_kept(a, b, margin);
            check_kept(kept, margin);
            assert_true(kept.p <= before + 1e-12); /* a wider margin is easier to keep */
            before = kept.p;
            /* What more of a is in b, less of not-a is. */
            const struct stats_margin other = {margins[m], trial % 2 != 0, 0.05};
            const struct stats_kept turned =
                stats_test_share_kept((struct stats_share){n_a - a.hits, n_a},
                                      (struct stats_share){n_b - b.hits, n_b}, other);
            CHECK_NEAR(turned.p, kept.p, 1e-9);
            CHECK_NEAR(turned.bound, -kept.bound, 1e-12);
        }
    }
}

static void keeps_a_mean_within_its_margin_by_bound_and_by_p(void **state)
{
    (void)state;
    for (uint64_t trial = 0; trial < 200; trial++) {
        const struct stats_moments a = {30 + test_bits(trial, 0) % 300, 1.0, 0.04};
        const struct stats_moments b = {30 + test_bits(trial, 1) % 300,
                                        0.85 + 0.3 * random_unit(test_bits(trial, 2)), 0.02};
        const struct stats_test test = stats_test_welch(a, b, 0.95);
        for (size_t m = 0; m < sizeof margins / sizeof *margins; m++) {
            const struct stats_margin margin = {margins[m], trial % 2 == 0, 0.05};
            check_kept(stats_test_kept(&test, margin), margin);
        }
    }
}

static void tells_worse_for_sure_from_not_known(void **state)
{
    (void)state;
    const struct stats_margin success = {.margin = 0.01, .more_is_better = true, .alpha = 0.05};
    static const struct {
        const char *label;
        struct stats_share a, b;
        enum stats_noninferiority state;
    } rows[] = {{"the same, many", {9500, 10000}, {9500, 10000}, NONINFERIOR_SHOWN},
                {"the same, few", {95, 100}, {95, 100}, NONINFERIOR_OPEN},
                {"worse by three points", {9500, 10000}, {9200, 10000}, NONINFERIOR_REFUTED},
                {"worse by the margin", {9500, 10000}, {9400, 10000}, NONINFERIOR_OPEN},
                {"better", {9400, 10000}, {9500, 10000}, NONINFERIOR_SHOWN},
                {"nobody", {0, 0}, {5, 10}, NONINFERIOR_UNKNOWN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(rows[i].label,
                  stats_test_share_kept(rows[i].a, rows[i].b, success).state == rows[i].state);
    const struct stats_test same = {.value = -0.02, .error = 0.0, .method = STATS_TEST_SAME};
    const struct stats_test unknown = {.value = -0.02, .error = NAN, .method = STATS_TEST_NONE};
    assert_int_equal(stats_test_kept(&same, success).state, NONINFERIOR_REFUTED);
    assert_int_equal(stats_test_kept(&unknown, success).state, NONINFERIOR_UNKNOWN);
}

/* ---- sample ratio mismatch ---- */

static void has_the_chi_square_that_z_squared_is(void **state)
{
    (void)state;
    const uint64_t counts[] = {4210, 6013};
    const double shares[] = {2.0, 3.0};
    const struct stats_srm test = stats_srm_test(counts, shares, 2);
    const double n = 10223.0, z = (4210.0 - 0.4 * n) / sqrt(n * 0.4 * 0.6);
    CHECK_NEAR(test.chi_square, z * z, 1e-10);
    CHECK_NEAR(test.p, 2.0 * gsl_cdf_ugaussian_Q(fabs(z)), 1e-12);
    const uint64_t three[] = {30, 30, 60};
    const double thirds[] = {1.0, 1.0, 1.0};
    CHECK_NEAR(stats_srm_test(three, thirds, 3).chi_square, 15.0, 1e-12);
    CHECK_NEAR(stats_srm_test(three, thirds, 3).p, exp(-7.5), 1e-12); /* two degrees of freedom */
}

static void counts_exactly_where_units_are_few(void **state)
{
    (void)state;
    const double halves[] = {0.5, 0.5}, rare[] = {98.0, 1.0, 1.0};
    const uint64_t four[] = {4, 0}, none[] = {0, 0}, many[] = {100, 8, 0};
    const struct stats_srm test = stats_srm_test(four, halves, 2);
    assert_int_equal(test.method, STATS_TEST_BINOMIAL);
    CHECK_NEAR(test.p, 2.0 / 16.0, 1e-12);
    assert_true(isnan(test.chi_square));
    CHECK_NEAR(stats_srm_test(none, halves, 2).p, 1.0, 0.0);
    assert_int_equal(stats_srm_test(none, halves, 2).method, STATS_TEST_NONE);
    const struct stats_srm three = stats_srm_test(many, rare, 3);
    assert_int_equal(three.method, STATS_TEST_BINOMIAL);
    CHECK_NEAR(three.p, 3.0 * 2.0 * gsl_cdf_binomial_Q(7, 0.01, 108), 1e-12);
}

static void finds_the_one_stratum_that_lost_units(void **state)
{
    (void)state;
    enum { STRATA = 24, ARMS = 2 };
    const double shares[ARMS] = {0.5, 0.5};
    uint64_t counts[STRATA * ARMS];
    for (uint64_t i = 0; i < STRATA; i++) {
        counts[2 * i] = 1000 + test_bits(1, i) % 20;
        counts[2 * i + 1] = 1000 + test_bits(2, i) % 20;
    }
    counts[2 * 7 + 1] = 800;
    counts[2 * 9] = counts[2 * 9 + 1] = 0;
    struct stats_srm tests[STRATA];
    double adjusted[STRATA];
    stats_srm_strata(counts, STRATA, shares, ARMS, tests, adjusted);
    for (int i = 0; i < STRATA; i++) {
        if (i == 9) {
            assert_true(isnan(adjusted[i]));
            continue;
        }
        assert_int_equal(adjusted[i] < STATS_SRM_ALPHA, i == 7);
    }
    CHECK_NEAR(adjusted[7], tests[7].p * (STRATA - 1), 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_no_small_table_without_an_answer),
        cmocka_unit_test(says_which_test_it_took),
        cmocka_unit_test(takes_tables_of_billions),
        cmocka_unit_test(is_silent_where_nothing_can_be_told),
        cmocka_unit_test(knows_a_difference_that_is_the_same_everywhere),
        cmocka_unit_test(gives_no_lift_over_what_may_be_nothing),
        cmocka_unit_test(gives_a_ratio_the_spread_of_what_its_line_leaves),
        cmocka_unit_test(keeps_a_share_within_its_margin_by_bound_and_by_p),
        cmocka_unit_test(keeps_a_mean_within_its_margin_by_bound_and_by_p),
        cmocka_unit_test(tells_worse_for_sure_from_not_known),
        cmocka_unit_test(has_the_chi_square_that_z_squared_is),
        cmocka_unit_test(counts_exactly_where_units_are_few),
        cmocka_unit_test(finds_the_one_stratum_that_lost_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
