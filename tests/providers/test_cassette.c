/* Cassettes. Goal: what was recorded is what is played, in the order and by the rules that the
 * header states; a file is whole or not there; a bad one is refused line by line. Method: random
 * conversations against a slower, obvious player; rows of bad lines; then each system call and each
 * allocation failing in turn. */
#include "providers/cassette.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "router/base/memory.h"
#include "tests/providers/cassette_fixture.h"

/* link: -Wl,--wrap=write,--wrap=fsync,--wrap=rename,--wrap=close */
ssize_t __real_write(int file, const void *bytes, size_t length);
ssize_t __wrap_write(int file, const void *bytes, size_t length);
int __real_fsync(int file);
int __wrap_fsync(int file);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_close(int file);
int __wrap_close(int file);

static int fail_in;          /* the so manieth wrapped call fails; 0: none */
static size_t write_at_most; /* bytes that one write takes; 0: all */

static bool is_due(void)
{
    return fail_in > 0 && --fail_in == 0;
}

/* The test's own output goes through write() too, and is left in peace. */
ssize_t __wrap_write(int file, const void *bytes, size_t length)
{
    if (file <= STDERR_FILENO) return __real_write(file, bytes, length);
    if (is_due()) {
        errno = ENOSPC;
        return -1;
    }
    return __real_write(file, bytes,
                        write_at_most != 0 && write_at_most < length ? write_at_most : length);
}

int __wrap_fsync(int file)
{
    if (!is_due()) return __real_fsync(file);
    errno = EIO;
    return -1;
}

int __wrap_rename(const char *from, const char *to)
{
    if (!is_due()) return __real_rename(from, to);
    errno = EACCES;
    return -1;
}

int __wrap_close(int file)
{
    const int closed = __real_close(file);
    if (!is_due()) return closed;
    errno = EIO;
    return -1;
}

/* ---- random conversations -------------------------------------------------------------------- */

struct luck {
    uint64_t seed, index;
};

static uint32_t draw(struct luck *luck, uint32_t limit)
{
    return random_below(test_bits(luck->seed, luck->index++), limit);
}

enum { TAKES = 60, REQUESTS = 12, CALLS = 160 };

struct kept { /* a take, and what the obvious player knows of it */
    enum provider provider;
    enum operation operation;
    uint32_t request;
    int64_t order, at_us;
    uint32_t item, attempt;
    enum call_fate fate;
    int64_t latency_us;
    struct http_response response;
    bool used;
};

/* Operations that Kroger and Walmart both have, and Instacart's slots. */
static void draw_call(struct luck *luck, struct kept *kept)
{
    static const enum provider providers[] = {PROVIDER_KROGER_API, PROVIDER_WALMART_API,
                                              PROVIDER_INSTACART};
    static const enum operation operations[] = {OPERATION_STORE, OPERATION_SEARCH,
                                                OPERATION_CONFIRM};
    kept->provider = providers[draw(luck, 3)];
    kept->operation = operations[draw(luck, 3)];
    if (kept->provider == PROVIDER_INSTACART && kept->operation == OPERATION_SEARCH) {
        kept->operation = OPERATION_SLOTS;
    }
    kept->request = draw(luck, REQUESTS);
    kept->order = (int64_t)draw(luck, 4) - 1;
    kept->item = draw(luck, 2);
    kept->attempt = draw(luck, 8) == 0;
    kept->fate =
        draw(luck, 4) == 0 ? (enum call_fate)(1 + draw(luck, CALL_FATE_COUNT - 1)) : CALL_ANSWERED;
    kept->latency_us = draw(luck, 1000000);
}

/* Request number `number` of an operation, in a spelling of its own. */
static void spell_request(struct luck *luck, uint32_t number, struct http_request *request)
{
    struct text path = {0};
    text_format(&path, draw(luck, 2) ? "/v1/r/%u" : "/%%76%%31/r/%u", (unsigned)number);
    http_request_begin(request, number % 2 ? HTTP_POST : HTTP_GET, path.bytes);
    text_release(&path);
    if (draw(luck, 2)) {
        text_put(&request->target, draw(luck, 2) ? "?a=x+y&b=2" : "?a=x%20y&b=2");
    } else {
        text_put(&request->target, "?b=2&a=%78%20y");
    }
    http_header(request, "Authorization", draw(luck, 2) ? "Bearer a" : "Bearer b");
    if (number % 2 == 0) return;
    request->content_type = draw(luck, 2) ? "application/json" : "application/json;charset=utf-8";
    if (draw(luck, 2)) {
        text_format(&request->body, "{\"n\":%u,\"m\":{\"x\":1.0,\"y\":[1,2]}}", (unsigned)number);
    } else {
        text_format(&request->body, "{ \"m\":{\"y\":[1, 2],\"x\":1.0},\n\"n\":%u,\"timestamp\":7}",
                    (unsigned)number);
    }
}

/* JSON, other text, bytes, or nothing; whatever it is, no secret. */
static void draw_body(struct luck *luck, struct text *body)
{
    static const char *const pieces[] = {
        "{\"a\":[1,2.50,", "\"", "\\u00e9", "\xC3\xA9", "\n", "\x01", "\t", "<p>", " ", "%20&amp;"};
    const uint32_t kind = draw(luck, 4);
    const uint32_t count = kind == 0 ? 0 : draw(luck, 40);
    for (uint32_t i = 0; i < count; i++) {
        if (kind == 1) {
            text_char(body, (char)draw(luck, 256));
        } else {
            text_put(body, pieces[draw(luck, 10)]);
        }
    }
}

static void draw_response(struct luck *luck, struct http_response *response)
{
    static const char *const types[] = {"application/json", "text/html; charset=\"utf-8\"", NULL};
    response->status = (uint16_t)(100 + draw(luck, 500));
    response->content_type = types[draw(luck, 3)];
    response->retry_after_s = draw(luck, 3) == 0 ? draw(luck, 1u << 31) : 0;
    response->truncated = draw(luck, 4) == 0;
    draw_body(luck, &response->body);
}

static void record_random(struct luck *luck, struct fixture *fixture, struct kept kept[TAKES])
{
    struct recorder *const recorder = fixture_record(fixture);
    for (size_t i = 0; i < TAKES; i++) {
        draw_call(luck, &kept[i]);
        kept[i].at_us = (int64_t)draw(luck, TAKES) - 7; /* some at one instant, none in order */
        if (kept[i].fate == CALL_ANSWERED) draw_response(luck, &kept[i].response);
        spell_request(luck, kept[i].request, &fixture->request);
        fixture->take = (struct cassette_take){.provider = kept[i].provider,
                                               .operation = kept[i].operation,
                                               .order = kept[i].order,
                                               .item = kept[i].item,
                                               .attempt = kept[i].attempt,
                                               .at_us = kept[i].at_us,
                                               .latency_us = kept[i].latency_us,
                                               .fate = kept[i].fate,
                                               .request = &fixture->request,
                                               .response = &kept[i].response};
        fixture_add(fixture, recorder);
    }
    fixture_close(recorder);
}

