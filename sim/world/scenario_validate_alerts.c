#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_validate.h"

struct rule_case {
    const struct scenario *scenario;
    struct alert_rule *rule;
    struct err_list *list;
    struct signal_place place;
};

static const struct scenario_key *rule_keys(void)
{
    return scenario_key_find(scenario_alert_file_keys, "rules")->element->keys;
}

static const struct scenario_given *given(const struct rule_case *about, const char *name)
{
    return given_in(about->scenario, rule_keys(), name, about->rule);
}

static struct place place_of(const struct rule_case *about, const char *name)
{
    const struct scenario_given *const key = given(about, name);
    return key == NULL ? about->rule->place : key->place;
}

/* ---- rules by name ---- */

struct valid_names valid_rules(const struct scenario *scenario)
{
    struct valid_names names = {.count = 0};
    for (uint32_t i = 0; i < scenario->alerts.rule_count; i++)
        valid_names_add(&names, scenario->alerts.rules[i].name);
    return names;
}

const struct alert_rule *valid_rule(const struct scenario *scenario, const char *name)
{
    for (uint32_t i = 0; i < scenario->alerts.rule_count; i++) {
        if (strcmp(scenario->alerts.rules[i].name, name) == 0) return &scenario->alerts.rules[i];
    }
    return NULL;
}

/* Whether there may be a rule in what could not be read: the file, the list, a rule's name. */
static bool may_be_unread(const struct scenario *scenario)
{
    const struct alert_spec *const alerts = &scenario->alerts;
    const struct scenario_key *const list = scenario_key_find(scenario_alert_file_keys, "rules");
    const struct scenario_given *const given = scenario_find_given(scenario, list, alerts->rules);
    if (scenario_find_given(scenario, &scenario_alert_file, alerts->rules) != NULL) return true;
    if (scenario_is_refused(scenario, alerts->file, sizeof alerts->file)) return true;
    if (given != NULL && given->refused) return true;
    for (uint32_t i = 0; i < alerts->rule_count; i++) {
        if (alerts->rules[i].name[0] == '\0') return true;
    }
    return false;
}

void refuse_rule(const struct scenario *scenario, const char *name, struct place place,
                 const char *advice, struct err_list *list)
{
    if (may_be_unread(scenario)) return;
    const struct valid_names names = valid_rules(scenario);
    struct text hint = {0};
    valid_names_hint(&names, name, "this scenario has no rules of alerts", &hint);
    if (advice != NULL) text_format(&hint, "; %s", advice);
    err_add(list, place, hint.bytes, "no alert is called \"%s\"", name);
    text_release(&hint);
}

static bool validate_name(const struct rule_case *about, uint32_t index)
{
    const char *const name = about->rule->name;
    if (name[0] == '\0') {
        if (!scenario_is_refused(about->scenario, about->rule, sizeof *about->rule)) {
            err_add(about->list, place_of(about, "name"), NULL, "an alert needs a name");
        }
        return false;
    }
    if (scenario_name_index(alert_severity_names, name) >= 0) {
        err_add(about->list, place_of(about, "name"),
                "triggers of operators use the word for every alert of that severity",
                "an alert cannot be called \"%s\"", name);
    }
    for (uint32_t i = 0; i < index; i++) {
        const struct alert_rule *const other = &about->scenario->alerts.rules[i];
        if (strcmp(other->name, name) != 0) continue;
        err_add(about->list, place_of(about, "name"), NULL,
                "two alerts are called \"%s\"; the other stands in line %u", name,
                (unsigned)other->place.line);
        break;
    }
    return true;
}

/* ---- conditions ---- */

static void validate_windows(const struct rule_case *about, const struct alert_condition *condition)
{
    const int64_t short_us = condition->short_window_us;
    if (short_us == 0 || short_us < condition->window_us) return;
    char shorter[DURATION_TEXT_MAX];
    char longer[DURATION_TEXT_MAX];
    duration_format(short_us, shorter);
    duration_format(condition->window_us, longer);
    err_add(about->list,
            scenario_place(about->scenario, &condition->short_window_us, sizeof short_us,
                           about->rule->place),
            NULL, "\"short_window\" (%s) must be shorter than \"window\" (%s)", shorter, longer);
}

static void validate_condition(const struct rule_case *about, struct alert_condition *condition)
{
    validate_threshold(&about->place, condition->threshold_text, about->rule->metric,
                       about->rule->signal, &condition->threshold, about->list);
    validate_windows(about, condition);
}

/* Silence is no data: such a rule would stay quiet exactly when it is meant to fire. */
static void warn_of_silence(const struct rule_case *about)
{
    const struct alert_rule *const rule = about->rule;
    const bool falls = rule->when.op == CHECK_LT || rule->when.op == CHECK_LE;
    if (rule->signal != SIGNAL_REQUESTS_PER_HOUR || !falls) return;
    if (rule->min_volume == 0 || rule->no_data != NO_DATA_OK) return;
    err_warn(about->list, place_of(about, "metric"), "say \"min_volume\": 0",
             "when no orders come at all, \"%s\" has no data and does not fire", rule->name);
}

