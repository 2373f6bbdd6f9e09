/* The cache of quotes, as the router's port sees it: in this process, a simulated Redis, or a real
 * one behind a client.
 *
 * In this process it answers from inside. A server takes a draw of the scenario's law: what is
 * asked is looked up, and what is told is kept, when that is over. A fault is judged once, when a
 * request is sent. Evictions need nothing to happen to what is kept: whether an entry is gone is a
 * draw by its key, made when it is looked at. So they are the same whoever keeps it.
 *
 * A request to a server holds its order's slot until its end, waited for or not; to one that hangs
 * it never ends, and holds nothing. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/world_state.h"

enum { CALLS_CHUNK_CACHE = 64 };

/* ---- what goes wrong --------------------------------------------------------------------------
 */

static bool is_on(const struct cache_fault_spec *fault, int64_t now_us)
{
    return now_us >= fault->at_us && now_us - fault->at_us < fault->for_us;
}

struct cache_state {
    bool down, hangs;
    int64_t add_us;
};

static struct cache_state judge(const struct world *world, int64_t now_us)
{
    const struct cache_spec *spec = &world->scenario->cache;
    struct cache_state state = {0};
    if (world->faults_ended) return state;
    for (uint32_t f = 0; f < spec->fault_count; f++) {
        const struct cache_fault_spec *fault = &spec->faults[f];
        if (!is_on(fault, now_us)) continue;
        state.down = state.down || fault->kind == CACHE_FAULT_DOWN;
        state.hangs = state.hangs || fault->kind == CACHE_FAULT_HANG;
        if (fault->kind == CACHE_FAULT_SLOW) state.add_us += fault->add_us;
    }
    return state;
}

/* Whether a quote that was made before some eviction began went with it. */
static bool was_evicted(const struct world *world, const struct cache_key *key, int64_t made_us,
                        int64_t now_us)
{
    const struct cache_spec *spec = &world->scenario->cache;
    for (uint32_t f = 0; f < spec->fault_count; f++) {
        const struct cache_fault_spec *fault = &spec->faults[f];
        if (fault->kind != CACHE_FAULT_EVICT) continue;
        if (now_us < fault->at_us || made_us >= fault->at_us) continue;
        const uint64_t luck = random_draw(random_key(world->cache.key, key->high ^ key->low),
                                          random_what(RANDOM_EVICTION, key->provider, f, 0, 0));
        if (random_unit(luck) < fault->share) return true;
    }
    return false;
}

/* Whether what is told during an eviction goes at once. */
static bool is_evicted(const struct world *world, const struct world_order *slot,
                       enum provider provider, int64_t now_us)
{
    const struct cache_spec *spec = &world->scenario->cache;
    for (uint32_t f = 0; f < spec->fault_count && !world->faults_ended; f++) {
        const struct cache_fault_spec *fault = &spec->faults[f];
        if (fault->kind != CACHE_FAULT_EVICT || !is_on(fault, now_us)) continue;
        const uint64_t luck =
            random_draw(slot->key, random_what(RANDOM_EVICTION, provider, f, 0, 0));
        if (random_unit(luck) < fault->share) return true;
    }
    return false;
}

/* What was found, as far as it is still there. */
static void take_evicted(const struct world *world, struct cache_call *call, int64_t now_us)
{
    struct cache_quote kept;
    if (call->length == 0 || !cache_quote_read(&kept, &call->key, call->bytes, call->length)) {
        return;
    }
    if (was_evicted(world, &call->key, kept.made_us, now_us)) call->length = 0;
}

/* ---- requests ---------------------------------------------------------------------------------
 */

static struct cache_call *take_call(struct world *world)
{
    struct world_cache *cache = &world->cache;
    if (cache->free_calls == NULL) {
        struct cache_call *chunk = arena_push(&world->arena, struct cache_call, CALLS_CHUNK_CACHE);
        assert(chunk != NULL); /* memory for requests under way: nothing sensible goes on without */
        for (unsigned i = 0; i < CALLS_CHUNK_CACHE; i++) {
            chunk[i].next_free = cache->free_calls;
            cache->free_calls = &chunk[i];
        }
    }
    struct cache_call *call = cache->free_calls;
    cache->free_calls = call->next_free;
    return call;
}

static void give_call(struct world *world, struct cache_call *call)
{
    call->next_free = world->cache.free_calls;
    world->cache.free_calls = call;
}

static bool is_remote(const struct world *world)
{
    return world->cache.has_client || world->scenario->cache.kind == CACHE_REDIS;
}

