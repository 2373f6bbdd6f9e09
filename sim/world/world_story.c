/* What a story asks of its world: another deployment, another credential, a test order, a health
 * check, an end of all faults. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/world/world_state.h"

enum { ANSWER_MAX = 256 };

bool world_story_make(struct world *world, struct err *err)
{
    const struct scenario *scenario = world->scenario;
    if (!story_is_needed(scenario) && !world->plan->pairs) return true;
    const struct story_setup setup = {.scenario = scenario,
                                      .pairs = world->plan->pairs,
                                      .budget_orders =
                                          world_budget_orders(scenario, &world->plan->workload),
                                      .port = world_story_port(world)};
    world->story = story_create(&setup, err);
    return world->story != NULL;
}

void world_story_await(struct world *world)
{
    if (world->story == NULL) return;
    const int64_t next_us = story_next_us(world->story);
    const int64_t now_us = wheel_now_us(world->wheel);
    if (wheel_holds(&world->story_node)) {
        if (world->story_node.due_us == next_us) return;
        wheel_cancel(world->wheel, &world->story_node);
    }
    if (next_us > WHEEL_DUE_US_MAX) return;
    world->story_node.kind = NODE_STORY;
    wheel_add(world->wheel, &world->story_node, next_us > now_us ? next_us : now_us);
}

/* What completes in this very microsecond is told first, so that a window that ends here holds it.
 */
void world_story_due(struct world *world, int64_t now_us)
{
    if (world->facts.stopped) return; /* somebody said stop: nobody acts any more */
    if (wheel_next_us(world->wheel) <= now_us) {
        wheel_add(world->wheel, &world->story_node, now_us);
        return;
    }
    story_due(world->story, now_us);
    world_story_await(world);
}

void world_operator_go(struct world *world, uint32_t operator_index)
{
    if (world->story == NULL) return;
    /* Typed between two events: now is the clock's, or the last event's if that is behind. */
    const int64_t wheel_us = wheel_now_us(world->wheel);
    const int64_t clock_us = world->real ? wire_now_us(world->wire) : wheel_us;
    story_operator_go(world->story, operator_index, clock_us > wheel_us ? clock_us : wheel_us);
    world_story_await(world);
}

bool world_story_goes_on(const struct world *world)
{
    return world->story != NULL && !world->facts.stopped &&
           story_next_us(world->story) <= world->scenario->duration_us;
}

/* --- settings ------------------------------------------------------------------------------------
 */

static void redeploy(void *context, const struct router_config *config, int64_t now_us)
{
    struct world *world = context;
    (void)now_us;
    world->config = *config;
    world_finish_config(world, &world_story_deployment(world)->live.env);
    router_redeploy(&world->router, &world->config);
    adapters_forget(&world->adapters, &world->config);
    world_cache_redeploy(world);
}

static void ticked(void *context, int64_t now_us, const struct alerts *alerts,
                   struct signals *signals)
{
    const struct world_outputs *outputs = ((const struct world *)context)->outputs;
    if (outputs->alerts_ticked == NULL) return;
    outputs->alerts_ticked(outputs->context, now_us, alerts, signals);
}

static void noted(void *context, const struct story_entry *entry)
{
    const struct world_control *control = ((const struct world *)context)->control;
    if (control->noted != NULL) control->noted(control->noted_context, entry);
}

static uint64_t rotate(void *context, enum provider provider, int64_t overlap_us, int64_t now_us)
{
    struct world *world = context;
    if (world->scenario->providers[provider].mode != MODE_MOCK) return 0;
    wire_hold_backends(world->wire);
    const uint64_t credential = backend_rotate(world->backends[provider], now_us, overlap_us);
    wire_free_backends(world->wire);
    return credential;
}

static bool is_newer(void *context, enum provider provider, uint64_t credential, int64_t since_us)
{
    struct world *world = context;
    if (credential == 0 || world->scenario->providers[provider].mode != MODE_MOCK) return false;
    const struct credential shown = {.fingerprint = credential};
    const struct call call = {.operation = OPERATION_TOKEN, .credential = &shown};
    const struct backend *backend = world->backends[provider];
    wire_hold_backends(world->wire);
    const bool newer =
        backend_generation(backend, &call) > backend_generation_at(backend, since_us);
    wire_free_backends(world->wire);
    return newer;
}

static void end_faults(void *context, int64_t now_us)
{
    struct world *world = context;
    wire_hold_backends(world->wire);
    world->facts.faults_met |= world_faults_met(world);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        backend_set_faults(world->backends[p], NULL, 0, now_us);
        wheel_cancel(world->wheel, &world->strike_nodes[p]);
    }
    wire_free_backends(world->wire);
    world->faults_ended = true;
}

