#include "router/config.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "router/base/text.h"

/* What production's timers can hold; a longer timeout would fire at once there. */
enum { TIMEOUT_MS_MAX = INT32_MAX, PREFERENCE_BOOST = 20 };

#define FOR_EACH_PROVIDER(before, after)                                                           \
    before "MEALME" after, before "INSTACART" after, before "KROGER" after, before "WALMART" after

const char *const config_keys[] = {FOR_EACH_PROVIDER("LOOPGPT_ENABLE_", ""),
                                   FOR_EACH_PROVIDER("LOOPGPT_", "_MOCK"),
                                   FOR_EACH_PROVIDER("LOOPGPT_", "_ALLOW_MOCK_FALLBACK"),
                                   FOR_EACH_PROVIDER("LOOPGPT_", "_TIMEOUT"),
                                   "LOOPGPT_PREFER_DIRECT_KROGER",
                                   "LOOPGPT_PREFER_DIRECT_WALMART",
                                   "LOOPGPT_SCORE_PRIORITY_WEIGHT",
                                   "LOOPGPT_SCORE_PRICE_WEIGHT",
                                   "LOOPGPT_SCORE_SPEED_WEIGHT",
                                   "LOOPGPT_SCORE_COMMISSION_WEIGHT",
                                   "LOOPGPT_SCORE_AVAILABILITY_WEIGHT",
                                   "LOOPGPT_SCORE_RELIABILITY_WEIGHT",
                                   "KROGER_CLIENT_ID",
                                   "KROGER_CLIENT_SECRET",
                                   "KROGER_ENV",
                                   "WALMART_API_KEY",
                                   "WALMART_PARTNER_ID",
                                   "WALMART_ENV",
                                   "MEALME_API_KEY",
                                   "MEALME_API_BASE",
                                   "INSTACART_API_KEY",
                                   "WALMART_CONSUMER_ID",
                                   "WALMART_PRIVATE_KEY_FILE",
                                   "WALMART_KEY_VERSION",
                                   "INSTACART_CLIENT_ID",
                                   "INSTACART_CLIENT_SECRET",
                                   NULL};

static const struct credential_keys credential_keys[PROVIDER_COUNT] = {
    [PROVIDER_MEALME] = {NULL, "MEALME_API_KEY"},
    [PROVIDER_INSTACART] = {NULL, "INSTACART_API_KEY"},
    [PROVIDER_KROGER_API] = {"KROGER_CLIENT_ID", "KROGER_CLIENT_SECRET"},
    [PROVIDER_WALMART_API] = {"WALMART_PARTNER_ID", "WALMART_API_KEY"},
};
enum { CREDENTIAL_KEYS = 6 };

/* Of the API that production does not use. */
static const struct credential_keys other_keys[PROVIDER_COUNT] = {
    [PROVIDER_INSTACART] = {"INSTACART_CLIENT_ID", "INSTACART_CLIENT_SECRET"},
    [PROVIDER_WALMART_API] = {"WALMART_CONSUMER_ID", "WALMART_PRIVATE_KEY_FILE"},
};

const struct credential_keys *config_pair_keys(enum provider provider, enum config_pair pair)
{
    const struct credential_keys *const keys =
        pair == PAIR_OWN ? &credential_keys[provider] : &other_keys[provider];
    return keys->secret == NULL ? NULL : keys;
}

const char *const *config_credential_keys(enum provider provider)
{
    static const char *const keys[PROVIDER_COUNT][8] = {
        [PROVIDER_MEALME] = {"MEALME_API_KEY", "MEALME_API_BASE", NULL},
        [PROVIDER_INSTACART] = {"INSTACART_API_KEY", "INSTACART_CLIENT_ID",
                                "INSTACART_CLIENT_SECRET", NULL},
        [PROVIDER_KROGER_API] = {"KROGER_CLIENT_ID", "KROGER_CLIENT_SECRET", "KROGER_ENV", NULL},
        [PROVIDER_WALMART_API] = {"WALMART_API_KEY", "WALMART_PARTNER_ID", "WALMART_ENV",
                                  "WALMART_CONSUMER_ID", "WALMART_PRIVATE_KEY_FILE",
                                  "WALMART_KEY_VERSION", NULL},
    };
    return keys[provider];
}

