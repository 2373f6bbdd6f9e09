/* Goal: the report of a calibration comes whole from next to nothing, from calls that are all alike
 * and from as many sites as there may be; a figure that has too little says so in words; and a
 * name, whatever it holds, is text. Method: calibrations of made-up CSVs, written into a folder of
 * the test's own, with gnuplot where there is one. */
#include "reports/calibrate_figures.h"
#include "reports/calibrate_report.h"
#include "reports/calibrate_text.h"
#include "reports/gnuplot.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"

#define NAME                                                                                       \
    "<b>&`id` $(id) '; system('id') \033[31m\xc2\x9b"                                              \
    "31m \xe2\x80\xae" /* a control sequence in two forms, and letters from the right */

struct source {
    const char *label;
    unsigned sites, calls; /* calls of each */
    unsigned ms, step;     /* 100: 100, 100 + step, ... */
    unsigned silent;       /* so many sites, the first ones, fail always */
    const char *name;      /* of a site, before its number */
    const char *absence;   /* of the answers' figure; NULL: it is drawn */
};

static const struct source sources[] = {
    {"one value", 1, 1, 5, 0, 0, "site", "Nobody shown has enough answers"},
    {"two values", 1, 2, 5, 2, 0, "site", "Nobody shown has enough answers"},
    {"a few of many sites", 20, 3, 5, 2, 0, "site", "Nobody shown has enough answers"},
    {"all the same", 1, 400, 5, 0, 0, "site", NULL},
    {"all nothing", 1, 400, 0, 0, 0, "site", NULL},
    {"a site without answers", 2, 200, 40, 3, 1, "site", NULL},
    {"one value, and a site without answers", 2, 1, 40, 3, 1, "site",
     "Nobody shown has enough answers"},
    {"none of the largest answered", 13, 120, 40, 3, 12, "site", "Nobody shown has enough answers"},
    {"days", 1, 200, 80000000, 1000, 0, "site", NULL},
    {"as many sites as there may be", 64, 120, 40, 3, 0, "site", NULL},
    {"names that are anything", 3, 200, 40, 3, 0, NAME, NULL},
};
enum { SOURCES = sizeof sources / sizeof *sources };

static struct calibration calibrate(const struct source *source)
{
    const struct calibrate_request request = {.name = NAME,
                                              .source_path = "made up",
                                              .source = CALIBRATE_CSV,
                                              .seed = 3,
                                              .rule = TIMEOUT_TARGET,
                                              .setup = timeout_setup_default(),
                                              .split = 0.5,
                                              .resamples = 19};
    const struct latency_csv spec = {0};
    struct calibration calibration;
    struct latency_set latencies;
    struct err err;
    struct text csv = {0};
    struct err_list *list = calloc(1, sizeof *list);
    assert_non_null(list);
    text_put(&csv, "site,status,ms\n");
    for (unsigned i = 0; i < source->calls * source->sites; i++) {
        const unsigned site = i % source->sites;
        text_format(&csv, "\"%s %u\",%s,%u\n", source->name, site,
                    site < source->silent ? "down" : "up",
                    source->ms + source->step * (i / source->sites));
    }
    if (!latencies_from_csv_bytes(&latencies, "made up", csv.bytes, csv.length, &spec, list))
        fail_msg("%s: %s", source->label, list->items[0].message);
    if (!calibrate_run(&calibration, &request, &latencies, NULL, &err))
        fail_msg("%s: %s", source->label, err.message);
    text_release(&csv);
    free(list);
    return calibration;
}

static bool has_gnuplot(void)
{
    char why[200];
    return gnuplot_run("gnuplot", "/", "/dev/null", why, sizeof why) != GNUPLOT_MISSING;
}

static void write_all(const struct calibration *calibration, const char *path, const char *gnuplot,
                      struct drawing *drawing)
{
    const struct calibrate_report report = {.calibration = calibration,
                                            .program = "routesim test",
                                            .command = "routesim calibrate " NAME,
                                            .directory = path};
    const struct result_file file = {.path = "a&b.csv", .bytes = 12, .sha256 = "00ff"};
    struct err err = {0};
    if (!calibrate_report_write_data(&report, &err) ||
        !calibrate_report_draw(&report, gnuplot, drawing, &err) ||
        !calibrate_report_write_page(&report, drawing, &file, 1, &err))
        fail_msg("%s", err.message);
}

