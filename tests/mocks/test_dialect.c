/* What all mock APIs have in common. Goal: paths, methods, credentials, then parameters; our own
 * key is read strictly; foreign clients have luck of their own; whatever comes, an answer goes out.
 * Method: tables, and hostile requests by the thousand. */
#include "tests/mocks/dialect_rig.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

#define KEY "X-Routesim-Call: "

static const struct {
    enum provider provider;
    enum api api;
    const char *known; /* headers of a known caller, where texts will do */
} worlds[] = {
    {PROVIDER_KROGER_API, API_STANDARD, RIG_KROGER_BASIC},
    {PROVIDER_MEALME, API_STANDARD, RIG_ID_TOKEN},
    {PROVIDER_WALMART_API, API_STANDARD, RIG_WALMART_BASIC},
    {PROVIDER_WALMART_API, API_ACCESS_TOKEN, RIG_ACCESS_TOKEN},
    {PROVIDER_INSTACART, API_STANDARD, RIG_INSTACART_BASIC},
    {PROVIDER_INSTACART, API_DEVELOPER, RIG_API_KEY},
};
enum { WORLDS = sizeof worlds / sizeof *worlds };

/* ---- routes ---------------------------------------------------------------------------------- */

static void unknown_paths_are_404_and_other_methods_405(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum provider provider;
        enum api api;
        const char *method, *target;
        uint16_t status;
        const char *body;
    } rows[] = {
        {"root", PROVIDER_KROGER_API, API_STANDARD, "GET", "/", 404,
         "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"API-4101-404\",\"reason\":\"Not "
         "Found\"}}"},
        {"a segment short", PROVIDER_KROGER_API, API_STANDARD, "GET", "/v1/locations/", 404,
         "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"API-4101-404\",\"reason\":\"Not "
         "Found\"}}"},
        {"a segment too many", PROVIDER_KROGER_API, API_STANDARD, "GET", "/v1/locations/1/2", 404,
         "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"API-4101-404\",\"reason\":\"Not "
         "Found\"}}"},
        {"method", PROVIDER_KROGER_API, API_STANDARD, "DELETE", "/v1/products", 405,
         "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"API-4101-405\",\"reason\":\"Method "
         "Not Allowed\"}}"},
        {"MealMe", PROVIDER_MEALME, API_STANDARD, "GET", "/search/carts", 404,
         "{\"error\":\"Not Found\"}"},
        {"MealMe's method", PROVIDER_MEALME, API_STANDARD, "POST", "/search/cart", 405,
         "{\"error\":\"Method Not Allowed\"}"},
        {"Walmart without its prefix", PROVIDER_WALMART_API, API_STANDARD, "GET", "/search", 404,
         "{\"errors\":[{\"code\":404,\"message\":\"Not Found\"}]}"},
        {"Walmart's other API", PROVIDER_WALMART_API, API_STANDARD, "GET", "/api/v1/stores", 404,
         "{\"errors\":[{\"code\":404,\"message\":\"Not Found\"}]}"},
        {"Walmart's method", PROVIDER_WALMART_API, API_ACCESS_TOKEN, "PUT", "/api/v1/orders", 405,
         "{\"errors\":[{\"code\":405,\"message\":\"Method Not Allowed\"}]}"},
        {"Instacart", PROVIDER_INSTACART, API_STANDARD, "GET", "/idp/v1/retailers", 404,
         "{\"error\":{\"message\":\"Not found\",\"code\":1001}}"},
        {"Instacart's method", PROVIDER_INSTACART, API_DEVELOPER, "POST", "/idp/v1/retailers", 405,
         "{\"error\":{\"message\":\"Method Not Allowed\",\"code\":405}}"},
        {"single's method", PROVIDER_MEALME, API_STANDARD, "GET", "/single/v1/quote", 405,
         "{\"error\":\"Method Not Allowed\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct rig rig;
        dialect_rig_open(&rig, rows[i].provider, rows[i].api);
        (void)dialect_rig_ask(&rig, rows[i].method, rows[i].target, NULL, NULL);
        CHECK_ANSWER(&rig, rows[i].label, rows[i].status, rows[i].body);
        dialect_rig_close(&rig);
    }
}

static void head_is_heard_as_get(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    static const char target[] =
        "/search/cart?user_latitude=1&user_longitude=2&query=%7B%22a%22:1%7D";
    char *const body = strdup(dialect_rig_ask(&rig, "GET", target, RIG_ID_TOKEN, NULL));
    (void)dialect_rig_ask(&rig, "HEAD", target, RIG_ID_TOKEN, NULL);
    CHECK_ANSWER(&rig, "the same", 200, body);
    free(body);
    (void)dialect_rig_ask(&rig, "HEAD", "/order/finalize", RIG_ID_TOKEN, NULL);
    CHECK_ANSWER(&rig, "GET is not for this path", 405, "{\"error\":\"Method Not Allowed\"}");
    dialect_rig_close(&rig);
}

