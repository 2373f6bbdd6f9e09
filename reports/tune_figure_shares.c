/* Who gets the orders: baseline against suggestion. */
#include <math.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_text.h"

enum { LEFT = 110, RIGHT = FIGURE_WIDTH - 150, TOP = 40, ROW = 36, BELOW = 52 };

static void draw(struct sheet *sheet)
{
    const struct tuning *tuning = sheet->tuning;
    struct text *script = &sheet->script;
    const double *was = tuning->arms[0].shares[TUNE_ALL];
    const double *is = tuning->arms[tuning->chosen].shares[TUNE_ALL];
    double most = 0;
    text_put(&sheet->data, "# row\tbaseline_share\tsuggested_share\n");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        sheet_cell(sheet, p, '\t');
        sheet_cell(sheet, was[p], '\t');
        sheet_cell(sheet, is[p], '\n');
        most = fmax(most, fmax(was[p], is[p]));
    }
    const double end = fmin(1, most * 1.12 + 0.02);
    const int bottom = TOP + ROW * PROVIDER_COUNT;
    const struct axis_words percent = {100, "", "%", false};
    sheet->height = bottom + BELOW;
    sheet_panel(sheet, LEFT, TOP, RIGHT, bottom);
    sheet_axis(sheet, 'x', 0, end, sheet_step(end), &percent);
    text_format(script,
                "set yrange [%d.5:-0.5]\nunset ytics\n"
                "set grid noytics xtics lc rgb GRID lw 1 lt 1\n"
                "set label 1 '{/:Bold Share of orders}, hollow: baseline, filled: suggested' at "
                "graph 0,1 offset 0,0.9 tc rgb FG\n"
                "set label 2 'of all orders, exact' at graph 1,0 right offset 0,-2.3 tc rgb MUTED "
                "font SMALL\n",
                PROVIDER_COUNT - 1);
    int names[PROVIDER_COUNT], changes[PROVIDER_COUNT];
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct text change = {0};
        names[p] = sheet_labels_begin(sheet);
        sheet_label(sheet, 0, p, provider_traits[p].short_name);
        changes[p] = sheet_labels_begin(sheet);
        show_share(&change, was[p]);
        text_put(&change, " \u2192 ");
        show_share(&change, is[p]);
        sheet_label(sheet, end, p, change.bytes != NULL ? change.bytes : "");
        text_release(&change);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const char *colour = provider_token((enum provider)p);
        text_format(script,
                    "%s u ($1==%u?$2:NaN):1:($3-$2):(0) w vectors nohead lw 3 lc rgb %s"
                    ", \\\n     '' u ($1==%u?$2:NaN):1 w p pt 7 ps 3.2*FEW lc rgb %s"
                    ", \\\n     '' u ($1==%u?$2:NaN):1 w p pt 7 ps 2*FEW lc rgb BG"
                    ", \\\n     '' u ($1==%u?$3:NaN):1 w p pt 7 ps 3.2*FEW lc rgb %s",
                    p == 0 ? "plot DATA" : ", \\\n     DATA", p, colour, p, colour, p, p, colour);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(
            script,
            ", \\\n     LABELS index %d u 1:2:3 w labels right offset -1.6,0 tc rgb %s font "
            "BOLD"
            ", \\\n     '' index %d u 1:2:3 w labels left offset 2,0 tc rgb MUTED font "
            "SMALL",
            names[p], provider_token((enum provider)p), changes[p]);
    text_put(script, "\nunset label\n");
}

static const char *absence(const struct figure_subject *subject)
{
    return subject->tuning->chosen == UINT32_MAX
               ? "Nothing is suggested, so no order would go elsewhere."
               : NULL;
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text,
             "One row a provider: a hollow dot at its share of all orders under the baseline, "
             "a filled one at its share under the suggestion, a line between them. ");
    tune_find_shares(text, subject->tuning);
}

const struct figure tune_figure_shares = {.name = "selection",
                                          .title = "Who gets the orders",
                                          .absence = absence,
                                          .draw = draw,
                                          .describe = describe};
