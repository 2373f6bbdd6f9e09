/* Goal: every output of a drill says what struct drill says, stays within its form whatever a name
 * holds, and is the same bytes each time. Method: golden texts of made-up drills; JSON, CSV and XML
 * read back and compared with what they were written from; hostile names in every field. */
#include <cjson/cJSON.h>

#include "reports/drill_exports.h"
#include "reports/drill_files.h"
#include "reports/drill_text.h"
#include "reports/exports.h"
#include "reports/report.h"
#include "router/base/csv.h"
#include "router/base/utf8.h"
#include "tests/reports/drill_small.h"
#include "tests/reports/fixture.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"
#include "tests/support.h"

#define CONTROLS "\033[31mred\a\r\n\xff\xc2\x9b\xe2\x80\xae=cmd|' /C calc'!A0"

typedef void writes(struct text *text, const struct drill *drill);

static writes *const all_writes[] = {drill_write_markdown,     drill_write_json,
                                     drill_write_journal,      drill_write_junit,
                                     drill_write_timeline_csv, drill_write_measures_csv};
enum { WRITES = sizeof all_writes / sizeof *all_writes };

/* ---- golden texts ---- */

static void small_1(struct drill *drill)
{
    drill_small(drill, 1);
}

static void small_40(struct drill *drill)
{
    drill_small(drill, 40);
}

static void small_7(struct drill *drill)
{
    drill_small(drill, 7);
}

static void small_weird(struct drill *drill)
{
    drill_small_named(drill, fixture_weird_name);
}

static void outputs_read_like_this(void **state)
{
    (void)state;
    static const struct {
        const char *golden;
        void (*make)(struct drill *);
        writes *write;
    } rows[] = {
        {"drill.md", small_1, drill_write_markdown},
        {"drill-40.md", small_40, drill_write_markdown},
        {"drill-bare.md", drill_small_bare, drill_write_markdown},
        {"drill-weird.md", small_weird, drill_write_markdown},
        {"drill.xml", small_1, drill_write_junit},
        {"drill-bare.xml", drill_small_bare, drill_write_junit},
        {"drill-weird.xml", small_weird, drill_write_junit},
        {"drill-journal.json", small_1, drill_write_journal},
        {"drill-journal-bare.json", drill_small_bare, drill_write_journal},
        {"drill-timeline.csv", small_1, drill_write_timeline_csv},
        {"drill-measures.csv", small_7, drill_write_measures_csv},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill drill;
        struct text text = {0};
        rows[i].make(&drill);
        rows[i].write(&text, &drill);
        check_golden(rows[i].golden, &text);
        text_release(&text);
        drill_release(&drill);
    }
}

