/* Credentials: which are there, and with --live whether real providers take them. One call a
 * provider: the token where its API has tokens, else the call that asks whether it is well. No
 * value of a credential is shown, only the names of keys. */
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "providers/codec.h"
#include "providers/http_client.h"
#include "providers/signing.h"
#include "router/base/duration.h"
#include "sim/command/command.h"
#include "sim/command/doctor.h"
#include "sim/command/load.h"
#include "sim/command/provider_list.h"
#include "sim/world/wire.h"

#define CALL_LIFE_US (10 * US_PER_SECOND)

/* ---- what is there --------------------------------------------------------------------------- */

/* NULL: not set, or empty. */
static const char *value_of(const struct scenario *scenario, const char *key)
{
    const char *const value = env_get(&scenario->env, key);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool has_blank_ends(const char *value)
{
    const size_t length = strlen(value);
    return isspace((unsigned char)value[0]) || isspace((unsigned char)value[length - 1]);
}

static void examine_key_file(struct examination *examination, const char *path)
{
    struct err err;
    struct signer *const signer = signer_from_file(path, &err);
    if (signer == NULL) {
        examination_note(examination, FINDING_BAD, "credentials",
                         "WALMART_PRIVATE_KEY_FILE: %s%s%s", err.message,
                         err.hint[0] != '\0' ? "; " : "", err.hint);
    }
    signer_destroy(signer);
}

static bool examine_pair(struct examination *examination, const struct scenario *scenario,
                         enum provider provider, const struct credential_keys *pair)
{
    const char *const id = pair->id == NULL ? NULL : value_of(scenario, pair->id);
    const char *const secret = value_of(scenario, pair->secret);
    const char *const name = provider_traits[provider].id;
    if (pair->id != NULL && (id == NULL) != (secret == NULL)) {
        examination_note(examination, FINDING_WARNING, "credentials",
                         "%s: %s is set and %s is not: one counts for nothing without the other",
                         name, id != NULL ? pair->id : pair->secret,
                         id != NULL ? pair->secret : pair->id);
        return true;
    }
    if (secret == NULL) return false;
    examination_note(examination, FINDING_GOOD, "credentials", "%s: %s%s%s", name,
                     pair->id != NULL ? pair->id : "", pair->id != NULL ? ", " : "", pair->secret);
    if (has_blank_ends(secret) || (id != NULL && has_blank_ends(id))) {
        examination_note(examination, FINDING_WARNING, "credentials",
                         "%s: a value begins or ends with a blank, which no provider gave out",
                         name);
    }
    if (strcmp(pair->secret, "WALMART_PRIVATE_KEY_FILE") == 0) {
        examine_key_file(examination, secret);
    }
    return true;
}

/* Mocks too: the question is what there is, not what a run would use. */
static void take_environment(struct examination *examination, struct scenario *scenario)
{
    struct err_list list = {0};
    for (enum provider p = 0; p < PROVIDER_COUNT; p++)
        load_take_credentials(scenario, p, &list);
    for (uint32_t i = 0; i < list.count; i++) {
        examination_note(examination, FINDING_BAD, "credentials", "%s", list.items[i].message);
    }
}

static void examine_credentials(struct examination *examination, const struct scenario *scenario)
{
    char none[128] = "";
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        bool any = false;
        for (enum api api = 0; api < API_COUNT; api++) {
            const struct credential_keys *const keys = api_keys(p, api);
            if (keys != NULL) any |= examine_pair(examination, scenario, p, keys);
        }
        if (any) continue;
        const size_t length = strlen(none);
        (void)snprintf(none + length, sizeof none - length, "%s%s", length > 0 ? ", " : "",
                       provider_traits[p].id);
    }
    if (none[0] == '\0') return;
    examination_note(examination, FINDING_GOOD, "credentials",
                     "none for %s: calling the real ones would need them, simulating does not",
                     none);
}

/* ---- one call -------------------------------------------------------------------------------- */

struct inquiry { /* is this provider's credential accepted? */
    struct examination *examination;
    const struct scenario *scenario;
    enum provider provider;
    enum api api;
    struct credential credential;
    struct http_place place;
    struct signer *signer;
    struct codec *codec;
    struct http_client *client;
    struct http_request request;
    struct call call;
    unsigned sent;
};

static void complain(struct inquiry *inquiry, const struct err *err)
{
    examination_note(inquiry->examination, FINDING_BAD, "live", "%s: %s%s%s",
                     provider_traits[inquiry->provider].id, err->message,
                     err->hint[0] != '\0' ? "; " : "", err->hint);
}

static bool find_credential(struct inquiry *inquiry, struct err *err)
{
    const struct credential_keys *const pair = api_keys(inquiry->provider, inquiry->api);
    assert(pair != NULL); /* the scenario's reader knows the APIs */
    if (!config_read_pair(&inquiry->scenario->env, pair, &inquiry->credential)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "has no credentials");
        return err_hint(
            err, "set %s%s%s in the environment, or in a private file given by --env-file",
            pair->id != NULL ? pair->id : "", pair->id != NULL ? " and " : "", pair->secret);
    }
    if (!api_is_signed(inquiry->provider, inquiry->api)) return true;
    inquiry->signer = signer_from_file(inquiry->credential.secret, err);
    return inquiry->signer != NULL;
}

static struct signer *signer_of(void *context, const struct credential *credential)
{
    (void)credential;
    return ((struct inquiry *)context)->signer;
}

