/* Goal: what is written of a result can be read back, and nothing gets lost on the way.
 * Method: write, read, write again, compare bytes; then damage the text and see it refused in
 * words. */
#include "reports/report.h"
#include "reports/summary.h"
#include "tests/reports/fixture.h"
#include "tests/reports/folder.h"

static void (*const fixtures[])(struct result *) = {fixture_hour, fixture_empty, fixture_three,
                                                    fixture_weird};

static void there_and_back_gives_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        struct result first;
        struct result second;
        struct text text[4] = {{0}};
        static struct err_list list;
        struct err err = {0};
        list = (struct err_list){0};
        fixtures[i](&first);
        summary_write(&text[0], &first);
        series_csv_write(&text[1], &first);
        assert_true(summary_read(&second, "summary.json", text[0].bytes, text[0].length, &list));
        assert_true(series_csv_read(&second, "series.csv", text[1].bytes, text[1].length, &err));
        summary_write(&text[2], &second);
        series_csv_write(&text[3], &second);
        assert_string_equal(text[0].bytes, text[2].bytes);
        assert_string_equal(text[1].bytes, text[3].bytes);
        assert_int_equal(first.bucket_count, second.bucket_count);
        for (size_t t = 0; t < 4; t++)
            text_release(&text[t]);
        result_release(&first);
        result_release(&second);
    }
}

static void every_state_of_a_value_survives(void **state)
{
    (void)state;
    struct result first;
    struct result second;
    struct text text = {0};
    static struct err_list list;
    fixture_three(&first);
    struct metric_value *values = first.phases[0].values[SCOPE_ROUTER];
    values[METRIC_P50_MS] = (struct metric_value){
        .value = 0.1 + 0.2, .low = 0.1, .high = 1e300, .n = 7, .state = VALUE_KNOWN};
    values[METRIC_P95_MS] = (struct metric_value){
        .value = 10000, .low = 10000, .high = 10000, .n = 9, .state = VALUE_ABOVE};
    values[METRIC_P99_MS] = (struct metric_value){.value = (double)NAN,
                                                  .low = (double)NAN,
                                                  .high = (double)NAN,
                                                  .needs = 1000,
                                                  .n = 3,
                                                  .state = VALUE_TOO_FEW};
    summary_write(&text, &first);
    assert_true(summary_read(&second, "summary.json", text.bytes, text.length, &list));
    const struct metric_value *back = second.phases[0].values[SCOPE_ROUTER];
    assert_true(back[METRIC_P50_MS].value == 0.1 + 0.2);
    assert_true(back[METRIC_P50_MS].low == 0.1 && back[METRIC_P50_MS].high == 1e300);
    assert_int_equal(back[METRIC_P95_MS].state, VALUE_ABOVE);
    assert_int_equal(back[METRIC_P99_MS].state, VALUE_TOO_FEW);
    assert_true(isnan(back[METRIC_P99_MS].value) && back[METRIC_P99_MS].needs == 1000);
    assert_int_equal(second.event_hash, first.event_hash);
    text_release(&text);
    result_release(&first);
    result_release(&second);
}

/* One replacement in a good summary, and what is said about it. */
static const struct {
    const char *label, *from, *to, *says;
} damages[] = {
    {"another schema", "routesim.summary/1", "routesim.summary/9", "not a summary of this version"},
    {"a key is gone", "\"profile\"", "\"profil\"", "\"profile\" is missing"},
    {"a text for a number", "\"replications\": 1", "\"replications\": \"1\"", "whole number"},
    {"a negative count", "\"orders\": 24", "\"orders\": -4", "a count"},
    {"an unknown state", "\"state\": \"known\"", "\"state\": \"sure\"", "\"state\" should be"},
    {"an unknown metric", "\"router.p95_ms\"", "\"router.p96_ms\"", "unknown metric"},
    {"half a hash", "fedcba9876543210", "fedcba98", "hexadecimal"},
    {"not JSON", "\"context\"", "context", ""},
};

static void damage_is_refused_in_words(void **state)
{
    (void)state;
    struct result result;
    struct text text = {0};
    fixture_three(&result);
    summary_write(&text, &result);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        static struct err_list list;
        list = (struct err_list){0};
        const char *at = strstr(text.bytes, damages[i].from);
        CHECK_ROW(damages[i].label, at != NULL);
        struct text damaged = {0};
        text_append(&damaged, text.bytes, (size_t)(at - text.bytes));
        text_put(&damaged, damages[i].to);
        text_put(&damaged, at + strlen(damages[i].from));
        struct result back;
        CHECK_ROW(damages[i].label,
                  !summary_read(&back, "summary.json", damaged.bytes, damaged.length, &list));
        CHECK_ROW(damages[i].label, list.errors > 0 && back.phases == NULL);
        CHECK_ROW(damages[i].label, strstr(list.items[0].message, damages[i].says) != NULL);
        text_release(&damaged);
    }
    text_release(&text);
    result_release(&result);
}

static void a_summary_cut_short_anywhere_is_refused(void **state)
{
    (void)state;
    struct result result;
    struct text text = {0};
    fixture_three(&result);
    summary_write(&text, &result);
    for (size_t length = 0; length + 2 < text.length; length += 97) {
        static struct err_list list;
        list = (struct err_list){0};
        struct result back;
        assert_false(summary_read(&back, "summary.json", text.bytes, length, &list));
        assert_true(list.errors > 0);
    }
    text_release(&text);
    result_release(&result);
}

static void a_damaged_series_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a,b\r\n1,2\r\n", "from_us\r\n"};
    struct result result;
    struct text text = {0};
    fixture_three(&result);
    series_csv_write(&text, &result);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        result.bucket_count = 3;
        CHECK_ROW(bad[i], !series_csv_read(&result, "series.csv", bad[i], strlen(bad[i]), &err));
        CHECK_ROW(bad[i], err.code == ERR_INPUT && result.bucket_count == 0);
    }
    struct err err = {0};
    result.bucket_count = 4; /* the file has three */
    assert_false(series_csv_read(&result, "series.csv", text.bytes, text.length, &err));
    assert_non_null(strstr(err.message, "ends before"));
    err = (struct err){0};
    result.bucket_count = UINT32_MAX; /* no such memory is asked for */
    assert_false(series_csv_read(&result, "series.csv", text.bytes, text.length, &err));
    assert_int_equal(err.code, ERR_INPUT);
    text_release(&text);
    result_release(&result);
}

static void a_folder_is_read_as_it_was_written(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    struct result result;
    struct result back;
    static struct err_list list;
    struct err err = {0};
    folder_make(path);
    fixture_hour(&result);
    assert_true(report_write_data(&result, path, &err));
    assert_true(report_read(&back, path, &list));
    assert_int_equal(back.bucket_count, 3600);
    assert_int_equal(back.buckets[1800].router.orders, result.buckets[1800].router.orders);
    result_release(&back);
    result_release(&result);
    folder_remove(path);
    assert_false(report_read(&back, path, &list));
    assert_non_null(strstr(list.items[0].message, "summary.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back_gives_the_same_bytes),
        cmocka_unit_test(every_state_of_a_value_survives),
        cmocka_unit_test(damage_is_refused_in_words),
        cmocka_unit_test(a_summary_cut_short_anywhere_is_refused),
        cmocka_unit_test(a_damaged_series_is_refused),
        cmocka_unit_test(a_folder_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
