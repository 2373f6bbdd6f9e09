/* sim/analysis/change_state.h - the cutting itself; for change_*.c and their tests only.
 *
 * Points carry a weight (samples of a block) and a sum (of scores, or of failures). The cost of a
 * segment is, with S its sum and W its weight, -S^2 / W (least squares, less what no cut changes)
 * or -2 log likelihood of a binomial.
 */
#ifndef SIM_ANALYSIS_CHANGE_STATE_H
#define SIM_ANALYSIS_CHANGE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/err.h"

struct change_costs {
    const double *sums;    /* before point i: points + 1 of them, from 0 */
    const double *weights; /* likewise */
    const double *xlogx;   /* of 0 to the weight of all; NULL: least squares */
    uint32_t points;
};

static inline double change_cost(const struct change_costs *costs, uint32_t from, uint32_t until)
{
    const double sum = costs->sums[until] - costs->sums[from];
    const double weight = costs->weights[until] - costs->weights[from];
    if (costs->xlogx == NULL) return -sum * sum / weight;
    return 2.0 * (costs->xlogx[(uint64_t)weight] - costs->xlogx[(uint64_t)sum] -
                  costs->xlogx[(uint64_t)(weight - sum)]);
}

/* The cuts, rising, of the best segmentation with segments of at least `least` points: room for
 * points / least of them. PELT. */
bool change_pelt(const struct change_costs *costs, uint32_t least, double penalty, uint32_t *cuts,
                 uint32_t *count, struct err *err);

/* The larger of what one cut gains, and half of what two do. `room`: points + 1 doubles. */
double change_gain(const struct change_costs *costs, uint32_t least, double *room);

#endif
