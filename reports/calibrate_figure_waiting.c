/* What waiting brings: every order decided at an instant, and what the next millisecond is worth.
 */
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_text.h"

enum {
    LEFT = 58,
    MIDDLE = 410,
    SECOND = 496,
    RIGHT = FIGURE_WIDTH - 20,
    TOP = 58,
    HEIGHT = 236,
    HALF = 88,
    FOOT = 46
};

static uint64_t orders_of(const struct calibration *calibration)
{
    return calibration->arms[TIMEOUT_TODAY].outcome.orders;
}

struct most {
    double points, quotes;
};

static struct most write_data(struct sheet *sheet)
{
    const struct calibration *calibration = sheet->calibration;
    const double orders = (double)orders_of(calibration);
    struct most most = {0, 0};
    text_put(&sheet->data, "# decided_at_ms\tundecided_share\tchanged_share\twithout_quote_share\t"
                           "points_per_ms\tquotes_per_ms\n");
    for (uint32_t i = 0; i < calibration->instant_count; i++) {
        const struct waiting_instant *instant = &calibration->instants[i];
        sheet_cell(sheet, fmax(instant->ms, 0.1), '\t');
        sheet_cell(sheet, (double)instant->undecided / orders, '\t');
        sheet_cell(sheet, (double)instant->changed / orders, '\t');
        sheet_cell(sheet, (double)instant->without_quote / orders, '\t');
        sheet_cell(sheet, instant->points_per_ms, '\t');
        sheet_cell(sheet, instant->quotes_per_ms, '\n');
        if (isfinite(instant->points_per_ms))
            most.points = fmax(most.points, instant->points_per_ms);
        if (isfinite(instant->quotes_per_ms))
            most.quotes = fmax(most.quotes, instant->quotes_per_ms);
    }
    return most;
}

static void put_time(struct sheet *sheet, bool with_words)
{
    const struct calibration *calibration = sheet->calibration;
    const double low = fmax(calibration->instants[0].ms, 0.1);
    const double high = fmax(calibration->instants[calibration->instant_count - 1].ms, low * 2);
    calibrate_log_axis(sheet, 'x', low, high, 8, with_words);
}

static void put_shares(struct sheet *sheet)
{
    const struct axis_words percent = {100, "", "%", false};
    sheet_panel(sheet, LEFT, TOP, MIDDLE, TOP + HEIGHT);
    put_time(sheet, true);
    sheet_axis(sheet, 'y', 0, 1.02, 0.25, &percent);
    text_put(
        &sheet->script,
        "set label 1 '{/:Bold All orders decided at one instant}' at graph 0,1 offset 0,2.2 tc "
        "rgb FG\n"
        "set label 2 'still waiting' at graph 0,1 offset 0,0.8 tc rgb MUTED font "
        "SMALL\n"
        "set label 3 'decided otherwise' at graph 0.33,1 offset 0,0.8 tc rgb S7 font SMALL\n"
        "set label 4 'no quote yet' at graph 0.75,1 offset 0,0.8 tc rgb KIND1 font SMALL\n"
        "plot DATA u 1:2 w lines lw 2 dt 2 lc rgb MUTED, \\\n"
        "     '' u 1:3 w lines lw 2.2 lc rgb S7, \\\n"
        "     '' u 1:4 w lines lw 2.2 lc rgb KIND1\n"
        "unset label\n");
}

static void put_value(struct sheet *sheet, int top, double most, unsigned column, const char *title,
                      const char *token, bool with_words)
{
    sheet_panel(sheet, SECOND, top, RIGHT, top + HALF);
    put_time(sheet, with_words);
    const double end = most > 0 ? most * 1.05 : 1;
    const struct axis_words plain = {1, "", "", false};
    sheet_axis(sheet, 'y', 0, end, sheet_step(end), &plain);
    text_format(&sheet->script,
                "set label 1 '%s' at graph 0,1 offset 0,0.8 tc rgb MUTED font SMALL\n"
                "plot DATA u 1:%u w steps lw 2 lc rgb %s\nunset label\n",
                title, column, token);
}

static void draw(struct sheet *sheet)
{
    sheet->height = TOP + HEIGHT + FOOT;
    const struct most most = write_data(sheet);
    put_shares(sheet);
    text_put(&sheet->script, "set label 9 '{/:Bold What the next millisecond brings}' at graph 0,1 "
                             "offset 0,2.2 tc rgb FG\n");
    put_value(sheet, TOP, most.points, 5, "points won, per 1,000 orders", "S7", false);
    put_value(sheet, TOP + HEIGHT - HALF, most.quotes, 6, "orders that get a quote, per 1,000",
              "KIND1", true);
}

static const char *absence(const struct figure_subject *subject)
{
    if (!subject->calibration->has_orders)
        return "Calls alone are known, so what waiting brings an order cannot be drawn.";
    return subject->calibration->instant_count < 2 || orders_of(subject->calibration) == 0
               ? "No answer took any time, so there is no waiting to draw."
               : NULL;
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "Left, over the instant at which all orders would be decided, on a logarithmic "
                   "axis: the share of orders that still wait for somebody, that would go to "
                   "another provider than with patience, and that have no quote yet. Right: how "
                   "many points of score, and how many first quotes, the next millisecond brings "
                   "a thousand orders. ");
    calibrate_find_waiting(text, subject->calibration);
}

const struct figure calibrate_figure_waiting = {.name = "waiting",
                                                .title = "What waiting brings",
                                                .absence = absence,
                                                .draw = draw,
                                                .describe = describe};
