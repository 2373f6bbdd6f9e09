/* Kroger's public API: what providers/codec_kroger.c asks, and what third parties ask besides.
 *
 *   POST /v1/connect/oauth2/token   Basic, form body                                TOKEN
 *   GET  /v1/locations              filter.zipCode.near, latLong.near, lat.near and
 *                                   lon.near, locationId                            STORE
 *                                   none of them                                    HEALTH
 *   GET  /v1/locations/{id}                                                         STORE
 *   GET  /v1/products               filter.term or filter.productId                 SEARCH
 *   GET  /v1/products/{id}                                                          SEARCH
 *   PUT  /v1/cart/add               204                                             CONFIRM
 *
 * Errors have the guide's forms: wrapped, but for OAuth's own at the token end point and for 401.
 * A product's number is its place in the catalogue and its variant, so that an id finds it again.
 */
#include <stdio.h>
#include <string.h>

#include "mocks/dialect_kroger.h"

enum { FORM_MAX = 4096 };

/* ---- errors ---------------------------------------------------------------------------------- */

static void put_reason(struct http_response *response, int64_t unix_ms, const char *reason)
{
    struct text *const to = &response->body;
    response->status = 400;
    response->content_type = "application/json";
    PUT(to, "{\"errors\":{\"timestamp\":");
    text_int(to, unix_ms);
    PUT(to, ",\"code\":\"PRODUCT-2011-400\",\"reason\":");
    text_json_string(to, reason);
    PUT(to, "}}");
}

static void say_bad_request(struct dialect *dialect, const char *reason,
                            struct http_response *response)
{
    put_reason(response, dialect_unix_ms(dialect, NULL), reason);
}

static bool put_oauth(struct http_response *response, uint16_t status, const char *error,
                      const char *description)
{
    http_response_clear(response);
    response->status = status;
    response->content_type = "application/json";
    text_format(&response->body, "{\"error\":\"%s\",\"error_description\":\"%s\"}", error,
                description);
    return false;
}

static void say_forbidden(struct dialect *dialect, const struct heard *heard,
                          struct http_response *response)
{
    response->status = 403;
    response->content_type = "application/json";
    PUT(&response->body, "{\"errors\":{\"timestamp\":");
    text_int(&response->body, dialect_unix_ms(dialect, heard));
    PUT(&response->body, ",\"code\":\"Forbidden\",\"reason\":\"missing required scopes\"}}");
}

static void say_token_error(struct dialect *dialect, const struct heard *heard, uint16_t status,
                            struct http_response *response)
{
    if (status == 400 || status == 401)
        (void)put_oauth(response, status, "unauthorized", "invalid credentials");
    else if (status == 500)
        dialect_put_payload(dialect, heard, status, dialect_payload(dialect, "5xx_token"),
                            response);
    else
        dialect_put_status(dialect, heard, status, response);
}

/* The term is the only parameter that the backend judges. */
static const char bad_term[] =
    "Field 'term' must have a length of at least 3 characters and at most 8 words";

static void say_error(struct dialect *dialect, const struct heard *heard, uint16_t status,
                      struct http_response *response)
{
    const bool is_token = heard != NULL && heard->call.operation == OPERATION_TOKEN;
    const bool is_search = heard != NULL && heard->call.operation == OPERATION_SEARCH;
    if (is_token)
        say_token_error(dialect, heard, status, response);
    else if (status == 401 && heard != NULL && heard->token_missing)
        (void)put_oauth(response, 401, "invalid_request", "The access_token is missing");
    else if (status == 401)
        (void)put_oauth(response, 401, "invalid_token",
                        "The access token is invalid or has expired");
    else if (status == 403)
        say_forbidden(dialect, heard, response);
    else if (status == 400 && is_search)
        put_reason(response, dialect_unix_ms(dialect, heard), bad_term);
    else
        dialect_put_status(dialect, heard, status, response);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* The value of a form's field, decoded within `form`; NULL: there is none, or it cannot be read. */
static const char *form_value(char *form, const char *name)
{
    const size_t length = strlen(name);
    for (char *at = form; at != NULL && *at != '\0';) {
        char *const next = strchr(at, '&');
        if (next != NULL) *next = '\0';
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            return http_decode(at + length + 1, true) ? at + length + 1 : NULL;
        }
        if (next != NULL) *next = '&';
        at = next == NULL ? NULL : next + 1;
    }
    return NULL;
}

static bool read_form(const struct http_view *view, const char *name, char value[FORM_MAX])
{
    char form[FORM_MAX];
    if (view->body_length >= sizeof form) return false;
    memcpy(form, view->body, view->body_length);
    form[view->body_length] = '\0';
    const char *const read = form_value(form, name);
    (void)snprintf(value, FORM_MAX, "%s", read == NULL ? "" : read);
    return read != NULL;
}

static bool is_scope(const char *scopes)
{
    static const char *const known[] = {"product.compact", "cart.basic:write", "profile.compact"};
    while (*scopes != '\0') {
        const size_t length = strcspn(scopes, " ");
        bool found = length == 0;
        for (size_t i = 0; !found && i < sizeof known / sizeof *known; i++)
            found = strlen(known[i]) == length && memcmp(known[i], scopes, length) == 0;
        if (!found) return false;
        scopes += length + strspn(scopes + length, " ");
    }
    return true;
}

