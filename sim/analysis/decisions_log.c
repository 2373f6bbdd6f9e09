/* sim/analysis/decisions_log.c - production's event log, or ours, as decisions.
 *
 * Lines of a request may lie anywhere in the file: what each says is gathered by request id, and
 * judged when all has been read. Nothing is filled in: a request that lacks what its decision was
 * made from is a gap with a reason. Two things are known without being logged: an ETA of null
 * counts 60 minutes, because the router counts it so, and a quote that the decision's history does
 * not name was not scored. Late answers are a chapter of their own (decisions_log_late.c).
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/random.h"
#include "sim/analysis/decisions_log_state.h"

enum { LINE_BYTES_MAX = 1 << 20, TABLE_FIRST = 1024 };

const struct decision_field decision_fields[DECISION_FIELDS] = {
    [FIELD_TOTAL] = {"totalCents", "provider_quote_success"},
    [FIELD_ETA] = {"estimatedDeliveryMinutes", "provider_quote_success"},
    [FIELD_FOUND] = {"itemsFound", "provider_quote_success"},
    [FIELD_REQUESTED] = {"itemsRequested", "provider_quote_success"},
    [FIELD_SUBSTITUTED] = {"itemsSubstituted", "provider_quote_success"},
    [FIELD_PRIORITY] = {"priority", "provider_quote_success"},
    [FIELD_LATENCY] = {"latencyMs", "provider_quote_success"},
    [FIELD_SELECTED] = {"selectedProviderId", "router_decision"},
    [FIELD_QUOTES] = {"totalQuotes", "router_decision"},
    [FIELD_PREFERENCE] = {"preference", "router_decision"},
    [FIELD_HISTORY] = {"successRate and avgMarginRate (or history)", "router_decision"},
};

/* ---- requests by id ---- */

