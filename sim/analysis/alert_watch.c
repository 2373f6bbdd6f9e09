#include "sim/analysis/alert_watch.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"

enum { CHANGES_AT_FIRST = 64, DUMMIES = 3 };

/* ---- life ---- */

bool alert_watch_make(struct alert_watch *watch, const struct alert_set *sets, uint32_t count,
                      bool records)
{
    assert(count > 0);
    *watch = (struct alert_watch){.sets = sets, .count = count, .records = records};
    watch->each = calloc(count, sizeof *watch->each);
    return watch->each != NULL;
}

void alert_watch_release(struct alert_watch *watch)
{
    for (uint32_t s = 0; watch->each != NULL && s < watch->count; s++) {
        free(watch->each[s].changes);
        alert_record_release(&watch->each[s].record);
    }
    free(watch->each);
    *watch = (struct alert_watch){0};
}

/* ---- what the world has to keep and when it has to look ---- */

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Ticks of sets, their phases and the delays of their routes, in whole seconds. */
static int64_t common_interval_us(const struct alert_watch *watch)
{
    int64_t seconds = 0;
    for (uint32_t s = 0; s < watch->count; s++) {
        const struct alert_spec *spec = &watch->sets[s].spec;
        seconds = common_divisor(seconds, spec->interval_us / US_PER_SECOND);
        seconds = common_divisor(seconds, spec->phase_us / US_PER_SECOND);
        for (unsigned n = 0; n < SEVERITY_COUNT; n++)
            seconds = common_divisor(seconds, spec->notify_us[n] / US_PER_SECOND);
    }
    return (seconds > 0 ? seconds : 1) * US_PER_SECOND;
}

static struct alert_rule dummy_rule(enum signal_kind signal, unsigned scope, int64_t window_us)
{
    struct alert_rule rule = {.signal = signal, .scope = scope, .severity = SEVERITY_INFO};
    (void)snprintf(rule.name, sizeof rule.name, "(watch %u)", (unsigned)signal + scope);
    signal_name(scope, signal, rule.metric);
    rule.when = (struct alert_condition){
        .op = CHECK_GT, .threshold = (double)INFINITY, .window_us = window_us};
    rule.notify_us = -1;
    return rule;
}

/* Rules that never fire: one that looks as far back as any, with an instance for each provider, by
 * which these are known; and those that have latencies kept, over windows that cost little. */
static uint32_t make_dummies(const struct alert_watch *watch, struct alert_rule rules[DUMMIES])
{
    struct signals_setup wanted = {.longest_s = 1};
    bool of_providers = false;
    uint32_t count = 0;
    for (uint32_t s = 0; s < watch->count; s++)
        alerts_want(&watch->sets[s].spec, &wanted);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        of_providers = of_providers || wanted.wants_latency[p];
    rules[count++] =
        dummy_rule(SIGNAL_ERROR_RATE, SCOPE_EACH_PROVIDER, wanted.longest_s * US_PER_SECOND);
    if (wanted.wants_latency[SCOPE_ROUTER])
        rules[count++] = dummy_rule(SIGNAL_P50_MS, SCOPE_ROUTER, US_PER_SECOND);
    if (of_providers)
        rules[count++] = dummy_rule(SIGNAL_P50_MS, SCOPE_EACH_PROVIDER, US_PER_SECOND);
    return count;
}

void alert_watch_open_loop(const struct alert_watch *watch, struct scenario *scenario)
{
    struct alert_spec *alerts = &scenario->alerts;
    *alerts = (struct alert_spec){.reading = READING_B, .interval_us = common_interval_us(watch)};
    alerts->rule_count = make_dummies(watch, alerts->rules);
    scenario->drill.hypothesis.probe_count = 0;
    scenario->drill.operator_count = 0;
    scenario->drill.stop_count = 0;
    scenario->drill.rollbacks = (struct rollback_spec){.strategy = ROLLBACK_NEVER, .at_us = -1};
    scenario->drill.expect_count = 0;
}

static bool ticks_meet(const struct alert_spec *own, const struct alert_spec *set)
{
    return set->interval_us % own->interval_us == 0 && set->phase_us >= own->phase_us &&
           (set->phase_us - own->phase_us) % own->interval_us == 0;
}