/* --- a test order --------------------------------------------------------------------------------
 */

/* The other profile's form has its address and its user under other names: the router finds
 * neither.
 */
static void request(void *context, uint32_t ticket, enum profile payload, int64_t now_us)
{
    struct world *world = context;
    world_order_test(world, payload == world->scenario->profile, ticket, now_us);
}

void world_story_test_decided(struct world *world, struct world_order *slot, int64_t now_us)
{
    const struct router_order *order = &slot->order;
    const enum order_code code = (enum order_code)order->code;
    char text[ANSWER_MAX];
    const int status = order_code_http_status(code);
    if (code == ORDER_ROUTED) {
        const struct order_slot *winner = &order->slots[order->ranked[0]];
        (void)snprintf(text, sizeof text, "HTTP %d: %s%s", status,
                       provider_traits[winner->provider].id,
                       winner->result.quote.canned ? ", a canned quote" : "");
    } else {
        (void)snprintf(text, sizeof text, "HTTP %d %s%s%s", status,
                       order_code_name(code, world->config.profile),
                       order->fault != NULL ? ": " : "", order->fault != NULL ? order->fault : "");
    }
    story_answered(world->story, slot->ticket, code == ORDER_ROUTED, text, now_us);
    world_story_await(world);
}

/* --- a health check ------------------------------------------------------------------------------
 */

enum health { HEALTH_GOOD, HEALTH_BAD, HEALTH_ASKED };

/* By configuration alone, as production's checks look (quirk health_is_configuration). */
static enum health health_by_settings(const struct world *world, enum provider provider)
{
    const struct provider_config *config = &world->config.providers[provider];
    if (config->lacks_credential) return HEALTH_BAD;
    if (config->forced_mock || world->scenario->policy.health_is_configuration) return HEALTH_GOOD;
    return HEALTH_ASKED;
}

static void answer_health(struct world *world, uint32_t ticket, uint32_t asked, uint32_t bad,
                          int64_t now_us)
{
    char text[ANSWER_MAX];
    size_t used = (size_t)snprintf(text, sizeof text, "HTTP 200: ");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if ((asked >> p & 1u) == 0) continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %s, ", provider_traits[p].id,
                                 (bad >> p & 1u) != 0 ? "unhealthy" : "healthy");
    }
    if (asked == 0) {
        (void)snprintf(text + used, sizeof text - used, "no provider is enabled");
    } else {
        text[used - 2] = '\0';
    }
    story_answered(world->story, ticket, bad == 0, text, now_us);
    world_story_await(world);
}

static void health_check(void *context, uint32_t ticket, int64_t now_us)
{
    struct world *world = context;
    if (world->config.profile == PROFILE_AS_CODED) {
        story_answered(world->story, ticket, false,
                       "HTTP 400 INVALID_REQUEST: health_check is not implemented", now_us);
        return;
    }
    uint32_t enabled = 0, bad = 0, to_ask = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!world->config.providers[p].enabled) continue;
        enabled |= 1u << p;
        const enum health health = health_by_settings(world, (enum provider)p);
        if (health == HEALTH_BAD) bad |= 1u << p;
        if (health == HEALTH_ASKED) to_ask |= 1u << p;
    }
    if (to_ask == 0) {
        answer_health(world, ticket, enabled, bad, now_us);
        return;
    }
    world_order_probe(world, ticket, to_ask, now_us);
}

void world_story_probe_done(struct world *world, struct world_order *slot, int64_t now_us)
{
    uint32_t enabled = 0, bad = slot->probe_bad;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!world->config.providers[p].enabled) continue;
        enabled |= 1u << p;
        if (health_by_settings(world, (enum provider)p) == HEALTH_BAD) bad |= 1u << p;
    }
    answer_health(world, slot->ticket, enabled | slot->probe_asked, bad, now_us);
}

struct story_port world_story_port(struct world *world)
{
    return (struct story_port){.context = world,
                               .redeploy = redeploy,
                               .rotate = rotate,
                               .is_newer = is_newer,
                               .request = request,
                               .health_check = health_check,
                               .end_faults = end_faults,
                               .noted = noted,
                               .ticked = ticked};
}

/* --- looking at it -------------------------------------------------------------------------------
 */

const struct deployment *world_story_deployment(const struct world *world)
{
    return &world->story->deployment;
}

const struct story_facts *world_story(const struct world *world)
{
    return world->story == NULL ? NULL : story_facts(world->story);
}

const struct deployment *world_deployment(const struct world *world)
{
    return world->story == NULL ? NULL : world_story_deployment(world);
}
