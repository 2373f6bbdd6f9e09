/* Goal: a quantile is right, or says that it is not known. Method: series cut at random timeouts
 * whose true latencies the test has kept: whatever is given as known must be that of the whole
 * truth, whatever is given as more must be less than it; GSL's type 7; a column in which 8% of the
 * calls exceed the timeout. */
#include "tests/support.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "sim/analysis/latency_quantile.h"
#include "sim/analysis/stats.h"
#include "tests/sim/analysis/latencies_truth.h"

static const double probabilities[] = {0.05, 0.5, 0.9, 0.95, 0.99};
enum { PROBABILITIES = sizeof probabilities / sizeof *probabilities };

static void rank(struct latency_ranks *ranks, const struct latency_series *series)
{
    struct err err;
    assert_true(latency_ranks_make(ranks, series, 0.95, &err));
}

static void is_postgresqls_percentile_where_nothing_is_hidden(void **state)
{
    (void)state;
    enum { COUNT = 1500 };
    double sorted[COUNT];
    struct latency_series series = {.count = 0};
    struct latency_ranks ranks;
    for (uint32_t i = 0; i < COUNT; i++) {
        const int64_t us = (int64_t)random_below(test_bits(1, i), 400000);
        latencies_truth_add(&series, LATENCY_ANSWERED, us);
        latencies_truth_add(&series, LATENCY_FAILED, us / 100); /* errors are fast */
        sorted[i] = (double)us;
    }
    gsl_sort(sorted, 1, COUNT);
    rank(&ranks, &series);
    for (int p = 0; p < PROBABILITIES; p++) {
        const double wanted =
            gsl_stats_quantile_from_sorted_data(sorted, 1, COUNT, probabilities[p]);
        for (enum latency_method m = LATENCY_NAIVE; m <= LATENCY_CENSORED_RANKS; m++) {
            const struct latency_quantile q = latency_quantile(&ranks, m, probabilities[p]);
            uint64_t low, high;
            assert_int_equal(q.state, LATENCY_OK);
            assert_int_equal(q.n, COUNT);
            assert_true(q.us == wanted);
            assert_true(stats_quantile_ranks(COUNT, probabilities[p], 0.95, &low, &high));
            assert_true(q.low.us == sorted[low - 1] && q.high.us == sorted[high - 1]);
            assert_true(q.exact);
        }
        /* The first answer at which the share is reached; its interval is the exact one too. */
        const struct latency_quantile km = latency_quantile(&ranks, LATENCY_KM, probabilities[p]);
        const double needed = ceil(COUNT * probabilities[p] - 1e-9);
        assert_true(km.us == sorted[(int)needed - 1]);
        assert_true(km.exact && km.low.state == LATENCY_END_KNOWN);
    }
    latency_ranks_release(&ranks);
    latency_series_release(&series);
}

static void needs_ten_samples_beyond_it(void **state)
{
    (void)state;
    static const struct {
        double p;
        uint32_t least;
    } rows[] = {{0.5, 20}, {0.9, 100}, {0.95, 200}, {0.99, 1000}, {0.999, 10000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct latency_series series = {.count = 0};
        for (uint32_t n = 1; n <= rows[i].least; n++) {
            latencies_truth_add(&series, LATENCY_ANSWERED, n);
            if (n + 1 < rows[i].least) continue;
            struct latency_ranks ranks;
            rank(&ranks, &series);
            for (enum latency_method m = LATENCY_NAIVE; m < LATENCY_METHODS; m++) {
                const struct latency_quantile q = latency_quantile(&ranks, m, rows[i].p);
                assert_int_equal(q.state, n < rows[i].least ? LATENCY_TOO_FEW : LATENCY_OK);
                assert_int_equal(isnan(q.us), n < rows[i].least);
            }
            latency_ranks_release(&ranks);
        }
        latency_series_release(&series);
    }
}

static void has_no_interval_of_too_few(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    struct latency_ranks ranks;
    rank(&ranks, &series);
    assert_int_equal(latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.95).state, LATENCY_TOO_FEW);
    assert_int_equal(latency_quantile(&ranks, LATENCY_KM, 0.95).low.state, LATENCY_END_NONE);
    latency_ranks_release(&ranks);
    for (uint32_t i = 0; i < 60; i++)
        latencies_truth_add(&series, LATENCY_ANSWERED, i);
    rank(&ranks, &series);
    const struct latency_quantile q = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.95);
    assert_int_equal(q.low.state, LATENCY_END_NONE);
    assert_int_equal(q.high.state, LATENCY_END_NONE);
    assert_true(isnan(q.high.us));
    latency_ranks_release(&ranks);
    latency_series_release(&series);
}

