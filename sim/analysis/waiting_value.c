#include "sim/analysis/waiting_state.h"

#include <math.h>

/* ---- when ---- */

struct bounds {
    int64_t first_us, last_us;
};

/* Of the arrivals that take any time; both 0: none does. */
static struct bounds bounds_of(const struct waiting_patience *patience,
                               const struct decision_view *view)
{
    struct bounds bounds = {.first_us = WAITING_NEVER};
    for (uint32_t i = 0; i < patience->count; i++) {
        struct waiting_seen seen;
        waiting_see(patience, view, &patience->orders[i], &seen);
        const unsigned there = seen.quotes.answers | seen.quotes.standing;
        for (unsigned slot = 0; slot < PROVIDER_COUNT; slot++) {
            const int64_t at_us = seen.settled_us[slot];
            if ((there >> slot & 1u) == 0 || at_us == 0) continue;
            if (at_us < bounds.first_us) bounds.first_us = at_us;
            if (at_us > bounds.last_us) bounds.last_us = at_us;
        }
    }
    return bounds.last_us == 0 ? (struct bounds){0, 0} : bounds;
}

static uint32_t spread(struct bounds bounds, struct waiting_instant *instants, uint32_t count)
{
    const double ratio = (double)bounds.last_us / (double)bounds.first_us;
    uint32_t filled = 0;
    int64_t before_us = 0;
    for (uint32_t k = 0; k < count; k++) {
        const bool is_last = k + 1 == count;
        const double share = is_last ? 1.0 : (double)k / (double)(count - 1);
        int64_t us = (int64_t)llround((double)bounds.first_us * pow(ratio, share));
        if (is_last || us > bounds.last_us) us = bounds.last_us;
        if (us == before_us) continue;
        instants[filled++] = (struct waiting_instant){.ms = (double)us / 1000.0};
        before_us = us;
    }
    return filled;
}

/* ---- what ---- */

struct judged { /* an order at an instant */
    uint8_t winner;
    double points;
    int64_t cents;
};

static struct judged judge(const struct waiting_patience *patience,
                           const struct waiting_order *order, struct waiting_quotes quotes)
{
    const uint8_t winner = waiting_winner(patience, order, quotes);
    if (winner == WAITING_NOBODY) return (struct judged){.winner = winner};
    const struct waiting_slot *slot = &order->slots[winner];
    return (struct judged){.winner = winner, .points = slot->points, .cents = slot->cents};
}

/* Until the ends, `points` and `cents` are sums, and so are the two rates: of what the step to the
 * instant brings. */
static void add_order(const struct waiting_patience *patience, const struct waiting_order *order,
                      const struct waiting_seen *seen, struct waiting_instant *instants,
                      uint32_t count)
{
    static const struct waiting_quotes none = {0, 0};
    struct waiting_event events[PROVIDER_COUNT];
    const uint32_t event_count = waiting_events(seen, events);
    struct judged now = judge(patience, order, none), before = now;
    uint8_t pending = seen->asked;
    uint32_t next = 0;
    for (uint32_t k = 0; k < count; k++) {
        const int64_t at_us = (int64_t)llround(instants[k].ms * 1000.0);
        for (; next < event_count && events[next].at_us <= at_us; next++) {
            now = judge(patience, order, events[next].quotes);
            pending = events[next].pending;
        }
        instants[k].undecided += pending != 0;
        instants[k].without_quote += now.winner == WAITING_NOBODY;
        instants[k].changed += now.winner != order->patient;
        instants[k].points += now.points;
        instants[k].cents += (double)now.cents;
        if (before.winner != WAITING_NOBODY)
            instants[k].points_per_ms += before.points - now.points;
        if (before.winner == WAITING_NOBODY && now.winner != WAITING_NOBODY)
            instants[k].quotes_per_ms += 1.0;
        before = now;
    }
}

static void finish(struct waiting_instant *instants, uint32_t count, uint32_t orders)
{
    for (uint32_t k = 0; k < count; k++) {
        struct waiting_instant *const instant = &instants[k];
        const uint64_t quoted = orders - instant->without_quote;
        instant->points = quoted == 0 ? (double)NAN : instant->points / (double)quoted;
        instant->cents = quoted == 0 ? (double)NAN : instant->cents / (double)quoted;
        instant->points_per_ms = NAN;
        instant->quotes_per_ms = NAN;
        if (k + 1 == count) break;
        const double scale = 1000.0 / (double)orders / (instants[k + 1].ms - instant->ms);
        instant->points_per_ms = instants[k + 1].points_per_ms * scale;
        instant->quotes_per_ms = instants[k + 1].quotes_per_ms * scale;
    }
}

uint32_t waiting_value(const struct waiting_patience *patience, const struct decision_view *view,
                       struct waiting_instant *instants, uint32_t count)
{
    const struct bounds bounds = bounds_of(patience, view);
    if (bounds.last_us == 0 || count == 0) return 0;
    const uint32_t filled = spread(bounds, instants, count);
    for (uint32_t i = 0; i < patience->count; i++) {
        const struct waiting_order *order = &patience->orders[i];
        struct waiting_seen seen;
        waiting_see(patience, view, order, &seen);
        add_order(patience, order, &seen, instants, filled);
    }
    finish(instants, filled, patience->count);
    return filled;
}
