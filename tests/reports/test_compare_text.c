/* Goal: a comparison that reads well and breaks nothing it is put into. Method: comparisons made by
 * hand, with every kind of row and with names that want to be markup. */
#include "tests/support.h"

#include <cjson/cJSON.h>

#include "reports/compare_html.h"
#include "reports/compare_text.h"
#include "router/base/utf8.h"

static struct result result = {
    .scenario = "night <b>&|'x", .title = "Night <b>&|'x", .seed_text = "7", .program = "routesim"};

static struct comparison_row row(unsigned scope, enum metric metric, double a, double b,
                                 double reach, enum comparison_verdict verdict)
{
    return (struct comparison_row){.scope = scope,
                                   .metric = metric,
                                   .a = a,
                                   .b = b,
                                   .difference = {.value = b - a,
                                                  .low = b - a - reach,
                                                  .high = b - a + reach,
                                                  .p = 0.01,
                                                  .n = 18034,
                                                  .blocks = 50,
                                                  .method = STATS_BLOCKS},
                                   .p_adjusted = 0.0004,
                                   .verdict = verdict};
}

static void make(struct comparison *comparison)
{
    *comparison = (struct comparison){.a = {.name = "out/a", .result = &result},
                                      .b = {.name = "out/b<script>`", .result = &result},
                                      .alpha = 0.05,
                                      .noise = 0.01,
                                      .orders = 18034,
                                      .routed_both = 17999,
                                      .moved = 1234,
                                      .resamples = 2000};
    const struct comparison_row rows[] = {
        row(SCOPE_ROUTER, METRIC_P95_MS, 1210, 14210.4, 12345, VERDICT_WORSE),
        row(SCOPE_ROUTER, METRIC_CART_CENTS, 1234567, 1034567, 34567, VERDICT_BETTER),
        row(PROVIDER_INSTACART, METRIC_SELECTION_PCT, 0.2, 0.3, 0.0512, VERDICT_CHANGED),
        row(SCOPE_ROUTER, METRIC_SAVINGS_BEST_CENTS, 5, -3.2, 9.5, VERDICT_INCONCLUSIVE),
        row(SCOPE_ROUTER, METRIC_P99_MS, (double)NAN, (double)NAN, 0, VERDICT_INCONCLUSIVE),
        row(SCOPE_ROUTER, METRIC_ERROR_RATE, 0, 0, 0, VERDICT_SAME),
        row(SCOPE_ROUTER, METRIC_ETA_MINUTES, 1442.1, 1402.1, 1.2, VERDICT_BETTER),
    };
    memcpy(comparison->rows, rows, sizeof rows);
    comparison->row_count = sizeof rows / sizeof rows[0];
    comparison->rows[4].needs = 1000;
    comparison->rows[4].difference.method = STATS_NONE;
    comparison->rows[5].difference.method = STATS_EXACT;
    for (uint32_t r = 0; r < comparison->row_count; r++)
        comparison->verdicts[comparison->rows[r].verdict]++;
    for (unsigned from = 0; from <= COMPARE_NOWHERE; from++)
        for (unsigned to = 0; to <= COMPARE_NOWHERE; to++)
            comparison->moves[from][to] = 10000 * from + to;
    comparison_add_setting(comparison,
                           "router.env.LOOPGPT_A_KEY_THAT_IS_MUCH_TOO_LONG_FOR_A_COLUMN",
                           "<img src=x>", "a value | that is too long as well");
}

static void check_lines(const char *bytes, size_t columns)
{
    while (*bytes != '\0') {
        const size_t length = strcspn(bytes, "\n");
        if (utf8_count(bytes, length) > columns) fail_msg("too long: %.*s", (int)length, bytes);
        if (length > 0 && bytes[length - 1] == ' ') fail_msg("blank end: %.*s", (int)length, bytes);
        bytes += length + (bytes[length] == '\n');
    }
}

