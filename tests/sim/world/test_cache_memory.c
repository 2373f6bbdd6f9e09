/* The map of kept quotes against a slow one: a list that is searched from its newest end.
 *
 * Method: 200,000 drawn gets, sets and drops over few keys in little room, every answer compared;
 * and memory that runs out at each of its allocations. */
#include "router/base/memory.h"
#include "router/base/random.h"
#include "sim/world/cache_memory.h"
#include "tests/support.h"

enum { LIMIT = 40, KEYS = 90 };

struct slow { /* newest last */
    uint32_t keys[LIMIT];
    unsigned char firsts[LIMIT];
    uint32_t count;
};

static struct cache_key key_of(uint32_t number)
{
    /* Three keys share each bucket, and some a half. */
    return (struct cache_key){(enum provider)(number % 2), number / 2, number / 3 * 1024};
}

static int place_of(const struct slow *slow, uint32_t key)
{
    for (uint32_t i = 0; i < slow->count; i++)
        if (slow->keys[i] == key) return (int)i;
    return -1;
}

static unsigned char take(struct slow *slow, int place)
{
    const unsigned char first = slow->firsts[place];
    slow->count--;
    for (uint32_t i = (uint32_t)place; i < slow->count; i++) {
        slow->keys[i] = slow->keys[i + 1];
        slow->firsts[i] = slow->firsts[i + 1];
    }
    return first;
}

static void put(struct slow *slow, uint32_t key, unsigned char first)
{
    slow->keys[slow->count] = key;
    slow->firsts[slow->count++] = first;
}

static void agrees_with_a_list_on_any_mix(void **state)
{
    (void)state;
    struct cache_memory memory;
    struct slow slow = {0};
    uint64_t pushed_out = 0;
    cache_memory_init(&memory, LIMIT);
    for (uint64_t step = 0; step < 200000; step++) {
        const uint64_t bits = test_bits(11, step);
        const uint32_t number = random_below(bits, KEYS);
        const struct cache_key key = key_of(number);
        const int place = place_of(&slow, number);
        const unsigned what = (unsigned)(bits & 15);
        if (what < 7) {
            const unsigned char *kept = cache_memory_get(&memory, &key);
            assert_int_equal(kept != NULL, place >= 0);
            if (kept != NULL) {
                const unsigned char first = take(&slow, place);
                assert_int_equal(kept[0], first);
                assert_int_equal(kept[CACHE_QUOTE_BYTES - 1], first);
                put(&slow, number, first);
            }
        } else if (what < 15) {
            unsigned char bytes[CACHE_QUOTE_BYTES];
            memset(bytes, (int)(step & 255), sizeof bytes);
            assert_true(cache_memory_set(&memory, &key, bytes));
            if (place >= 0) {
                (void)take(&slow, place);
            } else if (slow.count == LIMIT) {
                (void)take(&slow, 0);
                pushed_out++;
            }
            put(&slow, number, bytes[0]);
        } else {
            cache_memory_drop(&memory, &key);
            if (place >= 0) (void)take(&slow, place);
        }
        assert_int_equal(memory.count, slow.count);
    }
    assert_int_equal(memory.evicted, pushed_out);
    assert_true(pushed_out > 1000);
    cache_memory_clear(&memory);
    const struct cache_key any = key_of(3);
    assert_null(cache_memory_get(&memory, &any));
    cache_memory_release(&memory);
}

static void grows_without_losing_any(void **state)
{
    (void)state;
    struct cache_memory memory;
    cache_memory_init(&memory, 1u << 20);
    unsigned char bytes[CACHE_QUOTE_BYTES] = {0};
    for (uint32_t i = 0; i < 5000; i++) {
        const struct cache_key key = {PROVIDER_MEALME, random_mix(i), random_mix(i + 77777)};
        memcpy(bytes, &i, sizeof i);
        assert_true(cache_memory_set(&memory, &key, bytes));
    }
    for (uint32_t i = 0; i < 5000; i++) {
        const struct cache_key key = {PROVIDER_MEALME, random_mix(i), random_mix(i + 77777)};
        const unsigned char *kept = cache_memory_get(&memory, &key);
        assert_non_null(kept);
        assert_memory_equal(kept, &i, sizeof i);
    }
    cache_memory_release(&memory);
}

static void keeps_what_it_has_when_memory_is_out(void **state)
{
    (void)state;
    const unsigned char bytes[CACHE_QUOTE_BYTES] = {1};
    for (uint32_t nth = 1; nth <= 4; nth++) {
        struct cache_memory memory;
        uint32_t kept = 0, refused = 0;
        cache_memory_init(&memory, 1u << 20);
        memory_fail_after(nth);
        for (uint32_t i = 0; i < 1500; i++) {
            const struct cache_key key = {PROVIDER_MEALME, i, i};
            const bool set = cache_memory_set(&memory, &key, bytes);
            kept += set;
            refused += !set;
        }
        memory_fail_after(0);
        assert_int_equal(refused, 1); /* two to begin with, two to double; then it goes on */
        assert_int_equal(memory.count, kept);
        const struct cache_key last = {PROVIDER_MEALME, 1499, 1499};
        assert_non_null(cache_memory_get(&memory, &last));
        cache_memory_release(&memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_list_on_any_mix),
        cmocka_unit_test(grows_without_losing_any),
        cmocka_unit_test(keeps_what_it_has_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
