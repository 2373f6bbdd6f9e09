/* Goal: alert rules as text for other programs, and scores of rule sets for people. Method: rules
 * that a person can read, expression by expression; names that try to become something else; a
 * record of a few ticks; scores with everything that may be missing. Whether Prometheus means the
 * same is another test's question (test_alerts_promtool.c).
 */
#include "tests/support.h"

#include <cjson/cJSON.h>

#include "reports/alerts_promtool.h"
#include "reports/alerts_score.h"
#include "router/base/duration.h"
#include "router/base/utf8.h"

#define SECONDS(n) ((n)*US_PER_SECOND)

static struct alert_rule rule_of(unsigned scope, enum signal_kind signal, enum check_operator op,
                                 double threshold)
{
    return (struct alert_rule){
        .name = "r",
        .scope = scope,
        .signal = signal,
        .min_volume = 10,
        .notify_us = -1,
        .slow_over_us = SECONDS(5),
        .when = {
            .op = op, .threshold = threshold, .threshold_text = "T", .window_us = SECONDS(300)}};
}

static void check_expression(const char *label, const struct alert_rule *rule,
                             enum prometheus_form form, bool recorded, const char *expected)
{
    const struct prometheus_export export = {.rules = rule,
                                             .rule_count = 1,
                                             .form = form,
                                             .objective = 0.999,
                                             .budget_orders = 2500.5,
                                             .period_us = 30 * US_PER_DAY,
                                             .timezone_us = SECONDS(-18000)};
    struct text text = {0};
    alerts_put_expression(&text, &export, rule, recorded);
    CHECK_ROW_TEXT(label, text.bytes, expected);
    text_release(&text);
}

static void gauges_are_compared(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SCOPE_ROUTER, SIGNAL_ERROR_RATE, CHECK_GT, 0.05);
    check_expression("a rate and its volume", &rule, PROMETHEUS_GAUGE, false,
                     "max without (window) (\n"
                     "  routesim_router_error_rate{window=\"5m\"} > 0.05 and "
                     "routesim_router_error_rate_samples{window=\"5m\"} >= 10\n)");
    rule.min_volume = 0;
    rule.when.short_window_us = SECONDS(30);
    check_expression("two windows", &rule, PROMETHEUS_GAUGE, false,
                     "max without (window) (\n"
                     "  (routesim_router_error_rate{window=\"5m\"} > 0.05) and ignoring (window) "
                     "(routesim_router_error_rate{window=\"30s\"} > 0.05)\n)");
    rule = rule_of(PROVIDER_KROGER_API, SIGNAL_P95_MS, CHECK_GE, 5000);
    rule.min_volume = 0;
    rule.when.hours = HOURS_PEAK;
    check_expression("of one provider, in its hours", &rule, PROMETHEUS_GAUGE, false,
                     "max without (window) (\n"
                     "  (routesim_provider_p95_ms{provider=\"KROGER_API\",window=\"5m\"} >= 5000) "
                     "and on () (hour(vector(time() - 18000)) >= 10 < 21)\n)");
    rule = rule_of(SCOPE_ROUTER, SIGNAL_BUDGET_BURNED, CHECK_NE, 0.5);
    rule.min_volume = 0;
    check_expression("no window; and what is not a number is not different", &rule,
                     PROMETHEUS_GAUGE, false,
                     "max without (window) (\n"
                     "  routesim_router_budget_burned != 0.5 and routesim_router_budget_burned == "
                     "routesim_router_budget_burned\n)");
    rule = rule_of(SCOPE_ROUTER, SIGNAL_SLOW_RATE, CHECK_GT, 0.05);
    rule.no_data = NO_DATA_FIRING;
    check_expression("no data fires", &rule, PROMETHEUS_GAUGE, false,
                     "max without (window, over) (\n"
                     "  routesim_router_slow_rate{over=\"5s\",window=\"5m\"} > 0.05 or "
                     "routesim_router_slow_rate{over=\"5s\",window=\"5m\"} != "
                     "routesim_router_slow_rate{over=\"5s\",window=\"5m\"} or "
                     "routesim_router_slow_rate{over=\"5s\",window=\"5m\"} and "
                     "routesim_router_slow_rate_samples{over=\"5s\",window=\"5m\"} < 10\n)");
}

