/* Goal: quotes kept in a Redis are this run's and this replication's own, live as long as the clock
 * asks for, are removed at the end, and decide as those of a simulated cache do.
 *
 * Method: the client of sim/world/redis_cache.h against a peer of ours (tests/providers), whose
 * book of commands is read; then whole runs in virtual time, with the peer and without. */
#include "sim/world/redis_cache.h"

#include "providers/redis_protocol.h"
#include "sim/world/run.h"
#include "tests/providers/resp_server.h"
#include "tests/sim/world/wire_fixture.h"

static const int64_t ample_us = 20000000;

#define NEEDS_HIREDIS                                                                              \
    (void)state;                                                                                   \
    if (redis_protocol_version() == NULL) skip()

struct bench {
    struct resp_server *server;
    struct redis_cache_plan plan;
    struct cache_client_maker maker;
    struct cache_client client;
};

static void plan_for(struct bench *bench)
{
    bench->plan = (struct redis_cache_plan){
        .address = {.host = "127.0.0.1", .port = resp_server_port(bench->server)},
        .limits = {.connect_us = ample_us, .stall_us = ample_us, .backoff_first_us = 1000},
        .name = "day",
        .seed = 42};
    bench->maker = redis_cache_maker(&bench->plan);
}

static struct bench *bench_open(bool real)
{
    struct bench *const bench = memory_zeroed(sizeof *bench);
    struct err err;
    assert_non_null(bench);
    bench->server = resp_server_start(NULL);
    plan_for(bench);
    if (!bench->maker.make(bench->maker.context, &bench->client, &err)) fail_msg("%s", err.message);
    assert_true(bench->client.begin(bench->client.context, 0, real, &err));
    return bench;
}

static void bench_close(struct bench *bench)
{
    if (bench->client.context != NULL) bench->client.destroy(bench->client.context);
    resp_server_stop(bench->server);
    free(bench);
}

static enum cache_error put(struct bench *bench, const char *key, const char *value)
{
    return bench->client.set_now(bench->client.context, key, (const unsigned char *)value,
                                 strlen(value), 1500, 1000);
}

static enum cache_error find(struct bench *bench, const char *key, char value[64])
{
    unsigned char bytes[CACHE_CLIENT_BYTES_MAX];
    size_t length = 99;
    const enum cache_error error =
        bench->client.get_now(bench->client.context, key, 1000, bytes, &length);
    assert_true(length < 64);
    memcpy(value, bytes, length);
    value[length] = '\0';
    return error;
}

static void heard_of(struct bench *bench, char heard[RESP_HEARD_MAX])
{
    resp_server_heard(bench->server, heard);
}

static uint32_t count_of(const char *text, const char *word)
{
    uint32_t count = 0;
    while ((text = strstr(text, word)) != NULL) {
        count++;
        text += strlen(word);
    }
    return count;
}

static void a_key_belongs_to_its_run_and_replication(void **state)
{
    NEEDS_HIREDIS;
    struct bench *const bench = bench_open(false);
    struct cache_client other;
    struct err err;
    char value[64], heard[RESP_HEARD_MAX];
    assert_int_equal(put(bench, "quote:X:1", "mine"), CACHE_OK);
    assert_int_equal(find(bench, "quote:X:1", value), CACHE_OK);
    assert_string_equal(value, "mine");
    assert_int_equal(find(bench, "quote:X:2", value), CACHE_OK);
    assert_string_equal(value, "");
    /* Another client of the same scenario and seed, as the next run's. */
    struct cache_client first = bench->client;
    resp_server_greets(bench->server, RESP_GOOD, NULL);
    assert_true(bench->maker.make(bench->maker.context, &other, &err));
    assert_true(other.begin(other.context, 0, false, &err));
    bench->client = other;
    assert_int_equal(find(bench, "quote:X:1", value), CACHE_OK);
    assert_string_equal(value, "");
    other.destroy(other.context);
    bench->client = first;
    heard_of(bench, heard);
    assert_non_null(strstr(heard, "SET routesim:day:42:"));
    assert_non_null(strstr(heard, ":0:quote:X:1 mine PX "));
    bench_close(bench);
}