bool log_out_of_memory(struct log_reading *reading)
{
    return err_fail(reading->err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static bool rehash(struct log_reading *reading)
{
    const uint32_t count = reading->slot_count == 0 ? TABLE_FIRST : reading->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL) return log_out_of_memory(reading);
    for (uint32_t i = 0; i < reading->count; i++) {
        uint64_t at = random_hash_text(reading->requests[i].id);
        while (slots[at & (count - 1)] != 0)
            at++;
        slots[at & (count - 1)] = i + 1;
    }
    free(reading->slots);
    reading->slots = slots;
    reading->slot_count = count;
    return true;
}

static struct log_request *request_of(struct log_reading *reading, const char *id)
{
    if (reading->count * 2 >= reading->slot_count && !rehash(reading)) return NULL;
    uint64_t at = random_hash_text(id);
    for (;; at++) {
        const uint32_t slot = reading->slots[at & (reading->slot_count - 1)];
        if (slot == 0) break;
        if (strcmp(reading->requests[slot - 1].id, id) == 0) return &reading->requests[slot - 1];
    }
    if (reading->count == reading->capacity) {
        const uint32_t capacity = reading->capacity * 2 + 256;
        struct log_request *requests =
            realloc(reading->requests, capacity * sizeof *reading->requests);
        if (requests == NULL) {
            (void)log_out_of_memory(reading);
            return NULL;
        }
        reading->requests = requests;
        reading->capacity = capacity;
    }
    struct log_request *request = &reading->requests[reading->count++];
    *request = (struct log_request){.first_us = INT64_MAX};
    (void)strcpy(request->id, id);
    reading->slots[at & (reading->slot_count - 1)] = reading->count;
    return request;
}

/* ---- one line ---- */

const cJSON *log_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool log_whole(const cJSON *object, const char *name, int64_t least, int64_t most, int64_t *value)
{
    const cJSON *node = log_member(object, name);
    if (!cJSON_IsNumber(node) || !(fabs(node->valuedouble) < 0x1p53)) return false;
    *value = (int64_t)node->valuedouble;
    return (double)*value == node->valuedouble && *value >= least && *value <= most;
}

bool log_provider(const cJSON *object, const char *name, enum provider *provider)
{
    const cJSON *node = log_member(object, name);
    return cJSON_IsString(node) && provider_by_id(node->valuestring, provider);
}

int64_t log_span_us(const cJSON *object, const char *name)
{
    const cJSON *node = log_member(object, name);
    if (!cJSON_IsNumber(node) || !(node->valuedouble >= 0.0) || !(node->valuedouble < 1e9))
        return -1;
    return (int64_t)rint(node->valuedouble * 1000.0);
}

static uint16_t take_count(struct log_request *request, const cJSON *line, enum field field)
{
    int64_t value = 0;
    if (!log_whole(line, decision_fields[field].name, 0, UINT16_MAX, &value))
        request->missing |= 1u << field;
    return (uint16_t)value;
}

/* Percent; null: the router knew none. Anything else is as good as missing. */
static void take_rate(struct log_request *request, const cJSON *object, const char *name,
                      uint8_t flag, struct quote_record_quote *quote, double *rate)
{
    const cJSON *node = log_member(object, name);
    if (cJSON_IsNull(node)) return;
    if (!cJSON_IsNumber(node) || !(fabs(node->valuedouble) <= 100.0)) {
        request->missing |= 1u << FIELD_HISTORY;
        return;
    }
    quote->flags |= flag;
    *rate = node->valuedouble;
}

static void take_rates(struct log_request *request, const cJSON *object,
                       struct quote_record_quote *quote)
{
    request->has_history = true;
    request->scored |= (uint8_t)(1u << quote->provider);
    take_rate(request, object, "successRate", QUOTE_FLAG_SUCCESS_RATE, quote, &quote->success_rate);
    take_rate(request, object, "avgMarginRate", QUOTE_FLAG_MARGIN_RATE, quote, &quote->margin_rate);
}

/* The same quote, as far as a line of it tells; its history may come from elsewhere. */
static bool same_quote(const struct quote_record_quote *a, const struct quote_record_quote *b)
{
    return a->total_cents == b->total_cents && a->eta_minutes == b->eta_minutes &&
           a->found == b->found && a->substituted == b->substituted && a->priority == b->priority &&
           a->latency_us == b->latency_us;
}

static void take_quote(struct log_request *request, const cJSON *line, enum provider provider)
{
    struct quote_record_quote *quote = &request->quotes[provider];
    int64_t value = 0;
    request->seen |= (uint8_t)(1u << provider);
    quote->provider = (uint8_t)provider;
    if (log_whole(line, "totalCents", 0, CENTS_MOST, &value)) {
        quote->total_cents = value;
    } else {
        request->missing |= 1u << FIELD_TOTAL;
    }
    if (log_whole(line, "subtotalCents", 0, CENTS_MOST, &value)) quote->subtotal_cents = value;
    if (log_whole(line, "estimatedDeliveryMinutes", 0, ETA_MOST, &value)) {
        quote->eta_minutes = (int32_t)value;
    } else if (!cJSON_IsNull(log_member(line, "estimatedDeliveryMinutes"))) {
        request->missing |= 1u << FIELD_ETA;
    }
    quote->found = take_count(request, line, FIELD_FOUND);
    quote->substituted = take_count(request, line, FIELD_SUBSTITUTED);
    const uint16_t items = take_count(request, line, FIELD_REQUESTED);
    if (request->items_known && items != request->items) request->contradicts = true;
    request->items_known = true;
    request->items = items;
    if (quote->found > request->items) request->missing |= 1u << FIELD_FOUND;
    if (quote->substituted > request->items) request->missing |= 1u << FIELD_SUBSTITUTED;
    const bool told = ((unsigned)request->told >> provider & 1u) != 0;
    if (log_whole(line, "priority", -PRIORITY_MOST, PRIORITY_MOST, &value)) {
        if (told && quote->priority != value) request->contradicts = true;
        quote->priority = (int16_t)value;
    } else {
        request->missing |= 1u << FIELD_PRIORITY;
    }
    if (cJSON_IsTrue(log_member(line, "canned"))) quote->flags |= QUOTE_FLAG_CANNED;
    if (cJSON_IsTrue(log_member(line, "cached"))) quote->flags |= QUOTE_FLAG_CACHED;
    if (log_member(line, "successRate") != NULL && log_member(line, "avgMarginRate") != NULL)
        take_rates(request, line, quote);
}

enum quote_outcome log_outcome(const cJSON *line)
{
    const cJSON *code = log_member(line, "errorCode");
    if (!cJSON_IsString(code)) return QUOTE_NETWORK_ERROR;
    if (strncmp(code->valuestring, "HTTP_", 5) == 0) return QUOTE_HTTP_ERROR;
    for (unsigned k = QUOTE_TIMEOUT; k < QUOTE_OUTCOME_COUNT; k++)
        if (quote_outcome_names[k] != NULL &&
            strcmp(code->valuestring, quote_outcome_names[k]) == 0)
            return (enum quote_outcome)k;
    return QUOTE_NETWORK_ERROR;
}

static void take_quote_line(struct log_request *request, const char *event, const cJSON *line)
{
    enum provider provider;
    if (!log_provider(line, "providerId", &provider)) {
        request->unreadable = request->unreadable || strcmp(event, "provider_quote_start") != 0;
        return;
    }
    struct quote_record_quote *quote = &request->quotes[provider];
    const int64_t latency_us = log_span_us(line, "latencyMs");
    if (strcmp(event, "provider_quote_success") == 0) {
        const bool again = ((unsigned)request->seen >> provider & 1u) != 0;
        const struct quote_record_quote before = *quote;
        take_quote(request, line, provider);
        quote->outcome = QUOTE_OK;
        if (latency_us >= 0) quote->latency_us = latency_us;
        if (latency_us < 0) request->missing |= 1u << FIELD_LATENCY;
        if (again && !same_quote(&before, quote)) request->contradicts = true;
    } else if (strcmp(event, "provider_quote_error") == 0) {
        request->failed |= (uint8_t)(1u << provider);
        quote->provider = (uint8_t)provider;
        quote->outcome = (uint8_t)log_outcome(line);
        if (latency_us >= 0) quote->latency_us = latency_us;
    } else if (strcmp(event, "provider_fallback") == 0) {
        take_quote(request, line, provider);
        quote->flags |= QUOTE_FLAG_FELL_BACK | QUOTE_FLAG_CANNED;
    }
}

static void take_history(struct log_request *request, const cJSON *line)
{
    const cJSON *history = log_member(line, "history"), *entry;
    if (!cJSON_IsObject(history)) return;
    request->has_history = true;
    cJSON_ArrayForEach(entry, history)
    {
        enum provider provider;
        if (!provider_by_id(entry->string, &provider)) continue;
        request->quotes[provider].provider = (uint8_t)provider;
        take_rates(request, entry, &request->quotes[provider]);
    }
}

static void take_preference(struct log_request *request, const cJSON *line)
{
    const cJSON *preference = log_member(line, "preference");
    for (unsigned k = 0; cJSON_IsString(preference) && k < PREFERENCE_COUNT; k++) {
        if (strcmp(preference->valuestring, preference_names[k]) != 0) continue;
        request->preference = (uint8_t)k;
        request->preference_known = true;
    }
}

static void take_failure(struct log_request *request, const cJSON *line, int64_t unix_us)
{
    request->failure = true;
    request->decided_us = unix_us;
    take_preference(request, line);
    log_take_candidates(request, line);
}

static void take_decision(struct log_request *request, const cJSON *line, int64_t unix_us)
{
    enum provider selected;
    int64_t value = 0;
    const struct log_request before = *request;
    request->decided = true;
    request->decided_us = unix_us;
    if (log_provider(line, "selectedProviderId", &selected)) {
        request->selected = (uint8_t)selected;
    } else {
        request->missing |= 1u << FIELD_SELECTED;
    }
    if (log_whole(line, "totalQuotes", 1, PROVIDER_COUNT, &value)) {
        request->total_quotes = (uint16_t)value;
    } else {
        request->missing |= 1u << FIELD_QUOTES;
    }
    take_preference(request, line);
    if (!request->preference_known) request->missing |= 1u << FIELD_PREFERENCE;
    log_take_candidates(request, line);
    take_history(request, line);
    if (before.decided &&
        (before.decided_us != unix_us || before.selected != request->selected ||
         before.total_quotes != request->total_quotes || before.preference != request->preference))
        request->contradicts = true;
}

static bool take_line(struct log_reading *reading, const cJSON *line)
{
    struct err ignored;
    int64_t unix_us = 0;
    const cJSON *event = log_member(line, "event"), *id = log_member(line, "requestId");
    const cJSON *stamp = log_member(line, "timestamp");
    struct decision_coverage *coverage = &reading->set->coverage;
    if (!cJSON_IsObject(line) || !cJSON_IsString(event) || !cJSON_IsString(id) ||
        strlen(id->valuestring) >= ID_BYTES) {
        coverage->lines_unreadable++;
        return true;
    }
    const char *name = event->valuestring;
    const bool is_quote = strncmp(name, "provider_", 9) == 0;
    const bool is_decision = strcmp(name, "router_decision") == 0;
    const bool is_failure = strcmp(name, "router_failure") == 0;
    if (!is_quote && !is_decision && !is_failure) return true; /* nothing that decides */
    struct log_request *request = request_of(reading, id->valuestring);
    if (request == NULL) return false;
    if (strcmp(name, "provider_quote_late") == 0) {
        return log_take_late(reading, (uint32_t)(request - reading->requests), line);
    }
    request->named = true;
    if (!cJSON_IsString(stamp) ||
        !instant_parse(stamp->valuestring, (struct place){0}, &unix_us, &ignored)) {
        request->unreadable = true;
        coverage->lines_unreadable++;
        return true;
    }
    if (unix_us < request->first_us) request->first_us = unix_us;
    if (is_quote) take_quote_line(request, name, line);
    if (is_decision) take_decision(request, line, unix_us);
    if (is_failure) take_failure(request, line, unix_us);
    return true;
}

static bool read_lines(struct log_reading *reading, FILE *stream)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool ok = true;
    struct decision_coverage *coverage = &reading->set->coverage;
    while (ok && (length = getline(&line, &room, stream)) >= 0) {
        reading->line++;
        if (strspn(line, " \t\r\n") == (size_t)length) continue;
        coverage->lines++;
        cJSON *parsed = length < LINE_BYTES_MAX ? foreign_json_parse(line, (size_t)length) : NULL;
        if (parsed == NULL) {
            coverage->lines_unreadable++;
            continue;
        }
        ok = take_line(reading, parsed);
        cJSON_Delete(parsed);
    }
    free(line);
    if (ok && ferror(stream))
        ok = err_fail(reading->err, ERR_ENVIRONMENT, (struct place){.file = reading->path},
                      "cannot read it: %s", strerror(errno));
    return ok;
}

