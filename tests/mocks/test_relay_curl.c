/* The fault relay, seen by libcurl as it comes. Goal: each fault is the CURLcode that the fault
 * table states for libcurl 7.88.1, in front of plain HTTP and, where a fault can be there, of TLS.
 * Method: an easy handle a row, through CURLOPT_CONNECT_TO, so that host name and certificate check
 * are those of the real server. Where a row runs into its time, nothing would ever have come: the
 * limits are short, and no assertion is on time. */
#include <curl/curl.h>
#include <signal.h>

#include "tests/mocks/relay_rig.h"
#include "tests/providers/tls_server.h"

enum { SHORT_MS = 1500, LONG_MS = 20000 };

struct fetched {
    CURLcode code;
    long status;
    long connects;
    size_t length;
    curl_off_t connected_us;
    char message[CURL_ERROR_SIZE];
};

static size_t count_bytes(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    *(size_t *)context += size * count;
    return size * count;
}

static void fetch(CURL *curl, bool tls, uint16_t port, const char *path, bool gives_up,
                  struct fetched *fetched)
{
    char url[128], to[64];
    *fetched = (struct fetched){.code = CURLE_OK};
    (void)snprintf(url, sizeof url, "%s%s", tls ? "https://" TLS_HOST : "http://relay.test", path);
    (void)snprintf(to, sizeof to, "::127.0.0.1:%u", port);
    struct curl_slist *const connect_to = curl_slist_append(NULL, to);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, gives_up ? (long)SHORT_MS : (long)LONG_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetched->message);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &fetched->length);
    if (tls) curl_easy_setopt(curl, CURLOPT_CAINFO, tls_ca_file());
    if (tls) curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    fetched->code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &fetched->status);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &fetched->connects);
    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &fetched->connected_us);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, NULL);
    curl_slist_free_all(connect_to);
}

static const struct row {
    const char *label;
    struct relay_rule rule;
    CURLcode code;
    long status;
    size_t length;
    bool gives_up; /* nothing will come: a short limit */
} plain_rows[] = {
    {"pass", {.fault = RELAY_PASS}, CURLE_OK, 200, 10, 0},
    {"refuse", {.fault = RELAY_REFUSE}, CURLE_COULDNT_CONNECT, 0, 0, 0},
    {"blackhole", {.fault = RELAY_BLACKHOLE}, CURLE_OPERATION_TIMEDOUT, 0, 0, 1},
    {"hang", {.fault = RELAY_HANG}, CURLE_OPERATION_TIMEDOUT, 0, 0, 1},
    {"reset", {.fault = RELAY_RESET}, CURLE_RECV_ERROR, 0, 0, 0},
    {"reset after headers", {.fault = RELAY_RESET_AFTER_HEADERS}, CURLE_RECV_ERROR, 200, 0, 0},
    {"reset in body", {.fault = RELAY_RESET_IN_BODY}, CURLE_RECV_ERROR, 200, 5, 0},
    {"close", {.fault = RELAY_CLOSE}, CURLE_GOT_NOTHING, 0, 0, 0},
    {"half close", {.fault = RELAY_HALF_CLOSE}, CURLE_PARTIAL_FILE, 200, 5, 0},
    {"stall in the head", {.fault = RELAY_STALL, .bytes = 9}, CURLE_OPERATION_TIMEDOUT, 0, 0, 1},
    {"stall in the body", {.fault = RELAY_STALL, .bytes = 70}, CURLE_OPERATION_TIMEDOUT, 200, 5, 1},
    {"drip past the limit",
     {.fault = RELAY_DRIP, .bytes = 68, .tick_us = 60000000},
     CURLE_OPERATION_TIMEDOUT,
     200,
     3,
     1},
    {"drip within it", {.fault = RELAY_DRIP, .bytes = 9, .tick_us = 10}, CURLE_OK, 200, 10, 0},
    {"bandwidth", {.fault = RELAY_BANDWIDTH, .bytes_per_s = 5000}, CURLE_OK, 200, 10, 0},
    {"slow close within the limit",
     {.fault = RELAY_SLOW_CLOSE, .delay_us = 5000},
     CURLE_OK,
     200,
     10,
     0},
    {"slow close past it",
     {.fault = RELAY_SLOW_CLOSE, .delay_us = 60000000},
     CURLE_OPERATION_TIMEDOUT,
     200,
     10,
     1},
    {"garbage", {.fault = RELAY_GARBAGE}, CURLE_UNSUPPORTED_PROTOCOL, 0, 0, 0},
    {"bad chunk", {.fault = RELAY_BAD_CHUNK}, CURLE_RECV_ERROR, 200, 5, 0},
    {"no last chunk", {.fault = RELAY_NO_LAST_CHUNK}, CURLE_PARTIAL_FILE, 200, 10, 0},
    {"short body", {.fault = RELAY_SHORT_BODY}, CURLE_PARTIAL_FILE, 200, 5, 0},
    {"two lengths", {.fault = RELAY_TWO_LENGTHS}, CURLE_PARTIAL_FILE, 200, 10, 0},
    {"header flood", {.fault = RELAY_HEADER_FLOOD}, CURLE_OUT_OF_MEMORY, 200, 0, 0},
};

