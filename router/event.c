#include "router/event.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "router/router.h"

const char *const event_names[EVENT_KIND_COUNT] = {
    [EVENT_QUOTE_START] = "provider_quote_start",
    [EVENT_QUOTE_SUCCESS] = "provider_quote_success",
    [EVENT_QUOTE_ERROR] = "provider_quote_error",
    [EVENT_QUOTE_LATE] = "provider_quote_late",
    [EVENT_FALLBACK] = "provider_fallback",
    [EVENT_DECISION] = "router_decision",
    [EVENT_FAILURE] = "router_failure",
    [EVENT_LATENCY] = "router_latency",
    [EVENT_CONFIRM_SUCCESS] = "commerce.confirm_order.success",
    [EVENT_CONFIRM_FAILURE] = "commerce.confirm_order.failure",
    [EVENT_FAILOVER_ATTEMPT] = "commerce.failover_attempt",
    [EVENT_FAILOVER_SUCCESS] = "commerce.failover_success",
    [EVENT_FAILOVER_FAILURE] = "commerce.failover_failure",
    [EVENT_RECORD_OUTCOME] = "commerce.record_outcome",
};

/* A router_failure of four providers, each with its error, takes under 900 bytes; what its
 * candidates were asked under, under 700 more. */
enum { LINE_BYTES_MAX = 2048, REQUEST_DIGITS = 12 };

#define US_PER_DAY INT64_C(86400000000)

/* ---- pieces: each writes at `at` and returns where the next begins; room was reserved ---- */

static inline char *put(char *at, const char *piece)
{
    const size_t length = strlen(piece); /* folded away for a literal */
    memcpy(at, piece, length);
    return at + length;
}

