/* Keys of requests. Goal: the same request has the same key however it is spelled, another request
 * has another, and the key of what a cassette keeps is that of what was sent. Method: rows a person
 * can check; then random JSON and random pairs, spelled in two ways each. */
#include "providers/cassette_key.h"

#include "providers/cassette_scrub.h"
#include "tests/support.h"

static char *key_of(enum provider provider, const char *method, const char *target,
                    const char *content_type, const char *body)
{
    const struct key_request request = {.provider = provider,
                                        .method = method,
                                        .target = target,
                                        .target_length = strlen(target),
                                        .content_type = content_type,
                                        .body = body,
                                        .body_length = strlen(body)};
    struct text key = {0};
    cassette_key(&request, &key);
    return text_take(&key);
}

static void check_pair(const char *label, const char *one, const char *other, bool equal)
{
    if ((strcmp(one, other) == 0) != equal) print_error("%s\n%s\n", one, other);
    CHECK_ROW(label, (strcmp(one, other) == 0) == equal);
}

static void targets_are_compared_by_what_they_mean(void **state)
{
    (void)state;
    static const struct {
        const char *label, *one, *other;
        bool equal;
    } rows[] = {
        {"itself", "/v1/products?a=1", "/v1/products?a=1", true},
        {"pairs in another order", "/p?a=1&b=2", "/p?b=2&a=1", true},
        {"pairs of one name keep theirs", "/p?a=1&a=2", "/p?a=2&a=1", false},
        {"escaped or not", "/p/x%7ey?q=%6Dilk", "/p/x~y?q=milk", true},
        {"digits of an escape in any case", "/p?q=%c3%a9", "/p?q=%C3%A9", true},
        {"a plus in a query is a space", "/p?q=whole+milk", "/p?q=whole%20milk", true},
        {"a plus in a path is none", "/p/a+b", "/p/a%20b", false},
        {"a slash within a segment", "/p/a%2Fb", "/p/a/b", false},
        {"an ampersand within a value", "/p?a=1%26b%3D2", "/p?a=1&b=2", false},
        {"no query", "/p?", "/p", true},
        {"empty pairs", "/p?a=1&&b=2&", "/p?a=1&b=2", true},
        {"another path", "/v1/products", "/v1/locations", false},
        {"another value", "/p?q=milk", "/p?q=eggs", false},
        {"another name", "/p?q=milk", "/p?r=milk", false},
        {"case matters", "/p?q=Milk", "/p?q=milk", false},
        {"one more pair", "/p?q=milk", "/p?q=milk&limit=1", false},
        {"a credential", "/p?q=milk&api_key=abc", "/p?q=milk&api_key=def", true},
        {"a credential or none", "/p?q=milk&access_token=abc", "/p?q=milk", true},
        {"a timestamp", "/p?q=milk&timestamp=1", "/p?timestamp=2&q=milk", true},
        {"a correlation id", "/p?q=a&correlationId=x", "/p?q=a&correlationId=y", true},
        {"the customer", "/p?q=a&user_street_name=Elm", "/p?q=a&user_street_name=Oak", true},
        {"the customer's town", "/p?user_zipcode=45202", "/p?user_zipcode=94107", false},
        {"JSON in a query", "/p?query=%7B%22Milk%22:2,%22Eggs%22:1%7D",
         "/p?query=%7B%22Eggs%22%3A%201%2C%22Milk%22%3A2%7D", true},
        {"other JSON in a query", "/p?query=%7B%22Milk%22:2%7D", "/p?query=%7B%22Milk%22:3%7D",
         false},
        {"a bad escape is text", "/p?q=100%", "/p?q=100%25", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *one = key_of(PROVIDER_KROGER_API, "GET", rows[i].one, NULL, "");
        char *other = key_of(PROVIDER_KROGER_API, "GET", rows[i].other, NULL, "");
        check_pair(rows[i].label, one, other, rows[i].equal);
        free(one);
        free(other);
    }
}

static void bodies_are_compared_by_what_they_mean(void **state)
{
    (void)state;
    static const char json[] = "application/json";
    static const char form[] = "application/x-www-form-urlencoded";
    static const struct {
        const char *label, *type, *one, *other;
        bool equal;
    } rows[] = {
        {"members in another order", json, "{\"a\":1,\"b\":[true,null]}",
         "{ \"b\" : [ true , null ] , \"a\" : 1 }", true},
        {"members of members", json, "{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":2,\"x\":1}}",
         true},
        {"elements keep their order", json, "[1,2]", "[2,1]", false},
        {"numbers as they are written", json, "{\"a\":1.0}", "{\"a\":1}", false},
        {"and all their digits", json, "{\"a\":12345678901234567890}",
         "{\"a\":12345678901234567891}", false},
        {"characters escaped or not", json, "{\"a\":\"\\u00e9\\/\"}", "{\"a\":\"\xC3\xA9/\"}",
         true},
        {"a quote within a text", json, "{\"a\":\"\\\",\\\"b\\\":\\\"\"}",
         "{\"a\":\"\",\"b\":\"\"}", false},
        {"a text is no number", json, "{\"a\":\"1\"}", "{\"a\":1}", false},
        {"another name", json, "{\"a\":1}", "{\"b\":1}", false},
        {"a name is no value", json, "{\"a\":\"b\"}", "{\"b\":\"a\"}", false},
        {"empty ones", json, "{\"a\":[]}", "{\"a\":{}}", false},
        {"no JSON counts byte by byte", json, "{\"a\":1", "{ \"a\":1", false},
        {"nor does anything behind it", json, "{\"a\":1} x", "{\"a\":1}", false},
        {"a comma too many", json, "{\"a\":1,}", "{\"a\":1}", false},
        {"a leading zero", json, "[01]", "[ 01]", false},
        {"credentials", json, "{\"client_id\":\"a\",\"client_secret\":\"b\",\"scope\":\"s\"}",
         "{\"scope\":\"s\",\"client_id\":\"c\",\"client_secret\":\"d\"}", true},
        {"the scope is none", json, "{\"scope\":\"s\"}", "{\"scope\":\"t\"}", false},
        {"who asks", json, "{\"user_email\":\"a@example.invalid\",\"user_phone\":15135550100}",
         "{\"user_email\":\"b@example.invalid\",\"user_phone\":15135550199}", true},
        {"when", json, "{\"requestId\":\"1\",\"sent_at\":5}", "{\"requestId\":\"2\",\"sent_at\":6}",
         true},
        {"form pairs in another order", form, "grant_type=x&scope=y", "scope=y&grant_type=x", true},
        {"form credentials", form, "grant_type=x&client_secret=1", "grant_type=x&client_secret=2",
         true},
        {"another scope", form, "grant_type=x&scope=y", "grant_type=x&scope=z", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *one = key_of(PROVIDER_MEALME, "POST", "/p", rows[i].type, rows[i].one);
        char *other = key_of(PROVIDER_MEALME, "POST", "/p", rows[i].type, rows[i].other);
        check_pair(rows[i].label, one, other, rows[i].equal);
        free(one);
        free(other);
    }
}

static void provider_method_and_media_type_count_and_parameters_do_not(void **state)
{
    (void)state;
    char *const usual = key_of(PROVIDER_MEALME, "POST", "/p", "application/json", "{}");
    char *const parameter =
        key_of(PROVIDER_MEALME, "POST", "/p", "Application/JSON ; charset=utf-8", "{}");
    char *const type = key_of(PROVIDER_MEALME, "POST", "/p", "text/plain", "{}");
    char *const method = key_of(PROVIDER_MEALME, "PUT", "/p", "application/json", "{}");
    char *const provider = key_of(PROVIDER_INSTACART, "POST", "/p", "application/json", "{}");
    char *const bodiless = key_of(PROVIDER_MEALME, "POST", "/p", NULL, "");
    check_pair("parameter", usual, parameter, true);
    check_pair("type", usual, type, false);
    check_pair("method", usual, method, false);
    check_pair("provider", usual, provider, false);
    check_pair("no body", usual, bodiless, false);
    free(usual);
    free(parameter);
    free(type);
    free(method);
    free(provider);
    free(bodiless);
}

/* ---- random JSON, spelled twice -------------------------------------------------------------- */

struct source { /* of draws: the same seed, the same document; `spelling` decides the rest */
    uint64_t seed, index;
    uint64_t spelling, spelled;
};

static uint32_t draw(struct source *source, uint32_t limit)
{
    return random_below(test_bits(source->seed, source->index++), limit);
}

static uint32_t spell(struct source *source, uint32_t limit)
{
    return random_below(test_bits(source->spelling, source->spelled++), limit);
}

static void put_spaces(struct source *source, struct text *to)
{
    static const char *const spaces[] = {"", "", "", " ", "\n", "\t  ", "\r\n"};
    text_put(to, spaces[spell(source, 7)]);
}

static void put_text(struct source *source, struct text *to)
{
    static const char *const plain[] = {"a", "Z", "/", "\xC3\xA9", "7", " ", "\xF0\x9F\xA5\x9B"};
    static const char *const escaped[] = {"\\u0061", "\\u005A", "\\/",           "\\u00E9",
                                          "\\u0037", "\\u0020", "\\uD83E\\uDD5B"};
    text_char(to, '"');
    const uint32_t count = draw(source, 6);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t which = draw(source, 9);
        if (which == 7) text_put(to, spell(source, 2) ? "\\n" : "\\u000a");
        if (which == 8) text_put(to, spell(source, 2) ? "\\\"" : "\\u0022");
        if (which < 7) text_put(to, spell(source, 2) ? plain[which] : escaped[which]);
    }
    text_char(to, '"');
}

static void put_json(struct source *source, unsigned depth, struct text *to);

/* Members of different names, written in an order that the spelling decides. */
static void put_object(struct source *source, unsigned depth, struct text *to)
{
    enum { MEMBERS_MAX = 5 };
    struct text members[MEMBERS_MAX] = {{0}};
    const uint32_t count = draw(source, MEMBERS_MAX + 1);
    for (uint32_t i = 0; i < count; i++) {
        put_spaces(source, &members[i]);
        text_format(&members[i], "\"name%u\"", (unsigned)i);
        put_spaces(source, &members[i]);
        text_char(&members[i], ':');
        put_json(source, depth + 1, &members[i]);
    }
    text_char(to, '{');
    const uint32_t first = count > 0 ? spell(source, count) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) text_char(to, ',');
        text_put(to, members[(first + i) % count].bytes);
    }
    put_spaces(source, to);
    text_char(to, '}');
    for (uint32_t i = 0; i < count; i++)
        text_release(&members[i]);
}

