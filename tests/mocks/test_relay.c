/* The fault relay, seen by a raw socket. Goal: every fault is exactly what the header says, to the
 * byte, and ends in the FIN, RST or silence that it says. Method: a raw server that answers known
 * bytes behind the relay, a raw client before it, and a table of what has to arrive; the same table
 * again through a second relay that drips the server's reply byte by byte, so that every head and
 * chunk comes in pieces. Then what is not a fault: bytes that pass, halves that close, counters,
 * draws, descriptors. No assertion is on time; silence is listened to for a moment. */
#include "mocks/relay.h"

#include <math.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/mocks/relay_client.h"

#define HEAD    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define GARBAGE "\x7f\x01garbage, and no status line\r\n\r\n"

enum { BIG_BYTES = 5 << 20 };

static const struct {
    const char *path;
    const char *bytes;
    bool close;
} answers[] = {
    {"/length", HEAD "Content-Length: 10\r\n\r\n0123456789", false},
    {"/chunked", HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\n\r\n",
     false},
    {"/trailer", HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\n0\r\nX-Sum: 9\r\n\r\n", false},
    {"/until-close", HEAD "\r\n0123456789", true},
    {"/empty", HEAD "Content-Length: 0\r\n\r\n", false},
    {"/none", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", false},
    {"/interim", "HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 4\r\n\r\n0123", false},
    {"/cut", HEAD "Content-Length: 10\r\n\r\n0123", true},
    {"/cut-head", "HTTP/1.1 200 OK\r\nContent-", true},
    {"/not-http", "220 mail.example ESMTP\r\n", true},
    {"/echo", "HTTP/1.1 200 OK\r\n\r\n", false},
};

static char *big; /* head and BIG_BYTES */
static size_t big_length;

static void answer(void *context, const char *head, struct upstream_answer *to)
{
    (void)context;
    const char *const path = strchr(head, '/');
    const size_t length = strcspn(path, " ");
    if (length == 4 && memcmp(path, "/big", 4) == 0) {
        to->bytes = big;
        to->length = big_length;
        return;
    }
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (strlen(answers[i].path) != length || memcmp(answers[i].path, path, length) != 0)
            continue;
        to->bytes = answers[i].bytes;
        to->length = strlen(answers[i].bytes);
        to->close = answers[i].close;
        to->echo = strcmp(answers[i].path, "/echo") == 0;
    }
    to->reset = length == 6 && memcmp(path, "/reset", 6) == 0;
}

/* ---- a relay, a server, a port --------------------------------------------------------------- */

static struct upstream *server;

static struct relay *make_relay(uint64_t seed)
{
    struct err err;
    struct relay *const relay = relay_create(seed, &err);
    if (relay == NULL) fail_msg("%s", err.message);
    return relay;
}

static uint16_t open_before(struct relay *relay, uint16_t upstream, struct relay_rule rule)
{
    struct err err;
    uint16_t port = 0;
    if (!relay_open(relay, "127.0.0.1", 0, "127.0.0.1", upstream, &rule, &port, &err))
        fail_msg("%s", err.message);
    assert_int_not_equal(port, 0);
    return port;
}

static uint16_t open_port(struct relay *relay, enum relay_fault fault)
{
    return open_before(relay, server->port, (struct relay_rule){.fault = fault, .fraction = 1});
}

static void set_fault(struct relay *relay, uint16_t port, enum relay_fault fault)
{
    const struct relay_rule rule = {.fault = fault, .fraction = 1};
    assert_true(relay_set(relay, port, &rule));
}

static struct client_answer *ask(uint16_t port, const char *request, size_t enough)
{
    static struct client_answer answer_of_one;
    const int fd = client_connect(port);
    client_send(fd, request);
    client_read(fd, enough, &answer_of_one);
    (void)close(fd);
    return &answer_of_one;
}

static void wait_until_closed(struct relay *relay, uint16_t port)
{
    for (int i = 0; i < CLIENT_PATIENCE_MS && relay_counters(relay, port).open > 0; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(relay_counters(relay, port).open, 0);
}

/* Descriptors of this process but the server's connections; two looks have to agree, for the server
 * may be in the middle of accepting or closing one. */
static int descriptors(void)
{
    for (int last = -1;;) {
        const unsigned long long open = server->open;
        const int now = client_descriptors() - (int)open;
        if (now == last && open == server->open) return now;
        last = now;
        (void)poll(NULL, 0, 2);
    }
}

static void wait_for_descriptors(int expected)
{
    for (int i = 0; i < CLIENT_PATIENCE_MS / 2 && descriptors() != expected; i++)
        (void)poll(NULL, 0, 2);
    assert_int_equal(descriptors(), expected);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct row {
    const char *label;
    const char *asked;
    const char *bytes; /* that arrive */
    struct relay_rule rule;
    enum client_end end;
} rows[] = {
    {"pass, length",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_PASS},
     CLIENT_SILENT},
    {"pass, until close",
     "GET /until-close",
     HEAD "\r\n0123456789",
     {.fault = RELAY_PASS},
     CLIENT_FIN},
    {"pass, what is no HTTP",
     "GET /not-http",
     "220 mail.example ESMTP\r\n",
     {.fault = RELAY_PASS},
     CLIENT_FIN},
    {"upstream resets", "GET /reset", "", {.fault = RELAY_PASS}, CLIENT_RESET},
    {"tls alert",
     "GET /length",
     "\x15\x03\x03", /* up to its NUL; see a_tls_alert_is_seven_bytes */
     {.fault = RELAY_TLS_ALERT},
     CLIENT_FIN},
    {"tls plaintext",
     "GET /length",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
     "<h1>400 Bad Request</h1>\nThe plain HTTP request was sent to HTTPS port\n",
     {.fault = RELAY_TLS_PLAINTEXT},
     CLIENT_FIN},
    {"tls close", "GET /length", "", {.fault = RELAY_TLS_CLOSE}, CLIENT_FIN},
    {"hang", "GET /length", "", {.fault = RELAY_HANG}, CLIENT_SILENT},
    {"reset", "GET /length", "", {.fault = RELAY_RESET}, CLIENT_RESET},
    {"reset, later", "GET /length", "", {.fault = RELAY_RESET, .delay_us = 2000}, CLIENT_RESET},
    {"reset after headers",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n",
     {.fault = RELAY_RESET_AFTER_HEADERS},
     CLIENT_RESET},
    {"reset after the real headers",
     "GET /interim",
     "HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 4\r\n\r\n",
     {.fault = RELAY_RESET_AFTER_HEADERS},
     CLIENT_RESET},
    {"reset in the body, at half",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n01234",
     {.fault = RELAY_RESET_IN_BODY},
     CLIENT_RESET},
    {"reset in the body, at 7, later",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n0123456",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 7, .delay_us = 2000},
     CLIENT_RESET},
    {"reset in the body, past its end",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 99},
     CLIENT_RESET},
    {"reset in the second chunk",
     "GET /chunked",
     HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;x=y\r\n45",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 6},
     CLIENT_RESET},
    {"reset past the last chunk, trailers and all",
     "GET /trailer",
     HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\n0\r\nX-Sum: 9\r\n\r\n",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 99},
     CLIENT_RESET},
    {"reset in a body without a length, past its end",
     "GET /until-close",
     HEAD "\r\n0123456789",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 99},
     CLIENT_RESET},
    {"reset in a body of none",
     "GET /none",
     "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
     {.fault = RELAY_RESET_IN_BODY},
     CLIENT_RESET},
    {"close", "GET /length", "", {.fault = RELAY_CLOSE}, CLIENT_FIN},
    {"half close at half",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n01234",
     {.fault = RELAY_HALF_CLOSE},
     CLIENT_FIN},
    {"half close of chunks, 1 byte",
     "GET /chunked",
     HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0",
     {.fault = RELAY_HALF_CLOSE},
     CLIENT_FIN},
    {"stall at once", "GET /length", "", {.fault = RELAY_STALL}, CLIENT_SILENT},
    {"stall after 20",
     "GET /length",
     "HTTP/1.1 200 OK\r\nCon",
     {.fault = RELAY_STALL, .bytes = 20},
     CLIENT_SILENT},
    {"drip, one a microsecond",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_DRIP, .tick_us = 1},
     CLIENT_SILENT},
    {"drip, the first 9 and no more soon",
     "GET /length",
     "HTTP/1.1 ",
     {.fault = RELAY_DRIP, .bytes = 9, .tick_us = RELAY_IDLE_US},
     CLIENT_SILENT},
    {"bandwidth, fast",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_BANDWIDTH, .bytes_per_s = 1000000},
     CLIENT_SILENT},
    {"slow close",
     "GET /length",
     HEAD "Connection: close\r\n\r\n0123456789",
     {.fault = RELAY_SLOW_CLOSE},
     CLIENT_FIN},
    {"slow close, not yet",
     "GET /length",
     HEAD "Connection: close\r\n\r\n0123456789",
     {.fault = RELAY_SLOW_CLOSE, .delay_us = RELAY_IDLE_US},
     CLIENT_SILENT},
    {"slow close of chunks",
     "GET /chunked",
     HEAD "Connection: close\r\n\r\n0123456789",
     {.fault = RELAY_SLOW_CLOSE},
     CLIENT_FIN},
    {"slow close of nothing",
     "GET /none",
     "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
     {.fault = RELAY_SLOW_CLOSE},
     CLIENT_FIN},
    {"reuse race, first request",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_REUSE_RACE},
     CLIENT_SILENT},
    {"garbage",
     "GET /length",
     GARBAGE HEAD "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_GARBAGE},
     CLIENT_SILENT},
    {"bad chunk at half",
     "GET /length",
     HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\nzz\r\nno chunk\r\n",
     {.fault = RELAY_BAD_CHUNK},
     CLIENT_FIN},
    {"bad chunk of none",
     "GET /none",
     "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
     {.fault = RELAY_BAD_CHUNK},
     CLIENT_FIN},
    {"bad chunk of an empty body",
     "GET /empty",
     HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nno chunk\r\n",
     {.fault = RELAY_BAD_CHUNK},
     CLIENT_FIN},
    {"short body at half",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n01234",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body, all but one",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n012345678",
     {.fault = RELAY_SHORT_BODY, .bytes = 99},
     CLIENT_FIN},
    {"short body of the first chunk",
     "GET /chunked",
     HEAD "Content-Length: 4\r\n\r\n01",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body without a length",
     "GET /until-close",
     HEAD "Content-Length: 4\r\n\r\n012",
     {.fault = RELAY_SHORT_BODY, .bytes = 3},
     CLIENT_FIN},
    {"short body of an empty one",
     "GET /empty",
     HEAD "Content-Length: 1\r\n\r\n",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body after an interim reply",
     "GET /interim",
     "HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 4\r\n\r\n01",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body to HEAD",
     "HEAD /empty",
     HEAD "Content-Length: 0\r\n\r\n",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"two lengths",
     "GET /length",
     HEAD "Content-Length: 10\r\nContent-Length: 15\r\n\r\n0123456789",
     {.fault = RELAY_TWO_LENGTHS},
     CLIENT_FIN},
    {"two lengths of the first chunk",
     "GET /chunked",
     HEAD "Content-Length: 4\r\nContent-Length: 6\r\n\r\n0123",
     {.fault = RELAY_TWO_LENGTHS, .bytes = 2},
     CLIENT_FIN},
    {"two lengths of nothing",
     "GET /empty",
     HEAD "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
     {.fault = RELAY_TWO_LENGTHS},
     CLIENT_FIN},
    {"a flood of 32",
     "GET /length",
     "HTTP/1.1 200 OK\r\nX-Flood: xxxxxxxxxxxxxxxxxxxxx\r\nContent-Type: text/plain\r\n"
     "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_HEADER_FLOOD, .bytes = 1},
     CLIENT_SILENT},
    {"a reply cut by the upstream, framed anew",
     "GET /cut",
     HEAD "Connection: close\r\n\r\n0123",
     {.fault = RELAY_SLOW_CLOSE},
     CLIENT_FIN},
    {"a head cut by the upstream",
     "GET /cut-head",
     "HTTP/1.1 200 OK\r\nContent-",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"what is no HTTP, to be framed anew",
     "GET /not-http",
     "220 mail.example ESMTP\r\n",
     {.fault = RELAY_TWO_LENGTHS},
     CLIENT_FIN},
    {"delayed, and whole",
     "GET /length",
     HEAD "Content-Length: 10\r\n\r\n0123456789",
     {.fault = RELAY_PASS, .delay_us = 3000},
     CLIENT_SILENT},
    {"delayed for long",
     "GET /length",
     "",
     {.fault = RELAY_PASS, .delay_us = RELAY_IDLE_US},
     CLIENT_SILENT},
};

