/* Values of a query, and what is computed of those of a row. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/runbook_sql_answer.h"

const struct sql_value sql_null = {.type = SQL_NULL};

/* ---- failure ---- */

struct sql_value sql_refuse(struct sql_answering *answering, const struct sql_node *node,
                            bool known, const char *format, ...)
{
    va_list arguments;
    if (answering->failed) return sql_null;
    answering->failed = true;
    *answering->error = (struct sql_error){.known = known};
    if (node != NULL) {
        answering->error->offset = node->offset;
        answering->error->length = node->length;
    }
    va_start(arguments, format);
    (void)vsnprintf(answering->error->message, SQL_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    return sql_null;
}

void *sql_take(struct sql_answering *answering, size_t count, size_t size)
{
    void *const memory = arena_alloc(answering->arena, count, size);
    if (memory != NULL) return memory;
    (void)sql_refuse(answering, NULL, false, "out of memory");
    answering->error->memory = true;
    return NULL;
}

/* ---- values ---- */

bool sql_is_number(const struct sql_value *value)
{
    return value->type == SQL_INTEGER || value->type == SQL_NUMBER;
}

struct sql_value sql_number_value(enum sql_type type, double of)
{
    return (struct sql_value){.type = type, .number = of};
}

struct sql_value sql_truth(bool of)
{
    return sql_number_value(SQL_BOOL, of);
}

bool sql_is_true(const struct sql_value *value)
{
    return value->type == SQL_BOOL && value->number != 0;
}

/* Neither is NULL; both are of a kind. */
int sql_order_of(const struct sql_value *a, const struct sql_value *b)
{
    if (a->type == SQL_TEXT) return strcmp(a->text, b->text);
    return (a->number > b->number) - (a->number < b->number);
}

bool sql_comparable(const struct sql_value *a, const struct sql_value *b)
{
    return a->type == b->type || (sql_is_number(a) && sql_is_number(b));
}

/* NULLs are one group and one distinct value. */
bool sql_same(const struct sql_value *a, const struct sql_value *b)
{
    if (a->type == SQL_NULL || b->type == SQL_NULL) return a->type == b->type;
    return sql_comparable(a, b) && sql_order_of(a, b) == 0;
}

static struct sql_value compare(struct sql_answering *answering, const struct sql_node *node,
                                enum sql_operator operation, struct sql_value left,
                                struct sql_value right)
{
    if (left.type == SQL_NULL || right.type == SQL_NULL) return sql_null;
    if (!sql_comparable(&left, &right))
        return sql_refuse(answering, node, false,
                          "a comparison of two kinds that is not understood");
    const int order = sql_order_of(&left, &right);
    switch (operation) {
    case SQL_EQUAL:
        return sql_truth(order == 0);
    case SQL_UNEQUAL:
        return sql_truth(order != 0);
    case SQL_LESS:
        return sql_truth(order < 0);
    case SQL_LESS_EQUAL:
        return sql_truth(order <= 0);
    case SQL_MORE:
        return sql_truth(order > 0);
    case SQL_MORE_EQUAL:
        return sql_truth(order >= 0);
    case SQL_OR:
    case SQL_AND:
    case SQL_LIKE:
    case SQL_ILIKE:
    case SQL_ADD:
    case SQL_SUBTRACT:
    case SQL_MULTIPLY:
    case SQL_DIVIDE:
    case SQL_REMAINDER:
    case SQL_JOIN_TEXT:
        break;
    }
    assert(!"no comparison");
    return sql_null;
}

/* ---- arithmetic ---- */

static struct sql_value divide(struct sql_answering *answering, const struct sql_node *node,
                               bool whole, double left, double right, bool remainder)
{
    if (right == 0) return sql_refuse(answering, node, true, "division by zero");
    if (remainder) return sql_number_value(whole ? SQL_INTEGER : SQL_NUMBER, fmod(left, right));
    return whole ? sql_number_value(SQL_INTEGER, trunc(left / right))
                 : sql_number_value(SQL_NUMBER, left / right);
}

static struct sql_value calculate(struct sql_answering *answering, const struct sql_node *node,
                                  struct sql_value left, struct sql_value right)
{
    const bool whole = left.type == SQL_INTEGER && right.type == SQL_INTEGER;
    const bool adds = node->operation == SQL_ADD || node->operation == SQL_SUBTRACT;
    const bool plus = node->operation == SQL_ADD;
    if (left.type == SQL_NULL || right.type == SQL_NULL) return sql_null;
    const double sum = plus ? left.number + right.number : left.number - right.number;
    if (adds && left.type == SQL_TIME && right.type == SQL_SPAN)
        return sql_number_value(SQL_TIME, sum);
    if (plus && left.type == SQL_SPAN && right.type == SQL_TIME)
        return sql_number_value(SQL_TIME, sum);
    if (adds && left.type == SQL_SPAN && right.type == SQL_SPAN)
        return sql_number_value(SQL_SPAN, sum);
    if (node->operation == SQL_SUBTRACT && left.type == SQL_TIME && right.type == SQL_TIME)
        return sql_number_value(SQL_SPAN, sum);
    if (!sql_is_number(&left) || !sql_is_number(&right))
        return sql_refuse(answering, node, false, "a calculation that is not understood");
    if (adds) return sql_number_value(whole ? SQL_INTEGER : SQL_NUMBER, sum);
    if (node->operation == SQL_MULTIPLY)
        return sql_number_value(whole ? SQL_INTEGER : SQL_NUMBER, left.number * right.number);
    return divide(answering, node, whole, left.number, right.number,
                  node->operation == SQL_REMAINDER);
}

static struct sql_value join_text(struct sql_answering *answering, struct sql_value left,
                                  struct sql_value right)
{
    char a[SQL_SHOWN_MAX], b[SQL_SHOWN_MAX];
    if (left.type == SQL_NULL || right.type == SQL_NULL) return sql_null;
    sql_show(&left, a);
    sql_show(&right, b);
    const char *const first = left.type == SQL_TEXT ? left.text : a;
    const char *const second = right.type == SQL_TEXT ? right.text : b;
    char *const text = sql_take(answering, strlen(first) + strlen(second) + 1, 1);
    if (text == NULL) return sql_null;
    (void)strcpy(text, first);
    (void)strcat(text, second);
    return (struct sql_value){.type = SQL_TEXT, .text = text};
}

bool sql_like(const char *text, const char *pattern, bool any_case)
{
    const char *star = NULL, *from = NULL; /* the last %, and where what it took begins to end */
    while (*text != '\0') {
        const bool equal = any_case ? strncasecmp(text, pattern, 1) == 0 : *text == *pattern;
        if (*pattern == '%') {
            star = ++pattern;
            from = text;
        } else if (*pattern == '_' || (*pattern != '\0' && equal)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "%")] == '\0';
}

static struct sql_value like(struct sql_answering *answering, const struct sql_node *node,
                             struct sql_value left, struct sql_value right)
{
    if (left.type == SQL_NULL || right.type == SQL_NULL) return sql_null;
    if (left.type != SQL_TEXT || right.type != SQL_TEXT)
        return sql_refuse(answering, node, true, "LIKE compares texts");
    const bool found = sql_like(left.text, right.text, node->operation == SQL_ILIKE);
    return sql_truth(found != node->negated);
}

/* Three-valued, and lazily: FALSE AND x is FALSE whatever x is. */
static struct sql_value connect(const struct sql_scope *scope, const struct sql_node *node)
{
    const bool ends_it = node->operation == SQL_OR;
    const struct sql_value left = sql_answer_node(scope, node->children[0]);
    if (left.type == SQL_BOOL && (left.number != 0) == ends_it) return left;
    const struct sql_value right = sql_answer_node(scope, node->children[1]);
    if (right.type == SQL_BOOL && (right.number != 0) == ends_it) return right;
    return left.type == SQL_NULL ? left : right;
}

struct sql_value sql_binary(const struct sql_scope *scope, const struct sql_node *node)
{
    struct sql_answering *const answering = scope->answering;
    if (node->operation == SQL_AND || node->operation == SQL_OR) return connect(scope, node);
    const struct sql_value left = sql_answer_node(scope, node->children[0]);
    const struct sql_value right = sql_answer_node(scope, node->children[1]);
    if (answering->failed) return sql_null;
    if (node->operation <= SQL_MORE_EQUAL)
        return compare(answering, node, node->operation, left, right);
    if (node->operation <= SQL_ILIKE) return like(answering, node, left, right);
    if (node->operation == SQL_JOIN_TEXT) return join_text(answering, left, right);
    return calculate(answering, node, left, right);
}

struct sql_value sql_in_list(const struct sql_scope *scope, const struct sql_node *node)
{
    const struct sql_value wanted = sql_answer_node(scope, node->children[0]);
    bool unknown = wanted.type == SQL_NULL;
    for (uint32_t i = 1; i < node->count; i++) {
        const struct sql_value value = compare(scope->answering, node, SQL_EQUAL, wanted,
                                               sql_answer_node(scope, node->children[i]));
        if (sql_is_true(&value)) return sql_truth(!node->negated);
        unknown |= value.type == SQL_NULL;
    }
    return unknown ? sql_null : sql_truth(node->negated);
}

struct sql_value sql_between(const struct sql_scope *scope, const struct sql_node *node)
{
    const struct sql_value value = sql_answer_node(scope, node->children[0]);
    const struct sql_value low = compare(scope->answering, node, SQL_MORE_EQUAL, value,
                                         sql_answer_node(scope, node->children[1]));
    const struct sql_value high = compare(scope->answering, node, SQL_LESS_EQUAL, value,
                                          sql_answer_node(scope, node->children[2]));
    if (low.type == SQL_NULL || high.type == SQL_NULL) return sql_null;
    return sql_truth((sql_is_true(&low) && sql_is_true(&high)) != node->negated);
}

struct sql_value sql_cases(const struct sql_scope *scope, const struct sql_node *node)
{
    uint32_t i = 0;
    for (; i + 1 < node->count; i += 2) {
        const struct sql_value condition = sql_answer_node(scope, node->children[i]);
        if (sql_is_true(&condition)) return sql_answer_node(scope, node->children[i + 1]);
    }
    return i < node->count ? sql_answer_node(scope, node->children[i]) : sql_null;
}

bool sql_is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

struct sql_value sql_cast(struct sql_answering *answering, const struct sql_node *node,
                          struct sql_value value)
{
    static const char *const wholes[] = {"int",  "integer", "bigint", "smallint",
                                         "int4", "int8",    NULL};
    static const char *const numbers[] = {"float",  "numeric", "decimal", "double",
                                          "float8", "real",    "float4",  NULL};
    static const char *const texts[] = {"text", "varchar", "char", NULL};
    static const char *const times[] = {"timestamp", "timestamptz", NULL};
    if (value.type == SQL_NULL) return value;
    if (sql_is_one_of(node->name, wholes) && (sql_is_number(&value) || value.type == SQL_BOOL))
        return sql_number_value(SQL_INTEGER, round(value.number));
    if (sql_is_one_of(node->name, numbers) && sql_is_number(&value))
        return sql_number_value(SQL_NUMBER, value.number);
    if (sql_is_one_of(node->name, times) && value.type == SQL_TIME) return value;
    if (strcmp(node->name, "date") == 0 && value.type == SQL_TIME)
        return sql_number_value(SQL_TIME, floor(value.number / 86400) * 86400);
    if (sql_is_one_of(node->name, texts))
        return value.type == SQL_TEXT
                   ? value
                   : join_text(answering, (struct sql_value){.type = SQL_TEXT, .text = ""}, value);
    return sql_refuse(answering, node, false, "a cast to %s that is not understood", node->name);
}

/* ---- functions of a row ---- */

static double unit_seconds(const char *unit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp(unit, units[i].name) == 0) return units[i].seconds;
    return 0;
}

