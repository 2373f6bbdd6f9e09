/* Whole answers, byte for byte. Goal: every operation of every API answers in the shape that the
 * vendor documents, and changes only when somebody means it to. Method: each answer is compared
 * with a file of tests/mocks/answers/ (status, type, body; written anew when the environment holds
 * UPDATE_ANSWERS), and, where there is a sample of the documented shape, every member of the sample
 * has to be there, of the same type. */
#include "tests/mocks/dialect_rig.h"

#include <cjson/cJSON.h>

#include "router/base/json.h"

#define ANSWERS   "tests/mocks/answers/"
#define SAMPLES   "tests/providers/samples/"
#define AFFILIATE "/api-proxy/service/affil/product/v2"
#define KROGER    PROVIDER_KROGER_API, API_STANDARD
#define MEALME    PROVIDER_MEALME, API_STANDARD
#define WALMART   PROVIDER_WALMART_API, API_STANDARD
#define WALMART_2 PROVIDER_WALMART_API, API_ACCESS_TOKEN
#define CONNECT   PROVIDER_INSTACART, API_STANDARD
#define DEVELOPER PROVIDER_INSTACART, API_DEVELOPER
#define KEYED     "X-Routesim-Call: 0123456789abcdef-7-0-0-1500250-1\n"
#define PROBE     "X-Routesim-Call: 0123456789abcdef-ffffffffffffffff-0-0-1500250-0\n"

enum caller {
    NOBODY,
    BY_CREDENTIAL, /* in whichever way the API has it */
    BY_TOKEN,
    BY_SIGNATURE
};

static const char order[] =
    "{\"place_order\":false,\"include_final_quote\":true,\"pickup\":false,\"items\":[{\"product_"
    "id\":"
    "\"gAAAAV2hvbGUgTWlsaw.e4e4b933\",\"quantity\":3}],\"user_name\":\"n\",\"user_email\":\"e\","
    "\"user_id\":\"i\",\"user_phone\":1,\"user_latitude\":37.7,\"user_longitude\":-122.3,"
    "\"user_zipcode\":\"94107\"}";
static const char placed[] =
    "{\"place_order\":true,\"include_final_quote\":true,\"pickup\":false,\"items\":[{\"product_"
    "id\":"
    "\"gAAAAV2hvbGUgTWlsaw.e4e4b933\",\"quantity\":3}],\"user_name\":\"n\",\"user_email\":\"e\","
    "\"user_id\":\"i\",\"user_phone\":1,\"user_latitude\":37.7,\"user_longitude\":-122.3,"
    "\"user_zipcode\":\"94107\"}";
static const char list[] =
    "{\"title\":\"Weekly shop\",\"line_items\":[{\"name\":\"whole "
    "milk\",\"line_item_measurements\":[{"
    "\"quantity\":1,\"unit\":\"gallon\"}]}],\"ingredients\":[{\"name\":\"flour\"}]}";

