/* Drills that are played: what is expected and comes true or not, verdicts over repeats, the same
 * bytes for any number of threads; and shipped drills measured a second time.
 *
 * Method: small drills whose course is known; shipped ones at a lower rate, their orders and
 * journals counted again one by one, slowly and from the definitions.
 */
#include "sim/analysis/drill.h"

#include "tests/sim/world/story_fixture.h"

#define FAULT                                                                                      \
    ", 'faults': [{'id': 'f', 'provider': 'all', 'kind': 'error', 'at': '10m', 'for': '10m'}]"
#define RULES                                                                                      \
    ", 'alerts': {'rules': [{'name': 'Down', 'metric': 'router.error_rate', 'op': '>', "           \
    "'threshold': 0.5, 'window': '1m', 'for': '1m', 'severity': 'page'}, {'name': 'Quiet', "       \
    "'metric': 'router.error_rate', 'op': '>', 'threshold': 2, 'severity': 'page'}]}"
#define EDGE                                                                                       \
    ", 'hypothesis': {'probes': [{'name': 'e', 'metric': 'router.error_rate', 'limit': 0.05, "     \
    "'window': '1m', 'mode': 'edge'}]}"
#define ONCALL                                                                                     \
    ", 'operators': [{'id': 'oncall', 'triggers': [{'on_alert': 'Down'}], 'ack': '1m', 'steps': "  \
    "[{'do': 'set', 'key': 'LOOPGPT_KROGER_MOK', 'value': true}, {'do': 'set', 'key': "            \
    "'LOOPGPT_MEALME_MOCK', 'value': true}, {'do': 'redeploy'}, {'do': 'wait_until', 'when': "     \
    "'fault_cleared'}, {'do': 'rollback'}, {'do': 'redeploy'}]}]"
#define SMALL  STORY_ALL FAULT RULES EDGE ONCALL
#define EXPECT ", 'expect': ["

struct drilled {
    struct scenario scenario;
    struct drill drill;
};

static void play(struct drilled *drilled, uint32_t jobs)
{
    struct err err = {0};
    const struct drill_request request = {.run = {.scenario = &drilled->scenario, .jobs = jobs}};
    if (!drill_play(&request, &drilled->drill, &err)) fail_msg("%s", err.message);
    assert_true(drilled->drill.result.complete);
}

static struct drilled *play_keys(const char *keys, uint32_t repeats, uint32_t jobs)
{
    struct drilled *const drilled = memory_zeroed(sizeof *drilled);
    assert_non_null(drilled);
    story_read(&drilled->scenario, keys);
    drilled->scenario.replications = repeats;
    play(drilled, jobs);
    return drilled;
}

static void done(struct drilled *drilled)
{
    drill_release(&drilled->drill);
    scenario_release(&drilled->scenario);
    free(drilled);
}

/* ---- expectations ---- */

static void meets_or_misses_each_kind_of_expectation(void **state)
{
    (void)state;
    static const struct {
        const char *expect;
        bool met;
    } rows[] = {
        {"{'alert': 'Down', 'fires_within': '2m'}", true},
        {"{'alert': 'Down', 'fires_within': '30s'}", false},
        {"{'alert': 'Down'}", true},
        {"{'alert': 'Quiet'}", false},
        {"{'alert': 'Quiet', 'must_not_fire': true}", true},
        {"{'alert': 'Down', 'must_not_fire': true}", false},
        {"{'measure': 'ttd', 'limit': '2m'}", true},
        {"{'measure': 'ttd', 'limit': '10s'}", false},
        {"{'measure': 'ttd', 'op': '>', 'limit': '10s'}", true},
        {"{'measure': 'noops', 'op': '==', 'limit': 1}", true},
        {"{'measure': 'noops', 'op': '==', 'limit': 0}", false},
        {"{'measure': 'ttm', 'limit': '1h'}", false}, /* nothing real is bought: never */
        {"{'measure': 'ttm', 'op': '>', 'limit': '1h'}", true},
        {"{'measure': 'ttd', 'limit': '2m', 'quantile': 0.9}", true},
        {"{'measure': 'ttd', 'limit': '10s', 'quantile': 0.9}", false},
        {"{'step': 'oncall.1', 'outcome': 'no effect'}", true},
        {"{'step': 'oncall.1', 'outcome': 'done'}", false},
        {"{'step': 'oncall.3', 'outcome': 'done'}", true},
        {"{'winner': 'WALMART_API', 'low': 0, 'high': 0}", true},
        {"{'winner': 'MEALME', 'during': 'f', 'low': 0.9, 'high': 1}", true},
        {"{'winner': 'MEALME', 'during': 'f', 'low': 0, 'high': 0.1}", false},
        {"{'verdict': 'pass'}", true},
        {"{'verdict': 'deviated'}", false},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *const keys = test_format("%s%s]", SMALL EXPECT, rows[i].expect);
        struct drilled *const d = play_keys(keys, 1, 1);
        CHECK_ROW(rows[i].expect, d->drill.expect_count == 1);
        if (d->drill.expects[0].met != rows[i].met)
            print_error("%s\n", d->drill.expects[0].measured);
        CHECK_ROW(rows[i].expect, d->drill.expects[0].met == rows[i].met);
        CHECK_ROW(rows[i].expect, d->drill.verdict == (rows[i].met ? VERDICT_PASS : VERDICT_FAIL));
        CHECK_ROW(rows[i].expect, d->drill.story_verdict == VERDICT_PASS);
        done(d);
        free(keys);
    }
}

