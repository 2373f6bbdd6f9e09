/* Goal: a kept quote settles its slot, everything else asks the provider as ever, deadlines do not
 * move, and nothing that comes too late is heard.
 *
 * Method: the fake port of the router's own tests, with a cache that answers from inside or not at
 * all; each test plays cache, providers and clock by hand and compares the whole trace. Slots: 0
 * Kroger, 1 Walmart, 2 MealMe, 3 Instacart; most tests enable the first two alone. */
#include "tests/router/fake_port.h"

struct fake_cache {
    struct fake_port port; /* first: the port's context */
    bool inside;           /* answers from inside, with what is kept */
    struct cache_quote kept[PROVIDER_COUNT];
    bool has[PROVIDER_COUNT];
    struct cache_quote told[PROVIDER_COUNT]; /* what was handed out to be kept */
    int64_t ttl_us;
};

static void ask(void *context, struct router_order *order, unsigned slot, int64_t now_us)
{
    (void)now_us; /* later than the order's start, after the cache */
    assert_false(order->slots[slot].settled);
    assert_false(order->slots[slot].recalling);
    fake_word(context, "ask", (int64_t)slot);
}

static void answer(struct fake_cache *cache, struct router_order *order, unsigned slot,
                   int64_t now_us)
{
    const unsigned provider = order->slots[slot].provider;
    unsigned char bytes[CACHE_QUOTE_BYTES];
    struct cache_answer said = {.error = CACHE_OK, .bytes = bytes};
    if (cache->has[provider]) {
        cache_quote_write(&cache->kept[provider], &order->slots[slot].key, bytes);
        said.length = sizeof bytes;
    }
    router_on_recalled(&cache->port.router, order, slot, &said, now_us);
}

static void cache_fails(struct fake_cache *cache, struct router_order *order, unsigned slot,
                        enum cache_error error, int64_t now_us)
{
    const struct cache_answer said = {.error = error};
    router_on_recalled(&cache->port.router, order, slot, &said, now_us);
}

static void recall(void *context, struct router_order *order, unsigned slot, int64_t now_us)
{
    struct fake_cache *cache = context;
    fake_word(context, "recall", (int64_t)slot);
    if (cache->inside) answer(cache, order, slot, now_us);
}

static void remember(void *context, const struct router_order *order, unsigned slot,
                     const unsigned char bytes[static CACHE_QUOTE_BYTES], int64_t ttl_us,
                     int64_t now_us)
{
    struct fake_cache *cache = context;
    struct cache_quote *told = &cache->told[order->slots[slot].provider];
    assert_true(cache_quote_read(told, &order->slots[slot].key, bytes, CACHE_QUOTE_BYTES));
    assert_int_equal(told->made_us, now_us);
    assert_int_equal(told->expires_us, now_us + ttl_us);
    cache->ttl_us = ttl_us;
    fake_word(context, "remember", (int64_t)slot);
}

static void init(struct fake_cache *cache, bool all)
{
    struct fake_port *fake = &cache->port;
    if (!all) {
        fake_set(fake, "LOOPGPT_ENABLE_MEALME", "false");
        fake_set(fake, "LOOPGPT_ENABLE_INSTACART", "false");
    }
    fake_init(fake, PROFILE_AS_DOCUMENTED);
    fake->router.policy.cache.quote_us = MS(300000);
    fake->router.policy.cache.timeout_us = MS(50);
    fake->router.policy.cache.breaker_failures = 3;
    fake->router.policy.cache.breaker_skip_us = MS(1000);
    fake->router.port.ask = ask;
    fake->router.port.recall = recall;
    fake->router.port.remember = remember;
}

static void keep(struct fake_cache *cache, enum provider provider, int64_t total_cents,
                 int64_t made_us)
{
    cache->has[provider] = true;
    cache->kept[provider] = (struct cache_quote){.quote = {.subtotal_cents = total_cents,
                                                           .total_cents = total_cents,
                                                           .eta_minutes = 40,
                                                           .requested = 2,
                                                           .found = 2},
                                                 .made_us = made_us,
                                                 .expires_us = made_us + MS(300000),
                                                 .calls = 5};
}

static void begin(struct fake_cache *cache, struct router_order *order, int64_t now_us)
{
    memset(order, 0xA5, sizeof *order);
    router_begin(&cache->port.router, order, 7, fake_request(), now_us);
}

static uint64_t counted(const struct fake_cache *cache, enum recall recall)
{
    return cache->port.router.cache.recalls[recall];
}

/* ---- hits ---- */

