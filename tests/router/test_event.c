/* Goal: every line of the log is the JSON that operators read, byte for byte, and a log is enough
 * to decide every order again.
 *
 * Method: golden lines for each kind of event; dates against the C library's calendar; and random
 * orders whose decisions are recomputed from their log lines alone, bit for bit. */
#include "tests/router/fake_port.h"

#include <time.h>

#include "router/base/json.h"
#include "router/base/memory.h"

/* Expected lines are written "00.812 event 'key':value,...": what all of them share is left out,
 * and single quotes stand for double ones. */
static void write_expected(struct text *text, const char *lines)
{
    while (*lines != '\0') {
        const char *event = strchr(lines, ' ') + 1;
        const char *fields = strchr(event, ' ') + 1;
        const char *end = strchr(fields, '\n');
        text_format(text, "{\"timestamp\":\"2024-03-01T12:00:%.*sZ\",\"event\":\"%.*s\",",
                    (int)(event - lines - 1), lines, (int)(fields - event - 1), event);
        text_put(text, "\"requestId\":\"req-000000000042\",");
        for (const char *c = fields; c < end; c++)
            text_char(text, *c == '\'' ? '"' : *c);
        text_put(text, "}\n");
        lines = end + 1;
    }
}

static void check_is_json(const char *label, const char *line, size_t length)
{
    struct json json = {0};
    struct err_list list = {0};
    CHECK_ROW(label, json_read(&json, "log", line, length, &list) && list.errors == 0);
    CHECK_ROW(label, cJSON_IsObject(json.root));
    json_release(&json);
}

static void check_log(struct text *log, const char *label, const char *lines)
{
    struct text expected = {0};
    write_expected(&expected, lines);
    assert_non_null(log->bytes);
    CHECK_ROW_TEXT(label, log->bytes, expected.bytes);
    text_release(&expected);
    for (const char *line = log->bytes; *line != '\0'; line = strchr(line, '\n') + 1)
        check_is_json(label, line, (size_t)(strchr(line, '\n') - line));
    text_clear(log);
}

static void a_routed_order_reads_so(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_set(&fake, "LOOPGPT_ENABLE_INSTACART", "false");
    fake_set(&fake, "LOOPGPT_ENABLE_WALMART", "false");
    fake_set(&fake, "LOOPGPT_MEALME_ALLOW_MOCK_FALLBACK", "true");
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    history_seed(&fake.router.history, PROVIDER_KROGER_API, 1000, 96.5, 3.0);
    struct router_order order;
    router_begin(&fake.router, &order, 42, fake_request(), 0);
    check_log(&fake.log, "start",
              "00.000 provider_quote_start 'providerId':'KROGER_API','itemCount':2\n"
              "00.000 provider_quote_start 'providerId':'MEALME','itemCount':2\n");

    fake_quote(&fake, &order, 0, 4539, 0, 812345);
    check_log(&fake.log, "success",
              "00.812 provider_quote_success 'providerId':'KROGER_API','latencyMs':812.345,"
              "'totalCents':4539,'estimatedDeliveryMinutes':null,'itemsFound':2,"
              "'itemsRequested':2,'itemsSubstituted':0,'priority':60,'subtotalCents':4539,"
              "'canned':false\n");

    fake_error(&fake, &order, 1, QUOTE_HTTP_ERROR, 503, 1000007);
    check_log(&fake.log, "error, fallback, decision",
              "01.000 provider_quote_error 'providerId':'MEALME','latencyMs':1000.007,"
              "'error':'HTTP 503','errorCode':'HTTP_503','retryable':true\n"
              "01.000 provider_fallback 'providerId':'MEALME','reason':'HTTP_503',"
              "'fallbackMode':'mock','totalCents':4708,'estimatedDeliveryMinutes':35,"
              "'itemsFound':2,'itemsRequested':2,'itemsSubstituted':0,'priority':50,"
              "'subtotalCents':3897,'canned':true\n"
              "01.000 router_decision 'selectedProviderId':'KROGER_API','totalQuotes':2,"
              "'score':134.3,'priority':60,'priceScore':100,'speedScore':0,"
              "'availabilityScore':100,'marginScore':50,'reliabilityScore':93,'totalCents':4539,"
              "'estimatedDeliveryMinutes':null,'preference':'balanced',"
              "'history':{'KROGER_API':{'successRate':96.5,'avgMarginRate':3},"
              "'MEALME':{'successRate':null,'avgMarginRate':null}}\n"
              "01.000 router_latency 'totalLatencyMs':1000.007,"
              "'providerLatencies':{'KROGER_API':812.345,'MEALME':1000.007},"
              "'slowestProvider':'MEALME','fastestProvider':'KROGER_API'\n");
    fake_deinit(&fake);
}

