/* Quotes that are kept, in whole runs. Goal: exactly those are used that a slow recount says could
 * be, whoever keeps them and however calls travel; and a cache that goes wrong costs what it must
 * and no order.
 *
 * Method: every decided order is written down, its cart copied; afterwards each of its quotes is
 * looked for among all quotes that were given before, one by one. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "router/base/memory.h"
#include "router/base/random.h"
#include "sim/world/cache_memory.h"
#include "sim/world/run.h"
#include "tests/sim/world/wire_fixture.h"

enum { ORDERS_MAX = 4000, LINES_MAX = 40 };

struct noted {
    int64_t start_us;
    uint32_t lines;
    struct order_item items[LINES_MAX];
    const char *postal_code;
    char user[WORKLOAD_USER_MAX];
    uint32_t slots; /* candidates */
    struct order_slot slot[PROVIDER_COUNT];
};

struct seen {
    struct noted *orders;
    uint32_t count;
    struct text log;
};

static bool note_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    (void)router;
    (void)err;
    struct seen *seen = context;
    const struct order_request *request = order->request;
    struct noted *noted = &seen->orders[seen->count++];
    assert_true(seen->count <= ORDERS_MAX);
    assert_true(request->item_count <= LINES_MAX);
    noted->start_us = order->start_us;
    noted->lines = request->item_count;
    memcpy(noted->items, request->items, request->item_count * sizeof *request->items);
    noted->postal_code = request->postal_code;
    (void)snprintf(noted->user, sizeof noted->user, "%s", request->user_id);
    noted->slots = order->candidate_count;
    memcpy(noted->slot, order->slots, sizeof noted->slot);
    return true;
}

static bool note_events(void *context, const char *bytes, size_t length, struct err *err)
{
    (void)err;
    text_append(&((struct seen *)context)->log, bytes, length);
    return true;
}

struct ran {
    struct scenario *scenario;
    struct seen seen;
    struct result result;
};

static void run_with(struct ran *ran, const char *json, const struct wire_spec *wire,
                     const struct cache_client_maker *maker)
{
    ran->scenario = memory_zeroed(sizeof *ran->scenario);
    ran->seen = (struct seen){.orders = memory_zeroed(ORDERS_MAX * sizeof(struct noted))};
    assert_non_null(ran->scenario);
    assert_non_null(ran->seen.orders);
    fixture_read(ran->scenario, json);
    struct err err = {0};
    const struct world_outputs outputs = {
        .context = &ran->seen, .write_order = note_order, .write_events = note_events};
    const struct run_request request = {
        .scenario = ran->scenario, .wire = wire, .cache = maker, .jobs = 1, .outputs = &outputs};
    if (!run_scenario(&request, &ran->result, &err)) fail_msg("%s", err.message);
    assert_int_equal(ran->result.orders, ran->seen.count); /* none is lost */
}

static void release(struct ran *ran)
{
    result_release(&ran->result);
    scenario_release(ran->scenario);
    text_release(&ran->seen.log);
    free(ran->seen.orders);
    free(ran->scenario);
}

/* ---- the recount ---- */

static bool has_line(const struct noted *order, const struct order_item *line)
{
    for (uint32_t i = 0; i < order->lines; i++)
        if (order->items[i].name_hash == line->name_hash &&
            order->items[i].quantity == line->quantity)
            return true;
    return false;
}

static bool same_cart(const struct noted *a, const struct noted *b)
{
    if (a->lines != b->lines || strcmp(a->postal_code, b->postal_code) != 0) return false;
    for (uint32_t i = 0; i < a->lines; i++) /* no line stands twice in a generated cart */
        if (!has_line(b, &a->items[i])) return false;
    return true;
}

static const struct order_slot *slot_of(const struct noted *order, unsigned provider)
{
    for (uint32_t i = 0; i < order->slots; i++)
        if (order->slot[i].provider == provider) return &order->slot[i];
    return NULL;
}

/* Whether somebody was given this provider's quote for this cart, and not too long ago. */
static bool might_be_kept(const struct seen *seen, const struct noted *order, unsigned provider,
                          int64_t ttl_us, bool by_user)
{
    for (uint32_t i = 0; i < seen->count; i++) {
        const struct noted *other = &seen->orders[i];
        const struct order_slot *given = slot_of(other, provider);
        if (given == NULL || given->real_outcome != QUOTE_OK || given->result.quote.cached) {
            continue;
        }
        if (given->settled_us > order->start_us || order->start_us - given->settled_us >= ttl_us) {
            continue;
        }
        if (by_user && strcmp(order->user, other->user) != 0) continue;
        if (same_cart(order, other)) return true;
    }
    return false;
}

