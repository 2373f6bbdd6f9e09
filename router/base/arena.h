/* router/base/arena.h - memory that is freed all at once.
 *
 * One arena for what lives as long as a scenario or a result. Chunks are linked, zeroed and never
 * move, so pointers into an arena stay good until it is released. Nothing from it is freed by hand.
 *
 * Ownership: the arena owns its chunks; arena_release(NULL) is fine.
 * Failure:   when malloc fails, arena_push() returns NULL; the caller reports ERR_ENVIRONMENT.
 * Tests make the n-th chunk fail with arena_fail_after().
 */
#ifndef ROUTER_BASE_ARENA_H
#define ROUTER_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *newest;
    size_t bytes; /* handed out in all */
};

/* `count` zeroed objects of `size` bytes, aligned for any type; NULL when memory is out or the
 * product overflows. A count of 0 gives a valid pointer that must not be read. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
#define arena_push(arena, type, count) ((type *)arena_alloc((arena), (count), sizeof(type)))

/* A NUL-terminated copy of `length` bytes; NULL when memory is out. */
char *arena_text(struct arena *arena, const char *bytes, size_t length);

void arena_release(struct arena *arena);

/* Fault sweeps only: memory_fail_after() under the name that arena tests look for. It counts what
 * all base modules allocate; an arena does so once a chunk. */
void arena_fail_after(uint32_t countdown);

#endif
