/* reports/drill_plan.h - a drill before it is played, for a terminal: what its file fixes, and what
 * is forecast of its alerts.
 *
 * 80 columns. First what it is and who is paged, then its course by the clock, the alerts that page
 * with the earliest instant at which each can fire (a forecast, and called one), who does what
 * because of what, with what lint warns of beside the step, and what is expected.
 *
 * Ownership: all is borrowed for the call. Failure: text->failed.
 */
#ifndef REPORTS_DRILL_PLAN_H
#define REPORTS_DRILL_PLAN_H

#include "router/base/err.h"
#include "router/base/text.h"
#include "sim/analysis/drill_plan.h"

struct drill_plan_style {
    bool unicode, color;
    const struct err_list *warnings; /* of reading the file; NULL: none */
    const char *calls;               /* how they travel, and who is really called; NULL: not said */
    bool real;                       /* time is */
    double speed;                    /* 1: as written */
    const char *command, *folder;    /* that plays it, and where results would go; NULL: not said */
};

void drill_write_plan(struct text *text, const struct drill_plan *plan,
                      const struct drill_plan_style *style);

/* A folder: head, a row a drill, and the last line. */
void drill_write_plan_head(struct text *text, const struct drill_plan_style *style);
void drill_write_plan_row(struct text *text, const struct drill_plan *plan,
                          const struct drill_plan_style *style);
void drill_write_plan_end(struct text *text, const struct drill_plan_style *style, uint32_t count);

#endif
