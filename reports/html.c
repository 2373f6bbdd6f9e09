#include "reports/html.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "reports/files.h"
#include "reports/findings.h"
#include "reports/show.h"
#include "reports/svg_inline.h"

/* ---- text, tables, cells ---- */

void html_text(struct html *page, const char *plain)
{
    text_html(page->out, plain);
}

/* A number stays with its unit when a line is broken: "10.0 s", "> 10.0 s", "18 min". */
static void bind_units(struct text *plain)
{
    struct text bound = {0};
    for (size_t i = 0; i < plain->length; i++) {
        const char *at = plain->bytes + i;
        const bool number_before = i > 0 && isdigit((unsigned char)at[-1]);
        const size_t word = *at == ' ' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
        const bool sign_before =
            (i > 0 && at[-1] == '>') ||
            (i > 2 && (memcmp(at - 3, "\u2264", 3) == 0 || memcmp(at - 3, "\u2265", 3) == 0));
        const bool bind = *at == ' ' && ((number_before && word >= 1 && word <= 3) || sign_before);
        if (bind)
            text_put(&bound, "\u00a0");
        else
            text_char(&bound, *at);
    }
    bound.failed |= plain->failed;
    text_release(plain);
    *plain = bound;
}

static void put_escaped(struct html *page, struct text *plain)
{
    bind_units(plain);
    if (plain->failed) page->out->failed = true;
    if (plain->bytes != NULL) text_html(page->out, plain->bytes);
    text_release(plain);
}

void html_code(struct html *page, const char *plain)
{
    text_put(page->out, "<code>");
    while (*plain != '\0') {
        const size_t whole = strcspn(plain, "/._");
        const size_t length = plain[whole] != '\0' ? whole + 1 : whole;
        struct text part = {0};
        text_append(&part, plain, length);
        if (part.failed) page->out->failed = true;
        if (part.bytes != NULL) text_html(page->out, part.bytes);
        text_release(&part);
        plain += length;
        if (*plain != '\0') text_put(page->out, "<wbr>");
    }
    text_put(page->out, "</code>");
}

void html_finding(struct html *page, void (*finding)(const struct result *, struct text *))
{
    struct text plain = {0};
    finding(page->result, &plain);
    put_escaped(page, &plain);
}

void html_section(struct html *page, const char *id, const char *title)
{
    text_format(page->out, "\n<h2 id=\"%s\">%s</h2>\n", id, title);
}

