/* Goal: ranks of latencies are what Gehan's definition says, and the two-group test errs as its
 * exact distribution says. Method: every pair compared; every split counted; textbook values. */
#include "tests/sim/analysis/latency_fixture.h"

#include <gsl/gsl_statistics_double.h>

#include "sim/analysis/latency_scores.h"

static struct latency_series draw_mixed(uint32_t count, uint64_t seed)
{
    struct latency_series series = fixture_series(count);
    for (uint32_t i = 0; i < count; i++) {
        series.samples[i].us = 1 + random_below(test_bits(seed, 2 * i), 12);
        if (test_bits(seed, 2 * i + 1) % 4 == 0) series.samples[i].fate = LATENCY_CENSORED;
    }
    return series;
}

/* 1: a is surely longer than b. */
static int surely_longer(const struct latency_sample *a, const struct latency_sample *b)
{
    if (b->fate == LATENCY_CENSORED) return 0;
    return a->fate == LATENCY_CENSORED ? a->us >= b->us : a->us > b->us;
}

static void ranks_compare_every_pair_that_can_be_compared(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct latency_series series = draw_mixed(1 + (uint32_t)seed, seed);
        double ranks[64];
        assert_true(latency_scores_ranks(series.samples, series.count, ranks, &err));
        for (uint32_t i = 0; i < series.count; i++) {
            int balance = 0;
            for (uint32_t k = 0; k < series.count; k++)
                balance += surely_longer(&series.samples[i], &series.samples[k]) -
                           surely_longer(&series.samples[k], &series.samples[i]);
            CHECK_NEAR(ranks[i], 0.5 * (series.count + 1.0 + balance), 0.0);
        }
        fixture_release(&series);
    }
}

static void scores_have_mean_0_and_variance_1_or_are_all_0(void **state)
{
    (void)state;
    struct err err;
    double scores[500];
    struct latency_series series = fixture_lognormal(500, 1.5, 3);
    assert_true(latency_scores_normal(series.samples, 500, scores, &err));
    CHECK_NEAR(gsl_stats_mean(scores, 1, 500), 0.0, 1e-12);
    CHECK_NEAR(gsl_stats_variance_with_fixed_mean(scores, 1, 500, 0.0), 1.0, 1e-12);
    CHECK_NEAR(gsl_stats_max(scores, 1, 500), 3.1, 0.2); /* whatever the tail */
    for (uint32_t i = 0; i < 500; i++)
        series.samples[i].us = 7000;
    assert_true(latency_scores_normal(series.samples, 500, scores, &err));
    for (uint32_t i = 0; i < 500; i++)
        CHECK_NEAR(scores[i], 0.0, 0.0);
    fixture_release(&series);
}

static void quantiles_stop_where_censoring_begins(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(101, 0.5, 4);
    double values[101];
    assert_true(latency_scores_sort(series.samples, 101, &err));
    for (uint32_t i = 0; i < 101; i++)
        values[i] = (double)series.samples[i].us;
    for (double p = 0.0; p <= 1.0; p += 0.013)
        CHECK_NEAR(latency_scores_quantile(series.samples, 101, p),
                   gsl_stats_quantile_from_sorted_data(values, 1, 101, p), 1e-6);
    series.samples[70].fate = LATENCY_CENSORED;
    CHECK_NEAR(latency_scores_quantile(series.samples, 101, 0.69), values[69], 1e-6);
    assert_true(isnan(latency_scores_quantile(series.samples, 101, 0.695)));
    assert_true(isnan(latency_scores_quantile(series.samples, 0, 0.5)));
    fixture_release(&series);
}

/* ---- two groups ---- */

static double p_by_counting(const struct latency_series *series, uint32_t n_a)
{
    double ranks[16];
    struct err err;
    assert_true(latency_scores_ranks(series->samples, series->count, ranks, &err));
    const double expected = 0.5 * n_a * (series->count + 1.0);
    double own = 0.0;
    for (uint32_t i = 0; i < n_a; i++)
        own += ranks[i];
    double all = 0.0, far = 0.0;
    for (uint32_t set = 0; set < UINT32_C(1) << series->count; set++) {
        if ((uint32_t)__builtin_popcount(set) != n_a) continue;
        double sum = 0.0;
        for (uint32_t i = 0; i < series->count; i++)
            if (set >> i & 1) sum += ranks[i];
        all += 1.0;
        far += fabs(sum - expected) >= fabs(own - expected) - 1e-9;
    }
    return far / all;
}

static void small_groups_are_counted_split_by_split(void **state)
{
    (void)state;
    struct err err;
    struct latency_scores_rank_sum test;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct latency_series series = draw_mixed(4 + (uint32_t)(seed % 9), 100 + seed);
        const uint32_t n_a = 1 + (uint32_t)(seed % 3);
        assert_true(latency_scores_rank_sum(series.samples, series.count, n_a, &test, &err));
        assert_true(test.exact);
        if (!isnan(test.p)) CHECK_NEAR(test.p, p_by_counting(&series, n_a), 1e-12);
        fixture_release(&series);
    }
}

static void five_against_five_apart_is_2_in_252(void **state)
{
    (void)state;
    struct err err;
    struct latency_scores_rank_sum test;
    struct latency_series series = fixture_series(10);
    for (uint32_t i = 0; i < 10; i++)
        series.samples[i].us = 1000 + i;
    assert_true(latency_scores_rank_sum(series.samples, 10, 5, &test, &err));
    CHECK_NEAR(test.p, 2.0 / 252.0, 1e-15);
    CHECK_NEAR(test.later_slower, 1.0, 1e-15);
    assert_true(latency_scores_rank_sum(series.samples, 10, 0, &test, &err));
    assert_true(isnan(test.p) && isnan(test.later_slower));
    for (uint32_t i = 0; i < 10; i++)
        series.samples[i].us = 1000;
    assert_true(latency_scores_rank_sum(series.samples, 10, 5, &test, &err));
    assert_true(isnan(test.p));
    CHECK_NEAR(test.later_slower, 0.5, 1e-15);
    fixture_release(&series);
}

static void the_normal_answer_joins_the_exact_one(void **state)
{
    (void)state;
    struct err err;
    struct latency_scores_rank_sum exact, normal;
    struct latency_series series = fixture_lognormal(42, 0.4, 9);
    for (uint32_t i = 21; i < 42; i++)
        series.samples[i].us += 220000;
    assert_true(latency_scores_rank_sum(series.samples + 1, 40, 20, &exact, &err));
    assert_true(latency_scores_rank_sum(series.samples, 42, 21, &normal, &err));
    assert_true(exact.exact && !normal.exact);
    assert_true(exact.p < 0.05 && normal.p < 0.05);
    CHECK_NEAR(log(exact.p / normal.p), 0.0, 1.0); /* two samples apart */
    fixture_release(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_compare_every_pair_that_can_be_compared),
        cmocka_unit_test(scores_have_mean_0_and_variance_1_or_are_all_0),
        cmocka_unit_test(quantiles_stop_where_censoring_begins),
        cmocka_unit_test(small_groups_are_counted_split_by_split),
        cmocka_unit_test(five_against_five_apart_is_2_in_252),
        cmocka_unit_test(the_normal_answer_joins_the_exact_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
