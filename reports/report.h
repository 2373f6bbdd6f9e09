/* reports/report.h - a run's folder: everything that is made from a result, and a result made from
 * it.
 *
 *   report_write_data()   summary.json series.csv metrics.csv junit.xml report.md
 *   report_draw()         plots/NAME.tsv .labels.tsv .gp .svg .png
 *   report_write_page()   report.html, which lists the hashes of all the others: so it comes last
 *   report_read()         summary.json and series.csv, back into a result
 *
 * The same result gives the same bytes, in any folder and at any time. Nothing is computed here but
 * sums of counts over neighbouring buckets; what a report says was decided by the run.
 *
 * Ownership: results and files are borrowed for the call. report_read() fills a result that the
 * caller releases. Failure:   ERR_ENVIRONMENT with the path that could not be written or read,
 * ERR_INPUT for a folder whose files are not ours. A missing gnuplot is no failure: see struct
 * drawing.
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include "reports/figures.h"
#include "router/base/err.h"
#include "sim/world/result.h"

struct report_options {
    bool plots;          /* false: scripts and data only */
    const char *gnuplot; /* a name to find in PATH, or a path; NULL: "gnuplot" */
};

bool report_write_data(const struct result *result, const char *directory, struct err *err);

bool report_draw(const struct result *result, const char *directory,
                 const struct report_options *options, struct drawing *drawing, struct err *err);

/* `files` is what the page lists at its end; none: it says that there are no hashes. */
bool report_write_page(const struct result *result, const char *directory,
                       const struct drawing *drawing, const struct result_file *files,
                       uint32_t file_count, struct err *err);

/* Names borrow `directory`'s lifetime in the list's places. */
bool report_read(struct result *result, const char *directory, struct err_list *list);

#endif
