/* An event log that tells of late answers (policy.log_late_quotes) is as good as the quote record:
 * what a run writes into both is decided again alike, under any timeouts, and calibrated alike. And
 * what such a log lacks or gets wrong is counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/base/memory.h"
#include "sim/analysis/calibrate.h"
#include "sim/world/run.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/sim/analysis/waiting_fixture.h"
#include "tests/sim/world/wire_fixture.h"

enum { PATH_BYTES = 64 };

/* Preferences, histories that are learned, canned quotes that stand in, orders that nobody's quote
 * reached in time, and a timeout of its own for each provider. */
static const char scenario_text[] =
    "\"duration\":\"20m\",\"workload\":{\"arrivals\":{\"rate\":\"1/s\"}},"
    "\"router\":{\"policy\":{\"log_late_quotes\":%s},\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\","
    "\"LOOPGPT_ENABLE_WALMART\":\"true\",\"LOOPGPT_MEALME_TIMEOUT\":\"1200\","
    "\"LOOPGPT_INSTACART_TIMEOUT\":\"1300\",\"LOOPGPT_KROGER_TIMEOUT\":\"1500\","
    "\"LOOPGPT_WALMART_TIMEOUT\":\"1400\"%s}},\"faults\":["
    "{\"id\":\"slow\",\"provider\":\"KROGER_API\",\"kind\":\"latency\",\"multiply\":3,"
    "\"fraction\":0.2,\"at\":\"1m\",\"for\":\"15m\"},"
    "{\"id\":\"everybody\",\"provider\":\"all\",\"kind\":\"latency\",\"add\":\"2s\",\"at\":\"5m\","
    "\"for\":\"1m\"},"
    "{\"id\":\"hang\",\"provider\":\"MEALME\",\"kind\":\"hang\",\"fraction\":0.05,"
    "\"at\":\"3m\",\"for\":\"10m\"},"
    "{\"id\":\"later\",\"provider\":\"WALMART_API\",\"kind\":\"latency\",\"add\":\"4s\","
    "\"fraction\":0.1,\"at\":\"0s\",\"for\":\"20m\"},"
    "{\"id\":\"broken\",\"provider\":\"INSTACART\",\"kind\":\"error\",\"status\":503,"
    "\"fraction\":0.1,\"at\":\"0s\",\"for\":\"20m\"}],"
    "\"checks\":[{\"metric\":\"router.orders\",\"op\":\">=\",\"limit\":0}]";

static const char fall_back[] = ",\"LOOPGPT_KROGER_ALLOW_MOCK_FALLBACK\":\"true\"";

struct both { /* of one run */
    struct decision_set record;
    struct text log;
};

static bool take_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    return decisions_add(&((struct both *)context)->record, router, order, err);
}

static bool take_late(void *context, const struct router_order *order, unsigned slot,
                      const struct quote_result *result, int64_t now_us, struct err *err)
{
    return decisions_add_late(&((struct both *)context)->record, order, slot, result, now_us, err);
}

static bool take_events(void *context, const char *bytes, size_t length, struct err *err)
{
    (void)err;
    text_append(&((struct both *)context)->log, bytes, length);
    return true;
}

static void run_both(struct both *both, bool told, bool fallback)
{
    char json[2048];
    struct result result;
    struct err err = {0};
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    assert_non_null(scenario);
    *both = (struct both){.record = {.weights_known = true}};
    (void)snprintf(json, sizeof json, scenario_text, told ? "true" : "false",
                   fallback ? fall_back : "");
    fixture_read(scenario, json);
    const struct world_outputs outputs = {.context = both,
                                          .write_order = take_order,
                                          .write_late = take_late,
                                          .write_events = take_events};
    const struct run_request request = {.scenario = scenario, .jobs = 1, .outputs = &outputs};
    if (!run_scenario(&request, &result, &err)) fail_msg("%s", err.message);
    both->record.header.start_unix_us = scenario->start_unix_us;
    result_release(&result);
    scenario_release(scenario);
    free(scenario);
    assert_true(decisions_finish(&both->record, &err));
}