static bool is_credential_key(const char *key)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (strcmp(key, credential_keys[p].secret) == 0) return true;
        if (credential_keys[p].id != NULL && strcmp(key, credential_keys[p].id) == 0) return true;
    }
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text);
    const size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool config_key_is_secret(const char *key)
{
    /* The ids too: half of a pair is worth stealing. */
    static const char *const ends[] = {"_SECRET",    "_KEY",        "_TOKEN",       "_PASSWORD",
                                       "_CLIENT_ID", "_PARTNER_ID", "_CONSUMER_ID", "_WEBHOOK"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(key, ends[i])) return true;
    }
    return false;
}

/* ---- the env ---- */

/* Its place in the env; env->count when it is not there. */
static uint32_t find_key(const struct env *env, const char *key)
{
    assert(env->count <= ENV_KEYS_MAX);
    uint32_t i = 0;
    while (i < env->count && strcmp(env->pairs[i].key, key) != 0)
        i++;
    return i;
}

static const struct env_pair *look_up(const struct env *env, const char *key)
{
    const uint32_t index = find_key(env, key);
    return index == env->count ? NULL : &env->pairs[index];
}

static bool is_key(const char *key)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    return key[0] != '\0' && key[strspn(key, letters)] == '\0';
}

bool env_set(struct env *env, const char *key, const char *value, struct place place,
             struct err *err)
{
    if (!is_key(key)) {
        return err_fail(err, ERR_INPUT, place,
                        "\"%s\" is no key of an environment: letters, digits and _ only", key);
    }
    if (strlen(key) >= ENV_KEY_MAX) {
        return err_fail(err, ERR_INPUT, place, "\"%s\" has more than %d characters", key,
                        ENV_KEY_MAX - 1);
    }
    if (strlen(value) >= ENV_VALUE_MAX) { /* it may be a secret, so it is not shown */
        return err_fail(err, ERR_INPUT, place, "the value of \"%s\" has more than %d bytes", key,
                        ENV_VALUE_MAX - 1);
    }
    const uint32_t index = find_key(env, key);
    struct env_pair *pair = &env->pairs[index];
    if (index == env->count) {
        /* Room is kept for each credential's key, so that env_unset() can always say "none". */
        const uint32_t limit = ENV_KEYS_MAX - (is_credential_key(key) ? 0 : CREDENTIAL_KEYS);
        if (env->count >= limit) {
            return err_fail(err, ERR_INPUT, place,
                            "\"%s\" is one key too many: at most %u are held", key,
                            (unsigned)limit);
        }
        env->count++;
        (void)strcpy(pair->key, key);
    }
    (void)strcpy(pair->value, value);
    pair->place = place;
    return true;
}

void env_unset(struct env *env, const char *key)
{
    if (is_credential_key(key)) {
        struct err err;
        const bool set = env_set(env, key, "", (struct place){0}, &err);
        assert(set);
        return;
    }
    const uint32_t index = find_key(env, key);
    if (index == env->count) return;
    env->count--;
    memmove(&env->pairs[index], &env->pairs[index + 1],
            (env->count - index) * sizeof env->pairs[0]);
}

const char *env_get(const struct env *env, const char *key)
{
    const struct env_pair *pair = look_up(env, key);
    return pair == NULL ? NULL : pair->value;
}

/* ---- values ---- */

static void warn_of_value(struct err_list *warnings, const struct env_pair *pair, const char *rule)
{
    err_warn(warnings, pair->place, NULL, "%s: \"%.80s\" %s", pair->key, pair->value, rule);
}

static bool read_flag(const struct env_pair *pair, bool otherwise, struct err_list *warnings)
{
    if (pair == NULL) return otherwise;
    const char *value = pair->value;
    if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0) return true;
    const bool plainly_off =
        value[0] == '\0' || strcmp(value, "false") == 0 || strcmp(value, "0") == 0;
    if (!plainly_off) {
        warn_of_value(warnings, pair, "switches it off: only \"true\" and \"1\" switch on");
    }
    return false;
}

static void read_timeout(const struct env_pair *pair, int64_t *timeout_us,
                         struct err_list *warnings)
{
    if (pair == NULL) return;
    const char *value = pair->value;
    const size_t length = strlen(value);
    const bool digits = length > 0 && length <= 10 && strspn(value, "0123456789") == length;
    const long long timeout_ms = digits ? strtoll(value, NULL, 10) : 0;
    if (timeout_ms < 1 || timeout_ms > TIMEOUT_MS_MAX) {
        warn_of_value(warnings, pair,
                      "is ignored: a timeout is a whole number of ms, 1 to 2147483647");
        return;
    }
    *timeout_us = (int64_t)timeout_ms * 1000;
}

