/* What a cache changes between two runs of one scenario.
 *
 * Method: sets by hand, in which one thing differs and one figure has to move; and real runs, with
 * the quote cache off, on and on for so long that prices have moved.
 */
#include "router/base/memory.h"
#include "sim/analysis/cache_sweep.h"
#include "sim/world/run.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/sim/world/wire_fixture.h"

enum { ORDERS = 500 };

static struct cache_effect compare(const struct decision_set *base,
                                   const struct decision_set *cached)
{
    struct cache_row row = {0};
    struct err err;
    if (!cache_sweep_compare(&row, base, cached, &err)) fail_msg("%s", err.message);
    assert_true(row.effect.known);
    return row.effect;
}

/* An order at which somebody won. */
static struct quote_record *routed(struct decision_set *set, uint32_t from)
{
    while (set->orders[from].as.order.selected == 255)
        from++;
    return &set->orders[from];
}

static void the_same_run_twice_has_no_effect(void **state)
{
    (void)state;
    struct decision_set set;
    decisions_fixture(&set, ORDERS, 1, false);
    const struct cache_effect effect = compare(&set, &set);
    assert_int_equal(effect.orders, ORDERS);
    assert_int_equal(effect.unpaired, 0);
    assert_int_equal(effect.changed, 0);
    assert_int_equal(effect.shown_differs, 0);
    assert_int_equal(effect.stale_changed, 0);
    assert_true(effect.shown + effect.truth_unknown > ORDERS / 2);
    assert_int_equal(effect.truth_unknown, 0);
    assert_true(effect.regret_cents.value == 0 && effect.stale_regret_cents.value == 0);
    assert_true(effect.latency_ms.value == 0);
    assert_true(isnan(effect.differs_cents_p50));
    decisions_release(&set);
}

static void a_price_shown_too_low_is_a_gap_of_its_size(void **state)
{
    (void)state;
    struct decision_set base, cached;
    decisions_fixture(&base, ORDERS, 1, false);
    decisions_fixture(&cached, ORDERS, 1, false);
    double n = 0;
    for (uint32_t i = 0; i < ORDERS; i++) {
        struct quote_record *order = &cached.orders[i];
        if (order->as.order.selected == 255) continue;
        n++;
        if (i % 2 == 0) order->as.order.quotes[order->as.order.selected].total_cents -= 120;
    }
    const struct cache_effect effect = compare(&base, &cached);
    assert_true((double)effect.shown == n);
    assert_int_equal(effect.changed, 0);
    assert_int_equal(effect.differs.hits, effect.shown_differs);
    CHECK_NEAR(effect.gap_cents.value, 120 * (double)effect.shown_differs / n, 1e-9);
    assert_true(effect.differs_cents_p50 == 120 && effect.differs_cents_p95 == 120);
    assert_true(effect.regret_cents.value == 0); /* the same quote was taken */
    /* Cheaper still, the winner wins: what is decided again from base's orders agrees. */
    assert_int_equal(effect.stale_changed, 0);
    decisions_release(&base);
    decisions_release(&cached);
}

/* Whoever did not win is remembered at a tenth of its price. */
static void staleness_that_turns_a_decision_costs_the_true_difference(void **state)
{
    (void)state;
    struct decision_set base, cached;
    decisions_fixture(&base, ORDERS, 2, false);
    decisions_fixture(&cached, ORDERS, 2, false);
    uint64_t turned = 0, decided = 0;
    double regret_cents = 0;
    for (uint32_t i = 0; i < ORDERS; i++) {
        struct quote_record *order = &cached.orders[i];
        if (order->as.order.selected == 255) continue;
        decided++;
        for (unsigned q = 0; q < order->as.order.quote_count; q++) {
            if (q != order->as.order.selected) order->as.order.quotes[q].total_cents /= 10;
        }
        struct decision_inputs inputs;
        decision_inputs_of(&cached, i, NULL, &inputs);
        const struct score_weights weights = decision_weights(&cached, i);
        const uint32_t won =
            decision_select(&inputs, &weights, (enum preference)order->as.order.preference, NULL);
        const uint8_t slot = inputs.slots[won], before = order->as.order.selected;
        const struct quote_record_quote *truth = base.orders[i].as.order.quotes;
        turned += slot != before;
        regret_cents += (double)(truth[slot].total_cents - truth[before].total_cents);
        order->as.order.selected = slot;
    }
    assert_true(turned > 20);
    const struct cache_effect effect = compare(&base, &cached);
    assert_int_equal(effect.changed, turned);
    assert_int_equal(effect.changed_by_quotes, turned);
    assert_int_equal(effect.stale_changed, turned);
    assert_int_equal(effect.stale_orders, decided);
    CHECK_NEAR(effect.regret_cents.value, regret_cents / (double)decided, 1e-9);
    CHECK_NEAR(effect.stale_regret_cents.value, regret_cents / (double)decided, 1e-9);
    CHECK_NEAR(effect.changed_share.value, (double)turned / ORDERS, 1e-12);
    decisions_release(&base);
    decisions_release(&cached);
}

