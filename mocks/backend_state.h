/* mocks/backend_state.h - the inside of a backend, for the files that make it up. Nobody else's.
 *
 * backend.c answers, effects.c judges faults, outcome.c says what becomes of orders,
 * backend_ask.c tells a dialect what a reply does not hold.
 */
#ifndef MOCKS_BACKEND_STATE_H
#define MOCKS_BACKEND_STATE_H

#include "mocks/backend.h"
#include "mocks/credentials.h"
#include "mocks/limits.h"
#include "mocks/shelf.h"
#include "router/base/random.h"

struct own_fault {                 /* one of the faults that concern this provider, in file order */
    const struct fault_spec *spec; /* borrowed */
    uint64_t key;                  /* of its draws: from its id */
    uint64_t strength_q32;         /* while it is on and no longer ramps */
    bool ramps;                    /* its strength still changes call by call */
};

struct backend {
    /* what every answer looks at first */
    int64_t quiet_from_us; /* from here on, for quiet_us, nothing begins, ends or changes */
    uint64_t quiet_us;
    bool any_term; /* Kroger: kroger_takes_term() is true of the whole catalogue */
    bool watchful; /* a fault is on, or limits or capacity have to be looked at */
    enum provider provider;
    uint64_t error_q32[OPERATION_COUNT];
    int64_t error_speed_q16;
    struct law latency[OPERATION_COUNT];
    bool known[OPERATION_COUNT]; /* the provider has the operation */
    struct backend_counters counters;
    struct shelf shelf;
    struct credentials credentials;
    struct limits limits;

    struct backend_spec spec;
    struct law eta;          /* thousandths of a minute */
    struct law single_total; /* cents */
    struct law late;         /* thousandths of a minute */
    uint64_t confirm_error_q32;

    struct own_fault faults[BACKEND_FAULTS_MAX];
    uint32_t fault_count;
    uint8_t active[BACKEND_FAULTS_MAX]; /* indices into faults, in file order */
    uint32_t active_count;
    uint64_t met; /* bit i: own fault i has hit a call */

    int64_t *servers; /* a heap of the instants at which each is free; NULL: unlimited */
    uint64_t seed_r;
    int64_t epoch_us;
};

/* What the active faults make of one call. */
struct mishap {           /* a terminal fault, or a part of an outage */
    enum fault_kind kind; /* FAULT_KIND_COUNT: none */
    uint16_t status;
    const struct fault_spec *fault;
};

struct effects {
    struct mishap below;  /* of the layers below HTTP, the lowest */
    struct mishap status; /* auth too, where it would refuse this call */
    struct mishap body;
    bool touched;
    uint64_t met;            /* bit i: own fault i hits this call */
    uint64_t hits;           /* of those, the modifiers */
    uint64_t outage_latency; /* of those, outages of which this order drew a latency part */
    bool has_partial;
    bool stale;
    int64_t stale_us;
    double price_factor;
    int64_t skew_us;
};

/* Finds out what holds at an instant, unless it is known: before anything else is asked of it. */
void backend_look_around(struct backend *backend, int64_t now_us);

/* The status with which a call is refused for who makes it; 0: it is let in. `effects` may be NULL:
 * no fault is on. */
uint16_t backend_judge_caller(const struct backend *backend, const struct call *call,
                              const struct effects *effects);

/* As shelf_entry.answer for line `index` of a call's cart, under whatever faults touch prices and
 * stock. `effects` may be NULL. */
int32_t backend_line_cents(struct backend *backend, const struct call *call,
                           const struct effects *effects, uint32_t store, uint32_t index);

void effects_judge(const struct backend *backend, const struct call *call, struct effects *effects);

/* The latency modifiers, in file order, on a call that is answered. */
int64_t effects_latency_us(const struct backend *backend, const struct effects *effects,
                           bool has_body, int64_t latency_us);

/* Whether a partial fault takes an item away from a call. */
bool effects_item_missing(const struct backend *backend, const struct effects *effects,
                          const struct call *call, const struct order_item *item);

#endif
