/* Hedged calls: which of two counts, and what is never hedged.
 *
 * Method: an adapter on a port that writes down what is sent and watched; the test brings the
 * answers, at its own instants, to either call. Walmart, whose chain is a store and searches.
 */
#include "providers/adapter.h"
#include "tests/support.h"

enum { SENT_MAX = 16 };

#define AFTER_US    INT64_C(100000)
#define DEADLINE_US INT64_C(1000000)

struct port { /* what the adapter did */
    struct call sent[SENT_MAX];
    unsigned sent_count, after_count, watches, unwatched;
    struct call again;
    int64_t watch_us; /* 0: nothing is watched */
    uint64_t unwanted;
    bool done, released;
    struct quote_result result;
    int64_t done_us;
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
    struct port *port = context;
    assert_false(port->done);
    port->done = true;
    port->done_us = now_us;
    port->result = *result;
}

static void take_released(void *context, struct quote_run *run)
{
    (void)run;
    struct port *port = context;
    assert_false(port->released);
    port->released = true;
}

static void *take_watch(void *context, struct quote_run *run, int64_t due_us)
{
    (void)run;
    struct port *port = context;
    assert_int_equal(port->watch_us, 0); /* one at a time */
    port->watch_us = due_us;
    port->watches++;
    return port;
}

static void take_unwatch(void *context, void *watch)
{
    struct port *port = context;
    assert_ptr_equal(watch, port);
    assert_true(port->watch_us > 0);
    port->watch_us = 0;
    port->unwatched++;
}

static void take_unwanted(void *context, struct quote_run *run, uint64_t cart)
{
    (void)run;
    struct port *port = context;
    port->unwanted = cart;
}

struct bench {
    struct port port;
    struct router_config config;
    struct policy policy;
    struct order_item items[4];
    struct order_request request;
    struct hedge_races races;
    struct quote_run run;
    struct adapters adapters;
};

static struct bench *make_bench(enum provider provider)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->config.providers[provider].credential =
        (struct credential){.id = "id", .secret = "secret", .fingerprint = 1};
    bench->policy = policy_default();
    bench->policy.hedge.enabled = true;
    bench->policy.hedge.after_us = AFTER_US;
    for (unsigned i = 0; i < 4; i++)
        bench->items[i] = (struct order_item){.name = "milk", .quantity = 1};
    bench->request =
        (struct order_request){.items = bench->items, .item_count = 1, .postal_code = "45202"};
    bench->run = (struct quote_run){.request = &bench->request,
                                    .races = &bench->races,
                                    .provider = (uint8_t)provider,
                                    .purpose = RUN_QUOTE,
                                    .deadline_us = DEADLINE_US};
    return bench;
}

static void begin(struct bench *bench)
{
    const struct adapter_setup setup[PROVIDER_COUNT] = {[PROVIDER_WALMART_API] = {.live = false}};
    const struct call_port port = {.context = &bench->port,
                                   .send = take_sent,
                                   .after = take_after,
                                   .done = take_done,
                                   .released = take_released,
                                   .watch = take_watch,
                                   .unwatch = take_unwatch,
                                   .unwanted = take_unwanted};
    adapters_init(&bench->adapters, &bench->config, &bench->policy, &port, setup, 1, 0);
    adapter_begin(&bench->adapters, &bench->run, 0);
}

static void wake(struct bench *bench, int64_t now_us)
{
    assert_int_equal(bench->port.watch_us, now_us);
    bench->port.watch_us = 0;
    adapter_on_watch(&bench->adapters, &bench->run, now_us);
}

/* The answer to the call that was sent as number `index`. Prices and carts bear its number. */
static void answer(struct bench *bench, unsigned index, uint16_t status, int64_t now_us)
{
    struct reply reply = {.http_status = status, .body = status == 200 ? BODY_GOOD : BODY_EMPTY};
    const struct call call = bench->port.sent[index];
    switch (call.operation) {
    case OPERATION_STORE:
        reply.as.store.found = true;
        reply.as.store.store = index;
        break;
    case OPERATION_SEARCH:
        reply.as.product.found = reply.as.product.exact = true;
        reply.as.product.unit_cents = 100 * (int32_t)index;
        break;
    case OPERATION_CART:
        reply.as.cart.cart = 70 + index;
        break;
    case OPERATION_QUOTE:
        reply.as.quote.subtotal_cents = 1000;
        break;
    case OPERATION_TOKEN:
    case OPERATION_SLOTS:
    case OPERATION_SINGLE:
    case OPERATION_CONFIRM:
    case OPERATION_HEALTH:
    case OPERATION_COUNT:
        break;
    }
    adapter_on_reply(&bench->adapters, &bench->run, &call, &reply, now_us);
}

