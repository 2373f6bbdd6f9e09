/* reports/tune_figures.h - the figures of a tuning, and the sentences that stand above them.
 *
 * A sentence states what was found, with its number and what that rests on: "exact" with n, or an
 * interval. Failure: text->failed.
 */
#ifndef REPORTS_TUNE_FIGURES_H
#define REPORTS_TUNE_FIGURES_H

#include "reports/figure.h"
#include "sim/analysis/tune.h"

extern const struct figure tune_figure_forest, tune_figure_pareto, tune_figure_simplex,
    tune_figure_sweeps, tune_figure_shares, tune_figure_sensitivity;

/* All of them, in the order of the report; NULL ends. */
extern const struct figure *const tune_figures[];

/* ---- tune_findings.c ---- */

void tune_find_forest(struct text *text, const struct tuning *tuning);
void tune_find_pareto(struct text *text, const struct tuning *tuning);
void tune_find_simplex(struct text *text, const struct tuning *tuning);
void tune_find_sweeps(struct text *text, const struct tuning *tuning);
void tune_find_shares(struct text *text, const struct tuning *tuning);
void tune_find_flips(struct text *text, const struct tuning *tuning);
void tune_find_sensitivity(struct text *text, const struct tuning *tuning);
void tune_find_gain(struct text *text, const struct tuning *tuning);

void tune_show_goal(struct text *text, double goal); /* "+0.14%" of its range */
void tune_show_value_n(struct text *text, double n); /* ", n = 1,601", unbroken */
/* The metric a row of the forest has as its share of the baseline; false: the baseline is 0. */
bool tune_has_share(const struct tune_value *value);

/* A winner that changes nearer to today's weight than this is a tie there. */
#define TUNE_TIE 1e-6

/* ---- what two figures or a figure and a table share ---- */

struct tune_axis { /* of the trade-off */
    enum tune_metric metric;
    int column;  /* of search.columns; -1: the goal */
    bool is_set; /* false: no such column was kept */
};
/* The first two objectives; with one, the goal against the price. */
void tune_axes(const struct tuning *tuning, struct tune_axis *x, struct tune_axis *y);
double tune_axis_value(const struct tune_axis *axis, const struct search_candidate *candidate);

#endif
