/* sim/analysis/decisions_log_late.c - the late answers of an event log (policy.log_late_quotes).
 *
 * A late answer is worth nothing without its order: that it was given up, under which timeout, and
 * with what priority and history it would have been scored. One that the rest of the log does not
 * bear out is passed over and counted.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/decisions_log_state.h"

/* ---- lines ---- */

/* Percent, or null where the router knew none. */
static bool read_rate(const cJSON *object, const char *name, bool *known, double *rate)
{
    const cJSON *node = log_member(object, name);
    *known = cJSON_IsNumber(node);
    if (*known) *rate = node->valuedouble;
    return cJSON_IsNull(node) || (*known && fabs(*rate) <= 100.0);
}

static void take_candidate(struct log_request *request, enum provider provider, const cJSON *entry)
{
    const uint8_t bit = (uint8_t)(1u << provider);
    struct quote_record_quote *quote = &request->quotes[provider];
    bool success_known, margin_known;
    double success_rate = 0.0, margin_rate = 0.0;
    int64_t priority = 0;
    const int64_t timeout_us = log_span_us(entry, "timeoutMs");
    if (timeout_us <= 0 ||
        !log_whole(entry, "priority", -PRIORITY_MOST, PRIORITY_MOST, &priority) ||
        !read_rate(entry, "successRate", &success_known, &success_rate) ||
        !read_rate(entry, "avgMarginRate", &margin_known, &margin_rate))
        return;
    const bool before = ((request->seen | request->told) & bit) != 0;
    if (before && quote->priority != priority) request->contradicts = true;
    if ((request->told & bit) != 0 && quote->timeout_us != timeout_us) request->contradicts = true;
    request->told |= bit;
    quote->provider = (uint8_t)provider;
    quote->priority = (int16_t)priority;
    quote->timeout_us = timeout_us;
    if (success_known) quote->flags |= QUOTE_FLAG_SUCCESS_RATE;
    if (margin_known) quote->flags |= QUOTE_FLAG_MARGIN_RATE;
    quote->success_rate = success_rate;
    quote->margin_rate = margin_rate;
}

void log_take_candidates(struct log_request *request, const cJSON *line)
{
    const cJSON *candidates = log_member(line, "candidates"), *entry;
    if (!cJSON_IsObject(candidates)) return;
    cJSON_ArrayForEach(entry, candidates)
    {
        enum provider provider;
        if (provider_by_id(entry->string, &provider)) take_candidate(request, provider, entry);
    }
}

static bool read_good(const cJSON *line, struct log_late *late)
{
    struct quote_record_quote *quote = &late->quote;
    int64_t value = 0, found = 0, substituted = 0, requested = 0;
    if (!log_whole(line, "totalCents", 0, CENTS_MOST, &value)) return false;
    quote->outcome = QUOTE_OK;
    quote->total_cents = value;
    if (log_whole(line, "subtotalCents", 0, CENTS_MOST, &value)) quote->subtotal_cents = value;
    if (log_whole(line, "estimatedDeliveryMinutes", 0, ETA_MOST, &value)) {
        quote->eta_minutes = (int32_t)value;
    } else if (!cJSON_IsNull(log_member(line, "estimatedDeliveryMinutes"))) {
        return false;
    }
    if (!log_whole(line, "itemsRequested", 0, UINT16_MAX, &requested) ||
        !log_whole(line, "itemsFound", 0, requested, &found) ||
        !log_whole(line, "itemsSubstituted", 0, requested, &substituted))
        return false;
    quote->found = (uint16_t)found;
    quote->substituted = (uint16_t)substituted;
    late->items = (uint16_t)requested;
    return true;
}

/* "HTTP_503": 503. Other codes tell none. */
static uint16_t status_of(const char *code)
{
    if (strncmp(code, "HTTP_", 5) != 0) return 0;
    const unsigned long status = strtoul(code + 5, NULL, 10);
    return status >= 100 && status <= 599 ? (uint16_t)status : 0;
}

