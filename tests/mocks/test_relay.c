/* The fault relay, seen by a raw socket. Goal: every fault is exactly what the header says, to the
 * byte, and ends in the FIN, RST or silence that it says. Method: a raw server that answers known
 * bytes behind the relay, a raw client before it, and a table of what has to arrive; the same table
 * again through a second relay that drips the server's reply byte by byte, so that every head and
 * chunk comes in pieces. Silence is listened to for a moment. */
#include "tests/mocks/relay_rig.h"

#define GARBAGE "\x7f\x01garbage, and no status line\r\n\r\n"

static const struct row {
    const char *label;
    const char *asked;
    const char *bytes; /* that arrive */
    struct relay_rule rule;
    enum client_end end;
} rows[] = {
    {"pass, length", "GET /length", RIG_LENGTH, {.fault = RELAY_PASS}, CLIENT_SILENT},
    {"pass, until close",
     "GET /until-close",
     RIG_HEAD "\r\n0123456789",
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
     RIG_HEAD "Content-Length: 10\r\n\r\n",
     {.fault = RELAY_RESET_AFTER_HEADERS},
     CLIENT_RESET},
    {"reset after the real headers",
     "GET /interim",
     "HTTP/1.1 100 Continue\r\n\r\n" RIG_HEAD "Content-Length: 4\r\n\r\n",
     {.fault = RELAY_RESET_AFTER_HEADERS},
     CLIENT_RESET},
    {"reset in the body, at half",
     "GET /length",
     RIG_HEAD "Content-Length: 10\r\n\r\n01234",
     {.fault = RELAY_RESET_IN_BODY},
     CLIENT_RESET},
    {"reset in the body, at 7, later",
     "GET /length",
     RIG_HEAD "Content-Length: 10\r\n\r\n0123456",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 7, .delay_us = 2000},
     CLIENT_RESET},
    {"reset in the body, past its end",
     "GET /length",
     RIG_LENGTH,
     {.fault = RELAY_RESET_IN_BODY, .bytes = 99},
     CLIENT_RESET},
    {"reset in the second chunk",
     "GET /chunked",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;x=y\r\n45",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 6},
     CLIENT_RESET},
    {"reset past the last chunk, trailers and all",
     "GET /trailer",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\n0\r\nX-Sum: 9\r\n\r\n",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 99},
     CLIENT_RESET},
    {"reset in a body without a length, past its end",
     "GET /until-close",
     RIG_HEAD "\r\n0123456789",
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
     RIG_HEAD "Content-Length: 10\r\n\r\n01234",
     {.fault = RELAY_HALF_CLOSE},
     CLIENT_FIN},
    {"half close of chunks, 1 byte",
     "GET /chunked",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0",
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
     RIG_LENGTH,
     {.fault = RELAY_DRIP, .tick_us = 1},
     CLIENT_SILENT},
    {"drip, the first 9 and no more soon",
     "GET /length",
     "HTTP/1.1 ",
     {.fault = RELAY_DRIP, .bytes = 9, .tick_us = RELAY_IDLE_US},
     CLIENT_SILENT},
    {"bandwidth, fast",
     "GET /length",
     RIG_LENGTH,
     {.fault = RELAY_BANDWIDTH, .bytes_per_s = 1000000},
     CLIENT_SILENT},
    {"slow close",
     "GET /length",
     RIG_HEAD "Connection: close\r\n\r\n0123456789",
     {.fault = RELAY_SLOW_CLOSE},
     CLIENT_FIN},
    {"slow close, not yet",
     "GET /length",
     RIG_HEAD "Connection: close\r\n\r\n0123456789",
     {.fault = RELAY_SLOW_CLOSE, .delay_us = RELAY_IDLE_US},
     CLIENT_SILENT},
    {"slow close of chunks",
     "GET /chunked",
     RIG_HEAD "Connection: close\r\n\r\n0123456789",
     {.fault = RELAY_SLOW_CLOSE},
     CLIENT_FIN},
    {"slow close of nothing",
     "GET /none",
     "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
     {.fault = RELAY_SLOW_CLOSE},
     CLIENT_FIN},
    {"reuse race, first request",
     "GET /length",
     RIG_LENGTH,
     {.fault = RELAY_REUSE_RACE},
     CLIENT_SILENT},
    {"garbage", "GET /length", GARBAGE RIG_LENGTH, {.fault = RELAY_GARBAGE}, CLIENT_SILENT},
    {"bad chunk at half",
     "GET /length",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\nzz\r\nno chunk\r\n",
     {.fault = RELAY_BAD_CHUNK},
     CLIENT_FIN},
    {"bad chunk of none",
     "GET /none",
     "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
     {.fault = RELAY_BAD_CHUNK},
     CLIENT_FIN},
    {"bad chunk of an empty body",
     "GET /empty",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nno chunk\r\n",
     {.fault = RELAY_BAD_CHUNK},
     CLIENT_FIN},
    {"bad chunk in the upstream's second",
     "GET /chunked",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n2\r\n45\r\nzz\r\nno chunk\r\n",
     {.fault = RELAY_BAD_CHUNK, .bytes = 6},
     CLIENT_FIN},
    {"no last chunk",
     "GET /length",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n",
     {.fault = RELAY_NO_LAST_CHUNK},
     CLIENT_FIN},
    {"no last chunk of chunks",
     "GET /chunked",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n",
     {.fault = RELAY_NO_LAST_CHUNK},
     CLIENT_FIN},
    {"no last chunk without a length",
     "GET /until-close",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n",
     {.fault = RELAY_NO_LAST_CHUNK},
     CLIENT_FIN},
    {"no last chunk, and no whole one either",
     "GET /cut",
     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n",
     {.fault = RELAY_NO_LAST_CHUNK},
     CLIENT_FIN},
    {"short body at half",
     "GET /length",
     RIG_HEAD "Content-Length: 10\r\n\r\n01234",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body, all but one",
     "GET /length",
     RIG_HEAD "Content-Length: 10\r\n\r\n012345678",
     {.fault = RELAY_SHORT_BODY, .bytes = 99},
     CLIENT_FIN},
    {"short body of the first chunk",
     "GET /chunked",
     RIG_HEAD "Content-Length: 4\r\n\r\n01",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body without a length",
     "GET /until-close",
     RIG_HEAD "Content-Length: 4\r\n\r\n012",
     {.fault = RELAY_SHORT_BODY, .bytes = 3},
     CLIENT_FIN},
    {"short body of an empty one",
     "GET /empty",
     RIG_HEAD "Content-Length: 1\r\n\r\n",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body after an interim reply",
     "GET /interim",
     "HTTP/1.1 100 Continue\r\n\r\n" RIG_HEAD "Content-Length: 4\r\n\r\n01",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"short body to HEAD",
     "HEAD /empty",
     RIG_HEAD "Content-Length: 0\r\n\r\n",
     {.fault = RELAY_SHORT_BODY},
     CLIENT_FIN},
    {"two lengths",
     "GET /length",
     RIG_HEAD "Content-Length: 10\r\nContent-Length: 15\r\n\r\n0123456789",
     {.fault = RELAY_TWO_LENGTHS},
     CLIENT_FIN},
    {"two lengths of the first chunk",
     "GET /chunked",
     RIG_HEAD "Content-Length: 4\r\nContent-Length: 6\r\n\r\n0123",
     {.fault = RELAY_TWO_LENGTHS, .bytes = 2},
     CLIENT_FIN},
    {"two lengths of nothing",
     "GET /empty",
     RIG_HEAD "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
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
     RIG_HEAD "Connection: close\r\n\r\n0123",
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
     RIG_LENGTH,
     {.fault = RELAY_PASS, .delay_us = 3000},
     CLIENT_SILENT},
    {"delayed for long",
     "GET /length",
     "",
     {.fault = RELAY_PASS, .delay_us = RELAY_IDLE_US},
     CLIENT_SILENT},
};

