/* MealMe's orders: quotes, carts and what is placed. See mocks/dialect_mealme.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/dialect_mealme.h"
#include "router/base/json.h"

/* ---- orders: requests ------------------------------------------------------------------------ */

/* 420, naming every product that is none. */
static bool refuse_products(struct hearing *hearing, const cJSON *items)
{
    struct http_response *const response = hearing->response;
    char name[MEALME_NAME_MAX];
    bool comma = false;
    http_response_clear(response);
    response->status = 420;
    response->content_type = "application/json";
    PUT(&response->body,
        "{\"error\":\"Checkout Error: Invalid Products.\",\"invalid_product_ids\":[");
    for (const cJSON *item = items->child; item != NULL; item = item->next) {
        const char *const id = dialect_member_text(item, "product_id");
        if (id == NULL || mealme_read_product_id(id, name)) continue;
        if (comma) text_char(&response->body, ',');
        comma = true;
        text_json_string(&response->body, id);
    }
    PUT(&response->body, "]}");
    return false;
}

static bool hear_products(struct hearing *hearing, const cJSON *body)
{
    const cJSON *const items = dialect_member(body, "items");
    const bool empty = !cJSON_IsArray(items) || items->child == NULL;
    if (empty && (!hearing->heard->keyed || !cJSON_IsArray(items))) {
        return mealme_refuse_parameter(hearing, "items");
    }
    for (const cJSON *item = items->child; item != NULL; item = item->next) {
        char name[MEALME_NAME_MAX];
        uint32_t quantity;
        const char *const id = dialect_member_text(item, "product_id");
        if (id == NULL) return mealme_refuse_parameter(hearing, "product_id");
        if (!dialect_member_quantity(item, "quantity", &quantity)) {
            return mealme_refuse_parameter(hearing, "quantity");
        }
        if (!mealme_read_product_id(id, name)) return refuse_products(hearing, items);
        if (!dialect_add_item(hearing, name, quantity)) return false;
    }
    return true;
}

static bool hear_user(struct hearing *hearing, const cJSON *body)
{
    static const char *const texts[] = {"user_name", "user_email", "user_id"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (dialect_member_text(body, texts[i]) == NULL) {
            return mealme_refuse_parameter(hearing, texts[i]);
        }
    }
    int64_t phone;
    const cJSON *const node = dialect_member(body, "user_phone");
    if (node == NULL || !json_whole(node, &phone))
        return mealme_refuse_parameter(hearing, "user_phone");
    return true;
}

/* For delivery an address is needed. */
static bool hear_address(struct hearing *hearing, const cJSON *body)
{
    static const char *const names[] = {"user_latitude", "user_longitude"};
    double places[2];
    for (size_t i = 0; i < 2; i++) {
        const cJSON *const node = dialect_member(body, names[i]);
        if (!cJSON_IsNumber(node)) return mealme_refuse_parameter(hearing, names[i]);
        places[i] = node->valuedouble;
    }
    char place[128];
    (void)snprintf(place, sizeof place, "%.17g,%.17g", places[0], places[1]);
    const cJSON *const zip = dialect_member(body, "user_zipcode");
    const bool coded =
        cJSON_IsString(zip) && (zip->valuestring[0] != '\0' || hearing->heard->keyed);
    return dialect_set_postal_code(hearing, coded ? zip->valuestring : place);
}

bool mealme_hear_order(struct hearing *hearing)
{
    struct heard *const heard = hearing->heard;
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    const cJSON *const placing = dialect_member(body, "place_order");
    const cJSON *const pickup = dialect_member(body, "pickup");
    if (!cJSON_IsBool(placing)) return mealme_refuse_parameter(hearing, "place_order");
    heard->placing = cJSON_IsTrue(placing);
    if (heard->placing) heard->call.operation = OPERATION_CONFIRM;
    heard->priced = cJSON_IsTrue(dialect_member(body, "include_final_quote"));
    if (!cJSON_IsBool(pickup)) return mealme_refuse_parameter(hearing, "pickup");
    if (!hear_user(hearing, body)) return false;
    if (!cJSON_IsTrue(pickup) && !hear_address(hearing, body)) return false;
    return hear_products(hearing, body);
}

