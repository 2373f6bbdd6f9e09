#include "sim/analysis/operator_queries.h"

#include <stddef.h>

#define ROUTER_ROWS "WHERE function_name = '" EVENT_ROUTER_FUNCTION "'\n"
#define LAST_DAY    "   AND timestamp > NOW() - INTERVAL '24 hours'\n"
#define LAST_WEEK   "   AND timestamp > NOW() - INTERVAL '7 days'\n"

const struct operator_query_traits operator_queries[OPERATOR_QUERY_COUNT] = {
    [OPERATOR_HOURLY_VOLUME] =
        {.name = "hourly_volume",
         .title = "Request volume by hour, last 24 hours, as the runbook counts",
         .table = "edge_logs",
         .sql = "SELECT date_trunc('hour', timestamp) AS hour,\n"
                "       COUNT(*) AS requests,\n"
                "       AVG(total_latency_ms) AS avg_latency_ms\n"
                "  FROM edge_logs\n " ROUTER_ROWS LAST_DAY " GROUP BY hour\n"
                " ORDER BY hour DESC;\n",
         .remark = "It counts lines of the log, not requests: an order that asks four providers "
                   "writes ten. Only one of them has a latency, so the mean is right.",
         .of_runbook = true,
         .corrects = -1,
         .column_count = 3,
         .columns = {{"hour", "timestamptz"},
                     {"requests", "bigint"},
                     {"avg_latency_ms", "numeric"}}},
    [OPERATOR_HOURLY_ORDERS] =
        {.name = "hourly_orders",
         .title = "Orders by hour, last 24 hours",
         .table = "edge_logs",
         .sql =
             "SELECT date_trunc('hour', timestamp) AS hour,\n"
             "       COUNT(*) AS orders,\n"
             "       COUNT(*) FILTER (WHERE event = 'router_failure') AS failed,\n"
             "       ROUND(COUNT(*) FILTER (WHERE event = 'router_failure') * 100.0\n"
             "             / COUNT(*), 2) AS failed_pct\n"
             "  FROM edge_logs\n " ROUTER_ROWS
             "   AND event IN ('router_decision', 'router_failure')\n" LAST_DAY " GROUP BY hour\n"
             " ORDER BY hour DESC;\n",
         .remark = "One row an order: decided or failed.",
         .corrects = OPERATOR_HOURLY_VOLUME,
         .column_count = 4,
         .columns = {{"hour", "timestamptz"},
                     {"orders", "bigint"},
                     {"failed", "bigint"},
                     {"failed_pct", "numeric"}}},
    [OPERATOR_ERROR_RATE] =
        {.name = "provider_error_rate",
         .title = "Error rate by provider, last 24 hours, as the runbook counts",
         .table = "edge_logs",
         .sql = "SELECT provider_id,\n"
                "       COUNT(*) FILTER (WHERE event = 'provider_quote_error') * 100.0\n"
                "           / COUNT(*) AS error_rate_pct\n"
                "  FROM edge_logs\n " ROUTER_ROWS LAST_DAY " GROUP BY provider_id\n"
                " ORDER BY provider_id COLLATE \"C\";\n",
         .remark = "It divides by all rows of a provider, and each call has written a start row "
                   "as well: a provider that fails every call reads 50%, and the runbook's 5% is "
                   "reached at 10%. The row without a provider is the router's own lines.",
         .of_runbook = true,
         .corrects = -1,
         .column_count = 2,
         .columns = {{"provider_id", "text"}, {"error_rate_pct", "numeric"}}},
    [OPERATOR_ERROR_SETTLED] =
        {.name = "provider_error_rate_settled",
         .title = "Error rate by provider, last 24 hours, of calls that ended",
         .table = "edge_logs",
         .sql = "SELECT provider_id,\n"
                "       COUNT(*) AS settled,\n"
                "       COUNT(*) FILTER (WHERE event = 'provider_quote_error') AS errors,\n"
                "       COUNT(*) FILTER (WHERE event = 'provider_quote_error') * 100.0\n"
                "           / COUNT(*) AS error_rate_pct\n"
                "  FROM edge_logs\n " ROUTER_ROWS
                "   AND event IN ('provider_quote_success', 'provider_quote_error')\n" LAST_DAY
                " GROUP BY provider_id\n"
                " ORDER BY provider_id COLLATE \"C\";\n",
         .remark = "Of calls that succeeded or failed, how many failed. Canned quotes count as "
                   "successes: the log's column canned tells them.",
         .corrects = OPERATOR_ERROR_RATE,
         .column_count = 4,
         .columns = {{"provider_id", "text"},
                     {"settled", "bigint"},
                     {"errors", "bigint"},
                     {"error_rate_pct", "numeric"}}},
    [OPERATOR_ROUTER_LATENCY] =
        {.name = "router_latency",
         .title = "Router latency, last 24 hours",
         .table = "edge_logs",
         .sql = "SELECT COUNT(*) AS orders,\n"
                "       PERCENTILE_CONT(0.50) WITHIN GROUP (ORDER BY total_latency_ms) AS p50_ms,\n"
                "       PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY total_latency_ms) AS p95_ms,\n"
                "       AVG(total_latency_ms) AS mean_ms,\n"
                "       MAX(total_latency_ms) AS max_ms\n"
                "  FROM edge_logs\n " ROUTER_ROWS "   AND event = 'router_latency'\n"
                "   AND timestamp > NOW() - INTERVAL '24 hours';\n",
         .remark = "The latency of an order is that of its slowest provider, capped by a timeout.",
         .corrects = -1,
         .column_count = 5,
         .columns = {{"orders", "bigint"},
                     {"p50_ms", "double precision"},
                     {"p95_ms", "double precision"},
                     {"mean_ms", "numeric"},
                     {"max_ms", "numeric"}}},
    [OPERATOR_WEEKLY_STATS] =
        {.name = "weekly_provider_stats",
         .title = "Providers over the last 7 days",
         .table = "edge_logs",
         .sql =
             "SELECT provider_id,\n"
             "       COUNT(*) FILTER (WHERE event = 'provider_quote_success') AS success_count,\n"
             "       COUNT(*) FILTER (WHERE event = 'provider_quote_error') AS error_count,\n"
             "       AVG(latency_ms) FILTER (WHERE event = 'provider_quote_success')\n"
             "           AS avg_latency_ms,\n"
             "       PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY latency_ms)\n"
             "           AS p95_latency_ms\n"
             "  FROM edge_logs\n " ROUTER_ROWS LAST_WEEK " GROUP BY provider_id\n"
             " ORDER BY provider_id COLLATE \"C\";\n",
         .remark = "The P95 is over successes and errors; a timeout stands in it with its limit, "
                   "so it is right as long as fewer than 5% time out, and is the timeout itself "
                   "beyond that.",
         .of_runbook = true,
         .corrects = -1,
         .column_count = 5,
         .columns = {{"provider_id", "text"},
                     {"success_count", "bigint"},
                     {"error_count", "bigint"},
                     {"avg_latency_ms", "numeric"},
                     {"p95_latency_ms", "double precision"}}},
    [OPERATOR_CALL_COSTS] =
        {.name = "weekly_call_costs",
         .title = "Cost of calls, last 7 days, as the runbook estimates",
         .table = "edge_logs",
         .sql = "SELECT provider_id,\n"
                "       COUNT(*) AS api_calls,\n"
                "       COUNT(*) * 0.001 AS estimated_cost_usd\n"
                "  FROM edge_logs\n " ROUTER_ROWS
                "   AND event = 'provider_quote_success'\n" LAST_WEEK " GROUP BY provider_id\n"
                " ORDER BY provider_id COLLATE \"C\";\n",
         .remark = "It counts quotes, not calls: a quote takes a store look-up and a search an "
                   "item, and failed calls cost as much.",
         .of_runbook = true,
         .corrects = -1,
         .column_count = 3,
         .columns = {{"provider_id", "text"},
                     {"api_calls", "bigint"},
                     {"estimated_cost_usd", "numeric"}}},
    [OPERATOR_SELECTION] =
        {.name = "selection_share",
         .title = "Who wins, last 7 days",
         .table = "edge_logs",
         .sql = "SELECT selected_provider_id,\n"
                "       COUNT(*) AS selection_count,\n"
                "       COUNT(*) * 100.0 / SUM(COUNT(*)) OVER () AS selection_pct,\n"
                "       AVG(total_cents) AS avg_total_cents\n"
                "  FROM edge_logs\n " ROUTER_ROWS "   AND event = 'router_decision'\n" LAST_WEEK
                " GROUP BY selected_provider_id\n"
                " ORDER BY selection_count DESC, selected_provider_id COLLATE \"C\";\n",
         .remark = "",
         .of_runbook = true,
         .corrects = -1,
         .column_count = 4,
         .columns = {{"selected_provider_id", "text"},
                     {"selection_count", "bigint"},
                     {"selection_pct", "numeric"},
                     {"avg_total_cents", "numeric"}}},
    [OPERATOR_WINNING_SCORES] =
        {.name = "winning_scores",
         .title = "Scores of the winners, last 24 hours",
         .table = "edge_logs",
         .sql = "SELECT selected_provider_id,\n"
                "       COUNT(*) AS selection_count,\n"
                "       AVG(score) AS avg_score,\n"
                "       AVG(price_score) AS avg_price_score,\n"
                "       AVG(speed_score) AS avg_speed_score\n"
                "  FROM edge_logs\n"
                " WHERE event = 'router_decision'\n" LAST_DAY " GROUP BY selected_provider_id\n"
                " ORDER BY selection_count DESC, selected_provider_id COLLATE \"C\";\n",
         .remark =
             "It sees winners alone: why somebody else did not win, score_calculations tells.",
         .of_runbook = false,
         .corrects = -1,
         .column_count = 5,
         .columns = {{"selected_provider_id", "text"},
                     {"selection_count", "bigint"},
                     {"avg_score", "numeric"},
                     {"avg_price_score", "numeric"},
                     {"avg_speed_score", "numeric"}}},
    [OPERATOR_FAILURES] =
        {.name = "failures_by_code",
         .title = "Failures by error code, last 24 hours",
         .table = "edge_logs",
         .sql = "SELECT error_code,\n"
                "       provider_id,\n"
                "       COUNT(*) AS failures,\n"
                "       COUNT(*) FILTER (WHERE retryable) AS retryable,\n"
                "       MIN(timestamp) AS first_seen,\n"
                "       MAX(timestamp) AS last_seen\n"
                "  FROM edge_logs\n " ROUTER_ROWS
                "   AND event IN ('provider_quote_error', 'router_failure')\n" LAST_DAY
                " GROUP BY error_code, provider_id\n"
                " ORDER BY failures DESC, error_code COLLATE \"C\", provider_id COLLATE \"C\";\n",
         .remark = "A row without a provider is an order that failed as a whole.",
         .corrects = -1,
         .column_count = 6,
         .columns = {{"error_code", "text"},
                     {"provider_id", "text"},
                     {"failures", "bigint"},
                     {"retryable", "bigint"},
                     {"first_seen", "timestamptz"},
                     {"last_seen", "timestamptz"}}},
    [OPERATOR_AUTH_FAILURES] =
        {.name = "auth_failures",
         .title = "Kroger calls whose credential was refused, newest first",
         .table = "edge_logs",
         .sql = "SELECT timestamp, request_id, event, error_code\n"
                "  FROM edge_logs\n"
                " WHERE provider_id = 'KROGER_API'\n"
                "   AND error_code IN ('AUTH_FAILED', 'HTTP_401', 'HTTP_403')\n"
                " ORDER BY timestamp DESC, request_id COLLATE \"C\", event COLLATE \"C\"\n"
                " LIMIT 100;\n",
         .remark = "",
         .of_runbook = false,
         .corrects = -1,
         .column_count = 4,
         .columns = {{"timestamp", "timestamptz"},
                     {"request_id", "text"},
                     {"event", "text"},
                     {"error_code", "text"}}},
    [OPERATOR_COMMISSION] =
        {.name = "commission_by_provider",
         .title = "Commission and margin by provider, last 7 days",
         .table = "order_outcomes",
         .sql = "SELECT provider_id,\n"
                "       COUNT(*) AS orders,\n"
                "       COUNT(*) FILTER (WHERE outcome = 'success') AS successful,\n"
                "       SUM(order_value) AS gmv,\n"
                "       SUM(commission) AS commission,\n"
                "       SUM(commission) * 100 / NULLIF(SUM(order_value), 0) AS margin_pct,\n"
                "       AVG(delivered_minutes) AS avg_minutes,\n"
                "       AVG(rating) AS avg_rating\n"
                "  FROM order_outcomes\n"
                " WHERE recorded_at > NOW() - INTERVAL '7 days'\n"
                " GROUP BY provider_id\n"
                " ORDER BY commission DESC, provider_id COLLATE \"C\";\n",
         .remark = "Of orders whose end is known by then; those still under way are not in it.",
         .corrects = -1,
         .column_count = 8,
         .columns = {{"provider_id", "text"},
                     {"orders", "bigint"},
                     {"successful", "bigint"},
                     {"gmv", "numeric"},
                     {"commission", "numeric"},
                     {"margin_pct", "numeric"},
                     {"avg_minutes", "numeric"},
                     {"avg_rating", "numeric"}}},
    [OPERATOR_HISTORY] =
        {.name = "provider_history",
         .title = "What the router has learnt of each provider",
         .table = "provider_metrics",
         .sql = "SELECT provider_id, total_orders, successful_orders, failed_orders,\n"
                "       cancelled_orders, total_gmv, total_commission, success_rate,\n"
                "       avg_margin_rate\n"
                "  FROM provider_metrics\n"
                " ORDER BY provider_id COLLATE \"C\";\n",
         .remark = "Reliability and margin scores go by the last two columns. A provider that "
                   "would not take a confirmed order has failed it.",
         .corrects = -1,
         .column_count = 9,
         .columns = {{"provider_id", "text"},
                     {"total_orders", "bigint"},
                     {"successful_orders", "bigint"},
                     {"failed_orders", "bigint"},
                     {"cancelled_orders", "bigint"},
                     {"total_gmv", "numeric"},
                     {"total_commission", "numeric"},
                     {"success_rate", "numeric"},
                     {"avg_margin_rate", "numeric"}}},
    [OPERATOR_SCORES] =
        {.name = "score_parts",
         .title = "Mean parts of the score by provider, last 7 days",
         .table = "score_calculations",
         .sql = "SELECT provider_id,\n"
                "       COUNT(*) AS scored,\n"
                "       COUNT(*) FILTER (WHERE selected) AS won,\n"
                "       AVG(priority) AS priority,\n"
                "       AVG(price_score) AS price,\n"
                "       AVG(speed_score) AS speed,\n"
                "       AVG(availability_score) AS availability,\n"
                "       AVG(margin_score) AS margin,\n"
                "       AVG(reliability_score) AS reliability\n"
                "  FROM score_calculations\n"
                " WHERE calculated_at > NOW() - INTERVAL '7 days'\n"
                " GROUP BY provider_id\n"
                " ORDER BY provider_id COLLATE \"C\";\n",
         .remark = "Priority enters with weight 1.0 and spans up to 40 points, the others with "
                   "0.30 at most.",
         .corrects = -1,
         .column_count = 9,
         .columns = {{"provider_id", "text"},
                     {"scored", "bigint"},
                     {"won", "bigint"},
                     {"priority", "numeric"},
                     {"price", "numeric"},
                     {"speed", "numeric"},
                     {"availability", "numeric"},
                     {"margin", "numeric"},
                     {"reliability", "numeric"}}},
};
