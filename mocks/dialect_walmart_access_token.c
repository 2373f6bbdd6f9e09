/* Walmart as production calls it: an access token in a header. No public document describes this
 * variant; the shapes of items and stores are payloads (mocks/payloads.h). Under /api/v1:
 *
 *   GET  /items/search         query, start from 0, numItems                         SEARCH
 *   GET  /items                ids; a probe of ours                                  SEARCH, HEALTH
 *   GET  /items/{id}                                                                 SEARCH
 *   GET  /stores               zip, maxResults: a bare array                         STORE
 *   GET  /stores/availability  itemId, storeId                                       SEARCH
 *   POST /orders               a house form, as at the affiliate API                 CONFIRM */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/dialect_walmart.h"

static bool hear_search(struct hearing *hearing)
{
    return walmart_hear_search(hearing, 0);
}

static void put_item(const struct saying *saying, const struct goods *goods)
{
    char id[NUMBER_TEXT_MAX], price[NUMBER_TEXT_MAX];
    (void)number_write_int(id, (int64_t)walmart_item_id(goods));
    (void)snprintf(price, sizeof price, "%d.%02d", goods->cents / 100, goods->cents % 100);
    const bool limited = (goods->bits >> 60 & 7) == 0;
    const struct payload_values values = {
        .texts = {[WORD_ITEM_ID] = id,
                  [WORD_NAME] = dialect_goods_name(saying->dialect, goods),
                  [WORD_PRICE] = price,
                  [WORD_STOCK] = limited ? "Limited" : "Available"}};
    payload_write(dialect_payload(saying->dialect, "access_token_item"), &values, saying->to);
}

static void say_search(const struct saying *saying)
{
    const uint32_t total = saying->reply->as.product.found ? 1 + GOODS_VARIANTS : 0;
    text_format(saying->to, "{\"totalResults\":%u,\"start\":%u,\"numItems\":%u,\"items\":[", total,
                saying->heard->first, saying->heard->limit);
    dialect_put_found(saying, saying->heard->first, saying->heard->limit, put_item);
    PUT(saying->to, "]}");
}

static void say_items(const struct saying *saying)
{
    walmart_say_items(saying, put_item);
}

static void say_item(const struct saying *saying)
{
    walmart_say_item(saying, put_item);
}

static bool hear_stores(struct hearing *hearing)
{
    uint32_t most = 1;
    if (!dialect_query_number(hearing, "maxResults", 1, 50, &most)) {
        return dialect_refuse(hearing, "maxResults must be between 1 and 50");
    }
    if (!walmart_hear_stores(hearing)) return false;
    hearing->heard->limit = most;
    return true;
}

static void say_stores(const struct saying *saying)
{
    const uint32_t count = backend_store_count(saying->dialect->setup.backend);
    const uint32_t total = saying->reply->as.store.found ? count : 0;
    text_char(saying->to, '[');
    for (uint32_t i = 0; i < total && i < saying->heard->limit; i++) {
        char id[NUMBER_TEXT_MAX];
        (void)number_write_int(id, (saying->reply->as.store.store + i) % count);
        const struct payload_values values = {
            .texts = {[WORD_STORE_ID] = id, [WORD_POSTAL_CODE] = saying->heard->asked}};
        if (i > 0) text_char(saying->to, ',');
        payload_write(dialect_payload(saying->dialect, "access_token_store"), &values, saying->to);
    }
    text_char(saying->to, ']');
}

static bool hear_availability(struct hearing *hearing)
{
    const char *const item = http_view_query(hearing->view, "itemId");
    const char *const store = http_view_query(hearing->view, "storeId");
    uint64_t number;
    if (item == NULL || store == NULL) {
        return dialect_refuse(hearing, "itemId and storeId are required");
    }
    if (!dialect_number(store, 0, UINT32_MAX, &number)) {
        return dialect_refuse(hearing, "Invalid storeId");
    }
    hearing->segments[0] = (struct segment){.bytes = item, .length = strlen(item)};
    hearing->heard->call.store = (uint32_t)number;
    return walmart_hear_item(hearing);
}

/* A substitute is not the item. */
static void say_availability(const struct saying *saying)
{
    const bool there = saying->reply->as.product.found && saying->reply->as.product.exact;
    const struct order_item *const item = &saying->heard->items[0];
    const unsigned quantity = there ? 1 + (unsigned)(item->name_hash >> 60) : 0;
    text_format(saying->to, "{\"available\":%s,\"quantity\":%u}", there ? "true" : "false",
                quantity);
}

static const struct route routes[] = {
    {"GET", "/api/v1/items/search", OPERATION_SEARCH, hear_search, say_search},
    {"GET", "/api/v1/stores", OPERATION_STORE, hear_stores, say_stores},
    {"GET", "/api/v1/items", OPERATION_SEARCH, walmart_hear_items, say_items},
    {"GET", "/api/v1/items/*", OPERATION_SEARCH, walmart_hear_item, say_item},
    {"GET", "/api/v1/stores/availability", OPERATION_SEARCH, hear_availability, say_availability},
    {"POST", "/api/v1/orders", OPERATION_CONFIRM, walmart_hear_order, walmart_say_order},
};

const struct dialect_ways dialect_walmart_access_token = {
    .routes = routes,
    .route_count = sizeof routes / sizeof *routes,
    .take_caller = walmart_take_access_token,
    .say_bad_request = walmart_say_bad_request,
    .say_error = walmart_say_token_error,
};
