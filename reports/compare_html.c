#include "reports/compare_html.h"

#include <string.h>

#include "reports/files.h"
#include "reports/html.h"
#include "reports/show.h"
#include "reports/svg_inline.h"

/* What a writer of compare_text.h writes, escaped. */
static void put(struct text *out, void (*write)(struct text *, const struct comparison *),
                const struct comparison *comparison)
{
    struct text plain = {0};
    write(&plain, comparison);
    if (plain.bytes != NULL) text_html(out, plain.bytes);
    out->failed |= plain.failed;
    text_release(&plain);
}

static void put_number(struct text *out, struct text *cell)
{
    text_put(out, "<td class=\"n\">");
    if (cell->bytes != NULL) text_html(out, cell->bytes);
    text_put(out, "</td>");
    out->failed |= cell->failed;
    text_release(cell);
}

static void put_head(struct html *page, const struct comparison *comparison)
{
    struct text title = {0};
    compare_write_counts(&title, comparison);
    text_format(&title, ": %s", comparison->a.result->scenario);
    html_begin(page, &title, "comparison");
    text_put(page->out, "<header><p class=\"muted\">Comparison of two runs</p>\n<h1>");
    html_text(page, comparison->a.result->title);
    text_put(page->out, "</h1></header>\n<main id=\"main\">\n");
}

static void put_banner(struct html *page, const struct comparison *comparison)
{
    struct text *out = page->out;
    const char *tone = comparison->verdicts[VERDICT_WORSE] > 0    ? "bad"
                       : comparison->verdicts[VERDICT_BETTER] > 0 ? "good"
                                                                  : "open";
    const char *glyph = strcmp(tone, "bad") == 0    ? "\u2717"
                        : strcmp(tone, "good") == 0 ? "\u2713"
                                                    : "\u2013";
    text_format(out, "<div class=\"verdict %s\" role=\"status\"><strong class=\"%s-word\">%s ",
                tone, tone, glyph);
    put(out, compare_write_counts, comparison);
    text_put(out, "</strong><p>");
    put(out, compare_write_finding, comparison);
    text_put(out, "</p><p>");
    put(out, comparison_caveats, comparison);
    text_put(out, "</p></div>\n<dl class=\"facts\">\n");
    html_fact(page, "A, the baseline", comparison->a.name);
    html_fact(page, "B", comparison->b.name);
    html_fact(page, "Scenario", comparison->a.result->scenario);
    html_fact(page, "Seed", comparison->a.result->seed_text);
    struct text orders = {0};
    text_grouped(&orders, (int64_t)comparison->orders);
    html_fact(page, "Orders paired", orders.bytes != NULL ? orders.bytes : "");
    out->failed |= orders.failed;
    text_release(&orders);
    text_put(out, "</dl>\n");
}

static bool put_forest(struct text *out, const struct compare_page *page, struct err *err)
{
    char reason[COMPARE_REASON_MAX];
    if (!compare_draw_forest(page, reason, err)) {
        if (err->code != ERR_NONE) return false;
        text_put(out, "<p class=\"notice\">");
        text_html(out, reason);
        text_put(out, "</p>\n");
        return true;
    }
    struct text svg = {0};
    uint32_t unknown = 0;
    const struct svg_words words = {
        "forest", "Differences and their intervals",
        "A forest plot: for each metric a dot at B minus A in percent of A, with its interval, "
        "against a shaded noise zone. The table below has the same numbers."};
    text_put(out, "<figure id=\"fig-forest\"><h3>What differs, and how surely</h3>\n<div "
                  "class=\"scroll\" tabindex=\"0\" role=\"group\" "
                  "aria-label=\"Differences and their intervals\">");
    const bool good = files_read(page->directory, "forest.svg", &svg, err) &&
                      svg_inline(out, svg.bytes != NULL ? svg.bytes : "", &words, &unknown, err);
    text_put(out, "</div>\n<figcaption>Figure 1. Dots are differences, lines their intervals. Red: "
                  "worse, green: better, blue: changed, amber: inconclusive, grey: the same; the "
                  "table says it in words. What is 0 in A has no percentage and is left "
                  "out.</figcaption></figure>\n");
    text_release(&svg);
    return good;
}

