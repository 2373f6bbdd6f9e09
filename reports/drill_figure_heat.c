/* How long orders took, when: the stronger the colour, the larger the share of that moment. */
#include <math.h>

#include "reports/drill_figures.h"
#include "reports/drill_text.h"
#include "reports/show.h"

enum { LEFT = 62, RIGHT = FIGURE_WIDTH - 30, TOP = 40, BOTTOM = 300, HEIGHT = 352, STEPS = 9 };

static uint64_t column_sum(const struct drill *drill, unsigned column)
{
    uint64_t sum = 0;
    for (unsigned row = 0; row < STORY_HEAT_ROWS; row++)
        sum += drill->heat[column][row];
    return sum;
}

/* The rows in use, one more on either side. */
static void find_rows(const struct drill *drill, unsigned *first, unsigned *last)
{
    *first = STORY_HEAT_ROWS - 1;
    *last = 0;
    for (unsigned c = 0; c < STORY_HEAT_COLUMNS; c++) {
        for (unsigned r = 0; r < STORY_HEAT_ROWS; r++) {
            if (drill->heat[c][r] == 0) continue;
            if (r < *first) *first = r;
            if (r > *last) *last = r;
        }
    }
    if (*first > 0) (*first)--;
    if (*last + 1 < STORY_HEAT_ROWS) (*last)++;
}

/* A cell's share of its column in nine steps; the square root, so that few slow orders show. */
static unsigned step_of(double share)
{
    const double step = ceil(sqrt(share) * (STEPS - 1));
    return step < 1 ? 1 : step > STEPS - 1 ? STEPS - 1 : (unsigned)step;
}

static void write_data(struct sheet *sheet)
{
    const struct drill *drill = sheet->drill;
    const double width = (double)drill->result.duration_us / STORY_HEAT_COLUMNS;
    text_format(&sheet->data, "# from_%s\tuntil_%s\tfrom_ms\tuntil_ms\torders\tshare\tstep\n",
                sheet->axis.unit, sheet->axis.unit);
    for (unsigned c = 0; c < STORY_HEAT_COLUMNS; c++) {
        const uint64_t sum = column_sum(drill, c);
        for (unsigned r = 0; r < STORY_HEAT_ROWS; r++) {
            if (drill->heat[c][r] == 0) continue;
            const double share = (double)drill->heat[c][r] / (double)sum;
            sheet_cell(sheet, axis_value(&sheet->axis, (int64_t)(width * c)), '\t');
            sheet_cell(sheet, axis_value(&sheet->axis, (int64_t)(width * (c + 1))), '\t');
            sheet_cell(sheet, story_heat_row_ms(r), '\t');
            sheet_cell(sheet, story_heat_row_ms(r + 1), '\t');
            sheet_cell(sheet, (double)drill->heat[c][r], '\t');
            sheet_cell(sheet, share, '\t');
            sheet_cell(sheet, step_of(share), '\n');
        }
    }
}

static void put_axis(struct sheet *sheet, double low_ms, double high_ms)
{
    static const double ticks_ms[] = {100, 200, 500, 1000, 2000, 5000, 10000, 20000};
    struct text *script = &sheet->script;
    text_put(script, "set logscale y\nset yrange [");
    text_double(script, low_ms);
    text_char(script, ':');
    text_double(script, high_ms);
    text_put(script, "]\nset ytics (");
    bool first = true;
    for (size_t i = 0; i < sizeof ticks_ms / sizeof ticks_ms[0]; i++) {
        if (ticks_ms[i] < low_ms || ticks_ms[i] > high_ms) continue;
        text_format(script, "%s'%g s' %g", first ? "" : ", ", ticks_ms[i] / 1000, ticks_ms[i]);
        first = false;
    }
    text_put(script, ")\n");
}

