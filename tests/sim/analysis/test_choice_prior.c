/* Goal: what a customer does before one quote follows the stated formulas, and the break-even is
 * found where a hand finds it.
 * Method: quotes whose utility is a round number; identities; the rule of half against its bound;
 * two policies of one order, whose break-even has a closed form; random policies against a fine
 * scan. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/choice_prior.h"

static const struct choice_tastes tastes = {{0.5, -2.0, -0.01, 0.25}};

/* At the usual price, an hour, complete: the constant alone. */
static const struct choice_quote usual = {.price_cents = 6000,
                                          .reference_cents = 6000,
                                          .eta_minutes = 60,
                                          .fill = 1.0,
                                          .commission_cents = 180};

static struct choice_quote quote_at(double price, double eta, double fill)
{
    return (struct choice_quote){.price_cents = price,
                                 .reference_cents = 6000,
                                 .eta_minutes = eta,
                                 .fill = fill,
                                 .commission_cents = 0.03 * price};
}

/* ---- one quote ---- */

static void utility_is_the_stated_formula(void **state)
{
    (void)state;
    CHECK_NEAR(choice_utility(&tastes, &usual), 0.5, 1e-15);
    const struct choice_quote dear = quote_at(6000 * exp(0.1), 60, 1.0);
    CHECK_NEAR(choice_utility(&tastes, &dear), 0.3, 1e-12);
    const struct choice_quote late = quote_at(6000, 90, 1.0);
    CHECK_NEAR(choice_utility(&tastes, &late), 0.2, 1e-12);
    const struct choice_quote bare = quote_at(6000, 60, 0.8);
    CHECK_NEAR(choice_utility(&tastes, &bare), 0.0, 1e-12);
    CHECK_NEAR(choice_buys(&tastes, &bare), 0.5, 1e-12);
    CHECK_NEAR(choice_earns_cents(&tastes, &bare), 90.0, 1e-9);
    CHECK_NEAR(choice_price_elasticity(&tastes, &bare), -1.0, 1e-12);
    const struct choice_quote free_of_charge = quote_at(0, 60, 1.0);
    CHECK_NEAR(choice_utility(&tastes, &free_of_charge), 0.5 + 2 * log(6000), 1e-12);
}

static void probability_is_exact_at_both_ends(void **state)
{
    (void)state;
    CHECK_NEAR(choice_probability(-700) / exp(-700), 1.0, 1e-15);
    CHECK_NEAR(choice_probability(40) + choice_probability(-40), 1.0, 0.0);
    assert_true(choice_probability(-1e6) >= 0.0);
    CHECK_NEAR(choice_probability(1e6), 1.0, 0.0);
    assert_true(isnan(choice_probability((double)NAN)));
}

static void the_reference_is_the_median_of_what_was_quoted(void **state)
{
    (void)state;
    const double totals[4] = {7000, 100, 5000, 6000};
    CHECK_NEAR(choice_reference_cents(totals, 4), 5500, 0);
    CHECK_NEAR(choice_reference_cents(totals, 3), 5000, 0);
    CHECK_NEAR(choice_reference_cents(totals, 1), 7000, 0);
    assert_true(isnan(choice_reference_cents(totals, 0)));
}

static void satisfaction_is_100_for_the_quote_one_likes_best(void **state)
{
    (void)state;
    const struct choice_quote quotes[3] = {quote_at(6000, 60, 1.0), quote_at(5500, 60, 1.0),
                                           quote_at(5000, 200, 0.7)};
    CHECK_NEAR(choice_satisfaction(&tastes, quotes, 3, 1), 100.0, 0.0);
    for (uint32_t q = 0; q < 3; q++) {
        const double ratio = choice_buys(&tastes, &quotes[q]) / choice_buys(&tastes, &quotes[1]);
        CHECK_NEAR(choice_satisfaction(&tastes, quotes, 3, q), 100.0 * ratio, 1e-10);
    }
    assert_true(isnan(choice_satisfaction(&tastes, quotes, 0, 0)));
    /* Where nobody buys anything, one may still be e times likelier than another. */
    const struct choice_quote hopeless[2] = {quote_at(6000, 80060, 1.0), quote_at(6000, 80160, 1)};
    CHECK_NEAR(choice_satisfaction(&tastes, hopeless, 2, 1), 100.0 / exp(1.0), 1e-9);
}