/* It fires at the first tick, long before the fault, and in the control as well. */
static void holds_an_alert_for_fired_that_must_not_though_it_is_false(void **state)
{
    (void)state;
    struct drilled *const d = play_keys(
        STORY_ALL FAULT ", 'alerts': {'rules': [{'name': 'Early', 'metric': "
                        "'router.requests_per_hour', 'op': '>', 'threshold': 1, 'severity': "
                        "'page'}]}" EXPECT "{'alert': 'Early', 'must_not_fire': true}, {'alert': "
                        "'Early'}]",
        1, 1);
    assert_false(d->drill.expects[0].met);
    assert_non_null(strstr(d->drill.expects[0].measured, "fired at "));
    assert_false(d->drill.expects[1].met); /* that is not the fault's doing */
    assert_int_equal(d->drill.alerts[0].false_episodes, 1);
    CHECK_NEAR(d->drill.values[DRILL_FALSE_PAGES].value, 1, 0);
    assert_int_equal(d->drill.values[DRILL_TTD].state, DRILL_NEVER);
    done(d);
}

/* What there was nothing of is below any limit, and above none. */
static void takes_what_does_not_apply_for_less_than_any_limit(void **state)
{
    (void)state;
    struct drilled *const d = play_keys(
        STORY_ALL ", 'faults': [{'id': 'f', 'provider': 'KROGER_API', 'kind': 'error', 'at': "
                  "'10m', 'for': '10m'}]" EXPECT
                  "{'measure': 'ttm', 'limit': '1s'}, {'measure': 'ttr', 'limit': '1s', "
                  "'quantile': 0.9}, {'measure': 'ttm', 'op': '>', 'limit': '1s'}]",
        1, 1);
    assert_true(d->drill.marks.absorbed);
    assert_true(d->drill.expects[0].met && d->drill.expects[1].met);
    assert_false(d->drill.expects[2].met);
    assert_int_equal(d->drill.verdict, VERDICT_FAIL);
    done(d);
}

/* ---- verdicts ---- */

#define NO_END                                                                                     \
    ", 'hypothesis': {'probes': [{'name': 'e', 'metric': 'router.error_rate', 'limit': 0.05, "     \
    "'window': '15m', 'mode': 'end'}]}"
#define THIN                                                                                       \
    ", 'hypothesis': {'probes': [{'name': 'e', 'metric': 'router.error_rate', 'limit': 0.05, "     \
    "'min_volume': 5000, 'mode': 'edge'}]}"
#define STOP  ", 'stop_conditions': [{'metric': 'router.error_rate', 'limit': 0.5, 'window': '1m'}]"
#define UNMET "{'alert': 'Quiet'}"
#define MET   "{'alert': 'Down'}"

