/* Walmart's two APIs from the provider's side. Goal: signatures are really verified, and every
 * wrong one is refused in Walmart's own words; parameters are checked; what a search shows can be
 * asked for by its id. Method: tables of headers, signed with the mock's own keys. */
#include "tests/mocks/dialect_rig.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

#define AFFILIATE "/api-proxy/service/affil/product/v2"
#define TAXONOMY  AFFILIATE "/taxonomy"
#define DETAILS(text)                                                                              \
    "{\"details\":{\"Description\":\"" text ": affil-product, version: 2.0.0, env: prod\","        \
    "\"wm_svc.version\":\"2.0.0\",\"wm_svc.name\":\"affil-product\",\"wm_svc.env\":\"prod\"}}"
#define FAILED                                                                                     \
    DETAILS("Could not authenticate in-request, auth signature : Signature verification failed")
#define NO_HEADERS DETAILS("Could not authenticate in-request, security headers are missing")
#define NO_KEY                                                                                     \
    DETAILS("Could not authenticate in-request, auth signature : Public key not found for")
#define NO_TOKEN DETAILS("Could not authenticate in-request, access token is missing or invalid")

/* ---- signatures ------------------------------------------------------------------------------ */

/* A header's value replaced, or the whole header left out. */
static void edit(char headers[1024], const char *name, const char *value)
{
    char edited[1024] = "";
    for (const char *line = headers; *line != '\0';) {
        const size_t length = strcspn(line, "\n") + 1;
        char *const end = edited + strlen(edited);
        const size_t room = sizeof edited - strlen(edited);
        const bool ours = strncmp(line, name, strlen(name)) == 0;
        if (!ours)
            (void)snprintf(end, room, "%.*s", (int)length, line);
        else if (value != NULL)
            (void)snprintf(end, room, "%s: %s\n", name, value);
        line += length;
    }
    memcpy(headers, edited, sizeof edited);
}

static void a_signature_is_verified_and_its_faults_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *label, *name, *value; /* of the header that is changed */
        const char *answer;               /* NULL: it is let in */
    } rows[] = {
        {"good", "", NULL, NULL},
        {"no consumer", "WM_CONSUMER.ID", NULL, NO_HEADERS},
        {"no timestamp", "WM_CONSUMER.INTIMESTAMP", NULL, NO_HEADERS},
        {"no version", "WM_SEC.KEY_VERSION", NULL, NO_HEADERS},
        {"no signature", "WM_SEC.AUTH_SIGNATURE", NULL, NO_HEADERS},
        {"another consumer", "WM_CONSUMER.ID", "mock-KROGER_API", FAILED},
        {"another timestamp", "WM_CONSUMER.INTIMESTAMP", "1717718400001", FAILED},
        {"no timestamp at all", "WM_CONSUMER.INTIMESTAMP", "now", FAILED},
        {"before 1970", "WM_CONSUMER.INTIMESTAMP", "-1", FAILED},
        {"a timestamp of no age", "WM_CONSUMER.INTIMESTAMP", "99999999999999999999", FAILED},
        {"another version", "WM_SEC.KEY_VERSION", "2", NO_KEY},
        {"another text of the same", "WM_SEC.KEY_VERSION", "01", NO_KEY},
        {"an empty version", "WM_SEC.KEY_VERSION", "", NO_KEY},
        {"an empty signature", "WM_SEC.AUTH_SIGNATURE", "", FAILED},
        {"no base64", "WM_SEC.AUTH_SIGNATURE", "unsigned", FAILED},
        {"a short one", "WM_SEC.AUTH_SIGNATURE", "AAAA", FAILED},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_WALMART_API, API_STANDARD);
    for (unsigned round = 0; round < 2; round++) { /* the second time from memory */
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            char headers[1024];
            dialect_rig_sign(&rig, 1, 0, headers);
            if (rows[i].name[0] != '\0') edit(headers, rows[i].name, rows[i].value);
            (void)dialect_rig_ask(&rig, "GET", TAXONOMY, headers, NULL);
            CHECK_ROW(rows[i].label, rig.response.status == (rows[i].answer == NULL ? 200 : 401));
            if (rows[i].answer != NULL) CHECK_ANSWER(&rig, rows[i].label, 401, rows[i].answer);
        }
    }
    dialect_rig_close(&rig);
}

