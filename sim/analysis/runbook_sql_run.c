/* Answering a query over rows: values, expressions of a row, of a group, and the clauses. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <gsl/gsl_heapsort.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "sim/analysis/runbook_sql_state.h"

struct group {
    uint32_t *rows;
    uint32_t count, capacity;
    const struct sql_value *keys;
};

struct answering {
    const struct sql_select *select;
    const struct sql_world *world;
    struct arena *arena;
    struct sql_error *error;
    struct sql_table source;
    uint32_t *rows; /* of the source, that WHERE let through */
    uint32_t row_count;
    bool grouped;
    struct group *groups;
    uint32_t group_count, group_capacity;
    const struct sql_node *keys[SQL_LIST_MAX]; /* GROUP BY's expressions */
    uint32_t key_count;
    struct { /* what is the same in every row: a query for one value, OVER () */
        const struct sql_node *node;
        struct sql_value value;
    } kept[SQL_LIST_MAX];
    uint32_t kept_count;
    bool failed;
};

/* Where an expression is answered: in a row, or in a group. */
struct scope {
    struct answering *answering;
    uint32_t row;              /* of the source */
    const struct group *group; /* NULL: in a row */
};

static struct sql_value answer(const struct scope *scope, const struct sql_node *node);

static const struct sql_value null_value = {.type = SQL_NULL};

/* ---- failure ---- */