/* ---- what is hidden ---- */

static void check_end(struct latency_end end, const double *truth, uint64_t rank_wanted)
{
    const double true_us = truth[rank_wanted - 1];
    if (end.state == LATENCY_END_KNOWN) {
        assert_true(end.us == true_us);
    } else {
        assert_int_equal(end.state, LATENCY_END_BEYOND);
        assert_true(true_us >= end.us);
    }
}

/* The test knows how long the calls would have taken; the ranking knows what a timeout let through.
 */
static void never_gives_what_a_timeout_has_hidden(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    unsigned states[3] = {0};
    double truth[COUNT];
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct latency_series series = {.count = 0};
        struct latency_ranks ranks;
        const uint32_t least = 300 + (uint32_t)seed * 20;
        for (uint32_t i = 0; i < COUNT; i++) {
            const int64_t us = random_below(test_bits(seed, i), 1000);
            const int64_t timeout_us = least + random_below(test_bits(seed + 99, i), 300);
            truth[i] = (double)us;
            latencies_truth_add(&series, us < timeout_us ? LATENCY_ANSWERED : LATENCY_CENSORED,
                                us < timeout_us ? us : timeout_us);
        }
        gsl_sort(truth, 1, COUNT);
        rank(&ranks, &series);
        for (int p = 0; p < PROBABILITIES; p++) {
            const struct latency_quantile q =
                latency_quantile(&ranks, LATENCY_CENSORED_RANKS, probabilities[p]);
            const double wanted =
                gsl_stats_quantile_from_sorted_data(truth, 1, COUNT, probabilities[p]);
            uint64_t low, high;
            states[q.state]++;
            if (q.state == LATENCY_OK) assert_true(q.us == wanted);
            if (q.state == LATENCY_BEYOND) assert_true(wanted >= q.beyond_us);
            assert_int_not_equal(q.state, LATENCY_TOO_FEW);
            assert_true(stats_quantile_ranks(COUNT, probabilities[p], 0.95, &low, &high));
            check_end(q.low, truth, low);
            check_end(q.high, truth, high);
        }
        latency_ranks_release(&ranks);
        latency_series_release(&series);
    }
    assert_true(states[LATENCY_OK] > 80 && states[LATENCY_BEYOND] > 80);
}

/* Between a sample that is known and one that is not, what is known is that it is more. */
static void bounds_what_lies_between_a_known_sample_and_a_hidden_one(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    struct latency_ranks ranks;
    for (uint32_t i = 0; i < 190; i++)
        latencies_truth_add(&series, LATENCY_ANSWERED, 100);
    for (uint32_t i = 0; i < 10; i++)
        latencies_truth_add(&series, LATENCY_CENSORED, 500);
    rank(&ranks, &series);
    /* 199 * .95 = 189.05: a twentieth of the way from the 190th to the 191st */
    const struct latency_quantile q = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.95);
    assert_int_equal(q.state, LATENCY_BEYOND);
    CHECK_NEAR(q.beyond_us, 120.0, 1e-9);
    assert_int_equal(q.high.state, LATENCY_END_BEYOND);
    CHECK_NEAR(q.high.us, 500.0, 0.0);
    latency_ranks_release(&ranks);
    latency_series_release(&series);
}

