/* What all codecs have in common. Goal: bounds, secrets, what is refused, what is remembered.
 * Method: tables; every weird name round-trips through a server's view; a sweep over allocations
 * that fail. */
#include "router/base/memory.h"
#include "router/base/utf8.h"
#include "tests/providers/codec_fixture.h"

static struct codec_fixture f;

static void open_codec(enum provider provider, enum api api)
{
    fixture_open(&f, provider, api);
}

/* The codec of a real provider. */
static void open_real(enum provider provider, enum api api)
{
    const struct codec_setup setup = {.provider = provider, .api = api};
    fixture_open_setup(&f, &setup);
}

static int close_fixture(void **state)
{
    (void)state;
    memory_fail_after(0);
    fixture_close(&f);
    return 0;
}

/* ---- making ---------------------------------------------------------------------------------- */

static void a_setup_that_cannot_be_is_refused(void **state)
{
    (void)state;
    open_codec(PROVIDER_MEALME, API_STANDARD);
    struct codec_customer bad[] = {codec_customer_default(), codec_customer_default(),
                                   codec_customer_default(), codec_customer_default()};
    bad[0].latitude = 90.5;
    bad[1].longitude = (double)NAN;
    strcpy(bad[2].phone, "513-555-0100");
    strcpy(bad[3].phone, "");
    for (size_t i = 0; i < 4; i++) {
        const struct codec_setup setup = {.provider = PROVIDER_MEALME, .customer = &bad[i]};
        struct err err = {0};
        assert_null(codec_create(&setup, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    const struct codec_setup rows[] = {
        {.provider = PROVIDER_KROGER_API, .api = API_DEVELOPER},
        {.provider = PROVIDER_WALMART_API, .api = API_DEVELOPER},
        {.provider = PROVIDER_INSTACART, .api = API_ACCESS_TOKEN},
        {.provider = PROVIDER_WALMART_API, .key_version = "12345678901234567890123456789012"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        assert_null(codec_create(&rows[i], &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    codec_destroy(NULL);
}

static void every_api_has_a_place_and_two_have_a_sandbox(void **state)
{
    (void)state;
    open_codec(PROVIDER_MEALME, API_STANDARD);
    static const struct {
        enum provider provider;
        enum api api;
        const char *base, *sandbox;
    } rows[] = {
        {PROVIDER_KROGER_API, API_STANDARD, "https://api.kroger.com", "https://api-ce.kroger.com"},
        {PROVIDER_WALMART_API, API_STANDARD, "https://developer.api.walmart.com", NULL},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, "https://developer.api.walmart.com", NULL},
        {PROVIDER_INSTACART, API_STANDARD, "https://connect.instacart.com",
         "https://connect.dev.instacart.tools"},
        {PROVIDER_INSTACART, API_DEVELOPER, "https://connect.instacart.com",
         "https://connect.dev.instacart.tools"},
        {PROVIDER_MEALME, API_STANDARD, "https://api.mealme.ai", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(codec_base_url(rows[i].provider, rows[i].api, false), rows[i].base);
        const char *const sandbox = codec_base_url(rows[i].provider, rows[i].api, true);
        assert_true((sandbox == NULL) == (rows[i].sandbox == NULL));
        if (sandbox != NULL) assert_string_equal(sandbox, rows[i].sandbox);
    }
}

/* ---- what goes out, and to whom -------------------------------------------------------------- */

static void only_a_declared_mock_is_told_the_key(void **state)
{
    (void)state;
    open_real(PROVIDER_MEALME, API_STANDARD);
    assert_null(strstr(fixture_encode(&f, OPERATION_CART), "X-Routesim"));
    fixture_close(&f);
    open_codec(PROVIDER_MEALME, API_STANDARD);
    f.call = (struct call){.provider = PROVIDER_MEALME,
                           .order_key = UINT64_MAX,
                           .order_index = UINT64_MAX,
                           .item = UINT32_MAX,
                           .attempt = UINT32_MAX,
                           .sent_us = INT64_MAX,
                           .store = UINT32_MAX};
    assert_non_null(strstr(fixture_encode(&f, OPERATION_HEALTH),
                           "\nX-Routesim-Call: ffffffffffffffff-ffffffffffffffff-4294967295-"
                           "4294967295-9223372036854775807-4294967295\n"));
}

static void a_real_provider_is_never_sent_an_order(void **state)
{
    (void)state;
    for (enum provider provider = 0; provider < PROVIDER_COUNT; provider++) {
        for (enum api api = 0; api < API_COUNT; api++) {
            if (!api_exists(provider, api)) continue;
            open_real(provider, api);
            f.call.token = 1;
            struct err err = {0};
            assert_false(fixture_try(&f, OPERATION_CONFIRM, &err));
            assert_int_equal(err.code, ERR_INPUT);
            assert_int_equal(f.request.target.length, 0); /* not a byte of it was written */
            fixture_close(&f);
        }
    }
    open_codec(PROVIDER_MEALME, API_STANDARD);
}

static void a_real_provider_is_sent_nothing_that_lacks_its_proof(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum api api;
        enum operation operation;
        const char *lacks;
    } rows[] = {
        {PROVIDER_KROGER_API, API_STANDARD, OPERATION_TOKEN, "a credential"},
        {PROVIDER_KROGER_API, API_STANDARD, OPERATION_STORE, "a token"},
        {PROVIDER_KROGER_API, API_STANDARD, OPERATION_SEARCH, "a token"},
        {PROVIDER_KROGER_API, API_STANDARD, OPERATION_HEALTH, "a credential"},
        {PROVIDER_KROGER_API, API_STANDARD, OPERATION_SINGLE, "a credential"},
        {PROVIDER_INSTACART, API_STANDARD, OPERATION_TOKEN, "a credential"},
        {PROVIDER_INSTACART, API_STANDARD, OPERATION_SLOTS, "a token"},
        {PROVIDER_INSTACART, API_DEVELOPER, OPERATION_STORE, "a credential"},
        {PROVIDER_WALMART_API, API_STANDARD, OPERATION_SEARCH, "a credential"},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, OPERATION_SEARCH, "a credential"},
        {PROVIDER_MEALME, API_STANDARD, OPERATION_CART, "a credential"},
    };
    const struct credential blank = {.id = "", .secret = "", .fingerprint = 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (unsigned none = 0; none < 2; none++) {
            open_real(rows[i].provider, rows[i].api);
            f.call.credential = none ? NULL : &blank;
            struct err err = {0};
            CHECK_ROW(operation_names[rows[i].operation],
                      !fixture_try(&f, rows[i].operation, &err));
            CHECK_ROW(operation_names[rows[i].operation], err.code == ERR_INPUT);
            CHECK_ROW(err.message, strstr(err.message, rows[i].lacks) != NULL);
            fixture_close(&f);
        }
    }
    open_real(PROVIDER_WALMART_API, API_STANDARD);
    struct err err = {0};
    assert_false(fixture_try(&f, OPERATION_SEARCH, &err));
    assert_non_null(strstr(err.message, "a private key"));
}

static void no_text_breaks_out_of_its_header(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum api api;
        enum operation operation;
        const char *id, *secret;
        bool good; /* base64 and JSON hold anything */
    } rows[] = {
        {PROVIDER_MEALME, API_STANDARD, OPERATION_HEALTH, "id", "top\nX-Evil: 1", false},
        {PROVIDER_MEALME, API_STANDARD, OPERATION_HEALTH, "i\rd", "top", false},
        {PROVIDER_MEALME, API_STANDARD, OPERATION_HEALTH, "", "top\x7F", false},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, OPERATION_STORE, "id", "top\r\n", false},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, OPERATION_STORE, "id\n", "top", false},
        {PROVIDER_INSTACART, API_DEVELOPER, OPERATION_STORE, "", "top\n", false},
        {PROVIDER_KROGER_API, API_STANDARD, OPERATION_TOKEN, "id", "top\nX-Evil: 1", true},
        {PROVIDER_KROGER_API, API_STANDARD, OPERATION_TOKEN, "i:d", "top", false},
        {PROVIDER_INSTACART, API_STANDARD, OPERATION_TOKEN, "id", "top\nX-Evil: 1", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_codec(rows[i].provider, rows[i].api);
        f.credential = (struct credential){rows[i].id, rows[i].secret, 1};
        struct err err = {0};
        const bool encoded = fixture_try(&f, rows[i].operation, &err);
        CHECK_ROW(rows[i].secret, encoded == rows[i].good);
        CHECK_ROW(rows[i].secret, encoded || err.code == ERR_INPUT);
        CHECK_ROW(err.message, strstr(err.message, "top") == NULL);
        if (encoded) {
            CHECK_ROW(rows[i].secret, strstr(f.request.headers.bytes, "Evil") == NULL);
            CHECK_ROW(rows[i].secret, strstr(f.request.body.bytes, "\n") == NULL);
        }
        fixture_close(&f);
    }
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    char *const huge = calloc(1, CODEC_TEXT_MAX + 1);
    assert_non_null(huge);
    memset(huge, 'a', CODEC_TEXT_MAX);
    f.credential = (struct credential){.id = "x", .secret = huge, .fingerprint = 1};
    struct err err = {0};
    assert_false(fixture_try(&f, OPERATION_TOKEN, &err));
    huge[CODEC_TEXT_MAX - 1] = '\0'; /* with "x:" one too many */
    assert_false(fixture_try(&f, OPERATION_TOKEN, &err));
    huge[CODEC_TEXT_MAX - 2] = '\0';
    assert_true(fixture_try(&f, OPERATION_TOKEN, &err));
    free(huge);
}

static void a_server_sees_the_names_that_were_asked_for(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a",
        "50% off & more",
        "a+b c",
        "\"quoted\\\"",
        "line\nbreak\ttab\r",
        "#?/;=:@&,",
        "%41%00",
        "\xE7\x89\x9B\xE5\xA5\xB6",
        "\xF0\x9F\xA5\x9B",
        "\xFF\xFE not UTF-8",
        "~-._",
        "\x01\x7F",
    };
    static char storage[HTTP_VIEW_BYTES_MAX];
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        f.items[0].name = names[i];
        (void)fixture_encode(&f, OPERATION_SEARCH);
        struct http_view view = {.storage = storage};
        CHECK_ROW(names[i], http_view_make(&f.request, &view));
        CHECK_ROW_TEXT(names[i], http_view_query(&view, "filter.term"), names[i]);
        CHECK_ROW_TEXT(names[i], view.path, "/v1/products");
    }
    fixture_close(&f);
    open_codec(PROVIDER_MEALME, API_STANDARD);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        f.items[0].name = names[i];
        (void)fixture_encode(&f, OPERATION_CART);
        struct http_view view = {.storage = storage};
        CHECK_ROW(names[i], http_view_make(&f.request, &view));
        cJSON *const terms = cJSON_Parse(http_view_query(&view, "query"));
        CHECK_ROW(names[i], cJSON_IsObject(terms) && cJSON_GetArraySize(terms) == 4);
        const bool is_utf8 = (unsigned char)names[i][0] != 0xFF;
        if (is_utf8) CHECK_ROW_TEXT(names[i], terms->child->string, names[i]);
        cJSON_Delete(terms);
    }
}

