/* From merged counts to a result: every figure that a report shows is computed here. */
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/world/run_state.h"

static const char *keep(struct result *result, const char *text)
{
    return arena_text(&result->arena, text, strlen(text));
}

/* Student's t over replications, around the pooled value. */
static void add_interval(struct metric_value *value, enum metric metric,
                         const struct spread *spread)
{
    if (value->state != VALUE_KNOWN || spread->n < 2) return;
    const double deviation = sqrt(spread->m2 / (spread->n - 1));
    double half = gsl_cdf_tdist_Pinv(0.975, spread->n - 1) * deviation / sqrt((double)spread->n);
    /* A count is the sum over replications, and so is its uncertainty. */
    const bool summed = metric_traits[metric].unit == UNIT_COUNT || metric == METRIC_COST_CENTS ||
                        metric == METRIC_CACHE_SAVED_CENTS;
    if (summed) half *= spread->n;
    value->low = value->value - half;
    value->high = value->value + half;
}

static bool fill_phases(struct run_sums *sums, struct result *result)
{
    result->phases = arena_push(&result->arena, struct result_phase, sums->phase_count);
    if (result->phases == NULL) return false;
    result->phase_count = sums->phase_count;
    sums->context.replications = sums->replications > 0 ? sums->replications : 1;
    for (uint32_t p = 0; p < sums->phase_count; p++) {
        struct result_phase *phase = &result->phases[p];
        phase->name = keep(result, sums->phases[p].name);
        phase->from_us = sums->phases[p].from_us;
        phase->until_us = sums->phases[p].until_us;
        struct tally *tally =
            run_phase_tally(&sums->phases[p], sums->segments, sums->segment_count, &sums->scratch);
        run_phase_values(tally, &sums->context, phase->values);
        if (sums->spreads == NULL) continue;
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            for (unsigned m = 0; m < METRIC_COUNT; m++) {
                if (metric_of_router((enum metric)m) != (s == SCOPE_ROUTER)) continue;
                add_interval(&phase->values[s][m], (enum metric)m, &sums->spreads[p][s][m]);
            }
        }
    }
    return true;
}

/* --- latencies -----------------------------------------------------------------------------------
 */

static struct metric_value quantile_value(struct samples *samples, double probability)
{
    const struct samples_quantile found = samples_quantile(samples, probability, 10);
    struct metric_value value = {.value = found.us / 1000.0,
                                 .needs = found.needs,
                                 .n = samples->count,
                                 .low = found.us / 1000.0,
                                 .high = found.us / 1000.0};
    switch (found.state) {
    case SAMPLES_KNOWN:
        value.state = VALUE_KNOWN;
        return value;
    case SAMPLES_ABOVE:
        value.state = VALUE_ABOVE;
        return value;
    case SAMPLES_NONE:
        value.state = VALUE_NONE;
        break;
    case SAMPLES_TOO_FEW:
        value.state = VALUE_TOO_FEW;
        break;
    }
    value.value = value.low = value.high = NAN;
    return value;
}

/* Points evenly spaced towards the tail, as far as the samples carry. */
static void fill_curve(struct samples *samples, struct result_latency *latency)
{
    enum { POINTS = 61 };
    static_assert((int)POINTS <= (int)RESULT_CURVE_MAX, "room for the curve");
    for (unsigned i = 0; i < POINTS; i++) {
        const double x = 0.02 + i * 0.075; /* from p4.5 to p99.997 */
        const struct samples_quantile found = samples_quantile(samples, 1.0 - pow(10.0, -x), 10);
        if (found.state != SAMPLES_KNOWN && found.state != SAMPLES_ABOVE) continue;
        latency->curve[latency->curve_count].x = x;
        latency->curve[latency->curve_count].ms = found.us / 1000.0;
        latency->curve_count++;
    }
}

