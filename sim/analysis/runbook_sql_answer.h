/* sim/analysis/runbook_sql_answer.h - a query while it is answered: for runbook_sql*.c alone.
 *
 * runbook_sql_values.c has values and what is computed of those of a row, runbook_sql_aggregate.c
 * what is computed of many rows, runbook_sql_run.c expressions, clauses and the result. The first
 * failure counts; after it every value is NULL.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_SQL_ANSWER_H
#define SIM_ANALYSIS_RUNBOOK_SQL_ANSWER_H

#include "sim/analysis/runbook_sql_state.h"

struct sql_group {
    uint32_t *rows;
    uint32_t count, capacity;
    const struct sql_value *keys;
};

struct sql_answering {
    const struct sql_select *select;
    const struct sql_world *world;
    struct arena *arena;
    struct sql_error *error;
    struct sql_table source;
    uint32_t *rows; /* of the source, that WHERE let through */
    uint32_t row_count;
    bool grouped;
    struct sql_group *groups;
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
struct sql_scope {
    struct sql_answering *answering;
    uint32_t row;                  /* of the source */
    const struct sql_group *group; /* NULL: in a row */
};

/* NULL. `node`: at fault; may be NULL. `known`: PostgreSQL would refuse it, too. */
struct sql_value sql_refuse(struct sql_answering *answering, const struct sql_node *node,
                            bool known, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Of the arena; NULL: memory is out, and the answer has failed. */
void *sql_take(struct sql_answering *answering, size_t count, size_t size);

extern const struct sql_value sql_null;
bool sql_is_number(const struct sql_value *value);
struct sql_value sql_number_value(enum sql_type type, double of);
struct sql_value sql_truth(bool of);
bool sql_is_true(const struct sql_value *value);
bool sql_comparable(const struct sql_value *a, const struct sql_value *b);
int sql_order_of(const struct sql_value *a, const struct sql_value *b); /* neither is NULL */
bool sql_same(const struct sql_value *a, const struct sql_value *b);    /* NULLs are one value */
/* The greatest (`sign` 1) or least (-1) that is not NULL. */
struct sql_value sql_extreme(const struct sql_value *values, uint32_t count, int sign);
bool sql_is_one_of(const char *name, const char *const *names);

/* Of a node of that kind, in a row or a group. */
struct sql_value sql_binary(const struct sql_scope *scope, const struct sql_node *node);
struct sql_value sql_in_list(const struct sql_scope *scope, const struct sql_node *node);
struct sql_value sql_between(const struct sql_scope *scope, const struct sql_node *node);
struct sql_value sql_cases(const struct sql_scope *scope, const struct sql_node *node);
struct sql_value sql_cast(struct sql_answering *answering, const struct sql_node *node,
                          struct sql_value value);
struct sql_value sql_call(const struct sql_scope *scope, const struct sql_node *node);
struct sql_value sql_aggregate(const struct sql_scope *scope, const struct sql_node *node);
/* Of any. */
struct sql_value sql_answer_node(const struct sql_scope *scope, const struct sql_node *node);

#endif
