/* sim/command/compare_drill.h - `routesim compare` of two drills: other alerts, operators, stop
 * conditions and rollbacks are the treatment, as other settings of the router are.
 *
 * Faults, workload, providers, the objective and the hypothesis have to be the same; what is
 * expected, tags and texts do not count. Rules are matched by their names, steps by their place.
 */
#ifndef SIM_COMMAND_COMPARE_DRILL_H
#define SIM_COMMAND_COMPARE_DRILL_H

#include "router/base/json.h"
#include "sim/analysis/compare.h"
#include "sim/analysis/drill_compare.h"

bool compare_drill_is(const char *folder);

enum compare_drill_key { DRILL_KEY_TREATMENT, DRILL_KEY_APART, DRILL_KEY_SAME };
/* What a key outside the router is to two drills. */
enum compare_drill_key compare_drill_key_of(const char *path);

/* Notes what differs in the treatment; `a` and `b` are the settings of run.json. */
void compare_drill_note(struct comparison *comparison, const cJSON *a, const cJSON *b);

/* Reads both measures.csv and compares them; has to be given as many repeats. */
bool compare_drill_measure(const char *folder_a, const char *folder_b, double alpha,
                           struct drill_comparison *comparison, struct err *err);

/* A setting's value in words; "(not set)" (compare.c). */
void compare_setting_text(const cJSON *settings, const char *path,
                          char text[static COMPARE_SETTING_VALUE]);

#endif