static void a_stranger_s_bad_request_is_refused_for_the_stranger(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum api api;
        const char *method, *target, *body, *known;
        uint16_t bad, strange;
    } rows[] = {
        {PROVIDER_KROGER_API, API_STANDARD, "PUT", "/v1/cart/add", "{", RIG_KROGER_BASIC, 400, 401},
        {PROVIDER_KROGER_API, API_STANDARD, "POST", "/v1/connect/oauth2/token", "grant_type=x",
         RIG_KROGER_BASIC, 400, 400},
        {PROVIDER_MEALME, API_STANDARD, "GET", "/search/cart", NULL, RIG_ID_TOKEN, 400, 401},
        {PROVIDER_MEALME, API_STANDARD, "POST", "/order/order/v4", "[]", RIG_ID_TOKEN, 400, 401},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, "GET", "/api/v1/items/search", NULL,
         RIG_ACCESS_TOKEN, 400, 401},
        {PROVIDER_INSTACART, API_STANDARD, "POST", "/v2/fulfillment/users/1/orders/delivery", "",
         RIG_INSTACART_BASIC, 400, 401},
        {PROVIDER_INSTACART, API_DEVELOPER, "POST", "/idp/v1/products/products_link", "{}",
         RIG_API_KEY, 400, 401},
        {PROVIDER_MEALME, API_STANDARD, "POST", "/single/v1/quote", "{}", RIG_MEALME_BASIC, 400,
         401},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct rig rig;
        dialect_rig_open(&rig, rows[i].provider, rows[i].api);
        (void)dialect_rig_ask(&rig, rows[i].method, rows[i].target, rows[i].known, rows[i].body);
        CHECK_ROW(rows[i].target, rig.response.status == rows[i].bad);
        (void)dialect_rig_ask(&rig, rows[i].method, rows[i].target, NULL, rows[i].body);
        CHECK_ROW(rows[i].target, rig.response.status == rows[i].strange);
        dialect_rig_close(&rig);
    }
}

/* ---- our own key ----------------------------------------------------------------------------- */

static void our_key_is_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool good;
    } rows[] = {
        {"0123456789abcdef-7-3-1-1500250-2", true},
        {"0123456789abcdef-ffffffffffffffff-0-0-0-0", true},
        {"0000000000000000-0-199-4294967295-315360000000000-4294967295", true},
        {"", false},
        {"0123456789abcdef", false},
        {"0123456789abcde-7-3-1-1500250-2", false},            /* 15 digits */
        {"0123456789abcdef0-7-3-1-1500250-2", false},          /* 17 */
        {"0123456789ABCDEF-7-3-1-1500250-2", false},           /* capitals */
        {"0123456789abcdeg-7-3-1-1500250-2", false},           /* no digit */
        {"0123456789abcdef-10000000000000000-3-1-1-2", false}, /* past 64 bits */
        {"0123456789abcdef-7-200-1-1500250-2", false},         /* no such line */
        {"0123456789abcdef-7--1-1-1500250-2", false},
        {"0123456789abcdef-7-3-1--5-2", false},              /* before the beginning */
        {"0123456789abcdef-7-3-1-315360000000001-2", false}, /* past ten years */
        {"0123456789abcdef-7-3-4294967296-1500250-2", false},
        {"0123456789abcdef-7-3-1-1500250-4294967296", false},
        {"0123456789abcdef-7-3-1-1500250-", false},
        {"0123456789abcdef-7-3-1-1500250-2-", false},
        {"0123456789abcdef-7-3-1-1500250-2 ", false},
        {"0123456789abcdef-7-3-1-0x5-2", false},
        {"0123456789abcdef-7-a-1-5-2", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct rig rig;
        char headers[256];
        dialect_rig_open(&rig, PROVIDER_WALMART_API, API_ACCESS_TOKEN);
        rig.now_us = US_PER_MINUTE;
        (void)snprintf(headers, sizeof headers, "%s" KEY "%s\n", RIG_ACCESS_TOKEN, rows[i].key);
        (void)dialect_rig_ask(&rig, "GET", "/api/v1/items/search?query=milk", headers, NULL);
        CHECK_ROW(rows[i].key, rig.response.status == 200);
        CHECK_ROW(rows[i].key, rig.heard.keyed == rows[i].good);
        CHECK_ROW(rows[i].key, rig.heard.told_time == rows[i].good);
        CHECK_ROW(rows[i].key, rows[i].good || (rig.heard.call.sent_us == rig.now_us &&
                                                rig.heard.call.order_index == UINT64_MAX &&
                                                rig.heard.call.item == 0));
        dialect_rig_close(&rig);
    }
}