/* Walmart's store is answered; its one search is call 1, and call 2 is beside it. */
static struct bench *make_race(void)
{
    struct bench *bench = make_bench(PROVIDER_WALMART_API);
    begin(bench);
    answer(bench, 0, 200, 1000);
    assert_int_equal(bench->port.sent_count, 2);
    wake(bench, AFTER_US);        /* of the store's call: nothing waits that long yet */
    wake(bench, 1000 + AFTER_US); /* of the search */
    assert_int_equal(bench->port.sent_count, 3);
    return bench;
}

static void the_second_call_is_the_first_ones_twin_with_luck_of_its_own(void **state)
{
    (void)state;
    struct bench *bench = make_race();
    const struct call *first = &bench->port.sent[1], *second = &bench->port.sent[2];
    assert_int_equal(second->operation, OPERATION_SEARCH);
    assert_int_equal(second->item, first->item);
    assert_true(second->order_key == first->order_key);
    assert_int_equal(first->attempt, 0);
    assert_int_equal(second->attempt, HEDGE_ATTEMPT);
    assert_true(call_is_hedge(second) && !call_is_hedge(first));
    assert_int_equal(second->sent_us, 1000 + AFTER_US);
    assert_int_equal(bench->adapters.state[PROVIDER_WALMART_API].hedges, 1);
    free(bench);
}

static void the_first_good_answer_wins_whoever_brings_it(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct {
            unsigned call;
            uint16_t status;
        } answers[2];
        enum quote_outcome outcome;
        unsigned done_after; /* answers */
        int64_t cents;       /* of the search that counts */
        uint64_t won;
        unsigned errors; /* searches that failed */
    } rows[] = {
        {"the first call, then the loser", {{1, 200}, {2, 200}}, QUOTE_OK, 1, 100, 0, 0},
        {"the second call, then the loser", {{2, 200}, {1, 200}}, QUOTE_OK, 1, 200, 1, 0},
        {"a late loser's error is no error", {{2, 200}, {1, 503}}, QUOTE_OK, 1, 200, 1, 0},
        {"an error waits for the second", {{1, 503}, {2, 200}}, QUOTE_OK, 2, 200, 1, 0},
        {"an error of the second waits too", {{2, 503}, {1, 200}}, QUOTE_OK, 2, 100, 0, 0},
        {"two errors are one failed search", {{1, 503}, {2, 500}}, QUOTE_OK, 2, 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = make_race();
        for (unsigned a = 0; a < 2; a++) {
            answer(bench, rows[i].answers[a].call, rows[i].answers[a].status, 200000 + a);
            CHECK_ROW(rows[i].label, bench->port.done == (a + 1 >= rows[i].done_after));
        }
        CHECK_ROW(rows[i].label, bench->port.result.outcome == rows[i].outcome);
        CHECK_ROW(rows[i].label, bench->run.subtotal_cents == rows[i].cents);
        CHECK_ROW(rows[i].label, bench->run.search_errors == rows[i].errors);
        CHECK_ROW(rows[i].label, bench->run.items_done == 1);
        CHECK_ROW(rows[i].label, bench->port.released); /* once both have ended */
        CHECK_ROW(rows[i].label,
                  bench->adapters.state[PROVIDER_WALMART_API].hedges_won == rows[i].won);
        free(bench);
    }
}

static void a_quote_is_released_when_its_last_loser_has_ended(void **state)
{
    (void)state;
    struct bench *bench = make_race();
    answer(bench, 2, 200, 200000);
    assert_true(bench->port.done && !bench->port.released);
    answer(bench, 1, 200, 5000000);
    assert_true(bench->port.released);
    assert_int_equal(bench->port.done_us, 200000);
    assert_int_equal(bench->run.found, 1);
    free(bench);
}

