#include <assert.h>
#include <string.h>

#include "sim/world/scenario_keys.h"
#include "sim/world/scenario_rows.h"

const char *const provider_id_names[PROVIDER_COUNT + 1] = {"MEALME", "INSTACART", "KROGER_API",
                                                           "WALMART_API", NULL};
const char *const provider_mode_names[MODE_COUNT + 1] = {"mock", "live", "replay", NULL};
const char *const chain_names[] = {"api", "single", NULL};

static const char *const at_end_names[] = {"stop", "cycle", NULL};
static const char *const per_names[] = {"order", "call", NULL};

/* ---- latency laws ---- */

static_assert(US_PER_HOUR < LAW_US_MAX, "a span of a law must fit its table");
#define LAW_SPAN(member) AT(law_spec, member), RANGE(0, US_PER_HOUR), .flags = KEY_UNSET

static const struct scenario_key where_keys[] = {
    {"column", KEY_TEXT, AT(law_spec, where_column), .help = "Its name in the header."},
    {"value", KEY_TEXT, AT(law_spec, where_value), .help = "What a row must have there."},
    {.name = NULL}};

static const struct scenario_key law_replay_keys[] = {
    {"at_end", KEY_ENUM, AT(law_spec, cycle), .names = at_end_names,
     .help =
         "In order, when the rows end: the run is ended (`stop`), or rows begin anew (`cycle`)."},
    {.name = NULL}};

const struct scenario_key scenario_law_keys[] = {
    {"law", KEY_ENUM, AT(law_spec, kind), .names = law_kind_names,
     .help =
         "The distribution. With it the law starts from nothing; without it, from the default."},
    {"p50", KEY_SPAN, LAW_SPAN(p50_us),
     .help = "Half of the calls are faster. With `p95` this replaces `median`, `sigma`, `shape`, "
             "`scale`, for every law but constant, uniform and empirical."},
    {"p95", KEY_SPAN, LAW_SPAN(p95_us), .help = "95% of the calls are faster."},
    {"value", KEY_SPAN, LAW_SPAN(value_us), .help = "`constant`: every call takes so long."},
    {"low", KEY_SPAN, LAW_SPAN(low_us), .help = "`uniform`: the least."},
    {"high", KEY_SPAN, LAW_SPAN(high_us), .help = "`uniform`: the most."},
    {"median", KEY_SPAN, LAW_SPAN(median_us),
     .help = "`lognormal`, `loglogistic`, `body_tail` (of its body), `regimes` (in good times)."},
    {"sigma", KEY_NUMBER, AT(law_spec, sigma), RANGE(0, 4), .flags = KEY_UNSET | KEY_ABOVE,
     .help =
         "`lognormal`, `body_tail`, `regimes`: standard deviation of the logarithm. 0.27 to 0.37 "
         "are usual."},
    {"shape", KEY_NUMBER, AT(law_spec, shape), RANGE(0, 1000), .flags = KEY_UNSET | KEY_ABOVE,
     .help = "`gamma`, `weibull`, `loglogistic`."},
    {"scale", KEY_SPAN, LAW_SPAN(scale_us), .help = "`gamma`, `weibull`."},
    {"tail_weight", KEY_NUMBER, AT(law_spec, tail_weight), RANGE(0, 0.5),
     .flags = KEY_UNSET | KEY_ABOVE,
     .help = "`body_tail`: share of calls in the tail; 0.009 was the median of 35 sites."},
    {"tail_factor", KEY_NUMBER, AT(law_spec, tail_factor), RANGE(1, 1000), .flags = KEY_UNSET,
     .help = "`body_tail`: the tail's median against the body's; 4.1 was measured."},
    {"tail_sigma", KEY_NUMBER, AT(law_spec, tail_sigma), RANGE(0, 4),
     .flags = KEY_UNSET | KEY_ABOVE,
     .help = "`body_tail`: standard deviation of the tail's logarithm; without it, `sigma`."},
    {"bad_factor", KEY_NUMBER, AT(law_spec, bad_factor), RANGE(1, 1000), .flags = KEY_UNSET,
     .help = "`regimes`: how many times slower bad times are."},
    {"good_for", KEY_SPAN, AT(law_spec, good_for_us), RANGE(US_PER_MS, DURATION_US_MAX),
     .flags = KEY_UNSET, .help = "`regimes`: how long good times last, on average."},
    {"bad_for", KEY_SPAN, AT(law_spec, bad_for_us), RANGE(US_PER_MS, DURATION_US_MAX),
     .flags = KEY_UNSET, .help = "`regimes`: how long bad times last, on average."},
    {"floor", KEY_SPAN, AT(law_spec, floor_us), RANGE(0, US_PER_HOUR),
     .help = "Added to every draw, as a network's round trip."},
    {"file", KEY_TEXT, AT(law_spec, file),
     .help = "`empirical`: a CSV file with a header, relative to the scenario's folder."},
    {"column", KEY_TEXT, AT(law_spec, column), .unit = "ms",
     .help = "`empirical`: the column of latencies."},
    {"where", KEY_OBJECT, AT_START, .keys = where_keys,
     .help = "`empirical`: only rows that have a value in a column."},
    {"resample", KEY_BOOL, AT(law_spec, resample),
     .help = "`empirical`: draw rows at random; without it each call takes the next row."},
    {"replay", KEY_OBJECT, AT_START, .keys = law_replay_keys,
     .help = "`empirical`: how rows are played in order."},
    {.name = NULL}};