static void our_key_says_all_that_draws_and_instants_go_by(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_WALMART_API, API_ACCESS_TOKEN);
    rig.now_us = US_PER_MINUTE;
    (void)dialect_rig_ask(&rig, "GET", "/api/v1/items/search?query=Cr%C3%A8me+br%C3%BBl%C3%A9e",
                          RIG_ACCESS_TOKEN KEY "0123456789abcdef-1a-3-2-1500250-4\n", NULL);
    const struct call *const call = &rig.heard.call;
    assert_true(call->order_key == UINT64_C(0x0123456789abcdef));
    assert_int_equal(call->order_index, 0x1a);
    assert_int_equal(call->item, 3);
    assert_int_equal(call->attempt, 2);
    assert_int_equal(call->sent_us, 1500250);
    assert_int_equal(call->store, 4);
    assert_int_equal(call->operation, OPERATION_SEARCH);
    assert_int_equal(call->request->item_count, 4);
    assert_string_equal(call->request->items[2].name, "");
    const struct order_item *const item = &call->request->items[3];
    assert_string_equal(item->name, "Cr\xC3\xA8me br\xC3\xBBl\xC3\xA9"
                                    "e");
    assert_true(item->name_hash == random_hash_text(item->name));
    assert_true(item->product == ORDER_PRODUCT_UNKNOWN);
    (void)dialect_rig_ask(&rig, "GET", "/api/v1/items/search?query=grocery+00007", RIG_ACCESS_TOKEN,
                          NULL);
    assert_int_equal(call->request->items[0].product, 6);
    dialect_rig_close(&rig);
}

/* ---- foreign clients ------------------------------------------------------------------------- */

static struct backend_spec with_two_generations(enum provider provider)
{
    struct backend_spec spec = fixture_spec(provider);
    spec.credentials.rotated_at_us = US_PER_HOUR;
    return spec;
}

static uint64_t foreign_key(struct rig *rig, const char *headers)
{
    (void)dialect_rig_ask(rig, "GET", "/search/product/v4?user_latitude=1&user_longitude=2",
                          headers, NULL);
    assert_false(rig->heard.keyed);
    return rig->heard.call.order_key;
}

static void a_foreign_client_s_luck_is_its_credential_s_own(void **state)
{
    (void)state;
    static struct rig alone, busy;
    const struct backend_spec spec = with_two_generations(PROVIDER_MEALME);
    dialect_rig_open_spec(&alone, PROVIDER_MEALME, &spec, NULL, 0);
    dialect_rig_open_spec(&busy, PROVIDER_MEALME, &spec, NULL, 0);
    uint64_t keys[100];
    for (int i = 0; i < 100; i++) {
        keys[i] = foreign_key(&alone, RIG_ID_TOKEN);
        for (int j = 0; j < i; j++)
            assert_true(keys[i] != keys[j]);
        for (int other = 0; other < i % 3; other++) {
            assert_true(foreign_key(&busy, "Id-Token: mock-MEALME:generation-2\n") != keys[i]);
            assert_true(foreign_key(&busy, "Id-Token: nobody\n") != keys[i]);
            assert_true(foreign_key(&busy, NULL) != keys[i]);
        }
        assert_true(foreign_key(&busy, RIG_ID_TOKEN) == keys[i]);
        assert_int_equal(busy.heard.call.item, 0);
        assert_int_equal(busy.heard.call.attempt, 0);
    }
    dialect_reset(alone.dialect, FIXTURE_SEED, FIXTURE_EPOCH_US);
    assert_true(foreign_key(&alone, RIG_ID_TOKEN) == keys[0]);
    dialect_reset(alone.dialect, FIXTURE_SEED + 1, FIXTURE_EPOCH_US);
    assert_true(foreign_key(&alone, RIG_ID_TOKEN) != keys[0]);
    dialect_rig_close(&alone);
    dialect_rig_close(&busy);
}

static void a_token_s_luck_is_that_of_the_credential_it_was_issued_for(void **state)
{
    (void)state;
    static struct rig rig, other;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    dialect_rig_open(&other, PROVIDER_KROGER_API, API_STANDARD);
    static const char target[] = "/v1/locations?filter.zipCode.near=45202";
    dialect_rig_fetch_token(&rig);
    dialect_rig_fetch_token(&other);
    (void)dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL);
    const uint64_t key = rig.heard.call.order_key;
    (void)dialect_rig_ask(&other, "GET", target, "Authorization: Bearer stranger\n", NULL);
    assert_int_equal(other.response.status, 401);
    (void)dialect_rig_ask(&other, "GET", target, other.bearer, NULL);
    assert_true(other.heard.call.order_key == key);
    dialect_rig_fetch_token(&rig); /* another token, the same credential: the number goes on */
    (void)dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL);
    assert_true(rig.heard.call.order_key != key);
    dialect_rig_close(&rig);
    dialect_rig_close(&other);
}

