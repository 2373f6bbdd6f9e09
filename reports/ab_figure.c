/* How the always-valid interval of the goal narrows, look by look. */
#include <math.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "reports/figure.h"
#include "reports/show.h"

enum { LEFT = 74, RIGHT = FIGURE_WIDTH - 150, TOP = 40, BOTTOM = 330, HEIGHT = 392 };

/* Of the last half width: the first looks are too wide to be drawn beside the last. */
#define REACH 5.0

static const struct ab_value *goal_of(const struct ab_result *result)
{
    return &result->variants[result->best].values[AB_GOAL];
}

static const struct ab_peek *peek_of(const struct ab_result *result, uint32_t peek)
{
    return &result->variants[result->best].peeks[peek];
}

/* The range of differences: the last interval, the truth and nothing, with room for looks before
 * it. */
static void range_of(const struct ab_result *result, double *low, double *high)
{
    const struct ab_peek *last = peek_of(result, result->peeks - 1);
    const double truth = goal_of(result)->truth.value;
    const double half = 0.5 * (last->look.high - last->look.low);
    *low = fmin(fmin(last->look.value - REACH * half, truth), 0.0);
    *high = fmax(fmax(last->look.value + REACH * half, truth), 0.0);
}

static double cut(double value, double low, double high)
{
    return isnan(value) ? value : fmin(high, fmax(low, value));
}

static void write_data(struct sheet *sheet, double low, double high)
{
    const struct ab_result *result = sheet->ab;
    text_put(&sheet->data, "# orders\thours\tdifference\tlow\thigh\tp_least\tsrm_p\n");
    for (uint32_t i = 0; i < result->peeks; i++) {
        const struct ab_peek *peek = peek_of(result, i);
        if (isnan(peek->look.low)) continue;
        sheet_cell(sheet, peek->orders, '\t');
        sheet_cell(sheet, (double)peek->at_us / 3600e6, '\t');
        sheet_cell(sheet, cut(peek->look.value, low, high), '\t');
        sheet_cell(sheet, cut(peek->look.low, low, high), '\t');
        sheet_cell(sheet, cut(peek->look.high, low, high), '\t');
        sheet_cell(sheet, peek->p_least, '\t');
        sheet_cell(sheet, peek->srm_p, '\n');
    }
    if (!result->reached) return;
    const struct stats_test *test = &goal_of(result)->tests[goal_of(result)->judged_by];
    text_put(&sheet->data, "\n\n# orders\tdifference\tlow\thigh\n");
    sheet_cell(sheet, result->used, '\t');
    sheet_cell(sheet, test->value, '\t');
    sheet_cell(sheet, test->low, '\t');
    sheet_cell(sheet, test->high, '\n');
}

static struct axis_words words_of(const struct ab_result *result)
{
    if (result->goal == TUNE_GOAL) return (struct axis_words){1, "", " sd", true};
    switch (tune_metric_traits[result->goal].unit) {
    case TUNE_CENTS:
        return (struct axis_words){1, "", "\u00a2", true};
    case TUNE_MINUTES:
        return (struct axis_words){1, "", " min", true};
    case TUNE_SHARE:
        return (struct axis_words){100, "", " pp", true};
    case TUNE_POINTS:
        break;
    }
    return (struct axis_words){1, "", "", true};
}

/* Beside the right edge: where the estimate and the truth lie. */
static void put_words(struct sheet *sheet, double low, double high)
{
    const struct ab_result *result = sheet->ab;
    const struct ab_value *goal = goal_of(result);
    const double values[2] = {goal->tests[goal->judged_by].value, goal->truth.value};
    struct spread_item items[2] = {{.wanted = values[0]}, {.wanted = values[1]}};
    const double pixel = (high - low) / (BOTTOM - TOP);
    spread(items, 2, 16 * pixel, low + 6 * pixel, high - 6 * pixel);
    for (unsigned i = 0; i < 2; i++) {
        struct text words = {0};
        text_put(&words, i == 0 ? "estimate " : result->goal_of_purchases ? "model " : "truth ");
        ab_show_change(&words, result->goal, values[i], NAN, NAN);
        (void)sheet_labels_begin(sheet);
        sheet_label(sheet, result->used, items[i].placed, words.bytes != NULL ? words.bytes : "");
        text_release(&words);
    }
}