/* ---- judging what was read ---- */

static unsigned bits_of(unsigned mask)
{
    return (unsigned)__builtin_popcount(mask);
}

/* Quotes that were scored: named in the history where there is one. */
static uint8_t scored_of(const struct log_request *request)
{
    return request->has_history ? request->seen & request->scored : request->seen;
}

/* GAP_COUNT: none. */
static enum decision_gap gap_of(const struct log_request *request)
{
    if (request->unreadable) return GAP_NOT_READABLE;
    if (request->contradicts) return GAP_CONTRADICTION;
    if (!request->decided) return GAP_NO_DECISION;
    if (request->seen == 0) return GAP_NO_QUOTES;
    if ((request->missing & (1u << FIELD_QUOTES)) == 0 &&
        bits_of(scored_of(request)) != request->total_quotes)
        return GAP_QUOTE_MISSING;
    if (request->missing != 0 || !request->has_history) return GAP_FIELD_MISSING;
    if (((unsigned)scored_of(request) >> request->selected & 1u) == 0) return GAP_SELECTED_MISSING;
    return GAP_COUNT;
}

/* Candidates by priority, then registry: the router's own order. */
static void put_candidates(struct quote_record *record, const struct log_request *request)
{
    uint8_t count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const uint8_t bit = (uint8_t)(1u << p);
        if (((request->seen | request->failed) & bit) == 0) continue;
        struct quote_record_quote quote = request->quotes[p];
        if ((scored_of(request) & bit) == 0 && quote.outcome == QUOTE_OK)
            quote.outcome = QUOTE_TIMEOUT; /* it came, and was not scored */
        if ((scored_of(request) & bit) != 0) quote.flags |= QUOTE_FLAG_SCORED;
        if ((scored_of(request) & bit) == 0)
            quote.flags &= (uint8_t) ~(unsigned)QUOTE_FLAG_FELL_BACK;
        unsigned place = count++;
        for (; place > 0 && record->as.order.quotes[place - 1].priority < quote.priority; place--)
            record->as.order.quotes[place] = record->as.order.quotes[place - 1];
        record->as.order.quotes[place] = quote;
    }
    record->as.order.quote_count = count;
}