static void check_row(const struct row *row, struct relay *relay, uint16_t port)
{
    char request[128];
    struct relay_rule rule = row->rule;
    rule.fraction = 1;
    assert_true(relay_set(relay, port, &rule));
    (void)snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: a\r\n\r\n", row->asked);
    const bool to_the_end = row->end != CLIENT_SILENT;
    const struct client_answer *const got =
        ask(port, request, to_the_end ? CLIENT_TO_THE_END : strlen(row->bytes));
    CHECK_ROW_TEXT(row->label, got->bytes, row->bytes);
    if (got->end != row->end) print_error("ended by %d\n", got->end);
    CHECK_ROW(row->label, got->end == row->end);
    /* What is delayed, or drips, is owed to a client that may only have closed its half. */
    if (rule.delay_us > 1000000 || rule.tick_us > 1000000) relay_reset_connections(relay, port);
    wait_until_closed(relay, port);
}

static void every_fault_is_what_it_says_to_the_byte(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i], relay, port);
    relay_destroy(relay);
}

static void every_fault_is_the_same_when_the_reply_comes_in_pieces(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1), *const dripping = make_relay(2);
    const struct relay_rule drip = {.fault = RELAY_DRIP, .tick_us = 1, .fraction = 1};
    const uint16_t before = open_before(dripping, server->port, drip);
    const uint16_t port =
        open_before(relay, before, (struct relay_rule){.fault = RELAY_PASS, .fraction = 1});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i], relay, port);
    relay_destroy(relay);
    relay_destroy(dripping);
}

