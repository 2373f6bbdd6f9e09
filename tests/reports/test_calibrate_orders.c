/* Goal: the report of a calibration from orders is whole, in every form: what
 * it hands out is what it recommends, everywhere the same; what production
 * would not read is said; tables are tables. Method: a calibration of twenty
 * minutes of slow, hanging and failing providers, written into a folder of the
 * test's own; forms against the calibration's numbers. */
#include "reports/calibrate_report.h"
#include "reports/calibrate_text.h"
#include "reports/gnuplot.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"
#include "tests/sim/analysis/waiting_fixture.h"

#include <cjson/cJSON.h>

#define NAME "<b>&\" `date` '"

static struct calibration calibrate(bool as_coded)
{
    const struct calibrate_request request = {.name = NAME,
                                              .source_path = NAME,
                                              .source = CALIBRATE_RUN,
                                              .seed = 7,
                                              .as_coded = as_coded,
                                              .rule = TIMEOUT_P95_PLUS,
                                              .setup = timeout_setup_default(),
                                              .prices = {1.0, 20.0, 150.0},
                                              .split = 0.5,
                                              .resamples = 19};
    struct calibration calibration;
    struct latency_set none = {0};
    struct decision_set set;
    struct err err;
    waiting_fixture_run(&set, false);
    if (!calibrate_run(&calibration, &request, &none, &set, &err)) fail_msg("%s", err.message);
    assert_true(calibration.has_orders);
    return calibration;
}

/* Made once each, for it takes a while; whoever bends one puts it right again. */
static struct calibration *shared(bool as_coded)
{
    static struct calibration made[2];
    if (made[as_coded].name == NULL) made[as_coded] = calibrate(as_coded);
    return &made[as_coded];
}

static int release_shared(void **state)
{
    (void)state;
    calibration_release(shared(false));
    calibration_release(shared(true));
    return 0;
}

/* One provider's timeout handed out and one kept, whatever the advice of the
 * day would be. */
static void hand_out(struct calibration *calibration)
{
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        struct calibrate_provider *provider = &calibration->providers[p];
        provider->recommended = p == PROVIDER_KROGER_API;
        provider->reason = provider->recommended ? NULL : "a reason of the test's own";
        provider->recommended_us = provider->recommended ? 2345000 : provider->series->timeout_us;
    }
}

static struct calibrate_report report_of(const struct calibration *calibration, const char *path)
{
    return (struct calibrate_report){.calibration = calibration,
                                     .program = "routesim test",
                                     .command = "routesim calibrate " NAME,
                                     .experiment = 0xabcdef,
                                     .directory = path};
}

static void write_all(const struct calibration *calibration, const char *path, const char *gnuplot,
                      struct drawing *drawing)
{
    const struct calibrate_report report = report_of(calibration, path);
    const struct result_file file = {.path = "a&b.csv", .bytes = 12, .sha256 = "00ff"};
    struct err err = {0};
    if (!calibrate_report_write_data(&report, &err) ||
        !calibrate_report_draw(&report, gnuplot, drawing, &err) ||
        !calibrate_report_write_page(&report, drawing, &file, 1, &err))
        fail_msg("%s", err.message);
}

static struct text console_of(const struct calibration *calibration, bool unicode)
{
    struct text text = {0};
    const struct calibrate_style style = {.unicode = unicode};
    calibrate_write_console(&text, calibration, &style);
    assert_false(text.failed);
    return text;
}

/* ---- whole ---- */

static void the_page_is_whole_with_and_without_pictures(void **state)
{
    (void)state;
    char why[200];
    const bool gnuplot =
        gnuplot_run("gnuplot", "/", "/dev/null", why, sizeof why) != GNUPLOT_MISSING;
    static const char *const sections[] = {"settings", "rules", "tradeoff",     "router", "tail",
                                           "early",    "holds", "second-calls", "method"};
    struct calibration *calibration = shared(false);
    for (int plots = 0; plots <= (gnuplot ? 1 : 0); plots++) {
        char path[TEST_PATH_MAX * 4];
        struct drawing drawing;
        folder_make(path);
        write_all(calibration, path, plots == 1 ? "gnuplot" : NULL, &drawing);
        if (plots == 1) CHECK_ROW(drawing.reason, drawing.state == DRAWING_DONE);
        struct text page = folder_read(path, "report.html");
        page_check_nesting(page.bytes);
        page_check_stands_alone(page.bytes);
        page_check_ids(page.bytes);
        page_check_colours(page.bytes);
        assert_null(strstr(page.bytes, "<b>"));
        assert_non_null(strstr(page.bytes, "&lt;b&gt;&amp;&quot;"));
        for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
            char id[64];
            (void)snprintf(id, sizeof id, "<h2 id=\"%s\">", sections[s]);
            CHECK_ROW(id, page_count(page.bytes, id) == 1);
        }
        for (uint32_t f = 0; f < drawing.count; f++) {
            CHECK_ROW(drawing.figures[f].name, drawing.figures[f].absence == NULL);
            CHECK_ROW(drawing.figures[f].name, drawing.figures[f].drawn == (plots == 1));
        }
        assert_true(drawing.count >= 5);
        text_release(&page);
        folder_remove(path);
    }
}

