/* Pieces of requests that several providers want. */
#include "providers/codec_state.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

static const struct place nowhere;

void codec_begin(struct http_request *request, enum http_method method, const char *path, bool json)
{
    http_request_begin(request, method, path);
    http_header(request, "Accept", "application/json");
    if (json) request->content_type = "application/json";
}

/* ---- who is calling -------------------------------------------------------------------------- */

static bool lacks(const struct codec *codec, const char *what, struct err *err)
{
    return err_fail(err, ERR_INPUT, nowhere, "a call to the real %s needs %s, and has none",
                    provider_traits[codec->provider].id, what);
}

bool codec_credential(const struct codec *codec, const struct call *call,
                      const struct credential **credential, struct err *err)
{
    const struct credential *const shown = call->credential;
    const bool has =
        shown != NULL && shown->id != NULL && shown->secret != NULL && shown->secret[0] != '\0';
    *credential = has ? shown : NULL;
    return has || codec->declared_mock || lacks(codec, "a credential", err);
}

enum { BASIC_PLAIN_MAX = CODEC_TEXT_MAX, BASIC_TEXT_MAX = 8 + (BASIC_PLAIN_MAX + 2) / 3 * 4 + 1 };

/* RFC 7617 leaves no way to write an id with a colon in it: the server would cut it there. */
static bool check_basic(const struct codec *codec, const struct credential *credential,
                        struct err *err)
{
    const char *const id = provider_traits[codec->provider].id;
    if (strlen(credential->id) + strlen(credential->secret) + 1 > BASIC_PLAIN_MAX) {
        return err_fail(err, ERR_INPUT, nowhere, "%s's credential is longer than %d bytes", id,
                        BASIC_PLAIN_MAX);
    }
    if (strchr(credential->id, ':') == NULL) return true;
    return err_fail(err, ERR_INPUT, nowhere, "%s's client id holds a colon, which ends it", id);
}

bool codec_show_credential(const struct codec *codec, const struct call *call,
                           struct http_request *request, struct err *err)
{
    const struct credential *credential;
    if (!codec_credential(codec, call, &credential, err)) return false;
    if (credential == NULL) return true;
    if (!check_basic(codec, credential, err)) return false;

    unsigned char plain[BASIC_PLAIN_MAX];
    char value[BASIC_TEXT_MAX] = "Basic ";
    const size_t id = strlen(credential->id), secret = strlen(credential->secret);
    memcpy(plain, credential->id, id);
    plain[id] = ':';
    memcpy(plain + id + 1, credential->secret, secret);
    (void)EVP_EncodeBlock((unsigned char *)value + strlen(value), plain, (int)(id + 1 + secret));
    http_header(request, "Authorization", value);
    OPENSSL_cleanse(plain, sizeof plain);
    OPENSSL_cleanse(value, sizeof value);
    return true;
}

static bool needs_token(enum operation operation)
{
    return operation != OPERATION_SINGLE && operation != OPERATION_CONFIRM &&
           operation != OPERATION_HEALTH;
}

bool codec_show_token(const struct codec *codec, const struct call *call,
                      struct http_request *request, struct err *err)
{
    if (call->token == 0) {
        if (!needs_token(call->operation)) {
            return codec_show_credential(codec, call, request, err);
        }
        return codec->declared_mock || lacks(codec, "a token", err);
    }
    char value[sizeof "Bearer " + CODEC_TEXT_MAX] = "Bearer ";
    const char *const token = codec_token_text(codec, call->token);
    assert(strlen(token) <= CODEC_TEXT_MAX);
    strcat(value, token);
    http_header(request, "Authorization", value);
    OPENSSL_cleanse(value, sizeof value);
    return true;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void put_key(struct text *to, const char *key)
{
    if (to->length > 0 && to->bytes[to->length - 1] != '{') text_char(to, ',');
    text_json_string(to, key);
    text_char(to, ':');
}

void codec_put_text(struct text *to, const char *key, const char *value)
{
    put_key(to, key);
    text_json_string(to, value);
}

void codec_put_int(struct text *to, const char *key, int64_t value)
{
    put_key(to, key);
    text_int(to, value);
}

void codec_put_items(struct text *to, const struct order_request *request)
{
    put_key(to, "items");
    text_char(to, '[');
    for (uint32_t i = 0; i < request->item_count; i++) {
        text_put(to, i == 0 ? "{" : ",{");
        codec_put_text(to, "name", request->items[i].name);
        codec_put_int(to, "quantity", request->items[i].quantity);
        text_char(to, '}');
    }
    text_char(to, ']');
}

const char *codec_postal_code(const struct call *call)
{
    return call->request != NULL ? call->request->postal_code : codec_some_postal_code;
}
