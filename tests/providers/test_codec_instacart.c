/* Instacart's two codecs. Goal: requests to the byte; stores, slots and links read in each of their
 * shapes. Method: golden requests, the samples, replies nearly right. */
#include "tests/providers/codec_fixture.h"

static struct codec_fixture f;

static int open_connect(void **state)
{
    (void)state;
    fixture_open(&f, PROVIDER_INSTACART, API_STANDARD);
    return 0;
}

static int open_developer(void **state)
{
    (void)state;
    fixture_open(&f, PROVIDER_INSTACART, API_DEVELOPER);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* ---- Connect --------------------------------------------------------------------------------- */

#define BEARER "Accept: application/json\nAuthorization: Bearer sample-connect-token\n"
#define JSON   "\napplication/json: "

static void each_request_is_what_connect_documents(void **state)
{
    (void)state;
    assert_string_equal(fixture_encode(&f, OPERATION_TOKEN),
                        "POST /v2/oauth/token\nAccept: application/json\n" FIXTURE_KEY_LINE
                        "0\n" JSON "{\"client_id\":\"the id\",\"client_secret\":\"s3cret/+\","
                        "\"grant_type\":\"client_credentials\","
                        "\"scope\":\"connect:fulfillment\"}");
    const struct reply token =
        fixture_decode_sample(&f, OPERATION_TOKEN, 200, "instacart_oauth_200");
    assert_int_equal(token.body, BODY_GOOD);
    assert_int_equal(token.as.token.life_us, 86400 * US_PER_SECOND);
    f.call.token = token.as.token.value;
#define STORES                                                                                     \
    "POST /v2/fulfillment/stores/delivery\n" BEARER FIXTURE_KEY_LINE "0\n" JSON                    \
    "{\"find_by\":{\"postal_code\":\"45202\"}}"
    assert_string_equal(fixture_encode(&f, OPERATION_STORE), STORES);
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH), STORES);
    assert_string_equal(
        fixture_encode(&f, OPERATION_CONFIRM),
        "POST /v2/fulfillment/users/routesim/orders/delivery\n" BEARER FIXTURE_KEY_LINE "0\n" JSON
        "{\"service_option_hold_id\":1}");
    f.call.store = 42;
    f.call.subtotal_cents = 4599;
    assert_string_equal(fixture_encode(&f, OPERATION_SLOTS),
                        "POST /v2/fulfillment/service_options/delivery\n" BEARER FIXTURE_KEY_LINE
                        "42\n" JSON "{\"postal_code\":\"45202\",\"cart_total_cents\":4599,"
                        "\"items_count\":7,\"location_code\":\"42\",\"with_eta_options\":true}");
}

static void without_a_credential_a_mock_is_asked_all_the_same(void **state)
{
    (void)state;
    f.call.credential = NULL;
    f.call.request = NULL;
    assert_non_null(
        strstr(fixture_encode(&f, OPERATION_TOKEN), "{\"client_id\":\"\",\"client_secret\":\"\","));
    assert_string_equal(
        fixture_encode(&f, OPERATION_HEALTH),
        "POST /v2/fulfillment/stores/delivery\nAccept: application/json\n" FIXTURE_KEY_LINE
        "0\n" JSON "{\"find_by\":{\"postal_code\":\"45202\"}}");
    f.call.credential = &f.credential;
    assert_non_null(strstr(fixture_encode(&f, OPERATION_HEALTH),
                           "\nAuthorization: Basic dGhlIGlkOnMzY3JldC8r\n"));
}