static void the_console_keeps_to_eighty_columns_and_to_ascii_where_asked(void **state)
{
    (void)state;
    struct calibration *calibration = shared(true);
    struct text console = console_of(calibration, false);
    for (const char *line = console.bytes; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        char shown[256];
        (void)snprintf(shown, sizeof shown, "%.*s", (int)length, line);
        const bool paste = strstr(shown, "supabase secrets set") != NULL;
        CHECK_ROW(shown, paste || length <= 80);
        for (size_t i = 0; i < length; i++)
            CHECK_ROW(shown, (unsigned char)line[i] >= 0x20 && (unsigned char)line[i] < 0x7f);
        line += length + (line[length] == '\n');
    }
    text_release(&console);
}

/* ---- what is handed out ---- */

/* Lines of the file that would set something. */
static unsigned count_settings(const char *env)
{
    unsigned count = 0;
    for (const char *line = env; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        count += length > 0 && *line != '#';
        line += length + (line[length] == '\n');
    }
    return count;
}

static void what_is_recommended_is_handed_out_and_nothing_else(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    struct drawing drawing;
    struct calibration *calibration = shared(false);
    hand_out(calibration);
    folder_make(path);
    write_all(calibration, path, NULL, &drawing);
    struct text env = folder_read(path, "recommendation.env");
    struct text page = folder_read(path, "report.html");
    struct text markdown = folder_read(path, "report.md");
    struct text console = console_of(calibration, true), secrets = {0};
    calibrate_write_secrets(&secrets, calibration);
    assert_string_equal(secrets.bytes, "supabase secrets set LOOPGPT_KROGER_TIMEOUT=2345");
    assert_non_null(strstr(console.bytes, secrets.bytes));
    assert_non_null(strstr(page.bytes, secrets.bytes));
    assert_non_null(strstr(markdown.bytes, secrets.bytes));
    assert_non_null(strstr(env.bytes, "\nLOOPGPT_KROGER_TIMEOUT=2345\n"));
    assert_int_equal(count_settings(env.bytes), 1);
    assert_non_null(strstr(env.bytes, "# LOOPGPT_WALMART_TIMEOUT"));
    assert_non_null(strstr(env.bytes, "a reason of the test's own"));
    for (uint32_t p = 0; p < calibration->latencies.count; p++)
        calibration->providers[p].recommended = false;
    text_clear(&secrets);
    calibrate_write_secrets(&secrets, calibration);
    assert_int_equal(secrets.length, 0);
    hand_out(calibration);
    text_release(&secrets);
    text_release(&console);
    text_release(&markdown);
    text_release(&page);
    text_release(&env);
    folder_remove(path);
}

/* As coded, production reads no key of a timeout: said on the terminal, the
 * page, in the file. */
static void keys_that_production_does_not_read_are_told_of(void **state)
{
    (void)state;
    static const char words[] = "LOOPGPT_*_TIMEOUT"; /* no line breaks it, no page escapes it */
    for (int as_coded = 0; as_coded < 2; as_coded++) {
        char path[TEST_PATH_MAX * 4];
        struct drawing drawing;
        struct calibration *calibration = shared(as_coded == 1);
        hand_out(calibration);
        folder_make(path);
        write_all(calibration, path, NULL, &drawing);
        struct text env = folder_read(path, "recommendation.env");
        struct text page = folder_read(path, "report.html");
        struct text console = console_of(calibration, true);
        assert_int_equal(strstr(env.bytes, words) != NULL, as_coded);
        assert_int_equal(strstr(page.bytes, words) != NULL, as_coded);
        assert_int_equal(strstr(console.bytes, words) != NULL, as_coded);
        text_release(&console);
        text_release(&page);
        text_release(&env);
        folder_remove(path);
    }
}

/* ---- for programs ---- */

static double number_at(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item)) fail_msg("no number: %s", key);
    return item->valuedouble;
}

static void json_says_what_the_calibration_says(void **state)
{
    (void)state;
    struct calibration *calibration = shared(false);
    const struct calibrate_report report = report_of(calibration, "");
    struct text text = {0};
    hand_out(calibration);
    calibrate_write_json(&text, &report);
    cJSON *json = cJSON_Parse(text.bytes);
    if (json == NULL) fail_msg("no JSON: %.80s", cJSON_GetErrorPtr());
    const cJSON *context = cJSON_GetObjectItemCaseSensitive(json, "context");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "schema")),
                        "routesim.calibration/1");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(context, "scenario")),
                        "calibrate-" NAME);
    assert_string_equal(
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(context, "experiment_hash")),
        "0000000000abcdef");
    const cJSON *providers = cJSON_GetObjectItemCaseSensitive(json, "providers");
    assert_int_equal(cJSON_GetArraySize(providers), PROVIDER_COUNT);
    const cJSON *kroger = cJSON_GetArrayItem(providers, PROVIDER_KROGER_API);
    CHECK_NEAR(number_at(kroger, "recommended_ms"), 2345, 0);
    CHECK_NEAR(number_at(kroger, "asked"), calibration->set.count, 0);
    const cJSON *router = cJSON_GetObjectItemCaseSensitive(json, "router");
    const cJSON *today = cJSON_GetObjectItemCaseSensitive(router, "today");
    CHECK_NEAR(number_at(today, "changed"),
               (double)calibration->arms[TIMEOUT_TODAY].outcome.changed, 0);
    cJSON_Delete(json);
    text_release(&text);
}