static void surplus_agrees_with_the_rule_of_half(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 2000; i++) {
        const double u0 = random_unit(test_bits(1, i)), u1 = random_unit(test_bits(2, i));
        const double u2 = random_unit(test_bits(3, i)), u3 = random_unit(test_bits(4, i));
        const struct choice_quote before = quote_at(3000 + 6000 * u0, 20 + 100 * u1, 0.9);
        const struct choice_quote after = quote_at(3000 + 6000 * u2, 20 + 100 * u3, 1.0);
        const double exact = choice_surplus_change_cents(&tastes, &before, &after);
        const double half = choice_surplus_half_cents(&tastes, &before, &after);
        const double apart =
            fabs(choice_utility(&tastes, &after) - choice_utility(&tastes, &before));
        const double per_cent = 2.0 / 6000;
        assert_true(fabs(exact - half) <= apart * apart * apart / 124 / per_cent + 1e-9);
        CHECK_NEAR(exact,
                   choice_surplus_cents(&tastes, &after) - choice_surplus_cents(&tastes, &before),
                   1e-8);
    }
}

/* A cent off a cart that everybody buys is worth a cent; that half of them buy, half a cent. */
static void a_cent_is_worth_a_cent_to_whoever_buys(void **state)
{
    (void)state;
    const struct choice_quote cheaper = quote_at(5999, 60, 1.0);
    struct choice_tastes sure = tastes, torn = tastes;
    sure.beta[TASTE_CONSTANT] = 30.0;
    torn.beta[TASTE_CONSTANT] = 0.0;
    CHECK_NEAR(choice_surplus_change_cents(&sure, &usual, &cheaper), 1.0, 1e-4);
    CHECK_NEAR(choice_surplus_change_cents(&torn, &usual, &cheaper), 0.5, 2e-4);
    struct choice_tastes careless = tastes;
    careless.beta[TASTE_PRICE] = 0.0;
    assert_true(isnan(choice_surplus_change_cents(&careless, &usual, &cheaper)));
    assert_true(isnan(choice_surplus_cents(&careless, &usual)));
}

/* ---- the prior ---- */

static void the_defaults_are_of_the_order_that_is_stated(void **state)
{
    (void)state;
    const struct choice_prior prior = choice_prior_default();
    struct err err;
    assert_true(choice_prior_check(&prior, &err));
    const struct choice_tastes mid = choice_prior_mid(&prior);
    const double buys = choice_buys(&mid, &usual);
    CHECK_NEAR(buys, 0.6, 0.005);
    CHECK_NEAR(choice_price_elasticity(&mid, &usual), -1.2, 0.01);
    const struct choice_quote dearer = quote_at(6600, 60, 1.0);
    CHECK_NEAR(buys - choice_buys(&mid, &dearer), 0.07, 0.005);
    /* An hour is worth 12 dollars. */
    CHECK_NEAR(60 * mid.beta[TASTE_ETA] / (mid.beta[TASTE_PRICE] / 6000), 1200, 1e-9);
    CHECK_NEAR(mid.beta[TASTE_AVAIL] + mid.beta[TASTE_PRICE] * log(1.1), 0.0, 0.02);
    CHECK_NEAR(choice_probability(prior.constant.low), 0.3, 0.005);
    CHECK_NEAR(choice_probability(prior.constant.high), 0.8, 0.005);
}

static void ranges_that_are_none_are_refused(void **state)
{
    (void)state;
    struct err err;
    struct choice_prior prior = choice_prior_default();
    prior.beta_eta.mid = 1.0;
    assert_false(choice_prior_check(&prior, &err));
    assert_string_equal(err.message,
                        "the range of eta is no range: low -0.02, middle 1, high -0.003");
    prior = choice_prior_default();
    prior.constant.low = (double)NAN;
    assert_false(choice_prior_check(&prior, &err));
    prior = choice_prior_default();
    prior.beta_price.high = 0.0;
    assert_false(choice_prior_check(&prior, &err));
    assert_int_equal(err.code, ERR_INPUT);
    prior = choice_prior_default();
    prior.beta_eta.high = 0.1;
    assert_false(choice_prior_check(&prior, &err));
    prior = choice_prior_default();
    prior.beta_avail.low = -0.1;
    assert_false(choice_prior_check(&prior, &err));
}

