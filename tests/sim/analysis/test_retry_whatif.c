/* What hedges and retries would have done to measured calls.
 *
 * Method: small series with ties against every pair of calls counted one by one; large drawn ones
 * against the closed forms; and series whose slowness comes in runs, where the two methods have to
 * part.
 */
#include <math.h>

#include "router/base/random.h"
#include "sim/analysis/retry_model.h"
#include "sim/analysis/retry_whatif.h"
#include "tests/support.h"

#define SECOND INT64_C(1000000)

static double unit(uint64_t seed, uint64_t index, uint64_t draw)
{
    return random_unit(random_draw(random_key(seed, index), draw));
}

static void add(struct latency_series *series, int64_t at_us, int64_t us, enum latency_fate fate)
{
    struct err err = {0};
    const struct latency_sample sample = {
        .at_us = at_us, .us = us, .order = UINT32_MAX, .fate = (uint8_t)fate};
    if (!latency_add(series, &sample, &err)) fail_msg("%s", err.message);
}

static void end(struct latency_series *series)
{
    free(series->samples);
    *series = (struct latency_series){.count = 0};
}

static struct whatif_hedges hedges_of(const struct latency_series *series,
                                      const struct whatif_setup *setup)
{
    struct whatif_hedges whatif;
    struct err err = {0};
    if (!whatif_hedges_make(&whatif, series, setup, &err)) fail_msg("%s", err.message);
    return whatif;
}

static struct whatif_hedge hedge_at(const struct latency_series *series,
                                    const struct whatif_setup *setup, int64_t after_us)
{
    struct whatif_hedge hedge;
    struct err err = {0};
    if (!whatif_hedge_at(&hedge, series, setup, after_us, &err)) fail_msg("%s", err.message);
    return hedge;
}

/* The least t at which a share of `probability` of all pairs has answered, counted one by one. */
static int64_t brute_quantile(const struct latency_series *series, int64_t after_us,
                              double probability)
{
    const uint32_t n = series->count;
    int64_t best_us = INT64_MAX;
    for (uint32_t c = 0; c < 2 * n; c++) { /* candidates: every answer, and that a delay later */
        const int64_t t_us = series->samples[c % n].us + (c < n ? 0 : after_us);
        uint64_t by = 0;
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t j = 0; j < n; j++) {
                const int64_t one_us = series->samples[i].us;
                const int64_t two_us = after_us + series->samples[j].us;
                by += (one_us <= after_us || one_us < two_us ? one_us : two_us) <= t_us;
            }
        }
        if ((double)by >= probability * n * n - 1e-9 && t_us < best_us) best_us = t_us;
    }
    return best_us;
}

static void every_quantile_is_that_of_all_pairs(void **state)
{
    (void)state;
    const struct whatif_setup setup = {.has_time = true};
    unsigned known = 0;
    for (unsigned round = 0; round < 60; round++) {
        struct latency_series series = {.count = 0};
        const unsigned n = 20 + round * 3;
        for (unsigned i = 0; i < n; i++) { /* few values: many ties */
            const double draw = unit(1, round, i);
            add(&series, i, 1000 + 100 * (int64_t)(40 * draw * draw * draw), LATENCY_ANSWERED);
        }
        const int64_t after_us = 1000 + 100 * (int64_t)(20 * unit(2, round, 0));
        const struct whatif_hedge hedge = hedge_at(&series, &setup, after_us);
        assert_int_equal(hedge.after.state, WHATIF_KNOWN);
        for (unsigned q = 0; q < WHATIF_QUANTILES; q++) {
            const struct whatif_time *time = &hedge.independent.quantiles[q];
            if (time->state != WHATIF_KNOWN) continue;
            known++;
            assert_true(time->us == brute_quantile(&series, after_us, whatif_quantiles[q]));
        }
        end(&series);
    }
    assert_true(known > 80);
}

/* Independent calls a second apart. */
static void draw_lognormal(struct latency_series *series, unsigned n, uint64_t seed)
{
    const struct retry_lognormal lognormal = retry_lognormal_of(1500, 0.95, 3500);
    for (unsigned i = 0; i < n; i++) {
        const double ms = retry_lognormal_quantile(&lognormal, unit(seed, i, 0) + 1e-17);
        add(series, i * SECOND, (int64_t)(ms * 1000), LATENCY_ANSWERED);
    }
}