/* The signature itself is in order: it is the version under which nobody knows a key. */
static void a_good_signature_under_a_version_that_is_not_registered_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *registered, *shown;
        bool good;
    } rows[] = {{NULL, "1", true}, {NULL, "2", false}, {"1", "1", true},
                {"7", "7", true},  {"7", "1", false},  {"7", "77", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct rig rig;
        char headers[1024];
        dialect_rig_open_version(&rig, rows[i].registered);
        dialect_rig_sign_version(&rig, 1, 0, rows[i].shown, headers);
        (void)dialect_rig_ask(&rig, "GET", TAXONOMY, headers, NULL);
        CHECK_ROW(rows[i].shown, rig.response.status == (rows[i].good ? 200 : 401));
        if (!rows[i].good) CHECK_ANSWER(&rig, rows[i].shown, 401, NO_KEY);
        dialect_rig_close(&rig);
    }
}

static void a_signature_is_good_for_three_minutes_and_may_be_used_again(void **state)
{
    (void)state;
    static struct rig rig;
    char headers[1024], answer[512];
    dialect_rig_open(&rig, PROVIDER_WALMART_API, API_STANDARD);
    dialect_rig_sign(&rig, 1, US_PER_HOUR, headers);
    static const struct {
        int64_t age_us;
        bool good;
    } rows[] = {{0, true},
                {0, true},
                {US_PER_MINUTE, true},
                {3 * US_PER_MINUTE, true},
                {3 * US_PER_MINUTE + 1, false},
                {-3 * US_PER_MINUTE, true},
                {-3 * US_PER_MINUTE - 1, false}};
    (void)snprintf(answer, sizeof answer, DETAILS("The timestamp %" PRId64 " has expired"),
                   (FIXTURE_EPOCH_US + US_PER_HOUR) / US_PER_MS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig.now_us = US_PER_HOUR + rows[i].age_us;
        (void)dialect_rig_ask(&rig, "GET", TAXONOMY, headers, NULL);
        assert_int_equal(rig.response.status, rows[i].good ? 200 : 401);
        assert_int_equal(rig.heard.call.signed_us, US_PER_HOUR);
        if (!rows[i].good) CHECK_ANSWER(&rig, "expired", 401, answer);
    }
    dialect_rig_close(&rig);
}

static void a_rotated_key_is_no_longer_known(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    spec.credentials.rotated_at_us = US_PER_MINUTE;
    static struct rig rig;
    dialect_rig_open_spec(&rig, PROVIDER_WALMART_API, &spec, NULL, 0);
    char old[1024], new[1024];
    dialect_rig_sign(&rig, 1, US_PER_MINUTE, old);
    dialect_rig_sign(&rig, 2, US_PER_MINUTE, new);
    rig.now_us = US_PER_MINUTE - 1;
    (void)dialect_rig_ask(&rig, "GET", TAXONOMY, old, NULL);
    assert_int_equal(rig.response.status, 200);
    (void)dialect_rig_ask(&rig, "GET", TAXONOMY, new, NULL);
    CHECK_ANSWER(&rig, "not yet", 401, FAILED);
    rig.now_us = US_PER_MINUTE;
    (void)dialect_rig_ask(&rig, "GET", TAXONOMY, new, NULL);
    assert_int_equal(rig.response.status, 200);
    (void)dialect_rig_ask(&rig, "GET", TAXONOMY, old, NULL);
    CHECK_ANSWER(&rig, "no longer", 401, NO_KEY);
    dialect_rig_close(&rig);
}

