#include "sim/analysis/waiting_state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"

enum { ETA_WHEN_MISSING = 60 };                  /* as the scorer counts it */
static const int64_t dearest = INT64_C(1) << 41; /* beyond any total that a record may have */

/* ---- could somebody who is still awaited win? ---- */

struct bids { /* what has arrived, and what is imagined of the others, by slot */
    struct score_input inputs[PROVIDER_COUNT];
    uint8_t slots[PROVIDER_COUNT]; /* in candidate order */
    uint32_t count;
    uint8_t pending; /* mask of slots */
    int32_t items;
    bool zero_is_missing;
    struct score_weights weights;
    enum preference preference;
};

struct imagined {
    int64_t total_cents;
    int32_t eta_minutes;
};

static int32_t eta_of(const struct score_input *input)
{
    return input->eta_minutes == 0 ? ETA_WHEN_MISSING : input->eta_minutes;
}

static struct imagined imagine(const struct waiting_rule *rule,
                               const struct decision_inputs *arrived)
{
    struct imagined bid = {.total_cents = 1, .eta_minutes = 1};
    if (rule->kind != EARLY_LIKELY) return bid;
    int64_t cheapest = arrived->inputs[0].total_cents;
    int32_t fastest = eta_of(&arrived->inputs[0]);
    for (uint32_t i = 1; i < arrived->count; i++) {
        if (arrived->inputs[i].total_cents < cheapest) cheapest = arrived->inputs[i].total_cents;
        if (eta_of(&arrived->inputs[i]) < fastest) fastest = eta_of(&arrived->inputs[i]);
    }
    bid.total_cents = (int64_t)fmax(1.0, round(rule->total_share * (double)cheapest));
    bid.eta_minutes = (int32_t)fmax(1.0, round(rule->eta_share * fastest));
    return bid;
}

static struct score_input pending_input(const struct quote_record *record, unsigned slot,
                                        struct imagined bid)
{
    const struct quote_record_quote *asked = &record->as.order.quotes[slot];
    return (struct score_input){.provider = (enum provider)asked->provider,
                                .priority = asked->priority,
                                .total_cents = bid.total_cents,
                                .eta_minutes = bid.eta_minutes,
                                .found = record->as.order.items,
                                .has_success_rate = (asked->flags & QUOTE_FLAG_SUCCESS_RATE) != 0,
                                .has_margin_rate = (asked->flags & QUOTE_FLAG_MARGIN_RATE) != 0,
                                .success_rate = asked->success_rate,
                                .margin_rate = asked->margin_rate};
}

/* Under the median a pending quote may move the totals of those that lack items, up or down. */
static bool totals_may_move(const struct decision_set *set, uint32_t order,
                            const struct decision_inputs *arrived)
{
    if (set->configs[set->config_of[order]].as.config.missing_items != MISSING_ITEMS_MEDIAN)
        return false;
    for (uint32_t i = 0; i < arrived->count; i++)
        if (arrived->inputs[i].found + arrived->inputs[i].substituted < arrived->items) return true;
    return false;
}

static void lay_out(const struct decision_set *set, uint32_t order,
                    const struct waiting_event *event, const struct waiting_rule *rule,
                    struct bids *bids)
{
    const struct quote_record *record = &set->orders[order];
    struct decision_inputs arrived;
    decision_inputs_of_mask(set, order, event->quotes.answers, event->quotes.standing, &arrived);
    assert(arrived.count > 0);
    const struct imagined bid = imagine(rule, &arrived);
    const bool move = rule->kind == EARLY_CERTAIN && totals_may_move(set, order, &arrived);
    *bids = (struct bids){.pending = event->pending,
                          .items = arrived.items,
                          .zero_is_missing = arrived.zero_is_missing,
                          .weights = decision_weights(set, order),
                          .preference = (enum preference)record->as.order.preference};
    uint32_t next = 0;
    for (unsigned i = 0; i < record->as.order.quote_count; i++) {
        const bool is_here = next < arrived.count && arrived.slots[next] == i;
        if (!is_here && (event->pending >> i & 1u) == 0) continue;
        bids->slots[bids->count] = (uint8_t)i;
        bids->inputs[bids->count] =
            is_here ? arrived.inputs[next++] : pending_input(record, i, bid);
        if (is_here && move) bids->inputs[bids->count].total_cents = dearest;
        bids->count++;
    }
}