static void causes_are_told_apart(void **state)
{
    (void)state;
    struct decision_set base, cached;
    decisions_fixture(&base, ORDERS, 3, false);
    decisions_fixture(&cached, ORDERS, 3, false);
    /* Three orders, each decided for another quote: one of them had another provider in time. */
    uint32_t done = 0;
    for (uint32_t i = 0; i < ORDERS && done < 3; i++) {
        struct quote_record *order = routed(&cached, i);
        i = (uint32_t)(order - cached.orders);
        struct quote_record_quote *quotes = order->as.order.quotes;
        unsigned in_time[PROVIDER_COUNT], count = 0, late = PROVIDER_COUNT;
        for (unsigned q = 0; q < order->as.order.quote_count; q++) {
            if (quotes[q].outcome != QUOTE_OK) late = q;
            if (quotes[q].outcome == QUOTE_OK) in_time[count++] = q;
        }
        if (count < 2 || (done == 0) != (late < PROVIDER_COUNT)) continue;
        const unsigned other = in_time[0] == order->as.order.selected ? in_time[1] : in_time[0];
        if (done == 0) quotes[late].outcome = QUOTE_OK;
        if (done == 1) quotes[other].found++;
        order->as.order.selected = (uint8_t)other;
        order->as.order.decided_us -= 7000;
        done++;
    }
    assert_int_equal(done, 3);
    const struct cache_effect effect = compare(&base, &cached);
    assert_int_equal(effect.changed, 3);
    assert_int_equal(effect.changed_by_arrival, 1);
    assert_int_equal(effect.changed_by_quotes, 1);
    assert_int_equal(effect.changed_by_history, 1);
    CHECK_NEAR(effect.latency_ms.value, -3 * 7.0 / ORDERS, 1e-9);
    decisions_release(&base);
    decisions_release(&cached);
}

static void other_workloads_are_refused_and_lone_orders_passed_over(void **state)
{
    (void)state;
    struct decision_set base, cached;
    struct cache_row row = {0};
    struct err err = {0};
    decisions_fixture(&base, ORDERS, 1, false);
    decisions_fixture(&cached, ORDERS, 1, false);
    cached.count = ORDERS - 3;
    assert_int_equal(compare(&base, &cached).unpaired, 3);
    assert_int_equal(compare(&cached, &base).orders, ORDERS - 3);
    cached.orders[7].as.order.items++;
    assert_false(cache_sweep_compare(&row, &base, &cached, &err));
    assert_int_equal(err.code, ERR_INPUT);
    cached.orders[7].as.order.items--;
    cached.orders[7].as.order.start_us++;
    assert_false(cache_sweep_compare(&row, &base, &cached, &err));
    cached.count = 0;
    assert_false(cache_sweep_compare(&row, &base, &cached, &err));
    assert_false(row.effect.known);
    decisions_release(&base);
    decisions_release(&cached);
}

/* ---- real runs ---- */

static bool take_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    return decisions_add(context, router, order, err);
}

/* From a Sunday evening to Monday morning: promotions change at midnight. */
static struct decision_set run_with(int64_t quote_us)
{
    struct scenario *scenario = memory_zeroed(sizeof *scenario);
    struct decision_set set = {.weights_known = true};
    struct result result;
    struct err err = {0};
    assert_non_null(scenario);
    fixture_read(scenario,
                 "\"start\":\"2025-01-05T21:00:00Z\",\"timezone\":\"0h\",\"duration\":\"6h\","
                 "\"workload\":{\"arrivals\":{\"kind\":\"constant\",\"rate\":\"2/m\"},"
                 "\"confirm\":{\"share\":0},\"postal_codes\":[\"60601\"],"
                 "\"requote\":{\"share\":0.5,\"after\":{\"law\":\"constant\",\"value\":\"40m\"}}},"
                 "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\","
                 "\"LOOPGPT_ENABLE_WALMART\":\"true\"}}");
    scenario->policy.cache.quote_us = quote_us;
    const struct world_outputs outputs = {.context = &set, .write_order = take_order};
    const struct run_request request = {.scenario = scenario, .jobs = 1, .outputs = &outputs};
    if (!run_scenario(&request, &result, &err)) fail_msg("%s", err.message);
    result_release(&result);
    scenario_release(scenario);
    free(scenario);
    assert_true(decisions_finish(&set, &err));
    return set;
}

static void a_quote_cache_is_stale_where_prices_moved_and_nowhere_else(void **state)
{
    (void)state;
    struct decision_set base = run_with(0), brief = run_with(US_PER_MINUTE),
                        lasting = run_with(50 * US_PER_MINUTE);
    /* Nobody asks again within a minute: no hit, no effect. */
    const struct cache_effect none = compare(&base, &brief);
    assert_int_equal(none.orders, base.count);
    assert_int_equal(none.changed, 0);
    assert_int_equal(none.shown_differs, 0);
    /* Half of all ask again after 40 minutes, and a ninth of these across midnight. */
    const struct cache_effect effect = compare(&base, &lasting);
    assert_int_equal(effect.unpaired, 0);
    assert_true(effect.shown_differs > 20);
    assert_true(effect.shown_differs < effect.shown / 4);
    assert_true(effect.latency_ms.high < -500); /* half of the orders wait for nobody */
    assert_true(effect.stale_changed > 0);
    assert_true(effect.stale_changed < effect.stale_orders / 4);
    assert_true(effect.differs_cents_p50 > 0);
    assert_true(isnan(effect.differs_cents_p95) == (effect.shown_differs < 200));
    decisions_release(&base);
    decisions_release(&brief);
    decisions_release(&lasting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_run_twice_has_no_effect),
        cmocka_unit_test(a_price_shown_too_low_is_a_gap_of_its_size),
        cmocka_unit_test(staleness_that_turns_a_decision_costs_the_true_difference),
        cmocka_unit_test(causes_are_told_apart),
        cmocka_unit_test(other_workloads_are_refused_and_lone_orders_passed_over),
        cmocka_unit_test(a_quote_cache_is_stale_where_prices_moved_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
