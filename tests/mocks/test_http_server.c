/* Mock servers: requests, answers, clocks. Goal: what goes in over a socket comes out as the
 * backend decided, and nothing else that a client sends does any harm. Method: our own codec and
 * HTTP client against a twin of each backend that nobody else asks; tables of what may be asked
 * for, with what libcurl and a bare socket see of it. */
#include <sys/socket.h>

#include "tests/mocks/http_server_fixture.h"

#define KROGER PROVIDER_KROGER_API

/* ---- our own client -------------------------------------------------------------------------- */

struct asking { /* one call at a time */
    struct http_client *client;
    struct http_place place;
    bool ended;
    enum call_fate fate;
    int curl_code;
    struct http_response response;
    char rsim[32];
};

static void keep(void *context, void *owner, const struct http_outcome *outcome)
{
    (void)owner;
    struct asking *const asking = context;
    asking->ended = true;
    asking->fate = outcome->fate;
    asking->curl_code = outcome->curl_code;
    http_response_clear(&asking->response);
    const struct text body = asking->response.body;
    asking->response = *outcome->response;
    asking->response.body = body;
    text_append(&asking->response.body, outcome->response->body.bytes,
                outcome->response->body.length);
    (void)snprintf(asking->rsim, sizeof asking->rsim, "%s", outcome->rsim);
}

static struct asking *asking_open(const struct serving *serving, enum provider provider,
                                  size_t body_bytes_max)
{
    struct err err;
    struct asking *const asking = calloc(1, sizeof *asking);
    const struct http_client_setup setup = {
        .context = asking, .ended = keep, .body_bytes_max = body_bytes_max};
    asking->client = http_client_create(&setup, &err);
    assert_non_null(asking->client);
    asking->place.declared_mock = true;
    if (serving->wish.tls) asking->place.ca_file = serving->ca_file;
    char url[MOCK_URL_MAX];
    mock_server_url(serving->server, provider, url);
    (void)snprintf(asking->place.base_url, sizeof asking->place.base_url, "%s", url);
    if (!http_place_check(&asking->place, &err)) fail_msg("%s", err.message);
    return asking;
}

static void asking_close(struct asking *asking)
{
    http_client_destroy(asking->client);
    http_response_release(&asking->response);
    free(asking);
}

static void ask_within(struct asking *asking, const struct http_request *request, int64_t life_us)
{
    struct err err;
    const struct http_call call = {.place = &asking->place, .request = request, .life_us = life_us};
    asking->ended = false;
    if (http_client_start(asking->client, &call, &err) == 0) fail_msg("%s", err.message);
    while (!asking->ended)
        http_client_wait(asking->client, http_client_now_us() + US_PER_SECOND);
}

static void ask(struct asking *asking, const struct http_request *request)
{
    ask_within(asking, request, BARE_PATIENCE_S * US_PER_SECOND);
}

/* ---- calls in the shape of their provider ---------------------------------------------------- */

struct pair {          /* the same call for our side of the wire and for the twin */
    struct call ours;  /* with the codec's handles */
    struct call twins; /* with the backend's own numbers */
    uint64_t lines[LINE_WORDS];
};

/* Asks over HTTP and decodes. False: the fate was stated as one of no answer. */
static void exchange(struct serving *serving, struct asking *asking, const struct call *call,
                     struct reply *reply)
{
    struct err err;
    struct http_request request = {0};
    if (!codec_encode(serving->codecs[call->provider], call, &request, &err)) {
        fail_msg("%s", err.message);
    }
    ask(asking, &request);
    http_request_release(&request);
    assert_int_equal(asking->curl_code == 0 || asking->curl_code == 18, true);
    memset(reply, 0, sizeof *reply);
    reply->latency_us = strtoll(asking->rsim, NULL, 10);
    if (asking->response.status == 599) {
        for (enum call_fate f = 0; f < CALL_FATE_COUNT; f++) {
            if (strcmp(call_fate_names[f], asking->response.body.bytes) == 0) reply->fate = f;
        }
        return;
    }
    codec_decode(serving->codecs[call->provider], call, &asking->response, reply);
}

