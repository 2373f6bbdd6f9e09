/* sim/world/workload.h - who orders what, and when.
 *
 * Arrivals are a process in time, keyed by (seed_r, purpose, step), independent of everything the
 * router does: latency starts when an order was due. Carts are keyed by (seed_r, order): any
 * order's cart can be made again from its index alone.
 *
 *   poisson   gaps are exponential                       gamma     CV of the gaps 1/sqrt(shape)
 *   constant  order k at k/rate                          profile   Poisson, thinned by local hour
 *   replay    a CSV column of time stamps, offsets       and weekday (no daylight saving: the
 *             from the first (or from `from`), sorted    scenario has one offset from UTC)
 *
 * Gaps come from quantile tables built with GSL (mocks/law.h), scaled so that the table's own mean
 * is the wanted one exactly, and are summed in whole nanoseconds: no libm call stands on the way,
 * and rates up to a million a second keep their mean. A replay that cycles begins again one mean
 * gap after its last row.
 *
 * Generated carts: the number of lines is zero-truncated negative binomial, cut at ORDER_ITEMS_MAX
 * (with the default r and p that cuts three carts in 10^14; one that would lose more than one in a
 * thousand is refused) and at the catalogue's size; products follow Zipf's law, each at most once a
 * cart. Replayed carts take baskets from a CSV; a name that comes twice in one asks for one more.
 * In both, each line may ask for more units (`quantity_more`), WORKLOAD_QUANTITY_MAX at most.
 *
 * Ownership: tables and replayed rows lie in the arena given to workload_load(); a workload is
 *            shared by all replications and not written to; `struct workload_cursor` is a
 *            replication's own. Scenario and catalogue are borrowed, also by the orders made.
 * Failure:   workload_load(): ERR_INPUT with the place of a value or CSV row that will not do,
 *            ERR_ENVIRONMENT for a file that cannot be read and for memory.
 */
#ifndef SIM_WORLD_WORKLOAD_H
#define SIM_WORLD_WORKLOAD_H

#include "sim/world/scenario.h"

enum {
    WEEK_HOURS = 7 * 24,
    WORKLOAD_GUIDES = 256,
    WORKLOAD_QUANTITY_MAX = 1000,
    WORKLOAD_USER_MAX = 32
};

struct workload_gaps { /* quantiles of a gap, in the tables of a compiled law */
    const uint32_t *cells, *low_tail, *high_tail;
    double ns_per_unit;
};

struct workload_alias { /* Walker's alias method: one column of the table */
    uint32_t threshold; /* below it the column's own product, else `other` */
    uint32_t other;
};

struct workload {
    const struct scenario *scenario;   /* borrowed */
    const struct catalogue *catalogue; /* borrowed */
    struct workload_gaps gaps;         /* of profile: at its peak rate */
    uint64_t accept_q32[WEEK_HOURS];   /* profile: share of peak arrivals kept; Monday 0 h first */
    const int64_t *stamps_us;          /* replay: offsets from the start of the run, ascending */
    uint64_t stamp_count;
    int64_t stamp_period_us;       /* replay: first row to first row of the next cycle; or 0 */
    const uint32_t *basket_starts; /* cart replay: first item of each basket; count + 1 */
    const struct order_item *basket_items;
    uint32_t basket_count;
    uint64_t basket_lines_unknown;        /* item names not in the catalogue, counted once a line */
    uint64_t size_q32[ORDER_ITEMS_MAX];   /* cumulative; of 1 line, 2 lines, ... */
    uint8_t size_guides[WORKLOAD_GUIDES]; /* where the search begins, by the draw's top 8 bits */
    const struct workload_alias *popularity;   /* a column a product */
    uint64_t preference_q32[PREFERENCE_COUNT]; /* cumulative */
    uint32_t postal_hashes[SCENARIO_POSTAL_MAX];
};

struct workload_cursor { /* of one replication's arrivals */
    uint64_t key;
    uint64_t step;
    int64_t last_ns;
};

bool workload_load(const struct scenario *scenario, const struct catalogue *catalogue,
                   struct arena *arena, struct workload *workload, struct err *err);

void workload_start(struct workload_cursor *cursor, uint64_t seed_r);

/* The instant of the next arrival, from the run's start, never before the last; INT64_MAX when
 * there are no more. Nothing is said about the run's end or `limit`: the caller stops. */
int64_t workload_next_us(const struct workload *workload, struct workload_cursor *cursor);

/* Makes order `index`: fills `request` and `items` (room for ORDER_ITEMS_MAX). `order_key` is
 * random_key(seed_r, index). No product stands twice in a generated cart. */
void workload_order(const struct workload *workload, uint64_t order_key, uint64_t index,
                    struct order_request *request, struct order_item *items);

/* Who orders: "user-17", one of workload.users, drawn by the order's key; without these a name of
 * the order's own, by its index. workload_order() itself says "customer". */
void workload_user(const struct workload *workload, uint64_t order_key, uint64_t index,
                   char user[static WORKLOAD_USER_MAX]);

/* The mean rate that the workload stands for, orders a second; for plans and series. */
double workload_rate(const struct workload *workload);

#endif
