#include "router/order.h"

#include <stddef.h>

#include "router/base/random.h"

const char *const preference_names[PREFERENCE_COUNT + 1] = {"balanced", "price", "speed", "margin",
                                                            NULL};

uint32_t postal_hash(const char *postal_code)
{
    return (uint32_t)(random_hash_text(postal_code) >> 32);
}

const char *order_request_fault(const struct order_request *request, bool user_required)
{
    if (user_required && (request->user_id == NULL || request->user_id[0] == '\0')) {
        return "userId is missing";
    }
    if (request->item_count == 0) return "the cart has no items";
    if (request->item_count > ORDER_ITEMS_MAX) return "the cart has more than 200 items";
    for (uint32_t i = 0; i < request->item_count; i++) {
        if (request->items[i].name == NULL || request->items[i].name[0] == '\0') {
            return "an item has no name";
        }
        if (request->items[i].quantity == 0) return "an item has no positive quantity";
    }
    if (request->postal_code == NULL || request->postal_code[0] == '\0') {
        return "the address has no postal code";
    }
    return NULL;
}
