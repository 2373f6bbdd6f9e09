/* What changes on the holdout, metric by metric, as a share of the baseline. */
#include <math.h>

#include "reports/tune_figures.h"
#include "reports/tune_text.h"

enum { LEFT = 222, RIGHT = FIGURE_WIDTH - 204, TOP = 40, BELOW = 60, ROW = 28 };

/* Past them an interval is cut at the plot's edge: one enormous ratio would flatten all others. */
#define SHARE_MOST 1.0
#define REACH_MOST 1.4 /* times that of the row that reaches second furthest */

enum tone { TONE_BETTER, TONE_WORSE, TONE_OTHER, TONES };

struct forest {
    struct sheet *sheet;
    const struct tune_arm *arm;
    enum tune_metric metrics[TUNE_METRICS];
    uint32_t count;
    double end;
    bool used[TONES][2]; /* tone, model */
};

static const struct tune_value *value_at(const struct forest *forest, uint32_t row)
{
    return &forest->arm->values[TUNE_HOLDOUT][forest->metrics[row]];
}

static enum tone tone_of(const struct tune_value *value)
{
    return value->change == CHANGE_BETTER  ? TONE_BETTER
           : value->change == CHANGE_WORSE ? TONE_WORSE
                                           : TONE_OTHER;
}

static bool is_model(const struct forest *forest, uint32_t row)
{
    return tune_metric_traits[forest->metrics[row]].evidence == EVIDENCE_MODEL;
}

/* The ends of what is drawn: an exact difference is a point. */
static void ends_of(const struct tune_value *value, double ends[3])
{
    const struct stats_estimate *d = &value->difference;
    const double base = fabs(value->baseline);
    ends[0] = d->value / base;
    ends[1] = isfinite(d->low) ? d->low / base : ends[0];
    ends[2] = isfinite(d->high) ? d->high / base : ends[0];
}

static void choose_rows(struct forest *forest, const struct tuning *tuning)
{
    enum tune_metric metrics[TUNE_METRICS];
    const uint32_t count = tune_order_metrics(tuning, true, metrics);
    double most = 0.02, second = 0.02;
    for (uint32_t i = 0; i < count; i++) {
        const struct tune_value *value = &forest->arm->values[TUNE_HOLDOUT][metrics[i]];
        double ends[3];
        if (!tune_has_share(value)) continue;
        ends_of(value, ends);
        const double reach = fmax(fabs(ends[1]), fabs(ends[2]));
        second = fmax(second, fmin(most, reach));
        most = fmax(most, reach);
        forest->metrics[forest->count++] = metrics[i];
    }
    forest->end = fmin(fmin(most, REACH_MOST * second), SHARE_MOST) * 1.06;
}

static void write_data(struct forest *forest)
{
    struct sheet *sheet = forest->sheet;
    text_put(&sheet->data, "# row\tchange_of_baseline\tlow95\thigh95\tnoise_zone\ttone\tmodel\n");
    for (uint32_t i = 0; i < forest->count; i++) {
        const struct tune_value *value = value_at(forest, i);
        double ends[3];
        ends_of(value, ends);
        sheet_cell(sheet, i, '\t');
        for (unsigned e = 0; e < 3; e++)
            sheet_cell(sheet, fmax(-forest->end, fmin(forest->end, ends[e])), '\t');
        sheet_cell(sheet, fmin(forest->end, value->noise / fabs(value->baseline)), '\t');
        sheet_cell(sheet, tone_of(value), '\t');
        sheet_cell(sheet, is_model(forest, i), '\n');
        forest->used[tone_of(value)][is_model(forest, i)] = true;
    }
}

static void put_names(struct forest *forest)
{
    (void)sheet_labels_begin(forest->sheet); /* 0: names */
    for (uint32_t i = 0; i < forest->count; i++) {
        struct text name = {0};
        text_put(&name, tune_metric_traits[forest->metrics[i]].label);
        if (is_model(forest, i)) text_put(&name, " (model)");
        sheet_label(forest->sheet, -forest->end, i, name.bytes != NULL ? name.bytes : "");
        text_release(&name);
    }
    (void)sheet_labels_begin(forest->sheet); /* 1: values */
    for (uint32_t i = 0; i < forest->count; i++) {
        const struct tune_value *value = value_at(forest, i);
        struct text words = {0};
        tune_show_value(&words, forest->metrics[i], value->baseline);
        text_put(&words, " \u2192 ");
        tune_show_value(&words, forest->metrics[i], value->value);
        sheet_label(forest->sheet, forest->end, i, words.bytes != NULL ? words.bytes : "");
        text_release(&words);
    }
}

/* Words stand beside the interval: where zero is not, or where there is room. */
static bool words_left(const struct forest *forest, const double ends[3])
{
    const bool room = ends[1] > -0.7 * forest->end;
    return room && (ends[2] < 0 || ends[2] > 0.75 * forest->end);
}

/* "better"; past the edge with how far: "better, at +995%". */
static void put_meaning(struct text *words, const struct tune_value *value, const double ends[3],
                        double edge)
{
    text_put(words, tune_change_names[value->change]);
    if (fabs(ends[0]) > edge) {
        text_format(words, ", at %s", ends[0] < 0 ? "\u2212" : "+");
        text_fixed(words, 100 * fabs(ends[0]), 0);
        text_char(words, '%');
    } else if (fmax(fabs(ends[1]), fabs(ends[2])) > edge) {
        text_put(words, ", cut off");
    }
}

