/* Goal: the sections "does it hold", "retries and hedges" and "caches" say what was found in every
 * form, label models, know n/a and "> T", and keep a user's names text. Method: calibrations of
 * made-up CSVs (a level that stays, one that moves, a cut tail, a handful of calls), a sweep of a
 * short scenario, and figures set by hand where a form is looked at. */
#include "reports/calibrate_report.h"
#include "reports/calibrate_sections.h"

#include <cjson/cJSON.h>

#include "router/base/utf8.h"
#include "sim/world/scenario.h"
#include "tests/reports/page.h"

#define NAME                                                                                       \
    "<b>&`x` | [y](z) \033[31m\xc2\x9b"                                                            \
    "31m"
#define QUOTED "\"" NAME "\""

/* ---- calibrations ---- */

struct source {
    const char *site;
    unsigned calls;
    unsigned moved_at; /* from here on three times as slow; 0: never */
    double failing;    /* share */
    int64_t cut_us;    /* what takes longer was given up then; 0: nothing was */
    bool untold;       /* no times */
    unsigned sites;    /* 0: one */
};

static struct text csv_of(const struct source *source)
{
    struct text csv = {0};
    const unsigned sites = source->sites > 0 ? source->sites : 1;
    text_put(&csv, source->untold ? "site,status,ms\n" : "site,status,ms,epoch\n");
    for (unsigned i = 0; i < source->calls * sites; i++) {
        const double u = random_unit(test_bits(7, i)), v = random_unit(test_bits(8, i));
        double ms = 100 + 300 * u + (v < 0.08 ? 2000 * u : 0);
        if (source->moved_at > 0 && i / sites >= source->moved_at) ms *= 3;
        const bool fails = random_unit(test_bits(9, i)) < source->failing;
        text_put(&csv, source->site);
        if (i % sites > 0) text_format(&csv, " %u", i % sites);
        text_format(&csv, ",%s,%.0f", fails ? "down" : "up", ms);
        if (!source->untold) text_format(&csv, ",%u", 1760000000 + 20 * (i / sites));
        text_char(&csv, '\n');
    }
    return csv;
}

static struct calibration calibrate(const struct source *source, enum timeout_rule rule)
{
    const struct calibrate_request request = {.name = "made up",
                                              .source_path = "made up",
                                              .source = CALIBRATE_CSV,
                                              .seed = 3,
                                              .rule = rule,
                                              .setup = timeout_setup_default(),
                                              .split = 0.5,
                                              .resamples = source->calls < 300 ? 19 : 0};
    const struct latency_csv spec = {.timeout_us = source->cut_us};
    struct calibration calibration;
    struct latency_set latencies;
    struct err err;
    struct text csv = csv_of(source);
    struct err_list *list = calloc(1, sizeof *list);
    assert_non_null(list);
    if (!latencies_from_csv_bytes(&latencies, "made up", csv.bytes, csv.length, &spec, list))
        fail_msg("%s", list->items[0].message);
    if (!calibrate_run(&calibration, &request, &latencies, NULL, &err)) fail_msg("%s", err.message);
    text_release(&csv);
    free(list);
    return calibration;
}

/* ---- forms ---- */

typedef void writes(struct text *, const struct calibration *);

static void put_page(struct text *text, const struct calibration *calibration)
{
    const struct drawing drawing = {0};
    struct html page = {.out = text, .calibration = calibration, .drawing = &drawing};
    struct text title = {0};
    text_put(&title, "sections");
    html_begin(&page, &title, "sections");
    text_put(text, "<h1>sections</h1><main id=\"main\">");
    calibrate_html_holds(&page);
    calibrate_html_second_calls(&page);
    calibrate_html_caches(&page);
    html_end(&page, "test");
}

static void put_json(struct text *text, const struct calibration *calibration)
{
    text_put(text, "{\"first\": 1");
    calibrate_json_sections(text, calibration);
    text_char(text, '}');
}

static writes *const forms[] = {put_page,
                                calibrate_console_sections,
                                calibrate_markdown_sections,
                                put_json,
                                calibrate_write_stability_csv,
                                calibrate_write_hedges_csv,
                                calibrate_write_retries_csv,
                                calibrate_write_caches_csv};
