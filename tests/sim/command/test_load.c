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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_told_whole_or_without_where_it_went),
    };
    return cmocka_run_group_tests_name("sim/command/load", tests, NULL, NULL);
}
