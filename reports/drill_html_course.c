/* The course of a drill: the timeline, how long it took, latencies, who got the orders, the budget.
 */
#include <math.h>
#include <string.h>

#include "reports/drill_figures.h"
#include "reports/drill_html.h"
#include "reports/groups.h"
#include "reports/show.h"
#include "router/base/duration.h"

enum { TABLE_ROWS_MAX = 12, JOURNAL_ROWS_MAX = 200 };

/* ---- figures ---- */

static bool is_listed(const struct drawing *drawing, const char *name)
{
    for (uint32_t i = 0; i < drawing->count; i++)
        if (strcmp(drawing->figures[i].name, name) == 0) return true;
    return false;
}

bool drill_html_figure(struct html *page, const struct figure *figure, struct text *heading,
                       const char *caption, void (*table)(struct html *), struct err *err)
{
    const struct figure_subject subject = {.result = page->result, .drill = page->drill};
    struct text description = {0};
    if (!is_listed(page->drawing, figure->name)) {
        text_release(heading);
        text_put(page->out, "<p>No picture of this was made.</p>\n");
        if (table != NULL) table(page);
        return true;
    }
    if (figure->absence(&subject) == NULL) figure->describe(&subject, &description);
    const struct html_figure drawn = {.name = figure->name,
                                      .title = figure->title,
                                      .heading = heading,
                                      .description = &description,
                                      .caption = caption,
                                      .table = table};
    const bool good = html_picture(page, &drawn, err);
    text_release(&description);
    return good;
}

/* ---- the timeline ---- */

/* From the fault, where there was one. */
static void cell_since(struct html *page, int64_t at_us)
{
    struct text since = {0};
    if (page->drill->marks.fault_us == INT64_MAX)
        text_put(&since, "n/a");
    else
        drill_show_since_fault(&since, page->drill, at_us);
    html_cell_number(page, &since);
}

