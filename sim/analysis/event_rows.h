/* sim/analysis/event_rows.h - an event log read as a table: a line a row, a field a column.
 *
 * The columns are the fields of router/event.h in snake case, as the operators' SQL calls them, in
 * the order in which the lines have them. A latency is a whole number of microseconds, because the
 * log gives milliseconds with three decimals. What is no plain value (history, candidates, errors,
 * providerLatencies, issues), and any field that no column is for, is told by metadata.
 *
 * One line at a time is in memory, so a log of any length is read in the space of its longest line.
 *
 * Ownership: the reader owns its row and the row's texts, until the next row or
 *            event_rows_close(), which is safe after a failure too.
 * Failure:   ERR_INPUT with file and line: no JSON (a log that was cut off), no timestamp, event or
 *            requestId, a field that holds something else than its column, text that is not UTF-8.
 */
#ifndef SIM_ANALYSIS_EVENT_ROWS_H
#define SIM_ANALYSIS_EVENT_ROWS_H

#include <stdio.h>

#include "router/base/err.h"
#include "router/base/text.h"
#include "router/event.h"

enum event_column {
    EVENT_COLUMN_PROVIDER_ID,
    EVENT_COLUMN_ITEM_COUNT,
    EVENT_COLUMN_LATENCY_MS,
    EVENT_COLUMN_LATE_BY_MS,
    EVENT_COLUMN_ERROR,
    EVENT_COLUMN_ERROR_CODE,
    EVENT_COLUMN_RETRYABLE,
    EVENT_COLUMN_REASON,
    EVENT_COLUMN_FALLBACK_MODE,
    EVENT_COLUMN_SELECTED_PROVIDER_ID,
    EVENT_COLUMN_TOTAL_QUOTES,
    EVENT_COLUMN_SCORE,
    EVENT_COLUMN_TOTAL_CENTS,
    EVENT_COLUMN_ESTIMATED_DELIVERY_MINUTES,
    EVENT_COLUMN_ITEMS_FOUND,
    EVENT_COLUMN_ITEMS_REQUESTED,
    EVENT_COLUMN_ITEMS_SUBSTITUTED,
    EVENT_COLUMN_PRIORITY,
    EVENT_COLUMN_SUBTOTAL_CENTS,
    EVENT_COLUMN_CANNED,
    EVENT_COLUMN_CACHED,
    EVENT_COLUMN_PRICE_SCORE,
    EVENT_COLUMN_SPEED_SCORE,
    EVENT_COLUMN_AVAILABILITY_SCORE,
    EVENT_COLUMN_MARGIN_SCORE,
    EVENT_COLUMN_RELIABILITY_SCORE,
    EVENT_COLUMN_PREFERENCE,
    EVENT_COLUMN_TOTAL_LATENCY_MS,
    EVENT_COLUMN_SLOWEST_PROVIDER,
    EVENT_COLUMN_FASTEST_PROVIDER,
    EVENT_COLUMN_ATTEMPTS,
    EVENT_COLUMN_FROM_PROVIDER_ID,
    EVENT_COLUMN_TO_PROVIDER_ID,
    EVENT_COLUMN_OUTCOME,
    EVENT_COLUMN_DELIVERED_MINUTES,
    EVENT_COLUMN_ITEMS_DELIVERED,
    EVENT_COLUMN_RATING,
    EVENT_COLUMN_VALUE_CENTS,
    EVENT_COLUMN_COMMISSION_CENTS,
    EVENT_COLUMN_COUNT
};

enum event_value_kind {
    EVENT_VALUE_TEXT,
    EVENT_VALUE_WHOLE,
    EVENT_VALUE_MS, /* milliseconds, three decimals */
    EVENT_VALUE_DOUBLE,
    EVENT_VALUE_BOOL
};

struct event_column_traits {
    const char *field; /* "latencyMs" */
    const char *name;  /* "latency_ms" */
    enum event_value_kind kind;
};
extern const struct event_column_traits event_columns[EVENT_COLUMN_COUNT];

struct event_value { /* by the column's kind */
    bool known;      /* false: absent, or null: SQL's NULL */
    const char *text;
    int64_t whole; /* of EVENT_VALUE_MS: microseconds; of EVENT_VALUE_BOOL: 0 or 1 */
    double number; /* of EVENT_VALUE_DOUBLE */
};

struct event_row {
    int64_t unix_us;
    const char *event, *request_id;
    enum event_kind kind; /* EVENT_KIND_COUNT: none of ours */
    struct event_value values[EVENT_COLUMN_COUNT];
    const struct cJSON *line; /* the whole object */
};

struct event_rows {
    const char *path; /* borrowed */
    FILE *stream;
    uint64_t line; /* read so far, blank ones included */
    char *bytes;
    size_t room;
    struct cJSON *parsed;
    struct event_row row;
};

bool event_rows_open(struct event_rows *rows, const char *path, struct err *err);
/* The next row; false at the end (err->code is ERR_NONE then) or on a line that is no event. */
bool event_rows_next(struct event_rows *rows, struct err *err);
void event_rows_close(struct event_rows *rows);

/* What the columns do not tell of a row, as a JSON object; nothing when they tell all. Names stay
 * as the log has them. */
void event_rows_metadata(const struct event_row *row, struct text *text);

/* Which edge function of production logs an event: the operators' queries ask for one of them. */
const char *event_function_name(const struct event_row *row);
#define EVENT_ROUTER_FUNCTION "loopgpt_route_order"

/* The instants of a log's first and last row by time, and how many rows it has, before it is read
 * for good. A log without a row is ERR_INPUT. */
struct event_span {
    int64_t first_us, last_us;
    uint64_t rows;
};
bool event_rows_span(const char *path, struct event_span *span, struct err *err);

#endif
