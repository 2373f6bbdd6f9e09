/* How much has been answered by when, and where the rules stop waiting: for each provider the
 * timeouts as rows with their intervals, above the curve of answers they would cut. */
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"

enum {
    LEFT = 112,
    RIGHT = FIGURE_WIDTH - 26,
    TOP = 34,
    LANE = 16,
    BETWEEN = 10, /* from the lanes to the curve */
    CURVE = 112,
    BELOW = 76, /* from a curve's foot to the next lanes */
    FOOT = 44
};
#define FROM 0.8 /* where the curve's axis begins */

struct plan {
    uint32_t places[LATENCY_SERIES_MAX], shown;
    enum timeout_rule rules[TIMEOUT_RULES];
    unsigned rows, columns;
    int width, gutter;
    double from; /* of the curve's axis */
};

static void make_plan(const struct calibration *calibration, struct plan *plan)
{
    *plan = (struct plan){.from = FROM};
    plan->shown = calibrate_largest(calibration, CALIBRATE_SHOWN, plan->places);
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        bool any = false;
        for (uint32_t i = 0; i < plan->shown; i++) {
            const enum timeout_state state =
                calibration->providers[plan->places[i]].advice[r].state;
            any = any || state == TIMEOUT_FOUND || state == TIMEOUT_BEYOND;
        }
        if (any) plan->rules[plan->rows++] = (enum timeout_rule)r;
    }
    plan->columns = plan->shown <= 4 ? 2 : 3;
    if (plan->shown < plan->columns) plan->columns = plan->shown;
    plan->gutter = plan->columns == 2 ? 60 : 52;
    plan->width = plan->columns == 0 ? 0
                                     : (RIGHT - LEFT - plan->gutter * (int)(plan->columns - 1)) /
                                           (int)plan->columns;
    if (plan->columns == 1) plan->width = 460;
}

struct range {
    double low, high;
};

/* From a little before the axis begins to past the last answer and rule. */
static struct range range_of(const struct calibrate_provider *provider, const struct plan *plan,
                             const struct calibrate_ecdf *ecdf)
{
    struct range range = {INFINITY, 0};
    for (uint32_t i = 0; i < ecdf->count; i++) {
        if (ecdf->points[i].reached < plan->from) continue;
        range.low = fmin(range.low, ecdf->points[i].ms);
        range.high = fmax(range.high, ecdf->points[i].ms);
    }
    for (unsigned r = 0; r < plan->rows; r++) {
        const struct timeout_advice *advice = &provider->advice[plan->rules[r]];
        if (advice->state != TIMEOUT_FOUND && advice->state != TIMEOUT_BEYOND) continue;
        range.low = fmin(range.low, (double)advice->us / 1000);
        range.high = fmax(range.high, (double)advice->us / 1000);
    }
    if (!(range.high > 0)) return (struct range){1, 1000};
    range.low = fmax(range.low, 0.1);
    return (struct range){range.low / 1.15, fmax(range.high * 1.15, range.low * 2)};
}

/* Two blocks a provider: its rules' timeouts, its curve. */
static void write_data(struct sheet *sheet, const struct plan *plan,
                       const struct calibrate_provider *provider, const struct calibrate_ecdf *ecdf,
                       const struct range *range, uint32_t index)
{
    text_format(&sheet->data, "%s# provider %u: row\ttimeout_ms\tlow95_ms\thigh95_ms\tchosen\n",
                index > 0 ? "\n\n" : "", (unsigned)index);
    for (unsigned r = 0; r < plan->rows; r++) {
        const struct timeout_advice *advice = &provider->advice[plan->rules[r]];
        const bool found = advice->state == TIMEOUT_FOUND;
        const double at = found ? (double)advice->us / 1000 : (double)NAN;
        const bool low = found && advice->low_us > 0 && advice->low_us != INT64_MAX;
        const bool high = found && advice->high_us > 0 && advice->high_us != INT64_MAX;
        sheet_cell(sheet, r, '\t');
        sheet_cell(sheet, at, '\t');
        sheet_cell(sheet, low ? fmax((double)advice->low_us / 1000, range->low) : at, '\t');
        sheet_cell(sheet,
                   high  ? fmin((double)advice->high_us / 1000, range->high)
                   : low ? range->high
                         : at,
                   '\t');
        sheet_cell(sheet, provider->recommended && plan->rules[r] == provider->chosen, '\n');
    }
    text_format(&sheet->data, "\n\n# provider %u: latency_ms\tanswered_share\tlow95\thigh95\n",
                (unsigned)index);
    if (ecdf->count == 0) text_put(&sheet->data, "NaN\tNaN\tNaN\tNaN\n");
    for (uint32_t i = 0; i < ecdf->count; i++) {
        const struct calibrate_ecdf_point *point = &ecdf->points[i];
        sheet_cell(sheet, fmax(point->ms, 0.1), '\t');
        sheet_cell(sheet, point->reached, '\t');
        sheet_cell(sheet, isfinite(point->low) ? fmax(point->low, plan->from) : point->reached,
                   '\t');
        sheet_cell(sheet, isfinite(point->high) ? point->high : point->reached, '\n');
    }
    if (ecdf->count > 0) { /* on to where watching ended */
        sheet_cell(sheet, fmax(ecdf->last_ms, 0.1), '\t');
        sheet_cell(sheet, ecdf->points[ecdf->count - 1].reached, '\t');
        text_put(&sheet->data, "NaN\tNaN\n");
    }
}