static void put_order(struct decision_set *set, const struct log_request *request, uint64_t index,
                      int64_t epoch_us)
{
    struct quote_record *record = &set->orders[set->count];
    memset(record, 0, sizeof *record);
    record->kind = QUOTE_RECORD_ORDER;
    record->as.order.code = request->decided ? ORDER_ROUTED : ORDER_NO_QUOTES;
    record->as.order.preference = request->preference;
    record->as.order.selected = 255;
    record->as.order.items = request->items;
    record->as.order.index = index;
    record->as.order.start_us = request->first_us - epoch_us;
    record->as.order.decided_us = request->decided_us > request->first_us
                                      ? request->decided_us - epoch_us
                                      : record->as.order.start_us;
    put_candidates(record, request);
    for (uint8_t q = 0; request->decided && q < record->as.order.quote_count; q++)
        if (record->as.order.quotes[q].provider == request->selected) record->as.order.selected = q;
    set->config_of[set->count++] = 0;
}

/* "req-000000000042" is order 42, spelled so and not otherwise: no two ids are the same order. */
static bool index_in(const char *id, uint64_t *index)
{
    char again[ID_BYTES];
    if (strncmp(id, "req-", 4) != 0 || id[4] < '0' || id[4] > '9') return false;
    *index = strtoull(id + 4, NULL, 10);
    (void)snprintf(again, sizeof again, "req-%012" PRIu64, *index);
    return strcmp(again, id) == 0;
}

