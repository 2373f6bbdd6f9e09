/* tests/sim/world/alert_fixture.h - alert rules over traffic that a test makes second by second.
 *
 * Ownership: watch_start() allocates, watch_end() frees. Failure: fails the test that asked.
 */
#ifndef TESTS_SIM_WORLD_ALERT_FIXTURE_H
#define TESTS_SIM_WORLD_ALERT_FIXTURE_H

#include "tests/support.h"

#include "router/base/text.h"
#include "sim/world/alert.h"

enum { S = 1000000 };

/* Rules in a test are written down as few fields; this is the rest of them. */
static inline struct alert_rule rule_of(const char *name, enum signal_kind signal, double threshold,
                                        int64_t window_s, int64_t for_s)
{
    struct alert_rule rule = {
        .signal = signal,
        .scope = SCOPE_ROUTER,
        .when = {.op = CHECK_GT, .threshold = threshold, .window_us = window_s * S},
        .for_us = for_s * S,
        .notify_us = -1};
    (void)snprintf(rule.name, sizeof rule.name, "%s", name);
    return rule;
}

struct watch {
    struct alert_spec spec;
    struct alerts alerts;
    struct signals signals;
    struct text log; /* "20 Down.KROGER_API fired; " */
    int64_t last_firing_s[ALERT_RULES_MAX], first_firing_s[ALERT_RULES_MAX];
    uint32_t episodes[ALERT_RULES_MAX];
};

__attribute__((unused)) static void watch_changed(void *context, const struct alert_change *change)
{
    static const char *const words[] = {"pending", "fired", "resolved", "reset", "told"};
    struct watch *watch = context;
    text_int(&watch->log, change->at_us / S);
    text_format(&watch->log, " %s", watch->alerts.rules[change->rule].name);
    if (change->scope != SCOPE_ROUTER) {
        text_format(&watch->log, ".%s", provider_traits[change->scope].key);
    }
    text_format(&watch->log, " %s; ", words[change->kind]);
    if (change->kind != ALERT_FIRED) return;
    watch->episodes[change->rule]++;
    if (watch->episodes[change->rule] == 1) {
        watch->first_firing_s[change->rule] = change->at_us / S;
    }
}

/* `watch->spec` is filled in; all providers are enabled. */
static inline void watch_start(struct watch *watch, double objective, double budget_orders)
{
    struct signals_setup wanted = {.objective = objective, .budget_orders = budget_orders};
    alerts_want(&watch->spec, &wanted);
    assert_true(signals_init(&watch->signals, &wanted));
    struct alerts_setup setup = {.spec = &watch->spec};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        setup.enabled[p] = true;
    alerts_init(&watch->alerts, &setup);
    watch->log = (struct text){0};
    for (unsigned r = 0; r < ALERT_RULES_MAX; r++) {
        watch->first_firing_s[r] = watch->last_firing_s[r] = -1;
        watch->episodes[r] = 0;
    }
}

static inline void watch_end(struct watch *watch)
{
    signals_release(&watch->signals);
    text_release(&watch->log);
}

/* What is due up to the end of this second; traffic up to then has been told. */
static inline void watch_look(struct watch *watch, int64_t now_s)
{
    while (alerts_next_us(&watch->alerts) <= now_s * S) {
        const int64_t due_us = alerts_next_us(&watch->alerts);
        alerts_due(&watch->alerts, &watch->signals, due_us, watch_changed, NULL, watch);
        for (uint32_t i = 0; i < watch->alerts.instance_count; i++) {
            const struct alert_instance *instance = &watch->alerts.instances[i];
            if (instance->state == ALERT_FIRING) {
                watch->last_firing_s[instance->rule] = due_us / S;
            }
        }
    }
}

/* Orders that nobody could serve, then orders served by Kroger alone, at the end of a second. Each
 * is judged at once, good or bad. */
static inline void watch_orders(struct watch *watch, int64_t second, uint32_t bad, uint32_t good)
{
    struct router_order order = {.start_us = second * S - S / 2,
                                 .decided_us = second * S,
                                 .decided = true,
                                 .candidate_count = 1};
    order.slots[0] = (struct order_slot){
        .provider = PROVIDER_KROGER_API, .settled = true, .settled_us = second * S};
    for (uint32_t i = 0; i < bad + good; i++) {
        order.code = i < bad ? ORDER_NO_QUOTES : ORDER_ROUTED;
        order.slots[0].real_outcome = i < bad ? QUOTE_HTTP_ERROR : QUOTE_OK;
        signals_order(&watch->signals, &order, second * S);
        signals_judged(&watch->signals, i >= bad, i < bad, second * S);
    }
}

#endif
