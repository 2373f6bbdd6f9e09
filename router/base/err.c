#include "router/base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/utf8.h"

/* A source line longer than this is shown in part, starting so many characters before the caret. */
enum { EXCERPT_CHARACTERS_MAX = 96, EXCERPT_BEFORE_CARET = 40, TAB_CELLS = 4 };

/* ---- making ---- */

/* Marks what was cut, because a silent cut reads like the end of the sentence. */
static void cut_to_fit(char *text, size_t size)
{
    static const char mark[] = "...";
    const size_t kept = utf8_whole(text, size - sizeof mark);
    memcpy(text + kept, mark, sizeof mark);
}

static void write_message(char *text, size_t size, const char *format, va_list arguments)
{
    const int length = vsnprintf(text, size, format, arguments);
    if (length < 0) {
        (void)snprintf(text, size, "(message could not be formatted)");
    } else if ((size_t)length >= size) {
        cut_to_fit(text, size);
    }
}

static void begin(struct err *err, enum err_code code, struct place place)
{
    err->code = code;
    err->place = place;
    err->warning = false;
    err->message[0] = '\0';
    err->hint[0] = '\0';
}

bool err_fail(struct err *err, enum err_code code, struct place place, const char *format, ...)
{
    assert(err != NULL);
    assert(code != ERR_NONE);
    va_list arguments;
    va_start(arguments, format);
    begin(err, code, place);
    write_message(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return false;
}

bool err_hint(struct err *err, const char *format, ...)
{
    assert(err != NULL);
    assert(err->code != ERR_NONE);
    va_list arguments;
    va_start(arguments, format);
    write_message(err->hint, sizeof err->hint, format, arguments);
    va_end(arguments);
    return false;
}

int err_exit_code(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return 0;
    case ERR_USAGE:
        return 2;
    case ERR_INPUT:
        return 3;
    case ERR_ENVIRONMENT:
        return 4;
    }
    assert(false && "an err_code without an exit code");
    return 4;
}

/* ---- gathering ---- */

/* The slot for one more item in a full list: an error takes that of the last warning, since a
 * person who is refused must be told why. */
static struct err *slot_in_full_list(struct err_list *list, const struct err *err)
{
    if (err->warning) return NULL;
    for (uint32_t i = list->count; i > 0; i--) {
        if (!list->items[i - 1].warning) continue;
        memmove(&list->items[i - 1], &list->items[i], (list->count - i) * sizeof list->items[0]);
        return &list->items[list->count - 1];
    }
    return NULL;
}

void err_list_add(struct err_list *list, const struct err *err)
{
    assert(list != NULL);
    assert(list->count <= ERR_LIST_MAX);
    assert(err->code != ERR_NONE);
    struct err *slot =
        list->count < ERR_LIST_MAX ? &list->items[list->count++] : slot_in_full_list(list, err);
    if (slot != NULL) *slot = *err;
    *(err->warning ? &list->warnings : &list->errors) += 1;
}

static void add_with_hint(struct err_list *list, struct err *err, const char *hint)
{
    if (hint != NULL) (void)err_hint(err, "%s", hint);
    err_list_add(list, err);
}

void err_add(struct err_list *list, struct place place, const char *hint, const char *format, ...)
{
    struct err err;
    va_list arguments;
    va_start(arguments, format);
    begin(&err, ERR_INPUT, place);
    write_message(err.message, sizeof err.message, format, arguments);
    va_end(arguments);
    add_with_hint(list, &err, hint);
}

void err_warn(struct err_list *list, struct place place, const char *hint, const char *format, ...)
{
    struct err err;
    va_list arguments;
    va_start(arguments, format);
    begin(&err, ERR_INPUT, place);
    err.warning = true;
    write_message(err.message, sizeof err.message, format, arguments);
    va_end(arguments);
    add_with_hint(list, &err, hint);
}

/* ---- printing ---- */