/* What was censored with an answer took longer than it: the answer's rank is known. */
static void knows_an_answer_of_the_instant_of_the_first_censoring(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    struct latency_ranks ranks;
    for (uint32_t i = 0; i < 30; i++) {
        latencies_truth_add(&series, LATENCY_CENSORED, 100);
        latencies_truth_add(&series, LATENCY_ANSWERED, 100);
    }
    rank(&ranks, &series);
    const struct latency_quantile q = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.25);
    assert_int_equal(q.state, LATENCY_OK);
    CHECK_NEAR(q.us, 100.0, 0.0);
    assert_int_equal(latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.75).state, LATENCY_BEYOND);
    latency_ranks_release(&ranks);
    latency_series_release(&series);
}

/* 8% take longer than 10 s; the true p95 is 13.75 s. Success rows alone say 6 s, with a narrow
 * interval and without a word of doubt. */
static void shows_the_trap_of_success_rows_and_avoids_it(void **state)
{
    (void)state;
    const struct latencies_truth truth = {.heavy = 0.128};
    const double true_us = 13.75e6;
    CHECK_NEAR(latencies_truth_reached(&truth, 10e6), 0.92, 0.0005);
    CHECK_NEAR(latencies_truth_reached(&truth, true_us), 0.95, 0.0005);
    struct err err;
    struct latency_series whole = {.count = 0}, column;
    struct latency_ranks ranks;
    latencies_truth_fill(&whole, &truth, 5000, 1);
    assert_true(latency_cut(&column, &whole, 10000000, &err));
    rank(&ranks, &column);
    const struct latency_quantile naive = latency_quantile(&ranks, LATENCY_NAIVE, 0.95);
    const struct latency_quantile ranked = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.95);
    const struct latency_quantile km = latency_quantile(&ranks, LATENCY_KM, 0.95);
    assert_int_equal(naive.state, LATENCY_OK);
    assert_true(naive.us < 0.5 * true_us && naive.high.us < 0.5 * true_us);
    assert_int_equal(ranked.state, LATENCY_BEYOND);
    CHECK_NEAR(ranked.beyond_us, 10e6, 0.0);
    assert_true(isnan(ranked.us));
    assert_int_equal(ranked.low.state, LATENCY_END_BEYOND);
    assert_int_equal(km.state, LATENCY_BEYOND);
    CHECK_NEAR(km.beyond_us, 10e6, 0.0);

    const struct latency_hidden hidden = latency_hidden(&column, 0.95);
    assert_true(hidden.warn);
    assert_true(hidden.low < 0.08 && 0.08 < hidden.high);
    latency_ranks_release(&ranks);
    latency_series_release(&column);
    latency_series_release(&whole);
}

/* The same provider, every other call given 25 s: the first censoring still hides the rank, but not
 * from the curve. */
static void the_curve_sees_beyond_the_first_censoring_where_timeouts_differed(void **state)
{
    (void)state;
    const struct latencies_truth truth = {.heavy = 0.128};
    struct err err;
    struct latency_series whole = {.count = 0}, column = {.count = 0};
    struct latency_ranks ranks;
    latencies_truth_fill(&whole, &truth, 5000, 1);
    for (uint32_t i = 0; i < whole.count; i++) {
        struct latency_sample sample = whole.samples[i];
        sample.timeout_us = i % 2 == 0 ? 10000000 : 25000000;
        if (sample.us >= sample.timeout_us) {
            sample.us = sample.timeout_us;
            sample.fate = LATENCY_CENSORED;
        }
        assert_true(latency_add(&column, &sample, &err));
    }
    assert_true(latency_finish(&column, &err));
    assert_true(column.timeouts_differ);
    rank(&ranks, &column);
    assert_int_equal(latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.95).state, LATENCY_BEYOND);
    const struct latency_quantile km = latency_quantile(&ranks, LATENCY_KM, 0.95);
    assert_int_equal(km.state, LATENCY_OK);
    assert_false(km.exact);
    assert_true(km.low.us < 13.75e6 && 13.75e6 < km.high.us);
    assert_true(km.low.us < km.us && km.us < km.high.us);
    assert_true(km.high.us - km.low.us < 4e6);
    const struct latency_quantile median = latency_quantile(&ranks, LATENCY_KM, 0.5);
    assert_true(median.exact); /* far below the first censoring */
    latency_ranks_release(&ranks);
    latency_series_release(&column);
    latency_series_release(&whole);
}

