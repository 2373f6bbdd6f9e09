/* Kroger's public API, https://api.kroger.com/v1. In brackets how sure the format is: A the
 * vendor's document, B clients agree, C one source or inferred.
 *
 *   TOKEN    POST /connect/oauth2/token   Basic, form body; bare {"access_token","expires_in"} [A]
 *   STORE    GET /locations, 10 miles around a postal code, the first [A]; none: "data":[] [C]
 *   SEARCH   GET /products of a term in a store, 5, of which the first counts, and of its items the
 *            first: what production takes; stock levels are not looked at [A]
 *   CONFIRM  PUT /cart/add; 204, no body [C]. Product codes are not known to us: mocks only
 *   HEALTH   GET /locations, any one [A]
 *
 * Errors [A]: {"error","error_description"} or {"errors":{"code","reason"}}, or either in the
 * other's wrapping; at the token endpoint 400 also for a wrong credential. */
#include "providers/codec_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { STORE_DIGITS = 8, TOKEN_LIFE_S = 1800 };

/* ---- requests -------------------------------------------------------------------------------- */

static void put_search(const struct codec *codec, const struct call *call,
                       struct http_request *request)
{
    char room[NUMBER_TEXT_MAX];
    assert(call->item < call->request->item_count);
    codec_begin(request, HTTP_GET, "/v1/products", false);
    http_query(request, "filter.term", call->request->items[call->item].name);
    http_query(request, "filter.locationId",
               codec_store_text(codec, call->store, STORE_DIGITS, room));
    http_query_int(request, "filter.limit", 5);
}

static void put_cart(const struct call *call, struct http_request *request)
{
    codec_begin(request, HTTP_PUT, "/v1/cart/add", true);
    struct text *const body = &request->body;
    text_put(body, "{\"items\":[");
    for (uint32_t i = 0; i < call->request->item_count; i++) {
        const struct order_item *const item = &call->request->items[i];
        char upc[32];
        (void)snprintf(upc, sizeof upc, "%013" PRIu64, item->name_hash % UINT64_C(10000000000000));
        text_put(body, i == 0 ? "{" : ",{");
        codec_put_text(body, "upc", upc);
        codec_put_int(body, "quantity", item->quantity);
        codec_put_text(body, "modality", "DELIVERY");
        text_char(body, '}');
    }
    text_put(body, "]}");
}

static bool encode(struct codec *codec, const struct call *call, struct http_request *request,
                   struct err *err)
{
    switch (call->operation) {
    case OPERATION_TOKEN:
        codec_begin(request, HTTP_POST, "/v1/connect/oauth2/token", false);
        request->content_type = "application/x-www-form-urlencoded";
        text_put(&request->body, "grant_type=client_credentials&scope=product.compact");
        return codec_show_credential(codec, call, request, err);
    case OPERATION_STORE:
        codec_begin(request, HTTP_GET, "/v1/locations", false);
        http_query(request, "filter.zipCode.near", codec_postal_code(call));
        http_query_int(request, "filter.radiusInMiles", 10);
        http_query_int(request, "filter.limit", 1);
        break;
    case OPERATION_SEARCH:
        put_search(codec, call, request);
        break;
    case OPERATION_CONFIRM:
        put_cart(call, request);
        break;
    case OPERATION_HEALTH:
        codec_begin(request, HTTP_GET, "/v1/locations", false);
        http_query_int(request, "filter.limit", 1);
        break;
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        assert(!"no operation of Kroger's");
    }
    return codec_show_token(codec, call, request, err);
}

/* ---- replies --------------------------------------------------------------------------------- */

/* The offer where there is one: 0, like nothing at all, says that there is none. */
static enum codec_price price_of(const cJSON *item, int32_t *cents)
{
    const cJSON *const price = codec_member(item, "price");
    if (price == NULL) return PRICE_NONE;
    if (!cJSON_IsObject(price)) return PRICE_BAD;
    double promo = 0;
    if (codec_number(codec_member(price, "promo"), &promo) == NUMBER_BAD) return PRICE_BAD;
    return codec_price(codec_member(price, promo >= 0.005 ? "promo" : "regular"), 100, cents);
}

static bool take_product(const cJSON *product, const struct call *call, struct reply *reply)
{
    if (!cJSON_IsObject(product)) return false;
    const cJSON *const items = codec_member(product, "items");
    if (items != NULL && !cJSON_IsArray(items)) return false;
    const cJSON *const item = items == NULL ? NULL : items->child;
    if (item == NULL) return true; /* nothing of it is for sale here */
    if (!cJSON_IsObject(item)) return false;
    switch (price_of(item, &reply->as.product.unit_cents)) {
    case PRICE_BAD:
        return false;
    case PRICE_NONE:
        return true;
    case PRICE_GOOD:
        break;
    }
    const char *const name = codec_string(codec_member(product, "description"));
    reply->as.product.found = true;
    reply->as.product.exact =
        name != NULL && codec_names_equal(name, call->request->items[call->item].name);
    return true;
}

static bool take_store(struct codec *codec, const cJSON *location, struct reply *reply)
{
    char room[NUMBER_TEXT_MAX];
    const char *const id = codec_id(codec_member(location, "locationId"), room);
    if (id == NULL) return false;
    reply->as.store.found = true;
    return codec_keep_store(codec, id, STORE_DIGITS, &reply->as.store.store);
}

static bool decode(struct codec *codec, const struct call *call, const cJSON *body,
                   struct reply *reply)
{
    const cJSON *const data = codec_member(body, "data");
    switch (call->operation) {
    case OPERATION_TOKEN:
        return codec_take_token(codec, body, TOKEN_LIFE_S, reply);
    case OPERATION_STORE:
        if (!cJSON_IsArray(data)) return false;
        return data->child == NULL || take_store(codec, data->child, reply);
    case OPERATION_SEARCH:
        if (!cJSON_IsArray(data)) return false;
        return data->child == NULL || take_product(data->child, call, reply);
    case OPERATION_CONFIRM:
        return body == NULL || codec_is_object(body);
    case OPERATION_HEALTH:
        return cJSON_IsArray(data);
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        break;
    }
    assert(!"no operation of Kroger's");
    return false;
}

const struct codec_formats codec_kroger = {
    .base_url = {"https://api.kroger.com", "https://api-ce.kroger.com"},
    .encode = encode,
    .decode = decode,
};
