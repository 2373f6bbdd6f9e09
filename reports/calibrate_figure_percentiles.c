/* How long the router waits for each provider, by percentile, before and after. */
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_text.h"

enum {
    LEFT = 62,
    RIGHT = FIGURE_WIDTH - 16,
    GUTTER = 22,
    TOP = 82,
    PANEL = 190,
    BELOW = 100,
    FOOT = 56
};

struct plan {
    uint32_t places[LATENCY_SERIES_MAX], shown;
    unsigned columns;
    int width;
    double low, high, right; /* ms; -log10(1 - p) */
};

#define START 0.25 /* a little left of the median */

static double stretched(double share)
{
    return share < 1 ? -log10(1 - share) : (double)INFINITY;
}

static void make_plan(struct sheet *sheet, struct plan *plan)
{
    const struct calibration *calibration = sheet->calibration;
    *plan = (struct plan){.low = INFINITY, .right = 2};
    plan->shown = calibrate_answering(calibration, plan->places);
    plan->columns = plan->shown < 4 ? plan->shown : 4;
    plan->width = (RIGHT - LEFT - GUTTER * (int)(plan->columns - 1)) / (int)plan->columns;
    if (plan->columns < 3 && plan->width > 380) plan->width = 380;
    for (uint32_t i = 0; i < plan->shown; i++) {
        const struct calibrate_provider *provider = &calibration->providers[plan->places[i]];
        struct calibrate_ecdf ecdf;
        if (!calibrate_ecdf_make(&ecdf, provider)) sheet->data.failed = true;
        if (ecdf.n >= 20) plan->right = fmax(plan->right, fmin(4, log10(ecdf.n / 10.0)));
        for (uint32_t k = 0; k < ecdf.count; k++) {
            plan->low = fmin(plan->low, ecdf.points[k].ms);
            plan->high = fmax(plan->high, ecdf.points[k].ms);
        }
        plan->high = fmax(plan->high, (double)provider->recommended_us / 1000);
        plan->high = fmax(plan->high, (double)calibrate_today_us(provider) / 1000);
    }
    if (!(plan->high > 0)) plan->low = 1, plan->high = 1000;
    plan->low = fmax(plan->low, 1) / 1.25;
    plan->high *= 1.35;
}

/* The curve up to a timeout (0: none), and on at it: the wait is cut there. */
static void write_cut(struct sheet *sheet, const struct plan *plan,
                      const struct calibrate_ecdf *ecdf, double timeout_ms)
{
    double at = 0;
    bool any = false;
    for (uint32_t i = 0; i < ecdf->count; i++) {
        const struct calibrate_ecdf_point *point = &ecdf->points[i];
        if (timeout_ms > 0 && point->ms >= timeout_ms) break;
        const double x = stretched(point->reached);
        if (x > plan->right) { /* the last stretch, to the edge */
            at = plan->right;
            break;
        }
        sheet_cell(sheet, x, '\t');
        sheet_cell(sheet, fmax(point->ms, 1), '\n');
        at = x;
        any = true;
    }
    const bool known = timeout_ms > 0 && timeout_ms <= ecdf->last_ms * 1.000001;
    if (known && at < plan->right) {
        sheet_cell(sheet, at, '\t');
        sheet_cell(sheet, timeout_ms, '\n');
        sheet_cell(sheet, plan->right, '\t');
        sheet_cell(sheet, timeout_ms, '\n');
        any = true;
    }
    if (!any) text_put(&sheet->data, "NaN\tNaN\n");
}

static void put_percent_axis(struct sheet *sheet, const struct plan *plan)
{
    static const char *const words[] = {"90", "99", "99.9", "99.99"};
    struct text *script = &sheet->script;
    text_format(script, "set xrange [%g:", START);
    text_double(script, plan->right * 1.02);
    text_put(script, "]\nset xtics ('50' 0.30103");
    for (int i = 1; i <= 4 && i <= plan->right * 1.02; i++)
        text_format(script, ", '%s' %d", words[i - 1], i);
    text_put(script, ")\n");
}

