/* Goal: every mistake in a JSON text is found, in words, at the right place; nothing valid is
 * refused; every node knows where it stands. Method: tables; whole printed errors; a generated
 * document whose places are known; cJSON's own answer as a second opinion; a fault sweep; a large
 * input. */
#include <time.h>

#include "router/base/json.h"
#include "router/base/memory.h"
#include "router/base/text.h"
#include "tests/support.h"

static bool read_text(struct json *json, const char *text, struct err_list *list)
{
    *list = (struct err_list){0};
    return json_read(json, "f.json", BYTES_OF(text), list);
}

static void accepts_all_that_json_is_and_comments(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "0",
        "-0",
        "-1.5e+10",
        "1E5",
        "0.00",
        "1e-400",
        "\"\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83E\\udd5b\"",
        "\"caf\u00E9 \U0001F95B \x7F\"",
        "true",
        "[false, null]",
        "[]",
        "{}",
        " [ ] ",
        "\t{ \"a\" : { } , \"\" : [ 1 , 2 ] }\r\n",
        "// first\n1 // last",
        "/* a */ [ /* b */ 1 /***/, /* \" */ 2 ] /* c */",
        "\xEF\xBB\xBF{\"a\": 1}",
        "\"// no comment\"",
        "\"/* nor this */\"",
        "[1]//",
        "// caf\u00E9\n[1]",
        "123456789012345678901234567890123456789012345678901234567890123",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json json;
        struct err_list list;
        const bool read = read_text(&json, rows[i], &list);
        if (!read) err_list_print(stderr, &list, json.source, false);
        CHECK_ROW(rows[i], read);
        CHECK_ROW(rows[i], list.errors == 0 && json.root != NULL);
        json_release(&json);
    }
}

struct bad_row {
    const char *text;
    uint32_t line;
    uint32_t column;
    uint32_t width;
    const char *message; /* part of it */
    const char *hint;    /* part of it; "": there is none */
};

