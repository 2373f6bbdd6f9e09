/* Kroger's API from the provider's side. Goal: every wrong credential and every bad parameter is
 * refused in Kroger's own words; what a search shows can be asked for again. Method: tables. */
#include "tests/mocks/dialect_rig.h"

#include <cjson/cJSON.h>

#define TOKEN "/v1/connect/oauth2/token"
#define MISSING                                                                                    \
    "{\"error\":\"invalid_request\",\"error_description\":\"The access_token is missing\"}"
#define INVALID                                                                                    \
    "{\"error\":\"invalid_token\",\"error_description\":\"The access token is invalid or has "     \
    "expired\"}"
#define UNAUTHORIZED "{\"error\":\"unauthorized\",\"error_description\":\"invalid credentials\"}"
#define GRANT        "{\"error\":\"unsupported_grant_type\",\"error_description\":\"invalid grant_type\"}"
#define SCOPE        "{\"error\":\"invalid_scope\",\"error_description\":\"invalid scope\"}"

static void the_token_end_point_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *label, *header, *body;
        uint16_t status;
        const char *answer; /* NULL: a token */
    } rows[] = {
        {"good", RIG_KROGER_BASIC, "grant_type=client_credentials&scope=product.compact", 200,
         NULL},
        {"no scope", RIG_KROGER_BASIC, "grant_type=client_credentials", 200, NULL},
        {"two scopes", RIG_KROGER_BASIC,
         "scope=product.compact+cart.basic%3Awrite&grant_type=client%5Fcredentials", 200, NULL},
        {"nobody", RIG_NOBODY_BASIC, "grant_type=client_credentials", 400, UNAUTHORIZED},
        {"none", NULL, "grant_type=client_credentials", 400, UNAUTHORIZED},
        {"none, and a bad grant", NULL, "grant_type=x", 400, UNAUTHORIZED},
        {"no grant", RIG_KROGER_BASIC, "scope=product.compact", 400, GRANT},
        {"another grant", RIG_KROGER_BASIC, "grant_type=authorization_code&code=1", 400, GRANT},
        {"a bad escape", RIG_KROGER_BASIC, "grant_type=client%ZZ", 400, GRANT},
        {"JSON", RIG_KROGER_BASIC, "{\"grant_type\":\"client_credentials\"}", 400, GRANT},
        {"nothing", RIG_KROGER_BASIC, "", 400, GRANT},
        {"an unknown scope", RIG_KROGER_BASIC, "grant_type=client_credentials&scope=all", 400,
         SCOPE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct rig rig;
        dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
        (void)dialect_rig_ask(&rig, "POST", TOKEN, rows[i].header, rows[i].body);
        CHECK_ROW(rows[i].label, rig.response.status == rows[i].status);
        if (rows[i].answer != NULL) {
            CHECK_ANSWER(&rig, rows[i].label, rows[i].status, rows[i].answer);
        }
        dialect_rig_close(&rig);
    }
}

/* A mock under one auth fault from its second minute on, and a token fetched before. */
static void open_under(struct rig *rig, enum fault_auth auth)
{
    struct fault_spec fault = fixture_fault("auth", FAULT_AUTH, US_PER_MINUTE, US_PER_HOUR);
    fault.auth = auth;
    const struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    dialect_rig_open_spec(rig, PROVIDER_KROGER_API, &spec, &fault, 1);
    dialect_rig_fetch_token(rig);
    rig->now_us = 2 * US_PER_MINUTE;
}

