/* Goal: spans, rates and instants mean one thing only, and a mistake is pointed at.
 * Method: tables; round trips over random spans and instants; the calendar against a slow count. */
#include "router/base/duration.h"
#include "tests/support.h"

struct span_row {
    const char *text;
    int64_t us;
};

static void reads_spans(void **state)
{
    (void)state;
    const struct span_row rows[] = {
        {"0s", 0},
        {"36us", 36},
        {"250ms", 250000},
        {"10s", 10000000},
        {"90m", INT64_C(5400000000)},
        {"1h30m", INT64_C(5400000000)},
        {"2d12h", INT64_C(216000000000)},
        {"1d1h1m1s1ms1us", INT64_C(90061001001)},
        {"1m1ms", 60001000},
        {"007s", 7000000},
        {"3650d", DURATION_US_MAX},
        {"87600h", DURATION_US_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        int64_t us = -1;
        CHECK_ROW(rows[i].text, duration_parse(rows[i].text, (struct place){0}, &us, &err));
        CHECK_ROW(rows[i].text, us == rows[i].us);
    }
}

struct bad_row {
    const char *text;
    uint32_t column; /* of the culprit, when the text stands in column 10 */
    uint32_t width;
    const char *message;
    const char *hint;
};

static void refuses_what_is_no_span_and_points_at_it(void **state)
{
    (void)state;
    const struct bad_row rows[] = {
        {"10", 10, 2, "needs a unit", "\"10s\" is seconds, \"10ms\""},
        {"1h30", 12, 2, "needs a unit", "\"1h30s\" is seconds"},
        {"", 10, 0, "empty", "\"1h30m\""},
        {"-5s", 10, 1, "negative", "\"10s\""},
        {"s", 10, 1, "whole number", "\"10s\""},
        {" 5s", 10, 1, "whole number", "\"10s\""},
        {"5s ", 12, 1, "whole number", "\"10s\""},
        {"5 s", 11, 1, "something other", "no space"},
        {"5sec", 11, 3, "unknown unit \"sec\"", "us, ms"},
        {"5S", 11, 1, "unknown unit \"S\"", "us, ms"},
        {"5µs", 11, 1, "something other", "no space"},
        {"é5s", 10, 1, "whole number", "\"10s\""},
        {"1.5h", 11, 1, "fraction", "write \"1h30m\""},
        {"0.25s", 11, 1, "fraction", "write \"250ms\""},
        {"1,5h", 11, 1, "fraction", "smaller unit"},
        {"0.1us", 11, 1, "fraction", "smaller unit"},
        {"30m1h", 14, 1, "not larger", "largest first"},
        {"1h1h", 13, 1, "not larger", "largest first"},
        {"3651d", 10, 5, "ten years", ""},
        {"3650d1us", 10, 8, "ten years", ""},
        {"99999999999999999999s", 10, 21, "ten years", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        int64_t us = 77;
        const struct place place = {"f", 3, 10, 40};
        CHECK_ROW(rows[i].text, !duration_parse(rows[i].text, place, &us, &err));
        CHECK_ROW(rows[i].text, us == 77);
        CHECK_ROW(rows[i].text, err.code == ERR_INPUT && err.place.line == 3);
        CHECK_ROW(rows[i].text, err.place.column == rows[i].column);
        CHECK_ROW(rows[i].text, err.place.width == rows[i].width);
        CHECK_ROW(err.message, strstr(err.message, rows[i].message) != NULL);
        CHECK_ROW(err.hint, strstr(err.hint, rows[i].hint) != NULL);
    }
}

static void leaves_a_place_without_column_alone(void **state)
{
    (void)state;
    struct err err;
    int64_t us;
    assert_false(duration_parse("1h5", (struct place){.file = "f"}, &us, &err));
    assert_int_equal(err.place.column, 0);
    assert_string_equal(err.place.file, "f");
}

static void writes_the_span_it_reads(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        const uint64_t bits = test_bits(1, i);
        const uint64_t limit = UINT64_C(1) << random_below(bits, 49); /* every size as often */
        const int64_t us = (int64_t)(test_bits(2, i) % limit);
        char text[DURATION_TEXT_MAX];
        struct err err;
        int64_t back = -1;
        duration_format(us, text);
        CHECK_ROW(text, duration_parse(text, (struct place){0}, &back, &err));
        CHECK_ROW(text, back == us);
    }
}

static void writes_spans_in_whole_units(void **state)
{
    (void)state;
    const struct span_row rows[] = {
        {"0s", 0},
        {"1h30m", INT64_C(5400000000)},
        {"250ms", 250000},
        {"1s500ms", 1500000},
        {"-2m", -120000000},
        {"3650d", DURATION_US_MAX},
        {"-106751991d4h54s775ms808us", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[DURATION_TEXT_MAX];
        duration_format(rows[i].us, text);
        CHECK_ROW_TEXT(rows[i].text, text, rows[i].text);
    }
}

static void writes_spans_for_people(void **state)
{
    (void)state;
    const struct span_row rows[] = {
        {"0 s", 0},
        {"36 us", 36},
        {"999 us", 999},
        {"1 ms", 1000},
        {"1.23 ms", 1234},
        {"12.3 ms", 12345},
        {"250 ms", 250000},
        {"0.62 s", 620000},
        {"0.5 s", 500000},
        {"1.21 s", 1210000},
        {"10 s", 9999000},
        {"10 s", 10000000},
        {"11.9 s", 11940000},
        {"119 s", 119000000},
        {"2 min", 120000000},
        {"11.4 min", 684000000},
        {"60 min", US_PER_HOUR},
        {"2.5 h", 9000000000},
        {"3.5 d", 302400000000},
        {"3650 d", DURATION_US_MAX},
        {"-1.5 s", -1500000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[DURATION_TEXT_MAX];
        duration_for_people(rows[i].us, text);
        CHECK_ROW_TEXT(rows[i].text, text, rows[i].text);
    }
    char text[DURATION_TEXT_MAX];
    duration_for_people(INT64_MIN, text);
    assert_string_equal(text, "-106751991 d");
}

static void reads_rates(void **state)
{
    (void)state;
    struct err err;
    double rate = 0;
    assert_true(rate_parse("40/s", (struct place){0}, &rate, &err));
    CHECK_NEAR(rate, 40, 0);
    assert_true(rate_parse("6/m", (struct place){0}, &rate, &err));
    CHECK_NEAR(rate, 0.1, 0);
    assert_true(rate_parse("0.5/h", (struct place){0}, &rate, &err));
    CHECK_NEAR(rate, 0.5 / 3600, 0);
    assert_true(rate_parse("86400/d", (struct place){0}, &rate, &err));
    CHECK_NEAR(rate, 1, 0);
    const struct bad_row rows[] = {
        {"40", 12, 0, "no rate", "40/s"},     {"/s", 10, 1, "no rate", "40/s"},
        {"40/", 13, 0, "no rate", "40/s"},    {"40/ms", 13, 1, "no rate", "40/s"},
        {"4e1/s", 11, 1, "no rate", "40/s"},  {"-4/s", 10, 1, "no rate", "40/s"},
        {".5/s", 10, 1, "no rate", "40/s"},   {"5./s", 11, 1, "no rate", "40/s"},
        {"0/s", 10, 1, "above zero", "none"}, {"", 10, 0, "no rate", "40/s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].text,
                  !rate_parse(rows[i].text, (struct place){"f", 1, 10, 1}, &rate, &err));
        CHECK_ROW(rows[i].text, err.place.column == rows[i].column);
        CHECK_ROW(rows[i].text, err.place.width == rows[i].width);
        CHECK_ROW(err.message, strstr(err.message, rows[i].message) != NULL);
    }
}

static void reads_instants(void **state)
{
    (void)state;
    const struct span_row rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2017-01-01T07:30:27Z", INT64_C(1483255827000000)},
        {"2017-01-01 07:30:27", INT64_C(1483255827000000)},
        {"2023-11-16 18:15:46.6805900", INT64_C(1700158546680590)},
        {"2023-11-16T18:15:46.6805909Z", INT64_C(1700158546680590)}, /* cut, not rounded */
        {"2023-11-16 18:15:46.5", INT64_C(1700158546500000)},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        int64_t us = 5;
        CHECK_ROW(rows[i].text, instant_parse(rows[i].text, (struct place){0}, &us, &err));
        CHECK_ROW(rows[i].text, us == rows[i].us);
    }
}

static void refuses_instants_no_calendar_has(void **state)
{
    (void)state;
    const struct bad_row rows[] = {
        {"", 10, 1, "", ""},
        {"2017-01-01", 20, 1, "", ""},
        {"2017-1-01T00:00:00", 16, 1, "", ""},
        {"2017-13-01T00:00:00Z", 15, 1, "", ""},
        {"2017-00-01T00:00:00Z", 15, 1, "", ""},
        {"2017-02-29T00:00:00Z", 18, 1, "", ""},
        {"1900-02-29T00:00:00Z", 18, 1, "", ""},
        {"2017-04-31T00:00:00Z", 18, 1, "", ""},
        {"2017-01-00T00:00:00Z", 18, 1, "", ""},
        {"2017-01-01T24:00:00Z", 21, 1, "", ""},
        {"2017-01-01T00:60:00Z", 24, 1, "", ""},
        {"2016-12-31T23:59:60Z", 27, 1, "", ""},
        {"2017-01-01T00:00:00.Z", 30, 1, "", ""},
        {"2017-01-01T00:00:00+01:00", 29, 1, "", ""},
        {"2017-01-01T00:00:00ZZ", 30, 1, "", ""},
        {"0000-01-01T00:00:00Z", 10, 1, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        int64_t us = 5;
        const struct place place = {"f", 1, 10, 1};
        CHECK_ROW(rows[i].text, !instant_parse(rows[i].text, place, &us, &err));
        CHECK_ROW(rows[i].text, us == 5);
        CHECK_ROW(rows[i].text, err.place.column == rows[i].column);
    }
}

static void writes_the_instant_it_reads(void **state)
{
    (void)state;
    const int64_t first = INT64_C(-62135596800000);
    const int64_t last = INT64_C(253402300799999);
    for (uint64_t i = 0; i < 100000; i++) {
        const int64_t ms = first + (int64_t)(test_bits(3, i) % (uint64_t)(last - first + 1));
        char text[INSTANT_TEXT_MAX];
        struct err err;
        int64_t back = 0;
        instant_format(ms * 1000 + (int64_t)(i % 1000), text);
        CHECK_ROW(text, instant_parse(text, (struct place){0}, &back, &err));
        CHECK_ROW(text, back == ms * 1000);
    }
    char text[INSTANT_TEXT_MAX];
    instant_format(INT64_MIN, text);
    assert_string_equal(text, "-290308-12-21T19:59:05.224Z");
    instant_format(INT64_MAX, text);
    assert_string_equal(text, "294247-01-10T04:00:54.775Z");
}

static unsigned month_length(int64_t year, unsigned month)
{
    static const unsigned lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : lengths[month - 1];
}

/* Every day of 1200 years, one by one. */
static void counts_days_as_a_calendar_on_the_wall_does(void **state)
{
    (void)state;
    int64_t days = civil_days(1200, 1, 1);
    for (int64_t year = 1200; year < 2400; year++) {
        for (unsigned month = 1; month <= 12; month++) {
            for (unsigned day = 1; day <= month_length(year, month); day++) {
                assert_int_equal(civil_days(year, month, day), days);
                days++;
            }
        }
    }
    assert_int_equal(civil_days(1970, 1, 1), 0);
    assert_int_equal(civil_weekday(0), 3);
    assert_int_equal(civil_weekday(-1), 2);
    assert_int_equal(civil_weekday(-8), 2);
    assert_int_equal(civil_weekday(civil_days(2017, 1, 1)), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_spans),
        cmocka_unit_test(refuses_what_is_no_span_and_points_at_it),
        cmocka_unit_test(leaves_a_place_without_column_alone),
        cmocka_unit_test(writes_the_span_it_reads),
        cmocka_unit_test(writes_spans_in_whole_units),
        cmocka_unit_test(writes_spans_for_people),
        cmocka_unit_test(reads_rates),
        cmocka_unit_test(reads_instants),
        cmocka_unit_test(refuses_instants_no_calendar_has),
        cmocka_unit_test(writes_the_instant_it_reads),
        cmocka_unit_test(counts_days_as_a_calendar_on_the_wall_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