static void the_next_replication_finds_nothing_and_removes_what_was_written(void **state)
{
    NEEDS_HIREDIS;
    struct bench *const bench = bench_open(false);
    struct err err;
    char value[64], heard[RESP_HEARD_MAX];
    assert_int_equal(put(bench, "a", "1"), CACHE_OK);
    assert_int_equal(put(bench, "b", "2"), CACHE_OK);
    assert_true(bench->client.begin(bench->client.context, 1, false, &err));
    assert_int_equal(find(bench, "a", value), CACHE_OK);
    assert_string_equal(value, "");
    heard_of(bench, heard);
    assert_int_equal(count_of(heard, "UNLINK routesim:day:42:"), 1);
    assert_int_equal(count_of(heard, ":0:a "), 2); /* in the set and in its removal */
    assert_int_equal(count_of(heard, "GET routesim:day:42:"), 1);
    assert_non_null(strstr(heard, ":1:a\n"));
    bench_close(bench);
}

static void a_client_that_goes_leaves_nothing_behind(void **state)
{
    NEEDS_HIREDIS;
    enum { MANY = 600 }; /* several batches */
    struct bench *const bench = bench_open(true);
    for (unsigned i = 0; i < MANY; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%u", i % 300);
        assert_int_equal(put(bench, key, "v"), CACHE_OK);
    }
    const uint32_t before = resp_server_commands(bench->server);
    bench->client.destroy(bench->client.context);
    bench->client.context = NULL;
    assert_int_equal(resp_server_commands(bench->server), before + 3);
    bench_close(bench);
}

static void a_life_is_the_clocks(void **state)
{
    NEEDS_HIREDIS;
    char heard[RESP_HEARD_MAX];
    struct bench *bench = bench_open(false);
    assert_int_equal(put(bench, "a", "1"), CACHE_OK);
    heard_of(bench, heard);
    assert_non_null(strstr(heard, ":a 1 PX 3600000\n")); /* no second of a run in virtual time */
    bench_close(bench);
    bench = bench_open(true);
    bench->client.set(bench->client.context, "a", (const unsigned char *)"1", 1, 1500, NULL,
                      ample_us);
    while (resp_server_commands(bench->server) < 2)
        ;
    heard_of(bench, heard);
    assert_non_null(strstr(heard, ":a 1 PX 2\n"));
    bench_close(bench);
}