static void counters_are_divided(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SCOPE_EACH_PROVIDER, SIGNAL_SUCCESS_RATE, CHECK_LT, 0.5);
    check_expression("a provider's", &rule, PROMETHEUS_COUNTER, false,
                     "sum by (provider) (increase(routesim_calls_total{result=\"quote\"}[5m])) / "
                     "sum by (provider) (increase(routesim_calls_total[5m])) < 0.5 and "
                     "sum by (provider) (increase(routesim_calls_total[5m])) >= 10");
    rule = rule_of(SCOPE_ROUTER, SIGNAL_BURN_RATE, CHECK_GT, 14.4);
    rule.min_volume = 0;
    check_expression("a burn rate, of an allowed share without its last bits", &rule,
                     PROMETHEUS_COUNTER, false,
                     "sum (increase(routesim_orders_bad_total[5m])) / (0.001 * "
                     "sum (increase(routesim_orders_judged_total[5m]))) > 14.4");
    rule = rule_of(PROVIDER_MEALME, SIGNAL_SELECTION_PCT, CHECK_GT, 0.8);
    check_expression("a share of what all won", &rule, PROMETHEUS_COUNTER, false,
                     "sum by (provider) (increase(routesim_selections_total{provider=\"MEALME\"}"
                     "[5m])) / on () group_left () sum (increase(routesim_selections_total[5m])) > "
                     "0.8 and on () sum (increase(routesim_selections_total[5m])) >= 10");
    rule = rule_of(SCOPE_EACH_PROVIDER, SIGNAL_P99_MS, CHECK_GT, 5000);
    rule.min_volume = 0;
    check_expression("a percentile", &rule, PROMETHEUS_COUNTER, false,
                     "1000 * histogram_quantile(0.99, sum by (le, provider) "
                     "(increase(routesim_call_duration_seconds_bucket[5m]))) > 5000");
    rule = rule_of(SCOPE_ROUTER, SIGNAL_REQUESTS_PER_HOUR, CHECK_LT, 10);
    rule.min_volume = 0;
    check_expression("traffic", &rule, PROMETHEUS_COUNTER, false,
                     "sum (increase(routesim_orders_total[5m])) * 3600 / 300 < 10");
    rule = rule_of(SCOPE_ROUTER, SIGNAL_BUDGET_BURNED, CHECK_GT, 0.75);
    rule.min_volume = 0;
    check_expression("a budget", &rule, PROMETHEUS_COUNTER, false,
                     "sum (increase(routesim_orders_bad_total[30d])) / 2500.5 > 0.75");
}

/* Whatever a text holds, it is one scalar: printable, and its quotes are its own. */
static void texts_stay_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *quoted;
    } rows[] = {
        {"plain", "\"plain\""},
        {"a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\""},
        {"line\nfeed\ttab\x7f", "\"line\\u000afeed\\u0009tab\\u007f\""},
        {"\xc2\x85 \xe2\x80\xa8", "\"\\u0085 \\u2028\""}, /* YAML 1.1: ends of lines */
        {"\xff", "\"\xEF\xBF\xBD\""},
        {"caf\xc3\xa9 \xf0\x9f\x9b\x92", "\"caf\xc3\xa9 \xf0\x9f\x9b\x92\""},
        {"\xe2\x80\xae gnp", "\"\\u202e gnp\""}, /* turns the direction of writing */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        alerts_put_quoted(&text, rows[i].text);
        CHECK_ROW_TEXT(rows[i].text, text.bytes, rows[i].quoted);
        text_release(&text);
    }
    struct text template = {0};
    alerts_put_template(&template, "{{ $value }} {{{ {");
    assert_string_equal(template.bytes, "{{\"{{\"}} $value }} {{\"{{\"}}{ {");
    text_release(&template);
}

static void keeps_what_it_said_last(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SCOPE_ROUTER, SIGNAL_OK_RATE, CHECK_LT, 0.9);
    (void)strcpy(rule.name, "a\"b");
    rule.no_data = NO_DATA_KEEP;
    rule.min_volume = 0;
    check_expression("the rule", &rule, PROMETHEUS_GAUGE, false,
                     "max without (rule) (routesim_alert_condition{rule=\"a\\\"b\"})");
    check_expression("what is recorded first", &rule, PROMETHEUS_GAUGE, true,
                     "max without (window) (\n"
                     "  routesim_router_ok_rate{window=\"5m\"} < 0.9\n"
                     "  or ((routesim_router_ok_rate{window=\"5m\"} < 0.9 or "
                     "routesim_router_ok_rate{window=\"5m\"} != "
                     "routesim_router_ok_rate{window=\"5m\"}) and ignoring (window, rule) "
                     "routesim_alert_condition{rule=\"a\\\"b\"})\n)");
}