static void a_tls_alert_is_seven_bytes(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const struct client_answer *const got =
        ask(open_port(relay, RELAY_TLS_ALERT), "\x16\x03\x01", CLIENT_TO_THE_END);
    assert_int_equal(got->length, 7);
    assert_memory_equal(got->bytes, "\x15\x03\x03\x00\x02\x02\x28", 7);
    assert_int_equal(got->end, CLIENT_FIN);
    relay_destroy(relay);
}

static void a_flood_is_as_long_as_it_says_and_the_reply_follows(void **state)
{
    (void)state;
    static const char rest[] = "Content-Type: text/plain\r\nContent-Length: 10\r\n\r\n0123456789";
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_HEADER_FLOOD);
    const size_t length = strlen("HTTP/1.1 200 OK\r\n") + 256 * 1024 + strlen(rest);
    const struct client_answer *const got =
        ask(port, "GET /length HTTP/1.1\r\nHost: a\r\n\r\n", length);
    assert_int_equal(got->length, length);
    assert_string_equal(got->bytes + length - strlen(rest), rest);
    const char *line = got->bytes + strlen("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 129; i++) { /* 128 of 1 KiB, one of 128 KiB */
        const char *const end = strstr(line, "\r\n");
        assert_memory_equal(line, "X-Flood: x", 10);
        assert_int_equal(end + 2 - line, i < 128 ? 1024 : 128 * 1024);
        line = end + 2;
    }
    assert_string_equal(line, rest);
    relay_destroy(relay);
}

static void a_head_too_long_to_be_rewritten_resets(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const struct relay_rule flood = {.fault = RELAY_HEADER_FLOOD, .fraction = 1};
    const uint16_t before = open_before(relay, server->port, flood);
    const uint16_t port =
        open_before(relay, before, (struct relay_rule){.fault = RELAY_SHORT_BODY, .fraction = 1});
    const struct client_answer *got = ask(port, "GET /length HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END);
    assert_int_equal(got->end, CLIENT_RESET);
    assert_int_equal(got->length, 0);
    set_fault(relay, port, RELAY_RESET_IN_BODY); /* which has nothing to rewrite */
    got = ask(port, "GET /length HTTP/1.1\r\n\r\n", 256 * 1024);
    assert_true(got->length > 256 * 1024);
    relay_destroy(relay);
}

static void a_request_is_judged_when_its_head_is_whole(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_RESET);
    const int fd = client_connect(port);
    client_send(fd, "GET /length HTTP/1.1\r\nHost: a\r\n");
    client_read(fd, 0, &got);
    assert_int_equal(got.end, CLIENT_SILENT);
    client_send(fd, "\r\n");
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_RESET);
    (void)close(fd);
    /* One without end is judged when the buffer is full. */
    static char endless[2 * RELAY_BUFFER_BYTES];
    memset(endless, 'a', sizeof endless - 1);
    const struct client_answer *const other = ask(port, endless, CLIENT_TO_THE_END);
    assert_int_equal(other->end, CLIENT_RESET);
    relay_destroy(relay);
}

