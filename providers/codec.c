#include "providers/codec_state.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/foreign_json.h"
#include "router/base/memory.h"

static const struct place nowhere;

static const struct codec_formats *formats_of(enum provider provider, enum api api)
{
    assert(api_exists(provider, api));
    switch (provider) {
    case PROVIDER_MEALME:
        return &codec_mealme;
    case PROVIDER_INSTACART:
        return api == API_DEVELOPER ? &codec_instacart_developer : &codec_instacart;
    case PROVIDER_KROGER_API:
        return &codec_kroger;
    case PROVIDER_WALMART_API:
        return api == API_ACCESS_TOKEN ? &codec_walmart_access_token : &codec_walmart;
    case PROVIDER_COUNT:
        break;
    }
    assert(!"a provider outside its enum");
    return NULL;
}

const char *codec_base_url(enum provider provider, enum api api, bool sandbox)
{
    return formats_of(provider, api)->base_url[sandbox];
}

/* ---- making ---------------------------------------------------------------------------------- */

static bool check_customer(const struct codec_customer *customer, struct err *err)
{
    const bool on_earth = fabs(customer->latitude) <= 90 && fabs(customer->longitude) <= 180;
    if (!on_earth) {
        return err_fail(err, ERR_INPUT, nowhere,
                        "the customer's coordinates lie outside the earth");
    }
    if (customer->phone[0] == '\0' ||
        customer->phone[strspn(customer->phone, "0123456789")] != '\0') {
        (void)err_fail(err, ERR_INPUT, nowhere, "the customer's phone \"%s\" is not all digits",
                       customer->phone);
        return err_hint(err, "write it like \"5135550100\"");
    }
    return true;
}

static bool check_setup(const struct codec_setup *setup, struct err *err)
{
    if (!api_exists(setup->provider, setup->api)) {
        return err_fail(err, ERR_INPUT, nowhere, "%s has no API \"%s\"",
                        provider_traits[setup->provider].id, api_names[setup->api]);
    }
    if (setup->key_version != NULL && strlen(setup->key_version) >= CODEC_KEY_VERSION_MAX) {
        return err_fail(err, ERR_INPUT, nowhere, "a key version of %zu bytes is over %d",
                        strlen(setup->key_version), CODEC_KEY_VERSION_MAX - 1);
    }
    return setup->customer == NULL || check_customer(setup->customer, err);
}

struct codec *codec_create(const struct codec_setup *setup, struct err *err)
{
    if (!check_setup(setup, err)) return NULL;
    struct codec *const codec = memory_zeroed(sizeof *codec);
    if (codec == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, nowhere, "out of memory for a codec");
        return NULL;
    }
    codec->provider = setup->provider;
    codec->api = setup->api;
    codec->declared_mock = setup->declared_mock;
    codec->epoch_us = setup->epoch_us;
    codec->customer = setup->customer != NULL ? *setup->customer : codec_customer_default();
    codec->signer = setup->signer;
    codec->context = setup->context;
    codec->formats = formats_of(setup->provider, setup->api);
    const char *const version = setup->key_version != NULL ? setup->key_version : "1";
    memcpy(codec->key_version, version, strlen(version) + 1);
    codec_keep_init(codec);
    return codec;
}

void codec_destroy(struct codec *codec)
{
    if (codec == NULL) return;
    codec_keep_release(codec);
    free(codec);
}

/* ---- requests -------------------------------------------------------------------------------- */

static const struct codec_formats *formats_for(const struct codec *codec, const struct call *call)
{
    return call->operation == OPERATION_SINGLE ? &codec_single : codec->formats;
}

static void put_key(struct http_request *request, const struct call *call)
{
    char key[128];
    const int length = snprintf(
        key, sizeof key, "%016" PRIx64 "-%" PRIx64 "-%" PRIu32 "-%" PRIu32 "-%" PRId64 "-%" PRIu32,
        call->order_key, call->order_index, call->item, call->attempt, call->sent_us, call->store);
    assert(length > 0);
    assert((size_t)length < sizeof key);
    http_header(request, CODEC_KEY_HEADER, key);
}

/* What went into the request could have been lost or refused on the way. */
static bool check_written(const struct codec *codec, const struct http_request *request,
                          struct err *err)
{
    const char *const id = provider_traits[codec->provider].id;
    if (request->target.failed || request->headers.failed || request->body.failed) {
        return err_fail(err, ERR_ENVIRONMENT, nowhere, "out of memory for a request to %s", id);
    }
    if (!request->failed) return true;
    (void)err_fail(err, ERR_INPUT, nowhere,
                   "a credential or token for %s holds a character that no header may hold", id);
    return err_hint(err, "look for a line break at its end");
}

bool codec_encode(struct codec *codec, const struct call *call, struct http_request *request,
                  struct err *err)
{
    assert(call->provider == codec->provider);
    assert(operation_exists(call->provider, call->operation));
    if (call->operation == OPERATION_CONFIRM && !codec->declared_mock) {
        return err_fail(err, ERR_INPUT, nowhere, "no order is ever placed with the real %s",
                        provider_traits[codec->provider].id);
    }
    if (!codec_keep_secret(codec, call->credential)) {
        return err_fail(err, ERR_ENVIRONMENT, nowhere, "out of memory for a credential of %s",
                        provider_traits[codec->provider].id);
    }
    if (!formats_for(codec, call)->encode(codec, call, request, err)) return false;
    if (codec->declared_mock) put_key(request, call);
    return check_written(codec, request, err);
}

/* ---- replies --------------------------------------------------------------------------------- */

static enum reply_body read_body(struct codec *codec, const struct call *call,
                                 const struct text *body, struct reply *reply)
{
    cJSON *root = NULL;
    if (body->length > 0) {
        root = foreign_json_parse(body->bytes, body->length);
        if (root == NULL) return BODY_MALFORMED;
    }
    const bool good =
        !codec_says_error(root) && formats_for(codec, call)->decode(codec, call, root, reply);
    cJSON_Delete(root);
    return good ? BODY_GOOD : BODY_MALFORMED;
}

void codec_decode(struct codec *codec, const struct call *call,
                  const struct http_response *response, struct reply *reply)
{
    assert(call->provider == codec->provider);
    assert(operation_exists(call->provider, call->operation));
    reply->http_status = response->status;
    reply->retry_after_s = response->retry_after_s;
    memset(&reply->as, 0, sizeof reply->as);
    if (response->status < 200 || response->status > 299) {
        reply->body = BODY_EMPTY;
        return;
    }
    reply->body =
        response->truncated ? BODY_TRUNCATED : read_body(codec, call, &response->body, reply);
    if (reply->body != BODY_GOOD) memset(&reply->as, 0, sizeof reply->as);
}
