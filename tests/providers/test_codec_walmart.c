/* Walmart's two codecs. Goal: requests to the byte, signed so that the public key agrees; stores
 * and products read in each of their shapes. Method: golden requests, OpenSSL as the verifier, the
 * samples, replies nearly right. */
#include "tests/providers/codec_fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "providers/signing.h"

static struct codec_fixture f;
static EVP_PKEY *key;
static struct signer *signer;
static unsigned asked; /* how often a signer was asked for */

static int make_key(void **state)
{
    (void)state;
    key = EVP_RSA_gen(2048);
    assert_non_null(key);
    BIO *const memory = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(BIO_write(memory, "", 1), 1);
    char *pem;
    assert_true(BIO_get_mem_data(memory, &pem) > 0);
    struct err err = {0};
    signer = signer_from_pem(pem, &err);
    if (signer == NULL) fail_msg("%s", err.message);
    BIO_free(memory);
    return 0;
}

static int drop_key(void **state)
{
    (void)state;
    signer_destroy(signer);
    EVP_PKEY_free(key);
    return 0;
}

static struct signer *signer_of(void *context, const struct credential *credential)
{
    assert_ptr_equal(context, &asked);
    assert_string_equal(credential->id, "the id");
    asked++;
    return signer;
}

static struct signer *any_signer(void *context, const struct credential *credential)
{
    (void)context;
    (void)credential;
    return signer;
}

static void open_affiliate(bool declared_mock)
{
    const struct codec_setup setup = {.provider = PROVIDER_WALMART_API,
                                      .declared_mock = declared_mock,
                                      .epoch_us = FIXTURE_EPOCH_US,
                                      .key_version = "3",
                                      .signer = signer_of,
                                      .context = &asked};
    fixture_open_setup(&f, &setup);
    f.call.signed_us = 1234999; /* cut to milliseconds */
    asked = 0;
}

static int open_mock(void **state)
{
    (void)state;
    open_affiliate(true);
    return 0;
}

static int open_unsigned(void **state)
{
    (void)state;
    fixture_open(&f, PROVIDER_WALMART_API, API_STANDARD);
    return 0;
}

