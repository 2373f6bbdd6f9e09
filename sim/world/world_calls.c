/* The call-level port: the virtual wire. A call is judged by its backend when it is sent; its reply
 * waits in the wheel until it is due. */
#include <assert.h>
#include <stddef.h>

#include "sim/world/world_state.h"

static struct call_slot *take_call(struct world *world)
{
    struct call_slot *slot = world->free_calls;
    if (slot == NULL) {
        struct call_slot *chunk = arena_push(&world->arena, struct call_slot, CALLS_CHUNK);
        assert(chunk != NULL); /* memory for calls in flight: nothing sensible goes on without it */
        for (unsigned i = 0; i < CALLS_CHUNK; i++) {
            chunk[i].next_free = world->free_calls;
            world->free_calls = &chunk[i];
        }
        world->facts.call_slots += CALLS_CHUNK;
        slot = world->free_calls;
    }
    world->free_calls = slot->next_free;
    return slot;
}

static void give_call(struct world *world, struct call_slot *slot)
{
    slot->next_free = world->free_calls;
    world->free_calls = slot;
}

static void enter_flight(struct world *world, struct call_slot *slot)
{
    if (!world->strikes) return;
    struct call_slot *head = &world->flights[slot->call.provider];
    slot->flight_next = head->flight_next;
    slot->flight_prev = head;
    head->flight_next->flight_prev = slot;
    head->flight_next = slot;
}

static void leave_flight(struct world *world, struct call_slot *slot)
{
    if (!world->strikes || world->real) return; /* the wire knows what is on its way */
    slot->flight_next->flight_prev = slot->flight_prev;
    slot->flight_prev->flight_next = slot->flight_next;
}

/* A call that was reckoned with is made. */
static void keep_promise(struct world *world, struct world_order *order, enum provider provider)
{
    if (world->scenario->providers[provider].mode != MODE_LIVE || order->calls_promised == 0)
        return;
    world_promise_calls(world, order, order->calls_promised - 1);
}

/* An answer that never arrives may have brought a cart. */
static void forget_priced_cart(struct world *world, const struct call_slot *slot)
{
    if (world->wire == NULL || slot->call.operation != OPERATION_CART) return;
    if (slot->reply.fate != CALL_ANSWERED || slot->reply.http_status != 200) return;
    wire_forget_cart(world->wire, slot->call.provider, slot->reply.as.cart.cart);
}

static void send_call(void *context, struct quote_run *run, const struct call *call)
{
    struct world *world = context;
    struct call_slot *slot = take_call(world);
    slot->run = run;
    slot->call = *call;
    slot->node.kind = NODE_CALL;
    world->facts.calls_sent++;
    if (call->sent_us >= world->scenario->warmup_us && !world->facts.starved) {
        struct operation_tally *operation = &world->operations[call->provider][call->operation];
        operation->calls++;
        struct tally_provider *tally =
            &world_tally_of(world, run->owner)->providers[call->provider];
        tally->calls++;
        tally->token_fetches += call->operation == OPERATION_TOKEN;
        if (call_is_hedge(call)) {
            tally->hedges++;
        } else {
            tally->retries += call->attempt > 0;
        }
    }
    if (world->real) {
        keep_promise(world, run->owner, call->provider);
        wire_send(world->wire, &slot->call, slot);
        return;
    }
    if (world->wire != NULL && wire_carries(world->wire, call->provider)) {
        wire_exchange(world->wire, &slot->call, &slot->reply);
    } else {
        backend_answer(world->backends[call->provider], &slot->call, &slot->reply);
    }
    const int64_t life_us = world->scenario->policy.call_life_us;
    if (slot->reply.latency_us > life_us) {
        forget_priced_cart(world, slot);
        slot->reply = (struct reply){.fate = CALL_UNANSWERED, .latency_us = life_us};
    }
    enter_flight(world, slot);
    wheel_add(world->wheel, &slot->node, call->sent_us + slot->reply.latency_us);
}

/* --- real time -----------------------------------------------------------------------------------
 */

/* An answer is there: it is due now, which is never before what is being done. */
static void call_came(void *context, void *owner, const struct reply *reply, int64_t ended_us,
                      const struct wire_trip *trip)
{
    struct world *world = context;
    struct call_slot *slot = owner;
    const int64_t now_us = wheel_now_us(world->wheel);
    slot->reply = *reply;
    const int64_t late_us = ended_us - slot->run->deadline_us;
    if (late_us > 0 && reply->fate == CALL_ANSWERED && reply->http_status < 300 &&
        !world->facts.starved) {
        world->facts.late_calls[slot->call.provider]++;
    }
    if (world->outputs->write_call != NULL && !world->failed &&
        !world->outputs->write_call(world->outputs->context, &slot->call, reply, trip,
                                    late_us > 0 ? late_us : 0, world->err)) {
        world->failed = true;
    }
    wheel_add(world->wheel, &slot->node, ended_us > now_us ? ended_us : now_us);
}

void world_calls_wait(struct world *world, int64_t until_us)
{
    wire_wait(world->wire, until_us, call_came, world);
    world_cache_poll(world);
}

void world_calls_give_up(struct world *world)
{
    wire_give_up(world->wire, call_came, world);
}

