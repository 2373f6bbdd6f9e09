/* Goal: what is written reads back the same, bit for bit, and quoting holds any bytes.
 * Method: tables; a million doubles through strtod(); rounding against exact decimal expansions; a
 * fault sweep over every growth. */
#include <float.h>
#include <limits.h>

#include "router/base/memory.h"
#include "router/base/text.h"
#include "tests/support.h"

struct double_row {
    const char *text;
    double value;
};

static void writes_doubles_in_their_shortest_form(void **state)
{
    (void)state;
    const struct double_row rows[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"1", 1.0},
        {"-12", -12.0},
        {"0.1", 0.1},
        {"-0.001", -0.001},
        {"0.3", 0.3},
        {"0.30000000000000004", 0.1 + 0.2},
        {"12.345", 12.345},
        {"1234567.891", 1234567.891},
        {"0.000001", 1e-6},
        {"1e-07", 1e-7},
        {"0.3333333333333333", 1.0 / 3},
        {"9007199254740991", 0x1p53 - 1},
        {"9007199254740992", 0x1p53},
        {"1e+21", 1e21},
        {"1.7976931348623157e+308", DBL_MAX},
        {"2.2250738585072014e-308", DBL_MIN},
        {"5e-324", DBL_TRUE_MIN},
        {"null", NAN},
        {"null", INFINITY},
        {"null", -INFINITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[NUMBER_TEXT_MAX];
        const size_t length = number_write(text, rows[i].value);
        CHECK_ROW_TEXT(rows[i].text, text, rows[i].text);
        CHECK_ROW(rows[i].text, length == strlen(text));
    }
}

static bool is_json_number(const char *text)
{
    size_t digits;
    if (*text == '-') text++;
    digits = strspn(text, "0123456789");
    if (digits == 0 || (digits > 1 && *text == '0')) return false;
    text += digits;
    if (*text == '.') {
        digits = strspn(text + 1, "0123456789");
        if (digits == 0) return false;
        text += 1 + digits;
    }
    if (*text == 'e') {
        text += text[1] == '+' || text[1] == '-' ? 2 : 1;
        digits = strspn(text, "0123456789");
        if (digits == 0) return false;
        text += digits;
    }
    return *text == '\0';
}

static void check_round_trip(double value)
{
    char text[NUMBER_TEXT_MAX];
    const size_t length = number_write(text, value);
    const double back = strtod(text, NULL);
    uint64_t bits;
    uint64_t bits_back;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&bits_back, &back, sizeof bits_back);
    CHECK_ROW(text, bits == bits_back);
    CHECK_ROW(text, length == strlen(text) && length < NUMBER_TEXT_MAX);
    CHECK_ROW(text, is_json_number(text));
}

static void reads_back_a_million_doubles_bit_for_bit(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 500000; i++) {
        const uint64_t bits = test_bits(1, i);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) check_round_trip(value);
    }
    for (uint64_t i = 0; i < 500000; i++) { /* decimals: the values a log is made of */
        const uint64_t bits = test_bits(2, i);
        const double units = (double)(int64_t)(test_bits(3, i) >> random_below(bits, 63));
        const double value = units / pow(10, (double)(bits % 13));
        check_round_trip(i % 2 == 0 ? value : -value);
    }
}

static void reads_back_the_edges_of_every_power_of_two(void **state)
{
    (void)state;
    for (int exponent = -1074; exponent < 1024; exponent++) {
        const double power = ldexp(1, exponent);
        check_round_trip(power);
        check_round_trip(nextafter(power, 0));
        check_round_trip(-nextafter(power, DBL_MAX));
    }
}

static void reads_back_what_lies_around_every_power_of_ten(void **state)
{
    (void)state;
    for (int exponent = -12; exponent <= 20; exponent++) {
        const double power =
            strtod((char[]){'1', 'e', exponent < 0 ? '-' : '+', (char)('0' + abs(exponent) / 10),
                            (char)('0' + abs(exponent) % 10), '\0'},
                   NULL);
        double below = power;
        double above = power;
        for (int i = 0; i < 200; i++) {
            check_round_trip(below);
            check_round_trip(above);
            below = nextafter(below, 0);
            above = nextafter(above, DBL_MAX);
        }
    }
}

