#include "sim/world/redis_cache.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "router/base/memory.h"

enum { PREFIX_MAX = REDIS_CACHE_NAME_MAX + 96, WHOLE_KEY_MAX = PREFIX_MAX + CACHE_CLIENT_KEY_MAX };

/* How long removing may wait for one answer, and values of ours are far shorter than this. */
static const int64_t removal_us = 200000;
static const size_t value_bytes_max = 4096;

typedef char written_key[CACHE_CLIENT_KEY_MAX];

struct redis_cache {
    struct redis_cache_plan *plan;
    struct redis_client *client;
    uint64_t nonce;
    uint32_t begun;
    char prefix[PREFIX_MAX];
    size_t prefix_length;
    written_key *written; /* a ring of the last ones, without the prefix */
    uint32_t written_room, written_count, written_next;

    cache_client_ended ended; /* of the poll that runs */
    void *ended_context;
};

/* ---- keys ------------------------------------------------------------------------------------ */

static size_t whole_key(const struct redis_cache *cache, const char *key,
                        char whole[static WHOLE_KEY_MAX])
{
    const size_t length = strlen(key);
    assert(length < CACHE_CLIENT_KEY_MAX);
    memcpy(whole, cache->prefix, cache->prefix_length);
    memcpy(whole + cache->prefix_length, key, length + 1);
    return cache->prefix_length + length;
}

/* A key that finds no memory here is not removed at the end, and goes by its life. */
static void note_written(struct redis_cache *cache, const char *key)
{
    if (cache->written_count == cache->written_room && cache->written_room < REDIS_CACHE_KEYS_MAX) {
        const uint32_t room = cache->written_room == 0 ? 256 : cache->written_room * 2;
        written_key *const grown = memory_resize(cache->written, room, sizeof *grown);
        if (grown == NULL) return;
        cache->written = grown;
        cache->written_room = room;
        cache->written_next = cache->written_count;
    }
    memcpy(cache->written[cache->written_next], key, strlen(key) + 1);
    cache->written_next = (cache->written_next + 1) % cache->written_room;
    if (cache->written_count < cache->written_room) cache->written_count++;
}

static void remove_written(struct redis_cache *cache)
{
    static_assert(REDIS_CACHE_KEYS_MAX % 256 == 0, "the ring grows to it by doubling");
    enum { BATCH = 256 };
    char whole[BATCH][WHOLE_KEY_MAX];
    const char *keys[BATCH];
    static_assert((int)BATCH <= (int)REDIS_REMOVED_MAX, "one command takes a batch");
    for (uint32_t done = 0; done < cache->written_count;) {
        unsigned count = 0;
        for (; count < BATCH && done < cache->written_count; count++, done++) {
            (void)whole_key(cache, cache->written[done], whole[count]);
            keys[count] = whole[count];
        }
        if (!redis_client_remove(cache->client, keys, count, removal_us)) break;
    }
    cache->written_count = cache->written_next = 0;
}

/* ---- the real clock -------------------------------------------------------------------------- */

/* Nothing of ours is empty or long: that is another's value under our key. */
static enum cache_error judge(const struct redis_answer *answer)
{
    if (answer->error != CACHE_OK || !answer->found) return answer->error;
    return answer->length > 0 && answer->length <= CACHE_CLIENT_BYTES_MAX ? CACHE_OK
                                                                          : CACHE_DAMAGED;
}

static void pass_on(void *context, const struct redis_answer *answer)
{
    struct redis_cache *const cache = context;
    struct cache_client_reply reply = {
        .owner = answer->owner, .was_set = answer->was_set, .error = judge(answer)};
    if (reply.error == CACHE_OK && answer->found) {
        reply.bytes = (const unsigned char *)answer->bytes;
        reply.length = answer->length;
    }
    cache->ended(cache->ended_context, &reply);
}

static void poll_cache(void *context, cache_client_ended ended, void *ended_context)
{
    struct redis_cache *const cache = context;
    cache->ended = ended;
    cache->ended_context = ended_context;
    redis_client_poll(cache->client, pass_on, cache);
}

static void get(void *context, const char *key, void *owner, int64_t timeout_us)
{
    struct redis_cache *const cache = context;
    char whole[WHOLE_KEY_MAX];
    const size_t length = whole_key(cache, key, whole);
    redis_client_get(cache->client, whole, length, owner, timeout_us);
}

static void set(void *context, const char *key, const unsigned char *bytes, size_t length,
                int64_t ttl_us, void *owner, int64_t timeout_us)
{
    struct redis_cache *const cache = context;
    char whole[WHOLE_KEY_MAX];
    const size_t key_length = whole_key(cache, key, whole);
    const struct redis_value value = {.bytes = bytes, .length = length, .ttl_us = ttl_us};
    assert(length > 0 && length <= CACHE_CLIENT_BYTES_MAX);
    redis_client_set(cache->client, whole, key_length, &value, owner, timeout_us);
    note_written(cache, key);
}

static int descriptor(void *context)
{
    const struct redis_cache *const cache = context;
    return redis_client_descriptor(cache->client);
}

static uint32_t in_flight(void *context)
{
    const struct redis_cache *const cache = context;
    return redis_client_in_flight(cache->client);
}

