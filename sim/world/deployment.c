#include "sim/world/deployment.h"

#include <assert.h>
#include <string.h>

#include "router/base/text.h"
#include "sim/world/deployment_state.h"

const char *const propagation_names[PROPAGATION_COUNT + 1] = {"on_deploy", "on_cold_start",
                                                              "immediate", NULL};

void deployment_read(const struct deployment *deployment,
                     const struct deployment_settings *settings, struct router_config *config,
                     struct err_list *warnings)
{
    struct err_list unheard = {0};
    config_read(&settings->env, deployment->profile, deployment->live_adapters, settings->held,
                config, warnings == NULL ? &unheard : warnings);
}

void deployment_start(struct deployment *deployment, const struct env *env, enum profile profile,
                      bool live_adapters, const uint64_t held[PROVIDER_COUNT],
                      struct err_list *warnings)
{
    memset(deployment, 0, sizeof *deployment);
    deployment->profile = profile;
    deployment->live_adapters = live_adapters;
    deployment->secrets.env = *env;
    memcpy(deployment->secrets.held, held, sizeof deployment->secrets.held);
    deployment->live = deployment->secrets;
    deployment_read(deployment, &deployment->live, &deployment->config, warnings);
    deployment->first = deployment->config;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) { /* live.env will change under them */
        struct credential *const credential = &deployment->first.providers[p].credential;
        credential->id = "";
        credential->secret = "";
    }
}

/* ---- credentials ---- */

static bool is_of_pair(const char *key, const struct credential_keys *keys)
{
    return keys != NULL &&
           (strcmp(key, keys->secret) == 0 || (keys->id != NULL && strcmp(key, keys->id) == 0));
}

static bool is_credential_of(const char *key, enum provider provider, enum config_pair pair)
{
    return is_of_pair(key, config_pair_keys(provider, pair));
}

static bool is_credential(const char *key, enum config_pair pair)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (is_credential_of(key, (enum provider)p, pair)) return true;
    }
    return false;
}

void deployment_hold(struct deployment *deployment, enum provider provider, uint64_t credential)
{
    /* Not env_unset(): that would say that there is no credential. */
    struct env *const env = &deployment->secrets.env;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < env->count; i++) {
        const char *const key = env->pairs[i].key;
        if (is_credential_of(key, provider, PAIR_OWN) ||
            is_credential_of(key, provider, PAIR_OTHER)) {
            continue;
        }
        if (kept != i) env->pairs[kept] = env->pairs[i];
        kept++;
    }
    env->count = kept;
    deployment->secrets.held[provider] = credential;
}

static void add_settings(struct env *env, const struct env *from)
{
    struct err no_room;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct env_pair *const pair = &from->pairs[i];
        if (is_credential(pair->key, PAIR_OWN) || is_credential(pair->key, PAIR_OTHER)) continue;
        (void)env_set(env, pair->key, pair->value, pair->place, &no_room);
    }
}

static void add_credentials(struct env *env, const struct env *from, enum config_pair kind)
{
    struct err no_room; /* there always is for PAIR_OWN: router/config.h keeps it */
    for (uint32_t i = 0; i < from->count; i++) {
        const struct env_pair *const pair = &from->pairs[i];
        if (!is_credential(pair->key, kind)) continue;
        (void)env_set(env, pair->key, pair->value, pair->place, &no_room);
    }
}

void deployment_reset(struct deployment *deployment, const struct env *env)
{
    const struct env now = deployment->secrets.env;
    deployment->secrets.env.count = 0;
    add_settings(&deployment->secrets.env, env);
    add_credentials(&deployment->secrets.env, &now, PAIR_OWN);
    add_credentials(&deployment->secrets.env, &now, PAIR_OTHER);
}

/* ---- what is live ---- */

static bool same_provider(const struct provider_config *a, const struct provider_config *b)
{
    return a->enabled == b->enabled && a->forced_mock == b->forced_mock &&
           a->mock_fallback == b->mock_fallback && a->priority == b->priority &&
           a->timeout_us == b->timeout_us && a->retries == b->retries;
}

