/* Instacart Connect, the fulfilment API: what providers/codec_instacart.c asks, and what third
 * parties ask besides. Its developer platform is in mocks/dialect_instacart_developer.c.
 *
 *   POST /v2/oauth/token                       JSON; credentials in the query: 403          TOKEN
 *   POST /v2/fulfillment/stores/delivery       find_by, also our client's probe     STORE, HEALTH
 *   POST /v2/fulfillment/service_options/delivery                                           SLOTS
 *   under /v2/fulfillment/users/{id}:
 *   POST /service_options/cart/delivery                                                     SLOTS
 *   POST /service_options/{id}/reserve         for 10 minutes                               SLOTS
 *   POST /orders/delivery                      service_option_hold_id                     CONFIRM
 *
 * Errors have one of two documented forms: a single one, or all issues under code 9999. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/dialect_instacart.h"
#include "router/base/duration.h"
#include "router/base/json.h"

enum { HOLD_MINUTES = 10, WINDOW_HOURS = 2, NEXT_WINDOW_HOURS = 3, HOURS_MS = 3600000 };

const char instacart_blank[] = "can't be blank";

/* ---- errors ---------------------------------------------------------------------------------- */

void instacart_complain(struct issues *issues, const char *key, const char *message)
{
    struct text *const to = &issues->hearing->response->body;
    if (issues->count == INSTACART_ISSUES_MAX) return;
    if (issues->count++ == 0) {
        http_response_clear(issues->hearing->response);
        PUT(to, "{\"error\":{\"message\":\"There were issues with your request\",\"code\":9999,"
                "\"errors\":[");
    } else {
        text_char(to, ',');
    }
    PUT(to, "{\"error\":{\"message\":");
    text_json_string(to, message);
    PUT(to, ",\"code\":1001},\"meta\":{\"key\":");
    text_json_string(to, key);
    PUT(to, "}}");
}

bool instacart_passes(struct issues *issues)
{
    if (issues->count == 0) return true;
    issues->hearing->response->status = 400;
    issues->hearing->response->content_type = "application/json";
    PUT(&issues->hearing->response->body, "]}}");
    return false;
}

void instacart_say_bad_request(struct dialect *dialect, const char *reason,
                               struct http_response *response)
{
    (void)dialect;
    PUT(&response->body, "{\"error\":{\"message\":");
    text_json_string(&response->body, reason);
    PUT(&response->body, ",\"code\":9999}}");
}