/* Columns a terminal gives to a character: enough of East Asian Width to keep carets straight. */
static unsigned terminal_cells(uint32_t code)
{
    if (code < 0x300) return 1;
    if (code <= 0x36F || (code >= 0xFE00 && code <= 0xFE0F) || code == 0x200B || code == 0x200D) {
        return 0;
    }
    if (code < 0x1100) return 1;
    const bool wide = code <= 0x115F || (code >= 0x2E80 && code <= 0xA4CF && code != 0x303F) ||
                      (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                      (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                      (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1F64F) ||
                      (code >= 0x1F900 && code <= 0x1F9FF) || (code >= 0x20000 && code <= 0x3FFFD);
    return wide ? 2 : 1;
}

struct glyph { /* one character as it is shown */
    unsigned bytes;
    unsigned cells;
    char text[12];
};

static struct glyph glyph_at(const char *bytes, size_t left)
{
    struct glyph glyph = {0};
    uint32_t code = 0;
    glyph.bytes = utf8_read(bytes, left, &code);
    if (glyph.bytes == 0) {
        glyph.bytes = 1;
        glyph.cells = (unsigned)snprintf(glyph.text, sizeof glyph.text, "\\x%02x",
                                         (unsigned)(unsigned char)bytes[0]);
    } else if (code == '\t') {
        glyph.cells = TAB_CELLS;
        memset(glyph.text, ' ', TAB_CELLS);
    } else if (!utf8_is_visible(code)) {
        const int cells = code < 0x80
                              ? snprintf(glyph.text, sizeof glyph.text, "\\x%02x", (unsigned)code)
                              : snprintf(glyph.text, sizeof glyph.text, "\\u%04x", (unsigned)code);
        glyph.cells = (unsigned)cells;
    } else {
        glyph.cells = terminal_cells(code);
        memcpy(glyph.text, bytes, glyph.bytes);
    }
    return glyph;
}

static void print_safely(FILE *stream, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const struct glyph glyph = glyph_at(text, left);
        (void)fputs(glyph.text, stream);
        text += glyph.bytes;
        left -= glyph.bytes;
    }
}

static void print_repeated(FILE *stream, char c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)fputc(c, stream);
}

/* The start of a 1-based line, its length without the line end, or NULL if there is no such line.
 */
static const char *find_line(const char *source, uint32_t line, size_t *length)
{
    const char *start = source;
    for (uint32_t at = 1; at < line; at++) {
        const char *end = strchr(start, '\n');
        if (end == NULL) return NULL;
        start = end + 1;
    }
    *length = strcspn(start, "\n");
    if (*length > 0 && start[*length - 1] == '\r') *length -= 1;
    return start;
}

struct window { /* the part of a line that is shown, in characters counted from 1 */
    size_t first;
    size_t end; /* one past the last */
    size_t line_end;
};

static struct window window_around(size_t characters, uint32_t column)
{
    struct window window = {.first = 1, .end = characters + 1, .line_end = characters + 1};
    if (characters <= EXCERPT_CHARACTERS_MAX) return window;
    if (column > EXCERPT_BEFORE_CARET) window.first = column - EXCERPT_BEFORE_CARET;
    const size_t last_start = characters - EXCERPT_CHARACTERS_MAX + 1;
    if (window.first > last_start) window.first = last_start;
    window.end = window.first + EXCERPT_CHARACTERS_MAX;
    return window;
}

static void print_source_line(FILE *stream, const char *line, size_t length, struct window window)
{
    if (window.first > 1) (void)fputs("...", stream);
    size_t at = 1;
    for (size_t i = 0; i < length && at < window.end; at++) {
        const struct glyph glyph = glyph_at(line + i, length - i);
        if (at >= window.first) (void)fputs(glyph.text, stream);
        i += glyph.bytes;
    }
    if (window.end < window.line_end) (void)fputs("...", stream);
    (void)fputc('\n', stream);
}

/* Spaces up to the column, then how many cells the culprit covers on this line: at least one, for a
 * culprit past the end of its line, such as a missing bracket, has no cell of its own. */
static size_t print_caret_margin(FILE *stream, const char *line, size_t length,
                                 struct window window, const struct place *place)
{
    const uint64_t end = (uint64_t)place->column + (place->width == 0 ? 1 : place->width);
    size_t before = window.first > 1 ? strlen("...") : 0;
    size_t under = 0;
    size_t at = 1;
    for (size_t i = 0; i < length && at < window.end && at < end; at++) {
        const struct glyph glyph = glyph_at(line + i, length - i);
        if (at >= window.first) *(at < place->column ? &before : &under) += glyph.cells;
        i += glyph.bytes;
    }
    print_repeated(stream, ' ', before);
    return under == 0 ? 1 : under;
}

