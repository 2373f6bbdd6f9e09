/* Many tests at once. False discovery proportions are averaged (an experiment without a discovery
 * has none that is false); family errors are counted. */
#include "tests/calibration/calibrate.h"

#include <math.h>
#include <stdlib.h>

#include "sim/analysis/stats.h"
#include "sim/analysis/stats_bootstrap.h"
#include "sim/analysis/stats_many.h"

enum { SEED = 0x3A47, TESTS = 20, REAL = 10, CANDIDATES = 8, DAYS = 50, REPLICATES = 199 };

/* Two-sided p's of normal statistics; the first `real` have an effect of three errors. Correlated
 * by a luck that all share. */
static void draw_ps(uint64_t key, uint32_t real, double correlation, double *p)
{
    const double shared = sqrt(correlation) * calibration_normal(key, TESTS);
    for (uint32_t i = 0; i < TESTS; i++) {
        const double own = sqrt(1.0 - correlation) * calibration_normal(key, i);
        p[i] = 2.0 * gsl_cdf_ugaussian_Q(fabs(shared + own + (i < real ? 3.0 : 0.0)));
    }
}

static double false_share(const double *adjusted, uint32_t real)
{
    double found = 0.0, wrong = 0.0;
    for (uint32_t i = 0; i < TESTS; i++) {
        if (adjusted[i] > 0.05) continue;
        found += 1.0;
        wrong += i < real ? 0.0 : 1.0;
    }
    return found > 0.0 ? wrong / found : 0.0;
}

static double discover(uint64_t key, uint32_t real, double correlation)
{
    double p[TESTS], adjusted[TESTS];
    draw_ps(key, real, correlation, p);
    stats_benjamini_hochberg(p, TESTS, adjusted);
    return false_share(adjusted, real);
}

static double guard(uint64_t key, uint32_t real)
{
    double p[TESTS], adjusted[TESTS];
    draw_ps(key, real, 0.0, p);
    stats_holm(p, TESTS, adjusted);
    return false_share(adjusted, real) > 0.0;
}

/* ---- the best of several candidates ---- */

/* What a day's orders differ by, a candidate a column: 80% of it shared by all. */
static void draw_days(uint64_t key, double days[DAYS][CANDIDATES])
{
    for (uint64_t day = 0; day < DAYS; day++) {
        const double shared = sqrt(0.8) * calibration_normal(key, day * (CANDIDATES + 1));
        for (uint64_t i = 0; i < CANDIDATES; i++)
            days[day][i] =
                shared + sqrt(0.2) * calibration_normal(key, day * (CANDIDATES + 1) + 1 + i);
    }
}

/* Mean and its error, days taken as often as `times` says (NULL: once). */
static void mean_and_error(double days[DAYS][CANDIDATES], const uint16_t *times, double *means,
                           double *errors)
{
    double squares[CANDIDATES] = {0};
    for (uint32_t i = 0; i < CANDIDATES; i++)
        means[i] = 0.0;
    for (uint32_t day = 0; day < DAYS; day++) {
        const double count = times == NULL ? 1.0 : (double)times[day];
        for (uint32_t i = 0; i < CANDIDATES; i++) {
            means[i] += count * days[day][i];
            squares[i] += count * days[day][i] * days[day][i];
        }
    }
    for (uint32_t i = 0; i < CANDIDATES; i++) {
        means[i] /= DAYS;
        errors[i] = sqrt((squares[i] / DAYS - means[i] * means[i]) / (DAYS - 1));
    }
}

static double choose_best(uint64_t key)
{
    double days[DAYS][CANDIDATES], means[CANDIDATES], errors[CANDIDATES], observed[CANDIDATES];
    double resampled[REPLICATES * CANDIDATES], adjusted[CANDIDATES];
    struct err err;
    draw_days(key, days);
    mean_and_error(days, NULL, means, errors);
    for (uint32_t i = 0; i < CANDIDATES; i++)
        observed[i] = means[i] / errors[i];
    struct bootstrap_counts counts;
    if (!bootstrap_counts_draw(&counts, REPLICATES, DAYS, key, &err)) abort();
    for (uint32_t r = 0; r < REPLICATES; r++) {
        double mean[CANDIDATES], error[CANDIDATES];
        mean_and_error(days, bootstrap_times(&counts, r), mean, error);
        for (uint32_t i = 0; i < CANDIDATES; i++)
            resampled[r * CANDIDATES + i] = (mean[i] - means[i]) / error[i];
    }
    bootstrap_counts_release(&counts);
    const struct stats_max_t input = {observed, resampled, CANDIDATES, REPLICATES, 0.95, false};
    if (!stats_max_t(&input, adjusted, NULL, &err)) abort();
    for (uint32_t i = 0; i < CANDIDATES; i++)
        if (adjusted[i] <= 0.05) return 1.0;
    return 0.0;
}

static void run(uint64_t experiment, double *happened)
{
    happened[0] = discover(calibration_key(SEED, experiment, 0), 0, 0.0);
    happened[1] = discover(calibration_key(SEED, experiment, 1), REAL, 0.0);
    happened[2] = discover(calibration_key(SEED, experiment, 2), 0, 0.5);
    happened[3] = guard(calibration_key(SEED, experiment, 3), 0);
    happened[4] = guard(calibration_key(SEED, experiment, 4), REAL);
    happened[5] = choose_best(calibration_key(SEED, experiment, 5));
}

const struct calibration calibrate_many = {
    .name = "many",
    .how = "20 tests, or the best of 8 candidates",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"Benjamini-Hochberg: false share, no effect", 0.05, CALIBRATION_NOMINAL},
                {"Benjamini-Hochberg: false share, half have one", 0.025, CALIBRATION_NOMINAL},
                {"Benjamini-Hochberg: false share, correlated by 0.5", 0.05, CALIBRATION_AT_MOST},
                {"Holm: any false one, no effect", 0.05, CALIBRATION_NOMINAL},
                {"Holm: any false one, half have one", 0.05, CALIBRATION_AT_MOST},
                {"max-T: any false one of 8 candidates, 50 days", 0.05, CALIBRATION_NOMINAL}},
    .run = run};
