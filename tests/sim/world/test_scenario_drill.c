/* Drills are read as they are written: alerts and their file, operators, ends and expectations.
 *
 * Goal: what a file says of a drill, with the rules of another file under it and overrides on top,
 * is what the drill is a function of; and a scenario that is no drill is what it was.
 * Method: files in the test, values looked at one by one; each value that is described is given
 * back as an override and must change nothing. What is refused stands in tests/scenarios/broken.
 */
#include "tests/support.h"

#include "router/base/duration.h"
#include "router/base/text.h"
#include "sim/analysis/drill.h"
#include "sim/world/scenario.h"
#include "sim/world/scenario_keys.h"

struct reading {
    struct scenario scenario;
    struct err_list list;
    bool accepted;
};

/* Beside the files of rules that tests have. */
#define FILE_NAME "tests/scenarios/broken/drill.json"

static struct reading *read_with(const char *bytes, const struct scenario_options *options)
{
    struct reading *reading = calloc(1, sizeof *reading);
    assert_non_null(reading);
    reading->list.source_file = FILE_NAME;
    reading->accepted =
        scenario_read(&reading->scenario, FILE_NAME, bytes, strlen(bytes), options, &reading->list);
    return reading;
}

static struct reading *read_good(const char *bytes, const struct scenario_options *options)
{
    struct reading *reading = read_with(bytes, options);
    if (!reading->accepted || reading->list.warnings > 0) {
        err_list_print(stderr, &reading->list, bytes, false);
    }
    assert_true(reading->accepted);
    assert_int_equal(reading->list.warnings, 0);
    return reading;
}

static struct reading *read_set(const char *bytes, const char *path, const char *value)
{
    const struct scenario_override override = {path, value, "--set"};
    const struct scenario_options options = {.overrides = &override, .override_count = 1};
    return read_with(bytes, &options);
}

static void done(struct reading *reading)
{
    scenario_release(&reading->scenario);
    free(reading);
}

static uint64_t hash_of(const char *bytes)
{
    struct reading *reading = read_with(bytes, NULL);
    if (!reading->accepted) err_list_print(stderr, &reading->list, bytes, false);
    assert_true(reading->accepted);
    const uint64_t hash = scenario_hash(&reading->scenario, false);
    done(reading);
    return hash;
}