static bool is_before(const struct kept *a, const struct kept *b)
{
    return b == NULL || a->at_us < b->at_us || (a->at_us == b->at_us && a < b);
}

static bool is_own(const struct kept *kept, const struct kept *call)
{
    return call->order != CASSETTE_NO_ORDER && kept->order == call->order &&
           kept->item == call->item && kept->attempt == call->attempt;
}

/* The rules, written down the slow way. Returns the take that answers, or NULL. */
static struct kept *find_slowly(struct kept kept[TAKES], const struct kept *call,
                                enum cassette_match *match)
{
    struct kept *own = NULL, *next = NULL, *last = NULL;
    for (size_t i = 0; i < TAKES; i++) {
        if (kept[i].provider != call->provider || kept[i].request != call->request) continue;
        if (last == NULL || is_before(last, &kept[i])) last = &kept[i];
        if (kept[i].used) continue;
        if (is_before(&kept[i], next)) next = &kept[i];
        if (is_own(&kept[i], call) && is_before(&kept[i], own)) own = &kept[i];
    }
    *match = CASSETTE_EXACT;
    if (own != NULL || next != NULL) return own != NULL ? own : next;
    *match = last != NULL ? CASSETTE_AGAIN : CASSETTE_NONE;
    if (last != NULL || call->operation == OPERATION_SEARCH ||
        call->operation == OPERATION_CONFIRM) {
        return last;
    }
    for (size_t i = 0; i < TAKES; i++) {
        if (kept[i].provider != call->provider || kept[i].operation != call->operation) continue;
        if (!kept[i].used && is_before(&kept[i], next)) next = &kept[i];
    }
    if (next != NULL) *match = CASSETTE_LIKE;
    return next;
}

static void check_played(const struct played *played, const struct kept *expected)
{
    static const struct http_response empty = {0};
    const bool answered = expected != NULL && expected->fate == CALL_ANSWERED;
    const struct http_response *const response = answered ? &expected->response : &empty;
    assert_int_equal(played->fate, expected != NULL ? expected->fate : CALL_ANSWERED);
    assert_int_equal(played->latency_us, expected != NULL ? expected->latency_us : 0);
    assert_int_equal(played->response.status, response->status);
    assert_int_equal(played->response.retry_after_s, response->retry_after_s);
    assert_int_equal(played->response.truncated, response->truncated);
    assert_int_equal(played->response.body.length, response->body.length);
    assert_int_equal(played->response.content_type == NULL, response->content_type == NULL);
    if (response->content_type != NULL) {
        assert_string_equal(played->response.content_type, response->content_type);
    }
    if (response->body.length > 0) {
        assert_memory_equal(played->response.body.bytes, response->body.bytes,
                            response->body.length);
    }
}

static void play_random(struct luck *luck, struct fixture *fixture, struct cassette *cassette,
                        struct kept kept[TAKES], struct cassette_counters *counted)
{
    struct played played = {0};
    for (size_t i = 0; i < CALLS; i++) {
        struct kept call = {0};
        draw_call(luck, &call);
        call.request = draw(luck, REQUESTS + 4);
        spell_request(luck, call.request, &fixture->request);
        fixture->take.provider = call.provider;
        fixture->take.operation = call.operation;
        fixture->take.order = call.order;
        fixture->take.item = call.item;
        fixture->take.attempt = call.attempt;
        fixture_play(cassette, &fixture->take, &played);
        enum cassette_match match;
        struct kept *const expected = find_slowly(kept, &call, &match);
        if (expected != NULL) expected->used = true;
        if (played.match != match) print_error("call %zu\n", i);
        assert_int_equal(played.match, match);
        check_played(&played, expected);
        counted[call.provider].exact += match == CASSETTE_EXACT;
        counted[call.provider].again += match == CASSETTE_AGAIN;
        counted[call.provider].like += match == CASSETTE_LIKE;
        counted[call.provider].none += match == CASSETTE_NONE;
    }
    http_response_release(&played.response);
}

static void check_counters(const struct cassette *cassette, const struct cassette_counters *counted)
{
    for (int i = 0; i < PROVIDER_COUNT; i++) {
        const struct cassette_counters counters = cassette_counters(cassette, (enum provider)i);
        assert_memory_equal(&counters, &counted[i], sizeof counters);
    }
}

static void random_conversations_are_played_as_the_slow_player_does(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct luck luck = {.seed = seed};
        struct kept kept[TAKES] = {{0}};
        struct fixture fixture;
        struct cassette_counters counted[PROVIDER_COUNT] = {{0}};
        fixture_begin(&fixture);
        record_random(&luck, &fixture, kept);
        struct cassette *const cassette = fixture_open(&fixture);
        for (unsigned replication = 0; replication < 2; replication++) {
            for (size_t i = 0; i < TAKES; i++)
                kept[i].used = false;
            cassette_rewind(cassette);
            play_random(&luck, &fixture, cassette, kept, counted);
        }
        check_counters(cassette, counted);
        cassette_close(cassette);
        for (size_t i = 0; i < TAKES; i++)
            http_response_release(&kept[i].response);
        fixture_end(&fixture);
    }
}

/* ---- rules, one by one ----------------------------------------------------------------------- */

static void add_search(struct fixture *fixture, struct recorder *recorder, const char *target,
                       const char *body)
{
    fixture_get(fixture, target);
    fixture_answer(fixture, 200, body);
    fixture_add(fixture, recorder);
}

static void check_play(struct fixture *fixture, struct cassette *cassette, const char *target,
                       enum cassette_match match, const char *body)
{
    struct played played = {0};
    fixture_get(fixture, target);
    fixture_play(cassette, &fixture->take, &played);
    CHECK_ROW(target, played.match == match);
    CHECK_ROW_TEXT(target, fixture_body(&played), body);
    http_response_release(&played.response);
}

static void equal_requests_are_answered_in_order_and_then_by_the_last(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    add_search(&fixture, recorder, "/p?q=milk", "1");
    add_search(&fixture, recorder, "/p?q=eggs", "2");
    add_search(&fixture, recorder, "/p?q=milk", "3");
    fixture_close(recorder);
    struct cassette *const cassette = fixture_open(&fixture);
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "1");
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "3");
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_AGAIN, "3");
    check_play(&fixture, cassette, "/p?q=eggs", CASSETTE_EXACT, "2");
    check_play(&fixture, cassette, "/p?q=bread", CASSETTE_NONE, "");
    cassette_rewind(cassette);
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "1");
    cassette_close(cassette);
    fixture_end(&fixture);
}

