#include <assert.h>
#include <math.h>

#include "reports/answers.h"
#include "reports/dashboard_figures.h"
#include "reports/dashboards.h"
#include "reports/files.h"
#include "reports/findings.h"
#include "reports/html.h"
#include "reports/show.h"

enum { TABLE_ROWS_MAX = 12 };

static const struct figure *const dashboard_figures[] = {
    &figure_dashboard_live, &figure_percentiles, &figure_share, &figure_dashboard_errors, NULL,
};

bool dashboards_draw(const struct result *result, const char *directory, const char *gnuplot,
                     struct drawing *drawing, struct err *err)
{
    struct groups groups;
    if (!groups_make(&groups, result, FIGURE_POINTS_MAX, err)) return false;
    const struct figure_book book = {
        .figures = dashboard_figures,
        .subject = {.result = result},
        .blank = {.result = result, .groups = &groups, .axis = time_axis_of(result)}};
    const bool good = book_draw(&book, directory, gnuplot, drawing, err);
    groups_release(&groups);
    return good;
}

static bool put_figure(struct html *page, const char *name,
                       void (*finding)(const struct result *, struct text *), const char *caption,
                       void (*table)(struct html *), struct err *err)
{
    const struct figure *drawn = book_find(dashboard_figures, name);
    const struct figure_subject subject = {.result = page->result};
    struct text heading = {0}, description = {0};
    finding(page->result, &heading);
    drawn->describe(&subject, &description);
    const struct html_figure figure = {.name = name,
                                       .title = drawn->title,
                                       .heading = &heading,
                                       .description = &description,
                                       .caption = caption,
                                       .table = table};
    const bool good = html_picture(page, &figure, err);
    text_release(&heading);
    text_release(&description);
    return good;
}

/* ---- real time ---- */

static void put_live_row(struct html *page, const struct groups *groups, const struct group *group)
{
    struct text words = {0};
    uint64_t quotes = 0, settled = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        quotes += group->providers[p].quotes;
        settled += group->providers[p].settled;
    }
    show_instant(&words, group->until_us);
    html_row_begin(page, words.bytes != NULL ? words.bytes : "");
    text_clear(&words);
    text_fixed(&words, dashboard_volume(groups, group), 1);
    html_cell_number(page, &words);
    html_cell_share(page, settled > 0 ? (double)quotes / (double)settled : (double)NAN);
    html_cell_latency(page, group->p50_ms);
    html_cell_latency(page, group->p95_ms);
    html_cell_share(page, dashboard_failed(group));
    html_cell_count(page, (double)group->orders);
    html_row_end(page);
}

static void table_of_live(struct html *page)
{
    static const struct html_column columns[] = {{"Up to", false},
                                                 {"Orders a minute", true},
                                                 {"Quotes in time", true},
                                                 {"p50", true},
                                                 {"p95", true},
                                                 {"Failed", true},
                                                 {"n", true}};
    struct groups groups;
    struct err err;
    if (!groups_make(&groups, page->result, TABLE_ROWS_MAX, &err)) {
        page->out->failed = true;
        return;
    }
    html_table_begin(page, "The same in a few steps", columns, 7);
    for (uint32_t i = 0; i < groups.count; i++)
        put_live_row(page, &groups, &groups.items[i]);
    html_table_end(page);
    groups_release(&groups);
}

static bool put_live(struct html *page, struct err *err)
{
    html_section(page, "live", "Real time");
    return put_figure(page, "dashboard_live", dashboard_find_live,
                      page->result->fault_count > 0
                          ? "Shaded: a fault is active. Percentiles of a point are the median of "
                            "those of its steps."
                          : "Percentiles of a point are the median of those of its steps.",
                      table_of_live, err);
}

/* ---- provider performance ---- */

static void table_of_percentiles(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false}, {"p50", true}, {"p95", true}, {"p99", true}};
    static const enum metric metrics[] = {METRIC_PROVIDER_P50_MS, METRIC_PROVIDER_P95_MS,
                                          METRIC_PROVIDER_P99_MS};
    html_table_begin(page, "Time to a quote; timeouts count as longer than their limit", columns,
                     4);
    html_provider_rows(page, metrics, 3);
    html_table_end(page);
}

