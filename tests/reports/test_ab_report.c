/* The reports of an A/B: JSON that parses, pages without foreign markup, a plan without looks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "router/base/utf8.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

struct rig {
    struct decision_set set;
    struct ab_result *result;
    struct ab_report report;
    struct drawing drawing;
    struct text text;
};

static void set_up(struct rig *rig, bool plan_only, uint64_t planned_n, const char *goal)
{
    struct err err;
    uint32_t count;
    const struct score_weights cheap = {.price = 1.0};
    struct search_objective objectives[SEARCH_OBJECTIVES_MAX];
    struct search_constraint constraint;
    *rig = (struct rig){0};
    decisions_fixture(&rig->set, 900, 4, false);
    assert_true(search_read_objectives(goal, objectives, &count, &err));
    assert_true(search_read_constraint("eta<=+2min", &constraint, &err));
    const struct ab_arm arms[3] = {{"baseline", score_weights_default, 4000},
                                   {"cheap", cheap, 3000},
                                   {"same", score_weights_default, 3000}};
    const struct ab_request request = {.name = "<b>made & up</b>",
                                       .source_path = "<i>made up</i>.jsonl",
                                       .seed = 5,
                                       .arms = arms,
                                       .arm_count = 3,
                                       .salt = "\"<salt>\"",
                                       .plan_only = plan_only,
                                       .objectives = objectives,
                                       .objective_count = count,
                                       .constraints = &constraint,
                                       .constraint_count = 1,
                                       .alpha = 0.05,
                                       .power = 0.8,
                                       .planned_n = planned_n,
                                       .peeks = 7,
                                       .resamples = 200,
                                       .set = &rig->set};
    rig->result = malloc(sizeof *rig->result);
    assert_non_null(rig->result);
    assert_true(ab_run(rig->result, &request, &err));
    rig->report = (struct ab_report){.result = rig->result,
                                     .program = "routesim 0",
                                     .command = "routesim ab '<made up>'",
                                     .experiment = 7,
                                     .directory = "."};
    rig->drawing = (struct drawing){.state = DRAWING_OFF};
}

static void tear_down(struct rig *rig)
{
    text_release(&rig->text);
    decisions_release(&rig->set);
    free(rig->result);
}

static void json_says_everything_and_nothing_that_is_no_number(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        struct rig rig;
        set_up(&rig, kind == 1, kind == 2 ? 90000 : 0, "conversion");
        ab_write_json(&rig.text, &rig.report);
        assert_false(rig.text.failed);
        cJSON *root = cJSON_Parse(rig.text.bytes);
        assert_non_null(root);
        assert_string_equal(cJSON_GetObjectItem(root, "schema")->valuestring, "routesim.ab/1");
        const cJSON *context = cJSON_GetObjectItem(root, "context");
        assert_string_equal(cJSON_GetObjectItem(context, "scenario")->valuestring,
                            "ab-<b>made & up</b>");
        assert_true(kind == 1 ? cJSON_IsNull(cJSON_GetObjectItem(root, "verdict"))
                              : cJSON_IsString(cJSON_GetObjectItem(root, "verdict")));
        const cJSON *variants = cJSON_GetObjectItem(root, "variants");
        assert_int_equal(cJSON_GetArraySize(variants), 2);
        assert_int_equal(
            cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetArrayItem(variants, 0), "metrics")),
            AB_METRICS);
        assert_null(strstr(rig.text.bytes, "nan"));
        assert_null(strstr(rig.text.bytes, "inf,"));
        cJSON_Delete(root);
        tear_down(&rig);
    }
}

static void pages_hold_no_markup_but_ours(void **state)
{
    struct rig rig;
    struct err err;
    (void)state;
    set_up(&rig, false, 0, "price");
    assert_true(ab_write_html(&rig.text, &rig.report, &rig.drawing, NULL, 0, &err));
    assert_null(strstr(rig.text.bytes, "<b>made"));
    assert_null(strstr(rig.text.bytes, "<i>made"));
    assert_null(strstr(rig.text.bytes, "<salt>"));
    assert_non_null(strstr(rig.text.bytes, "&lt;b&gt;made &amp; up&lt;/b&gt;"));
    assert_non_null(strstr(rig.text.bytes, "The goal at each look"));
    assert_non_null(strstr(rig.text.bytes, "<dt>Seed</dt><dd>5</dd>"));
    assert_non_null(strstr(rig.text.bytes, "<dt>Goal</dt><dd>price paid</dd>"));
    text_clear(&rig.text);
    ab_write_markdown(&rig.text, &rig.report);
    assert_null(strstr(rig.text.bytes, " <b>"));
    tear_down(&rig);
}

static void a_guardrail_shows_its_state_first_then_its_limit_and_what_the_bound_is(void **state)
{
    struct rig rig;
    struct err err;
    (void)state;
    set_up(&rig, false, 0, "price");
    struct ab_guardrail *guardrail = &rig.result->variants[rig.result->best].guardrails[0];
    guardrail->state = AB_GUARD_BREACHED;
    guardrail->value = 3.5;
    guardrail->bound = 4.25;
    assert_true(ab_write_html(&rig.text, &rig.report, &rig.drawing, NULL, 0, &err));
    assert_non_null(strstr(rig.text.bytes, "<span class=\"bad-word\">\u2717 BREACHED</span></td>"));
    const char *row = strstr(rig.text.bytes, "<span class=\"bad-word\">\u2717 BREACHED");
    assert_non_null(row);
    const char *limit = strstr(row, "+2.00");
    assert_true(limit != NULL && limit < strstr(row, "</tr>"));
    assert_non_null(strstr(row, "at most +4.25"));
    assert_non_null(strstr(rig.text.bytes, "Bounds are one-sided, at 95%"));
    assert_non_null(strstr(rig.text.bytes, "Limits that cheap has to keep"));
    assert_non_null(strstr(rig.text.bytes, "Limits that same has to keep"));
    text_clear(&rig.text);
    ab_write_markdown(&rig.text, &rig.report);
    assert_non_null(
        strstr(rig.text.bytes, "| \u2717 BREACHED | +3.50 min | +2.00 min | at most +4.25 min |"));
    assert_non_null(strstr(rig.text.bytes, "| Arm | priority | price"));
    text_clear(&rig.text);
    const struct ab_style style = {.color = true};
    ab_write_console(&rig.text, rig.result, &style);
    assert_non_null(strstr(rig.text.bytes, "\033[31m\u2717 BREACHED"));
    assert_non_null(strstr(rig.text.bytes, "+2.00"));
    tear_down(&rig);
}

static void the_finding_counts_the_orders_that_it_is_judged_on(void **state)
{
    struct rig rig;
    char wanted[96];
    (void)state;
    set_up(&rig, false, 0, "conversion");
    struct ab_value *goal = &rig.result->variants[0].values[AB_GOAL];
    const struct stats_test *test = &goal->tests[AB_DISCORDANT];
    goal->judged_by = AB_DISCORDANT;
    assert_true(test->n_b > 0 && test->n_b < rig.result->counts[1]);
    ab_write_finding(&rig.text, rig.result, 0);
    (void)snprintf(wanted, sizeof wanted, "with %u orders against %u, those alone",
                   (unsigned)test->n_b, (unsigned)test->n_a);
    assert_non_null(strstr(rig.text.bytes, wanted));
    text_clear(&rig.text);
    goal->judged_by = AB_SHADOW;
    ab_write_finding(&rig.text, rig.result, 0);
    (void)snprintf(wanted, sizeof wanted, "over all %u orders", (unsigned)rig.result->used);
    assert_non_null(strstr(rig.text.bytes, wanted));
    tear_down(&rig);
}

static void the_console_stays_within_eighty_columns(void **state)
{
    static const char *const goals[] = {"price", "conversion", "conversion:1,eta:2"};
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct rig rig;
        const struct ab_style style = {.color = false};
        set_up(&rig, i >= 3, 0, goals[i % 3]);
        ab_write_console(&rig.text, rig.result, &style);
        for (const char *at = rig.text.bytes; *at != '\0';) {
            const size_t length = strcspn(at, "\n");
            assert_true(utf8_count(at, length) <= 80);
            at += length + (at[length] == '\n');
        }
        tear_down(&rig);
    }
}

static void a_plan_has_no_looks_and_no_estimates(void **state)
{
    struct rig rig;
    struct err err;
    (void)state;
    set_up(&rig, true, 0, "conversion");
    ab_write_csv(&rig.text, rig.result);
    assert_memory_equal(rig.text.bytes, "variant,metric,unit,estimator,difference,", 41);
    text_clear(&rig.text);
    assert_true(ab_write_html(&rig.text, &rig.report, &rig.drawing, NULL, 0, &err));
    assert_null(strstr(rig.text.bytes, "Looking early"));
    assert_non_null(strstr(rig.text.bytes, "What it costs to learn"));
    assert_non_null(strstr(rig.text.bytes, "How to run it"));
    assert_non_null(strstr(rig.text.bytes, "Share</th>"));
    assert_null(strstr(rig.text.bytes, "Verdict</th>"));
    text_clear(&rig.text);
    ab_write_markdown(&rig.text, &rig.report);
    assert_non_null(strstr(rig.text.bytes, "## How to run it\n\nLook once a day"));
    tear_down(&rig);
}

static void what_is_not_known_is_an_empty_cell(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, false, 90000, "conversion");
    ab_write_csv(&rig.text, rig.result);
    assert_null(strstr(rig.text.bytes, "null"));
    assert_null(strstr(rig.text.bytes, "nan"));
    size_t commas = 0;
    for (const char *at = rig.text.bytes; *at != '\r'; at++)
        commas += *at == ',';
    for (const char *at = rig.text.bytes; *at != '\0'; at += strcspn(at, "\n") + 1) {
        size_t here = 0;
        for (const char *c = at; *c != '\r'; c++)
            here += *c == ',';
        assert_int_equal(here, commas);
    }
    tear_down(&rig);
}

static void times_and_numbers_are_said_as_people_say_them(void **state)
{
    static const struct {
        double days;
        const char *words;
    } cases[] = {{0.01, "< 1 h"},        {0.5, "12 h"},     {1.9, "46 h"},       {2.0, "2 days"},
                 {1234.5, "1,235 days"}, {40000, ">100 y"}, {HUGE_VAL, "never"}, {NAN, "n/a"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        ab_show_days(&text, cases[i].days);
        assert_string_equal(text.bytes, cases[i].words);
        text_release(&text);
    }
    struct text text = {0};
    ab_show_orders(&text, 1234.2);
    text_char(&text, ' ');
    ab_show_orders(&text, HUGE_VAL);
    assert_string_equal(text.bytes, "1,235 never");
    text_release(&text);
}

static void small_changes_keep_their_digits(void **state)
{
    static const struct {
        enum tune_metric metric;
        double value;
        const char *words;
    } cases[] = {{TUNE_GOAL, 0.00042, "+0.00042 sd"},
                 {TUNE_GOAL, -0.5, "\u22120.500 sd"},
                 {TUNE_GOAL, 0.0, "0 sd"},
                 {(enum tune_metric)OUTCOME_PRICE, 0.0012, "+0.0012\u00a2"},
                 {(enum tune_metric)OUTCOME_PRICE, 1.5, "+1.50\u00a2"},
                 {(enum tune_metric)OUTCOME_BUYS, -0.00002, "\u22120.0020 pp"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        ab_show_change(&text, cases[i].metric, cases[i].value, NAN, NAN);
        assert_string_equal(text.bytes, cases[i].words);
        text_release(&text);
    }
}

static void policies_that_decide_alike_leave_nothing_to_learn(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, true, 0, "price");
    ab_write_finding(&rig.text, rig.result, 1);
    assert_non_null(strstr(rig.text.bytes, "nothing to learn"));
    text_clear(&rig.text);
    ab_write_cost(&rig.text, rig.result, 1);
    assert_non_null(strstr(rig.text.bytes, "nothing to learn"));
    assert_null(strstr(rig.text.bytes, "never"));
    text_clear(&rig.text);
    ab_write_cost(&rig.text, rig.result, 0);
    assert_null(strstr(rig.text.bytes, "nothing to learn"));
    tear_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_says_everything_and_nothing_that_is_no_number),
        cmocka_unit_test(pages_hold_no_markup_but_ours),
        cmocka_unit_test(a_guardrail_shows_its_state_first_then_its_limit_and_what_the_bound_is),
        cmocka_unit_test(the_finding_counts_the_orders_that_it_is_judged_on),
        cmocka_unit_test(the_console_stays_within_eighty_columns),
        cmocka_unit_test(a_plan_has_no_looks_and_no_estimates),
        cmocka_unit_test(what_is_not_known_is_an_empty_cell),
        cmocka_unit_test(small_changes_keep_their_digits),
        cmocka_unit_test(policies_that_decide_alike_leave_nothing_to_learn),
        cmocka_unit_test(times_and_numbers_are_said_as_people_say_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
