#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "mocks/backend_state.h"

#define LATENCY_US_MAX INT64_C(1000000000000000) /* 31 years: what a doubtful factor is cut at */

/* ---- who is hit ------------------------------------------------------------------------------ */

static uint64_t draw_of(const struct own_fault *fault, const struct call *call)
{
    const uint64_t key = call->order_key ^ fault->key;
    if (!fault->spec->per_call) return random_mix(key);
    return random_draw(key, random_what(RANDOM_FAULT, (unsigned)call->provider,
                                        (unsigned)call->operation, call->item & 0xFFFFu,
                                        call->attempt & 0xFFu));
}

static bool covers(const struct fault_spec *fault, enum operation operation)
{
    return fault->operation_mask == 0 || (fault->operation_mask >> operation & 1u) != 0;
}

static bool is_hit(const struct own_fault *fault, const struct call *call, int64_t now_us,
                   uint64_t *bits)
{
    if (!covers(fault->spec, call->operation)) return false;
    *bits = draw_of(fault, call);
    const uint64_t strength =
        fault->ramps ? random_rate_q32(fault_strength(fault->spec, now_us)) : fault->strength_q32;
    return random_chance(*bits, strength);
}

/* The part of an outage that an order draws. The bits that decided on the hit would be biased here.
 */
static const struct outage_part *part_of(const struct fault_spec *fault, uint64_t bits)
{
    double total = 0;
    for (uint32_t i = 0; i < fault->part_count; i++)
        total += fault->parts[i].share;
    double at = random_unit(random_mix(bits + 1)) * total;
    for (uint32_t i = 0; i < fault->part_count; i++) {
        at -= fault->parts[i].share;
        if (at < 0) return &fault->parts[i];
    }
    return fault->part_count == 0 ? NULL : &fault->parts[fault->part_count - 1];
}

static struct mishap mishap_of(const struct fault_spec *fault, uint64_t bits)
{
    struct mishap mishap = {.kind = fault->kind, .status = fault->status, .fault = fault};
    if (fault->kind != FAULT_OUTAGE) return mishap;
    const struct outage_part *const part = part_of(fault, bits);
    if (part == NULL) return (struct mishap){.kind = FAULT_HANG, .fault = fault};
    mishap.kind = part->kind;
    if (part->status != 0) mishap.status = part->status;
    return mishap;
}

/* ---- composing ------------------------------------------------------------------------------- */

/* Keeps the mishap of the lower layer; within a layer, the one that was there first. */
static void keep_lowest(struct mishap *kept, struct mishap mishap)
{
    if (kept->kind == FAULT_KIND_COUNT || fault_layer(mishap.kind) < fault_layer(kept->kind)) {
        *kept = mishap;
    }
}

/* Remembers a modifier. False: it has no bearing on calls (compromised). */
static bool modify(struct effects *effects, uint32_t index, const struct mishap *mishap)
{
    const struct fault_spec *const fault = mishap->fault;
    switch (mishap->kind) {
    case FAULT_LATENCY:
        if (fault->kind == FAULT_OUTAGE) effects->outage_latency |= UINT64_C(1) << index;
        break;
    case FAULT_SLOW_BODY:
        break;
    case FAULT_PARTIAL:
        effects->has_partial = true;
        break;
    case FAULT_PRICE_DRIFT:
        effects->price_factor *= fault->price_factor;
        break;
    case FAULT_STALE_PRICES:
        effects->stale = true;
        effects->stale_us = fault->stale_us; /* of several the last in the file */
        break;
    case FAULT_CLOCK_SKEW:
        effects->skew_us += fault->skew_us;
        break;
    case FAULT_COMPROMISED:
        return false;
    case FAULT_HANG:
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
    case FAULT_KIND_COUNT:
        assert(false); /* none of them is a modifier */
    }
    effects->hits |= UINT64_C(1) << index;
    return true;
}

static bool add(const struct backend *backend, const struct call *call, uint32_t index,
                struct mishap mishap, struct effects *effects)
{
    switch (fault_layer(mishap.kind)) {
    case LAYER_DNS:
    case LAYER_CONNECT:
    case LAYER_TLS:
    case LAYER_TRANSPORT:
        keep_lowest(&effects->below, mishap);
        return true;
    case LAYER_STATUS:
        if (mishap.kind == FAULT_AUTH) {
            mishap.status = credentials_fault_refusal(&backend->credentials, call, mishap.fault);
            if (mishap.status == 0) return false;
        } else if (mishap.kind == FAULT_THROTTLE) {
            mishap.status = 429;
        }
        keep_lowest(&effects->status, mishap);
        return true;
    case LAYER_BODY:
        keep_lowest(&effects->body, mishap);
        return true;
    case LAYER_MODIFIER:
        return modify(effects, index, &mishap);
    }
    assert(false);
    return false;
}

void effects_judge(const struct backend *backend, const struct call *call, struct effects *effects)
{
    static_assert(BACKEND_FAULTS_MAX <= 64, "a call's faults are a mask");
    *effects = (struct effects){.below = {.kind = FAULT_KIND_COUNT},
                                .status = {.kind = FAULT_KIND_COUNT},
                                .body = {.kind = FAULT_KIND_COUNT},
                                .price_factor = 1};
    for (uint32_t i = 0; i < backend->active_count; i++) {
        const uint32_t index = backend->active[i];
        const struct own_fault *const fault = &backend->faults[index];
        uint64_t bits;
        if (!is_hit(fault, call, call->sent_us, &bits)) continue;
        if (add(backend, call, index, mishap_of(fault->spec, bits), effects)) {
            effects->touched = true;
            effects->met |= UINT64_C(1) << index;
        }
    }
}

