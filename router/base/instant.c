/* The calendar: the part of duration.h that knows days, months and UTC instants. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "router/base/duration.h"

#define DAYS_PER_ERA    INT64_C(146097) /* 400 years, after which the calendar repeats */
#define SECONDS_PER_DAY INT64_C(86400)
enum { MONTHS = 12, DAYS_PER_WEEK = 7, THURSDAY = 3, YEARS_PER_ERA = 400 };

static int64_t floor_divide(int64_t value, int64_t by)
{
    const int64_t quotient = value / by;
    return quotient * by > value ? quotient - 1 : quotient;
}

/* Days from 1 March of year 0 to 1 March of `year`. Years are counted from March here, which puts a
 * leap day at the end of its year, where it disturbs no month's start. */
static int64_t days_to_march(int64_t year)
{
    return year * 365 + floor_divide(year, 4) - floor_divide(year, 100) + floor_divide(year, 400);
}

/* Days from 1 March to the first of the month that many months later: the lengths run 31, 30, 31,
 * 30, 31 and again, 153 days in five months. */
static unsigned days_to_month(unsigned months_since_march)
{
    return (153 * months_since_march + 2) / 5;
}

int64_t civil_days(int64_t year, unsigned month, unsigned day)
{
    assert(month >= 1);
    assert(month <= MONTHS);
    const int64_t march_year = month < 3 ? year - 1 : year;
    const unsigned months_since_march = (month + MONTHS - 3) % MONTHS;
    const int64_t from_1970 = days_to_march(1969) + days_to_month(10); /* 1 January 1970 */
    return days_to_march(march_year) + days_to_month(months_since_march) + (int64_t)day - 1 -
           from_1970;
}

unsigned civil_weekday(int64_t days)
{
    const int64_t weekday = (days % DAYS_PER_WEEK + DAYS_PER_WEEK + THURSDAY) % DAYS_PER_WEEK;
    assert(weekday >= 0);
    assert(weekday < DAYS_PER_WEEK);
    return (unsigned)weekday;
}

struct civil_date {
    int64_t year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};

/* Guesses the year from the mean length and mends the guess, which is off by one at most. */
static struct civil_date date_of_days(int64_t days)
{
    int64_t year = 1970 + floor_divide(days * YEARS_PER_ERA, DAYS_PER_ERA);
    while (civil_days(year, 1, 1) > days)
        year--;
    while (civil_days(year + 1, 1, 1) <= days)
        year++;
    unsigned month = MONTHS;
    while (civil_days(year, month, 1) > days)
        month--;
    const unsigned day = (unsigned)(days - civil_days(year, month, 1)) + 1;
    assert(day <= 31);
    return (struct civil_date){year, month, day};
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    const int64_t next =
        month == MONTHS ? civil_days(year + 1, 1, 1) : civil_days(year, month + 1, 1);
    return (unsigned)(next - civil_days(year, month, 1));
}

/* ---- reading ---- */

struct clock_fields { /* in the order they are written */
    unsigned year, month, day, hour, minute, second;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Matches "0000-00-00T00:00:00" character by character, where 0 stands for any digit and T for T or
 * a space. Returns how many characters fit, all 19 of them if it is well formed. */
static size_t match_shape(const char *text)
{
    static const char shape[] = "0000-00-00T00:00:00";
    size_t at = 0;
    for (; shape[at] != '\0'; at++) {
        const bool fits = shape[at] == '0'   ? is_digit(text[at])
                          : shape[at] == 'T' ? text[at] == 'T' || text[at] == ' '
                                             : text[at] == shape[at];
        if (!fits) break;
    }
    return at;
}

static unsigned number_at(const char *text, size_t digits)
{
    unsigned number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (unsigned)(text[i] - '0');
    return number;
}

/* The first character of the field that no calendar or clock has, or -1. A leap second is refused:
 * time since 1970 has no name for it. */
static int field_out_of_range(const struct clock_fields *fields)
{
    if (fields->year < 1) return 0;
    if (fields->month < 1 || fields->month > MONTHS) return 5;
    if (fields->day < 1 || fields->day > days_in_month(fields->year, fields->month)) return 8;
    if (fields->hour > 23) return 11;
    if (fields->minute > 59) return 14;
    return fields->second > 59 ? 17 : -1;
}

static bool refuse(const char *text, size_t at, struct place place, struct err *err)
{
    if (place.column != 0) { /* what precedes `at` is plain ASCII: it has matched the shape */
        place.column += (uint32_t)at;
        place.width = 1;
    }
    (void)err_fail(err, ERR_INPUT, place, "\"%s\" is no instant", text);
    return err_hint(err, "write UTC like \"2017-01-01T07:30:27Z\"");
}

bool instant_parse(const char *text, struct place place, int64_t *unix_us, struct err *err)
{
    assert(text != NULL);
    assert(unix_us != NULL);
    size_t at = match_shape(text);
    if (at != strlen("0000-00-00T00:00:00")) return refuse(text, at, place, err);
    const struct clock_fields fields = {number_at(text, 4),      number_at(text + 5, 2),
                                        number_at(text + 8, 2),  number_at(text + 11, 2),
                                        number_at(text + 14, 2), number_at(text + 17, 2)};
    const int wrong = field_out_of_range(&fields);
    if (wrong >= 0) return refuse(text, (size_t)wrong, place, err);

    int64_t fraction_us = 0;
    if (text[at] == '.') { /* of more than six digits the rest is cut, not rounded */
        at++;
        if (!is_digit(text[at])) return refuse(text, at, place, err);
        for (int64_t weight_us = US_PER_SECOND / 10; is_digit(text[at]); weight_us /= 10) {
            fraction_us += weight_us * (text[at++] - '0');
        }
    }
    if (text[at] == 'Z') at++;
    if (text[at] != '\0') return refuse(text, at, place, err);

    const int64_t days = civil_days(fields.year, fields.month, fields.day);
    const int64_t second_of_day =
        (int64_t)fields.hour * 3600 + (int64_t)fields.minute * 60 + fields.second;
    *unix_us = (days * SECONDS_PER_DAY + second_of_day) * US_PER_SECOND + fraction_us;
    return true;
}

/* ---- writing ---- */

void instant_format(int64_t unix_us, char text[static INSTANT_TEXT_MAX])
{
    const int64_t days = floor_divide(unix_us, US_PER_DAY);
    const struct civil_date date = date_of_days(days);
    /* In two steps, for the first instants an int64 holds lie in a day that begins before them. */
    const int64_t of_day_us = (unix_us % US_PER_DAY + US_PER_DAY) % US_PER_DAY;
    const unsigned of_day_ms = (unsigned)(of_day_us / US_PER_MS);
    const unsigned second = of_day_ms / 1000;
    const int length = snprintf(text, INSTANT_TEXT_MAX, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ",
                                (long long)date.year, date.month, date.day, second / 3600,
                                second / 60 % 60, second % 60, of_day_ms % 1000);
    assert(length > 0);
    assert(length < INSTANT_TEXT_MAX);
}
