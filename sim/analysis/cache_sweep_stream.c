#include <assert.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/cache_sweep_state.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                    "out of memory for a cache's requests");
}

/* ---- requests -------------------------------------------------------------------------------- */

static uint32_t key_count_of(const struct cache_study *study, const struct cache_market *market,
                             enum cache_sweep_kind kind)
{
    const struct cache_trace *const trace = study->trace;
    switch (kind) {
    case CACHE_SWEEP_CART:
        return trace->cart_count;
    case CACHE_SWEEP_PLACE:
        return trace->cart_place_count;
    case CACHE_SWEEP_USER:
        return trace->cart_user_count;
    case CACHE_SWEEP_ITEM:
        return trace->item_count * cache_searched_stores(market);
    case CACHE_SWEEP_STORE:
        return trace->place_count;
    case CACHE_SWEEP_TOKEN:
        return 1;
    case CACHE_SWEEP_KINDS:
        break;
    }
    assert(!"a kind of cache outside its enum");
    return 0;
}

static uint32_t key_of(const struct cache_order *order, enum cache_sweep_kind kind)
{
    switch (kind) {
    case CACHE_SWEEP_CART:
        return order->cart;
    case CACHE_SWEEP_PLACE:
        return order->cart_place;
    case CACHE_SWEEP_USER:
        return order->cart_user;
    case CACHE_SWEEP_STORE:
        return order->place;
    case CACHE_SWEEP_TOKEN:
        return 0;
    case CACHE_SWEEP_ITEM:
    case CACHE_SWEEP_KINDS:
        break;
    }
    assert(!"a kind of cache whose requests are no orders");
    return 0;
}

/* A quote needs a store; that there is none is remembered too, so stores and tokens do not. */
static bool is_kept(enum cache_sweep_kind kind, uint32_t store)
{
    return store != CACHE_NO_STORE || kind == CACHE_SWEEP_STORE || kind == CACHE_SWEEP_TOKEN;
}

static void take_orders(struct cache_stream *stream, const struct cache_trace *trace,
                        const struct cache_market *market, enum cache_sweep_kind kind)
{
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct cache_order *const order = &trace->orders[i];
        const bool kept = is_kept(kind, market->stores[order->place]);
        stream->keys[i] = kept ? key_of(order, kind) : CACHE_NO_KEY;
        stream->orders[i] = i;
    }
    stream->count = trace->count;
}

/* Without a store the chain ends before its searches: nothing is asked for. */
static void take_lines(struct cache_stream *stream, const struct cache_trace *trace,
                       const struct cache_market *market)
{
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct cache_order *const order = &trace->orders[i];
        const uint32_t store = market->stores[order->place];
        if (store == CACHE_NO_STORE) continue;
        for (uint32_t l = order->first_line; l < order->first_line + order->line_count; l++) {
            stream->keys[stream->count] = trace->lines[l].item * cache_searched_stores(market) +
                                          cache_searched_store(market, store);
            stream->orders[stream->count] = i;
            stream->lines[stream->count++] = l;
        }
    }
}

/* ---- stack distances ------------------------------------------------------------------------- */

static void tree_add(uint32_t *tree, uint32_t count, uint32_t place, uint32_t change)
{
    for (uint32_t i = place + 1; i <= count; i += i & (0u - i))
        tree[i] += change; /* down by adding 2^32 - 1 */
}

static uint32_t tree_below(const uint32_t *tree, uint32_t place) /* sum of [0, place) */
{
    uint32_t sum = 0;
    for (uint32_t i = place; i > 0; i -= i & (0u - i))
        sum += tree[i];
    return sum;
}

/* Bennett and Kruskal 1975: a tree of sums holds a one at each key's latest request; what lies
 * behind this key's own is what was asked for since. */
static bool measure_distances(struct cache_stream *stream, struct err *err)
{
    uint32_t *const tree = memory_zeroed((stream->count + 1ull) * sizeof *tree);
    uint32_t *const last = memory_zeroed((stream->key_count + 1ull) * sizeof *last);
    const bool room = tree != NULL && last != NULL;
    uint32_t alive = 0;
    for (uint32_t i = 0; room && i < stream->count; i++) {
        const uint32_t key = stream->keys[i];
        stream->distances[i] = CACHE_FIRST;
        if (key == CACHE_NO_KEY) continue;
        if (last[key] > 0) {
            stream->distances[i] = alive - tree_below(tree, last[key]);
            tree_add(tree, stream->count, last[key] - 1, UINT32_MAX);
            alive--;
        }
        tree_add(tree, stream->count, i, 1);
        alive++;
        last[key] = i + 1;
    }
    free(tree);
    free(last);
    return room || out_of_memory(err);
}

bool cache_stream_make(struct cache_stream *stream, const struct cache_study *study,
                       enum provider provider, enum cache_sweep_kind kind, struct err *err)
{
    const struct cache_trace *const trace = study->trace;
    const struct cache_market *const market = &study->markets[provider];
    const bool by_line = kind == CACHE_SWEEP_ITEM;
    const size_t most = by_line ? trace->line_count : trace->count;
    *stream = (struct cache_stream){.key_count = key_count_of(study, market, kind)};
    stream->keys = memory_zeroed(most * sizeof(uint32_t));
    stream->orders = memory_zeroed(most * sizeof(uint32_t));
    stream->distances = memory_zeroed(most * sizeof(uint32_t));
    if (by_line) stream->lines = memory_zeroed(most * sizeof(uint32_t));
    if (stream->keys == NULL || stream->orders == NULL || stream->distances == NULL ||
        (by_line && stream->lines == NULL)) {
        return out_of_memory(err);
    }
    if (by_line) {
        take_lines(stream, trace, market);
    } else {
        take_orders(stream, trace, market, kind);
    }
    return measure_distances(stream, err);
}

void cache_stream_release(struct cache_stream *stream)
{
    free(stream->keys);
    free(stream->orders);
    free(stream->lines);
    free(stream->distances);
    *stream = (struct cache_stream){0};
}

/* ---- a bounded cache ------------------------------------------------------------------------- */

uint64_t cache_stream_bounded(const struct cache_stream *stream, const struct cache_trace *trace,
                              int64_t ttl_us, uint32_t entries, int64_t *until_us)
{
    uint64_t hits = 0;
    for (uint32_t k = 0; k < stream->key_count; k++)
        until_us[k] = INT64_MIN;
    for (uint32_t i = 0; i < stream->count; i++) {
        const uint32_t key = stream->keys[i];
        if (key == CACHE_NO_KEY) continue;
        const int64_t at_us = trace->orders[stream->orders[i]].at_us;
        if (stream->distances[i] < entries && at_us < until_us[key]) {
            hits++;
        } else {
            until_us[key] = at_us + ttl_us;
        }
    }
    return hits;
}
