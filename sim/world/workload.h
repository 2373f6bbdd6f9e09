/* sim/world/workload.h - who orders what, and when.
 *
 * Arrivals are a process in time, keyed by (seed_r, purpose, step), independent of everything the router
 * does: latency starts when an order was due. Carts are keyed by (seed_r, order): any order's cart can
 * be made again from its index alone.
 *
 *   poisson   gaps are exponential                       gamma     gaps are gamma, CV = 1/sqrt(shape)
 *   constant  every 1/rate                               profile   Poisson, thinned by local hour, weekday
 *   replay    a CSV column of time stamps, offsets from the first (or from `from`), stably sorted
 *
 * Gaps are drawn from quantile tables built with GSL (mocks/law.h), so no libm call stands on the way.
 *
 * Ownership: tables and replayed rows lie in the arena given to workload_load(); a workload is shared by
 *            all replications and not written to; `struct workload_cursor` is a replication's own.
 * Failure:   workload_load(): ERR_INPUT with the line of a bad CSV row, ERR_ENVIRONMENT.
 */
#ifndef SIM_WORLD_WORKLOAD_H
#define SIM_WORLD_WORKLOAD_H

#include "sim/world/scenario.h"

struct workload {
    const struct scenario *scenario; /* borrowed */
    const struct catalogue *catalogue; /* borrowed */
    struct law gap; /* of mean 1 second, in units of 1/65536 us... see workload.c */
    double peak_per_second; /* profile: the rate that is thinned */
    double accept[7 * 24];  /* profile: share of peak arrivals kept, by weekday and hour */
    const int64_t *stamps_us; /* replay: offsets from the start of the run, ascending */
    uint64_t stamp_count;
    const uint32_t *basket_starts; /* cart replay: first item of each basket; count + 1 */
    const struct order_item *basket_items;
    uint32_t basket_count;
    uint64_t basket_lines_unknown; /* item names not in the catalogue, counted once a line */
    const uint16_t *sizes; /* cart size quantile table, 4,096 cells */
    const uint32_t *popularity; /* alias table of the Zipf law: thresholds and aliases */
    const uint32_t *popularity_alias;
    uint64_t preference_q32[PREFERENCE_COUNT]; /* cumulative */
};

struct workload_cursor { /* of one replication's arrivals */
    uint64_t seed_r;
    uint64_t step;
    int64_t last_us;
};

bool workload_load(const struct scenario *scenario, const struct catalogue *catalogue,
                   struct arena *arena, struct workload *workload, struct err *err);

void workload_start(struct workload_cursor *cursor, uint64_t seed_r);

/* The instant of the next arrival, from the run's start; INT64_MAX when there are no more. Nothing is
 * said about the run's end: the caller stops. */
int64_t workload_next_us(const struct workload *workload, struct workload_cursor *cursor);

/* Makes order `index`: fills `request` and `items` (room for ORDER_ITEMS_MAX). `order_key` is
 * random_key(seed_r, index). No item stands twice in a generated cart. */
void workload_order(const struct workload *workload, uint64_t order_key, uint64_t index,
                    struct order_request *request, struct order_item *items);

/* The mean rate that the workload stands for, orders a second; for plans and series. */
double workload_rate(const struct workload *workload);

#endif
