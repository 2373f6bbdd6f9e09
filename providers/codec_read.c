/* Pieces of replies that several providers want. */
#include "providers/codec_state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "router/base/duration.h"
#include "router/base/json.h"

/* ---- JSON ------------------------------------------------------------------------------------ */

const cJSON *codec_member(const cJSON *object, const char *name)
{
    if (!cJSON_IsObject(object)) return NULL;
    const cJSON *const member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(member) ? NULL : member;
}

/* Good replies may say "error":false, "error":"" or "errors":[]. */
static bool is_meant(const cJSON *error)
{
    if (error == NULL) return false;
    if (cJSON_IsString(error)) return error->valuestring[0] != '\0';
    if (cJSON_IsNumber(error)) return error->valuedouble != 0;
    return cJSON_IsTrue(error) || error->child != NULL;
}

bool codec_says_error(const cJSON *body)
{
    return is_meant(codec_member(body, "error")) || is_meant(codec_member(body, "errors"));
}

bool codec_is_object(const cJSON *body)
{
    return cJSON_IsObject(body) && !codec_says_error(body);
}

const char *codec_string(const cJSON *node)
{
    return cJSON_IsString(node) ? node->valuestring : NULL;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static const char *skip_digits(const char *text, size_t *count)
{
    const size_t digits = strspn(text, "0123456789");
    *count += digits;
    return text + digits;
}

/* "3.49", " -12 ", ".5", "1e3", and not what strtod() takes besides: "nan", "inf", "0x10". */
static bool is_decimal(const char *text)
{
    size_t digits = 0;
    text += strspn(text, " ");
    text += *text == '-' || *text == '+';
    text = skip_digits(text, &digits);
    if (*text == '.') text = skip_digits(text + 1, &digits);
    if (digits == 0) return false;
    if (*text == 'e' || *text == 'E') {
        digits = 0;
        text++;
        text += *text == '-' || *text == '+';
        text = skip_digits(text, &digits);
        if (digits == 0) return false;
    }
    return text[strspn(text, " ")] == '\0';
}

enum codec_number codec_number(const cJSON *node, double *value)
{
    if (node == NULL || cJSON_IsNull(node)) return NUMBER_ABSENT;
    if (cJSON_IsNumber(node)) {
        *value = node->valuedouble;
    } else if (cJSON_IsString(node) && is_decimal(node->valuestring)) {
        *value = strtod(node->valuestring, NULL);
    } else {
        return NUMBER_BAD;
    }
    assert(!isnan(*value));
    return NUMBER_GOOD;
}

enum codec_price codec_price(const cJSON *node, int cents_per_unit, int32_t *cents)
{
    double units;
    switch (codec_number(node, &units)) {
    case NUMBER_BAD:
        return PRICE_BAD;
    case NUMBER_ABSENT:
        return PRICE_NONE;
    case NUMBER_GOOD:
        break;
    }
    const double whole = round(units * cents_per_unit);
    if (whole < 1 || whole > CODEC_CENTS_MAX) return PRICE_NONE;
    *cents = (int32_t)whole;
    return PRICE_GOOD;
}

/* Rounded, from 0 to `most`; 0 when absent. */
static bool read_amount(const cJSON *node, double most, double *amount)
{
    *amount = 0;
    switch (codec_number(node, amount)) {
    case NUMBER_BAD:
        return false;
    case NUMBER_ABSENT:
        return true;
    case NUMBER_GOOD:
        break;
    }
    if (*amount < 0) return false;
    *amount = round(*amount);
    return *amount <= most;
}

bool codec_cents(const cJSON *node, int64_t *cents)
{
    double amount;
    if (!read_amount(node, CODEC_CENTS_MAX, &amount)) return false;
    *cents = (int64_t)amount;
    return true;
}

bool codec_minutes(const cJSON *node, int32_t *minutes)
{
    enum { MINUTES_MAX = 1000000 }; /* two years */
    double amount;
    if (!read_amount(node, MINUTES_MAX, &amount)) return false;
    *minutes = (int32_t)amount;
    return true;
}

const char *codec_id(const cJSON *node, char room[NUMBER_TEXT_MAX])
{
    int64_t number;
    if (cJSON_IsString(node)) {
        const size_t length = strlen(node->valuestring);
        return length > 0 && length <= CODEC_TEXT_MAX ? node->valuestring : NULL;
    }
    if (node == NULL || !json_whole(node, &number)) return NULL;
    (void)number_write_int(room, number);
    return room;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* Visible ASCII: whatever else it held would end up in a header. */
static bool is_token(const char *text)
{
    const size_t length = strlen(text);
    if (length == 0 || length > CODEC_TEXT_MAX) return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '!' || *c > '~') return false;
    }
    return true;
}

bool codec_take_token(struct codec *codec, const cJSON *body, int64_t life_s, struct reply *reply)
{
    const char *const text = codec_string(codec_member(body, "access_token"));
    if (text == NULL || !is_token(text)) return false;
    const cJSON *const type = codec_member(body, "token_type");
    if (type != NULL && (!cJSON_IsString(type) || strcasecmp(type->valuestring, "bearer") != 0)) {
        return false; /* of another kind, which we cannot use */
    }
    double seconds = (double)life_s;
    if (codec_number(codec_member(body, "expires_in"), &seconds) == NUMBER_BAD || seconds < 0) {
        return false;
    }
    const int64_t life_s_max = DURATION_US_MAX / US_PER_SECOND;
    const int64_t whole_s = seconds < (double)life_s_max ? (int64_t)seconds : life_s_max;
    reply->as.token.life_us = whole_s * US_PER_SECOND;
    reply->as.token.value = codec_keep_token(codec, text);
    return reply->as.token.value != 0;
}
