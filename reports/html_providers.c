/* The four providers: what they answered, how fast, who won, what asking them cost. */
#include <math.h>
#include <string.h>

#include "reports/findings.h"
#include "reports/html.h"
#include "reports/show.h"

static bool took_part(const struct result *result, unsigned provider)
{
    const struct metric_value *asked = value_of(result, 0, provider, METRIC_ASKED);
    const struct metric_value *canned = value_of(result, 0, provider, METRIC_CANNED);
    return result->enabled[provider] || (asked->state == VALUE_KNOWN && asked->value > 0) ||
           (canned->state == VALUE_KNOWN && canned->value > 0);
}

void html_provider_rows(struct html *page, const enum metric *metrics, size_t count)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!took_part(page->result, p)) continue;
        html_row_provider(page, p);
        for (size_t m = 0; m < count; m++)
            html_cell_metric(page, 0, p, metrics[m]);
        html_row_end(page);
    }
}

static void put_overview(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false},  {"Asked", true}, {"Quotes", true},    {"In time", true},
        {"p50", true},        {"p95", true},   {"p99", true},       {"Timeouts", true},
        {"Mean quote", true}, {"Won", true},   {"Share won", true},
    };
    static const enum metric metrics[] = {
        METRIC_ASKED,           METRIC_QUOTES,          METRIC_SUCCESS_RATE,
        METRIC_PROVIDER_P50_MS, METRIC_PROVIDER_P95_MS, METRIC_PROVIDER_P99_MS,
        METRIC_TIMEOUTS,        METRIC_TOTAL_CENTS,     METRIC_WINS,
        METRIC_SELECTION_PCT,
    };
    html_table_begin(page, "The providers over the whole run", columns, 11);
    html_provider_rows(page, metrics, sizeof metrics / sizeof *metrics);
    html_table_end(page);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (!took_part(page->result, p)) {
            text_put(page->out, "<p class=\"muted\">");
            html_text(page, provider_traits[p].short_name);
            text_put(page->out, " was disabled and took no part.</p>\n");
        }
}

static void table_of_quantiles(struct html *page)
{
    const struct result *result = page->result;
    struct html_column columns[2 + RESULT_QUANTILES_MAX] = {{"Provider", false}, {"n", true}};
    char titles[RESULT_QUANTILES_MAX][32];
    const struct result_latency *widest = &result->router_latency;
    for (uint32_t q = 0; q < widest->quantile_count; q++) {
        struct text title = {0};
        text_char(&title, 'p');
        text_double(&title, widest->quantiles[q].percent);
        (void)snprintf(titles[q], sizeof titles[q], "%s", title.bytes ? title.bytes : "");
        text_release(&title);
        columns[2 + q] = (struct html_column){titles[q], true};
    }
    html_table_begin(page, "Time to a quote; timeouts count as longer than their limit", columns,
                     2 + widest->quantile_count);
    for (unsigned p = 0; p <= PROVIDER_COUNT; p++) {
        const struct result_latency *latency =
            p == PROVIDER_COUNT ? &result->router_latency : &result->provider_latency[p];
        if (latency->n == 0) continue;
        if (p == PROVIDER_COUNT)
            html_row_begin(page, "Router (whole order)");
        else
            html_row_provider(page, p);
        html_cell_count(page, (double)latency->n);
        for (uint32_t q = 0; q < latency->quantile_count; q++)
            html_cell_value(page, UNIT_MS, &latency->quantiles[q].value);
        html_row_end(page);
    }
    html_table_end(page);
}

static void table_of_errors(struct html *page)
{
    const struct result *result = page->result;
    struct html_column columns[1 + QUOTE_OUTCOME_COUNT] = {{"Provider", false}};
    unsigned kinds[QUOTE_OUTCOME_COUNT];
    size_t count = 0;
    for (unsigned k = QUOTE_TIMEOUT; k < QUOTE_OUTCOME_COUNT; k++) {
        uint64_t sum = 0;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            sum += result->errors[p][k];
        if (sum == 0) continue;
        kinds[count++] = k;
        columns[count] = (struct html_column){outcome_label(k), true};
    }
    if (count == 0) return;
    html_table_begin(page, "Failed quotes by kind (exact counts)", columns, 1 + count);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!took_part(result, p)) continue;
        html_row_provider(page, p);
        for (size_t i = 0; i < count; i++)
            html_cell_count(page, (double)result->errors[p][kinds[i]]);
        html_row_end(page);
    }
    html_table_end(page);
}

static double share_of(const struct result *result, unsigned provider)
{
    const struct metric_value *value = value_of(result, 0, provider, METRIC_SELECTION_PCT);
    return value->state == VALUE_KNOWN ? value->value : 0;
}

