/* How much of the error budget was spent by when, and how much could have been. */
#include <math.h>

#include "reports/figure.h"
#include "reports/findings.h"
#include "reports/show.h"

enum { LEFT = 70, RIGHT = FIGURE_WIDTH - 96, TOP = 40, BOTTOM = 238, HEIGHT = 290 };

static void write_data(struct sheet *sheet)
{
    text_format(&sheet->data, "# at_%s\tburned_share\tallowed_share\n", sheet->axis.unit);
    sheet_cell(sheet, 0, '\t');
    sheet_cell(sheet, 0, '\t');
    sheet_cell(sheet, 0, '\n');
    for (uint32_t i = 0; i < sheet->groups->count; i++) {
        const struct group *group = &sheet->groups->items[i];
        sheet_cell(sheet, axis_value(&sheet->axis, group->until_us), '\t');
        sheet_cell(sheet, group->budget_burned, '\t');
        sheet_cell(sheet, (double)group->until_us / (double)sheet->result->slo_period_us, '\n');
    }
}

static void draw(struct sheet *sheet)
{
    struct text *script = &sheet->script;
    const struct result *result = sheet->result;
    sheet->height = HEIGHT;
    write_data(sheet);

    const double burned = result->buckets[result->bucket_count - 1].budget_burned;
    const double allowed = sheet->axis.end * sheet->axis.us_each / (double)result->slo_period_us;
    double most = fmax(burned, allowed);
    for (uint32_t i = 0; i < result->bucket_count; i++)
        most = fmax(most, result->buckets[i].budget_burned);
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, BOTTOM - TOP);
    const double end = sheet_value_axis(sheet, most, UNIT_SHARE);
    sheet_shade_faults(sheet);
    text_put(script,
             "set label 1 '{/:Bold Error budget spent}, of the whole period' at graph 0,1.09 "
             "tc rgb FG\n");

    struct spread_item items[2] = {{.wanted = burned}, {.wanted = allowed}};
    const double pixel = end / (BOTTOM - TOP);
    spread(items, 2, 17 * pixel, 6 * pixel, end - 2 * pixel);
    const int first = sheet_labels_begin(sheet);
    sheet_label(sheet, sheet->axis.end, items[0].placed, "spent");
    (void)sheet_labels_begin(sheet);
    sheet_label(sheet, sheet->axis.end, items[1].placed, "even pace");
    const char *colour = burned > allowed ? "BAD" : "WALMART";
    text_format(script,
                "plot DATA u 1:3 w lines lw 1.4 dt 2 lc rgb MUTED, \\\n"
                "     '' u 1:2 w lines lw 2.4 lc rgb %s, \\\n"
                "     LABELS index %d u 1:2:3 w labels left offset 0.8,0 tc rgb %s font BOLD, \\\n"
                "     '' index %d u 1:2:3 w labels left offset 0.8,0 tc rgb MUTED font SMALL\n"
                "unset label\nunset object\n",
                colour, first, colour, first + 1);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    if (!result->slo_given || result->slo_period_us <= 0)
        return "The scenario gives no objective (slo), so there is no budget to spend.";
    if (result->bucket_count == 0) return "No order was completed, so nothing was spent.";
    return NULL;
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    const struct result *result = subject->result;
    text_put(text,
             "A line for the share of the period's error budget spent so far, beside a dashed line "
             "for spending it evenly over the period. ");
    finding_budget(result, text);
}

const struct figure figure_budget = {.name = "budget",
                                     .title = "Error budget spent",
                                     .absence = absence,
                                     .draw = draw,
                                     .describe = describe};
