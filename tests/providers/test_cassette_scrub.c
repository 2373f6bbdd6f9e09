/* Scrubbing. Goal: no secret reaches a cassette, in whatever form and place, and what is no secret
 * stays as it was. Method: rows a person can check; then canaries: random secrets in every place
 * that a request and a response have, in random encodings of them, and a search of the file's bytes
 * for every form of each. */
#include "providers/cassette_scrub.h"

#include <cjson/cJSON.h>

#include "providers/cassette_base64.h"
#include "tests/providers/cassette_fixture.h"

/* ---- by name --------------------------------------------------------------------------------- */

static char *scrub(const struct scrub_part *part)
{
    struct scrubber scrubber = {0};
    struct text out = {0};
    scrubber_learn(&scrubber, part);
    scrubber_write(&scrubber, part, &out);
    assert_false(scrubber.failed);
    scrubber_release(&scrubber);
    if (out.bytes == NULL) text_put(&out, "");
    return text_take(&out);
}

struct row {
    const char *label, *in, *out; /* out NULL: as it was */
};

static void check_rows(const struct row *rows, size_t count, bool pairs, bool response)
{
    for (size_t i = 0; i < count; i++) {
        const struct scrub_part part = {.bytes = rows[i].in,
                                        .length = strlen(rows[i].in),
                                        .pairs = pairs,
                                        .response = response};
        const char *const expected = rows[i].out != NULL ? rows[i].out : rows[i].in;
        char *const once = scrub(&part);
        CHECK_ROW_TEXT(rows[i].label, once, expected);
        const struct scrub_part again = {
            .bytes = once, .length = strlen(once), .pairs = pairs, .response = response};
        char *const twice = scrub(&again);
        CHECK_ROW_TEXT(rows[i].label, twice, expected);
        free(once);
        free(twice);
    }
}
#define CHECK_ROWS(rows, pairs, response)                                                          \
    check_rows((rows), sizeof(rows) / sizeof *(rows), (pairs), (response))

static void values_of_secrets_are_hidden_in_requests(void **state)
{
    (void)state;
    static const struct row json[] = {
        {"a secret", "{\"client_secret\":\"s\"}", "{\"client_secret\":\"[hidden]\"}"},
        {"spaces stay", "{ \"client_secret\" : \"s\" }", "{ \"client_secret\" : \"[hidden]\" }"},
        {"in any case", "{\"ClientSecret\":\"s\"}", "{\"ClientSecret\":\"[hidden]\"}"},
        {"with any separators", "{\"api-key\":\"s\"}", "{\"api-key\":\"[hidden]\"}"},
        {"with an escape in its name", "{\"pass\\u0077ord\":\"s\"}",
         "{\"pass\\u0077ord\":\"[hidden]\"}"},
        {"an escaped quote in it", "{\"secret\":\"a\\\"b\",\"c\":1}",
         "{\"secret\":\"[hidden]\",\"c\":1}"},
        {"deep within", "{\"a\":[{\"b\":{\"pwd\":\"s\"}}]}",
         "{\"a\":[{\"b\":{\"pwd\":\"[hidden]\"}}]}"},
        {"a number stays one", "{\"secret\":-12.5e3,\"a\":1}", "{\"secret\":0,\"a\":1}"},
        {"an object", "{\"credentials\":{\"a\":\"b\",\"c\":[1]},\"d\":2}",
         "{\"credentials\":{},\"d\":2}"},
        {"an array", "{\"secret\":[[\"a\"],\"b\"]}", "{\"secret\":[]}"},
        {"what holds nothing", "{\"secret\":null,\"password\":\"\",\"apikey\":true}", NULL},
        {"a token in a request", "{\"access_token\":\"s\"}", "{\"access_token\":\"[hidden]\"}"},
        {"cut off", "{\"secret\":\"abc", "{\"secret\":\"[hidden]"},
        {"cut off in an object", "{\"secret\":{\"a\":\"b", "{\"secret\":{"},
        {"cut off in an array", "{\"secret\":[1,2", "{\"secret\":["},
        {"no quotes", "{secret:abc,a:1}", "{secret:0,a:1}"},
        {"no JSON", "the api_key is: abc123456.", "the api_key is: abc123456."},
        {"no JSON, but a name", "api_key: abc123456, and", "api_key: [hidden], and"},
        {"JSON within JSON", "{\"log\":\"{\\\"token\\\":\\\"abc123456\\\"}\"}",
         "{\"log\":\"{\\\"token\\\":\\\"[hidden]\\\"}\"}"},
        {"a URL within JSON", "{\"u\":\"https://a.invalid/?access_token=abc123456&b=1\"}",
         "{\"u\":\"https://a.invalid/?access_token=[hidden]&b=1\"}"},
        {"a header that is quoted", "{\"h\":\"Authorization: Bearer abc123456\"}",
         "{\"h\":\"Authorization: Bearer [hidden]\"}"},
        {"a text that is no JSON behind a name in quotes", "of \"authorization\": abc:def:12345 x",
         "of \"authorization\": [hidden] x"},
        {"a scheme", "was: basic  YWJjOjEyMw== or", "was: basic  [hidden] or"},
    };
    static const struct row pairs[] = {
        {"a secret", "a=1&client_secret=s&b=2", "a=1&client_secret=[hidden]&b=2"},
        {"an escaped name", "client%5Fsecret=s", "client%5Fsecret=[hidden]"},
        {"no value", "client_secret=&a", NULL},
        {"what OAuth asks", "grant_type=client_credentials&scope=product.compact", NULL},
        {"who asks", "publisherId=12345&query=milk", "publisherId=[hidden]&query=milk"},
        {"a value with an equals sign", "password=a=b&c=d", "password=[hidden]&c=d"},
    };
    CHECK_ROWS(json, false, false);
    CHECK_ROWS(pairs, true, false);
}

