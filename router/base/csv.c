#include "router/base/csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/json.h"
#include "router/base/memory.h"
#include "router/base/text.h"
#include "router/base/utf8.h"

static void begin(struct csv *csv, const char *name)
{
    *csv = (struct csv){.file = name, .line = 1, .next_line = 1, .next_column = 1};
}

static void skip_byte_order_mark(struct csv *csv)
{
    static const char mark[] = "\xEF\xBB\xBF";
    const size_t length = strlen(mark);
    if (csv->length >= length && memcmp(csv->bytes, mark, length) == 0) csv->cursor = length;
}

bool csv_open(struct csv *csv, const char *path, struct err *err)
{
    assert(csv != NULL);
    begin(csv, path);
    csv->bytes = json_load(path, CSV_BYTES_MAX, &csv->length, err);
    if (csv->bytes == NULL) return false;
    skip_byte_order_mark(csv);
    return true;
}

bool csv_from_bytes(struct csv *csv, const char *name, const char *bytes, size_t length,
                    struct err *err)
{
    assert(csv != NULL);
    assert(bytes != NULL || length == 0);
    begin(csv, name);
    const struct place whole = {.file = name};
    if (length > CSV_BYTES_MAX) {
        return err_fail(err, ERR_INPUT, whole, "is longer than %zu bytes", CSV_BYTES_MAX);
    }
    csv->bytes = memory_resize(NULL, length + 1, 1);
    if (csv->bytes == NULL) return err_fail(err, ERR_ENVIRONMENT, whole, "out of memory");
    if (length != 0) memcpy(csv->bytes, bytes, length);
    csv->bytes[length] = '\0';
    csv->length = length;
    skip_byte_order_mark(csv);
    return true;
}

/* ---- one record ---- */

static bool at_end(const struct csv *csv)
{
    return csv->cursor == csv->length;
}

/* The bytes of the line end at the cursor: 0 when none is there. The end of the text is none. */
static size_t line_end(const struct csv *csv)
{
    const char *at = csv->bytes + csv->cursor;
    if (at[0] == '\n') return 1;
    return at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

static struct csv_spot spot_here(const struct csv *csv)
{
    return (struct csv_spot){csv->next_line, csv->next_column, 1};
}

/* A bad record ends the reading: what follows it could not be trusted. */
static bool refuse(struct csv *csv, struct csv_spot spot, struct err *err, const char *message)
{
    const struct place place = {csv->file, spot.line, spot.column, spot.width};
    csv->cursor = csv->length;
    csv->count = 0;
    return err_fail(err, ERR_INPUT, place, "%s", message);
}

static bool refuse_nul(struct csv *csv, struct err *err)
{
    return refuse(csv, spot_here(csv), err, "a NUL byte cannot stand in CSV");
}

static void step_over_line_end(struct csv *csv, size_t size)
{
    csv->cursor += size;
    csv->next_line++;
    csv->next_column = 1;
}

/* Steps over one byte that is no line end; the later bytes of a character add no column. */
static void step(struct csv *csv)
{
    const unsigned char byte = (unsigned char)csv->bytes[csv->cursor++];
    if ((byte & 0xC0) != 0x80) csv->next_column++;
}

/* Moves a quoted field one byte to the left, over its quote, and doubled quotes together; the
 * result is never longer than what it came from. `end` becomes where its NUL belongs. */
static bool read_quoted(struct csv *csv, char **end, struct err *err)
{
    const struct csv_spot opening = spot_here(csv);
    char *to = csv->bytes + csv->cursor;
    step(csv);
    for (;;) {
        const char c = csv->bytes[csv->cursor];
        if (at_end(csv)) return refuse(csv, opening, err, "this quote is never closed");
        if (c == '\0') return refuse_nul(csv, err);
        if (c == '"' && csv->bytes[csv->cursor + 1] != '"') break;
        if (c == '\n') {
            *to++ = c;
            step_over_line_end(csv, 1);
            continue;
        }
        if (c == '"') step(csv);
        *to++ = c;
        step(csv);
    }
    step(csv);
    *end = to;
    return true;
}

static bool read_plain(struct csv *csv, char **end, struct err *err)
{
    while (!at_end(csv) && csv->bytes[csv->cursor] != ',' && line_end(csv) == 0) {
        if (csv->bytes[csv->cursor] == '\0') return refuse_nul(csv, err);
        step(csv);
    }
    *end = csv->bytes + csv->cursor;
    return true;
}

/* Reads a field and what ends it. The NUL goes in last: it may replace the very comma. */
static bool read_field(struct csv *csv, bool *more, struct err *err)
{
    struct csv_spot spot = spot_here(csv);
    if (csv->count == CSV_FIELDS_MAX) {
        (void)refuse(csv, spot, err, "too many fields in one record");
        return err_hint(err, "at most %d are read; is a quote missing?", CSV_FIELDS_MAX);
    }
    char *field = csv->bytes + csv->cursor;
    char *end = NULL;
    const bool quoted = *field == '"';
    if (!(quoted ? read_quoted(csv, &end, err) : read_plain(csv, &end, err))) return false;
    if (csv->next_line == spot.line && csv->next_column > spot.column) {
        spot.width = csv->next_column - spot.column;
    }
    const size_t break_size = line_end(csv);
    *more = csv->bytes[csv->cursor] == ',';
    if (*more) {
        step(csv);
    } else if (break_size != 0) {
        step_over_line_end(csv, break_size);
    } else if (!at_end(csv)) {
        return refuse(csv, spot_here(csv), err, "text after a closing quote");
    }
    *end = '\0';
    csv->spots[csv->count] = spot;
    csv->fields[csv->count++] = field;
    return true;
}

static void skip_empty_lines(struct csv *csv)
{
    for (size_t size = line_end(csv); size != 0; size = line_end(csv)) {
        step_over_line_end(csv, size);
    }
}

bool csv_next(struct csv *csv, struct err *err)
{
    assert(csv != NULL);
    assert(csv->bytes != NULL);
    csv->count = 0;
    skip_empty_lines(csv);
    csv->line = csv->next_line;
    if (at_end(csv)) {
        err->code = ERR_NONE;
        return false;
    }
    bool more = true;
    while (more) {
        if (!read_field(csv, &more, err)) return false;
    }
    assert(csv->count > 0);
    return true;
}

/* ---- columns and places ---- */

bool csv_column(const struct csv *csv, const char *name, uint32_t *column, struct err *err)
{
    assert(name != NULL);
    assert(column != NULL);
    const char *names[CSV_FIELDS_MAX + 1];
    for (uint32_t i = 0; i < csv->count; i++) {
        names[i] = csv->fields[i];
        if (strcmp(names[i], name) != 0) continue;
        *column = i;
        return true;
    }
    names[csv->count] = NULL;

    char hint[ERR_HINT_MAX];
    const struct place place = {.file = csv->file, .line = csv->line, .column = 1};
    (void)err_fail(err, ERR_INPUT, place, "there is no column \"%s\"", name);
    return text_suggest(name, names, hint, sizeof hint) ? err_hint(err, "%s", hint) : false;
}

struct place csv_place(const struct csv *csv, uint32_t field)
{
    if (field >= csv->count) return (struct place){.file = csv->file, .line = csv->line};
    const struct csv_spot *spot = &csv->spots[field];
    return (struct place){csv->file, spot->line, spot->column, spot->width};
}

void csv_release(struct csv *csv)
{
    if (csv == NULL) return;
    free(csv->bytes);
    begin(csv, NULL);
}
