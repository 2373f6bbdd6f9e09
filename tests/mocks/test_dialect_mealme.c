/* MealMe's API from the provider's side. Goal: every wrong key and every bad parameter is refused
 * in MealMe's own words; product ids hold the name that was asked for, and no other text is one; a
 * quote of what a search showed costs what the search said. Method: tables, and carts of names. */
#include "tests/mocks/dialect_rig.h"

#include <cjson/cJSON.h>

#define PLACE        "user_latitude=37.7&user_longitude=-122.3"
#define WRONG_KEY    "{\"error\":\"Incorrect API key\"}"
#define MISSING(key) "{\"error\":\"Missing/Invalid required input parameter: " key "\"}"

static void each_wrong_key_is_an_incorrect_one(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint16_t status;
    } rows[] = {
        {RIG_ID_TOKEN, 200},
        {"Id-Token: generation-1\n", 200}, /* the secret alone */
        {"id-token: generation-1\n", 200},
        {NULL, 401},
        {"Id-Token: \n", 401},
        {"Id-Token: generation-2\n", 401}, /* has not begun */
        {"Id-Token: generation-01\n", 401},
        {"Id-Token: generation-18\n", 401},
        {"Id-Token: generation-\n", 401},
        {"Id-Token: mock-KROGER_API:generation-1\n", 401},
        {"Id-Token: mock-MEALME:\n", 401},
        {"Authorization: Bearer generation-1\n", 401},
        {RIG_MEALME_BASIC, 401}, /* that is the house form's */
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const label = rows[i].header == NULL ? "none" : rows[i].header;
        (void)dialect_rig_ask(&rig, "GET", "/search/product/v4?" PLACE, rows[i].header, NULL);
        CHECK_ANSWER(&rig, label, rows[i].status,
                     rows[i].status == 200 ? "{\"products\":[]}" : WRONG_KEY);
    }
    dialect_rig_close(&rig);
}

static void a_rotated_key_counts_from_its_instant(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
    spec.credentials.rotated_at_us = US_PER_HOUR;
    static struct rig rig;
    dialect_rig_open_spec(&rig, PROVIDER_MEALME, &spec, NULL, 0);
    static const char *const keys[] = {"Id-Token: generation-1\n", "Id-Token: generation-2\n"};
    for (int later = 0; later < 2; later++) {
        rig.now_us = later * US_PER_HOUR;
        for (int key = 0; key < 2; key++) {
            (void)dialect_rig_ask(&rig, "GET", "/search/product/v4?" PLACE, keys[key], NULL);
            assert_int_equal(rig.response.status, key == later ? 200 : 401);
        }
    }
    dialect_rig_close(&rig);
}

#define USER  "\"user_name\":\"n\",\"user_email\":\"e\",\"user_id\":\"i\",\"user_phone\":1,"
#define WHERE "\"user_latitude\":1,\"user_longitude\":2,"
#define ITEM  "{\"product_id\":\"gAAAAV2hvbGUgTWlsaw.e4e4b933\",\"quantity\":3}"

