/* sim/analysis/drill_state.h - the inside of a drill; only sim/analysis/drill*.c include it. */
#ifndef SIM_ANALYSIS_DRILL_STATE_H
#define SIM_ANALYSIS_DRILL_STATE_H

#include "sim/analysis/drill.h"

enum {
    DRILL_STEPS_MAX = OPERATORS_MAX * STEPS_MAX + STEPS_MAX,
    DRILL_INSTANCES_MAX = ALERT_INSTANCES_MAX,
};

/* An alert's instance has a number: its rule's times SCOPE_COUNT, and its scope. */
enum { DRILL_ALERT_SLOTS = ALERT_RULES_MAX * SCOPE_COUNT };
static inline uint32_t drill_alert_slot(uint32_t rule, unsigned scope)
{
    return rule * SCOPE_COUNT + scope;
}

/* A step's number: its operator's (the one whose steps they are) times STEPS_MAX, and its place;
 * the rollback comes after all operators. */
static inline uint32_t drill_step_slot(uint32_t whose, uint32_t step)
{
    return whose * STEPS_MAX + step;
}

/* What is kept of one repeat beyond its measures. */
struct drill_detail {
    /* By alert slot, INT64_MAX: never. */
    int64_t *fired_us;     /* after the fault began, and its doing */
    int64_t *any_fired_us; /* whatever made it */
    uint8_t *outcomes;     /* by step slot: enum step_outcome */
    int8_t at_start[PROBES_MAX], at_end[PROBES_MAX];
};

/* One repeat as it was played, beside its control. */
struct drill_play {
    const struct scenario *scenario;
    const struct story_facts *facts, *control;
    double budget_orders;
    uint64_t faults_met;
    bool *false_entry; /* by journal entry: an alert's episode that is not the fault's doing */
};

/* drill_marks.c */
void drill_find_false(const struct drill_play *play);
void drill_find_marks(const struct drill_play *play, struct drill_marks *marks);

/* drill_measures.c */
void drill_measure(const struct drill_play *play, const struct drill_marks *marks,
                   struct drill_value values[DRILL_MEASURE_COUNT]);
void drill_distribute(const struct drill_repeat *repeats, uint32_t count,
                      enum drill_measure measure, struct drill_distribution *distribution);
/* The quantile over the repeats that a measure applies to; NOT_APPLICABLE: to none. */
struct drill_value drill_quantile(const struct drill_repeat *repeats, uint32_t count,
                                  enum drill_measure measure, double probability);

/* drill_judge.c */
void drill_judge_repeat(const struct drill_play *play, struct drill_repeat *repeat,
                        struct arena *arena);
bool drill_judge(const struct scenario *scenario, const struct drill_detail *details,
                 struct drill *drill);

/* drill_audit.c */
void drill_note_detail(const struct drill_play *play, struct drill_detail *detail);
bool drill_keep_story(const struct drill_play *play, struct drill *drill); /* of repeat 0 */
bool drill_audit(const struct scenario *scenario, const struct drill_detail *details,
                 struct drill *drill);

#endif
