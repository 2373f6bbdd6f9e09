#include "sim/analysis/event_rows.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "providers/foreign_json.h"
#include "router/base/duration.h"
#include "router/base/utf8.h"

enum { ROW_BYTES_MAX = 1 << 20 }; /* a longer line has lost its end */

const struct event_column_traits event_columns[EVENT_COLUMN_COUNT] = {
    [EVENT_COLUMN_PROVIDER_ID] = {"providerId", "provider_id", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_ITEM_COUNT] = {"itemCount", "item_count", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_LATENCY_MS] = {"latencyMs", "latency_ms", EVENT_VALUE_MS},
    [EVENT_COLUMN_LATE_BY_MS] = {"lateByMs", "late_by_ms", EVENT_VALUE_MS},
    [EVENT_COLUMN_ERROR] = {"error", "error", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_ERROR_CODE] = {"errorCode", "error_code", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_RETRYABLE] = {"retryable", "retryable", EVENT_VALUE_BOOL},
    [EVENT_COLUMN_REASON] = {"reason", "reason", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_FALLBACK_MODE] = {"fallbackMode", "fallback_mode", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_SELECTED_PROVIDER_ID] = {"selectedProviderId", "selected_provider_id",
                                           EVENT_VALUE_TEXT},
    [EVENT_COLUMN_TOTAL_QUOTES] = {"totalQuotes", "total_quotes", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_SCORE] = {"score", "score", EVENT_VALUE_DOUBLE},
    [EVENT_COLUMN_TOTAL_CENTS] = {"totalCents", "total_cents", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_ESTIMATED_DELIVERY_MINUTES] = {"estimatedDeliveryMinutes",
                                                 "estimated_delivery_minutes", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_ITEMS_FOUND] = {"itemsFound", "items_found", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_ITEMS_REQUESTED] = {"itemsRequested", "items_requested", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_ITEMS_SUBSTITUTED] = {"itemsSubstituted", "items_substituted", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_PRIORITY] = {"priority", "priority", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_SUBTOTAL_CENTS] = {"subtotalCents", "subtotal_cents", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_CANNED] = {"canned", "canned", EVENT_VALUE_BOOL},
    [EVENT_COLUMN_CACHED] = {"cached", "cached", EVENT_VALUE_BOOL},
    [EVENT_COLUMN_PRICE_SCORE] = {"priceScore", "price_score", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_SPEED_SCORE] = {"speedScore", "speed_score", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_AVAILABILITY_SCORE] = {"availabilityScore", "availability_score",
                                         EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_MARGIN_SCORE] = {"marginScore", "margin_score", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_RELIABILITY_SCORE] = {"reliabilityScore", "reliability_score", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_PREFERENCE] = {"preference", "preference", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_TOTAL_LATENCY_MS] = {"totalLatencyMs", "total_latency_ms", EVENT_VALUE_MS},
    [EVENT_COLUMN_SLOWEST_PROVIDER] = {"slowestProvider", "slowest_provider", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_FASTEST_PROVIDER] = {"fastestProvider", "fastest_provider", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_ATTEMPTS] = {"attempts", "attempts", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_FROM_PROVIDER_ID] = {"fromProviderId", "from_provider_id", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_TO_PROVIDER_ID] = {"toProviderId", "to_provider_id", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_OUTCOME] = {"outcome", "outcome", EVENT_VALUE_TEXT},
    [EVENT_COLUMN_DELIVERED_MINUTES] = {"deliveredMinutes", "delivered_minutes", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_ITEMS_DELIVERED] = {"itemsDelivered", "items_delivered", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_RATING] = {"rating", "rating", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_VALUE_CENTS] = {"valueCents", "value_cents", EVENT_VALUE_WHOLE},
    [EVENT_COLUMN_COMMISSION_CENTS] = {"commissionCents", "commission_cents", EVENT_VALUE_WHOLE},
};

/* ---- one line ---- */

static struct place place_of(const struct event_rows *rows)
{
    return (struct place){.file = rows->path, .line = (uint32_t)rows->line};
}

static bool refuse_field(const struct event_rows *rows, const char *field, struct err *err)
{
    return err_fail(err, ERR_INPUT, place_of(rows), "\"%s\" does not hold what it is for", field);
}

/* The column of a field. Lines have their fields in the order of the columns, more or less, so the
 * search begins behind the last that was found. */
static unsigned column_of(const char *field, unsigned after)
{
    for (unsigned i = 0; i < EVENT_COLUMN_COUNT; i++) {
        const unsigned column = (after + i) % EVENT_COLUMN_COUNT;
        if (strcmp(event_columns[column].field, field) == 0) return column;
    }
    return EVENT_COLUMN_COUNT;
}

