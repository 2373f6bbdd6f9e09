/* MealMe's codec. Goal: requests to the byte; a cart whose lines, products and order are remembered
 * until they are needed again. Method: golden requests, the samples, replies nearly right. */
#include "tests/providers/codec_fixture.h"

static struct codec_fixture f;

static int open_fixture(void **state)
{
    (void)state;
    fixture_open(&f, PROVIDER_MEALME, API_STANDARD);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

#define PLACE                                                                                      \
    "user_latitude=39.1054&user_longitude=-84.5081&user_street_num=1"                              \
    "&user_street_name=Example%20Street&user_city=Cincinnati&user_state=OH&user_zipcode=45202"     \
    "&user_country=US"
#define HEADERS   "Accept: application/json\nId-Token: the id:s3cret/+\n" FIXTURE_KEY_LINE "0\n"
#define MILK      "{\"product_id\":\"m-1\",\"item_name\":\"Whole Milk\",\"price\":639}"
#define ICE       "{\"product_id\":\"i-1\",\"item_name\":\"Ben & Jerry's\",\"price\":500}"
#define CREAM     "{\"product_id\":77,\"item_name\":\"CR\xC3\x88ME\",\"price\":\"101\"}"
#define CREAM_KEY "\"Cr\xC3\xA8me\\n+/?#\""
#define ICE_KEY   "\"Ben & Jerry's 50% \\\"Half\\\" Baked\""
#define CART_OF(milk, ice, cream)                                                                  \
    "{\"carts\":[{\"products\":{\"*\":[],\"Whole Milk\":[" milk "]," ICE_KEY ":[" ice              \
    "]," CREAM_KEY ":[" cream "]}}]}"

static struct reply ask_cart(const char *body)
{
    return fixture_decode(&f, OPERATION_CART, 200, body);
}

static void the_cart_is_a_map_from_term_to_quantity(void **state)
{
    (void)state;
    assert_string_equal(fixture_encode(&f, OPERATION_CART),
                        "GET /search/cart?query=%7B%22Whole%20Milk%22%3A3%2C"
                        "%22Ben%20%26%20Jerry%27s%2050%25%20%5C%22Half%5C%22%20Baked%22%3A1%2C"
                        "%22Cr%C3%A8me%5Cn%2B%2F%3F%23%22%3A3%7D&" PLACE
                        "&full_carts_only=false&store_type=grocery&pickup=false"
                        "&fetch_quotes=false\n" HEADERS);
    f.items[0].quantity = f.items[3].quantity = UINT32_MAX;
    assert_non_null(strstr(fixture_encode(&f, OPERATION_CART), "Milk%22%3A8589934590%2C"));
}

static void health_is_a_small_search(void **state)
{
    (void)state;
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH),
                        "GET /search/product/v4?query=milk&" PLACE
                        "&store_type=grocery&pickup=false&fetch_quotes=false\n" HEADERS);
    f.call.request = NULL;
    f.credential.id = "";
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH),
                        "GET /search/product/v4?query=milk&" PLACE
                        "&store_type=grocery&pickup=false&fetch_quotes=false\n"
                        "Accept: application/json\nId-Token: s3cret/+\n" FIXTURE_KEY_LINE "0\n");
}

static void each_line_takes_the_first_product_of_its_term(void **state)
{
    (void)state;
    const struct reply reply = ask_cart(CART_OF(MILK "," ICE, ICE, CREAM));
    assert_int_equal(reply.body, BODY_GOOD);
    assert_int_equal(reply.as.cart.found, 3); /* both lines of milk, and the cream */
    assert_int_equal(reply.as.cart.substituted, 1);
    assert_int_equal(reply.as.cart.subtotal_cents, 2 * 639 + 500 + 3 * 101 + 639);
    assert_int_equal(reply.as.cart.lines[0], 0xF);
    assert_true(reply.as.cart.cart != 0);
    codec_forget_cart(f.codec, reply.as.cart.cart);

    f.items[2].name = "creme\xCC\x80"; /* another term than the reply's */
    const struct reply other = ask_cart(CART_OF(MILK, "", CREAM));
    assert_int_equal(other.as.cart.lines[0], 0x9);
    assert_int_equal(other.as.cart.found, 2);
    assert_int_equal(other.as.cart.substituted, 0);
}

