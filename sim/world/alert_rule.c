/* Rules before they run: names, readings, what they want to see, and when they should first fire.
 */
#include <assert.h>
#include <math.h>

#include "sim/world/alert.h"

enum { US_PER_S = 1000000 };

const char *const alert_severity_names[SEVERITY_COUNT + 1] = {"page", "ticket", "info", NULL};
const char *const alert_route_names[SEVERITY_COUNT] = {"PagerDuty", "Slack", "e-mail"};
const char *const alert_no_data_names[NO_DATA_COUNT + 1] = {"ok", "firing", "keep", NULL};
const char *const alert_reading_names[READING_COUNT + 1] = {"A", "B", "C", NULL};
const char *const alert_hours_names[HOURS_COUNT + 1] = {"any", "peak", "off_peak", NULL};
const char *const alert_state_names[3] = {"inactive", "pending", "firing"};

static void look_at(struct alert_rule *rule, int64_t window_us)
{
    rule->when.window_us = window_us;
    for (uint32_t c = 0; c < rule->any_count; c++)
        rule->any_of[c].window_us = window_us;
}

struct alert_rule alert_rule_read_as(const struct alert_rule *rule, enum alert_reading reading)
{
    struct alert_rule read = *rule;
    if (rule->says[0] == '\0' || rule->for_us == 0) return read;
    switch (reading) {
    case READING_A:
        look_at(&read, (rule->for_us + US_PER_S - 1) / US_PER_S * US_PER_S);
        read.for_us = 0;
        return read;
    case READING_B:
        return read;
    case READING_C:
        look_at(&read, INT64_C(60) * US_PER_S);
        return read;
    case READING_COUNT:
        break;
    }
    assert(!"a reading outside its enum");
    return read;
}

static void want_window(struct signals_setup *setup, int64_t window_us)
{
    if (window_us / US_PER_S > setup->longest_s) setup->longest_s = window_us / US_PER_S;
}

static void want_condition(struct signals_setup *setup, const struct alert_condition *condition)
{
    want_window(setup, condition->window_us);
    want_window(setup, condition->short_window_us);
}

void alerts_want(const struct alert_spec *spec, struct signals_setup *setup)
{
    for (uint32_t r = 0; r < spec->rule_count; r++) {
        const struct alert_rule rule = alert_rule_read_as(&spec->rules[r], spec->reading);
        want_condition(setup, &rule.when);
        for (uint32_t c = 0; c < rule.any_count; c++)
            want_condition(setup, &rule.any_of[c]);
        if (!signal_is_of_latencies(rule.signal)) continue;
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            const bool each = rule.scope == SCOPE_EACH_PROVIDER && s != SCOPE_ROUTER;
            setup->wants_latency[s] |= each || rule.scope == s;
        }
    }
}

/* ---- the closed form ---- */

/* How far a signal goes when the error rate goes from 0 to `share`, and which way its threshold
 * lies, both counted from where it stood before. False: it does not step so. */
static bool step_of(const struct alert_rule *rule, const struct alert_condition *condition,
                    double share, double *size, double *threshold)
{
    const bool rises = condition->op == CHECK_GT || condition->op == CHECK_GE;
    const bool falls = condition->op == CHECK_LT || condition->op == CHECK_LE;
    *size = share;
    switch (rule->signal) {
    case SIGNAL_ERROR_RATE:
    case SIGNAL_TIMEOUT_RATE:
    case SIGNAL_SLOW_RATE:
    case SIGNAL_BURN_RATE:
        *threshold = condition->threshold;
        return rises;
    case SIGNAL_SUCCESS_RATE:
    case SIGNAL_OK_RATE:
        *threshold = 1.0 - condition->threshold;
        return falls;
    case SIGNAL_AUTHENTIC_RATIO:
    case SIGNAL_P50_MS:
    case SIGNAL_P95_MS:
    case SIGNAL_P99_MS:
    case SIGNAL_REQUESTS_PER_HOUR:
    case SIGNAL_BUDGET_BURNED:
    case SIGNAL_SELECTION_PCT:
    case SIGNAL_KIND_COUNT:
        break;
    }
    return false;
}

/* Whole seconds after the step until a window of `window_us` shows more than the threshold, or as
 * much. What is whole but for the last bits of a division counts as whole. */
static int64_t seconds_until(double size, double threshold, bool strictly, int64_t window_us)
{
    const int64_t window_s = window_us / US_PER_S;
    double span_s = threshold * (double)window_s / size;
    if (fabs(span_s - round(span_s)) <= 1e-9 * fabs(span_s)) span_s = round(span_s);
    const bool never = strictly ? span_s >= (double)window_s : span_s > (double)window_s;
    if (never) return INT64_MAX;
    return (int64_t)(strictly ? floor(span_s) + 1.0 : ceil(span_s));
}

static int64_t condition_true_after_s(const struct alert_rule *rule,
                                      const struct alert_condition *condition, double share)
{
    double size, threshold;
    if (!step_of(rule, condition, share, &size, &threshold) || size <= 0.0) return INT64_MAX;
    const bool strictly = condition->op == CHECK_GT || condition->op == CHECK_LT;
    const int64_t long_s = seconds_until(size, threshold, strictly, condition->window_us);
    if (condition->short_window_us == 0) return long_s;
    const int64_t short_s = seconds_until(size, threshold, strictly, condition->short_window_us);
    return short_s > long_s ? short_s : long_s;
}

static int64_t rounded_up(int64_t span_us, int64_t step_us)
{
    return (span_us + step_us - 1) / step_us * step_us;
}

int64_t alert_first_firing_s(const struct alert_rule *rule, const struct alert_spec *spec,
                             double share, int64_t fault_s)
{
    assert(spec->interval_us > 0);
    assert(fault_s >= 0);
    int64_t after_s = condition_true_after_s(rule, &rule->when, share);
    for (uint32_t c = 0; c < rule->any_count; c++) {
        const int64_t other_s = condition_true_after_s(rule, &rule->any_of[c], share);
        if (other_s < after_s) after_s = other_s;
    }
    if (after_s == INT64_MAX) return INT64_MAX;
    const int64_t true_us = (fault_s + after_s) * US_PER_S - spec->phase_us;
    const int64_t tick_us = true_us <= 0 ? 0 : rounded_up(true_us, spec->interval_us);
    const int64_t firing_us = tick_us + rounded_up(rule->for_us, spec->interval_us);
    return (spec->phase_us + firing_us) / US_PER_S;
}