static void consoles_read_like_this(void **state)
{
    (void)state;
    static const struct {
        const char *golden;
        void (*make)(struct drill *);
        struct drill_style style;
    } rows[] = {
        {"drill-console.txt",
         small_1,
         {.unicode = true, .wall_seconds = 4.1, .report_path = "out/report.html"}},
        {"drill-console-40.txt", small_40, {.wall_seconds = 41, .report_path = "out/report.html"}},
        {"drill-console-bare.txt", drill_small_bare, {.unicode = true, .wall_seconds = -1}},
        {"drill-console-color.txt", small_40, {.unicode = true, .color = true, .wall_seconds = -1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill drill;
        struct text text = {0};
        rows[i].make(&drill);
        drill_write_console(&text, &drill, &rows[i].style);
        check_golden(rows[i].golden, &text);
        text_release(&text);
        drill_release(&drill);
    }
}

static void a_suite_is_a_table_and_says_why_and_how_long(void **state)
{
    (void)state;
    enum { ROWS = 3 };
    struct drill drills[ROWS];
    struct drill_row rows[ROWS];
    small_1(&drills[0]);
    drills[0].verdict = VERDICT_PASS;
    small_40(&drills[1]);
    drills[1].name = "a-name-that-is-longer-than-any-column-of-the-table";
    drill_small_bare(&drills[2]);
    for (unsigned i = 0; i < ROWS; i++)
        rows[i] = drill_row_of(&drills[i]);
    for (unsigned i = 0; i < ROWS; i++)
        drill_release(&drills[i]);
    for (int unicode = 0; unicode < 2; unicode++) {
        const struct drill_style style = {
            .unicode = unicode == 1, .wall_seconds = 73, .report_path = "out/index.html"};
        struct text text = {0};
        drill_write_suite(&text, rows, ROWS, &style);
        check_golden(unicode ? "drill-suite.txt" : "drill-suite-ascii.txt", &text);
        text_release(&text);
    }
}

/* ---- consoles, whatever is in them ---- */

static void consoles_keep_to_eighty_columns(void **state)
{
    (void)state;
    static void (*const makes[])(struct drill *) = {small_1, small_40, small_weird,
                                                    drill_small_bare};
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++)
        for (int unicode = 0; unicode < 2; unicode++) {
            struct drill drill;
            struct text text = {0};
            makes[i](&drill);
            const struct drill_style style = {.unicode = unicode == 1, .wall_seconds = 4};
            const struct drill_row row = drill_row_of(&drill);
            drill_write_console(&text, &drill, &style);
            drill_write_suite(&text, &row, 1, &style);
            for (char *line = strtok(text.bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
                CHECK_ROW(line, utf8_count(line, strlen(line)) <= 80);
                CHECK_ROW(line, line[strlen(line) - 1] != ' ');
            }
            text_release(&text);
            drill_release(&drill);
        }
}

static void no_name_gets_at_the_terminal(void **state)
{
    (void)state;
    struct drill drill;
    struct text text = {0};
    drill_small_named(&drill, CONTROLS);
    const struct drill_row row = drill_row_of(&drill);
    const struct drill_style style = {.wall_seconds = -1};
    drill_write_console(&text, &drill, &style);
    drill_write_console_verdict(&text, &drill, &style);
    drill_write_suite(&text, &row, 1, &style);
    for (size_t i = 0; i < text.length; i++)
        assert_true(text.bytes[i] == '\n' || (text.bytes[i] >= ' ' && text.bytes[i] < 0x7f));
    text_release(&text);
    drill_release(&drill);
}

static void colour_changes_no_word_and_stands_on_verdicts(void **state)
{
    (void)state;
    static const char *const words[] = {"Passed",      "Failed",
                                        "Deviated",    "Aborted",
                                        "Invalid",     "\u2713",
                                        "\u2717",      "?",
                                        "caught",      "missed",
                                        "unwanted",    "false",
                                        "extra",       "quiet",
                                        "done",        "failed",
                                        "no effect",   "skipped",
                                        "not reached", "fail",
                                        "pass",        "0 of 1 went as expected",
                                        "1 failed"};
    struct drill drill;
    struct text plain = {0}, colored = {0}, stripped = {0};
    small_40(&drill);
    const struct drill_row row = drill_row_of(&drill);
    struct drill_style style = {.unicode = true, .wall_seconds = 4};
    drill_write_console(&plain, &drill, &style);
    drill_write_suite(&plain, &row, 1, &style);
    style.color = true;
    drill_write_console(&colored, &drill, &style);
    drill_write_suite(&colored, &row, 1, &style);
    bool on = false;
    for (const char *at = colored.bytes; *at != '\0'; at++) {
        if (*at != '\033') {
            text_char(&stripped, *at);
            continue;
        }
        at += strcspn(at, "m");
        on = !on;
        if (!on) continue;
        char word[32] = "";
        const size_t length = strcspn(at + 1, "\033");
        assert_true(length < sizeof word);
        memcpy(word, at + 1, length);
        bool is_verdict = false;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            is_verdict |= strcmp(word, words[i]) == 0;
        CHECK_ROW(word, is_verdict);
    }
    assert_false(on);
    assert_string_equal(stripped.bytes, plain.bytes);
    text_release(&plain);
    text_release(&colored);
    text_release(&stripped);
    drill_release(&drill);
}

/* ---- JSON ---- */

static cJSON *parse(writes *write, const struct drill *drill)
{
    struct text text = {0};
    write(&text, drill);
    assert_false(text.failed);
    cJSON *root = cJSON_ParseWithOpts(text.bytes, NULL, true);
    if (root == NULL) fail_msg("no JSON: %s", cJSON_GetErrorPtr());
    text_release(&text);
    return root;
}

static const cJSON *member(const cJSON *node, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(node, name);
    if (found == NULL) fail_msg("there is no \"%s\"", name);
    return found;
}

static int count_of(const cJSON *node, const char *name)
{
    const cJSON *array = member(node, name);
    CHECK_ROW(name, cJSON_IsArray(array));
    return cJSON_GetArraySize(array);
}

static void check_value(const char *label, const cJSON *node, const struct drill_value *value)
{
    switch (value->state) {
    case DRILL_KNOWN:
        CHECK_ROW(label, cJSON_IsNumber(node) && !(node->valuedouble < value->value) &&
                             !(node->valuedouble > value->value));
        break;
    case DRILL_NEVER:
        CHECK_ROW(label, cJSON_IsString(node) && strcmp(node->valuestring, "never") == 0);
        break;
    case DRILL_NOT_APPLICABLE:
        CHECK_ROW(label, cJSON_IsNull(node));
        break;
    }
}

static void check_instant(const char *label, const cJSON *node, int64_t us)
{
    const struct drill_value value = {(double)us / 1e6,
                                      us == INT64_MAX ? DRILL_NEVER : DRILL_KNOWN};
    check_value(label, node, &value);
}

static void check_measures(const cJSON *root, const struct drill *drill)
{
    const cJSON *measures = member(root, "measures");
    assert_int_equal(cJSON_GetArraySize(measures), DRILL_MEASURE_COUNT);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        const char *name = drill_measure_traits[m].name;
        const cJSON *measure = member(measures, name);
        const struct drill_distribution *spread = &drill->measures[m];
        check_value(name, member(measure, "value"), &drill->values[m]);
        check_value(name, member(measure, "p50"), &spread->p50);
        check_value(name, member(measure, "p90"), &spread->p90);
        check_value(name, member(measure, "p50_low95"), &spread->p50_low);
        check_value(name, member(measure, "p50_high95"), &spread->p50_high);
        check_value(name, member(measure, "least"), &spread->least);
        check_value(name, member(measure, "most"), &spread->most);
        CHECK_ROW(name, member(measure, "n")->valueint == (int)spread->n);
        CHECK_ROW(name, member(measure, "never")->valueint == (int)spread->never);
        CHECK_ROW(name, cJSON_IsNull(member(measure, "mean")) == !spread->has_mean);
        CHECK_ROW(name, count_of(measure, "each") == (int)drill->repeats);
        for (uint32_t r = 0; r < drill->repeats; r++)
            check_value(name, cJSON_GetArrayItem(member(measure, "each"), (int)r),
                        &drill->each[r].values[m]);
    }
}

static void check_journal(const cJSON *root, const struct drill *drill)
{
    const cJSON *journal = member(root, "journal");
    assert_int_equal(cJSON_GetArraySize(journal), drill->entry_count);
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const cJSON *node = cJSON_GetArrayItem(journal, (int)i);
        const struct story_entry *entry = &drill->entries[i];
        const bool noop = entry->kind == STORY_STEP_ENDED && entry->outcome == STEP_NO_EFFECT;
        const char *kind = noop ? "operator_noop" : story_kind_names[entry->kind];
        check_instant(kind, member(node, "at_s"), entry->at_us);
        CHECK_ROW(kind, strcmp(member(node, "kind")->valuestring, kind) == 0);
        const cJSON *cause = member(node, "cause");
        CHECK_ROW(kind, entry->cause < 0
                            ? cJSON_IsNull(cause)
                            : cJSON_IsNumber(cause) && cause->valueint == entry->cause);
        const cJSON *value = member(member(node, "value"), "value");
        CHECK_ROW(kind, cJSON_IsNumber(value) == entry->value.known);
    }
}

