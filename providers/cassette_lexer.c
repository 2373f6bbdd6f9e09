#include "providers/cassette_lexer.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_mark(char c)
{
    return c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',';
}

/* Behind the closing quote of the string that begins at `at`, or the text's end. */
static size_t string_end(const struct lexer *lexer, size_t at, bool *closed)
{
    for (size_t i = at + 1; i < lexer->length; i++) {
        if (lexer->bytes[i] == '\\') {
            i++;
        } else if (lexer->bytes[i] == '"') {
            *closed = true;
            return i + 1;
        }
    }
    *closed = false;
    return lexer->length;
}

static size_t word_end(const struct lexer *lexer, size_t at)
{
    while (at < lexer->length && !is_space(lexer->bytes[at]) && !is_mark(lexer->bytes[at]) &&
           lexer->bytes[at] != '"')
        at++;
    return at;
}

struct lexeme lexer_next(struct lexer *lexer)
{
    while (lexer->cursor < lexer->length && is_space(lexer->bytes[lexer->cursor]))
        lexer->cursor++;
    struct lexeme lexeme = {.kind = LEXEME_END, .start = lexer->cursor, .end = lexer->cursor};
    if (lexer->cursor == lexer->length) return lexeme;
    const char first = lexer->bytes[lexer->cursor];
    if (is_mark(first)) {
        lexeme.kind = LEXEME_MARK;
        lexeme.mark = first;
        lexeme.end = lexeme.start + 1;
    } else if (first == '"') {
        lexeme.kind = LEXEME_STRING;
        lexeme.end = string_end(lexer, lexeme.start, &lexeme.closed);
    } else {
        lexeme.kind = LEXEME_WORD;
        lexeme.end = word_end(lexer, lexeme.start);
    }
    lexer->cursor = lexeme.end;
    return lexeme;
}

struct lexeme lexer_peek(const struct lexer *lexer)
{
    struct lexer ahead = *lexer;
    return lexer_next(&ahead);
}

bool lexer_skip(struct lexer *lexer, const struct lexeme *open)
{
    size_t depth = 1;
    lexer->cursor = open->end;
    while (depth > 0) {
        const struct lexeme next = lexer_next(lexer);
        if (next.kind == LEXEME_END) return false;
        if (next.kind != LEXEME_MARK) continue;
        depth += next.mark == '{' || next.mark == '[';
        depth -= next.mark == '}' || next.mark == ']';
    }
    return true;
}

bool lexer_begins_json(const char *bytes, size_t length)
{
    const struct lexer lexer = {bytes, length, 0};
    const struct lexeme first = lexer_peek(&lexer);
    return first.kind == LEXEME_MARK && (first.mark == '{' || first.mark == '[');
}

static size_t digits(const char *word, size_t length, size_t at)
{
    while (at < length && word[at] >= '0' && word[at] <= '9')
        at++;
    return at;
}

static bool is_number(const char *word, size_t length)
{
    const size_t whole = length > 0 && word[0] == '-' ? 1 : 0;
    size_t at = digits(word, length, whole);
    if (at == whole || (word[whole] == '0' && at > whole + 1)) return false;
    if (at < length && word[at] == '.') {
        const size_t fraction = at + 1;
        at = digits(word, length, fraction);
        if (at == fraction) return false;
    }
    if (at < length && (word[at] == 'e' || word[at] == 'E')) {
        at++;
        if (at < length && (word[at] == '+' || word[at] == '-')) at++;
        const size_t exponent = at;
        at = digits(word, length, exponent);
        if (at == exponent) return false;
    }
    return at == length;
}

bool lexer_is_literal(const char *word, size_t length)
{
    return (length == 4 && (memcmp(word, "true", 4) == 0 || memcmp(word, "null", 4) == 0)) ||
           (length == 5 && memcmp(word, "false", 5) == 0);
}

bool lexer_is_value(const char *word, size_t length)
{
    return lexer_is_literal(word, length) || is_number(word, length);
}