static void losers_take_no_place_among_parallel_searches(void **state)
{
    (void)state;
    struct bench *bench = make_bench(PROVIDER_WALMART_API);
    bench->request.item_count = 4;
    bench->policy.parallel_searches = 2;
    begin(bench);
    answer(bench, 0, 200, 1000);
    assert_int_equal(bench->port.sent_count, 3); /* two searches */
    wake(bench, AFTER_US);
    wake(bench, 1000 + AFTER_US); /* both are hedged: calls 3 and 4 */
    assert_int_equal(bench->port.sent_count, 5);
    answer(bench, 3, 200, 150000); /* its first call runs on; the next line is searched for */
    assert_int_equal(bench->port.sent_count, 6);
    assert_int_equal(bench->port.sent[5].item, 2);
    answer(bench, 1, 200, 151000); /* the loser: no step */
    assert_int_equal(bench->port.sent_count, 6);
    answer(bench, 2, 200, 152000);
    assert_int_equal(bench->port.sent_count, 7);
    answer(bench, 5, 200, 153000);
    answer(bench, 6, 200, 154000);
    assert_true(bench->port.done && !bench->port.released);
    assert_int_equal(bench->run.subtotal_cents, 100 * (3 + 2 + 5 + 6));
    answer(bench, 4, 200, 155000);
    assert_true(bench->port.released);
    free(bench);
}

static void a_failed_pair_is_tried_again_as_one_call(void **state)
{
    (void)state;
    struct bench *bench = make_race();
    bench->adapters.policy.retry.enabled = true;
    bench->adapters.policy.retry.attempts = 1;
    answer(bench, 1, 503, 200000);
    assert_int_equal(bench->port.after_count, 0);
    answer(bench, 2, 503, 210000);
    assert_int_equal(bench->port.after_count, 1);
    assert_int_equal(bench->port.again.attempt, 1); /* whichever of the two failed last */
    adapter_on_retry(&bench->adapters, &bench->run, &bench->port.again, 300000);
    assert_int_equal(bench->port.sent_count, 4);
    wake(bench, 300000 + AFTER_US);
    assert_int_equal(bench->port.sent[4].attempt, 1 | HEDGE_ATTEMPT);
    answer(bench, 4, 200, 500000);
    assert_true(bench->port.done);
    assert_int_equal(bench->run.subtotal_cents, 400);
    free(bench);
}

static void what_holds_a_second_call_back(void **state)
{
    (void)state;
    enum lack {
        NOTHING,
        SWITCHED_OFF,
        NO_ROOM,
        OTHER_OPERATION,
        SPENT,
        BUDGET,
        THROTTLE,
        DEADLINE,
        ANSWERED
    };
    static const struct {
        const char *label;
        enum lack lack;
        unsigned sent; /* the store, the search, and its hedge */
        uint64_t denied;
    } rows[] = {
        {"nothing", NOTHING, 3, 0},
        {"it is switched off", SWITCHED_OFF, 2, 0},
        {"a run without room for races", NO_ROOM, 2, 0},
        {"only stores may be hedged", OTHER_OPERATION, 2, 0},
        {"the quote has had its second call", SPENT, 3, 0},
        {"the budget", BUDGET, 2, 1},
        {"the throttle", THROTTLE, 2, 1},
        {"nobody waits so long", DEADLINE, 2, 0},
        {"an answer in that microsecond", ANSWERED, 2, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench *bench = make_bench(PROVIDER_WALMART_API);
        struct hedge_policy *hedge = &bench->policy.hedge;
        hedge->enabled = rows[i].lack != SWITCHED_OFF;
        if (rows[i].lack == NO_ROOM) bench->run.races = NULL;
        if (rows[i].lack == OTHER_OPERATION) hedge->operation_mask = 1u << OPERATION_STORE;
        if (rows[i].lack == SPENT) {
            hedge->per_quote = 1;
            bench->request.item_count = 2;
            bench->policy.parallel_searches = 2;
        }
        if (rows[i].lack == BUDGET) hedge->budget_burst = 0.5;
        if (rows[i].lack == THROTTLE) bench->policy.retry.throttle_tokens = 1.5;
        if (rows[i].lack == DEADLINE) bench->run.deadline_us = AFTER_US;
        begin(bench);
        /* 1.5 tokens of the throttle: the store's failure leaves half a one, and that is borne */
        answer(bench, 0, rows[i].lack == THROTTLE ? 503 : 200, 1000);
        if (rows[i].lack == ANSWERED) answer(bench, 1, 200, 1000 + AFTER_US);
        for (int64_t at_us = bench->port.watch_us; at_us > 0; at_us = bench->port.watch_us)
            wake(bench, at_us);
        CHECK_ROW(rows[i].label,
                  bench->port.sent_count == rows[i].sent + (rows[i].lack == SPENT ? 1 : 0));
        CHECK_ROW(rows[i].label,
                  bench->adapters.state[PROVIDER_WALMART_API].hedges_denied == rows[i].denied);
        free(bench);
    }
}

static void tokens_and_confirmations_are_never_hedged(void **state)
{
    (void)state;
    const struct hedge_policy all = {.enabled = true};
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        const bool never = o == OPERATION_TOKEN || o == OPERATION_CONFIRM || o == OPERATION_HEALTH;
        CHECK_ROW(operation_names[o], hedge_allows(&all, (enum operation)o) == !never);
    }
    struct bench *bench = make_bench(PROVIDER_WALMART_API);
    bench->run.purpose = RUN_CONFIRM;
    begin(bench);
    assert_int_equal(bench->port.sent[0].operation, OPERATION_CONFIRM);
    assert_int_equal(bench->port.watches, 0);
    free(bench);
}

