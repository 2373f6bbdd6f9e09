/* sim/world/tally.h - the raw counts of a stretch of a run, from which every metric is computed.
 *
 * A run is cut into segments at the instants where a fault's window begins or ends; whatever
 * completes goes into the segment of that instant, once. Phases ("all", "quiet", a fault's window,
 * "after" one) are sums of segments, so counting costs the same whether or not faults are declared.
 * Of a segment without a fault, orders that had one in their course are counted apart: they are no
 * part of "quiet".
 *
 * Whole numbers only: sums are exact and do not depend on the order of merging.
 *
 * Ownership: tally_init() allocates the sample sets; tally_release() frees them.
 */
#ifndef SIM_WORLD_TALLY_H
#define SIM_WORLD_TALLY_H

#include "mocks/backend.h"
#include "router/router.h"
#include "sim/world/result.h"
#include "sim/world/samples.h"

struct tally_provider {
    uint64_t asked;     /* real quotes asked for and settled; kept ones apart */
    uint64_t quotes;    /* of them, in time */
    uint64_t estimated; /* of them, priced from a declared list */
    uint64_t canned;    /* forced, or standing in for a failed call */
    uint64_t errors[QUOTE_OUTCOME_COUNT];
    uint64_t auth_errors; /* AUTH_FAILED, MISSING_CREDENTIALS, HTTP 401 and 403 */
    uint64_t wins;
    uint64_t lines, lines_filled; /* of real quotes */
    int64_t total_cents;          /* of real quotes */
    int64_t eta_minutes;          /* of real quotes */
    uint64_t calls;
    uint64_t late_answers;
    uint64_t token_fetches;
    uint64_t retries;
    uint64_t hedges, hedges_won; /* second calls; of them, whose answer was taken */
    struct samples latency;      /* quotes, and timeouts as censored */
};

/* Of the quote cache. A quote that was kept from an earlier order is a real one: what its provider
 * said then. It wins orders like any other and counts as authentic; but nobody was asked for it, so
 * it is in no figure about how its provider answers. */
struct tally_cache {
    uint64_t recalls[RECALL_COUNT];
    uint64_t wins; /* orders won by a kept quote */
    uint64_t saved_calls[PROVIDER_COUNT];
    struct samples age;  /* of hits, in milliseconds: samples hold no more than 35 minutes of us */
    struct samples cost; /* us: by how much asking in vain kept an order from its providers, at
                            most; of every order that asked the cache */
};

struct tally {
    uint64_t orders;
    uint64_t codes[ORDER_CODE_COUNT];
    uint64_t ok;       /* see METRIC_OK_RATE; counted when the order's last act is over */
    uint64_t bad;      /* of the finished: those that burn the error budget */
    uint64_t finished; /* orders whose last act is over: the denominator of ok */
    uint64_t authentic;
    uint64_t quotes;
    uint64_t lines, lines_filled; /* of selected carts */
    uint64_t empty_wins;
    uint64_t estimated_wins;
    uint64_t close_calls;
    int64_t cart_cents;
    int64_t commission_cents;
    int64_t eta_minutes;
    int64_t savings_best_cents; /* over orders with another quote to compare with */
    int64_t savings_mean_cents; /* in hundredths of a cent: means of others do not come out even */
    uint64_t savings_count;
    uint64_t placed, confirm_failed, confirm_attempted, failovers;
    uint64_t delivered, late, short_of_items, cancelled, failed_delivery;
    uint64_t ratings, rating_sum;
    struct samples latency;
    struct tally_cache cache;
    struct tally_provider providers[PROVIDER_COUNT];
};

bool tally_init(struct tally *tally, uint32_t sample_limit);
/* Makes room for the samples of a quote cache, too: before the first order, where there is one. */
bool tally_keep_cache(struct tally *tally, uint32_t sample_limit);
void tally_release(struct tally *tally);
void tally_clear(struct tally *tally);
void tally_merge(struct tally *into, const struct tally *from);

/* Takes in a decided order; `order` as the router left it. */
void tally_order(struct tally *tally, const struct router_order *order);

/* What a metric is computed with, besides the tally. */
struct metric_context {
    double call_cost_cents[PROVIDER_COUNT];
    enum slo_kind { SLO_KIND_OK, SLO_KIND_ROUTED } slo_kind;
    double budget_orders;  /* bad orders that the SLO period allows; 0: no SLO */
    uint32_t replications; /* that the tally is the sum of */
};

/* Computes one metric of one scope (a provider, or SCOPE_ROUTER). Sorts the samples in place. */
struct metric_value metric_compute(struct tally *tally, const struct metric_context *context,
                                   unsigned scope, enum metric metric);

/* Whether a metric belongs to the router's scope rather than to a provider's. */
static inline bool metric_of_router(enum metric metric)
{
    return metric < METRIC_ROUTER_COUNT;
}

#endif
