/* Goal: quantiles that are GSL's, bit by bit, and a histogram that keeps its bound. Method: GSL
 * after sorting is the slow, obvious version, over inputs of every awkward kind and sizes on both
 * sides of where sorting ends. */
#include "tests/support.h"

#include <float.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "sim/analysis/stats_histogram.h"
#include "sim/analysis/stats_select.h"

static const double probabilities[] = {0.999, 0.0, 0.05, 0.25, 0.4,  0.5,
                                       0.75,  0.9, 0.95, 0.99, 1e-7, 1.0};
enum { PROBABILITIES = sizeof probabilities / sizeof *probabilities };
static const struct stats_probabilities asked = {probabilities, PROBABILITIES};

enum { LARGE = 5 * STATS_SELECT_SORTS_BELOW };
static double values[LARGE], sorted[LARGE];

typedef double (*maker)(uint64_t index);

static double unit(uint64_t seed, uint64_t index)
{
    return random_unit(test_bits(seed, index)) + 0x1p-54;
}
static double normal_prices(uint64_t i)
{
    return exp(8.0 + 0.5 * sqrt(-2.0 * log(unit(1, i))) * cos(6.283185307179586 * unit(2, i)));
}
static double both_signs(uint64_t i)
{
    return (unit(3, i) - 0.4) * 1e3;
}
static double all_alike(uint64_t i)
{
    return i < LARGE ? 0.1 : 0.0;
}
static double many_ties(uint64_t i)
{
    return floor(unit(4, i) * 7.0) - 3.0;
}
static double one_bucket(uint64_t i) /* differ in the last 45 bits only */
{
    return 1.0 + unit(5, i) * 0x1p-8;
}
static double last_bits(uint64_t i) /* and in the last two alone */
{
    return 1.0 + (double)(test_bits(6, i) & 3) * DBL_EPSILON;
}
static double zeros(uint64_t i)
{
    const uint64_t bits = test_bits(7, i) % 4;
    return bits == 0 ? -0.0 : bits == 1 ? 0.0 : bits == 2 ? -DBL_MIN : DBL_TRUE_MIN;
}
static double denormals(uint64_t i)
{
    return (unit(8, i) - 0.5) * 1e-310;
}
static double any_bits(uint64_t i) /* every double but NaN */
{
    const double value = stats_select_value(test_bits(9, i));
    return isnan(value) ? HUGE_VAL : value;
}
static double infinities(uint64_t i)
{
    const double u = unit(10, i);
    return u < 0.03 ? -HUGE_VAL : u > 0.97 ? HUGE_VAL : u;
}
static double rising(uint64_t i)
{
    return (double)i;
}
static double extremes(uint64_t i)
{
    return unit(11, i) < 0.5 ? -DBL_MAX : DBL_MAX;
}

static const struct {
    const char *label;
    maker make;
} kinds[] = {{"prices", normal_prices},
             {"both signs", both_signs},
             {"all alike", all_alike},
             {"ties", many_ties},
             {"one bucket", one_bucket},
             {"last bits", last_bits},
             {"zeros of both kinds", zeros},
             {"denormals", denormals},
             {"any bits", any_bits},
             {"infinities", infinities},
             {"rising", rising},
             {"greatest", extremes}};
static const size_t sizes[] = {1,
                               2,
                               3,
                               5,
                               64,
                               1000,
                               STATS_SELECT_SORTS_BELOW - 1,
                               STATS_SELECT_SORTS_BELOW,
                               STATS_SELECT_SORTS_BELOW + 1,
                               LARGE};

/* GSL's answer, but for its 0 times infinity; both NaN is the same. */
static bool same_as_gsl(double found, size_t n, double probability)
{
    const double index = probability * (double)(n - 1);
    if (index == floor(index)) return found == sorted[(size_t)index];
    const double expected = gsl_stats_quantile_from_sorted_data(sorted, 1, n, probability);
    return found == expected || (isnan(found) && isnan(expected));
}

static void agrees_with_gsl_to_the_last_bit_on_every_kind_of_input(void **state)
{
    (void)state;
    struct err err;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            const size_t n = sizes[s];
            for (size_t i = 0; i < n; i++)
                sorted[i] = values[i] = kinds[k].make(i);
            gsl_sort(sorted, 1, n);
            double found[PROBABILITIES];
            assert_true(stats_select_quantiles(values, n, asked, found, &err));
            for (unsigned q = 0; q < PROBABILITIES; q++) {
                CHECK_ROW(kinds[k].label, same_as_gsl(found[q], n, probabilities[q]));
            }
            for (size_t i = 0; i < n; i++) { /* the input is as it was, sign of zero included */
                const double before = kinds[k].make(i);
                CHECK_ROW(kinds[k].label, memcmp(&before, &values[i], sizeof before) == 0);
            }
        }
    }
}