static void a_cache_in_this_process_decides_at_once(void **state)
{
    (void)state;
    struct fake_cache cache = {.inside = true, .port.with_events = true};
    init(&cache, false);
    keep(&cache, PROVIDER_KROGER_API, 4000, MS(100));
    keep(&cache, PROVIDER_WALMART_API, 5000, MS(200));
    struct router_order order;
    begin(&cache, &order, MS(1000));
    fake_expect(&cache.port, "both kept",
                "provider_quote_start! recall0 provider_quote_success! provider_quote_start! "
                "recall1 provider_quote_success! router_decision! router_latency! decided");
    assert_int_equal(order.decided_us, MS(1000));
    assert_int_equal(router_selected(&order), 0);
    assert_true(order.slots[0].result.quote.cached);
    assert_int_equal(order.slots[0].made_us, MS(100));
    assert_int_equal(order.slots[0].saved_calls, 5);
    assert_int_equal(order.slots[0].recall, RECALL_HIT);
    assert_int_equal(router_recall_cost_us(&order.slots[0]), 0);
    assert_non_null(strstr(cache.port.log.bytes, "\"canned\":false,\"cached\":true"));
    assert_int_equal(counted(&cache, RECALL_HIT), 2);
    fake_deinit(&cache.port);
}

static void a_hit_may_come_later_and_the_others_be_asked(void **state)
{
    (void)state;
    struct fake_cache cache = {0};
    init(&cache, false);
    keep(&cache, PROVIDER_KROGER_API, 4000, 0);
    struct router_order order;
    begin(&cache, &order, MS(1000));
    fake_expect(&cache.port, "start", "recall0 recall1 wake1050");
    answer(&cache, &order, 1, MS(1002)); /* Walmart: nothing */
    fake_expect(&cache.port, "a miss", "ask1");
    answer(&cache, &order, 0, MS(1003)); /* Kroger: a hit; nothing is due before its timeout */
    fake_expect(&cache.port, "a hit", "wake11000");
    fake_quote(&cache.port, &order, 1, 4500, 60, MS(2000));
    fake_expect(&cache.port, "the other", "remember1 wake- decided");
    assert_int_equal(order.slots[0].settled_us, MS(1003));
    assert_int_equal(order.slots[1].deadline_us, MS(11000)); /* from the order's start */
    assert_int_equal(router_recall_cost_us(&order.slots[1]), MS(2));
    assert_int_equal(cache.told[PROVIDER_WALMART_API].quote.total_cents, 4500);
    assert_int_equal(cache.ttl_us, MS(300000));
    assert_int_equal(counted(&cache, RECALL_MISS), 1);
    fake_deinit(&cache.port);
}

static void a_quote_lives_to_its_last_microsecond(void **state)
{
    (void)state;
    for (int64_t late_us = -1; late_us <= 0; late_us++) {
        struct fake_cache cache = {.inside = true};
        init(&cache, false);
        keep(&cache, PROVIDER_KROGER_API, 4000, MS(100));
        struct router_order order;
        begin(&cache, &order, MS(300100) + late_us);
        const bool used = order.slots[0].result.quote.cached;
        assert_int_equal(used, late_us < 0);
        assert_int_equal(counted(&cache, RECALL_EXPIRED), late_us == 0);
        fake_deinit(&cache.port);
    }
}

/* ---- all else asks the provider ---- */

