/* What a story looks at: probes, waits, stop conditions; and how it ends.
 *
 * Method: the orders of a run are kept, so every look can be done again by counting them one by
 * one; canned orders take no time and so end exactly on ticks.
 */
#include "tests/sim/world/story_fixture.h"

#define FAULT                                                                                      \
    ", 'faults': [{'id': 'f', 'provider': 'all', 'kind': 'error', 'at': '10m', 'for': '10m'}]"
#define ALERT                                                                                      \
    ", 'alerts': {'rules': [{'name': 'Down', 'metric': 'router.error_rate', 'op': '>', "           \
    "'threshold': 0.5, 'window': '1m', 'for': '1m', 'severity': 'page'}]}"
#define PROBES(probes) ", 'hypothesis': {'probes': [" probes "]}"
#define ERRORS(more)                                                                               \
    "{'name': 'e', 'metric': 'router.error_rate', 'limit': 0.05, 'window': '1m'" more "}"
#define AT(at, steps)                                                                              \
    ", 'operators': [{'id': 'a', 'triggers': [{'at': '" at "'}], 'steps': [" steps "]}]"
#define DRILL        STORY_ALL FAULT ALERT PROBES(ERRORS(""))
#define VERIFY(more) "{'do': 'verify', 'probe': 'e', " more "}"
#define STOP         ", 'stop_conditions': [{'metric': 'router.error_rate', 'limit': 0.5, 'window': '1m'}]"
#define ROLLBACK(strategy, steps)                                                                  \
    ", 'rollbacks': {'strategy': '" strategy "', 'steps': [" steps "]}"

/* The share of failed orders among those that ended in (t - w, t]. */
static double error_rate(const struct story_facts *facts, int64_t t_us, int64_t w_us, uint32_t *n)
{
    uint32_t failed = 0;
    *n = 0;
    for (uint64_t i = 0; i < facts->order_count; i++) {
        const struct story_order *const order = &facts->orders[i];
        if (!order->judged || order->judged_us <= t_us - w_us || order->judged_us > t_us) continue;
        ++*n;
        failed += order->total_cents < 0;
    }
    return *n == 0 ? (double)NAN : (double)failed / *n;
}

/* The first multiple of 10 s from `from_us` on at which that is, or is not, at most the limit. */
static int64_t first_look(const struct story_facts *facts, int64_t from_us, double limit, bool low)
{
    for (int64_t t_us = from_us;; t_us += SECOND(10)) {
        uint32_t n;
        const double rate = error_rate(facts, t_us, MINUTE(1), &n);
        if (n > 0 && (rate <= limit) == low) return t_us;
        if (t_us > MINUTE(40)) fail_msg("never");
    }
}

/* ---- windows ---- */

#define CANNED                                                                                     \
    STORY_BASE "'router': {'env': {'LOOPGPT_MEALME_MOCK': true, 'LOOPGPT_INSTACART_MOCK': true, "  \
               "'LOOPGPT_ENABLE_KROGER': false, 'LOOPGPT_ENABLE_WALMART': false}}, 'faults': "     \
               "[{'id': 'f', 'provider': 'MEALME', 'kind': 'error', 'at': '5m', 'for': '1m'}]"

static void counts_an_order_that_ends_on_the_tick(void **state)
{
    (void)state;
    struct played *const p = story_run(
        CANNED PROBES("{'name': 'all', 'metric': 'router.error_rate', 'limit': 0.05, 'window': "
                      "'1h', 'mode': 'edge'}, {'name': 'ten', 'metric': 'router.error_rate', "
                      "'limit': 0.05, 'window': '10s', 'mode': 'edge'}"));
    uint32_t at_tick = 0, at_left = 0, n;
    for (uint64_t i = 0; i < p->facts->order_count; i++) {
        at_tick += p->facts->orders[i].judged_us == MINUTE(5);
        at_left += p->facts->orders[i].judged_us == MINUTE(5) - SECOND(10);
    }
    assert_int_equal(at_tick, 1);
    assert_int_equal(at_left, 1);
    (void)error_rate(p->facts, MINUTE(5), MINUTE(60), &n);
    assert_int_equal(p->facts->probes[0].start.n, n);
    (void)error_rate(p->facts, MINUTE(5), SECOND(10), &n);
    assert_int_equal(n, 20);
    assert_int_equal(p->facts->probes[1].start.n, n);
    (void)error_rate(p->facts, MINUTE(30), MINUTE(60), &n);
    assert_int_equal(p->facts->probes[0].end.n, n);
    story_close(p);
}

