/* sim/analysis/cache_sweep.h - what remembering would save, and what it would spoil.
 *
 * A trace (cache_trace.h) is put to caches of several kinds and lives. A life (TTL) counts from the
 * fetch that filled the entry, not from its last use: a hit does not make it longer. An entry
 * fetched at t serves until before t + TTL; at a TTL of 0 nothing is ever a hit. Kinds:
 *
 *   cart    provider, cart                     the contract's words: "provider and cart"
 *   place   provider, postal code, cart        what a quote is of, and the router's own key
 *   user    provider, postal code, cart, user  (router/cache.h)
 *   item    provider, store, name              an answer to a search: Kroger; Walmart without
 *                                              the store, which its search does not name
 *   store   provider, postal code
 *   token   provider                           lives its TTL or, if less, until
 *                                              policy.token_margin_us before its end
 *
 * What each figure rests on:
 *
 *   exact   hits, entries, evictions: counted on this very trace. Every fetch is taken to
 *           succeed at once; a failed or slow one would fill its entry later or never, which
 *           makes TTLs of a few seconds look a little better than they are. Caches start empty
 *           and no redeploy empties them. The adapters' own table of items (providers/memo.h,
 *           policy.cache.sku_entries) is LRU by sets: at half full it has room for all but one
 *           item in 120.
 *   exact   calls: the chain of providers/adapter.h walked with and without this cache, the
 *           other caches as the scenario's policy has them, so that a token or store that is
 *           remembered anyway is not saved again. First tries only.
 *   model   staleness: the mocks' own shelves (mocks/shelf.h) now against at the fetch. Their
 *           promotions change on Mondays and their stock every stock period, by rates that a
 *           scenario sets; faults that move prices are left out.
 *   exact   effects (cache_sweep_compare): two runs of one scenario with the same luck.
 *
 * A bounded cache of N entries a provider drops what was asked for longest ago (LRU); expired
 * entries keep their place until they are dropped or asked for again. Which requests find their
 * entry still there follows from LRU stack distances (Mattson, Gecsei, Slutz, Traiger 1970) once
 * for all N; but an entry fetched again after it was dropped is younger than it would have been, so
 * that hits are counted for each N and need not rise with it.
 *
 * Intervals are Student's t over CACHE_SWEEP_BLOCKS blocks of neighbouring orders (stats.h): hits
 * depend on each other. Fewer than CACHE_SWEEP_FEW hits, or misses, an order's providers counted
 * once, have no spread to see: then it is Clopper and Pearson's. A TTL of 0 has no luck in it. A
 * quantile needs 10 samples beyond it, else it is NaN.
 *
 * Ownership: a sweep owns its rows; cache_sweep_release() frees them (a zeroed sweep is fine).
 *            Scenario, trace and decision sets are borrowed for the call.
 * Failure:   as cache_trace_from_scenario() and shelf_create(); ERR_INPUT for a TTL that is
 *            negative or above ten years, or that comes twice.
 */
#ifndef SIM_ANALYSIS_CACHE_SWEEP_H
#define SIM_ANALYSIS_CACHE_SWEEP_H

#include "sim/analysis/cache_trace.h"
#include "sim/analysis/decisions.h"
#include "sim/analysis/stats.h"

enum {
    CACHE_SWEEP_TTLS_MAX = 16,
    CACHE_SWEEP_TTLS_DEFAULT = 8,
    CACHE_SWEEP_LIMITS = 8,
    CACHE_SWEEP_BLOCKS = 50,
    CACHE_SWEEP_FEW = 10,
    CACHE_SWEEP_NOTES_MAX = 16
};

enum cache_sweep_kind {
    CACHE_SWEEP_CART,
    CACHE_SWEEP_PLACE,
    CACHE_SWEEP_USER,
    CACHE_SWEEP_ITEM,
    CACHE_SWEEP_STORE,
    CACHE_SWEEP_TOKEN,
    CACHE_SWEEP_KINDS
};

