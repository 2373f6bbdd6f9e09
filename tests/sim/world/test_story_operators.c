/* Who is told, when they start, and in which order they do what.
 *
 * Method: small drills in virtual time, their journals looked at entry by entry. What is drawn is
 * checked by what it must not depend on, and counts by the binomial 99.9% region.
 */
#include "tests/sim/world/story_fixture.h"

#include <gsl/gsl_cdf.h>

#define FAULT                                                                                      \
    ", 'faults': [{'id': 'f', 'provider': 'all', 'kind': 'error', 'at': '10m', 'for': '10m'}]"
#define RULE                                                                                       \
    "{'name': 'Down', 'metric': 'router.error_rate', 'op': '>', 'threshold': '50%', "              \
    "'window': '1m', 'for': '1m', 'severity': 'page'}"
#define ALERT ", 'alerts': {'notify': {'page': '20s'}, 'rules': [" RULE "]}"
#define DRILL STORY_ALL FAULT ALERT
#define AT_1S "'triggers': [{'at': '1s'}]"

/* ---- from the alert to the act ---- */

static void acts_after_the_alert_was_told_and_step_by_step(void **state)
{
    (void)state;
    struct played *const p = story_run(
        DRILL ", 'operators': [{'id': 'a', 'triggers': [{'on_alert': 'Down'}], 'ack': '90s', "
              "'steps': [{'do': 'set', 'key': 'LOOPGPT_KROGER_TIMEOUT', 'value': 2000, 'takes': "
              "'40s'}, {'do': 'redeploy'}, {'do': 'note', 'text': 'done'}, {'do': 'request', "
              "'takes': '7s'}]}]");
    story_check(p);
    const int64_t pending = story_at(p, STORY_PENDING, 0)->at_us;
    const int64_t fired = story_at(p, STORY_FIRED, 0)->at_us;
    const struct story_entry *const told = story_at(p, STORY_TOLD, 0);
    assert_true(pending > MINUTE(10) && pending <= MINUTE(11));
    assert_int_equal(fired - pending, MINUTE(1));
    assert_int_equal(told->at_us - fired, SECOND(20));
    const struct story_entry *const ack = story_at(p, STORY_ACK, 0);
    assert_int_equal(ack->at_us - told->at_us, SECOND(90));
    assert_int_equal(ack->cause, story_nth(p, STORY_TOLD, 0));
    static const int64_t begins[] = {0, SECOND(40), SECOND(100), SECOND(100)};
    for (uint32_t s = 0; s < 4; s++) {
        const struct story_entry *const began = story_at(p, STORY_STEP_BEGAN, s);
        assert_int_equal(began->at_us - ack->at_us, begins[s]);
        assert_int_equal(began->cause, story_nth(p, STORY_ACK, 0));
        assert_int_equal(began->step, s);
        if (s < 3) assert_int_equal(story_ended(p, 0, (int)s)->outcome, STEP_DONE);
    }
    const struct story_entry *const live = story_at(p, STORY_LIVE, 0);
    assert_int_equal(live->at_us, ack->at_us + SECOND(100));
    assert_int_equal(live->cause, story_nth(p, STORY_STEP_BEGAN, 1));
    assert_int_equal(live->outcome, STEP_DONE);
    assert_true(story_ended(p, 0, 3)->at_us > ack->at_us + SECOND(107));
    assert_int_equal(story_count(p, STORY_ACK), 1);
    story_close(p);
}

static void notes_a_fault_when_it_begins_and_ends(void **state)
{
    (void)state;
    struct played *const p = story_run(
        STORY_ALL ", 'faults': [{'id': 'x', 'provider': 'MEALME', 'kind': 'error', 'at': '3m', "
                  "'for': '2m'}, {'id': 'y', 'provider': 'MEALME', 'kind': 'hang', 'at': '5m', "
                  "'for': '1h'}]" ALERT);
    assert_string_equal(story_at(p, STORY_FAULT_ON, 0)->text, "x");
    assert_int_equal(story_at(p, STORY_FAULT_ON, 0)->at_us, MINUTE(3));
    assert_true(story_nth(p, STORY_FAULT_OFF, 0) < story_nth(p, STORY_FAULT_ON, 1));
    assert_int_equal(story_at(p, STORY_FAULT_OFF, 1)->at_us, MINUTE(30)); /* cut at the end */
    assert_int_equal(p->facts->first_fault_us, MINUTE(3));
    assert_int_equal(p->facts->last_clear_us, MINUTE(30));
    story_close(p);
}