static const char rich[] =
    "{\"duration\": \"2h\", \"slo\": {\"objective\": \"99.5%\", \"within\": \"5s\"},\n"
    " \"router\": {\"deployment\": {\"propagation\": \"on_cold_start\", \"redeploy\": \"90s\",\n"
    "   \"recycle\": {\"law\": \"lognormal\", \"p50\": \"4m\", \"p95\": \"20m\"}}},\n"
    " \"faults\": [{\"id\": \"f1\", \"provider\": \"KROGER_API\", \"kind\": \"hang\",\n"
    "   \"at\": \"20m\", \"for\": \"30m\"}],\n"
    " \"alerts\": {\"reading\": \"C\", \"interval\": \"15s\", \"phase\": \"5s\",\n"
    "   \"notify\": {\"page\": \"20s\", \"info\": \"1h\"},\n"
    "   \"rules\": [\n"
    "     {\"name\": \"Provider Down\", \"says\": \"under half for 10 minutes\",\n"
    "      \"metric\": \"provider.success_rate\", \"op\": \"<\", \"threshold\": \"50%\",\n"
    "      \"for\": \"10m\", \"keep_firing_for\": \"1m\", \"min_volume\": 10, \"group\": \"g\",\n"
    "      \"no_data\": \"keep\", \"severity\": \"page\", \"notify_delay\": \"1m\"},\n"
    "     {\"name\": \"Few Orders\", \"metric\": \"router.requests_per_hour\", \"op\": \"<\",\n"
    "      \"threshold\": 10, \"window\": \"10m\", \"hours\": \"off_peak\", \"min_volume\": 0,\n"
    "      \"any_of\": [{\"threshold\": 100, \"hours\": \"peak\"},\n"
    "        {\"op\": \">=\", \"threshold\": 1e6, \"window\": \"1h\", \"short_window\": \"5m\"}],\n"
    "      \"severity\": \"ticket\", \"group\": \"g\", \"suppressed_by\": \"Provider Down\"},\n"
    "     {\"name\": \"Slow\", \"metric\": \"router.slow_rate\", \"slow_over\": \"4s\", \"op\": "
    "\">\",\n"
    "      \"threshold\": 0.05, \"severity\": \"info\"}]},\n"
    " \"hypothesis\": {\"title\": \"all is well\", \"frequency\": \"20s\", \"holds_for\": \"3m\",\n"
    "   \"good\": \"90%\", \"probes\": [{\"name\": \"errors\", \"metric\": "
    "\"router.error_rate\",\n"
    "     \"limit\": \"5%\", \"min_volume\": 20},\n"
    "    {\"name\": \"quick\", \"metric\": \"router.p95_ms\", \"limit\": \"4.9s\", \"op\": \"<\",\n"
    "     \"mode\": \"edge\", \"eventually_within\": \"1m\", \"holds_for\": \"2m\"}]},\n"
    " \"operators\": [{\"id\": \"oncall\", \"triggers\": [\n"
    "     {\"on_alert\": \"Provider Down\", \"provider\": \"KROGER_API\"}, {\"at\": \"1h\"}],\n"
    "   \"ack\": {\"law\": \"lognormal\", \"p50\": \"3m\", \"p95\": \"10m\"}, \"ack_timeout\": "
    "\"5m\",\n"
    "   \"escalate_to\": \"second\", \"again\": true, \"steps\": [\n"
    "     {\"do\": \"set\", \"key\": \"LOOPGPT_KROGER_MOCK\", \"value\": true, \"takes\": "
    "\"45s\",\n"
    "      \"mistake\": {\"kind\": \"typo\", \"share\": \"20%\"}, \"runbook\": \"Emergency 1\"},\n"
    "     {\"do\": \"redeploy\", \"id\": \"out\", \"on_failure\": \"stop\"},\n"
    "     {\"do\": \"verify\", \"probe\": \"errors\", \"eventually_within\": \"5m\",\n"
    "      \"holds_for\": \"2m\"},\n"
    "     {\"do\": \"request\", \"payload\": \"as_coded\"},\n"
    "     {\"do\": \"wait_until\", \"when\": \"alert_resolved\", \"alert\": \"Provider Down\",\n"
    "      \"plus\": \"10m\", \"at_most\": \"1h\"},\n"
    "     {\"do\": \"rotate\", \"provider\": \"KROGER_API\", \"store\": false, \"overlap\": "
    "\"10m\"},\n"
    "     {\"do\": \"set\", \"key\": \"LOOPGPT_KROGER_TIMEOUT\", \"value\": 2000}]},\n"
    "   {\"id\": \"second\", \"ack\": \"0s\"}],\n"
    " \"stop_conditions\": [{\"metric\": \"router.budget_burned\", \"limit\": \"50%\"},\n"
    "   {\"metric\": \"router.error_rate\", \"op\": \">=\", \"limit\": 0.9, \"window\": \"1m\",\n"
    "    \"min_volume\": 100}],\n"
    " \"rollbacks\": {\"strategy\": \"deviated\", \"at\": \"110m\",\n"
    "   \"steps\": [{\"do\": \"rollback\"}, {\"do\": \"redeploy\"}]},\n"
    " \"rto\": \"30m\", \"tags\": [\"dr\", \"quarterly\"],\n"
    " \"expect\": [{\"alert\": \"Provider Down\", \"provider\": \"KROGER_API\", \"fires_within\": "
    "\"15m\"},\n"
    "   {\"alert\": \"Slow\", \"must_not_fire\": true},\n"
    "   {\"measure\": \"ttm\", \"limit\": \"20m\", \"quantile\": 0.9},\n"
    "   {\"measure\": \"blast_radius\", \"op\": \"<\", \"limit\": \"10%\"},\n"
    "   {\"measure\": \"failed_orders\", \"op\": \"==\", \"limit\": 0},\n"
    "   {\"step\": \"oncall.1\", \"outcome\": \"no effect\"},\n"
    "   {\"step\": \"rollback.2\", \"outcome\": \"done\", \"name\": \"it is undone\"},\n"
    "   {\"winner\": \"WALMART_API\", \"during\": \"f1\", \"low\": 0.2, \"high\": \"80%\"},\n"
    "   {\"verdict\": \"deviated\"}]}";

