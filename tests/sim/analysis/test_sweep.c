/* Curves along one weight against replaying every order at many values of it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/sweep.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

enum { POINTS = 101 };

static struct sweep_request request_of(const struct replay_table *table, enum replay_part part,
                                       uint32_t index, uint32_t points)
{
    return (struct sweep_request){
        .table = table,
        .weights = index == 0 ? score_weights_default : decisions_fixture_weights(17, index),
        .part = part,
        .low = 0.0,
        .high = 1.0,
        .columns = {OUTCOME_PRICE, OUTCOME_ETA, OUTCOME_COMMISSION, OUTCOME_AVAILABILITY},
        .points_wanted = points};
}

static struct sweep_point brute(const struct sweep_request *request, double value)
{
    struct sweep_point sums = {.from = value};
    struct score_weights weights = request->weights;
    *score_weight(&weights, request->part) = value;
    for (uint32_t i = 0; i < request->table->count; i++) {
        const struct replay_order *order = &request->table->orders[i];
        const uint32_t won = replay_winner(order, &weights);
        sums.won[order->quotes[won].provider]++;
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            sums.columns[k] += request->table->fates[i].of[won][request->columns[k]];
    }
    return sums;
}

static void assert_same(const struct sweep_point *found, const struct sweep_point *wanted)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        assert_int_equal(found->won[p], wanted->won[p]);
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        assert_int_equal(found->columns[k], wanted->columns[k]);
}

static void make(struct replay_table *table, struct decision_set *set, uint32_t count,
                 uint64_t seed, bool coarse)
{
    struct err err;
    decisions_fixture(set, count, seed, coarse);
    const struct replay_table_request request = {.set = set};
    assert_true(replay_table_make(table, &request, &err));
}

static void check_steps_of(bool coarse)
{
    struct decision_set set;
    struct replay_table table;
    struct err err;
    make(&table, &set, 1500, 41 + coarse, coarse);
    for (uint32_t index = 0; index < 6; index++) {
        for (int part = 0; part < REPLAY_PARTS; part++) {
            const struct sweep_request request =
                request_of(&table, (enum replay_part)part, index, POINTS);
            struct sweep_curve curve;
            assert_true(sweep_make(&curve, &request, &err));
            assert_int_equal(curve.count, POINTS);
            for (uint32_t i = 0; i < POINTS; i++) {
                const struct sweep_point wanted = brute(&request, curve.points[i].from);
                assert_same(&curve.points[i], &wanted);
            }
            sweep_release(&curve);
        }
    }
    replay_table_release(&table);
    decisions_release(&set);
}

/* In either build of the envelopes. */
static void check_steps(bool coarse)
{
    (void)setenv("ROUTESIM_KERNEL", "plain", 1);
    check_steps_of(coarse);
    (void)unsetenv("ROUTESIM_KERNEL");
    check_steps_of(coarse);
}

static void points_at_equal_steps_equal_a_replay_there(void **state)
{
    (void)state;
    check_steps(false);
}

static void so_they_do_where_most_scores_are_equal(void **state)
{
    (void)state;
    check_steps(true);
}

static void every_stretch_between_breakpoints_equals_a_replay_in_it(void **state)
{
    struct decision_set set;
    struct replay_table table;
    struct err err;
    (void)state;
    make(&table, &set, 400, 43, false);
    for (int part = 0; part < REPLAY_PARTS; part++) {
        const struct sweep_request request = request_of(&table, (enum replay_part)part, 0, 0);
        struct sweep_curve curve;
        assert_true(sweep_make(&curve, &request, &err));
        for (uint32_t i = 0; i < curve.count; i++) {
            const double until = i + 1 < curve.count ? curve.points[i + 1].from : curve.high;
            if (until - curve.points[i].from < 4 * SWEEP_NEAR) continue;
            const double middle = (curve.points[i].from + until) / 2;
            const struct sweep_point wanted = brute(&request, middle);
            assert_ptr_equal(sweep_find(&curve, middle), &curve.points[i]);
            assert_same(&curve.points[i], &wanted);
        }
        sweep_release(&curve);
    }
    replay_table_release(&table);
    decisions_release(&set);
}

