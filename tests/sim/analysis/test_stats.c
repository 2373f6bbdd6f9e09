/* Goal: intervals and tests that say what they claim. Method: numbers from textbooks and other
 * programs (R), agreement with GSL on plain samples, and coverage counted over a thousand made-up
 * experiments: within the binomial 99.9% region of 95%, that is 92.7% to 97.3%. */
#include "tests/support.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "sim/analysis/stats.h"

enum { EXPERIMENTS = 1000, BLOCKS = 50 };
static const double COVERAGE_LEAST = 0.927, COVERAGE_MOST = 0.973;

static double normal(uint64_t seed, uint64_t index)
{
    return gsl_cdf_ugaussian_Pinv((random_unit(test_bits(seed, index)) + 0x1p-54));
}

/* ---- means ---- */

/* R's data set `sleep`, t.test(paired = TRUE): t = -4.0621, df = 9, p = 0.002833. */
static void agrees_with_the_paired_t_test_of_r(void **state)
{
    (void)state;
    const double first[10] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    const double second[10] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    struct stats_block blocks[10];
    for (unsigned i = 0; i < 10; i++) {
        blocks[i] = (struct stats_block){.n = 1, .difference = first[i] - second[i], .weight = 1.0};
    }
    const struct stats_estimate found = stats_mean_difference(blocks, 10, 0.95);
    CHECK_NEAR(found.value, -1.58, 1e-12);
    CHECK_NEAR(found.p, 0.00283289, 1e-8);
    CHECK_NEAR(found.low, -2.4598858, 1e-6);
    CHECK_NEAR(found.high, -0.7001142, 1e-6);
    assert_int_equal(found.n, 10);
    assert_int_equal(found.blocks, 10);
    assert_int_equal(found.method, STATS_BLOCKS);
}

/* By hand: three carts, lines asked 2, 4, 4, lines more filled 1, 0, -1 and one empty block. Ratio
 * 0/10 = 0; deviations 1, 0, -1; squares 2; error sqrt(2 * 3/2) / 10 = 0.1732; t(2) at 97.5% is
 * 4.302653. */
static void weighs_a_ratio_by_its_denominators(void **state)
{
    (void)state;
    const struct stats_block blocks[4] = {{.n = 1, .difference = 1, .weight = 2},
                                          {.n = 0},
                                          {.n = 1, .difference = 0, .weight = 4},
                                          {.n = 1, .difference = -1, .weight = 4}};
    const struct stats_estimate found = stats_mean_difference(blocks, 4, 0.95);
    CHECK_NEAR(found.value, 0.0, 0.0);
    CHECK_NEAR(found.high, 0.745241, 1e-6);
    CHECK_NEAR(found.low, -0.745241, 1e-6);
    CHECK_NEAR(found.p, 1.0, 1e-12);
    assert_int_equal(found.blocks, 3);
}

static void a_constant_difference_is_exact(void **state)
{
    (void)state;
    struct stats_block blocks[BLOCKS];
    for (unsigned g = 0; g < BLOCKS; g++) { /* a tenth has no exact double */
        const double n = 7.0 + g;
        blocks[g] = (struct stats_block){.n = 7 + g, .difference = 0.1 * n, .weight = n};
    }
    const struct stats_estimate found = stats_mean_difference(blocks, BLOCKS, 0.95);
    assert_int_equal(found.method, STATS_EXACT);
    CHECK_NEAR(found.value, 0.1, 1e-15);
    CHECK_NEAR(found.low, found.high, 0.0);
    CHECK_NEAR(found.p, 0.0, 0.0);
}

static void too_little_has_no_interval(void **state)
{
    (void)state;
    const struct stats_block one = {.n = 5, .difference = 10, .weight = 5};
    const struct stats_estimate none = stats_mean_difference(NULL, 0, 0.95);
    const struct stats_estimate single = stats_mean_difference(&one, 1, 0.95);
    assert_int_equal(none.method, STATS_NONE);
    assert_true(isnan(none.value));
    assert_int_equal(single.method, STATS_NONE);
    CHECK_NEAR(single.value, 2.0, 0.0);
    assert_true(isnan(single.low) && isnan(single.p));
}

