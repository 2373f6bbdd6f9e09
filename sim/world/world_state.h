/* sim/world/world_state.h - the inside of a world; only sim/world/world*.c include it.
 *
 * An order's slot holds all that one order needs: the router's record, a run for each candidate and
 * for each of two confirmations, its timer, its request and a short cart. `references` counts what
 * still points at it: the order's own course, and every run whose calls are still out (an abandoned
 * call runs on). At 0 the slot goes back to the free list. Calls have slots of their own, because a
 * chain has one call in flight at a time, mostly, and the same warm slot serves them all.
 */
#ifndef SIM_WORLD_WORLD_STATE_H
#define SIM_WORLD_WORLD_STATE_H

#include "sim/world/cache_memory.h"
#include "sim/world/story_state.h"
#include "sim/world/wheel.h"
#include "sim/world/world.h"

enum node_kind { /* of a wheel node: what is due */
                 NODE_ARRIVAL,
                 NODE_REQUOTE,        /* a customer asks again */
                 NODE_CALL,           /* a reply */
                 NODE_CACHE,          /* a get or set of the quote cache has taken its time */
                 NODE_RETRY,          /* a wait before a retry is over */
                 NODE_WATCH,          /* a call that has not answered may be hedged */
                 NODE_WAKE,           /* an order's next deadline */
                 NODE_CONFIRM,        /* time to confirm a routed order */
                 NODE_CONFIRM_LATE,   /* a confirmation's deadline */
                 NODE_CONFIRM_CANNED, /* a canned quote confirms at once */
                 NODE_SEGMENT,        /* a fault's window begins or ends */
                 NODE_STRIKE,         /* a fault that hits calls in flight begins */
                 NODE_OUTCOMES,       /* outcomes of orders become known */
                 NODE_OUTCOME_NOTE,   /* one of them, for the log */
                 NODE_STORY           /* alerts, probes, operators */
};

enum {
    CART_INLINE = 24,          /* lines; 91% of the default carts, the rest borrow a long one */
    RUNS = PROVIDER_COUNT + 2, /* candidates, the confirmation, its failover */
    ORDERS_CHUNK = 64,
    CALLS_CHUNK = 256,
    /* Seconds that outcomes may lie ahead: 9.1 hours. A failed order is known after twice its ETA,
     * five hours at Kroger's 150 minutes; what lies farther ahead is learned at the ring's end. */
    OUTCOME_SECONDS = 32768,
};

struct world_order {
    struct router_order order;
    struct wheel_node timer; /* the wake; once decided, what confirming needs */
    uint64_t key;
    uint32_t references;
    bool logged;
    bool measured; /* started after the warm-up */
    bool confirming;
    uint8_t confirm_run; /* index into runs */
    uint32_t segment;    /* that it began in */
    uint32_t ticket;     /* of an operator's test order or health check; 0: a customer's order */
    uint8_t probe_asked, probe_open, probe_bad; /* of a health check: masks of providers */
    char user[WORKLOAD_USER_MAX];
    uint32_t calls_promised; /* HTTP calls to real providers that it may still make */
    struct order_request request;
    struct order_item *items; /* `cart`, or a long cart */
    struct long_cart *long_cart;
    struct world_order *next_free;
    struct quote_run runs[RUNS];
    struct hedge_races *races; /* one a candidate; NULL: nothing is hedged */
    struct order_item cart[CART_INLINE];
};

struct long_cart {
    struct long_cart *next_free;
    struct order_item items[ORDER_ITEMS_MAX];
};

struct call_slot {
    struct wheel_node node;
    struct quote_run *run;
    struct call_slot *next_free;
    struct call_slot *flight_next, *flight_prev; /* while some fault may strike calls in flight */
    struct call call;
    struct reply reply;
};

struct note_slot {
    struct wheel_node node;
    struct note_slot *next_free;
    struct outcome_note note;
    const char *issues[2];
};