/* Exactly `count` digits, leading zeros kept. */
static inline char *put_digits(char *at, uint64_t value, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

static inline char *put_int(char *at, int64_t value)
{
    if (value >= 0 && value < 10) { /* counts of items mostly are */
        *at = (char)('0' + value);
        return at + 1;
    }
    return at + number_write_int(at, value);
}

static inline char *put_double(char *at, double value)
{
    return at + number_write(at, value);
}

static inline char *put_bool(char *at, bool value)
{
    return put(at, value ? "true" : "false");
}

/* A span in ms with three decimals: no microsecond is lost. */
static inline char *put_ms(char *at, int64_t span_us)
{
    assert(span_us >= 0);
    at = put_int(at, span_us / 1000);
    *at++ = '.';
    return put_digits(at, (uint64_t)(span_us % 1000), 3);
}

/* A quoted word that needs no escape: ids, codes and sentences of our own. */
static inline char *put_word(char *at, const char *word)
{
    *at++ = '"';
    at = put(at, word);
    *at++ = '"';
    return at;
}

static inline char *put_provider(char *at, unsigned provider)
{
    assert(provider < PROVIDER_COUNT);
    return put_word(at, provider_traits[provider].id);
}

/* The date of a day counted from 1970-01-01, in the Gregorian calendar. Years begin in March, so
 * that the leap day is a year's last; 400 of them have 146097 days. */
static char *put_date(char *at, int64_t day)
{
    const uint32_t since_0000_march = (uint32_t)(day + 719468);
    const uint32_t era = since_0000_march / 146097u;
    const uint32_t day_of_era = since_0000_march % 146097u;
    const uint32_t year_of_era =
        (day_of_era - day_of_era / 1460u + day_of_era / 36524u - day_of_era / 146096u) / 365u;
    const uint32_t day_of_year =
        day_of_era - (365u * year_of_era + year_of_era / 4u - year_of_era / 100u);
    const uint32_t march_month = (5u * day_of_year + 2u) / 153u;
    const uint32_t month = march_month < 10u ? march_month + 3u : march_month - 9u;
    at = put_digits(at, era * 400u + year_of_era + (month <= 2u), 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    return put_digits(at, day_of_year - (153u * march_month + 2u) / 5u + 1u, 2);
}

static char *put_timestamp(char *at, int64_t unix_us)
{
    assert(unix_us >= 0);
    assert(unix_us / US_PER_DAY < 2932897); /* the year 10000 */
    at = put_date(at, unix_us / US_PER_DAY);
    const uint32_t ms = (uint32_t)(unix_us % US_PER_DAY / 1000);
    *at++ = 'T';
    at = put_digits(at, ms / 3600000u, 2);
    *at++ = ':';
    at = put_digits(at, ms / 60000u % 60u, 2);
    *at++ = ':';
    at = put_digits(at, ms / 1000u % 60u, 2);
    *at++ = '.';
    at = put_digits(at, ms % 1000u, 3);
    *at++ = 'Z';
    return at;
}

static char *put_request_id(char *at, uint64_t index)
{
    at = put(at, "req-");
    if (index < UINT64_C(1000000000000)) return put_digits(at, index, REQUEST_DIGITS);
    assert(index <= INT64_MAX);
    return put_int(at, (int64_t)index);
}

static char *put_head(char *at, enum event_kind kind, uint64_t order_index, int64_t unix_us)
{
    at = put(at, "{\"timestamp\":\"");
    at = put_timestamp(at, unix_us);
    at = put(at, "\",\"event\":\"");
    at = put(at, event_names[kind]);
    at = put(at, "\",\"requestId\":\"");
    at = put_request_id(at, order_index);
    *at++ = '"';
    return at;
}

static char *put_eta(char *at, int32_t eta_minutes)
{
    at = put(at, ",\"estimatedDeliveryMinutes\":");
    return eta_minutes == 0 ? put(at, "null") : put_int(at, eta_minutes);
}

/* ---- errors ---- */

static bool is_unauthorized(unsigned http_status)
{
    return http_status == 401 || http_status == 403;
}

/* `waited_us`: for how long, of a timeout. */
static const char *error_text(unsigned provider, enum quote_outcome outcome, unsigned status,
                              int64_t waited_us, char text[static EVENT_ERROR_MAX])
{
    const char *id = provider_traits[provider].id;
    switch (outcome) {
    case QUOTE_TIMEOUT:
        (void)snprintf(text, EVENT_ERROR_MAX, "Provider %s timed out after %lldms", id,
                       (long long)(waited_us / 1000));
        return text;
    case QUOTE_AUTH_FAILED:
        if (is_unauthorized(status)) return "Unauthorized";
        (void)snprintf(text, EVENT_ERROR_MAX, "Token request failed: HTTP %u", status);
        return status == 0 ? "Token request failed" : text;
    case QUOTE_MISSING_CREDENTIALS:
        return "Missing credentials";
    case QUOTE_HTTP_ERROR:
        if (is_unauthorized(status)) return "Unauthorized";
        (void)snprintf(text, EVENT_ERROR_MAX, "HTTP %u", status);
        return text;
    case QUOTE_RATE_LIMITED:
        return "Too many requests";
    case QUOTE_UNAVAILABLE:
        (void)snprintf(text, EVENT_ERROR_MAX, "Provider %s is unavailable", id);
        return text;
    case QUOTE_NO_STORES:
        return "No stores near the address";
    case QUOTE_NETWORK_ERROR:
        return "Network error";
    case QUOTE_INVALID_RESPONSE:
        return "Invalid response";
    case QUOTE_PENDING:
    case QUOTE_OK: /* a quote, but not one that was scored */
        return "Too few items found";
    case QUOTE_OUTCOME_COUNT:
        break;
    }
    assert(!"a quote outcome outside its enum");
    return "";
}

const char *event_error_text(const struct router_order *order, unsigned slot,
                             char text[static EVENT_ERROR_MAX])
{
    assert(slot < order->candidate_count);
    const struct order_slot *asked = &order->slots[slot];
    return error_text(asked->provider, (enum quote_outcome)asked->real_outcome,
                      asked->result.http_status, asked->deadline_us - order->start_us, text);
}

static char *put_error(char *at, const struct router_order *order, unsigned slot)
{
    const struct order_slot *asked = &order->slots[slot];
    char text[EVENT_ERROR_MAX];
    char code[QUOTE_CODE_MAX];
    at = put(at, ",\"error\":");
    at = put_word(at, event_error_text(order, slot, text));
    at = put(at, ",\"errorCode\":");
    if (asked->real_outcome == QUOTE_OK) return put(at, "\"INCOMPLETE\"");
    return put_word(
        at, quote_code((enum quote_outcome)asked->real_outcome, asked->result.http_status, code));
}

/* ---- one event after another ---- */

static char *put_quote(char *at, const struct order_slot *slot)
{
    const struct quote *quote = &slot->result.quote;
    at = put(at, ",\"totalCents\":");
    at = put_int(at, quote->total_cents);
    at = put_eta(at, quote->eta_minutes);
    at = put(at, ",\"itemsFound\":");
    at = put_int(at, quote->found);
    at = put(at, ",\"itemsRequested\":");
    at = put_int(at, quote->requested);
    at = put(at, ",\"itemsSubstituted\":");
    at = put_int(at, quote->substituted);
    at = put(at, ",\"priority\":");
    at = put_int(at, slot->priority);
    at = put(at, ",\"subtotalCents\":");
    at = put_int(at, quote->subtotal_cents);
    at = put(at, ",\"canned\":");
    at = put_bool(at, quote->canned);
    return quote->cached ? put(at, ",\"cached\":true") : at;
}

static char *put_about(char *at, const struct order_slot *slot)
{
    at = put(at, ",\"providerId\":");
    return put_provider(at, slot->provider);
}

static char *put_latency(char *at, int64_t span_us)
{
    at = put(at, ",\"latencyMs\":");
    return put_ms(at, span_us);
}

static char *put_quote_event(char *at, enum event_kind kind, const struct router_order *order,
                             unsigned slot, int64_t now_us)
{
    assert(slot < order->candidate_count);
    const struct order_slot *asked = &order->slots[slot];
    char code[QUOTE_CODE_MAX];
    at = put_about(at, asked);
    if (kind == EVENT_QUOTE_START) {
        at = put(at, ",\"itemCount\":");
        return put_int(at, order->request->item_count);
    }
    if (kind == EVENT_FALLBACK) {
        at = put(at, ",\"reason\":");
        at = put_word(at, quote_code((enum quote_outcome)asked->real_outcome,
                                     asked->result.http_status, code));
        at = put(at, ",\"fallbackMode\":\"mock\"");
        return put_quote(at, asked);
    }
    at = put_latency(at, now_us - order->start_us);
    if (kind == EVENT_QUOTE_SUCCESS) return put_quote(at, asked);
    at = put_error(at, order, slot);
    at = put(at, ",\"retryable\":");
    return put_bool(at, asked->result.retryable);
}

/* A slot that was given up has no result of its own: what came is the order's for this one line. */
static char *put_late(char *at, const struct router_order *order, unsigned slot, int64_t now_us)
{
    assert(slot < order->candidate_count);
    assert(order->late != NULL);
    const struct order_slot *asked = &order->slots[slot];
    const struct quote_result *late = order->late;
    const struct quote *quote = &late->quote;
    char text[EVENT_ERROR_MAX], code[QUOTE_CODE_MAX];
    at = put_about(at, asked);
    at = put_latency(at, now_us - order->start_us);
    at = put(at, ",\"lateByMs\":");
    at = put_ms(at, now_us - asked->deadline_us);
    if (late->outcome != QUOTE_OK) {
        at = put(at, ",\"error\":");
        at = put_word(at, error_text(asked->provider, late->outcome, late->http_status,
                                     now_us - order->start_us, text));
        at = put(at, ",\"errorCode\":");
        return put_word(at, quote_code(late->outcome, late->http_status, code));
    }
    at = put(at, ",\"totalCents\":");
    at = put_int(at, quote->total_cents);
    at = put(at, ",\"subtotalCents\":");
    at = put_int(at, quote->subtotal_cents);
    at = put_eta(at, quote->eta_minutes);
    at = put(at, ",\"itemsFound\":");
    at = put_int(at, quote->found);
    at = put(at, ",\"itemsSubstituted\":");
    at = put_int(at, quote->substituted);
    at = put(at, ",\"itemsRequested\":");
    return put_int(at, quote->requested);
}

static char *put_rate(char *at, bool known, double rate)
{
    return known ? put_double(at, rate) : put(at, "null");
}

static char *put_rates(char *at, const struct provider_history *known)
{
    at = put(at, "\"successRate\":");
    at = put_rate(at, known->has_success_rate, known->success_rate);
    at = put(at, ",\"avgMarginRate\":");
    return put_rate(at, known->has_margin_rate, known->margin_rate);
}

static char *put_history(char *at, const struct router *router, const struct router_order *order)
{
    at = put(at, ",\"history\":{");
    for (unsigned i = 0; i < order->quote_count; i++) {
        const unsigned provider = order->slots[order->ranked[i]].provider;
        const struct provider_history *known = &router->history.providers[provider];
        if (i > 0) *at++ = ',';
        at = put_provider(at, provider);
        at = put(at, ":{");
        at = put_rates(at, known);
        *at++ = '}';
    }
    *at++ = '}';
    return at;
}

/* What every candidate was asked under and known for: a late answer is scored by it. */
static char *put_candidates(char *at, const struct router *router, const struct router_order *order)
{
    at = put(at, ",\"candidates\":{");
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        if (i > 0) *at++ = ',';
        at = put_provider(at, slot->provider);
        at = put(at, ":{\"priority\":");
        at = put_int(at, slot->priority);
        at = put(at, ",\"timeoutMs\":");
        at = put_ms(at, slot->deadline_us - order->start_us);
        *at++ = ',';
        at = put_rates(at, &router->history.providers[slot->provider]);
        *at++ = '}';
    }
    *at++ = '}';
    return at;
}

static char *put_preference(char *at, const struct router_order *order)
{
    at = put(at, ",\"preference\":");
    return put_word(at, preference_names[order->request->preference]);
}

static char *put_decision(char *at, const struct router *router, const struct router_order *order)
{
    const struct order_slot *selected = &order->slots[order->ranked[0]];
    const struct score_parts *parts = &order->parts[order->ranked[0]];
    at = put(at, ",\"selectedProviderId\":");
    at = put_provider(at, selected->provider);
    at = put(at, ",\"totalQuotes\":");
    at = put_int(at, order->quote_count);
    at = put(at, ",\"score\":");
    at = put_double(at, parts->score);
    at = put(at, ",\"priority\":");
    at = put_int(at, parts->priority);
    at = put(at, ",\"priceScore\":");
    at = put_int(at, parts->price);
    at = put(at, ",\"speedScore\":");
    at = put_int(at, parts->speed);
    at = put(at, ",\"availabilityScore\":");
    at = put_int(at, parts->availability);
    at = put(at, ",\"marginScore\":");
    at = put_int(at, parts->margin);
    at = put(at, ",\"reliabilityScore\":");
    at = put_int(at, parts->reliability);
    at = put(at, ",\"totalCents\":");
    at = put_int(at, selected->result.quote.total_cents);
    at = put_eta(at, selected->result.quote.eta_minutes);
    at = put_preference(at, order);
    at = put_history(at, router, order);
    return router->policy.log_late_quotes ? put_candidates(at, router, order) : at;
}

static const char *failure_text(const struct router_order *order)
{
    if (order->code == ORDER_INVALID_REQUEST) return order->fault;
    if (order->code == ORDER_NO_PROVIDERS) return "No providers are enabled";
    return "No providers returned valid quotes";
}

static char *put_failure(char *at, const struct router *router, const struct router_order *order)
{
    at = put(at, ",\"error\":");
    at = put_word(at, failure_text(order));
    at = put(at, ",\"errorCode\":");
    at = put_word(at, order_code_name((enum order_code)order->code, router->config->profile));
    at = put(at, ",\"attemptedProviders\":[");
    for (unsigned i = 0; i < order->candidate_count; i++) {
        if (i > 0) *at++ = ',';
        at = put_provider(at, order->slots[i].provider);
    }
    at = put(at, "],\"errors\":[");
    for (unsigned i = 0; i < order->candidate_count; i++) {
        if (i > 0) *at++ = ',';
        at = put(at, "{\"providerId\":");
        at = put_provider(at, order->slots[i].provider);
        at = put_error(at, order, i);
        *at++ = '}';
    }
    *at++ = ']';
    if (!router->policy.log_late_quotes || order->code != ORDER_NO_QUOTES) return at;
    at = put_preference(at, order);
    return put_candidates(at, router, order);
}

/* Of equally slow or fast ones the first candidate is named. */
static char *put_latencies(char *at, const struct router_order *order, int64_t now_us)
{
    assert(order->candidate_count > 0);
    const struct order_slot *slowest = &order->slots[0];
    const struct order_slot *fastest = &order->slots[0];
    at = put(at, ",\"totalLatencyMs\":");
    at = put_ms(at, now_us - order->start_us);
    at = put(at, ",\"providerLatencies\":{");
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        if (slot->settled_us > slowest->settled_us) slowest = slot;
        if (slot->settled_us < fastest->settled_us) fastest = slot;
        if (i > 0) *at++ = ',';
        at = put_provider(at, slot->provider);
        *at++ = ':';
        at = put_ms(at, slot->settled_us - order->start_us);
    }
    at = put(at, "},\"slowestProvider\":");
    at = put_provider(at, slowest->provider);
    at = put(at, ",\"fastestProvider\":");
    return put_provider(at, fastest->provider);
}

