/* How much has been answered by when, and where the rules stop waiting: for each provider the
 * timeouts as rows with their intervals, above the curve of answers they would cut. */
#include <math.h>
#include <string.h>

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
    VALUES = 66, /* beside the lanes: a timeout in words */
    BELOW = 76,  /* from a curve's foot to the next lanes */
    FOOT = 44
};
/* Where the curves' axis begins: the highest that leaves enough of every curve to see. */
static const double axis_begins[] = {0.8, 0.5, 0};

struct plan {
    uint32_t places[LATENCY_SERIES_MAX], shown;
    enum timeout_rule rules[TIMEOUT_RULES];
    unsigned rows, columns, ticks;
    int width, gutter; /* a panel's, with the words beside it; between two */
    double from;       /* of the curve's axis */
};

/* A curve that ends below where the axis begins, or only just above, would not be seen; nor what
 * the shortest timeout that a rule names leaves of it. */
static double begin_of(const struct plan *plan, const struct calibrate_provider *provider,
                       const struct calibrate_ecdf *ecdf)
{
    double end = 0, shortest = INFINITY, at_shortest = 0;
    for (unsigned r = 0; r < plan->rows; r++) {
        const struct timeout_advice *advice = &provider->advice[plan->rules[r]];
        if (advice->state == TIMEOUT_FOUND) shortest = fmin(shortest, (double)advice->us / 1000);
    }
    for (uint32_t i = 0; i < ecdf->count; i++) {
        end = ecdf->points[i].reached;
        if (ecdf->points[i].ms <= shortest) at_shortest = end;
    }
    unsigned at = 0;
    while (at < 2 && fmin(end - 0.05, at_shortest) < axis_begins[at])
        at++;
    return axis_begins[at];
}

