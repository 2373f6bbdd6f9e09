/* The book of a tuning's figures. */
#include "reports/tune_figures.h"

#include "reports/tune_report.h"

const struct figure *const tune_figures[] = {
    &tune_figure_forest,
    &tune_figure_pareto,
    &tune_figure_simplex,
    &tune_figure_sweeps,
    &tune_figure_shares,
    &tune_figure_sensitivity,
    NULL,
};

bool tune_report_draw(const struct tune_report *report, const char *gnuplot,
                      struct drawing *drawing, struct err *err)
{
    const struct figure_book book = {.figures = tune_figures,
                                     .subject = {.tuning = report->tuning},
                                     .blank = {.tuning = report->tuning}};
    return book_draw(&book, report->directory, gnuplot, drawing, err);
}
