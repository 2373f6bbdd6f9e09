/* Goal: a person finds the culprit: the printed form, the caret under it, nothing raw on a
 * terminal. Method: whole outputs, compared as texts a reader can check by eye. */
#include "tests/support.h"

static const char scenario[] = "{\n"
                               "  \"faults\": [\n"
                               "      {\"provider\": \"KROGER\", \"at\": \"10m\"}\n"
                               "  ]\n"
                               "}\n";

static void prints_place_line_caret_and_hint(void **state)
{
    (void)state;
    struct err err;
    const struct place place = {"scenarios/x.json", 3, 20, 8};
    assert_false(err_fail(&err, ERR_INPUT, place, "unknown provider \"%s\" in fault", "KROGER"));
    assert_false(err_hint(&err, "did you mean \"KROGER_API\"?"));
    char *text = test_err_text(&err, scenario, false);
    assert_string_equal(text, "scenarios/x.json:3:20: error: unknown provider \"KROGER\" in fault\n"
                              "    3 |       {\"provider\": \"KROGER\", \"at\": \"10m\"}\n"
                              "      |                    ^~~~~~~~\n"
                              "  hint: did you mean \"KROGER_API\"?\n");
    free(text);
}

struct place_row {
    const char *label;
    struct place place;
    const char *source;
    const char *expected;
};

static void prints_as_much_place_as_is_known(void **state)
{
    (void)state;
    const struct place_row rows[] = {
        {"nowhere", {0}, NULL, "error: m\n"},
        {"a whole file", {.file = "f"}, "x\n", "f: error: m\n"},
        {"a line", {.file = "f", .line = 1}, "x\n", "f:1: error: m\n    1 | x\n"},
        {"no source", {"f", 1, 1, 1}, NULL, "f:1:1: error: m\n"},
        {"no such line", {"f", 9, 1, 1}, "x\n", "f:9:1: error: m\n"},
        {"width 0 is 1", {"f", 1, 2, 0}, "abc", "f:1:2: error: m\n    1 | abc\n      |  ^\n"},
        {"behind the end", {"f", 1, 4, 5}, "abc", "f:1:4: error: m\n    1 | abc\n      |    ^\n"},
        {"cut at the end", {"f", 1, 3, 9}, "abcd", "f:1:3: error: m\n    1 | abcd\n      |   ^~\n"},
        {"empty line", {"f", 1, 1, 1}, "", "f:1:1: error: m\n    1 | \n      | ^\n"},
        {"CR LF", {"f", 2, 1, 2}, "a\r\nbc\r\n", "f:2:1: error: m\n    2 | bc\n      | ^~\n"},
        {"tab", {"f", 1, 2, 2}, "\tab", "f:1:2: error: m\n    1 |     ab\n      |     ^~\n"},
        {"tab under", {"f", 1, 1, 1}, "\tab", "f:1:1: error: m\n    1 |     ab\n      | ^~~~\n"},
        {"two bytes", {"f", 1, 3, 1}, "é:x", "f:1:3: error: m\n    1 | é:x\n      |   ^\n"},
        {"wide", {"f", 1, 2, 1}, "牛x", "f:1:2: error: m\n    1 | 牛x\n      |   ^\n"},
        {"combining",
         {"f", 1, 3, 1},
         "e\u0301x",
         "f:1:3: error: m\n    1 | e\u0301x\n      |  ^\n"},
        {"bad byte", {"f", 1, 2, 1}, "\xFFx", "f:1:2: error: m\n    1 | \\xffx\n      |     ^\n"},
        {"escape", {"f", 1, 2, 1}, "\033x", "f:1:2: error: m\n    1 | \\x1bx\n      |     ^\n"},
        {"direction",
         {"f", 1, 2, 1},
         "\u202Ex",
         "f:1:2: error: m\n    1 | \\u202ex\n      |       ^\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        (void)err_fail(&err, ERR_INPUT, rows[i].place, "m");
        char *text = test_err_text(&err, rows[i].source, false);
        CHECK_ROW_TEXT(rows[i].label, text, rows[i].expected);
        free(text);
    }
}

static void colours_the_word_and_the_caret_only(void **state)
{
    (void)state;
    struct err err;
    (void)err_fail(&err, ERR_INPUT, (struct place){"f", 1, 1, 2}, "m");
    char *text = test_err_text(&err, "ab", true);
    assert_string_equal(text, "f:1:1: \033[1;31merror\033[0m: m\n    1 | ab\n"
                              "      | \033[1;31m^~\033[0m\n");
    free(text);
    err.warning = true;
    text = test_err_text(&err, NULL, true);
    assert_string_equal(text, "f:1:1: \033[1;33mwarning\033[0m: m\n");
    free(text);
}

static void lets_no_control_character_reach_the_terminal(void **state)
{
    (void)state;
    struct err err;
    const struct place place = {.file = "a\033]0;x\a"};
    (void)err_fail(&err, ERR_INPUT, place, "\033[2Jgone\n\x7F\xC2\x9B\xC3 end");
    (void)err_hint(&err, "\r\u2066");
    char *text = test_err_text(&err, NULL, false);
    assert_string_equal(text, "a\\x1b]0;x\\x07: error: \\x1b[2Jgone\\x0a\\x7f\\u009b\\xc3 end\n"
                              "  hint: \\x0d\\u2066\n");
    free(text);
}

/* The caret's line must show the caret's character, wherever on a long line it stands. */
static void cuts_a_long_line_around_the_caret(void **state)
{
    (void)state;
    char source[2001];
    memset(source, '.', 2000);
    source[2000] = '\0';
    for (uint32_t column = 1; column <= 2000; column += 37) {
        struct err err;
        (void)err_fail(&err, ERR_INPUT, (struct place){"f", 1, column, 3}, "m");
        source[column - 1] = 'X';
        char *text = test_err_text(&err, source, false);
        source[column - 1] = '.';
        const char *line = strchr(text, '\n') + 1;
        const char *carets = strchr(line, '\n') + 1;
        assert_true(carets - line < 120);
        assert_int_equal(strchr(line, 'X') - line, strchr(carets, '^') - carets);
        free(text);
    }
}

static void cuts_a_long_message_at_a_character_and_says_so(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 4; lead++) { /* so that the cut meets every byte of a character */
        char long_text[2 * ERR_MESSAGE_MAX + 8] = "";
        memset(long_text, 'a', lead);
        for (size_t i = lead; i + 3 < sizeof long_text; i += 3)
            memcpy(long_text + i, "€", 4);
        struct err err;
        (void)err_fail(&err, ERR_INPUT, (struct place){0}, "%s", long_text);
        const size_t length = strlen(err.message);
        assert_true(length > ERR_MESSAGE_MAX - 8);
        assert_string_equal(err.message + length - 3, "...");
        assert_int_equal((length - 3 - lead) % 3, 0);
    }
    struct err err;
    char exact[ERR_MESSAGE_MAX];
    memset(exact, 'b', sizeof exact - 1);
    exact[sizeof exact - 1] = '\0';
    (void)err_fail(&err, ERR_INPUT, (struct place){0}, "%s", exact);
    assert_string_equal(err.message, exact);
}