static void parameters_are_checked_as_documented(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *body;
        uint16_t status;
        const char *answer; /* NULL: whatever */
    } rows[] = {
        {"GET", "/search/cart", NULL, 400, MISSING("user_latitude")},
        {"GET", "/search/cart?user_latitude=x", NULL, 400, MISSING("user_latitude")},
        {"GET", "/search/cart?user_latitude=90.1&user_longitude=1", NULL, 400,
         MISSING("user_latitude")},
        {"GET", "/search/cart?user_latitude=1e9&user_longitude=1", NULL, 400,
         MISSING("user_latitude")},
        {"GET", "/search/cart?user_latitude=1", NULL, 400, MISSING("user_longitude")},
        {"GET", "/search/cart?" PLACE, NULL, 400, MISSING("query")},
        {"GET", "/search/cart?" PLACE "&query=milk", NULL, 400, MISSING("query")},
        {"GET", "/search/cart?" PLACE "&query=%7B%7D", NULL, 400, MISSING("query")},
        {"GET", "/search/cart?" PLACE "&query=%7B%22milk%22:0%7D", NULL, 400, MISSING("query")},
        {"GET", "/search/cart?" PLACE "&query=%7B%22milk%22:%222%22%7D", NULL, 400,
         MISSING("query")},
        {"GET", "/search/cart?" PLACE "&query=%7B%22%22:1%7D", NULL, 400, MISSING("query")},
        {"GET", "/search/cart?" PLACE "&query=%5B%5D", NULL, 400, MISSING("query")},
        {"GET", "/search/product/v4?user_latitude=1", NULL, 400, MISSING("user_longitude")},
        {"POST", "/order/order/v4", "", 400, "{\"error\":\"The request body is not valid JSON\"}"},
        {"POST", "/order/order/v4", "{}", 400, MISSING("place_order")},
        {"POST", "/order/order/v4", "{\"place_order\":\"no\"}", 400, MISSING("place_order")},
        {"POST", "/order/order/v4", "{\"place_order\":false}", 400, MISSING("pickup")},
        {"POST", "/order/order/v4", "{\"place_order\":false,\"pickup\":true}", 400,
         MISSING("user_name")},
        {"POST", "/order/order/v4",
         "{\"place_order\":false,\"pickup\":true,\"user_name\":\"n\",\"user_email\":\"e\","
         "\"user_id\":\"i\",\"user_phone\":\"1\"}",
         400, MISSING("user_phone")},
        {"POST", "/order/order/v4", "{" USER "\"place_order\":false,\"pickup\":true}", 400,
         MISSING("items")},
        {"POST", "/order/order/v4", "{" USER "\"place_order\":false,\"pickup\":false}", 400,
         MISSING("user_latitude")},
        {"POST", "/order/order/v4",
         "{" USER WHERE "\"place_order\":false,\"pickup\":false,\"items\":[]}", 400,
         MISSING("items")},
        {"POST", "/order/order/v4",
         "{" USER WHERE "\"place_order\":false,\"pickup\":false,\"items\":[{}]}", 400,
         MISSING("product_id")},
        {"POST", "/order/order/v4",
         "{" USER WHERE "\"place_order\":false,\"pickup\":false,\"items\":[{\"product_id\":\"x\","
         "\"quantity\":0}]}",
         400, MISSING("quantity")},
        {"POST", "/order/order/v4",
         "{" USER WHERE
         "\"place_order\":false,\"pickup\":false,\"items\":[{\"product_id\":\"x\"}," ITEM
         ",{\"product_id\":\"y\\\"\"}]}",
         420,
         "{\"error\":\"Checkout Error: Invalid "
         "Products.\",\"invalid_product_ids\":[\"x\",\"y\\\"\"]}"},
        {"POST", "/order/order/v4",
         "{" USER WHERE "\"place_order\":false,\"pickup\":false,\"items\":[" ITEM "]}", 202, NULL},
        {"POST", "/order/order/v4",
         "{" USER "\"place_order\":true,\"pickup\":true,\"items\":[" ITEM "]}", 200, NULL},
        {"POST", "/cart/create", "{\"pickup\":true}", 400, MISSING("user_id")},
        {"POST", "/cart/create", "{\"pickup\":true,\"user_id\":\"i\"}", 400, MISSING("items")},
        {"POST", "/order/finalize", "{}", 400, MISSING("order_id")},
        {"POST", "/order/finalize", "{\"order_id\":\"-Mx\"}", 404, "{\"error\":\"Not Found\"}"},
        {"POST", "/order/finalize", "{\"order_id\":\"-M0123456789abcdef\"}", 200, NULL},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, rows[i].method, rows[i].target, RIG_ID_TOKEN, rows[i].body);
        const char *const label = rows[i].body == NULL ? rows[i].target : rows[i].body;
        CHECK_ROW(label, rig.response.status == rows[i].status);
        if (rows[i].answer != NULL) CHECK_ANSWER(&rig, label, rows[i].status, rows[i].answer);
    }
    dialect_rig_close(&rig);
}