static void comes_to_one_word(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *expect;
        enum drill_verdict verdict, story;
    } rows[] = {
        {STORY_ALL FAULT RULES EDGE, MET, VERDICT_PASS, VERDICT_PASS},
        {STORY_ALL FAULT RULES EDGE, UNMET, VERDICT_FAIL, VERDICT_PASS},
        {STORY_ALL FAULT RULES NO_END, MET, VERDICT_DEVIATED, VERDICT_DEVIATED},
        {STORY_ALL FAULT RULES NO_END, UNMET, VERDICT_DEVIATED, VERDICT_DEVIATED},
        {STORY_ALL FAULT RULES NO_END STOP, UNMET, VERDICT_ABORTED, VERDICT_ABORTED},
        {STORY_ALL FAULT RULES THIN STOP, UNMET, VERDICT_INVALID, VERDICT_INVALID},
        /* What is foreseen: the story counts only as far as it is that. */
        {STORY_ALL FAULT RULES NO_END, MET ", {'verdict': 'deviated'}", VERDICT_PASS,
         VERDICT_DEVIATED},
        {STORY_ALL FAULT RULES NO_END, UNMET ", {'verdict': 'deviated'}", VERDICT_FAIL,
         VERDICT_DEVIATED},
        {STORY_ALL FAULT RULES NO_END, MET ", {'verdict': 'pass'}", VERDICT_FAIL, VERDICT_DEVIATED},
        {STORY_ALL FAULT RULES EDGE, MET ", {'verdict': 'deviated'}", VERDICT_FAIL, VERDICT_PASS},
        {STORY_ALL FAULT RULES THIN, MET ", {'verdict': 'invalid'}", VERDICT_PASS, VERDICT_INVALID},
        {STORY_ALL FAULT RULES EDGE STOP, "{'verdict': 'aborted'}", VERDICT_PASS, VERDICT_ABORTED},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *const keys = test_format("%s%s%s]", rows[i].keys, EXPECT, rows[i].expect);
        struct drilled *const d = play_keys(keys, 1, 1);
        if (d->drill.verdict != rows[i].verdict) print_error("row %u: %s\n", i, d->drill.why);
        CHECK_ROW(rows[i].expect, d->drill.verdict == rows[i].verdict);
        CHECK_ROW(rows[i].expect, d->drill.story_verdict == rows[i].story);
        assert_true(d->drill.why[0] != '\0');
        done(d);
        free(keys);
    }
    assert_int_equal(drill_exit_code(VERDICT_PASS), 0);
    assert_int_equal(drill_exit_code(VERDICT_FAIL), 1);
    assert_int_equal(drill_exit_code(VERDICT_DEVIATED), 1);
    assert_int_equal(drill_exit_code(VERDICT_ABORTED), 1);
    assert_int_equal(drill_exit_code(VERDICT_INVALID), 5);
}

static void is_invalid_when_the_fault_hit_nobody(void **state)
{
    (void)state;
    struct drilled *const d = play_keys(
        STORY_ALL ", 'faults': [{'id': 'f', 'provider': 'WALMART_API', 'kind': 'error', 'at': "
                  "'10m', 'for': '10m'}]" RULES,
        1, 1);
    assert_int_equal(d->drill.verdict, VERDICT_INVALID);
    assert_non_null(strstr(d->drill.why, "no fault"));
    done(d);
}

static void keeps_to_the_recovery_objective(void **state)
{
    (void)state;
    struct drilled *d = play_keys(STORY_ALL FAULT RULES EDGE ", 'rto': '12m'", 1, 1);
    assert_int_equal(d->drill.values[DRILL_TTR].state, DRILL_KNOWN);
    assert_true(d->drill.values[DRILL_TTR].value > 600 && d->drill.values[DRILL_TTR].value < 720);
    CHECK_NEAR(d->drill.values[DRILL_RTO_MET].value, 1, 0);
    done(d);
    d = play_keys(STORY_ALL FAULT RULES EDGE ", 'rto': '10m'", 1, 1);
    CHECK_NEAR(d->drill.values[DRILL_RTO_MET].value, 0, 0);
    done(d);
}

/* ---- repeats ---- */