/* In a log that has other ids too, each takes its place in the log. */
static bool ids_are_ours(const struct log_reading *reading)
{
    uint64_t index;
    for (uint32_t i = 0; i < reading->count; i++)
        if (reading->requests[i].named && !index_in(reading->requests[i].id, &index)) return false;
    return true;
}

static void count_coverage(struct decision_coverage *coverage, const struct log_request *request)
{
    coverage->requests++;
    for (unsigned k = 0; k < FIELD_COUNT; k++)
        coverage->lacking[k] += request->decided && (request->missing >> k & 1u) != 0;
    if (request->decided && !request->has_history && (request->missing >> FIELD_HISTORY & 1u) == 0)
        coverage->lacking[FIELD_HISTORY]++;
    if (request->decided) coverage->quotes_expected += request->total_quotes;
    if (request->decided) coverage->quotes_seen += bits_of(scored_of(request));
}

static int64_t epoch_of(const struct log_reading *reading)
{
    int64_t epoch_us = INT64_MAX;
    for (uint32_t i = 0; i < reading->count; i++)
        if (reading->requests[i].first_us < epoch_us) epoch_us = reading->requests[i].first_us;
    return epoch_us;
}

static bool judge(struct log_reading *reading)
{
    struct decision_set *set = reading->set;
    struct decision_coverage *coverage = &set->coverage;
    const int64_t epoch_us = epoch_of(reading);
    const bool ours = ids_are_ours(reading);
    log_settle_late(reading);
    if (!decisions_reserve(set, reading->count, reading->err)) return false;
    if (epoch_us != INT64_MAX) set->header.start_unix_us = epoch_us;
    for (uint32_t i = 0; i < reading->count; i++) {
        const struct log_request *request = &reading->requests[i];
        uint64_t index = i;
        if (!request->named) { /* nothing but late answers: the log begins, or was cut, behind it */
            log_drop_late(reading, i);
            continue;
        }
        count_coverage(coverage, request);
        const bool failed =
            request->failure && !request->decided && !request->unreadable && !request->contradicts;
        const enum decision_gap gap = failed ? GAP_COUNT : gap_of(request);
        if (gap != GAP_COUNT) {
            coverage->gaps[gap]++;
            log_drop_late(reading, i);
            continue;
        }
        if (ours) (void)index_in(request->id, &index);
        put_order(set, request, index, epoch_us);
        if (!log_place_late(reading, i, &set->orders[set->count - 1])) return false;
    }
    return decisions_finish(set, reading->err);
}