static bool hear_token(struct hearing *hearing)
{
    char value[FORM_MAX];
    if (!read_form(hearing->view, "grant_type", value) ||
        strcmp(value, "client_credentials") != 0) {
        return put_oauth(hearing->response, 400, "unsupported_grant_type", "invalid grant_type");
    }
    if (read_form(hearing->view, "scope", value) && !is_scope(value)) {
        return put_oauth(hearing->response, 400, "invalid_scope", "invalid scope");
    }
    return true;
}

static void say_token(const struct saying *saying)
{
    PUT(saying->to, "{\"expires_in\":");
    text_int(saying->to, saying->reply->as.token.life_us / 1000000);
    PUT(saying->to, ",\"access_token\":");
    dialect_put_token(saying->to, saying->reply->as.token.value);
    PUT(saying->to, ",\"token_type\":\"bearer\"}");
}

/* ---- locations ------------------------------------------------------------------------------- */

uint32_t kroger_store_of(const char *text, size_t length)
{
    char digits[KROGER_STORE_DIGITS + 1];
    uint64_t store;
    if (length != KROGER_STORE_DIGITS) return KROGER_STORE_UNKNOWN;
    memcpy(digits, text, length);
    digits[length] = '\0';
    return dialect_number(digits, 0, 99999999, &store) ? (uint32_t)store : KROGER_STORE_UNKNOWN;
}

/* A postal code that a store serves, so that the store's being there is the backend's to say. */
static bool hear_store(struct hearing *hearing, const char *id, size_t length)
{
    enum { TRIES = 4096 };
    const struct backend *const backend = hearing->dialect->setup.backend;
    struct heard *const heard = hearing->heard;
    heard->by_id = true;
    heard->store_asked = kroger_store_of(id, length);
    heard->limit = 1;
    const uint32_t count = backend_store_count(backend);
    const uint32_t tries = heard->store_asked < count ? TRIES : 0;
    for (uint32_t hash = 0; hash < tries; hash++) {
        uint32_t store;
        if (!backend_serves(backend, hash, &store) || store != heard->store_asked) continue;
        heard->request.postal_hash = hash;
        return true;
    }
    heard->store_asked = KROGER_STORE_UNKNOWN;
    return true;
}

static bool is_five_digits(const char *text)
{
    return strlen(text) == 5 && strspn(text, "0123456789") == 5;
}

static bool hear_near(struct hearing *hearing, const char *zip)
{
    char place[128];
    const char *const both = http_view_query(hearing->view, "filter.latLong.near");
    const char *const latitude = http_view_query(hearing->view, "filter.lat.near");
    const char *const longitude = http_view_query(hearing->view, "filter.lon.near");
    if (zip != NULL) {
        if (!hearing->heard->keyed && !is_five_digits(zip)) {
            return dialect_refuse(hearing, "Field 'zipCode.near' must have a length of 5 digits");
        }
        if (!dialect_set_postal_code(hearing, zip)) return false;
        hearing->heard->asked = hearing->heard->request.postal_code;
        return true;
    }
    if (both == NULL && (latitude == NULL || longitude == NULL)) {
        hearing->heard->call.operation = OPERATION_HEALTH;
        return true;
    }
    if (both == NULL)
        (void)snprintf(place, sizeof place, "%.60s,%.60s", latitude, longitude);
    else
        (void)snprintf(place, sizeof place, "%.120s", both);
    return dialect_set_postal_code(hearing, place);
}

static bool hear_locations(struct hearing *hearing)
{
    const char *const zip = http_view_query(hearing->view, "filter.zipCode.near");
    const char *const id = http_view_query(hearing->view, "filter.locationId");
    uint32_t miles = 10;
    hearing->heard->limit = 10;
    if (!dialect_query_number(hearing, "filter.limit", 1, 200, &hearing->heard->limit)) {
        return dialect_refuse(hearing, "Field 'limit' must be a number between 1 and 200");
    }
    if (!dialect_query_number(hearing, "filter.radiusInMiles", 1, 100, &miles)) {
        return dialect_refuse(hearing, "Field 'radiusInMiles' must be a number between 1 and 100");
    }
    if (zip != NULL || id == NULL) return hear_near(hearing, zip);
    return hear_store(hearing, id, strcspn(id, ","));
}

static bool hear_location(struct hearing *hearing)
{
    return hear_store(hearing, hearing->segments[0].bytes, hearing->segments[0].length);
}

static void put_hours(struct text *to)
{
    static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    PUT(to, "\"hours\":{\"timezone\":\"America/New_York\",\"gmtOffset\":\"(UTC-05:00) Eastern Time "
            "(US Canada)\",\"open24\":false");
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        PUT(to, ",\"");
        text_put(to, days[i]);
        PUT(to, "\":{\"open\":\"06:00\",\"close\":\"23:00\",\"open24\":false}");
    }
    PUT(to, "},");
}

