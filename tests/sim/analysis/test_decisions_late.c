/* Quotes that came after their timeout: what a run with short timeouts keeps of them is enough to
 * decide every order as a run with long ones does, and the other way round.
 *
 * Method: the same scenario and seed under two timeouts. Nothing is learned (no order is
 * confirmed), so that a timeout changes nothing but what is waited for; each run decided again
 * under the other's timeouts has to give the other's decisions and waits.
 */
#include "router/base/memory.h"
#include "sim/analysis/decisions.h"
#include "sim/world/run.h"
#include "tests/sim/world/wire_fixture.h"

static const char text[] =
    "\"duration\":\"20m\",\"workload\":{\"arrivals\":{\"rate\":\"1/s\"},"
    "\"confirm\":{\"share\":0}},\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\","
    "\"LOOPGPT_ENABLE_WALMART\":\"true\",\"LOOPGPT_MEALME_TIMEOUT\":\"%d\","
    "\"LOOPGPT_INSTACART_TIMEOUT\":\"%d\",\"LOOPGPT_KROGER_TIMEOUT\":\"%d\","
    "\"LOOPGPT_WALMART_TIMEOUT\":\"%d\"}},\"faults\":["
    "{\"id\":\"slow\",\"provider\":\"KROGER_API\",\"kind\":\"latency\",\"multiply\":3,"
    "\"fraction\":0.2,\"at\":\"1m\",\"for\":\"15m\"},"
    "{\"id\":\"hang\",\"provider\":\"MEALME\",\"kind\":\"hang\",\"fraction\":0.05,"
    "\"at\":\"3m\",\"for\":\"10m\"},"
    "{\"id\":\"later\",\"provider\":\"WALMART_API\",\"kind\":\"latency\",\"add\":\"4s\","
    "\"fraction\":0.1,\"at\":\"0s\",\"for\":\"20m\"},"
    "{\"id\":\"broken\",\"provider\":\"INSTACART\",\"kind\":\"error\",\"status\":503,"
    "\"fraction\":0.1,\"at\":\"0s\",\"for\":\"20m\"}],"
    "\"checks\":[{\"metric\":\"router.orders\",\"op\":\">=\",\"limit\":0}]";

static bool take_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    return decisions_add(context, router, order, err);
}

static bool take_late(void *context, const struct router_order *order, unsigned slot,
                      const struct quote_result *result, int64_t now_us, struct err *err)
{
    return decisions_add_late(context, order, slot, result, now_us, err);
}

static struct decision_set run_with(int timeout_ms)
{
    char json[2048];
    struct decision_set set = {.weights_known = true};
    struct result result;
    struct err err = {0};
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    assert_non_null(scenario);
    (void)snprintf(json, sizeof json, text, timeout_ms, timeout_ms, timeout_ms, timeout_ms);
    fixture_read(scenario, json);
    const struct world_outputs outputs = {
        .context = &set, .write_order = take_order, .write_late = take_late};
    const struct run_request request = {.scenario = scenario, .jobs = 1, .outputs = &outputs};
    if (!run_scenario(&request, &result, &err)) fail_msg("%s", err.message);
    result_release(&result);
    scenario_release(scenario);
    free(scenario);
    assert_true(decisions_finish(&set, &err));
    return set;
}

static struct decision_view view_of(int timeout_ms)
{
    struct decision_view view = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        view.timeout_us[p] = timeout_ms * INT64_C(1000);
    return view;
}

/* How many orders of `other` decided again under `view` differ from what `as_run` did. */
static uint32_t differing(const struct decision_set *other, const struct decision_view *view,
                          const struct decision_set *as_run)
{
    uint32_t count = 0;
    assert_int_equal(other->count, as_run->count);
    for (uint32_t i = 0; i < other->count; i++) {
        struct decision_inputs inputs;
        const struct quote_record *record = &as_run->orders[i];
        const struct score_weights weights = decision_weights(other, i);
        decision_inputs_of(other, i, view, &inputs);
        uint32_t selected = 255;
        if (inputs.count > 0)
            selected = inputs.slots[decision_select(
                &inputs, &weights, (enum preference)record->as.order.preference, NULL)];
        const int64_t waited_us = record->as.order.decided_us - record->as.order.start_us;
        count +=
            selected != record->as.order.selected || decision_wait(other, i, view) != waited_us;
    }
    return count;
}

static void longer_timeouts_are_decided_again_from_late_answers(void **state)
{
    (void)state;
    struct decision_set brief = run_with(1500), patient = run_with(8000);
    const struct decision_view view = view_of(8000), now = view_of(1500);
    assert_true(brief.late_count > 300);
    assert_true(differing(&brief, &now, &patient) > 300); /* they do differ */
    assert_int_equal(differing(&brief, &view, &patient), 0);
    assert_int_equal(differing(&brief, NULL, &brief), 0);
    decisions_release(&brief);
    decisions_release(&patient);
}

static void shorter_timeouts_are_decided_again(void **state)
{
    (void)state;
    struct decision_set brief = run_with(1500), patient = run_with(8000);
    const struct decision_view view = view_of(1500);
    assert_int_equal(differing(&patient, &view, &brief), 0);
    decisions_release(&brief);
    decisions_release(&patient);
}

static void a_call_that_hangs_is_never_in_time(void **state)
{
    (void)state;
    struct decision_set set = run_with(1500);
    uint32_t hanging = 0;
    for (uint32_t i = 0; i < set.late_count; i++) {
        const struct decision_late *late = &set.late[i];
        assert_true(late->quote.latency_us >= late->quote.timeout_us);
        if (late->quote.outcome != QUOTE_TIMEOUT && late->quote.outcome != QUOTE_NETWORK_ERROR)
            continue;
        hanging++;
        assert_true(late->quote.latency_us >= 60 * US_PER_SECOND); /* the life of a call */
    }
    assert_true(hanging > 10);
    decisions_release(&set);
}

/* A damaged file may say twice how a call ended, or that it ended before it was given up. */
static void a_call_ends_once_and_after_its_timeout(void **state)
{
    (void)state;
    struct decision_set set = run_with(1500);
    const uint32_t count = set.late_count;
    struct decision_late first = set.late[0];
    struct quote_record record = {.kind = QUOTE_RECORD_LATE};
    struct err err;
    record.as.late.slot = first.slot;
    record.as.late.index = first.index;
    record.as.late.start_us = first.start_us;
    record.as.late.quote = first.quote;
    record.as.late.quote.latency_us += 1;
    assert_true(decisions_push_late(&set, &record, &err));
    record.as.late.quote.latency_us = 1000;
    assert_true(decisions_push_late(&set, &record, &err));
    assert_true(decisions_finish(&set, &err));
    assert_int_equal(set.late_count, count);
    assert_int_equal(set.late_unplaced, 2);
    assert_true(decision_quote(&set, first.order, first.slot)->latency_us ==
                first.quote.latency_us);
    decisions_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longer_timeouts_are_decided_again_from_late_answers),
        cmocka_unit_test(shorter_timeouts_are_decided_again),
        cmocka_unit_test(a_call_ends_once_and_after_its_timeout),
        cmocka_unit_test(a_call_that_hangs_is_never_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