/* Adds a search of an order, sent and ended at instants of its own. */
static void add_search_of(struct fixture *fixture, struct recorder *recorder, int64_t order,
                          int64_t at_us, const char *body)
{
    fixture->take.order = order;
    fixture->take.at_us = at_us;
    add_search(fixture, recorder, "/p?q=milk", body);
}

static void orders_that_ask_the_same_at_once_get_their_own_answers(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    add_search_of(&fixture, recorder, 8, 20, "8"); /* takes are kept as they end */
    add_search_of(&fixture, recorder, 7, 10, "7");
    add_search_of(&fixture, recorder, CASSETTE_NO_ORDER, 6, "a");
    add_search_of(&fixture, recorder, CASSETTE_NO_ORDER, 5, "b");
    fixture_close(recorder);
    struct cassette *const cassette = fixture_open(&fixture);
    fixture.take.order = 7;
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "7");
    fixture.take.order = 9; /* was never recorded: what was sent first goes first */
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "b");
    fixture.take.order = 7; /* asks again */
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "a");
    fixture.take.order = CASSETTE_NO_ORDER;
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "8");
    fixture.take.order = 8; /* its own is gone */
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_AGAIN, "8");
    cassette_close(cassette);
    fixture_end(&fixture);
}

static void an_order_s_lines_and_attempts_are_told_apart(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    for (uint32_t i = 0; i < 4; i++) {
        fixture.take.item = i / 2;
        fixture.take.attempt = i % 2;
        add_search_of(&fixture, recorder, 3, 0, i == 0 ? "0" : i == 1 ? "1" : i == 2 ? "2" : "3");
    }
    fixture_close(recorder);
    struct cassette *const cassette = fixture_open(&fixture);
    fixture.take.item = 1;
    fixture.take.attempt = 1;
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "3");
    fixture.take.attempt = 0;
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "2");
    fixture.take.item = 0;
    fixture.take.attempt = 1;
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "1");
    cassette_close(cassette);
    fixture_end(&fixture);
}

static void only_some_operations_take_what_is_like_it(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum operation operation;
        bool like;
    } rows[] = {
        {PROVIDER_KROGER_API, OPERATION_TOKEN, true},
        {PROVIDER_KROGER_API, OPERATION_STORE, true},
        {PROVIDER_KROGER_API, OPERATION_SEARCH, false},
        {PROVIDER_MEALME, OPERATION_CART, true},
        {PROVIDER_MEALME, OPERATION_QUOTE, true},
        {PROVIDER_INSTACART, OPERATION_SLOTS, true},
        {PROVIDER_MEALME, OPERATION_SINGLE, false},
        {PROVIDER_MEALME, OPERATION_CONFIRM, false},
        {PROVIDER_WALMART_API, OPERATION_HEALTH, true},
    };
    struct fixture fixture;
    fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct recorder *const recorder = fixture_record(&fixture);
        fixture.take.provider = rows[i].provider;
        fixture.take.operation = rows[i].operation;
        add_search(&fixture, recorder, "/p?q=1", "1");
        add_search(&fixture, recorder, "/p?q=2", "2");
        fixture_close(recorder);
        struct cassette *const cassette = fixture_open(&fixture);
        const enum cassette_match match = rows[i].like ? CASSETTE_LIKE : CASSETTE_NONE;
        check_play(&fixture, cassette, "/p?q=x", match, rows[i].like ? "1" : "");
        check_play(&fixture, cassette, "/p?q=1", rows[i].like ? CASSETTE_AGAIN : CASSETTE_EXACT,
                   "1"); /* it was used */
        check_play(&fixture, cassette, "/p?q=y", match, rows[i].like ? "2" : "");
        check_play(&fixture, cassette, "/p?q=z", CASSETTE_NONE, "");
        cassette_close(cassette);
    }
    fixture_end(&fixture);
}

static void a_fork_plays_for_itself(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    add_search(&fixture, recorder, "/p?q=milk", "1");
    add_search(&fixture, recorder, "/p?q=milk", "2");
    fixture_close(recorder);
    struct err err;
    struct cassette *const cassette = fixture_open(&fixture);
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "1");
    struct cassette *const fork = cassette_fork(cassette, &err);
    assert_non_null(fork);
    check_play(&fixture, fork, "/p?q=milk", CASSETTE_EXACT, "1");
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "2");
    check_play(&fixture, fork, "/p?q=milk", CASSETTE_EXACT, "2");
    assert_int_equal(cassette_counters(fork, PROVIDER_KROGER_API).exact, 2);
    cassette_close(fork);
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_AGAIN, "2");
    cassette_close(cassette);
    fixture_end(&fixture);
}

