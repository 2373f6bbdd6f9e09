/* The book of a calibration's figures, and what several of them share. */
#include "reports/calibrate_figures.h"

#include <math.h>

#include "reports/calibrate_report.h"

const struct figure *const calibrate_figures[] = {
    &calibrate_figure_ecdf, &calibrate_figure_percentiles, &calibrate_figure_tradeoff,
    &calibrate_figure_tail, &calibrate_figure_waiting,     NULL,
};

bool calibrate_report_draw(const struct calibrate_report *report, const char *gnuplot,
                           struct drawing *drawing, struct err *err)
{
    const struct figure_book book = {.figures = calibrate_figures,
                                     .subject = {.calibration = report->calibration},
                                     .blank = {.calibration = report->calibration}};
    return book_draw(&book, report->directory, gnuplot, drawing, err);
}

/* ---- logarithmic time ---- */

/* The more ticks there is room for, the finer. */
static const struct {
    double factors[8];
    unsigned count;
} ladders[] = {{{1, 1.5, 2, 3, 4, 5, 6, 8}, 8}, {{1, 2, 5}, 3}, {{1}, 1}};

static unsigned count_ticks(double low, double high, unsigned ladder)
{
    unsigned count = 0;
    for (double power = pow(10, floor(log10(low))); power <= high; power *= 10)
        for (unsigned i = 0; i < ladders[ladder].count; i++) {
            const double ms = ladders[ladder].factors[i] * power;
            count += ms >= low && ms <= high;
        }
    return count;
}

void calibrate_log_axis(struct sheet *sheet, char axis, double low_ms, double high_ms,
                        unsigned most, bool with_words)
{
    struct text *script = &sheet->script;
    unsigned ladder = 0;
    while (ladder < 2 && count_ticks(low_ms, high_ms, ladder) > most)
        ladder++;
    text_format(script, "set logscale %c\nset %crange [", axis, axis);
    text_double(script, low_ms);
    text_char(script, ':');
    text_double(script, high_ms);
    text_format(script, "]\nset %ctics (", axis);
    bool first = true;
    for (double power = pow(10, floor(log10(low_ms))); power <= high_ms; power *= 10)
        for (unsigned i = 0; i < ladders[ladder].count; i++) {
            const double ms = ladders[ladder].factors[i] * power;
            if (ms < low_ms || ms > high_ms) continue;
            text_put(script, first ? "'" : ", '");
            first = false;
            if (with_words) {
                text_double(script, ms >= 100 ? round(ms) / 1000 : round(ms * 10) / 10);
                text_put(script, ms >= 100 ? " s" : " ms");
            }
            text_put(script, "' ");
            text_double(script, ms);
        }
    text_put(script, ")\n");
}

void calibrate_quiet_axis(struct sheet *sheet, double low, double high, double step)
{
    struct text *script = &sheet->script;
    text_put(script, "set yrange [");
    text_double(script, low);
    text_char(script, ':');
    text_double(script, high);
    text_put(script, "]\nset ytics (");
    const double first = ceil(low / step - 1e-9);
    for (double i = first; i * step <= high + 1e-9 * step; i++) {
        text_put(script, i > first ? ", '' " : "'' ");
        text_double(script, i * step);
    }
    text_put(script, ")\n");
}

void calibrate_mark(struct sheet *sheet, unsigned number, double ms, double low_ms, double high_ms,
                    const char *style)
{
    if (!(ms >= low_ms && ms <= high_ms)) return;
    text_format(&sheet->script, "set arrow %u from ", number);
    text_double(&sheet->script, ms);
    text_put(&sheet->script, ",graph 0 to ");
    text_double(&sheet->script, ms);
    text_format(&sheet->script, ",graph 1 nohead %s\n", style);
}