static void the_console_fits_eighty_columns(void **state)
{
    (void)state;
    struct comparison comparison;
    make(&comparison);
    struct text text = {0};
    const struct compare_style style = {.unicode = true};
    compare_write_console(&text, &comparison, &style);
    assert_false(text.failed);
    check_lines(text.bytes, 80);
    assert_non_null(strstr(text.bytes, "1 worse, 2 better, 1 changed, 2 inconclusive, 1 same\n"));
    assert_non_null(strstr(text.bytes, "+13.00 s  +0.66 to +25.35 s"));
    assert_non_null(strstr(text.bytes, "+10.00 pp  +4.88 to +15.12 pp"));
    assert_non_null(strstr(text.bytes, "n/a (needs \u2265 1,000)"));
    assert_non_null(strstr(text.bytes, "1,234 of 18,034 orders (6.8%) went elsewhere"));
    text_release(&text);
}

static void ascii_stands_in_for_every_sign(void **state)
{
    (void)state;
    struct comparison comparison;
    make(&comparison);
    struct text text = {0};
    const struct compare_style style = {.color = true};
    compare_write_console(&text, &comparison, &style);
    for (size_t i = 0; i < text.length; i++)
        assert_true((unsigned char)text.bytes[i] < 0x80);
    assert_non_null(strstr(text.bytes, "\033[31mWORSE\033[0m"));
    assert_non_null(strstr(text.bytes, "-17.7 to +1.3c"));
    text_release(&text);
}

static void json_holds_every_number_and_nulls(void **state)
{
    (void)state;
    struct comparison comparison;
    make(&comparison);
    struct text text = {0};
    compare_write_json(&text, &comparison);
    cJSON *root = cJSON_Parse(text.bytes);
    assert_non_null(root);
    const cJSON *metrics = cJSON_GetObjectItem(root, "metrics");
    assert_int_equal(cJSON_GetArraySize(metrics), 7);
    const cJSON *first = cJSON_GetArrayItem(metrics, 0);
    assert_string_equal(cJSON_GetObjectItem(first, "metric")->valuestring, "router.p95_ms");
    CHECK_NEAR(cJSON_GetObjectItem(first, "b")->valuedouble, 14210.4, 0.0);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(metrics, 4), "difference")));
    assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(root, "b"), "folder")->valuestring,
                        "out/b<script>`");
    cJSON_Delete(root);
    text_release(&text);
}

static void names_never_become_markup(void **state)
{
    (void)state;
    struct comparison comparison;
    make(&comparison);
    struct text markdown = {0}, html = {0};
    struct err err;
    const struct compare_page page = {.comparison = &comparison, .directory = "/nowhere"};
    compare_write_markdown(&markdown, &comparison);
    assert_true(compare_write_html(&html, &page, &err));
    const char *const forbidden[] = {"<script", "<img", "<b>"};
    for (unsigned i = 0; i < 3; i++) {
        assert_null(strstr(markdown.bytes, forbidden[i]));
        assert_null(strstr(html.bytes, forbidden[i]));
    }
    assert_non_null(strstr(markdown.bytes, "a value \\| that"));
    assert_non_null(strstr(html.bytes, "The plot was switched off."));
    assert_non_null(strstr(html.bytes, "default-src 'none'"));
    assert_null(strstr(html.bytes, "http://"));
    text_release(&markdown);
    text_release(&html);
}

static void headlines_name_the_clearest_difference(void **state)
{
    (void)state;
    struct comparison comparison;
    make(&comparison);
    struct text text = {0};
    compare_write_finding(&text, &comparison);
    assert_string_equal(text.bytes,
                        "Most clearly worse: latency, p95, +13.00 s (1.21 s to 14.2 s).");
    comparison.row_count = 0;
    text_clear(&text);
    memset(comparison.verdicts, 0, sizeof comparison.verdicts);
    compare_write_finding(&text, &comparison);
    assert_string_equal(text.bytes, "No difference.");
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_console_fits_eighty_columns),
        cmocka_unit_test(ascii_stands_in_for_every_sign),
        cmocka_unit_test(json_holds_every_number_and_nulls),
        cmocka_unit_test(names_never_become_markup),
        cmocka_unit_test(headlines_name_the_clearest_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