static bool take_value(struct event_value *value, enum event_value_kind kind, const cJSON *node)
{
    const double number = cJSON_IsNumber(node) ? node->valuedouble : (double)NAN;
    switch (kind) {
    case EVENT_VALUE_TEXT:
        value->text = node->valuestring;
        return cJSON_IsString(node);
    case EVENT_VALUE_WHOLE:
        if (!(fabs(number) < 0x1p53) || rint(number) != number) return false;
        value->whole = (int64_t)number;
        return true;
    case EVENT_VALUE_MS:
        if (!(number >= 0.0) || !(number < 1e9)) return false; /* below numeric(12,3)'s end */
        value->whole = (int64_t)rint(number * 1000.0);
        return true;
    case EVENT_VALUE_DOUBLE:
        value->number = number;
        return isfinite(number);
    case EVENT_VALUE_BOOL:
        value->whole = cJSON_IsTrue(node);
        return cJSON_IsBool(node);
    }
    return false;
}

static bool is_head(const char *field)
{
    return strcmp(field, "timestamp") == 0 || strcmp(field, "event") == 0 ||
           strcmp(field, "requestId") == 0;
}

static bool take_values(struct event_rows *rows, struct err *err)
{
    unsigned after = 0;
    const cJSON *node;
    memset(rows->row.values, 0, sizeof rows->row.values);
    cJSON_ArrayForEach(node, rows->parsed)
    {
        if (is_head(node->string)) continue;
        const unsigned column = column_of(node->string, after);
        if (column == EVENT_COLUMN_COUNT) continue; /* metadata tells it */
        after = column + 1;
        if (cJSON_IsNull(node)) continue;
        struct event_value *value = &rows->row.values[column];
        if (!take_value(value, event_columns[column].kind, node))
            return refuse_field(rows, node->string, err);
        value->known = true;
    }
    return true;
}

static enum event_kind kind_of(const char *event)
{
    for (unsigned k = 0; k < EVENT_KIND_COUNT; k++)
        if (strcmp(event_names[k], event) == 0) return (enum event_kind)k;
    return EVENT_KIND_COUNT;
}

static bool take_head(struct event_rows *rows, struct err *err)
{
    const cJSON *const stamp = cJSON_GetObjectItemCaseSensitive(rows->parsed, "timestamp");
    const cJSON *const event = cJSON_GetObjectItemCaseSensitive(rows->parsed, "event");
    const cJSON *const id = cJSON_GetObjectItemCaseSensitive(rows->parsed, "requestId");
    struct event_row *row = &rows->row;
    if (!cJSON_IsString(event)) return refuse_field(rows, "event", err);
    if (!cJSON_IsString(id)) return refuse_field(rows, "requestId", err);
    if (!cJSON_IsString(stamp) ||
        !instant_parse(stamp->valuestring, (struct place){0}, &row->unix_us, err))
        return refuse_field(rows, "timestamp", err);
    row->event = event->valuestring;
    row->request_id = id->valuestring;
    row->kind = kind_of(row->event);
    row->line = rows->parsed;
    return true;
}

static bool is_utf8(const char *bytes, size_t length)
{
    uint32_t code;
    for (size_t at = 0; at < length;) {
        if ((unsigned char)bytes[at] < 0x80) {
            at++;
            continue;
        }
        const unsigned read = utf8_read(bytes + at, length - at, &code);
        if (read == 0) return false;
        at += read;
    }
    return true;
}

/* The next line that is not blank; -1: the end, or a failure. */
static ssize_t read_line(struct event_rows *rows, struct err *err)
{
    ssize_t length;
    *err = (struct err){.code = ERR_NONE};
    while ((length = getline(&rows->bytes, &rows->room, rows->stream)) >= 0) {
        rows->line++;
        if (strspn(rows->bytes, " \t\r\n") < (size_t)length) return length;
    }
    if (ferror(rows->stream))
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){.file = rows->path},
                       "cannot read it: %s", strerror(errno));
    return -1;
}

static bool refuse_line(const struct event_rows *rows, size_t length, struct err *err)
{
    const bool cut = rows->bytes[length - 1] != '\n';
    (void)err_fail(err, ERR_INPUT, place_of(rows),
                   cut ? "the log was cut off in the middle of this line"
                       : "this line is no JSON object in UTF-8");
    return err_hint(err, "a table that lacks rows would answer wrong; take a whole log");
}

bool event_rows_open(struct event_rows *rows, const char *path, struct err *err)
{
    *rows = (struct event_rows){.path = path, .stream = fopen(path, "rb")};
    if (rows->stream != NULL) return true;
    return err_fail(err, errno == ENOENT ? ERR_INPUT : ERR_ENVIRONMENT,
                    (struct place){.file = path}, "cannot open it: %s", strerror(errno));
}

