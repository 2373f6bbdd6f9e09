/* PromQL of rules. A condition is true, false or unknown, as in sim/world/alert.c; PromQL has
 * vectors that hold an element or do not, so what is asked is either "true" or "not false". */
#include <assert.h>
#include <math.h>

#include "reports/alerts_prometheus.h"
#include "router/base/duration.h"

struct expression {
    struct text *text;
    const struct prometheus_export *export;
    const struct alert_rule *rule;
};

static struct alert_query query_of(const struct alert_rule *rule, int64_t window_us)
{
    return (struct alert_query){
        .kind = rule->signal,
        .scope = rule->scope,
        .window_s = alert_signal_has_window(rule->signal) ? window_us / US_PER_SECOND : 0,
        .slow_over_us = rule->signal == SIGNAL_SLOW_RATE ? rule->slow_over_us : 0,
    };
}

/* ---- the gauge form ---- */

static void put_label(struct text *text, bool *any, const char *name, const char *value)
{
    text_format(text, "%s%s=\"%s\"", *any ? "," : "{", name, value);
    *any = true;
}

void alerts_put_series(struct text *text, const struct alert_query *query, unsigned scope,
                       bool samples)
{
    char span[DURATION_TEXT_MAX];
    bool any = false;
    text_format(text, "routesim_%s_%s%s", scope == SCOPE_ROUTER ? "router" : "provider",
                signal_traits[query->kind].name, samples ? "_samples" : "");
    if (scope < PROVIDER_COUNT) put_label(text, &any, "provider", provider_traits[scope].id);
    if (query->slow_over_us > 0) {
        duration_format(query->slow_over_us, span);
        put_label(text, &any, "over", span);
    }
    if (query->window_s > 0) {
        duration_format(query->window_s * US_PER_SECOND, span);
        put_label(text, &any, "window", span);
    }
    if (any) text_char(text, '}');
}

/* ---- the counter form: increase() over the window, so that ratios are of whole numbers ---- */

static void put_increase(struct text *text, const char *counter, const char *labels,
                         const struct alert_query *query, const char *by)
{
    char span[DURATION_TEXT_MAX];
    const bool of_one = query->scope < PROVIDER_COUNT && by[0] != '\0';
    duration_format(query->window_s * US_PER_SECOND, span);
    text_format(text, "sum%s (increase(routesim_%s", by, counter);
    if (of_one || labels[0] != '\0') text_char(text, '{');
    if (of_one) text_format(text, "provider=\"%s\"", provider_traits[query->scope].id);
    if (of_one && labels[0] != '\0') text_char(text, ',');
    text_put(text, labels);
    if (of_one || labels[0] != '\0') text_char(text, '}');
    text_format(text, "[%s]))", span);
}

static const char by_provider[] = " by (provider)";

struct counter_ratio { /* of a signal: what is counted of what */
    const char *part, *part_labels, *part_by;
    const char *whole, *whole_by;
};

static const struct counter_ratio *ratio_of(const struct alert_query *query)
{
    static const char orders[] = "orders_total", calls[] = "calls_total",
                      judged[] = "orders_judged_total";
    static const struct counter_ratio
        router[SIGNAL_KIND_COUNT] =
            {
                [SIGNAL_ERROR_RATE] = {orders, "result=\"failed\"", "", orders, ""},
                [SIGNAL_SUCCESS_RATE] = {orders, "result=\"routed\"", "", orders, ""},
                [SIGNAL_OK_RATE] = {"orders_ok_total", "", "", judged, ""},
                [SIGNAL_AUTHENTIC_RATIO] = {"orders_authentic_total", "", "", "selections_total",
                                            ""},
                [SIGNAL_BURN_RATE] = {"orders_bad_total", "", "", judged, ""},
            },
        provider[SIGNAL_KIND_COUNT] = {
            [SIGNAL_ERROR_RATE] = {calls, "result!=\"quote\"", by_provider, calls, by_provider},
            [SIGNAL_SUCCESS_RATE] = {calls, "result=\"quote\"", by_provider, calls, by_provider},
            [SIGNAL_TIMEOUT_RATE] = {calls, "result=\"timeout\"", by_provider, calls, by_provider},
            [SIGNAL_SELECTION_PCT] = {"selections_total", "", by_provider, "selections_total", ""},
        };
    const struct counter_ratio *ratio =
        query->scope == SCOPE_ROUTER ? &router[query->kind] : &provider[query->kind];
    return ratio->part != NULL ? ratio : NULL;
}

/* A number that PromQL reads back to the same double. */
static void put_number(struct text *text, double value)
{
    if (isnan(value)) {
        text_put(text, "NaN");
    } else {
        text_double(text, value);
    }
}

