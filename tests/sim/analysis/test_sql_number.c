/* Goal: numbers are what PostgreSQL makes of them, to the last digit.
 *
 * Method: rows that PostgreSQL 15 printed; quotients against long division of another kind; the
 * interpolated quantile against GSL's, which differs in its last bits alone. tests/e2e/postgres.sh
 * asks a PostgreSQL itself. */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "sim/analysis/sql_number.h"
#include "tests/support.h"

static struct sql_decimal read_decimal(const char *text)
{
    struct sql_decimal value = {0};
    bool fraction = false;
    for (; *text != '\0'; text++) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        value.units = value.units * 10 + (*text - '0');
        value.scale += fraction;
    }
    return value;
}

static const struct {
    const char *above, *below, *quotient, *rounded; /* as PostgreSQL 15 prints them */
} quotients[] = {
    {"0", "7", "0.00000000000000000000", "0.00"},
    {"0.0", "20000", "0.000000000000000000000000", "0.00"},
    {"100.0", "3", "33.3333333333333333", "33.33"},
    {"200.0", "3", "66.6666666666666667", "66.67"},
    {"10000.0", "9999", "1.0001000100010001", "1.00"},
    {"9999.0", "10000", "0.99990000000000000000", "1.00"},
    {"5", "3", "1.6666666666666667", "1.67"},
    {"1", "8.0", "0.12500000000000000000", "0.13"}, /* half away from zero */
    {"1.0", "200", "0.00500000000000000000", "0.01"},
    {"1000000.0", "25", "40000.000000000000", "40000.00"},
    {"8306596221.544", "3663.6", "2267331.646889398406", "2267331.65"},
    {"2663320480.3", "17.519", "152024686.35766882", "152024686.36"},
    {"413373.5", "7621946613.367", "0.000054234635975414157443", "0.00"},
    {"0.1000", "589000259.3722", "0.0000000001697792121629749185", "0.00"},
    {"100000.00", "999997", "0.10000030000090000270", "0.10"},
    {"138.6562", "3758.30", "0.03689332943085969720", "0.04"},
    {"0.004", "0.03", "0.13333333333333333333", "0.13"},
    {"8989855.5", "57424083627.73", "0.00015655200626760743", "0.00"},
    {"0.85", "279", "0.00304659498207885305", "0.00"},
    {"999.9997", "2224.6482", "0.44950914036655323750", "0.45"},
    {"0.0960", "18255.91", "0.000005258571060001939098", "0.00"},
};

static void divides_as_numeric_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof quotients / sizeof *quotients; i++) {
        struct text quotient = {0}, rounded = {0}, above = {0};
        const struct sql_decimal a = read_decimal(quotients[i].above);
        const struct sql_decimal b = read_decimal(quotients[i].below);
        sql_put_decimal(&above, a);
        sql_put_quotient(&quotient, a, b);
        sql_put_rounded(&rounded, a, b, 2);
        CHECK_ROW_TEXT(quotients[i].above, above.bytes, quotients[i].above);
        CHECK_ROW_TEXT(quotients[i].above, quotient.bytes, quotients[i].quotient);
        CHECK_ROW_TEXT(quotients[i].above, rounded.bytes, quotients[i].rounded);
        text_release(&above);
        text_release(&quotient);
        text_release(&rounded);
    }
}

/* |quotient * below - above| is at most half a unit of the last digit times below. */
static void no_quotient_is_off_by_more_than_half_a_digit(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5000; i++) {
        struct text text = {0};
        const struct sql_decimal above = {(int64_t)(test_bits(1, i) % 100000000u), 3};
        const struct sql_decimal below = {(int64_t)(test_bits(2, i) % 100000u) + 1, 0};
        sql_put_quotient(&text, above, below);
        const char *point = strchr(text.bytes, '.');
        assert_non_null(point);
        const long double exact = (long double)above.units / 1000.0L / (long double)below.units;
        assert_true(fabsl(strtold(text.bytes, NULL) - exact) <=
                    0.5L * powl(10.0L, -(long double)strlen(point + 1)) + exact * 1e-18L);
        /* At least 16 digits that count. */
        size_t digits = 0;
        for (const char *c = text.bytes + strspn(text.bytes, "0."); *c != '\0'; c++)
            digits += *c != '.';
        assert_true(above.units == 0 || digits >= 16);
        text_release(&text);
    }
}