static void check_page(const char *label, const struct text *page)
{
    page_check_nesting(page->bytes);
    page_check_stands_alone(page->bytes);
    page_check_ids(page->bytes);
    page_check_colours(page->bytes);
    static const char *const none[] = {">nan", ">-nan", ">inf", ">-inf", "NaN", " nan", " inf "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_ROW(label, strstr(page->bytes, none[i]) == NULL);
}

static void check_report(const struct source *source, const char *gnuplot)
{
    char path[TEST_PATH_MAX * 4];
    struct drawing drawing;
    struct calibration calibration = calibrate(source);
    folder_make(path);
    for (uint32_t p = 0; p < calibration.latencies.count; p++) {
        const struct calibrate_provider *provider = &calibration.providers[p];
        const struct timeout_achieved *achieved = calibrate_achieved(provider);
        CHECK_ROW(source->label, (achieved != NULL) == (provider->recommended_us > 0));
        CHECK_ROW(source->label, achieved == NULL || achieved->success.n == provider->asked);
    }
    write_all(&calibration, path, gnuplot, &drawing);
    if (gnuplot != NULL && drawing.state != DRAWING_DONE)
        fail_msg("%s: %s", source->label, drawing.reason);
    struct text page = folder_read(path, "report.html");
    check_page(source->label, &page);
    for (uint32_t f = 0; f < drawing.count; f++) {
        const char *absence = drawing.figures[f].absence;
        const bool answers = strcmp(drawing.figures[f].name, "answers") == 0 ||
                             strcmp(drawing.figures[f].name, "percentiles") == 0;
        if (!answers) {
            CHECK_ROW(source->label, absence != NULL); /* they need orders */
        } else if (source->absence == NULL) {
            CHECK_ROW(source->label, absence == NULL);
        } else {
            CHECK_ROW(source->label,
                      absence != NULL && strstr(absence, source->absence) == absence);
            CHECK_ROW(source->label, strstr(page.bytes, absence) != NULL);
        }
    }
    text_release(&page);
    folder_remove(path);
    calibration_release(&calibration);
}

static void reports_are_whole_from_next_to_nothing_and_from_all_there_may_be(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SOURCES; s++)
        check_report(&sources[s], NULL);
}

static void gnuplot_draws_what_there_is(void **state)
{
    (void)state;
    static const unsigned drawn[] = {0, 4, 5, 7, 8, 10};
    if (!has_gnuplot()) skip();
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
        check_report(&sources[drawn[i]], "gnuplot");
}

static void no_name_is_a_program(void **state)
{
    (void)state;
    static const char *const files[] = {"plots/answers.gp", "plots/answers.tsv",
                                        "plots/percentiles.gp", "plots/percentiles.tsv"};
    static const char *const plain[] = {"plots/answers.labels.tsv",
                                        "recommendation.env",
                                        "rules.csv",
                                        "curves.csv",
                                        "stability.csv",
                                        "hedges.csv",
                                        "retries.csv",
                                        "report.md",
                                        "report.html"};
    static const char *const obeyed[] = {"\033", "\xc2\x9b", "\xe2\x80\xae"};
    char path[TEST_PATH_MAX * 4];
    struct drawing drawing;
    struct calibration calibration = calibrate(&sources[SOURCES - 1]);
    folder_make(path);
    write_all(&calibration, path, NULL, &drawing);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct text script = folder_read(path, files[i]);
        CHECK_ROW(files[i],
                  strstr(script.bytes, "id") == NULL || strstr(script.bytes, "(id)") == NULL);
        CHECK_ROW(files[i], strstr(script.bytes, "<b>") == NULL);
        text_release(&script);
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        struct text text = folder_read(path, plain[i]);
        CHECK_ROW(plain[i], strstr(text.bytes, "id") != NULL);
        for (size_t o = 0; o < sizeof obeyed / sizeof *obeyed; o++)
            if (o == 0 || strcmp(plain[i], "report.html") != 0)
                CHECK_ROW(plain[i], strstr(text.bytes, obeyed[o]) == NULL);
        text_release(&text);
    }
    struct text console = {0};
    const struct calibrate_style style = {.unicode = true};
    calibrate_write_console(&console, &calibration, &style);
    for (size_t o = 0; o < sizeof obeyed / sizeof *obeyed; o++)
        CHECK_ROW("console", strstr(console.bytes, obeyed[o]) == NULL);
    CHECK_ROW("console", strstr(console.bytes, "<b>&`id`") != NULL);
    text_release(&console);
    folder_remove(path);
    calibration_release(&calibration);
}

