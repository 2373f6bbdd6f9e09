/* The book of a calibration's figures, and what several of them share. */
#include "reports/calibrate_figures.h"

#include <math.h>

#include "reports/calibrate_report.h"
#include "reports/calibrate_text.h"

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

uint32_t calibrate_answering(const struct calibration *calibration,
                             uint32_t places[LATENCY_SERIES_MAX])
{
    const uint32_t shown = calibrate_largest(calibration, CALIBRATE_SHOWN, places);
    uint32_t answering = 0;
    for (uint32_t i = 0; i < shown; i++)
        if (calibration->providers[places[i]].answered > 0) places[answering++] = places[i];
    return answering;
}

/* ---- logarithmic time ---- */

static const struct ladder {
    double factors[8];
    unsigned count;
} ladders[] = {{{1, 1.5, 2, 3, 4, 5, 6, 8}, 8},
               {{1, 2, 3, 4, 6, 8}, 6},
               {{1, 2, 5}, 3},
               {{1, 2, 4, 8}, 4},
               {{1}, 1}};
enum { LADDERS = sizeof ladders / sizeof *ladders };

/* How many ticks a ladder gives, and how near two of them come, as a share of the axis. */
static unsigned count_ticks(double low, double high, const struct ladder *ladder, double *nearest)
{
    unsigned count = 0;
    double last = 0;
    *nearest = 1;
    for (double power = pow(10, floor(log10(low))); power <= high; power *= 10)
        for (unsigned i = 0; i < ladder->count; i++) {
            const double ms = ladder->factors[i] * power;
            if (ms < low || ms > high) continue;
            if (count++ > 0) *nearest = fmin(*nearest, log(ms / last) / log(high / low));
            last = ms;
        }
    return count;
}

/* The most ticks whose words stay apart; powers of ten where nothing else does. */
static const struct ladder *ladder_of(double low, double high, unsigned most)
{
    const struct ladder *best = &ladders[LADDERS - 1];
    unsigned best_count = 0;
    for (unsigned i = 0; i < LADDERS; i++) {
        double nearest;
        const unsigned count = count_ticks(low, high, &ladders[i], &nearest);
        if (count > most || nearest < 0.85 / most || count <= best_count) continue;
        best = &ladders[i];
        best_count = count;
    }
    return best;
}

void calibrate_log_axis(struct sheet *sheet, char axis, double low_ms, double high_ms,
                        unsigned most, bool with_words)
{
    struct text *script = &sheet->script;
    const struct ladder *ladder = ladder_of(low_ms, high_ms, most);
    text_format(script, "set logscale %c\nset %crange [", axis, axis);
    text_double(script, low_ms);
    text_char(script, ':');
    text_double(script, high_ms);
    text_format(script, "]\nset %ctics (", axis);
    bool first = true;
    for (double power = pow(10, floor(log10(low_ms))); power <= high_ms; power *= 10)
        for (unsigned i = 0; i < ladder->count; i++) {
            const double ms = ladder->factors[i] * power;
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
