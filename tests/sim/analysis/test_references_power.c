/* Goal: sample sizes, power and detectable effects agree with R's and with each other. Method:
 * power.prop.test()'s documented numbers; then round trips over grids (n of an effect detects that
 * effect), and dilution and traffic by hand. */
#include "tests/support.h"

#include <gsl/gsl_cdf.h>

#include "sim/analysis/stats_power.h"

static const struct power_test usual = {.alpha = 0.05, .power = 0.8};

static void gives_the_power_and_size_of_rs_example(void **state)
{
    (void)state;
    const struct power_shares shares = {0.50, 0.75};
    CHECK_NEAR(power_of_shares(50.0, shares, usual), 0.7401659, 1e-7);
    const struct power_test ninety = {.alpha = 0.05, .power = 0.9};
    CHECK_NEAR(power_n_shares(shares, ninety) / 76.70693, 1.0, 1e-7);
}

static void sizes_means_by_the_textbook(void **state)
{
    (void)state;
    /* (1.959964 + 0.841621)^2 = 7.848879..., the "16 sd^2 / difference^2" of every handbook */
    const struct power_spread spread = {10.0, 10.0};
    CHECK_NEAR(power_n_means(1.0, spread, usual), 7.848879734349091 * 200.0, 1e-8);
    CHECK_NEAR(power_n_pairs(1.0, 10.0, usual), 7.848879734349091 * 100.0, 1e-8);
    const struct power_test one_sided = {.alpha = 0.05, .power = 0.8, .one_sided = true};
    const double z = gsl_cdf_ugaussian_Qinv(0.05) + gsl_cdf_ugaussian_Pinv(0.8);
    CHECK_NEAR(power_n_pairs(1.0, 10.0, one_sided), z * z * 100.0, 1e-8);
}

static void comes_back_to_the_effect_it_was_asked_for(void **state)
{
    (void)state;
    static const double sizes[] = {30.0, 250.0, 4000.0, 1e6};
    static const double shares[] = {0.0, 0.01, 0.3, 0.5, 0.97};
    const struct power_spread spread = {3.0, 7.0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const double n = sizes[i];
        const double step = power_mde_means(n, spread, usual);
        CHECK_NEAR(power_n_means(-step, spread, usual) / n, 1.0, 1e-12);
        CHECK_NEAR(power_of_means(n, step, spread, usual), 0.8, 1e-12);
        const double pairs = power_mde_pairs(n, 3.0, usual);
        CHECK_NEAR(power_n_pairs(pairs, 3.0, usual) / n, 1.0, 1e-12);
        CHECK_NEAR(power_of_pairs(n, pairs, 3.0, usual), 0.8, 1e-12);
        for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
            for (int falls = 0; falls < 2; falls++) {
                const double change = power_mde_shares(n, shares[k], falls, usual);
                if (isnan(change)) continue;
                const struct power_shares arms = {shares[k],
                                                  shares[k] + (falls ? -change : change)};
                CHECK_NEAR(power_of_shares(n, arms, usual), 0.8, 1e-9);
                CHECK_NEAR(power_n_shares(arms, usual) / n, 1.0, 1e-9);
            }
        }
    }
}

static void says_when_nothing_can_be_detected(void **state)
{
    (void)state;
    const struct power_spread spread = {1.0, 1.0};
    assert_true(isnan(power_mde_shares(10.0, 0.01, true, usual))); /* it can fall by 0.01 only */
    assert_true(isnan(power_mde_shares(10.0, 0.0, true, usual)));
    assert_true(power_n_means(0.0, spread, usual) == HUGE_VAL);
    assert_true(power_n_shares((struct power_shares){0.2, 0.2}, usual) == HUGE_VAL);
    CHECK_NEAR(power_of_means(100.0, 0.0, spread, usual), 0.025, 1e-12);
    CHECK_NEAR(power_of_shares(50.0, (struct power_shares){0.0, 1.0}, usual), 1.0, 0.0);
}

static void dilutes_an_effect_that_few_orders_can_have(void **state)
{
    (void)state;
    const struct power_trigger trigger = {
        .share = 0.25, .difference = 40.0, .triggered = {100.0, 100.0}, .all = {100.0, 100.0}};
    const struct power_dilution dilution = power_dilute(trigger, usual);
    CHECK_NEAR(dilution.difference, 10.0, 1e-12);
    /* The same spread: looking at triggered orders only needs a quarter of the orders. */
    CHECK_NEAR(dilution.n_all / dilution.n_triggered, 4.0, 1e-12);
    CHECK_NEAR(dilution.n_triggered, power_n_means(40.0, trigger.triggered, usual) * 4.0, 1e-9);
}

static void turns_units_into_days_and_back(void **state)
{
    (void)state;
    const struct power_traffic traffic = {.orders_per_day = 1200.0, .share = 0.5, .arms = 3};
    CHECK_NEAR(power_days(1000.0, traffic), 5.0, 1e-12);
    CHECK_NEAR(power_n_of(5.0, traffic), 1000.0, 1e-9);
    CHECK_NEAR(power_days_of_pairs(600.0, 1200.0), 0.5, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_power_and_size_of_rs_example),
        cmocka_unit_test(sizes_means_by_the_textbook),
        cmocka_unit_test(comes_back_to_the_effect_it_was_asked_for),
        cmocka_unit_test(says_when_nothing_can_be_detected),
        cmocka_unit_test(dilutes_an_effect_that_few_orders_can_have),
        cmocka_unit_test(turns_units_into_days_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