/* Nothing can be decided again: says what would have to be logged. */
static void refuse(const struct log_reading *reading, struct err_list *list)
{
    const struct place place = {.file = reading->path};
    const struct decision_coverage *coverage = &reading->set->coverage;
    if (coverage->requests == 0) {
        err_add(list, place,
                "give an event log: one JSON object a line with event, requestId and timestamp",
                "it names no request of the router (%" PRIu64 " lines, %" PRIu64
                " of them unreadable)",
                coverage->lines, coverage->lines_unreadable);
        return;
    }
    err_add(list, place,
            "log provider_quote_success with every quote, and router_decision with the preference "
            "and history",
            "none of its %" PRIu64 " requests can be decided again", coverage->requests);
    for (unsigned g = 0; g < GAP_COUNT; g++)
        if (coverage->gaps[g] > 0)
            err_add(list, place, NULL, "%" PRIu64 " of %" PRIu64 " requests: %s", coverage->gaps[g],
                    coverage->requests, decision_gap_texts[g]);
    for (unsigned k = 0; k < FIELD_COUNT; k++)
        if (coverage->lacking[k] > 0)
            err_add(list, place, NULL, "%" PRIu64 " requests lack %s of %s", coverage->lacking[k],
                    decision_fields[k].name, decision_fields[k].event);
}

bool decisions_read_log(struct decision_set *set, const char *path,
                        const struct quote_record *assumed, struct err_list *list)
{
    struct err err;
    struct log_reading reading = {.set = set, .path = path, .err = &err};
    assert(assumed->kind == QUOTE_RECORD_CONFIG);
    *set = (struct decision_set){.config_count = 1};
    set->configs[0] = *assumed;
    const bool is_stdin = strcmp(path, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(path, "rb");
    if (stream == NULL) {
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = path}, "cannot read it: %s",
                       strerror(errno));
        err_list_add(list, &err);
        return false;
    }
    const bool ok = read_lines(&reading, stream) && judge(&reading);
    if (!is_stdin) (void)fclose(stream);
    if (!ok) err_list_add(list, &err);
    const bool usable = ok && set->coverage.usable > 0;
    if (ok && !usable) refuse(&reading, list);
    free(reading.requests);
    free(reading.late);
    free(reading.slots);
    if (!usable) decisions_release(set);
    return usable;
}
