#include "router/base/json_scan.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/json.h"
#include "router/base/memory.h"
#include "router/base/utf8.h"

/* cJSON copies a number into 64 bytes before it reads it, and would stop in the middle of more. */
enum { NUMBER_LENGTH_MAX = 63, WORD_SHOWN_MAX = 24 };

static bool scan_value(struct json_scan *scan, struct json_spot key);

/* ---- moving ---- */

static char peek(const struct json_scan *scan)
{
    assert(scan->cursor <= scan->length);
    return scan->bytes[scan->cursor]; /* the NUL behind the text, at its end */
}

static bool at_end(const struct json_scan *scan)
{
    return scan->cursor == scan->length;
}

static bool looking_at(const struct json_scan *scan, const char *text)
{
    const size_t length = strlen(text);
    return scan->length - scan->cursor >= length &&
           memcmp(scan->bytes + scan->cursor, text, length) == 0;
}

static struct json_spot spot_here(const struct json_scan *scan)
{
    return (struct json_spot){scan->line, scan->column, 1};
}

static struct place place_of(const struct json_scan *scan, struct json_spot spot)
{
    return (struct place){scan->file, spot.line, spot.column, spot.width};
}

static struct place place_here(const struct json_scan *scan)
{
    return place_of(scan, spot_here(scan));
}

static bool refuse_bad_byte(struct json_scan *scan)
{
    if (peek(scan) == '\0') {
        return err_fail(scan->err, ERR_INPUT, place_here(scan), "a NUL byte cannot stand in JSON");
    }
    (void)err_fail(scan->err, ERR_INPUT, place_here(scan), "this byte (0x%02x) is not UTF-8",
                   (unsigned)(unsigned char)peek(scan));
    return err_hint(scan->err, "save the file as UTF-8");
}

/* Steps over one character, whichever it is; false if it is none. */
static bool step(struct json_scan *scan)
{
    assert(!at_end(scan));
    uint32_t code = 0;
    const unsigned size = utf8_read(scan->bytes + scan->cursor, scan->length - scan->cursor, &code);
    if (size == 0 || code == 0) return refuse_bad_byte(scan);
    scan->cursor += size;
    if (code == '\n') {
        scan->line++;
        scan->column = 1;
    } else {
        scan->column++;
    }
    return true;
}

/* Steps over `count` characters known to be ASCII and no line ends. */
static void step_ascii(struct json_scan *scan, size_t count)
{
    assert(scan->length - scan->cursor >= count);
    scan->cursor += count;
    scan->column += (uint32_t)count;
}

static uint32_t width_since(const struct json_scan *scan, struct json_spot start)
{
    return scan->line == start.line && scan->column > start.column ? scan->column - start.column
                                                                   : 1;
}

/* ---- space and comments ---- */

static void blank(struct json_scan *scan, size_t from)
{
    for (size_t i = from; i < scan->cursor; i++) {
        if (scan->bytes[i] != '\n' && scan->bytes[i] != '\r') scan->bytes[i] = ' ';
    }
}

static bool skip_line_comment(struct json_scan *scan)
{
    const size_t from = scan->cursor;
    while (!at_end(scan) && peek(scan) != '\n') {
        if (!step(scan)) return false;
    }
    blank(scan, from);
    return true;
}

static bool skip_block_comment(struct json_scan *scan)
{
    const size_t from = scan->cursor;
    struct json_spot opening = spot_here(scan);
    opening.width = 2;
    step_ascii(scan, 2);
    while (!looking_at(scan, "*/")) {
        if (at_end(scan)) {
            (void)err_fail(scan->err, ERR_INPUT, place_of(scan, opening),
                           "this comment is never closed");
            return err_hint(scan->err, "end it with */");
        }
        if (!step(scan)) return false;
    }
    step_ascii(scan, 2);
    blank(scan, from);
    return true;
}

