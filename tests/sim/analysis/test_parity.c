/* Two runs held against each other: what has to be equal, and what explains that it is not. */
#include "router/base/duration.h"
#include "sim/analysis/parity.h"
#include "tests/support.h"

enum { ORDERS = 6 };

static struct scenario *plain_scenario(void)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    assert_non_null(scenario);
    scenario_default(scenario);
    scenario->history_frozen = true;
    scenario->policy.cache.token = false;
    return scenario;
}

/* Orders a second apart, each with a quote of 61.20 after 800 ms, in time by far. */
static void make_records(struct quote_record records[ORDERS])
{
    memset(records, 0, ORDERS * sizeof records[0]);
    for (uint64_t i = 0; i < ORDERS; i++) {
        struct quote_record *record = &records[i];
        record->kind = QUOTE_RECORD_ORDER;
        record->as.order.code = ORDER_ROUTED;
        record->as.order.quote_count = 1;
        record->as.order.items = 2;
        record->as.order.index = i;
        record->as.order.start_us = (int64_t)i * US_PER_SECOND;
        record->as.order.decided_us = (int64_t)i * US_PER_SECOND + 800000;
        record->as.order.quotes[0] = (struct quote_record_quote){.provider = PROVIDER_KROGER_API,
                                                                 .outcome = QUOTE_OK,
                                                                 .found = 2,
                                                                 .total_cents = 6120,
                                                                 .latency_us = 800000,
                                                                 .timeout_us = 10000000};
    }
}

static void equal_records_are_equal_and_one_cent_is_not(void **state)
{
    (void)state;
    struct quote_record a[ORDERS], b[ORDERS];
    struct parity parity;
    make_records(a);
    make_records(b);
    parity_exact(a, ORDERS, b, ORDERS, &parity);
    assert_int_equal(parity.compared, ORDERS);
    assert_int_equal(parity.differing, 0);
    b[3].as.order.quotes[0].total_cents++;
    parity_exact(a, ORDERS, b, ORDERS, &parity);
    assert_int_equal(parity.differing, 1);
    assert_int_equal(parity.listed[0].index, 3);
    assert_string_equal(parity.listed[0].what, "KROGER_API: OK 61.21, was OK 61.20");
    parity_exact(a, ORDERS, a, ORDERS - 1, &parity);
    assert_int_equal(parity.differing, 1);
}

static void a_microsecond_differs_in_virtual_time(void **state)
{
    (void)state;
    struct quote_record a[ORDERS], b[ORDERS];
    struct parity parity;
    make_records(a);
    make_records(b);
    b[0].as.order.quotes[0].latency_us++;
    parity_exact(a, ORDERS, b, ORDERS, &parity);
    assert_int_equal(parity.differing, 1);
    assert_non_null(strstr(parity.listed[0].what, "the same decision"));
}

static void real_time_costs_time_and_that_alone_is_no_difference(void **state)
{
    (void)state;
    struct scenario *scenario = plain_scenario();
    struct quote_record a[ORDERS], b[ORDERS];
    struct parity parity;
    make_records(a);
    make_records(b);
    for (int i = 0; i < ORDERS; i++) {
        b[i].as.order.quotes[0].latency_us += 1000 * (i + 1);
        b[i].as.order.decided_us += 1000 * (i + 1);
    }
    const struct quote_record first = b[0]; /* decided in another order */
    b[0] = b[1];
    b[1] = first;
    parity_real(scenario, a, ORDERS, b, ORDERS, 50000, &parity);
    assert_int_equal(parity.differing, 0);
    assert_int_equal(parity.quotes, ORDERS);
    assert_true(fabs(parity.cost_ms_p50 - 3.5) < 1e-9);
    assert_true(fabs(parity.cost_ms_max - 6.0) < 1e-9);
    free(scenario);
}

enum change { FAILS, PRICES_DIFFER, LINES_DIFFER, ANOTHER_WINS, ANOTHER_WINS_BY_ETA };

static void make_change(enum change change, struct quote_record *record)
{
    switch (change) {
    case FAILS:
        record->as.order.quotes[0].outcome = QUOTE_AUTH_FAILED;
        record->as.order.quotes[0].total_cents = 0;
        return;
    case PRICES_DIFFER:
        record->as.order.quotes[0].total_cents++;
        return;
    case LINES_DIFFER: /* one of two was not found, and not the same one */
        record->as.order.quotes[0].found--;
        record->as.order.quotes[0].total_cents -= 1000;
        return;
    case ANOTHER_WINS_BY_ETA:
        record->as.order.quotes[0].eta_minutes++;
        record->as.order.selected = 1;
        return;
    case ANOTHER_WINS:
        record->as.order.selected = 1;
        return;
    }
}

