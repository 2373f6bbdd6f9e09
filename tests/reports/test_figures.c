/* Goal: figures are drawn, the same bytes each time, in our colours; names stay data; without
 * gnuplot there is still a report. Method: draw made-up results into a folder of the test's own,
 * and read what is there. Where gnuplot is not installed the tests that need it say so and are
 * skipped. */
#include "reports/figures.h"
#include "reports/gnuplot.h"
#include "reports/lanes.h"
#include "reports/report.h"
#include "reports/svg_inline.h"
#include "reports/tokens.h"
#include "tests/reports/fixture.h"
#include "tests/reports/folder.h"

#include <sys/stat.h>

static const char *const names[] = {"timeline", "percentiles", "share", "errors", "budget"};
enum { NAMES = sizeof names / sizeof *names };

static bool has_gnuplot(void)
{
    char why[200];
    return gnuplot_run("gnuplot", "/", "/dev/null", why, sizeof why) != GNUPLOT_MISSING;
}

static struct drawing draw(void (*fixture)(struct result *), const char *path, const char *gnuplot)
{
    struct result result;
    struct drawing drawing;
    struct err err = {0};
    fixture(&result);
    if (!figures_draw(&result, path, gnuplot, &drawing, &err)) fail_msg("%s", err.message);
    result_release(&result);
    return drawing;
}

static struct text plot(const char *path, const char *name, const char *suffix)
{
    char file[128];
    (void)snprintf(file, sizeof file, "plots/%s%s", name, suffix);
    return folder_read(path, file);
}

static void figures_are_drawn_and_are_the_same_each_time(void **state)
{
    (void)state;
    if (!has_gnuplot()) skip();
    char first[TEST_PATH_MAX * 4];
    char second[TEST_PATH_MAX * 4];
    folder_make(first);
    folder_make(second);
    const struct drawing drawing = draw(fixture_hour, first, "gnuplot");
    (void)draw(fixture_hour, second, "gnuplot");
    assert_int_equal(drawing.state, DRAWING_DONE);
    assert_int_equal(drawing.drawn, NAMES);
    for (size_t i = 0; i < NAMES; i++) {
        static const char *const suffixes[] = {".svg", ".png", ".gp", ".tsv", ".labels.tsv"};
        for (size_t s = 0; s < 5; s++) {
            struct text a = plot(first, names[i], suffixes[s]);
            struct text b = plot(second, names[i], suffixes[s]);
            CHECK_ROW(names[i], a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0);
            text_release(&a);
            text_release(&b);
        }
    }
    folder_remove(first);
    folder_remove(second);
}

/* Every id once; every colour a token. */
static void check_inlined(const char *name, const struct text *html)
{
    char ids[256][64];
    size_t count = 0;
    for (const char *at = html->bytes; (at = strstr(at, " id=\"")) != NULL;) {
        at += strlen(" id=\"");
        const size_t length = strcspn(at, "\"");
        CHECK_ROW(name, length < sizeof *ids && count < 256);
        memcpy(ids[count], at, length);
        ids[count][length] = '\0';
        for (size_t i = 0; i < count; i++)
            CHECK_ROW(ids[count], strcmp(ids[i], ids[count]) != 0);
        count++;
    }
    CHECK_ROW(name, count > 0);
    static const char *const attributes[] = {" fill=\"", " stroke=\"", " color=\""};
    for (size_t a = 0; a < 3; a++)
        for (const char *at = html->bytes; (at = strstr(at, attributes[a])) != NULL;) {
            at += strlen(attributes[a]);
            const bool known = strncmp(at, "var(--", 6) == 0 || strncmp(at, "none", 4) == 0 ||
                               strncmp(at, "currentColor", 12) == 0;
            CHECK_ROW(at, known);
        }
    CHECK_ROW(name, strstr(html->bytes, "font-family") == NULL);
    CHECK_ROW(name, strstr(html->bytes, "xlink") == NULL);
    CHECK_ROW(name, strstr(html->bytes, "<desc id=") != NULL);
}

