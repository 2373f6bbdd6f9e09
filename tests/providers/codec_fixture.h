/* tests/providers/codec_fixture.h - one codec, one order and a call, for the tests of the codecs.
 *
 * The order has four lines, two of them of one name, and names that need every kind of encoding.
 * The codec speaks to a declared mock unless a test says otherwise. Replies are given as texts, or
 * by the name of a sample: a body in the documented shape under tests/providers/samples/.
 *
 * Ownership: fixture_close() frees everything; texts handed out live until the next of their kind.
 */
#ifndef TESTS_PROVIDERS_CODEC_FIXTURE_H
#define TESTS_PROVIDERS_CODEC_FIXTURE_H

#include "providers/codec.h"
#include "router/base/duration.h"
#include "router/base/json.h"
#include "tests/support.h"

#define FIXTURE_EPOCH_US  (INT64_C(1717718400) * US_PER_SECOND) /* 2024-06-07, 00:00 UTC */
#define FIXTURE_ORDER_KEY UINT64_C(0x0123456789ABCDEF)
#define FIXTURE_KEY_LINE  "X-Routesim-Call: 0123456789abcdef-7-0-0-1500250-"

enum { FIXTURE_LINES = 4 };

struct codec_fixture {
    struct codec *codec;
    struct codec_setup setup;
    struct order_item items[FIXTURE_LINES];
    struct order_request order;
    struct credential credential;
    struct call call; /* every test's starting point */
    struct http_request request;
    struct http_response response;
    struct text shown;  /* the request as fixture_encode() shows it */
    struct text sample; /* the sample read last */
};

static inline void fixture_open_setup(struct codec_fixture *fixture,
                                      const struct codec_setup *setup)
{
    static const char *const names[FIXTURE_LINES] = {
        "Whole Milk", "Ben & Jerry's 50% \"Half\" Baked", "Cr\xC3\xA8me\n+/?#", "Whole Milk"};
    static const uint32_t quantities[FIXTURE_LINES] = {2, 1, 3, 1};
    *fixture = (struct codec_fixture){.setup = *setup};
    struct err err = {0};
    fixture->codec = codec_create(setup, &err);
    if (fixture->codec == NULL) fail_msg("%s", err.message);
    for (uint32_t i = 0; i < FIXTURE_LINES; i++) {
        fixture->items[i] = (struct order_item){.name = names[i],
                                                .name_hash = random_hash_text(names[i]),
                                                .product = ORDER_PRODUCT_UNKNOWN,
                                                .quantity = quantities[i]};
    }
    fixture->order = (struct order_request){.items = fixture->items,
                                            .item_count = FIXTURE_LINES,
                                            .postal_code = "45202",
                                            .user_id = "customer-1"};
    fixture->credential =
        (struct credential){.id = "the id", .secret = "s3cret/+", .fingerprint = 1};
    fixture->call = (struct call){.provider = setup->provider,
                                  .order_key = FIXTURE_ORDER_KEY,
                                  .order_index = 7,
                                  .sent_us = 1500250,
                                  .request = &fixture->order,
                                  .credential = &fixture->credential};
}

static inline void fixture_open(struct codec_fixture *fixture, enum provider provider, enum api api)
{
    const struct codec_setup setup = {
        .provider = provider, .api = api, .declared_mock = true, .epoch_us = FIXTURE_EPOCH_US};
    fixture_open_setup(fixture, &setup);
}

static inline void fixture_close(struct codec_fixture *fixture)
{
    codec_destroy(fixture->codec);
    http_request_release(&fixture->request);
    http_response_release(&fixture->response);
    text_release(&fixture->shown);
    text_release(&fixture->sample);
}

static inline bool fixture_try(struct codec_fixture *fixture, enum operation operation,
                               struct err *err)
{
    fixture->call.operation = operation;
    return codec_encode(fixture->codec, &fixture->call, &fixture->request, err);
}

/* The request of an operation of `fixture->call`: "GET /path?query", a line a header, and behind
 * an empty line "type: body" if it has one. */
static inline const char *fixture_encode(struct codec_fixture *fixture, enum operation operation)
{
    struct err err = {0};
    const struct http_request *const request = &fixture->request;
    if (!fixture_try(fixture, operation, &err)) fail_msg("%s", err.message);
    struct text *const shown = &fixture->shown;
    text_clear(shown);
    text_format(shown, "%s %s\n", http_method_names[request->method], request->target.bytes);
    text_append(shown, request->headers.bytes, request->headers.length);
    if (request->content_type != NULL) {
        text_format(shown, "\n%s: %s", request->content_type, request->body.bytes);
    }
    return shown->bytes;
}

