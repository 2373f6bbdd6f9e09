/* sim/analysis/runbook_sql_state.h - a query as it is read: for runbook_sql*.c alone. */
#ifndef SIM_ANALYSIS_RUNBOOK_SQL_STATE_H
#define SIM_ANALYSIS_RUNBOOK_SQL_STATE_H

#include "sim/analysis/runbook_sql.h"

enum sql_kind {
    SQL_LITERAL,
    SQL_COLUMN,
    SQL_STAR,
    SQL_NOT,
    SQL_NEGATE,
    SQL_BINARY,
    SQL_IN,      /* the first is looked for among the rest */
    SQL_BETWEEN, /* the first, between the second and the third */
    SQL_IS_NULL,
    SQL_CASE, /* pairs of WHEN and THEN, then ELSE */
    SQL_CALL,
    SQL_CAST,
    SQL_QUERY /* one value of a query */
};

enum sql_operator {
    SQL_OR,
    SQL_AND,
    SQL_EQUAL,
    SQL_UNEQUAL,
    SQL_LESS,
    SQL_LESS_EQUAL,
    SQL_MORE,
    SQL_MORE_EQUAL,
    SQL_LIKE,
    SQL_ILIKE,
    SQL_ADD,
    SQL_SUBTRACT,
    SQL_MULTIPLY,
    SQL_DIVIDE,
    SQL_REMAINDER,
    SQL_JOIN_TEXT
};

struct sql_node {
    enum sql_kind kind;
    enum sql_operator operation;
    bool negated; /* NOT IN, NOT LIKE, NOT BETWEEN, IS NOT NULL */
    bool distinct;
    bool over;              /* OVER () */
    struct sql_value value; /* of a literal */
    const char *name;       /* of a column, function, type */
    struct sql_node **children;
    uint32_t count, depth;
    struct sql_node *filter, *within;
    bool within_falls; /* WITHIN GROUP (ORDER BY ... DESC) */
    const struct sql_select *query;
    uint32_t offset, length;
};

struct sql_item { /* of the list, of GROUP BY and ORDER BY */
    struct sql_node *node;
    const char *alias; /* NULL: none */
    bool falls;        /* ORDER BY ... DESC */
    bool nulls_first;
};

struct sql_list {
    struct sql_item *items;
    uint32_t count;
};

struct sql_named {
    const char *name;
    const struct sql_select *select;
};

struct sql_select {
    struct sql_named *with;
    uint32_t with_count;
    bool distinct;
    struct sql_list items, groups, orders;
    const char *table;             /* NULL: from a query, or from nothing */
    const char *alias;             /* of either; NULL */
    const struct sql_select *from; /* NULL: from a table, or from nothing */
    uint32_t from_offset, from_length;
    struct sql_node *where, *having;
    double limit; /* -1: none */
};

bool sql_is_aggregate(const char *name);

#endif
