/* Rate limits. Goal: exact, to the call and the microsecond. Method: counts from the textbook
 * (burst plus rate times time), then a second bucket that keeps its refill instants in exact
 * fractions. */
#include "mocks/limits.h"

#include "tests/mocks/fixture.h"

static struct limits limits_of(double per_second, double burst, int64_t per_day,
                               int64_t token_per_day)
{
    const struct limit_spec spec = {.per_second = per_second,
                                    .burst = burst,
                                    .per_day = per_day,
                                    .token_per_day = token_per_day};
    struct limits limits;
    limits_init(&limits, &spec);
    limits_reset(&limits, FIXTURE_EPOCH_US);
    return limits;
}

static void a_hammered_bucket_gives_its_burst_and_then_its_rate(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double per_second, burst;
        int64_t seconds;
        int64_t expected; /* calls that pass when one comes every 100 us, at 0 and at the last
                             instant */
    } rows[] = {
        {"2.5 a second, burst 5", 2.5, 5, 100, 255},
        {"3 a second, burst 2", 3, 2, 60, 182},
        {"10 a second, its own burst", 10, 0, 30, 310},
        {"one in 4 s, burst at least 1", 0.25, 0, 400, 101},
        {"a third of a call", 0.333333, 2, 3000, 1001},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct limits limits = limits_of(rows[i].per_second, rows[i].burst, 0, 0);
        int64_t passed = 0;
        for (int64_t now = 0; now <= rows[i].seconds * US_PER_SECOND; now += 100) {
            passed += limits_take(&limits, false, now);
        }
        if (passed != rows[i].expected) print_error("%lld\n", (long long)passed);
        CHECK_ROW(rows[i].label, passed == rows[i].expected);
    }
}

static void a_refill_of_a_third_of_a_second_comes_in_its_microsecond(void **state)
{
    (void)state;
    struct limits limits = limits_of(3, 2, 0, 0); /* a call every 333,333 1/3 us */
    assert_true(limits_take(&limits, false, 0));
    assert_true(limits_take(&limits, false, 0));
    assert_false(limits_take(&limits, false, 333333));
    assert_true(limits_take(&limits, false, 333334));
    /* 2/3 us were left over and count on: the next whole call is there at 666,666 2/3 us. */
    assert_false(limits_take(&limits, false, 666666));
    assert_true(limits_take(&limits, false, 666667));
    assert_false(limits_take(&limits, false, 999999));
    assert_true(limits_take(&limits, false, 1000000));
}

static void random_arrivals_agree_with_a_bucket_in_exact_fractions(void **state)
{
    (void)state;
    /* 7 calls a second, burst 4; the level in units of 1/1,000,000 call: 7 a microsecond. */
    struct limits limits = limits_of(7, 4, 0, 0);
    int64_t level = 4000000, last = 0, now = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        now += (int64_t)(test_bits(2, i) % 300000);
        level += 7 * (now - last);
        last = now;
        if (level > 4000000) level = 4000000;
        const bool expected = level >= 1000000;
        if (expected) level -= 1000000;
        assert_true(limits_take(&limits, false, now) == expected);
    }
}

static void a_day_that_has_turned_does_not_turn_back(void **state)
{
    (void)state;
    struct limits limits = limits_of(0, 0, 2, 0);
    assert_true(limits_take(&limits, false, US_PER_DAY - 1));
    assert_true(limits_take(&limits, false, US_PER_DAY));
    assert_true(limits_take(&limits, false, US_PER_DAY - 1)); /* late: of the new day */
    assert_false(limits_take(&limits, false, US_PER_DAY - 1));
    assert_false(limits_take(&limits, false, US_PER_DAY));
}

static void a_day_turns_at_midnight_utc(void **state)
{
    (void)state;
    struct limits limits = limits_of(0, 0, 3, 1);
    limits_reset(&limits, FIXTURE_EPOCH_US + 22 * US_PER_HOUR); /* the run starts at 22:00 */
    const int64_t midnight = 2 * US_PER_HOUR;
    for (int i = 0; i < 3; i++)
        assert_true(limits_take(&limits, false, i));
    assert_false(limits_take(&limits, false, 3));
    assert_true(limits_take(&limits, true, 4)); /* tokens have a quota of their own */
    assert_false(limits_take(&limits, true, 5));
    assert_false(limits_take(&limits, false, midnight - 1));
    assert_true(limits_take(&limits, false, midnight));
    assert_true(limits_take(&limits, true, midnight));
    assert_false(limits_take(&limits, true, midnight + 1));
}

static void without_limits_everything_passes(void **state)
{
    (void)state;
    struct limits limits = limits_of(0, 0, 0, 0);
    assert_false(limits_any(&limits));
    for (int i = 0; i < 1000; i++)
        assert_true(limits_take(&limits, i % 2 == 0, i));
}

static void a_thief_spends_the_day_at_even_intervals(void **state)
{
    (void)state;
    struct limits limits = limits_of(0, 0, 100, 0);
    limits_add_thief(&limits, US_PER_MINUTE, 10 * US_PER_MINUTE, 6); /* every 10 s */
    assert_true(limits_take(&limits, false, 0));
    limits_settle(&limits, US_PER_MINUTE - 1);
    assert_int_equal(limits.thief_calls, 0);
    limits_settle(&limits, US_PER_MINUTE);
    assert_int_equal(limits.thief_calls, 1);
    limits_settle(&limits, 2 * US_PER_MINUTE);
    assert_int_equal(limits.thief_calls, 7);
    assert_int_equal(limits.day_calls, 8);
    limits_settle(&limits, US_PER_HOUR); /* until the end: 9 minutes of 6 calls */
    assert_int_equal(limits.thief_calls, 54);
}

static void a_thief_stops_at_the_quota_and_when_he_is_shut_out(void **state)
{
    (void)state;
    struct limits limits = limits_of(0, 0, 20, 0);
    limits_add_thief(&limits, 0, US_PER_HOUR, 60);
    limits_settle(&limits, 5 * US_PER_MINUTE);
    assert_int_equal(limits.thief_calls, 20);
    assert_false(limits_take(&limits, false, 5 * US_PER_MINUTE));

    limits = limits_of(0, 0, 0, 0);
    limits_add_thief(&limits, 0, US_PER_HOUR, 60);
    limits_add_thief(&limits, 30 * US_PER_MINUTE, US_PER_HOUR, 60); /* steals the next credential */
    limits_end_thieves(&limits, 10 * US_PER_MINUTE, 10 * US_PER_MINUTE);
    limits_settle(&limits, 20 * US_PER_MINUTE);
    assert_int_equal(limits.thief_calls, 600);
    limits_settle(&limits, 2 * US_PER_HOUR);
    assert_int_equal(limits.thief_calls, 600 + 1800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hammered_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(a_refill_of_a_third_of_a_second_comes_in_its_microsecond),
        cmocka_unit_test(random_arrivals_agree_with_a_bucket_in_exact_fractions),
        cmocka_unit_test(a_day_that_has_turned_does_not_turn_back),
        cmocka_unit_test(a_day_turns_at_midnight_utc),
        cmocka_unit_test(without_limits_everything_passes),
        cmocka_unit_test(a_thief_spends_the_day_at_even_intervals),
        cmocka_unit_test(a_thief_stops_at_the_quota_and_when_he_is_shut_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