static void whole_numbers_are_as_good_as_doubles(void **state)
{
    (void)state;
    static int64_t wide[LARGE];
    static uint32_t narrow[LARGE];
    static double widened[LARGE];
    struct err err;
    double found[PROBABILITIES], expected[PROBABILITIES];
    for (size_t i = 0; i < LARGE; i++) {
        wide[i] = (int64_t)(test_bits(20, i) >> 11) - (INT64_C(1) << 52);
        widened[i] = (double)wide[i];
        narrow[i] = (uint32_t)test_bits(21, i) >> (i % 32);
        values[i] = narrow[i];
    }
    for (size_t n = 10; n <= LARGE; n = n * 8 > LARGE && n < LARGE ? LARGE : n * 8) {
        assert_true(stats_select_quantiles_int64(wide, n, asked, found, &err));
        assert_true(stats_select_quantiles(widened, n, asked, expected, &err));
        assert_memory_equal(found, expected, sizeof found);
        assert_true(stats_select_quantiles_uint32(narrow, n, asked, found, &err));
        assert_true(stats_select_quantiles(values, n, asked, expected, &err));
        assert_memory_equal(found, expected, sizeof found);
    }
}

/* Docs, section 6: {15, 20, 35, 40, 50}. */
static void gives_the_textbook_quantiles_of_five_numbers(void **state)
{
    (void)state;
    const double five[] = {35, 20, 50, 15, 40};
    const double at[] = {0.05, 0.25, 0.40, 0.95, 0.999};
    const double expected[] = {16, 20, 29, 48, 49.96};
    double found[5];
    struct err err;
    assert_true(stats_select_quantiles(five, 5, (struct stats_probabilities){at, 5}, found, &err));
    for (unsigned q = 0; q < 5; q++)
        CHECK_NEAR(found[q], expected[q], 1e-13);
}

static void refuses_a_nan_and_knows_nothing_of_nothing(void **state)
{
    (void)state;
    struct err err;
    double found[PROBABILITIES];
    const size_t counts[] = {10, LARGE};
    for (unsigned c = 0; c < 2; c++) {
        for (size_t i = 0; i < counts[c]; i++)
            values[i] = normal_prices(i);
        uint64_t bits = UINT64_C(0x7FF0000000000001); /* shares the bucket of infinity */
        for (unsigned sign = 0; sign < 2; sign++, bits |= UINT64_C(1) << 63) {
            memcpy(&values[counts[c] / 2], &bits, sizeof bits);
            assert_false(stats_select_quantiles(values, counts[c], asked, found, &err));
            assert_int_equal(err.code, ERR_INPUT);
            assert_true(isnan(found[0]));
        }
    }
    assert_true(stats_select_quantiles(values, 0, asked, found, &err));
    for (unsigned q = 0; q < PROBABILITIES; q++)
        assert_true(isnan(found[q]));
}

static void every_failing_allocation_ends_cleanly(void **state)
{
    (void)state;
    for (size_t i = 0; i < LARGE; i++)
        values[i] = normal_prices(i);
    double found[PROBABILITIES];
    const size_t counts[] = {10, LARGE};
    const uint32_t allocations[] = {1, 3};
    for (unsigned c = 0; c < 2; c++) {
        struct err err = {.code = ERR_NONE};
        for (uint32_t fails = 1; fails <= allocations[c]; fails++) {
            memory_fail_after(fails);
            assert_false(stats_select_quantiles(values, counts[c], asked, found, &err));
            assert_int_equal(err.code, ERR_ENVIRONMENT);
        }
        memory_fail_after(0);
        assert_true(stats_select_quantiles(values, counts[c], asked, found, &err));
    }
}

/* ---- the live histogram ---- */

static void fill(struct stats_histogram *histogram, maker make, size_t first, size_t end)
{
    assert_true(stats_histogram_init(histogram));
    for (size_t i = first; i < end; i++)
        stats_histogram_add(histogram, make(i));
}