/* A reply over TLS may be cut where its bytes cannot be told: its status is 0 or 200 then. */
enum { ANY_STATUS = -1 };

static const struct row tls_rows[] = {
    {"pass", {.fault = RELAY_PASS}, CURLE_OK, 200, 2, 0},
    {"refuse", {.fault = RELAY_REFUSE}, CURLE_COULDNT_CONNECT, 0, 0, 0},
    {"tls alert", {.fault = RELAY_TLS_ALERT}, CURLE_SSL_CONNECT_ERROR, 0, 0, 0},
    {"tls plaintext", {.fault = RELAY_TLS_PLAINTEXT}, CURLE_SSL_CONNECT_ERROR, 0, 0, 0},
    {"tls close", {.fault = RELAY_TLS_CLOSE}, CURLE_SSL_CONNECT_ERROR, 0, 0, 0},
    {"hang", {.fault = RELAY_HANG}, CURLE_OPERATION_TIMEDOUT, 0, 0, 1},
    {"reset", {.fault = RELAY_RESET}, CURLE_RECV_ERROR, 0, 0, 0},
    {"reset after headers",
     {.fault = RELAY_RESET_AFTER_HEADERS},
     CURLE_RECV_ERROR,
     ANY_STATUS,
     0,
     0},
    {"reset in body",
     {.fault = RELAY_RESET_IN_BODY, .bytes = 2},
     CURLE_RECV_ERROR,
     ANY_STATUS,
     0,
     0},
    {"close", {.fault = RELAY_CLOSE}, CURLE_GOT_NOTHING, 0, 0, 0},
    {"half close in a record", {.fault = RELAY_HALF_CLOSE, .bytes = 2}, CURLE_GOT_NOTHING, 0, 0, 0},
    {"stall", {.fault = RELAY_STALL, .bytes = 2}, CURLE_OPERATION_TIMEDOUT, ANY_STATUS, 0, 1},
    {"drip within the limit",
     {.fault = RELAY_DRIP, .bytes = 9, .tick_us = 10},
     CURLE_OK,
     200,
     2,
     0},
    {"framing is out of reach", {.fault = RELAY_SHORT_BODY}, CURLE_SSL_CONNECT_ERROR, 0, 0, 0},
};

/* ---- a thread a row, because several wait for what will never come ----------------------------
 */

struct task {
    const struct row *row;
    uint16_t port;
    bool tls;
    pthread_t thread;
    struct fetched fetched;
};

static void *run_task(void *context)
{
    struct task *const task = context;
    CURL *const curl = curl_easy_init();
    fetch(curl, task->tls, task->port, "/length", task->row->gives_up, &task->fetched);
    curl_easy_cleanup(curl);
    return NULL;
}

static void check_task(const struct task *task)
{
    const struct row *const row = task->row;
    const struct fetched *const fetched = &task->fetched;
    const bool same_status = row->status == ANY_STATUS || fetched->status == row->status;
    if (fetched->code != row->code || !same_status || fetched->length != row->length)
        print_error("%s: code %d (%s), status %ld, %zu bytes\n", row->label, (int)fetched->code,
                    fetched->message, fetched->status, fetched->length);
    CHECK_ROW(row->label, fetched->code == row->code);
    CHECK_ROW(row->label, same_status);
    CHECK_ROW(row->label, fetched->length == row->length);
    CHECK_ROW(row->label, row->rule.fault != RELAY_BLACKHOLE || fetched->connected_us == 0);
}

static void check_rows(const struct row *rows, size_t count, uint16_t upstream, bool tls)
{
    static struct task tasks[RELAY_PORTS_MAX];
    struct relay *const relay = rig_relay(1);
    for (size_t i = 0; i < count; i++) {
        struct relay_rule rule = rows[i].rule;
        rule.fraction = 1;
        tasks[i] = (struct task){.row = &rows[i], .tls = tls};
        tasks[i].port = rig_open_before(relay, upstream, rule);
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&tasks[i].thread, NULL, run_task, &tasks[i]), 0);
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(tasks[i].thread, NULL);
    for (size_t i = 0; i < count; i++)
        check_task(&tasks[i]);
    relay_destroy(relay);
}