/* ---- the virtual clock ----------------------------------------------------------------------- */

struct kept {
    bool done;
    enum cache_error error;
    unsigned char *bytes; /* NULL: of a set */
    size_t length;
};

static void keep(void *context, const struct redis_answer *answer)
{
    struct kept *const kept = context;
    kept->done = true;
    kept->error = judge(answer);
    if (kept->error != CACHE_OK || !answer->found || kept->bytes == NULL) return;
    memcpy(kept->bytes, answer->bytes, answer->length);
    kept->length = answer->length;
}

/* The client ends it when its time is over, whatever happens. */
static enum cache_error await(struct redis_cache *cache, struct kept *kept, int64_t until_us)
{
    while (!kept->done) {
        redis_client_wait(cache->client, until_us);
        redis_client_poll(cache->client, keep, kept);
    }
    return kept->error;
}

static int64_t patience_us(int64_t timeout_us)
{
    return timeout_us > REDIS_CACHE_PATIENCE_US ? timeout_us : REDIS_CACHE_PATIENCE_US;
}

static enum cache_error get_now(void *context, const char *key, int64_t timeout_us,
                                unsigned char bytes[static CACHE_CLIENT_BYTES_MAX], size_t *length)
{
    struct redis_cache *const cache = context;
    struct kept kept = {.bytes = bytes};
    const int64_t wait_us = patience_us(timeout_us);
    const int64_t until_us = redis_client_now_us() + wait_us;
    get(cache, key, NULL, wait_us);
    const enum cache_error error = await(cache, &kept, until_us);
    *length = kept.length;
    return error;
}

static enum cache_error set_now(void *context, const char *key, const unsigned char *bytes,
                                size_t length, int64_t ttl_us, int64_t timeout_us)
{
    struct redis_cache *const cache = context;
    struct kept kept = {0};
    const int64_t wait_us = patience_us(timeout_us);
    const int64_t until_us = redis_client_now_us() + wait_us;
    const int64_t life_us = ttl_us > REDIS_CACHE_VIRTUAL_US ? ttl_us : REDIS_CACHE_VIRTUAL_US;
    set(cache, key, bytes, length, life_us, NULL, wait_us);
    return await(cache, &kept, until_us);
}

/* ---- making and ending ----------------------------------------------------------------------- */

static bool begin(void *context, uint32_t replication, bool real, struct err *err)
{
    struct redis_cache *const cache = context;
    (void)replication;
    (void)err;
    redis_client_forget(cache->client);
    remove_written(cache);
    (void)real;
    const int length = snprintf(cache->prefix, sizeof cache->prefix,
                                "routesim:%s:%" PRIu64 ":%016" PRIx64 ":%" PRIu32 ":",
                                cache->plan->name, cache->plan->seed, cache->nonce, cache->begun++);
    assert(length > 0 && (size_t)length < sizeof cache->prefix);
    cache->prefix_length = (size_t)length;
    return true;
}

static void add_facts(const struct redis_cache *cache)
{
    struct redis_cache_facts *const all = &cache->plan->facts;
    struct redis_facts own;
    redis_client_facts(cache->client, &own);
    all->connects += own.connects;
    all->losses += own.losses;
    if (own.losses == 0 || atomic_exchange(&all->has_reason, true)) return;
    (void)snprintf(all->reason, sizeof all->reason, "%s", own.loss);
}

static void destroy(void *context)
{
    struct redis_cache *const cache = context;
    if (cache == NULL) return;
    if (cache->client != NULL) {
        add_facts(cache); /* what goes wrong from here on costs the run nothing */
        remove_written(cache);
    }
    redis_client_destroy(cache->client);
    free(cache->written);
    free(cache);
}

static bool draw_nonce(struct redis_cache *cache, struct err *err)
{
    ssize_t got;
    do {
        got = getrandom(&cache->nonce, sizeof cache->nonce, 0);
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof cache->nonce) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "no random number to be had: %s",
                    strerror(errno));
}

static bool connect_cache(struct redis_cache *cache, struct err *err)
{
    struct redis_limits limits = cache->plan->limits;
    limits.value_bytes_max = value_bytes_max;
    cache->client = redis_client_create(&cache->plan->address, &limits, err);
    if (cache->client == NULL) return false;
    if (redis_client_connect(cache->client, err)) return true;
    return err_hint(err, "start it, or leave --cache out: quotes are then kept in a simulated one");
}

static bool make(void *context, struct cache_client *client, struct err *err)
{
    struct redis_cache *const cache = calloc(1, sizeof *cache);
    if (cache == NULL) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    cache->plan = context;
    if (!draw_nonce(cache, err) || !connect_cache(cache, err)) {
        destroy(cache);
        return false;
    }
    *client = (struct cache_client){.context = cache,
                                    .begin = begin,
                                    .get = get,
                                    .set = set,
                                    .poll = poll_cache,
                                    .descriptor = descriptor,
                                    .in_flight = in_flight,
                                    .get_now = get_now,
                                    .set_now = set_now,
                                    .destroy = destroy};
    return true;
}

struct cache_client_maker redis_cache_maker(struct redis_cache_plan *plan)
{
    return (struct cache_client_maker){.context = plan, .make = make};
}