static const char *const form_names[] = {"page",        "console",       "Markdown",
                                         "JSON",        "stability.csv", "hedges.csv",
                                         "retries.csv", "caches.csv"};
enum { FORMS = sizeof forms / sizeof *forms, PAGE = 0, CONSOLE, MARKDOWN, JSON, FIRST_CSV };

static struct text form_of(const struct calibration *calibration, unsigned form)
{
    struct text text = {0};
    forms[form](&text, calibration);
    CHECK_ROW(form_names[form], !text.failed && text.bytes != NULL);
    return text;
}

static void check_says(const struct calibration *calibration, unsigned form, const char *words,
                       bool says)
{
    struct text text = form_of(calibration, form);
    if ((strstr(text.bytes, words) != NULL) != says) {
        print_error("%s %s say: %s\n%.3000s\n", form_names[form], says ? "should" : "should not",
                    words, text.bytes);
        fail();
    }
    text_release(&text);
}

/* ---- does it hold? ---- */

static void a_level_that_stays_holds_with_its_numbers(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 600};
    struct calibration c = calibrate(&source, TIMEOUT_P95_PLUS);
    const struct stability_timeout *judged =
        &c.providers[0].stability.held[TIMEOUT_P95_PLUS].judged;
    char words[160];
    assert_int_equal(judged->verdict, STABILITY_HELD);
    (void)snprintf(words, sizeof words,
                   "shop: %u of the next 300 calls in time where %u to %u were",
                   (unsigned)judged->y, (unsigned)judged->low, (unsigned)judged->high);
    check_says(&c, MARKDOWN, words, true);
    check_says(&c, MARKDOWN, "held for 1 of 1 site", true);
    check_says(&c, PAGE, "<span class=\"good-word\">Held</span>", true);
    check_says(&c, PAGE, "No lasting change of latency or of failures was found", true);
    check_says(&c, PAGE, "all of them", true);
    check_says(&c, MARKDOWN, "| held |", true);
    check_says(&c, JSON, "\"verdict\": \"held\"", true);
    check_says(&c, FIRST_CSV, "shop,held,p95+,verdict,held\r\n", true);
    calibration_release(&c);
}

static void a_level_that_moves_is_stale_and_says_when(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 600, .moved_at = 450};
    struct calibration c = calibrate(&source, TIMEOUT_P99);
    const struct change_set *changes = &c.providers[0].stability.changes;
    assert_int_equal(c.providers[0].stability.held[TIMEOUT_TARGET].judged.verdict, STABILITY_STALE);
    assert_true(changes->count >= 1);
    c.rule = TIMEOUT_TARGET; /* 300 calls carry no p99 */
    check_says(&c, MARKDOWN, "stale for 1 of 1 site", true);
    check_says(&c, PAGE, "<span class=\"open-word\">Stale</span>", true);
    check_says(&c, PAGE, "2025-10-09 11:2", true); /* call 450, 20 s each, after 08:53:20 */
    check_says(&c, PAGE, "\u00d73.", true);
    check_says(&c, CONSOLE, "stale", true);
    check_says(&c, FIRST_CSV, "shop,change,1,ratio,", true);
    check_says(&c, FIRST_CSV, "shop,change,1,at,2025-10-09T11:2", true);
    calibration_release(&c);
}

static void a_verdict_says_which_way_and_by_how_much(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 600};
    struct calibration c = calibrate(&source, TIMEOUT_P95_PLUS);
    struct stability_timeout *judged = &c.providers[0].stability.held[TIMEOUT_P95_PLUS].judged;
    *judged = (struct stability_timeout){.timeout_us = judged->timeout_us,
                                         .k = 9700,
                                         .n = 10000,
                                         .y = 9651,
                                         .m = 10000,
                                         .low = 9654,
                                         .high = 9746,
                                         .verdict = STABILITY_MISSED};
    for (unsigned form = CONSOLE; form <= MARKDOWN; form++) {
        check_says(&c, form, "missed, worse", true);
        check_says(&c, form, "96.51%", true); /* 96.5% would look like the bound */
        check_says(&c, form, "96.54% to 97.46%", true);
    }
    check_says(&c, PAGE, ">Missed</span>, worse", true);
    check_says(&c, PAGE, "(96.51%)", true);
    judged->y = 9900;
    judged->verdict = STABILITY_STALE;
    check_says(&c, CONSOLE, "stale, better", true);
    check_says(&c, MARKDOWN, "| stale, better |", true);
    check_says(&c, PAGE, ">Stale</span>, better", true);
    check_says(&c, CONSOLE, "  99.0%  ", true);
    check_says(&c, CONSOLE, "changes: lasting", true);
    calibration_release(&c);
}

