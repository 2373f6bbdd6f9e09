#include "reports/drill_text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/show.h"
#include "router/base/duration.h"

/* ---- values ---- */

static void show_seconds(struct text *text, double seconds)
{
    char span[DURATION_TEXT_MAX];
    if (seconds < 0) text_put(text, "\u2212");
    duration_for_people(llround(fabs(seconds) * 1e6), span);
    text_put(text, span);
}

/* Drills are short and error budgets are for months: a share of them is often below one percent. */
static void show_drill_share(struct text *text, double share)
{
    const double percent = fabs(share) * 100;
    if (percent == 0 || percent >= 0.995) {
        if (share < 0) text_put(text, "\u2212");
        show_share(text, fabs(share));
    } else if (percent < 0.005) {
        text_put(text, share < 0 ? ">\u22120.01%" : "<0.01%");
    } else {
        if (share < 0) text_put(text, "\u2212");
        show_small_share(text, fabs(share));
    }
}

/* Quantiles of counts lie between two of them. */
static void show_drill_count(struct text *text, double count)
{
    if (count != floor(count) && fabs(count) < 1000)
        text_fixed(text, count, 1);
    else
        show_count(text, round(count));
}

void drill_show_number(struct text *text, enum drill_unit unit, double value)
{
    if (!isfinite(value)) {
        text_put(text, "n/a");
        return;
    }
    switch (unit) {
    case DRILL_SECONDS:
        show_seconds(text, value);
        break;
    case DRILL_SHARE:
        show_drill_share(text, value);
        break;
    case DRILL_COUNT:
        show_drill_count(text, value);
        break;
    case DRILL_CENTS:
        show_money(text, value);
        break;
    }
}

/* Whether a deadline was met is no share of anything: of one repeat it is a yes or a no. */
static void show_known(struct text *text, enum drill_measure measure, double value)
{
    const bool flag = measure == DRILL_RTO_MET && (value == 0 || value == 1);
    if (flag)
        text_put(text, value == 1 ? "yes" : "no");
    else
        drill_show_number(text, drill_measure_traits[measure].unit, value);
}

void drill_show_value(struct text *text, enum drill_measure measure,
                      const struct drill_value *value)
{
    assert(measure < DRILL_MEASURE_COUNT);
    switch (value->state) {
    case DRILL_KNOWN:
        show_known(text, measure, value->value);
        break;
    case DRILL_NEVER:
        text_put(text, "never");
        break;
    case DRILL_NOT_APPLICABLE:
        text_put(text, "n/a");
        break;
    }
}

void drill_show_interval(struct text *text, enum drill_measure measure,
                         const struct drill_distribution *distribution)
{
    if (distribution->p50_low.state == DRILL_NOT_APPLICABLE ||
        distribution->p50_high.state == DRILL_NOT_APPLICABLE)
        return;
    drill_show_value(text, measure, &distribution->p50_low);
    text_put(text, " to ");
    drill_show_value(text, measure, &distribution->p50_high);
}

void drill_show_distribution(struct text *text, enum drill_measure measure,
                             const struct drill_distribution *distribution)
{
    if (distribution->n == 0) {
        text_put(text, "n/a");
        return;
    }
    drill_show_value(text, measure, &distribution->p50);
    if (distribution->n == 1) {
        text_put(text, " (n = 1)");
        return;
    }
    text_put(text, " (P90 ");
    drill_show_value(text, measure, &distribution->p90);
    struct text interval = {0};
    drill_show_interval(&interval, measure, distribution);
    if (interval.length > 0) text_format(text, ", 95%% interval of the median %s", interval.bytes);
    text_format(text, ", n = %u", distribution->n);
    if (distribution->never > 0) text_format(text, ", %u never", distribution->never);
    text_char(text, ')');
    text->failed |= interval.failed;
    text_release(&interval);
}

void drill_show_signal(struct text *text, enum metric_unit unit, const struct signal_value *value)
{
    if (!value->known || !isfinite(value->value)) {
        text_put(text, "no data");
        return;
    }
    show_number(text, unit, value->value);
    text_put(text, " (n = ");
    text_grouped(text, (int64_t)value->n);
    text_char(text, ')');
}

