/* router/router.h - the full router: fan-out, deadlines, scoring, confirmation, learning.
 *
 * One order asks every candidate at once. Each candidate has its own deadline, its timeout counted
 * from the order's start; a quote that comes in that very microsecond is late. When all have
 * settled the quotes are scored and ranked, the first is selected, and the next two are the
 * alternatives. A forced mock settles at once with its canned quote; a failed call does too where
 * mock fallback is on.
 *
 * With policy.cache.quote_us a candidate's kept quote is asked for first (`recall`). A hit settles
 * the slot; nothing kept, an error, or no answer within policy.cache.timeout_us, and the provider
 * is asked as ever. Deadlines do not move: what the cache took is gone from the provider's time. A
 * provider's own quote that comes in time is handed out to be kept (`remember`); canned quotes
 * never are. With the policy off neither is ever called.
 *
 * The router reads no clock, opens no socket and prints nothing: it asks its port, and virtual time
 * and real time fill the same port. It never answers from inside router_begin(): `decided` may be
 * called from there only when nothing had to be awaited (all canned, or the request was refused).
 *
 *   router_begin --ask--> (provider) --router_on_quote--> ... all settled --> decided
 *        '--wake_at--> (clock) --router_on_wake--> late ones TIMEOUT --'
 *   [router_begin --recall--> (cache) --router_on_recalled--> settled, or ask as above]
 *   router_confirm --confirm--> (provider) --router_on_confirmed--> [one failover] --> confirmed
 *
 * Ownership: the caller owns the order's slot, and keeps it and its request until `decided` was
 * called and every provider it asked has finished (an abandoned call runs on). Nothing is
 * allocated. Failure:   none. A timeout or an outage is an outcome, and data.
 */
#ifndef ROUTER_ROUTER_H
#define ROUTER_ROUTER_H

#include "router/cache.h"
#include "router/config.h"
#include "router/event.h"
#include "router/history.h"
#include "router/order.h"
#include "router/policy.h"
#include "router/quote.h"
#include "router/score.h"

enum order_code { /* how routing ended */
                  ORDER_ROUTED,
                  ORDER_INVALID_REQUEST,
                  ORDER_NO_PROVIDERS,
                  ORDER_NO_QUOTES, /* NO_PROVIDERS_AVAILABLE, or NO_VALID_QUOTES as coded */
                  ORDER_CODE_COUNT
};
const char *order_code_name(enum order_code code, enum profile profile);
int order_code_http_status(enum order_code code);

enum confirm_state {
    CONFIRM_NONE,
    CONFIRM_PENDING,
    CONFIRM_DONE,
    CONFIRM_FAILED,
    CONFIRM_CANCELLED,
    CONFIRM_EXPIRED
};

enum confirm_error {
    CONFIRM_OK,
    /* retryable: one failover to the first alternative */
    CONFIRM_TIMEOUT,
    CONFIRM_NETWORK_ERROR,
    CONFIRM_UPSTREAM_5XX,
    CONFIRM_PROVIDER_UNAVAILABLE,
    CONFIRM_PROVIDER_ERROR,
    /* final */
    CONFIRM_INVALID_ADDRESS,
    CONFIRM_PAYMENT_DECLINED,
    CONFIRM_INVALID_PAYMENT,
    CONFIRM_UPSTREAM_4XX,
    CONFIRM_VALIDATION_ERROR,
    CONFIRM_ERROR_COUNT
};
extern const char *const confirm_error_names[CONFIRM_ERROR_COUNT];
static inline bool confirm_error_retryable(enum confirm_error error)
{
    return error >= CONFIRM_TIMEOUT && error <= CONFIRM_PROVIDER_ERROR;
}

/* One candidate of one order. */
struct order_slot {
    uint8_t provider; /* enum provider */
    bool settled;
    bool fell_back;       /* the real call failed and the canned quote stands in for it */
    uint8_t real_outcome; /* enum quote_outcome of the real call, before any fallback */
    bool recalling;       /* a kept quote was asked for, and nothing has come of it yet */
    int32_t priority;
    int64_t deadline_us;
    int64_t settled_us;
    int64_t made_us;         /* when the quote was made; of a cached one, before the order began */
    uint16_t saved_calls;    /* of a cached one: that it took then, and did not now */
    uint8_t recall;          /* enum recall */
    struct cache_key key;    /* with a quote cache */
    int64_t recall_us;       /* when the cache was asked */
    int64_t recall_due_us;   /* until when it is waited for */
    int64_t recall_ended_us; /* when that was over */
    struct quote_result result;
};

struct router_order {
    uint64_t index; /* of the order in its run: the request id and every draw come from it */
    const struct order_request *request; /* borrowed */
    int64_t start_us;
    int64_t decided_us;
    int64_t wake_us; /* what the port was asked for; INT64_MAX: nothing */
    uint8_t candidate_count;
    uint8_t pending;
    uint8_t quote_count;
    bool decided;
    bool busy;         /* inside router_begin() or the like, which decides at its end */
    uint8_t code;      /* enum order_code, once decided */
    const char *fault; /* what is wrong with an invalid request */
    const struct quote_result *late; /* while EVENT_QUOTE_LATE is emitted: what came; else NULL */
    uint8_t ranked[PROVIDER_COUNT];  /* slots with a scored quote, best first */
    struct order_slot slots[PROVIDER_COUNT];
    struct score_parts parts[PROVIDER_COUNT]; /* by slot */
    /* confirming */
    uint8_t confirm_state;     /* enum confirm_state */
    uint8_t confirm_slot;      /* the slot being asked, in the end the one that took the order */
    uint8_t confirm_errors[2]; /* of the selected provider, of the failover */
    uint8_t confirm_attempts;
    int64_t confirm_started_us;
};

