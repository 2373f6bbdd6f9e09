/* Kroger's codec. Goal: requests to the byte, and the documented replies read in each of their
 * shapes. Method: golden requests, the samples, tables of replies that are nearly right. */
#include "tests/providers/codec_fixture.h"

static struct codec_fixture f;

static int open_fixture(void **state)
{
    (void)state;
    fixture_open(&f, PROVIDER_KROGER_API, API_STANDARD);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static uint64_t fetch_token(void)
{
    const struct reply reply = fixture_decode_sample(&f, OPERATION_TOKEN, 200, "kroger_token_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_int_equal(reply.as.token.life_us, 1800 * US_PER_SECOND);
    return reply.as.token.value;
}

static void each_request_is_what_kroger_documents(void **state)
{
    (void)state;
    assert_string_equal(fixture_encode(&f, OPERATION_TOKEN),
                        "POST /v1/connect/oauth2/token\n"
                        "Accept: application/json\n"
                        "Authorization: Basic dGhlIGlkOnMzY3JldC8r\n" FIXTURE_KEY_LINE "0\n"
                        "\napplication/x-www-form-urlencoded: "
                        "grant_type=client_credentials&scope=product.compact");
    f.call.token = fetch_token();
#define BEARER                                                                                     \
    "Accept: application/json\nAuthorization: Bearer eyJhbGciOiJSUzI1NiJ9.c2FtcGxl.c2ln\n"
    assert_string_equal(fixture_encode(&f, OPERATION_STORE),
                        "GET /v1/locations?filter.zipCode.near=45202&filter.radiusInMiles=10"
                        "&filter.limit=1\n" BEARER FIXTURE_KEY_LINE "0\n");
    f.call.store = 1400513;
    assert_string_equal(fixture_encode(&f, OPERATION_SEARCH),
                        "GET /v1/products?filter.term=Whole%20Milk&filter.locationId=01400513"
                        "&filter.limit=5\n" BEARER FIXTURE_KEY_LINE "1400513\n");
    f.call.item = 1;
    f.call.attempt = 2;
    assert_string_equal(
        fixture_encode(&f, OPERATION_SEARCH),
        "GET /v1/products?filter.term=Ben%20%26%20Jerry%27s%2050%25%20%22Half%22%20Baked"
        "&filter.locationId=01400513&filter.limit=5\n" BEARER
        "X-Routesim-Call: 0123456789abcdef-7-1-2-1500250-1400513\n");
    f.call.item = 2;
    f.call.attempt = 0;
    f.call.store = 0;
    f.call.order_index = UINT64_MAX;
    assert_string_equal(fixture_encode(&f, OPERATION_SEARCH),
                        "GET /v1/products?filter.term=Cr%C3%A8me%0A%2B%2F%3F%23"
                        "&filter.locationId=00000000&filter.limit=5\n" BEARER
                        "X-Routesim-Call: 0123456789abcdef-ffffffffffffffff-2-0-1500250-0\n");
    f.call.item = 0;
    f.call.order_index = 7;
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH),
                        "GET /v1/locations?filter.limit=1\n" BEARER FIXTURE_KEY_LINE "0\n");
}

static void a_cart_holds_a_code_made_of_each_name(void **state)
{
    (void)state;
    f.call.token = fetch_token();
    f.items[0].name_hash = 7;
    f.items[1].name_hash = UINT64_C(19999999999999);
    f.items[2].name_hash = UINT64_MAX;
    f.order.item_count = 3;
    assert_string_equal(fixture_encode(&f, OPERATION_CONFIRM),
                        "PUT /v1/cart/add\n" BEARER FIXTURE_KEY_LINE "0\n"
                        "\napplication/json: {\"items\":["
                        "{\"upc\":\"0000000000007\",\"quantity\":2,\"modality\":\"DELIVERY\"},"
                        "{\"upc\":\"9999999999999\",\"quantity\":1,\"modality\":\"DELIVERY\"},"
                        "{\"upc\":\"4073709551615\",\"quantity\":3,\"modality\":\"DELIVERY\"}]}");
    assert_int_equal(fixture_decode(&f, OPERATION_CONFIRM, 204, "").body, BODY_GOOD);
    assert_int_equal(fixture_decode(&f, OPERATION_CONFIRM, 200, "{}").body, BODY_GOOD);
    assert_int_equal(fixture_decode(&f, OPERATION_CONFIRM, 200, "<html>").body, BODY_MALFORMED);
    assert_int_equal(
        fixture_decode(&f, OPERATION_CONFIRM, 200, "{\"errors\":{\"code\":\"X\"}}").body,
        BODY_MALFORMED);
}

