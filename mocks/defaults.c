/* The mocks as they are when a scenario says nothing.
 *
 * What is measured comes from the project's collection of public data; section numbers below are
 * those of its page of figures. What no public data shows is an assumption, and marked so: above
 * all every level, because nobody has measured these four providers side by side.
 */
#include <assert.h>

#include "mocks/backend.h"
#include "router/base/duration.h"

/* ---- latency --------------------------------------------------------------------------------- */

/* The shape of real end points that answer 200 (section 3): a lognormal body of log-sigma 0.27, and
 * 0.9% of calls in a tail at 4.1 times the median. The tail's own width is an assumption: with 0.6
 * one call in 1,700 takes more than ten medians, inside the pooled 1 in 500 that mixes calm sites
 * with wild ones. */
static struct law_spec measured_shape(int64_t median_ms)
{
    struct law_spec spec = law_spec_none();
    spec.kind = LAW_BODY_TAIL;
    spec.median_us = median_ms * US_PER_MS;
    spec.sigma = 0.27;
    spec.tail_weight = 0.009;
    spec.tail_factor = 4.1;
    spec.tail_sigma = 0.6;
    return spec;
}

/* Medians in ms: assumptions. Of 35 sites with a stable level the middle half lies between 163 and
 * 748 ms (section 3); single look-ups are put at the low end of that, whole carts at the high one.
 */
static const int16_t medians_ms[PROVIDER_COUNT][OPERATION_COUNT] = {
    [PROVIDER_MEALME] = {[OPERATION_CART] = 520,
                         [OPERATION_QUOTE] = 640,
                         [OPERATION_SINGLE] = 900,
                         [OPERATION_CONFIRM] = 900,
                         [OPERATION_HEALTH] = 120},
    [PROVIDER_INSTACART] = {[OPERATION_TOKEN] = 150,
                            [OPERATION_STORE] = 300,
                            [OPERATION_SLOTS] = 420,
                            [OPERATION_SINGLE] = 700,
                            [OPERATION_CONFIRM] = 900,
                            [OPERATION_HEALTH] = 120},
    [PROVIDER_KROGER_API] = {[OPERATION_TOKEN] = 190,
                             [OPERATION_STORE] = 220,
                             [OPERATION_SEARCH] = 160,
                             [OPERATION_SINGLE] = 450,
                             [OPERATION_CONFIRM] = 900,
                             [OPERATION_HEALTH] = 120},
    [PROVIDER_WALMART_API] = {[OPERATION_STORE] = 200,
                              [OPERATION_SEARCH] = 140,
                              [OPERATION_SINGLE] = 350,
                              [OPERATION_CONFIRM] = 900,
                              [OPERATION_HEALTH] = 120},
};

/* ---- prices ---------------------------------------------------------------------------------- */

/* Against the base price: assumptions (section 2: the level between chains is not in any data).
 * Delivery services mark up what shops sell. */
static const double price_levels[PROVIDER_COUNT] = {[PROVIDER_MEALME] = 1.12,
                                                    [PROVIDER_INSTACART] = 1.10,
                                                    [PROVIDER_KROGER_API] = 1.0,
                                                    [PROVIDER_WALMART_API] = 0.94};

static struct price_spec default_prices(enum provider provider)
{
    return (struct price_spec){
        .level = price_levels[provider],
        .stores = 4, /* an assumption */
        /* Two stores of one chain in one week (section 2): 17% of prices differ, by a log-sd of
           0.33. */
        .spread_share = 0.17,
        .spread_sigma = 0.33,
        /* Loyalty prices (section 2): on half the lines; a quarter off in the middle. */
        .promotion_share = 0.5,
        .promotion_depth = 0.25,
        /* Stock: assumptions, all of it. */
        .stock_out = 0.04,
        .substitution = 0.5,
        .substitute_factor = 1.05,
        .stock_period_us = 4 * US_PER_HOUR,
    };
}

struct catalogue_spec catalogue_spec_default(void)
{
    return (struct catalogue_spec){
        .size = 1000, /* an assumption */
        /* Kroger's line prices (section 2): lognormal mu 0.589 (US$1.80), sigma 0.781. */
        .price_median_cents = 180,
        .price_sigma = 0.781,
        /* Popularity (section 1): slope 0.89 over 169 categories, 0.73 over 39,000 products. */
        .zipf = 0.8,
    };
}

/* ---- the rest -------------------------------------------------------------------------------- */

static struct outcome_spec default_outcomes(void)
{
    return (struct outcome_spec){
        /* Assumptions, all of them: no provider publishes what becomes of its orders. */
        .cancelled = 0.02, .failed = 0.01,         .late = 0.08,       .late_mean_minutes = 18,
        .shortfall = 0.06, .confirm_error = 0.005, .rating_mean = 4.7,
    };
}

struct backend_spec backend_spec_default(enum provider provider)
{
    assert(provider < PROVIDER_COUNT);
    struct backend_spec spec = {
        .prices = default_prices(provider),
        /* Minutes until delivery: the router's own constant as the median; the widths are
           assumptions. */
        .eta = {.median_minutes = provider_traits[provider].eta_minutes,
                .sigma = 0.25,
                .spread = provider == PROVIDER_MEALME ? 0.2 : 0},
        /* Kroger's documented 1,800 s; Instacart's 24 hours. The others issue none. */
        .credentials = {.token_life_us =
                            provider == PROVIDER_INSTACART ? US_PER_DAY : 1800 * US_PER_SECOND,
                        .expires_at_us = -1,
                        .rotated_at_us = -1},
        /* No limits: Kroger's documented 10,000 product calls a day would end a busy scenario
         * within minutes, and whoever wants to see that sets it. */
        .limits = {.retry_after_s = 0},
        .outcomes = default_outcomes(),
        .no_answer_us = 30 * US_PER_MS, /* about one round trip: an assumption */
    };
    /* A small failure rate of its own: an assumption near the share of time that big services are
     * down or degraded (section 5, 0.2%). Errors took three quarters of a 200's time (section 4).
     */
    spec.errors.status = 503;
    spec.errors.speed = 0.75;
    for (enum operation o = 0; o < OPERATION_COUNT; o++) {
        if (!operation_exists(provider, o)) continue;
        assert(medians_ms[provider][o] > 0);
        spec.latency[o] = measured_shape(medians_ms[provider][o]);
        spec.errors.rate[o] = 0.002;
    }
    return spec;
}