static void takes_are_counted_by_api(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    fixture.take.provider = PROVIDER_WALMART_API;
    add_search(&fixture, recorder, "/p", "1");
    fixture.take.api = API_ACCESS_TOKEN;
    add_search(&fixture, recorder, "/p", "2");
    add_search(&fixture, recorder, "/p", "3");
    fixture_close(recorder);
    struct cassette *const cassette = fixture_open(&fixture);
    assert_int_equal(cassette_take_count(cassette, PROVIDER_WALMART_API, API_STANDARD), 1);
    assert_int_equal(cassette_take_count(cassette, PROVIDER_WALMART_API, API_ACCESS_TOKEN), 2);
    assert_int_equal(cassette_take_count(cassette, PROVIDER_KROGER_API, API_STANDARD), 0);
    cassette_close(cassette);
    fixture_end(&fixture);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void a_line_says_everything_in_its_order(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    fixture_post(&fixture, "/v1/token", "application/x-www-form-urlencoded",
                 "grant_type=client_credentials&scope=product.compact");
    http_header(&fixture.request, "Authorization", "Basic aWQ6c2VjcmV0LTEyMzQ=");
    http_header(&fixture.request, "Accept", "application/json");
    http_header(&fixture.request, "X-Routesim-Call", "0123456789abcdef-0-0-0-0-0");
    fixture_answer(&fixture, 200, "{\"expires_in\":1800,\"access_token\":\"eyJh.1\"}");
    fixture.response.retry_after_s = 7;
    fixture.take.operation = OPERATION_TOKEN;
    fixture.take.order = CASSETTE_NO_ORDER;
    fixture.take.at_us = -5;
    fixture_add(&fixture, recorder);
    fixture_get(&fixture, "/v1/p?q=a%20b");
    fixture.take.operation = OPERATION_SEARCH;
    fixture.take.order = 12;
    fixture.take.item = 2;
    fixture.take.attempt = 1;
    fixture.take.fate = CALL_RESET;
    fixture_add(&fixture, recorder);
    http_response_clear(&fixture.response);
    fixture.response.status = 500;
    fixture.response.truncated = true;
    text_append(&fixture.response.body, "a\0b", 3);
    fixture.take.fate = CALL_ANSWERED;
    fixture_add(&fixture, recorder);
    recorder_orders(recorder, 13);
    fixture_close(recorder);
    size_t length;
    char *const bytes = fixture_bytes(&fixture, &length);
    assert_string_equal(
        bytes,
        "{\"schema\":\"routesim.cassette/2\",\"program\":\"test\",\"scenario\":\"small\","
        "\"seed\":\"7\",\"clock\":\"virtual\",\"start_unix_us\":1736175600000000,"
        "\"duration_us\":4000000,\"order_gap_us\":0,\"providers\":[\"KROGER_API\"],\"live\":[]}\n"
        "{\"provider\":\"KROGER_API\",\"api\":\"standard\",\"operation\":\"token\","
        "\"order\":null,\"item\":0,\"attempt\":0,\"at_us\":-5,"
        "\"latency_us\":1000,\"fate\":\"answered\",\"request\":{\"method\":\"POST\",\"target\":\"/"
        "v1/"
        "token\",\"headers\":{\"Accept\":\"application/json\"},\"content_type\":\"application/"
        "x-www-form-urlencoded\",\"body\":\"grant_type=client_credentials&scope=product.compact\"},"
        "\"response\":{\"status\":200,\"content_type\":\"application/json\",\"retry_after_s\":7,"
        "\"truncated\":false,\"body\":\"{\\\"expires_in\\\":1800,\\\"access_token\\\":\\\"token-"
        "1\\\"}"
        "\"}}\n"
        "{\"provider\":\"KROGER_API\",\"api\":\"standard\",\"operation\":\"search\","
        "\"order\":12,\"item\":2,\"attempt\":1,\"at_us\":-5,"
        "\"latency_us\":1000,\"fate\":\"reset\",\"request\":{\"method\":\"GET\",\"target\":\"/v1/"
        "p?q="
        "a%20b\",\"headers\":{},\"content_type\":null,\"body\":\"\"},\"response\":null}\n"
        "{\"provider\":\"KROGER_API\",\"api\":\"standard\",\"operation\":\"search\","
        "\"order\":12,\"item\":2,\"attempt\":1,\"at_us\":-5,"
        "\"latency_us\":1000,\"fate\":\"answered\",\"request\":{\"method\":\"GET\",\"target\":\"/"
        "v1/p?"
        "q=a%20b\",\"headers\":{},\"content_type\":null,\"body\":\"\"},\"response\":{\"status\":"
        "500,"
        "\"content_type\":null,\"retry_after_s\":0,\"truncated\":true,\"body_base64\":\"YQBi\"}}"
        "\n"
        "{\"end\":{\"takes\":3,\"refused\":0,\"orders\":13,\"stopped_by\":\"\",\"sha256\":"
        "\"866c6381d6be30447c8e4352ac8fc2576f31a4f19073097e41116e54eb9e3cdd\"}}\n");
    free(bytes);
    fixture_end(&fixture);
}

static void a_take_that_is_too_long_is_refused_and_recording_goes_on(void **state)
{
    (void)state;
    enum { LIMIT = CASSETTE_BODY_BYTES_MAX };
    struct fixture fixture;
    struct err err;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    char *const long_body = malloc(LIMIT + 2);
    memset(long_body, '\x01', LIMIT + 1); /* six bytes each in the file */
    long_body[LIMIT] = '\0';
    fixture_get(&fixture, "/longest");
    fixture_answer(&fixture, 200, long_body);
    fixture_add(&fixture, recorder);
    text_char(&fixture.response.body, 'x');
    assert_false(recorder_add(recorder, &fixture.take, &err));
    assert_int_equal(err.code, ERR_INPUT);
    fixture_answer(&fixture, 200, "");
    fixture_post(&fixture, "/p", "text/plain", long_body);
    fixture_add(&fixture, recorder);
    text_char(&fixture.request.body, 'x');
    assert_false(recorder_add(recorder, &fixture.take, &err));
    fixture_get(&fixture, "/p?");
    for (size_t i = 3; i <= CASSETTE_TARGET_BYTES_MAX; i++)
        text_char(&fixture.request.target, 'x');
    assert_false(recorder_add(recorder, &fixture.take, &err));
    add_search(&fixture, recorder, "/after", "{}");
    assert_int_equal(recorder_refused(recorder), 3);
    fixture_close(recorder);

    struct cassette *const cassette = fixture_open(&fixture);
    check_play(&fixture, cassette, "/longest", CASSETTE_EXACT, long_body);
    check_play(&fixture, cassette, "/after", CASSETTE_EXACT, "{}");
    assert_int_equal(cassette_take_count(cassette, PROVIDER_KROGER_API, API_STANDARD), 3);
    cassette_close(cassette);
    free(long_body);
    fixture_end(&fixture);
}

static void only_its_owner_may_read_it_and_nothing_else_is_left(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err err;
    struct stat status;
    fixture_begin(&fixture);
    const mode_t mask = umask(0);
    struct recorder *recorder = fixture_record(&fixture);
    assert_int_equal(fixture_files(&fixture), 1); /* the temporary one */
    assert_int_not_equal(stat(fixture.path, &status), 0);
    add_search(&fixture, recorder, "/p", "1");
    fixture_close(recorder);
    (void)umask(mask);
    assert_int_equal(stat(fixture.path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(fixture_files(&fixture), 1);

    recorder = fixture_record(&fixture); /* given up: the old one stays as it was */
    add_search(&fixture, recorder, "/q", "2");
    assert_true(recorder_close(recorder, false, &err));
    assert_int_equal(fixture_files(&fixture), 1);
    struct cassette *const cassette = fixture_open(&fixture);
    check_play(&fixture, cassette, "/p", CASSETTE_EXACT, "1");
    cassette_close(cassette);
    assert_true(recorder_close(NULL, true, &err));
    fixture_end(&fixture);
}

static void put_file(const struct fixture *fixture, const char *bytes)
{
    FILE *const stream = fopen(fixture->path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, strlen(bytes), stream), strlen(bytes));
    assert_int_equal(fclose(stream), 0);
}

static void only_a_cassette_or_an_empty_file_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *label, *bytes;
        bool replaced;
    } rows[] = {
        {"nothing", "", true},
        {"an older cassette", "{\"schema\":\"routesim.cassette/1\",\"program\":\"x\"}\n", true},
        {"a cassette of a later version", "{\"schema\":\"routesim.cassette/9\"}\n", true},
        {"half a beginning", "{\"schema\":\"routes", false},
        {"another file of ours", "{\"schema\":\"routesim.summary/1\"}\n", false},
        {"a letter", "Dear diary,\n", false},
    };
    struct fixture fixture;
    struct err err;
    fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_file(&fixture, rows[i].bytes);
        struct recorder *const recorder = recorder_open(fixture.path, true, &fixture_head, &err);
        CHECK_ROW(rows[i].label, (recorder != NULL) == rows[i].replaced);
        if (recorder == NULL) CHECK_ROW(rows[i].label, err.code == ERR_USAGE);
        CHECK_ROW(rows[i].label, recorder_close(recorder, true, &err));
        CHECK_ROW(rows[i].label, fixture_files(&fixture) == 1);
        size_t length;
        char *const bytes = fixture_bytes(&fixture, &length);
        if (!rows[i].replaced) CHECK_ROW_TEXT(rows[i].label, bytes, rows[i].bytes);
        free(bytes);
    }
    assert_int_equal(unlink(fixture.path), 0);
    assert_int_equal(mkdir(fixture.path, 0700), 0);
    assert_null(recorder_open(fixture.path, true, &fixture_head, &err));
    assert_int_equal(rmdir(fixture.path), 0);
    assert_int_equal(symlink("/dev/null", fixture.path), 0);
    assert_null(recorder_open(fixture.path, true, &fixture_head, &err));
    assert_int_equal(err.code, ERR_USAGE);
    fixture_end(&fixture);
}

