/* How the goal hangs on each weight: a fifth less or more of one, and of all together (Sobol). */
#include <math.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_text.h"

enum {
    LEFT = 104,
    MIDDLE = 410,
    SOBOL = 560,
    RIGHT = FIGURE_WIDTH - 30,
    TOP = 58,
    ROW = 32,
    BELOW = 50
};

static double here(const struct tuning *tuning)
{
    const uint32_t center = tuning->chosen != UINT32_MAX ? tuning->chosen : 0;
    return tuning->arms[center].values[TUNE_ALL][TUNE_GOAL].value;
}

static void write_data(struct sheet *sheet, double *most)
{
    const double goal = here(sheet->tuning);
    text_put(&sheet->data, "# row\tgoal_change_at_80\tgoal_change_at_120\tfirst\tfirst_low95\t"
                           "first_high95\ttotal\ttotal_low95\ttotal_high95\n");
    *most = 0;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct tune_sensitivity *of = &sheet->tuning->sensitivity[k];
        const double cells[] = {of->goal_down - goal, of->goal_up - goal, of->first,
                                of->first_low,        of->first_high,     of->total,
                                of->total_low,        of->total_high};
        sheet_cell(sheet, k, '\t');
        for (unsigned c = 0; c < 8; c++)
            sheet_cell(sheet, cells[c], c == 7 ? '\n' : '\t');
        for (unsigned c = 0; c < 2; c++)
            if (isfinite(cells[c])) *most = fmax(*most, fabs(cells[c]));
    }
}

static void put_tornado(struct sheet *sheet, int bottom, double most)
{
    struct text *script = &sheet->script;
    const double end = most > 0 ? most * 1.15 : 0.001;
    const struct axis_words percent = {100, "", "%", true};
    sheet_panel(sheet, LEFT, TOP, MIDDLE, bottom);
    sheet_axis(sheet, 'x', -end, end, sheet_step(2 * end), &percent);
    text_format(
        script,
        "set yrange [%d.5:-0.5]\nunset ytics\n"
        "set grid noytics xtics lc rgb GRID lw 1 lt 1\n"
        "set arrow 1 from 0,graph 0 to 0,graph 1 nohead lw 1.2 lc rgb AXIS front\n"
        "set label 1 '{/:Bold One weight at 80%% or 120%%}' at graph "
        "0,1 offset "
        "0,2 tc rgb FG\n"
        "set label 3 'goal; lighter: 80%%, stronger: 120%%' at graph 0,1 offset 0,0.8 tc rgb "
        "MUTED font SMALL\n"
        "set label 2 'decisions changed' at graph 1,1 left offset 1.2,2 tc rgb FG font "
        "SMALL\n"
        "set label 4 'at 80%%, at 120%%' at graph 1,1 left offset 1.2,0.8 tc rgb MUTED font "
        "SMALL\n",
        REPLAY_PARTS - 1);
    const int names = sheet_labels_begin(sheet);
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        sheet_label(sheet, -end, k, replay_part_names[k]);
    const int changed = sheet_labels_begin(sheet);
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct tune_sensitivity *of = &sheet->tuning->sensitivity[k];
        struct text words = {0};
        show_share(&words, of->changed_down);
        text_put(&words, ", ");
        show_share(&words, of->changed_up);
        sheet_label(sheet, end, k, words.bytes != NULL ? words.bytes : "");
        text_release(&words);
    }
    text_format(script,
                "plot DATA u ($2/2):($1-0.16):(abs($2)/2):(0.15) w boxxy fc rgb S4, \\\n"
                "     '' u ($3/2):($1+0.16):(abs($3)/2):(0.15) w boxxy fc rgb S7, \\\n"
                "     LABELS index %d u 1:2:3 w labels right offset -0.8,0 tc rgb FG, \\\n"
                "     '' index %d u 1:2:3 w labels left offset 1.2,0 tc rgb MUTED font SMALL\n"
                "unset label\nunset arrow\n",
                names, changed);
}

static bool any_index(const struct tuning *tuning)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        if (isfinite(tuning->sensitivity[k].first) || isfinite(tuning->sensitivity[k].total))
            return true;
    return false;
}

static void put_sobol(struct sheet *sheet, int bottom)
{
    double low = 0, high = 1;
    const struct axis_words plain = {1, "", "", false};
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct tune_sensitivity *of = &sheet->tuning->sensitivity[k];
        if (isfinite(of->first_low)) low = fmin(low, of->first_low);
        if (isfinite(of->total_high)) high = fmax(high, of->total_high);
    }
    if (!any_index(sheet->tuning)) return;
    low = fmax(low, -0.5) - 0.02;
    high = fmin(high, 1.5) + 0.02;
    sheet_panel(sheet, SOBOL, TOP, RIGHT, bottom);
    sheet_axis(sheet, 'x', low, high, 0.25, &plain);
    text_put(&sheet->script,
             "set arrow 1 from 0,graph 0 to 0,graph 1 nohead lw 1.2 lc rgb AXIS front\n"
             "set label 1 '{/:Bold All weights at once}: Sobol indices' at graph 0,1 offset 0,2 "
             "tc rgb FG\n"
             "set label 2 'filled: alone, hollow: with its interactions' at graph 0,1 offset 0,0.8 "
             "tc rgb MUTED font SMALL\n"
             "plot DATA u 5:($1-0.14):($6-$5):(0) w vectors nohead lw 2 lc rgb WALMART, \\\n"
             "     '' u 4:($1-0.14) w p pt 7 ps 2.2*FEW lc rgb WALMART, \\\n"
             "     '' u 8:($1+0.14):($9-$8):(0) w vectors nohead lw 2 lc rgb MUTED, \\\n"
             "     '' u 7:($1+0.14) w p pt 7 ps 2.4*FEW lc rgb MUTED, \\\n"
             "     '' u 7:($1+0.14) w p pt 7 ps 1.4*FEW lc rgb BG\n"
             "unset label\nunset arrow\n");
}

static void draw(struct sheet *sheet)
{
    double most;
    const int bottom = TOP + ROW * REPLAY_PARTS;
    sheet->height = bottom + BELOW;
    write_data(sheet, &most);
    put_tornado(sheet, bottom, most);
    put_sobol(sheet, bottom);
}

static const char *absence(const struct figure_subject *subject)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        if (isfinite(subject->tuning->sensitivity[k].goal_up)) return NULL;
    return "The goal's dependence on the weights is not known.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text,
             "Two panels with a row for each weight. Left: bars for how the goal changes with "
             "that weight at 80% and at 120%. Right: its Sobol indices with their 95% "
             "intervals, alone and with its interactions. ");
    tune_find_sensitivity(text, subject->tuning);
}

const struct figure tune_figure_sensitivity = {.name = "sensitivity",
                                               .title = "How the goal hangs on each weight",
                                               .absence = absence,
                                               .draw = draw,
                                               .describe = describe};