static void compare(const struct pair *pair, const struct reply *got, const struct reply *expected)
{
    char label[128];
    (void)snprintf(label, sizeof label, "%s %s order %llu at %lld: %s %u, should %s %u",
                   provider_traits[pair->ours.provider].id, operation_names[pair->ours.operation],
                   (unsigned long long)pair->ours.order_index, (long long)pair->ours.sent_us,
                   call_fate_names[got->fate], got->http_status, call_fate_names[expected->fate],
                   expected->http_status);
    CHECK_ROW(label, got->fate == expected->fate);
    CHECK_ROW(label, got->latency_us == expected->latency_us);
    if (expected->fate != CALL_ANSWERED) return;
    /* MealMe answers a quote that places no order 202. */
    CHECK_ROW(label, got->http_status / 100 == 2 ? expected->http_status == 200
                                                 : got->http_status == expected->http_status);
    CHECK_ROW(label, got->retry_after_s == expected->retry_after_s);
    CHECK_ROW(label, got->body == expected->body);
    if (expected->body != BODY_GOOD) return;
    if (pair->ours.operation == OPERATION_SEARCH) {
        CHECK_ROW(label, got->as.product.found == expected->as.product.found);
        CHECK_ROW(label, got->as.product.unit_cents == expected->as.product.unit_cents);
    }
    if (pair->ours.operation == OPERATION_QUOTE) {
        CHECK_ROW(label, got->as.quote.subtotal_cents == expected->as.quote.subtotal_cents);
        CHECK_ROW(label, got->as.quote.eta_minutes_min == expected->as.quote.eta_minutes_min);
    }
}

/* One call over HTTP and to the twin; both have to say the same. */
static struct reply ask_both(struct serving *serving, struct asking *asking, struct pair *pair)
{
    struct reply got, expected;
    exchange(serving, asking, &pair->ours, &got);
    backend_answer(serving->twins[pair->ours.provider], &pair->twins, &expected);
    compare(pair, &got, &expected);
    if (got.fate != CALL_ANSWERED || got.body != BODY_GOOD) return got;
    if (pair->ours.operation == OPERATION_TOKEN) {
        pair->ours.token = got.as.token.value;
        pair->twins.token = expected.as.token.value;
    }
    if (pair->ours.operation == OPERATION_STORE) {
        pair->ours.store = got.as.store.store;
        pair->twins.store = expected.as.store.store;
    }
    if (pair->ours.operation == OPERATION_CART) {
        memcpy(pair->lines, expected.as.cart.lines, sizeof pair->lines);
        pair->ours.cart = got.as.cart.cart;
        pair->ours.lines = pair->twins.lines = pair->lines;
    }
    return got;
}

static void set(struct pair *pair, enum operation operation, uint64_t order, int64_t sent_us)
{
    pair->ours.operation = pair->twins.operation = operation;
    pair->ours.order_index = pair->twins.order_index =
        operation == OPERATION_HEALTH ? UINT64_MAX : order; /* a probe is nobody's */
    pair->ours.order_key = pair->twins.order_key = random_key(SERVING_SEED, order);
    pair->ours.sent_us = pair->twins.sent_us = sent_us;
    pair->ours.signed_us = pair->twins.signed_us = sent_us;
    pair->ours.item = pair->twins.item = 0;
}

static struct pair pair_of(const struct serving *serving, enum provider provider)
{
    struct pair pair = {.ours = serving_call(serving, provider, OPERATION_HEALTH, 0, 0)};
    pair.twins = pair.ours;
    return pair;
}

/* What makes a quote, and what else there is; a cart has to come before its quote. */
static const struct {
    enum provider provider;
    enum operation chain[6];
    uint32_t count;
} chains[PROVIDER_COUNT] = {
    {PROVIDER_MEALME, {OPERATION_CART, OPERATION_QUOTE, OPERATION_HEALTH}, 3},
    {PROVIDER_INSTACART, {OPERATION_TOKEN, OPERATION_STORE, OPERATION_SLOTS, OPERATION_HEALTH}, 4},
    {KROGER, {OPERATION_TOKEN, OPERATION_STORE, OPERATION_SEARCH, OPERATION_HEALTH}, 4},
    {PROVIDER_WALMART_API, {OPERATION_STORE, OPERATION_SEARCH, OPERATION_HEALTH}, 3},
};

