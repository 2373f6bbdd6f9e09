#include "reports/alerts_promtool.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "router/base/duration.h"

struct writer {
    struct text *yaml;
    const struct promtool_test *test;
    struct promtool_counts *counts;
    uint32_t shift; /* ticks before the record's first */
};

static bool is_counted(const struct writer *to)
{
    return to->test->export->form == PROMETHEUS_COUNTER;
}

static bool uses_hours(const struct alert_rule *rule)
{
    bool uses = rule->when.hours != HOURS_ANY;
    for (uint32_t c = 0; c < rule->any_count; c++)
        uses = uses || rule->any_of[c].hours != HOURS_ANY;
    return uses;
}

/* promtool's clock begins at 1970-01-01T00:00:00Z. */
static uint32_t ticks_before(const struct promtool_test *test)
{
    const struct alert_record *record = test->record;
    const int64_t first_us = record->setup.start_unix_us + record->first_us;
    const int64_t of_day_us = (first_us % US_PER_DAY + US_PER_DAY) % US_PER_DAY;
    bool needed = false;
    for (uint32_t r = 0; r < test->export->rule_count; r++)
        needed = needed || uses_hours(&test->export->rules[r]);
    return needed ? (uint32_t)(of_day_us / record->setup.interval_us) : 0;
}

/* ---- samples: runs of one value are written once ---- */

struct samples {
    struct text *yaml;
    double value;
    uint32_t run; /* of that value, not yet written */
    bool any;
};

static void put_value(struct text *yaml, double value)
{
    if (isnan(value)) {
        text_put(yaml, "NaN");
    } else {
        text_double(yaml, value);
    }
}

static void end_run(struct samples *samples)
{
    const uint32_t run = samples->run;
    samples->run = 0;
    if (run == 0) return;
    if (samples->any) text_char(samples->yaml, ' ');
    samples->any = true;
    put_value(samples->yaml, samples->value);
    if (run > 1) text_format(samples->yaml, "+0x%" PRIu32, run - 1);
}

static void add_sample(struct samples *samples, double value)
{
    const bool same = isnan(value) ? isnan(samples->value) : value == samples->value;
    if (samples->run > 0 && same) {
        samples->run++;
        return;
    }
    end_run(samples);
    samples->value = value;
    samples->run = 1;
}

static struct samples begin_series(const struct writer *to, const char *series, uint32_t missing)
{
    text_put(to->yaml, "      - series: ");
    alerts_put_quoted(to->yaml, series);
    text_put(to->yaml, "\n        values: \"");
    if (missing > 0) text_format(to->yaml, "_x%" PRIu32, missing);
    return (struct samples){.yaml = to->yaml, .any = missing > 0};
}

static void end_series(struct samples *samples)
{
    end_run(samples);
    text_put(samples->yaml, "\"\n");
}

/* ---- gauges ---- */

static void put_gauge(const struct writer *to, const struct alert_series *series, bool of_samples)
{
    struct text name = {0};
    const struct alert_query query = {
        .kind = series->query.kind,
        .scope = series->query.scope,
        .window_s = series->query.window_s,
        .slow_over_us = series->query.slow_over_us,
    };
    alerts_put_series(&name, &query, series->query.scope, of_samples);
    struct samples samples = begin_series(to, name.bytes != NULL ? name.bytes : "", to->shift);
    for (uint32_t t = 0; t < to->test->record->ticks; t++) {
        const struct signal_value *value = &series->values[t];
        const double seen = value->known ? value->value : (double)NAN;
        add_sample(&samples, of_samples ? (double)value->n : seen);
    }
    end_series(&samples);
    to->yaml->failed |= name.failed;
    text_release(&name);
}

/* ---- counters, with a 0 one interval before the first tick: what came by then is an increase ----
 */

typedef double (*total_reader)(const struct signal_totals *totals, unsigned provider);

static double orders_routed(const struct signal_totals *totals, unsigned provider)
{
    (void)provider;
    return totals->routed;
}

static double orders_failed(const struct signal_totals *totals, unsigned provider)
{
    (void)provider;
    return totals->failed;
}

static double orders_judged(const struct signal_totals *totals, unsigned provider)
{
    (void)provider;
    return totals->judged;
}

static double orders_ok(const struct signal_totals *totals, unsigned provider)
{
    (void)provider;
    return totals->ok;
}

static double orders_bad(const struct signal_totals *totals, unsigned provider)
{
    (void)provider;
    return totals->bad;
}