static bool is_near(double value, double wanted, double relative)
{
    if (fabs(value / wanted - 1.0) < relative) return true;
    print_error("%g, not %g\n", value, wanted);
    return false;
}

static void independent_calls_agree_with_the_closed_form(void **state)
{
    (void)state;
    const struct retry_lognormal lognormal = retry_lognormal_of(1500, 0.95, 3500);
    const struct retry_law law = retry_lognormal_law(&lognormal);
    struct latency_series series = {.count = 0};
    draw_lognormal(&series, 100000, 11);
    const struct whatif_setup setup = {
        .has_time = true, .within_us = WHATIF_WITHIN_US, .deadline_us = 5 * SECOND};
    const struct whatif_hedges whatif = hedges_of(&series, &setup);
    assert_int_equal(whatif.n, 100000);
    assert_false(whatif.before.model);
    assert_true(is_near((double)whatif.before.quantiles[3].us / 1000, 7369, 0.04));
    for (unsigned d = 0; d < WHATIF_DELAYS; d++) {
        const struct whatif_hedge *hedge = &whatif.hedges[d];
        const double after_ms = (double)hedge->after.us / 1000;
        assert_true(
            is_near(after_ms, retry_lognormal_quantile(&lognormal, whatif_delays[d]), 0.02));
        assert_true(fabs(hedge->load - (1.0 - whatif_delays[d])) < 1e-5);
        assert_true(hedge->independent.model && hedge->shared.model && hedge->shared.known);
        for (unsigned q = 0; q < WHATIF_QUANTILES; q++) {
            const double wanted = retry_hedge_quantile(&law, after_ms, whatif_quantiles[q]);
            const struct whatif_time *one = &hedge->independent.quantiles[q];
            const struct whatif_time *other = &hedge->shared.quantiles[q];
            assert_int_equal(one->state, WHATIF_KNOWN);
            assert_true(is_near((double)one->us / 1000, wanted, 0.03));
            if (other->state != WHATIF_KNOWN) continue; /* a thousand neighbours are few */
            assert_true(is_near((double)other->us / 1000, wanted, 0.06));
        }
        /* Neighbours share nothing: P(slow | slow) is P(slow). */
        assert_true(hedge->slow.low < hedge->slow.alone * 1.1);
        assert_true(hedge->slow.high > hedge->slow.alone * 0.9);
        const double late = retry_hedge_tail(&law, after_ms, 5000);
        assert_true(fabs(1.0 - hedge->independent.in_time - late) < 0.0005);
        assert_true(fabs(hedge->shared.in_time - hedge->independent.in_time) < 0.002);
    }
    end(&series);
}

static void slowness_that_comes_in_runs_is_worth_no_hedge(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    /* Nine minutes at about 1 s, one at about 6 s. The hedge goes out after 2 s. */
    for (unsigned i = 0; i < 20000; i++) {
        const bool bad = i / 60 % 10 == 9;
        const double ms = (bad ? 6000 : 1000) * (0.8 + 0.4 * unit(3, i, 0));
        add(&series, i * SECOND, (int64_t)(ms * 1000), LATENCY_ANSWERED);
    }
    const struct whatif_setup setup = {
        .has_time = true, .within_us = 10 * SECOND, .deadline_us = 5 * SECOND};
    const struct whatif_hedge hedge = hedge_at(&series, &setup, 2 * SECOND);
    assert_true(fabs(hedge.load - 0.1) < 0.002);
    assert_true(hedge.slow.after > 0.94 && hedge.slow.low > 0.9);
    assert_true(fabs(hedge.slow.alone - 0.1) < 0.002);
    /* By the formula nine of ten slow calls are saved: p95 is 2 s and a fast answer. */
    assert_true(hedge.independent.quantiles[1].us < 3500000);
    assert_true(hedge.shared.quantiles[1].us > 5000000);
    assert_true(hedge.independent.in_time > 0.98);
    assert_true(hedge.shared.in_time < 0.94);
    /* The next row is a neighbour too where there are no times. */
    const struct whatif_setup rows = {.has_time = false, .deadline_us = 5 * SECOND};
    const struct whatif_hedge by_row = hedge_at(&series, &rows, 2 * SECOND);
    assert_true(by_row.slow.after > 0.94);
    /* Where no neighbour is near, nothing is said. */
    const struct whatif_setup narrow = {.has_time = true, .within_us = 0};
    const struct whatif_hedge alone = hedge_at(&series, &narrow, 2 * SECOND + 500000);
    assert_false(alone.shared.known);
    assert_true(isnan(alone.slow.after));
    end(&series);
}