static void stores_go_back_as_they_came(void **state)
{
    (void)state;
    static const struct {
        const char *code; /* as JSON */
        const char *back; /* NULL: malformed */
        uint32_t store;
    } rows[] = {
        {"\"042\"", "042", 1u << 31},
        {"\"42\"", "42", 42},
        {"42", "42", 42},
        {"\"0\"", "0", 0},
        {"\"00\"", "00", (1u << 31) + 1},
        {"\"2147483647\"", "2147483647", 2147483647},
        {"\"2147483648\"", "2147483648", (1u << 31) + 2},
        {"9007199254740992", "9007199254740992", (1u << 31) + 3},
        {"\"042\"", "042", 1u << 31},
        {"\"a\\\"b\"", "a\\\"b", (1u << 31) + 4},
        {"-1", "-1", (1u << 31) + 5},
        {"1e300", NULL, 0},
        {"null", NULL, 0},
        {"[]", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[128], expected[128];
        (void)snprintf(body, sizeof body, "{\"stores\":[{\"location_code\":%s}]}", rows[i].code);
        const struct reply reply = fixture_decode(&f, OPERATION_STORE, 200, body);
        CHECK_ROW(rows[i].code, reply.as.store.found == (rows[i].back != NULL));
        CHECK_ROW(rows[i].code, reply.as.store.store == rows[i].store);
        if (rows[i].back == NULL) continue;
        f.call.store = reply.as.store.store;
        (void)snprintf(expected, sizeof expected, "\"location_code\":\"%s\",", rows[i].back);
        CHECK_ROW(rows[i].code, strstr(fixture_encode(&f, OPERATION_SLOTS), expected) != NULL);
    }
}

static void the_first_store_that_delivers_is_taken(void **state)
{
    (void)state;
    struct reply reply =
        fixture_decode_sample(&f, OPERATION_STORE, 200, "instacart_find_stores_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_int_equal(reply.as.store.store, UINT32_C(1) << 31); /* "042" */
    reply = fixture_decode_sample(&f, OPERATION_HEALTH, 200, "instacart_find_stores_200");
    assert_int_equal(reply.body, BODY_GOOD);
    static const struct {
        const char *body;
        enum reply_body good;
        bool found;
    } rows[] = {
        {"{\"stores\":[{\"location_code\":\"1\",\"pickup_only\":true},{\"location_code\":\"7\"}]}",
         BODY_GOOD, true},
        {"{\"stores\":[{\"location_code\":\"1\",\"pickup_only\":true}]}", BODY_GOOD, false},
        {"{\"stores\":[]}", BODY_GOOD, false},
        {"{\"stores\":[7]}", BODY_MALFORMED, false},
        {"{\"stores\":{}}", BODY_MALFORMED, false},
        {"{}", BODY_MALFORMED, false},
        {"[]", BODY_MALFORMED, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reply = fixture_decode(&f, OPERATION_STORE, 200, rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.store.found == rows[i].found);
        CHECK_ROW(rows[i].body, reply.as.store.store == (rows[i].found ? 7 : 0));
    }
}

#define START       "2026-03-02T18:05:00"
#define START_MS    INT64_C(1772474700000)
#define SLOT(start) "{\"service_options\":[{\"window\":{\"start_at\":" start "}}]}"

static void the_first_slot_to_be_had_starts_when_it_says(void **state)
{
    (void)state;
    struct reply reply =
        fixture_decode_sample(&f, OPERATION_SLOTS, 200, "instacart_service_options_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_int_equal(reply.as.slots.start_unix_ms, START_MS);
    static const struct {
        const char *body;
        enum reply_body good;
        int64_t start_ms;
    } rows[] = {
        {SLOT("\"" START ".000Z\""), BODY_GOOD, START_MS},
        {SLOT("\"" START ".123Z\""), BODY_GOOD, START_MS + 123},
        {SLOT("\"" START "Z\""), BODY_GOOD, START_MS},
        {SLOT("\"2026-03-02T13:05:00-05:00\""), BODY_GOOD, START_MS},
        {SLOT("\"2026-03-02T23:35:00.5+05:30\""), BODY_GOOD, START_MS + 500},
        {SLOT("\"2026-03-02T23:35:00+0530\""), BODY_MALFORMED, 0},
        {SLOT("\"2026-03-02T23:35:00+-5:30\""), BODY_MALFORMED, 0},
        {SLOT("\"+05:30\""), BODY_MALFORMED, 0},
        {SLOT("\"soon\""), BODY_MALFORMED, 0},
        {SLOT("\"\""), BODY_MALFORMED, 0},
        {SLOT("\"2026-02-30T00:00:00Z\""), BODY_MALFORMED, 0},
        {SLOT("\"" START ".00000000000000000000000000000000000000000000000000000Z\""),
         BODY_MALFORMED, 0},
        {SLOT("1772474700"), BODY_MALFORMED, 0},
        {SLOT("null"), BODY_GOOD, 0},
        {"{\"service_options\":[]}", BODY_GOOD, 0},
        {"{\"service_options\":[{}]}", BODY_GOOD, 0},
        {"{\"service_options\":[{\"availability\":{\"available\":false},\"window\":{}},"
         "{\"window\":{\"start_at\":\"" START "Z\"}}]}",
         BODY_GOOD, START_MS},
        {"{\"service_options\":[{\"availability\":{\"available\":false},\"window\":{\"start_at\":"
         "\"" START "Z\"}}]}",
         BODY_GOOD, 0},
        {"{\"service_options\":[1]}", BODY_MALFORMED, 0},
        {"{\"service_options\":{}}", BODY_MALFORMED, 0},
        {"{}", BODY_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reply = fixture_decode(&f, OPERATION_SLOTS, 200, rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.slots.start_unix_ms == rows[i].start_ms);
    }
}

static void errors_are_said_with_their_codes(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"instacart_error_single", "1001: User not found (user_id)"},
        {"instacart_error_multi", "9999: There were issues with your request: 1001: can't be blank "
                                  "(line_items[0].name)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode_sample(&f, OPERATION_SLOTS, 400, rows[i][0]);
        CHECK_ROW(rows[i][0], reply.body == BODY_EMPTY);
        CHECK_ROW_TEXT(rows[i][0], fixture_explain(&f, 400, f.sample.bytes), rows[i][1]);
    }
    assert_string_equal(fixture_explain(&f, 503, "<html><h1>503</h1></html>"), "");
    assert_string_equal(fixture_explain(&f, 503, ""), "");
}

static void a_reservation_is_an_answer_to_an_order(void **state)
{
    (void)state;
    assert_int_equal(fixture_decode_sample(&f, OPERATION_CONFIRM, 200, "instacart_hold_200").body,
                     BODY_GOOD);
    assert_int_equal(fixture_decode(&f, OPERATION_CONFIRM, 200, "").body, BODY_MALFORMED);
}

static void nothing_but_a_whole_body_is_good(void **state)
{
    (void)state;
    fixture_check_guards(&f, OPERATION_TOKEN, fixture_sample(&f, "instacart_oauth_200"));
    fixture_check_guards(&f, OPERATION_STORE, fixture_sample(&f, "instacart_find_stores_200"));
    fixture_check_guards(&f, OPERATION_HEALTH, fixture_sample(&f, "instacart_find_stores_200"));
    fixture_check_guards(&f, OPERATION_SLOTS, fixture_sample(&f, "instacart_service_options_200"));
    fixture_check_guards(&f, OPERATION_CONFIRM, fixture_sample(&f, "instacart_hold_200"));
}

/* ---- the developer platform ------------------------------------------------------------------ */

#define API_KEY "Accept: application/json\nAuthorization: Bearer s3cret/+\n" FIXTURE_KEY_LINE "0\n"

static void each_request_is_what_the_platform_documents(void **state)
{
    (void)state;
#define RETAILERS "GET /idp/v1/retailers?postal_code=45202&country_code=US\n" API_KEY
    assert_string_equal(fixture_encode(&f, OPERATION_STORE), RETAILERS);
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH), RETAILERS);
#define LINE(name, quantity)                                                                       \
    "{\"name\":\"" name "\",\"line_item_measurements\":[{\"quantity\":" quantity                   \
    ",\"unit\":\"each\"}]}"
#define LIST                                                                                       \
    "\n" API_KEY JSON "{\"title\":\"Shopping list\",\"link_type\":\"shopping_list\","              \
    "\"line_items\":[" LINE("Whole Milk", "2") "," LINE(                                           \
        "Ben & Jerry's 50% \\\"Half\\\" Baked",                                                    \
        "1") "," LINE("Cr\xC3\xA8me\\n+/?#", "3") "," LINE("Whole Milk", "1") "]}"
    assert_string_equal(fixture_encode(&f, OPERATION_SLOTS),
                        "POST /idp/v1/products/products_link" LIST);
    assert_string_equal(fixture_encode(&f, OPERATION_CONFIRM), "POST /idp/v1/orders" LIST);
}

static void retailers_have_an_id_or_a_key(void **state)
{
    (void)state;
    struct reply reply = fixture_decode_sample(&f, OPERATION_STORE, 200, "instacart_retailers_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_true(reply.as.store.found);
    assert_int_equal(reply.as.store.store, UINT32_C(1) << 31);
    assert_int_equal(
        fixture_decode_sample(&f, OPERATION_HEALTH, 200, "instacart_retailers_200").body,
        BODY_GOOD);
    static const struct {
        const char *body;
        enum reply_body good;
        uint32_t store; /* 0: none */
    } rows[] = {
        {"{\"retailers\":[{\"id\":17,\"retailer_key\":\"sample_market\"}]}", BODY_GOOD, 17},
        {"{\"retailers\":[{\"id\":\"17\"}]}", BODY_GOOD, 17},
        {"{\"retailers\":[{\"retailer_key\":\"17\"}]}", BODY_GOOD, 17},
        {"{\"retailers\":[{\"retailer_key\":\"sample_market\"}]}", BODY_GOOD, 1u << 31},
        {"{\"retailers\":[]}", BODY_GOOD, 0},
        {"{\"retailers\":[{}]}", BODY_MALFORMED, 0},
        {"{\"retailers\":[[]]}", BODY_MALFORMED, 0},
        {"{}", BODY_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reply = fixture_decode(&f, OPERATION_STORE, 200, rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.store.found == (rows[i].store != 0));
        CHECK_ROW(rows[i].body, reply.as.store.store == rows[i].store);
    }
}

static void a_link_states_no_slot(void **state)
{
    (void)state;
    const struct reply reply =
        fixture_decode_sample(&f, OPERATION_SLOTS, 200, "instacart_products_link_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_true(fixture_is_blank(&reply));
    assert_int_equal(fixture_decode(&f, OPERATION_SLOTS, 200, "{}").body, BODY_MALFORMED);
    fixture_check_guards(&f, OPERATION_STORE, fixture_sample(&f, "instacart_retailers_200"));
    fixture_check_guards(&f, OPERATION_SLOTS, fixture_sample(&f, "instacart_products_link_200"));
    fixture_check_guards(&f, OPERATION_CONFIRM, fixture_sample(&f, "instacart_products_link_200"));
}

int main(void)
{
#define CONNECT(test)   cmocka_unit_test_setup_teardown(test, open_connect, close_fixture)
#define DEVELOPER(test) cmocka_unit_test_setup_teardown(test, open_developer, close_fixture)
    const struct CMUnitTest tests[] = {
        CONNECT(each_request_is_what_connect_documents),
        CONNECT(without_a_credential_a_mock_is_asked_all_the_same),
        CONNECT(stores_go_back_as_they_came),
        CONNECT(the_first_store_that_delivers_is_taken),
        CONNECT(the_first_slot_to_be_had_starts_when_it_says),
        CONNECT(errors_are_said_with_their_codes),
        CONNECT(a_reservation_is_an_answer_to_an_order),
        CONNECT(nothing_but_a_whole_body_is_good),
        DEVELOPER(each_request_is_what_the_platform_documents),
        DEVELOPER(retailers_have_an_id_or_a_key),
        DEVELOPER(a_link_states_no_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