#define LAWS                                                                                       \
    DRILL ", 'operators': [{'id': 'a', 'triggers': [{'on_alert': 'Down'}], 'ack': {'law': "        \
          "'lognormal', 'p50': '1m', 'p95': '4m'}, 'steps': [{'do': 'note', 'takes': {'law': "     \
          "'uniform', 'low': '1s', 'high': '50s'}}, {'do': 'note', 'takes': {'law': "              \
          "'uniform', 'low': '1s', 'high': '50s'}}]}"

static void draws_delays_from_the_seed_the_operator_and_the_step_alone(void **state)
{
    (void)state;
    struct played *const alone = story_open(LAWS "]");
    struct played *const crowd = story_open(
        LAWS ", {'id': 'b', 'triggers': [{'at': '1m'}], 'steps': [{'do': 'note', 'takes': {'law': "
             "'uniform', 'low': '1s', 'high': '9s'}}, {'do': 'request'}]}]");
    int64_t last_us = -1;
    uint32_t alike = 0;
    for (uint32_t r = 0; r < 12; r++) {
        story_play(alone, r);
        story_play(crowd, r);
        story_check(alone);
        const int64_t told_us = story_at(alone, STORY_TOLD, 0)->at_us;
        const int64_t ack_us = story_at(alone, STORY_ACK, 0)->at_us;
        assert_int_equal(story_at(crowd, STORY_TOLD, 0)->at_us, told_us);
        assert_int_equal(story_at(crowd, STORY_ACK, 1)->at_us, ack_us);
        for (int s = 0; s < 2; s++)
            assert_int_equal(story_ended(alone, 0, s)->at_us, story_ended(crowd, 0, s)->at_us);
        alike += ack_us - told_us == last_us;
        last_us = ack_us - told_us;
        const int64_t one = story_ended(alone, 0, 0)->at_us - ack_us;
        const int64_t two = story_ended(alone, 0, 1)->at_us - story_ended(alone, 0, 0)->at_us;
        assert_true(one >= SECOND(1) && one <= SECOND(50) && one != two);
    }
    assert_int_equal(alike, 0);
    story_play(alone, 3);
    const int64_t once_us = story_at(alone, STORY_ACK, 0)->at_us;
    story_play(alone, 4);
    story_play(alone, 3);
    assert_int_equal(story_at(alone, STORY_ACK, 0)->at_us, once_us);
    story_close(alone);
    story_close(crowd);
}

/* ---- escalation ---- */

#define FIRST(ack)                                                                                 \
    DRILL ", 'operators': [{'id': 'a', 'triggers': [{'on_alert': 'Down'}], 'ack': '" ack           \
          "', 'ack_timeout': '2m', 'escalate_to': 'b', 'steps': [{'do': 'note', 'takes': "         \
          "'10s'}, {'do': 'note'}]}, "

static void tells_another_when_nobody_acknowledges(void **state)
{
    (void)state;
    struct played *const p = story_run(FIRST("3m") "{'id': 'b', 'ack': '1m'}]");
    story_check(p);
    const int64_t told_us = story_at(p, STORY_TOLD, 0)->at_us;
    const struct story_entry *const escalated = story_at(p, STORY_ESCALATED, 0);
    assert_int_equal(escalated->at_us, told_us + MINUTE(2));
    assert_int_equal(escalated->index, 1);
    assert_int_equal(escalated->cause, story_nth(p, STORY_TOLD, 0));
    const struct story_entry *const ack = story_at(p, STORY_ACK, 0);
    assert_int_equal(ack->index, 1);
    assert_int_equal(ack->at_us, told_us + MINUTE(3));
    assert_int_equal(ack->cause, story_nth(p, STORY_ESCALATED, 0));
    assert_int_equal(story_count(p, STORY_ACK), 1);
    const struct story_entry *const end = story_ended(p, 0, 0); /* whose steps they are */
    assert_int_equal(end->index, 1);
    assert_int_equal(end->at_us, ack->at_us + SECOND(10));
    (void)story_ended(p, 0, 1);
    story_close(p);
}