void drill_show_limit(struct text *text, const char *limit)
{
    static const char *const operators[] = {"<=", ">=", "==", "!="};
    for (bool begins = true; *limit != '\0'; begins = limit[-1] == ' ') {
        size_t i = 0;
        while (i < 4 && strncmp(limit, operators[i], 2) != 0)
            i++;
        if (begins && i < 4 && (limit[2] == ' ' || limit[2] == '\0')) {
            text_put(text, check_operator(operators[i]));
            limit += 2;
        } else {
            text_char(text, *limit++);
        }
    }
}

/* ---- verdicts ---- */

const char *drill_verdict_title(enum drill_verdict verdict)
{
    static const char *const titles[VERDICT_COUNT] = {"Passed", "Failed", "Deviated", "Aborted",
                                                      "Invalid"};
    assert(verdict < VERDICT_COUNT);
    return titles[verdict];
}

const char *drill_verdict_help(enum drill_verdict verdict)
{
    static const char *const helps[VERDICT_COUNT] = {
        [VERDICT_PASS] = "all that was expected came true",
        [VERDICT_FAIL] = "an expectation was not met",
        [VERDICT_DEVIATED] = "steady state was not restored at the end",
        [VERDICT_ABORTED] = "a stop condition was met",
        [VERDICT_INVALID] = "the drill says nothing about the system",
    };
    assert(verdict < VERDICT_COUNT);
    return helps[verdict];
}

enum verdict_tone drill_verdict_tone(enum drill_verdict verdict)
{
    if (verdict == VERDICT_PASS) return TONE_GOOD;
    return verdict == VERDICT_INVALID ? TONE_NEUTRAL : TONE_BAD;
}

void drill_write_why(struct text *text, const struct drill *drill)
{
    const char *why = drill->why != NULL ? drill->why : "";
    if (why[0] == '\0') return;
    text_char(text, why[0] >= 'a' && why[0] <= 'z' ? (char)(why[0] - 'a' + 'A') : why[0]);
    text_put(text, why + 1);
    drill_end_sentence(text);
}

void drill_end_sentence(struct text *text)
{
    if (text->length > 0 && strchr(".?!", text->bytes[text->length - 1]) == NULL)
        text_char(text, '.');
}

/* ---- time ---- */

void drill_show_instant(struct text *text, int64_t at_us)
{
    if (at_us == INT64_MAX) {
        text_put(text, "never");
        return;
    }
    if (at_us < 0) text_put(text, "\u2212");
    show_instant(text, at_us < 0 ? -at_us : at_us);
}

enum { DATE_LENGTH = 10, CLOCK_LENGTH = 8 }; /* of 2025-11-24T00:02:10.000Z */

void drill_show_clock(struct text *text, const struct drill *drill, int64_t at_us)
{
    if (at_us == INT64_MAX) {
        text_put(text, "never");
        return;
    }
    char start[INSTANT_TEXT_MAX], at[INSTANT_TEXT_MAX];
    const int64_t local_us = drill->result.start_unix_us + drill->result.timezone_us;
    instant_format(local_us, start);
    instant_format(local_us + at_us, at);
    if (strncmp(start, at, DATE_LENGTH) != 0) {
        text_append(text, at, DATE_LENGTH);
        text_char(text, ' ');
    }
    text_append(text, at + DATE_LENGTH + 1, CLOCK_LENGTH);
}

void drill_show_when(struct text *text, const struct drill *drill, int64_t at_us)
{
    drill_show_instant(text, at_us);
    if (at_us == INT64_MAX) return;
    text_put(text, " (");
    drill_show_clock(text, drill, at_us);
    text_char(text, ')');
}

void drill_show_after_fault(struct text *text, const struct drill *drill, int64_t at_us)
{
    const int64_t fault_us = drill->marks.fault_us;
    if (at_us == INT64_MAX || fault_us == INT64_MAX) {
        text_put(text, "never");
    } else if (at_us == fault_us) {
        text_put(text, "as the fault began");
    } else {
        show_span(text, at_us > fault_us ? at_us - fault_us : fault_us - at_us);
        text_put(text, at_us > fault_us ? " after the fault began" : " before the fault began");
    }
}

