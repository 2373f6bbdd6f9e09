#include "router/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "router/base/utf8.h"

enum { TEXT_CAPACITY_FIRST = 256 };

/* What takes the place of bytes that neither JSON nor XML could carry. */
static const char replacement_character[] = "\xEF\xBF\xBD";
static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* ---- the buffer ---- */

void text_reserve(struct text *text, size_t extra)
{
    assert(text != NULL);
    assert(text->length <= text->capacity);
    if (text->failed || extra < text->capacity - text->length) return;

    size_t capacity = text->capacity == 0 ? TEXT_CAPACITY_FIRST : text->capacity;
    while (capacity - text->length <= extra) {
        if (capacity > SIZE_MAX / 4) {
            text->failed = true;
            return;
        }
        capacity *= 2;
    }
    char *bytes = memory_resize(text->bytes, capacity, 1);
    if (bytes == NULL) {
        text->failed = true;
        return;
    }
    bytes[text->length] = '\0';
    text->bytes = bytes;
    text->capacity = capacity;
}

void text_append(struct text *text, const char *bytes, size_t length)
{
    assert(bytes != NULL || length == 0);
    text_reserve(text, length);
    if (text->failed) return;
    if (length != 0) memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_put(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
    text_append(text, &c, 1);
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_format_list(text, format, arguments);
    va_end(arguments);
}

void text_format_list(struct text *text, const char *format, va_list arguments)
{
    text_reserve(text, TEXT_CAPACITY_FIRST / 2);
    if (text->failed) return;

    va_list again;
    va_copy(again, arguments);
    const size_t room = text->capacity - text->length;
    const int length = vsnprintf(text->bytes + text->length, room, format, arguments);
    if (length >= 0 && (size_t)length >= room) {
        text->bytes[text->length] = '\0';
        text_reserve(text, (size_t)length);
        if (!text->failed) {
            (void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        }
    }
    va_end(again);
    if (length < 0) text->failed = true;
    if (!text->failed) text->length += (size_t)length;
}

void text_clear(struct text *text)
{
    text->length = 0; /* but not `failed`: what was lost stays lost */
    if (text->bytes != NULL) text->bytes[0] = '\0';
}

char *text_take(struct text *text)
{
    text_reserve(text, 0); /* so that an empty text is "" and not NULL */
    char *bytes = text->bytes;
    if (text->failed) {
        free(bytes);
        bytes = NULL;
    }
    *text = (struct text){0};
    return bytes;
}

void text_release(struct text *text)
{
    if (text == NULL) return;
    free(text->bytes);
    *text = (struct text){0};
}

/* ---- numbers; how they are written is number.c's business ---- */

void text_int(struct text *text, int64_t value)
{
    char digits[NUMBER_TEXT_MAX];
    text_append(text, digits, number_write_int(digits, value));
}

void text_double(struct text *text, double value)
{
    char digits[NUMBER_TEXT_MAX];
    text_append(text, digits, number_write(digits, value));
}

void text_ms(struct text *text, int64_t us)
{
    const uint64_t size_us = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    const unsigned fraction = (unsigned)(size_us % 1000);
    const char decimals[4] = {'.', (char)('0' + fraction / 100), (char)('0' + fraction / 10 % 10),
                              (char)('0' + fraction % 10)};
    if (us < 0) text_char(text, '-');
    text_int(text, (int64_t)(size_us / 1000));
    text_append(text, decimals, sizeof decimals);
}

void text_grouped(struct text *text, int64_t value)
{
    char digits[NUMBER_TEXT_MAX];
    const size_t length = number_write_int(digits, value);
    const size_t first_digit = value < 0 ? 1 : 0;
    for (size_t i = 0; i < length; i++) {
        if (i > first_digit && (length - i) % 3 == 0) text_char(text, ',');
        text_char(text, digits[i]);
    }
}

/* ---- quoting ---- */

static const char *json_escape(unsigned char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

static void put_json_control(struct text *text, unsigned char c)
{
    const char *escape = json_escape(c);
    if (escape != NULL) {
        text_put(text, escape);
    } else {
        text_format(text, "\\u%04x", (unsigned)c);
    }
}

void text_json_string(struct text *text, const char *string)
{
    assert(string != NULL);
    text_char(text, '"');
    const size_t length = strlen(string);
    size_t copied = 0; /* what needs no escape goes out in one piece */
    for (size_t i = 0; i < length;) {
        const unsigned char c = (unsigned char)string[i];
        uint32_t code = 0;
        const unsigned step = utf8_read(string + i, length - i, &code);
        if (step != 0 && c >= 0x20 && c != '"' && c != '\\') {
            i += step;
            continue;
        }
        text_append(text, string + copied, i - copied);
        if (step == 0) {
            text_put(text, replacement_character);
        } else {
            put_json_control(text, c);
        }
        copied = ++i;
    }
    text_append(text, string + copied, length - copied);
    text_char(text, '"');
}

/* NULL: as it stands. XML 1.0 has no way to say most control characters, not even escaped. */
static const char *html_escape(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        break;
    }
    const bool fits_xml = (code >= 0x20 || code == '\t' || code == '\n' || code == '\r') &&
                          code != 0xFFFE && code != 0xFFFF;
    return fits_xml ? NULL : replacement_character;
}

void text_html(struct text *text, const char *string)
{
    assert(string != NULL);
    const size_t length = strlen(string);
    size_t copied = 0;
    for (size_t i = 0; i < length;) {
        uint32_t code = 0;
        const unsigned step = utf8_read(string + i, length - i, &code);
        const char *escape = step == 0 ? replacement_character : html_escape(code);
        if (escape != NULL) {
            text_append(text, string + copied, i - copied);
            text_put(text, escape);
            copied = i + (step == 0 ? 1 : step);
        }
        i += step == 0 ? 1 : step;
    }
    text_append(text, string + copied, length - copied);
}

void text_csv(struct text *text, const char *string)
{
    assert(string != NULL);
    /* A byte order mark at the start of a file would be taken for the file's own. */
    const bool marked = strncmp(string, byte_order_mark, strlen(byte_order_mark)) == 0;
    if (!marked && strpbrk(string, ",\"\r\n") == NULL) {
        text_put(text, string);
        return;
    }
    text_char(text, '"');
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '"') text_char(text, '"');
        text_char(text, *c);
    }
    text_char(text, '"');
}