static void each_wrong_credential_has_its_words(void **state)
{
    (void)state;
    static const char target[] = "/v1/locations?filter.zipCode.near=45202";
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    (void)dialect_rig_ask(&rig, "GET", target, NULL, NULL);
    CHECK_ANSWER(&rig, "none", 401, MISSING);
    (void)dialect_rig_ask(&rig, "GET", target, RIG_KROGER_BASIC, NULL);
    CHECK_ANSWER(&rig, "Basic instead", 401, INVALID);
    (void)dialect_rig_ask(&rig, "GET", target, "Authorization: Bearer mock-00000001ffffffff\n",
                          NULL);
    CHECK_ANSWER(&rig, "nobody's", 401, INVALID);
    rig.now_us = US_PER_HOUR; /* its life is half that */
    (void)dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL);
    CHECK_ANSWER(&rig, "expired", 401, INVALID);
    dialect_rig_close(&rig);

    open_under(&rig, AUTH_EXPIRED);
    (void)dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL);
    CHECK_ANSWER(&rig, "expired by fault", 401, INVALID);
    dialect_rig_close(&rig);

    open_under(&rig, AUTH_REVOKED);
    (void)dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL);
    CHECK_ANSWER(&rig, "revoked", 401, INVALID);
    (void)dialect_rig_ask(&rig, "POST", TOKEN, RIG_KROGER_BASIC, "grant_type=client_credentials");
    CHECK_ANSWER(&rig, "revoked, at the end point", 400, UNAUTHORIZED);
    dialect_rig_close(&rig);

    open_under(&rig, AUTH_WRONG_SCOPE);
    rig.now_us = US_PER_MINUTE;
    (void)dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL);
    CHECK_ANSWER(&rig, "wrong scope", 403,
                 "{\"errors\":{\"timestamp\":1717718460000,\"code\":\"Forbidden\",\"reason\":"
                 "\"missing required scopes\"}}");
    dialect_rig_close(&rig);

    open_under(&rig, AUTH_TOKEN_ENDPOINT_DOWN);
    (void)dialect_rig_ask(&rig, "POST", TOKEN, RIG_KROGER_BASIC, "grant_type=client_credentials");
    CHECK_ANSWER(&rig, "end point down", 503, "");
    assert_null(rig.response.content_type);
    dialect_rig_close(&rig);
}

static void statuses_at_the_token_end_point_have_its_own_form(void **state)
{
    (void)state;
    struct fault_spec fault = fixture_fault("error", FAULT_ERROR, 0, US_PER_HOUR);
    fault.status = 500;
    const struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    static struct rig rig;
    dialect_rig_open_spec(&rig, PROVIDER_KROGER_API, &spec, &fault, 1);
    (void)dialect_rig_ask(&rig, "POST", TOKEN, RIG_KROGER_BASIC, "grant_type=client_credentials");
    CHECK_ANSWER(&rig, "token", 500,
                 "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"Auth-4xxx-xxx\",\"reason\":"
                 "\"Internal server error\"}}");
    (void)dialect_rig_ask(&rig, "GET", "/v1/locations", RIG_KROGER_BASIC, NULL);
    CHECK_ANSWER(
        &rig, "data", 500,
        "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"PRODUCT-4011-500\",\"reason\":"
        "\"Internal server error\"}}");
    dialect_rig_close(&rig);
}

#define REASON(reason)                                                                             \
    "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"PRODUCT-2011-400\",\"reason\":\"" reason  \
    "\"}}"

static void parameters_are_checked_as_documented(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        uint16_t status;
        const char *answer; /* NULL: whatever */
    } rows[] = {
        {"/v1/locations?filter.zipCode.near=4520", 400,
         REASON("Field 'zipCode.near' must have a length of 5 digits")},
        {"/v1/locations?filter.zipCode.near=45a02", 400,
         REASON("Field 'zipCode.near' must have a length of 5 digits")},
        {"/v1/locations?filter.zipCode.near=45202&filter.limit=0", 400,
         REASON("Field 'limit' must be a number between 1 and 200")},
        {"/v1/locations?filter.zipCode.near=45202&filter.limit=201", 400,
         REASON("Field 'limit' must be a number between 1 and 200")},
        {"/v1/locations?filter.zipCode.near=45202&filter.radiusInMiles=101", 400,
         REASON("Field 'radiusInMiles' must be a number between 1 and 100")},
        {"/v1/locations?filter.zipCode.near=45202&filter.limit=200&filter.chain=Kroger", 200, NULL},
        {"/v1/locations?filter.latLong.near=39.1,-84.5", 200, NULL},
        {"/v1/locations?filter.lat.near=39.1&filter.lon.near=-84.5", 200, NULL},
        {"/v1/locations?filter.locationId=00000001,00000002", 200, NULL},
        {"/v1/products?filter.term=milk&filter.locationId=000000011", 400,
         REASON("Field 'locationId' must have a length of 8 characters")},
        {"/v1/products?filter.term=milk&filter.limit=51", 400,
         REASON("Field 'limit' must be a number between 1 and 50")},
        {"/v1/products?filter.term=milk&filter.limit=five", 400,
         REASON("Field 'limit' must be a number between 1 and 50")},
        {"/v1/products?filter.term=milk&filter.start=0", 400,
         REASON("Field 'start' must be a number between 1 and 250")},
        {"/v1/products", 400, REASON("Field 'term' must not be empty")},
        {"/v1/products?filter.term=", 400,
         REASON("Field 'term' must have a length of at least 3 characters and at most 8 words")},
        {"/v1/products?filter.term=a+b+c+d+e+f+g+h+i", 400,
         REASON("Field 'term' must have a length of at least 3 characters and at most 8 words")},
        {"/v1/products?filter.term=a+b+c+d+e+f+g+h&filter.brand=Kroger&filter.fulfillment=ais", 200,
         NULL},
        {"/v1/products?filter.productId=0001", 400,
         REASON("Field 'productId' must have a length of 13 characters")},
        {"/v1/products?filter.productId=9999999999999", 200,
         "{\"data\":[],\"meta\":{\"pagination\":{\"start\":0,\"limit\":0,\"total\":0}}}"},
        {"/v1/products?filter.term=milk&filter.start=250", 200,
         "{\"data\":[],\"meta\":{\"pagination\":{\"start\":250,\"limit\":10,\"total\":13}}}"},
        {"/v1/locations/0000000a", 404, "{}"},
        {"/v1/locations/1", 404, "{}"},
        {"/v1/products/1", 404,
         "{\"errors\":{\"timestamp\":1717718400000,\"code\":\"PRODUCT-2012-404\",\"reason\":"
         "\"Product not found\"}}"},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "GET", rows[i].target, rig.bearer, NULL);
        CHECK_ROW(rows[i].target, rig.response.status == rows[i].status);
        if (rows[i].answer != NULL) {
            CHECK_ANSWER(&rig, rows[i].target, rows[i].status, rows[i].answer);
        }
    }
    dialect_rig_close(&rig);
}

