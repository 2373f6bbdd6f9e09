/* MealMe: what providers/codec_mealme.c asks, and what third parties ask besides.
 *
 *   GET  /search/cart          a JSON map of terms to quantities                     CART
 *   GET  /search/product/v4    of our own client, or without a query                 HEALTH
 *                              else one product and its variants                     CART
 *   POST /cart/create                                                                CART
 *   POST /order/order/v4       place_order false: 202 and a final quote              QUOTE
 *                              true: the order is placed                             CONFIRM
 *   POST /order/finalize                                                             CONFIRM
 *
 * A product's id holds the name that was asked for, and a checksum, so that a quote needs no memory
 * of the search: "gAAAA", the name in URL-safe base64, ".", 8 hex digits. Money is whole cents. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/dialect_mealme.h"
#include "providers/foreign_json.h"
#include "router/base/duration.h"
#include "router/base/json.h"
#include "router/base/random.h"

/* ---- errors ---------------------------------------------------------------------------------- */

static void say_bad_request(struct dialect *dialect, const char *reason,
                            struct http_response *response)
{
    (void)dialect;
    PUT(&response->body, "{\"error\":");
    text_json_string(&response->body, reason);
    text_char(&response->body, '}');
}

bool mealme_refuse_parameter(struct hearing *hearing, const char *name)
{
    char reason[128];
    (void)snprintf(reason, sizeof reason, "Missing/Invalid required input parameter: %s", name);
    return dialect_refuse(hearing, reason);
}

/* ---- who calls ------------------------------------------------------------------------------- */

static void take_caller(struct hearing *hearing)
{
    dialect_take_key(hearing, http_view_header(hearing->view, "Id-Token"));
}

/* ---- products -------------------------------------------------------------------------------- */

#define ID_PREFIX "gAAAA"
enum { CHECK_DIGITS = 8 };

static uint32_t checksum(uint64_t name_hash)
{
    return (uint32_t)(random_key(name_hash, PROVIDER_MEALME) >> 32);
}

void mealme_put_product_id(const struct order_item *item, struct text *to)
{
    PUT(to, "\"" ID_PREFIX);
    dialect_base64_encode_url(to, item->name, strlen(item->name));
    text_format(to, ".%08" PRIx32 "\"", checksum(item->name_hash));
}

/* The name that an id holds; false: it is none of ours. */
bool mealme_read_product_id(const char *id, char name[MEALME_NAME_MAX])
{
    const size_t prefix = sizeof ID_PREFIX - 1;
    if (strncmp(id, ID_PREFIX, prefix) != 0) return false;
    id += prefix;
    const char *const dot = strchr(id, '.');
    if (dot == NULL || strlen(dot + 1) != CHECK_DIGITS) return false;
    const int length =
        dialect_base64_decode(id, (size_t)(dot - id), true, name, MEALME_NAME_MAX - 1);
    if (length < 1 || memchr(name, '\0', (size_t)length) != NULL) return false;
    name[length] = '\0';
    char check[CHECK_DIGITS + 1];
    (void)snprintf(check, sizeof check, "%08" PRIx32, checksum(random_hash_text(name)));
    return strcmp(dot + 1, check) == 0;
}

static void put_product(const struct saying *saying, const struct goods *goods)
{
    struct text *const to = saying->to;
    PUT(to, "{\"product_id\":");
    mealme_put_product_id(goods->item, to);
    PUT(to, ",\"item_name\":");
    text_json_string(to, dialect_goods_name(saying->dialect, goods));
    PUT(to, ",\"image\":\"https://images.example/grocery.jpg\",\"description\":\"\","
            "\"category\":\"Grocery\",\"price\":");
    text_int(to, goods->cents);
    PUT(to, ",\"formatted_price\":\"$");
    dialect_put_dollars(to, goods->cents);
    PUT(to, "\",\"original_price\":");
    text_int(to, goods->cents);
    PUT(to, ",\"upc_codes\":[],\"unit_size\":1,\"unit_of_measurement\":\"each\","
            "\"should_fetch_customizations\":false,\"attributes\":[],\"menu_id\":\"m-sample\"");
}

static void put_search_quote(struct text *to)
{
    text_format(to,
                "\"quote\":{\"quote_id\":\"q-0\",\"time_estimate\":{\"minimum\":%d,\"maximum\":%d,"
                "\"scheduled\":[]},\"sales_tax_percent\":",
                MEALME_MINUTES_MIN, MEALME_MINUTES_MAX);
    text_double(to, provider_traits[PROVIDER_MEALME].tax_per_mille / 10.0);
    PUT(to, ",\"delivery_fee\":{\"delivery_fee_flat\":");
    text_int(to, provider_traits[PROVIDER_MEALME].fee_cents);
    PUT(to, ",\"delivery_fee_percent\":0,\"delivery_fee_taxable\":false,\"threshold_fees\":[]},"
            "\"service_fee\":{\"service_fee_flat\":0,\"service_fee_percent\":0,\"service_fee_min\":"
            "0,\"service_fee_max\":0,\"service_fee_taxable\":false},\"small_order_fee\":{"
            "\"minimum_order_value\":0,\"small_order_fee_flat\":0,\"small_order_fee_percent\":0},"
            "\"order_minimum\":0,\"min_tip\":0,\"asap_available\":1,\"first_party_quote\":false,"
            "\"third_party_quote\":true,\"courier_quote\":false,\"accepts_delivery_tip\":true,"
            "\"accepts_pickup_tip\":false,\"accepts_pickup_note\":false}");
}

