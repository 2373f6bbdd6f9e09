/* The wire and the direct question. Goal: for every provider and API, what a backend answers to a
 * call is what the codec reads after the call went out as a request, was heard, answered and said
 * as a response. Method: two equal backends in lockstep, one asked directly, the other through
 * codec and dialect; thousands of random calls, credentials, tokens and carts under random faults.
 *
 * Not compared: the numbers of tokens and carts, which are the codec's own, and which of the
 * statuses 200 to 299 it was, for the vendors have theirs. A MealMe quote states no lines; the
 * codec counts those of its cart, so that they are compared where the shelves have not changed
 * since. */
#include "mocks/dialect.h"
#include "mocks/signing.h"
#include "providers/signing.h"

#include "tests/mocks/fixture.h"

enum {
    CALLS = 4000,
    FAULTS = 18,
    GENERATIONS = 2,
    TOKENS = 3, /* the newest ones, which calls choose from */
    LINES_MAX = 12,
    STEP_US = 1500000,
};

static const char *const odd_names[] = {"an unheard-of thing",
                                        "Ben & Jerry's 50% \"Half\" Baked",
                                        "Cr\xC3\xA8me\n+/?#&=",
                                        "tab\tand \\",
                                        "ab",
                                        "one two three four five six seven eight nine",
                                        "\xE7\x89\x9B\xE5\xA5\xB6 \xF0\x9F\xA5\x9B",
                                        "*",
                                        "gr\xC3\xBCner Tee",
                                        "</script>"};
enum { ODD_NAMES = sizeof odd_names / sizeof *odd_names };

static const char *const postal_codes[] = {"45202", "45202-1234",   "K1A 0B1", "1",
                                           "94107", "\xC3\xA4&=+%", "10001",   "60601"};
enum { POSTAL_CODES = sizeof postal_codes / sizeof *postal_codes };

struct cart { /* of the last good CART reply, for the calls that follow it */
    uint64_t order;
    uint64_t lines[LINE_WORDS];
    struct reply reply;
    uint64_t handle; /* the codec's */
    int64_t sent_us;
};

struct pair {
    enum provider provider;
    enum api api;
    struct fixture direct, wired;
    struct dialect *dialect;
    struct codec *codec;
    struct signer *signers[GENERATIONS + 1];
    struct heard heard;
    struct http_request request;
    struct http_view view;
    struct http_response response;
    struct order_item items[LINES_MAX];
    struct order_request order;
    struct credential credentials[GENERATIONS + 2]; /* [0]: a stranger's */
    uint64_t direct_tokens[TOKENS], wired_tokens[TOKENS];
    uint32_t tokens;
    uint32_t store;
    struct cart cart;
    uint32_t good[OPERATION_COUNT], bad_bodies, quotes_compared;
    uint32_t statuses[600];
};

/* ---- two worlds ------------------------------------------------------------------------------ */

static void fill_faults(uint64_t seed, struct fault_spec faults[FAULTS])
{
    static const enum fault_kind kinds[] = {
        FAULT_HANG,    FAULT_ERROR,       FAULT_RESET,     FAULT_THROTTLE,     FAULT_AUTH,
        FAULT_AUTH,    FAULT_MALFORMED,   FAULT_TRUNCATED, FAULT_SLOW_BODY,    FAULT_EMPTY_RESULTS,
        FAULT_PARTIAL, FAULT_PRICE_DRIFT, FAULT_LATENCY,   FAULT_STALE_PRICES, FAULT_CLOCK_SKEW,
        FAULT_DNS,     FAULT_ERROR,       FAULT_PARTIAL,
    };
    static const uint16_t statuses[] = {400, 401, 403, 404, 418, 429, 500, 502, 503, 504};
    const int64_t whole_us = (int64_t)CALLS * STEP_US;
    for (uint32_t i = 0; i < FAULTS; i++) {
        uint64_t bits = test_bits(seed, i);
        char id[32];
        (void)snprintf(id, sizeof id, "fault-%u", i);
        struct fault_spec *const fault = &faults[i];
        *fault = fixture_fault(id, kinds[i], (int64_t)(bits % (uint64_t)whole_us), whole_us / 5);
        bits = random_mix(bits);
        fault->fraction = fault_layer(kinds[i]) == LAYER_MODIFIER ? 0.6 : 0.25;
        fault->per_call = (bits & 1) != 0;
        fault->status = statuses[bits >> 8 & 7];
        fault->retry_after_s = (uint32_t)(bits >> 16 & 63);
        fault->auth = (enum fault_auth)(bits >> 24 & 3);
        fault->multiply = 3;
        fault->add_us = US_PER_SECOND;
        fault->share = 0.4;
        fault->price_factor = 0.5 + (double)(bits >> 32 & 255) / 100;
        fault->stale_us = 20 * US_PER_DAY;
        fault->skew_us = ((int64_t)(bits >> 40 & 1023) - 512) * US_PER_SECOND;
    }
}