/* A law that names its kind owes nothing to the default. One that does not, changes the default,
 * and may change its form: quantiles take the place of parameters and the other way round. */
bool scenario_prepare_law(void *object, const cJSON *node)
{
    struct law_spec *law = object;
    if (cJSON_GetObjectItemCaseSensitive(node, "law") != NULL) {
        *law = law_spec_none();
        if (law->floor_us < 0) law->floor_us = 0;
        return true;
    }
    const bool quantiles = cJSON_GetObjectItemCaseSensitive(node, "p50") != NULL ||
                           cJSON_GetObjectItemCaseSensitive(node, "p95") != NULL;
    const bool parameters = cJSON_GetObjectItemCaseSensitive(node, "median") != NULL ||
                            cJSON_GetObjectItemCaseSensitive(node, "sigma") != NULL ||
                            cJSON_GetObjectItemCaseSensitive(node, "shape") != NULL ||
                            cJSON_GetObjectItemCaseSensitive(node, "scale") != NULL;
    if (quantiles) {
        law->median_us = law->scale_us = -1;
        law->sigma = law->shape = -1.0;
    } else if (parameters) {
        law->p50_us = law->p95_us = -1;
    }
    return false;
}

static const struct scenario_key law_element = {.type = KEY_OBJECT,
                                                .size = sizeof(struct law_spec),
                                                .keys = scenario_law_keys,
                                                .prepare = scenario_prepare_law,
                                                PLACE_IN(law_spec)};

/* ---- providers ---- */

static const struct scenario_key error_rate = {.type = KEY_SHARE, RANGE(0, 1)};

static const struct scenario_key error_keys[] = {
    {"rate", KEY_MAP, AT(error_spec, rate), .names = operation_names, .element = &error_rate,
     .stride = sizeof(double), .flags = KEY_OPERATIONS | KEY_ONE_FOR_ALL,
     .help = "Share of calls that fail of their own accord, by operation; one number serves all."},
    {"status", KEY_WHOLE, AT(error_spec, status), RANGE(400, 599), .unit = "HTTP status",
     .help = "What those calls answer."},
    {"speed", KEY_NUMBER, AT(error_spec, speed), RANGE(0, 100), .flags = KEY_ABOVE,
     .help = "How long they take against a good answer. Errors come fast: 0.75 was measured for "
             "401s, 0.08 for shops' 403s."},
    {.name = NULL}};