static void table_of_errors(struct html *page)
{
    static const struct html_column columns[] = {{"Provider", false},
                                                 {"Asked", true},
                                                 {"Quotes in time", true},
                                                 {"Failed", true},
                                                 {"Of these timeouts", true}};
    static const enum metric metrics[] = {METRIC_ASKED, METRIC_QUOTES, METRIC_PROVIDER_ERROR_RATE,
                                          METRIC_TIMEOUTS};
    html_table_begin(page, "How asking ended (exact)", columns, 5);
    html_provider_rows(page, metrics, 4);
    html_table_end(page);
}

static void put_costs(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false}, {"API calls", true}, {"Cost", true},
        {"Retries", true},   {"Hedges", true},    {"Answers nobody waited for", true}};
    static const enum metric metrics[] = {METRIC_CALLS, METRIC_COST_CENTS, METRIC_RETRIES,
                                          METRIC_HEDGES, METRIC_LATE_ANSWERS};
    html_table_begin(page, "What asking cost, by the scenario's price of a call", columns, 6);
    html_provider_rows(page, metrics, 5);
    html_table_end(page);
}

static bool put_providers(struct html *page, struct err *err)
{
    html_section(page, "providers", "Provider performance");
    /* The operators' pie: bars, largest first, can be compared. */
    html_provider_shares(page, "Selection: routed orders by provider, largest share first");
    if (!put_figure(page, "share", finding_share, "Of all completed orders, in at most 120 steps.",
                    NULL, err) ||
        !put_figure(page, "percentiles", finding_percentiles,
                    "Both axes are logarithmic, the lower one towards the tail.",
                    table_of_percentiles, err) ||
        !put_figure(page, "dashboard_errors", dashboard_find_errors,
                    "In at most 120 steps; timeouts count as failures.", table_of_errors, err))
        return false;
    put_costs(page);
    return true;
}

/* ---- business ---- */

static void put_sureness(struct text *words, const struct metric_traits *traits,
                         const struct metric_value *value)
{
    if (value->state != VALUE_KNOWN) return;
    struct text interval = {0};
    show_interval(&interval, traits->unit, value);
    if (interval.length > 0)
        text_format(words, "95%%: %s", interval.bytes);
    else
        text_put(words, "exact");
    text_put(words, ", n = ");
    text_grouped(words, (int64_t)value->n);
    text_release(&interval);
}

/* "without: $5.76, here -$0.12" */
static void put_control(struct html *page, const struct dashboards *dashboards, enum metric metric)
{
    const struct metric_traits *traits = &metric_traits[metric];
    const struct metric_value *value = value_of(page->result, 0, SCOPE_ROUTER, metric);
    if (dashboards->control == NULL) return;
    const struct metric_value *control = &dashboards->control[metric];
    struct text words = {0};
    text_put(&words, "control: ");
    show_value_short(&words, traits->unit, control);
    if (dashboards->control_replications != page->result->replications)
        text_put(&words, ", its first repeat");
    else if (value->state == VALUE_KNOWN && control->state == VALUE_KNOWN) {
        const double delta = value->value - control->value;
        text_put(&words, delta < 0 ? "; here \u2212" : "; here +");
        show_number(&words, traits->unit, fabs(delta));
    }
    text_put(page->out, "<dd class=\"small\">");
    html_put(page, &words);
    text_put(page->out, "</dd>");
}

static void put_card(struct html *page, const struct dashboards *dashboards, enum metric metric)
{
    const struct metric_traits *traits = &metric_traits[metric];
    const struct metric_value *value = value_of(page->result, 0, SCOPE_ROUTER, metric);
    struct text words = {0}, sure = {0};
    text_put(page->out, "<div><dt>");
    html_text(page, traits->label);
    text_put(page->out, "</dt><dd>");
    show_value_short(&words, traits->unit, value);
    html_put(page, &words);
    text_put(page->out, "</dd><dd class=\"small\">");
    put_sureness(&sure, traits, value);
    html_put(page, &sure);
    text_put(page->out, "</dd>");
    put_control(page, dashboards, metric);
    text_put(page->out, "</div>\n");
}