static bool skip_space(struct json_scan *scan)
{
    for (;;) {
        const char c = peek(scan);
        if (c == ' ' || c == '\t' || c == '\r') {
            step_ascii(scan, 1);
        } else if (c == '\n') {
            scan->cursor++;
            scan->line++;
            scan->column = 1;
        } else if (looking_at(scan, "//")) {
            if (!skip_line_comment(scan)) return false;
        } else if (looking_at(scan, "/*")) {
            if (!skip_block_comment(scan)) return false;
        } else {
            return true;
        }
    }
}

/* ---- what people write instead of JSON ---- */

static bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$';
}

static size_t word_length(const struct json_scan *scan)
{
    size_t length = 0;
    while (is_word_character(scan->bytes[scan->cursor + length]))
        length++;
    return length;
}

static bool word_is(const char *word, size_t length, const char *expected)
{
    return strlen(expected) == length && memcmp(word, expected, length) == 0;
}

static const char *hint_for_word(const char *word, size_t length)
{
    if (word_is(word, length, "True") || word_is(word, length, "TRUE")) return "write true";
    if (word_is(word, length, "False") || word_is(word, length, "FALSE")) return "write false";
    if (word_is(word, length, "None") || word_is(word, length, "undefined") ||
        word_is(word, length, "NULL") || word_is(word, length, "Null")) {
        return "write null, or leave the key out";
    }
    if (word_is(word, length, "NaN") || word_is(word, length, "Infinity") ||
        word_is(word, length, "nan") || word_is(word, length, "inf")) {
        return "JSON has finite numbers only; leave the key out to mean none";
    }
    return "text takes double quotes; without them only true, false and null are words";
}

static bool refuse_word(struct json_scan *scan)
{
    const char *word = scan->bytes + scan->cursor;
    const size_t length = word_length(scan);
    struct json_spot spot = spot_here(scan);
    spot.width = (uint32_t)length;
    (void)err_fail(scan->err, ERR_INPUT, place_of(scan, spot), "\"%.*s\" is no JSON value",
                   (int)(length < WORD_SHOWN_MAX ? length : WORD_SHOWN_MAX), word);
    return err_hint(scan->err, "%s", hint_for_word(word, length));
}

static bool refuse_value(struct json_scan *scan)
{
    if (at_end(scan)) {
        const char *message = scan->span_count == 0 ? "there is no JSON here, only an empty text"
                                                    : "the text ends where a value should stand";
        return err_fail(scan->err, ERR_INPUT, place_here(scan), "%s", message);
    }
    const char c = peek(scan);
    if (c == '\0') return refuse_bad_byte(scan);
    if (is_word_character(c)) return refuse_word(scan);
    if (c == '\'') {
        (void)err_fail(scan->err, ERR_INPUT, place_here(scan), "text takes double quotes");
        return err_hint(scan->err, "write \"...\" instead of '...'");
    }
    if (c == '.' || c == '+') {
        (void)err_fail(scan->err, ERR_INPUT, place_here(scan), "a number cannot start with \"%c\"",
                       c);
        return err_hint(scan->err, c == '.' ? "write 0.5, not .5" : "leave the plus sign out");
    }
    if (c > ' ' && c < 0x7F) {
        return err_fail(scan->err, ERR_INPUT, place_here(scan),
                        "a value should stand here, not \"%c\"", c);
    }
    return err_fail(scan->err, ERR_INPUT, place_here(scan), "a value should stand here");
}

/* ---- strings ---- */

static bool refuse_escape(struct json_scan *scan, uint32_t width, const char *why)
{
    struct json_spot spot = spot_here(scan);
    spot.width = width;
    (void)err_fail(scan->err, ERR_INPUT, place_of(scan, spot), "%s", why);
    return err_hint(scan->err,
                    "escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hex "
                    "digits; a backslash itself is \\\\");
}

/* The value of "\uXXXX" at an offset from the cursor; false if that is not what stands there. */
static bool read_hex_escape(const struct json_scan *scan, size_t offset, uint32_t *unit)
{
    if (scan->length - scan->cursor < offset + 6) return false;
    const char *at = scan->bytes + scan->cursor + offset;
    if (at[0] != '\\' || at[1] != 'u') return false;
    uint32_t value = 0;
    for (size_t i = 2; i < 6; i++) {
        const char c = at[i];
        if (c >= '0' && c <= '9') {
            value = value * 16 + (uint32_t)(c - '0');
        } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
            value = value * 16 + (uint32_t)((c | 0x20) - 'a') + 10;
        } else {
            return false;
        }
    }
    *unit = value;
    return true;
}

