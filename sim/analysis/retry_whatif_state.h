/* sim/analysis/retry_whatif_state.h - what the two halves of retry_whatif share; only they include
 * it. */
#ifndef SIM_ANALYSIS_RETRY_WHATIF_STATE_H
#define SIM_ANALYSIS_RETRY_WHATIF_STATE_H

#include "sim/analysis/retry_whatif.h"

/* The first sample asked at or after `from_us` and behind `index`, within setup->within_us; without
 * times the next row. NULL: there is none. `hint` spares a search while from_us only rises; it
 * starts as 0. */
const struct latency_sample *whatif_neighbour(const struct latency_series *series, uint32_t index,
                                              int64_t from_us, const struct whatif_setup *setup,
                                              uint32_t *hint);

/* Fills `after` and its interval from `both` and `pairs`. */
void whatif_near_judge(struct whatif_near *near);

#endif