/* What another program left under our key, and what a Redis says that cannot. */
static void what_is_no_quote_of_ours_is_damaged(void **state)
{
    NEEDS_HIREDIS;
    static char long_value[1024];
    (void)snprintf(long_value, sizeof long_value, "$600\r\n%0600d\r\n", 0);
    const struct {
        const char *text;
        enum cache_error error;
    } rows[] = {{"$0\r\n\r\n", CACHE_DAMAGED},
                {long_value, CACHE_DAMAGED},
                {"-OOM command not allowed\r\n", CACHE_FAILED},
                {":1\r\n", CACHE_FAILED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *const bench = bench_open(false);
        char value[64];
        resp_server_serves(bench->server, RESP_SAY, rows[i].text);
        CHECK_ROW(rows[i].text, find(bench, "a", value) == rows[i].error);
        CHECK_ROW_TEXT(rows[i].text, value, "");
        bench_close(bench);
    }
}

static void note_reply(void *context, const struct cache_client_reply *reply)
{
    struct cache_client_reply *const kept = context;
    *kept = *reply;
}

static void in_real_time_answers_come_by_poll(void **state)
{
    NEEDS_HIREDIS;
    struct bench *const bench = bench_open(true);
    struct cache_client *const client = &bench->client;
    struct cache_client_reply reply = {0};
    int owner;
    client->set(client->context, "a", (const unsigned char *)"1", 1, 1000000, &owner, ample_us);
    assert_int_equal(client->in_flight(client->context), 1);
    while (reply.owner == NULL)
        client->poll(client->context, note_reply, &reply);
    assert_true(reply.was_set);
    assert_int_equal(reply.error, CACHE_OK);
    reply.owner = NULL;
    client->get(client->context, "a", &owner, ample_us);
    while (reply.owner == NULL)
        client->poll(client->context, note_reply, &reply);
    assert_false(reply.was_set);
    assert_int_equal(reply.length, 1);
    assert_int_equal(client->in_flight(client->context), 0);
    bench_close(bench);
}

static void nobody_there_stops_a_run_before_it_starts(void **state)
{
    NEEDS_HIREDIS;
    struct bench bench = {.server = resp_server_start(NULL)};
    struct err err;
    plan_for(&bench);
    resp_server_greets(bench.server, RESP_SAY, "-NOAUTH Authentication required.\r\n");
    assert_false(bench.maker.make(bench.maker.context, &bench.client, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_non_null(strstr(err.message, "it wants a password"));
    resp_server_stop(bench.server);
}

static void what_was_lost_is_added_up(void **state)
{
    NEEDS_HIREDIS;
    struct bench *const bench = bench_open(false);
    char value[64];
    resp_server_serves(bench->server, RESP_LEAVE, "");
    assert_int_equal(find(bench, "a", value), CACHE_REFUSED);
    bench->client.destroy(bench->client.context);
    bench->client.context = NULL;
    assert_int_equal(bench->plan.facts.connects, 1);
    assert_int_equal(bench->plan.facts.losses, 1);
    assert_true(bench->plan.facts.reason[0] != '\0');
    bench_close(bench);
}

/* ---- whole runs ------------------------------------------------------------------------------ */

static void run_with(const struct cache_client_maker *maker, struct result *result)
{
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    struct err err = {0};
    assert_non_null(scenario);
    fixture_read(scenario,
                 "\"seed\":5,\"duration\":\"20s\",\"workload\":{\"arrivals\":{\"rate\":\"3/s\"},"
                 "\"requote\":{\"share\":0.5,\"after\":{\"law\":\"constant\",\"value\":\"4s\"}}},"
                 "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\"},"
                 "\"policy\":{\"cache\":{\"quote\":\"5m\"}}},\"cache\":{\"kind\":\"redis\"}");
    const struct run_request request = {.scenario = scenario, .cache = maker};
    if (!run_scenario(&request, result, &err)) fail_msg("%s", err.message);
    scenario_release(scenario);
    free(scenario);
}

static void a_redis_decides_as_a_simulated_one_does(void **state)
{
    NEEDS_HIREDIS;
    struct bench bench = {.server = resp_server_start(NULL)};
    struct result simulated, kept;
    plan_for(&bench);
    run_with(NULL, &simulated);
    run_with(&bench.maker, &kept);
    assert_true(simulated.cache.recalls[RECALL_HIT] > 20);
    assert_int_equal(kept.cache.recalls[RECALL_HIT], simulated.cache.recalls[RECALL_HIT]);
    assert_int_equal(kept.event_hash, simulated.event_hash);
    result_release(&simulated);
    result_release(&kept);
    resp_server_stop(bench.server);
}

static void a_redis_that_fails_costs_no_order(void **state)
{
    NEEDS_HIREDIS;
    struct bench bench = {.server = resp_server_start(NULL)};
    struct result good, bad;
    plan_for(&bench);
    run_with(NULL, &good);
    resp_server_serves(bench.server, RESP_SAY, "-OOM command not allowed\r\n");
    run_with(&bench.maker, &bad);
    assert_int_equal(bad.orders, good.orders);
    assert_int_equal(bad.cache.recalls[RECALL_HIT], 0);
    assert_true(bad.cache.recalls[RECALL_FAILED] > 0);
    assert_true(bad.cache.breaker_opened > 0);
    const struct metric_value *const routed = &bad.phases[0].values[SCOPE_ROUTER][METRIC_ROUTED];
    assert_true(routed->value >= good.phases[0].values[SCOPE_ROUTER][METRIC_ROUTED].value - 1);
    result_release(&good);
    result_release(&bad);
    resp_server_stop(bench.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_belongs_to_its_run_and_replication),
        cmocka_unit_test(the_next_replication_finds_nothing_and_removes_what_was_written),
        cmocka_unit_test(a_client_that_goes_leaves_nothing_behind),
        cmocka_unit_test(a_life_is_the_clocks),
        cmocka_unit_test(what_is_no_quote_of_ours_is_damaged),
        cmocka_unit_test(in_real_time_answers_come_by_poll),
        cmocka_unit_test(nobody_there_stops_a_run_before_it_starts),
        cmocka_unit_test(what_was_lost_is_added_up),
        cmocka_unit_test(a_redis_decides_as_a_simulated_one_does),
        cmocka_unit_test(a_redis_that_fails_costs_no_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
