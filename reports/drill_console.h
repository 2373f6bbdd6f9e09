/* reports/drill_console.h - the console of a drill, in parts that only it puts together.
 *
 * Each part ends with an empty line, or writes nothing when it has nothing to say.
 */
#ifndef REPORTS_DRILL_CONSOLE_H
#define REPORTS_DRILL_CONSOLE_H

#include "reports/columns.h"
#include "reports/drill_exports.h"

enum { DRILL_COLUMNS = 80 };

/* Faults, alerts, settings and operators as bars over the run's course, from repeat 0's journal. */
void drill_console_timeline(const struct columns *columns, const struct drill *drill);
void drill_console_alerts(const struct columns *columns, const struct drill *drill);
void drill_console_steps(const struct columns *columns, const struct drill *drill);

#endif
