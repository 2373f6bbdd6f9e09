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

/* Whether a provider has an operation, in whatever API. */
bool operation_exists(enum provider provider, enum operation operation);

/* Which of a provider's APIs is spoken. Only Walmart and Instacart have a second one. */
enum api {
    API_STANDARD,     /* Kroger public; Walmart affiliate, signed; Instacart Connect; MealMe */
    API_ACCESS_TOKEN, /* Walmart as production calls it: an access token in a header, no signature
                       */
    API_DEVELOPER,    /* Instacart's developer platform: an API key, retailers, product links */
    API_COUNT
};
extern const char *const api_names[API_COUNT + 1]; /* "standard", ...; NULL ends */
bool api_exists(enum provider provider, enum api api);

/* The keys by which an API knows us; NULL: the provider has no such API. */
const struct credential_keys *api_keys(enum provider provider, enum api api);

/* Whether the API has a token end point, and its data calls need a token. */
bool api_has_tokens(enum provider provider, enum api api);

/* Whether its calls are signed, by a signature that may be used again while it is young. */
static inline bool api_is_signed(enum provider provider, enum api api)
{
    return provider == PROVIDER_WALMART_API && api == API_STANDARD;
}

/* Kroger takes a search term of at least 3 characters and at most 8 words, and answers others 400.
 */
bool kroger_takes_term(const char *term);

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
    int64_t signed_us;      /* signed APIs: when the signature was made; it is used for a while */
    uint32_t store;         /* SEARCH (not Walmart's: its search knows no store), SLOTS */
    int64_t subtotal_cents; /* SLOTS: the cart's value */
    uint64_t cart;          /* QUOTE, CONFIRM: the codec's handle of the priced cart; 0: none */
    const uint64_t *lines;  /* QUOTE: bit i: the cart holds line i; NULL: all of them; borrowed */
};

enum { LINE_WORDS = (ORDER_ITEMS_MAX + 63) / 64 };

static inline bool line_is_in(const uint64_t *lines, uint32_t line)
{
    return lines == NULL || (lines[line / 64] >> line % 64 & 1u) != 0;
}

struct reply {
    enum call_fate fate;
    enum reply_body body;
    uint16_t http_status;
    uint32_t retry_after_s; /* 0: the header is absent */
    int64_t latency_us;     /* from sent_us to the last byte; of CALL_UNANSWERED: the call's life */
    union {
        struct {             /* TOKEN */
            uint64_t value;  /* only its provider, or the codec, can interpret it */
            int64_t life_us; /* whole seconds: that is how it is stated */
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
        struct { /* CART (MealMe: the priced cart) */
            uint16_t found;
            uint16_t substituted;
            int64_t subtotal_cents;
            uint64_t cart;              /* the codec's handle of it; 0: none is needed */
            uint64_t lines[LINE_WORDS]; /* bit i: line i is in it, as itself or as a substitute */
        } cart;
        struct {                   /* SLOTS */
            int64_t start_unix_ms; /* of the first delivery slot; 0: none is stated */
        } slots;
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
