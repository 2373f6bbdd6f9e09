#include "sim/analysis/cache_sweep.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "sim/analysis/cache_sweep_state.h"

const struct cache_sweep_traits cache_sweep_traits[CACHE_SWEEP_KINDS] = {
    [CACHE_SWEEP_CART] = {"cart", "quotes by cart", "provider, cart", 5 * US_PER_MINUTE, true},
    [CACHE_SWEEP_PLACE] = {"place", "quotes by cart and postal code", "provider, postal code, cart",
                           5 * US_PER_MINUTE, true},
    [CACHE_SWEEP_USER] = {"user", "quotes by user and cart", "provider, postal code, cart, user",
                          5 * US_PER_MINUTE, true},
    [CACHE_SWEEP_ITEM] = {"item", "items", "provider, store, name", US_PER_HOUR, true},
    [CACHE_SWEEP_STORE] = {"store", "stores", "provider, postal code", US_PER_DAY, false},
    [CACHE_SWEEP_TOKEN] = {"token", "access tokens", "provider", 0, false},
};

const int64_t cache_sweep_ttls_default[CACHE_SWEEP_TTLS_DEFAULT] = {
    0,           10 * US_PER_SECOND, US_PER_MINUTE,    5 * US_PER_MINUTE, 15 * US_PER_MINUTE,
    US_PER_HOUR, 6 * US_PER_HOUR,    24 * US_PER_HOUR,
};
const uint32_t cache_sweep_limits[CACHE_SWEEP_LIMITS] = {16,   64,    256,   1024,
                                                         4096, 16384, 65536, 262144};
const char *const cache_evidence_names[2] = {"exact", "model"};

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a cache sweep");
}

/* ---- one provider's part of a row ------------------------------------------------------------ */

struct pass { /* one provider's stream under one TTL */
    struct cache_study *study;
    const struct cache_stream *stream;
    enum provider provider;
    enum cache_sweep_kind kind;
    int64_t ttl_us;
    struct cache_sweep_entry *entries; /* by key */
    int64_t *fetched_us;               /* every fetch, as they come */
    /* of the row, over its providers */
    struct stats_block *blocks;
    struct cache_staleness *lines, *quotes;
    uint32_t *entries_enough;
};

/* A token dies when the provider says, whatever we would wish. */
static int64_t life_us(const struct cache_market *market, enum cache_sweep_kind kind,
                       int64_t ttl_us)
{
    return kind == CACHE_SWEEP_TOKEN && ttl_us > market->token_us ? market->token_us : ttl_us;
}

static bool is_asked(const struct cache_market *market, enum cache_sweep_kind kind)
{
    if (!market->called) return false;
    switch (kind) {
    case CACHE_SWEEP_CART:
    case CACHE_SWEEP_PLACE:
    case CACHE_SWEEP_USER:
        return true;
    case CACHE_SWEEP_ITEM:
        return market->has_search;
    case CACHE_SWEEP_STORE:
        return market->has_store;
    case CACHE_SWEEP_TOKEN:
        return market->has_token;
    case CACHE_SWEEP_KINDS:
        break;
    }
    assert(!"a kind of cache outside its enum");
    return false;
}

/* What the shelf says of the line of a request, now. */
static int32_t answer_now(const struct pass *pass, uint32_t request, int64_t at_us)
{
    const struct cache_trace *const trace = pass->study->trace;
    struct cache_market *const market = &pass->study->markets[pass->provider];
    const struct cache_order *const order = &trace->orders[pass->stream->orders[request]];
    const struct cache_line *const line = &trace->lines[pass->stream->lines[request]];
    const uint32_t store = cache_searched_store(market, market->stores[order->place]);
    return shelf_answer(&market->shelf, store, &pass->study->items[line->item], at_us);
}

