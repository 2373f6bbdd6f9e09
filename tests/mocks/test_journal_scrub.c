/* Scrubbing. Goal: no secret is shown, and what is none stays readable. Method: tables of names,
 * values and whole texts; then a canary under every way of writing a secret's name that the header
 * promises, alone and wrapped up to three times over; random bytes for crashes. */
#include "mocks/journal_scrub.h"

#include <ctype.h>

#include "providers/http.h"
#include "tests/support.h"

static void names_of_secrets_are_told_from_others(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool secret;
    } rows[] = {
        {"Authorization", true},
        {"AUTHORIZATION", true},
        {"Proxy-Authorization", true},
        {"Id-Token", true},
        {"id_token", true},
        {"WM_SEC.AUTH_SIGNATURE", true},
        {"wm_sec.access_token", true},
        {"WM_SEC.KEY_VERSION", true}, /* all of WM_SEC */
        {"client_secret", true},
        {"Client_Secret", true},
        {"clientSecret", true},
        {"clientsecret", true},
        {"CLIENT-SECRET", true},
        {"client%5Fsecret", true},
        {"client%255fsecret", true},
        {"client_%73ecret", true},
        {"\\u0063lient_\\u0073ecret", true},
        {"access_token", true},
        {"refresh_token", true},
        {"token", true},
        {"auth[token]", true},
        {"key", true},
        {"KEY", true},
        {"api_key", true},
        {"apikey", true},
        {"aPiKeY", true},
        {"X-Api-Key", true},
        {"myKey", true},
        {"MYKey", true},
        {"Ocp-Apim-Subscription-Key", true},
        {"keys", true},
        {"password", true},
        {"X-Auth", true},
        {"sig", true},
        {"client_assertion", true},
        {"Ocp Apim Key", true},

        {"", false},
        {"client_id", false},
        {"WM_CONSUMER.ID", false},
        {"grant_type", false},
        {"filter.term", false},
        {"Turkey", false},
        {"TURKEY", false},
        {"monkey", false},
        {"keyword", false},
        {"key_version", false},
        {"keyId", false},
        {"author", false},
        {"Accept", false},
        {"Content-Type", false},
        {"User-Agent", false},
        {"design", false},
        {"user_latitude", false},
        {"Cookie", false}, /* in a cart; as a header's name see below */
        {"\xC3\xBC", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW(rows[i].name, scrub_name_is_secret(BYTES_OF(rows[i].name)) == rows[i].secret);
    }
    assert_true(scrub_header_is_secret(BYTES_OF("Cookie")));
    assert_true(scrub_header_is_secret(BYTES_OF("set-cookie")));
    assert_true(scrub_header_is_secret(BYTES_OF("authorization")));
    assert_false(scrub_header_is_secret(BYTES_OF("Cookies-Accepted")));
}

static void a_name_too_long_to_be_honest_is_hidden(void **state)
{
    (void)state;
    char name[200];
    memset(name, 'a', sizeof name);
    assert_false(scrub_name_is_secret(name, 96));
    assert_true(scrub_name_is_secret(name, 97));
    memcpy(name, "secret", 6);
    assert_true(scrub_name_is_secret(name, sizeof name));
}

static void values_that_give_themselves_away(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool tells;
    } rows[] = {
        {"Basic aWQ6c2VjcmV0", true},
        {"bearer abc", true},
        {"  BEARER abc", true},
        {"Bearer%20abc", true},
        {"Basic+abc", true},
        {"keys.abcdef", true},
        {"-----BEGIN PRIVATE KEY-----", true},
        {"%2D%2D%2D%2D%2DBEGIN RSA", true},
        {"https://x.example/?a=1&access_token=abc", true},
        {"https%3A%2F%2Fx.example%2F%3Faccess_token%3Dabc", true},
        {"https%253A%252F%252Fx.example%252F%253Faccess_token%253Dabc", true},
        {"https%25253A%25252F%25252Fx%25252F%25253Faccess_token%25253Dabc", true},
        {"1;client_secret=abc", true},
        {"{\"client_secret\":\"abc\"}", true},
        {"{\"client_secret\" : \"abc\"}", true},
        {"{\"client\\u005fsecret\":\"abc\"}", true},
        {"{'apiKey': 'abc'}", true},
        {"Authorization: x", true},
        {"auth[token]=x", true},

        {"", false},
        {"Basic", false},
        {"basics of cooking", false},
        {"bearers", false},
        {"token ring", false},
        {"secret", false},
        {"application/json", false},
        {"127.0.0.1:8080", false},
        {"https://goto.example/c?item=5", false},
        {"{\"Whole Milk\":2,\"Turkey\":1,\"Secret Deodorant\":1}", false},
        {"2026-03-02T18:05:00.000Z", false},
        {"100%", false},
        {"50% off: milk", false},
        {"a\\", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW(rows[i].value, scrub_value_tells(BYTES_OF(rows[i].value)) == rows[i].tells);
    }
}