static void a_second_cart_is_given_back(void **state)
{
    (void)state;
    struct bench *bench = make_bench(PROVIDER_MEALME);
    begin(bench);
    wake(bench, AFTER_US);
    answer(bench, 1, 200, 150000); /* the hedge's cart, 71, is quoted */
    assert_int_equal(bench->port.sent[2].operation, OPERATION_QUOTE);
    assert_true(bench->port.sent[2].cart == 71);
    answer(bench, 2, 200, 200000);
    assert_true(bench->port.done && !bench->port.released);
    answer(bench, 0, 200, 300000); /* the loser's */
    assert_true(bench->port.unwanted == 70);
    assert_true(bench->run.cart == 71);
    assert_true(bench->port.released);
    free(bench);
}

static void an_abandoned_quote_hedges_no_more(void **state)
{
    (void)state;
    struct bench *bench = make_bench(PROVIDER_MEALME);
    begin(bench);
    wake(bench, AFTER_US); /* two carts are on their way */
    adapter_cancel(&bench->adapters, &bench->run);
    answer(bench, 0, 200, 300000);
    assert_false(bench->port.released);
    answer(bench, 1, 200, 400000);
    assert_true(bench->port.released);
    assert_true(bench->run.cart == 70 && bench->port.unwanted == 71);
    assert_int_equal(bench->port.sent_count, 2);
    assert_int_equal(bench->adapters.state[PROVIDER_MEALME].hedges_won, 0);
    free(bench);

    bench = make_bench(PROVIDER_MEALME);
    begin(bench);
    adapter_cancel(&bench->adapters, &bench->run);
    assert_int_equal(bench->port.unwatched, 1); /* or it would be woken when it is long gone */
    free(bench);
}

static void the_throttle_stops_retries_at_half_and_lets_them_go_on_above(void **state)
{
    (void)state;
    struct bench *bench = make_bench(PROVIDER_WALMART_API);
    bench->policy.hedge.enabled = false;
    bench->policy.retry = (struct retry_policy){.enabled = true,
                                                .attempts = 10,
                                                .backoff_us = 1,
                                                .backoff_us_max = 1,
                                                .throttle_tokens = 10.0,
                                                .throttle_ratio = 0.5};
    begin(bench);
    int64_t now_us = 0;
    for (unsigned failures = 1; failures <= 5; failures++) {
        answer(bench, bench->port.sent_count - 1, 503, ++now_us);
        assert_int_equal(bench->port.after_count, failures < 5 ? failures : 4);
        if (failures == 5) break; /* 5 tokens of 10 are left: no more than half */
        adapter_on_retry(&bench->adapters, &bench->run, &bench->port.again, ++now_us);
    }
    assert_int_equal(bench->adapters.state[PROVIDER_WALMART_API].retries_denied, 1);
    /* The store's failure is borne, and the search answers: half a token comes back. */
    answer(bench, bench->port.sent_count - 1, 200, ++now_us);
    assert_true(bench->port.done);
    assert_true(bench->adapters.state[PROVIDER_WALMART_API].throttle_tokens == 5.5);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_call_is_the_first_ones_twin_with_luck_of_its_own),
        cmocka_unit_test(the_first_good_answer_wins_whoever_brings_it),
        cmocka_unit_test(a_quote_is_released_when_its_last_loser_has_ended),
        cmocka_unit_test(losers_take_no_place_among_parallel_searches),
        cmocka_unit_test(a_failed_pair_is_tried_again_as_one_call),
        cmocka_unit_test(what_holds_a_second_call_back),
        cmocka_unit_test(tokens_and_confirmations_are_never_hedged),
        cmocka_unit_test(a_second_cart_is_given_back),
        cmocka_unit_test(an_abandoned_quote_hedges_no_more),
        cmocka_unit_test(the_throttle_stops_retries_at_half_and_lets_them_go_on_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