/* Whether memory held out. */
static bool weigh_hit(const struct pass *pass, uint32_t request,
                      const struct cache_sweep_entry *entry, int64_t at_us)
{
    const uint32_t order = pass->stream->orders[request];
    if (!cache_sweep_traits[pass->kind].has_prices ||
        !pass->study->markets[pass->provider].priced) {
        return true;
    }
    if (pass->kind != CACHE_SWEEP_ITEM) {
        return cache_stale_quote(pass->study, pass->provider, entry->order, order, pass->lines,
                                 pass->quotes);
    }
    const struct cache_line *const line = &pass->study->trace->lines[pass->stream->lines[request]];
    return cache_stale_line(pass->study, line, order, entry->answer,
                            answer_now(pass, request, at_us), pass->lines);
}

static void fill(const struct pass *pass, uint32_t request, struct cache_sweep_entry *entry,
                 int64_t at_us)
{
    entry->until_us = at_us + pass->ttl_us;
    entry->order = pass->stream->orders[request];
    if (pass->kind == CACHE_SWEEP_ITEM && pass->study->markets[pass->provider].priced) {
        entry->answer = answer_now(pass, request, at_us);
    }
}

/* Entries of one TTL die in the order in which they were fetched, and each is of another key. */
static bool run_pass(const struct pass *pass, struct cache_provider_row *row, struct err *err)
{
    const struct cache_trace *const trace = pass->study->trace;
    uint32_t fetches = 0, dead = 0;
    for (uint32_t k = 0; k < pass->stream->key_count; k++)
        pass->entries[k].until_us = INT64_MIN;
    for (uint32_t i = 0; i < pass->stream->count; i++) {
        const uint32_t key = pass->stream->keys[i], order = pass->stream->orders[i];
        const int64_t at_us = trace->orders[order].at_us;
        struct stats_block *const block = &pass->blocks[cache_block_of(trace, order)];
        row->requests++;
        block->n++;
        block->weight += 1;
        if (key == CACHE_NO_KEY) continue;
        struct cache_sweep_entry *const entry = &pass->entries[key];
        if (at_us < entry->until_us) {
            row->hits++;
            block->difference += 1;
            const uint32_t distance = pass->stream->distances[i];
            if (distance >= *pass->entries_enough) *pass->entries_enough = distance + 1;
            if (!weigh_hit(pass, i, entry, at_us)) return out_of_memory(err);
            continue;
        }
        fill(pass, i, entry, at_us);
        pass->fetched_us[fetches++] = at_us;
        while (dead < fetches && pass->fetched_us[dead] + pass->ttl_us <= at_us)
            dead++;
        if (fetches - dead > row->entries_peak) row->entries_peak = fetches - dead;
    }
    return true;
}