static void the_neighbour_is_the_call_of_the_hedges_instant(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    /* Two slow calls in ten, a second apart: three seconds later all is well. */
    for (unsigned i = 0; i < 1000; i++)
        add(&series, i * SECOND, i % 10 < 2 ? 5 * SECOND : SECOND, LATENCY_ANSWERED);
    const struct whatif_setup setup = {.has_time = true, .within_us = SECOND};
    const struct whatif_hedge soon = hedge_at(&series, &setup, SECOND);
    assert_true(fabs(soon.slow.after - 0.5) < 0.01);
    const struct whatif_hedge later = hedge_at(&series, &setup, 5 * SECOND / 2);
    assert_true(later.slow.after == 0.0);
    end(&series);
}

static void what_nobody_watched_is_more_than_the_longest_watch(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    for (unsigned i = 0; i < 10000; i++) { /* 8% are given up after 5 s */
        if (i % 25 < 2) {
            add(&series, i * SECOND, 5 * SECOND, LATENCY_CENSORED);
        } else {
            add(&series, i * SECOND, SECOND + i, LATENCY_ANSWERED);
        }
    }
    for (unsigned i = 0; i < 100; i++)
        add(&series, (10000 + i) * SECOND, 1000, LATENCY_FAILED);
    const struct whatif_setup setup = {
        .has_time = true, .within_us = 10 * SECOND, .deadline_us = 5 * SECOND};
    const struct whatif_hedges whatif = hedges_of(&series, &setup);
    assert_int_equal(whatif.n, 10000);
    assert_int_equal(whatif.failed, 100);
    assert_int_equal(whatif.before.quantiles[1].state, WHATIF_BEYOND);
    assert_true(whatif.before.quantiles[1].us == 5 * SECOND);
    const struct whatif_hedge *p90 = &whatif.hedges[1];
    assert_int_equal(p90->after.state, WHATIF_KNOWN);
    /* .08 * .08 are slow twice: p99 is known now, p99.9 is not. */
    assert_int_equal(p90->independent.quantiles[2].state, WHATIF_KNOWN);
    assert_true(p90->independent.quantiles[2].us > 2 * SECOND);
    assert_int_equal(p90->independent.quantiles[3].state, WHATIF_BEYOND);
    assert_true(fabs(p90->independent.in_time - (1.0 - 0.08 * 0.08)) < 1e-9);
    assert_int_equal(whatif.hedges[2].after.state, WHATIF_BEYOND); /* p95 itself is not known */
    assert_false(whatif.hedges[2].independent.known);
    assert_true(isnan(whatif.hedges[2].load));
    end(&series);
}

/* As a log has it that writes 0 for less than a millisecond. */
static void an_answer_may_take_no_time(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    for (int i = 0; i < 400; i++)
        add(&series, i * SECOND, i % 2 == 0 ? 0 : 1000 * (i % 40), LATENCY_ANSWERED);
    const struct whatif_setup setup = {.has_time = true, .within_us = SECOND / 2};
    const struct whatif_hedges whatif = hedges_of(&series, &setup);
    for (unsigned d = 0; d < WHATIF_DELAYS; d++) {
        const struct whatif_hedge *hedge = &whatif.hedges[d];
        if (hedge->after.state != WHATIF_KNOWN) continue;
        const struct whatif_time *p95 = &hedge->independent.quantiles[1];
        if (p95->state == WHATIF_KNOWN)
            assert_int_equal(p95->us, brute_quantile(&series, hedge->after.us, 0.95));
    }
    end(&series);
}

