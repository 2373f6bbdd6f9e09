/* providers/adapter.h - which calls, in which order, make one provider's quote.
 *
 * One small state machine per provider turns the router's "ask" into API calls and their replies
 * into one quote_result. Adapters own access tokens, store and SKU caches and retries; they reach
 * the world through a call-level port. All calls of one quote run in sequence, but item searches
 * may overlap up to policy.parallel_searches.
 *
 *   Kroger     [TOKEN] -> [STORE] -> SEARCH x items -> quote      (token and store failures fail
 * it) Walmart    [STORE] -> SEARCH x items -> quote                 (the store call is optional)
 *   Instacart  [TOKEN] -> STORE -> SLOTS -> quote                 (prices from the declared list;
 *              no TOKEN at the developer platform, whose SLOTS makes a product link and states
 * none) MealMe     CART -> QUOTE -> quote any, chain `single`:  SINGLE -> quote
 *
 * Tokens: taken from the cache while they live longer than policy.token_margin_us; no single
 * flight, so parallel first calls each fetch one, as in production. With auth_errors_final a 401 on
 * a data call keeps the cached token; without it the token is dropped and the call tried once more.
 *
 * Stores and prices (policy.cache.store_us, sku_us) lie in tables of memo.h: 1,024 postal codes a
 * provider, and policy.cache.sku_entries products. A life begins when the answer comes. What is
 * remembered of a search is of what the search names: Kroger's a product and a store, Walmart's a
 * product alone, for its API searches the whole chain and knows no store.
 *
 * Hedges (policy.hedge): while a quote is made, a call that has not answered in time gets a second
 * one beside it (providers/hedge.h). None is begun past the deadline, nor above its budget, nor
 * while the throttle stops retries. A second cart that MealMe made for nothing is given back.
 *
 * Ownership: the caller owns `struct quote_run` storage until `done` was called and
 * run->outstanding is 0 (`released` says when). Nothing is allocated.
 */
#ifndef PROVIDERS_ADAPTER_H
#define PROVIDERS_ADAPTER_H

#include "providers/hedge.h"
#include "providers/memo.h"
#include "providers/message.h"
#include "router/policy.h"
#include "router/quote.h"
#include "router/router.h"

enum { ADAPTER_STORES_MAX = 1024 }; /* postal codes remembered of a provider */

/* A signature is used for this long before a new one is made; Walmart takes it for 180 s. */
#define ADAPTER_SIGNATURE_US INT64_C(60000000)

enum run_purpose { RUN_QUOTE, RUN_CONFIRM, RUN_HEALTH };

struct quote_run { /* one quote (or confirmation, or probe) in the making */
    uint64_t order_key;
    uint64_t order_index;
    const struct order_request *request; /* borrowed */
    void *owner;                         /* the caller's own */
    int64_t deadline_us;                 /* retries are not begun past it */
    int64_t subtotal_cents;
    uint64_t token;
    uint64_t cart; /* the codec's handle of what was priced; the caller's to give back, once the
                      run is released and no confirmation names it any more */
    uint64_t lines[LINE_WORDS]; /* of that cart */
    struct hedge_races *races;  /* the caller's room for hedges; NULL: none are made */
    uint32_t store;
    uint8_t provider;
    uint8_t purpose;       /* enum run_purpose */
    uint8_t stage;         /* place in the provider's chain */
    uint8_t outstanding;   /* calls in flight, second ones too, and retries waited for */
    bool finished;         /* `done` was called */
    bool cancelled;        /* the router no longer waits, and wants the calls to end */
    bool estimated;        /* priced from the declared list */
    bool token_renewed;    /* auth_errors_final off: once a run */
    uint8_t resume;        /* enum operation to repeat when the new token is there */
    uint8_t error_outcome; /* of the first failed search */
    uint16_t error_status;
    uint16_t resume_item;
    uint8_t resume_attempt;
    uint16_t calls;     /* sent, also again and beside others */
    uint16_t item_next; /* next line to search */
    uint16_t items_done;
    uint16_t found;
    uint16_t substituted;
    uint16_t search_errors;
    int32_t eta_minutes;
    struct quote stated; /* MealMe and single: as the provider states it */
};

struct adapters;

