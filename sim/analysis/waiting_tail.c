#include "sim/analysis/waiting_state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/stats_select.h"

/* ---- whose tail it is ---- */

static bool take_waits(const struct waiting_patience *patience, const struct decision_view *view,
                       int64_t *waits_us, double ms[WAITING_QUANTILES], struct err *err)
{
    for (uint32_t i = 0; i < patience->count; i++) {
        struct waiting_seen seen;
        waiting_see(patience, view, &patience->orders[i], &seen);
        waits_us[i] = seen.wait_us;
    }
    return waiting_quantiles_ms(waits_us, patience->count, ms, err);
}

static unsigned slowest_of(const struct waiting_seen *seen)
{
    unsigned slot = 0;
    while ((seen->asked >> slot & 1u) == 0 || seen->settled_us[slot] != seen->wait_us)
        slot++;
    return slot;
}

/* Who is behind the orders that wait as long as the quantiles or longer; also who is asked. */
static uint8_t count_slowest(const struct waiting_patience *patience,
                             const struct decision_view *view, struct waiting_tail *tail)
{
    unsigned asked = 0;
    for (uint32_t i = 0; i < patience->count; i++) {
        const struct waiting_order *order = &patience->orders[i];
        struct waiting_seen seen;
        waiting_see(patience, view, order, &seen);
        for (unsigned slot = 0; slot < order->count; slot++)
            if (((unsigned)seen.asked >> slot & 1u) != 0)
                asked |= 1u << order->slots[slot].provider;
        for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
            if (isnan(tail->ms[q]) || (double)seen.wait_us / 1000.0 < tail->ms[q]) continue;
            tail->beyond[q]++;
            if (seen.asked != 0) tail->slowest[q][order->slots[slowest_of(&seen)].provider]++;
        }
    }
    return (uint8_t)asked;
}

bool waiting_tail_of(const struct waiting_patience *patience, const struct decision_view *view,
                     struct waiting_tail *tail, struct err *err)
{
    int64_t *const waits_us = memory_zeroed(patience->count * sizeof *waits_us);
    *tail = (struct waiting_tail){.beyond = {0}};
    bool ok = waits_us != NULL || waiting_out_of_memory(err, patience->count);
    ok = ok && take_waits(patience, view, waits_us, tail->ms, err);
    const unsigned asked = ok ? count_slowest(patience, view, tail) : 0u;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct decision_view others = *view;
        others.without |= (uint8_t)(1u << p);
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            tail->without_ms[p][q] = NAN;
        if ((asked >> p & 1u) == 0) continue;
        ok = ok && take_waits(patience, &others, waits_us, tail->without_ms[p], err);
    }
    free(waits_us);
    return ok;
}

/* ---- what each one's quantile is to the order ---- */

/* Whether the order called a provider that the patience does not leave out. */
static bool calls(const struct waiting_patience *patience, const struct waiting_slot *slot)
{
    return slot->called && (patience->without >> slot->provider & 1u) == 0;
}

/* Each provider's quantile of how long its calls took; infinite where that was not seen. `us` has
 * room for one call an order. */
static bool take_quantiles(const struct waiting_patience *patience, double p, double *us,
                           double quantiles_us[PROVIDER_COUNT], uint32_t *providers,
                           struct err *err)
{
    const struct stats_probabilities one = {&p, 1};
    for (unsigned provider = 0; provider < PROVIDER_COUNT; provider++) {
        size_t count = 0;
        for (uint32_t i = 0; i < patience->count; i++) {
            const struct waiting_order *order = &patience->orders[i];
            for (unsigned s = 0; s < order->count; s++) {
                const struct waiting_slot *slot = &order->slots[s];
                if (slot->provider != provider || !calls(patience, slot)) continue;
                us[count++] =
                    slot->ended_us == WAITING_NEVER ? (double)INFINITY : (double)slot->ended_us;
            }
        }
        *providers += count > 0;
        if (!stats_select_quantiles(us, count, one, &quantiles_us[provider], err)) return false;
    }
    return true;
}

static void count_within(const struct waiting_patience *patience,
                         const double quantiles_us[PROVIDER_COUNT], struct waiting_joint *joint)
{
    double expected = 0.0;
    for (uint32_t i = 0; i < patience->count; i++) {
        const struct waiting_order *order = &patience->orders[i];
        unsigned called = 0, within = 0;
        for (unsigned s = 0; s < order->count; s++) {
            const struct waiting_slot *slot = &order->slots[s];
            if (!calls(patience, slot)) continue;
            called++;
            within += slot->ended_us != WAITING_NEVER &&
                      (double)slot->ended_us <= quantiles_us[slot->provider];
        }
        if (called == 0) continue;
        joint->orders++;
        joint->within += within == called;
        expected += pow(joint->p, called);
    }
    joint->independent = expected / (double)joint->orders; /* NaN: none */
}

bool waiting_joint_of(const struct waiting_patience *patience, double p,
                      struct waiting_joint *joint, struct err *err)
{
    double quantiles_us[PROVIDER_COUNT];
    double *const us = memory_zeroed(patience->count * sizeof *us);
    assert(p > 0.0);
    assert(p < 1.0);
    *joint = (struct waiting_joint){.p = p};
    bool ok = us != NULL || waiting_out_of_memory(err, patience->count);
    ok = ok && take_quantiles(patience, p, us, quantiles_us, &joint->providers, err);
    if (ok) count_within(patience, quantiles_us, joint);
    for (unsigned provider = 0; ok && provider < PROVIDER_COUNT; provider++)
        if (isinf(quantiles_us[provider])) joint->orders = 0; /* nobody knows its quantile */
    joint->needed = joint->providers == 0 ? (double)NAN : pow(p, 1.0 / joint->providers);
    free(us);
    return ok;
}