static void put_business(struct html *page, const struct dashboards *dashboards)
{
    static const enum metric cards[] = {METRIC_ORDERS,
                                        METRIC_ROUTED,
                                        METRIC_CART_CENTS,
                                        METRIC_COMMISSION_CENTS,
                                        METRIC_SAVINGS_MEAN_CENTS,
                                        METRIC_SAVINGS_BEST_CENTS};
    static const enum metric money[] = {METRIC_CART_CENTS, METRIC_COMMISSION_CENTS,
                                        METRIC_SAVINGS_MEAN_CENTS, METRIC_SAVINGS_BEST_CENTS};
    html_section(page, "business", "Business");
    text_put(page->out, "<p>");
    html_finding(page, finding_money);
    text_put(page->out, "</p>\n");
    if (dashboards->control != NULL) {
        text_put(page->out, "<p class=\"muted\">Control: ");
        html_text(page, dashboards->control_label);
        text_put(page->out, ".</p>\n");
    }
    text_put(page->out, "<dl class=\"cards\">\n");
    for (size_t i = 0; i < sizeof cards / sizeof *cards; i++)
        put_card(page, dashboards, cards[i]);
    text_put(page->out, "</dl>\n");
    html_metrics(page, "What these figures are", money, sizeof money / sizeof *money);
}

/* ---- the page ---- */

static void put_head(struct html *page, bool with_answers)
{
    const struct result *result = page->result;
    text_put(page->out, "<header>\n<p class=\"muted\">The operators\u2019 dashboards \u00b7 ");
    html_text(page, result->scenario);
    text_put(page->out, ", seed ");
    html_text(page, result->seed_text);
    text_put(page->out, "</p>\n<h1>");
    html_text(page, result->title);
    text_put(page->out, "</h1>\n");
    if (page->drawing->reason[0] != '\0') {
        text_put(page->out, "<p class=\"notice\">");
        html_text(page, page->drawing->reason);
        text_put(page->out, "</p>\n");
    }
    if (!result->complete) {
        text_put(page->out, "<p class=\"notice\">The run was stopped early: ");
        html_text(page, result->stopped_by);
        text_put(page->out, "</p>\n");
    }
    text_put(page->out, "<nav aria-label=\"Sections\"><ol>"
                        "<li><a href=\"#live\">Real time</a></li>"
                        "<li><a href=\"#providers\">Provider performance</a></li>"
                        "<li><a href=\"#business\">Business</a></li>");
    if (with_answers)
        text_put(page->out, "<li><a href=\"#answers\">The operators\u2019 queries</a></li>");
    text_put(page->out, "</ol></nav>\n</header>\n<main id=\"main\">\n");
}

bool dashboards_html(const struct dashboards *dashboards, const char *directory,
                     const struct drawing *drawing, struct text *out, struct err *err)
{
    struct html page = {
        .out = out, .result = dashboards->result, .drawing = drawing, .directory = directory};
    struct text title = {0};
    assert(dashboards->result != NULL && drawing != NULL);
    text_format(&title, "Dashboards: %s", dashboards->result->title);
    html_begin(&page, &title, "dashboards");
    put_head(&page, dashboards->answers != NULL);
    if (!put_live(&page, err) || !put_providers(&page, err)) return false;
    put_business(&page, dashboards);
    if (dashboards->answers != NULL) answers_write_html(&page, dashboards->answers);
    html_end(&page, dashboards->result->program);
    if (!out->failed) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for dashboards.html");
}

bool dashboards_write(const struct dashboards *dashboards, const char *directory,
                      const char *gnuplot, struct drawing *drawing, struct err *err)
{
    struct text page = {0};
    const bool good = dashboards_draw(dashboards->result, directory, gnuplot, drawing, err) &&
                      dashboards_html(dashboards, directory, drawing, &page, err) &&
                      files_write(directory, "dashboards.html", &page, err);
    text_release(&page);
    return good;
}
