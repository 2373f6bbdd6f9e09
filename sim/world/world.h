/* sim/world/world.h - one run in virtual time: workload, router, adapters and mock providers,
 * together.
 *
 * Calls travel by a wire (sim/world/wire.h): by default there is none, and backends are asked
 * directly. Under the real clock the same world waits instead of jumping: an order's instants are
 * those at which things were due, a call's latency runs from there to the answer's arrival.
 *
 * A plan is what all replications share and none writes to: the scenario, its catalogue, its
 * workload. A world is what one thread needs to run replications one after the other: the wheel,
 * the router, the adapters, the backends, slots for orders and calls in flight, and the tallies. A
 * replication is sequential; its outcome is a function of (scenario, seed, replication number) and
 * of nothing else.
 *
 * Slots come from free lists that grow by chunks and never shrink: memory goes with orders in
 * flight (the arrival rate times the longest call), not with orders in all, and once warm an order
 * allocates nothing.
 *
 * Ownership: a world borrows its plan, a plan its scenario; what world_segments() and the like hand
 * out lives until the next world_run(). Failure:   making a plan or a world: ERR_INPUT (a bad data
 * file), ERR_ENVIRONMENT (memory). Running: an output that cannot be written, an empirical law that
 * ran out of rows.
 */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include <signal.h>

#include "sim/world/cache_client.h"
#include "sim/world/scenario.h"
#include "sim/world/series.h"
#include "sim/world/story.h"
#include "sim/world/tally.h"
#include "sim/world/wire.h"
#include "sim/world/workload.h"

struct world_plan {
    const struct scenario *scenario; /* borrowed */
    struct catalogue catalogue;
    struct workload workload;
    struct wire_spec wire;                  /* how calls travel; set it after making the plan */
    const struct cache_client_maker *cache; /* borrowed; NULL: a quote cache is simulated */
    bool pairs; /* what becomes of each order is kept, for pairing with another run */
    struct arena arena;
};

bool world_plan_make(const struct scenario *scenario, struct world_plan *plan, struct err *err);
void world_plan_release(struct world_plan *plan);

/* Bad orders that the scenario's objective allows in its period; 0: it has none. */
double world_budget_orders(const struct scenario *scenario, const struct workload *workload);

/* Opens every data file that a scenario names, as a run would, and reports what is wrong. */
void world_check_files(const struct scenario *scenario, struct err_list *list);

struct world_outputs { /* where a replication's logs go; zeroed: nowhere */
    void *context;
    /* Each returns false, err filled, to stop the run. */
    bool (*write_events)(void *context, const char *bytes, size_t length, struct err *err);
    bool (*write_order)(void *context, const struct router *router,
                        const struct router_order *order, struct err *err);
    /* An abandoned call has ended: what came of it, after its timeout. */
    bool (*write_late)(void *context, const struct router_order *order, unsigned slot,
                       const struct quote_result *result, int64_t now_us, struct err *err);
    /* Real clock: one call has ended. `late_us` is how long after its quote's deadline; 0: in time.
     */
    bool (*write_call)(void *context, const struct call *call, const struct reply *reply,
                       const struct wire_trip *trip, int64_t late_us, struct err *err);
    /* Behind each tick of the alerts: their states, and the signals that they looked at. */
    void (*alerts_ticked)(void *context, int64_t now_us, const struct alerts *alerts,
                          struct signals *signals);
    uint64_t event_lines_most; /* stop logging whole orders past this many lines; 0: no limit */
    uint32_t event_sample;     /* log one order in so many, by key; 0 or 1: all */
    bool series;
};

struct world_progress {
    int64_t now_us;
    uint64_t orders; /* begun */
    /* real clock */
    uint32_t in_flight;   /* calls */
    bool draining;        /* no further order comes: what is under way is waited for */
    uint64_t unfinished;  /* orders that are not decided yet, or are being confirmed */
    uint64_t unconfirmed; /* orders whose customers may still confirm */
    int64_t last_end_us;  /* by then the calls that are in flight now are over */
};

