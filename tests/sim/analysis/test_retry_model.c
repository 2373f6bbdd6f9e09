/* Closed forms of fan-out, hedges, retries and budgets.
 *
 * Method: the published figures, to the digits in which they are printed; and keyed draws, a
 * hundred thousand a row, whose counts have to lie within the 99.9% region of the formula's share.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "router/base/random.h"
#include "sim/analysis/retry_model.h"
#include "tests/support.h"

enum { TRIALS = 100000 };

static double unit(uint64_t seed, uint64_t trial, uint64_t draw)
{
    return random_unit(random_draw(random_key(seed, trial), draw));
}

/* `count` out of `trials` lies where a binomial of `share` lies in 999 of 1000 cases. */
static bool is_plausible(uint64_t count, double share, uint64_t trials)
{
    const unsigned k = (unsigned)count, n = (unsigned)trials;
    if (share <= 0.0 || share >= 1.0) return count == (share <= 0.0 ? 0 : trials);
    return gsl_cdf_binomial_P(k, share, n) > 0.0005 &&
           (k == 0 || gsl_cdf_binomial_Q(k - 1, share, n) > 0.0005);
}

static bool prints_as(double value, int digits, const char *text)
{
    char said[64];
    (void)snprintf(said, sizeof said, "%.*f", digits, value);
    if (strcmp(said, text) == 0) return true;
    print_error("%s, not %s\n", said, text);
    return false;
}