static bool count_calls(const struct cache_study *study, enum provider provider,
                        enum cache_sweep_kind kind, int64_t ttl_us, struct cache_provider_row *row,
                        struct err *err)
{
    struct cache_setting setting = cache_setting_of(study, provider);
    int64_t *life = NULL;
    switch (kind) {
    case CACHE_SWEEP_CART:
    case CACHE_SWEEP_PLACE:
    case CACHE_SWEEP_USER:
        setting.quote_key = kind;
        life = &setting.quote_us;
        break;
    case CACHE_SWEEP_ITEM:
        life = &setting.item_us;
        break;
    case CACHE_SWEEP_STORE:
        life = &setting.store_us;
        break;
    case CACHE_SWEEP_TOKEN:
        life = &setting.token_us;
        break;
    case CACHE_SWEEP_KINDS:
        break;
    }
    assert(life != NULL);
    *life = 0;
    if (!cache_calls(study, provider, &setting, &row->calls_without, err)) return false;
    *life = ttl_us;
    if (!cache_calls(study, provider, &setting, &row->calls_with, err)) return false;
    row->cents_saved = ((double)row->calls_without - (double)row->calls_with) *
                       study->markets[provider].call_cost_cents;
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct gathering { /* of one row, over its providers */
    struct stats_block blocks[CACHE_SWEEP_BLOCKS];
    struct cache_staleness lines, quotes;
};

static void count_limits(const struct pass *pass, uint64_t hits, struct cache_row *row,
                         int64_t *until_us)
{
    for (unsigned l = 0; l < CACHE_SWEEP_LIMITS; l++) {
        const uint32_t entries = cache_sweep_limits[l];
        row->limits[l].entries = entries;
        /* An entry that would have been a hit is always among the last so many. */
        row->limits[l].hits += entries >= *pass->entries_enough
                                   ? hits
                                   : cache_stream_bounded(pass->stream, pass->study->trace,
                                                          pass->ttl_us, entries, until_us);
    }
}

/* One provider into every row of its kind: `rows` and `gathered` by TTL. */
static bool sweep_provider(struct cache_study *study, enum provider provider,
                           enum cache_sweep_kind kind, struct cache_row *rows,
                           struct gathering *gathered, uint32_t ttl_count, struct err *err)
{
    struct cache_stream stream;
    bool done = cache_stream_make(&stream, study, provider, kind, err);
    struct cache_sweep_entry *entries = NULL;
    int64_t *instants = NULL;
    if (done) {
        const size_t most = stream.count > stream.key_count ? stream.count : stream.key_count;
        entries = memory_zeroed((stream.key_count + 1ull) * sizeof *entries);
        instants = memory_zeroed((most + 1) * sizeof *instants);
        done = (entries != NULL && instants != NULL) || out_of_memory(err);
    }
    for (uint32_t t = 0; done && t < ttl_count; t++) {
        struct cache_provider_row *const row = &rows[t].providers[provider];
        uint32_t enough = 0;
        const int64_t ttl_us = life_us(&study->markets[provider], kind, rows[t].ttl_us);
        const struct pass pass = {.study = study,
                                  .stream = &stream,
                                  .provider = provider,
                                  .kind = kind,
                                  .ttl_us = ttl_us,
                                  .entries = entries,
                                  .fetched_us = instants,
                                  .blocks = gathered[t].blocks,
                                  .lines = &gathered[t].lines,
                                  .quotes = &gathered[t].quotes,
                                  .entries_enough = &enough};
        done = run_pass(&pass, row, err) && count_calls(study, provider, kind, ttl_us, row, err);
        if (!done) break;
        count_limits(&pass, row->hits, &rows[t], instants);
        if (enough > rows[t].entries_enough) rows[t].entries_enough = enough;
    }
    free(entries);
    free(instants);
    cache_stream_release(&stream);
    return done;
}

/* What is the same over providers, or their sum. */
static bool finish_row(struct cache_row *row, struct gathering *gathered,
                       const struct cache_study *study, struct err *err)
{
    double saved = 0;
    uint32_t asked = 0, priced = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        asked += is_asked(&study->markets[p], row->kind);
        priced += is_asked(&study->markets[p], row->kind) && study->markets[p].priced;
    }
    row->hits = cache_share_of(gathered->blocks, asked > 0 ? asked : 1);
    if (row->ttl_us == 0) row->hits.high = row->hits.low;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct cache_provider_row *const own = &row->providers[p];
        row->calls_without += own->calls_without;
        saved += (double)own->calls_without - (double)own->calls_with;
        row->cents_saved += own->cents_saved;
        if (own->entries_peak > row->entries_peak) row->entries_peak = own->entries_peak;
    }
    row->calls_saved = (int64_t)saved;
    row->calls_saved_share = NAN;
    if (row->calls_without > 0) row->calls_saved_share = saved / (double)row->calls_without;
    if (priced == 0) priced = 1;
    return (cache_stale_sum(&gathered->lines, priced, &row->lines) &&
            cache_stale_sum(&gathered->quotes, priced, &row->quotes)) ||
           out_of_memory(err);
}

