/* Goal: a cart is read in production's two forms, and every mistake is told at its place.
 *
 * Method: a whole cart of each form; then rows of one mistake each. */
#include "tests/support.h"

#include "sim/command/cart_read.h"

static struct cart cart;

static bool read_text(const char *text, enum profile profile, struct err_list *list)
{
    struct json json = {0};
    *list = (struct err_list){.count = 0};
    cart_release(&cart);
    const bool good = json_read(&json, "cart.json", BYTES_OF(text), list) &&
                      cart_read(&cart, &json, profile, list);
    json_release(&json);
    return good;
}

static void reads_the_documented_form(void **state)
{
    (void)state;
    struct err_list list;
    assert_true(
        read_text("{\"items\": [{\"id\": \"7\", \"name\": \"whole milk\", \"quantity\": 2, "
                  "\"unit\": \"gallon\"}, {\"name\": \"eggs\", \"quantity\": 1}],\n"
                  " \"shippingAddress\": {\"street\": \"1 Main St\", \"city\": \"Cincinnati\", "
                  "\"state\": \"OH\", \"postalCode\": \"45202\", \"country\": \"US\"},\n"
                  " \"preferences\": {\"optimize\": \"price\"}}",
                  PROFILE_AS_DOCUMENTED, &list));
    const struct order_request *request = &cart.request;
    assert_int_equal(request->item_count, 2);
    assert_string_equal(request->items[0].name, "whole milk");
    assert_int_equal(request->items[0].quantity, 2);
    assert_true(request->items[0].name_hash == random_hash_text("whole milk"));
    assert_true(request->items[0].product == ORDER_PRODUCT_UNKNOWN);
    assert_string_equal(request->items[1].name, "eggs");
    assert_string_equal(request->postal_code, "45202");
    assert_int_equal(request->preference, PREFERENCE_PRICE);
    assert_null(request->user_id);
    cart_release(&cart);
}

static void reads_the_coded_form(void **state)
{
    (void)state;
    struct err_list list;
    assert_true(
        read_text("{\"userId\": \"u-1\", \"items\": [{\"name\": \"eggs\", \"quantity\": 3}], "
                  "\"location\": {\"zip\": \"45202\"}, \"preferences\": {\"optimizeFor\": "
                  "\"margin\"}}",
                  PROFILE_AS_CODED, &list));
    assert_string_equal(cart.request.user_id, "u-1");
    assert_string_equal(cart.request.postal_code, "45202");
    assert_int_equal(cart.request.preference, PREFERENCE_MARGIN);
    cart_release(&cart);
}

#define ADDRESS "\"shippingAddress\": {\"postalCode\": \"1\"}"
#define ITEM    "\"items\": [{\"name\": \"eggs\", \"quantity\": 1}]"

