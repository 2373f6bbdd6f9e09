/* sim/analysis/calibrate_stability.c - does the advice hold? */
#include <string.h>

#include "sim/analysis/calibrate_state.h"
#include "sim/analysis/retry_model.h"

static bool hold_halves(const struct calibration *calibration, struct calibrate_provider *provider,
                        struct err *err)
{
    struct calibrate_stability *stability = &provider->stability;
    const struct latency_series *series = provider->series;
    const uint32_t first = (uint32_t)(calibration->split * series->count);
    const struct latency_series part = stability_part(series, 0, first);
    struct timeout_advice advice[TIMEOUT_RULES];
    struct stability_timeout timeouts[TIMEOUT_RULES];
    unsigned rules[TIMEOUT_RULES];
    uint32_t count = 0;
    if (!timeout_rules_apply(&part, &calibration->setup, advice, err)) return false;
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        stability->held[r].advice = advice[r];
        stability->held[r].judged = (struct stability_timeout){.verdict = STABILITY_NA};
        if (advice[r].state != TIMEOUT_FOUND) continue;
        rules[count] = r;
        timeouts[count++] = (struct stability_timeout){.timeout_us = advice[r].us};
    }
    if (!stability_judge(&stability->halves, timeouts, count, series, &stability->changes,
                         calibration->split, err))
        return false;
    for (uint32_t i = 0; i < count; i++)
        stability->held[rules[i]].judged = timeouts[i];
    return true;
}

static bool look_at_thirds(const struct calibration *calibration,
                           struct calibrate_provider *provider, struct err *err)
{
    struct calibrate_stability *stability = &provider->stability;
    if (!stability_thirds(stability->thirds, provider->series, err)) return false;
    for (unsigned i = 0; i < STABILITY_PARTS; i++) {
        const struct stability_third *third = &stability->thirds[i];
        const struct latency_series part =
            stability_part(provider->series, third->first, third->count);
        struct timeout_advice advice[TIMEOUT_RULES];
        if (!timeout_rules_apply(&part, &calibration->setup, advice, err)) return false;
        stability->third_advice[i] = advice[calibration->rule];
    }
    return true;
}

static bool fit_laws(const struct calibration *calibration, struct calibrate_provider *provider,
                     struct err *err)
{
    struct calibrate_stability *stability = &provider->stability;
    struct fit_sample sample;
    if (!fit_sample_make(&sample, provider->series, err)) return false;
    bool ok = fit_all(stability->fits, &sample, err);
    stability->best = FIT_LAWS;
    if (ok) stability->best = fit_best(stability->fits, stability->weights);
    if (ok && stability->best != FIT_LAWS)
        ok = fit_judge(&stability->goodness, &stability->fits[stability->best], &sample,
                       calibration->resamples, calibration->seed, err) &&
             fit_judge(&stability->lognormal, &stability->fits[FIT_LOGNORMAL], &sample, 0,
                       calibration->seed, err);
    fit_sample_release(&sample);
    return ok;
}

bool calibrate_stability_of(const struct calibration *calibration,
                            struct calibrate_provider *provider, struct err *err)
{
    struct calibrate_stability *stability = &provider->stability;
    const struct latency_series *series = provider->series;
    if (!change_points_find(&stability->changes, series, calibration->seed, err)) return false;
    stability->fresh = stability_fresh(series, &stability->changes);
    stability->known = series->count >= 2 * STABILITY_LEAST;
    if (stability->known && !hold_halves(calibration, provider, err)) return false;
    return look_at_thirds(calibration, provider, err) && fit_laws(calibration, provider, err);
}

/* ---- second calls ---- */

struct calibrate_facts calibrate_facts_of(uint32_t answers)
{
    const struct retry_plan plan = {.attempts = 3, .failing = 1.0, .budget = 0.1};
    struct calibrate_facts facts = {.answers = answers,
                                    .slow = {0.05, 0.01, 0.001},
                                    .each = retry_quantile_of_each(0.99, answers),
                                    .tries = plan.attempts,
                                    .layers = 5,
                                    .layer_calls = retry_layers(plan.attempts, 5),
                                    .budget = plan.budget,
                                    .budget_load = retry_outcome_of(&plan).load,
                                    .throttle_limit = retry_throttle_limit(0.1)};
    for (unsigned i = 0; i < CALIBRATE_FANS; i++)
        facts.fan_out[i] = retry_fan_out(facts.slow[i], answers);
    return facts;
}

bool calibrate_second_calls(const struct calibration *calibration,
                            struct calibrate_provider *provider, struct err *err)
{
    const struct whatif_setup setup = {.has_time = calibration->latencies.has_time,
                                       .within_us = WHATIF_WITHIN_US,
                                       .deadline_us = provider->recommended_us};
    /* Production's declared wait before a retry: none. */
    const struct whatif_retry_policy policy = {.backoff_us = 0, .try_us = 0};
    if (!whatif_hedges_make(&provider->hedges, provider->series, &setup, err)) return false;
    provider->retries_known = setup.deadline_us > 0;
    return !provider->retries_known ||
           whatif_retries_make(&provider->retries, provider->series, &setup, &policy, err);
}
