/* Goal: draws that are fair and shared, intervals that cover what they say, ranks that are counted
 * right. Method: moments of the draws; textbook values (Efron and Tibshirani's mice);
 * agreement with the t interval where that is right; coverage over made-up experiments; ranks
 * against counting by hand and by a slower version. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/stats.h"
#include "sim/analysis/stats_bootstrap.h"
#include "tests/sim/analysis/bootstrap_truth.h"

enum { CLUSTERS = 40, REPLICATES = 2000 };

static struct bootstrap_counts draw(uint32_t replicates, uint32_t clusters, uint64_t seed)
{
    struct bootstrap_counts counts;
    struct err err;
    assert_true(bootstrap_counts_draw(&counts, replicates, clusters, seed, &err));
    return counts;
}

static double unit(uint64_t seed, uint64_t index)
{
    return random_unit(test_bits(seed, index)) + 0x1p-54;
}

/* ---- draws ---- */

/* How often one cluster is drawn is binomial(G, 1/G): mean 1, variance 1 - 1/G; two of them have
 * covariance -1/G. */
static void draws_are_multinomial_and_the_same_again(void **state)
{
    (void)state;
    struct bootstrap_counts counts = draw(20000, CLUSTERS, 7);
    struct bootstrap_counts again = draw(20000, CLUSTERS, 7);
    struct bootstrap_counts shorter = draw(100, CLUSTERS, 7);
    struct bootstrap_counts other = draw(100, CLUSTERS, 8);
    double squares = 0.0, products = 0.0;
    for (uint32_t r = 0; r < counts.replicates; r++) {
        const uint16_t *times = bootstrap_times(&counts, r);
        unsigned sum = 0;
        for (uint32_t g = 0; g < CLUSTERS; g++) {
            sum += times[g];
            squares += (times[g] - 1.0) * (times[g] - 1.0);
            products += (times[g] - 1.0) * (times[(g + 1) % CLUSTERS] - 1.0);
        }
        assert_int_equal(sum, CLUSTERS);
    }
    const double n = 20000.0 * CLUSTERS;
    CHECK_NEAR(squares / n, 1.0 - 1.0 / CLUSTERS, 0.01);
    CHECK_NEAR(products / n, -1.0 / CLUSTERS, 0.005);
    const size_t bytes = (size_t)20000 * CLUSTERS * sizeof *counts.times;
    assert_memory_equal(counts.times, again.times, bytes);
    assert_memory_equal(counts.times, shorter.times, 100 * CLUSTERS * sizeof *counts.times);
    assert_memory_not_equal(shorter.times, other.times, 100 * CLUSTERS * sizeof *counts.times);
    bootstrap_counts_release(&counts);
    bootstrap_counts_release(&again);
    bootstrap_counts_release(&shorter);
    bootstrap_counts_release(&other);
}

static void whole_sums_give_the_same_ratios(void **state)
{
    (void)state;
    struct bootstrap_counts counts = draw(200, CLUSTERS, 1);
    int64_t above[CLUSTERS], below[CLUSTERS];
    double numerators[CLUSTERS], denominators[CLUSTERS];
    for (uint32_t g = 0; g < CLUSTERS; g++) {
        above[g] = (int64_t)(test_bits(1, g) >> 30) - (INT64_C(1) << 33);
        below[g] = 1 + (int64_t)(test_bits(2, g) % 1000);
        numerators[g] = (double)above[g];
        denominators[g] = (double)below[g];
    }
    double whole[200], real[200];
    bootstrap_ratios_int64(&counts, above, below, whole);
    bootstrap_ratios(&counts, (struct bootstrap_sums){numerators, denominators}, real);
    assert_memory_equal(whole, real, sizeof whole);
    bootstrap_ratios_int64(&counts, above, NULL, whole);
    bootstrap_ratios(&counts, (struct bootstrap_sums){numerators, NULL}, real);
    assert_memory_equal(whole, real, sizeof whole);
    /* By hand: what replicate 3 drew, one draw after the other. */
    int64_t sum = 0;
    for (uint32_t g = 0; g < CLUSTERS; g++) {
        for (unsigned t = 0; t < bootstrap_times(&counts, 3)[g]; t++)
            sum += above[g];
    }
    CHECK_NEAR(whole[3], (double)sum / CLUSTERS, 0.0);
    bootstrap_counts_release(&counts);
}

