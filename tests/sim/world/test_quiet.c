/* What is quiet: orders in whose course no fault was active, and nobody else.
 *
 * Method: a run in which a hang outlives its window by the timeouts of those it hit; who had it in
 * their course is counted from the decided orders themselves.
 */
#include "router/base/memory.h"
#include "sim/world/run.h"
#include "tests/sim/world/wire_fixture.h"

#define FROM_US  (20 * US_PER_SECOND)
#define UNTIL_US (40 * US_PER_SECOND)

static const char hanging[] =
    "\"duration\":\"90s\",\"workload\":{\"arrivals\":{\"rate\":\"8/"
    "s\"},\"confirm\":{\"share\":1.0}},"
    "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\",\"LOOPGPT_ENABLE_WALMART\":\"true\"}},"
    "\"faults\":[{\"id\":\"hang\",\"provider\":\"KROGER_API\",\"kind\":\"hang\",\"at\":\"20s\","
    "\"for\":\"20s\"}],"
    "\"checks\":[{\"metric\":\"router.orders\",\"during\":\"after:hang\",\"op\":\">=\",\"limit\":0}"
    "]";

struct seen {
    uint64_t orders, quiet, wake, during, after;
    uint64_t timeouts, quiet_timeouts; /* of Kroger */
};

static bool note_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    (void)router;
    (void)err;
    struct seen *const seen = context;
    const bool before = order->decided_us < FROM_US, after = order->decided_us >= UNTIL_US;
    seen->orders++;
    const bool quiet = before || order->start_us >= UNTIL_US;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *const slot = &order->slots[i];
        if (slot->provider != PROVIDER_KROGER_API || slot->real_outcome != QUOTE_TIMEOUT) continue;
        seen->timeouts++;
        seen->quiet_timeouts += quiet;
    }
    seen->quiet += quiet;
    seen->wake += after && order->start_us < UNTIL_US;
    seen->during += !before && !after;
    seen->after += after;
    return true;
}

static struct result run_it(const char *json, struct seen *seen)
{
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    assert_non_null(scenario);
    fixture_read(scenario, json);
    struct result result;
    struct err err = {0};
    const struct world_outputs outputs = {.context = seen, .write_order = note_order};
    const struct run_request request = {.scenario = scenario, .jobs = 1, .outputs = &outputs};
    if (!run_scenario(&request, &result, &err)) fail_msg("%s", err.message);
    scenario_release(scenario);
    free(scenario);
    return result;
}

static const struct result_phase *phase(const struct result *result, const char *name)
{
    for (uint32_t p = 0; p < result->phase_count; p++) {
        if (strcmp(result->phases[p].name, name) == 0) return &result->phases[p];
    }
    fail_msg("no phase \"%s\"", name);
    return NULL;
}

static double of(const struct result *result, const char *name, unsigned scope, enum metric metric)
{
    return phase(result, name)->values[scope][metric].value;
}

static bool has_note(const struct result *result, const char *words)
{
    for (uint32_t i = 0; i < result->note_count; i++) {
        if (strstr(result->notes[i], words) != NULL) return true;
    }
    return false;
}

static void victims_that_end_after_the_fault_are_not_quiet(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct result result = run_it(hanging, &seen);
    assert_true(seen.wake > 20); /* the last ten seconds of the hang time out in the ten after it */
    assert_true(of(&result, "quiet", SCOPE_ROUTER, METRIC_ORDERS) == (double)seen.quiet);
    assert_true(of(&result, "hang", SCOPE_ROUTER, METRIC_ORDERS) == (double)seen.during);
    assert_true(of(&result, "after:hang", SCOPE_ROUTER, METRIC_ORDERS) == (double)seen.after);
    assert_true(of(&result, "all", SCOPE_ROUTER, METRIC_ORDERS) == (double)seen.orders);
    assert_true(seen.quiet + seen.wake + seen.during == seen.orders);
    assert_true(seen.timeouts > 20 * (seen.quiet_timeouts + 1));
    assert_true(of(&result, "quiet", PROVIDER_KROGER_API, METRIC_TIMEOUTS) ==
                (double)seen.quiet_timeouts);
    assert_true(of(&result, "all", PROVIDER_KROGER_API, METRIC_TIMEOUTS) == (double)seen.timeouts);
    /* Confirmations follow their order. */
    const double placed = of(&result, "quiet", SCOPE_ROUTER, METRIC_CONFIRMED);
    assert_true(placed > 0 && placed <= (double)seen.quiet);
    char note[64];
    (void)snprintf(note, sizeof note, "%u orders were decided while no fault was active",
                   (unsigned)seen.wake);
    assert_true(has_note(&result, note));
    result_release(&result);
}

static void a_fault_that_is_over_before_its_orders_end_is_in_their_course_too(void **state)
{
    (void)state;
    static const char blink[] =
        "\"duration\":\"60s\",\"workload\":{\"arrivals\":{\"rate\":\"8/s\"}},"
        "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\"}},"
        "\"faults\":[{\"id\":\"blink\",\"provider\":\"KROGER_API\",\"kind\":\"error\",\"at\":"
        "\"30s\","
        "\"for\":\"1ms\"}]";
    struct seen seen = {0};
    struct result result = run_it(blink, &seen);
    const double all = of(&result, "all", SCOPE_ROUTER, METRIC_ORDERS);
    const double quiet = of(&result, "quiet", SCOPE_ROUTER, METRIC_ORDERS);
    assert_true(quiet < all); /* those begun before 30 s and decided after it */
    assert_true(quiet > 0.8 * all);
    result_release(&result);
}

static void without_faults_nothing_is_left_out(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct result result = run_it("\"duration\":\"20s\"", &seen);
    assert_int_equal(result.phase_count, 1);
    assert_true(of(&result, "all", SCOPE_ROUTER, METRIC_ORDERS) == (double)seen.orders);
    assert_false(has_note(&result, "no fault was active"));
    result_release(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(victims_that_end_after_the_fault_are_not_quiet),
        cmocka_unit_test(a_fault_that_is_over_before_its_orders_end_is_in_their_course_too),
        cmocka_unit_test(without_faults_nothing_is_left_out),
    };
    return cmocka_run_group_tests_name("sim/world: quiet", tests, NULL, NULL);
}
