/* router/order.h - what a customer asks for: a cart, an address, and what matters most.
 *
 * A request is borrowed by the router for as long as any call made for it may still run, so whoever
 * makes it keeps it beside the order's slot. Validation follows the contract: at least one item,
 * each with a name and a positive quantity, and a postal code.
 */
#ifndef ROUTER_ORDER_H
#define ROUTER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

enum preference {
    PREFERENCE_BALANCED,
    PREFERENCE_PRICE,
    PREFERENCE_SPEED,
    PREFERENCE_MARGIN,
    PREFERENCE_COUNT
};
extern const char *const preference_names[PREFERENCE_COUNT + 1]; /* NULL ends it */

/* A published maximum is 161 lines in one basket (Kroger's Complete Journey); 200 leaves room. */
enum { ORDER_ITEMS_MAX = 200 };

#define ORDER_PRODUCT_UNKNOWN UINT32_MAX

struct order_item {
    const char *name;   /* borrowed from the catalogue or the cart file */
    uint64_t name_hash; /* random_hash_text(name): the key of anything drawn for this name */
    uint32_t
        product; /* the name's place in the catalogue, looked up once; or ORDER_PRODUCT_UNKNOWN */
    uint32_t quantity;
};

struct order_request {
    const struct order_item *items; /* borrowed */
    uint32_t item_count;
    enum preference preference;
    const char *postal_code; /* borrowed */
    uint32_t postal_hash;    /* postal_hash(postal_code): the key of store look-ups */
    const char *user_id;     /* NULL: anonymous, refused by PROFILE_AS_CODED */
};

uint32_t postal_hash(const char *postal_code);

/* NULL when the request is valid, else one sentence saying what is missing. */
const char *order_request_fault(const struct order_request *request, bool user_required);

#endif
