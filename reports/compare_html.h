/* reports/compare_html.h - a comparison as one HTML page, with a forest plot when gnuplot is there.
 *
 * The page stands alone as report.html does: no script, no request, light and dark, verdicts first.
 * The plot shows every difference as a share of A's value, so that rows of different units share an
 * axis; rows whose A is 0 have no such share and stand in the table alone.
 *
 * Failure: ERR_ENVIRONMENT. A missing gnuplot is no failure: the page says so and does without.
 */
#ifndef REPORTS_COMPARE_HTML_H
#define REPORTS_COMPARE_HTML_H

#include "reports/compare_text.h"
#include "router/base/err.h"

enum { COMPARE_REASON_MAX = 192 };

struct compare_page {
    const struct comparison *comparison;
    const char *directory; /* takes forest.gp, forest.tsv and forest.svg */
    const char *gnuplot;   /* a name to find in PATH, or a path; NULL: no plot */
};

bool compare_write_html(struct text *out, const struct compare_page *page, struct err *err);

/* ---- for compare_html.c: compare_figure.c ---- */

/* Draws; false with a reason when there is no picture, or with an err set when files fail. */
bool compare_draw_forest(const struct compare_page *page, char reason[static COMPARE_REASON_MAX],
                         struct err *err);

/* ---- compare_drill.c ---- */

struct html;
void compare_drill_html(struct html *page, const struct comparison *comparison);

#endif