static void a_name_that_is_not_utf8_comes_back_as_it_went(void **state)
{
    (void)state;
    f.items[0].name = "Caf\xE9";
    f.order.item_count = 1;
    assert_non_null(strstr(fixture_encode(&f, OPERATION_CART), "%22Caf%EF%BF%BD%22%3A2"));
    const struct reply reply =
        ask_cart("{\"carts\":[{\"products\":{\"Caf\xEF\xBF\xBD\":[{\"product_id\":1,"
                 "\"item_name\":\"caf\xEF\xBF\xBD\",\"price\":5}]}}]}");
    assert_int_equal(reply.as.cart.found, 1);
    assert_int_equal(reply.as.cart.subtotal_cents, 10);
}

#define QUOTE_HEAD                                                                                 \
    "POST /order/order/v4\n" HEADERS "\napplication/json: {\"place_order\":false,"                 \
    "\"include_final_quote\":true,\"pickup\":false,\"items\":["
#define QUOTE_TAIL                                                                                 \
    "],\"user_id\":\"customer-1\",\"user_name\":\"routesim\","                                     \
    "\"user_email\":\"customer@example.invalid\",\"user_phone\":5135550100,"                       \
    "\"user_latitude\":39.1054,\"user_longitude\":-84.5081,\"user_street_num\":\"1\","             \
    "\"user_street_name\":\"Example Street\",\"user_city\":\"Cincinnati\",\"user_state\":\"OH\","  \
    "\"user_zipcode\":\"45202\",\"user_country\":\"US\"}"

static void the_quote_is_for_the_products_that_the_cart_gave(void **state)
{
    (void)state;
    f.call.cart = ask_cart(CART_OF(MILK, "", CREAM)).as.cart.cart;
    assert_string_equal(fixture_encode(&f, OPERATION_QUOTE),
                        QUOTE_HEAD "{\"product_id\":\"m-1\",\"quantity\":2},"
                                   "{\"product_id\":\"77\",\"quantity\":3},"
                                   "{\"product_id\":\"m-1\",\"quantity\":1}" QUOTE_TAIL);
    const uint64_t lines[LINE_WORDS] = {0x6}; /* of which the first was not offered */
    f.call.lines = lines;
    assert_string_equal(fixture_encode(&f, OPERATION_QUOTE),
                        QUOTE_HEAD "{\"product_id\":\"77\",\"quantity\":3}" QUOTE_TAIL);
    f.order.user_id = NULL;
    assert_non_null(
        strstr(fixture_encode(&f, OPERATION_QUOTE), "],\"user_id\":\"anonymous\",\"user_name\""));
}

static void a_quote_without_a_cart_is_for_nothing(void **state)
{
    (void)state;
    const uint64_t empty = ask_cart("{\"carts\":[]}").as.cart.cart;
    assert_true(empty != 0); /* it will have an order id */
    const uint64_t gone = ask_cart(CART_OF(MILK, ICE, CREAM)).as.cart.cart;
    codec_forget_cart(f.codec, gone);
    const uint64_t next = ask_cart(CART_OF(ICE, ICE, CREAM)).as.cart.cart; /* in the same place */
    assert_true(next != gone);
    const uint64_t handles[] = {0, empty, gone, UINT64_MAX, UINT64_C(1) << 32, 99};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        f.call.cart = handles[i];
        assert_string_equal(fixture_encode(&f, OPERATION_QUOTE), QUOTE_HEAD QUOTE_TAIL);
    }
}

