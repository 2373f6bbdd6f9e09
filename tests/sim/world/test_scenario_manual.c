/* docs/scenario.md says what the reader does.
 *
 * Goal: no key without its line, no line without its key, and examples that run.
 * Method: below its mark the page is compared with what the program writes; GOLDEN=1 in the
 * environment writes it anew. Every block of JSON in the page is read as a scenario, as it is and
 * shortened.
 */
#include "tests/support.h"

#include "router/base/json.h"
#include "router/base/text.h"
#include "sim/world/scenario.h"

#define PAGE "docs/scenario.md"
static const char mark[] = "-->\n";
static const char block_start[] = "```json\n";
static const char block_end[] = "```\n";
enum { PAGE_MAX = 1 << 20 };

static char *load_page(void)
{
    struct err err;
    size_t length = 0;
    char *page = json_load(PAGE, PAGE_MAX, &length, &err);
    if (page == NULL) print_error("%s (tests run from the top of the tree)\n", err.message);
    assert_non_null(page);
    return page;
}

static void rewrite(const char *page, size_t kept, const char *manual)
{
    FILE *file = fopen(PAGE, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(page, 1, kept, file), kept);
    (void)fputs(manual, file);
    assert_int_equal(fclose(file), 0);
}

static void has_a_line_for_every_key_as_the_program_writes_it(void **state)
{
    (void)state;
    char *page = load_page();
    struct text manual = {0};
    text_char(&manual, '\n');
    scenario_manual(&manual);
    assert_false(manual.failed);
    char *below = strstr(page, mark);
    assert_non_null(below);
    below += strlen(mark);
    if (getenv("GOLDEN") != NULL) {
        rewrite(page, (size_t)(below - page), manual.bytes);
    } else {
        if (strcmp(below, manual.bytes) != 0) print_error("%s is not up to date\n", PAGE);
        assert_true(strcmp(below, manual.bytes) == 0);
    }
    text_release(&manual);
    free(page);
}

static void read_example(const char *bytes, size_t length, bool shortened)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    struct err_list list = {0};
    const struct scenario_options options = {.shortened = shortened};
    const bool good = scenario_read(scenario, PAGE, bytes, length, &options, &list);
    err_list_print(stderr, &list, bytes, false);
    assert_true(good);
    assert_int_equal(list.warnings, 0);
    scenario_release(scenario);
    free(scenario);
}

static void shows_examples_that_are_read_without_a_complaint(void **state)
{
    (void)state;
    char *page = load_page();
    size_t count = 0;
    for (char *at = strstr(page, block_start); at != NULL; at = strstr(at, block_start)) {
        at += strlen(block_start);
        char *end = strstr(at, block_end);
        assert_non_null(end);
        *end = '\0';
        read_example(at, (size_t)(end - at), false);
        read_example(at, (size_t)(end - at), true);
        at = end + 1;
        count++;
    }
    assert_true(count > 0);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_line_for_every_key_as_the_program_writes_it),
        cmocka_unit_test(shows_examples_that_are_read_without_a_complaint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
