/* Goal: Kaplan and Meier's curve, its variance, intervals and quantiles. Method: the textbooks'
 * worked example; the defining sums, slowly, over random samples full of ties; the empirical
 * distribution where nothing is censored, bit by bit; coverage of the intervals. */
#include "tests/support.h"

#include <gsl/gsl_cdf.h>

#include "router/base/memory.h"
#include "sim/analysis/survival.h"
#include "tests/sim/analysis/latencies_truth.h"

enum { WEEK = 1000000 };

/* Remission times of 21 patients on 6-MP (Freireich and others, Blood 1963), as in Kleinbaum and
 * Klein or in Stata's manual of sts: weeks, + for censored. */
static void leukaemia(struct latency_series *series)
{
    static const int events[] = {6, 6, 6, 7, 10, 13, 16, 22, 23};
    static const int censored[] = {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35};
    for (size_t i = 0; i < sizeof censored / sizeof *censored; i++)
        latencies_truth_add(series, LATENCY_CENSORED, (int64_t)censored[i] * WEEK);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        latencies_truth_add(series, LATENCY_ANSWERED, (int64_t)events[i] * WEEK);
}

static void gives_the_published_curve_of_the_leukaemia_patients(void **state)
{
    (void)state;
    static const struct {
        int week;
        unsigned at_risk;
        double survival, error, low, high;
    } rows[] = {{6, 21, .8571, .0764, .6197, .9516},  {7, 17, .8067, .0869, .5631, .9228},
                {10, 15, .7529, .0963, .5032, .8894}, {13, 12, .6902, .1068, .4316, .8491},
                {16, 11, .6275, .1141, .3675, .8049}, {22, 7, .5378, .1282, .2678, .7468},
                {23, 6, .4482, .1346, .1881, .6801}};
    struct err err;
    struct latency_series series = {.count = 0};
    struct survival curve;
    leukaemia(&series);
    assert_true(survival_make(&curve, &series, 0.95, &err));
    assert_int_equal(curve.n, 21);
    assert_int_equal(curve.events, 9);
    assert_int_equal(curve.censored, 12);
    assert_int_equal(curve.count, 7);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t us = (int64_t)rows[i].week * WEEK;
        const struct survival_point point = survival_at(&curve, us);
        assert_int_equal(point.at_risk, rows[i].at_risk);
        CHECK_NEAR(point.survival, rows[i].survival, .00005);
        CHECK_NEAR(point.error, rows[i].error, .00005);
        CHECK_NEAR(point.low, rows[i].low, .00005);
        CHECK_NEAR(point.high, rows[i].high, .00005);
        CHECK_NEAR(survival_at(&curve, us + WEEK - 1).survival, point.survival, 0.0);
    }
    const struct survival_quantile median = survival_quantile(&curve, 0.5);
    assert_int_equal(median.value.state, SURVIVAL_REACHED);
    assert_int_equal(median.value.us, 23 * WEEK);
    assert_int_equal(median.low.us, 13 * WEEK);
    assert_int_equal(median.high.state, SURVIVAL_BEYOND);
    assert_int_equal(median.high.us, 35 * WEEK);
    survival_release(&curve);
    latency_series_release(&series);
}

static void knows_no_number_past_the_last_that_was_watched(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = {.count = 0};
    struct survival curve;
    leukaemia(&series);
    latencies_truth_add(&series, LATENCY_FAILED, 90 * WEEK);
    latencies_truth_add(&series, LATENCY_UNTIMED, 0);
    assert_true(survival_make(&curve, &series, 0.95, &err));
    assert_int_equal(curve.failed, 1);
    assert_int_equal(curve.untimed, 1);
    assert_int_equal(curve.n, 21);
    assert_int_equal(curve.last_us, 35 * WEEK);
    const struct survival_quantile quantile = survival_quantile(&curve, 0.75);
    assert_int_equal(quantile.value.state, SURVIVAL_BEYOND);
    assert_int_equal(quantile.value.us, 35 * WEEK);
    CHECK_NEAR(survival_at(&curve, 35 * WEEK).survival, .4482, .00005);
    assert_true(isnan(survival_at(&curve, 35 * WEEK + 1).survival));
    assert_true(isnan(survival_at(&curve, 35 * WEEK + 1).reached));
    CHECK_NEAR(survival_at(&curve, 5 * WEEK).survival, 1.0, 0.0);
    assert_true(isnan(survival_at(&curve, 5 * WEEK).low));
    survival_release(&curve);
    latency_series_release(&series);
}

