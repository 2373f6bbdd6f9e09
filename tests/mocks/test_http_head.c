/* Goal: what two programs might read in two ways is refused, and nothing behind it is answered;
 * what the library reads its own way is read the same way every time.
 *
 * Method: bytes from bare sockets. Behind each request another one follows, in the same packet,
 * whose answer nobody mistakes: 204, to OPTIONS. A row that is refused is answered by refusals
 * alone, and then the connection ends; any other is answered once, and then the next one is. */
#include <errno.h>
#include <sys/socket.h>

#include "tests/mocks/http_server_fixture.h"

#define KROGER PROVIDER_KROGER_API
#define HOST   "Host: a\r\n"
#define GET    "GET /nowhere HTTP/1.1\r\n" HOST
#define POST   "POST /nowhere HTTP/1.1\r\n" HOST
#define NEXT   "OPTIONS /next HTTP/1.1\r\n" HOST "\r\n"
/* A literal, that may hold a NUL. */
#define BYTES(literal) literal, sizeof(literal) - 1

struct row {
    const char *label;
    const char *bytes;
    size_t length;
    int status;
};

static void send_row(const struct serving *serving, const struct row *row, int *client)
{
    struct text bytes = {0};
    text_append(&bytes, row->bytes, row->length);
    text_put(&bytes, NEXT);
    *client = bare_connect(serving, KROGER);
    bare_send(*client, bytes.bytes, bytes.length);
    text_release(&bytes);
}

/* All that comes until the connection ends, with a NUL behind it. */
static void receive_all(int client, char *bytes, size_t size)
{
    size_t length = 0;
    while (length + 1 < size) {
        const ssize_t got = recv(client, bytes + length, size - 1 - length, 0);
        if (got < 0 && errno == EINTR) continue; /* the process was stopped for a while */
        if (got < 0 && errno != ECONNRESET) fail_msg("it does not end: %s", strerror(errno));
        if (got <= 0) break;
        length += (size_t)got;
    }
    bytes[length] = '\0';
}

/* The library sends the head twice of what it refuses by itself; so all that looks like an answer
 * has to be the same one. */
static void check_refused(const struct serving *serving, const struct row *row)
{
    char bytes[4096], line[32];
    int client;
    send_row(serving, row, &client);
    receive_all(client, bytes, sizeof bytes);
    (void)close(client);
    (void)snprintf(line, sizeof line, "HTTP/1.1 %d ", row->status);
    if (strncmp(bytes, line, strlen(line)) != 0) fail_msg("%s: %.60s", row->label, bytes);
    for (const char *at = strstr(bytes, "HTTP/1.1 "); at != NULL; at = strstr(at + 1, "HTTP/1.1 "))
        CHECK_ROW(row->label, strncmp(at, line, strlen(line)) == 0);
}

static void check_read(const struct serving *serving, const struct row *row)
{
    struct bare_answer answer;
    int client;
    send_row(serving, row, &client);
    bare_receive(client, false, &answer);
    if (answer.status != row->status) fail_msg("%s: %d", row->label, answer.status);
    bare_receive(client, true, &answer);
    if (answer.status != 204) fail_msg("%s: then %d", row->label, answer.status);
    (void)close(client);
}