void drill_show_since_fault(struct text *text, const struct drill *drill, int64_t at_us)
{
    const int64_t fault_us = drill->marks.fault_us;
    if (at_us == INT64_MAX || fault_us == INT64_MAX) {
        text_put(text, "never");
    } else if (at_us == fault_us) {
        text_put(text, "at once");
    } else if (at_us > fault_us) {
        text_char(text, '+');
        show_span(text, at_us - fault_us);
    } else {
        show_span(text, fault_us - at_us);
        text_put(text, " before");
    }
}

const char *const drill_mark_names[DRILL_MARK_COUNT] = {"fault",  "impact",  "detect",   "told",
                                                        "ack",    "act",     "mitigate", "clear",
                                                        "undone", "recover", "stopped"};
const char *const drill_mark_labels[DRILL_MARK_COUNT] = {"the fault begins",
                                                         "users are hit",
                                                         "an alert fires",
                                                         "somebody is told",
                                                         "an operator starts",
                                                         "the first change is live",
                                                         "mitigated",
                                                         "the fault is over",
                                                         "mitigations are undone",
                                                         "recovered",
                                                         "stopped"};

int64_t drill_mark_us(const struct drill_marks *marks, enum drill_mark mark)
{
    const int64_t at_us[DRILL_MARK_COUNT] = {
        [DRILL_MARK_FAULT] = marks->fault_us,       [DRILL_MARK_IMPACT] = marks->impact_us,
        [DRILL_MARK_DETECT] = marks->detect_us,     [DRILL_MARK_TOLD] = marks->told_us,
        [DRILL_MARK_ACK] = marks->ack_us,           [DRILL_MARK_ACT] = marks->act_us,
        [DRILL_MARK_MITIGATE] = marks->mitigate_us, [DRILL_MARK_CLEAR] = marks->clear_us,
        [DRILL_MARK_UNDONE] = marks->undone_us,     [DRILL_MARK_RECOVER] = marks->recover_us,
        [DRILL_MARK_STOPPED] = marks->stopped_us,
    };
    assert(mark < DRILL_MARK_COUNT);
    return at_us[mark];
}

/* ---- alerts ---- */

const char *drill_scope_name(unsigned scope)
{
    if (scope < PROVIDER_COUNT) return provider_traits[scope].id;
    return scope == SCOPE_ROUTER ? "router" : "provider";
}

static const char *rule_name(const struct drill *drill, uint32_t rule)
{
    return rule < drill->rule_count ? drill->rules[rule].name : "an alert";
}

void drill_show_alert(struct text *text, const struct drill *drill, uint32_t rule, unsigned scope)
{
    text_put(text, rule_name(drill, rule));
    if (scope < PROVIDER_COUNT) text_format(text, " (%s)", provider_traits[scope].id);
}

static void show_condition(struct text *text, const struct alert_rule *rule,
                           const struct alert_condition *condition)
{
    const bool windowed = rule->signal != SIGNAL_BUDGET_BURNED;
    text_format(text, "%s %s", check_operator(check_operator_names[condition->op]),
                condition->threshold_text);
    if (windowed && condition->window_us > 0) {
        text_put(text, " over ");
        show_span(text, condition->window_us);
    }
    if (windowed && condition->short_window_us > 0) {
        text_put(text, " and over ");
        show_span(text, condition->short_window_us);
    }
    switch (condition->hours) {
    case HOURS_PEAK:
        text_put(text, " in peak hours");
        break;
    case HOURS_OFF_PEAK:
        text_put(text, " off peak");
        break;
    case HOURS_ANY:
    case HOURS_COUNT:
        break;
    }
}

