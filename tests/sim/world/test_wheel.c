/* The wheel gives events back by (due, order of insertion), whatever happens to it.
 *
 * Method: small tables for what the header promises, then seeded random mixes of add, cancel and
 * pop against a slow, obvious list that is searched for the least (due, insertion). Delays are
 * drawn over all levels, from 0 us to 12 years, rounded so that ties and level boundaries abound.
 */
#include "tests/support.h"

#include "router/base/duration.h"
#include "router/base/memory.h"
#include "sim/world/wheel.h"

#define YEAR_US (365 * US_PER_DAY)

static void comes_out_in_order_of_due_time_then_insertion(void **state)
{
    (void)state;
    static const int64_t due_us[] = {70, 5, 70, 0, 5000, 70, 4096, 4095, 0, 16777216, 16777215};
    static const uint32_t order[] = {3, 8, 1, 0, 2, 5, 7, 6, 4, 10, 9};
    enum { COUNT = sizeof due_us / sizeof due_us[0] };
    struct wheel_node nodes[COUNT] = {0};
    struct wheel *wheel = wheel_create();
    for (uint32_t i = 0; i < COUNT; i++) {
        nodes[i].kind = i;
        wheel_add(wheel, &nodes[i], due_us[i]);
    }
    assert_int_equal(wheel_count(wheel), COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct wheel_node *node = wheel_pop(wheel, INT64_MAX);
        assert_non_null(node);
        assert_int_equal(node->kind, order[i]);
        assert_int_equal(wheel_now_us(wheel), due_us[order[i]]);
        assert_false(wheel_holds(node));
    }
    assert_int_equal(wheel_count(wheel), 0);
    wheel_destroy(wheel);
}

static void an_event_due_now_waits_behind_those_due_already(void **state)
{
    (void)state;
    struct wheel_node nodes[4] = {{.kind = 0}, {.kind = 1}, {.kind = 2}, {.kind = 3}};
    struct wheel *wheel = wheel_create();
    const int64_t due_us = 3 * US_PER_HOUR;
    wheel_add(wheel, &nodes[0], due_us);
    wheel_add(wheel, &nodes[1], due_us);
    wheel_add(wheel, &nodes[2], due_us + 1);
    assert_ptr_equal(wheel_pop(wheel, due_us), &nodes[0]);
    wheel_add(wheel, &nodes[3], due_us);
    wheel_add(wheel, &nodes[0], due_us); /* popped, and put in again */
    assert_ptr_equal(wheel_pop(wheel, due_us), &nodes[1]);
    assert_ptr_equal(wheel_pop(wheel, due_us), &nodes[3]);
    assert_ptr_equal(wheel_pop(wheel, due_us), &nodes[0]);
    assert_null(wheel_pop(wheel, due_us));
    assert_ptr_equal(wheel_pop(wheel, due_us + 1), &nodes[2]);
    wheel_destroy(wheel);
}

static void time_moves_to_the_limit_and_never_back(void **state)
{
    (void)state;
    struct wheel_node node = {0};
    struct wheel *wheel = wheel_create();
    assert_null(wheel_pop(wheel, 1000));
    assert_int_equal(wheel_now_us(wheel), 1000);
    wheel_add(wheel, &node, 10 * YEAR_US);
    assert_null(wheel_pop(wheel, 999));
    assert_int_equal(wheel_now_us(wheel), 1000);
    assert_null(wheel_pop(wheel, 10 * YEAR_US - 1));
    assert_int_equal(wheel_now_us(wheel), 10 * YEAR_US - 1);
    assert_ptr_equal(wheel_pop(wheel, 10 * YEAR_US), &node);
    assert_null(wheel_pop(wheel, INT64_MAX));
    assert_int_equal(wheel_now_us(wheel), INT64_MAX);
    wheel_destroy(wheel);
}