static void hands_the_steps_on_to_the_third(void **state)
{
    (void)state;
    struct played *const p =
        story_run(FIRST("3m") "{'id': 'b', 'ack': '5m', 'ack_timeout': '1m', 'escalate_to': 'c'}, "
                              "{'id': 'c', 'ack': '30s'}]");
    story_check(p);
    const int64_t told_us = story_at(p, STORY_TOLD, 0)->at_us;
    assert_int_equal(story_at(p, STORY_ESCALATED, 1)->at_us, told_us + MINUTE(3));
    assert_int_equal(story_at(p, STORY_ESCALATED, 1)->cause, story_nth(p, STORY_ESCALATED, 0));
    assert_int_equal(story_at(p, STORY_ACK, 0)->index, 2);
    assert_int_equal(story_at(p, STORY_ACK, 0)->at_us, told_us + SECOND(210));
    assert_int_equal(story_ended(p, 0, 1)->index, 2);
    story_close(p);
}

static void says_of_a_page_and_an_escalation_that_nobody_is_free(void **state)
{
    (void)state;
    struct played *p = story_run(FIRST("3m") "{'id': 'b', 'triggers': [{'at': '5m'}], 'steps': "
                                             "[{'do': 'note', 'takes': '20m'}]}]");
    story_check(p);
    assert_string_equal(story_at(p, STORY_TOLD, 0)->why, "");
    assert_string_equal(story_at(p, STORY_ESCALATED, 0)->why, "b is at work");
    CHECK_STORY(p, story_count(p, STORY_ACK) == 1); /* the clock's */
    story_close(p);
    /* Of two who listen one is enough; who does not listen is not asked. */
    p = story_run(DRILL ", 'operators': [{'id': 'a', 'triggers': [{'at': '5m'}, {'on_alert': "
                        "'Down'}], 'steps': [{'do': 'note', 'takes': '20m'}]}, {'id': 'b', "
                        "'triggers': [{'on_alert': 'page'}], 'steps': [{'do': 'note'}]}]");
    assert_string_equal(story_at(p, STORY_TOLD, 0)->why, "");
    story_close(p);
    p = story_run(DRILL ", 'operators': [{'id': 'a', 'triggers': [{'at': '5m'}, {'on_alert': "
                        "'Down'}], 'steps': [{'do': 'note', 'takes': '20m'}]}, {'id': 'b', "
                        "'triggers': [{'at': '6m'}, {'on_alert': 'page'}], 'steps': [{'do': "
                        "'note'}]}, {'id': 'c', 'triggers': [{'at': '29m'}], 'steps': [{'do': "
                        "'note'}]}]");
    assert_string_equal(story_at(p, STORY_TOLD, 0)->why,
                        "a is at work, b is done and comes only once");
    story_close(p);
}

static void takes_an_acknowledgement_at_the_last_moment(void **state)
{
    (void)state;
    struct played *const p = story_run(FIRST("2m") "{'id': 'b', 'ack': '1m'}]");
    assert_int_equal(story_count(p, STORY_ESCALATED), 0);
    assert_int_equal(story_at(p, STORY_ACK, 0)->index, 0);
    story_close(p);
}

/* ---- triggers ---- */

#define TWICE                                                                                      \
    STORY_ALL ", 'faults': [{'id': 'f', 'provider': 'all', 'kind': 'error', 'at': '5m', 'for': "   \
              "'3m'}, {'id': 'g', 'provider': 'all', 'kind': 'error', 'at': '15m', 'for': "        \
              "'3m'}]" ALERT ", 'operators': [{'id': 'a', 'triggers': [{'on_alert': 'Down'}], "    \
              "'ack': '30s', "