static void an_empty_curve_says_nothing(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = {.count = 0};
    struct survival curve;
    latencies_truth_add(&series, LATENCY_FAILED, 5);
    assert_true(survival_make(&curve, &series, 0.95, &err));
    assert_true(isnan(survival_at(&curve, 0).survival));
    assert_int_equal(survival_quantile(&curve, 0.5).value.state, SURVIVAL_UNKNOWN);
    assert_int_equal(survival_quantile(&curve, 0.5).high.state, SURVIVAL_UNKNOWN);
    survival_release(&curve);
    latency_series_release(&series);
}

/* ---- against the definition ---- */

struct slow {
    double survival, greenwood;
    uint32_t at_risk;
};

/* The product and the sum, written down as they are defined: for every instant at which somebody
 * answered, all samples are counted again. */
static struct slow slow_at(const struct latency_series *series, int64_t us)
{
    struct slow slow = {1.0, 0.0, 0};
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *a = &series->samples[i];
        slow.at_risk += a->fate <= LATENCY_CENSORED && a->us >= us;
        if (a->fate != LATENCY_ANSWERED || a->us > us) continue;
        uint32_t watched = 0, events = 0;
        bool first = true;
        for (uint32_t j = 0; j < series->count; j++) {
            const struct latency_sample *b = &series->samples[j];
            if (b->fate > LATENCY_CENSORED) continue;
            watched += b->us >= a->us;
            events += b->fate == LATENCY_ANSWERED && b->us == a->us;
            if (b->fate == LATENCY_ANSWERED && b->us == a->us && j < i) first = false;
        }
        if (!first) continue;
        const double n = (double)watched, d = (double)events;
        slow.survival *= 1.0 - d / n;
        slow.greenwood += d / (n * (n - d));
    }
    return slow;
}

static void random_series(struct latency_series *series, uint64_t seed, uint32_t count,
                          uint32_t values, unsigned censored_percent)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t bits = test_bits(seed, i);
        const uint32_t percent = random_below(bits << 20, 100);
        const enum latency_fate fate = percent < censored_percent ? LATENCY_CENSORED
                                       : percent == 99            ? LATENCY_FAILED
                                                                  : LATENCY_ANSWERED;
        latencies_truth_add(series, fate, 1 + (int64_t)random_below(bits, values));
    }
}

static void check_point(const struct survival *curve, const struct latency_series *series,
                        int64_t us)
{
    const struct survival_point point = survival_at(curve, us);
    const struct slow slow = slow_at(series, us);
    if (us > curve->last_us && slow.survival > 1e-9) {
        assert_true(isnan(point.survival));
        return;
    }
    assert_int_equal(point.at_risk, slow.at_risk);
    CHECK_NEAR(point.survival, slow.survival, 1e-12);
    CHECK_NEAR(point.reached, 1.0 - slow.survival, 1e-12);
    if (point.survival == 0.0) {
        assert_true(point.reached == 1.0);
        assert_true(isnan(point.low) && isnan(point.high));
        return;
    }
    CHECK_NEAR(point.error, slow.survival * sqrt(slow.greenwood), 1e-12);
    if (slow.greenwood == 0.0) return;
    const double scale = log(-log(slow.survival));
    const double reach =
        gsl_cdf_ugaussian_Pinv(0.975) * sqrt(slow.greenwood) / fabs(log(slow.survival));
    CHECK_NEAR(point.low, exp(-exp(scale + reach)), 1e-12);
    CHECK_NEAR(point.high, exp(-exp(scale - reach)), 1e-12);
    assert_true(point.low < point.survival && point.survival < point.high);
}