static void every_provider_answers_its_calls_end_to_end(void **state)
{
    (void)state;
    static const enum mock_clock clocks[] = {MOCK_CLOCK_WALL, MOCK_CLOCK_TOLD};
    for (size_t c = 0; c < sizeof clocks / sizeof *clocks; c++) {
        struct serving *const serving =
            serving_open(&(struct wish){.clock = clocks[c], .latency_us = 1000});
        for (size_t i = 0; i < PROVIDER_COUNT; i++) {
            struct asking *const asking = asking_open(serving, chains[i].provider, 0);
            struct pair pair = pair_of(serving, chains[i].provider);
            for (uint32_t o = 0; o < chains[i].count; o++) {
                set(&pair, chains[i].chain[o], 7, serving_now_us(serving));
                const struct reply reply = ask_both(serving, asking, &pair);
                CHECK_ROW(operation_names[chains[i].chain[o]], reply.http_status / 100 == 2);
                CHECK_ROW(operation_names[chains[i].chain[o]], reply.body == BODY_GOOD);
            }
            codec_forget_cart(serving->codecs[chains[i].provider], pair.ours.cart);
            asking_close(asking);
        }
        serving_close(serving);
    }
}

static struct fault_spec window(const char *id, enum fault_kind kind, int64_t at_s, double fraction)
{
    struct fault_spec fault = {.provider_mask = SERVING_ALL,
                               .kind = kind,
                               .at_us = at_s * US_PER_SECOND,
                               .for_us = 40 * US_PER_SECOND,
                               .fraction = fraction,
                               .multiply = 3,
                               .add_us = 1234,
                               .status = 502,
                               .retry_after_s = 7};
    (void)snprintf(fault.id, sizeof fault.id, "%s", id);
    return fault;
}

static void a_keyed_call_over_http_is_what_the_backend_says(void **state)
{
    (void)state;
    enum { CALLS = 150 }; /* a provider, two simulated seconds apart */
    const struct fault_spec faults[] = {
        window("slow", FAULT_LATENCY, 0, 0.5),
        window("hang", FAULT_HANG, 20, 0.3),
        window("reset", FAULT_RESET, 40, 0.3),
        window("refuse", FAULT_REFUSE, 60, 0.3),
        window("tls", FAULT_TLS, 80, 0.3),
        window("dns", FAULT_DNS, 100, 0.3),
        window("error", FAULT_ERROR, 120, 0.4),
        window("429", FAULT_THROTTLE, 140, 0.4),
        window("bad", FAULT_MALFORMED, 160, 0.4),
        window("cut", FAULT_TRUNCATED, 180, 0.4),
        window("none", FAULT_EMPTY_RESULTS, 200, 0.4),
        window("auth", FAULT_AUTH, 220, 0.4),
    };
    struct serving *const serving = serving_open(&(struct wish){
        .clock = MOCK_CLOCK_TOLD,
        .default_laws = true,
        .faults = faults,
        .fault_count = sizeof faults / sizeof *faults,
    });
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        struct asking *const asking = asking_open(serving, chains[i].provider, 0);
        struct pair pair = pair_of(serving, chains[i].provider);
        uint64_t fates[CALL_FATE_COUNT] = {0};
        for (uint64_t n = 0; n < CALLS; n++) {
            const uint64_t bits = test_bits(i, n);
            /* Tokens and stores first: without them the rest is 401 and nothing else. */
            const uint64_t o = n < chains[i].count ? n : bits % chains[i].count;
            if (chains[i].chain[o] == OPERATION_QUOTE && pair.ours.cart == 0) continue;
            set(&pair, chains[i].chain[o], bits >> 32, (int64_t)n * 2 * US_PER_SECOND);
            pair.ours.item = pair.twins.item = (uint32_t)(bits >> 16) % SERVING_ITEMS;
            fates[ask_both(serving, asking, &pair).fate]++;
        }
        for (enum call_fate f = 0; f < CALL_FATE_COUNT; f++)
            CHECK_ROW(call_fate_names[f], fates[f] > 0); /* the test has met them all */
        asking_close(asking);
    }
    serving_close(serving);
}

static void a_told_clock_answers_a_thousand_calls_on_one_connection(void **state)
{
    (void)state;
    enum { CALLS = 1000 };
    struct serving *const serving =
        serving_open(&(struct wish){.clock = MOCK_CLOCK_TOLD, .latency_us = 3600 * US_PER_SECOND});
    const int client = bare_connect(serving, PROVIDER_MEALME);
    for (uint64_t i = 0; i < CALLS; i++) {
        struct bare_answer answer;
        const struct call call = serving_call(serving, PROVIDER_MEALME, OPERATION_HEALTH, i,
                                              (int64_t)i * 3600 * US_PER_SECOND);
        char *const bytes = serving_request(serving, &call);
        bare_send(client, bytes, strlen(bytes));
        free(bytes);
        bare_receive(client, false, &answer);
        char value[128];
        assert_int_equal(answer.status, 200);
        assert_string_equal(bare_header(&answer, CODEC_LATENCY_HEADER, value), "3600000000");
    }
    (void)close(client);
    serving_await_settled(serving, CALLS); /* counted when an answer has left, or a moment later */
    assert_int_equal(serving_counters(serving).answered, CALLS);
    assert_int_equal(serving_counters(serving).waiting_max, 0);
    serving_close(serving);
}