static void a_failed_order_reads_so(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    struct router_order order;
    router_begin(&fake.router, &order, 42, fake_request(), 0);
    fake_error(&fake, &order, 0, QUOTE_AUTH_FAILED, 400, MS(1));
    fake_error(&fake, &order, 1, QUOTE_HTTP_ERROR, 401, MS(2));
    fake_error(&fake, &order, 2, QUOTE_NETWORK_ERROR, 0, MS(3));
    text_clear(&fake.log);
    router_on_wake(&fake.router, &order, MS(10000));
    check_log(
        &fake.log, "failure",
        "10.000 provider_quote_error 'providerId':'INSTACART','latencyMs':10000.000,"
        "'error':'Provider INSTACART timed out after 10000ms','errorCode':'TIMEOUT',"
        "'retryable':true\n"
        "10.000 router_failure 'error':'No providers returned valid quotes',"
        "'errorCode':'NO_PROVIDERS_AVAILABLE','attemptedProviders':['KROGER_API',"
        "'WALMART_API','MEALME','INSTACART'],'errors':[{'providerId':'KROGER_API',"
        "'error':'Token request failed: HTTP 400','errorCode':'AUTH_FAILED'},"
        "{'providerId':'WALMART_API','error':'Unauthorized','errorCode':'HTTP_401'},"
        "{'providerId':'MEALME','error':'Network error','errorCode':'NETWORK_ERROR'},"
        "{'providerId':'INSTACART','error':'Provider INSTACART timed out after 10000ms',"
        "'errorCode':'TIMEOUT'}]\n"
        "10.000 router_latency 'totalLatencyMs':10000.000,"
        "'providerLatencies':{'KROGER_API':1.000,'WALMART_API':2.000,'MEALME':3.000,"
        "'INSTACART':10000.000},'slowestProvider':'INSTACART','fastestProvider':'KROGER_API'\n");
    fake_deinit(&fake);
}

static void refused_orders_name_nobody(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_init(&fake, PROFILE_AS_CODED);
    struct router_order order;
    const struct order_request empty = {.user_id = "u", .postal_code = "1"};
    router_begin(&fake.router, &order, 42, &empty, 0);
    check_log(&fake.log, "invalid",
              "00.000 router_failure 'error':'the cart has no items',"
              "'errorCode':'INVALID_REQUEST','attemptedProviders':[],'errors':[]\n");
    fake_set(&fake, "LOOPGPT_ENABLE_MEALME", "0");
    fake_set(&fake, "LOOPGPT_ENABLE_INSTACART", "0");
    fake_deploy(&fake, PROFILE_AS_CODED);
    router_begin(&fake.router, &order, 42, fake_request(), 0);
    check_log(&fake.log, "nobody enabled",
              "00.000 router_failure 'error':'No providers are enabled',"
              "'errorCode':'NO_PROVIDERS','attemptedProviders':[],'errors':[]\n");
    fake_deinit(&fake);
}