static void the_quote_samples_are_read(void **state)
{
    (void)state;
    f.items[3].name = "whole milk"; /* a term of its own */
    struct reply reply = fixture_decode_sample(&f, OPERATION_CART, 200, "mealme_search_cart_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_int_equal(reply.as.cart.found, 1);
    assert_int_equal(reply.as.cart.lines[0], 0x1);
    assert_int_equal(reply.as.cart.subtotal_cents, 2 * 639);
    f.call.cart = reply.as.cart.cart;
    assert_string_equal(fixture_encode(&f, OPERATION_QUOTE),
                        QUOTE_HEAD "{\"product_id\":\"gAAAA-sample-1\",\"quantity\":2}" QUOTE_TAIL);

    reply = fixture_decode_sample(&f, OPERATION_QUOTE, 202, "mealme_order_202_quote_only");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_int_equal(reply.as.quote.subtotal_cents, 1917);
    assert_int_equal(reply.as.quote.fee_cents, 598);
    assert_int_equal(reply.as.quote.tax_cents, 173);
    assert_int_equal(reply.as.quote.eta_minutes_min, 25);
    assert_int_equal(reply.as.quote.eta_minutes_max, 40);
    assert_int_equal(reply.as.quote.found, 1);
    assert_int_equal(reply.as.quote.substituted, 0);

    assert_string_equal(fixture_encode(&f, OPERATION_CONFIRM),
                        "POST /order/finalize\n" HEADERS
                        "\napplication/json: {\"order_id\":\"-Msample0order\"}");
    reply = fixture_decode_sample(&f, OPERATION_CONFIRM, 200, "mealme_order_200_placed");
    assert_int_equal(reply.body, BODY_GOOD);
    /* The same in answer to a quote, which was to place nothing, is not what was asked for. */
    reply = fixture_decode_sample(&f, OPERATION_QUOTE, 200, "mealme_order_200_placed");
    assert_int_equal(reply.body, BODY_MALFORMED);
    reply = fixture_decode_sample(&f, OPERATION_CONFIRM, 200, "mealme_order_202_quote_only");
    assert_int_equal(reply.body, BODY_MALFORMED);
}

static void the_other_samples_are_read(void **state)
{
    (void)state;
    assert_int_equal(
        fixture_decode_sample(&f, OPERATION_HEALTH, 200, "mealme_search_product_200").body,
        BODY_GOOD);
    /* The reply of /cart/create, which gives no prices and is never asked. */
    assert_int_equal(fixture_decode_sample(&f, OPERATION_CART, 200, "mealme_cart_create_200").body,
                     BODY_MALFORMED);
    static const struct {
        uint16_t status;
        const char *sample, *words;
    } rows[] = {
        {400, "mealme_400", "Missing/Invalid required input parameter: user_latitude"},
        {401, "mealme_401", "Incorrect API key"},
        {406, "mealme_406", "Delivery is currently unavailable for this store."},
        {420, "mealme_420", "Checkout Error: Invalid Products."},
        {422, "mealme_422", "Checkout Error: Does not meet order minimum requirement."},
        {429, "mealme_429", "10 per 1 second(s)!"},
        {504, "mealme_504", "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply =
            fixture_decode_sample(&f, OPERATION_QUOTE, rows[i].status, rows[i].sample);
        CHECK_ROW(rows[i].sample, reply.body == BODY_EMPTY);
        CHECK_ROW_TEXT(rows[i].sample, fixture_explain(&f, rows[i].status, f.sample.bytes),
                       rows[i].words);
    }
}

static void confirming_without_an_order_names_one_that_nobody_has(void **state)
{
    (void)state;
    static const char forgotten[] =
        "POST /order/finalize\n" HEADERS "\napplication/json: {\"order_id\":\"forgotten\"}";
    assert_string_equal(fixture_encode(&f, OPERATION_CONFIRM), forgotten);
    f.call.cart = ask_cart(CART_OF(MILK, ICE, CREAM)).as.cart.cart;
    assert_string_equal(fixture_encode(&f, OPERATION_CONFIRM), forgotten);
    (void)fixture_decode(&f, OPERATION_QUOTE, 202,
                         "{\"order_id\":17,\"final_quote\":{\"quote\":{\"subtotal\":1}}}");
    assert_non_null(strstr(fixture_encode(&f, OPERATION_CONFIRM), "{\"order_id\":\"17\"}"));
    (void)fixture_decode(&f, OPERATION_QUOTE, 202,
                         "{\"final_quote\":{\"quote\":{\"subtotal\":1}}}");
    assert_string_equal(fixture_encode(&f, OPERATION_CONFIRM), forgotten);
}

static void carts_nearly_right_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum reply_body good;
        uint16_t lines;
    } rows[] = {
        {"{\"carts\":[]}", BODY_GOOD, 0},
        {"{\"carts\":[{\"products\":{}}]}", BODY_GOOD, 0},
        {CART_OF("", "", ""), BODY_GOOD, 0},
        {CART_OF(MILK, "", ""), BODY_GOOD, 2},
        {CART_OF("{\"product_id\":\"a\",\"price\":1}", "", ""), BODY_GOOD, 2},
        {CART_OF("{\"product_id\":\"a\",\"price\":0}", "", ""), BODY_GOOD, 0},
        {CART_OF("{\"product_id\":\"a\",\"price\":-5}", "", ""), BODY_GOOD, 0},
        {CART_OF("{\"product_id\":\"a\",\"price\":1000000000}", "", ""), BODY_GOOD, 2},
        {CART_OF("{\"product_id\":\"a\",\"price\":1000000001}", "", ""), BODY_GOOD, 0},
        {CART_OF("{\"product_id\":\"a\"}," MILK, "", ""), BODY_GOOD, 0},
        {CART_OF("{\"price\":5}", "", ""), BODY_GOOD, 0},
        {CART_OF("{\"product_id\":null,\"price\":5}", "", ""), BODY_GOOD, 0},
        {CART_OF("{\"product_id\":\"\",\"price\":5}", "", ""), BODY_MALFORMED, 0},
        {CART_OF("{\"product_id\":[],\"price\":5}", "", ""), BODY_MALFORMED, 0},
        {CART_OF("{\"product_id\":\"a\",\"price\":\"NaN\"}", "", ""), BODY_MALFORMED, 0},
        {CART_OF("{\"product_id\":\"a\",\"price\":\"$6.39\"}", "", ""), BODY_MALFORMED, 0},
        {CART_OF("7", "", ""), BODY_MALFORMED, 0},
        {"{\"carts\":[{\"products\":{\"Whole Milk\":null}}]}", BODY_GOOD, 0},
        {"{\"carts\":[{\"products\":{\"Whole Milk\":" MILK "}}]}", BODY_MALFORMED, 0},
        {"{\"carts\":[{\"products\":[]}]}", BODY_MALFORMED, 0},
        {"{\"carts\":[{}]}", BODY_MALFORMED, 0},
        {"{\"carts\":[1]}", BODY_MALFORMED, 0},
        {"{\"carts\":{}}", BODY_MALFORMED, 0},
        {"{}", BODY_MALFORMED, 0},
        {"{\"error\":\"no\",\"carts\":[]}", BODY_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = ask_cart(rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.cart.found + reply.as.cart.substituted == rows[i].lines);
        CHECK_ROW(rows[i].body, (reply.as.cart.cart != 0) == (rows[i].good == BODY_GOOD));
        codec_forget_cart(f.codec, reply.as.cart.cart);
    }
}

static void a_cart_beyond_all_measure_is_malformed(void **state)
{
    (void)state;
    static const char dear[] = CART_OF("{\"product_id\":\"a\",\"price\":1000000000}", "", "");
    f.items[0].quantity = 999;
    const struct reply good = ask_cart(dear);
    assert_int_equal(good.body, BODY_GOOD);
    assert_int_equal(good.as.cart.subtotal_cents, INT64_C(1000000000000));
    static const uint32_t quantities[] = {1000, UINT32_MAX};
    for (size_t i = 0; i < 2; i++) {
        f.items[0].quantity = quantities[i];
        const struct reply reply = ask_cart(dear);
        assert_int_equal(reply.body, BODY_MALFORMED);
        assert_true(fixture_is_blank(&reply));
    }
    /* What a malformed reply had begun is forgotten: its place is the next one's. */
    f.items[0].quantity = 1;
    const uint64_t next = ask_cart(dear).as.cart.cart;
    assert_int_equal(next & UINT32_MAX, (good.as.cart.cart & UINT32_MAX) + 1);
}

#define FINAL(quote, more) "{\"final_quote\":{\"quote\":{" quote "}" more "}}"

static void quotes_nearly_right_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool good;
        int64_t subtotal, fee, tax;
        int32_t least, most;
    } rows[] = {
        {FINAL("\"subtotal\":0", ""), true, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":\"100\",\"sales_tax_cents\":\"8\"", ""), true, 100, 0, 8, 0, 0},
        {FINAL("\"subtotal\":1,\"delivery_fee_cents\":2,\"service_fee_cents\":30,"
               "\"small_order_fee_cents\":400",
               ",\"added_fees\":{\"total_fee_cents\":5000,\"sales_tax_cents\":9}"),
         true, 1, 5432, 0, 0, 0},
        {FINAL("\"subtotal\":1,\"delivery_time_min\":25", ""), true, 1, 0, 0, 25, 25},
        {FINAL("\"subtotal\":1,\"delivery_time_max\":40.5", ""), true, 1, 0, 0, 41, 41},
        {FINAL("\"subtotal\":1,\"delivery_time_min\":25,\"delivery_time_max\":null", ""), true, 1,
         0, 0, 25, 25},
        {FINAL("\"subtotal\":1,\"delivery_time_min\":-1", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":1,\"delivery_time_min\":1e7", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":1,\"delivery_time_max\":\"soon\"", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":-1", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":-0.1", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":1000000001", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":1e999", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":null", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":1,\"delivery_fee_cents\":-499", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":1,\"sales_tax_cents\":\"8%\"", ""), false, 0, 0, 0, 0, 0},
        {FINAL("\"subtotal\":1", ",\"added_fees\":{\"total_fee_cents\":[]}"), false, 0, 0, 0, 0, 0},
        {FINAL("", ""), false, 0, 0, 0, 0, 0},
        {"{\"final_quote\":{}}", false, 0, 0, 0, 0, 0},
        {"{\"final_quote\":null}", false, 0, 0, 0, 0, 0},
        {"{\"order_placed\":false,\"order_id\":\"a\"}", false, 0, 0, 0, 0, 0},
        {"{\"order_placed\":true,\"final_quote\":{\"quote\":{\"subtotal\":1}}}", false, 0, 0, 0, 0,
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode(&f, OPERATION_QUOTE, 202, rows[i].body);
        CHECK_ROW(rows[i].body, (reply.body == BODY_GOOD) == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.quote.subtotal_cents == rows[i].subtotal);
        CHECK_ROW(rows[i].body, reply.as.quote.fee_cents == rows[i].fee);
        CHECK_ROW(rows[i].body, reply.as.quote.tax_cents == rows[i].tax);
        CHECK_ROW(rows[i].body, reply.as.quote.eta_minutes_min == rows[i].least);
        CHECK_ROW(rows[i].body, reply.as.quote.eta_minutes_max == rows[i].most);
    }
}