static double orders_authentic(const struct signal_totals *totals, unsigned provider)
{
    (void)provider;
    return totals->authentic;
}

static double selections(const struct signal_totals *totals, unsigned provider)
{
    return totals->providers[provider].wins;
}

static double quotes(const struct signal_totals *totals, unsigned provider)
{
    return totals->providers[provider].quotes;
}

static double timeouts(const struct signal_totals *totals, unsigned provider)
{
    return totals->providers[provider].timeouts;
}

static double errors(const struct signal_totals *totals, unsigned provider)
{
    const struct signal_provider_totals *of = &totals->providers[provider];
    return of->settled - of->quotes - of->timeouts;
}

static const struct counter {
    const char *name;
    const char *labels;
    bool of_provider;
    total_reader read;
} counters[] = {
    {"orders_total", "result=\"routed\"", false, orders_routed},
    {"orders_total", "result=\"failed\"", false, orders_failed},
    {"orders_judged_total", "", false, orders_judged},
    {"orders_ok_total", "", false, orders_ok},
    {"orders_bad_total", "", false, orders_bad},
    {"orders_authentic_total", "", false, orders_authentic},
    {"selections_total", "", true, selections},
    {"calls_total", "result=\"quote\"", true, quotes},
    {"calls_total", "result=\"timeout\"", true, timeouts},
    {"calls_total", "result=\"error\"", true, errors},
};

static void put_counter(const struct writer *to, const struct counter *counter, unsigned provider)
{
    char name[160], of[64] = "";
    if (counter->of_provider)
        (void)snprintf(of, sizeof of, "provider=\"%s\"%s", provider_traits[provider].id,
                       counter->labels[0] != '\0' ? "," : "");
    (void)snprintf(name, sizeof name, "routesim_%s{%s%s}", counter->name, of, counter->labels);
    struct samples samples = begin_series(to, name, to->shift - 1);
    add_sample(&samples, 0.0);
    for (uint32_t t = 0; t < to->test->record->ticks; t++)
        add_sample(&samples, counter->read(&to->test->record->totals[t], provider));
    end_series(&samples);
}

static void put_counters(const struct writer *to)
{
    for (size_t c = 0; c < sizeof counters / sizeof *counters; c++) {
        if (!counters[c].of_provider) {
            put_counter(to, &counters[c], 0);
            continue;
        }
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if (to->test->record->setup.enabled[p]) put_counter(to, &counters[c], p);
    }
}

/* ---- what has to come of it ---- */

static void put_tick(const struct writer *to, uint32_t tick)
{
    alerts_put_span(to->yaml, (int64_t)(tick + to->shift) * to->test->record->setup.interval_us);
}

static void put_label(struct text *yaml, const char *before, const char *name, const char *value)
{
    text_format(yaml, "%s%s: ", before, name);
    alerts_put_quoted(yaml, value);
}

static void put_firing(const struct writer *to, const struct alert_rule *rule, unsigned scope)
{
    struct text summary = {0};
    alerts_put_summary(&summary, rule);
    put_label(to->yaml, "\n          - exp_labels: {", "severity",
              alert_severity_names[rule->severity]);
    if (scope < PROVIDER_COUNT) put_label(to->yaml, ", ", "provider", provider_traits[scope].id);
    if (rule->group[0] != '\0') put_label(to->yaml, ", ", "alert_group", rule->group);
    put_label(to->yaml, "}\n            exp_annotations: {", "summary",
              summary.bytes != NULL ? summary.bytes : "");
    if (rule->runbook[0] != '\0') put_label(to->yaml, ", ", "runbook", rule->runbook);
    text_char(to->yaml, '}');
    to->yaml->failed |= summary.failed;
    text_release(&summary);
}

static void put_alert_test(const struct writer *to, uint32_t rule, uint32_t tick)
{
    const struct alert_record *record = to->test->record;
    bool any = false;
    text_put(to->yaml, "      - eval_time: ");
    put_tick(to, tick);
    put_label(to->yaml, "\n        ", "alertname", to->test->export->rules[rule].name);
    for (uint32_t i = 0; i < record->instance_count; i++) {
        const struct alert_states *instance = &record->instances[i];
        if (instance->rule != rule || instance->states[tick] != ALERT_FIRING) continue;
        if (!any) text_put(to->yaml, "\n        exp_alerts:");
        any = true;
        put_firing(to, &to->test->export->rules[rule], instance->scope);
    }
    text_char(to->yaml, '\n');
    to->counts->alerts++;
}

