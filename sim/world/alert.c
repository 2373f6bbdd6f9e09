#include "sim/world/alert.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { US_PER_S = 1000000 };

/* ---- life ---- */

static bool has_instance(const struct alerts_setup *setup, const struct alert_rule *rule,
                         unsigned scope)
{
    if (scope == SCOPE_ROUTER) return rule->scope == SCOPE_ROUTER;
    return setup->enabled[scope] && (rule->scope == SCOPE_EACH_PROVIDER || rule->scope == scope);
}

void alerts_init(struct alerts *alerts, const struct alerts_setup *setup)
{
    assert(setup->spec->rule_count <= ALERT_RULES_MAX);
    memset(alerts, 0, sizeof *alerts);
    alerts->spec = setup->spec;
    alerts->start_unix_us = setup->start_unix_us;
    alerts->timezone_us = setup->timezone_us;
    alerts->rule_count = setup->spec->rule_count;
    for (uint32_t r = 0; r < alerts->rule_count; r++) {
        alerts->rules[r] = alert_rule_read_as(&setup->spec->rules[r], setup->spec->reading);
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            if (!has_instance(setup, &alerts->rules[r], s)) continue;
            alerts->instances[alerts->instance_count++] =
                (struct alert_instance){.rule = (uint16_t)r, .scope = (uint8_t)s};
        }
    }
    alerts_clear(alerts, 0);
}

static void make_inactive(struct alert_instance *instance)
{
    instance->state = ALERT_INACTIVE;
    instance->told = instance->held = false;
    instance->active_at_us = 0;
    instance->false_since_us = INT64_MAX;
    instance->tell_at_us = INT64_MAX;
}

void alerts_clear(struct alerts *alerts, int64_t phase_us)
{
    assert(phase_us >= 0);
    assert(phase_us % US_PER_S == 0);
    alerts->phase_us = phase_us;
    alerts->next_tick_us = alerts->rule_count == 0 ? INT64_MAX : alerts->spec->phase_us + phase_us;
    for (uint32_t i = 0; i < alerts->instance_count; i++) {
        make_inactive(&alerts->instances[i]);
        alerts->instances[i].was_true = false;
        alerts->instances[i].value = (struct signal_value){.value = (double)NAN};
    }
}

int64_t alerts_next_us(const struct alerts *alerts)
{
    int64_t next_us = alerts->next_tick_us;
    for (uint32_t i = 0; i < alerts->instance_count; i++) {
        if (alerts->instances[i].tell_at_us < next_us) next_us = alerts->instances[i].tell_at_us;
    }
    return next_us;
}

/* What alerts_due() was called with. */
struct look {
    struct alerts *alerts;
    struct signals *signals;
    int64_t now_us;
    void (*changed)(void *context, const struct alert_change *change);
    void *context;
};

static void change(const struct look *look, const struct alert_instance *instance,
                   enum alert_change_kind kind)
{
    const struct alert_change change = {.at_us = look->now_us,
                                        .kind = kind,
                                        .rule = instance->rule,
                                        .scope = instance->scope,
                                        .value = instance->value};
    look->changed(look->context, &change);
}

/* ---- conditions: true, false, or nothing to tell it by ---- */

enum truth { TRUTH_FALSE, TRUTH_UNKNOWN, TRUTH_TRUE }; /* "and" is the least, "or" the greatest */

static bool in_hours(const struct alerts *alerts, enum alert_hours hours, int64_t now_us)
{
    enum { PEAK_FROM = 10, PEAK_UNTIL = 21, HOURS_A_DAY = 24 };
    if (hours == HOURS_ANY) return true;
    const int64_t hour_us = INT64_C(3600) * US_PER_S, day_us = HOURS_A_DAY * hour_us;
    const int64_t local_us = alerts->start_unix_us + alerts->timezone_us + now_us;
    const int64_t hour = (local_us % day_us + day_us) % day_us / hour_us;
    return (hour >= PEAK_FROM && hour < PEAK_UNTIL) == (hours == HOURS_PEAK);
}

