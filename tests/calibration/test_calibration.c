/* Goal: no test or interval errs more often, or less, than it says; and calibration would notice.
 * Method: a twentieth of every calibration, held to the binomial region of as few experiments
 * (`make calibration` runs them in full); then two that are known to be wrong, which have to be
 * found out; and the counting itself against arithmetic. Seeds are fixed: what passes, passes. */
#include "tests/support.h"

#include "sim/analysis/stats_tests.h"
#include "tests/calibration/calibrate.h"

enum { PART = 20, THREADS = 2 };

static void errs_as_often_as_it_says(void **state)
{
    (void)state;
    for (const struct calibration *const *each = calibrations; *each != NULL; each++) {
        const struct calibration *calibration = *each;
        const struct calibration_counts counts =
            calibration_count(calibration, calibration->experiments / PART, THREADS);
        for (uint32_t f = 0; calibration->figures[f].what != NULL; f++) {
            const struct calibration_region region =
                calibration_region(calibration->figures[f], counts.experiments);
            const double rate = counts.happened[f] / (double)counts.experiments;
            if (!calibration_holds(region, rate))
                print_error("%s: %g, not in %g - %g\n", calibration->name, rate, region.low,
                            region.high);
            CHECK_ROW(calibration->figures[f].what, calibration_holds(region, rate));
        }
    }
}

/* ---- what calibration has to notice ---- */

/* A fixed-horizon p looked at fifty times; and an interval of 1.5 errors sold as one of 95%. */
static void err_too_often(uint64_t experiment, double *happened)
{
    const uint64_t key = calibration_key(1, experiment, 0);
    struct stats_share a = {0}, b = {0};
    for (uint64_t look = 0; look < 50; look++) {
        a.n += 40;
        b.n += 40;
        a.hits += calibration_hits(random_key(key, 2 * look), 40, 0.4);
        b.hits += calibration_hits(random_key(key, 2 * look + 1), 40, 0.4);
        if (stats_test_shares(a, b, 0.95).p <= 0.05) happened[0] = 1.0;
    }
    happened[1] = fabs(calibration_normal(key, 0)) <= 1.5;
    happened[2] = fabs(calibration_normal(key, 1)) <= 1.959964;
}

static const struct calibration wrong = {
    .name = "wrong",
    .how = "what nobody should do",
    .experiments = 500,
    .figures = {{"a fixed p, peeked at", 0.05, CALIBRATION_AT_MOST},
                {"an interval that is too narrow", 0.95, CALIBRATION_NOMINAL},
                {"one that is right", 0.95, CALIBRATION_NOMINAL}},
    .run = err_too_often};

static void notices_what_errs_too_often(void **state)
{
    (void)state;
    const struct calibration_counts counts = calibration_count(&wrong, 500, 1);
    static const bool holds[] = {false, false, true};
    for (uint32_t f = 0; f < 3; f++) {
        const struct calibration_region region = calibration_region(wrong.figures[f], 500);
        CHECK_ROW(wrong.figures[f].what,
                  calibration_holds(region, counts.happened[f] / 500.0) == holds[f]);
    }
}

static void accepts_the_central_999_of_a_thousand(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct calibration_figure figure;
        uint64_t experiments;
        double low, high;
    } rows[] = {/* normal theory: 5% -+ 3.29 * 0.218%; the ruling's 4.28 - 5.72% and 92.7 - 97.3% */
                {"type I of 10,000", {"", 0.05, CALIBRATION_NOMINAL}, 10000, 0.0428, 0.0572},
                {"coverage of 1,000", {"", 0.95, CALIBRATION_NOMINAL}, 1000, 0.927, 0.973},
                {"at most", {"", 0.05, CALIBRATION_AT_MOST}, 10000, 0.0, 0.0572},
                {"at least", {"", 0.95, CALIBRATION_AT_LEAST}, 1000, 0.927, 1.0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct calibration_region region =
            calibration_region(rows[i].figure, rows[i].experiments);
        CHECK_ROW(rows[i].label, fabs(region.low - rows[i].low) < 0.0025);
        CHECK_ROW(rows[i].label, fabs(region.high - rows[i].high) < 0.0025);
        if (rows[i].experiments == 10000) CHECK_ROW(rows[i].label, region.high <= 0.0575);
    }
}

/* Thirds do not add up exactly in another order. */
static void share_a_third(uint64_t experiment, double *happened)
{
    happened[0] = (double)(experiment % 7) / 21.0 + 1.0 / (double)(experiment + 3);
}

static const struct calibration thirds = {.name = "thirds",
                                          .how = "",
                                          .experiments = 1003,
                                          .figures = {{"", 0.5, CALIBRATION_NOMINAL}},
                                          .run = share_a_third};

static void counts_the_same_with_any_number_of_threads(void **state)
{
    (void)state;
    const struct calibration_counts alone = calibration_count(&thirds, thirds.experiments, 1);
    assert_int_equal(alone.experiments, 1003);
    for (uint32_t threads = 2; threads <= 5; threads++) {
        const struct calibration_counts counts =
            calibration_count(&thirds, thirds.experiments, threads);
        assert_memory_equal(&counts, &alone, sizeof counts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errs_as_often_as_it_says),
        cmocka_unit_test(notices_what_errs_too_often),
        cmocka_unit_test(accepts_the_central_999_of_a_thousand),
        cmocka_unit_test(counts_the_same_with_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
