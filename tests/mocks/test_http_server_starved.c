/* Goal: a mock that has no descriptor left for a client, or to enact what it decided, says so: its
 * clients' failures are then this machine's.
 *
 * Method: every descriptor is taken but those that the client needs; what the client meets and what
 * the server counts are looked at, then descriptors are given back, and it serves again. */
#include <time.h>

#include "tests/descriptors.h"
#include "tests/mocks/http_server_fixture.h"

static void await_starved(const struct serving *serving)
{
    for (int i = 0; serving_counters(serving).starved == 0; i++) {
        assert_true(i < BARE_PATIENCE_S * 1000);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void a_connection_that_is_not_accepted_is_counted(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    struct bare_answer answer;
    const int idle = bare_begin(serving, PROVIDER_KROGER_API, "GET /", NULL);
    bare_receive(idle, false, &answer); /* one that stands: the server waits for its end, then */
    assert_int_equal(serving_counters(serving).starved, 0);
    struct hunger hunger;
    starve(&hunger);
    feed(&hunger, 1);
    const int client = bare_begin(serving, PROVIDER_KROGER_API, "GET /", NULL);
    await_starved(serving);
    assert_true(bare_is_silent(client));
    feed_all(&hunger);
    (void)close(idle);
    bare_receive(client, false, &answer);
    assert_int_equal(answer.end, BARE_WHOLE);
    (void)close(client);
    serving_close(serving);
}

static void a_call_that_cannot_hang_for_want_of_a_descriptor_is_counted(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.call_life_us = 60000000});
    struct bare_answer answer;
    const int client = bare_begin(serving, PROVIDER_KROGER_API, "GET /", NULL);
    bare_receive(client, false, &answer); /* it is in */
    struct hunger hunger;
    starve(&hunger);
    static const char hang[] = "GET / HTTP/1.1\r\nHost: x\r\nX-Mock-Fault: hang\r\n\r\n";
    bare_send(client, hang, sizeof hang - 1);
    bare_receive(client, false, &answer);
    feed_all(&hunger);
    assert_int_equal(answer.end, BARE_NOTHING); /* it hung up instead */
    assert_int_equal(serving_counters(serving).starved, 1);
    (void)close(client);
    serving_close(serving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_is_not_accepted_is_counted),
        cmocka_unit_test(a_call_that_cannot_hang_for_want_of_a_descriptor_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
