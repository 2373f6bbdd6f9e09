#include "sim/world/scenario_keys.h"

#include <string.h>

#include "sim/world/scenario_rows.h"

const char *const arrival_kind_names[ARRIVAL_KIND_COUNT + 1] = {"poisson", "gamma",  "constant",
                                                                "profile", "replay", NULL};
const char *const cart_kind_names[CART_KIND_COUNT + 1] = {"generated", "replay", NULL};
const char *const slo_indicator_names[SLO_INDICATOR_COUNT + 1] = {"orders_ok", "orders_routed",
                                                                  NULL};
const char *const profile_names[PROFILE_COUNT + 1] = {"as_documented", "as_coded", NULL};

static const char *const schema_names[] = {SCENARIO_SCHEMA, NULL};
static const char *const at_end_names[] = {"stop", "cycle", NULL};

/* ---- workload ---- */

static const struct scenario_key share_of_hour = {.type = KEY_NUMBER, RANGE(0, 1e9)};

static const struct scenario_key arrival_keys[] = {
    {"kind", KEY_ENUM, AT(arrival_spec, kind), .names = arrival_kind_names,
     .help = "When orders come. `poisson`: independently of each other. `gamma`: in bursts. "
             "`constant`: like a clock. `profile`: Poisson, more at some hours and weekdays. "
             "`replay`: at the time stamps of a CSV column."},
    {"rate", KEY_RATE, AT(arrival_spec, per_second), RANGE(0, 1e6), .flags = KEY_ABOVE,
     .help = "Mean rate of orders; of a `profile`, over a whole week. Not for `replay`."},
    {"shape", KEY_NUMBER, AT(arrival_spec, shape), RANGE(0, 1e6), .flags = KEY_ABOVE,
     .help = "`gamma`: shape of the gaps. 1 is Poisson, below 1 comes in bursts, above 1 is "
             "steadier. 0.23 was measured at a bursty service."},
    {"hour_share", KEY_LIST, AT(arrival_spec, hour_share), .flags = KEY_FULL, .capacity = 24,
     .stride = sizeof(double), .element = &share_of_hour,
     .help =
         "`profile`: 24 weights, for the hours from 0 on in local time. They need not sum to 1."},
    {"weekday_share", KEY_LIST, AT(arrival_spec, weekday_share), .flags = KEY_FULL, .capacity = 7,
     .stride = sizeof(double), .element = &share_of_hour,
     .help = "`profile`: 7 weights, Monday first. They need not sum to 1."},
    {"file", KEY_TEXT, AT(arrival_spec, file),
     .help = "`replay`: a CSV file with a header, relative to the scenario's folder."},
    {"column", KEY_TEXT, AT(arrival_spec, column),
     .help =
         "`replay`: the column of time stamps, as 2017-01-01T07:30:27Z or with a space for the T."},
    {"from", KEY_STAMP, AT(arrival_spec, from),
     .help = "`replay`: rows before this instant are passed over; it becomes instant 0 of the run. "
             "Without it the first row does."},
    {"speed", KEY_NUMBER, AT(arrival_spec, speed), RANGE(0, 1e6), .flags = KEY_ABOVE,
     .help = "`replay`: 2 plays the stamps twice as fast."},
    {"at_end", KEY_ENUM, AT(arrival_spec, cycle), .names = at_end_names,
     .help = "`replay`: when the rows end, orders `stop` or `cycle` back to the first row."},
    {"limit", KEY_WHOLE, AT(arrival_spec, limit), RANGE(0, 1e15), .unit = "orders",
     .help = "The run ends after so many orders; 0 sets no limit."},
    {.name = NULL}};