static void customers_are_hidden(void **state)
{
    (void)state;
    static const struct row json[] = {
        {"MealMe's order",
         "{\"place_order\":false,\"user_name\":\"Jane Roe\",\"user_email\":\"j@example.invalid\","
         "\"user_phone\":15135550100,\"user_id\":\"u7\",\"user_street_num\":\"12\","
         "\"user_street_name\":\"Elm St\",\"user_city\":\"Cincinnati\",\"user_zipcode\":\"45202\","
         "\"items\":[{\"product_id\":\"p1\",\"name\":\"Elm St honey\"}]}",
         "{\"place_order\":false,\"user_name\":\"[hidden]\",\"user_email\":\"[hidden]\","
         "\"user_phone\":0,\"user_id\":\"[hidden]\",\"user_street_num\":\"[hidden]\","
         "\"user_street_name\":\"[hidden]\",\"user_city\":\"Cincinnati\",\"user_zipcode\":"
         "\"45202\","
         "\"items\":[{\"product_id\":\"p1\",\"name\":\"Elm St honey\"}]}"},
        {"Instacart's address",
         "{\"find_by\":{\"address_line_1\":\"50 Elm\",\"postal_code\":\"9\"}}",
         "{\"find_by\":{\"address_line_1\":\"[hidden]\",\"postal_code\":\"9\"}}"},
    };
    static const struct row pairs[] = {
        {"MealMe's search", "query=milk&user_latitude=39.1&user_longitude=-84.5&user_zipcode=45202",
         "query=milk&user_latitude=[hidden]&user_longitude=[hidden]&user_zipcode=45202"},
        {"Kroger's", "filter.latLong.near=39.1,-84.5&filter.limit=1",
         "filter.latLong.near=[hidden]&filter.limit=1"},
    };
    CHECK_ROWS(json, false, false);
    CHECK_ROWS(pairs, true, false);
}