/* The count-th connection of the port. */
static void check_row(const struct row *row, struct relay *relay, uint16_t port, uint64_t count)
{
    char request[128];
    struct relay_rule rule = row->rule;
    rule.fraction = 1;
    assert_true(relay_set(relay, port, &rule));
    (void)snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: a\r\n\r\n", row->asked);
    const bool to_the_end = row->end != CLIENT_SILENT;
    const struct client_answer *const got =
        rig_ask(port, request, to_the_end ? CLIENT_TO_THE_END : strlen(row->bytes));
    CHECK_ROW_TEXT(row->label, got->bytes, row->bytes);
    if (got->end != row->end) print_error("ended by %d\n", got->end);
    CHECK_ROW(row->label, got->end == row->end);
    /* What is delayed, or drips, is owed to a client that may only have closed its half. */
    rig_wait_until_accepted(relay, port, count);
    if (rule.delay_us > 1000000 || rule.tick_us > 1000000) relay_reset_connections(relay, port);
    rig_wait_until_closed(relay, port, count);
}

static void every_fault_is_what_it_says_to_the_byte(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i], relay, port, i + 1);
    relay_destroy(relay);
}

static void every_fault_is_the_same_when_the_reply_comes_in_pieces(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1), *const dripping = rig_relay(2);
    const struct relay_rule drip = {.fault = RELAY_DRIP, .tick_us = 1, .fraction = 1};
    const uint16_t before = rig_open_before(dripping, rig_server->port, drip);
    const uint16_t port =
        rig_open_before(relay, before, (struct relay_rule){.fault = RELAY_PASS, .fraction = 1});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i], relay, port, i + 1);
    relay_destroy(relay);
    relay_destroy(dripping);
}