static bool scan_hex_escape(struct json_scan *scan)
{
    uint32_t unit = 0;
    uint32_t second = 0;
    if (!read_hex_escape(scan, 0, &unit)) {
        return refuse_escape(scan, 2, "\\u needs four hexadecimal digits");
    }
    if (unit == 0) return refuse_escape(scan, 6, "\\u0000 would end the text early");
    if (unit >= 0xDC00 && unit <= 0xDFFF) {
        return refuse_escape(scan, 6,
                             "this is the second half of a surrogate pair, without a first");
    }
    if (unit < 0xD800 || unit > 0xDBFF) {
        step_ascii(scan, 6);
        return true;
    }
    if (!read_hex_escape(scan, 6, &second) || second < 0xDC00 || second > 0xDFFF) {
        return refuse_escape(scan, 6,
                             "this is the first half of a surrogate pair, without a second");
    }
    step_ascii(scan, 12);
    return true;
}

static bool scan_escape(struct json_scan *scan)
{
    const char next = scan->bytes[scan->cursor + 1];
    if (next == 'u') return scan_hex_escape(scan);
    if (next == '\0' || strchr("\"\\/bfnrt", next) == NULL) {
        return refuse_escape(scan, 2, "this backslash starts no escape that JSON knows");
    }
    step_ascii(scan, 2);
    return true;
}

static bool refuse_open_string(struct json_scan *scan, struct json_spot start)
{
    start.width = width_since(scan, start);
    (void)err_fail(scan->err, ERR_INPUT, place_of(scan, start), "this text is not closed");
    return err_hint(scan->err, "end it with \" on the same line; a line break inside is \\n");
}

/* Scans from one quote to the other; `spot` becomes the place of both and what they hold. */
static bool scan_string(struct json_scan *scan, struct json_spot *spot)
{
    const struct json_spot start = spot_here(scan);
    step_ascii(scan, 1);
    while (peek(scan) != '"') {
        const unsigned char c = (unsigned char)peek(scan);
        if (at_end(scan) || c == '\n' || c == '\r') return refuse_open_string(scan, start);
        if (c == '\\') {
            if (!scan_escape(scan)) return false;
        } else if (c < 0x20 && c != '\0') {
            (void)err_fail(scan->err, ERR_INPUT, place_here(scan),
                           "a control character (0x%02x) cannot stand in a text", (unsigned)c);
            return err_hint(scan->err, "write \\u%04x", (unsigned)c);
        } else if (!step(scan)) {
            return false;
        }
    }
    step_ascii(scan, 1);
    *spot = start;
    spot->width = width_since(scan, start);
    return true;
}

/* ---- numbers and words ---- */

