/* Goal: a prediction interval holds what it says for every law and every share, verdicts follow
 * their definition, and fresh samples begin where the last change that matters ends. Method: exact
 * coverage summed over all outcomes; series made by hand. calibrate_change.c counts the same on
 * timeouts chosen from data. */
#include "tests/sim/analysis/latency_fixture.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_gamma.h>

#include "sim/analysis/stability.h"

/* ---- prediction ---- */

static void a_fixed_timeout_is_covered_at_any_share(void **state)
{
    (void)state;
    static const unsigned sizes[][2] = {{20, 15}, {10, 40}, {50, 12}, {1, 1}};
    double least = 1.0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (double share = 0.01; share < 1.0; share += 0.07) {
            const unsigned n = sizes[s][0], m = sizes[s][1];
            double covered = 0.0;
            for (unsigned k = 0; k <= n; k++) {
                uint64_t low, high;
                stability_prediction(k, n, m, 0.95, &low, &high);
                assert_true(low <= high && high <= m);
                for (unsigned y = (unsigned)low; y <= high; y++)
                    covered +=
                        gsl_ran_binomial_pdf(k, share, n) * gsl_ran_binomial_pdf(y, share, m);
            }
            assert_true(covered >= 0.95);
            least = fmin(least, covered);
        }
    assert_true(least < 0.98); /* and not by saying nothing */
}

/* P(y of m come before the k-th of n), whatever the law. */
static double beta_binomial(unsigned y, unsigned m, double k, double n)
{
    return exp(gsl_sf_lnchoose(m, y) + gsl_sf_lnbeta(k + y, n + 1 - k + m - y) -
               gsl_sf_lnbeta(k, n + 1 - k));
}

static void an_order_statistic_as_timeout_is_covered_at_any_rank(void **state)
{
    (void)state;
    static const unsigned sizes[][2] = {{20, 15}, {10, 40}, {78, 79}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (unsigned k = 1; k <= sizes[s][0]; k++) {
            uint64_t low, high;
            double covered = 0.0;
            stability_prediction(k, sizes[s][0], sizes[s][1], 0.95, &low, &high);
            for (unsigned y = (unsigned)low; y <= high; y++)
                covered += beta_binomial(y, sizes[s][1], k, sizes[s][0]);
            assert_true(covered >= 0.95);
        }
}

static void limits_are_the_first_that_are_not_too_unlikely(void **state)
{
    (void)state;
    for (unsigned k = 0; k <= 30; k++) {
        const unsigned n = 30, m = 25;
        uint64_t low, high;
        stability_prediction(k, n, m, 0.95, &low, &high);
        for (unsigned y = 0; y <= m; y++) { /* of k + y successes, how many lie in the first part */
            double as_many = 0.0, as_few = 0.0;
            for (unsigned x = 0; x <= n && x <= k + y; x++) {
                const double here = gsl_ran_hypergeometric_pdf(x, n, m, k + y);
                if (x >= k) as_many += here;
                if (x <= k) as_few += here;
            }
            assert_int_equal(y >= low && y <= high, as_many > 0.025 && as_few > 0.025);
        }
    }
    uint64_t low, high;
    stability_prediction(950000, 1000000, 1000000, 0.95, &low, &high);
    CHECK_NEAR((double)low, 950000 - 1.96 * sqrt(2 * 47500.0), 3.0);
    CHECK_NEAR((double)high, 950000 + 1.96 * sqrt(2 * 47500.0), 3.0);
}

/* ---- verdicts ---- */

enum making { SAME, SHIFTED, TAILED, FAILING, CENSORED_LOW, SHORT };

static struct latency_series make(enum making making)
{
    struct latency_series series = fixture_lognormal(making == SHORT ? 18 : 160, 0.3, 3);
    for (uint32_t i = 80; i < series.count; i++) {
        if (making == SHIFTED) series.samples[i].us *= 2;
        if (making == TAILED && i % 4 == 0) series.samples[i].us = 5000000;
        if (making == FAILING && i % 2 == 0) series.samples[i].fate = LATENCY_FAILED;
    }
    if (making == CENSORED_LOW) fixture_censor(&series, 700000);
    fixture_count_fates(&series);
    return series;
}

static void verdicts_follow_what_became_of_the_rest(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum making making;
        int64_t timeout_us;
        enum stability_verdict verdict;
    } rows[] = {{"nothing changed", SAME, 800000, STABILITY_HELD},
                {"a timeout that all pass", SAME, 10000000, STABILITY_HELD},
                {"twice as slow", SHIFTED, 800000, STABILITY_STALE},
                {"twice as slow, and time enough", SHIFTED, 10000000, STABILITY_HELD},
                {"half fail, fast", FAILING, 800000, STABILITY_STALE},
                {"censored below", CENSORED_LOW, 800000, STABILITY_NA},
                {"censored at it", CENSORED_LOW, 700000, STABILITY_HELD},
                {"nine a half", SHORT, 800000, STABILITY_NA}};
    struct err err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct latency_series series = make(rows[i].making);
        struct change_set changes;
        struct stability_halves halves;
        struct stability_timeout timeout = {.timeout_us = rows[i].timeout_us};
        assert_true(change_points_find(&changes, &series, 1, &err));
        assert_true(stability_judge(&halves, &timeout, 1, &series, &changes, 0.5, &err));
        CHECK_ROW(rows[i].label, timeout.verdict == rows[i].verdict);
        CHECK_ROW(rows[i].label, stability_verdict_names[timeout.verdict] != NULL);
        CHECK_ROW(rows[i].label, timeout.n + timeout.m == series.count);
        CHECK_ROW(rows[i].label, halves.split == series.count / 2);
        CHECK_ROW(rows[i].label, halves.split_us == series.samples[halves.split].at_us);
        CHECK_ROW(rows[i].label, timeout.timeout_us == rows[i].timeout_us);
        change_set_release(&changes);
        fixture_release(&series);
    }
}