static void a_tls_alert_is_seven_bytes(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1);
    const struct client_answer *const got =
        rig_ask(rig_open(relay, RELAY_TLS_ALERT), "\x16\x03\x01", CLIENT_TO_THE_END);
    assert_int_equal(got->length, 7);
    assert_memory_equal(got->bytes, "\x15\x03\x03\x00\x02\x02\x28", 7);
    assert_int_equal(got->end, CLIENT_FIN);
    relay_destroy(relay);
}

static void a_flood_is_as_long_as_it_says_and_the_reply_follows(void **state)
{
    (void)state;
    static const char rest[] = "Content-Type: text/plain\r\nContent-Length: 10\r\n\r\n0123456789";
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_HEADER_FLOOD);
    const size_t length = strlen("HTTP/1.1 200 OK\r\n") + 256 * 1024 + strlen(rest);
    const struct client_answer *const got =
        rig_ask(port, "GET /length HTTP/1.1\r\nHost: a\r\n\r\n", length);
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
    struct relay *const relay = rig_relay(1);
    const struct relay_rule flood = {.fault = RELAY_HEADER_FLOOD, .fraction = 1};
    const uint16_t before = rig_open_before(relay, rig_server->port, flood);
    const uint16_t port = rig_open_before(
        relay, before, (struct relay_rule){.fault = RELAY_SHORT_BODY, .fraction = 1});
    const struct client_answer *got =
        rig_ask(port, "GET /length HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END);
    assert_int_equal(got->end, CLIENT_RESET);
    assert_int_equal(got->length, 0);
    rig_set(relay, port, RELAY_RESET_IN_BODY); /* which has nothing to rewrite */
    got = rig_ask(port, "GET /length HTTP/1.1\r\n\r\n", 256 * 1024);
    assert_true(got->length > 256 * 1024);
    relay_destroy(relay);
}

static void a_request_is_judged_when_its_head_is_whole(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_RESET);
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
    const int other = client_connect(port);
    (void)send(other, endless, sizeof endless - 1, MSG_NOSIGNAL); /* the reset may be quicker */
    client_read(other, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_RESET);
    (void)close(other);
    relay_destroy(relay);
}

static void the_upstream_never_hears_of_a_request_that_is_reset_or_closed(void **state)
{
    (void)state;
    static const enum relay_fault faults[] = {RELAY_RESET,         RELAY_CLOSE,
                                              RELAY_HANG,          RELAY_TLS_ALERT,
                                              RELAY_TLS_PLAINTEXT, RELAY_TLS_CLOSE};
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    const unsigned long long accepted = rig_server->accepted;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        rig_set(relay, port, faults[i]);
        (void)rig_ask(port, "GET /length HTTP/1.1\r\n\r\n",
                      faults[i] == RELAY_HANG ? 0 : CLIENT_TO_THE_END);
        assert_int_equal(rig_server->accepted, accepted);
    }
    relay_destroy(relay);
}

static void a_reuse_race_is_lost_by_the_second_request(void **state)
{
    (void)state;
    static const char *const paths[] = {"/length", "/chunked", "/trailer", "/empty", "/interim"};
    static const char *const replies[] = {RIG_LENGTH, RIG_CHUNKED, RIG_TRAILER, RIG_EMPTY,
                                          RIG_INTERIM};
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_REUSE_RACE);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char request[128];
        (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n\r\n", paths[i]);
        const int fd = client_connect(port);
        client_send(fd, request);
        client_read(fd, strlen(replies[i]), &got);
        CHECK_ROW_TEXT(paths[i], got.bytes, replies[i]);
        CHECK_ROW(paths[i], got.end == CLIENT_SILENT);
        const unsigned long long requests = rig_server->requests;
        client_send(fd, "G"); /* a byte is enough */
        client_read(fd, CLIENT_TO_THE_END, &got);
        CHECK_ROW(paths[i], got.end == CLIENT_RESET && got.length == 0);
        CHECK_ROW(paths[i], rig_server->requests == requests);
        (void)close(fd);
    }
    /* Sent without waiting, it meets its reset when the first is answered. */
    const struct client_answer *const both = rig_ask(
        port, "GET /length HTTP/1.1\r\n\r\nGET /length HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END);
    assert_string_equal(both->bytes, RIG_LENGTH);
    assert_int_equal(both->end, CLIENT_RESET);
    relay_destroy(relay);
}

static void tls_cannot_be_framed_anew(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1);
    const struct client_answer *const got =
        rig_ask(rig_open(relay, RELAY_SHORT_BODY), "\x16\x03\x01\x02", CLIENT_TO_THE_END);
    assert_int_equal(got->end, CLIENT_RESET);
    relay_destroy(relay);
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
        cmocka_unit_test(a_reuse_race_is_lost_by_the_second_request),
        cmocka_unit_test(tls_cannot_be_framed_anew),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
