/* What one objective costs in the other: all weights tried, the front, presets, the suggestion. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_text.h"

enum {
    LEFT = 76,
    RIGHT = FIGURE_WIDTH - 40,
    TOP = 40,
    BOTTOM = 388,
    HEIGHT = 446,
    CLOUD_KEPT = 260,    /* points shown that keep the guardrails, and */
    CLOUD_BREACHED = 140 /* that do not */
};

struct pareto {
    struct sheet *sheet;
    const struct tuning *tuning;
    struct tune_axis x, y;
    struct sheet_frame frame;
    struct label_place labels[TUNE_ARMS_MAX];
    struct label_box taken[2 * TUNE_ARMS_MAX + CLOUD_KEPT]; /* whiskers, dots: no place for words */
    size_t taken_count;
    uint32_t labelled;
    int blocks; /* of data so far: empty ones do not count for gnuplot, so none is written */
};

/* ---- what is in the picture ---- */

static void widen(double value, double *low, double *high)
{
    if (!isfinite(value)) return;
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* A value of an arm on the training orders, and its interval: of the paired difference. */
static void arm_ends(const struct tune_arm *arm, enum tune_metric metric, double ends[3])
{
    const struct tune_value *value = &arm->values[TUNE_TRAIN][metric];
    ends[0] = value->value;
    ends[1] = value->baseline + value->difference.low;
    ends[2] = value->baseline + value->difference.high;
    if (!isfinite(ends[1]) || !isfinite(ends[2])) ends[1] = ends[2] = ends[0];
}

static void widen_by_arms(struct sheet_frame *frame, const struct pareto *pareto)
{
    for (uint32_t a = 0; a < pareto->tuning->arm_count; a++) {
        double ends[3];
        arm_ends(&pareto->tuning->arms[a], pareto->x.metric, ends);
        for (unsigned e = 0; e < 3; e++)
            widen(ends[e], &frame->x_low, &frame->x_high);
        arm_ends(&pareto->tuning->arms[a], pareto->y.metric, ends);
        for (unsigned e = 0; e < 3; e++)
            widen(ends[e], &frame->y_low, &frame->y_high);
    }
}

/* Weights that keep the guardrails, and every arm: the rest of the cloud may lie outside. */
static void choose_ranges(struct pareto *pareto)
{
    const struct search *search = &pareto->tuning->search;
    struct sheet_frame *frame = &pareto->frame;
    *frame =
        (struct sheet_frame){LEFT, TOP, RIGHT, BOTTOM, HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL};
    for (uint32_t i = 0; i < search->count; i++) {
        if (!search->candidates[i].feasible) continue;
        widen(tune_axis_value(&pareto->x, &search->candidates[i]), &frame->x_low, &frame->x_high);
        widen(tune_axis_value(&pareto->y, &search->candidates[i]), &frame->y_low, &frame->y_high);
    }
    widen_by_arms(frame, pareto);
    const double wide = frame->x_high - frame->x_low, high = frame->y_high - frame->y_low;
    const double x_room = wide > 0 ? 0.06 * wide : fmax(fabs(frame->x_low) * 0.01, 1e-3);
    const double y_room = high > 0 ? 0.08 * high : fmax(fabs(frame->y_low) * 0.01, 1e-3);
    frame->x_low -= x_room;
    frame->x_high += x_room;
    frame->y_low -= y_room;
    frame->y_high += y_room;
}

static bool is_inside(const struct pareto *pareto, const struct search_candidate *candidate)
{
    const double x = tune_axis_value(&pareto->x, candidate);
    const double y = tune_axis_value(&pareto->y, candidate);
    return x >= pareto->frame.x_low && x <= pareto->frame.x_high && y >= pareto->frame.y_low &&
           y <= pareto->frame.y_high;
}

/* ---- data: a block each for the arms, the clouds, the front ---- */

static int begin_block(struct pareto *pareto, const char *what)
{
    text_format(&pareto->sheet->data, "%s# %s\n", pareto->blocks > 0 ? "\n\n" : "", what);
    return pareto->blocks++;
}

static void put_point(struct sheet *sheet, double x, double y)
{
    sheet_cell(sheet, x, '\t');
    sheet_cell(sheet, y, '\n');
}

static void take_point(struct pareto *pareto, const struct search_candidate *candidate)
{
    const double x = frame_x(&pareto->frame, tune_axis_value(&pareto->x, candidate));
    const double y = frame_y(&pareto->frame, tune_axis_value(&pareto->y, candidate));
    assert(pareto->taken_count < sizeof pareto->taken / sizeof *pareto->taken);
    pareto->taken[pareto->taken_count++] = (struct label_box){x - 2, y - 2, x + 2, y + 2};
}

/* Up to `most` of them, evenly by their place in the search; -1: there are none. */
static int write_cloud(struct pareto *pareto, bool feasible, uint32_t most)
{
    const struct search *search = &pareto->tuning->search;
    uint32_t count = 0, seen = 0;
    for (uint32_t i = 0; i < search->count; i++)
        count +=
            search->candidates[i].feasible == feasible && is_inside(pareto, &search->candidates[i]);
    if (count == 0) return -1;
    const int block =
        begin_block(pareto, feasible ? "weights tried that keep the guardrails, thinned"
                                     : "weights tried that do not keep the guardrails, thinned");
    for (uint32_t i = 0; i < search->count; i++) {
        const struct search_candidate *candidate = &search->candidates[i];
        if (candidate->feasible != feasible || !is_inside(pareto, candidate)) continue;
        seen++;
        if ((uint64_t)seen * most / count == (uint64_t)(seen - 1) * most / count && count > most)
            continue;
        put_point(pareto->sheet, tune_axis_value(&pareto->x, candidate),
                  tune_axis_value(&pareto->y, candidate));
        if (feasible) take_point(pareto, candidate);
    }
    return block;
}

struct corner {
    double x, y;
};

static int compare_corners(const void *left, const void *right)
{
    const struct corner *a = left, *b = right;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return a->y < b->y ? -1 : a->y > b->y;
}

/* The border of what the front's points reach: steps, for nothing between them was tried. */
static int write_front(struct pareto *pareto)
{
    if (pareto->tuning->search.front_count == 0) return -1;
    const struct search *search = &pareto->tuning->search;
    struct corner *corners = malloc((search->count + 1u) * sizeof *corners);
    const bool more_x = tune_metric_traits[pareto->x.metric].better > 0;
    size_t count = 0;
    const int block = begin_block(pareto, "the Pareto front");
    for (uint32_t i = 0; corners != NULL && i < search->count; i++)
        if (search->candidates[i].front)
            corners[count++] = (struct corner){tune_axis_value(&pareto->x, &search->candidates[i]),
                                               tune_axis_value(&pareto->y, &search->candidates[i])};
    if (count > 0) qsort(corners, count, sizeof *corners, compare_corners);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare_corners(&corners[i], &corners[i - 1]) == 0) continue;
        if (i > 0)
            put_point(pareto->sheet, more_x ? corners[i - 1].x : corners[i].x,
                      more_x ? corners[i].y : corners[i - 1].y);
        put_point(pareto->sheet, corners[i].x, corners[i].y);
    }
    if (corners == NULL) pareto->sheet->data.failed = true;
    free(corners);
    return block;
}