static bool sweep_kind(struct cache_study *study, enum cache_sweep_kind kind,
                       struct cache_row *rows, struct gathering *gathered,
                       const struct cache_sweep_request *request, struct err *err)
{
    const uint32_t count = request->ttl_count;
    for (uint32_t t = 0; t < count; t++) {
        const int64_t ttl_us = request->ttls_us[t];
        rows[t] = (struct cache_row){.kind = kind,
                                     .ttl_us = ttl_us,
                                     .contract = ttl_us > 0 &&
                                                 ttl_us == cache_sweep_traits[kind].contract_us};
        gathered[t] = (struct gathering){0};
    }
    bool done = true;
    for (enum provider p = 0; done && p < PROVIDER_COUNT; p++) {
        if (!is_asked(&study->markets[p], kind)) continue;
        done = sweep_provider(study, p, kind, rows, gathered, count, err);
    }
    for (uint32_t t = 0; t < count; t++) {
        done = done && finish_row(&rows[t], &gathered[t], study, err);
        block_samples_release(&gathered[t].lines.sizes);
        block_samples_release(&gathered[t].quotes.sizes);
    }
    return done;
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void say(struct cache_sweep *sweep, bool when, const char *sentence)
{
    if (!when) return;
    assert(sweep->note_count < CACHE_SWEEP_NOTES_MAX);
    sweep->notes[sweep->note_count++] = sentence;
}

static_assert(CACHE_TRACE_ORDERS_MAX == 1000000, "a note says so");

static void write_notes(struct cache_sweep *sweep, const struct cache_study *study)
{
    const struct scenario *const scenario = study->scenario;
    bool any = false, live = false, crowded = false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct cache_market *const market = &study->markets[p];
        crowded = crowded || (market->called && market->has_search &&
                              sweep->items * cache_searched_stores(market) >
                                  scenario->policy.cache.sku_entries / 2);
        any = any || sweep->called[p];
        live = live || (sweep->called[p] && scenario->providers[p].mode != MODE_MOCK);
    }
    say(sweep, sweep->cut, "The workload goes on; the trace ends at its first 1,000,000 orders.");
    say(sweep, !sweep->has_times,
        "The baskets have no times: what recurs is counted in orders, and no TTL can be judged.");
    sweep->drawn = study->trace->generated;
    const struct cache_policy *const cache = &scenario->policy.cache;
    sweep->kept[CACHE_SWEEP_PLACE] = cache->quote_us > 0 && cache->quote_key == QUOTE_KEY_CART;
    sweep->kept[CACHE_SWEEP_USER] = cache->quote_us > 0 && cache->quote_key == QUOTE_KEY_USER;
    sweep->kept[CACHE_SWEEP_ITEM] = cache->sku_us > 0 && cache->sku_entries > 0;
    sweep->kept[CACHE_SWEEP_STORE] = cache->store_us > 0;
    sweep->kept[CACHE_SWEEP_TOKEN] = cache->token;
    say(sweep, study->trace->generated,
        "Generated carts draw each item by itself and recur less than people's: of 9,835 baskets "
        "of "
        "a shop 29% had been seen before, 10.5% of those of two lines or more.");
    say(sweep, !sweep->has_users,
        "All orders are one customer's: a key with the user tells no more than one without.");
    if (!sweep->has_times) return;
    say(sweep, !any, "No provider is called: there is nothing to remember.");
    say(sweep, any, "Fetches are taken to succeed at once; caches start empty.");
    say(sweep, sweep->places > 1,
        "A key of provider and cart alone gives a customer the quote of another postal code.");
    say(sweep, crowded,
        "There are more items than the adapters have room for at ease "
        "(router.policy.cache.sku_entries): they will hit less often than these caches.");
    say(sweep,
        sweep->called[PROVIDER_INSTACART] && !sweep->priced[PROVIDER_INSTACART] &&
            scenario->providers[PROVIDER_INSTACART].mode == MODE_MOCK,
        "Instacart is priced from a declared list that does not move; its hits are in no figure of "
        "staleness.");
    say(sweep, live,
        "Of providers that are no mocks nobody knows the price at each instant: their hits are in "
        "no figure of staleness.");
    say(sweep, any,
        "Staleness is a model's: the mocks change promotions on Mondays and stock every stock "
        "period.");
}

/* ---- the sweep ------------------------------------------------------------------------------- */