/* ---- the hypothesis ---- */

static void looks_at_all_times_and_notes_when_that_turns(void **state)
{
    (void)state;
    struct played *const p = story_run(DRILL);
    story_check(p);
    const struct story_facts *const facts = p->facts;
    assert_int_equal(facts->look_from_us, SECOND(10));
    assert_int_equal(facts->look_count, 180);
    uint32_t unmet = 0, evaluated = 0, turns = 0;
    int64_t first_us = INT64_MAX;
    bool well = true;
    for (uint32_t k = 0; k < facts->look_count; k++) {
        const int64_t t_us = facts->look_from_us + k * facts->look_every_us;
        uint32_t n;
        const bool met = error_rate(facts, t_us, MINUTE(1), &n) <= 0.05;
        evaluated += n > 0;
        unmet += !met;
        if (!met && t_us < first_us) first_us = t_us;
        assert_int_equal(facts->looks[k], met);
        if (met == well) continue;
        well = met;
        const struct story_entry *const e =
            story_at(p, met ? STORY_HYPOTHESIS_MET : STORY_HYPOTHESIS_LOST, turns++ / 2);
        assert_int_equal(e->at_us, t_us);
    }
    assert_int_equal(story_count(p, STORY_HYPOTHESIS_LOST) + story_count(p, STORY_HYPOTHESIS_MET),
                     turns);
    assert_int_equal(turns, 2);
    assert_int_equal(facts->probes[0].evaluated, evaluated);
    assert_int_equal(facts->probes[0].met, evaluated - unmet);
    assert_int_equal(facts->probes[0].first_unmet_us, first_us);
    story_close(p);
}

static void looks_at_a_probe_when_its_mode_says(void **state)
{
    (void)state;
    struct played *const p = story_run(STORY_ALL FAULT PROBES(
        "{'name': 'start', 'metric': 'router.error_rate', 'limit': 0.05, 'mode': 'start'}, "
        "{'name': 'end', 'metric': 'router.error_rate', 'limit': 0.05, 'mode': 'end'}, "
        "{'name': 'edge', 'metric': 'router.error_rate', 'limit': 0.05, 'mode': 'edge'}, "
        "{'name': 'chaos', 'metric': 'router.error_rate', 'limit': 0.05, 'window': '1m', "
        "'mode': 'on_chaos'}, "
        "{'name': 'thin', 'metric': 'router.error_rate', 'limit': 0.05, 'window': '1m', "
        "'min_volume': 500, 'mode': 'edge'}"));
    const struct story_probe *const probes = p->facts->probes;
    static const uint32_t wanted[] = {1, 1, 2};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(probes[i].evaluated, wanted[i]);
        assert_int_equal(probes[i].met, wanted[i]);
    }
    uint32_t looks = 0, met = 0, n;
    for (int64_t t_us = MINUTE(10); t_us < MINUTE(20); t_us += SECOND(10)) {
        looks++;
        met += error_rate(p->facts, t_us, MINUTE(1), &n) <= 0.05;
    }
    assert_int_equal(probes[3].evaluated, looks);
    assert_int_equal(probes[3].met, met);
    assert_int_equal(probes[4].evaluated, 0);
    assert_int_equal(probes[4].at_start, -1);
    assert_int_equal(probes[4].at_end, -1);
    assert_true(probes[4].thin >= 2);
    story_close(p);
}

