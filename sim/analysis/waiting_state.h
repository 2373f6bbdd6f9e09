/* sim/analysis/waiting_state.h - what the chapters of waiting share: the patience's inside, an
 * order as a view sees it, and how orders add up to an outcome.
 *
 * An order has up to four candidates. Of each there is, under any view and at any instant, nothing,
 * its own answer, or a canned quote that stands in; so an order can be decided from few sets of
 * quotes, and the patience holds the winner of each. A set is a mask of slots; where a slot may
 * have either quote, further bits say which.
 */
#ifndef SIM_ANALYSIS_WAITING_STATE_H
#define SIM_ANALYSIS_WAITING_STATE_H

#include "sim/analysis/waiting.h"

enum { WAITING_NOBODY = 255, WAITING_SETS = 1 << PROVIDER_COUNT };
#define WAITING_NEVER INT64_MAX

struct waiting_slot {    /* one candidate of one order; instants from the order's start */
    int64_t answered_us; /* its good answer; NEVER: none is known */
    int64_t ended_us;    /* its answer or failure; NEVER: nobody saw it */
    int64_t recorded_us; /* until when the recorded order waited for it */
    int64_t cents;       /* total minus that of the patient winner, if it wins */
    double points;       /* lost to the patient winner, if it wins */
    uint8_t provider;
    bool usable;    /* its answer is scored: not excluded by policy */
    bool in_time;   /* the recorded order had its answer */
    bool stands_in; /* the recorded order had a canned quote in its place */
    bool called;    /* not a canned quote that was forced, nor a kept one */
};

struct waiting_order {
    size_t winners;  /* where its winners begin */
    uint8_t count;   /* candidates */
    uint8_t patient; /* slot of the patient winner; NOBODY: no quote is known */
    uint8_t known;   /* candidates of whom a quote is known */
    uint8_t either;  /* mask of slots that may have their answer or a canned quote */
    struct waiting_slot slots[PROVIDER_COUNT];
};

struct waiting_patience {
    const struct decision_set *set; /* borrowed */
    uint8_t without;
    uint32_t count;
    uint64_t quotes_known;
    struct waiting_order *orders;
    uint8_t *winners; /* slot, or NOBODY; by order->winners plus its set of quotes */
    size_t winner_count, winner_capacity;
};

struct waiting_quotes { /* what is there of an order, by bits of slots; no slot is in both */
    uint8_t answers;
    uint8_t standing; /* canned quotes that stand in */
};

static inline uint8_t waiting_bits(unsigned mask)
{
    static const uint8_t bits[WAITING_SETS] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
    return bits[mask & (WAITING_SETS - 1u)];
}

/* Where an order keeps the winner of these quotes. */
static inline size_t waiting_set(const struct waiting_order *order, struct waiting_quotes quotes)
{
    size_t set = (size_t)(quotes.answers | quotes.standing);
    unsigned bit = WAITING_SETS;
    for (unsigned left = order->either; left != 0; left &= left - 1, bit <<= 1)
        if ((quotes.standing & left & -left) != 0) set |= bit;
    return set;
}

static inline uint8_t waiting_winner(const struct waiting_patience *patience,
                                     const struct waiting_order *order,
                                     struct waiting_quotes quotes)
{
    return patience->winners[order->winners + waiting_set(order, quotes)];
}

/* ---- under a view ---- */

struct waiting_seen {                   /* an order, all waited for */
    int64_t settled_us[PROVIDER_COUNT]; /* by slot: answered, failed or given up; not asked: 0 */
    int64_t wait_us;                    /* the last of them */
    uint8_t asked;                      /* mask of slots */
    struct waiting_quotes quotes;
};
void waiting_see(const struct waiting_patience *patience, const struct decision_view *view,
                 const struct waiting_order *order, struct waiting_seen *seen);

struct waiting_event { /* somebody settles; the state from then on */
    int64_t at_us;
    uint8_t pending;
    struct waiting_quotes quotes;
};
/* In order of time; those of one instant are one. Returns how many. */
uint32_t waiting_events(const struct waiting_seen *seen,
                        struct waiting_event events[PROVIDER_COUNT]);

/* ---- adding up ---- */

struct waiting_bill { /* of all orders */
    uint64_t orders, quotes_lost, without_quote;
    int64_t wait_us;
};
/* An order. NaN without orders or prices. */
double waiting_cost(const struct waiting_prices *prices, const struct waiting_bill *bill);

struct waiting_tally {
    const struct waiting_patience *patience; /* borrowed */
    int64_t *waits_us;                       /* by order */
    struct waiting_outcome outcome;          /* its counts */
    struct waiting_bill bill;
    struct stats_block cents[WAITING_BLOCKS], points[WAITING_BLOCKS];
};
bool waiting_tally_begin(struct waiting_tally *tally, const struct waiting_patience *patience,
                         struct err *err);
/* Each order once. */
void waiting_tally_add(struct waiting_tally *tally, uint32_t order, int64_t wait_us,
                       struct waiting_quotes quotes);
/* Frees what the tally holds, whatever happens. */
bool waiting_tally_end(struct waiting_tally *tally, const struct waiting_prices *prices,
                       struct waiting_outcome *outcome, struct err *err);

/* Type-7 quantiles of whole microseconds, in ms; NaN where fewer than 10 are beyond. */
bool waiting_quantiles_ms(const int64_t *us, uint32_t count, double ms[WAITING_QUANTILES],
                          struct err *err);

bool waiting_out_of_memory(struct err *err, uint32_t orders); /* false */

#endif
