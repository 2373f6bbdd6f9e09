#include "sim/analysis/waiting_state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/stats_select.h"

enum { BEYOND_LEAST = 10 }; /* orders beyond a quantile, for it to be one */
#define LEVEL     0.95
#define WAIT_MOST (INT64_C(1) << 40) /* so that sums over millions of orders fit */

const double waiting_quantiles[WAITING_QUANTILES] = {0.50, 0.95, 0.99};

bool waiting_out_of_memory(struct err *err, uint32_t orders)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for %u orders",
                    (unsigned)orders);
}

/* ---- the patience ---- */

static int64_t within_reason(int64_t wait_us)
{
    return wait_us < 0 ? 0 : wait_us > WAIT_MOST ? WAIT_MOST : wait_us;
}

static uint8_t slots_of(const struct decision_inputs *inputs)
{
    unsigned mask = 0;
    for (uint32_t i = 0; i < inputs->count; i++)
        mask |= 1u << inputs->slots[i];
    return (uint8_t)mask;
}

/* Whom the patience leaves out has neither answers nor canned quotes. */
static void fill_slots(const struct waiting_patience *patience, uint32_t place,
                       struct waiting_order *order)
{
    const struct quote_record *record = &patience->set->orders[place];
    struct decision_inputs answers, recorded;
    decision_inputs_of_mask(patience->set, place, UINT8_MAX, 0, &answers);
    decision_inputs_of_mask(patience->set, place, 0, UINT8_MAX, &recorded);
    const unsigned usable = slots_of(&answers), scored = slots_of(&recorded);
    order->count = record->as.order.quote_count;
    for (unsigned i = 0; i < order->count; i++) {
        const struct quote_record_quote *asked = &record->as.order.quotes[i];
        const struct quote_record_quote *known = decision_quote(patience->set, place, i);
        const bool left_out = (patience->without >> asked->provider & 1u) != 0;
        const bool answered = known->outcome == QUOTE_OK && !left_out;
        const bool fell_back = (asked->flags & QUOTE_FLAG_FELL_BACK) != 0;
        const int64_t ended_us = within_reason(known->latency_us);
        order->slots[i] = (struct waiting_slot){
            .answered_us = answered ? ended_us : WAITING_NEVER,
            .ended_us =
                known == asked && known->outcome == QUOTE_TIMEOUT ? WAITING_NEVER : ended_us,
            .recorded_us = within_reason(asked->latency_us),
            .provider = asked->provider,
            .usable = answered && (usable >> i & 1u) != 0,
            .in_time = answered && asked->outcome == QUOTE_OK,
            .stands_in = fell_back && !left_out && (scored >> i & 1u) != 0,
            .called = ((asked->flags & QUOTE_FLAG_CANNED) == 0 || fell_back) &&
                      (asked->flags & QUOTE_FLAG_CACHED) == 0};
    }
}

/* The winner of a set of quotes, and what all of them score. */
static uint8_t decide(const struct waiting_patience *patience, uint32_t place,
                      struct waiting_quotes quotes, struct decision_inputs *inputs,
                      struct score_parts *parts)
{
    const struct quote_record *record = &patience->set->orders[place];
    decision_inputs_of_mask(patience->set, place, quotes.answers, quotes.standing, inputs);
    if (inputs->count == 0) return WAITING_NOBODY;
    if (inputs->count == 1 && parts == NULL) return inputs->slots[0];
    const struct score_weights weights = decision_weights(patience->set, place);
    return inputs->slots[decision_select(inputs, &weights,
                                         (enum preference)record->as.order.preference, parts)];
}

/* What each slot of `inputs` loses against the patient winner, which is among them. */
static void judge(struct waiting_order *order, const struct decision_inputs *inputs,
                  const struct score_parts *parts, uint8_t slots)
{
    uint32_t best = 0;
    while (inputs->slots[best] != order->patient)
        best++;
    for (uint32_t i = 0; i < inputs->count; i++) {
        struct waiting_slot *slot = &order->slots[inputs->slots[i]];
        if (((unsigned)slots >> inputs->slots[i] & 1u) == 0) continue;
        slot->cents = inputs->quotes[i]->total_cents - inputs->quotes[best]->total_cents;
        slot->points = fmax(0.0, parts[best].score - parts[i].score);
    }
}

/* A canned quote may win whose provider's own answer came later and is excluded: it is no quote of
 * the patient decision, and so is scored as one more. */