static size_t digits_at(const char *text)
{
    size_t count = 0;
    while (text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

/* The length of JSON's number at `text`, 0 if none starts there or it breaks off; `problem` says
 * why. The NUL behind the text ends every loop. */
static size_t number_length(const char *text, const char **problem)
{
    size_t length = text[0] == '-' ? 1 : 0;
    const size_t whole = digits_at(text + length);
    *problem = "a minus sign needs a number behind it";
    if (whole == 0) return 0;
    *problem = "a number cannot start with a zero and more digits";
    if (whole > 1 && text[length] == '0') return 0;
    length += whole;
    if (text[length] == '.') {
        const size_t decimals = digits_at(text + length + 1);
        *problem = "a decimal point needs digits behind it";
        if (decimals == 0) return 0;
        length += 1 + decimals;
    }
    if (text[length] == 'e' || text[length] == 'E') {
        const size_t sign = text[length + 1] == '+' || text[length + 1] == '-' ? 1 : 0;
        const size_t digits = digits_at(text + length + 1 + sign);
        *problem = "an exponent needs digits behind it";
        if (digits == 0) return 0;
        length += 1 + sign + digits;
    }
    return length;
}

static bool refuse_number(struct json_scan *scan, size_t width, const char *why)
{
    struct json_spot spot = spot_here(scan);
    spot.width = (uint32_t)width;
    return err_fail(scan->err, ERR_INPUT, place_of(scan, spot), "%s", why);
}

/* All that looks like one number: what a person would underline. */
static size_t number_like_length(const char *text)
{
    size_t length = 1;
    while (is_word_character(text[length]) || text[length] == '.')
        length++;
    return length;
}

static bool scan_number(struct json_scan *scan)
{
    const char *text = scan->bytes + scan->cursor;
    const char *problem = NULL;
    const size_t length = number_length(text, &problem);
    if (length == 0) return refuse_number(scan, number_like_length(text), problem);
    if (is_word_character(text[length]) || text[length] == '.') {
        (void)refuse_number(scan, number_like_length(text),
                            "this starts like a number and is none");
        return err_hint(scan->err, "a value with a unit takes double quotes: \"10s\"");
    }
    if (length > NUMBER_LENGTH_MAX) {
        return refuse_number(scan, length, "a number of more than 63 characters");
    }
    const bool has_exponent =
        memchr(text, 'e', length) != NULL || memchr(text, 'E', length) != NULL;
    if (has_exponent && !isfinite(strtod(text, NULL))) { /* 63 digits alone are not too large */
        return refuse_number(scan, length, "this number is too large for a double");
    }
    step_ascii(scan, length);
    return true;
}

static bool scan_word(struct json_scan *scan)
{
    const char *word = scan->bytes + scan->cursor;
    const size_t length = word_length(scan);
    if (!word_is(word, length, "true") && !word_is(word, length, "false") &&
        !word_is(word, length, "null")) {
        return refuse_value(scan);
    }
    step_ascii(scan, length);
    return true;
}

/* ---- objects and arrays ---- */

static bool refuse_open_bracket(struct json_scan *scan, struct json_spot opening, char bracket)
{
    (void)err_fail(scan->err, ERR_INPUT, place_of(scan, opening), "this \"%c\" is never closed",
                   bracket);
    return err_hint(scan->err, "the text ends in line %u", (unsigned)scan->line);
}

static bool refuse_separator(struct json_scan *scan, char close)
{
    (void)err_fail(scan->err, ERR_INPUT, place_here(scan), "a \",\" or \"%c\" should stand here",
                   close);
    const char c = peek(scan);
    if (c == '"' || c == '{' || c == '[') {
        return err_hint(scan->err, "is a comma missing before this?");
    }
    return false;
}

/* Steps over "," or `close`, and says which it was: `more` is whether another member follows. */
static bool scan_separator(struct json_scan *scan, struct json_spot opening, char close, bool *more)
{
    if (!skip_space(scan)) return false;
    if (at_end(scan)) return refuse_open_bracket(scan, opening, close == '}' ? '{' : '[');
    const struct json_spot spot = spot_here(scan);
    const char c = peek(scan);
    *more = c == ',';
    if (c != ',' && c != close) return refuse_separator(scan, close);
    step_ascii(scan, 1);
    if (!*more) return true;
    if (!skip_space(scan)) return false;
    if (peek(scan) == close) {
        (void)err_fail(scan->err, ERR_INPUT, place_of(scan, spot),
                       "a trailing comma: nothing follows it but \"%c\"", close);
        return err_hint(scan->err, "remove it");
    }
    if (at_end(scan)) return refuse_open_bracket(scan, opening, close == '}' ? '{' : '[');
    return true;
}

static bool refuse_key(struct json_scan *scan)
{
    const size_t length = word_length(scan);
    struct json_spot spot = spot_here(scan);
    if (length == 0) {
        const char *message = peek(scan) == '\'' ? "keys take double quotes"
                                                 : "a key in double quotes should stand here";
        return err_fail(scan->err, ERR_INPUT, place_here(scan), "%s", message);
    }
    spot.width = (uint32_t)length;
    (void)err_fail(scan->err, ERR_INPUT, place_of(scan, spot), "keys take double quotes");
    return err_hint(scan->err, "write \"%.*s\"",
                    (int)(length < WORD_SHOWN_MAX ? length : WORD_SHOWN_MAX),
                    scan->bytes + scan->cursor);
}

static bool scan_member(struct json_scan *scan)
{
    struct json_spot key;
    if (peek(scan) != '"') return refuse_key(scan);
    if (!scan_string(scan, &key) || !skip_space(scan)) return false;
    if (peek(scan) != ':') {
        (void)err_fail(scan->err, ERR_INPUT, place_here(scan),
                       "a \":\" should stand here, after the key");
        return peek(scan) == '=' ? err_hint(scan->err, "write : instead of =") : false;
    }
    step_ascii(scan, 1);
    return skip_space(scan) && scan_value(scan, key);
}

static bool scan_container(struct json_scan *scan, char close)
{
    const struct json_spot opening = spot_here(scan);
    if (++scan->depth > JSON_DEPTH_MAX) {
        return err_fail(scan->err, ERR_INPUT, place_here(scan),
                        "more than %d brackets inside each other", JSON_DEPTH_MAX);
    }
    step_ascii(scan, 1);
    if (!skip_space(scan)) return false;
    bool more = peek(scan) != close;
    if (more && at_end(scan)) return refuse_open_bracket(scan, opening, close == '}' ? '{' : '[');
    if (!more) step_ascii(scan, 1);
    while (more) {
        const struct json_spot no_key = {0};
        if (close == '}' ? !scan_member(scan) : !scan_value(scan, no_key)) return false;
        if (!scan_separator(scan, opening, close, &more)) return false;
    }
    scan->depth--;
    return true;
}

/* ---- values ---- */

static struct json_span *add_span(struct json_scan *scan)
{
    if (scan->span_count == scan->span_capacity) {
        const uint32_t capacity = scan->span_capacity == 0 ? 64 : scan->span_capacity * 2;
        struct json_span *spans = memory_resize(scan->spans, capacity, sizeof *spans);
        if (spans == NULL) {
            const struct place whole = {.file = scan->file};
            (void)err_fail(scan->err, ERR_ENVIRONMENT, whole, "out of memory for %u JSON values",
                           (unsigned)capacity);
            return NULL;
        }
        scan->spans = spans;
        scan->span_capacity = capacity;
    }
    return &scan->spans[scan->span_count++];
}

static bool scan_value(struct json_scan *scan, struct json_spot key)
{
    struct json_spot value = spot_here(scan);
    const char c = peek(scan);
    const uint32_t index = scan->span_count;
    if (at_end(scan) || !(c == '{' || c == '[' || c == '"' || c == '-' || is_word_character(c))) {
        return refuse_value(scan);
    }
    if (add_span(scan) == NULL) return false;

    if (c == '{' || c == '[') {
        if (!scan_container(scan, c == '{' ? '}' : ']')) return false;
    } else if (c == '"') {
        if (!scan_string(scan, &value)) return false;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        if (!scan_number(scan)) return false;
        value.width = width_since(scan, value);
    } else {
        if (!scan_word(scan)) return false;
        value.width = width_since(scan, value);
    }
    scan->spans[index] = (struct json_span){key, value}; /* by index: adding may move the array */
    return true;
}

bool json_scan_document(struct json_scan *scan)
{
    assert(scan->bytes[scan->length] == '\0');
    assert(scan->length <= JSON_BYTES_MAX);
    const struct json_spot no_key = {0};
    scan->line = 1;
    scan->column = 1;
    if (!skip_space(scan) || !scan_value(scan, no_key) || !skip_space(scan)) return false;
    if (at_end(scan)) return true;
    if (peek(scan) == '\0') return refuse_bad_byte(scan);
    return err_fail(scan->err, ERR_INPUT, place_here(scan),
                    "more text after the end of the document");
}
