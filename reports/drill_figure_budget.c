/* How much of the error budget was burned by when, beside the control's, and how fast. */
#include <math.h>

#include "reports/drill_figures.h"
#include "reports/drill_text.h"
#include "router/base/duration.h"

enum {
    LEFT = 70,
    RIGHT = FIGURE_WIDTH - 96,
    TOP = 40,
    BURNED_HEIGHT = 150,
    GAP = 48,
    RATE_HEIGHT = 110,
    FOOT = 52,
    WINDOW_S = 300
};

static double allowed_share(const struct drill *drill)
{
    return 1 - drill->slo_objective;
}

/* Bad orders of the window that ends with bucket `last`, over those that the objective allows. */
static double rate_at(const struct drill *drill, uint32_t last)
{
    const struct drill_burn *burn = &drill->burn;
    const uint32_t width = WINDOW_S / burn->bucket_s > 0 ? WINDOW_S / burn->bucket_s : 1;
    uint64_t judged = 0, bad = 0;
    for (uint32_t i = last + 1 > width ? last + 1 - width : 0; i <= last; i++) {
        judged += burn->judged[i];
        bad += burn->bad[i];
    }
    return judged > 0 ? (double)bad / (double)judged / allowed_share(drill) : (double)NAN;
}

struct most {
    double burned, control, rate;
};

static struct most write_data(struct sheet *sheet)
{
    const struct drill *drill = sheet->drill;
    const struct drill_burn *burn = &drill->burn;
    struct most most = {0};
    uint64_t bad = 0, control = 0;
    const uint32_t each = (burn->count + FIGURE_POINTS_MAX - 1) / FIGURE_POINTS_MAX;
    text_format(&sheet->data,
                "# until_%s\tburned_share\tcontrol_burned_share\tburn_rate_over_5_min\n",
                sheet->axis.unit);
    sheet_cell(sheet, 0, '\t');
    sheet_cell(sheet, 0, '\t');
    sheet_cell(sheet, drill->has_control ? 0 : (double)NAN, '\t');
    sheet_cell(sheet, (double)NAN, '\n');
    for (uint32_t i = 0; i < burn->count; i++) {
        const double rate = rate_at(drill, i);
        bad += burn->bad[i];
        control += burn->control_bad[i];
        if (isfinite(rate)) most.rate = fmax(most.rate, rate);
        if ((i + 1) % each != 0 && i + 1 < burn->count) continue;
        most.burned = (double)bad / drill->budget_orders;
        most.control = (double)control / drill->budget_orders;
        sheet_cell(sheet,
                   axis_value(&sheet->axis, (int64_t)(i + 1) * burn->bucket_s * US_PER_SECOND),
                   '\t');
        sheet_cell(sheet, most.burned, '\t');
        sheet_cell(sheet, drill->has_control ? most.control : (double)NAN, '\t');
        sheet_cell(sheet, rate, '\n');
    }
    return most;
}

static void draw_burned(struct sheet *sheet, const struct most *most)
{
    struct text *script = &sheet->script;
    sheet_panel(sheet, LEFT, TOP, RIGHT, TOP + BURNED_HEIGHT);
    sheet_time_axis(sheet, false);
    const double end = sheet_value_axis(sheet, fmax(most->burned, most->control), UNIT_SHARE);
    sheet_shade_faults(sheet);
    text_put(script, "set label 1 '{/:Bold Error budget burned}, of the whole period' at graph "
                     "0,1.12 tc rgb FG\n");
    struct spread_item items[2] = {{.wanted = most->burned}, {.wanted = most->control}};
    const double pixel = end / BURNED_HEIGHT;
    spread(items, 2, 17 * pixel, 6 * pixel, end - 2 * pixel);
    const int drilled = sheet_labels_begin(sheet);
    sheet_label(sheet, sheet->axis.end, items[0].placed, "this drill");
    const int control = sheet_labels_begin(sheet);
    sheet_label(sheet, sheet->axis.end, items[1].placed,
                sheet->drill->has_control ? "no fault" : "");
    text_put(script, "plot ");
    if (sheet->drill->has_control)
        text_put(script, "DATA u 1:3 w lines lw 1.4 dt 2 lc rgb MUTED, ");
    text_format(script,
                "DATA u 1:2 w lines lw 2.4 lc rgb BAD, \\\n"
                "     LABELS index %d u 1:2:3 w labels left offset 0.8,0 tc rgb BAD font BOLD, \\\n"
                "     '' index %d u 1:2:3 w labels left offset 0.8,0 tc rgb MUTED font SMALL\n"
                "unset label\nunset object\n",
                drilled, control);
}

static void draw_rate(struct sheet *sheet, const struct most *most)
{
    struct text *script = &sheet->script;
    const int top = TOP + BURNED_HEIGHT + GAP;
    const struct axis_words times = {1, "", "\u00d7", false};
    const double step = sheet_step(fmax(most->rate, 1));
    sheet_panel(sheet, LEFT, top, RIGHT, top + RATE_HEIGHT);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, RATE_HEIGHT);
    sheet_axis(sheet, 'y', 0, fmax(fmax(most->rate, 1) * 1.04, step), step, &times);
    sheet_shade_faults(sheet);
    text_put(script,
             "set label 1 '{/:Bold Burn rate} over 5 minutes; at 1\u00d7 the budget lasts for just "
             "its period' at graph 0,1.16 tc rgb FG\n"
             "plot 1 w lines lw 1.2 dt 2 lc rgb MUTED, \\\n"
             "     DATA u 1:4 w lines lw 2 lc rgb BAD\n"
             "unset label\nunset object\n");
}

static void draw(struct sheet *sheet)
{
    sheet->height = TOP + BURNED_HEIGHT + GAP + RATE_HEIGHT + FOOT;
    const struct most most = write_data(sheet);
    draw_burned(sheet, &most);
    draw_rate(sheet, &most);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct drill *drill = subject->drill;
    if (!drill->slo_given || !(drill->budget_orders > 0) || !(allowed_share(drill) > 0))
        return "The file gives no objective (slo), so there is no budget to burn.";
    if (drill->burn.count == 0) return "No order was completed, so nothing was burned.";
    return NULL;
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    const struct drill *drill = subject->drill;
    text_put(text, "Two panels over one time axis. Above, the share of the period's error budget "
                   "burned so far, as a line");
    text_put(text, drill->has_control ? ", beside a dashed one for the same orders without fault "
                                        "and operators. "
                                      : ". ");
    text_put(text, "Below, how many times faster than allowed it burned over the last five "
                   "minutes. Faults are shaded. ");
    drill_show_value(text, DRILL_BUDGET_BURNED, &drill->values[DRILL_BUDGET_BURNED]);
    text_put(text, " was burned from the fault on.");
}

const struct figure drill_figure_budget = {.name = "drill_budget",
                                           .title = "Error budget burned, and how fast",
                                           .absence = absence,
                                           .draw = draw,
                                           .describe = describe};
