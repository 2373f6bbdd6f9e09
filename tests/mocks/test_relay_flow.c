/* How bytes and ends travel through the relay. Goal: they pass both ways unchanged, halves close by
 * themselves, a slow reader holds the sender back, and what is slowed down or delayed takes at
 * least as long as it says. Method: patterns compared byte by byte. Of time only lower bounds are
 * asserted, which hold on the busiest machine. */
#include <time.h>

#include "tests/mocks/relay_rig.h"

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
                bytes[i] = rig_pattern(sent + i);
            const ssize_t done = send(fd, bytes, part, MSG_NOSIGNAL);
            if (done > 0) sent += (size_t)done;
            if (sent == total) assert_int_equal(shutdown(fd, SHUT_WR), 0);
        }
        if ((look.revents & POLLIN) == 0) continue;
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        assert_true(got > 0);
        for (ssize_t i = 0; i < got; i++)
            assert_int_equal(bytes[i], rig_pattern(read_count++));
    }
    assert_true(client_wait(fd, CLIENT_PATIENCE_MS));
    assert_int_equal(recv(fd, bytes, sizeof bytes, 0), 0);
}

static void five_megabytes_pass_both_ways_at_once(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    const int fd = client_connect(port);
    client_send(fd, "GET /echo HTTP/1.1\r\n\r\n");
    client_read(fd, strlen("HTTP/1.1 200 OK\r\n\r\n"), &got);
    exchange(fd, RIG_BIG_BYTES);
    rig_wait_until_closed(relay, port, 1); /* both halves were closed by their own FINs */
    (void)close(fd);
    assert_int_equal(relay_counters(relay, 0).relayed_bytes,
                     2 * RIG_BIG_BYTES +
                         strlen("GET /echo HTTP/1.1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"));
    relay_destroy(relay);
}

static void pipelined_requests_on_one_connection_pass(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    const struct client_answer *const got = rig_ask(
        port,
        "GET /length HTTP/1.1\r\n\r\nGET /chunked HTTP/1.1\r\n\r\nGET /empty HTTP/1.1\r\n\r\n"
        "GET /until-close HTTP/1.1\r\n\r\n",
        CLIENT_TO_THE_END);
    char expected[1024];
    (void)snprintf(expected, sizeof expected, "%s%s%s%s", RIG_LENGTH, RIG_CHUNKED, RIG_EMPTY,
                   RIG_UNTIL_CLOSE);
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
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        rig_set(relay, port, faults[i]);
        const int fd = client_connect(port);
        client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
        (void)shutdown(fd, SHUT_WR); /* the reset may be quicker */
        client_read(fd, CLIENT_TO_THE_END, &got);
        CHECK_ROW(relay_fault_names[faults[i]], got.end == ends[i]);
        if (faults[i] == RELAY_PASS) assert_string_equal(got.bytes, RIG_LENGTH);
        (void)close(fd);
    }
    /* Half a head, then the end, is the upstream's to judge: ours closes. */
    rig_set(relay, port, RELAY_PASS);
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
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_HALF_CLOSE);
    const int fd = client_connect(port);
    client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_FIN);
    memset(megabyte, 'a', sizeof megabyte - 1);
    client_send(fd, megabyte); /* more than fits into buffers: it is taken */
    const struct relay_counters counters = relay_counters(relay, port);
    assert_int_equal(counters.open, 1);
    (void)close(fd);
    rig_wait_until_closed(relay, port, 1);
    relay_destroy(relay);
}

static void a_reader_that_is_slow_holds_the_sender_back(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
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
    assert_true(passed < RIG_BIG_BYTES);
    char bytes[65536];
    size_t at = 0;
    while (at < rig_big_length) {
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        assert_true(got > 0);
        assert_memory_equal(bytes, rig_big + at, (size_t)got);
        at += (size_t)got;
    }
    (void)close(fd);
    relay_destroy(relay);
}

static void what_was_sent_before_a_reset_arrives(void **state)
{
    (void)state;
    enum { CUT = 2 << 20 };
    struct relay *const relay = rig_relay(1);
    const struct relay_rule rule = {.fault = RELAY_RESET_IN_BODY, .bytes = CUT, .fraction = 1};
    const uint16_t port = rig_open_before(relay, rig_server->port, rule);
    const struct sockaddr_in address = loopback_address(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    client_send(fd, "GET /big HTTP/1.1\r\n\r\n");
    (void)poll(NULL, 0, CLIENT_SILENCE_MS); /* so that a good part waits in the kernel */
    const size_t expected = rig_big_length - RIG_BIG_BYTES + CUT;
    char bytes[65536];
    size_t at = 0;
    ssize_t got;
    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        assert_true(at + (size_t)got <= expected);
        assert_memory_equal(bytes, rig_big + at, (size_t)got);
        at += (size_t)got;
    }
    assert_int_equal(got, -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(at, expected);
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
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    assert_int_equal(strlen(RIG_LENGTH), 75);
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        struct relay_rule rule = paces[i].rule;
        rule.fraction = 1;
        assert_true(relay_set(relay, port, &rule));
        const int fd = client_connect(port);
        const int64_t from_us = clock_us();
        static struct client_answer got;
        client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
        for (size_t length = 0; length < strlen(RIG_LENGTH); length += got.length) {
            const ssize_t part = recv(fd, got.bytes, 1, 0);
            assert_int_equal(part, 1);
            got.length = 1;
        }
        CHECK_ROW(paces[i].label, clock_us() - from_us >= paces[i].least_us);
        (void)close(fd);
    }
    relay_destroy(relay);
}

static void ends_are_as_late_as_they_say_at_least(void **state)
{
    (void)state;
    enum { LATE_US = 40000 };
    static const enum relay_fault faults[] = {
        RELAY_TLS_ALERT,     RELAY_TLS_PLAINTEXT, RELAY_TLS_CLOSE,
        RELAY_RESET,         RELAY_CLOSE,         RELAY_RESET_AFTER_HEADERS,
        RELAY_RESET_IN_BODY, RELAY_HALF_CLOSE,    RELAY_SLOW_CLOSE};
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct relay_rule rule = {.fault = faults[i], .delay_us = LATE_US, .fraction = 1};
        assert_true(relay_set(relay, port, &rule));
        const int64_t from_us = clock_us();
        (void)rig_ask(port, "GET /length HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END);
        CHECK_ROW(relay_fault_names[faults[i]], clock_us() - from_us >= LATE_US);
    }
    relay_destroy(relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_megabytes_pass_both_ways_at_once),
        cmocka_unit_test(pipelined_requests_on_one_connection_pass),
        cmocka_unit_test(a_client_that_stops_talking_is_still_answered),
        cmocka_unit_test(after_a_half_close_reading_goes_on),
        cmocka_unit_test(a_reader_that_is_slow_holds_the_sender_back),
        cmocka_unit_test(what_was_sent_before_a_reset_arrives),
        cmocka_unit_test(pace_and_delay_take_the_time_they_say_at_least),
        cmocka_unit_test(ends_are_as_late_as_they_say_at_least),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
