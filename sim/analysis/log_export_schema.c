/* sim/analysis/log_export_schema.c - the tables' columns, and the SQL that makes, fills and asks
 * them. */
#include <stddef.h>

#include "sim/analysis/log_export.h"

const char *const export_table_names[EXPORT_TABLE_COUNT] = {
    [EXPORT_EDGE_LOGS] = "edge_logs",
    [EXPORT_PROVIDER_METRICS] = "provider_metrics",
    [EXPORT_SCORE_CALCULATIONS] = "score_calculations",
    [EXPORT_ORDER_OUTCOMES] = "order_outcomes",
};

struct column {
    const char *name, *type;
};

static const struct column logs_head[] = {{"function_name", "text NOT NULL"},
                                          {"timestamp", "timestamptz NOT NULL"},
                                          {"event", "text NOT NULL"},
                                          {"request_id", "text NOT NULL"},
                                          {NULL, NULL}};
static const struct column logs_tail[] = {{"metadata", "jsonb"}, {NULL, NULL}};

static const struct column metrics_columns[] = {{"provider_id", "text PRIMARY KEY"},
                                                {"total_orders", "bigint NOT NULL"},
                                                {"successful_orders", "bigint NOT NULL"},
                                                {"failed_orders", "bigint NOT NULL"},
                                                {"cancelled_orders", "bigint NOT NULL"},
                                                {"total_gmv", "numeric(18,2) NOT NULL"},
                                                {"total_commission", "numeric(18,2) NOT NULL"},
                                                {"success_rate", "numeric(5,2)"},
                                                {"avg_margin_rate", "numeric(5,2)"},
                                                {"updated_at", "timestamptz NOT NULL"},
                                                {NULL, NULL}};

static const struct column scores_columns[] = {{"request_id", "text NOT NULL"},
                                               {"provider_id", "text NOT NULL"},
                                               {"calculated_at", "timestamptz NOT NULL"},
                                               {"rank", "integer NOT NULL"},
                                               {"selected", "boolean NOT NULL"},
                                               {"score", "numeric NOT NULL"},
                                               {"priority", "integer NOT NULL"},
                                               {"price_score", "integer NOT NULL"},
                                               {"speed_score", "integer NOT NULL"},
                                               {"availability_score", "integer NOT NULL"},
                                               {"margin_score", "integer NOT NULL"},
                                               {"reliability_score", "integer NOT NULL"},
                                               {"preference", "text NOT NULL"},
                                               {"total_cents", "bigint NOT NULL"},
                                               {"estimated_delivery_minutes", "integer"},
                                               {"items_found", "integer NOT NULL"},
                                               {"items_substituted", "integer NOT NULL"},
                                               {"items_requested", "integer NOT NULL"},
                                               {"success_rate", "numeric(5,2)"},
                                               {"avg_margin_rate", "numeric(5,2)"},
                                               {"canned", "boolean NOT NULL"},
                                               {NULL, NULL}};

static const struct column outcomes_columns[] = {{"request_id", "text NOT NULL"},
                                                 {"provider_id", "text NOT NULL"},
                                                 {"recorded_at", "timestamptz NOT NULL"},
                                                 {"outcome", "text NOT NULL"},
                                                 {"order_value", "numeric(12,2) NOT NULL"},
                                                 {"commission", "numeric(12,2) NOT NULL"},
                                                 {"delivered_minutes", "integer"},
                                                 {"items_delivered", "integer"},
                                                 {"rating", "integer"},
                                                 {"issues", "jsonb"},
                                                 {NULL, NULL}};

static const struct column *columns_of(enum export_table table)
{
    switch (table) {
    case EXPORT_EDGE_LOGS:
        return logs_head;
    case EXPORT_PROVIDER_METRICS:
        return metrics_columns;
    case EXPORT_SCORE_CALCULATIONS:
        return scores_columns;
    case EXPORT_ORDER_OUTCOMES:
        return outcomes_columns;
    case EXPORT_TABLE_COUNT:
        break;
    }
    return NULL;
}

