/* Goal: the router takes every path of an order as production does, and asks its port for exactly
 * what each path needs.
 *
 * Method: a fake port (fake_port.h) writes down all that is asked; each test plays providers and
 * clock by hand and compares the whole trace, so that a call too many fails as well as one too few.
 * Under the default configuration the slots are 0 Kroger, 1 Walmart, 2 MealMe, 3 Instacart. */
#include "tests/router/fake_port.h"

static const char *selected_id(const struct router_order *order)
{
    const int slot = router_selected(order);
    return slot < 0 ? "nobody" : provider_traits[order->slots[slot].provider].id;
}

static void begin(struct fake_port *fake, struct router_order *order, int64_t now_us)
{
    memset(order, 0xA5, sizeof *order); /* a slot of the world's is used again as it is */
    router_begin(&fake->router, order, 7, fake_request(), now_us);
}

/* Only Kroger and Walmart are enabled. */
static void init_two(struct fake_port *fake)
{
    fake_set(fake, "LOOPGPT_ENABLE_MEALME", "false");
    fake_set(fake, "LOOPGPT_ENABLE_INSTACART", "false");
    fake_init(fake, PROFILE_AS_DOCUMENTED);
}

/* ---- refused ---- */

static void an_invalid_request_calls_nobody(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    struct order_request request = *fake_request();
    request.postal_code = "";
    struct router_order order;
    router_begin(&fake.router, &order, 7, &request, MS(5));
    fake_expect(&fake, "no postal code", "router_failure! decided");
    assert_int_equal(order.code, ORDER_INVALID_REQUEST);
    assert_string_equal(order.fault, "the address has no postal code");
    assert_int_equal(router_selected(&order), -1);
    assert_false(router_confirm(&fake.router, &order, MS(6)));
    assert_false(router_cancel(&fake.router, &order, MS(6)));
    fake_deinit(&fake);
}

static void a_user_is_demanded_as_coded_alone(void **state)
{
    (void)state;
    struct order_request request = *fake_request();
    request.user_id = NULL;
    struct router_order order;
    struct fake_port coded = {0}, documented = {0};
    fake_init(&coded, PROFILE_AS_CODED);
    router_begin(&coded.router, &order, 7, &request, 0);
    assert_int_equal(order.code, ORDER_INVALID_REQUEST);
    assert_string_equal(order.fault, "userId is missing");
    fake_init(&documented, PROFILE_AS_DOCUMENTED);
    router_begin(&documented.router, &order, 7, &request, 0);
    fake_expect(&documented, "anonymous", "ask0 ask1 ask2 ask3 wake10000");
    fake_deinit(&coded);
    fake_deinit(&documented);
}

static void nobody_enabled_is_no_providers(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    fake_set(&fake, "LOOPGPT_ENABLE_KROGER", "false");
    fake_set(&fake, "LOOPGPT_ENABLE_WALMART", "false");
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, 0);
    fake_expect(&fake, "nobody", "router_failure! decided");
    assert_int_equal(order.code, ORDER_NO_PROVIDERS);
    fake_deinit(&fake);
}

static void codes_have_names_and_statuses(void **state)
{
    (void)state;
    static const struct {
        enum order_code code;
        const char *documented, *coded;
        int status;
    } rows[] = {{ORDER_ROUTED, "ROUTED", "ROUTED", 200},
                {ORDER_INVALID_REQUEST, "INVALID_REQUEST", "INVALID_REQUEST", 400},
                {ORDER_NO_PROVIDERS, "NO_PROVIDERS", "NO_PROVIDERS", 503},
                {ORDER_NO_QUOTES, "NO_PROVIDERS_AVAILABLE", "NO_VALID_QUOTES", 503}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW_TEXT(rows[i].documented, order_code_name(rows[i].code, PROFILE_AS_DOCUMENTED),
                       rows[i].documented);
        CHECK_ROW_TEXT(rows[i].documented, order_code_name(rows[i].code, PROFILE_AS_CODED),
                       rows[i].coded);
        CHECK_ROW(rows[i].documented, order_code_http_status(rows[i].code) == rows[i].status);
    }
    for (unsigned e = 0; e < CONFIRM_ERROR_COUNT; e++)
        assert_non_null(confirm_error_names[e]);
}

/* ---- fan-out and deadlines ---- */

