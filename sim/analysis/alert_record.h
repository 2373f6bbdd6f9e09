/* sim/analysis/alert_record.h - what alert rules saw and came to, tick by tick: for tests of rules
 * that another program evaluates (promtool), and for figures of a rule's own signal.
 *
 * The rules of one evaluation look at a handful of signals: each (signal, scope, window, slow_over)
 * is one series, whoever asks for it, read once a tick. Beside them lie the states that the engine
 * gave every instance, and the running totals, from which a monitoring system computes its rates.
 * Ticks are one `interval` apart, from the first on that was told.
 *
 * Ownership: init borrows the rules and allocates; release frees.
 * Failure:   out of memory: `failed`, and no further tick is kept.
 */
#ifndef SIM_ANALYSIS_ALERT_RECORD_H
#define SIM_ANALYSIS_ALERT_RECORD_H

#include "sim/world/alert.h"

enum { ALERT_QUERIES_MAX = ALERT_RULES_MAX * (1 + ALERT_CONDITIONS_MAX) * 2 };

/* One signal in one window; of SCOPE_EACH_PROVIDER still for all providers alike. */
struct alert_query {
    enum signal_kind kind;
    unsigned scope;
    int64_t window_s; /* 0: the signal has none (budget_burned) */
    int64_t slow_over_us;
};

struct alert_queries {
    struct alert_query items[ALERT_QUERIES_MAX];
    uint32_t count;
};

/* Every signal that rules look at, once, in order of first use. */
void alert_queries_collect(const struct alert_rule *rules, uint32_t rule_count,
                           struct alert_queries *queries);

/* Whether a signal is of a window. */
bool alert_signal_has_window(enum signal_kind kind);

struct alert_series {
    struct signal_query query;   /* scope: a provider or SCOPE_ROUTER */
    struct signal_value *values; /* by tick */
};

struct alert_states { /* of one instance */
    uint16_t rule;
    uint8_t scope;
    uint8_t *states; /* enum alert_state, by tick */
};

struct alert_record_setup {
    const struct alert_rule *rules; /* in their reading; borrowed */
    uint32_t rule_count;
    bool enabled[PROVIDER_COUNT]; /* at the start, as the engine was told */
    int64_t interval_us;
    int64_t start_unix_us, timezone_us;
    double objective, budget_orders; /* of the SLO; 0: none */
};

struct alert_record {
    struct alert_record_setup setup;
    struct alert_series *series;
    uint32_t series_count;
    struct alert_states *instances; /* rules in order, then scopes */
    uint32_t instance_count;
    struct signal_totals *totals; /* by tick */
    int64_t first_us;             /* of the first tick */
    uint32_t ticks, capacity;
    bool failed;
};

bool alert_record_init(struct alert_record *record, const struct alert_record_setup *setup);
void alert_record_release(struct alert_record *record);

/* Behind alerts_due() at a tick: reads every series, and the states that the instances have now.
 * `now_us` is one interval after the tick before; `alerts` has the record's rules. */
void alert_record_tick(struct alert_record *record, const struct alerts *alerts,
                       struct signals *signals, int64_t now_us);

#endif