/* Says what came back: the status, the provider's own words, and where the time went. */
static void tell(struct inquiry *inquiry, const struct http_outcome *outcome)
{
    const char *const id = provider_traits[inquiry->provider].id;
    const struct http_timing *const timing = &outcome->timing;
    char words[CODEC_EXPLAIN_MAX] = "";
    if (outcome->fate != CALL_ANSWERED) {
        examination_note(inquiry->examination, FINDING_BAD, "live", "%s: %s", id, outcome->message);
        return;
    }
    struct reply reply = {0};
    codec_decode(inquiry->codec, &inquiry->call, outcome->response, &reply);
    codec_explain(inquiry->codec, outcome->response, words);
    const bool accepted = reply.http_status >= 200 && reply.http_status < 300;
    const bool token = inquiry->call.operation == OPERATION_TOKEN;
    const bool good = accepted && (reply.body == BODY_GOOD || !token);
    examination_note(inquiry->examination, good ? FINDING_GOOD : FINDING_BAD, "live",
                     "%s: %s answered %u%s%s in %" PRId64 " ms (name %" PRId64 ", connection "
                     "%" PRId64 ", TLS %" PRId64 ", first byte %" PRId64 ")%s",
                     id, operation_names[inquiry->call.operation], (unsigned)reply.http_status,
                     words[0] != '\0' ? ", " : "", words, timing->total_us / US_PER_MS,
                     timing->dns_us / US_PER_MS, timing->tcp_us / US_PER_MS,
                     timing->tls_us / US_PER_MS, timing->wait_us / US_PER_MS,
                     good       ? ": the credential is accepted"
                     : accepted ? ": the answer is not what this API answers"
                                : "");
}

static void ended(void *context, void *owner, const struct http_outcome *outcome)
{
    struct inquiry *const inquiry = context;
    (void)owner;
    inquiry->sent += outcome->timing.sends;
    tell(inquiry, outcome);
}

static bool prepare(struct inquiry *inquiry, struct err *err)
{
    if (!find_credential(inquiry, err) ||
        !wire_find_place(inquiry->scenario, inquiry->provider, &inquiry->place, err))
        return false;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const struct codec_setup codec = {.provider = inquiry->provider,
                                      .api = inquiry->api,
                                      .epoch_us = (int64_t)now.tv_sec * US_PER_SECOND,
                                      .key_version =
                                          value_of(inquiry->scenario, "WALMART_KEY_VERSION"),
                                      .customer = &inquiry->scenario->workload.customer,
                                      .signer = signer_of,
                                      .context = inquiry};
    const struct http_client_setup client = {.context = inquiry, .ended = ended};
    static const struct order_request nothing = {.postal_code = "45202"};
    inquiry->codec = codec_create(&codec, err);
    if (inquiry->codec == NULL) return false;
    inquiry->client = http_client_create(&client, err);
    if (inquiry->client == NULL) return false;
    const bool tokens = api_has_tokens(inquiry->provider, inquiry->api);
    inquiry->call = (struct call){.provider = inquiry->provider,
                                  .operation = tokens ? OPERATION_TOKEN : OPERATION_HEALTH,
                                  .order_index = UINT64_MAX,
                                  .request = &nothing,
                                  .credential = &inquiry->credential};
    return codec_encode(inquiry->codec, &inquiry->call, &inquiry->request, err);
}

static void inquire(struct inquiry *inquiry)
{
    struct err err = {.code = ERR_NONE};
    const struct http_call call = {
        .place = &inquiry->place, .request = &inquiry->request, .life_us = CALL_LIFE_US};
    if (!prepare(inquiry, &err) || http_client_start(inquiry->client, &call, &err) == 0) {
        complain(inquiry, &err);
    } else {
        while (http_client_in_flight(inquiry->client) > 0)
            http_client_wait(inquiry->client, http_client_now_us() + CALL_LIFE_US);
    }
    http_client_destroy(inquiry->client);
    codec_destroy(inquiry->codec);
    signer_destroy(inquiry->signer);
    http_request_release(&inquiry->request);
}

static void examine_live(struct examination *examination, const struct scenario *scenario,
                         uint32_t providers)
{
    unsigned sent = 0;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if ((providers >> p & 1u) == 0) continue;
        struct inquiry inquiry = {.examination = examination,
                                  .scenario = scenario,
                                  .provider = p,
                                  .api = scenario->providers[p].backend.api};
        inquire(&inquiry);
        sent += inquiry.sent;
    }
    examination_note(examination, FINDING_GOOD, "live", "%u HTTP call%s sent in all", sent,
                     sent == 1 ? " was" : "s were");
}

/* ---- what was asked for ---------------------------------------------------------------------- */

static bool read_live(const struct invocation *invocation, uint32_t *providers, struct err *err)
{
    *providers = 0;
    const char *const live = invocation->values[OPTION_LIVE].text;
    if (live == NULL) return true;
    if (!provider_list_read("--live", live, providers, err)) return false;
    if (invocation_on(invocation, OPTION_YES_LIVE)) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){0}, "real providers are called only after a yes");
    return err_hint(err, "say --yes-live: one call is made to each");
}

int examine_providers(struct examination *examination, const struct invocation *invocation)
{
    struct console *const console = examination->console;
    const char *const path = invocation->values[OPTION_SCENARIO].text;
    struct loaded loaded;
    struct err err;
    uint32_t providers;
    if (!read_live(invocation, &providers, &err)) return console_error(console, &err, NULL);
    if (!load_scenario(invocation, console, path, &loaded)) return loaded.exit_code;
    (void)console_errors(console, &loaded.list, loaded.source); /* warnings */
    take_environment(examination, loaded.scenario);
    examine_credentials(examination, loaded.scenario);
    if (providers != 0) examine_live(examination, loaded.scenario, providers);
    load_release(&loaded);
    return EXIT_DONE;
}