static void no_cassette_is_replaced_unasked(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err err;
    fixture_begin(&fixture);
    struct recorder *recorder = fixture_record(&fixture);
    add_search(&fixture, recorder, "/p?q=milk", "paid for");
    fixture_close(recorder);
    assert_null(recorder_open(fixture.path, false, &fixture_head, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.hint, "--force"));
    assert_int_equal(fixture_files(&fixture), 1);
    assert_int_equal(unlink(fixture.path), 0);

    recorder =
        recorder_open(fixture.path, false, &fixture_head, &err); /* nor one that came since */
    assert_non_null(recorder);
    put_file(&fixture, "{\"schema\":\"routesim.cassette/2\",\"program\":\"other\"}\n");
    assert_false(recorder_close(recorder, true, &err));
    assert_int_equal(err.code, ERR_USAGE);
    size_t length;
    char *const bytes = fixture_bytes(&fixture, &length);
    assert_non_null(strstr(bytes, "other"));
    free(bytes);
    fixture_remove_part(&fixture);
    fixture_end(&fixture);
}

/* What was stopped is no reason to lose what was whole. */
static void a_recording_that_was_stopped_replaces_none(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err err;
    fixture_begin(&fixture);
    struct recorder *recorder = fixture_record(&fixture);
    add_search(&fixture, recorder, "/p?q=milk", "whole");
    recorder_stopped(recorder, "a signal"); /* nothing lies there yet */
    assert_string_equal(recorder_path(recorder), fixture.path);
    fixture_close(recorder);

    recorder = recorder_open(fixture.path, true, &fixture_head, &err);
    assert_non_null(recorder);
    add_search(&fixture, recorder, "/p?q=milk", "part");
    recorder_stopped(recorder, "a signal");
    char part[TEST_PATH_MAX + 48];
    (void)snprintf(part, sizeof part, "%s", recorder_path(recorder));
    assert_string_not_equal(part, fixture.path);
    fixture_close(recorder);
    assert_int_equal(fixture_files(&fixture), 2);
    struct cassette *const cassette = fixture_open(&fixture);
    check_play(&fixture, cassette, "/p?q=milk", CASSETTE_EXACT, "whole");
    cassette_close(cassette);
    assert_int_equal(unlink(part), 0);
    fixture_end(&fixture);
}

static void somebody_elses_file_that_came_meanwhile_is_left_alone(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err err;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    assert_null(recorder_open(fixture.path, true, &fixture_head, &err)); /* one at a time */
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    add_search(&fixture, recorder, "/p", "1");
    put_file(&fixture, "Dear diary,\n");
    assert_false(recorder_close(recorder, true, &err));
    size_t length;
    char *const bytes = fixture_bytes(&fixture, &length);
    assert_string_equal(bytes, "Dear diary,\n");
    free(bytes);
    assert_non_null(strstr(err.hint, ".part-")); /* and so is the recording */
    fixture_remove_part(&fixture);
    fixture_end(&fixture);
}

/* ---- bad files ------------------------------------------------------------------------------- */

#define HEAD_OF(start, providers)                                                                  \
    "{\"schema\":\"routesim.cassette/2\",\"program\":\"x\",\"scenario\":\"s\",\"seed\":\"7\","     \
    "\"clock\":\"virtual\",\"start_unix_us\":" start                                               \
    ",\"duration_us\":0,\"order_gap_us\":0,\"providers\":" providers ",\"live\":[]}\n"
#define HEAD HEAD_OF("0", "[]")
#define CALL                                                                                       \
    "{\"provider\":\"KROGER_API\",\"api\":\"standard\",\"operation\":\"search\",\"order\":0,"      \
    "\"item\":0,\"attempt\":0,\"at_us\":0,\"latency_us\":1,\"fate\":\"answered\","
#define REQUEST                                                                                    \
    "\"request\":{\"method\":\"GET\",\"target\":\"/p\",\"headers\":{},\"content_type\":null,"      \
    "\"body\":\"\"},"
#define RESPONSE                                                                                   \
    "\"response\":{\"status\":200,\"content_type\":null,\"retry_after_s\":0,\"truncated\":false,"  \
    "\"body\":\"\"}}\n"

#define END                                                                                        \
    "{\"end\":{\"takes\":0,\"refused\":0,\"orders\":0,\"stopped_by\":\"\",\"sha256\":\"\"}}\n"

static struct err_list list;

static struct cassette *read_text(const char *text)
{
    list = (struct err_list){0};
    return cassette_read("c.jsonl", text, strlen(text), &list);
}

/* Takes the "@" out of a text that marks where its mistake is. */
static char *unmark(const char *marked, struct place *mark)
{
    struct text text = {0};
    *mark = (struct place){0};
    uint32_t line = 1, column = 1;
    for (; *marked != '\0'; marked++) {
        if (*marked == '@') {
            *mark = (struct place){.line = line, .column = column};
            continue;
        }
        text_char(&text, *marked);
        column = *marked == '\n' ? 1 : column + 1;
        line += *marked == '\n';
    }
    assert_int_not_equal(mark->line, 0);
    return text_take(&text);
}

