#include "router/base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static _Atomic uint32_t allocations_until_failure;

static bool failure_is_due(void)
{
    if (atomic_load_explicit(&allocations_until_failure, memory_order_relaxed) == 0) return false;
    return atomic_fetch_sub(&allocations_until_failure, 1) == 1;
}

void *memory_zeroed(size_t size)
{
    return failure_is_due() ? NULL : calloc(1, size == 0 ? 1 : size);
}

void *memory_resize(void *old, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    const size_t bytes = count * size;
    return failure_is_due() ? NULL : realloc(old, bytes == 0 ? 1 : bytes);
}

void memory_fail_after(uint32_t countdown)
{
    atomic_store(&allocations_until_failure, countdown);
}