/* ---- break-even ---- */

/* a earns 100, b 200 cents at a price higher by the factor e^0.3. With constant 0 and the reference
 * at a's price: 100/2 = 200/(1 + e^(-0.3 beta)), so beta = -ln 3 / 0.3. */
static void one_order_breaks_even_where_the_formula_says(void **state)
{
    (void)state;
    struct choice_prior prior = choice_prior_default();
    prior.constant = (struct choice_range){0, 0, 0};
    const struct choice_quote a[2] = {quote_at(6000, 60, 1.0), usual};
    struct choice_quote b[2] = {quote_at(6000 * exp(0.3), 60, 1.0), usual};
    struct choice_quote a0 = a[0];
    a0.commission_cents = 100;
    b[0].commission_cents = 200;
    const struct choice_quote as[2] = {a0, usual};
    const struct choice_policies policies = {as, b, 2};
    const struct choice_break_even found =
        choice_break_even(&policies, &prior, TASTE_PRICE, CHOICE_COMMISSION);
    CHECK_NEAR(found.flips_at, -log(3.0) / 0.3, 1e-12);
    assert_int_equal(found.flips, 1);
    assert_true(found.monotone);
    assert_int_equal(found.n, 2);
    assert_int_equal(found.differing, 1);
    CHECK_NEAR(found.elasticity, -log(3.0) / 0.3 / 2, 1e-12);
    /* Half an order's difference each: the other is the same. */
    CHECK_NEAR(found.at_mid, 0.5 * (200 * choice_probability(-0.9) - 50), 1e-12);
    CHECK_NEAR(found.at_low, 0.5 * (200 * choice_probability(-1.8) - 50), 1e-12);
    CHECK_NEAR(found.at_high, 0.5 * (200 * choice_probability(-0.3) - 50), 1e-12);
}

static void a_sign_that_never_changes_is_a_result(void **state)
{
    (void)state;
    const struct choice_prior prior = choice_prior_default();
    struct choice_quote better = quote_at(5500, 50, 1.0);
    better.commission_cents = 200;
    const struct choice_policies policies = {&usual, &better, 1}, same = {&usual, &usual, 1};
    for (enum choice_taste taste = TASTE_CONSTANT; taste < CHOICE_TASTES; taste++) {
        for (unsigned goal = 0; goal < 2; goal++) {
            struct choice_break_even found =
                choice_break_even(&policies, &prior, taste, (enum choice_goal)goal);
            assert_int_equal(found.flips, 0);
            assert_true(isnan(found.flips_at) && isnan(found.elasticity));
            assert_true(found.at_low > 0 && found.at_mid > 0 && found.at_high > 0);
            found = choice_break_even(&same, &prior, taste, (enum choice_goal)goal);
            assert_int_equal(found.flips, 0);
            CHECK_NEAR(found.at_low, 0.0, 0.0);
            assert_int_equal(found.differing, 0);
        }
    }
    const struct choice_policies nobody = {NULL, NULL, 0};
    const struct choice_break_even found =
        choice_break_even(&nobody, &prior, TASTE_PRICE, CHOICE_COMMISSION);
    assert_true(isnan(found.at_mid) && isnan(found.flips_at));
    assert_int_equal(found.flips, 0);
}

enum { ORDERS = 40, FINE = 20000 };

static void draw_policies(uint64_t run, struct choice_quote *a, struct choice_quote *b)
{
    for (uint64_t i = 0; i < ORDERS; i++) {
        double units[5];
        for (unsigned u = 0; u < 5; u++)
            units[u] = random_unit(test_bits(100 * run + u, i));
        a[i] = quote_at(4000 + 4000 * units[0], 60 + 60 * units[1], 1.0);
        b[i] = quote_at(a[i].price_cents * (0.9 + 0.36 * units[2]), 20 + 80 * units[3], 1.0);
        b[i].commission_cents *= 0.95 + 0.2 * units[4];
    }
}

