/* sim/world/drill_spec.h - what makes a scenario a drill: hypothesis, operators, stop conditions,
 * rollbacks and expectations, as the file gives them.
 *
 * Names follow the Chaos Toolkit where it has one. Spans that probes and operators wait for are
 * whole seconds where signals are looked at (sim/world/signal.h); texts are borrowed from nowhere.
 */
#ifndef SIM_WORLD_DRILL_SPEC_H
#define SIM_WORLD_DRILL_SPEC_H

#include "mocks/fault.h"
#include "mocks/law.h"
#include "router/config.h"
#include "sim/world/alert.h"
#include "sim/world/check_operator.h"

enum {
    DRILL_ID_MAX = 48,
    PROBES_MAX = 16,
    OPERATORS_MAX = 8,
    STEPS_MAX = 24,
    TRIGGERS_MAX = 8,
    STOPS_MAX = 8,
    EXPECTS_MAX = 32,
};

/* ---- the steady-state hypothesis ---- */

enum probe_mode {                   /* when a probe is looked at (LitmusChaos' names) */
                  PROBE_START,      /* before the method: at the first fault's start */
                  PROBE_END,        /* at the run's end */
                  PROBE_EDGE,       /* both */
                  PROBE_CONTINUOUS, /* every `frequency`, from the warm-up's end to the run's end */
                  PROBE_ON_CHAOS,   /* the same, while a fault is on */
                  PROBE_MODE_COUNT
};
extern const char *const probe_mode_names[PROBE_MODE_COUNT + 1];

struct probe_spec {
    char name[DRILL_ID_MAX];
    struct place place;
    char metric[SIGNAL_NAME_MAX];
    enum signal_kind signal; /* these two from `metric` */
    unsigned scope;
    enum check_operator op;
    char limit_text[32];
    double limit;
    int64_t window_us;
    int64_t slow_over_us;
    uint32_t min_volume; /* fewer: not evaluated then, which is neither met nor unmet */
    enum probe_mode mode;
    int64_t eventually_within_us; /* end: may become true so long after the fault; 0: any time */
    int64_t holds_for_us;         /* start, end: and has to have been true for this */
};

struct hypothesis_spec {
    bool given;
    char title[128];
    int64_t frequency_us;
    int64_t holds_for_us; /* how long all is well until it counts as mitigated or recovered: 2m */
    double good;          /* share of good orders that counts as well, for t_mitigate: 95% */
    struct probe_spec probes[PROBES_MAX];
    uint32_t probe_count;
};

/* ---- operators ---- */

enum step_verb {
    STEP_SET,
    STEP_UNSET,
    STEP_REDEPLOY,
    STEP_ROTATE, /* a new credential at the provider and, unless `store` is false, in the secrets */
    STEP_VERIFY, /* waits until a probe holds */
    STEP_REQUEST, /* sends a test order, as the runbook's curl does */
    STEP_HEALTH_CHECK,
    STEP_WAIT_UNTIL,
    STEP_ROLLBACK, /* settings as at the start; takes effect with a redeploy */
    STEP_NOTE,
    STEP_FAIL, /* gives up here: the operator does no more */
    STEP_VERB_COUNT
};
extern const char *const step_verb_names[STEP_VERB_COUNT + 1];

enum wait_for {
    WAIT_NOTHING,
    WAIT_FAULT_CLEARED,
    WAIT_ALERT_RESOLVED,
    WAIT_ALERT_FIRING,
    WAIT_HYPOTHESIS,
    WAIT_COUNT
};
extern const char *const wait_for_names[WAIT_COUNT + 1];

enum on_failure { ON_FAILURE_CONTINUE, ON_FAILURE_STOP, ON_FAILURE_ROLLBACK, ON_FAILURE_COUNT };
extern const char *const on_failure_names[ON_FAILURE_COUNT + 1];

enum mistake_kind {
    MISTAKE_NONE,
    MISTAKE_TYPO,           /* a letter of the key is lost */
    MISTAKE_WRONG_PROVIDER, /* the next provider's key, or credential */
    MISTAKE_FORGOTTEN,      /* the step is not done, and nobody notices */
    MISTAKE_WRONG_VALUE,    /* "ture", or a number ten times too large */
    MISTAKE_COUNT
};
extern const char *const mistake_names[MISTAKE_COUNT + 1];

struct step_spec {
    struct place place;
    enum step_verb verb;
    char id[DRILL_ID_MAX]; /* "": OPERATOR.N, from 1 */
    char key[ENV_KEY_MAX];
    char value[ENV_VALUE_MAX / 2];
    int provider;          /* enum provider; -1: none */
    struct law_spec takes; /* kind LAW_KIND_COUNT: not given; redeploys take the deployment's */
    char probe[DRILL_ID_MAX];
    int64_t eventually_within_us, holds_for_us;
    enum wait_for when;
    char alert[ALERT_NAME_MAX];
    int64_t plus_us;      /* and so long after */
    int64_t at_most_us;   /* then it is given up; -1: never */
    enum profile payload; /* of STEP_REQUEST: whose form of request is sent */
    bool store;           /* of STEP_ROTATE */
    int64_t overlap_us;   /* of STEP_ROTATE: so long the old credential counts too */
    enum on_failure on_failure;
    enum mistake_kind mistake;
    double mistake_share;
    char text[160];
    char runbook[96]; /* the sentence of the runbook that this step follows */
};

