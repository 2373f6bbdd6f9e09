/* Customers who ask again for the very same cart.
 *
 * Whether and when is drawn by the arrival whose cart it is and by how often it was asked for, so
 * that nothing the router does has any part in it. A customer asks again a while after having
 * asked, answered or not. */
#include <assert.h>

#include "router/base/random.h"
#include "sim/world/world_state.h"

bool world_requotes_make(struct world *world, struct err *err)
{
    const struct workload_spec *workload = &world->scenario->workload;
    return workload->requote == 0.0 ||
           law_compile(&workload->requote_after, world->scenario->folder, &world->arena,
                       &world->requote_after, err);
}

void world_requotes_begin(struct world *world)
{
    world->requotes_waiting = 0;
    if (world->scenario->workload.requote == 0.0) return;
    law_seed(&world->requote_after,
             random_key(world->seed_r, random_what(RANDOM_REQUOTE, PROVIDER_COUNT, 0, 0, 0)));
}

static struct requote_slot *take_requote(struct world *world)
{
    struct requote_slot *slot = world->free_requotes;
    if (slot == NULL) {
        slot = arena_push(&world->arena, struct requote_slot, 1);
        assert(slot != NULL);
    } else {
        world->free_requotes = slot->next_free;
    }
    return slot;
}

void world_requote_plan(struct world *world, struct order_origin origin, int64_t now_us)
{
    const struct scenario *scenario = world->scenario;
    if (scenario->workload.requote == 0.0) return;
    const uint64_t key = random_key(world->seed_r, origin.arrival);
    const unsigned times = origin.asked & UINT16_MAX;
    const uint64_t whether = random_draw(key, random_what(RANDOM_REQUOTE, 0, 0, times, 0));
    if (random_unit(whether) >= scenario->workload.requote) return;
    const uint64_t when = random_draw(key, random_what(RANDOM_REQUOTE, 0, 0, times, 1));
    const int64_t due_us = now_us + law_draw(&world->requote_after, when, now_us);
    if (due_us >= scenario->duration_us) return;
    struct requote_slot *slot = take_requote(world);
    slot->origin = (struct order_origin){.arrival = origin.arrival, .asked = origin.asked + 1};
    slot->node.kind = NODE_REQUOTE;
    world->requotes_waiting++;
    wheel_add(world->wheel, &slot->node, due_us);
}

struct order_origin world_requote_take(struct world *world, struct requote_slot *slot)
{
    const struct order_origin origin = slot->origin;
    assert(world->requotes_waiting > 0);
    world->requotes_waiting--;
    slot->next_free = world->free_requotes;
    world->free_requotes = slot;
    return origin;
}
