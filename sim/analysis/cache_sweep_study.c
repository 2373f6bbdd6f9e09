#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "router/base/random.h"
#include "sim/analysis/cache_sweep_state.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a cache sweep");
}

/* ---- whom the router calls ------------------------------------------------------------------- */

/* As the router would find out: a mock has a credential, a real provider what the env holds. */
static void read_config(const struct scenario *scenario, struct router_config *config)
{
    uint64_t held[PROVIDER_COUNT];
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        held[p] = scenario->providers[p].mode != MODE_LIVE;
    struct err_list warnings = {0};
    config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, held, config,
                &warnings);
}

/* The chain of providers/adapter.h. */
static void read_chain(struct cache_market *market, enum provider provider,
                       const struct provider_spec *spec)
{
    if (spec->chain == CHAIN_SINGLE) {
        market->other_calls = 1;
        return;
    }
    static const enum operation once[] = {OPERATION_CART, OPERATION_QUOTE, OPERATION_SLOTS};
    market->has_token = api_has_tokens(provider, spec->backend.api);
    market->has_store = operation_exists(provider, OPERATION_STORE);
    market->has_search = operation_exists(provider, OPERATION_SEARCH);
    for (unsigned i = 0; i < sizeof once / sizeof once[0]; i++)
        market->other_calls += operation_exists(provider, once[i]);
    market->optional_store = market->chain_wide = provider == PROVIDER_WALMART_API;
}

static bool read_market(struct cache_study *study, enum provider provider,
                        const struct router_config *config)
{
    const struct provider_spec *const spec = &study->scenario->providers[provider];
    const struct provider_config *const own = &config->providers[provider];
    struct cache_market *const market = &study->markets[provider];
    market->called = own->enabled && !own->forced_mock;
    market->call_cost_cents = spec->backend.call_cost_cents;
    market->token_us =
        spec->backend.credentials.token_life_us - study->scenario->policy.token_margin_us;
    if (market->token_us < 0) market->token_us = 0;
    read_chain(market, provider, spec);
    /* A declared list does not move, and a cart that is one draw has no prices of items. */
    const bool list = provider == PROVIDER_INSTACART && spec->chain == CHAIN_API;
    const bool drawn = spec->chain == CHAIN_SINGLE && spec->backend.prices.single_total_sigma > 0;
    market->priced = market->called && spec->mode == MODE_MOCK && !list && !drawn;
    return market->called;
}

/* ---- their stores and shelves ---------------------------------------------------------------- */

/* A mock's own stores; of a provider that is none, each place has a store for itself. */
static bool place_stores(struct cache_study *study, enum provider provider, uint64_t seed,
                         struct err *err)
{
    const struct provider_spec *const spec = &study->scenario->providers[provider];
    struct cache_market *const market = &study->markets[provider];
    const uint32_t places = study->trace->place_count;
    market->stores = arena_push(&study->arena, uint32_t, places);
    if (market->stores == NULL) return out_of_memory(err);
    if (!shelf_create(provider, &spec->backend.prices, &study->catalogue, &study->arena,
                      &market->shelf, err)) {
        return false;
    }
    shelf_reset(&market->shelf, random_replication(seed, 0), study->scenario->start_unix_us);
    const bool mock = spec->mode == MODE_MOCK;
    market->store_count = mock ? spec->backend.prices.stores : places;
    for (uint32_t i = 0; i < places; i++) {
        uint32_t store = i;
        const bool served =
            !mock || shelf_store(&market->shelf, study->trace->postal_hashes[i], &store);
        market->stores[i] = served ? store : market->optional_store ? 0 : CACHE_NO_STORE;
    }
    return true;
}

static bool take_items(struct cache_study *study, struct err *err)
{
    const struct cache_trace *const trace = study->trace;
    study->items = arena_push(&study->arena, struct order_item, trace->item_count);
    if (study->items == NULL) return out_of_memory(err);
    for (uint32_t i = 0; i < trace->item_count; i++) {
        study->items[i] = trace->items[i];
        study->items[i].product =
            catalogue_find(&study->catalogue, trace->items[i].name_hash, trace->items[i].name);
    }
    return true;
}

bool cache_study_make(struct cache_study *study, const struct cache_trace *trace,
                      const struct cache_sweep_request *request, struct err *err)
{
    const struct scenario *const scenario = request->scenario;
    *study = (struct cache_study){.trace = trace, .scenario = scenario};
    struct router_config config;
    read_config(scenario, &config);
    bool made = catalogue_load(&scenario->catalogue, scenario->folder, scenario->seed,
                               &study->arena, &study->catalogue, err) &&
                take_items(study, err);
    for (enum provider p = 0; made && p < PROVIDER_COUNT; p++) {
        if (read_market(study, p, &config)) made = place_stores(study, p, request->seed, err);
    }
    if (made) return true;
    err->place.file = err_keep_name(err->place.file);
    cache_study_release(study);
    return false;
}

void cache_study_release(struct cache_study *study)
{
    arena_release(&study->arena);
}

/* ---- shares by block ------------------------------------------------------------------------- */

uint32_t cache_block_of(const struct cache_trace *trace, uint32_t order)
{
    assert(order < trace->count);
    return (uint32_t)((uint64_t)order * CACHE_SWEEP_BLOCKS / trace->count);
}

struct cache_share cache_share_of(const struct stats_block blocks[static CACHE_SWEEP_BLOCKS],
                                  uint32_t copies)
{
    const struct stats_estimate estimate = stats_mean_difference(blocks, CACHE_SWEEP_BLOCKS, 0.95);
    struct cache_share share = {.share = estimate.value, .low = NAN, .high = NAN};
    for (uint32_t b = 0; b < CACHE_SWEEP_BLOCKS; b++) {
        share.hits += (uint64_t)blocks[b].difference;
        share.of += (uint64_t)blocks[b].weight;
    }
    if (share.of == 0) return share;
    const uint64_t hits = share.hits / copies, of = share.of / copies;
    if (hits < CACHE_SWEEP_FEW || of - hits < CACHE_SWEEP_FEW) {
        if (of > 0) stats_binomial_interval(hits, of, 0.95, &share.low, &share.high);
    } else if (!isnan(estimate.low)) {
        share.low = fmax(estimate.low, 0.0);
        share.high = fmin(estimate.high, 1.0);
    }
    return share;
}
