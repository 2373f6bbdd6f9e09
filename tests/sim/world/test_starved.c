/* A process without descriptors. Goal: what its calls come to is booked on nobody: the run ends,
 * says so, and counts no order that was under way. Method: worlds whose descriptors are taken away
 * after they were made, all of them or all but a few, over real sockets in real and virtual time.
 */
#include "tests/descriptors.h"
#include "tests/sim/world/wire_fixture.h"

static const struct wire_spec real_time = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};
static const struct wire_spec virtual_time = {.kind = WIRE_HTTP};

struct run {
    struct fixture fixture;
    struct world *world;
    struct world_facts facts;
    uint64_t written; /* orders */
    uint64_t local;   /* calls that were marked as such */
};

static bool note_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    (void)router;
    (void)order;
    (void)err;
    ((struct run *)context)->written++;
    return true;
}

static bool note_call(void *context, const struct call *call, const struct reply *reply,
                      const struct wire_trip *trip, int64_t late_us, struct err *err)
{
    (void)call;
    (void)reply;
    (void)late_us;
    (void)err;
    ((struct run *)context)->local += trip->local;
    return true;
}

static struct run *make_run(const struct wire_spec *wire, unsigned limit, const char *faults)
{
    char json[700];
    (void)snprintf(json, sizeof json,
                   "\"duration\":\"20s\",\"workload\":{\"arrivals\":{\"rate\":\"200/s\",\"limit\":"
                   "%u},\"carts\":{\"lines\":2}},\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":"
                   "\"true\",\"LOOPGPT_ENABLE_WALMART\":\"true\"},\"policy\":{\"call_life\":\"9s\"}"
                   "},\"faults\":[%s]",
                   limit, faults);
    struct run *const run = memory_zeroed(sizeof *run);
    assert_non_null(run);
    struct err err = {0};
    fixture_read(&run->fixture.scenario, json);
    fixture_make_plan(&run->fixture);
    run->fixture.plan.wire = *wire;
    run->world = world_create(&run->fixture.plan, 1024, &err);
    if (run->world == NULL) fail_msg("%s", err.message);
    return run;
}

static void go(struct run *run)
{
    const struct world_outputs outputs = {
        .context = run, .write_order = note_order, .write_call = note_call};
    struct err err = {0};
    if (!world_run(run->world, 0, &outputs, NULL, &err)) fail_msg("%s", err.message);
    run->facts = *world_facts(run->world);
}

static void end_run(struct run *run)
{
    world_destroy(run->world);
    world_plan_release(&run->fixture.plan);
    scenario_release(&run->fixture.scenario);
    free(run);
}

/* Orders that were counted, and failures that were booked on some provider. */
static void sum_up(const struct run *run, uint64_t *orders, uint64_t *failures)
{
    uint32_t count;
    const struct world_segment *const segments = world_segments(run->world, &count);
    *orders = *failures = 0;
    for (uint32_t i = 0; i < count; i++) {
        *orders += segments[i].tally.orders;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            for (unsigned o = 0; o < QUOTE_OUTCOME_COUNT; o++) {
                if (o != QUOTE_OK) *failures += segments[i].tally.providers[p].errors[o];
            }
        }
    }
}

static void check_starved(const char *label, const struct run *run)
{
    uint64_t orders, failures;
    sum_up(run, &orders, &failures);
    CHECK_ROW(label, run->facts.starved && run->facts.stopped);
    CHECK_ROW(label, run->facts.wire.starved > 0);
    CHECK_ROW(label, run->facts.wire.starved_error == EMFILE);
    CHECK_ROW(label, run->facts.wire.mismatched == 0);
    CHECK_ROW(label, failures == 0);
    CHECK_ROW(label, run->facts.left_out > 0);
    CHECK_ROW(label, orders + run->facts.left_out == run->facts.orders);
    CHECK_ROW(label, run->written == orders);
}

static void a_run_in_real_time_that_runs_out_blames_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned left; /* descriptors */
        const char *faults;
    } rows[] = {
        {"none", 0, ""},
        {"one, for the client's end", 1, ""},
        {"a few calls' worth", 20, ""},
        {"none for a relay", 0,
         "{\"id\":\"f\",\"provider\":\"KROGER_API\",\"kind\":\"refuse\",\"at\":\"0s\",\"for\":"
         "\"20s\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run *const run = make_run(&real_time, 400, rows[i].faults);
        struct hunger hunger;
        starve(&hunger);
        feed(&hunger, rows[i].left);
        go(run);
        feed_all(&hunger);
        check_starved(rows[i].label, run);
        CHECK_ROW(rows[i].label, run->facts.orders < 400);
        CHECK_ROW(rows[i].label, run->local > 0);
        end_run(run);
    }
}

static void a_run_in_virtual_time_over_sockets_does_likewise(void **state)
{
    (void)state;
    static const unsigned left[] = {0, 1};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        struct run *const run = make_run(&virtual_time, 50, "");
        struct hunger hunger;
        starve(&hunger);
        feed(&hunger, left[i]);
        go(run);
        feed_all(&hunger);
        check_starved(i == 0 ? "none" : "one", run);
        end_run(run);
    }
}

static void a_run_that_has_enough_is_as_it_was(void **state)
{
    (void)state;
    static const struct wire_spec *const wires[] = {&real_time, &virtual_time};
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        struct run *const run = make_run(wires[i], 4, "");
        uint64_t orders, failures;
        go(run);
        sum_up(run, &orders, &failures);
        assert_false(run->facts.starved);
        assert_int_equal(run->facts.wire.starved, 0);
        assert_int_equal(run->facts.left_out, 0);
        assert_int_equal(run->local, 0);
        assert_int_equal(orders, 4);
        assert_int_equal(run->written, 4);
        end_run(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_in_real_time_that_runs_out_blames_nobody),
        cmocka_unit_test(a_run_in_virtual_time_over_sockets_does_likewise),
        cmocka_unit_test(a_run_that_has_enough_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