/* A routed order with two quotes, at instant 0; the log is empty. */
static void route(struct fake_port *fake, struct router_order *order)
{
    fake_set(fake, "LOOPGPT_ENABLE_INSTACART", "false");
    fake_set(fake, "LOOPGPT_ENABLE_WALMART", "false");
    fake_init(fake, PROFILE_AS_DOCUMENTED);
    router_begin(&fake->router, order, 42, fake_request(), 0);
    fake_quote(fake, order, 0, 4000, 90, 0);
    fake_quote(fake, order, 1, 4000, 90, 0);
    text_clear(&fake->log);
}

static void of_equally_slow_ones_the_first_candidate_is_named(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    fake_set(&fake, "LOOPGPT_ENABLE_INSTACART", "false");
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    struct router_order order;
    router_begin(&fake.router, &order, 42, fake_request(), 0);
    fake_quote(&fake, &order, 2, 4000, 60, MS(1));
    text_clear(&fake.log);
    router_on_wake(&fake.router, &order, MS(10000)); /* Kroger and Walmart */
    assert_non_null(strstr(fake.log.bytes, "\"slowestProvider\":\"KROGER_API\""));
    assert_non_null(strstr(fake.log.bytes, "\"fastestProvider\":\"MEALME\""));
    fake_deinit(&fake);
}

static void confirming_reads_so(void **state)
{
    (void)state;
    struct fake_port fake = {0};
    struct router_order order;
    route(&fake, &order);
    assert_true(router_confirm(&fake.router, &order, MS(100)));
    router_on_confirmed(&fake.router, &order, CONFIRM_UPSTREAM_5XX, MS(350));
    router_on_confirmed(&fake.router, &order, CONFIRM_OK, MS(600));
    check_log(&fake.log, "failover that works",
              "00.350 commerce.failover_attempt 'fromProviderId':'KROGER_API',"
              "'toProviderId':'MEALME','reason':'UPSTREAM_5XX'\n"
              "00.600 commerce.failover_success 'fromProviderId':'KROGER_API',"
              "'toProviderId':'MEALME','reason':'UPSTREAM_5XX'\n"
              "00.600 commerce.confirm_order.success 'providerId':'MEALME','latencyMs':500.000,"
              "'attempts':2,'totalCents':4000\n");

    route(&fake, &order);
    assert_true(router_confirm(&fake.router, &order, MS(100)));
    router_on_confirmed(&fake.router, &order, CONFIRM_TIMEOUT, MS(350));
    router_on_confirmed(&fake.router, &order, CONFIRM_PAYMENT_DECLINED, MS(600));
    check_log(&fake.log, "failover that does not",
              "00.350 commerce.failover_attempt 'fromProviderId':'KROGER_API',"
              "'toProviderId':'MEALME','reason':'TIMEOUT'\n"
              "00.600 commerce.failover_failure 'fromProviderId':'KROGER_API',"
              "'toProviderId':'MEALME','reason':'TIMEOUT','errorCode':'PAYMENT_DECLINED',"
              "'retryable':false\n"
              "00.600 commerce.confirm_order.failure 'providerId':'MEALME','latencyMs':500.000,"
              "'attempts':2,'errorCode':'PAYMENT_DECLINED','retryable':false\n");
    fake_deinit(&fake);
}

static void outcomes_read_so(void **state)
{
    (void)state;
    static const char *const issues[] = {"late_delivery", "a \"quoted\" one"};
    struct outcome_note note = {.order_index = 42,
                                .provider = PROVIDER_KROGER_API,
                                .outcome = "success",
                                .delivered_minutes = 95,
                                .items_delivered = 2,
                                .rating = 4,
                                .issues = issues,
                                .issue_count = 2,
                                .value_cents = 4539,
                                .commission_cents = 136};
    struct text log = {0};
    event_write_outcome(&log, &note, MS(1), FAKE_EPOCH_US);
    check_log(&log, "success",
              "00.001 commerce.record_outcome 'providerId':'KROGER_API','outcome':'success',"
              "'deliveredMinutes':95,'itemsDelivered':2,'rating':4,'valueCents':4539,"
              "'commissionCents':136,'issues':['late_delivery','a \\\"quoted\\\" one']\n");
    note = (struct outcome_note){
        .order_index = 42, .provider = PROVIDER_MEALME, .outcome = "cancelled"};
    event_write_outcome(&log, &note, MS(1), FAKE_EPOCH_US);
    check_log(&log, "cancelled",
              "00.001 commerce.record_outcome 'providerId':'MEALME','outcome':'cancelled',"
              "'deliveredMinutes':null,'itemsDelivered':0,'rating':null,'valueCents':0,"
              "'commissionCents':0,'issues':[]\n");
    text_release(&log);
}

