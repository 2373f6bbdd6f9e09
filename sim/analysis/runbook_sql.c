/* Reading a query: words, then a recursive descent by PostgreSQL's precedences. */
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/runbook_sql_state.h"

enum { CHILDREN_FIRST = 4, SQL_TREE_MAX = 400 /* answering recurses */ };

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_NUMBER, TOKEN_STRING, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    const char *text; /* a word in small letters; a sign; the text of a string */
    double number;
    bool whole;
    uint32_t offset, length;
};

struct parser {
    const char *text;
    uint32_t at, length;
    struct arena *arena;
    struct sql_error *error;
    struct token token; /* the next one */
    unsigned depth;
    bool failed;
};

static struct sql_node *expression(struct parser *parser);
static struct sql_select *query(struct parser *parser);

/* ---- failure ---- */

static void fail_at(struct parser *parser, uint32_t offset, uint32_t length, bool known,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

static void fail_at(struct parser *parser, uint32_t offset, uint32_t length, bool known,
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

static void *take(struct parser *parser, size_t count, size_t size)
{
    void *const memory = arena_alloc(parser->arena, count, size);
    if (memory == NULL) {
        fail_at(parser, 0, 0, false, "out of memory");
        parser->error->memory = true;
    }
    return memory;
}

/* ---- words ---- */

static char look(const struct parser *parser, uint32_t ahead)
{
    return parser->at + ahead < parser->length ? parser->text[parser->at + ahead] : '\0';
}

static void skip_blanks(struct parser *parser)
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
                fail_at(parser, from, 2, true, "a comment that is never closed");
            parser->at += 2;
        } else {
            return;
        }
    }
    if (parser->at > parser->length) parser->at = parser->length;
}

/* 'text' with '' for a quote, "name" with "" for one. */
static void read_quoted(struct parser *parser, struct token *token, char quote)
{
    char *const text = take(parser, parser->length - parser->at + 1, 1);
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
    fail_at(parser, token->offset, 1, true, "a quote that is never closed");
}

static void read_number(struct parser *parser, struct token *token)
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
        fail_at(parser, parser->at, length, false, "a number of more than 63 digits");
        return;
    }
    (void)snprintf(digits, sizeof digits, "%.*s", (int)length, parser->text + parser->at);
    char *end = NULL;
    token->number = strtod(digits, &end);
    if (*end != '\0') fail_at(parser, parser->at, length, true, "this is no number");
    parser->at += length;
}

static void read_name(struct parser *parser, struct token *token)
{
    uint32_t length = 0;
    while (isalnum((unsigned char)look(parser, length)) || look(parser, length) == '_' ||
           look(parser, length) == '$')
        length++;
    char *const text = take(parser, length + 1u, 1);
    if (text == NULL) return;
    for (uint32_t i = 0; i < length; i++)
        text[i] = (char)tolower((unsigned char)look(parser, i));
    token->text = text;
    parser->at += length;
}

static void read_sign(struct parser *parser, struct token *token)
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
    fail_at(parser, parser->at, 1, !ours, "\"%c\" is not understood", look(parser, 0));
}

static void next(struct parser *parser)
{
    skip_blanks(parser);
    struct token *const token = &parser->token;
    *token = (struct token){.kind = TOKEN_END, .text = "", .offset = parser->at};
    if (parser->failed || parser->at >= parser->length) return;
    const char c = look(parser, 0);
    if (c == '\'') {
        token->kind = TOKEN_STRING;
        read_quoted(parser, token, c);
    } else if (c == '"') {
        token->kind = TOKEN_QUOTED;
        read_quoted(parser, token, c);
    } else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)look(parser, 1)))) {
        token->kind = TOKEN_NUMBER;
        read_number(parser, token);
    } else if (isalpha((unsigned char)c) || c == '_') {
        token->kind = TOKEN_WORD;
        read_name(parser, token);
    } else {
        token->kind = TOKEN_SIGN;
        read_sign(parser, token);
    }
    token->length = parser->at - token->offset;
    if (parser->failed) *token = (struct token){.kind = TOKEN_END, .text = ""};
}

