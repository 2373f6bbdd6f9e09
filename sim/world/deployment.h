/* sim/world/deployment.h - what the router's settings are, what they will be, and who has to wait.
 *
 * Settings live in two places: the secrets (what `secrets set` changes at once) and the deployment
 * that is live (what orders are routed by). A change of secrets takes effect
 *
 *   on_deploy      with the next redeploy, which takes its time and empties in-process caches,
 *                  tokens and the cache's breaker (what the contract says; the default);
 *   on_cold_start  also when the isolate is recycled, some time after the change (vendors of edge
 *                  functions say that secrets need no deploy; warm isolates keep the old values);
 *   immediate      at once, as if a redeploy took no time.
 *
 * A redeploy ships what the secrets hold when it ends, not what they held when it began: a change
 * made meanwhile is live with it. All three ways replace the isolate, so tokens, in-process caches
 * and the breaker go with a recycle and with each immediate change too.
 *
 * One isolate stands for all. Orders in flight keep what they were started under.
 *
 * A change that changes nothing that the router reads is a no-op, and why is told: an unknown key,
 * a key that this profile does not read, a value that is not understood, or one that was there.
 *
 * Mock providers know which of their credentials counts. Where the settings name none, the router
 * holds generation 1 of it, or the one that a rotation stored: `held`.
 *
 * Ownership: everything lies inside, and `config` points into `live.env`: a deployment that is
 *            copied or moved would dangle. It stays where deployment_start() found it.
 * Failure:   none; what cannot be set says so.
 * Secrets:   no text that is made here shows the value of a key of which config_key_is_secret()
 *            is true.
 */
#ifndef SIM_WORLD_DEPLOYMENT_H
#define SIM_WORLD_DEPLOYMENT_H

#include "mocks/law.h"
#include "router/config.h"
#include "sim/world/deployment_spec.h"

struct deployment_settings {
    struct env env;
    uint64_t held[PROVIDER_COUNT]; /* the credential of a mock where env names none; 0: live */
};

struct deployment {
    enum profile profile;
    bool live_adapters;
    struct deployment_settings secrets; /* as set */
    struct deployment_settings live;    /* as deployed; `config` borrows its texts */
    struct router_config config;        /* of `live` */
    struct router_config first;         /* of the start, for deployment_differs(); no texts */
    uint32_t count;                     /* redeploys so far */
};

enum deployment_effect {
    EFFECT_WILL_CHANGE, /* with the next deployment */
    EFFECT_NONE_UNKNOWN_KEY,
    EFFECT_NONE_UNREAD_KEY, /* known, and not read under this profile or only at a run's start */
    EFFECT_NONE_BAD_VALUE,
    EFFECT_NONE_SAME,    /* it was so already, or it comes to the same */
    EFFECT_NONE_REFUSED, /* no key of an environment, too long, one too many */
    EFFECT_COUNT
};

struct deployment_change { /* what came of setting or unsetting a key */
    enum deployment_effect effect;
    char why[ERR_MESSAGE_MAX]; /* of a no-op: a sentence; else "" */
    char hint[ERR_HINT_MAX];   /* "did you mean ...?"; of a change, what is odd about it; or "" */
};
extern const char *const deployment_effect_names[EFFECT_COUNT];

/* Begins with `env`; config warnings go to `warnings`, here and below NULL: to nobody. */
void deployment_start(struct deployment *deployment, const struct env *env, enum profile profile,
                      bool live_adapters, const uint64_t held[PROVIDER_COUNT],
                      struct err_list *warnings);

/* `value` NULL: unset. Whether it will change anything is judged against the secrets before: by
 * config_read() of both. Only what is refused is not kept; an unknown key is, as in production. */
struct deployment_change deployment_set(struct deployment *deployment, const char *key,
                                        const char *value);

/* The router will hold this credential of a mock provider: keys of it in the secrets give way. */
void deployment_hold(struct deployment *deployment, enum provider provider, uint64_t credential);

/* The secrets are those of the start, `env`, again; credentials stay as they are now (those of a
 * provider's other API where the env has room). Takes effect with deployment_go_live(). */
void deployment_reset(struct deployment *deployment, const struct env *env);

/* The secrets become live: `config` is made anew. Whether it differs from what was live before. */
bool deployment_go_live(struct deployment *deployment, struct err_list *warnings);

/* Whether what is live routes otherwise than what was at the start, credentials apart (but one that
 * is lacking mocks a direct provider, and that counts). A mitigation that has not been undone. */
bool deployment_differs(const struct deployment *deployment);

/* Whether a redeploy would change something: secrets, credentials too, differ from what is live. */
bool deployment_pending(const struct deployment *deployment);

/* "KROGER_API mocked, WALMART_API disabled": what differs, as deployment_differs() means it; ""
 * when nothing does. Cut at `size`. */
void deployment_describe(const struct deployment *deployment, char *text, size_t size);

#endif