static void put_location(const struct saying *saying, uint32_t store)
{
    static const char *const names[] = {"Oakmont Square", "Hyde Park Plaza", "Mill Creek Commons",
                                        "Sycamore Station"};
    struct text *const to = saying->to;
    const uint32_t of = store % (sizeof names / sizeof *names);
    const char *const zip = saying->heard->asked;
    text_format(to,
                "{\"locationId\":\"%08u\",\"storeNumber\":\"%05u\",\"divisionNumber\":\"%03u\","
                "\"chain\":\"KROGER\",\"name\":\"Kroger - %s\",\"phone\":\"513555%04u\",",
                store, store % 100000, store / 100000, names[of], store % 10000);
    text_format(to,
                "\"address\":{\"addressLine1\":\"%u Sample Pike\",\"city\":\"Cincinnati\","
                "\"state\":\"OH\",\"zipCode\":",
                100 + store % 9900);
    text_json_string(to, zip[0] != '\0' ? zip : "45202");
    const unsigned minute = 1054 + of;
    text_format(to,
                ",\"county\":\"HAMILTON\"},\"geolocation\":{\"latitude\":39.%u,\"longitude\":"
                "-84.5081,\"latLng\":\"39.%u,-84.5081\"},",
                minute, minute);
    put_hours(to);
    PUT(to, "\"departments\":[{\"departmentId\":\"13\",\"name\":\"Pickup\"},{\"departmentId\":"
            "\"94\",\"name\":\"Delivery\"}]}");
}

void kroger_put_meta(struct text *to, uint32_t start, uint32_t limit, uint32_t total)
{
    PUT(to, "],\"meta\":{\"pagination\":{\"start\":");
    text_int(to, start);
    PUT(to, ",\"limit\":");
    text_int(to, limit);
    PUT(to, ",\"total\":");
    text_int(to, total);
    PUT(to, "}}}");
}

/* The nearest store, which is the answer, and as many more as are wanted and there. */
static void say_locations(const struct saying *saying)
{
    const struct heard *const heard = saying->heard;
    const uint32_t count = backend_store_count(saying->dialect->setup.backend);
    const bool is_store = heard->call.operation == OPERATION_STORE;
    const bool found = !is_store || saying->reply->as.store.found;
    const uint32_t nearest = is_store ? saying->reply->as.store.store : 0;
    uint32_t total = found ? count : 0;
    if (heard->by_id) total = found && heard->store_asked != KROGER_STORE_UNKNOWN;
    PUT(saying->to, "{\"data\":[");
    for (uint32_t i = 0; i < total && i < heard->limit; i++) {
        if (i > 0) text_char(saying->to, ',');
        put_location(saying, (nearest + i) % count);
    }
    kroger_put_meta(saying->to, 0, heard->limit, total);
}

static void say_location(const struct saying *saying)
{
    const bool found =
        saying->reply->as.store.found && saying->heard->store_asked != KROGER_STORE_UNKNOWN;
    if (!found) {
        saying->response->status = 404;
        PUT(saying->to, "{}");
        return;
    }
    PUT(saying->to, "{\"data\":");
    put_location(saying, saying->heard->store_asked);
    PUT(saying->to, ",\"meta\":{}}");
}

/* ---- carts ----------------------------------------------------------------------------------- */

/* Which products they are, matters to nobody: what becomes of an order goes by its key. */
static bool hear_cart(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    const cJSON *const items = dialect_member(body, "items");
    if (!cJSON_IsArray(items) || (items->child == NULL && !hearing->heard->keyed)) {
        return dialect_refuse(hearing, "Field 'items' must not be empty");
    }
    for (const cJSON *item = items->child; item != NULL; item = item->next) {
        uint32_t quantity;
        if (dialect_member_text(item, "upc") == NULL) {
            return dialect_refuse(hearing, "Field 'upc' must not be empty");
        }
        if (!dialect_member_quantity(item, "quantity", &quantity)) {
            return dialect_refuse(hearing, "Field 'quantity' must be greater than 0");
        }
    }
    return true;
}

static void say_cart(const struct saying *saying)
{
    saying->response->status = 204;
    saying->response->content_type = NULL;
}

static const struct route routes[] = {
    {"GET", "/v1/products", OPERATION_SEARCH, kroger_hear_products, kroger_say_products},
    {"GET", "/v1/locations", OPERATION_STORE, hear_locations, say_locations},
    {"POST", "/v1/connect/oauth2/token", OPERATION_TOKEN, hear_token, say_token},
    {"GET", "/v1/products/*", OPERATION_SEARCH, kroger_hear_product, kroger_say_product},
    {"GET", "/v1/locations/*", OPERATION_STORE, hear_location, say_location},
    {"PUT", "/v1/cart/add", OPERATION_CONFIRM, hear_cart, say_cart},
};

const struct dialect_ways dialect_kroger = {
    .routes = routes,
    .route_count = sizeof routes / sizeof *routes,
    .take_caller = dialect_take_authorization,
    .say_bad_request = say_bad_request,
    .say_error = say_error,
};
