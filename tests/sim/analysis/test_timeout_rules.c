/* The rules side by side: what each gives where it is known beforehand, what it says where a sample
 * cannot carry it, and what a timeout achieves, counted the slow way.
 */
#include "sim/analysis/timeout_rules.h"

#include <math.h>

#include "router/base/random.h"
#include "tests/support.h"

static void add(struct latency_series *series, int64_t us, enum latency_fate fate)
{
    struct err err;
    const struct latency_sample sample = {
        .at_us = series->count, .us = us, .order = LATENCY_NO_ORDER, .fate = (uint8_t)fate};
    assert_true(latency_add(series, &sample, &err));
}

static struct timeout_advice *apply(const struct latency_series *series,
                                    const struct timeout_setup *setup)
{
    static struct timeout_advice advice[TIMEOUT_RULES];
    struct err err;
    assert_true(timeout_rules_apply(series, setup, advice, &err));
    return advice;
}

static void release(struct latency_series *series)
{
    free(series->samples);
    *series = (struct latency_series){0};
}

/* 1, 2, ..., n milliseconds, answered. */
static struct latency_series ladder(int n)
{
    struct latency_series series = {.provider = PROVIDER_COUNT, .timeout_us = 9000000};
    for (int i = 1; i <= n; i++)
        add(&series, i * 1000, LATENCY_ANSWERED);
    return series;
}

static void percentiles_of_a_ladder_are_where_they_must_be(void **state)
{
    (void)state;
    struct latency_series series = ladder(20000);
    const struct timeout_setup setup = timeout_setup_default();
    const struct timeout_advice *advice = apply(&series, &setup);
    /* Type 7: 1 + 0.95 * 19,999 = 19,000.05 ms; a timeout just after it. */
    assert_int_equal(advice[TIMEOUT_P95_PLUS].us, 19001000 + 2000000);
    assert_int_equal(advice[TIMEOUT_P99].us, 19801000);
    assert_int_equal(advice[TIMEOUT_P999].us, 19981000);
    assert_int_equal(advice[TIMEOUT_CLAMP].us, setup.most_us);
    assert_int_equal(advice[TIMEOUT_TODAY].us, 9000000);
    /* Before 9 s came 1 .. 8,999 ms. */
    assert_int_equal(advice[TIMEOUT_TODAY].achieved.success.hits, 8999);
    assert_int_equal(advice[TIMEOUT_TODAY].achieved.false_timeouts.hits, 20000 - 8999);
    assert_true(advice[TIMEOUT_P99].low_us < advice[TIMEOUT_P99].us);
    assert_true(advice[TIMEOUT_P99].high_us > advice[TIMEOUT_P99].us);
    release(&series);
}

/* The target holds with 95% confidence: that many of many samples' timeouts wait for it. */
static void a_target_is_met_in_95_of_100_samples(void **state)
{
    (void)state;
    static const int sizes[] = {60, 320, 1000};
    static const double targets[] = {0.95, 0.99, 0.99};
    for (unsigned s = 0; s < 3; s++) {
        unsigned met = 0;
        enum { TRIES = 2000 };
        for (unsigned t = 0; t < TRIES; t++) {
            struct latency_series series = {.provider = PROVIDER_COUNT};
            for (int i = 0; i < sizes[s]; i++) {
                const double u = random_unit(random_draw(random_key(t, s), (uint64_t)i));
                add(&series, (int64_t)(1e9 * u), LATENCY_ANSWERED); /* uniform: F is known */
            }
            struct timeout_setup setup = timeout_setup_default();
            const struct timeout_advice *advice = apply(&series, &setup);
            assert_int_equal(advice[TIMEOUT_TARGET].state, TIMEOUT_FOUND);
            assert_true(advice[TIMEOUT_TARGET].target == targets[s]);
            met += (double)advice[TIMEOUT_TARGET].us / 1e9 >= targets[s];
            release(&series);
        }
        /* At least 95%; with 2,000 tries the binomial's 99.9% region ends at 93.3. */
        assert_true(met >= (unsigned)(0.933 * TRIES));
        assert_true(met < TRIES); /* and not by waiting for everybody */
    }
}

