/* Numbers as text: the part of text.h that turns values into digits. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/text.h"

/* Up to 15 significant digits a decimal names a double of its own, so a form that short and that
 * reads back is the only one: nothing shorter is left to look for. */
#define DIGITS_15_LIMIT 1e15
#define WHOLE_LIMIT     0x1p53

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

/* Writes two digits a step, from the end, which halves the divisions. */
static size_t write_digits(char *text, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    while (value >= 100) {
        at -= 2;
        memcpy(digits + at, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(digits + at, digit_pairs + value * 2, 2);
    } else {
        digits[--at] = (char)('0' + value);
    }
    memcpy(text, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

size_t number_write_int(char text[static NUMBER_TEXT_MAX], int64_t value)
{
    size_t length = 0;
    if (value < 0) text[length++] = '-';
    const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    length += write_digits(text + length, size);
    text[length] = '\0';
    return length;
}

/* Writes `units` / 10^decimals without trailing zeros. */
static size_t write_decimal(char *text, uint64_t units, unsigned decimals, uint64_t scale)
{
    size_t length = write_digits(text, units / scale);
    uint64_t fraction = units % scale;
    if (fraction == 0) return length;
    while (fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    text[length++] = '.';
    for (unsigned i = decimals; i > 0; i--) {
        text[length + i - 1] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    return length + decimals;
}

/* Most of what a log holds is a whole number, or one of thousandths or millionths. When k / 1000 is
 * the value, bit for bit, then "k / 1000" written in decimal reads back as it, for strtod() rounds
 * the same quotient the same way. Returns 0 when the value is none of these. */
static size_t write_common(char *text, double size)
{
    if (size < WHOLE_LIMIT && size == floor(size)) return write_digits(text, (uint64_t)size);
    const double thousandths = nearbyint(size * 1e3);
    if (thousandths < DIGITS_15_LIMIT && thousandths / 1e3 == size) {
        return write_decimal(text, (uint64_t)thousandths, 3, 1000);
    }
    const double millionths = nearbyint(size * 1e6);
    if (millionths < DIGITS_15_LIMIT && millionths / 1e6 == size) {
        return write_decimal(text, (uint64_t)millionths, 6, 1000000);
    }
    return 0;
}

/* Tries 15, 16, then 17 digits, which always suffice; below the normal range one digit may do. */
static size_t write_shortest(char *text, double size)
{
    for (int digits = size < DBL_MIN ? 1 : DBL_DIG; digits < DBL_DECIMAL_DIG; digits++) {
        const int length = snprintf(text, NUMBER_TEXT_MAX - 1, "%.*g", digits, size);
        assert(length > 0 && length < NUMBER_TEXT_MAX - 1);
        if (strtod(text, NULL) == size) return (size_t)length;
    }
    return (size_t)snprintf(text, NUMBER_TEXT_MAX - 1, "%.*g", DBL_DECIMAL_DIG, size);
}

size_t number_write(char text[static NUMBER_TEXT_MAX], double value)
{
    if (!isfinite(value)) {
        memcpy(text, "null", sizeof "null");
        return strlen("null");
    }
    size_t length = 0;
    if (signbit(value)) text[length++] = '-'; /* also of zero, or it would not read back */
    const double size = fabs(value);
    const size_t common = write_common(text + length, size);
    length += common != 0 ? common : write_shortest(text + length, size);
    text[length] = '\0';
    return length;
}

/* ---- a fixed count of decimals ---- */

enum { FIXED_DECIMALS_MAX = 9, FIXED_TEXT_MAX = 400, FIXED_EXACT_DECIMALS = 60 };
static const double powers_of_ten[FIXED_DECIMALS_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4,
                                                             1e5, 1e6, 1e7, 1e8, 1e9};

/* Rounds the product of two doubles half up as if it were exact: fma() gives what the
 * multiplication lost, so that a value just below a tie is not taken for one. */
static uint64_t round_product(double size, double scale)
{
    const double product = size * scale;
    const double lost = fma(size, scale, -product);
    const double whole = floor(product);
    const double above_half = (product - whole) - 0.5;
    return (uint64_t)whole + (above_half >= -lost ? 1 : 0);
}

/* Adds one to the last digit of a decimal text, which has room for one more in front. */
static void increment_decimal(char *text, size_t *length)
{
    size_t at = *length;
    while (at > 0 && (text[at - 1] == '9' || text[at - 1] == '.')) {
        if (text[at - 1] == '9') text[at - 1] = '0';
        at--;
    }
    if (at > 0) {
        text[at - 1]++;
        return;
    }
    memmove(text + 1, text, *length);
    text[0] = '1';
    *length += 1;
}

/* Values too large for an integer of units. Their binary fraction is short, so sixty decimals hold
 * it whole and the digit after the cut decides. */
static void put_large_fixed(struct text *text, double size, int decimals)
{
    char digits[FIXED_TEXT_MAX];
    (void)snprintf(digits, sizeof digits, "%.*f", FIXED_EXACT_DECIMALS, size);
    const size_t point = strcspn(digits, ".");
    const bool up = digits[point + 1 + (size_t)decimals] >= '5';
    size_t length = decimals == 0 ? point : point + 1 + (size_t)decimals;
    if (up) increment_decimal(digits, &length);
    text_append(text, digits, length);
}

void text_fixed(struct text *text, double value, int decimals)
{
    assert(decimals >= 0);
    assert(decimals <= FIXED_DECIMALS_MAX);
    if (!isfinite(value)) {
        text_put(text, "null");
        return;
    }
    const double scale = powers_of_ten[decimals];
    const double size = fabs(value);
    if (size * scale >= WHOLE_LIMIT) {
        if (value < 0) text_char(text, '-');
        put_large_fixed(text, size, decimals);
        return;
    }
    const uint64_t units = round_product(size, scale);
    if (value < 0 && units != 0) text_char(text, '-'); /* no "-0.00" */
    text_int(text, (int64_t)(units / (uint64_t)scale));
    if (decimals == 0) return;

    char fraction[FIXED_DECIMALS_MAX + 1] = ".";
    uint64_t rest = units % (uint64_t)scale;
    for (int i = decimals; i > 0; i--) {
        fraction[i] = (char)('0' + rest % 10);
        rest /= 10;
    }
    text_append(text, fraction, (size_t)decimals + 1);
}