/* Whether one of `bidders` wins when they, and no other pending ones, come as imagined. */
static bool wins(const struct bids *bids, unsigned bidders)
{
    struct decision_inputs inputs = {.items = bids->items,
                                     .zero_is_missing = bids->zero_is_missing};
    const unsigned absent = bids->pending & ~bidders;
    for (uint32_t i = 0; i < bids->count; i++) {
        if ((absent >> bids->slots[i] & 1u) != 0) continue;
        inputs.slots[inputs.count] = bids->slots[i];
        inputs.inputs[inputs.count++] = bids->inputs[i];
    }
    const uint32_t best = decision_select(&inputs, &bids->weights, bids->preference, NULL);
    return (bidders >> inputs.slots[best] & 1u) != 0;
}

/* Under a negative weight (the router warns, and takes it) the imagined quote is not the best. */
static bool less_is_better(const struct score_weights *weights)
{
    return weights->price >= 0.0 && weights->speed >= 0.0 && weights->availability >= 0.0;
}

static bool somebody_could_win(const struct decision_set *set, uint32_t order,
                               const struct waiting_event *event, const struct waiting_rule *rule)
{
    struct bids bids;
    lay_out(set, order, event, rule, &bids);
    if (rule->kind == EARLY_CERTAIN && !less_is_better(&bids.weights)) return true;
    for (unsigned bidders = bids.pending; bidders != 0; bidders = (bidders - 1) & bids.pending)
        if (wins(&bids, bidders)) return true;
    return false;
}

/* ---- the rules ---- */

static bool is_enough(const struct waiting_patience *patience, uint32_t order,
                      const struct waiting_event *event, const struct waiting_rule *rule)
{
    const unsigned quotes = waiting_bits(event->quotes.answers | event->quotes.standing);
    if (event->pending == 0) return true;
    if (quotes == 0) return false;
    switch (rule->kind) {
    case EARLY_AT_LEAST:
        return quotes >= rule->at_least;
    case EARLY_CERTAIN:
    case EARLY_LIKELY:
        return !somebody_could_win(patience->set, order, event, rule);
    }
    return true;
}

/* When an order is decided, and from what. One that asked nobody is at once, from nothing. */
static struct waiting_event decide_early(const struct waiting_patience *patience, uint32_t order,
                                         const struct waiting_seen *seen,
                                         const struct waiting_rule *rule)
{
    struct waiting_event events[PROVIDER_COUNT];
    const uint32_t count = waiting_events(seen, events);
    for (uint32_t i = 0; i < count; i++)
        if (is_enough(patience, order, &events[i], rule)) return events[i];
    return (struct waiting_event){.at_us = 0};
}

bool waiting_early(const struct waiting_patience *patience, const struct decision_view *view,
                   const struct waiting_rule *rule, const struct waiting_prices *prices,
                   struct waiting_early_outcome *outcome, struct err *err)
{
    struct waiting_tally tally;
    int64_t sum_us = 0;
    assert(rule->kind != EARLY_AT_LEAST || rule->at_least >= 1);
    *outcome = (struct waiting_early_outcome){.rule = *rule};
    if (!waiting_tally_begin(&tally, patience, err)) return false;
    int64_t *const saved_us = memory_zeroed(patience->count * sizeof *saved_us);
    bool ok = saved_us != NULL || waiting_out_of_memory(err, patience->count);
    for (uint32_t i = 0; ok && i < patience->count; i++) {
        struct waiting_seen seen;
        waiting_see(patience, view, &patience->orders[i], &seen);
        const struct waiting_event decided = decide_early(patience, i, &seen, rule);
        waiting_tally_add(&tally, i, decided.at_us, decided.quotes);
        saved_us[i] = seen.wait_us - decided.at_us;
        sum_us += saved_us[i];
        outcome->early += decided.pending != 0;
    }
    ok = ok && waiting_quantiles_ms(saved_us, patience->count, outcome->saved_ms_quantiles, err);
    outcome->saved_ms = (double)sum_us / 1000.0 / (double)patience->count;
    free(saved_us);
    if (ok) return waiting_tally_end(&tally, prices, &outcome->outcome, err);
    free(tally.waits_us);
    return false;
}
