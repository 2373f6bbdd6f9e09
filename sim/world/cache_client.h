/* sim/world/cache_client.h - a cache outside this process, as the world speaks to it.
 *
 * The world knows keys (texts without blanks, shorter than CACHE_CLIENT_KEY_MAX) and values (bytes,
 * up to CACHE_CLIENT_BYTES_MAX); how they travel is the client's affair. Without a client the
 * world simulates its cache (sim/world/world_cache.h).
 *
 * Real clock: `get` and `set` only send, and never call back from inside. Everything sent ends
 * exactly once, through `poll`: with an answer, with an error, or with CACHE_TIMEOUT once its
 * timeout is over; so the client keeps its own deadlines, and whoever waits for it always ends.
 * `descriptor` is one descriptor for the client's whole life (an epoll set of its own, timers
 * included) that is readable whenever `poll` has something to do. `poll` never waits. A connection
 * that broke is opened again by a later call, in the background.
 *
 * Virtual clock: `get_now` and `set_now` speak to the cache and wait for the answer, at most
 * `timeout_us` of this machine's time. Bytes cross the socket, time does not: what the answer costs
 * in virtual time is the scenario's law. An error is at once in virtual time if CACHE_REFUSED or
 * CACHE_FAILED, and costs the router its own timeout if CACHE_TIMEOUT.
 *
 * The client puts a prefix of its own before every key, another one for each `begin`, so that
 * nothing of an earlier run or replication is found; it removes what it wrote when destroyed, as
 * far as the cache is there to be asked.
 *
 * Ownership: a client belongs to one world and its thread. The world destroys it. Bytes and keys
 * are borrowed for the call, a reply for the callback.
 * Failure: errors of the cache are data (enum cache_error). `make` and `begin` may fail: an address
 * that is none, no memory. A cache that is not there is no reason to fail, unless the client says
 * that one must be there when a run starts.
 */
#ifndef SIM_WORLD_CACHE_CLIENT_H
#define SIM_WORLD_CACHE_CLIENT_H

#include "router/base/err.h"
#include "router/cache.h"

enum { CACHE_CLIENT_KEY_MAX = CACHE_KEY_TEXT_MAX, CACHE_CLIENT_BYTES_MAX = 512 };

struct cache_client_reply {
    void *owner; /* as given to get or set */
    bool was_set;
    enum cache_error error;
    const unsigned char *bytes; /* of a get that went well */
    size_t length;              /* 0: nothing is kept under that key */
};

typedef void (*cache_client_ended)(void *context, const struct cache_client_reply *reply);

struct cache_client {
    void *context;

    /* A replication begins, under the real clock or not. What is still out is forgotten. */
    bool (*begin)(void *context, uint32_t replication, bool real, struct err *err);

    /* Real clock. `ttl_us` is what the cache is told; it may round it up to what it can. */
    void (*get)(void *context, const char *key, void *owner, int64_t timeout_us);
    void (*set)(void *context, const char *key, const unsigned char *bytes, size_t length,
                int64_t ttl_us, void *owner, int64_t timeout_us);
    void (*poll)(void *context, cache_client_ended ended, void *ended_context);
    int (*descriptor)(void *context);
    uint32_t (*in_flight)(void *context); /* gets and sets that have not ended */

    /* Virtual clock. `*length` is 0 when nothing is kept. The ttl counts in this machine's time,
     * which says nothing about virtual time: it only keeps an abandoned cache from filling up. */
    enum cache_error (*get_now)(void *context, const char *key, int64_t timeout_us,
                                unsigned char bytes[static CACHE_CLIENT_BYTES_MAX], size_t *length);
    enum cache_error (*set_now)(void *context, const char *key, const unsigned char *bytes,
                                size_t length, int64_t ttl_us, int64_t timeout_us);

    void (*destroy)(void *context);
};

/* Makes a client for each world of a run: a world is one thread's. */
struct cache_client_maker {
    void *context; /* borrowed, and shared by threads: read only */
    bool (*make)(void *context, struct cache_client *client, struct err *err);
};

#endif