static uint64_t recount(const struct ran *ran, int64_t ttl_us, bool by_user)
{
    uint64_t hits = 0;
    for (uint32_t i = 0; i < ran->seen.count; i++) {
        const struct noted *order = &ran->seen.orders[i];
        for (uint32_t s = 0; s < order->slots; s++) {
            const struct order_slot *slot = &order->slot[s];
            const bool expected = might_be_kept(&ran->seen, order, slot->provider, ttl_us, by_user);
            assert_int_equal(slot->real_outcome == QUOTE_OK && slot->result.quote.cached, expected);
            hits += expected;
        }
    }
    return hits;
}

static uint64_t times_in(const struct text *log, const char *what)
{
    uint64_t count = 0;
    const char *at = log->bytes != NULL ? log->bytes : "";
    while ((at = strstr(at, what)) != NULL) {
        count++;
        at += strlen(what);
    }
    return count;
}

static double value(const struct result *result, const char *phase, enum metric metric)
{
    for (uint32_t p = 0; p < result->phase_count; p++)
        if (strcmp(result->phases[p].name, phase) == 0)
            return result->phases[p].values[SCOPE_ROUTER][metric].value;
    fail_msg("no phase \"%s\"", phase);
    return 0.0;
}

/* ---- hits ---- */

#define WORKLOAD                                                                                   \
    "\"workload\":{\"arrivals\":{\"rate\":\"4/s\"},\"carts\":{\"lines\":2},"                       \
    "\"postal_codes\":[\"45202\",\"60601\"],"                                                      \
    "\"requote\":{\"share\":0.5,\"after\":{\"law\":\"uniform\",\"low\":\"1s\",\"high\":\"40s\"}}}" \
    ","                                                                                            \
    "\"catalogue\":{\"size\":12},"
#define CHAIN        "\"providers\":{\"all\":{\"chain\":\"single\"}},"
#define POLICY(rest) "\"router\":{\"policy\":{\"cache\":{\"quote\":\"20s\"" rest "}}},"

static void uses_exactly_what_a_recount_finds(void **state)
{
    (void)state;
    static const char *const keys[] = {"cart", "user"};
    for (unsigned by_user = 0; by_user < 2; by_user++) {
        struct ran ran;
        char json[1024];
        (void)snprintf(json, sizeof json,
                       WORKLOAD "\"router\":{\"policy\":{\"cache\":{\"quote\":\"20s\","
                                "\"quote_key\":\"%s\"}}},\"duration\":\"3m\"",
                       keys[by_user]);
        run_with(&ran, json, NULL, NULL);
        const uint64_t hits = recount(&ran, 20 * US_PER_SECOND, by_user != 0);
        assert_true(hits > 200);
        assert_int_equal(ran.result.cache.recalls[RECALL_HIT], hits);
        assert_int_equal(times_in(&ran.seen.log, "\"cached\":true"), hits);
        uint64_t all = 0;
        for (unsigned r = RECALL_HIT; r < RECALL_COUNT; r++)
            all += ran.result.cache.recalls[r];
        assert_int_equal(all, (uint64_t)PROVIDER_COUNT * ran.seen.count);
        CHECK_NEAR(value(&ran.result, "all", METRIC_CACHE_HIT_RATE), (double)hits / (double)all,
                   1e-12);
        assert_true(ran.result.cache.recalls[RECALL_EXPIRED] > 0);
        release(&ran);
    }
}

/* Every quote is made one second after its order began; whoever asks again does so six seconds
 * after it. */