static bool changes_near(const struct alert_record *record, uint32_t rule, uint32_t tick)
{
    for (uint32_t i = 0; i < record->instance_count; i++) {
        const struct alert_states *instance = &record->instances[i];
        if (instance->rule != rule) continue;
        for (uint32_t t = tick > 0 ? tick - 1 : 0; t <= tick + 1 && t < record->ticks; t++) {
            const bool before = t > 0 && instance->states[t - 1] == ALERT_FIRING;
            if ((instance->states[t] == ALERT_FIRING) != before) return true;
        }
    }
    return false;
}

static bool is_exact_in_counters(const struct alert_rule *rule)
{
    return signal_traits[rule->signal].is_counter || rule->signal == SIGNAL_REQUESTS_PER_HOUR;
}

static void put_alert_tests(const struct writer *to)
{
    const struct alert_record *record = to->test->record;
    text_put(to->yaml, "    alert_rule_test:\n");
    for (uint32_t r = 0; r < to->test->export->rule_count; r++) {
        if (is_counted(to) && !is_exact_in_counters(&to->test->export->rules[r])) {
            to->counts->rules_left_out++;
            continue;
        }
        for (uint32_t t = 0; t < record->ticks; t++) {
            if (is_counted(to) && changes_near(record, r, t)) {
                to->counts->left_out++;
            } else {
                put_alert_test(to, r, t);
            }
        }
    }
}

/* ALERTS{alertname="...",alertstate="pending",...} as promtool reads it. */
static void put_state(const struct writer *to, const struct alert_states *instance,
                      enum alert_state state)
{
    const struct alert_rule *rule = &to->test->export->rules[instance->rule];
    struct text labels = {0};
    text_put(&labels, "ALERTS{alertname=");
    alerts_put_quoted(&labels, rule->name);
    text_format(&labels, ",alertstate=\"%s\",severity=\"%s\"", alert_state_names[state],
                alert_severity_names[rule->severity]);
    if (instance->scope < PROVIDER_COUNT)
        text_format(&labels, ",provider=\"%s\"", provider_traits[instance->scope].id);
    if (rule->group[0] != '\0') {
        text_put(&labels, ",alert_group=");
        alerts_put_quoted(&labels, rule->group);
    }
    text_char(&labels, '}');
    put_label(to->yaml, "\n          - {", "labels", labels.bytes != NULL ? labels.bytes : "");
    text_put(to->yaml, ", value: 1}");
    to->yaml->failed |= labels.failed;
    text_release(&labels);
}

static void put_state_tests(const struct writer *to)
{
    const struct alert_record *record = to->test->record;
    text_put(to->yaml, "    promql_expr_test:\n");
    for (uint32_t t = 0; t < record->ticks; t++) {
        bool any = false;
        text_put(to->yaml, "      - expr: ALERTS\n        eval_time: ");
        put_tick(to, t);
        for (uint32_t i = 0; i < record->instance_count; i++) {
            const enum alert_state state = (enum alert_state)record->instances[i].states[t];
            if (state == ALERT_INACTIVE) continue;
            if (!any) text_put(to->yaml, "\n        exp_samples:");
            any = true;
            put_state(to, &record->instances[i], state);
        }
        text_char(to->yaml, '\n');
        to->counts->states += record->instance_count;
    }
}

void alerts_write_promtool(struct text *yaml, const struct promtool_test *test,
                           struct promtool_counts *counts)
{
    struct writer to = {.yaml = yaml, .test = test, .counts = counts, .shift = ticks_before(test)};
    *counts = (struct promtool_counts){0};
    if (is_counted(&to) && to.shift == 0) to.shift = 1;
    text_put(yaml, "rule_files:\n  - ");
    alerts_put_quoted(yaml, test->rules_file);
    text_put(yaml, "\nevaluation_interval: ");
    alerts_put_span(yaml, test->record->setup.interval_us);
    text_put(yaml, "\ntests:\n  - interval: ");
    alerts_put_span(yaml, test->record->setup.interval_us);
    put_label(yaml, "\n    ", "name", test->name);
    text_put(yaml, "\n    input_series:\n");
    if (is_counted(&to)) {
        put_counters(&to);
    } else {
        for (uint32_t s = 0; s < test->record->series_count; s++) {
            put_gauge(&to, &test->record->series[s], false);
            put_gauge(&to, &test->record->series[s], true);
        }
    }
    put_alert_tests(&to);
    if (!is_counted(&to)) put_state_tests(&to);
}