static void all_answer_and_the_best_is_selected(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    struct router_order order;
    begin(&fake, &order, MS(1000));
    fake_expect(&fake, "start",
                "provider_quote_start! ask0 provider_quote_start! ask1 provider_quote_start! ask2 "
                "provider_quote_start! ask3 wake11000");
    fake_quote(&fake, &order, 3, 3000, 50, MS(1400));
    fake_quote(&fake, &order, 0, 5000, 150, MS(1500));
    fake_quote(&fake, &order, 2, 4000, 30, MS(1800));
    fake_expect(&fake, "three of four",
                "provider_quote_success! provider_quote_success! provider_quote_success!");
    assert_false(order.decided);
    assert_int_equal(router_selected(&order), -1);
    fake_quote(&fake, &order, 1, 4500, 90, MS(2345));
    fake_expect(&fake, "the last",
                "provider_quote_success! wake- router_decision! router_latency! decided");
    assert_int_equal(order.code, ORDER_ROUTED);
    assert_int_equal(order.quote_count, 4);
    assert_int_equal(order.decided_us, MS(2345));
    /* Instacart 40+30+12.5, MealMe 50+15+15, Walmart 60+7.5+7.5, Kroger 60; 40 more for each. */
    assert_string_equal(selected_id(&order), "INSTACART");
    const uint8_t ranked[] = {3, 2, 1, 0};
    assert_memory_equal(order.ranked, ranked, sizeof ranked);
    assert_int_equal(order.parts[3].price, 100);
    assert_int_equal(order.parts[2].speed, 100);
    fake_deinit(&fake);
}

static void ties_keep_candidate_order_whoever_comes_first(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    init_two(&fake);
    for (unsigned first = 0; first < 2; first++) {
        struct router_order order;
        begin(&fake, &order, 0);
        fake_quote(&fake, &order, first, 4000, 60, MS(10));
        fake_quote(&fake, &order, 1 - first, 4000, 0, MS(20)); /* a missing ETA counts as 60 */
        assert_true(order.parts[0].score == order.parts[1].score);
        assert_string_equal(selected_id(&order), "KROGER_API");
    }
    fake_deinit(&fake);
}

static void all_time_out_together(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    struct router_order order;
    begin(&fake, &order, MS(3));
    fake_expect(&fake, "start", "ask0 ask1 ask2 ask3 wake10003");
    fake.with_events = true;
    router_on_wake(&fake.router, &order, MS(10003));
    fake_expect(&fake, "deadline",
                "provider_quote_error! abandon0 provider_quote_error! abandon1 "
                "provider_quote_error! abandon2 provider_quote_error! abandon3 wake- "
                "router_failure! router_latency! decided");
    assert_int_equal(order.code, ORDER_NO_QUOTES);
    assert_int_equal(order.quote_count, 0);
    assert_int_equal(order.decided_us - order.start_us, MS(10000));
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(order.slots[i].result.outcome, QUOTE_TIMEOUT);
        assert_true(order.slots[i].result.retryable);
    }
    fake_deinit(&fake);
}

static void each_candidate_has_its_own_deadline(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_set(&fake, "LOOPGPT_KROGER_TIMEOUT", "500");
    fake_set(&fake, "LOOPGPT_MEALME_TIMEOUT", "2000");
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    struct router_order order;
    begin(&fake, &order, 0);
    fake_expect(&fake, "start", "ask0 ask1 ask2 ask3 wake500");
    router_on_wake(&fake.router, &order, MS(500));
    fake_expect(&fake, "Kroger's", "abandon0 wake2000");
    fake_quote(&fake, &order, 2, 4000, 30, MS(1999));
    fake_quote(&fake, &order, 1, 4000, 30, MS(1999));
    fake_expect(&fake, "answers leave the clock alone", "");
    router_on_wake(&fake.router, &order, MS(2000)); /* MealMe's, who has answered */
    fake_expect(&fake, "nobody is late", "wake10000");
    router_on_wake(&fake.router, &order, MS(10000));
    fake_expect(&fake, "Instacart's", "abandon3 wake- decided");
    assert_int_equal(order.quote_count, 2);
    assert_string_equal(selected_id(&order), "WALMART_API");
    assert_int_equal(order.slots[0].settled_us, MS(500));
    assert_int_equal(order.slots[1].settled_us, MS(1999));
    fake_deinit(&fake);
}