static void the_nearest_change_is_where_a_winner_changes_first(void **state)
{
    struct decision_set set;
    struct replay_table table;
    struct err err;
    (void)state;
    make(&table, &set, 300, 44, false);
    const struct sweep_request request = request_of(&table, PART_PRICE, 0, 0);
    struct sweep_curve curve;
    assert_true(sweep_make(&curve, &request, &err));
    const double today = request.weights.price;
    const struct sweep_point now = brute(&request, today);
    assert_true(curve.nearest_above > today && curve.nearest_below < today);
    const struct sweep_point before =
        brute(&request, today + (curve.nearest_above - today) * 0.999);
    assert_same(&before, &now);
    const struct sweep_point after = brute(&request, curve.nearest_above + 1e-7);
    bool same = true;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        same = same && after.won[p] == now.won[p];
    assert_false(same);
    sweep_release(&curve);
    replay_table_release(&table);
    decisions_release(&set);
}

/* By hand: price scores 100 and 0, speed scores 0 and 100, price weight w against speed 0.15: the
 * cheap one wins from w = 0.15 on; with the preference for speed from 0.15 * 2.5 / 0.5 = 0.75. */
static void one_order_changes_where_its_lines_cross(void **state)
{
    struct replay_order order = {.count = 2, .preference = PREFERENCE_BALANCED};
    const struct score_weights weights = {.speed = 0.15};
    double breaks[3];
    uint8_t winners[4];
    (void)state;
    order.quotes[0].parts[PART_PRICE] = 100;
    order.quotes[1].parts[PART_SPEED] = 100;
    assert_int_equal(sweep_order(&order, &weights, PART_PRICE, 0.0, 1.0, breaks, winners), 1);
    CHECK_NEAR(breaks[0], 0.15, 1e-15);
    assert_int_equal(winners[0], 1);
    assert_int_equal(winners[1], 0);
    order.preference = PREFERENCE_SPEED;
    assert_int_equal(sweep_order(&order, &weights, PART_PRICE, 0.0, 1.0, breaks, winners), 1);
    CHECK_NEAR(breaks[0], 0.75, 1e-15);
}

/* Found by brute force: the lines cross at 1 + 2^-52, beyond the axis, but the router's sums at 1
 * are equal, and the first candidate wins. */
static void doubles_decide_at_the_right_end_too(void **state)
{
    static const int16_t parts[2][REPLAY_PARTS] = {{60, 100, 0, 100, 91, 50},
                                                   {40, 0, 100, 100, 89, 50}};
    struct replay_order order = {.count = 2, .preference = PREFERENCE_MARGIN};
    struct replay_fates fates = {0};
    (void)state;
    for (unsigned q = 0; q < 2; q++) {
        memcpy(order.quotes[q].parts, parts[q], sizeof parts[q]);
        order.quotes[q].provider = (uint8_t)q;
    }
    const struct replay_table table = {
        .orders = &order, .fates = &fates, .count = 1, .cluster_count = 1};
    struct sweep_request request = request_of(&table, PART_AVAILABILITY, 0, 3);
    request.weights = (struct score_weights){
        .priority = 0.04, .price = 0.8, .speed = 0.84, .commission = 0.48, .reliability = 0.4};
    struct sweep_curve curve;
    struct err err;
    assert_true(sweep_make(&curve, &request, &err));
    for (uint32_t i = 0; i < curve.count; i++) {
        const struct sweep_point wanted = brute(&request, curve.points[i].from);
        assert_same(&curve.points[i], &wanted);
    }
    assert_int_equal(curve.ever_flip, 0);
    sweep_release(&curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_at_equal_steps_equal_a_replay_there),
        cmocka_unit_test(so_they_do_where_most_scores_are_equal),
        cmocka_unit_test(every_stretch_between_breakpoints_equals_a_replay_in_it),
        cmocka_unit_test(the_nearest_change_is_where_a_winner_changes_first),
        cmocka_unit_test(one_order_changes_where_its_lines_cross),
        cmocka_unit_test(doubles_decide_at_the_right_end_too),
    };
    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
