/* sim/analysis/drill.h - a drill, played and judged: how long detection, mitigation and recovery
 * took, what it cost, and whether what was expected came true.
 *
 * Each repeat is a replication: the scenario with its faults and operators, and the same seed
 * without both (the control). An order meets the same luck in either, so what differs is the
 * fault's doing and the operators'. Ground truth is known, so nothing is guessed:
 *
 *   t_fault, t_clear  the first fault begins, the last one ends (or is rolled back)
 *   t_impact    the first order that is bad here and good in the control; none: absorbed
 *   t_detect    the first FIRING, after t_fault, of any alert of severity page that the control
 *               has not
 *   t_told      its notification
 *   t_ack       an operator starts; t_act: the first effective change of settings is live; both
 *               from t_fault on; where there is no fault, from t_impact on
 *   t_mitigate  the first instant from t_impact on from which on the share of good orders is at
 *               least `hypothesis.good` for `hypothesis.holds_for`, the fault still being on
 *   t_recover   the first instant at which the fault is over, all mitigations are undone (settings
 *               route as at the start), and from which on all probes hold for `holds_for`; without
 *               a fault not before t_mitigate
 *
 *   TTD = t_detect - t_impact, TTA = t_ack - t_detect, TTM = t_mitigate - t_impact,
 *   TTR = t_recover - t_impact; also from t_fault. RTA is TTR; RTO is met when RTA <= RTO.
 *   An incident that was absorbed has no TTM and no TTR; TTD is then from t_fault alone.
 *
 * Over repeats: medians and quantiles (GSL, type 7) in which "never" is longer than anything, the
 * exact distribution-free interval of the median (order statistics), the mean only when nothing is
 * "never", with Student's t interval beside it.
 *
 * Budget: bad orders over (1 - objective) * orders of the period, by when the order's last act was.
 *
 * A repeat whose steady state was not there before the method says nothing about the method: it is
 * `left_out` of distributions and expectations, and counted. When more than a tenth are so, or the
 * first is, the drill is invalid, and nothing is left out.
 *
 * The verdict, in this order: `invalid`, a probe that is due before the method was not met;
 * `aborted`, a stop condition was met; `invalid`, a probe was never evaluated, or no fault has hit
 * anything;
 * `deviated`, steady state was not restored at the end; `fail`, an expectation was not met; `pass`.
 * Of several repeats the worst counts; an expectation with a quantile has to hold in that share of
 * them. A drill that expects another verdict than `pass` of its story passes exactly when that is
 * what it comes to and the other expectations hold.
 *
 * Ownership: drill_play() fills a caller's struct whose texts and tables lie in its arena;
 * drill_release() frees. The result in it is released with it.
 * Failure:   as run_scenario().
 */
#ifndef SIM_ANALYSIS_DRILL_H
#define SIM_ANALYSIS_DRILL_H

#include "sim/world/run.h"
#include "sim/world/story.h"

