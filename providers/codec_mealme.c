/* MealMe, https://api.mealme.ai. In brackets how sure the format is: A the vendor's document, C one
 * source or inferred.
 *
 *   CART     GET /search/cart, the whole cart as a map from term to quantity; of the first cart of
 *            the reply, under each term, the first product counts [A]
 *   QUOTE    POST /order/order/v4 with place_order false: 202 and a final quote [A; the reply's
 *            fields C: documented for v3]
 *   CONFIRM  POST /order/finalize [A]: mocks only
 *   HEALTH   GET /search/product/v4 [A]
 *
 * Credential: "Id-Token: account:uuid". Money is whole cents. Errors: {"error":"text"} [A].
 *
 * Lines of one name share a term, whose quantity is their sum, and each of them is found with it.
 * A quote covers the products of the lines asked for: what is not to be had makes it fail (420), so
 * that its found and substituted lines are those of the cart. */
#include "providers/codec_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/utf8.h"

/* ---- requests -------------------------------------------------------------------------------- */

static const struct place nowhere;

static bool show_id_token(const struct codec *codec, const struct call *call,
                          struct http_request *request, struct err *err)
{
    const struct credential *credential;
    if (!codec_credential(codec, call, &credential, err)) return false;
    if (credential == NULL) return true;
    struct text value = {0};
    if (credential->id[0] != '\0') text_format(&value, "%s:", credential->id);
    text_put(&value, credential->secret);
    const bool written = !value.failed;
    if (written) http_header(request, "Id-Token", value.bytes);
    codec_wipe(&value);
    return written ||
           err_fail(err, ERR_ENVIRONMENT, nowhere, "out of memory for MealMe's credential");
}

static void query_number(struct http_request *request, const char *name, double value)
{
    char digits[NUMBER_TEXT_MAX];
    (void)number_write(digits, value);
    http_query(request, name, digits);
}

static void query_place(const struct codec *codec, const struct call *call,
                        struct http_request *request)
{
    const struct codec_customer *const customer = &codec->customer;
    query_number(request, "user_latitude", customer->latitude);
    query_number(request, "user_longitude", customer->longitude);
    http_query(request, "user_street_num", customer->street_number);
    http_query(request, "user_street_name", customer->street);
    http_query(request, "user_city", customer->city);
    http_query(request, "user_state", customer->state);
    http_query(request, "user_zipcode", codec_postal_code(call));
    http_query(request, "user_country", "US");
}

static void query_kind(struct http_request *request)
{
    http_query(request, "store_type", "grocery");
    http_query(request, "pickup", "false");
    http_query(request, "fetch_quotes", "false");
}

static bool is_same_name(const struct order_item *a, const struct order_item *b)
{
    return a->name_hash == b->name_hash && strcmp(a->name, b->name) == 0;
}

/* {"Whole Milk":2,"Eggs":1}, in order of first appearance. */
static void put_terms(struct text *to, const struct order_request *request)
{
    text_char(to, '{');
    for (uint32_t i = 0; i < request->item_count; i++) {
        const struct order_item *const item = &request->items[i];
        uint32_t first = 0;
        while (!is_same_name(&request->items[first], item))
            first++;
        if (first < i) continue;
        int64_t quantity = 0;
        for (uint32_t j = i; j < request->item_count; j++) {
            if (is_same_name(&request->items[j], item)) quantity += request->items[j].quantity;
        }
        codec_put_int(to, item->name, quantity);
    }
    text_char(to, '}');
}

static bool put_search(const struct codec *codec, const struct call *call,
                       struct http_request *request, struct err *err)
{
    struct text terms = {0};
    put_terms(&terms, call->request);
    const bool written = !terms.failed;
    if (written) {
        codec_begin(request, HTTP_GET, "/search/cart", false);
        http_query(request, "query", terms.bytes);
        query_place(codec, call, request);
        http_query(request, "full_carts_only", "false");
        query_kind(request);
    }
    text_release(&terms);
    return written || err_fail(err, ERR_ENVIRONMENT, nowhere, "out of memory for a MealMe cart");
}

static const char *product_id(const struct codec_cart *cart, uint32_t line)
{
    if (cart == NULL || line >= cart->line_count) return NULL;
    const size_t at = cart->id_at[line];
    return at == CODEC_NO_PRODUCT ? NULL : cart->ids.bytes + at;
}

/* The products offered for the lines that the quote is for. */
static void put_products(const struct codec *codec, const struct call *call, struct text *to)
{
    const struct codec_cart *const cart = codec_find_cart(codec, call->cart);
    const char *comma = "";
    text_put(to, ",\"items\":[");
    for (uint32_t i = 0; i < call->request->item_count; i++) {
        const char *const id = line_is_in(call->lines, i) ? product_id(cart, i) : NULL;
        if (id == NULL) continue;
        text_put(to, comma);
        text_char(to, '{');
        codec_put_text(to, "product_id", id);
        codec_put_int(to, "quantity", call->request->items[i].quantity);
        text_char(to, '}');
        comma = ",";
    }
    text_char(to, ']');
}

