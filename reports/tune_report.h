/* reports/tune_report.h - a tuning for people and programs: every file of its folder, the console.
 *
 *   recommendation.env  the suggested weights as KEY=value lines; without one, the baseline's
 *   summary.json        routesim.tuning/1: everything the report shows; written last
 *   arms.csv            each arm, part and metric: value, difference, interval, p, evidence, n
 *   candidates.csv      presets, the front and what may belong to it, the set: means, goal
 *   sweeps.csv          the step curves
 *   flips.csv           orders that change provider, with their scores
 *   plots/...           every figure, as reports/figures.h has them
 *   report.md           for pull requests
 *   report.html         the one file to share
 *
 * Everything is a function of the tuning, `program` and `command`: the same bytes for the same
 * input, whatever the number of threads. Nothing is computed here but layout, and nothing is ever
 * applied: the report ends with the line that a person would paste.
 *
 * Failure: ERR_ENVIRONMENT when a file cannot be written. A missing gnuplot is no error.
 */
#ifndef REPORTS_TUNE_REPORT_H
#define REPORTS_TUNE_REPORT_H

#include "reports/figures.h"
#include "router/base/text.h"
#include "sim/analysis/tune.h"
#include "sim/world/result.h"

struct tune_report {
    const struct tuning *tuning;
    const char *program; /* "routesim 0.1.0" */
    const char *command; /* canonical */
    uint64_t experiment; /* of the folder (sim/command/folder.h) */
    const char *directory;
};

/* recommendation.env, the CSVs. */
bool tune_report_write_data(const struct tune_report *report, struct err *err);
/* plots/; `gnuplot` NULL: scripts and data only. */
bool tune_report_draw(const struct tune_report *report, const char *gnuplot,
                      struct drawing *drawing, struct err *err);
/* report.md, report.html with the list of files, then summary.json. */
bool tune_report_write_page(const struct tune_report *report, const struct drawing *drawing,
                            const struct result_file *files, uint32_t file_count, struct err *err);

struct tune_style {
    bool unicode, color;
    const char *report_path; /* NULL: none was written */
};
/* 60 to 80 columns: the verdict, the suggested weights, what changes with its intervals, what has
 * no effect, the paste-ready line. */
void tune_write_console(struct text *text, const struct tuning *tuning,
                        const struct tune_style *style);
void tune_write_json(struct text *text, const struct tune_report *report);
void tune_write_csv(struct text *text, const struct tuning *tuning);
void tune_write_markdown(struct text *text, const struct tuning *tuning);

/* What the tuning found, in one sentence with its intervals: the headline everywhere. */
void tune_write_finding(struct text *text, const struct tuning *tuning);
/* "supabase secrets set LOOPGPT_SCORE_PRICE_WEIGHT=0.28 ..." of an arm. */
void tune_write_secrets(struct text *text, const struct score_weights *weights);

#endif
