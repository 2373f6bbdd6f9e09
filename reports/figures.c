#include "reports/figures.h"

#include "reports/figure.h"

static const struct figure *const run_figures[] = {
    &figure_timeline, &figure_percentiles, &figure_share, &figure_errors, &figure_budget, NULL,
};

bool figures_draw(const struct result *result, const char *directory, const char *gnuplot,
                  struct drawing *drawing, struct err *err)
{
    struct groups groups;
    if (!groups_make(&groups, result, FIGURE_POINTS_MAX, err)) return false;
    const struct figure_book book = {
        .figures = run_figures,
        .subject = {.result = result},
        .blank = {.result = result, .groups = &groups, .axis = time_axis_of(result)}};
    const bool good = book_draw(&book, directory, gnuplot, drawing, err);
    groups_release(&groups);
    return good;
}

void figure_describe(const struct result *result, const char *name, struct text *text)
{
    const struct figure_subject subject = {.result = result};
    book_find(run_figures, name)->describe(&subject, text);
}

const char *figure_title(const char *name)
{
    return book_find(run_figures, name)->title;
}
