/* A calibration as a whole: what it recommends follows from its parts, the trap is shown and not
 * walked into, and the cheapest timeouts are no dearer than any rule's.
 */
#include "sim/analysis/calibrate.h"

#include <math.h>

#include "router/base/random.h"
#include "tests/sim/analysis/latencies_truth.h"
#include "tests/sim/analysis/waiting_fixture.h"
#include "tests/support.h"

static struct calibrate_request request_of(enum timeout_rule rule)
{
    struct calibrate_request request = {.name = "test",
                                        .source_path = "test",
                                        .source = CALIBRATE_RUN,
                                        .seed = 1,
                                        .rule = rule,
                                        .setup = timeout_setup_default(),
                                        .prices = {1.0, 20.0, 150.0},
                                        .split = 0.5};
    request.setup.wait_cents_per_s = 1.0;
    request.setup.lost_quote_cents = 20.0;
    return request;
}

static struct calibration of_run(const struct calibrate_request *request)
{
    struct calibration calibration;
    struct latency_set none = {0};
    struct decision_set set;
    struct err err;
    waiting_fixture_run(&set, false);
    if (!calibrate_run(&calibration, request, &none, &set, &err)) fail_msg("%s", err.message);
    return calibration;
}

static struct calibration of_series(const struct calibrate_request *request,
                                    const struct latency_series *series, uint32_t count)
{
    struct calibration calibration;
    struct latency_set set = {.has_time = true, .has_fates = true};
    struct err err;
    for (uint32_t s = 0; s < count; s++) {
        struct latency_series *into = latency_series_of(&set, series[s].name, &err);
        assert_non_null(into);
        for (uint32_t i = 0; i < series[s].count; i++)
            assert_true(latency_add(into, &series[s].samples[i], &err));
        assert_true(latency_finish(into, &err));
        into->timeout_us = series[s].timeout_us;
    }
    if (!calibrate_run(&calibration, request, &set, NULL, &err)) fail_msg("%s", err.message);
    return calibration;
}

static void recommends_by_the_rule_that_was_asked_for(void **state)
{
    (void)state;
    struct calibrate_request request = request_of(TIMEOUT_TARGET);
    request.setup.most_us = 600000000; /* calls that hang one after the other take minutes */
    struct calibration c = of_run(&request);
    uint32_t recommended = 0;
    assert_int_equal(c.latencies.count, PROVIDER_COUNT);
    for (uint32_t p = 0; p < c.latencies.count; p++) {
        const struct calibrate_provider *provider = &c.providers[p];
        const struct timeout_advice *advice = &provider->advice[TIMEOUT_TARGET];
        assert_int_equal(provider->asked, c.set.count);
        assert_int_equal(provider->asked,
                         provider->answered + provider->failed + provider->censored);
        assert_true(provider->recommended == (provider->reason == NULL));
        if (!provider->recommended) continue;
        assert_int_equal(advice->state, TIMEOUT_FOUND);
        recommended++;
        assert_int_equal(provider->recommended_us, advice->us);
        assert_int_equal(c.recommended.view.timeout_us[provider->series->provider], advice->us);
    }
    /* Late answers were watched: the target of a provider that is often late lies past today's. */
    const struct calibrate_provider *kroger = &c.providers[PROVIDER_KROGER_API];
    assert_string_equal(kroger->key, "LOOPGPT_KROGER_TIMEOUT");
    assert_int_equal(kroger->series->timeout_us, 1500000);
    assert_true(kroger->advice[TIMEOUT_TARGET].us > 1500000);
    assert_true(recommended >= 1);
    assert_true(kroger->at_timeout > 0.05);
    assert_true(c.arms[TIMEOUT_TARGET].outcome.changed < c.arms[TIMEOUT_TODAY].outcome.changed);
    calibration_release(&c);
}

static void no_rule_is_cheaper_than_the_cheapest(void **state)
{
    (void)state;
    const struct calibrate_request request = request_of(TIMEOUT_COST);
    struct calibration c = of_run(&request);
    const double cheapest = c.arms[TIMEOUT_COST].outcome.cost_cents;
    assert_true(c.arms[TIMEOUT_COST].known);
    /* It chooses from a grid of 40 timeouts and today's: rules between two of them may be a hair
     * cheaper. */
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        if (c.arms[r].known) assert_true(cheapest <= c.arms[r].outcome.cost_cents * 1.02);
    assert_true(cheapest <= c.arms[TIMEOUT_TODAY].outcome.cost_cents);
    calibration_release(&c);
}

