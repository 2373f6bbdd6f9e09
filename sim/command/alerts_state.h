/* sim/command/alerts_state.h - the parts of `routesim alerts`; only sim/command/alerts*.c include
 * it. */
#ifndef SIM_COMMAND_ALERTS_STATE_H
#define SIM_COMMAND_ALERTS_STATE_H

#include "sim/analysis/alert_watch.h"
#include "sim/command/console.h"
#include "sim/command/invocation.h"
#include "sim/command/load.h"

enum { ALERTS_NAME_MAX = 64, ALERTS_SETS_MAX = 12, ALERTS_TITLE_MAX = 128 };

/* ---- rules of a file (alerts_rules.c) ---- */

/* Whether a file is one of alert rules alone, by its "schema" or its "rules". False as well for
 * what cannot be read: who reads it as a scenario will say why. */
bool alerts_is_rule_file(const char *path);

/* Reads a file of rules, in the reading that --reading asks for, else its own. Prints what is wrong
 * with it, warnings too; false: `*code` says how to end. */
bool alerts_read_rules(const struct invocation *invocation, struct console *console,
                       const char *path, struct alert_spec *spec, int *code);

/* "scenarios/alerts/runbook.json" -> "runbook": letters, digits, dashes. */
void alerts_name_of(const char *path, char name[static ALERTS_NAME_MAX]);

/* What --reading says: false when nothing was said, or "all". */
bool alerts_reading_wanted(const struct invocation *invocation, enum alert_reading *reading);
bool alerts_all_readings(const struct invocation *invocation);

/* ---- playing (alerts_play.c) ---- */

/* Plays one replication of a scenario that was made ready to be watched. `budget_orders` may be
 * NULL. When somebody says stop it ends early and is true still: look at `stop`. */
bool alerts_play(const struct scenario *scenario, struct alert_watch *watch,
                 const struct world_control *control, double *budget_orders, struct err *err);
/* Providers of the scenario that only real calls can answer: they are not called here. */
bool alerts_refuse_live(const struct scenario *scenario, struct err *err);

/* ---- the two ---- */

int alerts_export(const struct invocation *invocation, struct console *console);
int alerts_score_sets(const struct invocation *invocation, struct console *console);

#endif
