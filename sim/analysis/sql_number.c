#include "sim/analysis/sql_number.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"

__extension__ typedef unsigned __int128 wide;

enum {
    SIGNIFICANT_LEAST = 16, /* NUMERIC_MIN_SIG_DIGITS */
    BASE_DIGITS = 4,        /* DEC_DIGITS: numerics are kept in base 10000 */
    QUOTIENT_SCALE_MAX = 40,
    QUOTIENT_DIGITS_MAX = 64,
};

static wide power_of_ten(int exponent)
{
    wide power = 1;
    assert(exponent >= 0 && exponent <= 37);
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

struct number { /* units / 10^scale */
    wide units;
    int scale;
};

static struct number number_of(struct sql_decimal value)
{
    assert(value.units >= 0);
    assert(value.scale >= 0 && value.scale <= 6);
    return (struct number){(wide)value.units, value.scale};
}

/* ---- quotients ---- */

struct leading { /* of a number in base 10000, counted from its units place */
    int weight;
    int digit;
};

static struct leading leading_of(struct number value)
{
    if (value.units == 0) return (struct leading){0, 0};
    int digits = 0;
    for (wide rest = value.units; rest > 0; rest /= 10)
        digits++;
    const int place = digits - value.scale - 1; /* of the first decimal digit */
    const int weight =
        place >= 0 ? place / BASE_DIGITS : -((BASE_DIGITS - 1 - place) / BASE_DIGITS);
    const int shift = value.scale + BASE_DIGITS * weight;
    const wide digit =
        shift >= 0 ? value.units / power_of_ten(shift) : value.units * power_of_ten(-shift);
    assert(digit >= 1 && digit < 10000);
    return (struct leading){weight, (int)digit};
}

static int quotient_scale(struct number above, struct number below)
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

static void divide(struct quotient *quotient, struct number above, struct number below)
{
    assert(below.units > 0);
    const wide divisor = below.units * power_of_ten(above.scale);
    wide rest = above.units * power_of_ten(below.scale);
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
    divide(&quotient, number_of(above), number_of(below));
    put(text, &quotient);
}

void sql_put_rounded(struct text *text, struct sql_decimal above, struct sql_decimal below,
                     int decimals)
{
    struct quotient quotient;
    divide(&quotient, number_of(above), number_of(below));
    assert(decimals >= 0 && decimals <= quotient.scale);
    round_to(&quotient, decimals);
    put(text, &quotient);
}

void sql_put_decimal(struct text *text, struct sql_decimal value)
{
    assert(value.units >= 0);
    const int64_t one = (int64_t)power_of_ten(value.scale);
    text_int(text, value.units / one);
    if (value.scale == 0) return;
    text_format(text, ".%0*lld", value.scale, (long long)(value.units % one));
}

/* ---- sums of what is written as doubles are ---- */

enum { SUM_SCALE_MAX = 22 };

/* Its shortest decimal form: "137.35" is 13735 at scale 2. */
static bool read_double(double value, sql_wide *units, int *scale)
{
    char text[NUMBER_TEXT_MAX];
    bool fraction = false;
    if (!(fabs(value) < 1e12)) return false;
    (void)number_write(text, value);
    *units = 0;
    *scale = 0;
    const char *at = text + (text[0] == '-');
    for (; *at != '\0' && *at != 'e'; at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        *units = *units * 10 + (*at - '0');
        *scale += fraction;
    }
    if (*at == 'e') *scale -= atoi(at + 1); /* of what is below 1e-4: its exponent is negative */
    if (text[0] == '-') *units = -*units;
    return *scale <= SUM_SCALE_MAX;
}

bool sql_sum_add(struct sql_sum *sum, double value)
{
    sql_wide units;
    int scale;
    if (!read_double(value, &units, &scale)) return false;
    if (scale > sum->scale) {
        sum->units *= (sql_wide)power_of_ten(scale - sum->scale);
        sum->scale = scale;
    }
    sum->units += units * (sql_wide)power_of_ten(sum->scale - scale);
    sum->count++;
    return true;
}

void sql_put_mean(struct text *text, const struct sql_sum *sum)
{
    struct quotient quotient;
    const bool below = sum->units < 0;
    assert(sum->count > 0);
    divide(&quotient, (struct number){(wide)(below ? -sum->units : sum->units), sum->scale},
           (struct number){(wide)sum->count, 0});
    bool any = false;
    for (int i = 0; i < quotient.count; i++)
        any = any || quotient.digits[i] != 0;
    if (below && any) text_char(text, '-');
    put(text, &quotient);
}

/* ---- doubles and instants ---- */

/* d.ddde-05: how PostgreSQL writes what is below 1e-4. */
static void put_small(struct text *text, double value)
{
    char digits[NUMBER_TEXT_MAX];
    sql_wide units;
    int scale;
    assert(value > 0.0);
    if (!read_double(value, &units, &scale))
        units = 0; /* beyond 22 decimals: no span is so short */
    (void)number_write_int(digits, (int64_t)units);
    size_t count = strlen(digits);
    const int exponent = scale - (int)count + 1;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    text_char(text, digits[0]);
    if (count > 1) text_char(text, '.');
    text_append(text, digits + 1, count - 1);
    text_format(text, "e-%02d", exponent);
}

/* From 1e15 on PostgreSQL writes an exponent too, but no figure of a log is that large. */
void sql_put_double(struct text *text, double value)
{
    assert(value >= 0.0 && value < 1e15);
    if (value > 0.0 && value < 1e-4) {
        put_small(text, value);
    } else {
        text_double(text, value);
    }
}

void sql_put_instant(struct text *text, int64_t unix_us)
{
    char iso[INSTANT_TEXT_MAX];
    instant_format(unix_us, iso); /* 2025-11-22T17:00:00.204Z */
    text_append(text, iso, 10);
    text_char(text, ' ');
    text_append(text, iso + 11, 8);
    const int64_t into = unix_us % US_PER_SECOND;
    unsigned fraction = (unsigned)(into < 0 ? into + US_PER_SECOND : into);
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