static void refuses_what_json_is_not_and_points_at_it(void **state)
{
    (void)state;
    static const struct bad_row rows[] = {
        {"", 1, 1, 1, "only an empty text", ""},
        {" // nothing", 1, 12, 1, "only an empty text", ""},
        {"[1,\n]", 1, 3, 1, "trailing comma", "remove it"},
        {"{\"a\": 1, /* c */ }", 1, 8, 1, "trailing comma", "remove it"},
        {"[1 2]", 1, 4, 1, "\",\" or \"]\"", ""},
        {"[\"a\" \"b\"]", 1, 6, 1, "\",\" or \"]\"", "comma missing"},
        {"{\"a\": 1 \"b\": 2}", 1, 9, 1, "\",\" or \"}\"", "comma missing"},
        {"[1}", 1, 3, 1, "\",\" or \"]\"", ""},
        {"[,1]", 1, 2, 1, "not \",\"", ""},
        {"[1,,2]", 1, 4, 1, "not \",\"", ""},
        {"/* open", 1, 1, 2, "never closed", "*/"},
        {"[1 /*/", 1, 4, 2, "never closed", "*/"},
        {"[1", 1, 1, 1, "\"[\" is never closed", "line 1"},
        {"\n {\"a\": [1, 2]\n", 2, 2, 1, "\"{\" is never closed", "line 3"},
        {"[", 1, 1, 1, "\"[\" is never closed", "line 1"},
        {"{\"a\":1,", 1, 1, 1, "\"{\" is never closed", "line 1"},
        {"{\"a\"", 1, 5, 1, "\":\" should stand", ""},
        {"{\"a\" = 1}", 1, 6, 1, "\":\" should stand", "instead of ="},
        {"{\"a\":", 1, 6, 1, "ends where a value", ""},
        {"{\"a\": }", 1, 7, 1, "not \"}\"", ""},
        {"{a: 1}", 1, 2, 1, "keys take double quotes", "write \"a\""},
        {"{timeout_ms: 1}", 1, 2, 10, "keys take double quotes", "write \"timeout_ms\""},
        {"{'a': 1}", 1, 2, 1, "keys take double quotes", ""},
        {"{1: 1}", 1, 2, 1, "keys take double quotes", "write \"1\""},
        {"{[1]: 1}", 1, 2, 1, "a key in double quotes", ""},
        {"'a'", 1, 1, 1, "double quotes", "instead of '"},
        {"[NaN]", 1, 2, 3, "\"NaN\"", "finite"},
        {"[-Infinity]", 1, 2, 9, "minus sign", ""},
        {"Infinity", 1, 1, 8, "\"Infinity\"", "finite"},
        {"True", 1, 1, 4, "\"True\"", "write true"},
        {"None", 1, 1, 4, "\"None\"", "null"},
        {"truest", 1, 1, 6, "\"truest\"", "double quotes"},
        {"KROGER_API", 1, 1, 10, "\"KROGER_API\"", "double quotes"},
        {"[+1]", 1, 2, 1, "\"+\"", "plus"},
        {"[.5]", 1, 2, 1, "\".\"", "0.5"},
        {"[5.]", 1, 2, 2, "decimal point", ""},
        {"[01]", 1, 2, 2, "zero", ""},
        {"[-]", 1, 2, 1, "minus sign", ""},
        {"[1e]", 1, 2, 2, "exponent", ""},
        {"[0x10]", 1, 2, 4, "starts like a number", "unit"},
        {"[10s]", 1, 2, 3, "starts like a number", "\"10s\""},
        {"[1.2.3]", 1, 2, 5, "starts like a number", "double quotes"},
        {"1e999", 1, 1, 5, "too large", ""},
        {"-1e999", 1, 1, 6, "too large", ""},
        {"1234567890123456789012345678901234567890123456789012345678901234", 1, 1, 64,
         "63 characters", ""},
        {"\"a", 1, 1, 2, "not closed", "same line"},
        {"[\"a\nb\"]", 1, 2, 2, "not closed", "same line"},
        {"\"a\tb\"", 1, 3, 1, "control character (0x09)", "\\u0009"},
        {"\"\\x\"", 1, 2, 2, "backslash", "escapes are"},
        {"\"\\", 1, 2, 2, "backslash", "escapes are"},
        {"\"\\u12g4\"", 1, 2, 2, "four hexadecimal", "escapes are"},
        {"\"\\u0000\"", 1, 2, 6, "\\u0000", "escapes are"},
        {"\"\\ud800x\"", 1, 2, 6, "first half", "escapes are"},
        {"\"\\ud800\\u0041\"", 1, 2, 6, "first half", "escapes are"},
        {"\"\\ud800\\udbff\"", 1, 2, 6, "first half", "escapes are"},
        {"\"\\ud800\\ue000\"", 1, 2, 6, "first half", "escapes are"},
        {"\"\\udc00\"", 1, 2, 6, "second half", "escapes are"},
        {"[\"\u00E9\xC3(\"]", 1, 4, 1, "(0xc3) is not UTF-8", "UTF-8"},
        {"\"\xC0\x80\"", 1, 2, 1, "(0xc0)", "UTF-8"},
        {"\"\xED\xA0\x80\"", 1, 2, 1, "(0xed)", "UTF-8"},
        {"\"\xF4\x90\x80\x80\"", 1, 2, 1, "(0xf4)", "UTF-8"},
        {"// \xFF\n1", 1, 4, 1, "(0xff)", "UTF-8"},
        {"1 1", 1, 3, 1, "after the end", ""},
        {"{}\n]", 2, 1, 1, "after the end", ""},
        {"\u00A01", 1, 1, 1, "a value should stand here", ""},
        {"[1] \xEF\xBB\xBF", 1, 5, 1, "after the end", ""},
        {"/ 1", 1, 1, 1, "not \"/\"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json json;
        struct err_list list;
        CHECK_ROW(rows[i].text, !read_text(&json, rows[i].text, &list));
        CHECK_ROW(rows[i].text, list.errors == 1 && list.count == 1 && json.root == NULL);
        const struct err *err = &list.items[0];
        CHECK_ROW(rows[i].text, err->code == ERR_INPUT);
        CHECK_ROW_TEXT(rows[i].text, err->place.file, "f.json");
        CHECK_ROW(rows[i].text, err->place.line == rows[i].line);
        CHECK_ROW(rows[i].text, err->place.column == rows[i].column);
        CHECK_ROW(rows[i].text, err->place.width == rows[i].width);
        if (strstr(err->message, rows[i].message) == NULL) {
            CHECK_ROW_TEXT(rows[i].text, err->message, rows[i].message);
        }
        CHECK_ROW(err->hint, strstr(err->hint, rows[i].hint) != NULL);
        CHECK_ROW(err->hint, (*rows[i].hint == '\0') == (err->hint[0] == '\0'));
        json_release(&json);
    }
}

static void refuses_a_nul_wherever_it_stands(void **state)
{
    (void)state;
    static const char text[] = "/**/ { \"a\" : [ 1 , true ] } //";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char bytes[sizeof text];
        memcpy(bytes, text, sizeof text);
        bytes[at] = '\0';
        struct json json;
        struct err_list list = {0};
        assert_false(json_read(&json, "f", bytes, sizeof text - 1, &list));
        assert_int_equal(list.errors, 1);
        json_release(&json);
    }
}