static bool is(const struct parser *parser, const char *text)
{
    const enum token_kind kind = parser->token.kind;
    return (kind == TOKEN_WORD || kind == TOKEN_SIGN) && strcmp(parser->token.text, text) == 0;
}

static bool accept(struct parser *parser, const char *text)
{
    if (!is(parser, text)) return false;
    next(parser);
    return true;
}

static void unexpected(struct parser *parser, const char *wanted)
{
    if (parser->token.kind == TOKEN_END)
        fail_at(parser, parser->token.offset, 1, true, "the query ends where %s should be", wanted);
    else
        fail_at(parser, parser->token.offset, parser->token.length, true,
                "%s should be here, not \"%.*s\"", wanted, (int)parser->token.length,
                parser->text + parser->token.offset);
}

static void expect(struct parser *parser, const char *text)
{
    char wanted[24];
    (void)snprintf(wanted, sizeof wanted, "\"%s\"", text);
    if (!accept(parser, text)) unexpected(parser, wanted);
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

static bool is_name(const struct parser *parser)
{
    return parser->token.kind == TOKEN_QUOTED ||
           (parser->token.kind == TOKEN_WORD && !is_reserved(parser->token.text));
}

static const char *name(struct parser *parser, const char *what)
{
    if (!is_name(parser)) {
        unexpected(parser, what);
        return "";
    }
    const char *const text = parser->token.text;
    next(parser);
    return text;
}

/* ---- expressions ---- */

static struct sql_node *node(struct parser *parser, enum sql_kind kind, uint32_t offset)
{
    struct sql_node *const made = take(parser, 1, sizeof *made);
    if (made == NULL) return NULL;
    *made = (struct sql_node){.kind = kind, .offset = offset};
    return made;
}

/* What was read since `offset`, up to the word that comes now. */
static void close_node(const struct parser *parser, struct sql_node *made)
{
    uint32_t end = parser->token.offset;
    if (made == NULL) return;
    while (end > made->offset && isspace((unsigned char)parser->text[end - 1]))
        end--;
    made->length = end - made->offset;
}

static bool adopt(struct parser *parser, struct sql_node *parent, struct sql_node *child)
{
    if (parser->failed || parent == NULL || child == NULL) return false;
    const uint32_t count = parent->count;
    if (count == SQL_LIST_MAX || child->depth + 1u > SQL_TREE_MAX) {
        fail_at(parser, child->offset, child->length, false,
                count == SQL_LIST_MAX ? "a list of more than %d" : "more than %d sums in a row",
                count == SQL_LIST_MAX ? SQL_LIST_MAX : SQL_TREE_MAX);
        return false;
    }
    if (count == 0 || (count >= CHILDREN_FIRST && (count & (count - 1)) == 0)) {
        struct sql_node **const grown =
            take(parser, count == 0 ? CHILDREN_FIRST : 2u * count, sizeof *grown);
        if (grown == NULL) return false;
        if (count > 0) memcpy(grown, parent->children, count * sizeof(struct sql_node *));
        parent->children = grown;
    }
    if (parent->depth < child->depth + 1u) parent->depth = child->depth + 1u;
    parent->children[parent->count++] = child;
    return true;
}

static struct sql_node *binary(struct parser *parser, enum sql_operator operation,
                               struct sql_node *left, struct sql_node *right)
{
    struct sql_node *const made =
        node(parser, SQL_BINARY, left != NULL ? left->offset : parser->token.offset);
    if (made == NULL) return NULL;
    made->operation = operation;
    if (!adopt(parser, made, left) || !adopt(parser, made, right)) return NULL;
    close_node(parser, made);
    return made;
}

static struct sql_node *literal(struct parser *parser, struct sql_value value, uint32_t offset)
{
    struct sql_node *const made = node(parser, SQL_LITERAL, offset);
    if (made == NULL) return NULL;
    made->value = value;
    close_node(parser, made);
    return made;
}

/* "24 hours", "7 days", "1 week 2 days", "01:30:00" is not understood. */
static bool read_span(const char *text, double *seconds)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"second", 1},  {"sec", 1},     {"minute", 60},      {"min", 60},
                 {"hour", 3600}, {"day", 86400}, {"week", 7 * 86400}, {"s", 1},
                 {"m", 60},      {"h", 3600},    {"d", 86400}};
    *seconds = 0;
    while (*text != '\0') {
        char *end = NULL;
        const double count = strtod(text, &end);
        if (end == text) return false;
        text = end + strspn(end, " ");
        const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        bool found = false;
        for (size_t i = 0; i < sizeof units / sizeof *units && !found; i++) {
            const size_t unit = strlen(units[i].unit);
            found = (length == unit || (length == unit + 1 && (text[unit] | 32) == 's')) &&
                    strncasecmp(text, units[i].unit, unit) == 0;
            if (found) *seconds += count * units[i].seconds;
        }
        if (!found) return false;
        text += length;
        text += strspn(text, " ,");
    }
    return true;
}

