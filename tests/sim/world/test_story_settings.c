/* What operators do to the settings, and what orders see of it: settings, deployments, rotations,
 * test orders, health checks.
 *
 * Method: small drills in virtual time; every decided order is looked at, and which providers it
 * asked and how they answered is compared with what the journal says was live.
 */
#include "tests/sim/world/story_fixture.h"

#define CLOCK(at, steps)                                                                           \
    ", 'operators': [{'id': 'a', 'triggers': [{'at': '" at "'}], 'steps': [" steps "]}]"
#define WALMART_TOO STORY_BASE "'router': {'env': {" STORY_ENV_WALMART "}"
#define BOTH        WALMART_TOO "}"

/* ---- orders as they are decided ---- */

enum { SEEN_MAX = 8192 };

struct seen {
    uint32_t count;
    struct {
        int64_t start_us, decided_us;
        uint64_t index;
        uint8_t asked, failed; /* masks of providers */
        int16_t status[PROVIDER_COUNT];
    } orders[SEEN_MAX];
};

static bool note_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    (void)router;
    (void)err;
    struct seen *const seen = context;
    assert_true(seen->count < SEEN_MAX);
    const uint32_t n = seen->count++;
    seen->orders[n].start_us = order->start_us;
    seen->orders[n].decided_us = order->decided_us;
    seen->orders[n].index = order->index;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *const slot = &order->slots[i];
        seen->orders[n].asked |= (uint8_t)(1u << slot->provider);
        /* Walmart's chain turns refusals into a cart in which nothing was found. */
        const bool empty = slot->result.outcome == QUOTE_OK && slot->result.quote.found == 0;
        if (slot->real_outcome != QUOTE_OK || empty) {
            seen->orders[n].failed |= (uint8_t)(1u << slot->provider);
        }
    }
    return true;
}

static struct played *run_seen(const char *keys, struct seen **seen)
{
    struct played *const p = story_open(keys);
    *seen = memory_zeroed(sizeof **seen);
    assert_non_null(*seen);
    const struct world_outputs outputs = {.context = *seen, .write_order = note_order};
    story_play_with(p, 0, &outputs);
    story_check(p);
    return p;
}

/* Orders that began in (from, until] and in whose course a provider failed; `orders` how many. */
static uint32_t failed_between(const struct seen *seen, enum provider provider, int64_t from_us,
                               int64_t until_us, uint32_t *orders)
{
    uint32_t failed = 0;
    *orders = 0;
    for (uint32_t i = 0; i < seen->count; i++) {
        if (seen->orders[i].start_us <= from_us || seen->orders[i].start_us > until_us) continue;
        ++*orders;
        failed += (seen->orders[i].failed >> provider & 1u) != 0;
    }
    return failed;
}

/* Now and then a shop has nothing, or a call fails, without anybody's doing. */
static bool is_usual(uint32_t failed, uint32_t orders)
{
    return orders > 100 && failed * 50 < orders;
}

/* ---- deployments ---- */

static void routes_by_new_settings_what_begins_after_the_deployment(void **state)
{
    (void)state;
    struct seen *seen;
    struct played *const p =
        run_seen(BOTH CLOCK("5m", "{'do': 'set', 'key': 'LOOPGPT_ENABLE_WALMART', 'value': false, "
                                  "'takes': '30s'}, {'do': 'redeploy', 'takes': '1m'}"),
                 &seen);
    const int64_t live_us = story_at(p, STORY_LIVE, 0)->at_us;
    assert_int_equal(live_us, MINUTE(5) + SECOND(90));
    uint32_t before = 0, after = 0, in_flight = 0;
    for (uint32_t i = 0; i < seen->count; i++) {
        const bool asked = (seen->orders[i].asked >> PROVIDER_WALMART_API & 1u) != 0;
        /* One that begins in the very microsecond comes before. */
        CHECK_STORY(p, asked == (seen->orders[i].start_us <= live_us));
        before += asked;
        after += !asked;
        in_flight += asked && seen->orders[i].decided_us > live_us;
    }
    assert_true(before > 700 && after > 2500 && in_flight > 0);
    assert_int_equal(p->facts->differing_count, 1);
    assert_int_equal(p->facts->differing[0].from_us, live_us);
    assert_true(p->facts->differing[0].until_us >= MINUTE(30)); /* until all was over */
    assert_int_equal(p->facts->differing[0].disabled, 1u << PROVIDER_WALMART_API);
    story_close(p);
    free(seen);
}

