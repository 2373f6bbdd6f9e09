#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/summary.h"
#include "router/base/json.h"

/* Reading goes on after a mistake with harmless values; whether there was one is asked at the end.
 */
struct reader {
    struct json json;
    struct arena *arena;
    struct err_list *list;
};

static struct place place_of(const struct reader *reader, const cJSON *node)
{
    return node != NULL ? json_place(&reader->json, node)
                        : (struct place){.file = reader->json.file, .line = 1, .column = 1};
}

static const cJSON *member(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (found == NULL)
        err_add(reader->list, place_of(reader, object), NULL, "\"%s\" is missing here", name);
    return found;
}

static void wrong_kind(struct reader *reader, const cJSON *node, const char *name, const char *kind)
{
    if (node != NULL)
        err_add(reader->list, place_of(reader, node), NULL, "\"%s\" should be %s", name, kind);
}

static const char *keep(struct reader *reader, const char *string)
{
    const char *copy = arena_text(reader->arena, string, strlen(string));
    if (copy != NULL) return copy;
    err_add(reader->list, (struct place){.file = reader->json.file}, NULL, "out of memory");
    return "";
}

static const char *read_string_or_null(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *node = member(reader, object, name);
    if (cJSON_IsString(node)) return keep(reader, node->valuestring);
    if (!cJSON_IsNull(node)) wrong_kind(reader, node, name, "a text or null");
    return NULL;
}

static const char *read_string(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *node = member(reader, object, name);
    if (cJSON_IsString(node)) return keep(reader, node->valuestring);
    wrong_kind(reader, node, name, "a text");
    return "";
}

/* Written only where there is something to say. */
static const char *read_string_if_any(struct reader *reader, const cJSON *object, const char *name)
{
    return cJSON_HasObjectItem(object, name) ? read_string(reader, object, name) : "";
}

static int64_t read_whole(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *node = member(reader, object, name);
    int64_t value = 0;
    if (node != NULL && !json_whole(node, &value)) wrong_kind(reader, node, name, "a whole number");
    return value;
}

/* A count: at least 0, and what 32 bits hold. */
static uint32_t read_count(struct reader *reader, const cJSON *object, const char *name)
{
    const int64_t value = read_whole(reader, object, name);
    if (value >= 0 && value <= UINT32_MAX) return (uint32_t)value;
    wrong_kind(reader, cJSON_GetObjectItemCaseSensitive(object, name), name, "a count");
    return 0;
}

static uint64_t read_large(struct reader *reader, const cJSON *object, const char *name)
{
    const int64_t value = read_whole(reader, object, name);
    if (value >= 0) return (uint64_t)value;
    wrong_kind(reader, cJSON_GetObjectItemCaseSensitive(object, name), name, "a count");
    return 0;
}

static double read_double(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *node = member(reader, object, name);
    if (cJSON_IsNumber(node)) return node->valuedouble;
    if (!cJSON_IsNull(node)) wrong_kind(reader, node, name, "a number or null");
    return (double)NAN;
}

static bool read_bool(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *node = member(reader, object, name);
    if (!cJSON_IsBool(node)) wrong_kind(reader, node, name, "true or false");
    return cJSON_IsTrue(node);
}

static uint64_t read_hash(struct reader *reader, const cJSON *object, const char *name)
{
    const char *text = read_string(reader, object, name);
    if (strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16)
        return strtoull(text, NULL, 16);
    wrong_kind(reader, cJSON_GetObjectItemCaseSensitive(object, name), name,
               "16 hexadecimal digits");
    return 0;
}

/* The index of a text among `names`, 0 with an error when it is none of them. */
static unsigned read_choice(struct reader *reader, const cJSON *object, const char *name,
                            const char *const *names, unsigned count)
{
    const char *text = read_string(reader, object, name);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0) return i;
    wrong_kind(reader, cJSON_GetObjectItemCaseSensitive(object, name), name, names[0]);
    return 0;
}