/* No form with fewer digits reads back: tried for all lengths from one digit up. */
static void wastes_no_digit(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 30000; i++) {
        const uint64_t bits = test_bits(4, i);
        const double value =
            (double)(bits >> random_below(bits, 60)) / pow(10, (double)(bits % 10));
        char text[NUMBER_TEXT_MAX];
        (void)number_write(text, value);
        char shortest[NUMBER_TEXT_MAX];
        int digits = 1;
        do {
            (void)snprintf(shortest, sizeof shortest, "%.*e", digits - 1, value);
            digits++;
        } while (strtod(shortest, NULL) != value);
        size_t significant = 0;
        for (const char *c = text + strspn(text, "0."); *c != '\0' && *c != 'e'; c++) {
            if (*c != '.') significant++;
        }
        /* Whole numbers are written out to the last zero. */
        if (strchr(text, '.') != NULL) CHECK_ROW(text, significant == (size_t)(digits - 1));
    }
}

static void writes_integers(void **state)
{
    (void)state;
    struct text text = {0};
    text_int(&text, 0);
    text_char(&text, ' ');
    text_int(&text, INT64_MIN);
    text_char(&text, ' ');
    text_int(&text, INT64_MAX);
    assert_string_equal(text.bytes, "0 -9223372036854775808 9223372036854775807");
    text_release(&text);

    for (uint64_t i = 0; i < 100000; i++) {
        const uint64_t bits = test_bits(5, i);
        const int64_t value = (int64_t)test_bits(6, i) >> random_below(bits, 63);
        char digits[NUMBER_TEXT_MAX];
        char expected[NUMBER_TEXT_MAX];
        (void)number_write_int(digits, value);
        (void)snprintf(expected, sizeof expected, "%lld", (long long)value);
        CHECK_ROW_TEXT("printf", digits, expected);
    }
}

struct fixed_row {
    const char *text;
    double value;
    int decimals;
};

static void rounds_the_exact_value_half_away_from_zero(void **state)
{
    (void)state;
    const struct fixed_row rows[] = {
        {"1", 0.5, 0},
        {"2", 1.5, 0},
        {"3", 2.5, 0},
        {"-3", -2.5, 0},
        {"0.13", 0.125, 2},
        {"-0.38", -0.375, 2},
        {"1.00", 1.005, 2}, /* the double is a little less than 1.005 */
        {"8.35", 8.345, 2}, /* and this one a little more than 8.345 */
        {"0.00", -0.001, 2},
        {"0", -0.0, 0},
        {"10.00", 9.999, 2},
        {"0", 0.49999999999999994, 0},
        {"0.000000001", 0.0000000005, 9},
        {"0.5", 0.45, 1},
        {"90000000000000.13", 90000000000000.125, 2},
        {"9007199254740992.00", 0x1p53, 2},
        {"-9007199254740994", -9007199254740994.0, 0},
        {"2251799813685249.5", 2251799813685249.5, 1},
        {"2251799813685250", 2251799813685249.5, 0},
        {"10000000000000000000000.000", 1e22, 3},
        {"null", NAN, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text text = {0};
        text_fixed(&text, rows[i].value, rows[i].decimals);
        CHECK_ROW_TEXT(rows[i].text, text.bytes, rows[i].text);
        text_release(&text);
    }
}

/* printf() rounds the exact value too, and only ties otherwise: those are left to the table. */
static void rounds_as_printf_does_where_there_is_no_tie(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        const uint64_t bits = test_bits(7, i);
        const int decimals = (int)(bits % 10);
        const double value =
            ldexp((double)((int64_t)test_bits(8, i) >> 11), -(int)(bits >> 8 & 63));
        char exact[500];
        (void)snprintf(exact, sizeof exact, "%.120f", fabs(value));
        const char *rest = strchr(exact, '.') + 1 + decimals;
        if (*rest == '5' && strspn(rest + 1, "0") == strlen(rest + 1)) continue;
        char expected[500];
        (void)snprintf(expected, sizeof expected, "%.*f", decimals, value);
        const char *digits = expected + (*expected == '-');
        if (strspn(digits, "0.") == strlen(digits)) memmove(expected, digits, strlen(digits) + 1);
        struct text text = {0};
        text_fixed(&text, value, decimals);
        CHECK_ROW_TEXT(exact, text.bytes, expected);
        text_release(&text);
    }
}