static void our_own_orders_may_have_any_postal_code(void **state)
{
    (void)state;
    static struct rig rig;
    char headers[256];
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    (void)snprintf(headers, sizeof headers, "%s%s", rig.bearer,
                   "X-Routesim-Call: 0123456789abcdef-7-0-0-1500250-0\n");
    (void)dialect_rig_ask(&rig, "GET", "/v1/locations?filter.zipCode.near=K1A%200B1", headers,
                          NULL);
    assert_int_equal(rig.response.status, 200);
    assert_int_equal(rig.heard.request.postal_hash, postal_hash("K1A 0B1"));
    dialect_rig_close(&rig);
}

static void carts_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint16_t status;
        const char *answer;
    } rows[] = {
        {"{\"items\":[{\"upc\":\"1\",\"quantity\":1}]}", 204, ""},
        {"{\"items\":[{\"upc\":\"1\"}]}", 204, ""},
        {"{\"items\":[]}", 400, REASON("Field 'items' must not be empty")},
        {"{}", 400, REASON("Field 'items' must not be empty")},
        {"{\"items\":[{\"quantity\":1}]}", 400, REASON("Field 'upc' must not be empty")},
        {"{\"items\":[{\"upc\":\"1\",\"quantity\":-1}]}", 400,
         REASON("Field 'quantity' must be greater than 0")},
        {"{\"items\":[{\"upc\":\"1\"}]", 400, REASON("The request body is not valid JSON")},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "PUT", "/v1/cart/add", RIG_KROGER_BASIC, rows[i].body);
        CHECK_ANSWER(&rig, rows[i].body, rows[i].status, rows[i].answer);
    }
    dialect_rig_close(&rig);
}

/* ---- what a search shows --------------------------------------------------------------------- */

/* The place of a dotted path: "data.0.productId". */
static const cJSON *at(const cJSON *node, const char *path)
{
    char step[64];
    while (node != NULL && *path != '\0') {
        const size_t length = strcspn(path, ".");
        (void)snprintf(step, sizeof step, "%.*s", (int)length, path);
        node = cJSON_IsArray(node) ? cJSON_GetArrayItem(node, atoi(step))
                                   : cJSON_GetObjectItemCaseSensitive(node, step);
        path += length + (path[length] == '.');
    }
    return node;
}

static void what_a_search_shows_is_found_by_its_id(void **state)
{
    (void)state;
    static const char *const terms[] = {"grocery%2000017", "something%20unheard%20of"};
    for (size_t t = 0; t < 2; t++) {
        static struct rig rig;
        char target[256];
        dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
        dialect_rig_fetch_token(&rig);
        (void)snprintf(target, sizeof target,
                       "/v1/products?filter.term=%s&filter.locationId=00000001", terms[t]);
        cJSON *const found = cJSON_Parse(dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL));
        assert_int_equal(cJSON_GetArraySize(at(found, "data")), 10);
        for (int i = 0; i < 10; i++) {
            const cJSON *const product = cJSON_GetArrayItem(at(found, "data"), i);
            (void)snprintf(target, sizeof target, "/v1/products/%s?filter.locationId=00000001",
                           at(product, "productId")->valuestring);
            cJSON *const again =
                cJSON_Parse(dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL));
            assert_int_equal(rig.response.status, 200);
            assert_true(cJSON_Compare(at(again, "data"), product, true));
            cJSON_Delete(again);
        }
        cJSON_Delete(found);
        dialect_rig_close(&rig);
    }
}

