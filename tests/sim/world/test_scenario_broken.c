/* Broken scenario files say what is wrong with them, word for word.
 *
 * Goal: whoever writes a scenario mends it in one go, from the messages alone.
 * Method: every tests/scenarios/broken/NAME.json is read, and what is printed about it is compared
 * with NAME.txt beside it. With GOLDEN=1 in the environment those files are written anew; read the
 * diff as its author would, before it is committed. The test runs in that folder, for the files
 * that scenarios name.
 */
#include "tests/support.h"

#include <dirent.h>
#include <unistd.h>

#include "router/base/json.h"
#include "sim/world/scenario.h"

#define FOLDER "tests/scenarios/broken/"
enum { BROKEN_MAX = 256, PATH_MAX_HERE = 512, SMALL_FILE_MAX = 1 << 20 };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_broken(char *names[BROKEN_MAX])
{
    DIR *folder = opendir(".");
    assert_non_null(folder);
    size_t count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        const size_t length = strlen(entry->d_name);
        if (length < 6 || strcmp(entry->d_name + length - 5, ".json") != 0) continue;
        assert_true(count < BROKEN_MAX);
        names[count] = strdup(entry->d_name);
        names[count][length - 5] = '\0';
        count++;
    }
    (void)closedir(folder);
    qsort(names, count, sizeof names[0], by_name);
    return count;
}

static char *load(const char *path, size_t *length)
{
    struct err err;
    char *bytes = json_load(path, SMALL_FILE_MAX, length, &err);
    if (bytes == NULL) print_error("%s\n", err.message);
    assert_non_null(bytes);
    return bytes;
}

/* What reading the file prints. */
static char *complaints(const char *name, bool *refused)
{
    char file[PATH_MAX_HERE];
    size_t length = 0;
    (void)snprintf(file, sizeof file, "%s.json", name);
    char *bytes = load(file, &length);
    struct scenario *scenario = calloc(1, sizeof *scenario);
    struct err_list list = {.source_file = file};
    *refused = !scenario_read(scenario, file, bytes, length, NULL, &list);
    assert_int_equal(*refused, list.errors > 0);

    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    assert_non_null(stream);
    err_list_print(stream, &list, bytes, false);
    (void)fclose(stream);
    scenario_release(scenario);
    free(scenario);
    free(bytes);
    return printed;
}

static void write_golden(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void says_what_is_wrong_word_for_word(void **state)
{
    (void)state;
    const bool rewrite = getenv("GOLDEN") != NULL;
    char *names[BROKEN_MAX];
    const size_t count = list_broken(names);
    size_t wrong = 0;
    assert_true(count >= 40);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_MAX_HERE];
        bool refused = false;
        char *said = complaints(names[i], &refused);
        CHECK_ROW(names[i], refused);
        (void)snprintf(path, sizeof path, "%s.txt", names[i]);
        if (rewrite) {
            write_golden(path, said);
        } else {
            size_t length = 0;
            char *golden = load(path, &length);
            if (strcmp(golden, said) != 0) {
                print_error("%s: should say\n%sand says\n%s", names[i], golden, said);
                wrong++;
            }
            free(golden);
        }
        free(said);
        free(names[i]);
    }
    assert_int_equal(wrong, 0);
}

/* A message that points nowhere, or says nothing, would pass a comparison with itself. */
static void points_at_a_line_and_a_column_every_time(void **state)
{
    (void)state;
    char *names[BROKEN_MAX];
    const size_t count = list_broken(names);
    for (size_t i = 0; i < count; i++) {
        bool refused = false;
        char *said = complaints(names[i], &refused);
        char *rest = NULL;
        for (char *line = strtok_r(said, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest)) {
            const bool message =
                strstr(line, ": error: ") != NULL || strncmp(line, "error: ", 7) == 0;
            if (!message || line[0] == ' ') continue;
            unsigned at_line = 0;
            unsigned at_column = 0;
            const char *numbers = strchr(line, ':');
            CHECK_ROW(line, numbers != NULL &&
                                sscanf(numbers, ":%u:%u: error: ", &at_line, &at_column) == 2);
            CHECK_ROW(line, at_line > 0 && at_column > 0);
        }
        free(said);
        free(names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong_word_for_word),
        cmocka_unit_test(points_at_a_line_and_a_column_every_time),
    };
    if (chdir(FOLDER) != 0) {
        print_error("tests run from the top of the tree\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