static void the_histogram_keeps_its_printed_bound(void **state)
{
    (void)state;
    assert_true(STATS_HISTOGRAM_ERROR_BOUND <= 0.004);
    const struct {
        const char *label;
        maker make;
    } rows[] = {{"prices", normal_prices},  {"both signs", both_signs}, {"alike", all_alike},
                {"one bucket", one_bucket}, {"rising", rising},         {"greatest", extremes},
                {"ties", many_ties},        {"infinities", infinities}, {"any bits", any_bits}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct stats_histogram histogram;
        fill(&histogram, rows[k].make, 0, LARGE);
        for (size_t i = 0; i < LARGE; i++)
            sorted[i] = rows[k].make(i);
        gsl_sort(sorted, 1, LARGE);
        double found[PROBABILITIES];
        stats_histogram_quantiles(&histogram, asked, found);
        for (unsigned q = 0; q < PROBABILITIES; q++) {
            const double index = probabilities[q] * (LARGE - 1);
            const size_t rank = (size_t)index;
            const double low = sorted[rank], high = sorted[rank + (rank + 1 < LARGE)];
            const double delta = index - (double)rank;
            const double exact = delta > 0.0 ? (1.0 - delta) * low + delta * high : low;
            if (isnan(exact) || isinf(exact)) {
                CHECK_ROW(rows[k].label, found[q] == exact || (isnan(exact) && isnan(found[q])));
                continue;
            }
            const double size =
                low * high > 0.0 || delta == 0.0 ? fabs(exact) : fmax(fabs(low), fabs(high));
            CHECK_ROW(rows[k].label,
                      fabs(found[q] - exact) <= size * STATS_HISTOGRAM_ERROR_BOUND + 0x1p-1029);
        }
        stats_histogram_release(&histogram);
    }
}

/* A value at either end of each bucket of an octave, of either sign: the bound is met and nearly
 * reached. */
static void no_place_in_a_bucket_is_worse_than_the_bound(void **state)
{
    (void)state;
    double worst = 0.0;
    for (unsigned b = 0; b < 128; b++) {
        for (unsigned end = 0; end < 4; end++) {
            const double low = ldexp(1.0 + b / 128.0, 5);
            const double edge = end & 1 ? nextafter(ldexp(1.0 + (b + 1) / 128.0, 5), 0.0) : low;
            const double value = end & 2 ? -edge : edge;
            struct stats_histogram histogram;
            assert_true(stats_histogram_init(&histogram));
            stats_histogram_add(&histogram, end & 2 ? -low / 2 : low / 2);
            stats_histogram_add(&histogram, value);
            stats_histogram_add(&histogram, end & 2 ? -low * 2 : low * 2);
            const double half = 0.5;
            double found;
            stats_histogram_quantiles(&histogram, (struct stats_probabilities){&half, 1}, &found);
            worst = fmax(worst, fabs(found / value - 1.0));
            stats_histogram_release(&histogram);
        }
    }
    assert_true(worst <= STATS_HISTOGRAM_ERROR_BOUND);
    assert_true(worst >= 1.0 / 257.1);
}

static bool same_histogram(const struct stats_histogram *a, const struct stats_histogram *b)
{
    return a->count == b->count && a->refused == b->refused && a->least == b->least &&
           a->most == b->most &&
           memcmp(a->bins, b->bins, STATS_SELECT_BUCKETS * sizeof *a->bins) == 0;
}

static double with_nans(uint64_t i)
{
    return i % 97 == 0 ? (double)NAN : any_bits(i);
}

static void merging_is_exact_in_any_order(void **state)
{
    (void)state;
    enum { PARTS = 5, ALL = 4000 };
    struct stats_histogram whole, parts[PARTS], forth, back;
    fill(&whole, with_nans, 0, ALL);
    fill(&forth, with_nans, 0, 0);
    fill(&back, with_nans, 0, 0);
    for (unsigned p = 0; p < PARTS; p++) /* uneven, one of them empty */
        fill(&parts[p], with_nans, ALL * p * p / 16, p == 4 ? ALL : ALL * (p + 1) * (p + 1) / 16);
    for (unsigned p = 0; p < PARTS; p++) {
        stats_histogram_merge(&forth, &parts[p]);
        stats_histogram_merge(&back, &parts[PARTS - 1 - p]);
    }
    assert_true(whole.refused > 0);
    assert_true(same_histogram(&whole, &forth));
    assert_true(same_histogram(&whole, &back));
    double found;
    const double half = 0.5;
    struct stats_histogram none;
    fill(&none, with_nans, 0, 1); /* a NaN alone */
    stats_histogram_quantiles(&none, (struct stats_probabilities){&half, 1}, &found);
    assert_true(isnan(found));
    assert_int_equal(none.refused, 1);
    for (unsigned p = 0; p < PARTS; p++)
        stats_histogram_release(&parts[p]);
    stats_histogram_release(&whole);
    stats_histogram_release(&forth);
    stats_histogram_release(&back);
    stats_histogram_release(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_gsl_to_the_last_bit_on_every_kind_of_input),
        cmocka_unit_test(whole_numbers_are_as_good_as_doubles),
        cmocka_unit_test(gives_the_textbook_quantiles_of_five_numbers),
        cmocka_unit_test(refuses_a_nan_and_knows_nothing_of_nothing),
        cmocka_unit_test(every_failing_allocation_ends_cleanly),
        cmocka_unit_test(the_histogram_keeps_its_printed_bound),
        cmocka_unit_test(no_place_in_a_bucket_is_worse_than_the_bound),
        cmocka_unit_test(merging_is_exact_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
