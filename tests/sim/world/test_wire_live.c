/* Goal: what reaches a real provider is counted apart from what never left this machine, and both
 * are held to --max-requests.
 * Method: a wire whose live Kroger is a peer of the test's own, a closed port, a name without an
 * address, a handshake that fails, an address that the guard refuses. */
#include <unistd.h>

#include "tests/providers/raw_server.h"
#include "tests/sim/world/wire_fixture.h"

enum { ALLOWED = 6 };

static const struct raw_step answering[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
    RAW_DO(RAW_AGAIN)};
static const struct raw_step silent[] = {RAW_DO(RAW_READ), RAW_DO(RAW_HANG)};

static unsigned ended;
static char said[CODEC_EXPLAIN_MAX];

static void note_end(void *context, void *owner, const struct reply *reply, int64_t ended_us,
                     const struct wire_trip *trip)
{
    (void)context;
    (void)owner;
    (void)reply;
    (void)ended_us;
    ended++;
    memcpy(said, trip->said, sizeof said);
}

static struct fixture *open_live(const char *base_url, bool declared_mock)
{
    const struct wire_spec spec = {
        .kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL, .max_requests = ALLOWED};
    struct fixture *const fixture =
        fixture_open("\"providers\":{\"KROGER_API\":{\"mode\":\"live\"}}", &spec);
    struct endpoint *const endpoint = &fixture->wire->endpoints[PROVIDER_KROGER_API];
    assert_int_equal(endpoint->route, ROUTE_LIVE);
    (void)snprintf(endpoint->place.base_url, sizeof endpoint->place.base_url, "%s", base_url);
    endpoint->place.declared_mock = declared_mock; /* of the client, which else calls nobody here */
    ended = 0;
    return fixture;
}

static void send_tokens(struct fixture *fixture, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct call call = fixture_call(fixture, PROVIDER_KROGER_API, OPERATION_TOKEN, i,
                                              wire_now_us(fixture->wire));
        wire_send(fixture->wire, &call, NULL);
        for (const unsigned before = ended; ended == before;)
            wire_wait(fixture->wire, wire_now_us(fixture->wire) + US_PER_SECOND, note_end, NULL);
    }
}

static void check(const char *label, const struct fixture *fixture, uint64_t sent,
                  uint64_t answered, enum live_loss loss, uint64_t lost)
{
    const struct live_calls calls = wire_live_calls(fixture->wire, PROVIDER_KROGER_API);
    if (calls.sent != sent || calls.lost[loss] != lost)
        print_error("tried %llu, sent %llu, answered %llu, lost %llu: %s\n",
                    (unsigned long long)calls.tried, (unsigned long long)calls.sent,
                    (unsigned long long)calls.answered, (unsigned long long)live_calls_lost(&calls),
                    said);
    CHECK_ROW(label, calls.sent == sent);
    CHECK_ROW(label, calls.answered == answered);
    CHECK_ROW(label, calls.lost[loss] == lost);
    CHECK_ROW(label, live_calls_lost(&calls) == lost);
    CHECK_ROW(label, calls.tried == sent + lost);
    const uint64_t most = sent > lost ? sent : lost;
    CHECK_ROW(label, wire_requests_left(fixture->wire) == ALLOWED - most);
    CHECK_ROW(label, wire_requests_sent(fixture->wire, PROVIDER_KROGER_API) == sent);
}

