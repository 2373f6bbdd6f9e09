/* sim/analysis/sweep.h - what happens along one weight, exactly: every instant at which a decision
 * changes, and the step curves of share, price, ETA and commission between them.
 *
 * With all weights but one held, each quote's score is a straight line in that weight, and the
 * winner is the upper envelope of at most four lines: at most three breakpoints an order. One pass
 * over the orders finds them all; sorted, with the differences they bring, they are the exact curve
 * for every value of the weight, not for points of a grid. Preference scaling is applied to the
 * lines, so the weight on the axis is the one in the configuration.
 *
 * A curve has every breakpoint, or points at equal steps of the axis (`points_wanted`). At steps
 * the sums are the router's own at that very value: whatever lies within SWEEP_NEAR of it, or
 * scores equal along the whole axis, is decided there in doubles. Between breakpoints they are the
 * router's wherever the axis is farther than SWEEP_NEAR from one; quotes that score equal along the
 * whole axis (coincident lines) are decided in doubles in the middle of each stretch.
 *
 * Ownership: a curve owns its steps; sweep_release() frees them.
 * Failure:   ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_SWEEP_H
#define SIM_ANALYSIS_SWEEP_H

#include "sim/analysis/replay.h"

#define SWEEP_NEAR 1e-9

struct sweep_point { /* totals over all orders while the weight lies between this and the next */
    double from;
    int64_t columns[REPLAY_COLUMNS];
    uint32_t won[PROVIDER_COUNT];
    uint32_t flips; /* changes of winner after the point before, up to this one; 0 at the first */
};

struct sweep_curve {
    enum replay_part part;
    double low, high;           /* of the axis */
    struct sweep_point *points; /* rising; the first lies at `low` */
    uint32_t count;
    uint32_t orders;
    uint32_t ever_flip; /* orders whose winner is not the same for all values of the axis */
    /* from today's weight to the nearest value, below and above, at which any order's winner
     * changes; NaN: none on the axis */
    double nearest_below, nearest_above;
};

struct sweep_request {
    const struct replay_table *table;
    struct score_weights weights; /* the others are held at these */
    enum replay_part part;
    double low, high;
    enum replay_outcome columns[REPLAY_COLUMNS];
    uint32_t points_wanted; /* 0: every breakpoint; else so many, at equal steps; 2 or more */
};
bool sweep_make(struct sweep_curve *curve, const struct sweep_request *request, struct err *err);
void sweep_release(struct sweep_curve *curve);

/* The point that holds at `value`: the last whose `from` is not above it. */
const struct sweep_point *sweep_find(const struct sweep_curve *curve, double value);

/* The breakpoints of one order in [low, high]: at most three, rising; winners[i] holds before
 * breaks[i], winners[count] after the last. */
uint32_t sweep_order(const struct replay_order *order, const struct score_weights *weights,
                     enum replay_part part, double low, double high, double breaks[3],
                     uint8_t winners[4]);

#endif
