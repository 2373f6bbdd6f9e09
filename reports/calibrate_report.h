/* reports/calibrate_report.h - a calibration for people and programs: every file of its folder, the
 * console.
 *
 *   recommendation.env  the recommended timeouts as KEY=milliseconds; what has no key of ours, or
 *                       no recommendation, in comments
 *   summary.json        routesim.calibration/1: everything the report shows; written last
 *   rules.csv           each provider and rule: timeout, interval, what it achieves; the router
 *                       under each rule
 *   curves.csv          each provider's timeout swept, all others as they are
 *   ecdf.csv            how much had been answered by when (Kaplan-Meier), thinned
 *   waiting.csv         every order decided at an instant, with what had come by then
 *   early.csv           early decisions
 *   stability.csv       does it hold: parts, changes, laws
 *   hedges.csv, retries.csv   second calls
 *   caches.csv          what each life would answer; what recurs
 *   plots/...           every figure, as reports/figures.h has them
 *   report.md           for pull requests
 *   report.html         the one file to share
 *
 * Everything is a function of the calibration, `program` and `command`: the same bytes for the same
 * input, whatever the number of threads. Nothing is computed here but layout, and nothing is ever
 * applied: the report ends with the line that a person would paste.
 *
 * Names of a CSV's providers are a user's: escaped in the page, cleaned in the env file, and never
 * in a script of gnuplot's.
 *
 * Failure: ERR_ENVIRONMENT when a file cannot be written. A missing gnuplot is no error.
 */
#ifndef REPORTS_CALIBRATE_REPORT_H
#define REPORTS_CALIBRATE_REPORT_H

#include "reports/figures.h"
#include "router/base/text.h"
#include "sim/analysis/calibrate.h"
#include "sim/world/result.h"

struct calibrate_report {
    const struct calibration *calibration;
    const char *program; /* "routesim 0.1.0" */
    const char *command; /* canonical */
    uint64_t experiment; /* of the folder (sim/command/folder.h) */
    const char *directory;
};

/* recommendation.env, the CSVs. */
bool calibrate_report_write_data(const struct calibrate_report *report, struct err *err);
/* plots/; `gnuplot` NULL: scripts and data only. */
bool calibrate_report_draw(const struct calibrate_report *report, const char *gnuplot,
                           struct drawing *drawing, struct err *err);
/* report.md, report.html with the list of files, then summary.json. */
bool calibrate_report_write_page(const struct calibrate_report *report,
                                 const struct drawing *drawing, const struct result_file *files,
                                 uint32_t file_count, struct err *err);

struct calibrate_style {
    bool unicode, color;
    const char *report_path; /* NULL: none was written */
};
/* 60 to 80 columns: the finding, the rules side by side, what the chosen timeouts achieve, what the
 * router does under each rule, whose tail it is, the paste-ready line. */
void calibrate_write_console(struct text *text, const struct calibration *calibration,
                             const struct calibrate_style *style);
void calibrate_write_json(struct text *text, const struct calibrate_report *report);
void calibrate_write_csv(struct text *text, const struct calibration *calibration); /* rules.csv */
void calibrate_write_markdown(struct text *text, const struct calibration *calibration);

/* What was found, in one sentence with its numbers: the headline everywhere. */
void calibrate_write_finding(struct text *text, const struct calibration *calibration);
/* "supabase secrets set LOOPGPT_KROGER_TIMEOUT=4900 ..." of all that is recommended and has a key;
 * nothing when there is none. */
void calibrate_write_secrets(struct text *text, const struct calibration *calibration);

/* Files that calibrate_report_write_data() writes, for lists of files; NULL ends. */
extern const char *const calibrate_report_files[];

#endif