static void few_samples_carry_few_rules(void **state)
{
    (void)state;
    struct latency_series series = ladder(78);
    const struct timeout_setup setup = timeout_setup_default();
    const struct timeout_advice *advice = apply(&series, &setup);
    assert_int_equal(advice[TIMEOUT_P95_PLUS].state, TIMEOUT_TOO_FEW);
    assert_int_equal(advice[TIMEOUT_P95_PLUS].needs, 200);
    assert_int_equal(advice[TIMEOUT_P99].needs, 1000);
    assert_int_equal(advice[TIMEOUT_P999].needs, 10000);
    assert_int_equal(advice[TIMEOUT_TARGET].state, TIMEOUT_FOUND);
    assert_true(advice[TIMEOUT_TARGET].target == 0.95);
    /* 0.95^78 = 0.018: the largest is surely enough; the second largest, with 0.018 + 78 * 0.05 *
     * 0.95^77 = 0.094, is not. */
    assert_int_equal(advice[TIMEOUT_TARGET].us, 79000);
    release(&series);
    series = ladder(13);
    advice = apply(&series, &setup);
    assert_int_equal(advice[TIMEOUT_TARGET].state, TIMEOUT_TOO_FEW);
    assert_int_equal(advice[TIMEOUT_TARGET].needs, 14);
    release(&series);
}

/* 8% of the calls take longer than the timeout that is in force. */
static void what_timed_out_is_no_reason_to_wait_less(void **state)
{
    (void)state;
    struct latency_series series = {.provider = PROVIDER_COUNT, .timeout_us = 5000000};
    for (int i = 0; i < 10000; i++) {
        const bool slow = i % 25 < 2;
        add(&series, slow ? 5000000 : 1000000 + i * 100,
            slow ? LATENCY_CENSORED : LATENCY_ANSWERED);
    }
    const struct timeout_setup setup = timeout_setup_default();
    const struct timeout_advice *advice = apply(&series, &setup);
    /* The 95th percentile is not in the data; 4 s, which answers alone would give, is not said. */
    assert_int_equal(advice[TIMEOUT_P95_PLUS].state, TIMEOUT_BEYOND);
    assert_int_equal(advice[TIMEOUT_P95_PLUS].us, 7000000);
    assert_int_equal(advice[TIMEOUT_P99].state, TIMEOUT_BEYOND);
    assert_int_equal(advice[TIMEOUT_P99].us, 5000000);
    assert_int_equal(advice[TIMEOUT_TARGET].state, TIMEOUT_BEYOND);
    assert_int_equal(advice[TIMEOUT_CLAMP].state, TIMEOUT_BEYOND);
    release(&series);
}

/* Watched to a minute and never answered: no timeout would have waited for these. */
static void what_hangs_to_the_cap_is_no_answer_to_wait_for(void **state)
{
    (void)state;
    struct latency_series fine = ladder(2000), hanging = ladder(2000);
    for (int i = 0; i < 100; i++) {
        struct err err;
        const struct latency_sample sample = {.at_us = 2000 + i,
                                              .us = 60000000,
                                              .timeout_us = 9000000,
                                              .order = LATENCY_NO_ORDER,
                                              .fate = LATENCY_CENSORED,
                                              .capped = true};
        assert_true(latency_add(&hanging, &sample, &err));
    }
    const struct timeout_setup setup = timeout_setup_default();
    const int64_t target_us = apply(&fine, &setup)[TIMEOUT_TARGET].us;
    const struct timeout_advice *advice = apply(&hanging, &setup);
    assert_int_equal(advice[TIMEOUT_TARGET].state, TIMEOUT_FOUND);
    assert_int_equal(advice[TIMEOUT_TARGET].us, target_us);
    /* A percentile of calls counts them, as the runbook's query does. */
    assert_int_equal(advice[TIMEOUT_P99].state, TIMEOUT_BEYOND);
    release(&fine);
    release(&hanging);
}

static void failures_set_no_timeout_but_lower_success(void **state)
{
    (void)state;
    struct latency_series fine = ladder(2000), broken = ladder(2000);
    for (int i = 0; i < 500; i++)
        add(&broken, i % 2 == 0 ? 3000 : 0, i % 2 == 0 ? LATENCY_FAILED : LATENCY_UNTIMED);
    const struct timeout_setup setup = timeout_setup_default();
    struct timeout_advice of_fine[TIMEOUT_RULES];
    memcpy(of_fine, apply(&fine, &setup), sizeof of_fine);
    const struct timeout_advice *of_broken = apply(&broken, &setup);
    for (unsigned r = TIMEOUT_P95_PLUS; r < TIMEOUT_RULES; r++)
        assert_int_equal(of_fine[r].us, of_broken[r].us);
    assert_int_equal(of_broken[TIMEOUT_P99].achieved.success.n, 2500);
    assert_true(of_broken[TIMEOUT_P99].achieved.success.value < 0.80);
    assert_true(of_broken[TIMEOUT_P99].achieved.caught > 0.989);
    release(&fine);
    release(&broken);
}

