#include "router/quote.h"

#include <assert.h>
#include <stdio.h>

#include "router/order.h"

const char *const quote_outcome_names[QUOTE_OUTCOME_COUNT] = {
    [QUOTE_PENDING] = "PENDING",
    [QUOTE_OK] = "OK",
    [QUOTE_TIMEOUT] = "TIMEOUT",
    [QUOTE_AUTH_FAILED] = "AUTH_FAILED",
    [QUOTE_MISSING_CREDENTIALS] = "MISSING_CREDENTIALS",
    [QUOTE_HTTP_ERROR] = "HTTP_ERROR",
    [QUOTE_RATE_LIMITED] = "RATE_LIMITED",
    [QUOTE_UNAVAILABLE] = "UNAVAILABLE",
    [QUOTE_NO_STORES] = "NO_STORES",
    [QUOTE_NETWORK_ERROR] = "NETWORK_ERROR",
    [QUOTE_INVALID_RESPONSE] = "INVALID_RESPONSE",
};

const char *quote_code(enum quote_outcome outcome, uint16_t http_status, char code[QUOTE_CODE_MAX])
{
    if (outcome != QUOTE_HTTP_ERROR) return quote_outcome_names[outcome];
    (void)snprintf(code, QUOTE_CODE_MAX, "HTTP_%u", (unsigned)http_status);
    return code;
}

void quote_price(struct quote *quote, enum provider provider, int64_t subtotal_cents)
{
    quote->subtotal_cents = subtotal_cents;
    quote->fee_cents = provider_fee_cents(provider, subtotal_cents);
    quote->tax_cents = provider_tax_cents(provider, subtotal_cents);
    quote->total_cents = subtotal_cents + quote->fee_cents + quote->tax_cents;
}

int64_t quote_missing_cents(const struct quote *quote, const struct quote *const *quotes,
                            unsigned count)
{
    const int64_t priced = quote->found + quote->substituted;
    if (priced >= quote->requested) return 0;
    assert(count <= PROVIDER_COUNT);
    int64_t line_cents[PROVIDER_COUNT];
    unsigned known = 0;
    for (unsigned i = 0; i < count; i++) {
        const int64_t lines = quotes[i]->found + quotes[i]->substituted;
        if (lines == 0) continue;
        const int64_t cents = (quotes[i]->subtotal_cents + lines / 2) / lines;
        unsigned place = known++;
        for (; place > 0 && line_cents[place - 1] > cents; place--)
            line_cents[place] = line_cents[place - 1];
        line_cents[place] = cents;
    }
    if (known == 0) return 0;
    const int64_t median = (line_cents[(known - 1) / 2] + line_cents[known / 2]) / 2;
    return (quote->requested - priced) * median;
}

void quote_canned(struct quote *quote, enum provider provider, const struct order_request *request)
{
    assert(request->item_count <= ORDER_ITEMS_MAX);

    int64_t units = 0;
    for (uint32_t i = 0; i < request->item_count; i++)
        units += request->items[i].quantity;
    *quote = (struct quote){.eta_minutes = provider_traits[provider].eta_minutes,
                            .requested = (uint16_t)request->item_count,
                            .found = (uint16_t)request->item_count,
                            .canned = true};
    quote_price(quote, provider, units * provider_traits[provider].canned_unit_cents);
}