static void what_is_no_secret_stays_as_it_was(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Kroger's store",
         "{\"data\":[{\"locationId\":\"01400513\",\"phone\":\"5135550148\",\"address\":"
         "{\"addressLine1\":\"4100 Sample Pike\",\"zipCode\":\"45202\"},"
         "\"geolocation\":{\"latitude\":39.1054,\"longitude\":-84.5081}}]}",
         NULL},
        {"Kroger's refusals",
         "{\"error\":\"invalid_token\",\"error_description\":\"The access token is invalid or has "
         "expired\"}{\"error\":\"invalid_request\",\"error_description\":\"The access_token is "
         "missing\"}{\"errors\":{\"timestamp\":1760400000123,\"code\":\"PRODUCT-2011-400\"}}",
         NULL},
        {"Walmart's item",
         "{\"itemId\":810450702,\"name\":\"Sample Dairy\",\"customerRating\":\"4.4\",\"salePrice\":"
         "3.36,\"productTrackingUrl\":\"https://goto.example/c?u=https%3A%2F%2Fx\"}",
         NULL},
        {"Walmart's refusal",
         "{\"details\":{\"Description\":\"Could not authenticate in-request, auth signature : "
         "Signature verification failed: affil-product, version: 2.0.0, env: "
         "prod\",\"wm_svc.name\":\"affil-product\"}}",
         NULL},
        {"Instacart's refusal",
         "{\"error\":{\"message\":\"User not "
         "found\",\"code\":1001},\"meta\":{\"key\":\"user_id\"}}",
         NULL},
        {"Instacart's retailers", "{\"retailers\":[{\"retailer_key\":\"sample_market\"}]}", NULL},
        {"Instacart's slots",
         "{\"service_options\":[{\"id\":1280750203,\"service_option_reference\":\"eyJpZCI6MX0=\"}]"
         "}",
         NULL},
        {"MealMe's product",
         "{\"products\":[{\"product_id\":\"gAAAA-sample-1\",\"store\":{\"_id\":\"5f6c1c62\","
         "\"name\":"
         "\"Sample\",\"address\":{\"street_addr\":\"200 Example Street\",\"latitude\":37.7786}}}]}",
         NULL},
        {"MealMe's refusal", "{\"error\":\"Incorrect API key!\"}", NULL},
        {"what stands beside a token", "{\"token_type\":\"bearer\",\"expires_in\":1800}", NULL},
        {"a page of HTML",
         "<html><body>It isn't here: \"Basic authentication\" & bearer of bad news</body></html>",
         NULL},
        {"a scheme that only sounds so", "of turbobasic a1b2c3d4e5", NULL},
        {"names that only sound so", "{\"monkey\":\"a1\",\"author\":\"b2\",\"keyboard\":\"c3\"}",
         NULL},
        {"bytes that are no text", "\xFF\xFE{\"a\":\"\xC3\"}\\u12", NULL},
        {"nothing", "", NULL},
    };
    CHECK_ROWS(rows, false, true);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static void learn_and_write(struct scrubber *scrubber, const char *in, bool response,
                            const char *expected)
{
    const struct scrub_part part = {.bytes = in, .length = strlen(in), .response = response};
    struct text out = {0};
    scrubber_next_take(scrubber);
    scrubber_learn(scrubber, &part);
    scrubber_write(scrubber, &part, &out);
    assert_string_equal(out.bytes, expected);
    text_release(&out);
}

static void tokens_keep_their_number_wherever_they_stand(void **state)
{
    (void)state;
    struct scrubber scrubber = {0};
    learn_and_write(&scrubber, "{\"access_token\":\"eyJh.first.1\",\"refresh_token\":\"eyJh.r.1\"}",
                    true, "{\"access_token\":\"token-1\",\"refresh_token\":\"token-2\"}");
    learn_and_write(&scrubber, "{\"access_token\":\"eyJh.second\"}", true,
                    "{\"access_token\":\"token-3\"}");
    learn_and_write(&scrubber, "{\"access_token\":\"eyJh.first.1\"}", true,
                    "{\"access_token\":\"token-1\"}");
    learn_and_write(&scrubber, "{\"a\":\"of eyJh.second: /x?t=eyJh%2esecond and \\u0065yJh.r.1\"}",
                    true, "{\"a\":\"of token-3: /x?t=token-3 and token-2\"}");
    learn_and_write(&scrubber, "{\"a\":\"ZXlKaC5maXJzdC4x\"}", true, "{\"a\":\"[hidden]\"}");
    learn_and_write(&scrubber, "{\"access_token\":\"tiny\"}", true,
                    "{\"access_token\":\"token-4\"}");
    learn_and_write(&scrubber, "{\"name\":\"a tiny bell\"}", true, "{\"name\":\"a tiny bell\"}");
    learn_and_write(&scrubber, "{\"access_token\":\"tiny\"}", true,
                    "{\"access_token\":\"token-4\"}");
    learn_and_write(&scrubber, "{\"access_token\":12345,\"a\":{\"token\":[\"x\"]}}", true,
                    "{\"access_token\":0,\"a\":{\"token\":[]}}");
    assert_int_equal(scrubber.token_count, 4);
    scrubber_release(&scrubber);
}

static void a_token_that_is_named_a_secret_as_well_keeps_its_number(void **state)
{
    (void)state;
    struct scrubber scrubber = {0};
    scrubber_learn_secret(&scrubber, "abcdef-12345");
    scrubber_learn_secret(&scrubber, "def-12");
    learn_and_write(&scrubber, "{\"access_token\":\"abcdef-12345\"}", true,
                    "{\"access_token\":\"token-1\"}");
    learn_and_write(&scrubber, "{\"a\":\"x abcdef-12345 y def-12\"}", false,
                    "{\"a\":\"x token-1 y [hidden]\"}");
    scrubber_release(&scrubber);
}

/* ---- echoes ---------------------------------------------------------------------------------- */