static void json_holds_all_of_a_drill(void **state)
{
    (void)state;
    static void (*const makes[])(struct drill *) = {small_1, small_40, small_7, small_weird,
                                                    drill_small_bare};
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        struct drill drill;
        makes[i](&drill);
        cJSON *root = parse(drill_write_json, &drill);
        assert_string_equal(member(root, "schema")->valuestring, "routesim.drill/1");
        assert_string_equal(member(root, "verdict")->valuestring,
                            drill_verdict_names[drill.verdict]);
        assert_string_equal(member(root, "why")->valuestring, drill.why);
        assert_string_equal(member(member(root, "context"), "scenario")->valuestring, drill.name);
        check_measures(root, &drill);
        check_journal(root, &drill);
        assert_int_equal(count_of(root, "repeats"), drill.repeats);
        assert_int_equal(count_of(root, "steps"), drill.step_count);
        assert_int_equal(count_of(root, "faults"), drill.result.fault_count);
        assert_int_equal(count_of(root, "operators"), drill.operator_count);
        assert_int_equal(count_of(root, "other_settings"), drill.differing_count);
        assert_int_equal(count_of(member(root, "alerts"), "rules"), drill.rule_count);
        assert_int_equal(count_of(member(root, "alerts"), "instances"), drill.alert_count);
        assert_int_equal(count_of(member(root, "hypothesis"), "probes"), drill.probe_count);
        assert_int_equal(count_of(member(root, "expect"), "items"), drill.expect_count);
        assert_int_equal(count_of(member(root, "burn"), "bad"), drill.burn.count);
        assert_int_equal(count_of(member(root, "heat"), "orders"), STORY_HEAT_COLUMNS);
        assert_true(cJSON_GetArraySize(member(member(root, "control"), "router")) > 10);
        for (unsigned m = 0; m < DRILL_MARK_COUNT; m++) {
            char key[32];
            (void)snprintf(key, sizeof key, "%s_s", drill_mark_names[m]);
            check_instant(key, member(member(root, "marks"), key),
                          drill_mark_us(&drill.marks, (enum drill_mark)m));
        }
        cJSON_Delete(root);
        drill_release(&drill);
    }
}

