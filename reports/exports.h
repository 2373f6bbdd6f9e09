/* reports/exports.h - a result for other programs and pages: Markdown, JUnit XML, CSV of metrics.
 *
 * report.md stays below 64 KiB, the limit of the places it is pasted into, by naming the first
 * checks and how many more there are. In junit.xml every check is a test case with its file and
 * line; one that could not be decided counts as skipped, a run that was stopped early as an error.
 * metrics.csv has a row for every metric of every scope and phase.
 *
 * Everything from a scenario is escaped. Failure: text->failed.
 */
#ifndef REPORTS_EXPORTS_H
#define REPORTS_EXPORTS_H

#include "router/base/text.h"
#include "sim/world/result.h"

enum { MARKDOWN_BYTES_MAX = 65536, MARKDOWN_CHECKS_MAX = 60, MARKDOWN_WORDS_MAX = 160 };

/* Plain text as Markdown that shows it: nothing in it may become markup, a mention or a new line. A
 * name is cut after MARKDOWN_WORDS_MAX characters. */
void markdown_words(struct text *text, const char *words);
/* The same of a sentence of ours, which is taken over and released. */
void markdown_sentence(struct text *text, struct text *plain);
/* The same, without a backslash where a sentence of ours needs none: before + ( ) $. */
void markdown_plain(struct text *text, struct text *plain);
/* A command, indented: code takes anything but a new line. */
void markdown_command(struct text *text, const char *command);

void markdown_write(struct text *text, const struct result *result);
void junit_write(struct text *text, const struct result *result);
void metrics_csv_write(struct text *text, const struct result *result);

#endif
