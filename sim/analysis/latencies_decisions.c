/* Latencies of recorded decisions: the part of latencies.h that knows what a quote record says. */
#include <assert.h>

#include "sim/analysis/latencies.h"

/* False: it was never called. */
static bool was_called(const struct quote_record_quote *quote)
{
    if (quote->outcome == QUOTE_PENDING) return false;
    if ((quote->flags & QUOTE_FLAG_CACHED) != 0) return false; /* its latency is the cache's */
    return (quote->flags & QUOTE_FLAG_CANNED) == 0 || (quote->flags & QUOTE_FLAG_FELL_BACK) != 0;
}

/* `quote` is all that is known of the call: how it ended after its timeout, where it was watched.
 */
static struct latency_sample sample_of(const struct quote_record_quote *quote, int64_t at_us,
                                       uint32_t order)
{
    struct latency_sample sample = {.at_us = at_us,
                                    .us = quote->latency_us,
                                    .timeout_us = quote->timeout_us,
                                    .order = order,
                                    .fate = LATENCY_FAILED};
    if (quote->outcome == QUOTE_OK) sample.fate = LATENCY_ANSWERED;
    if (quote->outcome == QUOTE_TIMEOUT) sample.fate = LATENCY_CENSORED;
    if (quote->outcome == QUOTE_TIMEOUT) {
        sample.capped = quote->timeout_us > 0 && quote->latency_us > quote->timeout_us;
        if (!sample.capped && quote->timeout_us > 0) /* a log tells none */
            sample.us = quote->timeout_us;
    }
    if (sample.us > LATENCY_US_MAX) sample.us = LATENCY_US_MAX;
    if (sample.us > 0) return sample;
    sample.us = 0;
    if (sample.fate != LATENCY_ANSWERED) sample.fate = LATENCY_UNTIMED;
    return sample;
}

static bool add_provider(struct latency_set *set, const struct decision_set *decisions,
                         enum provider provider, struct err *err)
{
    struct latency_series *series = NULL;
    for (uint32_t o = 0; o < decisions->count; o++) {
        const struct quote_record *order = &decisions->orders[o];
        const int64_t at_us = decisions->header.start_unix_us + order->as.order.start_us;
        for (uint32_t q = 0; q < order->as.order.quote_count; q++) {
            const struct quote_record_quote *quote = &order->as.order.quotes[q];
            if (quote->provider != (uint8_t)provider || !was_called(quote)) continue;
            if (series == NULL) series = latency_series_of(set, provider_traits[provider].id, err);
            const struct latency_sample sample =
                sample_of(decision_quote(decisions, o, q), at_us, o);
            if (series == NULL || !latency_add(series, &sample, err)) return false;
        }
    }
    return series == NULL || latency_finish(series, err);
}

bool latencies_from_decisions(struct latency_set *set, const struct decision_set *decisions,
                              struct err *err)
{
    *set = (struct latency_set){.has_time = true, .has_fates = true};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (add_provider(set, decisions, (enum provider)p, err)) continue;
        latencies_release(set);
        return false;
    }
    return true;
}
