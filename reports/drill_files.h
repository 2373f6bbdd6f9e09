/* reports/drill_files.h - a drill's folder, but for its page and figures: everything for other
 * programs, written and named in one place.
 *
 *   drill.json journal.json timeline.csv measures.csv   reports/drill_exports.h
 *   junit.xml report.md                                 the drill's, in the place of the run's
 *   series.csv metrics.csv summary.json                 of the drilled run, so that `report` and
 *                                                       `compare` take the folder; summary last
 *
 * Failure: ERR_ENVIRONMENT with the path that could not be written.
 */
#ifndef REPORTS_DRILL_FILES_H
#define REPORTS_DRILL_FILES_H

#include "router/base/err.h"
#include "sim/analysis/drill.h"

bool drill_files_write(const struct drill *drill, const char *directory, struct err *err);

/* Names of these files, for the page's list; NULL ends. */
extern const char *const drill_file_names[];

#endif