static void a_told_clock_serves_keyed_calls_only(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.clock = MOCK_CLOCK_TOLD});
    static const char *const headers[] = {NULL, CODEC_KEY_HEADER ": nonsense"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct bare_answer answer;
        bare_ask(serving, PROVIDER_MEALME, "GET /search/product/v4", headers[i], &answer);
        assert_in_range(answer.status, 400, 401); /* a stranger is told so first */
        assert_int_equal(answer.end, BARE_WHOLE);
    }
    serving_close(serving);
}

static void a_told_clock_states_the_fault_that_was_asked_for(void **state)
{
    (void)state;
    struct serving *const serving =
        serving_open(&(struct wish){.clock = MOCK_CLOCK_TOLD, .latency_us = 5000});
    static const struct {
        const char *header;
        int status;
        const char *fate, *latency;
    } rows[] = {
        {"X-Mock-Fault: hang", 599, "unanswered", "9223372036854775807"},
        {"X-Mock-Fault: reset", 599, "reset", "0"},
        {"X-Mock-Fault: close", 599, "reset", "0"},
        {"X-Mock-Fault: delay=1h", 200, "", "3600005000"},
        {"X-Mock-Fault: status=418", 418, "", "0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bare_answer answer;
        char value[128];
        const struct call call = serving_call(serving, KROGER, OPERATION_HEALTH, i, 0);
        bare_call(serving, &call, rows[i].header, &answer);
        CHECK_ROW(rows[i].header, answer.status == rows[i].status);
        CHECK_ROW_TEXT(rows[i].header, bare_header(&answer, "X-Routesim-Fate", value),
                       rows[i].fate);
        CHECK_ROW_TEXT(rows[i].header, bare_header(&answer, CODEC_LATENCY_HEADER, value),
                       rows[i].latency);
    }
    serving_close(serving);
}

/* ---- credentials ----------------------------------------------------------------------------- */

static void a_wrong_credential_is_refused_in_the_providers_own_words(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    static const struct {
        enum provider provider;
        enum operation operation;
        uint16_t status;
    } rows[] = {
        {PROVIDER_MEALME, OPERATION_CART, 401},
        {PROVIDER_INSTACART, OPERATION_TOKEN, 401},
        {KROGER, OPERATION_TOKEN, 400},
        {KROGER, OPERATION_SEARCH, 401}, /* without a token */
        {PROVIDER_WALMART_API, OPERATION_SEARCH, 401},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct credential wrong = {.id = "somebody", .secret = "else", .fingerprint = 1};
        struct asking *const asking = asking_open(serving, rows[i].provider, 0);
        struct call call =
            serving_call(serving, rows[i].provider, rows[i].operation, i, serving_now_us(serving));
        call.credential = &wrong;
        struct reply reply;
        exchange(serving, asking, &call, &reply);
        const char *const label = provider_traits[rows[i].provider].id;
        CHECK_ROW(label, reply.http_status == rows[i].status);
        char said[CODEC_EXPLAIN_MAX];
        codec_explain(serving->codecs[rows[i].provider], &asking->response, said);
        CHECK_ROW(label, said[0] != '\0');
        asking_close(asking);
    }
    serving_close(serving);
}

/* ---- X-Mock-Fault ---------------------------------------------------------------------------- */

static void a_fault_that_was_asked_for_is_met_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int curl_code;
        uint16_t status;
        size_t length; /* SIZE_MAX: whatever the answer has */
        const char *type;
    } rows[] = {
        {"hang", 28, 0, 0, NULL},
        {"reset", 56, 0, 0, NULL},
        {"close", 52, 0, 0, NULL},
        {"status=503", 0, 503, SIZE_MAX, NULL},
        {"status=200", 0, 200, SIZE_MAX, NULL},
        {"status=204", 0, 204, 0, NULL},
        {"delay=5ms", 0, 200, SIZE_MAX, "application/json"},
        {"truncated", 18, 200, SIZE_MAX, "application/json"},
        {"malformed", 0, 200, SIZE_MAX, "application/json"},
        {"slow=100000", 0, 200, SIZE_MAX, "application/json"},
        {"empty", 0, 200, 0, "application/json"},
        {"huge=1", 0, 200, 1, "application/json"},
        {"huge=700k", 0, 200, 700 * 1024, "application/json"},
        {"huge=2m", 23, 200, 1 << 20, "application/json"}, /* the client's cap */
        {"redirect=http://169.254.169.254/latest/meta-data", 0, 302, 0, NULL},
        {"redirect=file:///etc/passwd", 0, 302, 0, NULL},
        {"html", 0, 200, SIZE_MAX, "text/html"},
        {"gzip_bomb", 23, 200, 1 << 20, "application/json"},
    };
    struct serving *const serving = serving_open(&(struct wish){0});
    struct asking *const asking = asking_open(serving, PROVIDER_MEALME, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err;
        struct http_request request = {0};
        const struct call call =
            serving_call(serving, PROVIDER_MEALME, OPERATION_HEALTH, i, serving_now_us(serving));
        assert_true(codec_encode(serving->codecs[PROVIDER_MEALME], &call, &request, &err));
        http_header(&request, "X-Mock-Fault", rows[i].word);
        ask_within(asking, &request,
                   rows[i].curl_code == 28 ? 50000 : BARE_PATIENCE_S * US_PER_SECOND);
        http_request_release(&request);
        if (asking->curl_code != rows[i].curl_code) print_error("code %d\n", asking->curl_code);
        CHECK_ROW(rows[i].word, asking->curl_code == rows[i].curl_code);
        CHECK_ROW(rows[i].word, asking->response.status == rows[i].status);
        if (rows[i].length != SIZE_MAX)
            CHECK_ROW(rows[i].word, asking->response.body.length == rows[i].length);
        if (rows[i].type != NULL)
            CHECK_ROW_TEXT(rows[i].word, asking->response.content_type, rows[i].type);
    }
    asking_close(asking);
    serving_await_settled(serving, sizeof rows / sizeof *rows);
    serving_close(serving);
}

