/* The rules file of Prometheus. */
#include "reports/alerts_prometheus.h"

#include <assert.h>
#include <string.h>

#include "router/base/duration.h"

const char *const prometheus_form_names[PROMETHEUS_FORM_COUNT + 1] = {"gauge", "counter", NULL};

/* ---- the comment on top ---- */

static void put_comment(struct text *yaml, const char *words, const char *what)
{
    if (what == NULL || what[0] == '\0') return;
    text_format(yaml, "# %s", words);
    alerts_put_quoted(yaml, what); /* a name may hold the end of a line */
    text_char(yaml, '\n');
}

static bool has_signal(const struct prometheus_export *export, bool of_latencies)
{
    for (uint32_t r = 0; r < export->rule_count; r++)
        if (signal_is_of_latencies(export->rules[r].signal) == of_latencies) return true;
    return false;
}

static void put_counters(struct text *yaml, const struct prometheus_export *export)
{
    text_put(yaml, "# Counters that are looked at, each there from the start, at 0:\n");
    if (has_signal(export, false))
        text_put(yaml,
                 "#   routesim_orders_total{result=\"routed|failed\"}\n"
                 "#   routesim_orders_judged_total, routesim_orders_ok_total,\n"
                 "#   routesim_orders_bad_total: at an order's last act, as the objective says\n"
                 "#   routesim_orders_authentic_total: routed by a real quote\n"
                 "#   routesim_selections_total{provider}: whose quote won\n"
                 "#   routesim_calls_total{provider,result=\"quote|timeout|error\"}: settled\n");
    if (has_signal(export, true))
        text_put(yaml,
                 "#   routesim_order_duration_seconds, routesim_call_duration_seconds{provider}:\n"
                 "#   histograms; percentiles from them are approximate, to within a bucket\n");
    text_put(yaml, "# Scrape as often as rules are evaluated, and results agree within a tick.\n");
}

static void put_heading(struct text *yaml, const struct prometheus_export *export)
{
    put_comment(yaml, "", export->title);
    put_comment(yaml, "made from ", export->source);
    text_format(yaml, "# reading %s of rules that name no window; for Prometheus 2.42 and later\n",
                alert_reading_names[export->reading]);
    if (export->form == PROMETHEUS_COUNTER) {
        put_counters(yaml, export);
        return;
    }
    text_put(yaml, "# Each signal is a gauge, computed over its window by whoever exports it; NaN\n"
                   "# is what is not known. NAME_samples is how many orders or calls it is of.\n");
}

/* ---- rules ---- */

static void put_expression(struct text *yaml, const struct prometheus_export *export,
                           const struct alert_rule *rule, bool recorded)
{
    struct text expression = {0};
    alerts_put_expression(&expression, export, rule, recorded);
    text_put(yaml, "        expr: |-\n          ");
    for (const char *at = expression.bytes; at != NULL && *at != '\0'; at++) {
        text_char(yaml, *at);
        if (*at == '\n') text_put(yaml, "          ");
    }
    text_char(yaml, '\n');
    yaml->failed |= expression.failed;
    text_release(&expression);
}

static void put_templated(struct text *yaml, const char *key, const char *value)
{
    struct text template = {0};
    text_format(yaml, "          %s: ", key);
    alerts_put_template(&template, value);
    alerts_put_quoted(yaml, template.bytes != NULL ? template.bytes : "");
    text_char(yaml, '\n');
    yaml->failed |= template.failed;
    text_release(&template);
}

static void put_annotations(struct text *yaml, const struct alert_rule *rule)
{
    struct text summary = {0};
    text_put(yaml, "        annotations:\n");
    alerts_put_summary(&summary, rule);
    put_templated(yaml, "summary", summary.bytes != NULL ? summary.bytes : "");
    if (rule->runbook[0] != '\0') put_templated(yaml, "runbook", rule->runbook);
    yaml->failed |= summary.failed;
    text_release(&summary);
}

static void put_span(struct text *yaml, const char *key, int64_t span_us)
{
    if (span_us <= 0) return;
    text_format(yaml, "        %s: ", key);
    alerts_put_span(yaml, span_us);
    text_char(yaml, '\n');
}

static void put_record(struct text *yaml, const struct prometheus_export *export,
                       const struct alert_rule *rule)
{
    text_put(yaml, "      - record: routesim_alert_condition\n");
    put_expression(yaml, export, rule, true);
    text_put(yaml, "        labels:\n");
    text_put(yaml, "          rule: ");
    alerts_put_quoted(yaml, rule->name);
    text_char(yaml, '\n');
}

static void put_rule(struct text *yaml, const struct prometheus_export *export,
                     const struct alert_rule *rule)
{
    if (rule->no_data == NO_DATA_KEEP) put_record(yaml, export, rule);
    text_put(yaml, "      - alert: ");
    alerts_put_quoted(yaml, rule->name);
    text_char(yaml, '\n');
    put_expression(yaml, export, rule, false);
    put_span(yaml, "for", rule->for_us);
    put_span(yaml, "keep_firing_for", rule->keep_firing_us);
    text_put(yaml, "        labels:\n");
    text_format(yaml, "          severity: %s\n", alert_severity_names[rule->severity]);
    if (rule->group[0] != '\0') put_templated(yaml, "alert_group", rule->group);
    put_annotations(yaml, rule);
}

void alerts_write_prometheus(struct text *yaml, const struct prometheus_export *export)
{
    assert(export->form < PROMETHEUS_FORM_COUNT);
    put_heading(yaml, export);
    text_put(yaml, "groups:\n  - name: routesim\n    interval: ");
    alerts_put_span(yaml, export->interval_us);
    text_put(yaml, export->rule_count > 0 ? "\n    rules:\n" : "\n    rules: []\n");
    for (uint32_t r = 0; r < export->rule_count; r++)
        put_rule(yaml, export, &export->rules[r]);
}