static void starts_again_only_when_that_is_said(void **state)
{
    (void)state;
    struct played *p = story_run(TWICE "'again': true, 'steps': [{'do': 'note'}]}]");
    story_check(p);
    assert_int_equal(story_count(p, STORY_TOLD), 2);
    assert_int_equal(story_count(p, STORY_ACK), 2);
    assert_int_equal(story_at(p, STORY_ACK, 1)->cause, story_nth(p, STORY_TOLD, 1));
    story_close(p);
    p = story_run(TWICE "'steps': [{'do': 'note'}]}]");
    assert_int_equal(story_count(p, STORY_TOLD), 2);
    assert_int_equal(story_count(p, STORY_ACK), 1);
    assert_string_equal(story_at(p, STORY_TOLD, 0)->why, "");
    assert_string_equal(story_at(p, STORY_TOLD, 1)->why, "a is done and comes only once");
    story_close(p);
    p = story_run(TWICE "'again': true, 'steps': [{'do': 'note', 'takes': '20m'}]}]"); /* busy */
    assert_int_equal(story_count(p, STORY_ACK), 1);
    assert_string_equal(story_at(p, STORY_TOLD, 1)->why, "a is at work");
    story_close(p);
}

static void causes_an_alert_by_its_own_episode(void **state)
{
    (void)state;
    struct played *const p = story_run(
        STORY_ALL ", 'faults': [{'id': 'f', 'provider': 'all', 'kind': 'error', 'at': '5m', 'for': "
                  "'3m'}, {'id': 'g', 'provider': 'all', 'kind': 'error', 'at': '15m', 'for': "
                  "'3m'}], 'alerts': {'rules': [{'name': 'Now', 'metric': 'router.error_rate', "
                  "'op': '>', 'threshold': '50%', 'window': '1m'}]}");
    story_check(p);
    assert_int_equal(story_count(p, STORY_FIRED), 2);
    assert_int_equal(story_at(p, STORY_FIRED, 0)->cause, -1);
    assert_int_equal(story_at(p, STORY_FIRED, 1)->cause, -1);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(story_at(p, STORY_TOLD, i)->cause, story_nth(p, STORY_FIRED, i));
        assert_int_equal(story_at(p, STORY_RESOLVED, i)->cause, story_nth(p, STORY_FIRED, i));
    }
    story_close(p);
}

static void hears_severities_and_providers(void **state)
{
    (void)state;
    struct played *const p = story_run(
        STORY_ALL
        ", 'faults': [{'id': 'f', 'provider': 'KROGER_API', 'kind': 'error', 'at': '5m', 'for': "
        "'10m'}], 'alerts': {'rules': [{'name': 'One', 'metric': 'provider.error_rate', 'op': '>', "
        "'threshold': '50%', 'window': '1m', 'for': '30s', 'severity': 'ticket'}]}, 'operators': ["
        "{'id': 'pager', 'triggers': [{'on_alert': 'page'}], 'steps': [{'do': 'note'}]}, "
        "{'id': 'desk', 'triggers': [{'on_alert': 'ticket'}], 'steps': [{'do': 'note'}]}, "
        "{'id': 'mealme', 'triggers': [{'on_alert': 'One', 'provider': 'MEALME'}], 'steps': "
        "[{'do': 'note'}]}, {'id': 'kroger', 'triggers': [{'on_alert': 'One', 'provider': "
        "'KROGER_API'}], 'ack': '1s', 'steps': [{'do': 'note'}]}]");
    story_check(p);
    assert_int_equal(story_at(p, STORY_TOLD, 0)->scope, PROVIDER_KROGER_API);
    assert_int_equal(story_count(p, STORY_ACK), 2);
    assert_int_equal(story_at(p, STORY_ACK, 0)->index, 3);
    assert_int_equal(story_at(p, STORY_ACK, 1)->index, 1);
    story_close(p);
}

#define EITHER                                                                                     \
    DRILL ", 'operators': [{'id': 'a', 'triggers': [{'at': '25m'}, {'on_alert': 'Down'}], "        \
          "'ack': '30s', "

static void starts_at_whichever_trigger_comes_first(void **state)
{
    (void)state;
    struct played *p = story_run(EITHER "'steps': [{'do': 'note'}]}]");
    story_check(p);
    CHECK_STORY(p, story_count(p, STORY_ACK) == 1);
    CHECK_STORY(p, story_at(p, STORY_ACK, 0)->cause == story_nth(p, STORY_TOLD, 0));
    story_close(p);
    p = story_run(EITHER "'again': true, 'steps': [{'do': 'note'}]}]");
    story_check(p);
    CHECK_STORY(p, story_count(p, STORY_ACK) == 2);
    CHECK_STORY(p, story_at(p, STORY_ACK, 1)->at_us == MINUTE(25));
    CHECK_STORY(p, story_at(p, STORY_ACK, 1)->cause == -1);
    story_close(p);
}