static void pages_of_a_search_fit_together(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    cJSON *const whole = cJSON_Parse(dialect_rig_ask(
        &rig, "GET", "/v1/products?filter.term=milk&filter.limit=50", rig.bearer, NULL));
    const int total = cJSON_GetArraySize(at(whole, "data"));
    assert_int_equal(total, 13);
    assert_int_equal(at(whole, "meta.pagination.total")->valuedouble, total);
    for (int from = 1; from < total; from++) {
        char target[128];
        (void)snprintf(target, sizeof target,
                       "/v1/products?filter.term=milk&filter.limit=4&filter.start=%d", from);
        cJSON *const page = cJSON_Parse(dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL));
        const int size = cJSON_GetArraySize(at(page, "data"));
        assert_int_equal(size, total - from < 4 ? total - from : 4);
        for (int i = 0; i < size; i++) {
            assert_true(cJSON_Compare(cJSON_GetArrayItem(at(page, "data"), i),
                                      cJSON_GetArrayItem(at(whole, "data"), from + i), true));
        }
        cJSON_Delete(page);
    }
    cJSON_Delete(whole);
    dialect_rig_close(&rig);
}

static void the_first_price_is_the_backend_s_offer_or_not(void **state)
{
    (void)state;
    static struct rig rig;
    unsigned offers = 0;
    dialect_rig_open(&rig, PROVIDER_KROGER_API, API_STANDARD);
    dialect_rig_fetch_token(&rig);
    for (unsigned i = 1; i <= 100; i++) {
        char target[128];
        (void)snprintf(target, sizeof target,
                       "/v1/products?filter.term=grocery%%20%05u&filter.locationId=00000002", i);
        cJSON *const found = cJSON_Parse(dialect_rig_ask(&rig, "GET", target, rig.bearer, NULL));
        const cJSON *const price = at(found, "data.0.items.0.price");
        const double promo = at(price, "promo")->valuedouble;
        const double regular = at(price, "regular")->valuedouble;
        const double counts = promo > 0 ? promo : regular;
        assert_int_equal(llround(counts * 100), rig.reply.as.product.unit_cents);
        assert_true(promo < regular);
        offers += promo > 0;
        cJSON_Delete(found);
    }
    assert_in_range(offers, 30, 70);
    dialect_rig_close(&rig);
}

static void a_substitute_and_an_empty_shelf_are_seen(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    spec.prices.stock_out = 1;
    for (int substituted = 0; substituted < 2; substituted++) {
        spec.prices.substitution = substituted;
        static struct rig rig;
        dialect_rig_open_spec(&rig, PROVIDER_KROGER_API, &spec, NULL, 0);
        dialect_rig_fetch_token(&rig);
        cJSON *const found = cJSON_Parse(dialect_rig_ask(
            &rig, "GET", "/v1/products?filter.term=milk&filter.locationId=00000002&filter.limit=2",
            rig.bearer, NULL));
        assert_int_equal(cJSON_GetArraySize(at(found, "data")), 2 * substituted);
        if (substituted) {
            assert_string_equal(at(found, "data.0.description")->valuestring,
                                "Store Brand alternative to milk");
            assert_string_equal(at(found, "data.1.description")->valuestring,
                                "Store Brand alternative to milk, Organic");
        }
        cJSON_Delete(found);
        dialect_rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_end_point_says_what_is_wrong),
        cmocka_unit_test(each_wrong_credential_has_its_words),
        cmocka_unit_test(statuses_at_the_token_end_point_have_its_own_form),
        cmocka_unit_test(parameters_are_checked_as_documented),
        cmocka_unit_test(our_own_orders_may_have_any_postal_code),
        cmocka_unit_test(carts_are_checked),
        cmocka_unit_test(what_a_search_shows_is_found_by_its_id),
        cmocka_unit_test(pages_of_a_search_fit_together),
        cmocka_unit_test(the_first_price_is_the_backend_s_offer_or_not),
        cmocka_unit_test(a_substitute_and_an_empty_shelf_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