static int64_t draw_latency(struct world *world, const struct world_order *slot,
                            enum provider provider, bool is_set, int64_t now_us)
{
    const uint64_t bits = random_draw(slot->key, random_what(RANDOM_CACHE, provider, is_set, 0, 0));
    return law_draw(&world->cache.latency, bits, now_us);
}

static void wait_for(struct world *world, struct cache_call *call, int64_t due_us)
{
    call->node.kind = NODE_CACHE;
    wheel_add(world->wheel, &call->node, due_us);
}

/* What the client brought, as much of it as a quote has: more is none of ours. */
static void keep_reply(struct cache_call *call, const unsigned char *bytes, size_t length)
{
    call->length = length;
    if (length > 0)
        memcpy(call->bytes, bytes, length < sizeof call->bytes ? length : sizeof call->bytes);
}

static void look_up(struct world *world, struct cache_call *call)
{
    struct world_cache *cache = &world->cache;
    call->error = CACHE_OK;
    if (!cache->has_client) {
        const unsigned char *kept = cache_memory_get(&cache->memory, &call->key);
        keep_reply(call, kept, kept != NULL ? CACHE_QUOTE_BYTES : 0);
        return;
    }
    char key[CACHE_KEY_TEXT_MAX];
    unsigned char bytes[CACHE_CLIENT_BYTES_MAX];
    size_t length = 0;
    cache_key_text(&call->key, key);
    call->error = cache->client.get_now(cache->client.context, key,
                                        world->scenario->policy.cache.timeout_us, bytes, &length);
    keep_reply(call, bytes, call->error == CACHE_OK ? length : 0);
}

static enum cache_error put_away(struct world *world, const struct cache_call *call)
{
    struct world_cache *cache = &world->cache;
    if (!cache->has_client) {
        const bool kept = cache_memory_set(&cache->memory, &call->key, call->bytes);
        return kept ? CACHE_OK : CACHE_FAILED;
    }
    char key[CACHE_KEY_TEXT_MAX];
    cache_key_text(&call->key, key);
    const struct cache_policy *policy = &world->scenario->policy.cache;
    return cache->client.set_now(cache->client.context, key, call->bytes, CACHE_QUOTE_BYTES,
                                 policy->quote_us, policy->timeout_us);
}

static void answer(struct world *world, struct world_order *slot, const struct cache_call *call,
                   int64_t now_us)
{
    const struct cache_answer told = {
        .error = call->error, .bytes = call->bytes, .length = call->length};
    router_on_recalled(&world->router, &slot->order, call->slot, &told, now_us);
}

static void recall(void *context, struct router_order *order, unsigned index, int64_t now_us)
{
    struct world *world = context;
    struct world_cache *cache = &world->cache;
    struct world_order *slot = (struct world_order *)order;
    const struct cache_state state =
        is_remote(world) ? judge(world, now_us) : (struct cache_state){0};
    if (state.hangs) return;
    struct cache_call *call = take_call(world);
    call->order = slot;
    call->slot = (uint8_t)index;
    call->is_set = false;
    call->looked_up = false;
    call->add_us = state.add_us;
    call->key = order->slots[index].key;
    if (state.down || !is_remote(world)) {
        if (state.down) {
            call->error = CACHE_REFUSED;
            call->length = 0;
        } else {
            look_up(world, call);
            take_evicted(world, call, now_us);
        }
        answer(world, slot, call, now_us);
        give_call(world, call);
        return;
    }
    slot->references++;
    if (world->real && cache->has_client) {
        char key[CACHE_KEY_TEXT_MAX];
        cache_key_text(&call->key, key);
        cache->client.get(cache->client.context, key, call,
                          world->scenario->policy.cache.timeout_us);
        return;
    }
    wait_for(world, call,
             now_us + state.add_us + draw_latency(world, slot, call->key.provider, false, now_us));
}