static struct signal_value read_window(const struct look *look,
                                       const struct alert_instance *instance, int64_t window_us)
{
    const struct alert_rule *rule = &look->alerts->rules[instance->rule];
    const struct signal_query query = {.kind = rule->signal,
                                       .scope = instance->scope,
                                       .window_s = window_us / US_PER_S,
                                       .slow_over_us = rule->slow_over_us};
    return signals_read(look->signals, &query, look->now_us / US_PER_S);
}

static enum truth truth_of(const struct alert_condition *condition,
                           const struct signal_value *value, uint32_t min_volume)
{
    if (!value->known || value->n < min_volume) return TRUTH_UNKNOWN;
    return check_operator_holds(condition->op, value->value, condition->threshold) ? TRUTH_TRUE
                                                                                   : TRUTH_FALSE;
}

/* `value` is what the condition's (long) window shows. */
static enum truth condition_truth(const struct look *look, const struct alert_instance *instance,
                                  const struct alert_condition *condition,
                                  const struct signal_value *value)
{
    const uint32_t min_volume = look->alerts->rules[instance->rule].min_volume;
    if (!in_hours(look->alerts, condition->hours, look->now_us)) return TRUTH_FALSE;
    const enum truth seen_long = truth_of(condition, value, min_volume);
    if (condition->short_window_us == 0 || seen_long == TRUTH_FALSE) return seen_long;
    const struct signal_value recent = read_window(look, instance, condition->short_window_us);
    const enum truth seen_short = truth_of(condition, &recent, 0);
    return seen_short < seen_long ? seen_short : seen_long;
}

/* The rule's condition at this tick, after what it says about missing data. */
static bool rule_holds(const struct look *look, struct alert_instance *instance)
{
    const struct alert_rule *rule = &look->alerts->rules[instance->rule];
    instance->value = read_window(look, instance, rule->when.window_us);
    enum truth truth = condition_truth(look, instance, &rule->when, &instance->value);
    for (uint32_t c = 0; c < rule->any_count && truth != TRUTH_TRUE; c++) {
        const struct alert_condition *other = &rule->any_of[c];
        const struct signal_value value = read_window(look, instance, other->window_us);
        const enum truth others = condition_truth(look, instance, other, &value);
        if (others > truth) truth = others;
    }
    if (truth != TRUTH_UNKNOWN) return truth == TRUTH_TRUE;
    switch (rule->no_data) {
    case NO_DATA_OK:
        return false;
    case NO_DATA_FIRING:
        return true;
    case NO_DATA_KEEP:
        return instance->was_true;
    case NO_DATA_COUNT:
        break;
    }
    assert(!"a reading of missing data outside its enum");
    return false;
}

/* ---- notifications ---- */

static bool group_was_told(const struct alerts *alerts, const char *group)
{
    if (group[0] == '\0') return false;
    for (uint32_t i = 0; i < alerts->instance_count; i++) {
        const struct alert_instance *instance = &alerts->instances[i];
        if (instance->told && strcmp(alerts->rules[instance->rule].group, group) == 0) return true;
    }
    return false;
}

/* By the suppressing rule's instance of the same scope, where it has one. */
static bool is_suppressed(const struct alerts *alerts, const struct alert_instance *instance)
{
    const char *by = alerts->rules[instance->rule].suppressed_by;
    if (by[0] == '\0') return false;
    bool any_firing = false;
    for (uint32_t i = 0; i < alerts->instance_count; i++) {
        const struct alert_instance *other = &alerts->instances[i];
        if (strcmp(alerts->rules[other->rule].name, by) != 0) continue;
        if (other->scope == instance->scope) return other->state == ALERT_FIRING;
        any_firing = any_firing || other->state == ALERT_FIRING;
    }
    return any_firing;
}

static void tell(const struct look *look, struct alert_instance *instance)
{
    assert(instance->state == ALERT_FIRING);
    assert(!instance->told);
    instance->tell_at_us = INT64_MAX;
    instance->held = is_suppressed(look->alerts, instance);
    if (instance->held) return;
    const bool told = group_was_told(look->alerts, look->alerts->rules[instance->rule].group);
    instance->told = true;
    if (!told) change(look, instance, ALERT_TOLD);
}

