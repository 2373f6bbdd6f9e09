/* Instacart, https://connect.instacart.com: Connect's fulfilment API for partners, and the
 * developer platform. Neither gives prices. In brackets how sure the format is: A the vendor's
 * document, B clients agree, C one source or inferred.
 *
 *   Connect
 *     TOKEN    POST /v2/oauth/token, JSON [A]
 *     STORE    POST /v2/fulfillment/stores/delivery [A; the reply B/C]
 *     SLOTS    POST /v2/fulfillment/service_options/delivery [A; what a window holds C]
 *     CONFIRM  POST /v2/fulfillment/users/{id}/orders/delivery [A], for mocks only
 *     HEALTH   the call of STORE
 *   Developer platform, whose Bearer is the API key itself [A]
 *     STORE    GET /idp/v1/retailers [A; which key names one C]
 *     SLOTS    POST /idp/v1/products/products_link: a link, and no slot [A]
 *     CONFIRM  POST /idp/v1/orders: a house form with the link's body, for mocks only
 *     HEALTH   the call of STORE
 *
 * Errors [A]: {"error":{"message","code"},"meta":{"key"}}; several: {"error":{...,"errors":[]}}. */
#include "providers/codec_state.h"

#include <assert.h>
#include <string.h>

#include "router/base/duration.h"

enum { TOKEN_LIFE_S = 86400 };

/* ---- Connect: requests ----------------------------------------------------------------------- */

static bool put_token_request(const struct codec *codec, const struct call *call,
                              struct http_request *request, struct err *err)
{
    const struct credential *credential;
    if (!codec_credential(codec, call, &credential, err)) return false;
    codec_begin(request, HTTP_POST, "/v2/oauth/token", true);
    struct text *const body = &request->body;
    text_char(body, '{');
    codec_put_text(body, "client_id", credential != NULL ? credential->id : "");
    codec_put_text(body, "client_secret", credential != NULL ? credential->secret : "");
    codec_put_text(body, "grant_type", "client_credentials");
    codec_put_text(body, "scope", "connect:fulfillment");
    text_char(body, '}');
    return true;
}

static void put_find_stores(const struct call *call, struct http_request *request)
{
    codec_begin(request, HTTP_POST, "/v2/fulfillment/stores/delivery", true);
    text_put(&request->body, "{\"find_by\":{");
    codec_put_text(&request->body, "postal_code", codec_postal_code(call));
    text_put(&request->body, "}}");
}

static void put_find_slots(const struct codec *codec, const struct call *call,
                           struct http_request *request)
{
    int64_t items = 0;
    for (uint32_t i = 0; i < call->request->item_count; i++)
        items += call->request->items[i].quantity;
    char room[NUMBER_TEXT_MAX];
    codec_begin(request, HTTP_POST, "/v2/fulfillment/service_options/delivery", true);
    struct text *const body = &request->body;
    text_char(body, '{');
    codec_put_text(body, "postal_code", codec_postal_code(call));
    codec_put_int(body, "cart_total_cents", call->subtotal_cents);
    codec_put_int(body, "items_count", items);
    codec_put_text(body, "location_code", codec_store_text(codec, call->store, 0, room));
    text_put(body, ",\"with_eta_options\":true}");
}

static bool encode_connect(struct codec *codec, const struct call *call,
                           struct http_request *request, struct err *err)
{
    switch (call->operation) {
    case OPERATION_TOKEN:
        return put_token_request(codec, call, request, err);
    case OPERATION_STORE:
    case OPERATION_HEALTH:
        put_find_stores(call, request);
        break;
    case OPERATION_SLOTS:
        put_find_slots(codec, call, request);
        break;
    case OPERATION_CONFIRM:
        codec_begin(request, HTTP_POST, "/v2/fulfillment/users/routesim/orders/delivery", true);
        text_put(&request->body, "{\"service_option_hold_id\":1}");
        break;
    case OPERATION_SEARCH:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        assert(!"no operation of Instacart's");
    }
    return codec_show_token(codec, call, request, err);
}

/* ---- Connect: replies ------------------------------------------------------------------------ */

/* The first store that delivers. */
static bool take_store(struct codec *codec, const cJSON *stores, struct reply *reply)
{
    if (!cJSON_IsArray(stores)) return false;
    const cJSON *store;
    cJSON_ArrayForEach(store, stores)
    {
        if (!cJSON_IsTrue(codec_member(store, "pickup_only"))) break;
    }
    if (store == NULL) return true;
    char room[NUMBER_TEXT_MAX];
    const char *const code = codec_id(codec_member(store, "location_code"), room);
    reply->as.store.found = true;
    return code != NULL && codec_keep_store(codec, code, 0, &reply->as.store.store);
}

static bool is_offset(const char *text) /* "+02:00" */
{
    static const char shape[] = "+00:00";
    for (size_t i = 0; shape[i] != '\0'; i++) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        const bool sign = text[i] == '+' || text[i] == '-';
        if (shape[i] == '0' ? !digit : shape[i] == '+' ? !sign : text[i] != shape[i]) return false;
    }
    return true;
}

/* Cuts an offset from UTC off the end of an instant, and returns it; 0: it has none. */
static int64_t take_offset(char *text, size_t length)
{
    const size_t width = strlen("+00:00");
    if (length < width || !is_offset(text + length - width)) return 0;
    char *const offset = text + length - width;
    const int hours = (offset[1] - '0') * 10 + offset[2] - '0';
    const int minutes = (offset[4] - '0') * 10 + offset[5] - '0';
    const int64_t size_us = hours * US_PER_HOUR + minutes * US_PER_MINUTE;
    const bool west = offset[0] == '-';
    *offset = '\0';
    return west ? -size_us : size_us;
}