static void few_calls_have_no_far_quantiles(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    draw_lognormal(&series, 300, 5);
    const struct whatif_setup setup = {.has_time = true, .within_us = WHATIF_WITHIN_US};
    struct whatif_hedges whatif = hedges_of(&series, &setup);
    assert_int_equal(whatif.before.quantiles[1].state, WHATIF_KNOWN); /* 15 lie beyond */
    assert_int_equal(whatif.before.quantiles[2].state, WHATIF_TOO_FEW);
    assert_int_equal(whatif.hedges[3].after.state, WHATIF_TOO_FEW);
    assert_true(isnan(whatif.before.in_time));   /* no deadline was given */
    assert_false(whatif.hedges[2].shared.known); /* 15 neighbours */
    end(&series);
    whatif = hedges_of(&series, &setup); /* none at all */
    assert_int_equal(whatif.n, 0);
    assert_int_equal(whatif.before.quantiles[0].state, WHATIF_TOO_FEW);
}

/* ---- retries --------------------------------------------------------------------------------- */

static struct whatif_retries retries_of(const struct latency_series *series,
                                        const struct whatif_setup *setup,
                                        const struct whatif_retry_policy *policy)
{
    struct whatif_retries whatif;
    struct err err = {0};
    if (!whatif_retries_make(&whatif, series, setup, policy, &err)) fail_msg("%s", err.message);
    return whatif;
}

static void retries_help_as_far_as_time_is_left(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    for (unsigned i = 0; i < 5000; i++) { /* a fifth fails after 50 ms, by its own luck */
        const bool fails = unit(8, i, 0) < 0.2;
        add(&series, i * SECOND, fails ? 50000 : 100000, fails ? LATENCY_FAILED : LATENCY_ANSWERED);
    }
    const double f = (double)series.fates[LATENCY_FAILED] / 5000;
    const struct whatif_retry_policy policy = {.backoff_us = 100000};
    struct whatif_setup setup = {.has_time = true, .within_us = 10 * SECOND, .deadline_us = SECOND};
    struct whatif_retries whatif = retries_of(&series, &setup, &policy);
    for (unsigned t = 0; t < WHATIF_TRIES; t++) {
        assert_int_equal(whatif.tries[t].tries, t + 1);
        const struct retry_plan plan = {.attempts = t + 1, .failing = f};
        const struct retry_outcome wanted = retry_outcome_of(&plan);
        assert_true(fabs(whatif.tries[t].success - (1.0 - wanted.failed)) < 1e-9);
        assert_true(fabs(whatif.tries[t].load - wanted.load) < 1e-9);
    }
    /* Failures do not hang together: both ways agree. */
    assert_true(whatif.shared_known);
    assert_true(fabs(whatif.fails.after - f) < 0.04);
    assert_true(fabs(whatif.tries[1].success - whatif.tries[1].success_shared) < 0.01);
    /* 260 ms: a first try, 150 ms, and 100 ms for the second; no third. */
    setup.deadline_us = 260000;
    whatif = retries_of(&series, &setup, &policy);
    assert_true(fabs(whatif.tries[1].success - (1.0 - f * f)) < 1e-9);
    assert_true(fabs(whatif.tries[3].success - (1.0 - f * f)) < 1e-9);
    assert_true(whatif.tries[3].load > 1.0 + f - 1e-9); /* a third is begun where time is left */
    /* 240 ms: the second try is made, and comes too late. */
    setup.deadline_us = 240000;
    whatif = retries_of(&series, &setup, &policy);
    assert_true(fabs(whatif.tries[1].success - (1.0 - f)) < 1e-9);
    assert_true(fabs(whatif.tries[1].load - (1.0 + f)) < 1e-9);
    end(&series);
}

static void a_retry_into_the_same_outage_gains_little(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    for (unsigned i = 0; i < 6000; i++) { /* one minute in five everything fails */
        const bool fails = i / 60 % 5 == 0;
        add(&series, i * SECOND, fails ? 50000 : 100000, fails ? LATENCY_FAILED : LATENCY_ANSWERED);
    }
    const struct whatif_retry_policy policy = {.backoff_us = 100000};
    const struct whatif_setup setup = {
        .has_time = true, .within_us = 10 * SECOND, .deadline_us = 2 * SECOND};
    const struct whatif_retries whatif = retries_of(&series, &setup, &policy);
    assert_true(fabs(whatif.tries[2].success - 0.992) < 1e-6);
    assert_true(whatif.fails.after > 0.97);
    assert_true(whatif.tries[2].success_shared < 0.82);
    assert_true(whatif.tries[2].load_shared > 1.38); /* and each retry is one more in vain */
    end(&series);
}