static const struct scenario_key cart_keys[] = {
    {"kind", KEY_ENUM, AT(cart_spec, kind), .names = cart_kind_names,
     .help = "`generated`: drawn from the catalogue. `replay`: baskets of a CSV file."},
    {"size_r", KEY_NUMBER, AT(cart_spec, size_r), RANGE(0, 1e4), .flags = KEY_ABOVE,
     .help = "`generated`: the number of lines is negative binomial without 0; this is its r."},
    {"size_p", KEY_NUMBER, AT(cart_spec, size_p), RANGE(0, 1), .flags = KEY_ABOVE,
     .help = "`generated`: its p, the chance of a success. 1.93 and 0.158 give 10.5 lines, as "
             "measured for online grocery orders."},
    {"lines", KEY_WHOLE, AT(cart_spec, lines), RANGE(0, ORDER_ITEMS_MAX), .unit = "lines",
     .help = "`generated`: every cart has exactly so many lines; 0 draws the number."},
    {"quantity_more", KEY_NUMBER, AT(cart_spec, quantity_more), RANGE(0, 0.95),
     .help = "Chance that a line asks for one more unit, again and again."},
    {"file", KEY_TEXT, AT(cart_spec, file),
     .help = "`replay`: a CSV file without a header, a basket a record, an item a field."},
    {"resample", KEY_BOOL, AT(cart_spec, resample),
     .help = "`replay`: draw baskets at random instead of taking them in order."},
    {.name = NULL}};

static const struct scenario_key preference_share = {.type = KEY_NUMBER, RANGE(0, 1e9)};
static const struct scenario_key postal_code = {
    .type = KEY_TEXT,
    .size = sizeof(((struct workload_spec *)0)->postal_codes[0]),
    .flags = KEY_NAME};

static const struct scenario_key confirm_keys[] = {
    {"share", KEY_SHARE, AT(workload_spec, confirm),
     .help = "Share of routed orders that the customer confirms, which places them."},
    {"after", KEY_SPAN, AT(workload_spec, confirm_after_us), RANGE(0, US_PER_DAY),
     .help = "How long after the decision."},
    {.name = NULL}};

static const struct scenario_key cancel_keys[] = {
    {"share", KEY_SHARE, AT(workload_spec, cancel),
     .help = "Share of routed orders that are cancelled instead, before they are confirmed."},
    {.name = NULL}};

static const struct scenario_key requote_keys[] = {
    {"share", KEY_NUMBER, AT(workload_spec, requote), RANGE(0, 0.95),
     .help = "Share of orders that are followed by the same customer asking for the very same cart "
             "again; of those too. Nobody publishes it, so by default nobody does."},
    {"after", KEY_OBJECT, AT(workload_spec, requote_after), .keys = scenario_law_keys,
     .prepare = scenario_prepare_law, PLACE_IN(law_spec),
     .help = "How long after the order before it began. The default law is an assumption."},
    {.name = NULL}};

static const struct scenario_key customer_keys[] = {
    {"latitude", KEY_NUMBER, AT(codec_customer, latitude), RANGE(-90, 90), .unit = "degrees",
     .help = "MealMe searches near it."},
    {"longitude", KEY_NUMBER, AT(codec_customer, longitude), RANGE(-180, 180), .unit = "degrees",
     .help = "MealMe searches near it."},
    {"street_number", KEY_TEXT, AT(codec_customer, street_number), .help = "Of the address."},
    {"street", KEY_TEXT, AT(codec_customer, street), .help = "Of the address."},
    {"city", KEY_TEXT, AT(codec_customer, city), .help = "Of the address."},
    {"state", KEY_TEXT, AT(codec_customer, state), .help = "Of the address, two letters."},
    {"name", KEY_TEXT, AT(codec_customer, name), .help = "Whom a quote is for."},
    {"email", KEY_TEXT, AT(codec_customer, email), .help = "Whom a quote is for."},
    {"phone", KEY_TEXT, AT(codec_customer, phone), .help = "Whom a quote is for; digits."},
    {.name = NULL}};