static bool read_text(struct decision_set *set, const char *text)
{
    static struct err_list list;
    char path[PATH_BYTES] = "/tmp/routesim-log-XXXXXX";
    struct quote_record config = decisions_fixture_config();
    const int file = mkstemp(path);
    assert_true(file >= 0);
    FILE *stream = fdopen(file, "wb");
    assert_non_null(stream);
    (void)fputs(text, stream);
    (void)fclose(stream);
    list = (struct err_list){0};
    const bool ok = decisions_read_log(set, path, &config, &list);
    (void)unlink(path);
    return ok;
}

/* Orders of `a` that are decided or waited for otherwise in `b` under the same view. */
static uint32_t differing(const struct decision_set *a, const struct decision_set *b,
                          const struct decision_view *view)
{
    uint32_t count = 0;
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        struct decision_inputs x, y;
        struct score_parts parts[2][PROVIDER_COUNT];
        const struct score_weights weights = decision_weights(a, i);
        const struct quote_record *of_a = &a->orders[i], *of_b = &b->orders[i];
        decision_inputs_of(a, i, view, &x);
        decision_inputs_of(b, i, view, &y);
        bool same = of_a->as.order.index == of_b->as.order.index && x.count == y.count &&
                    decision_wait(a, i, view) == decision_wait(b, i, view);
        if (same && x.count > 0) {
            const uint32_t of_x =
                decision_select(&x, &weights, (enum preference)of_a->as.order.preference, parts[0]);
            const uint32_t of_y =
                decision_select(&y, &weights, (enum preference)of_b->as.order.preference, parts[1]);
            same = x.slots[of_x] == y.slots[of_y] && parts[0][of_x].score == parts[1][of_y].score;
        }
        count += !same;
    }
    return count;
}

static void check_alike(bool fallback)
{
    struct both both;
    struct decision_set read;
    run_both(&both, true, fallback);
    assert_true(read_text(&read, both.log.bytes));
    assert_true(both.record.late_count > 300);
    assert_int_equal(read.late_count, both.record.late_count);
    assert_int_equal(read.coverage.late_seen, read.late_count);
    assert_int_equal(read.late_unplaced + read.coverage.late_damaged, 0);
    assert_true(fallback || read.coverage.without_quotes > 10);
    for (uint32_t i = 0; i < read.late_count; i++) {
        const struct decision_late *a = &both.record.late[i], *b = &read.late[i];
        assert_int_equal(a->order, b->order);
        assert_int_equal(a->slot, b->slot);
        assert_int_equal(a->quote.outcome, b->quote.outcome);
        assert_int_equal(a->quote.latency_us, b->quote.latency_us);
        assert_int_equal(a->quote.timeout_us, b->quote.timeout_us);
        assert_int_equal(a->quote.subtotal_cents, b->quote.subtotal_cents);
        assert_int_equal(a->quote.priority, b->quote.priority);
        assert_int_equal(a->quote.flags & ~(unsigned)QUOTE_FLAG_ESTIMATED, b->quote.flags);
    }
    assert_int_equal(differing(&both.record, &read, NULL), 0);
    for (uint32_t v = 0; v < 40; v++) {
        const struct decision_view view = waiting_fixture_view(3, v);
        assert_int_equal(differing(&both.record, &read, &view), 0);
    }
    decisions_release(&read);
    decisions_release(&both.record);
    text_release(&both.log);
}

static void a_log_with_late_answers_is_decided_again_as_the_record_is(void **state)
{
    (void)state;
    check_alike(false);
}

static void so_it_is_where_canned_quotes_stand_in(void **state)
{
    (void)state;
    check_alike(true);
}