static bool same_weights(const struct score_weights *a, const struct score_weights *b)
{
    return a->priority == b->priority && a->price == b->price && a->speed == b->speed &&
           a->commission == b->commission && a->availability == b->availability &&
           a->reliability == b->reliability;
}

static bool routes_alike(const struct router_config *a, const struct router_config *b)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!same_provider(&a->providers[p], &b->providers[p])) return false;
    }
    return same_weights(&a->weights, &b->weights);
}

static bool is_canned(const struct router_config *config, unsigned provider)
{
    return config->profile == PROFILE_AS_CODED && !provider_traits[provider].live_in_production &&
           config->providers[provider].forced_mock;
}

bool deployment_same_config(const struct router_config *a, const struct router_config *b)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (is_canned(a, p) && is_canned(b, p)) continue;
        if (a->providers[p].credential.fingerprint != b->providers[p].credential.fingerprint) {
            return false;
        }
    }
    return routes_alike(a, b);
}

bool deployment_go_live(struct deployment *deployment, struct err_list *warnings)
{
    const struct router_config before = deployment->config; /* its texts are about to go */
    deployment->live = deployment->secrets;
    deployment_read(deployment, &deployment->live, &deployment->config, warnings);
    deployment->count++;
    return !deployment_same_config(&before, &deployment->config);
}

bool deployment_differs(const struct deployment *deployment)
{
    return !routes_alike(&deployment->first, &deployment->config);
}

bool deployment_pending(const struct deployment *deployment)
{
    struct router_config next;
    deployment_read(deployment, &deployment->secrets, &next, NULL);
    return !deployment_same_config(&deployment->config, &next);
}

/* ---- in words ---- */

static void put_item(struct text *text, const char *what)
{
    if (text->length > 0) text_put(text, ", ");
    text_put(text, what);
}

static void describe_provider(struct text *text, enum provider provider,
                              const struct provider_config *first,
                              const struct provider_config *now)
{
    const char *const id = provider_traits[provider].id;
    if (now->enabled != first->enabled) {
        put_item(text, id);
        text_put(text, now->enabled ? " enabled" : " disabled");
    }
    if (now->forced_mock != first->forced_mock) {
        put_item(text, id);
        text_put(text, !now->forced_mock       ? " called"
                       : now->lacks_credential ? " mocked for lack of credentials"
                                               : " mocked");
    }
    if (now->mock_fallback != first->mock_fallback) {
        put_item(text, id);
        text_put(text, now->mock_fallback ? " falls back to a mock" : " without its fallback");
    }
    if (now->priority != first->priority) {
        put_item(text, id);
        text_format(text, " priority %d", (int)now->priority);
    }
    if (now->timeout_us != first->timeout_us) {
        put_item(text, id);
        text_format(text, " timeout %lld ms", (long long)(now->timeout_us / 1000));
    }
}

static void describe_weights(struct text *text, const struct score_weights *first,
                             const struct score_weights *now)
{
    const struct {
        const char *name;
        double first, now;
    } rows[] = {{"priority", first->priority, now->priority},
                {"price", first->price, now->price},
                {"speed", first->speed, now->speed},
                {"commission", first->commission, now->commission},
                {"availability", first->availability, now->availability},
                {"reliability", first->reliability, now->reliability}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].now == rows[i].first) continue;
        put_item(text, rows[i].name);
        text_put(text, " weight ");
        text_double(text, rows[i].now);
    }
}

void deployment_describe(const struct deployment *deployment, char *text, size_t size)
{
    assert(size > 0);
    struct text all = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        describe_provider(&all, (enum provider)p, &deployment->first.providers[p],
                          &deployment->config.providers[p]);
    }
    describe_weights(&all, &deployment->first.weights, &deployment->config.weights);
    (void)snprintf(text, size, "%s", all.bytes == NULL ? "" : all.bytes);
    text_release(&all);
}
