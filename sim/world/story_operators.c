/* Operators: who is told, when they acknowledge, who is next, and the rollback, which is one too.
 */
#include <assert.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/story_state.h"

static struct actor fresh_actor(uint32_t whose)
{
    return (struct actor){.state = ACTOR_IDLE,
                          .due_us = INT64_MAX,
                          .call_us = INT64_MAX,
                          .whose = whose,
                          .cause = -1,
                          .began = -1,
                          .holds_since_us = INT64_MAX,
                          .met_us = INT64_MAX};
}

/* The first instant after `us` at which the clock calls for an operator. */
static int64_t next_call_us(const struct operator_spec *spec, int64_t us)
{
    int64_t next_us = INT64_MAX;
    for (uint32_t t = 0; t < spec->trigger_count; t++) {
        const int64_t at_us = spec->triggers[t].at_us;
        if (at_us > us && at_us < next_us) next_us = at_us;
    }
    return next_us;
}

void story_actors_begin(struct story *story)
{
    for (uint32_t a = 0; a < ACTORS_MAX; a++) {
        struct actor *actor = &story->actors[a];
        *actor = fresh_actor(a);
        if (a < story->drill->operator_count) {
            actor->call_us = next_call_us(&story->drill->operators[a], -1);
        }
    }
}

const struct step_spec *story_steps_of(const struct story *story, uint32_t actor, uint32_t *count)
{
    if (actor == ROLLBACK_ACTOR) {
        *count = story->drill->rollbacks.step_count;
        return story->drill->rollbacks.steps;
    }
    const struct operator_spec *spec = &story->drill->operators[story->actors[actor].whose];
    *count = spec->step_count;
    return spec->steps;
}

int64_t story_actors_next_us(const struct story *story)
{
    int64_t next_us = INT64_MAX;
    for (uint32_t a = 0; a < ACTORS_MAX; a++) {
        if (story->actors[a].due_us < next_us) next_us = story->actors[a].due_us;
        if (story->actors[a].call_us < next_us) next_us = story->actors[a].call_us;
    }
    return next_us;
}

static bool may_be_told(const struct story *story, uint32_t a)
{
    const struct actor *actor = &story->actors[a];
    if (story->stopped) return false;
    return actor->state == ACTOR_IDLE ||
           (actor->state == ACTOR_OVER && story->drill->operators[a].again);
}

bool story_actors_rest(const struct story *story)
{
    for (uint32_t a = 0; a < ACTORS_MAX; a++) {
        const enum actor_state state = story->actors[a].state;
        if (state != ACTOR_IDLE && state != ACTOR_OVER) return false;
        if (story->actors[a].call_us < INT64_MAX && may_be_told(story, a)) return false;
    }
    return true;
}

/* --- being told ----------------------------------------------------------------------------------
 */

static void tell(struct story *story, uint32_t a, uint32_t whose, int32_t cause, int64_t now_us)
{
    const struct operator_spec *spec = &story->drill->operators[a];
    struct actor *actor = &story->actors[a];
    const uint32_t runs = actor->runs + 1;
    const int64_t call_us = actor->call_us;
    *actor = fresh_actor(spec->step_count > 0 ? a : whose);
    actor->call_us = call_us;
    actor->runs = runs;
    actor->state = ACTOR_TOLD;
    actor->cause = cause;
    const uint64_t bits = random_draw(story->seed_r, random_what(RANDOM_ACK, a, 0, runs, 0));
    const int64_t ack_us = law_draw(&story->ack_laws[a], bits, now_us);
    actor->late_ack =
        spec->ack_timeout_us >= 0 && ack_us > spec->ack_timeout_us && spec->escalate_to[0] != '\0';
    actor->due_us = now_us + (actor->late_ack ? spec->ack_timeout_us : ack_us);
}

/* By the clock nobody has to be told: they begin. */
static void call(struct story *story, uint32_t a, int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    const int64_t call_us = next_call_us(&story->drill->operators[a], now_us);
    actor->call_us = call_us;
    if (!may_be_told(story, a)) return;
    const uint32_t runs = actor->state == ACTOR_IDLE ? actor->runs : actor->runs + 1;
    *actor = fresh_actor(a);
    actor->call_us = call_us;
    actor->runs = runs;
    actor->state = ACTOR_TOLD;
    actor->due_us = now_us;
}

static bool listens_to(const struct trigger_spec *trigger, const struct alert_rule *rule,
                       unsigned scope)
{
    if (trigger->alert[0] == '\0') return false;
    if (trigger->provider >= 0 && (unsigned)trigger->provider != scope) return false;
    return strcmp(trigger->alert, rule->name) == 0 ||
           strcmp(trigger->alert, alert_severity_names[rule->severity]) == 0;
}

/* "a is at work": of somebody who may not be told. */
static const char *why_not(struct story *story, uint32_t a)
{
    const char *id = story->drill->operators[a].id;
    switch (story->actors[a].state) {
    case ACTOR_IDLE: /* the drill was stopped */
        return story_text(story, "%s is not called any more", id);
    case ACTOR_TOLD:
        return story_text(story, "%s has been told already", id);
    case ACTOR_WORKING:
    case ACTOR_POLLING:
    case ACTOR_AWAITING:
        return story_text(story, "%s is at work", id);
    case ACTOR_OVER:
        return story_text(story, "%s is done and comes only once", id);
    }
    assert(!"a state outside its enum");
    return "";
}