static void a_call_without_a_token_shows_the_credential_or_nothing(void **state)
{
    (void)state;
    assert_string_equal(fixture_encode(&f, OPERATION_STORE),
                        "GET /v1/locations?filter.zipCode.near=45202&filter.radiusInMiles=10"
                        "&filter.limit=1\nAccept: application/json\n" FIXTURE_KEY_LINE "0\n");
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH),
                        "GET /v1/locations?filter.limit=1\nAccept: application/json\n"
                        "Authorization: Basic dGhlIGlkOnMzY3JldC8r\n" FIXTURE_KEY_LINE "0\n");
    f.call.credential = NULL;
    f.call.request = NULL;
    assert_string_equal(
        fixture_encode(&f, OPERATION_HEALTH),
        "GET /v1/locations?filter.limit=1\nAccept: application/json\n" FIXTURE_KEY_LINE "0\n");
}

static void the_samples_are_read(void **state)
{
    (void)state;
    struct reply reply = fixture_decode_sample(&f, OPERATION_STORE, 200, "kroger_locations_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_true(reply.as.store.found);
    assert_int_equal(reply.as.store.store, 1400513);
    reply = fixture_decode_sample(&f, OPERATION_HEALTH, 200, "kroger_locations_200");
    assert_int_equal(reply.body, BODY_GOOD);

    reply = fixture_decode_sample(&f, OPERATION_SEARCH, 200, "kroger_products_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_true(reply.as.product.found);
    assert_false(reply.as.product.exact);
    assert_int_equal(reply.as.product.unit_cents, 299);
    f.items[0].name = "KROGER 2% reduced-fat milk (gallon)";
    reply = fixture_decode_sample(&f, OPERATION_SEARCH, 200, "kroger_products_200");
    assert_true(reply.as.product.exact);

    static const struct {
        uint16_t status;
        enum operation operation;
        const char *sample, *words;
    } rows[] = {
        {400, OPERATION_TOKEN, "kroger_token_400_invalid_credentials",
         "unauthorized: invalid credentials"},
        {401, OPERATION_SEARCH, "kroger_401_invalid_token",
         "invalid_token: The access token is invalid or has expired"},
        {401, OPERATION_STORE, "kroger_401_missing_token",
         "invalid_request: The access_token is missing"},
        {403, OPERATION_SEARCH, "kroger_403_scope", "Forbidden: missing required scopes"},
        {400, OPERATION_SEARCH, "kroger_products_400",
         "PRODUCT-2011-400: Field 'locationId' must have a length of 8 characters"},
        {500, OPERATION_SEARCH, "kroger_products_500", "PRODUCT-4011-500: Internal server error"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reply = fixture_decode_sample(&f, rows[i].operation, rows[i].status, rows[i].sample);
        CHECK_ROW(rows[i].sample, reply.body == BODY_EMPTY);
        CHECK_ROW_TEXT(rows[i].sample, fixture_explain(&f, rows[i].status, f.sample.bytes),
                       rows[i].words);
    }
}

static void errors_are_read_in_either_wrapping(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{\"errors\":{\"error\":\"invalid_token\",\"error_description\":\"expired\"}}",
         "invalid_token: expired"},
        {"{\"error\":\"invalid_token\",\"error_description\":\"expired\"}",
         "invalid_token: expired"},
        {"{\"errors\":{\"timestamp\":1,\"code\":\"API-4101-400\",\"reason\":\"Invalid\"}}",
         "API-4101-400: Invalid"},
        {"{\"timestamp\":1,\"code\":\"API-4101-400\",\"reason\":\"Invalid\"}",
         "API-4101-400: Invalid"},
        {"{\"errors\":[{\"code\":\"API-4101-400\",\"reason\":\"Invalid\"}]}",
         "API-4101-400: Invalid"},
        {"{}", ""},
        {"{\"error\":null}", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW_TEXT(rows[i][0], fixture_explain(&f, 400, rows[i][0]), rows[i][1]);
    }
}

#define PRODUCT(name, price) "{\"data\":[{\"description\":" name ",\"items\":[{" price "}]}]}"
#define PRICE(price)         PRODUCT("\"Whole Milk\"", "\"price\":" price)

static void the_first_product_and_its_first_item_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum reply_body good;
        int32_t cents; /* 0: not found */
    } rows[] = {
        {PRICE("{\"regular\":3.49,\"promo\":2.99}"), BODY_GOOD, 299},
        {PRICE("{\"regular\":3.49,\"promo\":0}"), BODY_GOOD, 349},
        {PRICE("{\"regular\":3.49,\"promo\":0.0049}"), BODY_GOOD, 349},
        {PRICE("{\"regular\":3.49,\"promo\":0.005}"), BODY_GOOD, 1},
        {PRICE("{\"regular\":3.49,\"promo\":null}"), BODY_GOOD, 349},
        {PRICE("{\"regular\":3.49,\"promo\":\"\"}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":3.49,\"promo\":-1}"), BODY_GOOD, 349},
        {PRICE("{\"regular\":\"3.49\",\"promo\":\"0\"}"), BODY_GOOD, 349},
        {PRICE("{\"regular\":\"3.49\",\"promo\":\"2.99\"}"), BODY_GOOD, 299},
        {PRICE("{\"regular\":3.49}"), BODY_GOOD, 349},
        {PRICE("{\"regular\":4}"), BODY_GOOD, 400},
        {PRICE("{\"regular\":1.005}"), BODY_GOOD, 100}, /* the double lies below */
        {PRICE("{\"regular\":0.285}"), BODY_GOOD, 28},
        {PRICE("{\"regular\":10000000}"), BODY_GOOD, 1000000000},
        {PRICE("{\"regular\":10000000.01}"), BODY_GOOD, 0},
        {PRICE("{\"regular\":1e300}"), BODY_GOOD, 0},
        {PRICE("{\"regular\":1e999}"), BODY_GOOD, 0},
        {PRICE("{\"regular\":3.49,\"promo\":1e999}"), BODY_GOOD, 0},
        {PRICE("{\"regular\":-0.01}"), BODY_GOOD, 0},
        {PRICE("{\"regular\":-1e999}"), BODY_GOOD, 0},
        {PRICE("{\"regular\":0}"), BODY_GOOD, 0},
        {PRICE("{}"), BODY_GOOD, 0},
        {PRICE("null"), BODY_GOOD, 0},
        {PRICE("{\"regular\":NaN}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":\"NaN\"}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":\"inf\"}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":\"0x10\"}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":\"$3.49\"}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":\"3,49\"}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":\"3.49 USD\"}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":true}"), BODY_MALFORMED, 0},
        {PRICE("{\"regular\":{}}"), BODY_MALFORMED, 0},
        {PRICE("3.49"), BODY_MALFORMED, 0},
        {PRICE("[3.49]"), BODY_MALFORMED, 0},
        {"{\"data\":[]}", BODY_GOOD, 0},
        {"{\"data\":[{}]}", BODY_GOOD, 0},
        {"{\"data\":[{\"items\":[]}]}", BODY_GOOD, 0},
        {"{\"data\":[{\"items\":null}]}", BODY_GOOD, 0},
        {"{\"data\":[{\"items\":[{}]}]}", BODY_GOOD, 0},
        {"{\"data\":[{\"items\":[{\"price\":{\"regular\":1}}]}]}", BODY_GOOD, 100},
        {"{\"data\":[{\"items\":[{},{\"price\":{\"regular\":1}}]}]}", BODY_GOOD, 0},
        {"{\"data\":[{},{\"items\":[{\"price\":{\"regular\":1}}]}]}", BODY_GOOD, 0},
        {"{\"data\":[],\"errors\":[],\"error\":\"\"}", BODY_GOOD, 0},
        {"{\"data\":[{\"items\":{}}]}", BODY_MALFORMED, 0},
        {"{\"data\":[{\"items\":[1]}]}", BODY_MALFORMED, 0},
        {"{\"data\":[1]}", BODY_MALFORMED, 0},
        {"{\"data\":{}}", BODY_MALFORMED, 0},
        {"{\"data\":null}", BODY_MALFORMED, 0},
        {"[]", BODY_MALFORMED, 0},
        {"{\"data\":[],\"errors\":{\"code\":\"X\"}}", BODY_MALFORMED, 0},
        {"{\"data\":[],\"error\":true}", BODY_MALFORMED, 0},
        {"{\"data\":[],\"note\":\"a \\u0000 b\"}", BODY_MALFORMED, 0},
        {"{\"data\":[],\"note\":\"a \\\\u0000 b\"}", BODY_GOOD, 0},
        {"\xEF\xBB\xBF {\"data\":[]} \r\n", BODY_GOOD, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode(&f, OPERATION_SEARCH, 200, rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.product.found == (rows[i].cents != 0));
        CHECK_ROW(rows[i].body, reply.as.product.unit_cents == rows[i].cents);
    }
}

static void a_name_is_exact_when_it_is_the_one_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool exact;
    } rows[] = {
        {PRODUCT("\"whole   MILK!\"", "\"price\":{\"regular\":1}"), true},
        {PRODUCT("\"Whole Milk, 1 gal\"", "\"price\":{\"regular\":1}"), false},
        {PRODUCT("\"\"", "\"price\":{\"regular\":1}"), false},
        {PRODUCT("null", "\"price\":{\"regular\":1}"), false},
        {PRODUCT("7", "\"price\":{\"regular\":1}"), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode(&f, OPERATION_SEARCH, 200, rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == BODY_GOOD && reply.as.product.found);
        CHECK_ROW(rows[i].body, reply.as.product.exact == rows[i].exact);
    }
}

static void stores_go_back_as_they_came(void **state)
{
    (void)state;
    static const struct {
        const char *id;      /* as JSON */
        const char *encoded; /* in a query; NULL: malformed */
        bool own_number;
        uint32_t number;
    } rows[] = {
        {"\"01400513\"", "01400513", true, 1400513},
        {"\"00000000\"", "00000000", true, 0},
        {"\"99999999\"", "99999999", true, 99999999},
        {"12345678", "12345678", true, 12345678},
        {"\"540FC125\"", "540FC125", false, 0},
        {"\"540FC126\"", "540FC126", false, 1},
        {"\"540FC125\"", "540FC125", false, 0},
        {"\"513\"", "513", false, 2}, /* "00000513" would be another store */
        {"513", "513", false, 2},
        {"\"014005130\"", "014005130", false, 3},
        {"\"a&b=\\u00e9\\n\"", "a%26b%3D%C3%A9%0A", false, 4},
        {"\"\"", NULL, false, 0},
        {"null", NULL, false, 0},
        {"1.5", NULL, false, 0},
        {"true", NULL, false, 0},
        {"{}", NULL, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[128], expected[128];
        (void)snprintf(body, sizeof body, "{\"data\":[{\"locationId\":%s}]}", rows[i].id);
        const struct reply reply = fixture_decode(&f, OPERATION_STORE, 200, body);
        CHECK_ROW(rows[i].id, (reply.body == BODY_GOOD) == (rows[i].encoded != NULL));
        CHECK_ROW(rows[i].id, reply.as.store.found == (rows[i].encoded != NULL));
        if (rows[i].encoded == NULL) continue;
        const uint32_t number = rows[i].number + (rows[i].own_number ? 0 : 1u << 31);
        CHECK_ROW(rows[i].id, reply.as.store.store == number);
        f.call.store = reply.as.store.store;
        (void)snprintf(expected, sizeof expected, "filter.locationId=%s&", rows[i].encoded);
        CHECK_ROW(rows[i].id, strstr(fixture_encode(&f, OPERATION_SEARCH), expected) != NULL);
    }
}

static void no_store_nearby_is_an_answer(void **state)
{
    (void)state;
    const struct reply reply = fixture_decode(&f, OPERATION_STORE, 200, "{\"data\":[]}");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_false(reply.as.store.found);
    assert_int_equal(fixture_decode(&f, OPERATION_STORE, 200, "{}").body, BODY_MALFORMED);
    assert_int_equal(fixture_decode(&f, OPERATION_STORE, 404, "{}").body, BODY_EMPTY);
}

static void tokens_are_read_with_their_lives(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool good;
        int64_t life_s;
    } rows[] = {
        {"{\"access_token\":\"a\",\"expires_in\":1800,\"token_type\":\"bearer\"}", true, 1800},
        {"{\"access_token\":\"a\",\"expires_in\":\"60\",\"token_type\":\"Bearer\"}", true, 60},
        {"{\"access_token\":\"a\"}", true, 1800},
        {"{\"access_token\":\"a\",\"expires_in\":0}", true, 0},
        {"{\"access_token\":\"a\",\"expires_in\":1.9}", true, 1},
        {"{\"access_token\":\"a\",\"expires_in\":1e99}", true, 3650LL * 86400},
        {"{\"access_token\":\"a\",\"expires_in\":-1}", false, 0},
        {"{\"access_token\":\"a\",\"expires_in\":\"soon\"}", false, 0},
        {"{\"access_token\":\"a\",\"token_type\":\"mac\"}", false, 0},
        {"{\"access_token\":\"\"}", false, 0},
        {"{\"access_token\":17}", false, 0},
        {"{\"access_token\":null}", false, 0},
        {"{\"access_token\":\"a\\nX-Evil: 1\"}", false, 0},
        {"{\"access_token\":\"a\\r\"}", false, 0},
        {"{\"access_token\":\"a b\"}", false, 0},
        {"{\"access_token\":\"a\\u0000b\"}", false, 0},
        {"{\"access_token\":\"\\u00e9\"}", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode(&f, OPERATION_TOKEN, 200, rows[i].body);
        CHECK_ROW(rows[i].body, (reply.body == BODY_GOOD) == rows[i].good);
        CHECK_ROW(rows[i].body, (reply.as.token.value != 0) == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.token.life_us == rows[i].life_s * US_PER_SECOND);
    }
}

static void nothing_but_a_whole_body_is_good(void **state)
{
    (void)state;
    fixture_check_guards(&f, OPERATION_TOKEN, fixture_sample(&f, "kroger_token_200"));
    fixture_check_guards(&f, OPERATION_STORE, fixture_sample(&f, "kroger_locations_200"));
    fixture_check_guards(&f, OPERATION_SEARCH, fixture_sample(&f, "kroger_products_200"));
    fixture_check_guards(&f, OPERATION_HEALTH, fixture_sample(&f, "kroger_locations_200"));
    fixture_check_guards(&f, OPERATION_CONFIRM, "{}");
    assert_int_equal(fixture_decode(&f, OPERATION_SEARCH, 200, "").body, BODY_MALFORMED);
    assert_int_equal(fixture_decode(&f, OPERATION_SEARCH, 204, "").body, BODY_MALFORMED);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(each_request_is_what_kroger_documents),
        TEST(a_cart_holds_a_code_made_of_each_name),
        TEST(a_call_without_a_token_shows_the_credential_or_nothing),
        TEST(the_samples_are_read),
        TEST(errors_are_read_in_either_wrapping),
        TEST(the_first_product_and_its_first_item_are_taken),
        TEST(a_name_is_exact_when_it_is_the_one_asked_for),
        TEST(stores_go_back_as_they_came),
        TEST(no_store_nearby_is_an_answer),
        TEST(tokens_are_read_with_their_lives),
        TEST(nothing_but_a_whole_body_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
