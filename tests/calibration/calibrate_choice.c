/* The choice model's 95% intervals (tests/sim/analysis/choice_truth.h): of what a minute is worth,
 * by the delta method and by Fieller; and of what a policy earns, by coefficients and orders drawn
 * together. Percentiles of a thousand draws, for a value that is bent in the coefficients, cost
 * that last one a little. */
#include "tests/calibration/calibrate.h"

#include "tests/sim/analysis/choice_truth.h"

static void run_worth(uint64_t experiment, double *happened)
{
    struct choice_truth truth = {0};
    choice_truth_run(experiment, &truth);
    happened[0] = truth.delta_model;
    happened[1] = truth.delta_robust;
    happened[2] = truth.fieller_model;
    happened[3] = truth.fieller_robust;
}

const struct calibration calibrate_choice = {
    .name = "choice",
    .how = "600 customers, three quotes or none; dollars a minute is worth",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"delta method, the model's errors", 0.95, CALIBRATION_NOMINAL},
                {"delta method, robust errors", 0.95, CALIBRATION_NOMINAL},
                {"Fieller, the model's errors", 0.95, CALIBRATION_NOMINAL},
                {"Fieller, robust errors", 0.95, CALIBRATION_NOMINAL}},
    .run = run_worth};

static void run_metric(uint64_t experiment, double *happened)
{
    struct choice_truth_metric truth = {0};
    choice_truth_metric_run(experiment, &truth);
    happened[0] = truth.value;
    happened[1] = truth.difference;
}

const struct calibration calibrate_choice_metric = {
    .name = "choice-metric",
    .how = "a fit to 600 customers, 300 other orders: what a policy earns",
    .experiments = 2000,
    .figures = {{"value, coefficients and orders drawn", 0.95, CALIBRATION_NOMINAL},
                {"difference of two policies", 0.95, CALIBRATION_NOMINAL}},
    .run = run_metric};
