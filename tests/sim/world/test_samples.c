/* Samples: quantiles as GSL and a textbook compute them, exactly or within the stated error.
 *
 * Method: examples worked by hand; agreement with gsl_stats_quantile_from_sorted_data bit for bit
 * while exact, and with the sorted samples and gsl_histogram within the error bound after; then
 * that neither order nor merging matters, and where censoring begins to show.
 */
#include "tests/support.h"

#include <gsl/gsl_histogram.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "sim/world/samples.h"

enum { MANY = 100000 };

/* Lognormal around 0.8 s or so: a sum of draws, then two to that power. */
static int64_t latency_us(uint64_t seed, uint64_t index)
{
    double sum = 0;
    for (uint64_t i = 0; i < 4; i++)
        sum += random_unit(test_bits(seed, 4 * index + i));
    return (int64_t)(8e5 * exp2((sum - 2.0) * 2.0));
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bins_cover_every_value_without_gap(void **state)
{
    (void)state;
    assert_int_equal(samples_bin(INT32_MAX), SAMPLES_BINS - 1);
    for (uint32_t bin = 0; bin < SAMPLES_BINS; bin++) {
        const uint32_t start = samples_bin_start_us(bin);
        const uint32_t end = samples_bin_start_us(bin + 1);
        assert_int_equal(samples_bin(start), bin);
        assert_int_equal(samples_bin(end - 1), bin);
        assert_true(end - start == 1 || (end - start) * SAMPLES_OCTAVE <= start);
    }
}

static void quantiles_are_as_worked_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double probability;
        double us;
    } rows[] = {/* of 1, 2, ... 100: 1 + p * 99 */
                {"p99 lies between the 99th and the 100th", 0.99, 99.01},
                {"p50 lies between the two in the middle", 0.50, 50.5},
                {"p25", 0.25, 25.75},
                {"least", 0.0, 1.0},
                {"greatest", 1.0, 100.0}};
    struct samples samples;
    assert_true(samples_init(&samples, 100));
    for (int64_t us = 100; us >= 1; us--)
        samples_add(&samples, us, false);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct samples_quantile found = samples_quantile(&samples, rows[i].probability, 0);
        CHECK_ROW(rows[i].label, found.state == SAMPLES_KNOWN);
        CHECK_ROW(rows[i].label, fabs(found.us - rows[i].us) < 1e-12 * rows[i].us);
    }
    CHECK_NEAR(samples_mean_us(&samples), 50.5, 0);
    samples_clear(&samples);
    samples_add(&samples, 7, false);
    CHECK_NEAR(samples_quantile(&samples, 0.99, 0).us, 7.0, 0);
    samples_release(&samples);
}

static void agrees_with_gsl_bit_for_bit_while_exact(void **state)
{
    (void)state;
    static double sorted[5000];
    struct samples samples;
    assert_true(samples_init(&samples, 5000));
    for (unsigned n = 1; n <= 5000; n = n * 3 / 2 + 1) {
        samples_clear(&samples);
        for (unsigned i = 0; i < n; i++) {
            sorted[i] = (double)latency_us(n, i);
            samples_add(&samples, (int64_t)sorted[i], false);
        }
        qsort(sorted, n, sizeof *sorted, ascending);
        for (unsigned k = 0; k <= 1000; k++) {
            const double p = k / 1000.0;
            const double expected = gsl_stats_quantile_from_sorted_data(sorted, 1, n, p);
            CHECK_NEAR(samples_quantile(&samples, p, 0).us, expected, 0);
        }
    }
    samples_release(&samples);
}

/* Both the law above and values all in one place, which interpolation likes least. */
static void stays_within_its_error_when_counted(void **state)
{
    (void)state;
    static double sorted[MANY];
    for (unsigned kind = 0; kind < 3; kind++) {
        struct samples samples;
        assert_true(samples_init(&samples, kind == 0 ? 1000 : 0));
        for (unsigned i = 0; i < MANY; i++) {
            const int64_t us = kind == 2 ? (i % 7 == 0 ? 1048575 : 1048576) : latency_us(kind, i);
            sorted[i] = (double)us;
            samples_add(&samples, us, false);
        }
        assert_false(samples_exact(&samples));
        qsort(sorted, MANY, sizeof *sorted, ascending);
        for (unsigned k = 0; k <= 10000; k++) {
            const double p = k / 10000.0;
            const double exact = gsl_stats_quantile_from_sorted_data(sorted, 1, MANY, p);
            CHECK_NEAR(samples_quantile(&samples, p, 0).us, exact, exact * SAMPLES_ERROR_BOUND);
        }
        CHECK_NEAR(samples_quantile(&samples, 0, 0).us, sorted[0], sorted[0] * 1e-3);
        samples_release(&samples);
    }
}

