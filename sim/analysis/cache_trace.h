/* sim/analysis/cache_trace.h - what a run asks for, order by order: what a cache would be asked.
 *
 * A trace holds who orders which cart where and when, and nothing of what came of it. Two sources
 * fill it: a scenario's workload, made as a run makes it but without a router, and a CSV of
 * baskets. What is the same has the same number, counted from 0 as it first comes:
 *
 *   item        a name, whatever the quantity
 *   cart        a set of (name, quantity); the order of its lines does not matter
 *   cart_place  cart and postal code: what a quote is of (router/cache.h, QUOTE_KEY_CART)
 *   cart_user   cart, postal code and user (QUOTE_KEY_USER)
 *
 * Sameness is that of 64-bit hashes: among a million carts two that differ are taken for one in
 * less than one trace of ten million.
 *
 * Instants rise. A CSV without times has none: orders then stand one microsecond apart, has_times
 * is false, and what is said of time counts orders.
 *
 * CSV: one basket a record, an item a field, no header, empty fields passed over; a name that comes
 * twice in a basket asks for one more. That is the form of the workload's replayed carts; fields
 * named by number may besides hold an instant, a user and a postal code.
 *
 * Ownership: a trace owns its arrays, and its arena the names; cache_trace_release() frees them (a
 *            zeroed trace is fine). The scenario is borrowed for the call.
 * Failure:   ERR_INPUT for what workload_load() refuses, for a CSV that is missing, and with the
 *            place of a cell that will not do; ERR_ENVIRONMENT for memory. On failure the trace is
 *            empty.
 */
#ifndef SIM_ANALYSIS_CACHE_TRACE_H
#define SIM_ANALYSIS_CACHE_TRACE_H

#include "sim/world/workload.h"

/* A trace that would be longer is cut there, and says so: more orders tell little more of a hit
 * rate, and a bench's workload has hundreds of millions. */
enum { CACHE_TRACE_ORDERS_MAX = 1000000 };

struct cache_line {
    uint32_t item; /* place in trace.items */
    uint32_t quantity;
};

struct cache_order {
    int64_t at_us;
    uint32_t user, place; /* place: in trace.postal_hashes */
    uint32_t cart, cart_place, cart_user;
    uint32_t first_line; /* of trace.lines */
    uint32_t line_count;
};

struct cache_trace_numbers; /* which hash has which number */

struct cache_trace {
    struct cache_order *orders; /* as they come */
    uint32_t count, capacity;
    struct cache_line *lines;
    uint32_t line_count, line_capacity;
    struct order_item *items; /* distinct names; quantity 1 */
    uint32_t item_count, item_capacity;
    uint32_t *postal_hashes; /* distinct postal codes */
    uint32_t place_count, place_capacity;
    uint32_t user_count, cart_count, cart_place_count, cart_user_count;
    bool has_times;
    bool generated; /* carts were drawn, item by item */
    bool cut;       /* at CACHE_TRACE_ORDERS_MAX: there were more */
    struct arena arena;
    struct cache_trace_numbers *numbers;
};

/* The orders of replication 0 under `seed`, as sim/world starts them in virtual time: arrivals
 * before the scenario's end and customers who ask again (workload.requote), up to the limit. Users
 * are told apart whatever the policy: without workload.users each arrival is another's, and who
 * asks again is the same. */
bool cache_trace_from_scenario(struct cache_trace *trace, const struct scenario *scenario,
                               uint64_t seed, struct err *err);

struct cache_trace_csv {
    const char *path;
    /* Fields that are no item, the first being 1; 0: there is none. Without a user field all orders
     * are one user's, without a place field all are of one place. Instants are UTC, as
     * instant_parse() reads them, and must not fall. */
    uint32_t time_field, user_field, place_field;
};
bool cache_trace_read_csv(struct cache_trace *trace, const struct cache_trace_csv *csv,
                          struct err *err);

/* One more order of a trace that is made by hand; `at_us` does not fall. Names are copied. False
 * without an err for an order past CACHE_TRACE_ORDERS_MAX: the trace is cut. */
bool cache_trace_add(struct cache_trace *trace, int64_t at_us, const struct order_request *request,
                     struct err *err);

void cache_trace_release(struct cache_trace *trace);

#endif