enum drill_measure {
    /* spans, in seconds */
    DRILL_TTD,
    DRILL_TTA,
    DRILL_TTM,
    DRILL_TTR,
    DRILL_TTD_FROM_FAULT,
    DRILL_TTI, /* t_impact - t_fault */
    DRILL_TTM_FROM_FAULT,
    DRILL_TTR_FROM_FAULT,
    DRILL_TIME_TO_ACT,    /* t_act - t_detect */
    DRILL_TIME_DIFFERING, /* other settings than the first were live */
    DRILL_TIME_IN_MOCK,
    DRILL_DEBT_TIME, /* of TIME_DIFFERING, after t_clear: mitigation debt */
    /* shares */
    DRILL_RTO_MET, /* 1 or 0 a repeat */
    DRILL_BUDGET_BURNED,
    DRILL_BUDGET_BEFORE_DETECT, /* from t_fault; the four add up to that of the incident */
    DRILL_BUDGET_BEFORE_MITIGATE,
    DRILL_BUDGET_BEFORE_RECOVER,
    DRILL_BUDGET_AFTER,
    DRILL_BLAST_RADIUS, /* orders that ended otherwise than in the control, of all */
    DRILL_AUTHENTIC_RATIO,
    /* counts */
    DRILL_BAD_ORDERS,
    DRILL_FAILED_ORDERS,     /* not routed */
    DRILL_ORDERS_LOST,       /* good in the control, bad here */
    DRILL_ORDERS_GAINED,     /* the other way round */
    DRILL_FAKE_PRICE_ORDERS, /* won by a canned quote */
    DRILL_DEBT_ORDERS,       /* judged in DEBT_TIME */
    DRILL_PAGES,             /* notifications of severity page */
    DRILL_FALSE_PAGES,       /* of them, such as the control had too, or before the fault */
    DRILL_NOOPS,             /* steps without effect */
    /* cents */
    DRILL_COMMISSION_LOST, /* control minus here, over all orders */
    DRILL_REVENUE_LOST,
    DRILL_PRICE_DELTA, /* what users paid more, mean over orders routed in both */
    DRILL_MEASURE_COUNT
};

enum drill_unit { DRILL_SECONDS, DRILL_SHARE, DRILL_COUNT, DRILL_CENTS };

struct drill_measure_traits {
    const char *name; /* "ttd" */
    enum drill_unit unit;
    bool low_is_good;
    const char *label; /* "time to detect" */
    const char *help;  /* from what to what */
};
extern const struct drill_measure_traits drill_measure_traits[DRILL_MEASURE_COUNT];
int drill_measure_find(const char *name); /* -1: no such */

enum drill_known { DRILL_KNOWN, DRILL_NEVER, DRILL_NOT_APPLICABLE };

struct drill_value {
    double value; /* in its unit */
    enum drill_known state;
};

struct drill_distribution { /* over the repeats to which a measure applies */
    uint32_t n, never;
    struct drill_value p50, p90, least, most;
    struct drill_value p50_low,
        p50_high;                     /* 95%, exact order statistics; NOT_APPLICABLE: n too small */
    bool has_mean;                    /* nothing was "never" */
    double mean, mean_low, mean_high; /* 95%, Student's t; n of 2 at least */
};

struct drill_marks { /* instants of one repeat, us; INT64_MAX: never; undone_us -1: nothing was */
    int64_t fault_us, clear_us, impact_us, detect_us, told_us, ack_us, act_us, mitigate_us,
        undone_us, recover_us, stopped_us;
    bool absorbed;   /* no order was bad that was good in the control */
    bool never_out;  /* users were hit, but never below `good`: nothing had to be mitigated */
    int detected_by; /* the rule; -1 */
    unsigned detected_scope;
};

struct drill_repeat {
    struct drill_marks marks;
    struct drill_value values[DRILL_MEASURE_COUNT];
    enum drill_verdict verdict; /* without expectations over all repeats */
    const char *why;            /* a sentence */
    bool left_out;
};

struct drill_alert { /* one instance of one rule; repeat 0, and how often over all */
    uint16_t rule;
    uint8_t scope;
    bool should_fire;      /* by an expectation; else: a page about a provider that was hit */
    bool expected_by_file; /* it is the file that says so */
    int64_t pending_us, fired_us, resolved_us,
        told_us; /* the first episode that the fault brought */
    uint32_t episodes;
    uint32_t false_episodes; /* begun before the fault, or seen in the control as well */
    uint32_t repeats_fired;
};

struct drill_step { /* of an operator, or of the rollbacks (operator -1) */
    int operator_index;
    const char *operator_id;
    const char *id;
    const char *verb;
    const char *what; /* "LOOPGPT_KROGER_MOCK = true" */
    const char *runbook;
    enum step_outcome outcome;             /* repeat 0 */
    int64_t began_us, ended_us;            /* INT64_MAX: not reached */
    const char *why;                       /* of no effect, or failure */
    const char *cause;                     /* "alert Provider API Down (KROGER_API)", "script" */
    uint32_t outcomes[STEP_OUTCOME_COUNT]; /* over the repeats */
    struct place place;
};