static void the_same_drill_gives_the_same_bytes(void **state)
{
    (void)state;
    for (unsigned w = 0; w < WRITES; w++) {
        struct text texts[2] = {{0}};
        for (unsigned i = 0; i < 2; i++) {
            struct drill drill;
            small_7(&drill);
            all_writes[w](&texts[i], &drill);
            drill_release(&drill);
        }
        assert_string_equal(texts[0].bytes, texts[1].bytes);
        text_release(&texts[0]);
        text_release(&texts[1]);
    }
}

/* What no number is must not get into a file as if it were one. */
static void nothing_unknown_is_written_as_a_number(void **state)
{
    (void)state;
    static const char *const none[] = {": nan", ": inf", ",nan",  ",-nan",
                                       ",inf",  " nan ", "9.22e", "922337203685477"};
    static void (*const makes[])(struct drill *) = {small_1, small_40, drill_small_bare};
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++)
        for (unsigned w = 0; w < WRITES; w++) {
            struct drill drill;
            struct text text = {0};
            makes[i](&drill);
            all_writes[w](&text, &drill);
            for (size_t n = 0; n < sizeof none / sizeof *none; n++)
                CHECK_ROW(none[n], strstr(text.bytes, none[n]) == NULL);
            text_release(&text);
            drill_release(&drill);
        }
}

/* ---- the Chaos Toolkit's journal ---- */

static void a_journal_has_what_readers_of_such_ask_for(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "chaoslib-version", "platform",      "node", "experiment", "start", "status",
        "deviated",         "steady_states", "run",  "rollbacks",  "end",   "duration"};
    static void (*const makes[])(struct drill *) = {small_1, small_40, small_weird,
                                                    drill_small_bare};
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        struct drill drill;
        makes[i](&drill);
        cJSON *root = parse(drill_write_journal, &drill);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            (void)member(root, keys[k]);
        assert_string_equal(member(root, "node")->valuestring, "routesim");
        assert_true(host[0] == '\0' || strcmp(member(root, "node")->valuestring, host) != 0);
        const cJSON *states = member(root, "steady_states");
        assert_non_null(member(states, "before"));
        assert_non_null(member(states, "after"));
        assert_true(cJSON_IsArray(member(states, "during")));
        const cJSON *activity;
        cJSON_ArrayForEach(activity, member(root, "run"))
        {
            (void)member(member(activity, "activity"), "name");
            (void)member(activity, "output");
            const char *status = member(activity, "status")->valuestring;
            CHECK_ROW(status, strcmp(status, "succeeded") == 0 || strcmp(status, "failed") == 0 ||
                                  strcmp(status, "aborted") == 0);
            (void)member(activity, "start");
            (void)member(activity, "end");
            (void)member(activity, "duration");
        }
        const cJSON *ours = cJSON_GetArrayItem(member(root, "extensions"), 0);
        assert_string_equal(member(ours, "name")->valuestring, "routesim");
        assert_string_equal(member(ours, "verdict")->valuestring,
                            drill_verdict_names[drill.verdict]);
        cJSON_Delete(root);
        drill_release(&drill);
    }
}