static void a_life_ends_in_its_microsecond(void **state)
{
    (void)state;
    static const struct {
        const char *life;
        bool used;
    } rows[] = {{"5000000us", false}, {"5000001us", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ran ran;
        char json[1024];
        (void)snprintf(
            json, sizeof json,
            "\"workload\":{\"arrivals\":{\"rate\":\"1/s\",\"kind\":\"constant\"},"
            "\"requote\":{\"share\":0.5,\"after\":{\"law\":\"constant\",\"value\":\"6s\"}}},"
            "\"providers\":{\"all\":{\"chain\":\"single\",\"errors\":{\"rate\":0},\"latency\":"
            "{\"single\":{\"law\":\"constant\",\"value\":\"1s\"}}}},"
            "\"router\":{\"policy\":{\"cache\":{\"quote\":\"%s\"}}},\"duration\":\"30s\"",
            rows[i].life);
        run_with(&ran, json, NULL, NULL);
        const uint64_t *recalls = ran.result.cache.recalls;
        CHECK_ROW(rows[i].life, (recalls[RECALL_HIT] > 20) == rows[i].used);
        CHECK_ROW(rows[i].life, (recalls[RECALL_EXPIRED] > 20) == !rows[i].used);
        release(&ran);
    }
}

static void saves_the_calls_that_were_not_made(void **state)
{
    (void)state;
    struct ran with, without;
    run_with(&with, WORKLOAD CHAIN POLICY("") "\"duration\":\"2m\"", NULL, NULL);
    run_with(&without, WORKLOAD CHAIN "\"duration\":\"2m\"", NULL, NULL);
    assert_int_equal(with.seen.count, without.seen.count);
    uint64_t singles[2] = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        for (unsigned o = 0; o < 2; o++) {
            const struct result *result = o == 0 ? &with.result : &without.result;
            for (uint32_t i = 0; i < result->operation_count[p]; i++)
                if (strcmp(result->operations[p][i].name, "single") == 0)
                    singles[o] += result->operations[p][i].calls;
        }
    assert_int_equal(singles[1] - singles[0], with.result.cache.recalls[RECALL_HIT]);
    double asked = 0; /* nobody is asked for a kept quote */
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        asked += with.result.phases[0].values[p][METRIC_ASKED].value;
    uint64_t in_series = 0;
    for (uint32_t b = 0; b < with.result.bucket_count; b++)
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            in_series += with.result.buckets[b].providers[p].asked;
    assert_int_equal((uint64_t)asked + with.result.cache.recalls[RECALL_HIT],
                     (uint64_t)PROVIDER_COUNT * with.seen.count);
    assert_int_equal(in_series, (uint64_t)asked);
    CHECK_NEAR(value(&with.result, "all", METRIC_CACHE_SAVED_CALLS),
               (double)with.result.cache.recalls[RECALL_HIT], 0);
    assert_int_equal(times_in(&without.seen.log, "cached"), 0);
    assert_false(without.result.cache.on);
    release(&with);
    release(&without);
}

/* ---- whoever keeps them, however calls travel ---- */

#define REDIS                                                                                      \
    "\"cache\":{\"kind\":\"redis\",\"faults\":[{\"id\":\"gone\",\"kind\":\"down\",\"at\":\"60s\"," \
    "\"for\":\"20s\"},{\"id\":\"lost\",\"kind\":\"evict\",\"share\":0.5,\"at\":\"90s\","           \
    "\"for\":\"10s\"}]},"

static void decides_alike_over_either_wire(void **state)
{
    (void)state;
    static const struct wire_spec bytes = {.kind = WIRE_BYTES};
    struct ran over_structs, over_bytes;
    run_with(&over_structs, WORKLOAD POLICY("") REDIS "\"duration\":\"2m\"", NULL, NULL);
    run_with(&over_bytes, WORKLOAD POLICY("") REDIS "\"duration\":\"2m\"", &bytes, NULL);
    assert_int_equal(over_structs.result.event_hash, over_bytes.result.event_hash);
    assert_true(over_structs.result.cache.recalls[RECALL_HIT] > 100);
    assert_string_equal(over_structs.seen.log.bytes, over_bytes.seen.log.bytes);
    release(&over_structs);
    release(&over_bytes);
}

/* Prices and stores that adapters remember: the same decisions, whichever way calls travel, and a
 * run says what was remembered. A small table drops the same prices in both. */
static void remembers_prices_alike_over_either_wire(void **state)
{
    (void)state;
    static const struct wire_spec bytes = {.kind = WIRE_BYTES};
    static const char *const entries[] = {"64", "16384"};
    for (unsigned i = 0; i < 2; i++) {
        struct text json = {0};
        text_format(&json,
                    "\"workload\":{\"arrivals\":{\"rate\":\"5/s\"},"
                    "\"carts\":{\"lines\":3}},\"duration\":\"1m\","
                    "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\","
                    "\"LOOPGPT_ENABLE_WALMART\":\"true\"},\"policy\":{\"cache\":{\"sku\":\"20s\","
                    "\"sku_entries\":%s,\"store\":\"1h\"}}}",
                    entries[i]);
        struct ran over_structs, over_bytes;
        run_with(&over_structs, json.bytes, NULL, NULL);
        run_with(&over_bytes, json.bytes, &bytes, NULL);
        assert_int_equal(over_structs.result.event_hash, over_bytes.result.event_hash);
        assert_string_equal(over_structs.seen.log.bytes, over_bytes.seen.log.bytes);
        const char *said = NULL;
        for (uint32_t n = 0; n < over_structs.result.note_count; n++) {
            const char *note = over_structs.result.notes[n];
            if (strstr(note, "prices that adapters needed") != NULL) said = note;
        }
        assert_non_null(said);
        assert_int_equal(strstr(said, "; 0 were forgotten early") != NULL, i == 1);
        release(&over_structs);
        release(&over_bytes);
        text_release(&json);
    }
}

/* A client that keeps quotes in this process, as a Redis behind a socket would. */
struct fake_client {
    struct text keys[ORDERS_MAX * PROVIDER_COUNT]; /* key, and bytes right behind it */
    uint32_t count;
    struct {
        void *owner;
        uint32_t found; /* UINT32_MAX: nothing */
        bool was_set;
    } waiting[256];
    uint32_t waiting_count;
    int event;
};

static uint32_t find(const struct fake_client *fake, const char *key)
{
    for (uint32_t i = fake->count; i-- > 0;)
        if (strncmp(fake->keys[i].bytes, key, strlen(key)) == 0) return i;
    return UINT32_MAX;
}

static bool fake_begin(void *context, uint32_t replication, bool real, struct err *err)
{
    (void)context, (void)replication, (void)real, (void)err;
    return true;
}

static void wait_for_poll(struct fake_client *fake, void *owner, uint32_t found, bool was_set)
{
    const uint64_t one = 1;
    assert_true(fake->waiting_count < 256);
    fake->waiting[fake->waiting_count].owner = owner;
    fake->waiting[fake->waiting_count].found = found;
    fake->waiting[fake->waiting_count++].was_set = was_set;
    assert_int_equal(write(fake->event, &one, sizeof one), sizeof one);
}

static int64_t fake_timeout_us; /* what a get is to be told */

static void fake_get(void *context, const char *key, void *owner, int64_t timeout_us)
{
    assert_int_equal(timeout_us, fake_timeout_us);
    wait_for_poll(context, owner, find(context, key), false);
}

static void put(struct fake_client *fake, const char *key, const unsigned char *bytes,
                size_t length)
{
    assert_memory_equal(key, "quote:", 6);
    assert_true(fake->count < ORDERS_MAX * PROVIDER_COUNT);
    struct text *kept = &fake->keys[fake->count++];
    text_put(kept, key);
    text_append(kept, (const char *)bytes, length);
}

static void fake_set(void *context, const char *key, const unsigned char *bytes, size_t length,
                     int64_t ttl_us, void *owner, int64_t timeout_us)
{
    (void)ttl_us, (void)timeout_us;
    put(context, key, bytes, length);
    wait_for_poll(context, owner, UINT32_MAX, true);
}

static const unsigned char *bytes_of(const struct fake_client *fake, uint32_t index)
{
    const struct text *kept = &fake->keys[index];
    return (const unsigned char *)kept->bytes + kept->length - CACHE_QUOTE_BYTES;
}

static void fake_poll(void *context, cache_client_ended ended, void *ended_context)
{
    struct fake_client *fake = context;
    uint64_t count;
    if (fake->waiting_count == 0) return;
    assert_int_equal(read(fake->event, &count, sizeof count), sizeof count);
    for (uint32_t i = 0; i < fake->waiting_count; i++) {
        const bool found = fake->waiting[i].found != UINT32_MAX;
        const struct cache_client_reply reply = {
            .owner = fake->waiting[i].owner,
            .was_set = fake->waiting[i].was_set,
            .bytes = found ? bytes_of(fake, fake->waiting[i].found) : NULL,
            .length = found ? CACHE_QUOTE_BYTES : 0};
        ended(ended_context, &reply);
    }
    fake->waiting_count = 0;
}

static int fake_descriptor(void *context)
{
    return ((struct fake_client *)context)->event;
}

static uint32_t fake_in_flight(void *context)
{
    return ((struct fake_client *)context)->waiting_count;
}

static enum cache_error fake_get_now(void *context, const char *key, int64_t timeout_us,
                                     unsigned char bytes[static CACHE_CLIENT_BYTES_MAX],
                                     size_t *length)
{
    (void)timeout_us;
    const uint32_t found = find(context, key);
    *length = found != UINT32_MAX ? CACHE_QUOTE_BYTES : 0;
    if (*length > 0) memcpy(bytes, bytes_of(context, found), *length);
    return CACHE_OK;
}

static enum cache_error fake_set_now(void *context, const char *key, const unsigned char *bytes,
                                     size_t length, int64_t ttl_us, int64_t timeout_us)
{
    (void)ttl_us, (void)timeout_us;
    put(context, key, bytes, length);
    return CACHE_OK;
}

static void fake_destroy(void *context)
{
    struct fake_client *fake = context;
    for (uint32_t i = 0; i < fake->count; i++)
        text_release(&fake->keys[i]);
    (void)close(fake->event);
    free(fake);
}

static bool fake_make(void *context, struct cache_client *client, struct err *err)
{
    (void)context, (void)err;
    struct fake_client *fake = memory_zeroed(sizeof *fake);
    assert_non_null(fake);
    fake->event = eventfd(0, EFD_CLOEXEC);
    assert_true(fake->event >= 0);
    *client = (struct cache_client){.context = fake,
                                    .begin = fake_begin,
                                    .get = fake_get,
                                    .set = fake_set,
                                    .poll = fake_poll,
                                    .descriptor = fake_descriptor,
                                    .in_flight = fake_in_flight,
                                    .get_now = fake_get_now,
                                    .set_now = fake_set_now,
                                    .destroy = fake_destroy};
    return true;
}
static const struct cache_client_maker fake_maker = {.make = fake_make};

static void a_client_keeps_what_the_simulated_redis_does(void **state)
{
    (void)state;
    struct ran simulated, client;
    fake_timeout_us = 50000;
    run_with(&simulated, WORKLOAD POLICY("") REDIS "\"duration\":\"2m\"", NULL, NULL);
    run_with(&client, WORKLOAD POLICY("") REDIS "\"duration\":\"2m\"", NULL, &fake_maker);
    assert_int_equal(simulated.result.event_hash, client.result.event_hash);
    assert_string_equal(simulated.seen.log.bytes, client.seen.log.bytes);
    assert_string_equal(client.result.cache.kind, "client");
    release(&simulated);
    release(&client);
}

static void a_client_is_waited_for_in_real_time(void **state)
{
    (void)state;
    static const struct wire_spec real = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};
    struct ran ran;
    fake_timeout_us = 10 * US_PER_SECOND; /* longer than a busy machine keeps an answer back */
    run_with(&ran,
             "\"workload\":{\"arrivals\":{\"rate\":\"20/s\"},\"carts\":{\"lines\":1},"
             "\"confirm\":{\"share\":0},\"requote\":{\"share\":0.9,\"after\":{\"law\":\"constant\","
             "\"value\":\"300ms\"}}},\"providers\":{\"all\":{\"latency\":{\"all\":{\"law\":"
             "\"constant\",\"value\":\"5ms\"}}}},\"cache\":{\"kind\":\"redis\",\"faults\":[{\"id\":"
             "\"slow\",\"kind\":\"slow\",\"add\":\"3ms\"}]}," POLICY(
                 ",\"timeout\":\"10s\"") "\"duration\":\"1s\"",
             &real, &fake_maker);
    const uint64_t *recalls = ran.result.cache.recalls;
    assert_true(recalls[RECALL_HIT] > 0);
    assert_true(recalls[RECALL_MISS] > 0);
    assert_true(ran.result.cache.sets > 0);
    assert_int_equal(times_in(&ran.seen.log, "\"cached\":true"), recalls[RECALL_HIT]);
    for (uint32_t i = 0; i < ran.seen.count; i++) /* each was answered 3 ms late at least */
        for (uint32_t s = 0; s < ran.seen.orders[i].slots; s++) {
            const struct order_slot *slot = &ran.seen.orders[i].slot[s];
            if (slot->recall == RECALL_MISS)
                assert_true(slot->recall_ended_us - slot->recall_us >= 3000);
        }
    release(&ran);
}