const struct scenario_key scenario_workload_keys[] = {
    {"arrivals", KEY_OBJECT, AT(workload_spec, arrivals), .keys = arrival_keys,
     PLACE_IN(arrival_spec), .help = "When orders come."},
    {"carts", KEY_OBJECT, AT(workload_spec, carts), .keys = cart_keys, PLACE_IN(cart_spec),
     .help = "What they ask for."},
    {"preferences", KEY_MAP, AT(workload_spec, preferences), .names = preference_names,
     .stride = sizeof(double), .element = &preference_share, .flags = KEY_REPLACES,
     .help = "What matters most to customers, as weights that need not sum to 1; a preference that "
             "is not named gets none. The default mix is an assumption."},
    {"postal_codes", KEY_LIST, AT(workload_spec, postal_codes), .element = &postal_code,
     .capacity = SCENARIO_POSTAL_MAX,
     .stride = sizeof(((struct workload_spec *)0)->postal_codes[0]),
     .count_offset = offsetof(struct workload_spec, postal_count),
     .help = "Where customers live: each order draws one."},
    {"confirm", KEY_OBJECT, AT_START, .keys = confirm_keys,
     .help = "Which decisions become orders; their outcomes teach the router."},
    {"cancel", KEY_OBJECT, AT_START, .keys = cancel_keys, .help = "Which are called off."},
    {"requote", KEY_OBJECT, AT_START, .keys = requote_keys,
     .help = "Customers who ask again, as a new order: what a cache of quotes lives on."},
    {"users", KEY_WHOLE, AT(workload_spec, users), RANGE(0, 1e9), .unit = "customers",
     .help = "How many customers there are, each as likely to order as the next; 0: every order is "
             "another's, but for those who ask again. An assumption, like all about customers."},
    {"customer", KEY_OBJECT, AT(workload_spec, customer), .keys = customer_keys,
     .help =
         "What live providers want to know of a customer beyond the postal code. The default is "
         "nobody."},
    {.name = NULL}};

/* ---- catalogue, slo, checks ---- */

static const struct scenario_key catalogue_keys[] = {
    {"file", KEY_TEXT, AT(catalogue_spec, file),
     .help = "A CSV file with a header, most popular product first; without it the catalogue is "
             "generated."},
    {"name_column", KEY_TEXT, AT(catalogue_spec, name_column),
     .help = "Of the file: product names."},
    {"price_column", KEY_TEXT, AT(catalogue_spec, price_column), .unit = "US dollars",
     .help = "Of the file: base prices."},
    {"size", KEY_WHOLE, AT(catalogue_spec, size), RANGE(0, CATALOGUE_PRODUCTS_MAX),
     .unit = "products",
     .help = "How many products are generated; of a file: the first so many, 0 takes all."},
    {"price_median_cents", KEY_NUMBER, AT(catalogue_spec, price_median_cents), RANGE(1, 1e6),
     .unit = "US cents", .help = "Generated: base prices are lognormal with this median."},
    {"price_sigma", KEY_NUMBER, AT(catalogue_spec, price_sigma), RANGE(0, 3),
     .help = "Generated: standard deviation of the prices' logarithm."},
    {"zipf", KEY_NUMBER, AT(catalogue_spec, zipf), RANGE(0, 3),
     .help = "A product of rank k is asked for in proportion to k to the power of minus this."},
    {.name = NULL}};

static bool slo_is_given(void *object, const cJSON *node)
{
    (void)node;
    ((struct slo_spec *)object)->given = true;
    return false;
}

static const struct scenario_key slo_keys[] = {
    {"indicator", KEY_ENUM, AT(slo_spec, indicator), .names = slo_indicator_names,
     .help = "What a good order is. `orders_ok`: won by a real quote, and confirming did not fail. "
             "`orders_routed`: any quote won."},
    {"objective", KEY_SHARE, AT(slo_spec, objective), RANGE(0, 0.9999999), .flags = KEY_ABOVE,
     .help = "Share of orders that should be good."},
    {"period", KEY_SPAN, AT(slo_spec, period_us), RANGE(US_PER_HOUR, DURATION_US_MAX),
     .help = "What the error budget is for."},
    {"within", KEY_SPAN, AT(slo_spec, within_us), RANGE(US_PER_MS, US_PER_DAY), .flags = KEY_UNSET,
     .defaults = "however long it takes", .help = "A good order is also decided within this."},
    {.name = NULL}};

