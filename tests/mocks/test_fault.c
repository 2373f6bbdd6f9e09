/* Faults in time, and their names. Goal: windows, ramps and flaps are exact to the microsecond.
 * Method: tables a person can check, then next_change against a walk through every instant. */
#include "mocks/fault.h"

#include "tests/mocks/fixture.h"

static struct fault_spec window(int64_t at_us, int64_t for_us)
{
    return fixture_fault("x", FAULT_HANG, at_us, for_us);
}

static void a_fault_is_as_strong_as_its_window_ramp_and_flap_say(void **state)
{
    (void)state;
    struct fault_spec plain = window(100, 50), ramp = window(100, 50), flap = window(100, 50);
    plain.fraction = 0.5;
    ramp.fraction = 0.8;
    ramp.ramp_us = 40;
    flap.flap_on_us = 10;
    flap.flap_off_us = 5;
    struct fault_spec endless = window(100, INT64_MAX);
    const struct {
        const char *label;
        const struct fault_spec *fault;
        int64_t now_us;
        double strength;
    } rows[] = {
        {"before", &plain, 99, 0},
        {"first instant", &plain, 100, 0.5},
        {"last instant", &plain, 149, 0.5},
        {"after", &plain, 150, 0},
        {"ramp begins at 0", &ramp, 100, 0},
        {"ramp in the middle", &ramp, 120, 0.4},
        {"ramp ends", &ramp, 140, 0.8},
        {"ramp is over", &ramp, 149, 0.8},
        {"flap starts on", &flap, 100, 1},
        {"flap, last on", &flap, 109, 1},
        {"flap, first off", &flap, 110, 0},
        {"flap, last off", &flap, 114, 0},
        {"flap, on again", &flap, 115, 1},
        {"flap, cut by the end", &flap, 150, 0},
        {"for ever", &endless, INT64_MAX - 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double strength = fault_strength(rows[i].fault, rows[i].now_us);
        CHECK_ROW(rows[i].label, fabs(strength - rows[i].strength) < 1e-12);
    }
    assert_true(fault_is_on(&ramp, 100)); /* on, though it hits nobody yet */
}

static void next_change_is_the_next_instant_at_which_on_and_off_differ(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 300; i++) {
        const uint64_t bits = test_bits(1, i);
        struct fault_spec fault = window((int64_t)(bits % 40), 1 + (int64_t)(bits >> 8) % 60);
        if ((bits >> 20 & 1) != 0) {
            fault.flap_on_us = 1 + (int64_t)(bits >> 24) % 12;
            fault.flap_off_us = 1 + (int64_t)(bits >> 32) % 12;
        }
        for (int64_t now = -5; now < 120; now++) {
            int64_t expected = now + 1;
            while (expected < 200 && fault_is_on(&fault, expected) == fault_is_on(&fault, now)) {
                expected++;
            }
            const int64_t next = fault_next_change_us(&fault, now);
            /* In an "off" spell that the end cuts short the end may be told as well: nothing
             * changes. */
            if (expected == 200)
                assert_true(next == INT64_MAX || next == fault_end_us(&fault));
            else
                assert_int_equal(next < expected && !fault_is_on(&fault, next) ? expected : next,
                                 expected);
        }
    }
}