/* A call up to its request, with one thing after another to be something else. */
#define CALL_OF(provider, api, operation, at_us, latency_us, fate)                                 \
    HEAD "{\"provider\":" provider ",\"api\":" api ",\"operation\":" operation                     \
         ",\"order\":0,\"item\":0,\"attempt\":0,\"at_us\":" at_us ",\"latency_us\":" latency_us    \
         ",\"fate\":" fate "}\n"
#define ANSWER_OF(status, type, retry, truncated, body)                                            \
    HEAD CALL REQUEST "\"response\":{\"status\":" status ",\"content_type\":" type                 \
                      ",\"retry_after_s\":" retry ",\"truncated\":" truncated "," body "}}\n"

static void a_bad_line_is_named_with_its_column(void **state)
{
    (void)state;
    static const struct {
        const char *text;    /* "@" stands where the mistake is */
        const char *message; /* its beginning */
    } rows[] = {
        {"@\n", "this is no cassette"},
        {"@Dear diary,\n", "this is no cassette"},
        {"@{\"schema\":\"routesim.summary/1\"}\n", "this is no cassette"},
        {"{\"schema\":@\"routesim.cassette/1\",\"x\":1}\n", "cassettes of version 1 "},
        {HEAD_OF("@\"now\"", "[]"), "start_unix_us is a whole number"},
        {HEAD_OF("0", "@{}"), "a list of providers"},
        {HEAD_OF("0", "[\"MEALME\",@\"KROGER\"]"), "this is no provider"},
        {"@{\"schema\":\"routesim.cassette/2\",\"program\":\"x\"}", "the file ends within"},
        {HEAD END "@" CALL REQUEST RESPONSE, "this line stands behind"},
        {HEAD "{\"end\":@7}\n", "an object belongs"},
        {HEAD "{\"end\":{\"takes\":@-1,\"refused\":0,\"orders\":0,\"stopped_by\":\"\","
              "\"sha256\":\"\"}}\n",
         "takes is a whole number"},
        {HEAD "{\"end\":{\"takes\":1,\"refused\":0,\"orders\":0,\"stopped_by\":@null,"
              "\"sha256\":\"\"}}\n",
         "a text belongs"},
        {HEAD "@" CALL REQUEST "\"response\":{\"status\":2", "the file ends within"},
        {HEAD "@\n", ""},
        {HEAD "@[]\n", "an object belongs"},
        {HEAD CALL REQUEST RESPONSE "{\"provider\":@nil}\n", ""},
        {HEAD CALL REQUEST "@\"extra\":1," RESPONSE, "unknown key \"extra\""},
        {HEAD CALL REQUEST "@\"fate\":\"reset\"," RESPONSE, "the key \"fate\""},
        {CALL_OF("@\"KROGER\"", "\"standard\"", "\"search\"", "0", "1", "\"answered\""),
         "unknown provider \"KROGER\""},
        {CALL_OF("\"KROGER_API\"", "@\"developer\"", "\"search\"", "0", "1", "\"answered\""),
         "the provider has no such API"},
        {CALL_OF("\"KROGER_API\"", "\"standard\"", "@\"slots\"", "0", "1", "\"answered\""),
         "the provider has no such operation"},
        {CALL_OF("\"KROGER_API\"", "\"standard\"", "\"search\"", "@0.5", "1", "\"answered\""),
         "at_us is a whole number"},
        {CALL_OF("\"KROGER_API\"", "\"standard\"", "\"search\"", "0", "@-1", "\"answered\""),
         "latency_us is a whole number"},
        {CALL_OF("\"KROGER_API\"", "\"standard\"", "\"search\"", "0", "1", "@\"lost\""),
         "unknown fate \"lost\""},
        {HEAD "@" CALL RESPONSE, "\"request\" is missing"},
        {HEAD CALL
         "\"request\":{\"method\":\"GET\",\"target\":@\"p\",\"headers\":{},\"content_type\":"
         "null,\"body\":\"\"}," RESPONSE,
         "a path, which begins"},
        {HEAD CALL
         "\"request\":{\"method\":\"GET\",\"target\":\"/p\",\"headers\":{@\"Host\":\"a\"},"
         "\"content_type\":null,\"body\":\"\"}," RESPONSE,
         "unknown key \"Host\""},
        {HEAD CALL REQUEST "\"response\":@null}\n", "an object belongs"},
        {ANSWER_OF("@65536", "null", "0", "false", "\"body\":\"\""), "status is a whole number"},
        {ANSWER_OF("200", "@\"a\\nb\"", "0", "false", "\"body\":\"\""), "a text of one line"},
        {ANSWER_OF("200", "null", "@-1", "false", "\"body\":\"\""), "retry_after_s is a whole"},
        {ANSWER_OF("200", "null", "0", "@0", "\"body\":\"\""), "true or false"},
        {ANSWER_OF("200", "null", "0", "true", "\"body\":@[]"), "a text belongs"},
        {ANSWER_OF("200", "null", "0", "true", "\"body_base64\":@\"YQ=\""), "this is no base64"},
        {ANSWER_OF("200", "null", "0", "true", "\"body_base64\":@\"YR==\""), "this is no base64"},
        {HEAD CALL REQUEST
         "\"response\":@{\"status\":200,\"content_type\":null,\"retry_after_s\":0,"
         "\"truncated\":true,\"body\":\"\",\"body_base64\":\"\"}}\n",
         "\"body\" or \"body_base64\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct place mark;
        char *const text = unmark(rows[i].text, &mark);
        CHECK_ROW(rows[i].text, read_text(text) == NULL);
        CHECK_ROW(rows[i].text, list.errors == 1);
        const struct err *const err = &list.items[0];
        if (err->place.line != mark.line || err->place.column != mark.column) {
            print_error("%u:%u %s\n", err->place.line, err->place.column, err->message);
        }
        CHECK_ROW(rows[i].text, err->code == ERR_INPUT);
        CHECK_ROW(rows[i].text,
                  strncmp(err->message, rows[i].message, strlen(rows[i].message)) == 0);
        CHECK_ROW(rows[i].text, err->place.line == mark.line);
        CHECK_ROW(rows[i].text, err->place.column == mark.column);
        CHECK_ROW_TEXT(rows[i].text, err->place.file, "c.jsonl");
        free(text);
    }
}

static void a_call_without_an_answer_has_none(void **state)
{
    (void)state;
    struct text text = {0};
    text_put(&text, HEAD "{\"provider\":\"MEALME\",\"api\":\"standard\",\"operation\":\"cart\","
                         "\"order\":null,\"item\":0,\"attempt\":0,\"at_us\":0,\"latency_us\":1,"
                         "\"fate\":\"dns\"," REQUEST RESPONSE);
    assert_null(read_text(text.bytes));
    assert_int_equal(list.errors, 1);
    text_release(&text);
}

static void every_bad_line_is_reported(void **state)
{
    (void)state;
    struct text text = {0};
    text_put(&text, HEAD);
    for (unsigned i = 0; i < 30; i++)
        text_put(&text, i % 2 == 0 ? "{\"provider\"\n" : CALL REQUEST RESPONSE);
    assert_null(read_text(text.bytes));
    assert_int_equal(list.errors, 15);
    assert_int_equal(list.count, 15);
    for (uint32_t i = 0; i < 15; i++)
        assert_int_equal(list.items[i].place.line, 2 + 2 * i);
    for (unsigned i = 0; i < 30; i++)
        text_put(&text, "[]\n");
    assert_null(read_text(text.bytes));
    assert_int_equal(list.errors, 45);
    assert_int_equal(list.count, ERR_LIST_MAX);
    text_clear(&text);
    text_put(&text, HEAD "{");
    for (unsigned i = 0; i < 30; i++) /* in one line */
        text_format(&text, "%s\"x%u\":0", i > 0 ? "," : "", i);
    text_put(&text, "}\n");
    assert_null(read_text(text.bytes));
    assert_int_equal(list.errors, 30);
    text_release(&text);
}

static void a_file_cut_anywhere_is_refused_or_lacks_whole_takes(void **state)
{
    (void)state;
    static const char whole[] = HEAD CALL REQUEST RESPONSE CALL REQUEST RESPONSE;
    unsigned read = 0;
    for (size_t length = 0; length <= sizeof whole - 1; length++) {
        list = (struct err_list){0};
        struct cassette *const cassette = cassette_read("c.jsonl", whole, length, &list);
        const bool at_end = length > 0 && whole[length - 1] == '\n';
        assert_int_equal(cassette != NULL, at_end);
        assert_int_equal(list.errors, at_end ? 0 : 1);
        read += cassette != NULL;
        cassette_close(cassette);
    }
    assert_int_equal(read, 3);
    assert_null(cassette_open("/nowhere/at/all", &list));
    assert_int_equal(list.items[list.count - 1].code, ERR_INPUT);
}

/* Cuts a cassette behind so many lines. */
static size_t cut_behind(const char *bytes, unsigned lines)
{
    size_t length = 0;
    for (; lines > 0; lines--)
        length += strcspn(bytes + length, "\n") + 1;
    return length;
}

/* What the cassette says of itself; "" where it is whole. */
static void check_says(const char *label, const char *bytes, size_t length, const char *says)
{
    struct text said = {0};
    list = (struct err_list){0};
    struct cassette *const cassette = cassette_read("c.jsonl", bytes, length, &list);
    CHECK_ROW(label, cassette != NULL);
    cassette_say_flaws(cassette, "c.jsonl", &said);
    CHECK_ROW_TEXT(label, said.bytes != NULL ? said.bytes : "", says);
    cassette_close(cassette);
    text_release(&said);
}

static void record_three(struct fixture *fixture, const char *stopped_by)
{
    struct recorder *const recorder = fixture_record(fixture);
    for (unsigned i = 0; i < 3; i++)
        add_search(fixture, recorder, i == 0 ? "/p?q=milk" : "/p?q=eggs", "1");
    recorder_orders(recorder, 2);
    if (stopped_by != NULL) recorder_stopped(recorder, stopped_by);
    fixture_close(recorder);
}

static void a_file_cut_between_two_lines_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    record_three(&fixture, NULL);
    size_t length;
    char *const bytes = fixture_bytes(&fixture, &length);
    check_says("whole", bytes, length, "");
    check_says("no last line", bytes, cut_behind(bytes, 4),
               "c.jsonl is partial: its last line is missing, so it was cut, or its recording was "
               "interrupted; 3 calls are left.");
    check_says("one call", bytes, cut_behind(bytes, 2),
               "c.jsonl is partial: its last line is missing, so it was cut, or its recording was "
               "interrupted; 1 call is left.");
    check_says("nothing", bytes, cut_behind(bytes, 1),
               "c.jsonl is partial: its last line is missing, so it was cut, or its recording was "
               "interrupted; 0 calls are left.");
    free(bytes);
    fixture_end(&fixture);
}

