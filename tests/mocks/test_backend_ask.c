/* What a dialect asks a backend besides the reply. Goal: lines add up to the reply they belong to,
 * under any faults; questions count nothing and change no later answer; a refusal is the one the
 * answer would be. Method: sums over random orders, two backends in lockstep of which one is asked,
 * and a table of callers. */
#include "mocks/backend.h"

#include "tests/mocks/fixture.h"

enum { FAULTS = 5 };

/* Every fault that touches prices and stock, each on a part of the orders. */
static void fill_faults(struct fault_spec faults[FAULTS])
{
    static const enum fault_kind kinds[FAULTS] = {FAULT_PARTIAL, FAULT_PRICE_DRIFT,
                                                  FAULT_STALE_PRICES, FAULT_EMPTY_RESULTS,
                                                  FAULT_CLOCK_SKEW};
    for (unsigned i = 0; i < FAULTS; i++) {
        faults[i] = fixture_fault(fault_kind_names[kinds[i]], kinds[i], 0, US_PER_DAY);
        faults[i].fraction = kinds[i] == FAULT_EMPTY_RESULTS ? 0.1 : 0.5;
        faults[i].share = 0.4;
        faults[i].price_factor = 1.37;
        faults[i].stale_us = 30 * US_PER_DAY;
    }
}

static struct backend_spec scarce(enum provider provider)
{
    struct backend_spec spec = fixture_spec(provider);
    spec.prices.stock_out = 0.3;
    spec.prices.no_store_share = 0.2;
    return spec;
}

static void lines_of_a_cart_add_up_to_its_answer(void **state)
{
    (void)state;
    struct fault_spec faults[FAULTS];
    fill_faults(faults);
    const struct backend_spec spec = scarce(PROVIDER_MEALME);
    struct fixture fixture;
    fixture_open(&fixture, PROVIDER_MEALME, &spec, faults, FAULTS);
    uint32_t bought = 0, substitutes = 0;
    for (uint64_t order = 0; order < 2000; order++) {
        fixture.request.postal_hash = (uint32_t)test_bits(1, order);
        const struct call call =
            fixture_call(&fixture, OPERATION_CART, order, (int64_t)(order * 30 * US_PER_SECOND));
        const struct reply cart = fixture_answer(&fixture, &call);
        int64_t subtotal = 0;
        uint16_t found = 0, substituted = 0;
        for (uint32_t line = 0; line < FIXTURE_ITEMS; line++) {
            int32_t cents;
            bool exact;
            const bool there = backend_line(fixture.backend, &call, line, &cents, &exact);
            assert_true(there == line_is_in(cart.as.cart.lines, line));
            assert_true(there == (cents > 0));
            if (there && exact) found++;
            if (there && !exact) substituted++;
            subtotal += (int64_t)cents * fixture.items[line].quantity;
        }
        assert_int_equal(subtotal, cart.as.cart.subtotal_cents);
        assert_int_equal(found, cart.as.cart.found);
        assert_int_equal(substituted, cart.as.cart.substituted);
        bought += found;
        substitutes += substituted;
    }
    assert_true(bought > 5000);
    assert_true(substitutes > 500);
    fixture_close(&fixture);
}

static void a_line_of_a_search_is_what_the_store_says(void **state)
{
    (void)state;
    struct fault_spec faults[FAULTS];
    fill_faults(faults);
    const struct backend_spec spec = scarce(PROVIDER_WALMART_API);
    struct fixture fixture;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, faults, FAULTS);
    for (uint64_t order = 0; order < 2000; order++) {
        struct call call = fixture_call(&fixture, OPERATION_SEARCH, order, 0);
        call.item = (uint32_t)(order % FIXTURE_ITEMS);
        call.store = (uint32_t)(order % 5); /* the fifth is none */
        const struct reply reply = fixture_answer(&fixture, &call);
        int32_t cents;
        bool exact;
        assert_true(backend_line(fixture.backend, &call, call.item, &cents, &exact) ==
                    reply.as.product.found);
        assert_int_equal(cents, reply.as.product.unit_cents);
        assert_true(exact == reply.as.product.exact);
    }
    fixture_close(&fixture);
}

static void asking_changes_nothing(void **state)
{
    (void)state;
    struct fault_spec faults[FAULTS];
    fill_faults(faults);
    struct backend_spec spec = scarce(PROVIDER_MEALME);
    spec.limits.per_second = 3;
    struct fixture asked, left;
    fixture_open(&asked, PROVIDER_MEALME, &spec, faults, FAULTS);
    fixture_open(&left, PROVIDER_MEALME, &spec, faults, FAULTS);
    for (uint64_t order = 0; order < 1000; order++) {
        const int64_t now_us = (int64_t)(order * 200 * US_PER_MS);
        const struct call call = fixture_call(&asked, OPERATION_CART, order, now_us);
        uint32_t store;
        int32_t cents;
        bool exact;
        (void)backend_refusal(asked.backend, &call);
        (void)backend_generation(asked.backend, &call);
        (void)backend_serves(asked.backend, (uint32_t)order, &store);
        (void)backend_line(asked.backend, &call, (uint32_t)(order % FIXTURE_ITEMS), &cents, &exact);
        const struct reply a = fixture_ask(&asked, OPERATION_CART, order, now_us);
        const struct reply b = fixture_ask(&left, OPERATION_CART, order, now_us);
        assert_memory_equal(&a, &b, sizeof a);
    }
    const struct backend_counters a = *backend_counters(asked.backend);
    const struct backend_counters b = *backend_counters(left.backend);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(a.limited > 0);
    fixture_close(&asked);
    fixture_close(&left);
}

