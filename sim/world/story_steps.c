/* What a step does, and how one knows how it went. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/story_state.h"

static const struct step_spec *step_of(const struct story *story, uint32_t a)
{
    uint32_t count;
    const struct step_spec *steps = story_steps_of(story, a, &count);
    assert(story->actors[a].step < count);
    return &steps[story->actors[a].step];
}

static uint8_t whose_steps(const struct story *story, uint32_t a)
{
    return (uint8_t)(a == ROLLBACK_ACTOR ? ROLLBACK_ACTOR : story->actors[a].whose);
}

static uint64_t draw(const struct story *story, enum random_purpose purpose, uint32_t a)
{
    const struct actor *actor = &story->actors[a];
    return random_draw(story->seed_r,
                       random_what(purpose, actor->whose, a, actor->step, actor->runs));
}

/* --- mistakes ------------------------------------------------------------------------------------
 */

static enum mistake_kind mistake_in(const struct story *story, uint32_t a,
                                    const struct step_spec *step)
{
    if (step->mistake == MISTAKE_NONE) return MISTAKE_NONE;
    const double luck = random_unit(draw(story, RANDOM_MISTAKE, a));
    return luck < step->mistake_share ? step->mistake : MISTAKE_NONE;
}

/* Which letter is lost follows from the key alone, so that repeats make the same typo: one with a
 * letter on both sides, as fingers slip. */
static void lose_a_letter(char *key)
{
    const size_t length = strlen(key);
    if (length < 3) return;
    const size_t at = 1 + random_hash_text(key) % (length - 2);
    memmove(key + at, key + at + 1, length - at);
}

/* LOOPGPT_KROGER_MOCK -> LOOPGPT_WALMART_MOCK: the next provider in the registry. */
static void take_another_provider(char key[ENV_KEY_MAX])
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const char *word = provider_traits[p].key;
        char *at = strstr(key, word);
        if (at == NULL) continue;
        const char *other = provider_traits[(p + 1) % PROVIDER_COUNT].key;
        char made[ENV_KEY_MAX * 2];
        (void)snprintf(made, sizeof made, "%.*s%s%s", (int)(at - key), key, other,
                       at + strlen(word));
        if (strlen(made) < ENV_KEY_MAX) (void)strcpy(key, made);
        return;
    }
}

static void spoil_value(char *value, size_t size)
{
    if (strcmp(value, "true") == 0) {
        (void)snprintf(value, size, "ture");
    } else if (strcmp(value, "false") == 0) {
        (void)snprintf(value, size, "flase");
    } else if (strlen(value) + 1 < size) {
        (void)strcat(value, "0"); /* ten times too large */
    }
}

struct doing { /* a step as it is done, mistakes included */
    char key[ENV_KEY_MAX];
    char value[ENV_VALUE_MAX];
    int provider;
};

static struct doing as_done(const struct step_spec *step, enum mistake_kind mistake)
{
    struct doing doing = {.provider = step->provider};
    (void)snprintf(doing.key, sizeof doing.key, "%s", step->key);
    (void)snprintf(doing.value, sizeof doing.value, "%s", step->value);
    switch (mistake) {
    case MISTAKE_NONE:
    case MISTAKE_FORGOTTEN:
        break;
    case MISTAKE_TYPO:
        lose_a_letter(doing.key);
        break;
    case MISTAKE_WRONG_PROVIDER:
        take_another_provider(doing.key);
        if (doing.provider >= 0) doing.provider = (doing.provider + 1) % PROVIDER_COUNT;
        break;
    case MISTAKE_WRONG_VALUE:
        spoil_value(doing.value, sizeof doing.value);
        break;
    case MISTAKE_COUNT:
        assert(!"a mistake outside its enum");
    }
    return doing;
}

/* --- beginning -----------------------------------------------------------------------------------
 */

/* For people. Secrets are not shown, whatever they are set to. */
static const char *in_words(struct story *story, const struct step_spec *step,
                            const struct doing *doing)
{
    const char *who = doing->provider >= 0 ? provider_traits[doing->provider].id : "";
    switch (step->verb) {
    case STEP_SET:
        return story_text(story, "%s = %s", doing->key,
                          config_key_is_secret(doing->key) ? "[hidden]" : doing->value);
    case STEP_UNSET:
        return story_text(story, "%s", doing->key);
    case STEP_REDEPLOY:
        return "redeploy";
    case STEP_ROTATE:
        return story_text(story, "%s%s", who, step->store ? "" : ", not stored");
    case STEP_VERIFY:
        return step->probe;
    case STEP_REQUEST:
        return story_text(story, "a test order, as %s",
                          step->payload == PROFILE_AS_CODED ? "the code takes it"
                                                            : "the runbook writes it");
    case STEP_HEALTH_CHECK:
        return "health check";
    case STEP_WAIT_UNTIL:
        return story_text(story, "%s%s%s", wait_for_names[step->when],
                          step->alert[0] != '\0' ? ": " : "", step->alert);
    case STEP_ROLLBACK:
        return "settings as at the start";
    case STEP_NOTE:
    case STEP_FAIL:
        return step->text;
    case STEP_VERB_COUNT:
        break;
    }
    assert(!"a verb outside its enum");
    return "";
}