static void empties_the_tokens_with_a_deployment(void **state)
{
    (void)state;
    struct played *const quiet = story_run(STORY_ALL CLOCK("5m", "{'do': 'note'}"));
    struct played *const p =
        story_run(STORY_ALL CLOCK("5m", "{'do': 'redeploy'}, {'do': 'redeploy'}"));
    const uint64_t without = world_facts(quiet->world)->token_fetches[PROVIDER_KROGER_API];
    const uint64_t with = world_facts(p->world)->token_fetches[PROVIDER_KROGER_API];
    assert_true(without >= 1 && with > without);
    const struct story_entry *const end = story_ended(p, 0, 0);
    assert_int_equal(end->outcome, STEP_DONE);
    assert_true(end->why[0] != '\0'); /* nothing had changed, and that is said */
    assert_int_equal(story_at(p, STORY_LIVE, 0)->outcome, STEP_NO_EFFECT);
    assert_int_equal(p->facts->differing_count, 0);
    story_close(quiet);
    story_close(p);
}

#define SPREAD(propagation)                                                                        \
    WALMART_TOO ", 'deployment': {'propagation': '" propagation                                    \
                "', 'recycle': '3m'}}" CLOCK("5m", "{'do': 'set', 'key': "                         \
                                                   "'LOOPGPT_WALMART_MOCK', 'value': true, "       \
                                                   "'takes': '10s'}")

static void takes_settings_up_by_the_way_that_is_said(void **state)
{
    (void)state;
    struct played *p = story_run(SPREAD("on_deploy"));
    assert_int_equal(story_count(p, STORY_LIVE), 0);
    assert_int_equal(p->facts->differing_count, 0);
    story_close(p);
    p = story_run(SPREAD("immediate"));
    story_check(p);
    assert_int_equal(story_at(p, STORY_LIVE, 0)->at_us, MINUTE(5) + SECOND(10));
    assert_int_equal(p->facts->differing[0].mocked, 1u << PROVIDER_WALMART_API);
    story_close(p);
    p = story_run(SPREAD("on_cold_start"));
    story_check(p);
    assert_int_equal(story_at(p, STORY_LIVE, 0)->at_us, MINUTE(8) + SECOND(10));
    assert_int_equal(story_at(p, STORY_LIVE, 0)->cause, story_nth(p, STORY_STEP_BEGAN, 0));
    story_close(p);
}

static void deploys_by_hand_what_a_cold_start_would_take_up(void **state)
{
    (void)state;
    struct played *const p = story_run(
        WALMART_TOO ", 'deployment': {'propagation': 'on_cold_start', 'recycle': '3m'}}" CLOCK(
            "5m", "{'do': 'set', 'key': 'LOOPGPT_WALMART_MOCK', 'value': true, 'takes': '10s'}, "
                  "{'do': 'redeploy', 'takes': '1m'}"));
    assert_int_equal(story_count(p, STORY_LIVE), 1);
    assert_int_equal(story_at(p, STORY_LIVE, 0)->at_us, MINUTE(6) + SECOND(10));
    story_close(p);
}

static void says_why_a_step_has_no_effect(void **state)
{
    (void)state;
    struct played *p = story_run(
        STORY_ALL CLOCK("5m", "{'do': 'set', 'key': 'LOOPGPT_KROGER_MOK', 'value': true}, "
                              "{'do': 'unset', 'key': 'LOOPGPT_KROGER_MOCK'}, "
                              "{'do': 'set', 'key': 'LOOPGPT_ENABLE_KROGER', 'value': true}, "
                              "{'do': 'set', 'key': 'LOOPGPT_ENABLE_KROGER', 'value': false}, "
                              "{'do': 'unset', 'key': 'LOOPGPT_ENABLE_KROGER'}"));
    for (int s = 0; s < 3; s++) {
        const struct story_entry *const end = story_ended(p, 0, s);
        assert_int_equal(end->outcome, STEP_NO_EFFECT);
        assert_true(end->why[0] != '\0');
    }
    assert_non_null(strstr(story_ended(p, 0, 0)->why, "LOOPGPT_KROGER_MOCK"));
    assert_int_equal(story_ended(p, 0, 3)->outcome, STEP_DONE);
    story_close(p);
    p = story_run(STORY_BASE
                  "'router': {'profile': 'as_coded', 'env': {" STORY_ENV_WALMART
                  "}}" CLOCK("5m", "{'do': 'set', 'key': 'LOOPGPT_KROGER_TIMEOUT', 'value': 2000}, "
                                   "{'do': 'set', 'key': 'LOOPGPT_MEALME_MOCK', 'value': true}"));
    for (int s = 0; s < 2; s++) {
        assert_int_equal(story_ended(p, 0, s)->outcome, STEP_NO_EFFECT);
        assert_true(story_ended(p, 0, s)->why[0] != '\0');
    }
    story_close(p);
}

