/* reports/tune_html.h - the page of a tuning, in parts; html.h has what they are made of.
 *
 * Failure: page->out->failed; those that return bool fail when a figure cannot be read.
 */
#ifndef REPORTS_TUNE_HTML_H
#define REPORTS_TUNE_HTML_H

#include "reports/figure.h"
#include "reports/html.h"
#include "reports/tune_report.h"

void tune_html_overview(struct html *page, const struct tune_report *report);
void tune_html_suggestion(struct html *page);                 /* weights, the line to paste */
bool tune_html_holdout(struct html *page, struct err *err);   /* forest, guardrails, gain */
bool tune_html_choices(struct html *page, struct err *err);   /* trade-off, three weights */
bool tune_html_decisions(struct html *page, struct err *err); /* curves, selection, flips */
bool tune_html_sensitivity(struct html *page, struct err *err);
void tune_html_arms(struct html *page); /* every arm on the holdout */
/* What the search knows of an arm's weights; NULL: they are none of its candidates. */
const struct search_candidate *tune_html_candidate(const struct tuning *tuning, uint32_t arm);
void tune_html_robust(struct html *page); /* nothing where one scenario was given */
bool tune_html_has_robust(const struct tuning *tuning);
bool tune_html_has_customers(const struct tuning *tuning);
void tune_html_customers(struct html *page); /* a model: nothing where there is none */
void tune_html_method(struct html *page);

/* The figure of that name; `find` writes its heading. */
bool tune_html_figure(struct html *page, const struct figure *figure,
                      void (*find)(struct text *, const struct tuning *), const char *caption,
                      void (*table)(struct html *), struct err *err);
/* Cells: a metric's value, a goal with its sign, a weight, a plain number of some decimals. */
void tune_html_value(struct html *page, enum tune_metric metric, double value);
void tune_html_goal(struct html *page, double goal);
void tune_html_weights(struct html *page, const struct score_weights *weights);
void tune_html_fixed(struct html *page, double value, int decimals);
/* What a function writes, as a paragraph. */
void tune_html_said(struct html *page, void (*find)(struct text *, const struct tuning *));
/* The six weights as columns after one of the given title. */
enum { TUNE_WEIGHT_COLUMNS = 7 };
extern const struct html_column tune_weight_columns[TUNE_WEIGHT_COLUMNS];

#endif