static int64_t time_by_default_us(enum step_verb verb)
{
    switch (verb) {
    case STEP_SET:
    case STEP_UNSET:
    case STEP_ROTATE:
    case STEP_ROLLBACK:
        return 30 * US_PER_SECOND;
    case STEP_REQUEST:
    case STEP_HEALTH_CHECK:
        return 5 * US_PER_SECOND;
    case STEP_REDEPLOY:
    case STEP_VERIFY:
    case STEP_WAIT_UNTIL:
    case STEP_NOTE:
    case STEP_FAIL:
        return 0;
    case STEP_VERB_COUNT:
        break;
    }
    assert(!"a verb outside its enum");
    return 0;
}

static int64_t time_of(struct story *story, uint32_t a, const struct step_spec *step,
                       int64_t now_us)
{
    const uint64_t bits = draw(story, RANDOM_STEP, a);
    const uint32_t of = whose_steps(story, a);
    if (step->takes.kind != LAW_KIND_COUNT) {
        return law_draw(&story->step_laws[of][story->actors[a].step], bits, now_us);
    }
    if (step->verb == STEP_REDEPLOY) return law_draw(&story->redeploy_law, bits, now_us);
    const double pace = story->drill->pace;
    const int64_t usual_us = time_by_default_us(step->verb);
    return pace > 1.0 ? (int64_t)((double)usual_us / pace) : usual_us;
}

void story_step_begin(struct story *story, uint32_t a, int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    const struct step_spec *step = step_of(story, a);
    actor->mistake = mistake_in(story, a, step);
    const struct doing doing = as_done(step, actor->mistake);
    actor->began_us = now_us;
    actor->holds_since_us = actor->met_us = INT64_MAX;
    actor->began = story_note(story, &(struct story_entry){.at_us = now_us,
                                                           .kind = STORY_STEP_BEGAN,
                                                           .index = (uint16_t)a,
                                                           .whose = whose_steps(story, a),
                                                           .step = (int16_t)actor->step,
                                                           .cause = actor->cause,
                                                           .text = in_words(story, step, &doing)});
    actor->state = ACTOR_WORKING;
    actor->due_us = now_us;
    if (actor->mistake != MISTAKE_FORGOTTEN) actor->due_us += time_of(story, a, step, now_us);
}

/* --- ending --------------------------------------------------------------------------------------
 */

void story_step_end(struct story *story, uint32_t a, enum step_outcome outcome, const char *why,
                    int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    const struct step_spec *step = step_of(story, a);
    (void)story_note(story, &(struct story_entry){.at_us = now_us,
                                                  .kind = STORY_STEP_ENDED,
                                                  .index = (uint16_t)a,
                                                  .whose = whose_steps(story, a),
                                                  .step = (int16_t)actor->step,
                                                  .cause = actor->began,
                                                  .outcome = outcome,
                                                  .text = story->entries[actor->began].text,
                                                  .why = why});
    const int32_t began = actor->began;
    actor->began = -1;
    uint32_t count;
    (void)story_steps_of(story, a, &count);
    bool goes_on = actor->step + 1 < count && step->verb != STEP_FAIL &&
                   (!story->stopped || a == ROLLBACK_ACTOR);
    if (outcome == STEP_FAILED && step->on_failure != ON_FAILURE_CONTINUE) {
        goes_on = false;
        /* After a stop it is the rollbacks' strategy that decides. */
        if (step->on_failure == ON_FAILURE_ROLLBACK && !story->stopped) {
            story_rollback_begin(story, began, now_us);
        }
    }
    if (!goes_on) {
        actor->state = ACTOR_OVER;
        actor->due_us = INT64_MAX;
        return;
    }
    actor->step++;
    story_step_begin(story, a, now_us);
}

/* --- doing ---------------------------------------------------------------------------------------
 */

