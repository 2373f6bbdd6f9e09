/* Goal: fees, tax and totals are production's to the cent, and canned quotes are its constants.
 *
 * Method: figures worked by hand from the contract's table, at the edges of its rules. */
#include "tests/support.h"

#include "router/order.h"
#include "router/quote.h"

static void prices_are_worked_to_the_cent(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum provider provider;
        int64_t subtotal, fee, tax, total;
    } rows[] = {
        {"MealMe", PROVIDER_MEALME, 10000, 499, 800, 11299},
        {"MealMe, tax 0.56 up", PROVIDER_MEALME, 7, 499, 1, 507},
        {"MealMe, tax 0.48 down", PROVIDER_MEALME, 6, 499, 0, 505},
        {"Instacart", PROVIDER_INSTACART, 10000, 599, 800, 11399},
        {"Kroger below 35.00", PROVIDER_KROGER_API, 3499, 995, 262, 4756},
        {"Kroger from 35.00: no fee, a tax of 262.5 up", PROVIDER_KROGER_API, 3500, 0, 263, 3763},
        {"Kroger, nothing found: the fee alone", PROVIDER_KROGER_API, 0, 995, 0, 995},
        {"Walmart", PROVIDER_WALMART_API, 10000, 795, 700, 11495},
        {"Walmart, tax 3.5 up", PROVIDER_WALMART_API, 50, 795, 4, 849},
        {"Walmart, nothing found: the fee alone", PROVIDER_WALMART_API, 0, 795, 0, 795}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct quote quote = {.eta_minutes = 7};
        quote_price(&quote, rows[i].provider, rows[i].subtotal);
        CHECK_ROW(rows[i].label, quote.subtotal_cents == rows[i].subtotal);
        CHECK_ROW(rows[i].label, quote.fee_cents == rows[i].fee);
        CHECK_ROW(rows[i].label, quote.tax_cents == rows[i].tax);
        CHECK_ROW(rows[i].label, quote.total_cents == rows[i].total);
        CHECK_ROW(rows[i].label, quote.eta_minutes == 7);
    }
}

static void canned_quotes_are_the_constants(void **state)
{
    (void)state;
    /* Two lines, three units. */
    static const struct order_item items[] = {{.name = "milk", .quantity = 2},
                                              {.name = "eggs", .quantity = 1}};
    const struct order_request request = {.items = items, .item_count = 2, .postal_code = "1"};
    static const struct {
        enum provider provider;
        int64_t subtotal, total;
        int32_t eta;
    } rows[] = {{PROVIDER_MEALME, 3897, 3897 + 499 + 312, 35},
                {PROVIDER_INSTACART, 3447, 3447 + 599 + 276, 52},
                {PROVIDER_KROGER_API, 3297, 3297 + 995 + 247, 150},
                {PROVIDER_WALMART_API, 2997, 2997 + 795 + 210, 90}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *label = provider_traits[rows[i].provider].id;
        struct quote quote;
        memset(&quote, 0xA5, sizeof quote);
        quote_canned(&quote, rows[i].provider, &request);
        CHECK_ROW(label, quote.subtotal_cents == rows[i].subtotal);
        CHECK_ROW(label, quote.total_cents == rows[i].total);
        CHECK_ROW(label, quote.eta_minutes == rows[i].eta);
        CHECK_ROW(label, quote.requested == 2 && quote.found == 2 && quote.substituted == 0);
        CHECK_ROW(label, quote.canned && !quote.estimated);
    }
}

static void the_largest_cart_does_not_overflow(void **state)
{
    (void)state;
    static struct order_item items[ORDER_ITEMS_MAX];
    for (size_t i = 0; i < ORDER_ITEMS_MAX; i++)
        items[i] = (struct order_item){.name = "rice", .quantity = UINT32_MAX};
    const struct order_request request = {.items = items, .item_count = ORDER_ITEMS_MAX};
    struct quote quote;
    quote_canned(&quote, PROVIDER_MEALME, &request);
    const int64_t subtotal = INT64_C(200) * UINT32_MAX * 1299;
    assert_true(quote.subtotal_cents == subtotal);
    assert_true(quote.total_cents == subtotal + 499 + (subtotal * 80 + 500) / 1000);
}

static void outcomes_have_stable_codes(void **state)
{
    (void)state;
    static const struct {
        enum quote_outcome outcome;
        uint16_t status;
        const char *code;
    } rows[] = {{QUOTE_OK, 200, "OK"},
                {QUOTE_TIMEOUT, 0, "TIMEOUT"},
                {QUOTE_AUTH_FAILED, 400, "AUTH_FAILED"},
                {QUOTE_MISSING_CREDENTIALS, 0, "MISSING_CREDENTIALS"},
                {QUOTE_HTTP_ERROR, 503, "HTTP_503"},
                {QUOTE_HTTP_ERROR, 401, "HTTP_401"},
                {QUOTE_HTTP_ERROR, UINT16_MAX, "HTTP_65535"},
                {QUOTE_RATE_LIMITED, 429, "RATE_LIMITED"},
                {QUOTE_UNAVAILABLE, 503, "UNAVAILABLE"},
                {QUOTE_NO_STORES, 200, "NO_STORES"},
                {QUOTE_NETWORK_ERROR, 0, "NETWORK_ERROR"},
                {QUOTE_INVALID_RESPONSE, 200, "INVALID_RESPONSE"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char code[QUOTE_CODE_MAX];
        CHECK_ROW_TEXT(rows[i].code, quote_code(rows[i].outcome, rows[i].status, code),
                       rows[i].code);
    }
    for (unsigned i = 0; i < QUOTE_OUTCOME_COUNT; i++)
        assert_non_null(quote_outcome_names[i]);
}

static void providers_are_found_by_id_and_by_key(void **state)
{
    (void)state;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        enum provider found = PROVIDER_COUNT;
        CHECK_ROW(provider_traits[p].id,
                  provider_by_id(provider_traits[p].id, &found) && found == p);
        found = PROVIDER_COUNT;
        CHECK_ROW(provider_traits[p].id,
                  provider_by_key(provider_traits[p].key, &found) && found == p);
    }
    enum provider untouched = PROVIDER_WALMART_API;
    assert_false(provider_by_id("KROGER", &untouched));
    assert_false(provider_by_key("KROGER_API", &untouched));
    assert_false(provider_by_id("kroger_api", &untouched));
    assert_int_equal(untouched, PROVIDER_WALMART_API);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_are_worked_to_the_cent),
        cmocka_unit_test(canned_quotes_are_the_constants),
        cmocka_unit_test(the_largest_cart_does_not_overflow),
        cmocka_unit_test(outcomes_have_stable_codes),
        cmocka_unit_test(providers_are_found_by_id_and_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
