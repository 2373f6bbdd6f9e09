/* The fault table. Goal: every way in which a call can go wrong below and in HTTP, put on a real
 * socket, is the CURLcode, the fate and the router's error class that docs/faults.md states.
 * Method: each row's call goes its whole way: Kroger's codec, the live client, the relay with the
 * row's rule, a raw server with the row's answer, and back to adapter_classify(). All calls are in
 * flight at once; those that nothing will ever come of have a short life. Then one test a row.
 * docs/faults.md is compared with the rows; with GOLDEN=1 in the environment it is written. */
#include <curl/curl.h>

#include "mocks/relay.h"
#include "providers/adapter.h"
#include "providers/codec.h"
#include "providers/http_client.h"
#include "router/base/duration.h"
#include "router/base/text.h"
#include "tests/mocks/fault_rows.h"
#include "tests/mocks/upstream.h"
#include "tests/support.h"

enum { MIB = 1 << 20, HUGE_BYTES = 2 * MIB, BOMB_BYTES = 16384, ROW_HEADER_MAX = 32 };

#define LIFE_US       (120 * US_PER_SECOND) /* long past what a busy machine takes */
#define SHORT_LIFE_US (2 * US_PER_SECOND)
#define DOCS          "docs/faults.md"

struct course { /* of one row */
    const struct fault_row *row;
    struct call call;
    struct http_request request;
    struct http_place place;
    struct http_call sent;
    char connect_to[64];
    uint16_t port;
    uint32_t ended;
    struct http_outcome outcome; /* its pointers are not to be followed */
    struct reply reply;
    char code[QUOTE_CODE_MAX];
};

static struct bench {
    struct upstream *upstream;
    struct tls_server *tls[TLS_FORGED + 1];
    struct relay *relay;
    struct codec *codec;
    struct http_client *client;
    struct order_item item;
    struct order_request order;
    struct credential credential;
    struct course courses[FAULT_ROWS];
    uint32_t ended;
    struct text product, huge, huge_chunked, bomb;
    atomic_uint requests[FAULT_ROWS]; /* that came to the raw server */
} bench;

/* ---- what the raw server says ---------------------------------------------------------------- */

static void answer(void *context, const char *head, struct upstream_answer *to)
{
    (void)context;
    const char *const header = strstr(head, "X-Row: ");
    if (header == NULL) abort();
    const long index = strtol(header + strlen("X-Row: "), NULL, 10);
    const struct fault_row *const row = &fault_rows[index];
    const struct text *const made[] = {[MADE_NONE] = &bench.product,
                                       [MADE_HUGE] = &bench.huge,
                                       [MADE_HUGE_CHUNKED] = &bench.huge_chunked,
                                       [MADE_BOMB] = &bench.bomb};
    to->bytes = row->answer != NULL ? row->answer : made[row->made]->bytes;
    to->length = row->answer != NULL ? strlen(row->answer) : made[row->made]->length;
    bench.requests[index]++;
}

/* A deflate stream (RFC 1951) of one block with fixed codes: a byte, then again and again "the last
 * byte 258 times more" in 13 bits. */
