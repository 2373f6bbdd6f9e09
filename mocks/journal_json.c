/* One entry as a line of JSON. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "mocks/journal_state.h"

static void put_text_or_null(struct text *text, const char *string)
{
    if (string == NULL) {
        text_put(text, "null");
    } else {
        text_json_string(text, string);
    }
}

static void put_key(struct text *text, const char *key)
{
    text_char(text, ',');
    text_json_string(text, key);
    text_char(text, ':');
}

static void put_int_or_null(struct text *text, int64_t value, int64_t none)
{
    if (value == none) {
        text_put(text, "null");
    } else {
        text_int(text, value);
    }
}

/* A list of the lines; the last may have been cut before its LF. */
static void put_lines(struct text *text, const char *lines)
{
    char line[JOURNAL_HEADERS_MAX + JOURNAL_VARYING_MAX];
    text_char(text, '[');
    for (const char *at = lines; *at != '\0';) {
        const size_t length = strcspn(at, "\n");
        assert(length < sizeof line);
        memcpy(line, at, length);
        line[length] = '\0';
        if (at != lines) text_char(text, ',');
        text_json_string(text, line);
        at += length + (at[length] == '\n');
    }
    text_char(text, ']');
}

static void put_cut(struct text *text, unsigned cut)
{
    static const struct {
        enum journal_cut bit;
        const char *name;
    } rows[] = {{JOURNAL_CUT_METHOD, "method"},
                {JOURNAL_CUT_PATH, "path"},
                {JOURNAL_CUT_QUERY, "query"},
                {JOURNAL_CUT_HEADERS, "headers"},
                {JOURNAL_CUT_VARYING, "varying"}};
    bool first = true;
    text_char(text, '[');
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if ((cut & rows[i].bit) == 0) continue;
        if (!first) text_char(text, ',');
        text_json_string(text, rows[i].name);
        first = false;
    }
    text_char(text, ']');
}

static void put_order_key(struct text *text, uint64_t order_key)
{
    if (order_key == 0) {
        text_put(text, "null");
    } else { /* as text: a reader that takes numbers for doubles would lose its end */
        text_format(text, "\"%016" PRIx64 "\"", order_key);
    }
}

void journal_write_entry(const struct journal_entry *entry, int form, struct text *text)
{
    assert(form == JOURNAL_PLAIN || form == JOURNAL_NORMALISED);
    const bool plain = form == JOURNAL_PLAIN;
    const char *const operation =
        entry->operation == JOURNAL_NO_OPERATION ? NULL : operation_names[entry->operation];
    text_put(text, "{\"sequence\":");
    text_int(text, (int64_t)entry->sequence);
    if (plain) {
        put_key(text, "instant_us");
        text_int(text, entry->instant_us);
    }
    put_key(text, "provider");
    text_json_string(text, provider_traits[entry->provider].id);
    put_key(text, "operation");
    put_text_or_null(text, operation);
    put_key(text, "method");
    text_json_string(text, entry->method);
    put_key(text, "path");
    text_json_string(text, entry->path);
    put_key(text, "query");
    text_json_string(text, entry->query);
    put_key(text, "headers");
    put_lines(text, entry->headers);
    if (plain) {
        put_key(text, "varying");
        put_lines(text, entry->varying);
    }
    put_key(text, "status");
    put_int_or_null(text, entry->status, 0);
    put_key(text, "fate");
    text_json_string(text, call_fate_names[entry->fate]);
    put_key(text, "fault");
    put_text_or_null(text, entry->fault);
    put_key(text, "latency_us");
    put_int_or_null(text, entry->latency_us, INT64_MAX);
    put_key(text, "order_key");
    put_order_key(text, entry->order_key);
    put_key(text, "cut");
    put_cut(text, plain ? entry->cut : entry->cut & ~(unsigned)JOURNAL_CUT_VARYING);
    text_put(text, "}\n");
}
