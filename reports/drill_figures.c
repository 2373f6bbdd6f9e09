#include "reports/drill_figures.h"

#include "reports/drill_report.h"

const struct figure *const drill_figures[] = {
    &drill_figure_timeline, &drill_figure_heat, &figure_share,       &drill_figure_budget,
    &drill_figure_spread,   &figure_errors,     &figure_percentiles, NULL,
};

bool drill_draw(const struct drill *drill, const char *directory,
                const struct report_options *options, struct drawing *drawing, struct err *err)
{
    struct groups groups;
    const struct result *result = &drill->result;
    const char *gnuplot = options->gnuplot != NULL ? options->gnuplot : "gnuplot";
    if (!groups_make(&groups, result, FIGURE_POINTS_MAX, err)) return false;
    const struct figure_book book = {
        .figures = drill_figures,
        .subject = {.result = result, .drill = drill},
        .blank = {
            .result = result, .drill = drill, .groups = &groups, .axis = time_axis_of(result)}};
    const bool good = book_draw(&book, directory, options->plots ? gnuplot : NULL, drawing, err);
    groups_release(&groups);
    return good;
}

void drill_figure_describe(const struct drill *drill, const char *name, struct text *text)
{
    const struct figure_subject subject = {.result = &drill->result, .drill = drill};
    book_find(drill_figures, name)->describe(&subject, text);
}

const char *drill_figure_title(const char *name)
{
    return book_find(drill_figures, name)->title;
}