/* ---- intervals ---- */

static const enum bootstrap_kind kinds[] = {BOOTSTRAP_PERCENTILE, BOOTSTRAP_STUDENTISED,
                                            BOOTSTRAP_BCA};

static struct bootstrap_interval interval_of(const struct bootstrap_counts *counts,
                                             struct bootstrap_sums sums, enum bootstrap_kind kind)
{
    struct bootstrap_interval interval;
    struct err err;
    assert_true(bootstrap_interval(counts, sums, kind, 0.95, &interval, &err));
    return interval;
}

/* The treated mice of Efron and Tibshirani's table 2.1: mean 86.86 days, error 25.24. The jackknife
 * of a mean is the data themselves, so the acceleration is, by hand, the sum of cubes over 6 times
 * the sum of squares to the 1.5, about the mean. */
static void acceleration_is_the_jackknifes(void **state)
{
    (void)state;
    const double mice[7] = {94, 197, 16, 38, 99, 141, 23};
    double squares = 0.0, cubes = 0.0;
    for (unsigned i = 0; i < 7; i++) {
        const double off = mice[i] - 608.0 / 7.0;
        squares += off * off;
        cubes += off * off * off;
    }
    struct bootstrap_counts counts = draw(REPLICATES, 7, 3);
    const struct bootstrap_interval found =
        interval_of(&counts, (struct bootstrap_sums){mice, NULL}, BOOTSTRAP_BCA);
    CHECK_NEAR(found.value, 86.857142857, 1e-8);
    CHECK_NEAR(found.acceleration, cubes / (6.0 * pow(squares, 1.5)), 1e-12);
    CHECK_NEAR(found.error, 25.24, 1.0);
    assert_int_equal(found.kind, BOOTSTRAP_BCA);
    bootstrap_counts_release(&counts);
}

/* On many clusters without skew all three are the t interval, and so is p. */
static void all_kinds_agree_with_t_where_t_is_right(void **state)
{
    (void)state;
    enum { MANY = 400 };
    static double numerators[MANY], denominators[MANY];
    static struct stats_block blocks[MANY];
    for (uint32_t g = 0; g < MANY; g++) {
        denominators[g] = 50.0 + 20.0 * unit(11, g);
        numerators[g] = denominators[g] * (0.06 + (unit(12, g) - 0.5));
        blocks[g] = (struct stats_block){1, numerators[g], denominators[g]};
    }
    const struct stats_estimate t = stats_mean_difference(blocks, MANY, 0.95);
    struct bootstrap_counts counts = draw(20000, MANY, 5);
    const double width = t.high - t.low;
    for (unsigned k = 0; k < 3; k++) {
        const struct bootstrap_interval found =
            interval_of(&counts, (struct bootstrap_sums){numerators, denominators}, kinds[k]);
        CHECK_NEAR(found.value, t.value, 1e-15);
        CHECK_NEAR(found.low, t.low, 0.02 * width);
        CHECK_NEAR(found.high, t.high, 0.02 * width);
        CHECK_NEAR(found.p, t.p, 0.005);
        CHECK_NEAR(4.0 * found.error, width, 0.05 * width);
    }
    assert_true(t.p > 0.001 && t.p < 0.05); /* the row says something */
    bootstrap_counts_release(&counts);
}

/* p and interval are one statement: move the data until the interval just excludes 0. */
static void p_says_what_the_interval_says(void **state)
{
    (void)state;
    struct bootstrap_counts counts = draw(REPLICATES, CLUSTERS, 6);
    double base[CLUSTERS], moved[CLUSTERS];
    for (uint32_t g = 0; g < CLUSTERS; g++)
        base[g] = -log(unit(13, g)) - 1.0;
    for (unsigned k = 0; k < 3; k++) {
        unsigned excluded = 0;
        for (int step = -40; step <= 40; step++) {
            for (uint32_t g = 0; g < CLUSTERS; g++)
                moved[g] = base[g] + 0.02 * step;
            const struct bootstrap_interval found =
                interval_of(&counts, (struct bootstrap_sums){moved, NULL}, kinds[k]);
            const bool excludes = found.low > 0.0 || found.high < 0.0;
            excluded += excludes;
            if (fabs(found.p - 0.05) > 0.002) assert_int_equal(excludes, found.p < 0.05);
        }
        assert_in_range(excluded, 20, 60);
    }
    bootstrap_counts_release(&counts);
}

