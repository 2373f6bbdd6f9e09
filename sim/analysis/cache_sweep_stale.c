#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/analysis/cache_sweep_state.h"

/* ---- then and now ---------------------------------------------------------------------------- */

/* The window in which nothing on the shelves changes, and that holds `at_us`. */
static void open_window(struct shelf *shelf, int64_t at_us)
{
    if ((uint64_t)(at_us - shelf->window_from_us) >= shelf->window_us) {
        shelf_open_window(shelf, at_us);
    }
}

int32_t cache_stale_answer(struct cache_market *market, const struct order_item *item,
                           uint32_t store, int64_t at_us)
{
    struct shelf *const shelf = &market->shelf;
    const uint32_t searched = cache_searched_store(market, store);
    const bool open = (uint64_t)(at_us - shelf->window_from_us) < shelf->window_us;
    return open ? shelf_answer(shelf, searched, item, at_us)
                : shelf_compute(shelf, searched, item, at_us, at_us);
}

static int stock_of(int32_t answer) /* found, substituted, missing */
{
    return (answer > 0) - (answer < 0);
}

static bool note(struct cache_staleness *staleness, uint32_t block, bool changed, bool stock,
                 bool priced, double cents)
{
    staleness->of++;
    staleness->blocks[block].n++;
    staleness->blocks[block].weight += 1;
    if (!changed) return true;
    staleness->changed++;
    staleness->stock_changed += stock;
    staleness->blocks[block].difference += 1;
    staleness->cents += cents;
    if (!priced) return true;
    return block_samples_add(&staleness->sizes, (uint32_t)fmin(fabs(cents), UINT32_MAX), 0);
}

bool cache_stale_line(struct cache_study *study, const struct cache_line *line, uint32_t now,
                      int32_t then_answer, int32_t now_answer, struct cache_staleness *lines)
{
    const double cents = ((double)abs(now_answer) - abs(then_answer)) * line->quantity;
    return note(lines, cache_block_of(study->trace, now), then_answer != now_answer,
                stock_of(then_answer) != stock_of(now_answer), then_answer != 0 && now_answer != 0,
                cents);
}

struct shown { /* a quote's goods */
    int64_t subtotal_cents;
    uint32_t found, substituted;
};

static void put(struct shown *shown, int32_t answer, uint32_t quantity)
{
    shown->subtotal_cents += (int64_t)abs(answer) * quantity;
    shown->found += answer > 0;
    shown->substituted += answer < 0;
}

static int64_t total_cents(enum provider provider, const struct shown *shown)
{
    struct quote quote = {0};
    quote_price(&quote, provider, shown->subtotal_cents);
    return quote.total_cents;
}

bool cache_stale_quote(struct cache_study *study, enum provider provider, uint32_t then,
                       uint32_t now, struct cache_staleness *lines, struct cache_staleness *quotes)
{
    const struct cache_trace *const trace = study->trace;
    const struct cache_order *const order = &trace->orders[now];
    const struct cache_order *const fetched = &trace->orders[then];
    struct cache_market *const market = &study->markets[provider];
    const uint32_t block = cache_block_of(trace, now);
    open_window(&market->shelf, order->at_us);
    struct shown was = {0}, is = {0};
    for (uint32_t l = order->first_line; l < order->first_line + order->line_count; l++) {
        const struct cache_line *const line = &trace->lines[l];
        const struct order_item *const item = &study->items[line->item];
        const int32_t then_answer =
            cache_stale_answer(market, item, market->stores[fetched->place], fetched->at_us);
        const int32_t now_answer =
            cache_stale_answer(market, item, market->stores[order->place], order->at_us);
        put(&was, then_answer, line->quantity);
        put(&is, now_answer, line->quantity);
        if (!cache_stale_line(study, line, now, then_answer, now_answer, lines)) return false;
    }
    const bool stock = was.found != is.found || was.substituted != is.substituted;
    const double cents = (double)(total_cents(provider, &is) - total_cents(provider, &was));
    return note(quotes, block, stock || was.subtotal_cents != is.subtotal_cents, stock,
                was.subtotal_cents > 0 && is.subtotal_cents > 0, cents);
}

/* ---- summing up ------------------------------------------------------------------------------ */

bool cache_stale_sum(struct cache_staleness *staleness, uint32_t copies, struct cache_stale *stale)
{
    enum { P50_LEAST = 20, P95_LEAST = 200 }; /* 10 samples beyond */
    static const double probabilities[2] = {0.5, 0.95};
    *stale = (struct cache_stale){.changed = cache_share_of(staleness->blocks, copies),
                                  .stock_changed = staleness->stock_changed,
                                  .cents_p50 = NAN,
                                  .cents_p95 = NAN,
                                  .cents_mean = NAN};
    if (staleness->of > 0) stale->cents_mean = staleness->cents / (double)staleness->of;
    const uint64_t n = staleness->sizes.n;
    struct stats_atoms atoms;
    if (n < P50_LEAST) return true;
    if (!block_samples_atoms(&staleness->sizes, &atoms)) return false;
    double quantiles[2];
    stats_quantiles(atoms, NULL, probabilities, 2, quantiles);
    stale->cents_p50 = quantiles[0];
    if (n >= P95_LEAST) stale->cents_p95 = quantiles[1];
    return true;
}