static struct sql_node *interval(struct parser *parser, uint32_t offset)
{
    struct sql_value value = {.type = SQL_SPAN};
    const struct token text = parser->token;
    if (text.kind != TOKEN_STRING) {
        unexpected(parser, "the span of an interval in quotes");
        return NULL;
    }
    if (!read_span(text.text, &value.number))
        fail_at(parser, text.offset, text.length, false, "a span that is not understood");
    next(parser);
    return literal(parser, value, offset);
}

static struct sql_node *subquery(struct parser *parser, uint32_t offset)
{
    struct sql_node *const made = node(parser, SQL_QUERY, offset);
    const struct sql_select *const inner = query(parser);
    if (made == NULL || inner == NULL) return NULL;
    expect(parser, ")");
    made->query = inner;
    close_node(parser, made);
    return made;
}

static struct sql_node *cases(struct parser *parser, uint32_t offset)
{
    struct sql_node *const made = node(parser, SQL_CASE, offset);
    struct sql_node *subject = is(parser, "when") ? NULL : expression(parser);
    if (!is(parser, "when")) unexpected(parser, "WHEN");
    while (accept(parser, "when")) {
        struct sql_node *condition = expression(parser);
        if (subject != NULL) condition = binary(parser, SQL_EQUAL, subject, condition);
        expect(parser, "then");
        if (!adopt(parser, made, condition) || !adopt(parser, made, expression(parser)))
            return NULL;
    }
    if (accept(parser, "else") && !adopt(parser, made, expression(parser))) return NULL;
    expect(parser, "end");
    close_node(parser, made);
    return made;
}

static const char *type_name(struct parser *parser)
{
    const char *const word = name(parser, "a type");
    if (strcmp(word, "double") == 0) (void)accept(parser, "precision");
    if (accept(parser, "(")) { /* numeric(10, 2): the digits are not cut here */
        while (parser->token.kind == TOKEN_NUMBER || is(parser, ","))
            next(parser);
        expect(parser, ")");
    }
    return word;
}

static struct sql_node *cast(struct parser *parser, struct sql_node *inner, uint32_t offset)
{
    struct sql_node *const made = node(parser, SQL_CAST, offset);
    if (made == NULL) return NULL;
    made->name = type_name(parser);
    if (!adopt(parser, made, inner)) return NULL;
    close_node(parser, made);
    return made;
}

/* What may follow an aggregate's brackets. */
static void after_call(struct parser *parser, struct sql_node *call)
{
    if (accept(parser, "within")) {
        expect(parser, "group");
        expect(parser, "(");
        expect(parser, "order");
        expect(parser, "by");
        call->within = expression(parser);
        call->within_falls = accept(parser, "desc");
        if (!call->within_falls) (void)accept(parser, "asc");
        expect(parser, ")");
    }
    if (accept(parser, "filter")) {
        expect(parser, "(");
        expect(parser, "where");
        call->filter = expression(parser);
        expect(parser, ")");
    }
    if (accept(parser, "over")) {
        expect(parser, "(");
        if (!is(parser, ")"))
            fail_at(parser, parser->token.offset, parser->token.length, false,
                    "windows other than OVER () are not understood");
        expect(parser, ")");
        call->over = true;
    }
}