static void a_reply_in_the_deadlines_very_microsecond_is_late(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t reply_us;
        bool late;
    } rows[] = {{"a microsecond before", MS(10000) - 1, false},
                {"in that microsecond", MS(10000), true},
                {"after, the clock being late itself", MS(10001), true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_port fake = {0};
        init_two(&fake);
        struct router_order order;
        begin(&fake, &order, 0);
        fake_quote(&fake, &order, 0, 4000, 60, MS(100));
        fake_expect(&fake, rows[i].label, "ask0 ask1 wake10000");
        fake_quote(&fake, &order, 1, 100, 1, rows[i].reply_us); /* it would have won */
        fake_expect(&fake, rows[i].label,
                    rows[i].late ? "abandon1 wake- decided" : "wake- decided");
        CHECK_ROW(rows[i].label, (order.slots[1].result.outcome == QUOTE_TIMEOUT) == rows[i].late);
        CHECK_ROW_TEXT(rows[i].label, selected_id(&order),
                       rows[i].late ? "KROGER_API" : "WALMART_API");
        fake_deinit(&fake);
    }
}

static void what_comes_late_or_twice_changes_nothing(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, 0);
    fake_quote(&fake, &order, 0, 4000, 60, MS(100));
    text_clear(&fake.trace);
    fake_quote(&fake, &order, 0, 1, 1, MS(101));
    fake_error(&fake, &order, 0, QUOTE_NETWORK_ERROR, 0, MS(102));
    fake_expect(&fake, "answered twice", "");
    router_on_wake(&fake.router, &order, MS(10000));
    text_clear(&fake.trace);
    const struct router_order before = order;
    fake_quote(&fake, &order, 1, 1, 1, MS(10500));
    router_on_wake(&fake.router, &order, MS(10600));
    fake_expect(&fake, "decided already", "");
    assert_memory_equal(&order, &before, sizeof order);
    assert_int_equal(order.slots[0].result.quote.total_cents, 4000);
    fake_deinit(&fake);
}

static void an_early_wake_asks_again_for_nothing_new(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, 0);
    text_clear(&fake.trace);
    router_on_wake(&fake.router, &order, MS(9999));
    fake_expect(&fake, "early", "");
    assert_int_equal(order.pending, 2);
    fake_deinit(&fake);
}

static void abandoning_is_told_under_either_policy(void **state)
{
    (void)state;
    for (int run_on = 0; run_on < 2; run_on++) {
        struct fake_port fake = {0};
        init_two(&fake);
        fake.router.policy.abandoned_calls_run_on = run_on == 1;
        struct router_order order;
        begin(&fake, &order, 0);
        fake_quote(&fake, &order, 0, 4000, 60, MS(100));
        router_on_wake(&fake.router, &order, MS(10000));
        fake_expect(&fake, "told", "ask0 ask1 wake10000 abandon1 wake- decided");
        fake_quote(&fake, &order, 1, 1, 1, MS(12000)); /* run on, or raced the cancelling */
        fake_expect(&fake, "unheard", "");
        fake_deinit(&fake);
    }
}

/* ---- partial results and errors ---- */

static void errors_leave_the_order_to_the_others(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, 0);
    fake_error(&fake, &order, 0, QUOTE_HTTP_ERROR, 503, MS(50));
    fake_quote(&fake, &order, 1, 9999, 90, MS(60));
    fake_expect(&fake, "one left", "ask0 ask1 wake10000 wake- decided");
    assert_int_equal(order.code, ORDER_ROUTED);
    assert_int_equal(order.quote_count, 1);
    assert_string_equal(selected_id(&order), "WALMART_API");
    assert_int_equal(order.parts[1].price, 100); /* alone, it is the cheapest */
    fake_deinit(&fake);
}

