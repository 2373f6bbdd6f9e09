#include "sim/world/tally.h"

#include <assert.h>
#include <math.h>
#include <string.h>

bool tally_init(struct tally *tally, uint32_t sample_limit)
{
    memset(tally, 0, sizeof *tally);
    bool made = samples_init(&tally->latency, sample_limit);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        made = samples_init(&tally->providers[p].latency, sample_limit) && made;
    }
    if (!made) tally_release(tally);
    return made;
}

bool tally_keep_cache(struct tally *tally, uint32_t sample_limit)
{
    return samples_init(&tally->cache.age, sample_limit) &&
           samples_init(&tally->cache.cost, sample_limit);
}

void tally_release(struct tally *tally)
{
    samples_release(&tally->cache.age);
    samples_release(&tally->cache.cost);
    samples_release(&tally->latency);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        samples_release(&tally->providers[p].latency);
}

void tally_clear(struct tally *tally)
{
    struct samples latency[PROVIDER_COUNT + 1] = {[PROVIDER_COUNT] = tally->latency};
    struct samples age = tally->cache.age, cost = tally->cache.cost;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        latency[p] = tally->providers[p].latency;
    memset(tally, 0, sizeof *tally);
    for (unsigned p = 0; p <= PROVIDER_COUNT; p++)
        samples_clear(&latency[p]);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        tally->providers[p].latency = latency[p];
    tally->latency = latency[PROVIDER_COUNT];
    if (age.limit == 0) return; /* there is no cache */
    samples_clear(&age);
    samples_clear(&cost);
    tally->cache.age = age;
    tally->cache.cost = cost;
}

#define ADD(field) (into->field += from->field)

static void merge_provider(struct tally_provider *into, const struct tally_provider *from)
{
    ADD(asked);
    ADD(quotes);
    ADD(estimated);
    ADD(canned);
    for (unsigned i = 0; i < QUOTE_OUTCOME_COUNT; i++)
        ADD(errors[i]);
    ADD(auth_errors);
    ADD(wins);
    ADD(lines);
    ADD(lines_filled);
    ADD(total_cents);
    ADD(eta_minutes);
    ADD(calls);
    ADD(late_answers);
    ADD(token_fetches);
    ADD(retries);
    ADD(hedges);
    ADD(hedges_won);
    samples_merge(&into->latency, &from->latency);
}

static void merge_cache(struct tally_cache *into, const struct tally_cache *from)
{
    for (unsigned i = 0; i < RECALL_COUNT; i++)
        ADD(recalls[i]);
    ADD(wins);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        ADD(saved_calls[p]);
    if (from->age.limit == 0) return;
    samples_merge(&into->age, &from->age);
    samples_merge(&into->cost, &from->cost);
}

void tally_merge(struct tally *into, const struct tally *from)
{
    ADD(orders);
    for (unsigned i = 0; i < ORDER_CODE_COUNT; i++)
        ADD(codes[i]);
    ADD(ok);
    ADD(bad);
    ADD(finished);
    ADD(authentic);
    ADD(quotes);
    ADD(lines);
    ADD(lines_filled);
    ADD(empty_wins);
    ADD(estimated_wins);
    ADD(close_calls);
    ADD(cart_cents);
    ADD(commission_cents);
    ADD(eta_minutes);
    ADD(savings_best_cents);
    ADD(savings_mean_cents);
    ADD(savings_count);
    ADD(placed);
    ADD(confirm_failed);
    ADD(confirm_attempted);
    ADD(failovers);
    ADD(delivered);
    ADD(late);
    ADD(short_of_items);
    ADD(cancelled);
    ADD(failed_delivery);
    ADD(ratings);
    ADD(rating_sum);
    samples_merge(&into->latency, &from->latency);
    merge_cache(&into->cache, &from->cache);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        merge_provider(&into->providers[p], &from->providers[p]);
    }
}