static struct sql_node *call(struct parser *parser, const char *function, uint32_t offset)
{
    struct sql_node *const made = node(parser, SQL_CALL, offset);
    if (made == NULL) return NULL;
    made->name = function;
    made->distinct = accept(parser, "distinct");
    if (strcmp(function, "extract") == 0) {
        struct sql_node *const field = node(parser, SQL_LITERAL, parser->token.offset);
        if (field == NULL) return NULL;
        field->value = (struct sql_value){.type = SQL_TEXT, .text = name(parser, "a field")};
        expect(parser, "from");
        if (!adopt(parser, made, field)) return NULL;
    }
    if (is(parser, "*")) {
        if (!adopt(parser, made, node(parser, SQL_STAR, parser->token.offset))) return NULL;
        next(parser);
    } else if (!is(parser, ")")) {
        do {
            if (!adopt(parser, made, expression(parser))) return NULL;
        } while (accept(parser, ","));
    }
    expect(parser, ")");
    after_call(parser, made);
    close_node(parser, made);
    return made;
}

/* A column, perhaps of a named table; a function's call; a word that is a value. */
static struct sql_node *named(struct parser *parser, uint32_t offset)
{
    const bool quoted = parser->token.kind == TOKEN_QUOTED;
    const char *word = name(parser, "an expression");
    if (!quoted && accept(parser, "(")) return call(parser, word, offset);
    if (!quoted && strcmp(word, "interval") == 0) return interval(parser, offset);
    if (accept(parser, ".")) {
        if (accept(parser, "*")) return node(parser, SQL_STAR, offset);
        word = name(parser, "a column");
    }
    const bool clock = !quoted && strcmp(word, "current_timestamp") == 0;
    struct sql_node *const made = node(parser, clock ? SQL_CALL : SQL_COLUMN, offset);
    if (made == NULL) return NULL;
    made->name = clock ? "now" : word;
    close_node(parser, made);
    return made;
}

static struct sql_node *primary(struct parser *parser)
{
    const struct token token = parser->token;
    struct sql_value value = {.type = SQL_NULL};
    if (token.kind == TOKEN_NUMBER) {
        value = (struct sql_value){token.whole ? SQL_INTEGER : SQL_NUMBER, token.number, NULL};
        next(parser);
        return literal(parser, value, token.offset);
    }
    if (token.kind == TOKEN_STRING) {
        value = (struct sql_value){SQL_TEXT, 0, token.text};
        next(parser);
        return literal(parser, value, token.offset);
    }
    if (accept(parser, "null")) return literal(parser, value, token.offset);
    if (is(parser, "true") || is(parser, "false")) {
        value = (struct sql_value){SQL_BOOL, token.text[0] == 't', NULL};
        next(parser);
        return literal(parser, value, token.offset);
    }
    if (accept(parser, "case")) return cases(parser, token.offset);
    if (accept(parser, "cast")) {
        expect(parser, "(");
        struct sql_node *const inner = expression(parser);
        expect(parser, "as");
        struct sql_node *const made = cast(parser, inner, token.offset);
        expect(parser, ")");
        return made;
    }
    if (accept(parser, "(")) {
        if (is(parser, "select") || is(parser, "with")) return subquery(parser, token.offset);
        struct sql_node *const inner = expression(parser);
        expect(parser, ")");
        return inner;
    }
    return named(parser, token.offset);
}

static struct sql_node *postfix(struct parser *parser)
{
    struct sql_node *made = primary(parser);
    while (made != NULL && !parser->failed) {
        if (accept(parser, "::"))
            made = cast(parser, made, made->offset);
        else if (accept(parser, "collate")) /* texts are in the order of their bytes anyway */
            (void)name(parser, "a collation");
        else
            break;
    }
    return made;
}