/* A tail that grew by a tenth moves no rank much: missed, and no reason found. */
static void a_miss_without_a_reason_is_only_a_miss(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = make(TAILED);
    struct change_set none = {.known = true};
    struct stability_halves halves;
    struct stability_timeout timeout = {.timeout_us = 900000};
    for (uint32_t i = 80; i < 160;
         i += 8) /* half of the tail was fast instead: the ranks even out */
        series.samples[i].us = 100000;
    assert_true(stability_judge(&halves, &timeout, 1, &series, &none, 0.5, &err));
    assert_true(!halves.move.moved);
    assert_true(halves.move.levels.p > 0.025);
    assert_int_equal(timeout.verdict, STABILITY_MISSED);
    assert_true(timeout.y < timeout.low);
    none.count = 1; /* a change would be one */
    assert_true(stability_judge(&halves, &timeout, 1, &series, &none, 0.5, &err));
    assert_int_equal(timeout.verdict, STABILITY_STALE);
    fixture_release(&series);
}

static void a_failed_call_is_no_success_however_fast(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_series(40);
    for (uint32_t i = 0; i < 40; i++)
        series.samples[i].fate = i % 4 == 0 ? LATENCY_FAILED : i % 4 == 1 ? LATENCY_UNTIMED : 0;
    struct change_set changes = {.known = true};
    struct stability_halves halves;
    /* All take 1,000 us; what is due at the timeout itself is late. */
    struct stability_timeout timeouts[] = {{.timeout_us = 1001}, {.timeout_us = 1000}};
    assert_true(stability_judge(&halves, timeouts, 2, &series, &changes, 0.25, &err));
    assert_int_equal(timeouts[0].n, 10);
    assert_int_equal(timeouts[0].k, 4);
    assert_int_equal(timeouts[0].y, 16);
    assert_int_equal(timeouts[1].k + timeouts[1].y, 0);
    fixture_release(&series);
}

static void empty_series_are_judged_too(void **state)
{
    (void)state;
    struct err err;
    for (uint32_t count = 0; count < 4; count++) {
        struct latency_series series = fixture_series(count);
        struct change_set changes;
        struct stability_halves halves;
        struct stability_timeout timeout = {.timeout_us = 5000};
        struct stability_third thirds[STABILITY_PARTS];
        assert_true(change_points_find(&changes, &series, 1, &err));
        assert_true(stability_judge(&halves, &timeout, 1, &series, &changes, 0.5, &err));
        assert_int_equal(timeout.verdict, STABILITY_NA);
        assert_true(stability_thirds(thirds, &series, &err));
        const struct stability_fresh fresh = stability_fresh(&series, &changes);
        assert_int_equal(fresh.freshness, STABILITY_FRESH_UNKNOWN);
        assert_int_equal(fresh.count, count);
        change_set_release(&changes);
        fixture_release(&series);
    }
}

/* ---- thirds ---- */

static void thirds_are_alike_in_size_and_keep_everything(void **state)
{
    (void)state;
    struct err err;
    for (uint32_t count = 40; count < 100; count += 7) {
        struct latency_series series = fixture_lognormal(count, 0.3, count);
        struct stability_third thirds[STABILITY_PARTS];
        fixture_count_fates(&series);
        assert_true(stability_thirds(thirds, &series, &err));
        uint32_t next = 0;
        for (uint32_t t = 0; t < STABILITY_PARTS; t++) {
            const struct latency_series view =
                stability_part(&series, thirds[t].first, thirds[t].count);
            assert_int_equal(thirds[t].first, next);
            next += thirds[t].count;
            CHECK_NEAR(thirds[t].count, count / 3.0, 1.0);
            assert_int_equal(thirds[t].fates[LATENCY_ANSWERED], view.fates[LATENCY_ANSWERED]);
            assert_int_equal(thirds[t].until_us, view.samples[view.count - 1].at_us);
            const struct latency_quantile *median = &thirds[t].quantiles[0];
            if (median->state == LATENCY_OK) assert_true(median->low.us <= median->us);
            assert_int_equal(thirds[t].quantiles[2].state, LATENCY_TOO_FEW); /* p99 of 33 */
        }
        assert_int_equal(next, count);
        fixture_release(&series);
    }
}

/* ---- freshness ---- */