static void the_bomb_inflates_to_the_zeros_it_says(void **state)
{
    (void)state;
    enum { ZEROS = 1 + 258 * 65536 };
    struct serving *const serving = serving_open(&(struct wish){0});
    struct asking *const asking = asking_open(serving, KROGER, (size_t)ZEROS + 1);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    http_header(&request, "X-Mock-Fault", "gzip_bomb");
    ask(asking, &request);
    assert_int_equal(asking->curl_code, 0); /* zlib has compared size and CRC-32 */
    assert_int_equal(asking->response.body.length, ZEROS);
    for (size_t i = 0; i < ZEROS; i += 4093)
        assert_int_equal(asking->response.body.bytes[i], 0);
    http_request_release(&request);
    asking_close(asking);
    serving_close(serving);
}

static void a_word_that_is_no_fault_is_answered_with_those_that_are(void **state)
{
    (void)state;
    static const char *const words[] = {
        "",           "hanging",      "hang=1",
        "status",     "status=",      "status=99",
        "status=600", "status=20x",   "delay=5",
        "delay=",     "delay=-1s",    "slow=0",
        "slow=1.5",   "slow",         "huge=0",
        "huge=2g",    "huge=1mb",     "huge=99999999999999999999",
        "redirect=",  "redirect=a b", "gzip_bomb=",
        "HTML",       "hang,reset",
    };
    struct serving *const serving = serving_open(&(struct wish){0});
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char header[128];
        struct bare_answer answer;
        (void)snprintf(header, sizeof header, "X-Mock-Fault: %s", words[i]);
        bare_ask(serving, KROGER, "GET /", header, &answer);
        CHECK_ROW(words[i], answer.status == 400);
        for (size_t w = 0; mock_fault_words[w].shown != NULL; w++)
            CHECK_ROW(words[i], strstr(answer.body, mock_fault_words[w].shown) != NULL);
    }
    serving_close(serving);
}

/* URL excepted, which is no place. */
static void every_word_that_is_listed_is_understood(void **state)
{
    (void)state;
    struct serving *const serving =
        serving_open(&(struct wish){.providers = 1u << KROGER, .call_life_us = 50 * US_PER_MS});
    unsigned count = 0;
    for (; mock_fault_words[count].shown != NULL; count++) {
        char header[128];
        struct bare_answer answer;
        (void)snprintf(header, sizeof header, "X-Mock-Fault: %s", mock_fault_words[count].shown);
        bare_ask(serving, KROGER, "GET /", header, &answer);
        CHECK_ROW(header, answer.status != 400);
    }
    assert_int_equal(count, 13);
    serving_close(serving);
}