static void counts_as_gsl_histogram_does(void **state)
{
    (void)state;
    static double edges[SAMPLES_BINS + 1];
    for (uint32_t bin = 0; bin <= SAMPLES_BINS; bin++)
        edges[bin] = samples_bin_start_us(bin);
    gsl_histogram *histogram = gsl_histogram_alloc(SAMPLES_BINS);
    assert_int_equal(gsl_histogram_set_ranges(histogram, edges, SAMPLES_BINS + 1), 0);
    struct samples samples;
    assert_true(samples_init(&samples, 500));
    for (unsigned i = 0; i < MANY; i++) {
        const int64_t us = i % 10 == 0 ? (int64_t)(test_bits(9, i) >> 33) : latency_us(8, i);
        samples_add(&samples, us, false);
        assert_int_equal(gsl_histogram_increment(histogram, (double)us), 0);
    }
    for (uint32_t bin = 0; bin < SAMPLES_BINS; bin++) {
        CHECK_NEAR((double)samples.bins[bin], gsl_histogram_get(histogram, bin), 0);
    }
    gsl_histogram_free(histogram);
    samples_release(&samples);
}

static void check_same(struct samples *a, struct samples *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->censored, b->censored);
    assert_int_equal(a->sum_us, b->sum_us);
    assert_int_equal(a->least_us, b->least_us);
    assert_int_equal(a->most_us, b->most_us);
    assert_int_equal(samples_exact(a), samples_exact(b));
    assert_memory_equal(a->bins, b->bins, 2 * SAMPLES_BINS * sizeof *a->bins);
    for (unsigned k = 0; k <= 100; k++) {
        const struct samples_quantile x = samples_quantile(a, k / 100.0, 0);
        const struct samples_quantile y = samples_quantile(b, k / 100.0, 0);
        assert_int_equal(x.state, y.state);
        if (a->count > 0) CHECK_NEAR(x.us, y.us, 0);
    }
}

/* Parts of every size around the limit, in either order, against one by one. */
static void merged_is_the_same_as_one_by_one(void **state)
{
    (void)state;
    static const unsigned sizes[] = {0, 1, 50, 99, 100, 101, 400};
    enum { LIMIT = 100, COUNT = sizeof sizes / sizeof sizes[0] };
    for (unsigned i = 0; i < COUNT * COUNT; i++) {
        struct samples whole, parts[2], backwards;
        assert_true(samples_init(&whole, LIMIT) && samples_init(&backwards, LIMIT));
        unsigned index = 0;
        for (unsigned part = 0; part < 2; part++) {
            assert_true(samples_init(&parts[part], LIMIT));
            const unsigned count = part == 0 ? sizes[i / COUNT] : sizes[i % COUNT];
            for (unsigned k = 0; k < count; k++, index++) {
                samples_add(&whole, latency_us(5, index), index % 9 == 8);
                samples_add(&parts[part], latency_us(5, index), index % 9 == 8);
            }
        }
        while (index-- > 0)
            samples_add(&backwards, latency_us(5, index), index % 9 == 8);
        check_same(&whole, &backwards);
        samples_merge(&backwards, &(struct samples){.least_us = INT64_MAX}); /* nothing */
        samples_merge(&parts[0], &parts[1]);
        check_same(&whole, &parts[0]);
        samples_add(&whole, 123456, false); /* goes on alike */
        samples_add(&parts[0], 123456, false);
        check_same(&whole, &parts[0]);
        samples_release(&whole);
        samples_release(&backwards);
        samples_release(&parts[0]);
        samples_release(&parts[1]);
    }
}

