/* reports/dashboards.h - dashboards.html: the operators' three dashboards of a run or a drill, and
 * their queries answered.
 *
 * Real time: volume, providers' success, router latency and error rate, four panels over one axis.
 * Provider performance: selection as sorted bars (their pie) and as share over time, latency as
 * percentile curves (their bar chart), error rate a line a provider, cost as a table. Business:
 * orders, cart value, commission and savings, each with n and its interval or the word "exact",
 * beside the control where there is one.
 *
 *   dashboards_draw()   plots/dashboard_live, dashboard_errors, share, percentiles
 *   dashboards_html()   the page, with the figures that are drawn
 *   dashboards_write()  both, as dashboards.html in the folder
 *
 * It is made from a result alone, as every report is; the same result gives the same bytes.
 * Ownership: everything is borrowed for the call.
 * Failure: ERR_ENVIRONMENT. A missing gnuplot is no failure: tables stand in the figures' place.
 */
#ifndef REPORTS_DASHBOARDS_H
#define REPORTS_DASHBOARDS_H

#include "reports/figures.h"
#include "router/base/text.h"

struct operator_answers;

struct dashboards {
    const struct result *result;
    /* The router's figures, by metric, of what it is compared with (the whole run); NULL: nothing.
     */
    const struct metric_value *control;
    uint32_t control_replications;          /* differences are shown when the result has as many */
    const char *control_label;              /* "the same orders without faults and operators" */
    const struct operator_answers *answers; /* NULL: the page has none */
};

bool dashboards_draw(const struct result *result, const char *directory, const char *gnuplot,
                     struct drawing *drawing, struct err *err);
bool dashboards_html(const struct dashboards *dashboards, const char *directory,
                     const struct drawing *drawing, struct text *out, struct err *err);
/* `gnuplot` as in figures_draw(); `drawing` says afterwards what was drawn. */
bool dashboards_write(const struct dashboards *dashboards, const char *directory,
                      const char *gnuplot, struct drawing *drawing, struct err *err);

#endif