static char *put_confirm_error(char *at, const char *name, enum confirm_error error)
{
    at = put(at, name);
    at = put_word(at, confirm_error_names[error]);
    at = put(at, ",\"retryable\":");
    return put_bool(at, confirm_error_retryable(error));
}

static char *put_confirm(char *at, enum event_kind kind, const struct router_order *order,
                         unsigned slot, int64_t now_us)
{
    assert(slot < order->candidate_count);
    assert(order->confirm_attempts >= 1);
    const enum confirm_error last =
        (enum confirm_error)order->confirm_errors[order->confirm_attempts - 1];
    at = put_about(at, &order->slots[slot]);
    at = put_latency(at, now_us - order->confirm_started_us);
    at = put(at, ",\"attempts\":");
    at = put_int(at, order->confirm_attempts);
    if (kind == EVENT_CONFIRM_FAILURE) return put_confirm_error(at, ",\"errorCode\":", last);
    at = put(at, ",\"totalCents\":");
    return put_int(at, order->slots[slot].result.quote.total_cents);
}

static char *put_failover(char *at, enum event_kind kind, const struct router_order *order,
                          unsigned slot)
{
    assert(slot < order->candidate_count);
    at = put(at, ",\"fromProviderId\":");
    at = put_provider(at, order->slots[order->ranked[0]].provider);
    at = put(at, ",\"toProviderId\":");
    at = put_provider(at, order->slots[slot].provider);
    at = put(at, ",\"reason\":");
    at = put_word(at, confirm_error_names[order->confirm_errors[0]]);
    if (kind != EVENT_FAILOVER_FAILURE) return at;
    return put_confirm_error(at, ",\"errorCode\":", (enum confirm_error)order->confirm_errors[1]);
}