static void put_user(const struct codec *codec, const struct call *call, struct text *to)
{
    const struct codec_customer *const customer = &codec->customer;
    const char *const user_id = call->request->user_id;
    codec_put_text(to, "user_id", user_id != NULL ? user_id : "anonymous");
    codec_put_text(to, "user_name", customer->name);
    codec_put_text(to, "user_email", customer->email);
    codec_put_int(to, "user_phone", strtoll(customer->phone, NULL, 10)); /* 15 digits at most */
    text_put(to, ",\"user_latitude\":");
    text_double(to, customer->latitude);
    text_put(to, ",\"user_longitude\":");
    text_double(to, customer->longitude);
    codec_put_text(to, "user_street_num", customer->street_number);
    codec_put_text(to, "user_street_name", customer->street);
    codec_put_text(to, "user_city", customer->city);
    codec_put_text(to, "user_state", customer->state);
    codec_put_text(to, "user_zipcode", call->request->postal_code);
    codec_put_text(to, "user_country", "US");
}

static void put_quote(const struct codec *codec, const struct call *call,
                      struct http_request *request)
{
    codec_begin(request, HTTP_POST, "/order/order/v4", true);
    struct text *const body = &request->body;
    text_put(body, "{\"place_order\":false,\"include_final_quote\":true,\"pickup\":false");
    put_products(codec, call, body);
    put_user(codec, call, body);
    text_char(body, '}');
}

static void put_finalize(const struct codec *codec, const struct call *call,
                         struct http_request *request)
{
    const struct codec_cart *const cart = codec_find_cart(codec, call->cart);
    const bool known = cart != NULL && cart->order_id.length > 0;
    codec_begin(request, HTTP_POST, "/order/finalize", true);
    text_char(&request->body, '{');
    codec_put_text(&request->body, "order_id", known ? cart->order_id.bytes : codec_forgotten);
    text_char(&request->body, '}');
}

static bool encode(struct codec *codec, const struct call *call, struct http_request *request,
                   struct err *err)
{
    switch (call->operation) {
    case OPERATION_CART:
        if (!put_search(codec, call, request, err)) return false;
        break;
    case OPERATION_QUOTE:
        put_quote(codec, call, request);
        break;
    case OPERATION_CONFIRM:
        put_finalize(codec, call, request);
        break;
    case OPERATION_HEALTH:
        codec_begin(request, HTTP_GET, "/search/product/v4", false);
        http_query(request, "query", "milk");
        query_place(codec, call, request);
        query_kind(request);
        break;
    case OPERATION_TOKEN:
    case OPERATION_STORE:
    case OPERATION_SEARCH:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        assert(!"no operation of MealMe's");
    }
    return show_id_token(codec, call, request, err);
}

/* ---- replies --------------------------------------------------------------------------------- */

/* Bytes that are no UTF-8 went out as U+FFFD, and under that name the term comes back. */
static bool as_it_went(const char *name, struct text *clean)
{
    text_clear(clean);
    const size_t length = strlen(name);
    for (size_t at = 0; at < length;) {
        uint32_t code;
        const unsigned step = utf8_read(name + at, length - at, &code);
        if (step == 0) {
            text_put(clean, "\xEF\xBF\xBD");
        } else {
            text_append(clean, name + at, step);
        }
        at += step == 0 ? 1 : step;
    }
    return !clean->failed;
}

/* The product that stands first under a line's term, if its price can be used. */
static bool take_line(const cJSON *offers, const struct order_item *item, uint32_t line,
                      struct codec_cart *cart, struct reply *reply)
{
    const cJSON *const product = cJSON_IsArray(offers) ? offers->child : NULL;
    if (product == NULL) return offers == NULL || cJSON_IsArray(offers);
    if (!cJSON_IsObject(product)) return false;
    int32_t cents;
    switch (codec_price(codec_member(product, "price"), 1, &cents)) {
    case PRICE_BAD:
        return false;
    case PRICE_NONE:
        return true;
    case PRICE_GOOD:
        break;
    }
    char room[NUMBER_TEXT_MAX];
    const cJSON *const id_node = codec_member(product, "product_id");
    const char *const id = codec_id(id_node, room);
    if (id == NULL) return id_node == NULL; /* without one it cannot be ordered */
    const char *const name = codec_string(codec_member(product, "item_name"));
    const bool exact = name != NULL && codec_names_equal(name, item->name);
    cart->id_at[line] = cart->ids.length;
    text_append(&cart->ids, id, strlen(id) + 1);
    const uint64_t bit = UINT64_C(1) << line % 64;
    if (exact) cart->exact[line / 64] |= bit;
    reply->as.cart.lines[line / 64] |= bit;
    reply->as.cart.found += exact;
    reply->as.cart.substituted += !exact;
    reply->as.cart.subtotal_cents += (int64_t)cents * item->quantity;
    return reply->as.cart.subtotal_cents <= CODEC_CART_CENTS_MAX;
}

