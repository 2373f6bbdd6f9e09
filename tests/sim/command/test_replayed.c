/* Goal: a replay begins when its recording did, at its pace, and says what the recording lacks or
 * has unlike the run. Method: small cassettes, and scenarios that play them back. */
#include "sim/command/replayed.h"

#include "providers/cassette.h"
#include "tests/support.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)
#define BEGUN  (INT64_C(1763942400000000)) /* 2025-11-24 */

struct tape { /* a cassette, and what it is to say */
    char path[TEST_PATH_MAX];
    struct cassette_head head;
    uint64_t orders;
    const char *stopped_by; /* NULL: nothing */
};

static void record(struct tape *tape)
{
    struct err err;
    test_write_file("", 0, tape->path);
    tape->head.program = "test";
    struct recorder *const recorder = recorder_open(tape->path, false, &tape->head, &err);
    assert_non_null(recorder);
    recorder_orders(recorder, tape->orders);
    if (tape->stopped_by != NULL) recorder_stopped(recorder, tape->stopped_by);
    if (!recorder_close(recorder, true, &err)) fail_msg("%s", err.message);
}

struct replay {
    struct scenario scenario;
    struct wire_spec spec;
    struct replayed replayed;
    struct err_list list;
    bool looked;
};

/* Plays Kroger, and where it is given Instacart, back; `json` holds more keys. */
static struct replay *look(const char *kroger, const char *instacart, const char *json,
                           const char *set_start)
{
    static struct replay replay;
    struct text text = {0};
    struct err_list list = {0};
    replay = (struct replay){.looked = false};
    text_format(&text,
                "{\"schema\":\"routesim.scenario/1\",\"name\":\"s\"%s,\"providers\":{"
                "\"KROGER_API\":{\"mode\":\"replay\",\"cassette\":\"%s\"}",
                json, kroger);
    if (instacart != NULL) {
        text_format(&text, ",\"INSTACART\":{\"mode\":\"replay\",\"cassette\":\"%s\"}", instacart);
    }
    text_put(&text, "}}");
    const struct scenario_override start = {"start", set_start, "--set"};
    const struct scenario_options options = {.overrides = &start,
                                             .override_count = set_start != NULL ? 1 : 0};
    if (!scenario_read(&replay.scenario, "s.json", text.bytes, text.length, &options, &list)) {
        err_list_print(stderr, &list, text.bytes, false);
        fail_msg("the test's own scenario does not read");
    }
    text_release(&text);
    replay.looked = replayed_look(&replay.scenario, &replay.spec, &replay.replayed, &replay.list);
    return &replay;
}

static void end(struct replay *replay)
{
    replayed_release(&replay->replayed);
    scenario_release(&replay->scenario);
}

static const char *said(const struct text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

static void a_replay_begins_when_its_recording_did_unless_it_is_told_otherwise(void **state)
{
    (void)state;
    struct tape kroger = {.head = {.start_unix_us = BEGUN}};
    struct tape instacart = {
        .head = {.start_unix_us = BEGUN + DAY_US + 1}}; /* to the microsecond */
    record(&kroger);
    record(&instacart);
    const struct {
        const char *label, *instacart, *json, *set;
        int64_t start_us;
        bool off; /* its ETAs are */
    } rows[] = {
        {"one recording", NULL, "", NULL, BEGUN, false},
        {"the scenario's own start", NULL, ",\"start\":\"2025-01-01T00:00:00Z\"", NULL, BEGUN,
         false},
        {"two of which one states instants", instacart.path, "", NULL, BEGUN + DAY_US + 1, false},
        {"told otherwise", NULL, "", "2025-11-26T00:00:00Z", BEGUN + 2 * DAY_US, false},
        {"told otherwise, with instants", instacart.path, "", "2025-11-26T00:00:00Z",
         BEGUN + 2 * DAY_US, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct replay *const replay =
            look(kroger.path, rows[i].instacart, rows[i].json, rows[i].set);
        CHECK_ROW(rows[i].label, replay->looked);
        CHECK_ROW(rows[i].label, replay->scenario.start_unix_us == rows[i].start_us);
        CHECK_ROW(rows[i].label,
                  (strstr(said(&replay->replayed.flaws), "delivery slots") != NULL) == rows[i].off);
        struct text described = {0};
        scenario_describe(&replay->scenario, &described);
        CHECK_ROW(rows[i].label, (strstr(described.bytes, "\"origin\": \"the recording\"") !=
                                  NULL) == (rows[i].set == NULL));
        text_release(&described);
        end(replay);
    }
    assert_int_equal(unlink(kroger.path), 0);
    assert_int_equal(unlink(instacart.path), 0);
}

static void orders_come_at_the_recording_s_pace_and_no_more_of_them(void **state)
{
    (void)state;
    struct tape paced = {.head = {.order_gap_us = 1000000}, .orders = 58};
    struct tape plain = {.orders = 58};
    record(&paced);
    record(&plain);
    const struct {
        const char *label, *path, *json;
        int64_t gap_us;
        uint64_t limit;
    } rows[] = {
        {"as they came", plain.path, "", 0, 0},
        {"paced", paced.path, "", 1000000, 58},
        {"paced, and fewer", paced.path, ",\"workload\":{\"arrivals\":{\"limit\":7}}", 1000000, 7},
        {"paced, and more", paced.path, ",\"workload\":{\"arrivals\":{\"limit\":70}}", 1000000, 58},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct replay *const replay = look(rows[i].path, NULL, rows[i].json, NULL);
        CHECK_ROW(rows[i].label, replay->looked);
        CHECK_ROW(rows[i].label, wire_order_gap_us(&replay->spec) == rows[i].gap_us);
        CHECK_ROW(rows[i].label, replay->scenario.workload.arrivals.limit == rows[i].limit);
        end(replay);
    }
    assert_int_equal(unlink(paced.path), 0);
    assert_int_equal(unlink(plain.path), 0);
}

static void what_a_recording_is_and_lacks_is_said_once(void **state)
{
    (void)state;
    struct tape tape = {.head = {.scenario = "small", .seed = "7", .duration_us = 4000000},
                        .orders = 24,
                        .stopped_by = "a signal"};
    char expected[TEST_PATH_MAX + 160];
    record(&tape);
    const char *const name = strrchr(tape.path, '/') + 1;
    struct replay *replay = look(tape.path, tape.path, "", NULL);
    assert_true(replay->looked);
    (void)snprintf(expected, sizeof expected,
                   "%s is partial: its recording was stopped early by a signal, after 0 calls.",
                   name);
    assert_string_equal(said(&replay->replayed.flaws), expected);
    (void)snprintf(expected, sizeof expected, "\"small\", seed 7, 4 s, 24 orders (%s)", name);
    assert_string_equal(said(&replay->replayed.runs), expected);
    const char *const names = said(&replay->replayed.names);
    assert_memory_equal(names, "INSTACART ", 10);
    assert_non_null(strstr(names, ", KROGER_API "));
    end(replay);
    assert_int_equal(unlink(tape.path), 0);

    replay = look("/nowhere/at/all.jsonl", NULL, "", NULL);
    assert_false(replay->looked);
    assert_int_equal(replay->list.errors, 1);
    assert_string_equal(said(&replay->replayed.names), "KROGER_API ?");
    end(replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_begins_when_its_recording_did_unless_it_is_told_otherwise),
        cmocka_unit_test(orders_come_at_the_recording_s_pace_and_no_more_of_them),
        cmocka_unit_test(what_a_recording_is_and_lacks_is_said_once),
    };
    return cmocka_run_group_tests_name("sim/command/replayed", tests, NULL, NULL);
}