static void what_a_request_held_is_hidden_in_its_response(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    fixture_post(&fixture, "/order?user_street_name=Elm%20Street", "application/json",
                 "{\"user_name\":\"Jane Roe\",\"user_email\":\"jane@example.invalid\","
                 "\"user_phone\":15135550100,\"client_secret\":\"hush-4711\"}");
    http_header(&fixture.request, "Authorization", "Basic cGFydG5lci03OmRlYXItMjMtZGVlcg==");
    http_header(&fixture.request, "Id-Token", "account:0f3c-77aa");
    http_header(&fixture.request, "WM_CONSUMER.ID", "consumer-9");
    http_header(&fixture.request, "Accept", "application/json");
    fixture_answer(
        &fixture, 200,
        "{\"customer\":\"Jane Roe\",\"mail\":\"to jane@example.invalid\",\"n\":15135550100,"
        "\"street\":\"Elm Street\",\"item\":\"Jane Roe's jam, Elm Street\","
        "\"hush\":\"hush-4711\",\"b\":\"cGFydG5lci03OmRlYXItMjMtZGVlcg==\","
        "\"id\":\"partner-7\",\"s\":\"dear-23-deer\",\"t\":\"0f3c-77aa consumer-9\"}");
    fixture_add(&fixture, recorder);
    fixture_close(recorder);

    struct cassette *const cassette = fixture_open(&fixture);
    struct played played = {0};
    fixture_play(cassette, &fixture.take, &played);
    assert_int_equal(played.match, CASSETTE_EXACT);
    assert_string_equal(
        fixture_body(&played),
        "{\"customer\":\"[hidden]\",\"mail\":\"to [hidden]\",\"n\":0,"
        "\"street\":\"[hidden]\",\"item\":\"Jane Roe's jam, Elm Street\","
        "\"hush\":\"[hidden]\",\"b\":\"[hidden]\",\"id\":\"[hidden]\",\"s\":\"[hidden]\","
        "\"t\":\"[hidden] [hidden]\"}");
    http_response_release(&played.response);
    cassette_close(cassette);
    fixture_end(&fixture);
}

static void a_secret_that_is_cut_off_is_hidden_too(void **state)
{
    (void)state;
    static const struct {
        const char *label, *in, *out;
        bool cut;
    } rows[] = {
        {"all but its end", "{\"a\":\"canary-123456", "{\"a\":\"[hidden]", true},
        {"four bytes", "{\"a\":\"cana", "{\"a\":\"[hidden]", true},
        {"three may be a word", "{\"a\":\"can", "{\"a\":\"can", true},
        {"its beginning within the text", "{\"a\":\"canary\"}", "{\"a\":\"canary\"}", true},
        {"not cut off", "{\"a\":\"canary-123456", "{\"a\":\"canary-123456", false},
        {"escaped", "{\"a\":\"\\u0063ana%72y-1", "{\"a\":\"[hidden]", true},
        {"in base64", "{\"a\":\"Y2FuYXJ5LTEy", "{\"a\":\"[hidden]", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scrubber scrubber = {0};
        struct text out = {0};
        const struct scrub_part part = {.bytes = rows[i].in,
                                        .length = strlen(rows[i].in),
                                        .response = true,
                                        .cut = rows[i].cut};
        scrubber_learn_secret(&scrubber, "canary-1234567");
        scrubber_write(&scrubber, &part, &out);
        CHECK_ROW_TEXT(rows[i].label, out.bytes, rows[i].out);
        scrubber_release(&scrubber);
        text_release(&out);
    }
}

static void hiding_leaves_json_what_it_is(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a number", "{\"a\":1234567,\"b\":91234567.5}", "{\"a\":0,\"b\":0}"},
        {"a text", "{\"a\":\"x1234567y\"}", "{\"a\":\"x[hidden]y\"}"},
        {"a name", "{\"1234567\":true}", "{\"[hidden]\":true}"},
        {"an escape that begins like it", "{\"a\":\"\\nab-cd\"}", "{\"a\":\"[hidden]\"}"},
        {"an escape that ends like it", "{\"a\":\"qq\\\\\"}", "{\"a\":\"[hidden]\"}"},
        {"three escapes deep", "{\"u\":\"\\u0061%2520b%2526c\"}", "{\"u\":\"[hidden]\"}"},
        {"no JSON", "of 1234567.", "of [hidden]."},
    };
    static const char *const secrets[] = {"1234567", "nab-cd", "qq\\", "a b&c"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scrubber scrubber = {0};
        struct text out = {0};
        for (size_t k = 0; k < sizeof secrets / sizeof *secrets; k++)
            scrubber_learn_secret(&scrubber, secrets[k]);
        const struct scrub_part part = {
            .bytes = rows[i].in, .length = strlen(rows[i].in), .response = true};
        scrubber_write(&scrubber, &part, &out);
        CHECK_ROW_TEXT(rows[i].label, out.bytes, rows[i].out);
        scrubber_release(&scrubber);
        text_release(&out);
    }
}