static void cancelling_works_at_every_level_and_twice(void **state)
{
    (void)state;
    static const int64_t due_us[] = {1,          5000,        US_PER_MINUTE,
                                     US_PER_DAY, 9 * YEAR_US, WHEEL_DUE_US_MAX};
    enum { COUNT = sizeof due_us / sizeof due_us[0] };
    struct wheel_node nodes[COUNT][3] = {0};
    struct wheel *wheel = wheel_create();
    for (unsigned i = 0; i < COUNT; i++) {
        for (unsigned k = 0; k < 3; k++)
            wheel_add(wheel, &nodes[i][k], due_us[i]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        wheel_cancel(wheel, &nodes[i][1]);
        wheel_cancel(wheel, &nodes[i][1]);
        assert_false(wheel_holds(&nodes[i][1]));
        assert_true(wheel_holds(&nodes[i][0]));
        wheel_cancel(wheel, &nodes[i][i % 2 * 2]);
    }
    assert_int_equal(wheel_count(wheel), COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_ptr_equal(wheel_pop(wheel, INT64_MAX), &nodes[i][2 - i % 2 * 2]);
    }
    assert_null(wheel_pop(wheel, INT64_MAX));
    wheel_destroy(wheel);
}

/* One instant at a bucket's edge, filled from afar, from near by and from its own level: those who
 * went in first come out first although they have come down from other levels. */
static void insertion_order_survives_every_boundary(void **state)
{
    (void)state;
    static const int64_t widths_us[] = {4096, INT64_C(1) << 24, INT64_C(1) << 36, INT64_C(1) << 48};
    static const int64_t offsets_us[] = {-1, 0, 1};
    enum { NEARER = 64 };
    for (unsigned w = 0; w < 4; w++) {
        for (unsigned o = 0; o < 3; o++) {
            const int64_t edge_us = 3 * widths_us[w] + offsets_us[o];
            struct wheel_node nodes[NEARER] = {0};
            struct wheel *wheel = wheel_create();
            uint32_t count = 0;
            /* Nearer by more than a half, so that each step may hang at another level. */
            for (int64_t left_us = edge_us; left_us > 0; left_us = left_us * 7 / 16) {
                assert_true(count < NEARER);
                assert_null(wheel_pop(wheel, edge_us - left_us));
                wheel_add(wheel, &nodes[count++], edge_us);
            }
            for (uint32_t i = 0; i < count; i++) {
                assert_ptr_equal(wheel_pop(wheel, edge_us), &nodes[i]);
            }
            assert_null(wheel_pop(wheel, edge_us));
            wheel_destroy(wheel);
        }
    }
}

/* --- against a list that is searched --- */

enum { NODES = 300, STEPS = 40000 };

struct reference {
    int64_t due_us[NODES];
    uint64_t sequence[NODES];
    bool in[NODES];
    uint64_t next_sequence;
    size_t count;
};

static int least(const struct reference *reference)
{
    int best = -1;
    for (int i = 0; i < NODES; i++) {
        if (!reference->in[i]) continue;
        if (best < 0 || reference->due_us[i] < reference->due_us[best] ||
            (reference->due_us[i] == reference->due_us[best] &&
             reference->sequence[i] < reference->sequence[best])) {
            best = i;
        }
    }
    return best;
}

/* From 0 us to 12 years, every scale alike; often rounded to a coarse grid, from which ties and
 * dues at bucket edges come. */
static int64_t draw_due_us(int64_t now_us, uint64_t bits)
{
    const unsigned scale = (unsigned)(bits % 49);
    int64_t due_us = now_us + (int64_t)((bits >> 8) & ((UINT64_C(1) << scale) - 1));
    const unsigned grid = (unsigned)(bits >> 57) % 40;
    if ((bits >> 63) != 0) {
        const int64_t rounded_us = (due_us >> grid) << grid;
        if (rounded_us >= now_us) due_us = rounded_us;
    }
    return due_us;
}

/* Nothing is due before what wheel_next_us() says, and near the end it says exactly when. */
static void check_next(const struct wheel *wheel, const struct reference *reference, int expected)
{
    const int64_t next_us = wheel_next_us(wheel);
    if (expected < 0) {
        assert_true(next_us == INT64_MAX);
        return;
    }
    const int64_t due_us = reference->due_us[expected];
    assert_true(next_us <= due_us);
    assert_true(next_us >= wheel_now_us(wheel));
    if (reference->count == 1 || due_us >> 12 == wheel_now_us(wheel) >> 12) {
        assert_true(next_us == due_us);
    }
}

static void pop_both(struct wheel *wheel, struct wheel_node *nodes, struct reference *reference,
                     int64_t until_us)
{
    const int64_t before_us = wheel_now_us(wheel);
    const int expected = least(reference);
    check_next(wheel, reference, expected);
    struct wheel_node *node = wheel_pop(wheel, until_us);
    if (expected < 0 || reference->due_us[expected] > until_us) {
        assert_null(node);
        assert_int_equal(wheel_now_us(wheel), until_us > before_us ? until_us : before_us);
        return;
    }
    assert_ptr_equal(node, &nodes[expected]);
    assert_int_equal(node->due_us, reference->due_us[expected]);
    assert_int_equal(wheel_now_us(wheel), node->due_us);
    reference->in[expected] = false;
    reference->count--;
}

static void add_both(struct wheel *wheel, struct wheel_node *nodes, struct reference *reference,
                     unsigned index, int64_t due_us)
{
    wheel_add(wheel, &nodes[index], due_us);
    reference->in[index] = true;
    reference->due_us[index] = due_us;
    reference->sequence[index] = reference->next_sequence++;
    reference->count++;
}

/* `pops` in 256 of the steps pop; the rest add or cancel a random node. */
static void run_mix(uint64_t seed, unsigned pops, unsigned cancels, unsigned scale_limit)
{
    struct wheel *wheel = wheel_create();
    struct wheel_node nodes[NODES] = {0};
    struct reference reference = {0};
    for (uint64_t step = 0; step < STEPS; step++) {
        const uint64_t bits = test_bits(seed, 2 * step);
        const uint64_t more = test_bits(seed, 2 * step + 1);
        const unsigned index = (unsigned)(bits >> 32) % NODES;
        const int64_t now_us = wheel_now_us(wheel);
        const uint64_t scaled = more - more % 49 + more % scale_limit;
        if ((bits & 255) < pops) {
            const int64_t until_us = bits >> 8 & 1 ? draw_due_us(now_us, scaled) : INT64_MAX / 16;
            if (until_us < INT64_MAX / 16 || reference.count > 0) {
                pop_both(wheel, nodes, &reference, until_us);
            }
        } else if (reference.in[index] && (bits >> 16 & 255) < cancels) {
            wheel_cancel(wheel, &nodes[index]);
            reference.in[index] = false;
            reference.count--;
        } else if (!reference.in[index]) {
            add_both(wheel, nodes, &reference, index, draw_due_us(now_us, scaled));
        }
        assert_int_equal(wheel_count(wheel), reference.count);
        assert_int_equal(wheel_holds(&nodes[index]), reference.in[index]);
    }
    while (reference.count > 0)
        pop_both(wheel, nodes, &reference, INT64_MAX);
    assert_null(wheel_pop(wheel, INT64_MAX));
    wheel_destroy(wheel);
}

static void keeps_its_order_under_any_mix(void **state)
{
    (void)state;
    static const struct {
        unsigned pops, cancels, scale_limit;
    } rows[] = {{100, 200, 49}, {60, 20, 49},  {128, 250, 14}, {90, 10, 6},
                {100, 100, 26}, {60, 100, 38}, {120, 0, 49}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run_mix(i, rows[i].pops, rows[i].cancels, rows[i].scale_limit);
    }
}

static void says_when_memory_is_out(void **state)
{
    (void)state;
    memory_fail_after(1);
    assert_null(wheel_create());
    wheel_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_out_in_order_of_due_time_then_insertion),
        cmocka_unit_test(an_event_due_now_waits_behind_those_due_already),
        cmocka_unit_test(time_moves_to_the_limit_and_never_back),
        cmocka_unit_test(cancelling_works_at_every_level_and_twice),
        cmocka_unit_test(insertion_order_survives_every_boundary),
        cmocka_unit_test(keeps_its_order_under_any_mix),
        cmocka_unit_test(says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