static void where_no_faults_may_be_asked_for_the_header_is_one_like_others(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.no_fault_header = true});
    struct bare_answer answer;
    const struct call call =
        serving_call(serving, KROGER, OPERATION_HEALTH, 1, serving_now_us(serving));
    bare_call(serving, &call, "X-Mock-Fault: hang", &answer);
    assert_int_equal(answer.status, 200);
    serving_close(serving);
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

static void other_methods_are_answered_as_a_gateway_would(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    struct bare_answer answer;
    char value[128];
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        const char *const id = provider_traits[p].id;
        bare_ask(serving, p, "GET /nowhere", NULL, &answer);
        const int status = answer.status;
        const size_t stated = answer.stated;
        CHECK_ROW(id, status >= 400 && status < 500);
        bare_ask(serving, p, "HEAD /nowhere", NULL, &answer);
        CHECK_ROW(id, answer.status == status && answer.stated == stated);
        bare_ask(serving, p, "OPTIONS /nowhere", NULL, &answer);
        CHECK_ROW(id, answer.status == 204);
        CHECK_ROW(id, strstr(bare_header(&answer, "Allow", value), "GET") != NULL);
        bare_ask(serving, p, "BREW /coffee", NULL, &answer);
        CHECK_ROW(id, answer.status >= 400 && answer.status < 500);
        bare_ask(serving, p, "GET http://example.org/nowhere", NULL, &answer);
        CHECK_ROW(id, answer.status == status);
    }
    serving_close(serving);
}

static void what_is_no_request_is_refused_and_harms_nobody(void **state)
{
    (void)state;
    static const char noise[] = "\0\1\2\3\r\n\r\n";
    static const char *const rows[] = {
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", /* no host */
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "GET /?a=%00b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%zz%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    struct serving *const serving = serving_open(&(struct wish){0});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int client = bare_connect(serving, KROGER);
        bare_send(client, rows[i], strlen(rows[i]));
        struct bare_answer answer;
        bare_receive(client, false, &answer);
        CHECK_ROW(rows[i], answer.status >= 400 && answer.status < 500);
        (void)close(client);
    }
    const int client = bare_connect(serving, KROGER);
    bare_send(client, noise, sizeof noise - 1);
    struct bare_answer answer;
    const struct call call =
        serving_call(serving, KROGER, OPERATION_HEALTH, 1, serving_now_us(serving));
    bare_call(serving, &call, NULL, &answer);
    assert_int_equal(answer.status, 200);
    (void)close(client);
    serving_close(serving);
}

static void too_many_headers_and_parameters_are_refused(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    struct text request = {0};
    struct bare_answer answer;
    for (int many = 0; many < 2; many++) {
        text_clear(&request);
        text_put(&request, "GET /?a=b");
        for (int i = 0; many == 0 && i < HTTP_PAIRS_MAX; i++)
            text_put(&request, "&a=b");
        text_put(&request, " HTTP/1.1\r\nHost: a\r\n");
        for (int i = 0; many == 1 && i < HTTP_PAIRS_MAX; i++)
            text_put(&request, "X-A: b\r\n");
        text_put(&request, "\r\n");
        const int client = bare_connect(serving, KROGER);
        bare_send(client, request.bytes, request.length);
        bare_receive(client, false, &answer);
        assert_int_equal(answer.status, many == 0 ? 414 : 431);
        (void)close(client);
    }
    text_release(&request);
    serving_close(serving);
}

static void a_body_too_large_is_413(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    static char body[MOCK_REQUEST_BYTES_MAX + 1];
    static const char *const heads[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 262145\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n40001\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const int client = bare_connect(serving, KROGER);
        bare_send(client, heads[i], strlen(heads[i]));
        if (i == 1) {
            bare_send(client, body, sizeof body);
            bare_send(client, "\r\n0\r\n\r\n", 7);
        }
        struct bare_answer answer;
        bare_receive(client, false, &answer);
        CHECK_ROW(heads[i], answer.status == 413);
        (void)close(client);
    }
    serving_close(serving);
}

static void a_body_without_end_is_cut_off(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[65536 + 9];
    memset(chunk, 'x', sizeof chunk);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + sizeof chunk - 2, "\r\n", 2);
    const int client = bare_connect(serving, KROGER);
    bare_send(client, head, sizeof head - 1);
    for (int i = 0; i < 200; i++) /* 13 MB */
        bare_send(client, chunk, sizeof chunk);
    serving_await_settled(serving, 1);
    assert_int_equal(serving_counters(serving).unanswered, 1);
    (void)close(client);
    serving_close(serving);
}