/* ---- what is remembered ---------------------------------------------------------------------- */

static uint64_t take_token(const char *text)
{
    char body[64 + 2 * CODEC_TEXT_MAX];
    (void)snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"expires_in\":1800}", text);
    return fixture_decode(&f, OPERATION_TOKEN, 200, body).as.token.value;
}

static void the_newest_tokens_are_remembered(void **state)
{
    (void)state;
    enum { TOKENS = CODEC_TOKENS_MAX + 3 };
    static uint64_t tokens[TOKENS];
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    for (unsigned i = 0; i < TOKENS; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "token-%u", i);
        tokens[i] = take_token(text);
        assert_true(tokens[i] != 0);
        for (unsigned j = 0; j < i; j++)
            assert_true(tokens[j] != tokens[i]);
    }
    for (unsigned i = 0; i < TOKENS; i++) {
        char line[64];
        const bool forgotten = i < TOKENS - CODEC_TOKENS_MAX;
        (void)snprintf(line, sizeof line,
                       forgotten ? "\nAuthorization: Bearer forgotten\n"
                                 : "\nAuthorization: Bearer token-%u\n",
                       i);
        f.call.token = tokens[i];
        assert_non_null(strstr(fixture_encode(&f, OPERATION_STORE), line));
    }
    const uint64_t never_given[] = {tokens[TOKENS - 1] + 1, UINT64_MAX};
    for (size_t i = 0; i < 2; i++) {
        f.call.token = never_given[i];
        assert_non_null(strstr(fixture_encode(&f, OPERATION_STORE), "Bearer forgotten\n"));
    }
}