static const char *event_type(enum event_column column)
{
    switch (event_columns[column].kind) {
    case EVENT_VALUE_TEXT:
        return "text";
    case EVENT_VALUE_WHOLE:
        return "bigint";
    case EVENT_VALUE_MS:
        return "numeric(12,3)";
    case EVENT_VALUE_DOUBLE:
        return "numeric";
    case EVENT_VALUE_BOOL:
        return "boolean";
    }
    return "";
}

/* Every column through `put`, with whether it is the first. */
static void each_column(enum export_table table, struct text *text,
                        void (*put)(struct text *, const struct column *, bool))
{
    const struct column *columns = columns_of(table);
    for (unsigned i = 0; columns[i].name != NULL; i++)
        put(text, &columns[i], i == 0);
    if (table != EXPORT_EDGE_LOGS) return;
    for (unsigned i = 0; i < EVENT_COLUMN_COUNT; i++) {
        const struct column column = {event_columns[i].name, event_type((enum event_column)i)};
        put(text, &column, false);
    }
    put(text, logs_tail, false);
}

static void put_name(struct text *text, const struct column *column, bool first)
{
    if (!first) text_char(text, ',');
    text_put(text, column->name);
}

static void put_definition(struct text *text, const struct column *column, bool first)
{
    text_format(text, "%s\n    %-27s%s", first ? "" : ",", column->name, column->type);
}

void log_export_header(enum export_table table, struct text *text)
{
    each_column(table, text, put_name);
    text_char(text, '\n');
}

void log_export_schema(struct text *text)
{
    text_put(text, "-- The tables of a run's logs. Instants are UTC; spans are milliseconds.\n"
                   "-- A table of that name is left as it is, and nothing is loaded then.\n");
    for (unsigned t = 0; t < EXPORT_TABLE_COUNT; t++) {
        text_format(text, "\nCREATE TABLE %s (", export_table_names[t]);
        each_column((enum export_table)t, text, put_definition);
        text_put(text, "\n);\n");
    }
}

/* Two instants subtracted in UTC are days and hours whose sum is exact: no day has 23 hours. */
static void put_rebase(struct text *text)
{
    text_put(text, "\n-- The last line of the log now lies at the instant of loading.\n"
                   "SELECT date_trunc('milliseconds', now()) - max(timestamp) AS shift "
                   "FROM edge_logs \\gset\n"
                   "UPDATE edge_logs SET timestamp = timestamp + :'shift'::interval;\n"
                   "UPDATE provider_metrics SET updated_at = updated_at + :'shift'::interval;\n"
                   "UPDATE score_calculations SET calculated_at = calculated_at + "
                   ":'shift'::interval;\n"
                   "UPDATE order_outcomes SET recorded_at = recorded_at + :'shift'::interval;\n");
}

void log_export_load(struct text *text, bool at_load)
{
    text_put(text, "-- Makes the tables and fills them, or does nothing. From within this folder:\n"
                   "--   createdb drill && psql -d drill -f load.sql\n"
                   "\\set ON_ERROR_STOP on\n"
                   "SET client_encoding TO 'UTF8';\n"
                   "SET TIME ZONE 'UTC';\n"
                   "BEGIN;\n"
                   "\\ir schema.sql\n");
    for (unsigned t = 0; t < EXPORT_TABLE_COUNT; t++)
        text_format(text, "\\copy %s FROM '%s.csv' WITH (FORMAT csv, HEADER)\n",
                    export_table_names[t], export_table_names[t]);
    if (at_load) put_rebase(text);
    text_put(text, "\nCREATE INDEX ON edge_logs (timestamp);\n"
                   "CREATE INDEX ON order_outcomes (recorded_at);\n"
                   "COMMIT;\n"
                   "ANALYZE edge_logs, provider_metrics, score_calculations, order_outcomes;\n");
}

void log_export_queries(struct text *text)
{
    text_put(text, "-- What operators ask. answers.json has what routesim answers itself.\n");
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        const struct operator_query_traits *query = &operator_queries[q];
        text_format(text, "\n-- %s: %s\n", query->name, query->title);
        if (query->remark[0] != '\0') text_format(text, "-- %s\n", query->remark);
        text_put(text, query->sql);
    }
}
