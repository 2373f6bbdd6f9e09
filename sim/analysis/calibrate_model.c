/* sim/analysis/calibrate_model.c - what a router would wait that asked every provider at once, if
 * their latencies were independent: P(all settled by t) is the product of each one's. */
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/calibrate_state.h"

/* When calls settle, well or badly: an error ends the wait as an answer does. */
static bool settling_curve(const struct latency_series *series, struct survival *curve,
                           struct err *err)
{
    struct latency_sample *samples = memory_resize(NULL, series->count + 1u, sizeof *samples);
    uint32_t count = 0;
    if (samples == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for latencies");
    for (uint32_t i = 0; i < series->count; i++) {
        if (series->samples[i].fate == LATENCY_UNTIMED) continue;
        samples[count] = series->samples[i];
        if (samples[count].fate == LATENCY_FAILED) samples[count].fate = LATENCY_ANSWERED;
        count++;
    }
    const bool ok = survival_from_samples(curve, samples, count, 0.95, err);
    free(samples);
    return ok;
}

/* P(all settled within us), NaN: some curve does not reach that far. A provider without a timeout
 * is waited for to its end. */
static double settled(const struct calibration *calibration, const struct survival *curves,
                      const int64_t *timeouts_us, int64_t us)
{
    double all = 1.0;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        if (curves[p].n == 0 || (timeouts_us[p] > 0 && us >= timeouts_us[p])) continue;
        all *= survival_at(&curves[p], us).reached;
    }
    return all;
}

static double quantile_ms(const struct calibration *calibration, const struct survival *curves,
                          const int64_t *timeouts_us, double probability)
{
    int64_t low = 0, high = 0;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        const int64_t end_us = timeouts_us[p] > 0 ? timeouts_us[p] : curves[p].last_us;
        if (end_us > high) high = end_us;
    }
    if (!(settled(calibration, curves, timeouts_us, high) >= probability)) return (double)NAN;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const double reached = settled(calibration, curves, timeouts_us, middle);
        if (isnan(reached) || reached >= probability) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return isnan(settled(calibration, curves, timeouts_us, high)) ? (double)NAN
                                                                  : (double)high * 1e-3;
}

static void model_arm(const struct calibration *calibration, const struct survival *curves,
                      const int64_t *timeouts_us, struct calibrate_arm *arm)
{
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        arm->model_ms[q] = quantile_ms(calibration, curves, timeouts_us, waiting_quantiles[q]);
}

static void model_arms(struct calibration *calibration, const struct survival *curves,
                       int64_t *timeouts_us)
{
    const uint32_t count = calibration->latencies.count;
    for (unsigned r = 0; r <= TIMEOUT_RULES; r++) {
        struct calibrate_arm *arm =
            r < TIMEOUT_RULES ? &calibration->arms[r] : &calibration->recommended;
        arm->rule = r < TIMEOUT_RULES ? (enum timeout_rule)r : calibration->rule;
        arm->known = r == TIMEOUT_RULES;
        for (uint32_t p = 0; p < count; p++) {
            const struct calibrate_provider *provider = &calibration->providers[p];
            const bool found = r < TIMEOUT_RULES && provider->advice[r].state == TIMEOUT_FOUND;
            arm->known = arm->known || found;
            timeouts_us[p] = found                ? provider->advice[r].us
                             : r == TIMEOUT_RULES ? provider->recommended_us
                                                  : provider->series->timeout_us;
        }
        model_arm(calibration, curves, timeouts_us, arm);
    }
}

bool calibrate_model_router(struct calibration *calibration, struct err *err)
{
    const uint32_t count = calibration->latencies.count;
    struct survival *curves = memory_zeroed(count * sizeof *curves);
    int64_t *timeouts_us = memory_zeroed(count * sizeof *timeouts_us);
    bool ok = curves != NULL && timeouts_us != NULL;
    if (!ok) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint32_t p = 0; ok && p < count; p++)
        ok = settling_curve(calibration->providers[p].series, &curves[p], err);
    if (ok) model_arms(calibration, curves, timeouts_us);
    for (uint32_t p = 0; curves != NULL && p < count; p++)
        survival_release(&curves[p]);
    free(curves);
    free(timeouts_us);
    return ok;
}