/* ---- journal --------------------------------------------------------------------------------- */

struct seen {
    uint64_t count;
    struct journal_entry entries[8];
};

static void see(void *context, const struct journal_entry *entry)
{
    struct seen *const seen = context;
    if (seen->count < 8) seen->entries[seen->count] = *entry;
    seen->count++;
}

static void every_request_stands_in_the_journal_in_order(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.latency_us = 1000});
    struct bare_answer answer;
    const struct call call =
        serving_call(serving, KROGER, OPERATION_HEALTH, 5, serving_now_us(serving));
    bare_call(serving, &call, NULL, &answer);
    bare_ask(serving, PROVIDER_MEALME, "GET /nowhere?a=b", NULL, &answer);
    const int nowhere = answer.status;
    bare_ask(serving, KROGER, "DELETE /x", "X-Mock-Fault: reset", &answer);
    bare_ask(serving, KROGER, "GET /", "X-Mock-Fault: bogus", &answer);

    struct seen seen = {0};
    const struct journal_filter all = journal_filter_any();
    assert_int_equal(journal_query(serving->journal, &all, &seen, see), 4);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(seen.entries[i].sequence, i + 1);
    const struct journal_entry *const entries = seen.entries;
    assert_int_equal(entries[0].provider, KROGER);
    assert_int_equal(entries[0].operation, OPERATION_HEALTH);
    assert_int_equal(entries[0].order_key, call.order_key);
    assert_in_range(entries[0].instant_us, call.sent_us, serving_now_us(serving));
    assert_int_equal(entries[0].latency_us, 1000);
    assert_int_equal(entries[0].status, 200);
    assert_null(entries[0].fault);
    assert_int_equal(entries[1].provider, PROVIDER_MEALME);
    assert_int_equal(entries[1].operation, JOURNAL_NO_OPERATION);
    assert_int_equal(entries[1].order_key, 0);
    assert_int_equal(entries[1].status, nowhere);
    assert_string_equal(entries[1].method, "GET");
    assert_string_equal(entries[1].path, "/nowhere");
    assert_string_equal(entries[2].method, "DELETE");
    assert_string_equal(entries[2].fault, "asked: reset");
    assert_int_equal(entries[2].fate, CALL_RESET);
    assert_int_equal(entries[2].status, 0);
    assert_int_equal(entries[3].status, 400);
    serving_close(serving);
}

/* ---- setting up ------------------------------------------------------------------------------ */

