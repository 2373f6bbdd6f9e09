/* reports/compare_text.h - a comparison of two runs for terminals, pages and programs.
 *
 * Everywhere the counts of verdicts come first, then what is worse, better, changed, inconclusive
 * and the same, in that order. A difference is B minus A with its sign; of shares it is in
 * percentage points ("pp"). A difference that is the same in every order has no interval: "exact".
 *
 * Of two drills their measures stand beside each other, after the orders; a difference from or to
 * "never" is in words.
 *
 *   console   at most 80 columns, unless a folder's name is longer; names of settings are cut
 *   Markdown  with p-values, for a pull request
 *   JSON      {"schema": "routesim.compare/1"}: every number, unrounded; what is unknown is null
 *
 * Failure: text->failed.
 */
#ifndef REPORTS_COMPARE_TEXT_H
#define REPORTS_COMPARE_TEXT_H

#include "router/base/text.h"
#include "sim/analysis/compare.h"

#define COMPARE_SCHEMA "routesim.compare/1"

struct compare_style {
    bool unicode; /* else ASCII stands in */
    bool color;   /* on verdict words alone */
};

void compare_write_console(struct text *text, const struct comparison *comparison,
                           const struct compare_style *style);
void compare_write_markdown(struct text *text, const struct comparison *comparison);
void compare_write_json(struct text *text, const struct comparison *comparison);

/* ---- of two drills (compare_drill.c): nothing where comparison->drill is NULL ---- */

void compare_drill_console(struct text *text, const struct comparison *comparison,
                           const struct compare_style *style);
void compare_drill_markdown(struct text *text, const struct comparison *comparison);
void compare_drill_json(struct text *text, const struct comparison *comparison);
/* How their measures were paired, in sentences. */
void compare_write_drill_method(struct text *text, const struct comparison *comparison);

/* ---- the parts, for compare_html.c ---- */

/* "2 worse, 1 better, 9 same": only those that there are. */
void compare_write_counts(struct text *text, const struct comparison *comparison);
/* What the comparison showed, in a sentence with its number. */
void compare_write_finding(struct text *text, const struct comparison *comparison);
/* "412 of 18,034 orders (2.3%) went to another provider." */
void compare_write_moves(struct text *text, const struct comparison *comparison);

void compare_show_value(struct text *text, const struct comparison_row *row, double value);
void compare_show_difference(struct text *text, const struct comparison_row *row);
/* "+0.25 to +0.33 s", "exact", "n/a (needs >= 1,000)". */
void compare_show_interval(struct text *text, const struct comparison_row *row);
void compare_show_p(struct text *text, double p); /* "<0.001", "0.042", "n/a" */
/* How the interval was found, in a few words. */
const char *compare_method(const struct comparison_row *row);
/* Where an order went: a provider's short name, or "not routed". */
const char *compare_destination(unsigned place);
/* What each verdict and interval means, in sentences. */
void compare_write_method(struct text *text, const struct comparison *comparison);

#endif