static char *scrubbed(enum scrub_form form, const char *text, size_t length)
{
    struct text out = {0};
    journal_scrub(form, text, length, &out);
    char *const bytes = text_take(&out);
    assert_non_null(bytes);
    return bytes;
}

static void whole_texts_keep_all_but_their_secrets(void **state)
{
    (void)state;
    static const struct {
        enum scrub_form form;
        const char *text, *expected;
    } rows[] = {
        {SCRUB_FORM, "", ""},
        {SCRUB_FORM, "grant_type=client_credentials&scope=product.compact",
         "grant_type=client_credentials&scope=product.compact"},
        {SCRUB_FORM, "client_id=me&client_secret=hush&x=1",
         "client_id=me&client_secret=[hidden]&x=1"},
        {SCRUB_FORM, "CLIENT%5fSECRET=hush", "CLIENT%5fSECRET=[hidden]"},
        {SCRUB_FORM, "client_secret=hu=sh;hush", "client_secret=[hidden]"},
        {SCRUB_FORM, "a=1;client_secret=hush&b=2", "a=[hidden]&b=2"},
        {SCRUB_FORM, "token=&key=", "token=[hidden]&key=[hidden]"},
        {SCRUB_FORM, "key", "key"},
        {SCRUB_FORM, "&&a=1&", "&&a=1&"},
        {SCRUB_FORM, "=milk", "=milk"},
        {SCRUB_FORM, "client_secret:hush", "[hidden]"},
        {SCRUB_FORM, "a%3Ftoken%3Dhush=1", "[hidden]"},
        {SCRUB_FORM, "query=%7B%22Whole+Milk%22%3A2%7D&user_zipcode=94107",
         "query=%7B%22Whole+Milk%22%3A2%7D&user_zipcode=94107"},
        {SCRUB_FORM, "{\"client_secret\":\"hush\"}", "[hidden]"}, /* JSON that is sent as a form */

        {SCRUB_HEADERS, "", ""},
        {SCRUB_HEADERS, "Accept: a/b\nAuthorization: Basic hush\nX: y",
         "Accept: a/b\nAuthorization: [hidden]\nX: y\n"},
        {SCRUB_HEADERS, "Accept: a/b\r\nid-token: a:hush\r\n\r\n",
         "Accept: a/b\nid-token: [hidden]\n\n"},
        {SCRUB_HEADERS, "Authorization : hush", "Authorization : [hidden]\n"},
        {SCRUB_HEADERS, "X-Debug: Bearer hush", "X-Debug: [hidden]\n"},
        {SCRUB_HEADERS, "X-Note: Bearer\n hush\nAccept: a", "X-Note: [hidden]\nAccept: a\n"},
        {SCRUB_HEADERS, "Authorization:\n\thush\n\thush", "Authorization: [hidden]\n"},
        {SCRUB_HEADERS, "Referer: https://x/?token=hush", "Referer: [hidden]\n"},
        {SCRUB_HEADERS, "GET /x?access_token=hush HTTP/1.1\nHost: x", "[hidden]\nHost: x\n"},
        {SCRUB_HEADERS, "WM_SEC.AUTH_SIGNATURE: hush\nWM_CONSUMER.ID: 1-2",
         "WM_SEC.AUTH_SIGNATURE: [hidden]\nWM_CONSUMER.ID: 1-2\n"},
        {SCRUB_HEADERS, "Cookie: a=hush", "Cookie: [hidden]\n"},

        {SCRUB_JSON, "{ \"client_id\": \"me\", \"client_secret\": \"hush\", \"n\": 1.5 }",
         "{\"client_id\":\"me\",\"client_secret\":\"[hidden]\",\"n\":1.5}"},
        {SCRUB_JSON, "{\"a\":[{\"TOKEN\":{\"deep\":[\"hush\"]}},true,false,null]}",
         "{\"a\":[{\"TOKEN\":\"[hidden]\"},true,false,null]}"},
        {SCRUB_JSON, "{\"client\\u005fsecret\":\"hush\",\"key\":7}",
         "{\"client_secret\":\"[hidden]\",\"key\":\"[hidden]\"}"},
        {SCRUB_JSON, "{\"url\":\"https://x/?access_token=hush\"}", "{\"url\":\"[hidden]\"}"},
        {SCRUB_JSON, "{\"inner\":\"{\\\"client_secret\\\":\\\"hush\\\"}\"}",
         "{\"inner\":\"[hidden]\"}"},
        {SCRUB_JSON, "{\"?token=hush\":1}", "{\"[hidden]\":\"[hidden]\"}"},
        {SCRUB_JSON, "{\"note\":\"a\\u0000b\"}", "[hidden]"}, /* would be shown in part */
        {SCRUB_JSON, "[\"Bearer hush\",\"milk\"]", "[\"[hidden]\",\"milk\"]"},
        {SCRUB_JSON, "{\"Turkey\":2,\"Cookie\":1}", "{\"Turkey\":2,\"Cookie\":1}"},
        {SCRUB_JSON, "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"},
        {SCRUB_JSON, "\"milk\" \n", "\"milk\""},
        {SCRUB_JSON, "", "[hidden]"},
        {SCRUB_JSON, "{\"client_secret\":\"hush", "[hidden]"},       /* cut short */
        {SCRUB_JSON, "{\"a\":1} client_secret=hush", "[hidden]"},    /* with a tail */
        {SCRUB_JSON, "grant_type=x&client_secret=hush", "[hidden]"}, /* a form sent as JSON */
        {SCRUB_JSON, "<html>hush</html>", "[hidden]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *const is = scrubbed(rows[i].form, BYTES_OF(rows[i].text));
        CHECK_ROW_TEXT(rows[i].text, is, rows[i].expected);
        CHECK_ROW(rows[i].text, strstr(is, "hush") == NULL);
        char *const again = scrubbed(rows[i].form, BYTES_OF(is));
        CHECK_ROW_TEXT(rows[i].text, again, is); /* there is nothing left to hide */
        free(again);
        free(is);
    }
}

static void a_nul_byte_does_not_end_the_search(void **state)
{
    (void)state;
    static const char form[] = "a\0b=1&client_secret=hush";
    struct text out = {0};
    journal_scrub(SCRUB_FORM, form, sizeof form - 1, &out);
    assert_int_equal(out.length, sizeof "a\0b=1&client_secret=[hidden]" - 1);
    assert_memory_equal(out.bytes, "a\0b=1&client_secret=[hidden]", out.length);
    text_release(&out);
    static const char json[] = "{\"a\":1}\0{\"client_secret\":\"hush\"}";
    journal_scrub(SCRUB_JSON, json, sizeof json - 1, &out);
    assert_string_equal(out.bytes, "[hidden]");
    text_release(&out);
}

/* ---- the canary ------------------------------------------------------------------------------ */

static const char canary[] = "Canary5Yellow";

static uint64_t draw(uint64_t round, uint64_t *step)
{
    return test_bits(round, (*step)++);
}

/* A secret's name in one of its many spellings. */
static void spell_name(struct text *to, uint64_t round, uint64_t *step)
{
    static const char *const names[] = {"client_secret", "access_token", "Id-Token",
                                        "api-key",       "key",          "token",
                                        "password",      "refreshToken", "WM_SEC.ACCESS_TOKEN",
                                        "Authorization"};
    const char *const name = names[draw(round, step) % (sizeof names / sizeof *names)];
    const uint64_t change = draw(round, step) % 3;
    for (const char *c = name; *c != '\0'; c++) {
        char letter = *c;
        if (change == 1) letter = (char)toupper((unsigned char)letter);
        if (change == 2) letter = (char)tolower((unsigned char)letter);
        text_char(to, letter);
    }
}

enum wrapping { WRAP_PERCENT, WRAP_FORM, WRAP_JSON, WRAP_URL, WRAP_COUNT };

/* Puts what is in `text` inside of something else, as a value under an innocent name. */
static void wrap(struct text *text, enum wrapping wrapping)
{
    char *const inner = text_take(text);
    switch (wrapping) {
    case WRAP_PERCENT:
        http_encode(text, inner);
        break;
    case WRAP_FORM:
        text_put(text, "page=2&filter.term=");
        http_encode(text, inner);
        text_put(text, "&size=5");
        break;
    case WRAP_JSON:
        text_put(text, "{\"note\":");
        text_json_string(text, inner);
        text_put(text, ",\"n\":1}");
        break;
    case WRAP_URL:
        text_put(text, "https://shop.example/find?q=");
        http_encode(text, inner);
        break;
    case WRAP_COUNT:
        fail();
    }
    free(inner);
}

static void write_pair(struct text *text, bool as_json, uint64_t round, uint64_t *step)
{
    if (as_json) text_put(text, "{\"");
    spell_name(text, round, step);
    text_put(text, as_json ? "\":\"" : "=");
    text_put(text, canary);
    if (as_json) text_put(text, "\"}");
}

static void a_canary_never_sings_however_it_is_wrapped(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 20000; round++) {
        uint64_t step = 0;
        struct text text = {0};
        write_pair(&text, draw(round, &step) % 2 == 0, round, &step);
        const uint64_t wraps = draw(round, &step) % 3;
        unsigned encodings = 0;
        for (uint64_t w = 0; w < wraps; w++) {
            const enum wrapping wrapping = (enum wrapping)(draw(round, &step) % WRAP_COUNT);
            encodings += wrapping != WRAP_JSON;
            wrap(&text, wrapping);
        }
        assert_true(encodings <= 2);
        char *const tale = text_take(&text);

        static const char *const fronts[] = {"a=", "X-Note: ", ""};
        for (int form = SCRUB_FORM; form <= SCRUB_JSON; form++) {
            text_put(&text, fronts[form]);
            if (form == SCRUB_FORM) {
                http_encode(&text, tale);
            } else if (form == SCRUB_JSON) {
                text_json_string(&text, tale);
            } else {
                text_put(&text, tale);
            }
            char *const is = scrubbed((enum scrub_form)form, BYTES_OF(text.bytes));
            if (strstr(is, canary) != NULL) {
                print_error("round %llu: %s\n  is: %s\n", (unsigned long long)round, text.bytes,
                            is);
                fail();
            }
            free(is);
            text_release(&text);
        }
        free(tale);
    }
}