static void judge_excluded(const struct waiting_patience *patience, uint32_t place,
                           struct waiting_order *order, struct waiting_quotes patient)
{
    struct decision_inputs inputs;
    struct score_parts parts[PROVIDER_COUNT];
    for (unsigned i = 0; i < order->count; i++) {
        const struct waiting_slot *slot = &order->slots[i];
        if (!slot->stands_in || slot->answered_us == WAITING_NEVER || slot->usable) continue;
        struct waiting_quotes quotes = patient;
        quotes.standing = (uint8_t)(quotes.standing | 1u << i);
        (void)decide(patience, place, quotes, &inputs, parts);
        judge(order, &inputs, parts, (uint8_t)(1u << i));
    }
}

static void decide_patiently(struct waiting_patience *patience, uint32_t place,
                             struct waiting_order *order)
{
    struct waiting_quotes patient = {0, 0};
    struct decision_inputs inputs;
    struct score_parts parts[PROVIDER_COUNT];
    for (unsigned i = 0; i < order->count; i++) {
        const struct waiting_slot *slot = &order->slots[i];
        if (slot->usable) patient.answers |= (uint8_t)(1u << i);
        if (slot->stands_in && slot->answered_us == WAITING_NEVER)
            patient.standing |= (uint8_t)(1u << i);
        if (slot->stands_in && slot->usable) order->either |= (uint8_t)(1u << i);
        if (slot->stands_in || slot->usable) order->known++;
    }
    patience->quotes_known += order->known;
    order->patient = decide(patience, place, patient, &inputs, parts);
    if (order->patient == WAITING_NOBODY) return;
    judge(order, &inputs, parts, UINT8_MAX);
    judge_excluded(patience, place, order, patient);
}

/* The quotes that a set stands for. A bit of a slot that never has any stands for nothing. */
static struct waiting_quotes quotes_of(const struct waiting_order *order, size_t set)
{
    struct waiting_quotes quotes = {0, 0};
    unsigned bit = WAITING_SETS;
    for (unsigned i = 0; i < order->count; i++) {
        const struct waiting_slot *slot = &order->slots[i];
        const bool either = (order->either >> i & 1u) != 0;
        const bool stands = slot->stands_in && (!slot->usable || (either && (set & bit) != 0));
        if (either) bit <<= 1;
        if ((set >> i & 1u) == 0) continue;
        if (stands) {
            quotes.standing |= (uint8_t)(1u << i);
        } else if (slot->usable) {
            quotes.answers |= (uint8_t)(1u << i);
        }
    }
    return quotes;
}

static bool room_for_winners(struct waiting_patience *patience, size_t more)
{
    if (patience->winner_count + more <= patience->winner_capacity) return true;
    const size_t capacity = patience->winner_capacity * 2 + more;
    uint8_t *winners = memory_resize(patience->winners, capacity, 1);
    if (winners == NULL) return false;
    patience->winners = winners;
    patience->winner_capacity = capacity;
    return true;
}

static bool decide_every_set(struct waiting_patience *patience, uint32_t place,
                             struct waiting_order *order)
{
    const size_t sets = (size_t)WAITING_SETS << waiting_bits(order->either);
    if (!room_for_winners(patience, sets)) return false;
    order->winners = patience->winner_count;
    patience->winner_count += sets;
    uint8_t *const winners = patience->winners + order->winners;
    for (size_t set = 0; set < sets; set++) {
        struct decision_inputs inputs;
        const struct waiting_quotes quotes = quotes_of(order, set);
        const size_t same = waiting_set(order, quotes); /* without the bits that mean nothing */
        winners[set] = same < set ? winners[same] : decide(patience, place, quotes, &inputs, NULL);
    }
    return true;
}

static bool asks_twice(const struct quote_record *record)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < record->as.order.quote_count; i++) {
        const unsigned bit = 1u << record->as.order.quotes[i].provider;
        if ((seen & bit) != 0) return true;
        seen |= bit;
    }
    return false;
}

static bool fill_orders(struct waiting_patience *patience, struct err *err)
{
    for (uint32_t i = 0; i < patience->count; i++) {
        struct waiting_order *order = &patience->orders[i];
        if (asks_twice(&patience->set->orders[i]))
            return err_fail(err, ERR_INPUT, (struct place){0}, "order %llu asks a provider twice",
                            (unsigned long long)patience->set->orders[i].as.order.index);
        fill_slots(patience, i, order);
        decide_patiently(patience, i, order);
        if (!decide_every_set(patience, i, order))
            return waiting_out_of_memory(err, patience->count);
    }
    return true;
}

