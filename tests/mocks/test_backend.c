/* What a mock provider does to a call. Goal: judged in the stated order, with every draw keyed, so
 * that nothing that does not concern an order moves it. Method: tables of overlapping faults,
 * counts of orders hit (99.9% regions), replies compared byte for byte with and without something
 * added, and the queue against Erlang's C formula. */
#include "mocks/backend.h"

#include "tests/mocks/fixture.h"

#define ONE_MS US_PER_MS

static void open_with(struct fixture *fixture, enum provider provider,
                      const struct fault_spec *faults, uint32_t count)
{
    const struct backend_spec spec = fixture_spec(provider);
    fixture_open(fixture, provider, &spec, faults, count);
}

/* ---- composition ----------------------------------------------------------------------------- */

struct composed {
    const char *label;
    struct fault_spec faults[3];
    enum call_fate fate;
    enum reply_body body;
    uint16_t status;
    int64_t latency_us;
};

static struct fault_spec is(enum fault_kind kind)
{
    struct fault_spec fault = fixture_fault(fault_kind_names[kind], kind, 0, US_PER_HOUR);
    fault.retry_after_s = 7;
    return fault;
}

static struct fault_spec status(uint16_t code)
{
    struct fault_spec fault = is(FAULT_ERROR);
    fault.status = code;
    return fault;
}

static struct fault_spec slower(double multiply, int64_t add_us)
{
    struct fault_spec fault = is(FAULT_LATENCY);
    (void)snprintf(fault.id, sizeof fault.id, "slower-%g-%lld", multiply, (long long)add_us);
    fault.multiply = multiply;
    fault.add_us = add_us;
    return fault;
}

static struct fault_spec drip(double multiply)
{
    struct fault_spec fault = is(FAULT_SLOW_BODY);
    fault.multiply = multiply;
    return fault;
}

static struct fault_spec revoked(void)
{
    struct fault_spec fault = is(FAULT_AUTH);
    fault.auth = AUTH_REVOKED;
    return fault;
}

static struct fault_spec outage_of(enum fault_kind kind, uint16_t code)
{
    struct fault_spec fault = is(FAULT_OUTAGE);
    fault.parts[0] = (struct outage_part){.kind = kind, .share = 3, .status = code};
    fault.part_count = 1;
    fault.add_us = 50 * ONE_MS;
    return fault;
}

