/* Goal: the report of a tuning is whole, stands alone, keeps names as text and numbers as numbers,
 * whatever was tuned and whether there is gnuplot. Method: real tunings of made-up decisions, some
 * of them bent (no suggestion, one objective, a name that is markup), written into a folder of the
 * test's own; contours against counting. */
#include "reports/contours.h"
#include "reports/exports.h"
#include "reports/figure.h"
#include "reports/gnuplot.h"
#include "reports/tune_report.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"
#include "tests/sim/analysis/decisions_fixture.h"

#define NAME "<b>&\" `date` '"

enum bend { BEND_NONE, BEND_NOTHING_CHOSEN, BEND_ONE_OBJECTIVE, BEND_GAPS, BENDS };
static const char *const bend_names[BENDS] = {"as it comes", "nothing suggested", "one objective",
                                              "coverage not whole"};

static bool has_gnuplot(void)
{
    char why[200];
    return gnuplot_run("gnuplot", "/", "/dev/null", why, sizeof why) != GNUPLOT_MISSING;
}

static void tune(struct tuning *tuning, enum bend bend)
{
    static const struct search_objective aims[2] = {{OUTCOME_SAVINGS, 0.5}, {OUTCOME_ETA, 0.5}};
    static const struct search_preset own = {"<i>my own</i> _^{x}", {1, 0.2, 0.2, 0.2, 0.2, 0.2}};
    struct search_constraint few;
    struct err err;
    assert_true(search_read_constraint("share<=95%", &few, &err));
    const struct tune_request request = {
        .name = NAME,
        .source_path = NAME,
        .seed = 11,
        .baseline_given = true, /* one that is easily beaten */
        .baseline = {.priority = 1.0, .price = 0.05, .speed = 0.05},
        .own = &own,
        .own_count = 1,
        .objectives = aims,
        .objective_count = bend == BEND_ONE_OBJECTIVE ? 1 : 2,
        .constraints = &few,
        .constraint_count = 1,
        .holdout = 0.3,
        .steps = 4,
        .resamples = 100,
        .jobs = 1};
    struct decision_set set;
    decisions_fixture(&set, 1500, 21, false);
    if (!tune_run(tuning, &request, &set, &err)) fail_msg("%s", err.message);
    CHECK_ROW(bend_names[bend], tuning->chosen != UINT32_MAX); /* else there is little to show */
    if (bend == BEND_NOTHING_CHOSEN) {
        tuning->arm_count--;
        tuning->chosen = UINT32_MAX;
        tuning->guardrail_count = 0;
        tuning->third_count = 0;
        tuning->flip_count = 0;
        tuning->moves = (struct geometry_moves){0};
        tuning->break_even_count = 0;
        tuning->verdict = EXPERIMENT_NOT_SIGNIFICANT;
    }
    if (bend == BEND_GAPS) {
        tuning->coverage.requests = tuning->coverage.usable + 7;
        tuning->coverage.gaps[GAP_QUOTE_MISSING] = 7;
    }
}

static struct text page_of(const struct tuning *tuning, const char *path, const char *gnuplot)
{
    const struct tune_report report = {.tuning = tuning,
                                       .program = "routesim test",
                                       .command = "routesim tune " NAME,
                                       .directory = path};
    const struct result_file file = {.path = "a&b.csv", .bytes = 12, .sha256 = "00ff"};
    struct drawing drawing;
    struct err err = {0};
    if (!tune_report_write_data(&report, &err) ||
        !tune_report_draw(&report, gnuplot, &drawing, &err) ||
        !tune_report_write_page(&report, &drawing, &file, 1, &err))
        fail_msg("%s", err.message);
    if (gnuplot != NULL) CHECK_ROW(drawing.reason, drawing.state == DRAWING_DONE);
    return folder_read(path, "report.html");
}