static void write_arms(struct pareto *pareto)
{
    const struct tuning *tuning = pareto->tuning;
    (void)begin_block(pareto, "arms: x\tlow95\thigh95\ty\tlow95\thigh95\tsuggested");
    for (uint32_t a = 0; a < tuning->arm_count; a++) {
        const enum tune_metric metrics[2] = {pareto->x.metric, pareto->y.metric};
        double ends[2][3];
        for (unsigned m = 0; m < 2; m++) {
            arm_ends(&tuning->arms[a], metrics[m], ends[m]);
            for (unsigned e = 0; e < 3; e++)
                sheet_cell(pareto->sheet, ends[m][e], '\t');
        }
        sheet_cell(pareto->sheet, a == tuning->chosen, '\n');
        const struct sheet_frame *frame = &pareto->frame;
        const double x = frame_x(frame, ends[0][0]), y = frame_y(frame, ends[1][0]);
        pareto->taken[pareto->taken_count++] = (struct label_box){
            frame_x(frame, ends[0][1]), y - 2, frame_x(frame, ends[0][2]), y + 2};
        pareto->taken[pareto->taken_count++] = (struct label_box){
            x - 2, frame_y(frame, ends[1][2]), x + 2, frame_y(frame, ends[1][1])};
        pareto->labels[pareto->labelled++] =
            (struct label_place){.x = frame_x(&pareto->frame, ends[0][0]),
                                 .y = frame_y(&pareto->frame, ends[1][0]),
                                 .words = tuning->arms[a].name};
    }
}