static void goes_back_to_the_settings_of_the_start(void **state)
{
    (void)state;
    struct played *const p = story_run(
        BOTH CLOCK("5m", "{'do': 'rollback'}, {'do': 'set', 'key': 'LOOPGPT_WALMART_MOCK', "
                         "'value': true}, {'do': 'redeploy'}, {'do': 'rollback'}, {'do': "
                         "'redeploy'}"));
    story_check(p);
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_NO_EFFECT);
    assert_int_equal(story_ended(p, 0, 3)->outcome, STEP_DONE);
    assert_int_equal(p->facts->differing_count, 1);
    assert_int_equal(p->facts->differing[0].from_us, story_at(p, STORY_LIVE, 0)->at_us);
    assert_int_equal(p->facts->differing[0].until_us, story_at(p, STORY_LIVE, 1)->at_us);
    story_close(p);
}

static void leaves_the_tokens_alone_when_there_is_nothing_to_roll_back(void **state)
{
    (void)state;
    struct played *const p = story_run(
        WALMART_TOO
        ", 'deployment': {'propagation': 'immediate'}}" CLOCK("5m", "{'do': 'rollback'}"));
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_NO_EFFECT);
    CHECK_STORY(p, story_count(p, STORY_LIVE) == 0);
    story_close(p);
}

/* ---- credentials ---- */

#define ROTATE(more, after)                                                                        \
    CLOCK("5m", "{'do': 'rotate', 'provider': 'WALMART_API', 'takes': '30s'" more "}" after)
#define REDEPLOY ", {'do': 'redeploy', 'takes': '3m'}"

static void is_refused_between_rotation_and_deployment(void **state)
{
    (void)state;
    struct seen *seen;
    struct played *p = run_seen(BOTH ROTATE("", REDEPLOY), &seen);
    const int64_t rotated_us = MINUTE(5) + SECOND(30), live_us = story_at(p, STORY_LIVE, 0)->at_us;
    uint32_t orders, failed;
    assert_int_equal(live_us, rotated_us + MINUTE(3));
    failed = failed_between(seen, PROVIDER_WALMART_API, 0, MINUTE(5), &orders);
    assert_true(is_usual(failed, orders));
    failed = failed_between(seen, PROVIDER_WALMART_API, rotated_us, live_us - SECOND(2), &orders);
    assert_true(orders > 300 && failed == orders);
    failed = failed_between(seen, PROVIDER_WALMART_API, live_us, MINUTE(30), &orders);
    assert_true(is_usual(failed, orders));
    assert_true(orders > 2000);
    story_close(p);
    free(seen);
    p = run_seen(BOTH ROTATE(", 'overlap': '4m'", REDEPLOY), &seen);
    failed = failed_between(seen, PROVIDER_WALMART_API, -1, MINUTE(30), &orders);
    assert_true(is_usual(failed, orders));
    assert_true(orders > 3500);
    story_close(p);
    free(seen);
    p = run_seen(BOTH ROTATE(", 'overlap': '1m'", REDEPLOY), &seen);
    assert_int_equal(
        failed_between(seen, PROVIDER_WALMART_API, rotated_us, rotated_us + SECOND(59), &orders),
        0);
    assert_true(failed_between(seen, PROVIDER_WALMART_API, rotated_us + SECOND(61), live_us,
                               &orders) > 200);
    story_close(p);
    free(seen);
}

