/* sim/analysis/waiting.h - what waiting costs an order and what it brings, decided again order by
 * order.
 *
 * The router waits for its slowest candidate, each capped by its timeout. So a timeout is judged by
 * what the whole order does under it: how long it took, what was there to choose from, and who won.
 * Everything here is exact: each order is scored anew, by the router's own scorer, with the quotes
 * that would have been in time (sim/analysis/decisions.h). History is frozen: what an order's
 * outcome would have taught the router is not played on.
 *
 * The yardstick is the *patient* decision: the one made with every answer that is known to have
 * come at all, however late. Against it a decision has
 *
 *   changed   another provider wins, or none
 *   points    score of the patient winner minus score of this winner, both scored among all the
 *             quotes of the patient decision, under the order's own weights: 0 or more
 *   cents     total of this winner minus total of the patient winner: what the customer pays more,
 *             negative where haste was cheaper (the score is not the price)
 *
 * and orders without any quote are counted apart, they have neither points nor cents.
 *
 * Early decisions. An arrived set may be decided before all have settled:
 *   AT_LEAST k   when k quotes have arrived (or all have settled)
 *   CERTAIN      when no pending quote could win, whatever it said: each pending provider is given
 *                a total of 1 cent, an ETA of 1 minute and every item, alone and together with the
 *                others that are pending, and scored by the router's scorer. Only who arrives later
 *                cannot win then; that its arrival would have reordered those that are there
 * (scores are relative) is the regret that remains. LIKELY       the same with a total of
 * `total_share` times the cheapest that has arrived and an ETA of `eta_share` times the fastest: a
 * bet, and called so None waits longer than the timeouts of the view it is tried under.
 *
 * Ownership: callers own arrays; *_release() where there is one.
 * Failure:   ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_WAITING_H
#define SIM_ANALYSIS_WAITING_H

#include "sim/analysis/decisions.h"
#include "sim/analysis/stats.h"

enum { WAITING_QUANTILES = 3, WAITING_BLOCKS = 50 };
extern const double waiting_quantiles[WAITING_QUANTILES]; /* 0.50, 0.95, 0.99 */

struct waiting_quantile {   /* of the orders' waits, type 7 */
    double ms;              /* NaN: n/a, fewer than 10 orders beyond it */
    double low_ms, high_ms; /* exact 95% interval by order statistics; NaN: none */
};

struct waiting_outcome { /* what a way of waiting does to all orders */
    uint64_t orders;
    uint64_t without_quote;
    uint64_t changed; /* another winner than the patient decision's, or none */
    struct waiting_quantile waits[WAITING_QUANTILES];
    double mean_wait_ms;
    uint64_t won[PROVIDER_COUNT];
    uint64_t quotes;       /* that were there to choose from */
    uint64_t quotes_known; /* that are known to have come at all */
    /* Means over orders with a quote, against the patient decision; intervals by blocks of
     * neighbouring orders (stats_mean_difference). */
    struct stats_estimate cents, points;
    double cost_cents; /* an order, by the prices; NaN without prices */
};

struct waiting_prices { /* what the user says that waiting and losing are worth; cents */
    double wait_per_s;  /* an order's every second */
    double lost_quote;  /* each quote that would have come, and was not waited for */
    double lost_order;  /* each order without any quote */
};

struct waiting_patience; /* the patient decisions of a set, and what is needed to judge others */
struct waiting_patience *waiting_patience_make(const struct decision_set *set, uint8_t without,
                                               struct err *err);
void waiting_patience_release(struct waiting_patience *patience);

/* Everybody is waited for until it answers, fails, or its timeout. `prices` may be NULL. */
bool waiting_under(const struct waiting_patience *patience, const struct decision_view *view,
                   const struct waiting_prices *prices, struct waiting_outcome *outcome,
                   struct err *err);

/* ---- early decisions ---- */

enum waiting_early { EARLY_AT_LEAST, EARLY_CERTAIN, EARLY_LIKELY };

