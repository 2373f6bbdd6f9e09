/* router/base/memory.h - malloc for the base modules, with a way to make it fail on purpose.
 *
 * Arenas, texts, JSON and CSV take their memory here, so that a test can fail the first allocation,
 * then the second, and so on, and see that each failure ends cleanly (a fault sweep).
 *
 * Ownership: the caller frees with free().
 * Failure:   NULL when memory is out, when a product overflows, or when the countdown says so.
 */
#ifndef ROUTER_BASE_MEMORY_H
#define ROUTER_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* `size` zeroed bytes; 0 counts as 1. */
void *memory_zeroed(size_t size);

/* realloc() of `count` objects of `size` bytes; `old` stays good when the answer is NULL. */
void *memory_resize(void *old, size_t count, size_t size);

/* Tests only: the `countdown`-th allocation from now fails, once, in whichever thread; 0: none. */
void memory_fail_after(uint32_t countdown);

#endif