/* An array and zeroed room for its items; NULL and a count of 0 when there is none. */
static const cJSON *read_array(struct reader *reader, const cJSON *object, const char *name,
                               uint32_t limit, uint32_t *count)
{
    const cJSON *array = member(reader, object, name);
    *count = 0;
    if (!cJSON_IsArray(array)) {
        wrong_kind(reader, array, name, "a list");
        return NULL;
    }
    const int size = cJSON_GetArraySize(array);
    if (size < 0 || (uint32_t)size > limit) {
        err_add(reader->list, place_of(reader, array), NULL, "\"%s\" has more than %u items", name,
                limit);
        return NULL;
    }
    *count = (uint32_t)size;
    return array;
}

static void *room(struct reader *reader, uint32_t *count, size_t size)
{
    void *items = arena_alloc(reader->arena, *count, size);
    if (items != NULL) return items;
    err_add(reader->list, (struct place){.file = reader->json.file}, NULL, "out of memory");
    *count = 0;
    return NULL;
}

static struct metric_value read_value(struct reader *reader, const cJSON *object, const char *name)
{
    const cJSON *node = member(reader, object, name);
    struct metric_value value = {.state = VALUE_NONE};
    if (!cJSON_IsObject(node)) {
        wrong_kind(reader, node, name, "an object");
        return value;
    }
    value.value = read_double(reader, node, "value");
    value.state = (enum value_state)read_choice(reader, node, "state", summary_state_names, 4);
    value.n = read_large(reader, node, "n");
    value.low = value.high = value.value;
    if (cJSON_HasObjectItem(node, "low")) {
        value.low = read_double(reader, node, "low");
        value.high = read_double(reader, node, "high");
    }
    if (value.state == VALUE_TOO_FEW) value.needs = read_double(reader, node, "needs");
    return value;
}

static void read_context(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *context = member(reader, root, "context");
    if (context == NULL) return;
    result->program = read_string(reader, context, "program");
    result->scenario = read_string(reader, context, "scenario");
    result->title = read_string(reader, context, "title");
    result->description = read_string(reader, context, "description");
    result->file = read_string(reader, context, "file");
    result->command = read_string(reader, context, "command");
    result->seed_text = read_string(reader, context, "seed");
    result->profile = read_string(reader, context, "profile");
    result->clock = read_string(reader, context, "clock");
    result->wire = read_string(reader, context, "wire");
    result->live = read_string(reader, context, "live");
    result->elsewhere = read_string_if_any(reader, context, "elsewhere");
    result->replayed = read_string_if_any(reader, context, "replayed");
    result->replay_flaws = read_string_if_any(reader, context, "replay_flaws");
    if (cJSON_HasObjectItem(context, "unanswered_allowed")) {
        result->unanswered_allowed = read_bool(reader, context, "unanswered_allowed");
    }
    result->scenario_hash = read_hash(reader, context, "scenario_hash");
    result->experiment_hash = read_hash(reader, context, "experiment_hash");
    result->event_hash = read_hash(reader, context, "event_hash");
    result->start_unix_us = read_whole(reader, context, "start_unix_us");
    result->timezone_us = read_whole(reader, context, "timezone_us");
    result->duration_us = read_whole(reader, context, "duration_us");
    result->replications = read_count(reader, context, "replications");
    result->complete = read_bool(reader, context, "complete");
    result->stopped_by = read_string(reader, context, "stopped_by");
    result->local_error = "";
    if (cJSON_HasObjectItem(context, "local_failures")) {
        result->local_failures = read_large(reader, context, "local_failures");
        result->local_error = read_string(reader, context, "local_error");
        result->left_out = read_large(reader, context, "left_out");
    }
    result->orders = read_large(reader, context, "orders");
    result->calls = read_large(reader, context, "calls");
    result->events_written = read_large(reader, context, "events_written");
    result->events_total = read_large(reader, context, "events_total");
}

/* Absent where none was live, and in runs from before these calls were counted. */
static void read_live_calls(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *const all = cJSON_GetObjectItemCaseSensitive(root, "live_calls");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const cJSON *const node = cJSON_GetObjectItemCaseSensitive(all, provider_traits[p].id);
        struct live_calls *calls = &result->live_calls[p];
        if (node == NULL) continue;
        calls->tried = read_large(reader, node, "tried");
        calls->sent = read_large(reader, node, "sent");
        calls->answered = read_large(reader, node, "answered");
        const cJSON *const lost = member(reader, node, "lost");
        for (unsigned l = 0; lost != NULL && l < LOSS_COUNT; l++)
            calls->lost[l] = read_large(reader, lost, live_loss_names[l]);
    }
}

