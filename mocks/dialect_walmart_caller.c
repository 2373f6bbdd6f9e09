/* Who calls Walmart, and the words in which it refuses. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/dialect_walmart.h"
#include "mocks/signing.h"
#include "router/base/duration.h"
#include "router/base/random.h"

/* ---- signatures ------------------------------------------------------------------------------ */

struct signature {
    const char *consumer_id, *timestamp, *key_version, *text;
};

/* The newest generation of those up to `newest` under whose key it fits; 0: it fits none. Keys of
 * generations that have not begun need not be tried: nobody is let in by them. */
static uint32_t verify(const struct signature *signature, uint32_t newest)
{
    for (uint32_t generation = newest; generation > 0; generation--) {
        if (signing_verify(generation, signature->consumer_id, signature->timestamp,
                           signature->key_version, signature->text)) {
            return generation;
        }
    }
    return 0;
}

/* A signature is shown again and again while it is young, and costs tens of microseconds to verify:
 * those seen last are remembered, whole, so that no other is ever taken for one of them. */
static uint32_t recall(struct dialect *dialect, const struct signature *signature, uint32_t newest)
{
    char text[DIALECT_SIGNATURE_MAX];
    const int length = snprintf(text, sizeof text, "%s\n%s\n%s\n%s", signature->consumer_id,
                                signature->timestamp, signature->key_version, signature->text);
    if (length < 0 || (size_t)length >= sizeof text) return 0; /* none is that long */
    struct seen_signature *const seen =
        &dialect->signatures[random_hash_text(text) & (DIALECT_SIGNATURES - 1)];
    if (seen->tried >= newest && strcmp(seen->text, text) == 0) return seen->generation;
    memcpy(seen->text, text, (size_t)length + 1);
    seen->generation = verify(signature, newest);
    seen->tried = newest;
    return seen->generation;
}

/* Walmart knows a public key by its consumer and version. A rotated key takes the old one's place
 * under the same version, so that a client has a new file to show and nothing to configure. */
static bool is_registered(const struct dialect *dialect, const char *key_version)
{
    const char *const registered = dialect->setup.key_version;
    return strcmp(key_version, registered != NULL ? registered : "1") == 0;
}

void walmart_take_signature(struct hearing *hearing)
{
    static_assert((DIALECT_SIGNATURES & (DIALECT_SIGNATURES - 1)) == 0, "a place is a mask");
    struct dialect *const dialect = hearing->dialect;
    struct call *const call = &hearing->heard->call;
    const struct signature signature = {
        .consumer_id = http_view_header(hearing->view, "WM_CONSUMER.ID"),
        .timestamp = http_view_header(hearing->view, "WM_CONSUMER.INTIMESTAMP"),
        .key_version = http_view_header(hearing->view, "WM_SEC.KEY_VERSION"),
        .text = http_view_header(hearing->view, "WM_SEC.AUTH_SIGNATURE"),
    };
    if (signature.consumer_id == NULL || signature.timestamp == NULL ||
        signature.key_version == NULL || signature.text == NULL) {
        return;
    }
    dialect_take_fingerprint(hearing, 0);
    uint64_t unix_ms;
    if (!dialect_number(signature.timestamp, 0, UINT64_C(99999999999999), &unix_ms)) return;
    call->signed_us = (int64_t)unix_ms * US_PER_MS - dialect->setup.epoch_us;
    if (strcmp(signature.consumer_id, dialect->mock_id) != 0) return;
    hearing->heard->key_unknown = !is_registered(dialect, signature.key_version);
    if (hearing->heard->key_unknown) return;
    const uint32_t newest = backend_generation_at(dialect->setup.backend, call->sent_us);
    const uint32_t generation = recall(dialect, &signature, newest);
    dialect_take_fingerprint(hearing, dialect->fingerprints[generation]);
}

void walmart_take_access_token(struct hearing *hearing)
{
    dialect_take_credential(hearing, http_view_header(hearing->view, "WM_CONSUMER.ID"),
                            http_view_header(hearing->view, "WM_SEC.ACCESS_TOKEN"));
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *why(const struct heard *heard)
{
    if (heard == NULL) return "401";
    if (heard->token_missing) return "401_missing";
    if (heard->key_unknown) return "401_key";
    if (heard->credential.fingerprint == 0) return "401";
    const int64_t age_us = heard->call.sent_us - heard->call.signed_us;
    return llabs(age_us) > BACKEND_SIGNATURE_LIFE_US ? "401_expired" : "401_key";
}

static void say(struct dialect *dialect, const struct heard *heard, uint16_t status,
                const char *name, struct http_response *response)
{
    if (status != 401)
        dialect_put_status(dialect, heard, status, response);
    else
        dialect_put_payload(dialect, heard, status, dialect_payload(dialect, name), response);
}

void walmart_say_signature_error(struct dialect *dialect, const struct heard *heard,
                                 uint16_t status, struct http_response *response)
{
    say(dialect, heard, status, why(heard), response);
}

void walmart_say_token_error(struct dialect *dialect, const struct heard *heard, uint16_t status,
                             struct http_response *response)
{
    say(dialect, heard, status, "401_token", response);
}

void walmart_say_bad_request(struct dialect *dialect, const char *reason,
                             struct http_response *response)
{
    (void)dialect;
    const bool is_item = strcmp(reason, "Invalid itemId") == 0; /* the one number that was seen */
    text_format(&response->body, "{\"errors\":[{\"code\":%d,\"message\":", is_item ? 4002 : 4001);
    text_json_string(&response->body, reason);
    PUT(&response->body, "}]}");
}