/* The colours in the upper right corner: step n begins at the square of (n - 1) / 8. */
static void put_scale(struct text *script)
{
    enum { RIGHT_WORDS = 104, CELL = 15 };
    const double width = RIGHT - LEFT;
    const double first = 1 - (RIGHT_WORDS + (STEPS - 1) * CELL) / width;
    for (unsigned step = 1; step < STEPS; step++) {
        text_format(script, "set object %u rect from graph ", 200 + step);
        text_fixed(script, first + (step - 1) * CELL / width, 5);
        text_put(script, ",1.055 to graph ");
        text_fixed(script, first + step * CELL / width, 5);
        text_format(script, ",1.095 fc rgb S%u fs solid noborder noclip\n", step);
    }
    text_put(script, "set label 2 'few' at graph ");
    text_fixed(script, first - 6 / width, 5);
    text_put(script, ",1.075 right tc rgb MUTED font SMALL\n"
                     "set label 3 'all of a moment' at graph ");
    text_fixed(script, first + ((STEPS - 1) * CELL + 6) / width, 5);
    text_put(script, ",1.075 left tc rgb MUTED font SMALL\n");
}

static void draw(struct sheet *sheet)
{
    struct text *script = &sheet->script;
    unsigned first, last;
    find_rows(sheet->drill, &first, &last);
    sheet->height = HEIGHT;
    write_data(sheet);
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, BOTTOM - TOP);
    put_axis(sheet, story_heat_row_ms(first), story_heat_row_ms(last + 1));
    text_put(script, "set label 1 '{/:Bold How long orders took}, by when they were decided' at "
                     "graph 0,1.08 tc rgb FG\n");
    put_scale(script);
    /* The fault's span as a bar on the axis: a shade behind would be taken for orders. */
    const struct result *result = &sheet->drill->result;
    for (uint32_t f = 0; f < result->fault_count && f < 32; f++) {
        text_format(script, "set arrow %u from ", 100 + f);
        text_fixed(script,
                   fmin(axis_value(&sheet->axis, result->faults[f].from_us), sheet->axis.end), 5);
        text_put(script, ",graph 1.012 to ");
        text_fixed(script,
                   fmin(axis_value(&sheet->axis, result->faults[f].until_us), sheet->axis.end), 5);
        text_put(script, ",graph 1.012 nohead lw 4 lc rgb FAULT\n");
    }
    text_put(script, "plot ");
    for (unsigned step = 1; step < STEPS; step++) {
        text_format(script,
                    "%s u ($7==%u?($1+$2)/2:NaN):(sqrt($3*$4)):1:2:3:4 w boxxyerror fc rgb S%u "
                    "fs solid noborder%s",
                    step == 1 ? "DATA" : "     ''", step, step, step + 1 < STEPS ? ", \\\n" : "\n");
    }
    text_put(script, "unset logscale y\nunset label\nunset arrow\nunset object\n");
}

static const char *absence(const struct figure_subject *subject)
{
    for (unsigned c = 0; c < STORY_HEAT_COLUMNS; c++) {
        if (column_sum(subject->drill, c) > 0) return NULL;
    }
    return "No order was completed, so there is nothing to show of how long they took.";
}

void drill_find_heat(struct text *text, const struct drill *drill)
{
    uint64_t slow = 0, all = 0, slow_moments = 0, moments = 0;
    for (unsigned c = 0; c < STORY_HEAT_COLUMNS; c++) {
        const uint64_t sum = column_sum(drill, c);
        uint64_t late = 0;
        for (unsigned r = 0; r < STORY_HEAT_ROWS; r++) {
            if (story_heat_row_ms(r) >= 5000.0) late += drill->heat[c][r];
        }
        slow += late;
        all += sum;
        moments += sum > 0;
        slow_moments += sum > 0 && 2 * late > sum;
    }
    if (all == 0) return;
    show_share(text, (double)slow / (double)all);
    text_put(text, " of ");
    text_grouped(text, (int64_t)all);
    text_put(text, " orders took longer than about five seconds");
    if (slow_moments > 0) {
        text_format(text, "; in %llu of %llu moments of equal length more than half did",
                    (unsigned long long)slow_moments, (unsigned long long)moments);
    }
    text_put(text, drill->repeats > 1 ? " (exact, the first repeat)." : " (exact).");
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text,
             "A heat map: time runs to the right, an order's latency upwards on a logarithmic "
             "scale. Each cell has a stronger colour the larger its share of the orders of that "
             "moment. Bars above mark faults. ");
    drill_find_heat(text, subject->drill);
}

const struct figure drill_figure_heat = {.name = "drill_heat",
                                         .title = "How long orders took, over time",
                                         .absence = absence,
                                         .draw = draw,
                                         .describe = describe};
