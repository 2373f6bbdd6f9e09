/* tests/reports/drill_small.h - drills made by hand, for tests of what they are written as.
 *
 * An hour in which Kroger hangs from minute 15 to 33: paged after ten minutes, disabled by an
 * operator, one of whose steps does nothing and another fails. Every path is in it: an alert that
 * should fire, one that is missed, one that fires falsely; expectations that are met, unmet and not
 * known; values that are known, never and n/a.
 */
#ifndef TESTS_REPORTS_DRILL_SMALL_H
#define TESTS_REPORTS_DRILL_SMALL_H

#include "sim/analysis/drill.h"

/* Releases with drill_release(). From 6 repeats on medians have intervals, and two of the repeats
 * never recover. */
void drill_small(struct drill *drill, uint32_t repeats);
/* Every name and text is `name`. */
void drill_small_named(struct drill *drill, const char *name);
/* No rule, operator, probe, expectation or fault: invalid. */
void drill_small_bare(struct drill *drill);

#endif