/* A change of the secrets; where they need no deployment, that is under way now. */
static void take_up_secrets(struct story *story, int32_t cause, int64_t now_us)
{
    switch (story->scenario->deployment.propagation) {
    case PROPAGATE_ON_DEPLOY:
        return;
    case PROPAGATE_ON_COLD_START:
        if (story->recycle_us < INT64_MAX || !deployment_pending(&story->deployment)) return;
        story->recycle_us =
            now_us + law_draw(&story->recycle_law,
                              random_draw(story->seed_r,
                                          random_what(RANDOM_RECYCLE, 0, 0, story->recycles++, 0)),
                              now_us);
        story->recycle_cause = cause;
        return;
    case PROPAGATE_IMMEDIATE:
        story_go_live(story, cause, "taken up at once", now_us);
        return;
    case PROPAGATION_COUNT:
        break;
    }
    assert(!"a propagation outside its enum");
}

static void set_key(struct story *story, uint32_t a, const struct step_spec *step, int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    const struct doing doing = as_done(step, actor->mistake);
    const struct deployment_change change =
        deployment_set(&story->deployment, doing.key, step->verb == STEP_SET ? doing.value : NULL);
    const int32_t cause = actor->began;
    if (change.effect == EFFECT_WILL_CHANGE) {
        take_up_secrets(story, cause, now_us);
        story_step_end(story, a, STEP_DONE, "", now_us);
        return;
    }
    const char *why =
        story_text(story, "%s%s%s", change.why, change.hint[0] != '\0' ? "; " : "", change.hint);
    story_step_end(story, a, STEP_NO_EFFECT, why, now_us);
}

static void redeploy(struct story *story, uint32_t a, int64_t now_us)
{
    const bool pending = deployment_pending(&story->deployment);
    story_go_live(story, story->actors[a].began, "deployed", now_us);
    story_step_end(story, a, STEP_DONE,
                   pending ? "" : "no setting had changed; tokens and caches are new", now_us);
}

static void rotate(struct story *story, uint32_t a, const struct step_spec *step, int64_t now_us)
{
    const struct doing doing = as_done(step, story->actors[a].mistake);
    const enum provider provider = (enum provider)doing.provider;
    const uint64_t credential =
        story->port.rotate(story->port.context, provider, step->overlap_us, now_us);
    if (credential == 0) {
        story_step_end(story, a, STEP_FAILED, "only a mock provider's credential can be rotated",
                       now_us);
        return;
    }
    if (!step->store) {
        story_step_end(story, a, STEP_DONE,
                       "the new credential is not in the secrets: the router keeps the old one",
                       now_us);
        return;
    }
    deployment_hold(&story->deployment, provider, credential);
    take_up_secrets(story, story->actors[a].began, now_us);
    story_step_end(story, a, STEP_DONE, "", now_us);
}

static void poll_again(struct story *story, uint32_t a, int64_t now_us)
{
    const int64_t every_us = story->drill->hypothesis.frequency_us;
    story->actors[a].state = ACTOR_POLLING;
    story->actors[a].due_us = (now_us / every_us + 1) * every_us;
}

/* With its unit, for people. */
static const char *unmet_text(struct story *story, const struct probe_spec *probe, double value)
{
    const enum metric_unit unit = signal_traits[probe->signal].unit;
    if (unit == UNIT_SHARE) return story_text(story, "it did not hold: %.3g%%", 100.0 * value);
    if (unit == UNIT_MS) return story_text(story, "it did not hold: %.0f ms", value);
    return story_text(story, "it did not hold: %.6g", value);
}

static void look_no_later(struct actor *actor, int64_t at_us, int64_t now_us)
{
    if (at_us > now_us && at_us < actor->due_us) actor->due_us = at_us;
}

/* It has to begin to hold by the deadline, and then to hold on: it is looked at by `frequency`, at
 * the deadline, and when it would have held long enough. What is too thin then has not been seen
 * to. */
static void verify(struct story *story, uint32_t a, const struct step_spec *step, int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    const struct probe_spec *probe = story_probe_named(story, step->probe);
    assert(probe != NULL);
    struct signal_value value;
    const int64_t look_us = now_us / US_PER_SECOND * US_PER_SECOND;
    const int64_t deadline_us = actor->began_us + step->eventually_within_us;
    const int met = story_probe_now(story, probe, look_us, &value);
    if (met == 1 && actor->holds_since_us == INT64_MAX) actor->holds_since_us = now_us;
    if (met == 0) actor->holds_since_us = INT64_MAX;
    const bool counts = actor->holds_since_us <= deadline_us;
    const int64_t held_us = counts ? actor->holds_since_us + step->holds_for_us : INT64_MAX;
    if (met == 1 && now_us >= held_us) {
        story_step_end(story, a, STEP_DONE, "", now_us);
        return;
    }
    if (now_us < deadline_us || (met != 0 && counts && now_us < held_us)) {
        poll_again(story, a, now_us);
        look_no_later(actor, deadline_us, now_us);
        look_no_later(actor, held_us, now_us);
        return;
    }
    const char *why =
        met < 0 ? "there was too little to judge by" : unmet_text(story, probe, value.value);
    story_step_end(story, a, STEP_FAILED, why, now_us);
}