static void fill_latency(const struct run_request *request, struct samples *samples,
                         struct result_latency *latency)
{
    static const double usual[] = {50.0, 95.0, 99.0};
    const double *percents = request->percents != NULL ? request->percents : usual;
    const uint32_t count = request->percents != NULL ? request->percent_count : 3;
    *latency = (struct result_latency){.n = samples->count,
                                       .censored = samples->censored,
                                       .exact = samples_exact(samples),
                                       .mean_ms = samples_mean_us(samples) / 1000.0,
                                       .min_ms = NAN,
                                       .max_ms = NAN};
    latency->error_bound = latency->exact ? 0.0 : SAMPLES_ERROR_BOUND;
    if (samples->count > 0) {
        latency->min_ms = (double)samples->least_us / 1000.0;
        latency->max_ms = (double)samples->most_us / 1000.0;
    }
    for (uint32_t i = 0; i < count && i < RESULT_QUANTILES_MAX; i++) {
        latency->quantiles[i].percent = percents[i];
        latency->quantiles[i].value = quantile_value(samples, percents[i] / 100.0);
        latency->quantile_count++;
    }
    fill_curve(samples, latency);
}

static bool fill_latencies(struct run_sums *sums, struct result *result)
{
    struct tally *all =
        run_phase_tally(&sums->phases[0], sums->segments, sums->segment_count, &sums->scratch);
    fill_latency(sums->request, &all->latency, &result->router_latency);
    for (unsigned code = 0; code < ORDER_CODE_COUNT; code++) {
        result->order_codes[code] = all->codes[code];
        result->order_code_names[code] =
            order_code_name((enum order_code)code, sums->request->scenario->profile);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        fill_latency(sums->request, &all->providers[p].latency, &result->provider_latency[p]);
        memcpy(result->errors[p], all->providers[p].errors, sizeof result->errors[p]);
        result->enabled[p] = sums->config.providers[p].enabled;
        result->timeout_us[p] = sums->config.providers[p].timeout_us;
        result->operations[p] =
            arena_push(&result->arena, struct result_operation, OPERATION_COUNT);
        if (result->operations[p] == NULL) return false;
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (sums->operations[p][o].calls == 0) continue;
            struct result_operation *operation =
                &result->operations[p][result->operation_count[p]++];
            operation->name = operation_names[o];
            operation->calls = sums->operations[p][o].calls;
            fill_latency(sums->request, &sums->operations[p][o].latency, &operation->latency);
        }
    }
    return true;
}

/* --- checks --------------------------------------------------------------------------------------
 */

/* A value that is known only as a lower bound decides a check when every larger value would decide
 * it alike; a percentile without enough samples decides nothing. */
static int verdict_of(const struct metric_value *measured, enum check_operator op, double limit)
{
    if (measured->state == VALUE_KNOWN) {
        return check_operator_holds(op, measured->value, limit) ? CHECK_PASSED : CHECK_FAILED;
    }
    if (measured->state != VALUE_ABOVE) return CHECK_INCONCLUSIVE;
    if (op == CHECK_GE || op == CHECK_GT) {
        return measured->value >= limit ? CHECK_PASSED : CHECK_INCONCLUSIVE;
    }
    if (op == CHECK_LE || op == CHECK_LT) {
        return measured->value >= limit ? CHECK_FAILED : CHECK_INCONCLUSIVE;
    }
    return CHECK_INCONCLUSIVE;
}

static uint32_t phase_named(const struct result *result, const char *name)
{
    for (uint32_t p = 0; p < result->phase_count; p++) {
        if (strcmp(result->phases[p].name, name) == 0) return p;
    }
    return 0; /* "" and, where there are no faults, "quiet": the whole run */
}

static const char *check_title(struct result *result, const struct check_spec *spec, unsigned scope,
                               enum metric metric)
{
    if (spec->name[0] != '\0') return keep(result, spec->name);
    char title[256];
    const char *whose = scope == SCOPE_ROUTER ? "router" : provider_traits[scope].short_name;
    (void)snprintf(title, sizeof title, "%s %s%s%s", whose, metric_traits[metric].label,
                   spec->during[0] == '\0' ? "" : " during ", spec->during);
    return keep(result, title);
}