/* Nobody waits where quotes are worth nothing: the cheapest timeouts are the shortest there are. */
static void timeouts_that_leave_orders_without_a_quote_are_nobodys(void **state)
{
    (void)state;
    struct calibrate_request request = request_of(TIMEOUT_COST);
    request.prices = (struct waiting_prices){.wait_per_s = 1.0};
    struct calibration c = of_run(&request);
    const struct waiting_outcome *today = &c.arms[TIMEOUT_TODAY].outcome;
    assert_true(c.arms[TIMEOUT_COST].outcome.without_quote > today->without_quote + 100);
    assert_true(c.starves);
    for (uint32_t p = 0; p < c.latencies.count; p++) {
        assert_false(c.providers[p].recommended);
        assert_non_null(c.providers[p].reason);
    }
    assert_int_equal(c.recommended.outcome.without_quote, today->without_quote);
    assert_int_equal(c.recommended.outcome.changed, today->changed);
    calibration_release(&c);
}

/* The first half answers within a second, the rest within three. */
static void advice_that_its_own_samples_contradict_is_not_given(void **state)
{
    (void)state;
    struct latency_series series = {.name = "a", .provider = PROVIDER_COUNT}, still = series;
    for (int i = 0; i < 1000; i++) {
        const int64_t us = (i * 7919 % 1000 + 1) * 1000;
        latencies_truth_add(&series, LATENCY_ANSWERED, i < 700 ? us : 3 * us);
        latencies_truth_add(&still, LATENCY_ANSWERED, us);
    }
    struct calibrate_request request = request_of(TIMEOUT_TARGET);
    struct calibration moved = of_series(&request, &series, 1);
    struct calibration calm = of_series(&request, &still, 1);
    assert_int_equal(moved.providers[0].advice[TIMEOUT_TARGET].state, TIMEOUT_FOUND);
    assert_false(moved.providers[0].recommended);
    assert_non_null(moved.providers[0].reason);
    assert_true(calm.providers[0].recommended);
    calibration_release(&moved);
    calibration_release(&calm);
    latency_series_release(&series);
    latency_series_release(&still);
}

static void a_longest_timeout_is_kept(void **state)
{
    (void)state;
    struct calibrate_request request = request_of(TIMEOUT_TARGET);
    request.setup.most_us = 1200000;
    struct calibration c = of_run(&request);
    for (uint32_t p = 0; p < c.latencies.count; p++) {
        const struct calibrate_provider *provider = &c.providers[p];
        if (provider->recommended) assert_true(provider->recommended_us <= 1200000);
        if (provider->advice[TIMEOUT_TARGET].us > 1200000) assert_non_null(provider->reason);
    }
    /* What needs far more than that is not cut to it. */
    assert_true(c.providers[PROVIDER_KROGER_API].advice[TIMEOUT_TARGET].us > 2400000);
    assert_false(c.providers[PROVIDER_KROGER_API].recommended);
    calibration_release(&c);
}

static void the_same_input_gives_the_same_figures(void **state)
{
    (void)state;
    const struct calibrate_request request = request_of(TIMEOUT_TARGET);
    struct calibration a = of_run(&request), b = of_run(&request);
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        assert_memory_equal(&a.arms[r].view, &b.arms[r].view, sizeof a.arms[r].view);
        assert_int_equal(a.arms[r].outcome.changed, b.arms[r].outcome.changed);
    }
    for (uint32_t p = 0; p < a.latencies.count; p++) {
        assert_memory_equal(a.providers[p].steps, b.providers[p].steps,
                            a.providers[p].step_count * sizeof *a.providers[p].steps);
        assert_int_equal(a.providers[p].stability.best, b.providers[p].stability.best);
    }
    calibration_release(&a);
    calibration_release(&b);
}

/* Orders that were waited for longer than the timeouts in force, and the same orders under these
 * timeouts: one and the same calibration. */
static void waiting_longer_shows_what_late_answers_show(void **state)
{
    (void)state;
    struct calibrate_request request = request_of(TIMEOUT_TARGET);
    struct calibration brief = of_run(&request);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        request.today_us[p] = 1500000;
    struct calibration named = of_run(&request);
    for (uint32_t p = 0; p < brief.latencies.count; p++) {
        assert_int_equal(named.providers[p].recommended_us, brief.providers[p].recommended_us);
        assert_true(named.providers[p].at_timeout == brief.providers[p].at_timeout);
        assert_int_equal(named.providers[p].naive_settled_us, brief.providers[p].naive_settled_us);
    }
    assert_int_equal(named.arms[TIMEOUT_TODAY].outcome.changed,
                     brief.arms[TIMEOUT_TODAY].outcome.changed);
    calibration_release(&brief);
    calibration_release(&named);
}