#define MANY                                                                                       \
    "'duration': '4m', 'seed': %d, 'workload': {'arrivals': {'kind': 'poisson', 'rate': '2/s'}, "  \
    "'carts': {'lines': 1}, 'confirm': {'share': 0}}, 'router': {'env': {" STORY_ENV "}}, "        \
    "'faults': [{'id': 'f', 'provider': 'all', 'kind': 'error', 'at': '1m', 'for': '1m'}], "       \
    "'alerts': {'rules': [{'name': 'Down', 'metric': 'router.error_rate', 'op': '>', "             \
    "'threshold': 0.5, 'window': '20s', 'for': '10s', 'severity': 'page'}]}, 'hypothesis': "       \
    "{'holds_for': '20s', 'probes': [{'name': 'e', 'metric': 'router.error_rate', 'limit': 0.2, "  \
    "'window': '30s', 'min_volume': %d, 'mode': 'start'}]}, 'operators': [{'id': 'a', "            \
    "'triggers': [{'on_alert': 'Down'}], 'ack': {'law': 'uniform', 'low': '1s', 'high': '60s'}, "  \
    "'steps': [{'do': 'request'}, {'do': 'redeploy'}]}], 'expect': [{'alert': 'Down'}, "           \
    "{'measure': 'ttd', 'limit': '1m', 'quantile': 0.9}]"

enum { REPEATS = 40 };

static void leaves_a_few_invalid_repeats_out(void **state)
{
    (void)state;
    uint32_t some = 0, too_many = 0, first = 0;
    for (int seed = 1; seed <= 12; seed++) {
        char *const keys = test_format(MANY, seed, 46 + seed % 3 * 3);
        struct drilled *const d = play_keys(keys, REPEATS, 1);
        const struct drill *const drill = &d->drill;
        uint32_t invalid = 0, counted = 0;
        for (uint32_t r = 0; r < REPEATS; r++)
            invalid += drill->each[r].verdict == VERDICT_INVALID;
        const bool hopeless = drill->each[0].verdict == VERDICT_INVALID || invalid * 10 > REPEATS;
        assert_int_equal(drill->left_out, hopeless ? 0 : invalid);
        for (unsigned v = 0; v < VERDICT_COUNT; v++)
            counted += drill->repeats_by_verdict[v];
        assert_int_equal(counted, REPEATS - drill->left_out);
        assert_int_equal(drill->verdict == VERDICT_INVALID, hopeless && invalid > 0);
        for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
            uint32_t n = 0;
            for (uint32_t r = 0; r < REPEATS; r++) {
                n += !drill->each[r].left_out &&
                     drill->each[r].values[m].state != DRILL_NOT_APPLICABLE;
            }
            assert_int_equal(drill->measures[m].n, n);
        }
        uint32_t outcomes = 0;
        for (unsigned o = 0; o < STEP_OUTCOME_COUNT; o++)
            outcomes += drill->steps[0].outcomes[o];
        assert_int_equal(outcomes, REPEATS - drill->left_out);
        some += drill->left_out > 0;
        too_many += invalid * 10 > REPEATS;
        first += drill->each[0].verdict == VERDICT_INVALID;
        done(d);
        free(keys);
    }
    assert_true(some > 0 && too_many > 0 && first > 0); /* the cases were met */
}

static void check_alike(const struct drill *a, const struct drill *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_string_equal(a->why, b->why);
    assert_int_equal(a->repeats, b->repeats);
    for (uint32_t r = 0; r < a->repeats; r++) {
        assert_memory_equal(&a->each[r].marks, &b->each[r].marks, sizeof a->each[r].marks);
        for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
            const struct drill_value *const x = &a->each[r].values[m], *const y =
                                                                           &b->each[r].values[m];
            assert_int_equal(x->state, y->state);
            if (x->state == DRILL_KNOWN) assert_memory_equal(&x->value, &y->value, sizeof x->value);
        }
    }
    assert_int_equal(a->entry_count, b->entry_count);
    for (uint32_t i = 0; i < a->entry_count; i++) {
        assert_int_equal(a->entries[i].at_us, b->entries[i].at_us);
        assert_int_equal(a->entries[i].kind, b->entries[i].kind);
        assert_int_equal(a->entries[i].cause, b->entries[i].cause);
        assert_string_equal(a->entries[i].text, b->entries[i].text);
        assert_string_equal(a->entries[i].why, b->entries[i].why);
    }
    for (uint32_t i = 0; i < a->expect_count; i++)
        assert_string_equal(a->expects[i].measured, b->expects[i].measured);
    assert_memory_equal(a->heat, b->heat, sizeof a->heat);
}