static void errors_ask_the_provider(void **state)
{
    (void)state;
    static const struct {
        enum cache_error error;
        enum recall counted;
    } rows[] = {{CACHE_REFUSED, RECALL_REFUSED},
                {CACHE_TIMEOUT, RECALL_TIMEOUT},
                {CACHE_FAILED, RECALL_FAILED},
                {CACHE_DAMAGED, RECALL_DAMAGED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake_cache cache = {0};
        init(&cache, false);
        struct router_order order;
        begin(&cache, &order, 0);
        fake_expect(&cache.port, "start", "recall0 recall1 wake50");
        cache_fails(&cache, &order, 0, rows[i].error, MS(1));
        fake_expect(&cache.port, cache_error_names[rows[i].error], "ask0");
        assert_int_equal(counted(&cache, rows[i].counted), 1);
        assert_int_equal(order.slots[0].recall, rows[i].counted);
        fake_deinit(&cache.port);
    }
}

static void bytes_of_somebody_else_ask_the_provider(void **state)
{
    (void)state;
    struct fake_cache cache = {0};
    init(&cache, false);
    struct router_order order;
    begin(&cache, &order, 0);
    static const unsigned char junk[] = "{\"json\":true}";
    const struct cache_answer said = {.bytes = junk, .length = sizeof junk};
    router_on_recalled(&cache.port.router, &order, 1, &said, MS(1));
    fake_expect(&cache.port, "junk", "recall0 recall1 wake50 ask1");
    assert_int_equal(counted(&cache, RECALL_DAMAGED), 1);
    assert_int_equal(cache.port.router.breaker.failed, 0); /* the cache itself has answered */
    fake_deinit(&cache.port);
}

static void a_cache_that_hangs_is_given_up(void **state)
{
    (void)state;
    struct fake_cache cache = {0};
    init(&cache, false);
    keep(&cache, PROVIDER_KROGER_API, 4000, 0);
    struct router_order order;
    begin(&cache, &order, MS(1000));
    fake_expect(&cache.port, "start", "recall0 recall1 wake1050");
    router_on_wake(&cache.port.router, &order, MS(1050));
    fake_expect(&cache.port, "given up", "ask0 ask1 wake11000");
    answer(&cache, &order, 0, MS(1060)); /* it comes after all, to nobody */
    fake_expect(&cache.port, "late", "");
    assert_int_equal(counted(&cache, RECALL_TIMEOUT), 2);
    assert_int_equal(counted(&cache, RECALL_HIT), 0);
    assert_int_equal(router_recall_cost_us(&order.slots[0]), MS(50));
    fake_quote(&cache.port, &order, 0, 4000, 60, MS(3000));
    fake_quote(&cache.port, &order, 1, 4000, 60, MS(3000));
    fake_expect(&cache.port, "decided", "remember0 remember1 wake- decided");
    fake_deinit(&cache.port);
}

static void an_answer_in_the_microsecond_of_its_end_is_late(void **state)
{
    (void)state;
    struct fake_cache cache = {0};
    init(&cache, false);
    keep(&cache, PROVIDER_KROGER_API, 4000, 0);
    struct router_order order;
    begin(&cache, &order, 0);
    answer(&cache, &order, 0, MS(50)); /* delivered before the clock's own wake */
    fake_expect(&cache.port, "at its end", "recall0 recall1 wake50 ask0 ask1 wake10000");
    assert_int_equal(counted(&cache, RECALL_HIT), 0);
    fake_deinit(&cache.port);
}

/* The cache's timeout is longer than a provider's: the order's deadline comes while it is asked. */
static void the_deadline_counts_from_the_start_whatever_the_cache_took(void **state)
{
    (void)state;
    struct fake_cache cache = {0};
    fake_set(&cache.port, "LOOPGPT_KROGER_TIMEOUT", "1000");
    init(&cache, false);
    cache.port.router.policy.cache.timeout_us = MS(3000);
    keep(&cache, PROVIDER_KROGER_API, 4000, 0);
    struct router_order order;
    begin(&cache, &order, 0);
    fake_expect(&cache.port, "start", "recall0 recall1 wake1000");
    router_on_wake(&cache.port.router, &order, MS(1000));
    fake_expect(&cache.port, "nobody was asked, nobody is abandoned", "wake3000");
    assert_int_equal(order.slots[0].real_outcome, QUOTE_TIMEOUT);
    assert_int_equal(counted(&cache, RECALL_LATE), 1);
    answer(&cache, &order, 0, MS(1500));
    fake_expect(&cache.port, "late", "");
    answer(&cache, &order, 1, MS(2000));
    fake_expect(&cache.port, "the other goes on", "ask1 wake10000");
    router_on_wake(&cache.port.router, &order, MS(10000));
    fake_expect(&cache.port, "its own deadline", "abandon1 wake- decided");
    assert_int_equal(order.code, ORDER_NO_QUOTES);
    fake_deinit(&cache.port);
}

static void a_dead_cache_is_let_alone_and_tried_again(void **state)
{
    (void)state;
    struct fake_cache cache = {0};
    init(&cache, false);
    struct router_order orders[4];
    begin(&cache, &orders[0], 0);
    cache_fails(&cache, &orders[0], 0, CACHE_REFUSED, 0);
    cache_fails(&cache, &orders[0], 1, CACHE_REFUSED, 0);
    fake_expect(&cache.port, "two failures", "recall0 recall1 wake50 ask0 ask1 wake10000");
    begin(&cache, &orders[1], MS(10));
    cache_fails(&cache, &orders[1], 0, CACHE_REFUSED, MS(10));
    cache_fails(&cache, &orders[1], 1, CACHE_REFUSED, MS(10));
    text_clear(&cache.port.trace);
    begin(&cache, &orders[2], MS(20));
    fake_expect(&cache.port, "let alone", "ask0 ask1 wake10020");
    fake_quote(&cache.port, &orders[2], 0, 4000, 60, MS(500));
    fake_quote(&cache.port, &orders[2], 1, 4000, 60, MS(500));
    fake_expect(&cache.port, "and not told", "wake- decided");
    assert_int_equal(counted(&cache, RECALL_SKIPPED), 2);
    assert_int_equal(cache.port.router.cache.sets_skipped, 2);
    begin(&cache, &orders[3], MS(1010));
    fake_expect(&cache.port, "one tries it", "recall0 ask1 wake1060");
    answer(&cache, &orders[3], 0, MS(1011));
    assert_int_equal(cache.port.router.breaker.open_until_us, 0);
    fake_deinit(&cache.port);
}

/* ---- what is never kept ---- */

static void canned_quotes_are_neither_asked_for_nor_kept(void **state)
{
    (void)state;
    struct fake_cache cache = {.inside = true};
    fake_set(&cache.port, "LOOPGPT_KROGER_MOCK", "true");
    fake_set(&cache.port, "LOOPGPT_WALMART_MOCK_FALLBACK", "true");
    init(&cache, false);
    struct router_order order;
    begin(&cache, &order, 0);
    assert_int_equal(order.slots[0].recall, RECALL_UNASKED);
    fake_error(&cache.port, &order, 1, QUOTE_HTTP_ERROR, 503, MS(100));
    assert_true(order.decided);
    assert_int_equal(cache.port.router.cache.sets, 0);
    fake_deinit(&cache.port);
}

static void an_estimate_may_be_kept_and_stays_one(void **state)
{
    (void)state;
    struct fake_cache cache = {.inside = true};
    init(&cache, true);
    struct router_order order;
    begin(&cache, &order, 0);
    const struct quote_result estimate = {
        .outcome = QUOTE_OK,
        .calls = 3,
        .quote = {.total_cents = 900, .requested = 2, .found = 2, .estimated = true}};
    router_on_quote(&cache.port.router, &order, 3, &estimate, MS(1));
    assert_true(cache.told[PROVIDER_INSTACART].quote.estimated);
    assert_int_equal(cache.told[PROVIDER_INSTACART].calls, 3);
    fake_deinit(&cache.port);
}

static void late_quotes_and_errors_are_not_kept(void **state)
{
    (void)state;
    struct fake_cache cache = {.inside = true};
    init(&cache, false);
    struct router_order order;
    begin(&cache, &order, 0);
    fake_error(&cache.port, &order, 0, QUOTE_UNAVAILABLE, 0, MS(5));
    fake_quote(&cache.port, &order, 1, 4000, 60, MS(10000));
    assert_int_equal(cache.port.router.cache.sets, 0);
    fake_deinit(&cache.port);
}

static void without_the_policy_nobody_asks_the_cache(void **state)
{
    (void)state;
    struct fake_cache cache = {.inside = true};
    init(&cache, false);
    cache.port.router.policy.cache.quote_us = 0;
    keep(&cache, PROVIDER_KROGER_API, 4000, 0);
    struct router_order order;
    begin(&cache, &order, MS(1000));
    fake_quote(&cache.port, &order, 0, 4000, 60, MS(1100));
    fake_quote(&cache.port, &order, 1, 4000, 60, MS(1100));
    fake_expect(&cache.port, "off", "ask0 ask1 wake11000 wake- decided");
    assert_null(strstr(cache.port.log.bytes, "cached"));
    fake_deinit(&cache.port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cache_in_this_process_decides_at_once),
        cmocka_unit_test(a_hit_may_come_later_and_the_others_be_asked),
        cmocka_unit_test(a_quote_lives_to_its_last_microsecond),
        cmocka_unit_test(errors_ask_the_provider),
        cmocka_unit_test(bytes_of_somebody_else_ask_the_provider),
        cmocka_unit_test(a_cache_that_hangs_is_given_up),
        cmocka_unit_test(an_answer_in_the_microsecond_of_its_end_is_late),
        cmocka_unit_test(the_deadline_counts_from_the_start_whatever_the_cache_took),
        cmocka_unit_test(a_dead_cache_is_let_alone_and_tried_again),
        cmocka_unit_test(canned_quotes_are_neither_asked_for_nor_kept),
        cmocka_unit_test(an_estimate_may_be_kept_and_stays_one),
        cmocka_unit_test(late_quotes_and_errors_are_not_kept),
        cmocka_unit_test(without_the_policy_nobody_asks_the_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