static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    static const char alphabet[] = "%%%25673dDu\\\\\"\"{}[]:=&;, \n\r\tkeyTOKEN._-\xC3\xBC\0";
    for (uint64_t round = 0; round < 20000; round++) {
        char bytes[64];
        const size_t length = test_bits(round, 1000) % sizeof bytes;
        char *const exact = malloc(length + 1); /* so that the sanitizer sees one byte too many */
        assert_non_null(exact);
        for (size_t i = 0; i < length; i++)
            bytes[i] = alphabet[test_bits(round, i) % (sizeof alphabet - 1)];
        memcpy(exact, bytes, length);
        struct text out = {0};
        for (int form = SCRUB_FORM; form <= SCRUB_JSON; form++) {
            journal_scrub((enum scrub_form)form, exact, length, &out);
        }
        assert_false(out.failed);
        text_release(&out);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_secrets_are_told_from_others),
        cmocka_unit_test(a_name_too_long_to_be_honest_is_hidden),
        cmocka_unit_test(values_that_give_themselves_away),
        cmocka_unit_test(whole_texts_keep_all_but_their_secrets),
        cmocka_unit_test(a_nul_byte_does_not_end_the_search),
        cmocka_unit_test(a_canary_never_sings_however_it_is_wrapped),
        cmocka_unit_test(random_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