static void break_evens_are_where_a_fine_scan_sees_the_sign_change(void **state)
{
    (void)state;
    struct choice_quote a[ORDERS], b[ORDERS];
    const struct choice_policies policies = {a, b, ORDERS};
    const struct choice_prior prior = choice_prior_default();
    unsigned flipped = 0;
    for (uint64_t run = 0; run < 60; run++) {
        const enum choice_goal goal = run % 2 ? CHOICE_SURPLUS : CHOICE_COMMISSION;
        draw_policies(run, a, b);
        const struct choice_break_even found =
            choice_break_even(&policies, &prior, TASTE_PRICE, goal);
        struct choice_tastes at = choice_prior_mid(&prior);
        double nearest = (double)NAN, last = 0.0;
        for (unsigned i = 0; i <= FINE / 40; i++) {
            at.beta[TASTE_PRICE] = -6.0 + 5.0 * i / (FINE / 40);
            const double value = choice_policy_difference(&policies, &at, goal);
            const bool changes = i > 0 && (value > 0) != (last > 0);
            if (changes && !(fabs(at.beta[TASTE_PRICE] + 3) > fabs(nearest + 3)))
                nearest = at.beta[TASTE_PRICE];
            last = value;
        }
        assert_int_equal(isnan(nearest), isnan(found.flips_at));
        if (isnan(nearest)) continue;
        flipped++;
        CHECK_NEAR(found.flips_at, nearest, 0.0101);
        at.beta[TASTE_PRICE] = found.flips_at;
        CHECK_NEAR(choice_policy_difference(&policies, &at, goal), 0.0, 1e-9);
    }
    print_message("%u of 60 flip\n", flipped);
    assert_true(flipped >= 10 && flipped <= 50);
}

/* With t = -beta_price, b's 100 cents at e^2 times the price fall fast, a's 60 at e^0.3 slowly, and
 * 10 cents stay: the difference is above 0 near 0, below after 0.9, and above again from 60 / (1 +
 * e^(0.3 t)) = 10 on, at t = ln 5 / 0.3. */
static void more_than_one_change_is_said(void **state)
{
    (void)state;
    struct choice_prior prior = choice_prior_default();
    prior.constant = (struct choice_range){0, 0, 0};
    prior.beta_price = (struct choice_range){-8, -4, -0.01};
    struct choice_quote a[2] = {quote_at(6000 * exp(0.3), 60, 1.0), usual};
    struct choice_quote b[2] = {quote_at(6000 * exp(2.0), 60, 1.0), usual};
    a[0].commission_cents = 60, b[0].commission_cents = 100;
    a[1].commission_cents = 0, b[1].commission_cents = 20;
    const struct choice_policies policies = {a, b, 2};
    struct choice_break_even found =
        choice_break_even(&policies, &prior, TASTE_PRICE, CHOICE_COMMISSION);
    assert_int_equal(found.flips, 2);
    assert_false(found.monotone);
    CHECK_NEAR(found.flips_at, -log(5.0) / 0.3, 2e-3);
    assert_true(found.at_low > 0 && found.at_mid < 0 && found.at_high > 0);
    prior.beta_price.mid = -2;
    found = choice_break_even(&policies, &prior, TASTE_PRICE, CHOICE_COMMISSION);
    assert_true(found.flips_at > -1.0 && found.flips_at < -0.8);
}

/* Both have the utility 0.4 - 1.5 at a beta_eta of -0.75, which the grid meets: exactly 0 there. */
static void a_change_that_passes_through_0_is_one_change(void **state)
{
    (void)state;
    struct choice_prior prior = choice_prior_default();
    prior.beta_avail = (struct choice_range){0.25, 0.25, 0.25};
    prior.beta_eta = (struct choice_range){-1.0, -0.75, -0.5};
    struct choice_quote a = quote_at(6000, 60, 0.4), b = quote_at(6000, 62, 1.0);
    const struct choice_policies policies = {&a, &b, 1};
    const struct choice_break_even found =
        choice_break_even(&policies, &prior, TASTE_ETA, CHOICE_COMMISSION);
    CHECK_NEAR(found.at_mid, 0.0, 0.0);
    assert_true(found.at_low < 0 && found.at_high > 0);
    assert_int_equal(found.flips, 1);
    CHECK_NEAR(found.flips_at, -0.75, 1e-12);
    const struct choice_quote c = quote_at(6000, 62, 0.4); /* worse, but never by a sign */
    const struct choice_policies worse = {&a, &c, 1};
    assert_int_equal(choice_break_even(&worse, &prior, TASTE_ETA, CHOICE_SURPLUS).flips, 0);
}

