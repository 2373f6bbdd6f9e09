#include "sim/command/drill_hasten.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/analysis/drill.h"

bool drill_speed_read(const char *text, double *speed)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') return false;
    *speed = strtod(text, &end);
    if (*end == 'x') end++;
    return *end == '\0' && *speed >= 1.0 && *speed <= 10000.0;
}

/* ---- spans ---- */

static void hasten(int64_t *us, double speed)
{
    if (*us > 0) *us = (int64_t)((double)*us / speed);
}

static void hasten_seconds(int64_t *us, double speed)
{
    if (*us <= 0) return;
    const double seconds = round((double)*us / speed / (double)US_PER_SECOND);
    *us = (int64_t)fmax(seconds, 1.0) * US_PER_SECOND;
}

static void hasten_volume(uint32_t *volume, double speed)
{
    if (*volume > 1) *volume = (uint32_t)fmax(floor(*volume / speed), 1.0);
}

static void hasten_law(struct law_spec *law, double speed)
{
    int64_t *const spans[] = {&law->p50_us,     &law->p95_us,    &law->value_us, &law->low_us,
                              &law->high_us,    &law->median_us, &law->scale_us, &law->good_for_us,
                              &law->bad_for_us, &law->floor_us};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
        hasten(spans[i], speed);
}

/* ---- parts ---- */

static void hasten_faults(struct scenario *scenario, double speed)
{
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        struct fault_spec *fault = &scenario->faults[f];
        hasten(&fault->at_us, speed);
        hasten(&fault->for_us, speed);
        hasten(&fault->ramp_us, speed);
        hasten(&fault->flap_on_us, speed);
        hasten(&fault->flap_off_us, speed);
    }
    for (uint32_t f = 0; f < scenario->cache.fault_count; f++) {
        hasten(&scenario->cache.faults[f].at_us, speed);
        hasten(&scenario->cache.faults[f].for_us, speed);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        hasten(&scenario->providers[p].backend.credentials.expires_at_us, speed);
        hasten(&scenario->providers[p].backend.credentials.rotated_at_us, speed);
    }
}

static void hasten_condition(struct alert_condition *condition, double speed)
{
    hasten_seconds(&condition->window_us, speed);
    hasten_seconds(&condition->short_window_us, speed);
    /* A short window that has become as long as the long one adds nothing. */
    if (condition->short_window_us >= condition->window_us) condition->short_window_us = 0;
}

static void hasten_alerts(struct alert_spec *alerts, double speed)
{
    hasten_seconds(&alerts->interval_us, speed);
    alerts->phase_us = 0;
    for (unsigned s = 0; s < SEVERITY_COUNT; s++)
        hasten(&alerts->notify_us[s], speed);
    for (uint32_t r = 0; r < alerts->rule_count; r++) {
        struct alert_rule *rule = &alerts->rules[r];
        hasten_condition(&rule->when, speed);
        for (uint32_t c = 0; c < rule->any_count; c++)
            hasten_condition(&rule->any_of[c], speed);
        hasten_seconds(&rule->for_us, speed);
        hasten_seconds(&rule->keep_firing_us, speed);
        hasten(&rule->notify_us, speed);
        hasten_volume(&rule->min_volume, speed);
    }
}

static void hasten_steps(struct step_spec *steps, uint32_t count, double speed)
{
    for (uint32_t s = 0; s < count; s++) {
        hasten_law(&steps[s].takes, speed);
        hasten(&steps[s].eventually_within_us, speed);
        hasten(&steps[s].holds_for_us, speed);
        hasten(&steps[s].plus_us, speed);
        hasten(&steps[s].at_most_us, speed);
        hasten(&steps[s].overlap_us, speed);
    }
}

static void hasten_operators(struct drill_spec *drill, double speed)
{
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        struct operator_spec *spec = &drill->operators[o];
        hasten_law(&spec->ack, speed);
        hasten(&spec->ack_timeout_us, speed);
        for (uint32_t t = 0; t < spec->trigger_count; t++)
            hasten(&spec->triggers[t].at_us, speed);
        hasten_steps(spec->steps, spec->step_count, speed);
    }
    hasten(&drill->rollbacks.at_us, speed);
    hasten_steps(drill->rollbacks.steps, drill->rollbacks.step_count, speed);
}

static void hasten_looks(struct drill_spec *drill, double speed)
{
    struct hypothesis_spec *hypothesis = &drill->hypothesis;
    hasten_seconds(&hypothesis->frequency_us, speed);
    hasten_seconds(&hypothesis->holds_for_us, speed);
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        struct probe_spec *probe = &hypothesis->probes[i];
        hasten_seconds(&probe->window_us, speed);
        hasten_seconds(&probe->eventually_within_us, speed);
        hasten_seconds(&probe->holds_for_us, speed);
        hasten_volume(&probe->min_volume, speed);
    }
    for (uint32_t i = 0; i < drill->stop_count; i++) {
        hasten_seconds(&drill->stops[i].window_us, speed);
        hasten_volume(&drill->stops[i].min_volume, speed);
    }
}

static void hasten_expectations(struct drill_spec *drill, double speed)
{
    hasten(&drill->rto_us, speed);
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        struct expect_spec *expect = &drill->expects[i];
        hasten(&expect->fires_within_us, speed);
        if (expect->kind != EXPECT_MEASURE) continue;
        const int measure = drill_measure_find(expect->measure);
        assert(measure >= 0);
        if (drill_measure_traits[measure].unit != DRILL_SECONDS) continue;
        expect->limit /= speed;
        (void)snprintf(expect->limit_text, sizeof expect->limit_text, "%.4gs", expect->limit);
    }
}

void drill_hasten(struct scenario *scenario, double speed)
{
    assert(speed >= 1.0);
    hasten_seconds(&scenario->duration_us, speed);
    hasten(&scenario->warmup_us, speed);
    hasten(&scenario->slo.period_us, speed);
    hasten_law(&scenario->deployment.redeploy, speed);
    hasten_law(&scenario->deployment.recycle, speed);
    hasten_faults(scenario, speed);
    hasten_alerts(&scenario->alerts, speed);
    hasten_looks(&scenario->drill, speed);
    hasten_operators(&scenario->drill, speed);
    hasten_expectations(&scenario->drill, speed);
    scenario->drill.pace = speed;
}
