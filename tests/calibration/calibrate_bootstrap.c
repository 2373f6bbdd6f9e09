/* The cluster bootstrap's 95% intervals on few, skewed days (tests/sim/analysis/bootstrap_truth.h).
 * With 50 of them every bootstrap covers a little less than it is meant to. How much less is what
 * stats_bootstrap.h states, and that statement is held to here. */
#include "tests/calibration/calibrate.h"

#include "tests/sim/analysis/bootstrap_truth.h"

static void run(uint64_t experiment, double *happened)
{
    const struct bootstrap_truth truth = bootstrap_truth_count((uint32_t)experiment, 1, 1000);
    happened[0] = truth.studentised;
    happened[1] = truth.percentile;
    happened[2] = truth.bca;
}

const struct calibration calibrate_bootstrap = {
    .name = "bootstrap",
    .how = "50 days, exponential orders, 1,000 replicates",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"studentised, meant to be 95%", 0.941, CALIBRATION_NOMINAL},
                {"percentile, meant to be 95%", 0.934, CALIBRATION_NOMINAL},
                {"BCa, meant to be 95%", 0.932, CALIBRATION_NOMINAL}},
    .run = run};