static void writes_milliseconds_and_groups(void **state)
{
    (void)state;
    struct text text = {0};
    text_ms(&text, 1234567);
    text_char(&text, ' ');
    text_ms(&text, -5);
    text_char(&text, ' ');
    text_ms(&text, INT64_MIN);
    assert_string_equal(text.bytes, "1234.567 -0.005 -9223372036854775.808");
    text_clear(&text);
    const int64_t values[] = {0, 999, 1000, 28800, -100, -1000, 1234567, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        text_grouped(&text, values[i]);
        text_char(&text, ' ');
    }
    assert_string_equal(text.bytes,
                        "0 999 1,000 28,800 -100 -1,000 1,234,567 -9,223,372,036,854,775,808 ");
    text_release(&text);
}

struct quote_row {
    const char *string;
    const char *json;
    const char *html;
    const char *csv;
};

static void quotes_any_bytes(void **state)
{
    (void)state;
    const struct quote_row rows[] = {
        {"", "\"\"", "", ""},
        {"milk", "\"milk\"", "milk", "milk"},
        {"a\"b", "\"a\\\"b\"", "a&quot;b", "\"a\"\"b\""},
        {"a,b", "\"a,b\"", "a,b", "\"a,b\""},
        {"a\nb\r", "\"a\\nb\\r\"", "a\nb\r", "\"a\nb\r\""},
        {"\t\b\f\\", "\"\\t\\b\\f\\\\\"", "\t\uFFFD\uFFFD\\", "\t\b\f\\"},
        {"\x01\x1F\x7F", "\"\\u0001\\u001f\x7F\"", "\uFFFD\uFFFD\x7F", "\x01\x1F\x7F"},
        {"<b>&'", "\"<b>&'\"", "&lt;b&gt;&amp;&#39;", "<b>&'"},
        {"caf\u00E9 \U0001F95B", "\"caf\u00E9 \U0001F95B\"", "caf\u00E9 \U0001F95B",
         "caf\u00E9 \U0001F95B"},
        {"\xFFz\xC3", "\"\uFFFDz\uFFFD\"", "\uFFFDz\uFFFD", "\xFFz\xC3"},
        {"\xEF\xBB\xBFid", "\"\xEF\xBB\xBFid\"", "\xEF\xBB\xBFid", "\"\xEF\xBB\xBFid\""},
        {"\xEF\xBF\xBF", "\"\xEF\xBF\xBF\"", "\uFFFD", "\xEF\xBF\xBF"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text json = {0};
        struct text html = {0};
        struct text csv = {0};
        text_json_string(&json, rows[i].string);
        text_html(&html, rows[i].string);
        text_csv(&csv, rows[i].string);
        CHECK_ROW_TEXT("JSON", json.bytes, rows[i].json);
        CHECK_ROW_TEXT("HTML", html.bytes, rows[i].html);
        CHECK_ROW_TEXT("CSV", csv.bytes, rows[i].csv);
        text_release(&json);
        text_release(&html);
        text_release(&csv);
    }
}

static void grows_and_formats_without_losing_a_byte(void **state)
{
    (void)state;
    struct text text = {0};
    size_t expected = 0;
    for (int i = 0; i < 3000; i++) {
        text_format(&text, "%*d|", i % 400 + 1, i);
        const int digits = snprintf(NULL, 0, "%*d|", i % 400 + 1, i);
        expected += (size_t)digits;
        assert_int_equal(text.length, expected);
        assert_int_equal(text.bytes[text.length], '\0');
        assert_int_equal(text.bytes[text.length - 1], '|');
    }
    assert_int_equal(strlen(text.bytes), expected);
    char *bytes = text_take(&text);
    assert_int_equal(strlen(bytes), expected);
    assert_null(text.bytes);
    free(bytes);

    bytes = text_take(&text);
    assert_string_equal(bytes, "");
    free(bytes);
    text_release(NULL);
}

static void fails_once_and_for_all_when_memory_is_out(void **state)
{
    (void)state;
    bool failed = true;
    uint32_t countdown = 1;
    for (; failed; countdown++) {
        struct text text = {0};
        memory_fail_after(countdown);
        for (int i = 0; i < 200; i++) {
            text_format(&text, "%0300d", i);
            text_json_string(&text, "a\"b\n");
            text_double(&text, 0.1);
        }
        text_clear(&text);
        text_put(&text, "end");
        memory_fail_after(0);
        failed = text.failed;
        char *bytes = text_take(&text);
        if (failed) assert_null(bytes);
        if (!failed) assert_string_equal(bytes, "end");
        free(bytes);
    }
    assert_true(countdown > 5);
    struct text text = {0};
    text_reserve(&text, SIZE_MAX / 2);
    assert_true(text.failed);
    text_release(&text);
}

struct distance_row {
    const char *a;
    const char *b;
    unsigned distance;
};

static void measures_how_far_words_are_apart(void **state)
{
    (void)state;
    const struct distance_row rows[] = {
        {"", "", 0},       {"", "abc", 3},          {"abc", "abc", 0}, {"abc", "ABC", 0},
        {"abc", "acb", 1}, {"abc", "abd", 1},       {"abc", "ab", 1},  {"kitten", "sitting", 3},
        {"ca", "abc", 3},  {"WEIGHT", "WEIGTH", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].a, text_distance(rows[i].a, rows[i].b) == rows[i].distance);
        CHECK_ROW(rows[i].b, text_distance(rows[i].b, rows[i].a) == rows[i].distance);
    }
    char word[98];
    memset(word, 'a', 97);
    word[97] = '\0';
    assert_int_equal(text_distance(word, "a"), UINT_MAX);
    word[96] = '\0';
    assert_int_equal(text_distance(word, "a"), 95);
}

