#include <assert.h>
#include <math.h>

#include "mocks/backend_state.h"

enum { RATING_MAX = 5 };

/* Draws of one order's fate, apart by `part`. */
static uint64_t fate_bits(const struct backend *backend, uint64_t order_key, unsigned part)
{
    return random_draw(order_key, random_what(RANDOM_OUTCOME, (unsigned)backend->provider,
                                              OPERATION_CONFIRM, part, 0));
}

static bool fate_happens(const struct backend *backend, uint64_t order_key, unsigned part,
                         double share)
{
    return random_unit(fate_bits(backend, order_key, part)) < share;
}

enum { PART_ENDING, PART_LATE, PART_LATENESS, PART_SHORT, PART_MISSING, PART_RATING, PART_MOMENT };

/* An on-time delivery comes in the last fifth of the promised time; a late one after it. */
static int32_t delivered_minutes(const struct backend *backend, uint64_t order_key,
                                 int32_t eta_minutes, bool late)
{
    if (!late) {
        const double unit = random_unit(fate_bits(backend, order_key, PART_MOMENT));
        return (int32_t)ceil(eta_minutes * (0.8 + 0.2 * unit));
    }
    struct law law = backend->late; /* drawing from a table changes nothing in it */
    const int64_t thousandths = law_draw(&law, fate_bits(backend, order_key, PART_LATENESS), 0);
    return eta_minutes + 1 + (int32_t)(thousandths / 1000);
}

/* Some lines are missing: at least one, at most a quarter of them. */
static int32_t items_missing(const struct backend *backend, uint64_t order_key, int32_t items)
{
    const uint32_t most = items > 4 ? (uint32_t)items / 4 : 1;
    return 1 + (int32_t)random_below(fate_bits(backend, order_key, PART_MISSING), most);
}

/* Whole ratings whose mean is the given one, one star less a fault. */
static int32_t rating(const struct backend *backend, uint64_t order_key, int32_t faults)
{
    const double mean = fmin(fmax(backend->spec.outcomes.rating_mean, 1), RATING_MAX);
    const double unit = random_unit(fate_bits(backend, order_key, PART_RATING));
    const int32_t stars = (int32_t)floor(mean + unit) - faults;
    return stars < 1 ? 1 : stars > RATING_MAX ? RATING_MAX : stars;
}

void backend_order_fate(const struct backend *backend, uint64_t order_key, int32_t eta_minutes,
                        int32_t items, struct order_fate *fate)
{
    const struct outcome_spec *const spec = &backend->spec.outcomes;
    const int32_t promised =
        eta_minutes > 0 ? eta_minutes : provider_traits[backend->provider].eta_minutes;
    const double ending = random_unit(fate_bits(backend, order_key, PART_ENDING));
    *fate = (struct order_fate){.outcome = ORDER_SUCCESS};
    if (ending < spec->cancelled) {
        const double unit = random_unit(fate_bits(backend, order_key, PART_MOMENT));
        fate->outcome = ORDER_CANCELLED;
        fate->delivered_minutes = 1 + (int32_t)floor(promised * unit);
        return;
    }
    if (ending < spec->cancelled + spec->failed) {
        /* That nobody comes is known when the promised time is well past. */
        fate->outcome = ORDER_FAILED;
        fate->delivered_minutes = 2 * promised;
        return;
    }
    fate->late = fate_happens(backend, order_key, PART_LATE, spec->late);
    fate->short_of_items =
        items > 0 && fate_happens(backend, order_key, PART_SHORT, spec->shortfall);
    fate->delivered_minutes = delivered_minutes(backend, order_key, promised, fate->late);
    fate->items_delivered =
        fate->short_of_items ? items - items_missing(backend, order_key, items) : items;
    fate->rating = rating(backend, order_key, fate->late + fate->short_of_items);
    assert(fate->items_delivered >= 0 || items < 0);
}