/* Kroger quotes `found` of the two lines; the answer tells how the order went. */
static struct router_order partial(enum missing_items missing_items, double fill_least,
                                   uint16_t found)
{
    struct fake_port fake = {0};
    init_two(&fake);
    fake.router.policy.missing_items = missing_items;
    fake.router.policy.fill_least = fill_least;
    struct router_order order;
    begin(&fake, &order, 0);
    const struct quote_result result = {.outcome = QUOTE_OK,
                                        .quote = {.subtotal_cents = 1500,
                                                  .total_cents = 1500,
                                                  .eta_minutes = 60,
                                                  .requested = 2,
                                                  .found = found}};
    router_on_quote(&fake.router, &order, 0, &result, MS(1));
    fake_quote(&fake, &order, 1, 3200, 60, MS(2));
    fake_deinit(&fake);
    return order;
}

static void missing_items_cost_what_the_policy_says(void **state)
{
    (void)state;
    const struct router_order free_of_charge = partial(MISSING_ITEMS_FREE, 0.9, 1);
    assert_string_equal(selected_id(&free_of_charge), "KROGER_API");
    assert_int_equal(free_of_charge.parts[0].price, 100);

    /* Lines cost 1500 at Kroger, 1600 at Walmart: the missing one is priced at 1550. */
    const struct router_order median = partial(MISSING_ITEMS_MEDIAN, 0.9, 1);
    assert_int_equal(median.parts[0].price, 100); /* 3050 to 3200 */
    const struct router_order empty = partial(MISSING_ITEMS_MEDIAN, 0.9, 0);
    assert_int_equal(empty.parts[0].price, 0); /* 1500 and two lines at 1600 */
    assert_string_equal(selected_id(&empty), "WALMART_API");

    const struct router_order excluded = partial(MISSING_ITEMS_EXCLUDED, 0.9, 1);
    assert_int_equal(excluded.quote_count, 1);
    assert_string_equal(selected_id(&excluded), "WALMART_API");
    const struct router_order half = partial(MISSING_ITEMS_EXCLUDED, 0.5, 1); /* just enough */
    assert_int_equal(half.quote_count, 2);
}

static void quotes_that_all_lack_too_much_are_no_quotes(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_set(&fake, "LOOPGPT_ENABLE_WALMART", "false");
    init_two(&fake);
    fake.router.policy.missing_items = MISSING_ITEMS_EXCLUDED;
    struct router_order order;
    begin(&fake, &order, 0);
    const struct quote_result nothing = {.outcome = QUOTE_OK, .quote = {.requested = 2}};
    router_on_quote(&fake.router, &order, 0, &nothing, MS(1));
    assert_int_equal(order.code, ORDER_NO_QUOTES);
    assert_non_null(strstr(fake.log.bytes, "\"errorCode\":\"INCOMPLETE\""));
    fake_deinit(&fake);
}

/* ---- mocks ---- */

static void forced_mocks_settle_at_once(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    fake_set(&fake, "LOOPGPT_KROGER_MOCK", "true");
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, MS(9));
    fake_expect(
        &fake, "one of two",
        "provider_quote_start! provider_quote_success! provider_quote_start! ask1 wake10009");
    assert_true(order.slots[0].result.quote.canned);
    assert_int_equal(order.slots[0].settled_us, MS(9));
    fake_deinit(&fake);
}

static void all_canned_is_decided_from_inside_begin(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_init(&fake, PROFILE_AS_CODED); /* MealMe and Instacart, canned by the code itself */
    struct router_order order;
    begin(&fake, &order, MS(9));
    fake_expect(&fake, "all canned", "decided");
    assert_int_equal(order.decided_us, MS(9));
    assert_string_equal(selected_id(&order), "INSTACART"); /* cheaper; MealMe's lead is 25 of 30 */
    fake_deinit(&fake);
}

static void a_failed_call_falls_back_where_that_is_on(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    fake_set(&fake, "LOOPGPT_WALMART_ALLOW_MOCK_FALLBACK", "true");
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, 0);
    text_clear(&fake.trace);
    fake_error(&fake, &order, 1, QUOTE_HTTP_ERROR, 401, MS(130));
    fake_expect(&fake, "Walmart", "provider_quote_error! provider_fallback!");
    fake_error(&fake, &order, 0, QUOTE_HTTP_ERROR, 401, MS(140));
    fake_expect(&fake, "Kroger, where it is off",
                "provider_quote_error! wake- router_decision! router_latency! decided");
    assert_string_equal(selected_id(&order), "WALMART_API");
    assert_true(order.slots[1].fell_back);
    assert_false(order.slots[0].fell_back);
    assert_int_equal(order.slots[1].real_outcome, QUOTE_HTTP_ERROR);
    assert_int_equal(order.slots[1].result.outcome, QUOTE_OK);
    assert_true(order.slots[1].result.quote.canned);
    assert_int_equal(order.slots[1].result.quote.total_cents, 2997 + 795 + 210);
    fake_deinit(&fake);
}

