/* What the scores of commission are made of: every order in one class, told apart by hand. */
#include <math.h>

#include "sim/analysis/geometry.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

enum { ORDERS = 500 };

/* Gives each provider a rate; below 0: not known. */
static struct geometry_rates rates_of(const double rates[PROVIDER_COUNT], uint32_t *several)
{
    struct decision_set set;
    struct replay_table table;
    struct err err;
    decisions_fixture(&set, ORDERS, 5, false);
    for (uint32_t i = 0; i < set.count; i++)
        for (unsigned q = 0; q < set.orders[i].as.order.quote_count; q++) {
            struct quote_record_quote *quote = &set.orders[i].as.order.quotes[q];
            quote->margin_rate = rates[quote->provider];
            quote->flags &= (uint8_t) ~(unsigned)QUOTE_FLAG_MARGIN_RATE;
            if (rates[quote->provider] >= 0.0) quote->flags |= QUOTE_FLAG_MARGIN_RATE;
        }
    assert_true(replay_table_make(&table, &(struct replay_table_request){.set = &set}, &err));
    const struct geometry_rates found = geometry_rates_of(&table);
    *several = 0;
    for (uint32_t i = 0; i < table.count; i++)
        *several += table.orders[i].count > 1;
    assert_int_equal(found.orders, table.count);
    replay_table_release(&table);
    decisions_release(&set);
    return found;
}

static void equal_rates_leave_the_weight_nothing_to_work_with(void **state)
{
    uint32_t several;
    (void)state;
    const struct geometry_rates rates = rates_of((const double[]){3, 3, 3, 3}, &several);
    assert_int_equal(rates.alike, rates.orders);
    CHECK_NEAR(rates.low, 3.0, 0.0);
    CHECK_NEAR(rates.high, 3.0, 0.0);
}

static void rates_that_nobody_knows_are_not_a_number(void **state)
{
    uint32_t several;
    (void)state;
    const struct geometry_rates rates = rates_of((const double[]){-1, -1, -1, -1}, &several);
    assert_int_equal(rates.alike, rates.orders);
    assert_true(isnan(rates.low) && isnan(rates.high));
}

static void rates_that_hardly_differ_are_stretched(void **state)
{
    uint32_t several;
    (void)state;
    const struct geometry_rates near = rates_of((const double[]){2.97, 2.98, 2.99, 3.01}, &several);
    assert_true(several > ORDERS / 2);
    assert_int_equal(near.stretched, several);
    assert_int_equal(near.alike, near.orders - several);
    assert_int_equal(near.partly, 0);
    const struct geometry_rates far = rates_of((const double[]){1.0, 2.0, 3.0, 4.0}, &several);
    assert_int_equal(far.stretched, 0);
    assert_int_equal(far.partly, 0);
    assert_int_equal(far.alike, far.orders - several);
    CHECK_NEAR(far.low, 1.0, 0.0);
    CHECK_NEAR(far.high, 4.0, 0.0);
}

static void a_rate_that_is_not_known_stands_against_those_that_are(void **state)
{
    uint32_t several;
    (void)state;
    const struct geometry_rates rates = rates_of((const double[]){3, 3, 3, -1}, &several);
    assert_true(rates.partly > 0);
    assert_int_equal(rates.stretched, 0);
    assert_int_equal(rates.alike + rates.partly, rates.orders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_rates_leave_the_weight_nothing_to_work_with),
        cmocka_unit_test(rates_that_nobody_knows_are_not_a_number),
        cmocka_unit_test(rates_that_hardly_differ_are_stretched),
        cmocka_unit_test(a_rate_that_is_not_known_stands_against_those_that_are),
    };
    return cmocka_run_group_tests_name("geometry_rates", tests, NULL, NULL);
}
