/* Goal: dashboards.html stands alone, says its numbers with n and how sure they are, and shows the
 * control only as far as it can be compared.
 *
 * Method: pages of made-up results, drawn and not; every rule that holds for all pages; then what a
 * reader looks for. Without gnuplot the tests of figures are skipped. */
#include "reports/dashboards.h"

#include "reports/gnuplot.h"
#include "sim/analysis/operator_queries.h"
#include "tests/reports/fixture.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"

static bool has_gnuplot(void)
{
    char why[200];
    return gnuplot_run("gnuplot", "/", "/dev/null", why, sizeof why) != GNUPLOT_MISSING;
}

static struct text write_page(void (*fixture)(struct result *), const char *gnuplot,
                              struct dashboards dashboards)
{
    char path[TEST_PATH_MAX * 4];
    struct result result;
    struct drawing drawing;
    struct err err = {0};
    folder_make(path);
    fixture(&result);
    dashboards.result = &result;
    if (!dashboards_write(&dashboards, path, gnuplot, &drawing, &err)) fail_msg("%s", err.message);
    if (gnuplot != NULL) assert_true(drawing.state == DRAWING_DONE);
    struct text page = folder_read(path, "dashboards.html");
    result_release(&result);
    folder_remove(path);
    return page;
}

static void check_page(const char *html)
{
    page_check_stands_alone(html);
    page_check_nesting(html);
    page_check_ids(html);
    page_check_colours(html);
}

static void the_page_stands_alone_with_figures_and_without(void **state)
{
    static void (*const fixtures[])(struct result *) = {fixture_hour, fixture_three, fixture_empty,
                                                        fixture_weird};
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        const struct dashboards plain = {0};
        struct text page = write_page(fixtures[i], NULL, plain);
        check_page(page.bytes);
        assert_int_equal(page_count(page.bytes, "<svg"), 0);
        text_release(&page);
        if (!has_gnuplot()) continue;
        page = write_page(fixtures[i], "gnuplot", plain);
        check_page(page.bytes);
        text_release(&page);
    }
}

static void a_busy_hour_has_four_figures(void **state)
{
    const struct dashboards plain = {0};
    (void)state;
    if (!has_gnuplot()) skip();
    struct text page = write_page(fixture_hour, "gnuplot", plain);
    struct text again = write_page(fixture_hour, "gnuplot", plain);
    assert_int_equal(page_count(page.bytes, "<svg"), 4);
    assert_int_equal(page_count(page.bytes, "id=\"fig-dashboard_live\""), 1);
    assert_int_equal(page_count(page.bytes, "id=\"fig-dashboard_errors\""), 1);
    assert_string_equal(page.bytes, again.bytes);
    text_release(&page);
    text_release(&again);
}

static void without_figures_their_tables_are_open(void **state)
{
    const struct dashboards plain = {0};
    (void)state;
    struct text page = write_page(fixture_hour, NULL, plain);
    assert_true(page_count(page.bytes, "<details open>") >= 3);
    assert_int_equal(page_count(page.bytes, "Figures were switched off"), 1);
    text_release(&page);
}

/* From the card of that label to its end. */
static const char *card_of(const char *html, const char *label)
{
    static char card[1024];
    char head[128];
    (void)snprintf(head, sizeof head, "<div><dt>%s</dt>", label);
    const char *at = strstr(html, head);
    assert_non_null(at);
    (void)snprintf(card, sizeof card, "%.*s", (int)(strstr(at, "</div>") - at), at);
    return card;
}

static void every_figure_of_the_business_has_its_n(void **state)
{
    struct result result;
    (void)state;
    fixture_hour(&result);
    const struct metric_value *cart = &result.phases[0].values[SCOPE_ROUTER][METRIC_CART_CENTS];
    struct text n = {0};
    text_put(&n, "n = ");
    text_grouped(&n, (int64_t)cart->n);
    const struct dashboards plain = {0};
    struct text page = write_page(fixture_hour, NULL, plain);
    assert_int_equal(page_count(page.bytes, "<div><dt>"), 6);
    const char *card = card_of(page.bytes, metric_traits[METRIC_CART_CENTS].label);
    assert_non_null(strstr(card, n.bytes));
    assert_true(strstr(card, "exact") != NULL || strstr(card, "95%:") != NULL);
    assert_null(strstr(card, "control"));
    text_release(&n);
    text_release(&page);
    result_release(&result);
}

static struct metric_value control[METRIC_COUNT];

static void a_control_is_compared_when_it_has_as_many_repeats(void **state)
{
    struct result result;
    (void)state;
    fixture_hour(&result);
    memcpy(control, result.phases[0].values[SCOPE_ROUTER], sizeof control);
    control[METRIC_CART_CENTS].value += 125.0;
    control[METRIC_ORDERS].value -= 40.0;
    struct dashboards dashboards = {.control = control,
                                    .control_replications = result.replications,
                                    .control_label = "the same orders <without> faults"};
    struct text page = write_page(fixture_hour, NULL, dashboards);
    check_page(page.bytes);
    assert_non_null(strstr(page.bytes, "the same orders &lt;without&gt; faults"));
    const char *card = card_of(page.bytes, metric_traits[METRIC_CART_CENTS].label);
    assert_non_null(strstr(card, "; here \u2212$1.25"));
    card = card_of(page.bytes, metric_traits[METRIC_ORDERS].label);
    assert_non_null(strstr(card, "; here +40"));
    text_release(&page);

    dashboards.control_replications = result.replications + 1;
    page = write_page(fixture_hour, NULL, dashboards);
    card = card_of(page.bytes, metric_traits[METRIC_CART_CENTS].label);
    assert_null(strstr(card, "; here"));
    assert_non_null(strstr(card, "first repeat"));
    text_release(&page);
    result_release(&result);
}

static void the_operators_queries_stand_beneath(void **state)
{
    static const struct history nothing = {0};
    struct operator_answers answers;
    struct err err;
    struct operator_tally *tally = operator_tally_create(INT64_C(1763830800000000), &err);
    (void)state;
    assert_non_null(tally);
    assert_true(operator_tally_answer(tally, &nothing, &answers, &err));
    const struct dashboards dashboards = {.answers = &answers};
    struct text page = write_page(fixture_hour, NULL, dashboards);
    check_page(page.bytes);
    assert_int_equal(page_count(page.bytes, "<summary>The query</summary>"), OPERATOR_QUERY_COUNT);
    assert_non_null(strstr(page.bytes, "As of 2025-11-22 17:00:00+00, from 0 lines."));
    assert_non_null(strstr(page.bytes, "kept no quotes.bin"));
    text_release(&page);
    operator_answers_release(&answers);
    operator_tally_destroy(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_stands_alone_with_figures_and_without),
        cmocka_unit_test(a_busy_hour_has_four_figures),
        cmocka_unit_test(without_figures_their_tables_are_open),
        cmocka_unit_test(every_figure_of_the_business_has_its_n),
        cmocka_unit_test(a_control_is_compared_when_it_has_as_many_repeats),
        cmocka_unit_test(the_operators_queries_stand_beneath),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