/* Milliseconds of a timeout of minutes would fill its column to the last place. */
static void columns_stay_apart(void **state)
{
    (void)state;
    const struct source minutes = {"minutes", 1, 1200, 178872, 1, 0, "site", NULL};
    struct calibration calibration = calibrate(&minutes);
    struct text console = {0};
    const struct calibrate_style style = {.unicode = true};
    calibrate_write_console(&console, &calibration, &style);
    const char *row = strstr(console.bytes, "\n  site 0 ");
    assert_non_null(row);
    unsigned words = 0;
    for (const char *at = row + 1; *at != '\n'; at++)
        words += *at != ' ' && at[-1] == ' ';
    assert_int_equal(words, 2 + 6 + 1); /* the name's; rules but today's and cost; the chosen */
    text_release(&console);
    calibration_release(&calibration);
}

static void who_never_answered_has_no_panel(void **state)
{
    (void)state;
    static const char *const files[] = {"plots/answers.tsv", "plots/percentiles.tsv"};
    const struct source source = {"two of three", 3, 400, 40, 3, 1, "site", NULL};
    char path[TEST_PATH_MAX * 4];
    struct drawing drawing;
    struct calibration calibration = calibrate(&source);
    folder_make(path);
    write_all(&calibration, path, NULL, &drawing);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct text data = folder_read(path, files[i]);
        CHECK_ROW(files[i], strstr(data.bytes, "# provider 1") != NULL);
        CHECK_ROW(files[i], strstr(data.bytes, "# provider 2") == NULL);
        text_release(&data);
    }
    struct text labels = folder_read(path, "plots/answers.labels.tsv");
    assert_null(strstr(labels.bytes, "site 0"));
    assert_non_null(strstr(labels.bytes, "site 2"));
    text_release(&labels);
    struct text page = folder_read(path, "report.html");
    unsigned captions = 0;
    for (const char *at = page.bytes; (at = strstr(at, " Data: <code>plots/")) != NULL; at++) {
        assert_int_equal(at[-1], '.');
        captions++;
    }
    assert_true(captions > 0);
    text_release(&page);
    folder_remove(path);
    calibration_release(&calibration);
}

static bool says_timeout(const char *sentence, const char *before, int64_t us)
{
    struct text words = {0};
    text_put(&words, before);
    calibrate_show_timeout(&words, us);
    text_char(&words, ' ');
    const bool says = strstr(sentence, words.bytes) != NULL;
    text_release(&words);
    return says;
}

static void the_finding_on_success_speaks_of_the_very_timeouts(void **state)
{
    (void)state;
    const struct source source = {"one", 1, 1200, 100, 1, 0, "site", NULL};
    struct calibration calibration = calibrate(&source);
    struct calibrate_provider *provider = &calibration.providers[0];
    struct text found = {0};
    provider->recommended = true;
    provider->achieved = provider->advice[TIMEOUT_TARGET].achieved;
    assert_true(provider->achieved.success.n > 0);
    provider->recommended_us = 1234567; /* on no step of the grid, as today's */
    provider->advice[TIMEOUT_TODAY] =
        (struct timeout_advice){.state = TIMEOUT_FOUND, .us = 7654321};
    provider->advice[TIMEOUT_TODAY].achieved = provider->achieved;
    calibrate_find_tradeoff(&found, &calibration);
    CHECK_ROW(found.bytes, says_timeout(found.bytes, "recommended ", 1234567));
    CHECK_ROW(found.bytes, says_timeout(found.bytes, "today\u2019s ", 7654321));
    text_release(&found);
    calibration_release(&calibration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_are_whole_from_next_to_nothing_and_from_all_there_may_be),
        cmocka_unit_test(gnuplot_draws_what_there_is),
        cmocka_unit_test(no_name_is_a_program),
        cmocka_unit_test(columns_stay_apart),
        cmocka_unit_test(who_never_answered_has_no_panel),
        cmocka_unit_test(the_finding_on_success_speaks_of_the_very_timeouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