static void a_file_whose_middle_is_gone_or_edited_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    record_three(&fixture, NULL);
    size_t length;
    char *const bytes = fixture_bytes(&fixture, &length);
    char *const eggs = strstr(bytes, "eggs");
    eggs[0] = 'E';
    check_says("edited", bytes, length,
               "c.jsonl was altered after it was recorded: its last line has another checksum than "
               "its lines.");
    eggs[0] = 'e';
    char *const start = strstr(bytes, "1736175600");
    start[0] = '2';
    check_says("another start", bytes, length,
               "c.jsonl was altered after it was recorded: its last line has another checksum than "
               "its lines.");
    start[0] = '1';
    const size_t from = cut_behind(bytes, 2), to = cut_behind(bytes, 3);
    memmove(bytes + from, bytes + to, length - to + 1);
    check_says("a line less", bytes, length - (to - from),
               "c.jsonl was altered after it was recorded: its last line counts 3 calls, and 2 are "
               "there.");
    free(bytes);
    fixture_end(&fixture);
}

static void a_recording_that_was_stopped_says_so(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    record_three(&fixture, "a signal");
    size_t length;
    char *const bytes = fixture_bytes(&fixture, &length);
    check_says("stopped", bytes, length,
               "c.jsonl is partial: its recording was stopped early by a signal, after 3 calls.");
    free(bytes);
    fixture_end(&fixture);
}

static void the_first_line_keeps_the_run(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    record_three(&fixture, NULL);
    struct cassette *const cassette = fixture_open(&fixture);
    const struct cassette_head *const head = cassette_head(cassette);
    assert_string_equal(head->program, "test");
    assert_string_equal(head->scenario, "small");
    assert_string_equal(head->seed, "7");
    assert_string_equal(head->clock, "virtual");
    assert_int_equal(head->start_unix_us, fixture_head.start_unix_us);
    assert_int_equal(head->duration_us, fixture_head.duration_us);
    assert_int_equal(head->providers, 1u << PROVIDER_KROGER_API);
    assert_int_equal(head->live, 0);
    assert_int_equal(cassette_orders(cassette), 2);
    cassette_close(cassette);
    fixture_end(&fixture);
}

/* ---- failures -------------------------------------------------------------------------------- */