static void texts_have_a_longest(void **state)
{
    (void)state;
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    char *const text = calloc(1, CODEC_TEXT_MAX + 2);
    assert_non_null(text);
    memset(text, 'a', CODEC_TEXT_MAX + 1);
    assert_true(take_token(text) == 0);
    text[CODEC_TEXT_MAX] = '\0';
    f.call.token = take_token(text);
    assert_true(f.call.token != 0);
    assert_non_null(strstr(fixture_encode(&f, OPERATION_STORE), text));

    char *const body = calloc(1, CODEC_TEXT_MAX + 64);
    assert_non_null(body);
    for (unsigned longer = 0; longer < 2; longer++) {
        if (longer) strcat(text, "a");
        (void)snprintf(body, CODEC_TEXT_MAX + 64, "{\"data\":[{\"locationId\":\"%s\"}]}", text);
        assert_int_equal(fixture_decode(&f, OPERATION_STORE, 200, body).body,
                         longer ? BODY_MALFORMED : BODY_GOOD);
    }
    free(body);
    free(text);
}

static struct reply take_store(unsigned number)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"data\":[{\"locationId\":\"S%u\"}]}", number);
    return fixture_decode(&f, OPERATION_STORE, 200, body);
}

static void the_newest_store_texts_are_remembered(void **state)
{
    (void)state;
    enum { STORES = CODEC_STORES_MAX + 2 };
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    for (unsigned i = 0; i < STORES; i++) {
        assert_int_equal(take_store(i).as.store.store, (1u << 31) + i);
        assert_int_equal(take_store(i).as.store.store, (1u << 31) + i);
    }
    for (unsigned i = 0; i < STORES; i++) {
        char part[64];
        (void)snprintf(part, sizeof part, i < 2 ? "locationId=forgotten&" : "locationId=S%u&", i);
        f.call.store = (1u << 31) + i;
        assert_non_null(strstr(fixture_encode(&f, OPERATION_SEARCH), part));
    }
    f.call.store = UINT32_MAX;
    assert_non_null(strstr(fixture_encode(&f, OPERATION_SEARCH), "locationId=forgotten&"));
    assert_int_equal(take_store(0).as.store.store, (1u << 31) + STORES); /* as a new one */
}