struct tally_of_runs {
    unsigned covered, rejected;
};

static void report(const char *what, double share)
{
    print_message("%s: %.1f%%\n", what, 100.0 * share);
}

/* Orders share their block's luck (a standard deviation of 1 beside their own 2), and blocks differ
 * in size: judged order by order, such intervals would cover far less. */
static void covers_the_truth_when_orders_share_their_minute(void **state)
{
    (void)state;
    unsigned covered = 0, rejected = 0, naive = 0;
    for (uint64_t run = 0; run < EXPERIMENTS; run++) {
        struct stats_block blocks[BLOCKS] = {0};
        double sum = 0.0, squares = 0.0, n = 0.0;
        for (uint64_t g = 0, at = 0; g < BLOCKS; g++) {
            const double luck = normal(1000 + run, at++);
            const uint64_t size = 10 + random_below(test_bits(2000 + run, g), 20);
            for (uint64_t i = 0; i < size; i++) {
                const double value = luck + 2.0 * normal(1000 + run, at++);
                blocks[g].n++;
                blocks[g].weight += 1.0;
                blocks[g].difference += value;
                sum += value, squares += value * value, n += 1.0;
            }
        }
        const struct stats_estimate found = stats_mean_difference(blocks, BLOCKS, 0.95);
        covered += found.low <= 0.0 && 0.0 <= found.high;
        rejected += found.p <= 0.05;
        naive += fabs(sum / n) <= 1.96 * sqrt((squares / n - sum * sum / n / n) / n);
    }
    report("blocks cover", covered / (double)EXPERIMENTS);
    report("order by order would cover", naive / (double)EXPERIMENTS);
    assert_true(covered >= COVERAGE_LEAST * EXPERIMENTS);
    assert_true(covered <= COVERAGE_MOST * EXPERIMENTS);
    assert_int_equal(rejected, EXPERIMENTS - covered);
    assert_true(naive < COVERAGE_LEAST * EXPERIMENTS);
}

/* ---- shares ---- */

/* R: binom.test(5, 20)$p.value = 0.04138947; mcnemar by hand: 2 * P(B <= 2), B(10, 1/2) = 0.109375.
 * Clopper-Pearson of 2 in 10 (any table): 0.0252 to 0.5561. */
static void agrees_with_exact_binomial_tables(void **state)
{
    (void)state;
    const struct stats_estimate twenty =
        stats_share_difference((struct stats_discordant){.gained = 5, .lost = 15, .n = 100}, 0.95);
    CHECK_NEAR(twenty.p, 0.04138947, 1e-8);
    CHECK_NEAR(twenty.value, -0.1, 1e-15);
    const struct stats_estimate ten =
        stats_share_difference((struct stats_discordant){.gained = 2, .lost = 8, .n = 100}, 0.95);
    CHECK_NEAR(ten.p, 0.109375, 1e-12);
    CHECK_NEAR(ten.low, (2.0 * 0.02521073 - 1.0) * 0.1, 1e-8);
    CHECK_NEAR(ten.high, (2.0 * 0.55609546 - 1.0) * 0.1, 1e-8);
    double low, high;
    stats_binomial_interval(0, 10, 0.95, &low, &high); /* 1 - 0.025^(1/10) */
    CHECK_NEAR(low, 0.0, 0.0);
    CHECK_NEAR(high, 1.0 - pow(0.025, 0.1), 1e-12);
}

static void the_exact_test_agrees_with_gsl_s_binomial(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 60; n++) {
        for (unsigned gained = 0; gained <= n; gained++) {
            const unsigned fewer = gained < n - gained ? gained : n - gained;
            const double p = fmin(1.0, 2.0 * gsl_cdf_binomial_P(fewer, 0.5, n));
            const struct stats_discordant pairs = {.gained = gained, .lost = n - gained, .n = n};
            CHECK_NEAR(stats_share_difference(pairs, 0.95).p, p, 1e-12);
        }
    }
}

