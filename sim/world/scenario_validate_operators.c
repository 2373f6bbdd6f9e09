/* Operators and what they do; and the steps of rollbacks, which are the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/memory.h"
#include "sim/world/deployment.h"
#include "sim/world/scenario_validate.h"

/* Which of the keys that not every step has, a verb takes, and which it cannot do without. */
static const struct verb_form {
    const char *needs[2];
    const char *takes[5];
} forms[STEP_VERB_COUNT] = {
    [STEP_SET] = {.needs = {"key", "value"}},
    [STEP_UNSET] = {.needs = {"key"}},
    [STEP_ROTATE] = {.needs = {"provider"}, .takes = {"store", "overlap"}},
    [STEP_VERIFY] = {.needs = {"probe"}, .takes = {"eventually_within", "holds_for"}},
    [STEP_REQUEST] = {.takes = {"payload"}},
    [STEP_WAIT_UNTIL] = {.takes = {"when", "alert", "provider", "plus", "at_most"}},
};
static const char *const of_some_verbs[] = {
    "key",  "value",   "provider", "probe", "eventually_within", "holds_for", "when", "alert",
    "plus", "at_most", "payload",  "store", "overlap",           NULL};

struct step_case {
    const struct scenario *scenario;
    const struct step_spec *step;
    struct err_list *list;
    struct deployment *deployment; /* to try settings in; NULL: there is no memory for it */
};

static const struct scenario_key *step_keys(void)
{
    return scenario_key_find(scenario_operator_element.keys, "steps")->element->keys;
}

static const struct scenario_given *given(const struct step_case *about, const char *name)
{
    return given_in(about->scenario, step_keys(), name, about->step);
}

static struct place place_of(const struct step_case *about, const char *name)
{
    const struct scenario_given *const key = given(about, name);
    return key == NULL ? about->step->place : key->place;
}

/* ---- what a verb takes ---- */

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

static bool takes(const struct verb_form *form, const char *name)
{
    return is_among(name, form->needs, sizeof form->needs / sizeof form->needs[0]) ||
           is_among(name, form->takes, sizeof form->takes / sizeof form->takes[0]);
}

static void say_what_it_takes(enum step_verb verb, struct text *hint)
{
    text_format(hint, "a step \"%s\" takes", step_verb_names[verb]);
    const char *between = " ";
    for (size_t i = 0; of_some_verbs[i] != NULL; i++) {
        if (!takes(&forms[verb], of_some_verbs[i])) continue;
        text_format(hint, "%s\"%s\"", between, of_some_verbs[i]);
        between = ", ";
    }
    text_put(hint, between[0] == ' ' ? " nothing of its own" : " of its own");
}

static void validate_form(const struct step_case *about)
{
    const enum step_verb verb = about->step->verb;
    const struct verb_form *const form = &forms[verb];
    for (size_t i = 0; i < sizeof form->needs / sizeof form->needs[0]; i++) {
        if (form->needs[i] == NULL || given(about, form->needs[i]) != NULL) continue;
        err_add(about->list, place_of(about, "do"), NULL, "a step \"%s\" needs \"%s\"",
                step_verb_names[verb], form->needs[i]);
    }
    for (size_t i = 0; of_some_verbs[i] != NULL; i++) {
        if (takes(form, of_some_verbs[i]) || given(about, of_some_verbs[i]) == NULL) continue;
        struct text hint = {0};
        say_what_it_takes(verb, &hint);
        err_warn(about->list, place_of(about, of_some_verbs[i]), hint.bytes,
                 "\"%s\" means nothing for a step \"%s\"", of_some_verbs[i], step_verb_names[verb]);
        text_release(&hint);
    }
}

static void validate_mistake(const struct step_case *about)
{
    const struct step_spec *const step = about->step;
    const bool sets = step->verb == STEP_SET || step->verb == STEP_UNSET;
    const bool of_provider = sets || step->verb == STEP_ROTATE;
    const bool possible = (step->mistake == MISTAKE_TYPO && sets) ||
                          (step->mistake == MISTAKE_WRONG_PROVIDER && of_provider) ||
                          (step->mistake == MISTAKE_WRONG_VALUE && step->verb == STEP_SET) ||
                          step->mistake == MISTAKE_FORGOTTEN;
    if (step->mistake == MISTAKE_NONE || possible) return;
    err_warn(about->list,
             scenario_place(about->scenario, &step->mistake, sizeof step->mistake, step->place),
             NULL, "a step \"%s\" gives no occasion for a mistake \"%s\"",
             step_verb_names[step->verb], mistake_names[step->mistake]);
}

