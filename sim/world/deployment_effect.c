#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "router/base/text.h"
#include "sim/world/deployment.h"
#include "sim/world/deployment_state.h"

const char *const deployment_effect_names[EFFECT_COUNT] = {
    "will change", "unknown key", "key that is not read", "bad value", "no change", "refused"};

struct judgement { /* of one key, before it is set */
    const struct deployment *deployment;
    const char *key;
    const char *value; /* NULL: unset */
    const char *was;   /* NULL: not set */
    struct deployment_change change;
};

__attribute__((format(printf, 3, 4))) static bool
say(struct judgement *judgement, enum deployment_effect effect, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(judgement->change.why, sizeof judgement->change.why, format, arguments);
    va_end(arguments);
    judgement->change.effect = effect;
    return true;
}

static void hint(struct judgement *judgement, const char *text)
{
    (void)snprintf(judgement->change.hint, sizeof judgement->change.hint, "%s", text);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* ---- keys that do nothing, whatever they say ---- */

static bool is_unknown(struct judgement *judgement)
{
    for (const char *const *known = config_keys; *known != NULL; known++) {
        if (strcmp(judgement->key, *known) == 0) return false;
    }
    (void)text_suggest(judgement->key, config_keys, judgement->change.hint,
                       sizeof judgement->change.hint);
    return say(judgement, EFFECT_NONE_UNKNOWN_KEY, "%s is no key that the router reads",
               judgement->key);
}

/* Which provider a key "LOOPGPT_<KEY><end>" is about. */
static bool key_is_about(const char *key, const char *end, enum provider *provider)
{
    char middle[ENV_KEY_MAX];
    static const char before[] = "LOOPGPT_";
    if (strncmp(key, before, sizeof before - 1) != 0 || !ends_with(key, end)) return false;
    const size_t length = strlen(key) - (sizeof before - 1);
    if (length <= strlen(end) || length >= sizeof middle) return false;
    memcpy(middle, key + sizeof before - 1, length - strlen(end));
    middle[length - strlen(end)] = '\0';
    return provider_by_key(middle, provider);
}

/* What production's code never looks at, though its runbook sets it. */
static bool is_unread_as_coded(struct judgement *judgement)
{
    enum provider provider;
    const char *const key = judgement->key;
    if (judgement->deployment->profile != PROFILE_AS_CODED) return false;
    if (key_is_about(key, "_TIMEOUT", &provider)) {
        const struct provider_traits *const traits = &provider_traits[provider];
        hint(judgement, "the profile \"as_documented\" reads it");
        return say(judgement, EFFECT_NONE_UNREAD_KEY,
                   "production's code reads %s nowhere: %s's timeout stays at %lld ms", key,
                   traits->short_name,
                   (long long)traits->defaults[PROFILE_AS_CODED].timeout_us / 1000);
    }
    if (!key_is_about(key, "_MOCK", &provider) || provider_traits[provider].live_in_production) {
        return false;
    }
    hint(judgement, "the profile \"as_documented\" reads it");
    return say(judgement, EFFECT_NONE_UNREAD_KEY,
               "production's code reads %s nowhere: %s is %s whatever it says", key,
               provider_traits[provider].short_name,
               judgement->deployment->live_adapters ? "called here (policy.live_adapters)"
                                                    : "always answered with a canned quote");
}

/* Production answers two providers canned: nobody is ever shown their
 * credentials. */
static bool is_credential_of_canned(struct judgement *judgement)
{
    if (judgement->deployment->profile != PROFILE_AS_CODED ||
        judgement->deployment->live_adapters) {
        return false;
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (provider_traits[p].live_in_production) continue;
        for (const char *const *key = config_credential_keys((enum provider)p); *key != NULL;
             key++) {
            if (strcmp(*key, judgement->key) != 0) continue;
            hint(judgement, "the profile \"as_documented\" reads it");
            return say(judgement, EFFECT_NONE_UNREAD_KEY,
                       "production's code never calls %s, so %s is shown to nobody",
                       provider_traits[p].short_name, judgement->key);
        }
    }
    return false;
}

/* Which of a provider's systems is meant, and which of its keys. */
static bool is_read_at_start_only(struct judgement *judgement)
{
    static const char *const keys[] = {"KROGER_ENV", "WALMART_ENV", "MEALME_API_BASE",
                                       "WALMART_KEY_VERSION"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], judgement->key) != 0) continue;
        return say(judgement, EFFECT_NONE_UNREAD_KEY,
                   "%s is read when a run begins: a change during the run does nothing",
                   judgement->key);
    }
    return false;
}

/* ---- values that change nothing ---- */

static const char *none_if_empty(const char *key, const char *value)
{
    /* env_unset() leaves a credential's key with an empty value. */
    return value != NULL && value[0] == '\0' && config_key_is_secret(key) ? NULL : value;
}

