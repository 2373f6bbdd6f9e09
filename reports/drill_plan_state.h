/* reports/drill_plan_state.h - the parts of a drill's plan; only reports/drill_plan*.c include it.
 */
#ifndef REPORTS_DRILL_PLAN_STATE_H
#define REPORTS_DRILL_PLAN_STATE_H

#include "reports/columns.h"
#include "reports/drill_plan.h"

enum { DRILL_PLAN_COLUMNS = 80 };

/* A sentence, wrapped behind `first`; takes the words over. */
void drill_plan_say(const struct columns *columns, const char *first, struct text *words);
/* "     32:10  10:32:10  ": 22 columns. */
void drill_plan_put_clock(const struct columns *columns, const struct scenario *scenario,
                          int64_t at_us);

/* Who does what, and what is expected (drill_plan_people.c). */
void drill_plan_people(const struct columns *columns, const struct drill_plan *plan,
                       const struct drill_plan_style *style);
void drill_plan_expects(const struct columns *columns, const struct scenario *scenario);

#endif