/* ---- tokens and credentials as texts --------------------------------------------------------- */

static void only_the_very_text_of_a_token_is_one(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    char good[32];
    (void)snprintf(good, sizeof good, "%016" PRIx64, rig.reply.as.token.value);
    static const struct {
        const char *form;
        uint16_t status;
        bool missing;
    } rows[] = {
        {"Authorization: Bearer mock-%s\n", 200, false},
        {"authorization: bearer   mock-%s\n", 200, false},
        {"Authorization: Bearer mock-0%s\n", 401, false},
        {"Authorization: Bearer mock-%s0\n", 401, false},
        {"Authorization: Bearer mock-%s \n", 401, false},
        {"Authorization: Bearer %s\n", 401, false},
        {"Authorization: Bearer MOCK-%s\n", 401, false},
        {"Authorization: Bearer mock-%.0s0000000000000000\n", 401, false},
        {"Authorization: Bearer mock-%.0s\n", 401, false},
        {"Authorization: Bearer %.0s\n", 401, true},
        {"Authorization: Bearermock-%s\n", 401, true},
        {"Authorization: mock-%s\n", 401, true},
        {"X-Token: mock-%s\n", 401, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char headers[128];
        const size_t at = (size_t)(strstr(rows[i].form, "%") - rows[i].form);
        const bool cut = strncmp(rows[i].form + at, "%.0s", 4) == 0;
        (void)snprintf(headers, sizeof headers, "%.*s%s%s", (int)at, rows[i].form, cut ? "" : good,
                       rows[i].form + at + (cut ? 4 : 2));
        (void)dialect_rig_ask(&rig, "GET", "/v1/products?filter.term=milk", headers, NULL);
        CHECK_ROW(rows[i].form, rig.response.status == rows[i].status);
        CHECK_ROW(rows[i].form, rig.heard.token_missing == rows[i].missing);
    }
    dialect_rig_close(&rig);
}

static void a_basic_credential_is_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *label, *header;
        bool known;
    } rows[] = {
        {"known", RIG_KROGER_BASIC, true},
        {"nobody", RIG_NOBODY_BASIC, false},
        {"scheme in capitals", "Authorization: BASIC bW9jay1LUk9HRVJfQVBJOmdlbmVyYXRpb24tMQ==\n",
         true},
        {"without its padding", "Authorization: Basic bW9jay1LUk9HRVJfQVBJOmdlbmVyYXRpb24tMQ\n",
         false},
        {"stray bits", "Authorization: Basic bW9jay1LUk9HRVJfQVBJOmdlbmVyYXRpb24tMR==\n", false},
        {"no colon", "Authorization: Basic bW9jaw==\n", false},
        {"no base64", "Authorization: Basic mock-KROGER_API:generation-1\n", false},
        {"nothing", "Authorization: Basic \n", false},
        {"an old generation's form",
         "Authorization: Basic bW9jay1LUk9HRVJfQVBJOmdlbmVyYXRpb24tMDE=\n", false},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "POST", "/v1/connect/oauth2/token", rows[i].header,
                              "grant_type=client_credentials");
        CHECK_ROW(rows[i].label, rig.response.status == (rows[i].known ? 200 : 400));
        (void)dialect_rig_ask(&rig, "GET", "/v1/locations?filter.limit=1", rows[i].header, NULL);
        CHECK_ROW(rows[i].label, rig.response.status == (rows[i].known ? 200 : 401));
        (void)dialect_rig_ask(&rig, "GET", "/v1/locations?filter.zipCode.near=45202",
                              rows[i].header, NULL);
        CHECK_ROW(rows[i].label, rig.response.status == 401); /* which needs a token */
    }
    dialect_rig_close(&rig);
}

/* ---- the house form -------------------------------------------------------------------------- */

