/* sim/analysis/cache_sweep_state.h - what the parts of cache_sweep.c share; nobody else includes
 * it.
 *
 * A stream is what one provider's cache of one kind is asked, in order: dense keys, so that a table
 * by key is an array. CACHE_NO_KEY is a request that no cache keeps: a place that the provider does
 * not serve.
 */
#ifndef SIM_ANALYSIS_CACHE_SWEEP_STATE_H
#define SIM_ANALYSIS_CACHE_SWEEP_STATE_H

#include "mocks/shelf.h"
#include "sim/analysis/block_samples.h"
#include "sim/analysis/cache_sweep.h"

#define CACHE_NO_KEY   UINT32_MAX
#define CACHE_NO_STORE UINT32_MAX
#define CACHE_FIRST    UINT32_MAX /* a stack distance: never asked for before */

struct cache_market { /* one provider, as far as caches are concerned */
    bool called;
    bool priced;
    bool has_token, has_store, has_search;
    bool optional_store;  /* Walmart asks without one */
    bool chain_wide;      /* and its searches know of no store */
    uint32_t other_calls; /* CART, QUOTE, SLOTS, SINGLE: always made */
    int64_t token_us;     /* how long a token may be used */
    double call_cost_cents;
    uint32_t store_count; /* numbers of stores are below it */
    uint32_t *stores;     /* by place; CACHE_NO_STORE: none serves it */
    struct shelf shelf;   /* when priced */
};

/* Whose shelves a search is of, and by which its answer is remembered: one of so many. */
static inline uint32_t cache_searched_store(const struct cache_market *market, uint32_t store)
{
    return market->chain_wide ? 0 : store;
}

static inline uint32_t cache_searched_stores(const struct cache_market *market)
{
    return market->chain_wide ? 1 : market->store_count;
}

struct cache_setting { /* the lives of a provider's caches; 0: off */
    int64_t quote_us, item_us, store_us, token_us;
    enum cache_sweep_kind quote_key;
};

struct cache_study {
    const struct cache_trace *trace;
    const struct scenario *scenario;
    struct order_item *items; /* the trace's, looked up in the scenario's catalogue */
    struct cache_market markets[PROVIDER_COUNT];
    struct catalogue catalogue;
    struct arena arena;
};

struct cache_stream {
    uint32_t *keys;
    uint32_t *orders;    /* place in the trace, by request */
    uint32_t *lines;     /* CACHE_SWEEP_ITEM: place in trace.lines; else NULL */
    uint32_t *distances; /* distinct keys asked for since this one last was; CACHE_FIRST */
    uint32_t count, key_count;
};

/* Room for one pass over a stream, by key. */
struct cache_sweep_entry {
    int64_t until_us; /* 0: empty */
    uint32_t order;   /* that fetched it */
    int32_t answer;   /* CACHE_SWEEP_ITEM: the shelf's, then */
};

struct cache_staleness { /* gathers a struct cache_stale */
    uint64_t of, changed, stock_changed;
    double cents; /* now minus then, summed */
    struct stats_block blocks[CACHE_SWEEP_BLOCKS];
    struct block_samples sizes;
};

/* ---- cache_sweep_study.c: whom the scenario calls, and what they sell ---- */

bool cache_study_make(struct cache_study *study, const struct cache_trace *trace,
                      const struct cache_sweep_request *request, struct err *err);
void cache_study_release(struct cache_study *study);

uint32_t cache_block_of(const struct cache_trace *trace, uint32_t order);

/* hits/of with an interval over blocks (difference: hits, weight: of). Each order is in the blocks
 * `copies` times, once a provider, which are nothing independent. */
struct cache_share cache_share_of(const struct stats_block blocks[static CACHE_SWEEP_BLOCKS],
                                  uint32_t copies);

/* ---- cache_sweep_stream.c ---- */

bool cache_stream_make(struct cache_stream *stream, const struct cache_study *study,
                       enum provider provider, enum cache_sweep_kind kind, struct err *err);
void cache_stream_release(struct cache_stream *stream);

/* Hits of a cache of `entries` entries; the stream's own key count or more: no bound. */
uint64_t cache_stream_bounded(const struct cache_stream *stream, const struct cache_trace *trace,
                              int64_t ttl_us, uint32_t entries, int64_t *until_us);

/* ---- cache_sweep_calls.c ---- */

struct cache_setting cache_setting_of(const struct cache_study *study, enum provider provider);
bool cache_calls(const struct cache_study *study, enum provider provider,
                 const struct cache_setting *setting, uint64_t *calls, struct err *err);

/* ---- cache_sweep_stale.c ---- */

/* The price of a line at an order's instant in the store of that order's place. */
int32_t cache_stale_answer(struct cache_market *market, const struct order_item *item,
                           uint32_t store, int64_t at_us);
/* Order `now` was shown the quote that order `then` fetched. */
bool cache_stale_quote(struct cache_study *study, enum provider provider, uint32_t then,
                       uint32_t now, struct cache_staleness *lines, struct cache_staleness *quotes);
/* One line of order `now` was answered as it was when `then_answer` was fetched. */
bool cache_stale_line(struct cache_study *study, const struct cache_line *line, uint32_t now,
                      int32_t then_answer, int32_t now_answer, struct cache_staleness *lines);
bool cache_stale_sum(struct cache_staleness *staleness, uint32_t copies, struct cache_stale *stale);

#endif
