/* Walmart, https://developer.api.walmart.com: the affiliate API, and the variant that production
 * uses. In brackets how sure the format is: B clients agree, C one source or inferred.
 *
 *             affiliate [B], under /api-proxy/...    access token [C], under /api/v1
 *   STORE     GET /stores?zip=                       GET /stores?zip=&maxDistance=25&maxResults=1
 *   SEARCH    GET /search?query=&numItems=5          GET /items/search?query=&start=0&numItems=10
 *   HEALTH    GET /taxonomy                          GET /items?ids=0
 *   CONFIRM   POST /orders: a house form, for mocks only; no public API places an order
 *
 * Credential: affiliate, the four headers of providers/signing.h; access token, WM_SEC.ACCESS_TOKEN
 * and WM_CONSUMER.ID. The correlation id has production's form, but says which call it is of.
 *
 * Stores are a bare array or {"stores":[]}, their number "no" or "storeId". Of the products the
 * first counts that can be bought online, as in production, or else the very first. A product whose
 * stock reads "Not available" or "Out of Stock" is not for sale: production looks for the latter
 * text alone, which the affiliate API never sends.
 *
 * Errors: {"errors":[{"code","message"}]} [C]; 401: {"details":{"Description"}} [C]. */
#include "providers/codec_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "providers/signing.h"
#include "router/base/duration.h"
#include "router/base/random.h"

#define AFFILIATE "/api-proxy/service/affil/product/v2"

/* ---- who is calling -------------------------------------------------------------------------- */

/* What stands for a signature that nobody can make. */
static const char unsigned_signature[] = "unsigned";

static bool sign(const struct codec *codec, const struct credential *credential,
                 int64_t timestamp_ms, char signature[SIGNATURE_TEXT_MAX], struct err *err)
{
    struct signer *const signer =
        codec->signer == NULL ? NULL : codec->signer(codec->context, credential);
    if (signer != NULL) {
        return signer_sign(signer, credential->id, timestamp_ms, codec->key_version, signature,
                           err);
    }
    if (codec->declared_mock) {
        (void)snprintf(signature, SIGNATURE_TEXT_MAX, "%s", unsigned_signature);
        return true;
    }
    return err_fail(err, ERR_INPUT, (struct place){0},
                    "a call to the real Walmart needs a private key to sign with, and has none");
}

static bool show_signature(const struct codec *codec, const struct call *call,
                           struct http_request *request, struct err *err)
{
    const struct credential *credential;
    if (!codec_credential(codec, call, &credential, err)) return false;
    if (credential == NULL) return true;
    const int64_t timestamp_ms = (codec->epoch_us + call->signed_us) / US_PER_MS;
    char signature[SIGNATURE_TEXT_MAX];
    if (!sign(codec, credential, timestamp_ms, signature, err)) return false;
    char timestamp[NUMBER_TEXT_MAX];
    (void)number_write_int(timestamp, timestamp_ms);
    http_header(request, "WM_CONSUMER.ID", credential->id);
    http_header(request, "WM_CONSUMER.INTIMESTAMP", timestamp);
    http_header(request, "WM_SEC.KEY_VERSION", codec->key_version);
    http_header(request, "WM_SEC.AUTH_SIGNATURE", signature);
    return true;
}

