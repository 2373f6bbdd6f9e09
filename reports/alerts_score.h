/* reports/alerts_score.h - rule sets side by side: what each found in the same drills, how soon, at
 * what cost, and what it cried on quiet days. Console and JSON ("routesim.alert_scores/1").
 *
 * Ownership: borrows. Failure: text->failed.
 */
#ifndef REPORTS_ALERTS_SCORE_H
#define REPORTS_ALERTS_SCORE_H

#include "reports/columns.h"
#include "sim/analysis/alert_score.h"

struct alert_scores_set {
    const char *name; /* of the file */
    enum alert_reading reading;
    const struct alert_rule *rules;
    uint32_t rule_count;
    const struct alert_score_row *rows; /* by drill */
    struct alert_score score;
    int64_t longest_window_us;
};

struct alert_scores {
    const struct alert_scores_set *sets;
    uint32_t set_count;
    const struct alert_score_drill *drills; /* as any set was asked about; changes are not read */
    uint32_t drill_count;
    double significant;
    int64_t grace_us;
    const char *quiet_name; /* of the scenario without faults; "": there was none */
    int64_t quiet_us;
    const char *program, *command;
};

struct alert_scores_style {
    bool unicode, color;
    double wall_seconds; /* negative: not said */
};

void alerts_write_scores(struct text *text, const struct alert_scores *scores,
                         const struct alert_scores_style *style);
void alerts_write_scores_json(struct text *json, const struct alert_scores *scores);

#endif
