/* Kroger's products. See mocks/dialect_kroger.c.
 *
 * A product's id is its place in the catalogue and its variant, so that it finds the product again.
 * A name that is not in the catalogue has an id made of it, which finds it while it was shown
 * lately. */
#include <string.h>

#include "mocks/dialect_kroger.h"

enum { PRODUCT_DIGITS = 13, IDS_MAX = 50 };

/* ---- products: requests ---------------------------------------------------------------------- */

/* "0001", two digits of the variant, "1", six of the number. */
static void put_product_id(const struct goods *goods, struct text *to)
{
    text_format(to, "\"0001%02u1%06u\"", goods->variant, dialect_goods_number(goods));
}

static bool read_product_id(const char *id, size_t length, uint32_t *variant, uint32_t *number)
{
    char digits[PRODUCT_DIGITS + 1];
    uint64_t whole;
    if (length != PRODUCT_DIGITS) return false;
    memcpy(digits, id, length);
    digits[length] = '\0';
    if (!dialect_number(digits, 0, UINT64_C(9999999999999), &whole)) return false;
    *number = (uint32_t)(whole % GOODS_NUMBERS);
    *variant = (uint32_t)(whole / 10000000 % 100);
    return whole / 1000000000 == 1 && whole / GOODS_NUMBERS % 10 == 1 && *variant <= GOODS_VARIANTS;
}

/* The product with an id as one more line; one that nobody has is passed over. */
static bool add_product(struct hearing *hearing, const char *id, size_t length)
{
    uint32_t variant, number;
    struct order_item item;
    struct heard *const heard = hearing->heard;
    if (!read_product_id(id, length, &variant, &number)) return true;
    if (!dialect_goods_item(hearing, number, &item)) return true;
    if (!dialect_add_item(hearing, item.name, 1)) return false;
    heard->variants[heard->request.item_count - 1] = (uint8_t)variant;
    return true;
}

/* What a call looks at when no id was one: a name that no catalogue has, and that is not shown. */
static bool add_nothing(struct hearing *hearing)
{
    if (hearing->heard->request.item_count > 0) return true;
    hearing->heard->limit = 0;
    return dialect_set_term(hearing, "no such product");
}

static bool hear_location_filter(struct hearing *hearing)
{
    const char *const id = http_view_query(hearing->view, "filter.locationId");
    hearing->heard->priced = id != NULL;
    if (id == NULL) return true;
    if (strlen(id) != KROGER_STORE_DIGITS) {
        return dialect_refuse(hearing, "Field 'locationId' must have a length of 8 characters");
    }
    hearing->heard->call.store = kroger_store_of(id, KROGER_STORE_DIGITS);
    return true;
}

static bool hear_products_by_id(struct hearing *hearing, const char *ids)
{
    hearing->heard->by_id = true;
    hearing->heard->limit = IDS_MAX;
    hearing->heard->call.item = 0;
    for (uint32_t count = 0; *ids != '\0'; count++) {
        const size_t length = strcspn(ids, ",");
        if (count == IDS_MAX) {
            return dialect_refuse(hearing, "Field 'productId' must have at most 50 values");
        }
        if (length != PRODUCT_DIGITS) {
            return dialect_refuse(hearing, "Field 'productId' must have a length of 13 characters");
        }
        if (!add_product(hearing, ids, length)) return false;
        ids += length + (ids[length] == ',');
    }
    return add_nothing(hearing);
}

bool kroger_hear_products(struct hearing *hearing)
{
    const char *const term = http_view_query(hearing->view, "filter.term");
    const char *const ids = http_view_query(hearing->view, "filter.productId");
    struct heard *const heard = hearing->heard;
    heard->limit = 10;
    if (!dialect_query_number(hearing, "filter.limit", 1, 50, &heard->limit)) {
        return dialect_refuse(hearing, "Field 'limit' must be a number between 1 and 50");
    }
    if (!dialect_query_number(hearing, "filter.start", 1, 250, &heard->first)) {
        return dialect_refuse(hearing, "Field 'start' must be a number between 1 and 250");
    }
    if (!hear_location_filter(hearing)) return false;
    if (ids != NULL) return hear_products_by_id(hearing, ids);
    if (term == NULL) return dialect_refuse(hearing, "Field 'term' must not be empty");
    return dialect_set_term(hearing, term);
}

bool kroger_hear_product(struct hearing *hearing)
{
    hearing->heard->by_id = true;
    hearing->heard->limit = 1;
    hearing->heard->call.item = 0;
    return hear_location_filter(hearing) &&
           add_product(hearing, hearing->segments[0].bytes, hearing->segments[0].length) &&
           add_nothing(hearing);
}

/* ---- products: answers ----------------------------------------------------------------------- */

/* 0 says that there is none. */
static void put_promo(struct text *to, const char *key, int64_t cents)
{
    text_put(to, key);
    if (cents > 0)
        dialect_put_dollars(to, cents);
    else
        text_char(to, '0');
}

