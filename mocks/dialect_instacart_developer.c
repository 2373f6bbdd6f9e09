/* Instacart's developer platform: an API key as Bearer, links, no prices and no slots.
 *
 *   GET  /idp/v1/retailers               postal_code, country_code; our client's probe
 *                                                                                   STORE, HEALTH
 *   POST /idp/v1/products/products_link  title, line_items                                  SLOTS
 *   POST /idp/v1/products/recipe         title, ingredients                                 SLOTS
 *   POST /idp/v1/orders                  a house form with a link's body                  CONFIRM
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/dialect_instacart.h"
#include "router/base/json.h"

enum { EXPIRES_DAYS_MAX = 365 };

static void take_caller(struct hearing *hearing)
{
    dialect_take_key(hearing, dialect_bearer(hearing->view));
}

/* ---- retailers ------------------------------------------------------------------------------- */

static bool hear_retailers(struct hearing *hearing)
{
    struct heard *const heard = hearing->heard;
    const char *const code = http_view_query(hearing->view, "postal_code");
    const char *const country = http_view_query(hearing->view, "country_code");
    struct issues issues = {.hearing = hearing};
    if (code == NULL || (code[0] == '\0' && !heard->keyed)) {
        instacart_complain(&issues, "postal_code", instacart_blank);
    }
    if (country == NULL || country[0] == '\0')
        instacart_complain(&issues, "country_code", instacart_blank);
    else if (strcmp(country, "US") != 0 && strcmp(country, "CA") != 0)
        instacart_complain(&issues, "country_code", "is not included in the list");
    if (!instacart_passes(&issues)) return false;
    if (instacart_is_probe(heard)) heard->call.operation = OPERATION_HEALTH;
    return dialect_set_postal_code(hearing, code);
}

static void say_retailers(const struct saying *saying)
{
    static const char *const names[] = {"Sample Market", "Bulk Barn", "Corner Fresh", "Green Cart"};
    const bool is_store = saying->heard->call.operation == OPERATION_STORE;
    const uint32_t count = backend_store_count(saying->dialect->setup.backend);
    const uint32_t nearest = is_store ? saying->reply->as.store.store : 0;
    const uint32_t total = is_store && !saying->reply->as.store.found ? 0 : count;
    PUT(saying->to, "{\"retailers\":[");
    for (uint32_t i = 0; i < total; i++) {
        const uint32_t id = (nearest + i) % count;
        text_format(saying->to,
                    "%s{\"id\":%u,\"retailer_key\":\"sample_market_%u\",\"name\":\"%s\","
                    "\"retailer_logo_url\":\"https://images.example/logo%u.png\"}",
                    i == 0 ? "" : ",", id, id, names[id % (sizeof names / sizeof *names)], id);
    }
    PUT(saying->to, "]}");
}

/* ---- links ----------------------------------------------------------------------------------- */

static void check_measurements(struct issues *issues, const cJSON *line, const char *list,
                               unsigned index)
{
    const cJSON *const measurements = dialect_member(line, "line_item_measurements");
    unsigned place = 0;
    if (!cJSON_IsArray(measurements)) return;
    for (const cJSON *one = measurements->child; one != NULL; one = one->next, place++) {
        const cJSON *const quantity = dialect_member(one, "quantity");
        if (quantity == NULL || (cJSON_IsNumber(quantity) && quantity->valuedouble > 0)) continue;
        char key[96];
        (void)snprintf(key, sizeof key, "%s[%u].line_item_measurements[%u].quantity", list, index,
                       place);
        instacart_complain(issues, key, "must be greater than 0");
    }
}

static void check_lines(struct issues *issues, const cJSON *body, const char *list)
{
    const cJSON *const lines = dialect_member(body, list);
    unsigned index = 0;
    if (!cJSON_IsArray(lines) || lines->child == NULL) {
        instacart_complain(issues, list, instacart_blank);
        return;
    }
    for (const cJSON *line = lines->child; line != NULL; line = line->next, index++) {
        if (dialect_member_text(line, "name") == NULL) {
            char key[64];
            (void)snprintf(key, sizeof key, "%s[%u].name", list, index);
            instacart_complain(issues, key, instacart_blank);
        }
        check_measurements(issues, line, list, index);
    }
}

static bool hear_list(struct hearing *hearing, const char *list)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    struct issues issues = {.hearing = hearing};
    if (dialect_member_text(body, "title") == NULL) {
        instacart_complain(&issues, "title", instacart_blank);
    }
    check_lines(&issues, body, list);
    int64_t days;
    const cJSON *const expires = dialect_member(body, "expires_in");
    if (expires != NULL && (!json_whole(expires, &days) || days < 1 || days > EXPIRES_DAYS_MAX)) {
        instacart_complain(&issues, "expires_in", "must be between 1 and 365");
    }
    return instacart_passes(&issues);
}

static bool hear_link(struct hearing *hearing)
{
    return hear_list(hearing, "line_items");
}

static bool hear_recipe(struct hearing *hearing)
{
    return hear_list(hearing, "ingredients");
}

static void put_link(const struct saying *saying, const char *kind)
{
    text_format(saying->to,
                "{\"products_link_url\":\"https://customers.example/store/%s/%" PRIu64 "\"}", kind,
                1000000 + saying->heard->call.order_key % 9000000);
}

static void say_link(const struct saying *saying)
{
    put_link(saying, "shopping_lists");
}

static void say_recipe(const struct saying *saying)
{
    put_link(saying, "recipes");
}

static const struct route routes[] = {
    {"GET", "/idp/v1/retailers", OPERATION_STORE, hear_retailers, say_retailers},
    {"POST", "/idp/v1/products/products_link", OPERATION_SLOTS, hear_link, say_link},
    {"POST", "/idp/v1/products/recipe", OPERATION_SLOTS, hear_recipe, say_recipe},
    {"POST", "/idp/v1/orders", OPERATION_CONFIRM, hear_link, say_link},
};

const struct dialect_ways dialect_instacart_developer = {
    .routes = routes,
    .route_count = sizeof routes / sizeof *routes,
    .take_caller = take_caller,
    .say_bad_request = instacart_say_bad_request,
    .say_error = dialect_put_status,
};
