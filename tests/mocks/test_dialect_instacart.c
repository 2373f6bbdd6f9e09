/* Instacart's two APIs from the provider's side. Goal: every wrong credential and every bad member
 * is refused in one of the two documented forms; slots are instants; links come without prices.
 * Method: tables. */
#include "tests/mocks/dialect_rig.h"

#define STORES       "/v2/fulfillment/stores/delivery"
#define SLOTS        "/v2/fulfillment/service_options/delivery"
#define CART_SLOTS   "/v2/fulfillment/users/u/service_options/cart/delivery"
#define LINK         "/idp/v1/products/products_link"
#define UNAUTHORIZED "{\"error\":{\"message\":\"Unauthorized\",\"code\":1002}}"
#define FORBIDDEN    "{\"error\":{\"message\":\"Forbidden\",\"code\":1003}}"
#define NO_JSON      "{\"error\":{\"message\":\"The request body is not valid JSON\",\"code\":9999}}"
#define ISSUE(key, message)                                                                        \
    "{\"error\":{\"message\":\"" message "\",\"code\":1001},\"meta\":{\"key\":\"" key "\"}}"
#define ISSUES(list)                                                                               \
    "{\"error\":{\"message\":\"There were issues with your "                                       \
    "request\",\"code\":9999,\"errors\":[" list "]}}"
#define BLANK(key)    ISSUE(key, "can't be blank")
#define POSITIVE(key) ISSUE(key, "must be greater than 0")
#define LISTED(key)   ISSUE(key, "is not included in the list")
#define QUANTITY(n)   "line_items[0].line_item_measurements[" #n "].quantity"
#define CLIENT        "\"client_id\":\"mock-INSTACART\",\"client_secret\":\"generation-1\""
#define GRANT         "\"grant_type\":\"client_credentials\""

static void the_token_end_point_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *target, *body;
        uint16_t status;
        const char *answer; /* NULL: a token */
    } rows[] = {
        {"/v2/oauth/token", "{" CLIENT "," GRANT ",\"scope\":\"connect:fulfillment\"}", 200, NULL},
        {"/v2/oauth/token", "{" CLIENT "," GRANT "}", 200, NULL},
        {"/v2/oauth/token", "{" GRANT "}", 401, UNAUTHORIZED},
        {"/v2/oauth/token", "{\"client_id\":\"mock-INSTACART\",\"client_secret\":\"x\"," GRANT "}",
         401, UNAUTHORIZED},
        {"/v2/oauth/token", "{\"client_id\":1,\"client_secret\":2," GRANT "}", 401, UNAUTHORIZED},
        {"/v2/oauth/token", "grant_type=client_credentials", 401, UNAUTHORIZED},
        {"/v2/oauth/token", "{" CLIENT "}", 400, ISSUES(BLANK("grant_type"))},
        {"/v2/oauth/token", "{" CLIENT ",\"grant_type\":\"x\",\"scope\":\"y\"}", 400,
         ISSUES(LISTED("grant_type") "," LISTED("scope"))},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_STANDARD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "POST", rows[i].target, NULL, rows[i].body);
        CHECK_ROW(rows[i].body, rig.response.status == rows[i].status);
        if (rows[i].answer != NULL) {
            CHECK_ANSWER(&rig, rows[i].body, rows[i].status, rows[i].answer);
        }
    }
    dialect_rig_close(&rig);
}

static void credentials_in_the_query_are_forbidden(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_STANDARD);
    (void)dialect_rig_ask(&rig, "POST",
                          "/v2/oauth/token?client_id=mock-INSTACART&client_secret=generation-1",
                          NULL, "{" CLIENT "," GRANT "}");
    CHECK_ANSWER(&rig, "in the query", 403, FORBIDDEN);
    dialect_rig_close(&rig);
}