/* The first whole instant at which a bound has come down to 1 - p; 0: never. */
static int64_t slow_end(const struct survival *curve, double p, int which)
{
    for (int64_t us = 1; us <= curve->last_us; us++) {
        const struct survival_point point = survival_at(curve, us);
        const double value = which == 0 ? 1.0 - point.reached : which < 0 ? point.low : point.high;
        if (value <= 1.0 - p + 1e-12) return us;
    }
    return 0;
}

static void check_end(struct survival_end end, const struct survival *curve, int64_t slow_us)
{
    if (slow_us == 0) {
        assert_int_not_equal(end.state, SURVIVAL_REACHED);
        assert_true(end.state == SURVIVAL_UNKNOWN || end.us == curve->last_us);
    } else {
        assert_int_equal(end.state, SURVIVAL_REACHED);
        assert_int_equal(end.us, slow_us);
    }
}

static void agrees_with_the_defining_sums_on_random_samples_full_of_ties(void **state)
{
    (void)state;
    static const unsigned percents[] = {0, 5, 40, 90, 98};
    static const double probabilities[] = {0.01, 0.25, 0.5, 0.8, 0.95, 0.99};
    for (uint64_t seed = 0; seed < 120; seed++) {
        struct err err;
        struct latency_series series = {.count = 0};
        struct survival curve;
        const uint32_t values = seed % 2 == 0 ? 12 : 1000;
        random_series(&series, seed, 1 + (uint32_t)seed, values, percents[seed % 5]);
        assert_true(survival_make(&curve, &series, 0.95, &err));
        for (uint32_t i = 0; i < 30; i++)
            check_point(&curve, &series, random_below(test_bits(seed + 5000, i), values + 5));
        for (size_t p = 0; curve.n > 0 && p < 6; p++) {
            const double probability = probabilities[p];
            const struct survival_quantile q = survival_quantile(&curve, probability);
            check_end(q.value, &curve, slow_end(&curve, probability, 0));
            check_end(q.high, &curve, slow_end(&curve, probability, 1));
            if (q.low.state == SURVIVAL_REACHED)
                assert_int_equal(q.low.us, slow_end(&curve, probability, -1));
            if (q.low.state == SURVIVAL_REACHED && q.value.state == SURVIVAL_REACHED)
                assert_true(q.low.us <= q.value.us);
        }
        survival_release(&curve);
        latency_series_release(&series);
    }
}

static void without_censoring_is_the_empirical_distribution_bit_by_bit(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct err err;
        struct latency_series series = {.count = 0};
        struct survival curve;
        const uint32_t count = 1 + (uint32_t)seed * 37;
        random_series(&series, seed, count, 1 + count / 3, 0);
        assert_true(survival_make(&curve, &series, 0.95, &err));
        for (int64_t us = 0; us < (int64_t)count / 3 + 3; us++) {
            uint32_t within = 0;
            for (uint32_t i = 0; i < series.count; i++) {
                const struct latency_sample *sample = &series.samples[i];
                within += sample->fate == LATENCY_ANSWERED && sample->us <= us;
            }
            if (curve.n == 0) continue;
            assert_true(survival_at(&curve, us).reached == (double)within / (double)curve.n);
        }
        survival_release(&curve);
        latency_series_release(&series);
    }
}

