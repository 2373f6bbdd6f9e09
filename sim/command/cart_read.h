/* sim/command/cart_read.h - one order request from a JSON file, in either of production's two
 * forms.
 *
 *   as_documented  {"items": [{"id", "name", "quantity", "unit"}], "shippingAddress": {"street",
 * "city", "state", "postalCode", "country"}, "preferences": {"optimize"}, "userId"} as_coded
 * {"userId", "items": [{"name", "quantity"}], "location": {"street", "city", "state", "zip",
 * "country"}, "preferences": {"optimizeFor"}}
 *
 * A request that production would refuse (no items, a quantity of 0, no postal code, as coded no
 * user) is refused here, with its place. A key of the other form is answered with its name in this
 * one.
 *
 * Ownership: a cart owns its texts through its arena; cart_release() frees them.
 * Failure:   every mistake goes to the list.
 */
#ifndef SIM_COMMAND_CART_READ_H
#define SIM_COMMAND_CART_READ_H

#include "router/base/arena.h"
#include "router/base/json.h"
#include "router/order.h"
#include "router/provider.h"

enum { CART_BYTES_MAX = 1 << 20, CART_QUANTITY_MAX = 10000 };

struct cart {
    struct order_item items[ORDER_ITEMS_MAX]; /* product: unknown until a catalogue was asked */
    struct order_request request;             /* its texts lie in the arena */
    struct arena arena;
};

bool cart_read(struct cart *cart, const struct json *json, enum profile profile,
               struct err_list *list);
void cart_release(struct cart *cart);

#endif