static void overlapping_faults_compose(void **state)
{
    (void)state;
    const struct fault_spec none = {.for_us = 0};
    const int64_t good = 100 * ONE_MS, bad = 75 * ONE_MS, refused = 30 * ONE_MS;
    const struct composed rows[] = {
        {"nothing", {none, none, none}, CALL_ANSWERED, BODY_GOOD, 200, good},
        {"hang", {is(FAULT_HANG), none, none}, CALL_UNANSWERED, BODY_GOOD, 0, INT64_MAX},
        {"refuse", {is(FAULT_REFUSE), none, none}, CALL_REFUSED, BODY_GOOD, 0, refused},
        {"reset", {is(FAULT_RESET), none, none}, CALL_RESET, BODY_GOOD, 0, refused},
        {"tls", {is(FAULT_TLS), none, none}, CALL_TLS, BODY_GOOD, 0, 2 * refused},
        {"dns", {is(FAULT_DNS), none, none}, CALL_DNS, BODY_GOOD, 0, BACKEND_DNS_FAILURE_US},
        {"error", {status(500), none, none}, CALL_ANSWERED, BODY_EMPTY, 500, bad},
        {"throttle", {is(FAULT_THROTTLE), none, none}, CALL_ANSWERED, BODY_EMPTY, 429, bad},
        {"auth", {revoked(), none, none}, CALL_ANSWERED, BODY_EMPTY, 401, bad},
        {"malformed", {is(FAULT_MALFORMED), none, none}, CALL_ANSWERED, BODY_MALFORMED, 200, good},
        {"truncated", {is(FAULT_TRUNCATED), none, none}, CALL_ANSWERED, BODY_TRUNCATED, 200, good},
        /* the lowest layer wins, whatever the order */
        {"body, status, dns",
         {is(FAULT_MALFORMED), status(500), is(FAULT_DNS)},
         CALL_DNS,
         BODY_GOOD,
         0,
         BACKEND_DNS_FAILURE_US},
        {"hang, tls, refuse",
         {is(FAULT_HANG), is(FAULT_TLS), is(FAULT_REFUSE)},
         CALL_REFUSED,
         BODY_GOOD,
         0,
         refused},
        {"hang, tls", {is(FAULT_HANG), is(FAULT_TLS), none}, CALL_TLS, BODY_GOOD, 0, 2 * refused},
        {"body, reset",
         {is(FAULT_TRUNCATED), is(FAULT_RESET), none},
         CALL_RESET,
         BODY_GOOD,
         0,
         refused},
        {"body, status",
         {is(FAULT_MALFORMED), status(502), none},
         CALL_ANSWERED,
         BODY_EMPTY,
         502,
         bad},
        /* within a layer the first in the file */
        {"reset, hang", {is(FAULT_RESET), is(FAULT_HANG), none}, CALL_RESET, BODY_GOOD, 0, refused},
        {"hang, reset",
         {is(FAULT_HANG), is(FAULT_RESET), none},
         CALL_UNANSWERED,
         BODY_GOOD,
         0,
         INT64_MAX},
        {"502, auth", {status(502), revoked(), none}, CALL_ANSWERED, BODY_EMPTY, 502, bad},
        {"auth, 502", {revoked(), status(502), none}, CALL_ANSWERED, BODY_EMPTY, 401, bad},
        {"truncated, malformed",
         {is(FAULT_TRUNCATED), is(FAULT_MALFORMED), none},
         CALL_ANSWERED,
         BODY_TRUNCATED,
         200,
         good},
        /* modifiers stack, in file order */
        {"x2, +10ms",
         {slower(2, 0), slower(1, 10 * ONE_MS), none},
         CALL_ANSWERED,
         BODY_GOOD,
         200,
         210 * ONE_MS},
        {"+10ms, x2",
         {slower(1, 10 * ONE_MS), slower(2, 0), none},
         CALL_ANSWERED,
         BODY_GOOD,
         200,
         220 * ONE_MS},
        {"slow body, x2",
         {drip(10), slower(2, 0), none},
         CALL_ANSWERED,
         BODY_GOOD,
         200,
         2000 * ONE_MS},
        {"an error has no body to slow",
         {drip(10), slower(2, 0), status(500)},
         CALL_ANSWERED,
         BODY_EMPTY,
         500,
         150 * ONE_MS},
        {"nothing slows a refusal",
         {slower(9, 0), is(FAULT_REFUSE), none},
         CALL_REFUSED,
         BODY_GOOD,
         0,
         refused},
        /* an outage is its part */
        {"outage as hang",
         {outage_of(FAULT_HANG, 0), status(500), none},
         CALL_UNANSWERED,
         BODY_GOOD,
         0,
         INT64_MAX},
        {"outage as 503",
         {outage_of(FAULT_ERROR, 503), status(500), none},
         CALL_ANSWERED,
         BODY_EMPTY,
         503,
         bad},
        {"outage as latency",
         {outage_of(FAULT_LATENCY, 0), none, none},
         CALL_ANSWERED,
         BODY_GOOD,
         200,
         150 * ONE_MS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture fixture;
        open_with(&fixture, PROVIDER_WALMART_API, rows[i].faults, 3);
        const struct reply reply = fixture_ask(&fixture, OPERATION_SEARCH, 3, US_PER_SECOND);
        CHECK_ROW(rows[i].label, reply.fate == rows[i].fate);
        CHECK_ROW(rows[i].label, reply.body == rows[i].body);
        CHECK_ROW(rows[i].label, reply.http_status == rows[i].status);
        CHECK_ROW(rows[i].label, reply.latency_us == rows[i].latency_us);
        CHECK_ROW(rows[i].label, (reply.retry_after_s == 7) == (reply.http_status == 429));
        CHECK_ROW(rows[i].label, backend_counters(fixture.backend)->faulted == (i > 0));
        fixture_close(&fixture);
    }
}

static void a_fault_touches_its_operations_and_providers_only(void **state)
{
    (void)state;
    struct fault_spec fault = status(500);
    fault.operation_mask = 1u << OPERATION_STORE;
    struct fixture fixture;
    open_with(&fixture, PROVIDER_WALMART_API, &fault, 1);
    assert_int_equal(fixture_ask(&fixture, OPERATION_STORE, 1, 0).http_status, 500);
    assert_int_equal(fixture_ask(&fixture, OPERATION_SEARCH, 1, 0).http_status, 200);
    assert_int_equal(fixture_ask(&fixture, OPERATION_STORE, 1, US_PER_HOUR).http_status, 200);
    fixture_close(&fixture);
    fault.provider_mask = 1u << PROVIDER_MEALME;
    open_with(&fixture, PROVIDER_WALMART_API, &fault, 1);
    assert_int_equal(fixture_ask(&fixture, OPERATION_STORE, 1, 0).http_status, 200);
    fixture_close(&fixture);
}

/* ---- who is hit ------------------------------------------------------------------------------ */

static void a_fraction_is_of_orders_and_hits_all_calls_of_one(void **state)
{
    (void)state;
    struct fault_spec fault = status(500);
    fault.fraction = 0.3;
    struct fixture kroger;
    open_with(&kroger, PROVIDER_WALMART_API, &fault, 1);
    struct fixture mealme;
    open_with(&mealme, PROVIDER_MEALME, &fault, 1);
    uint64_t hit = 0;
    for (uint64_t order = 0; order < 20000; order++) {
        const bool first = fixture_ask(&kroger, OPERATION_STORE, order, 0).http_status == 500;
        hit += first;
        struct call call = fixture_call(&kroger, OPERATION_SEARCH, order, US_PER_MINUTE);
        call.item = 1 + (uint32_t)(order % 9);
        call.attempt = 1;
        assert_int_equal(fixture_answer(&kroger, &call).http_status == 500, first);
        assert_int_equal(fixture_ask(&mealme, OPERATION_CART, order, 0).http_status == 500, first);
    }
    CHECK_SHARE(hit, 20000, 0.3);
    fixture_close(&kroger);
    fixture_close(&mealme);
}

static void a_fault_is_met_once_it_has_hit_a_call(void **state)
{
    (void)state;
    struct fault_spec faults[] = {fixture_fault("nobody", FAULT_HANG, 0, INT64_MAX),
                                  fixture_fault("later", FAULT_LATENCY, 1000, 1000),
                                  fixture_fault("another's", FAULT_HANG, 0, INT64_MAX)};
    faults[0].fraction = 0;
    faults[2].provider_mask = 1u << PROVIDER_MEALME;
    struct fixture fixture;
    open_with(&fixture, PROVIDER_KROGER_API, faults, 3);
    for (uint64_t order = 0; order < 20; order++)
        (void)fixture_ask(&fixture, OPERATION_STORE, order, 0);
    assert_false(backend_fault_met(fixture.backend, &faults[1]));
    const struct call call = fixture_call(&fixture, OPERATION_STORE, 21, 1000);
    (void)backend_refusal(fixture.backend, &call); /* a question meets nothing */
    assert_false(backend_fault_met(fixture.backend, &faults[1]));
    (void)fixture_answer(&fixture, &call);
    assert_true(backend_fault_met(fixture.backend, &faults[1]));
    assert_false(backend_fault_met(fixture.backend, &faults[0]));
    assert_false(backend_fault_met(fixture.backend, &faults[2]));
    backend_reset(fixture.backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    assert_false(backend_fault_met(fixture.backend, &faults[1]));
    fixture_close(&fixture);
}

static void per_call_draws_once_a_call(void **state)
{
    (void)state;
    struct fault_spec fault = status(500);
    fault.fraction = 0.3;
    fault.per_call = true;
    struct fixture fixture;
    open_with(&fixture, PROVIDER_WALMART_API, &fault, 1);
    uint64_t hit = 0, both = 0;
    for (uint64_t order = 0; order < 20000; order++) {
        struct call call = fixture_call(&fixture, OPERATION_SEARCH, order, 0);
        const bool first = fixture_answer(&fixture, &call).http_status == 500;
        call.item = 1;
        const bool second = fixture_answer(&fixture, &call).http_status == 500;
        hit += first;
        both += first && second;
    }
    CHECK_SHARE(hit, 20000, 0.3);
    CHECK_SHARE(both, 20000, 0.09);
    fixture_close(&fixture);
}

static void two_faults_hit_independently_and_an_outage_splits_by_share(void **state)
{
    (void)state;
    struct fault_spec faults[2] = {is(FAULT_OUTAGE), slower(3, 0)};
    faults[0].fraction = 0.5;
    faults[0].parts[0] = (struct outage_part){.kind = FAULT_HANG, .share = 6};
    faults[0].parts[1] = (struct outage_part){.kind = FAULT_ERROR, .share = 3, .status = 500};
    faults[0].parts[2] = (struct outage_part){.kind = FAULT_REFUSE, .share = 1};
    faults[0].part_count = 3;
    faults[1].fraction = 0.5;
    struct fixture fixture;
    open_with(&fixture, PROVIDER_WALMART_API, faults, 2);
    enum { ORDERS = 40000 };
    uint64_t hung = 0, failed = 0, refused = 0, slow = 0;
    for (uint64_t order = 0; order < ORDERS; order++) {
        const struct reply reply = fixture_ask(&fixture, OPERATION_SEARCH, order, 0);
        hung += reply.fate == CALL_UNANSWERED;
        refused += reply.fate == CALL_REFUSED;
        failed += reply.http_status == 500;
        slow += reply.http_status == 500 && reply.latency_us == 225 * ONE_MS;
    }
    CHECK_SHARE(hung, ORDERS, 0.3);
    CHECK_SHARE(failed, ORDERS, 0.15);
    CHECK_SHARE(refused, ORDERS, 0.05);
    CHECK_SHARE(slow, failed, 0.5);
    fixture_close(&fixture);
}

static void a_ramp_hits_more_and_more_and_the_same_orders_stay_hit(void **state)
{
    (void)state;
    struct fault_spec fault = status(500);
    fault.fraction = 0.8;
    fault.ramp_us = US_PER_MINUTE;
    struct fixture fixture;
    open_with(&fixture, PROVIDER_WALMART_API, &fault, 1);
    bool hit_before[5000] = {false};
    for (int64_t s = 0; s <= 90; s += 15) {
        uint64_t hit = 0;
        for (uint64_t order = 0; order < 5000; order++) {
            const int64_t now_us = s * US_PER_SECOND;
            const bool hit_now =
                fixture_ask(&fixture, OPERATION_SEARCH, order, now_us).http_status == 500;
            assert_true(hit_now || !hit_before[order]);
            hit_before[order] = hit_now;
            hit += hit_now;
        }
        CHECK_SHARE(hit, 5000, fmin(0.8 * (double)s / 60, 0.8));
    }
    fixture_close(&fixture);
}

/* ---- common random numbers ------------------------------------------------------------------- */

static void check_equal_replies(struct fixture *one, struct fixture *two)
{
    static const enum operation kroger[] = {OPERATION_TOKEN, OPERATION_STORE, OPERATION_SEARCH,
                                            OPERATION_SINGLE, OPERATION_CONFIRM};
    for (uint64_t i = 0; i < 4000; i++) {
        const int64_t now_us = (int64_t)i * 20 * US_PER_SECOND;
        if (i % 50 == 0) {
            (void)fixture_fetch_token(one, now_us);
            (void)fixture_fetch_token(two, now_us);
        }
        struct call call = fixture_call(one, kroger[i % 5], i, now_us);
        call.item = (uint32_t)(i % FIXTURE_ITEMS);
        call.token = one->token;
        const struct reply left = fixture_answer(one, &call);
        call.token = two->token;
        const struct reply right = fixture_answer(two, &call);
        assert_memory_equal(&left, &right, sizeof left);
    }
}

static void what_does_not_concern_an_order_moves_no_bit_of_its_reply(void **state)
{
    (void)state;
    const struct backend_spec spec = backend_spec_default(PROVIDER_KROGER_API);
    struct fault_spec faults[2] = {status(500), is(FAULT_HANG)};
    faults[0].fraction = 0; /* hits nobody */
    faults[0].for_us = US_PER_DAY;
    faults[1].provider_mask = 1u << PROVIDER_INSTACART;
    struct fixture quiet, fraction_0, elsewhere, limited;
    fixture_open(&quiet, PROVIDER_KROGER_API, &spec, NULL, 0);
    fixture_open(&fraction_0, PROVIDER_KROGER_API, &spec, &faults[0], 1);
    check_equal_replies(&quiet, &fraction_0);
    fixture_close(&fraction_0);

    backend_reset(quiet.backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    fixture_open(&elsewhere, PROVIDER_KROGER_API, &spec, &faults[1], 1);
    check_equal_replies(&quiet, &elsewhere);
    fixture_close(&elsewhere);

    backend_reset(quiet.backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    struct backend_spec wide = spec; /* a limit and a queue that nobody meets */
    wide.limits.per_second = 1000;
    wide.capacity = 64;
    fixture_open(&limited, PROVIDER_KROGER_API, &wide, NULL, 0);
    check_equal_replies(&quiet, &limited);
    fixture_close(&limited);
    fixture_close(&quiet);
}

static void a_fault_leaves_the_latency_draw_as_it_was(void **state)
{
    (void)state;
    const struct backend_spec spec = backend_spec_default(PROVIDER_WALMART_API);
    struct fault_spec fault = slower(2, 0);
    fault.fraction = 0.5;
    struct fixture quiet, slow;
    fixture_open(&quiet, PROVIDER_WALMART_API, &spec, NULL, 0);
    fixture_open(&slow, PROVIDER_WALMART_API, &spec, &fault, 1);
    uint64_t doubled = 0;
    for (uint64_t order = 0; order < 5000; order++) {
        const struct reply before = fixture_ask(&quiet, OPERATION_SEARCH, order, 0);
        const struct reply after = fixture_ask(&slow, OPERATION_SEARCH, order, 0);
        assert_int_equal(before.http_status, after.http_status);
        assert_true(after.latency_us == before.latency_us ||
                    after.latency_us == 2 * before.latency_us);
        doubled += after.latency_us != before.latency_us;
    }
    CHECK_SHARE(doubled, 5000, 0.5);
    fixture_close(&quiet);
    fixture_close(&slow);
}

/* ---- calls in flight ------------------------------------------------------------------------- */

static void a_strike_ends_the_calls_it_hits_when_it_begins(void **state)
{
    (void)state;
    struct fault_spec faults[3] = {is(FAULT_RESET), is(FAULT_ERROR), is(FAULT_HANG)};
    for (int i = 0; i < 3; i++)
        faults[i].hits_in_flight = true;
    faults[0].at_us = 10 * US_PER_SECOND;
    faults[0].for_us = 20 * US_PER_SECOND;
    faults[0].fraction = 0.5;
    faults[0].flap_on_us = faults[0].flap_off_us = 5 * US_PER_SECOND;
    faults[1].at_us = 60 * US_PER_SECOND;
    faults[1].operation_mask = 1u << OPERATION_STORE;
    faults[2].at_us = 90 * US_PER_SECOND;
    faults[2].hits_in_flight = false;
    struct fixture fixture;
    open_with(&fixture, PROVIDER_WALMART_API, faults, 3);
    static const int64_t strikes_s[] = {10, 20, 60};
    int64_t now_us = 0;
    for (size_t i = 0; i < 3; i++) {
        now_us = backend_next_strike_us(fixture.backend, now_us);
        assert_int_equal(now_us, strikes_s[i] * US_PER_SECOND);
    }
    assert_int_equal(backend_next_strike_us(fixture.backend, now_us), INT64_MAX);

    uint64_t hit = 0;
    for (uint64_t order = 0; order < 4000; order++) {
        const struct call call = fixture_call(&fixture, OPERATION_SEARCH, order, 9 * US_PER_SECOND);
        struct reply reply;
        const bool struck = backend_strike(fixture.backend, &call, 10 * US_PER_SECOND, &reply);
        hit += struck;
        if (struck) {
            assert_int_equal(reply.fate, CALL_RESET);
            assert_int_equal(reply.latency_us, US_PER_SECOND);
        }
        /* The same orders are hit when they call while it lasts. */
        const struct reply later =
            fixture_ask(&fixture, OPERATION_SEARCH, order, 11 * US_PER_SECOND);
        assert_int_equal(later.fate == CALL_RESET, struck);
        assert_false(backend_strike(fixture.backend, &call, 60 * US_PER_SECOND, &reply));
    }
    CHECK_SHARE(hit, 4000, 0.5);
    const struct call store = fixture_call(&fixture, OPERATION_STORE, 1, 59 * US_PER_SECOND);
    struct reply reply;
    assert_true(backend_strike(fixture.backend, &store, 60 * US_PER_SECOND, &reply));
    assert_int_equal(reply.http_status, 500);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_faults_compose),
        cmocka_unit_test(a_fault_touches_its_operations_and_providers_only),
        cmocka_unit_test(a_fraction_is_of_orders_and_hits_all_calls_of_one),
        cmocka_unit_test(a_fault_is_met_once_it_has_hit_a_call),
        cmocka_unit_test(per_call_draws_once_a_call),
        cmocka_unit_test(two_faults_hit_independently_and_an_outage_splits_by_share),
        cmocka_unit_test(a_ramp_hits_more_and_more_and_the_same_orders_stay_hit),
        cmocka_unit_test(what_does_not_concern_an_order_moves_no_bit_of_its_reply),
        cmocka_unit_test(a_fault_leaves_the_latency_draw_as_it_was),
        cmocka_unit_test(a_strike_ends_the_calls_it_hits_when_it_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