struct waiting_patience *waiting_patience_make(const struct decision_set *set, uint8_t without,
                                               struct err *err)
{
    struct waiting_patience *patience = memory_zeroed(sizeof *patience);
    if (patience != NULL) {
        *patience = (struct waiting_patience){.set = set, .without = without, .count = set->count};
        patience->orders = memory_zeroed(set->count * sizeof *patience->orders);
    }
    const bool room = patience != NULL && patience->orders != NULL &&
                      room_for_winners(patience, (size_t)set->count * WAITING_SETS + 1);
    if (!room) (void)waiting_out_of_memory(err, set->count);
    if (room && fill_orders(patience, err)) return patience;
    waiting_patience_release(patience);
    return NULL;
}

void waiting_patience_release(struct waiting_patience *patience)
{
    if (patience == NULL) return;
    free(patience->orders);
    free(patience->winners);
    free(patience);
}

/* ---- under a view ---- */

void waiting_see(const struct waiting_patience *patience, const struct decision_view *view,
                 const struct waiting_order *order, struct waiting_seen *seen)
{
    const unsigned without = (unsigned)view->without | patience->without;
    *seen = (struct waiting_seen){.wait_us = 0};
    for (unsigned i = 0; i < order->count; i++) {
        const struct waiting_slot *slot = &order->slots[i];
        const int64_t timeout_us = view->timeout_us[slot->provider];
        const uint8_t bit = (uint8_t)(1u << i);
        if ((without >> slot->provider & 1u) != 0) continue;
        const bool answered = timeout_us == 0 ? slot->in_time : slot->answered_us < timeout_us;
        const int64_t settled_us = timeout_us == 0               ? slot->recorded_us
                                   : slot->ended_us < timeout_us ? slot->ended_us
                                                                 : timeout_us;
        seen->asked |= bit;
        seen->settled_us[i] = settled_us;
        if (settled_us > seen->wait_us) seen->wait_us = settled_us;
        if (answered && slot->usable) seen->quotes.answers |= bit;
        if (!answered && slot->stands_in) seen->quotes.standing |= bit;
    }
}

uint32_t waiting_events(const struct waiting_seen *seen,
                        struct waiting_event events[PROVIDER_COUNT])
{
    uint32_t count = 0;
    unsigned pending = seen->asked;
    while (pending != 0) {
        int64_t at_us = WAITING_NEVER;
        for (unsigned i = 0; i < PROVIDER_COUNT; i++)
            if ((pending >> i & 1u) != 0 && seen->settled_us[i] < at_us)
                at_us = seen->settled_us[i];
        for (unsigned i = 0; i < PROVIDER_COUNT; i++)
            if (seen->settled_us[i] == at_us) pending &= ~(1u << i);
        const unsigned settled = seen->asked & ~pending;
        events[count++] = (struct waiting_event){
            .at_us = at_us,
            .pending = (uint8_t)pending,
            .quotes = {.answers = (uint8_t)(seen->quotes.answers & settled),
                       .standing = (uint8_t)(seen->quotes.standing & settled)}};
    }
    return count;
}

/* ---- adding up ---- */

double waiting_cost(const struct waiting_prices *prices, const struct waiting_bill *bill)
{
    if (prices == NULL || bill->orders == 0) return NAN;
    return (prices->wait_per_s * ((double)bill->wait_us / 1e6) +
            prices->lost_quote * (double)bill->quotes_lost +
            prices->lost_order * (double)bill->without_quote) /
           (double)bill->orders;
}

static bool has_beyond(uint32_t count, double probability)
{
    return (double)count * (1.0 - probability) >= BEYOND_LEAST - 1e-6; /* 1 - 0.99 is rounded */
}

bool waiting_quantiles_ms(const int64_t *us, uint32_t count, double ms[WAITING_QUANTILES],
                          struct err *err)
{
    const struct stats_probabilities all = {waiting_quantiles, WAITING_QUANTILES};
    double quantiles_us[WAITING_QUANTILES];
    if (!stats_select_quantiles_int64(us, count, all, quantiles_us, err)) return false;
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        ms[q] = has_beyond(count, waiting_quantiles[q]) ? quantiles_us[q] / 1000.0 : (double)NAN;
    return true;
}

/* The values at the ranks between which a quantile lies. They are asked for as quantiles, and the
 * rounding of (rank - 1) / (n - 1) is undone: a wait is whole microseconds. */