static void count_slot(struct tally_provider *provider, const struct order_slot *slot,
                       int64_t start_us)
{
    const struct quote *quote = &slot->result.quote;
    if (slot->real_outcome == QUOTE_OK && quote->canned) {
        provider->canned++;
        return;
    }
    if (slot->real_outcome == QUOTE_OK && quote->cached) return; /* nobody was asked */
    provider->asked++;
    provider->canned += slot->fell_back;
    if (slot->real_outcome == QUOTE_OK) {
        provider->quotes++;
        provider->estimated += quote->estimated;
        provider->lines += quote->requested;
        provider->lines_filled += (uint64_t)quote->found + quote->substituted;
        provider->total_cents += quote->total_cents;
        provider->eta_minutes += quote->eta_minutes;
        samples_add(&provider->latency, slot->settled_us - start_us, false);
        return;
    }
    provider->errors[slot->real_outcome]++;
    const uint16_t status = slot->result.http_status;
    const bool auth = slot->real_outcome == QUOTE_AUTH_FAILED ||
                      slot->real_outcome == QUOTE_MISSING_CREDENTIALS ||
                      (slot->real_outcome == QUOTE_HTTP_ERROR && (status == 401 || status == 403));
    provider->auth_errors += auth;
    if (slot->real_outcome == QUOTE_TIMEOUT) {
        samples_add(&provider->latency, slot->settled_us - start_us, true);
    }
}

static void count_recalls(struct tally_cache *cache, const struct router_order *order)
{
    int64_t cost_us = -1; /* nothing was asked of it */
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        const enum recall recall = (enum recall)slot->recall;
        cache->recalls[recall]++;
        if (!recall_asked(recall)) continue;
        const int64_t slot_us = router_recall_cost_us(slot);
        if (slot_us > cost_us) cost_us = slot_us;
        if (recall != RECALL_HIT) continue;
        cache->saved_calls[slot->provider] += slot->saved_calls;
        samples_add(&cache->age, (slot->settled_us - slot->made_us) / 1000, false);
    }
    if (cost_us >= 0) samples_add(&cache->cost, cost_us, false);
}

/* What the customer saved against the cheapest, and against the mean, of the quotes not chosen. */
static void count_savings(struct tally *tally, const struct router_order *order, int64_t paid_cents)
{
    const int64_t others = order->quote_count - 1;
    if (others == 0) return;
    int64_t cheapest_cents = INT64_MAX, sum_cents = 0;
    for (unsigned i = 1; i < order->quote_count; i++) {
        const int64_t cents = order->slots[order->ranked[i]].result.quote.total_cents;
        sum_cents += cents;
        if (cents < cheapest_cents) cheapest_cents = cents;
    }
    tally->savings_count++;
    tally->savings_best_cents += cheapest_cents - paid_cents;
    tally->savings_mean_cents += sum_cents * 100 / others - paid_cents * 100;
}

void tally_order(struct tally *tally, const struct router_order *order)
{
    assert(order->decided);

    tally->orders++;
    tally->codes[order->code]++;
    samples_add(&tally->latency, order->decided_us - order->start_us, false);
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        count_slot(&tally->providers[slot->provider], slot, order->start_us);
    }
    if (tally->cache.age.limit > 0) count_recalls(&tally->cache, order);
    if (order->code != ORDER_ROUTED) return;

    const unsigned selected = order->ranked[0];
    const struct order_slot *winner = &order->slots[selected];
    const struct quote *quote = &winner->result.quote;
    const uint64_t filled = (uint64_t)quote->found + quote->substituted;
    tally->providers[winner->provider].wins++;
    tally->quotes += order->quote_count;
    tally->authentic += !quote->canned;
    tally->lines += quote->requested;
    tally->lines_filled += filled;
    tally->empty_wins += filled == 0;
    tally->estimated_wins += quote->estimated;
    tally->cache.wins += quote->cached;
    tally->cart_cents += quote->total_cents;
    tally->eta_minutes += quote->eta_minutes;
    tally->commission_cents +=
        history_commission_cents((enum provider)winner->provider, quote->total_cents);
    if (order->quote_count > 1) {
        const double lead = order->parts[selected].score - order->parts[order->ranked[1]].score;
        tally->close_calls += lead <= 1.0;
    }
    count_savings(tally, order, quote->total_cents);
}
