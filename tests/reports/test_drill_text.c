/* Goal: a drill's values, instants, rules, audits and steps read alike in every form, and what did
 * not come about or has no meaning says so. Method: tables, each row what a person would check by
 * eye; the headline and the findings of made-up drills. */
#include "reports/drill_text.h"
#include "router/base/duration.h"
#include "tests/reports/drill_small.h"
#include "tests/reports/folder.h"
#include "tests/support.h"

#define SECONDS(s) (INT64_C(1000000) * (s))

static const char *bytes_of(const struct text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

static void values_have_units_and_say_never_or_na(void **state)
{
    (void)state;
    static const struct {
        enum drill_measure measure;
        double value;
        enum drill_known known;
        const char *shown;
    } rows[] = {
        {DRILL_TTD, 684, DRILL_KNOWN, "11.4 min"},
        {DRILL_TTD, 0, DRILL_KNOWN, "0 s"},
        {DRILL_TTA, -90, DRILL_KNOWN, "\u221290 s"},
        {DRILL_TTR, 7200, DRILL_KNOWN, "2 h"},
        {DRILL_TTD, 5, DRILL_NEVER, "never"},
        {DRILL_TTM, 5, DRILL_NOT_APPLICABLE, "n/a"},
        {DRILL_TTD, NAN, DRILL_KNOWN, "n/a"},
        {DRILL_RTO_MET, 1, DRILL_KNOWN, "yes"},
        {DRILL_RTO_MET, 0, DRILL_KNOWN, "no"},
        {DRILL_RTO_MET, 0.5, DRILL_KNOWN, "50.0%"},
        {DRILL_BUDGET_BURNED, 0, DRILL_KNOWN, "0%"},
        {DRILL_BUDGET_BURNED, 1.198, DRILL_KNOWN, "119.8%"},
        {DRILL_BUDGET_BURNED, 0.00994, DRILL_KNOWN, "0.99%"},
        {DRILL_BUDGET_BURNED, 0.00996, DRILL_KNOWN, "1.0%"},
        {DRILL_BUDGET_BURNED, 0.00004, DRILL_KNOWN, "<0.01%"},
        {DRILL_BUDGET_BURNED, -0.05, DRILL_KNOWN, "\u22125.0%"},
        {DRILL_AUTHENTIC_RATIO, 0.9999, DRILL_KNOWN, ">99.9%"},
        {DRILL_ORDERS_LOST, 28800, DRILL_KNOWN, "28,800"},
        {DRILL_ORDERS_LOST, 392.6, DRILL_KNOWN, "392.6"},
        {DRILL_ORDERS_LOST, 1392.6, DRILL_KNOWN, "1,393"},
        {DRILL_COMMISSION_LOST, 12020, DRILL_KNOWN, "$120.20"},
        {DRILL_COMMISSION_LOST, -21579, DRILL_KNOWN, "\u2212$215.79"},
        {DRILL_PRICE_DELTA, 3.4, DRILL_KNOWN, "3.40\u00a2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        const struct drill_value value = {rows[i].value, rows[i].known};
        drill_show_value(&text, rows[i].measure, &value);
        CHECK_ROW_TEXT(rows[i].shown, text.bytes, rows[i].shown);
        text_release(&text);
    }
}

static void a_distribution_tells_its_repeats_and_who_never_did(void **state)
{
    (void)state;
    struct drill drill;
    struct text text = {0};
    drill_small(&drill, 40);
    drill_show_distribution(&text, DRILL_TTR, &drill.measures[DRILL_TTR]);
    assert_string_equal(text.bytes, "30 min (P90 never, 95% interval of the median 26.2 min to "
                                    "never, n = 40, 2 never)");
    text_clear(&text);
    drill_show_distribution(&text, DRILL_TIME_IN_MOCK, &drill.measures[DRILL_TIME_IN_MOCK]);
    assert_string_equal(text.bytes, "n/a");
    text_clear(&text);
    drill_show_interval(&text, DRILL_TIME_IN_MOCK, &drill.measures[DRILL_TIME_IN_MOCK]);
    assert_string_equal(text.bytes, "");
    drill_release(&drill);
    text_clear(&text);
    drill_small(&drill, 1);
    drill_show_distribution(&text, DRILL_TTD, &drill.measures[DRILL_TTD]);
    assert_string_equal(text.bytes, "10.1 min (n = 1)");
    drill_release(&drill);
    text_release(&text);
}

static void a_signal_is_nothing_without_its_n(void **state)
{
    (void)state;
    static const struct {
        enum metric_unit unit;
        struct signal_value value;
        const char *shown;
    } rows[] = {
        {UNIT_SHARE, {0.123, 321, true}, "12.3% (n = 321)"},
        {UNIT_MS, {7200, 1080, true}, "7.20 s (n = 1,080)"},
        {UNIT_COUNT, {0, 0, true}, "0 (n = 0)"},
        {UNIT_SHARE, {NAN, 0, true}, "no data"},
        {UNIT_SHARE, {0.5, 3, false}, "no data"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        drill_show_signal(&text, rows[i].unit, &rows[i].value);
        CHECK_ROW_TEXT(rows[i].shown, text.bytes, rows[i].shown);
        text_release(&text);
    }
}

static void instants_are_offsets_clocks_and_spans_from_the_fault(void **state)
{
    (void)state;
    static const struct {
        int64_t at_us, fault_us;
        const char *when, *since, *after;
    } rows[] = {
        {SECONDS(0), SECONDS(900), "0:00 (09:30:00)", "15 min before",
         "15 min before the fault began"},
        {SECONDS(900), SECONDS(900), "15:00 (09:45:00)", "at once", "as the fault began"},
        {SECONDS(1584), SECONDS(900), "26:24 (09:56:24)", "+11.4 min",
         "11.4 min after the fault began"},
        {SECONDS(54600), SECONDS(900), "15:10:00 (2025-11-24 00:40:00)", "+14.9 h",
         "14.9 h after the fault began"},
        {INT64_MAX, SECONDS(900), "never", "never", "never"},
        {SECONDS(1584), INT64_MAX, "26:24 (09:56:24)", "never", "never"},
    };
    struct drill drill;
    struct err err;
    drill_small(&drill, 1);
    assert_true(instant_parse("2025-11-23T14:30:00Z", (struct place){0},
                              &drill.result.start_unix_us, &err));
    drill.result.timezone_us = -5 * US_PER_HOUR;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        drill.marks.fault_us = rows[i].fault_us;
        drill_show_when(&text, &drill, rows[i].at_us);
        CHECK_ROW_TEXT(rows[i].when, text.bytes, rows[i].when);
        text_clear(&text);
        drill_show_since_fault(&text, &drill, rows[i].at_us);
        CHECK_ROW_TEXT(rows[i].when, text.bytes, rows[i].since);
        text_clear(&text);
        drill_show_after_fault(&text, &drill, rows[i].at_us);
        CHECK_ROW_TEXT(rows[i].when, text.bytes, rows[i].after);
        text_release(&text);
    }
    drill_release(&drill);
}

static void a_rule_reads_as_a_sentence(void **state)
{
    (void)state;
    static const char *const shown[] = {
        "a provider\u2019s success < 50% over 5 min, for 10 min, of at least 20 calls",
        "p95 latency > 5s over 5 min, for 20 min",
        "burn rate > 14.4 over 60 min and over 5 min or > 6 over 6 h and over 30 min in peak "
        "hours, or no data, kept for 5 min",
    };
    struct drill drill;
    drill_small(&drill, 1);
    for (uint32_t i = 0; i < drill.rule_count; i++) {
        struct text text = {0};
        drill_show_rule(&text, &drill.rules[i]);
        CHECK_ROW_TEXT(shown[i], text.bytes, shown[i]);
        text_release(&text);
    }
    struct text text = {0};
    struct alert_rule rule = drill.rules[0];
    rule.scope = PROVIDER_KROGER_API;
    rule.when.op = CHECK_LE;
    rule.for_us = 0;
    rule.min_volume = 1;
    drill_show_rule(&text, &rule);
    assert_string_equal(text.bytes, "KROGER_API\u2019s success \u2264 50% over 5 min");
    text_clear(&text);
    drill_show_alert(&text, &drill, 0, PROVIDER_KROGER_API);
    assert_string_equal(text.bytes, "Provider API Down (KROGER_API)");
    text_clear(&text);
    drill_show_alert(&text, &drill, 1, SCOPE_ROUTER);
    assert_string_equal(text.bytes, "High Latency");
    text_release(&text);
    drill_release(&drill);
}

static void an_audit_follows_from_what_was_due_and_what_came(void **state)
{
    (void)state;
    static const struct {
        bool should, by_file, fired;
        uint32_t falsely;
        enum drill_audit audit;
    } rows[] = {
        {true, true, true, 0, AUDIT_CAUGHT},    {true, false, true, 2, AUDIT_CAUGHT},
        {true, true, false, 0, AUDIT_MISSED},   {true, false, false, 1, AUDIT_MISSED},
        {false, true, true, 0, AUDIT_UNWANTED}, {false, false, true, 0, AUDIT_EXTRA},
        {false, false, true, 3, AUDIT_EXTRA},   {false, true, false, 1, AUDIT_FALSE},
        {false, false, false, 1, AUDIT_FALSE},  {false, false, false, 0, AUDIT_QUIET},
        {false, true, false, 0, AUDIT_QUIET},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct drill_alert alert = {.should_fire = rows[i].should,
                                          .expected_by_file = rows[i].by_file,
                                          .fired_us = rows[i].fired ? 1 : INT64_MAX,
                                          .false_episodes = rows[i].falsely};
        CHECK_ROW(drill_audit_names[rows[i].audit], drill_audit_of(&alert) == rows[i].audit);
    }
}

static void a_step_says_its_verb_once(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *what, *shown;
    } rows[] = {
        {"set", "LOOPGPT_KROGER_MOCK = true", "set LOOPGPT_KROGER_MOCK = true"},
        {"redeploy", "", "redeploy"},
        {"redeploy", NULL, "redeploy"},
        {"health_check", "health check", "health check"},
        {"health_check", "", "health check"},
        {"request", "request a test order", "request a test order"},
        {"set", "settings = 1", "set settings = 1"},
        {"wait_until", "the fault is over", "wait until the fault is over"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        const struct drill_step step = {.verb = rows[i].verb, .what = rows[i].what};
        drill_show_step(&text, &step);
        CHECK_ROW_TEXT(rows[i].shown, text.bytes, rows[i].shown);
        text_release(&text);
    }
}

static void operators_of_limits_are_one_character(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"<= 20 min at P90", "\u2264 20 min at P90"},
        {"ttm >= 10m", "ttm \u2265 10m"},
        {"failed_orders == 0", "failed_orders = 0"},
        {"a != b", "a \u2260 b"},
        {"a<=b", "a<=b"},
        {"<=5%", "<=5%"},
        {"fires within 12 min", "fires within 12 min"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        drill_show_limit(&text, rows[i][0]);
        CHECK_ROW_TEXT(rows[i][0], bytes_of(&text), rows[i][1]);
        text_release(&text);
    }
}

/* ---- the headline ---- */

static void set_absorbed(struct drill *drill)
{
    drill->marks.absorbed = true;
    drill->marks.impact_us = INT64_MAX;
}

static void set_never(struct drill *drill)
{
    drill->values[DRILL_TTD] = drill->values[DRILL_TTM] = drill->values[DRILL_TTR] =
        (struct drill_value){0, DRILL_NEVER};
}

static void set_never_out(struct drill *drill)
{
    drill->marks.never_out = true;
    drill->values[DRILL_TTM].state = DRILL_NOT_APPLICABLE;
    drill->values[DRILL_BUDGET_BURNED].state = DRILL_NOT_APPLICABLE;
    drill->values[DRILL_ORDERS_LOST].value = 1;
}

static void set_no_fault(struct drill *drill)
{
    drill->marks.fault_us = INT64_MAX;
    drill->verdict = VERDICT_PASS;
}

static void set_bare(struct drill *drill)
{
    drill_release(drill);
    drill_small_bare(drill);
}

static void the_headline_tells_what_came_of_it(void **state)
{
    (void)state;
    static const struct {
        uint32_t repeats;
        void (*set)(struct drill *);
        const char *shown;
    } rows[] = {
        {1, NULL,
         "From the first bad order on: detected after 10.1 min, mitigated after 15.3 min, "
         "recovered after 30 min. It cost 302 orders and 9.3% of the error budget."},
        {40, NULL,
         "From the first bad order on, median of the repeats: detected after 10.1 min (P90 12.6 "
         "min), mitigated after 15.3 min (P90 19.2 min), recovered after 30 min (P90 never). It "
         "cost 302 (P90 377.5) orders and 9.3% (P90 11.6%) of the error budget."},
        {1, set_absorbed,
         "Users noticed nothing: no order was bad that is good without the fault. A page came "
         "10.2 min after the fault."},
        {1, set_never,
         "From the first bad order on: never detected, never mitigated, never recovered. It cost "
         "302 orders and 9.3% of the error budget."},
        {1, set_never_out,
         "From the first bad order on: detected after 10.1 min, nothing to mitigate, as most "
         "orders stayed good, recovered after 30 min. It cost 1 order."},
        {1, set_no_fault,
         "There was no fault to detect or to recover from. It cost 302 orders and 9.3% of the "
         "error budget."},
        {1, set_bare, "Nothing was measured."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill drill;
        struct text text = {0};
        drill_small(&drill, rows[i].repeats);
        if (rows[i].set != NULL) rows[i].set(&drill);
        drill_write_headline(&text, &drill);
        CHECK_ROW_TEXT(rows[i].shown, text.bytes, rows[i].shown);
        text_release(&text);
        drill_release(&drill);
    }
}

/* ---- findings ---- */

static void put_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    static const char *const tones[] = {"good", "bad", "neutral"};
    text_format(context, "%s: %s\n", tones[tone], sentence);
}

static void findings_are_a_line_each_with_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *golden;
        uint32_t repeats;
    } rows[] = {{"drill-findings.txt", 1}, {"drill-findings-40.txt", 40}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill drill;
        struct text text = {0};
        drill_small(&drill, rows[i].repeats);
        drill_each_finding(&drill, put_finding, &text);
        check_golden(rows[i].golden, &text);
        text_release(&text);
        drill_release(&drill);
    }
}

