/* Goal: report.html stands alone, escapes all it is given, is well formed, and failures to write
 * are told with the path. Method: whole reports of made-up results, with and without gnuplot;
 * folders that cannot be written. */
#include "reports/files.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "tests/reports/fixture.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"

#include <sys/stat.h>

static void (*const fixtures[])(struct result *) = {fixture_hour, fixture_empty, fixture_three,
                                                    fixture_weird};

static struct text page_of(void (*fixture)(struct result *), bool plots, const char *path)
{
    struct result result;
    struct drawing drawing;
    struct err err = {0};
    const struct report_options options = {.plots = plots};
    const struct result_file file = {.path = "a&b.csv", .bytes = 12, .sha256 = "00ff"};
    fixture(&result);
    if (!report_draw(&result, path, &options, &drawing, &err) ||
        !report_write_page(&result, path, &drawing, &file, 1, &err))
        fail_msg("%s", err.message);
    result_release(&result);
    return folder_read(path, "report.html");
}

static void pages_are_whole_and_stand_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++)
        for (int plots = 0; plots < 2; plots++) {
            char path[TEST_PATH_MAX * 4];
            folder_make(path);
            struct text page = page_of(fixtures[i], plots == 1, path);
            page_check_nesting(page.bytes);
            page_check_stands_alone(page.bytes);
            text_release(&page);
            folder_remove(path);
        }
}

static void names_are_escaped_everywhere(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    struct text page = page_of(fixture_weird, true, path);
    assert_null(strstr(page.bytes, "<b>"));
    assert_non_null(strstr(page.bytes, "&lt;b&gt;&amp;"));
    assert_non_null(strstr(page.bytes, "a&amp;b.csv"));
    text_release(&page);
    folder_remove(path);
}

static void every_link_of_the_contents_has_a_target(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    struct text page = page_of(fixture_hour, false, path);
    page_check_ids(page.bytes);
    text_release(&page);
    folder_remove(path);
}

static void the_same_result_gives_the_same_page(void **state)
{
    (void)state;
    char first[TEST_PATH_MAX * 4];
    char second[TEST_PATH_MAX * 4];
    folder_make(first);
    folder_make(second);
    struct text a = page_of(fixture_hour, true, first);
    struct text b = page_of(fixture_hour, true, second);
    assert_string_equal(a.bytes, b.bytes);
    text_release(&a);
    text_release(&b);
    folder_remove(first);
    folder_remove(second);
}

static void what_cannot_be_written_is_named(void **state)
{
    (void)state;
    struct result result;
    struct drawing drawing;
    struct err err = {0};
    const struct report_options options = {.plots = false};
    fixture_three(&result);
    assert_false(report_write_data(&result, "/nowhere/at/all", &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_non_null(strstr(err.message, "/nowhere/at/all/series.csv"));
    err = (struct err){0};
    assert_false(report_draw(&result, "/nowhere/at/all", &options, &drawing, &err));
    assert_non_null(strstr(err.message, "/nowhere/at/all/plots"));
    result_release(&result);
}

static void a_full_disk_is_noticed(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) skip();
    char path[TEST_PATH_MAX * 4];
    char file[TEST_PATH_MAX * 5];
    struct err err = {0};
    struct text text = {0};
    folder_make(path);
    (void)snprintf(file, sizeof file, "%s/full", path);
    assert_int_equal(symlink("/dev/full", file), 0);
    for (int large = 0; large < 2; large++) { /* small texts fail at the close, large ones before */
        text_clear(&text);
        for (int i = 0; i < (large ? 20000 : 2); i++)
            text_put(&text, "twelve bytes");
        err = (struct err){0};
        assert_false(files_write(path, "full", &text, &err));
        assert_non_null(strstr(err.message, "No space left"));
    }
    text_release(&text);
    folder_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_whole_and_stand_alone),
        cmocka_unit_test(names_are_escaped_everywhere),
        cmocka_unit_test(every_link_of_the_contents_has_a_target),
        cmocka_unit_test(the_same_result_gives_the_same_page),
        cmocka_unit_test(what_cannot_be_written_is_named),
        cmocka_unit_test(a_full_disk_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