/* ---- script ---- */

static void put_axis(struct pareto *pareto, char axis, const struct tune_axis *which, double low,
                     double high)
{
    const double step = sheet_step(high - low);
    switch (tune_metric_traits[which->metric].unit) {
    case TUNE_CENTS: {
        const bool dollars = fmax(fabs(low), fabs(high)) >= 100;
        const struct axis_words words = {dollars ? 0.01 : 1, dollars ? "$" : "",
                                         dollars ? "" : "\u00a2", false};
        sheet_axis(pareto->sheet, axis, low, high, step, &words);
        return;
    }
    case TUNE_MINUTES: {
        const struct axis_words words = {1, "", " min", false};
        sheet_axis(pareto->sheet, axis, low, high, step, &words);
        return;
    }
    case TUNE_SHARE: {
        const struct axis_words words = {100, "", "%", false};
        sheet_axis(pareto->sheet, axis, low, high, step, &words);
        return;
    }
    case TUNE_POINTS: {
        const struct axis_words words = {100, "", "%", true};
        sheet_axis(pareto->sheet, axis, low, high, step, &words);
        return;
    }
    }
}

/* An arrow in the corner where both are at their best. */
static void put_better(struct text *script, const struct pareto *pareto)
{
    const bool right = tune_metric_traits[pareto->x.metric].better > 0;
    const bool up = tune_metric_traits[pareto->y.metric].better > 0;
    const double tip_x = right ? 0.99 : 0.01, tip_y = up ? 0.985 : 0.015;
    text_format(script,
                "set arrow 1 from graph %.3f,%.3f to graph %.3f,%.3f head size screen 0.008,25 "
                "filled lw 1.2 lc rgb MUTED\n"
                "set label 3 'better' at graph %.3f,%.3f %s tc rgb MUTED font SMALL\n",
                tip_x + (right ? -0.03 : 0.03), tip_y + (up ? -0.05 : 0.05), tip_x, tip_y,
                tip_x + (right ? -0.036 : 0.036), tip_y + (up ? -0.05 : 0.05),
                right ? "right" : "left");
}

static void put_titles(struct text *script, const struct pareto *pareto)
{
    static const char *const legends[3] = {
        "dots: weights tried; hollow: not sure to keep a guardrail",
        "dots: weights tried; hollow: not sure to keep a guardrail; line: Pareto front",
        "dots: weights tried; hollow: not sure to keep a guardrail; black: on the Pareto front"};
    text_format(
        script,
        "set label 1 '{/:Bold %s} %s' at graph 0,1 offset 0,0.8 tc rgb FG\n"
        "set label 4 '%s' at graph 1,1 right offset 0,0.8 tc rgb MUTED font SMALL\n"
        "set label 2 '{/:Bold %s} an order, training orders' at graph 1,0 right "
        "offset 0,-2.5 tc rgb FG\n",
        tune_metric_traits[pareto->y.metric].label,
        pareto->y.metric == TUNE_GOAL ? "against the baseline" : "an order",
        legends[pareto->tuning->objective_count > 2 ? 2 : pareto->tuning->objective_count - 1],
        tune_metric_traits[pareto->x.metric].label);
}

