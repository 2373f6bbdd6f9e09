/* reports/drill_figures.h - the book of a drill's figures: its own two or three, and those of a run
 * that show the same of the drilled run.
 *
 *   drill_timeline   who did what when: faults, alerts, settings, operators, over latency and the
 *                    share of good orders
 *   drill_heat       how long orders took, when
 *   drill_budget     the error budget burned, beside the control's, and how fast
 *   share, percentiles, errors   as in a run's report
 *   drill_spread     repeats: how times to detect, mitigate and recover spread
 *
 * Failure: text->failed.
 */
#ifndef REPORTS_DRILL_FIGURES_H
#define REPORTS_DRILL_FIGURES_H

#include "reports/figure.h"
#include "sim/analysis/drill.h"

extern const struct figure drill_figure_timeline, drill_figure_heat, drill_figure_budget,
    drill_figure_spread;

/* All of them, in the order of the report; NULL ends. */
extern const struct figure *const drill_figures[];

/* Repeats that a distribution takes to be worth a picture. */
enum { DRILL_SPREAD_LEAST = 10 };

/* What a figure shows, for those who cannot see it, its title, and the sentence above it. */
void drill_figure_describe(const struct drill *drill, const char *name, struct text *text);
const char *drill_figure_title(const char *name);
void drill_find_timeline(struct text *text, const struct drill *drill);
void drill_find_heat(struct text *text, const struct drill *drill);
void drill_find_spread(struct text *text, const struct drill *drill);

#endif