/* The log of the same run with the policy off, and the one with it on less what it adds. */
static void the_policy_adds_to_a_log_and_changes_nothing(void **state)
{
    (void)state;
    struct both told, untold;
    struct text rest = {0};
    run_both(&told, true, false);
    run_both(&untold, false, false);
    for (const char *line = told.log.bytes; *line != '\0';) {
        const char *end = strchr(line, '\n');
        char copy[2048];
        assert_true((size_t)(end - line) < sizeof copy);
        memcpy(copy, line, (size_t)(end - line));
        copy[end - line] = '\0';
        line = end + 1;
        if (strstr(copy, "\"provider_quote_late\"") != NULL) continue;
        const bool failed = strstr(copy, "\"router_failure\"") != NULL;
        char *added = strstr(copy, failed ? ",\"preference\":" : ",\"candidates\":");
        if (added != NULL) (void)strcpy(added, "}");
        text_format(&rest, "%s\n", copy);
    }
    assert_int_equal(rest.length, untold.log.length);
    assert_memory_equal(rest.bytes, untold.log.bytes, rest.length);
    assert_int_equal(differing(&told.record, &untold.record, NULL), 0);
    text_release(&rest);
    text_release(&told.log);
    text_release(&untold.log);
    decisions_release(&told.record);
    decisions_release(&untold.record);
}

static void calibrate_set(struct calibration *calibration, struct decision_set *set)
{
    struct latency_set none = {0};
    struct err err;
    struct calibrate_request request = {.name = "test",
                                        .source_path = "test",
                                        .source = CALIBRATE_RUN,
                                        .seed = 1,
                                        .rule = TIMEOUT_TARGET,
                                        .setup = timeout_setup_default(),
                                        .prices = {1.0, 20.0, 150.0},
                                        .split = 0.5};
    if (!calibrate_run(calibration, &request, &none, set, &err)) fail_msg("%s", err.message);
}

static void a_log_with_late_answers_is_calibrated_as_the_record_is(void **state)
{
    (void)state;
    struct both both;
    struct decision_set read;
    struct calibration of_record, of_log;
    run_both(&both, true, false);
    assert_true(read_text(&read, both.log.bytes));
    calibrate_set(&of_record, &both.record);
    calibrate_set(&of_log, &read);
    unsigned beyond = 0;
    assert_int_equal(of_record.latencies.count, PROVIDER_COUNT);
    assert_int_equal(of_log.latencies.count, PROVIDER_COUNT);
    for (uint32_t p = 0; p < PROVIDER_COUNT; p++) {
        const struct calibrate_provider *a = &of_record.providers[p], *b = &of_log.providers[p];
        assert_int_equal(a->series->timeout_us, b->series->timeout_us);
        assert_int_equal(a->answered, b->answered);
        assert_int_equal(a->failed, b->failed);
        assert_int_equal(a->censored, b->censored);
        assert_int_equal(a->recommended, b->recommended);
        assert_int_equal(a->recommended_us, b->recommended_us);
        assert_true(a->at_timeout == b->at_timeout);
        beyond += a->recommended && a->recommended_us > a->series->timeout_us;
    }
    assert_true(beyond > 0); /* which is what it is for */
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        assert_memory_equal(&of_record.arms[r].view, &of_log.arms[r].view,
                            sizeof of_log.arms[r].view);
        assert_int_equal(of_record.arms[r].outcome.changed, of_log.arms[r].outcome.changed);
    }
    calibration_release(&of_record);
    calibration_release(&of_log);
    text_release(&both.log);
}

/* ---- one late answer that is strange ---- */

#define AT(id) "{\"timestamp\":\"2025-11-23T00:00:01.000Z\",\"requestId\":\"" id "\",\"event\":"
#define ASKED(id, ms)                                                                              \
    AT(id)                                                                                         \
    "\"provider_quote_error\",\"providerId\":\"KROGER_API\",\"latencyMs\":" ms                     \
    ",\"errorCode\":\"TIMEOUT\"}\n"