static void inlined_figures_have_tokens_for_colours_and_ids_of_their_own(void **state)
{
    (void)state;
    if (!has_gnuplot()) skip();
    void (*const all[])(struct result *) = {fixture_hour, fixture_three, fixture_weird};
    for (size_t f = 0; f < 3; f++) {
        char path[TEST_PATH_MAX * 4];
        folder_make(path);
        const struct drawing drawing = draw(all[f], path, "gnuplot");
        struct text html = {0};
        for (uint32_t i = 0; i < drawing.count; i++) {
            if (!drawing.figures[i].drawn) continue;
            struct text svg = plot(path, drawing.figures[i].name, ".svg");
            const struct svg_words words = {drawing.figures[i].name, "a title", "a description"};
            uint32_t unknown = 0;
            struct err err = {0};
            assert_true(svg_inline(&html, svg.bytes, &words, &unknown, &err));
            CHECK_ROW(drawing.figures[i].name, unknown == 0);
            text_release(&svg);
        }
        check_inlined("all figures of a page", &html);
        text_release(&html);
        folder_remove(path);
    }
}

static void inlining_rounds_places_and_leaves_words_alone(void **state)
{
    (void)state;
    static const char svg[] =
        "<?xml version=\"1.0\"?><svg viewBox=\"0 0 860 300\" xmlns=\"x\"><title>t</title>"
        "<desc>d</desc><defs><circle id='gpDot' r='0.5'/></defs>"
        "<g fill=\"none\" color=\"black\"></g>"
        "<g fill=\"rgb( 27,  99, 184)\" font-family=\"sans-serif\">"
        "<path d='M1.2345,-2.06 L10.00,3'/><text x=\"1.66\" transform=\"translate(2.34,5.67) "
        "scale(1.95)\">$1.85 &lt;b&gt;</text></g></svg>";
    static const char should[] =
        "<svg class=\"plot\" role=\"img\" aria-labelledby=\"f-title f-desc\" viewBox=\"0 0 860 "
        "300\" style=\"max-width:860px\"><title id=\"f-title\">a &lt;b&gt;</title><desc "
        "id=\"f-desc\">d</desc><g fill=\"var(--walmart)\"><path d=\"M1.2,-2.1 L10,3\"/><text "
        "x=\"1.7\" transform=\"translate(2.3,5.7) scale(1.95)\">$1.85 &lt;b&gt;</text></g></svg>";
    const struct svg_words words = {"f", "a <b>", "d"};
    struct text out = {0};
    uint32_t unknown = 0;
    struct err err = {0};
    assert_true(svg_inline(&out, svg, &words, &unknown, &err));
    assert_string_equal(out.bytes, should);
    text_clear(&out);
    assert_true(svg_inline(&out, "<svg viewBox=\"0 0 1 1\"><g fill=\"rgb(1,2,3)\"><a/></g></svg>",
                           &words, &unknown, &err));
    assert_int_equal(unknown, 1);
    static const char *const bad[] = {"",
                                      "hello",
                                      "<svg>",
                                      "<svg viewBox=\"0 0 1 1\"><g>",
                                      "<svg viewBox=\"0 0 1 1\"><g fill=x></g></svg>",
                                      "<svg"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ROW(bad[i], !svg_inline(&out, bad[i], &words, &unknown, &err));
    text_release(&out);
}

static void names_never_enter_a_script(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    (void)draw(fixture_weird, path, NULL);
    for (size_t i = 0; i < NAMES; i++) {
        struct text script = plot(path, names[i], ".gp");
        CHECK_ROW(names[i], strpbrk(script.bytes, "`\"") == NULL);
        CHECK_ROW(names[i], strstr(script.bytes, "date") == NULL);
        CHECK_ROW(names[i], strstr(script.bytes, "system") == NULL);
        CHECK_ROW(names[i], strstr(script.bytes, "<b>") == NULL);
        text_release(&script);
    }
    struct text labels = plot(path, "timeline", ".labels.tsv");
    assert_non_null(strstr(labels.bytes, "`date`")); /* here it is only data */
    text_release(&labels);
    folder_remove(path);
}

static void weird_names_are_drawn_as_they_are(void **state)
{
    (void)state;
    if (!has_gnuplot()) skip();
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    const struct drawing drawing = draw(fixture_weird, path, "gnuplot");
    assert_int_equal(drawing.state, DRAWING_DONE);
    struct text svg = plot(path, "timeline", ".svg");
    assert_non_null(strstr(svg.bytes, "&lt;b>&amp;\u201d'`date`$(id) {/:Bold x}_^@| %d"));
    text_release(&svg);
    folder_remove(path);
}

static void without_gnuplot_the_data_is_there_and_the_page_says_so(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    struct result result;
    struct drawing drawing;
    struct err err = {0};
    folder_make(path);
    fixture_hour(&result);
    const struct report_options options = {.plots = true, .gnuplot = "/nowhere/gnuplot"};
    assert_true(report_draw(&result, path, &options, &drawing, &err));
    assert_int_equal(drawing.state, DRAWING_MISSING);
    assert_int_equal(drawing.drawn, 0);
    assert_true(folder_has(path, "plots/timeline.gp"));
    assert_false(folder_has(path, "plots/timeline.svg"));
    assert_true(report_write_page(&result, path, &drawing, NULL, 0, &err));
    struct text page = folder_read(path, "report.html");
    assert_non_null(strstr(page.bytes, "gnuplot was not found"));
    assert_non_null(strstr(page.bytes, "<details open>"));
    assert_null(strstr(page.bytes, "<svg"));
    text_release(&page);
    result_release(&result);
    folder_remove(path);
}

static void a_failing_gnuplot_is_named_with_its_script_and_reason(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    char program[TEST_PATH_MAX * 5];
    folder_make(path);
    (void)snprintf(program, sizeof program, "%s/gnuplot", path);
    FILE *file = fopen(program, "w");
    assert_non_null(file);
    (void)fputs("#!/bin/sh\necho '  ^' >&2; echo 'line 3: it does not like this' >&2; exit 1\n",
                file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0755), 0);
    const struct drawing drawing = draw(fixture_three, path, program);
    assert_int_equal(drawing.state, DRAWING_FAILED);
    assert_non_null(strstr(drawing.reason, "it does not like this"));
    assert_non_null(strstr(drawing.reason, "plots/"));
    folder_remove(path);
}