static void what_never_left_this_machine_is_no_request(void **state)
{
    (void)state;
    static const struct raw_step alert[] = {RAW_BYTES("\x15\x03\x03\x00\x02\x02\x28", 7),
                                            RAW_WAIT(10), RAW_DO(RAW_HANG)};
    struct raw_server *const no_tls = raw_server_start(alert);
    int descriptor;
    char closed[64], handshake[64];
    (void)snprintf(closed, sizeof closed, "http://127.0.0.1:%u",
                   (unsigned)raw_port_refusing(&descriptor));
    (void)snprintf(handshake, sizeof handshake, "https://127.0.0.1:%u",
                   (unsigned)raw_server_port(no_tls));
    const struct {
        const char *base_url;
        bool mock;
        enum live_loss loss;
    } rows[] = {{"https://kroger.invalid", false, LOSS_DNS},
                {"https://127.0.0.1:1", false, LOSS_GUARD},
                {closed, true, LOSS_CONNECT},
                {handshake, true, LOSS_TLS}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture *const fixture = open_live(rows[i].base_url, rows[i].mock);
        send_tokens(fixture, 2);
        check(rows[i].base_url, fixture, 0, 0, rows[i].loss, 2);
        send_tokens(fixture, ALLOWED); /* no storm of them either */
        check(rows[i].base_url, fixture, 0, 0, rows[i].loss, ALLOWED);
        CHECK_ROW(rows[i].base_url, wire_facts(fixture->wire).withheld == 2);
        CHECK_ROW(rows[i].base_url, strstr(said, "failed before anything of them was sent"));
        fixture_close(fixture);
    }
    assert_int_equal(close(descriptor), 0);
    raw_server_stop(no_tls);
}

static void a_request_that_arrived_counts_whatever_came_back(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(answering);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)raw_server_port(server));
    struct fixture *const fixture = open_live(url, true);
    send_tokens(fixture, 3);
    check("answered", fixture, 3, 3, LOSS_OTHER, 0);
    send_tokens(fixture, ALLOWED);
    check("answered", fixture, ALLOWED, ALLOWED, LOSS_OTHER, 0);
    assert_int_equal(raw_server_requests(server), ALLOWED);
    assert_non_null(strstr(said, "--max-requests was reached"));
    fixture_close(fixture);
    raw_server_stop(server);
}

/* Lost calls and sent ones are each held to the number: neither eats what the other may have. */
static void a_network_that_comes_back_finds_its_requests_unspent(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(answering);
    struct fixture *const fixture = open_live("https://kroger.invalid", false);
    send_tokens(fixture, ALLOWED - 1);
    struct http_place *const place = &fixture->wire->endpoints[PROVIDER_KROGER_API].place;
    (void)snprintf(place->base_url, sizeof place->base_url, "http://127.0.0.1:%u",
                   (unsigned)raw_server_port(server));
    place->declared_mock = true;
    for (unsigned i = 1; i <= ALLOWED; i++) {
        send_tokens(fixture, 1);
        assert_int_equal(wire_requests_sent(fixture->wire, PROVIDER_KROGER_API), i);
    }
    assert_int_equal(wire_requests_left(fixture->wire), 0);
    assert_int_equal(raw_server_requests(server), ALLOWED);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_call_in_flight_may_turn_out_either_way(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(silent);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)raw_server_port(server));
    struct fixture *const fixture = open_live(url, true);
    struct call calls[3];
    for (unsigned i = 0; i < 3; i++) {
        calls[i] = fixture_call(fixture, PROVIDER_KROGER_API, OPERATION_TOKEN, i, 0);
        wire_send(fixture->wire, &calls[i], NULL);
    }
    assert_int_equal(wire_requests_left(fixture->wire), ALLOWED - 3);
    while (raw_server_requests(server) < 3)
        wire_wait(fixture->wire, wire_now_us(fixture->wire) + 1000, note_end, NULL);
    wire_give_up(fixture->wire, note_end, NULL); /* the provider has them, whoever waits for them */
    assert_int_equal(ended, 3);
    check("given up", fixture, 3, 0, LOSS_OTHER, 0);
    fixture_close(fixture);
    raw_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_never_left_this_machine_is_no_request),
        cmocka_unit_test(a_request_that_arrived_counts_whatever_came_back),
        cmocka_unit_test(a_network_that_comes_back_finds_its_requests_unspent),
        cmocka_unit_test(a_call_in_flight_may_turn_out_either_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