static void differences_have_reasons_or_none(void **state)
{
    (void)state;
    enum { KROGER = 1u << PROVIDER_KROGER_API, MEALME = 1u << PROVIDER_MEALME };
    static const struct {
        const char *label;
        enum change change;
        int64_t latency_us, fault_at_us;
        uint32_t of; /* the fault's providers */
        bool learns, keeps_tokens, keeps_prices, limited, earlier;
        enum parity_reason reason;
    } rows[] = {
        {"a quote within epsilon of its timeout", FAILS, .latency_us = 9960000,
         .reason = PARITY_BOUNDARY},
        {"just outside epsilon", FAILS, .latency_us = 9940000, .reason = PARITY_UNEXPLAINED},
        {"a timeout changes no price", PRICES_DIFFER, .latency_us = 9960000,
         .reason = PARITY_UNEXPLAINED},
        {"a fault begins while it is under way", FAILS, .fault_at_us = 3500000, .of = KROGER,
         .reason = PARITY_EDGE},
        {"which may be one of prices", PRICES_DIFFER, .fault_at_us = 3500000, .of = KROGER,
         .reason = PARITY_EDGE},
        {"a fault of another provider", FAILS, .fault_at_us = 3500000, .of = MEALME,
         .reason = PARITY_UNEXPLAINED},
        {"a fault begins long before", FAILS, .fault_at_us = 1000000, .of = KROGER,
         .reason = PARITY_UNEXPLAINED},
        {"a provider with a rate limit", FAILS, .limited = true, .reason = PARITY_SHARED},
        {"a limit changes no price", PRICES_DIFFER, .limited = true, .reason = PARITY_UNEXPLAINED},
        {"a limit changes what is found", LINES_DIFFER, .limited = true, .reason = PARITY_SHARED},
        {"nothing changes what is found", LINES_DIFFER, .reason = PARITY_UNEXPLAINED},
        {"an earlier one differed, and tokens are kept", FAILS, .keeps_tokens = true,
         .earlier = true, .reason = PARITY_DOWNSTREAM},
        {"tokens are kept, but nothing differed before", FAILS, .keeps_tokens = true,
         .reason = PARITY_UNEXPLAINED},
        {"an earlier one differed, and nothing is kept", FAILS, .earlier = true, .learns = true,
         .reason = PARITY_UNEXPLAINED},
        {"a token changes no price", PRICES_DIFFER, .keeps_tokens = true, .earlier = true,
         .reason = PARITY_UNEXPLAINED},
        {"a price that was kept", PRICES_DIFFER, .keeps_prices = true, .earlier = true,
         .reason = PARITY_DOWNSTREAM},
        {"another wins, and the router learned otherwise", ANOTHER_WINS, .learns = true,
         .earlier = true, .reason = PARITY_DOWNSTREAM},
        {"another wins, and nothing differed before", ANOTHER_WINS, .learns = true,
         .reason = PARITY_UNEXPLAINED},
        {"another wins, decided as outcomes become known", ANOTHER_WINS, .learns = true,
         .latency_us = 980000, .reason = PARITY_EDGE},
        {"which matters to a router that learns", ANOTHER_WINS, .latency_us = 980000,
         .reason = PARITY_UNEXPLAINED},
        {"another wins by a minute of its ETA", ANOTHER_WINS_BY_ETA, .reason = PARITY_BOUNDARY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario *scenario = plain_scenario();
        struct quote_record a[ORDERS], b[ORDERS];
        struct parity parity;
        make_records(a);
        make_records(b);
        scenario->history_frozen = !rows[i].learns;
        scenario->policy.cache.token = rows[i].keeps_tokens;
        scenario->policy.cache.sku_us = rows[i].keeps_prices ? US_PER_HOUR : 0;
        if (rows[i].limited) {
            scenario->providers[PROVIDER_KROGER_API].backend.limits.per_second = 5;
        }
        if (rows[i].fault_at_us > 0) {
            scenario->fault_count = 1;
            scenario->faults[0] = (struct fault_spec){.provider_mask = rows[i].of,
                                                      .at_us = rows[i].fault_at_us,
                                                      .for_us = US_PER_HOUR,
                                                      .fraction = 1};
        }
        if (rows[i].earlier) { /* itself at a boundary */
            a[1].as.order.quotes[0].latency_us = 9999000;
            b[1].as.order.quotes[0].outcome = QUOTE_TIMEOUT;
            b[1].as.order.quotes[0].total_cents = 0;
        }
        if (rows[i].change == LINES_DIFFER) a[3].as.order.quotes[0].found--;
        if (rows[i].latency_us > 0) {
            a[3].as.order.quotes[0].latency_us = rows[i].latency_us;
            a[3].as.order.decided_us = 3 * US_PER_SECOND + rows[i].latency_us;
        }
        make_change(rows[i].change, &b[3]);
        parity_real(scenario, a, ORDERS, b, ORDERS, 50000, &parity);
        CHECK_ROW(rows[i].label, parity.differing == (rows[i].earlier ? 2u : 1u));
        const unsigned others = rows[i].earlier && rows[i].reason == PARITY_BOUNDARY;
        CHECK_ROW(rows[i].label, parity.reasons[rows[i].reason] == 1u + others);
        free(scenario);
    }
}

/* An order is as unexplained as the worst of its quotes. */
static void one_quote_does_not_excuse_another(void **state)
{
    (void)state;
    struct scenario *scenario = plain_scenario();
    struct quote_record a[ORDERS], b[ORDERS];
    struct parity parity;
    make_records(a);
    for (int i = 0; i < ORDERS; i++) {
        a[i].as.order.quote_count = 2;
        a[i].as.order.quotes[1] = a[i].as.order.quotes[0];
        a[i].as.order.quotes[1].provider = PROVIDER_MEALME;
    }
    a[2].as.order.quotes[0].latency_us = 9999000;
    memcpy(b, a, sizeof b);
    b[2].as.order.quotes[0].outcome = QUOTE_TIMEOUT;
    b[2].as.order.quotes[0].total_cents = 0;
    parity_real(scenario, a, ORDERS, b, ORDERS, 50000, &parity);
    assert_int_equal(parity.reasons[PARITY_BOUNDARY], 1);
    b[2].as.order.quotes[1].total_cents--;
    parity_real(scenario, a, ORDERS, b, ORDERS, 50000, &parity);
    assert_int_equal(parity.differing, 1);
    assert_int_equal(parity.reasons[PARITY_UNEXPLAINED], 1);
    assert_string_equal(parity.listed[0].what, "MEALME: OK 61.19, was OK 61.20");
    free(scenario);
}

static void an_order_of_one_run_alone_is_unexplained(void **state)
{
    (void)state;
    struct scenario *scenario = plain_scenario();
    struct quote_record a[ORDERS], b[ORDERS];
    struct parity parity;
    make_records(a);
    make_records(b);
    parity_real(scenario, a, ORDERS, b + 1, ORDERS - 1, 50000, &parity);
    assert_int_equal(parity.reasons[PARITY_UNEXPLAINED], 1);
    parity_real(scenario, a, ORDERS - 2, b, ORDERS, 50000, &parity);
    assert_int_equal(parity.reasons[PARITY_UNEXPLAINED], 2);
    free(scenario);
}

static void the_unexplained_are_listed_first_of_all(void **state)
{
    (void)state;
    enum { MANY = 64 };
    struct scenario *scenario = plain_scenario();
    static struct quote_record a[MANY], b[MANY];
    struct parity parity;
    for (uint64_t i = 0; i < MANY; i++) {
        struct quote_record one[ORDERS];
        make_records(one);
        a[i] = one[0];
        a[i].as.order.index = i;
        a[i].as.order.quotes[0].latency_us = i == MANY - 1 ? 100 : 9999000;
        b[i] = a[i];
        b[i].as.order.quotes[0].outcome = QUOTE_TIMEOUT;
    }
    parity_real(scenario, a, MANY, b, MANY, 50000, &parity);
    assert_int_equal(parity.differing, MANY);
    assert_int_equal(parity.listed_count, PARITY_LISTED_MAX);
    assert_int_equal(parity.listed[0].index, MANY - 1);
    free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_records_are_equal_and_one_cent_is_not),
        cmocka_unit_test(a_microsecond_differs_in_virtual_time),
        cmocka_unit_test(real_time_costs_time_and_that_alone_is_no_difference),
        cmocka_unit_test(differences_have_reasons_or_none),
        cmocka_unit_test(one_quote_does_not_excuse_another),
        cmocka_unit_test(an_order_of_one_run_alone_is_unexplained),
        cmocka_unit_test(the_unexplained_are_listed_first_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
