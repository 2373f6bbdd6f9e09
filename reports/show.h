/* reports/show.h - numbers as people read them: units, rounding and "n/a", decided in one place.
 *
 * Latencies are seconds from 0.1 s on, else milliseconds; shares have one decimal and never round
 * to a 0% or 100% that is not so ("<0.1%", ">99.9%"); money below ten cents is shown in cents. A
 * value that is not known is "n/a", with the samples it would need; one that is censored has a ">"
 * before it.
 *
 * Everything is appended as plain UTF-8: whoever writes HTML or Markdown escapes it.
 * Failure: as struct text: looked at once, at the end.
 */
#ifndef REPORTS_SHOW_H
#define REPORTS_SHOW_H

#include "router/base/text.h"
#include "sim/world/result.h"

/* A figure of the whole run (phase 0) or of another phase. */
const struct metric_value *value_of(const struct result *result, uint32_t phase, unsigned scope,
                                    enum metric metric);

/* The phase of that name, or NULL. */
const struct result_phase *phase_named(const struct result *result, const char *name);

void show_latency(struct text *text, double ms);
void show_share(struct text *text, double share);
/* With two decimals: for the small shares of a long period's budget. */
void show_small_share(struct text *text, double share);
void show_money(struct text *text, double cents);
void show_count(struct text *text, double count);
void show_number(struct text *text, enum metric_unit unit, double value);

/* "2.91 s", "> 10.0 s", "n/a", "n/a (needs ≥ 1,000)". */
void show_value(struct text *text, enum metric_unit unit, const struct metric_value *value);
/* The same, but "n/a" alone where samples are too few: for narrow columns. */
void show_value_short(struct text *text, enum metric_unit unit, const struct metric_value *value);
/* "2.88 s to 2.95 s", or nothing when there is no interval. */
void show_interval(struct text *text, enum metric_unit unit, const struct metric_value *value);

/* An instant of the run: "15:00" (minutes and seconds), "2:15:00", "3 d 02:15". */
void show_instant(struct text *text, int64_t us);
/* A span: "18 min", "1.5 h". */
void show_span(struct text *text, int64_t us);

/* "<=" as "≤", and so on; anything else as it is. */
const char *check_operator(const char *op);
/* True when a percentile of the router was read off a histogram, and so is not exact. */
bool percentile_of_histogram(const struct result *result, enum metric metric);
/* A kind of failure in words: "timeout", "rate limited". */
const char *outcome_label(unsigned outcome);
/* One word for a scope: "router" or a provider's short name. */
const char *scope_label(unsigned scope);

#endif
