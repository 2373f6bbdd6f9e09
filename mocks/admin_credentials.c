/* /credentials: which generation counts, and what an operator does to it. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "mocks/admin_state.h"
#include "mocks/signing.h"

/* ---- what counts ----------------------------------------------------------------------------- */

struct standing { /* of a provider's credential, now */
    enum api api;
    uint32_t generation;
    struct credential credential; /* of that generation; NULL texts: it has expired */
    uint16_t refusal;             /* what showing it is answered; 0: it is accepted */
};

/* With the lock held. A call that shows the credential, at the end point that looks at it. */
static uint16_t refusal_of(struct backend *backend, enum provider provider, enum api api,
                           const struct credential *credential, int64_t now_us)
{
    const struct call call = {.provider = provider,
                              .operation = api_has_tokens(provider, api) ? OPERATION_TOKEN
                                                                         : OPERATION_HEALTH,
                              .order_index = UINT64_MAX,
                              .sent_us = now_us,
                              .signed_us = now_us,
                              .credential = credential};
    return backend_refusal(backend, &call);
}

/* False: the provider is not served. */
static bool look(struct admin *admin, enum provider provider, struct standing *standing)
{
    const struct admin_port *const ask = &admin->setup.ask;
    admin_lock(admin);
    struct backend *const backend = ask->backend(ask->context, provider);
    if (backend != NULL) {
        const int64_t now_us = ask->now_us(ask->context);
        const uint64_t accepted = backend_credential(backend, now_us);
        *standing = (struct standing){.api = backend_api(backend),
                                      .generation = backend_generation_at(backend, now_us)};
        standing->credential = backend_credential_texts(backend, accepted);
        standing->refusal = accepted == 0 ? 401
                                          : refusal_of(backend, provider, standing->api,
                                                       &standing->credential, now_us);
    }
    admin_unlock(admin);
    return backend != NULL;
}

static const char *word_for(const struct standing *standing)
{
    if (standing->refusal == 0) return "accepted";
    return standing->credential.id == NULL ? "expired" : "refused";
}

static void put_standing(struct text *json, enum provider provider, const struct standing *standing)
{
    text_format(json,
                "{\"provider\": \"%s\", \"api\": \"%s\", \"generation\": %u, "
                "\"state\": \"%s\", \"status\": ",
                provider_traits[provider].id, api_names[standing->api],
                (unsigned)standing->generation, word_for(standing));
    text_int(json, standing->refusal == 0 ? 200 : standing->refusal);
    text_format(json, ", \"tokens\": %s",
                api_has_tokens(provider, standing->api) ? "true" : "false");
}

void admin_get_credentials(struct admin_exchange *exchange)
{
    struct text *const json = &exchange->response->body;
    text_put(json, "{\"credentials\": [");
    bool any = false;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        struct standing standing;
        if (!look(exchange->admin, p, &standing)) continue;
        text_put(json, any ? ",\n  " : "\n  ");
        put_standing(json, p, &standing);
        text_char(json, '}');
        any = true;
    }
    text_put(json, "]}\n");
}

/* ---- what is done to it ---------------------------------------------------------------------- */

enum action { ACTION_ROTATE, ACTION_REVOKE, ACTION_EXPIRE, ACTION_ISSUE };
static const char *const action_names[] = {"rotate", "revoke", "expire", "issue", NULL};

/* A revocation is a fault like others: GET /faults shows it, rotating or DELETE ends it. Repeating
 * it moves it to now. */
static bool afflict(struct admin_exchange *exchange, enum provider provider, const char *what)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    char id[FAULT_ID_MAX], json[256];
    (void)snprintf(id, sizeof id, "admin-%s-%s", what, provider_traits[provider].id);
    const int length = snprintf(json, sizeof json,
                                "{\"id\": \"%s\", \"provider\": \"%s\", \"kind\": \"auth\", "
                                "\"auth\": \"%s\"}",
                                id, provider_traits[provider].id, what);
    struct err_list list = {.source_file = "body"};
    (void)ask->remove_fault(ask->context, id);
    return ask->add_fault(ask->context, json, (size_t)length, &list) ||
           admin_refuse_list(exchange, &list);
}