static void is_refused_for_good_when_the_new_credential_is_not_stored(void **state)
{
    (void)state;
    struct seen *seen;
    struct played *const p = run_seen(BOTH ROTATE(", 'store': false", REDEPLOY), &seen);
    uint32_t orders;
    const uint32_t failed =
        failed_between(seen, PROVIDER_WALMART_API, MINUTE(5) + SECOND(30), MINUTE(30), &orders);
    assert_true(orders > 2000 && failed == orders);
    assert_int_equal(story_ended(p, 0, 0)->outcome, STEP_DONE);
    assert_true(story_ended(p, 0, 0)->why[0] != '\0');
    story_close(p);
    free(seen);
}

static void rotates_the_wrong_credential_by_mistake(void **state)
{
    (void)state;
    struct seen *seen;
    struct played *const p = run_seen(
        BOTH CLOCK("5m", "{'do': 'rotate', 'provider': 'KROGER_API', 'takes': '30s', 'mistake': "
                         "{'kind': 'wrong_provider', 'share': 1}}"),
        &seen);
    uint32_t orders, failed;
    assert_string_equal(story_ended(p, 0, 0)->text, "WALMART_API");
    assert_true(failed_between(seen, PROVIDER_WALMART_API, MINUTE(6), MINUTE(7), &orders) > 100);
    failed = failed_between(seen, PROVIDER_KROGER_API, 0, MINUTE(30), &orders);
    assert_true(is_usual(failed, orders));
    story_close(p);
    free(seen);
}

#define REVOKED                                                                                    \
    BOTH ", 'faults': [{'id': 'stolen', 'provider': 'WALMART_API', 'kind': 'auth', 'auth': "       \
         "'revoked', 'at': '5m', 'for': '20m'}]"

static void ends_a_fault_of_a_credential_when_the_new_one_is_live(void **state)
{
    (void)state;
    struct played *p = story_run(
        REVOKED CLOCK("10m", "{'do': 'rotate', 'provider': 'WALMART_API'}, {'do': 'redeploy'}"));
    story_check(p);
    const int64_t live_us = story_at(p, STORY_LIVE, 0)->at_us;
    assert_int_equal(story_at(p, STORY_FAULT_OFF, 0)->at_us, live_us);
    assert_int_equal(story_count(p, STORY_FAULT_OFF), 1);
    assert_int_equal(p->facts->last_clear_us, live_us);
    story_close(p);
    /* One that was made before the fault is the one that is stolen. */
    p = story_run(REVOKED CLOCK("1m",
                                "{'do': 'rotate', 'provider': 'WALMART_API'}, {'do': 'redeploy'}, "
                                "{'do': 'note', 'takes': '10m'}, {'do': 'redeploy'}"));
    assert_int_equal(story_at(p, STORY_FAULT_OFF, 0)->at_us, MINUTE(25));
    story_close(p);
}

#define NOT_STORED "{'do': 'rotate', 'provider': 'WALMART_API', 'store': false}, "
#define SECRET(text)                                                                               \
    "{'do': 'set', 'key': 'WALMART_CONSUMER_ID', 'value': 'mock-WALMART_API'}, {'do': 'set', "     \
    "'key': 'WALMART_PRIVATE_KEY_FILE', 'value': '" text "'}, {'do': 'redeploy'}"