static void a_journal_knows_the_toolkits_states_alone(void **state)
{
    (void)state;
    static const struct {
        enum drill_verdict story;
        bool complete, deviated;
        const char *status;
    } rows[] = {
        {VERDICT_PASS, true, false, "completed"}, {VERDICT_FAIL, true, false, "completed"},
        {VERDICT_DEVIATED, true, true, "failed"}, {VERDICT_ABORTED, true, false, "aborted"},
        {VERDICT_INVALID, true, false, "failed"}, {VERDICT_PASS, false, false, "interrupted"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill drill;
        small_1(&drill);
        drill.story_verdict = rows[i].story;
        drill.verdict = VERDICT_PASS; /* that it was expected changes nothing of what it was */
        drill.result.complete = rows[i].complete;
        cJSON *root = parse(drill_write_journal, &drill);
        CHECK_ROW_TEXT(rows[i].status, member(root, "status")->valuestring, rows[i].status);
        CHECK_ROW(rows[i].status,
                  cJSON_IsTrue(member(root, "deviated")) == (rows[i].deviated ? 1 : 0));
        cJSON_Delete(root);
        drill_release(&drill);
    }
}

/* Faults and steps in the order in which they began, those that were never reached left out. */
static void a_journal_runs_in_order_of_time(void **state)
{
    (void)state;
    static const char *const names[] = {
        "kroger-hangs", "oncall.1: set LOOPGPT_ENABLE_KROGER = false",
        "oncall.2: set LOOPGPT_MEALME_MOCK = true", "oncall.3: redeploy", "oncall.4: health check"};
    struct drill drill;
    small_1(&drill);
    cJSON *root = parse(drill_write_journal, &drill);
    const cJSON *run = member(root, "run");
    assert_int_equal(cJSON_GetArraySize(run), sizeof names / sizeof *names);
    const char *before = "";
    for (int i = 0; i < cJSON_GetArraySize(run); i++) {
        const cJSON *activity = cJSON_GetArrayItem(run, i);
        const char *start = member(activity, "start")->valuestring;
        CHECK_ROW_TEXT(names[i], member(member(activity, "activity"), "name")->valuestring,
                       names[i]);
        CHECK_ROW(names[i], strcmp(before, start) <= 0);
        before = start;
    }
    assert_string_equal(member(cJSON_GetArrayItem(run, 4), "status")->valuestring, "failed");
    assert_int_equal(cJSON_GetArraySize(member(root, "rollbacks")), 1);
    cJSON_Delete(root);
    drill_release(&drill);
}

/* ---- CSV ---- */

static void csv_is_rfc_4180_whatever_a_name_holds(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "a,b", "a\"b\"", "a\nb", "", CONTROLS};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct drill drill;
        struct text text = {0};
        struct csv csv;
        struct err err = {0};
        uint32_t columns, rows = 0;
        drill_small_named(&drill, names[n]);
        drill_write_timeline_csv(&text, &drill);
        assert_true(csv_from_bytes(&csv, "timeline.csv", text.bytes, text.length, &err));
        assert_true(csv_next(&csv, &err));
        columns = csv.count;
        assert_string_equal(csv.fields[0], "entry");
        for (; csv_next(&csv, &err); rows++) {
            CHECK_ROW(names[n], csv.count == columns);
            CHECK_ROW_TEXT(names[n], csv.fields[3], drill_entry_kind(&drill.entries[rows]));
        }
        assert_int_equal(err.code, ERR_NONE);
        assert_int_equal(rows, drill.entry_count);
        csv_release(&csv);
        text_release(&text);
        drill_release(&drill);
    }
}