/* ---- the pieces ---- */

static void every_error_has_its_words(void **state)
{
    (void)state;
    static const struct {
        enum quote_outcome outcome;
        uint16_t status;
        const char *text;
    } rows[] = {{QUOTE_TIMEOUT, 0, "Provider KROGER_API timed out after 10000ms"},
                {QUOTE_AUTH_FAILED, 400, "Token request failed: HTTP 400"},
                {QUOTE_AUTH_FAILED, 401, "Unauthorized"},
                {QUOTE_AUTH_FAILED, 0, "Token request failed"},
                {QUOTE_MISSING_CREDENTIALS, 0, "Missing credentials"},
                {QUOTE_HTTP_ERROR, 401, "Unauthorized"},
                {QUOTE_HTTP_ERROR, 403, "Unauthorized"},
                {QUOTE_HTTP_ERROR, 404, "HTTP 404"},
                {QUOTE_HTTP_ERROR, 500, "HTTP 500"},
                {QUOTE_RATE_LIMITED, 429, "Too many requests"},
                {QUOTE_UNAVAILABLE, 503, "Provider KROGER_API is unavailable"},
                {QUOTE_NO_STORES, 200, "No stores near the address"},
                {QUOTE_NETWORK_ERROR, 0, "Network error"},
                {QUOTE_INVALID_RESPONSE, 200, "Invalid response"},
                {QUOTE_OK, 200, "Too few items found"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct router_order order = {.start_us = 5,
                                           .candidate_count = 1,
                                           .slots = {{.provider = PROVIDER_KROGER_API,
                                                      .real_outcome = (uint8_t)rows[i].outcome,
                                                      .deadline_us = 5 + MS(10000),
                                                      .result = {.http_status = rows[i].status}}}};
        char text[EVENT_ERROR_MAX];
        CHECK_ROW_TEXT(rows[i].text, event_error_text(&order, 0, text), rows[i].text);
    }
}

/* ---- what comes after its timeout ---- */

static void init_late(struct fake_port *fake, bool told)
{
    *fake = (struct fake_port){0};
    fake_set(fake, "LOOPGPT_KROGER_TIMEOUT", "2000");
    fake_set(fake, "LOOPGPT_WALMART_TIMEOUT", "3000");
    fake_init(fake, PROFILE_AS_DOCUMENTED);
    fake->router.policy.log_late_quotes = told;
    history_seed(&fake->router.history, PROVIDER_KROGER_API, 1000, 96.5, 3.0);
}

/* Kroger and Walmart are late, MealMe answers, Instacart never does. */
static void come_late(struct fake_port *fake, struct router_order *order)
{
    router_begin(&fake->router, order, 42, fake_request(), 0);
    fake_quote(fake, order, 2, 2100, 35, MS(700));
    router_on_wake(&fake->router, order, MS(2000));
    fake_quote(fake, order, 0, 4539, 0, 2812345);
    fake_error(fake, order, 1, QUOTE_HTTP_ERROR, 503, MS(3000)); /* at its deadline */
    router_on_wake(&fake->router, order, MS(10000));
    fake_quote(fake, order, 2, 2100, 35, MS(10001));         /* repeated: it was in time */
    fake_error(fake, order, 3, QUOTE_TIMEOUT, 0, MS(59000)); /* its life was over */
}

static void check_line(struct fake_port *fake, const char *event, const char *lines)
{
    struct text found = {0};
    text_reserve(&found, 0);
    for (const char *line = fake->log.bytes; *line != '\0'; line = strchr(line, '\n') + 1) {
        char copy[2048];
        (void)snprintf(copy, sizeof copy, "%.*s", (int)(strchr(line, '\n') + 1 - line), line);
        if (strstr(copy, event) != NULL) text_put(&found, copy);
    }
    check_log(&found, event, lines);
    text_release(&found);
}

static void late_answers_read_so(void **state)
{
    (void)state;
    struct fake_port fake;
    struct router_order order;
    init_late(&fake, true);
    come_late(&fake, &order);
    assert_null(order.late);
    assert_int_equal(order.quote_count, 1);
    check_line(&fake, "provider_quote_late",
               "02.812 provider_quote_late 'providerId':'KROGER_API','latencyMs':2812.345,"
               "'lateByMs':812.345,'totalCents':4539,'subtotalCents':4539,"
               "'estimatedDeliveryMinutes':null,'itemsFound':2,'itemsSubstituted':0,"
               "'itemsRequested':2\n"
               "03.000 provider_quote_late 'providerId':'WALMART_API','latencyMs':3000.000,"
               "'lateByMs':0.000,'error':'HTTP 503','errorCode':'HTTP_503'\n"
               "59.000 provider_quote_late 'providerId':'INSTACART','latencyMs':59000.000,"
               "'lateByMs':49000.000,'error':'Provider INSTACART timed out after 59000ms',"
               "'errorCode':'TIMEOUT'\n");
    /* At its deadline: the timeout stands before what came. */
    const char *timeout = strstr(fake.log.bytes, "WALMART_API timed out");
    assert_non_null(timeout);
    assert_non_null(strstr(timeout, "\"lateByMs\":0.000"));
    const char *decision = strstr(fake.log.bytes, ",\"preference\":");
    assert_non_null(decision);
    const size_t length = (size_t)(strchr(decision, '\n') - decision);
    struct text tail = {0}, expected = {0};
    text_append(&tail, decision, length);
    for (const char *c =
             ",'preference':'balanced','history':{'MEALME':{'successRate':null,"
             "'avgMarginRate':null}},'candidates':{'KROGER_API':{'priority':60,'timeoutMs':"
             "2000.000,'successRate':96.5,'avgMarginRate':3},'WALMART_API':{'priority':60,"
             "'timeoutMs':3000.000,'successRate':null,'avgMarginRate':null},'MEALME':{"
             "'priority':50,'timeoutMs':10000.000,'successRate':null,'avgMarginRate':null},"
             "'INSTACART':{'priority':40,'timeoutMs':10000.000,'successRate':null,"
             "'avgMarginRate':null}}}";
         *c != '\0'; c++)
        text_char(&expected, *c == '\'' ? '"' : *c);
    assert_string_equal(tail.bytes, expected.bytes);
    text_release(&tail);
    text_release(&expected);
    fake_deinit(&fake);
}

static void a_failed_order_tells_what_its_late_answers_need(void **state)
{
    (void)state;
    struct fake_port fake;
    struct router_order order;
    init_late(&fake, true);
    router_begin(&fake.router, &order, 42, fake_request(), 0);
    router_on_wake(&fake.router, &order, MS(10000));
    assert_int_equal(order.code, ORDER_NO_QUOTES);
    assert_non_null(strstr(fake.log.bytes,
                           "}],\"preference\":\"balanced\",\"candidates\":{\"KROGER_API\":{"
                           "\"priority\":60,\"timeoutMs\":2000.000,\"successRate\":96.5,"));
    text_clear(&fake.log);
    const struct order_request nothing = {.postal_code = "45202"}; /* refused: nobody was asked */
    router_begin(&fake.router, &order, 43, &nothing, MS(20000));
    assert_int_equal(order.code, ORDER_INVALID_REQUEST);
    assert_null(strstr(fake.log.bytes, "candidates"));
    fake_deinit(&fake);
}

static void production_drops_late_answers_unheard(void **state)
{
    (void)state;
    struct fake_port told, untold;
    struct router_order order;
    init_late(&untold, false);
    come_late(&untold, &order);
    assert_null(strstr(untold.log.bytes, "quote_late"));
    assert_null(strstr(untold.log.bytes, "candidates"));
    init_late(&told, true); /* and what the router asks of its world is the same */
    come_late(&told, &order);
    assert_string_equal(told.trace.bytes, untold.trace.bytes);
    fake_deinit(&told);
    fake_deinit(&untold);
}

static void dates_agree_with_the_c_library(void **state)
{
    (void)state;
    static const int64_t edges_s[] = {0,          951782399,  951782400,  951868799,
                                      951868800,  1709164799, 1709164800, 4107542399,
                                      4107542400, 1735689599, 1735689600, 253402300799};
    enum { EDGES = sizeof edges_s / sizeof edges_s[0] };
    struct text log = {0};
    for (uint64_t i = 0; i < 20000; i++) {
        int64_t unix_us = (int64_t)(test_bits(3, i) % (UINT64_C(253402300800) * 1000000));
        if (i < EDGES) unix_us = edges_s[i] * 1000000 + 999999;
        const time_t unix_s = (time_t)(unix_us / 1000000);
        struct tm tm;
        assert_non_null(gmtime_r(&unix_s, &tm));
        char date[64], expected[128];
        assert_true(strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm) > 0);
        (void)snprintf(expected, sizeof expected, "{\"timestamp\":\"%s.%03dZ\"", date,
                       (int)(unix_us / 1000 % 1000));
        const struct outcome_note note = {.outcome = "success"};
        const int64_t epoch_us = unix_us / 3; /* the run's start and its instant are added up */
        event_write_outcome(&log, &note, unix_us - epoch_us, epoch_us);
        if (strncmp(log.bytes, expected, strlen(expected)) != 0) {
            fail_msg("%.40s should be %s", log.bytes, expected);
        }
        text_clear(&log);
    }
    text_release(&log);
}