static const struct {
    const char *name; /* of the answer's file */
    enum provider provider;
    enum api api;
    enum caller caller;
    const char *more; /* headers */
    const char *method, *target, *body;
    const char *sample; /* NULL: none */
} rows[] = {
    {"kroger_token", KROGER, BY_CREDENTIAL, "", "POST", "/v1/connect/oauth2/token",
     "grant_type=client_credentials&scope=product.compact", "kroger_token_200"},
    {"kroger_token_wrong", KROGER, NOBODY, "", "POST", "/v1/connect/oauth2/token",
     "grant_type=client_credentials", "kroger_token_400_invalid_credentials"},
    {"kroger_locations", KROGER, BY_TOKEN, KEYED, "GET",
     "/v1/locations?filter.zipCode.near=45202&filter.radiusInMiles=10&filter.limit=1", NULL,
     "kroger_locations_200"},
    {"kroger_location", KROGER, BY_TOKEN, "", "GET", "/v1/locations/00000002", NULL, NULL},
    {"kroger_location_404", KROGER, BY_TOKEN, "", "GET", "/v1/locations/00000009", NULL, NULL},
    {"kroger_health", KROGER, BY_CREDENTIAL, PROBE, "GET", "/v1/locations?filter.limit=1", NULL,
     NULL},
    {"kroger_products", KROGER, BY_TOKEN, KEYED, "GET",
     "/v1/products?filter.term=Whole%20Milk&filter.locationId=00000001&filter.limit=5", NULL,
     "kroger_products_200"},
    {"kroger_products_no_store", KROGER, BY_TOKEN, "", "GET",
     "/v1/products?filter.term=grocery+00001&filter.limit=1", NULL, NULL},
    {"kroger_products_by_id", KROGER, BY_TOKEN, "", "GET",
     "/v1/products?filter.productId=0001001000003,0001051000004&filter.locationId=00000001", NULL,
     NULL},
    {"kroger_product", KROGER, BY_TOKEN, "", "GET",
     "/v1/products/0001001000003?filter.locationId=00000001", NULL, NULL},
    {"kroger_product_404", KROGER, BY_TOKEN, "", "GET", "/v1/products/0001001999999", NULL, NULL},
    {"kroger_products_400", KROGER, BY_TOKEN, "", "GET",
     "/v1/products?filter.term=milk&filter.locationId=42", NULL, "kroger_products_400"},
    {"kroger_term_400", KROGER, BY_TOKEN, "", "GET", "/v1/products?filter.term=ab", NULL,
     "kroger_products_400"},
    {"kroger_401_missing", KROGER, NOBODY, "", "GET", "/v1/products?filter.term=milk", NULL,
     "kroger_401_missing_token"},
    {"kroger_401_invalid", KROGER, NOBODY, "Authorization: Bearer x\n", "GET",
     "/v1/products?filter.term=milk", NULL, "kroger_401_invalid_token"},
    {"kroger_cart", KROGER, BY_TOKEN, "", "PUT", "/v1/cart/add",
     "{\"items\":[{\"upc\":\"0001001000003\",\"quantity\":2,\"modality\":\"DELIVERY\"}]}", NULL},

    {"mealme_cart", MEALME, BY_CREDENTIAL, KEYED, "GET",
     "/search/cart?query=%7B%22Whole%20Milk%22:2,%22Eggs%22:1%7D&user_latitude=37.7&"
     "user_longitude=-122.3&user_zipcode=94107&full_carts_only=false",
     NULL, "mealme_search_cart_200"},
    {"mealme_products", MEALME, BY_CREDENTIAL, "", "GET",
     "/search/product/v4?query=Whole%20Milk&user_latitude=37.7&user_longitude=-122.3&"
     "fetch_quotes=true",
     NULL, "mealme_search_product_200"},
    {"mealme_health", MEALME, BY_CREDENTIAL, PROBE, "GET",
     "/search/product/v4?query=milk&user_latitude=37.7&user_longitude=-122.3", NULL, NULL},
    {"mealme_quote", MEALME, BY_CREDENTIAL, KEYED, "POST", "/order/order/v4", order,
     "mealme_order_202_quote_only"},
    {"mealme_placed", MEALME, BY_CREDENTIAL, "", "POST", "/order/order/v4", placed,
     "mealme_order_200_placed"},
    {"mealme_finalize", MEALME, BY_CREDENTIAL, "", "POST", "/order/finalize",
     "{\"order_id\":\"-M0123456789abcdef\"}", NULL},
    {"mealme_cart_create", MEALME, BY_CREDENTIAL, "", "POST", "/cart/create", order,
     "mealme_cart_create_200"},
    {"mealme_400", MEALME, BY_CREDENTIAL, "", "GET", "/search/cart?query=%7B%7D", NULL,
     "mealme_400"},
    {"mealme_401", MEALME, NOBODY, "", "GET", "/search/cart", NULL, "mealme_401"},
    {"mealme_420", MEALME, BY_CREDENTIAL, "", "POST", "/cart/create",
     "{\"pickup\":false,\"user_id\":\"i\",\"items\":[{\"product_id\":\"gAAAA-sample-1\"}]}",
     "mealme_420"},

    {"walmart_search", WALMART, BY_SIGNATURE, KEYED, "GET",
     AFFILIATE "/search?query=Whole%20Milk&numItems=5", NULL, "walmart_search_200"},
    {"walmart_items", WALMART, BY_SIGNATURE, "", "GET", AFFILIATE "/items?ids=100000001,103000002",
     NULL, "walmart_items_200"},
    {"walmart_item", WALMART, BY_SIGNATURE, "", "GET", AFFILIATE "/items/100000001", NULL, NULL},
    {"walmart_stores", WALMART, BY_SIGNATURE, KEYED, "GET", AFFILIATE "/stores?zip=45011", NULL,
     "walmart_stores_200"},
    {"walmart_taxonomy", WALMART, BY_SIGNATURE, PROBE, "GET", AFFILIATE "/taxonomy", NULL, NULL},
    {"walmart_order", WALMART, BY_SIGNATURE, KEYED, "POST", AFFILIATE "/orders",
     "{\"items\":[{\"name\":\"Whole Milk\",\"quantity\":2}],\"zip\":\"45011\"}", NULL},
    {"walmart_400", WALMART, BY_SIGNATURE, "", "GET", AFFILIATE "/items?ids=7", NULL,
     "walmart_400"},
    {"walmart_401", WALMART, NOBODY,
     "WM_CONSUMER.ID: mock-WALMART_API\nWM_CONSUMER.INTIMESTAMP: 1717718400000\n"
     "WM_SEC.KEY_VERSION: 1\nWM_SEC.AUTH_SIGNATURE: unsigned\n",
     "GET", AFFILIATE "/taxonomy", NULL, "walmart_401_signature"},

    {"walmart_2_search", WALMART_2, BY_CREDENTIAL, KEYED, "GET",
     "/api/v1/items/search?query=Whole%20Milk&start=0&numItems=10", NULL, NULL},
    {"walmart_2_items", WALMART_2, BY_CREDENTIAL, "", "GET",
     "/api/v1/items?ids=100000001,103000002", NULL, NULL},
    {"walmart_2_item", WALMART_2, BY_CREDENTIAL, "", "GET", "/api/v1/items/100000001", NULL, NULL},
    {"walmart_2_stores", WALMART_2, BY_CREDENTIAL, KEYED, "GET",
     "/api/v1/stores?zip=45011&maxDistance=25&maxResults=1", NULL, NULL},
    {"walmart_2_availability", WALMART_2, BY_CREDENTIAL, "", "GET",
     "/api/v1/stores/availability?itemId=100000001&storeId=1", NULL, NULL},
    {"walmart_2_health", WALMART_2, BY_CREDENTIAL, PROBE, "GET", "/api/v1/items?ids=0", NULL, NULL},

    {"instacart_token", CONNECT, BY_CREDENTIAL, "", "POST", "/v2/oauth/token",
     "{\"client_id\":\"mock-INSTACART\",\"client_secret\":\"generation-1\",\"grant_type\":"
     "\"client_credentials\",\"scope\":\"connect:fulfillment\"}",
     "instacart_oauth_200"},
    {"instacart_stores", CONNECT, BY_TOKEN, KEYED, "POST", "/v2/fulfillment/stores/delivery",
     "{\"find_by\":{\"postal_code\":\"94105\"}}", "instacart_find_stores_200"},
    {"instacart_slots", CONNECT, BY_TOKEN, KEYED, "POST",
     "/v2/fulfillment/service_options/delivery",
     "{\"postal_code\":\"94105\",\"cart_total_cents\":4599,\"items_count\":7,\"with_eta_options\":"
     "true}",
     "instacart_service_options_200"},
    {"instacart_cart_slots", CONNECT, BY_TOKEN, "", "POST",
     "/v2/fulfillment/users/u/service_options/cart/delivery",
     "{\"address\":{\"address_line_1\":\"50 Example St\",\"postal_code\":\"94105\"},"
     "\"location_code\":\"2\",\"items\":[{\"line_num\":\"1\",\"count\":2,\"item\":{\"upc\":\"1\"}}]"
     "}",
     "instacart_service_options_200"},
    {"instacart_hold", CONNECT, BY_TOKEN, "", "POST",
     "/v2/fulfillment/users/u/service_options/1280750203/reserve", "", "instacart_hold_200"},
    {"instacart_order", CONNECT, BY_TOKEN, KEYED, "POST", "/v2/fulfillment/users/u/orders/delivery",
     "{\"service_option_hold_id\":99120417}", NULL},
    {"instacart_400", CONNECT, BY_TOKEN, "", "POST",
     "/v2/fulfillment/users/u/service_options/cart/delivery",
     "{\"items\":[{\"count\":0,\"item\":{}}]}", "instacart_error_multi"},

    {"developer_retailers", DEVELOPER, BY_CREDENTIAL, KEYED, "GET",
     "/idp/v1/retailers?postal_code=94107&country_code=US", NULL, "instacart_retailers_200"},
    {"developer_link", DEVELOPER, BY_CREDENTIAL, KEYED, "POST", "/idp/v1/products/products_link",
     list, "instacart_products_link_200"},
    {"developer_recipe", DEVELOPER, BY_CREDENTIAL, "", "POST", "/idp/v1/products/recipe", list,
     "instacart_products_link_200"},
    {"developer_400", DEVELOPER, BY_CREDENTIAL, "", "POST", "/idp/v1/products/products_link",
     "{\"line_items\":[{\"name\":\"\"},{\"name\":\"a\"},{}]}", "instacart_error_multi"},
    {"developer_401", DEVELOPER, NOBODY, "", "POST", "/idp/v1/products/products_link", list, NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* ---- asking ---------------------------------------------------------------------------------- */

static const char *credential_of(enum provider provider, enum api api)
{
    switch (provider) {
    case PROVIDER_MEALME:
        return RIG_ID_TOKEN;
    case PROVIDER_INSTACART:
        return api == API_DEVELOPER ? RIG_API_KEY : RIG_INSTACART_BASIC;
    case PROVIDER_KROGER_API:
        return RIG_KROGER_BASIC;
    case PROVIDER_WALMART_API:
        return api == API_ACCESS_TOKEN ? RIG_ACCESS_TOKEN : RIG_WALMART_BASIC;
    case PROVIDER_COUNT:
        break;
    }
    fail();
    return NULL;
}

static void fill_headers(struct rig *rig, size_t row, char headers[1200])
{
    char known[1024] = "";
    switch (rows[row].caller) {
    case NOBODY:
        break;
    case BY_CREDENTIAL:
        (void)snprintf(known, sizeof known, "%s", credential_of(rows[row].provider, rows[row].api));
        break;
    case BY_TOKEN:
        dialect_rig_fetch_token(rig);
        (void)snprintf(known, sizeof known, "%s", rig->bearer);
        break;
    case BY_SIGNATURE:
        dialect_rig_sign(rig, 1, 0, known);
        break;
    }
    (void)snprintf(headers, 1200, "%s%s", known, rows[row].more);
}

static char *whole_answer(struct rig *rig, size_t row)
{
    char headers[1200];
    fill_headers(rig, row, headers);
    const char *const body =
        dialect_rig_ask(rig, rows[row].method, rows[row].target, headers, rows[row].body);
    const char *const type = rig->response.content_type;
    struct text text = {0};
    text_format(&text, "%u %s\n", rig->response.status, type == NULL ? "-" : type);
    text_put(&text, body);
    text_char(&text, '\n');
    return text_take(&text);
}

/* ---- against files --------------------------------------------------------------------------- */

static void write_answer(const char *path, const char *answer)
{
    FILE *const stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_true(fputs(answer, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static void answers_are_what_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        static struct rig rig;
        char path[128];
        dialect_rig_open(&rig, rows[i].provider, rows[i].api);
        char *const answer = whole_answer(&rig, i);
        (void)snprintf(path, sizeof path, ANSWERS "%s.txt", rows[i].name);
        if (getenv("UPDATE_ANSWERS") != NULL) write_answer(path, answer);
        struct err err = {0};
        size_t length;
        char *const expected = json_load(path, 1 << 20, &length, &err);
        if (expected == NULL) fail_msg("%s", err.message);
        CHECK_ROW_TEXT(rows[i].name, answer, expected);
        free(expected);
        free(answer);
        dialect_rig_close(&rig);
    }
}

/* ---- against samples ------------------------------------------------------------------------- */

/* Members that the documents let go missing, and that ours do without: a wildcard's group. */
static bool may_be_absent(const char *name)
{
    static const char *const names[] = {"*", "msrp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

static int kind_of(const cJSON *node)
{
    return cJSON_IsBool(node) ? cJSON_True : node->type & 0xFF;
}

static void check_shape(const char *where, const cJSON *sample, const cJSON *answer)
{
    if (kind_of(sample) != kind_of(answer)) {
        fail_msg("%s: type %d instead of %d", where, kind_of(answer), kind_of(sample));
    }
    if (cJSON_IsArray(sample) && sample->child != NULL && answer->child != NULL) {
        check_shape(where, sample->child, answer->child);
    }
    if (!cJSON_IsObject(sample)) return;
    for (const cJSON *member = sample->child; member != NULL; member = member->next) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s.%s", where, member->string);
        const cJSON *const ours = cJSON_GetObjectItemCaseSensitive(answer, member->string);
        if (ours == NULL && may_be_absent(member->string)) continue;
        if (ours == NULL) fail_msg("%s is not there", path);
        check_shape(path, member, ours);
    }
}

static cJSON *load_sample(const char *name)
{
    char path[128];
    struct err err = {0};
    size_t length;
    (void)snprintf(path, sizeof path, SAMPLES "%s.json", name);
    char *const bytes = json_load(path, 1 << 20, &length, &err);
    if (bytes == NULL) fail_msg("%s", err.message);
    cJSON *const sample = cJSON_Parse(bytes);
    assert_non_null(sample);
    free(bytes);
    return sample;
}

static void answers_have_the_shape_of_the_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].sample == NULL) continue;
        static struct rig rig;
        dialect_rig_open(&rig, rows[i].provider, rows[i].api);
        char *const answer = whole_answer(&rig, i);
        cJSON *const read = cJSON_Parse(strchr(answer, '\n') + 1);
        cJSON *const sample = load_sample(rows[i].sample);
        if (read == NULL) fail_msg("%s: %s", rows[i].name, answer);
        check_shape(rows[i].name, sample, read);
        cJSON_Delete(read);
        cJSON_Delete(sample);
        free(answer);
        dialect_rig_close(&rig);
    }
}

static void a_search_of_five_takes_about_two_kilobytes(void **state)
{
    (void)state;
    static const char *const names[] = {"kroger_products", "walmart_search"};
    for (size_t n = 0; n < 2; n++) {
        size_t row = 0;
        while (strcmp(rows[row].name, names[n]) != 0)
            row++;
        static struct rig rig;
        dialect_rig_open(&rig, rows[row].provider, rows[row].api);
        char *const answer = whole_answer(&rig, row);
        assert_in_range(strlen(answer), 1800, 3000);
        free(answer);
        dialect_rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_what_they_were),
        cmocka_unit_test(answers_have_the_shape_of_the_samples),
        cmocka_unit_test(a_search_of_five_takes_about_two_kilobytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