static void a_failure_without_a_time_leaves_none_for_another_try(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    for (unsigned i = 0; i < 1000; i++)
        add(&series, i * SECOND, i % 5 == 0 ? 0 : 100000,
            i % 5 == 0 ? LATENCY_UNTIMED : LATENCY_ANSWERED);
    const struct whatif_retry_policy policy = {.backoff_us = 1000};
    const struct whatif_setup setup = {.has_time = true, .deadline_us = SECOND};
    const struct whatif_retries whatif = retries_of(&series, &setup, &policy);
    assert_int_equal(whatif.untimed, 200);
    assert_true(fabs(whatif.tries[3].success - 0.8) < 1e-9);
    assert_true(fabs(whatif.tries[3].load - 1.0) < 1e-9);
    end(&series);
}

/* Tries drawn from the series one by one, as the table's arithmetic has them. */
static double simulate(const struct latency_series *series, const struct whatif_setup *setup,
                       const struct whatif_retry_policy *policy, unsigned tries)
{
    enum { TRIALS = 40000 };
    unsigned good = 0;
    for (unsigned t = 0; t < TRIALS; t++) {
        int64_t now_us = 0;
        for (unsigned k = 0; k < tries && now_us < setup->deadline_us; k++) {
            const uint32_t pick = (uint32_t)(unit(21, t, k) * series->count);
            const struct latency_sample *sample = &series->samples[pick];
            const int64_t give_up_us = policy->try_us > 0 ? policy->try_us : INT64_MAX / 4;
            const bool answers = sample->fate == LATENCY_ANSWERED && sample->us <= give_up_us;
            if (answers) {
                good += now_us + sample->us < setup->deadline_us;
                break;
            }
            now_us += (sample->us < give_up_us ? sample->us : give_up_us) + policy->backoff_us;
        }
    }
    return (double)good / TRIALS;
}

static void tries_that_are_given_up_agree_with_drawn_ones(void **state)
{
    (void)state;
    struct latency_series series = {.count = 0};
    const struct retry_lognormal lognormal = retry_lognormal_of(600, 0.95, 3000);
    for (unsigned i = 0; i < 20000; i++) {
        const double ms = retry_lognormal_quantile(&lognormal, unit(31, i, 0) + 1e-17);
        const bool fails = unit(31, i, 1) < 0.1;
        add(&series, i * SECOND, (int64_t)(ms * (fails ? 200 : 1000)),
            fails ? LATENCY_FAILED : LATENCY_ANSWERED);
    }
    const struct whatif_setup setup = {
        .has_time = true, .within_us = SECOND, .deadline_us = 3 * SECOND};
    static const struct whatif_retry_policy policies[] = {
        {100000, 0}, {50000, 900000}, {0, 400000}};
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        const struct whatif_retries whatif = retries_of(&series, &setup, &policies[i]);
        assert_false(whatif.beyond);
        for (unsigned t = 0; t < WHATIF_TRIES; t++) {
            const double drawn = simulate(&series, &setup, &policies[i], t + 1);
            assert_true(is_near(whatif.tries[t].success, drawn, 0.01));
        }
    }
    end(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_quantile_is_that_of_all_pairs),
        cmocka_unit_test(independent_calls_agree_with_the_closed_form),
        cmocka_unit_test(slowness_that_comes_in_runs_is_worth_no_hedge),
        cmocka_unit_test(the_neighbour_is_the_call_of_the_hedges_instant),
        cmocka_unit_test(what_nobody_watched_is_more_than_the_longest_watch),
        cmocka_unit_test(an_answer_may_take_no_time),
        cmocka_unit_test(few_calls_have_no_far_quantiles),
        cmocka_unit_test(retries_help_as_far_as_time_is_left),
        cmocka_unit_test(a_retry_into_the_same_outage_gains_little),
        cmocka_unit_test(a_failure_without_a_time_leaves_none_for_another_try),
        cmocka_unit_test(tries_that_are_given_up_agree_with_drawn_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
