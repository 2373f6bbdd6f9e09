/* What was recorded in real time is played back call by call.
 *
 * Method: whole runs of a world, in real time and recorded, whose orders all ask for the same thing
 * and overlap, so that calls end in another order than they were sent in; the same in virtual time
 * from the cassette. What was decided is held against each other to the microsecond. Then faults
 * that never reach a socket.
 */
#include "sim/world/world_state.h"
#include "tests/sim/world/wire_fixture.h"

/* One line of few products, latencies far wider than the gaps between orders, and confirmations of
 * which half fail and go on to the other provider. */
#define WIDE      "{\"law\":\"uniform\",\"low\":\"2ms\",\"high\":\"250ms\"}"
#define LATENCIES "\"latency\":{\"store\":" WIDE ",\"search\":" WIDE ",\"confirm\":" WIDE "}"
#define BUSY                                                                                       \
    "\"duration\":\"600ms\",\"workload\":{\"arrivals\":{\"rate\":\"90/s\"},"                       \
    "\"carts\":{\"lines\":1},\"confirm\":{\"share\":1,\"after\":\"0ms\"}},\"catalogue\":{"         \
    "\"size\":3},"                                                                                 \
    "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\",\"LOOPGPT_ENABLE_WALMART\":\"true\"," \
    "\"LOOPGPT_ENABLE_MEALME\":\"false\",\"LOOPGPT_ENABLE_INSTACART\":\"false\"}},"
#define MOCKS "\"providers\":{\"KROGER_API\":{" LATENCIES "},\"WALMART_API\":{" LATENCIES "}},"
#define HALF_CONFIRMED                                                                             \
    "\"faults\":[{\"id\":\"c\",\"provider\":[\"KROGER_API\",\"WALMART_API\"],\"kind\":\"error\","  \
    "\"status\":503,\"fraction\":0.5,\"operations\":[\"confirm\"],\"at\":\"0s\",\"for\":"          \
    "\"1h\"}]"

/* ---- whole runs ------------------------------------------------------------------------------ */

struct run {
    struct fixture fixture; /* its backends and wire are not used: the world has its own */
    struct world *world;
    struct text events;
};

static bool keep_events(void *context, const char *bytes, size_t length, struct err *err)
{
    (void)err;
    text_append(context, bytes, length);
    return true;
}

static struct run *run_world(const char *json, const struct wire_spec *spec)
{
    struct run *const run = memory_zeroed(sizeof *run);
    struct err err = {0};
    assert_non_null(run);
    fixture_read(&run->fixture.scenario, json);
    fixture_make_plan(&run->fixture);
    run->fixture.plan.wire = *spec;
    run->world = world_create(&run->fixture.plan, 1024, &err);
    if (run->world == NULL) fail_msg("%s", err.message);
    const struct world_outputs outputs = {.context = &run->events, .write_events = keep_events};
    if (!world_run(run->world, 0, &outputs, NULL, &err)) fail_msg("%s", err.message);
    return run;
}

static void end_run(struct run *run)
{
    world_destroy(run->world);
    world_plan_release(&run->fixture.plan);
    scenario_release(&run->fixture.scenario);
    text_release(&run->events);
    free(run);
}

static int by_text(const void *left, const void *right)
{
    const char *const *const a = left, *const *const b = right;
    return strcmp(*a, *b);
}

/* The lines of a log, sorted: two orders may be decided in one microsecond. The caller frees. */
static const char **sorted_lines(struct text *text, size_t *count)
{
    const char **const lines = calloc(text->length + 1, sizeof *lines);
    assert_non_null(lines);
    *count = 0;
    for (char *line = text->bytes; *line != '\0';) {
        char *const end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        lines[(*count)++] = line;
        line = end + 1;
    }
    qsort(lines, *count, sizeof *lines, by_text);
    return lines;
}