/* What a difference means, as clauses of the plot: a block a tone and side, if it has any. */
static void put_meanings(struct forest *forest, enum tone tone, bool left, const char *colour)
{
    int block = -1;
    for (uint32_t i = 0; i < forest->count; i++) {
        const struct tune_value *value = value_at(forest, i);
        double ends[3];
        ends_of(value, ends);
        if (tone_of(value) != tone || words_left(forest, ends) != left) continue;
        if (block < 0) block = sheet_labels_begin(forest->sheet);
        struct text words = {0};
        put_meaning(&words, value, ends, forest->end);
        sheet_label(forest->sheet, fmax(-forest->end, fmin(forest->end, ends[left ? 1 : 2])), i,
                    words.bytes != NULL ? words.bytes : "");
        text_release(&words);
    }
    if (block >= 0)
        text_format(
            &forest->sheet->script,
            ", \\\n     LABELS index %d u 1:2:3 w labels %s offset %s,0 tc rgb %s font SMALL",
            block, left ? "right" : "left", left ? "-0.8" : "0.8", colour);
}

static void put_plot(struct forest *forest)
{
    static const char *const colours[TONES] = {"GOOD", "BAD", "MUTED"};
    static const int shapes[TONES][2] = {{7, 6}, {5, 4}, {7, 6}}; /* filled; hollow: a model's */
    struct text *script = &forest->sheet->script;
    text_put(script, "plot DATA u (0):1:5:(0.5) w boxxy fc rgb NEUTRAL, \\\n"
                     "     '' u (0):($1-0.5):(0):(1) w vectors nohead lw 1.2 lc rgb AXIS");
    for (enum tone tone = 0; tone < TONES; tone++)
        for (unsigned model = 0; model < 2; model++) {
            if (!forest->used[tone][model]) continue;
            text_format(script,
                        ", \\\n     '' u ($6==%u&&$7==%u?$3:NaN):1:($4-$3):(0) w vectors nohead lw "
                        "2.2 lc rgb %s"
                        ", \\\n     '' u ($6==%u&&$7==%u?$2:NaN):1 w p pt %d ps 2.2*FEW lw 1.6 lc "
                        "rgb %s",
                        tone, model, colours[tone], tone, model, shapes[tone][model],
                        colours[tone]);
        }
    text_put(script,
             ", \\\n     LABELS index 0 u 1:2:3 w labels right offset -0.8,0 tc rgb FG"
             ", \\\n     '' index 1 u 1:2:3 w labels left offset 8,0 tc rgb MUTED font SMALL");
    for (enum tone tone = 0; tone < TONES; tone++)
        for (unsigned left = 0; left < 2; left++)
            put_meanings(forest, tone, left == 1, colours[tone]);
    text_put(script, "\nunset label\nunset arrow\n");
}

static void draw(struct sheet *sheet)
{
    struct forest forest = {.sheet = sheet, .arm = &sheet->tuning->arms[sheet->tuning->chosen]};
    choose_rows(&forest, sheet->tuning);
    const int bottom = TOP + ROW * (int)forest.count;
    sheet->height = bottom + BELOW;
    write_data(&forest);
    sheet_panel(sheet, LEFT, TOP, RIGHT, bottom);
    const struct axis_words percent = {100, "", "%", true};
    sheet_axis(sheet, 'x', -forest.end, forest.end, sheet_step(1.2 * forest.end), &percent);
    text_format(&sheet->script,
                "set yrange [%d.5:-0.5]\nunset ytics\n"
                "set grid noytics xtics lc rgb GRID lw 1 lt 1\n"
                "set label 1 '{/:Bold Suggested against baseline}, change with 95%% interval' at "
                "graph 0,1 offset 0,0.9 tc rgb FG\n"
                "set label 2 'baseline \u2192 suggested' at graph 1,1 left offset 8,0.9 tc rgb "
                "MUTED font SMALL\n"
                "set label 3 'of the baseline; shaded: counts as no change' at graph 1,0 right "
                "offset 0,-2.3 tc rgb MUTED font SMALL\n",
                (int)forest.count - 1);
    put_names(&forest);
    put_plot(&forest);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct tuning *tuning = subject->tuning;
    if (tuning->chosen == UINT32_MAX)
        return "Nothing is suggested, so there is no difference to the baseline to show.";
    for (unsigned m = 0; m < TUNE_METRICS; m++)
        if (m != TUNE_GOAL && tune_has_share(&tuning->arms[tuning->chosen].values[TUNE_HOLDOUT][m]))
            return NULL;
    return "No metric differs from the baseline by a share of it that is known.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "A forest plot: for each metric a dot at the suggested weights' difference to "
                   "the baseline on the holdout, in percent of the baseline, with its 95% interval "
                   "as a line, over a shaded zone that counts as no change. ");
    tune_find_forest(text, subject->tuning);
}

const struct figure tune_figure_forest = {.name = "holdout",
                                          .title = "Differences on the holdout",
                                          .absence = absence,
                                          .draw = draw,
                                          .describe = describe};
