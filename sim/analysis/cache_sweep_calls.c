#include <assert.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/cache_sweep_state.h"

struct memory { /* what one provider's caches hold: until when, by key */
    int64_t *quotes, *items, *stores;
    int64_t token_us;
};

/* A table of instants that are all past. */
static bool empty_table(int64_t **table, uint32_t keys)
{
    *table = memory_resize(NULL, keys + 1ull, sizeof **table);
    for (uint32_t k = 0; *table != NULL && k < keys; k++)
        (*table)[k] = INT64_MIN;
    return *table != NULL;
}

/* True when a call has to be made; the entry is filled then. */
static bool fetches(int64_t *until_us, int64_t ttl_us, int64_t at_us)
{
    if (at_us < *until_us) return false;
    *until_us = at_us + ttl_us;
    return true;
}

static uint32_t quote_key_of(const struct cache_order *order, enum cache_sweep_kind kind)
{
    assert(kind == CACHE_SWEEP_CART || kind == CACHE_SWEEP_PLACE || kind == CACHE_SWEEP_USER);
    if (kind == CACHE_SWEEP_CART) return order->cart;
    return kind == CACHE_SWEEP_PLACE ? order->cart_place : order->cart_user;
}

static uint64_t searches(const struct cache_trace *trace, const struct cache_market *market,
                         const struct cache_order *order, const struct cache_setting *setting,
                         struct memory *memory)
{
    if (setting->item_us == 0) return order->line_count;
    const uint32_t store = cache_searched_store(market, market->stores[order->place]);
    const uint32_t stores = cache_searched_stores(market);
    uint64_t calls = 0;
    for (uint32_t l = order->first_line; l < order->first_line + order->line_count; l++) {
        const uint32_t key = trace->lines[l].item * stores + store;
        calls += fetches(&memory->items[key], setting->item_us, order->at_us);
    }
    return calls;
}

/* The calls of one order's quote, in the order of the chain. */
static uint64_t walk(const struct cache_trace *trace, const struct cache_market *market,
                     const struct cache_order *order, const struct cache_setting *setting,
                     struct memory *memory)
{
    const int64_t at_us = order->at_us;
    const bool served = market->stores[order->place] != CACHE_NO_STORE;
    if (setting->quote_us > 0 && served &&
        !fetches(&memory->quotes[quote_key_of(order, setting->quote_key)], setting->quote_us,
                 at_us)) {
        return 0;
    }
    uint64_t calls = 0;
    if (market->has_token) calls += fetches(&memory->token_us, setting->token_us, at_us);
    if (market->has_store) {
        calls += fetches(&memory->stores[order->place], setting->store_us, at_us);
        if (!served) return calls;
    }
    if (market->has_search) calls += searches(trace, market, order, setting, memory);
    return calls + market->other_calls;
}

struct cache_setting cache_setting_of(const struct cache_study *study, enum provider provider)
{
    const struct cache_policy *const policy = &study->scenario->policy.cache;
    return (struct cache_setting){
        .quote_us = policy->quote_us,
        .item_us = policy->sku_us,
        .store_us = policy->store_us,
        .token_us = policy->token ? study->markets[provider].token_us : 0,
        .quote_key = policy->quote_key == QUOTE_KEY_USER ? CACHE_SWEEP_USER : CACHE_SWEEP_PLACE,
    };
}

bool cache_calls(const struct cache_study *study, enum provider provider,
                 const struct cache_setting *setting, uint64_t *calls, struct err *err)
{
    const struct cache_trace *const trace = study->trace;
    const struct cache_market *const market = &study->markets[provider];
    struct memory memory = {.token_us = INT64_MIN};
    const uint32_t carts = setting->quote_key == CACHE_SWEEP_CART    ? trace->cart_count
                           : setting->quote_key == CACHE_SWEEP_PLACE ? trace->cart_place_count
                                                                     : trace->cart_user_count;
    const bool room =
        empty_table(&memory.quotes, setting->quote_us > 0 ? carts : 0) &&
        empty_table(&memory.items,
                    setting->item_us > 0 ? trace->item_count * cache_searched_stores(market) : 0) &&
        empty_table(&memory.stores, trace->place_count);
    *calls = 0;
    for (uint32_t i = 0; room && i < trace->count; i++)
        *calls += walk(trace, market, &trace->orders[i], setting, &memory);
    free(memory.quotes);
    free(memory.items);
    free(memory.stores);
    return room ||
           err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a walk of calls");
}