/* ---- by verb ---- */

/* What the setting will come to, by trying it on the settings of the start. A key that does nothing
 * is no error: that a drill shows it is what drills are for. */
static void validate_setting(const struct step_case *about)
{
    const struct scenario *const scenario = about->scenario;
    const struct step_spec *const step = about->step;
    const uint64_t held[PROVIDER_COUNT] = {1, 1, 1, 1}; /* the right credentials, as by default */
    if (about->deployment == NULL || given(about, "key") == NULL) return;
    deployment_start(about->deployment, &scenario->env, scenario->profile,
                     scenario->policy.live_adapters, held, NULL);
    const struct deployment_change change =
        deployment_set(about->deployment, step->key, step->verb == STEP_SET ? step->value : NULL);
    switch (change.effect) {
    case EFFECT_NONE_REFUSED:
        err_add(about->list, place_of(about, "key"), change.hint[0] != '\0' ? change.hint : NULL,
                "%s", change.why);
        return;
    case EFFECT_NONE_UNKNOWN_KEY:
    case EFFECT_NONE_UNREAD_KEY:
    case EFFECT_NONE_BAD_VALUE:
        err_warn(about->list,
                 place_of(about, change.effect == EFFECT_NONE_BAD_VALUE ? "value" : "key"),
                 change.hint[0] != '\0' ? change.hint : NULL, "the step will have no effect: %s",
                 change.why);
        return;
    case EFFECT_WILL_CHANGE:
    case EFFECT_NONE_SAME: /* by then it may be otherwise */
        return;
    case EFFECT_COUNT:
        break;
    }
    assert(!"an effect outside its enum");
}

static void validate_rotate(const struct step_case *about)
{
    const int provider = about->step->provider;
    if (provider < 0) return; /* said already */
    const enum provider_mode mode = about->scenario->providers[provider].mode;
    if (mode == MODE_MOCK) return;
    err_add(about->list, place_of(about, "provider"), NULL,
            "only a mock can be told of a new credential; %s is of the mode \"%s\"",
            provider_traits[provider].id, provider_mode_names[mode]);
}

static void validate_verify(const struct step_case *about)
{
    const struct valid_names names = valid_probes(about->scenario);
    const char *const probe = about->step->probe;
    if (given(about, "probe") == NULL || valid_names_have(&names, probe)) return;
    struct text hint = {0};
    valid_names_hint(&names, probe, "probes stand in \"hypothesis\": {\"probes\": [...]}", &hint);
    err_add(about->list, place_of(about, "probe"), hint.bytes, "no probe is called \"%s\"", probe);
    text_release(&hint);
}

/* Whether a rule has alerts about a provider. */
static bool is_about(const struct alert_rule *rule, int provider)
{
    return rule->scope == SCOPE_EACH_PROVIDER || rule->scope == (unsigned)provider;
}

static void refuse_provider(const struct scenario *scenario, const struct alert_rule *rule,
                            int provider, struct place place, struct err_list *list)
{
    if (provider < 0 || is_about(rule, provider)) return;
    if (scenario_is_refused(scenario, rule, sizeof *rule)) return;
    err_add(list, place, NULL, "alert \"%s\" looks at %s, which is not about %s", rule->name,
            rule->metric, provider_traits[provider].id);
}

static void validate_awaited_alert(const struct step_case *about)
{
    const struct step_spec *const step = about->step;
    if (step->alert[0] == '\0') {
        err_add(about->list, place_of(about, "when"), NULL,
                "a step that waits for \"%s\" needs \"alert\"", wait_for_names[step->when]);
        return;
    }
    const struct alert_rule *const rule = valid_rule(about->scenario, step->alert);
    if (rule == NULL) {
        refuse_rule(about->scenario, step->alert, place_of(about, "alert"), NULL, about->list);
    } else {
        refuse_provider(about->scenario, rule, step->provider, place_of(about, "provider"),
                        about->list);
    }
}

