/* Goal: the table shows the sum that decided, and why the others did not.
 *
 * Method: orders put together by hand; the text is compared as a whole, and its width. */
#include "tests/support.h"

#include "router/base/utf8.h"
#include "sim/command/explain.h"

static const struct order_request request = {.preference = PREFERENCE_BALANCED};

static struct order_slot quoted(enum provider provider, int32_t priority, struct quote quote,
                                int64_t settled_us)
{
    return (struct order_slot){.provider = (uint8_t)provider,
                               .settled = true,
                               .priority = priority,
                               .settled_us = settled_us,
                               .result = {.outcome = QUOTE_OK, .quote = quote}};
}

/* Kroger times out; Walmart and MealMe quote. */
static struct router_order made_order(void)
{
    struct router_order order = {.request = &request,
                                 .candidate_count = 3,
                                 .quote_count = 2,
                                 .decided = true,
                                 .code = ORDER_ROUTED,
                                 .ranked = {1, 2}};
    order.slots[0] = (struct order_slot){.provider = PROVIDER_KROGER_API,
                                         .settled = true,
                                         .settled_us = 10000000,
                                         .result = {.outcome = QUOTE_TIMEOUT}};
    order.slots[1] = quoted(PROVIDER_WALMART_API, 60,
                            (struct quote){.subtotal_cents = 2000,
                                           .fee_cents = 795,
                                           .tax_cents = 140,
                                           .total_cents = 2935,
                                           .eta_minutes = 90,
                                           .requested = 4,
                                           .found = 3,
                                           .substituted = 1},
                            620000);
    order.slots[2] = quoted(PROVIDER_MEALME, 50,
                            (struct quote){.subtotal_cents = 3000,
                                           .fee_cents = 499,
                                           .tax_cents = 240,
                                           .total_cents = 3739,
                                           .requested = 4,
                                           .found = 4,
                                           .canned = true},
                            0);
    order.parts[1] = (struct score_parts){.score = 148.75,
                                          .priority = 60,
                                          .price = 100,
                                          .speed = 0,
                                          .availability = 95,
                                          .margin = 50,
                                          .reliability = 50};
    order.parts[2] = (struct score_parts){.score = 115.0,
                                          .priority = 50,
                                          .price = 0,
                                          .speed = 100,
                                          .availability = 100,
                                          .margin = 50,
                                          .reliability = 50};
    return order;
}

static void shows_weights_parts_points_and_quotes(void **state)
{
    (void)state;
    const struct router_order order = made_order();
    struct text text = {0};
    explain_write(&text, &order, &score_weights_default, PROFILE_AS_DOCUMENTED);
    assert_string_equal(
        text.bytes,
        "Walmart Direct selected for preferred provider, competitive pricing, and most items "
        "available.\n"
        "  2. MealMe MCP, 33.750 points behind; its strong points: fast delivery and all items in "
        "stock.\n"
        "\n"
        "              weight        Walmart         MealMe\n"
        "  priority     1.000   60    60.000   50    50.000\n"
        "  price        0.300  100    30.000    0     0.000\n"
        "  speed        0.150    0     0.000  100    15.000\n"
        "  margin       0.200   50    10.000   50    10.000\n"
        "  availability 0.250   95    23.750  100    25.000\n"
        "  reliability  0.100   50     5.000   50     5.000\n"
        "  score                     148.750        115.000\n"
        "\n"
        "  subtotal                   $20.00         $30.00\n"
        "  delivery fee                $7.95          $4.99\n"
        "  tax                         $1.40          $2.40\n"
        "  total                      $29.35         $37.39\n"
        "  ETA                        90 min     none given\n"
        "  items                    3+1 of 4         4 of 4\n"
        "  kind                       quoted         canned\n"
        "  answered                   0.62 s        at once\n"
        "  Kroger Direct gave no quote: TIMEOUT after 10 s\n");
    text_release(&text);
}

static void says_briefly_what_was_chosen(void **state)
{
    (void)state;
    const struct router_order order = made_order();
    struct text text = {0};
    explain_write_brief(&text, &order, PROFILE_AS_DOCUMENTED);
    assert_non_null(strstr(text.bytes, "  Walmart        $29.35      90 min\n"));
    assert_non_null(strstr(text.bytes, "  MealMe         $37.39  none given\n"));
    text_release(&text);
}

static void says_why_nothing_was_routed(void **state)
{
    (void)state;
    struct router_order order = {.request = &request, .decided = true, .candidate_count = 1};
    order.code = ORDER_NO_QUOTES;
    order.slots[0] =
        (struct order_slot){.provider = PROVIDER_MEALME,
                            .settled = true,
                            .settled_us = 130000,
                            .result = {.outcome = QUOTE_HTTP_ERROR, .http_status = 503}};
    struct text text = {0};
    explain_write(&text, &order, &score_weights_default, PROFILE_AS_DOCUMENTED);
    assert_string_equal(text.bytes, "Not routed: NO_PROVIDERS_AVAILABLE\n"
                                    "  MealMe MCP gave no quote: HTTP_503 after 130 ms\n");
    text_clear(&text);
    order.code = ORDER_INVALID_REQUEST;
    order.candidate_count = 0;
    order.fault = "a postal code is missing";
    explain_write_brief(&text, &order, PROFILE_AS_DOCUMENTED);
    assert_string_equal(text.bytes, "Not routed: INVALID_REQUEST: a postal code is missing\n");
    text_release(&text);
}

/* Four columns, large numbers: the table itself stays within eighty. */
static void stays_within_eighty_columns(void **state)
{
    (void)state;
    struct router_order order = {
        .request = &request, .decided = true, .candidate_count = 4, .quote_count = 4};
    for (unsigned i = 0; i < 4; i++) {
        order.ranked[i] = (uint8_t)i;
        order.slots[i] = quoted((enum provider)i, 80,
                                (struct quote){.total_cents = 99999999,
                                               .eta_minutes = 100000,
                                               .requested = 200,
                                               .found = 150,
                                               .substituted = 50},
                                9999999);
        order.parts[i] = (struct score_parts){.score = 9999.999, .priority = 1000, .price = 100};
    }
    struct text text = {0};
    explain_write(&text, &order, &score_weights_default, PROFILE_AS_DOCUMENTED);
    for (const char *line = strstr(text.bytes, "\n\n"); *line != '\0';
         line += strcspn(line, "\n") + 1) {
        assert_in_range(utf8_count(line, strcspn(line, "\n")), 0, 80);
    }
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_weights_parts_points_and_quotes),
        cmocka_unit_test(says_briefly_what_was_chosen),
        cmocka_unit_test(says_why_nothing_was_routed),
        cmocka_unit_test(stays_within_eighty_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
