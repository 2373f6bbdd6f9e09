/* Sample ratio mismatch: arms assigned by the hash itself, a salt an experiment, are not to raise
 * the alarm; arms that lose one unit in twenty are. */
#include "tests/calibration/calibrate.h"

#include <math.h>
#include <stdio.h>

#include "sim/analysis/experiment.h"

enum { SEED = 0x5A17, IDS = 2400, HOURS = 24, ARMS = 3, LOST = 20000 };

static void run(uint64_t experiment, double *happened)
{
    static const double shares[ARMS] = {0.5, 0.3, 0.2};
    char salt[32];
    (void)snprintf(salt, sizeof salt, "calibration %llu", (unsigned long long)experiment);
    const struct experiment_plan plan = {salt, {5000, 3000, 2000}, ARMS, EXPERIMENT_BUCKETS};
    uint64_t counts[HOURS * ARMS] = {0}, all[ARMS] = {0};
    for (uint64_t id = 0; id < IDS; id++) {
        const uint32_t arm = experiment_assign_number(&plan, 100000 + id);
        counts[id % HOURS * ARMS + arm]++;
        all[arm]++;
    }
    const double p = stats_srm_test(all, shares, ARMS).p;
    happened[0] = p < STATS_SRM_ALPHA;
    happened[1] = p <= 0.05;
    const uint64_t halves[2] = {all[0], all[1] + all[2]};
    happened[2] = stats_srm_test(halves, (const double[]){0.5, 0.5}, 2).p <= 0.05;

    struct stats_srm tests[HOURS];
    double adjusted[HOURS], least = 1.0;
    stats_srm_strata(counts, HOURS, shares, ARMS, tests, adjusted);
    for (int hour = 0; hour < HOURS; hour++)
        least = fmin(least, adjusted[hour]);
    happened[3] = least <= 0.05;

    const uint64_t key = calibration_key(SEED, experiment, 0);
    const uint64_t first = calibration_hits(key, LOST, 0.5);
    const uint64_t lossy[2] = {first, calibration_hits(random_key(key, 1), LOST - first, 0.95)};
    happened[4] = stats_srm_test(lossy, (const double[]){0.5, 0.5}, 2).p < STATS_SRM_ALPHA;
}

/* 5% of an arm of 10,000: 500 of 19,500 units, 250 off the middle; standard error 69.8, so z is
 * 3.58 against a limit of 3.29: found in 61.4% of experiments. */
const struct calibration calibrate_srm = {
    .name = "srm",
    .how = "sample ratio mismatch, 2,400 ids assigned by hash",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"alarm (p < 0.001), three arms", 0.001, CALIBRATION_AT_MOST},
                {"p <= 0.05, three arms", 0.05, CALIBRATION_NOMINAL},
                {"p <= 0.05, two arms", 0.05, CALIBRATION_NOMINAL},
                {"p <= 0.05 in any of 24 hours, by Holm", 0.05, CALIBRATION_AT_MOST},
                {"alarm when an arm loses 5% of 10,000", 0.614, CALIBRATION_NOMINAL}},
    .run = run};