static bool take_instant(const char *text, int64_t *unix_ms)
{
    char copy[64];
    const size_t length = strlen(text);
    if (length >= sizeof copy) return false;
    memcpy(copy, text, length + 1);
    const int64_t offset_us = take_offset(copy, length);
    int64_t unix_us;
    struct err err; /* why not is of no interest: the reply is malformed */
    if (!instant_parse(copy, (struct place){0}, &unix_us, &err)) return false;
    *unix_ms = (unix_us - offset_us) / US_PER_MS;
    return true;
}

/* The start of the first slot that is to be had. */
static bool take_slots(const cJSON *options, struct reply *reply)
{
    if (!cJSON_IsArray(options)) return false;
    const cJSON *option;
    cJSON_ArrayForEach(option, options)
    {
        if (!cJSON_IsObject(option)) return false;
        const cJSON *const availability = codec_member(option, "availability");
        if (!cJSON_IsFalse(codec_member(availability, "available"))) break;
    }
    const cJSON *const start = codec_member(codec_member(option, "window"), "start_at");
    if (start == NULL) return true;
    return cJSON_IsString(start) &&
           take_instant(start->valuestring, &reply->as.slots.start_unix_ms);
}

static bool decode_connect(struct codec *codec, const struct call *call, const cJSON *body,
                           struct reply *reply)
{
    switch (call->operation) {
    case OPERATION_TOKEN:
        return codec_take_token(codec, body, TOKEN_LIFE_S, reply);
    case OPERATION_STORE:
        return take_store(codec, codec_member(body, "stores"), reply);
    case OPERATION_SLOTS:
        return take_slots(codec_member(body, "service_options"), reply);
    case OPERATION_CONFIRM:
        return codec_is_object(body);
    case OPERATION_HEALTH:
        return cJSON_IsArray(codec_member(body, "stores"));
    case OPERATION_SEARCH:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        break;
    }
    assert(!"no operation of Instacart's");
    return false;
}

/* ---- the developer platform ------------------------------------------------------------------ */

static bool show_api_key(const struct codec *codec, const struct call *call,
                         struct http_request *request, struct err *err)
{
    const struct credential *credential;
    if (!codec_credential(codec, call, &credential, err)) return false;
    if (credential == NULL) return true;
    struct text value = {0};
    text_format(&value, "Bearer %s", credential->secret);
    const bool written = !value.failed;
    if (written) http_header(request, "Authorization", value.bytes);
    codec_wipe(&value);
    return written || err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                               "out of memory for Instacart's credential");
}

static void put_list(const struct call *call, const char *path, struct http_request *request)
{
    codec_begin(request, HTTP_POST, path, true);
    struct text *const body = &request->body;
    text_put(body, "{\"title\":\"Shopping list\",\"link_type\":\"shopping_list\",\"line_items\":[");
    for (uint32_t i = 0; i < call->request->item_count; i++) {
        text_put(body, i == 0 ? "{" : ",{");
        codec_put_text(body, "name", call->request->items[i].name);
        text_put(body, ",\"line_item_measurements\":[{");
        codec_put_int(body, "quantity", call->request->items[i].quantity);
        text_put(body, ",\"unit\":\"each\"}]}");
    }
    text_put(body, "]}");
}

static bool encode_developer(struct codec *codec, const struct call *call,
                             struct http_request *request, struct err *err)
{
    switch (call->operation) {
    case OPERATION_STORE:
    case OPERATION_HEALTH:
        codec_begin(request, HTTP_GET, "/idp/v1/retailers", false);
        http_query(request, "postal_code", codec_postal_code(call));
        http_query(request, "country_code", "US");
        break;
    case OPERATION_SLOTS:
        put_list(call, "/idp/v1/products/products_link", request);
        break;
    case OPERATION_CONFIRM: /* under the link's own path a mock could not tell it from SLOTS */
        put_list(call, "/idp/v1/orders", request);
        break;
    case OPERATION_TOKEN:
    case OPERATION_SEARCH:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        assert(!"no operation of the developer platform");
    }
    return show_api_key(codec, call, request, err);
}

static bool take_retailer(struct codec *codec, const cJSON *retailers, struct reply *reply)
{
    if (!cJSON_IsArray(retailers)) return false;
    const cJSON *const retailer = retailers->child;
    if (retailer == NULL) return true;
    char room[NUMBER_TEXT_MAX];
    const cJSON *const id = codec_member(retailer, "id");
    const char *const text =
        codec_id(id != NULL ? id : codec_member(retailer, "retailer_key"), room);
    reply->as.store.found = true;
    return text != NULL && codec_keep_store(codec, text, 0, &reply->as.store.store);
}

static bool decode_developer(struct codec *codec, const struct call *call, const cJSON *body,
                             struct reply *reply)
{
    const cJSON *const retailers = codec_member(body, "retailers");
    switch (call->operation) {
    case OPERATION_STORE:
        return take_retailer(codec, retailers, reply);
    case OPERATION_HEALTH:
        return cJSON_IsArray(retailers);
    case OPERATION_SLOTS: /* the link is for a customer; no slot is stated */
    case OPERATION_CONFIRM:
        return cJSON_IsString(codec_member(body, "products_link_url"));
    case OPERATION_TOKEN:
    case OPERATION_SEARCH:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        break;
    }
    assert(!"no operation of the developer platform");
    return false;
}

const struct codec_formats codec_instacart = {
    .base_url = {"https://connect.instacart.com", "https://connect.dev.instacart.tools"},
    .encode = encode_connect,
    .decode = decode_connect,
};
const struct codec_formats codec_instacart_developer = {
    .base_url = {"https://connect.instacart.com", "https://connect.dev.instacart.tools"},
    .encode = encode_developer,
    .decode = decode_developer,
};