bool alert_watch_closed_loop(const struct alert_watch *watch, struct scenario *scenario,
                             struct err *err)
{
    struct alert_rule dummies[DUMMIES];
    struct alert_spec *own = &scenario->alerts;
    const struct place place = {.file = scenario->file};
    const uint32_t count = make_dummies(watch, dummies);
    if (own->rule_count == 0) {
        own->interval_us = common_interval_us(watch);
        own->phase_us = 0;
    }
    for (uint32_t s = 0; s < watch->count; s++) {
        if (ticks_meet(own, &watch->sets[s].spec)) continue;
        return err_fail(err, ERR_INPUT, place,
                        "its alerts are evaluated at other instants than those of \"%s\"",
                        watch->sets[s].name);
    }
    if (own->rule_count + count > ALERT_RULES_MAX)
        return err_fail(err, ERR_INPUT, place, "more than %u rules leave no room to look on",
                        ALERT_RULES_MAX - count);
    memcpy(own->rules + own->rule_count, dummies, count * sizeof *dummies);
    own->rule_count += count;
    return true;
}

void alert_watch_calm(struct scenario *scenario)
{
    scenario->fault_count = 0;
    scenario->cache.fault_count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct credential_spec *credentials = &scenario->providers[p].backend.credentials;
        credentials->expires_at_us = credentials->rotated_at_us = -1;
    }
}

/* ---- a tick ---- */

static void find_enabled(const struct alerts *alerts, bool enabled[PROVIDER_COUNT])
{
    memset(enabled, 0, PROVIDER_COUNT * sizeof *enabled);
    for (uint32_t i = 0; i < alerts->instance_count; i++)
        if (alerts->instances[i].scope < PROVIDER_COUNT) enabled[alerts->instances[i].scope] = true;
}

/* At the first tick: only then is it known which providers are enabled. */
static bool begin(struct alert_watch *watch, const struct alerts *world,
                  const struct signals *signals)
{
    struct alerts_setup setup = {.start_unix_us = world->start_unix_us,
                                 .timezone_us = world->timezone_us};
    find_enabled(world, setup.enabled);
    for (uint32_t s = 0; s < watch->count; s++) {
        struct alert_watched *watched = &watch->each[s];
        setup.spec = &watch->sets[s].spec;
        alerts_init(&watched->alerts, &setup);
        alerts_clear(&watched->alerts, world->phase_us);
        if (!watch->records) continue;
        struct alert_record_setup kept = {
            .rules = watched->alerts.rules,
            .rule_count = watched->alerts.rule_count,
            .interval_us = setup.spec->interval_us,
            .start_unix_us = setup.start_unix_us,
            .timezone_us = setup.timezone_us,
            .objective = signals->objective,
            .budget_orders = signals->budget_orders,
        };
        memcpy(kept.enabled, setup.enabled, sizeof kept.enabled);
        if (!alert_record_init(&watched->record, &kept)) return false;
    }
    watch->begun = true;
    return true;
}

struct listener {
    struct alert_watch *watch;
    struct alert_watched *watched;
};

static void changed(void *context, const struct alert_change *change)
{
    const struct listener *to = context;
    struct alert_watched *watched = to->watched;
    if (watched->change_count == watched->change_capacity) {
        const uint32_t capacity =
            watched->change_capacity == 0 ? CHANGES_AT_FIRST : watched->change_capacity * 2;
        struct alert_change *changes =
            realloc(watched->changes, capacity * sizeof *watched->changes);
        if (changes == NULL) {
            to->watch->failed = true;
            return;
        }
        watched->changes = changes;
        watched->change_capacity = capacity;
    }
    watched->changes[watched->change_count++] = *change;
}

void alert_watch_ticked(void *context, int64_t now_us, const struct alerts *alerts,
                        struct signals *signals)
{
    struct alert_watch *watch = context;
    if (watch->failed) return;
    if (!watch->begun && !begin(watch, alerts, signals)) {
        watch->failed = true;
        return;
    }
    for (uint32_t s = 0; s < watch->count; s++) {
        struct alert_watched *watched = &watch->each[s];
        struct listener listener = {watch, watched};
        if (alerts_next_us(&watched->alerts) > now_us) continue;
        const bool tick = watched->alerts.next_tick_us <= now_us;
        alerts_due(&watched->alerts, signals, now_us, changed, NULL, &listener);
        if (!tick || !watch->records) continue;
        alert_record_tick(&watched->record, &watched->alerts, signals, now_us);
        watch->failed = watch->failed || watched->record.failed;
    }
}
