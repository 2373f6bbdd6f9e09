/* Who gets the orders, along each weight by itself. */
#include <math.h>

#include "reports/tune_figures.h"
#include "reports/tune_text.h"

enum {
    COLUMNS = 3,
    PANEL_WIDTH = 166,
    PANEL_HEIGHT = 128,
    LEFT = 50,
    STEP_X = 274, /* from panel to panel: its width, names at its right, its ticks */
    TOP = 54,
    STEP_Y = 218,
    EACH = 2 /* every second point of the curve: about a pixel */
};

static bool has_panel(const struct tuning *tuning, unsigned part)
{
    return tuning->sweeps[part].count > 1 && tuning->sweeps[part].orders > 0 &&
           !tuning->geometry.weights[part].no_effect;
}

static void write_data(struct sheet *sheet)
{
    text_put(&sheet->data, "# weight");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(&sheet->data, "\t%s_share", provider_traits[p].id);
    text_put(&sheet->data, "\n");
    bool first = true;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct sweep_curve *curve = &sheet->tuning->sweeps[k];
        if (!has_panel(sheet->tuning, k)) continue;
        text_format(&sheet->data, "%s# %s\n", first ? "" : "\n\n", replay_part_names[k]);
        first = false;
        for (uint32_t i = 0; i < curve->count; i++) {
            if (i % EACH != 0 && i + 1 != curve->count) continue;
            sheet_cell(sheet, curve->points[i].from, '\t');
            for (unsigned p = 0; p < PROVIDER_COUNT; p++)
                sheet_cell(sheet, (double)curve->points[i].won[p] / curve->orders,
                           p + 1 == PROVIDER_COUNT ? '\n' : '\t');
        }
    }
}

static bool ever_wins(const struct sweep_curve *curve, unsigned provider)
{
    for (uint32_t i = 0; i < curve->count; i++)
        if (curve->points[i].won[provider] > 0) return true;
    return false;
}

static void put_names(struct sheet *sheet, const struct sweep_curve *curve)
{
    struct spread_item items[PROVIDER_COUNT];
    unsigned shown[PROVIDER_COUNT];
    size_t count = 0;
    const struct sweep_point *last = &curve->points[curve->count - 1];
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!ever_wins(curve, p)) continue;
        items[count].wanted = (double)last->won[p] / curve->orders;
        shown[count++] = p;
    }
    const double pixel = 1.0 / PANEL_HEIGHT;
    spread(items, count, 15 * pixel, 4 * pixel, 1 - 4 * pixel);
    for (size_t i = 0; i < count; i++) {
        const int block = sheet_labels_begin(sheet);
        sheet_label(sheet, curve->high, items[i].placed, provider_traits[shown[i]].short_name);
        text_format(&sheet->script,
                    ", \\\n     LABELS index %d u 1:2:3 w labels left offset 0.6,0 tc rgb %s font "
                    "SMALL",
                    block, provider_token((enum provider)shown[i]));
    }
}

/* How far the weight has to go: "an order flips at \u22120.0020 and +0.0025". */
static void put_nearest(struct text *script, const struct sweep_curve *curve, double now)
{
    const double away[2] = {now - curve->nearest_below, curve->nearest_above - now};
    unsigned ties = 0, shown = 0;
    for (unsigned e = 0; e < 2; e++)
        ties += isfinite(away[e]) && away[e] < TUNE_TIE;
    if (ties > 0) text_put(script, "ties at it");
    for (unsigned e = 0; e < 2; e++) {
        if (!isfinite(away[e]) || away[e] < TUNE_TIE) continue;
        if (shown++ == 0) {
            text_put(script, ties > 0 ? "; an order flips at " : "an order flips at ");
        } else {
            text_put(script, " and ");
        }
        text_put(script, e == 0 ? "\u2212" : "+");
        text_fixed(script, away[e], 4);
    }
    if (ties == 0 && shown == 0) text_put(script, "no order flips");
}

static void put_panel(struct sheet *sheet, unsigned part, unsigned place)
{
    struct text *script = &sheet->script;
    const struct sweep_curve *curve = &sheet->tuning->sweeps[part];
    const int left = LEFT + STEP_X * (int)(place % COLUMNS);
    const int top = TOP + STEP_Y * (int)(place / COLUMNS);
    const double now = score_weight_of(&sheet->tuning->arms[0].weights, (enum replay_part)part);
    const struct axis_words plain = {1, "", "", false}, percent = {100, "", "%", false};
    sheet_panel(sheet, left, top, left + PANEL_WIDTH, top + PANEL_HEIGHT);
    sheet_axis(sheet, 'x', curve->low, curve->high, (curve->high - curve->low) / 4, &plain);
    sheet_axis(sheet, 'y', 0, 1, 0.5, &percent);
    text_format(script,
                "set label 1 '{/:Bold %s}, weight' at graph 0,1 offset 0,1.9 tc rgb FG\n"
                "set label 2 '",
                replay_part_names[part]);
    put_nearest(script, curve, now);
    text_put(script, "' at graph 0,1 offset 0,0.8 tc rgb MUTED font SMALL\nset arrow 1 from ");
    text_double(script, now);
    text_put(script, ",graph 0 to ");
    text_double(script, now);
    text_put(script, ",graph 1 nohead dt 2 lw 1.2 lc rgb AXIS back\nset label 3 'now ");
    tune_show_weight(script, now);
    text_put(script, "' at ");
    text_double(script, now);
    text_format(script, ",graph 0.93 %s offset %s,0 tc rgb MUTED font SMALL\n",
                now > (curve->low + curve->high) * 0.6 ? "right" : "left",
                now > (curve->low + curve->high) * 0.6 ? "-0.4" : "0.4");
    for (unsigned p = 0, drawn = 0; p < PROVIDER_COUNT; p++) {
        if (!ever_wins(curve, p)) continue;
        text_format(script, "%s index %u u 1:%u w steps lw 1.8 lc rgb %s",
                    drawn++ == 0 ? "plot DATA" : ", \\\n     ''", place, p + 2,
                    provider_token((enum provider)p));
    }
    put_names(sheet, curve);
    text_put(script, "\nunset label\nunset arrow\n");
}

static void draw(struct sheet *sheet)
{
    unsigned panels = 0;
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        panels += has_panel(sheet->tuning, k);
    const unsigned rows = (panels + COLUMNS - 1) / COLUMNS;
    sheet->height = TOP + STEP_Y * (int)(rows - 1) + PANEL_HEIGHT + 40;
    write_data(sheet);
    unsigned place = 0;
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        if (has_panel(sheet->tuning, k)) put_panel(sheet, k, place++);
}

static const char *absence(const struct figure_subject *subject)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        if (has_panel(subject->tuning, k)) return NULL;
    return "No weight by itself has an effect in this data, so there are no curves to draw.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "One small panel for each weight that has an effect: the share of orders that "
                   "each provider wins, in steps, along that weight, the others held at the "
                   "baseline's; a dashed line marks the weight as it is. ");
    tune_find_sweeps(text, subject->tuning);
}

const struct figure tune_figure_sweeps = {.name = "curves",
                                          .title = "Share by provider along each weight",
                                          .absence = absence,
                                          .draw = draw,
                                          .describe = describe};
