#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/summary.h"

const char *const summary_state_names[4] = {[VALUE_KNOWN] = "known",
                                            [VALUE_NONE] = "none",
                                            [VALUE_TOO_FEW] = "too_few",
                                            [VALUE_ABOVE] = "above"};
const char *const summary_verdict_names[3] = {
    [CHECK_PASSED] = "passed", [CHECK_FAILED] = "failed", [CHECK_INCONCLUSIVE] = "inconclusive"};

/* Where we are: how deep, and whether a comma is due. */
struct writer {
    struct text *text;
    unsigned depth;
    bool first;
};

static void next(struct writer *writer)
{
    if (!writer->first) text_char(writer->text, ',');
    if (writer->depth > 0) text_char(writer->text, '\n');
    for (unsigned i = 0; i < writer->depth; i++)
        text_put(writer->text, "  ");
    writer->first = false;
}

static void key(struct writer *writer, const char *name)
{
    next(writer);
    text_json_string(writer->text, name);
    text_put(writer->text, ": ");
}

static void enter(struct writer *writer, char bracket)
{
    text_char(writer->text, bracket);
    writer->depth++;
    writer->first = true;
}

static void leave(struct writer *writer, char bracket)
{
    assert(writer->depth > 0);
    writer->depth--;
    if (!writer->first) {
        text_char(writer->text, '\n');
        for (unsigned i = 0; i < writer->depth; i++)
            text_put(writer->text, "  ");
    }
    text_char(writer->text, bracket);
    writer->first = false;
}

static void put_string(struct writer *writer, const char *name, const char *value)
{
    key(writer, name);
    if (value != NULL)
        text_json_string(writer->text, value);
    else
        text_put(writer->text, "null");
}

static void put_whole(struct writer *writer, const char *name, int64_t value)
{
    key(writer, name);
    text_int(writer->text, value);
}

static void put_double(struct writer *writer, const char *name, double value)
{
    key(writer, name);
    text_double(writer->text, value);
}

static void put_bool(struct writer *writer, const char *name, bool value)
{
    key(writer, name);
    text_put(writer->text, value ? "true" : "false");
}

/* Hashes have 64 bits, more than a JSON number carries. */
static void put_hash(struct writer *writer, const char *name, uint64_t value)
{
    key(writer, name);
    text_format(writer->text, "\"%016llx\"", (unsigned long long)value);
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void put_value(struct text *text, const struct metric_value *value)
{
    text_put(text, "{\"value\": ");
    text_double(text, value->value);
    text_format(text, ", \"state\": \"%s\", \"n\": ", summary_state_names[value->state]);
    text_int(text, (int64_t)value->n);
    if (!same(value->low, value->value) || !same(value->high, value->value)) {
        text_put(text, ", \"low\": ");
        text_double(text, value->low);
        text_put(text, ", \"high\": ");
        text_double(text, value->high);
    }
    if (value->state == VALUE_TOO_FEW) {
        text_put(text, ", \"needs\": ");
        text_double(text, value->needs);
    }
    text_char(text, '}');
}

static void put_context(struct writer *writer, const struct result *result)
{
    key(writer, "context");
    enter(writer, '{');
    put_string(writer, "program", result->program);
    put_string(writer, "scenario", result->scenario);
    put_string(writer, "title", result->title);
    put_string(writer, "description", result->description);
    put_string(writer, "file", result->file);
    put_string(writer, "command", result->command);
    put_string(writer, "seed", result->seed_text);
    put_string(writer, "profile", result->profile);
    put_string(writer, "clock", result->clock);
    put_string(writer, "wire", result->wire);
    put_string(writer, "live", result->live);
    if (result->elsewhere[0] != '\0') put_string(writer, "elsewhere", result->elsewhere);
    if (result->replayed[0] != '\0') put_string(writer, "replayed", result->replayed);
    if (result->replay_flaws[0] != '\0') put_string(writer, "replay_flaws", result->replay_flaws);
    if (result->unanswered_allowed) put_bool(writer, "unanswered_allowed", true);
    put_hash(writer, "scenario_hash", result->scenario_hash);
    put_hash(writer, "experiment_hash", result->experiment_hash);
    put_hash(writer, "event_hash", result->event_hash);
    put_whole(writer, "start_unix_us", result->start_unix_us);
    put_whole(writer, "timezone_us", result->timezone_us);
    put_whole(writer, "duration_us", result->duration_us);
    put_whole(writer, "replications", result->replications);
    put_bool(writer, "complete", result->complete);
    put_string(writer, "stopped_by", result->stopped_by);
    if (result->local_failures > 0) {
        put_whole(writer, "local_failures", (int64_t)result->local_failures);
        put_string(writer, "local_error", result->local_error);
        put_whole(writer, "left_out", (int64_t)result->left_out);
    }
    put_whole(writer, "orders", (int64_t)result->orders);
    put_whole(writer, "calls", (int64_t)result->calls);
    put_whole(writer, "events_written", (int64_t)result->events_written);
    put_whole(writer, "events_total", (int64_t)result->events_total);
    leave(writer, '}');
}

/* What became of the calls to real providers; absent where none is live. */
static void put_live_calls(struct writer *writer, const struct result *result)
{
    if (result->live[0] == '\0') return;
    key(writer, "live_calls");
    enter(writer, '{');
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct live_calls *calls = &result->live_calls[p];
        if (strstr(result->live, provider_traits[p].id) == NULL) continue;
        key(writer, provider_traits[p].id);
        enter(writer, '{');
        put_whole(writer, "tried", (int64_t)calls->tried);
        put_whole(writer, "sent", (int64_t)calls->sent);
        put_whole(writer, "answered", (int64_t)calls->answered);
        key(writer, "lost");
        enter(writer, '{');
        for (unsigned l = 0; l < LOSS_COUNT; l++)
            put_whole(writer, live_loss_names[l], (int64_t)calls->lost[l]);
        leave(writer, '}');
        leave(writer, '}');
    }
    leave(writer, '}');
}

