/* Adapters under real providers: no call is begun that nobody waits for; and what they remember.
 *
 * Method: a port that writes down what is sent, and answers that come when the test says so.
 */
#include "providers/adapter.h"
#include "tests/support.h"

enum { SENT_MAX = 8 };

#define DEADLINE_US INT64_C(1000000)

struct port { /* what the adapter did */
    struct call sent[SENT_MAX];
    unsigned sent_count, after_count;
    struct call again;
    bool done;
    struct quote_result result;
};

static void take_sent(void *context, struct quote_run *run, const struct call *call)
{
    (void)run;
    struct port *port = context;
    assert_true(port->sent_count < SENT_MAX);
    port->sent[port->sent_count++] = *call;
}

static void take_after(void *context, struct quote_run *run, const struct call *call,
                       int64_t due_us)
{
    (void)run;
    (void)due_us;
    struct port *port = context;
    port->again = *call;
    port->after_count++;
}

static void take_done(void *context, struct quote_run *run, const struct quote_result *result,
                      int64_t now_us)
{
    (void)run;
    (void)now_us;
    struct port *port = context;
    port->done = true;
    port->result = *result;
}

static void take_released(void *context, struct quote_run *run)
{
    (void)context;
    (void)run;
}

struct bench {
    struct port port;
    struct router_config config;
    struct policy policy;
    struct order_item item;
    struct order_request request;
    struct quote_run run;
    struct adapters adapters;
};

/* Kroger, whose 401 on a data call drops the token, and whose failures are tried again. */
static struct bench *make_bench(bool live)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->config.providers[PROVIDER_KROGER_API].credential =
        (struct credential){.id = "id", .secret = "secret", .fingerprint = 1};
    bench->policy = (struct policy){
        .parallel_searches = 1,
        .call_life_us = 60 * DEADLINE_US,
        .retry = {.enabled = true, .attempts = 1, .backoff_us = 1000, .backoff_us_max = 1000}};
    bench->item = (struct order_item){.name = "milk", .quantity = 1};
    bench->request =
        (struct order_request){.items = &bench->item, .item_count = 1, .postal_code = "45202"};
    struct adapter_setup setup[PROVIDER_COUNT] = {[PROVIDER_KROGER_API] = {.live = live}};
    const struct call_port port = {.context = &bench->port,
                                   .send = take_sent,
                                   .after = take_after,
                                   .done = take_done,
                                   .released = take_released};
    adapters_init(&bench->adapters, &bench->config, &bench->policy, &port, setup, 1, 0);
    bench->run = (struct quote_run){.request = &bench->request,
                                    .provider = PROVIDER_KROGER_API,
                                    .purpose = RUN_QUOTE,
                                    .deadline_us = DEADLINE_US};
    adapter_begin(&bench->adapters, &bench->run, 0);
    return bench;
}

/* The answer to the call that was sent last. */
static void answer(struct bench *bench, uint16_t status, int64_t now_us)
{
    struct reply reply = {.http_status = status, .body = status == 200 ? BODY_GOOD : BODY_EMPTY};
    const struct call call = bench->port.sent[bench->port.sent_count - 1];
    if (call.operation == OPERATION_TOKEN) {
        reply.as.token.value = 7;
        reply.as.token.life_us = 1800 * DEADLINE_US;
    }
    adapter_on_reply(&bench->adapters, &bench->run, &call, &reply, now_us);
}