static const struct scenario_key price_keys[] = {
    {"level", KEY_NUMBER, AT(price_spec, level), RANGE(0, 100), .flags = KEY_ABOVE,
     .help = "Prices against the catalogue's. An assumption: nobody measured it between chains."},
    {"stores", KEY_WHOLE, AT(price_spec, stores), RANGE(1, CATALOGUE_STORES_MAX),
     .help = "How many stores the postal codes are spread over."},
    {"spread_share", KEY_SHARE, AT(price_spec, spread_share),
     .help = "Share of products whose price at a store differs from the chain's."},
    {"spread_sigma", KEY_NUMBER, AT(price_spec, spread_sigma), RANGE(0, 3),
     .help = "Of those: standard deviation of the logarithm of the ratio."},
    {"promotion_share", KEY_SHARE, AT(price_spec, promotion_share),
     .help = "Share of products that are on promotion in a week."},
    {"promotion_depth", KEY_SHARE, AT(price_spec, promotion_depth), RANGE(0, 0.9),
     .help = "Their mean discount."},
    {"stock_out", KEY_SHARE, AT(price_spec, stock_out),
     .help = "Share of products that are out of stock at a store."},
    {"substitution", KEY_SHARE, AT(price_spec, substitution),
     .help = "Share of those for which a substitute is offered."},
    {"substitute_factor", KEY_NUMBER, AT(price_spec, substitute_factor), RANGE(0, 100),
     .flags = KEY_ABOVE, .help = "A substitute's price against the product's."},
    {"stock_period", KEY_SPAN, AT(price_spec, stock_period_us),
     RANGE(US_PER_SECOND, DURATION_US_MAX), .help = "How long stock stays as it is."},
    {"no_store_share", KEY_SHARE, AT(price_spec, no_store_share),
     .help = "Share of postal codes that have no store."},
    {"single_total_median_cents", KEY_NUMBER, AT(price_spec, single_total_median_cents),
     RANGE(0, 1e8), .unit = "US cents",
     .help = "Chain `single`: a quote's subtotal is lognormal with this median, whatever the cart "
             "holds; 0 prices the cart."},
    {"single_total_sigma", KEY_NUMBER, AT(price_spec, single_total_sigma), RANGE(0, 3),
     .help = "Of it: standard deviation of the logarithm."},
    {.name = NULL}};

static const struct scenario_key eta_keys[] = {
    {"median", KEY_MINUTES, AT(eta_spec, median_minutes), RANGE(0, US_PER_DAY), .flags = KEY_ABOVE,
     .help =
         "Of the delivery time that a quote states. Kroger and Walmart state none: their quotes "
         "use production's constants."},
    {"sigma", KEY_NUMBER, AT(eta_spec, sigma), RANGE(0, 3),
     .help = "Standard deviation of its logarithm."},
    {"spread", KEY_SHARE, AT(eta_spec, spread),
     .help = "MealMe states a range: half its width against its middle."},
    {.name = NULL}};

static const struct scenario_key credential_keys[] = {
    {"token_life", KEY_SPAN, AT(credential_spec, token_life_us),
     RANGE(US_PER_SECOND, DURATION_US_MAX), .help = "How long an access token counts."},
    {"expires_at", KEY_SPAN, AT(credential_spec, expires_at_us), RANGE(0, DURATION_US_MAX),
     .flags = KEY_UNSET | KEY_NEVER, .help = "When the credential itself stops counting."},
    {"rotated_at", KEY_SPAN, AT(credential_spec, rotated_at_us), RANGE(0, DURATION_US_MAX),
     .flags = KEY_UNSET | KEY_NEVER,
     .help = "When a new one starts to count and the old one no longer does."},
    {.name = NULL}};