static void alertmanager_routes_and_inhibits(void **state)
{
    (void)state;
    struct alert_rule rules[] = {
        rule_of(SCOPE_EACH_PROVIDER, SIGNAL_ERROR_RATE, CHECK_GT, 0.5),
        rule_of(SCOPE_EACH_PROVIDER, SIGNAL_ERROR_RATE, CHECK_GT, 0.1),
        rule_of(SCOPE_ROUTER, SIGNAL_ERROR_RATE, CHECK_GT, 0.1),
    };
    const int64_t notify_us[SEVERITY_COUNT] = {0, SECONDS(60), 0};
    (void)strcpy(rules[0].name, "down");
    (void)strcpy(rules[1].suppressed_by, "down");
    (void)strcpy(rules[2].suppressed_by, "down");
    (void)strcpy(rules[1].group, "g");
    rules[1].notify_us = SECONDS(90);
    rules[1].severity = rules[2].severity = SEVERITY_TICKET;
    const struct prometheus_export export = {
        .rules = rules, .rule_count = 3, .notify_us = notify_us};
    struct text text = {0};
    alerts_write_alertmanager(&text, &export);
    static const char *const parts[] = {
        "severity=\\\"ticket\\\"\"]\n      receiver: \"Slack\"\n      group_wait: 1m\n",
        "- matchers: [\"alertname=\\\"r\\\"\"]\n          group_by: [alert_group]\n"
        "          group_wait: 1m30s\n        - matchers: [\"alert_group=\\\"g\\\"\"]\n",
        "inhibit_rules:\n  - source_matchers: [\"alertname=\\\"down\\\"\"]\n"
        "    target_matchers: [\"alertname=\\\"r\\\"\"]\n    equal: [provider]\n"
        "  - source_matchers",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_ROW(parts[i], strstr(text.bytes, parts[i]) != NULL);
    /* The router's rule keeps quiet whichever provider is down. */
    assert_null(strstr(strstr(text.bytes, "  - source_matchers") + 150, "equal"));
    text_release(&text);
}

/* ---- a record of five ticks ---- */

static void a_record_becomes_a_test(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SCOPE_ROUTER, SIGNAL_ERROR_RATE, CHECK_GT, 0.05);
    (void)strcpy(rule.says, "too many fail");
    struct signal_value values[] = {
        {NAN, 0, false}, {0.0, 3, true}, {0.0, 3, true}, {1.0 / 3.0, 3, true}, {0.0, 3, true}};
    uint8_t states[] = {ALERT_INACTIVE, ALERT_PENDING, ALERT_FIRING, ALERT_FIRING, ALERT_INACTIVE};
    struct signal_totals totals[5] = {{.orders = 0}};
    struct alert_series series = {.query = {SIGNAL_ERROR_RATE, SCOPE_ROUTER, 300, 0},
                                  .values = values};
    struct alert_states instance = {.rule = 0, .scope = SCOPE_ROUTER, .states = states};
    const struct alert_record record = {
        .setup = {.rules = &rule, .rule_count = 1, .interval_us = SECONDS(10)},
        .series = &series,
        .series_count = 1,
        .instances = &instance,
        .instance_count = 1,
        .totals = totals,
        .first_us = SECONDS(3),
        .ticks = 5};
    struct prometheus_export export = {.rules = &rule, .rule_count = 1, .interval_us = SECONDS(10)};
    const struct promtool_test test = {"t", "rules.yml", &export, &record};
    struct promtool_counts counts;
    struct text text = {0};
    alerts_write_promtool(&text, &test, &counts);
    static const char *const parts[] = {
        "series: \"routesim_router_error_rate{window=\\\"5m\\\"}\"\n"
        "        values: \"NaN 0+0x1 0.3333333333333333 0\"\n",
        "_samples{window=\\\"5m\\\"}\"\n        values: \"0 3+0x3\"\n",
        "- eval_time: 20s\n        alertname: \"r\"\n        exp_alerts:\n"
        "          - exp_labels: {severity: \"page\"}\n"
        "            exp_annotations: {summary: \"too many fail\"}\n",
        "- eval_time: 40s\n        alertname: \"r\"\n    promql_expr_test:",
        "eval_time: 10s\n        exp_samples:\n          - {labels: "
        "\"ALERTS{alertname=\\\"r\\\",alertstate=\\\"pending\\\",severity=\\\"page\\\"}\", "
        "value: 1}\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_ROW(parts[i], strstr(text.bytes, parts[i]) != NULL);
    assert_int_equal(counts.alerts, 5);
    assert_int_equal(counts.states, 5);
    /* Counters: ticks 1 to 3 lie next to the firing's begin, 3 and 4 next to its end. */
    text_clear(&text);
    export.form = PROMETHEUS_COUNTER;
    alerts_write_promtool(&text, &test, &counts);
    assert_int_equal(counts.alerts, 1);
    assert_int_equal(counts.left_out, 4);
    assert_non_null(strstr(text.bytes, "routesim_orders_total{result=\\\"failed\\\"}\"\n"
                                       "        values: \"0+0x5\"\n"));
    /* Rules with hours begin at the time of day. */
    text_clear(&text);
    export.form = PROMETHEUS_GAUGE;
    rule.when.hours = HOURS_PEAK;
    struct alert_record later = record;
    later.setup.start_unix_us = 3 * US_PER_DAY + SECONDS(7 * 3600);
    const struct promtool_test of_day = {"t", "rules.yml", &export, &later};
    alerts_write_promtool(&text, &of_day, &counts);
    assert_non_null(strstr(text.bytes, "values: \"_x2520 NaN 0+0x1"));
    assert_non_null(strstr(text.bytes, "eval_time: 7h20s\n"));
    text_release(&text);
}

/* ---- scores ---- */

static void scores_have_words_for_what_is_missing(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SCOPE_EACH_PROVIDER, SIGNAL_ERROR_RATE, CHECK_GT, 0.5);
    const struct alert_score_drill drills[] = {
        {.name = "a drill whose name is longer than its column \x1b[31m",
         .duration_us = US_PER_HOUR},
        {.name = "two", .duration_us = US_PER_HOUR}};
    const struct alert_score_row rows[] = {{.outcome = OUTCOME_MISSED,
                                            .detect_us = INT64_MAX,
                                            .ttd_us = INT64_MAX,
                                            .first_us = INT64_MAX,
                                            .detected_by = -1,
                                            .reset_us = -1,
                                            .burned = 0.25,
                                            .burned_at_page = NAN},
                                           {.outcome = OUTCOME_CAUGHT,
                                            .detect_us = SECONDS(600),
                                            .ttd_us = SECONDS(-1188),
                                            .first_us = SECONDS(500),
                                            .detected_by = 0,
                                            .detected_scope = PROVIDER_KROGER_API,
                                            .reset_us = INT64_MAX,
                                            .pages = 2,
                                            .burned = 1.5,
                                            .burned_at_page = 0.001}};
    const struct alert_scores_set set = {
        .name = "rules",
        .reading = READING_B,
        .rules = &rule,
        .rule_count = 1,
        .rows = rows,
        .longest_window_us = 3 * US_PER_DAY,
        .score = {.asked = 2,
                  .outcomes = {[OUTCOME_CAUGHT] = 1, [OUTCOME_MISSED] = 1},
                  .recall = 0.5,
                  .precision = NAN,
                  .ttd_median_us = INT64_MAX,
                  .worst_burned_at_page = 0.001,
                  .quiet_per_30d = NAN,
                  .quiet_low = NAN,
                  .quiet_high = NAN}};
    const struct alert_scores scores = {.sets = &set,
                                        .set_count = 1,
                                        .drills = drills,
                                        .drill_count = 2,
                                        .significant = 0.02,
                                        .quiet_name = "",
                                        .program = "p",
                                        .command = "c"};
    for (unsigned unicode = 0; unicode < 2; unicode++) {
        const struct alert_scores_style style = {.unicode = unicode, .wall_seconds = -1};
        struct text text = {0};
        alerts_write_scores(&text, &scores, &style);
        assert_non_null(strstr(text.bytes, "1 of 2"));
        assert_non_null(strstr(text.bytes, "never"));
        assert_non_null(strstr(text.bytes, "windows of 3 d"));
        assert_null(strchr(text.bytes, '\x1b'));
        for (const char *line = text.bytes; *line != '\0'; line += strcspn(line, "\n") + 1)
            CHECK_ROW(line, utf8_count(line, strcspn(line, "\n")) <= 80);
        text_release(&text);
    }
    struct text json = {0};
    alerts_write_scores_json(&json, &scores);
    cJSON *root = cJSON_Parse(json.bytes);
    assert_non_null(root);
    const cJSON *read = cJSON_GetObjectItem(root, "sets")->child;
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(read, "precision")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(read, "ttd_median_s")));
    const cJSON *first = cJSON_GetObjectItem(read, "drills")->child;
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "detected_by")));
    assert_string_equal(cJSON_GetObjectItem(first, "outcome")->valuestring, "missed");
    assert_string_equal(cJSON_GetObjectItem(first->next, "provider")->valuestring, "KROGER_API");
    CHECK_NEAR(cJSON_GetObjectItem(first->next, "ttd_s")->valuedouble, -1188.0, 0.0);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first->next, "fires_to_the_end")));
    cJSON_Delete(root);
    text_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gauges_are_compared),
        cmocka_unit_test(counters_are_divided),
        cmocka_unit_test(texts_stay_texts),
        cmocka_unit_test(keeps_what_it_said_last),
        cmocka_unit_test(alertmanager_routes_and_inhibits),
        cmocka_unit_test(a_record_becomes_a_test),
        cmocka_unit_test(scores_have_words_for_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