/* Answers at once or after a second; a second costs more than a quote, or less. */
static void the_cheapest_weighs_a_quote_against_a_second(void **state)
{
    (void)state;
    struct latency_series series = {.provider = PROVIDER_COUNT};
    for (int i = 0; i < 1000; i++)
        add(&series, i % 10 == 0 ? 1100000 : 100000, LATENCY_ANSWERED);
    struct timeout_setup setup = timeout_setup_default();
    assert_int_equal(apply(&series, &setup)[TIMEOUT_COST].state, TIMEOUT_UNKNOWN);
    setup.wait_cents_per_s = 1.0;
    setup.lost_quote_cents = 0.99; /* a tenth of the calls wait a second: a cent a quote */
    assert_int_equal(apply(&series, &setup)[TIMEOUT_COST].us, 101000);
    setup.lost_quote_cents = 1.01;
    assert_int_equal(apply(&series, &setup)[TIMEOUT_COST].us, 1101000);
    /* The knee is where the curve leaves for the right. */
    assert_int_equal(apply(&series, &setup)[TIMEOUT_KNEE].us, 101000);
    release(&series);
}

/* Every count again, the obvious way. */
static void what_a_timeout_achieves_is_counted_again(void **state)
{
    (void)state;
    struct latency_series series = {.provider = PROVIDER_COUNT};
    for (uint64_t i = 0; i < 3000; i++) {
        const uint64_t draw = random_draw(random_key(5, 5), i);
        const enum latency_fate fate = (enum latency_fate)(draw % 11 < 8 ? 0 : draw % 11 - 7);
        add(&series, fate == LATENCY_UNTIMED ? 0 : (int64_t)(1 + draw / 16 % 9000), fate);
    }
    for (int64_t t = 500; t < 10000; t += 700) {
        struct timeout_achieved achieved;
        struct err err;
        uint64_t in_time = 0, late = 0, unknown = 0, censored = 0;
        assert_true(timeout_achieves(&series, t, &achieved, &err));
        for (uint32_t i = 0; i < series.count; i++) {
            const struct latency_sample *s = &series.samples[i];
            in_time += s->fate == LATENCY_ANSWERED && s->us < t;
            late += s->fate == LATENCY_ANSWERED && s->us >= t;
            unknown += s->fate == LATENCY_CENSORED && s->us < t;
            censored += s->fate == LATENCY_CENSORED;
        }
        assert_int_equal(achieved.success.hits, in_time);
        assert_int_equal(achieved.success.n, 3000);
        assert_int_equal(achieved.false_timeouts.hits, late);
        assert_true(achieved.success_possible == (double)(in_time + unknown) / 3000.0);
        assert_true(achieved.false_possible == (double)(late + censored) / 3000.0);
    }
    release(&series);
}

static void nothing_to_go_by_gives_no_advice(void **state)
{
    (void)state;
    struct latency_series empty = {.provider = PROVIDER_COUNT};
    const struct timeout_setup setup = timeout_setup_default();
    const struct timeout_advice *advice = apply(&empty, &setup);
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        assert_int_not_equal(advice[r].state, TIMEOUT_FOUND);
    struct latency_series failed = {.provider = PROVIDER_COUNT};
    for (int i = 0; i < 500; i++)
        add(&failed, 0, LATENCY_UNTIMED);
    advice = apply(&failed, &setup);
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        assert_int_not_equal(advice[r].state, TIMEOUT_FOUND);
    release(&failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_of_a_ladder_are_where_they_must_be),
        cmocka_unit_test(a_target_is_met_in_95_of_100_samples),
        cmocka_unit_test(few_samples_carry_few_rules),
        cmocka_unit_test(what_timed_out_is_no_reason_to_wait_less),
        cmocka_unit_test(what_hangs_to_the_cap_is_no_answer_to_wait_for),
        cmocka_unit_test(failures_set_no_timeout_but_lower_success),
        cmocka_unit_test(the_cheapest_weighs_a_quote_against_a_second),
        cmocka_unit_test(what_a_timeout_achieves_is_counted_again),
        cmocka_unit_test(nothing_to_go_by_gives_no_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