/* ---- what goes wrong ---- */

/* A cache that does not answer costs a slot its timeout to the microsecond, one that answers late
 * what it was late, and one that refuses nothing. */
static void check_costs(const struct seen *seen, const char *label)
{
    for (uint32_t i = 0; i < seen->count; i++)
        for (uint32_t s = 0; s < seen->orders[i].slots; s++) {
            const struct order_slot *slot = &seen->orders[i].slot[s];
            const int64_t waited_us = slot->recall_ended_us - slot->recall_us;
            if (slot->recall == RECALL_TIMEOUT) CHECK_ROW(label, waited_us == 50000);
            if (slot->recall == RECALL_REFUSED) CHECK_ROW(label, waited_us == 0);
            if (slot->recall == RECALL_HIT) CHECK_ROW(label, waited_us > 0 && waited_us < 50000);
            if (slot->recall == RECALL_HIT) CHECK_ROW(label, router_recall_cost_us(slot) == 0);
        }
}

static void failures_half_way_cost_quotes_and_no_order(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum recall counted;
        bool breaks; /* the breaker */
    } rows[] = {{"\"kind\":\"down\"", RECALL_REFUSED, true},
                {"\"kind\":\"hang\"", RECALL_TIMEOUT, true},
                {"\"kind\":\"slow\",\"add\":\"200ms\"", RECALL_TIMEOUT, true},
                {"\"kind\":\"slow\",\"add\":\"20ms\"", RECALL_HIT, false},
                {"\"kind\":\"evict\",\"share\":1.0", RECALL_MISS, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ran ran;
        char json[1024];
        (void)snprintf(
            json, sizeof json,
            WORKLOAD CHAIN POLICY(
                ",\"breaker\":{\"skip\":\"5s\"}") "\"cache\":{\"kind\":\"redis\",\"faults\":[{"
                                                  "\"id\":\"trouble\",%s,"
                                                  "\"at\":\"60s\",\"for\":\"60s\"}]},\"duration\":"
                                                  "\"3m\","
                                                  "\"checks\":[{\"metric\":\"router.cache_hit_"
                                                  "rate\",\"during\":"
                                                  "\"after:trouble\",\"op\":\">\",\"limit\":0.1}]",
            rows[i].fault);
        run_with(&ran, json, NULL, NULL);
        const struct result *result = &ran.result;
        const double during = value(result, "trouble", METRIC_CACHE_HIT_RATE);
        CHECK_ROW(rows[i].fault, result->cache.recalls[rows[i].counted] > 0);
        CHECK_ROW(rows[i].fault, (result->cache.breaker_opened > 5) == rows[i].breaks);
        CHECK_ROW(rows[i].fault, (result->cache.recalls[RECALL_SKIPPED] > 0) == rows[i].breaks);
        CHECK_ROW(rows[i].fault, (during < 0.05) == (rows[i].counted != RECALL_HIT));
        CHECK_ROW(rows[i].fault, value(result, "quiet", METRIC_CACHE_HIT_RATE) > 0.1);
        CHECK_ROW(rows[i].fault, result->checks[0].verdict == CHECK_PASSED); /* it recovers */
        CHECK_ROW(rows[i].fault, value(result, "all", METRIC_ERROR_RATE) < 0.01);
        check_costs(&ran.seen, rows[i].fault);
        release(&ran);
    }
}