void html_provider_shares(struct html *page, const char *caption)
{
    static const struct html_column columns[] = {
        {"Provider", false}, {"Won", true}, {"Share", true}, {"Share as a bar", false}};
    static const char *const names[PROVIDER_COUNT] = {"mealme", "instacart", "kroger", "walmart"};
    unsigned order[PROVIDER_COUNT];
    size_t count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!took_part(page->result, p)) continue;
        size_t at = count++;
        for (; at > 0 && share_of(page->result, order[at - 1]) < share_of(page->result, p); at--)
            order[at] = order[at - 1];
        order[at] = p;
    }
    html_table_begin(page, caption, columns, 4);
    for (size_t i = 0; i < count; i++) {
        html_row_provider(page, order[i]);
        html_cell_metric(page, 0, order[i], METRIC_WINS);
        html_cell_metric(page, 0, order[i], METRIC_SELECTION_PCT);
        text_put(page->out, "<td class=\"track\"><span class=\"bar\" style=\"width:");
        text_fixed(page->out, fmin(1, share_of(page->result, order[i])) * 100, 1);
        text_format(page->out, "%%;background:var(--%s)\"></span></td>", names[order[i]]);
        html_row_end(page);
    }
    html_table_end(page);
}

static const struct metric_value *quantile_at(const struct result_latency *latency, double percent)
{
    static const struct metric_value none = {.state = VALUE_NONE};
    for (uint32_t q = 0; q < latency->quantile_count; q++)
        if (latency->quantiles[q].percent == percent) return &latency->quantiles[q].value;
    return &none;
}

static void put_operations(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false}, {"Operation", false}, {"Calls", true}, {"Answered", true},
        {"p50", true},       {"p95", true},        {"p99", true}};
    const struct result *result = page->result;
    uint32_t rows = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        rows += result->operation_count[p];
    if (rows == 0) return;
    html_table_begin(page, "Calls by operation, also those nobody waited for any more", columns, 7);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        for (uint32_t i = 0; i < result->operation_count[p]; i++) {
            const struct result_operation *operation = &result->operations[p][i];
            if (operation->calls == 0) continue;
            html_row_provider(page, p);
            html_cell(page, operation->name);
            html_cell_count(page, (double)operation->calls);
            html_cell_count(page, (double)operation->latency.n);
            html_cell_value(page, UNIT_MS, quantile_at(&operation->latency, 50));
            html_cell_value(page, UNIT_MS, quantile_at(&operation->latency, 95));
            html_cell_value(page, UNIT_MS, quantile_at(&operation->latency, 99));
            html_row_end(page);
        }
    html_table_end(page);
}

static void put_costs(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false},        {"API calls", true},    {"Cost", true},
        {"Retries", true},          {"Tokens", true},       {"Late answers", true},
        {"Estimated quotes", true}, {"Canned quotes", true}};
    static const enum metric metrics[] = {
        METRIC_CALLS,        METRIC_COST_CENTS, METRIC_RETRIES, METRIC_TOKEN_FETCHES,
        METRIC_LATE_ANSWERS, METRIC_ESTIMATED,  METRIC_CANNED};
    html_table_begin(page, "What asking cost", columns, 8);
    html_provider_rows(page, metrics, sizeof metrics / sizeof *metrics);
    html_table_end(page);
}

/* Only where any were sent: production hedges nothing. */
static void put_hedges(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false}, {"Hedges", true}, {"Extra load", true}, {"Won", true}};
    static const enum metric metrics[] = {METRIC_HEDGES, METRIC_HEDGE_LOAD, METRIC_HEDGE_WIN_RATE};
    double hedges = 0.0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct metric_value *sent = &page->result->phases[0].values[p][METRIC_HEDGES];
        if (sent->state == VALUE_KNOWN) hedges += sent->value;
    }
    if (hedges == 0.0) return;
    html_table_begin(page, "Hedged calls: a second one beside a call that had not answered",
                     columns, 4);
    html_provider_rows(page, metrics, sizeof metrics / sizeof *metrics);
    html_table_end(page);
}

void html_calls(struct html *page)
{
    html_section(page, "calls", "API calls");
    put_costs(page);
    put_hedges(page);
    put_operations(page);
}

bool html_providers(struct html *page, struct err *err)
{
    html_section(page, "providers", "Providers");
    put_overview(page);
    if (!html_figure(
            page, "percentiles", finding_percentiles,
            "Both axes are logarithmic, the lower one towards the tail. A curve ends where "
            "fewer than ten slower quotes are left.",
            table_of_quantiles, err) ||
        !html_figure(page, "errors", finding_errors,
                     "All providers together, in at most 120 steps; the table tells them apart.",
                     NULL, err))
        return false;
    table_of_errors(page);
    html_section(page, "selection", "Selection");
    if (!html_figure(
            page, "share", finding_share,
            "Of all completed orders, in at most 120 steps. The table counts routed orders only.",
            NULL, err))
        return false;
    html_provider_shares(page, "Routed orders by provider, largest share first");
    static const enum metric metrics[] = {METRIC_TOP_SHARE,          METRIC_SAVINGS_BEST_CENTS,
                                          METRIC_SAVINGS_MEAN_CENTS, METRIC_QUOTES_PER_ORDER,
                                          METRIC_CLOSE_CALLS,        METRIC_AUTHENTIC_RATIO};
    html_metrics(page, "How good the choices were", metrics, sizeof metrics / sizeof *metrics);
    return true;
}