static void every_mock_quotes_a_whole_cart_in_the_house_form(void **state)
{
    (void)state;
    static const char *const basics[WORLDS] = {RIG_KROGER_BASIC,    RIG_MEALME_BASIC,
                                               RIG_WALMART_BASIC,   RIG_WALMART_BASIC,
                                               RIG_INSTACART_BASIC, RIG_INSTACART_BASIC};
    for (size_t i = 0; i < WORLDS; i++) {
        static struct rig rig;
        dialect_rig_open(&rig, worlds[i].provider, worlds[i].api);
        (void)dialect_rig_ask(
            &rig, "POST", "/single/v1/quote", basics[i],
            "{\"items\":[{\"name\":\"grocery 00001\",\"quantity\":2},{\"name\":\"\xC3\xA9"
            "\"}],\"postal_code\":\"45202\"}");
        const struct reply *const reply = &rig.reply;
        char expected[256];
        (void)snprintf(expected, sizeof expected,
                       "{\"subtotal_cents\":%lld,\"fee_cents\":%lld,\"tax_cents\":%lld,"
                       "\"eta_minutes_min\":%d,\"eta_minutes_max\":%d,\"found\":2,\"substituted\":"
                       "0}",
                       (long long)reply->as.quote.subtotal_cents,
                       (long long)reply->as.quote.fee_cents, (long long)reply->as.quote.tax_cents,
                       reply->as.quote.eta_minutes_min, reply->as.quote.eta_minutes_max);
        CHECK_ANSWER(&rig, provider_traits[worlds[i].provider].id, 200, expected);
        assert_int_equal(rig.heard.items[0].quantity, 2);
        assert_int_equal(rig.heard.items[1].quantity, 1);
        assert_int_equal(rig.heard.request.postal_hash, postal_hash("45202"));
        dialect_rig_close(&rig);
    }
}

static void the_house_form_s_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *body, *answer;
    } rows[] = {
        {"", "{\"error\":\"The request body is not valid JSON\"}"},
        {"[]", "{\"error\":\"The request body is not valid JSON\"}"},
        {"{} x", "{\"error\":\"The request body is not valid JSON\"}"},
        {"{}", "{\"error\":\"postal_code: can't be blank\"}"},
        {"{\"postal_code\":\"\"}", "{\"error\":\"postal_code: can't be blank\"}"},
        {"{\"postal_code\":\"1\"}", "{\"error\":\"items: can't be blank\"}"},
        {"{\"postal_code\":\"1\",\"items\":[]}", "{\"error\":\"items: can't be blank\"}"},
        {"{\"postal_code\":\"1\",\"items\":[1]}", "{\"error\":\"items: a name can't be blank\"}"},
        {"{\"postal_code\":\"1\",\"items\":[{\"name\":\"a\",\"quantity\":0}]}",
         "{\"error\":\"items: a quantity must be greater than 0\"}"},
        {"{\"postal_code\":\"1\",\"items\":[{\"name\":\"a\",\"quantity\":1.5}]}",
         "{\"error\":\"items: a quantity must be greater than 0\"}"},
        {"{\"postal_code\":\"1\",\"items\":[{\"name\":\"a\\u0000b\"}]}",
         "{\"error\":\"The request body is not valid JSON\"}"},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "POST", "/single/v1/quote", RIG_MEALME_BASIC, rows[i].body);
        CHECK_ANSWER(&rig, rows[i].body, 400, rows[i].answer);
    }
    dialect_rig_close(&rig);
}

/* ---- bodies that are no good ----------------------------------------------------------------- */

static void a_malformed_body_is_no_json_and_a_truncated_one_is_whole(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum api api;
        const char *method, *target, *known, *body;
    } rows[] = {
        {PROVIDER_KROGER_API, API_STANDARD, "PUT", "/v1/cart/add", RIG_KROGER_BASIC,
         "{\"items\":[{\"upc\":\"1\"}]}"},
        {PROVIDER_KROGER_API, API_STANDARD, "GET", "/v1/locations", RIG_KROGER_BASIC, NULL},
        {PROVIDER_MEALME, API_STANDARD, "GET",
         "/search/product/v4?user_latitude=1&user_longitude=2", RIG_ID_TOKEN, NULL},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, "GET", "/api/v1/stores?zip=45202",
         RIG_ACCESS_TOKEN, NULL},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, "GET", "/api/v1/items/100000000", RIG_ACCESS_TOKEN,
         NULL},
        {PROVIDER_INSTACART, API_DEVELOPER, "GET",
         "/idp/v1/retailers?postal_code=1&country_code=US", RIG_API_KEY, NULL},
        {PROVIDER_MEALME, API_STANDARD, "POST", "/single/v1/quote", RIG_MEALME_BASIC,
         "{\"postal_code\":\"1\",\"items\":[{\"name\":\"a\"}]}"},
    };
    static const enum fault_kind kinds[] = {FAULT_MALFORMED, FAULT_TRUNCATED};
    for (size_t i = 0; i < 2 * (sizeof rows / sizeof *rows); i++) {
        const size_t r = i / 2;
        static struct rig rig;
        struct backend_spec spec = fixture_spec(rows[r].provider);
        spec.api = rows[r].api;
        const struct fault_spec fault = fixture_fault("body", kinds[i % 2], 0, US_PER_HOUR);
        dialect_rig_open_spec(&rig, rows[r].provider, &spec, &fault, 1);
        const char *const body =
            dialect_rig_ask(&rig, rows[r].method, rows[r].target, rows[r].known, rows[r].body);
        CHECK_ROW(rows[r].target, rig.response.status == 200);
        CHECK_ROW(rows[r].target, strcmp(rig.response.content_type, "application/json") == 0);
        CHECK_ROW(rows[r].target, rig.response.body.length > 0);
        cJSON *const read = cJSON_ParseWithOpts(body, NULL, 1);
        CHECK_ROW(rows[r].target, (read != NULL) == (i % 2 == 1));
        CHECK_ROW(rows[r].target, rig.response.truncated == (i % 2 == 1));
        cJSON_Delete(read);
        dialect_rig_close(&rig);
    }
}

