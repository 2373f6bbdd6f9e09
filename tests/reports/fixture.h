/* tests/reports/fixture.h - results made by hand, for tests of reports.
 *
 * They are plausible rather than simulated: numbers come from small formulas, so that a report made
 * from one can be read, and every path of a report (unknown, censored, too few, empty) is walked.
 */
#ifndef TESTS_REPORTS_FIXTURE_H
#define TESTS_REPORTS_FIXTURE_H

#include "sim/world/result.h"

/* An hour with 28,800 orders and a Kroger outage from minute 15 to 33, a short Walmart throttle. */
void fixture_hour(struct result *result);
/* A run that was stopped before its first order. */
void fixture_empty(struct result *result);
/* Three seconds, three buckets, 24 orders. */
void fixture_three(struct result *result);
/* The hour with names that a shell, HTML, Markdown, gnuplot or CSV could take for something else.
 */
void fixture_weird(struct result *result);

extern const char *const fixture_weird_name;

#endif