struct cache_sweep_traits {
    const char *name;    /* "cart": in files */
    const char *label;   /* "quotes by cart" */
    const char *key;     /* "provider, cart" */
    int64_t contract_us; /* the contract's TTL; 0: none, the provider states a token's life */
    bool has_prices;     /* a hit can be stale */
};
extern const struct cache_sweep_traits cache_sweep_traits[CACHE_SWEEP_KINDS];

/* 0, 10 s, 1 min, 5 min, 15 min, 1 h, 6 h, 24 h. */
extern const int64_t cache_sweep_ttls_default[CACHE_SWEEP_TTLS_DEFAULT];
extern const uint32_t cache_sweep_limits[CACHE_SWEEP_LIMITS]; /* entries a provider, rising */

struct cache_share {
    uint64_t hits, of;
    double share;     /* NaN of nothing */
    double low, high; /* 95%; NaN without an interval */
};

/* ---- what recurs, whatever the TTL ---- */

enum cache_recurrence_kind {
    RECUR_CART,       /* orders whose exact cart was ordered before, by whomever */
    RECUR_CART_MULTI, /* the same among orders of two lines or more */
    RECUR_CART_ONE,   /* the same among orders of one line */
    RECUR_CART_PLACE, /* cart and postal code */
    RECUR_CART_USER,  /* cart, postal code and user: that user's own orders */
    RECUR_USER,       /* users who ordered before */
    RECUR_ITEM,       /* lines whose item was ordered before */
    RECUR_KINDS
};
extern const char *const cache_recurrence_names[RECUR_KINDS];  /* "cart", "cart_multi", ... */
extern const char *const cache_recurrence_labels[RECUR_KINDS]; /* "exact cart, all orders" */

struct cache_recurrence {
    struct cache_share before;     /* hits: seen before; of: all of this kind */
    double gap_us_p50, gap_us_p90; /* since the last time, over those seen before; without times in
                                      orders; NaN: too few */
};

/* ---- a row: one kind under one TTL ---- */

struct cache_provider_row { /* one provider of it; all 0 when it is not called */
    uint64_t requests, hits;
    uint64_t calls_without, calls_with; /* HTTP calls, in all */
    double cents_saved;                 /* calls saved at the scenario's call_cost_cents */
    uint32_t entries_peak;              /* alive at one time, at most */
};

struct cache_limit {
    uint32_t entries; /* a provider */
    uint64_t hits;
};

struct cache_stale {            /* model: hits that say what is no longer true */
    struct cache_share changed; /* hits: differing now; of: hits whose truth is known. NaN: none */
    uint64_t stock_changed;     /* of them: found, substituted or missing differs */
    /* Of those changed and priced both times: now minus then. Quantiles of its size: exact up to
     * 65,536 of them, then within 1/512. */
    double cents_p50, cents_p95;
    double cents_mean; /* signed, over all hits whose truth is known: what is shown too low */
};

/* Two runs of one scenario, order by order: `base` remembered nothing and tells the truth at each
 * instant. `cached` is what customers saw. */
struct cache_effect {
    bool known;        /* cache_sweep_compare() was called */
    uint64_t unpaired; /* orders in one set alone: passed over */
    uint64_t orders;   /* in both */

    uint64_t changed; /* decided otherwise: another provider, or routed in one alone */
    struct stats_estimate changed_share;
    /* Why, by the first that holds: other providers had answered in time (a remembered quote
     * answers sooner); a quote said something else; neither (history went another way). */
    uint64_t changed_by_arrival, changed_by_quotes, changed_by_history;

