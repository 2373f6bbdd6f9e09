/* Goal: quote sets are read strictly, and what comes out is the line that went in.
 *
 * Method: rows of one mistake each; a line written and compared byte for byte; every kind of
 * difference from "expect" told; nothing but errors from lines that are cut or changed anywhere. */
#include "tests/support.h"

#include "sim/command/quote_set.h"

#define KROGER                                                                                     \
    "{\"providerId\":\"KROGER_API\",\"priority\":60,\"totalCents\":1000,\"etaMinutes\":30,"        \
    "\"found\":2,\"substituted\":0}"
#define RESULT                                                                                     \
    "[{\"providerId\":\"KROGER_API\",\"score\":145,\"priceScore\":100,\"speedScore\":100,"         \
    "\"availabilityScore\":100,\"marginScore\":50,\"reliabilityScore\":50,\"explanation\":"        \
    "\"Kroger "                                                                                    \
    "Direct selected for preferred provider, competitive pricing, fast delivery, and all items "   \
    "in "                                                                                          \
    "stock.\"}]"

static struct json json;
static struct quote_set set;

static bool read_line(const char *line, struct err_list *list)
{
    json_release(&json);
    json = (struct json){.file = NULL};
    *list = (struct err_list){.count = 0};
    return json_read(&json, "t.ndjson", BYTES_OF(line), list) && quote_set_read(&json, &set, list);
}

static void refuses_what_it_cannot_score(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message, *hint;
    } rows[] = {
        {"[]", "a quote set has to be an object", ""},
        {"{\"quotes\":[" KROGER "]}", "\"itemsRequested\" is missing", ""},
        {"{\"itemsRequested\":2}", "\"quotes\" has to be a list of at least one quote", ""},
        {"{\"itemsRequested\":2,\"quotes\":[]}",
         "\"quotes\" has to be a list of at least one quote", ""},
        {"{\"itemsRequested\":2.5,\"quotes\":[" KROGER "]}",
         "\"itemsRequested\" has to be a whole number from 0 to 1000000", ""},
        {"{\"itemsRequested\":2,\"quotes\":[" KROGER "," KROGER "]}",
         "this provider has a quote already", ""},
        {"{\"itemsRequested\":2,\"quotes\":[{\"providerId\":\"KROGER\"}]}",
         "unknown provider \"KROGER\"", NULL},
        {"{\"itemsRequested\":2,\"quotes\":[{\"providerId\":7}]}",
         "\"providerId\" has to be a provider's id", ""},
        {"{\"itemsRequested\":2,\"wieghts\":{},\"quotes\":[" KROGER "]}", "unknown key \"wieghts\"",
         "did you mean \"weights\"?"},
        {"{\"itemsRequested\":2,\"weights\":{\"prize\":1},\"quotes\":[" KROGER "]}",
         "unknown key \"prize\"", "did you mean \"price\"?"},
        {"{\"itemsRequested\":2,\"weights\":{\"price\":\"1\"},\"quotes\":[" KROGER "]}",
         "a weight has to be a number from -1000000 to 1000000", ""},
        {"{\"itemsRequested\":2,\"preference\":\"sped\",\"quotes\":[" KROGER "]}",
         "unknown preference \"sped\"", "did you mean \"speed\"?"},
        {"{\"itemsRequested\":2,\"quotes\":[" KROGER
         "],\"metrics\":[{\"providerId\":\"KROGER_API\","
         "\"totalOrders\":1,\"successRate\":101,\"avgMarginRate\":1}]}",
         "\"successRate\" has to be a number from 0 to 100, or null", ""},
        {"{\"itemsRequested\":2,\"quotes\":[" KROGER "],\"metrics\":[{\"providerId\":\"MEALME\"},"
         "{\"providerId\":\"MEALME\"}]}",
         "this provider has metrics already", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list list;
        CHECK_ROW(rows[i].line, !read_line(rows[i].line, &list));
        CHECK_ROW(rows[i].line, list.errors == 1);
        CHECK_ROW_TEXT(rows[i].line, list.items[0].message, rows[i].message);
        if (rows[i].hint != NULL) CHECK_ROW_TEXT(rows[i].line, list.items[0].hint, rows[i].hint);
        CHECK_ROW(rows[i].line, list.items[0].place.line == 1);
    }
}

static void puts_the_result_where_expect_was(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"{\"weights\":{\"price\":0.3},\"itemsRequested\":2,\"quotes\":[" KROGER
         "],\"expect\":[1],\"metrics\":null}",
         "{\"weights\":{\"price\":0.3},\"itemsRequested\":2,\"quotes\":[" KROGER
         "],\"result\":" RESULT ",\"metrics\":null}\n"},
        {" { \"itemsRequested\" : 2 , \"quotes\" : [" KROGER "] } ",
         "{\"itemsRequested\":2,\"quotes\":[" KROGER "],\"result\":" RESULT "}\n"},
        {"{\"result\":7,\"itemsRequested\":2,\"quotes\":[" KROGER "]}",
         "{\"result\":" RESULT ",\"itemsRequested\":2,\"quotes\":[" KROGER "]}\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list list;
        struct quote_set_result result;
        struct text text = {0};
        CHECK_ROW(rows[i].in, read_line(rows[i].in, &list));
        quote_set_score(&set, &result);
        quote_set_write(&text, &json, &set, &result);
        CHECK_ROW_TEXT(rows[i].in, text.bytes, rows[i].out);
        text_release(&text);
    }
}

