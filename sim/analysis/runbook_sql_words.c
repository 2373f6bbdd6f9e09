/* The words of a query, and what is said of one that is out of place. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/runbook_sql_parser.h"

/* ---- failure ---- */

void sql_fail(struct sql_parser *parser, uint32_t offset, uint32_t length, bool known,
              const char *format, ...)
{
    va_list arguments;
    if (parser->failed) return;
    parser->failed = true;
    parser->error->offset = offset;
    parser->error->length = length;
    parser->error->known = known;
    va_start(arguments, format);
    (void)vsnprintf(parser->error->message, SQL_MESSAGE_MAX, format, arguments);
    va_end(arguments);
}

void *sql_parser_take(struct sql_parser *parser, size_t count, size_t size)
{
    void *const memory = arena_alloc(parser->arena, count, size);
    if (memory == NULL) {
        sql_fail(parser, 0, 0, false, "out of memory");
        parser->error->memory = true;
    }
    return memory;
}

/* ---- words ---- */

static char look(const struct sql_parser *parser, uint32_t ahead)
{
    return parser->at + ahead < parser->length ? parser->text[parser->at + ahead] : '\0';
}

static void skip_blanks(struct sql_parser *parser)
{
    while (parser->at < parser->length) {
        if (isspace((unsigned char)look(parser, 0))) {
            parser->at++;
        } else if (look(parser, 0) == '-' && look(parser, 1) == '-') {
            while (parser->at < parser->length && look(parser, 0) != '\n')
                parser->at++;
        } else if (look(parser, 0) == '/' && look(parser, 1) == '*') {
            const uint32_t from = parser->at;
            parser->at += 2;
            while (parser->at < parser->length &&
                   !(look(parser, 0) == '*' && look(parser, 1) == '/'))
                parser->at++;
            if (parser->at >= parser->length)
                sql_fail(parser, from, 2, true, "a comment that is never closed");
            parser->at += 2;
        } else {
            return;
        }
    }
    if (parser->at > parser->length) parser->at = parser->length;
}

/* 'text' with '' for a quote, "name" with "" for one. */
static void read_quoted(struct sql_parser *parser, struct sql_token *token, char quote)
{
    char *const text = sql_parser_take(parser, parser->length - parser->at + 1, 1);
    size_t kept = 0;
    if (text == NULL) return;
    parser->at++;
    while (parser->at < parser->length) {
        const char c = look(parser, 0);
        parser->at++;
        if (c == quote && look(parser, 0) != quote) {
            token->text = text;
            return;
        }
        if (c == quote) parser->at++;
        text[kept++] = c;
    }
    sql_fail(parser, token->offset, 1, true, "a quote that is never closed");
}

static void read_number(struct sql_parser *parser, struct sql_token *token)
{
    char digits[64];
    uint32_t length = 0;
    token->whole = true;
    while (isdigit((unsigned char)look(parser, length)) || look(parser, length) == '.') {
        token->whole &= look(parser, length) != '.';
        length++;
    }
    if ((look(parser, length) | 32) == 'e' && length > 0) {
        const uint32_t sign = look(parser, length + 1) == '-' || look(parser, length + 1) == '+';
        if (isdigit((unsigned char)look(parser, length + 1 + sign))) {
            token->whole = false;
            length += 1 + sign;
            while (isdigit((unsigned char)look(parser, length)))
                length++;
        }
    }
    if (length >= sizeof digits) {
        sql_fail(parser, parser->at, length, false, "a number of more than 63 digits");
        return;
    }
    (void)snprintf(digits, sizeof digits, "%.*s", (int)length, parser->text + parser->at);
    char *end = NULL;
    token->number = strtod(digits, &end);
    if (*end != '\0') sql_fail(parser, parser->at, length, true, "this is no number");
    parser->at += length;
}

static void read_name(struct sql_parser *parser, struct sql_token *token)
{
    uint32_t length = 0;
    while (isalnum((unsigned char)look(parser, length)) || look(parser, length) == '_' ||
           look(parser, length) == '$')
        length++;
    char *const text = sql_parser_take(parser, length + 1u, 1);
    if (text == NULL) return;
    for (uint32_t i = 0; i < length; i++)
        text[i] = (char)tolower((unsigned char)look(parser, i));
    token->text = text;
    parser->at += length;
}

