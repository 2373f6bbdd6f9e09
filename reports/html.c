#include "reports/html.h"

#include <assert.h>
#include <math.h>

#include "reports/findings.h"
#include "reports/show.h"

void html_finding(struct html *page, void (*finding)(const struct result *, struct text *))
{
    struct text plain = {0};
    finding(page->result, &plain);
    html_put(page, &plain);
}

void html_cell_value(struct html *page, enum metric_unit unit, const struct metric_value *value)
{
    struct text plain = {0};
    show_value_short(&plain, unit, value);
    text_put(page->out, "<td class=\"n\">");
    html_put(page, &plain);
    if (value->state == VALUE_TOO_FEW) {
        text_put(page->out, "<span class=\"need\">needs \u2265 ");
        text_grouped(page->out, (int64_t)ceil(value->needs));
        text_put(page->out, "</span>");
    }
    text_put(page->out, "</td>");
}

void html_cell_metric(struct html *page, uint32_t phase, unsigned scope, enum metric metric)
{
    html_cell_value(page, metric_traits[metric].unit, value_of(page->result, phase, scope, metric));
}

void html_metrics(struct html *page, const char *caption, const enum metric *metrics, size_t count)
{
    const bool intervals = page->result->replications > 1;
    const struct html_column columns[] = {
        {"Figure", false},
        {"Value", true},
        {intervals ? "95% interval" : "n", true},
        {intervals ? "n" : "Meaning", intervals},
        {"Meaning", false},
    };
    html_table_begin(page, caption, columns, intervals ? 5 : 4);
    for (size_t i = 0; i < count; i++) {
        const struct metric_traits *traits = &metric_traits[metrics[i]];
        const struct metric_value *value = value_of(page->result, 0, SCOPE_ROUTER, metrics[i]);
        html_row_begin(page, traits->label);
        html_cell_value(page, traits->unit, value);
        if (intervals) {
            struct text interval = {0};
            show_interval(&interval, traits->unit, value);
            if (interval.length == 0) text_put(&interval, "\u2013");
            html_cell_number(page, &interval);
        }
        html_cell_count(page, (double)value->n);
        html_cell(page, traits->help);
        html_row_end(page);
    }
    html_table_end(page);
}

bool html_figure(struct html *page, const char *name,
                 void (*finding)(const struct result *, struct text *), const char *caption,
                 void (*table)(struct html *), struct err *err)
{
    struct text heading = {0};
    struct text description = {0};
    finding(page->result, &heading);
    figure_describe(page->result, name, &description);
    const struct html_figure figure = {.name = name,
                                       .title = figure_title(name),
                                       .heading = &heading,
                                       .description = &description,
                                       .caption = caption,
                                       .table = table};
    const bool good = html_picture(page, &figure, err);
    text_release(&heading);
    text_release(&description);
    return good;
}

/* ---- the page ---- */

bool html_write(struct html *page, struct err *err)
{
    assert(page->out != NULL && page->result != NULL && page->drawing != NULL);
    struct text title = {0};
    text_format(&title, "%s: %s", verdict_word(page->result), page->result->title);
    html_begin(page, &title, "results");
    html_overview(page);
    if (!html_course(page, err) || !html_providers(page, err) || !html_money(page, err))
        return false;
    html_method(page);
    html_end(page, page->result->program);
    if (!page->out->failed) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for report.html");
}
