#include "mocks/disturbance.h"

#include <assert.h>

#include "mocks/backend_state.h"

static bool kind_exists(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_HANG:
    case FAULT_LATENCY:
    case FAULT_ERROR:
    case FAULT_REFUSE:
    case FAULT_RESET:
    case FAULT_DNS:
    case FAULT_TLS:
    case FAULT_THROTTLE:
    case FAULT_AUTH:
    case FAULT_MALFORMED:
    case FAULT_TRUNCATED:
    case FAULT_EMPTY_RESULTS:
    case FAULT_OUTAGE:
        return true;
    case FAULT_SLOW_BODY:
    case FAULT_PARTIAL:
    case FAULT_PRICE_DRIFT:
    case FAULT_STALE_PRICES:
    case FAULT_CLOCK_SKEW:
    case FAULT_COMPROMISED:
    case FAULT_KIND_COUNT:
        break;
    }
    return false;
}

bool disturbance_exists(const struct fault_spec *fault)
{
    /* Which tokens are old only the provider knows. */
    if (fault->kind == FAULT_AUTH && fault->auth == AUTH_EXPIRED) return false;
    for (uint32_t i = 0; i < fault->part_count; i++) {
        if (!kind_exists(fault->parts[i].kind)) return false;
    }
    return kind_exists(fault->kind) && !fault->hits_in_flight;
}

/* Modifiers are affine in the latency they act on, so two points say all. */
static void take_latency(const struct backend *backend, const struct effects *effects,
                         struct disturbance *disturbance)
{
    enum { SECOND = 1000000 };
    disturbance->add_us = effects_latency_us(backend, effects, true, 0);
    disturbance->factor =
        (double)(effects_latency_us(backend, effects, true, SECOND) - disturbance->add_us) / SECOND;
}

void backend_disturb(struct backend *backend, const struct call *call,
                     struct disturbance *disturbance)
{
    *disturbance = (struct disturbance){.fate = CALL_ANSWERED, .factor = 1};
    struct reply reply;
    if (backend_intercepts(backend, call, &reply)) {
        disturbance->touched = true;
        disturbance->fate = reply.fate;
        disturbance->after_us = reply.latency_us;
        return;
    }
    if (backend->active_count == 0) return;
    struct effects effects;
    effects_judge(backend, call, &effects);
    disturbance->touched = effects.touched;
    backend->met |= effects.met;
    take_latency(backend, &effects, disturbance);
    if (effects.status.kind != FAULT_KIND_COUNT) {
        const uint64_t bits =
            random_draw(call->order_key, random_what(RANDOM_LATENCY, (unsigned)backend->provider,
                                                     (unsigned)call->operation,
                                                     call->item & 0xFFFFu, call->attempt & 0xFFu));
        const int64_t latency_us =
            law_draw(&backend->latency[call->operation], bits, call->sent_us);
        disturbance->status = effects.status.status;
        if (effects.status.kind == FAULT_THROTTLE) {
            disturbance->retry_after_s = effects.status.fault->retry_after_s;
        }
        disturbance->after_us = effects_latency_us(backend, &effects, false,
                                                   latency_us * backend->error_speed_q16 >> 16);
        return;
    }
    if (effects.body.kind == FAULT_MALFORMED) disturbance->body = BODY_MALFORMED;
    if (effects.body.kind == FAULT_TRUNCATED) disturbance->body = BODY_TRUNCATED;
    disturbance->empty = effects.body.kind == FAULT_EMPTY_RESULTS;
}
