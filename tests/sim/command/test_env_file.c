/* Goal: an env file is read as its writer meant it, or refused at the right place; secrets stay
 * secret.
 *
 * Method: rows of one file each, with the pair or the message that has to come out; files with
 * modes. */
#include "tests/support.h"

#include <sys/stat.h>

#include "sim/command/env_file.h"

static struct env env;

static bool parse(const char *bytes, struct err_list *list)
{
    struct place secret;
    env.count = 0;
    *list = (struct err_list){.count = 0};
    return env_file_parse("t.env", BYTES_OF(bytes), &env, &secret, list);
}

static void reads_values_in_every_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *file, *value; /* of KEY */
    } rows[] = {
        {"KEY=plain", "plain"},
        {"KEY=plain\r\n", "plain"},
        {"\n\n  # comment\nKEY=x\n", "x"},
        {"export KEY=x", "x"},
        {"  export\t KEY=x", "x"},
        {"KEY=two words  ", "two words"},
        {"KEY=x # comment", "x"},
        {"KEY=x#y", "x#y"},
        {"KEY=#nothing", ""},
        {"KEY=", ""},
        {"KEY=\"\"", ""},
        {"KEY=\"a # b\" # c", "a # b"},
        {"KEY=\"say \\\"hi\\\" \\\\ \\n\"", "say \"hi\" \\ \n"},
        {"KEY='no \\n escapes'", "no \\n escapes"},
        {"KEY=$HOME", "$HOME"},
        {"KEY=a=b", "a=b"},
        {"KEY=1\nKEY=2", "2"},
        {"KEY=\xC3\xA4", "\xC3\xA4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list list;
        CHECK_ROW(rows[i].file, parse(rows[i].file, &list));
        CHECK_ROW(rows[i].file, list.errors == 0 && env_get(&env, "KEY") != NULL);
        CHECK_ROW_TEXT(rows[i].file, env_get(&env, "KEY"), rows[i].value);
    }
}

static void refuses_a_bad_line_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        uint32_t line, column;
        const char *message;
    } rows[] = {
        {"A=1\nnonsense\n", 2, 9, "an equals sign is expected here"},
        {"A=1\n\nB = 2\n", 3, 2, "an equals sign is expected here"},
        {"=1", 1, 1, "a key is expected here"},
        {"1A=1", 1, 1, "a key is expected here"},
        {"A=\"open", 1, 3, "this quote is not closed on its line"},
        {"A=\"x\\\"", 1, 3, "this quote is not closed on its line"},
        {"A='x' y", 1, 7, "there is text after the closing quote"},
        {"\xC3\xA4=1", 1, 1, "a key is expected here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list list;
        CHECK_ROW(rows[i].file, !parse(rows[i].file, &list));
        CHECK_ROW(rows[i].file, list.errors == 1);
        CHECK_ROW_TEXT(rows[i].file, list.items[0].message, rows[i].message);
        CHECK_ROW(rows[i].file, list.items[0].place.line == rows[i].line);
        CHECK_ROW(rows[i].file, list.items[0].place.column == rows[i].column);
    }
}

static void refuses_a_nul_byte_and_a_value_that_is_too_long(void **state)
{
    (void)state;
    struct err_list list = {0};
    struct place secret;
    env.count = 0;
    assert_false(env_file_parse("t.env", "A=x\0y\nB=1\n", 10, &env, &secret, &list));
    assert_int_equal(list.items[0].place.line, 1);
    assert_string_equal(env_get(&env, "B"), "1"); /* reading goes on */

    char longest[ENV_VALUE_MAX + 8] = "A=";
    memset(longest + 2, 'x', ENV_VALUE_MAX - 1);
    assert_true(parse(longest, &list));
    longest[2 + ENV_VALUE_MAX - 1] = 'x';
    assert_false(parse(longest, &list));
    assert_string_equal(list.items[0].message, "the value has more than 511 bytes");
}

static void reports_every_bad_line_and_warns_of_a_key_given_twice(void **state)
{
    (void)state;
    struct err_list list;
    assert_false(parse("?\nA=1\n?\nA=2\n?", &list));
    assert_int_equal(list.errors, 3);
    assert_int_equal(list.warnings, 1);
    assert_string_equal(env_get(&env, "A"), "2");
}

static bool read_with_mode(const char *bytes, mode_t mode, struct err_list *list)
{
    char path[TEST_PATH_MAX];
    test_write_file(BYTES_OF(bytes), path);
    assert_int_equal(chmod(path, mode), 0);
    env.count = 0;
    *list = (struct err_list){.count = 0};
    const bool good = env_file_read(path, &env, list);
    assert_int_equal(unlink(path), 0);
    return good;
}

static void keeps_a_file_with_secrets_to_its_owner(void **state)
{
    (void)state;
    static const char secret[] = "A=1\nKROGER_CLIENT_SECRET=canary-7f3a\n";
    struct err_list list;
    assert_true(read_with_mode(secret, 0600, &list));
    assert_string_equal(env_get(&env, "KROGER_CLIENT_SECRET"), "canary-7f3a");
    static const mode_t open_modes[] = {0640, 0604, 0660, 0644, 0620};
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        assert_false(read_with_mode(secret, open_modes[i], &list));
        assert_int_equal(list.errors, 1);
        assert_int_equal(list.items[0].place.line, 2);
        assert_null(strstr(list.items[0].message, "canary"));
        assert_non_null(strstr(list.items[0].hint, "chmod 600"));
    }
    assert_true(read_with_mode("LOOPGPT_KROGER_TIMEOUT=4900\n", 0644, &list)); /* no secret */
}

static void says_why_a_file_cannot_be_read(void **state)
{
    (void)state;
    struct err_list list = {0};
    assert_false(env_file_read("/nonexistent/t.env", &env, &list));
    assert_string_equal(list.items[0].message, "cannot be read: No such file or directory");
    list = (struct err_list){.count = 0};
    assert_false(env_file_read("/tmp", &env, &list));
    assert_string_equal(list.items[0].message, "is a folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values_in_every_spelling),
        cmocka_unit_test(refuses_a_bad_line_at_its_place),
        cmocka_unit_test(refuses_a_nul_byte_and_a_value_that_is_too_long),
        cmocka_unit_test(reports_every_bad_line_and_warns_of_a_key_given_twice),
        cmocka_unit_test(keeps_a_file_with_secrets_to_its_owner),
        cmocka_unit_test(says_why_a_file_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
