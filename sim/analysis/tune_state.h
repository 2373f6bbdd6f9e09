/* sim/analysis/tune_state.h - between the files of the tuning. */
#ifndef SIM_ANALYSIS_TUNE_STATE_H
#define SIM_ANALYSIS_TUNE_STATE_H

#include "sim/analysis/tune.h"

/* The table of a part. */
static inline const struct replay_table *tune_table(const struct tuning *tuning, unsigned part)
{
    return part == TUNE_TRAIN     ? &tuning->train
           : part == TUNE_HOLDOUT ? &tuning->holdout
                                  : &tuning->all;
}

/* ---- tune_arms.c ---- */

/* Fills every part's values, shares, wins and changes of all arms against arm 0. */
bool tune_judge_arms(struct tuning *tuning, struct err *err);
/* Values of given winners of a table against the baseline's: for evolved histories too. */
void tune_compare(const struct tuning *tuning, const struct replay_table *table,
                  const uint8_t *baseline, const uint8_t *arm,
                  struct tune_value values[TUNE_METRICS]);
/* The goal's weight of an outcome per unit of it, the sign of `better` included; 0: no objective.
 */
double tune_goal_factor(const struct tuning *tuning, enum replay_outcome outcome);

/* ---- tune_guard.c: guardrails on the holdout, the verdict ---- */

bool tune_guard(struct tuning *tuning, struct err *err);

/* ---- tune_sensitivity.c: tornado, Sobol indices, simplex, thirds, curves ---- */

bool tune_measure_sensitivity(struct tuning *tuning, const struct tune_request *request,
                              struct err *err);

/* ---- tune_model.c: what customers do ---- */

/* Fills the outcomes that a choice model knows, in every table. */
void tune_fill_model(struct tuning *tuning, const struct tune_request *request);
void tune_fill_table(struct replay_table *table, const struct tune_request *request);
bool tune_measure_model(struct tuning *tuning, const struct tune_request *request, struct err *err);

#endif
