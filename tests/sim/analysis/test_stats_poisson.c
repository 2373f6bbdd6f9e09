/* Goal: the exact interval of a Poisson mean. Method: a published table (Garwood 1936, as Johnson,
 * Kotz and Kemp print it), the tails at the ends it gives, and coverage summed, not drawn. */
#include "tests/support.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "sim/analysis/stats_poisson.h"

static void agrees_with_the_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t events;
        double level, low, high;
    } rows[] = {{0, 0.95, 0.0, 3.689},    {1, 0.95, 0.0253, 5.572},  {2, 0.95, 0.242, 7.225},
                {5, 0.95, 1.623, 11.668}, {10, 0.95, 4.795, 18.390}, {20, 0.95, 12.217, 30.888},
                {0, 0.90, 0.0, 2.996},    {3, 0.99, 0.338, 10.977}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double low, high;
        stats_poisson_interval(rows[i].events, rows[i].level, &low, &high);
        CHECK_NEAR(low, rows[i].low, 5.1e-4);
        CHECK_NEAR(high, rows[i].high, 5.1e-4);
    }
}

static void its_ends_leave_the_tails_they_should(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 100000; k += 1 + k / 3) {
        double low, high;
        stats_poisson_interval(k, 0.95, &low, &high);
        CHECK_NEAR(gsl_cdf_poisson_P((unsigned)k, high), 0.025, 1e-9);
        if (k > 0) CHECK_NEAR(gsl_cdf_poisson_Q((unsigned)k - 1, low), 0.025, 1e-9);
    }
}

static void covers_at_least_as_often_as_it_says(void **state)
{
    (void)state;
    for (double mean = 0.1; mean < 30.0; mean *= 1.3) {
        double covered = 0.0;
        for (unsigned k = 0; k < 120; k++) {
            double low, high;
            stats_poisson_interval(k, 0.95, &low, &high);
            if (low <= mean && mean <= high) covered += gsl_ran_poisson_pdf(k, mean);
        }
        assert_true(covered >= 0.95);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_table),
        cmocka_unit_test(its_ends_leave_the_tails_they_should),
        cmocka_unit_test(covers_at_least_as_often_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
