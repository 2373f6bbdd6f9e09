#include "router/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"

/* Chunks double, so that a big arena is few chunks and a small one little memory. */
#define CHUNK_BYTES_FIRST   ((size_t)4096)
#define CHUNK_BYTES_LARGEST ((size_t)1 << 20)

struct arena_chunk {
    struct arena_chunk *older;
    size_t used;
    size_t capacity;
    alignas(max_align_t) unsigned char bytes[];
};

static size_t round_up_to_alignment(size_t bytes)
{
    const size_t mask = alignof(max_align_t) - 1;
    return (bytes + mask) & ~mask;
}

static struct arena_chunk *new_chunk(size_t capacity)
{
    struct arena_chunk *chunk = memory_zeroed(sizeof *chunk + capacity);
    if (chunk != NULL) chunk->capacity = capacity;
    return chunk;
}

static size_t next_capacity(const struct arena *arena)
{
    if (arena->newest == NULL) return CHUNK_BYTES_FIRST;
    const size_t doubled = arena->newest->capacity * 2;
    return doubled < CHUNK_BYTES_LARGEST ? doubled : CHUNK_BYTES_LARGEST;
}

/* A request that would fill most of a chunk gets one of its own, put behind the newest, whose room
 * then stays in use. */
static struct arena_chunk *chunk_with_room(struct arena *arena, size_t bytes)
{
    struct arena_chunk *newest = arena->newest;
    if (newest != NULL && newest->capacity - newest->used >= bytes) return newest;

    const size_t capacity = next_capacity(arena);
    const bool alone = bytes > capacity / 2;
    struct arena_chunk *chunk = new_chunk(alone ? bytes : capacity);
    if (chunk == NULL) return NULL;
    if (alone && newest != NULL) {
        chunk->older = newest->older;
        newest->older = chunk;
    } else {
        chunk->older = newest;
        arena->newest = chunk;
    }
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    assert(arena != NULL);
    const size_t bytes_max = SIZE_MAX / 2;
    if (size != 0 && count > bytes_max / size) return NULL;
    const size_t bytes = round_up_to_alignment(count * size == 0 ? 1 : count * size);

    struct arena_chunk *chunk = chunk_with_room(arena, bytes);
    if (chunk == NULL) return NULL;
    void *object = chunk->bytes + chunk->used;
    chunk->used += bytes;
    arena->bytes += bytes;
    assert(chunk->used <= chunk->capacity);
    return object;
}

char *arena_text(struct arena *arena, const char *bytes, size_t length)
{
    assert(bytes != NULL || length == 0);
    if (length == SIZE_MAX) return NULL;
    char *copy = arena_alloc(arena, length + 1, 1);
    if (copy != NULL && length != 0) memcpy(copy, bytes, length);
    return copy;
}

void arena_release(struct arena *arena)
{
    if (arena == NULL) return;
    struct arena_chunk *chunk = arena->newest;
    while (chunk != NULL) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    *arena = (struct arena){0};
}

void arena_fail_after(uint32_t countdown)
{
    memory_fail_after(countdown);
}