bool event_rows_next(struct event_rows *rows, struct err *err)
{
    assert(rows->stream != NULL);
    cJSON_Delete(rows->parsed);
    rows->parsed = NULL;
    const ssize_t length = read_line(rows, err);
    if (length < 0) return false;
    if (length < ROW_BYTES_MAX && is_utf8(rows->bytes, (size_t)length))
        rows->parsed = foreign_json_parse(rows->bytes, (size_t)length);
    if (!cJSON_IsObject(rows->parsed)) return refuse_line(rows, (size_t)length, err);
    return take_head(rows, err) && take_values(rows, err);
}

void event_rows_close(struct event_rows *rows)
{
    cJSON_Delete(rows->parsed);
    free(rows->bytes);
    if (rows->stream != NULL) (void)fclose(rows->stream);
    *rows = (struct event_rows){0};
}

/* ---- what no column tells ---- */

/* cJSON would print a number with the digits of a float that it is not. */
static void put_json(struct text *text, const cJSON *node)
{
    const cJSON *child;
    if (cJSON_IsNumber(node)) {
        text_double(text, node->valuedouble);
    } else if (cJSON_IsString(node)) {
        text_json_string(text, node->valuestring);
    } else if (cJSON_IsBool(node)) {
        text_put(text, cJSON_IsTrue(node) ? "true" : "false");
    } else if (cJSON_IsNull(node)) {
        text_put(text, "null");
    } else {
        const bool object = cJSON_IsObject(node);
        text_char(text, object ? '{' : '[');
        cJSON_ArrayForEach(child, node)
        {
            if (child != node->child) text_char(text, ',');
            if (object) text_json_string(text, child->string);
            if (object) text_char(text, ':');
            put_json(text, child);
        }
        text_char(text, object ? '}' : ']');
    }
}

void event_rows_metadata(const struct event_row *row, struct text *text)
{
    unsigned after = 0;
    bool any = false;
    const cJSON *node;
    cJSON_ArrayForEach(node, row->line)
    {
        if (is_head(node->string)) continue;
        const unsigned column = column_of(node->string, after);
        if (column < EVENT_COLUMN_COUNT) {
            after = column + 1;
            continue;
        }
        text_char(text, any ? ',' : '{');
        any = true;
        text_json_string(text, node->string);
        text_char(text, ':');
        put_json(text, node);
    }
    if (any) text_char(text, '}');
}

const char *event_function_name(const struct event_row *row)
{
    if (row->kind == EVENT_RECORD_OUTCOME) return "loopgpt_record_outcome";
    return strncmp(row->event, "commerce.", 9) == 0 ? "loopgpt_confirm_order"
                                                    : EVENT_ROUTER_FUNCTION;
}

/* ---- the span of a log ---- */

static bool span_instant(const char *line, size_t length, int64_t *unix_us)
{
    static const char ours[] = "{\"timestamp\":\"";
    enum { HEAD = sizeof ours - 1, INSTANT = 24 };
    char stamp[INSTANT + 1];
    struct err ignored;
    if (length <= HEAD + INSTANT || memcmp(line, ours, HEAD) != 0 || line[HEAD + INSTANT] != '"')
        return false;
    memcpy(stamp, line + HEAD, INSTANT);
    stamp[INSTANT] = '\0';
    return instant_parse(stamp, (struct place){0}, unix_us, &ignored);
}

bool event_rows_span(const char *path, struct event_span *span, struct err *err)
{
    struct event_rows rows;
    ssize_t length;
    bool ok = event_rows_open(&rows, path, err);
    *span = (struct event_span){.first_us = INT64_MAX, .last_us = INT64_MIN};
    while (ok && (length = read_line(&rows, err)) >= 0) {
        int64_t unix_us = 0;
        if (!span_instant(rows.bytes, (size_t)length, &unix_us)) {
            rows.parsed =
                length < ROW_BYTES_MAX ? foreign_json_parse(rows.bytes, (size_t)length) : NULL;
            ok = cJSON_IsObject(rows.parsed) ? take_head(&rows, err)
                                             : refuse_line(&rows, (size_t)length, err);
            unix_us = rows.row.unix_us;
            cJSON_Delete(rows.parsed);
            rows.parsed = NULL;
        }
        span->rows++;
        if (unix_us < span->first_us) span->first_us = unix_us;
        if (unix_us > span->last_us) span->last_us = unix_us;
    }
    ok = ok && err->code == ERR_NONE;
    event_rows_close(&rows);
    if (ok && span->rows == 0)
        return err_fail(err, ERR_INPUT, (struct place){.file = path}, "there is no event in it");
    return ok;
}
