#include "sim/world/series.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MAX = 3600 };

int64_t series_bucket_us(int64_t duration_us)
{
    const int64_t share_us = (duration_us + BUCKETS_MAX - 1) / BUCKETS_MAX;
    return share_us < 1000000 ? 1000000 : share_us;
}

bool series_init(struct series *series, int64_t duration_us)
{
    assert(duration_us > 0);
    *series = (struct series){.bucket_us = series_bucket_us(duration_us)};
    series->count = (uint32_t)((duration_us + series->bucket_us - 1) / series->bucket_us);
    series->buckets = calloc(series->count, sizeof *series->buckets);
    bool made = series->buckets != NULL && samples_init(&series->router, 0);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        made = made && samples_init(&series->providers[p], 0);
    }
    if (!made) series_release(series);
    return made;
}

void series_release(struct series *series)
{
    free(series->buckets);
    series->buckets = NULL;
    samples_release(&series->router);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        samples_release(&series->providers[p]);
}

void series_clear(struct series *series, double budget_orders)
{
    memset(series->buckets, 0, series->count * sizeof *series->buckets);
    for (uint32_t i = 0; i < series->count; i++) {
        series->buckets[i].from_us = (int64_t)i * series->bucket_us;
    }
    series->current = 0;
    series->current_until_us = series->count > 1 ? series->bucket_us : INT64_MAX;
    series->bad = 0;
    series->budget_orders = budget_orders;
    samples_clear(&series->router);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        samples_clear(&series->providers[p]);
}

static void close_percentiles(struct samples *samples, double *p50_ms, double *p95_ms,
                              double *p99_ms)
{
    *p50_ms = *p95_ms = *p99_ms = NAN;
    if (samples->count == 0) return;
    *p50_ms = samples_quantile(samples, 0.50, 0).us / 1000.0;
    *p95_ms = samples_quantile(samples, 0.95, 0).us / 1000.0;
    *p99_ms = samples_quantile(samples, 0.99, 0).us / 1000.0;
    samples_clear(samples);
}

static void close_current(struct series *series)
{
    struct result_bucket *bucket = &series->buckets[series->current];
    close_percentiles(&series->router, &bucket->router.p50_ms, &bucket->router.p95_ms,
                      &bucket->router.p99_ms);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct result_bucket_provider *provider = &bucket->providers[p];
        close_percentiles(&series->providers[p], &provider->p50_ms, &provider->p95_ms,
                          &provider->p99_ms);
    }
    bucket->budget_burned =
        series->budget_orders > 0.0 ? (double)series->bad / series->budget_orders : 0.0;
}

void series_close_until(struct series *series, int64_t now_us)
{
    while (now_us >= series->current_until_us) {
        close_current(series);
        series->current++;
        /* The last bucket takes in whatever ends after the last arrival. */
        series->current_until_us = series->current + 1 < series->count
                                       ? (int64_t)(series->current + 1) * series->bucket_us
                                       : INT64_MAX;
    }
}

void series_order(struct series *series, const struct router_order *order)
{
    struct result_bucket *bucket = series_bucket(series, order->decided_us);
    bucket->router.orders++;
    samples_add(&series->router, order->decided_us - order->start_us, false);
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        struct result_bucket_provider *provider = &bucket->providers[slot->provider];
        if (slot->real_outcome == QUOTE_OK && slot->result.quote.canned) {
            provider->canned++;
            continue;
        }
        if (slot->real_outcome == QUOTE_OK && slot->result.quote.cached) continue; /* not asked */
        provider->asked++;
        provider->canned += slot->fell_back;
        if (slot->real_outcome == QUOTE_OK) {
            provider->quotes++;
        } else {
            provider->errors[slot->real_outcome]++;
            provider->timeouts += slot->real_outcome == QUOTE_TIMEOUT;
            if (slot->real_outcome != QUOTE_TIMEOUT) continue;
        }
        samples_add(&series->providers[slot->provider], slot->settled_us - order->start_us, false);
    }
    if (order->code != ORDER_ROUTED) {
        bucket->router.failed++;
        return;
    }
    const struct order_slot *winner = &order->slots[order->ranked[0]];
    bucket->router.routed++;
    bucket->router.authentic += !winner->result.quote.canned;
    bucket->providers[winner->provider].wins++;
}

void series_judged(struct series *series, bool ok, bool bad, int64_t now_us)
{
    series_bucket(series, now_us)->router.ok += ok;
    series->bad += bad;
}

void series_finish(struct series *series)
{
    while (series->current + 1 < series->count)
        series_close_until(series, series->current_until_us);
    close_current(series);
}