static void put_row(struct html *page, const struct comparison_row *row)
{
    static const char *const words[COMPARE_VERDICTS] = {
        [VERDICT_WORSE] = "<span class=\"bad-word\">\u2717 worse</span>",
        [VERDICT_BETTER] = "<span class=\"good-word\">\u2713 better</span>",
        [VERDICT_CHANGED] = "changed",
        [VERDICT_INCONCLUSIVE] = "<span class=\"open-word\">inconclusive</span>",
        [VERDICT_SAME] = "same"};
    char label[COMPARE_LABEL_MAX];
    struct text cells[6] = {0};
    comparison_label(row, label);
    html_row_begin(page, label);
    text_format(page->out, "<td>%s</td>", words[row->verdict]);
    compare_show_value(&cells[0], row, row->a);
    compare_show_value(&cells[1], row, row->b);
    compare_show_difference(&cells[2], row);
    compare_show_interval(&cells[3], row);
    compare_show_p(&cells[4], row->p_adjusted);
    text_grouped(&cells[5], (int64_t)row->difference.n);
    for (unsigned i = 0; i < 6; i++)
        put_number(page->out, &cells[i]);
    html_cell(page, compare_method(row));
    html_row_end(page);
}

static void put_rows(struct html *page, const struct comparison *comparison)
{
    static const struct html_column columns[] = {
        {"Metric", false},  {"Verdict", false},   {"A", true},
        {"B", true},        {"B \u2212 A", true}, {"Interval", true},
        {"p (Holm)", true}, {"n", true},          {"Method", false},
    };
    html_section(page, "metrics", "Every metric");
    html_table_begin(page, "Differences, orders paired", columns, sizeof columns / sizeof *columns);
    for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
        for (uint32_t r = 0; r < comparison->row_count; r++)
            if (comparison->rows[r].verdict == v) put_row(page, &comparison->rows[r]);
    html_table_end(page);
}

static void put_moves(struct html *page, const struct comparison *comparison)
{
    struct html_column columns[PROVIDER_COUNT + 2] = {{"From (A)", false}};
    for (unsigned to = 0; to <= COMPARE_NOWHERE; to++)
        columns[to + 1] = (struct html_column){compare_destination(to), true};
    html_section(page, "decisions", "Decisions that changed");
    text_put(page->out, "<p>");
    put(page->out, compare_write_moves, comparison);
    text_put(page->out, ".</p>\n");
    html_table_begin(page, "Orders by where A sent them (rows) and where B did (columns)", columns,
                     PROVIDER_COUNT + 2);
    for (unsigned from = 0; from <= COMPARE_NOWHERE; from++) {
        html_row_begin(page, compare_destination(from));
        for (unsigned to = 0; to <= COMPARE_NOWHERE; to++)
            html_cell_count(page, (double)comparison->moves[from][to]);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_settings(struct html *page, const struct comparison *comparison)
{
    static const struct html_column columns[] = {{"Setting", false}, {"A", false}, {"B", false}};
    html_section(page, "settings", "Settings that differ");
    if (comparison->setting_count == 0) {
        text_put(page->out, "<p>None.</p>\n");
        return;
    }
    html_table_begin(page, "Router settings", columns, 3);
    for (uint32_t s = 0; s < comparison->setting_count; s++) {
        const struct comparison_setting *setting = &comparison->settings[s];
        html_row_begin(page, setting->path);
        html_cell(page, setting->a);
        html_cell(page, setting->b);
        html_row_end(page);
    }
    html_table_end(page);
    if (comparison->settings_beyond > 0)
        text_format(page->out, "<p>And %u more.</p>\n", (unsigned)comparison->settings_beyond);
}

bool compare_write_html(struct text *out, const struct compare_page *page, struct err *err)
{
    const struct comparison *comparison = page->comparison;
    struct html helper = {.out = out, .result = comparison->b.result};
    put_head(&helper, comparison);
    put_banner(&helper, comparison);
    if (!put_forest(out, page, err)) return false;
    put_rows(&helper, comparison);
    compare_drill_html(&helper, comparison);
    put_moves(&helper, comparison);
    put_settings(&helper, comparison);
    html_section(&helper, "method", "Method");
    text_put(out, "<p>");
    put(out, compare_write_method, comparison);
    text_put(out, "</p>\n");
    html_end(&helper, comparison->b.result->program);
    if (!out->failed) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the page");
}