/* What ends the fault is what the router shows, whoever put it into the secrets. */
static void ends_a_fault_of_a_credential_by_what_is_live(void **state)
{
    (void)state;
    struct seen *seen;
    uint32_t orders, failed;
    struct played *p = run_seen(REVOKED CLOCK("10m", NOT_STORED SECRET("generation-2")), &seen);
    const int64_t live_us = story_at(p, STORY_LIVE, 0)->at_us;
    CHECK_STORY(p, story_at(p, STORY_FAULT_OFF, 0)->at_us == live_us);
    failed = failed_between(seen, PROVIDER_WALMART_API, live_us, MINUTE(25), &orders);
    assert_true(is_usual(failed, orders));
    story_close(p);
    free(seen);
    /* A new one is in the secrets, and gives way to one that nobody accepts. */
    p = run_seen(
        REVOKED CLOCK("10m", "{'do': 'rotate', 'provider': 'WALMART_API'}, " SECRET("mistyped")),
        &seen);
    CHECK_STORY(p, story_at(p, STORY_FAULT_OFF, 0)->at_us == MINUTE(25));
    assert_int_equal(p->facts->last_clear_us, MINUTE(25));
    failed = failed_between(seen, PROVIDER_WALMART_API, MINUTE(13), MINUTE(30), &orders);
    assert_true(orders > 1000 && failed == orders);
    story_close(p);
    free(seen);
    /* One that the provider had made before the fault is the one that it revokes, live or not. */
    p = run_seen(REVOKED CLOCK("1m", "{'do': 'rotate', 'provider': 'WALMART_API', 'overlap': "
                                     "'1h'}, {'do': 'redeploy', 'takes': '8m'}"),
                 &seen);
    assert_true(story_at(p, STORY_LIVE, 0)->at_us > MINUTE(9));
    CHECK_STORY(p, story_at(p, STORY_FAULT_OFF, 0)->at_us == MINUTE(25));
    failed = failed_between(seen, PROVIDER_WALMART_API, MINUTE(10), MINUTE(24), &orders);
    assert_true(orders > 1000 && failed == orders);
    story_close(p);
    free(seen);
}

/* ---- test orders ---- */

static void answers_a_test_order_in_the_form_that_the_profile_takes(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *payload;
        bool good;
    } rows[] = {{"as_documented", "as_documented", true},
                {"as_documented", "as_coded", false},
                {"as_coded", "as_documented", false},
                {"as_coded", "as_coded", true}};
    for (unsigned i = 0; i < 4; i++) {
        char *const keys =
            test_format(STORY_BASE "'router': {'profile': '%s', 'env': {" STORY_ENV_WALMART
                                   "}}" CLOCK("5m", "{'do': 'request', 'payload': '%s'}"),
                        rows[i].profile, rows[i].payload);
        struct played *const p = story_run(keys);
        const struct story_entry *const end = story_ended(p, 0, 0);
        assert_int_equal(end->outcome, rows[i].good ? STEP_DONE : STEP_FAILED);
        assert_non_null(strstr(end->why, rows[i].good ? "HTTP 200: " : "HTTP 400 INVALID_REQUEST"));
        /* Bad ones are refused at once, good ones take their time behind the 5 s of the hands. */
        assert_true((end->at_us == MINUTE(5) + SECOND(5)) == !rows[i].good);
        assert_int_equal(p->facts->test_orders, 1);
        story_close(p);
        free(keys);
    }
}

static void moves_no_order_by_a_test_order(void **state)
{
    (void)state;
    struct played *const quiet = story_run(BOTH CLOCK("5m", "{'do': 'note'}"));
    struct played *const p = story_run(
        BOTH CLOCK("5m", "{'do': 'request'}, {'do': 'request', 'payload': 'as_coded'}, {'do': "
                         "'health_check'}, {'do': 'request'}"));
    story_check(p);
    assert_int_equal(p->facts->order_count, quiet->facts->order_count);
    assert_int_equal(p->facts->order_count, 3600);
    for (uint64_t i = 0; i < p->facts->order_count; i++) {
        const struct story_order *const a = &p->facts->orders[i], *const b =
                                                                      &quiet->facts->orders[i];
        assert_true(a->total_cents == b->total_cents && a->winner == b->winner &&
                    a->judged_us == b->judged_us && a->ok == b->ok && a->bad == b->bad &&
                    a->commission_cents == b->commission_cents && a->canned == b->canned);
    }
    const struct world_facts *const with = world_facts(p->world);
    const struct world_facts *const without = world_facts(quiet->world);
    assert_true(with->hash == without->hash);
    assert_int_equal(with->orders, without->orders);
    assert_int_equal(with->decided, without->decided);
    assert_memory_equal(p->facts->heat, quiet->facts->heat,
                        sizeof(uint32_t) * STORY_HEAT_COLUMNS * STORY_HEAT_ROWS);
    story_close(quiet);
    story_close(p);
}

/* ---- health checks ---- */

#define HANGING                                                                                    \
    ", 'faults': [{'id': 'f', 'provider': 'KROGER_API', 'kind': 'hang', 'at': '4m', 'for': "       \
    "'10m'}]"
#define HEALTH CLOCK("5m", "{'do': 'health_check'}")