static void a_quantile_among_censored_samples_is_a_bound(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double probability;
        double us;
        enum samples_state state;
    } rows[] = {
        /* 1000, 2000 ... 8000 known, 8000 and 9000 censored, 9500 known */
        {"below them", 0.5, 6000, SAMPLES_KNOWN},
        {"the last known one, censored of the same value behind it", 0.7, 8000, SAMPLES_KNOWN},
        {"half way to a censored one", 0.75, 8000, SAMPLES_ABOVE},
        {"on one", 0.8, 8000, SAMPLES_ABOVE},
        {"between two", 0.85, 8500, SAMPLES_ABOVE},
        {"a known one, which they may lie above", 1.0, 9500, SAMPLES_ABOVE}};
    for (uint32_t limit = 0; limit <= 100; limit += 100) {
        struct samples samples;
        assert_true(samples_init(&samples, limit));
        samples_add(&samples, 9500, false);
        samples_add(&samples, 8000, true);
        for (int64_t us = 1000; us <= 8000; us += 1000)
            samples_add(&samples, us, false);
        samples_add(&samples, 9000, true);
        for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const struct samples_quantile found =
                samples_quantile(&samples, rows[i].probability, 0);
            const double error = limit > 0 ? 1e-9 : SAMPLES_ERROR_BOUND * rows[i].us;
            CHECK_ROW(rows[i].label, found.state == rows[i].state);
            CHECK_ROW(rows[i].label, fabs(found.us - rows[i].us) <= error);
        }
        CHECK_NEAR(samples_mean_us(&samples), (36000 + 9500) / 9.0, 1e-9);
        samples_release(&samples);
    }
}

static void a_percentile_needs_ten_samples_beyond_it(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double probability;
        unsigned needs;
    } rows[] = {{"p50", 0.5, 20},    {"p90", 0.9, 100},  {"p95", 0.95, 200},
                {"p99", 0.99, 1000}, {"p1", 0.01, 1000}, {"p99.9", 0.999, 10000},
                {"p10", 0.1, 100}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct samples samples;
        assert_true(samples_init(&samples, 0));
        assert_int_equal(samples_quantile(&samples, rows[i].probability, 10).state, SAMPLES_NONE);
        for (unsigned k = 1; k < rows[i].needs; k++)
            samples_add(&samples, k, false);
        const struct samples_quantile few = samples_quantile(&samples, rows[i].probability, 10);
        CHECK_ROW(rows[i].label, few.state == SAMPLES_TOO_FEW);
        CHECK_ROW(rows[i].label, few.needs > rows[i].needs - 0.5);
        CHECK_ROW(rows[i].label, few.needs < rows[i].needs + 0.5);
        CHECK_ROW(rows[i].label, isnan(few.us));
        samples_add(&samples, 1, false);
        CHECK_ROW(rows[i].label,
                  samples_quantile(&samples, rows[i].probability, 10).state == SAMPLES_KNOWN);
        samples_release(&samples);
    }
}

static void starts_anew_when_cleared_and_caps_what_is_too_long(void **state)
{
    (void)state;
    for (uint32_t limit = 0; limit <= 3; limit++) {
        struct samples used, fresh;
        assert_true(samples_init(&used, limit) && samples_init(&fresh, limit));
        for (int64_t us = 0; us < 40; us++)
            samples_add(&used, us * us * us * us, us % 3 == 0);
        samples_clear(&used);
        check_same(&used, &fresh);
        samples_add(&used, INT64_MAX, false);
        samples_add(&used, -5, false);
        samples_add(&fresh, INT32_MAX, false);
        samples_add(&fresh, 0, false);
        check_same(&used, &fresh);
        samples_release(&used);
        samples_release(&fresh);
    }
}

static void says_when_memory_is_out(void **state)
{
    (void)state;
    struct samples samples;
    for (uint32_t i = 1; i <= 2; i++) {
        memory_fail_after(i);
        assert_false(samples_init(&samples, 10));
    }
    assert_true(samples_init(&samples, 10));
    samples_release(&samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_cover_every_value_without_gap),
        cmocka_unit_test(quantiles_are_as_worked_by_hand),
        cmocka_unit_test(agrees_with_gsl_bit_for_bit_while_exact),
        cmocka_unit_test(stays_within_its_error_when_counted),
        cmocka_unit_test(counts_as_gsl_histogram_does),
        cmocka_unit_test(merged_is_the_same_as_one_by_one),
        cmocka_unit_test(a_quantile_among_censored_samples_is_a_bound),
        cmocka_unit_test(a_percentile_needs_ten_samples_beyond_it),
        cmocka_unit_test(starts_anew_when_cleared_and_caps_what_is_too_long),
        cmocka_unit_test(says_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