static bool fill_checks(struct run_sums *sums, struct result *result)
{
    const struct scenario *scenario = sums->request->scenario;
    result->checks = arena_push(&result->arena, struct result_check, scenario->check_count);
    if (result->checks == NULL) return false;
    result->check_count = scenario->check_count;
    for (uint32_t c = 0; c < scenario->check_count; c++) {
        const struct check_spec *spec = &scenario->checks[c];
        struct result_check *check = &result->checks[c];
        char hint[ERR_HINT_MAX];
        const bool found =
            metric_find(spec->metric, &check->scope, &check->metric_id, hint, sizeof hint);
        assert(found); /* the reader has looked it up */
        (void)found;
        check->name = check_title(result, spec, check->scope, check->metric_id);
        check->metric = keep(result, spec->metric);
        check->during = keep(result, spec->during);
        check->op = check_operator_names[spec->op];
        check->limit = spec->limit;
        check->limit_text = keep(result, spec->limit_text);
        check->file = spec->place.file != NULL ? keep(result, spec->place.file) : NULL;
        check->line = spec->place.line;
        const uint32_t phase = phase_named(result, spec->during);
        check->measured = result->phases[phase].values[check->scope][check->metric_id];
        const int verdict = verdict_of(&check->measured, spec->op, spec->limit);
        check->verdict = verdict;
        result->checks_passed += verdict == CHECK_PASSED;
        result->checks_failed += verdict == CHECK_FAILED;
        result->checks_inconclusive += verdict == CHECK_INCONCLUSIVE;
    }
    return true;
}

/* --- the rest ------------------------------------------------------------------------------------
 */

static bool fill_faults(const struct scenario *scenario, struct result *result)
{
    const uint32_t count = scenario_window_count(scenario);
    result->faults = arena_push(&result->arena, struct result_fault, count);
    if (result->faults == NULL) return false;
    result->fault_count = count;
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const struct fault_spec *spec = &scenario->faults[f];
        char label[FAULT_LABEL_MAX];
        fault_label(spec, label);
        result->faults[f] = (struct result_fault){.id = keep(result, spec->id),
                                                  .label = keep(result, label),
                                                  .kind = fault_kind_names[spec->kind],
                                                  .provider_mask = spec->provider_mask,
                                                  .from_us = spec->at_us,
                                                  .until_us = spec->at_us + spec->for_us};
    }
    for (uint32_t f = 0; f < scenario->cache.fault_count; f++) {
        const struct cache_fault_spec *spec = &scenario->cache.faults[f];
        char label[FAULT_LABEL_MAX];
        cache_fault_label(spec, label);
        result->faults[scenario->fault_count + f] =
            (struct result_fault){.id = keep(result, spec->id),
                                  .label = keep(result, label),
                                  .kind = cache_fault_kind_names[spec->kind],
                                  .from_us = spec->at_us,
                                  .until_us = spec->at_us + spec->for_us};
    }
    return true;
}

static void fill_cache(const struct run_sums *sums, struct result *result)
{
    const struct scenario *scenario = sums->request->scenario;
    const struct cache_policy *policy = &scenario->policy.cache;
    const bool real = sums->request->cache != NULL;
    result->cache =
        (struct result_cache){.on = policy->quote_us > 0,
                              .kind = real ? "client" : cache_kind_names[scenario->cache.kind],
                              .key = quote_key_names[policy->quote_key],
                              .quote_us = policy->quote_us,
                              .timeout_us = policy->timeout_us,
                              .sets = sums->quotes.sets,
                              .sets_skipped = sums->quotes.sets_skipped,
                              .set_errors = sums->quotes.set_errors,
                              .breaker_opened = sums->breaker_opened,
                              .pushed_out = sums->pushed_out};
    memcpy(result->cache.recalls, sums->quotes.recalls, sizeof result->cache.recalls);
}

__attribute__((format(printf, 2, 3))) static void note(struct result *result, const char *format,
                                                       ...)
{
    if (result->note_count == RESULT_NOTES_MAX) return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    result->notes[result->note_count++] = keep(result, text);
}