static void assert_near(double value, double wanted, double by)
{
    if (!(value - wanted <= by && wanted - value <= by))
        print_error("%.17g is not %g\n", value, wanted);
    assert_true(value - wanted <= by && wanted - value <= by);
}

/* ---- alerts ---- */

static void takes_rules_as_they_are_written(void **state)
{
    (void)state;
    struct reading *reading = read_good(rich, NULL);
    const struct alert_spec *alerts = &reading->scenario.alerts;
    assert_int_equal(alerts->reading, READING_C);
    assert_int_equal(alerts->interval_us, 15 * US_PER_SECOND);
    assert_int_equal(alerts->phase_us, 5 * US_PER_SECOND);
    assert_int_equal(alerts->notify_us[SEVERITY_PAGE], 20 * US_PER_SECOND);
    assert_int_equal(alerts->notify_us[SEVERITY_TICKET], 0);
    assert_int_equal(alerts->notify_us[SEVERITY_INFO], US_PER_HOUR);
    assert_int_equal(alerts->rule_count, 3);
    const struct alert_rule *down = &alerts->rules[0];
    assert_string_equal(down->name, "Provider Down");
    assert_int_equal(down->signal, SIGNAL_SUCCESS_RATE);
    assert_int_equal(down->scope, SCOPE_EACH_PROVIDER);
    assert_int_equal(down->when.op, CHECK_LT);
    assert_near(down->when.threshold, 0.5, 0);
    assert_int_equal(down->when.window_us, 5 * US_PER_MINUTE);
    assert_int_equal(down->for_us, 10 * US_PER_MINUTE);
    assert_int_equal(down->keep_firing_us, US_PER_MINUTE);
    assert_int_equal(down->min_volume, 10);
    assert_int_equal(down->no_data, NO_DATA_KEEP);
    assert_int_equal(down->notify_us, US_PER_MINUTE);
    assert_int_equal(down->place.line, 9);
    const struct alert_rule *few = &alerts->rules[1];
    assert_int_equal(few->any_count, 2);
    assert_int_equal(few->when.hours, HOURS_OFF_PEAK);
    assert_int_equal(few->severity, SEVERITY_TICKET);
    assert_int_equal(few->notify_us, -1);
    assert_string_equal(few->suppressed_by, "Provider Down");
    assert_int_equal(few->any_of[0].op, CHECK_LT); /* the rule's own, and so its window */
    assert_int_equal(few->any_of[0].window_us, 10 * US_PER_MINUTE);
    assert_int_equal(few->any_of[0].hours, HOURS_PEAK);
    assert_near(few->any_of[0].threshold, 100, 0);
    assert_int_equal(few->any_of[1].op, CHECK_GE);
    assert_int_equal(few->any_of[1].window_us, US_PER_HOUR);
    assert_int_equal(few->any_of[1].short_window_us, 5 * US_PER_MINUTE);
    assert_int_equal(alerts->rules[2].slow_over_us, 4 * US_PER_SECOND);
    done(reading);
}

static const char with_file[] =
    "{\"alerts\": {\"file\": \"alerts/good.json\", \"interval\": \"30s\", \"rules\": [\n"
    "  {\"name\": \"Mine\", \"metric\": \"router.error_rate\", \"op\": \">\", \"threshold\": 1},\n"
    "  {\"name\": \"Slow\", \"metric\": \"router.p99_ms\", \"op\": \">\", \"threshold\": 900}]}}";

static void lays_the_rules_of_a_file_under_those_beside_it(void **state)
{
    (void)state;
    struct reading *reading = read_good(with_file, NULL);
    const struct alert_spec *alerts = &reading->scenario.alerts;
    assert_int_equal(alerts->rule_count, 3);
    assert_string_equal(alerts->rules[0].name, "Down");
    assert_string_equal(alerts->rules[0].place.file, "tests/scenarios/broken/alerts/good.json");
    assert_int_equal(alerts->rules[0].place.line, 4);
    assert_string_equal(alerts->rules[1].name, "Slow"); /* in the place of its namesake */
    assert_int_equal(alerts->rules[1].signal, SIGNAL_P99_MS);
    assert_near(alerts->rules[1].when.threshold, 900, 0);
    assert_string_equal(alerts->rules[1].place.file, FILE_NAME);
    assert_string_equal(alerts->rules[2].name, "Mine");
    assert_int_equal(alerts->interval_us, 30 * US_PER_SECOND);
    done(reading);
}