void drill_show_rule(struct text *text, const struct alert_rule *rule)
{
    const bool of_provider = rule->scope != SCOPE_ROUTER;
    if (rule->scope < PROVIDER_COUNT)
        text_format(text, "%s\u2019s ", provider_traits[rule->scope].id);
    else if (of_provider)
        text_put(text, "a provider\u2019s ");
    text_format(text, "%s ", signal_traits[rule->signal].label);
    show_condition(text, rule, &rule->when);
    for (uint32_t i = 0; i < rule->any_count; i++) {
        text_put(text, " or ");
        show_condition(text, rule, &rule->any_of[i]);
    }
    if (rule->for_us > 0) {
        text_put(text, ", for ");
        show_span(text, rule->for_us);
    }
    if (rule->min_volume > 1)
        text_format(text, ", of at least %u %s", rule->min_volume,
                    of_provider ? "calls" : "orders");
    if (rule->no_data == NO_DATA_FIRING) text_put(text, ", or no data");
    if (rule->keep_firing_us > 0) {
        text_put(text, ", kept for ");
        show_span(text, rule->keep_firing_us);
    }
}

const char *drill_should_word(const struct drill_alert *alert)
{
    if (alert->should_fire) return "yes";
    return alert->expected_by_file ? "no" : "-";
}

enum drill_audit drill_audit_of(const struct drill_alert *alert)
{
    const bool fired = alert->fired_us != INT64_MAX;
    if (alert->should_fire) return fired ? AUDIT_CAUGHT : AUDIT_MISSED;
    if (fired) return alert->expected_by_file ? AUDIT_UNWANTED : AUDIT_EXTRA;
    return alert->false_episodes > 0 ? AUDIT_FALSE : AUDIT_QUIET;
}

const char *const drill_audit_names[AUDIT_COUNT] = {"caught", "missed", "unwanted",
                                                    "false",  "extra",  "quiet"};
const char *const drill_audit_labels[AUDIT_COUNT] = {"fired as it should",  "missed",
                                                     "fired, and must not", "false",
                                                     "fired as well",       "quiet as it should"};

enum verdict_tone drill_audit_tone(enum drill_audit audit)
{
    static const enum verdict_tone tones[AUDIT_COUNT] = {
        [AUDIT_CAUGHT] = TONE_GOOD, [AUDIT_MISSED] = TONE_BAD,    [AUDIT_UNWANTED] = TONE_BAD,
        [AUDIT_FALSE] = TONE_BAD,   [AUDIT_EXTRA] = TONE_NEUTRAL, [AUDIT_QUIET] = TONE_GOOD,
    };
    assert(audit < AUDIT_COUNT);
    return tones[audit];
}

/* ---- operators ---- */

const char *drill_step_who(const struct drill_step *step)
{
    return step->operator_index < 0 || step->operator_id == NULL ? "rollbacks" : step->operator_id;
}

static bool begins_with_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    return strncmp(words, word, length) == 0 && (words[length] == ' ' || words[length] == '\0');
}

void drill_show_step(struct text *text, const struct drill_step *step)
{
    const char *what = step->what != NULL ? step->what : "";
    struct text verb = {0};
    text_put(&verb, step->verb);
    for (size_t i = 0; i < verb.length; i++) /* names of verbs in files have underscores */
        if (verb.bytes[i] == '_') verb.bytes[i] = ' ';
    if (verb.bytes != NULL && !begins_with_word(what, verb.bytes))
        text_format(text, "%s%s", verb.bytes, what[0] != '\0' ? " " : "");
    text_put(text, what);
    text->failed |= verb.failed;
    text_release(&verb);
}

void drill_show_outcome(struct text *text, const struct drill_step *step)
{
    text_put(text, step_outcome_names[step->outcome]);
    if (step->why != NULL && step->why[0] != '\0') text_format(text, ": %s", step->why);
}

void drill_show_outcomes(struct text *text, const struct drill *drill,
                         const struct drill_step *step)
{
    if (drill->repeats <= 1) return;
    const char *before = "";
    for (unsigned o = 0; o < STEP_OUTCOME_COUNT; o++) {
        if (step->outcomes[o] == 0) continue;
        text_format(text, "%s%s %u", before, step_outcome_names[o], step->outcomes[o]);
        before = ", ";
    }
}

enum verdict_tone drill_outcome_tone(enum step_outcome outcome)
{
    switch (outcome) {
    case STEP_DONE:
        return TONE_GOOD;
    case STEP_NO_EFFECT:
    case STEP_FAILED:
        return TONE_BAD;
    case STEP_NOT_REACHED:
    case STEP_SKIPPED:
    case STEP_OUTCOME_COUNT:
        break;
    }
    return TONE_NEUTRAL;
}
