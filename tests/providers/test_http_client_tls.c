/* The live client over TLS. Goal: nothing but a good certificate, of a trusted issuer, for the very
 * host, in its time, gets a request sent; HTTP/2 is shared, and its faults have their codes.
 * Method: an authority and certificates made here, and a server thread that uses them. */
/* link: -Wl,--no-as-needed,-lssl */
#include "providers/http_client.h"

#include <curl/curl.h>

#include "tests/providers/http_client_fixture.h"
#include "tests/providers/tls_server.h"

static struct http_place place_of(const struct tls_server *server, const char *host)
{
    struct http_place place = {.declared_mock = true, .ca_file = tls_ca_file()};
    (void)snprintf(place.base_url, sizeof place.base_url, "https://%s:%u", host,
                   (unsigned)tls_server_port(server));
    return place;
}

static struct kept call_through(struct fixture *fixture, const struct http_place *place,
                                const char *connect_to)
{
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/v1/products");
    const struct kept kept = fixture_call(
        fixture,
        &(struct http_call){.place = place, .request = &request, .connect_to = connect_to});
    http_request_release(&request);
    return kept;
}

static void only_a_good_certificate_passes(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum tls_certificate certificate;
        int code;
        const char *why;
    } rows[] = {
        {"good", TLS_GOOD, CURLE_OK, ""},
        {"expired", TLS_EXPIRED, CURLE_PEER_FAILED_VERIFICATION, "expired"},
        {"not yet", TLS_NOT_YET, CURLE_PEER_FAILED_VERIFICATION, "not yet valid"},
        {"wrong host", TLS_WRONG_HOST, CURLE_PEER_FAILED_VERIFICATION, "matches target host"},
        {"unknown issuer", TLS_UNKNOWN_ISSUER, CURLE_PEER_FAILED_VERIFICATION, "issuer"},
        {"forged", TLS_FORGED, CURLE_SSL_CONNECT_ERROR, "no TLS with"}, /* a bad signature is 35 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_server *const server = tls_server_start(rows[i].certificate, TLS_HTTP1);
        const struct http_place place = place_of(server, "127.0.0.1");
        struct fixture *const fixture = fixture_open(0, 0);
        const struct kept kept = call_through(fixture, &place, NULL);
        if (strstr(kept.outcome.message, rows[i].why) == NULL)
            CHECK_ROW_TEXT(rows[i].label, kept.outcome.message, rows[i].why);
        const bool passes = rows[i].code == CURLE_OK;
        CHECK_ROW(rows[i].label, kept.outcome.curl_code == rows[i].code);
        CHECK_ROW(rows[i].label, kept.outcome.fate == (passes ? CALL_ANSWERED : CALL_TLS));
        CHECK_ROW(rows[i].label, kept.outcome.phase == (passes ? HTTP_PHASE_DONE : HTTP_PHASE_TLS));
        CHECK_ROW(rows[i].label, tls_server_requests(server) == passes);
        CHECK_ROW(rows[i].label, kept.outcome.timing.tls_us > 0);
        check_timing(&kept);
        fixture_close(fixture);
        tls_server_stop(server);
    }
}

static void the_systems_authorities_do_not_know_ours(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP1);
    struct http_place place = place_of(server, "127.0.0.1");
    struct fixture *const fixture = fixture_open(0, 0);
    const struct kept known = call_through(fixture, &place, NULL);
    assert_int_equal(known.outcome.fate, CALL_ANSWERED);
    place.ca_file = NULL; /* the same handle: what it trusted is forgotten */
    const struct kept unknown = call_through(fixture, &place, NULL);
    assert_int_equal(unknown.outcome.fate, CALL_TLS);
    assert_int_equal(tls_server_requests(server), 1);
    fixture_close(fixture);
    tls_server_stop(server);
}

/* What a fault relay in front of a live provider relies on. */
static void a_detour_changes_neither_name_nor_trust(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP1);
    struct http_place place = {.base_url = "https://" TLS_HOST, .ca_file = tls_ca_file()};
    char there[32];
    (void)snprintf(there, sizeof there, "127.0.0.1:%u", (unsigned)tls_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    const struct kept kept = call_through(fixture, &place, there);
    assert_int_equal(kept.outcome.fate, CALL_ANSWERED);
    assert_string_equal(kept.rsim, ""); /* said, but by no declared mock */
    strcpy(place.base_url, "https://api.walmart.test");
    const struct kept other = call_through(fixture, &place, there);
    assert_int_equal(other.outcome.curl_code, CURLE_PEER_FAILED_VERIFICATION);
    assert_int_equal(tls_server_requests(server), 1);
    fixture_close(fixture);
    tls_server_stop(server);
}

/* A kept connection has passed the guard once, for another call. */
static void a_kept_connection_is_guarded_again(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP1);
    struct http_place place = place_of(server, "127.0.0.1");
    struct fixture *const fixture = fixture_open(0, 0);
    const struct kept mock = call_through(fixture, &place, NULL);
    assert_int_equal(mock.outcome.fate, CALL_ANSWERED);
    assert_string_equal(mock.rsim, "42");
    place.declared_mock = false;
    const struct kept live = call_through(fixture, &place, NULL);
    assert_int_equal(live.outcome.curl_code, CURLE_ABORTED_BY_CALLBACK);
    assert_int_equal(live.outcome.fate, CALL_REFUSED);
    assert_non_null(strstr(live.outcome.message, "leads to 127.0.0.1, which is not public"));
    assert_true(live.outcome.address_refused);
    assert_int_equal(live.outcome.timing.sends, 0); /* stopped before a byte of it left */
    assert_int_equal(tls_server_requests(server), 1);
    fixture_close(fixture);
    tls_server_stop(server);
}