static void lets_an_override_name_the_file_of_rules(void **state)
{
    (void)state;
    struct reading *reading = read_set("{}", "alerts.file", "alerts/good.json");
    assert_true(reading->accepted);
    assert_int_equal(reading->scenario.alerts.rule_count, 2);
    done(reading);
    reading = read_set(with_file, "alerts.file", "");
    assert_true(reading->accepted);
    assert_int_equal(reading->scenario.alerts.rule_count, 2);
    assert_string_equal(reading->scenario.alerts.rules[0].name, "Mine");
    done(reading);
}

static void counts_what_stands_in_the_file_only_once(void **state)
{
    (void)state;
    const uint64_t apart = hash_of("{\"alerts\": {\"file\": \"alerts/good.json\"}}");
    const uint64_t together = hash_of(
        "{\"alerts\": {\"rules\": [{\"name\": \"Down\", \"metric\": \"provider.success_rate\",\n"
        "\"op\": \"<\", \"threshold\": \"50%\"}, {\"name\": \"Slow\", \"metric\": "
        "\"router.p95_ms\", \"op\": \">\", \"threshold\": \"4s\"}]}}");
    assert_true(apart == together);
}

static void changes_a_rule_by_its_name(void **state)
{
    (void)state;
    struct reading *reading = read_set(with_file, "alerts.rules.Down.for", "7m");
    assert_true(reading->accepted);
    assert_int_equal(reading->scenario.alerts.rules[0].for_us, 7 * US_PER_MINUTE);
    done(reading);
    reading = read_set(rich, "alerts.rules.Provider Down.threshold", "40%");
    assert_true(reading->accepted);
    assert_near(reading->scenario.alerts.rules[0].when.threshold, 0.4, 0);
    done(reading);
    reading = read_set(rich, "alerts.rules.Provider Dwon.for", "7m");
    assert_false(reading->accepted);
    assert_non_null(strstr(reading->list.items[0].hint, "Provider Down"));
    done(reading);
}

static void shows_lines_of_the_file_of_rules_itself(void **state)
{
    (void)state;
    static const char bytes[] = "{\"alerts\": {\"file\": \"alerts/bad.json\"}}";
    struct reading *reading = read_with(bytes, NULL);
    char *printed = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);
    assert_non_null(stream);
    err_list_print(stream, &reading->list, bytes, false);
    (void)fclose(stream);
    assert_false(reading->accepted);
    assert_non_null(strstr(printed, "tests/scenarios/broken/alerts/bad.json:4:3: error: "));
    assert_non_null(strstr(printed, "    4 |   \"intervall\": \"10s\","));
    free(printed);
    done(reading);
}

/* ---- the drill ---- */

static void takes_a_hypothesis_and_ends(void **state)
{
    (void)state;
    struct reading *reading = read_good(rich, NULL);
    const struct drill_spec *drill = &reading->scenario.drill;
    const struct hypothesis_spec *hypothesis = &drill->hypothesis;
    assert_true(hypothesis->given);
    assert_int_equal(hypothesis->frequency_us, 20 * US_PER_SECOND);
    assert_int_equal(hypothesis->holds_for_us, 3 * US_PER_MINUTE);
    assert_near(hypothesis->good, 0.9, 0);
    assert_int_equal(hypothesis->probe_count, 2);
    assert_int_equal(hypothesis->probes[0].signal, SIGNAL_ERROR_RATE);
    assert_int_equal(hypothesis->probes[0].scope, SCOPE_ROUTER);
    assert_near(hypothesis->probes[0].limit, 0.05, 1e-12);
    assert_int_equal(hypothesis->probes[0].op, CHECK_LE);
    assert_int_equal(hypothesis->probes[0].mode, PROBE_CONTINUOUS);
    assert_near(hypothesis->probes[1].limit, 4900, 1e-9);
    assert_int_equal(hypothesis->probes[1].mode, PROBE_EDGE);
    assert_int_equal(drill->stop_count, 2);
    assert_int_equal(drill->stops[0].op, CHECK_GT);
    assert_near(drill->stops[0].limit, 0.5, 0);
    assert_int_equal(drill->stops[1].min_volume, 100);
    assert_true(drill->rollbacks.given);
    assert_int_equal(drill->rollbacks.strategy, ROLLBACK_DEVIATED);
    assert_int_equal(drill->rollbacks.at_us, 110 * US_PER_MINUTE);
    assert_string_equal(drill->rollbacks.steps[1].id, "rollback.2");
    assert_int_equal(drill->rto_us, 30 * US_PER_MINUTE);
    assert_int_equal(drill->tag_count, 2);
    assert_string_equal(drill->tags[1], "quarterly");
    assert_int_equal(reading->scenario.slo.within_us, 5 * US_PER_SECOND);
    done(reading);
}

