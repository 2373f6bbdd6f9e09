/* reports/drill_html.h - the page of a drill in its parts, and what the index of a suite shares
 * with it; html.h has what they are made of.
 *
 * Names, titles, steps, causes and reasons are a user's: all go through html_text() or html_put().
 * Failure: page->out->failed; those that return bool fail when a figure cannot be read.
 */
#ifndef REPORTS_DRILL_HTML_H
#define REPORTS_DRILL_HTML_H

#include "reports/drill_report.h"
#include "reports/drill_text.h"
#include "reports/figure.h"
#include "reports/html.h"

void drill_html_overview(struct html *page); /* verdict, facts, contents */
void drill_html_expects(struct html *page);
void drill_html_steady(struct html *page);                  /* the hypothesis before and after */
bool drill_html_course(struct html *page, struct err *err); /* timeline, what happened when */
void drill_html_times(struct html *page);
bool drill_html_latency(struct html *page, struct err *err);
bool drill_html_shares(struct html *page, struct err *err);
bool drill_html_budget(struct html *page, struct err *err);
void drill_html_alerts(struct html *page);
void drill_html_steps(struct html *page);
void drill_html_losses(struct html *page);
void drill_html_findings(struct html *page);
void drill_html_providers(struct html *page);
bool drill_html_repeats(struct html *page,
                        struct err *err); /* from DRILL_SPREAD_LEAST repeats on */
bool drill_html_has_repeats(const struct drill *drill);
void drill_html_method(struct html *page);

/* ---- parts of parts ---- */

/* "✓ passed" in the tone's colour: the sign says it too. `words` are escaped. */
void drill_html_word(struct html *page, enum verdict_tone tone, const char *words);
/* The box at the top; `headline` is taken over and released. */
void drill_html_banner(struct html *page, enum verdict_tone tone, const char *title,
                       struct text *why, struct text *headline);
/* A cell of words, taken over and released. */
void drill_html_cell(struct html *page, struct text *plain);
/* A fact of the overview; `value` is emptied. */
void drill_html_fact(struct html *page, const char *name, struct text *value);
/* A paragraph, taken over and released; nothing of nothing. */
void drill_html_said(struct html *page, struct text *plain);
void drill_html_value(struct html *page, enum drill_measure measure,
                      const struct drill_value *value);
/* Offset from the start with the clock below it; a dash where it never came. */
void drill_html_instant(struct html *page, int64_t at_us);
/* "file.json:44" as code; "–" where nothing is known. */
void drill_html_place(struct html *page, const struct place *place);
/* In a list with the tone's sign before it. */
void drill_html_finding(void *page, enum verdict_tone tone, const char *sentence);

/* Columns and cells of a measure over the repeats: median, P90, interval, n, never. */
enum { DRILL_SPREAD_COLUMNS = 5 };
#define DRILL_SPREAD_TITLES                                                                        \
    {"Median", true}, {"P90", true}, {"95% interval of the median", true}, {"n", true},            \
    {                                                                                              \
        "Never", true                                                                              \
    }
void drill_html_spread(struct html *page, enum drill_measure measure);

/* A figure that the drawing may lack: then a sentence, and its table open. `heading` is taken over
 * and released. */
bool drill_html_figure(struct html *page, const struct figure *figure, struct text *heading,
                       const char *caption, void (*table)(struct html *), struct err *err);

#endif
