/* What two drills measured, side by side: for terminals, pull requests, pages and programs. */
#include <math.h>
#include <string.h>

#include "reports/columns.h"
#include "reports/compare_html.h"
#include "reports/drill_text.h"
#include "reports/html.h"
#include "sim/analysis/drill_compare.h"

static const enum drill_measure shown[] = {
    DRILL_TTD,
    DRILL_TTA,
    DRILL_TIME_TO_ACT,
    DRILL_TTM,
    DRILL_TTR,
    DRILL_RTO_MET,
    DRILL_BUDGET_BURNED,
    DRILL_BUDGET_BEFORE_DETECT,
    DRILL_BAD_ORDERS,
    DRILL_ORDERS_LOST,
    DRILL_FAKE_PRICE_ORDERS,
    DRILL_COMMISSION_LOST,
    DRILL_PAGES,
    DRILL_FALSE_PAGES,
    DRILL_NOOPS,
    DRILL_TIME_IN_MOCK,
    DRILL_DEBT_TIME,
    DRILL_DEBT_ORDERS,
};
enum { SHOWN = sizeof shown / sizeof *shown };

#define PAIRED " p is the sign test's, and Holm's over the measures that differ in any repeat."

/* ---- words ---- */

static void show_signed(struct text *text, enum drill_unit unit, double value)
{
    if (isinf(value)) {
        text_put(text, value > 0.0 ? "now never" : "was never");
        return;
    }
    if (value > 0.0) text_char(text, '+');
    if (value < 0.0) text_put(text, "\u2212");
    if (unit == DRILL_SHARE) {
        text_fixed(text, 100.0 * fabs(value), 2);
        text_put(text, " pp");
    } else {
        drill_show_number(text, unit, fabs(value));
    }
}

static void show_difference(struct text *text, enum drill_measure measure,
                            const struct drill_comparison_row *row)
{
    if (row->difference.state == DRILL_NOT_APPLICABLE)
        text_put(text, "n/a");
    else
        show_signed(text, drill_measure_traits[measure].unit, row->difference.value);
}

/* Where both ends have one unit it is said once: "\u221210.35 to \u22129.95 pp". */
static void put_ends(struct text *text, struct text *low, struct text *high)
{
    const char *const from = low->bytes != NULL ? low->bytes : "";
    const char *const to = high->bytes != NULL ? high->bytes : "";
    const char *const unit = strrchr(from, ' '), *const other = strrchr(to, ' ');
    const bool words = strstr(from, "never") != NULL || strstr(to, "never") != NULL;
    const bool once = !words && unit != NULL && other != NULL && strcmp(unit, other) == 0;
    text_append(text, from, once ? (size_t)(unit - from) : strlen(from));
    if (strcmp(from, to) != 0 || once) text_format(text, " to %s", to);
    text->failed |= low->failed || high->failed;
    text_release(low);
    text_release(high);
}

/* The interval of the median difference; of what has no pairs, where it applies. */
static void show_interval(struct text *text, const struct drill_comparison *drill,
                          enum drill_measure measure, const struct drill_comparison_row *row)
{
    const enum drill_unit unit = drill_measure_traits[measure].unit;
    if (row->pairs == 0) {
        text_format(text, "only in %s", row->only_a > row->only_b ? "A" : "B");
    } else if (drill->repeats == 1) {
        return;
    } else if (row->sign.above + row->sign.below == 0) {
        text_put(text, "the same in all");
    } else if (isnan(row->sign.low)) {
        text_put(text, "n/a");
    } else {
        struct text low = {0}, high = {0};
        show_signed(&low, unit, row->sign.low);
        show_signed(&high, unit, row->sign.high);
        put_ends(text, &low, &high);
    }
}

static void show_p(struct text *text, const struct drill_comparison_row *row)
{
    compare_show_p(text, row->p_adjusted);
}

/* "better in 6, worse in 0 of 6". */
static void show_pairs(struct text *text, enum drill_measure measure,
                       const struct drill_comparison_row *row)
{
    const bool low = drill_measure_traits[measure].low_is_good;
    text_format(text, "%u / %u / %u", (unsigned)(low ? row->sign.below : row->sign.above),
                (unsigned)(low ? row->sign.above : row->sign.below), (unsigned)row->pairs);
}

/* What applies to neither drill says nothing. */
static bool says_something(const struct drill_comparison_row *row)
{
    return row->pairs + row->only_a + row->only_b > 0;
}