static void limits_how_deep_brackets_go(void **state)
{
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 3] = "";
    struct json json;
    struct err_list list;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_true(read_text(&json, text, &list));
    assert_int_equal(json.span_count, JSON_DEPTH_MAX);
    json_release(&json);

    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_false(read_text(&json, text, &list));
    assert_int_equal(list.items[0].place.column, JSON_DEPTH_MAX + 1);
    assert_non_null(strstr(list.items[0].message, "more than 64"));
    json_release(&json);
}

static const cJSON *member(const cJSON *object, const char *key)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);
    assert_non_null(found);
    return found;
}

static void check_place(struct place place, uint32_t line, uint32_t column, uint32_t width)
{
    assert_string_equal(place.file, "f.json");
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
    assert_int_equal(place.width, width);
}

static void knows_where_keys_and_values_stand(void **state)
{
    (void)state;
    struct json json;
    struct err_list list;
    assert_true(read_text(&json,
                          "\xEF\xBB\xBF{ // caf\u00E9\n"
                          "  \"caf\u00E9\": /* \u20AC */ \"\U0001F95B\", \"n\": -12.5,\r\n"
                          "\t\"list\": [true, {\"deep\": null}, []]\n"
                          "}",
                          &list));
    check_place(json_place(&json, json.root), 1, 1, 1);
    check_place(json_key_place(&json, json.root), 1, 1, 1);
    const cJSON *text = member(json.root, "caf\u00E9");
    check_place(json_key_place(&json, text), 2, 3, 6);
    check_place(json_place(&json, text), 2, 19, 3);
    const cJSON *number = member(json.root, "n");
    check_place(json_key_place(&json, number), 2, 24, 3);
    check_place(json_place(&json, number), 2, 29, 5);
    CHECK_NEAR(number->valuedouble, -12.5, 0);
    const cJSON *items = member(json.root, "list");
    check_place(json_place(&json, items), 3, 10, 1);
    check_place(json_place(&json, cJSON_GetArrayItem(items, 0)), 3, 11, 4);
    const cJSON *deep = member(cJSON_GetArrayItem(items, 1), "deep");
    check_place(json_key_place(&json, deep), 3, 18, 6);
    check_place(json_place(&json, deep), 3, 26, 4);
    check_place(json_place(&json, cJSON_GetArrayItem(items, 2)), 3, 33, 1);
    assert_true(strncmp(json.source, "{ // caf", 8) == 0);
    json_release(&json);
}

/* Writes a random document, one value a line, each value the number of its own line where it can
 * be: then every node's place can be checked against what it holds. */
static void write_random_value(struct text *text, uint64_t seed, uint64_t *step, uint32_t *line,
                               int depth)
{
    const uint64_t bits = test_bits(seed, (*step)++);
    const unsigned kind = depth > 6 ? 0 : (unsigned)(bits % 4);
    if (kind < 2) {
        text_int(text, *line);
        return;
    }
    const uint32_t members = random_below(test_bits(seed, (*step)++), 5);
    text_put(text, kind == 2 ? "[" : "{");
    for (uint32_t i = 0; i < members; i++) {
        text_put(text, i == 0 ? "\n" : " /* , */,\n");
        *line += 1;
        if (kind == 3) text_format(text, "\"k%u\":", (unsigned)*line);
        write_random_value(text, seed, step, line, depth + 1);
    }
    text_put(text, kind == 2 ? "]" : "}");
}