/* ---- canaries -------------------------------------------------------------------------------- */

struct luck {
    uint64_t seed, index;
};

static uint32_t draw(struct luck *luck, uint32_t limit)
{
    return random_below(test_bits(luck->seed, luck->index++), limit);
}

enum { CANARY_MAX = 64, CANARIES = 10 };

/* Letters, digits, base64, UUIDs, all that a keyboard has, other scripts. */
static void make_canary(struct luck *luck, char canary[static CANARY_MAX])
{
    static const char *const alphabets[] = {
        "abcdefghijklmnopqrstuvwxyz",
        "0123456789",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "0123456789abcdef-",
        "abc012 \"\\/<>&%+=?#:;,.{}[]()'!$*^~|_-@",
    };
    static const char *const other[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\xA5\x9B", "\xD0\xB6",
                                        "z"};
    const uint32_t kind = draw(luck, 6);
    const uint32_t count = 7 + draw(luck, 8);
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kind == 5) {
            length +=
                (size_t)snprintf(canary + length, CANARY_MAX - length, "%s", other[draw(luck, 5)]);
        } else {
            canary[length++] = alphabets[kind][draw(luck, (uint32_t)strlen(alphabets[kind]))];
        }
    }
    canary[length] = '\0';
}

/* ---- encodings, of the test's own ------------------------------------------------------------ */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

/* Percent-encoded; what need not be sometimes is, with digits of either case. */
static void put_percent(struct luck *luck, const char *from, struct text *to)
{
    for (; *from != '\0'; from++) {
        if (is_unreserved(*from) && draw(luck, 8) != 0) {
            text_char(to, *from);
        } else {
            text_format(to, draw(luck, 2) ? "%%%02X" : "%%%02x", (unsigned char)*from);
        }
    }
}

static void put_form(struct luck *luck, const char *from, struct text *to)
{
    for (; *from != '\0'; from++) {
        const char one[2] = {*from, '\0'};
        if (*from == ' ') {
            text_char(to, '+');
        } else {
            put_percent(luck, one, to);
        }
    }
}

/* JSON's escapes, of ASCII at random. */
static void put_escaped(struct luck *luck, const char *from, struct text *to)
{
    for (; *from != '\0'; from++) {
        const unsigned char c = (unsigned char)*from;
        if (c < 0x80 && draw(luck, 6) == 0) {
            text_format(to, draw(luck, 2) ? "\\u%04x" : "\\u%04X", c);
        } else if (c == '"' || c == '\\' || (c == '/' && draw(luck, 2))) {
            text_char(to, '\\');
            text_char(to, (char)c);
        } else {
            text_char(to, (char)c);
        }
    }
}

static void put_html(struct luck *luck, const char *from, struct text *to)
{
    for (; *from != '\0'; from++) {
        const unsigned char c = (unsigned char)*from;
        if (c < 0x80 && (strchr("<>&\"'", c) != NULL || draw(luck, 10) == 0)) {
            text_format(to, draw(luck, 2) ? "&#%u;" : "&#x%X;", c);
        } else {
            text_char(to, (char)c);
        }
    }
}

/* Base64 of it, with other bytes around, in either alphabet. */
static void put_base64(struct luck *luck, const char *from, struct text *to)
{
    struct text framed = {0};
    const size_t before = draw(luck, 5), behind = draw(luck, 5);
    for (size_t i = 0; i < before; i++)
        text_char(&framed, (char)('a' + draw(luck, 26)));
    text_put(&framed, from);
    for (size_t i = 0; i < behind; i++)
        text_char(&framed, (char)('a' + draw(luck, 26)));
    const size_t first = to->length;
    cassette_base64_encode(to, framed.bytes, framed.length);
    if (draw(luck, 2)) {
        for (size_t i = first; i < to->length; i++) {
            if (to->bytes[i] == '+') to->bytes[i] = '-';
            if (to->bytes[i] == '/') to->bytes[i] = '_';
        }
    }
    text_release(&framed);
}

typedef void (*encoder)(struct luck *luck, const char *from, struct text *to);

static void put_raw(struct luck *luck, const char *from, struct text *to)
{
    (void)luck;
    text_put(to, from);
}

static void put_twice(struct luck *luck, encoder inner, encoder outer, const char *from,
                      struct text *to)
{
    struct text once = {0};
    inner(luck, from, &once);
    outer(luck, once.bytes, to);
    text_release(&once);
}