static void request_ids_grow_past_twelve_digits(void **state)
{
    (void)state;
    static const struct {
        uint64_t index;
        const char *id;
    } rows[] = {{0, "\"req-000000000000\""},
                {999999999999, "\"req-999999999999\""},
                {1000000000000, "\"req-1000000000000\""},
                {INT64_MAX, "\"req-9223372036854775807\""}};
    struct text log = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct outcome_note note = {.order_index = rows[i].index, .outcome = "failed"};
        event_write_outcome(&log, &note, 0, 0);
        CHECK_ROW(rows[i].id, strstr(log.bytes, rows[i].id) != NULL);
        text_clear(&log);
    }
    text_release(&log);
}

static void a_line_that_finds_no_memory_leaves_none_of_itself(void **state)
{
    (void)state;
    static const char *issues[500];
    for (size_t i = 0; i < 500; i++)
        issues[i] = "late_delivery";
    const struct outcome_note note = {.outcome = "success", .issues = issues, .issue_count = 500};
    const struct outcome_note first = {.outcome = "failed"};
    for (uint32_t countdown = 1;; countdown++) {
        struct text log = {0};
        event_write_outcome(&log, &first, 0, 0);
        const size_t length = log.length;
        memory_fail_after(countdown);
        event_write_outcome(&log, &note, 0, 0);
        memory_fail_after(0);
        const bool failed = log.failed;
        assert_true(failed ? log.length == length : log.bytes[log.length - 1] == '\n');
        assert_int_equal(strlen(log.bytes), log.length);
        text_release(&log);
        if (!failed) return;
    }
}

