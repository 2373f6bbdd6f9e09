#include "sim/world/world.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/world_state.h"

/* --- the plan ------------------------------------------------------------------------------------
 */

bool world_plan_make(const struct scenario *scenario, struct world_plan *plan, struct err *err)
{
    *plan = (struct world_plan){.scenario = scenario};
    const bool made = catalogue_load(&scenario->catalogue, scenario->folder, scenario->seed,
                                     &plan->arena, &plan->catalogue, err) &&
                      workload_load(scenario, &plan->catalogue, &plan->arena, &plan->workload, err);
    if (made) return true;
    err->place.file = err_keep_name(err->place.file);
    world_plan_release(plan);
    return false;
}

void world_plan_release(struct world_plan *plan)
{
    arena_release(&plan->arena);
}

void world_check_files(const struct scenario *scenario, struct err_list *list)
{
    struct world_plan plan;
    struct err err = {.code = ERR_NONE};
    if (!world_plan_make(scenario, &plan, &err)) {
        err_list_add(list, &err);
        return;
    }
    struct arena arena = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (backend_create((enum provider)p, &scenario->providers[p].backend, &plan.catalogue,
                           scenario->faults, scenario->fault_count, scenario->folder, &arena,
                           &err) == NULL) {
            err.place.file = err_keep_name(err.place.file);
            err_list_add(list, &err);
        }
    }
    arena_release(&arena);
    world_plan_release(&plan);
}

/* --- making and unmaking -------------------------------------------------------------------------
 */

static int by_instant(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* When a fault's window ends; one that lasts to the run's end also covers what completes after it.
 */
static int64_t window_end_us(const struct scenario *scenario, struct fault_window fault)
{
    const int64_t end_us = fault.at_us + fault.for_us;
    return end_us >= scenario->duration_us ? INT64_MAX : end_us;
}

static bool init_tally(const struct world *world, struct tally *tally, uint32_t sample_limit)
{
    const bool keeps = world->scenario->policy.cache.quote_us > 0;
    return tally_init(tally, sample_limit) && (!keeps || tally_keep_cache(tally, sample_limit));
}

/* Cuts the run at every instant at which some fault's window begins or ends. */
static bool cut_segments(struct world *world, uint32_t sample_limit)
{
    const struct scenario *scenario = world->scenario;
    const uint32_t faults = scenario_window_count(scenario);
    int64_t cuts[2 * FAULTS_MAX + 1];
    uint32_t count = 0;
    cuts[count++] = 0;
    assert(faults <= FAULTS_MAX);
    for (uint32_t f = 0; f < faults; f++) {
        const struct fault_window fault = scenario_window(scenario, f);
        cuts[count++] = fault.at_us;
        const int64_t end_us = window_end_us(scenario, fault);
        if (end_us != INT64_MAX) cuts[count++] = end_us;
    }
    qsort(cuts, count, sizeof cuts[0], by_instant);
    world->segments = calloc(count, sizeof *world->segments);
    if (world->segments == NULL) return false;
    for (uint32_t c = 0; c < count; c++) {
        if (c + 1 < count && cuts[c] == cuts[c + 1]) continue;
        struct world_segment *segment = &world->segments[world->segment_count];
        if (!init_tally(world, &segment->tally, sample_limit)) return false;
        world->segment_count++;
        segment->from_us = cuts[c];
        segment->until_us = c + 1 < count ? cuts[c + 1] : INT64_MAX;
        for (uint32_t f = 0; f < faults; f++) {
            const struct fault_window fault = scenario_window(scenario, f);
            if (fault.at_us <= segment->from_us &&
                segment->from_us < window_end_us(scenario, fault)) {
                segment->active |= UINT64_C(1) << f;
            }
        }
        if (segment->active != 0 || world->segment_count == 1) continue;
        if (!init_tally(world, &segment->wake, sample_limit)) return false;
        segment->has_wake = true;
    }
    return true;
}

static bool make_backends(struct world *world, struct err *err)
{
    const struct scenario *scenario = world->scenario;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        world->backends[p] = backend_create(
            (enum provider)p, &scenario->providers[p].backend, &world->plan->catalogue,
            scenario->faults, scenario->fault_count, scenario->folder, &world->arena, err);
        if (world->backends[p] == NULL) return false;
        const struct cache_policy *cache = &scenario->policy.cache;
        if (cache->sku_us == 0 || !operation_exists((enum provider)p, OPERATION_SEARCH)) continue;
        struct memo *skus = &world->adapters.skus[p];
        skus->sets = memo_sets(cache->sku_entries);
        skus->entries = arena_push(&world->arena, struct memo_entry, skus->sets * MEMO_WAYS);
        if (skus->entries == NULL) {
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        }
    }
    return true;
}

