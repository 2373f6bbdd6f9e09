#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario.h"

/* Hours and weekdays of Instacart's published order data set: online grocery orders. */
static const double online_hour_share[24] = {
    0.008, 0.003, 0.003, 0.001, 0.002, 0.002, 0.009, 0.024, 0.052, 0.078, 0.090, 0.096,
    0.085, 0.080, 0.081, 0.078, 0.070, 0.063, 0.052, 0.042, 0.032, 0.022, 0.018, 0.009};
/* Weekdays of Kroger's published baskets, Monday first. */
static const double shop_weekday_share[7] = {0.143, 0.129, 0.126, 0.127, 0.135, 0.163, 0.178};

/* Cart sizes: zero-truncated negative binomial fitted to 10,166 online baskets (10.5 lines on
 * average). Nobody publishes what customers say they prefer, or how often they ask for two of a
 * thing: those are assumptions. */
static void default_workload(struct workload_spec *workload)
{
    static const char *const postal_codes[] = {"45202", "60601", "98101",
                                               "30303", "75201", "80202"};

    workload->arrivals.kind = ARRIVAL_POISSON;
    workload->arrivals.per_second = 5.0;
    workload->arrivals.shape = 1.0;
    workload->arrivals.speed = 1.0;
    memcpy(workload->arrivals.hour_share, online_hour_share, sizeof online_hour_share);
    memcpy(workload->arrivals.weekday_share, shop_weekday_share, sizeof shop_weekday_share);
    workload->carts.kind = CART_GENERATED;
    workload->carts.size_r = 1.93;
    workload->carts.size_p = 0.158;
    workload->carts.quantity_more = 0.2;
    workload->preferences[PREFERENCE_BALANCED] = 0.6;
    workload->preferences[PREFERENCE_PRICE] = 0.2;
    workload->preferences[PREFERENCE_SPEED] = 0.15;
    workload->preferences[PREFERENCE_MARGIN] = 0.05;
    workload->postal_count = sizeof postal_codes / sizeof postal_codes[0];
    for (uint32_t i = 0; i < workload->postal_count; i++) {
        (void)snprintf(workload->postal_codes[i], sizeof workload->postal_codes[i], "%s",
                       postal_codes[i]);
    }
    workload->confirm = 1.0;
    /* Nobody publishes how often the same cart is asked for again. */
    workload->requote_after = law_spec_none();
    workload->requote_after.kind = LAW_LOGNORMAL;
    workload->requote_after.median_us = US_PER_MINUTE;
    workload->requote_after.sigma = 1.0;
    workload->requote_after.floor_us = 0;
    workload->customer = codec_customer_default();
}

/* How long changes take on the platform is an estimate of its operators'; how long a person takes
 * to answer is an assumption, and stands with the operators' keys. */
static void default_drill(struct scenario *scenario)
{
    struct deployment_spec *const deployment = &scenario->deployment;
    deployment->propagation = PROPAGATE_ON_DEPLOY;
    deployment->redeploy = law_spec_none();
    deployment->redeploy.kind = LAW_CONSTANT;
    deployment->redeploy.value_us = US_PER_MINUTE;
    deployment->redeploy.floor_us = 0;
    deployment->recycle = law_spec_none();
    deployment->recycle.kind = LAW_LOGNORMAL;
    deployment->recycle.p50_us = 5 * US_PER_MINUTE;
    deployment->recycle.p95_us = 30 * US_PER_MINUTE;
    deployment->recycle.floor_us = 0;
    scenario->alerts.reading = READING_B;
    scenario->alerts.interval_us = 10 * US_PER_SECOND;
    struct hypothesis_spec *const hypothesis = &scenario->drill.hypothesis;
    hypothesis->frequency_us = 10 * US_PER_SECOND;
    hypothesis->holds_for_us = 2 * US_PER_MINUTE;
    hypothesis->good = 0.95;
    scenario->drill.rollbacks.at_us = -1;
    scenario->drill.rto_us = -1;
}

void scenario_default(struct scenario *scenario)
{
    memset(scenario, 0, sizeof *scenario); /* too large to be assigned through a stack */
    (void)snprintf(scenario->name, sizeof scenario->name, "scenario");
    (void)snprintf(scenario->seed_text, sizeof scenario->seed_text, "20251123");
    scenario->seed = 20251123;
    scenario->start_unix_us = civil_days(2025, 1, 6) * US_PER_DAY + 15 * US_PER_HOUR; /* a Monday */
    scenario->timezone_us = -5 * US_PER_HOUR;
    scenario->duration_us = US_PER_HOUR;
    scenario->replications = 1;
    scenario->profile = PROFILE_AS_DOCUMENTED;
    scenario->catalogue = catalogue_spec_default();
    scenario->policy = policy_default();
    scenario->cache = cache_spec_default();
    scenario->slo = (struct slo_spec){.indicator = SLO_ORDERS_OK,
                                      .objective = 0.999,
                                      .period_us = 30 * US_PER_DAY,
                                      .within_us = -1};
    scenario->policy.detect_substitutions = true;
    (void)snprintf(scenario->catalogue.name_column, sizeof scenario->catalogue.name_column, "name");
    (void)snprintf(scenario->catalogue.price_column, sizeof scenario->catalogue.price_column,
                   "price");
    default_workload(&scenario->workload);
    default_drill(scenario);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        scenario->providers[p] = (struct provider_spec){
            .mode = MODE_MOCK,
            .chain = CHAIN_API,
            .backend = backend_spec_default((enum provider)p),
            .history = {.orders = -1, .success_rate = -1.0, .margin_rate = -1.0},
        };
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            int64_t *floor_us = &scenario->providers[p].backend.latency[o].floor_us;
            if (*floor_us < 0) *floor_us = 0; /* nothing given and nothing to add are the same */
        }
    }
}