static void tells_every_kind_of_difference(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to; /* a change to the right result */
        const char *message;   /* NULL: no difference */
        enum err_code code;
    } rows[] = {
        {"145", "145", NULL, ERR_NONE},
        {"145", "145.0", NULL, ERR_NONE},
        {"145", "145.00000000000003", "score of rank 1 is 145, expected 145.00000000000003",
         ERR_NONE},
        {"145", "null", "score of rank 1 is 145, expected (nothing)", ERR_NONE},
        {"priceScore\":100", "priceScore\":99", "priceScore of rank 1 is 100, expected 99",
         ERR_NONE},
        {"marginScore\":50", "marginScore\":0", "marginScore of rank 1 is 50, expected 0",
         ERR_NONE},
        {"KROGER_API", "MEALME", "providerId of rank 1 is \"KROGER_API\", expected \"MEALME\"",
         ERR_NONE},
        {"preferred", "preferable", NULL, ERR_NONE}, /* its message is below: it is long */
        {"[{", "[{},{", "1 quotes are ranked, expected 2", ERR_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[2048];
        const char *at = strstr(RESULT, rows[i].from);
        (void)snprintf(line, sizeof line,
                       "{\"itemsRequested\":2,\"quotes\":[" KROGER "],\"expect\":%.*s%s%s}",
                       (int)(at - RESULT), RESULT, rows[i].to, at + strlen(rows[i].from));
        struct err_list list;
        struct quote_set_result result;
        struct err err = {.code = ERR_NONE};
        CHECK_ROW(rows[i].to, read_line(line, &list));
        quote_set_score(&set, &result);
        const bool same = quote_set_matches(&json, &set, &result, &err);
        const bool text_differs = strcmp(rows[i].from, "preferred") == 0;
        CHECK_ROW(rows[i].to, same == (rows[i].message == NULL && !text_differs));
        CHECK_ROW(rows[i].to, err.code == rows[i].code);
        if (text_differs)
            CHECK_ROW(rows[i].to, strncmp(err.message, "explanation of rank 1", 21) == 0);
        if (rows[i].message != NULL) CHECK_ROW_TEXT(rows[i].to, err.message, rows[i].message);
    }
    struct err_list list;
    struct quote_set_result result;
    struct err err;
    assert_true(read_line("{\"itemsRequested\":2,\"quotes\":[" KROGER "]}", &list));
    quote_set_score(&set, &result);
    assert_false(quote_set_matches(&json, &set, &result, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void takes_history_as_production_does(void **state)
{
    (void)state;
    struct err_list list;
    assert_true(read_line("{\"itemsRequested\":2,\"quotes\":[" KROGER
                          "],\"metrics\":[{\"providerId\":\"KROGER_API\",\"totalOrders\":0,"
                          "\"successRate\":99,\"avgMarginRate\":3}]}",
                          &list));
    assert_false(set.inputs[0].has_success_rate); /* no orders: no rate */
    assert_true(set.inputs[0].has_margin_rate);   /* which margins do not ask */
    assert_true(read_line("{\"itemsRequested\":2,\"quotes\":[" KROGER
                          "],\"metrics\":[{\"providerId\":\"KROGER_API\",\"totalOrders\":9,"
                          "\"successRate\":null,\"avgMarginRate\":null}]}",
                          &list));
    assert_false(set.inputs[0].has_success_rate);
    assert_false(set.inputs[0].has_margin_rate);
}

static void survives_any_change_of_one_byte(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"weights\":{\"price\":0.3},\"preference\":\"speed\","
        "\"itemsRequested\":2,\"quotes\":[" KROGER "],\"metrics\":[{"
        "\"providerId\":\"KROGER_API\",\"totalOrders\":9,\"successRate\":90,"
        "\"avgMarginRate\":3}],\"expect\":" RESULT "}";
    for (uint64_t round = 0; round < 20000; round++) {
        char line[sizeof whole];
        memcpy(line, whole, sizeof whole);
        line[random_below(test_bits(round, 0), sizeof whole - 1)] =
            (char)(1 + random_below(test_bits(round, 1), 126));
        struct err_list list;
        struct quote_set_result result;
        struct text text = {0};
        struct err err;
        if (!read_line(line, &list)) {
            CHECK_ROW(line, list.errors > 0);
            continue;
        }
        quote_set_score(&set, &result);
        (void)quote_set_matches(&json, &set, &result, &err);
        quote_set_write(&text, &json, &set, &result);
        CHECK_ROW(line, !text.failed);
        text_release(&text);
    }
    json_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_it_cannot_score),
        cmocka_unit_test(puts_the_result_where_expect_was),
        cmocka_unit_test(tells_every_kind_of_difference),
        cmocka_unit_test(takes_history_as_production_does),
        cmocka_unit_test(survives_any_change_of_one_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