static const struct scenario_key limit_keys[] = {
    {"per_second", KEY_NUMBER, AT(limit_spec, per_second), RANGE(0, 1e6), .unit = "calls",
     .help = "Calls a second, on average; 0 sets no limit. Beyond it the answer is 429."},
    {"burst", KEY_NUMBER, AT(limit_spec, burst), RANGE(0, 1e6), .unit = "calls",
     .help = "Calls that may be saved up."},
    {"per_day", KEY_WHOLE, AT(limit_spec, per_day), RANGE(0, 1e12), .unit = "calls",
     .help = "Data calls a UTC day; 0 sets no limit."},
    {"token_per_day", KEY_WHOLE, AT(limit_spec, token_per_day), RANGE(0, 1e12), .unit = "calls",
     .help = "Token calls a UTC day; 0 sets no limit."},
    {"retry_after", KEY_SECONDS, AT(limit_spec, retry_after_s), RANGE(0, US_PER_DAY),
     .help = "What the Retry-After header says; 0s sends none."},
    {.name = NULL}};

static const struct scenario_key outcome_keys[] = {
    {"cancelled", KEY_SHARE, AT(outcome_spec, cancelled),
     .help = "Share of placed orders that the customer cancels before delivery."},
    {"failed", KEY_SHARE, AT(outcome_spec, failed), .help = "Share that is never delivered."},
    {"late", KEY_SHARE, AT(outcome_spec, late),
     .help = "Share of delivered orders that come late."},
    {"late_mean", KEY_MINUTES, AT(outcome_spec, late_mean_minutes), RANGE(0, US_PER_DAY),
     .help = "How late, on average."},
    {"shortfall", KEY_SHARE, AT(outcome_spec, shortfall),
     .help = "Share of delivered orders that lack lines."},
    {"confirm_error", KEY_SHARE, AT(outcome_spec, confirm_error),
     .help = "Share of confirm calls that fail; half of them can be tried elsewhere."},
    {"rating_mean", KEY_NUMBER, AT(outcome_spec, rating_mean), RANGE(1, 5), .unit = "stars",
     .help = "Mean rating of complete orders in time; each fault costs a star."},
    {.name = NULL}};

static const struct scenario_key history_keys[] = {
    {"orders", KEY_WHOLE, AT(history_spec, orders), RANGE(0, 1e12), .flags = KEY_UNSET,
     .help = "Orders placed with the provider before the run."},
    {"success_rate", KEY_NUMBER, AT(history_spec, success_rate), RANGE(0, 100), .flags = KEY_UNSET,
     .unit = "percent", .help = "How many of them succeeded."},
    {"margin_rate", KEY_NUMBER, AT(history_spec, margin_rate), RANGE(0, 100), .flags = KEY_UNSET,
     .unit = "percent", .help = "Commission against the value of goods."},
    {.name = NULL}};