static void warn_of_meaningless(const struct rule_case *about)
{
    const struct alert_rule *const rule = about->rule;
    if (rule->signal != SIGNAL_SLOW_RATE && given(about, "slow_over") != NULL) {
        err_warn(about->list, place_of(about, "slow_over"), NULL,
                 "\"slow_over\" means nothing for %s", rule->metric);
    }
    if (rule->signal == SIGNAL_BUDGET_BURNED && given(about, "window") != NULL) {
        err_warn(about->list, place_of(about, "window"), "burn_rate has one",
                 "\"window\" means nothing for %s, which counts from the warm-up on", rule->metric);
    }
}

/* ---- other rules ---- */

static void validate_company(const struct rule_case *about)
{
    const struct alert_spec *const alerts = &about->scenario->alerts;
    const struct alert_rule *const rule = about->rule;
    if (strcmp(rule->suppressed_by, rule->name) == 0) {
        err_add(about->list, place_of(about, "suppressed_by"), NULL,
                "alert \"%s\" cannot suppress itself", rule->name);
    } else if (rule->suppressed_by[0] != '\0' &&
               valid_rule(about->scenario, rule->suppressed_by) == NULL) {
        refuse_rule(about->scenario, rule->suppressed_by, place_of(about, "suppressed_by"), NULL,
                    about->list);
    }
    if (rule->group[0] == '\0') return;
    struct valid_names groups = {.count = 0};
    for (uint32_t i = 0; i < alerts->rule_count; i++) {
        if (&alerts->rules[i] == rule) continue;
        if (strcmp(alerts->rules[i].group, rule->group) == 0) return;
        if (!valid_names_have(&groups, alerts->rules[i].group))
            valid_names_add(&groups, alerts->rules[i].group);
    }
    struct text hint = {0};
    valid_names_hint(&groups, rule->group, "a group is made of the rules that name it", &hint);
    err_warn(about->list, place_of(about, "group"), hint.bytes,
             "alert \"%s\" is the only one of the group \"%s\"", rule->name, rule->group);
    text_release(&hint);
}

/* ---- whether it can fire ---- */

static bool is_waited_for(const struct scenario *scenario, const char *name)
{
    const struct drill_spec *const drill = &scenario->drill;
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        const struct expect_spec *const expect = &drill->expects[i];
        if (!expect->must_not_fire && strcmp(expect->alert, name) == 0) return true;
    }
    for (uint32_t i = 0; i < drill->operator_count; i++) {
        const struct operator_spec *const person = &drill->operators[i];
        for (uint32_t t = 0; t < person->trigger_count; t++) {
            if (strcmp(person->triggers[t].alert, name) == 0) return true;
        }
    }
    return false;
}

/* Of a rule that somebody counts on. */
static void warn_of_long_wait(const struct rule_case *about)
{
    const struct scenario *const scenario = about->scenario;
    const struct alert_rule read = alert_rule_read_as(about->rule, scenario->alerts.reading);
    const uint32_t faults = scenario_window_count(scenario);
    int64_t longest_us = 0;
    for (uint32_t i = 0; i < faults; i++) {
        const int64_t for_us = scenario_window(scenario, i).for_us;
        if (for_us > longest_us) longest_us = for_us;
    }
    if (faults == 0 || read.for_us <= longest_us || !is_waited_for(scenario, read.name)) return;
    char wait[DURATION_TEXT_MAX];
    char fault[DURATION_TEXT_MAX];
    duration_format(read.for_us, wait);
    duration_format(longest_us, fault);
    err_warn(about->list, place_of(about, "for"), NULL,
             "alert \"%s\" waits for %s, and no fault lasts longer than %s: it may never fire",
             read.name, wait, fault);
}

/* ---- the whole ---- */

static void validate_ticks(const struct scenario *scenario, struct err_list *list)
{
    const struct alert_spec *const alerts = &scenario->alerts;
    const struct place file = {.file = scenario->file};
    if (alerts->phase_us >= alerts->interval_us) {
        char interval[DURATION_TEXT_MAX];
        duration_format(alerts->interval_us, interval);
        err_add(list, scenario_place(scenario, &alerts->phase_us, sizeof alerts->phase_us, file),
                NULL, "\"phase\" must be below the interval of %s", interval);
    }
    const struct place unseen = {.line = UINT32_MAX};
    const struct place reading =
        scenario_place(scenario, &alerts->reading, sizeof alerts->reading, unseen);
    if (reading.line == UINT32_MAX || alerts->rule_count == 0) return;
    for (uint32_t i = 0; i < alerts->rule_count; i++) {
        if (alerts->rules[i].says[0] != '\0') return;
    }
    err_warn(list, reading, "rules that \"says\" something are read so",
             "\"reading\" means nothing: no rule quotes a runbook");
}

void scenario_validate_alerts(struct scenario *scenario, struct err_list *list)
{
    validate_ticks(scenario, list);
    for (uint32_t i = 0; i < scenario->alerts.rule_count; i++) {
        struct alert_rule *const rule = &scenario->alerts.rules[i];
        const struct rule_case about = {
            .scenario = scenario, .rule = rule, .list = list, .place = {scenario, rule->place}};
        if (!validate_name(&about, i)) continue;
        validate_company(&about);
        if (scenario_is_refused(scenario, rule, sizeof *rule)) continue;
        if (!validate_signal(&about.place, rule->metric, true, &rule->scope, &rule->signal, list)) {
            continue;
        }
        validate_condition(&about, &rule->when);
        for (uint32_t c = 0; c < rule->any_count; c++)
            validate_condition(&about, &rule->any_of[c]);
        warn_of_silence(&about);
        warn_of_meaningless(&about);
        warn_of_long_wait(&about);
    }
}