static void says_nothing_of_what_is_too_thin(void **state)
{
    (void)state;
    struct played *const p = story_run(STORY_ALL FAULT PROBES(ERRORS(", 'min_volume': 500")));
    assert_int_equal(story_count(p, STORY_HYPOTHESIS_LOST), 0);
    assert_int_equal(p->facts->probes[0].evaluated, 0);
    for (uint32_t k = 0; k < p->facts->look_count; k++)
        assert_int_equal(p->facts->looks[k], 2);
    story_close(p);
}

/* Errors stop at 20 min, and a minute later no window shows any. */
static void wants_the_end_to_have_lasted_and_to_have_come_in_time(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        int met;
    } rows[] = {{"'holds_for': '8m'", 1},
                {"'holds_for': '10m'", 0},
                {"'eventually_within': '2m'", 1},
                {"'eventually_within': '30s'", 0}};
    for (unsigned i = 0; i < 4; i++) {
        char *const keys =
            test_format(STORY_ALL FAULT PROBES(ERRORS(", 'mode': 'end', %s")), rows[i].more);
        struct played *const p = story_run(keys);
        CHECK_ROW(rows[i].more, p->facts->probes[0].at_end == rows[i].met);
        story_close(p);
        free(keys);
    }
}

static void wants_the_start_to_have_lasted(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        int met;
    } rows[] = {{"'holds_for': '0s'", 1}, {"'holds_for': '5m'", 1}, {"'holds_for': '9m55s'", 0}};
    for (unsigned i = 0; i < 3; i++) {
        char *const keys =
            test_format(STORY_ALL FAULT PROBES(ERRORS(", 'mode': 'start', %s")), rows[i].more);
        struct played *const p = story_run(keys);
        CHECK_ROW(rows[i].more, p->facts->probes[0].at_start == rows[i].met);
        story_close(p);
        free(keys);
    }
}

static void moves_no_order_by_watching(void **state)
{
    (void)state;
    struct played *const blind = story_run(STORY_ALL FAULT);
    struct played *const p = story_run(DRILL);
    assert_true(world_facts(blind->world)->hash == world_facts(p->world)->hash);
    assert_int_equal(world_facts(blind->world)->calls_sent, world_facts(p->world)->calls_sent);
    story_close(blind);
    story_close(p);
}

/* ---- verifying ---- */

static void verifies_what_comes_true_in_time_and_lasts(void **state)
{
    (void)state;
    struct played *const p =
        story_run(DRILL AT("15m", VERIFY("'eventually_within': '10m', 'holds_for': '1m'")));
    story_check(p);
    const int64_t well_us = first_look(p->facts, MINUTE(15), 0.05, true);
    assert_true(well_us > MINUTE(20));
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_DONE);
    assert_int_equal(story_ended(p, 0, 0)->at_us, well_us + MINUTE(1));
    story_close(p);
}

static void verifies_in_vain(void **state)
{
    (void)state;
    struct played *p = story_run(DRILL AT("15m", VERIFY("'eventually_within': '1m'")));
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_FAILED);
    assert_int_equal(story_ended(p, 0, 0)->at_us, MINUTE(16));
    assert_non_null(strstr(story_ended(p, 0, 0)->why, "did not hold: 1"));
    story_close(p);
    p = story_run(DRILL AT("15m", VERIFY("'eventually_within': '0s'")));
    assert_int_equal(story_ended(p, 0, 0)->at_us, MINUTE(15));
    story_close(p);
    /* It holds when the fault begins, and not for long enough. */
    p = story_run(DRILL AT("9m50s", VERIFY("'eventually_within': '10s', 'holds_for': '1m'")));
    const int64_t lost_us = first_look(p->facts, MINUTE(10), 0.05, false);
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_FAILED);
    assert_int_equal(story_ended(p, 0, 0)->at_us, lost_us);
    story_close(p);
    p = story_run(STORY_ALL FAULT PROBES(ERRORS(", 'min_volume': 500"))
                      AT("5m", VERIFY("'eventually_within': '1m'")));
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_FAILED);
    assert_int_equal(story_ended(p, 0, 0)->at_us, MINUTE(6));
    assert_non_null(strstr(story_ended(p, 0, 0)->why, "too little"));
    story_close(p);
}

/* Errors leave the window at 2% a second from 20 min on: 5% are left at 20m57s, between two looks
 * of the hypothesis. */
