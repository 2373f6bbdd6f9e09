/* Every calibration there is, in the order in which they are run and printed. */
#include <stddef.h>

#include "tests/calibration/calibrate.h"

extern const struct calibration calibrate_fixed, calibrate_sequence, calibrate_many, calibrate_srm,
    calibrate_intervals, calibrate_margins, calibrate_power, calibrate_bootstrap,
    calibrate_off_policy, calibrate_choice, calibrate_choice_metric, calibrate_ab, calibrate_replay,
    calibrate_holdout, calibrate_change, calibrate_resampled;

const struct calibration *const calibrations[] = {&calibrate_fixed,
                                                  &calibrate_sequence,
                                                  &calibrate_many,
                                                  &calibrate_srm,
                                                  &calibrate_intervals,
                                                  &calibrate_margins,
                                                  &calibrate_power,
                                                  &calibrate_bootstrap,
                                                  &calibrate_off_policy,
                                                  &calibrate_choice,
                                                  &calibrate_choice_metric,
                                                  &calibrate_ab,
                                                  &calibrate_replay,
                                                  &calibrate_holdout,
                                                  &calibrate_change,
                                                  &calibrate_resampled,
                                                  NULL};
