/* sim/world/redis_cache.h - the quote cache in a Redis: one connection a world, behind the seam of
 * sim/world/cache_client.h.
 *
 * Keys begin with "routesim:NAME:SEED:NONCE:N:": the scenario's name and seed for people who look
 * into the Redis, a random number drawn when the client is made, and how many times it has begun.
 * No two runs and no two replications share an entry, whatever an earlier one has left behind: what
 * an entry says of time is true in its own run alone.
 *
 * Lives. Under the real clock an entry lives as long as the world says, in whole milliseconds,
 * rounded up. Under the virtual clock no second of this machine means anything, and an entry that
 * vanished early would change decisions: it lives REDIS_CACHE_VIRTUAL_US at least. What was written
 * (the last REDIS_CACHE_KEYS_MAX of it) is removed when the next replication begins and when the
 * client goes, as far as the Redis answers; the rest goes by its life.
 *
 * Under the virtual clock an answer is waited for REDIS_CACHE_PATIENCE_US at least, whatever the
 * router's timeout: a machine that stood still for a moment is no slow cache.
 *
 * A Redis that is not there when the client is made stops the run before it starts
 * (ERR_ENVIRONMENT): whoever names one wants to measure it. From then on everything that happens to
 * it is data. The client connects again by itself.
 *
 * Ownership: the plan is borrowed by every client made of it; each may be of another thread.
 * Failure:   making: no hiredis, nobody there, a wrong password, no memory.
 */
#ifndef SIM_WORLD_REDIS_CACHE_H
#define SIM_WORLD_REDIS_CACHE_H

#include "providers/redis_client.h"
#include "sim/world/cache_client.h"

enum { REDIS_CACHE_KEYS_MAX = 1 << 16, REDIS_CACHE_NAME_MAX = 64 };
#define REDIS_CACHE_VIRTUAL_US  INT64_C(3600000000)
#define REDIS_CACHE_PATIENCE_US INT64_C(1000000)

/* What its clients have met; each adds its own when it goes. */
struct redis_cache_facts {
    _Atomic uint64_t connects; /* connections that were up: one a world, where all goes well */
    _Atomic uint64_t losses;   /* of them, those that were lost */
    _Atomic bool has_reason;
    char reason[REDIS_REASON_MAX]; /* why, of one of them; read it when all clients have gone */
};

struct redis_cache_plan {
    struct redis_address address;
    struct redis_limits limits; /* value_bytes_max is the adapter's own */
    char name[REDIS_CACHE_NAME_MAX];
    uint64_t seed;
    struct redis_cache_facts facts; /* the one part that is written to */
};

/* `plan` outlives the maker and all its clients. */
struct cache_client_maker redis_cache_maker(struct redis_cache_plan *plan);

#endif