static bool take_lines(const cJSON *offers, const struct order_request *request,
                       struct codec_cart *cart, struct reply *reply)
{
    struct text name = {0};
    bool good = true;
    for (uint32_t i = 0; good && i < request->item_count; i++) {
        good = as_it_went(request->items[i].name, &name) &&
               take_line(codec_member(offers, name.bytes), &request->items[i], i, cart, reply);
    }
    text_release(&name);
    return good && !cart->ids.failed;
}

static bool take_cart(struct codec *codec, const struct call *call, const cJSON *body,
                      struct reply *reply)
{
    const cJSON *const carts = codec_member(body, "carts");
    if (!cJSON_IsArray(carts)) return false;
    const cJSON *const products = codec_member(carts->child, "products");
    if (carts->child != NULL && !cJSON_IsObject(products)) return false;
    struct codec_cart *cart;
    const uint64_t handle = codec_open_cart(codec, call->request->item_count, &cart);
    if (handle == 0) return false;
    if (products != NULL && !take_lines(products, call->request, cart, reply)) {
        codec_forget_cart(codec, handle);
        return false;
    }
    reply->as.cart.cart = handle;
    return true;
}

static bool take_money(const cJSON *final, struct reply *reply)
{
    static const char *const fees[] = {"delivery_fee_cents", "service_fee_cents",
                                       "small_order_fee_cents"};
    const cJSON *const quote = codec_member(final, "quote");
    const cJSON *const subtotal = codec_member(quote, "subtotal");
    if (subtotal == NULL || !codec_cents(subtotal, &reply->as.quote.subtotal_cents)) return false;
    const cJSON *const added = codec_member(final, "added_fees");
    int64_t cents;
    if (!codec_cents(codec_member(added, "total_fee_cents"), &cents)) return false;
    reply->as.quote.fee_cents = cents;
    for (size_t i = 0; i < sizeof fees / sizeof *fees; i++) {
        if (!codec_cents(codec_member(quote, fees[i]), &cents)) return false;
        reply->as.quote.fee_cents += cents;
    }
    return codec_cents(codec_member(quote, "sales_tax_cents"), &reply->as.quote.tax_cents);
}

/* One end of the range stands for both where the other is not stated. */
static bool take_minutes(const cJSON *quote, struct reply *reply)
{
    const cJSON *const least = codec_member(quote, "delivery_time_min");
    const cJSON *const most = codec_member(quote, "delivery_time_max");
    return codec_minutes(least != NULL ? least : most, &reply->as.quote.eta_minutes_min) &&
           codec_minutes(most != NULL ? most : least, &reply->as.quote.eta_minutes_max);
}

static void count_lines(const struct codec_cart *cart, const struct call *call, struct reply *reply)
{
    for (uint32_t i = 0; i < call->request->item_count; i++) {
        if (!line_is_in(call->lines, i) || product_id(cart, i) == NULL) continue;
        const bool exact = (cart->exact[i / 64] >> i % 64 & 1u) != 0;
        reply->as.quote.found += exact;
        reply->as.quote.substituted += !exact;
    }
}

static bool take_quote(const struct codec *codec, const struct call *call, const cJSON *body,
                       struct reply *reply)
{
    if (cJSON_IsTrue(codec_member(body, "order_placed"))) return false; /* nobody asked for that */
    const cJSON *const final = codec_member(body, "final_quote");
    if (!take_money(final, reply) || !take_minutes(codec_member(final, "quote"), reply)) {
        return false;
    }
    struct codec_cart *const cart = codec_find_cart(codec, call->cart);
    if (cart == NULL) return true;
    count_lines(cart, call, reply);
    char room[NUMBER_TEXT_MAX];
    const char *const order_id = codec_id(codec_member(body, "order_id"), room);
    text_clear(&cart->order_id);
    if (order_id != NULL) text_put(&cart->order_id, order_id);
    return !cart->order_id.failed;
}

static bool decode(struct codec *codec, const struct call *call, const cJSON *body,
                   struct reply *reply)
{
    switch (call->operation) {
    case OPERATION_CART:
        return take_cart(codec, call, body, reply);
    case OPERATION_QUOTE:
        return take_quote(codec, call, body, reply);
    case OPERATION_CONFIRM:
        return codec_is_object(body) && !cJSON_IsFalse(codec_member(body, "order_placed"));
    case OPERATION_HEALTH:
        return cJSON_IsArray(codec_member(body, "products"));
    case OPERATION_TOKEN:
    case OPERATION_STORE:
    case OPERATION_SEARCH:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_COUNT:
        break;
    }
    assert(!"no operation of MealMe's");
    return false;
}

const struct codec_formats codec_mealme = {
    .base_url = {"https://api.mealme.ai", NULL},
    .encode = encode,
    .decode = decode,
};
