/* sim/command/route.c - `routesim route`: one cart through the whole router, and why it went there.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/cart_read.h"
#include "sim/command/command.h"
#include "sim/command/explain.h"
#include "sim/command/load.h"
#include "sim/world/world.h"

/* Reads the cart in the form of the scenario's profile; `json` keeps the text for excerpts. */
static bool open_cart(const char *path, enum profile profile, struct cart *cart, struct json *json,
                      struct err_list *list)
{
    struct err err;
    size_t length = 0;
    char *bytes = json_load(path, CART_BYTES_MAX, &length, &err);
    if (bytes == NULL) {
        err.code = ERR_INPUT; /* an unusable cart, not a failing machine */
        err_list_add(list, &err);
        return false;
    }
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    const bool good =
        json_read(json, name, bytes, length, list) && cart_read(cart, json, profile, list);
    free(bytes);
    return good;
}

/* Names are looked up in the catalogue; one that is not there keeps a price of its own. */
static void look_up(struct cart *cart, const struct catalogue *catalogue)
{
    for (uint32_t i = 0; i < cart->request.item_count; i++) {
        struct order_item *item = &cart->items[i];
        item->product = catalogue_find(catalogue, item->name_hash, item->name);
    }
}

static int tell(const struct router_order *order, const struct world *world, enum profile profile,
                bool explain, struct console *console)
{
    struct text text = {0};
    const struct score_weights weights =
        score_weights_for(&world_config(world)->weights, order->request->preference);
    if (explain) {
        explain_write(&text, order, &weights, profile);
    } else {
        explain_write_brief(&text, order, profile);
    }
    const int code = console_write(console, &text);
    if (code != EXIT_DONE) return code;
    return order->code == ORDER_ROUTED ? EXIT_DONE : EXIT_CHECK_FAILED;
}

static int route(struct cart *cart, const struct scenario *scenario, bool explain,
                 struct console *console)
{
    struct world_plan plan;
    struct router_order order;
    struct err err;
    if (!world_plan_make(scenario, &plan, &err)) return console_error(console, &err, NULL);
    int code = EXIT_DONE;
    struct world *world = world_create(&plan, 0, &err);
    look_up(cart, &plan.catalogue);
    if (world == NULL || !world_route_one(world, &cart->request, &order, &err)) {
        code = console_error(console, &err, NULL);
    } else {
        code = tell(&order, world, scenario->profile, explain, console);
    }
    world_destroy(world);
    world_plan_release(&plan);
    return code;
}

int command_route(const struct invocation *invocation, struct console *console)
{
    static struct cart cart; /* large */
    struct loaded loaded;
    struct json json = {0};
    struct err_list list = {0};
    const bool given = invocation_given(invocation, OPTION_SCENARIO);
    const char *scenario = given ? invocation->values[OPTION_SCENARIO].text : NULL;

    if (!load_scenario(invocation, console, scenario, &loaded)) return loaded.exit_code;
    (void)console_errors(console, &loaded.list, loaded.source); /* warnings */
    const enum profile profile = loaded.scenario->profile;
    const bool good = open_cart(invocation->operands[0], profile, &cart, &json, &list);
    int code = console_errors(console, &list, json.source);
    if (good)
        code = route(&cart, loaded.scenario, invocation_on(invocation, OPTION_EXPLAIN), console);
    cart_release(&cart);
    json_release(&json);
    load_release(&loaded);
    return code;
}