/* Evicted with a share of one half: of those who ask again at once after it began, half find
 * nothing. */
static void an_eviction_takes_its_share(void **state)
{
    (void)state;
    struct ran ran;
    run_with(
        &ran,
        "\"workload\":{\"arrivals\":{\"rate\":\"30/"
        "s\",\"kind\":\"constant\"},\"carts\":{\"lines\":4},"
        "\"requote\":{\"share\":0.95,\"after\":{\"law\":\"constant\",\"value\":\"8s\"}}},"
        "\"providers\":{\"all\":{\"chain\":\"single\"}},"
        "\"router\":{\"policy\":{\"cache\":{\"quote\":\"1h\"}}},"
        "\"cache\":{\"faults\":[{\"id\":\"lost\",\"kind\":\"evict\",\"share\":0.5,\"at\":\"7s\""
        ",\"for\":\"1ms\"}]},\"duration\":\"11s\"",
        NULL, NULL);
    uint64_t asked = 0, found = 0;
    for (uint32_t i = 0; i < ran.seen.count; i++) {
        const struct noted *order = &ran.seen.orders[i];
        if (order->start_us < 8 * US_PER_SECOND || order->start_us > 10 * US_PER_SECOND) continue;
        for (uint32_t s = 0; s < order->slots; s++) {
            if (!might_be_kept(&ran.seen, order, order->slot[s].provider, US_PER_HOUR, false))
                continue;
            asked++;
            found += order->slot[s].result.quote.cached;
        }
    }
    assert_true(asked > 150);
    CHECK_NEAR((double)found / (double)asked, 0.5, 0.15); /* 3 standard deviations are 0.12 */
    release(&ran);
}

