#include "sim/world/world.h"

#include <assert.h>
#include <stdio.h>

#include "sim/world/world_state.h"

static bool rows_ran_out(const struct law_spec *law, const char *what, struct err *err)
{
    (void)err_fail(err, ERR_INPUT, law->place,
                   "the rows of \"%s\" ran out: there are more %s than rows", law->file, what);
    return err_hint(err, "shorten the run, or say \"at_end\": \"cycle\"");
}

static bool laws_lasted(const struct world *world, struct err *err)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        enum operation operation;
        if (!backend_law_exhausted(world->backends[p], &operation)) continue;
        const struct law_spec *law = &world->scenario->providers[p].backend.latency[operation];
        char what[64];
        (void)snprintf(what, sizeof what, "%s %s calls", provider_traits[p].id,
                       operation_names[operation]);
        return rows_ran_out(law, what, err);
    }
    if (world->cache.latency.exhausted) {
        return rows_ran_out(&world->scenario->cache.latency, "requests to the cache", err);
    }
    if (world->requote_after.exhausted) {
        return rows_ran_out(&world->scenario->workload.requote_after, "customers who ask again",
                            err);
    }
    return true;
}

static void forget_slots(struct world *world)
{
    /* What was still on its way when a stopped or finished run ended: outcome notes only. They lie
     * in the arena; the next replication makes new ones. */
    world->free_notes = NULL;
}

/* Which faults have hit any call, of whatever provider. */
uint64_t world_faults_met(const struct world *world)
{
    static_assert(FAULTS_MAX <= 64, "a run's faults are a mask");
    uint64_t met = 0;
    for (uint32_t f = 0; f < world->scenario->fault_count; f++) {
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            if (backend_fault_met(world->backends[p], &world->scenario->faults[f]))
                met |= UINT64_C(1) << f;
        }
    }
    return met;
}

static void take_wire_facts(struct world *world)
{
    world->facts.wire = wire_facts(world->wire);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        world->facts.live[p] = wire_live_calls(world->wire, (enum provider)p);
        world->facts.replay[p] = wire_replay_calls(world->wire, (enum provider)p);
    }
}

bool world_run(struct world *world, uint32_t replication, const struct world_outputs *outputs,
               const struct world_control *control, struct err *err)
{
    static const struct world_control idle = {0};
    world->outputs = outputs;
    world->control = control != NULL ? control : &idle;
    world->err = err;
    if (!world_replication_start(world, replication)) return false;
    world_arrival_await(world);
    world_loop(world);
    if (world->router.port.emit_mask != 0) world_events_flush(world);
    if (world->series_on) series_finish(&world->series);
    forget_slots(world);

    world->facts.ended_us = wheel_now_us(world->wheel);
    world->facts.quotes = world->router.cache;
    world->facts.breaker_opened = world->router.breaker.opened;
    world->facts.pushed_out = world->cache.memory.evicted;
    wire_hold_backends(world->wire);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct adapter_state *state = &world->adapters.state[p];
        world->facts.token_fetches[p] = state->token_fetches;
        world->facts.retries_denied[p] = state->retries_denied;
        world->facts.hedges[p] = state->hedges;
        world->facts.hedges_won[p] = state->hedges_won;
        world->facts.hedges_denied[p] = state->hedges_denied;
        world->facts.stores[p] = state->store_counts;
        world->facts.skus[p] = state->sku_counts;
        backend_settle(world->backends[p], world->facts.ended_us);
        world->facts.unknown_names += backend_counters(world->backends[p])->unknown_names;
        world->facts.thief_calls[p] = backend_counters(world->backends[p])->thief_calls;
    }
    world->facts.faults_met |= world_faults_met(world);
    wire_free_backends(world->wire);
    if (world->wire != NULL) take_wire_facts(world);
    if (world->story != NULL) story_end(world->story, world->facts.ended_us);
    assert(world->facts.orders == world->facts.decided);
    assert(world->facts.calls_sent == world->facts.calls_ended);
    if (world->failed) return false;
    if (world->events.failed) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the event log");
    }
    if (world->story != NULL && world->story->failed) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the journal");
    }
    return laws_lasted(world, err);
}

bool world_route_one(struct world *world, const struct order_request *request,
                     struct router_order *order, struct err *err)
{
    static const struct world_outputs nowhere = {0};
    static const struct world_control idle = {0};
    world->outputs = &nowhere;
    world->control = &idle;
    world->err = err;
    if (!world_replication_start(world, 0)) return false;
    world->route_one = order;
    world_order_begin(world, request, (struct order_origin){0}, 0);
    world_loop(world);
    world->route_one = NULL;
    return true;
}

const struct world_facts *world_facts(const struct world *world)
{
    return &world->facts;
}

struct world_segment *world_segments(struct world *world, uint32_t *count)
{
    *count = world->segment_count;
    return world->segments;
}

struct samples *world_operation_samples(struct world *world, enum provider provider,
                                        enum operation operation, uint64_t *calls)
{
    *calls = world->operations[provider][operation].calls;
    return &world->operations[provider][operation].latency;
}

const struct series *world_series(const struct world *world)
{
    return &world->series;
}

const struct router_config *world_config(const struct world *world)
{
    return &world->config;
}

const struct err_list *world_config_warnings(const struct world *world)
{
    return &world->config_warnings;
}