const struct scenario_key scenario_provider_keys[] = {
    {"mode", KEY_ENUM, AT(provider_spec, mode), .names = provider_mode_names,
     .help = "A simulated provider, the real one over the network (clock `real` only), or a "
             "recorded one."},
    {"api", KEY_ENUM, AT(provider_spec, backend.api), .names = api_names,
     .help = "Which of its APIs is spoken: `standard`; Walmart's `access_token`, as production "
             "calls it; Instacart's `developer` platform, which states no delivery times."},
    {"base_url", KEY_TEXT, AT(provider_spec, base_url),
     .help = "Where its API is, over HTTP: another address than the vendor's for a live provider, "
             "or a mock server of another process, on this machine or in a private network."},
    {"cassette", KEY_TEXT, AT(provider_spec, cassette),
     .help = "Mode `replay`: the conversation to play back, as `run --record` wrote it."},
    {"chain", KEY_ENUM, AT(provider_spec, chain), .names = chain_names,
     .help =
         "`api`: the calls that the provider's real API takes. `single`: one call answers with a "
         "whole quote."},
    {"latency", KEY_MAP, AT(provider_spec, backend.latency), .names = operation_names,
     .element = &law_element, .stride = sizeof(struct law_spec), .flags = KEY_OPERATIONS,
     .help = "How long calls take, by operation. An entry `all` is applied to every one first."},
    {"errors", KEY_OBJECT, AT(provider_spec, backend.errors), .keys = error_keys,
     .help = "Its everyday failures, apart from faults."},
    {"prices", KEY_OBJECT, AT(provider_spec, backend.prices), .keys = price_keys,
     .help = "What it asks for, and what it has."},
    {"eta", KEY_OBJECT, AT(provider_spec, backend.eta), .keys = eta_keys,
     .help = "Delivery times."},
    {"credentials", KEY_OBJECT, AT(provider_spec, backend.credentials), .keys = credential_keys,
     .help =
         "Who may call it. Which credential the router holds is in `router.env`; by default the "
         "right one."},
    {"limits", KEY_OBJECT, AT(provider_spec, backend.limits), .keys = limit_keys,
     .help = "How often it may be called."},
    {"outcomes", KEY_OBJECT, AT(provider_spec, backend.outcomes), .keys = outcome_keys,
     .help = "What becomes of confirmed orders."},
    {"capacity", KEY_WHOLE, AT(provider_spec, backend.capacity), RANGE(0, 1e6), .unit = "calls",
     .help = "Calls that it works on at a time, the rest wait; 0 sets no limit."},
    {"call_cost_cents", KEY_NUMBER, AT(provider_spec, backend.call_cost_cents), RANGE(0, 1e6),
     .unit = "US cents", .help = "What a call costs us."},
    {"no_answer", KEY_SPAN, AT(provider_spec, backend.no_answer_us), RANGE(0, US_PER_HOUR),
     .help = "How long a refused or reset connection takes to say so."},
    {"history", KEY_OBJECT, AT(provider_spec, history), .keys = history_keys,
     .help = "What the router knows of it when the run starts; by default nothing."},
    {.name = NULL}};

/* ---- faults ---- */

void scenario_fresh_fault(void *object)
{
    *(struct fault_spec *)object = (struct fault_spec){
        .for_us = -1,
        .fraction = 1.0,
        .multiply = 1.0,
        .status = 503,
        .share = 0.5,
        .price_factor = 1.0,
        .stale_us = 7 * US_PER_DAY,
        .calls_per_minute = 60.0,
    };
}

static void fresh_part(void *object)
{
    *(struct outage_part *)object = (struct outage_part){.share = 1.0, .status = 503};
}

static const struct scenario_key part_keys[] = {
    {"kind", KEY_ENUM, AT(outage_part, kind), .names = fault_kind_names, .flags = KEY_REQUIRED,
     .help = "What those orders meet."},
    {"share", KEY_NUMBER, AT(outage_part, share), RANGE(0, 1e9), .flags = KEY_ABOVE,
     .help = "A weight; they need not sum to 1."},
    {"status", KEY_WHOLE, AT(outage_part, status), RANGE(400, 599), .unit = "HTTP status",
     .help = "Of an `error`."},
    {.name = NULL}};
static const struct scenario_key part_element = {
    .type = KEY_OBJECT, .size = sizeof(struct outage_part), .keys = part_keys};

static const struct scenario_key flap_keys[] = {
    {"on", KEY_SPAN, AT(fault_spec, flap_on_us), RANGE(0, DURATION_US_MAX), .flags = KEY_REQUIRED,
     .help = "How long it strikes, first."},
    {"off", KEY_SPAN, AT(fault_spec, flap_off_us), RANGE(0, DURATION_US_MAX), .flags = KEY_REQUIRED,
     .help = "How long it then rests."},
    {.name = NULL}};