/* Cells of a line that has no quoted comma: names here are ours. */
static unsigned count_cells(const char *line)
{
    unsigned cells = 1;
    for (; *line != '\r' && *line != '\0'; line++)
        cells += *line == ',';
    return cells;
}

static void tables_have_as_many_cells_in_every_row(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX * 4];
    struct drawing drawing;
    struct calibration *calibration = shared(false);
    folder_make(path);
    write_all(calibration, path, NULL, &drawing);
    for (unsigned f = 0; calibrate_report_files[f] != NULL; f++) {
        const char *name = calibrate_report_files[f];
        if (strstr(name, ".csv") == NULL) continue;
        struct text csv = folder_read(path, name);
        const unsigned cells = count_cells(csv.bytes);
        CHECK_ROW(name, cells > 2);
        CHECK_ROW(name, strchr(csv.bytes, '"') == NULL); /* else this counts wrongly */
        CHECK_ROW(name, strstr(csv.bytes, "nan") == NULL && strstr(csv.bytes, "inf") == NULL);
        unsigned rows = 0;
        for (const char *at = csv.bytes; (at = strstr(at, "\r\n")) != NULL; rows++) {
            at += 2;
            if (*at != '\0' && count_cells(at) != cells)
                fail_msg("%s: %u cells, not %u: %.120s", name, count_cells(at), cells, at);
        }
        CHECK_ROW(name, rows > 1 || strcmp(name, "caches.csv") == 0);
        text_release(&csv);
    }
    folder_remove(path);
}

/* ---- what cannot be known ---- */

static void what_lies_beyond_the_timeout_is_more_than_it(void **state)
{
    (void)state;
    struct calibration *calibration = shared(false);
    struct timeout_advice *advice = calibration->providers[PROVIDER_KROGER_API].advice;
    const struct timeout_advice were[2] = {advice[TIMEOUT_P99], advice[TIMEOUT_P999]};
    advice[TIMEOUT_P99] = (struct timeout_advice){.state = TIMEOUT_BEYOND,
                                                  .us = 7777000,
                                                  .low_us = INT64_MAX,
                                                  .high_us = INT64_MAX,
                                                  .target = (double)NAN};
    advice[TIMEOUT_P999] = (struct timeout_advice){.state = TIMEOUT_TOO_FEW, .needs = 10000};
    char path[TEST_PATH_MAX * 4];
    struct drawing drawing;
    folder_make(path);
    write_all(calibration, path, NULL, &drawing);
    struct text page = folder_read(path, "report.html");
    struct text rules = folder_read(path, "rules.csv");
    struct text console = console_of(calibration, true);
    assert_non_null(strstr(console.bytes, ">7.777"));
    assert_non_null(strstr(page.bytes, "&gt;\u00a07.777\u00a0s"));
    assert_non_null(strstr(page.bytes, "10,000"));
    assert_non_null(strstr(rules.bytes, "Kroger,p99,beyond,7777,,,"));
    assert_non_null(strstr(rules.bytes, "Kroger,p99.9,too_few,,,,"));
    text_release(&console);
    text_release(&rules);
    text_release(&page);
    advice[TIMEOUT_P99] = were[0];
    advice[TIMEOUT_P999] = were[1];
    folder_remove(path);
}

static void the_same_orders_give_the_same_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"report.html", "report.md", "summary.json", "rules.csv"};
    char paths[2][TEST_PATH_MAX * 4];
    for (unsigned i = 0; i < 2; i++) {
        struct drawing drawing;
        struct calibration calibration = calibrate(false);
        folder_make(paths[i]);
        write_all(&calibration, paths[i], NULL, &drawing);
        calibration_release(&calibration);
    }
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct text a = folder_read(paths[0], names[n]), b = folder_read(paths[1], names[n]);
        CHECK_ROW(names[n], a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0);
        text_release(&a);
        text_release(&b);
    }
    folder_remove(paths[0]);
    folder_remove(paths[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_whole_with_and_without_pictures),
        cmocka_unit_test(the_console_keeps_to_eighty_columns_and_to_ascii_where_asked),
        cmocka_unit_test(what_is_recommended_is_handed_out_and_nothing_else),
        cmocka_unit_test(keys_that_production_does_not_read_are_told_of),
        cmocka_unit_test(json_says_what_the_calibration_says),
        cmocka_unit_test(tables_have_as_many_cells_in_every_row),
        cmocka_unit_test(what_lies_beyond_the_timeout_is_more_than_it),
        cmocka_unit_test(the_same_orders_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, release_shared);
}