static void every_kind_has_a_name_and_a_layer(void **state)
{
    (void)state;
    static const enum fault_layer layers[FAULT_KIND_COUNT] = {
        [FAULT_HANG] = LAYER_TRANSPORT,
        [FAULT_LATENCY] = LAYER_MODIFIER,
        [FAULT_ERROR] = LAYER_STATUS,
        [FAULT_REFUSE] = LAYER_CONNECT,
        [FAULT_RESET] = LAYER_TRANSPORT,
        [FAULT_DNS] = LAYER_DNS,
        [FAULT_TLS] = LAYER_TLS,
        [FAULT_THROTTLE] = LAYER_STATUS,
        [FAULT_AUTH] = LAYER_STATUS,
        [FAULT_MALFORMED] = LAYER_BODY,
        [FAULT_TRUNCATED] = LAYER_BODY,
        [FAULT_SLOW_BODY] = LAYER_MODIFIER,
        [FAULT_EMPTY_RESULTS] = LAYER_BODY,
        [FAULT_PARTIAL] = LAYER_MODIFIER,
        [FAULT_PRICE_DRIFT] = LAYER_MODIFIER,
        [FAULT_STALE_PRICES] = LAYER_MODIFIER,
        [FAULT_CLOCK_SKEW] = LAYER_MODIFIER,
        [FAULT_OUTAGE] = LAYER_MODIFIER,
        [FAULT_COMPROMISED] = LAYER_MODIFIER,
    };
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        assert_non_null(fault_kind_names[kind]);
        CHECK_ROW(fault_kind_names[kind], fault_layer(kind) == layers[kind]);
    }
    assert_null(fault_kind_names[FAULT_KIND_COUNT]);
    assert_null(fault_auth_names[AUTH_KIND_COUNT]);
    assert_string_equal(fault_layer_names[LAYER_MODIFIER], "modifier");
    assert_null(fault_layer_names[LAYER_MODIFIER + 1]);
}

static void labels_say_who_what_and_how_much(void **state)
{
    (void)state;
    enum { ROWS = 11 };
    struct fault_spec faults[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        faults[i] = window(0, 1);
        faults[i].provider_mask = 1u << PROVIDER_KROGER_API;
    }
    static const char *const labels[ROWS] = {
        "Kroger: hang, all calls",
        "2 providers: 503 on 40% of orders",
        "all providers: latency x3 +2s, search calls",
        "Kroger: credential revoked, all calls",
        "Kroger: stolen credential, 600 calls a minute",
        "Kroger: prices x1.2, store and search calls",
        "Kroger: 429 on 10% of calls, calls of 3 kinds",
        "Kroger: 30% of items missing, all calls",
        "Kroger: credential end point down, token calls",
        "Kroger: outage, all calls",
        "Kroger: latency +250ms, all calls",
    };
    faults[1].kind = FAULT_ERROR;
    faults[1].status = 503;
    faults[1].fraction = 0.4;
    faults[1].provider_mask |= 1u << PROVIDER_MEALME;
    faults[2].kind = FAULT_LATENCY;
    faults[2].multiply = 3;
    faults[2].add_us = 2 * US_PER_SECOND;
    faults[2].provider_mask = (1u << PROVIDER_COUNT) - 1;
    faults[2].operation_mask = 1u << OPERATION_SEARCH;
    faults[3].kind = FAULT_AUTH;
    faults[3].auth = AUTH_REVOKED;
    faults[4].kind = FAULT_COMPROMISED;
    faults[4].calls_per_minute = 600;
    faults[5].kind = FAULT_PRICE_DRIFT;
    faults[5].price_factor = 1.2;
    faults[5].operation_mask = 1u << OPERATION_STORE | 1u << OPERATION_SEARCH;
    faults[6].kind = FAULT_THROTTLE;
    faults[6].fraction = 0.1;
    faults[6].per_call = true;
    faults[6].operation_mask = 7;
    faults[7].kind = FAULT_PARTIAL;
    faults[7].share = 0.3;
    faults[8].kind = FAULT_AUTH;
    faults[8].auth = AUTH_TOKEN_ENDPOINT_DOWN;
    faults[8].operation_mask = 1u << OPERATION_TOKEN;
    faults[9].kind = FAULT_OUTAGE;
    faults[10].kind = FAULT_LATENCY;
    faults[10].multiply = 0; /* not given */
    faults[10].add_us = 250 * US_PER_MS;
    for (size_t i = 0; i < ROWS; i++) {
        char label[FAULT_LABEL_MAX];
        fault_label(&faults[i], label);
        CHECK_ROW_TEXT(labels[i], label, labels[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_is_as_strong_as_its_window_ramp_and_flap_say),
        cmocka_unit_test(next_change_is_the_next_instant_at_which_on_and_off_differ),
        cmocka_unit_test(every_kind_has_a_name_and_a_layer),
        cmocka_unit_test(labels_say_who_what_and_how_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