/* Records two takes over an old cassette; false with `err` if any of it failed. */
static bool record_anew(struct fixture *fixture, struct err *err)
{
    struct recorder *const recorder = recorder_open(fixture->path, true, &fixture_head, err);
    if (recorder == NULL) return false;
    bool good = true;
    for (unsigned i = 0; i < 2; i++) {
        fixture_get(fixture, i == 0 ? "/new?api_key=hush-1234" : "/newer");
        fixture_answer(fixture, 200, "{\"access_token\":\"eyJh.12345678\"}");
        good = recorder_add(recorder, &fixture->take, err) && good;
    }
    struct err again;
    const bool closed = recorder_close(recorder, true, good ? err : &again);
    assert_true(good || !closed); /* what could not be written is not kept */
    if (!good) assert_string_equal(again.message, err->message);
    return closed;
}

static void check_is(struct fixture *fixture, bool new)
{
    assert_int_equal(fixture_files(fixture), 1);
    struct cassette *const cassette = fixture_open(fixture);
    check_play(fixture, cassette, "/old", new ? CASSETTE_NONE : CASSETTE_EXACT, new ? "" : "old");
    check_play(fixture, cassette, "/newer", new ? CASSETTE_EXACT : CASSETTE_NONE,
               new ? "{\"access_token\":\"token-1\"}" : "");
    cassette_close(cassette);
}

static void record_old(struct fixture *fixture)
{
    struct recorder *const recorder = fixture_record(fixture);
    add_search(fixture, recorder, "/old", "old");
    fixture_close(recorder);
}

static void a_full_disk_leaves_what_was_there(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    record_old(&fixture);
    unsigned failed = 0;
    bool good = false;
    for (int call = 1; !good; call++) {
        struct err err = {0};
        fail_in = call;
        good = record_anew(&fixture, &err);
        const bool due = fail_in == 0;
        fail_in = 0;
        if (good && due) good = false; /* a failure that harms nothing: of closing what was read */
        if (good || err.code == ERR_NONE) {
            check_is(&fixture, true);
            record_old(&fixture);
            continue;
        }
        failed++;
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        assert_null(strstr(err.message, "hush"));
        check_is(&fixture, false);
        assert_true(call < 100);
    }
    assert_true(failed >= 6); /* three lines, fsync, close, rename */
    fixture_end(&fixture);
}

static void short_writes_are_finished(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err err;
    fixture_begin(&fixture);
    record_old(&fixture);
    write_at_most = 7;
    const bool good = record_anew(&fixture, &err);
    write_at_most = 0;
    assert_true(good);
    check_is(&fixture, true);
    fixture_end(&fixture);
}

static void a_recorder_that_failed_says_why_again(void **state)
{
    (void)state;
    struct fixture fixture;
    struct err first, again;
    fixture_begin(&fixture);
    struct recorder *const recorder = fixture_record(&fixture);
    fixture_get(&fixture, "/p");
    fixture_answer(&fixture, 200, "1");
    fail_in = 1;
    assert_false(recorder_add(recorder, &fixture.take, &first));
    fail_in = 0;
    assert_int_equal(fixture_files(&fixture), 0); /* its room on the disk is free again */
    assert_false(recorder_add(recorder, &fixture.take, &again));
    assert_string_equal(again.message, first.message);
    assert_true(recorder_close(recorder, false, &again));
    fixture_end(&fixture);
}

/* Everything once; whether memory sufficed. */
static bool live_through(struct fixture *fixture)
{
    struct err err = {0};
    struct played played = {0};
    list = (struct err_list){0};
    if (!record_anew(fixture, &err)) {
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        return false;
    }
    struct cassette *const cassette = cassette_open(fixture->path, &list);
    if (cassette == NULL) {
        assert_true(list.errors > 0);
        assert_int_equal(list.items[0].code, ERR_ENVIRONMENT);
        return false;
    }
    struct cassette *const fork = cassette_fork(cassette, &err);
    bool good = fork != NULL;
    if (fork != NULL) {
        const struct cassette_call call = {.provider = PROVIDER_KROGER_API,
                                           .operation = OPERATION_SEARCH,
                                           .request = &fixture->request};
        played.match =
            cassette_play(fork, &call, &played.response, &played.fate, &played.latency_us);
        good = !played.response.body.failed;
        if (good) assert_int_equal(played.match, CASSETTE_EXACT);
        if (good) assert_string_equal(fixture_body(&played), "{\"access_token\":\"token-1\"}");
    }
    http_response_release(&played.response);
    cassette_close(fork);
    cassette_close(cassette);
    return good;
}

static void memory_that_runs_out_anywhere_is_a_clean_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_begin(&fixture);
    /* The request and the response have their memory before anything fails. */
    assert_true(live_through(&fixture));
    uint32_t countdown = 1;
    for (; countdown < 2000; countdown++) {
        memory_fail_after(countdown);
        const bool good = live_through(&fixture);
        memory_fail_after(0);
        assert_true(fixture_files(&fixture) <= 1);
        if (good) break;
    }
    assert_in_range(countdown, 40, 1999);
    fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_conversations_are_played_as_the_slow_player_does),
        cmocka_unit_test(equal_requests_are_answered_in_order_and_then_by_the_last),
        cmocka_unit_test(orders_that_ask_the_same_at_once_get_their_own_answers),
        cmocka_unit_test(an_order_s_lines_and_attempts_are_told_apart),
        cmocka_unit_test(only_some_operations_take_what_is_like_it),
        cmocka_unit_test(a_fork_plays_for_itself),
        cmocka_unit_test(takes_are_counted_by_api),
        cmocka_unit_test(a_line_says_everything_in_its_order),
        cmocka_unit_test(a_take_that_is_too_long_is_refused_and_recording_goes_on),
        cmocka_unit_test(only_its_owner_may_read_it_and_nothing_else_is_left),
        cmocka_unit_test(only_a_cassette_or_an_empty_file_is_replaced),
        cmocka_unit_test(no_cassette_is_replaced_unasked),
        cmocka_unit_test(a_recording_that_was_stopped_replaces_none),
        cmocka_unit_test(somebody_elses_file_that_came_meanwhile_is_left_alone),
        cmocka_unit_test(a_bad_line_is_named_with_its_column),
        cmocka_unit_test(a_call_without_an_answer_has_none),
        cmocka_unit_test(every_bad_line_is_reported),
        cmocka_unit_test(a_file_cut_anywhere_is_refused_or_lacks_whole_takes),
        cmocka_unit_test(a_file_cut_between_two_lines_says_so),
        cmocka_unit_test(a_file_whose_middle_is_gone_or_edited_says_so),
        cmocka_unit_test(a_recording_that_was_stopped_says_so),
        cmocka_unit_test(the_first_line_keeps_the_run),
        cmocka_unit_test(a_full_disk_leaves_what_was_there),
        cmocka_unit_test(short_writes_are_finished),
        cmocka_unit_test(a_recorder_that_failed_says_why_again),
        cmocka_unit_test(memory_that_runs_out_anywhere_is_a_clean_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