/* Absent where none was played back, and in runs from before these calls were counted. */
static void read_cache(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *const node = cJSON_GetObjectItemCaseSensitive(root, "cache");
    struct result_cache *cache = &result->cache;
    if (node == NULL) return;
    cache->on = true;
    cache->kind = read_string(reader, node, "kind");
    cache->key = read_string(reader, node, "key");
    cache->quote_us = read_whole(reader, node, "quote_us");
    cache->timeout_us = read_whole(reader, node, "timeout_us");
    const cJSON *const recalls = member(reader, node, "recalls");
    for (unsigned r = RECALL_HIT; recalls != NULL && r < RECALL_COUNT; r++)
        cache->recalls[r] = read_large(reader, recalls, recall_names[r]);
    cache->sets = read_large(reader, node, "sets");
    cache->sets_skipped = read_large(reader, node, "sets_skipped");
    cache->set_errors = read_large(reader, node, "set_errors");
    cache->breaker_opened = read_large(reader, node, "breaker_opened");
    cache->pushed_out = read_large(reader, node, "pushed_out");
}

static void read_replay_calls(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *const all = cJSON_GetObjectItemCaseSensitive(root, "replay_calls");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const cJSON *const node = cJSON_GetObjectItemCaseSensitive(all, provider_traits[p].id);
        struct replay_calls *calls = &result->replay_calls[p];
        if (node == NULL) continue;
        calls->exact = read_large(reader, node, "exact");
        calls->again = read_large(reader, node, "again");
        calls->alike = read_large(reader, node, "alike");
        calls->unanswered = read_large(reader, node, "unanswered");
    }
}

static void read_check(struct reader *reader, const cJSON *node, struct result_check *check)
{
    char hint[128];
    check->name = read_string(reader, node, "name");
    check->metric = read_string(reader, node, "metric");
    check->during = read_string(reader, node, "during");
    check->op = read_string(reader, node, "op");
    check->limit = read_double(reader, node, "limit");
    check->limit_text = read_string(reader, node, "limit_text");
    check->measured = read_value(reader, node, "measured");
    const unsigned verdict = read_choice(reader, node, "verdict", summary_verdict_names, 3);
    check->verdict = verdict == CHECK_PASSED   ? CHECK_PASSED
                     : verdict == CHECK_FAILED ? CHECK_FAILED
                                               : CHECK_INCONCLUSIVE;
    check->file = read_string_or_null(reader, node, "file");
    check->line = read_count(reader, node, "line");
    if (!metric_find(check->metric, &check->scope, &check->metric_id, hint, sizeof hint)) {
        err_add(reader->list, place_of(reader, node), hint, "unknown metric \"%s\"", check->metric);
        check->scope = SCOPE_ROUTER;
        check->metric_id = METRIC_ORDERS;
    }
}

static void read_checks(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *verdict = member(reader, root, "verdict");
    if (verdict != NULL) {
        result->checks_passed = read_count(reader, verdict, "passed");
        result->checks_failed = read_count(reader, verdict, "failed");
        result->checks_inconclusive = read_count(reader, verdict, "inconclusive");
    }
    const cJSON *array = read_array(reader, root, "checks", 65536, &result->check_count);
    result->checks = room(reader, &result->check_count, sizeof *result->checks);
    const cJSON *node = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < result->check_count; i++, node = node->next)
        read_check(reader, node, &result->checks[i]);
}