static void put_json(struct source *source, unsigned depth, struct text *to)
{
    static const char *const words[] = {"0",     "-1.50e+7", "true",
                                        "false", "null",     "123456789012345"};
    put_spaces(source, to);
    const uint32_t kind = draw(source, depth < 5 ? 5 : 2);
    if (kind == 0) {
        text_put(to, words[draw(source, 6)]);
    } else if (kind == 1) {
        put_text(source, to);
    } else if (kind < 4) {
        put_object(source, depth, to);
    } else {
        text_char(to, '[');
        const uint32_t count = draw(source, 4);
        for (uint32_t i = 0; i < count; i++) {
            if (i > 0) text_char(to, ',');
            put_json(source, depth + 1, to);
        }
        put_spaces(source, to);
        text_char(to, ']');
    }
    put_spaces(source, to);
}

static void spelling_makes_no_difference_to_random_json(void **state)
{
    (void)state;
    uint32_t differing = 0;
    struct text last = {0};
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct text one = {0}, other = {0}, key = {0}, other_key = {0};
        struct source first = {.seed = seed, .spelling = 1000 + seed};
        struct source second = {.seed = seed, .spelling = 5000 + seed};
        put_json(&first, 0, &one);
        put_json(&second, 0, &other);
        assert_true(cassette_key_json(one.bytes, one.length, &key));
        assert_true(cassette_key_json(other.bytes, other.length, &other_key));
        if (strcmp(key.bytes, other_key.bytes) != 0) fail_msg("%s\n%s", one.bytes, other.bytes);
        if (last.bytes != NULL) differing += strcmp(last.bytes, key.bytes) != 0;
        text_clear(&last);
        text_append(&last, key.bytes, key.length);
        text_release(&one);
        text_release(&other);
        text_release(&key);
        text_release(&other_key);
    }
    assert_true(differing > 300); /* it is no constant */
    text_release(&last);
}