/* As part of a JSON string. */
static void put_in_json(struct luck *luck, const char *canary, struct text *to)
{
    static const encoder inner[] = {put_raw,    put_raw,  put_percent, put_form,
                                    put_base64, put_html, put_escaped};
    put_twice(luck, inner[draw(luck, 7)], put_escaped, canary, to);
}

/* As part of a query or a form. */
static void put_in_pairs(struct luck *luck, const char *canary, struct text *to)
{
    static const encoder inner[] = {put_raw, put_raw, put_percent, put_base64, put_escaped};
    put_twice(luck, inner[draw(luck, 5)], draw(luck, 2) ? put_form : put_percent, canary, to);
}

/* ---- a conversation full of them ------------------------------------------------------------- */

struct aviary {
    struct luck luck;
    char canaries[CANARIES][CANARY_MAX];
    const char *secrets[CANARIES + 1]; /* those that the caller names */
    bool told;                         /* all are; otherwise credentials must do */
};

static const char *any(struct aviary *aviary)
{
    return aviary->canaries[draw(&aviary->luck, CANARIES)];
}

static void put_query(struct aviary *aviary, struct http_request *request)
{
    text_put(&request->target, "?filter.term=");
    if (aviary->told) put_in_pairs(&aviary->luck, any(aviary), &request->target);
    text_put(&request->target, "&api_key=");
    put_form(&aviary->luck, any(aviary), &request->target);
    text_put(&request->target, "&user_email=");
    put_form(&aviary->luck, any(aviary), &request->target);
}

static void put_headers(struct aviary *aviary, struct http_request *request)
{
    struct text value = {0};
    text_put(&value, "Bearer ");
    text_put(&value, any(aviary));
    http_header(request, "Authorization", value.bytes);
    text_clear(&value);
    text_put(&value, "Basic ");
    put_base64(&aviary->luck, any(aviary), &value);
    http_header(request, "authorization", value.bytes);
    text_release(&value);
    http_header(request, "Id-Token", any(aviary));
    http_header(request, "WM_CONSUMER.ID", any(aviary));
    http_header(request, "WM_SEC.ACCESS_TOKEN", any(aviary));
    http_header(request, "WM_SEC.AUTH_SIGNATURE", any(aviary));
    http_header(request, "WM_QOS.CORRELATION_ID", any(aviary));
    http_header(request, "X-Whatever", any(aviary));
    http_header(request, "Accept", aviary->told ? any(aviary) : "application/json");
    http_header(request, "Accept-Language", "en-US");
}

/* Members by a secret's name, and, where all secrets are told, others. */
static void put_json(struct aviary *aviary, bool response, struct text *to)
{
    static const char *const names[] = {"client_secret", "access_token", "password", "apiKey"};
    static const char *const others[] = {"a", "message", "name", "url"};
    text_char(to, '{');
    const uint32_t count = 1 + draw(&aviary->luck, 6);
    for (uint32_t i = 0; i < count; i++) {
        const bool named = !aviary->told || draw(&aviary->luck, 2);
        if (i > 0) text_char(to, ',');
        text_format(
            to, "\"%s\":", named ? names[draw(&aviary->luck, 4)] : others[draw(&aviary->luck, 4)]);
        if (!response && draw(&aviary->luck, 8) == 0) {
            put_json(aviary, response, to);
            continue;
        }
        text_char(to, '"');
        if (named) {
            put_escaped(&aviary->luck, any(aviary), to);
        } else {
            put_in_json(&aviary->luck, any(aviary), to);
        }
        text_char(to, '"');
    }
    text_char(to, '}');
}

static void fill_request(struct aviary *aviary, struct fixture *fixture)
{
    struct http_request *const request = &fixture->request;
    http_request_begin(request, HTTP_POST, "/v1/p");
    if (aviary->told) {
        text_char(&request->target, '/');
        put_percent(&aviary->luck, any(aviary), &request->target);
    }
    put_query(aviary, request);
    put_headers(aviary, request);
    if (draw(&aviary->luck, 2)) {
        request->content_type = "application/x-www-form-urlencoded";
        text_put(&request->body, "grant_type=x&client_secret=");
        put_form(&aviary->luck, any(aviary), &request->body);
        if (!aviary->told) return;
        text_put(&request->body, "&note=");
        put_in_pairs(&aviary->luck, any(aviary), &request->body);
    } else {
        request->content_type = "application/json";
        put_json(aviary, false, &request->body);
    }
}

