/* sim/world/alert.h - alert rules with Prometheus' semantics: what pages whom, and when.
 *
 * A rule is a condition on a signal (sim/world/signal.h) over a window, looked at every `interval`
 * from `phase` on. One instance a label set: a rule on "provider.x" has one for each enabled
 * provider. The state machine is Prometheus' (rules/alerting.go, 2.42):
 *
 *   inactive --true--> pending (activeAt = this tick) --true, ts - activeAt >= for--> firing
 *   pending --false--> inactive          firing --false--> inactive, after keep_firing_for of false
 *
 * `for` of 0 fires on the tick that found the condition true. One false, missing or too thin sample
 * resets a pending alert. So an error rate that steps from 0 to e under steady traffic fires at
 *
 *   the first tick strictly after theta * W / e  (condition true)  + for, rounded up to a tick
 *
 * A condition is true when its value compares so with its threshold, over the window and, where
 * given, over the short window too (multi-window burn rates, SRE Workbook ch. 5); the rule's is
 * true when its own condition is or any of `any_of`. A value that is not known, or with fewer than
 * `min_volume` orders or calls in the window, is no data: `ok` reads as false, `firing` as true,
 * `keep` as the tick before. (A short window is there to end the alert soon and needs no volume; it
 * must be known.) "And" is false when either is, "or" true when either is, whatever the other
 * lacks. Out of its hours a condition is false.
 *
 * The runbook writes "X > 50% for 5 minutes" and names no window. Three readings (`reading`) of a
 * rule that `says` so, for a duration D: A looks at D and fires at once, B looks at 5 minutes and
 * waits for D (what is shipped), C looks at 1 minute and waits for D. B is the rule as its file has
 * it: `for` is D, and 5 minutes are the window that a rule has unless it names another.
 *
 * Notifications: what fires is told after the delay of its severity's route (page, chat, mail), if
 * it is firing still. While the rule that it is `suppressed_by` is firing (for the same provider,
 * where that rule has such an instance) it is held back, and told on the tick that ends that
 * (Alertmanager's inhibition). Rules of one `group` that fire while one of them has been told and
 * has not resolved make no second notification; they count as told.
 *
 * Ownership: a spec is part of a scenario. All state lies in the struct; nothing is allocated.
 * Failure:   none. What signals could not keep (signals.failed) is not known.
 */
#ifndef SIM_WORLD_ALERT_H
#define SIM_WORLD_ALERT_H

#include "sim/world/check_operator.h"
#include "sim/world/signal.h"

#define ALERTS_SCHEMA "routesim.alerts/1"

enum {
    ALERT_NAME_MAX = 64,
    ALERT_RULES_MAX = 48,
    ALERT_CONDITIONS_MAX = 4,
    ALERT_PATH_MAX = 256,
    ALERT_INSTANCES_MAX = ALERT_RULES_MAX * PROVIDER_COUNT,
};

enum alert_severity { SEVERITY_PAGE, SEVERITY_TICKET, SEVERITY_INFO, SEVERITY_COUNT };
extern const char *const alert_severity_names[SEVERITY_COUNT + 1]; /* "page", "ticket", "info" */
extern const char *const alert_route_names[SEVERITY_COUNT];        /* PagerDuty, Slack, e-mail */

enum alert_no_data { NO_DATA_OK, NO_DATA_FIRING, NO_DATA_KEEP, NO_DATA_COUNT };
extern const char *const alert_no_data_names[NO_DATA_COUNT + 1];

enum alert_reading { READING_A, READING_B, READING_C, READING_COUNT };
extern const char *const alert_reading_names[READING_COUNT + 1];

enum alert_hours {
    HOURS_ANY,
    HOURS_PEAK,
    HOURS_OFF_PEAK,
    HOURS_COUNT
}; /* peak: 10:00-20:59 local */
extern const char *const alert_hours_names[HOURS_COUNT + 1];

struct alert_condition {
    enum check_operator op;
    char threshold_text[32];            /* as the file says it: "50%", "5s", 14.4 */
    double threshold;                   /* in the signal's unit */
    int64_t window_us, short_window_us; /* whole seconds; short: 0 is none */
    enum alert_hours hours;
};

struct alert_rule {
    char name[ALERT_NAME_MAX];
    struct place place;
    char says[160]; /* the runbook's words; "" for a rule that is its own author */
    char metric[SIGNAL_NAME_MAX];
    enum signal_kind signal; /* these two from `metric`, by scenario_validate_alerts() */
    unsigned scope;
    struct alert_condition when;
    struct alert_condition any_of[ALERT_CONDITIONS_MAX];
    uint32_t any_count;
    int64_t for_us, keep_firing_us;
    uint32_t min_volume;
    enum alert_no_data no_data;
    int64_t slow_over_us;
    enum alert_severity severity;
    int64_t notify_us; /* -1: the route's */
    char group[48];
    char suppressed_by[ALERT_NAME_MAX];
    char runbook[96]; /* where it says what to do */
};