static void other_refusals_have_words_too(void **state)
{
    (void)state;
    static const struct {
        uint16_t status;
        const char *type, *answer;
    } rows[] = {
        {403, "application/json", DETAILS("The consumer is not subscribed to this service")},
        {414, NULL, ""},
        {429, "application/json",
         "{\"errors\":[{\"code\":4290,\"message\":\"Too many requests\"}]}"},
        {503, "text/html",
         "<html><head><title>503 Service Unavailable</title></head><body><h1>Service "
         "Unavailable</h1></body></html>\n"},
        {504, NULL, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault_spec fault = fixture_fault("error", FAULT_ERROR, 0, US_PER_HOUR);
        fault.status = rows[i].status;
        struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
        spec.api = API_ACCESS_TOKEN;
        static struct rig rig;
        dialect_rig_open_spec(&rig, PROVIDER_WALMART_API, &spec, &fault, 1);
        (void)dialect_rig_ask(&rig, "GET", "/api/v1/stores?zip=1", RIG_ACCESS_TOKEN, NULL);
        CHECK_ANSWER(&rig, rows[i].answer, rows[i].status, rows[i].answer);
        const char *const type = rig.response.content_type;
        assert_true((type == NULL) == (rows[i].type == NULL));
        if (type != NULL) assert_string_equal(type, rows[i].type);
        dialect_rig_close(&rig);
    }
}

static void an_access_token_goes_with_its_consumer(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        uint16_t status;
    } rows[] = {
        {RIG_ACCESS_TOKEN, 200},
        {"wm_sec.access_token: generation-1\nwm_consumer.id: mock-WALMART_API\n", 200},
        {"WM_SEC.ACCESS_TOKEN: generation-1\n", 401},
        {"WM_CONSUMER.ID: mock-WALMART_API\n", 401},
        {"WM_SEC.ACCESS_TOKEN: generation-1\nWM_CONSUMER.ID: me\n", 401},
        {"WM_SEC.ACCESS_TOKEN: generation-2\nWM_CONSUMER.ID: mock-WALMART_API\n", 401},
        {RIG_WALMART_BASIC, 401},
        {NULL, 401},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_WALMART_API, API_ACCESS_TOKEN);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const label = rows[i].headers == NULL ? "none" : rows[i].headers;
        (void)dialect_rig_ask(&rig, "GET", "/api/v1/items/search?query=milk", rows[i].headers,
                              NULL);
        CHECK_ROW(label, rig.response.status == rows[i].status);
        if (rows[i].status == 401) CHECK_ANSWER(&rig, label, 401, NO_TOKEN);
    }
    dialect_rig_close(&rig);
}

/* ---- parameters ------------------------------------------------------------------------------ */

#define REASON(code, reason) "{\"errors\":[{\"code\":" #code ",\"message\":\"" reason "\"}]}"

