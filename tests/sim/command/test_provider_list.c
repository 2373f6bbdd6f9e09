/* Goal: providers are named as people name them, and a name that is none is answered with one.
 *
 * Method: rows of lists, good and bad. */
#include "tests/support.h"

#include "sim/command/provider_list.h"

static void names_are_ids_or_keys_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t mask;
    } rows[] = {{"kroger", 1u << PROVIDER_KROGER_API},
                {"KROGER_API", 1u << PROVIDER_KROGER_API},
                {"Walmart,mealme", 1u << PROVIDER_WALMART_API | 1u << PROVIDER_MEALME},
                {"instacart,INSTACART", 1u << PROVIDER_INSTACART},
                {"all", (1u << PROVIDER_COUNT) - 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t mask = 0;
        struct err err;
        CHECK_ROW(rows[i].text, provider_list_read("--only", rows[i].text, &mask, &err));
        CHECK_ROW(rows[i].text, mask == rows[i].mask);
    }
}

static void a_name_that_is_none_is_answered_with_one(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hint;
    } rows[] = {{"kroge", "KROGER"},
                {"mealme,walmrt", "WALMART"},
                {"", "mealme, instacart"},
                {"kroger,", "mealme, instacart"},
                {",kroger", "mealme, instacart"},
                {"kroger walmart", "mealme, instacart"},
                {"kroger-and-a-name-that-is-longer-than-any-word-has-room-for", ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t mask = 0;
        struct err err;
        CHECK_ROW(rows[i].text, !provider_list_read("--only", rows[i].text, &mask, &err));
        CHECK_ROW(rows[i].text, err.code == ERR_USAGE && strstr(err.message, "--only") != NULL);
        CHECK_ROW(rows[i].text, strstr(err.hint, rows[i].hint) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_ids_or_keys_in_any_case),
        cmocka_unit_test(a_name_that_is_none_is_answered_with_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
