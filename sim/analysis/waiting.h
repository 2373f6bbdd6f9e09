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
 * Canned quotes. One that was forced is there at once. One that stands in for a failed call comes
 * when the call fails or is given up, and stays as it was recorded; where the provider's own answer
 * came later still, the provider is judged by that answer, for its points and its cents. A call
 * that came in time in the record and would be late under a view has nothing to stand in for it.
 * Quotes that the policy excludes (MISSING_ITEMS_EXCLUDED) are waited for and are no quotes.
 *
 * Costs, in cents an order, under prices that the user states:
 *
 *     wait_per_s * mean wait + lost_quote * (quotes known to come - quotes there) / orders
 *   + lost_order * share of orders without quote
 *
 * What a customer pays more or less for haste (the cents above) is no part of it: a router that
 * prefers a dearer provider would be made cheaper by not waiting for it.
 *
 * Early decisions. An arrived set may be decided before all have settled:
 *
 *   AT_LEAST k   when k quotes have arrived (or all have settled)
 *   CERTAIN      when no pending quote could win, whatever it said: each pending provider is given
 *                a total of 1 cent, an ETA of 1 minute and every item, alone and together with
 *                others that are pending, and scored by the router's scorer. Lower totals and ETAs
 *                only lower the others' scores, so nothing it could say beats that. Where missing
 *                items are priced by the median, a pending quote moves the totals of those that
 *                lack some: then all that have arrived count as the dearest. Never under a negative
 *                weight of price, speed or availability: there the worst quote is the best
 *   LIKELY       the same with a total of `total_share` times the cheapest that has arrived and an
 *                ETA of `eta_share` times the fastest, both rounded and at least 1: a bet
 *
 * The rule is asked whenever somebody answers, fails or is given up; never before there is a quote.
 * Under CERTAIN the winner of waiting for all is among those that had arrived; that a later arrival
 * would have reordered these (scores are relative) is the regret that remains. None waits longer
 * than the timeouts of the view it is tried under.
 *
 * A view leaves out its own providers and those of the patience. Quantiles are of type 7, n/a (NaN)
 * with fewer than 10 orders beyond them. A wait over 2^40 us (12 days) counts as that.
 *
 * Ownership: callers own arrays; *_release() where there is one.
 * Failure:   ERR_ENVIRONMENT when memory is out; ERR_INPUT for an order that asks a provider twice.
 */
#ifndef SIM_ANALYSIS_WAITING_H
#define SIM_ANALYSIS_WAITING_H

#include "sim/analysis/decisions.h"
#include "sim/analysis/stats.h"

enum { WAITING_QUANTILES = 3, WAITING_BLOCKS = 50 };
extern const double waiting_quantiles[WAITING_QUANTILES]; /* 0.50, 0.95, 0.99 */

struct waiting_quantile {   /* of the orders' waits, type 7 */
    double ms;              /* NaN: n/a, fewer than 10 orders beyond it */
    double low_ms, high_ms; /* exact 95% interval by order statistics, as if orders were
                               independent; NaN: none */
};

struct waiting_outcome { /* what a way of waiting does to all orders */
    uint64_t orders;
    uint64_t without_quote;
    uint64_t changed; /* another winner than the patient decision's, or none */
    struct waiting_quantile waits[WAITING_QUANTILES];
    double mean_wait_ms;
    uint64_t won[PROVIDER_COUNT];
    uint64_t quotes;       /* that were there to choose from, canned ones that stand in too */
    uint64_t quotes_known; /* candidates of whom a quote is known, however late */
    /* Means over orders with a quote, against the patient decision; intervals by blocks of
     * neighbouring orders (stats_mean_difference). NaN: no such order. */
    struct stats_estimate cents, points;
    double cost_cents; /* an order, by the prices; NaN without prices */
};

struct waiting_prices { /* what the user says that waiting and losing are worth; cents */
    double wait_per_s;  /* an order's every second */
    double lost_quote;  /* each quote that would have come, and was not waited for */
    double lost_order;  /* each order without any quote */
};