static void what_frames_a_body_is_said_once_and_understood(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"two lengths", BYTES(POST "Content-Length: 2\r\nContent-Length: 38\r\n\r\nab"), 400},
        {"the longer first", BYTES(POST "Content-Length: 38\r\nContent-Length: 2\r\n\r\nab"), 400},
        {"twice the same", BYTES(POST "Content-Length: 2\r\ncontent-length: 2\r\n\r\nab"), 400},
        {"a list", BYTES(POST "Content-Length: 2, 2\r\n\r\nab"), 400},
        {"a sign", BYTES(POST "Content-Length: +2\r\n\r\nab"), 400},
        {"not all digits", BYTES(POST "Content-Length: 2x\r\n\r\nab"), 400},
        {"no digits", BYTES(POST "Content-Length: \r\n\r\n"), 400},
        {"below 0", BYTES(POST "Content-Length: -2\r\n\r\nab"), 400},
        {"beyond numbers", BYTES(POST "Content-Length: 99999999999999999999999\r\n\r\nab"), 413},
        {"length and coding",
         BYTES(POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
        {"coding and length",
         BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"), 400},
        {"two codings",
         BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
         400},
        {"another coding", BYTES(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 501},
        {"a list of them", BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501},
        {"identity", BYTES(POST "Transfer-Encoding: identity\r\n\r\n"), 501},
        {"a coding before there were any",
         BYTES("POST /nowhere HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
         400},
        {"a blank behind the name", BYTES(POST "Content-Length : 2\r\n\r\nab"), 400},
        {"a line that goes on", BYTES(GET "X-A: b\r\n Content-Length: 5\r\n\r\n"), 400},
        {"no colon", BYTES(GET "garbage\r\n\r\n"), 400},
        {"a chunk beyond numbers",
         BYTES(POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nab\r\n0\r\n\r\n"), 413},
        {"a chunk below 0", BYTES(POST "Transfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n0\r\n\r\n"),
         400},
        {"a chunk with a prefix",
         BYTES(POST "Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n"), 400},
        {"more than the chunk",
         BYTES(POST "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"), 400},
        {"two hosts", BYTES(GET HOST "\r\n"), 400},
    };
    struct serving *const serving = serving_open(&(struct wish){.providers = 1u << KROGER});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused(serving, &rows[i]);
    serving_close(serving);
}

static void a_target_is_read_to_its_end_or_refused(void **state)
{
    (void)state;
    static const char health[] = "/v1/locations";
    static const char *const bad[] = {"%00",      "%00/../x", "/%00",      "?a=%00b", "?a%00=b",
                                      "?%00",     " x",       "\tx",       "\x7F",    "\x01",
                                      "%00%2500", "?a=b c",   "%00?a=%00b"};
    struct serving *const serving = serving_open(&(struct wish){.providers = 1u << KROGER});
    char request[128];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const int length =
            snprintf(request, sizeof request, "GET %s%s HTTP/1.1\r\n" HOST "\r\n", health, bad[i]);
        check_refused(serving, &(struct row){bad[i], request, (size_t)length, 400});
    }
    /* What has no NUL in it once it is decoded. */
    static const struct row good[] = {
        {"a percent sign", BYTES("GET /v1/locations%2500 HTTP/1.1\r\n" HOST "\r\n"), 404},
        {"a line feed", BYTES("GET /v1/locations%0a HTTP/1.1\r\n" HOST "\r\n"), 404},
        {"half a code", BYTES("GET /v1/locations%0 HTTP/1.1\r\n" HOST "\r\n"), 404},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_read(serving, &good[i]);
    serving_await_settled(serving, serving_counters(serving).requests);
    assert_int_equal(serving_counters(serving).answered, serving_counters(serving).requests);
    serving_close(serving);
}

/* Whatever one may think of it. */
static void what_the_library_reads_its_own_way_leaves_the_next_request_whole(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"lines that end in LF", BYTES("GET /nowhere HTTP/1.1\nHost: a\n\n"), 404},
        {"chunks whose lines do", BYTES(POST "Transfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n"),
         404},
        {"chunks with extensions",
         BYTES(POST "Transfer-Encoding: Chunked\r\n\r\n2;a=b\r\nab\r\n0\r\n\r\n"), 404},
        {"chunks with a trailer",
         BYTES(POST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-A: b\r\n\r\n"), 404},
        {"empty lines before", BYTES("\r\n\r\n" GET "\r\n"), 404},
        {"a later minor version", BYTES("GET /nowhere HTTP/1.9\r\n" HOST "\r\n"), 404},
        {"a NUL in a value", BYTES(GET "X-A: a\0b\r\n\r\n"), 404},
        {"a request in a body", BYTES(POST "Content-Length: 21\r\n\r\nGET /in HTTP/1.1\r\n\r\n "),
         404},
    };
    struct serving *const serving = serving_open(&(struct wish){.providers = 1u << KROGER});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_read(serving, &rows[i]);
    serving_close(serving);
}

static void a_head_without_end_is_refused_before_its_end(void **state)
{
    (void)state;
    enum { MUCH = 40000 };
    struct serving *const serving = serving_open(&(struct wish){.providers = 1u << KROGER});
    struct text request = {0};
    for (int what = 0; what < 3; what++) {
        text_clear(&request);
        text_put(&request, what == 0 ? "GET /" : what == 1 ? GET "X-A: " : GET);
        for (int i = 0; i < MUCH; i += 2)
            text_put(&request, what < 2 ? "aa" : "A:\n");
        text_put(&request, what == 0 ? " HTTP/1.1\r\n" HOST "\r\n" : "\r\n\r\n");
        const struct row row = {what == 0 ? "line" : "headers", request.bytes, request.length,
                                what == 0 ? 414 : 431};
        check_refused(serving, &row);
    }
    text_release(&request);
    serving_close(serving);
}

/* ---- clients that will send no more ---------------------------------------------------------- */

static enum bare_end end_of(const struct serving *serving, const char *header, int *status)
{
    struct bare_answer answer;
    const int client = bare_begin(serving, KROGER, "GET /v1/locations", header);
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    bare_receive(client, false, &answer);
    *status = answer.status;
    (void)close(client);
    return answer.end;
}

/* A client that has left looks the same, so whoever has to wait for long is let go, and at once:
 * the delay is longer than this test is patient. */
static void half_closed_clients_get_what_is_there_and_nothing_that_is_late(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.providers = 1u << KROGER});
    int status;
    assert_int_equal(end_of(serving, "X-Mock-Fault: status=503", &status), BARE_WHOLE);
    assert_int_equal(status, 503);
    assert_int_equal(end_of(serving, "X-Mock-Fault: delay=1h", &status), BARE_NOTHING);
    assert_int_equal(end_of(serving, "X-Mock-Fault: hang", &status), BARE_NOTHING);
    serving_await_settled(serving, 3);
    serving_await_waiting(serving, 0);
    serving_close(serving);
}

static void half_closed_clients_in_the_middle_of_a_request_are_none(void **state)
{
    (void)state;
    static const char *const halves[] = {"", "GET /v1/loc", "GET /v1/locations HTTP/1.1\r\n" HOST,
                                         POST "Content-Length: 20\r\n\r\nab",
                                         POST "Transfer-Encoding: chunked\r\n\r\n20\r\nab"};
    enum { HALVES = sizeof halves / sizeof *halves };
    struct serving *const serving = serving_open(&(struct wish){.providers = 1u << KROGER});
    int clients[HALVES];
    for (size_t i = 0; i < HALVES; i++) {
        clients[i] = bare_connect(serving, KROGER);
        bare_send(clients[i], halves[i], strlen(halves[i]));
        assert_int_equal(shutdown(clients[i], SHUT_WR), 0);
    }
    struct bare_answer answer;
    bare_ask(serving, KROGER, "GET /nowhere", NULL, &answer);
    assert_int_equal(answer.status, 404);
    assert_int_equal(journal_stats(serving->journal).appended,
                     1); /* nothing was made of the rest */
    for (size_t i = 0; i < HALVES; i++)
        (void)close(clients[i]);
    serving_close(serving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_frames_a_body_is_said_once_and_understood),
        cmocka_unit_test(a_target_is_read_to_its_end_or_refused),
        cmocka_unit_test(what_the_library_reads_its_own_way_leaves_the_next_request_whole),
        cmocka_unit_test(a_head_without_end_is_refused_before_its_end),
        cmocka_unit_test(half_closed_clients_get_what_is_there_and_nothing_that_is_late),
        cmocka_unit_test(half_closed_clients_in_the_middle_of_a_request_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
