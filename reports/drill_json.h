/* reports/drill_json.h - the parts of drill.json and journal.json that two files share. */
#ifndef REPORTS_DRILL_JSON_H
#define REPORTS_DRILL_JSON_H

#include "reports/json_tree.h"
#include "sim/analysis/drill.h"

/* An instant or a span as seconds; INT64_MAX: "never". */
void drill_json_seconds(struct json_tree *tree, const char *key, int64_t us);
/* A span of a setting as seconds; below 0, which is none: null. */
void drill_json_span(struct json_tree *tree, const char *key, int64_t us);
/* A number; "never"; null where it has no meaning. */
void drill_json_value(struct json_tree *tree, const char *key, const struct drill_value *value);

/* Steady state, alerts, steps, the journal, spans of other settings, the heat map, the burn, the
 * control. */
void drill_json_story(struct json_tree *tree, const struct drill *drill);

#endif
