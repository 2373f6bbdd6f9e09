/* Which alerts fired, which steps had an effect, which probes held: repeat 0 in full, the others in
 * counts. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sim/analysis/drill_state.h"

/* --- one repeat ----------------------------------------------------------------------------------
 */

void drill_note_detail(const struct drill_play *play, struct drill_detail *detail)
{
    for (uint32_t i = 0; i < DRILL_ALERT_SLOTS; i++)
        detail->fired_us[i] = detail->any_fired_us[i] = INT64_MAX;
    memset(detail->outcomes, STEP_NOT_REACHED, DRILL_STEPS_MAX);
    const struct story_facts *facts = play->facts;
    for (uint32_t i = 0; i < facts->entry_count; i++) {
        const struct story_entry *entry = &facts->entries[i];
        if (entry->kind == STORY_FIRED) {
            const uint32_t slot = drill_alert_slot(entry->index, entry->scope);
            int64_t *any_us = &detail->any_fired_us[slot], *its_us = &detail->fired_us[slot];
            if (*any_us == INT64_MAX) *any_us = entry->at_us;
            if (*its_us == INT64_MAX && !play->false_entry[i]) *its_us = entry->at_us;
        }
        if (entry->kind == STORY_STEP_ENDED) { /* of what is done again the first time counts */
            uint8_t *outcome =
                &detail->outcomes[drill_step_slot(entry->whose, (uint32_t)entry->step)];
            if (*outcome == STEP_NOT_REACHED) *outcome = (uint8_t)entry->outcome;
        }
    }
    for (uint32_t i = 0; i < play->scenario->drill.hypothesis.probe_count; i++) {
        detail->at_start[i] = facts->probes[i].at_start;
        detail->at_end[i] = facts->probes[i].at_end;
    }
}

static void *copy(struct arena *arena, const void *items, size_t count, size_t size)
{
    if (count == 0) return arena_alloc(arena, 1, size);
    void *copied = arena_alloc(arena, count, size);
    if (copied != NULL) memcpy(copied, items, count * size);
    return copied;
}

static const char *keep(struct arena *arena, const char *text)
{
    const char *kept = text == NULL ? "" : arena_text(arena, text, strlen(text));
    return kept != NULL ? kept : "";
}

static bool keep_burn(const struct drill_play *play, struct drill *drill)
{
    enum { BUCKETS_MAX = 720 };
    const uint32_t seconds = (uint32_t)(play->scenario->duration_us / US_PER_SECOND);
    struct drill_burn *burn = &drill->burn;
    burn->bucket_s = seconds / BUCKETS_MAX + 1;
    burn->count = (seconds + burn->bucket_s - 1) / burn->bucket_s;
    burn->judged = arena_push(&drill->arena, uint32_t, burn->count);
    burn->bad = arena_push(&drill->arena, uint32_t, burn->count);
    burn->control_bad = arena_push(&drill->arena, uint32_t, burn->count);
    if (burn->judged == NULL || burn->bad == NULL || burn->control_bad == NULL) return false;
    if (burn->count == 0) return true;
    for (uint32_t s = 0; s < play->facts->second_count; s++) {
        uint32_t b = s == 0 ? 0 : (s - 1) / burn->bucket_s;
        if (b >= burn->count) b = burn->count - 1;
        burn->judged[b] += play->facts->seconds[s].judged;
        burn->bad[b] += play->facts->seconds[s].bad;
    }
    for (uint32_t s = 0; play->control != NULL && s < play->control->second_count; s++) {
        uint32_t b = s == 0 ? 0 : (s - 1) / burn->bucket_s;
        if (b >= burn->count) b = burn->count - 1;
        burn->control_bad[b] += play->control->seconds[s].bad;
    }
    return true;
}

