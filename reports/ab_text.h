/* reports/ab_text.h - the words and numbers that every form of an A/B shares; see tune_text.h.
 * Failure: text->failed.
 */
#ifndef REPORTS_AB_TEXT_H
#define REPORTS_AB_TEXT_H

#include "router/base/text.h"
#include "sim/analysis/ab.h"

const char *ab_verdict_title(enum experiment_verdict verdict); /* "the variant wins" */
const char *ab_estimator_title(enum ab_estimator estimator);   /* "raw", "CUPED", ... */
const char *ab_guard_word(const struct ab_guardrail *guardrail);

/* "Orders bought", with " (model)" where all purchases were drawn, " (mixed)" where some were. */
void ab_show_label(struct text *text, const struct ab_result *result, unsigned metric);
void ab_show_mean(struct text *text, const struct ab_result *result, unsigned metric, double value);
/* A difference, and an interval at its scale: "+1.2 to +3.4¢", "n/a", "exact". */
void ab_show_change(struct text *text, enum tune_metric metric, double value, double low,
                    double high);
void ab_show_range(struct text *text, enum tune_metric metric, double value, double low,
                   double high);
void ab_show_p(struct text *text, double p);
void ab_show_orders(struct text *text, double n);  /* "1,234", "never", "n/a" */
void ab_show_days(struct text *text, double days); /* "3 days", "5 h", "never", "n/a" */

/* Whether the goal rests on purchases of which none was observed: a model's alone. */
bool ab_is_invented(const struct ab_result *result);
/* What a guardrail measures, its limit or bound: a difference or the variant's own, at one scale.
 */
void ab_show_guarded(struct text *text, const struct ab_guardrail *guardrail, double value);
void ab_show_bound(struct text *text, const struct ab_guardrail *guardrail); /* "at most +1.2" */
/* What the bounds of guardrails are. */
void ab_write_bounds(struct text *text, const struct ab_result *result);
/* Which guardrails are broken, by how much, against what limit; nothing unless that is the verdict.
 * Ends with a blank. */
void ab_write_breaches(struct text *text, const struct ab_result *result, uint32_t variant);
/* What came out, or what a plan says, in sentences with their intervals: the headline. */
void ab_write_finding(struct text *text, const struct ab_result *result, uint32_t variant);
/* "The variant wins": a headline; a goal that is drawn from a model alone is called so. */
void ab_write_verdict(struct text *text, const struct ab_result *result);
/* Which of several estimates to believe, and why. */
void ab_write_belief(struct text *text, const struct ab_result *result);
/* What the estimate would have cost to learn. */
void ab_write_cost(struct text *text, const struct ab_result *result, uint32_t variant);
void ab_write_how(struct text *text, const struct ab_result *result); /* to run what is planned */
void ab_write_trigger(struct text *text, const struct ab_result *result, uint32_t variant);
void ab_write_assignment(struct text *text, const struct ab_result *result);
void ab_write_peeks(struct text *text, const struct ab_result *result, uint32_t variant);
void ab_write_goal(struct text *text, const struct ab_result *result);

/* Metrics worth a row: the goal first, then outcomes that it is not; returns their count. */
uint32_t ab_order_metrics(const struct ab_result *result, unsigned metrics[AB_METRICS]);

#endif