static void draw(struct sheet *sheet)
{
    const struct ab_result *result = sheet->ab;
    struct text *script = &sheet->script;
    const struct axis_words plain = {1, "", "", false}, words = words_of(result);
    double low, high;
    range_of(result, &low, &high);
    sheet->height = HEIGHT;
    write_data(sheet, low, high);
    put_words(sheet, low, high);
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    sheet_axis(sheet, 'x', 0.0, result->used * 1.02, sheet_step(result->used), &plain);
    sheet_axis(sheet, 'y', low, high, sheet_step((high - low) * words.factor) / words.factor,
               &words);
    text_put(script,
             "set arrow 1 from graph 0,first 0 to graph 1,first 0 nohead lw 1.2 lc rgb AXIS\n"
             "set arrow 2 from graph 0,first ");
    text_double(script, goal_of(result)->truth.value);
    text_put(script, " to graph 1,first ");
    text_double(script, goal_of(result)->truth.value);
    text_put(script,
             " nohead dt 2 lw 1.2 lc rgb FG front\n"
             "set label 1 '{/:Bold Goal}, variant less baseline, with the interval that holds at "
             "every look' at graph 0,1 offset 0,0.9 tc rgb FG\n"
             "set label 2 'orders so far' at graph 1,0 right offset 0,-2.4 tc rgb MUTED font "
             "SMALL\n"
             "plot DATA index 0 u 1:4:5 w filledcurves fc rgb BAND"
             ", \\\n     '' index 0 u 1:4 w l lw 1 lc rgb BANDLINE"
             ", \\\n     '' index 0 u 1:5 w l lw 1 lc rgb BANDLINE"
             ", \\\n     '' index 0 u 1:3 w lp pt 7 ps FEW lw 1.8 lc rgb WALMART");
    if (result->reached)
        text_put(script, ", \\\n     '' index 1 u 1:2:3:4 w yerrorbars pt 7 ps 2*FEW lw 2.2 lc rgb "
                         "FG");
    text_put(script, ", \\\n     LABELS index 0 u 1:2:3 w labels left offset 1.6,0 tc rgb WALMART "
                     "font SMALL"
                     ", \\\n     '' index 1 u 1:2:3 w labels left offset 1.6,0 tc rgb FG font "
                     "SMALL\nunset label\nunset arrow\n");
}

static const char *absence(const struct figure_subject *subject)
{
    const struct ab_result *result = subject->ab;
    if (result->peeks == 0) return "Nobody looked before the end, so there is no path to draw.";
    if (isnan(peek_of(result, result->peeks - 1)->look.low))
        return "There is no always-valid interval to draw: too few orders, or none that differ.";
    return NULL;
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "The difference in the goal against the number of orders so far, with the "
                   "interval that holds at every look as a band. ");
    ab_write_peeks(text, subject->ab, subject->ab->best);
}

static const struct figure figure_looks = {.name = "looks",
                                           .title = "The always-valid interval over time",
                                           .absence = absence,
                                           .draw = draw,
                                           .describe = describe};

bool ab_report_draw(const struct ab_report *report, const char *gnuplot, struct drawing *drawing,
                    struct err *err)
{
    static const struct figure *const figures[] = {&figure_looks, NULL};
    const struct figure_book book = {
        .figures = figures, .subject = {.ab = report->result}, .blank = {.ab = report->result}};
    *drawing = (struct drawing){.state = DRAWING_OFF};
    return report->result->plan_only || book_draw(&book, report->directory, gnuplot, drawing, err);
}