struct cache_call { /* a get or a set on its way to the quote cache */
    struct wheel_node node;
    struct cache_call *next_free;
    struct world_order *order; /* of a get */
    uint8_t slot;
    bool is_set;
    bool looked_up; /* by a client, in real time */
    int64_t add_us; /* by a fault, where a client answers in real time */
    struct cache_key key;
    enum cache_error error;
    size_t length;
    unsigned char bytes[CACHE_QUOTE_BYTES];
};

struct world_cache {
    bool on;
    bool has_client; /* else it is simulated, in `memory` */
    struct cache_client client;
    struct cache_memory memory;
    struct law latency;
    uint64_t key; /* of a replication's draws that no order owns */
    struct cache_call *free_calls;
};

struct order_origin { /* whose cart an order asks for */
    uint64_t arrival;
    uint32_t asked; /* how often it was asked for before */
};

struct requote_slot { /* a customer who will ask again */
    struct wheel_node node;
    struct requote_slot *next_free;
    struct order_origin origin;
};

struct operation_tally {
    uint64_t calls;
    struct samples latency; /* of good answers */
};

struct world {
    const struct world_plan *plan;
    const struct scenario *scenario;
    struct wheel *wheel;
    struct router router;
    struct adapters adapters;
    struct backend *backends[PROVIDER_COUNT];
    struct wire *wire; /* NULL: backends are asked directly */
    bool real;         /* the clock is */
    struct router_config config;
    struct err_list config_warnings;
    struct arena arena; /* backends' tables, slot chunks */

    /* the replication */
    uint64_t seed_r;
    uint32_t replication;
    struct workload_cursor arrivals;
    struct wheel_node arrival;
    uint64_t order_next;
    uint64_t arrival_next; /* as order_next, customers who ask again left out */
    struct law requote_after;
    uint64_t requotes_waiting;
    uint64_t orders_open;    /* slots in use */
    uint64_t orders_at_work; /* begun, and neither refused, left nor confirmed yet */
    uint64_t orders_waiting; /* of these, decided, and their customers have not confirmed yet */
    uint64_t calls_promised; /* the sum over open orders */
    int64_t last_start_us;   /* of an order; for pacing */
    struct order_item *next_cart; /* the coming order's, to see how many calls it may take */
    int64_t progress_due_us;
    const struct world_outputs *outputs;
    const struct world_control *control;
    struct text events;
    bool failed; /* an output failed; err says why */
    struct err *err;

    /* what is counted */
    struct world_segment *segments;
    uint32_t segment_count;
    uint32_t segment; /* that now lies in */
    struct wheel_node segment_node;
    struct operation_tally operations[PROVIDER_COUNT][OPERATION_COUNT];
    struct series series;
    bool series_on;
    struct metric_context budget;
    struct world_facts facts;

    /* learning */
    struct wheel_node outcome_node;
    struct outcome_batch (*outcomes)[PROVIDER_COUNT]; /* ring of OUTCOME_SECONDS */
    uint64_t outcome_bits[OUTCOME_SECONDS / 64];

    /* faults that hit calls in flight */
    bool strikes;
    struct wheel_node strike_nodes[PROVIDER_COUNT];
    struct call_slot flights[PROVIDER_COUNT]; /* list heads */

    struct world_order *free_orders;
    struct long_cart *free_carts;
    struct call_slot *free_calls;
    struct world_cache cache;
    struct requote_slot *free_requotes;
    struct note_slot *free_notes;
    struct router_order *route_one; /* world_route_one(): where the decision goes */
    struct story *story;            /* NULL: nobody watches */
    struct wheel_node story_node;
    bool faults_ended; /* by a stop condition */
};

/* world_cache.c */
bool world_cache_make(struct world *world, struct err *err);
void world_cache_destroy(struct world *world);
bool world_cache_begin(struct world *world, uint32_t replication, struct err *err);
void world_cache_port(struct world *world, struct router_port *port);
void world_cache_due(struct world *world, struct cache_call *call, int64_t now_us);
/* Real clock, a client: takes what has come; whether anything may still come. */
void world_cache_poll(struct world *world);
bool world_cache_waits(const struct world *world);