/* How recordings answered; absent where none is played back. */
static void put_replay_calls(struct writer *writer, const struct result *result)
{
    if (result->replayed[0] == '\0') return;
    key(writer, "replay_calls");
    enter(writer, '{');
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct replay_calls *calls = &result->replay_calls[p];
        if (strstr(result->replayed, provider_traits[p].id) == NULL) continue;
        key(writer, provider_traits[p].id);
        enter(writer, '{');
        put_whole(writer, "exact", (int64_t)calls->exact);
        put_whole(writer, "again", (int64_t)calls->again);
        put_whole(writer, "alike", (int64_t)calls->alike);
        put_whole(writer, "unanswered", (int64_t)calls->unanswered);
        leave(writer, '}');
    }
    leave(writer, '}');
}

/* The quote cache; absent where there is none, and then so are its metrics. */
static void put_cache(struct writer *writer, const struct result *result)
{
    const struct result_cache *cache = &result->cache;
    if (!cache->on) return;
    key(writer, "cache");
    enter(writer, '{');
    put_string(writer, "kind", cache->kind);
    put_string(writer, "key", cache->key);
    put_whole(writer, "quote_us", cache->quote_us);
    put_whole(writer, "timeout_us", cache->timeout_us);
    key(writer, "recalls");
    enter(writer, '{');
    for (unsigned r = RECALL_HIT; r < RECALL_COUNT; r++)
        put_whole(writer, recall_names[r], (int64_t)cache->recalls[r]);
    leave(writer, '}');
    put_whole(writer, "sets", (int64_t)cache->sets);
    put_whole(writer, "sets_skipped", (int64_t)cache->sets_skipped);
    put_whole(writer, "set_errors", (int64_t)cache->set_errors);
    put_whole(writer, "breaker_opened", (int64_t)cache->breaker_opened);
    put_whole(writer, "pushed_out", (int64_t)cache->pushed_out);
    leave(writer, '}');
}

static void put_check(struct writer *writer, const struct result_check *check)
{
    next(writer);
    enter(writer, '{');
    put_string(writer, "name", check->name);
    put_string(writer, "metric", check->metric);
    put_string(writer, "during", check->during);
    put_string(writer, "op", check->op);
    put_double(writer, "limit", check->limit);
    put_string(writer, "limit_text", check->limit_text);
    key(writer, "measured");
    put_value(writer->text, &check->measured);
    put_string(writer, "verdict", summary_verdict_names[check->verdict]);
    put_string(writer, "file", check->file);
    put_whole(writer, "line", check->line);
    leave(writer, '}');
}