static void verifies_at_the_deadline_and_at_the_end_of_the_hold(void **state)
{
    (void)state;
    uint32_t n;
    struct played *p = story_run(DRILL AT("15m", VERIFY("'eventually_within': '5m53s'")));
    assert_true(error_rate(p->facts, MINUTE(20) + SECOND(53), MINUTE(1), &n) > 0.05);
    assert_true(error_rate(p->facts, MINUTE(20) + SECOND(59), MINUTE(1), &n) <= 0.05);
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_FAILED);
    assert_int_equal(story_ended(p, 0, 0)->at_us, MINUTE(20) + SECOND(53));
    story_close(p);
    /* A hold that begins behind the deadline does not count either. */
    p = story_run(DRILL AT("15m", VERIFY("'eventually_within': '5m53s', 'holds_for': '65s'")));
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_FAILED);
    assert_int_equal(story_ended(p, 0, 0)->at_us, MINUTE(20) + SECOND(53));
    story_close(p);
    p = story_run(DRILL AT("15m", VERIFY("'eventually_within': '5m59s', 'holds_for': '65s'")));
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_DONE);
    assert_int_equal(story_ended(p, 0, 0)->at_us, MINUTE(20) + SECOND(59 + 65));
    story_close(p);
}

static void does_not_verify_for_ever_when_orders_stay_away(void **state)
{
    (void)state;
    struct played *const p = story_run(
        "'duration': '30m', 'seed': 7, 'workload': {'arrivals': {'kind': 'constant', 'rate': "
        "'2/s', 'limit': 1200}, 'carts': {'lines': 2}}, 'router': {'env': {" STORY_ENV
        "}}" PROBES(ERRORS(""))
            AT("9m50s", VERIFY("'eventually_within': '10s', 'holds_for': '5m'")));
    CHECK_STORY(p, story_count(p, STORY_STEP_ENDED) == 1);
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_FAILED);
    assert_int_equal(story_ended(p, 0, 0)->at_us, MINUTE(14) + SECOND(50));
    assert_non_null(strstr(story_ended(p, 0, 0)->why, "too little"));
    story_close(p);
}

/* ---- waiting ---- */

#define WAIT(more) "{'do': 'wait_until', " more "}"

static void waits_for_each_kind_of_thing(void **state)
{
    (void)state;
    struct played *const p = story_run(
        DRILL
        ", 'operators': ["
        "{'id': 'a', 'triggers': [{'at': '5m'}], 'steps': [" WAIT(
            "'when': "
            "'alert_firing', "
            "'alert': 'Down'") ", " WAIT("'when': 'fault_cleared', 'plus': "
                                         "'15s'") "]}, "
                                                  "{'id': 'b', 'triggers': "
                                                  "[{'at': '12m'}], 'steps': "
                                                  "[" WAIT(
                                                      "'when': "
                                                      "'alert_resolved', "
                                                      "'alert': 'Down'") ","
                                                                         " " WAIT(
                                                                             "'plus': '33s'") "]}, "
                                                                                              "{'"
                                                                                              "id':"
                                                                                              " "
                                                                                              "'c',"
                                                                                              " "
                                                                                              "'tri"
                                                                                              "gge"
                                                                                              "rs':"
                                                                                              " "
                                                                                              "[{'"
                                                                                              "at':"
                                                                                              " '"
                                                                                              "12m'"
                                                                                              "}"
                                                                                              "], "
                                                                                              "'ste"
                                                                                              "ps'"
                                                                                              ": "
                                                                                              "[" WAIT(
                                                                                                  "'wh"
                                                                                                  "en'"
                                                                                                  ": "
                                                                                                  "'hy"
                                                                                                  "pot"
                                                                                                  "hes"
                                                                                                  "is_"
                                                                                                  "met"
                                                                                                  "'") "]}, "
                                                                                                       "{'id': 'd', 'triggers': [{'at': '61s'}], 'steps': [" WAIT(
                                                                                                           "'when': 'alert_firing', 'alert': 'Down', 'at_most': '95s'") "]}, "
                                                                                                                                                                        "{'id': 'e', 'triggers': [{'at': '61s'}], 'steps': [" WAIT(
                                                                                                                                                                            "'when': 'alert_resolved', 'alert': 'Down'") "]}]");
    story_check(p);
    assert_int_equal(story_ended(p, 0, 0)->at_us, story_at(p, STORY_FIRED, 0)->at_us);
    assert_int_equal(story_ended(p, 0, 1)->at_us, MINUTE(20) + SECOND(15));
    assert_int_equal(story_ended(p, 1, 0)->at_us, story_at(p, STORY_RESOLVED, 0)->at_us);
    assert_int_equal(story_ended(p, 1, 1)->at_us,
                     story_at(p, STORY_RESOLVED, 0)->at_us + SECOND(33));
    assert_int_equal(story_ended(p, 2, 0)->at_us, story_at(p, STORY_HYPOTHESIS_MET, 0)->at_us);
    const struct story_entry *const vain = story_ended(p, 3, 0);
    assert_int_equal(vain->at_us, SECOND(61 + 95));
    assert_int_equal(vain->outcome, STEP_FAILED);
    assert_int_equal(story_ended(p, 4, 0)->at_us, SECOND(61)); /* none is firing */
    assert_int_equal(story_ended(p, 4, 0)->outcome, STEP_DONE);
    story_close(p);
}