static void a_handful_of_calls_is_n_a(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 12, .untold = true};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    assert_false(c.providers[0].stability.known);
    check_says(&c, MARKDOWN, "n/a for 1 of 1 site", true);
    check_says(&c, PAGE, "Held</span>", false); /* nothing was judged: no verdict by accident */
    check_says(&c, PAGE, "too few calls", true);
    check_says(&c, PAGE, "too few to look for changes", true);
    check_says(&c, PAGE, "UTC", false); /* there are no times */
    check_says(&c, CONSOLE, "What a second call would bring is n/a", true);
    check_says(&c, JSON, "\"held\": null", true);
    check_says(&c, JSON, "\"retries\": null", true);
    calibration_release(&c);
}

static void what_a_part_cannot_judge_has_its_reason(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 400};
    struct calibration c = calibrate(&source, TIMEOUT_P999);
    check_says(&c, PAGE, "no advice from the first part", true); /* p99.9 needs 10,000 */
    check_says(&c, PAGE, "n/a (needs \u2265\u00a010,000)", true);
    struct stability_timeout *judged = &c.providers[0].stability.held[TIMEOUT_P95_PLUS].judged;
    c.rule = TIMEOUT_P95_PLUS;
    judged->verdict = STABILITY_NA;
    judged->unknown = 1234;
    check_says(&c, PAGE, "1,234 given up before it", true);
    calibration_release(&c);
}

static void a_fitted_tail_beyond_the_data_says_so(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 200};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    struct fit_goodness *goodness = &c.providers[0].stability.goodness;
    assert_true(c.providers[0].stability.best != FIT_LAWS);
    check_says(&c, PAGE, calibrate_law_words(c.providers[0].stability.best), true);
    check_says(&c, PAGE, ", p = ", true);
    struct fit_goodness *beside = &c.providers[0].stability.lognormal;
    goodness->tails[1].at.reach = beside->tails[1].at.reach = FIT_EXTRAPOLATED;
    check_says(&c, PAGE, "<td>extrapolated</td>", true);
    check_says(&c, PAGE, "within the data", false);
    check_says(&c, JSON, "\"extrapolated\": true", true);
    goodness->tails[1].at.reach = beside->tails[1].at.reach = FIT_WITHIN;
    check_says(&c, PAGE, "<td>extrapolated</td>", false);
    check_says(&c, PAGE, "within the data", true);
    goodness->ks_p = (double)NAN;
    check_says(&c, PAGE, ", p n/a", true);
    calibration_release(&c);
}

/* ---- second calls ---- */

static void second_calls_are_models_and_know_where_watching_ended(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 1200, .cut_us = 1000000};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    const struct whatif_hedges *hedges = &c.providers[0].hedges;
    enum { P99 = 2 };
    assert_int_equal(hedges->before.quantiles[P99].state, WHATIF_BEYOND);
    check_says(&c, PAGE, "&gt;\u00a01.00\u00a0s", true);
    check_says(&c, PAGE, "(both a model)", true);
    check_says(&c, PAGE, "independence (model)", true);
    check_says(&c, PAGE, "what neighbours share (model)", true);
    check_says(&c, PAGE, "No provider stands in for another", true);
    check_says(&c, CONSOLE, "No provider stands in for another", true);
    check_says(&c, JSON, "\"p99_ms\": {\"value\": null, \"more_than\": 1000}", true);
    check_says(&c, FIRST_CSV + 1, ",independent,model,", true);
    check_says(&c, FIRST_CSV + 1, ",measured,measured,1200,", true);
    check_says(&c, FIRST_CSV + 2, ",2,model,", true);
    for (unsigned d = 0; d < WHATIF_DELAYS; d++)
        c.providers[0].hedges.hedges[d].shared.known = false;
    check_says(&c, PAGE, "(both a model)", false);
    check_says(&c, PAGE, "independently (a model)", true);
    c.providers[0].hedges.hedges[0].after.us = 0; /* an answer may take no time at all */
    check_says(&c, JSON, "\"after_ms\": 0, ", true);
    check_says(&c, FIRST_CSV + 1, "shop,0.5,0,", true);
    calibration_release(&c);
}