static struct sql_node *unary(struct parser *parser)
{
    const uint32_t offset = parser->token.offset;
    bool negative = false;
    while (is(parser, "-") || is(parser, "+")) {
        negative ^= is(parser, "-");
        next(parser);
    }
    struct sql_node *const inner = postfix(parser);
    if (!negative) return inner;
    struct sql_node *const made = node(parser, SQL_NEGATE, offset);
    if (!adopt(parser, made, inner)) return NULL;
    close_node(parser, made);
    return made;
}

static struct sql_node *product(struct parser *parser)
{
    struct sql_node *left = unary(parser);
    while (left != NULL && (is(parser, "*") || is(parser, "/") || is(parser, "%"))) {
        const char sign = parser->token.text[0];
        next(parser);
        left = binary(parser,
                      sign == '*'   ? SQL_MULTIPLY
                      : sign == '/' ? SQL_DIVIDE
                                    : SQL_REMAINDER,
                      left, unary(parser));
    }
    return left;
}

static struct sql_node *sum(struct parser *parser)
{
    struct sql_node *left = product(parser);
    while (left != NULL && (is(parser, "+") || is(parser, "-") || is(parser, "||"))) {
        const char sign = parser->token.text[0];
        next(parser);
        left = binary(parser,
                      sign == '+'   ? SQL_ADD
                      : sign == '-' ? SQL_SUBTRACT
                                    : SQL_JOIN_TEXT,
                      left, product(parser));
    }
    return left;
}

static struct sql_node *in_list(struct parser *parser, struct sql_node *left)
{
    struct sql_node *const made = node(parser, SQL_IN, left->offset);
    expect(parser, "(");
    if (is(parser, "select"))
        fail_at(parser, parser->token.offset, parser->token.length, false,
                "IN (SELECT ...) is not understood");
    if (!adopt(parser, made, left)) return NULL;
    do {
        if (!adopt(parser, made, expression(parser))) return NULL;
    } while (accept(parser, ","));
    expect(parser, ")");
    return made;
}

static struct sql_node *between(struct parser *parser, struct sql_node *left)
{
    struct sql_node *const made = node(parser, SQL_BETWEEN, left->offset);
    struct sql_node *const low = sum(parser);
    expect(parser, "and");
    struct sql_node *const high = sum(parser);
    if (!adopt(parser, made, left) || !adopt(parser, made, low) || !adopt(parser, made, high))
        return NULL;
    return made;
}

static struct sql_node *null_test(struct parser *parser, struct sql_node *left)
{
    struct sql_node *const made = node(parser, SQL_IS_NULL, left->offset);
    const bool negated = accept(parser, "not");
    expect(parser, "null");
    if (!adopt(parser, made, left)) return NULL;
    made->negated = negated;
    close_node(parser, made);
    return made;
}

static struct sql_node *comparison(struct parser *parser)
{
    static const struct {
        const char *sign;
        enum sql_operator operation;
    } signs[] = {{"=", SQL_EQUAL},       {"<>", SQL_UNEQUAL}, {"!=", SQL_UNEQUAL},
                 {"<=", SQL_LESS_EQUAL}, {"<", SQL_LESS},     {">=", SQL_MORE_EQUAL},
                 {">", SQL_MORE}};
    struct sql_node *const left = sum(parser);
    if (left == NULL) return NULL;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (accept(parser, signs[i].sign))
            return binary(parser, signs[i].operation, left, sum(parser));
    if (accept(parser, "is")) return null_test(parser, left);
    const bool negated = accept(parser, "not");
    struct sql_node *made = left;
    if (accept(parser, "in"))
        made = in_list(parser, left);
    else if (accept(parser, "between"))
        made = between(parser, left);
    else if (accept(parser, "like"))
        made = binary(parser, SQL_LIKE, left, sum(parser));
    else if (accept(parser, "ilike"))
        made = binary(parser, SQL_ILIKE, left, sum(parser));
    else if (negated)
        unexpected(parser, "IN, LIKE or BETWEEN");
    if (made != NULL && made != left) {
        made->negated = negated;
        close_node(parser, made);
    }
    return made;
}