static void measures_have_a_row_a_repeat(void **state)
{
    (void)state;
    for (uint32_t repeats = 1; repeats <= 40; repeats += 39) {
        struct drill drill;
        struct text text = {0};
        struct csv csv;
        struct err err = {0};
        uint32_t ttr, rows = 0;
        drill_small(&drill, repeats);
        drill_write_measures_csv(&text, &drill);
        assert_true(csv_from_bytes(&csv, "measures.csv", text.bytes, text.length, &err));
        assert_true(csv_next(&csv, &err));
        assert_int_equal(csv.count, 2 + DRILL_MARK_COUNT + DRILL_MEASURE_COUNT);
        assert_true(csv_column(&csv, "ttr_s", &ttr, &err));
        const uint32_t columns = csv.count;
        for (; csv_next(&csv, &err); rows++) {
            assert_int_equal(csv.count, columns);
            const struct drill_value *value = &drill.each[rows].values[DRILL_TTR];
            if (value->state == DRILL_NEVER)
                assert_string_equal(csv.fields[ttr], "never");
            else
                assert_true(strtod(csv.fields[ttr], NULL) >= value->value &&
                            strtod(csv.fields[ttr], NULL) <= value->value);
        }
        assert_int_equal(rows, repeats);
        csv_release(&csv);
        text_release(&text);
        drill_release(&drill);
    }
}

/* ---- JUnit ---- */

static unsigned attribute(const char *xml, const char *name)
{
    const char *at = strstr(xml, name);
    assert_non_null(at);
    return (unsigned)strtoul(at + strlen(name), NULL, 10);
}

static void junit_counts_what_it_holds(void **state)
{
    (void)state;
    static void (*const makes[])(struct drill *) = {small_1, small_40, small_weird,
                                                    drill_small_bare};
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        struct drill drill;
        struct text text = {0};
        makes[i](&drill);
        drill_write_junit(&text, &drill);
        page_check_nesting(strchr(text.bytes, '\n'));
        assert_int_equal(attribute(text.bytes, " tests=\""), page_count(text.bytes, "<testcase "));
        assert_int_equal(attribute(text.bytes, " failures=\""),
                         page_count(text.bytes, "<failure "));
        assert_int_equal(attribute(text.bytes, " errors=\""), page_count(text.bytes, "<error "));
        assert_int_equal(attribute(text.bytes, " skipped=\""), page_count(text.bytes, "<skipped "));
        text_release(&text);
        drill_release(&drill);
    }
}

/* A pipeline that only looks at failures must not take any of these for a success. */
static void junit_never_hides_a_drill_that_did_not_pass(void **state)
{
    (void)state;
    for (unsigned v = 0; v < VERDICT_COUNT; v++) {
        struct drill drill;
        struct text text = {0};
        small_1(&drill);
        drill.verdict = drill.story_verdict = (enum drill_verdict)v;
        drill.expect_count = v == VERDICT_FAIL ? drill.expect_count : 0;
        drill.probe_count = 0;
        drill_write_junit(&text, &drill);
        const bool red =
            attribute(text.bytes, " failures=\"") + attribute(text.bytes, " errors=\"") > 0;
        CHECK_ROW(drill_verdict_names[v], red == (v != VERDICT_PASS));
        text_release(&text);
        drill_release(&drill);
    }
}

/* litmus once called a probe passed that had looked at nothing. */
static void a_probe_that_never_looked_is_an_error(void **state)
{
    (void)state;
    struct drill drill;
    struct text text = {0};
    small_1(&drill);
    drill.expect_count = 0;
    drill.probe_count = 1;
    drill.probes[0].seen =
        (struct story_probe){.thin = 12, .at_start = -1, .at_end = -1, .first_unmet_us = INT64_MAX};
    drill_write_junit(&text, &drill);
    assert_int_equal(attribute(text.bytes, " errors=\""), 1);
    assert_non_null(strstr(text.bytes, "met 0 of 0 times, 12 times too little to look at"));
    text_release(&text);
    drill_release(&drill);
}

/* ---- Markdown ---- */

