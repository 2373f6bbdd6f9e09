/* Off-policy 95% intervals with three of four quotes hidden
 * (tests/sim/analysis/off_policy_truth.h): how often they hold the value that full information
 * knows. */
#include "tests/calibration/calibrate.h"

#include "tests/sim/analysis/off_policy_truth.h"

static void run(uint64_t experiment, double *happened)
{
    const struct off_policy_truth truth = off_policy_truth_count((uint32_t)experiment, 1);
    happened[0] = truth.ips.covered;
    happened[1] = truth.snips.covered;
    happened[2] = truth.dr.covered;
}

const struct calibration calibrate_off_policy = {
    .name = "off-policy",
    .how = "1,000 orders logged with exploration 0.4, 3 of 4 quotes hidden",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"IPS holds the value of full information", 0.95, CALIBRATION_NOMINAL},
                {"SNIPS holds the value of full information", 0.95, CALIBRATION_NOMINAL},
                {"DR holds the value of full information", 0.95, CALIBRATION_NOMINAL}},
    .run = run};
