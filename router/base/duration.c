#include "router/base/duration.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/text.h"
#include "router/base/utf8.h"

struct unit {
    const char *name;
    int64_t us;
};

/* Largest first: the order spans are written in. */
static const struct unit units[] = {{"d", US_PER_DAY},    {"h", US_PER_HOUR}, {"m", US_PER_MINUTE},
                                    {"s", US_PER_SECOND}, {"ms", US_PER_MS},  {"us", 1}};
enum { UNIT_COUNT = sizeof units / sizeof units[0], UNIT_SECOND = 3 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t digits_at(const char *text)
{
    size_t count = 0;
    while (is_digit(text[count]))
        count++;
    return count;
}

static size_t letters_at(const char *text)
{
    size_t count = 0;
    while (is_letter(text[count]))
        count++;
    return count;
}

/* The place of a part of the text; a place that is nowhere, or a whole line, stays as it is. */
static struct place part_of(struct place place, const char *text, const char *part, size_t length)
{
    if (place.column == 0) return place;
    place.column += (uint32_t)utf8_count(text, (size_t)(part - text));
    place.width = (uint32_t)utf8_count(part, length);
    return place;
}

/* The place of the one character that is wrong, or of the end. */
static struct place character_of(struct place place, const char *text, const char *at)
{
    return part_of(place, text, at, *at == '\0' ? 0 : 1);
}

/* UNIT_COUNT when the word is no unit. Case counts: "M" might be meant as a month. */
static unsigned find_unit(const char *word, size_t length)
{
    unsigned unit = 0;
    while (unit < UNIT_COUNT &&
           (strlen(units[unit].name) != length || memcmp(units[unit].name, word, length) != 0)) {
        unit++;
    }
    return unit;
}

/* ---- spans ---- */

static bool refuse_without_number(const char *text, const char *at, struct place place,
                                  struct err *err)
{
    const struct place here = character_of(place, text, at);
    if (*text == '\0') {
        (void)err_fail(err, ERR_INPUT, here, "an empty text is no span of time");
    } else if (*text == '-') {
        (void)err_fail(err, ERR_INPUT, here, "\"%s\" is negative; a span of time is not", text);
    } else {
        (void)err_fail(err, ERR_INPUT, here, "\"%s\" needs a whole number here", text);
    }
    return err_hint(err, "write a span like \"250ms\", \"10s\" or \"1h30m\"");
}

/* "1.5h" is refused for its fraction, yet what it means can be told, and is, if it is whole in us.
 */
static bool refuse_fraction(const char *text, const char *number, struct place place,
                            struct err *err)
{
    const char *point = number + digits_at(number);
    (void)err_fail(err, ERR_INPUT, character_of(place, text, point),
                   "\"%s\" has a fraction; spans are whole numbers with units", text);

