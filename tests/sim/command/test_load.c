/* Goal: the command that a run says of itself repeats it; run.json's also says where it all went.
 * Method: command lines, and what is made of them. */
#include "sim/command/load.h"

#include "router/base/text.h"
#include "tests/support.h"

enum { WORDS_MAX = 16 };

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static void a_run_is_told_whole_or_without_where_it_went(void **state)
{
    (void)state;
    static const struct {
        const char *line, *repeats, *whole;
    } rows[] = {
        {"routesim run s.json", "routesim run s.json", "routesim run s.json"},
        {"routesim run s.json --seed 7 -o x/y --record take.jsonl --wire bytes --force",
         "routesim run s.json --seed 7 --wire bytes",
         "routesim run s.json --seed 7 --wire bytes --record take.jsonl --out x/y --force"},
        {"routesim run s.json --allow-unanswered --record $a --jobs 3",
         "routesim run s.json --allow-unanswered",
         "routesim run s.json --allow-unanswered --record '$a'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct invocation invocation;
        struct err err;
        struct text repeats = {0}, whole = {0};
        char line[256], *words[WORDS_MAX] = {NULL};
        int count = 0;
        (void)snprintf(line, sizeof line, "%s", rows[i].line);
        for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
            words[count++] = word;
        CHECK_ROW(rows[i].line, invocation_read(&invocation, count, words, no_environment, &err));
        load_canonical_command(&invocation, invocation.operands[0], &repeats);
        load_whole_command(&invocation, invocation.operands[0], &whole);
        CHECK_ROW_TEXT(rows[i].line, repeats.bytes, rows[i].repeats);
        CHECK_ROW_TEXT(rows[i].line, whole.bytes, rows[i].whole);
        text_release(&repeats);
        text_release(&whole);
    }
}

static void shows_no_value_that_a_step_may_give_to_a_secret(void **state)
{
    (void)state;
    static const struct {
        const char *argument, *shown;
    } rows[] = {
        {"operators.a.steps.0.value=hush", "operators.a.steps.0.value=[hidden]"},
        {"operators.a.steps.0.value=true", "operators.a.steps.0.value=true"},
        {"rollbacks.steps.1.value=4900", "rollbacks.steps.1.value=4900"},
        {"rollbacks.steps=[{\"do\": \"set\", \"key\": \"K\", \"value\": \"hush\"}]",
         "rollbacks.steps=[hidden]"},
        {"operators.a.steps.0.takes=5m", "operators.a.steps.0.takes=5m"},
        {"operators.a.escalate_to=b", "operators.a.escalate_to=b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text shown = {0};
        load_put_argument(rows[i].argument, &shown);
        CHECK_ROW_TEXT(rows[i].argument, shown.bytes, rows[i].shown);
        text_release(&shown);
    }
}

static void stars_out_what_a_step_sets_a_secret_to(void **state)
{
    (void)state;
    static const char bytes[] =
        "{\"operators\": [{\"id\": \"a\", \"triggers\": [{\"at\": \"1m\"}], \"steps\": [\n"
        "{\"value\": \"hush-hush\", \"key\": \"KROGER_CLIENT_SECRET\", \"do\": \"sett\"}]}]}\n";
    static struct invocation invocation;
    static struct loaded loaded;
    char path[TEST_PATH_MAX];
    struct err err;
    test_write_file(bytes, sizeof bytes - 1, path);
    char program[] = "routesim", command[] = "lint";
    char *words[] = {program, command, path, NULL};
    assert_true(invocation_read(&invocation, 3, words, no_environment, &err));
    assert_false(load_read(&invocation, path, &loaded));
    assert_int_equal(strlen(loaded.source), sizeof bytes - 1); /* columns stay */
    assert_null(strstr(loaded.source, "hush"));
    assert_non_null(strstr(loaded.source, "KROGER_CLIENT_SECRET"));
    load_release(&loaded);
    (void)remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_told_whole_or_without_where_it_went),
        cmocka_unit_test(shows_no_value_that_a_step_may_give_to_a_secret),
        cmocka_unit_test(stars_out_what_a_step_sets_a_secret_to),
    };
    return cmocka_run_group_tests_name("sim/command/load", tests, NULL, NULL);
}