/* On every second product the price is an offer, against a regular price a quarter higher. */
static void put_price(const struct goods *goods, struct text *to)
{
    const bool offer = goods->bits >> 63 != 0;
    const int64_t regular = offer ? goods->cents + (goods->cents + 3) / 4 : goods->cents;
    PUT(to, ",\"price\":{\"regular\":");
    dialect_put_dollars(to, regular);
    put_promo(to, ",\"promo\":", offer ? goods->cents : 0);
    if (goods->variant > 0) {
        text_char(to, '}');
        return;
    }
    PUT(to, ",\"regularPerUnitEstimate\":");
    dialect_put_dollars(to, regular);
    put_promo(to, ",\"promoPerUnitEstimate\":", offer ? goods->cents : 0);
    text_char(to, '}');
    PUT(to, ",\"nationalPrice\":{\"regular\":");
    dialect_put_dollars(to, regular);
    PUT(to, ",\"promo\":0}");
}

static void put_offer(const struct goods *goods, bool priced, struct text *to)
{
    PUT(to, "\"items\":[{\"itemId\":");
    put_product_id(goods, to);
    PUT(to, ",\"favorite\":false,\"size\":\"1 ct\",\"soldBy\":\"UNIT\"");
    if (priced) {
        if ((goods->bits >> 60 & 7) == 0)
            PUT(to, ",\"inventory\":{\"stockLevel\":\"LOW\"}");
        else
            PUT(to, ",\"inventory\":{\"stockLevel\":\"HIGH\"}");
        PUT(to, ",\"fulfillment\":{\"curbside\":true,\"delivery\":true,\"instore\":true,"
                "\"shiptohome\":false}");
        put_price(goods, to);
    }
    PUT(to, "}]");
}

static void put_places(const struct goods *goods, struct text *to)
{
    const unsigned aisle = (unsigned)(goods->bits >> 8 & 31) + 1;
    text_format(
        to,
        ",\"countryOrigin\":\"UNITED STATES\",\"snapEligible\":true,\"aisleLocations\":[{"
        "\"number\":\"%u\",\"description\":\"AISLE %u\",\"side\":\"L\",\"bayNumber\":\"%u\","
        "\"shelfNumber\":\"2\",\"shelfPositionInBay\":\"1\",\"numberOfFacings\":\"6\","
        "\"sequenceNumber\":\"3\"}],\"images\":[",
        aisle, aisle, (unsigned)(goods->bits & 7) + 1);
    text_format(
        to,
        "{\"perspective\":\"front\",\"featured\":true,\"sizes\":[{\"size\":\"medium\",\"url\":"
        "\"https://images.example/medium/0001%02u1%06u\"}",
        goods->variant, dialect_goods_number(goods));
    PUT(to, "]}],");
}

static void put_product(const struct saying *saying, const struct goods *goods)
{
    static const char *const brands[] = {"Kroger", "Simple Truth", "Private Selection",
                                         "Simple Truth Organic"};
    struct text *const to = saying->to;
    PUT(to, "{\"productId\":");
    put_product_id(goods, to);
    if (goods->variant == 0) {
        text_format(to, ",\"productPageURI\":\"/p/sample/0001%02u1%06u\"", goods->variant,
                    dialect_goods_number(goods));
    }
    PUT(to, ",\"upc\":");
    put_product_id(goods, to);
    PUT(to, ",\"brand\":\"");
    text_put(to, brands[goods->bits >> 40 & 3]);
    PUT(to, "\",\"description\":");
    text_json_string(to, dialect_goods_name(saying->dialect, goods));
    PUT(to, ",\"categories\":[\"Grocery\"]");
    if (goods->variant == 0)
        put_places(goods, to);
    else
        PUT(to, ",\"aisleLocations\":[],\"images\":[],");
    put_offer(goods, saying->heard->priced, to);
    if (goods->variant == 0) {
        PUT(to, ",\"itemInformation\":{\"depth\":\"6.0\",\"height\":\"10.0\",\"width\":\"6.0\"},"
                "\"temperature\":{\"indicator\":\"Ambient\",\"heatSensitive\":false}");
    }
    text_char(to, '}');
}

void kroger_say_products(const struct saying *saying)
{
    const struct heard *const heard = saying->heard;
    uint32_t total = saying->reply->as.product.found ? 1 + GOODS_VARIANTS : 0;
    PUT(saying->to, "{\"data\":[");
    if (heard->by_id)
        total = dialect_put_listed(saying, heard->limit, put_product);
    else
        dialect_put_found(saying, heard->first, heard->limit, put_product);
    kroger_put_meta(saying->to, heard->first, heard->limit, total);
}

void kroger_say_product(const struct saying *saying)
{
    const size_t before = saying->to->length;
    PUT(saying->to, "{\"data\":");
    if (dialect_put_listed(saying, saying->heard->limit, put_product) == 1) {
        PUT(saying->to, ",\"meta\":{}}");
        return;
    }
    saying->to->length = before;
    dialect_put_payload(saying->dialect, saying->heard, 404,
                        dialect_payload(saying->dialect, "404_product"), saying->response);
}