static void suggests_what_was_probably_meant(void **state)
{
    (void)state;
    const char *const names[] = {"MEALME", "INSTACART", "KROGER_API", "WALMART_API", "LATENCY",
                                 "late",   "rate",      "date",       "gate",        NULL};
    const char *const rows[][2] = {
        {"KROGER", "did you mean \"KROGER_API\"?"},
        {"mealm", "did you mean \"MEALME\"?"},
        {"instcart", "did you mean \"INSTACART\"?"},
        {"kate", "did you mean \"late\", \"rate\" or \"date\"?"},
        {"api", "did you mean \"KROGER_API\" or \"WALMART_API\"?"},
        {"amazon", ""},
        {"x", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hint[80] = "old";
        const bool found = text_suggest(rows[i][0], names, hint, sizeof hint);
        CHECK_ROW_TEXT(rows[i][0], hint, rows[i][1]);
        CHECK_ROW(rows[i][0], found == (*rows[i][1] != '\0'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_doubles_in_their_shortest_form),
        cmocka_unit_test(reads_back_a_million_doubles_bit_for_bit),
        cmocka_unit_test(reads_back_the_edges_of_every_power_of_two),
        cmocka_unit_test(reads_back_what_lies_around_every_power_of_ten),
        cmocka_unit_test(wastes_no_digit),
        cmocka_unit_test(writes_integers),
        cmocka_unit_test(rounds_the_exact_value_half_away_from_zero),
        cmocka_unit_test(rounds_as_printf_does_where_there_is_no_tie),
        cmocka_unit_test(writes_milliseconds_and_groups),
        cmocka_unit_test(quotes_any_bytes),
        cmocka_unit_test(grows_and_formats_without_losing_a_byte),
        cmocka_unit_test(fails_once_and_for_all_when_memory_is_out),
        cmocka_unit_test(measures_how_far_words_are_apart),
        cmocka_unit_test(suggests_what_was_probably_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