static void each_provider_is_told_whether_to_hedge(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 1200};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    struct whatif_hedges *hedges = &c.providers[0].hedges;
    hedges->before.quantiles[2] = (struct whatif_time){WHATIF_KNOWN, 2000000};
    for (unsigned d = 0; d < WHATIF_DELAYS; d++) {
        hedges->hedges[d].shared.known = true;
        hedges->hedges[d].shared.quantiles[2] = (struct whatif_time){WHATIF_KNOWN, 1900000};
    }
    assert_int_equal(whatif_choose(hedges).worth, WHATIF_NO);
    hedges->hedges[0].shared.quantiles[2].us = 100000; /* p50: half as many calls again */
    assert_int_equal(whatif_choose(hedges).worth, WHATIF_NO);
    hedges->hedges[2].shared.quantiles[2].us = 1790000;
    assert_int_equal(whatif_choose(hedges).worth, WHATIF_YES);
    assert_ptr_equal(whatif_choose(hedges).hedge, &hedges->hedges[2]);
    check_says(&c, CONSOLE, "1.79 s        yes\n", true);
    hedges->before.quantiles[2].state = WHATIF_TOO_FEW;
    assert_int_equal(whatif_choose(hedges).worth, WHATIF_NA);
    check_says(&c, CONSOLE, "n/a        n/a\n", true);
    calibration_release(&c);
}

static void formulas_give_their_known_figures(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 30, .sites = 4};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    assert_int_equal(c.facts.answers, 4);
    check_says(&c, PAGE, "an order that waits for 4 answers", true);
    check_says(&c, PAGE, ">18.5%<", true);  /* 1 - 0.95^4 */
    check_says(&c, PAGE, ">3.9%<", true);   /* 1 - 0.99^4 */
    check_says(&c, PAGE, ">99.75%<", true); /* 0.99^(1/4) */
    check_says(&c, PAGE, ">243<", true);    /* 3^5 */
    check_says(&c, PAGE, ">1.10<", true);
    check_says(&c, PAGE, ">9.09%<", true); /* 0.1 / 1.1 */
    calibration_release(&c);
}

static void of_many_sites_the_page_has_the_largest_and_files_have_all(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 40, .sites = 30};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    assert_int_equal(c.latencies.count, 30);
    check_says(&c, PAGE, "The 16 with the most calls of 30", true);
    check_says(&c, CONSOLE, "and 14 more in the report", true);
    check_says(&c, MARKDOWN, "The 16 with the most calls of 30", true);
    check_says(&c, PAGE, ">shop 29<", false);
    check_says(&c, FIRST_CSV, "\r\nshop 29,held,", true);
    calibration_release(&c);
}

/* ---- caches ---- */

static void sweep(struct calibration *c)
{
    static const char scenario_text[] = "{\"name\": \"short\", \"duration\": \"20m\"}";
    const struct scenario_options options = {0};
    struct scenario *scenario = calloc(1, sizeof *scenario);
    struct err_list *list = calloc(1, sizeof *list);
    struct err err;
    assert_true(scenario != NULL && list != NULL);
    if (!scenario_read(scenario, "short.json", scenario_text, sizeof scenario_text - 1, &options,
                       list))
        fail_msg("%s", list->items[0].message);
    const struct cache_sweep_request request = {.scenario = scenario, .seed = 5};
    c->caches_known = cache_sweep_run(&c->caches, &request, &err);
    if (!c->caches_known) fail_msg("%s", err.message);
    scenario_release(scenario);
    free(scenario);
    free(list);
}