static void read_metrics(struct reader *reader, const cJSON *object, struct result_phase *phase)
{
    const cJSON *metrics = member(reader, object, "metrics");
    if (metrics == NULL) return;
    for (unsigned scope = 0; scope < SCOPE_COUNT; scope++) {
        const bool router = scope == SCOPE_ROUTER;
        const cJSON *values =
            member(reader, metrics, router ? "router" : provider_traits[scope].id);
        if (values == NULL) continue;
        const unsigned first = router ? 0 : METRIC_ROUTER_COUNT;
        const unsigned end = router ? METRIC_ROUTER_COUNT : METRIC_COUNT;
        for (unsigned m = first; m < end; m++) {
            struct metric_value *value = &phase->values[scope][m];
            const char *const name = metric_traits[m].name;
            *value =
                (struct metric_value){.value = NAN, .state = VALUE_NONE, .low = NAN, .high = NAN};
            /* Without a quote cache its metrics are not there. */
            if (metric_of_cache((enum metric)m) && !cJSON_HasObjectItem(values, name)) continue;
            *value = read_value(reader, values, name);
        }
    }
}

static void read_phases(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *array =
        read_array(reader, root, "phases", RESULT_PHASES_MAX, &result->phase_count);
    if (array != NULL && result->phase_count == 0)
        wrong_kind(reader, array, "phases", "a list with at least the whole run");
    result->phases = room(reader, &result->phase_count, sizeof *result->phases);
    const cJSON *node = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < result->phase_count; i++, node = node->next) {
        struct result_phase *phase = &result->phases[i];
        phase->name = read_string(reader, node, "name");
        phase->from_us = read_whole(reader, node, "from_us");
        phase->until_us = read_whole(reader, node, "until_us");
        read_metrics(reader, i == 0 ? root : node, phase);
    }
}

static void read_curve(struct reader *reader, const cJSON *object, struct result_latency *latency)
{
    const cJSON *array =
        read_array(reader, object, "curve", RESULT_CURVE_MAX, &latency->curve_count);
    const cJSON *node = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < latency->curve_count; i++, node = node->next) {
        const cJSON *x = cJSON_GetArrayItem(node, 0);
        const cJSON *ms = cJSON_GetArrayItem(node, 1);
        if (!cJSON_IsNumber(x) || !cJSON_IsNumber(ms)) {
            wrong_kind(reader, node, "curve", "a list of pairs of numbers");
            return;
        }
        latency->curve[i].x = x->valuedouble;
        latency->curve[i].ms = ms->valuedouble;
    }
}

static void read_latency(struct reader *reader, const cJSON *object, struct result_latency *latency)
{
    const cJSON *node = member(reader, object, "latency");
    if (node == NULL) return;
    latency->n = read_large(reader, node, "n");
    latency->censored = read_large(reader, node, "censored");
    latency->exact = read_bool(reader, node, "exact");
    latency->error_bound = read_double(reader, node, "error_bound");
    latency->mean_ms = read_double(reader, node, "mean_ms");
    latency->min_ms = read_double(reader, node, "min_ms");
    latency->max_ms = read_double(reader, node, "max_ms");
    const cJSON *array =
        read_array(reader, node, "quantiles", RESULT_QUANTILES_MAX, &latency->quantile_count);
    const cJSON *item = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < latency->quantile_count; i++, item = item->next) {
        latency->quantiles[i].percent = read_double(reader, item, "percent");
        latency->quantiles[i].value = read_value(reader, item, "ms");
    }
    read_curve(reader, node, latency);
}

static void read_provider(struct reader *reader, const cJSON *providers, struct result *result,
                          unsigned provider)
{
    const cJSON *node = member(reader, providers, provider_traits[provider].id);
    if (node == NULL) return;
    result->enabled[provider] = read_bool(reader, node, "enabled");
    result->timeout_us[provider] = read_whole(reader, node, "timeout_us");
    read_latency(reader, node, &result->provider_latency[provider]);
    const cJSON *errors = member(reader, node, "errors");
    for (unsigned k = 0; errors != NULL && k < QUOTE_OUTCOME_COUNT; k++)
        if (k != QUOTE_PENDING && k != QUOTE_OK)
            result->errors[provider][k] = read_large(reader, errors, quote_outcome_names[k]);
    uint32_t *count = &result->operation_count[provider];
    const cJSON *array = read_array(reader, node, "operations", 256, count);
    struct result_operation *operations = room(reader, count, sizeof *operations);
    result->operations[provider] = operations;
    const cJSON *item = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < *count; i++, item = item->next) {
        operations[i].name = read_string(reader, item, "name");
        operations[i].calls = read_large(reader, item, "calls");
        read_latency(reader, item, &operations[i].latency);
    }
}

