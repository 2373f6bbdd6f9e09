#include "sim/command/findings.h"

#include <string.h>

static void put_member(struct text *text, const char *key, const char *value)
{
    text_format(text, ",\"%s\":", key);
    text_json_string(text, value);
}

void findings_write_json(struct text *text, const struct err_list *list, bool first)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct err *err = &list->items[i];
        text_put(text, first && i == 0 ? "{\"file\":" : ",{\"file\":");
        if (err->place.file != NULL) {
            text_json_string(text, err->place.file);
        } else {
            text_put(text, "null");
        }
        text_format(text, ",\"line\":%u,\"column\":%u,\"width\":%u", err->place.line,
                    err->place.column, err->place.width);
        put_member(text, "severity", err->warning ? "warning" : "error");
        put_member(text, "message", err->message);
        put_member(text, "hint", err->hint);
        text_char(text, '}');
    }
}

/* A workflow command ends at a line end, and a property at a colon or comma as well. */
static void put_escaped(struct text *text, const char *words, bool property)
{
    for (const char *c = words; *c != '\0'; c++) {
        const bool escape =
            *c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ','));
        if (escape) {
            text_format(text, "%%%02X", (unsigned)*c);
        } else {
            text_char(text, *c);
        }
    }
}

void findings_write_github(struct text *text, const struct err_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct err *err = &list->items[i];
        text_put(text, err->warning ? "::warning" : "::error");
        if (err->place.file != NULL) {
            text_put(text, " file=");
            put_escaped(text, err->place.file, true);
            if (err->place.line > 0) text_format(text, ",line=%u", err->place.line);
            if (err->place.column > 0) text_format(text, ",col=%u", err->place.column);
        }
        text_put(text, "::");
        put_escaped(text, err->message, false);
        if (err->hint[0] != '\0') {
            text_put(text, " (");
            put_escaped(text, err->hint, false);
            text_char(text, ')');
        }
        text_char(text, '\n');
    }
}
