/* Walmart's affiliate API: what providers/codec_walmart.c asks, and what third parties ask besides.
 * Its other API is in mocks/dialect_walmart_access_token.c. Under
 * /api-proxy/service/affil/product/v2:
 *
 *   GET  /search     query, start from 1, numItems                                   SEARCH
 *   GET  /items      ids, at most 20, or upc                                         SEARCH
 *   GET  /items/{id} the bare item                                                   SEARCH
 *   GET  /stores     zip, or lat and lon: a bare array                               STORE
 *   GET  /taxonomy                                                                   HEALTH
 *   POST /orders     a house form: {"items":[{"name","quantity"}],"zip"}             CONFIRM
 *
 * An area without a store answers an empty array (clients have met a 400 as well). An item's id is
 * its place in the catalogue and its variant. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/dialect_walmart.h"

#define AFFILIATE "/api-proxy/service/affil/product/v2"

enum { IDS_MAX = 20, ITEMS_MAX = 25, RESULTS_MAX = 1000, STORES_MAX = 5 };

/* ---- items: ids ------------------------------------------------------------------------------ */

/* The variant from 100 up, and six digits of the number. */
uint64_t walmart_item_id(const struct goods *goods)
{
    return (uint64_t)(100 + goods->variant) * GOODS_NUMBERS + dialect_goods_number(goods);
}

/* The same number in a UPC's twelve digits. */
static void put_upc(const struct goods *goods, struct text *to)
{
    text_format(to, "\"078%09" PRIu64 "\"", walmart_item_id(goods));
}

static bool add_item(struct hearing *hearing, const char *text, size_t length)
{
    char digits[16];
    uint64_t id;
    struct order_item item;
    struct heard *const heard = hearing->heard;
    const uint64_t least = (uint64_t)100 * GOODS_NUMBERS;
    const uint64_t most = (uint64_t)(101 + GOODS_VARIANTS) * GOODS_NUMBERS - 1;
    if (length >= sizeof digits) return dialect_refuse(hearing, "Invalid itemId");
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!dialect_number(digits, least, most, &id) ||
        !dialect_goods_item(hearing, (uint32_t)(id % GOODS_NUMBERS), &item)) {
        return dialect_refuse(hearing, "Invalid itemId");
    }
    if (!dialect_add_item(hearing, item.name, 1)) return false;
    heard->variants[heard->request.item_count - 1] = (uint8_t)(id / GOODS_NUMBERS - 100);
    return true;
}

static bool add_items(struct hearing *hearing, const char *ids)
{
    for (uint32_t count = 0;; count++) {
        const size_t length = strcspn(ids, ",");
        if (count == IDS_MAX) return dialect_refuse(hearing, "At most 20 ids");
        if (!add_item(hearing, ids, length)) return false;
        if (ids[length] == '\0') return true;
        ids += length + 1;
    }
}

bool walmart_hear_items(struct hearing *hearing)
{
    const char *const ids = http_view_query(hearing->view, "ids");
    const char *const upc = http_view_query(hearing->view, "upc");
    struct heard *const heard = hearing->heard;
    if (heard->keyed && heard->call.order_index == UINT64_MAX) { /* a probe of ours */
        heard->call.operation = OPERATION_HEALTH;
        return true;
    }
    heard->by_id = true;
    heard->call.item = 0;
    if (ids != NULL) return add_items(hearing, ids);
    if (upc == NULL) return dialect_refuse(hearing, "Either ids or upc is required");
    if (strlen(upc) != 12 || strncmp(upc, "078", 3) != 0) {
        return dialect_refuse(hearing, "Invalid upc");
    }
    return add_item(hearing, upc + 3, 9);
}

bool walmart_hear_item(struct hearing *hearing)
{
    hearing->heard->by_id = true;
    hearing->heard->call.item = 0;
    return add_item(hearing, hearing->segments[0].bytes, hearing->segments[0].length);
}

/* ---- items: searches ------------------------------------------------------------------------- */

bool walmart_hear_search(struct hearing *hearing, uint32_t first_least)
{
    const char *const query = http_view_query(hearing->view, "query");
    struct heard *const heard = hearing->heard;
    heard->first = first_least;
    heard->limit = 10;
    if (query == NULL || (query[0] == '\0' && !heard->keyed)) {
        return dialect_refuse(hearing, "Query is required");
    }
    if (!dialect_query_number(hearing, "numItems", 1, ITEMS_MAX, &heard->limit)) {
        return dialect_refuse(hearing, "numItems must be between 1 and 25");
    }
    if (!dialect_query_number(hearing, "start", first_least, RESULTS_MAX, &heard->first)) {
        return dialect_refuse(hearing, "start is out of range");
    }
    heard->first -= first_least;
    return dialect_set_term(hearing, query);
}

