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
static size_t write_decimal(char *text, uint64_t units, unsigned decimals)
{
    while (decimals > 0 && units % 10 == 0) {
        units /= 10;
        decimals--;
    }
    char digits[20];
    const size_t count = write_digits(digits, units);
    if (decimals == 0) {
        memcpy(text, digits, count);
        return count;
    }
    const size_t whole = count > decimals ? count - decimals : 0;
    const size_t zeros = count > decimals ? 0 : decimals - count; /* between point and digits */
    size_t length = whole == 0 ? 1 : whole;
    memcpy(text, whole == 0 ? "0" : digits, length);
    text[length++] = '.';
    memset(text + length, '0', zeros);
    memcpy(text + length + zeros, digits + whole, count - whole);
    return length + zeros + count - whole;
}

/* Most of what a log holds is a whole number, or one of thousandths or millionths. When k / 1000 is
 * the value, bit for bit, then "k / 1000" written in decimal reads back as it, for strtod() rounds
 * the same quotient the same way. Returns 0 when the value is none of these. */
static size_t write_common(char *text, double size)
{
    if (size < WHOLE_LIMIT && size == floor(size)) return write_digits(text, (uint64_t)size);
    const double thousandths = nearbyint(size * 1e3);
    if (thousandths < DIGITS_15_LIMIT && thousandths / 1e3 == size) {
        return write_decimal(text, (uint64_t)thousandths, 3);
    }
    const double millionths = nearbyint(size * 1e6);
    if (millionths < DIGITS_15_LIMIT && millionths / 1e6 == size) {
        return write_decimal(text, (uint64_t)millionths, 6);
    }
    return 0;
}

/* ---- 15, 16 or 17 digits ---- */

/* Asks strtod() whether 15, 16 or 17 digits are enough, which always suffice; below the normal
 * range one digit may do. Slow, and the form for what is very large or very small. */
static size_t write_by_trying(char *text, double size)
{
    for (int digits = size < DBL_MIN ? 1 : DBL_DIG; digits < DBL_DECIMAL_DIG; digits++) {
        const int length = snprintf(text, NUMBER_TEXT_MAX - 1, "%.*g", digits, size);
        assert(length > 0 && length < NUMBER_TEXT_MAX - 1);
        if (strtod(text, NULL) == size) return (size_t)length;
    }
    return (size_t)snprintf(text, NUMBER_TEXT_MAX - 1, "%.*g", DBL_DECIMAL_DIG, size);
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* A double of the middle range as a whole number of 10^-decimals, in exact fixed point:
 *
 *     size * 10^decimals = scaled / 2^shift,   and half of the step to the next double is
 *     10^decimals / 2    in the same units, since the last bit of the mantissa is worth 2^-shift.
 *
 * A mantissa of 53 bits times at most 10^21 (70 bits) leaves four bits of the 128 to spare. */
struct fixed_point {
    wide scaled;
    wide
        step; /* 10^decimals: twice the distance within which a decimal reads back as this double */
    unsigned shift;
    unsigned decimals;
    uint64_t mantissa;
};

static const double unit_fractions[] = {1e0, 1e-1, 1e-2, 1e-3};
enum { FIXED_DIGITS = 17, MANTISSA_BITS = 53 };
#define MIDDLE_LOW  1e-4
#define MIDDLE_HIGH 0x1p52 /* above it there are hardly fractions, and shift would end */

static wide power_of_ten(unsigned exponent)
{
    wide power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* Decimals such that 17 digits are significant: 16 less the decimal exponent. */
static struct fixed_point fixed_point_of(double size)
{
    int exponent = 0;
    const double fraction = frexp(size, &exponent);
    struct fixed_point fixed = {.mantissa = (uint64_t)ldexp(fraction, MANTISSA_BITS),
                                .shift = (unsigned)(MANTISSA_BITS - exponent),
                                .decimals = FIXED_DIGITS - 1};
    for (double power = 10; power <= size; power *= 10)
        fixed.decimals--;
    for (int i = 0; i < 4; i++)
        fixed.decimals += size < unit_fractions[i];
    fixed.step = power_of_ten(fixed.decimals);
    fixed.scaled = fixed.mantissa * fixed.step;
    return fixed;
}

/* The multiple of `unit` nearest to the value, if it reads back as the double; otherwise 0. On the
 * border of the interval the even mantissa wins, as in strtod(). Below a power of two doubles lie
 * twice as dense, so that its lower border is half as far. */
static uint64_t nearest_that_reads_back(const struct fixed_point *fixed, uint64_t unit)
{
    const wide unit_scaled = (wide)unit << fixed->shift;
    const wide below = fixed->scaled / unit_scaled;
    const wide rest = fixed->scaled - below * unit_scaled;
    const wide rest_up = unit_scaled - rest;
    const bool even = (fixed->mantissa & 1) == 0;
    const bool power_of_two = fixed->mantissa == UINT64_C(1) << (MANTISSA_BITS - 1);
    const wide reach_up = 2 * rest_up;
    const wide reach_down = (power_of_two ? 4 : 2) * rest;
    const bool up = even ? reach_up <= fixed->step : reach_up < fixed->step;
    const bool down = even ? reach_down <= fixed->step : reach_down < fixed->step;
    if (down && (rest < rest_up || !up)) return (uint64_t)below * unit;
    return up ? (uint64_t)(below + 1) * unit : 0;
}

/* Exact integer arithmetic, several times as fast as asking strtod(). Returns 0 outside its range.
 */
static size_t write_middle(char *text, double size)
{
    if (size < MIDDLE_LOW || size >= MIDDLE_HIGH) return 0;
    const struct fixed_point fixed = fixed_point_of(size);
    uint64_t units = nearest_that_reads_back(&fixed, 100);
    if (units == 0) units = nearest_that_reads_back(&fixed, 10);
    if (units == 0) units = nearest_that_reads_back(&fixed, 1);
    assert(units != 0);
    return write_decimal(text, units, fixed.decimals);
}
#else
static size_t write_middle(char *text, double size)
{
    (void)text;
    (void)size;
    return 0;
}
#endif

size_t number_write(char text[static NUMBER_TEXT_MAX], double value)
{
    if (!isfinite(value)) {
        memcpy(text, "null", sizeof "null");
        return strlen("null");
    }
    size_t length = 0;
    if (signbit(value)) text[length++] = '-'; /* also of zero, or it would not read back */
    const double size = fabs(value);
    size_t digits = write_common(text + length, size);
    if (digits == 0) digits = write_middle(text + length, size);
    if (digits == 0) digits = write_by_trying(text + length, size);
    length += digits;
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