static char *put_body(char *at, enum event_kind kind, const struct router *router,
                      const struct router_order *order, unsigned slot, int64_t now_us)
{
    switch (kind) {
    case EVENT_QUOTE_START:
    case EVENT_QUOTE_SUCCESS:
    case EVENT_QUOTE_ERROR:
    case EVENT_FALLBACK:
        return put_quote_event(at, kind, order, slot, now_us);
    case EVENT_QUOTE_LATE:
        return put_late(at, order, slot, now_us);
    case EVENT_DECISION:
        return put_decision(at, router, order);
    case EVENT_FAILURE:
        return put_failure(at, router, order);
    case EVENT_LATENCY:
        return put_latencies(at, order, now_us);
    case EVENT_CONFIRM_SUCCESS:
    case EVENT_CONFIRM_FAILURE:
        return put_confirm(at, kind, order, slot, now_us);
    case EVENT_FAILOVER_ATTEMPT:
    case EVENT_FAILOVER_SUCCESS:
    case EVENT_FAILOVER_FAILURE:
        return put_failover(at, kind, order, slot);
    case EVENT_RECORD_OUTCOME:
    case EVENT_KIND_COUNT:
        break;
    }
    assert(!"an event that event_write() does not write");
    return at;
}

/* ---- lines ---- */