static void what_has_no_spread_or_no_data_says_so(void **state)
{
    (void)state;
    struct bootstrap_counts counts = draw(500, CLUSTERS, 2), few = draw(500, 4, 2);
    double numerators[CLUSTERS], denominators[CLUSTERS], nothing[CLUSTERS] = {0};
    for (uint32_t g = 0; g < CLUSTERS; g++) {
        denominators[g] = 3.0 + g;
        numerators[g] = 0.1 * denominators[g];
    }
    for (unsigned k = 0; k < 3; k++) {
        struct bootstrap_interval found =
            interval_of(&counts, (struct bootstrap_sums){numerators, denominators}, kinds[k]);
        assert_int_equal(found.kind, BOOTSTRAP_SAME);
        CHECK_NEAR(found.low, found.high, 0.0);
        CHECK_NEAR(found.p, 0.0, 0.0);
        found = interval_of(&counts, (struct bootstrap_sums){numerators, nothing}, kinds[k]);
        assert_int_equal(found.kind, BOOTSTRAP_NONE);
        assert_true(isnan(found.value) && isnan(found.low) && isnan(found.p));
        found = interval_of(&few, (struct bootstrap_sums){denominators, NULL}, kinds[k]);
        assert_int_equal(found.kind, BOOTSTRAP_NONE);
        CHECK_NEAR(found.value, 4.5, 0.0);
        assert_true(isnan(found.low) && isnan(found.p));
    }
    /* One cluster has all the denominators: some replicates draw none, and are left out. */
    nothing[5] = 2.0;
    const struct bootstrap_interval rare =
        interval_of(&counts, (struct bootstrap_sums){denominators, nothing}, BOOTSTRAP_PERCENTILE);
    assert_in_range(rare.replicates, 250, 400);
    bootstrap_counts_release(&counts);
    bootstrap_counts_release(&few);
}

/* 400 experiments: the binomial 99.9% region of 95% is 91.3% to 98.3%; calibration counts more. */
static void covers_the_truth_under_skew_and_uneven_days(void **state)
{
    (void)state;
    const struct bootstrap_truth found = bootstrap_truth_count(0, 400, 600);
    const uint32_t covered[] = {found.percentile, found.studentised, found.bca};
    for (unsigned k = 0; k < 3; k++) {
        print_message("covered %.1f%%\n", 100.0 * covered[k] / found.runs);
        assert_in_range(covered[k], 365, 393);
    }
}

/* ---- ranks ---- */

/* Three clusters, four candidates: D equals A, C is worst everywhere, B wins where cluster 2 is
 * drawn enough. */
static void ties_share_the_first_place(void **state)
{
    (void)state;
    const double sums[4][3] = {{5, 5, 5}, {9, 5, 0}, {1, 1, -2}, {5, 5, 5}};
    const struct bootstrap_field field = {&sums[0][0], NULL, 4, true};
    struct bootstrap_counts counts = draw(REPLICATES, 3, 4);
    struct bootstrap_rank ranks[4];
    struct err err;
    assert_true(bootstrap_ranks(&counts, &field, 0.95, ranks, &err));
    double expected[4] = {0};
    for (uint32_t r = 0; r < REPLICATES; r++) {
        const uint16_t *t = bootstrap_times(&counts, r);
        const int a = 15, b = 9 * t[0] + 5 * t[1];
        expected[0] += b > a ? 0.0 : b == a ? 1.0 / 3.0 : 0.5;
        expected[1] += b > a ? 1.0 : b == a ? 1.0 / 3.0 : 0.0;
    }
    CHECK_NEAR(ranks[0].probability_best, expected[0] / REPLICATES, 1e-12);
    CHECK_NEAR(ranks[3].probability_best, expected[0] / REPLICATES, 1e-12);
    CHECK_NEAR(ranks[1].probability_best, expected[1] / REPLICATES, 1e-12);
    CHECK_NEAR(ranks[2].probability_best, 0.0, 0.0);
    const uint32_t expected_ranks[4] = {1, 3, 4, 1};
    for (unsigned k = 0; k < 4; k++)
        assert_int_equal(ranks[k].rank, expected_ranks[k]);
    assert_int_equal(ranks[2].rank_low, 4);
    assert_int_equal(ranks[2].rank_high, 4);
    assert_int_equal(ranks[1].rank_low, 1);
    assert_int_equal(ranks[1].rank_high, 3);
    bootstrap_counts_release(&counts);
}