static void the_upstream_never_hears_of_a_request_that_is_reset_or_closed(void **state)
{
    (void)state;
    static const enum relay_fault faults[] = {RELAY_RESET,         RELAY_CLOSE,
                                              RELAY_HANG,          RELAY_TLS_ALERT,
                                              RELAY_TLS_PLAINTEXT, RELAY_TLS_CLOSE};
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    const unsigned long long accepted = server->accepted;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        set_fault(relay, port, faults[i]);
        (void)ask(port, "GET /length HTTP/1.1\r\n\r\n",
                  faults[i] == RELAY_HANG ? 0 : CLIENT_TO_THE_END);
        assert_int_equal(server->accepted, accepted);
    }
    relay_destroy(relay);
}

/* ---- ports that let nobody in ---------------------------------------------------------------- */

static bool somebody_else_can_bind(uint16_t port)
{
    const struct sockaddr_in address = loopback_address(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return bound;
}

static void assert_refused(uint16_t port)
{
    assert_int_equal(client_try(port), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_false(somebody_else_can_bind(port));
}

static void assert_serves(uint16_t port)
{
    const struct client_answer *const got = ask(port, "GET /empty HTTP/1.1\r\n\r\n", 1);
    assert_string_equal(got->bytes, HEAD "Content-Length: 0\r\n\r\n");
}

static void a_refusing_port_is_closed_and_kept(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_REFUSE);
    assert_refused(port);
    for (int i = 0; i < 3; i++) {
        set_fault(relay, port, RELAY_PASS);
        assert_serves(port);
        const int before = client_connect(port); /* lives on while the port refuses */
        client_send(before, "GET /echo HTTP/1.1\r\n\r\n");
        client_read(before, 1, &got);
        set_fault(relay, port, RELAY_REFUSE);
        assert_refused(port);
        client_send(before, "still here");
        client_read(before, 10, &got);
        assert_string_equal(got.bytes, "still here");
        (void)close(before);
    }
    relay_destroy(relay);
}

/* A connection in the making, and whether anything became of it. */
static bool hears_nothing(uint16_t port)
{
    const struct sockaddr_in address = loopback_address(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    const int tried = connect(fd, (const struct sockaddr *)&address, sizeof address);
    struct pollfd look = {.fd = fd, .events = POLLOUT};
    const bool nothing =
        tried != 0 && errno == EINPROGRESS && poll(&look, 1, CLIENT_SILENCE_MS) == 0;
    (void)close(fd);
    return nothing;
}

static void a_black_hole_swallows_and_opens_again(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_BLACKHOLE);
    const int before = descriptors();
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++)
            assert_true(hears_nothing(port));
        set_fault(relay, port, RELAY_BLACKHOLE); /* again is no change */
        assert_true(hears_nothing(port));
        set_fault(relay, port, RELAY_PASS);
        assert_serves(port);
        set_fault(relay, port, RELAY_REFUSE);
        assert_refused(port);
        set_fault(relay, port, RELAY_BLACKHOLE);
    }
    wait_until_closed(relay, port);
    wait_for_descriptors(before);
    /* Its own connections count as nobody's. */
    assert_int_equal(relay_counters(relay, port).accepted, 3);
    relay_destroy(relay);
}

/* ---- bytes that pass ------------------------------------------------------------------------- */

static uint8_t pattern(size_t at)
{
    return (uint8_t)(random_mix(at / 8) >> at % 8 * 8);
}

/* Sends and reads at once, `total` bytes each way, then FIN. */
static void exchange(int fd, size_t total)
{
    size_t sent = 0, read_count = 0;
    uint8_t bytes[8192];
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    while (read_count < total) {
        struct pollfd look = {.fd = fd, .events = (short)(POLLIN | (sent < total ? POLLOUT : 0))};
        assert_true(poll(&look, 1, CLIENT_PATIENCE_MS) > 0);
        if ((look.revents & POLLOUT) != 0 && sent < total) {
            const size_t part = total - sent < sizeof bytes ? total - sent : sizeof bytes;
            for (size_t i = 0; i < part; i++)
                bytes[i] = pattern(sent + i);
            const ssize_t done = send(fd, bytes, part, MSG_NOSIGNAL);
            if (done > 0) sent += (size_t)done;
            if (sent == total) assert_int_equal(shutdown(fd, SHUT_WR), 0);
        }
        if ((look.revents & POLLIN) == 0) continue;
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        assert_true(got > 0);
        for (ssize_t i = 0; i < got; i++)
            assert_int_equal(bytes[i], pattern(read_count++));
    }
    assert_true(client_wait(fd, CLIENT_PATIENCE_MS));
    assert_int_equal(recv(fd, bytes, sizeof bytes, 0), 0);
}