/* ---- a log decides again ---- */

enum { REPLAYED_ORDERS = 3000 };

static double number_of(const cJSON *object, const char *key)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(node) ? node->valuedouble : -1.0;
}

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

struct replay {
    struct score_input inputs[PROVIDER_COUNT];
    uint32_t count;
    unsigned items, decisions, failures;
    struct score_weights weights;
};

static void take_quote(struct replay *replay, const cJSON *event)
{
    struct score_input *input = &replay->inputs[replay->count++];
    const double eta = number_of(event, "estimatedDeliveryMinutes");
    *input = (struct score_input){.priority = (int32_t)number_of(event, "priority"),
                                  .total_cents = (int64_t)number_of(event, "totalCents"),
                                  .eta_minutes = eta < 0 ? 0 : (int32_t)eta,
                                  .found = (int32_t)number_of(event, "itemsFound"),
                                  .substituted = (int32_t)number_of(event, "itemsSubstituted")};
    assert_true(provider_by_id(text_of(event, "providerId"), &input->provider));
}

static void check_decision(struct replay *replay, const cJSON *event)
{
    const cJSON *history = cJSON_GetObjectItemCaseSensitive(event, "history");
    for (uint32_t i = 0; i < replay->count; i++) {
        struct score_input *input = &replay->inputs[i];
        const cJSON *known =
            cJSON_GetObjectItemCaseSensitive(history, provider_traits[input->provider].id);
        assert_non_null(known);
        input->success_rate = number_of(known, "successRate");
        input->margin_rate = number_of(known, "avgMarginRate");
        input->has_success_rate = input->success_rate >= 0.0;
        input->has_margin_rate = input->margin_rate >= 0.0;
    }
    /* The order of lines is that of arrival; ties go by priority, then by registry. */
    for (uint32_t i = 1; i < replay->count; i++) {
        for (uint32_t j = i; j > 0; j--) {
            struct score_input *a = &replay->inputs[j - 1], *b = &replay->inputs[j];
            if (a->priority > b->priority) break;
            if (a->priority == b->priority && a->provider < b->provider) break;
            const struct score_input swapped = *a;
            *a = *b;
            *b = swapped;
        }
    }
    unsigned preference = 0;
    while (strcmp(preference_names[preference], text_of(event, "preference")) != 0)
        preference++;
    const struct score_weights weights =
        score_weights_for(&replay->weights, (enum preference)preference);
    struct score_parts parts[PROVIDER_COUNT];
    uint8_t ranked[PROVIDER_COUNT];
    score_quotes(&weights, (int32_t)replay->items, true, replay->inputs, replay->count, parts);
    score_rank(parts, replay->count, ranked);
    assert_true(parts[ranked[0]].score == number_of(event, "score"));
    assert_string_equal(provider_traits[replay->inputs[ranked[0]].provider].id,
                        text_of(event, "selectedProviderId"));
    assert_int_equal(replay->count, (uint32_t)number_of(event, "totalQuotes"));
    replay->decisions++;
}