static void caches_need_a_scenario(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 30};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    for (unsigned form = PAGE; form <= MARKDOWN; form++)
        check_says(&c, form, "What caches would do is n/a", true);
    check_says(&c, JSON, "\"caches\": null", true);
    check_says(&c, FIRST_CSV + 3, "\r\nplace,", false);
    calibration_release(&c);
}

static void caches_begin_with_what_recurs(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 30};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    sweep(&c);
    struct cache_recurrence *cart = &c.caches.recurrences[RECUR_CART];
    cart->before = (struct cache_share){30, 1000, 0.03, 0.0203, 0.0426};
    check_says(&c, CONSOLE, "Exact carts seldom recur: 3.0% of orders", true);
    check_says(&c, CONSOLE, "\n  items for 60", true); /* the biggest first, a line each */
    check_says(&c, CONSOLE, "the scenario has it", true);
    check_says(&c, PAGE, "95% interval 2.0% to 4.3%, n\u00a0=\u00a01,000", true);
    check_says(&c, PAGE, "5 min (contract)", false); /* bound to its unit */
    check_says(&c, PAGE, "5\u00a0min (contract)", true);
    check_says(&c, PAGE, "Stale when used (model)", true);
    check_says(&c, PAGE, "was not run again with them", true);
    check_says(&c, PAGE, "The scenario states no cost of calls", true);
    check_says(&c, PAGE, "Cost saved", false);
    check_says(&c, MARKDOWN,
               "the policy has them, most calls saved first (95% intervals): items for 60", true);
    check_says(&c, FIRST_CSV + 3, "\r\nseen_before_cart,,,30,1000,0.03,", true);
    cart->before = (struct cache_share){700, 1000, 0.7, 0.67, 0.73};
    check_says(&c, CONSOLE, "Exact carts recur: 70.0% of orders", true);
    calibration_release(&c);
}

static void effects_of_kept_quotes_have_signs_and_intervals(void **state)
{
    (void)state;
    const struct source source = {.site = "shop", .calls = 30};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    sweep(&c);
    struct cache_row *row = cache_sweep_row(&c.caches, CACHE_SWEEP_PLACE, INT64_C(3600000000));
    assert_non_null(row);
    row->cents_saved = 125.0;
    row->effect = (struct cache_effect){
        .known = true,
        .orders = 5000,
        .changed = 50,
        .changed_share = {.value = 0.01, .low = 0.0074, .high = 0.0132},
        .changed_by_quotes = 20,
        .differs = {100, 5000, 0.02, 0.0163, 0.0243},
        .regret_cents = {.value = -1.5, .low = -2.25, .high = -0.75, .method = STATS_BLOCKS},
        .latency_ms = {.value = -40, .low = -52, .high = 12}};
    check_says(&c, PAGE, "50 (1.0%)", true);
    check_says(&c, PAGE, "\u22121.50\u00a2 (\u22122.25\u00a2 to \u22120.75\u00a2)", true);
    check_says(&c, PAGE, "40\u00a0ms (\u221212\u00a0ms to 52\u00a0ms)", true); /* saved */
    check_says(&c, PAGE, "$1.25", true);
    check_says(&c, JSON, "\"latency_ms\": {\"value\": -40, ", true);
    calibration_release(&c);
}

/* ---- every form ---- */

static void check_csv(const char *label, const char *csv)
{
    size_t wanted = 0, cells = 1;
    bool quoted = false;
    for (; *csv != '\0'; csv++) {
        if (*csv == '"') quoted = !quoted;
        if (*csv == ',' && !quoted) cells++;
        if (*csv != '\n' || quoted) continue;
        if (wanted == 0) wanted = cells;
        CHECK_ROW(label, cells == wanted);
        cells = 1;
    }
}

static void check_lines(const char *console)
{
    while (*console != '\0') {
        const size_t length = strcspn(console, "\n");
        if (utf8_count(console, length) > 80) fail_msg("too wide: %.*s", (int)length, console);
        console += length + (console[length] == '\n');
    }
}

