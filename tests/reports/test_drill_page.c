/* Goal: report.html of a drill and index.html of a suite stand alone, say what struct drill says,
 * and hold whatever a name holds.
 *
 * Method: pages of made-up drills, drawn and not; every rule that holds for all pages; then what a
 * reader looks for, beside what it was made of. Without gnuplot the tests of figures are skipped.
 */
#include "reports/drill_figures.h"
#include "reports/drill_report.h"
#include "reports/gnuplot.h"
#include "tests/reports/drill_small.h"
#include "tests/reports/fixture.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"

static void small_1(struct drill *drill)
{
    drill_small(drill, 1);
}

static void small_7(struct drill *drill)
{
    drill_small(drill, 7);
}

static void small_40(struct drill *drill)
{
    drill_small(drill, 40);
}

static void small_weird(struct drill *drill)
{
    drill_small_named(drill, fixture_weird_name);
}

typedef void makes(struct drill *drill);
static makes *const all_drills[] = {small_1, small_7, small_40, small_weird, drill_small_bare};
enum { DRILLS = sizeof all_drills / sizeof *all_drills };

static bool has_gnuplot(void)
{
    char why[200];
    return gnuplot_run("gnuplot", "/", "/dev/null", why, sizeof why) != GNUPLOT_MISSING;
}

static const struct result_file some_files[] = {{"drill.json", 1234, "0123abcd"}};

static struct text write_page(const struct drill *drill, bool plots)
{
    char path[TEST_PATH_MAX * 4];
    struct drawing drawing;
    struct err err = {0};
    const struct report_options options = {.plots = plots};
    folder_make(path);
    if (!drill_draw(drill, path, &options, &drawing, &err) ||
        !drill_write_page(drill, path, &drawing, some_files, 1, &err))
        fail_msg("%s", err.message);
    if (plots) assert_true(drawing.state == DRAWING_DONE);
    struct text page = folder_read(path, "report.html");
    folder_remove(path);
    return page;
}

static struct text page_of(makes *make, bool plots)
{
    struct drill drill;
    make(&drill);
    struct text page = write_page(&drill, plots);
    drill_release(&drill);
    return page;
}

static void check_page(const char *html)
{
    page_check_stands_alone(html);
    page_check_nesting(html);
    page_check_ids(html);
    page_check_colours(html);
}

/* The part from the section of that id to the next, its spaces all alike. */
static const char *section_of(const char *html, const char *id)
{
    static char section[65536];
    static const char bound[] = "\u00a0";
    char head[64];
    size_t length = 0;
    (void)snprintf(head, sizeof head, "<h2 id=\"%s\">", id);
    const char *at = strstr(html, head);
    if (at == NULL) return "";
    const char *end = strstr(at + 1, "<h2 id=");
    while (*at != '\0' && at != end && length + 1 < sizeof section) {
        const bool space = strncmp(at, bound, sizeof bound - 1) == 0;
        section[length++] = space ? ' ' : *at;
        at += space ? sizeof bound - 1 : 1;
    }
    section[length] = '\0';
    return section;
}

static void check_has(const char *section, const char *words)
{
    if (strstr(section, words) == NULL) fail_msg("\"%s\" is not in:\n%s", words, section);
}

/* ---- pages ---- */

static void every_page_stands_alone_with_figures_and_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < DRILLS; i++) {
        struct text page = page_of(all_drills[i], false);
        check_page(page.bytes);
        assert_int_equal(page_count(page.bytes, "<svg"), 0);
        text_release(&page);
    }
    if (!has_gnuplot()) skip();
    struct text page = page_of(small_40, true);
    check_page(page.bytes);
    assert_int_equal(page_count(page.bytes, "<svg"), 5);
    check_has(page.bytes, "id=\"fig-drill_timeline\"");
    check_has(page.bytes, "id=\"fig-drill_spread\"");
    text_release(&page);
}