static const struct scenario_key check_keys[] = {
    {"name", KEY_TEXT, AT(check_spec, name),
     .help = "What holds, in a person's words; without it, made from the rest."},
    {"metric", KEY_TEXT, AT(check_spec, metric), .flags = KEY_REQUIRED,
     .help = "`router.` or a provider's id and a dot, then a metric: `router.p95_ms`, "
             "`KROGER_API.success_rate`."},
    {"during", KEY_TEXT, AT(check_spec, during),
     .help = "Which part of the run: without it the whole, `quiet` for orders in whose course no "
             "fault was active, a fault's id, or `after:` and a fault's id."},
    {"op", KEY_ENUM, AT(check_spec, op), .names = check_operator_names, .flags = KEY_REQUIRED,
     .help = "How the measured value compares with the limit when all is well."},
    {"limit", KEY_LIMIT, AT(check_spec, limit_text), .flags = KEY_REQUIRED,
     .help =
         "A number in the metric's own unit; or \"4.9s\" where that is a time, \"95%\" where it is "
         "a share."},
    {.name = NULL}};

static void fresh_check(void *object)
{
    *(struct check_spec *)object = (struct check_spec){.op = CHECK_LE};
}

static const struct scenario_key check_element = {.type = KEY_OBJECT,
                                                  .size = sizeof(struct check_spec),
                                                  .keys = check_keys,
                                                  PLACE_IN(check_spec)};

/* ---- router ---- */

static const struct scenario_key throttle_keys[] = {
    {"tokens", KEY_NUMBER, AT(retry_policy, throttle_tokens), RANGE(0, 1e6), .unit = "tokens",
     .help = "A full bucket: each failed call takes one, and with half of them or fewer nothing is "
             "tried again. gRPC's example has 10; 0 is no throttle."},
    {"ratio", KEY_NUMBER, AT(retry_policy, throttle_ratio), RANGE(0, 10), .unit = "tokens",
     .help = "What a good answer gives back: 0.1 stops retries where more than a share of "
             "0.1/1.1, 9.09%, of calls fails for long."},
    {.name = NULL}};

static const struct scenario_key retry_keys[] = {
    {"enabled", KEY_BOOL, AT(retry_policy, enabled),
     .help = "Whether calls are tried again. Production declares retries and makes none."},
    {"attempts", KEY_WHOLE, AT(retry_policy, attempts), RANGE(0, 10), .unit = "retries",
     .help = "Tries after the first, per call; 0 takes what the provider declares (2 or 3)."},
    {"backoff", KEY_SPAN, AT(retry_policy, backoff_us), RANGE(0, US_PER_MINUTE),
     .help = "Wait before the first retry; each further wait is twice as long."},
    {"backoff_max", KEY_SPAN, AT(retry_policy, backoff_us_max), RANGE(0, US_PER_HOUR),
     .help = "The longest such wait."},
    {"jitter", KEY_SHARE, AT(retry_policy, jitter),
     .help = "Share of each wait that is drawn at random, so that clients do not march in step."},
    {"budget", KEY_NUMBER, AT(retry_policy, budget), RANGE(0, 10),
     .help = "Retries that each first try earns, over all calls to a provider; 0 sets no budget."},
    {"budget_burst", KEY_NUMBER, AT(retry_policy, budget_burst), RANGE(0, 1e6), .unit = "retries",
     .help = "Retries that may be saved up."},
    {"throttle", KEY_OBJECT, AT_START, .keys = throttle_keys,
     .help = "gRPC's throttle: stops retries and hedges to a provider that fails often."},
    {.name = NULL}};