static void tell_what_is_due(const struct look *look)
{
    for (uint32_t i = 0; i < look->alerts->instance_count; i++) {
        struct alert_instance *instance = &look->alerts->instances[i];
        if (instance->held || instance->tell_at_us <= look->now_us) tell(look, instance);
    }
}

/* ---- states ---- */

static void fire(const struct look *look, struct alert_instance *instance)
{
    const struct alert_rule *rule = &look->alerts->rules[instance->rule];
    const int64_t delay_us =
        rule->notify_us >= 0 ? rule->notify_us : look->alerts->spec->notify_us[rule->severity];
    instance->state = ALERT_FIRING;
    change(look, instance, ALERT_FIRED);
    instance->told = group_was_told(look->alerts, rule->group);
    if (!instance->told) instance->tell_at_us = look->now_us + delay_us;
}

static void hold_true(const struct look *look, struct alert_instance *instance)
{
    const int64_t for_us = look->alerts->rules[instance->rule].for_us;
    instance->false_since_us = INT64_MAX;
    if (instance->state == ALERT_FIRING) return;
    if (instance->state == ALERT_INACTIVE) {
        instance->state = ALERT_PENDING;
        instance->active_at_us = look->now_us;
        if (for_us > 0) change(look, instance, ALERT_BECAME_PENDING);
    }
    if (look->now_us - instance->active_at_us >= for_us) fire(look, instance);
}

static void hold_false(const struct look *look, struct alert_instance *instance)
{
    const int64_t keep_us = look->alerts->rules[instance->rule].keep_firing_us;
    if (instance->state == ALERT_INACTIVE) return;
    const bool was_firing = instance->state == ALERT_FIRING;
    if (was_firing && keep_us > 0) {
        if (instance->false_since_us == INT64_MAX) instance->false_since_us = look->now_us;
        if (look->now_us - instance->false_since_us < keep_us) return;
    }
    make_inactive(instance);
    change(look, instance, was_firing ? ALERT_RESOLVED : ALERT_RESET);
}

void alerts_due(struct alerts *alerts, struct signals *signals, int64_t now_us,
                void (*changed)(void *context, const struct alert_change *change),
                void (*sampled)(void *context, int64_t now_us,
                                const struct alert_instance *instance),
                void *context)
{
    const struct look look = {.alerts = alerts,
                              .signals = signals,
                              .now_us = now_us,
                              .changed = changed,
                              .context = context};
    tell_what_is_due(&look);
    if (alerts->next_tick_us > now_us) return;
    assert(alerts->next_tick_us == now_us);
    alerts->next_tick_us += alerts->spec->interval_us;
    for (uint32_t i = 0; i < alerts->instance_count; i++) {
        struct alert_instance *instance = &alerts->instances[i];
        instance->was_true = rule_holds(&look, instance);
        if (sampled != NULL) sampled(context, now_us, instance);
        if (instance->was_true) {
            hold_true(&look, instance);
        } else {
            hold_false(&look, instance);
        }
    }
    tell_what_is_due(&look); /* without a delay, or no longer suppressed */
}

/* ---- questions ---- */

bool alerts_any_firing(const struct alerts *alerts, enum alert_severity at_least)
{
    for (uint32_t i = 0; i < alerts->instance_count; i++) {
        const struct alert_instance *instance = &alerts->instances[i];
        if (instance->state != ALERT_FIRING) continue;
        if (alerts->rules[instance->rule].severity <= at_least) return true;
    }
    return false;
}

bool alerts_firing(const struct alerts *alerts, const char *rule, unsigned scope)
{
    for (uint32_t i = 0; i < alerts->instance_count; i++) {
        const struct alert_instance *instance = &alerts->instances[i];
        if (instance->state != ALERT_FIRING) continue;
        if (scope != SCOPE_EACH_PROVIDER && instance->scope != scope) continue;
        if (strcmp(alerts->rules[instance->rule].name, rule) == 0) return true;
    }
    return false;
}