static void starts_at_each_instant_when_it_may_again(void **state)
{
    (void)state;
    struct played *p = story_run(
        STORY_ALL ", 'operators': [{'id': 'a', 'triggers': [{'at': '20m'}, {'at': '5m'}, {'at': "
                  "'6m'}], 'again': true, 'steps': [{'do': 'note', 'takes': '2m'}]}]");
    story_check(p);
    CHECK_STORY(p, story_count(p, STORY_ACK) == 2); /* at 6m the first is under way */
    CHECK_STORY(p, story_at(p, STORY_ACK, 0)->at_us == MINUTE(5));
    CHECK_STORY(p, story_at(p, STORY_ACK, 1)->at_us == MINUTE(20));
    story_close(p);
    p = story_run(STORY_ALL ", 'operators': [{'id': 'a', 'triggers': [{'at': '20m'}, {'at': "
                            "'5m'}], 'steps': [{'do': 'note', 'takes': '2m'}]}]");
    CHECK_STORY(p, story_count(p, STORY_ACK) == 1);
    story_close(p);
}

static void lets_operators_act_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct played *const p = story_run(
        STORY_ALL ", 'operators': [{'id': 'a', 'triggers': [{'at': '5m'}], 'steps': [{'do': "
                  "'note'}, {'do': 'note'}]}, {'id': 'b', 'triggers': [{'at': '5m'}], 'steps': "
                  "[{'do': 'note'}]}]");
    assert_int_equal(story_at(p, STORY_ACK, 0)->index, 0);
    assert_int_equal(story_at(p, STORY_ACK, 1)->index, 1);
    assert_true(story_nth(p, STORY_STEP_ENDED, 1) < story_nth(p, STORY_ACK, 1));
    story_close(p);
}

/* ---- mistakes ---- */

#define SHORT                                                                                      \
    "'duration': '20s', 'seed': 9, 'workload': {'arrivals': {'kind': 'constant', 'rate': '1/s'}, " \
    "'carts': {'lines': 1}}, 'router': {'env': {" STORY_ENV_WALMART                                \
    "}}, 'operators': [{'id': 'a', " AT_1S                                                         \
    ", 'steps': [{'do': 'set', 'key': 'LOOPGPT_KROGER_MOCK', 'value': true, 'takes': '5s', "       \
    "'mistake': {'kind': '%s', 'share': %s}}, {'do': 'redeploy', 'takes': '1s'}]}]"

static struct played *run_mistake(const char *kind, const char *share)
{
    char *const keys = test_format(SHORT, kind, share);
    struct played *const p = story_run(keys);
    free(keys);
    story_check(p);
    return p;
}

static void makes_a_mistake_of_each_kind(void **state)
{
    (void)state;
    struct played *p = run_mistake("typo", "1");
    const struct story_entry *e = story_ended(p, 0, 0);
    assert_int_equal(e->outcome, STEP_NO_EFFECT);
    assert_int_equal(strlen(e->text), strlen("LOOPGPT_KROGER_MOCK = true") - 1);
    assert_non_null(strstr(e->why, "did you mean"));
    assert_int_equal(p->facts->differing_count, 0);
    story_close(p);
    p = run_mistake("wrong_provider", "1");
    e = story_ended(p, 0, 0);
    assert_string_equal(e->text, "LOOPGPT_WALMART_MOCK = true");
    assert_int_equal(e->outcome, STEP_DONE);
    assert_int_equal(p->facts->differing[0].mocked, 1u << PROVIDER_WALMART_API);
    story_close(p);
    p = run_mistake("forgotten", "1");
    e = story_ended(p, 0, 0);
    assert_int_equal(e->outcome, STEP_SKIPPED);
    assert_int_equal(e->at_us, SECOND(1)); /* it takes no time either */
    assert_int_equal(p->facts->differing_count, 0);
    story_close(p);
    p = run_mistake("wrong_value", "1");
    e = story_ended(p, 0, 0);
    assert_string_equal(e->text, "LOOPGPT_KROGER_MOCK = ture");
    assert_int_equal(e->outcome, STEP_NO_EFFECT);
    story_close(p);
    p = run_mistake("typo", "0");
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_DONE);
    assert_int_equal(p->facts->differing[0].mocked, 1u << PROVIDER_KROGER_API);
    assert_int_equal(p->facts->differing[0].from_us, SECOND(7));
    story_close(p);
}

