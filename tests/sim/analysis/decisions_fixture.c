#include "tests/sim/analysis/decisions_fixture.h"

#include <assert.h>
#include <string.h>

#include "router/base/random.h"

struct quote_record decisions_fixture_config(void)
{
    const struct score_weights *w = &score_weights_default;
    struct quote_record record;
    memset(&record, 0, sizeof record);
    record.kind = QUOTE_RECORD_CONFIG;
    record.as.config.zero_is_missing = 1;
    record.as.config.missing_items = MISSING_ITEMS_FREE;
    const double weights[6] = {w->priority,   w->price,        w->speed,
                               w->commission, w->availability, w->reliability};
    memcpy(record.as.config.weights, weights, sizeof weights);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        record.as.config.timeout_us[p] = 10000000;
        record.as.config.enabled[p] = 1;
    }
    return record;
}

static uint32_t below(uint64_t key, unsigned what, unsigned provider, uint32_t limit)
{
    return random_below(random_draw(key, what * 16u + provider), limit);
}

static void fill_quote(struct quote_record_quote *quote, unsigned provider, uint16_t items,
                       uint64_t key, bool coarse)
{
    static const double rates[] = {2.0, 3.0, 3.0, 3.0, 2.5};
    const bool came = below(key, 1, provider, 10) != 0;
    *quote = (struct quote_record_quote){
        .provider = (uint8_t)provider,
        .outcome = (uint8_t)(came ? QUOTE_OK : QUOTE_TIMEOUT),
        .priority = (int16_t)provider_traits[provider].priority,
        .latency_us = came ? 200000 + (int64_t)below(key, 2, provider, 9000000) : 10000000,
        .timeout_us = 10000000,
        .success_rate = 60.0 + below(key, 3, provider, 4001) / 100.0,
        .margin_rate = rates[below(key, 4, provider, 5)],
        .flags = (uint8_t)((below(key, 5, provider, 8) != 0 ? QUOTE_FLAG_SUCCESS_RATE : 0) |
                           (below(key, 6, provider, 8) != 0 ? QUOTE_FLAG_MARGIN_RATE : 0))};
    if (!came) return;
    quote->found = (uint16_t)(items - below(key, 7, provider, items / 3u + 1u));
    quote->substituted = (uint16_t)below(key, 8, provider, (uint32_t)(items - quote->found) + 1u);
    quote->total_cents = coarse ? 1000 * (1 + (int64_t)below(key, 9, provider, 3))
                                : 1500 + (int64_t)below(key, 9, provider, 15000);
    quote->subtotal_cents = quote->total_cents * 9 / 10;
    quote->eta_minutes = coarse ? (int32_t)(30 * below(key, 10, provider, 3))
                                : (int32_t)below(key, 10, provider, 180);
}

static void fill_order(struct quote_record *record, uint32_t index, uint64_t key, bool coarse)
{
    /* Kroger, Walmart, MealMe, Instacart: by priority, then registry. */
    static const uint8_t candidates[PROVIDER_COUNT] = {PROVIDER_KROGER_API, PROVIDER_WALMART_API,
                                                       PROVIDER_MEALME, PROVIDER_INSTACART};
    memset(record, 0, sizeof *record);
    record->kind = QUOTE_RECORD_ORDER;
    record->as.order.code = ORDER_NO_QUOTES;
    record->as.order.preference = (uint8_t)below(key, 11, 0, PREFERENCE_COUNT);
    record->as.order.quote_count = PROVIDER_COUNT;
    record->as.order.selected = 255;
    record->as.order.items = (uint16_t)(1u + below(key, 12, 0, 20));
    record->as.order.index = index;
    record->as.order.start_us = (int64_t)index * 1000000;
    record->as.order.decided_us = record->as.order.start_us + 2000000;
    for (unsigned i = 0; i < PROVIDER_COUNT; i++)
        fill_quote(&record->as.order.quotes[i], candidates[i], record->as.order.items, key, coarse);
}

void decisions_fixture(struct decision_set *set, uint32_t count, uint64_t seed, bool coarse)
{
    struct err err;
    *set = (struct decision_set){.weights_known = true};
    set->configs[0] = decisions_fixture_config();
    set->config_count = 1;
    const bool room = decisions_reserve(set, count, &err);
    assert(room);
    for (uint32_t i = 0; i < count; i++) {
        struct decision_inputs inputs;
        struct quote_record *record = &set->orders[i];
        fill_order(record, i, random_key(seed, i), coarse);
        set->config_of[i] = 0;
        set->count = i + 1;
        decision_inputs_of(set, i, NULL, &inputs);
        if (inputs.count == 0) continue;
        record->as.order.code = ORDER_ROUTED;
        record->as.order.selected = inputs.slots[decision_select(
            &inputs, &score_weights_default, (enum preference)record->as.order.preference, NULL)];
    }
    const bool sorted = decisions_finish(set, &err);
    assert(sorted);
}

struct score_weights decisions_fixture_weights(uint64_t seed, uint32_t index)
{
    const uint64_t key = random_key(seed, index);
    double weights[6];
    for (unsigned i = 0; i < 6; i++) {
        const uint64_t draw = random_draw(key, i);
        switch (index % 4) {
        case 0:
            weights[i] = random_below(draw, 26) / 25.0;
            break;
        case 1:
            weights[i] = random_below(draw, 101) / 100.0;
            break;
        case 2:
            weights[i] = random_unit(draw);
            break;
        default:
            weights[i] = random_below(draw, 3) == 0 ? 0.0 : random_unit(draw) * 7.0;
            break;
        }
    }
    return (struct score_weights){.priority = weights[0],
                                  .price = weights[1],
                                  .speed = weights[2],
                                  .commission = weights[3],
                                  .availability = weights[4],
                                  .reliability = weights[5]};
}
