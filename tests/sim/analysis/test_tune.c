/* A tuning as a whole: its figures against slow ones, its promises held to their word. */
#include <math.h>
#include <string.h>

#include "sim/analysis/tune.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

static struct tune_request request_of(void)
{
    return (struct tune_request){.name = "made-up",
                                 .source_path = "made-up.json",
                                 .seed = 11,
                                 .holdout = 0.3,
                                 .steps = 6,
                                 .resamples = 200,
                                 .jobs = 1};
}

static void tune(struct tuning *tuning, const struct tune_request *request, uint32_t orders,
                 uint64_t seed)
{
    struct decision_set set;
    struct err err;
    decisions_fixture(&set, orders, seed, false);
    if (!tune_run(tuning, request, &set, &err)) fail_msg("%s", err.message);
    assert_int_equal(set.count, 0); /* it was taken over */
}

/* A mean and its paired difference, order by order. */
static void brute(const struct tuning *tuning, const struct replay_table *table, uint32_t arm,
                  enum replay_outcome outcome, double *mean, double *difference)
{
    int64_t sum = 0, change = 0;
    (void)tuning;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        const int32_t is =
            table->fates[i].of[replay_winner(order, &tuning->arms[arm].weights)][outcome];
        const int32_t was =
            table->fates[i].of[replay_winner(order, &tuning->arms[0].weights)][outcome];
        sum += is;
        change += is - was;
    }
    *mean = (double)sum * replay_outcome_traits[outcome].scale / table->count;
    *difference = (double)change * replay_outcome_traits[outcome].scale / table->count;
}

static void values_are_means_over_the_orders_of_their_part(void **state)
{
    struct tuning tuning;
    const struct tune_request request = request_of();
    (void)state;
    tune(&tuning, &request, 3000, 21);
    const struct replay_table *tables[TUNE_PARTS] = {&tuning.train, &tuning.holdout, &tuning.all};
    assert_int_equal(tuning.orders[TUNE_TRAIN] + tuning.orders[TUNE_HOLDOUT],
                     tuning.orders[TUNE_ALL]);
    for (uint32_t a = 0; a < tuning.arm_count; a++)
        for (unsigned part = 0; part < TUNE_PARTS; part++)
            for (unsigned k = 0; k < OUTCOME_COUNT; k++) {
                double mean, difference;
                const struct tune_value *value = &tuning.arms[a].values[part][k];
                brute(&tuning, tables[part], a, (enum replay_outcome)k, &mean, &difference);
                CHECK_NEAR(value->value, mean, 1e-9 * (1 + fabs(mean)));
                CHECK_NEAR(value->difference.value, difference, 1e-9 * (1 + fabs(mean)));
                assert_int_equal(value->difference.n, tables[part]->count);
                if (value->difference.method == STATS_BLOCKS)
                    assert_true(value->difference.low <= value->difference.value &&
                                value->difference.value <= value->difference.high);
            }
    tuning_release(&tuning);
}

static void the_holdout_comes_later_and_is_not_tuned_on(void **state)
{
    struct tuning tuning;
    const struct tune_request request = request_of();
    (void)state;
    tune(&tuning, &request, 2000, 22);
    const struct quote_record *last =
        &tuning.set.orders[tuning.train.orders[tuning.train.count - 1].source];
    const struct quote_record *first = &tuning.set.orders[tuning.holdout.orders[0].source];
    assert_true(last->as.order.start_us < tuning.train_until_us);
    assert_true(first->as.order.start_us >= tuning.train_until_us);
    /* What the search knows are the training orders. */
    double mean, difference;
    brute(&tuning, &tuning.train, 0, OUTCOME_COMMISSION, &mean, &difference);
    CHECK_NEAR(tuning.search.candidates[tuning.search.baseline].means[0], mean, 1e-9);
    tuning_release(&tuning);
}

static void shares_changes_and_moves_add_up(void **state)
{
    struct tuning tuning;
    const struct tune_request request = request_of();
    (void)state;
    tune(&tuning, &request, 2500, 23);
    for (uint32_t a = 0; a < tuning.arm_count; a++)
        for (unsigned part = 0; part < TUNE_PARTS; part++) {
            uint64_t wins = 0;
            for (unsigned p = 0; p < PROVIDER_COUNT; p++)
                wins += tuning.arms[a].wins[part][p];
            assert_int_equal(wins, tuning.orders[part]);
        }
    assert_int_equal(tuning.arms[0].changed[TUNE_ALL], 0);
    if (tuning.chosen != UINT32_MAX) {
        uint64_t off = 0, causes = 0;
        for (unsigned a = 0; a < PROVIDER_COUNT; a++)
            for (unsigned b = 0; b < PROVIDER_COUNT; b++)
                off += a != b ? tuning.moves.from_to[a][b] : 0;
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            causes += tuning.moves.by_cause[k];
        assert_int_equal(off, tuning.moves.flips);
        assert_int_equal(causes, tuning.moves.flips);
        assert_int_equal(tuning.moves.flips, tuning.arms[tuning.chosen].changed[TUNE_ALL]);
        for (uint32_t f = 0; f < tuning.flip_count; f++) {
            assert_int_not_equal(tuning.flips[f].a, tuning.flips[f].b);
            assert_true(tuning.flips[f].margin_a >= -1e-9 && tuning.flips[f].margin_b >= -1e-9);
        }
    }
    tuning_release(&tuning);
}

