/* reports/drill_report.h - a drill's page and figures, and the index of a suite.
 *
 *   drill_draw()         plots/NAME.tsv .labels.tsv .gp .svg .png
 *   drill_write_page()   report.html, which lists the hashes of all other files: so it comes last
 *   drill_write_index()  index.html of a suite: the table, what was found, links NAME/report.html
 *   drill_suite_write()  index.html, suite.json (routesim.suite/1), suite.md, and summary.json, by
 *                        which a folder is known as ours
 *
 * The same drill gives the same bytes. A missing gnuplot is no failure: see struct drawing.
 * Failure: ERR_ENVIRONMENT with the path that could not be written.
 */
#ifndef REPORTS_DRILL_REPORT_H
#define REPORTS_DRILL_REPORT_H

#include "reports/drill_exports.h"
#include "reports/figures.h"
#include "reports/report.h"
#include "router/base/err.h"

bool drill_draw(const struct drill *drill, const char *directory,
                const struct report_options *options, struct drawing *drawing, struct err *err);

bool drill_write_page(const struct drill *drill, const char *directory,
                      const struct drawing *drawing, const struct result_file *files,
                      uint32_t file_count, struct err *err);

#define DRILL_SUITE_SCHEMA "routesim.suite/1"

struct drill_suite {
    const char *name;
    const char *program, *command;
    uint64_t experiment; /* over those of its drills */
    const struct drill *const *drills;
    const struct drill_row *rows; /* one a drill */
    uint32_t count;
};

bool drill_write_index(const struct drill_suite *suite, const char *directory, struct err *err);
bool drill_suite_write(const struct drill_suite *suite, const char *directory, struct err *err);

#endif