static void has_no_health_check_in_production(void **state)
{
    (void)state;
    struct played *const p = story_run(
        STORY_BASE "'router': {'profile': 'as_coded', 'env': {" STORY_ENV_WALMART "}}" HEALTH);
    const struct story_entry *const end = story_ended(p, 0, 0);
    assert_int_equal(end->outcome, STEP_FAILED);
    assert_non_null(strstr(end->why, "HTTP 400 INVALID_REQUEST"));
    story_close(p);
}

static void finds_all_healthy_that_is_configured(void **state)
{
    (void)state;
    struct played *const p =
        story_run(WALMART_TOO ", 'policy': {'health_is_configuration': true}}" HANGING HEALTH);
    const struct story_entry *const end = story_ended(p, 0, 0);
    assert_int_equal(end->outcome, STEP_DONE);
    assert_int_equal(end->at_us, MINUTE(5) + SECOND(5)); /* nobody is asked */
    assert_non_null(strstr(end->why, "KROGER_API healthy"));
    assert_non_null(strstr(end->why, "WALMART_API healthy"));
    story_close(p);
}

static void finds_out_who_hangs_by_asking(void **state)
{
    (void)state;
    struct played *const p =
        story_run(WALMART_TOO ", 'policy': {'health_is_configuration': false}}" HANGING HEALTH);
    story_check(p);
    const struct story_entry *const end = story_ended(p, 0, 0);
    CHECK_STORY(p, end->outcome == STEP_FAILED);
    CHECK_STORY(p, strstr(end->why, "KROGER_API unhealthy") != NULL);
    CHECK_STORY(p, strstr(end->why, "WALMART_API healthy") != NULL);
    CHECK_STORY(p, strstr(end->why, "MEALME healthy") != NULL);
    /* It gives up at the provider's timeout, 15 s by default. */
    CHECK_STORY(p, end->at_us - (MINUTE(5) + SECOND(5)) <= SECOND(15));
    CHECK_STORY(p, end->at_us > MINUTE(5) + SECOND(5));
    story_close(p);
}

static void asks_nobody_who_is_mocked_or_off(void **state)
{
    (void)state;
    struct played *const p = story_run(
        STORY_BASE "'router': {'env': {'LOOPGPT_ENABLE_KROGER': true, 'LOOPGPT_KROGER_MOCK': "
                   "true, 'LOOPGPT_ENABLE_WALMART': false}, 'policy': {'health_is_configuration': "
                   "false}}" HANGING HEALTH);
    const struct story_entry *const end = story_ended(p, 0, 0);
    CHECK_STORY(p, end->outcome == STEP_DONE);
    CHECK_STORY(p, strstr(end->why, "KROGER_API healthy") != NULL);
    CHECK_STORY(p, strstr(end->why, "WALMART_API") == NULL);
    story_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_by_new_settings_what_begins_after_the_deployment),
        cmocka_unit_test(empties_the_tokens_with_a_deployment),
        cmocka_unit_test(takes_settings_up_by_the_way_that_is_said),
        cmocka_unit_test(deploys_by_hand_what_a_cold_start_would_take_up),
        cmocka_unit_test(says_why_a_step_has_no_effect),
        cmocka_unit_test(goes_back_to_the_settings_of_the_start),
        cmocka_unit_test(leaves_the_tokens_alone_when_there_is_nothing_to_roll_back),
        cmocka_unit_test(is_refused_between_rotation_and_deployment),
        cmocka_unit_test(is_refused_for_good_when_the_new_credential_is_not_stored),
        cmocka_unit_test(rotates_the_wrong_credential_by_mistake),
        cmocka_unit_test(ends_a_fault_of_a_credential_when_the_new_one_is_live),
        cmocka_unit_test(ends_a_fault_of_a_credential_by_what_is_live),
        cmocka_unit_test(answers_a_test_order_in_the_form_that_the_profile_takes),
        cmocka_unit_test(moves_no_order_by_a_test_order),
        cmocka_unit_test(has_no_health_check_in_production),
        cmocka_unit_test(finds_all_healthy_that_is_configured),
        cmocka_unit_test(finds_out_who_hangs_by_asking),
        cmocka_unit_test(asks_nobody_who_is_mocked_or_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