static void validate_wait(const struct step_case *about)
{
    const struct step_spec *const step = about->step;
    const bool of_alert = step->when == WAIT_ALERT_FIRING || step->when == WAIT_ALERT_RESOLVED;
    if (of_alert) {
        validate_awaited_alert(about);
        return;
    }
    if (step->when == WAIT_NOTHING && step->plus_us == 0) {
        err_add(about->list, place_of(about, "do"), "or a \"plus\", to wait for so long",
                "a step \"wait_until\" needs \"when\"");
    } else if (step->when == WAIT_FAULT_CLEARED && scenario_window_count(about->scenario) == 0) {
        err_warn(about->list, place_of(about, "when"), NULL,
                 "nothing is waited for: this scenario has no faults");
    } else if (step->when == WAIT_HYPOTHESIS &&
               about->scenario->drill.hypothesis.probe_count == 0) {
        err_add(about->list, place_of(about, "when"),
                "probes stand in \"hypothesis\": {\"probes\": [...]}",
                "a step cannot wait for a hypothesis that the scenario has not");
    }
    static const char *const of_alerts[] = {"alert", "provider"};
    for (size_t i = 0; i < sizeof of_alerts / sizeof of_alerts[0]; i++) {
        if (given(about, of_alerts[i]) == NULL) continue;
        err_warn(about->list, place_of(about, of_alerts[i]), NULL,
                 "\"%s\" means nothing for a step that waits for \"%s\"", of_alerts[i],
                 wait_for_names[step->when]);
    }
}

static void validate_step(const struct step_case *about)
{
    validate_form(about);
    validate_mistake(about);
    switch (about->step->verb) {
    case STEP_SET:
    case STEP_UNSET:
        validate_setting(about);
        return;
    case STEP_ROTATE:
        validate_rotate(about);
        return;
    case STEP_VERIFY:
        validate_verify(about);
        return;
    case STEP_WAIT_UNTIL:
        validate_wait(about);
        return;
    case STEP_REDEPLOY:
    case STEP_REQUEST:
    case STEP_HEALTH_CHECK:
    case STEP_ROLLBACK:
    case STEP_NOTE:
    case STEP_FAIL:
        return;
    case STEP_VERB_COUNT:
        break;
    }
    assert(!"a verb outside its enum");
}

/* ---- steps by name ---- */

static void add_steps(struct valid_names *names, const struct step_spec *steps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        valid_names_add(names, steps[i].id);
}

struct valid_names valid_steps(const struct scenario *scenario)
{
    const struct drill_spec *const drill = &scenario->drill;
    static_assert((OPERATORS_MAX + 1) * STEPS_MAX <= VALID_NAMES_MAX, "every step has a name");
    struct valid_names names = {.count = 0};
    for (uint32_t i = 0; i < drill->operator_count; i++)
        add_steps(&names, drill->operators[i].steps, drill->operators[i].step_count);
    add_steps(&names, drill->rollbacks.steps, drill->rollbacks.step_count);
    return names;
}

struct steps_case {
    struct scenario *scenario;
    struct err_list *list;
    struct deployment *deployment;
    struct valid_names seen;
};

static void validate_steps(struct steps_case *all, const struct step_spec *steps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct step_case about = {.scenario = all->scenario,
                                        .step = &steps[i],
                                        .list = all->list,
                                        .deployment = all->deployment};
        if (scenario_is_refused(all->scenario, &steps[i], sizeof steps[i])) continue;
        if (valid_names_have(&all->seen, steps[i].id)) {
            err_add(all->list, place_of(&about, "id"), NULL, "two steps are called \"%s\"",
                    steps[i].id);
        }
        valid_names_add(&all->seen, steps[i].id);
        char owner[sizeof steps[i].id + 32];
        (void)snprintf(owner, sizeof owner, "the time of step \"%s\"", steps[i].id);
        scenario_validate_law(all->scenario, &steps[i].takes, owner, all->list);
        validate_step(&about);
    }
}

/* ---- triggers ---- */

struct person_case {
    const struct scenario *scenario;
    const struct operator_spec *person;
    struct err_list *list;
};

static struct place of_person(const struct person_case *about, const char *name)
{
    const struct scenario_given *const key =
        given_in(about->scenario, scenario_operator_element.keys, name, about->person);
    return key == NULL ? about->person->place : key->place;
}