static void takes_operators_and_their_steps(void **state)
{
    (void)state;
    struct reading *reading = read_good(rich, NULL);
    const struct drill_spec *drill = &reading->scenario.drill;
    const struct operator_spec *oncall = &drill->operators[0];
    assert_int_equal(drill->operator_count, 2);
    assert_int_equal(oncall->trigger_count, 2);
    assert_int_equal(oncall->triggers[0].provider, PROVIDER_KROGER_API);
    assert_int_equal(oncall->triggers[0].at_us, -1);
    assert_int_equal(oncall->triggers[1].at_us, US_PER_HOUR);
    assert_int_equal(oncall->triggers[1].provider, -1);
    assert_int_equal(oncall->ack.kind, LAW_LOGNORMAL);
    assert_int_equal(oncall->ack_timeout_us, 5 * US_PER_MINUTE);
    assert_true(oncall->again);
    assert_int_equal(oncall->step_count, 7);
    const struct step_spec *steps = oncall->steps;
    assert_string_equal(steps[0].id, "oncall.1");
    assert_string_equal(steps[0].value, "true");
    assert_int_equal(steps[0].takes.kind, LAW_CONSTANT);
    assert_int_equal(steps[0].takes.value_us, 45 * US_PER_SECOND);
    assert_int_equal(steps[0].mistake, MISTAKE_TYPO);
    assert_near(steps[0].mistake_share, 0.2, 1e-12);
    assert_string_equal(steps[1].id, "out");
    assert_int_equal(steps[1].takes.kind, LAW_KIND_COUNT);
    assert_int_equal(steps[1].on_failure, ON_FAILURE_STOP);
    assert_string_equal(steps[2].id, "oncall.3");
    assert_int_equal(steps[2].holds_for_us, 2 * US_PER_MINUTE);
    assert_int_equal(steps[3].payload, PROFILE_AS_CODED);
    assert_int_equal(steps[4].when, WAIT_ALERT_RESOLVED);
    assert_int_equal(steps[4].plus_us, 10 * US_PER_MINUTE);
    assert_int_equal(steps[4].at_most_us, US_PER_HOUR);
    assert_int_equal(steps[5].provider, PROVIDER_KROGER_API);
    assert_false(steps[5].store);
    assert_int_equal(steps[5].overlap_us, 10 * US_PER_MINUTE);
    assert_string_equal(steps[6].value, "2000");
    assert_int_equal(steps[6].provider, -1);
    assert_true(steps[6].store);
    assert_int_equal(steps[6].at_most_us, -1);
    assert_int_equal(drill->operators[1].ack.value_us, 0);
    done(reading);
}

static void takes_expectations_each_of_its_kind(void **state)
{
    (void)state;
    static const enum expect_kind kinds[] = {EXPECT_ALERT,   EXPECT_ALERT,   EXPECT_MEASURE,
                                             EXPECT_MEASURE, EXPECT_MEASURE, EXPECT_STEP,
                                             EXPECT_STEP,    EXPECT_SHARE,   EXPECT_VERDICT};
    struct reading *reading = read_good(rich, NULL);
    const struct drill_spec *drill = &reading->scenario.drill;
    const struct expect_spec *expects = drill->expects;
    assert_int_equal(drill->expect_count, sizeof kinds / sizeof kinds[0]);
    for (uint32_t i = 0; i < drill->expect_count; i++)
        assert_int_equal(expects[i].kind, kinds[i]);
    assert_int_equal(expects[0].fires_within_us, 15 * US_PER_MINUTE);
    assert_string_equal(expects[0].name, "Provider Down about KROGER_API fires within 15m");
    assert_true(expects[1].must_not_fire);
    assert_near(expects[2].limit, 1200, 0); /* seconds */
    assert_near(expects[2].quantile, 0.9, 0);
    assert_near(expects[3].limit, 0.1, 1e-12);
    assert_int_equal(expects[4].op, CHECK_EQ);
    assert_int_equal(expects[5].outcome, STEP_NO_EFFECT);
    assert_string_equal(expects[6].name, "it is undone");
    assert_near(expects[7].low, 0.2, 0);
    assert_near(expects[7].high, 0.8, 1e-12);
    assert_int_equal(expects[8].verdict, VERDICT_DEVIATED);
    done(reading);
}