static void tells_each_mistake_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum profile profile;
        uint32_t column;
        const char *message, *hint;
    } rows[] = {
        {"[]", PROFILE_AS_DOCUMENTED, 1, "a cart has to be an object", ""},
        {"{" ADDRESS "}", PROFILE_AS_DOCUMENTED, 1,
         "\"items\" has to be a list of at least one item", ""},
        {"{\"items\": [], " ADDRESS "}", PROFILE_AS_DOCUMENTED, 11,
         "\"items\" has to be a list of at least one item", ""},
        {"{\"items\": [7], " ADDRESS "}", PROFILE_AS_DOCUMENTED, 12, "an item has to be an object",
         ""},
        {"{\"items\": [{\"quantity\": 1}], " ADDRESS "}", PROFILE_AS_DOCUMENTED, 12,
         "\"name\" is missing", ""},
        {"{\"items\": [{\"name\": \"\", \"quantity\": 1}], " ADDRESS "}", PROFILE_AS_DOCUMENTED, 21,
         "\"name\" has to be a text that is not empty", ""},
        {"{\"items\": [{\"name\": \"a\"}], " ADDRESS "}", PROFILE_AS_DOCUMENTED, 12,
         "\"quantity\" is missing", ""},
        {"{\"items\": [{\"name\": \"a\", \"quantity\": 0}], " ADDRESS "}", PROFILE_AS_DOCUMENTED,
         38, "\"quantity\" has to be a whole number from 1 to 10000", ""},
        {"{\"items\": [{\"name\": \"a\", \"quantity\": 1.5}], " ADDRESS "}", PROFILE_AS_DOCUMENTED,
         38, "\"quantity\" has to be a whole number from 1 to 10000", ""},
        {"{\"items\": [{\"name\": \"a\", \"quantity\": 1, \"qantity\": 1}], " ADDRESS "}",
         PROFILE_AS_DOCUMENTED, 41, "unknown key \"qantity\"", "did you mean \"quantity\"?"},
        {"{" ITEM "}", PROFILE_AS_DOCUMENTED, 1,
         "\"shippingAddress\" has to be an object with \"postalCode\"", ""},
        {"{" ITEM ", \"shippingAddress\": {}}", PROFILE_AS_DOCUMENTED, 65,
         "\"postalCode\" is missing", ""},
        {"{" ITEM ", \"shippingAddress\": {\"postalCode\": 45202}}", PROFILE_AS_DOCUMENTED, 80,
         "\"postalCode\" has to be a text", "put it in quotes"},
        {"{" ITEM ", " ADDRESS ", \"preferences\": {\"optimize\": \"sped\"}}",
         PROFILE_AS_DOCUMENTED, 114, "unknown preference", "did you mean \"speed\"?"},
        {"{" ITEM ", " ADDRESS ", \"preferences\": {\"optimizeFor\": \"speed\"}}",
         PROFILE_AS_DOCUMENTED, 102, "unknown key \"optimizeFor\"",
         "the profile as_documented calls it \"optimize\""},
        {"{" ITEM ", \"location\": {\"zip\": \"1\"}}", PROFILE_AS_CODED, 1, "\"userId\" is missing",
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list list;
        CHECK_ROW(rows[i].text, !read_text(rows[i].text, rows[i].profile, &list));
        CHECK_ROW(rows[i].text, list.errors == 1);
        CHECK_ROW_TEXT(rows[i].text, list.items[0].message, rows[i].message);
        CHECK_ROW_TEXT(rows[i].text, list.items[0].hint, rows[i].hint);
        if (list.items[0].place.column != rows[i].column) {
            fail_msg("%s: column %u", rows[i].text, list.items[0].place.column);
        }
    }
    cart_release(&cart);
}

static void tells_a_coded_reader_what_the_documented_keys_are_called(void **state)
{
    (void)state;
    struct err_list list;
    assert_false(read_text("{\"userId\": \"u\", " ITEM ", " ADDRESS "}", PROFILE_AS_CODED, &list));
    assert_int_equal(list.errors, 2); /* the unknown key, and the missing one */
    assert_string_equal(list.items[0].hint, "the profile as_coded calls it \"location\"");
}

static void takes_a_cart_of_the_most_items_and_no_more(void **state)
{
    (void)state;
    struct err_list list;
    for (unsigned count = ORDER_ITEMS_MAX; count <= ORDER_ITEMS_MAX + 1; count++) {
        char text[16384] = "{\"items\": [";
        for (unsigned i = 0; i < count; i++) {
            (void)strcat(text, i > 0 ? "," : "");
            (void)strcat(text, "{\"name\": \"a\", \"quantity\": 1}");
        }
        (void)strcat(text, "], " ADDRESS "}");
        assert_int_equal(read_text(text, PROFILE_AS_DOCUMENTED, &list), count == ORDER_ITEMS_MAX);
    }
    cart_release(&cart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_documented_form),
        cmocka_unit_test(reads_the_coded_form),
        cmocka_unit_test(tells_each_mistake_at_its_place),
        cmocka_unit_test(tells_a_coded_reader_what_the_documented_keys_are_called),
        cmocka_unit_test(takes_a_cart_of_the_most_items_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