/* ---- stop conditions ---- */

static void ends_the_faults_when_a_stop_condition_is_met(void **state)
{
    (void)state;
    struct played *const p = story_run(DRILL STOP AT("9m", "{'do': 'note', 'takes': '5m'}, {'do': "
                                                           "'note'}"));
    story_check(p);
    const struct story_facts *const facts = p->facts;
    const struct story_entry *const stopped = story_at(p, STORY_STOPPED, 0);
    assert_int_equal(stopped->at_us, first_look(facts, MINUTE(10), 0.5, false));
    assert_int_equal(facts->stopped_us, stopped->at_us);
    assert_int_equal(facts->last_clear_us, stopped->at_us);
    assert_int_equal(story_count(p, STORY_STOPPED), 1);
    const struct story_entry *const off = story_at(p, STORY_FAULT_OFF, 0);
    assert_int_equal(off->at_us, stopped->at_us);
    assert_int_equal(off->cause, story_nth(p, STORY_STOPPED, 0));
    assert_int_equal(story_count(p, STORY_FAULT_OFF), 1);
    const struct story_entry *const end = story_ended(p, 0, 0);
    assert_int_equal(end->outcome, STEP_FAILED);
    assert_int_equal(end->at_us, stopped->at_us);
    assert_int_equal(story_count(p, STORY_STEP_BEGAN), 1);
    uint32_t n;
    assert_true(error_rate(facts, stopped->at_us, SECOND(10), &n) > 0.99);
    assert_true(error_rate(facts, MINUTE(20), MINUTE(9), &n) < 0.05);
    story_close(p);
}

/* One that was to come struck never: a new credential is no end of it, and nobody waits for it. */
static void has_no_fault_to_come_after_a_stop(void **state)
{
    (void)state;
    struct played *const p = story_run(
        STORY_ALL ", 'faults': [{'id': 'f', 'provider': 'all', 'kind': 'error', 'at': '10m', "
                  "'for': '5m'}, {'id': 'g', 'provider': 'KROGER_API', 'kind': 'auth', 'auth': "
                  "'revoked', 'at': '20m', 'for': '9m'}]" PROBES(ERRORS("")) STOP
            ROLLBACK("always", "{'do': 'wait_until', 'when': 'fault_cleared'}, {'do': 'rotate', "
                               "'provider': 'KROGER_API', 'takes': '11m'}, {'do': 'redeploy'}, "
                               "{'do': 'wait_until', 'when': 'fault_cleared'}"));
    story_check(p);
    assert_true(p->facts->stopped_us < MINUTE(12));
    assert_int_equal(p->facts->last_clear_us, p->facts->stopped_us);
    CHECK_STORY(p, story_count(p, STORY_FAULT_ON) == 1 && story_count(p, STORY_FAULT_OFF) == 1);
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 0)->at_us, p->facts->stopped_us);
    const int64_t live_us = story_at(p, STORY_LIVE, 0)->at_us;
    assert_true(live_us > MINUTE(20) && live_us < MINUTE(29));
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 3)->at_us, live_us);
    story_close(p);
}

