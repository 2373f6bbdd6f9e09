/* Goal: rule sets that look on at a run see what the run's own engine sees, and change nothing.
 * Method: a small drill with an operator is played alone, and with its own rules looking on as a
 * set (closed loop): same orders, same changes at the same instants. Then two sets with other ticks
 * in open loop: nobody acts, and each set's changes are those that it has alone. Last, a quiet run.
 */
#include "tests/support.h"

#include "router/base/duration.h"
#include "sim/analysis/alert_watch.h"

static const char source[] =
    "{\"name\": \"watched\", \"seed\": 5, \"duration\": \"30m\", \"warmup\": \"0s\",\n"
    " \"workload\": {\"arrivals\": {\"kind\": \"poisson\", \"rate\": \"2/s\"}},\n"
    " \"router\": {\"env\": {\"LOOPGPT_ENABLE_KROGER\": \"true\"}},\n"
    " \"slo\": {\"objective\": 0.99},\n"
    " \"faults\": [{\"id\": \"f\", \"provider\": \"KROGER_API\", \"kind\": \"hang\", \"at\": "
    "\"8m\","
    " \"for\": \"10m\"}],\n"
    " \"alerts\": {\"interval\": \"10s\", \"rules\": [\n"
    "   {\"name\": \"down\", \"metric\": \"provider.success_rate\", \"op\": \"<\", \"threshold\": "
    "\"50%\", \"window\": \"1m\", \"for\": \"30s\"},\n"
    "   {\"name\": \"slow\", \"metric\": \"router.p95_ms\", \"op\": \">\", \"threshold\": \"5s\", "
    "\"window\": \"2m\", \"severity\": \"ticket\"}]},\n"
    " \"operators\": [{\"id\": \"o\", \"triggers\": [{\"on_alert\": \"down\"}], \"ack\": \"30s\","
    " \"steps\": [{\"do\": \"set\", \"key\": \"LOOPGPT_ENABLE_KROGER\", \"value\": \"false\"},"
    " {\"do\": \"redeploy\", \"takes\": \"30s\"}]}]}";

static struct scenario *read_source(void)
{
    static struct err_list list;
    const struct scenario_options options = {.override_count = 0};
    struct scenario *scenario = calloc(1, sizeof *scenario);
    assert_non_null(scenario);
    list = (struct err_list){0};
    const bool fine =
        scenario_read(scenario, "watched.json", source, sizeof source - 1, &options, &list);
    if (!fine) err_list_print(stderr, &list, source, false);
    assert_true(fine);
    return scenario;
}

static void forget(struct scenario *scenario)
{
    scenario_release(scenario);
    free(scenario);
}

struct played {
    uint64_t hash;                    /* over every decision */
    struct alert_change changes[256]; /* as the story's journal has them */
    uint32_t change_count;
    uint32_t acts;
};

static void read_journal(const struct world *world, struct played *played)
{
    const struct story_facts *facts = world_story(world);
    static const struct {
        enum story_kind kind;
        enum alert_change_kind change;
    } kinds[] = {{STORY_PENDING, ALERT_BECAME_PENDING},
                 {STORY_FIRED, ALERT_FIRED},
                 {STORY_RESOLVED, ALERT_RESOLVED},
                 {STORY_RESET, ALERT_RESET},
                 {STORY_TOLD, ALERT_TOLD}};
    for (uint32_t i = 0; facts != NULL && i < facts->entry_count; i++) {
        const struct story_entry *entry = &facts->entries[i];
        played->acts += entry->kind == STORY_STEP_BEGAN;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            if (entry->kind != kinds[k].kind) continue;
            assert_true(played->change_count < 256);
            played->changes[played->change_count++] = (struct alert_change){.at_us = entry->at_us,
                                                                            .kind = kinds[k].change,
                                                                            .rule = entry->index,
                                                                            .scope = entry->scope};
        }
    }
}

static struct played play(const struct scenario *scenario, struct alert_watch *watch)
{
    struct played played = {.hash = 0};
    struct world_plan plan;
    struct err err;
    const struct world_outputs outputs = {
        .context = watch, .alerts_ticked = watch != NULL ? alert_watch_ticked : NULL};
    assert_true(world_plan_make(scenario, &plan, &err));
    struct world *world = world_create(&plan, 1024, &err);
    assert_non_null(world);
    assert_true(world_run(world, 0, &outputs, NULL, &err));
    played.hash = world_facts(world)->hash;
    read_journal(world, &played);
    world_destroy(world);
    world_plan_release(&plan);
    return played;
}