static void documented_statuses_have_their_documented_texts(void **state)
{
    (void)state;
    static const struct {
        uint16_t status;
        const char *answer;
    } rows[] = {
        {401, WRONG_KEY},
        {406, "{\"error\":\"Delivery is currently unavailable for this store.\"}"},
        {420, "{\"error\":\"Checkout Error: Invalid Products.\",\"invalid_product_ids\":[]}"},
        {422, "{\"error\":\"Checkout Error: Does not meet order minimum requirement.\","
              "\"invalid_option_ids\":[]}"},
        {429, "{\"error\":\"10 per 1 second(s)!\"}"},
        {503, "{\"error\":\"Service Unavailable\"}"},
        {504, "{\"error\":\"Gateway Timeout\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct rig rig;
        struct fault_spec fault = fixture_fault("error", FAULT_ERROR, 0, US_PER_HOUR);
        fault.status = rows[i].status;
        const struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
        dialect_rig_open_spec(&rig, PROVIDER_MEALME, &spec, &fault, 1);
        (void)dialect_rig_ask(&rig, "GET", "/search/product/v4?" PLACE, RIG_ID_TOKEN, NULL);
        CHECK_ANSWER(&rig, rows[i].answer, rows[i].status, rows[i].answer);
        dialect_rig_close(&rig);
    }
}

/* ---- carts ----------------------------------------------------------------------------------- */

static const char *const names[] = {"grocery 00001",
                                    "grocery 00150",
                                    "Ben & Jerry's 50% \"Half\" Baked",
                                    "Cr\xC3\xA8me\n\\+/?#.=",
                                    "*",
                                    "\xF0\x9F\xA5\x9B",
                                    "a",
                                    "ab",
                                    "abc"};
enum { NAMES = sizeof names / sizeof *names };

static cJSON *search(struct rig *rig, const char *more)
{
    struct text query = {0}, target = {0};
    text_char(&query, '{');
    for (int i = 0; i < NAMES; i++) {
        if (i > 0) text_char(&query, ',');
        text_json_string(&query, names[i]);
        text_format(&query, ":%d", i + 1);
    }
    text_char(&query, '}');
    text_put(&target, "/search/cart?" PLACE "&user_zipcode=94107&query=");
    http_encode(&target, query.bytes);
    text_put(&target, more);
    cJSON *const found = cJSON_Parse(dialect_rig_ask(rig, "GET", target.bytes, RIG_ID_TOKEN, NULL));
    text_release(&query);
    text_release(&target);
    assert_non_null(found);
    assert_int_equal(rig->response.status, 200);
    return found;
}

static const cJSON *offer_of(const cJSON *found, int name)
{
    const cJSON *const carts = cJSON_GetObjectItemCaseSensitive(found, "carts");
    const cJSON *const products =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(carts, 0), "products");
    return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(products, names[name]), 0);
}

static const char *text_of(const cJSON *node, const char *member)
{
    return cJSON_GetObjectItemCaseSensitive(node, member)->valuestring;
}

/* An order of all that is offered; its body. */
static char *order_of(const cJSON *found)
{
    struct text body = {0};
    text_put(&body, "{" USER WHERE "\"user_zipcode\":\"94107\",\"place_order\":false,"
                    "\"include_final_quote\":true,\"pickup\":false,\"items\":[");
    const char *comma = "";
    for (int i = 0; i < NAMES; i++) {
        const cJSON *const offer = offer_of(found, i);
        if (offer == NULL) continue;
        text_put(&body, comma);
        comma = ",";
        text_put(&body, "{\"product_id\":");
        text_json_string(&body, text_of(offer, "product_id"));
        text_format(&body, ",\"quantity\":%d}", i + 1);
    }
    text_put(&body, "]}");
    return text_take(&body);
}

static void a_quote_costs_what_the_search_said(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
    spec.prices.stock_out = 0.5;
    static struct rig rig;
    dialect_rig_open_spec(&rig, PROVIDER_MEALME, &spec, NULL, 0);
    unsigned exact = 0, substitutes = 0, missing = 0;
    for (int64_t hours = 0; hours < 160; hours += 4) {
        rig.now_us = hours * US_PER_HOUR;
        cJSON *const found = search(&rig, "&full_carts_only=false");
        int64_t subtotal = 0;
        for (int i = 0; i < NAMES; i++) {
            const cJSON *const offer = offer_of(found, i);
            missing += offer == NULL;
            if (offer == NULL) continue;
            const bool same = codec_names_equal(text_of(offer, "item_name"), names[i]);
            exact += same;
            substitutes += !same;
            subtotal += (int64_t)cJSON_GetObjectItem(offer, "price")->valuedouble * (i + 1);
        }
        char *const body = order_of(found);
        cJSON *const quote =
            cJSON_Parse(dialect_rig_ask(&rig, "POST", "/order/order/v4", RIG_ID_TOKEN, body));
        assert_int_equal(rig.response.status, 202);
        const cJSON *const final = cJSON_GetObjectItem(quote, "final_quote");
        const cJSON *const money = cJSON_GetObjectItem(final, "quote");
        assert_int_equal(cJSON_GetObjectItem(money, "subtotal")->valuedouble, subtotal);
        assert_int_equal(cJSON_GetObjectItem(money, "delivery_fee_cents")->valuedouble,
                         provider_fee_cents(PROVIDER_MEALME, subtotal));
        assert_int_equal(cJSON_GetObjectItem(money, "sales_tax_cents")->valuedouble,
                         provider_tax_cents(PROVIDER_MEALME, subtotal));
        free(body);
        cJSON_Delete(quote);
        cJSON_Delete(found);
    }
    assert_in_range(exact, 120, 240);
    assert_true(substitutes > 30);
    assert_true(missing > 30);
    dialect_rig_close(&rig);
}

