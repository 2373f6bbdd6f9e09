/* Who calls: what a request shows, as a fingerprint or a token's number. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mocks/dialect_state.h"

enum { CREDENTIAL_TEXT_MAX = 4096 };

#define TOKEN_OF_NOBODY UINT64_C(1) /* below 2^32: no slot's */

/* ---- base64 ---------------------------------------------------------------------------------- */

static int sextet(char c, bool url)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == (url ? '-' : '+')) return 62;
    if (c == (url ? '_' : '/')) return 63;
    return -1;
}

int dialect_base64_decode(const char *text, size_t length, bool url, char *bytes, size_t size)
{
    if (!url) {
        if (length % 4 != 0) return -1;
        if (length > 0 && text[length - 1] == '=') length--;
        if (length % 4 == 3 && text[length - 1] == '=') length--;
    }
    if (length % 4 == 1 || length / 4 * 3 + 3 > size) return -1;
    uint32_t bits = 0;
    int written = 0;
    for (size_t i = 0; i < length; i++) {
        const int value = sextet(text[i], url);
        if (value < 0) return -1;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 == 0) continue;
        bytes[written++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xFF);
    }
    const uint32_t left = length % 4 == 2 ? bits & 0xF : length % 4 == 3 ? bits & 3 : 0;
    return left == 0 ? written : -1; /* bits that belong to no byte: another text of the same */
}

void dialect_base64_encode_url(struct text *to, const char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | (unsigned char)bytes[i];
        for (held += 8; held >= 6; held -= 6)
            text_char(to, digits[bits >> (held - 6) & 63]);
    }
    if (held > 0) text_char(to, digits[bits << (6 - held) & 63]);
}

/* ---- credentials ----------------------------------------------------------------------------- */

void dialect_take_fingerprint(struct hearing *hearing, uint64_t fingerprint)
{
    struct heard *const heard = hearing->heard;
    heard->credential.fingerprint = fingerprint;
    heard->call.credential = &heard->credential;
    heard->token_missing = false;
}

void dialect_take_credential(struct hearing *hearing, const char *id, const char *secret)
{
    if (id == NULL || secret == NULL) return;
    dialect_take_fingerprint(hearing, credential_fingerprint(id, secret));
}

/* The generation whose secret this is; 0: of none. */
static uint32_t generation_of(const char *secret)
{
    static const char prefix[] = "generation-";
    uint64_t generation;
    if (strncmp(secret, prefix, sizeof prefix - 1) != 0) return 0;
    secret += sizeof prefix - 1;
    if (*secret == '0') return 0;
    return dialect_number(secret, 1, DIALECT_GENERATIONS, &generation) ? (uint32_t)generation : 0;
}

void dialect_take_key(struct hearing *hearing, const char *key)
{
    const struct dialect *const dialect = hearing->dialect;
    if (key == NULL) return;
    const size_t id = strlen(dialect->mock_id);
    const bool whole = strncmp(key, dialect->mock_id, id) == 0 && key[id] == ':';
    const uint32_t generation = generation_of(whole ? key + id + 1 : key);
    dialect_take_fingerprint(hearing, dialect->fingerprints[generation]);
}

/* What stands behind "Basic " or "Bearer ", whose case does not matter; NULL: another scheme. */
static const char *after_scheme(const char *value, const char *scheme)
{
    const size_t length = strlen(scheme);
    if (value == NULL || strncasecmp(value, scheme, length) != 0 || value[length] != ' ') {
        return NULL;
    }
    value += length;
    return value + strspn(value, " ");
}

static void take_basic(struct hearing *hearing, const char *text)
{
    char plain[CREDENTIAL_TEXT_MAX];
    const int length = dialect_base64_decode(text, strlen(text), false, plain, sizeof plain - 1);
    char *const colon = length < 0 ? NULL : memchr(plain, ':', (size_t)length);
    if (colon == NULL || memchr(plain, '\0', (size_t)length) != NULL) {
        dialect_take_fingerprint(hearing, 0); /* shown, and nobody's */
        return;
    }
    plain[length] = '\0';
    *colon = '\0';
    dialect_take_credential(hearing, plain, colon + 1);
    memset(plain, 0, sizeof plain);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

#define TOKEN_PREFIX "mock-"

void dialect_put_token(struct text *to, uint64_t token)
{
    text_format(to, "\"" TOKEN_PREFIX "%016" PRIx64 "\"", token);
}

static uint64_t token_of(const char *text)
{
    static const char hex[] = "0123456789abcdef";
    if (strncmp(text, TOKEN_PREFIX, sizeof TOKEN_PREFIX - 1) != 0) return TOKEN_OF_NOBODY;
    text += sizeof TOKEN_PREFIX - 1;
    if (strlen(text) != 16) return TOKEN_OF_NOBODY;
    uint64_t token = 0;
    for (; *text != '\0'; text++) {
        const char *const digit = strchr(hex, *text);
        if (digit == NULL) return TOKEN_OF_NOBODY;
        token = token << 4 | (uint64_t)(digit - hex);
    }
    return token == 0 ? TOKEN_OF_NOBODY : token;
}

const char *dialect_bearer(const struct http_view *view)
{
    return after_scheme(http_view_header(view, "Authorization"), "Bearer");
}

void dialect_take_authorization(struct hearing *hearing)
{
    const char *const token = dialect_bearer(hearing->view);
    const char *const basic =
        after_scheme(http_view_header(hearing->view, "Authorization"), "Basic");
    if (token != NULL && *token != '\0') {
        hearing->heard->call.token = token_of(token);
        hearing->heard->token_missing = false;
    } else if (basic != NULL) {
        take_basic(hearing, basic);
    }
}