static const struct scenario_key hedge_keys[] = {
    {"enabled", KEY_BOOL, AT(hedge_policy, enabled),
     .help = "Whether a call that has not answered for a while gets a second one beside it, to the "
             "same provider; the first good answer wins. Production hedges nothing."},
    {"after", KEY_SPAN, AT(hedge_policy, after_us), RANGE(US_PER_MS, US_PER_HOUR),
     .help = "How long the first call is waited for. At the P95 of one call, one in twenty gets a "
             "second."},
    {"operations", KEY_MASK, AT(hedge_policy, operation_mask), .flags = KEY_ZERO_IS_ALL,
     .names = operation_names, .defaults = "all",
     .help = "Which calls may be hedged. Those of `token`, `confirm` and `health` never are."},
    {"per_quote", KEY_WHOLE, AT(hedge_policy, per_quote), RANGE(1, POLICY_HEDGES_MAX),
     .unit = "calls", .help = "Second calls that one quote may make."},
    {"budget", KEY_NUMBER, AT(hedge_policy, budget), RANGE(0, 10),
     .help = "Second calls that each first try earns, over all calls to a provider; 0 sets no "
             "budget."},
    {"budget_burst", KEY_NUMBER, AT(hedge_policy, budget_burst), RANGE(0, 1e6), .unit = "calls",
     .help = "Second calls that may be saved up."},
    {.name = NULL}};

static const struct scenario_key breaker_keys[] = {
    {"failures", KEY_WHOLE, AT(cache_policy, breaker_failures), RANGE(0, 1e6), .unit = "failures",
     .help = "After so many in a row the cache is not asked; 0 asks it always."},
    {"skip", KEY_SPAN, AT(cache_policy, breaker_skip_us), RANGE(US_PER_MS, US_PER_DAY),
     .help = "For so long; then one request tries it."},
    {.name = NULL}};

static const struct scenario_key cache_keys[] = {
    {"store", KEY_SPAN, AT(cache_policy, store_us), RANGE(0, DURATION_US_MAX),
     .help = "How long a postal code's store is remembered; 0s does not."},
    {"sku", KEY_SPAN, AT(cache_policy, sku_us), RANGE(0, DURATION_US_MAX),
     .help = "How long what a search found is remembered: Kroger's for each store, Walmart's, "
             "whose search knows none, for all. 0s does not."},
    {"sku_entries", KEY_WHOLE, AT(cache_policy, sku_entries), RANGE(1, 1048576), .unit = "products",
     .help = "How many of them, for each provider; rounded up to sets of 8 by hash, of which the "
             "one not asked for longest gives way. 24 bytes each."},
    {"token", KEY_BOOL, AT(cache_policy, token),
     .help = "Whether access tokens are kept until shortly before they expire."},
    {"quote", KEY_SPAN, AT(cache_policy, quote_us), RANGE(0, DURATION_US_MAX),
     .help = "How long a provider's quote is kept and given to whoever asks for the same; the "
             "contract's figure is 5m. 0s keeps none, as production does."},
    {"quote_key", KEY_ENUM, AT(cache_policy, quote_key), .names = quote_key_names,
     .help = "Who asks for the same: `cart`, the same lines and quantities to the same postal "
             "code; `user`, these and the same customer."},
    {"timeout", KEY_SPAN, AT(cache_policy, timeout_us), RANGE(US_PER_MS, US_PER_HOUR),
     .help = "How long a kept quote is waited for, before the provider is asked. An assumption."},
    {"breaker", KEY_OBJECT, AT_START, .keys = breaker_keys,
     .help = "When a cache that fails is let alone. An assumption."},
    {.name = NULL}};