static void check_same_events(struct run *recorded, struct run *replayed)
{
    size_t count, replayed_count;
    const char **const lines = sorted_lines(&recorded->events, &count);
    const char **const again = sorted_lines(&replayed->events, &replayed_count);
    assert_int_equal(count, replayed_count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(lines[i], again[i]);
    free(lines);
    free(again);
}

static uint64_t count_in(const struct text *text, const char *what)
{
    uint64_t count = 0;
    for (const char *at = text->bytes; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

static void orders_that_ask_the_same_at_once_in_real_time_are_played_back_exactly(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX], json[2048];
    struct err err = {0};
    test_write_file("", 0, path);
    struct wire_spec spec = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};
    spec.recorder = recorder_open(path, false, &fixture_head, &err);
    assert_non_null(spec.recorder);
    struct run *const recorded = run_world(BUSY MOCKS HALF_CONFIRMED, &spec);
    assert_true(recorder_close(spec.recorder, true, &err));
    /* There is something to get wrong: many confirmations, and failovers among them. */
    assert_in_range(count_in(&recorded->events, "commerce.failover_attempt"), 5, 1000);

    (void)snprintf(json, sizeof json,
                   BUSY "\"providers\":{\"KROGER_API\":{\"mode\":\"replay\",\"cassette\":\"%s\"},"
                        "\"WALMART_API\":{\"mode\":\"replay\",\"cassette\":\"%s\"}}",
                   path, path);
    const struct wire_spec plain = {0};
    struct run *const replayed = run_world(json, &plain);
    const struct wire_facts *const facts = &world_facts(replayed->world)->wire;
    assert_int_equal(facts->unmatched, 0);
    assert_int_equal(facts->alike, 0);
    check_same_events(recorded, replayed);
    end_run(recorded);
    end_run(replayed);
    assert_int_equal(unlink(path), 0);
}

/* Real providers are asked at --max-rate: fewer orders start than arrive, and a replay has to start
 * the same ones. */
static void a_replay_starts_orders_at_the_recording_s_pace_in_virtual_time(void **state)
{
    (void)state;
    static const char json[] =
        "\"duration\":\"5s\",\"workload\":{\"arrivals\":{\"kind\":\"constant\",\"rate\":\"20/s\"}}";
    const struct wire_spec plain = {0}, paced = {.order_gap_us = US_PER_SECOND};
    struct run *run = run_world(json, &plain);
    assert_in_range(world_facts(run->world)->orders, 99, 101);
    end_run(run);
    run = run_world(json, &paced);
    assert_in_range(world_facts(run->world)->orders, 5, 6);
    end_run(run);
}

/* ---- calls that never reach a socket --------------------------------------------------------- */

static unsigned ended_count;

static void count_ended(void *context, void *owner, const struct reply *reply, int64_t ended_us,
                        const struct wire_trip *trip)
{
    (void)context;
    (void)owner;
    (void)ended_us;
    (void)trip;
    assert_int_equal(reply->fate, CALL_UNANSWERED);
    ended_count++;
}

static void a_fault_that_shows_after_the_call_s_life_is_recorded_as_no_answer(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX], json[256];
    struct err err = {0};
    test_write_file("", 0, path);
    struct wire_spec spec = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};
    spec.recorder = recorder_open(path, false, &fixture_head, &err);
    assert_non_null(spec.recorder);
    struct fixture *fixture = fixture_open(
        "\"router\":{\"policy\":{\"call_life\":\"1s\"}},"
        "\"providers\":{\"KROGER_API\":{\"no_answer\":\"1h\"}},"
        "\"faults\":[{\"id\":\"f\",\"provider\":\"KROGER_API\",\"kind\":\"refuse\",\"at\":\"0s\","
        "\"for\":\"1m\"}]",
        &spec);
    const struct call call =
        fixture_call(fixture, PROVIDER_KROGER_API, OPERATION_TOKEN, 0, wire_now_us(fixture->wire));
    wire_send(fixture->wire, &call, NULL);
    ended_count = 0;
    while (ended_count == 0)
        wire_wait(fixture->wire, wire_now_us(fixture->wire) + US_PER_SECOND, count_ended, NULL);
    fixture_close(fixture);
    assert_int_equal(recorder_takes(spec.recorder), 1);
    assert_true(recorder_close(spec.recorder, true, &err));

    (void)snprintf(json, sizeof json,
                   "\"providers\":{\"KROGER_API\":{\"mode\":\"replay\",\"cassette\":\"%s\"}}",
                   path);
    const struct wire_spec plain = {0};
    fixture = fixture_open(json, &plain);
    struct reply reply = fixture_ask(fixture, PROVIDER_KROGER_API, OPERATION_TOKEN, 0, 0);
    assert_int_equal(reply.fate, CALL_UNANSWERED);
    assert_int_equal(reply.latency_us, US_PER_SECOND);
    assert_int_equal(wire_facts(fixture->wire).unmatched, 0);
    /* Nobody sells there: a failover that comes by is refused, and lacks no answer. */
    fixture->tokens[PROVIDER_KROGER_API] = 1;
    assert_false(wire_sells(fixture->wire, PROVIDER_KROGER_API));
    reply = fixture_ask(fixture, PROVIDER_KROGER_API, OPERATION_CONFIRM, 0, 0);
    assert_int_equal(reply.fate, CALL_REFUSED);
    assert_int_equal(wire_facts(fixture->wire).unmatched, 0);
    fixture_close(fixture);
    assert_int_equal(unlink(path), 0);
}

static void what_is_given_up_is_recorded_as_no_answer(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    struct err err = {0};
    test_write_file("", 0, path);
    struct wire_spec spec = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};
    spec.recorder = recorder_open(path, false, &fixture_head, &err);
    assert_non_null(spec.recorder);
    struct fixture *const fixture = fixture_open(
        "\"providers\":{\"KROGER_API\":{\"latency\":{\"token\":{\"law\":\"constant\",\"value\":"
        "\"10s\"}}}}",
        &spec);
    const struct call call =
        fixture_call(fixture, PROVIDER_KROGER_API, OPERATION_TOKEN, 0, wire_now_us(fixture->wire));
    wire_send(fixture->wire, &call, NULL);
    ended_count = 0;
    wire_give_up(fixture->wire, count_ended, NULL);
    assert_int_equal(ended_count, 1);
    fixture_close(fixture);
    assert_int_equal(recorder_takes(spec.recorder), 1);
    assert_true(recorder_close(spec.recorder, true, &err));
    struct err_list list = {0};
    struct cassette *const cassette = cassette_open(path, &list);
    assert_non_null(cassette);
    assert_true(cassette_holds(cassette, PROVIDER_KROGER_API, API_STANDARD, OPERATION_TOKEN));
    cassette_close(cassette);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_that_ask_the_same_at_once_in_real_time_are_played_back_exactly),
        cmocka_unit_test(a_replay_starts_orders_at_the_recording_s_pace_in_virtual_time),
        cmocka_unit_test(a_fault_that_shows_after_the_call_s_life_is_recorded_as_no_answer),
        cmocka_unit_test(what_is_given_up_is_recorded_as_no_answer),
    };
    return cmocka_run_group_tests_name("sim/world/wire_replay", tests, NULL, NULL);
}
