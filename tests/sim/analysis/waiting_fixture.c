#include "tests/sim/analysis/waiting_fixture.h"

#include "router/base/memory.h"
#include "router/base/random.h"
#include "sim/world/run.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/sim/world/wire_fixture.h"

enum { TIMEOUT_US = 4000000, CONFIGS = 3 };

static uint32_t below(uint64_t key, unsigned what, unsigned slot, uint32_t limit)
{
    return random_below(random_draw(key, what * 16u + slot), limit);
}

static void make_canned(struct quote_record_quote *quote, uint16_t items, uint64_t key,
                        unsigned slot)
{
    quote->found = items;
    quote->substituted = 0;
    quote->total_cents = 2000 + (int64_t)below(key, 40, slot, 9000);
    quote->subtotal_cents = quote->total_cents * 9 / 10;
    quote->eta_minutes = 45;
    quote->flags |= QUOTE_FLAG_CANNED;
}

/* The answer comes when it came, but its timeout is shorter. */
static void give_up(struct decision_set *set, uint32_t order, uint8_t slot, uint64_t key)
{
    struct quote_record_quote *quote = &set->orders[order].as.order.quotes[slot];
    struct decision_late *late = &set->late[set->late_count];
    *late = (struct decision_late){.start_us = set->orders[order].as.order.start_us,
                                   .index = set->orders[order].as.order.index,
                                   .slot = slot,
                                   .quote = *quote};
    if (below(key, 41, slot, 6) == 0) late->quote.outcome = QUOTE_HTTP_ERROR;
    if (below(key, 42, slot, 5) != 0) set->late_count++;
    quote->outcome = QUOTE_TIMEOUT;
    quote->latency_us = TIMEOUT_US;
    quote->total_cents = quote->subtotal_cents = 0;
    quote->found = quote->substituted = 0;
    quote->eta_minutes = 0;
}

static void change_quote(struct decision_set *set, uint32_t order, uint8_t slot, uint64_t key)
{
    struct quote_record *record = &set->orders[order];
    struct quote_record_quote *quote = &record->as.order.quotes[slot];
    const uint32_t kind = below(key, 43, slot, 12);
    quote->timeout_us = TIMEOUT_US;
    if (kind == 0) {
        make_canned(quote, record->as.order.items, key, slot);
        quote->outcome = QUOTE_OK;
        quote->latency_us = 0;
        return;
    }
    if (kind == 1) {
        quote->outcome = QUOTE_NETWORK_ERROR;
        quote->latency_us = 5000 + (int64_t)below(key, 44, slot, 900000);
    } else if (quote->outcome == QUOTE_OK && quote->latency_us >= TIMEOUT_US) {
        give_up(set, order, slot, key);
    } else if (quote->outcome != QUOTE_OK) {
        quote->latency_us = TIMEOUT_US;
    }
    if (quote->outcome == QUOTE_OK || below(key, 45, slot, 3) != 0) return;
    make_canned(quote, record->as.order.items, key, slot);
    quote->flags |= QUOTE_FLAG_FELL_BACK;
}

static void decide_anew(struct decision_set *set, uint32_t order)
{
    struct quote_record *record = &set->orders[order];
    struct decision_inputs inputs;
    decision_inputs_of(set, order, NULL, &inputs);
    record->as.order.code = inputs.count == 0 ? ORDER_NO_QUOTES : ORDER_ROUTED;
    record->as.order.selected = 255;
    record->as.order.decided_us = record->as.order.start_us + decision_wait(set, order, NULL);
    if (inputs.count == 0) return;
    const struct score_weights weights = decision_weights(set, order);
    record->as.order.selected = inputs.slots[decision_select(
        &inputs, &weights, (enum preference)record->as.order.preference, NULL)];
}