static void what_cannot_be_drawn_is_explained(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    folder_make(path);
    const struct drawing drawing = draw(fixture_empty, path, "/nowhere/gnuplot");
    assert_int_equal(drawing.count, NAMES);
    assert_int_equal(drawing.state, DRAWING_DONE); /* nobody had to be asked */
    for (uint32_t i = 0; i < drawing.count; i++)
        CHECK_ROW(drawing.figures[i].name, drawing.figures[i].absence != NULL);
    folder_remove(path);
}

static void lanes_never_let_spans_overlap(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 200; round++) {
        struct lane_span spans[24];
        const uint32_t count = 1 + (uint32_t)(test_bits(1, round) % 24);
        double from = 0;
        for (uint32_t i = 0; i < count; i++) {
            from += (double)(test_bits(2, round * 64 + i) % 60);
            spans[i] =
                (struct lane_span){.from = from,
                                   .until = from + 1 + (double)(test_bits(3, round * 64 + i) % 200),
                                   .words = 20 + (double)(test_bits(4, round * 64 + i) % 150)};
        }
        const uint32_t lanes = lanes_place(spans, count, 800);
        assert_true(lanes >= 1 && lanes <= LANES_MAX);
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t j = i + 1; j < count; j++) {
                if (spans[i].lane != spans[j].lane) continue;
                if (spans[j].place == LANE_WORDS_NONE || spans[i].place == LANE_WORDS_NONE)
                    continue;
                assert_true(spans[i].until <= spans[j].from);
            }
    }
}

static void tokens_are_distinct_colours(void **state)
{
    (void)state;
    for (size_t i = 0; i < TOKEN_COUNT; i++) {
        assert_non_null(tokens[i].name);
        assert_ptr_equal(token_of(tokens[i].light), &tokens[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_drawn_and_are_the_same_each_time),
        cmocka_unit_test(inlined_figures_have_tokens_for_colours_and_ids_of_their_own),
        cmocka_unit_test(inlining_rounds_places_and_leaves_words_alone),
        cmocka_unit_test(names_never_enter_a_script),
        cmocka_unit_test(weird_names_are_drawn_as_they_are),
        cmocka_unit_test(without_gnuplot_the_data_is_there_and_the_page_says_so),
        cmocka_unit_test(a_failing_gnuplot_is_named_with_its_script_and_reason),
        cmocka_unit_test(what_cannot_be_drawn_is_explained),
        cmocka_unit_test(lanes_never_let_spans_overlap),
        cmocka_unit_test(tokens_are_distinct_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