static void gives_a_drill_its_defaults(void **state)
{
    (void)state;
    struct reading *reading = read_good("{}", NULL);
    const struct scenario *scenario = &reading->scenario;
    assert_int_equal(scenario->deployment.propagation, PROPAGATE_ON_DEPLOY);
    assert_int_equal(scenario->deployment.redeploy.kind, LAW_CONSTANT);
    assert_int_equal(scenario->deployment.redeploy.value_us, US_PER_MINUTE);
    assert_int_equal(scenario->deployment.recycle.p50_us, 5 * US_PER_MINUTE);
    assert_int_equal(scenario->deployment.recycle.p95_us, 30 * US_PER_MINUTE);
    assert_int_equal(scenario->alerts.reading, READING_B);
    assert_int_equal(scenario->alerts.interval_us, 10 * US_PER_SECOND);
    assert_int_equal(scenario->drill.hypothesis.frequency_us, 10 * US_PER_SECOND);
    assert_int_equal(scenario->drill.hypothesis.holds_for_us, 2 * US_PER_MINUTE);
    assert_near(scenario->drill.hypothesis.good, 0.95, 0);
    assert_false(scenario->drill.hypothesis.given);
    assert_false(scenario->drill.rollbacks.given);
    assert_int_equal(scenario->drill.rollbacks.at_us, -1);
    assert_int_equal(scenario->drill.rto_us, -1);
    assert_int_equal(scenario->slo.within_us, -1);
    done(reading);
    reading = read_good("{\"operators\": [{\"id\": \"a\", \"triggers\": [{\"at\": \"1m\"}], "
                        "\"steps\": [{\"do\": \"redeploy\"}]}]}",
                        NULL);
    assert_int_equal(reading->scenario.drill.operators[0].ack.kind, LAW_CONSTANT);
    assert_int_equal(reading->scenario.drill.operators[0].ack.value_us, 3 * US_PER_MINUTE);
    assert_int_equal(reading->scenario.drill.operators[0].ack_timeout_us, -1);
    done(reading);
}

static void takes_a_plain_span_for_the_constant_law(void **state)
{
    (void)state;
#define WITH_ACK(ack)                                                                              \
    "{\"operators\": [{\"id\": \"a\", \"triggers\": [{\"at\": \"1m\"}], \"ack\": " ack             \
    ", \"steps\": [{\"do\": \"redeploy\"}]}]}"
    const uint64_t span = hash_of(WITH_ACK("\"90s\""));
    assert_true(span == hash_of(WITH_ACK("{\"law\": \"constant\", \"value\": \"90s\"}")));
    assert_true(span != hash_of(WITH_ACK("\"91s\"")));
    struct reading *reading = read_set(WITH_ACK("\"90s\""), "operators.a.ack", "2m");
    assert_true(reading->accepted);
    assert_int_equal(reading->scenario.drill.operators[0].ack.value_us, 2 * US_PER_MINUTE);
    done(reading);
    reading = read_set(WITH_ACK("{\"law\": \"lognormal\", \"p50\": \"1m\", \"p95\": \"5m\"}"),
                       "operators.a.ack", "2m"); /* nothing of the law before is left */
    assert_true(reading->accepted);
    assert_int_equal(reading->scenario.drill.operators[0].ack.p50_us, -1);
    done(reading);
}

static void knows_the_measures_of_drills_in_their_order(void **state)
{
    (void)state;
    assert_int_equal(MEASURES, DRILL_MEASURE_COUNT);
    assert_int_equal(DRILL_RTO_MET, MEASURES_OF_TIME);
    assert_int_equal(DRILL_BAD_ORDERS, MEASURES_OF_TIME + MEASURES_OF_SHARE);
    assert_int_equal(DRILL_COMMISSION_LOST, MEASURES - MEASURES_OF_CENTS);
    for (int m = 0; m < DRILL_MEASURE_COUNT; m++)
        assert_string_equal(drill_measure_names[m], drill_measure_traits[m].name);
}