static int open_access_token(void **state)
{
    (void)state;
    fixture_open(&f, PROVIDER_WALMART_API, API_ACCESS_TOKEN);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* ---- signing --------------------------------------------------------------------------------- */

/* A header of the request as its receiver sees it. */
static const char *header_of(const char *name)
{
    static char storage[HTTP_VIEW_BYTES_MAX];
    static struct http_view view;
    view = (struct http_view){.storage = storage};
    assert_true(http_view_make(&f.request, &view));
    const char *const value = http_view_header(&view, name);
    return value != NULL ? value : "";
}

static bool public_key_agrees(const char *text, const char *signature)
{
    unsigned char bytes[SIGNATURE_TEXT_MAX];
    const size_t length = strlen(signature);
    assert_int_equal(length, 344);
    assert_int_equal(EVP_DecodeBlock(bytes, (const unsigned char *)signature, (int)length), 258);
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
    const int verdict =
        EVP_DigestVerify(context, bytes, 256, (const unsigned char *)text, strlen(text));
    EVP_MD_CTX_free(context);
    return verdict == 1;
}

static void the_signature_is_one_that_the_public_key_knows(void **state)
{
    (void)state;
    (void)fixture_encode(&f, OPERATION_STORE);
    assert_string_equal(header_of("WM_CONSUMER.ID"), "the id");
    assert_string_equal(header_of("WM_CONSUMER.INTIMESTAMP"), "1717718401234");
    assert_string_equal(header_of("WM_SEC.KEY_VERSION"), "3");
    const char *const signature = header_of("WM_SEC.AUTH_SIGNATURE");
    assert_true(public_key_agrees("the id\n1717718401234\n3\n", signature));
    assert_false(public_key_agrees("the id\n1717718401235\n3\n", signature));
    assert_int_equal(asked, 1);
}

static void the_same_instant_is_signed_once(void **state)
{
    (void)state;
    (void)fixture_encode(&f, OPERATION_STORE);
    const uint64_t computed = signer_computed(signer);
    (void)fixture_encode(&f, OPERATION_SEARCH);
    f.call.sent_us += 30 * US_PER_SECOND;
    (void)fixture_encode(&f, OPERATION_SEARCH);
    assert_int_equal(signer_computed(signer), computed);
    f.call.signed_us += US_PER_MS;
    (void)fixture_encode(&f, OPERATION_SEARCH);
    assert_int_equal(signer_computed(signer), computed + 1);
}

static void a_real_walmart_is_sent_signatures_and_no_key(void **state)
{
    (void)state;
    fixture_close(&f);
    open_affiliate(false);
    assert_null(strstr(fixture_encode(&f, OPERATION_SEARCH), "Routesim"));
    assert_true(
        public_key_agrees("the id\n1717718401234\n3\n", header_of("WM_SEC.AUTH_SIGNATURE")));
}

static void an_id_that_cannot_be_signed_is_refused(void **state)
{
    (void)state;
    char id[SIGNING_FIELD_MAX + 2] = "the id";
    f.credential.id = id;
    struct err err = {0};
    assert_true(fixture_try(&f, OPERATION_STORE, &err));
    strcpy(id, "the\nid");
    codec_destroy(f.codec);
    f.setup.signer = any_signer;
    f.codec = codec_create(&f.setup, &err);
    assert_false(fixture_try(&f, OPERATION_STORE, &err));
    assert_int_equal(err.code, ERR_INPUT);
    memset(id, 'a', SIGNING_FIELD_MAX + 1);
    err = (struct err){0};
    assert_false(fixture_try(&f, OPERATION_STORE, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_null(strstr(err.message, "aaaa"));
}

/* ---- requests -------------------------------------------------------------------------------- */

#define AFFILIATE "/api-proxy/service/affil/product/v2"
#define UNSIGNED                                                                                   \
    "\nAccept: application/json\nWM_CONSUMER.ID: the id\n"                                         \
    "WM_CONSUMER.INTIMESTAMP: 1717718400000\nWM_SEC.KEY_VERSION: 1\n"                              \
    "WM_SEC.AUTH_SIGNATURE: unsigned\n"
#define ORDER                                                                                      \
    "\napplication/json: {\"items\":[{\"name\":\"Whole Milk\",\"quantity\":2},"                    \
    "{\"name\":\"Ben & Jerry's 50% \\\"Half\\\" Baked\",\"quantity\":1},"                          \
    "{\"name\":\"Cr\xC3\xA8me\\n+/?#\",\"quantity\":3},{\"name\":\"Whole Milk\",\"quantity\":1}]," \
    "\"zip\":\"45202\"}"

static void each_request_is_what_the_affiliate_api_takes(void **state)
{
    (void)state;
    assert_string_equal(fixture_encode(&f, OPERATION_STORE),
                        "GET " AFFILIATE "/stores?zip=45202" UNSIGNED FIXTURE_KEY_LINE "0\n");
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH),
                        "GET " AFFILIATE "/taxonomy" UNSIGNED FIXTURE_KEY_LINE "0\n");
    assert_string_equal(fixture_encode(&f, OPERATION_CONFIRM),
                        "POST " AFFILIATE "/orders" UNSIGNED FIXTURE_KEY_LINE "0\n" ORDER);
    f.call.item = 1;
    assert_string_equal(
        fixture_encode(&f, OPERATION_SEARCH),
        "GET " AFFILIATE
        "/search?query=Ben%20%26%20Jerry%27s%2050%25%20%22Half%22%20Baked&numItems=5" UNSIGNED
        "X-Routesim-Call: 0123456789abcdef-7-1-0-1500250-0\n");
    f.call.credential = NULL;
    f.call.request = NULL;
    f.call.item = 0;
    assert_string_equal(fixture_encode(&f, OPERATION_HEALTH),
                        "GET " AFFILIATE "/taxonomy\nAccept: application/json\n" FIXTURE_KEY_LINE
                        "0\n");
}

/* What stands in front of the correlation id, which has a test of its own. */
static const char *before_correlation(enum operation operation)
{
    static char text[1024];
    (void)snprintf(text, sizeof text, "%s", fixture_encode(&f, operation));
    char *const header = strstr(text, "WM_QOS.CORRELATION_ID: LOOPGPT-1717718401500-");
    assert_non_null(header);
    *header = '\0';
    return text;
}

#define TOKEN_HEADERS                                                                              \
    "\nAccept: application/json\nWM_SEC.ACCESS_TOKEN: s3cret/+\nWM_CONSUMER.ID: the id\n"

static void each_request_is_what_production_sends(void **state)
{
    (void)state;
    assert_string_equal(before_correlation(OPERATION_STORE),
                        "GET /api/v1/stores?zip=45202&maxDistance=25&maxResults=1" TOKEN_HEADERS);
    assert_string_equal(before_correlation(OPERATION_HEALTH),
                        "GET /api/v1/items?ids=0" TOKEN_HEADERS);
    assert_string_equal(
        before_correlation(OPERATION_SEARCH),
        "GET /api/v1/items/search?query=Whole%20Milk&start=0&numItems=10" TOKEN_HEADERS);
    assert_string_equal(before_correlation(OPERATION_CONFIRM), "POST /api/v1/orders" TOKEN_HEADERS);
    const char *const order = fixture_encode(&f, OPERATION_CONFIRM);
    assert_string_equal(strstr(order, "\n" FIXTURE_KEY_LINE), "\n" FIXTURE_KEY_LINE "0\n" ORDER);
    f.credential.id = "";
    assert_null(strstr(fixture_encode(&f, OPERATION_STORE), "WM_CONSUMER.ID"));
}

static void correlation_ids_say_which_call_they_are_of(void **state)
{
    (void)state;
    enum { CALLS = 5 };
    char ids[CALLS][64];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < CALLS; i++) {
            f.call.item = i == 1;
            f.call.attempt = i == 2;
            f.call.order_key = FIXTURE_ORDER_KEY + (i == 3);
            (void)fixture_encode(&f, i == 4 ? OPERATION_STORE : OPERATION_SEARCH);
            const char *const id = header_of("WM_QOS.CORRELATION_ID");
            assert_int_equal(strlen(id), strlen("LOOPGPT-1717718401500-01234567"));
            if (round == 1) assert_string_equal(ids[i], id); /* the same call, the same id */
            (void)snprintf(ids[i], sizeof ids[i], "%s", id);
            for (unsigned j = 0; j < i; j++)
                assert_string_not_equal(ids[j], ids[i]);
        }
    }
}

