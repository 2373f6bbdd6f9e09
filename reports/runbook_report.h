/* reports/runbook_report.h - a runbook that was tried out, for people and programs.
 *
 *   runbook.json   routesim.runbook/1: every step under each profile, every finding
 *   report.md      for pull requests
 *   report.html    the one file to share
 *   summary.json   whose folder it is, and the counts; written last
 *
 * The console is 80 columns wide: a line a step, why it does not work under it, then findings.
 * Everything is a function of the runbook, `program` and `command`; nothing is computed here.
 *
 * Failure: ERR_ENVIRONMENT when a file cannot be written.
 */
#ifndef REPORTS_RUNBOOK_REPORT_H
#define REPORTS_RUNBOOK_REPORT_H

#include "router/base/text.h"
#include "sim/analysis/runbook.h"
#include "sim/world/result.h"

struct runbook_report {
    const struct runbook *runbook;
    const char *program; /* "routesim 0.1.0" */
    const char *command; /* canonical */
    const char *name;    /* whose folder it is: "runbook-NAME" */
    uint64_t experiment;
    const char *directory;
};

/* runbook.json alone, before the list of files is made. */
bool runbook_report_write_data(const struct runbook_report *report, struct err *err);
/* report.md, report.html with the list of files, then summary.json. */
bool runbook_report_write_page(const struct runbook_report *report, const struct result_file *files,
                               uint32_t file_count, struct err *err);

struct runbook_style {
    bool unicode, color;
    bool verbose;            /* what came of steps that work, and the first rows of answers */
    const char *report_path; /* NULL: none was written */
};
void runbook_write_console(struct text *text, const struct runbook *runbook,
                           const struct runbook_style *style);
void runbook_write_json(struct text *text, const struct runbook_report *report);
void runbook_write_markdown(struct text *text, const struct runbook_report *report);
bool runbook_write_html(struct text *text, const struct runbook_report *report,
                        const struct result_file *files, uint32_t file_count, struct err *err);

#endif