/* No number is what a double prints when it is none. */
static void check_numbers(const char *html)
{
    static const char *const none[] = {">nan", ">-nan", ">inf", ">-inf", "NaN", " nan", " inf "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_ROW(none[i], strstr(html, none[i]) == NULL);
}

static void check_page(const struct tuning *tuning, const char *what, bool plots)
{
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    struct text page = page_of(tuning, path, plots ? "gnuplot" : NULL);
    page_check_nesting(page.bytes);
    page_check_stands_alone(page.bytes);
    page_check_ids(page.bytes);
    page_check_colours(page.bytes);
    check_numbers(page.bytes);
    CHECK_ROW(what, (strstr(page.bytes, "<svg") != NULL) == plots);
    CHECK_ROW(what, (strstr(page.bytes, "<details open>") != NULL) == !plots);
    CHECK_ROW(what, strstr(page.bytes, "Nothing was applied") != NULL);
    CHECK_ROW(what, (strstr(page.bytes, "supabase secrets set") != NULL) ==
                        (tuning->chosen != UINT32_MAX));
    text_release(&page);
    folder_remove(path);
}

static void pages_are_whole_whatever_was_tuned(void **state)
{
    (void)state;
    for (enum bend bend = 0; bend < BENDS; bend++) {
        struct tuning tuning;
        tune(&tuning, bend);
        for (int plots = 0; plots < 2; plots++)
            if (plots == 0 || (bend != BEND_GAPS && has_gnuplot()))
                check_page(&tuning, bend_names[bend], plots == 1);
        tuning_release(&tuning);
    }
}

static void names_are_text_in_page_and_markdown(void **state)
{
    (void)state;
    struct tuning tuning;
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    tune(&tuning, BEND_NONE);
    struct text page = page_of(&tuning, path, has_gnuplot() ? "gnuplot" : NULL);
    assert_null(strstr(page.bytes, "<b>"));
    assert_null(strstr(page.bytes, "<i>"));
    assert_non_null(strstr(page.bytes, "&lt;b&gt;&amp;&quot;"));
    assert_non_null(strstr(page.bytes, "a&amp;b.csv"));
    struct text markdown = folder_read(path, "report.md");
    assert_null(strstr(markdown.bytes, "<b>"));
    assert_non_null(strstr(markdown.bytes, "&lt;b&gt;&amp;"));
    assert_true(markdown.length < MARKDOWN_BYTES_MAX);
    assert_null(strstr(markdown.bytes, "\\(95%"));
    assert_null(strstr(markdown.bytes, "\\+0"));
    assert_non_null(strstr(markdown.bytes, "\\_^\\{x\\}")); /* a name stays escaped */
    /* What a user calls weights is data: no script of gnuplot's has it. */
    static const char *const scripts[] = {"plots/tradeoff.gp", "plots/simplex.gp"};
    for (size_t i = 0; i < 2; i++) {
        struct text script = folder_read(path, scripts[i]);
        CHECK_ROW(scripts[i], strstr(script.bytes, "my own") == NULL);
        CHECK_ROW(scripts[i], strchr(script.bytes, '`') == NULL);
        text_release(&script);
    }
    text_release(&markdown);
    text_release(&page);
    tuning_release(&tuning);
    folder_remove(path);
}

/* Whether page and Markdown hold `words`. */
static void check_words(const struct tuning *tuning, const char *words, bool page_has,
                        bool markdown_has)
{
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    struct text page = page_of(tuning, path, NULL);
    struct text markdown = folder_read(path, "report.md");
    page_check_nesting(page.bytes);
    page_check_ids(page.bytes);
    CHECK_ROW(words, (strstr(page.bytes, words) != NULL) == page_has);
    CHECK_ROW(words, (strstr(markdown.bytes, words) != NULL) == markdown_has);
    text_release(&markdown);
    text_release(&page);
    folder_remove(path);
}

static void an_evolved_history_is_shown_and_not_advised(void **state)
{
    (void)state;
    struct tuning tuning;
    tune(&tuning, BEND_NONE);
    tuning.source = TUNE_SCENARIO;
    check_words(&tuning, "--history evolve", true, false);
    check_words(&tuning, "Own history", false, false);
    struct tune_arm *arm = &tuning.arms[tuning.chosen];
    arm->evolved = true;
    memcpy(arm->evolved_values, arm->values[TUNE_HOLDOUT], sizeof arm->evolved_values);
    check_words(&tuning, "--history evolve", false, false);
    check_words(&tuning, "Own history", true, true);
    tuning_release(&tuning);
}

static void every_arm_is_judged_on_the_holdout(void **state)
{
    (void)state;
    struct tuning tuning;
    tune(&tuning, BEND_NONE);
    check_words(&tuning, "Every arm on the holdout", true, false);
    check_words(&tuning, "not searched", false, false);
    tuning_release(&tuning);
}

static void without_a_suggestion_its_sections_are_left_out(void **state)
{
    (void)state;
    struct tuning tuning;
    tune(&tuning, BEND_NOTHING_CHOSEN);
    check_words(&tuning, "Nothing is suggested", false, false);
    check_words(&tuning, "id=\"flips\"", false, false);
    check_words(&tuning, "The best weights that are sure", true, false);
    tuning_release(&tuning);
    tune(&tuning, BEND_ONE_OBJECTIVE);
    check_words(&tuning, "id=\"flips\"", true, false);
    check_words(&tuning, "class=\"n\">Goal</th><th scope=\"col\" class=\"n\">Goal</th>", false,
                false);
    tuning_release(&tuning);
}

static void thirds_that_argue_against_the_suggestion_stand_in_the_verdict(void **state)
{
    (void)state;
    struct tuning tuning;
    tune(&tuning, BEND_NONE);
    tuning.third_count = 3;
    for (unsigned i = 0; i < 3; i++)
        tuning.thirds[i] = (struct tune_third){
            .chosen = tuning.arms[0].weights, .goal_of_chosen = 0.2, .goal_of_own = 0.1, .kept = 1};
    check_words(&tuning, "which argues against it", false, false);
    tuning.thirds[1].kept = false;
    tuning.thirds[2].goal_of_own = 0.3;
    check_words(&tuning, "thirds of the training orders the suggestion", true, false);
    tuning_release(&tuning);
}

static void a_fitted_model_shows_what_it_rests_on(void **state)
{
    (void)state;
    struct tuning tuning;
    tune(&tuning, BEND_NONE);
    check_words(&tuning, "95%: both", false, false);
    check_words(&tuning, "Survey, all orders", false, false);
    tuning.model_fitted = true;
    tuning.buys = (struct tune_uncertainty){0.01, -0.01, 0.03, 0, 0.02, -0.02, 0.04};
    tuning.rated = 50;
    tuning.satisfied = 40;
    tuning.csat = 0.8;
    tuning.csat_low = 0.7;
    tuning.csat_high = 0.9;
    tuning.silent = 0.5;
    check_words(&tuning, "Standard error", true, false);
    check_words(&tuning, "95%: both", true, false);
    check_words(&tuning, "Survey, all orders", true, false);
    tuning_release(&tuning);
}

static void rows_of_further_scenarios_are_distinct(void **state)
{
    (void)state;
    struct tuning tuning;
    tune(&tuning, BEND_NONE);
    check_words(&tuning, "id=\"robust\"", false, false);
    struct search *search = &tuning.search;
    struct search_robust rows[3] = {{.candidate = search->baseline},
                                    {.candidate = search->chosen, .regret = 0.01},
                                    {.candidate = search->chosen, .regret = 0.01}};
    struct search_robust *own = search->robust;
    search->robust = rows;
    search->robust_count = 3;
    search->best = search->chosen;
    search->minimax = search->cvar_best = search->chosen;
    check_words(&tuning, "id=\"robust\"", true, false);
    check_words(&tuning, ">best, suggested, least regret, best worst fifth<", true, false);
    check_words(&tuning, "the suggestion itself", true, false);
    search->robust = own;
    tuning_release(&tuning);
}

static void gaps_come_before_the_verdict(void **state)
{
    (void)state;
    struct tuning tuning;
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    tune(&tuning, BEND_GAPS);
    struct text page = page_of(&tuning, path, NULL);
    const char *gaps = strstr(page.bytes, "requests can be decided again");
    const char *verdict = strstr(page.bytes, "class=\"verdict");
    assert_non_null(gaps);
    assert_non_null(verdict);
    assert_true(gaps < verdict);
    assert_non_null(strstr(page.bytes, decision_gap_texts[GAP_QUOTE_MISSING]));
    text_release(&page);
    tuning_release(&tuning);
    folder_remove(path);
}

static void the_same_tuning_gives_the_same_bytes(void **state)
{
    (void)state;
    struct text pages[2];
    for (unsigned i = 0; i < 2; i++) {
        struct tuning tuning;
        char path[TEST_PATH_MAX * 4];
        folder_make(path);
        tune(&tuning, BEND_NONE);
        pages[i] = page_of(&tuning, path, NULL);
        tuning_release(&tuning);
        folder_remove(path);
    }
    assert_string_equal(pages[0].bytes, pages[1].bytes);
    text_release(&pages[0]);
    text_release(&pages[1]);
}

/* ---- contours: areas against counting ---- */

static double area_of(const struct contour *contour)
{
    double twice = 0;
    for (size_t i = 0; i < contour->count; i++) {
        const struct contour_point *here = &contour->points[i];
        const struct contour_point *next = &contour->points[(i + 1) % contour->count];
        twice += here->a * next->b - next->a * here->b;
    }
    return fabs(twice) / 2;
}

static double slope(double a, double b)
{
    (void)b;
    return a;
}

static double hill(double a, double b) /* a hole where the level lies below the top's rim */
{
    return -fabs(hypot(a - 7, b - 7) - 3);
}

static double rough(double a, double b)
{
    return (double)(test_bits(5, (uint64_t)(a * 64 + b)) % 1000);
}

static void contours_cover_what_lies_above_the_level(void **state)
{
    enum { STEPS = 24 };
    double values[(STEPS + 1) * (STEPS + 2) / 2];
    double (*const all[])(double, double) = {slope, hill, rough};
    (void)state;
    for (size_t f = 0; f < 3; f++) {
        size_t count = 0;
        double low = HUGE_VAL, high = -HUGE_VAL;
        for (int a = 0; a <= STEPS; a++)
            for (int b = 0; a + b <= STEPS; b++) {
                values[count] = all[f](a, b);
                low = fmin(low, values[count]);
                high = fmax(high, values[count++]);
            }
        for (int part = 1; part < 8; part++) {
            const double level = low + (high - low) * (part + 0.37) / 9;
            struct contour above, below;
            double mirrored[(STEPS + 1) * (STEPS + 2) / 2];
            for (size_t i = 0; i < count; i++)
                mirrored[i] = -values[i];
            assert_true(contour_above(&above, values, STEPS, level));
            assert_true(contour_above(&below, mirrored, STEPS, -level));
            /* What is above and what is below make the triangle. */
            CHECK_NEAR(area_of(&above) + area_of(&below), STEPS * STEPS / 2.0, 1e-6);
            if (f == 0) CHECK_NEAR(area_of(&above), (STEPS - level) * (STEPS - level) / 2, 1e-6);
            contour_release(&above);
            contour_release(&below);
        }
        struct contour none, whole;
        assert_true(contour_above(&none, values, STEPS, high + 1));
        assert_int_equal(none.count, 0);
        assert_true(contour_above(&whole, values, STEPS, low));
        CHECK_NEAR(area_of(&whole), STEPS * STEPS / 2.0, 1e-9);
        contour_release(&whole);
    }
}

/* ---- labels ---- */

static struct label_box box_of(const struct label_place *label)
{
    const double width = 6.0 * (double)strlen(label->words);
    const double left = label->align == LABEL_LEFT    ? label->at_x
                        : label->align == LABEL_RIGHT ? label->at_x - width
                                                      : label->at_x - width / 2;
    return (struct label_box){left, label->at_y - 6, left + width, label->at_y + 6};
}

static void labels_of_points_close_together_do_not_cover_each_other(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 50; round++) {
        struct label_place labels[5];
        static const char *const words[5] = {"baseline", "price-first", "revenue-first",
                                             "speed-first", "suggested"};
        for (unsigned i = 0; i < 5; i++)
            labels[i] = (struct label_place){.x = 300 + (double)(test_bits(round, 2 * i) % 60),
                                             .y = 200 + (double)(test_bits(round, 2 * i + 1) % 40),
                                             .words = words[i]};
        const struct label_room room = {.within = {0, 0, 600, 400}};
        label_places(labels, 5, &room);
        for (unsigned i = 0; i < 5; i++)
            for (unsigned j = 0; j < i; j++) {
                const struct label_box a = box_of(&labels[i]), b = box_of(&labels[j]);
                const bool apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top ||
                                   b.bottom <= a.top;
                CHECK_ROW(words[i], apart);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_whole_whatever_was_tuned),
        cmocka_unit_test(names_are_text_in_page_and_markdown),
        cmocka_unit_test(an_evolved_history_is_shown_and_not_advised),
        cmocka_unit_test(every_arm_is_judged_on_the_holdout),
        cmocka_unit_test(without_a_suggestion_its_sections_are_left_out),
        cmocka_unit_test(thirds_that_argue_against_the_suggestion_stand_in_the_verdict),
        cmocka_unit_test(a_fitted_model_shows_what_it_rests_on),
        cmocka_unit_test(rows_of_further_scenarios_are_distinct),
        cmocka_unit_test(gaps_come_before_the_verdict),
        cmocka_unit_test(the_same_tuning_gives_the_same_bytes),
        cmocka_unit_test(contours_cover_what_lies_above_the_level),
        cmocka_unit_test(labels_of_points_close_together_do_not_cover_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