#define OPEN "\"08:00AM - 10:00PM\""
#define HOURS                                                                                      \
    "{\"Monday\":" OPEN ",\"Tuesday\":" OPEN ",\"Wednesday\":" OPEN ",\"Thursday\":" OPEN          \
    ",\"Friday\":" OPEN ",\"Saturday\":" OPEN ",\"Sunday\":" OPEN "}"

static void put_store(const struct saying *saying)
{
    struct text *const to = saying->to;
    PUT(to, "\"store\":{\"_id\":\"" MEALME_STORE_ID "\",\"name\":\"" MEALME_STORE_NAME "\","
            "\"phone_number\":14155550123,\"address\":{\"street_addr\":\"200 Example Street\","
            "\"city\":\"San Francisco\",\"state\":\"CA\",\"zipcode\":");
    text_json_string(to, saying->heard->asked[0] != '\0' ? saying->heard->asked : "94107");
    PUT(to, ",\"country\":\"US\",\"street_addr_2\":\"\",\"latitude\":37.7786,\"longitude\":"
            "-122.3918},\"type\":\"grocery\",\"description\":\"Neighbourhood grocer\",\"cuisines\":"
            "[],\"food_photos\":[],\"logo_photos\":[],\"store_photos\":[],\"dollar_signs\":2,"
            "\"pickup_enabled\":true,\"delivery_enabled\":true,\"is_open\":true,\"miles\":0.8,"
            "\"aggregated_rating_count\":0,\"hours\":{},\"local_hours\":{\"operational\":" HOURS
            ",\"delivery\":" HOURS ",\"pickup\":" HOURS ",\"dine_in\":" HOURS
            "},\"offers_first_party_delivery\":false,\"offers_third_party_delivery\":false,"
            "\"supports_upc_codes\":false,\"weighted_rating_value\":0}");
}

/* Goods and what is charged for them before they are quoted: how the vendor adds it up is not
 * documented. */
static int64_t grand_total(int64_t subtotal_cents)
{
    return subtotal_cents + provider_fee_cents(PROVIDER_MEALME, subtotal_cents) +
           provider_tax_cents(PROVIDER_MEALME, subtotal_cents);
}

/* ---- searching a cart ------------------------------------------------------------------------ */

static bool is_coordinate(const char *text, double most)
{
    char *end;
    if (text == NULL || text[strspn(text, "+-.0123456789")] != '\0') return false;
    const double value = strtod(text, &end);
    return end != text && *end == '\0' && value >= -most && value <= most;
}

/* Where a customer is: of a postal code, or, failing that, by coordinates. */
static bool hear_place(struct hearing *hearing)
{
    const char *const latitude = http_view_query(hearing->view, "user_latitude");
    const char *const longitude = http_view_query(hearing->view, "user_longitude");
    const char *const zip = http_view_query(hearing->view, "user_zipcode");
    if (!is_coordinate(latitude, 90)) return mealme_refuse_parameter(hearing, "user_latitude");
    if (!is_coordinate(longitude, 180)) return mealme_refuse_parameter(hearing, "user_longitude");
    char place[128];
    (void)snprintf(place, sizeof place, "%.60s,%.60s", latitude, longitude);
    const bool coded = zip != NULL && (zip[0] != '\0' || hearing->heard->keyed);
    if (!dialect_set_postal_code(hearing, coded ? zip : place)) return false;
    if (coded) hearing->heard->asked = hearing->heard->request.postal_code;
    return true;
}

static bool hear_terms(struct hearing *hearing, const cJSON *terms)
{
    if (!cJSON_IsObject(terms)) return mealme_refuse_parameter(hearing, "query");
    for (const cJSON *term = terms->child; term != NULL; term = term->next) {
        int64_t quantity;
        if (term->string[0] == '\0' || !json_whole(term, &quantity) || quantity < 1) {
            return mealme_refuse_parameter(hearing, "query");
        }
        const uint32_t most = quantity < UINT32_MAX ? (uint32_t)quantity : UINT32_MAX;
        if (!dialect_add_item(hearing, term->string, most)) return false;
    }
    return hearing->heard->request.item_count > 0 || mealme_refuse_parameter(hearing, "query");
}

static bool is_true(const struct hearing *hearing, const char *name, bool otherwise)
{
    const char *const text = http_view_query(hearing->view, name);
    if (text == NULL) return otherwise;
    return strcmp(text, "false") != 0 && strcmp(text, "False") != 0 && strcmp(text, "0") != 0;
}

