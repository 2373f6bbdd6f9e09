/* Adapters under real providers: no call is begun that nobody waits for.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_chain_ends_at_its_deadline_wherever_it_stands),
        cmocka_unit_test(a_retry_that_is_woken_late_is_not_sent_to_a_real_provider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
