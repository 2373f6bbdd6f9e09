/* How often each provider failed, over time: a line a provider. */
#include <math.h>

#include "reports/dashboard_figures.h"
#include "reports/show.h"

enum {
    GROUPS_MAX = 120, /* broad enough that chance does not blur the lines */
    LEFT = 62,
    RIGHT = FIGURE_WIDTH - 84,
    TOP = 40,
    BOTTOM = 236,
    HEIGHT = 288,
};

double dashboard_error_rate(const struct group *group, unsigned provider)
{
    const struct group_provider *of = &group->providers[provider];
    return of->settled == 0 ? (double)NAN : 1.0 - (double)of->quotes / (double)of->settled;
}

static double last_of(const struct groups *groups, unsigned provider)
{
    for (uint32_t i = groups->count; i > 0; i--) {
        const double rate = dashboard_error_rate(&groups->items[i - 1], provider);
        if (isfinite(rate)) return rate;
    }
    return (double)NAN;
}

static void write_data(struct sheet *sheet)
{
    text_format(&sheet->data, "# at_%s", sheet->axis.unit);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(&sheet->data, "\t%s_error_rate\t%s_settled", provider_traits[p].id,
                    provider_traits[p].id);
    text_char(&sheet->data, '\n');
    for (uint32_t i = 0; i < sheet->groups->count; i++) {
        const struct group *group = &sheet->groups->items[i];
        sheet_cell(
            sheet,
            (axis_value(&sheet->axis, group->from_us) + axis_value(&sheet->axis, group->until_us)) /
                2,
            '\t');
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            sheet_cell(sheet, dashboard_error_rate(group, p), '\t');
            sheet_cell(sheet, (double)group->providers[p].settled,
                       p + 1 < PROVIDER_COUNT ? '\t' : '\n');
        }
    }
}

static void draw_groups(struct sheet *sheet)
{
    struct dashboard_line lines[PROVIDER_COUNT];
    unsigned shown[PROVIDER_COUNT];
    size_t count = 0;
    double most = 0.01;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const double last = last_of(sheet->groups, p);
        if (!isfinite(last)) continue;
        shown[count] = p;
        lines[count++] = (struct dashboard_line){provider_traits[p].short_name,
                                                 provider_token((enum provider)p), last};
        for (uint32_t i = 0; i < sheet->groups->count; i++)
            most = fmax(most, dashboard_error_rate(&sheet->groups->items[i], p));
    }
    sheet->height = HEIGHT;
    write_data(sheet);
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, BOTTOM - TOP);
    const double end = sheet_value_axis(sheet, fmin(most, 1), UNIT_SHARE);
    sheet_shade_faults(sheet);
    text_put(&sheet->script, "set label 1 '{/:Bold Quotes that failed}, of those asked for' at "
                             "graph 0,1.08 tc rgb FG\n");
    const int first = dashboard_name_lines(sheet, lines, count, end, BOTTOM - TOP);
    text_put(&sheet->script, "plot -1 lc rgb GRID");
    for (size_t i = 0; i < count; i++)
        text_format(&sheet->script, ", \\\n     DATA u 1:%u w %s lw 2 lc rgb %s", 2 + 2 * shown[i],
                    dashboard_style(sheet), lines[i].token);
    dashboard_put_names(sheet, lines, count, first);
    text_put(&sheet->script, "\nunset label\nunset object\n");
}

static void draw(struct sheet *sheet)
{
    struct groups coarse;
    struct err err;
    if (!groups_make(&coarse, sheet->result, GROUPS_MAX, &err)) {
        sheet->script.failed = true;
        return;
    }
    const struct groups *fine = sheet->groups;
    sheet->groups = &coarse;
    draw_groups(sheet);
    sheet->groups = fine;
    groups_release(&coarse);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    for (uint32_t i = 0; i < result->bucket_count; i++)
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct result_bucket_provider *of = &result->buckets[i].providers[p];
            if (of->quotes > 0 || of->timeouts > 0) return NULL;
            for (unsigned k = 0; k < QUOTE_OUTCOME_COUNT; k++)
                if (of->errors[k] > 0) return NULL;
        }
    return "No provider was asked for a quote.";
}

void dashboard_find_errors(const struct result *result, struct text *text)
{
    unsigned worst = PROVIDER_COUNT;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct metric_value *rate = value_of(result, 0, p, METRIC_PROVIDER_ERROR_RATE);
        if (rate->state != VALUE_KNOWN) continue;
        if (worst < PROVIDER_COUNT &&
            rate->value <= value_of(result, 0, worst, METRIC_PROVIDER_ERROR_RATE)->value)
            continue;
        worst = p;
    }
    if (worst == PROVIDER_COUNT) {
        text_put(text, "No provider was asked for a quote.");
        return;
    }
    const struct metric_value *rate = value_of(result, 0, worst, METRIC_PROVIDER_ERROR_RATE);
    if (rate->value == 0) {
        text_put(text, "No quote failed.");
        return;
    }
    text_put(text, scope_label(worst));
    text_put(text, " failed most often: ");
    show_value(text, UNIT_SHARE, rate);
    text_put(text, " of its ");
    text_grouped(text, (int64_t)rate->n);
    text_put(text, rate->n == 1 ? " quote." : " quotes.");
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "A line a provider over time: the share of quotes that failed or were late, of "
                   "those that were asked for. ");
    dashboard_find_errors(subject->result, text);
}

const struct figure figure_dashboard_errors = {.name = "dashboard_errors",
                                               .title = "Error rate by provider over time",
                                               .absence = absence,
                                               .draw = draw,
                                               .describe = describe};
