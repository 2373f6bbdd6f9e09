#include "providers/cassette_views.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"

enum { UNIT_BYTES_MAX = 4 }; /* an escape stands for at most one character */

/* Reads the escape at `bytes`: its length, or 0 when none begins here, and what it stands for. An
 * escape is never shorter than what it stands for. */
typedef size_t (*unit_reader)(const char *bytes, size_t left, char unit[static UNIT_BYTES_MAX],
                              size_t *unit_length);

/* ---- escapes --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool read_hex(const char *bytes, size_t digits, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        const int digit = hex_digit(bytes[i]);
        if (digit < 0) return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

/* Surrogates come out as the three bytes they would take: nothing is lost, and nothing matches. */
static size_t put_utf8(uint32_t code, char unit[static UNIT_BYTES_MAX])
{
    if (code < 0x80) {
        unit[0] = (char)code;
        return 1;
    }
    const size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        unit[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    static const unsigned char leads[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    unit[0] = (char)(leads[length] | code);
    return length;
}

static size_t read_json_code(const char *bytes, size_t left, char unit[static UNIT_BYTES_MAX],
                             size_t *unit_length)
{
    uint32_t code, low;
    if (left < 6 || !read_hex(bytes + 2, 4, &code)) return 0;
    size_t length = 6;
    if (code >= 0xD800 && code < 0xDC00 && left >= 12 && bytes[6] == '\\' && bytes[7] == 'u' &&
        read_hex(bytes + 8, 4, &low) && low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        length = 12;
    }
    *unit_length = put_utf8(code, unit);
    return length;
}

static size_t read_json(const char *bytes, size_t left, char unit[static UNIT_BYTES_MAX],
                        size_t *unit_length)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (bytes[0] != '\\' || left < 2 || bytes[1] == '\0') return 0;
    if (bytes[1] == 'u') return read_json_code(bytes, left, unit, unit_length);
    const char *const name = strchr(names, bytes[1]);
    if (name == NULL) return 0;
    unit[0] = values[name - names];
    *unit_length = 1;
    return 2;
}

static size_t read_percent(const char *bytes, size_t left, char unit[static UNIT_BYTES_MAX],
                           size_t *unit_length)
{
    uint32_t byte;
    if (bytes[0] != '%' || left < 3 || !read_hex(bytes + 1, 2, &byte)) return 0;
    unit[0] = (char)byte;
    *unit_length = 1;
    return 3;
}

static size_t read_form(const char *bytes, size_t left, char unit[static UNIT_BYTES_MAX],
                        size_t *unit_length)
{
    if (bytes[0] != '+') return read_percent(bytes, left, unit, unit_length);
    unit[0] = ' ';
    *unit_length = 1;
    return 1;
}

/* "&#38;" or "&#x26;" */
static size_t read_html_code(const char *bytes, size_t left, char unit[static UNIT_BYTES_MAX],
                             size_t *unit_length)
{
    const bool hex = left > 2 && (bytes[2] == 'x' || bytes[2] == 'X');
    const size_t first = hex ? 3 : 2;
    uint32_t code = 0;
    for (size_t i = first; i < left && code <= 0x10FFFF; i++) {
        if (bytes[i] == ';' && i > first) {
            *unit_length = put_utf8(code, unit);
            return i + 1;
        }
        const int digit = hex_digit(bytes[i]);
        if (digit < 0 || (!hex && digit > 9)) return 0;
        code = code * (hex ? 16 : 10) + (uint32_t)digit;
    }
    return 0;
}

static size_t read_html(const char *bytes, size_t left, char unit[static UNIT_BYTES_MAX],
                        size_t *unit_length)
{
    static const struct {
        const char *text;
        char value;
    } names[] = {{"&amp;", '&'}, {"&quot;", '"'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''}};
    if (bytes[0] != '&' || left < 4) return 0;
    if (bytes[1] == '#') return read_html_code(bytes, left, unit, unit_length);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t length = strlen(names[i].text);
        if (left < length || memcmp(bytes, names[i].text, length) != 0) continue;
        unit[0] = names[i].value;
        *unit_length = 1;
        return length;
    }
    return 0;
}

static const unit_reader readers[VIEW_ESCAPE_COUNT] = {[VIEW_JSON] = read_json,
                                                       [VIEW_HTML] = read_html,
                                                       [VIEW_PERCENT] = read_percent,
                                                       [VIEW_FORM] = read_form};

/* A text without its escape's sign reads the same. Without a plus, a form is percent-encoded. */
static const char signs[VIEW_ESCAPE_COUNT] = {
    [VIEW_JSON] = '\\', [VIEW_HTML] = '&', [VIEW_PERCENT] = '%', [VIEW_FORM] = '+'};

void view_undo(enum view_escape escape, const char *bytes, size_t length, struct text *to)
{
    size_t copied = 0;
    for (size_t i = 0; i < length;) {
        char unit[UNIT_BYTES_MAX];
        size_t unit_length = 0;
        const size_t step = readers[escape](bytes + i, length - i, unit, &unit_length);
        if (step == 0) {
            i++;
            continue;
        }
        text_append(to, bytes + copied, i - copied);
        text_append(to, unit, unit_length);
        copied = i += step;
    }
    text_append(to, bytes + copied, length - copied);
}

/* ---- readings -------------------------------------------------------------------------------- */

/* Undoes one escape in all of `view`; false when that changes nothing. */
static bool read_view(const struct view *view, enum view_escape escape, char *bytes, uint32_t *from,
                      struct view *reading)
{
    size_t count = 0;
    bool changed = false;
    for (size_t i = 0; i < view->length;) {
        char unit[UNIT_BYTES_MAX] = {view->bytes[i]};
        size_t unit_length = 1;
        const size_t step = readers[escape](view->bytes + i, view->length - i, unit, &unit_length);
        changed = changed || step != 0;
        assert(unit_length <= (step == 0 ? 1 : step));
        for (size_t k = 0; k < unit_length; k++) {
            from[count] = (uint32_t)view_from(view, i);
            bytes[count++] = unit[k];
        }
        i += step == 0 ? 1 : step;
    }
    from[count] = (uint32_t)view_from(view, view->length);
    *reading = (struct view){.bytes = bytes, .length = count, .from = from};
    return changed;
}

static bool visit(const struct view *view, unsigned depth, void *context, view_visitor visitor)
{
    visitor(context, view);
    if (depth == VIEW_DEPTH_MAX || view->length == 0) return true;
    for (unsigned escape = 0; escape < VIEW_ESCAPE_COUNT; escape++) {
        if (memchr(view->bytes, signs[escape], view->length) == NULL) continue;
        char *const bytes = memory_resize(NULL, view->length, 1);
        uint32_t *const from = memory_resize(NULL, view->length + 1, sizeof *from);
        bool done = bytes != NULL && from != NULL;
        struct view reading;
        if (done && read_view(view, (enum view_escape)escape, bytes, from, &reading)) {
            done = visit(&reading, depth + 1, context, visitor);
        }
        free(bytes);
        free(from);
        if (!done) return false;
    }
    return true;
}

bool views_visit(const char *bytes, size_t length, void *context, view_visitor visitor)
{
    assert(length <= UINT32_MAX - 1);
    const struct view original = {.bytes = bytes, .length = length};
    return visit(&original, 0, context, visitor);
}