struct trigger_spec {
    struct place place;
    char alert[ALERT_NAME_MAX]; /* a rule's name, or "page", "ticket", "info": any of that severity
                                 */
    int provider;               /* only this instance; -1: any */
    int64_t at_us;              /* or an instant; -1: no */
};

struct operator_spec {
    char id[DRILL_ID_MAX];
    struct place place;
    struct trigger_spec triggers[TRIGGERS_MAX];
    uint32_t trigger_count;
    struct law_spec ack;    /* from being told to starting */
    int64_t ack_timeout_us; /* then somebody else is told; -1: never */
    char escalate_to[DRILL_ID_MAX];
    bool again; /* a later trigger starts the steps again; else once a run */
    struct step_spec steps[STEPS_MAX];
    uint32_t step_count; /* 0: does the steps of whom it relieves */
};

/* ---- ends ---- */

struct stop_spec {
    struct place place;
    char metric[SIGNAL_NAME_MAX];
    enum signal_kind signal;
    unsigned scope;
    enum check_operator op;
    char limit_text[32];
    double limit;
    int64_t window_us;
    uint32_t min_volume;
};

enum rollback_strategy {                   /* the Chaos Toolkit's --rollback-strategy */
                         ROLLBACK_DEFAULT, /* unless a stop condition ended the method */
                         ROLLBACK_ALWAYS,
                         ROLLBACK_NEVER,
                         ROLLBACK_DEVIATED, /* only when a probe was not met */
                         ROLLBACK_STRATEGY_COUNT
};
extern const char *const rollback_strategy_names[ROLLBACK_STRATEGY_COUNT + 1];

struct rollback_spec {
    bool given;
    enum rollback_strategy strategy;
    int64_t at_us; /* when the method is over; -1: when the last fault and operator are */
    struct step_spec steps[STEPS_MAX];
    uint32_t step_count;
};

/* ---- what is expected ---- */

enum expect_kind {
    EXPECT_ALERT,   /* fires, within a span of the fault; or never */
    EXPECT_MEASURE, /* a drill measure against a limit, at a quantile over the repeats */
    EXPECT_STEP,    /* how a step ends */
    EXPECT_SHARE,   /* a provider's share of wins while a fault is on */
    EXPECT_VERDICT, /* what the story itself comes to */
    EXPECT_KIND_COUNT
};

enum drill_verdict {
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_DEVIATED,
    VERDICT_ABORTED,
    VERDICT_INVALID,
    VERDICT_COUNT
};
extern const char *const drill_verdict_names[VERDICT_COUNT + 1];

enum step_outcome {
    STEP_NOT_REACHED,
    STEP_DONE,
    STEP_NO_EFFECT,
    STEP_FAILED,
    STEP_SKIPPED,
    STEP_OUTCOME_COUNT
};
extern const char *const step_outcome_names[STEP_OUTCOME_COUNT + 1];

/* What may be measured of a drill, in the order of enum drill_measure (sim/analysis/drill.h, which
 * says what each is): spans, then shares, counts and cents. NULL ends. */
enum {
    MEASURES_OF_TIME = 12,
    MEASURES_OF_SHARE = 8,
    MEASURES_OF_COUNT = 9,
    MEASURES_OF_CENTS = 3,
    MEASURES = MEASURES_OF_TIME + MEASURES_OF_SHARE + MEASURES_OF_COUNT + MEASURES_OF_CENTS
};
extern const char *const drill_measure_names[MEASURES + 1];

struct expect_spec {
    struct place place;
    enum expect_kind kind; /* from which of the keys is given; scenario_validate_drill() */
    char name[128];        /* "": made from the rest */
    char alert[ALERT_NAME_MAX];
    int provider;            /* of an alert's instance; -1: any */
    int64_t fires_within_us; /* of the first fault's start; -1: any time */
    bool must_not_fire;
    char measure[48]; /* a name of sim/analysis/drill.h's table: "ttm" */
    enum check_operator op;
    char limit_text[32];
    double limit;    /* seconds, shares, counts or cents */
    double quantile; /* share of the repeats in which it has to be so; 0: all */
    char step[DRILL_ID_MAX];
    enum step_outcome outcome;
    char winner[24]; /* a provider's id */
    char during[FAULT_ID_MAX];
    double low, high;
    enum drill_verdict verdict;
};

struct drill_spec {
    struct hypothesis_spec hypothesis;
    struct operator_spec operators[OPERATORS_MAX];
    uint32_t operator_count;
    struct stop_spec stops[STOPS_MAX];
    uint32_t stop_count;
    struct rollback_spec rollbacks;
    struct expect_spec expects[EXPECTS_MAX];
    uint32_t expect_count;
    int64_t rto_us; /* -1: none */
    double pace;    /* how many times as fast as written; 0 and 1: as written. Of no file */
    char tags[8][32];
    uint32_t tag_count;
};

#endif