static void comes_to_the_same_for_any_number_of_threads(void **state)
{
    (void)state;
    char *const keys = test_format(MANY, 3, 20);
    struct drilled *const one = play_keys(keys, REPEATS, 1);
    struct drilled *const two = play_keys(keys, REPEATS, 2);
    struct drilled *const many = play_keys(keys, REPEATS, 5);
    check_alike(&one->drill, &two->drill);
    check_alike(&one->drill, &many->drill);
    assert_true(one->drill.measures[DRILL_TTA].least.value <
                one->drill.measures[DRILL_TTA].most.value);
    done(one);
    done(two);
    done(many);
    free(keys);
}

/* ---- what is done twice ---- */

static void tells_of_the_first_time_that_a_step_was_done(void **state)
{
    (void)state;
    struct drilled *const d = play_keys(
        STORY_ALL FAULT RULES ", 'operators': [{'id': 'a', 'triggers': [{'at': '5m'}, {'at': "
                              "'25m'}], 'again': true, 'steps': [{'do': 'set', 'key': "
                              "'LOOPGPT_KROGER_MOCK', 'value': true}]}]" EXPECT
                              "{'step': 'a.1', 'outcome': 'done'}]",
        1, 1);
    const struct drill_step *const step = &d->drill.steps[0];
    assert_int_equal(step->outcome, STEP_DONE); /* the second time it was so already */
    assert_int_equal(step->outcomes[STEP_DONE], 1);
    assert_int_equal(step->outcomes[STEP_NO_EFFECT], 0);
    assert_true(d->drill.expects[0].met);
    done(d);
}

/* ---- shipped drills, measured again ---- */

struct both { /* a drill's run and its control, as worlds that both still live */
    struct scenario control;
    struct world_plan plans[2];
    struct world *worlds[2];
    const struct story_facts *here, *there;
};

static struct world *run_world(const struct scenario *scenario, struct world_plan *plan)
{
    struct err err = {0};
    static const struct world_outputs nowhere = {0};
    if (!world_plan_make(scenario, plan, &err)) fail_msg("%s", err.message);
    plan->pairs = true;
    struct world *const world = world_create(plan, 4096, &err);
    if (world == NULL) fail_msg("%s", err.message);
    if (!world_run(world, 0, &nowhere, NULL, &err)) fail_msg("%s", err.message);
    return world;
}

static struct both *run_both(const struct scenario *scenario)
{
    struct both *const both = memory_zeroed(sizeof *both);
    assert_non_null(both);
    both->control = *scenario;
    both->control.fault_count = both->control.cache.fault_count = 0;
    memset(&both->control.drill, 0, sizeof both->control.drill);
    both->control.drill.hypothesis = scenario->drill.hypothesis;
    both->control.drill.hypothesis.probe_count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        both->control.providers[p].backend.credentials.expires_at_us = -1;
        both->control.providers[p].backend.credentials.rotated_at_us = -1;
    }
    both->worlds[0] = run_world(scenario, &both->plans[0]);
    both->worlds[1] = run_world(&both->control, &both->plans[1]);
    both->here = world_story(both->worlds[0]);
    both->there = world_story(both->worlds[1]);
    return both;
}

static void end_both(struct both *both)
{
    for (unsigned i = 0; i < 2; i++) {
        world_destroy(both->worlds[i]);
        world_plan_release(&both->plans[i]);
    }
    free(both);
}

/* Orders that were judged in (from, until], and of them those that are good, and bad. */
struct tallied {
    uint32_t judged, ok, bad;
};

static struct tallied count(const struct story_facts *facts, int64_t from_us, int64_t until_us)
{
    struct tallied all = {0};
    for (uint64_t i = 0; i < facts->order_count; i++) {
        const struct story_order *const order = &facts->orders[i];
        if (!order->judged || order->judged_us <= from_us || order->judged_us > until_us) continue;
        all.judged++;
        all.ok += order->ok;
        all.bad += order->bad;
    }
    return all;
}

static int64_t slow_impact(const struct both *both)
{
    int64_t impact_us = INT64_MAX;
    for (uint64_t i = 0; i < both->here->order_count && i < both->there->order_count; i++) {
        const struct story_order *const a = &both->here->orders[i];
        const struct story_order *const b = &both->there->orders[i];
        if (a->judged && b->judged && a->bad && !b->bad && a->judged_us < impact_us) {
            impact_us = a->judged_us;
        }
    }
    return impact_us;
}