static void each_wrong_token_is_unauthorized(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    const char *const body = "{\"find_by\":{\"postal_code\":\"94105\"}}";
    (void)dialect_rig_ask(&rig, "POST", STORES, rig.bearer, body);
    assert_int_equal(rig.response.status, 200);
    (void)dialect_rig_ask(&rig, "POST", STORES, NULL, body);
    CHECK_ANSWER(&rig, "none", 401, UNAUTHORIZED);
    (void)dialect_rig_ask(&rig, "POST", STORES, RIG_API_KEY, body);
    CHECK_ANSWER(&rig, "the other API's", 401, UNAUTHORIZED);
    rig.now_us = 25 * US_PER_HOUR;
    (void)dialect_rig_ask(&rig, "POST", STORES, rig.bearer, body);
    CHECK_ANSWER(&rig, "expired", 401, UNAUTHORIZED);
    dialect_rig_close(&rig);

    struct fault_spec fault = fixture_fault("auth", FAULT_AUTH, 0, US_PER_HOUR);
    fault.auth = AUTH_WRONG_SCOPE;
    const struct backend_spec spec = fixture_spec(PROVIDER_INSTACART);
    dialect_rig_open_spec(&rig, PROVIDER_INSTACART, &spec, &fault, 1);
    dialect_rig_fetch_token(&rig);
    (void)dialect_rig_ask(&rig, "POST", STORES, rig.bearer, body);
    CHECK_ANSWER(&rig, "wrong scope", 403, FORBIDDEN);
    dialect_rig_close(&rig);
}

static void an_api_key_is_the_secret(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint16_t status;
    } rows[] = {
        {RIG_API_KEY, 200},
        {"Authorization: Bearer mock-INSTACART:generation-1\n", 200},
        {"Authorization: Bearer generation-2\n", 401},
        {"Authorization: Bearer mock-MEALME:generation-1\n", 401},
        {"Authorization: generation-1\n", 401},
        {RIG_INSTACART_BASIC, 401},
        {NULL, 401},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_DEVELOPER);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const label = rows[i].header == NULL ? "none" : rows[i].header;
        (void)dialect_rig_ask(&rig, "GET", "/idp/v1/retailers?postal_code=1&country_code=US",
                              rows[i].header, NULL);
        CHECK_ROW(label, rig.response.status == rows[i].status);
        if (rows[i].status == 401) CHECK_ANSWER(&rig, label, 401, UNAUTHORIZED);
    }
    dialect_rig_close(&rig);
}

/* ---- members --------------------------------------------------------------------------------- */

struct row {
    const char *method, *target, *body;
    uint16_t status;
    const char *answer; /* NULL: whatever */
};

static void check_rows(enum api api, const struct row *rows, size_t count)
{
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, api);
    if (api == API_STANDARD) dialect_rig_fetch_token(&rig);
    const char *const known = api == API_STANDARD ? rig.bearer : RIG_API_KEY;
    for (size_t i = 0; i < count; i++) {
        (void)dialect_rig_ask(&rig, rows[i].method, rows[i].target, known, rows[i].body);
        const char *const label = rows[i].body == NULL ? rows[i].target : rows[i].body;
        CHECK_ROW(label, rig.response.status == rows[i].status);
        if (rows[i].answer != NULL) CHECK_ANSWER(&rig, label, rows[i].status, rows[i].answer);
    }
    dialect_rig_close(&rig);
}

static void connect_s_members_are_checked(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"POST", STORES, "", 400, NO_JSON},
        {"POST", STORES, "{}", 400, ISSUES(BLANK("find_by.postal_code"))},
        {"POST", STORES, "{\"find_by\":{\"postal_code\":\"\"}}", 400,
         ISSUES(BLANK("find_by.postal_code"))},
        {"POST", STORES, "{\"find_by\":{\"latitude\":37.7}}", 400,
         ISSUES(BLANK("find_by.postal_code"))},
        {"POST", STORES, "{\"find_by\":{\"latitude\":37.7,\"longitude\":-122}}", 200, NULL},
        {"POST", SLOTS, "{}", 400, ISSUES(BLANK("postal_code"))},
        {"POST", SLOTS, "{\"postal_code\":\"1\",\"cart_total_cents\":-1}", 400,
         ISSUES(ISSUE("cart_total_cents", "must be greater than or equal to 0"))},
        {"POST", SLOTS, "{\"postal_code\":\"1\"}", 200, NULL},
        {"POST", CART_SLOTS, "{}", 400, ISSUES(BLANK("location_code") "," BLANK("items"))},
        {"POST", CART_SLOTS,
         "{\"location_code\":\"042\",\"items\":[{\"count\":1,\"item\":{\"upc\":\"1\"}},{\"count\":"
         "1.5},3]}",
         400,
         ISSUES(POSITIVE("items[1].count") "," BLANK("items[1].item.upc") "," POSITIVE(
             "items[2].count") "," BLANK("items[2].item."
                                         "upc"))},
        {"POST", CART_SLOTS,
         "{\"location_code\":\"042\",\"items\":[{\"count\":1,\"item\":{\"upc\":\"1\"}}]}", 400,
         ISSUES(BLANK("address.postal_code"))},
        {"POST", "/v2/fulfillment/users/u/service_options/seven/reserve", "", 404,
         "{\"error\":{\"message\":\"Not found\",\"code\":1001}}"},
        {"POST", "/v2/fulfillment/users/u/service_options/99999999999999999999999999999999/reserve",
         "", 404, "{\"error\":{\"message\":\"Not found\",\"code\":1001}}"},
        {"POST", "/v2/fulfillment/users/u/orders/delivery", "{}", 400,
         ISSUES(BLANK("service_option_hold_id"))},
    };
    check_rows(API_STANDARD, rows, sizeof rows / sizeof *rows);
}

