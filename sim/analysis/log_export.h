/* sim/analysis/log_export.h - a run's logs as the tables that the operators' SQL reads, and their
 * queries answered on the way.
 *
 *   edge_logs           a row a line of events.jsonl: its fields in snake case, what is no plain
 *                       value in `metadata`; function_name is that of production's edge function
 *   provider_metrics    a row a provider: totals and rates as the router's history has them after
 *                       the last line (router/history.h). A provider that would not take a
 *                       confirmed order has failed it, as in production
 *   score_calculations  a row an order and scored provider, of quotes.bin: rank and parts of the
 *                       score, which the log has of the winner alone
 *   order_outcomes      a row an order whose end is known
 *
 * Files are CSV (RFC 4180, a header row, NULL empty, LF), which PostgreSQL's \copy loads; the same
 * rows with and without a database. Exact numbers: spans are numeric(12,3), money numeric(12,2) or
 * whole cents, scores numeric, with the digits of the double that they are.
 *
 * Instants are moved by `shift_us`, a whole number of milliseconds, in every table. The memory does
 * not grow with the log (but for the answers: operator_queries.h).
 *
 * Failure: as event_rows.h and quote_record.h; ERR_ENVIRONMENT for what cannot be written;
 * ERR_INPUT for a quotes.bin that decides otherwise than it says.
 */
#ifndef SIM_ANALYSIS_LOG_EXPORT_H
#define SIM_ANALYSIS_LOG_EXPORT_H

#include "sim/analysis/operator_queries.h"

enum export_table {
    EXPORT_EDGE_LOGS,
    EXPORT_PROVIDER_METRICS,
    EXPORT_SCORE_CALCULATIONS,
    EXPORT_ORDER_OUTCOMES,
    EXPORT_TABLE_COUNT
};
extern const char *const export_table_names[EXPORT_TABLE_COUNT]; /* "edge_logs" */

struct log_export_request {
    const char *events, *quotes; /* paths; `quotes` NULL: score_calculations stays empty */
    const char *directory;       /* where NAME.csv go; NULL: answers alone */
    struct history history;      /* what the router knew at the start */
    struct event_span span;      /* of `events` */
    int64_t shift_us;
};

struct log_export_facts {
    uint64_t rows[EXPORT_TABLE_COUNT];
    struct history history; /* after the last line */
};

/* `answers` as of the last row, moved; released by the caller after success. */
bool log_export_run(const struct log_export_request *request, struct log_export_facts *facts,
                    struct operator_answers *answers, struct err *err);

/* ---- for PostgreSQL (log_export_schema.c) ---- */

/* The columns of a table, without and with their types. */
void log_export_header(enum export_table table, struct text *text); /* CSV's header row */
void log_export_schema(struct text *text);                          /* schema.sql */
/* load.sql: makes the tables and fills them, in one transaction. `at_load`: moves all instants so
 * that the last row of edge_logs lies at the instant of loading. */
void log_export_load(struct text *text, bool at_load);
void log_export_queries(struct text *text); /* queries.sql */

#endif