static void a_live_chain_ends_at_its_deadline_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint16_t statuses[3]; /* of the answers, 0 ends; the last one comes late */
        bool live;
        unsigned sent;
        enum quote_outcome outcome; /* QUOTE_PENDING: not done yet */
    } rows[] = {
        {"a token that comes late buys nothing", {200}, true, 1, QUOTE_TIMEOUT},
        {"a mock's chain runs on", {200}, false, 2, QUOTE_PENDING},
        {"a late 401 fetches no new token", {200, 401}, true, 2, QUOTE_HTTP_ERROR},
        {"unless it is a mock's", {200, 401}, false, 3, QUOTE_PENDING},
        {"a new token that comes late repeats no call", {200, 401, 200}, true, 3, QUOTE_TIMEOUT},
        {"unless it is a mock's", {200, 401, 200}, false, 4, QUOTE_PENDING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = make_bench(rows[i].live);
        for (unsigned a = 0; a < 3 && rows[i].statuses[a] != 0; a++) {
            const bool last = a == 2 || rows[i].statuses[a + 1] == 0;
            answer(bench, rows[i].statuses[a], last ? DEADLINE_US : 1000 * (a + 1));
        }
        CHECK_ROW(rows[i].label, bench->port.sent_count == rows[i].sent);
        CHECK_ROW(rows[i].label, bench->port.done == (rows[i].outcome != QUOTE_PENDING));
        if (bench->port.done)
            CHECK_ROW(rows[i].label, bench->port.result.outcome == rows[i].outcome);
        free(bench);
    }
}

static void a_retry_that_is_woken_late_is_not_sent_to_a_real_provider(void **state)
{
    (void)state;
    for (int live = 0; live < 2; live++) {
        struct bench *bench = make_bench(live != 0);
        answer(bench, 200, 1000);
        answer(bench, 503, 2000);
        assert_int_equal(bench->port.after_count, 1);
        adapter_on_retry(&bench->adapters, &bench->run, &bench->port.again, DEADLINE_US);
        assert_int_equal(bench->port.sent_count, live ? 2 : 3);
        assert_int_equal(bench->port.done, live != 0);
        free(bench);
    }
}

/* ---- what is remembered ---- */

#define LIFE_US INT64_C(500000)

/* Quotes one line at an instant, by the store of that number; `cents` answers a search, 0: not
 * found. Returns the number of searches sent, and the subtotal. */
static unsigned quote_at(struct bench *bench, uint32_t postal, uint32_t store, int32_t cents,
                         int64_t now_us, int64_t *subtotal_cents)
{
    unsigned searches = 0;
    bench->port.done = false;
    bench->port.sent_count = 0;
    bench->request.postal_hash = postal;
    bench->run.deadline_us = now_us + DEADLINE_US;
    adapter_begin(&bench->adapters, &bench->run, now_us);
    while (!bench->port.done) {
        const struct call call = bench->port.sent[bench->port.sent_count - 1];
        struct reply reply = {.http_status = 200, .body = BODY_GOOD};
        if (call.operation == OPERATION_TOKEN) {
            reply.as.token.value = 7;
            reply.as.token.life_us = 1800 * DEADLINE_US;
        } else if (call.operation == OPERATION_STORE) {
            reply.as.store.found = true;
            reply.as.store.store = store;
        } else {
            searches++;
            reply.as.product.found = reply.as.product.exact = cents > 0;
            reply.as.product.unit_cents = cents;
        }
        adapter_on_reply(&bench->adapters, &bench->run, &call, &reply, now_us);
    }
    *subtotal_cents = bench->port.result.quote.subtotal_cents;
    return searches;
}

/* As make_bench(), before its first quote, with tables of `entries` prices. */
static struct bench *make_memory(enum provider provider, int64_t store_us, uint32_t entries)
{
    struct bench *bench = make_bench(false);
    bench->config.providers[provider].credential =
        bench->config.providers[PROVIDER_KROGER_API].credential;
    struct memo *skus = &bench->adapters.skus[provider];
    skus->sets = memo_sets(entries);
    skus->entries = calloc(skus->sets, MEMO_WAYS * sizeof *skus->entries);
    assert_non_null(skus->entries);
    bench->adapters.policy.cache =
        (struct cache_policy){.token = true, .sku_us = LIFE_US, .store_us = store_us};
    bench->adapters.policy.swallowed_search_errors = true;
    bench->run = (struct quote_run){
        .request = &bench->request, .provider = (uint8_t)provider, .purpose = RUN_QUOTE};
    return bench;
}

static void end_memory(struct bench *bench)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        free(bench->adapters.skus[p].entries);
    free(bench);
}