/* ---- replies --------------------------------------------------------------------------------- */

static void the_samples_are_read(void **state)
{
    (void)state;
    struct reply reply = fixture_decode_sample(&f, OPERATION_STORE, 200, "walmart_stores_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_true(reply.as.store.found);
    assert_int_equal(reply.as.store.store, 2152);
    reply = fixture_decode_sample(&f, OPERATION_SEARCH, 200, "walmart_search_200");
    assert_int_equal(reply.body, BODY_GOOD);
    assert_true(reply.as.product.found);
    assert_false(reply.as.product.exact);
    assert_int_equal(reply.as.product.unit_cents, 336);
    f.items[0].name = "sample dairy vitamin D whole milk 1 gal";
    reply = fixture_decode_sample(&f, OPERATION_SEARCH, 200, "walmart_items_200");
    assert_true(reply.as.product.exact);
    reply = fixture_decode_sample(&f, OPERATION_HEALTH, 200, "walmart_items_200");
    assert_int_equal(reply.body, BODY_GOOD);

    static const struct {
        uint16_t status;
        const char *sample, *words;
    } rows[] = {
        {400, "walmart_400", "4002: Invalid itemId"},
        {401, "walmart_401_signature",
         "Could not authenticate in-request, auth signature : Signature verification failed: "
         "affil-product, version: 2.0.0, env: prod"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reply = fixture_decode_sample(&f, OPERATION_SEARCH, rows[i].status, rows[i].sample);
        CHECK_ROW(rows[i].sample, reply.body == BODY_EMPTY);
        CHECK_ROW_TEXT(rows[i].sample, fixture_explain(&f, rows[i].status, f.sample.bytes),
                       rows[i].words);
        /* The same under a status of 200. */
        reply = fixture_decode(&f, OPERATION_SEARCH, 200, f.sample.bytes);
        CHECK_ROW(rows[i].sample, reply.body == BODY_MALFORMED);
        reply = fixture_decode(&f, OPERATION_CONFIRM, 200, f.sample.bytes);
        CHECK_ROW(rows[i].sample, reply.body == BODY_MALFORMED);
    }
    assert_int_equal(fixture_decode(&f, OPERATION_HEALTH, 200, "{\"categories\":[]}").body,
                     BODY_GOOD);
    assert_int_equal(fixture_decode(&f, OPERATION_CONFIRM, 201, "{\"orderId\":1}").body, BODY_GOOD);
}

static void stores_come_bare_or_wrapped(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum reply_body good;
        bool found;
        uint32_t store;
    } rows[] = {
        {"[{\"no\":2152},{\"no\":7}]", BODY_GOOD, true, 2152},
        {"{\"stores\":[{\"no\":2152}]}", BODY_GOOD, true, 2152},
        {"[{\"no\":\"2152\"}]", BODY_GOOD, true, 2152},
        {"[{\"storeId\":\"2152\"}]", BODY_GOOD, true, 2152},
        {"[{\"no\":0}]", BODY_GOOD, true, 0},
        {"[{\"no\":\"02152\"}]", BODY_GOOD, true, UINT32_C(1) << 31},
        {"[]", BODY_GOOD, false, 0},
        {"{\"stores\":[]}", BODY_GOOD, false, 0},
        {"[{\"no\":2152.5}]", BODY_MALFORMED, false, 0},
        {"[{}]", BODY_MALFORMED, false, 0},
        {"[2152]", BODY_MALFORMED, false, 0},
        {"{}", BODY_MALFORMED, false, 0},
        {"{\"stores\":{}}", BODY_MALFORMED, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode(&f, OPERATION_STORE, 200, rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.store.found == rows[i].found);
        CHECK_ROW(rows[i].body, reply.as.store.store == rows[i].store);
    }
}

#define ITEM(price, more) "{\"name\":\"Whole Milk\",\"salePrice\":" price more "}"
#define ONE(price)        "{\"items\":[" ITEM(price, "") "]}"
#define OFFLINE           ",\"availableOnline\":false"
#define ONLINE            ",\"availableOnline\":true"
#define GONE              ",\"stock\":\"Not available\""
#define SOLD_OUT          ",\"stock\":\"Out of Stock\""

static void the_first_product_that_can_be_bought_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum reply_body good;
        int32_t cents; /* 0: not found */
    } rows[] = {
        {ONE("3.36"), BODY_GOOD, 336},
        {ONE("\"3.36\""), BODY_GOOD, 336},
        {ONE("0"), BODY_GOOD, 0},
        {ONE("-1"), BODY_GOOD, 0},
        {ONE("1e12"), BODY_GOOD, 0},
        {ONE("null"), BODY_GOOD, 0},
        {ONE("\"nan\""), BODY_MALFORMED, 0},
        {ONE("NaN"), BODY_MALFORMED, 0},
        {ONE("[]"), BODY_MALFORMED, 0},
        {"{\"items\":[{}]}", BODY_GOOD, 0},
        {"{\"items\":[" ITEM("1", OFFLINE) "," ITEM("2", ONLINE) "]}", BODY_GOOD, 200},
        {"{\"items\":[" ITEM("1", OFFLINE) "," ITEM("2", "") "]}", BODY_GOOD, 200},
        {"{\"items\":[" ITEM("1", OFFLINE) "," ITEM("2", OFFLINE) "]}", BODY_GOOD, 100},
        {"{\"items\":[" ITEM("1", GONE) "," ITEM("2", ONLINE) "]}", BODY_GOOD, 200},
        {"{\"items\":[" ITEM("1", SOLD_OUT) "," ITEM("2", ONLINE) "]}", BODY_GOOD, 200},
        {"{\"items\":[" ITEM("1", ONLINE GONE) "," ITEM("2", OFFLINE) "]}", BODY_GOOD, 0},
        {"{\"items\":[" ITEM("1", GONE) "]}", BODY_GOOD, 0},
        {"{\"items\":[" ITEM("1", ",\"stock\":\"out of stock\"") "]}", BODY_GOOD, 0},
        {"{\"items\":[" ITEM("1", ",\"stock\":\"Limited\"") "]}", BODY_GOOD, 100},
        {"{\"items\":[" ITEM("1", ",\"stock\":\"Last few items\"") "]}", BODY_GOOD, 100},
        {"{\"items\":[" ITEM("1", ",\"stock\":7") "]}", BODY_GOOD, 100},
        {"{\"items\":[]}", BODY_GOOD, 0},
        {"{\"totalResults\":0}", BODY_GOOD, 0},
        {"{\"totalResults\":0,\"items\":null}", BODY_GOOD, 0},
        {"{\"totalResults\":\"0\"}", BODY_GOOD, 0},
        {"{\"totalResults\":3}", BODY_MALFORMED, 0},
        {"{\"totalResults\":0,\"items\":{}}", BODY_MALFORMED, 0},
        {"{\"items\":[1]}", BODY_MALFORMED, 0},
        {"{}", BODY_MALFORMED, 0},
        {"[" ITEM("1", "") "]", BODY_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode(&f, OPERATION_SEARCH, 200, rows[i].body);
        CHECK_ROW(rows[i].body, reply.body == rows[i].good);
        CHECK_ROW(rows[i].body, reply.as.product.found == (rows[i].cents != 0));
        CHECK_ROW(rows[i].body, reply.as.product.exact == (rows[i].cents != 0));
        CHECK_ROW(rows[i].body, reply.as.product.unit_cents == rows[i].cents);
    }
}

static void nothing_but_a_whole_body_is_good(void **state)
{
    (void)state;
    fixture_check_guards(&f, OPERATION_STORE, fixture_sample(&f, "walmart_stores_200"));
    fixture_check_guards(&f, OPERATION_SEARCH, fixture_sample(&f, "walmart_search_200"));
    fixture_check_guards(&f, OPERATION_HEALTH, fixture_sample(&f, "walmart_items_200"));
    fixture_check_guards(&f, OPERATION_CONFIRM, "{\"orderId\":\"1\"}");
    assert_int_equal(fixture_decode(&f, OPERATION_STORE, 200, "").body, BODY_MALFORMED);
    assert_int_equal(fixture_decode(&f, OPERATION_CONFIRM, 200, "").body, BODY_MALFORMED);
}

int main(void)
{
#define MOCK(test)   cmocka_unit_test_setup_teardown(test, open_mock, close_fixture)
#define UNSIGNED_(t) cmocka_unit_test_setup_teardown(t, open_unsigned, close_fixture)
#define TOKEN(test)  cmocka_unit_test_setup_teardown(test, open_access_token, close_fixture)
    const struct CMUnitTest tests[] = {
        MOCK(the_signature_is_one_that_the_public_key_knows),
        MOCK(the_same_instant_is_signed_once),
        MOCK(a_real_walmart_is_sent_signatures_and_no_key),
        MOCK(an_id_that_cannot_be_signed_is_refused),
        UNSIGNED_(each_request_is_what_the_affiliate_api_takes),
        TOKEN(each_request_is_what_production_sends),
        TOKEN(correlation_ids_say_which_call_they_are_of),
        MOCK(the_samples_are_read),
        TOKEN(the_samples_are_read),
        MOCK(stores_come_bare_or_wrapped),
        TOKEN(stores_come_bare_or_wrapped),
        MOCK(the_first_product_that_can_be_bought_is_taken),
        TOKEN(the_first_product_that_can_be_bought_is_taken),
        MOCK(nothing_but_a_whole_body_is_good),
    };
    return cmocka_run_group_tests(tests, make_key, drop_key);
}
