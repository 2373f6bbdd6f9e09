/* sim/analysis/operator_queries.h - what the operators ask their logs, asked in SQL and answered
 * here: both give the same text, to the last digit.
 *
 * Each query runs unchanged on PostgreSQL 15 against the tables of log_export.h, and is computed
 * here from the same rows, in one pass. Five say what the runbook's say, flaws included; where one
 * is wrong, the right one stands beside it (`corrects`) and `remark` says why. Cells are what
 * psql -A -t prints in UTC; sql_number.h says how numerics and doubles come about. Rows have a
 * total order, texts by their bytes.
 *
 * "The last 24 hours" end at `now_us`: the instant that NOW() has to return for the same answer. A
 * row lies within when it is younger than that, strictly.
 *
 * Memory: 8 bytes a latency that a percentile is asked of (a quote twice, an order once), and a
 *         group a provider, hour or error code; nothing else grows with the log.
 * Ownership: operator_answers_release() frees all that answers hold.
 * Failure:   ERR_ENVIRONMENT when memory is out, ERR_INPUT for more groups than
 *            OPERATOR_GROUPS_MAX.
 */
#ifndef SIM_ANALYSIS_OPERATOR_QUERIES_H
#define SIM_ANALYSIS_OPERATOR_QUERIES_H

#include "router/base/arena.h"
#include "router/base/err.h"
#include "router/history.h"
#include "router/score.h"
#include "sim/analysis/event_rows.h"

enum operator_query {
    OPERATOR_HOURLY_VOLUME,  /* of the runbook: counts lines */
    OPERATOR_HOURLY_ORDERS,  /* the right one */
    OPERATOR_ERROR_RATE,     /* of the runbook: start rows count too */
    OPERATOR_ERROR_SETTLED,  /* the right one */
    OPERATOR_ROUTER_LATENCY, /* P50 and P95 */
    OPERATOR_WEEKLY_STATS,   /* of the runbook: the P95 that timeouts are set by */
    OPERATOR_CALL_COSTS,     /* of the runbook */
    OPERATOR_SELECTION,      /* of the runbook */
    OPERATOR_WINNING_SCORES, /* what winners won by */
    OPERATOR_FAILURES,
    OPERATOR_AUTH_FAILURES, /* what was done with stolen credentials */
    OPERATOR_COMMISSION,
    OPERATOR_HISTORY,
    OPERATOR_SCORES,
    OPERATOR_QUERY_COUNT
};

enum { OPERATOR_COLUMNS_MAX = 9, OPERATOR_GROUPS_MAX = 4096, OPERATOR_LISTED_MAX = 100 };

struct operator_query_traits {
    const char *name;  /* "provider_error_rate" */
    const char *title; /* "Error rate by provider, last 24 hours" */
    const char *table; /* that it reads */
    const char *sql;
    const char *remark; /* a sentence or two; "": nothing to say */
    bool of_runbook;
    int corrects; /* enum operator_query; -1: none */
    uint32_t column_count;
    struct {
        const char *name, *type; /* "error_rate_pct", "numeric" */
    } columns[OPERATOR_COLUMNS_MAX];
};
extern const struct operator_query_traits operator_queries[OPERATOR_QUERY_COUNT];

/* ---- what is computed ---- */

struct operator_answer {
    uint32_t rows;
    const char **cells; /* rows * column_count; NULL is SQL's NULL */
};

struct operator_answers {
    struct arena arena;
    int64_t now_us; /* Unix time */
    uint64_t lines;
    bool scores_known; /* score_calculations could be filled */
    struct operator_answer answers[OPERATOR_QUERY_COUNT];
};

static inline const char *operator_cell(const struct operator_answers *answers,
                                        enum operator_query query, uint32_t row, uint32_t column)
{
    return answers->answers[query].cells[row * operator_queries[query].column_count + column];
}

void operator_answers_release(struct operator_answers *answers);

/* ---- computing it ---- */

struct operator_score { /* a row of score_calculations */
    int64_t unix_us;
    enum provider provider;
    bool selected;
    struct score_parts parts;
};

struct operator_tally;
struct operator_tally *operator_tally_create(int64_t now_us, struct err *err);
/* Rows in any order; their instants are those of the tables. */
bool operator_tally_row(struct operator_tally *tally, const struct event_row *row, struct err *err);
bool operator_tally_score(struct operator_tally *tally, const struct operator_score *score,
                          struct err *err);
/* The answers so far; `history` is provider_metrics. */
bool operator_tally_answer(struct operator_tally *tally, const struct history *history,
                           struct operator_answers *answers, struct err *err);
void operator_tally_destroy(struct operator_tally *tally); /* NULL is fine */

#endif
