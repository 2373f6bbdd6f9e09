/* The relay's ports. Goal: refused is refused, dropped is dropped, and a port can change its mind;
 * draws are the seed's; what cannot be is refused in words. Method: real connects from the same
 * machine, and the same seeds twice. */
#include <math.h>

#include "tests/mocks/relay_rig.h"

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

static void a_refusing_port_is_closed_and_kept(void **state)
{
    (void)state;
    static struct client_answer got;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_REFUSE);
    assert_refused(port);
    for (int i = 0; i < 3; i++) {
        rig_set(relay, port, RELAY_PASS);
        rig_assert_serves(port);
        const int before = client_connect(port); /* lives on while the port refuses */
        client_send(before, "GET /echo HTTP/1.1\r\n\r\n");
        client_read(before, strlen(RIG_ECHO), &got);
        rig_set(relay, port, RELAY_REFUSE);
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
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_BLACKHOLE);
    const int before = rig_descriptors();
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++)
            assert_true(hears_nothing(port));
        rig_set(relay, port, RELAY_BLACKHOLE); /* again is no change */
        assert_true(hears_nothing(port));
        rig_set(relay, port, RELAY_PASS);
        rig_assert_serves(port);
        rig_set(relay, port, RELAY_REFUSE);
        assert_refused(port);
        rig_set(relay, port, RELAY_BLACKHOLE);
    }
    rig_wait_until_closed(relay, port, 3);
    rig_wait_for_descriptors(before);
    /* Its own connections count as nobody's. */
    assert_int_equal(relay_counters(relay, port).accepted, 3);
    relay_destroy(relay);
}

enum { DRAWN = 200 };

static void draw(uint64_t seed, double fraction, bool hit[DRAWN])
{
    struct relay *const relay = rig_relay(seed);
    const struct relay_rule rule = {.fault = RELAY_RESET, .fraction = fraction};
    const uint16_t port = rig_open_before(relay, rig_server->port, rule);
    uint64_t hits = 0;
    for (int i = 0; i < DRAWN; i++) {
        hit[i] = rig_ask(port, "GET /until-close HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END)->end ==
                 CLIENT_RESET;
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
    struct relay *const relay = rig_relay(7);
    const struct relay_rule rule = {.fault = RELAY_RESET, .fraction = 0.5};
    for (int p = 0; p < 2; p++) {
        const uint16_t port = rig_open_before(relay, rig_server->port, rule);
        for (int i = 0; i < 64; i++)
            hit[p][i] =
                rig_ask(port, "GET /until-close HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END)->end ==
                CLIENT_RESET;
    }
    assert_memory_not_equal(hit[0], hit[1], sizeof hit[0]);
    relay_destroy(relay);
}

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
    struct relay *const relay = rig_relay(1);
    busy = rig_open(relay, RELAY_PASS);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_ROW(wrong[i].label, !relay_open(relay, "127.0.0.1", 0, "127.0.0.1", rig_server->port,
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
    rig_assert_serves(busy);
    relay_destroy(relay);
}

static void ports_are_limited_and_come_back_when_closed(void **state)
{
    (void)state;
    struct err err;
    uint16_t ports[RELAY_PORTS_MAX], more;
    const int before = rig_descriptors();
    struct relay *const relay = rig_relay(1);
    const struct relay_rule pass = {.fault = RELAY_PASS, .fraction = 1};
    for (int i = 0; i < RELAY_PORTS_MAX; i++)
        ports[i] = rig_open(relay, RELAY_PASS);
    assert_false(
        relay_open(relay, "127.0.0.1", 0, "127.0.0.1", rig_server->port, &pass, &more, &err));
    assert_non_null(strstr(err.message, "64"));
    const int fd = client_connect(ports[0]);
    relay_close(relay, ports[0]);
    static struct client_answer got;
    client_read(fd, CLIENT_TO_THE_END, &got);
    assert_int_equal(got.end, CLIENT_RESET);
    (void)close(fd);
    assert_int_equal(client_try(ports[0]), -1);
    assert_true(
        relay_open(relay, "127.0.0.1", 0, "127.0.0.1", rig_server->port, &pass, &more, &err));
    rig_assert_serves(more);
    relay_destroy(relay);
    rig_wait_for_descriptors(before);
}

static void an_upstream_that_is_not_there_resets_the_client(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1);
    const uint16_t closed = rig_open(relay, RELAY_REFUSE);
    const uint16_t port =
        rig_open_before(relay, closed, (struct relay_rule){.fault = RELAY_PASS, .fraction = 1});
    const struct client_answer *const got =
        rig_ask(port, "GET / HTTP/1.1\r\n\r\n", CLIENT_TO_THE_END);
    assert_int_equal(got->end, CLIENT_RESET);
    relay_destroy(relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusing_port_is_closed_and_kept),
        cmocka_unit_test(a_black_hole_swallows_and_opens_again),
        cmocka_unit_test(the_same_seed_hits_the_same_connections),
        cmocka_unit_test(ports_of_one_relay_have_luck_of_their_own),
        cmocka_unit_test(rules_and_addresses_that_cannot_be_are_refused),
        cmocka_unit_test(ports_are_limited_and_come_back_when_closed),
        cmocka_unit_test(an_upstream_that_is_not_there_resets_the_client),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
