/* What a query computes of many rows. */
#include <string.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "sim/analysis/runbook_sql_answer.h"

bool sql_is_aggregate(const char *name)
{
    static const char *const names[] = {
        "count", "sum", "avg", "min", "max", "stddev", "stddev_samp", "percentile_cont", NULL};
    return sql_is_one_of(name, names);
}

struct gathered {
    struct sql_value *values;
    uint32_t count;
};

/* The argument in every row of a group, or, of OVER (), in every group; NULLs left out. */
static bool gather(const struct sql_scope *scope, const struct sql_node *node,
                   const struct sql_node *argument, struct gathered *gathered)
{
    struct sql_answering *const answering = scope->answering;
    const bool over_groups = node->over && answering->grouped;
    const struct sql_group *const group = node->over ? NULL : scope->group;
    const uint32_t *rows = group != NULL ? group->rows : answering->rows;
    uint32_t count = group != NULL ? group->count : answering->row_count;
    if (over_groups) count = answering->group_count;
    gathered->values = sql_take(answering, count + 1u, sizeof *gathered->values);
    gathered->count = 0;
    for (uint32_t i = 0; i < count && !answering->failed; i++) {
        struct sql_scope inner = {.answering = answering};
        if (over_groups)
            inner.group = &answering->groups[i];
        else
            inner.row = rows[i];
        if (node->filter != NULL) {
            const struct sql_value let = sql_answer_node(&inner, node->filter);
            if (!sql_is_true(&let)) continue;
        }
        const struct sql_value value = argument == NULL || argument->kind == SQL_STAR
                                           ? sql_truth(true)
                                           : sql_answer_node(&inner, argument);
        bool seen = value.type == SQL_NULL;
        for (uint32_t k = 0; node->distinct && k < gathered->count && !seen; k++)
            seen = sql_same(&gathered->values[k], &value);
        if (!seen) gathered->values[gathered->count++] = value;
    }
    return !answering->failed;
}

static double *doubles_of(struct sql_answering *answering, const struct sql_node *node,
                          const struct gathered *gathered, bool *whole)
{
    double *const numbers = sql_take(answering, gathered->count + 1u, sizeof *numbers);
    *whole = true;
    for (uint32_t i = 0; numbers != NULL && i < gathered->count; i++) {
        const struct sql_value *const value = &gathered->values[i];
        if (!sql_is_number(value) && value->type != SQL_SPAN) {
            (void)sql_refuse(answering, node, true, "%s of no number", node->name);
            return NULL;
        }
        *whole &= value->type == SQL_INTEGER;
        numbers[i] = value->number;
    }
    return numbers;
}

static struct sql_value percentile(const struct sql_scope *scope, const struct sql_node *node,
                                   const struct gathered *gathered)
{
    struct sql_answering *const answering = scope->answering;
    const struct sql_value share =
        node->count > 0
            ? sql_answer_node(&(struct sql_scope){.answering = answering}, node->children[0])
            : sql_null;
    bool whole = false;
    double *const numbers = doubles_of(answering, node, gathered, &whole);
    if (numbers == NULL) return sql_null;
    if (!sql_is_number(&share) || share.number < 0 || share.number > 1)
        return sql_refuse(answering, node, true, "a percentile's share lies between 0 and 1");
    if (gathered->count == 0) return sql_null;
    gsl_sort(numbers, 1, gathered->count);
    return sql_number_value(SQL_NUMBER, gsl_stats_quantile_from_sorted_data(
                                            numbers, 1, gathered->count,
                                            node->within_falls ? 1 - share.number : share.number));
}

static struct sql_value sum_of(const double *numbers, uint32_t count, bool whole)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += numbers[i];
    return count == 0 ? sql_null : sql_number_value(whole ? SQL_INTEGER : SQL_NUMBER, sum);
}

struct sql_value sql_aggregate(const struct sql_scope *scope, const struct sql_node *node)
{
    struct sql_answering *const answering = scope->answering;
    const char *const name = node->name;
    const bool percentiles = strcmp(name, "percentile_cont") == 0;
    const struct sql_node *const argument = percentiles        ? node->within
                                            : node->count == 0 ? NULL
                                                               : node->children[0];
    struct gathered gathered;
    if (argument == NULL) return sql_refuse(answering, node, true, "%s of nothing", name);
    if (!gather(scope, node, argument, &gathered)) return sql_null;
    if (percentiles) return percentile(scope, node, &gathered);
    if (strcmp(name, "count") == 0) return sql_number_value(SQL_INTEGER, gathered.count);
    if (strcmp(name, "min") == 0) return sql_extreme(gathered.values, gathered.count, -1);
    if (strcmp(name, "max") == 0) return sql_extreme(gathered.values, gathered.count, 1);
    bool whole = false;
    const double *const numbers = doubles_of(answering, node, &gathered, &whole);
    if (numbers == NULL) return sql_null;
    if (strcmp(name, "sum") == 0) return sum_of(numbers, gathered.count, whole);
    if (gathered.count == 0) return sql_null;
    if (strcmp(name, "avg") == 0) {
        const struct sql_value sum = sum_of(numbers, gathered.count, false);
        return sql_number_value(SQL_NUMBER, sum.number / gathered.count);
    }
    if (gathered.count < 2) return sql_null;
    return sql_number_value(SQL_NUMBER, gsl_stats_sd(numbers, 1, gathered.count));
}