/* A late answer that was watched for is known; a log of that time would not have had it. */
static void late_answers_are_no_success_rows(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = {.count = 0};
    struct latency_ranks ranks;
    for (uint32_t i = 0; i < 400; i++) {
        const struct latency_sample sample = {
            .at_us = i, .us = (i % 10 == 0 ? 9000 : 100) + i, .timeout_us = 5000};
        assert_true(latency_add(&series, &sample, &err));
    }
    rank(&ranks, &series);
    const struct latency_quantile naive = latency_quantile(&ranks, LATENCY_NAIVE, 0.95);
    const struct latency_quantile ranked = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.95);
    assert_int_equal(naive.n, 360);
    assert_true(naive.us < 500.0);
    assert_int_equal(ranked.state, LATENCY_OK);
    assert_true(ranked.us > 9000.0);
    latency_ranks_release(&ranks);
    latency_series_release(&series);
}

static void warns_above_half_a_percent_at_the_timeout(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    assert_true(isnan(latency_hidden(&series, 0.95).share));
    assert_false(latency_hidden(&series, 0.95).warn);
    for (uint32_t i = 0; i < 995; i++)
        latencies_truth_add(&series, LATENCY_ANSWERED, i);
    for (uint32_t i = 0; i < 300; i++)
        latencies_truth_add(&series, LATENCY_FAILED, i); /* are not watched */
    for (uint32_t i = 0; i < 5; i++)
        latencies_truth_add(&series, LATENCY_CENSORED, 5000);
    struct latency_hidden hidden = latency_hidden(&series, 0.95);
    double low, high;
    stats_binomial_interval(5, 1000, 0.95, &low, &high);
    assert_int_equal(hidden.hits, 5);
    assert_int_equal(hidden.n, 1000);
    CHECK_NEAR(hidden.share, 0.005, 0.0);
    assert_true(hidden.low == low && hidden.high == high);
    assert_false(hidden.warn);
    latencies_truth_add(&series, LATENCY_CENSORED, 5000);
    hidden = latency_hidden(&series, 0.95);
    assert_true(hidden.warn);
    latency_series_release(&series);
}

static void ends_cleanly_when_memory_does(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    for (uint32_t i = 0; i < 50; i++)
        latencies_truth_add(&series, i % 7 == 0 ? LATENCY_CENSORED : LATENCY_ANSWERED, 100 - i);
    for (uint32_t countdown = 1;; countdown++) {
        struct err err;
        struct latency_ranks ranks;
        memory_fail_after(countdown);
        const bool made = latency_ranks_make(&ranks, &series, 0.95, &err);
        memory_fail_after(0);
        if (!made) assert_int_equal(err.code, ERR_ENVIRONMENT);
        latency_ranks_release(&ranks);
        if (made) break;
        assert_true(countdown < 10);
    }
    latency_series_release(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_postgresqls_percentile_where_nothing_is_hidden),
        cmocka_unit_test(needs_ten_samples_beyond_it),
        cmocka_unit_test(has_no_interval_of_too_few),
        cmocka_unit_test(never_gives_what_a_timeout_has_hidden),
        cmocka_unit_test(bounds_what_lies_between_a_known_sample_and_a_hidden_one),
        cmocka_unit_test(knows_an_answer_of_the_instant_of_the_first_censoring),
        cmocka_unit_test(shows_the_trap_of_success_rows_and_avoids_it),
        cmocka_unit_test(the_curve_sees_beyond_the_first_censoring_where_timeouts_differed),
        cmocka_unit_test(late_answers_are_no_success_rows),
        cmocka_unit_test(warns_above_half_a_percent_at_the_timeout),
        cmocka_unit_test(ends_cleanly_when_memory_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
