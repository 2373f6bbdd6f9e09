/* sim/analysis/calibrate_state.h - the inside of a calibration; only sim/analysis/calibrate*.c
 * include it. */
#ifndef SIM_ANALYSIS_CALIBRATE_STATE_H
#define SIM_ANALYSIS_CALIBRATE_STATE_H

#include "sim/analysis/calibrate.h"

/* Without orders: the router's quantiles under each rule, if calls were independent of each other
 * and one router asked all providers at once. A model. */
bool calibrate_model_router(struct calibration *calibration, struct err *err);

/* Halves, thirds, changes and laws of one provider. */
bool calibrate_stability_of(const struct calibration *calibration,
                            struct calibrate_provider *provider, struct err *err);

struct calibrate_facts calibrate_facts_of(uint32_t answers);

/* Hedges and retries of one provider. */
bool calibrate_second_calls(const struct calibration *calibration,
                            struct calibrate_provider *provider, struct err *err);

#endif