static void a_timeout_falls_back_too(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    fake_set(&fake, "LOOPGPT_KROGER_ALLOW_MOCK_FALLBACK", "true");
    fake_set(&fake, "LOOPGPT_ENABLE_WALMART", "false");
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, 0);
    text_clear(&fake.trace);
    router_on_wake(&fake.router, &order, MS(10000));
    fake_expect(&fake, "timeout",
                "provider_quote_error! provider_fallback! abandon0 wake- router_decision! "
                "router_latency! decided");
    assert_int_equal(order.code, ORDER_ROUTED);
    fake_deinit(&fake);
}

/* ---- deployments and health ---- */

static void a_redeploy_leaves_orders_in_flight_their_deadlines(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    init_two(&fake);
    struct router_order before, after;
    begin(&fake, &before, 0);
    fake_expect(&fake, "before", "ask0 ask1 wake10000");

    fake_set(&fake, "LOOPGPT_KROGER_TIMEOUT", "4000");
    fake_set(&fake, "LOOPGPT_WALMART_TIMEOUT", "3000");
    fake_set(&fake, "LOOPGPT_PREFER_DIRECT_WALMART", "true");
    fake_set(&fake, "LOOPGPT_SCORE_PRICE_WEIGHT", "0.5");
    const struct router_config old = fake.config;
    fake.router.config = &old; /* the old deployment runs on until the new one is there */
    fake_deploy(&fake, PROFILE_AS_DOCUMENTED);
    router_redeploy(&fake.router, &fake.config);
    begin(&fake, &after, MS(1000));
    fake_expect(&fake, "after", "ask0 ask1 wake4000");
    assert_int_equal(after.slots[0].provider, PROVIDER_WALMART_API);
    assert_int_equal(after.slots[0].priority, 80);
    assert_int_equal(before.slots[0].provider, PROVIDER_KROGER_API);
    assert_int_equal(before.slots[0].deadline_us, MS(10000));
    fake_quote(&fake, &before, 0, 100, 60, MS(9000));
    fake_quote(&fake, &before, 1, 200, 60, MS(9000));
    assert_int_equal(before.slots[1].priority, 60);
    assert_true(before.parts[0].score - before.parts[1].score == 50.0); /* the new weights */
    fake_deinit(&fake);
}

