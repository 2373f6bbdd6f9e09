/* router/quote.h - one provider's answer to a cart, and how asking for it ended.
 *
 * Money is integer cents, ETA whole minutes (0: none was given). `found` counts lines priced as
 * asked, `substituted` lines priced as something else; what is neither is missing and costs
 * nothing, unless a policy prices it (router/policy.h).
 */
#ifndef ROUTER_QUOTE_H
#define ROUTER_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "router/provider.h"

enum quote_outcome {
    QUOTE_PENDING,
    QUOTE_OK,
    QUOTE_TIMEOUT,
    QUOTE_AUTH_FAILED,         /* the token endpoint refused */
    QUOTE_MISSING_CREDENTIALS, /* a live adapter had none to send */
    QUOTE_HTTP_ERROR,          /* HTTP_<status>; 401 and 403 read Unauthorized */
    QUOTE_RATE_LIMITED,        /* 429 */
    QUOTE_UNAVAILABLE,         /* the provider says it is down, or serves nothing here */
    QUOTE_NO_STORES,
    QUOTE_NETWORK_ERROR, /* refused, reset, DNS, TLS */
    QUOTE_INVALID_RESPONSE,
    QUOTE_OUTCOME_COUNT
};

struct quote {
    int64_t subtotal_cents;
    int64_t fee_cents;
    int64_t tax_cents;
    int64_t total_cents;
    int32_t eta_minutes;
    uint16_t requested; /* lines */
    uint16_t found;
    uint16_t substituted;
    bool canned;    /* the provider's constant mock quote: nothing was called */
    bool estimated; /* priced from a declared list, because the API gives no prices */
    bool cached;    /* the provider gave it to an earlier order; this one did not call */
    uint32_t store;
};

/* How asking ended; `quote` is read when outcome is QUOTE_OK. */
struct quote_result {
    enum quote_outcome outcome;
    uint16_t http_status; /* 0: no HTTP reply */
    bool retryable;
    uint16_t calls; /* that asking took, also those sent again */
    struct quote quote;
};

/* "TIMEOUT", "AUTH_FAILED", "HTTP_503", ... into `code`; stable names, used in events and tables.
 */
enum { QUOTE_CODE_MAX = 24 };
const char *quote_code(enum quote_outcome outcome, uint16_t http_status, char code[QUOTE_CODE_MAX]);

/* The class of an outcome without its status ("HTTP_ERROR"): for counting errors by kind. */
extern const char *const quote_outcome_names[QUOTE_OUTCOME_COUNT];

/* Sets tax, fee and total from the provider's constants. */
void quote_price(struct quote *quote, enum provider provider, int64_t subtotal_cents);

/* What the lines that `quote` lacks would cost: each the median of what a line costs in the
 * `count` quotes of its order (itself among them). Exact prices line by line would need every
 * provider's basket; what is asked here is only that a gap no longer looks like a bargain. */
int64_t quote_missing_cents(const struct quote *quote, const struct quote *const *quotes,
                            unsigned count);

/* The constant quote of mock mode: every line found, each unit at the provider's canned price. */
struct order_request;
void quote_canned(struct quote *quote, enum provider provider, const struct order_request *request);

#endif
