/* Secrets and deploys: what a responder changes, and whether anybody reads it. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/runbook_state.h"

/* ---- credentials ---- */

/* Whose credential a key is a part of; PROVIDER_COUNT: of none. */
static enum provider provider_of_credential(const char *key)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        for (unsigned pair = PAIR_OWN; pair <= PAIR_OTHER; pair++) {
            const struct credential_keys *const keys =
                config_pair_keys((enum provider)p, (enum config_pair)pair);
            if (keys == NULL) continue;
            if (strcmp(key, keys->secret) == 0 || (keys->id != NULL && strcmp(key, keys->id) == 0))
                return (enum provider)p;
        }
    return PROVIDER_COUNT;
}

/* Which system of a provider is meant is no part of a simulation. */
static bool is_of_the_real_one(const char *key)
{
    if (provider_of_credential(key) != PROVIDER_COUNT) return false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        for (const char *const *known = config_credential_keys((enum provider)p); *known != NULL;
             known++)
            if (strcmp(*known, key) == 0) return true;
    return false;
}

/* The provider has issued a new credential, and the responder stores it. */
static void store_credential(struct runbook_state *state, enum provider provider, uint32_t index)
{
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    state->generation++;
    deployment_hold(&state->deployment, provider, state->generation);
    runbook_works(outcome, runbook_say(state, "%s's new credential is stored",
                                       provider_traits[provider].short_name));
}

/* ---- set and unset ---- */

static void say_change(struct runbook_state *state, uint32_t index,
                       const struct deployment_change *change)
{
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    /* Which profile reads it stands in the next column. */
    const bool hint = change->hint[0] != '\0' && change->effect != EFFECT_NONE_UNREAD_KEY;
    outcome->hint = hint ? runbook_say(state, "%s", change->hint) : "";
    const char *const why = change->why[0] != '\0' ? runbook_say(state, "%s", change->why) : "";
    switch (change->effect) {
    case EFFECT_WILL_CHANGE:
        runbook_works(outcome, "");
        break;
    case EFFECT_NONE_SAME: /* no fault of the runbook's: in this scenario it was so already */
        runbook_is(outcome, RUNBOOK_WORKS, REASON_ALREADY_SO,
                   runbook_say(state, "no change in this scenario: %s", why), "");
        break;
    case EFFECT_NONE_UNKNOWN_KEY:
        runbook_is(outcome, RUNBOOK_NO_EFFECT, REASON_UNKNOWN_KEY, "", why);
        break;
    case EFFECT_NONE_UNREAD_KEY:
        runbook_is(outcome, RUNBOOK_NO_EFFECT, REASON_UNREAD_KEY, "", why);
        break;
    case EFFECT_NONE_BAD_VALUE:
        runbook_is(outcome, RUNBOOK_NO_EFFECT, REASON_BAD_VALUE, "", why);
        break;
    case EFFECT_NONE_REFUSED:
        runbook_is(outcome, RUNBOOK_FAILS, REASON_REFUSED, "", why);
        break;
    case EFFECT_COUNT:
        assert(!"an effect outside its enum");
    }
}

static void go_live_at_once(struct runbook_state *state, struct runbook_outcome *outcome,
                            uint32_t index)
{
    if (state->play->scenario->deployment.propagation != PROPAGATE_IMMEDIATE) return;
    (void)deployment_go_live(&state->deployment, NULL);
    if (outcome->verdict == RUNBOOK_WORKS) outcome->live_step = (int)index;
}

/* A key about a provider that is left out changes nothing for anybody until it is let in. */
static void note_disabled(struct runbook_state *state, const char *key,
                          struct runbook_outcome *outcome)
{
    static const uint64_t held[PROVIDER_COUNT] = {1, 1, 1, 1};
    struct router_config config;
    struct err_list ignored = {0};
    if (outcome->verdict != RUNBOOK_WORKS || outcome->hint[0] != '\0') return;
    config_read(&state->deployment.secrets.env, state->profile,
                state->play->scenario->policy.live_adapters, held, &config, &ignored);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        char start[ENV_KEY_MAX];
        (void)snprintf(start, sizeof start, "LOOPGPT_%s_", provider_traits[p].key);
        if (config.providers[p].enabled || strncmp(key, start, strlen(start)) != 0) continue;
        outcome->hint = runbook_say(state, "%s is disabled, so no order notices",
                                    provider_traits[p].short_name);
    }
}

void runbook_do_set(struct runbook_state *state, uint32_t index)
{
    const struct runbook_deed *const deed = &state->deeds[index];
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    const enum provider provider = provider_of_credential(deed->key);
    const bool secret = provider != PROVIDER_COUNT && deed->value != NULL;
    if (is_of_the_real_one(deed->key)) {
        runbook_is_unknown(outcome, "which of a provider's systems is meant is not simulated");
        return;
    }
    if (deed->open && !secret) {
        runbook_is_unknown(outcome,
                           "what it does depends on the value that the responder fills in");
        return;
    }
    if (secret && deed->value[0] == '\0') {
        runbook_is_unknown(outcome, "the value is empty");
        return;
    }
    const struct deployment_change change =
        deployment_set(&state->deployment, deed->key, deed->value);
    say_change(state, index, &change);
    const bool read = change.effect == EFFECT_WILL_CHANGE || change.effect == EFFECT_NONE_SAME;
    if (secret && read) store_credential(state, provider, index);
    note_disabled(state, deed->key, outcome);
    go_live_at_once(state, outcome, index);
}