struct spot { /* where a timeout's number goes */
    double at;
    bool left; /* of its dot */
};

/* Beyond its interval, on the side with more room. */
static struct spot spot_of(const struct timeout_advice *advice, const struct range *range)
{
    const double ms = (double)advice->us / 1000;
    double low = ms, high = ms;
    if (advice->state == TIMEOUT_FOUND && advice->low_us > 0 && advice->low_us < advice->us)
        low = fmax((double)advice->low_us / 1000, range->low);
    if (advice->state == TIMEOUT_FOUND && advice->high_us > advice->us)
        high = advice->high_us == INT64_MAX ? range->high
                                            : fmin((double)advice->high_us / 1000, range->high);
    const double all = log(range->high / range->low);
    const double right = log(range->high / high) / all, left = log(low / range->low) / all;
    return right >= 0.3 || right >= left ? (struct spot){high, false} : (struct spot){low, true};
}

static void put_values(struct sheet *sheet, const struct plan *plan,
                       const struct calibrate_provider *provider, const struct range *range)
{
    for (unsigned side = 0; side < 2; side++) {
        int block = -1;
        for (unsigned r = 0; r < plan->rows; r++) {
            const struct timeout_advice *advice = &provider->advice[plan->rules[r]];
            if (advice->state != TIMEOUT_FOUND && advice->state != TIMEOUT_BEYOND) continue;
            const struct spot spot = spot_of(advice, range);
            if (spot.left != (side == 1)) continue;
            struct text words = {0};
            calibrate_show_advice(&words, advice);
            if (block < 0) block = sheet_labels_begin(sheet);
            sheet_label(sheet, spot.at, r, words.bytes != NULL ? words.bytes : "");
            text_release(&words);
        }
        if (block >= 0)
            text_format(&sheet->script,
                        ", \\\n     LABELS index %d u 1:2:3 w labels %s offset %s,0 tc rgb MUTED "
                        "font SMALL",
                        block, side == 0 ? "left" : "right", side == 0 ? "0.9" : "-0.9");
    }
}

static void put_names(struct sheet *sheet, const struct plan *plan, double at)
{
    const int block = sheet_labels_begin(sheet);
    for (unsigned r = 0; r < plan->rows; r++) {
        struct text words = {0};
        calibrate_show_rule(&words, sheet->calibration, plan->rules[r]);
        const char *shown = words.bytes != NULL ? words.bytes : "";
        if (plan->rules[r] == TIMEOUT_CLAMP) shown = "clamp"; /* the long one, told in the table */
        sheet_label(sheet, at, r, shown);
        text_release(&words);
    }
    text_format(&sheet->script,
                ", \\\n     LABELS index %d u 1:2:3 w labels right offset -0.8,0 tc rgb FG font "
                "SMALL",
                block);
}

static void put_marks(struct sheet *sheet, const struct calibrate_provider *provider,
                      const struct range *range)
{
    char style[64];
    calibrate_mark(sheet, 1, (double)calibrate_today_us(provider) / 1000, range->low, range->high,
                   "dt 2 lw 1.1 lc rgb REF back");
    (void)snprintf(style, sizeof style, "lw 1.1 lc rgb %s back", calibrate_token(provider));
    if (provider->recommended)
        calibrate_mark(sheet, 2, (double)provider->recommended_us / 1000, range->low, range->high,
                       style);
}