static void table_of_marks(struct html *page)
{
    static const struct html_column columns[] = {
        {"What", false}, {"From the fault", true}, {"At", true}};
    const struct drill *drill = page->drill;
    html_table_begin(page, "The instants that times are counted between", columns, 3);
    for (unsigned m = 0; m < DRILL_MARK_COUNT; m++) {
        const int64_t at_us = drill_mark_us(&drill->marks, (enum drill_mark)m);
        if (m == DRILL_MARK_STOPPED && at_us == INT64_MAX) continue;
        html_row_begin(page, drill_mark_labels[m]);
        cell_since(page, at_us);
        drill_html_instant(page, at_us);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_entry(struct html *page, const struct story_entry *entry)
{
    const struct drill *drill = page->drill;
    struct text words = {0};
    drill_show_instant(&words, entry->at_us);
    html_row_begin(page, words.bytes != NULL ? words.bytes : "");
    text_clear(&words);
    drill_show_clock(&words, drill, entry->at_us);
    html_cell_number(page, &words);
    drill_entry_who(&words, drill, entry);
    drill_html_cell(page, &words);
    drill_entry_what(&words, drill, entry);
    drill_html_cell(page, &words);
    drill_entry_cause(&words, drill, entry);
    drill_html_cell(page, &words);
    html_row_end(page);
}

static void put_journal(struct html *page)
{
    static const struct html_column columns[] = {
        {"At", false}, {"Clock", true}, {"Who", false}, {"What", false}, {"Because of", false}};
    const struct drill *drill = page->drill;
    if (drill->entry_count == 0) return;
    text_put(page->out, "<details><summary>The journal: each change and act, with its cause"
                        "</summary>\n");
    html_table_begin(page, drill->repeats > 1 ? "The journal of the first repeat" : "The journal",
                     columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < drill->entry_count && i < JOURNAL_ROWS_MAX; i++)
        put_entry(page, &drill->entries[i]);
    html_table_end(page);
    if (drill->entry_count > JOURNAL_ROWS_MAX)
        text_format(page->out, "<p>%u more entries stand in <code>timeline.csv</code>.</p>\n",
                    drill->entry_count - JOURNAL_ROWS_MAX);
    text_put(page->out, "</details>\n");
}

static void put_faults(struct html *page)
{
    static const struct html_column columns[] = {{"Fault", false},
                                                 {"What it does", false},
                                                 {"Providers", false},
                                                 {"From", true},
                                                 {"Until", true}};
    const struct result *result = &page->drill->result;
    if (result->fault_count == 0) {
        text_put(page->out, "<p>No fault was injected.</p>\n");
        return;
    }
    html_table_begin(page, "Faults that were injected", columns, 5);
    for (uint32_t i = 0; i < result->fault_count; i++) {
        const struct result_fault *fault = &result->faults[i];
        struct text words = {0};
        html_row_begin(page, fault->id);
        html_cell(page, fault->label);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if (fault->provider_mask >> p & 1)
                text_format(&words, "%s%s", words.length > 0 ? ", " : "",
                            provider_traits[p].short_name);
        if (words.length == 0) text_put(&words, "\u2013");
        drill_html_cell(page, &words);
        drill_html_instant(page, fault->from_us);
        drill_html_instant(page, fault->until_us);
        html_row_end(page);
    }
    html_table_end(page);
}

#define TIMELINE                                                                                   \
    "Dotted: pending, solid: firing. I the first bad order, D detected, A the first change is "    \
    "live, M mitigated, R recovered; a letter that is missing never came"

bool drill_html_course(struct html *page, struct err *err)
{
    const struct drill *drill = page->drill;
    struct text heading = {0};
    html_section(page, "course", "What happened");
    drill_find_timeline(&heading, drill);
    if (!drill_html_figure(page, &drill_figure_timeline, &heading,
                           drill->repeats > 1 ? "The first of the repeats. " TIMELINE : TIMELINE,
                           table_of_marks, err))
        return false;
    put_faults(page);
    put_journal(page);
    return true;
}

/* ---- response times ---- */

static const struct time_row {
    const char *label, *from;
    enum drill_measure measure, from_fault; /* DRILL_MEASURE_COUNT: none */
    enum drill_mark mark;
} time_rows[] = {
    {"Detect", "first bad order", DRILL_TTD, DRILL_TTD_FROM_FAULT, DRILL_MARK_DETECT},
    {"Acknowledge", "first page", DRILL_TTA, DRILL_MEASURE_COUNT, DRILL_MARK_ACK},
    {"Act", "first page", DRILL_TIME_TO_ACT, DRILL_MEASURE_COUNT, DRILL_MARK_ACT},
    {"Mitigate", "first bad order", DRILL_TTM, DRILL_TTM_FROM_FAULT, DRILL_MARK_MITIGATE},
    {"Recover", "first bad order", DRILL_TTR, DRILL_TTR_FROM_FAULT, DRILL_MARK_RECOVER},
};
enum { TIME_ROWS = sizeof time_rows / sizeof *time_rows };

static void put_times_of_one(struct html *page)
{
    static const struct html_column columns[] = {{"Time to", false}, {"Counted from", false},
                                                 {"Took", true},     {"From the fault", true},
                                                 {"At", true},       {"What counts", false}};
    const struct drill *drill = page->drill;
    html_table_begin(
        page, drill->repeats > 1 ? "How long it took, in the first repeat" : "How long it took",
        columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < TIME_ROWS; i++) {
        const struct time_row *row = &time_rows[i];
        const int64_t at_us = drill_mark_us(&drill->marks, row->mark);
        html_row_begin(page, row->label);
        html_cell(page, row->from);
        drill_html_value(page, row->measure, &drill->values[row->measure]);
        if (row->from_fault != DRILL_MEASURE_COUNT &&
            drill->values[row->from_fault].state == DRILL_NOT_APPLICABLE)
            text_put(page->out, "<td class=\"n\">n/a</td>");
        else
            cell_since(page, at_us);
        drill_html_instant(page, at_us);
        html_cell(page, drill_measure_traits[row->measure].help);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_times_of_repeats(struct html *page)
{
    static const struct html_column columns[] = {{"Time", false}, DRILL_SPREAD_TITLES};
    static const enum drill_measure measures[] = {
        DRILL_TTD, DRILL_TTD_FROM_FAULT, DRILL_TTA, DRILL_TIME_TO_ACT,
        DRILL_TTM, DRILL_TTM_FROM_FAULT, DRILL_TTR, DRILL_TTR_FROM_FAULT,
        DRILL_TTI};
    if (page->drill->repeats <= 1) return;
    html_table_begin(page, "The same over the repeats; \u201cnever\u201d is longer than anything",
                     columns, 1 + DRILL_SPREAD_COLUMNS);
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        html_row_begin(page, drill_measure_traits[measures[i]].label);
        drill_html_spread(page, measures[i]);
        html_row_end(page);
    }
    html_table_end(page);
}

void drill_html_times(struct html *page)
{
    const struct drill *drill = page->drill;
    struct text words = {0};
    html_section(page, "times", "Response times");
    if (drill->marks.absorbed && drill->marks.fault_us != INT64_MAX)
        text_put(&words, "No order was bad that is good without the fault: there was nothing to "
                         "mitigate or to recover from. ");
    else if (drill->marks.never_out)
        text_put(&words, "Users were hit, but most orders stayed good throughout: nothing had to "
                         "be mitigated. ");
    if (drill->rto_us >= 0) {
        text_put(&words, "The recovery time objective is ");
        show_span(&words, drill->rto_us);
        text_put(&words, drill->repeats > 1 ? "; met in the first repeat: " : "; met: ");
        drill_show_value(&words, DRILL_RTO_MET, &drill->values[DRILL_RTO_MET]);
        text_char(&words, '.');
    }
    drill_html_said(page, &words);
    put_times_of_one(page);
    put_times_of_repeats(page);
}

/* ---- over time ---- */

static bool begin_groups(struct html *page, struct groups *groups)
{
    struct err err;
    if (groups_make(groups, &page->drill->result, TABLE_ROWS_MAX, &err)) return true;
    page->out->failed = true;
    return false;
}

static void group_heading(struct html *page, const struct group *group)
{
    struct text words = {0};
    show_instant(&words, group->from_us);
    text_put(&words, " to ");
    show_instant(&words, group->until_us);
    html_row_begin(page, words.bytes != NULL ? words.bytes : "");
    page->out->failed |= words.failed;
    text_release(&words);
}

static void table_of_latencies(struct html *page)
{
    static const struct html_column columns[] = {
        {"Time", false}, {"Orders", true}, {"p50", true}, {"p95", true}, {"p99", true}};
    struct groups groups;
    if (!begin_groups(page, &groups)) return;
    html_table_begin(page, "Latency of orders in twelve steps or fewer", columns, 5);
    for (uint32_t i = 0; i < groups.count; i++) {
        group_heading(page, &groups.items[i]);
        html_cell_count(page, (double)groups.items[i].orders);
        html_cell_latency(page, groups.items[i].p50_ms);
        html_cell_latency(page, groups.items[i].p95_ms);
        html_cell_latency(page, groups.items[i].p99_ms);
        html_row_end(page);
    }
    html_table_end(page);
    groups_release(&groups);
}

bool drill_html_latency(struct html *page, struct err *err)
{
    struct text heading = {0};
    html_section(page, "latency", "Latency");
    drill_find_heat(&heading, page->drill);
    return drill_html_figure(
        page, &drill_figure_heat, &heading,
        page->drill->repeats > 1
            ? "The first of the repeats: orders by when they were decided and how long that took"
            : "Orders by when they were decided and how long that took",
        table_of_latencies, err);
}

/* ---- who got the orders ---- */

static void table_of_shares(struct html *page)
{
    static const struct html_column columns[] = {
        {"Time", false},  {"Orders", true},  {"MealMe", true},     {"Instacart", true},
        {"Kroger", true}, {"Walmart", true}, {"Not routed", true}, {"At invented prices", true}};
    struct groups groups;
    if (!begin_groups(page, &groups)) return;
    html_table_begin(page, "Orders won, in twelve steps or fewer", columns,
                     sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < groups.count; i++) {
        const struct group *group = &groups.items[i];
        group_heading(page, group);
        html_cell_count(page, (double)group->orders);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            html_cell_count(page, (double)group->providers[p].wins);
        html_cell_count(page, (double)group->failed);
        html_cell_count(page, (double)(group->routed - group->authentic));
        html_row_end(page);
    }
    html_table_end(page);
    groups_release(&groups);
}

bool drill_html_shares(struct html *page, struct err *err)
{
    struct text heading = {0};
    html_section(page, "selection", "Who got the orders");
    finding_share(page->result, &heading);
    return drill_html_figure(
        page, &figure_share, &heading,
        page->drill->repeats > 1
            ? "Share of the orders by who won them, and of those that nobody did; in words over "
              "all repeats, in the picture the first of them"
            : "Share of the orders by who won them, and of those that nobody did",
        table_of_shares, err);
}

/* ---- the budget ---- */

static const struct {
    const char *label;
    enum drill_measure measure;
} budget_rows[] = {
    {"Before the first page", DRILL_BUDGET_BEFORE_DETECT},
    {"From there until mitigated", DRILL_BUDGET_BEFORE_MITIGATE},
    {"From there until recovered", DRILL_BUDGET_BEFORE_RECOVER},
    {"After recovery", DRILL_BUDGET_AFTER},
    {"All, from the fault on", DRILL_BUDGET_BURNED},
};

static void table_of_budget(struct html *page)
{
    static const struct html_column one[] = {{"Phase", false},
                                             {"Of the period\u2019s budget", true}};
    static const struct html_column several[] = {
        {"Phase", false}, {"First repeat", true}, DRILL_SPREAD_TITLES};
    const struct drill *drill = page->drill;
    const bool many = drill->repeats > 1;
    html_table_begin(page, "Where the budget went, in order of time", many ? several : one,
                     many ? 2 + DRILL_SPREAD_COLUMNS : 2);
    for (size_t i = 0; i < sizeof budget_rows / sizeof *budget_rows; i++) {
        const enum drill_measure measure = budget_rows[i].measure;
        html_row_begin(page, budget_rows[i].label);
        drill_html_value(page, measure, &drill->values[measure]);
        if (many) drill_html_spread(page, measure);
        html_row_end(page);
    }
    html_table_end(page);
}

/* Twelve rows or fewer of what the picture shows. */
static void table_of_burn(struct html *page)
{
    static const struct html_column columns[] = {{"Time", false},
                                                 {"Orders judged", true},
                                                 {"Bad", true},
                                                 {"Bad without the fault", true},
                                                 {"Budget burned so far", true}};
    const struct drill *drill = page->drill;
    const struct drill_burn *burn = &drill->burn;
    const uint32_t each = (burn->count + TABLE_ROWS_MAX - 1) / TABLE_ROWS_MAX;
    uint64_t burned = 0;
    html_table_begin(page, "Orders by when their last act was", columns, 5);
    for (uint32_t from = 0; from < burn->count; from += each) {
        const uint32_t until = from + each < burn->count ? from + each : burn->count;
        const int64_t bucket_us = (int64_t)burn->bucket_s * US_PER_SECOND;
        const struct group span = {.from_us = from * bucket_us, .until_us = until * bucket_us};
        uint64_t judged = 0, bad = 0, control = 0;
        struct text share = {0};
        for (uint32_t i = from; i < until; i++) {
            judged += burn->judged[i];
            bad += burn->bad[i];
            control += burn->control_bad[i];
        }
        burned += bad;
        group_heading(page, &span);
        html_cell_count(page, (double)judged);
        html_cell_count(page, (double)bad);
        if (drill->has_control)
            html_cell_count(page, (double)control);
        else
            text_put(page->out, "<td class=\"n\">n/a</td>");
        show_small_share(&share, (double)burned / drill->budget_orders);
        html_cell_number(page, &share);
        html_row_end(page);
    }
    html_table_end(page);
}

static void write_budget(struct text *text, const struct drill *drill)
{
    const enum drill_measure burned = DRILL_BUDGET_BURNED, before = DRILL_BUDGET_BEFORE_DETECT;
    if (drill->values[burned].state != DRILL_KNOWN) {
        text_put(text, "Nothing is known of the budget.");
        return;
    }
    drill_show_value(text, burned, &drill->values[burned]);
    text_put(text, " of the error budget was burned from the fault on");
    if (drill->values[before].state == DRILL_KNOWN) {
        text_put(text, ", ");
        drill_show_value(text, before, &drill->values[before]);
        text_put(text, " of it before the first page");
    }
    text_put(text, drill->repeats > 1 ? ", in the first repeat." : ".");
}

bool drill_html_budget(struct html *page, struct err *err)
{
    const struct drill *drill = page->drill;
    const struct result *result = &drill->result;
    struct text words = {0}, heading = {0};
    html_section(page, "budget", "Error budget");
    if (!drill->slo_given || !(drill->budget_orders > 0)) {
        text_put(page->out, "<p>The file has no objective (<code>slo</code>), so there is no "
                            "budget to burn.</p>\n");
        return true;
    }
    text_put(&words, "The objective is that ");
    text_double(&words, drill->slo_objective * 100);
    text_put(&words, "% of the orders of ");
    show_span(&words, result->slo_period_us);
    text_put(&words, " are good");
    text_put(&words, "; so ");
    show_count(&words, round(drill->budget_orders));
    text_put(&words, " orders may be bad in that period.");
    drill_html_said(page, &words);
    table_of_budget(page);
    write_budget(&heading, drill);
    return drill_html_figure(page, &drill_figure_budget, &heading,
                             drill->repeats > 1
                                 ? "The first of the repeats, also what was bad before the fault"
                                 : "The whole run, also what was bad before the fault",
                             table_of_burn, err);
}