static void check_forms(const struct calibration *c)
{
    static const char *const none[] = {"nan", "NaN,", ": inf", ">inf", ",inf", "-nan"};
    for (unsigned form = 0; form < FORMS; form++) {
        struct text text = form_of(c, form), again = form_of(c, form);
        CHECK_ROW_TEXT(form_names[form], text.bytes, again.bytes);
        for (size_t i = 0; i < sizeof none / sizeof *none; i++)
            CHECK_ROW(form_names[form], strstr(text.bytes, none[i]) == NULL);
        if (form >= FIRST_CSV) check_csv(form_names[form], text.bytes);
        if (form == CONSOLE) check_lines(text.bytes);
        if (form == JSON) {
            cJSON *root = cJSON_Parse(text.bytes);
            assert_non_null(root);
            assert_true(cJSON_HasObjectItem(root, "stability"));
            assert_true(cJSON_HasObjectItem(root, "second_calls"));
            assert_true(cJSON_HasObjectItem(root, "caches"));
            cJSON_Delete(root);
        }
        if (form == PAGE) {
            page_check_nesting(text.bytes);
            page_check_stands_alone(text.bytes);
            page_check_ids(text.bytes);
        }
        text_release(&text);
        text_release(&again);
    }
}

static void every_form_is_whole_whatever_is_known(void **state)
{
    (void)state;
    static const struct source sources[] = {
        {.site = "shop", .calls = 3, .untold = true},
        {.site = "shop", .calls = 25},
        {.site = "shop", .calls = 400, .failing = 0.2},
        {.site = "shop", .calls = 700, .moved_at = 300, .cut_us = 900000},
        {.site = "a shop whose name is much longer than any column of a terminal", .calls = 60},
        {.site = "shop", .calls = 30, .sites = 64}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct calibration c =
            calibrate(&sources[i], i % 2 == 0 ? TIMEOUT_TARGET : TIMEOUT_P95_PLUS);
        if (i == 0) sweep(&c);
        check_forms(&c);
        calibration_release(&c);
    }
}

static void names_are_text_everywhere(void **state)
{
    (void)state;
    const struct source source = {.site = QUOTED, .calls = 400, .moved_at = 300};
    struct calibration c = calibrate(&source, TIMEOUT_TARGET);
    assert_string_equal(c.providers[0].name, NAME);
    check_forms(&c);
    check_says(&c, PAGE, "<b>", false);
    check_says(&c, PAGE, "&lt;b&gt;&amp;`x`", true);
    check_says(&c, PAGE, "\033", false);
    check_says(&c, CONSOLE, "\033", false);
    check_says(&c, CONSOLE, "\xc2\x9b", false); /* a control sequence in one character */
    check_says(&c, CONSOLE, "<b>&`x` | [y](z)", true);
    check_says(&c, MARKDOWN, "<b>", false);
    check_says(&c, MARKDOWN, "](z", true); /* its bracket is escaped: no link */
    check_says(&c, MARKDOWN, "y\\](z", true);
    check_says(&c, MARKDOWN, "\033", false);
    check_says(&c, JSON, "\"name\": \"<b>&`x` | [y](z) \\u001b[31m", true);
    calibration_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_that_stays_holds_with_its_numbers),
        cmocka_unit_test(a_level_that_moves_is_stale_and_says_when),
        cmocka_unit_test(a_verdict_says_which_way_and_by_how_much),
        cmocka_unit_test(a_handful_of_calls_is_n_a),
        cmocka_unit_test(what_a_part_cannot_judge_has_its_reason),
        cmocka_unit_test(a_fitted_tail_beyond_the_data_says_so),
        cmocka_unit_test(second_calls_are_models_and_know_where_watching_ended),
        cmocka_unit_test(each_provider_is_told_whether_to_hedge),
        cmocka_unit_test(formulas_give_their_known_figures),
        cmocka_unit_test(of_many_sites_the_page_has_the_largest_and_files_have_all),
        cmocka_unit_test(caches_need_a_scenario),
        cmocka_unit_test(caches_begin_with_what_recurs),
        cmocka_unit_test(effects_of_kept_quotes_have_signs_and_intervals),
        cmocka_unit_test(every_form_is_whole_whatever_is_known),
        cmocka_unit_test(names_are_text_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