static bool make_plan(const struct calibration *calibration, struct plan *plan)
{
    bool good = true;
    *plan = (struct plan){.from = axis_begins[0]};
    plan->shown = calibrate_answering(calibration, plan->places);
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
    plan->ticks = plan->columns <= 2 ? 5 : 3;
    plan->gutter = plan->columns == 2 ? 52 : 46;
    plan->width = plan->columns == 0 ? 0
                                     : (RIGHT - LEFT - plan->gutter * (int)(plan->columns - 1)) /
                                           (int)plan->columns;
    if (plan->columns == 1) plan->width = 460;
    for (uint32_t i = 0; i < plan->shown; i++) {
        const struct calibrate_provider *provider = &calibration->providers[plan->places[i]];
        struct calibrate_ecdf ecdf;
        good = calibrate_ecdf_make(&ecdf, provider) && good;
        plan->from = fmin(plan->from, begin_of(plan, provider, &ecdf));
    }
    return good;
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

/* In a column beside the lanes, where no line runs. */
static void put_values(struct sheet *sheet, const struct plan *plan,
                       const struct calibrate_provider *provider, const struct range *range)
{
    const int block = sheet_labels_begin(sheet);
    for (unsigned r = 0; r < plan->rows; r++) {
        const struct timeout_advice *advice = &provider->advice[plan->rules[r]];
        struct text words = {0};
        if (advice->state == TIMEOUT_FOUND || advice->state == TIMEOUT_BEYOND)
            calibrate_show_advice(&words, advice);
        else
            text_put(&words, "\u2013");
        sheet_label(sheet, range->high, r, words.bytes != NULL ? words.bytes : "");
        text_release(&words);
    }
    text_format(&sheet->script,
                ", \\\n     LABELS index %d u 1:2:3 w labels left offset 0.9,0 tc rgb MUTED font "
                "SMALL",
                block);
}

static void put_names(struct sheet *sheet, const struct plan *plan, double at)
{
    const int block = sheet_labels_begin(sheet);
    for (unsigned r = 0; r < plan->rows; r++) {
        struct text words = {0};
        calibrate_show_rule(&words, sheet->calibration, plan->rules[r]);
        /* Short ones: the table tells the rest. */
        char *particulars = words.bytes != NULL ? strchr(words.bytes, ',') : NULL;
        if (particulars != NULL) *particulars = '\0';
        const char *shown = words.bytes != NULL ? words.bytes : "";
        if (plan->rules[r] == TIMEOUT_CLAMP) shown = "clamp";
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
                      uint32_t index, uint32_t n)
{
    struct text *script = &sheet->script, words = {0};
    const char *token = calibrate_token(provider);
    const int title = sheet_labels_begin(sheet);
    sheet_label(sheet, range->low, -0.5, provider->name);
    const int count = sheet_labels_begin(sheet);
    text_put(&words, "n = ");
    text_grouped(&words, n);
    sheet_label(sheet, range->high, -0.5, words.bytes != NULL ? words.bytes : "");
    text_release(&words);
    calibrate_log_axis(sheet, 'x', range->low, range->high, plan->ticks, false);
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
                "BOLD, \\\n"
                "     '' index %d u 1:2:3 w labels left offset 0.9,0.9 tc rgb MUTED font SMALL",
                2 * index, 2 * index, 2 * index, token, title, token, count);
    if (index % plan->columns == 0) put_names(sheet, plan, range->low);
    put_values(sheet, plan, provider, range);
    text_put(script, "\nunset arrow\nset border 1\n");
}

static void put_curve(struct sheet *sheet, const struct plan *plan,
                      const struct calibrate_provider *provider, const struct range *range,
                      uint32_t index)
{
    struct text *script = &sheet->script;
    const struct axis_words percent = {100, "", "%", false};
    const double step = plan->from > 0.7 ? 0.05 : plan->from > 0 ? 0.1 : 0.25;
    calibrate_log_axis(sheet, 'x', range->low, range->high, plan->ticks, true);
    sheet_axis(sheet, 'y', plan->from, 1 + 0.02 * (1 - plan->from), step, &percent);
    text_put(script, "set grid ytics noxtics lc rgb GRID lw 1 lt 1\n");
    put_marks(sheet, provider, range);
    text_format(script,
                "plot DATA index %u u 1:($2<%g?NaN:$3):4 w filledcurves fc rgb BAND, \\\n"
                "     '' index %u u 1:2 w steps lw 2 lc rgb %s\n"
                "unset arrow\n",
                2 * index + 1, plan->from, 2 * index + 1, calibrate_token(provider));
}

static void draw(struct sheet *sheet)
{
    const struct calibration *calibration = sheet->calibration;
    struct plan plan;
    if (!make_plan(calibration, &plan)) sheet->data.failed = true;
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
        const int right = left + plan.width - VALUES;
        sheet_panel(sheet, left, top, right, top + lanes);
        put_lanes(sheet, &plan, provider, &range, i, ecdf.n);
        sheet_panel(sheet, left, top + lanes + BETWEEN, right, top + lanes + BETWEEN + CURVE);
        put_curve(sheet, &plan, provider, &range, i);
    }
}

static const char *absence(const struct figure_subject *subject)
{
    struct plan plan;
    bool answered = false;
    (void)make_plan(subject->calibration, &plan);
    if (plan.rows > 0) return NULL;
    for (uint32_t i = 0; i < subject->calibration->latencies.count; i++)
        answered = answered || subject->calibration->providers[i].answered > 0;
    return answered ? "Nobody shown has enough answers for any rule to name a timeout, so there is "
                      "nothing to draw."
                    : "Nobody answered, so there is no curve of answers to draw.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(
        text,
        "One panel a provider that answered, the largest samples first if there are many. Above, a "
        "row for each rule: a dot at its timeout with its 95% interval, the chosen one "
        "larger. Below, on the same logarithmic time axis, the share of calls that were "
        "answered by then, of those that did not fail, with its 95% band; "
        "a dashed line marks today\u2019s timeout, a solid one the recommended. ");
    calibrate_find_ecdf(text, subject->calibration);
}

const struct figure calibrate_figure_ecdf = {.name = "answers",
                                             .title =
                                                 "Answers over time and the rules\u2019 timeouts",
                                             .absence = absence,
                                             .draw = draw,
                                             .describe = describe};