const struct scenario_key scenario_fault_keys[] = {
    {"id", KEY_TEXT, AT(fault_spec, id), .flags = KEY_REQUIRED | KEY_NAME,
     .help = "Names it in checks, figures and `--set faults.ID.at=5m`."},
    {"provider", KEY_MASK, AT(fault_spec, provider_mask), .names = provider_id_names,
     .flags = KEY_REQUIRED, .help = "Who is hit: an id, a list of ids, or \"all\"."},
    {"kind", KEY_ENUM, AT(fault_spec, kind), .names = fault_kind_names, .flags = KEY_REQUIRED,
     .help = "What goes wrong."},
    {"at", KEY_SPAN, AT(fault_spec, at_us), RANGE(0, DURATION_US_MAX), .help = "When it begins."},
    {"for", KEY_SPAN, AT(fault_spec, for_us), RANGE(US_PER_MS, DURATION_US_MAX), .flags = KEY_UNSET,
     .defaults = "to the end of the run", .help = "How long it lasts."},
    {"operations", KEY_MASK, AT(fault_spec, operation_mask), .flags = KEY_ZERO_IS_ALL,
     .names = operation_names, .defaults = "all",
     .help = "Which calls are hit: an operation, a list of them, or \"all\"."},
    {"fraction", KEY_SHARE, AT(fault_spec, fraction),
     .help =
         "Share of orders that are hit. One draw an order: all its matching calls are hit alike."},
    {"per", KEY_ENUM, AT(fault_spec, per_call), .names = per_names,
     .help = "`call` draws for each call instead."},
    {"hits_in_flight", KEY_BOOL, AT(fault_spec, hits_in_flight),
     .help = "Also ends calls that were sent before it began."},
    {"ramp", KEY_SPAN, AT(fault_spec, ramp_us), RANGE(0, DURATION_US_MAX),
     .help = "The fraction grows from 0 over this span."},
    {"flap", KEY_OBJECT, AT_START, .keys = flap_keys, .help = "Comes and goes."},
    {"add", KEY_SPAN, AT(fault_spec, add_us), RANGE(0, US_PER_HOUR),
     .help = "`latency`: added to each call."},
    {"multiply", KEY_NUMBER, AT(fault_spec, multiply), RANGE(0, 10000), .flags = KEY_ABOVE,
     .help =
         "`latency`: each call takes so many times as long. `slow_body`: the same for its body."},
    {"status", KEY_WHOLE, AT(fault_spec, status), RANGE(400, 599), .unit = "HTTP status",
     .help = "`error`: what calls answer."},
    {"retry_after", KEY_SECONDS, AT(fault_spec, retry_after_s), RANGE(0, US_PER_DAY),
     .help = "`throttle`: what the Retry-After header says; 0s sends none."},
    {"auth", KEY_ENUM, AT(fault_spec, auth), .names = fault_auth_names,
     .help = "`auth`: what is wrong with the credential."},
    {"share", KEY_SHARE, AT(fault_spec, share), .help = "`partial`: of items that go missing."},
    {"factor", KEY_NUMBER, AT(fault_spec, price_factor), RANGE(0, 1000), .flags = KEY_ABOVE,
     .help = "`price_drift`: prices against what they were."},
    {"age", KEY_SPAN, AT(fault_spec, stale_us), RANGE(US_PER_MS, DURATION_US_MAX),
     .help = "`stale_prices`: prices are those of so long ago."},
    {"skew", KEY_SIGNED_SPAN, AT(fault_spec, skew_us), RANGE(-DURATION_US_MAX, DURATION_US_MAX),
     .help = "`clock_skew`: the router's clock minus the provider's."},
    {"calls_per_min", KEY_NUMBER, AT(fault_spec, calls_per_minute), RANGE(0, 1e6),
     .flags = KEY_ABOVE, .unit = "calls",
     .help = "`compromised`: calls a minute that a thief makes with our credential."},
    {"outage", KEY_LIST, AT(fault_spec, parts), .element = &part_element,
     .capacity = OUTAGE_PARTS_MAX, .stride = sizeof(struct outage_part),
     .count_offset = offsetof(struct fault_spec, part_count), .fresh = fresh_part,
     .help = "`outage`: the mix that its orders meet."},
    {.name = NULL}};