static void the_depth_is_limited(void **state)
{
    (void)state;
    for (size_t depth = 60; depth < 70; depth++) {
        struct text nest = {0}, key = {0};
        for (size_t i = 0; i < depth; i++)
            text_char(&nest, '[');
        for (size_t i = 0; i < depth; i++)
            text_char(&nest, ']');
        assert_int_equal(cassette_key_json(nest.bytes, nest.length, &key),
                         depth <= CASSETTE_KEY_DEPTH_MAX + 1);
        assert_true(key.length == 0 || key.length == 2 * depth);
        text_release(&nest);
        text_release(&key);
    }
}

static void a_scrubbed_request_keeps_its_key(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"client_secret\":\"abc123456\",\"scope\":\"x\"}",
        "{\"user_name\":\"Jane "
        "Roe\",\"user_phone\":15135550100,\"items\":[{\"product_id\":\"p\"}]}",
        "{\"password\":{\"old\":1},\"a\":[{\"token\":[1,2]}]}",
        "{\"text\":\"api_key=abcdef123\", \"email\":\"\", \"street\":null}",
        "not JSON: token=abc123456 and Bearer abcdef1234",
        "{\"access_token\":\"abc",
        /* What stands for one value makes the next one look like a secret. */
        "[>mK=+\x99o/\xE2\xF3\x65\x63+:\xCB+\x01\x01wmsec+:\xCB+08\x93:08\xD4\x39\x01 `08",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct scrub_part part = {.bytes = bodies[i], .length = strlen(bodies[i])};
        struct text scrubbed = {0};
        scrubber_write(NULL, &part, &scrubbed);
        char *sent = key_of(PROVIDER_MEALME, "POST", "/p", "application/json", bodies[i]);
        char *kept = key_of(PROVIDER_MEALME, "POST", "/p", "application/json", scrubbed.bytes);
        CHECK_ROW(bodies[i], strcmp(scrubbed.bytes, bodies[i]) != 0);
        CHECK_ROW_TEXT(bodies[i], kept, sent);
        free(sent);
        free(kept);
        text_release(&scrubbed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_compared_by_what_they_mean),
        cmocka_unit_test(bodies_are_compared_by_what_they_mean),
        cmocka_unit_test(provider_method_and_media_type_count_and_parameters_do_not),
        cmocka_unit_test(spelling_makes_no_difference_to_random_json),
        cmocka_unit_test(the_depth_is_limited),
        cmocka_unit_test(a_scrubbed_request_keeps_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