/* 8% of the calls take longer than the timeout they were recorded under. */
static void the_trap_is_shown_and_not_walked_into(void **state)
{
    (void)state;
    struct latency_series whole = {.name = "shop", .provider = PROVIDER_COUNT}, seen;
    const struct latencies_truth truth = {.heavy = 0.08, .hangs = true};
    struct err err;
    latencies_truth_fill(&whole, &truth, 20000, 3);
    assert_true(latency_cut(&seen, &whole, 10000000, &err));
    seen.timeout_us = 10000000;
    (void)snprintf(seen.name, sizeof seen.name, "shop");
    struct calibrate_request request = request_of(TIMEOUT_P95_PLUS);
    request.source = CALIBRATE_CSV;
    struct calibration c = of_series(&request, &seen, 1);
    const struct calibrate_provider *shop = &c.providers[0];
    assert_true(shop->censoring_matters);
    /* Of answers alone: 5.5 s, and 5.4 s when it is fed with itself; it looks fine. */
    assert_in_range(shop->naive_us, 5400000, 5600000);
    assert_in_range(shop->naive_settled_us, 5300000, 5500000);
    assert_true(shop->naive_achieved.success.value < 0.93);
    /* Of all calls: nobody knows, and nothing is recommended. */
    assert_int_equal(shop->advice[TIMEOUT_P95_PLUS].state, TIMEOUT_BEYOND);
    assert_int_equal(shop->p95.state, LATENCY_BEYOND);
    assert_false(shop->recommended);
    assert_int_equal(shop->recommended_us, 10000000);
    assert_false(c.has_orders);
    calibration_release(&c);
    latency_series_release(&whole);
    latency_series_release(&seen);
}

/* Two sites, independent: the slower of two uniform ones has F = t^2. */
static void the_model_of_a_router_is_the_product_of_its_providers(void **state)
{
    (void)state;
    struct latency_series series[2] = {{.name = "a", .provider = PROVIDER_COUNT},
                                       {.name = "b", .provider = PROVIDER_COUNT}};
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < 10000; i++)
            latencies_truth_add(&series[s], LATENCY_ANSWERED, (i * 7919 % 10000 + 1) * 100);
    struct calibrate_request request = request_of(TIMEOUT_P99);
    struct calibration c = of_series(&request, series, 2);
    /* p99 of each: 990.1 ms; capped there, the router's p99 is that. Its p50: 1 s * sqrt(0.5). */
    assert_int_equal(c.arms[TIMEOUT_P99].view.timeout_us[0], 0); /* no provider of ours */
    assert_true(fabs(c.arms[TIMEOUT_P99].model_ms[0] - 1000.0 * sqrt(0.5)) < 1.0);
    assert_true(fabs(c.arms[TIMEOUT_P99].model_ms[2] - 991.0) < 1.1);
    calibration_release(&c);
    latency_series_release(&series[0]);
    latency_series_release(&series[1]);
}

static void nothing_answered_is_an_error(void **state)
{
    (void)state;
    struct latency_set set = {.has_fates = true};
    struct err err;
    struct latency_series *series = latency_series_of(&set, "a", &err);
    for (int i = 0; i < 100; i++)
        latencies_truth_add(series, LATENCY_UNTIMED, 0);
    struct calibration calibration;
    const struct calibrate_request request = request_of(TIMEOUT_TARGET);
    assert_false(calibrate_run(&calibration, &request, &set, NULL, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(set.count, 0); /* taken over all the same */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recommends_by_the_rule_that_was_asked_for),
        cmocka_unit_test(no_rule_is_cheaper_than_the_cheapest),
        cmocka_unit_test(timeouts_that_leave_orders_without_a_quote_are_nobodys),
        cmocka_unit_test(advice_that_its_own_samples_contradict_is_not_given),
        cmocka_unit_test(a_longest_timeout_is_kept),
        cmocka_unit_test(the_same_input_gives_the_same_figures),
        cmocka_unit_test(waiting_longer_shows_what_late_answers_show),
        cmocka_unit_test(the_trap_is_shown_and_not_walked_into),
        cmocka_unit_test(the_model_of_a_router_is_the_product_of_its_providers),
        cmocka_unit_test(nothing_answered_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