void waiting_fixture(struct decision_set *set, uint32_t count, uint64_t seed, bool coarse)
{
    static const enum missing_items ways[CONFIGS] = {MISSING_ITEMS_FREE, MISSING_ITEMS_MEDIAN,
                                                     MISSING_ITEMS_EXCLUDED};
    struct err err = {0};
    decisions_fixture(set, count, seed, coarse);
    for (unsigned c = 0; c < CONFIGS; c++) {
        set->configs[c] = set->configs[0];
        set->configs[c].as.config.missing_items = (uint8_t)ways[c];
        set->configs[c].as.config.fill_least = 0.8;
    }
    set->config_count = CONFIGS;
    set->late = memory_zeroed(count * PROVIDER_COUNT * sizeof *set->late);
    assert_non_null(set->late);
    set->late_capacity = count * PROVIDER_COUNT;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t key = random_key(seed + 1000003, i);
        const uint32_t fewer = below(key, 46, 0, 20);
        set->config_of[i] = (uint8_t)below(key, 47, 0, CONFIGS);
        if (fewer < 3) set->orders[i].as.order.quote_count = (uint8_t)(fewer + 1);
        for (uint8_t s = 0; s < set->orders[i].as.order.quote_count; s++)
            change_quote(set, i, s, key);
        decide_anew(set, i);
    }
    assert_true(decisions_finish(set, &err));
}

struct decision_view waiting_fixture_view(uint64_t seed, uint32_t index)
{
    const uint64_t key = random_key(seed, index);
    struct decision_view view = {.without = 0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (below(key, 1, p, 4) != 0)
            view.timeout_us[p] = 100000 + (int64_t)below(key, 2, p, 11900000);
        if (below(key, 3, p, 10) == 0) view.without |= (uint8_t)(1u << p);
    }
    return view;
}

/* ---- a run ---- */

static const char text[] =
    "\"duration\":\"20m\",\"workload\":{\"arrivals\":{\"rate\":\"1/s\"},"
    "\"confirm\":{\"share\":0}},\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\","
    "\"LOOPGPT_ENABLE_WALMART\":\"true\",\"LOOPGPT_MEALME_TIMEOUT\":\"1500\","
    "\"LOOPGPT_INSTACART_TIMEOUT\":\"1500\",\"LOOPGPT_KROGER_TIMEOUT\":\"1500\","
    "\"LOOPGPT_WALMART_TIMEOUT\":\"1500\"%s}},\"faults\":["
    "{\"id\":\"slow\",\"provider\":\"KROGER_API\",\"kind\":\"latency\",\"multiply\":3,"
    "\"fraction\":0.2,\"at\":\"1m\",\"for\":\"15m\"},"
    "{\"id\":\"hang\",\"provider\":\"MEALME\",\"kind\":\"hang\",\"fraction\":0.05,"
    "\"at\":\"3m\",\"for\":\"10m\"},"
    "{\"id\":\"later\",\"provider\":\"WALMART_API\",\"kind\":\"latency\",\"add\":\"4s\","
    "\"fraction\":0.1,\"at\":\"0s\",\"for\":\"20m\"},"
    "{\"id\":\"broken\",\"provider\":\"INSTACART\",\"kind\":\"error\",\"status\":503,"
    "\"fraction\":0.1,\"at\":\"0s\",\"for\":\"20m\"}],"
    "\"checks\":[{\"metric\":\"router.orders\",\"op\":\">=\",\"limit\":0}]";

static const char fall_back[] = ",\"LOOPGPT_KROGER_ALLOW_MOCK_FALLBACK\":\"true\","
                                "\"LOOPGPT_MEALME_ALLOW_MOCK_FALLBACK\":\"true\","
                                "\"LOOPGPT_INSTACART_ALLOW_MOCK_FALLBACK\":\"true\"";

static bool take_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    return decisions_add(context, router, order, err);
}

static bool take_late(void *context, const struct router_order *order, unsigned slot,
                      const struct quote_result *result, int64_t now_us, struct err *err)
{
    return decisions_add_late(context, order, slot, result, now_us, err);
}

void waiting_fixture_run(struct decision_set *set, bool fallback)
{
    char json[2048];
    struct result result;
    struct err err = {0};
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    assert_non_null(scenario);
    *set = (struct decision_set){.weights_known = true};
    (void)snprintf(json, sizeof json, text, fallback ? fall_back : "");
    fixture_read(scenario, json);
    const struct world_outputs outputs = {
        .context = set, .write_order = take_order, .write_late = take_late};
    const struct run_request request = {.scenario = scenario, .jobs = 1, .outputs = &outputs};
    if (!run_scenario(&request, &result, &err)) fail_msg("%s", err.message);
    result_release(&result);
    scenario_release(scenario);
    free(scenario);
    assert_true(decisions_finish(set, &err));
}