/* ---- callers --------------------------------------------------------------------------------- */

static void a_caller_is_known_by_credential_and_by_token(void **state)
{
    (void)state;
    const struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    struct fixture fixture;
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, NULL, 0);
    struct call call = fixture_call(&fixture, OPERATION_STORE, 1, 0);
    assert_int_equal(backend_refusal(fixture.backend, &call), 401);
    assert_int_equal(backend_generation(fixture.backend, &call), 0);
    (void)fixture_fetch_token(&fixture, 0);
    call = fixture_call(&fixture, OPERATION_STORE, 1, 0);
    assert_int_equal(backend_refusal(fixture.backend, &call), 0);
    assert_int_equal(backend_generation(fixture.backend, &call), 1);
    call.token ^= 2;
    assert_int_equal(backend_refusal(fixture.backend, &call), 401);
    assert_int_equal(backend_generation(fixture.backend, &call), 0);

    fixture.credential.fingerprint = backend_rotate(fixture.backend, US_PER_MINUTE, 0);
    call = fixture_call(&fixture, OPERATION_TOKEN, 1, 2 * US_PER_MINUTE);
    assert_int_equal(backend_refusal(fixture.backend, &call), 0);
    assert_int_equal(backend_generation(fixture.backend, &call), 2);
    const struct credential nobody = {.fingerprint = 77};
    call.credential = &nobody;
    assert_int_equal(backend_refusal(fixture.backend, &call), 400);
    assert_int_equal(backend_generation(fixture.backend, &call), 0);
    fixture_close(&fixture);
}

static void a_refusal_is_the_one_the_answer_would_be(void **state)
{
    (void)state;
    static const enum fault_auth kinds[] = {AUTH_EXPIRED, AUTH_REVOKED, AUTH_WRONG_SCOPE};
    static const uint16_t statuses[] = {401, 401, 403};
    for (unsigned i = 0; i < 3; i++) {
        struct fault_spec fault = fixture_fault("auth", FAULT_AUTH, US_PER_MINUTE, US_PER_HOUR);
        fault.auth = kinds[i];
        const struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
        struct fixture fixture;
        fixture_open(&fixture, PROVIDER_MEALME, &spec, &fault, 1);
        for (int64_t now_us = 0; now_us <= 2 * US_PER_MINUTE; now_us += US_PER_MINUTE) {
            const struct call call = fixture_call(&fixture, OPERATION_CART, 1, now_us);
            const uint16_t expected = now_us < US_PER_MINUTE ? 0 : statuses[i];
            assert_int_equal(backend_refusal(fixture.backend, &call), expected);
            const struct reply reply = fixture_answer(&fixture, &call);
            assert_int_equal(reply.http_status, expected == 0 ? 200 : expected);
        }
        fixture_close(&fixture);
    }
}

static void an_old_signature_is_refused_in_quiet_times_too(void **state)
{
    (void)state;
    const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    struct fixture fixture;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, NULL, 0);
    static const struct {
        const char *label;
        int64_t age_us;
        uint16_t status;
    } rows[] = {
        {"made now", 0, 200},
        {"as old as may be", BACKEND_SIGNATURE_LIFE_US, 200},
        {"a microsecond older", BACKEND_SIGNATURE_LIFE_US + 1, 401},
        {"as new as may be", -BACKEND_SIGNATURE_LIFE_US, 200},
        {"from the future", -BACKEND_SIGNATURE_LIFE_US - 1, 401},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call call = fixture_call(&fixture, OPERATION_SEARCH, 1, US_PER_HOUR);
        call.signed_us = call.sent_us - rows[i].age_us;
        CHECK_ROW(rows[i].label, fixture_answer(&fixture, &call).http_status == rows[i].status);
        CHECK_ROW(rows[i].label,
                  backend_refusal(fixture.backend, &call) == (rows[i].status == 200 ? 0 : 401));
        call.operation = OPERATION_SINGLE; /* which is not signed */
        CHECK_ROW(rows[i].label, fixture_answer(&fixture, &call).http_status == 200);
    }
    fixture_close(&fixture);
}

static void stores_are_numbered_below_their_count(void **state)
{
    (void)state;
    const struct backend_spec spec = scarce(PROVIDER_KROGER_API);
    struct fixture fixture;
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, NULL, 0);
    assert_int_equal(backend_store_count(fixture.backend), spec.prices.stores);
    uint64_t served = 0;
    for (uint32_t hash = 0; hash < 10000; hash++) {
        uint32_t store;
        if (!backend_serves(fixture.backend, hash * 7919, &store)) continue;
        assert_true(store < spec.prices.stores);
        served++;
    }
    CHECK_SHARE(served, 10000, 0.8);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_cart_add_up_to_its_answer),
        cmocka_unit_test(a_line_of_a_search_is_what_the_store_says),
        cmocka_unit_test(asking_changes_nothing),
        cmocka_unit_test(a_caller_is_known_by_credential_and_by_token),
        cmocka_unit_test(a_refusal_is_the_one_the_answer_would_be),
        cmocka_unit_test(an_old_signature_is_refused_in_quiet_times_too),
        cmocka_unit_test(stores_are_numbered_below_their_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