static void orders_that_never_differ_are_exact(void **state)
{
    (void)state;
    const struct stats_estimate found =
        stats_share_difference((struct stats_discordant){.n = 100}, 0.95);
    assert_int_equal(found.method, STATS_EXACT);
    CHECK_NEAR(found.high, 0.0, 0.0);
    CHECK_NEAR(found.p, 1.0, 0.0);
    assert_int_equal(stats_share_difference((struct stats_discordant){0}, 0.95).method, STATS_NONE);
}

/* An exact test may only err on the safe side: at most 5% and noise (5.7%), at most 7.3% uncovered.
 */
static void the_exact_test_stays_below_its_level(void **state)
{
    (void)state;
    unsigned rejected = 0, covered = 0;
    for (uint64_t run = 0; run < EXPERIMENTS; run++) {
        struct stats_discordant pairs = {.n = 400};
        for (uint64_t i = 0; i < pairs.n; i++) {
            const double luck = random_unit(test_bits(3000 + run, i));
            pairs.gained += luck < 0.05;
            pairs.lost += luck >= 0.05 && luck < 0.10;
        }
        const struct stats_estimate found = stats_share_difference(pairs, 0.95);
        rejected += found.p <= 0.05;
        covered += found.low <= 0.0 && 0.0 <= found.high;
    }
    report("McNemar rejects", rejected / (double)EXPERIMENTS);
    assert_true(rejected <= 0.073 * EXPERIMENTS);
    assert_true(covered >= COVERAGE_LEAST * EXPERIMENTS);
}

/* ---- quantiles ---- */

/* R: qbinom(c(.025, .975), 1000, .95) = 936, 963; X(936) to X(963) covers 94.8%, so one rank more.
 */
static void finds_the_ranks_around_a_quantile(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t n;
        double probability;
        bool found;
    } rows[] = {
        {"median of 10", 10, 0.5, true},   {"p95 of 1000", 1000, 0.95, true},
        {"p99 of 1000", 1000, 0.99, true}, {"p99 of 100000", 100000, 0.99, true},
        {"median of 5", 5, 0.5, false},    {"p95 of 50", 50, 0.95, false},
        {"p5 of 1000", 1000, 0.05, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t low = 0, high = 0;
        const bool found = stats_quantile_ranks(rows[i].n, rows[i].probability, 0.95, &low, &high);
        CHECK_ROW(rows[i].label, found == rows[i].found);
        if (!found) continue;
        const unsigned n = (unsigned)rows[i].n;
        const double cover = gsl_cdf_binomial_P((unsigned)high - 1, rows[i].probability, n) -
                             gsl_cdf_binomial_P((unsigned)low - 1, rows[i].probability, n);
        CHECK_ROW(rows[i].label, cover >= 0.95);
        CHECK_ROW(rows[i].label, cover <= 0.98);
    }
    uint64_t low = 0, high = 0; /* 2nd and 9th of ten: 97.9%, the classic */
    assert_true(stats_quantile_ranks(10, 0.5, 0.95, &low, &high));
    assert_int_equal(low, 2);
    assert_int_equal(high, 9);
    assert_true(stats_quantile_ranks(1000, 0.95, 0.95, &low, &high));
    assert_true(low == 936 && high == 964);
}

static int by_value(const void *left, const void *right)
{
    const uint32_t a = ((const struct stats_atom *)left)->value;
    const uint32_t b = ((const struct stats_atom *)right)->value;
    return (a > b) - (a < b);
}

