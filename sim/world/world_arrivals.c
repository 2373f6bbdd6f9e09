/* Customers come, and come again: when the next order is due, and what keeps it off. */
#include "router/base/random.h"
#include "sim/world/world_state.h"

/* Whether the next order can make all its calls to real providers, of which `left` may be sent. One
 * that had to stop in its middle would be decided by our limit. */
static bool calls_suffice(struct world *world, uint64_t arrival, uint64_t left)
{
    struct order_request request;
    workload_order(&world->plan->workload, random_key(world->seed_r, arrival), arrival, &request,
                   world->next_cart);
    const uint32_t calls = world_calls_of(world, &request);
    if (calls == 0 || calls <= left) return true;
    world->facts.stopped = world->facts.capped = true;
    world->facts.order_calls = calls;
    world->facts.calls_left = left;
    return false;
}

/* What keeps the next order from being waited for: somebody said stop, or the calls that are
 * allowed would not do even if those under way made none any more. */
static bool may_await(struct world *world)
{
    if (world->control->stop != NULL && *world->control->stop != 0) {
        world->facts.stopped = true;
        return false;
    }
    return !world->real ||
           calls_suffice(world, world->arrival_next, wire_requests_left(world->wire));
}

/* What keeps it from starting when it is due: the calls that those under way may still make. */
static bool may_start(struct world *world, uint64_t arrival)
{
    if (!world->real) return true;
    const uint64_t free = wire_requests_free(world->wire);
    return calls_suffice(world, arrival,
                         free > world->calls_promised ? free - world->calls_promised : 0);
}

void world_arrival_await(struct world *world)
{
    const struct workload *workload = &world->plan->workload;
    int64_t next_us = workload_next_us(workload, &world->arrivals);
    const int64_t gap_us = wire_order_gap_us(&world->plan->wire);
    if (gap_us > 0 && world->order_next > 0 && next_us < world->last_start_us + gap_us) {
        next_us = world->last_start_us + gap_us;
    }
    const uint64_t limit = world->scenario->workload.arrivals.limit;
    if (next_us >= world->scenario->duration_us) return;
    if (limit > 0 && world->order_next >= limit) return;
    if (!world->failed && world->wire != NULL && wire_failed(world->wire, world->err)) {
        world->failed = true;
    }
    if (world->failed)
        return; /* an output cannot be written: finish what is in flight, and say so */
    if (!may_await(world)) return;
    world->arrival.kind = NODE_ARRIVAL;
    /* In real time an arrival that was slept through is due at once. */
    const int64_t now_us = wheel_now_us(world->wheel);
    wheel_add(world->wheel, &world->arrival, next_us > now_us ? next_us : now_us);
}

enum { PROGRESS_EVERY = 8192 }; /* arrivals */

/* Due in time but begun late, by a machine that stood still, an order still keeps the next one off.
 */
static void start_order(struct world *world, struct order_origin origin, int64_t now_us)
{
    world->last_start_us = world->real ? wire_now_us(world->wire) : now_us;
    world_order_begin(world, NULL, origin, now_us);
}

/* Somebody asks again. Where orders have to keep their distance, this one waits for its turn. */
void world_requote_due(struct world *world, struct requote_slot *slot, int64_t now_us)
{
    const int64_t gap_us = wire_order_gap_us(&world->plan->wire);
    const int64_t free_us = world->last_start_us + gap_us;
    if (gap_us > 0 && now_us < free_us) {
        wheel_add(world->wheel, &slot->node, free_us);
        return;
    }
    const struct order_origin origin = world_requote_take(world, slot);
    const uint64_t limit = world->scenario->workload.arrivals.limit;
    if (world->failed || world->facts.stopped) return;
    if (limit > 0 && world->order_next >= limit) return;
    if (may_start(world, origin.arrival)) start_order(world, origin, now_us);
}

void world_arrival_due(struct world *world, int64_t now_us)
{
    const struct order_origin origin = {.arrival = world->arrival_next};
    if (!may_start(world, origin.arrival)) return;
    world->arrival_next++;
    start_order(world, origin, now_us);
    if (!world->real && world->control->progress != NULL &&
        world->order_next % PROGRESS_EVERY == 0) {
        const struct world_progress progress = {.now_us = now_us, .orders = world->order_next};
        world->control->progress(world->control->progress_context, &progress);
    }
    world_arrival_await(world);
}
