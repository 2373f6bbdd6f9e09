/* What happened over time, and how each phase compares. */
#include <math.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/findings.h"
#include "reports/groups.h"
#include "reports/html.h"
#include "reports/show.h"

enum { TABLE_ROWS_MAX = 12 };

static void instant_heading(struct html *page, int64_t from_us, int64_t until_us)
{
    struct text words = {0};
    show_instant(&words, from_us);
    text_put(&words, " to ");
    show_instant(&words, until_us);
    html_row_begin(page, words.bytes ? words.bytes : "");
    text_release(&words);
}

static void table_of_groups(struct html *page)
{
    static const struct html_column columns[] = {
        {"Time", false}, {"Orders", true}, {"Failed", true},    {"p50", true},    {"p95", true},
        {"p99", true},   {"MealMe", true}, {"Instacart", true}, {"Kroger", true}, {"Walmart", true},
    };
    struct groups groups;
    struct err err;
    if (!groups_make(&groups, page->result, TABLE_ROWS_MAX, &err)) {
        page->out->failed = true;
        return;
    }
    html_table_begin(
        page, "The same in twelve steps or fewer; provider columns: quotes that came in time",
        columns, 10);
    for (uint32_t i = 0; i < groups.count; i++) {
        const struct group *group = &groups.items[i];
        instant_heading(page, group->from_us, group->until_us);
        html_cell_count(page, (double)group->orders);
        html_cell_count(page, (double)group->failed);
        html_cell_latency(page, group->p50_ms);
        html_cell_latency(page, group->p95_ms);
        html_cell_latency(page, group->p99_ms);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct group_provider *provider = &group->providers[p];
            html_cell_share(page, (double)provider->quotes / (double)provider->settled);
        }
        html_row_end(page);
    }
    html_table_end(page);
    groups_release(&groups);
}

static void put_fault_table(struct html *page)
{
    static const struct html_column columns[] = {
        {"Fault", false}, {"Kind", false}, {"Providers", false}, {"From", true}, {"Until", true}};
    const struct result *result = page->result;
    if (result->fault_count == 0) return;
    html_table_begin(page, "Faults that were injected", columns, 5);
    for (uint32_t i = 0; i < result->fault_count; i++) {
        const struct result_fault *fault = &result->faults[i];
        struct text words = {0};
        html_row_begin(page, fault->label);
        html_cell(page, fault->kind);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            if (!(fault->provider_mask >> p & 1)) continue;
            if (words.length > 0) text_put(&words, ", ");
            text_put(&words, provider_traits[p].short_name);
        }
        html_cell(page, words.bytes ? words.bytes : "\u2013");
        text_clear(&words);
        show_instant(&words, fault->from_us);
        text_format(page->out, "<td class=\"n\">%s</td>", words.bytes ? words.bytes : "");
        text_clear(&words);
        show_instant(&words, fault->until_us);
        text_format(page->out, "<td class=\"n\">%s</td>", words.bytes ? words.bytes : "");
        html_row_end(page);
        text_release(&words);
    }
    html_table_end(page);
}

static const char *fault_label_of(const struct result *result, const char *id)
{
    for (uint32_t f = 0; f < result->fault_count; f++)
        if (strcmp(result->faults[f].id, id) == 0) return result->faults[f].label;
    return id;
}

static void put_phase_heading(struct html *page, const struct result_phase *phase)
{
    static const char after[] = "after:";
    struct text words = {0};
    if (phase == page->result->phases)
        text_put(&words, "Whole run");
    else if (strcmp(phase->name, "quiet") == 0)
        text_put(&words, "Quiet: no fault active");
    else if (strncmp(phase->name, after, sizeof after - 1) == 0)
        text_format(&words, "After: %s",
                    fault_label_of(page->result, phase->name + sizeof after - 1));
    else
        text_put(&words, fault_label_of(page->result, phase->name));
    html_row_begin(page, words.bytes != NULL ? words.bytes : "");
    text_release(&words);
}

static void put_phases(struct html *page)
{
    static const struct html_column columns[] = {
        {"Phase", false}, {"Orders", true},    {"Good", true},   {"Failed", true},
        {"p50", true},    {"p95", true},       {"p99", true},    {"Top share", true},
        {"MealMe", true}, {"Instacart", true}, {"Kroger", true}, {"Walmart", true},
    };
    static const enum metric metrics[] = {METRIC_ORDERS,   METRIC_OK_RATE, METRIC_ERROR_RATE,
                                          METRIC_P50_MS,   METRIC_P95_MS,  METRIC_P99_MS,
                                          METRIC_TOP_SHARE};
    html_section(page, "phases", "Phases");
    text_put(page->out, "<p>The time of each fault, and where a check asks for it the time after, "
                        "against the time in which no fault was active. An order "
                        "counts where it was completed.</p>\n");
    html_table_begin(page, "Key figures by phase; provider columns: quotes that came in time",
                     columns, 12);
    for (uint32_t i = 0; i < page->result->phase_count; i++) {
        put_phase_heading(page, &page->result->phases[i]);
        for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++)
            html_cell_metric(page, i, SCOPE_ROUTER, metrics[m]);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            html_cell_metric(page, i, p, METRIC_SUCCESS_RATE);
        html_row_end(page);
    }
    html_table_end(page);
}

bool html_course(struct html *page, struct err *err)
{
    struct text caption = {0};
    struct groups groups;
    if (!groups_make(&groups, page->result, FIGURE_POINTS_MAX, err)) return false;
    text_put(&caption, page->result->fault_count > 0 ? "Shaded: a fault is active. " : "");
    text_put(&caption, "Each point covers ");
    show_span(&caption, groups.each_us);
    if (groups.buckets_each > 1) {
        text_put(&caption, "; its percentiles are the median of those of its ");
        text_format(&caption, "%u steps of ", groups.buckets_each);
        show_span(&caption, page->result->bucket_us);
    }
    text_put(&caption, page->result->replications > 1 ? ". Replication 0 of the run." : ".");
    groups_release(&groups);

    html_section(page, "course", "What happened");
    const bool good = html_figure(page, "timeline", finding_timeline,
                                  caption.bytes ? caption.bytes : "", table_of_groups, err);
    text_release(&caption);
    if (!good) return false;
    put_fault_table(page);
    put_phases(page);
    return true;
}