static struct place of_trigger(const struct person_case *about, const struct trigger_spec *trigger,
                               const char *name)
{
    const struct scenario_key *const triggers =
        scenario_key_find(scenario_operator_element.keys, "triggers");
    const struct scenario_given *const key =
        given_in(about->scenario, triggers->element->keys, name, trigger);
    return key == NULL ? trigger->place : key->place;
}

static void validate_severity(const struct person_case *about, const struct trigger_spec *trigger,
                              int severity)
{
    const struct alert_spec *const alerts = &about->scenario->alerts;
    for (uint32_t i = 0; i < alerts->rule_count; i++) {
        if ((int)alerts->rules[i].severity == severity) return;
    }
    if (scenario_is_refused(about->scenario, alerts, sizeof *alerts)) return;
    err_warn(about->list, of_trigger(about, trigger, "on_alert"), NULL,
             "no alert is of the severity \"%s\"", trigger->alert);
}

static void validate_instant(const struct person_case *about, const struct trigger_spec *trigger)
{
    char at[DURATION_TEXT_MAX];
    char run[DURATION_TEXT_MAX];
    duration_format(trigger->at_us, at);
    duration_format(about->scenario->duration_us, run);
    if (trigger->at_us >= about->scenario->duration_us) {
        err_add(about->list, of_trigger(about, trigger, "at"), NULL,
                "\"%s\" is called for at %s, but the run ends at %s", about->person->id, at, run);
    }
    if (trigger->provider >= 0) {
        err_warn(about->list, of_trigger(about, trigger, "provider"), NULL,
                 "\"provider\" means nothing for an instant");
    }
}

static void validate_trigger(const struct person_case *about, const struct trigger_spec *trigger)
{
    const bool alert = trigger->alert[0] != '\0';
    if (alert == (trigger->at_us >= 0)) {
        err_add(about->list, trigger->place, "{\"on_alert\": \"page\"}, or {\"at\": \"30m\"}",
                alert ? "a trigger is an alert or an instant, not both"
                      : "a trigger needs \"on_alert\" or \"at\"");
        return;
    }
    if (!alert) {
        validate_instant(about, trigger);
        return;
    }
    const int severity = scenario_name_index(alert_severity_names, trigger->alert);
    const struct alert_rule *const rule = valid_rule(about->scenario, trigger->alert);
    if (severity >= 0) {
        validate_severity(about, trigger, severity);
    } else if (rule == NULL) {
        refuse_rule(about->scenario, trigger->alert, of_trigger(about, trigger, "on_alert"), NULL,
                    about->list);
    } else {
        refuse_provider(about->scenario, rule, trigger->provider,
                        of_trigger(about, trigger, "provider"), about->list);
    }
}

/* ---- who relieves whom ---- */

static const struct operator_spec *find_person(const struct scenario *scenario, const char *id)
{
    for (uint32_t i = 0; i < scenario->drill.operator_count; i++) {
        if (strcmp(scenario->drill.operators[i].id, id) == 0) return &scenario->drill.operators[i];
    }
    return NULL;
}

/* Who is named wrongly may be meant. */
static bool is_relief(const struct scenario *scenario, const struct operator_spec *person)
{
    for (uint32_t i = 0; i < scenario->drill.operator_count; i++) {
        const struct operator_spec *const other = &scenario->drill.operators[i];
        if (other == person || other->escalate_to[0] == '\0') continue;
        if (strcmp(other->escalate_to, person->id) == 0) return true;
        if (find_person(scenario, other->escalate_to) == NULL) return true;
    }
    return false;
}

/* Whether the chain of reliefs that begins with `person` comes back to it. */
static bool goes_round(const struct scenario *scenario, const struct operator_spec *person)
{
    const struct operator_spec *next = person;
    for (uint32_t i = 0; i < OPERATORS_MAX && next != NULL; i++) {
        next = next->escalate_to[0] == '\0' ? NULL : find_person(scenario, next->escalate_to);
        if (next == person) return true;
    }
    return false;
}

static void refuse_relief(const struct person_case *about)
{
    struct valid_names names = {.count = 0};
    struct text hint = {0};
    for (uint32_t i = 0; i < about->scenario->drill.operator_count; i++) {
        const struct operator_spec *const other = &about->scenario->drill.operators[i];
        if (other != about->person) valid_names_add(&names, other->id);
    }
    valid_names_hint(&names, about->person->escalate_to, "there is no other operator", &hint);
    err_add(about->list, of_person(about, "escalate_to"), hint.bytes,
            "no operator is called \"%s\"", about->person->escalate_to);
    text_release(&hint);
}