/* ---- hostile bodies -------------------------------------------------------------------------- */

static void nesting_is_read_to_its_limit_and_no_further(void **state)
{
    (void)state;
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    static const size_t depths[] = {1, 62, 63, 64, 65, 1000, 100000};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        for (unsigned open = 0; open < 2; open++) { /* closed again, and not */
            struct text body = {0};
            text_put(&body, "{\"data\":[],\"x\":");
            for (size_t n = 0; n < depths[i]; n++)
                text_char(&body, '[');
            for (size_t n = 0; !open && n < depths[i]; n++)
                text_char(&body, ']');
            if (!open) text_char(&body, '}');
            const struct reply reply =
                fixture_decode_bytes(&f, OPERATION_SEARCH, 200, body.bytes, body.length);
            const bool good = !open && depths[i] <= 63; /* the object is one level */
            assert_int_equal(reply.body, good ? BODY_GOOD : BODY_MALFORMED);
            assert_string_equal(fixture_explain(&f, 400, body.bytes), "");
            text_release(&body);
        }
    }
    /* Brackets in texts nest nothing, and neither do quotes that are escaped. */
    struct text body = {0};
    text_put(&body, "{\"data\":[],\"x\":\"");
    for (unsigned n = 0; n < 100; n++)
        text_put(&body, "[{\\\"\\\\");
    text_put(&body, "\"}");
    assert_int_equal(fixture_decode(&f, OPERATION_SEARCH, 200, body.bytes).body, BODY_GOOD);
    text_release(&body);
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    static const char good[] = "{ \"data\" : [ ] , \"x\" : \"a\\\\b\" }";
    for (size_t at = 0; at <= strlen(good); at++) {
        char body[sizeof good + 1];
        memcpy(body, good, at);
        body[at] = '\0';
        memcpy(body + at + 1, good + at, strlen(good) - at);
        const struct reply reply =
            fixture_decode_bytes(&f, OPERATION_SEARCH, 200, body, strlen(good) + 1);
        assert_int_equal(reply.body, BODY_MALFORMED);
    }
}

/* ---- explanations ---------------------------------------------------------------------------- */

static const char *explain_text(const char *words)
{
    struct text body = {0};
    text_put(&body, "{\"error\":");
    text_json_string(&body, words);
    text_char(&body, '}');
    const char *const text = fixture_explain(&f, 401, body.bytes);
    text_release(&body);
    return text;
}

