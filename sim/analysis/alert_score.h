/* sim/analysis/alert_score.h - one set of alert rules, judged by drills whose truth is known and by
 * days on which nothing happens.
 *
 * Drills are played open loop: operators do nothing, so all rule sets see the same orders, and what
 * differs between two sets is their doing. A page is a notification of severity page (ALERT_TOLD);
 * an incident is detected when the first instance of such a rule fires (ALERT_FIRED), as
 * sim/analysis/drill.h has it, between the first fault and the end of the last plus `grace_us`,
 * within which a window still shows it.
 *
 * What a drill asks of a rule set follows from what users lost in it, not from what broke: bad
 * orders of `significant` of the period's budget ask for a page (SRE Workbook ch. 5: 2% within an
 * hour is worth one), less do not, none makes a page needless. So
 *
 *   caught     asked for, and fired while a fault was on
 *   late       asked for, and fired when all faults were over
 *   missed     asked for, and never fired
 *   extra      users lost something, too little to ask, and it fired
 *   needless   users lost nothing, and it fired
 *   quiet      not asked for, and it did not fire
 *
 *   recall     (caught + late) of what was asked for
 *   precision  pages within incidents in which users lost anything, of all pages of the drills
 *
 * A drill without a fault is one whose trouble lies in its load, or in what people do: its whole
 * run is the incident, whoever lost an order in it lost something, and nothing is timed.
 *
 * Pages before the fault, or behind the incident, are false. So is every page of the quiet run: per
 * 30 days with Garwood's exact Poisson interval (sim/analysis/stats_poisson.h), which takes pages
 * for independent; they come in bunches where rules lack `for`, and the interval is too narrow
 * then.
 *
 * Time to detect counts from t_impact, the first order that users lost by the fault, and may be
 * negative: something fired before anybody was hurt. Reset is from the end of the last fault until
 * no rule of severity page fires any more. Budgets are bad orders over those that the objective
 * allows in its period, counted from the first fault on.
 *
 * Ownership: callers own everything; rows are written into the caller's. Failure: none.
 */
#ifndef SIM_ANALYSIS_ALERT_SCORE_H
#define SIM_ANALYSIS_ALERT_SCORE_H

#include "sim/world/alert.h"

struct alert_score_drill { /* what one rule set did in one drill, and the drill's truth */
    const char *name;
    int64_t duration_us;
    int64_t fault_us, clear_us; /* INT64_MAX: no fault */
    int64_t impact_us;          /* INT64_MAX: absorbed, nobody lost an order */
    /* Bad orders by bucket of when their last act was; those of the run without faults with them:
     * what a budget burns is not asked for its cause. */
    const uint32_t *bad;
    uint32_t bucket_s, bucket_count;
    double budget_orders;               /* 0: no objective, and no budget is known */
    const struct alert_change *changes; /* in order of time */
    uint32_t change_count;
};

struct alert_score_request {
    const struct alert_rule *rules; /* of the set */
    uint32_t rule_count;
    const struct alert_score_drill *drills;
    uint32_t drill_count;
    int64_t grace_us;
    double significant;               /* share of the budget */
    int64_t quiet_us;                 /* how long nothing happened; 0: that was not looked at */
    const struct alert_change *quiet; /* changes meanwhile */
    uint32_t quiet_count;
};

#define ALERT_SCORE_UNTIMED INT64_MIN /* a time to detect, without a fault to count from */

enum alert_outcome {
    OUTCOME_CAUGHT,
    OUTCOME_LATE,
    OUTCOME_MISSED,
    OUTCOME_EXTRA,
    OUTCOME_NEEDLESS,
    OUTCOME_QUIET,
    ALERT_OUTCOME_COUNT
};
extern const char *const alert_outcome_names[ALERT_OUTCOME_COUNT];

struct alert_score_row { /* of one drill */
    enum alert_outcome outcome;
    int64_t detect_us; /* INT64_MAX: never */
    int64_t ttd_us;    /* from the impact; of absorbed ones from the fault; INT64_MAX: never */
    int64_t first_us;  /* when any rule of whatever severity first fired; INT64_MAX: never */
    int detected_by;   /* rule; -1: none */
    unsigned detected_scope;
    uint32_t pages;        /* told within the incident */
    uint32_t false_pages;  /* told outside of it */
    uint32_t episodes;     /* of instances of severity page, in the whole drill */
    int64_t reset_us;      /* -1: nothing fired in the incident; INT64_MAX: fires to the end */
    double burned;         /* share of the budget from the fault to the end; NaN: no objective */
    double burned_at_page; /* until detected; NaN also when never */
};

struct alert_score { /* of a rule set */
    uint32_t outcomes[ALERT_OUTCOME_COUNT];
    uint32_t asked;           /* drills that asked for a page */
    double recall, precision; /* NaN: nothing was asked for; nothing paged */
    int64_t ttd_median_us;    /* of what was asked for, never longer than anything (the lower of two
                                 middle ones); INT64_MAX: never, or nothing was asked for */
    uint32_t pages, false_pages, needless_pages, episodes; /* of all drills */
    double worst_burned_at_page;                 /* of what was caught or late; NaN: none */
    uint64_t quiet_pages, quiet_tickets;         /* told in the quiet run */
    double quiet_per_30d, quiet_low, quiet_high; /* pages; NaN: no quiet run */
    double tickets_per_30d, tickets_low, tickets_high;
};

/* `rows` has room for one a drill. */
void alert_score(const struct alert_score_request *request, struct alert_score_row *rows,
                 struct alert_score *score);

#endif