static struct sql_value date_trunc(struct sql_answering *answering, const struct sql_node *node,
                                   const struct sql_value *values)
{
    const double seconds = values[0].type == SQL_TEXT ? unit_seconds(values[0].text) : 0;
    if (values[1].type == SQL_NULL) return sql_null;
    if (seconds == 0 || values[1].type != SQL_TIME)
        return sql_refuse(answering, node, false,
                          "DATE_TRUNC is understood of second, minute, hour and day");
    return sql_number_value(SQL_TIME, floor(values[1].number / seconds) * seconds);
}

static struct sql_value extract(struct sql_answering *answering, const struct sql_node *node,
                                const struct sql_value *values)
{
    const char *const field = values[0].type == SQL_TEXT ? values[0].text : "";
    const double at = values[1].number;
    if (values[1].type == SQL_NULL) return sql_null;
    if (strcmp(field, "epoch") == 0) return sql_number_value(SQL_NUMBER, at);
    if (values[1].type != SQL_TIME)
        return sql_refuse(answering, node, false, "EXTRACT is understood of times");
    if (strcmp(field, "hour") == 0) return sql_number_value(SQL_NUMBER, fmod(floor(at / 3600), 24));
    if (strcmp(field, "minute") == 0) return sql_number_value(SQL_NUMBER, fmod(floor(at / 60), 60));
    /* 1970-01-01 was a Thursday, Sunday is 0. */
    if (strcmp(field, "dow") == 0)
        return sql_number_value(SQL_NUMBER, fmod(floor(at / 86400) + 4, 7));
    return sql_refuse(answering, node, false, "EXTRACT of %s is not understood", field);
}