static struct backend_spec spec_of(enum provider provider, enum api api)
{
    struct backend_spec spec = fixture_spec(provider);
    spec.api = api;
    for (unsigned o = 0; o < OPERATION_COUNT; o++)
        spec.errors.rate[o] = 0.01;
    spec.prices.stock_out = 0.2;
    spec.prices.no_store_share = 0.1;
    spec.outcomes.confirm_error = 0.1;
    spec.credentials.token_life_us = 20 * US_PER_MINUTE + 700 * US_PER_MS;
    spec.credentials.rotated_at_us = (int64_t)CALLS * STEP_US / 2;
    spec.limits.per_second = 0.9;
    spec.limits.burst = 5;
    spec.limits.retry_after_s = 11;
    return spec;
}

static struct signer *signer_of(void *context, const struct credential *credential)
{
    struct pair *const pair = context;
    for (uint32_t g = 1; g <= GENERATIONS; g++) {
        if (credential->fingerprint == pair->credentials[g].fingerprint) return pair->signers[g];
    }
    return NULL;
}

static void know_credentials(struct pair *pair)
{
    pair->credentials[0] = (struct credential){
        .id = "mock-nobody", .secret = "s3cret", .fingerprint = credential_fingerprint("x", "y")};
    for (uint32_t g = 1; g <= GENERATIONS; g++) {
        char id[64], secret[32];
        (void)snprintf(id, sizeof id, "mock-%s", provider_traits[pair->provider].id);
        (void)snprintf(secret, sizeof secret, "generation-%u", g);
        pair->credentials[g] =
            backend_credential_texts(pair->wired.backend, credential_fingerprint(id, secret));
        assert_non_null(pair->credentials[g].id);
        if (!api_is_signed(pair->provider, pair->api)) continue;
        struct err err = {0};
        const char *const pem = signing_keys_private_pem(g, &err);
        pair->signers[g] = pem == NULL ? NULL : signer_from_pem(pem, &err);
        if (pair->signers[g] == NULL) fail_msg("%s", err.message);
    }
}

static void open_pair(struct pair *pair, enum provider provider, enum api api,
                      const struct fault_spec *faults, uint32_t fault_count)
{
    memset(pair, 0, sizeof *pair);
    pair->provider = provider;
    pair->api = api;
    const struct backend_spec spec = spec_of(provider, api);
    fixture_open(&pair->direct, provider, &spec, faults, fault_count);
    fixture_open(&pair->wired, provider, &spec, faults, fault_count);
    struct err err = {0};
    const struct dialect_setup dialect = {.provider = provider,
                                          .api = api,
                                          .backend = pair->wired.backend,
                                          .catalogue = &pair->wired.catalogue,
                                          .epoch_us = FIXTURE_EPOCH_US,
                                          .seed_r = FIXTURE_SEED};
    pair->dialect = dialect_create(&dialect, &err);
    if (pair->dialect == NULL) fail_msg("%s", err.message);
    const struct codec_setup codec = {.provider = provider,
                                      .api = api,
                                      .declared_mock = true,
                                      .epoch_us = FIXTURE_EPOCH_US,
                                      .signer = signer_of,
                                      .context = pair};
    pair->codec = codec_create(&codec, &err);
    if (pair->codec == NULL) fail_msg("%s", err.message);
    pair->view.storage = malloc(HTTP_VIEW_BYTES_MAX);
    assert_non_null(pair->view.storage);
    know_credentials(pair);
}

