/* Goal: a call that failed for want of a descriptor of ours is told from one whose peer failed it.
 *
 * Method: every descriptor below a lowered limit is taken, then a real server, a closed port and a
 * name without an address are called, and again once there are descriptors. */
#include <curl/curl.h>
#include <errno.h>

#include "tests/descriptors.h"
#include "tests/providers/http_client_fixture.h"

static const struct raw_step good[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), RAW_DO(RAW_AGAIN)};

static void a_call_without_a_socket_is_our_own_failure(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(good);
    const struct http_place place = place_of_mock(raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    struct hunger hunger;
    starve(&hunger);
    struct kept kept = fixture_get(fixture, &place);
    feed_all(&hunger);
    assert_int_equal(kept.outcome.fate, CALL_REFUSED);
    assert_int_equal(kept.outcome.local_error, EMFILE);
    assert_int_equal(kept.outcome.timing.sends, 0);
    assert_non_null(strstr(kept.outcome.message, "(Too many open files)"));
    assert_null(strstr(kept.outcome.message, "routesim mock"));
    kept = fixture_get(fixture, &place);
    assert_int_equal(kept.outcome.fate, CALL_ANSWERED);
    assert_int_equal(kept.outcome.local_error, 0);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_name_that_could_not_be_looked_up_is_our_own_failure(void **state)
{
    (void)state;
    struct http_place place = {.declared_mock = true};
    (void)snprintf(place.base_url, sizeof place.base_url, "http://nowhere.invalid");
    struct fixture *const fixture = fixture_open(0, 0);
    struct hunger hunger;
    starve(&hunger);
    struct kept kept = fixture_get(fixture, &place);
    feed_all(&hunger);
    assert_int_not_equal(kept.outcome.fate, CALL_ANSWERED);
    assert_int_equal(kept.outcome.local_error, EMFILE);
    kept = fixture_get(fixture, &place);
    assert_int_equal(kept.outcome.fate, CALL_DNS);
    assert_int_equal(kept.outcome.local_error, 0);
    fixture_close(fixture);
}

static void what_a_peer_does_is_the_peers(void **state)
{
    (void)state;
    int descriptor;
    const struct http_place place = place_of_mock(raw_port_refusing(&descriptor));
    struct fixture *const fixture = fixture_open(0, 0);
    struct kept kept = fixture_get(fixture, &place);
    assert_int_equal(kept.outcome.fate, CALL_REFUSED);
    assert_int_equal(kept.outcome.local_error, 0);
    struct hunger hunger;
    starve(&hunger);
    feed(&hunger, 1); /* one is enough to be refused */
    kept = fixture_get(fixture, &place);
    feed_all(&hunger);
    assert_int_equal(kept.outcome.fate, CALL_REFUSED);
    assert_int_equal(kept.outcome.local_error, 0);
    fixture_close(fixture);
    assert_int_equal(close(descriptor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_without_a_socket_is_our_own_failure),
        cmocka_unit_test(a_name_that_could_not_be_looked_up_is_our_own_failure),
        cmocka_unit_test(what_a_peer_does_is_the_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