static void health_is_what_the_configuration_says(void **state)
{
    (void)state;
    static const uint64_t nobody[PROVIDER_COUNT] = {0};
    static const struct {
        const char *label, *key, *value;
        enum provider provider;
        bool healthy;
    } rows[] = {
        {"direct, no credentials", "KROGER_ENV", "sandbox", PROVIDER_KROGER_API, false},
        {"direct, forced to mock", "LOOPGPT_KROGER_MOCK", "true", PROVIDER_KROGER_API, true},
        {"direct, half its credentials", "WALMART_API_KEY", "k", PROVIDER_WALMART_API, false},
        {"the enabled flag alone", "KROGER_ENV", "sandbox", PROVIDER_MEALME, true},
        {"disabled", "LOOPGPT_ENABLE_MEALME", "false", PROVIDER_MEALME, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_port fake = {0};
        struct err_list warnings = {0};
        fake_set(&fake, rows[i].key, rows[i].value);
        fake_init(&fake, PROFILE_AS_DOCUMENTED);
        config_read(&fake.env, PROFILE_AS_DOCUMENTED, false, nobody, &fake.config, &warnings);
        CHECK_ROW(rows[i].label, router_health_by_configuration(&fake.router, rows[i].provider) ==
                                     rows[i].healthy);
        fake_deinit(&fake);
    }
    struct fake_port fake = {0};
    fake_set(&fake, "KROGER_CLIENT_ID", "id");
    fake_set(&fake, "KROGER_CLIENT_SECRET", "wrong, which nobody has noticed");
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    assert_true(router_health_by_configuration(&fake.router, PROVIDER_KROGER_API));
    fake_deinit(&fake);
}

/* ---- confirming ---- */

/* A routed order: Kroger selected, Walmart the alternative. The trace is empty. */
static void route_two(struct fake_port *fake, struct router_order *order)
{
    init_two(fake);
    begin(fake, order, 0);
    fake_quote(fake, order, 0, 4000, 60, 0);
    fake_quote(fake, order, 1, 4100, 60, 0);
    text_clear(&fake->trace);
    assert_string_equal(selected_id(order), "KROGER_API");
}

static void confirming_fails_over_once_and_only_when_it_may_help(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum confirm_error first, second;
        enum confirm_state state;
        uint8_t slot; /* that took the order, or was asked last */
        const char *trace;
    } rows[] = {
        {"fine", CONFIRM_OK, CONFIRM_OK, CONFIRM_DONE, 0,
         "confirm0 commerce.confirm_order.success! confirmed"},
        {"retryable, then fine", CONFIRM_TIMEOUT, CONFIRM_OK, CONFIRM_DONE, 1,
         "confirm0 commerce.failover_attempt! confirm1 commerce.failover_success! "
         "commerce.confirm_order.success! confirmed"},
        {"retryable twice: no third try", CONFIRM_NETWORK_ERROR, CONFIRM_TIMEOUT, CONFIRM_FAILED, 1,
         "confirm0 commerce.failover_attempt! confirm1 commerce.failover_failure! "
         "commerce.confirm_order.failure! confirmed"},
        {"retryable, then final", CONFIRM_UPSTREAM_5XX, CONFIRM_PAYMENT_DECLINED, CONFIRM_FAILED, 1,
         "confirm0 commerce.failover_attempt! confirm1 commerce.failover_failure! "
         "commerce.confirm_order.failure! confirmed"},
        {"final", CONFIRM_PAYMENT_DECLINED, CONFIRM_OK, CONFIRM_FAILED, 0,
         "confirm0 commerce.confirm_order.failure! confirmed"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_port fake = {.with_events = true};
        struct router_order order;
        route_two(&fake, &order);
        CHECK_ROW(rows[i].label, router_confirm(&fake.router, &order, MS(5)));
        CHECK_ROW(rows[i].label, order.confirm_state == CONFIRM_PENDING);
        router_on_confirmed(&fake.router, &order, rows[i].first, MS(6));
        if (order.confirm_state == CONFIRM_PENDING) {
            router_on_confirmed(&fake.router, &order, rows[i].second, MS(7));
        }
        fake_expect(&fake, rows[i].label, rows[i].trace);
        CHECK_ROW(rows[i].label, order.confirm_state == rows[i].state);
        CHECK_ROW(rows[i].label, order.confirm_slot == rows[i].slot);
        CHECK_ROW(rows[i].label, order.confirm_errors[0] == rows[i].first);
        router_on_confirmed(&fake.router, &order, CONFIRM_OK, MS(8)); /* an answer too many */
        fake_expect(&fake, rows[i].label, "");
        CHECK_ROW(rows[i].label, !router_confirm(&fake.router, &order, MS(9)));
        CHECK_ROW(rows[i].label, !router_cancel(&fake.router, &order, MS(9)));
        fake_deinit(&fake);
    }
}

static void five_errors_are_retryable_and_five_are_not(void **state)
{
    (void)state;
    static const char *const retryable[] = {"TIMEOUT", "NETWORK_ERROR", "UPSTREAM_5XX",
                                            "PROVIDER_UNAVAILABLE", "PROVIDER_ERROR"};
    for (unsigned error = CONFIRM_TIMEOUT; error < CONFIRM_ERROR_COUNT; error++) {
        const char *name = confirm_error_names[error];
        bool listed = false;
        for (size_t i = 0; i < sizeof retryable / sizeof retryable[0]; i++)
            listed = listed || strcmp(name, retryable[i]) == 0;
        struct fake_port fake = {0};
        struct router_order order;
        route_two(&fake, &order);
        CHECK_ROW(name, router_confirm(&fake.router, &order, 0));
        router_on_confirmed(&fake.router, &order, (enum confirm_error)error, MS(1));
        CHECK_ROW(name, (order.confirm_attempts == 2) == listed);
        fake_deinit(&fake);
    }
}

static void without_an_alternative_there_is_no_failover(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    init_two(&fake);
    struct router_order order;
    begin(&fake, &order, 0);
    fake_quote(&fake, &order, 0, 4000, 60, 0);
    fake_error(&fake, &order, 1, QUOTE_NETWORK_ERROR, 0, 0);
    text_clear(&fake.trace);
    assert_true(router_confirm(&fake.router, &order, 0));
    router_on_confirmed(&fake.router, &order, CONFIRM_TIMEOUT, MS(1));
    fake_expect(&fake, "alone", "confirm0 confirmed");
    assert_int_equal(order.confirm_state, CONFIRM_FAILED);
    fake_deinit(&fake);
}

static void a_token_confirms_once_can_be_cancelled_and_expires(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    struct router_order order;
    route_two(&fake, &order);
    const int64_t life_us = fake.policy.confirm_life_us;
    assert_true(router_cancel(&fake.router, &order, MS(1)));
    assert_int_equal(order.confirm_state, CONFIRM_CANCELLED);
    assert_false(router_cancel(&fake.router, &order, MS(2)));
    assert_false(router_confirm(&fake.router, &order, MS(2)));
    fake_expect(&fake, "cancelled", "");

    route_two(&fake, &order);
    assert_true(router_confirm(&fake.router, &order, life_us - 1));
    assert_false(router_confirm(&fake.router, &order, life_us - 1));
    assert_false(router_cancel(&fake.router, &order, life_us - 1)); /* it may be placed already */
    fake_expect(&fake, "in the last microsecond, once", "confirm0");

    route_two(&fake, &order);
    assert_false(router_confirm(&fake.router, &order, life_us));
    assert_int_equal(order.confirm_state, CONFIRM_EXPIRED);
    assert_false(router_cancel(&fake.router, &order, life_us));
    fake_expect(&fake, "expired", "");
    fake_deinit(&fake);
}

static void only_wanted_events_are_emitted(void **state)
{
    (void)state;
    struct fake_port fake = {.with_events = true};
    init_two(&fake);
    fake.router.port.emit_mask = UINT32_C(1) << EVENT_DECISION;
    struct router_order order;
    begin(&fake, &order, 0);
    fake_quote(&fake, &order, 0, 4000, 60, 0);
    fake_quote(&fake, &order, 1, 4100, 60, 0);
    fake_expect(&fake, "one kind", "ask0 ask1 wake10000 wake- router_decision! decided");
    fake_deinit(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invalid_request_calls_nobody),
        cmocka_unit_test(a_user_is_demanded_as_coded_alone),
        cmocka_unit_test(nobody_enabled_is_no_providers),
        cmocka_unit_test(codes_have_names_and_statuses),
        cmocka_unit_test(all_answer_and_the_best_is_selected),
        cmocka_unit_test(ties_keep_candidate_order_whoever_comes_first),
        cmocka_unit_test(all_time_out_together),
        cmocka_unit_test(each_candidate_has_its_own_deadline),
        cmocka_unit_test(a_reply_in_the_deadlines_very_microsecond_is_late),
        cmocka_unit_test(what_comes_late_or_twice_changes_nothing),
        cmocka_unit_test(an_early_wake_asks_again_for_nothing_new),
        cmocka_unit_test(abandoning_is_told_under_either_policy),
        cmocka_unit_test(errors_leave_the_order_to_the_others),
        cmocka_unit_test(missing_items_cost_what_the_policy_says),
        cmocka_unit_test(quotes_that_all_lack_too_much_are_no_quotes),
        cmocka_unit_test(forced_mocks_settle_at_once),
        cmocka_unit_test(all_canned_is_decided_from_inside_begin),
        cmocka_unit_test(a_failed_call_falls_back_where_that_is_on),
        cmocka_unit_test(a_timeout_falls_back_too),
        cmocka_unit_test(a_redeploy_leaves_orders_in_flight_their_deadlines),
        cmocka_unit_test(health_is_what_the_configuration_says),
        cmocka_unit_test(confirming_fails_over_once_and_only_when_it_may_help),
        cmocka_unit_test(five_errors_are_retryable_and_five_are_not),
        cmocka_unit_test(without_an_alternative_there_is_no_failover),
        cmocka_unit_test(a_token_confirms_once_can_be_cancelled_and_expires),
        cmocka_unit_test(only_wanted_events_are_emitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