static void put_lanes(struct sheet *sheet, const struct plan *plan,
                      const struct calibrate_provider *provider, const struct range *range,
                      uint32_t index)
{
    struct text *script = &sheet->script;
    const char *token = calibrate_token(provider);
    const int title = sheet_labels_begin(sheet);
    sheet_label(sheet, range->low, -0.5, provider->name);
    calibrate_log_axis(sheet, 'x', range->low, range->high, 5, false);
    text_format(
        script,
        "set yrange [%u.5:-0.5]\nset ytics ('' -9)\nset grid noytics noxtics\nset border 0\n",
        plan->rows - 1);
    put_marks(sheet, provider, range);
    text_format(script,
                "plot DATA index %u u 3:1:($4-$3):(0) w vectors nohead lw 1.6 lc rgb AXIS, \\\n"
                "     '' index %u u ($5==0?$2:NaN):1 w p pt 7 ps 2.2*FEW lc rgb MUTED, \\\n"
                "     '' index %u u ($5==1?$2:NaN):1 w p pt 7 ps 3.2*FEW lc rgb %s, \\\n"
                "     LABELS index %d u 1:2:3 w labels left offset 0,0.9 noenhanced tc rgb %s font "
                "BOLD",
                2 * index, 2 * index, 2 * index, token, title, token);
    if (index % plan->columns == 0) put_names(sheet, plan, range->low);
    put_values(sheet, plan, provider, range);
    text_put(script, "\nunset arrow\nset border 1\n");
}

static void put_curve(struct sheet *sheet, const struct plan *plan,
                      const struct calibrate_provider *provider, const struct calibrate_ecdf *ecdf,
                      const struct range *range, uint32_t index)
{
    struct text *script = &sheet->script, words = {0};
    const struct axis_words percent = {100, "", "%", false};
    const int count = sheet_labels_begin(sheet);
    text_put(&words, "n = ");
    text_grouped(&words, ecdf->n);
    sheet_label(sheet, range->high, plan->from + 0.06 * (1 - plan->from),
                words.bytes != NULL ? words.bytes : "");
    text_release(&words);
    calibrate_log_axis(sheet, 'x', range->low, range->high, 5, true);
    sheet_axis(sheet, 'y', plan->from, 1 + 0.02 * (1 - plan->from), (1 - plan->from) / 4, &percent);
    text_put(script, "set grid ytics noxtics lc rgb GRID lw 1 lt 1\n");
    put_marks(sheet, provider, range);
    text_format(
        script,
        "plot DATA index %u u 1:($2<%g?NaN:$3):4 w filledcurves fc rgb BAND, \\\n"
        "     '' index %u u 1:2 w steps lw 2 lc rgb %s, \\\n"
        "     LABELS index %d u 1:2:3 w labels right offset -0.3,0 tc rgb MUTED font SMALL\n"
        "unset arrow\n",
        2 * index + 1, plan->from, 2 * index + 1, calibrate_token(provider), count);
}

static void draw(struct sheet *sheet)
{
    const struct calibration *calibration = sheet->calibration;
    struct plan plan;
    make_plan(calibration, &plan);
    const int lanes = LANE * (int)plan.rows;
    const int each = lanes + BETWEEN + CURVE + BELOW;
    const unsigned lines = (plan.shown + plan.columns - 1) / plan.columns;
    sheet->height = TOP + each * (int)lines - BELOW + FOOT;
    for (uint32_t i = 0; i < plan.shown; i++) {
        const struct calibrate_provider *provider = &calibration->providers[plan.places[i]];
        struct calibrate_ecdf ecdf;
        if (!calibrate_ecdf_make(&ecdf, provider)) sheet->data.failed = true;
        const struct range range = range_of(provider, &plan, &ecdf);
        const int left = LEFT + (plan.width + plan.gutter) * (int)(i % plan.columns);
        const int top = TOP + each * (int)(i / plan.columns);
        write_data(sheet, &plan, provider, &ecdf, &range, i);
        sheet_panel(sheet, left, top, left + plan.width, top + lanes);
        put_lanes(sheet, &plan, provider, &range, i);
        sheet_panel(sheet, left, top + lanes + BETWEEN, left + plan.width,
                    top + lanes + BETWEEN + CURVE);
        put_curve(sheet, &plan, provider, &ecdf, &range, i);
    }
}

static const char *absence(const struct figure_subject *subject)
{
    struct plan plan;
    bool answered = false;
    make_plan(subject->calibration, &plan);
    if (plan.rows > 0) return NULL;
    for (uint32_t i = 0; i < subject->calibration->latencies.count; i++)
        answered = answered || subject->calibration->providers[i].answered > 0;
    return answered ? "Nobody shown has enough answers for any rule to name a timeout, so there is "
                      "nothing to draw."
                    : "Nobody answered, so there is no curve of answers to draw.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "One panel a provider, the largest samples first if there are many. Above, a "
                   "row for each rule: a dot at its timeout with its 95% interval, the chosen one "
                   "larger. Below, on the same logarithmic time axis, the share of calls that were "
                   "answered by then, of those that did not fail, from 80% up, with its 95% band; "
                   "a dashed line marks today\u2019s timeout, a solid one the recommended. ");
    calibrate_find_ecdf(text, subject->calibration);
}

const struct figure calibrate_figure_ecdf = {.name = "answers",
                                             .title =
                                                 "Answers over time and the rules\u2019 timeouts",
                                             .absence = absence,
                                             .draw = draw,
                                             .describe = describe};
