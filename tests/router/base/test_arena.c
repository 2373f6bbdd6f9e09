/* Goal: arena memory is zeroed, aligned, its own, and never moves; running out is an answer.
 * Method: sizes around every boundary, contents checked at the end; a fault sweep. */
#include <stdalign.h>

#include "router/base/arena.h"
#include "tests/support.h"

static void gives_zeroed_aligned_memory_that_never_moves(void **state)
{
    (void)state;
    enum { BLOCKS = 2000 };
    static unsigned char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    struct arena arena = {0};
    for (size_t i = 0; i < BLOCKS; i++) {
        const uint64_t bits = test_bits(1, i);
        sizes[i] = random_below(bits, i % 100 == 0 ? 300000 : 200);
        blocks[i] = arena_push(&arena, unsigned char, sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(blocks[i][b], 0);
        memset(blocks[i], (int)(i % 251), sizes[i]);
    }
    size_t total = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        total += sizes[i];
        for (size_t b = 0; b < sizes[i]; b++)
            assert_int_equal(blocks[i][b], i % 251);
    }
    assert_true(arena.bytes >= total);
    arena_release(&arena);
    assert_null(arena.newest);
    assert_int_equal(arena.bytes, 0);
    arena_release(NULL);
}

static void refuses_a_product_that_overflows(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(arena_text(&arena, "", SIZE_MAX));
    assert_non_null(arena_alloc(&arena, 0, 8));
    assert_non_null(arena_alloc(&arena, SIZE_MAX, 0));
    arena_release(&arena);
}

static void copies_text_with_an_end(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_string_equal(arena_text(&arena, "kroger", 3), "kro");
    assert_string_equal(arena_text(&arena, NULL, 0), "");
    arena_release(&arena);
}

/* A body of allocations that fill several chunks; how many of them worked. */
static unsigned fill(struct arena *arena)
{
    unsigned worked = 0;
    for (size_t i = 1; i <= 40; i++) {
        uint64_t *block = arena_push(arena, uint64_t, i * 50);
        if (block == NULL) continue;
        block[i * 50 - 1] = i;
        worked++;
    }
    return worked;
}

static void goes_on_after_any_allocation_failed(void **state)
{
    (void)state;
    uint32_t countdown = 1;
    unsigned worked = 0;
    for (; worked != 40; countdown++) {
        struct arena arena = {0};
        arena_fail_after(countdown);
        worked = fill(&arena);
        arena_fail_after(0);
        assert_true(worked >= 39); /* one failure costs one answer, not the arena */
        arena_release(&arena);
    }
    assert_true(countdown > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_memory_that_never_moves),
        cmocka_unit_test(refuses_a_product_that_overflows),
        cmocka_unit_test(copies_text_with_an_end),
        cmocka_unit_test(goes_on_after_any_allocation_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