static bool hear_search(struct hearing *hearing)
{
    return walmart_hear_search(hearing, 1);
}

void walmart_say_items(const struct saying *saying, dialect_put_one put)
{
    PUT(saying->to, "{\"items\":[");
    if (saying->heard->call.operation == OPERATION_SEARCH) {
        (void)dialect_put_listed(saying, UINT32_MAX, put);
    }
    PUT(saying->to, "]}");
}

void walmart_say_item(const struct saying *saying, dialect_put_one put)
{
    if (dialect_put_listed(saying, UINT32_MAX, put) > 0) return;
    saying->response->status = 404;
    walmart_say_bad_request(saying->dialect, "Item not found", saying->response);
}

/* What a search may leave out, and does of variants. */
static void put_details(const struct goods *goods, struct text *to)
{
    const uint64_t id = walmart_item_id(goods);
    text_format(to,
                ",\"categoryNode\":\"976759_9176907\",\"shortDescription\":\"\","
                "\"thumbnailImage\":\"https://images.example/%" PRIu64 "/t.jpg\","
                "\"mediumImage\":\"https://images.example/%" PRIu64 "/m.jpg\","
                "\"largeImage\":\"https://images.example/%" PRIu64 "/l.jpg\","
                "\"productTrackingUrl\":\"https://goto.example/c/0/0/%" PRIu64 "\","
                "\"addToCartUrl\":\"https://affil.example/cart/addToCart?items=%" PRIu64 "|1\"",
                id, id, id, id, id);
    text_format(to,
                ",\"customerRating\":\"%u.%u\",\"numReviews\":%u,\"bundle\":false,"
                "\"freeShippingOver35Dollars\":true,\"giftOptions\":{\"allowGiftWrap\":false,"
                "\"allowGiftMessage\":false,\"allowGiftReceipt\":false}",
                3 + (unsigned)(goods->bits & 1), (unsigned)(goods->bits >> 8 & 7),
                (unsigned)(goods->bits >> 16 & 0xFFF));
}

static void put_item(const struct saying *saying, const struct goods *goods)
{
    struct text *const to = saying->to;
    const bool limited = (goods->bits >> 60 & 7) == 0;
    PUT(to, "{\"itemId\":");
    text_int(to, (int64_t)walmart_item_id(goods));
    PUT(to, ",\"parentItemId\":");
    text_int(to, (int64_t)walmart_item_id(goods));
    PUT(to, ",\"name\":");
    text_json_string(to, dialect_goods_name(saying->dialect, goods));
    if (goods->bits >> 63 != 0) { /* on every second item, some way above the price */
        PUT(to, ",\"msrp\":");
        dialect_put_dollars(to, goods->cents + (goods->cents + 4) / 5);
    }
    PUT(to, ",\"salePrice\":");
    dialect_put_dollars(to, goods->cents);
    PUT(to, ",\"upc\":");
    put_upc(goods, to);
    PUT(to, ",\"categoryPath\":\"Food/Grocery\",\"brandName\":\"Sample Brand\",\"size\":\"1 ct\"");
    if (goods->variant == 0) put_details(goods, to);
    PUT(to, ",\"standardShipRate\":0,\"marketplace\":false,\"stock\":\"");
    text_put(to, limited ? "Limited Supply" : "Available");
    PUT(to, "\",\"offerType\":\"ONLINE_AND_STORE\",\"availableOnline\":true}");
}

static void say_search(const struct saying *saying)
{
    const struct heard *const heard = saying->heard;
    struct text *const to = saying->to;
    const uint32_t total = saying->reply->as.product.found ? 1 + GOODS_VARIANTS : 0;
    PUT(to, "{\"query\":");
    text_json_string(to, heard->items[heard->call.item].name);
    text_format(to,
                ",\"sort\":\"relevance\",\"responseGroup\":\"base\",\"totalResults\":%u,"
                "\"start\":%u,\"numItems\":%u,\"items\":[",
                total, heard->first + 1, heard->limit);
    dialect_put_found(saying, heard->first, heard->limit, put_item);
    PUT(to, "],\"facets\":[]}");
}

static void say_items(const struct saying *saying)
{
    walmart_say_items(saying, put_item);
}