static void the_developer_platform_s_members_are_checked(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET", "/idp/v1/retailers", NULL, 400,
         ISSUES(BLANK("postal_code") "," BLANK("country_code"))},
        {"GET", "/idp/v1/retailers?postal_code=1&country_code=DE", NULL, 400,
         ISSUES(LISTED("country_code"))},
        {"GET", "/idp/v1/retailers?postal_code=K1A&country_code=CA", NULL, 200, NULL},
        {"POST", LINK, "[]", 400, NO_JSON},
        {"POST", LINK, "{}", 400, ISSUES(BLANK("title") "," BLANK("line_items"))},
        {"POST", LINK, "{\"title\":\"t\",\"line_items\":[{\"name\":\"\"}]}", 400,
         ISSUES(BLANK("line_items[0].name"))},
        {"POST", LINK,
         "{\"title\":\"t\",\"line_items\":[{\"name\":\"a\",\"line_item_measurements\":[{"
         "\"quantity\":"
         "1},{\"quantity\":0},{\"quantity\":\"1\"},{}]}],\"expires_in\":366}",
         400,
         ISSUES(POSITIVE(QUANTITY(1)) "," POSITIVE(QUANTITY(2)) "," ISSUE(
             "expires_in", "must be between 1 and 365"))},
        {"POST", LINK, "{\"title\":\"t\",\"line_items\":[{\"name\":\"a\"}],\"expires_in\":365}",
         200, NULL},
        {"POST", "/idp/v1/products/recipe", "{\"title\":\"t\"}", 400, ISSUES(BLANK("ingredients"))},
        {"POST", "/idp/v1/orders", "{\"title\":\"t\"}", 400, ISSUES(BLANK("line_items"))},
    };
    check_rows(API_DEVELOPER, rows, sizeof rows / sizeof *rows);
}

static void not_every_issue_of_many_is_told(void **state)
{
    (void)state;
    static struct rig rig;
    struct text body = {0};
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_DEVELOPER);
    text_put(&body, "{\"title\":\"t\",\"line_items\":[{}");
    for (int i = 0; i < 1000; i++)
        text_put(&body, ",{}");
    text_put(&body, "]}");
    const char *at = dialect_rig_ask(&rig, "POST", LINK, RIG_API_KEY, body.bytes);
    unsigned issues = 0;
    while ((at = strstr(at, "\"meta\"")) != NULL) {
        issues++;
        at++;
    }
    assert_int_equal(rig.response.status, 400);
    assert_int_equal(issues, 20);
    text_release(&body);
    dialect_rig_close(&rig);
}

/* ---- slots ----------------------------------------------------------------------------------- */

static void a_slot_begins_when_the_backend_says(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    for (int i = 0; i < 100; i++) {
        char start[INSTANT_TEXT_MAX], expected[64];
        rig.now_us += 17 * US_PER_MINUTE + 1234567;
        const char *const body =
            dialect_rig_ask(&rig, "POST", SLOTS, rig.bearer, "{\"postal_code\":\"94105\"}");
        assert_int_equal(rig.response.status, rig.now_us < US_PER_DAY ? 200 : 401);
        if (rig.response.status != 200) break;
        const int64_t start_ms = rig.reply.as.slots.start_unix_ms;
        instant_format(start_ms * US_PER_MS, start);
        (void)snprintf(expected, sizeof expected, "\"start_at\":\"%s\"", start);
        assert_non_null(strstr(body, expected));
        instant_format((start_ms + 7200000) * US_PER_MS, start);
        (void)snprintf(expected, sizeof expected, "\"end_at\":\"%s\"", start);
        assert_non_null(strstr(body, expected));
    }
    dialect_rig_close(&rig);
}

