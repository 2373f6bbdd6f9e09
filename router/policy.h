/* router/policy.h - where the router may depart from production: quirks, retries, hedges, caches,
 * limits.
 *
 * policy_default() is production as it runs today: every quirk on, every improvement off. A
 * scenario switches them one by one under `router.policy`, and a report lists what differs.
 */
#ifndef ROUTER_POLICY_H
#define ROUTER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum missing_items { /* what a quote that lacks items is worth (quirk partial_quotes_look_cheap) */
                     MISSING_ITEMS_FREE,     /* production: they cost nothing */
                     MISSING_ITEMS_MEDIAN,   /* each costs the median of what a line
                                                costs in the order's quotes */
                     MISSING_ITEMS_EXCLUDED, /* quotes under `fill_least` are left out of scoring */
                     MISSING_ITEMS_COUNT
};
extern const char *const missing_items_names[MISSING_ITEMS_COUNT + 1];

struct retry_policy {
    bool enabled; /* off: production declares retries and makes none */
    uint32_t
        attempts; /* retries after the first try, per call; 0: the provider's declared number */
    int64_t backoff_us; /* before the first retry; doubles each time */
    int64_t backoff_us_max;
    double jitter;       /* 0..1: the share of each wait that is drawn uniformly ("full": 1) */
    double budget;       /* retries per first try, over all calls to a provider; 0: unlimited */
    double budget_burst; /* retries that may be saved up */
    /* gRPC's throttle (its proposal A6), per provider: a failed call takes a token, a good answer
     * gives back `throttle_ratio`, and nothing is tried again, nor hedged, while half of
     * `throttle_tokens` or fewer are left. 0 tokens: no throttle. */
    double throttle_tokens;
    double throttle_ratio;
};

/* A second call of the same operation to the same provider, when the first has not answered by
 * `after_us`; the first good answer wins (Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013:
 * hedged requests). Only while a quote is made, and never for access tokens. */
struct hedge_policy {
    bool enabled; /* off: production hedges nothing */
    int64_t after_us;
    uint32_t operation_mask; /* bit of an operation: its calls may be hedged; 0: all may */
    uint32_t per_quote;      /* second calls that one quote may make */
    double budget;           /* second calls per first try, over all calls to a provider; 0:
                                unlimited */
    double budget_burst;     /* second calls that may be saved up */
};

enum quote_key {                 /* whose quotes are the same (router/cache.h) */
                 QUOTE_KEY_CART, /* provider, postal code, cart */
                 QUOTE_KEY_USER, /* the user as well */
                 QUOTE_KEY_COUNT
};
extern const char *const quote_key_names[QUOTE_KEY_COUNT + 1];

struct cache_policy {     /* a life of 0 switches a cache off */
    int64_t store_us;     /* contract: 24 h */
    int64_t sku_us;       /* contract: 1 h */
    uint32_t sku_entries; /* products of each provider that is searched (providers/memo.h) */
    bool token;           /* production has this one */
    int64_t quote_us;     /* contract: 5 min */
    enum quote_key quote_key;
    int64_t timeout_us;        /* how long a kept quote is waited for: an assumption, 50 ms */
    uint32_t breaker_failures; /* in a row, until the cache is let alone; 0: never */
    int64_t breaker_skip_us;   /* for so long */
};

struct policy {
    bool zero_is_missing;
    bool abandoned_calls_run_on;
    bool swallowed_search_errors;
    bool health_is_configuration;
    bool auth_errors_final;
    enum missing_items missing_items; /* partial_quotes_look_cheap is MISSING_ITEMS_FREE */
    double fill_least;                /* share of lines; with MISSING_ITEMS_EXCLUDED, and for quotes
                                         of item searches when swallowed_search_errors is off */
    uint32_t parallel_searches;       /* 1: one after the other (quirk sequential_item_search) */
    struct retry_policy retry;
    struct hedge_policy hedge;
    struct cache_policy cache;
    int64_t call_life_us;    /* no call outlives it: an assumption, 60 s */
    int64_t token_margin_us; /* tokens are renewed this long before they expire: 60 s */
    int64_t confirm_life_us; /* a confirmation token's life: 15 min, an assumption */
    int64_t confirm_timeout_us;
    bool detect_substitutions; /* a product that is not the catalogue's exact match counts as one */
    bool live_adapters;        /* PROFILE_AS_CODED: let MealMe and Instacart be called after all */
    bool log_late_quotes;      /* off: production drops what comes after its timeout unheard. On:
                                  the event log tells it, and what it takes to decide an order again
                                  with it (router/event.h) */
};

enum { POLICY_PARALLEL_MAX = 8, POLICY_HEDGES_MAX = 32 };

struct policy policy_default(void);

#endif