void compare_write_drill_method(struct text *text, const struct comparison *comparison)
{
    const struct drill_comparison *drill = comparison->drill;
    if (drill == NULL) return;
    if (drill->repeats == 1) {
        text_put(text,
                 "One repeat of each drill, the same orders, faults and luck: what differs is "
                 "the treatment's doing, in this one story.");
    } else {
        text_format(text,
                    "Medians of %u repeats, paired by repeat; B \u2212 A is the median of the "
                    "differences, with its exact %g%% interval.",
                    drill->repeats - drill->left_out, 100.0 * drill->level);
    }
    text_put(text, " \"Never\" is longer than anything.");
    if (drill->left_out > 0)
        text_format(text, " %u repeat%s without a steady state to begin with %s left out.",
                    drill->left_out, drill->left_out == 1 ? "" : "s",
                    drill->left_out == 1 ? "is" : "are");
}

/* ---- console ---- */

enum { LABEL = 26, VALUE = 10, DIFFERENCE = 11 };

static void put_row(const struct columns *columns, const struct drill_comparison *drill,
                    enum drill_measure measure)
{
    const struct drill_comparison_row *row = &drill->rows[measure];
    struct text a = {0}, b = {0}, difference = {0}, interval = {0};
    drill_show_value(&a, measure, &row->a);
    drill_show_value(&b, measure, &row->b);
    show_difference(&difference, measure, row);
    show_interval(&interval, drill, measure, row);
    columns_spaces(columns, 2);
    columns_put(columns, drill_measure_traits[measure].label, LABEL - 1, COLUMNS_LEFT);
    columns_cell(columns, &a, VALUE, COLUMNS_NUMBER);
    columns_cell(columns, &b, VALUE, COLUMNS_NUMBER);
    columns_cell(columns, &difference, DIFFERENCE, COLUMNS_NUMBER);
    columns_spaces(columns, 2);
    columns_cell(columns, &interval, 0, COLUMNS_NUMBER);
    columns_end(columns);
}

void compare_drill_console(struct text *text, const struct comparison *comparison,
                           const struct compare_style *style)
{
    const struct drill_comparison *drill = comparison->drill;
    const struct columns columns = {.text = text, .unicode = style->unicode, .color = style->color};
    struct text method = {0};
    if (drill == NULL) return;
    text_put(text, "\n");
    columns_spaces(&columns, 2);
    columns_put(&columns, "THE DRILL", LABEL - 1, COLUMNS_LEFT);
    columns_put(&columns, "A", VALUE, COLUMNS_RIGHT);
    columns_put(&columns, "B", VALUE, COLUMNS_RIGHT);
    columns_put(&columns, "B - A", DIFFERENCE, COLUMNS_RIGHT);
    columns_spaces(&columns, 2);
    if (drill->repeats > 1) text_format(text, "%g%% interval", 100.0 * drill->level);
    columns_end(&columns);
    for (unsigned i = 0; i < SHOWN; i++)
        if (says_something(&drill->rows[shown[i]])) put_row(&columns, drill, shown[i]);
    compare_write_drill_method(&method, comparison);
    columns_wrap(&columns, "  ", &method, 80);
}

/* ---- Markdown ---- */

void compare_drill_markdown(struct text *text, const struct comparison *comparison)
{
    const struct drill_comparison *drill = comparison->drill;
    if (drill == NULL) return;
    text_put(text,
             "\n| the drill | A | B | B \u2212 A | interval | better / worse / pairs | p (Holm) |"
             "\n|---|--:|--:|--:|--:|--:|--:|\n");
    for (unsigned i = 0; i < SHOWN; i++) {
        const enum drill_measure measure = shown[i];
        const struct drill_comparison_row *row = &drill->rows[measure];
        if (!says_something(row)) continue;
        text_format(text, "| %s | ", drill_measure_traits[measure].label);
        drill_show_value(text, measure, &row->a);
        text_put(text, " | ");
        drill_show_value(text, measure, &row->b);
        text_put(text, " | ");
        show_difference(text, measure, row);
        text_put(text, " | ");
        show_interval(text, drill, measure, row);
        text_put(text, " | ");
        show_pairs(text, measure, row);
        text_put(text, " | ");
        show_p(text, row);
        text_put(text, " |\n");
    }
    text_char(text, '\n');
    compare_write_drill_method(text, comparison);
    if (drill->repeats > 1) text_put(text, PAIRED);
    text_char(text, '\n');
}

/* ---- JSON ---- */

static void put_json_number(struct text *text, double value)
{
    if (isinf(value))
        text_put(text, value > 0.0 ? "\"now never\"" : "\"was never\"");
    else
        text_double(text, value); /* NaN: null */
}

