/* sim/analysis/runbook_sql.h - the operators' queries, read and answered over rows in memory.
 *
 * A part of PostgreSQL's SELECT, enough for dashboards and runbooks:
 *
 *   WITH name AS (...), SELECT [DISTINCT], FROM one table, one of WITH or (SELECT ...), WHERE,
 *   GROUP BY (expressions, names of the list, numbers), HAVING, ORDER BY, LIMIT
 *   AND OR NOT, comparisons, IN (list), LIKE ILIKE, BETWEEN, IS [NOT] NULL, + - * / % ||, ::type
 * and CAST, CASE, (SELECT one value), INTERVAL '...', NOW(), CURRENT_TIMESTAMP COUNT SUM AVG MIN
 * MAX STDDEV PERCENTILE_CONT with DISTINCT, FILTER (WHERE ...), WITHIN GROUP, and of an aggregate
 * OVER () COALESCE NULLIF ROUND ABS FLOOR CEIL GREATEST LEAST LOWER UPPER LENGTH DATE_TRUNC EXTRACT
 *
 * As there: integers are divided without a remainder; AVG and ROUND make numerics; NULL is unknown
 * to comparisons and skipped by aggregates; NULLs come last when rising; a column that is neither
 * grouped nor aggregated is an error; PERCENTILE_CONT is the linear interpolation of GSL's
 * gsl_stats_quantile_from_sorted_data. Numbers are doubles here where PostgreSQL has exact
 * numerics: the last digits may differ (reports of exports have them right).
 *
 * What is beyond this is told apart from what PostgreSQL would refuse (`known`), for only the
 * second is the query's fault.
 *
 * Ownership: everything lies in the caller's arena.
 * Failure:   false, `error` filled with an offset in the text; out of memory says so.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_SQL_H
#define SIM_ANALYSIS_RUNBOOK_SQL_H

#include <stdbool.h>

#include "router/base/arena.h"
#include "router/base/text.h"

enum {
    SQL_DEPTH_MAX = 48, /* of brackets and queries: reading and answering recurse */
    SQL_LIST_MAX = 64,  /* expressions in one list */
    SQL_COLUMNS_MAX = 64,
    SQL_MESSAGE_MAX = 200,
    SQL_STATEMENTS_MAX = 64,
};

enum sql_type { SQL_NULL, SQL_BOOL, SQL_INTEGER, SQL_NUMBER, SQL_TIME, SQL_SPAN, SQL_TEXT };

struct sql_value {
    enum sql_type type;
    double number;    /* of all but texts; times in Unix seconds, spans in seconds */
    const char *text; /* of a text */
};

struct sql_table {
    const char *name; /* "" of a query's result */
    const char *columns[SQL_COLUMNS_MAX];
    uint32_t column_count;
    struct sql_value *values; /* row after row */
    uint32_t row_count;
};

struct sql_error {
    char message[SQL_MESSAGE_MAX];
    uint32_t offset, length; /* in the text that was read */
    bool known;              /* PostgreSQL would refuse it, too; else it is beyond this reader */
    bool memory;
};

struct sql_select;

struct sql_statement {
    const struct sql_select *select;
    uint32_t offset, length; /* in the block's text, without the semicolon */
};

struct sql_script {
    struct sql_statement statements[SQL_STATEMENTS_MAX];
    uint32_t count;
};

/* Every statement of a text; where one cannot be read, `script` holds those before it. */
bool sql_read(struct sql_script *script, const char *text, uint32_t length, struct arena *arena,
              struct sql_error *error);

struct sql_world {
    const struct sql_table *tables;
    uint32_t table_count;
    double now_s; /* Unix time */
};

bool sql_answer(const struct sql_select *select, const struct sql_world *world, struct arena *arena,
                struct sql_table *result, struct sql_error *error);

/* Comparisons of a column with a text, anywhere in a query: =, <>, IN, LIKE. */
struct sql_literal {
    const char *column, *text;
    bool pattern; /* of LIKE */
    uint32_t offset, length;
};
uint32_t sql_literals(const struct sql_select *select, struct sql_literal *literals,
                      uint32_t capacity);

/* What a query is of, and what it gives: "edge_logs: hour, requests, avg_latency_ms". */
void sql_title(const struct sql_select *select, struct text *text);

/* `text` LIKE `pattern`: % and _. */
bool sql_like(const char *text, const char *pattern, bool any_case);

/* As psql shows it, numbers with four decimals at most. */
enum { SQL_SHOWN_MAX = 64 };
void sql_show(const struct sql_value *value, char shown[static SQL_SHOWN_MAX]);

#endif