static void note_live(const struct run_sums *sums, unsigned p, struct result *result)
{
    const struct live_calls *const live = &sums->live[p];
    note(result,
         "%s was the real provider: %" PRIu64 " HTTP calls were tried, %" PRIu64
         " requests were sent to it, %" PRIu64 " calls got an answer. Nothing was bought.",
         provider_traits[p].short_name, live->tried, live->sent, live->answered);
    if (p == PROVIDER_INSTACART) {
        note(result, "Instacart's API states no prices: its quotes are priced from the scenario's "
                     "list and marked as estimated.");
    }
}

static const struct wire_spec *wire_of(const struct run_sums *sums)
{
    static const struct wire_spec none = {0};
    return sums->request->wire != NULL ? sums->request->wire : &none;
}

static bool has_fault(const struct scenario *scenario, unsigned p)
{
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        if ((scenario->faults[f].provider_mask >> p & 1u) != 0) return true;
    }
    return false;
}

static void note_replay(const struct run_sums *sums, unsigned p, struct result *result)
{
    const struct replay_calls *const calls = &sums->replay[p];
    note(result,
         "%s was played back from %s: %" PRIu64 " calls had an answer of their own, %" PRIu64
         " got the last one to the same request again, %" PRIu64 " that to another request, and "
         "%" PRIu64 " none.",
         provider_traits[p].short_name, sums->request->scenario->providers[p].cassette,
         calls->exact, calls->again, calls->alike, calls->unanswered);
}

/* Who answered for a provider, where that was no mock of ours. */
static void note_reach(const struct run_sums *sums, unsigned p, struct result *result)
{
    const struct scenario *scenario = sums->request->scenario;
    const char *const name = provider_traits[p].short_name;
    const char *whose = "";
    switch (wire_reach(wire_of(sums), scenario, (enum provider)p)) {
    case REACH_OWN:
        return;
    case REACH_LIVE:
        note_live(sums, p, result);
        return;
    case REACH_ELSEWHERE:
        note(
            result,
            "%s was the mock server at %s: latency, prices and errors are as that server has them.",
            name, scenario->providers[p].base_url);
        whose = "such as that server has itself";
        break;
    case REACH_REPLAY:
        note_replay(sums, p, result);
        whose = "such as the recording has";
        break;
    }
    if (!has_fault(scenario, p)) return;
    note(result, "No fault of the scenario was put in %s's way: it met %s.", name, whose);
}

static void note_cap(const struct run_sums *sums, struct result *result)
{
    uint64_t sent = 0, lost = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        sent += sums->live[p].sent;
        lost += live_calls_lost(&sums->live[p]);
    }
    note(result,
         "No further order was started: the next one might have needed %" PRIu64
         " calls of real providers, and --max-requests %" PRIu64 " left %" PRIu64 " (%" PRIu64
         " requests were sent, %" PRIu64 " calls failed before anything of them was sent; each "
         "kind is held to that number).",
         sums->order_calls, wire_of(sums)->max_requests, sums->calls_left, sent, lost);
}

/* The providers had no part in it. */
static void note_starving(const struct run_sums *sums, struct result *result)
{
    note(result,
         "This process had no file descriptor left (%s): it could not make or accept %" PRIu64
         " connection%s, and ended the run. No provider has failed there: what was under way "
         "then, %" PRIu64 " order%s, is in no figure.%s",
         strerror(sums->starved_error), sums->starved, sums->starved == 1 ? "" : "s",
         sums->left_out, sums->left_out == 1 ? "" : "s",
         wire_of(sums)->clock == WIRE_CLOCK_REAL ? " calls.csv marks such calls as local." : "");
}

/* How calls travelled, where that bears on what the figures mean. */
static void note_wire(const struct run_sums *sums, struct result *result)
{
    if (wire_of(sums)->clock == WIRE_CLOCK_REAL) {
        note(result,
             "Measured in real time over HTTP: latencies include this machine's own work, and "
             "the same seed does not give the same bytes again.");
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        note_reach(sums, p, result);
        if (sums->late_calls[p] > 0) {
            note(result,
                 "%s gave %" PRIu64 " good answers after their quote's deadline; calls.csv has "
                 "by how much.",
                 provider_traits[p].short_name, sums->late_calls[p]);
        }
    }
    if (sums->starved > 0) note_starving(sums, result);
    if (sums->capped) note_cap(sums, result);
    if (sums->withheld > 0) {
        note(result,
             "%" PRIu64 " calls to real providers were not sent, because --max-requests was "
             "reached: their quotes lack what these would have said.",
             sums->withheld);
    }
    if (sums->mismatched > 0) {
        note(result,
             "%" PRIu64 " injected faults showed on the socket as another one than was meant.",
             sums->mismatched);
    }
}