static void put_plot(struct pareto *pareto, int breached, int kept, int front)
{
    const struct tuning *tuning = pareto->tuning;
    struct text *script = &pareto->sheet->script;
    text_put(script, "plot DATA index 0 u 1:4 w p pt 7 ps 0.1 lc rgb BG");
    if (breached >= 0)
        text_format(script, ", \\\n     '' index %d u 1:2 w p pt 6 ps 1.2*FEW lc rgb AXIS",
                    breached);
    if (kept >= 0)
        text_format(script, ", \\\n     '' index %d u 1:2 w p pt 7 ps FEW lc rgb S4", kept);
    if (front >= 0)
        text_format(script, ", \\\n     '' index %d u 1:2 w %s lc rgb FG", front,
                    tuning->objective_count == 2 ? "lines lw 1.6" : "p pt 7 ps 0.6*FEW");
    for (unsigned suggested = 0; suggested < 2; suggested++) {
        if (suggested == 1 && tuning->chosen == UINT32_MAX) break;
        const char *colour = suggested ? "MEALME" : "WALMART";
        text_format(script,
                    ", \\\n     '' index 0 u ($7==%u?$2:NaN):4:($3-$2):(0) w vectors nohead lw 1.8 "
                    "lc rgb %s"
                    ", \\\n     '' index 0 u ($7==%u?$1:NaN):5:(0):($6-$5) w vectors nohead lw 1.8 "
                    "lc rgb %s"
                    ", \\\n     '' index 0 u ($7==%u?$1:NaN):4 w p pt %d ps %s*FEW lc rgb %s",
                    suggested, colour, suggested, colour, suggested, suggested ? 13 : 7,
                    suggested ? "3.4" : "2.4", colour);
    }
    const uint32_t others = tuning->chosen == UINT32_MAX ? pareto->labelled : pareto->labelled - 1;
    sheet_words(pareto->sheet, &pareto->frame, pareto->labels, others,
                "noenhanced tc rgb WALMART font SMALL");
    sheet_words(pareto->sheet, &pareto->frame, pareto->labels + others, pareto->labelled - others,
                "tc rgb MEALME font BOLD");
    text_put(script, "\nunset label\nunset arrow\n");
}

static void draw(struct sheet *sheet)
{
    struct pareto pareto = {.sheet = sheet, .tuning = sheet->tuning};
    tune_axes(sheet->tuning, &pareto.x, &pareto.y);
    sheet->height = HEIGHT;
    choose_ranges(&pareto);
    write_arms(&pareto);
    const int breached = write_cloud(&pareto, false, CLOUD_BREACHED);
    const int kept = write_cloud(&pareto, true, CLOUD_KEPT);
    const int front = write_front(&pareto);
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    put_axis(&pareto, 'x', &pareto.x, pareto.frame.x_low, pareto.frame.x_high);
    put_axis(&pareto, 'y', &pareto.y, pareto.frame.y_low, pareto.frame.y_high);
    text_put(&sheet->script, "set border 3\nset grid xtics ytics lc rgb GRID lw 1 lt 1\n");
    put_titles(&sheet->script, &pareto);
    put_better(&sheet->script, &pareto);
    const struct label_room room = {.within = {LEFT + 2, TOP + 2, RIGHT - 2, BOTTOM - 2},
                                    .taken = pareto.taken,
                                    .taken_count = pareto.taken_count};
    label_places(pareto.labels, pareto.labelled, &room);
    sheet_lead(sheet, &pareto.frame, pareto.labels, pareto.labelled);
    put_plot(&pareto, breached, kept, front);
}

static const char *absence(const struct figure_subject *subject)
{
    struct tune_axis x, y;
    tune_axes(subject->tuning, &x, &y);
    if (!x.is_set || !y.is_set) return "The search kept no second figure to set the goal against.";
    return subject->tuning->search.count > 0 ? NULL : "No weights were tried.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    struct tune_axis x, y;
    tune_axes(subject->tuning, &x, &y);
    text_format(text,
                "A scatter of the weights tried: %s across, %s up, both means on the training "
                "orders; the Pareto front as a line of steps, and the baseline, presets and "
                "suggestion with their 95%% intervals. ",
                tune_metric_traits[x.metric].label, tune_metric_traits[y.metric].label);
    tune_find_pareto(text, subject->tuning);
}

const struct figure tune_figure_pareto = {.name = "tradeoff",
                                          .title = "What one objective costs in the other",
                                          .absence = absence,
                                          .draw = draw,
                                          .describe = describe};