static struct sql_node *negation(struct parser *parser)
{
    const uint32_t offset = parser->token.offset;
    bool negated = false;
    while (accept(parser, "not"))
        negated = !negated;
    struct sql_node *const inner = comparison(parser);
    if (!negated) return inner;
    struct sql_node *const made = node(parser, SQL_NOT, offset);
    return adopt(parser, made, inner) ? made : NULL;
}

static struct sql_node *conjunction(struct parser *parser)
{
    struct sql_node *left = negation(parser);
    while (left != NULL && accept(parser, "and"))
        left = binary(parser, SQL_AND, left, negation(parser));
    return left;
}

static struct sql_node *expression(struct parser *parser)
{
    if (parser->depth == SQL_DEPTH_MAX) {
        fail_at(parser, parser->token.offset, parser->token.length, false,
                "brackets lie more than %d deep", SQL_DEPTH_MAX);
        return NULL;
    }
    parser->depth++;
    struct sql_node *left = conjunction(parser);
    while (left != NULL && accept(parser, "or"))
        left = binary(parser, SQL_OR, left, conjunction(parser));
    parser->depth--;
    return parser->failed ? NULL : left;
}

/* ---- queries ---- */

static bool push_item(struct parser *parser, struct sql_list *list, struct sql_item item)
{
    if (parser->failed || item.node == NULL) return false;
    if (list->items == NULL) list->items = take(parser, SQL_LIST_MAX, sizeof *list->items);
    if (list->items == NULL) return false;
    if (list->count == SQL_LIST_MAX) {
        fail_at(parser, item.node->offset, item.node->length, false, "a list of more than %d",
                SQL_LIST_MAX);
        return false;
    }
    list->items[list->count++] = item;
    return true;
}

static void select_list(struct parser *parser, struct sql_list *list)
{
    do {
        struct sql_item item = {0};
        if (is(parser, "*")) {
            item.node = node(parser, SQL_STAR, parser->token.offset);
            next(parser);
        } else {
            item.node = expression(parser);
        }
        if (accept(parser, "as")) {
            /* Any word may be a name after AS. */
            if (parser->token.kind != TOKEN_WORD && parser->token.kind != TOKEN_QUOTED)
                unexpected(parser, "a name");
            item.alias = parser->token.text;
            next(parser);
        } else if (is_name(parser)) {
            item.alias = name(parser, "a name");
        }
        if (!push_item(parser, list, item)) return;
    } while (accept(parser, ","));
}

static void order_list(struct parser *parser, struct sql_list *list)
{
    do {
        struct sql_item item = {.node = expression(parser)};
        item.falls = accept(parser, "desc");
        if (!item.falls) (void)accept(parser, "asc");
        item.nulls_first = item.falls;
        if (accept(parser, "nulls")) {
            item.nulls_first = accept(parser, "first");
            if (!item.nulls_first) expect(parser, "last");
        }
        if (!push_item(parser, list, item)) return;
    } while (accept(parser, ","));
}

static void from_clause(struct parser *parser, struct sql_select *select)
{
    select->from_offset = parser->token.offset;
    if (accept(parser, "(")) {
        select->from = query(parser);
        expect(parser, ")");
        select->from_length = parser->token.offset - select->from_offset;
    } else {
        select->from_length = parser->token.length;
        select->table = name(parser, "a table");
        if (accept(parser, ".")) select->table = name(parser, "a table"); /* public.edge_logs */
    }
    if (accept(parser, "as") || is_name(parser)) select->alias = name(parser, "a name");
    static const char *const joins[] = {",",     "join",  "left",    "right",
                                        "inner", "cross", "natural", NULL};
    for (unsigned i = 0; joins[i] != NULL; i++)
        if (is(parser, joins[i]))
            fail_at(parser, parser->token.offset, parser->token.length, false,
                    "queries over several tables are not understood");
}

