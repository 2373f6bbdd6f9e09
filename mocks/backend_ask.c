#include <assert.h>

#include "mocks/backend_state.h"

/* The effects on a call as backend_answer() would judge them; NULL: none. */
static const struct effects *judge(struct backend *backend, const struct call *call,
                                   struct effects *effects)
{
    backend_look_around(backend, call->sent_us);
    if (!backend->watchful) return NULL;
    effects_judge(backend, call, effects);
    return effects->touched ? effects : NULL;
}

uint16_t backend_refusal(struct backend *backend, const struct call *call)
{
    struct effects effects;
    return backend_judge_caller(backend, call, judge(backend, call, &effects));
}

uint32_t backend_generation(const struct backend *backend, const struct call *call)
{
    return credentials_shown(&backend->credentials, call);
}

bool backend_line(struct backend *backend, const struct call *call, uint32_t line,
                  int32_t *unit_cents, bool *exact)
{
    assert(line < call->request->item_count);
    struct effects effects;
    uint32_t store = call->store;
    *unit_cents = 0;
    *exact = false;
    if (call->operation != OPERATION_SEARCH &&
        !shelf_store(&backend->shelf, call->request->postal_hash, &store)) {
        return false;
    }
    const struct effects *const judged = judge(backend, call, &effects);
    const int32_t cents = backend_line_cents(backend, call, judged, store, line);
    *exact = cents > 0;
    *unit_cents = cents < 0 ? -cents : cents;
    return cents != 0;
}

bool backend_serves(const struct backend *backend, uint32_t postal_hash, uint32_t *store)
{
    return shelf_store(&backend->shelf, postal_hash, store);
}

uint32_t backend_store_count(const struct backend *backend)
{
    return backend->shelf.spec.stores;
}
