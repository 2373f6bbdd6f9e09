/* reports/drill_exports.h - a drill for terminals, pull requests and other programs.
 *
 *   console       60 to 80 columns: the verdict and what was expected, times, budget, a timeline
 *                 of alerts and operators, the audit of alerts, steps and their effect, losses,
 *                 findings
 *   report.md     the short version, below 64 KiB
 *   drill.json    routesim.drill/1: all of struct drill; keys in a fixed order. Instants and spans
 *                 are seconds, instants from the run's start; what is not known is null, what did
 *                 not come about "never"
 *   journal.json  the Chaos Toolkit's journal, for programs that read such: faults and steps are
 *                 its activities, ours stands under "extensions". Instants are the scenario's, so
 *                 that the bytes are those of any other run on any machine
 *   junit.xml     a test case an expectation and a probe, with file and line
 *   timeline.csv  the journal of repeat 0, a row an entry
 *   measures.csv  a row a repeat
 *
 * The same drill gives the same bytes. Everything from a scenario is escaped.
 * Failure: text->failed.
 */
#ifndef REPORTS_DRILL_EXPORTS_H
#define REPORTS_DRILL_EXPORTS_H

#include "router/base/text.h"
#include "sim/analysis/drill.h"

#define DRILL_SCHEMA "routesim.drill/1"

struct drill_style {
    bool unicode, color;
    double wall_seconds;     /* how long it took; negative: not said */
    const char *report_path; /* NULL: none was written */
};

void drill_write_console(struct text *text, const struct drill *drill,
                         const struct drill_style *style);
/* The verdict's line alone. */
void drill_write_console_verdict(struct text *text, const struct drill *drill,
                                 const struct drill_style *style);

/* ---- a suite ---- */

enum { DRILL_ROW_NAME_MAX = 80 };

/* What a table keeps of a drill that has been released: its values, or the medians of its repeats.
 */
struct drill_row {
    char name[DRILL_ROW_NAME_MAX];
    char why[160];
    enum drill_verdict verdict;
    uint32_t repeats;
    struct drill_value ttd, ttm, ttr, budget, lost;
    uint32_t alerts_missed; /* that should have fired and did not, the first repeat */
};
struct drill_row drill_row_of(const struct drill *drill);

/* Over the rows of a suite, whatever its drills expect: a drill that is to show that nobody is told
 * goes as expected, and nobody is told. Where a drill was repeated its median counts. `of_*`: the
 * drills to which the measure applies. */
struct drill_gaps {
    uint32_t undetected, of_detected;
    uint32_t unmitigated, of_mitigated;
    uint32_t unrecovered, of_recovered;
    uint32_t alerts_missed;
};
struct drill_gaps drill_gaps_of(const struct drill_row *rows, uint32_t count);
/* "Never detected: 3 of 23; never mitigated: 5 of 19; never recovered: 2 of 19; missed alerts: 4."
 * Nothing without rows. */
void drill_write_gaps(struct text *text, const struct drill_row *rows, uint32_t count);

/* Head, rows and total are apart, so that a row may be shown as soon as its drill is over. */
void drill_write_suite_head(struct text *text, const struct drill_style *style);
void drill_write_suite_row(struct text *text, const struct drill_row *row,
                           const struct drill_style *style);
/* How many of them went as expected, what was never done, why others did not, and how long it took in all. */
void drill_write_suite_total(struct text *text, const struct drill_row *rows, uint32_t count,
                             const struct drill_style *style);
/* All of it. */
void drill_write_suite(struct text *text, const struct drill_row *rows, uint32_t count,
                       const struct drill_style *style);

/* ---- files ---- */

void drill_write_markdown(struct text *text, const struct drill *drill);
void drill_write_json(struct text *text, const struct drill *drill);
void drill_write_journal(struct text *text, const struct drill *drill);
void drill_write_junit(struct text *text, const struct drill *drill);
/* Of several drills, a test suite each. */
void drill_write_suite_junit(struct text *text, const struct drill *const *drills, uint32_t count);
void drill_write_timeline_csv(struct text *text, const struct drill *drill);
void drill_write_measures_csv(struct text *text, const struct drill *drill);

#endif