static void check_lines(const struct json *json, const cJSON *node)
{
    const struct place place = json_place(json, node);
    if (cJSON_IsNumber(node)) CHECK_NEAR(node->valuedouble, place.line, 0);
    if (node->string != NULL) {
        assert_int_equal(strtol(node->string + 1, NULL, 10), place.line);
        check_place(json_key_place(json, node), place.line, 1, (uint32_t)strlen(node->string) + 2);
    }
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        check_lines(json, child);
    }
}

static void ties_every_node_of_random_documents_to_its_line(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct text text = {0};
        uint64_t step = 0;
        uint32_t line = 1;
        write_random_value(&text, seed, &step, &line, 0);
        struct json json;
        struct err_list list;
        assert_true(read_text(&json, text.bytes, &list));
        assert_int_equal(list.errors, 0);
        check_lines(&json, json.root);
        json_release(&json);
        text_release(&text);
    }
}

/* Every prefix and every one-byte damage of a document: what we accept, cJSON must accept too. */
static void accepts_nothing_that_cjson_refuses(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1.5e3,true,\"x\\u00e9\\n\"],\"b\":{\"c\":null}}";
    static const char damage[] = "\"\\{}[],:01.-eE+tn/* \t\n\x80\x01'";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (size_t d = 0; d < sizeof damage; d++) {
            char bytes[sizeof text];
            memcpy(bytes, text, sizeof text);
            bytes[at] = damage[d]; /* the last is the NUL, which makes prefixes */
            struct json json;
            struct err_list list;
            const bool ours = read_text(&json, bytes, &list);
            assert_int_equal(ours, list.count == 0 || json.root != NULL);
            if (strstr(bytes, "/*") == NULL && strstr(bytes, "//") == NULL) {
                cJSON *theirs = cJSON_ParseWithOpts(bytes, NULL, 1);
                CHECK_ROW(bytes, !ours || theirs != NULL);
                cJSON_Delete(theirs);
            }
            json_release(&json);
        }
    }
}

static void reports_duplicate_keys_and_goes_on(void **state)
{
    (void)state;
    struct json json;
    struct err_list list;
    assert_true(read_text(&json,
                          "{\"a\": 1,\n"
                          " \"b\": {\"x\": 1, \"\\u0078\": 2},\n"
                          " \"a\": 3, \"A\": 4,\n"
                          " \"a\": 5}",
                          &list));
    assert_int_equal(list.errors, 3);
    check_place(list.items[0].place, 3, 2, 3);
    assert_string_equal(list.items[0].message, "the key \"a\" stands here a second time");
    assert_string_equal(list.items[0].hint, "the first one is in line 1; keep one of them");
    check_place(list.items[1].place, 4, 2, 3);
    check_place(list.items[2].place, 2, 16, 8);
    CHECK_NEAR(member(json.root, "a")->valuedouble, 1, 0);
    json_release(&json);
}

/* Every key comes twice, so that one which had to step aside in the table is looked for as well. */
static void finds_duplicates_among_many_keys(void **state)
{
    (void)state;
    enum { KEYS = 50000 };
    struct text text = {0};
    text_char(&text, '{');
    for (int i = 0; i < 2 * KEYS; i++)
        text_format(&text, "\"key%d\":%d,\n", i % KEYS, i);
    text_put(&text, "\"last\":0}");
    struct json json;
    struct err_list list;
    assert_true(read_text(&json, text.bytes, &list));
    assert_int_equal(list.errors, KEYS);
    check_place(list.items[0].place, KEYS + 1, 1, 6);
    check_place(list.items[7].place, KEYS + 8, 1, 6);
    json_release(&json);
    text_release(&text);
}