static void put_ratio(const struct expression *to, const struct alert_query *query,
                      const struct counter_ratio *ratio)
{
    const bool each = ratio->part_by[0] != '\0', whole_alone = ratio->whole_by[0] == '\0';
    put_increase(to->text, ratio->part, ratio->part_labels, query, ratio->part_by);
    text_put(to->text, each && whole_alone ? " / on () group_left () " : " / ");
    if (query->kind == SIGNAL_BURN_RATE) {
        /* As sim/world/signal.c rounds it, so that the quotient is the same. */
        const double allowed = round((1.0 - to->export->objective) * 1e12) / 1e12;
        text_char(to->text, '(');
        put_number(to->text, to->export->objective > 0.0 ? allowed : (double)NAN);
        text_put(to->text, " * ");
    }
    put_increase(to->text, ratio->whole, "", query, ratio->whole_by);
    if (query->kind == SIGNAL_BURN_RATE) text_char(to->text, ')');
}

static const char *histogram_of(const struct alert_query *query)
{
    return query->scope == SCOPE_ROUTER ? "order_duration_seconds" : "call_duration_seconds";
}

static void put_percentile(struct text *text, const struct alert_query *query, double probability)
{
    char counter[64];
    (void)snprintf(counter, sizeof counter, "%s_bucket", histogram_of(query));
    text_put(text, "1000 * histogram_quantile(");
    text_double(text, probability);
    text_put(text, ", ");
    put_increase(text, counter, "", query,
                 query->scope == SCOPE_ROUTER ? " by (le)" : " by (le, provider)");
    text_char(text, ')');
}

/* A bucket that ends at `slow_over` makes this exact. */
static void put_slow_share(struct text *text, const struct alert_query *query)
{
    struct text bound = {0};
    text_put(&bound, "le=\"");
    text_double(&bound, (double)query->slow_over_us / (double)US_PER_SECOND);
    text_char(&bound, '"');
    text_put(text, "1 - ");
    put_increase(text, "order_duration_seconds_bucket", bound.bytes != NULL ? bound.bytes : "",
                 query, "");
    text_put(text, " / ");
    put_increase(text, "order_duration_seconds_count", "", query, "");
    text->failed |= bound.failed;
    text_release(&bound);
}

static void put_budget(const struct expression *to, const struct alert_query *query)
{
    const struct alert_query period = {
        .kind = query->kind,
        .scope = query->scope,
        .window_s = to->export->period_us > 0 ? to->export->period_us / US_PER_SECOND : 1};
    put_increase(to->text, "orders_bad_total", "", &period, "");
    text_put(to->text, " / ");
    put_number(to->text, to->export->budget_orders > 0.0 ? to->export->budget_orders : (double)NAN);
}

static void put_counted(const struct expression *to, const struct alert_query *query)
{
    switch (query->kind) {
    case SIGNAL_ERROR_RATE:
    case SIGNAL_SUCCESS_RATE:
    case SIGNAL_OK_RATE:
    case SIGNAL_AUTHENTIC_RATIO:
    case SIGNAL_BURN_RATE:
    case SIGNAL_TIMEOUT_RATE:
    case SIGNAL_SELECTION_PCT:
        put_ratio(to, query, ratio_of(query));
        break;
    case SIGNAL_P50_MS:
        put_percentile(to->text, query, 0.50);
        break;
    case SIGNAL_P95_MS:
        put_percentile(to->text, query, 0.95);
        break;
    case SIGNAL_P99_MS:
        put_percentile(to->text, query, 0.99);
        break;
    case SIGNAL_SLOW_RATE:
        put_slow_share(to->text, query);
        break;
    case SIGNAL_REQUESTS_PER_HOUR:
        put_increase(to->text, "orders_total", "", query, "");
        text_format(to->text, " * 3600 / %lld", (long long)query->window_s);
        break;
    case SIGNAL_BUDGET_BURNED:
        put_budget(to, query);
        break;
    case SIGNAL_KIND_COUNT:
        assert(!"a signal outside its enum");
        break;
    }
}

/* How many orders, calls or samples a signal is of. */
static void put_counted_samples(const struct expression *to, const struct alert_query *query)
{
    const struct counter_ratio *ratio = ratio_of(query);
    char counter[64];
    if (ratio != NULL) {
        put_increase(to->text, ratio->whole, "", query, ratio->whole_by);
    } else if (signal_traits[query->kind].unit == UNIT_MS || query->kind == SIGNAL_SLOW_RATE) {
        (void)snprintf(counter, sizeof counter, "%s_count", histogram_of(query));
        put_increase(to->text, counter, "", query, query->scope == SCOPE_ROUTER ? "" : by_provider);
    } else if (query->kind == SIGNAL_BUDGET_BURNED) {
        text_put(to->text, "sum (routesim_orders_judged_total)");
    } else {
        put_increase(to->text, "orders_total", "", query, "");
    }
}

/* ---- either form ---- */

static void put_value(const struct expression *to, const struct alert_query *query)
{
    if (to->export->form == PROMETHEUS_COUNTER) {
        put_counted(to, query);
    } else {
        alerts_put_series(to->text, query, query->scope, false);
    }
}

/* Whether how much a signal is of has the labels of the signal itself. */
static bool samples_match(const struct expression *to)
{
    return to->export->form == PROMETHEUS_GAUGE || to->rule->signal != SIGNAL_SELECTION_PCT;
}