static void end_line(struct text *text, char *at)
{
    at = put(at, "}\n");
    *at = '\0';
    text->length = (size_t)(at - text->bytes);
    assert(text->length < text->capacity);
}

void event_write(struct text *text, enum event_kind kind, const struct router *router,
                 const struct router_order *order, unsigned slot, int64_t now_us, int64_t epoch_us)
{
    text_reserve(text, LINE_BYTES_MAX);
    if (text->failed) return;
    char *at = text->bytes + text->length;
    at = put_head(at, kind, order->index, epoch_us + now_us);
    at = put_body(at, kind, router, order, slot, now_us);
    end_line(text, at);
}

static void put_issues(struct text *text, const struct outcome_note *note)
{
    text_put(text, ",\"issues\":[");
    for (uint32_t i = 0; i < note->issue_count; i++) {
        if (i > 0) text_char(text, ',');
        text_json_string(text, note->issues[i]);
    }
    text_put(text, "]");
}

static char *put_known(char *at, int32_t value)
{
    return value == 0 ? put(at, "null") : put_int(at, value);
}

void event_write_outcome(struct text *text, const struct outcome_note *note, int64_t now_us,
                         int64_t epoch_us)
{
    const size_t length_before = text->length;
    text_reserve(text, LINE_BYTES_MAX);
    if (text->failed) return;
    char *at = text->bytes + text->length;
    at = put_head(at, EVENT_RECORD_OUTCOME, note->order_index, epoch_us + now_us);
    at = put(at, ",\"providerId\":");
    at = put_provider(at, note->provider);
    at = put(at, ",\"outcome\":");
    at = put_word(at, note->outcome);
    at = put(at, ",\"deliveredMinutes\":");
    at = put_known(at, note->delivered_minutes);
    at = put(at, ",\"itemsDelivered\":");
    at = put_int(at, note->items_delivered);
    at = put(at, ",\"rating\":");
    at = put_known(at, note->rating);
    at = put(at, ",\"valueCents\":");
    at = put_int(at, note->value_cents);
    at = put(at, ",\"commissionCents\":");
    at = put_int(at, note->commission_cents);
    *at = '\0';
    text->length = (size_t)(at - text->bytes);
    put_issues(text, note);
    text_put(text, "}\n");
    if (!text->failed) return;
    text->length = length_before;
    text->bytes[length_before] = '\0';
}