static const struct scenario_key policy_keys[] = {
    {"zero_is_missing", KEY_BOOL, AT(policy, zero_is_missing),
     .help = "Quirk: a reliability or margin score of 0 counts as 50."},
    {"abandoned_calls_run_on", KEY_BOOL, AT(policy, abandoned_calls_run_on),
     .help = "Quirk: a quote that timed out goes on calling its provider."},
    {"swallowed_search_errors", KEY_BOOL, AT(policy, swallowed_search_errors),
     .help = "Quirk: a failed item search reads as an item that is not for sale. Off: a quote with "
             "fewer than `fill_least` of its lines fails."},
    {"health_is_configuration", KEY_BOOL, AT(policy, health_is_configuration),
     .help = "Quirk: a health check looks at settings and calls nobody."},
    {"auth_errors_final", KEY_BOOL, AT(policy, auth_errors_final),
     .help = "Quirk: a refused token is final, and a 401 keeps the cached token. Off: classed by "
             "status; a 401 drops the token and tries once more."},
    {"missing_items", KEY_ENUM, AT(policy, missing_items), .names = missing_items_names,
     .help =
         "What lines that a quote lacks are worth. `free`: nothing, so a partial cart looks cheap "
         "(production). `median`: the median of the order's other quotes. `excluded`: quotes "
         "under `fill_least` are left out."},
    {"fill_least", KEY_SHARE, AT(policy, fill_least),
     .help = "The least share of a cart's lines that a quote must have, where that is asked."},
    {"parallel_searches", KEY_WHOLE, AT(policy, parallel_searches), RANGE(1, POLICY_PARALLEL_MAX),
     .help = "Item searches of one quote at a time. Quirk: production makes one."},
    {"retry", KEY_OBJECT, AT(policy, retry), .keys = retry_keys, .help = "Trying again."},
    {"hedge", KEY_OBJECT, AT(policy, hedge), .keys = hedge_keys,
     .help = "A second call while the first is still waited for."},
    {"cache", KEY_OBJECT, AT(policy, cache), .keys = cache_keys, .help = "What is remembered."},
    {"call_life", KEY_SPAN, AT(policy, call_life_us), RANGE(US_PER_MS, US_PER_HOUR),
     .help = "No call outlives it, waited for or not. An assumption."},
    {"token_margin", KEY_SPAN, AT(policy, token_margin_us), RANGE(0, US_PER_DAY),
     .help = "Tokens are renewed so long before they expire."},
    {"confirm_life", KEY_SPAN, AT(policy, confirm_life_us), RANGE(US_PER_SECOND, US_PER_DAY),
     .help = "How long a decision can be confirmed. An assumption."},
    {"confirm_timeout", KEY_SPAN, AT(policy, confirm_timeout_us), RANGE(US_PER_MS, US_PER_HOUR),
     .help = "How long confirming may take."},
    {"detect_substitutions", KEY_BOOL, AT(policy, detect_substitutions),
     .defaults = "true; false with the profile `as_coded`",
     .help =
         "A product that is not exactly the one asked for counts as substituted, not as found."},
    {"live_adapters", KEY_BOOL, AT(policy, live_adapters),
     .help =
         "Profile `as_coded`: let MealMe and Instacart be called, which production never does."},
    {"log_late_quotes", KEY_BOOL, AT(policy, log_late_quotes), .flags = KEY_NO_HASH,
     .help =
         "`events.jsonl` tells of answers that came after their timeout, and what it takes to "
         "decide orders again with them (`calibrate LOG.jsonl`). Production drops them unheard; "
         "no decision depends on it."},
    {.name = NULL}};

static const struct scenario_key history_keys[] = {
    {"frozen", KEY_BOOL, AT(scenario, history_frozen),
     .help = "Outcomes are counted but teach the router nothing."},
    {.name = NULL}};

const struct scenario_key scenario_router_keys[] = {
    {"profile", KEY_ENUM, AT(scenario, profile), .names = profile_names,
     .help = "Which production: the one its runbook describes, or the one its code is."},
    {"env", KEY_ENV, AT(scenario, env),
     .help = "Production's own settings, by its own names: `LOOPGPT_KROGER_TIMEOUT`, "
             "`LOOPGPT_ENABLE_WALMART`, `LOOPGPT_SCORE_PRICE_WEIGHT`. Numbers and booleans are "
             "taken as their text. A name that nobody reads is a warning."},
    {"policy", KEY_OBJECT, AT(scenario, policy), .keys = policy_keys,
     .help = "Where the router departs from production. The defaults are production."},
    {"history", KEY_OBJECT, AT_START, .keys = history_keys, .help = "What it learns."},
    {"deployment", KEY_OBJECT, AT(scenario, deployment), .keys = scenario_deployment_keys,
     .used = scenario_uses_deployment,
     .help = "How a change of settings reaches the router, in drills."},
    {.name = NULL}};

/* ---- the whole file ---- */

static const struct scenario_key tag = {.type = KEY_TEXT,
                                        .size = sizeof(((struct drill_spec *)0)->tags[0])};

