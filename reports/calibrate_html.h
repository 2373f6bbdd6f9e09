/* reports/calibrate_html.h - what the pages of a calibration share; for reports/calibrate_html*.c.
 */
#ifndef REPORTS_CALIBRATE_HTML_H
#define REPORTS_CALIBRATE_HTML_H

#include "reports/calibrate_report.h"
#include "reports/figure.h"
#include "reports/html.h"

/* The figure under what `find` says of it; `table` writes its numbers. */
bool calibrate_html_figure(struct html *page, const struct figure *figure,
                           void (*find)(struct text *, const struct calibration *),
                           const char *caption, void (*table)(struct html *), struct err *err);

/* What the router does under each rule, whose tail it is, what waiting is worth, early decisions.
 */
bool calibrate_html_router(struct html *page, struct err *err);

#endif