struct waiting_rule {
    enum waiting_early kind;
    uint32_t at_least;             /* EARLY_AT_LEAST: quotes */
    double total_share, eta_share; /* EARLY_LIKELY */
};

struct waiting_early_outcome {
    struct waiting_rule rule;
    struct waiting_outcome outcome;
    uint64_t early;  /* orders decided before all had settled */
    double saved_ms; /* mean an order, against waiting for all under the same view */
    double saved_ms_quantiles[WAITING_QUANTILES]; /* of what single orders save; NaN: n/a */
};

bool waiting_early(const struct waiting_patience *patience, const struct decision_view *view,
                   const struct waiting_rule *rule, const struct waiting_prices *prices,
                   struct waiting_early_outcome *outcome, struct err *err);

/* ---- the value of the next millisecond ---- */

struct waiting_instant { /* every order decided at `ms`, with what has come by then */
    double ms;
    uint64_t undecided; /* orders for which somebody was still awaited then */
    uint64_t without_quote, changed;
    double points, cents; /* mean over orders with a quote then; NaN: none */
    /* By waiting from here to the next instant: points won back, and orders that get a quote at
     * all, per thousand orders and millisecond. NaN at the last. */
    double points_per_ms, quotes_per_ms;
};

/* `instants` has `count` places; instants are spread evenly in log time between the first arrivals
 * and the last. Returns how many were filled (0: no order). */
uint32_t waiting_value(const struct waiting_patience *patience, const struct decision_view *view,
                       struct waiting_instant *instants, uint32_t count);

/* ---- one provider's timeout, all others left as they are ---- */

struct waiting_step { /* the provider's timeout is `ms` */
    double ms;
    uint64_t in_time; /* its answers */
    uint64_t asked;
    uint64_t without_quote, changed;
    double wait_ms[WAITING_QUANTILES]; /* of the order; NaN: n/a */
    double mean_wait_ms, points, cents, cost_cents;
    uint64_t won[PROVIDER_COUNT];
};

/* `timeouts_us` rise. */
bool waiting_sweep(const struct waiting_patience *patience, const struct decision_view *view,
                   enum provider provider, const struct waiting_prices *prices,
                   const int64_t *timeouts_us, uint32_t count, struct waiting_step *steps,
                   struct err *err);

/* ---- whose tail it is ---- */

struct waiting_tail {
    double ms[WAITING_QUANTILES];       /* the router's quantiles under the view; NaN: n/a */
    uint64_t beyond[WAITING_QUANTILES]; /* orders at or above it */
    /* Of these, by who was waited for last; two at the very same microsecond count for the first
     * candidate. */
    uint64_t slowest[WAITING_QUANTILES][PROVIDER_COUNT];
    double without_ms[PROVIDER_COUNT][WAITING_QUANTILES]; /* the router's, if this one were not
                                                             asked; NaN: n/a, or not a candidate */
};
bool waiting_tail_of(const struct waiting_patience *patience, const struct decision_view *view,
                     struct waiting_tail *tail, struct err *err);

/* What a quantile of each provider is to the order. */
struct waiting_joint {
    double p;                /* each provider's own quantile: 0.95, ... */
    double independent;      /* share of orders with nobody slower than its own: p^n */
    uint64_t within, orders; /* the same, counted: orders in which all candidates answered or failed
                                within their own quantiles */
    double needed;           /* per provider, for the router to keep p by independence: p^(1/n) */
    uint32_t providers;
};
bool waiting_joint_of(const struct waiting_patience *patience, double p,
                      struct waiting_joint *joint, struct err *err);

/* ---- the cheapest timeouts ---- */

/* Coordinate descent over `grid` (the same timeouts for every provider, rising) from the view's
 * timeouts and from each grid end, until no single change is cheaper: the cheapest found, in
 * `best`. Exact costs; a local optimum in theory, and the starts differ for that. */
bool waiting_cheapest(const struct waiting_patience *patience, const struct decision_view *view,
                      const struct waiting_prices *prices, const int64_t *grid_us, uint32_t count,
                      struct decision_view *best, struct err *err);

#endif
