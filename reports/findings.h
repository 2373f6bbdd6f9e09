/* reports/findings.h - the sentences that say what a run showed, each with its number.
 *
 * Made from templates with a neutral fallback, so that a headline is a finding where there is one
 * and says "no clear difference" where there is none. HTML and Markdown share them. Each function
 * appends plain text, one or two sentences.
 */
#ifndef REPORTS_FINDINGS_H
#define REPORTS_FINDINGS_H

#include "router/base/text.h"
#include "sim/world/result.h"

/* What has to be known before any other figure is read: real providers that calls did not reach or
 * that did not answer. Nothing, usually. */
void finding_live(const struct result *result, struct text *text);
/* The same of recordings that are played back: calls that they have no answer to, and what they
 * lack themselves. */
void finding_replay(const struct result *result, struct text *text);
/* Both. */
void finding_first(const struct result *result, struct text *text);
/* "5 of 6 checks passed" or "No checks were given". */
void finding_checks(const struct result *result, struct text *text);
/* What decided the verdict: the first check that failed, or the closest that passed. */
void finding_verdict(const struct result *result, struct text *text);
void finding_timeline(const struct result *result, struct text *text);
void finding_percentiles(const struct result *result, struct text *text);
void finding_share(const struct result *result, struct text *text);
void finding_errors(const struct result *result, struct text *text);
void finding_budget(const struct result *result, struct text *text);
void finding_money(const struct result *result, struct text *text);

/* The verdict in a word: "No live data", "Calls without an answer", "Passed", "Failed",
 * "Inconclusive", "No checks", "Stopped early". */
const char *verdict_word(const struct result *result);
enum verdict_tone { TONE_GOOD, TONE_BAD, TONE_NEUTRAL };
enum verdict_tone verdict_tone(const struct result *result);

/* The phase of the fault under which orders fared worst, or NULL: compared by the share of good
 * orders, then by p95. */
const struct result_phase *worst_phase(const struct result *result);

#endif