static bool fires_in_control(const struct both *both, const struct story_entry *fired)
{
    bool firing = false;
    for (uint32_t i = 0; i < both->there->entry_count; i++) {
        const struct story_entry *const e = &both->there->entries[i];
        if (e->at_us > fired->at_us || e->index != fired->index || e->scope != fired->scope) {
            continue;
        }
        if (e->kind == STORY_FIRED || e->kind == STORY_RESOLVED) firing = e->kind == STORY_FIRED;
    }
    return firing;
}

static int64_t slow_detection(const struct scenario *scenario, const struct both *both)
{
    for (uint32_t i = 0; i < both->here->entry_count; i++) {
        const struct story_entry *const e = &both->here->entries[i];
        if (e->kind != STORY_FIRED || e->at_us < both->here->first_fault_us) continue;
        if (scenario->alerts.rules[e->index].severity != SEVERITY_PAGE) continue;
        if (!fires_in_control(both, e)) return e->at_us;
    }
    return INT64_MAX;
}

/* Of drills with one fault that does not flap. */
static int64_t slow_mitigation(const struct scenario *scenario, const struct both *both,
                               int64_t impact_us)
{
    const struct hypothesis_spec *const hypothesis = &scenario->drill.hypothesis;
    bool out = false;
    for (int64_t t_us = impact_us / US_PER_SECOND * US_PER_SECOND;
         t_us + hypothesis->holds_for_us <= both->here->last_clear_us; t_us += US_PER_SECOND) {
        const struct tallied all = count(both->here, t_us, t_us + hypothesis->holds_for_us);
        const bool well = all.judged > 0 && (double)all.ok / all.judged >= hypothesis->good;
        out = out || (all.judged > 0 && !well);
        if (out && well) return t_us < impact_us ? impact_us : t_us;
    }
    return INT64_MAX;
}

static int64_t slow_recovery(const struct scenario *scenario, const struct both *both,
                             int64_t impact_us)
{
    const struct story_facts *const facts = both->here;
    int64_t from_us = facts->last_clear_us;
    for (uint32_t i = 0; i < facts->differing_count; i++) {
        if (facts->differing[i].until_us >= scenario->duration_us) return INT64_MAX;
        if (facts->differing[i].until_us > from_us) from_us = facts->differing[i].until_us;
    }
    if (impact_us > from_us) from_us = impact_us;
    for (uint32_t k = 0; k < facts->look_count; k++) {
        const int64_t at_us = facts->look_from_us + k * facts->look_every_us;
        if (at_us < from_us) continue;
        bool holds = true, seen = false;
        for (uint32_t j = k; holds && !seen && j < facts->look_count; j++) {
            holds = facts->looks[j] == 1;
            seen = holds && facts->look_from_us + j * facts->look_every_us - at_us >=
                                scenario->drill.hypothesis.holds_for_us;
        }
        if (holds && seen) return at_us;
    }
    return INT64_MAX;
}

static void check_value(const char *label, const struct drill_value *value, int64_t from_us,
                        int64_t to_us)
{
    if (from_us == INT64_MAX) {
        CHECK_ROW(label, value->state == DRILL_NOT_APPLICABLE);
    } else if (to_us == INT64_MAX) {
        CHECK_ROW(label, value->state == DRILL_NEVER || value->state == DRILL_NOT_APPLICABLE);
    } else {
        CHECK_ROW(label, value->state == DRILL_KNOWN);
        CHECK_ROW(label, fabs(value->value - (double)(to_us - from_us) / 1e6) < 1e-6);
    }
}