bool drill_keep_story(const struct drill_play *play, struct drill *drill)
{
    const struct story_facts *facts = play->facts;
    struct arena *arena = &drill->arena;
    struct story_entry *entries = copy(arena, facts->entries, facts->entry_count, sizeof *entries);
    struct story_span *spans = copy(arena, facts->differing, facts->differing_count, sizeof *spans);
    if (entries == NULL || spans == NULL) return false;
    for (uint32_t i = 0; i < facts->entry_count; i++) {
        entries[i].text = keep(arena, entries[i].text);
        entries[i].why = keep(arena, entries[i].why);
    }
    for (uint32_t i = 0; i < facts->differing_count; i++)
        spans[i].text = keep(arena, spans[i].text);
    drill->entries = entries;
    drill->entry_count = facts->entry_count;
    drill->differing = spans;
    drill->differing_count = facts->differing_count;
    drill->test_orders = facts->test_orders;
    memcpy(drill->heat, facts->heat, sizeof drill->heat);
    return keep_burn(play, drill);
}

/* --- alerts --------------------------------------------------------------------------------------
 */

/* Those that a fault is about and that the router calls at the start: who always answers canned
 * quotes, as two do in production's code, is not hit. */
static uint32_t providers_hit(const struct scenario *scenario)
{
    static const uint64_t held[PROVIDER_COUNT] = {1, 1, 1, 1};
    struct router_config config;
    struct err_list ignored = {0};
    uint32_t hit = 0;
    for (uint32_t f = 0; f < scenario->fault_count; f++)
        hit |= scenario->faults[f].provider_mask;
    config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, held, &config,
                &ignored);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!config.providers[p].enabled || config.providers[p].forced_mock) hit &= ~(1u << p);
    }
    return hit;
}

/* What the file expects of an instance: 1 to fire, 0 not to, -1 nothing. An expectation that names
 * no provider is about those that are hit. */
static int expected_of(const struct scenario *scenario, const struct alert_rule *rule,
                       unsigned scope)
{
    for (uint32_t i = 0; i < scenario->drill.expect_count; i++) {
        const struct expect_spec *expect = &scenario->drill.expects[i];
        if (expect->kind != EXPECT_ALERT || strcmp(expect->alert, rule->name) != 0) continue;
        if (expect->provider >= 0 && (unsigned)expect->provider != scope) continue;
        if (expect->must_not_fire) return 0;
        if (expect->provider >= 0 || scope == (unsigned)SCOPE_ROUTER) return 1;
        if ((providers_hit(scenario) >> scope & 1u) != 0) return 1;
    }
    return -1;
}

static void judge_alert(const struct scenario *scenario, const struct drill *drill,
                        struct drill_alert *alert)
{
    const struct alert_rule *rule = &drill->rules[alert->rule];
    const int expected = expected_of(scenario, rule, alert->scope);
    alert->expected_by_file = expected >= 0;
    if (expected >= 0) {
        alert->should_fire = expected == 1;
        return;
    }
    /* Of the router's rules nobody but the file knows which are about this disaster. */
    const bool hit =
        alert->scope != SCOPE_ROUTER && (providers_hit(scenario) >> alert->scope & 1u) != 0;
    alert->should_fire = rule->severity == SEVERITY_PAGE && hit;
}

/* The first episode that is the fault's, and how many there were of either kind. */
static void follow_episodes(const struct drill *drill, const bool *false_entry,
                            struct drill_alert *alert)
{
    int64_t pending_us = INT64_MAX;
    bool first = false; /* within the first of the fault's */
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->index != alert->rule || entry->scope != alert->scope) continue;
        switch ((int)entry->kind) {
        case STORY_PENDING:
            pending_us = entry->at_us;
            break;
        case STORY_RESET:
            pending_us = INT64_MAX;
            break;
        case STORY_FIRED:
            alert->episodes++;
            alert->false_episodes += false_entry[i];
            first = alert->fired_us == INT64_MAX && !false_entry[i];
            if (!first) break;
            alert->fired_us = entry->at_us;
            alert->pending_us = pending_us < INT64_MAX ? pending_us : entry->at_us;
            break;
        case STORY_TOLD:
            if (first && alert->told_us == INT64_MAX) alert->told_us = entry->at_us;
            break;
        case STORY_RESOLVED:
            if (first) alert->resolved_us = entry->at_us;
            first = false;
            pending_us = INT64_MAX;
            break;
        default:
            break;
        }
    }
    if (alert->fired_us == INT64_MAX) alert->pending_us = pending_us;
}

