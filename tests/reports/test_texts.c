/* Goal: console, Markdown, JUnit and CSV say what the result says, and no name becomes markup.
 * Method: golden texts of three made-up results; then properties of the one with weird names. */
#include <stdbool.h>

#include "reports/exports.h"
#include "reports/show.h"
#include "reports/terminal.h"
#include "router/base/utf8.h"
#include "tests/reports/fixture.h"
#include "tests/reports/folder.h"

static struct text console_of(void (*fixture)(struct result *), struct terminal_style style)
{
    struct result result;
    struct text text = {0};
    fixture(&result);
    terminal_write(&text, &result, &style);
    result_release(&result);
    return text;
}

static void console_reads_like_this(void **state)
{
    (void)state;
    static const struct {
        const char *golden;
        void (*fixture)(struct result *);
        struct terminal_style style;
    } rows[] = {
        {"console-hour.txt",
         fixture_hour,
         {.unicode = true,
          .histogram = true,
          .wall_seconds = 4.1,
          .report_path = "out/report.html"}},
        {"console-ascii.txt",
         fixture_hour,
         {.wall_seconds = 4.1, .report_path = "out/report.html"}},
        {"console-color.txt", fixture_three, {.unicode = true, .color = true, .wall_seconds = -1}},
        {"console-empty.txt", fixture_empty, {.unicode = true, .wall_seconds = -1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = console_of(rows[i].fixture, rows[i].style);
        check_golden(rows[i].golden, &text);
        text_release(&text);
    }
}

static void console_keeps_to_eighty_columns(void **state)
{
    (void)state;
    void (*const all[])(struct result *) = {fixture_hour, fixture_three, fixture_empty};
    for (size_t i = 0; i < 3; i++)
        for (int unicode = 0; unicode < 2; unicode++) {
            struct text text = console_of(all[i], (struct terminal_style){.unicode = unicode == 1,
                                                                          .histogram = true,
                                                                          .wall_seconds = 4});
            for (char *line = strtok(text.bytes, "\n"); line != NULL; line = strtok(NULL, "\n"))
                CHECK_ROW(line, utf8_count(line, strlen(line)) <= 80);
            text_release(&text);
        }
}

static void ascii_console_is_ascii_and_no_escape_gets_through(void **state)
{
    (void)state;
    struct result result;
    struct text text = {0};
    fixture_weird(&result);
    result.checks[0].name = "\033[31mred\a\r\n\xff";
    result.scenario = "\033]0;title\a";
    terminal_write(&text, &result, &(struct terminal_style){.wall_seconds = -1});
    for (size_t i = 0; i < text.length; i++)
        assert_true(text.bytes[i] == '\n' || (text.bytes[i] >= ' ' && text.bytes[i] < 0x7f));
    text_release(&text);
    result_release(&result);
}

static void colour_is_on_verdict_words_alone(void **state)
{
    (void)state;
    struct text text =
        console_of(fixture_hour, (struct terminal_style){.unicode = true, .color = true});
    for (const char *at = text.bytes; (at = strstr(at, "\033[3")) != NULL; at++) {
        const char *word = strchr(at, 'm') + 1;
        const size_t length = strcspn(word, "\033");
        char shown[32] = "";
        assert_true(length < sizeof shown);
        memcpy(shown, word, length);
        CHECK_ROW(shown, strcmp(shown, "\u2713") == 0 || strcmp(shown, "\u2717") == 0 ||
                             strcmp(shown, "?") == 0 || strcmp(shown, "failed") == 0 ||
                             strcmp(shown, "undecided") == 0);
    }
    text_release(&text);
}

static void markdown_and_junit_read_like_this(void **state)
{
    (void)state;
    static const struct {
        const char *golden;
        void (*fixture)(struct result *);
        void (*write)(struct text *, const struct result *);
    } rows[] = {
        {"hour.md", fixture_hour, markdown_write},
        {"weird.md", fixture_weird, markdown_write},
        {"empty.md", fixture_empty, markdown_write},
        {"hour.xml", fixture_hour, junit_write},
        {"weird.xml", fixture_weird, junit_write},
        {"empty.xml", fixture_empty, junit_write},
        {"three.csv", fixture_three, metrics_csv_write},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result result;
        struct text text = {0};
        rows[i].fixture(&result);
        rows[i].write(&text, &result);
        check_golden(rows[i].golden, &text);
        text_release(&text);
        result_release(&result);
    }
}

static void markdown_stays_small_with_many_checks(void **state)
{
    (void)state;
    enum { CHECKS = 5000 };
    struct result result;
    struct text text = {0};
    fixture_weird(&result);
    static char name[4000];
    memset(name, '<', sizeof name - 1);
    struct result_check *checks = arena_push(&result.arena, struct result_check, CHECKS);
    assert_non_null(checks);
    for (size_t i = 0; i < CHECKS; i++) {
        checks[i] = result.checks[4]; /* one that failed */
        checks[i].name = checks[i].file = checks[i].limit_text = name;
    }
    result.checks = checks;
    result.check_count = CHECKS;
    markdown_write(&text, &result);
    assert_true(text.length < MARKDOWN_BYTES_MAX);
    assert_non_null(strstr(text.bytes, " more checks stand in report.html"));
    text_release(&text);
    result_release(&result);
}

/* What was measured does not come out the same again. */
static void a_run_in_real_time_is_not_said_to_repeat(void **state)
{
    (void)state;
    for (int real = 0; real < 2; real++) {
        struct result result;
        struct text text = {0};
        fixture_hour(&result);
        result.clock = real ? "real" : "virtual";
        markdown_write(&text, &result);
        assert_int_equal(strstr(text.bytes, "The same run again") == NULL, real);
        text_release(&text);
        result_release(&result);
    }
}

static void numbers_are_shown_honestly(void **state)
{
    (void)state;
    static const struct {
        enum metric_unit unit;
        double value;
        const char *shown;
    } rows[] = {
        {UNIT_MS, 0.4, "0.4 ms"},          {UNIT_MS, 42, "42 ms"},
        {UNIT_MS, 620, "0.62 s"},          {UNIT_MS, 10000, "10.0 s"},
        {UNIT_MS, 123456, "123 s"},        {UNIT_SHARE, 0, "0%"},
        {UNIT_SHARE, 1, "100%"},           {UNIT_SHARE, 0.9999, ">99.9%"},
        {UNIT_SHARE, 0.0001, "<0.1%"},     {UNIT_SHARE, 0.807, "80.7%"},
        {UNIT_CENTS, 13482.17, "$134.82"}, {UNIT_CENTS, -212.4, "\u2212$2.12"},
        {UNIT_CENTS, 0.304, "0.30\u00a2"}, {UNIT_CENTS, 123456789, "$1,234,568"},
        {UNIT_CENTS, 199.6, "$2.00"},      {UNIT_COUNT, 28800, "28,800"},
        {UNIT_COUNT, 3.871, "3.87"},       {UNIT_MINUTES, 35, "35 min"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        show_number(&text, rows[i].unit, rows[i].value);
        CHECK_ROW_TEXT(rows[i].shown, text.bytes, rows[i].shown);
        text_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(console_reads_like_this),
        cmocka_unit_test(console_keeps_to_eighty_columns),
        cmocka_unit_test(ascii_console_is_ascii_and_no_escape_gets_through),
        cmocka_unit_test(colour_is_on_verdict_words_alone),
        cmocka_unit_test(markdown_and_junit_read_like_this),
        cmocka_unit_test(markdown_stays_small_with_many_checks),
        cmocka_unit_test(a_run_in_real_time_is_not_said_to_repeat),
        cmocka_unit_test(numbers_are_shown_honestly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