static void same_changes(const struct alert_change *a, uint32_t a_count,
                         const struct alert_change *b, uint32_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        assert_int_equal(a[i].at_us, b[i].at_us);
        assert_int_equal(a[i].kind, b[i].kind);
        assert_int_equal(a[i].rule, b[i].rule);
        assert_int_equal(a[i].scope, b[i].scope);
    }
}

static void looking_on_changes_nothing(void **state)
{
    (void)state;
    struct scenario *scenario = read_source();
    const struct played alone = play(scenario, NULL);
    assert_true(alone.acts == 2 && alone.change_count >= 6);
    const struct alert_set set = {.name = "own", .spec = scenario->alerts};
    struct alert_watch watch;
    struct err err;
    assert_true(alert_watch_make(&watch, &set, 1, true));
    assert_true(alert_watch_closed_loop(&watch, scenario, &err));
    const struct played watched = play(scenario, &watch);
    assert_false(watch.failed);
    assert_true(alone.hash == watched.hash);
    same_changes(alone.changes, alone.change_count, watched.changes, watched.change_count);
    same_changes(alone.changes, alone.change_count, watch.each[0].changes,
                 watch.each[0].change_count);
    const struct alert_record *record = &watch.each[0].record;
    assert_int_equal(record->ticks, 181);      /* half an hour, both ends */
    assert_int_equal(record->series_count, 5); /* four providers, and the router */
    bool fired = false;
    for (uint32_t t = 0; t < record->ticks; t++)
        fired = fired || record->instances[2].states[t] == ALERT_FIRING;
    assert_true(fired);
    alert_watch_release(&watch);
    forget(scenario);
}

static void sets_with_other_ticks_are_what_they_are_alone(void **state)
{
    (void)state;
    struct scenario *scenario = read_source();
    struct alert_set sets[2] = {{.name = "a", .spec = scenario->alerts},
                                {.name = "b", .spec = scenario->alerts}};
    sets[1].spec.interval_us = 15 * US_PER_SECOND;
    sets[1].spec.phase_us = 4 * US_PER_SECOND;
    sets[1].spec.notify_us[SEVERITY_PAGE] = 33 * US_PER_SECOND;
    sets[1].spec.rules[0].when.window_us = 5 * US_PER_MINUTE;
    struct alert_watch both, one;
    assert_true(alert_watch_make(&both, sets, 2, false));
    alert_watch_open_loop(&both, scenario);
    const struct played together = play(scenario, &both);
    assert_int_equal(together.acts, 0);
    assert_int_equal(together.change_count, 0); /* of the rules that only keep the world looking */
    for (unsigned s = 0; s < 2; s++) {
        struct scenario *again = read_source();
        assert_true(alert_watch_make(&one, &sets[s], 1, false));
        alert_watch_open_loop(&one, again);
        const struct played alone = play(again, &one);
        assert_true(alone.hash == together.hash);
        assert_true(one.each[0].change_count >= 4);
        same_changes(one.each[0].changes, one.each[0].change_count, both.each[s].changes,
                     both.each[s].change_count);
        alert_watch_release(&one);
        forget(again);
    }
    for (uint32_t i = 0; i < both.each[1].change_count; i++) {
        const struct alert_change *change = &both.each[1].changes[i];
        if (change->kind == ALERT_FIRED)
            assert_int_equal((change->at_us - 4 * US_PER_SECOND) % (15 * US_PER_SECOND), 0);
    }
    alert_watch_release(&both);
    forget(scenario);
}

static void ticks_have_to_meet(void **state)
{
    (void)state;
    struct scenario *scenario = read_source();
    struct alert_set set = {.name = "b", .spec = scenario->alerts};
    struct alert_watch watch;
    struct err err;
    set.spec.interval_us = 15 * US_PER_SECOND;
    assert_true(alert_watch_make(&watch, &set, 1, false));
    assert_false(alert_watch_closed_loop(&watch, scenario, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.message, "\"b\""));
    alert_watch_release(&watch);
    forget(scenario);
}

static void quiet_is_quiet(void **state)
{
    (void)state;
    struct scenario *scenario = read_source();
    const struct alert_set set = {.name = "own", .spec = scenario->alerts};
    struct alert_watch watch;
    assert_true(alert_watch_make(&watch, &set, 1, false));
    alert_watch_open_loop(&watch, scenario);
    alert_watch_calm(scenario);
    (void)play(scenario, &watch);
    assert_true(watch.begun);
    for (uint32_t i = 0; i < watch.each[0].change_count;
         i++) /* slow orders there are always some */
        assert_int_equal(watch.each[0].changes[i].rule, 1);
    alert_watch_release(&watch);
    forget(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looking_on_changes_nothing),
        cmocka_unit_test(sets_with_other_ticks_are_what_they_are_alone),
        cmocka_unit_test(ticks_have_to_meet),
        cmocka_unit_test(quiet_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