static void count_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    (void)tone;
    (void)sentence;
    ++*(unsigned *)context;
}

static void nothing_to_find_gives_no_finding(void **state)
{
    (void)state;
    struct drill drill;
    unsigned count = 0;
    drill_small_bare(&drill);
    drill_each_finding(&drill, count_finding, &count);
    assert_int_equal(count, 0);
    drill_release(&drill);
}

static void a_cause_that_is_no_entry_is_the_script(void **state)
{
    (void)state;
    struct drill drill;
    struct text text = {0};
    drill_small(&drill, 1);
    struct story_entry entry = drill.entries[0];
    entry.cause = (int32_t)drill.entry_count; /* one past the last */
    drill_entry_cause(&text, &drill, &entry);
    assert_string_equal(text.bytes, "script");
    text_clear(&text);
    drill_entry_cause(&text, &drill, &drill.entries[1]);
    assert_string_equal(text.bytes, "orders");
    text_clear(&text);
    drill_entry_cause(&text, &drill, &drill.entries[7]);
    assert_string_equal(text.bytes, "alert Provider API Down (KROGER_API)");
    text_release(&text);
    drill_release(&drill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_units_and_say_never_or_na),
        cmocka_unit_test(a_distribution_tells_its_repeats_and_who_never_did),
        cmocka_unit_test(a_signal_is_nothing_without_its_n),
        cmocka_unit_test(instants_are_offsets_clocks_and_spans_from_the_fault),
        cmocka_unit_test(a_rule_reads_as_a_sentence),
        cmocka_unit_test(an_audit_follows_from_what_was_due_and_what_came),
        cmocka_unit_test(a_step_says_its_verb_once),
        cmocka_unit_test(operators_of_limits_are_one_character),
        cmocka_unit_test(the_headline_tells_what_came_of_it),
        cmocka_unit_test(findings_are_a_line_each_with_a_number),
        cmocka_unit_test(nothing_to_find_gives_no_finding),
        cmocka_unit_test(a_cause_that_is_no_entry_is_the_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