#define QUOTE(id, provider)                                                                        \
    AT(id)                                                                                         \
    "\"provider_quote_success\",\"providerId\":\"" provider                                        \
    "\",\"latencyMs\":812.5,\"totalCents\":2100,\"estimatedDeliveryMinutes\":35,\"itemsFound\":5," \
    "\"itemsRequested\":5,\"itemsSubstituted\":0,\"priority\":50}\n"
#define MEALME                                                                                     \
    "\"MEALME\":{\"priority\":50,\"timeoutMs\":1000,\"successRate\":95,\"avgMarginRate\":3}"
#define KROGER                                                                                     \
    "\"KROGER_API\":{\"priority\":60,\"timeoutMs\":1000,\"successRate\":null,\"avgMarginRate\":3}"
#define DECISION(id, candidates)                                                                   \
    AT(id)                                                                                         \
    "\"router_decision\",\"selectedProviderId\":\"MEALME\",\"totalQuotes\":1,\"preference\":"      \
    "\"balanced\",\"history\":{\"MEALME\":{\"successRate\":95,\"avgMarginRate\":3}},"              \
    "\"candidates\":{" candidates "}}\n"
#define LATE_OF(id, provider, latency, by, rest)                                                   \
    AT(id)                                                                                         \
    "\"provider_quote_late\",\"providerId\":\"" provider "\",\"latencyMs\":" latency               \
    ",\"lateByMs\":" by "," rest "}\n"
#define LATE(id, latency, by, rest) LATE_OF(id, "KROGER_API", latency, by, rest)
#define GOOD_AT(cents, found, requested)                                                           \
    "\"totalCents\":" cents ",\"subtotalCents\":1800,\"estimatedDeliveryMinutes\":null,"           \
    "\"itemsFound\":" found ",\"itemsSubstituted\":0,\"itemsRequested\":" requested
#define GOOD  GOOD_AT("2000", "5", "5")
#define ORDER QUOTE("a", "MEALME") ASKED("a", "1000.000") DECISION("a", MEALME "," KROGER)
#define WHOLE QUOTE("b", "MEALME") DECISION("b", MEALME)

static const struct strange {
    const char *label, *text;
    unsigned late, damaged, unplaced, requests, usable;
} strange[] = {
    {"whole", ORDER LATE("a", "1500.25", "500.25", GOOD), 1, 0, 0, 2, 2},
    {"before anything else", LATE("a", "1500.25", "500.25", GOOD) ORDER, 1, 0, 0, 2, 2},
    {"twice", LATE("a", "1500", "500", GOOD) ORDER LATE("a", "1500", "500", GOOD), 1, 0, 0, 2, 2},
    {"two that differ", ORDER LATE("a", "1500", "500", GOOD) LATE("a", "1501", "501", GOOD), 0, 0,
     1, 2, 1},
    {"of another cart", ORDER LATE("a", "1500", "500", GOOD_AT("2000", "4", "4")), 0, 0, 1, 2, 1},
    {"of a request that is not there", LATE("c", "1500", "500", GOOD), 0, 0, 1, 1, 1},
    {"of a provider that was in time", ORDER LATE_OF("a", "MEALME", "1500", "500", GOOD), 0, 0, 1,
     2, 2},
    {"of a provider that was not asked", ORDER LATE_OF("a", "INSTACART", "1500", "500", GOOD), 0, 0,
     1, 2, 2},
    {"of another timeout", ORDER LATE("a", "1500", "400", GOOD), 0, 0, 1, 2, 2},
    {"candidates not told",
     QUOTE("a", "MEALME") ASKED("a", "1000.000") DECISION("a", MEALME)
         LATE("a", "1500", "500", GOOD),
     0, 0, 1, 2, 2},
    {"nobody known", ORDER LATE_OF("a", "NOBODY", "1500", "500", GOOD), 0, 1, 0, 2, 2},
    {"in time", ORDER LATE("a", "900", "-100", GOOD), 0, 1, 0, 2, 2},
    {"later than long", ORDER LATE("a", "400", "500", GOOD), 0, 1, 0, 2, 2},
    {"a price below nothing", ORDER LATE("a", "1500", "500", GOOD_AT("-1", "5", "5")), 0, 1, 0, 2,
     2},
    {"more found than wanted", ORDER LATE("a", "1500", "500", GOOD_AT("2000", "6", "5")), 0, 1, 0,
     2, 2},
    {"neither good nor bad", ORDER LATE("a", "1500", "500", "\"x\":1"), 0, 1, 0, 2, 2},
    {"good and bad", ORDER LATE("a", "1500", "500", GOOD ",\"errorCode\":\"HTTP_503\""), 0, 1, 0, 2,
     2},
    {"bad", ORDER LATE("a", "1500", "500", "\"errorCode\":\"HTTP_503\""), 1, 0, 0, 2, 2},
};