static void print_excerpt(FILE *stream, const struct place *place, bool warning, const char *source,
                          bool color)
{
    size_t length = 0;
    const char *line = find_line(source, place->line, &length);
    if (line == NULL) return;
    const struct window window = window_around(utf8_count(line, length), place->column);

    (void)fprintf(stream, "%5u | ", (unsigned)place->line);
    print_source_line(stream, line, length, window);
    if (place->column == 0) return;

    (void)fputs("      | ", stream);
    const size_t cells = print_caret_margin(stream, line, length, window, place);
    if (color) (void)fputs(warning ? "\033[1;33m" : "\033[1;31m", stream);
    (void)fputc('^', stream);
    print_repeated(stream, '~', cells - 1);
    if (color) (void)fputs("\033[0m", stream);
    (void)fputc('\n', stream);
}

static void print_place(FILE *stream, const struct place *place)
{
    if (place->file == NULL) return;
    print_safely(stream, place->file);
    if (place->line != 0) (void)fprintf(stream, ":%u", (unsigned)place->line);
    if (place->line != 0 && place->column != 0) {
        (void)fprintf(stream, ":%u", (unsigned)place->column);
    }
    (void)fputs(": ", stream);
}

void err_print(FILE *stream, const struct err *err, const char *source, bool color)
{
    assert(stream != NULL);
    assert(err->code != ERR_NONE);
    print_place(stream, &err->place);
    if (color) (void)fputs(err->warning ? "\033[1;33m" : "\033[1;31m", stream);
    (void)fputs(err->warning ? "warning" : "error", stream);
    if (color) (void)fputs("\033[0m", stream);
    (void)fputs(": ", stream);
    print_safely(stream, err->message);
    (void)fputc('\n', stream);
    if (source != NULL && err->place.line != 0) {
        print_excerpt(stream, &err->place, err->warning, source, color);
    }
    if (err->hint[0] == '\0') return;
    (void)fputs("  hint: ", stream);
    print_safely(stream, err->hint);
    (void)fputc('\n', stream);
}

/* Names of input files are few, and each is kept once; past the last place the name is let go. */
enum { NAMES_KEPT = 64, NAME_BYTES = 4096 };

static struct {
    char names[NAMES_KEPT][NAME_BYTES];
    char *sources[NAMES_KEPT]; /* of some */
    unsigned count;
} kept;

/* The place of a name; `count` when it is not kept. */
static unsigned kept_index(const char *name)
{
    unsigned i = 0;
    while (i < kept.count && strcmp(kept.names[i], name) != 0)
        i++;
    return i;
}

const char *err_keep_name(const char *name)
{
    if (name == NULL || strlen(name) >= NAME_BYTES) return NULL;
    const unsigned index = kept_index(name);
    if (index < kept.count) return kept.names[index];
    if (kept.count == NAMES_KEPT) return NULL;
    (void)strcpy(kept.names[kept.count], name);
    return kept.names[kept.count++];
}

void err_keep_source(const char *name, const char *source)
{
    const unsigned index = kept_index(name);
    if (index == kept.count) return;
    free(kept.sources[index]);
    kept.sources[index] = strdup(source);
}

const char *err_source(const struct err *err, const char *file, const char *source)
{
    const char *const name = err->place.file;
    if (name == NULL || (file != NULL && strcmp(name, file) == 0)) return source;
    const unsigned index = kept_index(name);
    if (index < kept.count && kept.sources[index] != NULL) return kept.sources[index];
    return file == NULL ? source : NULL;
}

void err_list_print(FILE *stream, const struct err_list *list, const char *source, bool color)
{
    assert(list->count <= ERR_LIST_MAX);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct err *item = &list->items[i];
        err_print(stream, item, err_source(item, list->source_file, source), color);
    }
    const uint32_t met = list->errors + list->warnings;
    if (met > list->count) {
        (void)fprintf(stream, "... and %u more, not shown\n", (unsigned)(met - list->count));
    }
}