struct world;

struct world_control {
    const volatile sig_atomic_t *stop; /* NULL, or set non-zero to stop after what is in flight */
    void (*progress)(void *context, const struct world_progress *progress); /* NULL, or at times */
    void *progress_context;
    /* Of each entry of the story's journal, as it is written (sim/world/story.h). */
    void (*noted)(void *context, const struct story_entry *entry);
    void *noted_context;
    /* Real clock: between events, twenty times a second or oftener; may call world_operator_go().
     */
    void (*idle)(void *context, struct world *world, int64_t now_us);
    void *idle_context;
};

struct world_segment { /* a stretch between two instants at which a fault's window begins or ends */
    int64_t from_us, until_us;
    uint64_t active; /* bit i: fault i's window covers it */
    struct tally tally;
    /* Where no fault is active, and one was before: what became here of orders that had one in
     * their course. A hang's victims end when it is over; they are not what quiet looks like. */
    bool has_wake;
    struct tally wake;
};

struct world_facts { /* of a replication */
    uint64_t orders; /* begun */
    uint64_t decided;
    uint64_t calls_sent, calls_ended;
    uint64_t event_lines,
        event_lines_due;    /* written; and what logging every order would have been */
    uint64_t hash;          /* rolling, over every decision and every settled quote */
    uint64_t unknown_names; /* searches for names that the catalogue lacks */
    uint64_t token_fetches[PROVIDER_COUNT];
    uint64_t retries_denied[PROVIDER_COUNT]; /* by budget or throttle, as hedges */
    uint64_t hedges[PROVIDER_COUNT], hedges_won[PROVIDER_COUNT], hedges_denied[PROVIDER_COUNT];
    struct memo_counters stores[PROVIDER_COUNT], skus[PROVIDER_COUNT]; /* as the adapters count */
    struct cache_counters quotes;                                      /* of the quote cache */
    uint64_t breaker_opened, pushed_out;                               /* of it, as result_cache */
    uint64_t thief_calls[PROVIDER_COUNT]; /* made with a stolen credential */
    uint64_t faults_met;                  /* bit i: the scenario's fault i has hit a call */
    uint64_t events;                      /* taken off the wheel */
    size_t order_slots, call_slots;       /* high-water marks */
    int64_t ended_us;
    bool stopped;
    bool starved; /* stopped because this process had no descriptor left: wire.starved says it */
    uint64_t left_out; /* orders that were under way then: in no figure */
    bool capped;       /* stopped because the next order might have passed max_requests */
    uint64_t order_calls,
        calls_left; /* then: what that order might have taken, and what was left */
    struct live_calls live[PROVIDER_COUNT];
    struct replay_calls replay[PROVIDER_COUNT];
    uint64_t late_calls[PROVIDER_COUNT]; /* good answers after their quote's deadline */
    struct wire_facts wire;
};

struct world;

struct world *world_create(const struct world_plan *plan, uint32_t sample_limit, struct err *err);
void world_destroy(struct world *world);

bool world_run(struct world *world, uint32_t replication, const struct world_outputs *outputs,
               const struct world_control *control, struct err *err);

/* Steps were added to an operator of the scenario while it runs: he goes on. */
void world_operator_go(struct world *world, uint32_t operator_index);

const struct world_facts *world_facts(const struct world *world);
struct world_segment *world_segments(struct world *world, uint32_t *count);
struct samples *world_operation_samples(struct world *world, enum provider provider,
                                        enum operation operation, uint64_t *calls);
const struct series *world_series(const struct world *world);
const struct router_config *world_config(const struct world *world);
const struct err_list *world_config_warnings(const struct world *world);

/* Routes one cart at instant 0 of the scenario and leaves the decided order in `order`, for
 * `routesim route`; `request` must outlive the world's next use. */
bool world_route_one(struct world *world, const struct order_request *request,
                     struct router_order *order, struct err *err);

#endif