    /* Orders routed in both whose selected provider's quote is in base too. */
    uint64_t shown;
    uint64_t truth_unknown; /* routed with the cache, and base has no such quote */
    uint64_t shown_differs; /* the selected quote's total was not the true one */
    struct cache_share differs;
    double differs_cents_p50, differs_cents_p95; /* size, of those that differ */
    struct stats_estimate gap_cents;    /* an order: truly quoted minus shown; above 0: too low */
    struct stats_estimate regret_cents; /* an order: the true price of what the cache had selected
                                           minus that of what base selected */
    /* Base's orders decided again with what was remembered in place of the truth and nothing else
     * changed: the same providers in time, the same history. What staleness alone does. */
    uint64_t stale_orders;                    /* decided again */
    uint64_t stale_changed;                   /* decided otherwise than with the truth */
    struct stats_estimate stale_regret_cents; /* an order, as above */

    struct stats_estimate latency_ms; /* cached minus base, an order */
};

struct cache_row {
    enum cache_sweep_kind kind;
    int64_t ttl_us;
    bool contract;           /* the contract's TTL for this kind */
    struct cache_share hits; /* of requests, over the providers called */
    struct cache_provider_row providers[PROVIDER_COUNT];
    uint64_t calls_without;
    int64_t calls_saved; /* may be below 0 by a few: a token that is fetched later dies later */
    double calls_saved_share; /* NaN without calls */
    double cents_saved;
    uint32_t entries_peak;   /* of the provider with the most */
    uint32_t entries_enough; /* an LRU cache so large loses no hit; 0: there are none */
    struct cache_limit limits[CACHE_SWEEP_LIMITS]; /* hits over all providers */
    struct cache_stale lines;                      /* kinds with prices: line by line */
    struct cache_stale quotes; /* kinds of whole quotes: total, or what is found */
    struct cache_effect effect;
};

enum cache_evidence { CACHE_EXACT, CACHE_MODEL };
extern const char *const cache_evidence_names[2]; /* "exact", "model" */

struct cache_sweep {
    uint64_t orders, lines, items, carts, users, places; /* of the trace; distinct from items on */
    int64_t span_us;                                     /* first order to last */
    bool has_times;                                      /* false: no rows, and gaps count orders */
    bool has_users;                                      /* more than one */
    bool drawn;                   /* carts are generated, and recur less than people's */
    bool kept[CACHE_SWEEP_KINDS]; /* the scenario's policy has this cache, whatever its life */
    bool cut;                     /* the trace ended at CACHE_TRACE_ORDERS_MAX */
    struct cache_recurrence recurrences[RECUR_KINDS];
    bool called[PROVIDER_COUNT]; /* asked for real quotes */
    bool priced[PROVIDER_COUNT]; /* and a mock whose shelves tell the truth */
    struct cache_row *rows;      /* by kind, then by TTL as given */
    uint32_t row_count, ttl_count;
    enum cache_evidence hits_are, calls_are, stale_are;
    const char *notes[CACHE_SWEEP_NOTES_MAX]; /* constant sentences */
    uint32_t note_count;
};

struct cache_sweep_request {
    const struct scenario *scenario;
    const struct cache_trace *trace; /* NULL: the scenario's own, under `seed` */
    uint64_t seed;                   /* of the trace and of the shelves; the scenario's as a rule */
    const int64_t *ttls_us;          /* NULL: the default ones */
    uint32_t ttl_count;              /* at most CACHE_SWEEP_TTLS_MAX */
};

bool cache_sweep_run(struct cache_sweep *sweep, const struct cache_sweep_request *request,
                     struct err *err);

/* The row of a kind and TTL, or NULL. */
struct cache_row *cache_sweep_row(const struct cache_sweep *sweep, enum cache_sweep_kind kind,
                                  int64_t ttl_us);

/* Fills row->effect from two runs of the same scenario and seed. ERR_INPUT when they are not: other
 * starts, carts or preferences under one index. */
bool cache_sweep_compare(struct cache_row *row, const struct decision_set *base,
                         const struct decision_set *cached, struct err *err);

/* Recurrence alone, of any trace. */
bool cache_sweep_recurrences(const struct cache_trace *trace,
                             struct cache_recurrence recurrences[static RECUR_KINDS],
                             struct err *err);

void cache_sweep_release(struct cache_sweep *sweep);

#endif
