/* router/config.h - the router's configuration, by production's own environment keys.
 *
 * An `env` is the ordered list of KEY=value pairs that a deployment carries: from a scenario's
 * `router.env`, an env file, or `--set`. config_read() makes a configuration of it as production
 * would: "true" and "1" switch on, anything else off; a timeout that is no positive whole number is
 * ignored. What production ignores silently we ignore too, but say: unknown keys and unusable
 * values become warnings with the nearest known key. A change of env takes effect with the next
 * redeploy, that is, when whoever runs the router reads the env again.
 *
 * PROFILE_AS_CODED reads neither the *_TIMEOUT keys nor the MEALME and INSTACART mock keys; setting
 * one there is a warning that names the quirk.
 *
 * Ownership: an env owns its texts inside itself; a configuration borrows the env's credentials.
 * Failure:   env_set() fails when the env is full or a text is too long.
 */
#ifndef ROUTER_CONFIG_H
#define ROUTER_CONFIG_H

#include "router/base/err.h"
#include "router/provider.h"
#include "router/score.h"

enum { ENV_KEYS_MAX = 64, ENV_KEY_MAX = 64, ENV_VALUE_MAX = 512 };

struct env_pair {
    char key[ENV_KEY_MAX];
    char value[ENV_VALUE_MAX];
    struct place place; /* where it was given; all zero: the command line */
};

struct env {
    struct env_pair pairs[ENV_KEYS_MAX];
    uint32_t count;
};

/* A key that is there already keeps its rank and takes the new value and place. */
bool env_set(struct env *env, const char *key, const char *value, struct place place,
             struct err *err);

/* Takes a key out. A credential's key stays, with an empty value: that says "none", where silence
 * says "the mock's own" (see config_read). */
void env_unset(struct env *env, const char *key);
const char *env_get(const struct env *env, const char *key); /* NULL: not set */

/* Every key that production or its runbook knows, NULL at the end. */
extern const char *const config_keys[];

/* The keys of one pair. */
struct credential_keys {
    const char *id; /* NULL: the secret is all there is */
    const char *secret;
};

/* Each API of a provider takes a pair of its own. */
enum config_pair { PAIR_OWN /* of the API that production uses */, PAIR_OTHER };

/* NULL: the provider has no other API. Which API takes which: api_keys(), providers/message.h. */
const struct credential_keys *config_pair_keys(enum provider provider, enum config_pair pair);

/* The keys by which a provider knows us, and which of its systems is meant: NULL ends. What a live
 * run takes from the process's environment. */
const char *const *config_credential_keys(enum provider provider);

/* Whether a key's value must not be shown: the known secrets, and any key that ends like one. */
bool config_key_is_secret(const char *key);

/* What proves a caller to a provider. `fingerprint` is a hash of the texts: 0 means none is held.
 */
struct credential {
    const char *id;     /* borrowed from the env: client id, partner id; "" where there is none */
    const char *secret; /* borrowed: client secret, API key */
    uint64_t fingerprint;
};

/* What an env holds under a pair's keys; false, and `held` as it was, when it lacks one of them. */
bool config_read_pair(const struct env *env, const struct credential_keys *keys,
                      struct credential *held);

struct provider_config {
    bool enabled;
    bool forced_mock;      /* answers its canned quote and calls nothing */
    bool lacks_credential; /* a direct provider without one: that is why it is forced to mock */
    bool mock_fallback;
    bool preferred;
    int32_t priority; /* preference boost included */
    int64_t timeout_us;
    uint32_t retries;
    struct credential credential;
};

struct router_config {
    enum profile profile;
    struct score_weights weights;
    struct provider_config providers[PROVIDER_COUNT];
    uint8_t candidates[PROVIDER_COUNT]; /* enabled providers, highest priority first, stable */
    uint32_t candidate_count;
};

/* Reads `env` under `profile`. `mock_credentials[p]`, where not 0, is the credential that the
 * router holds for mock provider p when the env has none of its credential keys; its texts are
 * empty. `live_adapters`: under PROFILE_AS_CODED, MealMe and Instacart are called instead of
 * canned. A direct provider needs each of its credential keys to be live. Where production's own
 * pair is missing, the pair of the provider's other API counts: WALMART_CONSUMER_ID with
 * WALMART_PRIVATE_KEY_FILE, INSTACART_CLIENT_ID with INSTACART_CLIENT_SECRET. */
void config_read(const struct env *env, enum profile profile, bool live_adapters,
                 const uint64_t mock_credentials[PROVIDER_COUNT], struct router_config *config,
                 struct err_list *warnings);

/* The fingerprint of a credential's texts; never 0. */
uint64_t credential_fingerprint(const char *id, const char *secret);

#endif