static void put_json_value(struct text *text, const char *key, const struct drill_value *value)
{
    text_format(text, ", \"%s\": ", key);
    if (value->state == DRILL_NEVER)
        text_put(text, "\"never\"");
    else if (value->state == DRILL_NOT_APPLICABLE)
        text_put(text, "null");
    else
        text_double(text, value->value);
}

static void put_json_row(struct text *text, enum drill_measure measure,
                         const struct drill_comparison_row *row)
{
    static const char *const units[] = {[DRILL_SECONDS] = "s",
                                        [DRILL_SHARE] = "share",
                                        [DRILL_COUNT] = "count",
                                        [DRILL_CENTS] = "cents"};
    const struct drill_measure_traits *traits = &drill_measure_traits[measure];
    text_format(text, "{\"measure\": \"%s\", \"unit\": \"%s\", \"low_is_good\": %s", traits->name,
                units[traits->unit], traits->low_is_good ? "true" : "false");
    put_json_value(text, "a", &row->a);
    put_json_value(text, "b", &row->b);
    text_put(text, ", \"difference\": ");
    if (row->difference.state == DRILL_NOT_APPLICABLE)
        text_put(text, "null");
    else
        put_json_number(text, row->difference.value);
    text_put(text, ", \"low\": ");
    put_json_number(text, row->sign.low);
    text_put(text, ", \"high\": ");
    put_json_number(text, row->sign.high);
    text_format(
        text, ", \"pairs\": %u, \"above\": %u, \"below\": %u, \"only_a\": %u, \"only_b\": %u",
        row->pairs, (unsigned)row->sign.above, (unsigned)row->sign.below, row->only_a, row->only_b);
    text_put(text, ", \"p\": ");
    put_json_number(text, row->sign.p);
    text_put(text, ", \"p_holm\": ");
    put_json_number(text, row->p_adjusted);
    text_char(text, '}');
}

void compare_drill_json(struct text *text, const struct comparison *comparison)
{
    const struct drill_comparison *drill = comparison->drill;
    if (drill == NULL) return;
    text_format(text, ",\n  \"drill\": {\"repeats\": %u, \"left_out\": %u, \"measures\": [",
                drill->repeats, drill->left_out);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        text_put(text, m == 0 ? "\n    " : ",\n    ");
        put_json_row(text, (enum drill_measure)m, &drill->rows[m]);
    }
    text_put(text, "\n  ]}");
}

/* ---- page ---- */

static void put_cell(struct html *page, struct text *cell)
{
    text_put(page->out, "<td class=\"n\">");
    if (cell->bytes != NULL) text_html(page->out, cell->bytes);
    text_put(page->out, "</td>");
    page->out->failed |= cell->failed;
    text_release(cell);
}

void compare_drill_html(struct html *page, const struct comparison *comparison)
{
    static const struct html_column columns[] = {
        {"Measure", false},   {"A", true},        {"B", true},
        {"B \u2212 A", true}, {"Interval", true}, {"Better / worse / pairs", true},
        {"p (Holm)", true},
    };
    const struct drill_comparison *drill = comparison->drill;
    struct text method = {0};
    if (drill == NULL) return;
    html_section(page, "drill", "The drill");
    html_table_begin(page, "Measures of both drills, repeats paired", columns,
                     sizeof columns / sizeof *columns);
    for (unsigned i = 0; i < SHOWN; i++) {
        const enum drill_measure measure = shown[i];
        const struct drill_comparison_row *row = &drill->rows[measure];
        struct text cells[6] = {0};
        if (!says_something(row)) continue;
        html_row_begin(page, drill_measure_traits[measure].label);
        drill_show_value(&cells[0], measure, &row->a);
        drill_show_value(&cells[1], measure, &row->b);
        show_difference(&cells[2], measure, row);
        show_interval(&cells[3], drill, measure, row);
        show_pairs(&cells[4], measure, row);
        show_p(&cells[5], row);
        for (unsigned c = 0; c < 6; c++)
            put_cell(page, &cells[c]);
        html_row_end(page);
    }
    html_table_end(page);
    compare_write_drill_method(&method, comparison);
    if (drill->repeats > 1) text_put(&method, PAIRED);
    text_put(page->out, "<p>");
    if (method.bytes != NULL) text_html(page->out, method.bytes);
    text_put(page->out, "</p>\n");
    page->out->failed |= method.failed;
    text_release(&method);
}