/* As many answers as the quantile asks for are enough: no rounding makes it the next one. */
static void takes_the_first_answer_at_which_the_share_is_reached(void **state)
{
    (void)state;
    struct err err;
    for (uint32_t n = 1; n <= 300; n++) {
        struct latency_series series = {.count = 0};
        struct survival curve;
        for (uint32_t i = 1; i <= n; i++)
            latencies_truth_add(&series, LATENCY_ANSWERED, (int64_t)i);
        assert_true(survival_make(&curve, &series, 0.95, &err));
        for (uint32_t k = 1; k < n; k++) {
            const double p = (double)k / (double)n;
            assert_int_equal(survival_quantile(&curve, p).value.us, k);
        }
        survival_release(&curve);
        latency_series_release(&series);
    }
}

/* After a censoring F is a product: (n-a)/n of (m-b)/m calls are left, and the rounding of that
 * must not put the quantile of just this share one answer later. */
static void rounding_after_a_censoring_moves_no_quantile(void **state)
{
    (void)state;
    struct err err;
    for (uint32_t n = 5; n <= 40; n++) {
        const uint32_t a = n / 3, m = n - a - 1;
        struct latency_series series = {.count = 0};
        struct survival curve;
        for (uint32_t i = 1; i <= n; i++)
            latencies_truth_add(&series, i == a + 1 ? LATENCY_CENSORED : LATENCY_ANSWERED, i);
        assert_true(survival_make(&curve, &series, 0.95, &err));
        for (uint32_t b = 1; b < m; b++) {
            const double p = 1.0 - (double)((n - a) * (m - b)) / (double)(n * m);
            assert_int_equal(survival_quantile(&curve, p).value.us, a + 1 + b);
        }
        survival_release(&curve);
        latency_series_release(&series);
    }
}

/* Of 2,000 studies with 45% censored, 95% of the intervals for the true S should hold it: between
 * 93.2% and 96.6%, outside of which a right one falls once in a thousand times. */
static void intervals_cover_as_often_as_they_say(void **state)
{
    (void)state;
    unsigned covered = 0;
    for (uint64_t study = 0; study < 2000; study++) {
        struct err err;
        struct latency_series series = {.count = 0};
        struct survival curve;
        for (uint32_t i = 0; i < 100; i++) {
            const double latency = -log(1.0 - random_unit(test_bits(study, i * 2)));
            const double watched = 2.2 * random_unit(test_bits(study, i * 2 + 1));
            latencies_truth_add(&series, latency <= watched ? LATENCY_ANSWERED : LATENCY_CENSORED,
                                (int64_t)(fmin(latency, watched) * 1e6));
        }
        assert_true(survival_make(&curve, &series, 0.95, &err));
        const struct survival_point point = survival_at(&curve, 1000000);
        covered += point.low <= exp(-1.0) && exp(-1.0) <= point.high;
        survival_release(&curve);
        latency_series_release(&series);
    }
    assert_in_range(covered, 1864, 1932);
}

static void ends_cleanly_when_memory_does(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    leukaemia(&series);
    for (uint32_t countdown = 1;; countdown++) {
        struct err err;
        struct survival curve;
        memory_fail_after(countdown);
        const bool made = survival_make(&curve, &series, 0.95, &err);
        memory_fail_after(0);
        if (!made) assert_int_equal(err.code, ERR_ENVIRONMENT);
        survival_release(&curve);
        if (made) break;
        assert_true(countdown < 10);
    }
    latency_series_release(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_curve_of_the_leukaemia_patients),
        cmocka_unit_test(knows_no_number_past_the_last_that_was_watched),
        cmocka_unit_test(an_empty_curve_says_nothing),
        cmocka_unit_test(agrees_with_the_defining_sums_on_random_samples_full_of_ties),
        cmocka_unit_test(without_censoring_is_the_empirical_distribution_bit_by_bit),
        cmocka_unit_test(takes_the_first_answer_at_which_the_share_is_reached),
        cmocka_unit_test(rounding_after_a_censoring_moves_no_quantile),
        cmocka_unit_test(intervals_cover_as_often_as_they_say),
        cmocka_unit_test(ends_cleanly_when_memory_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