bool mealme_hear_cart(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    if (!cJSON_IsBool(dialect_member(body, "pickup")))
        return mealme_refuse_parameter(hearing, "pickup");
    if (dialect_member_text(body, "user_id") == NULL)
        return mealme_refuse_parameter(hearing, "user_id");
    return hear_products(hearing, body);
}

#define ORDER_PREFIX "-M"

static bool is_order_id(const char *id)
{
    const size_t prefix = sizeof ORDER_PREFIX - 1;
    return strncmp(id, ORDER_PREFIX, prefix) == 0 && strlen(id) == prefix + 16 &&
           strspn(id + prefix, "0123456789abcdef") == 16;
}

/* Our own client is believed: it may have forgotten which order it was. */
bool mealme_hear_finalize(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    const char *const id = dialect_member_text(body, "order_id");
    if (id == NULL) return mealme_refuse_parameter(hearing, "order_id");
    if (!is_order_id(id) && !hearing->heard->keyed) return dialect_refuse_status(hearing, 404);
    (void)snprintf(hearing->heard->order_id, HEARD_ORDER_ID_MAX, "%.60s", id);
    return true;
}

/* ---- orders: answers ------------------------------------------------------------------------- */

struct bill {
    int64_t subtotal_cents, fee_cents, tax_cents;
    int32_t minutes_min, minutes_max;
};

static struct bill bill_of_quote(const struct reply *reply)
{
    return (struct bill){.subtotal_cents = reply->as.quote.subtotal_cents,
                         .fee_cents = reply->as.quote.fee_cents,
                         .tax_cents = reply->as.quote.tax_cents,
                         .minutes_min = reply->as.quote.eta_minutes_min,
                         .minutes_max = reply->as.quote.eta_minutes_max};
}

/* Of an order that is placed at once, whose reply holds no money. */
static struct bill bill_of_lines(const struct saying *saying)
{
    const struct heard *const heard = saying->heard;
    int64_t subtotal_cents = 0;
    for (uint32_t i = 0; i < heard->request.item_count; i++) {
        int32_t cents;
        bool exact;
        (void)backend_line(saying->dialect->setup.backend, &heard->call, i, &cents, &exact);
        subtotal_cents += (int64_t)cents * heard->items[i].quantity;
    }
    return (struct bill){.subtotal_cents = subtotal_cents,
                         .fee_cents = provider_fee_cents(PROVIDER_MEALME, subtotal_cents),
                         .tax_cents = provider_tax_cents(PROVIDER_MEALME, subtotal_cents),
                         .minutes_min = MEALME_MINUTES_MIN,
                         .minutes_max = MEALME_MINUTES_MAX};
}

static void put_member(struct text *to, const char *name, int64_t value)
{
    text_format(to, ",\"%s\":", name);
    text_int(to, value);
}

/* "06:31 PM" */
static void put_arrival(const struct saying *saying, int32_t minutes)
{
    const int64_t unix_s = dialect_unix_ms(saying->dialect, saying->heard) / 1000;
    const int64_t minute = ((unix_s / 60 + minutes) % 1440 + 1440) % 1440;
    const int hour = (int)(minute / 60);
    text_format(saying->to, ",\"expected_time_of_arrival\":\"%02d:%02d %s\"",
                hour % 12 == 0 ? 12 : hour % 12, (int)(minute % 60), hour < 12 ? "AM" : "PM");
}

static void put_bill(const struct saying *saying, const struct bill *bill)
{
    struct text *const to = saying->to;
    PUT(to, "\"quote\":{\"subtotal\":");
    text_int(to, bill->subtotal_cents);
    put_member(to, "delivery_fee_cents", bill->fee_cents);
    put_member(to, "service_fee_cents", 0);
    put_member(to, "small_order_fee_cents", 0);
    put_member(to, "sales_tax_cents", bill->tax_cents);
    put_member(to, "delivery_time_min", bill->minutes_min);
    put_member(to, "delivery_time_max", bill->minutes_max);
    put_member(to, "total_without_tips", bill->subtotal_cents + bill->fee_cents + bill->tax_cents);
    put_arrival(saying, bill->minutes_max);
    PUT(to, ",\"scheduled\":{}}");
}