static void markdown_stays_small_and_its_rows_whole(void **state)
{
    (void)state;
    enum { MANY = 400 };
    static char name[4000];
    memset(name, '@', sizeof name - 1);
    struct drill drill;
    struct text text = {0};
    drill_small_named(&drill, name);
    struct drill_step *steps = arena_push(&drill.arena, struct drill_step, MANY);
    struct drill_expect *expects = arena_push(&drill.arena, struct drill_expect, MANY);
    struct drill_alert *alerts = arena_push(&drill.arena, struct drill_alert, MANY);
    assert_true(steps != NULL && expects != NULL && alerts != NULL);
    for (unsigned i = 0; i < MANY; i++) {
        steps[i] = drill.steps[1];
        expects[i] = drill.expects[1];
        alerts[i] = drill.alerts[PROVIDER_COUNT];
    }
    drill.steps = steps;
    drill.expects = expects;
    drill.alerts = alerts;
    drill.step_count = drill.expect_count = drill.alert_count = MANY;
    drill.result.command = name;
    drill_write_markdown(&text, &drill);
    assert_true(text.length < MARKDOWN_BYTES_MAX);
    static const char *const rest[] = {" more expectations stand", " more alerts stand",
                                       " more steps stand", " more findings stand"};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        CHECK_ROW(rest[i], strstr(text.bytes, rest[i]) != NULL);
    text_release(&text);
    drill_release(&drill);
}

static void markdown_shows_names_and_takes_none_for_markup(void **state)
{
    (void)state;
    struct drill drill;
    struct text text = {0};
    drill_small_named(&drill, "<b>|a|`x`|@you [l](u) ![i](u)\n# h\n\n- x");
    drill.result.command = "routesim drill x.json\n# h";
    drill_write_markdown(&text, &drill);
    assert_null(strstr(text.bytes, "<b>"));
    assert_null(strstr(text.bytes, "@you"));
    assert_null(strstr(text.bytes, "\n# h"));
    assert_null(strstr(text.bytes, "\n- x"));
    for (const char *at = text.bytes; (at = strstr(at, "a|")) != NULL; at++)
        fail_msg("a cell ends where it should not: %.40s", at);
    text_release(&text);
    drill_release(&drill);
}

/* ---- the folder ---- */

static void a_folder_has_all_files_and_reads_back_as_a_run(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    struct drill drill;
    struct result back;
    struct err err = {0};
    struct err_list *list = calloc(1, sizeof *list);
    assert_non_null(list);
    folder_make(path);
    small_7(&drill);
    if (!drill_files_write(&drill, path, &err)) fail_msg("%s", err.message);
    for (size_t i = 0; drill_file_names[i] != NULL; i++)
        CHECK_ROW(drill_file_names[i], folder_has(path, drill_file_names[i]));
    struct text junit = folder_read(path, "junit.xml");
    assert_non_null(strstr(junit.bytes, "kroger-outage")); /* the drill's, and not the run's */
    assert_true(report_read(&back, path, list));
    assert_string_equal(back.scenario, drill.result.scenario);
    result_release(&back);
    text_release(&junit);
    drill_release(&drill);
    folder_remove(path);
    small_1(&drill);
    assert_false(drill_files_write(&drill, path, &err)); /* the folder has gone */
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    drill_release(&drill);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_read_like_this),
        cmocka_unit_test(consoles_read_like_this),
        cmocka_unit_test(a_suite_is_a_table_and_says_why_and_how_long),
        cmocka_unit_test(consoles_keep_to_eighty_columns),
        cmocka_unit_test(no_name_gets_at_the_terminal),
        cmocka_unit_test(colour_changes_no_word_and_stands_on_verdicts),
        cmocka_unit_test(json_holds_all_of_a_drill),
        cmocka_unit_test(the_same_drill_gives_the_same_bytes),
        cmocka_unit_test(nothing_unknown_is_written_as_a_number),
        cmocka_unit_test(a_journal_has_what_readers_of_such_ask_for),
        cmocka_unit_test(a_journal_knows_the_toolkits_states_alone),
        cmocka_unit_test(a_journal_runs_in_order_of_time),
        cmocka_unit_test(csv_is_rfc_4180_whatever_a_name_holds),
        cmocka_unit_test(measures_have_a_row_a_repeat),
        cmocka_unit_test(junit_counts_what_it_holds),
        cmocka_unit_test(junit_never_hides_a_drill_that_did_not_pass),
        cmocka_unit_test(a_probe_that_never_looked_is_an_error),
        cmocka_unit_test(markdown_stays_small_and_its_rows_whole),
        cmocka_unit_test(markdown_shows_names_and_takes_none_for_markup),
        cmocka_unit_test(a_folder_has_all_files_and_reads_back_as_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
