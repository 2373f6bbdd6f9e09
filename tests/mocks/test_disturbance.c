/* What faults do to a provider that is not ours: the same orders are hit as at a mock, and nothing
 * of the mock itself shows. */
#include "mocks/disturbance.h"
#include "router/base/duration.h"
#include "tests/mocks/fixture.h"

static struct disturbance disturb(struct fixture *fixture, uint64_t order, int64_t now_us)
{
    struct disturbance disturbance;
    const struct call call = fixture_call(fixture, OPERATION_SEARCH, order, now_us);
    backend_disturb(fixture->backend, &call, &disturbance);
    return disturbance;
}

static void quiet_times_change_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    const struct fault_spec fault = fixture_fault("f", FAULT_HANG, US_PER_MINUTE, US_PER_MINUTE);
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, &fault, 1);
    const int64_t quiet_us[] = {0, US_PER_MINUTE - 1, 2 * US_PER_MINUTE};
    for (size_t i = 0; i < sizeof quiet_us / sizeof quiet_us[0]; i++) {
        const struct disturbance d = disturb(&fixture, i, quiet_us[i]);
        assert_false(d.touched);
        assert_int_equal(d.fate, CALL_ANSWERED);
        assert_int_equal(d.status, 0);
        assert_int_equal(d.add_us, 0);
        assert_true(d.factor == 1.0);
    }
    assert_int_equal(disturb(&fixture, 0, US_PER_MINUTE).fate, CALL_UNANSWERED);
    fixture_close(&fixture);
}

static void every_kind_that_exists_does_what_its_name_says(void **state)
{
    (void)state;
    static const struct {
        enum fault_kind kind;
        enum call_fate fate;
        uint16_t status;
        enum reply_body body;
        bool empty;
    } rows[] = {
        {FAULT_HANG, CALL_UNANSWERED, 0, BODY_GOOD, false},
        {FAULT_REFUSE, CALL_REFUSED, 0, BODY_GOOD, false},
        {FAULT_RESET, CALL_RESET, 0, BODY_GOOD, false},
        {FAULT_DNS, CALL_DNS, 0, BODY_GOOD, false},
        {FAULT_TLS, CALL_TLS, 0, BODY_GOOD, false},
        {FAULT_ERROR, CALL_ANSWERED, 500, BODY_GOOD, false},
        {FAULT_THROTTLE, CALL_ANSWERED, 429, BODY_GOOD, false},
        {FAULT_MALFORMED, CALL_ANSWERED, 0, BODY_MALFORMED, false},
        {FAULT_TRUNCATED, CALL_ANSWERED, 0, BODY_TRUNCATED, false},
        {FAULT_EMPTY_RESULTS, CALL_ANSWERED, 0, BODY_GOOD, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;
        const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
        struct fault_spec fault = fixture_fault("f", rows[i].kind, 0, US_PER_HOUR);
        fault.retry_after_s = 7;
        fixture_open(&fixture, PROVIDER_WALMART_API, &spec, &fault, 1);
        const struct disturbance d = disturb(&fixture, 1, US_PER_SECOND);
        const char *const name = fault_kind_names[rows[i].kind];
        CHECK_ROW(name, disturbance_exists(&fault));
        CHECK_ROW(name, d.touched);
        CHECK_ROW(name, d.fate == rows[i].fate);
        CHECK_ROW(name, d.status == rows[i].status);
        CHECK_ROW(name, d.body == rows[i].body);
        CHECK_ROW(name, d.empty == rows[i].empty);
        CHECK_ROW(name, d.retry_after_s == (rows[i].kind == FAULT_THROTTLE ? 7u : 0u));
        fixture_close(&fixture);
    }
}

static void kinds_that_need_a_mock_do_not_exist(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = {FAULT_SLOW_BODY,   FAULT_PARTIAL,
                                            FAULT_PRICE_DRIFT, FAULT_STALE_PRICES,
                                            FAULT_CLOCK_SKEW,  FAULT_COMPROMISED};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct fault_spec fault = fixture_fault("f", kinds[i], 0, US_PER_HOUR);
        CHECK_ROW(fault_kind_names[kinds[i]], !disturbance_exists(&fault));
    }
    struct fault_spec fault = fixture_fault("f", FAULT_AUTH, 0, US_PER_HOUR);
    fault.auth = AUTH_REVOKED;
    assert_true(disturbance_exists(&fault));
    fault.auth = AUTH_EXPIRED; /* only the provider knows which tokens are old */
    assert_false(disturbance_exists(&fault));
    fault = fixture_fault("f", FAULT_RESET, 0, US_PER_HOUR);
    fault.hits_in_flight = true;
    assert_false(disturbance_exists(&fault));
    fault = fixture_fault("f", FAULT_OUTAGE, 0, US_PER_HOUR);
    fault.parts[0].kind = FAULT_RESET;
    fault.parts[1].kind = FAULT_PARTIAL;
    fault.part_count = 1;
    assert_true(disturbance_exists(&fault));
    fault.part_count = 2;
    assert_false(disturbance_exists(&fault));
}

static void latency_composes_in_file_order(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    struct fault_spec faults[2] = {fixture_fault("a", FAULT_LATENCY, 0, US_PER_HOUR),
                                   fixture_fault("b", FAULT_LATENCY, 0, US_PER_HOUR)};
    faults[0].multiply = 3;
    faults[0].add_us = 1000;
    faults[1].multiply = 2;
    faults[1].add_us = 10;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, faults, 2);
    const struct disturbance d = disturb(&fixture, 1, US_PER_SECOND);
    assert_true(d.factor == 6.0);
    assert_int_equal(d.add_us, 2010);
    fixture_close(&fixture);
}

/* A drill against live traffic hits the orders that it hits in simulation. */
static void hits_the_orders_that_a_mock_would_lose(void **state)
{
    (void)state;
    struct fixture live, mock;
    const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    struct fault_spec fault = fixture_fault("f", FAULT_ERROR, 0, US_PER_HOUR);
    fault.fraction = 0.3;
    fault.status = 503;
    fixture_open(&live, PROVIDER_WALMART_API, &spec, &fault, 1);
    fixture_open(&mock, PROVIDER_WALMART_API, &spec, &fault, 1);
    uint64_t hits = 0;
    enum { ORDERS = 20000 };
    for (uint64_t order = 0; order < ORDERS; order++) {
        const struct disturbance d = disturb(&live, order, US_PER_SECOND);
        const struct reply reply = fixture_ask(&mock, OPERATION_SEARCH, order, US_PER_SECOND);
        assert_int_equal(d.status, reply.http_status == 503 ? 503 : 0);
        hits += d.status == 503;
    }
    CHECK_SHARE(hits, ORDERS, 0.3);
    fixture_close(&live);
    fixture_close(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_times_change_nothing),
        cmocka_unit_test(every_kind_that_exists_does_what_its_name_says),
        cmocka_unit_test(kinds_that_need_a_mock_do_not_exist),
        cmocka_unit_test(latency_composes_in_file_order),
        cmocka_unit_test(hits_the_orders_that_a_mock_would_lose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
