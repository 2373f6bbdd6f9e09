/* The loop: what is due next is done next, in virtual time or in real time. */
#include <assert.h>
#include <stddef.h>

#include "sim/world/world_state.h"

void world_segment_await(struct world *world)
{
    const int64_t until_us = world->segments[world->segment].until_us;
    if (until_us == INT64_MAX) return;
    world->segment_node.kind = NODE_SEGMENT;
    wheel_add(world->wheel, &world->segment_node, until_us);
}

static void dispatch(struct world *world, struct wheel_node *node, int64_t now_us)
{
#define FROM(type, member) ((struct type *)(void *)((char *)node - offsetof(struct type, member)))
    switch ((enum node_kind)node->kind) {
    case NODE_CALL:
        world_call_due(world, FROM(call_slot, node), now_us);
        return;
    case NODE_ARRIVAL:
        world_arrival_due(world, now_us);
        return;
    case NODE_REQUOTE:
        world_requote_due(world, FROM(requote_slot, node), now_us);
        return;
    case NODE_CACHE:
        world_cache_due(world, FROM(cache_call, node), now_us);
        return;
    case NODE_RETRY:
        world_retry_due(world, FROM(call_slot, node), now_us);
        return;
    case NODE_WATCH:
        world_watch_due(world, FROM(call_slot, node), now_us);
        return;
    case NODE_WAKE:
    case NODE_CONFIRM:
    case NODE_CONFIRM_LATE:
    case NODE_CONFIRM_CANNED:
        world_order_timer(world, FROM(world_order, timer), (enum node_kind)node->kind, now_us);
        return;
    case NODE_SEGMENT:
        world->segment++;
        world_segment_await(world);
        return;
    case NODE_STRIKE:
        world_strike_due(world, (enum provider)(node - world->strike_nodes), now_us);
        return;
    case NODE_OUTCOMES:
        world_outcomes_due(world, now_us);
        return;
    case NODE_OUTCOME_NOTE:
        world_note_due(world, FROM(note_slot, node), now_us);
        return;
    case NODE_STORY:
        world_story_due(world, now_us);
        return;
    }
#undef FROM
    assert(!"a node of no known kind");
}

/* This process has no descriptor left. Whatever a call comes to from here on may be our own doing,
 * and a router would decide by it: no order starts any more, and those under way, of which nobody
 * can tell which are touched, are brought to their end and counted nowhere. */
static void notice_starving(struct world *world)
{
    if (world->facts.starved || world->wire == NULL || wire_starved(world->wire) == 0) return;
    world->facts.stopped = world->facts.starved = true;
    wheel_cancel(world->wheel, &world->arrival);
}

/* No order is under way, and none will come. */
static bool is_over(const struct world *world)
{
    return world->orders_open == 0 && !wheel_holds(&world->arrival) &&
           (world->requotes_waiting == 0 || world->facts.stopped) && !world_story_goes_on(world);
}

/* Pops until nothing that belongs to an order is left. Outcomes and notes that are due after the
 * last order has ended are counted already, and not waited for. */
static void run_events(struct world *world)
{
    for (;;) {
        if (is_over(world)) break;
        notice_starving(world);
        struct wheel_node *node = wheel_pop(world->wheel, INT64_MAX);
        assert(node != NULL); /* an order that is open has something due */
        world->facts.events++;
        dispatch(world, node, wheel_now_us(world->wheel));
    }
}

enum { PROGRESS_EVERY_US = 100000, WAIT_MOST_US = 50000 };

/* Just now: it is heeded next. */
static bool is_told_to_stop(const struct world *world)
{
    return world->control->stop != NULL && *world->control->stop != 0 && !world->facts.stopped;
}

static void show_progress(struct world *world, int64_t now_us)
{
    if (world->control->progress == NULL) return;
    if (now_us < world->progress_due_us && !is_told_to_stop(world)) return;
    world->progress_due_us = now_us + PROGRESS_EVERY_US;
    const struct world_progress progress = {.now_us = now_us,
                                            .orders = world->order_next,
                                            .in_flight = wire_in_flight(world->wire),
                                            .draining = !wheel_holds(&world->arrival),
                                            .unfinished =
                                                world->orders_at_work - world->orders_waiting,
                                            .unconfirmed = world->orders_waiting,
                                            .last_end_us = wire_last_end_us(world->wire)};
    world->control->progress(world->control->progress_context, &progress);
}

/* Calls of a starving process are not waited for; neither are customers. True: nobody else is. */
static bool heed_starving(struct world *world)
{
    if (!world->facts.starved) return false;
    world_calls_give_up(world);
    return world->orders_open == world->orders_waiting &&
           world->facts.calls_sent == world->facts.calls_ended;
}

/* Somebody said stop: no order starts any more, and once all are decided, and confirmed or waiting
 * for their customers, nobody waits for the calls that run on unheard. True: nor for the customers.
 */
static bool heed_stop(struct world *world)
{
    if (world->control->stop == NULL || *world->control->stop == 0) return false;
    world->facts.stopped = true;
    wheel_cancel(world->wheel, &world->arrival);
    if (world->orders_at_work > world->orders_waiting) return false;
    world_calls_give_up(world);
    return world->orders_open == world->orders_waiting &&
           world->facts.calls_sent == world->facts.calls_ended;
}

/* The same events as under the virtual clock; where that jumps, this one waits. */
static void run_in_real_time(struct world *world)
{
    for (;;) {
        notice_starving(world);
        if (is_over(world)) break;
        const int64_t now_us = wire_now_us(world->wire);
        struct wheel_node *node = wheel_pop(world->wheel, now_us);
        if (node != NULL) {
            world->facts.events++;
            dispatch(world, node, wheel_now_us(world->wheel));
            continue;
        }
        show_progress(world, now_us);
        if (world->control->idle != NULL) {
            world->control->idle(world->control->idle_context, world, now_us);
        }
        if (heed_starving(world) || heed_stop(world)) break;
        /* An order that is open waits for something, or would be waited for in vain. */
        assert(world->orders_open == 0 || wheel_count(world->wheel) > 0 ||
               wire_in_flight(world->wire) > 0 || world_cache_waits(world));
        int64_t until_us = now_us + WAIT_MOST_US; /* a signal is noticed in time */
        const int64_t next_us = wheel_next_us(world->wheel);
        if (next_us < until_us) until_us = next_us;
        world_calls_wait(world, until_us);
    }
}

void world_loop(struct world *world)
{
    if (world->real) {
        run_in_real_time(world);
    } else {
        run_events(world);
    }
}