static void five_megabytes_pass_both_ways_at_once(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    const int fd = client_connect(port);
    client_send(fd, "GET /echo HTTP/1.1\r\n\r\n");
    client_read(fd, strlen("HTTP/1.1 200 OK\r\n\r\n"), &got);
    exchange(fd, BIG_BYTES);
    wait_until_closed(relay, port); /* both halves were closed by their own FINs */
    (void)close(fd);
    assert_int_equal(relay_counters(relay, 0).relayed_bytes,
                     2 * BIG_BYTES + strlen("GET /echo HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"));
    relay_destroy(relay);
}

static void pipelined_requests_on_one_connection_pass(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    const struct client_answer *const got =
        ask(port,
            "GET /length HTTP/1.1\r\n\r\nGET /chunked HTTP/1.1\r\n\r\nGET /empty HTTP/1.1\r\n\r\n"
            "GET /until-close HTTP/1.1\r\n\r\n",
            CLIENT_TO_THE_END);
    char expected[1024];
    (void)snprintf(expected, sizeof expected, "%s%s%s%s", answers[0].bytes, answers[1].bytes,
                   answers[4].bytes, answers[3].bytes);
    assert_string_equal(got->bytes, expected);
    assert_int_equal(relay_counters(relay, port).accepted, 1);
    relay_destroy(relay);
}

static void a_client_that_stops_talking_is_still_answered(void **state)
{
    (void)state;
    static const enum relay_fault faults[] = {RELAY_PASS, RELAY_RESET, RELAY_CLOSE,
                                              RELAY_SLOW_CLOSE};
    static const enum client_end ends[] = {CLIENT_FIN, CLIENT_RESET, CLIENT_FIN, CLIENT_FIN};
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        set_fault(relay, port, faults[i]);
        const int fd = client_connect(port);
        client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
        (void)shutdown(fd, SHUT_WR); /* the reset may be quicker */
        client_read(fd, CLIENT_TO_THE_END, &got);
        CHECK_ROW(relay_fault_names[faults[i]], got.end == ends[i]);
        if (faults[i] == RELAY_PASS) assert_string_equal(got.bytes, answers[0].bytes);
        (void)close(fd);
    }
    /* Half a head, then the end, is the upstream's to judge: ours closes. */
    set_fault(relay, port, RELAY_PASS);
    const int fd = client_connect(port);
    client_send(fd, "GET /length HT");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_FIN);
    (void)close(fd);
    relay_destroy(relay);
}

static void after_a_half_close_reading_goes_on(void **state)
{
    (void)state;
    static struct client_answer got;
    static char megabyte[1 << 20];
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_HALF_CLOSE);
    const int fd = client_connect(port);
    client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_FIN);
    memset(megabyte, 'a', sizeof megabyte - 1);
    client_send(fd, megabyte); /* more than fits into buffers: it is taken */
    const struct relay_counters counters = relay_counters(relay, port);
    assert_int_equal(counters.open, 1);
    (void)close(fd);
    wait_until_closed(relay, port);
    relay_destroy(relay);
}

static void a_reader_that_is_slow_holds_the_sender_back(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    const struct sockaddr_in address = loopback_address(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    client_send(fd, "GET /big HTTP/1.1\r\n\r\n");
    uint64_t before = 0, passed = 1;
    while (passed != before || passed < 1000) { /* until nothing moves any more */
        before = passed;
        (void)poll(NULL, 0, CLIENT_SILENCE_MS);
        passed = relay_counters(relay, port).relayed_bytes;
    }
    assert_true(passed < BIG_BYTES);
    char bytes[65536];
    size_t at = 0;
    while (at < big_length) {
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        assert_true(got > 0);
        assert_memory_equal(bytes, big + at, (size_t)got);
        at += (size_t)got;
    }
    (void)close(fd);
    relay_destroy(relay);
}

static int64_t clock_us(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* That time has passed at least can be said on the busiest machine. */
static void pace_and_delay_take_the_time_they_say_at_least(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct relay_rule rule;
        int64_t least_us;
    } paces[] = {
        /* 75 bytes of reply */
        {"8 bytes every 5 ms: 9 waits", {.fault = RELAY_DRIP, .bytes = 8, .tick_us = 5000}, 45000},
        {"1 kB/s, 10 bytes every 10 ms: 7 waits",
         {.fault = RELAY_BANDWIDTH, .bytes_per_s = 1000},
         70000},
        {"50 ms late", {.fault = RELAY_PASS, .delay_us = 50000}, 50000},
        {"50 ms late, garbage", {.fault = RELAY_GARBAGE, .delay_us = 50000}, 50000},
    };
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    assert_int_equal(strlen(answers[0].bytes), 75);
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        struct relay_rule rule = paces[i].rule;
        rule.fraction = 1;
        assert_true(relay_set(relay, port, &rule));
        const int fd = client_connect(port);
        const int64_t from_us = clock_us();
        static struct client_answer got;
        client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
        for (size_t length = 0; length < strlen(answers[0].bytes); length += got.length) {
            const ssize_t part = recv(fd, got.bytes, 1, 0);
            assert_int_equal(part, 1);
            got.length = 1;
        }
        CHECK_ROW(paces[i].label, clock_us() - from_us >= paces[i].least_us);
        (void)close(fd);
    }
    relay_destroy(relay);
}

/* ---- the second request ---------------------------------------------------------------------- */