int64_t effects_latency_us(const struct backend *backend, const struct effects *effects,
                           bool has_body, int64_t latency_us)
{
    if (effects->hits == 0) return latency_us;
    double us = (double)latency_us;
    for (uint32_t i = 0; i < backend->fault_count; i++) {
        if ((effects->hits >> i & 1u) == 0) continue;
        const struct fault_spec *const fault = backend->faults[i].spec;
        const double factor = fault->multiply > 0 ? fault->multiply : 1;
        const bool as_outage = (effects->outage_latency >> i & 1u) != 0;
        if (fault->kind == FAULT_LATENCY || as_outage)
            us = us * factor + (double)fault->add_us;
        else if (fault->kind == FAULT_SLOW_BODY && has_body)
            us *= factor;
    }
    if (!(us > 0)) return 0;
    return us < (double)LATENCY_US_MAX ? llround(us) : LATENCY_US_MAX;
}

bool effects_item_missing(const struct backend *backend, const struct effects *effects,
                          const struct call *call, const struct order_item *item)
{
    if (!effects->has_partial) return false;
    for (uint32_t i = 0; i < backend->fault_count; i++) {
        const struct own_fault *const fault = &backend->faults[i];
        if ((effects->hits >> i & 1u) == 0 || fault->spec->kind != FAULT_PARTIAL) continue;
        /* By name: a line's place in the cart is not what a provider is told. */
        const uint64_t what = random_what(RANDOM_STOCK, (unsigned)backend->provider, 0, 0, 0);
        const uint64_t bits = random_draw(call->order_key ^ fault->key ^ item->name_hash, what);
        if (random_chance(bits, random_rate_q32(fault->spec->share))) return true;
    }
    return false;
}

/* ---- calls in flight ------------------------------------------------------------------------- */

static bool strikes(const struct fault_spec *fault)
{
    return fault->hits_in_flight && fault->kind != FAULT_COMPROMISED;
}

/* The first instant after `now_us` at which a fault goes on; INT64_MAX: never. */
static int64_t next_begin_us(const struct fault_spec *fault, int64_t now_us)
{
    for (int64_t at_us = now_us;;) {
        at_us = fault_next_change_us(fault, at_us);
        if (at_us == INT64_MAX || fault_is_on(fault, at_us)) return at_us;
    }
}

int64_t backend_next_strike_us(const struct backend *backend, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (uint32_t i = 0; i < backend->fault_count; i++) {
        const struct fault_spec *const fault = backend->faults[i].spec;
        if (!strikes(fault)) continue;
        const int64_t at_us = next_begin_us(fault, now_us);
        if (at_us < next_us) next_us = at_us;
    }
    return next_us;
}

/* Whether a mishap ends a call in flight, and how. */
static bool end_in_flight(const struct mishap *mishap, struct reply *reply)
{
    switch (mishap->kind) {
    case FAULT_HANG:
        reply->fate = CALL_UNANSWERED;
        reply->latency_us = INT64_MAX;
        return true;
    case FAULT_RESET:
    case FAULT_REFUSE:
        reply->fate = CALL_RESET;
        return true;
    case FAULT_ERROR:
        reply->http_status = mishap->status;
        reply->body = BODY_EMPTY;
        return true;
    case FAULT_TRUNCATED:
        reply->http_status = 200;
        reply->body = BODY_TRUNCATED;
        return true;
    case FAULT_LATENCY:
    case FAULT_DNS:
    case FAULT_TLS:
    case FAULT_THROTTLE:
    case FAULT_AUTH:
    case FAULT_MALFORMED:
    case FAULT_SLOW_BODY:
    case FAULT_EMPTY_RESULTS:
    case FAULT_PARTIAL:
    case FAULT_PRICE_DRIFT:
    case FAULT_STALE_PRICES:
    case FAULT_CLOCK_SKEW:
    case FAULT_OUTAGE:
    case FAULT_COMPROMISED:
    case FAULT_KIND_COUNT:
        break;
    }
    return false;
}

bool backend_strike(struct backend *backend, const struct call *call, int64_t now_us,
                    struct reply *reply)
{
    assert(now_us > call->sent_us);
    struct mishap worst = {.kind = FAULT_KIND_COUNT};
    struct reply ended;
    for (uint32_t i = 0; i < backend->fault_count; i++) {
        struct own_fault fault = backend->faults[i];
        if (!strikes(fault.spec) || !fault_is_on(fault.spec, now_us)) continue;
        if (fault_is_on(fault.spec, now_us - 1)) continue; /* it struck before */
        /* A ramp starts from nothing; a call in flight meets the strength the fault is to reach. */
        fault.ramps = false;
        fault.strength_q32 = random_rate_q32(fault.spec->fraction);
        uint64_t bits;
        if (!is_hit(&fault, call, now_us, &bits)) continue;
        const struct mishap mishap = mishap_of(fault.spec, bits);
        if (!end_in_flight(&mishap, &ended)) continue;
        keep_lowest(&worst, mishap);
        backend->met |= UINT64_C(1) << i;
    }
    if (worst.kind == FAULT_KIND_COUNT) return false;
    *reply = (struct reply){.latency_us = now_us - call->sent_us};
    const bool does = end_in_flight(&worst, reply);
    assert(does);
    backend->counters.faulted++;
    return does;
}