/* All of them, usually; else by name. */
static void note_mocks(const struct run_sums *sums, struct result *result)
{
    char names[128] = "";
    unsigned count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (wire_reach(wire_of(sums), sums->request->scenario, (enum provider)p) != REACH_OWN) {
            continue;
        }
        const size_t length = strlen(names);
        (void)snprintf(names + length, sizeof names - length, "%s%s", count++ > 0 ? ", " : "",
                       provider_traits[p].short_name);
    }
    if (count == 0) return;
    note(result,
         "%s%s: their latency levels, prices between chains, error "
         "rates and order outcomes are assumptions of the scenario, not measurements of the "
         "firms whose names they bear. The shapes of latency, cart sizes, promotions and "
         "arrival profiles come from public data (docs/scenario.md).",
         count == PROVIDER_COUNT ? "Providers" : names,
         count == 1 ? " is a mock provider" : " are mock providers");
}

static void note_providers(const struct run_sums *sums, struct result *result)
{
    const struct scenario *scenario = sums->request->scenario;
    note_wire(sums, result);
    note_mocks(sums, result);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_config *config = &sums->config.providers[p];
        if (!config->enabled || !config->forced_mock) continue;
        if (scenario->providers[p].mode != MODE_MOCK) continue;
        note(result, "%s answered canned quotes only: its mock provider was never called.",
             provider_traits[p].short_name);
    }
    if (scenario->profile == PROFILE_AS_CODED && scenario->policy.live_adapters) {
        note(result, "MealMe and Instacart were called although production's code never calls them "
                     "(policy.live_adapters): this is not production.");
    }
}

/* What makes the figures themselves doubtful. */
static void note_unheard(const struct run_sums *sums, struct result *result)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct text words = {0};
        live_calls_say(&words, provider_traits[p].short_name, &sums->live[p]);
        replay_calls_say(&words, provider_traits[p].short_name, &sums->replay[p]);
        if (words.bytes != NULL && words.length > 0) note(result, "%s", words.bytes);
        text_release(&words);
    }
    if (result->replay_flaws[0] != '\0') note(result, "%s", result->replay_flaws);
}

/* What second tries came to, and what held them back. */
static void note_second_tries(const struct run_sums *sums, struct result *result)
{
    if (sums->hedges > 0) {
        const double rest = (double)(sums->calls - sums->hedges);
        note(result,
             "Hedging sent %" PRIu64 " second calls, %.2f%% more calls; %" PRIu64
             " of them (%.1f%%) brought the answer that was taken.",
             sums->hedges, 100.0 * (double)sums->hedges / rest, sums->hedges_won,
             100.0 * (double)sums->hedges_won / (double)sums->hedges);
    }
    if (sums->hedges_denied + sums->retries_denied > 0) {
        note(result, "Budgets and throttles kept back %" PRIu64 " retries and %" PRIu64 " hedges.",
             sums->retries_denied, sums->hedges_denied);
    }
}

/* What the adapters had no need to ask for. */
static void note_memory(struct result *result, const char *what,
                        const struct memo_counters *counters)
{
    const uint64_t asked = counters->hits + counters->misses;
    if (asked == 0) return;
    note(result,
         "Of %" PRIu64 " %s that adapters needed, %" PRIu64 " (%.1f%%) were remembered; %" PRIu64
         " were forgotten early to make room.",
         asked, what, counters->hits, 100.0 * (double)counters->hits / (double)asked,
         counters->evictions);
}

/* Who is left out of the quiet phase although no fault was active. */
static void note_wake(const struct run_sums *sums, struct result *result)
{
    uint64_t orders = 0;
    for (uint32_t i = 0; i < sums->segment_count; i++)
        orders += sums->segments[i].wake.orders;
    if (orders == 0) return;
    note(result,
         "%" PRIu64 " orders were decided while no fault was active, but one had been since they "
         "began: they count in the whole run and after that fault, not as "
         "quiet.",
         orders);
}

