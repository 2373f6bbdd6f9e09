/* Expressions of a query: a recursive descent by PostgreSQL's precedences. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/runbook_sql_parser.h"

enum { CHILDREN_FIRST = 4, SQL_TREE_MAX = 400 /* answering recurses */ };

struct sql_node *sql_node_make(struct sql_parser *parser, enum sql_kind kind, uint32_t offset)
{
    struct sql_node *const made = sql_parser_take(parser, 1, sizeof *made);
    if (made == NULL) return NULL;
    *made = (struct sql_node){.kind = kind, .offset = offset};
    return made;
}

/* What was read since `offset`, up to the word that comes now. */
static void close_node(const struct sql_parser *parser, struct sql_node *made)
{
    uint32_t end = parser->token.offset;
    if (made == NULL) return;
    while (end > made->offset && isspace((unsigned char)parser->text[end - 1]))
        end--;
    made->length = end - made->offset;
}

static bool adopt(struct sql_parser *parser, struct sql_node *parent, struct sql_node *child)
{
    if (parser->failed || parent == NULL || child == NULL) return false;
    const uint32_t count = parent->count;
    if (count == SQL_LIST_MAX || child->depth + 1u > SQL_TREE_MAX) {
        sql_fail(parser, child->offset, child->length, false,
                 count == SQL_LIST_MAX ? "a list of more than %d" : "more than %d sums in a row",
                 count == SQL_LIST_MAX ? SQL_LIST_MAX : SQL_TREE_MAX);
        return false;
    }
    if (count == 0 || (count >= CHILDREN_FIRST && (count & (count - 1)) == 0)) {
        struct sql_node **const grown =
            sql_parser_take(parser, count == 0 ? CHILDREN_FIRST : 2u * count, sizeof *grown);
        if (grown == NULL) return false;
        if (count > 0) memcpy(grown, parent->children, count * sizeof(struct sql_node *));
        parent->children = grown;
    }
    if (parent->depth < child->depth + 1u) parent->depth = child->depth + 1u;
    parent->children[parent->count++] = child;
    return true;
}

static struct sql_node *binary(struct sql_parser *parser, enum sql_operator operation,
                               struct sql_node *left, struct sql_node *right)
{
    struct sql_node *const made =
        sql_node_make(parser, SQL_BINARY, left != NULL ? left->offset : parser->token.offset);
    if (made == NULL) return NULL;
    made->operation = operation;
    if (!adopt(parser, made, left) || !adopt(parser, made, right)) return NULL;
    close_node(parser, made);
    return made;
}

