/* What the relay leaves behind. Goal: nobody makes it keep a descriptor, go past a limit or end
 * badly. Method: counts of this process's own descriptors over hundreds of connections, limits
 * lowered or used up, a relay destroyed in the middle of its work, and two threads that change
 * rules under traffic. */
#include <sys/resource.h>

#include "tests/descriptors.h"
#include "tests/mocks/relay_rig.h"

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
    rig_wait_until_closed(relay, port, asked);
    assert_true(asked > 300);
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
    rig_wait_until_accepted(relay, port, 1);
    client_read(fd, 0, &got);
    assert_int_equal(got.end, CLIENT_SILENT);
    assert_int_equal(relay_counters(relay, port).open, 1);
    rig_wait_for_descriptors(before + 2); /* ours, and the relay's one */
    (void)close(fd);
    rig_wait_until_closed(relay, port, 1);
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
    rig_wait_until_closed(relay, port, 1);
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
        rig_wait_until_closed(relay, port, i + 1);
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
    rig_wait_until_closed(relay, port, 1);
    rig_wait_until_server_closed(); /* or it gives a descriptor back in the middle of it */
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
    client_read(fd, strlen(RIG_EMPTY), &got);
    assert_string_equal(got.bytes, RIG_EMPTY);
    assert_true(relay_starved(relay) > 0);
    (void)close(fd);
    relay_destroy(relay);
}

/* The client is let in, and nothing is left for its upstream. */
static void a_lack_of_descriptors_for_the_upstream_is_counted(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    rig_assert_serves(port);
    rig_wait_until_closed(relay, port, 1);
    rig_wait_until_server_closed(); /* or it gives a descriptor back in the middle of it */
    assert_int_equal(relay_starved(relay), 0);
    const int fd = client_connect(port);
    rig_wait_until_accepted(relay, port, 2);
    struct hunger hunger;
    starve(&hunger);
    client_send(fd, "GET /empty HTTP/1.1\r\n\r\n");
    client_read(fd, CLIENT_TO_THE_END, &got);
    feed_all(&hunger);
    assert_int_equal(got.end, CLIENT_RESET);
    assert_true(relay_starved(relay) > 0);
    (void)close(fd);
    rig_assert_serves(port);
    relay_destroy(relay);
}

/* Two descriptors a connection in this process; a machine that gives fewer skips it. */
static void past_the_most_a_client_is_reset(void **state)
{
    (void)state;
    enum { NEEDED = 2 * RELAY_CONNECTIONS_MAX + 256 };
    static int fds[RELAY_CONNECTIONS_MAX];
    static struct client_answer got;
    struct rlimit usual, wide;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    wide = usual;
    if (wide.rlim_cur < NEEDED) wide.rlim_cur = NEEDED;
    if (wide.rlim_cur > wide.rlim_max) skip();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &wide), 0);
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_HANG);
    for (int i = 0; i < RELAY_CONNECTIONS_MAX; i++) {
        fds[i] = client_connect(port);
        client_send(fds[i], "GET / HTTP/1.1\r\n\r\n");
    }
    const int more = client_connect(port);
    client_read(more, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_RESET);
    (void)close(more);
    const struct relay_counters counters = relay_counters(relay, port);
    assert_int_equal(counters.open, RELAY_CONNECTIONS_MAX);
    assert_int_equal(counters.accepted, RELAY_CONNECTIONS_MAX);
    assert_int_equal(counters.turned_away, 1);
    for (int i = 0; i < RELAY_CONNECTIONS_MAX; i++)
        (void)close(fds[i]);
    rig_wait_until_closed(relay, port, RELAY_CONNECTIONS_MAX);
    rig_set(relay, port, RELAY_PASS);
    rig_assert_serves(port);
    relay_destroy(relay);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
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
    rig_wait_until_accepted(relay, 0, 2);
    client_read(first, 0, &got);
    assert_int_equal(got.end, CLIENT_SILENT);
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
        cmocka_unit_test(hundreds_of_faulted_connections_leave_no_descriptor),
        cmocka_unit_test(a_silent_client_costs_one_descriptor_and_is_closed_in_the_end),
        cmocka_unit_test(a_client_that_ignores_the_end_is_closed),
        cmocka_unit_test(a_client_that_gave_up_is_forgotten_though_something_is_owed),
        cmocka_unit_test(without_descriptors_clients_wait_and_are_served_later),
        cmocka_unit_test(a_lack_of_descriptors_for_the_upstream_is_counted),
        cmocka_unit_test(past_the_most_a_client_is_reset),
        cmocka_unit_test(destroying_closes_what_is_open),
        cmocka_unit_test(calls_in_flight_can_be_reset),
        cmocka_unit_test(rules_change_from_several_threads_under_traffic),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