static void little_room_keeps_the_latest(void **state)
{
    (void)state;
    struct ran roomy, tight;
    run_with(&roomy, WORKLOAD CHAIN POLICY("") "\"duration\":\"2m\"", NULL, NULL);
    run_with(&tight, WORKLOAD CHAIN POLICY("") "\"cache\":{\"entries\":64},\"duration\":\"2m\"",
             NULL, NULL);
    assert_int_equal(roomy.result.cache.pushed_out, 0);
    assert_true(tight.result.cache.pushed_out > 0);
    assert_true(tight.result.cache.recalls[RECALL_HIT] < roomy.result.cache.recalls[RECALL_HIT]);
    assert_true(tight.result.cache.recalls[RECALL_HIT] > 0);
    release(&roomy);
    release(&tight);
}

/* ---- customers who ask again ---- */

static void who_asks_again_asks_for_the_same(void **state)
{
    (void)state;
    struct ran with, without;
    run_with(&with,
             "\"workload\":{\"users\":50,\"arrivals\":{\"rate\":\"5/s\"},\"carts\":{\"lines\":6},"
             "\"requote\":{\"share\":0.3,\"after\":{\"law\":\"constant\",\"value\":\"7s\"}}},"
             "\"providers\":{\"all\":{\"chain\":\"single\"}},\"duration\":\"2m\"",
             NULL, NULL);
    run_with(&without,
             "\"workload\":{\"users\":50,\"arrivals\":{\"rate\":\"5/s\"},\"carts\":{\"lines\":6}},"
             "\"providers\":{\"all\":{\"chain\":\"single\"}},\"duration\":\"2m\"",
             NULL, NULL);
    uint64_t again = 0;
    for (uint32_t i = 0; i < with.seen.count; i++) {
        const struct noted *order = &with.seen.orders[i];
        for (uint32_t j = 0; j < with.seen.count; j++) {
            const struct noted *other = &with.seen.orders[j];
            if (order->start_us - other->start_us != 7 * US_PER_SECOND) continue;
            if (!same_cart(order, other)) continue;
            assert_string_equal(order->user, other->user);
            again++;
        }
    }
    /* All others are those of the run in which nobody asks again, cart for cart. */
    assert_int_equal(with.seen.count, without.seen.count + again);
    assert_true(again > 150);
    for (uint32_t i = 0; i < without.seen.count; i++) {
        const struct noted *order = &without.seen.orders[i];
        bool found = false;
        for (uint32_t j = 0; j < with.seen.count && !found; j++)
            found = with.seen.orders[j].start_us == order->start_us &&
                    same_cart(order, &with.seen.orders[j]);
        assert_true(found);
    }
    release(&with);
    release(&without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uses_exactly_what_a_recount_finds),
        cmocka_unit_test(a_life_ends_in_its_microsecond),
        cmocka_unit_test(saves_the_calls_that_were_not_made),
        cmocka_unit_test(decides_alike_over_either_wire),
        cmocka_unit_test(remembers_prices_alike_over_either_wire),
        cmocka_unit_test(a_client_keeps_what_the_simulated_redis_does),
        cmocka_unit_test(a_client_is_waited_for_in_real_time),
        cmocka_unit_test(failures_half_way_cost_quotes_and_no_order),
        cmocka_unit_test(an_eviction_takes_its_share),
        cmocka_unit_test(little_room_keeps_the_latest),
        cmocka_unit_test(who_asks_again_asks_for_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