/* Half away from zero. What is shown of a rounded double keeps the digits that were asked for. */
static struct sql_value rounded(struct sql_value value, double digits)
{
    const double scale = pow(10, digits);
    if (value.type == SQL_INTEGER && digits >= 0) return value;
    return sql_number_value(SQL_NUMBER, round(value.number * scale) / scale);
}

struct sql_value sql_extreme(const struct sql_value *values, uint32_t count, int sign)
{
    struct sql_value best = sql_null;
    for (uint32_t i = 0; i < count; i++)
        if (values[i].type != SQL_NULL &&
            (best.type == SQL_NULL ||
             (sql_comparable(&best, &values[i]) && sql_order_of(&values[i], &best) * sign > 0)))
            best = values[i];
    return best;
}

static struct sql_value of_number(struct sql_answering *answering, const struct sql_node *node,
                                  const struct sql_value *values, uint32_t count)
{
    const char *const name = node->name;
    if (count == 0 || values[0].type == SQL_NULL) return sql_null;
    if (!sql_is_number(&values[0]))
        return sql_refuse(answering, node, false, "%s of no number", name);
    const enum sql_type type = values[0].type;
    if (strcmp(name, "round") == 0) return rounded(values[0], count > 1 ? values[1].number : 0);
    if (strcmp(name, "abs") == 0) return sql_number_value(type, fabs(values[0].number));
    if (strcmp(name, "floor") == 0) return sql_number_value(type, floor(values[0].number));
    return sql_number_value(type, ceil(values[0].number));
}