static void with_clause(struct parser *parser, struct sql_select *select)
{
    select->with = take(parser, SQL_LIST_MAX, sizeof *select->with);
    do {
        struct sql_named entry = {.name = name(parser, "a name")};
        expect(parser, "as");
        expect(parser, "(");
        entry.select = query(parser);
        expect(parser, ")");
        if (parser->failed || select->with == NULL) return;
        if (select->with_count == SQL_LIST_MAX) {
            fail_at(parser, parser->token.offset, 1, false, "a list of more than %d", SQL_LIST_MAX);
            return;
        }
        select->with[select->with_count++] = entry;
    } while (accept(parser, ","));
}

static void limit_clause(struct parser *parser, struct sql_select *select)
{
    if (parser->token.kind != TOKEN_NUMBER) {
        unexpected(parser, "a number");
        return;
    }
    select->limit = parser->token.number;
    next(parser);
}

static void clauses(struct parser *parser, struct sql_select *select)
{
    if (accept(parser, "with")) with_clause(parser, select);
    expect(parser, "select");
    select->distinct = accept(parser, "distinct");
    select_list(parser, &select->items);
    if (accept(parser, "from")) from_clause(parser, select);
    if (accept(parser, "where")) select->where = expression(parser);
    if (accept(parser, "group")) {
        expect(parser, "by");
        order_list(parser, &select->groups);
    }
    if (accept(parser, "having")) select->having = expression(parser);
    if (accept(parser, "order")) {
        expect(parser, "by");
        order_list(parser, &select->orders);
    }
    if (accept(parser, "limit")) limit_clause(parser, select);
    static const char *const beyond[] = {"union",  "intersect", "except", "offset",
                                         "window", "fetch",     "for",    NULL};
    for (unsigned i = 0; beyond[i] != NULL; i++)
        if (is(parser, beyond[i]))
            fail_at(parser, parser->token.offset, parser->token.length, false,
                    "%s is not understood", beyond[i]);
}

static struct sql_select *query(struct parser *parser)
{
    struct sql_select *const select = take(parser, 1, sizeof *select);
    if (select == NULL) return NULL;
    *select = (struct sql_select){.limit = -1};
    if (parser->depth == SQL_DEPTH_MAX) {
        fail_at(parser, parser->token.offset, parser->token.length, false,
                "queries lie more than %d deep", SQL_DEPTH_MAX);
        return NULL;
    }
    parser->depth++;
    clauses(parser, select);
    parser->depth--;
    return parser->failed ? NULL : select;
}

static bool read_statement(struct parser *parser, struct sql_script *script)
{
    const uint32_t from = parser->token.offset;
    if (!is(parser, "select") && !is(parser, "with")) {
        fail_at(parser, from, parser->token.length, false,
                "statements other than SELECT are not "
                "run here");
        return false;
    }
    const struct sql_select *const select = query(parser);
    if (select == NULL) return false;
    if (script->count == SQL_STATEMENTS_MAX) {
        fail_at(parser, from, 1, false, "more than %d statements", SQL_STATEMENTS_MAX);
        return false;
    }
    uint32_t end = parser->token.offset;
    if (parser->token.kind != TOKEN_END && !is(parser, ";")) {
        unexpected(parser, "the query's end");
        return false;
    }
    while (end > from && isspace((unsigned char)parser->text[end - 1]))
        end--;
    script->statements[script->count++] =
        (struct sql_statement){.select = select, .offset = from, .length = end - from};
    return true;
}

bool sql_read(struct sql_script *script, const char *text, uint32_t length, struct arena *arena,
              struct sql_error *error)
{
    struct parser parser = {.text = text, .length = length, .arena = arena, .error = error};
    *script = (struct sql_script){0};
    *error = (struct sql_error){0};
    next(&parser);
    while (!parser.failed) {
        while (accept(&parser, ";"))
            ;
        if (parser.token.kind == TOKEN_END) break;
        if (!read_statement(&parser, script)) break;
    }
    return !parser.failed;
}
