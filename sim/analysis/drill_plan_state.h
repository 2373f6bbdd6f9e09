/* sim/analysis/drill_plan_state.h - how many orders a second brings and how many of them fail; only
 * sim/analysis/drill_plan*.c include it. */
#ifndef SIM_ANALYSIS_DRILL_PLAN_STATE_H
#define SIM_ANALYSIS_DRILL_PLAN_STATE_H

#include "sim/analysis/drill_plan.h"

enum drill_course_kind { COURSE_ERRORS, COURSE_TIMEOUTS, COURSE_BAD, COURSE_SLOW, COURSE_KINDS };

/* Running totals by second of what is counted then, in seconds' worth of orders: of each provider
 * its settled quotes, of the router its decided orders. */
struct drill_course {
    uint32_t seconds;
    double *counted[SCOPE_COUNT];               /* [s]: at or before second s */
    double *failing[SCOPE_COUNT][COURSE_KINDS]; /* BAD and SLOW: of the router alone */
    bool called[PROVIDER_COUNT];                /* enabled, and not canned */
    bool touched[SCOPE_COUNT][COURSE_KINDS];    /* a fault makes some of it fail */
    const char *unknown[SCOPE_COUNT];           /* why shares are not known; NULL: they are */
    const char *safe;                           /* why no order can fail; NULL: it may */
    double own_errors[SCOPE_COUNT];             /* share that fails without any fault, at most */
    double own_bad; /* orders that a confirmation spoils without any fault, at most */
    double *memory;
};

/* `slow_over_us`: of COURSE_SLOW. */
bool drill_course_make(const struct scenario *scenario, int64_t slow_over_us,
                       struct drill_course *course);
void drill_course_release(struct drill_course *course);

#endif
