/* sim/analysis/sweep.h - what happens along one weight, exactly: every instant at which a decision
 * changes, and the step curves of share, price, ETA and commission between them.
 *
 * With all weights but one held, each quote's score is a straight line in that weight, and the
 * winner is the upper envelope of at most four lines: at most three breakpoints an order. One pass
 * over the orders finds them all; sorted, with the differences they bring, they are the exact curve
 * for every value of the weight, not for points of a grid. Preference scaling is applied to the
 * lines, so the weight on the axis is the one in the configuration.
 *
 * A breakpoint is the quotient of two score differences. Its double is where the winner changes up
 * to the rounding of the router's own sum (10^-13 of the axis); values closer to a breakpoint than
 * SWEEP_NEAR are re-decided in doubles by whoever asks for one value (sweep_at), so that sweep_at()
 * equals replay_winner() at every value, breakpoints included.
 *
 * Ownership: a curve owns its steps; sweep_release() frees them.
 * Failure:   ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_SWEEP_H
#define SIM_ANALYSIS_SWEEP_H

#include "sim/analysis/replay.h"

#define SWEEP_NEAR 1e-9

struct sweep_point { /* totals over all orders while the weight lies in [from, next point's from) */
    double from;
    int64_t columns[REPLAY_COLUMNS];
    uint32_t won[PROVIDER_COUNT];
    uint32_t flips; /* orders whose winner changes at `from`; 0 at the first point */
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
    uint32_t points_most; /* 0: every breakpoint; else neighbours are merged, sums exact where a
                             point stands */
};
bool sweep_make(struct sweep_curve *curve, const struct sweep_request *request, struct err *err);
void sweep_release(struct sweep_curve *curve);

/* Totals at one value, equal to replaying every order there. */
struct sweep_point sweep_at(const struct sweep_curve *curve, const struct sweep_request *request,
                            double value);

/* The breakpoints of one order in [low, high]: at most three, rising; winners[i] holds before
 * breaks[i], winners[count] after the last. */
uint32_t sweep_order(const struct replay_order *order, const struct score_weights *weights,
                     enum replay_part part, double low, double high, double breaks[3],
                     uint8_t winners[4]);

#endif
