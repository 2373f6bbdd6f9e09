/* sim/world/workload_replay.h - recorded arrivals and baskets, read from CSV for a workload.
 *
 * Ownership and failure are those of workload_load(), which alone comes here.
 */
#ifndef SIM_WORLD_WORKLOAD_REPLAY_H
#define SIM_WORLD_WORKLOAD_REPLAY_H

#include "sim/world/workload.h"

/* Fills the stamps: `from`, `speed` and the order are applied. */
bool workload_read_stamps(struct workload *workload, struct arena *arena, struct err *err);

/* Fills the baskets, names looked up in the catalogue. */
bool workload_read_baskets(struct workload *workload, struct arena *arena, struct err *err);

#endif