struct router;

/* What the router asks of the world around it. Only `ask`, `confirm` and `recall` may answer from
 * inside: an adapter that has all it needs in its caches, or no credential, has nothing to wait
 * for, and neither has a cache in this process. */
struct router_port {
    void *context;
    /* Ask the provider of `slot` for a quote; the answer goes to router_on_quote(). */
    void (*ask)(void *context, struct router_order *order, unsigned slot, int64_t now_us);
    /* The router no longer waits for `slot` (its deadline passed). With abandoned_calls_run_on the
     * call goes on unheard; otherwise cancel it. */
    void (*abandon)(void *context, struct router_order *order, unsigned slot, int64_t now_us);
    /* Look for what is kept under slots[slot].key; the answer goes to router_on_recalled(). One
     * that never comes is given up after policy.cache.timeout_us. NULL where no policy asks for it.
     */
    void (*recall)(void *context, struct router_order *order, unsigned slot, int64_t now_us);
    /* Keep these bytes under slots[slot].key for `ttl_us`. Nobody waits for it. */
    void (*remember)(void *context, const struct router_order *order, unsigned slot,
                     const unsigned char bytes[static CACHE_QUOTE_BYTES], int64_t ttl_us,
                     int64_t now_us);
    /* Call router_on_wake() at order->wake_us; INT64_MAX takes back what was asked before. */
    void (*wake)(void *context, struct router_order *order);
    /* All settled (or refused): the order's fields say what came out. */
    void (*decided)(void *context, struct router_order *order, int64_t now_us);
    /* Place the order with the provider of `slot`; the answer goes to router_on_confirmed(). */
    void (*confirm)(void *context, struct router_order *order, unsigned slot, int64_t now_us);
    /* Confirming has ended: order->confirm_state and confirm_errors say how. */
    void (*confirmed)(void *context, struct router_order *order, int64_t now_us);
    /* Something happened that production logs; router/event.h writes it out. */
    void (*emit)(void *context, enum event_kind kind, const struct router_order *order,
                 unsigned slot, int64_t now_us);
    uint32_t emit_mask; /* bit 1 << enum event_kind: the kinds anybody wants */
};

struct router {
    const struct router_config *config; /* borrowed; changed by router_redeploy() */
    uint32_t deployments;               /* so far: 1 of the first */
    struct policy policy;
    struct history history;
    struct score_weights weights[PREFERENCE_COUNT]; /* scaled once a deployment */
    struct router_port port;
    struct cache_breaker breaker;
    struct cache_counters cache;
};

void router_init(struct router *router, const struct router_config *config,
                 const struct policy *policy, const struct router_port *port);

/* A new deployment: from now on orders start under `config`. Orders in flight keep their deadlines.
 * The breaker is closed; a cache in the process that was replaced is the caller's to empty. */
void router_redeploy(struct router *router, const struct router_config *config);

/* Starts an order. `order` is uninitialised storage; `index` and `request` are set from the
 * arguments. */
void router_begin(struct router *router, struct router_order *order, uint64_t index,
                  const struct order_request *request, int64_t now_us);

/* A provider has answered, or its adapter given up. Late or repeated answers are ignored; with
 * policy.log_late_quotes the late ones are emitted (EVENT_QUOTE_LATE), and ignored all the same. */
void router_on_quote(struct router *router, struct router_order *order, unsigned slot,
                     const struct quote_result *result, int64_t now_us);

/* The cache has answered a recall. One that is not waited for any more is ignored: the answer that
 * comes in the microsecond in which waiting ends is late. */
void router_on_recalled(struct router *router, struct router_order *order, unsigned slot,
                        const struct cache_answer *answer, int64_t now_us);

/* What became of a `remember`, where anybody knows. It is counted: nobody waited for it, so the
 * breaker does not go by it. */
void router_on_remembered(struct router *router, enum cache_error error);

/* The time asked for by `wake` has come. */
void router_on_wake(struct router *router, struct router_order *order, int64_t now_us);

/* Confirms a routed order with its selected provider. False, with confirm_state unchanged or
 * EXPIRED, when it cannot be: not routed, already confirmed or cancelled, or the token is past its
 * life. */
bool router_confirm(struct router *router, struct router_order *order, int64_t now_us);
void router_on_confirmed(struct router *router, struct router_order *order,
                         enum confirm_error error, int64_t now_us);

/* Cancels a routed order before it is confirmed; false when it is too late for that. */
bool router_cancel(struct router *router, struct router_order *order, int64_t now_us);

/* Health as production reports it under the router's policy: by configuration alone, it calls
 * nothing. With health_is_configuration off a provider is probed by its adapter instead
 * (providers/adapter.h). */
bool router_health_by_configuration(const struct router *router, enum provider provider);

/* How long its recall kept a slot from asking its provider; 0 where the cache had the quote, or was
 * not asked. */
static inline int64_t router_recall_cost_us(const struct order_slot *slot)
{
    const enum recall recall = (enum recall)slot->recall;
    if (!recall_asked(recall) || recall == RECALL_HIT) return 0;
    return slot->recall_ended_us - slot->recall_us;
}

/* Slot of the selected quote, or -1. */
static inline int router_selected(const struct router_order *order)
{
    return order->decided && order->code == ORDER_ROUTED ? order->ranked[0] : -1;
}

#endif