static void a_price_is_remembered_to_its_last_microsecond(void **state)
{
    (void)state;
    struct bench *bench = make_memory(PROVIDER_KROGER_API, 0, 8);
    int64_t subtotal;
    assert_int_equal(quote_at(bench, 1, 3, 250, 0, &subtotal), 1);
    assert_int_equal(quote_at(bench, 1, 3, 999, LIFE_US - 1, &subtotal), 0);
    assert_int_equal(subtotal, 250);
    assert_int_equal(quote_at(bench, 1, 3, 0, LIFE_US, &subtotal), 1);
    assert_int_equal(quote_at(bench, 1, 3, 999, LIFE_US + 1, &subtotal), 0);
    assert_int_equal(subtotal, 0); /* that there is none is remembered too */
    const struct adapter_state *kroger = &bench->adapters.state[PROVIDER_KROGER_API];
    assert_int_equal(kroger->sku_counts.hits, 2);
    assert_int_equal(kroger->sku_counts.misses, 2);
    assert_int_equal(kroger->store_counts.hits + kroger->store_counts.misses, 0);
    adapters_forget(&bench->adapters, &bench->config);
    assert_int_equal(quote_at(bench, 1, 3, 250, LIFE_US + 2, &subtotal), 1);
    end_memory(bench);
}

static void prices_are_of_a_store_where_the_search_names_one(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum provider provider;
        unsigned again; /* searches for the same product by way of another store */
    } rows[] = {{"Kroger's are", PROVIDER_KROGER_API, 1},
                {"Walmart's not", PROVIDER_WALMART_API, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = make_memory(rows[i].provider, 0, 8);
        int64_t subtotal;
        CHECK_ROW(rows[i].label, quote_at(bench, 1, 3, 250, 0, &subtotal) == 1);
        CHECK_ROW(rows[i].label, quote_at(bench, 2, 4, 300, 1, &subtotal) == rows[i].again);
        CHECK_ROW(rows[i].label, subtotal == (rows[i].again > 0 ? 300 : 250));
        CHECK_ROW(rows[i].label, quote_at(bench, 1, 3, 999, 2, &subtotal) == 0);
        CHECK_ROW(rows[i].label, subtotal == 250);
        end_memory(bench);
    }
}

static void too_few_places_push_out_and_are_counted(void **state)
{
    (void)state;
    struct bench *bench = make_memory(PROVIDER_KROGER_API, 0, 8);
    int64_t subtotal;
    for (uint64_t name = 0; name < 9; name++) {
        bench->item.name_hash = name;
        assert_int_equal(quote_at(bench, 1, 3, 100, (int64_t)name, &subtotal), 1);
    }
    assert_int_equal(bench->adapters.state[PROVIDER_KROGER_API].sku_counts.evictions, 1);
    bench->item.name_hash = 1;
    assert_int_equal(quote_at(bench, 1, 3, 100, 9, &subtotal), 0);
    bench->item.name_hash = 0; /* the first one went */
    assert_int_equal(quote_at(bench, 1, 3, 100, 9, &subtotal), 1);
    end_memory(bench);
}

static void postal_codes_do_not_push_each_other_out(void **state)
{
    (void)state;
    enum { CODES = 200 };
    struct bench *bench = make_memory(PROVIDER_KROGER_API, LIFE_US, 8);
    int64_t subtotal;
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t code = 0; code < CODES; code++) /* equal modulo the number of places */
            (void)quote_at(bench, code * ADAPTER_STORES_MAX, code, 100, round, &subtotal);
    }
    const struct memo_counters *counts = &bench->adapters.state[PROVIDER_KROGER_API].store_counts;
    assert_int_equal(counts->misses, CODES);
    assert_int_equal(counts->hits, CODES);
    assert_int_equal(counts->evictions, 0);
    assert_int_equal(quote_at(bench, 0, 5, 100, LIFE_US, &subtotal), 1);
    assert_int_equal(counts->misses, CODES + 1);
    end_memory(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_chain_ends_at_its_deadline_wherever_it_stands),
        cmocka_unit_test(a_retry_that_is_woken_late_is_not_sent_to_a_real_provider),
        cmocka_unit_test(a_price_is_remembered_to_its_last_microsecond),
        cmocka_unit_test(prices_are_of_a_store_where_the_search_names_one),
        cmocka_unit_test(too_few_places_push_out_and_are_counted),
        cmocka_unit_test(postal_codes_do_not_push_each_other_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