static void put_order_item(const struct saying *saying, uint32_t line, bool *comma)
{
    const struct heard *const heard = saying->heard;
    struct text *const to = saying->to;
    int32_t cents;
    bool exact;
    if (!backend_line(saying->dialect->setup.backend, &heard->call, line, &cents, &exact)) return;
    const struct goods goods = dialect_goods(&heard->items[line], 0, exact, cents);
    if (*comma) text_char(to, ',');
    *comma = true;
    PUT(to, "{\"name\":");
    text_json_string(to, dialect_goods_name(saying->dialect, &goods));
    PUT(to, ",\"base_price\":");
    text_int(to, cents);
    PUT(to, ",\"quantity\":");
    text_int(to, heard->items[line].quantity);
    PUT(to,
        ",\"image\":\"https://images.example/grocery.jpg\",\"description\":\"\",\"product_id\":");
    mealme_put_product_id(&heard->items[line], to);
    PUT(to, ",\"customizations\":[]}");
}

static void put_final_quote(const struct saying *saying)
{
    struct text *const to = saying->to;
    const struct bill bill =
        saying->heard->placing ? bill_of_lines(saying) : bill_of_quote(saying->reply);
    PUT(to, "\"final_quote\":{\"store\":\"" MEALME_STORE_NAME
            "\",\"store_address\":\"200 Example Street, "
            "San Francisco, CA, 94107, US\",\"store_id\":\"" MEALME_STORE_ID "\",\"quote_id\":");
    text_format(to, "\"q-%05u\",", (unsigned)(saying->heard->call.order_key % 100000));
    put_bill(saying, &bill);
    PUT(to, ",\"items\":[");
    bool comma = false;
    for (uint32_t i = 0; i < saying->heard->request.item_count; i++)
        put_order_item(saying, i, &comma);
    PUT(to, "],\"tip\":0,\"total_with_tip\":");
    text_int(to, bill.subtotal_cents + bill.fee_cents + bill.tax_cents);
    PUT(to, ",\"added_fees\":{\"flat_fee_cents\":0,\"percent_fee\":0,\"is_fee_taxable\":false,"
            "\"total_fee_cents\":0,\"sales_tax_cents\":0}},");
}

static void put_placed(struct text *to, const char *order_id)
{
    PUT(to, "{\"order_placed\":true,\"tracking_link\":");
    struct text link = {0};
    text_format(&link, "https://tracking.example/?id=%s", order_id);
    text_json_string(to, link.failed ? "" : link.bytes);
    text_release(&link);
    text_char(to, ',');
}

void mealme_say_order(const struct saying *saying)
{
    struct text *const to = saying->to;
    char order_id[HEARD_ORDER_ID_MAX];
    (void)snprintf(order_id, sizeof order_id, ORDER_PREFIX "%016" PRIx64,
                   saying->heard->call.order_key);
    if (saying->heard->placing) {
        put_placed(to, order_id);
    } else {
        saying->response->status = 202;
        PUT(to, "{\"order_placed\":false,");
    }
    if (saying->heard->priced) put_final_quote(saying);
    text_format(to, "\"order_id\":\"%s\"", order_id);
    if (saying->heard->placing) PUT(to, ",\"is_sandbox\":true");
    text_char(to, '}');
}

void mealme_say_finalize(const struct saying *saying)
{
    put_placed(saying->to, saying->heard->order_id);
    PUT(saying->to, "\"order_id\":");
    text_json_string(saying->to, saying->heard->order_id);
    PUT(saying->to, ",\"is_sandbox\":true}");
}

void mealme_say_cart(const struct saying *saying)
{
    text_format(saying->to, "{\"cart_id\":\"-N%016" PRIx64 "\"}", saying->heard->call.order_key);
}
