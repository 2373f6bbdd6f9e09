#include "reports/columns.h"

#include <assert.h>
#include <string.h>

#include "router/base/utf8.h"

/* What ASCII has for the characters that we use. */
static const char *ascii_of(uint32_t code)
{
    switch (code) {
    case 0x2264:
        return "<=";
    case 0x2265:
        return ">=";
    case 0x2260:
        return "!=";
    case 0x2212:
    case 0x2013:
    case 0xb7:
        return "-";
    case 0xa2:
        return "c";
    case 0x2026:
        return "...";
    case 0x2018:
    case 0x2019:
        return "'";
    case 0x201c:
    case 0x201d:
        return "\"";
    case 0xa0:
    case 0x202f:
        return " ";
    default:
        return "?";
    }
}

void columns_plain(const struct columns *columns, struct text *plain, const char *words)
{
    size_t left = strlen(words);
    while (left > 0) {
        uint32_t code = 0;
        const unsigned length = utf8_read(words, left, &code);
        if (length == 0)
            text_char(plain, '?');
        else if (!utf8_is_visible(code))
            text_char(plain, ' ');
        else if (code < 0x80 || columns->unicode)
            text_append(plain, words, length);
        else
            text_put(plain, ascii_of(code));
        words += length == 0 ? 1 : length;
        left -= length == 0 ? 1 : length;
    }
}

static size_t characters(const struct text *text)
{
    return text->bytes != NULL ? utf8_count(text->bytes, text->length) : 0;
}

size_t columns_width(const struct columns *columns, const char *words)
{
    struct text plain = {0};
    columns_plain(columns, &plain, words);
    const size_t width = characters(&plain);
    text_release(&plain);
    return width;
}

void columns_spaces(const struct columns *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_char(columns->text, ' ');
}

void columns_words(const struct columns *columns, const char *words)
{
    columns_plain(columns, columns->text, words);
}

/* Cuts to `width` characters, the last of which then says so. */
static void cut(const struct columns *columns, struct text *plain, size_t width)
{
    if (characters(plain) <= width || plain->bytes == NULL) return;
    const char *mark = columns->unicode ? "\u2026" : "...";
    const size_t mark_width = columns->unicode ? 1 : 3;
    size_t kept = width > mark_width ? width - mark_width : 0;
    size_t at = 0;
    while (kept-- > 0) {
        uint32_t code;
        const unsigned length = utf8_read(plain->bytes + at, plain->length - at, &code);
        at += length == 0 ? 1 : length;
    }
    plain->length = at;
    plain->bytes[at] = '\0';
    text_put(plain, mark);
}

void columns_cell(const struct columns *columns, struct text *words, size_t width,
                  enum columns_side side)
{
    struct text plain = {0};
    if (words->bytes != NULL) columns_plain(columns, &plain, words->bytes);
    if (side != COLUMNS_NUMBER) cut(columns, &plain, width);
    const size_t used = characters(&plain);
    const size_t pad = used < width ? width - used : 0;
    if (side != COLUMNS_LEFT) columns_spaces(columns, pad);
    text_append(columns->text, plain.bytes, plain.length);
    if (side == COLUMNS_LEFT) columns_spaces(columns, pad);
    columns->text->failed |= words->failed || plain.failed;
    text_release(&plain);
    text_release(words);
}

void columns_put(const struct columns *columns, const char *words, size_t width,
                 enum columns_side side)
{
    struct text cell = {0};
    text_put(&cell, words);
    columns_cell(columns, &cell, width, side);
}

void columns_tone(const struct columns *columns, const char *words, size_t width,
                  enum verdict_tone tone)
{
    static const char *const colours[] = {
        [TONE_GOOD] = "\033[32m", [TONE_BAD] = "\033[31m", [TONE_NEUTRAL] = "\033[33m"};
    const size_t used = columns_width(columns, words);
    if (columns->color) text_put(columns->text, colours[tone]);
    columns_words(columns, words);
    if (columns->color) text_put(columns->text, "\033[0m");
    if (used < width) columns_spaces(columns, width - used);
}

void columns_end(const struct columns *columns)
{
    struct text *text = columns->text;
    while (text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->bytes[--text->length] = '\0';
    text_char(text, '\n');
}

void columns_wrap(const struct columns *columns, const char *first, struct text *sentence,
                  size_t width)
{
    struct text plain = {0};
    if (sentence->bytes != NULL) columns_plain(columns, &plain, sentence->bytes);
    const size_t indent = columns_width(columns, first);
    size_t column = 0;
    assert(indent < width);
    for (const char *at = plain.bytes != NULL ? plain.bytes : ""; *at != '\0';) {
        const size_t length = strcspn(at, " ");
        const size_t taken = utf8_count(at, length);
        if (length > 0) {
            if (column > indent && column + 1 + taken > width) {
                text_char(columns->text, '\n');
                column = 0;
                first = "";
            }
            if (column > indent) {
                text_char(columns->text, ' ');
            } else {
                columns_words(columns, first);
                columns_spaces(columns, first[0] == '\0' ? indent : 0);
                column = indent;
            }
            column += taken + (column > indent);
            text_append(columns->text, at, length);
        }
        at += length;
        at += strspn(at, " ");
    }
    if (column > 0) text_char(columns->text, '\n');
    columns->text->failed |= plain.failed || sentence->failed;
    text_release(&plain);
    text_release(sentence);
}