static void validate_relief(const struct person_case *about)
{
    const struct operator_spec *const person = about->person;
    const bool relieved = person->escalate_to[0] != '\0';
    if (relieved && find_person(about->scenario, person->escalate_to) == NULL) {
        refuse_relief(about);
    } else if (relieved && goes_round(about->scenario, person)) {
        err_add(about->list, of_person(about, "escalate_to"), NULL,
                "what is escalated from \"%s\" comes back to \"%s\"", person->id, person->id);
    }
    if (relieved && person->ack_timeout_us < 0) {
        err_warn(about->list, of_person(about, "escalate_to"), "give \"ack_timeout\": \"5m\"",
                 "\"%s\" is waited for without end, so nobody is told instead", person->id);
    } else if (!relieved && person->ack_timeout_us >= 0) {
        err_warn(about->list, of_person(about, "ack_timeout"), "say \"escalate_to\"",
                 "\"ack_timeout\" means nothing where nobody else can be told");
    }
}

static void validate_use(const struct person_case *about)
{
    const struct operator_spec *const person = about->person;
    const bool relief = is_relief(about->scenario, person);
    if (person->step_count == 0 && !relief) {
        err_add(about->list, person->place,
                "who has no \"steps\" does those of the operator that it relieves",
                "operator \"%s\" has nothing to do: nobody escalates to it", person->id);
    } else if (person->trigger_count == 0 && !relief) {
        err_warn(about->list, person->place, "give \"triggers\": [{\"on_alert\": \"page\"}]",
                 "nothing calls for operator \"%s\"", person->id);
    } else if (person->step_count == 0 && person->trigger_count > 0) {
        err_warn(about->list, of_person(about, "triggers"), NULL,
                 "operator \"%s\" has no steps of its own to do when called for", person->id);
    }
}

static void validate_id(const struct person_case *about, uint32_t index)
{
    const char *const id = about->person->id;
    if (strcmp(id, "rollback") == 0) {
        err_add(about->list, of_person(about, "id"), "steps of rollbacks bear the name",
                "an operator cannot be called \"rollback\"");
    }
    for (uint32_t i = 0; i < index; i++) {
        const struct operator_spec *const other = &about->scenario->drill.operators[i];
        if (strcmp(other->id, id) != 0) continue;
        err_add(about->list, of_person(about, "id"), NULL,
                "two operators are called \"%s\"; the other stands in line %u", id,
                (unsigned)other->place.line);
        return;
    }
}

static void validate_person(const struct person_case *about)
{
    const struct operator_spec *const person = about->person;
    char owner[sizeof person->id + 32];
    (void)snprintf(owner, sizeof owner, "the time until \"%s\" answers", person->id);
    scenario_validate_law(about->scenario, &person->ack, owner, about->list);
    for (uint32_t t = 0; t < person->trigger_count; t++) {
        const struct trigger_spec *const trigger = &person->triggers[t];
        if (scenario_is_refused(about->scenario, trigger, sizeof *trigger)) continue;
        validate_trigger(about, trigger);
    }
    validate_relief(about);
    if (scenario_is_refused(about->scenario, person, sizeof *person)) return;
    validate_use(about);
}

void scenario_validate_operators(struct scenario *scenario, struct err_list *list)
{
    const struct drill_spec *const drill = &scenario->drill;
    if (drill->operator_count == 0 && drill->rollbacks.step_count == 0) return;
    struct steps_case all = {.scenario = scenario, .list = list, .seen = {.count = 0}};
    all.deployment = memory_zeroed(sizeof *all.deployment);
    for (uint32_t i = 0; i < drill->operator_count; i++) {
        const struct person_case about = {
            .scenario = scenario, .person = &drill->operators[i], .list = list};
        if (about.person->id[0] != '\0') {
            validate_id(&about, i);
            validate_person(&about);
        }
        validate_steps(&all, about.person->steps, about.person->step_count);
    }
    validate_steps(&all, drill->rollbacks.steps, drill->rollbacks.step_count);
    free(all.deployment);
}