static void a_port_that_is_taken_is_an_error_with_its_number(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    const int before = open_descriptors();
    struct mock_server_setup setup = serving->setup;
    setup.ports[KROGER] = mock_server_port(serving->server, KROGER);
    struct err err;
    assert_null(mock_server_create(&setup, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    char number[16];
    (void)snprintf(number, sizeof number, "port %u", setup.ports[KROGER]);
    assert_non_null(strstr(err.message, number));
    assert_non_null(strstr(err.message, "Address already in use"));
    assert_int_equal(open_descriptors(), before);
    serving_close(serving);
}

static void an_address_that_is_none_and_a_certificate_that_is_none_are_errors(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    const int before = open_descriptors();
    struct mock_server_setup setup = serving->setup;
    struct err err;
    setup.listen = "localhost";
    assert_null(mock_server_create(&setup, &err));
    assert_non_null(strstr(err.message, "localhost"));
    assert_int_equal(open_descriptors(), before);

    char nonsense[] = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
    const struct certificates broken = {.of = {{.cert_pem = nonsense, .key_pem = nonsense}}};
    setup.listen = NULL;
    setup.tls = &broken;
    assert_null(mock_server_create(&setup, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_true(strlen(err.message) > 40);
    assert_null(strstr(err.message, "nonsense"));
    assert_int_equal(open_descriptors(), before);
    serving_close(serving);
}

static void only_the_providers_that_are_wished_for_are_served(void **state)
{
    (void)state;
    struct serving *const serving =
        serving_open(&(struct wish){.providers = 1u << PROVIDER_INSTACART});
    char url[MOCK_URL_MAX], expected[MOCK_URL_MAX];
    for (enum provider p = 0; p < PROVIDER_COUNT; p++)
        assert_true((mock_server_port(serving->server, p) != 0) == (p == PROVIDER_INSTACART));
    mock_server_url(serving->server, PROVIDER_INSTACART, url);
    (void)snprintf(expected, sizeof expected, "http://127.0.0.1:%u",
                   mock_server_port(serving->server, PROVIDER_INSTACART));
    assert_string_equal(url, expected);
    mock_server_strike(serving->server, KROGER, 1); /* nobody there to be struck */
    serving_close(serving);
}

static void an_address_of_version_six_is_listened_at(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    mock_server_destroy(serving->server, 0);
    serving->setup.listen = "::1";
    struct err err;
    serving->server = mock_server_create(&serving->setup, &err);
    if (serving->server == NULL) { /* a machine without it */
        assert_non_null(strstr(err.message, "::1"));
    } else {
        struct asking *const asking = asking_open(serving, KROGER, 0);
        assert_non_null(strstr(asking->place.base_url, "http://[::1]:"));
        struct http_request request = {0};
        http_request_begin(&request, HTTP_GET, "/");
        ask(asking, &request);
        assert_in_range(asking->response.status, 400, 499);
        http_request_release(&request);
        asking_close(asking);
    }
    serving_close(serving);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static void the_good_certificate_is_accepted_and_each_other_is_refused(void **state)
{
    (void)state;
    for (enum certificate_kind kind = 0; kind < CERTIFICATE_KIND_COUNT; kind++) {
        const char *const label = certificate_kind_names[kind];
        struct serving *const serving = serving_open(
            &(struct wish){.tls = true, .certificate = kind, .providers = 1u << PROVIDER_MEALME});
        struct asking *const asking = asking_open(serving, PROVIDER_MEALME, 0);
        CHECK_ROW(label, strncmp(asking->place.base_url, "https://127.0.0.1:", 18) == 0);
        static const char *const words[] = {"delay=1ms", "reset", "truncated", "hang",
                                            "status=503"};
        static const int codes[] = {0, 56, 18, 28, 0};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            struct http_request request = {0};
            http_request_begin(&request, HTTP_GET, "/");
            http_header(&request, "X-Mock-Fault", words[i]);
            ask_within(asking, &request, codes[i] == 28 ? 300000 : BARE_PATIENCE_S * US_PER_SECOND);
            http_request_release(&request);
            if (kind == CERTIFICATE_GOOD && codes[i] == 28) /* in the handshake or after it */
                CHECK_ROW(words[i], asking->fate == CALL_UNANSWERED);
            else
                CHECK_ROW(label, asking->curl_code == (kind == CERTIFICATE_GOOD ? codes[i] : 60));
        }
        asking_close(asking);
        serving_close(serving);
    }
}

int main(void)
{
    raise_descriptor_limit();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_provider_answers_its_calls_end_to_end),
        cmocka_unit_test(a_keyed_call_over_http_is_what_the_backend_says),
        cmocka_unit_test(a_told_clock_answers_a_thousand_calls_on_one_connection),
        cmocka_unit_test(a_told_clock_serves_keyed_calls_only),
        cmocka_unit_test(a_told_clock_states_the_fault_that_was_asked_for),
        cmocka_unit_test(a_wrong_credential_is_refused_in_the_providers_own_words),
        cmocka_unit_test(a_fault_that_was_asked_for_is_met_exactly),
        cmocka_unit_test(the_bomb_inflates_to_the_zeros_it_says),
        cmocka_unit_test(a_word_that_is_no_fault_is_answered_with_those_that_are),
        cmocka_unit_test(every_word_that_is_listed_is_understood),
        cmocka_unit_test(where_no_faults_may_be_asked_for_the_header_is_one_like_others),
        cmocka_unit_test(other_methods_are_answered_as_a_gateway_would),
        cmocka_unit_test(what_is_no_request_is_refused_and_harms_nobody),
        cmocka_unit_test(too_many_headers_and_parameters_are_refused),
        cmocka_unit_test(a_body_too_large_is_413),
        cmocka_unit_test(a_body_without_end_is_cut_off),
        cmocka_unit_test(every_request_stands_in_the_journal_in_order),
        cmocka_unit_test(a_port_that_is_taken_is_an_error_with_its_number),
        cmocka_unit_test(an_address_that_is_none_and_a_certificate_that_is_none_are_errors),
        cmocka_unit_test(only_the_providers_that_are_wished_for_are_served),
        cmocka_unit_test(an_address_of_version_six_is_listened_at),
        cmocka_unit_test(the_good_certificate_is_accepted_and_each_other_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