static bool is_what_was(struct judgement *judgement)
{
    const char *const value = none_if_empty(judgement->key, judgement->value);
    const char *const was = none_if_empty(judgement->key, judgement->was);
    if (value == NULL && was == NULL) {
        return say(judgement, EFFECT_NONE_SAME, "%s was not set", judgement->key);
    }
    if (value == NULL || was == NULL || strcmp(value, was) != 0) return false;
    if (config_key_is_secret(judgement->key)) {
        return say(judgement, EFFECT_NONE_SAME, "%s held this very value already", judgement->key);
    }
    return say(judgement, EFFECT_NONE_SAME, "%s was \"%.80s\" already", judgement->key, was);
}

/* What the router's reading says of a value that it cannot use; "": nothing. */
static void warning_of_value(const struct judgement *judgement, char text[ERR_MESSAGE_MAX])
{
    text[0] = '\0';
    if (judgement->value == NULL || config_key_is_secret(judgement->key)) return;
    struct env alone = {0};
    struct err err;
    struct err_list warnings = {0};
    struct router_config config;
    const uint64_t nobody[PROVIDER_COUNT] = {0};
    if (!env_set(&alone, judgement->key, judgement->value, (struct place){0}, &err)) return;
    config_read(&alone, judgement->deployment->profile, judgement->deployment->live_adapters,
                nobody, &config, &warnings);
    const size_t length = strlen(judgement->key);
    for (uint32_t i = 0; i < warnings.count; i++) {
        const char *const message = warnings.items[i].message;
        if (strncmp(message, judgement->key, length) != 0 || message[length] != ':') continue;
        (void)snprintf(text, ERR_MESSAGE_MAX, "%s", message);
        return;
    }
}

static bool comes_to_the_same(struct judgement *judgement)
{
    const char *const key = judgement->key;
    if (config_key_is_secret(key)) {
        return say(judgement, EFFECT_NONE_SAME, "the router holds the same credentials %s %s",
                   judgement->value == NULL ? "without" : "with that", key);
    }
    if (judgement->value == NULL) {
        return say(judgement, EFFECT_NONE_SAME, "%s=%.80s said what holds without it", key,
                   judgement->was);
    }
    if (judgement->was == NULL) {
        return say(judgement, EFFECT_NONE_SAME, "%s=%.80s says what holds without it", key,
                   judgement->value);
    }
    return say(judgement, EFFECT_NONE_SAME,
               "%s: \"%.80s\" says the same as \"%.80s\", which it was", key, judgement->value,
               judgement->was);
}

static void judge_value(struct judgement *judgement, bool same)
{
    char warning[ERR_MESSAGE_MAX];
    warning_of_value(judgement, warning);
    if (!same) {
        judgement->change.effect = EFFECT_WILL_CHANGE;
        (void)snprintf(judgement->change.hint, sizeof judgement->change.hint, "%.*s",
                       (int)sizeof judgement->change.hint - 1, warning);
    } else if (warning[0] != '\0') {
        static const char *const switches[] = {"true", NULL};
        (void)text_suggest(judgement->value, switches, judgement->change.hint,
                           sizeof judgement->change.hint);
        (void)say(judgement, EFFECT_NONE_BAD_VALUE, "%s", warning);
    } else {
        (void)comes_to_the_same(judgement);
    }
}

/* ---- setting ---- */

/* Whether the env took it; else the change says why not. */
static bool put_value(struct env *env, struct judgement *judgement)
{
    struct err err = {0};
    if (judgement->value == NULL) {
        env_unset(env, judgement->key);
        return true;
    }
    if (env_set(env, judgement->key, judgement->value, (struct place){0}, &err)) return true;
    hint(judgement, err.hint);
    return !say(judgement, EFFECT_NONE_REFUSED, "%s", err.message);
}

struct deployment_change deployment_set(struct deployment *deployment, const char *key,
                                        const char *value)
{
    struct env *const env = &deployment->secrets.env;
    struct judgement judgement = {.deployment = deployment, .key = key, .value = value};
    struct router_config before, after;
    const char *const was = env_get(env, key);
    char was_text[ENV_VALUE_MAX];
    if (was != NULL) judgement.was = strcpy(was_text, was);

    deployment_read(deployment, &deployment->secrets, &before, NULL);
    if (!put_value(env, &judgement)) return judgement.change;
    deployment_read(deployment, &deployment->secrets, &after, NULL);

    const bool same = deployment_same_config(&before, &after);
    if (is_unknown(&judgement) || is_unread_as_coded(&judgement) ||
        is_credential_of_canned(&judgement) || is_read_at_start_only(&judgement)) {
        assert(same);
    } else if (!same || !is_what_was(&judgement)) {
        judge_value(&judgement, same);
    }
    return judgement.change;
}