/* ---- from what customers did ---- */

enum { SHOWN = 6000 };
static struct choice_quote shown_quotes[SHOWN];
static uint8_t shown_bought[SHOWN];

static void tastes_are_found_again_in_what_was_bought(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SHOWN; i++) {
        const double price = 4000 + 4000 * random_unit(test_bits(21, i));
        const double eta = 20 + 100 * random_unit(test_bits(22, i));
        const double fill = 1.0 - 0.4 * random_unit(test_bits(23, i));
        shown_quotes[i] = quote_at(price, eta, fill);
        const double drawn = random_unit(test_bits(24, i));
        shown_bought[i] = drawn < choice_buys(&tastes, &shown_quotes[i]);
        if (i % 3 == 0) shown_bought[i] = CHOICE_UNKNOWN;
    }
    const struct choice_shown shown = {
        .quotes = shown_quotes, .bought = shown_bought, .count = SHOWN};
    struct choice_fit fit;
    struct err err;
    assert_true(choice_tastes_fit(&shown, &fit, &err));
    assert_int_equal(fit.state, CHOICE_FITTED);
    assert_int_equal(fit.n, SHOWN / 3 * 2);
    const struct choice_tastes found = choice_tastes_of(&fit);
    for (unsigned taste = 0; taste < CHOICE_TASTES; taste++)
        CHECK_ROW(choice_taste_names[taste], fabs(found.beta[taste] - tastes.beta[taste]) <
                                                 3 * choice_error(&fit, taste, CHOICE_ROBUST));
    /* A minute in units of ln(price), times the price: cents. */
    const struct choice_ratio minute =
        choice_ratio(&fit, TASTE_ETA, TASTE_PRICE, CHOICE_ROBUST, 0.99);
    assert_true(minute.low < -0.005 && -0.005 < minute.high);
}

static void nothing_known_is_no_fit(void **state)
{
    (void)state;
    memset(shown_bought, CHOICE_UNKNOWN, sizeof shown_bought);
    const struct choice_shown shown = {.quotes = shown_quotes, .bought = shown_bought, .count = 9};
    struct choice_fit fit;
    struct err err;
    assert_true(choice_tastes_fit(&shown, &fit, &err));
    assert_int_equal(fit.state, CHOICE_NONE);
    assert_true(isnan(choice_tastes_of(&fit).beta[TASTE_PRICE]));
    for (uint32_t countdown = 1; countdown <= 3; countdown++) {
        memory_fail_after(countdown);
        assert_false(choice_tastes_fit(&shown, &fit, &err));
        assert_int_equal(err.code, ERR_ENVIRONMENT);
    }
    memory_fail_after(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utility_is_the_stated_formula),
        cmocka_unit_test(probability_is_exact_at_both_ends),
        cmocka_unit_test(the_reference_is_the_median_of_what_was_quoted),
        cmocka_unit_test(satisfaction_is_100_for_the_quote_one_likes_best),
        cmocka_unit_test(surplus_agrees_with_the_rule_of_half),
        cmocka_unit_test(a_cent_is_worth_a_cent_to_whoever_buys),
        cmocka_unit_test(the_defaults_are_of_the_order_that_is_stated),
        cmocka_unit_test(ranges_that_are_none_are_refused),
        cmocka_unit_test(one_order_breaks_even_where_the_formula_says),
        cmocka_unit_test(a_sign_that_never_changes_is_a_result),
        cmocka_unit_test(break_evens_are_where_a_fine_scan_sees_the_sign_change),
        cmocka_unit_test(more_than_one_change_is_said),
        cmocka_unit_test(a_change_that_passes_through_0_is_one_change),
        cmocka_unit_test(tastes_are_found_again_in_what_was_bought),
        cmocka_unit_test(nothing_known_is_no_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
