/* providers/message.h - the neutral messages between an adapter and a provider, real or mock.
 *
 * An adapter speaks these; a wire carries them: handed over as structs, through a provider's codec
 * in memory, or over HTTP. A message holds nothing that its codec cannot carry: a search carries a
 * name, not a place in our catalogue (item->product is only the remembered result of looking the
 * name up).
 *
 * Operations by provider: Kroger TOKEN, STORE, SEARCH per item; Walmart STORE, SEARCH per item;
 * Instacart TOKEN, STORE, SLOTS; MealMe CART, QUOTE; each CONFIRM and HEALTH. A provider whose
 * chain is `single` answers one SINGLE call with a whole quote.
 */
#ifndef PROVIDERS_MESSAGE_H
#define PROVIDERS_MESSAGE_H

#include "router/config.h"
#include "router/order.h"

enum operation {
    OPERATION_TOKEN,
    OPERATION_STORE,
    OPERATION_SEARCH,
    OPERATION_CART,
    OPERATION_QUOTE,
    OPERATION_SLOTS,
    OPERATION_SINGLE,
    OPERATION_CONFIRM,
    OPERATION_HEALTH,
    OPERATION_COUNT
};
extern const char
    *const operation_names[OPERATION_COUNT + 1]; /* "token", "store", ...; NULL ends */

/* Bit p of operations_of[o]: whether provider p has operation o. */
bool operation_exists(enum provider provider, enum operation operation);

/* How a call ended on the wire. Everything but CALL_ANSWERED has no HTTP status. */
enum call_fate {
    CALL_ANSWERED,
    CALL_UNANSWERED, /* accepted and never answered: ends with the call's life */
    CALL_REFUSED,
    CALL_RESET,
    CALL_DNS,
    CALL_TLS,
    CALL_FATE_COUNT
};
extern const char *const call_fate_names[CALL_FATE_COUNT];

enum reply_body { /* what an answered call's body is worth */
                  BODY_GOOD,
                  BODY_MALFORMED, /* not JSON, or not of the shape */
                  BODY_TRUNCATED, /* the connection closed before the stated length */
                  BODY_EMPTY      /* an error status with nothing to read */
};

struct call {
    enum provider provider;
    enum operation operation;
    uint64_t order_key; /* random_key(seed_r, order index); for calls no order owns, of provider and
                           generation: the key of every draw about this call */
    uint64_t order_index; /* UINT64_MAX: no order owns it */
    uint32_t item;        /* line of the cart, for SEARCH */
    uint32_t attempt;     /* 0, then 1 for the first retry, ... */
    int64_t sent_us;
    const struct order_request *request; /* borrowed */
    const struct credential *credential; /* TOKEN, and providers without tokens; borrowed */
    uint64_t token;                      /* providers with tokens; 0: none */
    uint32_t store;                      /* SEARCH, SLOTS */
    int64_t subtotal_cents;              /* SLOTS: the cart's value; CONFIRM */
};

struct reply {
    enum call_fate fate;
    enum reply_body body;
    uint16_t http_status;
    uint32_t retry_after_s; /* 0: the header is absent */
    int64_t latency_us;     /* from sent_us to the last byte; of CALL_UNANSWERED: the call's life */
    union {
        struct { /* TOKEN */
            uint64_t value;
            int64_t life_us;
        } token;
        struct { /* STORE */
            bool found;
            uint32_t store;
        } store;
        struct { /* SEARCH: the first product that fits */
            bool found;
            bool exact; /* its name is the one asked for; otherwise it is a substitute */
            int32_t unit_cents;
        } product;
        struct { /* CART (MealMe: the priced cart), SLOTS (found and substituted only) */
            uint16_t found;
            uint16_t substituted;
            int64_t subtotal_cents;
            int64_t slot_start_us; /* SLOTS: first delivery slot, from now */
        } cart;
        struct { /* QUOTE (MealMe's order quote), SINGLE */
            int64_t subtotal_cents;
            int64_t fee_cents;
            int64_t tax_cents;
            int32_t eta_minutes_min;
            int32_t eta_minutes_max;
            uint16_t found;
            uint16_t substituted;
        } quote;
    } as;
};

#endif