static void samples_count_since_the_last_change_that_matters(void **state)
{
    (void)state;
    struct change latency[] = {{.index = 60, .high = 70, .ratio = 1.5},
                               {.index = 90, .high = 95, .ratio = 1.05}};
    struct change late[] = {{.index = 60, .high = 70, .ratio = 0.5},
                            {.index = 120, .high = 130, .ratio = NAN}};
    struct change wide[] = {{.index = 60, .high = 140, .ratio = 1.5}};
    struct rate_change failing[] = {{.index = 80, .failed_after = 5, .before = 60, .after = 40},
                                    {.index = 140, .failed_after = 1, .before = 900, .after = 900}};
    const struct {
        const char *label;
        struct change_set changes;
        enum stability_freshness freshness;
        uint32_t index;
    } rows[] = {{"unknown", {.known = false}, STABILITY_FRESH_UNKNOWN, 0},
                {"none", {.known = true}, STABILITY_FRESH_ALL, 0},
                {"one, and one of 5%",
                 {.known = true, .items = latency, .count = 2},
                 STABILITY_FRESH_SINCE,
                 70},
                {"only one of 5%",
                 {.known = true, .items = latency + 1, .count = 1},
                 STABILITY_FRESH_ALL,
                 0},
                {"in the last third, censored",
                 {.known = true, .items = late, .count = 2},
                 STABILITY_FRESH_STALE,
                 130},
                {"placed too widely",
                 {.known = true, .items = wide, .count = 1},
                 STABILITY_FRESH_STALE,
                 140},
                {"success later",
                 {.known = true, .items = latency, .count = 1, .rates = failing, .rate_count = 2},
                 STABILITY_FRESH_SINCE,
                 80},
                {"success earlier",
                 {.known = true, .items = late, .count = 2, .rates = failing, .rate_count = 1},
                 STABILITY_FRESH_STALE,
                 130}};
    struct latency_series series = fixture_series(150);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct stability_fresh fresh = stability_fresh(&series, &rows[i].changes);
        CHECK_ROW(rows[i].label, fresh.freshness == rows[i].freshness);
        CHECK_ROW(rows[i].label, fresh.index == rows[i].index);
        CHECK_ROW(rows[i].label, fresh.count == 150 - rows[i].index);
        CHECK_ROW(rows[i].label, fresh.fresh_from_us == series.samples[fresh.index].at_us);
        CHECK_ROW(rows[i].label, fresh.by_success == (rows[i].index == 80));
        CHECK_ROW(rows[i].label, stability_advice_is_stale(&fresh) ==
                                     (rows[i].freshness == STABILITY_FRESH_STALE));
    }
    fixture_release(&series);
}

/* ---- recorded ---- */

static void advice_for_recorded_sites_holds_or_is_stale(void **state)
{
    (void)state;
    static const char *const sites[] = {"Canvas LMS",      "Maryville.edu",
                                        "Simple Syllabus", "Zoom",
                                        "Self Service",    "Slack",
                                        "Kaltura",         "Okta",
                                        "Tutor.com",       "You",
                                        "Grammarly",       "Qualtrics",
                                        "MS Office",       "LinkedIn Learning"};
    struct err err;
    uint32_t stale = 0;
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        struct latency_series series = fixture_site(sites[i]);
        struct latency_series first = stability_part(&series, 0, series.count / 2);
        struct latency_sample sorted[400];
        const uint32_t count = latency_scores_timed(&first, sorted, NULL);
        assert_true(latency_scores_sort(sorted, count, &err));
        const double p95 = latency_scores_quantile(sorted, count, 0.95);
        struct stability_timeout timeouts[] = {{.timeout_us = (int64_t)p95},
                                               {.timeout_us = (int64_t)p95 + 2000000}};
        struct change_set changes;
        struct stability_halves halves;
        assert_true(change_points_find(&changes, &series, 1, &err));
        assert_true(stability_judge(&halves, timeouts, 2, &series, &changes, 0.5, &err));
        CHECK_ROW(sites[i], timeouts[1].verdict == STABILITY_HELD);
        CHECK_ROW(sites[i],
                  timeouts[0].verdict == STABILITY_HELD || timeouts[0].verdict == STABILITY_STALE);
        stale += timeouts[0].verdict == STABILITY_STALE;
        change_set_release(&changes);
        fixture_release(&series);
    }
    assert_int_equal(stale, 1); /* MS Office, which became 1.6 times slower half way */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_timeout_is_covered_at_any_share),
        cmocka_unit_test(an_order_statistic_as_timeout_is_covered_at_any_rank),
        cmocka_unit_test(limits_are_the_first_that_are_not_too_unlikely),
        cmocka_unit_test(verdicts_follow_what_became_of_the_rest),
        cmocka_unit_test(a_miss_without_a_reason_is_only_a_miss),
        cmocka_unit_test(a_failed_call_is_no_success_however_fast),
        cmocka_unit_test(empty_series_are_judged_too),
        cmocka_unit_test(thirds_are_alike_in_size_and_keep_everything),
        cmocka_unit_test(samples_count_since_the_last_change_that_matters),
        cmocka_unit_test(advice_for_recorded_sites_holds_or_is_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