static void carts_that_lack_something_are_left_out_unless_wanted(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
    spec.prices.stock_out = 0.5;
    spec.prices.substitution = 0;
    static struct rig rig;
    dialect_rig_open_spec(&rig, PROVIDER_MEALME, &spec, NULL, 0);
    static const char *const ways[] = {"", "&full_carts_only=true", "&full_carts_only=false"};
    for (size_t i = 0; i < 3; i++) {
        cJSON *const found = search(&rig, ways[i]);
        const cJSON *const carts = cJSON_GetObjectItem(found, "carts");
        assert_int_equal(cJSON_GetArraySize(carts), i == 2);
        cJSON_Delete(found);
    }
    dialect_rig_close(&rig);
}

static void only_our_own_ids_are_products(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    cJSON *const found = search(&rig, "");
    for (int i = 0; i < NAMES; i++) {
        const char *const id = text_of(offer_of(found, i), "product_id");
        const size_t length = strlen(id);
        for (size_t at = 0; at <= length; at++) { /* one character changed, or left out */
            char other[256], body[512];
            (void)snprintf(other, sizeof other, "%s", id);
            if (at < length)
                other[at] = other[at] == 'A' ? 'B' : 'A';
            else
                other[length - 1] = '\0';
            (void)snprintf(
                body, sizeof body,
                "{\"pickup\":true,\"user_id\":\"i\",\"items\":[{\"product_id\":\"%s\"}]}", other);
            (void)dialect_rig_ask(&rig, "POST", "/cart/create", RIG_ID_TOKEN, body);
            CHECK_ROW(other, rig.response.status == 420);
        }
    }
    cJSON_Delete(found);
    dialect_rig_close(&rig);
}

static void our_own_quote_of_nothing_is_answered_as_the_backend_says(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    (void)dialect_rig_ask(&rig, "POST", "/order/order/v4",
                          RIG_ID_TOKEN "X-Routesim-Call: 0123456789abcdef-7-0-0-1500250-0\n",
                          "{" USER WHERE "\"place_order\":false,\"pickup\":false,\"items\":[]}");
    assert_int_equal(rig.response.status, 202);
    assert_int_equal(rig.reply.as.quote.subtotal_cents, 0);
    dialect_rig_close(&rig);
}

static void a_products_search_lists_names_that_can_be_ordered(void **state)
{
    (void)state;
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_MEALME, API_STANDARD);
    cJSON *const found = cJSON_Parse(
        dialect_rig_ask(&rig, "GET", "/search/product/v4?query=milk&user_zipcode=94107&" PLACE,
                        RIG_ID_TOKEN, NULL));
    const cJSON *const products = cJSON_GetObjectItem(found, "products");
    assert_int_equal(cJSON_GetArraySize(products), 5);
    assert_string_equal(text_of(cJSON_GetArrayItem(products, 0), "item_name"), "milk");
    const cJSON *product;
    cJSON_ArrayForEach(product, products)
    {
        char body[512];
        (void)snprintf(body, sizeof body,
                       "{" USER WHERE "\"user_zipcode\":\"94107\",\"place_order\":false,\"pickup\":"
                       "false,\"items\":[{\"product_id\":\"%s\"}]}",
                       text_of(product, "product_id"));
        (void)dialect_rig_ask(&rig, "POST", "/order/order/v4", RIG_ID_TOKEN, body);
        assert_int_equal(rig.response.status, 202);
        assert_int_equal(rig.reply.as.quote.subtotal_cents,
                         cJSON_GetObjectItem(product, "price")->valuedouble);
        assert_null(strstr(rig.response.body.bytes, "final_quote")); /* nobody asked for it */
    }
    cJSON_Delete(found);
    dialect_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wrong_key_is_an_incorrect_one),
        cmocka_unit_test(a_rotated_key_counts_from_its_instant),
        cmocka_unit_test(parameters_are_checked_as_documented),
        cmocka_unit_test(documented_statuses_have_their_documented_texts),
        cmocka_unit_test(a_quote_costs_what_the_search_said),
        cmocka_unit_test(carts_that_lack_something_are_left_out_unless_wanted),
        cmocka_unit_test(only_our_own_ids_are_products),
        cmocka_unit_test(our_own_quote_of_nothing_is_answered_as_the_backend_says),
        cmocka_unit_test(a_products_search_lists_names_that_can_be_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