static void make_bomb(struct text *bomb)
{
    static const uint8_t gzip_head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
    static const char begin[] = "11000110000", again[] = "1100010100000";
    static uint8_t bytes[BOMB_BYTES];
    memcpy(bytes, gzip_head, sizeof gzip_head);
    size_t bit = sizeof gzip_head * 8;
    for (const char *bits = begin; bit < (size_t)BOMB_BYTES * 8; bits = again) {
        for (; *bits != '\0' && bit < (size_t)BOMB_BYTES * 8; bits++, bit++)
            if (*bits == '1') bytes[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
    text_format(bomb, OK_HEAD "Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", BOMB_BYTES);
    text_append(bomb, (const char *)bytes, sizeof bytes);
}

static void make_answers(void)
{
    text_format(&bench.product, OK_HEAD "Content-Length: %zu\r\n\r\n%s", strlen(PRODUCT_BODY),
                PRODUCT_BODY);
    text_format(&bench.huge, OK_HEAD "Content-Length: %d\r\n\r\n", HUGE_BYTES);
    text_put(&bench.huge_chunked, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n");
    char kilobyte[1025];
    memset(kilobyte, ' ', 1024);
    kilobyte[1024] = '\0';
    for (int i = 0; i < HUGE_BYTES / 1024; i++) {
        text_put(&bench.huge, kilobyte);
        text_format(&bench.huge_chunked, "400\r\n%s\r\n", kilobyte);
    }
    text_put(&bench.huge_chunked, "0\r\n\r\n");
    make_bomb(&bench.bomb);
}

/* ---- one call a row -------------------------------------------------------------------------- */

static void start_call(struct course *course)
{
    struct err err;
    if (http_client_start(bench.client, &course->sent, &err) == 0) fail_msg("%s", err.message);
}

static void on_ended(void *context, void *owner, const struct http_outcome *outcome)
{
    (void)context;
    struct course *const course = owner;
    course->ended++;
    course->outcome = *outcome;
    memset(&course->reply, 0, sizeof course->reply);
    course->reply.http_status = outcome->response->status;
    if (outcome->fate == CALL_ANSWERED)
        codec_decode(bench.codec, &course->call, outcome->response, &course->reply);
    course->reply.fate = outcome->fate;
    if (course->row->second && course->ended == 1) {
        start_call(course);
        return;
    }
    const struct quote_result result = adapter_classify(OPERATION_SEARCH, &course->reply, true);
    char code[QUOTE_CODE_MAX];
    (void)snprintf(course->code, sizeof course->code, "%s",
                   quote_code(result.outcome, result.http_status, code));
    bench.ended++;
}

static uint16_t upstream_of(const struct fault_row *row)
{
    if (!row->tls) return bench.upstream->port;
    if (bench.tls[row->certificate] == NULL)
        bench.tls[row->certificate] = tls_server_start(row->certificate, TLS_HTTP1);
    return tls_server_port(bench.tls[row->certificate]);
}

static void make_place(struct course *course)
{
    struct http_place *const place = &course->place;
    const struct fault_row *const row = course->row;
    *place = (struct http_place){.declared_mock = true, .ca_file = row->tls ? tls_ca_file() : NULL};
    (void)snprintf(place->base_url, sizeof place->base_url, "%s://%s", row->tls ? "https" : "http",
                   TLS_HOST);
    if (row->no_name) {
        (void)snprintf(course->connect_to, sizeof course->connect_to, "nowhere.invalid:80");
        return;
    }
    struct err err;
    if (!relay_open(bench.relay, "127.0.0.1", 0, "127.0.0.1", upstream_of(row), &row->rule,
                    &course->port, &err))
        fail_msg("%s: %s", row->kind, err.message);
    (void)snprintf(course->connect_to, sizeof course->connect_to, "127.0.0.1:%u", course->port);
}

static void begin_row(uint32_t index)
{
    struct course *const course = &bench.courses[index];
    struct err err;
    char number[ROW_HEADER_MAX];
    course->row = &fault_rows[index];
    make_place(course);
    course->call = (struct call){.provider = PROVIDER_KROGER_API,
                                 .operation = OPERATION_SEARCH,
                                 .order_key = index,
                                 .request = &bench.order,
                                 .credential = &bench.credential};
    (void)snprintf(number, sizeof number, "%u", index);
    if (!codec_encode(bench.codec, &course->call, &course->request, &err))
        fail_msg("%s", err.message);
    http_header(&course->request, "X-Row", number);
    course->sent = (struct http_call){.place = &course->place,
                                      .request = &course->request,
                                      .life_us = course->row->gives_up ? SHORT_LIFE_US : LIFE_US,
                                      .connect_to = course->connect_to,
                                      .owner = course};
    start_call(course);
}

static void make_client(void)
{
    struct err err;
    bench.item = (struct order_item){.name = "Whole Milk",
                                     .name_hash = random_hash_text("Whole Milk"),
                                     .product = ORDER_PRODUCT_UNKNOWN,
                                     .quantity = 1};
    bench.order = (struct order_request){
        .items = &bench.item, .item_count = 1, .postal_code = "45202", .user_id = "customer-1"};
    bench.credential = (struct credential){.id = "id", .secret = "secret", .fingerprint = 1};
    const struct codec_setup codec = {
        .provider = PROVIDER_KROGER_API, .api = API_STANDARD, .declared_mock = true};
    const struct http_client_setup client = {.ended = on_ended};
    bench.codec = codec_create(&codec, &err);
    bench.client = http_client_create(&client, &err);
    bench.relay = relay_create(1, &err);
    if (bench.codec == NULL || bench.client == NULL || bench.relay == NULL)
        fail_msg("%s", err.message);
}

static int run_all_rows(void **state)
{
    (void)state;
    make_answers();
    make_client();
    bench.upstream = upstream_start(answer, NULL);
    for (uint32_t i = 0; i < FAULT_ROWS; i++)
        begin_row(i);
    const int64_t until_us = http_client_now_us() + 2 * LIFE_US;
    while (bench.ended < FAULT_ROWS && http_client_now_us() < until_us)
        http_client_wait(bench.client, until_us);
    return bench.ended == FAULT_ROWS ? 0 : -1;
}

static int take_down(void **state)
{
    (void)state;
    http_client_destroy(bench.client);
    relay_destroy(bench.relay);
    codec_destroy(bench.codec);
    upstream_stop(bench.upstream);
    for (int i = 0; i <= TLS_FORGED; i++) {
        if (bench.tls[i] != NULL) tls_server_stop(bench.tls[i]);
    }
    for (uint32_t i = 0; i < FAULT_ROWS; i++)
        http_request_release(&bench.courses[i].request);
    text_release(&bench.product);
    text_release(&bench.huge);
    text_release(&bench.huge_chunked);
    text_release(&bench.bomb);
    tls_forget_ca();
    return 0;
}

/* ---- one test a row -------------------------------------------------------------------------- */

static void check_row(void **state)
{
    const struct course *const course = *state;
    const struct fault_row *const row = course->row;
    const struct http_outcome *const outcome = &course->outcome;
    printf("fault %s: CURLcode %d -> %s\n", row->kind, outcome->curl_code, course->code);
    if (outcome->curl_code != row->curl_code)
        print_error("CURLcode %d, should be %d: %s\n", outcome->curl_code, row->curl_code,
                    outcome->message);
    CHECK_ROW(row->kind, outcome->curl_code == row->curl_code);
    CHECK_ROW_TEXT(row->kind, call_fate_names[outcome->fate], call_fate_names[row->fate]);
    CHECK_ROW_TEXT(row->kind, course->code, row->router_says);
    if (course->reply.http_status != row->status)
        print_error("status %u\n", course->reply.http_status);
    CHECK_ROW(row->kind, course->reply.http_status == row->status);
    CHECK_ROW(row->kind, course->reply.retry_after_s == row->retry_after_s);
    CHECK_ROW(row->kind, course->ended == (row->second ? 2 : 1));
    CHECK_ROW(row->kind, (outcome->message[0] == '\0') == (row->curl_code == CURLE_OK));
}

/* What the codes do not say: how often the provider was asked, and where the call had got. */
static void check_circumstances(void **state)
{
    const struct course *const course = *state;
    const struct fault_row *const row = course->row;
    const unsigned requests = bench.requests[course - bench.courses];
    const enum relay_fault fault = row->rule.fault;
    const bool kept_away = row->tls || row->no_name || fault == RELAY_REFUSE ||
                           fault == RELAY_BLACKHOLE || fault == RELAY_HANG ||
                           fault == RELAY_RESET || fault == RELAY_CLOSE;
    CHECK_ROW(row->kind, requests == (kept_away ? 0 : row->second ? 2 : 1));
    if (row->second) CHECK_ROW(row->kind, course->outcome.timing.sends == 2);
    if (fault == RELAY_BLACKHOLE) CHECK_ROW(row->kind, course->outcome.phase == HTTP_PHASE_CONNECT);
    if (row->layer == SHOWN_TLS) CHECK_ROW(row->kind, course->outcome.phase == HTTP_PHASE_TLS);
    CHECK_ROW(row->kind, course->outcome.over_limit == (row->made != MADE_NONE));
    if (strcmp(row->router_says, "OK") == 0) {
        assert_true(course->reply.as.product.found);
        assert_int_equal(course->reply.as.product.unit_cents, 299);
    }
}

static void check_both(void **state)
{
    check_row(state);
    check_circumstances(state);
}

/* ---- the page -------------------------------------------------------------------------------- */

static const char page_head[] =
    "# What can go wrong on the way to a provider\n"
    "\n"
    "Every row is a test: the call goes through the codec, the live client, the fault relay and "
    "a server that answers\n"
    "as the row says, all over loopback. The page is written by the test that checks it "
    "(`tests/mocks/test_fault_table.c`,\n"
    "with `GOLDEN=1` in its environment), so it cannot be wrong for long.\n"
    "\n"
    "- **live?** the fault can be put before a real provider. Framing needs plain HTTP, and bad "
    "certificates and HTTP's own\n"
    "  faults are answers of a mock. A real provider speaks TLS: there the rows named `_tls` tell "
    "what is seen.\n"
    "- **libcurl says** its code (7.88.1), and the status where it saw one.\n"
    "- **router says** how the call ended on the wire, and the error class of the quote.\n"
    "\n"
    "Nothing is followed where a reply redirects: a 3xx is an answer like any other, and the "
    "provider was asked once.\n"
    "`reuse_race` costs a connection and no error, because a GET may be sent twice. Floods of "
    "headers and huge bodies end\n"
    "at the client's own caps (23); left to itself libcurl says 27 of the flood and reads chunks "
    "without end.\n"
    "\n"
    "| layer | kind | what happens | live? | libcurl says | router says |\n"
    "|---|---|---|---|---|---|\n";

static void write_row(struct text *page, const struct fault_row *row)
{
    text_format(page, "| %s | `%s` | %s | %s | %d `%s`", shown_names[row->layer], row->kind,
                row->happens, row->live ? "yes" : "no", row->curl_code, row->curl_name);
    if (row->status != NO_STATUS) text_format(page, ", status %u", row->status);
    text_format(page, " | %s: `%s` |\n", call_fate_names[row->fate], row->router_says);
}

static char *read_whole(const char *path)
{
    struct text text = {0};
    char part[4096];
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return NULL;
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        text_append(&text, part, got);
    (void)fclose(file);
    return text_take(&text);
}

static void the_page_shows_these_rows(void **state)
{
    (void)state;
    struct text page = {0};
    text_put(&page, page_head);
    for (uint32_t i = 0; i < FAULT_ROWS; i++)
        write_row(&page, &fault_rows[i]);
    const char *const golden = getenv("GOLDEN");
    if (golden != NULL && strcmp(golden, "1") == 0) {
        FILE *const file = fopen(DOCS, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(page.bytes, 1, page.length, file), page.length);
        assert_int_equal(fclose(file), 0);
    }
    char *const shown = read_whole(DOCS);
    if (shown == NULL) fail_msg("%s is not there", DOCS);
    if (strcmp(shown, page.bytes) != 0)
        fail_msg("%s differs from the rows; GOLDEN=1 writes it anew", DOCS);
    free(shown);
    text_release(&page);
}

static void the_table_covers_every_layer_and_every_fault_of_the_relay(void **state)
{
    (void)state;
    uint32_t layers[SHOWN_COUNT] = {0}, faults[RELAY_FAULT_COUNT] = {0}, wrong = 0;
    for (uint32_t i = 0; i < FAULT_ROWS; i++) {
        layers[fault_rows[i].layer]++;
        faults[fault_rows[i].rule.fault]++;
        wrong += fault_rows[i].layer != SHOWN_NONE;
    }
    for (int i = 0; i < SHOWN_COUNT; i++)
        CHECK_ROW(shown_names[i], layers[i] > 0);
    for (int i = 0; i < RELAY_FAULT_COUNT; i++)
        CHECK_ROW(relay_fault_names[i], faults[i] > 0);
    assert_true(wrong >= 30);
    printf("told: the fault table: %u kinds of faults over %d layers, each met on a real socket\n",
           wrong, SHOWN_COUNT - 1);
}

static char names[FAULT_ROWS][64];

int main(void)
{
    struct CMUnitTest tests[FAULT_ROWS + 2] = {
        [FAULT_ROWS] = cmocka_unit_test(the_table_covers_every_layer_and_every_fault_of_the_relay),
        [FAULT_ROWS + 1] = cmocka_unit_test(the_page_shows_these_rows),
    };
    for (uint32_t i = 0; i < FAULT_ROWS; i++) {
        (void)snprintf(names[i], sizeof names[i], "fault_%s", fault_rows[i].kind);
        tests[i] = (struct CMUnitTest){
            .name = names[i], .test_func = check_both, .initial_state = &bench.courses[i]};
    }
    return cmocka_run_group_tests(tests, run_all_rows, take_down);
}