static void begins_again_with_its_faults_after_a_stop(void **state)
{
    (void)state;
    struct played *const p = story_open(DRILL STOP);
    story_play(p, 0);
    const uint64_t hash = world_facts(p->world)->hash;
    const uint32_t count = p->facts->entry_count;
    const int64_t stopped_us = p->facts->stopped_us;
    story_play(p, 1);
    assert_true(p->facts->stopped_us < INT64_MAX);
    story_play(p, 0);
    assert_true(world_facts(p->world)->hash == hash);
    assert_int_equal(p->facts->entry_count, count);
    assert_int_equal(p->facts->stopped_us, stopped_us);
    story_close(p);
}

static void calls_nobody_any_more_after_a_stop(void **state)
{
    (void)state;
    struct played *const p = story_run(
        DRILL STOP ", 'operators': [{'id': 'a', 'triggers': [{'on_alert': 'Down'}, {'at': '25m'}], "
                   "'again': true, 'steps': [{'do': 'note'}]}]");
    assert_true(p->facts->stopped_us < MINUTE(11));
    assert_int_equal(story_count(p, STORY_ACK), 0);
    story_close(p);
}

/* ---- rollbacks ---- */

#define UNDO "{'do': 'rollback', 'takes': '10s'}, {'do': 'redeploy', 'takes': '10s'}"

static void rolls_back_when_the_last_fault_and_operator_are_done(void **state)
{
    (void)state;
    struct played *p = story_run(DRILL ROLLBACK("default", UNDO));
    story_check(p);
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->at_us, MINUTE(20));
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 1)->at_us, MINUTE(20) + SECOND(20));
    story_close(p);
    p = story_run(DRILL ROLLBACK("default", UNDO) AT("19m", "{'do': 'note', 'takes': '4m'}"));
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->at_us, MINUTE(23));
    story_close(p);
    p = story_run(DRILL ROLLBACK("default", UNDO) AT("25m", "{'do': 'note'}"));
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->at_us, MINUTE(25));
    story_close(p);
    p = story_run(DRILL ", 'rollbacks': {'at': '12m', 'steps': [" UNDO "]}");
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->at_us, MINUTE(12));
    assert_int_equal(story_count(p, STORY_ROLLBACK), 1);
    story_close(p);
}

/* Nothing else is due at that instant: neither a look nor an operator. */
static void rolls_back_at_its_hour_to_the_microsecond(void **state)
{
    (void)state;
    struct played *p = story_run(STORY_ALL ", 'rollbacks': {'at': '12m3s', 'steps': [" UNDO "]}");
    story_check(p);
    CHECK_STORY(p, story_count(p, STORY_ROLLBACK) == 1);
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->at_us, MINUTE(12) + SECOND(3));
    story_close(p);
    p = story_run(DRILL ", 'rollbacks': {'at': '12m3s', 'steps': [" UNDO "]}");
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->at_us, MINUTE(12) + SECOND(3));
    story_close(p);
}

static void rolls_back_before_its_hour_when_a_stop_condition_is_met(void **state)
{
    (void)state;
    struct played *const p = story_run(
        DRILL STOP ", 'rollbacks': {'strategy': 'always', 'at': '25m', 'steps': [" UNDO "]}");
    story_check(p);
    assert_true(p->facts->stopped_us < MINUTE(12));
    CHECK_STORY(p, story_count(p, STORY_ROLLBACK) == 1);
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->at_us, p->facts->stopped_us);
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->cause, story_nth(p, STORY_STOPPED, 0));
    story_close(p);
}