static bool bound_quantiles(const int64_t *us, uint32_t count,
                            struct waiting_quantile quantiles[WAITING_QUANTILES], struct err *err)
{
    double probabilities[2 * WAITING_QUANTILES], values_us[2 * WAITING_QUANTILES];
    bool known[WAITING_QUANTILES];
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        uint64_t low = 1, high = 1;
        known[q] = !isnan(quantiles[q].ms) &&
                   stats_quantile_ranks(count, waiting_quantiles[q], LEVEL, &low, &high);
        probabilities[2 * q] = known[q] ? (double)(low - 1) / (double)(count - 1) : 0.0;
        probabilities[2 * q + 1] = known[q] ? (double)(high - 1) / (double)(count - 1) : 0.0;
    }
    const struct stats_probabilities all = {probabilities, 2 * WAITING_QUANTILES};
    if (!stats_select_quantiles_int64(us, count, all, values_us, err)) return false;
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        quantiles[q].low_ms = known[q] ? round(values_us[2 * q]) / 1000.0 : (double)NAN;
        quantiles[q].high_ms = known[q] ? round(values_us[2 * q + 1]) / 1000.0 : (double)NAN;
    }
    return true;
}

bool waiting_tally_begin(struct waiting_tally *tally, const struct waiting_patience *patience,
                         struct err *err)
{
    *tally = (struct waiting_tally){.patience = patience};
    tally->waits_us = memory_zeroed(patience->count * sizeof *tally->waits_us);
    return tally->waits_us != NULL || waiting_out_of_memory(err, patience->count);
}

void waiting_tally_add(struct waiting_tally *tally, uint32_t order, int64_t wait_us,
                       struct waiting_quotes quotes)
{
    const struct waiting_patience *patience = tally->patience;
    const struct waiting_order *decided = &patience->orders[order];
    const uint8_t winner = waiting_winner(patience, decided, quotes);
    struct waiting_outcome *outcome = &tally->outcome;
    tally->waits_us[order] = wait_us;
    tally->bill.wait_us += wait_us;
    outcome->orders++;
    outcome->quotes += waiting_bits(quotes.answers | quotes.standing);
    outcome->changed += winner != decided->patient;
    outcome->without_quote += winner == WAITING_NOBODY;
    if (winner == WAITING_NOBODY) return;
    const struct waiting_slot *slot = &decided->slots[winner];
    const size_t block = (size_t)((uint64_t)order * WAITING_BLOCKS / patience->count);
    outcome->won[slot->provider]++;
    tally->cents[block].n++;
    tally->cents[block].weight += 1.0;
    tally->cents[block].difference += (double)slot->cents;
    tally->points[block].n++;
    tally->points[block].weight += 1.0;
    tally->points[block].difference += slot->points;
}

bool waiting_tally_end(struct waiting_tally *tally, const struct waiting_prices *prices,
                       struct waiting_outcome *outcome, struct err *err)
{
    const uint32_t count = tally->patience->count;
    double ms[WAITING_QUANTILES];
    *outcome = tally->outcome;
    assert(outcome->orders == count);
    bool ok = waiting_quantiles_ms(tally->waits_us, count, ms, err);
    for (unsigned q = 0; ok && q < WAITING_QUANTILES; q++)
        outcome->waits[q].ms = ms[q];
    ok = ok && bound_quantiles(tally->waits_us, count, outcome->waits, err);
    free(tally->waits_us);
    tally->waits_us = NULL;
    outcome->mean_wait_ms = (double)tally->bill.wait_us / 1000.0 / (double)count;
    outcome->quotes_known = tally->patience->quotes_known;
    outcome->cents = stats_mean_difference(tally->cents, WAITING_BLOCKS, LEVEL);
    outcome->points = stats_mean_difference(tally->points, WAITING_BLOCKS, LEVEL);
    tally->bill.orders = count;
    tally->bill.without_quote = outcome->without_quote;
    tally->bill.quotes_lost = outcome->quotes_known - outcome->quotes;
    outcome->cost_cents = waiting_cost(prices, &tally->bill);
    return ok;
}

bool waiting_under(const struct waiting_patience *patience, const struct decision_view *view,
                   const struct waiting_prices *prices, struct waiting_outcome *outcome,
                   struct err *err)
{
    struct waiting_tally tally;
    if (!waiting_tally_begin(&tally, patience, err)) return false;
    for (uint32_t i = 0; i < patience->count; i++) {
        struct waiting_seen seen;
        waiting_see(patience, view, &patience->orders[i], &seen);
        waiting_tally_add(&tally, i, seen.wait_us, seen.quotes);
    }
    return waiting_tally_end(&tally, prices, outcome, err);
}