static void any_status_is_said_in_each_provider_s_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        static struct rig rig;
        dialect_rig_open(&rig, worlds[i].provider, worlds[i].api);
        for (uint16_t status = 300; status < 600; status++) {
            dialect_say_status(rig.dialect, status, &rig.response);
            assert_int_equal(rig.response.status, status);
            const char *const type = rig.response.content_type;
            assert_true((type == NULL) == (rig.response.body.length == 0));
            if (type == NULL || strcmp(type, "application/json") != 0) continue;
            cJSON *const read = cJSON_ParseWithOpts(rig.response.body.bytes, NULL, 1);
            assert_true(cJSON_IsObject(read));
            cJSON_Delete(read);
        }
        dialect_say_status(rig.dialect, 429, &rig.response);
        assert_true(rig.response.body.length > 0);
        dialect_rig_close(&rig);
    }
}

static void a_throttle_says_when_to_come_again(void **state)
{
    (void)state;
    static struct rig rig;
    struct fault_spec fault = fixture_fault("throttle", FAULT_THROTTLE, 0, US_PER_HOUR);
    fault.retry_after_s = 17;
    const struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
    dialect_rig_open_spec(&rig, PROVIDER_MEALME, &spec, &fault, 1);
    (void)dialect_rig_ask(&rig, "GET", "/search/product/v4?user_latitude=1&user_longitude=2",
                          RIG_ID_TOKEN, NULL);
    CHECK_ANSWER(&rig, "429", 429, "{\"error\":\"10 per 1 second(s)!\"}");
    assert_int_equal(rig.response.retry_after_s, 17);
    (void)dialect_rig_ask(&rig, "GET", "/", RIG_ID_TOKEN, NULL);
    assert_int_equal(rig.response.retry_after_s, 0);
    dialect_rig_close(&rig);
}

