/* A scenario in less time: what has an instant in the run keeps its place in it. */
#include <assert.h>

#include "sim/world/scenario.h"

/* Of a fault: long enough to be met by somebody at the rates that are usual. */
#define FAULT_LEAST_US (2 * US_PER_SECOND)

static int64_t scaled(int64_t us, double share)
{
    return (int64_t)((double)us * share);
}

static int64_t scaled_span(int64_t us, double share)
{
    const int64_t span_us = scaled(us, share);
    return us > 0 && span_us < 1 ? 1 : span_us;
}

static void squeeze_window(int64_t *at_us, int64_t *for_us, int64_t duration_us, double share)
{
    const int64_t least_us = FAULT_LEAST_US < duration_us ? FAULT_LEAST_US : duration_us;
    const int64_t until_us = *for_us > INT64_MAX - *at_us ? INT64_MAX : *at_us + *for_us;
    *at_us = scaled(*at_us, share);
    *for_us = (double)until_us * share < (double)duration_us ? scaled(until_us, share) - *at_us
                                                             : duration_us - *at_us;
    if (*for_us < least_us) *for_us = least_us;
    if (*at_us > duration_us - *for_us) *at_us = duration_us - *for_us;
}

static void squeeze_fault(struct fault_spec *fault, int64_t duration_us, double share)
{
    squeeze_window(&fault->at_us, &fault->for_us, duration_us, share);
    fault->ramp_us = scaled_span(fault->ramp_us, share);
    if (fault->ramp_us > fault->for_us) fault->ramp_us = fault->for_us;
    fault->flap_on_us = scaled_span(fault->flap_on_us, share);
    fault->flap_off_us = scaled_span(fault->flap_off_us, share);
}

/* What a person or an alert waits for stays as long as it is. */
static void squeeze_drill(struct drill_spec *drill, double share)
{
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        struct operator_spec *const person = &drill->operators[o];
        for (uint32_t t = 0; t < person->trigger_count; t++) {
            if (person->triggers[t].at_us < 0) continue;
            person->triggers[t].at_us = scaled(person->triggers[t].at_us, share);
        }
    }
    if (drill->rollbacks.at_us >= 0) drill->rollbacks.at_us = scaled(drill->rollbacks.at_us, share);
}

void scenario_squeeze(struct scenario *scenario, int64_t duration_us)
{
    assert(duration_us > 0);
    if (scenario->duration_us <= duration_us) return;
    const double share = (double)duration_us / (double)scenario->duration_us;
    for (uint32_t f = 0; f < scenario->fault_count; f++)
        squeeze_fault(&scenario->faults[f], duration_us, share);
    for (uint32_t f = 0; f < scenario->cache.fault_count; f++) {
        struct cache_fault_spec *const fault = &scenario->cache.faults[f];
        squeeze_window(&fault->at_us, &fault->for_us, duration_us, share);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct credential_spec *const credentials = &scenario->providers[p].backend.credentials;
        if (credentials->expires_at_us >= 0)
            credentials->expires_at_us = scaled(credentials->expires_at_us, share);
        if (credentials->rotated_at_us >= 0)
            credentials->rotated_at_us = scaled(credentials->rotated_at_us, share);
    }
    squeeze_drill(&scenario->drill, share);
    scenario->warmup_us = scaled(scenario->warmup_us, share);
    scenario->duration_us = duration_us;
}
