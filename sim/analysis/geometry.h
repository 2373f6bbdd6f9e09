/* sim/analysis/geometry.h - how firmly decisions stand, and on what.
 *
 *   identifiability  per weight: the share of orders whose winner any value in [0, 1] would change,
 *                    the variance of the component within orders, and the condition number of the
 *                    pooled within-order component matrix. A weight that can change fewer than
 *                    0.1% of decisions has no effect in this data, and is not tuned.
 *   radius           per order, the L1 and L-infinity distance from the weights to the nearest ones
 *                    that decide it otherwise: gap / max |d| and gap / sum |d| for the difference d
 *                    of two quotes' components (Hoelder's inequality: the dual norms), the least
 *                    over rivals. In weights before preference scaling.
 *   priority         the share of decisions that differ with the priority weight set to 0
 *   rank reversal    the share of orders on which dropping a quote that did not win changes the
 *                    winner, because price and speed are scored against the quotes present
 *   regret           mean distance of an outcome from the best that any quote of the order offered
 *                    (hindsight)
 *   flips            the orders that two weights decide differently, with both quotes' parts
 *
 * Ownership: callers own all arrays. Failure: only geometry_reversals() can fail (memory).
 */
#ifndef SIM_ANALYSIS_GEOMETRY_H
#define SIM_ANALYSIS_GEOMETRY_H

#include "sim/analysis/replay.h"

#define GEOMETRY_NO_EFFECT 0.001 /* of decisions */

struct geometry_weight { /* of one weight */
    double movable;      /* share of orders that some value in [0, 1] decides otherwise */
    uint64_t movable_orders;
    double spread;  /* root mean square of the component within orders, in points */
    uint8_t levels; /* distinct values of the component met within orders, 255 at most */
    bool no_effect; /* movable < GEOMETRY_NO_EFFECT */
};

struct geometry {
    uint32_t orders;
    struct geometry_weight weights[REPLAY_PARTS];
    double
        condition; /* of the pooled matrix of components, priority included; HUGE_VAL: singular */
    double without_priority;      /* share of decisions that differ with its weight at 0 */
    double exact_ties, near_ties; /* share of decisions: equal best scores; within one point */
    /* Share of orders that some change of at most radius[i] in every weight decides otherwise. */
    double radius[8], within[8];
    double radius_median, radius_least; /* L-infinity, over orders with a rival; NaN: none */
    double regret[OUTCOME_COUNT];       /* mean, in the outcome's raw unit; never negative */
    double reversals;                   /* share of orders */
    uint64_t reversal_orders;
};

/* The share of orders that some value of one weight in [0, 1] decides otherwise. */
double geometry_movable(const struct replay_table *table, const struct score_weights *weights,
                        enum replay_part part);

/* `weights` on the scale on which the five without priority add up to 1: on another, [0, 1] would
 * be another range. */
bool geometry_make(struct geometry *geometry, const struct replay_table *table,
                   const struct score_weights *weights, struct err *err);

/* What the scores of commission are made of. The router scores a provider's rate by its place
 * between the least and the greatest rate known among an order's quotes, 0 to 100, whatever the
 * distance between those two; a rate that is not known counts 50. So equal rates leave the weight
 * nothing to work with, and rates that hardly differ may be a hundred points apart. Every order is
 * counted once, in the first class that fits. */
#define GEOMETRY_RATES_CLOSE 0.1 /* percentage points */

struct geometry_rates {
    uint64_t orders;
    uint64_t alike;     /* all quotes score the same: no weight can move the order */
    uint64_t stretched; /* known rates differ by less than GEOMETRY_RATES_CLOSE */
    uint64_t partly;    /* some quote's rate is not known */
    double low, high;   /* percent, over all quotes whose rate is known; NaN: none is */
};
struct geometry_rates geometry_rates_of(const struct replay_table *table);

struct geometry_flip {            /* an order that A and B decide differently */
    uint32_t order;               /* of the table */
    uint8_t a, b;                 /* quotes */
    double margin_a, margin_b;    /* winner's score over the other's, under A and under B */
    double by_part[REPLAY_PARTS]; /* what each component adds to the change of score difference:
                                     (w_B - w_A) * (part of b - part of a), preference scaled */
};

struct geometry_moves { /* who loses orders to whom */
    uint64_t from_to[PROVIDER_COUNT][PROVIDER_COUNT];
    uint64_t flips;
    uint64_t by_cause[REPLAY_PARTS]; /* the component that added most to it */
};

/* Writes up to `most` flips, spread evenly over the causes and the orders, and counts all. Returns
 * how many it wrote. */
uint32_t geometry_flips(const struct replay_table *table, const struct score_weights *a,
                        const struct score_weights *b, struct geometry_flip *flips, uint32_t most,
                        struct geometry_moves *moves);

#endif
