/* The table of remembered answers: lives to the microsecond, who gives way, and every hit recounted
 * on a plain list.
 *
 * Method: keys whose upper halves say which set they fall into, so that the list knows who crowds
 * whom without asking the table.
 */
#include "providers/memo.h"
#include "tests/support.h"

enum { SETS = 4, PLACES = SETS * MEMO_WAYS };

static struct memo_entry places[PLACES];

static struct memo fresh(uint32_t sets)
{
    const struct memo memo = {.entries = places, .sets = sets};
    memo_forget(&memo);
    return memo;
}

static bool keep(const struct memo *memo, uint64_t key, int64_t now_us, int64_t life_us)
{
    const struct memo_answer answer = {.number = (uint32_t)key, .found = true};
    return memo_keep(memo, key, answer, now_us, now_us + life_us);
}

static void an_answer_serves_until_its_last_microsecond_however_often(void **state)
{
    (void)state;
    const struct memo memo = fresh(1);
    assert_null(memo_find(&memo, 7, 0));
    assert_null(memo_find(&memo, 0, 0)); /* an empty place is not the answer to key 0 */
    assert_false(memo_keep(&memo, 7, (struct memo_answer){.number = 129, .exact = true}, 50, 150));
    for (int64_t now_us = 50; now_us < 150; now_us++) {
        const struct memo_answer *answer = memo_find(&memo, 7, now_us);
        assert_non_null(answer);
        assert_int_equal(answer->number, 129);
        assert_true(answer->exact && !answer->found);
    }
    assert_null(memo_find(&memo, 7, 150)); /* uses have not made the life longer */
    keep(&memo, 7, 150, 10);               /* a new answer to the same key takes its place */
    assert_int_equal(memo_find(&memo, 7, 159)->number, 7);
    memo_forget(&memo);
    assert_null(memo_find(&memo, 7, 159));
}

static void who_was_not_asked_for_longest_gives_way(void **state)
{
    (void)state;
    const struct memo memo = fresh(1);
    for (uint64_t key = 1; key <= MEMO_WAYS; key++)
        assert_false(keep(&memo, key, 0, 1000));
    assert_non_null(memo_find(&memo, 1, 1));
    assert_true(keep(&memo, 9, 2, 1000)); /* 2 is the oldest now, not 1 */
    assert_null(memo_find(&memo, 2, 3));
    assert_non_null(memo_find(&memo, 1, 3));
    assert_false(keep(&memo, 3, 4, 2000)); /* a fresher answer to 3: used just now, none gone */
    assert_true(keep(&memo, 10, 5, 1000));
    assert_null(memo_find(&memo, 4, 6));
    assert_non_null(memo_find(&memo, 3, 6));
}

static void what_has_expired_gives_way_before_what_is_alive(void **state)
{
    (void)state;
    const struct memo memo = fresh(1);
    for (uint64_t key = 1; key < MEMO_WAYS; key++)
        keep(&memo, key, 0, 1000);
    keep(&memo, 8, 1, 9); /* used last, and over at 10 */
    assert_false(keep(&memo, 9, 10, 1000));
    for (uint64_t key = 1; key < MEMO_WAYS; key++)
        assert_non_null(memo_find(&memo, key, 11));
    assert_non_null(memo_find(&memo, 9, 11));
    assert_true(keep(&memo, 10, 11, 1000)); /* all alive */
    assert_null(memo_find(&memo, 1, 12));
}

static void a_table_of_none_remembers_nothing(void **state)
{
    (void)state;
    const struct memo none = {0};
    memo_forget(&none);
    assert_false(keep(&none, 1, 0, 10));
    assert_null(memo_find(&none, 1, 1));
    assert_int_equal(memo_sets(1), 1);
    assert_int_equal(memo_sets(8), 1);
    assert_int_equal(memo_sets(9), 2);
    assert_int_equal(memo_sets(16384), 2048);
}

/* ---- the recount ---- */

enum { KEYS = 3 * PLACES };

struct slow_key { /* of each key there is; nothing is moved */
    int64_t used, expires_us;
    bool there;
};

/* The key that gives way to another of `set`: any that is over, else the one used first. */
static unsigned slow_victim(const struct slow_key keys[KEYS], unsigned set, int64_t now_us)
{
    unsigned victim = KEYS;
    for (unsigned k = set; k < KEYS; k += SETS) {
        if (!keys[k].there) continue;
        const bool over = keys[k].expires_us <= now_us;
        if (victim == KEYS) {
            victim = k;
            continue;
        }
        const bool victim_over = keys[victim].expires_us <= now_us;
        if (over != victim_over ? over : keys[k].used < keys[victim].used) victim = k;
    }
    return victim;
}

static unsigned slow_count(const struct slow_key keys[KEYS], unsigned set)
{
    unsigned count = 0;
    for (unsigned k = set; k < KEYS; k += SETS)
        count += keys[k].there;
    return count;
}

static bool slow_keep(struct slow_key keys[KEYS], unsigned key, int64_t step, int64_t now_us,
                      int64_t life_us)
{
    bool evicts = false;
    if (!keys[key].there && slow_count(keys, key % SETS) == MEMO_WAYS) {
        const unsigned victim = slow_victim(keys, key % SETS, now_us);
        evicts = keys[victim].expires_us > now_us;
        keys[victim].there = false;
    }
    keys[key] = (struct slow_key){.used = step, .expires_us = now_us + life_us, .there = true};
    return evicts;
}

static void hits_and_evictions_are_those_of_a_list(void **state)
{
    (void)state;
    enum { STEPS = 50000 };
    for (uint64_t seed = 0; seed < 4; seed++) {
        const struct memo memo = fresh(SETS);
        struct slow_key keys[KEYS] = {{0}};
        const int64_t life_us = seed < 2 ? 100000 : 60; /* no life ends; many do */
        uint64_t hits = 0, evictions = 0;
        for (int64_t step = 0; step < STEPS; step++) {
            const uint64_t bits = test_bits(seed, (uint64_t)step);
            const unsigned a = (unsigned)(bits % KEYS), b = (unsigned)((bits >> 20) % KEYS);
            const unsigned key = a < b ? a : b; /* some are asked for more often */
            const uint64_t hash = (uint64_t)(key % SETS) << 62 | (uint64_t)key << 40 | key;
            const int64_t now_us = step / 2;
            const bool slow_hit = keys[key].there && now_us < keys[key].expires_us;
            const struct memo_answer *answer = memo_find(&memo, hash, now_us);
            assert_int_equal(answer != NULL, slow_hit);
            if (answer != NULL) {
                assert_int_equal(answer->number, key);
                keys[key].used = step;
                hits++;
                continue;
            }
            const bool evicts = slow_keep(keys, key, step, now_us, life_us);
            assert_int_equal(memo_keep(&memo, hash, (struct memo_answer){.number = key}, now_us,
                                       now_us + life_us),
                             evicts);
            evictions += evicts;
        }
        assert_true(hits > STEPS / 10 && hits < STEPS);
        assert_true(evictions > STEPS / 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_serves_until_its_last_microsecond_however_often),
        cmocka_unit_test(who_was_not_asked_for_longest_gives_way),
        cmocka_unit_test(what_has_expired_gives_way_before_what_is_alive),
        cmocka_unit_test(a_table_of_none_remembers_nothing),
        cmocka_unit_test(hits_and_evictions_are_those_of_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