/* ---- `short` and squeezing ---- */

static void starts_a_short_drill_from_its_namesakes(void **state)
{
    (void)state;
    const struct scenario_options options = {.shortened = true};
    struct reading *reading =
        read_with("{\"operators\": [{\"id\": \"a\", \"triggers\": [{\"at\": \"30m\"}], \"ack\": "
                  "\"1m\",\n \"steps\": [{\"do\": \"redeploy\"}]}],\n"
                  " \"short\": {\"duration\": \"5m\", \"operators\": [{\"id\": \"a\", \"triggers\":"
                  " [{\"at\": \"1m\"}]}]}}",
                  &options);
    if (!reading->accepted) err_list_print(stderr, &reading->list, NULL, false);
    assert_true(reading->accepted);
    const struct operator_spec *person = &reading->scenario.drill.operators[0];
    assert_int_equal(person->triggers[0].at_us, US_PER_MINUTE);
    assert_int_equal(person->ack.value_us, US_PER_MINUTE);
    assert_int_equal(person->step_count, 1);
    done(reading);
}

static void squeezes_instants_and_not_what_people_take(void **state)
{
    (void)state;
    struct reading *reading = read_good(rich, NULL);
    scenario_squeeze(&reading->scenario, 12 * US_PER_MINUTE); /* a tenth */
    const struct drill_spec *drill = &reading->scenario.drill;
    assert_int_equal(drill->operators[0].triggers[0].at_us, -1);
    assert_int_equal(drill->operators[0].triggers[1].at_us, 6 * US_PER_MINUTE);
    assert_int_equal(drill->rollbacks.at_us, 11 * US_PER_MINUTE);
    assert_int_equal(drill->operators[0].ack_timeout_us, 5 * US_PER_MINUTE);
    assert_int_equal(drill->operators[0].steps[0].takes.value_us, 45 * US_PER_SECOND);
    assert_int_equal(reading->scenario.alerts.rules[0].for_us, 10 * US_PER_MINUTE);
    done(reading);
}

/* ---- describing ---- */

static void says_nothing_of_drills_where_there_is_none(void **state)
{
    (void)state;
    struct reading *reading = read_good("{}", NULL);
    struct text json = {0};
    scenario_describe(&reading->scenario, &json);
    assert_null(strstr(json.bytes, "\"alerts"));
    assert_null(strstr(json.bytes, "\"router.deployment"));
    assert_null(strstr(json.bytes, "\"hypothesis"));
    assert_null(strstr(json.bytes, "\"rollbacks"));
    text_release(&json);
    done(reading);
}

static void hashes_what_a_drill_does_and_not_what_is_expected(void **state)
{
    (void)state;
    struct reading *reading = read_set(rich, "expect.2.limit", "25m");
    const uint64_t whole = hash_of(rich);
    assert_true(scenario_hash(&reading->scenario, false) == whole);
    done(reading);
    reading = read_set(rich, "operators.oncall.steps.out.takes", "5m");
    assert_true(reading->accepted);
    assert_true(scenario_hash(&reading->scenario, false) != whole);
    done(reading);
}

static void keeps_a_secret_that_a_step_sets(void **state)
{
    (void)state;
    struct reading *reading = read_with(
        "{\"operators\": [{\"id\": \"a\", \"triggers\": [{\"at\": \"1m\"}], \"steps\": [\n"
        "  {\"do\": \"set\", \"key\": \"KROGER_CLIENT_SECRET\", \"value\": \"hush-hush\"}]}]}",
        NULL);
    struct text json = {0};
    assert_true(reading->accepted);
    scenario_describe(&reading->scenario, &json);
    assert_null(strstr(json.bytes, "hush-hush"));
    assert_non_null(strstr(json.bytes, "\"operators.a.steps.0.value\": {\"value\": \"(secret)\""));
    for (uint32_t i = 0; i < reading->list.count; i++) {
        assert_null(strstr(reading->list.items[i].message, "hush-hush"));
        assert_null(strstr(reading->list.items[i].hint, "hush-hush"));
    }
    text_release(&json);
    done(reading);
}

/* ---- round trip ---- */

