/* What is handed to cJSON of what somebody else wrote, and what is not. */
#include "providers/foreign_json.h"

#include "router/base/json.h"
#include "router/base/text.h"
#include "tests/support.h"

static bool is_taken(const char *bytes, size_t length)
{
    /* In memory of exactly its size, so that the sanitizers see what is read beyond. */
    char *const copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    cJSON *const root = foreign_json_parse(copy, length);
    const bool taken = root != NULL;
    cJSON_Delete(root);
    free(copy);
    return taken;
}

static void json_is_taken_and_nothing_but_blanks_may_follow(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool taken;
    } rows[] = {{"{\"a\":[1,2,{\"b\":null}]}", true},
                {"7", true},
                {"-1.5e3", true},
                {"\"\"", true},
                {"  [ ] \r\n\t ", true},
                {"", false},
                {" ", false},
                {"{}x", false},
                {"{} {}", false},
                {"{}\v", false},
                {"{\"a\":1", false},
                {"\"a", false},
                {"\"a\\", false},
                {"\"\\u0000", false},
                {"]", false},
                {"nul", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].text, is_taken(BYTES_OF(rows[i].text)) == rows[i].taken);
    assert_null(foreign_json_parse(NULL, 0));
}

static void a_nul_is_refused_bare_and_escaped(void **state)
{
    (void)state;
    assert_false(is_taken("[\"a\0b\"]", 7));
    assert_false(is_taken("[]\0", 3));
    assert_false(is_taken(BYTES_OF("[\"a\\u0000b\"]")));
    assert_false(is_taken(BYTES_OF("{\"a\\u0000b\":1}")));
    assert_true(is_taken(BYTES_OF("[\"a\\\\u0000b\"]"))); /* a backslash, and then text */
    assert_true(is_taken(BYTES_OF("[\"a\\u0001b\"]")));
}

static void nesting_ends_at_its_limit(void **state)
{
    (void)state;
    static const unsigned depths[] = {JSON_DEPTH_MAX - 1, JSON_DEPTH_MAX, JSON_DEPTH_MAX + 1,
                                      100000};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        struct text text = {0};
        for (unsigned n = 0; n < depths[i]; n++)
            text_put(&text, n % 2 == 0 ? "[" : "{\"a\":");
        text_put(&text, "0");
        for (unsigned n = depths[i]; n > 0; n--)
            text_put(&text, n % 2 == 1 ? "]" : "}");
        assert_true(is_taken(text.bytes, text.length) == (depths[i] <= JSON_DEPTH_MAX));
        text_release(&text);
    }
    /* What stands in a text nests nothing, and what was closed is nested no more. */
    struct text text = {0};
    text_put(&text, "[\"");
    for (unsigned n = 0; n < 100; n++)
        text_put(&text, "[{\\\"\\\\");
    text_put(&text, "\"");
    for (unsigned n = 0; n < 100; n++)
        text_put(&text, ",[{}]");
    text_put(&text, "]");
    assert_true(is_taken(text.bytes, text.length));
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_taken_and_nothing_but_blanks_may_follow),
        cmocka_unit_test(a_nul_is_refused_bare_and_escaped),
        cmocka_unit_test(nesting_ends_at_its_limit),
    };
    return cmocka_run_group_tests_name("providers/foreign_json", tests, NULL, NULL);
}