static bool refuse_blank(struct hearing *hearing, const char *key)
{
    struct issues issues = {.hearing = hearing};
    instacart_complain(&issues, key, instacart_blank);
    return instacart_passes(&issues);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* An id that is there and empty is of a client that holds one key for both. */
static void take_pair(struct hearing *hearing, const cJSON *body)
{
    const char *const secret = dialect_member_text(body, "client_secret");
    const cJSON *const id = dialect_member(body, "client_id");
    if (cJSON_IsString(id) && id->valuestring[0] == '\0')
        dialect_take_key(hearing, secret);
    else
        dialect_take_credential(hearing, dialect_member_text(body, "client_id"), secret);
}

static bool hear_token(struct hearing *hearing)
{
    const struct http_view *const view = hearing->view;
    const char *const id = http_view_query(view, "client_id");
    const char *const secret = http_view_query(view, "client_secret");
    if (id != NULL || secret != NULL) {
        dialect_take_credential(hearing, id, secret);
        return dialect_refuse_status(hearing, 403);
    }
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    take_pair(hearing, body);
    const char *const grant = dialect_member_text(body, "grant_type");
    struct issues issues = {.hearing = hearing};
    if (grant == NULL)
        instacart_complain(&issues, "grant_type", instacart_blank);
    else if (strcmp(grant, "client_credentials") != 0)
        instacart_complain(&issues, "grant_type", "is not included in the list");
    const char *const scope = dialect_member_text(body, "scope");
    if (scope != NULL && strcmp(scope, "connect:fulfillment") != 0) {
        instacart_complain(&issues, "scope", "is not included in the list");
    }
    return instacart_passes(&issues);
}

static void say_token(const struct saying *saying)
{
    PUT(saying->to, "{\"access_token\":");
    dialect_put_token(saying->to, saying->reply->as.token.value);
    PUT(saying->to, ",\"token_type\":\"Bearer\",\"expires_in\":");
    text_int(saying->to, saying->reply->as.token.life_us / US_PER_SECOND);
    PUT(saying->to, ",\"scope\":\"connect:fulfillment\",\"created_at\":");
    text_int(saying->to, dialect_unix_ms(saying->dialect, saying->heard) / 1000);
    text_char(saying->to, '}');
}

/* ---- stores ---------------------------------------------------------------------------------- */

bool instacart_is_probe(const struct heard *heard)
{
    return heard->keyed && heard->call.order_index == UINT64_MAX;
}

/* By postal code, or by coordinates; our own client may have an empty code. */
static bool take_place(struct hearing *hearing, const cJSON *object, const char *key)
{
    char place[128];
    const cJSON *const code = dialect_member(object, "postal_code");
    const cJSON *const latitude = dialect_member(object, "latitude");
    const cJSON *const longitude = dialect_member(object, "longitude");
    if (cJSON_IsString(code) && (code->valuestring[0] != '\0' || hearing->heard->keyed)) {
        return dialect_set_postal_code(hearing, code->valuestring);
    }
    if (!cJSON_IsNumber(latitude) || !cJSON_IsNumber(longitude)) return refuse_blank(hearing, key);
    (void)snprintf(place, sizeof place, "%.17g,%.17g", latitude->valuedouble,
                   longitude->valuedouble);
    return dialect_set_postal_code(hearing, place);
}

static bool hear_stores(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    if (instacart_is_probe(hearing->heard)) hearing->heard->call.operation = OPERATION_HEALTH;
    return take_place(hearing, dialect_member(body, "find_by"), "find_by.postal_code");
}

static void put_store(struct text *to, uint32_t store)
{
    static const char *const places[] = {"Downtown", "Midtown", "Riverside", "Uptown"};
    text_format(to,
                "{\"name\":\"Sample Market %s\",\"location_code\":\"%u\",\"alcohol\":true,"
                "\"pickup_only\":false,\"is_partial\":false,\"flags\":{\"pickup\":true,"
                "\"long_distance_delivery\":false}}",
                places[store % (sizeof places / sizeof *places)], store);
}

static void say_stores(const struct saying *saying)
{
    const bool is_store = saying->heard->call.operation == OPERATION_STORE;
    const uint32_t count = backend_store_count(saying->dialect->setup.backend);
    const uint32_t nearest = is_store ? saying->reply->as.store.store : 0;
    const uint32_t total = is_store && !saying->reply->as.store.found ? 0 : count;
    PUT(saying->to, "{\"stores\":[");
    for (uint32_t i = 0; i < total; i++) {
        if (i > 0) text_char(saying->to, ',');
        put_store(saying->to, (nearest + i) % count);
    }
    PUT(saying->to, "]}");
}

/* ---- slots ----------------------------------------------------------------------------------- */

/* Codes are numbers, in a text without leading zeros or as they are; 0 is one like any other. All
 * else is of no store. */
static uint32_t store_of(const cJSON *code)
{
    uint64_t store = UINT32_MAX;
    int64_t whole;
    if (json_whole(code, &whole)) {
        return whole >= 0 && whole < UINT32_MAX ? (uint32_t)whole : UINT32_MAX;
    }
    if (!cJSON_IsString(code)) return UINT32_MAX;
    const char *const text = code->valuestring;
    if (text[0] == '0' && text[1] != '\0') return UINT32_MAX;
    return dialect_number(text, 0, UINT32_MAX, &store) ? (uint32_t)store : UINT32_MAX;
}

static bool is_blank(const cJSON *member)
{
    return member == NULL || (cJSON_IsString(member) && member->valuestring[0] == '\0');
}

static bool hear_slots(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    struct call *const call = &hearing->heard->call;
    const cJSON *const total = dialect_member(body, "cart_total_cents");
    if (total != NULL && (!json_whole(total, &call->subtotal_cents) || call->subtotal_cents < 0)) {
        struct issues issues = {.hearing = hearing};
        instacart_complain(&issues, "cart_total_cents", "must be greater than or equal to 0");
        return instacart_passes(&issues);
    }
    const cJSON *const code = dialect_member(body, "location_code");
    if (code != NULL) call->store = store_of(code);
    return take_place(hearing, body, "postal_code");
}

static void check_item(struct issues *issues, const cJSON *item, unsigned index)
{
    char key[64];
    int64_t count;
    const cJSON *const node = dialect_member(item, "count");
    if (node == NULL || !json_whole(node, &count) || count < 1) {
        (void)snprintf(key, sizeof key, "items[%u].count", index);
        instacart_complain(issues, key, "must be greater than 0");
    }
    if (dialect_member_text(dialect_member(item, "item"), "upc") == NULL) {
        (void)snprintf(key, sizeof key, "items[%u].item.upc", index);
        instacart_complain(issues, key, instacart_blank);
    }
}

static bool hear_cart_slots(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    const cJSON *const items = dialect_member(body, "items");
    const cJSON *const code = dialect_member(body, "location_code");
    struct issues issues = {.hearing = hearing};
    if (is_blank(code)) instacart_complain(&issues, "location_code", instacart_blank);
    if (!cJSON_IsArray(items) || items->child == NULL) {
        instacart_complain(&issues, "items", instacart_blank);
    } else {
        unsigned index = 0;
        for (const cJSON *item = items->child; item != NULL; item = item->next)
            check_item(&issues, item, index++);
    }
    if (!instacart_passes(&issues)) return false;
    hearing->heard->call.store = store_of(code);
    return take_place(hearing, dialect_member(body, "address"), "address.postal_code");
}

static uint64_t option_id(const struct heard *heard, uint64_t index)
{
    return 1000000000 + heard->call.order_key % 1000000000 + index;
}

static void put_option(const struct saying *saying, uint64_t index, int64_t start_ms)
{
    struct text *const to = saying->to;
    const uint64_t id = option_id(saying->heard, index);
    char start[INSTANT_TEXT_MAX], end[INSTANT_TEXT_MAX], plain[64];
    instant_format(start_ms * US_PER_MS, start);
    instant_format((start_ms + WINDOW_HOURS * HOURS_MS) * US_PER_MS, end);
    const int length = snprintf(plain, sizeof plain, "{\"id\":%" PRIu64 "}", id);
    text_format(to, "{\"id\":%" PRIu64 ",\"service_option_reference\":\"", id);
    dialect_base64_encode_url(to, plain, (size_t)length);
    text_format(to, "\",\"date\":\"%.10s\",\"window\":", start);
    const struct payload_values values = {
        .texts = {[WORD_START_AT] = start, [WORD_END_AT] = end, [WORD_WINDOW_TYPE] = "scheduled"}};
    payload_write(dialect_payload(saying->dialect, "window"), &values, to);
    PUT(to, ",\"availability\":{\"available\":true}}");
}

/* The slot that the backend states, and a later one for whoever wants to choose. */
static void say_slots(const struct saying *saying)
{
    const int64_t start_ms = saying->reply->as.slots.start_unix_ms;
    PUT(saying->to, "{\"service_options\":[");
    if (start_ms != 0) {
        put_option(saying, 0, start_ms);
        text_char(saying->to, ',');
        put_option(saying, 1, start_ms + NEXT_WINDOW_HOURS * HOURS_MS);
    }
    PUT(saying->to, "]}");
}

static bool hear_reserve(struct hearing *hearing)
{
    char digits[NUMBER_TEXT_MAX];
    uint64_t id;
    const struct segment option = hearing->segments[1];
    if (option.length >= sizeof digits) return dialect_refuse_status(hearing, 404);
    memcpy(digits, option.bytes, option.length);
    digits[option.length] = '\0';
    return dialect_number(digits, 1, INT64_MAX, &id) || dialect_refuse_status(hearing, 404);
}

static void say_reserve(const struct saying *saying)
{
    char expires[INSTANT_TEXT_MAX];
    const int64_t unix_ms = dialect_unix_ms(saying->dialect, saying->heard);
    instant_format(unix_ms * US_PER_MS + HOLD_MINUTES * US_PER_MINUTE, expires);
    text_format(saying->to, "{\"service_option_hold\":{\"id\":%" PRIu64 ",\"expires_at\":\"%s\"}}",
                option_id(saying->heard, 0) % 100000000, expires);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static bool hear_order(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    const cJSON *const hold = dialect_member(body, "service_option_hold_id");
    const bool there = cJSON_IsNumber(hold) || cJSON_IsString(hold);
    return there || refuse_blank(hearing, "service_option_hold_id");
}

static void say_order(const struct saying *saying)
{
    char created[INSTANT_TEXT_MAX];
    instant_format(dialect_unix_ms(saying->dialect, saying->heard) * US_PER_MS, created);
    text_format(saying->to,
                "{\"id\":\"%" PRIu64 "\",\"status\":\"brand_new\",\"created_at\":\"%s\","
                "\"cancelable\":true}",
                option_id(saying->heard, 0), created);
}

#define USER "/v2/fulfillment/users/*"

static const struct route routes[] = {
    {"POST", "/v2/fulfillment/service_options/delivery", OPERATION_SLOTS, hear_slots, say_slots},
    {"POST", "/v2/fulfillment/stores/delivery", OPERATION_STORE, hear_stores, say_stores},
    {"POST", "/v2/oauth/token", OPERATION_TOKEN, hear_token, say_token},
    {"POST", USER "/orders/delivery", OPERATION_CONFIRM, hear_order, say_order},
    {"POST", USER "/service_options/cart/delivery", OPERATION_SLOTS, hear_cart_slots, say_slots},
    {"POST", USER "/service_options/*/reserve", OPERATION_SLOTS, hear_reserve, say_reserve},
};

const struct dialect_ways dialect_instacart = {
    .routes = routes,
    .route_count = sizeof routes / sizeof *routes,
    .take_caller = dialect_take_authorization,
    .say_bad_request = instacart_say_bad_request,
    .say_error = dialect_put_status,
};
