/* reports/alerts_prometheus.h - alert rules as Prometheus 2.42 and Alertmanager take them.
 *
 * Two forms of the same rules:
 *
 *   gauge    each signal is a gauge that somebody computed as sim/world/signal.h does:
 *            routesim_provider_error_rate{provider="KROGER_API",window="5m"}, and beside it
 *            routesim_provider_error_rate_samples, how many orders or calls that is of. Prometheus
 *            then does nothing but compare and wait, and agrees with our engine to the tick.
 *   counter  Prometheus computes the signal from counters, with increase() over the window:
 *            routesim_orders_total{result}, routesim_calls_total{provider,result}, ... It agrees
 *            within a tick when it scrapes at every evaluation. Percentiles and the share of slow
 *            orders come from histograms, whose buckets make them approximate.
 *
 * What is not known is NaN, and nothing compares true with it. A rule's labels are `provider` where
 * it has one instance each, `severity` and `alert_group`. A rule with `no_data` "keep" is recorded
 * first (routesim_alert_condition), so that it can ask what it came to at the evaluation before.
 *
 * Texts of rules are data: quoted for PromQL, for Prometheus' templates and for YAML, in that
 * order, so that no name of a rule can become anything else.
 *
 * Ownership: borrows. Failure: text->failed.
 */
#ifndef REPORTS_ALERTS_PROMETHEUS_H
#define REPORTS_ALERTS_PROMETHEUS_H

#include "router/base/text.h"
#include "sim/analysis/alert_record.h"

enum prometheus_form { PROMETHEUS_GAUGE, PROMETHEUS_COUNTER, PROMETHEUS_FORM_COUNT };
extern const char *const prometheus_form_names[PROMETHEUS_FORM_COUNT + 1]; /* "gauge", "counter" */

struct prometheus_export {
    const struct alert_rule *rules; /* in their reading */
    uint32_t rule_count;
    enum prometheus_form form;
    enum alert_reading reading; /* for the comment on top */
    const char *title;          /* for the comment on top; "": none */
    const char *source;         /* the file's name, likewise */
    int64_t interval_us;
    int64_t timezone_us;      /* of the hours */
    const int64_t *notify_us; /* by severity, of the routes */
    /* Of the SLO, for burn rates and budgets of the counter form; 0: none, and then they are not
     * known. */
    double objective, budget_orders;
    int64_t period_us;
};

/* The rules file, and what Alertmanager needs: routes, delays, inhibitions. */
void alerts_write_prometheus(struct text *yaml, const struct prometheus_export *export);
void alerts_write_alertmanager(struct text *yaml, const struct prometheus_export *export);

/* ---- parts, for the tests of promtool ---- */

/* A series as PromQL writes it, of one scope. */
void alerts_put_series(struct text *text, const struct alert_query *query, unsigned scope,
                       bool samples);
/* The expression of a rule, and that of what is recorded first for `no_data` "keep". */
void alerts_put_expression(struct text *text, const struct prometheus_export *export,
                           const struct alert_rule *rule, bool recorded);

/* In double quotes, as a YAML scalar and a PromQL string are written alike. */
void alerts_put_quoted(struct text *text, const char *string);
/* So that Prometheus' templates give it back as it was; not quoted. */
void alerts_put_template(struct text *text, const char *string);
/* The text of a rule's annotation "summary": what it says, or its condition in words. */
void alerts_put_summary(struct text *text, const struct alert_rule *rule);
/* A span as Prometheus writes it, in whole seconds or milliseconds: "300s", "1500ms". */
void alerts_put_span(struct text *text, int64_t span_us);

#endif