static bool show_access_token(const struct codec *codec, const struct call *call,
                              struct http_request *request, struct err *err)
{
    const struct credential *credential;
    if (!codec_credential(codec, call, &credential, err)) return false;
    if (credential != NULL) {
        http_header(request, "WM_SEC.ACCESS_TOKEN", credential->secret);
        if (credential->id[0] != '\0') http_header(request, "WM_CONSUMER.ID", credential->id);
    }
    const uint64_t noise = random_draw(
        call->order_key, random_what(RANDOM_RETRY, (unsigned)call->provider,
                                     (unsigned)call->operation, call->item, call->attempt & 0xFFu));
    char correlation[64];
    (void)snprintf(correlation, sizeof correlation, "LOOPGPT-%" PRId64 "-%08" PRIx32,
                   (codec->epoch_us + call->sent_us) / US_PER_MS, (uint32_t)(noise >> 32));
    http_header(request, "WM_QOS.CORRELATION_ID", correlation);
    return true;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void put_order(const struct call *call, const char *path, struct http_request *request)
{
    codec_begin(request, HTTP_POST, path, true);
    text_char(&request->body, '{');
    codec_put_items(&request->body, call->request);
    codec_put_text(&request->body, "zip", codec_postal_code(call));
    text_char(&request->body, '}');
}

static const char *term_of(const struct call *call)
{
    assert(call->item < call->request->item_count);
    return call->request->items[call->item].name;
}

static bool encode_affiliate(struct codec *codec, const struct call *call,
                             struct http_request *request, struct err *err)
{
    switch (call->operation) {
    case OPERATION_STORE:
        codec_begin(request, HTTP_GET, AFFILIATE "/stores", false);
        http_query(request, "zip", codec_postal_code(call));
        break;
    case OPERATION_SEARCH:
        codec_begin(request, HTTP_GET, AFFILIATE "/search", false);
        http_query(request, "query", term_of(call));
        http_query_int(request, "numItems", 5);
        break;
    case OPERATION_CONFIRM:
        put_order(call, AFFILIATE "/orders", request);
        break;
    case OPERATION_HEALTH:
        codec_begin(request, HTTP_GET, AFFILIATE "/taxonomy", false);
        break;
    case OPERATION_TOKEN:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        assert(!"no operation of Walmart's");
    }
    return show_signature(codec, call, request, err);
}

static bool encode_access_token(struct codec *codec, const struct call *call,
                                struct http_request *request, struct err *err)
{
    switch (call->operation) {
    case OPERATION_STORE:
        codec_begin(request, HTTP_GET, "/api/v1/stores", false);
        http_query(request, "zip", codec_postal_code(call));
        http_query_int(request, "maxDistance", 25);
        http_query_int(request, "maxResults", 1);
        break;
    case OPERATION_SEARCH:
        codec_begin(request, HTTP_GET, "/api/v1/items/search", false);
        http_query(request, "query", term_of(call));
        http_query_int(request, "start", 0);
        http_query_int(request, "numItems", 10);
        break;
    case OPERATION_CONFIRM:
        put_order(call, "/api/v1/orders", request);
        break;
    case OPERATION_HEALTH:
        codec_begin(request, HTTP_GET, "/api/v1/items", false);
        http_query_int(request, "ids", 0);
        break;
    case OPERATION_TOKEN:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        assert(!"no operation of Walmart's");
    }
    return show_access_token(codec, call, request, err);
}

/* ---- replies --------------------------------------------------------------------------------- */

static bool take_store(struct codec *codec, const cJSON *body, struct reply *reply)
{
    const cJSON *const stores = cJSON_IsArray(body) ? body : codec_member(body, "stores");
    if (!cJSON_IsArray(stores)) return false;
    const cJSON *const store = stores->child;
    if (store == NULL) return true;
    char room[NUMBER_TEXT_MAX];
    const cJSON *const no = codec_member(store, "no");
    const char *const id = codec_id(no != NULL ? no : codec_member(store, "storeId"), room);
    reply->as.store.found = true;
    return id != NULL && codec_keep_store(codec, id, 0, &reply->as.store.store);
}

static bool is_for_sale(const cJSON *item)
{
    const char *const stock = codec_string(codec_member(item, "stock"));
    return stock == NULL ||
           (strcasecmp(stock, "Not available") != 0 && strcasecmp(stock, "Out of Stock") != 0);
}

static const cJSON *choose(const cJSON *items)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, items)
    {
        if (!cJSON_IsFalse(codec_member(item, "availableOnline")) && is_for_sale(item)) {
            return item;
        }
    }
    return items->child;
}

static bool take_product(const cJSON *items, const struct call *call, struct reply *reply)
{
    const cJSON *const item = choose(items);
    if (item == NULL) return true;
    if (!cJSON_IsObject(item)) return false;
    if (!is_for_sale(item)) return true;
    switch (codec_price(codec_member(item, "salePrice"), 100, &reply->as.product.unit_cents)) {
    case PRICE_BAD:
        return false;
    case PRICE_NONE:
        return true;
    case PRICE_GOOD:
        break;
    }
    const char *const name = codec_string(codec_member(item, "name"));
    reply->as.product.found = true;
    reply->as.product.exact = name != NULL && codec_names_equal(name, term_of(call));
    return true;
}

/* Where nothing was found the list may be missing, and the total says so. */
static bool take_search(const cJSON *body, const struct call *call, struct reply *reply)
{
    const cJSON *const items = codec_member(body, "items");
    if (cJSON_IsArray(items)) return take_product(items, call, reply);
    double total;
    return items == NULL &&
           codec_number(codec_member(body, "totalResults"), &total) == NUMBER_GOOD && total == 0;
}

static bool decode(struct codec *codec, const struct call *call, const cJSON *body,
                   struct reply *reply)
{
    switch (call->operation) {
    case OPERATION_STORE:
        return take_store(codec, body, reply);
    case OPERATION_SEARCH:
        return take_search(body, call, reply);
    case OPERATION_CONFIRM:
        return codec_is_object(body) && codec_member(body, "details") == NULL;
    case OPERATION_HEALTH:
        return cJSON_IsArray(codec_member(body, "categories")) ||
               cJSON_IsArray(codec_member(body, "items"));
    case OPERATION_TOKEN:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        break;
    }
    assert(!"no operation of Walmart's");
    return false;
}

const struct codec_formats codec_walmart = {
    .base_url = {"https://developer.api.walmart.com", NULL},
    .encode = encode_affiliate,
    .decode = decode,
};
const struct codec_formats codec_walmart_access_token = {
    .base_url = {"https://developer.api.walmart.com", NULL},
    .encode = encode_access_token,
    .decode = decode,
};