static const struct scenario_key provider_element = {
    .type = KEY_OBJECT, .size = sizeof(struct provider_spec), .keys = scenario_provider_keys};
static const struct scenario_key fault_element = {.type = KEY_OBJECT,
                                                  .size = sizeof(struct fault_spec),
                                                  .keys = scenario_fault_keys,
                                                  PLACE_IN(fault_spec)};

static const struct scenario_key root_keys[] = {
    {"$schema", KEY_IGNORED, .help = "For editors: where `routesim schema` was written to."},
    {"schema", KEY_SCHEMA, .names = schema_names, .flags = KEY_NO_HASH,
     .help = "The version of this language."},
    {"name", KEY_TEXT, AT(scenario, name), .flags = KEY_NAME | KEY_NO_HASH,
     .defaults = "the file's name", .help = "Names the output folder and the run."},
    {"title", KEY_TEXT, AT(scenario, title), .flags = KEY_NO_HASH, .defaults = "the name",
     .help = "The report's heading."},
    {"description", KEY_TEXT, AT(scenario, description), .flags = KEY_NO_HASH,
     .help = "What the scenario shows."},
    {"seed", KEY_SEED, AT(scenario, seed), RANGE(0, 9007199254740991), .flags = KEY_NO_HASH,
     .help =
         "Decides every draw: the same seed, the same run. A number below 2^53, or a larger one "
         "or hexadecimal as a string: \"0x5EED\"."},
    {"start", KEY_INSTANT, AT(scenario, start_unix_us),
     .help = "The instant, in UTC, that offsets such as a fault's `at` count from."},
    {"timezone", KEY_SIGNED_SPAN, AT(scenario, timezone_us),
     RANGE(-14 * US_PER_HOUR, 14 * US_PER_HOUR),
     .help = "Local time minus UTC, for hours and weekdays: \"-5h\"."},
    {"duration", KEY_SPAN, AT(scenario, duration_us), RANGE(US_PER_MS, DURATION_US_MAX),
     .help = "How long orders come."},
    {"warmup", KEY_SPAN, AT(scenario, warmup_us), RANGE(0, DURATION_US_MAX),
     .help = "Orders that start before it are routed but not measured."},
    {"replications", KEY_WHOLE, AT(scenario, replications), RANGE(1, SCENARIO_REPLICATIONS_MAX),
     .flags = KEY_NO_HASH,
     .help = "Independent repeats, each with its own draws, for confidence intervals."},
    {"workload", KEY_OBJECT, AT(scenario, workload), .keys = scenario_workload_keys,
     .help = "Who orders what, and when."},
    {"catalogue", KEY_OBJECT, AT(scenario, catalogue), .keys = catalogue_keys,
     .help = "What is for sale."},
    {"router", KEY_OBJECT, AT_START, .keys = scenario_router_keys,
     .help = "The router under test."},
    {"providers", KEY_MAP, AT(scenario, providers), .names = provider_id_names,
     .stride = sizeof(struct provider_spec), .element = &provider_element,
     .help =
         "How each provider behaves. An entry `all` is applied to every one, before the others."},
    {"faults", KEY_LIST, AT(scenario, faults), .element = &fault_element, .identity = "id",
     .capacity = FAULTS_MAX, .stride = sizeof(struct fault_spec),
     .count_offset = offsetof(struct scenario, fault_count), .fresh = scenario_fresh_fault,
     .help = "What goes wrong. Faults that overlap compose in this order."},
    {"cache", KEY_OBJECT, AT(scenario, cache), .keys = scenario_cache_keys,
     .help = "Where `router.policy.cache.quote` keeps its quotes, and what goes wrong there."},
    {"slo", KEY_OBJECT, AT(scenario, slo), .keys = slo_keys, .prepare = slo_is_given,
     .help = "The service level objective; without it no error budget is reported."},
    {"checks", KEY_LIST, AT(scenario, checks), .element = &check_element, .identity = "name",
     .capacity = SCENARIO_CHECKS_MAX, .stride = sizeof(struct check_spec),
     .count_offset = offsetof(struct scenario, check_count), .fresh = fresh_check,
     .flags = KEY_NO_HASH, .help = "What must hold: a run whose check fails exits with 1."},
    {"alerts", KEY_OBJECT, AT(scenario, alerts),
     .keys = scenario_alert_file_keys + ALERT_FILE_OWN_KEYS, .used = scenario_uses_alerts,
     .help = "What tells people that something is wrong; for drills, as all that follows."},
    {"hypothesis", KEY_OBJECT, AT(scenario, drill.hypothesis), .keys = scenario_hypothesis_keys,
     .prepare = scenario_prepare_hypothesis, .used = scenario_uses_hypothesis,
     .help = "The steady state that a drill puts to the test."},
    {"operators", KEY_LIST, AT(scenario, drill.operators), .element = &scenario_operator_element,
     .identity = "id", .capacity = OPERATORS_MAX, .stride = sizeof(struct operator_spec),
     .count_offset = offsetof(struct scenario, drill.operator_count),
     .fresh = scenario_fresh_operator,
     .help = "Who does what about it: people, or scripts in their place."},
    {"stop_conditions", KEY_LIST, AT(scenario, drill.stops), .element = &scenario_stop_element,
     .capacity = STOPS_MAX, .stride = sizeof(struct stop_spec),
     .count_offset = offsetof(struct scenario, drill.stop_count), .fresh = scenario_fresh_stop,
     .help = "When a drill is called off."},
    {"rollbacks", KEY_OBJECT, AT(scenario, drill.rollbacks), .keys = scenario_rollback_keys,
     .prepare = scenario_prepare_rollbacks, .used = scenario_uses_rollbacks,
     .help = "What is undone after the drill."},
    {"rto", KEY_SPAN, AT(scenario, drill.rto_us), RANGE(US_PER_SECOND, DURATION_US_MAX),
     .flags = KEY_UNSET, .help = "How long recovering may take, as somebody promised."},
    {"tags", KEY_LIST, AT(scenario, drill.tags), .element = &tag,
     .capacity = sizeof(((struct drill_spec *)0)->tags) / sizeof(((struct drill_spec *)0)->tags[0]),
     .stride = sizeof(((struct drill_spec *)0)->tags[0]),
     .count_offset = offsetof(struct scenario, drill.tag_count), .flags = KEY_NO_HASH,
     .help = "Words to choose drills by."},
    {"expect", KEY_LIST, AT(scenario, drill.expects), .element = &scenario_expect_element,
     .identity = "name", .capacity = EXPECTS_MAX, .stride = sizeof(struct expect_spec),
     .count_offset = offsetof(struct scenario, drill.expect_count), .fresh = scenario_fresh_expect,
     .flags = KEY_NO_HASH,
     .help = "What the drill must show, each by an `alert`, a `measure`, a `step`, a `winner` or a "
             "`verdict`. A drill that does not exits with 1."},
    {"short", KEY_SHORT, AT_START, .keys = root_keys, .flags = KEY_NO_HASH,
     .help = "The same scenario in brief, for `verify` and tests: keys that replace those above. A "
             "list replaces the list; an element that bears the `id` (checks: `name`) of one above "
             "starts from that one."},
    {.name = NULL}};

const struct scenario_key scenario_root = {.name = "scenario",
                                           .type = KEY_OBJECT,
                                           .size = sizeof(struct scenario),
                                           .keys = root_keys,
                                           .help = "A scenario."};

/* ---- looking rows up ---- */

const struct scenario_key *scenario_key_find(const struct scenario_key *keys, const char *name)
{
    for (const struct scenario_key *key = keys; key->name != NULL; key++) {
        if (strcmp(key->name, name) == 0) return key;
    }
    return NULL;
}

int scenario_name_index(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) return i;
    }
    return -1;
}

bool scenario_key_is_leaf(const struct scenario_key *key)
{
    if (key->type == KEY_LIST) return key->element->type != KEY_OBJECT;
    return key->type < KEY_OBJECT;
}