static void put_checks(struct writer *writer, const struct result *result)
{
    key(writer, "verdict");
    enter(writer, '{');
    put_whole(writer, "passed", result->checks_passed);
    put_whole(writer, "failed", result->checks_failed);
    put_whole(writer, "inconclusive", result->checks_inconclusive);
    leave(writer, '}');
    key(writer, "checks");
    enter(writer, '[');
    for (uint32_t i = 0; i < result->check_count; i++)
        put_check(writer, &result->checks[i]);
    leave(writer, ']');
}

static void put_scope(struct writer *writer, const char *name, const struct metric_value *values,
                      unsigned first, unsigned end, bool with_cache)
{
    key(writer, name);
    enter(writer, '{');
    for (unsigned m = first; m < end; m++) {
        if (!with_cache && metric_of_cache((enum metric)m)) continue;
        key(writer, metric_traits[m].name);
        put_value(writer->text, &values[m]);
    }
    leave(writer, '}');
}

static void put_metrics(struct writer *writer, const struct result *result,
                        const struct result_phase *phase)
{
    key(writer, "metrics");
    enter(writer, '{');
    put_scope(writer, "router", phase->values[SCOPE_ROUTER], 0, METRIC_ROUTER_COUNT,
              result->cache.on);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        put_scope(writer, provider_traits[p].id, phase->values[p], METRIC_ROUTER_COUNT,
                  METRIC_COUNT, false);
    leave(writer, '}');
}

static void put_phases(struct writer *writer, const struct result *result)
{
    key(writer, "phases");
    enter(writer, '[');
    for (uint32_t i = 0; i < result->phase_count; i++) {
        next(writer);
        enter(writer, '{');
        put_string(writer, "name", result->phases[i].name);
        put_whole(writer, "from_us", result->phases[i].from_us);
        put_whole(writer, "until_us", result->phases[i].until_us);
        if (i > 0)
            put_metrics(writer, result, &result->phases[i]); /* the whole run's stand at the top */
        leave(writer, '}');
    }
    leave(writer, ']');
}

static void put_latency(struct writer *writer, const struct result_latency *latency)
{
    key(writer, "latency");
    enter(writer, '{');
    put_whole(writer, "n", (int64_t)latency->n);
    put_whole(writer, "censored", (int64_t)latency->censored);
    put_bool(writer, "exact", latency->exact);
    put_double(writer, "error_bound", latency->error_bound);
    put_double(writer, "mean_ms", latency->mean_ms);
    put_double(writer, "min_ms", latency->min_ms);
    put_double(writer, "max_ms", latency->max_ms);
    key(writer, "quantiles");
    enter(writer, '[');
    for (uint32_t i = 0; i < latency->quantile_count; i++) {
        next(writer);
        text_put(writer->text, "{\"percent\": ");
        text_double(writer->text, latency->quantiles[i].percent);
        text_put(writer->text, ", \"ms\": ");
        put_value(writer->text, &latency->quantiles[i].value);
        text_char(writer->text, '}');
    }
    leave(writer, ']');
    key(writer, "curve");
    text_char(writer->text, '[');
    for (uint32_t i = 0; i < latency->curve_count; i++) {
        text_put(writer->text, i > 0 ? ", [" : "[");
        text_double(writer->text, latency->curve[i].x);
        text_put(writer->text, ", ");
        text_double(writer->text, latency->curve[i].ms);
        text_char(writer->text, ']');
    }
    text_char(writer->text, ']');
    leave(writer, '}');
}

static void put_errors(struct writer *writer, const uint64_t errors[static QUOTE_OUTCOME_COUNT])
{
    key(writer, "errors");
    enter(writer, '{');
    for (unsigned k = 0; k < QUOTE_OUTCOME_COUNT; k++)
        if (k != QUOTE_PENDING && k != QUOTE_OK)
            put_whole(writer, quote_outcome_names[k], (int64_t)errors[k]);
    leave(writer, '}');
}

