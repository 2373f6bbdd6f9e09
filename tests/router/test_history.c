/* Goal: what the router learns from is exact, and learns only from what happened.
 *
 * Method: percentages and commissions worked by hand, their ties above all; a sequence of outcomes
 * whose rates are known after each; and agreement with exact fractions on random input. */
#include "tests/support.h"

#include "router/history.h"

static void percentages_are_half_up_to_two_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t part, whole;
        double percent;
    } rows[] = {{"none", 0, 7, 0.0},
                {"all", 7, 7, 100.0},
                {"a third", 1, 3, 33.33},
                {"two thirds", 2, 3, 66.67},
                {"a tie goes up: 0.005", 1, 20000, 0.01},
                {"just below the tie", 1, 20001, 0.0},
                {"a tie goes up: 3.125", 1, 32, 3.13},
                {"a tie that is not exact in binary: 1.005", 201, 20000, 1.01},
                {"over a hundred", 3, 2, 150.0},
                {"more than 64 bits on the way", INT64_C(4000000000000000),
                 INT64_C(9000000000000000), 44.44}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].label, history_percent(rows[i].part, rows[i].whole) == rows[i].percent);
    }
}

static void percentages_agree_with_exact_fractions(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        const int64_t whole = 1 + (int64_t)random_below(test_bits(1, i), 1000000);
        const int64_t part = (int64_t)random_below(test_bits(2, i), (uint32_t)whole + 1);
        const double percent = history_percent(part, whole);
        const int64_t hundredths = llround(percent * 100.0);
        /* 2 * whole * (h - 1/2) <= 2 * 10000 * part < 2 * whole * (h + 1/2) */
        assert_true((2 * hundredths - 1) * whole <= 20000 * part);
        assert_true(20000 * part < (2 * hundredths + 1) * whole);
        assert_true(percent == (double)hundredths / 100.0);
    }
}

static void commission_is_half_up_to_a_cent(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum provider provider;
        int64_t value_cents, commission_cents;
    } rows[] = {{"nothing", PROVIDER_MEALME, 0, 0},
                {"3 percent of 100.00", PROVIDER_KROGER_API, 10000, 300},
                {"2 percent of 100.00", PROVIDER_INSTACART, 10000, 200},
                {"0.495 of a cent", PROVIDER_INSTACART, 24, 0},
                {"half a cent goes up", PROVIDER_INSTACART, 25, 1},
                {"1.5 cents go up", PROVIDER_WALMART_API, 50, 2},
                {"1.47 cents go down", PROVIDER_WALMART_API, 49, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].label, history_commission_cents(rows[i].provider, rows[i].value_cents) ==
                                     rows[i].commission_cents);
    }
}

static void record(struct history *history, enum order_outcome outcome, int64_t value_cents,
                   int64_t commission_cents)
{
    struct outcome_batch batch = {.value_cents = value_cents, .commission_cents = commission_cents};
    batch.counts[outcome] = 1;
    history_record(history, PROVIDER_KROGER_API, &batch);
}

static void rates_follow_each_outcome(void **state)
{
    (void)state;
    struct history history = {0};
    const struct provider_history *kroger = &history.providers[PROVIDER_KROGER_API];
    record(&history, ORDER_FAILED, 0, 0);
    assert_true(kroger->has_success_rate);
    assert_true(kroger->success_rate == 0.0);
    assert_false(kroger->has_margin_rate); /* nothing was sold, so there is no rate, not a zero */
    record(&history, ORDER_SUCCESS, 10000, 300);
    assert_true(kroger->success_rate == 50.0);
    assert_true(kroger->margin_rate == 3.0);
    record(&history, ORDER_CANCELLED, 0, 0);
    assert_true(kroger->success_rate == 33.33);
    record(&history, ORDER_SUCCESS, 5049, 151);
    assert_true(kroger->success_rate == 50.0);
    assert_true(kroger->margin_rate == 3.0); /* 451 of 15049: 2.9969 */
    assert_int_equal(kroger->total, 4);
    assert_int_equal(kroger->successful, 2);
    assert_int_equal(kroger->failed, 1);
    assert_int_equal(kroger->cancelled, 1);
    assert_int_equal(kroger->value_cents, 15049);
    assert_int_equal(kroger->commission_cents, 451);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (p != PROVIDER_KROGER_API) assert_int_equal(history.providers[p].total, 0);
    }
}