static bool audit_alerts(const struct scenario *scenario, const struct drill_detail *details,
                         struct drill *drill)
{
    drill->rule_count = scenario->alerts.rule_count;
    struct alert_rule *rules = arena_push(&drill->arena, struct alert_rule, drill->rule_count + 1);
    drill->alerts = arena_push(&drill->arena, struct drill_alert, DRILL_INSTANCES_MAX);
    if (rules == NULL || drill->alerts == NULL) return false;
    drill->rules = rules;
    drill->reading = scenario->alerts.reading;
    drill->interval_us = scenario->alerts.interval_us;
    for (uint32_t r = 0; r < drill->rule_count; r++) {
        rules[r] = alert_rule_read_as(&scenario->alerts.rules[r], scenario->alerts.reading);
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            const bool each = rules[r].scope == SCOPE_EACH_PROVIDER && s != SCOPE_ROUTER;
            if (!(each && story_watches(scenario, (enum provider)s)) && rules[r].scope != s)
                continue;
            assert(drill->alert_count < DRILL_INSTANCES_MAX);
            struct drill_alert *alert = &drill->alerts[drill->alert_count++];
            *alert = (struct drill_alert){.rule = (uint16_t)r,
                                          .scope = (uint8_t)s,
                                          .pending_us = INT64_MAX,
                                          .fired_us = INT64_MAX,
                                          .resolved_us = INT64_MAX,
                                          .told_us = INT64_MAX};
            judge_alert(scenario, drill, alert);
            follow_episodes(drill, drill->false_entries, alert);
            for (uint32_t i = 0; i < drill->repeats; i++) {
                if (drill->each[i].left_out) continue;
                alert->repeats_fired += details[i].fired_us[drill_alert_slot(r, s)] < INT64_MAX;
            }
        }
    }
    return true;
}

/* --- steps ---------------------------------------------------------------------------------------
 */

static const char *step_id(struct drill *drill, const struct step_spec *spec, const char *owner,
                           uint32_t index)
{
    if (spec->id[0] != '\0') return keep(&drill->arena, spec->id);
    char id[DRILL_ID_MAX + 16];
    (void)snprintf(id, sizeof id, "%s.%u", owner, (unsigned)index + 1);
    return keep(&drill->arena, id);
}

/* The entry that set an operator going: an alert, an escalation, the clock. */
static const char *cause_of(struct drill *drill, int32_t began)
{
    int32_t at = drill->entries[began].cause; /* the acknowledgement */
    if (at >= 0) at = drill->entries[at].cause;
    while (at >= 0 && drill->entries[at].kind == STORY_ESCALATED)
        at = drill->entries[at].cause;
    if (at < 0) return "the clock";
    const struct story_entry *entry = &drill->entries[at];
    char text[ALERT_NAME_MAX + 64];
    if (entry->kind != STORY_TOLD) {
        (void)snprintf(text, sizeof text, "%s", entry->text);
    } else if (entry->scope == SCOPE_ROUTER) {
        (void)snprintf(text, sizeof text, "alert %s", entry->text);
    } else {
        (void)snprintf(text, sizeof text, "alert %s (%s)", entry->text,
                       provider_traits[entry->scope].id);
    }
    return keep(&drill->arena, text);
}

static void follow_step(struct drill *drill, uint32_t whose, uint32_t index,
                        struct drill_step *step)
{
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->whose != whose || entry->step != (int)index) continue;
        if (entry->kind == STORY_STEP_BEGAN && step->began_us == INT64_MAX) {
            step->began_us = entry->at_us;
            step->what = entry->text;
            step->cause = cause_of(drill, (int32_t)i);
        }
        if (entry->kind == STORY_STEP_ENDED && step->ended_us == INT64_MAX) {
            step->ended_us = entry->at_us;
            step->outcome = entry->outcome;
            step->why = entry->why;
        }
    }
}