/* strtod() alone would also take "nan", "infinity", hexadecimals and what stands before a unit. */
static bool read_number(const char *text, double *number)
{
    const size_t length = strlen(text);
    if (length == 0 || strspn(text, "0123456789+-.eE") != length) return false;
    char *end = NULL;
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

static bool read_weight(const struct env_pair *pair, double *weight, struct err_list *warnings)
{
    if (pair == NULL) return false;
    double number = 0.0;
    if (!read_number(pair->value, &number)) {
        warn_of_value(warnings, pair, "is ignored: a weight is a number");
        return false;
    }
    if (number < 0.0) {
        warn_of_value(warnings, pair, "is negative: the worse a quote, the better its score");
    }
    *weight = number;
    return true;
}

static void read_weights(const struct env *env, struct score_weights *weights,
                         struct err_list *warnings)
{
    *weights = score_weights_default;
    const struct {
        const char *key;
        double *weight;
    } rows[] = {{"LOOPGPT_SCORE_PRIORITY_WEIGHT", &weights->priority},
                {"LOOPGPT_SCORE_PRICE_WEIGHT", &weights->price},
                {"LOOPGPT_SCORE_SPEED_WEIGHT", &weights->speed},
                {"LOOPGPT_SCORE_COMMISSION_WEIGHT", &weights->commission},
                {"LOOPGPT_SCORE_AVAILABILITY_WEIGHT", &weights->availability},
                {"LOOPGPT_SCORE_RELIABILITY_WEIGHT", &weights->reliability}};
    const struct env_pair *last = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct env_pair *pair = look_up(env, rows[i].key);
        if (read_weight(pair, rows[i].weight, warnings) && i > 0) last = pair;
    }
    if (last == NULL) return;
    /* Priority is not normalised, so it is no part of the sum. */
    const double sum = weights->price + weights->speed + weights->commission +
                       weights->availability + weights->reliability;
    if (fabs(sum - 1.0) > 1e-6) {
        err_warn(warnings, last->place, NULL,
                 "the weights apart from priority's add up to %.4g, not to 1", sum);
    }
}

/* ---- credentials ---- */

uint64_t credential_fingerprint(const char *id, const char *secret)
{
    const uint64_t fingerprint = random_key(random_hash_text(id), random_hash_text(secret));
    return fingerprint == 0 ? 1 : fingerprint;
}

static bool has_text(const struct env_pair *pair)
{
    return pair != NULL && pair->value[0] != '\0';
}

bool config_read_pair(const struct env *env, const struct credential_keys *keys,
                      struct credential *held)
{
    const struct env_pair *id = keys->id == NULL ? NULL : look_up(env, keys->id);
    const struct env_pair *secret = look_up(env, keys->secret);
    if (!has_text(secret) || (keys->id != NULL && !has_text(id))) return false;
    const char *id_text = id == NULL ? "" : id->value;
    *held = (struct credential){.id = id_text,
                                .secret = secret->value,
                                .fingerprint = credential_fingerprint(id_text, secret->value)};
    return true;
}

static struct credential read_credential(const struct env *env, enum provider provider,
                                         uint64_t mock_credential, struct err_list *warnings)
{
    const struct credential_keys *const other = config_pair_keys(provider, PAIR_OTHER);
    struct credential held;
    if (config_read_pair(env, &credential_keys[provider], &held)) return held;
    if (other != NULL && config_read_pair(env, other, &held)) return held;

    const char *id_key = credential_keys[provider].id;
    const struct env_pair *id = id_key == NULL ? NULL : look_up(env, id_key);
    const struct env_pair *secret = look_up(env, credential_keys[provider].secret);
    if (id == NULL && secret == NULL) {
        return (struct credential){.id = "", .secret = "", .fingerprint = mock_credential};
    }
    if (has_text(secret) || has_text(id)) {
        err_warn(warnings, has_text(id) ? id->place : secret->place, NULL,
                 "%s counts for nothing without %s: %s has no credentials",
                 has_text(id) ? id->key : secret->key,
                 has_text(id) ? credential_keys[provider].secret : id_key,
                 provider_traits[provider].id);
    }
    return (struct credential){.id = "", .secret = ""};
}

/* ---- keys that do nothing ---- */

static bool is_known(const char *key)
{
    for (const char *const *known = config_keys; *known != NULL; known++) {
        if (strcmp(key, *known) == 0) return true;
    }
    return false;
}

static void warn_of_unknown(const struct env_pair *pair, struct err_list *warnings)
{
    char hint[ERR_HINT_MAX];
    const bool near = text_suggest(pair->key, config_keys, hint, sizeof hint);
    err_warn(warnings, pair->place, near ? hint : NULL, "%s is no key that the router reads",
             pair->key);
}