static void parameters_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        uint16_t status;
        const char *answer; /* NULL: whatever */
    } rows[] = {
        {AFFILIATE "/search", 400, REASON(4001, "Query is required")},
        {AFFILIATE "/search?query=", 400, REASON(4001, "Query is required")},
        {AFFILIATE "/search?query=milk&numItems=26", 400,
         REASON(4001, "numItems must be between 1 and 25")},
        {AFFILIATE "/search?query=milk&start=0", 400, REASON(4001, "start is out of range")},
        {AFFILIATE "/search?query=milk&start=1001", 400, REASON(4001, "start is out of range")},
        {AFFILIATE "/search?query=milk&start=1000", 200,
         "{\"query\":\"milk\",\"sort\":\"relevance\",\"responseGroup\":\"base\",\"totalResults\":"
         "13,"
         "\"start\":1000,\"numItems\":10,\"items\":[],\"facets\":[]}"},
        {AFFILIATE "/search?query=milk&richAttributes=true&sort=price&order=ascending", 200, NULL},
        {AFFILIATE "/stores", 400, REASON(4001, "Either zip or lat and lon are required")},
        {AFFILIATE "/stores?lat=39", 400, REASON(4001, "Either zip or lat and lon are required")},
        {AFFILIATE "/stores?lat=39.1&lon=-84.5", 200, NULL},
        {AFFILIATE "/items", 400, REASON(4001, "Either ids or upc is required")},
        {AFFILIATE "/items?ids=", 400, REASON(4002, "Invalid itemId")},
        {AFFILIATE "/items?ids=100000001,", 400, REASON(4002, "Invalid itemId")},
        {AFFILIATE "/items?ids=100000001,milk", 400, REASON(4002, "Invalid itemId")},
        {AFFILIATE "/items?ids=100000200", 400, REASON(4002, "Invalid itemId")},
        {AFFILIATE "/items?ids=113000001", 400, REASON(4002, "Invalid itemId")},
        {AFFILIATE "/items?ids=99999999999999999999", 400, REASON(4002, "Invalid itemId")},
        {AFFILIATE "/items?ids=112000001", 200, NULL},
        {AFFILIATE "/items?ids=100000001,100000001,100000001,100000001,100000001,100000001,"
                   "100000001,100000001,100000001,100000001,100000001,100000001,100000001,"
                   "100000001,100000001,100000001,100000001,100000001,100000001,100000001,"
                   "100000001",
         400, REASON(4001, "At most 20 ids")},
        {AFFILIATE "/items?upc=12", 400, REASON(4001, "Invalid upc")},
        {AFFILIATE "/items?upc=078100000001", 200, NULL},
        {AFFILIATE "/items/0", 400, REASON(4002, "Invalid itemId")},
    };
    static struct rig rig;
    char headers[1024];
    dialect_rig_open(&rig, PROVIDER_WALMART_API, API_STANDARD);
    dialect_rig_sign(&rig, 1, 0, headers);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "GET", rows[i].target, headers, NULL);
        CHECK_ROW(rows[i].target, rig.response.status == rows[i].status);
        if (rows[i].answer != NULL) {
            CHECK_ANSWER(&rig, rows[i].target, rows[i].status, rows[i].answer);
        }
    }
    dialect_rig_close(&rig);
}

static void an_area_without_a_store_has_an_empty_list(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    spec.prices.no_store_share = 1;
    static struct rig rig;
    char headers[1024];
    dialect_rig_open_spec(&rig, PROVIDER_WALMART_API, &spec, NULL, 0);
    dialect_rig_sign(&rig, 1, 0, headers);
    (void)dialect_rig_ask(&rig, "GET", AFFILIATE "/stores?zip=45011", headers, NULL);
    CHECK_ANSWER(&rig, "none", 200, "[]");
    dialect_rig_close(&rig);
}

static void what_a_search_shows_is_found_by_its_id(void **state)
{
    (void)state;
    static struct rig rig;
    char headers[1024];
    dialect_rig_open(&rig, PROVIDER_WALMART_API, API_STANDARD);
    dialect_rig_sign(&rig, 1, 0, headers);
    static const char *const terms[] = {"grocery%2000017", "something%20unheard%20of"};
    for (size_t t = 0; t < 2; t++) {
        char target[256];
        (void)snprintf(target, sizeof target, AFFILIATE "/search?query=%s&numItems=25", terms[t]);
        cJSON *const found = cJSON_Parse(dialect_rig_ask(&rig, "GET", target, headers, NULL));
        const cJSON *const items = cJSON_GetObjectItem(found, "items");
        assert_int_equal(cJSON_GetArraySize(items), 13);
        const cJSON *item;
        cJSON_ArrayForEach(item, items)
        {
            const double id = cJSON_GetObjectItem(item, "itemId")->valuedouble;
            (void)snprintf(target, sizeof target, AFFILIATE "/items/%.0f", id);
            cJSON *again = cJSON_Parse(dialect_rig_ask(&rig, "GET", target, headers, NULL));
            assert_true(cJSON_Compare(again, item, true));
            cJSON_Delete(again);
            (void)snprintf(target, sizeof target, AFFILIATE "/items?upc=%s",
                           cJSON_GetObjectItem(item, "upc")->valuestring);
            again = cJSON_Parse(dialect_rig_ask(&rig, "GET", target, headers, NULL));
            assert_true(cJSON_Compare(cJSON_GetArrayItem(cJSON_GetObjectItem(again, "items"), 0),
                                      item, true));
            cJSON_Delete(again);
        }
        cJSON_Delete(found);
    }
    dialect_rig_close(&rig);
}