struct drill_expect {
    const char *name;
    struct place place;
    bool met, known;      /* not known: nothing to judge by */
    const char *limit;    /* for people: "<= 20 min at P90" */
    const char *measured; /* for people */
};

struct drill_probe {
    const char *name, *metric, *limit; /* "<= 5%" */
    enum metric_unit unit;
    enum probe_mode mode;
    struct story_probe seen; /* repeat 0 */
    uint32_t repeats_met_at_start, repeats_met_at_end;
};

struct drill_burn { /* bad orders by second of the user's view, repeat 0, and the same of the
                       control */
    uint32_t bucket_s, count;
    uint32_t *judged, *bad, *control_bad;
};

struct drill {
    struct arena arena;
    struct result result; /* of the drilled run, all repeats; series and logs: repeat 0 */
    const char *name, *title, *description, *file;
    const char *const *tags;
    uint32_t tag_count;
    uint32_t repeats;
    enum drill_verdict
        verdict; /* of the drill: an expected verdict of its story turned into pass */
    enum drill_verdict story_verdict;
    const char *why; /* one sentence */
    uint32_t repeats_by_verdict[VERDICT_COUNT];
    uint32_t left_out;                              /* of the repeats, as invalid */
    struct drill_marks marks;                       /* repeat 0 */
    struct drill_value values[DRILL_MEASURE_COUNT]; /* repeat 0 */
    struct drill_distribution measures[DRILL_MEASURE_COUNT];
    const struct drill_repeat *each; /* by repeat */
    int64_t rto_us;
    double slo_objective, budget_orders;
    bool slo_given;
    double good; /* hypothesis */
    int64_t holds_for_us;
    const char *hypothesis_title;

    const struct alert_rule *rules; /* in their reading */
    uint32_t rule_count;
    enum alert_reading reading;
    int64_t interval_us;
    struct drill_alert *alerts;
    uint32_t alert_count;
    struct drill_step *steps;
    uint32_t step_count;
    struct drill_expect *expects;
    uint32_t expect_count, expects_met, expects_unknown;
    struct drill_probe *probes;
    uint32_t probe_count;
    const struct story_entry *entries; /* the journal of repeat 0 */
    uint32_t entry_count;
    const char *const *operator_ids;
    uint32_t operator_count;
    const struct story_span *differing; /* repeat 0 */
    uint32_t differing_count;
    uint32_t heat[STORY_HEAT_COLUMNS][STORY_HEAT_ROWS]; /* repeat 0 */
    struct drill_burn burn;
    uint64_t test_orders;
    struct story_probe *story_probes; /* repeat 0, as in `probes` */
    bool *false_entries; /* by entry: an alert's episode that is not the fault's doing */
    bool has_control; /* false: some provider was real, or played back; then impact is the first bad
                         order of the fault, and nothing is paired */
    struct metric_value control[SCOPE_COUNT][METRIC_COUNT]; /* the whole control of repeat 0 */
};

struct drill_request {
    struct run_request run; /* its scenario is the drill; its replications are the repeats */
};

bool drill_play(const struct drill_request *request, struct drill *drill, struct err *err);
void drill_release(struct drill *drill);

/* "12.4 min", "never", "n/a"; shares as "9.3%". */
enum { DRILL_TEXT_MAX = 48 };
void drill_value_text(const struct drill_value *value, enum drill_unit unit,
                      char text[static DRILL_TEXT_MAX]);

/* 0 pass; 1 fail, deviated, aborted; 5 invalid (docs/interface.md, exit codes). */
int drill_exit_code(enum drill_verdict verdict);

#endif