static void close_pair(struct pair *pair)
{
    for (uint32_t g = 1; g <= GENERATIONS; g++)
        signer_destroy(pair->signers[g]);
    free(pair->view.storage);
    http_request_release(&pair->request);
    http_response_release(&pair->response);
    codec_destroy(pair->codec);
    dialect_destroy(pair->dialect);
    fixture_close(&pair->direct);
    fixture_close(&pair->wired);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void fill_order(struct pair *pair, uint64_t order)
{
    uint64_t bits = test_bits(21, order);
    const char *const postal_code = postal_codes[bits % POSTAL_CODES];
    pair->order = (struct order_request){.items = pair->items,
                                         .item_count = 1 + (uint32_t)(bits >> 8) % LINES_MAX,
                                         .postal_code = postal_code,
                                         .postal_hash = postal_hash(postal_code)};
    for (uint32_t i = 0; i < pair->order.item_count; i++) {
        bits = random_mix(bits + i);
        const char *const name = bits % 3 == 0
                                     ? odd_names[(bits >> 8) % ODD_NAMES]
                                     : pair->direct.catalogue.products[(bits >> 8) % 50].name;
        const uint64_t hash = random_hash_text(name);
        pair->items[i] =
            (struct order_item){.name = name,
                                .name_hash = hash,
                                .product = catalogue_find(&pair->direct.catalogue, hash, name),
                                .quantity = 1 + (uint32_t)(bits >> 40) % 5};
    }
}

static enum operation choose_operation(const struct pair *pair, uint64_t bits)
{
    for (;; bits = random_mix(bits)) {
        const enum operation operation = (enum operation)(bits % OPERATION_COUNT);
        if (!operation_exists(pair->provider, operation)) continue;
        if (operation == OPERATION_TOKEN && !api_has_tokens(pair->provider, pair->api)) continue;
        return operation;
    }
}

/* Mostly the credential in force; now and then the other one, a stranger's, or none. */
static const struct credential *choose_credential(const struct pair *pair, uint64_t bits,
                                                  int64_t now_us)
{
    const uint32_t newest = now_us < (int64_t)CALLS * STEP_US / 2 ? 1 : 2;
    switch (bits % 24) {
    case 0:
        return &pair->credentials[0];
    case 1:
        return NULL;
    case 2:
        return &pair->credentials[3 - newest];
    default:
        return &pair->credentials[newest];
    }
}

/* A call as the direct backend is asked; `token` is the place of its token, or -1. */
static struct call choose_call(struct pair *pair, uint64_t index, int64_t now_us, int *token)
{
    const uint64_t bits = test_bits(22 + pair->provider, index);
    const uint64_t more = random_mix(bits);
    const enum operation operation = choose_operation(pair, bits);
    const bool follows = operation == OPERATION_QUOTE;
    const uint64_t order = follows ? pair->cart.order : index / 3;
    fill_order(pair, order);
    struct call call = {.provider = pair->provider,
                        .operation = operation,
                        .order_key = fixture_order(order),
                        .order_index = order,
                        .item = (uint32_t)(more % pair->order.item_count),
                        .attempt = (uint32_t)(more >> 32 & 3),
                        .sent_us = now_us,
                        .request = &pair->order,
                        .credential = choose_credential(pair, more >> 8, now_us),
                        .subtotal_cents = (int64_t)(more >> 40),
                        .store = (more >> 16 & 7) == 0 ? (uint32_t)(more >> 20 & 7) : pair->store,
                        .lines = follows ? pair->cart.lines : NULL};
    if (operation != OPERATION_SEARCH) call.item = 0;
    if (operation == OPERATION_TOKEN || operation == OPERATION_HEALTH)
        call.order_index = UINT64_MAX;
    if (pair->provider == PROVIDER_WALMART_API) {
        if (operation == OPERATION_SEARCH) call.store = 0;
        call.signed_us = now_us - now_us % (40 * US_PER_SECOND);
        if ((more >> 24 & 15) == 0) call.signed_us = now_us / 1000000 * 1000000 - 400000000;
    }
    const bool has_token = pair->tokens > 0 && (more >> 28 & 15) != 0;
    *token = has_token && operation != OPERATION_TOKEN
                 ? (int)((pair->tokens - 1 - ((more >> 48 & 7) == 0)) % TOKENS)
                 : -1;
    return call;
}

/* ---- both ways ------------------------------------------------------------------------------- */

static struct reply over_the_wire(struct pair *pair, const struct call *call)
{
    struct err err = {0};
    if (!codec_encode(pair->codec, call, &pair->request, &err)) fail_msg("%s", err.message);
    assert_true(http_view_make(&pair->request, &pair->view));
    if (!dialect_hear(pair->dialect, &pair->view, call->sent_us, &pair->heard, &pair->response)) {
        fail_msg("%s %s: %u %s", operation_names[call->operation], pair->request.target.bytes,
                 pair->response.status,
                 pair->response.body.length > 0 ? pair->response.body.bytes : "");
    }
    assert_int_equal(pair->heard.call.operation, call->operation);
    assert_true(pair->heard.keyed);
    memset(pair->view.storage, 0xA5, HTTP_VIEW_BYTES_MAX); /* nobody may look there any more */
    struct reply backend, reply;
    backend_answer(pair->wired.backend, &pair->heard.call, &backend);
    reply = backend;
    if (backend.fate != CALL_ANSWERED) return reply;
    dialect_say(pair->dialect, &pair->heard, &backend, &pair->response);
    assert_false(pair->response.body.failed);
    codec_decode(pair->codec, call, &pair->response, &reply);
    return reply;
}

static uint16_t class_of(uint16_t status)
{
    return status >= 200 && status <= 299 ? 200 : status;
}

#define SAME(field)                                                                                \
    do {                                                                                           \
        if (direct->field != wired->field) {                                                       \
            print_error("%s of call %llu is %lld, should be %lld: %s\n%s\n",                       \
                        operation_names[call->operation], (unsigned long long)index,               \
                        (long long)wired->field, (long long)direct->field,                         \
                        pair->request.target.bytes,                                                \
                        pair->response.body.length > 0 ? pair->response.body.bytes : "");          \
            fail_msg("%s", #field);                                                                \
        }                                                                                          \
    } while (0)

static void compare_cart(struct pair *pair, const struct call *call, uint64_t index,
                         const struct reply *direct, const struct reply *wired)
{
    SAME(as.cart.found);
    SAME(as.cart.substituted);
    SAME(as.cart.subtotal_cents);
    for (uint32_t i = 0; i < LINE_WORDS; i++)
        SAME(as.cart.lines[i]);
    codec_forget_cart(pair->codec, pair->cart.handle);
    pair->cart = (struct cart){.order = call->order_index,
                               .reply = *direct,
                               .handle = wired->as.cart.cart,
                               .sent_us = call->sent_us};
    memcpy(pair->cart.lines, direct->as.cart.lines, sizeof pair->cart.lines);
}

static void compare_quote(struct pair *pair, const struct call *call, uint64_t index,
                          const struct reply *direct, const struct reply *wired)
{
    SAME(as.quote.subtotal_cents);
    SAME(as.quote.fee_cents);
    SAME(as.quote.tax_cents);
    SAME(as.quote.eta_minutes_min);
    SAME(as.quote.eta_minutes_max);
    const bool as_in_cart = direct->as.quote.found == pair->cart.reply.as.cart.found &&
                            direct->as.quote.substituted == pair->cart.reply.as.cart.substituted;
    if (call->operation == OPERATION_QUOTE && !as_in_cart) return;
    SAME(as.quote.found);
    SAME(as.quote.substituted);
    pair->quotes_compared++;
}

static void compare_good(struct pair *pair, const struct call *call, uint64_t index,
                         const struct reply *direct, const struct reply *wired)
{
    switch (call->operation) {
    case OPERATION_TOKEN:
        SAME(as.token.life_us);
        pair->direct_tokens[pair->tokens % TOKENS] = direct->as.token.value;
        pair->wired_tokens[pair->tokens % TOKENS] = wired->as.token.value;
        pair->tokens++;
        return;
    case OPERATION_STORE:
        SAME(as.store.found);
        SAME(as.store.store);
        if (direct->as.store.found) pair->store = direct->as.store.store;
        return;
    case OPERATION_SEARCH:
        SAME(as.product.found);
        SAME(as.product.exact);
        SAME(as.product.unit_cents);
        return;
    case OPERATION_CART:
        compare_cart(pair, call, index, direct, wired);
        return;
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
        compare_quote(pair, call, index, direct, wired);
        return;
    case OPERATION_SLOTS:
        SAME(as.slots.start_unix_ms);
        return;
    case OPERATION_CONFIRM:
    case OPERATION_HEALTH:
        return;
    case OPERATION_COUNT:
        break;
    }
    fail();
}

static void make_call(struct pair *pair, uint64_t index, int64_t now_us)
{
    int token;
    struct call call_direct = choose_call(pair, index, now_us, &token);
    if (call_direct.operation == OPERATION_QUOTE && pair->cart.handle == 0) return;
    struct call call_wired = call_direct;
    if (token >= 0) {
        call_direct.token = pair->direct_tokens[token];
        call_wired.token = pair->wired_tokens[token];
    }
    call_wired.cart = pair->cart.handle;
    struct reply reply_direct;
    backend_answer(pair->direct.backend, &call_direct, &reply_direct);
    const struct reply reply_wired = over_the_wire(pair, &call_wired);
    const struct reply *const direct = &reply_direct, *const wired = &reply_wired;
    const struct call *const call = &call_direct;
    SAME(fate);
    SAME(latency_us);
    SAME(body);
    SAME(retry_after_s);
    if (class_of(direct->http_status) != class_of(wired->http_status)) SAME(http_status);
    pair->statuses[direct->http_status % 600]++;
    if (direct->fate != CALL_ANSWERED || direct->http_status != 200) return;
    if (direct->body != BODY_GOOD) {
        pair->bad_bodies++;
        return;
    }
    pair->good[call->operation]++;
    compare_good(pair, call, index, direct, wired);
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void check_coverage(const struct pair *pair)
{
    for (enum operation o = 0; o < OPERATION_COUNT; o++) {
        if (!operation_exists(pair->provider, o)) continue;
        if (o == OPERATION_TOKEN && !api_has_tokens(pair->provider, pair->api)) continue;
        if (pair->good[o] < 50) fail_msg("only %u of %s", pair->good[o], operation_names[o]);
    }
    assert_true(pair->bad_bodies >= 20);
    assert_true(pair->quotes_compared >= 100);
    assert_true(pair->statuses[401] >= 20);
    assert_true(pair->statuses[429] >= 20);
    assert_true(pair->statuses[503] >= 20);
}

static void check_both_ways(enum provider provider, enum api api)
{
    static struct pair pair;
    struct fault_spec faults[FAULTS];
    fill_faults(31 + (uint64_t)provider + 4 * (uint64_t)api, faults);
    open_pair(&pair, provider, api, faults, FAULTS);
    int64_t now_us = 0;
    for (uint64_t index = 0; index < CALLS; index++) {
        now_us += (int64_t)(test_bits(20, index) % (2 * STEP_US));
        make_call(&pair, index, now_us);
    }
    check_coverage(&pair);
    struct backend_counters direct = *backend_counters(pair.direct.backend);
    struct backend_counters wired = *backend_counters(pair.wired.backend);
    if (provider == PROVIDER_MEALME) { /* lines of one name are one term, and counted once */
        assert_in_range(wired.unknown_names, 1, direct.unknown_names);
        direct.unknown_names = wired.unknown_names;
    }
    assert_memory_equal(&direct, &wired, sizeof direct);
    close_pair(&pair);
}

static void kroger_says_what_its_backend_answers(void **state)
{
    (void)state;
    check_both_ways(PROVIDER_KROGER_API, API_STANDARD);
}

static void mealme_says_what_its_backend_answers(void **state)
{
    (void)state;
    check_both_ways(PROVIDER_MEALME, API_STANDARD);
}

static void walmart_says_what_its_backend_answers(void **state)
{
    (void)state;
    check_both_ways(PROVIDER_WALMART_API, API_STANDARD);
}

static void walmart_by_access_token_says_what_its_backend_answers(void **state)
{
    (void)state;
    check_both_ways(PROVIDER_WALMART_API, API_ACCESS_TOKEN);
}

static void instacart_says_what_its_backend_answers(void **state)
{
    (void)state;
    check_both_ways(PROVIDER_INSTACART, API_STANDARD);
}

static void instacart_for_developers_says_what_its_backend_answers(void **state)
{
    (void)state;
    check_both_ways(PROVIDER_INSTACART, API_DEVELOPER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kroger_says_what_its_backend_answers),
        cmocka_unit_test(mealme_says_what_its_backend_answers),
        cmocka_unit_test(walmart_says_what_its_backend_answers),
        cmocka_unit_test(walmart_by_access_token_says_what_its_backend_answers),
        cmocka_unit_test(instacart_says_what_its_backend_answers),
        cmocka_unit_test(instacart_for_developers_says_what_its_backend_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