static bool wait_is_met(const struct story *story, const struct step_spec *step, int64_t now_us)
{
    const unsigned scope = step->provider >= 0 ? (unsigned)step->provider : SCOPE_EACH_PROVIDER;
    switch (step->when) {
    case WAIT_NOTHING:
        return true;
    case WAIT_FAULT_CLEARED:
        return now_us >= story->facts.last_clear_us || story->turn_count == 0;
    case WAIT_ALERT_RESOLVED:
        return !alerts_firing(&story->alerts, step->alert, scope);
    case WAIT_ALERT_FIRING:
        return alerts_firing(&story->alerts, step->alert, scope);
    case WAIT_HYPOTHESIS:
        return !story->hypothesis_lost;
    case WAIT_COUNT:
        break;
    }
    assert(!"a wait outside its enum");
    return true;
}

static void wait_until(struct story *story, uint32_t a, const struct step_spec *step,
                       int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    if (actor->met_us == INT64_MAX && wait_is_met(story, step, now_us)) actor->met_us = now_us;
    if (actor->met_us < INT64_MAX) {
        if (now_us >= actor->met_us + step->plus_us) {
            story_step_end(story, a, STEP_DONE, "", now_us);
            return;
        }
        actor->state = ACTOR_POLLING;
        actor->due_us = actor->met_us + step->plus_us;
        return;
    }
    if (step->at_most_us >= 0 && now_us - actor->began_us >= step->at_most_us) {
        story_step_end(story, a, STEP_FAILED, "waited for in vain", now_us);
        return;
    }
    poll_again(story, a, now_us);
    if (step->at_most_us >= 0 && actor->due_us > actor->began_us + step->at_most_us) {
        actor->due_us = actor->began_us + step->at_most_us;
    }
}

static void await_answer(struct story *story, uint32_t a, const struct step_spec *step,
                         int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    actor->state = ACTOR_AWAITING;
    actor->ticket = ++story->tickets;
    if (step->verb == STEP_REQUEST) {
        story->port.request(story->port.context, actor->ticket, step->payload, now_us);
    } else {
        story->port.health_check(story->port.context, actor->ticket, now_us);
    }
}

void story_answered(struct story *story, uint32_t ticket, bool good, const char *text,
                    int64_t now_us)
{
    for (uint32_t a = 0; a < ACTORS_MAX; a++) {
        struct actor *actor = &story->actors[a];
        if (actor->state != ACTOR_AWAITING || actor->ticket != ticket) continue;
        story_step_end(story, a, good ? STEP_DONE : STEP_FAILED, text, now_us);
        return;
    }
}

static void roll_back(struct story *story, uint32_t a, int64_t now_us)
{
    deployment_reset(&story->deployment, &story->scenario->env);
    const bool pending = deployment_pending(&story->deployment);
    if (pending) take_up_secrets(story, story->actors[a].began, now_us);
    story_step_end(story, a, pending ? STEP_DONE : STEP_NO_EFFECT,
                   pending ? "" : "the settings are those of the start", now_us);
}

void story_step_due(struct story *story, uint32_t a, int64_t now_us)
{
    struct actor *actor = &story->actors[a];
    const struct step_spec *step = step_of(story, a);
    if (actor->mistake == MISTAKE_FORGOTTEN) {
        story_step_end(story, a, STEP_SKIPPED, "forgotten", now_us);
        return;
    }
    switch (step->verb) {
    case STEP_SET:
    case STEP_UNSET:
        set_key(story, a, step, now_us);
        return;
    case STEP_REDEPLOY:
        redeploy(story, a, now_us);
        return;
    case STEP_ROTATE:
        rotate(story, a, step, now_us);
        return;
    case STEP_VERIFY:
        verify(story, a, step, now_us);
        return;
    case STEP_REQUEST:
    case STEP_HEALTH_CHECK:
        await_answer(story, a, step, now_us);
        return;
    case STEP_WAIT_UNTIL:
        wait_until(story, a, step, now_us);
        return;
    case STEP_ROLLBACK:
        roll_back(story, a, now_us);
        return;
    case STEP_NOTE:
    case STEP_FAIL:
        story_step_end(story, a, STEP_DONE, "", now_us);
        return;
    case STEP_VERB_COUNT:
        break;
    }
    assert(!"a verb outside its enum");
}