static void sums_of_doubles_are_exact_decimals(void **state)
{
    static const struct {
        double values[4];
        size_t count;
        const char *mean; /* AVG() of these literals as numerics, by PostgreSQL 15 */
    } rows[] = {
        {{137.35}, 1, "137.3500000000000000"},
        {{137.35, 130.8}, 2, "134.0750000000000000"},
        {{95.30000000000001, 130.8, 7}, 3, "77.7000000000000033"},
        {{0.00001234, 3}, 2, "1.5000061700000000"},
        {{-1.5, 0.25, 0.25}, 3, "-0.33333333333333333333"},
        {{-0.1, 0.1}, 2, "0.00000000000000000000"},
        {{0, 0, 0}, 3, "0.00000000000000000000"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sql_sum sum = {0};
        struct text text = {0};
        for (size_t k = 0; k < rows[i].count; k++)
            assert_true(sql_sum_add(&sum, rows[i].values[k]));
        sql_put_mean(&text, &sum);
        CHECK_ROW_TEXT(rows[i].mean, text.bytes, rows[i].mean);
        text_release(&text);
    }
    struct sql_sum sum = {0};
    assert_false(sql_sum_add(&sum, 1e12));
    assert_false(sql_sum_add(&sum, 1e-23));
    assert_false(sql_sum_add(&sum, INFINITY));
    assert_int_equal(sum.count, 0);
}

static void interpolates_as_percentile_cont_does(void **state)
{
    static const struct {
        double values[4], share;
        size_t count;
        const char *printed; /* by PostgreSQL 15 */
    } rows[] = {
        {{812.345, 951.5, 1200.001, 3000}, 0.95, 4, "2730.0001499999994"},
        {{812.345, 951.5, 1200.001, 3000}, 0.5, 4, "1075.7505"},
        {{123.456, 10000, 10000}, 0.95, 3, "10000"},
        {{0.001, 0.003}, 0.95, 2, "0.0029"},
        {{42.5}, 0.95, 1, "42.5"},
        {{0, 0.0001}, 0.95, 2, "9.5e-05"},
        {{0, 0.001}, 0.05, 2, "5e-05"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        sql_put_double(&text, sql_percentile_cont(rows[i].values, rows[i].count, rows[i].share));
        CHECK_ROW_TEXT(rows[i].printed, text.bytes, rows[i].printed);
        text_release(&text);
    }
}

static void agrees_with_gsl_but_for_the_last_bits(void **state)
{
    double values[97];
    (void)state;
    for (uint64_t round = 0; round < 400; round++) {
        const size_t count = 1 + test_bits(3, round) % 97;
        for (size_t i = 0; i < count; i++)
            values[i] = (double)(test_bits(4, round * 97 + i) % 15000000u) / 1000.0;
        gsl_sort(values, 1, count);
        const double share = (double)(round % 101) / 100.0;
        const double theirs = gsl_stats_quantile_from_sorted_data(values, 1, count, share);
        CHECK_NEAR(sql_percentile_cont(values, count, share), theirs, 1e-11 * (1.0 + theirs));
    }
}

static void writes_instants_in_utc(void **state)
{
    static const struct {
        int64_t unix_us;
        const char *printed;
    } rows[] = {
        {INT64_C(1763830800000000), "2025-11-22 17:00:00+00"},
        {INT64_C(1763830800200000), "2025-11-22 17:00:00.2+00"},
        {INT64_C(1763830800123456), "2025-11-22 17:00:00.123456+00"},
        {INT64_C(1709251199001000), "2024-02-29 23:59:59.001+00"},
        {0, "1970-01-01 00:00:00+00"},
        {-1000, "1969-12-31 23:59:59.999+00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        sql_put_instant(&text, rows[i].unix_us);
        CHECK_ROW_TEXT(rows[i].printed, text.bytes, rows[i].printed);
        text_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divides_as_numeric_does),
        cmocka_unit_test(no_quotient_is_off_by_more_than_half_a_digit),
        cmocka_unit_test(sums_of_doubles_are_exact_decimals),
        cmocka_unit_test(interpolates_as_percentile_cont_does),
        cmocka_unit_test(agrees_with_gsl_but_for_the_last_bits),
        cmocka_unit_test(writes_instants_in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
