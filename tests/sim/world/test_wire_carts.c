/* What a provider priced is what is confirmed there, and is forgotten with its order.
 *
 * Method: whole runs of a world in virtual time, recorded; the cassette says what was sent.
 */
#include "sim/world/world_state.h"
#include "tests/sim/world/wire_fixture.h"

#include "providers/codec_state.h"

static const char mealme_alone[] =
    "\"duration\":\"40s\",\"workload\":{\"arrivals\":{\"rate\":\"1/s\"},\"carts\":{\"lines\":3},"
    "\"confirm\":{\"share\":0.7,\"after\":\"10s\"}},"
    "\"router\":{\"env\":{\"LOOPGPT_ENABLE_MEALME\":\"true\",\"LOOPGPT_ENABLE_INSTACART\":"
    "\"false\",\"LOOPGPT_ENABLE_KROGER\":\"false\",\"LOOPGPT_ENABLE_WALMART\":\"false\"},"
    "\"profile\":\"as_documented\",\"policy\":{\"call_life\":\"6s\"}},"
    "\"providers\":{\"MEALME\":{\"latency\":{\"cart\":{\"law\":\"uniform\",\"low\":\"100ms\","
    "\"high\":\"8s\"}}}},"
    "\"faults\":[{\"id\":\"struck\",\"provider\":\"MEALME\",\"kind\":\"hang\",\"at\":\"15s\","
    "\"for\":\"2s\",\"hits_in_flight\":true}]";

struct run {                /* a world that has run, and the file that it was recorded in */
    struct fixture fixture; /* scenario and plan alone */
    struct world *world;
    char path[TEST_PATH_MAX];
};

static struct run *run_recorded(const char *json, enum wire_kind kind)
{
    struct run *const run = memory_zeroed(sizeof *run);
    assert_non_null(run);
    struct err err = {0};
    fixture_read(&run->fixture.scenario, json);
    fixture_make_plan(&run->fixture);
    test_write_file("", 0, run->path);
    struct recorder *const recorder = recorder_open(run->path, false, &fixture_head, &err);
    assert_non_null(recorder);
    run->fixture.plan.wire = (struct wire_spec){.kind = kind, .recorder = recorder};
    run->world = world_create(&run->fixture.plan, 1024, &err);
    if (run->world == NULL) fail_msg("%s", err.message);
    const struct world_outputs outputs = {0};
    if (!world_run(run->world, 0, &outputs, NULL, &err)) fail_msg("%s", err.message);
    assert_true(recorder_close(recorder, true, &err));
    return run;
}

static void end_run(struct run *run)
{
    world_destroy(run->world);
    assert_int_equal(unlink(run->path), 0);
    world_plan_release(&run->fixture.plan);
    scenario_release(&run->fixture.scenario);
    free(run);
}

/* How many lines of a file hold a text. */
static unsigned lines_with(const char *path, const char *what)
{
    size_t length;
    struct err err;
    char *const bytes = json_load(path, 1 << 28, &length, &err);
    assert_non_null(bytes);
    unsigned count = 0;
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n"))
        count += strstr(line, what) != NULL;
    free(bytes);
    return count;
}

static void a_confirmation_names_the_order_that_was_quoted(void **state)
{
    (void)state;
    for (enum wire_kind kind = WIRE_BYTES; kind <= WIRE_HTTP; kind++) {
        struct run *const run = run_recorded(mealme_alone, kind);
        const unsigned confirmed = lines_with(run->path, "\"operation\":\"confirm\"");
        CHECK_ROW(wire_kind_names[kind], confirmed > 5);
        CHECK_ROW(wire_kind_names[kind],
                  lines_with(run->path, "\"body\":\"{\\\"order_id\\\":\\\"-M") == confirmed);
        CHECK_ROW(wire_kind_names[kind], lines_with(run->path, codec_forgotten) == 0);
        end_run(run);
    }
}

static void no_cart_is_kept_past_its_order(void **state)
{
    (void)state;
    struct run *const run = run_recorded(mealme_alone, WIRE_BYTES);
    const struct codec *const codec = run->world->wire->endpoints[PROVIDER_MEALME].codec;
    /* Some were confirmed, some not; some came too late, some were struck down on their way. */
    assert_true(lines_with(run->path, "\"operation\":\"cart\"") > 20);
    assert_true(codec->cart_count > 0);
    assert_int_equal(codec->carts_free_count, codec->cart_count);
    end_run(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confirmation_names_the_order_that_was_quoted),
        cmocka_unit_test(no_cart_is_kept_past_its_order),
    };
    return cmocka_run_group_tests_name("sim/world/wire: carts", tests, NULL, NULL);
}