static bool check_ttls(const struct cache_sweep_request *request, struct err *err)
{
    assert(request->ttl_count > 0);
    assert(request->ttl_count <= CACHE_SWEEP_TTLS_MAX);
    for (uint32_t t = 0; t < request->ttl_count; t++) {
        if (request->ttls_us[t] < 0 || request->ttls_us[t] > DURATION_US_MAX) {
            return err_fail(err, ERR_INPUT, (struct place){0},
                            "a cache's TTL is from 0 to ten years");
        }
        for (uint32_t other = 0; other < t; other++) {
            if (request->ttls_us[other] != request->ttls_us[t]) continue;
            return err_fail(err, ERR_INPUT, (struct place){0}, "a cache's TTL comes twice");
        }
    }
    return true;
}

static void describe(struct cache_sweep *sweep, const struct cache_trace *trace)
{
    *sweep = (struct cache_sweep){.orders = trace->count,
                                  .lines = trace->line_count,
                                  .items = trace->item_count,
                                  .carts = trace->cart_count,
                                  .users = trace->user_count,
                                  .places = trace->place_count,
                                  .has_times = trace->has_times,
                                  .has_users = trace->user_count > 1,
                                  .cut = trace->cut,
                                  .hits_are = CACHE_EXACT,
                                  .calls_are = CACHE_EXACT,
                                  .stale_are = CACHE_MODEL};
    if (trace->has_times && trace->count > 0) {
        sweep->span_us = trace->orders[trace->count - 1].at_us - trace->orders[0].at_us;
    }
}

static bool sweep_rows(struct cache_sweep *sweep, struct cache_study *study,
                       const struct cache_sweep_request *request, struct err *err)
{
    sweep->ttl_count = request->ttl_count;
    struct gathering *const gathered = memory_zeroed(request->ttl_count * sizeof *gathered);
    sweep->rows = memory_zeroed(CACHE_SWEEP_KINDS * request->ttl_count * sizeof *sweep->rows);
    bool done = (gathered != NULL && sweep->rows != NULL) || out_of_memory(err);
    for (enum cache_sweep_kind kind = 0; done && kind < CACHE_SWEEP_KINDS; kind++) {
        done = sweep_kind(study, kind, &sweep->rows[kind * request->ttl_count], gathered, request,
                          err);
        sweep->row_count += request->ttl_count;
    }
    free(gathered);
    return done;
}

static bool sweep_trace(struct cache_sweep *sweep, const struct cache_trace *trace,
                        const struct cache_sweep_request *request, struct err *err)
{
    describe(sweep, trace);
    struct cache_study study;
    if (!cache_sweep_recurrences(trace, sweep->recurrences, err) ||
        !cache_study_make(&study, trace, request, err)) {
        return false;
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        sweep->called[p] = study.markets[p].called;
        sweep->priced[p] = study.markets[p].priced;
    }
    write_notes(sweep, &study);
    const bool done = !trace->has_times || sweep_rows(sweep, &study, request, err);
    cache_study_release(&study);
    return done;
}

bool cache_sweep_run(struct cache_sweep *sweep, const struct cache_sweep_request *request,
                     struct err *err)
{
    *sweep = (struct cache_sweep){0};
    struct cache_sweep_request settled = *request;
    if (settled.ttls_us == NULL) {
        settled.ttls_us = cache_sweep_ttls_default;
        settled.ttl_count = CACHE_SWEEP_TTLS_DEFAULT;
    }
    if (!check_ttls(&settled, err)) return false;
    struct cache_trace own = {0};
    bool done = settled.trace != NULL ||
                cache_trace_from_scenario(&own, settled.scenario, settled.seed, err);
    if (done) {
        const struct cache_trace *const trace = settled.trace != NULL ? settled.trace : &own;
        done = sweep_trace(sweep, trace, &settled, err);
    }
    cache_trace_release(&own);
    if (!done) cache_sweep_release(sweep);
    return done;
}

struct cache_row *cache_sweep_row(const struct cache_sweep *sweep, enum cache_sweep_kind kind,
                                  int64_t ttl_us)
{
    for (uint32_t r = 0; r < sweep->row_count; r++) {
        if (sweep->rows[r].kind == kind && sweep->rows[r].ttl_us == ttl_us) return &sweep->rows[r];
    }
    return NULL;
}

void cache_sweep_release(struct cache_sweep *sweep)
{
    free(sweep->rows);
    *sweep = (struct cache_sweep){0};
}