static void call_after(void *context, struct quote_run *run, const struct call *call,
                       int64_t due_us)
{
    struct world *world = context;
    struct call_slot *slot = take_call(world);
    slot->run = run;
    slot->call = *call;
    slot->node.kind = NODE_RETRY;
    wheel_add(world->wheel, &slot->node, due_us);
}

static void *watch_run(void *context, struct quote_run *run, int64_t due_us)
{
    struct world *world = context;
    struct call_slot *slot = take_call(world);
    slot->run = run;
    slot->node.kind = NODE_WATCH;
    wheel_add(world->wheel, &slot->node, due_us);
    return slot;
}

static void unwatch_run(void *context, void *watch)
{
    struct world *world = context;
    struct call_slot *slot = watch;
    wheel_cancel(world->wheel, &slot->node);
    give_call(world, slot);
}

static void forget_cart(void *context, struct quote_run *run, uint64_t cart)
{
    const struct world *world = context;
    if (world->wire != NULL) wire_forget_cart(world->wire, (enum provider)run->provider, cart);
}

static void run_done(void *context, struct quote_run *run, const struct quote_result *result,
                     int64_t now_us)
{
    world_order_run_done(context, run->owner, run, result, now_us);
}

static void run_released(void *context, struct quote_run *run)
{
    world_order_unref(context, run->owner);
}

struct call_port world_call_port(struct world *world)
{
    return (struct call_port){.context = world,
                              .send = send_call,
                              .after = call_after,
                              .done = run_done,
                              .released = run_released,
                              .watch = watch_run,
                              .unwatch = unwatch_run,
                              .unwanted = forget_cart};
}

/* Hands the adapter an answer; whether a second call has won is told by its count. */
static void hear(struct world *world, struct call_slot *slot, int64_t now_us)
{
    const struct call *call = &slot->call;
    if (!call_is_hedge(call)) {
        adapter_on_reply(&world->adapters, slot->run, call, &slot->reply, now_us);
        return;
    }
    const bool counts = call->sent_us >= world->scenario->warmup_us && !world->facts.starved;
    struct tally *tally = world_tally_of(world, slot->run->owner); /* the run may be gone after */
    const uint64_t *won = &world->adapters.state[call->provider].hedges_won;
    const uint64_t before = *won;
    adapter_on_reply(&world->adapters, slot->run, call, &slot->reply, now_us);
    if (counts) tally->providers[call->provider].hedges_won += *won - before;
}

void world_call_due(struct world *world, struct call_slot *slot, int64_t now_us)
{
    world->facts.calls_ended++;
    leave_flight(world, slot);
    if (slot->reply.fate == CALL_ANSWERED && slot->reply.http_status < 300 &&
        slot->call.sent_us >= world->scenario->warmup_us && !world->facts.starved) {
        samples_add(&world->operations[slot->call.provider][slot->call.operation].latency,
                    slot->reply.latency_us, false);
    }
    hear(world, slot, now_us);
    give_call(world, slot);
}

void world_watch_due(struct world *world, struct call_slot *slot, int64_t now_us)
{
    struct quote_run *run = slot->run;
    give_call(world, slot);
    adapter_on_watch(&world->adapters, run, now_us);
}

void world_retry_due(struct world *world, struct call_slot *slot, int64_t now_us)
{
    adapter_on_retry(&world->adapters, slot->run, &slot->call, now_us);
    give_call(world, slot);
}

/* --- faults that hit calls in flight ------------------------------------------------------------
 */

static void await_strike(struct world *world, enum provider provider, int64_t now_us)
{
    /* What is played back ends as it was recorded, whatever the scenario's faults are. */
    if (world->scenario->providers[provider].mode == MODE_REPLAY) return;
    const int64_t next_us = backend_next_strike_us(world->backends[provider], now_us);
    if (next_us == INT64_MAX) return;
    world->strike_nodes[provider].kind = NODE_STRIKE;
    wheel_add(world->wheel, &world->strike_nodes[provider], next_us);
}

void world_strikes_start(struct world *world)
{
    world->strikes = false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct call_slot *head = &world->flights[p];
        head->flight_next = head->flight_prev = head;
        world->strikes =
            world->strikes || backend_next_strike_us(world->backends[p], -1) != INT64_MAX;
    }
    if (!world->strikes) return;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        await_strike(world, (enum provider)p, -1);
}

void world_strike_due(struct world *world, enum provider provider, int64_t now_us)
{
    struct call_slot *head = &world->flights[provider];
    if (world->real) wire_strike(world->wire, provider, now_us);
    /* In the order of sending; a call sent in this very microsecond has met the fault already. */
    for (struct call_slot *slot = head->flight_prev; slot != head; slot = slot->flight_prev) {
        if (slot->call.sent_us >= now_us) continue;
        struct reply struck = slot->reply;
        if (!backend_strike(world->backends[provider], &slot->call, now_us, &struck)) continue;
        const int64_t life_us = world->scenario->policy.call_life_us;
        if (struck.latency_us > life_us) {
            struck = (struct reply){.fate = CALL_UNANSWERED, .latency_us = life_us};
        }
        int64_t due_us = slot->call.sent_us + struck.latency_us;
        if (due_us < now_us) due_us = now_us;
        forget_priced_cart(world, slot);
        slot->reply = struck;
        wheel_cancel(world->wheel, &slot->node);
        wheel_add(world->wheel, &slot->node, due_us);
    }
    await_strike(world, provider, now_us);
}