/* What a kept quote counts as, and what about the cache is assumed. */
static void note_cache(const struct run_sums *sums, struct result *result)
{
    const struct scenario *scenario = sums->request->scenario;
    char ttl[DURATION_TEXT_MAX];
    if (!result->cache.on) return;
    duration_for_people(result->cache.quote_us, ttl);
    note(result,
         "Quotes were kept for %s and given to whoever asked for the same %s: production keeps "
         "none. A kept quote is what its provider said when it was made: it counts as real "
         "(authentic), but in no figure about how its provider answers.",
         ttl, scenario->policy.cache.quote_key == QUOTE_KEY_USER ? "as the same customer" : "cart");
    if (scenario->workload.requote > 0.0) {
        note(result,
             "That %.0f%% of orders are followed by another for the same cart is an assumption of "
             "the scenario; nobody publishes how often that happens, and the cache lives on it.",
             100.0 * scenario->workload.requote);
    }
    if (sums->request->cache == NULL && scenario->cache.kind == CACHE_REDIS) {
        note(result, "The Redis is simulated: its latency is an assumption of the scenario.");
    }
    if (sums->request->cache != NULL && wire_of(sums)->clock != WIRE_CLOCK_REAL) {
        note(result,
             "The quotes lay in a real cache, but its latency is the scenario's: in virtual "
             "time a socket takes none.");
    }
}

/* Honest remarks, in the order of their weight. */
static void fill_notes(const struct run_sums *sums, struct result *result)
{
    const struct scenario *scenario = sums->request->scenario;
    note_unheard(sums, result);
    if (sums->stopped || sums->replications < scenario->replications) {
        char reached[DURATION_TEXT_MAX];
        duration_for_people(sums->stopped_us, reached);
        note(result,
             "The run was stopped before its end: %" PRIu32 " of %" PRIu32
             " replications are in; the first of them that was cut short ended at %s.",
             sums->replications, scenario->replications, reached);
    }
    note_providers(sums, result);
    note_cache(sums, result);
    for (uint32_t w = 0; w < sums->config_warnings.count; w++) {
        note(result, "Configuration: %s.", sums->config_warnings.items[w].message);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (sums->thief_calls[p] == 0) continue;
        note(result,
             "A stolen credential made %" PRIu64 " calls to %s, at %.2f cents each; they count "
             "against its limits, not among our calls.",
             sums->thief_calls[p], provider_traits[p].short_name,
             scenario->providers[p].backend.call_cost_cents);
    }
    if (sums->unknown_names > 0) {
        note(result,
             "%" PRIu64 " item look-ups named a product that the catalogue lacks; each such "
             "name got a price of its own, keyed by the name.",
             sums->unknown_names);
    }
    if (sums->event_lines > 0 && sums->event_lines < sums->event_lines_due) {
        note(result,
             "The event log is a sample: %" PRIu64 " lines were written; logging every order "
             "takes about %" PRIu64 ".",
             sums->event_lines, sums->event_lines_due);
    }
    if (scenario->warmup_us > 0) {
        char span[DURATION_TEXT_MAX];
        duration_format(scenario->warmup_us, span);
        note(result, "Orders that started in the first %s were routed but not measured.", span);
    }
    note_second_tries(sums, result);
    note_memory(result, "stores", &sums->stores);
    note_memory(result, "prices", &sums->skus);
    note_wake(sums, result);
}