/* "and N >= 10", "and on () N >= 10" */
static void put_volume(const struct expression *to, const struct alert_query *query,
                       const char *comparison)
{
    text_put(to->text, samples_match(to) ? "and " : "and on () ");
    if (to->export->form == PROMETHEUS_COUNTER) {
        put_counted_samples(to, query);
    } else {
        alerts_put_series(to->text, query, query->scope, true);
    }
    text_format(to->text, " %s %u", comparison, to->rule->min_volume);
}

static void put_comparison(const struct expression *to, const struct alert_query *query,
                           const struct alert_condition *condition)
{
    put_value(to, query);
    text_format(to->text, " %s ", check_operator_names[condition->op]);
    text_double(to->text, condition->threshold);
}

static void put_true(const struct expression *to, const struct alert_query *query,
                     const struct alert_condition *condition, bool has_volume)
{
    put_comparison(to, query, condition);
    if (condition->op == CHECK_NE) { /* of which PromQL says that NaN is different */
        text_put(to->text, " and ");
        put_value(to, query);
        text_put(to->text, " == ");
        put_value(to, query);
    }
    if (has_volume) {
        text_char(to->text, ' ');
        put_volume(to, query, ">=");
    }
}

/* True, or nothing that it could be told by. */
static void put_not_false(const struct expression *to, const struct alert_query *query,
                          const struct alert_condition *condition, bool has_volume)
{
    put_comparison(to, query, condition);
    text_put(to->text, " or ");
    put_value(to, query);
    text_put(to->text, " != ");
    put_value(to, query);
    if (has_volume) {
        text_put(to->text, " or ");
        put_value(to, query);
        text_char(to->text, ' ');
        put_volume(to, query, "<");
    }
}

static void put_hours(const struct expression *to, enum alert_hours hours)
{
    const long long offset_s = to->export->timezone_us / US_PER_SECOND;
    char now[64];
    if (hours == HOURS_ANY) return;
    (void)snprintf(now, sizeof now, offset_s == 0 ? "hour()" : "hour(vector(time() %s %lld))",
                   offset_s < 0 ? "-" : "+", offset_s < 0 ? -offset_s : offset_s);
    if (hours == HOURS_PEAK) {
        text_format(to->text, " and on () (%s >= 10 < 21)", now);
    } else {
        text_format(to->text, " and on () (%s < 10 or %s >= 21)", now, now);
    }
}

static void put_condition(const struct expression *to, const struct alert_condition *condition,
                          bool unknown_too)
{
    const bool two = condition->short_window_us > 0;
    void (*put)(const struct expression *, const struct alert_query *,
                const struct alert_condition *, bool) = unknown_too ? put_not_false : put_true;
    const struct alert_query over = query_of(to->rule, condition->window_us);
    const bool alone = !two && condition->hours == HOURS_ANY && to->rule->any_count == 0;
    if (!alone) text_char(to->text, '(');
    put(to, &over, condition, to->rule->min_volume > 0);
    if (!alone) text_char(to->text, ')');
    if (two) {
        const struct alert_query recent = query_of(to->rule, condition->short_window_us);
        text_put(to->text, " and ignoring (window) (");
        put(to, &recent, condition, false);
        text_put(to->text, ")");
    }
    put_hours(to, condition->hours);
}

static void put_conditions(const struct expression *to, bool unknown_too)
{
    put_condition(to, &to->rule->when, unknown_too);
    for (uint32_t c = 0; c < to->rule->any_count; c++) {
        text_put(to->text, "\n  or ");
        put_condition(to, &to->rule->any_of[c], unknown_too);
    }
}

/* What the rule came to at the evaluation before is there exactly when that was true. */
static void put_recorded(const struct expression *to)
{
    text_put(to->text, "routesim_alert_condition{rule=");
    alerts_put_quoted(to->text, to->rule->name);
    text_char(to->text, '}');
}

void alerts_put_expression(struct text *text, const struct prometheus_export *export,
                           const struct alert_rule *rule, bool recorded)
{
    const struct expression to = {text, export, rule};
    const bool keeps = rule->no_data == NO_DATA_KEEP;
    const char *const apart = rule->signal == SIGNAL_SLOW_RATE ? "window, over" : "window";
    assert(keeps || !recorded);
    if (keeps && !recorded) {
        text_put(text, "max without (rule) (");
        put_recorded(&to);
        text_put(text, ")");
        return;
    }
    if (export->form == PROMETHEUS_GAUGE) text_format(text, "max without (%s) (\n  ", apart);
    put_conditions(&to, rule->no_data == NO_DATA_FIRING);
    if (keeps) {
        text_put(text, "\n  or ((");
        put_conditions(&to, true);
        text_format(text, ") and ignoring (%s, rule) ", apart);
        put_recorded(&to);
        text_char(text, ')');
    }
    if (export->form == PROMETHEUS_GAUGE) text_put(text, "\n)");
}