void html_table_begin(struct html *page, const char *caption, const struct html_column *columns,
                      size_t count)
{
    text_put(page->out, "<div class=\"scroll\"><table><caption>");
    html_text(page, caption);
    text_put(page->out, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        text_put(page->out,
                 columns[i].number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
        html_text(page, columns[i].title);
        text_put(page->out, "</th>");
    }
    text_put(page->out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct html *page)
{
    text_put(page->out, "</tbody></table></div>\n");
}

void html_row_begin(struct html *page, const char *heading)
{
    text_put(page->out, "<tr><th scope=\"row\">");
    html_text(page, heading);
    text_put(page->out, "</th>");
}

void html_row_provider(struct html *page, unsigned provider)
{
    static const char *const tokens_of[PROVIDER_COUNT] = {"mealme", "instacart", "kroger",
                                                          "walmart"};
    text_format(page->out,
                "<tr><th scope=\"row\"><span class=\"key\" style=\"background:var(--%s)\"></span>",
                tokens_of[provider]);
    html_text(page, provider_traits[provider].short_name);
    text_put(page->out, "</th>");
}

void html_row_end(struct html *page)
{
    text_put(page->out, "</tr>\n");
}

void html_cell(struct html *page, const char *plain)
{
    text_put(page->out, "<td>");
    html_text(page, plain);
    text_put(page->out, "</td>");
}

static void number_cell(struct html *page, struct text *plain)
{
    text_put(page->out, "<td class=\"n\">");
    put_escaped(page, plain);
    text_put(page->out, "</td>");
}

void html_cell_count(struct html *page, double count)
{
    struct text plain = {0};
    show_count(&plain, count);
    number_cell(page, &plain);
}

void html_cell_value(struct html *page, enum metric_unit unit, const struct metric_value *value)
{
    struct text plain = {0};
    show_value_short(&plain, unit, value);
    text_put(page->out, "<td class=\"n\">");
    put_escaped(page, &plain);
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

void html_cell_latency(struct html *page, double ms)
{
    struct text plain = {0};
    if (isfinite(ms))
        show_latency(&plain, ms);
    else
        text_put(&plain, "\u2013");
    number_cell(page, &plain);
}

void html_cell_share(struct html *page, double share)
{
    struct text plain = {0};
    if (isfinite(share))
        show_share(&plain, share);
    else
        text_put(&plain, "\u2013");
    number_cell(page, &plain);
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
            number_cell(page, &interval);
        }
        html_cell_count(page, (double)value->n);
        html_cell(page, traits->help);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- figures ---- */

static const struct drawing_figure *figure_state(const struct html *page, const char *name)
{
    for (uint32_t i = 0; i < page->drawing->count; i++)
        if (strcmp(page->drawing->figures[i].name, name) == 0) return &page->drawing->figures[i];
    return NULL;
}

static bool put_picture(struct html *page, const char *name, struct err *err)
{
    char path[64];
    struct text svg = {0};
    struct text description = {0};
    (void)snprintf(path, sizeof path, "plots/%s.svg", name);
    figure_describe(page->result, name, &description);
    text_put(page->out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    html_text(page, figure_title(name));
    text_put(page->out, "\">");
    const struct svg_words words = {name, figure_title(name),
                                    description.bytes != NULL ? description.bytes : ""};
    uint32_t unknown = 0;
    const bool good =
        files_read(page->directory, path, &svg, err) &&
        svg_inline(page->out, svg.bytes != NULL ? svg.bytes : "", &words, &unknown, err);
    page->unknown_colours += unknown;
    text_put(page->out, "</div>\n");
    text_release(&svg);
    text_release(&description);
    return good;
}

bool html_figure(struct html *page, const char *name,
                 void (*finding)(const struct result *, struct text *), const char *caption,
                 void (*table)(struct html *), struct err *err)
{
    const struct drawing_figure *state = figure_state(page, name);
    const char *absence = state != NULL ? state->absence : NULL;
    const bool drawn = state != NULL && state->drawn;
    if (absence != NULL) {
        text_put(page->out, "<p>");
        html_text(page, absence);
        text_put(page->out, "</p>\n");
        return true;
    }
    text_format(page->out, "<figure id=\"fig-%s\"><h3>", name);
    html_finding(page, finding);
    text_put(page->out, "</h3>\n");
    if (drawn && !put_picture(page, name, err)) return false;
    text_put(page->out, "<figcaption>");
    if (drawn) text_format(page->out, "Figure %u. ", ++page->figures);
    html_text(page, caption);
    text_format(page->out, " Data: <code>plots/%s.tsv</code>.", name);
    text_put(page->out, "</figcaption>\n");
    if (table != NULL) {
        text_put(page->out, drawn ? "<details><summary>The numbers</summary>\n"
                                  : "<details open><summary>The numbers</summary>\n");
        table(page);
        text_put(page->out, "</details>\n");
    }
    text_put(page->out, "</figure>\n");
    return true;
}

/* ---- the page ---- */

static void put_head(struct html *page)
{
    struct text *out = page->out;
    text_put(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'; img-src data:\">\n<title>");
    html_text(page, verdict_word(page->result));
    text_put(out, ": ");
    html_text(page, page->result->title);
    text_put(out, "</title>\n<style>\n");
    html_style(out);
    text_put(
        out,
        "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n");
}

bool html_write(struct html *page, struct err *err)
{
    assert(page->out != NULL && page->result != NULL && page->drawing != NULL);
    put_head(page);
    html_overview(page);
    if (!html_course(page, err) || !html_providers(page, err) || !html_money(page, err))
        return false;
    html_method(page);
    text_put(page->out, "</main>\n<footer><p class=\"muted\">");
    html_text(page, page->result->program);
    text_put(page->out,
             " \u00b7 no scripts, nothing loaded from elsewhere</p></footer>\n</body>\n</html>\n");
    if (!page->out->failed) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for report.html");
}