static void a_quote_counts_the_lines_it_was_asked_for(void **state)
{
    (void)state;
    f.call.cart = ask_cart(CART_OF(MILK, ICE, "")).as.cart.cart;
    static const char quote[] = FINAL("\"subtotal\":1", "");
    struct reply reply = fixture_decode(&f, OPERATION_QUOTE, 202, quote);
    assert_int_equal(reply.as.quote.found, 2);
    assert_int_equal(reply.as.quote.substituted, 1);
    const uint64_t lines[LINE_WORDS] = {0x7};
    f.call.lines = lines;
    reply = fixture_decode(&f, OPERATION_QUOTE, 202, quote);
    assert_int_equal(reply.as.quote.found, 1);
    assert_int_equal(reply.as.quote.substituted, 1);
    f.call.cart = 0;
    reply = fixture_decode(&f, OPERATION_QUOTE, 202, quote);
    assert_int_equal(reply.as.quote.found + reply.as.quote.substituted, 0);
}

static void many_carts_keep_apart_and_are_used_again(void **state)
{
    (void)state;
    enum { CARTS = 300 };
    static uint64_t handles[CARTS];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < CARTS; i++) {
            char body[160];
            (void)snprintf(body, sizeof body,
                           "{\"carts\":[{\"products\":{\"Whole Milk\":[{\"product_id\":\"%u-%u\","
                           "\"price\":1}]}}]}",
                           round, i);
            handles[i] = ask_cart(body).as.cart.cart;
        }
        for (unsigned i = 0; i < CARTS; i++) {
            char expected[64];
            (void)snprintf(expected, sizeof expected, "[{\"product_id\":\"%u-%u\",", round, i);
            f.call.cart = handles[i];
            assert_non_null(strstr(fixture_encode(&f, OPERATION_QUOTE), expected));
            if (i % 3 != round) codec_forget_cart(f.codec, handles[i]);
            if (i % 3 != round) codec_forget_cart(f.codec, handles[i]); /* twice is fine */
        }
    }
}