/* Type 7 by hand: {15, 20, 35, 40, 50}: p5 16, p25 20, p40 29, p95 48. */
static void quantiles_are_type_seven(void **state)
{
    (void)state;
    const struct stats_atom items[5] = {{15, 1, 0}, {20, 1, 1}, {35, 1, 0}, {40, 1, 2}, {50, 1, 0}};
    const struct stats_atoms atoms = {.items = items, .count = 5};
    const double probabilities[4] = {0.05, 0.25, 0.40, 0.95};
    double found[4];
    stats_quantiles(atoms, NULL, probabilities, 4, found);
    CHECK_NEAR(found[0], 16.0, 1e-13);
    CHECK_NEAR(found[1], 20.0, 1e-13);
    CHECK_NEAR(found[2], 29.0, 1e-13);
    CHECK_NEAR(found[3], 48.0, 1e-13);
    stats_quantiles((struct stats_atoms){0}, NULL, probabilities, 4, found);
    assert_true(isnan(found[0]));
}

static void a_resample_s_quantiles_are_gsl_s(void **state)
{
    (void)state;
    const double probabilities[4] = {0.0, 0.5, 0.95, 1.0};
    for (uint64_t run = 0; run < 200; run++) {
        struct stats_atom items[30];
        double plain[30 * 3 * 4];
        uint32_t times[BLOCKS] = {0};
        size_t n = 0;
        for (uint32_t g = 0; g < 5; g++)
            times[g] = random_below(test_bits(run, 100 + g), 4);
        for (uint64_t i = 0; i < 30; i++) {
            items[i] = (struct stats_atom){.value = random_below(test_bits(run, i), 50),
                                           .count = 1 + random_below(test_bits(run, 200 + i), 3),
                                           .block = (uint32_t)(i % 5)};
            for (uint32_t k = 0; k < items[i].count * times[items[i].block]; k++)
                plain[n++] = items[i].value;
        }
        if (n == 0) continue;
        qsort(items, 30, sizeof items[0], by_value);
        gsl_sort(plain, 1, n);
        double found[4];
        stats_quantiles((struct stats_atoms){.items = items, .count = 30}, times, probabilities, 4,
                        found);
        for (unsigned q = 0; q < 4; q++) {
            CHECK_NEAR(found[q], gsl_stats_quantile_from_sorted_data(plain, 1, n, probabilities[q]),
                       1e-9);
        }
    }
}

enum { SIZE = 1000 };

/* Latencies of two arms that meet the same luck: a lognormal body and a tail; b is as a with noise
 * of its own, so the true difference of any quantile is 0. */
static void make_arm(uint64_t run, uint64_t arm, struct stats_atom atoms[SIZE])
{
    for (uint64_t i = 0; i < SIZE; i++) {
        const double shared = normal(5000 + run, i), own = normal(7000 + run * 2 + arm, i);
        const double minute = normal(9000 + run, i / (SIZE / BLOCKS));
        const double body = exp(0.3 * shared + 0.2 * own + 0.1 * minute);
        atoms[i] = (struct stats_atom){
            .value = (uint32_t)(1e6 * body), .count = 1, .block = (uint32_t)(i / (SIZE / BLOCKS))};
    }
    qsort(atoms, SIZE, sizeof atoms[0], by_value);
}

static void bootstrap_intervals_cover_the_truth(void **state)
{
    (void)state;
    static struct stats_atom a[SIZE], b[SIZE];
    const double probabilities[3] = {0.5, 0.9, 0.95};
    unsigned covered[3] = {0}, rejected[3] = {0};
    for (uint64_t run = 0; run < EXPERIMENTS; run++) {
        make_arm(run, 0, a);
        make_arm(run, 1, b);
        const struct stats_bootstrap bootstrap = {.a = {a, SIZE},
                                                  .b = {b, SIZE},
                                                  .block_count = BLOCKS,
                                                  .probabilities = probabilities,
                                                  .count = 3,
                                                  .resamples = 400,
                                                  .level = 0.95,
                                                  .seed = 20251123};
        struct stats_estimate found[3];
        struct err err;
        assert_true(stats_quantile_differences(&bootstrap, found, &err));
        for (unsigned q = 0; q < 3; q++) {
            assert_int_equal(found[q].method, STATS_BOOTSTRAP);
            covered[q] += found[q].low <= 0.0 && 0.0 <= found[q].high;
            rejected[q] += found[q].p <= 0.05;
        }
    }
    for (unsigned q = 0; q < 3; q++) {
        print_message("p%.0f: ", 100.0 * probabilities[q]);
        report("covers", covered[q] / (double)EXPERIMENTS);
        report("     rejects", rejected[q] / (double)EXPERIMENTS);
        assert_true(covered[q] >= COVERAGE_LEAST * EXPERIMENTS);
        assert_true(covered[q] <= COVERAGE_MOST * EXPERIMENTS);
        assert_true(rejected[q] <= (1.0 - COVERAGE_LEAST) * EXPERIMENTS);
    }
}

