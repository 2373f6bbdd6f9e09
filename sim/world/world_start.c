/* A replication begins: everything at 0 again, configuration read, router and adapters new. */
#include <assert.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/world_state.h"

static void reset_counters(struct world *world)
{
    for (uint32_t i = 0; i < world->segment_count; i++) {
        tally_clear(&world->segments[i].tally);
        if (world->segments[i].has_wake) tally_clear(&world->segments[i].wake);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            struct operation_tally *operation = &world->operations[p][o];
            operation->calls = 0;
            if (operation_exists((enum provider)p, (enum operation)o)) {
                samples_clear(&operation->latency);
            }
        }
    }
    const size_t order_slots = world->facts.order_slots, call_slots = world->facts.call_slots;
    world->facts = (struct world_facts){.order_slots = order_slots, .call_slots = call_slots};
    world->segment = 0;
    /* Touched now, so that a long run's memory is that of a short one. */
    memset(world->outcomes, 0, OUTCOME_SECONDS * sizeof *world->outcomes);
    memset(world->outcome_bits, 0, sizeof world->outcome_bits);
}

static void seed_history(struct world *world)
{
    world->router.history.frozen = world->scenario->history_frozen;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct history_spec *known = &world->scenario->providers[p].history;
        if (known->orders < 0 && known->margin_rate < 0.0) continue;
        history_seed(&world->router.history, (enum provider)p,
                     known->orders < 0 ? 0 : known->orders, known->success_rate,
                     known->margin_rate);
    }
}

static int64_t list_price(void *context, const struct order_item *item, int64_t now_us)
{
    (void)now_us; /* a list is declared once; promotions are not on it */
    return backend_list_price(context, item);
}

/* Where both pairs of a provider that is not in this process are there, the one that its API takes.
 */
static void use_pair_of_api(const struct world *world, const struct env *env,
                            enum provider provider, struct credential *held)
{
    const struct scenario *scenario = world->scenario;
    const struct provider_spec *spec = &scenario->providers[provider];
    const bool elsewhere = world->real && spec->mode == MODE_MOCK && spec->base_url[0] != '\0';
    if (spec->mode != MODE_LIVE && !elsewhere) return;
    const struct credential_keys *const keys = api_keys(provider, spec->backend.api);
    if (keys != NULL) (void)config_read_pair(env, keys, held);
}

void world_finish_config(struct world *world, const struct env *env)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct credential *held = &world->config.providers[p].credential;
        use_pair_of_api(world, env, (enum provider)p, held);
        if (world->scenario->providers[p].mode == MODE_LIVE || held->fingerprint == 0) continue;
        const struct credential known =
            backend_credential_texts(world->backends[p], held->fingerprint);
        if (known.secret != NULL) *held = known;
    }
}

static void read_config(struct world *world, const uint64_t credentials[PROVIDER_COUNT])
{
    const struct scenario *scenario = world->scenario;
    world->config_warnings = (struct err_list){0};
    if (world->story == NULL) {
        config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, credentials,
                    &world->config, &world->config_warnings);
        world_finish_config(world, &scenario->env);
        return;
    }
    story_begin(world->story, world->seed_r, world->replication, credentials,
                &world->config_warnings);
    world->config = world_story_deployment(world)->config;
    world_finish_config(world, &world_story_deployment(world)->live.env);
}

static void start_router(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    uint64_t credentials[PROVIDER_COUNT];
    struct adapter_setup setup[PROVIDER_COUNT];
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_spec *provider = &scenario->providers[p];
        const bool live = provider->mode == MODE_LIVE;
        credentials[p] = !live ? backend_credential(world->backends[p], 0) : 0;
        setup[p] = (struct adapter_setup){.chain = provider->chain,
                                          .api = provider->backend.api,
                                          .live = live,
                                          .list_price = list_price,
                                          .list_context = world->backends[p]};
    }
    read_config(world, credentials);
    const struct router_port port = world_router_port(world);
    const struct call_port calls = world_call_port(world);
    router_init(&world->router, &world->config, &scenario->policy, &port);
    adapters_init(&world->adapters, &world->config, &scenario->policy, &calls, setup, world->seed_r,
                  scenario->start_unix_us);
    seed_history(world);
}

bool world_replication_start(struct world *world, uint32_t replication)
{
    wheel_destroy(world->wheel); /* time starts at 0 again; a wheel only goes forward */
    world->wheel = wheel_create();
    assert(world->wheel != NULL);
    world->seed_r = random_replication(world->scenario->seed, replication);
    world->replication = replication;
    world->order_next = 0;
    world->arrival_next = 0;
    world->orders_open = 0;
    world->failed = false;
    text_clear(&world->events);
    reset_counters(world);
    world->budget = (struct metric_context){
        .slo_kind =
            world->scenario->slo.indicator == SLO_ORDERS_ROUTED ? SLO_KIND_ROUTED : SLO_KIND_OK,
        .budget_orders = world_budget_orders(world->scenario, &world->plan->workload)};
    world->series_on = world->outputs->series;
    if (world->series_on) series_clear(&world->series, world->budget.budget_orders);
    wire_hold_backends(world->wire);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (world->faults_ended) {
            backend_set_faults(world->backends[p], world->scenario->faults,
                               world->scenario->fault_count, 0);
        }
        backend_reset(world->backends[p], world->seed_r, world->scenario->start_unix_us);
    }
    wire_free_backends(world->wire);
    world->faults_ended = false;
    /* What the last replication left waiting went with its wheel. */
    world->arrival.next = world->segment_node.next = world->outcome_node.next = NULL;
    world->story_node.next = NULL;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        world->strike_nodes[p].next = NULL;
    start_router(world);
    world_segment_await(world);
    world_strikes_start(world);
    workload_start(&world->arrivals, world->seed_r);
    world_requotes_begin(world);
    world->last_start_us = 0;
    world->orders_at_work = 0;
    world->orders_waiting = 0;
    world->calls_promised = 0;
    world->progress_due_us = 0;
    world_story_await(world);
    if (world->wire != NULL) wire_begin(world->wire, world->seed_r);
    return world_cache_begin(world, replication, world->err);
}