static void put_provider(struct writer *writer, const struct result *result, unsigned provider)
{
    key(writer, provider_traits[provider].id);
    enter(writer, '{');
    put_bool(writer, "enabled", result->enabled[provider]);
    put_whole(writer, "timeout_us", result->timeout_us[provider]);
    put_latency(writer, &result->provider_latency[provider]);
    put_errors(writer, result->errors[provider]);
    key(writer, "operations");
    enter(writer, '[');
    for (uint32_t i = 0; i < result->operation_count[provider]; i++) {
        const struct result_operation *operation = &result->operations[provider][i];
        next(writer);
        enter(writer, '{');
        put_string(writer, "name", operation->name);
        put_whole(writer, "calls", (int64_t)operation->calls);
        put_latency(writer, &operation->latency);
        leave(writer, '}');
    }
    leave(writer, ']');
    leave(writer, '}');
}

static void put_faults(struct writer *writer, const struct result *result)
{
    key(writer, "faults");
    enter(writer, '[');
    for (uint32_t i = 0; i < result->fault_count; i++) {
        const struct result_fault *fault = &result->faults[i];
        next(writer);
        enter(writer, '{');
        put_string(writer, "id", fault->id);
        put_string(writer, "label", fault->label);
        put_string(writer, "kind", fault->kind);
        key(writer, "providers");
        text_char(writer->text, '[');
        bool first = true;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            if (!(fault->provider_mask >> p & 1)) continue;
            text_format(writer->text, first ? "\"%s\"" : ", \"%s\"", provider_traits[p].id);
            first = false;
        }
        text_char(writer->text, ']');
        put_whole(writer, "from_us", fault->from_us);
        put_whole(writer, "until_us", fault->until_us);
        leave(writer, '}');
    }
    leave(writer, ']');
}

static void put_order_codes(struct writer *writer, const struct result *result)
{
    key(writer, "order_codes");
    enter(writer, '[');
    for (size_t i = 0; i < sizeof result->order_codes / sizeof *result->order_codes; i++) {
        next(writer);
        text_put(writer->text, "{\"name\": ");
        if (result->order_code_names[i] != NULL)
            text_json_string(writer->text, result->order_code_names[i]);
        else
            text_put(writer->text, "null");
        text_put(writer->text, ", \"orders\": ");
        text_int(writer->text, (int64_t)result->order_codes[i]);
        text_char(writer->text, '}');
    }
    leave(writer, ']');
}

static void put_objective(struct writer *writer, const struct result *result)
{
    key(writer, "slo");
    if (!result->slo_given) {
        text_put(writer->text, "null");
        return;
    }
    enter(writer, '{');
    put_string(writer, "indicator", result->slo_indicator);
    put_double(writer, "objective", result->slo_objective);
    put_whole(writer, "period_us", result->slo_period_us);
    leave(writer, '}');
}

static void put_router(struct writer *writer, const struct result *result)
{
    key(writer, "router");
    enter(writer, '{');
    put_latency(writer, &result->router_latency);
    put_order_codes(writer, result);
    leave(writer, '}');
}

void summary_write(struct text *text, const struct result *result)
{
    struct writer writer = {.text = text, .first = true};
    assert(result->phase_count > 0);
    enter(&writer, '{');
    put_string(&writer, "schema", SUMMARY_SCHEMA);
    put_context(&writer, result);
    put_live_calls(&writer, result);
    put_replay_calls(&writer, result);
    put_checks(&writer, result);
    put_cache(&writer, result);
    put_metrics(&writer, result, &result->phases[0]);
    put_phases(&writer, result);
    put_faults(&writer, result);
    put_objective(&writer, result);
    put_router(&writer, result);
    key(&writer, "providers");
    enter(&writer, '{');
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        put_provider(&writer, result, p);
    leave(&writer, '}');
    key(&writer, "series");
    enter(&writer, '{');
    put_whole(&writer, "bucket_us", result->bucket_us);
    put_whole(&writer, "buckets", result->bucket_count);
    leave(&writer, '}');
    key(&writer, "notes");
    enter(&writer, '[');
    for (uint32_t i = 0; i < result->note_count; i++) {
        next(&writer);
        text_json_string(text, result->notes[i]);
    }
    leave(&writer, ']');
    leave(&writer, '}');
    text_char(text, '\n');
}
