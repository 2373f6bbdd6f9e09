#include "sim/analysis/sql_number.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "router/base/duration.h"

__extension__ typedef unsigned __int128 wide;

enum {
    SIGNIFICANT_LEAST = 16, /* NUMERIC_MIN_SIG_DIGITS */
    BASE_DIGITS = 4,        /* DEC_DIGITS: numerics are kept in base 10000 */
    QUOTIENT_SCALE_MAX = 40,
    QUOTIENT_DIGITS_MAX = 64,
};

static int64_t power_of_ten(int exponent)
{
    int64_t power = 1;
    assert(exponent >= 0 && exponent <= 18);
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

/* ---- quotients ---- */

struct leading { /* of a number in base 10000, counted from its units place */
    int weight;
    int64_t digit;
};

static struct leading leading_of(struct sql_decimal value)
{
    if (value.units == 0) return (struct leading){0, 0};
    int digits = 0;
    for (int64_t rest = value.units; rest > 0; rest /= 10)
        digits++;
    const int place = digits - value.scale - 1; /* of the first decimal digit */
    const int weight =
        place >= 0 ? place / BASE_DIGITS : -((BASE_DIGITS - 1 - place) / BASE_DIGITS);
    const int shift = value.scale + BASE_DIGITS * weight;
    const int64_t digit =
        shift >= 0 ? value.units / power_of_ten(shift) : value.units * power_of_ten(-shift);
    assert(digit >= 1 && digit < 10000);
    return (struct leading){weight, digit};
}

static int quotient_scale(struct sql_decimal above, struct sql_decimal below)
{
    const struct leading a = leading_of(above), b = leading_of(below);
    const int weight = a.weight - b.weight - (a.digit <= b.digit);
    int scale = SIGNIFICANT_LEAST - BASE_DIGITS * weight;
    if (scale < above.scale) scale = above.scale;
    if (scale < below.scale) scale = below.scale;
    assert(scale >= 0 && scale <= QUOTIENT_SCALE_MAX);
    return scale;
}

struct quotient { /* decimal digits, the first of them the least */
    unsigned char digits[QUOTIENT_DIGITS_MAX];
    int count, scale;
};

static void round_up(struct quotient *quotient)
{
    int i = 0;
    for (; i < quotient->count && quotient->digits[i] == 9; i++)
        quotient->digits[i] = 0;
    if (i == quotient->count) quotient->digits[quotient->count++] = 0;
    quotient->digits[i]++;
}

/* Drops digits behind `scale`, half away from zero. */
static void round_to(struct quotient *quotient, int scale)
{
    const int drop = quotient->scale - scale;
    if (drop <= 0) return;
    const bool up = quotient->digits[drop - 1] >= 5;
    quotient->count -= drop;
    memmove(quotient->digits, quotient->digits + drop, (size_t)quotient->count);
    quotient->scale = scale;
    if (up) round_up(quotient);
}

static void divide(struct quotient *quotient, struct sql_decimal above, struct sql_decimal below)
{
    assert(above.units >= 0 && below.units > 0);
    assert(above.scale >= 0 && above.scale <= 6 && below.scale >= 0 && below.scale <= 6);
    const wide divisor = (wide)below.units * (wide)power_of_ten(above.scale);
    wide rest = (wide)above.units * (wide)power_of_ten(below.scale);
    unsigned char reversed[QUOTIENT_DIGITS_MAX];
    int count = 0;
    quotient->scale = quotient_scale(above, below);
    for (wide whole = rest / divisor; whole > 0 || count == 0; whole /= 10)
        quotient->digits[count++] = (unsigned char)(whole % 10);
    for (int i = 0; i < count; i++)
        reversed[i] = quotient->digits[count - 1 - i];
    rest %= divisor;
    for (int i = 0; i < quotient->scale; i++) {
        rest *= 10;
        reversed[count++] = (unsigned char)(rest / divisor);
        rest %= divisor;
    }
    for (int i = 0; i < count; i++)
        quotient->digits[i] = reversed[count - 1 - i];
    quotient->count = count;
    if (rest * 2 >= divisor) round_up(quotient);
}

static void put(struct text *text, const struct quotient *quotient)
{
    for (int i = quotient->count - 1; i >= 0; i--) {
        text_char(text, (char)('0' + quotient->digits[i]));
        if (i == quotient->scale && i > 0) text_char(text, '.');
    }
}

void sql_put_quotient(struct text *text, struct sql_decimal above, struct sql_decimal below)
{
    struct quotient quotient;
    divide(&quotient, above, below);
    put(text, &quotient);
}

void sql_put_rounded(struct text *text, struct sql_decimal above, struct sql_decimal below,
                     int decimals)
{
    struct quotient quotient;
    divide(&quotient, above, below);
    assert(decimals >= 0 && decimals <= quotient.scale);
    round_to(&quotient, decimals);
    put(text, &quotient);
}

void sql_put_decimal(struct text *text, struct sql_decimal value)
{
    assert(value.units >= 0);
    const int64_t one = power_of_ten(value.scale);
    text_int(text, value.units / one);
    if (value.scale == 0) return;
    text_format(text, ".%0*lld", value.scale, (long long)(value.units % one));
}

/* ---- doubles and instants ---- */

/* Ours writes as PostgreSQL does between 1e-4 and 1e15, where every figure of a log lies. */
void sql_put_double(struct text *text, double value)
{
    assert(isfinite(value));
    assert(value == 0.0 || (fabs(value) >= 1e-4 && fabs(value) < 1e15));
    text_double(text, value);
}

void sql_put_instant(struct text *text, int64_t unix_us)
{
    char iso[INSTANT_TEXT_MAX];
    instant_format(unix_us, iso); /* 2025-11-22T17:00:00.204Z */
    text_append(text, iso, 10);
    text_char(text, ' ');
    text_append(text, iso + 11, 8);
    unsigned fraction = (unsigned)(unix_us % US_PER_SECOND);
    if (fraction > 0) {
        int digits = 6;
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        text_format(text, ".%0*u", digits, fraction);
    }
    text_put(text, "+00");
}

double sql_percentile_cont(const double *sorted, size_t count, double share)
{
    assert(count >= 1);
    assert(share >= 0.0 && share <= 1.0);
    const double rank = share * ((double)count - 1.0);
    const double low = sorted[(size_t)floor(rank)], high = sorted[(size_t)ceil(rank)];
    if (floor(rank) == ceil(rank)) return low;
    return low + (rank - floor(rank)) * (high - low);
}