static void read_sign(struct sql_parser *parser, struct sql_token *token)
{
    static const char *const signs[] = {"<>", "!=", "<=", ">=", "||", "::", "<", ">", "=", "+",
                                        "-",  "*",  "/",  "%",  "(",  ")",  ",", ".", ";", NULL};
    for (unsigned i = 0; signs[i] != NULL; i++) {
        const size_t length = strlen(signs[i]);
        if (parser->at + length > parser->length ||
            strncmp(parser->text + parser->at, signs[i], length) != 0)
            continue;
        token->text = signs[i];
        parser->at += (uint32_t)length;
        return;
    }
    const bool ours = strchr("\\:[]{}~&^#@!|?$", look(parser, 0)) != NULL;
    sql_fail(parser, parser->at, 1, !ours, "\"%c\" is not understood", look(parser, 0));
}

void sql_next(struct sql_parser *parser)
{
    skip_blanks(parser);
    struct sql_token *const token = &parser->token;
    *token = (struct sql_token){.kind = SQL_TOKEN_END, .text = "", .offset = parser->at};
    if (parser->failed || parser->at >= parser->length) return;
    const char c = look(parser, 0);
    if (c == '\'') {
        token->kind = SQL_TOKEN_STRING;
        read_quoted(parser, token, c);
    } else if (c == '"') {
        token->kind = SQL_TOKEN_QUOTED;
        read_quoted(parser, token, c);
    } else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)look(parser, 1)))) {
        token->kind = SQL_TOKEN_NUMBER;
        read_number(parser, token);
    } else if (isalpha((unsigned char)c) || c == '_') {
        token->kind = SQL_TOKEN_WORD;
        read_name(parser, token);
    } else {
        token->kind = SQL_TOKEN_SIGN;
        read_sign(parser, token);
    }
    token->length = parser->at - token->offset;
    if (parser->failed) *token = (struct sql_token){.kind = SQL_TOKEN_END, .text = ""};
}

bool sql_is(const struct sql_parser *parser, const char *text)
{
    const enum sql_token_kind kind = parser->token.kind;
    return (kind == SQL_TOKEN_WORD || kind == SQL_TOKEN_SIGN) &&
           strcmp(parser->token.text, text) == 0;
}

bool sql_accept(struct sql_parser *parser, const char *text)
{
    if (!sql_is(parser, text)) return false;
    sql_next(parser);
    return true;
}

void sql_unexpected(struct sql_parser *parser, const char *wanted)
{
    if (parser->token.kind == SQL_TOKEN_END)
        sql_fail(parser, parser->token.offset, 1, true, "the query ends where %s should be",
                 wanted);
    else
        sql_fail(parser, parser->token.offset, parser->token.length, true,
                 "%s should be here, not \"%.*s\"", wanted, (int)parser->token.length,
                 parser->text + parser->token.offset);
}

void sql_expect(struct sql_parser *parser, const char *text)
{
    char wanted[24];
    (void)snprintf(wanted, sizeof wanted, "\"%s\"", text);
    if (!sql_accept(parser, text)) sql_unexpected(parser, wanted);
}

/* Words that end an expression or a name: none is a column or an alias. */
static bool is_reserved(const char *word)
{
    static const char *const words[] = {
        "select",  "from",      "where",   "group",    "having", "order", "limit", "offset",
        "union",   "except",    "on",      "join",     "left",   "right", "inner", "full",
        "cross",   "as",        "and",     "or",       "not",    "in",    "like",  "ilike",
        "is",      "null",      "between", "case",     "when",   "then",  "else",  "end",
        "asc",     "desc",      "nulls",   "distinct", "with",   "using", "over",  "filter",
        "within",  "intersect", "window",  "true",     "false",  "fetch", "cast",  "for",
        "collate", NULL};
    for (unsigned i = 0; words[i] != NULL; i++)
        if (strcmp(word, words[i]) == 0) return true;
    return false;
}

bool sql_is_name(const struct sql_parser *parser)
{
    return parser->token.kind == SQL_TOKEN_QUOTED ||
           (parser->token.kind == SQL_TOKEN_WORD && !is_reserved(parser->token.text));
}

const char *sql_name(struct sql_parser *parser, const char *what)
{
    if (!sql_is_name(parser)) {
        sql_unexpected(parser, what);
        return "";
    }
    const char *const text = parser->token.text;
    sql_next(parser);
    return text;
}