static void a_batch_is_as_good_as_its_outcomes_one_by_one(void **state)
{
    (void)state;
    struct history once = {0}, singly = {0};
    const struct outcome_batch batch = {
        .counts = {[ORDER_SUCCESS] = 17, [ORDER_FAILED] = 2, [ORDER_CANCELLED] = 3},
        .value_cents = 17 * 4321,
        .commission_cents = 17 * 130};
    history_record(&once, PROVIDER_KROGER_API, &batch);
    for (int i = 0; i < 17; i++)
        record(&singly, ORDER_SUCCESS, 4321, 130);
    for (int i = 0; i < 2; i++)
        record(&singly, ORDER_FAILED, 0, 0);
    for (int i = 0; i < 3; i++)
        record(&singly, ORDER_CANCELLED, 0, 0);
    const struct provider_history *a = &once.providers[PROVIDER_KROGER_API];
    const struct provider_history *b = &singly.providers[PROVIDER_KROGER_API];
    assert_true(a->success_rate == b->success_rate);
    assert_true(a->margin_rate == b->margin_rate);
    assert_int_equal(a->total, b->total);
    assert_int_equal(a->cancelled, b->cancelled);
}

static void a_seeded_history_starts_at_its_rates_and_moves_on(void **state)
{
    (void)state;
    struct history history = {0};
    const struct provider_history *kroger = &history.providers[PROVIDER_KROGER_API];
    history_seed(&history, PROVIDER_KROGER_API, 99, 96.97, 2.5);
    assert_true(kroger->success_rate == 96.97);
    assert_true(kroger->margin_rate == 2.5);
    assert_int_equal(kroger->successful, 96);
    assert_int_equal(kroger->failed, 3);
    record(&history, ORDER_SUCCESS, 0, 0);
    assert_true(kroger->success_rate == 97.0);
    assert_true(kroger->margin_rate == 2.5); /* as given: a rate alone weighs nothing */
}

static void unknown_rates_stay_unknown(void **state)
{
    (void)state;
    struct history history = {0};
    history_seed(&history, PROVIDER_MEALME, 50, -1.0, -1.0);
    assert_false(history.providers[PROVIDER_MEALME].has_success_rate);
    assert_false(history.providers[PROVIDER_MEALME].has_margin_rate);
    history_seed(&history, PROVIDER_MEALME, 0, 95.0, 0.0);
    assert_false(history.providers[PROVIDER_MEALME].has_success_rate); /* of no orders */
    assert_true(history.providers[PROVIDER_MEALME].has_margin_rate);   /* 0 is a rate */
}

static void a_frozen_history_counts_but_keeps_its_rates(void **state)
{
    (void)state;
    struct history history = {.frozen = true};
    const struct provider_history *kroger = &history.providers[PROVIDER_KROGER_API];
    history_seed(&history, PROVIDER_KROGER_API, 10, 90.0, 3.0);
    record(&history, ORDER_FAILED, 0, 0);
    assert_int_equal(kroger->total, 11);
    assert_int_equal(kroger->failed, 2);
    assert_true(kroger->success_rate == 90.0);
    assert_true(kroger->margin_rate == 3.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentages_are_half_up_to_two_decimals),
        cmocka_unit_test(percentages_agree_with_exact_fractions),
        cmocka_unit_test(commission_is_half_up_to_a_cent),
        cmocka_unit_test(rates_follow_each_outcome),
        cmocka_unit_test(a_batch_is_as_good_as_its_outcomes_one_by_one),
        cmocka_unit_test(a_seeded_history_starts_at_its_rates_and_moves_on),
        cmocka_unit_test(unknown_rates_stay_unknown),
        cmocka_unit_test(a_frozen_history_counts_but_keeps_its_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