static void audit_step(const struct drill_detail *details, struct drill *drill, uint32_t whose,
                       const char *owner, const struct step_spec *spec, uint32_t index)
{
    struct drill_step *step = &drill->steps[drill->step_count++];
    *step = (struct drill_step){
        .operator_index = whose == OPERATORS_MAX ? -1 : (int)whose,
        .operator_id = keep(&drill->arena, owner),
        .id = step_id(drill, spec, owner, index),
        .verb = step_verb_names[spec->verb],
        .what = keep(&drill->arena, spec->key[0] != '\0' ? spec->key : spec->text),
        .runbook = keep(&drill->arena, spec->runbook),
        .outcome = STEP_NOT_REACHED,
        .began_us = INT64_MAX,
        .ended_us = INT64_MAX,
        .why = "",
        .cause = "",
        .place = spec->place};
    step->place.file = keep(&drill->arena, spec->place.file);
    follow_step(drill, whose, index, step);
    for (uint32_t i = 0; i < drill->repeats; i++) {
        if (drill->each[i].left_out) continue;
        step->outcomes[details[i].outcomes[drill_step_slot(whose, index)]]++;
    }
}

static bool audit_steps(const struct scenario *scenario, const struct drill_detail *details,
                        struct drill *drill)
{
    const struct drill_spec *spec = &scenario->drill;
    drill->operator_count = spec->operator_count;
    const char **ids = arena_push(&drill->arena, const char *, spec->operator_count + 1u);
    drill->steps = arena_push(&drill->arena, struct drill_step, DRILL_STEPS_MAX);
    if (ids == NULL || drill->steps == NULL) return false;
    drill->operator_ids = ids;
    for (uint32_t o = 0; o < spec->operator_count; o++) {
        const struct operator_spec *operator= & spec->operators[o];
        ids[o] = keep(&drill->arena, operator->id);
        for (uint32_t s = 0; s < operator->step_count; s++)
            audit_step(details, drill, o, operator->id, &operator->steps[s], s);
    }
    for (uint32_t s = 0; s < spec->rollbacks.step_count; s++) {
        audit_step(details, drill, OPERATORS_MAX, "rollback", &spec->rollbacks.steps[s], s);
    }
    return true;
}

/* --- probes --------------------------------------------------------------------------------------
 */

static bool audit_probes(const struct scenario *scenario, const struct drill_detail *details,
                         struct drill *drill)
{
    const struct hypothesis_spec *hypothesis = &scenario->drill.hypothesis;
    drill->probe_count = hypothesis->probe_count;
    drill->probes = arena_push(&drill->arena, struct drill_probe, hypothesis->probe_count + 1u);
    if (drill->probes == NULL) return false;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *spec = &hypothesis->probes[i];
        struct drill_probe *probe = &drill->probes[i];
        char limit[64];
        (void)snprintf(limit, sizeof limit, "%s %s", check_operator_names[spec->op],
                       spec->limit_text);
        probe->name = keep(&drill->arena, spec->name);
        probe->metric = keep(&drill->arena, spec->metric);
        probe->limit = keep(&drill->arena, limit);
        probe->unit = signal_traits[spec->signal].unit;
        probe->mode = spec->mode;
        probe->seen = drill->story_probes[i];
        for (uint32_t r = 0; r < drill->repeats; r++) {
            probe->repeats_met_at_start += details[r].at_start[i] == 1;
            probe->repeats_met_at_end += details[r].at_end[i] == 1;
        }
    }
    return true;
}

bool drill_audit(const struct scenario *scenario, const struct drill_detail *details,
                 struct drill *drill)
{
    return audit_alerts(scenario, details, drill) && audit_steps(scenario, details, drill) &&
           audit_probes(scenario, details, drill);
}