static void a_drill_gives_the_same_bytes_again(void **state)
{
    (void)state;
    struct text page = page_of(small_7, false), again = page_of(small_7, false);
    assert_string_equal(page.bytes, again.bytes);
    text_release(&page);
    text_release(&again);
}

static void a_drawing_without_figures_leaves_their_tables(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    const struct drawing nothing = {.state = DRAWING_OFF};
    struct err err = {0};
    struct drill drill;
    folder_make(path);
    drill_small(&drill, 1);
    assert_true(drill_write_page(&drill, path, &nothing, NULL, 0, &err));
    struct text page = folder_read(path, "report.html");
    check_page(page.bytes);
    assert_int_equal(page_count(page.bytes, "No picture of this was made"), 4);
    check_has(page.bytes, "The instants that times are counted between");
    check_has(section_of(page.bytes, "files"), "Nothing was written beside this page");
    text_release(&page);
    drill_release(&drill);
    folder_remove(path);
}

static void a_page_that_cannot_be_written_says_where(void **state)
{
    (void)state;
    const struct drawing nothing = {.state = DRAWING_OFF};
    struct err err = {0};
    struct drill drill;
    drill_small(&drill, 1);
    assert_false(drill_write_page(&drill, "/nowhere/at/all", &nothing, NULL, 0, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    check_has(err.message, "/nowhere/at/all");
    drill_release(&drill);
}

/* ---- what it says ---- */

static void the_verdict_comes_first_in_words_and_with_a_sign(void **state)
{
    static const struct {
        enum drill_verdict verdict;
        const char *title, *box;
    } rows[] = {
        {VERDICT_PASS, "\u2713 Passed", "verdict good"},
        {VERDICT_FAIL, "\u2717 Failed: an expectation was not met", "verdict bad"},
        {VERDICT_DEVIATED, "\u2717 Deviated: steady state", "verdict bad"},
        {VERDICT_ABORTED, "\u2717 Aborted: a stop condition", "verdict bad"},
        {VERDICT_INVALID, "\u2022 Invalid: the drill says nothing", "verdict open"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill drill;
        drill_small(&drill, 1);
        drill.verdict = drill.story_verdict = rows[i].verdict;
        struct text page = write_page(&drill, false);
        check_has(page.bytes, rows[i].title);
        check_has(page.bytes, rows[i].box);
        assert_true(strstr(page.bytes, rows[i].title) < strstr(page.bytes, "<nav"));
        text_release(&page);
        drill_release(&drill);
    }
}

static void a_story_that_was_to_fail_passes_and_says_so(void **state)
{
    (void)state;
    struct drill drill;
    drill_small(&drill, 1);
    drill.verdict = VERDICT_PASS;
    drill.story_verdict = VERDICT_DEVIATED;
    struct text page = write_page(&drill, false);
    check_has(page.bytes, "Passed (the story deviated, as expected)");
    text_release(&page);
    drill_release(&drill);
}

static void expectations_stand_with_limit_measure_verdict_and_line(void **state)
{
    (void)state;
    struct text page = page_of(small_1, false);
    const char *section = section_of(page.bytes, "expected");
    check_has(section, "1 of 3 expectations were met; of 1 nothing is known");
    check_has(section, "\u2713 met");
    check_has(section, "\u2717 not met");
    check_has(section, "\u2022 not known");
    check_has(section, "ttm \u2264 10m");
    check_has(section, "fires within 12 min of the fault");
    check_has(section, "json:82</code>");
    text_release(&page);
}

static void steady_state_says_what_was_looked_at_and_what_was_not(void **state)
{
    (void)state;
    struct text page = page_of(small_1, false);
    const char *section = section_of(page.bytes, "steady");
    check_has(section, "orders go through");
    check_has(section, "not looked at");
    check_has(section, "2 of 2");
    check_has(section, "28 of 108 (2 times too little to look at)");
    check_has(section, "n = 400");
    text_release(&page);
}

static void times_stand_from_the_first_bad_order_and_from_the_fault(void **state)
{
    (void)state;
    struct text page = page_of(small_1, false);
    const char *section = section_of(page.bytes, "times");
    check_has(section, "Acknowledge");
    check_has(section, "10.1 min");
    check_has(section, "+10.2 min");
    check_has(section, "recovery time objective is 30 min; met: yes");
    assert_null(strstr(section, "Median"));
    text_release(&page);
}

static void never_and_not_applicable_are_words(void **state)
{
    (void)state;
    struct drill drill;
    drill_small(&drill, 1);
    drill.values[DRILL_TTM].state = DRILL_NEVER;
    drill.marks.mitigate_us = INT64_MAX;
    struct text page = write_page(&drill, false);
    check_has(section_of(page.bytes, "times"), "<td class=\"n\">never</td>");
    check_has(section_of(page.bytes, "losses"), "<td class=\"n\">n/a</td>");
    text_release(&page);
    drill_release(&drill);
}

static void several_repeats_have_medians_with_n_and_how_many_never(void **state)
{
    (void)state;
    struct text page = page_of(small_40, false);
    const char *section = section_of(page.bytes, "times");
    check_has(section, "95% interval of the median");
    check_has(section, "<td class=\"n\">40</td><td class=\"n\">2</td>");
    check_has(section_of(page.bytes, "repeats"), "What each repeat came to");
    check_has(section_of(page.bytes, "alerts"), "40 of 40");
    check_has(section_of(page.bytes, "steps"), "done 39, failed 1");
    check_has(page.bytes, "href=\"#repeats\"");
    text_release(&page);
    page = page_of(small_7, false);
    assert_null(strstr(page.bytes, "id=\"repeats\""));
    text_release(&page);
}

static void the_audit_says_what_should_fire_and_what_did(void **state)
{
    (void)state;
    struct text page = page_of(small_1, false);
    const char *section = section_of(page.bytes, "alerts");
    check_has(section, "\u2713 fired as it should");
    check_has(section, "\u2717 missed");
    check_has(section, "2 of 3 episodes false");
    check_has(section, "a provider\u2019s success &lt; 50% over 5 min, for 10 min");
    check_has(section, "3 that did not fire, nor should they");
    text_release(&page);
}

static void steps_say_what_they_did_why_not_and_by_which_sentence(void **state)
{
    (void)state;
    struct text page = page_of(small_1, false);
    const char *section = section_of(page.bytes, "steps");
    check_has(section, "\u2717 no effect");
    check_has(section, "did you mean &quot;LOOPGPT_KROGER_MOCK&quot;?");
    check_has(section, "Emergency 1, step 2");
    check_has(section, "alert Provider API Down (KROGER_API)");
    check_has(section, "\u2022 not reached");
    check_has(section, "2 test orders");
    text_release(&page);
}

static void a_drill_of_nothing_says_what_is_not_there(void **state)
{
    (void)state;
    struct text page = page_of(drill_small_bare, false);
    check_has(section_of(page.bytes, "expected"), "expects nothing");
    check_has(section_of(page.bytes, "steady"), "no hypothesis");
    check_has(section_of(page.bytes, "course"), "No fault was injected");
    check_has(section_of(page.bytes, "alerts"), "no alert rules");
    check_has(section_of(page.bytes, "steps"), "Nobody did anything");
    text_release(&page);
}

static void without_an_objective_there_is_no_budget(void **state)
{
    (void)state;
    struct drill drill;
    drill_small(&drill, 1);
    drill.slo_given = false;
    struct text page = write_page(&drill, false);
    check_has(section_of(page.bytes, "budget"), "there is no budget");
    text_release(&page);
    drill_release(&drill);
}

/* The made-up drill has 80 orders judged in ten seconds, and 12 bad ones an hour without the fault;
 * its budget is 3,600. */
static void the_budget_stands_beside_what_no_fault_would_have_burned(void **state)
{
    (void)state;
    struct drill drill;
    drill_small(&drill, 1);
    uint64_t bad = 0;
    for (uint32_t i = 0; i < 30; i++)
        bad += drill.burn.bad[i];
    char row[128];
    (void)snprintf(row, sizeof row, "<td class=\"n\">2,400</td><td class=\"n\">%u</td>",
                   (unsigned)bad);
    drill.has_control = true;
    struct text page = write_page(&drill, false);
    const char *budget = section_of(page.bytes, "budget");
    check_has(budget, "id=\"fig-drill_budget\"");
    check_has(budget, row);
    assert_null(strstr(budget, "n/a"));
    text_release(&page);
    drill.has_control = false;
    page = write_page(&drill, false);
    assert_int_equal(page_count(section_of(page.bytes, "budget"), "<td class=\"n\">n/a</td>"), 12);
    text_release(&page);
    drill_release(&drill);
}

static void without_a_control_nothing_is_compared(void **state)
{
    (void)state;
    struct drill drill;
    drill_small(&drill, 1);
    drill.has_control = true;
    struct text page = write_page(&drill, false);
    check_has(section_of(page.bytes, "losses"), "Compared with the control");
    check_has(section_of(page.bytes, "providers"), "the whole control");
    text_release(&page);
    drill.has_control = false;
    page = write_page(&drill, false);
    check_has(section_of(page.bytes, "losses"), "There is no control");
    assert_null(strstr(section_of(page.bytes, "providers"), "the whole control"));
    text_release(&page);
    drill_release(&drill);
}

/* "High Latency" is pending from 930 s on, the change is live at 1800 s, and ends it at 1830 s. */
static void an_alert_that_an_operator_forestalled_is_a_finding(void **state)
{
    (void)state;
    struct drill drill;
    drill_small(&drill, 1);
    struct drill_alert *slow = &drill.alerts[PROVIDER_COUNT];
    struct text page = write_page(&drill, false);
    assert_null(strstr(section_of(page.bytes, "findings"), "never fired")); /* missed, it says */
    text_release(&page);
    slow->should_fire = false;
    page = write_page(&drill, false);
    check_has(section_of(page.bytes, "findings"), "and was true for 15 min when an operator");
    text_release(&page);
    drill.marks.act_us = 900 * INT64_C(1000000); /* before it was true */
    page = write_page(&drill, false);
    assert_null(strstr(section_of(page.bytes, "findings"), "never fired"));
    text_release(&page);
    drill_release(&drill);
}

static void hostile_names_stay_words(void **state)
{
    (void)state;
    struct text page = page_of(small_weird, false);
    assert_int_equal(page_count(page.bytes, "<b>"), 0);
    assert_true(page_count(page.bytes, "&lt;b&gt;&amp;") > 20);
    text_release(&page);
}

/* ---- the index ---- */

enum { SUITE = 3 };

static struct text write_index(makes *const make[SUITE], uint32_t count)
{
    char path[TEST_PATH_MAX * 4];
    struct drill drills[SUITE];
    struct drill_row rows[SUITE];
    const struct drill *list[SUITE];
    struct err err = {0};
    for (uint32_t i = 0; i < count; i++) {
        make[i](&drills[i]);
        rows[i] = drill_row_of(&drills[i]);
        list[i] = &drills[i];
    }
    const struct drill_suite suite = {.name = "quarterly <1>",
                                      .program = "routesim 1.2.3",
                                      .command = "routesim drill scenarios/drills --tag dr",
                                      .experiment = 0xabcdef,
                                      .drills = list,
                                      .rows = rows,
                                      .count = count};
    folder_make(path);
    if (!drill_suite_write(&suite, path, &err)) fail_msg("%s", err.message);
    struct text page = folder_read(path, "index.html");
    folder_remove(path);
    for (uint32_t i = 0; i < count; i++)
        drill_release(&drills[i]);
    return page;
}

static void passed(struct drill *drill)
{
    drill_small(drill, 1);
    drill->name = "passed-one";
    drill->verdict = drill->story_verdict = VERDICT_PASS;
    drill->why = "all 3 expectations were met";
}

static void an_index_says_how_many_passed_and_leads_to_each(void **state)
{
    (void)state;
    makes *const make[SUITE] = {passed, small_40, drill_small_bare};
    struct text page = write_index(make, SUITE);
    check_page(page.bytes);
    check_has(page.bytes, "\u2717 1 of 3 drills went as expected");
    check_has(page.bytes, "1 failed, 1 invalid");
    check_has(page.bytes, "Never detected: ");
    check_has(page.bytes, "; missed alerts: ");
    check_has(page.bytes, "<a href=\"passed-one/report.html\">");
    check_has(page.bytes, "<a href=\"kroger-outage/report.html\">");
    check_has(page.bytes, "routesim drill scenarios/drills --tag dr");
    check_has(page.bytes, "<title>1 of 3 drills went as expected: quarterly &lt;1&gt;</title>");
    const char *table = section_of(page.bytes, "drills");
    check_has(table, "10.1 min");
    check_has(table, "n/a");
    check_has(table, "1 of 3");
    check_has(section_of(page.bytes, "showed"), "All 3 expectations were met.");
    check_has(section_of(page.bytes, "covers"), "dr, quarterly");
    text_release(&page);
}

static void an_index_of_passed_drills_is_good(void **state)
{
    (void)state;
    makes *const make[SUITE] = {passed, passed, passed};
    struct text page = write_index(make, 1);
    check_page(page.bytes);
    check_has(page.bytes, "\u2713 1 of 1 drill went as expected");
    check_has(page.bytes, "verdict good");
    text_release(&page);
    page = write_index(make, 0);
    check_page(page.bytes);
    check_has(page.bytes, "No drill was played");
    text_release(&page);
}

static void an_index_holds_hostile_names(void **state)
{
    (void)state;
    makes *const make[SUITE] = {small_weird, small_weird, small_weird};
    struct text page = write_index(make, SUITE);
    check_page(page.bytes);
    assert_int_equal(page_count(page.bytes, "<b>"), 0);
    text_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_stands_alone_with_figures_and_without),
        cmocka_unit_test(a_drill_gives_the_same_bytes_again),
        cmocka_unit_test(a_drawing_without_figures_leaves_their_tables),
        cmocka_unit_test(a_page_that_cannot_be_written_says_where),
        cmocka_unit_test(the_verdict_comes_first_in_words_and_with_a_sign),
        cmocka_unit_test(a_story_that_was_to_fail_passes_and_says_so),
        cmocka_unit_test(expectations_stand_with_limit_measure_verdict_and_line),
        cmocka_unit_test(steady_state_says_what_was_looked_at_and_what_was_not),
        cmocka_unit_test(times_stand_from_the_first_bad_order_and_from_the_fault),
        cmocka_unit_test(never_and_not_applicable_are_words),
        cmocka_unit_test(several_repeats_have_medians_with_n_and_how_many_never),
        cmocka_unit_test(the_audit_says_what_should_fire_and_what_did),
        cmocka_unit_test(steps_say_what_they_did_why_not_and_by_which_sentence),
        cmocka_unit_test(a_drill_of_nothing_says_what_is_not_there),
        cmocka_unit_test(without_an_objective_there_is_no_budget),
        cmocka_unit_test(the_budget_stands_beside_what_no_fault_would_have_burned),
        cmocka_unit_test(without_a_control_nothing_is_compared),
        cmocka_unit_test(an_alert_that_an_operator_forestalled_is_a_finding),
        cmocka_unit_test(hostile_names_stay_words),
        cmocka_unit_test(an_index_says_how_many_passed_and_leads_to_each),
        cmocka_unit_test(an_index_of_passed_drills_is_good),
        cmocka_unit_test(an_index_holds_hostile_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
