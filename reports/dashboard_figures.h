/* reports/dashboard_figures.h - the dashboards' own figures and the sentences over them. For
 * dashboard*.c alone.
 */
#ifndef REPORTS_DASHBOARD_FIGURES_H
#define REPORTS_DASHBOARD_FIGURES_H

#include "reports/figure.h"

extern const struct figure figure_dashboard_live, figure_dashboard_errors;

void dashboard_find_live(const struct result *result, struct text *text);
void dashboard_find_errors(const struct result *result, struct text *text);

/* Of those that had any call settled; NaN where none was. */
double dashboard_error_rate(const struct group *group, unsigned provider);
double dashboard_volume(const struct groups *groups, const struct group *group); /* a minute */
double dashboard_failed(const struct group *group); /* of the router's orders */

/* Names of lines at their right ends, moved apart; `tokens` are gnuplot's variables. Returns the
 * first block of labels. */
struct dashboard_line {
    const char *name, *token;
    double last; /* in the axis' unit */
};
int dashboard_name_lines(struct sheet *sheet, const struct dashboard_line *lines, size_t count,
                         double top, int height);
/* The clauses of a plot command that write the names: ", \\\n LABELS index N ...". */
void dashboard_put_names(struct sheet *sheet, const struct dashboard_line *lines, size_t count,
                         int first);
const char *dashboard_style(const struct sheet *sheet);

#endif