static void put_panel(struct sheet *sheet, const struct plan *plan,
                      const struct calibrate_provider *provider, uint32_t index)
{
    struct text *script = &sheet->script, words = {0};
    struct calibrate_ecdf ecdf;
    const char *token = calibrate_token(provider);
    if (!calibrate_ecdf_make(&ecdf, provider)) sheet->data.failed = true;
    text_format(&sheet->data, "%s# provider %u, today: x_minus_log10_of_share_beyond\twait_ms\n",
                index > 0 ? "\n\n" : "", (unsigned)index);
    write_cut(sheet, plan, &ecdf, (double)calibrate_today_us(provider) / 1000);
    text_format(&sheet->data, "\n\n# provider %u, recommended\n", (unsigned)index);
    if (provider->recommended) {
        write_cut(sheet, plan, &ecdf, (double)provider->recommended_us / 1000);
    } else {
        text_put(&sheet->data, "NaN\tNaN\n");
    }
    const int title = sheet_labels_begin(sheet);
    sheet_label(sheet, START, plan->high, provider->name);
    const int count = sheet_labels_begin(sheet);
    text_put(&words, "n = ");
    text_grouped(&words, ecdf.n);
    sheet_label(sheet, START, plan->high, words.bytes != NULL ? words.bytes : "");
    text_clear(&words);
    const int note = sheet_labels_begin(sheet);
    if (provider->recommended) calibrate_show_timeout(&words, provider->recommended_us);
    const bool above = (double)provider->recommended_us / 1000 * 1.25 < plan->high;
    sheet_label(sheet, START + 0.04 * plan->right,
                fmax((double)provider->recommended_us / 1000, plan->low),
                words.bytes != NULL ? words.bytes : "");
    text_release(&words);
    calibrate_log_axis(sheet, 'y', plan->low, plan->high, 9, index % plan->columns == 0);
    put_percent_axis(sheet, plan);
    if (provider->recommended) {
        text_put(script, "set arrow 3 from graph 0,first ");
        text_double(script, (double)provider->recommended_us / 1000);
        text_put(script, " to ");
        text_double(script, plan->right);
        text_char(script, ',');
        text_double(script, (double)provider->recommended_us / 1000);
        text_format(script, " nohead lw 0.8 lc rgb %s back\n", token);
    }
    text_format(script,
                "plot DATA index %u u 1:2 w lines lw 1.8 lc rgb REF, \\\n"
                "     '' index %u u 1:2 w lines lw 2.4 lc rgb %s, \\\n"
                "     LABELS index %d u 1:2:3 w labels left offset 0,2 noenhanced tc rgb %s font "
                "BOLD, \\\n"
                "     '' index %d u 1:2:3 w labels left offset 0,0.8 tc rgb MUTED font SMALL, \\\n"
                "     '' index %d u 1:2:3 w labels left offset 0,%s tc rgb %s font SMALL\n"
                "unset arrow\nunset label\n",
                2 * index, 2 * index + 1, token, title, token, count, note, above ? "0.6" : "-0.6",
                token);
}

/* Above all panels whose curve is whose, below them what lies along. */
static void put_words(struct sheet *sheet)
{
    const double left = (double)LEFT / FIGURE_WIDTH, height = sheet->height;
    text_format(&sheet->script,
                "set label 97 'grey: today' at screen %.5f,%.5f left tc rgb REF font SMALL\n"
                "set label 98 'in colour: recommended' at screen %.5f,%.5f left tc rgb FG font "
                "SMALL\n"
                "set label 99 'percentile of the calls that did not fail, stretched towards the "
                "tail' at screen %.5f,%.5f left tc rgb MUTED font SMALL\n",
                left, 1 - 14 / height, left + 90.0 / FIGURE_WIDTH, 1 - 14 / height, left,
                12 / height);
}

static void draw(struct sheet *sheet)
{
    struct plan plan;
    make_plan(sheet, &plan);
    const unsigned lines = (plan.shown + plan.columns - 1) / plan.columns;
    sheet->height = TOP + (PANEL + BELOW) * (int)lines - BELOW + FOOT;
    for (uint32_t i = 0; i < plan.shown; i++) {
        const int left = LEFT + (plan.width + GUTTER) * (int)(i % plan.columns);
        const int top = TOP + (PANEL + BELOW) * (int)(i / plan.columns);
        sheet_panel(sheet, left, top, left + plan.width, top + PANEL);
        if (i == 0) put_words(sheet);
        put_panel(sheet, &plan, &sheet->calibration->providers[plan.places[i]], i);
    }
}

static const char *absence(const struct figure_subject *subject)
{
    return calibrate_figure_ecdf.absence(subject);
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "One panel a provider: how long it is waited for, on a logarithmic axis, "
                   "against the percentile, from the median at the left to the slowest calls at "
                   "the right; grey as today, in colour under the recommended timeout, level where "
                   "the timeout cuts it. ");
    calibrate_find_percentiles(text, subject->calibration);
}

const struct figure calibrate_figure_percentiles = {.name = "percentiles",
                                                    .title =
                                                        "Waiting for each provider, by percentile",
                                                    .absence = absence,
                                                    .draw = draw,
                                                    .describe = describe};