static struct sql_node *literal(struct sql_parser *parser, struct sql_value value, uint32_t offset)
{
    struct sql_node *const made = sql_node_make(parser, SQL_LITERAL, offset);
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

static struct sql_node *interval(struct sql_parser *parser, uint32_t offset)
{
    struct sql_value value = {.type = SQL_SPAN};
    const struct sql_token text = parser->token;
    if (text.kind != SQL_TOKEN_STRING) {
        sql_unexpected(parser, "the span of an interval in quotes");
        return NULL;
    }
    if (!read_span(text.text, &value.number))
        sql_fail(parser, text.offset, text.length, false, "a span that is not understood");
    sql_next(parser);
    return literal(parser, value, offset);
}

static struct sql_node *subquery(struct sql_parser *parser, uint32_t offset)
{
    struct sql_node *const made = sql_node_make(parser, SQL_QUERY, offset);
    const struct sql_select *const inner = sql_read_select(parser);
    if (made == NULL || inner == NULL) return NULL;
    sql_expect(parser, ")");
    made->query = inner;
    close_node(parser, made);
    return made;
}

static struct sql_node *cases(struct sql_parser *parser, uint32_t offset)
{
    struct sql_node *const made = sql_node_make(parser, SQL_CASE, offset);
    struct sql_node *subject = sql_is(parser, "when") ? NULL : sql_expression(parser);
    if (!sql_is(parser, "when")) sql_unexpected(parser, "WHEN");
    while (sql_accept(parser, "when")) {
        struct sql_node *condition = sql_expression(parser);
        if (subject != NULL) condition = binary(parser, SQL_EQUAL, subject, condition);
        sql_expect(parser, "then");
        if (!adopt(parser, made, condition) || !adopt(parser, made, sql_expression(parser)))
            return NULL;
    }
    if (sql_accept(parser, "else") && !adopt(parser, made, sql_expression(parser))) return NULL;
    sql_expect(parser, "end");
    close_node(parser, made);
    return made;
}

static const char *type_name(struct sql_parser *parser)
{
    const char *const word = sql_name(parser, "a type");
    if (strcmp(word, "double") == 0) (void)sql_accept(parser, "precision");
    if (sql_accept(parser, "(")) { /* numeric(10, 2): the digits are not cut here */
        while (parser->token.kind == SQL_TOKEN_NUMBER || sql_is(parser, ","))
            sql_next(parser);
        sql_expect(parser, ")");
    }
    return word;
}

static struct sql_node *cast(struct sql_parser *parser, struct sql_node *inner, uint32_t offset)
{
    struct sql_node *const made = sql_node_make(parser, SQL_CAST, offset);
    if (made == NULL) return NULL;
    made->name = type_name(parser);
    if (!adopt(parser, made, inner)) return NULL;
    close_node(parser, made);
    return made;
}

/* What may follow an aggregate's brackets. */
static void after_call(struct sql_parser *parser, struct sql_node *call)
{
    if (sql_accept(parser, "within")) {
        sql_expect(parser, "group");
        sql_expect(parser, "(");
        sql_expect(parser, "order");
        sql_expect(parser, "by");
        call->within = sql_expression(parser);
        call->within_falls = sql_accept(parser, "desc");
        if (!call->within_falls) (void)sql_accept(parser, "asc");
        sql_expect(parser, ")");
    }
    if (sql_accept(parser, "filter")) {
        sql_expect(parser, "(");
        sql_expect(parser, "where");
        call->filter = sql_expression(parser);
        sql_expect(parser, ")");
    }
    if (sql_accept(parser, "over")) {
        sql_expect(parser, "(");
        if (!sql_is(parser, ")"))
            sql_fail(parser, parser->token.offset, parser->token.length, false,
                     "windows other than OVER () are not understood");
        sql_expect(parser, ")");
        call->over = true;
    }
}

static struct sql_node *call(struct sql_parser *parser, const char *function, uint32_t offset)
{
    struct sql_node *const made = sql_node_make(parser, SQL_CALL, offset);
    if (made == NULL) return NULL;
    made->name = function;
    made->distinct = sql_accept(parser, "distinct");
    if (strcmp(function, "extract") == 0) {
        struct sql_node *const field = sql_node_make(parser, SQL_LITERAL, parser->token.offset);
        if (field == NULL) return NULL;
        field->value = (struct sql_value){.type = SQL_TEXT, .text = sql_name(parser, "a field")};
        sql_expect(parser, "from");
        if (!adopt(parser, made, field)) return NULL;
    }
    if (sql_is(parser, "*")) {
        if (!adopt(parser, made, sql_node_make(parser, SQL_STAR, parser->token.offset)))
            return NULL;
        sql_next(parser);
    } else if (!sql_is(parser, ")")) {
        do {
            if (!adopt(parser, made, sql_expression(parser))) return NULL;
        } while (sql_accept(parser, ","));
    }
    sql_expect(parser, ")");
    after_call(parser, made);
    close_node(parser, made);
    return made;
}

/* A column, perhaps of a named table; a function's call; a word that is a value. */
static struct sql_node *named(struct sql_parser *parser, uint32_t offset)
{
    const bool quoted = parser->token.kind == SQL_TOKEN_QUOTED;
    const char *word = sql_name(parser, "an expression");
    if (!quoted && sql_accept(parser, "(")) return call(parser, word, offset);
    if (!quoted && strcmp(word, "interval") == 0) return interval(parser, offset);
    if (sql_accept(parser, ".")) {
        if (sql_accept(parser, "*")) return sql_node_make(parser, SQL_STAR, offset);
        word = sql_name(parser, "a column");
    }
    const bool clock = !quoted && strcmp(word, "current_timestamp") == 0;
    struct sql_node *const made = sql_node_make(parser, clock ? SQL_CALL : SQL_COLUMN, offset);
    if (made == NULL) return NULL;
    made->name = clock ? "now" : word;
    close_node(parser, made);
    return made;
}

static struct sql_node *primary(struct sql_parser *parser)
{
    const struct sql_token token = parser->token;
    struct sql_value value = {.type = SQL_NULL};
    if (token.kind == SQL_TOKEN_NUMBER) {
        value = (struct sql_value){token.whole ? SQL_INTEGER : SQL_NUMBER, token.number, NULL};
        sql_next(parser);
        return literal(parser, value, token.offset);
    }
    if (token.kind == SQL_TOKEN_STRING) {
        value = (struct sql_value){SQL_TEXT, 0, token.text};
        sql_next(parser);
        return literal(parser, value, token.offset);
    }
    if (sql_accept(parser, "null")) return literal(parser, value, token.offset);
    if (sql_is(parser, "true") || sql_is(parser, "false")) {
        value = (struct sql_value){SQL_BOOL, token.text[0] == 't', NULL};
        sql_next(parser);
        return literal(parser, value, token.offset);
    }
    if (sql_accept(parser, "case")) return cases(parser, token.offset);
    if (sql_accept(parser, "cast")) {
        sql_expect(parser, "(");
        struct sql_node *const inner = sql_expression(parser);
        sql_expect(parser, "as");
        struct sql_node *const made = cast(parser, inner, token.offset);
        sql_expect(parser, ")");
        return made;
    }
    if (sql_accept(parser, "(")) {
        if (sql_is(parser, "select") || sql_is(parser, "with"))
            return subquery(parser, token.offset);
        struct sql_node *const inner = sql_expression(parser);
        sql_expect(parser, ")");
        return inner;
    }
    return named(parser, token.offset);
}

static struct sql_node *postfix(struct sql_parser *parser)
{
    struct sql_node *made = primary(parser);
    while (made != NULL && !parser->failed) {
        if (sql_accept(parser, "::"))
            made = cast(parser, made, made->offset);
        else if (sql_accept(parser, "collate")) /* texts are in the order of their bytes anyway */
            (void)sql_name(parser, "a collation");
        else
            break;
    }
    return made;
}

static struct sql_node *unary(struct sql_parser *parser)
{
    const uint32_t offset = parser->token.offset;
    bool negative = false;
    while (sql_is(parser, "-") || sql_is(parser, "+")) {
        negative ^= sql_is(parser, "-");
        sql_next(parser);
    }
    struct sql_node *const inner = postfix(parser);
    if (!negative) return inner;
    struct sql_node *const made = sql_node_make(parser, SQL_NEGATE, offset);
    if (!adopt(parser, made, inner)) return NULL;
    close_node(parser, made);
    return made;
}

static struct sql_node *product(struct sql_parser *parser)
{
    struct sql_node *left = unary(parser);
    while (left != NULL && (sql_is(parser, "*") || sql_is(parser, "/") || sql_is(parser, "%"))) {
        const char sign = parser->token.text[0];
        sql_next(parser);
        left = binary(parser,
                      sign == '*'   ? SQL_MULTIPLY
                      : sign == '/' ? SQL_DIVIDE
                                    : SQL_REMAINDER,
                      left, unary(parser));
    }
    return left;
}

static struct sql_node *sum(struct sql_parser *parser)
{
    struct sql_node *left = product(parser);
    while (left != NULL && (sql_is(parser, "+") || sql_is(parser, "-") || sql_is(parser, "||"))) {
        const char sign = parser->token.text[0];
        sql_next(parser);
        left = binary(parser,
                      sign == '+'   ? SQL_ADD
                      : sign == '-' ? SQL_SUBTRACT
                                    : SQL_JOIN_TEXT,
                      left, product(parser));
    }
    return left;
}

static struct sql_node *in_list(struct sql_parser *parser, struct sql_node *left)
{
    struct sql_node *const made = sql_node_make(parser, SQL_IN, left->offset);
    sql_expect(parser, "(");
    if (sql_is(parser, "select"))
        sql_fail(parser, parser->token.offset, parser->token.length, false,
                 "IN (SELECT ...) is not understood");
    if (!adopt(parser, made, left)) return NULL;
    do {
        if (!adopt(parser, made, sql_expression(parser))) return NULL;
    } while (sql_accept(parser, ","));
    sql_expect(parser, ")");
    return made;
}

static struct sql_node *between(struct sql_parser *parser, struct sql_node *left)
{
    struct sql_node *const made = sql_node_make(parser, SQL_BETWEEN, left->offset);
    struct sql_node *const low = sum(parser);
    sql_expect(parser, "and");
    struct sql_node *const high = sum(parser);
    if (!adopt(parser, made, left) || !adopt(parser, made, low) || !adopt(parser, made, high))
        return NULL;
    return made;
}

static struct sql_node *null_test(struct sql_parser *parser, struct sql_node *left)
{
    struct sql_node *const made = sql_node_make(parser, SQL_IS_NULL, left->offset);
    const bool negated = sql_accept(parser, "not");
    sql_expect(parser, "null");
    if (!adopt(parser, made, left)) return NULL;
    made->negated = negated;
    close_node(parser, made);
    return made;
}

static struct sql_node *comparison(struct sql_parser *parser)
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
        if (sql_accept(parser, signs[i].sign))
            return binary(parser, signs[i].operation, left, sum(parser));
    if (sql_accept(parser, "is")) return null_test(parser, left);
    const bool negated = sql_accept(parser, "not");
    struct sql_node *made = left;
    if (sql_accept(parser, "in"))
        made = in_list(parser, left);
    else if (sql_accept(parser, "between"))
        made = between(parser, left);
    else if (sql_accept(parser, "like"))
        made = binary(parser, SQL_LIKE, left, sum(parser));
    else if (sql_accept(parser, "ilike"))
        made = binary(parser, SQL_ILIKE, left, sum(parser));
    else if (negated)
        sql_unexpected(parser, "IN, LIKE or BETWEEN");
    if (made != NULL && made != left) {
        made->negated = negated;
        close_node(parser, made);
    }
    return made;
}

static struct sql_node *negation(struct sql_parser *parser)
{
    const uint32_t offset = parser->token.offset;
    bool negated = false;
    while (sql_accept(parser, "not"))
        negated = !negated;
    struct sql_node *const inner = comparison(parser);
    if (!negated) return inner;
    struct sql_node *const made = sql_node_make(parser, SQL_NOT, offset);
    return adopt(parser, made, inner) ? made : NULL;
}

static struct sql_node *conjunction(struct sql_parser *parser)
{
    struct sql_node *left = negation(parser);
    while (left != NULL && sql_accept(parser, "and"))
        left = binary(parser, SQL_AND, left, negation(parser));
    return left;
}

struct sql_node *sql_expression(struct sql_parser *parser)
{
    if (parser->depth == SQL_DEPTH_MAX) {
        sql_fail(parser, parser->token.offset, parser->token.length, false,
                 "brackets lie more than %d deep", SQL_DEPTH_MAX);
        return NULL;
    }
    parser->depth++;
    struct sql_node *left = conjunction(parser);
    while (left != NULL && sql_accept(parser, "or"))
        left = binary(parser, SQL_OR, left, conjunction(parser));
    parser->depth--;
    return parser->failed ? NULL : left;
}