/* ---- list ---- */

static bool holds(const char *text, const char *pattern, bool any_case)
{
    const size_t length = strlen(pattern);
    for (; *text != '\0'; text++)
        if (any_case ? strncasecmp(text, pattern, length) == 0
                     : strncmp(text, pattern, length) == 0)
            return true;
    return length == 0;
}

void runbook_do_list(struct runbook_state *state, uint32_t index)
{
    const struct runbook_deed *const deed = &state->deeds[index];
    const struct env *const env = &state->deployment.secrets.env;
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    unsigned found = 0;
    for (uint32_t i = 0; i < env->count; i++)
        found += deed->pattern == NULL ||
                 holds(env->pairs[i].key, deed->pattern, deed->any_case) != deed->inverted;
    /* A real deployment has keys that a scenario need not name: an empty list proves nothing. */
    runbook_works(outcome, runbook_say(state, "%u of the %u keys that this scenario sets", found,
                                       (unsigned)env->count));
}

/* ---- deploy ---- */

static bool deploys_router(const struct runbook_state *state, const struct runbook_deed *deed)
{
    const char *const router = state->runbook->function;
    return deed->function[0] == '\0' || router[0] == '\0' || strcmp(deed->function, router) == 0;
}

/* The steps of the section before this one that were still waiting are live now. */
static unsigned note_live(struct runbook_state *state, uint32_t index)
{
    struct runbook_step *const steps = state->runbook->steps;
    unsigned count = 0;
    for (uint32_t i = index; i > 0 && steps[i - 1].section == steps[index].section; i--) {
        struct runbook_step *const step = &steps[i - 1];
        struct runbook_outcome *const outcome = &step->outcomes[state->profile];
        if (step->verb != RUNBOOK_SET && step->verb != RUNBOOK_UNSET) continue;
        if (outcome->verdict != RUNBOOK_WORKS || outcome->live_step >= 0) continue;
        outcome->live_step = (int)index;
        count++;
    }
    return count;
}

void runbook_do_deploy(struct runbook_state *state, uint32_t index)
{
    const struct runbook_deed *const deed = &state->deeds[index];
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    char differing[200];
    if (!deploys_router(state, deed)) {
        runbook_is(outcome, RUNBOOK_NO_EFFECT, REASON_OTHER_FUNCTION, "",
                   runbook_say(state, "requests go to %.80s; what runs there keeps its settings",
                               state->runbook->function));
        return;
    }
    const unsigned count = note_live(state, index);
    const bool changed = deployment_go_live(&state->deployment, NULL);
    deployment_describe(&state->deployment, differing, sizeof differing);
    const char *said = "live, and nothing that the router reads has changed";
    if (changed && differing[0] != '\0') said = runbook_say(state, "live: %s", differing);
    if (changed && differing[0] == '\0')
        said = runbook_say(state, "live: %u change%s", count, count == 1 ? "" : "s");
    runbook_works(outcome, said);
}

/* ---- the end of a section ---- */

static bool was_deployed_before(const struct runbook_state *state, uint32_t first, uint32_t index,
                                unsigned *line)
{
    for (uint32_t i = first; i < index; i++) {
        const struct runbook_step *const step = &state->runbook->steps[i];
        if (step->verb != RUNBOOK_DEPLOY || step->outcomes[state->profile].verdict != RUNBOOK_WORKS)
            continue;
        *line = step->place.line;
    }
    return *line > 0;
}

static void settle(struct runbook_state *state, uint32_t first, uint32_t index)
{
    struct runbook_step *const step = &state->runbook->steps[index];
    struct runbook_outcome *const outcome = &step->outcomes[state->profile];
    unsigned line = 0;
    if (outcome->live_step >= 0) {
        const struct runbook_step *const live = &state->runbook->steps[outcome->live_step];
        if (outcome->said[0] == '\0')
            outcome->said = live == step ? "takes effect at once"
                                         : runbook_say(state,
                                                       "takes effect with the deploy in "
                                                       "line %u",
                                                       (unsigned)live->place.line);
        return;
    }
    if (outcome->reason == REASON_ALREADY_SO) return; /* nothing to wait for */
    if (state->play->scenario->deployment.propagation == PROPAGATE_ON_COLD_START) {
        outcome->said = "takes effect when the isolate is recycled, which nobody chooses; a deploy "
                        "would settle it";
        return;
    }
    if (was_deployed_before(state, first, index, &line))
        runbook_is(outcome, RUNBOOK_NO_EFFECT, REASON_DEPLOYED_BEFORE, "",
                   runbook_say(state,
                               "takes effect only with the next deploy, and the last one of this "
                               "section is in line %u, before it",
                               line));
    else
        runbook_is(outcome, RUNBOOK_NO_EFFECT, REASON_NOT_DEPLOYED, "",
                   "takes effect only with the next deploy, and no step of this section deploys");
    outcome->hint = runbook_say(state, "deploy afterwards: supabase functions deploy %s",
                                state->runbook->function);
}

void runbook_settle_section(struct runbook_state *state, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        const struct runbook_step *const step = &state->runbook->steps[i];
        const bool changes = step->verb == RUNBOOK_SET || step->verb == RUNBOOK_UNSET;
        if (changes && step->outcomes[state->profile].verdict == RUNBOOK_WORKS)
            settle(state, first, i);
    }
}