static void replay_line(struct replay *replay, const char *line, size_t length)
{
    struct json json = {0};
    struct err_list list = {0};
    assert_true(json_read(&json, "log", line, length, &list));
    const char *event = text_of(json.root, "event");
    if (strcmp(event, "provider_quote_start") == 0) {
        replay->items = (unsigned)number_of(json.root, "itemCount");
    } else if (strcmp(event, "provider_quote_success") == 0 ||
               strcmp(event, "provider_fallback") == 0) {
        take_quote(replay, json.root);
    } else if (strcmp(event, "router_decision") == 0) {
        check_decision(replay, json.root);
    } else if (strcmp(event, "router_failure") == 0) {
        assert_int_equal(replay->count, 0);
        replay->failures++;
    }
    json_release(&json);
}

/* One order whose slots answer, fail or time out, in an order of their own. */
static void run_random_order(struct fake_port *fake, uint64_t index, const struct order_item *items)
{
    const uint64_t key = test_bits(4, index);
    const struct order_request request = {.items = items,
                                          .item_count = 1 + random_below(random_draw(key, 1), 20),
                                          .preference = (enum preference)(key % PREFERENCE_COUNT),
                                          .postal_code = "45202"};
    struct router_order order;
    router_begin(&fake->router, &order, index, &request, (int64_t)index * 1000000);
    const unsigned first = random_below(random_draw(key, 2), PROVIDER_COUNT);
    for (unsigned i = 0; i < order.candidate_count; i++) {
        const unsigned slot = (first + i) % order.candidate_count;
        const uint64_t draw = random_draw(key, 10 + slot);
        const int64_t at_us = order.start_us + 1000 * (i + 1);
        struct quote_result result = {.outcome = QUOTE_OK};
        result.quote = (struct quote){.total_cents = 1000 + random_below(draw, 4) * 777,
                                      .eta_minutes = (int32_t)(draw % 5) * 15,
                                      .requested = (uint16_t)request.item_count};
        result.quote.found = (uint16_t)random_below(random_mix(draw), request.item_count + 1);
        result.quote.substituted = (uint16_t)(request.item_count - result.quote.found) / 2;
        if (draw % 7 == 0) result.outcome = QUOTE_NETWORK_ERROR;
        if (draw % 7 != 1) router_on_quote(&fake->router, &order, slot, &result, at_us);
    }
    if (!order.decided) router_on_wake(&fake->router, &order, order.start_us + MS(10000));
    assert_true(order.decided);
    const struct outcome_batch batch = {
        .counts =
            {[ORDER_SUCCESS] = (int64_t)(key >> 40 & 3), [ORDER_FAILED] = (int64_t)(key >> 44 & 1)},
        .value_cents = 5000,
        .commission_cents = (int64_t)(100 + key % 51)};
    history_record(&fake->router.history, (enum provider)(key >> 50 & 3), &batch);
}