static void counts_what_it_cannot_keep_and_says_how_many(void **state)
{
    (void)state;
    static struct err_list list;
    for (int i = 0; i < ERR_LIST_MAX + 3; i++)
        err_add(&list, (struct place){0}, NULL, "e%d", i);
    err_warn(&list, (struct place){0}, "h", "w");
    assert_int_equal(list.count, ERR_LIST_MAX);
    assert_int_equal(list.errors, ERR_LIST_MAX + 3);
    assert_int_equal(list.warnings, 1);
    assert_string_equal(list.items[ERR_LIST_MAX - 1].message, "e19");

    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    err_list_print(stream, &list, NULL, false);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(text, "error: e0\n"));
    assert_non_null(strstr(text, "error: e19\n... and 4 more, not shown\n"));
    free(text);
}

static void keeps_errors_rather_than_warnings(void **state)
{
    (void)state;
    static struct err_list list;
    for (int i = 0; i < ERR_LIST_MAX; i++)
        err_warn(&list, (struct place){0}, NULL, "w%d", i);
    err_add(&list, (struct place){0}, "h", "why it stops");
    err_add(&list, (struct place){0}, NULL, "and why else");
    assert_int_equal(list.count, ERR_LIST_MAX);
    assert_string_equal(list.items[ERR_LIST_MAX - 3].message, "w17");
    assert_string_equal(list.items[ERR_LIST_MAX - 2].message, "why it stops");
    assert_string_equal(list.items[ERR_LIST_MAX - 2].hint, "h");
    assert_string_equal(list.items[ERR_LIST_MAX - 1].message, "and why else");
}

static void shows_another_file_s_line_only_from_its_own_text(void **state)
{
    (void)state;
    struct err err;
    const char *const name = err_keep_name("other.json");
    (void)err_fail(&err, ERR_INPUT, (struct place){name, 1, 1, 1}, "m");
    assert_null(err_source(&err, "this.json", "this\n"));
    err_keep_source(name, "its\n");
    err_keep_source(name, "its own\n"); /* as it was read last */
    assert_string_equal(err_source(&err, "this.json", "this\n"), "its own\n");
    assert_string_equal(err_source(&err, NULL, "this\n"), "its own\n");
    err.place.file = "this.json";
    assert_string_equal(err_source(&err, "this.json", "this\n"), "this\n");
    err.place.file = "a third.json";
    assert_null(err_source(&err, "this.json", "this\n"));
    err_keep_source("a name that is not kept", "lost");
}

static void knows_the_exit_code_of_each_kind(void **state)
{
    (void)state;
    assert_int_equal(err_exit_code(ERR_NONE), 0);
    assert_int_equal(err_exit_code(ERR_USAGE), 2);
    assert_int_equal(err_exit_code(ERR_INPUT), 3);
    assert_int_equal(err_exit_code(ERR_ENVIRONMENT), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_place_line_caret_and_hint),
        cmocka_unit_test(prints_as_much_place_as_is_known),
        cmocka_unit_test(colours_the_word_and_the_caret_only),
        cmocka_unit_test(lets_no_control_character_reach_the_terminal),
        cmocka_unit_test(cuts_a_long_line_around_the_caret),
        cmocka_unit_test(cuts_a_long_message_at_a_character_and_says_so),
        cmocka_unit_test(counts_what_it_cannot_keep_and_says_how_many),
        cmocka_unit_test(keeps_errors_rather_than_warnings),
        cmocka_unit_test(shows_another_file_s_line_only_from_its_own_text),
        cmocka_unit_test(knows_the_exit_code_of_each_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