static void fan_out_is_as_the_tail_at_scale_has_it(void **state)
{
    (void)state;
    static const struct {
        double share, n;
        int digits;
        const char *text;
    } rows[] = {
        {0.01, 100, 5, "0.63397"}, {0.0001, 2000, 5, "0.18128"}, {0.01, 4, 5, "0.03940"},
        {0.05, 4, 5, "0.18549"},   {0.001, 4, 6, "0.003994"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double all = retry_fan_out(rows[i].share, rows[i].n);
        CHECK_ROW(rows[i].text, prints_as(all, rows[i].digits, rows[i].text));
        uint64_t slow = 0;
        const unsigned trials = rows[i].n > 1000 ? TRIALS / 20 : TRIALS;
        for (unsigned t = 0; t < trials; t++) {
            bool any = false;
            for (unsigned k = 0; k < (unsigned)rows[i].n && !any; k++)
                any = unit(1 + i, t, k) < rows[i].share;
            slow += any;
        }
        CHECK_ROW(rows[i].text, is_plausible(slow, all, trials));
    }
}

static void a_router_of_four_needs_more_of_each_than_it_keeps(void **state)
{
    (void)state;
    assert_true(prints_as(100 * retry_quantile_of_each(0.95, 4), 2, "98.73"));
    assert_true(prints_as(100 * retry_quantile_of_each(0.99, 4), 2, "99.75"));
    assert_true(prints_as(100 * retry_quantile_of_all(0.95, 4), 1, "81.5"));
    assert_true(prints_as(100 * retry_quantile_of_all(0.99, 4), 1, "96.1"));
}

static void hedging_a_lognormal_gives_the_published_quantiles(void **state)
{
    (void)state;
    const struct retry_lognormal lognormal = retry_lognormal_of(1500, 0.95, 3500);
    const struct retry_law law = retry_lognormal_law(&lognormal);
    assert_true(prints_as(retry_lognormal_quantile(&lognormal, 0.99), 0, "4972"));
    assert_true(prints_as(retry_lognormal_quantile(&lognormal, 0.999), 0, "7369"));
    static const struct { /* delays in whole milliseconds, as the table was made */
        double after_ms, share;
        const char *load, *p99, *p999;
    } rows[] = {{3500, 0.95, "5.0", "4638", "5741"},
                {2902, 0.90, "10.0", "4360", "5417"},
                {1500, 0.50, "50.0", "3659", "4672"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double exact_ms = retry_lognormal_quantile(&lognormal, rows[i].share);
        const double after_ms = rows[i].after_ms;
        CHECK_ROW(rows[i].load, after_ms == floor(exact_ms + 1e-6));
        CHECK_ROW(rows[i].load,
                  fabs(retry_hedge_load(&law, exact_ms) - (1 - rows[i].share)) < 1e-12);
        CHECK_ROW(rows[i].load, prints_as(100 * retry_hedge_load(&law, after_ms), 1, rows[i].load));
        CHECK_ROW(rows[i].p99,
                  prints_as(retry_hedge_quantile(&law, after_ms, 0.99), 0, rows[i].p99));
        CHECK_ROW(rows[i].p999,
                  prints_as(retry_hedge_quantile(&law, after_ms, 0.999), 0, rows[i].p999));
    }
    /* At P90 itself, 2902.634 ms, it is half a millisecond more. */
    const double p90_ms = retry_lognormal_quantile(&lognormal, 0.90);
    assert_true(prints_as(retry_hedge_quantile(&law, p90_ms, 0.999), 2, "5417.56"));
}

/* Draws of the hedged call: L1 when it is there by d, else min(L1, d + L2). */
static void drawn_hedges_agree_with_the_formula(void **state)
{
    (void)state;
    const struct retry_lognormal lognormal = retry_lognormal_of(1500, 0.95, 3500);
    const struct retry_law law = retry_lognormal_law(&lognormal);
    static const double delays[] = {0.5, 0.9, 0.95, 0.99};
    static const double times[] = {0.25, 0.8, 0.97, 0.995}; /* quantiles of one call */
    for (size_t d = 0; d < sizeof delays / sizeof delays[0]; d++) {
        const double after_ms = retry_lognormal_quantile(&lognormal, delays[d]);
        uint64_t second = 0, beyond[4] = {0};
        for (unsigned t = 0; t < TRIALS; t++) {
            const double one = retry_lognormal_quantile(&lognormal, unit(77, t, 1) + 1e-17);
            const double two = retry_lognormal_quantile(&lognormal, unit(77, t, 2) + 1e-17);
            const double took = one <= after_ms ? one : fmin(one, after_ms + two);
            second += one > after_ms;
            for (unsigned q = 0; q < 4; q++)
                beyond[q] += took > retry_lognormal_quantile(&lognormal, times[q]);
        }
        assert_true(is_plausible(second, retry_hedge_load(&law, after_ms), TRIALS));
        for (unsigned q = 0; q < 4; q++) {
            const double ms = retry_lognormal_quantile(&lognormal, times[q]);
            assert_true(is_plausible(beyond[q], retry_hedge_tail(&law, after_ms, ms), TRIALS));
        }
    }
}

static double half_is_never_answered(const void *context, double ms)
{
    (void)context;
    return ms < 0.0 ? 0.0 : fmin(0.5, ms / 1000.0);
}

static void a_tail_that_never_ends_has_no_quantile(void **state)
{
    (void)state;
    const struct retry_law law = {.reached = half_is_never_answered};
    assert_true(isnan(retry_hedge_quantile(&law, 100, 0.9)));
    /* A quarter of the pairs is never answered. */
    assert_true(fabs(retry_hedge_tail(&law, 100, 1e6) - 0.25) < 1e-15);
    assert_true(retry_hedge_quantile(&law, 100, 0.7) > 100);
}

static void layers_multiply(void **state)
{
    (void)state;
    assert_true(retry_layers(3, 5) == 243.0);
    assert_true(retry_layers(1, 5) == 1.0);
    assert_true(retry_layers(3, 1) == 3.0);
}

/* Requests one after the other, with a bucket that every first try fills by `budget`. */
static struct retry_outcome simulate(const struct retry_plan *plan, uint64_t seed)
{
    struct retry_outcome outcome = {.load = 0.0};
    double tokens = 0.0;
    uint64_t tries = 0, wanted = 0, granted = 0, failed = 0;
    for (unsigned t = 0; t < TRIALS; t++) {
        if (plan->budget > 0.0) tokens = fmin(100.0, tokens + plan->budget);
        for (unsigned k = 0;; k++) {
            tries++;
            if (unit(seed, t, k) >= plan->failing) break;
            if (k + 1 == plan->attempts) {
                failed++;
                break;
            }
            wanted++;
            /* Which of the wanted ones the bucket serves must not depend on their place: a request
             * that has had one asks no sooner than others. */
            if (plan->budget > 0.0 && tokens < 1.0) {
                failed++;
                break;
            }
            if (plan->budget > 0.0) tokens -= 1.0;
            granted++;
        }
    }
    outcome.load = (double)tries / TRIALS;
    outcome.granted = wanted > 0 ? (double)granted / (double)wanted : 1.0;
    outcome.failed = (double)failed / TRIALS;
    return outcome;
}

static void retries_amplify_up_to_their_budget(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct retry_plan plan;
        double load, failed; /* NaN: only simulated */
    } rows[] = {
        {"nothing fails", {3, 0.0, 0.1}, 1.0, 0.0},
        {"all fail, three tries", {3, 1.0, 0.0}, 3.0, 1.0},
        {"SRE: all fail, 10% budget", {3, 1.0, 0.1}, 1.1, 1.0},
        {"Envoy and Finagle: 20%", {3, 1.0, 0.2}, 1.2, 1.0},
        {"a tenth fails: 1 + .1 + .01", {3, 0.1, 0.0}, 1.11, 0.001},
        {"half fail", {2, 0.5, 0.0}, 1.5, 0.25},
        {"the budget does not bind", {3, 0.05, 0.1}, 1.0525, 0.000125},
        {"one try alone", {1, 0.3, 0.1}, 1.0, 0.3},
        {"it binds", {2, 0.3, 0.1}, 1.1, NAN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct retry_outcome outcome = retry_outcome_of(&rows[i].plan);
        CHECK_ROW(rows[i].label, fabs(outcome.load - rows[i].load) < 1e-12);
        if (!isnan(rows[i].failed))
            CHECK_ROW(rows[i].label, fabs(outcome.failed - rows[i].failed) < 1e-12);
        const struct retry_outcome drawn = simulate(&rows[i].plan, 500 + i);
        /* A bucket lets a request that waits for nobody through in runs, so the load is the same
         * and failures within sampling error, four standard errors of a share. */
        CHECK_ROW(rows[i].label, fabs(drawn.load - outcome.load) < 0.01);
        CHECK_ROW(rows[i].label, fabs(drawn.failed - outcome.failed) < 0.0065);
        CHECK_ROW(rows[i].label, fabs(drawn.granted - outcome.granted) < 0.02);
    }
}

/* The share of time at which a bucket lets retries through, over tries that fail by key. */
static double simulate_throttle(double failing, uint64_t seed, unsigned tries)
{
    struct retry_throttle throttle = {.most = 10.0, .ratio = 0.1, .tokens = 10.0};
    unsigned allowed = 0;
    for (unsigned t = 0; t < tries; t++) {
        retry_throttle_count(&throttle, unit(seed, t, 0) < failing);
        allowed += retry_throttle_allows(&throttle);
    }
    return (double)allowed / tries;
}

static void the_throttle_stops_retries_above_its_limit(void **state)
{
    (void)state;
    assert_true(prints_as(100 * retry_throttle_limit(0.1), 2, "9.09"));
    static const struct {
        double failing, least, most; /* share of time that retries go through */
    } rows[] = {{0.0, 1.0, 1.0},  {0.02, 0.999, 1.0}, {0.05, 0.95, 0.999}, {0.0909, 0.4, 0.6},
                {0.15, 0.0, 0.1}, {0.30, 0.0, 0.001}, {1.0, 0.0, 0.0}};
    double before = 1.0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double share = retry_throttle_share(10, 0.1, rows[i].failing);
        char label[32];
        (void)snprintf(label, sizeof label, "failing %.4f: %.5f", rows[i].failing, share);
        CHECK_ROW(label, share <= before);
        CHECK_ROW(label, share >= rows[i].least && share <= rows[i].most);
        before = share;
        /* Tokens of neighbouring tries hang together: a million of them, and a margin for it. */
        const double drawn = simulate_throttle(rows[i].failing, 900 + i, 1000000);
        CHECK_ROW(label, fabs(drawn - share) < 0.02);
    }
    /* The larger the bucket, the sharper the limit. */
    const double limit = retry_throttle_limit(0.1);
    assert_true(retry_throttle_share(400, 0.1, limit - 0.01) > 0.999);
    assert_true(retry_throttle_share(400, 0.1, limit + 0.01) < 0.001);
}

static void a_throttle_without_a_lattice_has_no_exact_share(void **state)
{
    (void)state;
    assert_true(isnan(retry_throttle_share(10, 0.3, 0.1)));
    assert_true(isnan(retry_throttle_share(1e6, 0.1, 0.1)));
    assert_true(isnan(retry_throttle_share(10, 0.0, 0.1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fan_out_is_as_the_tail_at_scale_has_it),
        cmocka_unit_test(a_router_of_four_needs_more_of_each_than_it_keeps),
        cmocka_unit_test(hedging_a_lognormal_gives_the_published_quantiles),
        cmocka_unit_test(drawn_hedges_agree_with_the_formula),
        cmocka_unit_test(a_tail_that_never_ends_has_no_quantile),
        cmocka_unit_test(layers_multiply),
        cmocka_unit_test(retries_amplify_up_to_their_budget),
        cmocka_unit_test(the_throttle_stops_retries_above_its_limit),
        cmocka_unit_test(a_throttle_without_a_lattice_has_no_exact_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