static void explanations_show_no_secret(void **state)
{
    (void)state;
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    f.credential = (struct credential){.id = "client-9", .secret = "hunter2", .fingerprint = 1};
    f.call.token = take_token("tatat");
    f.call.token = take_token("tok-abc");
    (void)fixture_encode(&f, OPERATION_STORE);
    static const char *const rows[][2] = {
        {"bad token tok-abc", "bad token ***"},
        {"tok-abctok-abc", "***"},
        {"client-9:hunter2 is unknown", "***:*** is unknown"},
        {"hun\x01ter2", "***"},
        {"hun\xE2\x80\x8Bter2", "***"}, /* a space of no width */
        {"huntehunter2r2", "hunte***r2"},
        {"a tatatatat b", "a *** b"}, /* in itself, three times */
        {"Hunter2 is another", "Hunter2 is another"},
        {"Bearer eyJhbGciOiJSUzI1NiJ9.c2FtcGxl", "Bearer ***"}, /* nobody's that we know */
        {"mock-0123456789abcdef", "***"},
        {"a-name-without-any-number-in-it", "a-name-without-any-number-in-it"},
        {"PRODUCT-2011-400", "PRODUCT-2011-400"},
        {"line\nbreak\ttab", "line break tab"},
        {"bell\x07 escape\x1B[31m del\x7F", "bell escape[31m del"},
        {"\xE2\x80\xAEturned\xE2\x81\xA6", "turned"},
        {"\xC2\x9B"
         "control",
         "control"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW_TEXT(rows[i][0], explain_text(rows[i][0]), rows[i][1]);
    }
    assert_string_equal(fixture_explain(&f, 400, "{\"error\":\"\xFF\xC3\"}"), "??");
}

static void secrets_are_found_however_many_were_shown(void **state)
{
    (void)state;
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    for (unsigned i = 0; i < 20; i++) { /* more than a mock has generations */
        char secret[32];
        (void)snprintf(secret, sizeof secret, "generation-%u\n", i);
        f.credential = (struct credential){.id = "a", .secret = secret, .fingerprint = i + 1};
        (void)fixture_encode(&f, OPERATION_TOKEN);
        (void)fixture_encode(&f, OPERATION_TOKEN);
    }
    for (unsigned i = 0; i < 20; i++) {
        char words[64];
        (void)snprintf(words, sizeof words, "no: generation-%u!", i);
        assert_string_equal(explain_text(words), "no: ***!"); /* "generation-1" is in "-10" too */
    }
    assert_string_equal(explain_text("a banana"), "a banana"); /* an id that short hides nothing */
}

static void explanations_are_cut_between_characters(void **state)
{
    (void)state;
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    for (unsigned lead = 0; lead < 5; lead++) {
        char words[512] = {0};
        memset(words, ' ', lead);
        for (unsigned i = 0; i < 80; i++)
            strcat(words, "\xE7\x89\x9B");
        const char *const text = explain_text(words);
        const size_t length = strlen(text);
        assert_true(length <= CODEC_EXPLAIN_MAX - 1 && length > CODEC_EXPLAIN_MAX - 1 - 3);
        assert_int_equal(utf8_whole(text, length), length);
        assert_int_equal((length - lead) % 3, 0);
    }
    /* A secret that would be cut in two goes whole. */
    char secret[CODEC_TEXT_MAX] = {0};
    for (unsigned i = 0; i + 8 < sizeof secret; i += 8)
        strcat(secret, "secr et!");
    f.credential = (struct credential){.id = "", .secret = secret, .fingerprint = 1};
    struct err err;
    (void)fixture_try(&f, OPERATION_TOKEN, &err);
    char words[CODEC_TEXT_MAX + 256] = {0};
    memset(words, '.', 150);
    strcat(words, secret);
    const char *const text = explain_text(words);
    assert_null(strchr(text, 's'));
    assert_string_equal(text + 150, "***");
}

/* ---- names ----------------------------------------------------------------------------------- */

static void names_are_equal_when_their_letters_and_digits_are(void **state)
{
    (void)state;
    open_codec(PROVIDER_KROGER_API, API_STANDARD);
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"Whole Milk", "whole milk", true},
        {"Whole Milk", " WHOLE -- milk! ", true},
        {"Whole Milk", "WholeMilk", false},
        {"Whole Milk", "Whole Milk 1 gal", false},
        {"Whole Milk 2%", "whole milk 2", true},
        {"2% milk", "2 milk", true},
        {"7-Up", "7 up", true},
        {"7Up", "7 up", false},
        {"CR\xC3\x88ME", "cr\xC3\xA8me", true},
        {"creme", "cr\xC3\xA8me", false},
        {"Ben & Jerry\xE2\x80\x99s", "ben jerry's", true}, /* a typographic apostrophe */
        {"M&M\xC2\xAE", "m m", true},
        {"a\xC2\xA0"
         "b",
         "a b", true},                  /* a space that does not break */
        {"\xC3\x97", "\xC3\xB7", true}, /* signs, both */
        {"\xE7\x89\x9B", "\xE5\xA5\xB6", false},
        {"\xE7\x89\x9B", "\xE7\x89\x9B", true},
        {"caf\xE9", "caf\xEF\xBF\xBD", true}, /* a lost byte, and what stands for it */
        {"", "!", true},
        {"", "a", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW(rows[i].a, codec_names_equal(rows[i].a, rows[i].b) == rows[i].equal);
        CHECK_ROW(rows[i].a, codec_names_equal(rows[i].b, rows[i].a) == rows[i].equal);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* A MealMe order from cart to confirmation, and a failed call. False: something had no memory. */
static bool go_through_an_order(struct err *err)
{
    const struct codec_setup setup = {.provider = PROVIDER_MEALME, .declared_mock = true};
    struct codec *const codec = codec_create(&setup, err);
    if (codec == NULL) return false;
    struct http_request request = {0};
    struct reply cart = {0}, quote = {0};
    struct call call = f.call;
    call.operation = OPERATION_CART;
    bool good = codec_encode(codec, &call, &request, err);
    if (good) {
        codec_decode(codec, &call, &f.response, &cart);
        good = cart.body == BODY_GOOD;
    }
    if (good) {
        struct http_response answer = {.status = 202};
        text_put(&answer.body, "{\"order_id\":\"o\",\"final_quote\":{\"quote\":{\"subtotal\":1}}}");
        call.operation = OPERATION_QUOTE;
        call.cart = cart.as.cart.cart;
        good = codec_encode(codec, &call, &request, err) && !answer.body.failed;
        if (good) codec_decode(codec, &call, &answer, &quote);
        good = good && quote.body == BODY_GOOD;
        char text[CODEC_EXPLAIN_MAX];
        answer.status = 400;
        codec_explain(codec, &answer, text);
        http_response_release(&answer);
    }
    http_request_release(&request);
    codec_destroy(codec);
    return good;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    open_codec(PROVIDER_MEALME, API_STANDARD);
    (void)fixture_decode(&f, OPERATION_CART, 200,
                         "{\"carts\":[{\"products\":{\"Whole Milk\":[{\"product_id\":1,"
                         "\"price\":5}]}}]}");
    struct err err = {0};
    assert_true(go_through_an_order(&err));
    unsigned failures = 0;
    for (uint32_t countdown = 1; countdown < 200; countdown++) {
        memory_fail_after(countdown);
        err = (struct err){0};
        const bool good = go_through_an_order(&err);
        memory_fail_after(0);
        failures += !good;
        assert_true(good || err.code == ERR_NONE || err.code == ERR_ENVIRONMENT);
    }
    assert_true(failures >= 12);
    assert_true(failures < 100); /* the last rounds outlived their countdown */
}

int main(void)
{
#define TEST(test) cmocka_unit_test_teardown(test, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(a_setup_that_cannot_be_is_refused),
        TEST(every_api_has_a_place_and_two_have_a_sandbox),
        TEST(only_a_declared_mock_is_told_the_key),
        TEST(a_real_provider_is_never_sent_an_order),
        TEST(a_real_provider_is_sent_nothing_that_lacks_its_proof),
        TEST(no_text_breaks_out_of_its_header),
        TEST(a_server_sees_the_names_that_were_asked_for),
        TEST(the_newest_tokens_are_remembered),
        TEST(texts_have_a_longest),
        TEST(the_newest_store_texts_are_remembered),
        TEST(nesting_is_read_to_its_limit_and_no_further),
        TEST(a_nul_is_refused_wherever_it_stands),
        TEST(explanations_show_no_secret),
        TEST(secrets_are_found_however_many_were_shown),
        TEST(explanations_are_cut_between_characters),
        TEST(names_are_equal_when_their_letters_and_digits_are),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