static void without_slots_the_list_is_empty(void **state)
{
    (void)state;
    const struct fault_spec fault = fixture_fault("empty", FAULT_EMPTY_RESULTS, 0, US_PER_HOUR);
    const struct backend_spec spec = fixture_spec(PROVIDER_INSTACART);
    static struct rig rig;
    dialect_rig_open_spec(&rig, PROVIDER_INSTACART, &spec, &fault, 1);
    dialect_rig_fetch_token(&rig);
    (void)dialect_rig_ask(&rig, "POST", SLOTS, rig.bearer, "{\"postal_code\":\"94105\"}");
    CHECK_ANSWER(&rig, "slots", 200, "{\"service_options\":[]}");
    (void)dialect_rig_ask(&rig, "POST", STORES, rig.bearer,
                          "{\"find_by\":{\"postal_code\":\"94105\"}}");
    CHECK_ANSWER(&rig, "stores", 200, "{\"stores\":[]}");
    dialect_rig_close(&rig);
}

static void a_store_s_code_is_its_number(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        uint32_t store;
        bool blank;
    } rows[] = {{"\"0\"", 0, false},
                {"\"3\"", 3, false},
                {"0", 0, false},
                {"3", 3, false},
                {"\"4294967295\"", UINT32_MAX, false},
                {"\"042\"", UINT32_MAX, false},
                {"\"x\"", UINT32_MAX, false},
                {"\"\"", UINT32_MAX, true},
                {"null", 0, true},
                {"\"4294967296\"", UINT32_MAX, false},
                {"4294967296", UINT32_MAX, false},
                {"-1", UINT32_MAX, false},
                {"0.5", UINT32_MAX, false},
                {"[0]", UINT32_MAX, false}};
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[256];
        (void)snprintf(body, sizeof body, "{\"postal_code\":\"1\",\"location_code\":%s}",
                       rows[i].code);
        (void)dialect_rig_ask(&rig, "POST", SLOTS, rig.bearer, body);
        CHECK_ROW(rows[i].code, rig.heard.call.store == rows[i].store);
        (void)snprintf(body, sizeof body,
                       "{\"location_code\":%s,\"address\":{\"postal_code\":\"1\"},\"items\":"
                       "[{\"count\":1,\"item\":{\"upc\":\"1\"}}]}",
                       rows[i].code);
        (void)dialect_rig_ask(&rig, "POST", CART_SLOTS, rig.bearer, body);
        CHECK_ROW(rows[i].code, rig.response.status == (rows[i].blank ? 400 : 200));
        if (!rows[i].blank) CHECK_ROW(rows[i].code, rig.heard.call.store == rows[i].store);
    }
    dialect_rig_close(&rig);
}

static void a_probe_of_ours_is_told_from_a_call_of_an_order(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_INSTACART, API_DEVELOPER);
    static const struct {
        const char *headers;
        enum operation operation;
    } rows[] = {
        {RIG_API_KEY, OPERATION_STORE},
        {RIG_API_KEY "X-Routesim-Call: 0123456789abcdef-7-0-0-0-0\n", OPERATION_STORE},
        {RIG_API_KEY "X-Routesim-Call: 0123456789abcdef-ffffffffffffffff-0-0-0-0\n",
         OPERATION_HEALTH},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "GET", "/idp/v1/retailers?postal_code=1&country_code=US",
                              rows[i].headers, NULL);
        CHECK_ROW(rows[i].headers, rig.heard.call.operation == rows[i].operation);
        CHECK_ROW(rows[i].headers, rig.response.status == 200);
    }
    dialect_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_end_point_says_what_is_wrong),
        cmocka_unit_test(credentials_in_the_query_are_forbidden),
        cmocka_unit_test(each_wrong_token_is_unauthorized),
        cmocka_unit_test(an_api_key_is_the_secret),
        cmocka_unit_test(connect_s_members_are_checked),
        cmocka_unit_test(the_developer_platform_s_members_are_checked),
        cmocka_unit_test(not_every_issue_of_many_is_told),
        cmocka_unit_test(a_slot_begins_when_the_backend_says),
        cmocka_unit_test(without_slots_the_list_is_empty),
        cmocka_unit_test(a_store_s_code_is_its_number),
        cmocka_unit_test(a_probe_of_ours_is_told_from_a_call_of_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