static bool read_late(const cJSON *line, struct log_late *late)
{
    enum provider provider;
    struct quote_record_quote *quote = &late->quote;
    const cJSON *code = log_member(line, "errorCode");
    const int64_t latency_us = log_span_us(line, "latencyMs");
    const int64_t late_by_us = log_span_us(line, "lateByMs");
    if (!log_provider(line, "providerId", &provider)) return false;
    if (late_by_us < 0 || latency_us <= late_by_us) return false;
    quote->provider = (uint8_t)provider;
    quote->latency_us = latency_us;
    quote->timeout_us = latency_us - late_by_us;
    if (code == NULL) return read_good(line, late);
    if (!cJSON_IsString(code) || log_member(line, "totalCents") != NULL) return false;
    quote->outcome = (uint8_t)log_outcome(line);
    quote->http_status = status_of(code->valuestring);
    return true;
}

bool log_take_late(struct log_reading *reading, uint32_t request, const cJSON *line)
{
    struct log_late late = {.request = request, .place = reading->late_count};
    reading->set->coverage.late_seen++;
    if (!read_late(line, &late)) {
        reading->set->coverage.late_damaged++;
        return true;
    }
    if (reading->late_count == reading->late_capacity) {
        const uint32_t capacity = reading->late_capacity * 2 + 256;
        struct log_late *grown = realloc(reading->late, capacity * sizeof *grown);
        if (grown == NULL) return log_out_of_memory(reading);
        reading->late = grown;
        reading->late_capacity = capacity;
    }
    reading->late[reading->late_count++] = late;
    return true;
}

/* ---- when all was read ---- */

static int compare_late(const void *left, const void *right)
{
    const struct log_late *const a = left, *const b = right;
    if (a->request != b->request) return a->request < b->request ? -1 : 1;
    if (a->quote.provider != b->quote.provider) return a->quote.provider - b->quote.provider;
    return a->place < b->place ? -1 : 1;
}

/* A failed order knows from its late answers how many items were asked for. */
static void check_items(struct log_request *request, const struct log_late *late)
{
    if (late->quote.outcome != QUOTE_OK) return;
    if (request->items_known && request->items != late->items) request->contradicts = true;
    request->items_known = true;
    request->items = late->items;
}

void log_settle_late(struct log_reading *reading)
{
    uint32_t kept = 0;
    if (reading->late_count == 0) return;
    qsort(reading->late, reading->late_count, sizeof *reading->late, compare_late);
    for (uint32_t i = 0; i < reading->late_count; i++) {
        const struct log_late late = reading->late[i];
        const struct log_late *const before = kept > 0 ? &reading->late[kept - 1] : NULL;
        struct log_request *const request = &reading->requests[late.request];
        check_items(request, &late);
        if (before == NULL || before->request != late.request ||
            before->quote.provider != late.quote.provider) {
            reading->late[kept++] = late;
        } else if (memcmp(&before->quote, &late.quote, sizeof late.quote) != 0) {
            request->contradicts = true;
        }
    }
    reading->late_count = kept;
}

void log_drop_late(struct log_reading *reading, uint32_t request)
{
    for (; reading->late_next < reading->late_count &&
           reading->late[reading->late_next].request == request;
         reading->late_next++)
        reading->set->late_unplaced++;
}

/* The slot of the order's record that was given up and ended so; false: there is none. */
static bool find_slot(const struct log_request *request, const struct quote_record *order,
                      const struct log_late *late, uint8_t *slot)
{
    const unsigned provider = late->quote.provider;
    const struct quote_record_quote *asked = &request->quotes[provider];
    const unsigned both = (unsigned)(request->told & request->failed);
    if (!request->preference_known || (both >> provider & 1u) == 0) return false;
    if (asked->outcome != QUOTE_TIMEOUT || asked->timeout_us != late->quote.timeout_us)
        return false;
    for (uint8_t q = 0; q < order->as.order.quote_count; q++) {
        if (order->as.order.quotes[q].provider != provider) continue;
        *slot = q;
        return true;
    }
    return false;
}

bool log_place_late(struct log_reading *reading, uint32_t request, const struct quote_record *order)
{
    for (; reading->late_next < reading->late_count; reading->late_next++) {
        const struct log_late *late = &reading->late[reading->late_next];
        struct quote_record record = {.kind = QUOTE_RECORD_LATE};
        assert(late->request >= request);
        if (late->request != request) break;
        if (!find_slot(&reading->requests[request], order, late, &record.as.late.slot)) {
            reading->set->late_unplaced++;
            continue;
        }
        record.as.late.index = order->as.order.index;
        record.as.late.start_us = order->as.order.start_us;
        record.as.late.quote = late->quote;
        if (!decisions_push_late(reading->set, &record, reading->err)) return false;
    }
    return true;
}