static void nothing_but_a_whole_body_is_good(void **state)
{
    (void)state;
    fixture_check_guards(&f, OPERATION_CART, fixture_sample(&f, "mealme_search_cart_200"));
    fixture_check_guards(&f, OPERATION_QUOTE, fixture_sample(&f, "mealme_order_202_quote_only"));
    fixture_check_guards(&f, OPERATION_HEALTH, fixture_sample(&f, "mealme_search_product_200"));
    fixture_check_guards(&f, OPERATION_CONFIRM, fixture_sample(&f, "mealme_order_200_placed"));
    assert_int_equal(fixture_decode(&f, OPERATION_CART, 200, "").body, BODY_MALFORMED);
    assert_int_equal(fixture_decode(&f, OPERATION_CONFIRM, 200, "").body, BODY_MALFORMED);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(the_cart_is_a_map_from_term_to_quantity),
        TEST(health_is_a_small_search),
        TEST(each_line_takes_the_first_product_of_its_term),
        TEST(a_name_that_is_not_utf8_comes_back_as_it_went),
        TEST(the_quote_is_for_the_products_that_the_cart_gave),
        TEST(a_quote_without_a_cart_is_for_nothing),
        TEST(the_quote_samples_are_read),
        TEST(the_other_samples_are_read),
        TEST(confirming_without_an_order_names_one_that_nobody_has),
        TEST(carts_nearly_right_are_told_apart),
        TEST(a_cart_beyond_all_measure_is_malformed),
        TEST(quotes_nearly_right_are_told_apart),
        TEST(a_quote_counts_the_lines_it_was_asked_for),
        TEST(many_carts_keep_apart_and_are_used_again),
        TEST(nothing_but_a_whole_body_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