static void a_late_answer_that_nothing_bears_out_is_counted_and_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        const struct strange *row = &strange[i];
        struct decision_set read;
        char text[4096];
        (void)snprintf(text, sizeof text, "%s%s", row->text, WHOLE);
        CHECK_ROW(row->label, read_text(&read, text));
        CHECK_ROW(row->label, read.late_count == row->late);
        CHECK_ROW(row->label, read.coverage.late_damaged == row->damaged);
        CHECK_ROW(row->label, read.late_unplaced == row->unplaced);
        CHECK_ROW(row->label, read.coverage.requests == row->requests);
        CHECK_ROW(row->label, read.coverage.usable == row->usable);
        decisions_release(&read);
    }
}

static void a_log_of_late_answers_alone_is_refused(void **state)
{
    (void)state;
    struct decision_set read;
    assert_false(read_text(&read, LATE("a", "1500", "500", GOOD) LATE("b", "1500", "500", GOOD)));
}

static void a_late_answer_is_scored_as_its_order_would_have_scored_it(void **state)
{
    (void)state;
    struct decision_set read;
    struct decision_inputs inputs;
    struct decision_view view = {0};
    assert_true(read_text(&read, ORDER LATE("a", "1500.25", "500.25", GOOD)));
    view.timeout_us[PROVIDER_KROGER_API] = 1500250; /* comes in that very microsecond: late */
    decision_inputs_of(&read, 0, &view, &inputs);
    assert_int_equal(inputs.count, 1);
    view.timeout_us[PROVIDER_KROGER_API]++;
    decision_inputs_of(&read, 0, &view, &inputs);
    assert_int_equal(inputs.count, 2);
    const struct score_input *kroger = &inputs.inputs[0]; /* by its priority */
    assert_int_equal(kroger->provider, PROVIDER_KROGER_API);
    assert_int_equal(kroger->priority, 60);
    assert_int_equal(kroger->total_cents, 2000);
    assert_false(kroger->has_success_rate);
    assert_true(kroger->has_margin_rate && kroger->margin_rate == 3.0);
    assert_int_equal(read.orders[0].as.order.quotes[0].timeout_us, 1000000);
    decisions_release(&read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_with_late_answers_is_decided_again_as_the_record_is),
        cmocka_unit_test(so_it_is_where_canned_quotes_stand_in),
        cmocka_unit_test(the_policy_adds_to_a_log_and_changes_nothing),
        cmocka_unit_test(a_log_with_late_answers_is_calibrated_as_the_record_is),
        cmocka_unit_test(a_late_answer_that_nothing_bears_out_is_counted_and_passed_over),
        cmocka_unit_test(a_log_of_late_answers_alone_is_refused),
        cmocka_unit_test(a_late_answer_is_scored_as_its_order_would_have_scored_it),
    };
    return cmocka_run_group_tests_name("decisions_log_late", tests, NULL, NULL);
}