/* What adapters ask of the world. `send` never answers from inside: the reply goes to
 * adapter_on_reply() at its own instant, also when nobody waits any more. `after` calls
 * adapter_on_retry() at due_us. The last three are for hedges, and asked of no run without races:
 * `watch` calls adapter_on_watch() at due_us, unless what it returned is given to `unwatch` before;
 * `unwanted` is told of a cart that nobody will name. */
struct call_port {
    void *context;
    void (*send)(void *context, struct quote_run *run, const struct call *call);
    void (*after)(void *context, struct quote_run *run, const struct call *call, int64_t due_us);
    void (*done)(void *context, struct quote_run *run, const struct quote_result *result,
                 int64_t now_us);
    void (*released)(void *context, struct quote_run *run); /* finished, nothing outstanding */
    void *(*watch)(void *context, struct quote_run *run, int64_t due_us);
    void (*unwatch)(void *context, void *watch);
    void (*unwanted)(void *context, struct quote_run *run, uint64_t cart);
};

enum chain { CHAIN_API, CHAIN_SINGLE };

struct adapter_setup {
    enum chain chain;
    enum api api;
    bool live; /* no mock: no call is begun after the deadline */
    /* The declared price list that Instacart's quotes are priced from: cents of one unit of an item
     * at `now_us`, or -1 when it is not on the list. */
    int64_t (*list_price)(void *context, const struct order_item *item, int64_t now_us);
    void *list_context;
};

struct adapter_state { /* of one provider; what a redeploy empties */
    uint64_t token;
    int64_t token_expires_us;
    int64_t signed_us;                            /* of the signature in use; below 0: none */
    struct memo_entry stores[ADAPTER_STORES_MAX]; /* by postal code */
    double retry_tokens;                          /* the retry budget, in retries */
    double hedge_tokens;                          /* that of hedges */
    double throttle_tokens;
    /* counted for reports */
    uint64_t token_fetches;
    uint64_t retries;
    uint64_t retries_denied; /* by the budget, or the throttle */
    uint64_t hedges;         /* second calls sent */
    uint64_t hedges_won;     /* of them, whose answer was taken */
    uint64_t hedges_denied;  /* by the budget, or the throttle */
    struct memo_counters store_counts, sku_counts;
};

struct adapters {
    const struct router_config *config; /* borrowed */
    struct policy policy;
    struct call_port port;
    uint64_t token_key; /* of token calls: (seed_r, purpose) */
    int64_t epoch_us;   /* Unix time of instant 0 */
    struct adapter_setup setup[PROVIDER_COUNT];
    struct adapter_state state[PROVIDER_COUNT];
    struct memo skus[PROVIDER_COUNT]; /* by what was searched for, and in which store; the caller
                                         sets them up before adapters_init(): none when off */
};

/* `seed_r` keys the calls that no order owns: tokens. `epoch_us` is the Unix time of instant 0. */
void adapters_init(struct adapters *adapters, const struct router_config *config,
                   const struct policy *policy, const struct call_port *port,
                   const struct adapter_setup setup[PROVIDER_COUNT], uint64_t seed_r,
                   int64_t epoch_us);

/* A redeploy: tokens and in-process caches are gone. */
void adapters_forget(struct adapters *adapters, const struct router_config *config);

/* Starts a run; run->provider, purpose, order_key, order_index, request, owner, races and
 * deadline_us are set by the caller, and of a confirmation the cart of the quote; the rest here. */
void adapter_begin(struct adapters *adapters, struct quote_run *run, int64_t now_us);

/* The answer to a call of this run, or what else it `ended` with; the call as it was sent. */
void adapter_on_reply(struct adapters *adapters, struct quote_run *run, const struct call *ended,
                      const struct reply *reply, int64_t now_us);

/* A wait asked for by `after` is over. */
void adapter_on_retry(struct adapters *adapters, struct quote_run *run, const struct call *call,
                      int64_t now_us);

/* A watch asked for by `watch` has come due: calls that have not answered are hedged. */
void adapter_on_watch(struct adapters *adapters, struct quote_run *run, int64_t now_us);

/* The router no longer wants the answer and wants the calls cancelled. */
void adapter_cancel(struct adapters *adapters, struct quote_run *run);

/* The outcome class that a failed call gives its quote (contract section 7). */
struct quote_result adapter_classify(enum operation operation, const struct reply *reply,
                                     bool auth_errors_final);

/* What a failed confirmation reads as (contract section 5). */
enum confirm_error adapter_confirm_error(const struct quote_result *result);

#endif