static void every_fault_of_plain_http_is_the_code_it_should_be(void **state)
{
    (void)state;
    check_rows(plain_rows, sizeof plain_rows / sizeof *plain_rows, rig_server->port, false);
}

static void every_fault_before_tls_is_the_code_it_should_be(void **state)
{
    (void)state;
    struct tls_server *const tls = tls_server_start(TLS_GOOD, TLS_HTTP1);
    (void)tls_ca_file(); /* made before the threads ask for it */
    check_rows(tls_rows, sizeof tls_rows / sizeof *tls_rows, tls_server_port(tls), true);
    tls_server_stop(tls);
}

static void a_request_over_tls_that_is_reset_never_arrives(void **state)
{
    (void)state;
    struct tls_server *const tls = tls_server_start(TLS_GOOD, TLS_HTTP1);
    struct relay *const relay = rig_relay(1);
    const struct relay_rule reset = {.fault = RELAY_RESET, .fraction = 1};
    const uint16_t port = rig_open_before(relay, tls_server_port(tls), reset);
    CURL *const curl = curl_easy_init();
    struct fetched fetched;
    fetch(curl, true, port, "/length", false, &fetched);
    assert_int_equal(fetched.code, CURLE_RECV_ERROR);
    assert_int_equal(tls_server_accepted(tls), 1); /* the handshake did */
    assert_int_equal(tls_server_requests(tls), 0);
    curl_easy_cleanup(curl);
    relay_destroy(relay);
    tls_server_stop(tls);
}

/* libcurl sends a request again on a new connection when a kept one dies before the first byte of
 * its answer: no error, and one connection more. But it counts these repeats over the whole life of
 * an easy handle: after five, the next race that is lost shows as what it was, and the count begins
 * anew. */
enum { RACES = 14, REPEATS = 5 };

static void lose_races(struct relay *relay, uint16_t port, bool tls)
{
    CURL *const curl = curl_easy_init();
    uint64_t connections = 0;
    for (int i = 0; i < RACES; i++) {
        struct fetched fetched;
        fetch(curl, tls, port, "/length", false, &fetched);
        const bool shows = i % (REPEATS + 2) == REPEATS + 1;
        if (fetched.code != (shows ? CURLE_RECV_ERROR : CURLE_OK))
            print_error("race %d: code %d (%s)\n", i, (int)fetched.code, fetched.message);
        assert_int_equal(fetched.code, shows ? CURLE_RECV_ERROR : CURLE_OK);
        assert_int_equal(fetched.connects, !shows);
        connections += !shows;
        assert_int_equal(relay_counters(relay, port).accepted, connections);
    }
    curl_easy_cleanup(curl);
}

static void a_reuse_race_costs_a_connection_and_seldom_an_error(void **state)
{
    (void)state;
    struct tls_server *const server = tls_server_start(TLS_GOOD, TLS_HTTP1);
    const struct relay_rule race = {.fault = RELAY_REUSE_RACE, .fraction = 1};
    for (int tls = 0; tls < 2; tls++) {
        struct relay *const relay = rig_relay(1);
        const uint16_t upstream = tls != 0 ? tls_server_port(server) : rig_server->port;
        lose_races(relay, rig_open_before(relay, upstream, race), tls != 0);
        relay_destroy(relay);
    }
    tls_server_stop(server);
}

static void kept_connections_pass_many_requests(void **state)
{
    (void)state;
    struct relay *const relay = rig_relay(1);
    const uint16_t port = rig_open(relay, RELAY_PASS);
    CURL *const curl = curl_easy_init();
    for (int i = 0; i < 50; i++) {
        struct fetched fetched;
        fetch(curl, false, port, i % 2 == 0 ? "/length" : "/chunked", false, &fetched);
        assert_int_equal(fetched.code, CURLE_OK);
        assert_int_equal(fetched.length, 10);
        assert_int_equal(fetched.connects, i == 0);
    }
    curl_easy_cleanup(curl);
    assert_int_equal(relay_counters(relay, port).accepted, 1);
    relay_destroy(relay);
}

static int start(void **state)
{
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that were reset */
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? rig_start(state) : -1;
}

static int stop(void **state)
{
    tls_forget_ca();
    curl_global_cleanup();
    return rig_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_of_plain_http_is_the_code_it_should_be),
        cmocka_unit_test(every_fault_before_tls_is_the_code_it_should_be),
        cmocka_unit_test(a_request_over_tls_that_is_reset_never_arrives),
        cmocka_unit_test(a_reuse_race_costs_a_connection_and_seldom_an_error),
        cmocka_unit_test(kept_connections_pass_many_requests),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
