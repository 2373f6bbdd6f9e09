#include "sim/world/cache_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"

#define NONE UINT32_MAX
enum { CAPACITY_FIRST = 1024 };

void cache_memory_init(struct cache_memory *memory, uint32_t limit)
{
    assert(limit > 0);
    *memory = (struct cache_memory){.limit = limit, .newest = NONE, .oldest = NONE, .free = NONE};
}

void cache_memory_release(struct cache_memory *memory)
{
    free(memory->entries);
    free(memory->buckets);
    *memory = (struct cache_memory){0};
}

void cache_memory_clear(struct cache_memory *memory)
{
    memory->count = 0;
    memory->newest = memory->oldest = memory->free = NONE;
    memory->evicted = 0;
    for (uint32_t i = 0; i < memory->capacity; i++)
        memory->buckets[i] = NONE;
}

static uint32_t *bucket_of(struct cache_memory *memory, const struct cache_key *key)
{
    return &memory->buckets[key->low & (memory->capacity - 1)];
}

static bool same_key(const struct cache_key *a, const struct cache_key *b)
{
    return a->low == b->low && a->high == b->high && a->provider == b->provider;
}

/* ---- the list by use ---- */

static void unlink_entry(struct cache_memory *memory, uint32_t index)
{
    const struct cache_memory_entry *entry = &memory->entries[index];
    *(entry->newer == NONE ? &memory->newest : &memory->entries[entry->newer].older) = entry->older;
    *(entry->older == NONE ? &memory->oldest : &memory->entries[entry->older].newer) = entry->newer;
}

static void link_newest(struct cache_memory *memory, uint32_t index)
{
    struct cache_memory_entry *entry = &memory->entries[index];
    entry->newer = NONE;
    entry->older = memory->newest;
    *(memory->newest == NONE ? &memory->oldest : &memory->entries[memory->newest].newer) = index;
    memory->newest = index;
}

static void use(struct cache_memory *memory, uint32_t index)
{
    if (memory->newest == index) return;
    unlink_entry(memory, index);
    link_newest(memory, index);
}

/* ---- the table ---- */

/* Where the index of a key's entry stands: in its bucket or in the chain; *that is NONE without. */
static uint32_t *find(struct cache_memory *memory, const struct cache_key *key)
{
    uint32_t *at = bucket_of(memory, key);
    while (*at != NONE && !same_key(&memory->entries[*at].key, key))
        at = &memory->entries[*at].chain;
    return at;
}

static bool grow(struct cache_memory *memory)
{
    const uint32_t capacity = memory->capacity == 0 ? CAPACITY_FIRST : memory->capacity * 2;
    struct cache_memory_entry *entries =
        memory_resize(memory->entries, capacity, sizeof *memory->entries);
    if (entries == NULL) return false;
    memory->entries = entries;
    uint32_t *buckets = memory_resize(memory->buckets, capacity, sizeof *memory->buckets);
    if (buckets == NULL) return false;
    memory->buckets = buckets;
    memory->capacity = capacity;
    for (uint32_t i = 0; i < capacity; i++)
        buckets[i] = NONE;
    for (uint32_t i = memory->newest; i != NONE; i = entries[i].older) {
        uint32_t *const bucket = bucket_of(memory, &entries[i].key);
        entries[i].chain = *bucket;
        *bucket = i;
    }
    return true;
}

static void take_out(struct cache_memory *memory, uint32_t *at)
{
    const uint32_t index = *at;
    struct cache_memory_entry *entry = &memory->entries[index];
    *at = entry->chain;
    unlink_entry(memory, index);
    entry->chain = memory->free;
    memory->free = index;
    memory->count--;
}

void cache_memory_drop(struct cache_memory *memory, const struct cache_key *key)
{
    if (memory->count == 0) return;
    uint32_t *at = find(memory, key);
    if (*at != NONE) take_out(memory, at);
}

const unsigned char *cache_memory_get(struct cache_memory *memory, const struct cache_key *key)
{
    if (memory->count == 0) return NULL;
    const uint32_t index = *find(memory, key);
    if (index == NONE) return NULL;
    use(memory, index);
    return memory->entries[index].bytes;
}

static bool make_room(struct cache_memory *memory)
{
    if (memory->count == memory->limit) {
        const struct cache_key key = memory->entries[memory->oldest].key;
        cache_memory_drop(memory, &key);
        memory->evicted++;
    }
    return memory->free != NONE || memory->count < memory->capacity || grow(memory);
}

bool cache_memory_set(struct cache_memory *memory, const struct cache_key *key,
                      const unsigned char bytes[static CACHE_QUOTE_BYTES])
{
    uint32_t index = memory->count > 0 ? *find(memory, key) : NONE;
    if (index != NONE) {
        memcpy(memory->entries[index].bytes, bytes, CACHE_QUOTE_BYTES);
        use(memory, index);
        return true;
    }
    if (!make_room(memory)) return false;
    index = memory->free;
    if (index != NONE) {
        memory->free = memory->entries[index].chain;
    } else { /* none was dropped and not used again: the first `count` are taken */
        index = memory->count;
    }
    struct cache_memory_entry *entry = &memory->entries[index];
    uint32_t *const bucket = bucket_of(memory, key);
    entry->key = *key;
    entry->chain = *bucket;
    *bucket = index;
    memcpy(entry->bytes, bytes, CACHE_QUOTE_BYTES);
    link_newest(memory, index);
    memory->count++;
    return true;
}