static void a_verdict_needs_every_guardrail(void **state)
{
    struct tuning tuning;
    struct tune_request request = request_of();
    struct search_constraint constraint;
    struct err err;
    (void)state;
    /* Impossible to keep: a share below what four providers can have. */
    assert_true(search_read_constraint("share<=1%", &constraint, &err));
    request.constraints = &constraint;
    request.constraint_count = 1;
    tune(&tuning, &request, 2000, 24);
    assert_int_equal(tuning.search.feasible, 0);
    assert_int_equal(tuning.chosen, UINT32_MAX);
    assert_int_not_equal(tuning.verdict, EXPERIMENT_VARIANT_WINS);
    assert_true(tuning.note_count > 0);
    tuning_release(&tuning);
}

static void too_few_orders_are_refused(void **state)
{
    struct tuning tuning;
    struct decision_set set;
    struct err err;
    const struct tune_request request = request_of();
    (void)state;
    decisions_fixture(&set, 300, 25, false);
    assert_false(tune_run(&tuning, &request, &set, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.message, "200"));
}

static bool same_value(const struct tune_value *a, const struct tune_value *b)
{
    return memcmp(&a->value, &b->value, sizeof a->value) == 0 &&
           memcmp(&a->difference.low, &b->difference.low, sizeof a->difference.low) == 0 &&
           a->change == b->change;
}

static void threads_change_nothing(void **state)
{
    struct tuning one, two;
    struct tune_request request = request_of();
    (void)state;
    tune(&one, &request, 2000, 26);
    request.jobs = 2;
    tune(&two, &request, 2000, 26);
    assert_int_equal(one.chosen, two.chosen);
    assert_int_equal(one.arm_count, two.arm_count);
    for (uint32_t a = 0; a < one.arm_count; a++)
        for (unsigned part = 0; part < TUNE_PARTS; part++)
            for (unsigned m = 0; m < TUNE_METRICS; m++)
                assert_true(same_value(&one.arms[a].values[part][m], &two.arms[a].values[part][m]));
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        assert_memory_equal(&one.sensitivity[k], &two.sensitivity[k], sizeof one.sensitivity[k]);
    tuning_release(&one);
    tuning_release(&two);
}

/* Every provider of one rate: the margin score is 100 for all, whatever the weight. */
static void a_weight_that_moves_nothing_is_said_to_and_is_held(void **state)
{
    struct tuning tuning;
    struct decision_set set;
    struct err err;
    const struct tune_request request = request_of();
    (void)state;
    decisions_fixture(&set, 2000, 27, false);
    for (uint32_t i = 0; i < set.count; i++)
        for (unsigned q = 0; q < PROVIDER_COUNT; q++) {
            set.orders[i].as.order.quotes[q].flags |= QUOTE_FLAG_MARGIN_RATE;
            set.orders[i].as.order.quotes[q].margin_rate = 3.0;
        }
    assert_true(tune_run(&tuning, &request, &set, &err));
    const struct geometry_weight *commission = &tuning.geometry.weights[PART_COMMISSION];
    assert_true(commission->no_effect);
    assert_true(commission->movable < GEOMETRY_NO_EFFECT);
    assert_false(tuning.geometry.weights[PART_PRICE].no_effect);
    /* By hand: no order is decided otherwise with that weight at 0 or at 1. */
    for (uint32_t i = 0; i < tuning.all.count; i++) {
        struct score_weights low = tuning.arms[0].weights, high = low;
        low.commission = 0.0;
        high.commission = 1.0;
        assert_int_equal(replay_winner(&tuning.all.orders[i], &low),
                         replay_winner(&tuning.all.orders[i], &high));
    }
    for (uint32_t i = 0; i < tuning.search.count; i++)
        if (tuning.search.candidates[i].preset < 0)
            CHECK_NEAR(tuning.search.candidates[i].weights.commission, 0.20, 1e-12);
    tuning_release(&tuning);
}

static void movable_shares_are_those_of_a_fine_grid_at_least(void **state)
{
    struct tuning tuning;
    const struct tune_request request = request_of();
    (void)state;
    tune(&tuning, &request, 700, 28);
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        uint64_t moved = 0;
        for (uint32_t i = 0; i < tuning.all.count; i++) {
            const struct replay_order *order = &tuning.all.orders[i];
            const uint32_t today = replay_winner(order, &tuning.arms[0].weights);
            bool any = false;
            for (unsigned step = 0; step <= 200 && !any; step++) {
                struct score_weights weights = tuning.arms[0].weights;
                *score_weight(&weights, (enum replay_part)k) = step / 200.0;
                any = replay_winner(order, &weights) != today;
            }
            moved += any;
        }
        const uint64_t exact = tuning.geometry.weights[k].movable_orders;
        assert_true(exact >= moved);     /* the grid can only miss some */
        assert_true(exact <= moved + 7); /* and with 200 points it misses few */
    }
    tuning_release(&tuning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_means_over_the_orders_of_their_part),
        cmocka_unit_test(the_holdout_comes_later_and_is_not_tuned_on),
        cmocka_unit_test(shares_changes_and_moves_add_up),
        cmocka_unit_test(a_verdict_needs_every_guardrail),
        cmocka_unit_test(too_few_orders_are_refused),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_weight_that_moves_nothing_is_said_to_and_is_held),
        cmocka_unit_test(movable_shares_are_those_of_a_fine_grid_at_least),
    };
    return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