static bool make_wire(struct world *world, struct err *err)
{
    const struct wire_spec *spec = &world->plan->wire;
    if (!wire_check(spec, world->scenario, err)) return false;
    if (!wire_is_needed(spec, world->scenario)) return true;
    world->real = spec->clock == WIRE_CLOCK_REAL;
    world->next_cart = arena_push(&world->arena, struct order_item, ORDER_ITEMS_MAX);
    if (world->next_cart == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    const struct wire_setup setup = {.spec = spec,
                                     .scenario = world->scenario,
                                     .catalogue = &world->plan->catalogue,
                                     .backends = world->backends};
    world->wire = wire_create(&setup, err);
    return world->wire != NULL;
}

static bool make_counters(struct world *world, uint32_t sample_limit)
{
    world->outcomes = calloc(OUTCOME_SECONDS, sizeof *world->outcomes);
    bool made = world->outcomes != NULL && cut_segments(world, sample_limit) &&
                series_init(&world->series, world->scenario->duration_us);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (!operation_exists((enum provider)p, (enum operation)o)) continue;
            made = made && samples_init(&world->operations[p][o].latency, sample_limit);
        }
    }
    return made;
}

struct world *world_create(const struct world_plan *plan, uint32_t sample_limit, struct err *err)
{
    struct world *world = calloc(1, sizeof *world);
    if (world == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return NULL;
    }
    world->plan = plan;
    world->scenario = plan->scenario;
    world->wheel = wheel_create();
    if (world->wheel == NULL || !make_counters(world, sample_limit)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        world_destroy(world);
        return NULL;
    }
    if (!make_backends(world, err) || !make_wire(world, err) || !world_cache_make(world, err) ||
        !world_requotes_make(world, err) || !world_story_make(world, err)) {
        if (err->place.file != NULL) err->place.file = err_keep_name(err->place.file);
        world_destroy(world);
        return NULL;
    }
    return world;
}

void world_destroy(struct world *world)
{
    if (world == NULL) return;
    wire_destroy(world->wire);
    world_cache_destroy(world);
    story_destroy(world->story);
    for (uint32_t i = 0; i < world->segment_count; i++) {
        tally_release(&world->segments[i].tally);
        tally_release(&world->segments[i].wake);
    }
    free(world->segments);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            samples_release(&world->operations[p][o].latency);
        }
    }
    series_release(&world->series);
    free(world->outcomes);
    wheel_destroy(world->wheel);
    text_release(&world->events);
    arena_release(&world->arena);
    free(world);
}

/* --- a replication -------------------------------------------------------------------------------
 */

double world_budget_orders(const struct scenario *scenario, const struct workload *workload)
{
    if (!scenario->slo.given) return 0.0;
    const double orders =
        workload_rate(workload) * ((double)scenario->slo.period_us / (double)US_PER_SECOND);
    return (1.0 - scenario->slo.objective) * orders;
}

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

static void await_arrival(struct world *world)
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

static void await_segment(struct world *world)
{
    const int64_t until_us = world->segments[world->segment].until_us;
    if (until_us == INT64_MAX) return;
    world->segment_node.kind = NODE_SEGMENT;
    wheel_add(world->wheel, &world->segment_node, until_us);
}

static bool start_replication(struct world *world, uint32_t replication)
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
    await_segment(world);
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

enum { PROGRESS_EVERY = 8192 }; /* arrivals */

/* Due in time but begun late, by a machine that stood still, an order still keeps the next one off.
 */
static void start_order(struct world *world, struct order_origin origin, int64_t now_us)
{
    world->last_start_us = world->real ? wire_now_us(world->wire) : now_us;
    world_order_begin(world, NULL, origin, now_us);
}

/* Somebody asks again. Where orders have to keep their distance, this one waits for its turn. */
static void ask_again(struct world *world, struct requote_slot *slot, int64_t now_us)
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

static void arrive(struct world *world, int64_t now_us)
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
    await_arrival(world);
}

static void dispatch(struct world *world, struct wheel_node *node, int64_t now_us)
{
#define FROM(type, member) ((struct type *)(void *)((char *)node - offsetof(struct type, member)))
    switch ((enum node_kind)node->kind) {
    case NODE_CALL:
        world_call_due(world, FROM(call_slot, node), now_us);
        return;
    case NODE_ARRIVAL:
        arrive(world, now_us);
        return;
    case NODE_REQUOTE:
        ask_again(world, FROM(requote_slot, node), now_us);
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
        await_segment(world);
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
    if (!start_replication(world, replication)) return false;
    await_arrival(world);
    if (world->real) {
        run_in_real_time(world);
    } else {
        run_events(world);
    }
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
    if (!start_replication(world, 0)) return false;
    world->route_one = order;
    world_order_begin(world, request, (struct order_origin){0}, 0);
    if (world->real) {
        run_in_real_time(world);
    } else {
        run_events(world);
    }
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