static double seconds_to_read(size_t values)
{
    struct text text = {0};
    text_char(&text, '[');
    for (size_t i = 0; i < values; i++)
        text_put(&text, "{\"a\":1,\"b\":[\"x\",2.5]},");
    text_put(&text, "0]");
    struct json json;
    struct err_list list;
    const clock_t start = clock();
    assert_true(read_text(&json, text.bytes, &list));
    const clock_t end = clock();
    json_release(&json);
    text_release(&text);
    return (double)(end - start) / CLOCKS_PER_SEC;
}

/* Eight times the input took a quadratic reader 64 times as long; the bound leaves room for noise.
 */
static void takes_time_in_proportion_to_the_text(void **state)
{
    (void)state;
    const double small = seconds_to_read(20000);
    const double large = seconds_to_read(160000);
    assert_true(large < 24 * small + 0.5);
}

static void ends_cleanly_whichever_allocation_fails(void **state)
{
    (void)state;
    struct text text = {0};
    text_char(&text, '{');
    for (int i = 0; i < 200; i++)
        text_format(&text, "\"key%d\":[%d],", i, i);
    text_put(&text, "\"end\":0}");
    bool read = false;
    uint32_t countdown = 1;
    for (; !read; countdown++) {
        struct json json;
        struct err_list list = {0};
        memory_fail_after(countdown);
        read = json_read(&json, "f.json", text.bytes, text.length, &list);
        memory_fail_after(0);
        assert_int_equal(list.errors, read ? 0 : 1);
        if (!read) assert_int_equal(list.items[0].code, ERR_ENVIRONMENT);
        json_release(&json);
    }
    assert_true(countdown > 5);
    text_release(&text);
}

static void tells_whole_numbers(void **state)
{
    (void)state;
    struct json json;
    struct err_list list;
    assert_true(
        read_text(&json, "[0, -3, 1.0, 9007199254740992, 1.5, 9007199254740994, \"1\"]", &list));
    const int64_t expected[] = {0, -3, 1, INT64_C(9007199254740992)};
    for (int i = 0; i < 7; i++) {
        int64_t value = 42;
        assert_int_equal(json_whole(cJSON_GetArrayItem(json.root, i), &value), i < 4);
        assert_true(value == (i < 4 ? expected[i] : 42));
    }
    json_release(&json);
}

static void loads_files_up_to_a_limit(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    struct text text = {0};
    for (int i = 0; i < 30000; i++)
        text_put(&text, "0123456789");
    test_write_file(text.bytes, text.length, path);

    struct err err;
    size_t length = 0;
    char *bytes = json_load(path, text.length, &length, &err);
    assert_non_null(bytes);
    assert_int_equal(length, text.length);
    assert_string_equal(bytes, text.bytes);
    free(bytes);

    assert_null(json_load(path, text.length - 1, &length, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.message, "299999"));
    for (uint32_t countdown = 1; countdown <= 3; countdown++) {
        memory_fail_after(countdown);
        assert_null(json_load(path, text.length, &length, &err));
        memory_fail_after(0);
        assert_int_equal(err.code, ERR_ENVIRONMENT);
    }
    assert_int_equal(unlink(path), 0);
    assert_null(json_load(path, 10, &length, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_null(json_load("/", 10, &length, &err));
    assert_int_equal(err.code, ERR_INPUT);
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_all_that_json_is_and_comments),
        cmocka_unit_test(refuses_what_json_is_not_and_points_at_it),
        cmocka_unit_test(refuses_a_nul_wherever_it_stands),
        cmocka_unit_test(limits_how_deep_brackets_go),
        cmocka_unit_test(knows_where_keys_and_values_stand),
        cmocka_unit_test(ties_every_node_of_random_documents_to_its_line),
        cmocka_unit_test(accepts_nothing_that_cjson_refuses),
        cmocka_unit_test(reports_duplicate_keys_and_goes_on),
        cmocka_unit_test(finds_duplicates_among_many_keys),
        cmocka_unit_test(takes_time_in_proportion_to_the_text),
        cmocka_unit_test(ends_cleanly_whichever_allocation_fails),
        cmocka_unit_test(tells_whole_numbers),
        cmocka_unit_test(loads_files_up_to_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