static void rolls_back_by_its_strategy(void **state)
{
    (void)state;
    static const struct {
        const char *strategy;
        bool plain, stopped, quiet; /* after a loss, a stop, and when all went well */
    } rows[] = {{"default", true, false, true},
                {"always", true, true, true},
                {"never", false, false, false},
                {"deviated", true, true, false}};
    for (unsigned i = 0; i < 4; i++) {
        const char *const name = rows[i].strategy;
        char *const keys[] = {
            test_format(DRILL ROLLBACK("%s", UNDO), name),
            test_format(DRILL STOP ROLLBACK("%s", UNDO), name),
            test_format(STORY_ALL ", 'faults': [{'id': 'f', 'provider': 'KROGER_API', 'kind': "
                                  "'error', 'at': '10m', 'for': '10m'}]" PROBES(ERRORS(""))
                                      ROLLBACK("%s", UNDO),
                        name)};
        const bool wanted[] = {rows[i].plain, rows[i].stopped, rows[i].quiet};
        for (unsigned k = 0; k < 3; k++) {
            struct played *const p = story_run(keys[k]);
            story_check(p);
            if (story_count(p, STORY_ROLLBACK) != wanted[k]) print_error("case %u\n", k);
            CHECK_ROW(name, story_count(p, STORY_ROLLBACK) == wanted[k]);
            if (wanted[k]) assert_int_equal(story_ended(p, ROLLBACK_OWNER, 1)->outcome, STEP_DONE);
            story_close(p);
            free(keys[k]);
        }
    }
}

static void rolls_back_whole_what_a_stop_interrupts(void **state)
{
    (void)state;
    /* The step that the stop ends would roll back by itself. */
    struct played *p = story_run(DRILL STOP ROLLBACK("always", UNDO) AT(
        "9m", "{'do': 'note', 'takes': '5m', 'on_failure': 'rollback'}, {'do': 'note'}"));
    story_check(p);
    CHECK_STORY(p, story_count(p, STORY_ROLLBACK) == 1);
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 1)->at_us, p->facts->stopped_us + SECOND(20));
    story_close(p);
    p = story_run(DRILL STOP ", 'rollbacks': {'at': '9m', 'steps': [{'do': 'note', 'takes': '5m'}, "
                             "{'do': 'note'}]}");
    story_check(p);
    assert_true(p->facts->stopped_us < MINUTE(14));
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 0)->outcome, STEP_DONE);
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 0)->at_us, MINUTE(14));
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 1)->at_us, MINUTE(14));
    CHECK_STORY(p, story_count(p, STORY_STEP_BEGAN) == 2);
    story_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_an_order_that_ends_on_the_tick),
        cmocka_unit_test(looks_at_all_times_and_notes_when_that_turns),
        cmocka_unit_test(looks_at_a_probe_when_its_mode_says),
        cmocka_unit_test(says_nothing_of_what_is_too_thin),
        cmocka_unit_test(wants_the_end_to_have_lasted_and_to_have_come_in_time),
        cmocka_unit_test(wants_the_start_to_have_lasted),
        cmocka_unit_test(moves_no_order_by_watching),
        cmocka_unit_test(verifies_what_comes_true_in_time_and_lasts),
        cmocka_unit_test(verifies_in_vain),
        cmocka_unit_test(verifies_at_the_deadline_and_at_the_end_of_the_hold),
        cmocka_unit_test(does_not_verify_for_ever_when_orders_stay_away),
        cmocka_unit_test(waits_for_each_kind_of_thing),
        cmocka_unit_test(ends_the_faults_when_a_stop_condition_is_met),
        cmocka_unit_test(has_no_fault_to_come_after_a_stop),
        cmocka_unit_test(begins_again_with_its_faults_after_a_stop),
        cmocka_unit_test(calls_nobody_any_more_after_a_stop),
        cmocka_unit_test(rolls_back_when_the_last_fault_and_operator_are_done),
        cmocka_unit_test(rolls_back_at_its_hour_to_the_microsecond),
        cmocka_unit_test(rolls_back_before_its_hour_when_a_stop_condition_is_met),
        cmocka_unit_test(rolls_back_by_its_strategy),
        cmocka_unit_test(rolls_back_whole_what_a_stop_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