static void fill_response(struct aviary *aviary, struct fixture *fixture)
{
    fixture_answer(fixture, 200, "");
    struct text *const body = &fixture->response.body;
    const uint32_t kind = draw(&aviary->luck, aviary->told ? 5 : 1);
    if (kind < 2) put_json(aviary, true, body);
    if (kind == 2) { /* a page */
        text_put(body, "<p title=\"");
        put_html(&aviary->luck, any(aviary), body);
        text_put(body, "\"> ");
        put_twice(&aviary->luck, put_percent, put_html, any(aviary), body);
    }
    if (kind == 3) { /* bytes */
        text_append(body, "\xFF\0\x80", 3);
        text_put(body, any(aviary));
        text_append(body, "\0", 1);
        put_base64(&aviary->luck, any(aviary), body);
    }
    if (kind == 4) { /* cut off */
        put_json(aviary, true, body);
        body->length -= draw(&aviary->luck, 5);
        body->bytes[body->length] = '\0';
        fixture->response.truncated = true;
    }
    fixture->response.content_type =
        aviary->told && draw(&aviary->luck, 4) == 0 ? any(aviary) : "application/json";
}

/* ---- looking for them ------------------------------------------------------------------------ */

static bool holds(const char *bytes, size_t length, const char *what, size_t what_length)
{
    for (size_t i = 0; i + what_length <= length; i++) {
        if (memcmp(bytes + i, what, what_length) == 0) return true;
    }
    return false;
}

static void look_for(const char *bytes, size_t length, const char *form, const char *what,
                     size_t what_length)
{
    if (holds(bytes, length, what, what_length)) fail_msg("%s: %s", form, what);
}

/* Escapes undone in the plainest way: of what an encoder above writes, and no more. */
static size_t undo_one(unsigned kind, const char *at, char *out)
{
    static const char names[] = "\"\\/nrt", values[] = "\"\\/\n\r\t";
    const char digits[5] = {at[1], at[1] != '\0' ? at[2] : '\0', '\0'};
    const char *const name = at[0] == '\\' && at[1] != '\0' ? strchr(names, at[1]) : NULL;
    unsigned code;
    int length = 0;
    if (kind == 0 && name != NULL) {
        *out = values[name - names];
        return 2;
    }
    if (kind == 0 && sscanf(at, "\\u00%2x%n", &code, &length) == 1 && length == 6) {
        *out = (char)code;
        return 6;
    }
    if (kind == 1 &&
        (sscanf(at, "&#%u;%n", &code, &length) == 1 ||
         sscanf(at, "&#x%x;%n", &code, &length) == 1) &&
        length > 0) {
        *out = (char)code;
        return (size_t)length;
    }
    if (kind >= 2 && at[0] == '%' && strspn(digits, "0123456789abcdefABCDEF") == 2) {
        *out = (char)strtoul(digits, NULL, 16);
        return 3;
    }
    *out = kind == 3 && at[0] == '+' ? ' ' : at[0];
    return 1;
}

static void look_deep(const char *text, size_t length, unsigned depth, const char *canary)
{
    look_for(text, length, "with its escapes undone", canary, strlen(canary));
    for (unsigned kind = 0; kind < 4 && depth < 3; kind++) {
        char *const plain = calloc(length + 1, 1);
        size_t count = 0;
        for (size_t i = 0; i < length; count++)
            i += undo_one(kind, text + i, plain + count);
        if (count != length || memcmp(plain, text, length) != 0) {
            look_deep(plain, count, depth + 1, canary);
        }
        free(plain);
    }
}

/* Every plain form of a canary. */
static void look_for_canary(const char *bytes, size_t length, const char *canary)
{
    struct text form = {0};
    look_for(bytes, length, "raw", canary, strlen(canary));
    text_json_string(&form, canary);
    look_for(bytes, length, "JSON", form.bytes + 1, form.length - 2);
    struct text again = {0};
    text_json_string(&again, form.bytes);
    look_for(bytes, length, "JSON in JSON", again.bytes + 3, again.length - 6);
    text_clear(&form);
    http_encode(&form, canary);
    look_for(bytes, length, "percent", form.bytes, form.length);
    for (size_t before = 0; before < 3; before++) {
        text_clear(&again);
        text_clear(&form);
        text_append(&again, "\0\0", before);
        text_put(&again, canary);
        cassette_base64_encode(&form, again.bytes, again.length);
        const size_t first = before == 0 ? 0 : before + 1;
        const size_t count = again.length * 8 / 6 - first;
        look_for(bytes, length, "base64", form.bytes + first, count);
        for (size_t i = 0; i < form.length; i++) {
            if (form.bytes[i] == '+') form.bytes[i] = '-';
            if (form.bytes[i] == '/') form.bytes[i] = '_';
        }
        look_for(bytes, length, "base64 of URLs", form.bytes + first, count);
    }
    text_release(&form);
    text_release(&again);
}