static bool listens(const struct story *story, uint32_t a, const struct alert_change *change)
{
    const struct operator_spec *spec = &story->drill->operators[a];
    for (uint32_t t = 0; t < spec->trigger_count; t++) {
        if (listens_to(&spec->triggers[t], &story->alerts.rules[change->rule], change->scope)) {
            return true;
        }
    }
    return false;
}

const char *story_why_nobody(struct story *story, const struct alert_change *change)
{
    const char *why = "";
    for (uint32_t a = 0; a < story->drill->operator_count && !story->stopped; a++) {
        if (!listens(story, a, change)) continue;
        if (may_be_told(story, a)) return "";
        const char *one = why_not(story, a);
        why = why[0] == '\0' ? one : story_text(story, "%s, %s", why, one);
    }
    return why;
}

void story_tell_operators(struct story *story, const struct alert_change *change, int32_t entry)
{
    for (uint32_t a = 0; a < story->drill->operator_count; a++) {
        if (!may_be_told(story, a) || !listens(story, a, change)) continue;
        tell(story, a, a, entry, change->at_us);
    }
}

/* --- acting --------------------------------------------------------------------------------------
 */

static uint32_t operator_named(const struct story *story, const char *id)
{
    uint32_t a = 0;
    while (a < story->drill->operator_count && strcmp(story->drill->operators[a].id, id) != 0)
        a++;
    return a;
}

static void escalate(struct story *story, uint32_t a, int64_t now_us)
{
    const struct operator_spec *spec = &story->drill->operators[a];
    struct actor *actor = &story->actors[a];
    const uint32_t next = operator_named(story, spec->escalate_to);
    assert(next < story->drill->operator_count); /* scenario_validate_drill() has seen to it */
    actor->state = ACTOR_OVER;
    actor->due_us = INT64_MAX;
    const bool free = may_be_told(story, next);
    const int32_t entry =
        story_note(story, &(struct story_entry){.at_us = now_us,
                                                .kind = STORY_ESCALATED,
                                                .index = (uint16_t)next,
                                                .step = -1,
                                                .cause = actor->cause,
                                                .text = spec->escalate_to,
                                                .why = free ? "" : why_not(story, next)});
    if (free) tell(story, next, actor->whose, entry, now_us);
}

static void acknowledge(struct story *story, uint32_t a, int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    if (actor->late_ack) {
        escalate(story, a, now_us);
        return;
    }
    actor->cause = story_note(
        story, &(struct story_entry){.at_us = now_us,
                                     .kind = a == ROLLBACK_ACTOR ? STORY_ROLLBACK : STORY_ACK,
                                     .index = (uint16_t)a,
                                     .step = -1,
                                     .cause = actor->cause,
                                     .text = a == ROLLBACK_ACTOR ? "rollback"
                                                                 : story->drill->operators[a].id});
    actor->step = 0;
    uint32_t count;
    (void)story_steps_of(story, a, &count);
    if (count == 0) {
        actor->state = ACTOR_OVER;
        return;
    }
    story_step_begin(story, a, now_us);
}

void story_actors_due(struct story *story, int64_t now_us)
{
    for (uint32_t a = 0; a < ACTORS_MAX; a++) {
        struct actor *actor = &story->actors[a];
        if (actor->call_us <= now_us) call(story, a, now_us);
        /* A step that takes no time is followed by the next one at once. */
        while (actor->due_us <= now_us) {
            actor->due_us = INT64_MAX;
            if (actor->state == ACTOR_TOLD) {
                acknowledge(story, a, now_us);
            } else {
                story_step_due(story, a, now_us);
            }
        }
    }
}

/* A rollback that has begun goes on to its end. */
void story_actors_stop(struct story *story, int64_t now_us)
{
    for (uint32_t a = 0; a < OPERATORS_MAX; a++) {
        struct actor *actor = &story->actors[a];
        if (actor->state == ACTOR_IDLE || actor->state == ACTOR_OVER) continue;
        if (actor->began >= 0) {
            story_step_end(story, a, STEP_FAILED, "a stop condition ended the drill", now_us);
        }
        actor->state = ACTOR_OVER;
        actor->due_us = INT64_MAX;
    }
}

void story_operator_go(struct story *story, uint32_t operator_index, int64_t now_us)
{
    struct actor *actor = &story->actors[operator_index];
    const uint32_t count = story->drill->operators[operator_index].step_count;
    if (story->stopped) return;
    if (actor->state == ACTOR_IDLE) {
        actor->cause = story->last_told;
        actor->runs = 1;
        acknowledge(story, operator_index, now_us);
    } else if (actor->state == ACTOR_OVER && actor->step + 1 < count) {
        actor->step++;
        story_step_begin(story, operator_index, now_us);
    }
}

void story_rollback_begin(struct story *story, int32_t cause, int64_t now_us)
{
    struct actor *actor = &story->actors[ROLLBACK_ACTOR];
    if (actor->state != ACTOR_IDLE || story->drill->rollbacks.step_count == 0) return;
    story->rolled_back = true;
    actor->state = ACTOR_TOLD;
    actor->cause = cause;
    actor->runs = 1;
    actor->due_us = now_us;
}