static void makes_mistakes_as_often_as_is_said(void **state)
{
    (void)state;
    enum { REPEATS = 400 };
    struct played *const p = run_mistake("forgotten", "'30%'");
    uint32_t forgotten = 0;
    for (uint32_t r = 0; r < REPEATS; r++) {
        story_play(p, r);
        forgotten += story_ended(p, 0, 0)->outcome == STEP_SKIPPED;
    }
    assert_true(gsl_cdf_binomial_P(forgotten, 0.3, REPEATS) > 0.0005);
    assert_true(gsl_cdf_binomial_Q(forgotten, 0.3, REPEATS) > 0.0005);
    story_close(p);
}

/* ---- what follows a failure ---- */

#define FAILING                                                                                    \
    STORY_ALL ", 'rollbacks': {'strategy': 'never', 'steps': [{'do': 'note'}]}, "                  \
              "'hypothesis': {'probes': [{'name': 'no', 'metric': 'router.error_rate', 'op': "     \
              "'>', 'limit': 1, 'mode': 'end'}]}, 'operators': [{'id': 'a', 'triggers': [{'at': "  \
              "'10m'}], 'steps': [{'do': 'verify', 'probe': 'no', 'on_failure': '%s'}, {'do': "    \
              "'%s'}, {'do': 'note'}]}]"

static struct played *run_failing(const char *on_failure, const char *next)
{
    char *const keys = test_format(FAILING, on_failure, next);
    struct played *const p = story_run(keys);
    free(keys);
    story_check(p);
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_FAILED);
    return p;
}

static void goes_on_stops_or_rolls_back_after_a_failure(void **state)
{
    (void)state;
    struct played *p = run_failing("continue", "note");
    assert_int_equal(story_count(p, STORY_STEP_ENDED), 3);
    story_close(p);
    p = run_failing("continue", "fail"); /* gives up at the second */
    assert_int_equal(story_count(p, STORY_STEP_ENDED), 2);
    assert_int_equal(story_ended(p, 0, 1)->outcome, STEP_DONE);
    story_close(p);
    p = run_failing("stop", "note");
    assert_int_equal(story_count(p, STORY_STEP_ENDED), 1);
    assert_int_equal(story_count(p, STORY_ROLLBACK), 0);
    story_close(p);
    p = run_failing("rollback", "note");
    assert_int_equal(story_count(p, STORY_STEP_ENDED), 2);
    assert_int_equal(story_at(p, STORY_ROLLBACK, 0)->cause, story_nth(p, STORY_STEP_BEGAN, 0));
    assert_int_equal(story_ended(p, ROLLBACK_OWNER, 0)->outcome, STEP_DONE);
    story_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_after_the_alert_was_told_and_step_by_step),
        cmocka_unit_test(notes_a_fault_when_it_begins_and_ends),
        cmocka_unit_test(draws_delays_from_the_seed_the_operator_and_the_step_alone),
        cmocka_unit_test(tells_another_when_nobody_acknowledges),
        cmocka_unit_test(hands_the_steps_on_to_the_third),
        cmocka_unit_test(says_of_a_page_and_an_escalation_that_nobody_is_free),
        cmocka_unit_test(takes_an_acknowledgement_at_the_last_moment),
        cmocka_unit_test(starts_again_only_when_that_is_said),
        cmocka_unit_test(causes_an_alert_by_its_own_episode),
        cmocka_unit_test(hears_severities_and_providers),
        cmocka_unit_test(starts_at_whichever_trigger_comes_first),
        cmocka_unit_test(starts_at_each_instant_when_it_may_again),
        cmocka_unit_test(lets_operators_act_in_the_order_of_the_file),
        cmocka_unit_test(makes_a_mistake_of_each_kind),
        cmocka_unit_test(makes_mistakes_as_often_as_is_said),
        cmocka_unit_test(goes_on_stops_or_rolls_back_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