static struct sql_value refuse(struct answering *answering, const struct sql_node *node, bool known,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

static struct sql_value refuse(struct answering *answering, const struct sql_node *node, bool known,
                               const char *format, ...)
{
    va_list arguments;
    if (answering->failed) return null_value;
    answering->failed = true;
    *answering->error = (struct sql_error){.known = known};
    if (node != NULL) {
        answering->error->offset = node->offset;
        answering->error->length = node->length;
    }
    va_start(arguments, format);
    (void)vsnprintf(answering->error->message, SQL_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    return null_value;
}

static void *take(struct answering *answering, size_t count, size_t size)
{
    void *const memory = arena_alloc(answering->arena, count, size);
    if (memory != NULL) return memory;
    (void)refuse(answering, NULL, false, "out of memory");
    answering->error->memory = true;
    return NULL;
}

/* ---- values ---- */

static bool is_number(const struct sql_value *value)
{
    return value->type == SQL_INTEGER || value->type == SQL_NUMBER;
}

static struct sql_value number(enum sql_type type, double of)
{
    return (struct sql_value){.type = type, .number = of};
}

static struct sql_value truth(bool of)
{
    return number(SQL_BOOL, of);
}

static bool is_true(const struct sql_value *value)
{
    return value->type == SQL_BOOL && value->number != 0;
}

/* Neither is NULL; both are of a kind. */
static int order_of(const struct sql_value *a, const struct sql_value *b)
{
    if (a->type == SQL_TEXT) return strcmp(a->text, b->text);
    return (a->number > b->number) - (a->number < b->number);
}

static bool comparable(const struct sql_value *a, const struct sql_value *b)
{
    return a->type == b->type || (is_number(a) && is_number(b));
}

/* NULLs are one group and one distinct value. */
static bool same(const struct sql_value *a, const struct sql_value *b)
{
    if (a->type == SQL_NULL || b->type == SQL_NULL) return a->type == b->type;
    return comparable(a, b) && order_of(a, b) == 0;
}

static struct sql_value compare(struct answering *answering, const struct sql_node *node,
                                enum sql_operator operation, struct sql_value left,
                                struct sql_value right)
{
    if (left.type == SQL_NULL || right.type == SQL_NULL) return null_value;
    if (!comparable(&left, &right))
        return refuse(answering, node, false, "a comparison of two kinds that is not understood");
    const int order = order_of(&left, &right);
    switch (operation) {
    case SQL_EQUAL:
        return truth(order == 0);
    case SQL_UNEQUAL:
        return truth(order != 0);
    case SQL_LESS:
        return truth(order < 0);
    case SQL_LESS_EQUAL:
        return truth(order <= 0);
    case SQL_MORE:
        return truth(order > 0);
    case SQL_MORE_EQUAL:
        return truth(order >= 0);
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
    return null_value;
}

/* ---- arithmetic ---- */

static struct sql_value divide(struct answering *answering, const struct sql_node *node, bool whole,
                               double left, double right, bool remainder)
{
    if (right == 0) return refuse(answering, node, true, "division by zero");
    if (remainder) return number(whole ? SQL_INTEGER : SQL_NUMBER, fmod(left, right));
    return whole ? number(SQL_INTEGER, trunc(left / right)) : number(SQL_NUMBER, left / right);
}

static struct sql_value calculate(struct answering *answering, const struct sql_node *node,
                                  struct sql_value left, struct sql_value right)
{
    const bool whole = left.type == SQL_INTEGER && right.type == SQL_INTEGER;
    const bool adds = node->operation == SQL_ADD || node->operation == SQL_SUBTRACT;
    const bool plus = node->operation == SQL_ADD;
    if (left.type == SQL_NULL || right.type == SQL_NULL) return null_value;
    const double sum = plus ? left.number + right.number : left.number - right.number;
    if (adds && left.type == SQL_TIME && right.type == SQL_SPAN) return number(SQL_TIME, sum);
    if (plus && left.type == SQL_SPAN && right.type == SQL_TIME) return number(SQL_TIME, sum);
    if (adds && left.type == SQL_SPAN && right.type == SQL_SPAN) return number(SQL_SPAN, sum);
    if (node->operation == SQL_SUBTRACT && left.type == SQL_TIME && right.type == SQL_TIME)
        return number(SQL_SPAN, sum);
    if (!is_number(&left) || !is_number(&right))
        return refuse(answering, node, false, "a calculation that is not understood");
    if (adds) return number(whole ? SQL_INTEGER : SQL_NUMBER, sum);
    if (node->operation == SQL_MULTIPLY)
        return number(whole ? SQL_INTEGER : SQL_NUMBER, left.number * right.number);
    return divide(answering, node, whole, left.number, right.number,
                  node->operation == SQL_REMAINDER);
}

static struct sql_value join_text(struct answering *answering, struct sql_value left,
                                  struct sql_value right)
{
    char a[SQL_SHOWN_MAX], b[SQL_SHOWN_MAX];
    if (left.type == SQL_NULL || right.type == SQL_NULL) return null_value;
    sql_show(&left, a);
    sql_show(&right, b);
    const char *const first = left.type == SQL_TEXT ? left.text : a;
    const char *const second = right.type == SQL_TEXT ? right.text : b;
    char *const text = take(answering, strlen(first) + strlen(second) + 1, 1);
    if (text == NULL) return null_value;
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

static struct sql_value like(struct answering *answering, const struct sql_node *node,
                             struct sql_value left, struct sql_value right)
{
    if (left.type == SQL_NULL || right.type == SQL_NULL) return null_value;
    if (left.type != SQL_TEXT || right.type != SQL_TEXT)
        return refuse(answering, node, true, "LIKE compares texts");
    const bool found = sql_like(left.text, right.text, node->operation == SQL_ILIKE);
    return truth(found != node->negated);
}

/* Three-valued, and lazily: FALSE AND x is FALSE whatever x is. */
static struct sql_value connect(const struct scope *scope, const struct sql_node *node)
{
    const bool ends_it = node->operation == SQL_OR;
    const struct sql_value left = answer(scope, node->children[0]);
    if (left.type == SQL_BOOL && (left.number != 0) == ends_it) return left;
    const struct sql_value right = answer(scope, node->children[1]);
    if (right.type == SQL_BOOL && (right.number != 0) == ends_it) return right;
    return left.type == SQL_NULL ? left : right;
}

static struct sql_value binary(const struct scope *scope, const struct sql_node *node)
{
    struct answering *const answering = scope->answering;
    if (node->operation == SQL_AND || node->operation == SQL_OR) return connect(scope, node);
    const struct sql_value left = answer(scope, node->children[0]);
    const struct sql_value right = answer(scope, node->children[1]);
    if (answering->failed) return null_value;
    if (node->operation <= SQL_MORE_EQUAL)
        return compare(answering, node, node->operation, left, right);
    if (node->operation <= SQL_ILIKE) return like(answering, node, left, right);
    if (node->operation == SQL_JOIN_TEXT) return join_text(answering, left, right);
    return calculate(answering, node, left, right);
}

static struct sql_value in_list(const struct scope *scope, const struct sql_node *node)
{
    const struct sql_value wanted = answer(scope, node->children[0]);
    bool unknown = wanted.type == SQL_NULL;
    for (uint32_t i = 1; i < node->count; i++) {
        const struct sql_value value =
            compare(scope->answering, node, SQL_EQUAL, wanted, answer(scope, node->children[i]));
        if (is_true(&value)) return truth(!node->negated);
        unknown |= value.type == SQL_NULL;
    }
    return unknown ? null_value : truth(node->negated);
}

static struct sql_value between(const struct scope *scope, const struct sql_node *node)
{
    const struct sql_value value = answer(scope, node->children[0]);
    const struct sql_value low =
        compare(scope->answering, node, SQL_MORE_EQUAL, value, answer(scope, node->children[1]));
    const struct sql_value high =
        compare(scope->answering, node, SQL_LESS_EQUAL, value, answer(scope, node->children[2]));
    if (low.type == SQL_NULL || high.type == SQL_NULL) return null_value;
    return truth((is_true(&low) && is_true(&high)) != node->negated);
}

static struct sql_value cases(const struct scope *scope, const struct sql_node *node)
{
    uint32_t i = 0;
    for (; i + 1 < node->count; i += 2) {
        const struct sql_value condition = answer(scope, node->children[i]);
        if (is_true(&condition)) return answer(scope, node->children[i + 1]);
    }
    return i < node->count ? answer(scope, node->children[i]) : null_value;
}

static bool is_type(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

static struct sql_value cast(struct answering *answering, const struct sql_node *node,
                             struct sql_value value)
{
    static const char *const wholes[] = {"int",  "integer", "bigint", "smallint",
                                         "int4", "int8",    NULL};
    static const char *const numbers[] = {"float",  "numeric", "decimal", "double",
                                          "float8", "real",    "float4",  NULL};
    static const char *const texts[] = {"text", "varchar", "char", NULL};
    static const char *const times[] = {"timestamp", "timestamptz", NULL};
    if (value.type == SQL_NULL) return value;
    if (is_type(node->name, wholes) && (is_number(&value) || value.type == SQL_BOOL))
        return number(SQL_INTEGER, round(value.number));
    if (is_type(node->name, numbers) && is_number(&value)) return number(SQL_NUMBER, value.number);
    if (is_type(node->name, times) && value.type == SQL_TIME) return value;
    if (strcmp(node->name, "date") == 0 && value.type == SQL_TIME)
        return number(SQL_TIME, floor(value.number / 86400) * 86400);
    if (is_type(node->name, texts))
        return value.type == SQL_TEXT
                   ? value
                   : join_text(answering, (struct sql_value){.type = SQL_TEXT, .text = ""}, value);
    return refuse(answering, node, false, "a cast to %s that is not understood", node->name);
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

static struct sql_value date_trunc(struct answering *answering, const struct sql_node *node,
                                   const struct sql_value *values)
{
    const double seconds = values[0].type == SQL_TEXT ? unit_seconds(values[0].text) : 0;
    if (values[1].type == SQL_NULL) return null_value;
    if (seconds == 0 || values[1].type != SQL_TIME)
        return refuse(answering, node, false,
                      "DATE_TRUNC is understood of second, minute, hour and day");
    return number(SQL_TIME, floor(values[1].number / seconds) * seconds);
}

static struct sql_value extract(struct answering *answering, const struct sql_node *node,
                                const struct sql_value *values)
{
    const char *const field = values[0].type == SQL_TEXT ? values[0].text : "";
    const double at = values[1].number;
    if (values[1].type == SQL_NULL) return null_value;
    if (strcmp(field, "epoch") == 0) return number(SQL_NUMBER, at);
    if (values[1].type != SQL_TIME)
        return refuse(answering, node, false, "EXTRACT is understood of times");
    if (strcmp(field, "hour") == 0) return number(SQL_NUMBER, fmod(floor(at / 3600), 24));
    if (strcmp(field, "minute") == 0) return number(SQL_NUMBER, fmod(floor(at / 60), 60));
    /* 1970-01-01 was a Thursday, Sunday is 0. */
    if (strcmp(field, "dow") == 0) return number(SQL_NUMBER, fmod(floor(at / 86400) + 4, 7));
    return refuse(answering, node, false, "EXTRACT of %s is not understood", field);
}

/* Half away from zero. What is shown of a rounded double keeps the digits that were asked for. */
static struct sql_value rounded(struct sql_value value, double digits)
{
    const double scale = pow(10, digits);
    if (value.type == SQL_INTEGER && digits >= 0) return value;
    return number(SQL_NUMBER, round(value.number * scale) / scale);
}

static struct sql_value extreme(const struct sql_value *values, uint32_t count, int sign)
{
    struct sql_value best = null_value;
    for (uint32_t i = 0; i < count; i++)
        if (values[i].type != SQL_NULL &&
            (best.type == SQL_NULL ||
             (comparable(&best, &values[i]) && order_of(&values[i], &best) * sign > 0)))
            best = values[i];
    return best;
}

static struct sql_value of_number(struct answering *answering, const struct sql_node *node,
                                  const struct sql_value *values, uint32_t count)
{
    const char *const name = node->name;
    if (count == 0 || values[0].type == SQL_NULL) return null_value;
    if (!is_number(&values[0])) return refuse(answering, node, false, "%s of no number", name);
    const enum sql_type type = values[0].type;
    if (strcmp(name, "round") == 0) return rounded(values[0], count > 1 ? values[1].number : 0);
    if (strcmp(name, "abs") == 0) return number(type, fabs(values[0].number));
    if (strcmp(name, "floor") == 0) return number(type, floor(values[0].number));
    return number(type, ceil(values[0].number));
}

static struct sql_value changed_case(struct answering *answering, const struct sql_node *node,
                                     struct sql_value value)
{
    const bool upper = node->name[0] == 'u';
    if (value.type == SQL_NULL) return value;
    if (value.type != SQL_TEXT) return refuse(answering, node, true, "%s of no text", node->name);
    char *const text = take(answering, strlen(value.text) + 1, 1);
    for (size_t i = 0; text != NULL && value.text[i] != '\0'; i++) {
        const char c = value.text[i];
        const bool change = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
        text[i] = change ? (char)(c ^ 32) : c;
    }
    return text == NULL ? null_value : (struct sql_value){.type = SQL_TEXT, .text = text};
}

static bool has_arguments(struct answering *answering, const struct sql_node *node, uint32_t least)
{
    if (node->count >= least) return true;
    (void)refuse(answering, node, true, "%s needs %u arguments", node->name, (unsigned)least);
    return false;
}

static struct sql_value call(const struct scope *scope, const struct sql_node *node)
{
    static const char *const of_numbers[] = {"round", "abs", "floor", "ceil", "ceiling", NULL};
    static const char *const of_two[] = {"nullif", "date_trunc", "extract", NULL};
    struct answering *const answering = scope->answering;
    const char *const name = node->name;
    struct sql_value values[SQL_LIST_MAX];
    if (strcmp(name, "now") == 0) return number(SQL_TIME, answering->world->now_s);
    for (uint32_t i = 0; i < node->count; i++)
        values[i] = answer(scope, node->children[i]);
    if (answering->failed || !has_arguments(answering, node, 1)) return null_value;
    if (is_type(name, of_numbers)) return of_number(answering, node, values, node->count);
    if (strcmp(name, "lower") == 0 || strcmp(name, "upper") == 0)
        return changed_case(answering, node, values[0]);
    if (strcmp(name, "length") == 0)
        return values[0].type != SQL_TEXT ? null_value
                                          : number(SQL_INTEGER, (double)strlen(values[0].text));
    if (strcmp(name, "greatest") == 0) return extreme(values, node->count, 1);
    if (strcmp(name, "least") == 0) return extreme(values, node->count, -1);
    if (strcmp(name, "coalesce") == 0) {
        uint32_t first = 0;
        while (first + 1 < node->count && values[first].type == SQL_NULL)
            first++;
        return values[first];
    }
    if (!is_type(name, of_two))
        return refuse(answering, node, false, "the function %s is not understood", name);
    if (!has_arguments(answering, node, 2)) return null_value;
    if (strcmp(name, "nullif") == 0) return same(&values[0], &values[1]) ? null_value : values[0];
    if (strcmp(name, "date_trunc") == 0) return date_trunc(answering, node, values);
    return extract(answering, node, values);
}

/* ---- aggregates ---- */

bool sql_is_aggregate(const char *name)
{
    static const char *const names[] = {
        "count", "sum", "avg", "min", "max", "stddev", "stddev_samp", "percentile_cont", NULL};
    return is_type(name, names);
}

struct gathered {
    struct sql_value *values;
    uint32_t count;
};

/* The argument in every row of a group, or, of OVER (), in every group; NULLs left out. */
static bool gather(const struct scope *scope, const struct sql_node *node,
                   const struct sql_node *argument, struct gathered *gathered)
{
    struct answering *const answering = scope->answering;
    const bool over_groups = node->over && answering->grouped;
    const struct group *const group = node->over ? NULL : scope->group;
    const uint32_t *rows = group != NULL ? group->rows : answering->rows;
    uint32_t count = group != NULL ? group->count : answering->row_count;
    if (over_groups) count = answering->group_count;
    gathered->values = take(answering, count + 1u, sizeof *gathered->values);
    gathered->count = 0;
    for (uint32_t i = 0; i < count && !answering->failed; i++) {
        struct scope inner = {.answering = answering};
        if (over_groups)
            inner.group = &answering->groups[i];
        else
            inner.row = rows[i];
        if (node->filter != NULL) {
            const struct sql_value let = answer(&inner, node->filter);
            if (!is_true(&let)) continue;
        }
        const struct sql_value value =
            argument == NULL || argument->kind == SQL_STAR ? truth(true) : answer(&inner, argument);
        bool seen = value.type == SQL_NULL;
        for (uint32_t k = 0; node->distinct && k < gathered->count && !seen; k++)
            seen = same(&gathered->values[k], &value);
        if (!seen) gathered->values[gathered->count++] = value;
    }
    return !answering->failed;
}

static double *doubles_of(struct answering *answering, const struct sql_node *node,
                          const struct gathered *gathered, bool *whole)
{
    double *const numbers = take(answering, gathered->count + 1u, sizeof *numbers);
    *whole = true;
    for (uint32_t i = 0; numbers != NULL && i < gathered->count; i++) {
        const struct sql_value *const value = &gathered->values[i];
        if (!is_number(value) && value->type != SQL_SPAN) {
            (void)refuse(answering, node, true, "%s of no number", node->name);
            return NULL;
        }
        *whole &= value->type == SQL_INTEGER;
        numbers[i] = value->number;
    }
    return numbers;
}

static struct sql_value percentile(const struct scope *scope, const struct sql_node *node,
                                   const struct gathered *gathered)
{
    struct answering *const answering = scope->answering;
    const struct sql_value share =
        node->count > 0 ? answer(&(struct scope){.answering = answering}, node->children[0])
                        : null_value;
    bool whole = false;
    double *const numbers = doubles_of(answering, node, gathered, &whole);
    if (numbers == NULL) return null_value;
    if (!is_number(&share) || share.number < 0 || share.number > 1)
        return refuse(answering, node, true, "a percentile's share lies between 0 and 1");
    if (gathered->count == 0) return null_value;
    gsl_sort(numbers, 1, gathered->count);
    return number(SQL_NUMBER, gsl_stats_quantile_from_sorted_data(
                                  numbers, 1, gathered->count,
                                  node->within_falls ? 1 - share.number : share.number));
}

static struct sql_value sum_of(const double *numbers, uint32_t count, bool whole)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += numbers[i];
    return count == 0 ? null_value : number(whole ? SQL_INTEGER : SQL_NUMBER, sum);
}

static struct sql_value aggregate(const struct scope *scope, const struct sql_node *node)
{
    struct answering *const answering = scope->answering;
    const char *const name = node->name;
    const bool percentiles = strcmp(name, "percentile_cont") == 0;
    const struct sql_node *const argument = percentiles        ? node->within
                                            : node->count == 0 ? NULL
                                                               : node->children[0];
    struct gathered gathered;
    if (argument == NULL) return refuse(answering, node, true, "%s of nothing", name);
    if (!gather(scope, node, argument, &gathered)) return null_value;
    if (percentiles) return percentile(scope, node, &gathered);
    if (strcmp(name, "count") == 0) return number(SQL_INTEGER, gathered.count);
    if (strcmp(name, "min") == 0) return extreme(gathered.values, gathered.count, -1);
    if (strcmp(name, "max") == 0) return extreme(gathered.values, gathered.count, 1);
    bool whole = false;
    const double *const numbers = doubles_of(answering, node, &gathered, &whole);
    if (numbers == NULL) return null_value;
    if (strcmp(name, "sum") == 0) return sum_of(numbers, gathered.count, whole);
    if (gathered.count == 0) return null_value;
    if (strcmp(name, "avg") == 0) {
        const struct sql_value sum = sum_of(numbers, gathered.count, false);
        return number(SQL_NUMBER, sum.number / gathered.count);
    }
    if (gathered.count < 2) return null_value;
    return number(SQL_NUMBER, gsl_stats_sd(numbers, 1, gathered.count));
}

/* ---- expressions ---- */

static int column_of(const struct sql_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i], name) == 0) return (int)i;
    return -1;
}

static bool equal_nodes(const struct sql_node *a, const struct sql_node *b)
{
    if (a == NULL || b == NULL) return a == b;
    if (a->kind != b->kind || a->operation != b->operation || a->negated != b->negated ||
        a->distinct != b->distinct || a->count != b->count || a->query != b->query)
        return false;
    if ((a->name == NULL) != (b->name == NULL) ||
        (a->name != NULL && strcmp(a->name, b->name) != 0))
        return false;
    if (a->kind == SQL_LITERAL && !same(&a->value, &b->value)) return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!equal_nodes(a->children[i], b->children[i])) return false;
    return equal_nodes(a->filter, b->filter) && equal_nodes(a->within, b->within);
}

static struct sql_value of_column(const struct scope *scope, const struct sql_node *node)
{
    struct answering *const answering = scope->answering;
    const int column = column_of(&answering->source, node->name);
    if (column < 0)
        return refuse(answering, node, true, "column \"%s\" does not exist", node->name);
    if (scope->group != NULL)
        return refuse(answering, node, true,
                      "column \"%s\" must appear in the GROUP BY clause or be used in an "
                      "aggregate function",
                      node->name);
    if (scope->row >= answering->source.row_count) return null_value; /* a check without rows */
    return answering->source
        .values[(size_t)scope->row * answering->source.column_count + (size_t)column];
}

static struct sql_value of_query(struct answering *answering, const struct sql_node *node)
{
    struct sql_table table;
    struct sql_error error;
    if (!sql_answer(node->query, answering->world, answering->arena, &table, &error)) {
        if (!answering->failed) *answering->error = error;
        answering->failed = true;
        return null_value;
    }
    if (table.column_count != 1 || table.row_count > 1)
        return refuse(answering, node, true, "a query for one value returns more");
    return table.row_count == 0 ? null_value : table.values[0];
}

/* Answered once, for it would take the square of the rows. */
static struct sql_value once(const struct scope *scope, const struct sql_node *node)
{
    struct answering *const answering = scope->answering;
    for (uint32_t i = 0; i < answering->kept_count; i++)
        if (answering->kept[i].node == node) return answering->kept[i].value;
    if (answering->kept_count == SQL_LIST_MAX)
        return refuse(answering, node, false, "more than %d queries and windows", SQL_LIST_MAX);
    const struct sql_value value =
        node->kind == SQL_QUERY ? of_query(answering, node) : aggregate(scope, node);
    answering->kept[answering->kept_count].node = node;
    answering->kept[answering->kept_count++].value = value;
    return value;
}

static struct sql_value negative(struct answering *answering, const struct sql_node *node,
                                 struct sql_value value)
{
    if (value.type == SQL_NULL) return value;
    if (!is_number(&value) && value.type != SQL_SPAN)
        return refuse(answering, node, true, "minus of no number");
    value.number = -value.number;
    return value;
}

static struct sql_value answer(const struct scope *scope, const struct sql_node *node)
{
    struct answering *const answering = scope->answering;
    struct sql_value value;
    if (answering->failed) return null_value;
    for (uint32_t i = 0; scope->group != NULL && i < answering->key_count; i++)
        if (equal_nodes(node, answering->keys[i])) return scope->group->keys[i];
    switch (node->kind) {
    case SQL_LITERAL:
        return node->value;
    case SQL_COLUMN:
        return of_column(scope, node);
    case SQL_STAR:
        return refuse(answering, node, true, "* stands here for nothing");
    case SQL_NOT:
        value = answer(scope, node->children[0]);
        return value.type == SQL_BOOL ? truth(value.number == 0) : null_value;
    case SQL_NEGATE:
        return negative(answering, node, answer(scope, node->children[0]));
    case SQL_BINARY:
        return binary(scope, node);
    case SQL_IN:
        return in_list(scope, node);
    case SQL_BETWEEN:
        return between(scope, node);
    case SQL_IS_NULL:
        value = answer(scope, node->children[0]);
        return truth((value.type == SQL_NULL) != node->negated);
    case SQL_CASE:
        return cases(scope, node);
    case SQL_CALL:
        if (!sql_is_aggregate(node->name)) return call(scope, node);
        if (node->over) return once(scope, node);
        if (scope->group == NULL)
            return refuse(answering, node, true, "aggregate functions are not allowed here");
        return aggregate(scope, node);
    case SQL_CAST:
        return cast(answering, node, answer(scope, node->children[0]));
    case SQL_QUERY:
        return once(scope, node);
    }
    assert(!"a kind of node outside its enum");
    return null_value;
}

/* ---- clauses ---- */

static bool has_aggregate(const struct sql_node *node)
{
    if (node == NULL || node->kind == SQL_QUERY) return false;
    if (node->kind == SQL_CALL && sql_is_aggregate(node->name) && !node->over) return true;
    for (uint32_t i = 0; i < node->count; i++)
        if (has_aggregate(node->children[i])) return true;
    return false;
}

static bool list_has_aggregate(const struct sql_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (has_aggregate(list->items[i].node)) return true;
    return false;
}

/* A name of the list, or its number, in GROUP BY and ORDER BY. */
static const struct sql_node *meant_by(const struct answering *answering,
                                       const struct sql_node *node, bool source_first)
{
    const struct sql_list *const items = &answering->select->items;
    const bool number_of_item = node->kind == SQL_LITERAL && node->value.type == SQL_INTEGER;
    if (number_of_item && node->value.number >= 1 && node->value.number <= items->count)
        return items->items[(uint32_t)node->value.number - 1].node;
    if (node->kind != SQL_COLUMN) return node;
    if (source_first && column_of(&answering->source, node->name) >= 0) return node;
    for (uint32_t i = 0; i < items->count; i++)
        if (items->items[i].alias != NULL && strcmp(items->items[i].alias, node->name) == 0)
            return items->items[i].node;
    return node;
}

static const struct sql_table *table_named(const struct sql_world *world, const char *name)
{
    /* The last one first: a name of WITH hides a table. */
    for (uint32_t i = world->table_count; i > 0; i--)
        if (strcmp(world->tables[i - 1].name, name) == 0) return &world->tables[i - 1];
    return NULL;
}

static bool open_source(struct answering *answering)
{
    const struct sql_select *const select = answering->select;
    const struct sql_node place = {.offset = select->from_offset, .length = select->from_length};
    if (select->from != NULL)
        return sql_answer(select->from, answering->world, answering->arena, &answering->source,
                          answering->error);
    if (select->table == NULL) { /* one row of nothing */
        answering->source = (struct sql_table){.name = "", .row_count = 1};
        return true;
    }
    const struct sql_table *const table = table_named(answering->world, select->table);
    if (table == NULL) {
        (void)refuse(answering, &place, true, "relation \"%s\" does not exist", select->table);
        return false;
    }
    answering->source = *table;
    return true;
}

static bool filter_rows(struct answering *answering)
{
    answering->rows = take(answering, answering->source.row_count + 1u, sizeof *answering->rows);
    for (uint32_t row = 0; row < answering->source.row_count && !answering->failed; row++) {
        if (answering->select->where != NULL) {
            const struct scope scope = {.answering = answering, .row = row};
            const struct sql_value let = answer(&scope, answering->select->where);
            if (!is_true(&let)) continue;
        }
        answering->rows[answering->row_count++] = row;
    }
    return !answering->failed;
}

/* A column that is none is one also where no row asks for it. */
static void check_names(struct answering *answering, const struct sql_node *node)
{
    if (node == NULL || node->kind == SQL_QUERY || answering->failed) return;
    if (node->kind == SQL_COLUMN && column_of(&answering->source, node->name) < 0)
        (void)refuse(answering, node, true, "column \"%s\" does not exist", node->name);
    for (uint32_t i = 0; i < node->count; i++)
        check_names(answering, node->children[i]);
    check_names(answering, node->filter);
    check_names(answering, node->within);
}

static bool check_all_names(struct answering *answering)
{
    const struct sql_select *const select = answering->select;
    check_names(answering, select->where);
    for (uint32_t i = 0; i < select->items.count; i++)
        if (select->items.items[i].node->kind != SQL_STAR)
            check_names(answering, select->items.items[i].node);
    for (uint32_t i = 0; i < select->groups.count; i++)
        check_names(answering, meant_by(answering, select->groups.items[i].node, true));
    for (uint32_t i = 0; i < select->orders.count; i++)
        check_names(answering, meant_by(answering, select->orders.items[i].node, false));
    check_names(answering, select->having);
    return !answering->failed;
}

static struct group *group_for(struct answering *answering, const struct sql_value *keys)
{
    for (uint32_t i = 0; i < answering->group_count; i++) {
        bool equal = true;
        for (uint32_t k = 0; k < answering->key_count && equal; k++)
            equal = same(&answering->groups[i].keys[k], &keys[k]);
        if (equal) return &answering->groups[i];
    }
    if (answering->group_count == answering->group_capacity) {
        const uint32_t capacity = answering->group_capacity == 0 ? 16 : 2 * answering->group_count;
        struct group *const grown = take(answering, capacity, sizeof *grown);
        if (grown == NULL) return NULL;
        if (answering->group_count > 0)
            memcpy(grown, answering->groups, answering->group_count * sizeof *grown);
        answering->groups = grown;
        answering->group_capacity = capacity;
    }
    struct group *const group = &answering->groups[answering->group_count++];
    struct sql_value *const kept = take(answering, answering->key_count + 1u, sizeof *kept);
    *group = (struct group){.keys = kept};
    if (kept == NULL) return NULL;
    if (answering->key_count > 0) memcpy(kept, keys, answering->key_count * sizeof *kept);
    return group;
}

static bool add_to_group(struct answering *answering, struct group *group, uint32_t row)
{
    if (group == NULL) return false;
    if (group->count == group->capacity) {
        const uint32_t capacity = group->capacity == 0 ? 16 : 2 * group->capacity;
        uint32_t *const grown = take(answering, capacity, sizeof *grown);
        if (grown == NULL) return false;
        if (group->count > 0) memcpy(grown, group->rows, group->count * sizeof *grown);
        group->rows = grown;
        group->capacity = capacity;
    }
    group->rows[group->count++] = row;
    return true;
}

static bool make_groups(struct answering *answering)
{
    const struct sql_select *const select = answering->select;
    struct sql_value keys[SQL_LIST_MAX];
    answering->grouped = select->groups.count > 0 || select->having != NULL ||
                         list_has_aggregate(&select->items) || list_has_aggregate(&select->orders);
    if (!answering->grouped) return true;
    for (uint32_t i = 0; i < select->groups.count; i++)
        answering->keys[answering->key_count++] =
            meant_by(answering, select->groups.items[i].node, true);
    if (answering->key_count == 0 && group_for(answering, keys) == NULL) return false;
    for (uint32_t i = 0; i < answering->row_count; i++) {
        const struct scope scope = {.answering = answering, .row = answering->rows[i]};
        for (uint32_t k = 0; k < answering->key_count; k++)
            keys[k] = answer(&scope, answering->keys[k]);
        if (answering->failed ||
            !add_to_group(answering, group_for(answering, keys), answering->rows[i]))
            return false;
    }
    return true;
}

/* ---- the result ---- */

struct sorted_row {
    const struct answering *answering;
    const struct sql_value *values, *orders;
    uint32_t index;
};

static int compare_rows(const void *a, const void *b)
{
    const struct sorted_row *const left = a, *const right = b;
    const struct sql_list *const orders = &left->answering->select->orders;
    for (uint32_t i = 0; i < orders->count; i++) {
        const struct sql_value *const x = &left->orders[i], *const y = &right->orders[i];
        const bool falls = orders->items[i].falls, first = orders->items[i].nulls_first;
        if (x->type == SQL_NULL || y->type == SQL_NULL) {
            if (x->type == y->type) continue;
            return (x->type == SQL_NULL) == first ? -1 : 1;
        }
        const int order = comparable(x, y) ? order_of(x, y) : 0;
        if (order != 0) return falls ? -order : order;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static const char *column_title(const struct sql_item *item)
{
    if (item->alias != NULL) return item->alias;
    const struct sql_node *node = item->node;
    if (node->kind == SQL_CAST && node->children[0]->kind == SQL_COLUMN) node = node->children[0];
    if (node->kind == SQL_COLUMN || node->kind == SQL_CALL) return node->name;
    return node->kind == SQL_CASE ? "case" : "?column?";
}

static bool title_columns(struct answering *answering, struct sql_table *result)
{
    const struct sql_list *const items = &answering->select->items;
    for (uint32_t i = 0; i < items->count; i++) {
        const bool star = items->items[i].node->kind == SQL_STAR;
        const uint32_t more = star ? answering->source.column_count : 1;
        if (star && answering->grouped)
            (void)refuse(answering, items->items[i].node, true, "* is of rows, not of groups");
        if (result->column_count + more > SQL_COLUMNS_MAX)
            (void)refuse(answering, items->items[i].node, false, "more than %d columns",
                         SQL_COLUMNS_MAX);
        if (answering->failed) return false;
        for (uint32_t k = 0; k < more; k++)
            result->columns[result->column_count++] =
                star ? answering->source.columns[k] : column_title(&items->items[i]);
    }
    return true;
}

static bool make_row(struct answering *answering, const struct scope *scope,
                     const struct sql_table *result, struct sorted_row *row)
{
    const struct sql_select *const select = answering->select;
    struct sql_value *const values =
        take(answering, result->column_count + select->orders.count + 1u, sizeof *values);
    uint32_t column = 0;
    if (values == NULL) return false;
    for (uint32_t i = 0; i < select->items.count; i++) {
        const struct sql_node *const node = select->items.items[i].node;
        if (node->kind != SQL_STAR) {
            values[column++] = answer(scope, node);
            continue;
        }
        for (uint32_t k = 0; k < answering->source.column_count; k++)
            values[column++] =
                answering->source.values[(size_t)scope->row * answering->source.column_count + k];
    }
    for (uint32_t i = 0; i < select->orders.count; i++)
        values[column + i] =
            answer(scope, meant_by(answering, select->orders.items[i].node, false));
    row->values = values;
    row->orders = values + column;
    return !answering->failed;
}

static bool is_repeated(const struct sorted_row *rows, uint32_t count, uint32_t columns)
{
    for (uint32_t i = 0; i < count; i++) {
        bool equal = true;
        for (uint32_t c = 0; c < columns && equal; c++)
            equal = same(&rows[i].values[c], &rows[count].values[c]);
        if (equal) return true;
    }
    return false;
}

static bool make_rows(struct answering *answering, struct sql_table *result)
{
    const struct sql_select *const select = answering->select;
    const uint32_t most = answering->grouped ? answering->group_count : answering->row_count;
    struct sorted_row *const rows = take(answering, most + 1u, sizeof *rows);
    uint32_t count = 0;
    for (uint32_t i = 0; rows != NULL && i < most; i++) {
        struct scope scope = {.answering = answering};
        if (answering->grouped)
            scope.group = &answering->groups[i];
        else
            scope.row = answering->rows[i];
        if (select->having != NULL) {
            const struct sql_value let = answer(&scope, select->having);
            if (!is_true(&let)) continue;
        }
        rows[count] = (struct sorted_row){.answering = answering, .index = count};
        if (answering->failed || !make_row(answering, &scope, result, &rows[count])) return false;
        if (!select->distinct || !is_repeated(rows, count, result->column_count)) count++;
    }
    if (answering->failed) return false;
    if (select->orders.count > 0) gsl_heapsort(rows, count, sizeof *rows, compare_rows);
    if (select->limit >= 0 && count > select->limit) count = (uint32_t)select->limit;
    result->values =
        take(answering, (size_t)count * result->column_count + 1, sizeof *result->values);
    for (uint32_t i = 0; result->values != NULL && i < count; i++)
        memcpy(result->values + (size_t)i * result->column_count, rows[i].values,
               result->column_count * sizeof *result->values);
    result->row_count = count;
    return !answering->failed;
}

/* The tables that WITH names stand behind the world's. */
static bool add_with(struct answering *answering, struct sql_world *world)
{
    const struct sql_select *const select = answering->select;
    struct sql_table *const tables =
        take(answering, world->table_count + select->with_count + 1u, sizeof *tables);
    if (tables == NULL) return false;
    for (uint32_t i = 0; i < world->table_count; i++)
        tables[i] = world->tables[i];
    world->tables = tables;
    for (uint32_t i = 0; i < select->with_count; i++) {
        struct sql_table *const table = &tables[world->table_count];
        if (!sql_answer(select->with[i].select, world, answering->arena, table, answering->error))
            return false;
        table->name = select->with[i].name;
        world->table_count++;
    }
    return true;
}

bool sql_answer(const struct sql_select *select, const struct sql_world *world, struct arena *arena,
                struct sql_table *result, struct sql_error *error)
{
    struct sql_world extended = *world;
    struct answering answering = {
        .select = select, .world = &extended, .arena = arena, .error = error};
    *error = (struct sql_error){0};
    *result = (struct sql_table){.name = ""};
    if (select->with_count > 0 && !add_with(&answering, &extended)) return false;
    return open_source(&answering) && check_all_names(&answering) && filter_rows(&answering) &&
           make_groups(&answering) && title_columns(&answering, result) &&
           make_rows(&answering, result);
}