static void look_in_node(struct aviary *aviary, const cJSON *node)
{
    for (; node != NULL; node = node->next) {
        if (cJSON_IsString(node)) {
            for (size_t i = 0; i < CANARIES; i++)
                look_deep(node->valuestring, strlen(node->valuestring), 0, aviary->canaries[i]);
        }
        look_in_node(aviary, node->child);
    }
}

/* The file's bytes; the texts in it; and, since base64 hides what it holds, the body played. */
static void look_everywhere(struct aviary *aviary, struct fixture *fixture)
{
    size_t length;
    char *const bytes = fixture_bytes(fixture, &length);
    for (size_t i = 0; i < CANARIES; i++)
        look_for_canary(bytes, length, aviary->canaries[i]);
    cJSON *const take = cJSON_Parse(strchr(bytes, '\n') + 1);
    assert_non_null(take);
    look_in_node(aviary, take);
    cJSON_Delete(take);
    free(bytes);

    struct cassette *const cassette = fixture_open(fixture);
    struct played played = {0};
    fixture_play(cassette, &fixture->take, &played);
    if (!aviary->told) assert_int_equal(played.match, CASSETTE_EXACT);
    for (size_t i = 0; i < CANARIES && played.response.body.length > 0; i++)
        look_for_canary(played.response.body.bytes, played.response.body.length,
                        aviary->canaries[i]);
    http_response_release(&played.response);
    cassette_close(cassette);
}

static void release_canaries(uint64_t seed, bool told)
{
    struct aviary aviary = {.luck = {.seed = seed}, .told = told};
    for (size_t i = 0; i < CANARIES; i++) {
        make_canary(&aviary.luck, aviary.canaries[i]);
        aviary.secrets[i] = aviary.canaries[i];
    }
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    fill_request(&aviary, &fixture);
    fill_response(&aviary, &fixture);
    fixture.take.secrets = told ? aviary.secrets : NULL;
    fixture_add(&fixture, recorder);
    fixture_close(recorder);
    look_everywhere(&aviary, &fixture);
    fixture_end(&fixture);
}

static void no_canary_gets_through_when_all_are_named(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 150; seed++)
        release_canaries(seed, true);
}

static void no_canary_gets_through_in_a_credentials_place(void **state)
{
    (void)state;
    for (uint64_t seed = 1000; seed < 1100; seed++)
        release_canaries(seed, false);
}

/* Scrubs a random body; what comes out is JSON, and of a request scrubbing it again changes
 * nothing. */
static void check_json(uint64_t seed, bool response)
{
    struct aviary aviary = {.luck = {.seed = seed}, .told = true};
    struct scrubber scrubber = {0};
    struct text body = {0}, out = {0}, again = {0};
    for (size_t i = 0; i < CANARIES; i++) {
        make_canary(&aviary.luck, aviary.canaries[i]);
        scrubber_learn_secret(&scrubber, aviary.canaries[i]);
    }
    put_json(&aviary, response, &body);
    const struct scrub_part part = {
        .bytes = body.bytes, .length = body.length, .response = response};
    scrubber_learn(&scrubber, &part);
    scrubber_write(&scrubber, &part, &out);
    cJSON *const tree = cJSON_ParseWithOpts(out.bytes, NULL, 1);
    if (tree == NULL) fail_msg("%s\n%s", body.bytes, out.bytes);
    cJSON_Delete(tree);
    const struct scrub_part scrubbed = {
        .bytes = out.bytes, .length = out.length, .response = response};
    scrubber_write(&scrubber, &scrubbed, &again);
    if (!response) assert_string_equal(again.bytes, out.bytes);
    scrubber_release(&scrubber);
    text_release(&body);
    text_release(&out);
    text_release(&again);
}

static void bodies_with_canaries_are_json_afterwards(void **state)
{
    (void)state;
    for (uint64_t seed = 2000; seed < 2400; seed++)
        check_json(seed, seed % 2 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_secrets_are_hidden_in_requests),
        cmocka_unit_test(customers_are_hidden),
        cmocka_unit_test(what_is_no_secret_stays_as_it_was),
        cmocka_unit_test(tokens_keep_their_number_wherever_they_stand),
        cmocka_unit_test(a_token_that_is_named_a_secret_as_well_keeps_its_number),
        cmocka_unit_test(what_a_request_held_is_hidden_in_its_response),
        cmocka_unit_test(a_secret_that_is_cut_off_is_hidden_too),
        cmocka_unit_test(hiding_leaves_json_what_it_is),
        cmocka_unit_test(no_canary_gets_through_when_all_are_named),
        cmocka_unit_test(no_canary_gets_through_in_a_credentials_place),
        cmocka_unit_test(bodies_with_canaries_are_json_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