static bool rotate(struct admin_exchange *exchange, enum provider provider)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    if (ask->rotate(ask->context, provider) > 0) return true;
    return admin_refuse(exchange, 409, "POST /reset begins anew", "%s has had its %d rotations",
                        provider_traits[provider].id, BACKEND_ROTATIONS_MAX);
}

/* The texts, for a client that is to be set up with them. */
static bool put_texts(struct admin_exchange *exchange, enum provider provider,
                      const struct standing *standing)
{
    struct text *const json = &exchange->response->body;
    struct err err;
    text_put(json, ", \"id\": ");
    text_json_string(json, standing->credential.id);
    text_put(json, ", \"secret\": ");
    text_json_string(json, standing->credential.secret);
    if (!api_is_signed(provider, standing->api)) return true;
    const char *const pem = signing_keys_private_pem(standing->generation, &err);
    if (pem == NULL) return admin_refuse(exchange, 503, err.hint, "%s", err.message);
    const char *const version = exchange->admin->setup.ask.key_version;
    text_put(json, ", \"key_version\": ");
    text_json_string(json, version != NULL ? version : "1");
    text_put(json, ", \"private_key_pem\": ");
    text_json_string(json, pem);
    return true;
}

static bool issue(struct admin_exchange *exchange, enum provider provider,
                  struct standing *standing, bool fresh)
{
    if (fresh || standing->refusal != 0) {
        if (!rotate(exchange, provider)) return false;
        if (!look(exchange->admin, provider, standing)) return false;
    }
    if (standing->credential.id != NULL) return true;
    return admin_refuse(exchange, 409, NULL, "%s accepts no credential any more",
                        provider_traits[provider].id);
}

static bool act(struct admin_exchange *exchange, enum provider provider, enum action action,
                bool fresh, struct standing *standing)
{
    switch (action) {
    case ACTION_ROTATE:
        return rotate(exchange, provider);
    case ACTION_REVOKE:
        return afflict(exchange, provider, "revoked");
    case ACTION_EXPIRE:
        return afflict(exchange, provider, "expired");
    case ACTION_ISSUE:
        return issue(exchange, provider, standing, fresh);
    }
    assert(!"an action that nobody performs");
    return false;
}

static bool read_action(struct admin_exchange *exchange, enum provider *provider,
                        enum action *action)
{
    const char *const slash = strchr(exchange->rest, '/');
    int index;
    if (slash == NULL) {
        return admin_refuse(exchange, 404, "POST /credentials/kroger/rotate",
                            "say what is to happen to the credential");
    }
    if (!admin_read_provider(exchange, exchange->rest, (size_t)(slash - exchange->rest),
                             provider) ||
        !admin_read_word(exchange, "action", slash + 1, action_names, &index)) {
        return false;
    }
    *action = (enum action)index;
    return true;
}

static bool read_fresh(struct admin_exchange *exchange, enum action action, bool *fresh)
{
    static const char *const none[] = {NULL}, *const keys[] = {"new", NULL};
    struct json json;
    bool read = admin_read_object(exchange, action == ACTION_ISSUE ? keys : none, &json);
    if (read) {
        const cJSON *const given = cJSON_GetObjectItemCaseSensitive(json.root, "new");
        *fresh = given != NULL && cJSON_IsTrue(given);
        if (given != NULL && !cJSON_IsBool(given)) {
            read = admin_refuse(exchange, 400, NULL, "\"new\" has to be true or false");
        }
    }
    json_release(&json);
    return read;
}

void admin_post_credentials(struct admin_exchange *exchange)
{
    enum provider provider;
    enum action action = ACTION_ISSUE;
    struct standing standing;
    bool fresh = false;
    if (!read_action(exchange, &provider, &action)) return;
    if (!look(exchange->admin, provider, &standing)) {
        (void)admin_refuse(exchange, 404, NULL, "%s is not served here",
                           provider_traits[provider].id);
        return;
    }
    if (!read_fresh(exchange, action, &fresh)) return;
    if (!act(exchange, provider, action, fresh, &standing)) return;
    if (action != ACTION_ISSUE) (void)look(exchange->admin, provider, &standing);
    put_standing(&exchange->response->body, provider, &standing);
    if (action == ACTION_ISSUE && !put_texts(exchange, provider, &standing)) return;
    text_put(&exchange->response->body, "}\n");
}