static void check_again(const char *name, const struct scenario *scenario,
                        const struct drill *drill)
{
    struct both *const both = run_both(scenario);
    const int64_t impact_us = slow_impact(both);
    const int64_t detect_us = slow_detection(scenario, both);
    const struct drill_value *const values = drill->values;
    CHECK_ROW(name, drill->marks.impact_us == impact_us);
    check_value(name, &values[DRILL_TTD], impact_us, detect_us);
    check_value(name, &values[DRILL_TTD_FROM_FAULT], both->here->first_fault_us, detect_us);
    if (impact_us < INT64_MAX) {
        const int64_t mitigate_us = slow_mitigation(scenario, both, impact_us);
        const int64_t recover_us = slow_recovery(scenario, both, impact_us);
        check_value(name, &values[DRILL_TTM], impact_us, mitigate_us);
        check_value(name, &values[DRILL_TTR], impact_us, recover_us);
    }
    const int64_t fault_us = both->here->first_fault_us;
    const struct tallied incident = count(both->here, fault_us, INT64_MAX);
    const double budget = drill->budget_orders;
    CHECK_NEAR(values[DRILL_BUDGET_BURNED].value, incident.bad / budget, 1e-12);
    CHECK_NEAR(values[DRILL_BUDGET_BEFORE_DETECT].value +
                   values[DRILL_BUDGET_BEFORE_MITIGATE].value +
                   values[DRILL_BUDGET_BEFORE_RECOVER].value + values[DRILL_BUDGET_AFTER].value,
               incident.bad / budget, 1e-12);
    uint32_t lost = 0, other = 0, fake = 0, judged = 0, pages = 0;
    for (uint64_t i = 0; i < both->here->order_count; i++) {
        const struct story_order *const a = &both->here->orders[i];
        const struct story_order *const b = &both->there->orders[i];
        if (!a->judged) continue;
        judged++;
        fake += a->total_cents >= 0 && a->canned;
        lost += b->judged && a->bad && !b->bad;
        other += b->judged &&
                 (a->bad != b->bad || a->winner != b->winner || a->total_cents != b->total_cents);
    }
    for (uint32_t i = 0; i < both->here->entry_count; i++) {
        const struct story_entry *const e = &both->here->entries[i];
        if (e->kind != STORY_TOLD) continue;
        pages += scenario->alerts.rules[e->index].severity == SEVERITY_PAGE;
    }
    CHECK_NEAR(values[DRILL_ORDERS_LOST].value, lost, 0);
    CHECK_NEAR(values[DRILL_FAKE_PRICE_ORDERS].value, fake, 0);
    CHECK_NEAR(values[DRILL_BLAST_RADIUS].value, (double)other / judged, 1e-12);
    CHECK_NEAR(values[DRILL_PAGES].value, pages, 0);
    end_both(both);
}

static char *read_file(const char *path, size_t *size)
{
    enum { MOST = 1 << 20 };
    FILE *const stream = fopen(path, "rb");
    if (stream == NULL) fail_msg("%s", path);
    char *const bytes = malloc(MOST);
    assert_non_null(bytes);
    *size = fread(bytes, 1, MOST - 1, stream);
    bytes[*size] = '\0';
    (void)fclose(stream);
    return bytes;
}

static void measures_shipped_drills_as_one_would_by_hand(void **state)
{
    (void)state;
    static const char *const names[] = {"emergency-1-as-documented", "emergency-1-as-coded",
                                        "issue-2-all-failing", "silent-walmart-outage",
                                        "issue-5-credentials-expired"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *const path = test_format("scenarios/drills/%s.json", names[i]);
        size_t size;
        char *const bytes = read_file(path, &size);
        const struct scenario_override override = {"workload.arrivals.rate", "1/s", "--set"};
        const struct scenario_options options = {.overrides = &override, .override_count = 1};
        struct err_list list = {.source_file = path};
        struct drilled *const d = memory_zeroed(sizeof *d);
        assert_non_null(d);
        if (!scenario_read(&d->scenario, path, bytes, size, &options, &list)) {
            err_list_print(stderr, &list, bytes, false);
            fail_msg("%s", path);
        }
        d->scenario.replications = 1;
        play(d, 1);
        check_again(names[i], &d->scenario, &d->drill);
        done(d);
        free(bytes);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_or_misses_each_kind_of_expectation),
        cmocka_unit_test(holds_an_alert_for_fired_that_must_not_though_it_is_false),
        cmocka_unit_test(takes_what_does_not_apply_for_less_than_any_limit),
        cmocka_unit_test(comes_to_one_word),
        cmocka_unit_test(is_invalid_when_the_fault_hit_nobody),
        cmocka_unit_test(keeps_to_the_recovery_objective),
        cmocka_unit_test(leaves_a_few_invalid_repeats_out),
        cmocka_unit_test(comes_to_the_same_for_any_number_of_threads),
        cmocka_unit_test(tells_of_the_first_time_that_a_step_was_done),
        cmocka_unit_test(measures_shipped_drills_as_one_would_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
