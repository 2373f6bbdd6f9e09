/* reports/summary.h - a result as summary.json and series.csv, and back.
 *
 * summary.json holds all of a result but its series: {"schema":"routesim.summary/1", ...}, keys in
 * a fixed order, numbers that read back to the same double, NaN as null with a state beside it. The
 * series is a CSV of its own, a row for each bucket and scope. Writing, reading and writing again
 * gives the same bytes, so that a report can be made anew from what lies in a folder.
 *
 * A metric's value is {"value", "state", "n"} and, where they say something, "low" and "high"
 * (absent: equal to the value) and "needs" (with too_few).
 *
 * Ownership: a result that was read owns all it points to through its arena: result_release().
 * Failure:   writing: text->failed. Reading: ERR_INPUT with the place, for another schema or for
 * what is missing or of the wrong kind; ERR_ENVIRONMENT for a file that cannot be read.
 */
#ifndef REPORTS_SUMMARY_H
#define REPORTS_SUMMARY_H

#include "router/base/err.h"
#include "router/base/text.h"
#include "sim/world/result.h"

#define SUMMARY_SCHEMA "routesim.summary/1"

void summary_write(struct text *text, const struct result *result);
void series_csv_write(struct text *text, const struct result *result);

/* `name` is the file's name, for messages. On failure the result is empty. */
bool summary_read(struct result *result, const char *name, const char *bytes, size_t length,
                  struct err_list *list);
/* Adds the series to a result that summary_read() has filled. */
bool series_csv_read(struct result *result, const char *name, const char *bytes, size_t length,
                     struct err *err);

/* Names of states and verdicts in the file, by their enumerators. */
extern const char *const summary_state_names[4];
extern const char *const summary_verdict_names[3];

#endif
