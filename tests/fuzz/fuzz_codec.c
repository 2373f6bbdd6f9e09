/* Every provider's decoder on any bytes: no crash, no leak, and what is called good can be used.
 *
 * The first byte chooses the API, the second the operation, the third the status and whether the
 * body was cut; the rest is the body. Whatever comes out of a good reply goes back into the next
 * requests, which a server must be able to read. What is explained fits, is UTF-8, holds no control
 * character and no secret. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "providers/codec.h"
#include "router/base/random.h"
#include "router/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    enum provider provider;
    enum api api;
} apis[] = {
    {PROVIDER_KROGER_API, API_STANDARD},      {PROVIDER_MEALME, API_STANDARD},
    {PROVIDER_WALMART_API, API_STANDARD},     {PROVIDER_INSTACART, API_STANDARD},
    {PROVIDER_WALMART_API, API_ACCESS_TOKEN}, {PROVIDER_INSTACART, API_DEVELOPER},
};
enum { APIS = sizeof apis / sizeof *apis, LINES = 4 };

static const char secret[] = "hunter2";
static const struct credential credential = {.id = "client-9", .secret = secret, .fingerprint = 1};

static const struct order_request *some_order(void)
{
    static struct order_item items[LINES] = {
        {.name = "Whole Milk", .quantity = 2},
        {.name = "a", .quantity = 1},
        {.name = "50% \"off\" \xFF", .quantity = UINT32_MAX},
        {.name = "Whole Milk", .quantity = 3},
    };
    static const struct order_request order = {
        .items = items, .item_count = LINES, .postal_code = "45202"};
    for (unsigned i = 0; i < LINES; i++)
        items[i].name_hash = random_hash_text(items[i].name);
    return &order;
}

static bool has_operation(enum provider provider, enum api api, enum operation operation)
{
    return operation == OPERATION_TOKEN ? api_has_tokens(provider, api)
                                        : operation_exists(provider, operation);
}

static void check_money(int64_t cents)
{
    assert(cents >= 0);
    assert(cents <= 4 * (int64_t)CODEC_CENTS_MAX);
}

static void check_quote(const struct reply *reply)
{
    check_money(reply->as.quote.subtotal_cents);
    check_money(reply->as.quote.fee_cents);
    check_money(reply->as.quote.tax_cents);
    assert(reply->as.quote.eta_minutes_min >= 0 && reply->as.quote.eta_minutes_max >= 0);
    assert(reply->as.quote.found + reply->as.quote.substituted <= LINES);
}

static void check_cart(const struct reply *reply)
{
    unsigned lines = 0;
    assert(reply->as.cart.cart != 0);
    assert(reply->as.cart.lines[0] < 1u << LINES);
    for (unsigned i = 0; i < LINES; i++)
        lines += line_is_in(reply->as.cart.lines, i);
    assert(reply->as.cart.found + reply->as.cart.substituted == (int)lines);
    assert(reply->as.cart.subtotal_cents >= 0);
    assert((reply->as.cart.subtotal_cents == 0) == (lines == 0));
}

/* Takes what a good reply holds into the calls that follow. */
static void check_good(const struct reply *reply, struct call *call)
{
    switch (call->operation) {
    case OPERATION_TOKEN:
        assert(reply->as.token.value != 0 && reply->as.token.life_us >= 0);
        call->token = reply->as.token.value;
        return;
    case OPERATION_STORE:
        assert(reply->as.store.found || reply->as.store.store == 0);
        call->store = reply->as.store.store;
        return;
    case OPERATION_SEARCH:
        assert(reply->as.product.found == (reply->as.product.unit_cents > 0));
        assert(reply->as.product.found || !reply->as.product.exact);
        check_money(reply->as.product.unit_cents);
        return;
    case OPERATION_CART:
        check_cart(reply);
        call->cart = reply->as.cart.cart;
        return;
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
        check_quote(reply);
        return;
    case OPERATION_SLOTS:
    case OPERATION_CONFIRM:
    case OPERATION_HEALTH:
        return;
    case OPERATION_COUNT:
        break;
    }
    assert(false);
}

static void check_requests(struct codec *codec, enum api api, struct call call)
{
    static char storage[HTTP_VIEW_BYTES_MAX];
    struct http_request request = {0};
    for (enum operation operation = 0; operation < OPERATION_COUNT; operation++) {
        if (!has_operation(call.provider, api, operation)) continue;
        struct err err = {0};
        struct http_view view = {.storage = storage};
        call.operation = operation;
        assert(codec_encode(codec, &call, &request, &err));
        assert(request.target.length < HTTP_VIEW_BYTES_MAX / 2);
        assert(http_view_make(&request, &view));
        assert(http_view_header(&view, CODEC_KEY_HEADER) != NULL);
        assert(view.header_count <= 7);
    }
    http_request_release(&request);
}

static void check_explanation(const struct codec *codec, const struct http_response *response)
{
    char text[CODEC_EXPLAIN_MAX];
    memset(text, 'x', sizeof text);
    codec_explain(codec, response, text);
    assert(memchr(text, '\0', sizeof text) != NULL);
    const size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        const unsigned step = utf8_read(text + at, length - at, &code);
        assert(step != 0);
        assert(code >= 0x20 && (code < 0x7F || code > 0x9F));
        at += step;
    }
    assert(strstr(text, secret) == NULL);
    assert(strstr(text, credential.id) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t statuses[] = {200, 202, 204, 400, 401, 420, 503, 0};
    enum { CHOICES = 3 };
    if (size < CHOICES) return 0;
    const struct codec_setup setup = {.provider = apis[data[0] % APIS].provider,
                                      .api = apis[data[0] % APIS].api,
                                      .declared_mock = true};
    const enum operation operation = (enum operation)(data[1] % OPERATION_COUNT);
    if (!has_operation(setup.provider, setup.api, operation)) return 0;
    struct err err;
    struct codec *const codec = codec_create(&setup, &err);
    assert(codec != NULL);
    struct call call = {.provider = setup.provider,
                        .operation = operation,
                        .request = some_order(),
                        .credential = &credential};
    struct http_response response = {.status = statuses[data[2] % 8],
                                     .truncated = (data[2] & 0x80) != 0};
    text_append(&response.body, (const char *)data + CHOICES, size - CHOICES);
    struct reply reply = {.fate = CALL_ANSWERED};
    codec_decode(codec, &call, &response, &reply);
    const bool good = reply.body == BODY_GOOD;
    assert(!good || (response.status >= 200 && response.status <= 299 && !response.truncated));
    if (good) check_good(&reply, &call);
    check_requests(codec, setup.api, call);
    check_explanation(codec, &response);
    codec_forget_cart(codec, call.cart);
    http_response_release(&response);
    codec_destroy(codec);
    return 0;
}