/* What the runbook sets and production's code never looks at. */
static bool is_unread_as_coded(const char *key)
{
    return strcmp(key, "LOOPGPT_MEALME_MOCK") == 0 || strcmp(key, "LOOPGPT_INSTACART_MOCK") == 0 ||
           (ends_with(key, "_TIMEOUT") && is_known(key));
}

static void warn_of_idle_keys(const struct env *env, enum profile profile,
                              struct err_list *warnings)
{
    for (uint32_t i = 0; i < env->count; i++) {
        const struct env_pair *pair = &env->pairs[i];
        if (!is_known(pair->key)) {
            warn_of_unknown(pair, warnings);
        } else if (profile == PROFILE_AS_CODED && is_unread_as_coded(pair->key)) {
            err_warn(warnings, pair->place, "the profile \"as_documented\" reads it",
                     "%s changes nothing: production's code reads it nowhere", pair->key);
        } else if (strcmp(pair->key, "KROGER_ENV") == 0 || strcmp(pair->key, "WALMART_ENV") == 0) {
            const bool known =
                strcmp(pair->value, "sandbox") == 0 || strcmp(pair->value, "production") == 0;
            if (!known) warn_of_value(warnings, pair, "is neither \"sandbox\" nor \"production\"");
        }
    }
}

/* ---- the configuration ---- */

static const struct env_pair *look_up_for(const struct env *env, const char *before,
                                          enum provider provider, const char *after)
{
    char key[ENV_KEY_MAX];
    const int length =
        snprintf(key, sizeof key, "LOOPGPT_%s%s%s", before, provider_traits[provider].key, after);
    assert(length > 0);
    assert(length < ENV_KEY_MAX);
    return look_up(env, key);
}

static void read_provider(const struct env *env, enum profile profile, bool live_adapters,
                          enum provider provider, struct provider_config *config,
                          struct err_list *warnings)
{
    const struct provider_traits *traits = &provider_traits[provider];
    const struct provider_defaults *defaults = &traits->defaults[profile];
    const bool coded = profile == PROFILE_AS_CODED;
    config->enabled =
        read_flag(look_up_for(env, "ENABLE_", provider, ""), defaults->enabled, warnings);
    config->mock_fallback =
        read_flag(look_up_for(env, "", provider, "_ALLOW_MOCK_FALLBACK"), false, warnings);
    config->preferred =
        traits->direct &&
        read_flag(look_up_for(env, "PREFER_DIRECT_", provider, ""), false, warnings);
    config->priority = traits->priority + (config->preferred ? PREFERENCE_BOOST : 0);
    config->retries = (uint32_t)traits->retries;
    config->timeout_us = defaults->timeout_us;
    if (!coded)
        read_timeout(look_up_for(env, "", provider, "_TIMEOUT"), &config->timeout_us, warnings);

    if (coded && !traits->live_in_production) {
        config->forced_mock = !live_adapters;
        return;
    }
    config->forced_mock = read_flag(look_up_for(env, "", provider, "_MOCK"), false, warnings);
    if (config->forced_mock || !traits->direct || config->credential.fingerprint != 0) return;
    config->lacks_credential = true;
    config->forced_mock = true;
}

/* Registry order, moved only past lower priorities: stable. */
static void rank_candidates(struct router_config *config)
{
    config->candidate_count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!config->providers[p].enabled) continue;
        uint32_t place = config->candidate_count++;
        for (; place > 0; place--) {
            const uint8_t before = config->candidates[place - 1];
            if (config->providers[before].priority >= config->providers[p].priority) break;
            config->candidates[place] = before;
        }
        config->candidates[place] = (uint8_t)p;
    }
}

void config_read(const struct env *env, enum profile profile, bool live_adapters,
                 const uint64_t mock_credentials[PROVIDER_COUNT], struct router_config *config,
                 struct err_list *warnings)
{
    assert(profile < PROFILE_COUNT);
    *config = (struct router_config){.profile = profile};
    warn_of_idle_keys(env, profile, warnings);
    read_weights(env, &config->weights, warnings);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const enum provider provider = (enum provider)p;
        struct provider_config *entry = &config->providers[p];
        entry->credential = read_credential(env, provider, mock_credentials[p], warnings);
        read_provider(env, profile, live_adapters, provider, entry, warnings);
    }
    rank_candidates(config);
    assert(config->candidate_count <= PROVIDER_COUNT);
}