static void payloads_that_are_given_are_said(void **state)
{
    (void)state;
    char folder[TEST_PATH_MAX] = "/tmp/routesim-test-XXXXXX", file[TEST_PATH_MAX + 32];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof file, "%s/mealme.json", folder);
    FILE *const stream = fopen(file, "wb");
    assert_non_null(stream);
    assert_true(fputs("{\"4xx\": {\"body\": {\"oh\": \"$status\"}}}", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    struct err err = {0};
    struct payloads *const payloads = payloads_create(folder, &err);
    if (payloads == NULL) fail_msg("%s", err.message);
    (void)unlink(file);
    (void)rmdir(folder);

    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    dialect_destroy(rig.dialect);
    const struct dialect_setup setup = {.provider = PROVIDER_MEALME,
                                        .backend = rig.fixture.backend,
                                        .catalogue = &rig.fixture.catalogue,
                                        .payloads = payloads};
    rig.dialect = dialect_create(&setup, &err);
    assert_non_null(rig.dialect);
    (void)dialect_rig_ask(&rig, "GET", "/", NULL, NULL);
    CHECK_ANSWER(&rig, "4xx", 404, "{\"oh\":404}");
    dialect_rig_close(&rig);
    payloads_destroy(payloads);
}

/* ---- hostile requests ------------------------------------------------------------------------ */

static const struct {
    size_t world; /* where it is a path */
    const char *method, *target;
} targets[] = {
    {0, "POST", "/v1/connect/oauth2/token"},
    {0, "GET", "/v1/locations?filter.zipCode.near=45202&filter.limit=3"},
    {0, "GET", "/v1/locations/00000001"},
    {0, "GET", "/v1/products?filter.term=milk&filter.locationId=00000001"},
    {0, "GET", "/v1/products?filter.productId=0001001000003,0001021000004"},
    {0, "GET", "/v1/products/0001001000003"},
    {0, "PUT", "/v1/cart/add"},
    {1, "GET", "/search/cart?user_latitude=1&user_longitude=2&query=%7B%22milk%22:1%7D"},
    {1, "GET", "/search/product/v4?user_latitude=1&user_longitude=2&query=milk&fetch_quotes=true"},
    {1, "POST", "/order/order/v4"},
    {1, "POST", "/order/finalize"},
    {1, "POST", "/cart/create"},
    {2, "GET", "/api-proxy/service/affil/product/v2/search?query=milk"},
    {2, "GET", "/api-proxy/service/affil/product/v2/items?ids=100000001"},
    {2, "GET", "/api-proxy/service/affil/product/v2/items/100000001"},
    {2, "GET", "/api-proxy/service/affil/product/v2/stores?zip=45202"},
    {2, "POST", "/api-proxy/service/affil/product/v2/orders"},
    {3, "GET", "/api/v1/items/search?query=milk"},
    {3, "GET", "/api/v1/stores/availability?itemId=100000001&storeId=1"},
    {4, "POST", "/v2/oauth/token"},
    {4, "POST", "/v2/fulfillment/stores/delivery"},
    {4, "POST", "/v2/fulfillment/service_options/delivery"},
    {4, "POST", "/v2/fulfillment/users/u/service_options/cart/delivery"},
    {4, "POST", "/v2/fulfillment/users/u/service_options/7/reserve"},
    {4, "POST", "/v2/fulfillment/users/u/orders/delivery"},
    {5, "GET", "/idp/v1/retailers?postal_code=45202&country_code=US"},
    {5, "POST", "/idp/v1/products/products_link"},
    {5, "POST", "/idp/v1/products/recipe"},
    {1, "POST", "/single/v1/quote"},
};
enum { TARGETS = sizeof targets / sizeof *targets };

static const char *const bodies[] = {
    "",
    "grant_type=client_credentials&scope=product.compact",
    "{\"client_id\":\"a\",\"client_secret\":\"b\",\"grant_type\":\"client_credentials\"}",
    "{\"items\":[{\"upc\":\"1\",\"quantity\":2,\"name\":\"a\",\"product_id\":\"gAAAAbWlsaw."
    "00000000\","
    "\"count\":1,\"item\":{\"upc\":\"1\"}}],\"postal_code\":\"45202\",\"place_order\":false,"
    "\"include_final_quote\":true,\"pickup\":true,\"user_name\":\"n\",\"user_email\":\"e\","
    "\"user_id\":\"i\",\"user_phone\":1,\"order_id\":\"-M0123456789abcdef\",\"find_by\":{"
    "\"postal_code\":\"1\"},\"address\":{\"latitude\":1,\"longitude\":2},\"location_code\":\"1\","
    "\"service_option_hold_id\":1,\"title\":\"t\",\"line_items\":[{\"name\":\"n\","
    "\"line_item_measurements\":[{\"quantity\":1}]}],\"ingredients\":[{\"name\":\"n\"}]}",
    "{\"items\":[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]}",
};
enum { BODIES = sizeof bodies / sizeof *bodies };

/* Some bytes of it changed, of those that http_view_make() lets through. */
static void spoil_text(char *text, size_t from, uint64_t bits)
{
    static const char bytes[] = "/?&=%+\"\\{}[]:,-._~09aZ\xC3\xA9\xFF ";
    const size_t length = strlen(text);
    for (unsigned i = 0; i < bits % 4 && length > from; i++) {
        bits = random_mix(bits);
        text[from + bits % (length - from)] = bytes[(bits >> 32) % (sizeof bytes - 1)];
    }
}

static bool has_bad_escape(char *target)
{
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%s", target);
    return !http_decode(copy, true);
}

/* What shows a caller whom the mock lets in, whatever it takes. */
static void know(struct rig *rig, size_t world, char headers[1024])
{
    if (api_has_tokens(worlds[world].provider, worlds[world].api)) {
        dialect_rig_fetch_token(rig);
        (void)snprintf(headers, 1024, "%s", rig->bearer);
    } else if (api_is_signed(worlds[world].provider, worlds[world].api)) {
        dialect_rig_sign(rig, 1, 0, headers);
    } else {
        (void)snprintf(headers, 1024, "%s", worlds[world].known);
    }
}

static void check_json(const struct dialect_rig_request *request,
                       const struct http_response *response)
{
    const bool empty = response->body.length == 0;
    CHECK_ROW(request->target, (response->content_type == NULL) == empty);
    if (empty || strcmp(response->content_type, "application/json") != 0) return;
    cJSON *const read = cJSON_ParseWithOpts(response->body.bytes, NULL, 1);
    CHECK_ROW(request->target, read != NULL);
    cJSON_Delete(read);
}

static void whatever_comes_an_answer_goes_out(void **state)
{
    (void)state;
    static struct rig rigs[WORLDS];
    static char known[WORLDS][1024];
    uint64_t calls = 0, good = 0;
    for (size_t w = 0; w < WORLDS; w++) {
        dialect_rig_open(&rigs[w], worlds[w].provider, worlds[w].api);
        know(&rigs[w], w, known[w]);
    }
    for (uint64_t i = 0; i < 30000; i++) {
        const uint64_t bits = test_bits(51, i);
        char target[512], body[1200], headers[1200];
        (void)snprintf(target, sizeof target, "%s", targets[bits % TARGETS].target);
        (void)snprintf(body, sizeof body, "%s", bodies[(bits >> 8) % BODIES]);
        spoil_text(target, 1, random_mix(bits));
        spoil_text(body, 0, random_mix(bits + 1));
        if (has_bad_escape(target)) continue;
        const bool astray = (bits >> 40 & 7) == 0;
        const size_t w = astray ? (bits >> 16) % WORLDS : targets[bits % TARGETS].world;
        const bool keyed = (bits >> 24 & 3) == 0;
        (void)snprintf(headers, sizeof headers, "%s%s", known[w],
                       keyed ? KEY "0123456789abcdef-7-3-1-1500250-2\n" : "");
        const struct dialect_rig_request request = {
            .method = astray ? "POST" : targets[bits % TARGETS].method,
            .target = target,
            .headers = headers,
            .body = body};
        calls += dialect_rig_put(&rigs[w], &request);
        assert_in_range(rigs[w].response.status, 200, 599);
        good += rigs[w].response.status < 300;
        check_json(&request, &rigs[w].response);
    }
    assert_true(calls > 1000);
    assert_true(good > 1000);
    for (size_t w = 0; w < WORLDS; w++)
        dialect_rig_close(&rigs[w]);
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    struct text body = {0};
    text_put(&body, "{\"postal_code\":\"1\",\"items\":[{\"name\":\"a\"}");
    for (int i = 0; i < 199; i++)
        text_put(&body, ",{\"name\":\"a\"}");
    text_put(&body, "]}");
    (void)dialect_rig_ask(&rig, "POST", "/single/v1/quote", RIG_MEALME_BASIC, body.bytes);
    assert_int_equal(rig.response.status, 200);
    body.length -= 2;
    text_put(&body, ",{\"name\":\"a\"}]}");
    (void)dialect_rig_ask(&rig, "POST", "/single/v1/quote", RIG_MEALME_BASIC, body.bytes);
    CHECK_ANSWER(&rig, "201 lines", 400, "{\"error\":\"Too many items\"}");

    text_clear(&body);
    text_put(&body, "{\"postal_code\":\"1\",\"items\":[{\"name\":\"");
    for (int i = 0; i < HEARD_TEXT_MAX; i++)
        text_char(&body, 'a');
    text_put(&body, "\"}]}");
    (void)dialect_rig_ask(&rig, "POST", "/single/v1/quote", RIG_MEALME_BASIC, body.bytes);
    CHECK_ANSWER(&rig, "a long name", 400, "{\"error\":\"The request is too long\"}");

    text_clear(&body);
    for (int i = 0; i < 65; i++)
        text_put(&body, "{\"a\":");
    text_char(&body, '1');
    for (int i = 0; i < 65; i++)
        text_char(&body, '}');
    (void)dialect_rig_ask(&rig, "POST", "/single/v1/quote", RIG_MEALME_BASIC, body.bytes);
    CHECK_ANSWER(&rig, "depth", 400, "{\"error\":\"The request body is not valid JSON\"}");
    static const struct dialect_rig_request request = {
        .method = "POST", .target = "/single/v1/quote", .headers = RIG_MEALME_BASIC};
    (void)dialect_rig_put_bytes(&rig, &request, "{\0}", 3);
    CHECK_ANSWER(&rig, "a NUL", 400, "{\"error\":\"The request body is not valid JSON\"}");
    text_release(&body);
    dialect_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_paths_are_404_and_other_methods_405),
        cmocka_unit_test(head_is_heard_as_get),
        cmocka_unit_test(a_stranger_s_bad_request_is_refused_for_the_stranger),
        cmocka_unit_test(our_key_is_read_strictly),
        cmocka_unit_test(our_key_says_all_that_draws_and_instants_go_by),
        cmocka_unit_test(a_foreign_client_s_luck_is_its_credential_s_own),
        cmocka_unit_test(a_token_s_luck_is_that_of_the_credential_it_was_issued_for),
        cmocka_unit_test(only_the_very_text_of_a_token_is_one),
        cmocka_unit_test(a_basic_credential_is_read_strictly),
        cmocka_unit_test(every_mock_quotes_a_whole_cart_in_the_house_form),
        cmocka_unit_test(the_house_form_s_mistakes_are_told),
        cmocka_unit_test(a_malformed_body_is_no_json_and_a_truncated_one_is_whole),
        cmocka_unit_test(any_status_is_said_in_each_provider_s_words),
        cmocka_unit_test(a_throttle_says_when_to_come_again),
        cmocka_unit_test(payloads_that_are_given_are_said),
        cmocka_unit_test(whatever_comes_an_answer_goes_out),
        cmocka_unit_test(what_is_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