static int rising(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void ranks_agree_with_counting_who_is_better(void **state)
{
    (void)state;
    enum { CANDIDATES = 25, GROUPS = 12, DRAWS = 201 };
    static double numerators[CANDIDATES * GROUPS], denominators[CANDIDATES * GROUPS];
    for (unsigned i = 0; i < CANDIDATES * GROUPS; i++) {
        numerators[i] = (double)(test_bits(31, i) % 7);
        denominators[i] = 1.0 + (double)(test_bits(32, i) % 2);
    }
    struct bootstrap_counts counts = draw(DRAWS, GROUPS, 9);
    const struct bootstrap_field field = {numerators, denominators, CANDIDATES, false};
    struct bootstrap_rank ranks[CANDIDATES];
    struct err err;
    assert_true(bootstrap_ranks(&counts, &field, 0.9, ranks, &err));
    static double ratios[CANDIDATES][DRAWS];
    for (unsigned k = 0; k < CANDIDATES; k++) {
        bootstrap_ratios(
            &counts, (struct bootstrap_sums){numerators + k * GROUPS, denominators + k * GROUPS},
            ratios[k]);
    }
    double all = 0.0;
    for (unsigned k = 0; k < CANDIDATES; k++) {
        int seen[DRAWS];
        double best = 0.0;
        for (unsigned r = 0; r < DRAWS; r++) {
            int better = 0, equal = 0;
            for (unsigned j = 0; j < CANDIDATES; j++) {
                better += ratios[j][r] < ratios[k][r];
                equal += ratios[j][r] == ratios[k][r];
            }
            seen[r] = 1 + better;
            if (better == 0) best += 1.0 / equal;
        }
        qsort(seen, DRAWS, sizeof *seen, rising);
        CHECK_NEAR(ranks[k].probability_best, best / DRAWS, 1e-12);
        assert_int_equal(ranks[k].rank_low, seen[10]);
        assert_int_equal(ranks[k].rank_high, seen[190]);
        all += ranks[k].probability_best;
    }
    CHECK_NEAR(all, 1.0, 1e-12);
    bootstrap_counts_release(&counts);
}

static void every_failing_allocation_ends_cleanly(void **state)
{
    (void)state;
    struct err err = {.code = ERR_NONE};
    struct bootstrap_counts counts;
    memory_fail_after(1);
    assert_false(bootstrap_counts_draw(&counts, 10, 10, 1, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    counts = draw(10, 10, 1);
    const double numbers[20] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const struct bootstrap_field field = {numbers, NULL, 2, true};
    struct bootstrap_rank ranks[2];
    struct bootstrap_interval interval;
    memory_fail_after(1);
    assert_false(bootstrap_interval(&counts, (struct bootstrap_sums){numbers, NULL}, BOOTSTRAP_BCA,
                                    0.95, &interval, &err));
    for (uint32_t fails = 1; fails <= 4; fails++) {
        memory_fail_after(fails);
        assert_false(bootstrap_ranks(&counts, &field, 0.95, ranks, &err));
    }
    memory_fail_after(0);
    bootstrap_counts_release(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_multinomial_and_the_same_again),
        cmocka_unit_test(whole_sums_give_the_same_ratios),
        cmocka_unit_test(acceleration_is_the_jackknifes),
        cmocka_unit_test(all_kinds_agree_with_t_where_t_is_right),
        cmocka_unit_test(p_says_what_the_interval_says),
        cmocka_unit_test(what_has_no_spread_or_no_data_says_so),
        cmocka_unit_test(covers_the_truth_under_skew_and_uneven_days),
        cmocka_unit_test(ties_share_the_first_place),
        cmocka_unit_test(ranks_agree_with_counting_who_is_better),
        cmocka_unit_test(every_failing_allocation_ends_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