static void a_reuse_race_is_lost_by_the_second_request(void **state)
{
    (void)state;
    static const char *const paths[] = {"/length", "/chunked", "/trailer", "/empty", "/interim"};
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_REUSE_RACE);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char request[128];
        (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n\r\n", paths[i]);
        const int fd = client_connect(port);
        client_send(fd, request);
        client_read(fd, 20, &got);
        CHECK_ROW(paths[i], got.end == CLIENT_SILENT);
        const unsigned long long requests = server->requests;
        client_send(fd, "G"); /* a byte is enough */
        client_read(fd, CLIENT_TO_THE_END, &got);
        CHECK_ROW(paths[i], got.end == CLIENT_RESET && got.length == 0);
        CHECK_ROW(paths[i], server->requests == requests);
        (void)close(fd);
    }
    /* Sent without waiting, it meets its reset when the first is answered. */
    const struct client_answer *const both =
        ask(port, "GET /length HTTP/1.1\r\n\r\nGET /length HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END);
    assert_string_equal(both->bytes, answers[0].bytes);
    assert_int_equal(both->end, CLIENT_RESET);
    relay_destroy(relay);
}

/* ---- draws ----------------------------------------------------------------------------------- */

enum { DRAWN = 200 };

static void draw(uint64_t seed, double fraction, bool hit[DRAWN])
{
    struct relay *const relay = make_relay(seed);
    const struct relay_rule rule = {.fault = RELAY_RESET, .fraction = fraction};
    const uint16_t port = open_before(relay, server->port, rule);
    uint64_t hits = 0;
    for (int i = 0; i < DRAWN; i++) {
        hit[i] =
            ask(port, "GET /until-close HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END)->end == CLIENT_RESET;
        hits += hit[i];
    }
    assert_int_equal(relay_counters(relay, port).accepted, DRAWN);
    assert_int_equal(relay_counters(relay, port).faulted, hits);
    relay_destroy(relay);
}

static void the_same_seed_hits_the_same_connections(void **state)
{
    (void)state;
    bool first[DRAWN], again[DRAWN], other[DRAWN], none[DRAWN] = {false}, all[DRAWN];
    draw(7, 0.3, first);
    draw(7, 0.3, again);
    draw(8, 0.3, other);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    int hits = 0;
    for (int i = 0; i < DRAWN; i++)
        hits += first[i];
    assert_in_range(hits, 39, 82); /* the binomial's 99.9 % around 60, and the seed is fixed */
    draw(7, 0, all);
    assert_memory_equal(all, none, sizeof none);
    draw(7, 1, all);
    for (int i = 0; i < DRAWN; i++)
        assert_true(all[i]);
}

static void ports_of_one_relay_have_luck_of_their_own(void **state)
{
    (void)state;
    bool hit[2][64];
    struct relay *const relay = make_relay(7);
    const struct relay_rule rule = {.fault = RELAY_RESET, .fraction = 0.5};
    for (int p = 0; p < 2; p++) {
        const uint16_t port = open_before(relay, server->port, rule);
        for (int i = 0; i < 64; i++)
            hit[p][i] = ask(port, "GET /until-close HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END)->end ==
                        CLIENT_RESET;
    }
    assert_memory_not_equal(hit[0], hit[1], sizeof hit[0]);
    relay_destroy(relay);
}

/* ---- resources ------------------------------------------------------------------------------- */

static void hundreds_of_faulted_connections_leave_no_descriptor(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    const int before = descriptors();
    uint64_t asked = 0;
    for (int round = 0; round < 16; round++) {
        for (int fault = 0; fault < RELAY_FAULT_COUNT; fault++) {
            if (fault == RELAY_REFUSE || fault == RELAY_BLACKHOLE) continue;
            const struct relay_rule rule = {.fault = (enum relay_fault)fault,
                                            .tick_us = 1,
                                            .bytes_per_s = 1000000,
                                            .fraction = 1};
            assert_true(relay_set(relay, port, &rule));
            const int fd = client_connect(port);
            client_send(fd, "GET /chunked HTTP/1.1\r\n\r\n");
            if (round % 2 == 0 && fault != RELAY_HANG && fault != RELAY_STALL)
                (void)recv(fd, got.bytes, 100, 0);
            (void)close(fd); /* some in the middle of it */
            asked++;
        }
    }
    wait_until_closed(relay, port);
    assert_true(asked > 300);
    assert_int_equal(relay_counters(relay, port).accepted, asked);
    wait_for_descriptors(before);
    relay_destroy(relay);
}

static void a_silent_client_costs_one_descriptor_and_is_closed_in_the_end(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const struct relay_rule patient = {.fault = RELAY_PASS, .fraction = 1};
    const struct relay_rule hasty = {.fault = RELAY_PASS, .silent_us = 20000, .fraction = 1};
    const uint16_t port = open_before(relay, server->port, patient);
    const int before = descriptors();
    const int fd = client_connect(port);
    client_read(fd, 0, &got);
    assert_int_equal(got.end, CLIENT_SILENT);
    assert_int_equal(relay_counters(relay, port).open, 1);
    wait_for_descriptors(before + 2); /* ours, and the relay's one */
    (void)close(fd);
    wait_until_closed(relay, port);
    assert_true(relay_set(relay, port, &hasty));
    const int other = client_connect(port);
    client_read(other, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_FIN);
    (void)close(other);
    relay_destroy(relay);
}

/* A client that keeps its end open after our FIN is not kept for ever either. */
static void a_client_that_ignores_the_end_is_closed(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const struct relay_rule rule = {.fault = RELAY_CLOSE, .silent_us = 20000, .fraction = 1};
    const uint16_t port = open_before(relay, server->port, rule);
    const int fd = client_connect(port);
    client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_FIN);
    wait_until_closed(relay, port);
    (void)close(fd);
    relay_destroy(relay);
}

static void without_descriptors_clients_wait_and_are_served_later(void **state)
{
    (void)state;
    static struct client_answer got;
    struct rlimit usual, tight;
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    assert_serves(port);
    wait_until_closed(relay, port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    int lowest = dup(0); /* the first number that is free */
    (void)close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    tight = usual;
    tight.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    const struct sockaddr_in address = loopback_address(port);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    client_send(fd, "GET /empty HTTP/1.1\r\n\r\n");
    client_read(fd, 0, &got);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(got.end, CLIENT_SILENT);
    client_read(fd, 1, &got);
    assert_string_equal(got.bytes, HEAD "Content-Length: 0\r\n\r\n");
    (void)close(fd);
    relay_destroy(relay);
}

static void destroying_closes_what_is_open(void **state)
{
    (void)state;
    static const enum relay_fault faults[] = {RELAY_PASS, RELAY_HANG,       RELAY_STALL,
                                              RELAY_DRIP, RELAY_REUSE_RACE, RELAY_SLOW_CLOSE};
    enum { EACH = 8, COUNT = EACH * sizeof faults / sizeof *faults };
    static struct client_answer got;
    int fds[COUNT];
    const int before = descriptors();
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    (void)open_port(relay, RELAY_BLACKHOLE);
    (void)open_port(relay, RELAY_REFUSE);
    for (int i = 0; i < COUNT; i++) {
        const struct relay_rule rule = {
            .fault = faults[i / EACH], .tick_us = 1000000, .delay_us = 1000000, .fraction = 1};
        assert_true(relay_set(relay, port, &rule));
        fds[i] = client_connect(port);
        if (i % 2 == 0) client_send(fds[i], "GET /length HTTP/1.1\r\n\r\n");
    }
    relay_destroy(relay);
    for (int i = 0; i < COUNT; i++) {
        client_read(fds[i], CLIENT_TO_THE_END, &got);
        (void)close(fds[i]);
    }
    wait_for_descriptors(before);
    relay_destroy(NULL);
}

static void calls_in_flight_can_be_reset(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = make_relay(1);
    const uint16_t hung = open_port(relay, RELAY_HANG), other = open_port(relay, RELAY_HANG);
    const int first = client_connect(hung), second = client_connect(other);
    client_send(first, "GET /length HTTP/1.1\r\n\r\n");
    client_send(second, "GET /length HTTP/1.1\r\n\r\n");
    client_read(first, 0, &got);
    relay_reset_connections(relay, hung);
    client_read(first, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_RESET);
    client_read(second, 0, &got);
    assert_int_equal(got.end, CLIENT_SILENT);
    relay_reset_connections(relay, 0);
    client_read(second, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_RESET);
    (void)close(first);
    (void)close(second);
    const struct relay_counters all = relay_counters(relay, 0);
    assert_int_equal(all.accepted, 2);
    assert_int_equal(all.faulted, 2);
    assert_int_equal(all.open, 0);
    assert_int_equal(all.open_max, 2);
    assert_int_equal(relay_counters(relay, hung).open_max, 1);
    relay_destroy(relay);
}

/* ---- what cannot be -------------------------------------------------------------------------- */

static void rules_and_addresses_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct relay_rule rule;
    } wrong[] = {
        {"fraction above 1", {.fault = RELAY_RESET, .fraction = 1.5}},
        {"fraction that is no number", {.fault = RELAY_RESET, .fraction = NAN}},
        {"half a refusal", {.fault = RELAY_REFUSE, .fraction = 0.5}},
        {"half a black hole", {.fault = RELAY_BLACKHOLE, .fraction = 0.5}},
        {"a delay of the past", {.fault = RELAY_RESET, .delay_us = -1, .fraction = 1}},
        {"no bandwidth", {.fault = RELAY_BANDWIDTH, .fraction = 1}},
        {"no fault of ours", {.fault = RELAY_FAULT_COUNT, .fraction = 1}},
    };
    struct err err;
    uint16_t port, busy;
    struct relay *const relay = make_relay(1);
    busy = open_port(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_ROW(wrong[i].label, !relay_open(relay, "127.0.0.1", 0, "127.0.0.1", server->port,
                                              &wrong[i].rule, &port, &err));
        CHECK_ROW(wrong[i].label, err.code == ERR_INPUT && err.message[0] != '\0');
        CHECK_ROW(wrong[i].label, !relay_set(relay, busy, &wrong[i].rule));
    }
    const struct relay_rule pass = {.fault = RELAY_PASS, .fraction = 1};
    assert_false(relay_open(relay, "127.0.0.1", busy, "127.0.0.1", 1, &pass, &port, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_false(relay_open(relay, "localhost", 0, "127.0.0.1", 1, &pass, &port, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(relay_open(relay, "127.0.0.1", 0, "no.such.invalid", 1, &pass, &port, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_false(relay_set(relay, 1, &pass));
    assert_int_equal(relay_counters(relay, 1).accepted, 0);
    relay_reset_connections(relay, 1);
    relay_close(relay, 1);
    assert_serves(busy);
    relay_destroy(relay);
}

static void ports_are_limited_and_come_back_when_closed(void **state)
{
    (void)state;
    struct err err;
    uint16_t ports[RELAY_PORTS_MAX], more;
    const int before = descriptors();
    struct relay *const relay = make_relay(1);
    const struct relay_rule pass = {.fault = RELAY_PASS, .fraction = 1};
    for (int i = 0; i < RELAY_PORTS_MAX; i++)
        ports[i] = open_port(relay, RELAY_PASS);
    assert_false(relay_open(relay, "127.0.0.1", 0, "127.0.0.1", server->port, &pass, &more, &err));
    assert_non_null(strstr(err.message, "64"));
    const int fd = client_connect(ports[0]);
    relay_close(relay, ports[0]);
    static struct client_answer got;
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_RESET);
    (void)close(fd);
    assert_int_equal(client_try(ports[0]), -1);
    assert_true(relay_open(relay, "127.0.0.1", 0, "127.0.0.1", server->port, &pass, &more, &err));
    assert_serves(more);
    relay_destroy(relay);
    wait_for_descriptors(before);
}

static void an_upstream_that_is_not_there_resets_the_client(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const uint16_t closed = open_port(relay, RELAY_REFUSE);
    const uint16_t port =
        open_before(relay, closed, (struct relay_rule){.fault = RELAY_PASS, .fraction = 1});
    const struct client_answer *const got = ask(port, "GET / HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END);
    assert_int_equal(got->end, CLIENT_RESET);
    relay_destroy(relay);
}

static void tls_cannot_be_framed_anew(void **state)
{
    (void)state;
    struct relay *const relay = make_relay(1);
    const struct client_answer *const got =
        ask(open_port(relay, RELAY_SHORT_BODY), "\x16\x03\x01\x02", CLIENT_TO_THE_END);
    assert_int_equal(got->end, CLIENT_RESET);
    relay_destroy(relay);
}

/* ---- many hands ------------------------------------------------------------------------------ */

struct hand {
    struct relay *relay;
    uint16_t port;
    uint64_t seed;
};

static void *change_rules(void *context)
{
    const struct hand *const hand = context;
    for (uint64_t i = 0; i < 100; i++) {
        const uint64_t bits = test_bits(hand->seed, i);
        struct relay_rule rule = {.fault = (enum relay_fault)(bits % RELAY_FAULT_COUNT),
                                  .bytes_per_s = 1000,
                                  .fraction = 1};
        if (rule.fault == RELAY_BLACKHOLE) rule.fault = RELAY_REFUSE; /* it takes its time */
        (void)relay_set(hand->relay, hand->port, &rule);
        (void)relay_counters(hand->relay, 0);
        if (bits % 7 == 0) relay_reset_connections(hand->relay, hand->port);
    }
    return NULL;
}

static void rules_change_from_several_threads_under_traffic(void **state)
{
    (void)state;
    pthread_t threads[2];
    struct relay *const relay = make_relay(1);
    const uint16_t port = open_port(relay, RELAY_PASS);
    struct hand hands[2] = {{relay, port, 1}, {relay, port, 2}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, change_rules, &hands[i]), 0);
    for (int i = 0; i < 200; i++) {
        const int fd = client_try(port);
        if (fd < 0) continue;
        (void)send(fd, "GET /length HTTP/1.1\r\n\r\n", 24, MSG_NOSIGNAL);
        (void)close(fd);
    }
    for (int i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    set_fault(relay, port, RELAY_PASS);
    relay_reset_connections(relay, port);
    assert_serves(port);
    relay_destroy(relay);
}

/* ---- main ------------------------------------------------------------------------------------ */

static int start_server(void **state)
{
    (void)state;
    static const char head[] = HEAD "Content-Length: 5242880\r\n\r\n";
    big_length = strlen(head) + BIG_BYTES;
    big = malloc(big_length);
    if (big == NULL) return -1;
    memcpy(big, head, strlen(head));
    for (size_t i = 0; i < BIG_BYTES; i++)
        big[strlen(head) + i] = (char)pattern(i);
    server = upstream_start(answer, NULL);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    upstream_stop(server);
    free(big);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_what_it_says_to_the_byte),
        cmocka_unit_test(every_fault_is_the_same_when_the_reply_comes_in_pieces),
        cmocka_unit_test(a_tls_alert_is_seven_bytes),
        cmocka_unit_test(a_flood_is_as_long_as_it_says_and_the_reply_follows),
        cmocka_unit_test(a_head_too_long_to_be_rewritten_resets),
        cmocka_unit_test(a_request_is_judged_when_its_head_is_whole),
        cmocka_unit_test(the_upstream_never_hears_of_a_request_that_is_reset_or_closed),
        cmocka_unit_test(a_refusing_port_is_closed_and_kept),
        cmocka_unit_test(a_black_hole_swallows_and_opens_again),
        cmocka_unit_test(five_megabytes_pass_both_ways_at_once),
        cmocka_unit_test(pipelined_requests_on_one_connection_pass),
        cmocka_unit_test(a_client_that_stops_talking_is_still_answered),
        cmocka_unit_test(after_a_half_close_reading_goes_on),
        cmocka_unit_test(a_reader_that_is_slow_holds_the_sender_back),
        cmocka_unit_test(pace_and_delay_take_the_time_they_say_at_least),
        cmocka_unit_test(a_reuse_race_is_lost_by_the_second_request),
        cmocka_unit_test(the_same_seed_hits_the_same_connections),
        cmocka_unit_test(ports_of_one_relay_have_luck_of_their_own),
        cmocka_unit_test(hundreds_of_faulted_connections_leave_no_descriptor),
        cmocka_unit_test(a_silent_client_costs_one_descriptor_and_is_closed_in_the_end),
        cmocka_unit_test(a_client_that_ignores_the_end_is_closed),
        cmocka_unit_test(without_descriptors_clients_wait_and_are_served_later),
        cmocka_unit_test(destroying_closes_what_is_open),
        cmocka_unit_test(calls_in_flight_can_be_reset),
        cmocka_unit_test(rules_and_addresses_that_cannot_be_are_refused),
        cmocka_unit_test(ports_are_limited_and_come_back_when_closed),
        cmocka_unit_test(an_upstream_that_is_not_there_resets_the_client),
        cmocka_unit_test(tls_cannot_be_framed_anew),
        cmocka_unit_test(rules_change_from_several_threads_under_traffic),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