static inline struct reply fixture_decode_bytes(struct codec_fixture *fixture,
                                                enum operation operation, uint16_t status,
                                                const char *bytes, size_t length)
{
    struct reply reply;
    memset(&reply, 0xA5, sizeof reply);
    reply.fate = CALL_ANSWERED;
    reply.latency_us = 12345;
    fixture->call.operation = operation;
    http_response_clear(&fixture->response);
    fixture->response.status = status;
    text_append(&fixture->response.body, bytes, length);
    codec_decode(fixture->codec, &fixture->call, &fixture->response, &reply);
    assert_int_equal(reply.http_status, status);
    assert_int_equal(reply.fate, CALL_ANSWERED);
    assert_int_equal(reply.latency_us, 12345);
    return reply;
}

static inline struct reply fixture_decode(struct codec_fixture *fixture, enum operation operation,
                                          uint16_t status, const char *body)
{
    return fixture_decode_bytes(fixture, operation, status, body, strlen(body));
}

static inline const char *fixture_sample(struct codec_fixture *fixture, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/providers/samples/%s.json", name);
    size_t length;
    struct err err = {0};
    char *const bytes = json_load(path, 65536, &length, &err);
    if (bytes == NULL) fail_msg("%s: %s", path, err.message);
    while (length > 0 && bytes[length - 1] == '\n')
        length--; /* so that each shorter text is a broken one */
    text_clear(&fixture->sample);
    text_append(&fixture->sample, bytes, length);
    free(bytes);
    return fixture->sample.bytes;
}

static inline struct reply fixture_decode_sample(struct codec_fixture *fixture,
                                                 enum operation operation, uint16_t status,
                                                 const char *name)
{
    return fixture_decode(fixture, operation, status, fixture_sample(fixture, name));
}

static inline const char *fixture_explain(struct codec_fixture *fixture, uint16_t status,
                                          const char *body)
{
    static char text[CODEC_EXPLAIN_MAX];
    http_response_clear(&fixture->response);
    fixture->response.status = status;
    text_put(&fixture->response.body, body);
    memset(text, 'x', sizeof text);
    codec_explain(fixture->codec, &fixture->response, text);
    assert_true(memchr(text, '\0', sizeof text) != NULL);
    return text;
}

/* A reply's payload with nothing in it. */
static inline bool fixture_is_blank(const struct reply *reply)
{
    static const struct reply blank;
    return memcmp(&reply->as, &blank.as, sizeof blank.as) == 0;
}

static inline void fixture_forget(struct codec_fixture *fixture, const struct reply *reply)
{
    if (fixture->call.operation == OPERATION_CART) {
        codec_forget_cart(fixture->codec, reply->as.cart.cart);
    }
}

/* A good body is good; cut at any byte it is malformed, and so are a page of HTML, nothing at all,
 * an error inside, and the like. Cut on the wire it is truncated, under another status unread. */
static inline void fixture_check_guards(struct codec_fixture *fixture, enum operation operation,
                                        const char *good)
{
    static const char *const bad[] = {
        "<!doctype html><title>503</title>",
        "{}}",
        "null",
        "12",
        "\"text\"",
        "[[]",
        "{\"error\":\"unauthorized\",\"error_description\":\"no\"}",
        "{\"errors\":{\"code\":\"X-1\",\"reason\":\"no\"}}",
        "{\"errors\":[{\"code\":4002,\"message\":\"no\"}]}",
        "{\"error\":{\"message\":\"no\",\"code\":1001}}",
    };
    char *const body = strdup(good);
    assert_non_null(body);
    struct reply reply = fixture_decode(fixture, operation, 200, body);
    CHECK_ROW(body, reply.body == BODY_GOOD);
    fixture_forget(fixture, &reply);
    for (size_t length = 1; length < strlen(body); length++) {
        reply = fixture_decode_bytes(fixture, operation, 200, body, length);
        CHECK_ROW(body, reply.body == BODY_MALFORMED);
        CHECK_ROW(body, fixture_is_blank(&reply));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        reply = fixture_decode(fixture, operation, 200, bad[i]);
        CHECK_ROW(bad[i], reply.body == BODY_MALFORMED);
        CHECK_ROW(bad[i], fixture_is_blank(&reply));
    }
    /* A NUL behind, and within where only whitespace stood. */
    reply = fixture_decode_bytes(fixture, operation, 200, body, strlen(body) + 1);
    CHECK_ROW(body, reply.body == BODY_MALFORMED);

    http_response_clear(&fixture->response);
    fixture->response.status = 200;
    fixture->response.truncated = true;
    fixture->response.retry_after_s = 3;
    text_put(&fixture->response.body, body);
    codec_decode(fixture->codec, &fixture->call, &fixture->response, &reply);
    CHECK_ROW(body, reply.body == BODY_TRUNCATED && fixture_is_blank(&reply));
    assert_int_equal(reply.retry_after_s, 3);

    static const uint16_t others[] = {0, 100, 199, 300, 302, 400, 401, 420, 429, 500, 599};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        reply = fixture_decode(fixture, operation, others[i], body);
        CHECK_ROW(body, reply.body == BODY_EMPTY && fixture_is_blank(&reply));
    }
    free(body);
}

#endif
