/* Goal: what cannot be routed is refused with one sentence, and nothing else is.
 *
 * Method: one valid request, spoilt one way a row. */
#include "tests/support.h"

#include "router/order.h"

static void one_sentence_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct order_item good[ORDER_ITEMS_MAX + 1] = {{.name = "milk", .quantity = 2},
                                                                {.name = "eggs", .quantity = 1},
                                                                {.name = "", .quantity = 1},
                                                                {.name = NULL, .quantity = 1},
                                                                {.name = "salt", .quantity = 0}};
    static const struct {
        const char *label;
        struct order_request request;
        const char *anonymous, *with_user; /* the fault when a user is not, and is, required */
    } rows[] = {
        {"valid",
         {.items = good, .item_count = 2, .postal_code = "45202", .user_id = "u"},
         NULL,
         NULL},
        {"anonymous",
         {.items = good, .item_count = 2, .postal_code = "45202"},
         NULL,
         "userId is missing"},
        {"an empty user",
         {.items = good, .item_count = 1, .postal_code = "45202", .user_id = ""},
         NULL,
         "userId is missing"},
        {"no items",
         {.items = good, .postal_code = "45202", .user_id = "u"},
         "the cart has no items",
         "the cart has no items"},
        {"no item array",
         {.postal_code = "45202", .user_id = "u"},
         "the cart has no items",
         "the cart has no items"},
        {"one line too many",
         {.items = good, .item_count = ORDER_ITEMS_MAX + 1, .postal_code = "45202", .user_id = "u"},
         "the cart has more than 200 items",
         "the cart has more than 200 items"},
        {"an empty name",
         {.items = good, .item_count = 3, .postal_code = "45202", .user_id = "u"},
         "an item has no name",
         "an item has no name"},
        {"no name",
         {.items = good + 3, .item_count = 1, .postal_code = "45202", .user_id = "u"},
         "an item has no name",
         "an item has no name"},
        {"no quantity",
         {.items = good + 4, .item_count = 1, .postal_code = "45202", .user_id = "u"},
         "an item has no positive quantity",
         "an item has no positive quantity"},
        {"no postal code",
         {.items = good, .item_count = 2, .user_id = "u"},
         "the address has no postal code",
         "the address has no postal code"},
        {"an empty postal code",
         {.items = good, .item_count = 2, .postal_code = "", .user_id = "u"},
         "the address has no postal code",
         "the address has no postal code"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int required = 0; required < 2; required++) {
            const char *expected = required ? rows[i].with_user : rows[i].anonymous;
            const char *fault = order_request_fault(&rows[i].request, required == 1);
            CHECK_ROW(rows[i].label, (fault == NULL) == (expected == NULL));
            if (fault != NULL) CHECK_ROW_TEXT(rows[i].label, fault, expected);
        }
    }
}

static void two_hundred_lines_are_a_cart(void **state)
{
    (void)state;
    static struct order_item items[ORDER_ITEMS_MAX];
    for (size_t i = 0; i < ORDER_ITEMS_MAX; i++)
        items[i] = (struct order_item){.name = "rice", .quantity = 1};
    const struct order_request request = {
        .items = items, .item_count = ORDER_ITEMS_MAX, .postal_code = "1"};
    assert_null(order_request_fault(&request, false));
    items[ORDER_ITEMS_MAX - 1].quantity = 0; /* the last line is looked at too */
    assert_non_null(order_request_fault(&request, false));
}

static void preferences_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(preference_names[PREFERENCE_BALANCED], "balanced");
    assert_string_equal(preference_names[PREFERENCE_PRICE], "price");
    assert_string_equal(preference_names[PREFERENCE_SPEED], "speed");
    assert_string_equal(preference_names[PREFERENCE_MARGIN], "margin");
    assert_null(preference_names[PREFERENCE_COUNT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sentence_says_what_is_wrong),
        cmocka_unit_test(two_hundred_lines_are_a_cart),
        cmocka_unit_test(preferences_have_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