static void what_is_out_of_stock_is_not_available(void **state)
{
    (void)state;
    struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    spec.api = API_ACCESS_TOKEN;
    spec.prices.stock_out = 1;
    for (int substituted = 0; substituted < 2; substituted++) {
        spec.prices.substitution = substituted;
        static struct rig rig;
        dialect_rig_open_spec(&rig, PROVIDER_WALMART_API, &spec, NULL, 0);
        (void)dialect_rig_ask(&rig, "GET", "/api/v1/stores/availability?itemId=100000001&storeId=1",
                              RIG_ACCESS_TOKEN, NULL);
        CHECK_ANSWER(&rig, "availability", 200, "{\"available\":false,\"quantity\":0}");
        (void)dialect_rig_ask(&rig, "GET", "/api/v1/items/100000001", RIG_ACCESS_TOKEN, NULL);
        assert_int_equal(rig.response.status, substituted ? 200 : 404);
        (void)dialect_rig_ask(&rig, "GET", "/api/v1/stores/availability?itemId=100000001",
                              RIG_ACCESS_TOKEN, NULL);
        CHECK_ANSWER(&rig, "no store", 400, REASON(4001, "itemId and storeId are required"));
        dialect_rig_close(&rig);
    }
}

static void orders_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint16_t status;
        const char *answer; /* NULL: whatever */
    } rows[] = {
        {"{\"items\":[{\"name\":\"milk\",\"quantity\":2}],\"zip\":\"1\"}", 200, NULL},
        {"{\"items\":[]}", 400, REASON(4001, "Items are required")},
        {"{\"items\":[{}]}", 400, REASON(4001, "Invalid item")},
        {"{\"items\":[{\"name\":\"milk\",\"quantity\":0}]}", 400, REASON(4001, "Invalid item")},
        {"items", 400, REASON(4001, "The request body is not valid JSON")},
    };
    static struct rig rig;
    dialect_rig_open(&rig, PROVIDER_WALMART_API, API_ACCESS_TOKEN);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)dialect_rig_ask(&rig, "POST", "/api/v1/orders", RIG_ACCESS_TOKEN, rows[i].body);
        CHECK_ROW(rows[i].body, rig.response.status == rows[i].status);
        if (rows[i].answer != NULL) CHECK_ANSWER(&rig, rows[i].body, 400, rows[i].answer);
    }
    dialect_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_verified_and_its_faults_are_told),
        cmocka_unit_test(a_good_signature_under_a_version_that_is_not_registered_is_refused),
        cmocka_unit_test(a_signature_is_good_for_three_minutes_and_may_be_used_again),
        cmocka_unit_test(a_rotated_key_is_no_longer_known),
        cmocka_unit_test(other_refusals_have_words_too),
        cmocka_unit_test(an_access_token_goes_with_its_consumer),
        cmocka_unit_test(parameters_are_checked),
        cmocka_unit_test(an_area_without_a_store_has_an_empty_list),
        cmocka_unit_test(what_a_search_shows_is_found_by_its_id),
        cmocka_unit_test(what_is_out_of_stock_is_not_available),
        cmocka_unit_test(orders_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