enum { LEAVES_MAX = 512 };
struct leaves {
    const struct scenario *scenario;
    struct scenario_override items[LEAVES_MAX];
    struct text values[LEAVES_MAX];
    char paths[LEAVES_MAX][KEY_PATH_MAX];
    uint32_t count;
};

static void gather_given(void *context, const struct scenario_leaf *leaf)
{
    struct leaves *leaves = context;
    if (scenario_find_given(leaves->scenario, leaf->key, leaf->address) == NULL) return;
    assert_true(leaves->count < LEAVES_MAX);
    const uint32_t i = leaves->count++;
    scenario_value_write(leaf->key, leaf->address, &leaves->values[i]);
    (void)snprintf(leaves->paths[i], sizeof leaves->paths[i], "%s", leaf->path);
    leaves->items[i] =
        (struct scenario_override){leaves->paths[i], leaves->values[i].bytes, "--set"};
}

static void changes_nothing_when_every_given_value_is_set_again(void **state)
{
    (void)state;
    struct reading *first = read_good(rich, NULL);
    struct leaves *leaves = calloc(1, sizeof *leaves);
    leaves->scenario = &first->scenario;
    scenario_walk(&first->scenario, gather_given, leaves);
    assert_true(leaves->count > 130);
    const struct scenario_options options = {.overrides = leaves->items,
                                             .override_count = leaves->count};
    struct reading *second = read_good(rich, &options);
    assert_true(scenario_hash(&first->scenario, false) == scenario_hash(&second->scenario, false));
    struct text a = {0};
    struct text b = {0};
    scenario_describe(&first->scenario, &a);
    scenario_describe(&second->scenario, &b);
    cJSON *said_first = cJSON_Parse(a.bytes);
    cJSON *said_second = cJSON_Parse(b.bytes);
    for (cJSON *row = said_first->child; row != NULL; row = row->next) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(said_second, row->string);
        CHECK_ROW(row->string, other != NULL && cJSON_Compare(row->child, other->child, true));
    }
    cJSON_Delete(said_first);
    cJSON_Delete(said_second);
    text_release(&a);
    text_release(&b);
    for (uint32_t i = 0; i < leaves->count; i++)
        text_release(&leaves->values[i]);
    free(leaves);
    done(second);
    done(first);
}

static void ends_cleanly_whichever_allocation_fails(void **state)
{
    (void)state;
    const uint64_t whole = hash_of(with_file);
    uint32_t refused = 0;
    for (uint32_t nth = 1; nth < 60; nth++) {
        struct reading *reading = calloc(1, sizeof *reading);
        arena_fail_after(nth);
        reading->accepted = scenario_read(&reading->scenario, FILE_NAME, with_file,
                                          strlen(with_file), NULL, &reading->list);
        arena_fail_after(0);
        if (reading->accepted) {
            assert_true(scenario_hash(&reading->scenario, false) == whole);
        } else {
            assert_true(reading->list.errors > 0);
            refused++;
        }
        done(reading);
    }
    assert_true(refused >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_rules_as_they_are_written),
        cmocka_unit_test(lays_the_rules_of_a_file_under_those_beside_it),
        cmocka_unit_test(lets_an_override_name_the_file_of_rules),
        cmocka_unit_test(counts_what_stands_in_the_file_only_once),
        cmocka_unit_test(changes_a_rule_by_its_name),
        cmocka_unit_test(shows_lines_of_the_file_of_rules_itself),
        cmocka_unit_test(takes_a_hypothesis_and_ends),
        cmocka_unit_test(takes_operators_and_their_steps),
        cmocka_unit_test(takes_expectations_each_of_its_kind),
        cmocka_unit_test(gives_a_drill_its_defaults),
        cmocka_unit_test(takes_a_plain_span_for_the_constant_law),
        cmocka_unit_test(knows_the_measures_of_drills_in_their_order),
        cmocka_unit_test(starts_a_short_drill_from_its_namesakes),
        cmocka_unit_test(squeezes_instants_and_not_what_people_take),
        cmocka_unit_test(says_nothing_of_drills_where_there_is_none),
        cmocka_unit_test(hashes_what_a_drill_does_and_not_what_is_expected),
        cmocka_unit_test(keeps_a_secret_that_a_step_sets),
        cmocka_unit_test(changes_nothing_when_every_given_value_is_set_again),
        cmocka_unit_test(ends_cleanly_whichever_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