static void say_item(const struct saying *saying)
{
    walmart_say_item(saying, put_item);
}

/* ---- stores ---------------------------------------------------------------------------------- */

bool walmart_hear_stores(struct hearing *hearing)
{
    char place[128];
    const char *const zip = http_view_query(hearing->view, "zip");
    const char *const latitude = http_view_query(hearing->view, "lat");
    const char *const longitude = http_view_query(hearing->view, "lon");
    hearing->heard->limit = STORES_MAX;
    if (zip != NULL && (zip[0] != '\0' || hearing->heard->keyed)) {
        if (!dialect_set_postal_code(hearing, zip)) return false;
        hearing->heard->asked = hearing->heard->request.postal_code;
        return true;
    }
    if (latitude == NULL || longitude == NULL) {
        return dialect_refuse(hearing, "Either zip or lat and lon are required");
    }
    (void)snprintf(place, sizeof place, "%.60s,%.60s", latitude, longitude);
    return dialect_set_postal_code(hearing, place);
}

static void put_store(const struct saying *saying, uint32_t store)
{
    static const char *const names[] = {"Fairfield", "Hamilton", "West Chester", "Milford"};
    struct text *const to = saying->to;
    const uint32_t of = store % (sizeof names / sizeof *names);
    text_format(to,
                "{\"no\":%u,\"name\":\"%s Supercenter\",\"country\":\"US\",\"coordinates\":["
                "-84.5406,39.%u],\"streetAddress\":\"%u Example Rd\",\"city\":\"Hamilton\","
                "\"stateProvCode\":\"OH\",\"zip\":",
                store, names[of], 3042 + of, 8200 + store % 1000);
    text_json_string(to, saying->heard->asked[0] != '\0' ? saying->heard->asked : "45011");
    PUT(to, ",\"phoneNumber\":\"513-555-0188\",\"sundayOpen\":true,\"timezone\":\"EST\"}");
}

static void say_stores(const struct saying *saying)
{
    const uint32_t count = backend_store_count(saying->dialect->setup.backend);
    const uint32_t total = saying->reply->as.store.found ? count : 0;
    text_char(saying->to, '[');
    for (uint32_t i = 0; i < total && i < saying->heard->limit; i++) {
        if (i > 0) text_char(saying->to, ',');
        put_store(saying, (saying->reply->as.store.store + i) % count);
    }
    text_char(saying->to, ']');
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void say_taxonomy(const struct saying *saying)
{
    PUT(saying->to, "{\"categories\":[{\"id\":\"976759\",\"name\":\"Food\",\"path\":\"Food\","
                    "\"children\":[{\"id\":\"976759_9176907\",\"name\":\"Grocery\",\"path\":"
                    "\"Food/Grocery\"}]}]}");
}

bool walmart_hear_order(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    const cJSON *const items = dialect_member(body, "items");
    if (!cJSON_IsArray(items) || (items->child == NULL && !hearing->heard->keyed)) {
        return dialect_refuse(hearing, "Items are required");
    }
    for (const cJSON *item = items->child; item != NULL; item = item->next) {
        uint32_t quantity;
        if (dialect_member_text(item, "name") == NULL ||
            !dialect_member_quantity(item, "quantity", &quantity)) {
            return dialect_refuse(hearing, "Invalid item");
        }
    }
    return true;
}

void walmart_say_order(const struct saying *saying)
{
    text_format(saying->to, "{\"orderId\":\"%016" PRIx64 "\",\"status\":\"Created\"}",
                saying->heard->call.order_key);
}

static const struct route routes[] = {
    {"GET", AFFILIATE "/search", OPERATION_SEARCH, hear_search, say_search},
    {"GET", AFFILIATE "/stores", OPERATION_STORE, walmart_hear_stores, say_stores},
    {"GET", AFFILIATE "/items", OPERATION_SEARCH, walmart_hear_items, say_items},
    {"GET", AFFILIATE "/items/*", OPERATION_SEARCH, walmart_hear_item, say_item},
    {"GET", AFFILIATE "/taxonomy", OPERATION_HEALTH, NULL, say_taxonomy},
    {"POST", AFFILIATE "/orders", OPERATION_CONFIRM, walmart_hear_order, walmart_say_order},
};

const struct dialect_ways dialect_walmart = {
    .routes = routes,
    .route_count = sizeof routes / sizeof *routes,
    .take_caller = walmart_take_signature,
    .say_bad_request = walmart_say_bad_request,
    .say_error = walmart_say_signature_error,
};