static struct sql_value changed_case(struct sql_answering *answering, const struct sql_node *node,
                                     struct sql_value value)
{
    const bool upper = node->name[0] == 'u';
    if (value.type == SQL_NULL) return value;
    if (value.type != SQL_TEXT)
        return sql_refuse(answering, node, true, "%s of no text", node->name);
    char *const text = sql_take(answering, strlen(value.text) + 1, 1);
    for (size_t i = 0; text != NULL && value.text[i] != '\0'; i++) {
        const char c = value.text[i];
        const bool change = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
        text[i] = change ? (char)(c ^ 32) : c;
    }
    return text == NULL ? sql_null : (struct sql_value){.type = SQL_TEXT, .text = text};
}

static bool has_arguments(struct sql_answering *answering, const struct sql_node *node,
                          uint32_t least)
{
    if (node->count >= least) return true;
    (void)sql_refuse(answering, node, true, "%s needs %u arguments", node->name, (unsigned)least);
    return false;
}

struct sql_value sql_call(const struct sql_scope *scope, const struct sql_node *node)
{
    static const char *const of_numbers[] = {"round", "abs", "floor", "ceil", "ceiling", NULL};
    static const char *const of_two[] = {"nullif", "date_trunc", "extract", NULL};
    struct sql_answering *const answering = scope->answering;
    const char *const name = node->name;
    struct sql_value values[SQL_LIST_MAX];
    if (strcmp(name, "now") == 0) return sql_number_value(SQL_TIME, answering->world->now_s);
    for (uint32_t i = 0; i < node->count; i++)
        values[i] = sql_answer_node(scope, node->children[i]);
    if (answering->failed || !has_arguments(answering, node, 1)) return sql_null;
    if (sql_is_one_of(name, of_numbers)) return of_number(answering, node, values, node->count);
    if (strcmp(name, "lower") == 0 || strcmp(name, "upper") == 0)
        return changed_case(answering, node, values[0]);
    if (strcmp(name, "length") == 0)
        return values[0].type != SQL_TEXT
                   ? sql_null
                   : sql_number_value(SQL_INTEGER, (double)strlen(values[0].text));
    if (strcmp(name, "greatest") == 0) return sql_extreme(values, node->count, 1);
    if (strcmp(name, "least") == 0) return sql_extreme(values, node->count, -1);
    if (strcmp(name, "coalesce") == 0) {
        uint32_t first = 0;
        while (first + 1 < node->count && values[first].type == SQL_NULL)
            first++;
        return values[first];
    }
    if (!sql_is_one_of(name, of_two))
        return sql_refuse(answering, node, false, "the function %s is not understood", name);
    if (!has_arguments(answering, node, 2)) return sql_null;
    if (strcmp(name, "nullif") == 0) return sql_same(&values[0], &values[1]) ? sql_null : values[0];
    if (strcmp(name, "date_trunc") == 0) return date_trunc(answering, node, values);
    return extract(answering, node, values);
}
