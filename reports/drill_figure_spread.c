/* How times to detect, mitigate and recover spread over the repeats: one step a repeat. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "reports/drill_figures.h"
#include "reports/drill_text.h"

enum { LEFT = 62, RIGHT = FIGURE_WIDTH - 110, TOP = 40, BOTTOM = 250, HEIGHT = 304, LINES = 3 };

static const struct {
    enum drill_measure measure;
    const char *name, *token;
} shown[LINES] = {{DRILL_TTD, "detected", "BAD"},
                  {DRILL_TTM, "mitigated", "WALMART"},
                  {DRILL_TTR, "recovered", "GOOD"}};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of the repeats to which it applies and which came about, in order; the count of both. */
static double *sorted(const struct drill *drill, enum drill_measure measure, uint32_t *known,
                      uint32_t *n)
{
    double *values = calloc(drill->repeats + 1u, sizeof *values);
    *known = *n = 0;
    for (uint32_t i = 0; values != NULL && i < drill->repeats; i++) {
        const struct drill_value *value = &drill->each[i].values[measure];
        if (drill->each[i].left_out || value->state == DRILL_NOT_APPLICABLE) continue;
        (*n)++;
        if (value->state == DRILL_KNOWN) values[(*known)++] = value->value;
    }
    if (values != NULL) qsort(values, *known, sizeof *values, by_value);
    return values;
}

static double write_data(struct sheet *sheet, double ends[LINES], double shares[LINES])
{
    double most = 0;
    for (unsigned i = 0; i < LINES; i++) {
        uint32_t known, n;
        double *values = sorted(sheet->drill, shown[i].measure, &known, &n);
        text_format(&sheet->data, "%s# %s: minutes\tshare_of_repeats\n", i > 0 ? "\n\n" : "",
                    shown[i].name);
        ends[i] = NAN;
        shares[i] = 0;
        for (uint32_t k = 0; values != NULL && k < known; k++) {
            sheet_cell(sheet, values[k] / 60, '\t');
            sheet_cell(sheet, (double)(k + 1) / n, '\n');
            ends[i] = values[k] / 60;
            shares[i] = (double)(k + 1) / n;
            most = fmax(most, ends[i]);
        }
        if (known == 0) text_put(&sheet->data, "nan\tnan\n");
        free(values);
    }
    return most;
}

static void draw(struct sheet *sheet)
{
    struct text *script = &sheet->script;
    double ends[LINES], shares[LINES];
    sheet->height = HEIGHT;
    const double most = write_data(sheet, ends, shares);
    const struct axis_words minutes = {1, "", "", false};
    const struct axis_words percent = {100, "", "%", false};
    const double step = sheet_step(fmax(most, 1));
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    sheet_axis(sheet, 'x', 0, fmax(most, 1) * 1.04, step, &minutes);
    sheet_axis(sheet, 'y', 0, 1.04, 0.25, &percent);
    text_put(script, "set label 1 '{/:Bold Repeats}, of those to which it applies' at graph 0,1.08 "
                     "tc rgb FG\n"
                     "set label 2 'minutes since the first bad order' at graph 1,0 right offset "
                     "0,-2.4 tc rgb MUTED font SMALL\n");
    int blocks[LINES];
    for (unsigned i = 0; i < LINES; i++) {
        blocks[i] = sheet_labels_begin(sheet);
        sheet_label(sheet, isfinite(ends[i]) ? ends[i] : 0, isfinite(ends[i]) ? shares[i] : 0,
                    isfinite(ends[i]) ? shown[i].name : "");
    }
    text_put(script, "plot ");
    for (unsigned i = 0; i < LINES; i++) {
        text_format(
            script,
            "%s index %u u 1:2 w steps lw 2.2 lc rgb %s, \\\n"
            "     LABELS index %d u 1:2:3 w labels left offset 0.8,%d tc rgb %s font BOLD%s",
            i == 0 ? "DATA" : "     DATA", i, shown[i].token, blocks[i], -(int)i, shown[i].token,
            i + 1 < LINES ? ", \\\n" : "\n");
    }
    text_put(script, "unset label\n");
}

static const char *absence(const struct figure_subject *subject)
{
    if (subject->drill->repeats < DRILL_SPREAD_LEAST) {
        return "A spread takes ten repeats at least: play the drill with --replications 40.";
    }
    for (unsigned i = 0; i < LINES; i++) {
        const struct drill_distribution *all = &subject->drill->measures[shown[i].measure];
        if (all->n > all->never) return NULL;
    }
    return "In no repeat was there anything to detect, to mitigate or to recover from.";
}

void drill_find_spread(struct text *text, const struct drill *drill)
{
    bool first = true;
    for (unsigned i = 0; i < LINES; i++) {
        const struct drill_distribution *all = &drill->measures[shown[i].measure];
        if (all->n == 0) continue;
        struct text words = {0};
        if (all->p50.state == DRILL_NEVER && all->never == all->n)
            text_format(&words, "never %s", shown[i].name);
        else if (all->p50.state == DRILL_NEVER)
            text_format(&words, "never %s in %u of %u", shown[i].name, all->never, all->n);
        else
            text_format(&words, "%s after ", shown[i].name);
        if (all->p50.state != DRILL_NEVER) drill_show_distribution(&words, shown[i].measure, all);
        if (words.bytes != NULL) {
            if (first) words.bytes[0] = (char)toupper((unsigned char)words.bytes[0]);
            text_format(text, "%s%s", first ? "" : "; ", words.bytes);
        }
        text->failed |= words.failed;
        text_release(&words);
        first = false;
    }
    if (!first) text_put(text, ".");
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "Three staircases: the share of repeats in which the incident was detected, "
                   "mitigated and recovered from within so many minutes of the first bad order. "
                   "What never came about leaves a staircase below the top. ");
    drill_find_spread(text, subject->drill);
}

const struct figure drill_figure_spread = {.name = "drill_spread",
                                           .title = "How times spread over the repeats",
                                           .absence = absence,
                                           .draw = draw,
                                           .describe = describe};
