/* sim/world/cache_memory.h - a map from keys to the bytes of quotes, of limited size, in memory.
 *
 * Full, it drops what was used longest ago (a get or a set is a use). It knows no time: whether
 * what it holds is still good is the reader's to say, and so an expired quote can be told from one
 * that never was. A Redis would have dropped it too: the router asks the provider either way.
 *
 * A hash table with chains, and one doubly linked list by use; get, set and drop are O(1). It grows
 * by doubling up to its limit, 152 bytes an entry, and never shrinks.
 *
 * Ownership: the caller's struct; cache_memory_release() frees what it holds (zeroed is fine). What
 *            cache_memory_get() hands out lives until the next set, drop or clear.
 * Failure:   memory: cache_memory_set() returns false and keeps what it has.
 */
#ifndef SIM_WORLD_CACHE_MEMORY_H
#define SIM_WORLD_CACHE_MEMORY_H

#include "router/cache.h"

struct cache_memory_entry {
    struct cache_key key;
    uint32_t chain; /* the next in its bucket, or NONE */
    uint32_t newer, older;
    unsigned char bytes[CACHE_QUOTE_BYTES];
};

struct cache_memory {
    struct cache_memory_entry *entries;
    uint32_t *buckets; /* `capacity` of them, a power of two */
    uint32_t limit, capacity;
    uint32_t count;
    uint32_t newest, oldest;
    uint32_t free;    /* the first of the dropped, chained */
    uint64_t evicted; /* to make room */
};

void cache_memory_init(struct cache_memory *memory, uint32_t limit);
void cache_memory_release(struct cache_memory *memory);

/* Empty again, as new. */
void cache_memory_clear(struct cache_memory *memory);

/* The bytes kept under a key, or NULL. */
const unsigned char *cache_memory_get(struct cache_memory *memory, const struct cache_key *key);
bool cache_memory_set(struct cache_memory *memory, const struct cache_key *key,
                      const unsigned char bytes[static CACHE_QUOTE_BYTES]);
void cache_memory_drop(struct cache_memory *memory, const struct cache_key *key);

#endif
