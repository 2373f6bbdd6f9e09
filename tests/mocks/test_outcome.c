/* What becomes of orders. Goal: the shares and means of the scenario, each drawn once an order.
 * Method: counts over many orders (99.9% regions). */
#include "tests/mocks/fixture.h"

enum { ORDERS = 60000, ITEMS = 12, ETA = 50 };

static void fates_come_in_the_given_shares(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    spec.outcomes = (struct outcome_spec){.cancelled = 0.02,
                                          .failed = 0.03,
                                          .late = 0.1,
                                          .late_mean_minutes = 18,
                                          .shortfall = 0.06,
                                          .rating_mean = 4.6};
    struct fixture fixture;
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, NULL, 0);
    uint64_t cancelled = 0, failed = 0, delivered = 0, late = 0, short_of = 0, both = 0, calm = 0;
    double lateness = 0, stars = 0;
    for (uint64_t i = 0; i < ORDERS; i++) {
        struct order_fate fate, again;
        backend_order_fate(fixture.backend, fixture_order(i), ETA, ITEMS, &fate);
        backend_order_fate(fixture.backend, fixture_order(i), ETA, ITEMS, &again);
        assert_int_equal(fate.delivered_minutes, again.delivered_minutes);
        assert_int_equal(fate.rating, again.rating);
        assert_true(fate.delivered_minutes >= 1);
        cancelled += fate.outcome == ORDER_CANCELLED;
        failed += fate.outcome == ORDER_FAILED;
        if (fate.outcome != ORDER_SUCCESS) {
            assert_true(fate.rating == 0 && fate.items_delivered == 0 && !fate.late);
            continue;
        }
        delivered++;
        late += fate.late;
        short_of += fate.short_of_items;
        both += fate.late && fate.short_of_items;
        assert_int_equal(fate.late, fate.delivered_minutes > ETA);
        assert_in_range(fate.items_delivered, ITEMS - 3, ITEMS);
        assert_int_equal(fate.items_delivered < ITEMS, fate.short_of_items);
        assert_in_range(fate.rating, 1, 5);
        if (fate.late) lateness += fate.delivered_minutes - ETA;
        if (!fate.late && !fate.short_of_items) {
            calm++;
            stars += fate.rating;
        }
    }
    CHECK_SHARE(cancelled, ORDERS, 0.02);
    CHECK_SHARE(failed, ORDERS, 0.03);
    CHECK_SHARE(late, delivered, 0.1);
    CHECK_SHARE(short_of, delivered, 0.06);
    CHECK_SHARE(both, delivered, 0.006);
    CHECK_NEAR(stars / (double)calm, 4.6, 3.3 * 0.5 / sqrt((double)calm));
    /* Whole minutes begun: half a minute more than the exponential's mean. */
    CHECK_NEAR(lateness / (double)late, 18.5, 3.3 * 18 / sqrt((double)late));
    fixture_close(&fixture);
}

static void providers_and_orders_without_items_or_eta_are_fine(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
    spec.outcomes = (struct outcome_spec){.late = 1, .shortfall = 1, .rating_mean = 1.5};
    struct fixture fixture;
    fixture_open(&fixture, PROVIDER_MEALME, &spec, NULL, 0);
    struct order_fate fate;
    backend_order_fate(fixture.backend, fixture_order(1), 0, 0, &fate);
    assert_int_equal(fate.delivered_minutes, provider_traits[PROVIDER_MEALME].eta_minutes + 1);
    assert_int_equal(fate.items_delivered, 0);
    assert_false(fate.short_of_items);
    backend_order_fate(fixture.backend, fixture_order(1), 10, 1, &fate);
    assert_int_equal(fate.items_delivered, 0);
    assert_true(fate.short_of_items);
    assert_int_equal(fate.rating, 1); /* two faults, and there is nothing below one star */
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fates_come_in_the_given_shares),
        cmocka_unit_test(providers_and_orders_without_items_or_eta_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