static bool hear_search(struct hearing *hearing)
{
    const char *const query = http_view_query(hearing->view, "query");
    if (!hear_place(hearing)) return false;
    hearing->heard->full = is_true(hearing, "full_carts_only", true);
    if (query == NULL) return mealme_refuse_parameter(hearing, "query");
    hearing->body = foreign_json_parse(query, strlen(query));
    return hear_terms(hearing, hearing->body);
}

static bool is_full(const struct reply *reply, const struct heard *heard)
{
    return reply->as.cart.found + (uint32_t)reply->as.cart.substituted == heard->request.item_count;
}

static void put_line(const struct saying *saying, uint32_t line)
{
    const struct heard *const heard = saying->heard;
    int32_t cents;
    bool exact;
    if (!backend_line(saying->dialect->setup.backend, &heard->call, line, &cents, &exact)) return;
    const struct goods goods = dialect_goods(&heard->items[line], 0, exact, cents);
    put_product(saying, &goods);
    text_char(saying->to, '}');
}

static void put_cart(const struct saying *saying)
{
    const struct heard *const heard = saying->heard;
    PUT(saying->to, "{\"products\":{");
    for (uint32_t i = 0; i < heard->request.item_count; i++) {
        if (i > 0) text_char(saying->to, ',');
        text_json_string(saying->to, heard->items[i].name);
        PUT(saying->to, ":[");
        if (line_is_in(saying->reply->as.cart.lines, i)) put_line(saying, i);
        text_char(saying->to, ']');
    }
    PUT(saying->to, "},\"menu_id\":\"m-sample\",");
    put_search_quote(saying->to);
    PUT(saying->to, ",\"grand_total\":");
    text_int(saying->to, grand_total(saying->reply->as.cart.subtotal_cents));
    text_char(saying->to, ',');
    put_store(saying);
    text_char(saying->to, '}');
}

static void say_search(const struct saying *saying)
{
    const struct reply *const reply = saying->reply;
    const bool any = reply->as.cart.found + reply->as.cart.substituted > 0;
    PUT(saying->to, "{\"carts\":[");
    if (any && (!saying->heard->full || is_full(reply, saying->heard))) put_cart(saying);
    PUT(saying->to, "]}");
}

/* ---- searching a product --------------------------------------------------------------------- */

/* Variants are names of their own, so that a quote finds their prices again. */
static bool hear_variants(struct hearing *hearing, const char *query)
{
    static const char *const kinds[] = {"", "Organic ", "Family Size ", "Store Brand ", "Premium "};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[MEALME_NAME_MAX];
        if ((size_t)snprintf(name, sizeof name, "%s%s", kinds[i], query) >= sizeof name) {
            return mealme_refuse_parameter(hearing, "query");
        }
        if (!dialect_add_item(hearing, name, 1)) return false;
    }
    return true;
}

static bool hear_product(struct hearing *hearing)
{
    const char *const query = http_view_query(hearing->view, "query");
    if (!hear_place(hearing)) return false;
    hearing->heard->priced = is_true(hearing, "fetch_quotes", false);
    if (hearing->heard->keyed || query == NULL || query[0] == '\0') {
        hearing->heard->call.operation = OPERATION_HEALTH;
        return true;
    }
    return hear_variants(hearing, query);
}

static void say_product(const struct saying *saying)
{
    const struct heard *const heard = saying->heard;
    const bool is_cart = heard->call.operation == OPERATION_CART;
    bool comma = false;
    PUT(saying->to, "{\"products\":[");
    for (uint32_t i = 0; is_cart && i < heard->request.item_count; i++) {
        int32_t cents;
        bool exact;
        if (!line_is_in(saying->reply->as.cart.lines, i)) continue;
        if (!backend_line(saying->dialect->setup.backend, &heard->call, i, &cents, &exact)) {
            continue;
        }
        const struct goods goods = dialect_goods(&heard->items[i], 0, exact, cents);
        if (comma) text_char(saying->to, ',');
        comma = true;
        put_product(saying, &goods);
        if (heard->priced) {
            PUT(saying->to, ",\"grand_total\":");
            text_int(saying->to, grand_total(cents));
            text_char(saying->to, ',');
            put_search_quote(saying->to);
        }
        text_char(saying->to, ',');
        put_store(saying);
        text_char(saying->to, '}');
    }
    PUT(saying->to, "]}");
}

static const struct route routes[] = {
    {"GET", "/search/cart", OPERATION_CART, hear_search, say_search},
    {"POST", "/order/order/v4", OPERATION_QUOTE, mealme_hear_order, mealme_say_order},
    {"POST", "/order/finalize", OPERATION_CONFIRM, mealme_hear_finalize, mealme_say_finalize},
    {"GET", "/search/product/v4", OPERATION_CART, hear_product, say_product},
    {"POST", "/cart/create", OPERATION_CART, mealme_hear_cart, mealme_say_cart},
};

const struct dialect_ways dialect_mealme = {
    .routes = routes,
    .route_count = sizeof routes / sizeof *routes,
    .take_caller = take_caller,
    .say_bad_request = say_bad_request,
    .say_error = dialect_put_status,
};