static void remember(void *context, const struct router_order *order, unsigned index,
                     const unsigned char bytes[static CACHE_QUOTE_BYTES], int64_t ttl_us,
                     int64_t now_us)
{
    struct world *world = context;
    struct world_cache *cache = &world->cache;
    const struct world_order *slot = (const struct world_order *)order;
    const struct cache_key *key = &order->slots[index].key;
    const struct cache_state state =
        is_remote(world) ? judge(world, now_us) : (struct cache_state){0};
    if (state.down || state.hangs) { /* nobody waits for the one that hangs: it is lost now */
        router_on_remembered(&world->router, state.down ? CACHE_REFUSED : CACHE_TIMEOUT);
        return;
    }
    if (is_evicted(world, slot, key->provider, now_us)) return;
    if (world->real && cache->has_client) {
        char text[CACHE_KEY_TEXT_MAX];
        cache_key_text(key, text);
        cache->client.set(cache->client.context, text, bytes, CACHE_QUOTE_BYTES, ttl_us, NULL,
                          world->scenario->policy.cache.timeout_us);
        return;
    }
    struct cache_call *call = take_call(world);
    call->order = NULL;
    call->is_set = true;
    call->key = *key;
    memcpy(call->bytes, bytes, CACHE_QUOTE_BYTES);
    if (is_remote(world)) {
        wait_for(world, call,
                 now_us + state.add_us + draw_latency(world, slot, key->provider, true, now_us));
        return;
    }
    router_on_remembered(&world->router, put_away(world, call));
    give_call(world, call);
}

void world_cache_due(struct world *world, struct cache_call *call, int64_t now_us)
{
    if (call->is_set) {
        router_on_remembered(&world->router, put_away(world, call));
        give_call(world, call);
        return;
    }
    struct world_order *slot = call->order;
    if (!call->looked_up) look_up(world, call);
    take_evicted(world, call, now_us);
    /* A client that got no answer says so after a time of this machine's. In virtual time the
     * router's own timeout stands for that. */
    if (world->real || call->error != CACHE_TIMEOUT) answer(world, slot, call, now_us);
    give_call(world, call);
    world_order_unref(world, slot);
}

/* ---- a client in real time --------------------------------------------------------------------
 */

static void came(void *context, const struct cache_client_reply *reply)
{
    struct world *world = context;
    if (reply->was_set) {
        router_on_remembered(&world->router, reply->error);
        return;
    }
    struct cache_call *call = reply->owner;
    const int64_t wheel_us = wheel_now_us(world->wheel), now_us = wire_now_us(world->wire);
    call->error = reply->error;
    call->looked_up = true;
    keep_reply(call, reply->bytes, reply->error == CACHE_OK ? reply->length : 0);
    wait_for(world, call, (now_us > wheel_us ? now_us : wheel_us) + call->add_us);
}

void world_cache_poll(struct world *world)
{
    const struct cache_client *client = &world->cache.client;
    if (world->cache.has_client) client->poll(client->context, came, world);
}

bool world_cache_waits(const struct world *world)
{
    const struct cache_client *client = &world->cache.client;
    return world->cache.has_client && client->in_flight(client->context) > 0;
}

/* ---- a world's, a replication's ----------------------------------------------------------------
 */

bool world_cache_make(struct world *world, struct err *err)
{
    struct world_cache *cache = &world->cache;
    const struct cache_spec *spec = &world->scenario->cache;
    const struct cache_client_maker *maker = world->plan->cache;
    if (world->scenario->policy.cache.quote_us == 0) return true;
    cache->on = true;
    cache_memory_init(&cache->memory, spec->entries);
    if (!law_compile(&spec->latency, world->scenario->folder, &world->arena, &cache->latency,
                     err)) {
        return false;
    }
    if (maker == NULL) return true;
    cache->has_client = maker->make(maker->context, &cache->client, err);
    if (!cache->has_client) return false;
    return !world->real ||
           wire_watch(world->wire, cache->client.descriptor(cache->client.context), err);
}

bool world_cache_begin(struct world *world, uint32_t replication, struct err *err)
{
    struct world_cache *cache = &world->cache;
    if (!cache->on) return true;
    cache_memory_clear(&cache->memory);
    cache->key = random_key(world->seed_r, random_what(RANDOM_CACHE, PROVIDER_COUNT, 0, 0, 0));
    law_seed(&cache->latency, cache->key);
    return !cache->has_client ||
           cache->client.begin(cache->client.context, replication, world->real, err);
}

void world_cache_redeploy(struct world *world)
{
    const bool in_process = world->scenario->cache.kind == CACHE_MEMORY;
    if (!world->cache.on || world->cache.has_client || !in_process) return;
    struct cache_memory *const memory = &world->cache.memory;
    const uint64_t evicted = memory->evicted;
    cache_memory_clear(memory);
    memory->evicted = evicted; /* counted over the whole run */
}

void world_cache_destroy(struct world *world)
{
    cache_memory_release(&world->cache.memory);
    if (world->cache.has_client) world->cache.client.destroy(world->cache.client.context);
}

void world_cache_port(struct world *world, struct router_port *port)
{
    if (!world->cache.on) return;
    port->recall = recall;
    port->remember = remember;
}