static void a_log_decides_every_order_again(void **state)
{
    (void)state;
    struct order_item items[20];
    for (size_t i = 0; i < 20; i++)
        items[i] = (struct order_item){.name = "rice", .quantity = 1};
    struct fake_port fake = {0};
    fake_set(&fake, "LOOPGPT_WALMART_ALLOW_MOCK_FALLBACK", "true");
    fake_set(&fake, "LOOPGPT_SCORE_PRIORITY_WEIGHT", "0.1");
    fake_set(&fake, "LOOPGPT_SCORE_PRICE_WEIGHT", "0.37");
    fake_init(&fake, PROFILE_AS_DOCUMENTED);
    struct replay replay = {.weights = fake.config.weights};
    for (uint64_t i = 0; i < REPLAYED_ORDERS; i++) {
        run_random_order(&fake, i, items);
        replay.count = 0;
        for (const char *line = fake.log.bytes; *line != '\0'; line = strchr(line, '\n') + 1)
            replay_line(&replay, line, (size_t)(strchr(line, '\n') - line));
        text_clear(&fake.log);
    }
    assert_int_equal(replay.decisions + replay.failures, REPLAYED_ORDERS);
    assert_true(replay.decisions > REPLAYED_ORDERS / 2);
    fake_deinit(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_routed_order_reads_so),
        cmocka_unit_test(a_failed_order_reads_so),
        cmocka_unit_test(refused_orders_name_nobody),
        cmocka_unit_test(of_equally_slow_ones_the_first_candidate_is_named),
        cmocka_unit_test(confirming_reads_so),
        cmocka_unit_test(outcomes_read_so),
        cmocka_unit_test(every_error_has_its_words),
        cmocka_unit_test(late_answers_read_so),
        cmocka_unit_test(a_failed_order_tells_what_its_late_answers_need),
        cmocka_unit_test(production_drops_late_answers_unheard),
        cmocka_unit_test(dates_agree_with_the_c_library),
        cmocka_unit_test(request_ids_grow_past_twelve_digits),
        cmocka_unit_test(a_line_that_finds_no_memory_leaves_none_of_itself),
        cmocka_unit_test(a_log_decides_every_order_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
