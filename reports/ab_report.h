/* reports/ab_report.h - an A/B for people and programs: every file of its folder, the console.
 *
 *   summary.json   routesim.ab/1: everything the report shows; written last
 *   arms.csv       each variant, metric and estimator: value, interval, p, n; and the replay's
 * truth peeks.csv      the goal at every look, always-valid plan.csv       what each metric costs
 * to learn: orders, days, what is detectable plots/...      the always-valid interval
 * (reports/figure.h) report.md      for pull requests report.html    the one file to share
 *
 * Of a plan there are no arms.csv, no peeks.csv and no figure. Everything is a function of the
 * result, `program` and `command`; nothing is computed here but layout, and nothing is applied.
 *
 * Failure: ERR_ENVIRONMENT when a file cannot be written. A missing gnuplot is no error.
 */
#ifndef REPORTS_AB_REPORT_H
#define REPORTS_AB_REPORT_H

#include "reports/figures.h"
#include "router/base/text.h"
#include "sim/analysis/ab.h"
#include "sim/world/result.h"

struct ab_report {
    const struct ab_result *result;
    const char *program; /* "routesim 0.1.0" */
    const char *command; /* canonical */
    uint64_t experiment; /* of the folder (sim/command/folder.h) */
    const char *directory;
};

bool ab_report_write_data(const struct ab_report *report, struct err *err); /* the CSVs */
/* plots/; `gnuplot` NULL: scripts and data only. */
bool ab_report_draw(const struct ab_report *report, const char *gnuplot, struct drawing *drawing,
                    struct err *err);
/* report.md, report.html with the list of files, then summary.json. */
bool ab_report_write_page(const struct ab_report *report, const struct drawing *drawing,
                          const struct result_file *files, uint32_t file_count, struct err *err);

struct ab_style {
    bool color;
    const char *report_path; /* NULL: none was written */
};
/* 60 to 80 columns: the verdict, the goal with its interval beside the truth, what else changed,
 * guardrails, assignment, peeks, and what it would cost to learn. */
void ab_write_console(struct text *text, const struct ab_result *result,
                      const struct ab_style *style);
void ab_write_json(struct text *text, const struct ab_report *report);
void ab_write_csv(struct text *text,
                  const struct ab_result *result); /* arms.csv; a plan: plan.csv */
void ab_write_peeks_csv(struct text *text, const struct ab_result *result);
void ab_write_plan_csv(struct text *text, const struct ab_result *result);
void ab_write_markdown(struct text *text, const struct ab_report *report);
bool ab_write_html(struct text *text, const struct ab_report *report, const struct drawing *drawing,
                   const struct result_file *files, uint32_t file_count, struct err *err);

#endif
