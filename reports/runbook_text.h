/* reports/runbook_text.h - the words that every report of a runbook shares. */
#ifndef REPORTS_RUNBOOK_TEXT_H
#define REPORTS_RUNBOOK_TEXT_H

#include "reports/findings.h"
#include "sim/analysis/runbook.h"

extern const char *const runbook_profile_ids[PROFILE_COUNT];    /* "as_documented" */
extern const char *const runbook_profile_titles[PROFILE_COUNT]; /* "As documented" */
extern const char *const runbook_finding_titles[FINDING_KINDS]; /* "Nobody deploys the change" */

unsigned runbook_profile_count(const struct runbook *runbook); /* that were played */

/* "14 of 46 steps do nothing or fail as coded, 9 as documented" */
void runbook_write_headline(struct text *text, const struct runbook *runbook);
/* What to know first: the gravest finding's sentence, or that there is none. */
void runbook_write_finding(struct text *text, const struct runbook *runbook);
enum verdict_tone runbook_tone(enum runbook_verdict verdict);

/* Why a step does not work, or is not known; nothing of one that works: "400 INVALID_REQUEST:
 * userId is missing; ..." */
void runbook_write_why(struct text *text, const struct runbook_outcome *outcome);
/* What came of a step that works. */
void runbook_write_said(struct text *text, const struct runbook_outcome *outcome);

/* Where a finding was met: "lines 16, 148 and 255, as coded", "line 208, Emergency 1: complete
 * outage, as documented and as coded"; profiles are left out where only one was played. */
void runbook_write_where(struct text *text, const struct runbook *runbook,
                         const struct runbook_finding *finding);

/* Findings, the gravest first: what is wrong before remarks, in the order of kinds. */
typedef void (*runbook_each)(void *context, const struct runbook_finding *finding);
void runbook_each_finding(const struct runbook *runbook, runbook_each each, void *context);
uint32_t runbook_count_findings(const struct runbook *runbook, bool remarks);

/* "as documented: 1000 orders, 11,020 lines of log" */
void runbook_write_basis(struct text *text, const struct runbook *runbook);

#endif
