/* reports/tune_text.h - the words and numbers that every form of a tuning shares.
 *
 * Money is in dollars from a dollar on, else in cents; shares in percent, their differences in
 * percentage points; minus signs are minus signs. What is not known is "n/a".
 * Failure: text->failed.
 */
#ifndef REPORTS_TUNE_TEXT_H
#define REPORTS_TUNE_TEXT_H

#include "router/base/text.h"
#include "sim/analysis/tune.h"

void tune_show_value(struct text *text, enum tune_metric metric, double value);
void tune_show_difference(struct text *text, enum tune_metric metric,
                          const struct tune_value *value);
/* "+1.2 to +3.4¢", "exact", "n/a". */
void tune_show_interval(struct text *text, enum tune_metric metric, const struct tune_value *value);
void tune_show_weight(struct text *text, double weight); /* up to four decimals, no more */
/* What was asked for: "commission 50%, price 50%". */
void tune_write_goal(struct text *text, const struct tuning *tuning);
/* What a weight can change, as a share; small ones to a hundredth of a percent. */
void tune_show_movable(struct text *text, const struct geometry_weight *weight);
/* "tuned", "no effect in this data, not tuned", ...: what that meant for the search. */
const char *tune_effect_words(const struct tuning *tuning, enum replay_part part);
/* Why the weight on commission moves what it moves: a sentence or two. */
void tune_write_rates(struct text *text, const struct tuning *tuning);
/* "variant wins": a verdict in words for people, and what it means in half a sentence. */
const char *tune_verdict_title(const struct tuning *tuning);

/* Metrics in the order of reports: those of the goal first; returns their count. Model metrics come
 * only with `models`. */
uint32_t tune_order_metrics(const struct tuning *tuning, bool models,
                            enum tune_metric metrics[TUNE_METRICS]);

#endif
