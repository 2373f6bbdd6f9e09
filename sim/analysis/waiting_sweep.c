#include "sim/analysis/waiting_state.h"

#include <assert.h>
#include <stdlib.h>

#include "router/base/memory.h"

/* Going through one provider's timeouts an order changes once: where its answer comes to be in
 * time. So every order is decided twice, without and with it, and is put down at the step where it
 * changes; what all decide at a step is the sum of those that have changed and those that have not.
 */
struct side { /* orders that change at one step, as they are before or after it */
    uint64_t without_quote, changed, quotes, quoted;
    uint64_t won[PROVIDER_COUNT];
    int64_t cents;
    double points;
};

struct turn {
    struct side before, after;
    uint64_t answers;
};

struct waits { /* of an order: the slowest other, and the provider's own call */
    int64_t others_us, own_us;
};

struct sweep {
    const struct waiting_patience *patience;
    enum provider provider;
    bool asks;                  /* it is not left out */
    const int64_t *timeouts_us; /* rising */
    uint32_t count;
    struct turn *turns;  /* count + 1: the last is never */
    struct waits *waits; /* by order */
    int64_t *waits_us;   /* by order, at a step */
    uint64_t asked;
};

static void add_to(struct side *side, const struct waiting_patience *patience,
                   const struct waiting_order *order, struct waiting_quotes quotes)
{
    const uint8_t winner = waiting_winner(patience, order, quotes);
    side->quotes += waiting_bits(quotes.answers | quotes.standing);
    side->changed += winner != order->patient;
    side->without_quote += winner == WAITING_NOBODY;
    if (winner == WAITING_NOBODY) return;
    side->quoted++;
    side->won[order->slots[winner].provider]++;
    side->cents += order->slots[winner].cents;
    side->points += order->slots[winner].points;
}

/* The first timeout that is longer than `us`; `count`: none. */
static uint32_t first_beyond(const int64_t *timeouts_us, uint32_t count, int64_t us)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (timeouts_us[middle] > us) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static void put_down(struct sweep *sweep, const struct decision_view *others, uint32_t place)
{
    const struct waiting_order *order = &sweep->patience->orders[place];
    struct waiting_seen seen;
    waiting_see(sweep->patience, others, order, &seen);
    sweep->waits[place] = (struct waits){.others_us = seen.wait_us};
    struct waiting_quotes before = seen.quotes, after = seen.quotes;
    uint32_t turn = sweep->count;
    for (unsigned i = 0; sweep->asks && i < order->count; i++) {
        const struct waiting_slot *slot = &order->slots[i];
        if (slot->provider != sweep->provider) continue;
        turn = first_beyond(sweep->timeouts_us, sweep->count, slot->answered_us);
        if (slot->stands_in) before.standing |= (uint8_t)(1u << i);
        if (slot->usable) after.answers |= (uint8_t)(1u << i);
        sweep->waits[place].own_us = slot->ended_us;
        sweep->asked++;
        sweep->turns[turn].answers += slot->answered_us != WAITING_NEVER;
    }
    add_to(&sweep->turns[turn].before, sweep->patience, order, before);
    add_to(&sweep->turns[turn].after, sweep->patience, order, after);
}

static void add_side(struct side *sum, const struct side *more)
{
    sum->without_quote += more->without_quote;
    sum->changed += more->changed;
    sum->quotes += more->quotes;
    sum->quoted += more->quoted;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        sum->won[p] += more->won[p];
    sum->cents += more->cents;
    sum->points += more->points;
}

static bool take_step(struct sweep *sweep, uint32_t index, const struct waiting_prices *prices,
                      struct waiting_step *step, struct err *err)
{
    const struct waiting_patience *patience = sweep->patience;
    const int64_t timeout_us = sweep->timeouts_us[index];
    struct side all = {.without_quote = 0};
    struct waiting_bill bill = {.orders = patience->count};
    for (uint32_t t = 0; t <= sweep->count; t++) {
        add_side(&all, t <= index ? &sweep->turns[t].after : &sweep->turns[t].before);
        if (t <= index) step->in_time += sweep->turns[t].answers;
    }
    for (uint32_t i = 0; i < patience->count; i++) {
        const struct waits *waits = &sweep->waits[i];
        const int64_t own_us = waits->own_us < timeout_us ? waits->own_us : timeout_us;
        sweep->waits_us[i] = own_us > waits->others_us ? own_us : waits->others_us;
        bill.wait_us += sweep->waits_us[i];
    }
    bill.without_quote = all.without_quote;
    bill.quotes_lost = patience->quotes_known - all.quotes;
    step->asked = sweep->asked;
    step->without_quote = all.without_quote;
    step->changed = all.changed;
    step->points = all.points / (double)all.quoted; /* NaN: none */
    step->cents = (double)all.cents / (double)all.quoted;
    step->mean_wait_ms = (double)bill.wait_us / 1000.0 / (double)patience->count;
    step->cost_cents = waiting_cost(prices, &bill);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        step->won[p] = all.won[p];
    return waiting_quantiles_ms(sweep->waits_us, patience->count, step->wait_ms, err);
}

bool waiting_sweep(const struct waiting_patience *patience, const struct decision_view *view,
                   enum provider provider, const struct waiting_prices *prices,
                   const int64_t *timeouts_us, uint32_t count, struct waiting_step *steps,
                   struct err *err)
{
    struct decision_view others = *view;
    const unsigned without = (unsigned)view->without | patience->without;
    struct sweep sweep = {.patience = patience,
                          .provider = provider,
                          .asks = (without >> provider & 1u) == 0,
                          .timeouts_us = timeouts_us,
                          .count = count,
                          .turns = memory_zeroed((count + 1u) * sizeof *sweep.turns),
                          .waits = memory_zeroed(patience->count * sizeof *sweep.waits),
                          .waits_us = memory_zeroed(patience->count * sizeof *sweep.waits_us)};
    bool ok = (sweep.turns != NULL && sweep.waits != NULL && sweep.waits_us != NULL) ||
              waiting_out_of_memory(err, patience->count);
    others.without |= (uint8_t)(1u << provider);
    for (uint32_t i = 0; ok && i < patience->count; i++)
        put_down(&sweep, &others, i);
    for (uint32_t k = 0; ok && k < count; k++) {
        assert(timeouts_us[k] > (k == 0 ? 0 : timeouts_us[k - 1]));
        steps[k] = (struct waiting_step){.ms = (double)timeouts_us[k] / 1000.0};
        ok = take_step(&sweep, k, prices, &steps[k], err);
    }
    free(sweep.turns);
    free(sweep.waits);
    free(sweep.waits_us);
    return ok;
}