struct waiting_patience; /* the patient decisions of a set, and what is needed to judge others */
/* Borrows the set. Every order is decided from every choice of its quotes, once: all that follows
 * looks decisions up. `without`: bit p leaves provider p out, of the yardstick too. */
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
    uint32_t at_least;             /* EARLY_AT_LEAST: quotes, 1 or more */
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

struct waiting_instant { /* every order decided at `ms`, with what has come by then, `ms` included,
                            and in time for the view */
    double ms;
    uint64_t undecided; /* orders for which somebody was still awaited then */
    uint64_t without_quote, changed;
    double points, cents; /* mean over orders with a quote then; NaN: none */
    /* By waiting from here to the next instant: points won back, and orders that get a quote at
     * all, per thousand orders and millisecond. NaN at the last. */
    double points_per_ms, quotes_per_ms;
};

/* `instants` has `count` places; instants are spread evenly in log time between the first arrival
 * (of those that take any time) and the last, and are whole microseconds, all different. Returns
 * how many were filled (0: no arrival that takes time). */
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

/* `timeouts_us` rise, and are above 0. */
bool waiting_sweep(const struct waiting_patience *patience, const struct decision_view *view,
                   enum provider provider, const struct waiting_prices *prices,
                   const int64_t *timeouts_us, uint32_t count, struct waiting_step *steps,
                   struct err *err);

/* ---- whose tail it is ---- */

struct waiting_tail {
    double ms[WAITING_QUANTILES];       /* the router's quantiles under the view; NaN: n/a */
    uint64_t beyond[WAITING_QUANTILES]; /* orders at or above it */
    /* Of these, by who was waited for last; two at the very same microsecond count for the first
     * candidate. An order that asked nobody has none. */
    uint64_t slowest[WAITING_QUANTILES][PROVIDER_COUNT];
    double without_ms[PROVIDER_COUNT][WAITING_QUANTILES]; /* the router's, if this one were not
                                                             asked; NaN: n/a, or not a candidate */
};
bool waiting_tail_of(const struct waiting_patience *patience, const struct decision_view *view,
                     struct waiting_tail *tail, struct err *err);

/* What a quantile of each provider is to the order. Nobody's timeout plays a part: a call counts
 * as long as it took to answer or fail, and one that nobody saw end is beyond every quantile.
 * Canned quotes that were forced are no calls. */
struct waiting_joint {
    double p;                /* each provider's own quantile: 0.95, ... */
    double independent;      /* share of orders with nobody slower than its own: the mean of p^n
                                over orders that called n providers; NaN: no order */
    uint64_t within, orders; /* the same, counted: orders in which all that were called answered or
                                failed within their own quantiles; orders that called anybody */
    double needed;           /* per provider, for the router to keep p by independence: p^(1/n) */
    uint32_t providers;      /* n: that were called in any order; 0: none, and needed is NaN */
};
bool waiting_joint_of(const struct waiting_patience *patience, double p,
                      struct waiting_joint *joint, struct err *err);

/* ---- the cheapest timeouts ---- */

/* At most this many timeouts to choose from: the costs of all their combinations are held at once,
 * 54 MB for four providers. */
enum { WAITING_GRID_MAX = 50 };

/* The cheapest of all combinations of timeouts, exactly: each provider's from `grid_us` (rising,
 * above 0) or, where the view has one for it, that. Of combinations that cost the same the shortest
 * is taken, the first provider's first. Providers that are not asked keep what the view says.
 *
 * All combinations cost one pass over the orders. What an order decides is a sum over sets of its
 * providers, of what their being in time together brings (Moebius), so costs are prefix sums over
 * the grid; and the slowest of several capped waits is a sum, with signs, over sets of the earliest
 * of them, which is capped by the shortest timeout of the set. */
bool waiting_cheapest(const struct waiting_patience *patience, const struct decision_view *view,
                      const struct waiting_prices *prices, const int64_t *grid_us, uint32_t count,
                      struct decision_view *best, struct err *err);

#endif
