/* Whose tail the router waits for: who is last at each of its percentiles. */
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"

enum { LEFT = 60, RIGHT = FIGURE_WIDTH - 190, TOP = 62, ROW = 40, BELOW = 46 };

static const char *const names[WAITING_QUANTILES] = {"p50", "p95", "p99"};

static double share_of(const struct waiting_tail *tail, unsigned quantile, unsigned provider)
{
    return tail->beyond[quantile] > 0
               ? (double)tail->slowest[quantile][provider] / (double)tail->beyond[quantile]
               : (double)NAN;
}

static void write_data(struct sheet *sheet)
{
    const struct waiting_tail *tail = &sheet->calibration->tail;
    text_put(&sheet->data, "# row\tprovider\tmiddle_of_bar\thalf_of_bar\n");
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        double from = 0;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const double share = share_of(tail, q, p);
            sheet_cell(sheet, q, '\t');
            sheet_cell(sheet, p, '\t');
            sheet_cell(sheet, from + share / 2, '\t');
            sheet_cell(sheet, share > 0 ? share / 2 : (double)NAN, '\n');
            from += isnan(share) ? 0 : share;
        }
    }
}

/* In the bar where it is wide enough to hold them. */
static int put_shares(struct sheet *sheet)
{
    const struct waiting_tail *tail = &sheet->calibration->tail;
    const int block = sheet_labels_begin(sheet);
    sheet_label(sheet, -1, -1, "");
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        double from = 0;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const double share = share_of(tail, q, p);
            struct text words = {0};
            if (share >= 0.17) text_format(&words, "%s ", provider_traits[p].short_name);
            if (share >= 0.08) {
                show_share(&words, share);
                sheet_label(sheet, from + share / 2, q, words.bytes != NULL ? words.bytes : "");
            }
            text_release(&words);
            from += isnan(share) ? 0 : share;
        }
    }
    return block;
}

static int put_rows(struct sheet *sheet)
{
    const int block = sheet_labels_begin(sheet);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        sheet_label(sheet, 0, q, names[q]);
    return block;
}

static int put_counts(struct sheet *sheet)
{
    const struct waiting_tail *tail = &sheet->calibration->tail;
    const int block = sheet_labels_begin(sheet);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        struct text words = {0};
        if (isnan(tail->ms[q])) {
            text_put(&words, "n/a");
        } else {
            text_put(&words, "\u2265 ");
            show_latency(&words, tail->ms[q]);
            text_put(&words, ", n = ");
            text_grouped(&words, (int64_t)tail->beyond[q]);
        }
        sheet_label(sheet, 1, q, words.bytes != NULL ? words.bytes : "");
        text_release(&words);
    }
    return block;
}

/* Whose colour is whose, of those who are there at all: parts too small for a word have none. */
static void put_legend(struct sheet *sheet)
{
    const struct waiting_tail *tail = &sheet->calibration->tail;
    double at = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        bool any = false;
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            any = any || tail->slowest[q][p] > 0;
        if (!any) continue;
        text_format(&sheet->script,
                    "set label %u '\u25a0 %s' at graph %.3f,1 offset 0,0.9 tc rgb %s font SMALL\n",
                    2 + p, provider_traits[p].short_name, at, provider_token((enum provider)p));
        at += 0.17;
    }
}

static void draw(struct sheet *sheet)
{
    struct text *script = &sheet->script;
    const struct axis_words percent = {100, "", "%", false};
    const int bottom = TOP + ROW * WAITING_QUANTILES;
    sheet->height = bottom + BELOW;
    write_data(sheet);
    const int shares = put_shares(sheet), rows = put_rows(sheet), counts = put_counts(sheet);
    sheet_panel(sheet, LEFT, TOP, RIGHT, bottom);
    sheet_axis(sheet, 'x', 0, 1, 0.25, &percent);
    text_format(script,
                "set yrange [%d.5:-0.5]\nunset ytics\nset grid noytics noxtics\n"
                "set label 1 '{/:Bold Waited for last} in orders at or beyond the router\u2019s "
                "percentile, today\u2019s timeouts' at graph 0,1 offset 0,2.4 tc rgb FG\n",
                WAITING_QUANTILES - 1);
    put_legend(sheet);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(script, "%s u ($2==%u?$3:NaN):1:4:(0.34) w boxxy fc rgb %s",
                    p == 0 ? "plot DATA" : ", \\\n     ''", p, provider_token((enum provider)p));
    text_format(script,
                ", \\\n     LABELS index %d u 1:2:3 w labels tc rgb BG font SMALL"
                ", \\\n     '' index %d u 1:2:3 w labels right offset -1,0 tc rgb FG font BOLD"
                ", \\\n     '' index %d u 1:2:3 w labels left offset 1,0 tc rgb MUTED font SMALL\n"
                "unset label\n",
                shares, rows, counts);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct waiting_tail *tail = &subject->calibration->tail;
    if (!subject->calibration->has_orders)
        return "Calls alone are known, so who was waited for last cannot be drawn.";
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        if (tail->beyond[q] > 0 && isfinite(tail->ms[q])) return NULL;
    return "There are too few orders to say who was waited for last.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "Three stacked bars, one for the orders at or beyond the router\u2019s p50, p95 "
                   "and p99: the share of them in which each provider was waited for last. ");
    calibrate_find_tail(text, subject->calibration);
}

const struct figure calibrate_figure_tail = {.name = "tail",
                                             .title = "Whose tail the router waits for",
                                             .absence = absence,
                                             .draw = draw,
                                             .describe = describe};