    const char *word = point + 1 + digits_at(point + 1);
    const size_t length = letters_at(word);
    const unsigned unit = find_unit(word, length);
    const bool is_one_number = number == text && *point == '.' && word[length] == '\0';
    if (is_one_number && unit < UNIT_COUNT) {
        const double span_us = strtod(text, NULL) * (double)units[unit].us;
        if (span_us <= (double)DURATION_US_MAX && fabs(span_us - nearbyint(span_us)) < 1e-3) {
            char exact[DURATION_TEXT_MAX];
            duration_format(llrint(span_us), exact);
            return err_hint(err, "write \"%s\"", exact);
        }
    }
    return err_hint(err, "use a smaller unit: \"1500ms\" for a second and a half");
}

static bool refuse_unit(const char *text, const char *number, const char *word, struct place place,
                        struct err *err)
{
    const size_t length = letters_at(word);
    if (length == 0 && *word != '\0') {
        (void)err_fail(err, ERR_INPUT, character_of(place, text, word),
                       "\"%s\" has something other than a unit after its number", text);
        return err_hint(err, "units are us, ms, s, m, h and d, with no space before them");
    }
    if (length == 0) {
        (void)err_fail(err, ERR_INPUT, part_of(place, text, number, (size_t)(word - number)),
                       "\"%s\" needs a unit: us, ms, s, m, h or d", text);
        if (word - number > 9) return false; /* no guess fits a number that long */
        return err_hint(err, "\"%ss\" is seconds, \"%sms\" milliseconds", text, text);
    }
    (void)err_fail(err, ERR_INPUT, part_of(place, text, word, length),
                   "\"%s\" has an unknown unit \"%.*s\"", text, length < 16 ? (int)length : 16,
                   word);
    return err_hint(err, "units are us, ms, s, m, h and d");
}

static bool refuse_order(const char *text, const char *word, unsigned unit, struct place place,
                         struct err *err)
{
    (void)err_fail(err, ERR_INPUT, part_of(place, text, word, strlen(units[unit].name)),
                   "\"%s\" has \"%s\" after a unit that is not larger", text, units[unit].name);
    return err_hint(err, "write each unit once, the largest first: \"1h30m\"");
}

static bool refuse_length(const char *text, struct place place, struct err *err)
{
    (void)err_fail(err, ERR_INPUT, part_of(place, text, text, strlen(text)),
                   "\"%s\" is longer than ten years (3650d)", text);
    return false;
}

/* Adds `number` units to a sum; false when that passes the longest span. */
static bool add_units(int64_t *sum_us, const char *number, size_t digits, int64_t unit_us)
{
    int64_t count = 0;
    for (size_t i = 0; i < digits; i++) {
        count = count * 10 + (number[i] - '0');
        if (count > DURATION_US_MAX) return false;
    }
    if (count > (DURATION_US_MAX - *sum_us) / unit_us) return false;
    *sum_us += count * unit_us;
    return true;
}

bool duration_parse(const char *text, struct place place, int64_t *span_us, struct err *err)
{
    assert(text != NULL);
    assert(span_us != NULL);
    int64_t sum_us = 0;
    unsigned next_unit = 0; /* the largest that may still come */
    const char *at = text;
    do {
        const size_t digits = digits_at(at);
        const char *word = at + digits;
        if (digits == 0) return refuse_without_number(text, at, place, err);
        if (*word == '.' || *word == ',') return refuse_fraction(text, at, place, err);
        const size_t length = letters_at(word);
        const unsigned unit = find_unit(word, length);
        if (unit == UNIT_COUNT) return refuse_unit(text, at, word, place, err);
        if (unit < next_unit) return refuse_order(text, word, unit, place, err);
        if (!add_units(&sum_us, at, digits, units[unit].us)) return refuse_length(text, place, err);
        next_unit = unit + 1;
        at = word + length;
    } while (*at != '\0');
    assert(sum_us >= 0);
    assert(sum_us <= DURATION_US_MAX);
    *span_us = sum_us;
    return true;
}

/* ---- rates ---- */

static size_t decimal_at(const char *text)
{
    size_t length = digits_at(text);
    if (length != 0 && text[length] == '.' && is_digit(text[length + 1])) {
        length += 1 + digits_at(text + length + 1);
    }
    return length;
}

static bool refuse_rate(const char *text, const char *at, struct place place, struct err *err)
{
    (void)err_fail(err, ERR_INPUT, character_of(place, text, at), "\"%s\" is no rate", text);
    return err_hint(err, "write a number, a slash and s, m, h or d: \"40/s\", \"0.5/h\"");
}

bool rate_parse(const char *text, struct place place, double *per_second, struct err *err)
{
    assert(text != NULL);
    assert(per_second != NULL);
    const size_t length = decimal_at(text);
    if (length == 0) return refuse_rate(text, text, place, err);
    if (text[length] != '/') return refuse_rate(text, text + length, place, err);

    const char *word = text + length + 1;
    const unsigned unit = find_unit(word, strlen(word));
    if (unit > UNIT_SECOND) return refuse_rate(text, word, place, err);
    const double rate = strtod(text, NULL) / (double)(units[unit].us / US_PER_SECOND);
    if (!isfinite(rate) || rate <= 0) {
        (void)err_fail(err, ERR_INPUT, part_of(place, text, text, length),
                       "the rate \"%s\" is not above zero and finite", text);
        return err_hint(err, "leave it out to have no events at all");
    }
    *per_second = rate;
    return true;
}

/* ---- writing ---- */

void duration_format(int64_t span_us, char text[static DURATION_TEXT_MAX])
{
    size_t length = 0;
    if (span_us < 0) text[length++] = '-';
    uint64_t rest_us = span_us < 0 ? 0 - (uint64_t)span_us : (uint64_t)span_us;
    if (rest_us == 0) {
        memcpy(text, "0s", sizeof "0s");
        return;
    }
    for (unsigned unit = 0; unit < UNIT_COUNT; unit++) {
        const uint64_t unit_us = (uint64_t)units[unit].us;
        if (rest_us < unit_us) continue;
        char digits[NUMBER_TEXT_MAX];
        const size_t digit_count = number_write_int(digits, (int64_t)(rest_us / unit_us));
        const size_t name_length = strlen(units[unit].name);
        assert(length + digit_count + name_length < DURATION_TEXT_MAX);
        memcpy(text + length, digits, digit_count);
        memcpy(text + length + digit_count, units[unit].name, name_length);
        length += digit_count + name_length;
        rest_us %= unit_us;
    }
    text[length] = '\0';
}

/* The unit people would choose: the figures of one table stay comparable ("0.62 s", "11.4 min"). */
static struct unit unit_for_people(uint64_t span_us)
{
    if (span_us < (uint64_t)US_PER_MS) return (struct unit){"us", 1};
    if (span_us < 500 * (uint64_t)US_PER_MS) return (struct unit){"ms", US_PER_MS};
    if (span_us < 2 * (uint64_t)US_PER_MINUTE) return (struct unit){"s", US_PER_SECOND};
    if (span_us < 2 * (uint64_t)US_PER_HOUR) return (struct unit){"min", US_PER_MINUTE};
    if (span_us < 2 * (uint64_t)US_PER_DAY) return (struct unit){"h", US_PER_HOUR};
    return (struct unit){"d", US_PER_DAY};
}

static unsigned decimals_for_people(uint64_t span_us, uint64_t unit_us)
{
    if (unit_us == 1 || span_us / unit_us >= 100) return 0;
    if (span_us / unit_us >= 10) return 1;
    return span_us >= unit_us ? 2 : 3;
}

void duration_for_people(int64_t span_us, char text[static DURATION_TEXT_MAX])
{
    static const uint64_t powers_of_ten[] = {1, 10, 100, 1000};
    const uint64_t size_us = span_us < 0 ? 0 - (uint64_t)span_us : (uint64_t)span_us;
    const struct unit unit = unit_for_people(size_us);
    const uint64_t unit_us = (uint64_t)unit.us;
    const char *sign = span_us < 0 ? "-" : "";

    unsigned decimals = decimals_for_people(size_us, unit_us);
    uint64_t figures = (size_us * powers_of_ten[decimals] + unit_us / 2) / unit_us;
    while (decimals > 0 && figures % 10 == 0) { /* "10 s" rather than "10.0 s" */
        figures /= 10;
        decimals--;
    }
    const unsigned long long whole = figures / powers_of_ten[decimals];
    const unsigned fraction = (unsigned)(figures % powers_of_ten[decimals]);
    if (size_us == 0) {
        (void)snprintf(text, DURATION_TEXT_MAX, "0 s");
    } else if (decimals == 0) {
        (void)snprintf(text, DURATION_TEXT_MAX, "%s%llu %s", sign, whole, unit.name);
    } else {
        (void)snprintf(text, DURATION_TEXT_MAX, "%s%llu.%0*u %s", sign, whole, (int)decimals,
                       fraction, unit.name);
    }
}