/* ---- many over one connection ---------------------------------------------------------------- */

enum { CALLS = 64 };

static uint32_t call_many(struct tls_server *server, enum call_fate fate, int code)
{
    const struct http_place place = place_of(server, "127.0.0.1");
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    struct kept *const kept = calloc(CALLS, sizeof *kept);
    assert_non_null(kept);
    uint32_t connects = 0;
    for (int i = 0; i < CALLS; i++) {
        (void)fixture_start(fixture, &(struct http_call){.place = &place,
                                                         .request = &request,
                                                         .life_us = LIFE_US,
                                                         .owner = &kept[i]});
    }
    fixture_wait(fixture, CALLS);
    for (int i = 0; i < CALLS; i++) {
        if (kept[i].outcome.fate != fate) print_error("%s\n", kept[i].outcome.message);
        assert_int_equal(kept[i].outcome.fate, fate);
        assert_int_equal(kept[i].outcome.curl_code, code);
        connects += kept[i].outcome.timing.connects;
        check_timing(&kept[i]);
    }
    http_request_release(&request);
    free(kept);
    fixture_close(fixture);
    return connects;
}

static void http2_calls_share_a_connection(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP2);
    assert_int_equal(call_many(server, CALL_ANSWERED, CURLE_OK), 1);
    assert_int_equal(tls_server_accepted(server), 1);
    assert_int_equal(tls_server_requests(server), CALLS);
    tls_server_stop(server);
}

static void http1_calls_go_apart_when_nothing_can_be_shared(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP1);
    assert_in_range(call_many(server, CALL_ANSWERED, CURLE_OK), 1, CALLS);
    assert_int_equal(tls_server_requests(server), CALLS);
    tls_server_stop(server);
}

/* Who waits to share a connection is at the mercy of its handshake, but for the end of its life;
 * libcurl 7.88.1 has none for it. */
static void a_call_that_waits_to_share_ends_with_its_life(void **state)
{
    (void)state;
    static const struct raw_step silent[] = {RAW_DO(RAW_HANG)};
    struct raw_server *const server = raw_server_start(silent);
    struct http_place place = {.declared_mock = true, .ca_file = tls_ca_file()};
    (void)snprintf(place.base_url, sizeof place.base_url, "https://127.0.0.1:%u",
                   (unsigned)raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    struct kept first = {0}, second = {0};
    struct http_call call = {
        .place = &place, .request = &request, .life_us = LIFE_US, .owner = &first};
    const uint64_t ticket = fixture_start(fixture, &call);
    while (raw_server_accepted(server) == 0)
        http_client_wait(fixture->client, http_client_now_us() + 1000);
    call.life_us = 20000;
    call.owner = &second;
    (void)fixture_start(fixture, &call);
    fixture_wait(fixture, 1);
    assert_int_equal(second.outcome.fate, CALL_UNANSWERED);
    assert_int_equal(second.outcome.phase, HTTP_PHASE_QUEUE);
    assert_int_equal(second.outcome.timing.queue_us, second.outcome.timing.total_us);
    assert_non_null(strstr(second.outcome.message, "waiting for a shared connection"));
    assert_int_equal(raw_server_accepted(server), 1);
    assert_true(http_client_cancel(fixture->client, ticket));
    http_request_release(&request);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_stream_that_is_reset_is_one_calls_affair(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP2_RESETS);
    assert_int_equal(call_many(server, CALL_RESET, CURLE_HTTP2_STREAM), 1);
    assert_int_equal(tls_server_accepted(server), 1);
    tls_server_stop(server);
}

/* libcurl does not say that it was HTTP/2: to it the connection has ended without an answer. */
static void http2_that_breaks_is_a_reset(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP2_BREAKS);
    const struct http_place place = place_of(server, "127.0.0.1");
    struct fixture *const fixture = fixture_open(0, 0);
    const struct kept kept = call_through(fixture, &place, NULL);
    assert_int_equal(kept.outcome.fate, CALL_RESET);
    assert_int_equal(kept.outcome.curl_code, CURLE_GOT_NOTHING);
    assert_int_equal(kept.outcome.phase, HTTP_PHASE_WAIT);
    fixture_close(fixture);
    tls_server_stop(server);
}

/* A connection of its own is one even where it could be shared. */
static void own_connections_are_not_shared(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP2);
    const struct http_place place = place_of(server, "127.0.0.1");
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    for (uint32_t i = 1; i <= 3; i++) {
        const struct kept kept = fixture_call(
            fixture,
            &(struct http_call){.place = &place, .request = &request, .own_connection = true});
        assert_int_equal(kept.outcome.fate, CALL_ANSWERED);
        assert_int_equal(kept.outcome.timing.connects, 1);
        assert_int_equal(tls_server_accepted(server), i);
    }
    http_request_release(&request);
    fixture_close(fixture);
    tls_server_stop(server);
}

static int forget(void **state)
{
    (void)state;
    tls_forget_ca();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_good_certificate_passes),
        cmocka_unit_test(the_systems_authorities_do_not_know_ours),
        cmocka_unit_test(a_detour_changes_neither_name_nor_trust),
        cmocka_unit_test(a_kept_connection_is_guarded_again),
        cmocka_unit_test(http2_calls_share_a_connection),
        cmocka_unit_test(http1_calls_go_apart_when_nothing_can_be_shared),
        cmocka_unit_test(a_call_that_waits_to_share_ends_with_its_life),
        cmocka_unit_test(a_stream_that_is_reset_is_one_calls_affair),
        cmocka_unit_test(http2_that_breaks_is_a_reset),
        cmocka_unit_test(own_connections_are_not_shared),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