static void read_faults(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *array =
        read_array(reader, root, "faults", RESULT_PHASES_MAX, &result->fault_count);
    result->faults = room(reader, &result->fault_count, sizeof *result->faults);
    const cJSON *node = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < result->fault_count; i++, node = node->next) {
        struct result_fault *fault = &result->faults[i];
        fault->id = read_string(reader, node, "id");
        fault->label = read_string(reader, node, "label");
        fault->kind = read_string(reader, node, "kind");
        fault->from_us = read_whole(reader, node, "from_us");
        fault->until_us = read_whole(reader, node, "until_us");
        uint32_t count;
        const cJSON *providers = read_array(reader, node, "providers", PROVIDER_COUNT, &count);
        const cJSON *id = providers != NULL ? providers->child : NULL;
        for (; id != NULL; id = id->next) {
            enum provider provider;
            if (cJSON_IsString(id) && provider_by_id(id->valuestring, &provider))
                fault->provider_mask |= UINT32_C(1) << provider;
            else
                wrong_kind(reader, id, "providers", "a list of provider ids");
        }
    }
}

static void read_objective(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *slo = member(reader, root, "slo");
    result->slo_given = cJSON_IsObject(slo);
    if (!result->slo_given) return;
    result->slo_indicator = read_string(reader, slo, "indicator");
    result->slo_objective = read_double(reader, slo, "objective");
    result->slo_period_us = read_whole(reader, slo, "period_us");
}

static void read_router(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *router = member(reader, root, "router");
    if (router == NULL) return;
    read_latency(reader, router, &result->router_latency);
    uint32_t count;
    const cJSON *array = read_array(reader, router, "order_codes", 8, &count);
    const cJSON *node = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < count; i++, node = node->next) {
        result->order_code_names[i] = read_string_or_null(reader, node, "name");
        result->order_codes[i] = read_large(reader, node, "orders");
    }
}

static void read_notes(struct reader *reader, const cJSON *root, struct result *result)
{
    const cJSON *array = read_array(reader, root, "notes", RESULT_NOTES_MAX, &result->note_count);
    const cJSON *node = array != NULL ? array->child : NULL;
    for (uint32_t i = 0; i < result->note_count; i++, node = node->next) {
        result->notes[i] = cJSON_IsString(node) ? keep(reader, node->valuestring) : "";
        if (!cJSON_IsString(node)) wrong_kind(reader, node, "notes", "a list of texts");
    }
}

static void read_root(struct reader *reader, struct result *result)
{
    const cJSON *root = reader->json.root;
    const char *schema = read_string(reader, root, "schema");
    if (strcmp(schema, SUMMARY_SCHEMA) != 0) {
        err_add(reader->list, place_of(reader, root),
                "run the scenario again, or use the routesim that wrote this file",
                "this is not a summary of this version (%s)", SUMMARY_SCHEMA);
        return;
    }
    read_context(reader, root, result);
    read_live_calls(reader, root, result);
    read_replay_calls(reader, root, result);
    read_cache(reader, root, result);
    read_checks(reader, root, result);
    read_phases(reader, root, result);
    read_faults(reader, root, result);
    read_objective(reader, root, result);
    read_router(reader, root, result);
    const cJSON *providers = member(reader, root, "providers");
    for (unsigned p = 0; providers != NULL && p < PROVIDER_COUNT; p++)
        read_provider(reader, providers, result, p);
    const cJSON *series = member(reader, root, "series");
    if (series != NULL) {
        result->bucket_us = read_whole(reader, series, "bucket_us");
        result->bucket_count = read_count(reader, series, "buckets");
    }
    read_notes(reader, root, result);
}

bool summary_read(struct result *result, const char *name, const char *bytes, size_t length,
                  struct err_list *list)
{
    *result = (struct result){0};
    struct reader reader = {.arena = &result->arena, .list = list};
    const uint32_t errors = list->errors;
    if (json_read(&reader.json, name, bytes, length, list)) read_root(&reader, result);
    const bool good = list->errors == errors;
    if (!good) {
        result_release(result);
        *result = (struct result){0};
    }
    json_release(&reader.json);
    return good;
}