/* The process is a new one: what it kept is gone. */
void world_cache_redeploy(struct world *world);

/* world_story.c */
bool world_story_make(struct world *world, struct err *err);
struct story_port world_story_port(struct world *world);
const struct deployment *world_story_deployment(const struct world *world);
void world_story_await(struct world *world);
void world_story_due(struct world *world, int64_t now_us);
bool world_story_goes_on(const struct world *world);
void world_story_test_decided(struct world *world, struct world_order *slot, int64_t now_us);
void world_story_probe_done(struct world *world, struct world_order *slot, int64_t now_us);

/* world.c */
uint64_t world_faults_met(const struct world *world);

/* world_start.c */
bool world_replication_start(struct world *world, uint32_t replication);
/* What the backends and wires of this world have to say about a configuration that was read. */
void world_finish_config(struct world *world, const struct env *env);

/* world_arrivals.c */
/* Puts the next order on the wheel, unless there is none or something keeps it off. */
void world_arrival_await(struct world *world);
void world_arrival_due(struct world *world, int64_t now_us);
/* A customer asks again. */
void world_requote_due(struct world *world, struct requote_slot *slot, int64_t now_us);

/* world_loop.c */
/* Puts the end of the current segment on the wheel. */
void world_segment_await(struct world *world);
/* Does what is due until no order is open and none will come, by the clock that the world has. */
void world_loop(struct world *world);

/* world_requotes.c */
bool world_requotes_make(struct world *world, struct err *err);
void world_requotes_begin(struct world *world);
/* An order begins: perhaps its customer will ask again. */
void world_requote_plan(struct world *world, struct order_origin origin, int64_t now_us);
/* What a due one asks for; the slot is given back. */
struct order_origin world_requote_take(struct world *world, struct requote_slot *slot);

/* world_orders.c */
void world_order_begin(struct world *world, const struct order_request *given,
                       struct order_origin origin, int64_t now_us);
/* An operator's test order; one that is not `understood` names its address and its user otherwise.
 */
void world_order_test(struct world *world, bool understood, uint32_t ticket, int64_t now_us);
/* An operator's health check: asks these providers. */
void world_order_probe(struct world *world, uint32_t ticket, uint32_t providers, int64_t now_us);
void world_order_timer(struct world *world, struct world_order *slot, enum node_kind kind,
                       int64_t now_us);
void world_outcomes_due(struct world *world, int64_t now_us);
void world_note_due(struct world *world, struct note_slot *note, int64_t now_us);
struct router_port world_router_port(struct world *world);
void world_order_unref(struct world *world, struct world_order *slot);
/* Where what becomes of an order now is counted. */
struct tally *world_tally_of(struct world *world, const struct world_order *slot);
/* Whether what becomes of an order now is counted: not in the warm-up, nor once its calls may have
 * failed by our own fault. */
bool world_counts(const struct world *world, const struct world_order *slot);
/* The most HTTP calls that an order may make to real providers. */
uint32_t world_calls_of(const struct world *world, const struct order_request *request);
/* How many of them it may still make. */
void world_promise_calls(struct world *world, struct world_order *slot, uint32_t calls);
void world_order_run_done(struct world *world, struct world_order *slot, struct quote_run *run,
                          const struct quote_result *result, int64_t now_us);
void world_events_flush(struct world *world);

/* world_calls.c */
struct call_port world_call_port(struct world *world);
/* Real clock: sends and receives until something has ended, or `until_us`; and ends all there is.
 */
void world_calls_wait(struct world *world, int64_t until_us);
void world_calls_give_up(struct world *world);
void world_call_due(struct world *world, struct call_slot *call, int64_t now_us);
void world_retry_due(struct world *world, struct call_slot *call, int64_t now_us);
void world_watch_due(struct world *world, struct call_slot *call, int64_t now_us);
void world_strike_due(struct world *world, enum provider provider, int64_t now_us);
void world_strikes_start(struct world *world);

#endif