static void fill_wire(const struct run_sums *sums, struct result *result)
{
    const struct wire_spec *wire = wire_of(sums);
    const char *const replayed = sums->request->replayed;
    const char *const flaws = sums->request->replay_flaws;
    struct text live = {0}, elsewhere = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const enum wire_reach reach = wire_reach(wire, sums->request->scenario, (enum provider)p);
        struct text *const names = reach == REACH_LIVE        ? &live
                                   : reach == REACH_ELSEWHERE ? &elsewhere
                                                              : NULL;
        if (names == NULL) continue;
        text_format(names, "%s%s", names->length > 0 ? ", " : "", provider_traits[p].id);
    }
    result->clock = wire_clock_names[wire->clock];
    result->wire = wire_kind_names[wire->kind];
    memcpy(result->live_calls, sums->live, sizeof result->live_calls);
    memcpy(result->replay_calls, sums->replay, sizeof result->replay_calls);
    result->replay_flaws = keep(result, flaws != NULL ? flaws : "");
    result->unanswered_allowed = sums->request->unanswered_allowed;
    result->order_calls = sums->order_calls;
    result->calls_left = sums->calls_left;
    result->live = keep(result, live.bytes != NULL ? live.bytes : "");
    result->elsewhere = keep(result, elsewhere.bytes != NULL ? elsewhere.bytes : "");
    result->replayed = keep(result, replayed != NULL ? replayed : "");
    text_release(&live);
    text_release(&elsewhere);
}

static bool fill_series(const struct run_sums *sums, struct result *result)
{
    result->bucket_us = sums->bucket_us;
    result->bucket_count = sums->bucket_count;
    result->buckets = arena_push(&result->arena, struct result_bucket, sums->bucket_count);
    if (result->buckets == NULL) return false;
    memcpy(result->buckets, sums->buckets, sums->bucket_count * sizeof *sums->buckets);
    return true;
}

static void fill_identity(const struct run_sums *sums, struct result *result)
{
    const struct scenario *scenario = sums->request->scenario;
    const char *program = sums->request->program;
    const char *command = sums->request->command;
    fill_wire(sums, result);
    result->program = keep(result, program != NULL ? program : "");
    result->command = keep(result, command != NULL ? command : "");
    result->scenario = keep(result, scenario->name);
    result->title = keep(result, scenario->title[0] != '\0' ? scenario->title : scenario->name);
    result->description = keep(result, scenario->description);
    result->file = keep(result, scenario->file != NULL ? scenario->file : "");
    result->seed_text = keep(result, scenario->seed_text);
    result->profile = scenario->profile == PROFILE_AS_CODED ? "as_coded" : "as_documented";
    result->scenario_hash = scenario_hash(scenario, true);
    result->experiment_hash = scenario_hash(scenario, false);
    result->event_hash = sums->hash;
    result->start_unix_us = scenario->start_unix_us;
    result->timezone_us = scenario->timezone_us;
    result->duration_us = scenario->duration_us;
    result->replications = sums->replications;
    result->complete = !sums->stopped && sums->replications == scenario->replications;
    result->local_failures = sums->starved;
    result->local_error = keep(result, sums->starved > 0 ? strerror(sums->starved_error) : "");
    result->left_out = sums->left_out;
    result->stopped_by = result->complete    ? ""
                         : sums->starved > 0 ? "a lack of file descriptors"
                         : sums->capped      ? "--max-requests"
                                             : "a signal";
    result->orders = sums->orders;
    result->calls = sums->calls;
    result->events_written = sums->event_lines;
    result->events_total = sums->event_lines_due;
    result->slo_given = scenario->slo.given;
    result->slo_indicator = slo_indicator_names[scenario->slo.indicator];
    result->slo_objective = scenario->slo.objective;
    result->slo_period_us = scenario->slo.period_us;
}

bool result_is_deaf(const struct result *result)
{
    uint64_t tried = 0, answered = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        tried += result->live_calls[p].tried;
        answered += result->live_calls[p].answered;
    }
    return tried > 0 && answered == 0;
}

bool result_lacks_answers(const struct result *result)
{
    uint64_t unanswered = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        unanswered += result->replay_calls[p].unanswered;
    return unanswered > 0 && !result->unanswered_allowed;
}

bool run_result_fill(struct run_sums *sums, struct result *result, struct err *err)
{
    fill_identity(sums, result);
    fill_cache(sums, result);
    const bool filled = fill_phases(sums, result) && fill_latencies(sums, result) &&
                        fill_faults(sums->request->scenario, result) && fill_checks(sums, result) &&
                        fill_series(sums, result);
    if (!filled) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    fill_notes(sums, result);
    return true;
}
