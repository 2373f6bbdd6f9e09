#include "router/history.h"

#include <assert.h>

/* A year's commission in cents times ten thousand leaves 64 bits. */
__extension__ typedef unsigned __int128 wide;

double history_percent(int64_t part, int64_t whole)
{
    assert(whole > 0);
    assert(part >= 0);
    /* Hundredths of a percent: 10000 * part / whole, half up. */
    const wide doubled = (wide)whole * 2u;
    const wide hundredths = ((wide)part * 20000u + (wide)whole) / doubled;
    return (double)(uint64_t)hundredths / 100.0;
}

static void refresh_rates(struct provider_history *provider)
{
    if (provider->total > 0) {
        provider->has_success_rate = true;
        provider->success_rate = history_percent(provider->successful, provider->total);
    }
    if (provider->value_cents > 0) {
        provider->has_margin_rate = true;
        provider->margin_rate = history_percent(provider->commission_cents, provider->value_cents);
    }
}

void history_record(struct history *history, enum provider provider,
                    const struct outcome_batch *batch)
{
    struct provider_history *entry = &history->providers[provider];
    for (unsigned i = 0; i < ORDER_OUTCOME_COUNT; i++) {
        assert(batch->counts[i] >= 0);
        entry->total += batch->counts[i];
    }
    entry->successful += batch->counts[ORDER_SUCCESS];
    entry->failed += batch->counts[ORDER_FAILED];
    entry->cancelled += batch->counts[ORDER_CANCELLED];
    entry->value_cents += batch->value_cents;
    entry->commission_cents += batch->commission_cents;
    if (!history->frozen) refresh_rates(entry);
}

void history_seed(struct history *history, enum provider provider, int64_t total,
                  double success_rate, double margin_rate)
{
    struct provider_history *entry = &history->providers[provider];
    *entry = (struct provider_history){.total = total};
    if (total > 0 && success_rate >= 0.0) {
        entry->has_success_rate = true;
        entry->success_rate = success_rate;
        entry->successful = (int64_t)((double)total * success_rate / 100.0 + 0.5);
        entry->failed = total - entry->successful;
    }
    if (margin_rate >= 0.0) {
        /* Behind the rate stand orders of a usual cart each, so that one more does not sweep it
         * away. */
        enum { USUAL_CART_CENTS = 3500 };
        entry->has_margin_rate = true;
        entry->margin_rate = margin_rate;
        entry->value_cents = (total > 0 ? total : 1) * USUAL_CART_CENTS;
        entry->commission_cents = (int64_t)((double)entry->value_cents * margin_rate / 100.0 + 0.5);
    }
}

int64_t history_commission_cents(enum provider provider, int64_t value_cents)
{
    assert(value_cents >= 0);
    return (value_cents * provider_traits[provider].commission_bp + 5000) / 10000;
}
