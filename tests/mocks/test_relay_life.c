/* What the relay does while nothing is wrong, and what it leaves behind. Goal: bytes pass both ways
 * unchanged, halves close by themselves, nobody makes it hold more than its buffers or keep a
 * descriptor. Method: patterns that are compared byte by byte, counts of this process's own
 * descriptors, limits lowered for a moment, and two threads that change rules under traffic. */
#include <sys/resource.h>
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
    rig_wait_until_closed(relay, port); /* both halves were closed by their own FINs */
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
    rig_wait_until_closed(relay, port);
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

static void hundreds_of_faulted_connections_leave_no_descriptor(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    const int before = rig_descriptors();
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
    rig_wait_until_closed(relay, port);
    assert_true(asked > 300);
    assert_int_equal(relay_counters(relay, port).accepted, asked);
    rig_wait_for_descriptors(before);
    relay_destroy(relay);
}

static void a_silent_client_costs_one_descriptor_and_is_closed_in_the_end(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const struct relay_rule patient = {.fault = RELAY_PASS, .fraction = 1};
    const struct relay_rule hasty = {.fault = RELAY_PASS, .silent_us = 20000, .fraction = 1};
    const uint16_t port = rig_open_before(relay, rig_server->port, patient);
    const int before = rig_descriptors();
    const int fd = client_connect(port);
    client_read(fd, 0, &got);
    assert_int_equal(got.end, CLIENT_SILENT);
    assert_int_equal(relay_counters(relay, port).open, 1);
    rig_wait_for_descriptors(before + 2); /* ours, and the relay's one */
    (void)close(fd);
    rig_wait_until_closed(relay, port);
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
    struct relay *const relay = rig_relay(1);
    const struct relay_rule rule = {.fault = RELAY_CLOSE, .silent_us = 20000, .fraction = 1};
    const uint16_t port = rig_open_before(relay, rig_server->port, rule);
    const int fd = client_connect(port);
    client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_FIN);
    rig_wait_until_closed(relay, port);
    (void)close(fd);
    relay_destroy(relay);
}

/* What a rule holds back is owed to a client that closed its half, and not for ever. */
static void a_client_that_gave_up_is_forgotten_though_something_is_owed(void **state)
{
    (void)state;
    static const struct relay_rule owing[] = {
        {.fault = RELAY_PASS, .delay_us = RELAY_IDLE_US},
        {.fault = RELAY_DRIP, .tick_us = RELAY_IDLE_US},
        {.fault = RELAY_SLOW_CLOSE, .delay_us = RELAY_IDLE_US},
        {.fault = RELAY_RESET, .delay_us = RELAY_IDLE_US},
        {.fault = RELAY_TLS_ALERT, .delay_us = RELAY_IDLE_US},
    };
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof owing / sizeof *owing; i++) {
        struct relay_rule rule = owing[i];
        rule.fraction = 1;
        rule.silent_us = 50000;
        assert_true(relay_set(relay, port, &rule));
        const int fd = client_connect(port);
        client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
        client_read(fd, 0, &got);
        CHECK_ROW(relay_fault_names[rule.fault], got.end == CLIENT_SILENT);
        (void)close(fd);
        rig_wait_until_closed(relay, port);
    }
    const struct relay_rule soon = {.fault = RELAY_PASS, .delay_us = 50000, .fraction = 1};
    assert_true(relay_set(relay, port, &soon));
    const int fd = client_connect(port);
    client_send(fd, "GET /length HTTP/1.1\r\n\r\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_string_equal(got.bytes, RIG_LENGTH);
    (void)close(fd);
    relay_destroy(relay);
}

static void without_descriptors_clients_wait_and_are_served_later(void **state)
{
    (void)state;
    static struct client_answer got;
    struct rlimit usual, tight;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    rig_assert_serves(port);
    rig_wait_until_closed(relay, port);
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
    assert_string_equal(got.bytes, RIG_HEAD "Content-Length: 0\r\n\r\n");
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
    const int before = rig_descriptors();
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    (void)rig_open(relay, RELAY_BLACKHOLE);
    (void)rig_open(relay, RELAY_REFUSE);
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
    rig_wait_for_descriptors(before);
    relay_destroy(NULL);
}

static void calls_in_flight_can_be_reset(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t hung = rig_open(relay, RELAY_HANG), other = rig_open(relay, RELAY_HANG);
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
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
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
    rig_set(relay, port, RELAY_PASS);
    relay_reset_connections(relay, port);
    rig_assert_serves(port);
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
        cmocka_unit_test(pace_and_delay_take_the_time_they_say_at_least),
        cmocka_unit_test(hundreds_of_faulted_connections_leave_no_descriptor),
        cmocka_unit_test(a_silent_client_costs_one_descriptor_and_is_closed_in_the_end),
        cmocka_unit_test(a_client_that_ignores_the_end_is_closed),
        cmocka_unit_test(a_client_that_gave_up_is_forgotten_though_something_is_owed),
        cmocka_unit_test(without_descriptors_clients_wait_and_are_served_later),
        cmocka_unit_test(destroying_closes_what_is_open),
        cmocka_unit_test(calls_in_flight_can_be_reset),
        cmocka_unit_test(rules_change_from_several_threads_under_traffic),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