static void the_same_samples_differ_by_exactly_nothing(void **state)
{
    (void)state;
    static struct stats_atom a[SIZE];
    const double median = 0.5;
    make_arm(1, 0, a);
    struct stats_bootstrap bootstrap = {.a = {a, SIZE},
                                        .b = {a, SIZE},
                                        .block_count = BLOCKS,
                                        .probabilities = &median,
                                        .count = 1,
                                        .resamples = 100,
                                        .level = 0.95};
    struct stats_estimate found;
    struct err err;
    assert_true(stats_quantile_differences(&bootstrap, &found, &err));
    assert_int_equal(found.method, STATS_EXACT);
    CHECK_NEAR(found.value, 0.0, 0.0);
    CHECK_NEAR(found.high, 0.0, 0.0);
    CHECK_NEAR(found.p, 1.0, 0.0);
    assert_int_equal(found.n, SIZE);

    for (unsigned i = 0; i < SIZE; i++)
        a[i].block %= 19; /* too few to resample */
    assert_true(stats_quantile_differences(&bootstrap, &found, &err));
    assert_int_equal(found.method, STATS_NONE);
    assert_true(isnan(found.low));
}

/* ---- many tests ---- */

/* R: p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm") = 0.04 0.06 0.06 0.06, and two more by hand. */
static void holm_adjusts_as_r_does(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned count;
        double p[5], adjusted[5];
    } rows[] = {
        {"rising", 4, {0.01, 0.02, 0.03, 0.04}, {0.04, 0.06, 0.06, 0.06}},
        {"mixed", 4, {0.04, 0.001, 0.5, 0.02}, {0.08, 0.004, 0.5, 0.06}},
        {"ties", 3, {0.02, 0.02, 0.02}, {0.06, 0.06, 0.06}},
        {"capped at one", 2, {0.9, 0.7}, {1.0, 1.0}},
        {"without the untested", 3, {NAN, 0.01, 0.04}, {NAN, 0.02, 0.04}},
        {"alone", 1, {0.03}, {0.03}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double adjusted[5];
        stats_holm(rows[i].p, rows[i].count, adjusted);
        for (unsigned k = 0; k < rows[i].count; k++) {
            CHECK_ROW(rows[i].label, isnan(rows[i].adjusted[k])
                                         ? isnan(adjusted[k])
                                         : fabs(adjusted[k] - rows[i].adjusted[k]) < 1e-12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_paired_t_test_of_r),
        cmocka_unit_test(weighs_a_ratio_by_its_denominators),
        cmocka_unit_test(a_constant_difference_is_exact),
        cmocka_unit_test(too_little_has_no_interval),
        cmocka_unit_test(covers_the_truth_when_orders_share_their_minute),
        cmocka_unit_test(agrees_with_exact_binomial_tables),
        cmocka_unit_test(the_exact_test_agrees_with_gsl_s_binomial),
        cmocka_unit_test(orders_that_never_differ_are_exact),
        cmocka_unit_test(the_exact_test_stays_below_its_level),
        cmocka_unit_test(finds_the_ranks_around_a_quantile),
        cmocka_unit_test(quantiles_are_type_seven),
        cmocka_unit_test(a_resample_s_quantiles_are_gsl_s),
        cmocka_unit_test(bootstrap_intervals_cover_the_truth),
        cmocka_unit_test(the_same_samples_differ_by_exactly_nothing),
        cmocka_unit_test(holm_adjusts_as_r_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