struct alert_spec {
    char file[ALERT_PATH_MAX]; /* rules of a file of their own, before those given here */
    enum alert_reading reading;
    int64_t interval_us, phase_us;     /* whole seconds */
    int64_t notify_us[SEVERITY_COUNT]; /* of the routes */
    struct alert_rule rules[ALERT_RULES_MAX];
    uint32_t rule_count;
};

/* A rule as it is evaluated: the runbook's words in a reading. */
struct alert_rule alert_rule_read_as(const struct alert_rule *rule, enum alert_reading reading);

/* Widens `setup` by the longest window that any rule looks at and by whose latencies. */
void alerts_want(const struct alert_spec *spec, struct signals_setup *setup);

/* When an error rate that steps from 0 to `share` at `fault_s` under steady traffic first makes
 * `rule` fire, by the closed form above; INT64_MAX: never. For rules on error, timeout, slow,
 * success and ok rates (the last two step from 1 to 1 - `share`) and on burn rates, where `share`
 * is what that steps to; of other signals nothing is known: never. Windows are taken to be full
 * before the fault, and hours to be any. The rule is taken as it is (alert_rule_read_as() first).
 * For tests and docs. */
int64_t alert_first_firing_s(const struct alert_rule *rule, const struct alert_spec *spec,
                             double share, int64_t fault_s);

enum alert_state { ALERT_INACTIVE, ALERT_PENDING, ALERT_FIRING };
extern const char *const alert_state_names[3];

struct alert_instance {
    uint16_t rule;
    uint8_t scope;             /* a provider, or SCOPE_ROUTER */
    uint8_t state;             /* enum alert_state */
    bool was_true;             /* at the last tick, for NO_DATA_KEEP */
    bool told;                 /* a notification went out in this episode, its own or its group's */
    bool held;                 /* it was due, and what suppresses it is firing */
    int64_t active_at_us;      /* of pending and firing */
    int64_t false_since_us;    /* while kept firing; INT64_MAX: not */
    int64_t tell_at_us;        /* a notification is due then; INT64_MAX: none is */
    struct signal_value value; /* of the rule's own condition, at the last tick */
};

struct alerts {
    const struct alert_spec *spec;
    struct alert_rule rules[ALERT_RULES_MAX]; /* in their reading */
    uint32_t rule_count;
    struct alert_instance instances[ALERT_INSTANCES_MAX];
    uint32_t instance_count;
    int64_t next_tick_us;               /* INT64_MAX: there are no rules */
    int64_t start_unix_us, timezone_us; /* for the hours */
    int64_t phase_us;
};

enum alert_change_kind {
    ALERT_BECAME_PENDING,
    ALERT_FIRED,
    ALERT_RESOLVED,
    ALERT_RESET,
    ALERT_TOLD
};

struct alert_change {
    int64_t at_us;
    enum alert_change_kind kind;
    uint16_t rule;
    uint8_t scope;
    struct signal_value value;
};

struct alerts_setup {
    const struct alert_spec *spec; /* borrowed */
    bool enabled[PROVIDER_COUNT];  /* at the start: whose instances there are */
    int64_t start_unix_us, timezone_us;
};

void alerts_init(struct alerts *alerts, const struct alerts_setup *setup);
/* A new replication; `phase_us` is added to the spec's (whole seconds, below the interval). */
void alerts_clear(struct alerts *alerts, int64_t phase_us);

/* The next instant at which anything may change: a tick, or a notification that is due. */
int64_t alerts_next_us(const struct alerts *alerts);

/* Does what is due at `now_us`: notifications, then the tick, then notifications that the tick made
 * due. To be called at each alerts_next_us(). `changed` is told of each change in order of rules,
 * then scopes; a rule with a `for` of 0 becomes pending and fires in one, told as fired; `sampled`,
 * when not NULL, of every instance's value at a tick. */
void alerts_due(struct alerts *alerts, struct signals *signals, int64_t now_us,
                void (*changed)(void *context, const struct alert_change *change),
                void (*sampled)(void *context, int64_t now_us,
                                const struct alert_instance *instance),
                void *context);

bool alerts_any_firing(const struct alerts *alerts, enum alert_severity at_least);
/* By rule and scope; SCOPE_EACH_PROVIDER: any instance. */
bool alerts_firing(const struct alerts *alerts, const char *rule, unsigned scope);

#endif
