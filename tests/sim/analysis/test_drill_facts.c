/* Marks, measures and distributions of facts that are made by hand: the corners that runs seldom
 * reach.
 *
 * Method: one order a second, in the middle of the second; what is bad, told, looked at and changed
 * is written down, and the figures that follow are worked out by hand or by counting one by one.
 */
#include "tests/sim/world/story_fixture.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>

#include "sim/analysis/drill_state.h"

enum { SECONDS = 1801, ENTRIES = 32, SPANS = 4, LOOKS = 180, ORDERS = SECONDS - 1 };
enum { DOWN, SLOW }; /* rules */

#define PLAIN                                                                                      \
    STORY_ALL ", 'faults': [{'id': 'f', 'provider': 'KROGER_API', 'kind': 'error', 'at': '10m', "  \
              "'for': '10m'}], 'alerts': {'rules': [{'name': 'Down', 'metric': "                   \
              "'router.error_rate', 'op': '>', 'threshold': 0.5, 'severity': 'page'}, {'name': "   \
              "'Slow', 'metric': 'router.error_rate', 'op': '>', 'threshold': 0.1, 'severity': "   \
              "'ticket'}]}, 'rto': '15m'"
#define PROBED                                                                                     \
    PLAIN ", 'hypothesis': {'probes': [{'name': 'e', 'metric': 'router.error_rate', 'limit': "     \
          "0.05, 'mode': 'edge'}, {'name': 'c', 'metric': 'router.error_rate', 'limit': 0.05}]}"

struct made {
    struct scenario scenario;
    struct story_facts facts, control;
    struct story_order here[ORDERS], there[ORDERS];
    struct story_second seconds[SECONDS];
    struct story_entry entries[ENTRIES], others[ENTRIES];
    struct story_span spans[SPANS];
    struct story_probe probes[2];
    uint8_t looks[LOOKS];
    bool false_entry[ENTRIES];
    struct drill_marks marks;
    struct drill_value values[DRILL_MEASURE_COUNT];
    struct drill_repeat repeat;
    double budget;
    uint64_t faults_met;
};

/* Order i ends at i + 0.5 s: in second i + 1. All are well. */
static struct made *make(const char *keys)
{
    struct made *const made = memory_zeroed(sizeof *made);
    assert_non_null(made);
    story_read(&made->scenario, keys);
    for (uint32_t i = 0; i < ORDERS; i++) {
        made->here[i] = made->there[i] =
            (struct story_order){.total_cents = 1000,
                                 .commission_cents = 30,
                                 .winner = PROVIDER_MEALME,
                                 .judged = true,
                                 .ok = true,
                                 .judged_us = SECOND(i) + US_PER_SECOND / 2};
    }
    memset(made->looks, 1, sizeof made->looks);
    for (unsigned i = 0; i < 2; i++)
        made->probes[i] =
            (struct story_probe){.evaluated = 2, .met = 2, .at_start = 1, .at_end = 1};
    made->facts = (struct story_facts){.entries = made->entries,
                                       .probes = made->probes,
                                       .orders = made->here,
                                       .order_count = ORDERS,
                                       .seconds = made->seconds,
                                       .second_count = SECONDS,
                                       .looks = made->looks,
                                       .look_count = LOOKS,
                                       .look_from_us = SECOND(10),
                                       .look_every_us = SECOND(10),
                                       .first_fault_us = MINUTE(10),
                                       .last_clear_us = MINUTE(20),
                                       .stopped_us = INT64_MAX,
                                       .differing = made->spans};
    made->control = (struct story_facts){.entries = made->others,
                                         .orders = made->there,
                                         .order_count = ORDERS,
                                         .first_fault_us = INT64_MAX,
                                         .last_clear_us = INT64_MAX,
                                         .stopped_us = INT64_MAX};
    made->budget = 100;
    made->faults_met = 1;
    return made;
}

static void done(struct made *made)
{
    scenario_release(&made->scenario);
    free(made);
}

/* Orders that end in seconds from..until fail. */
static void spoil(struct made *made, int from, int until)
{
    for (int s = from; s <= until; s++) {
        struct story_order *const order = &made->here[s - 1];
        order->total_cents = -1;
        order->commission_cents = 0;
        order->winner = PROVIDER_COUNT;
        order->ok = false;
        order->bad = true;
    }
}

static void note(struct made *made, int64_t at_us, enum story_kind kind, uint16_t index)
{
    assert_true(made->facts.entry_count < ENTRIES);
    made->entries[made->facts.entry_count++] = (struct story_entry){.at_us = at_us,
                                                                    .kind = kind,
                                                                    .index = index,
                                                                    .scope = SCOPE_ROUTER,
                                                                    .step = -1,
                                                                    .cause = -1,
                                                                    .text = "",
                                                                    .why = "",
                                                                    .outcome = STEP_DONE};
}

static void note_other(struct made *made, int64_t at_us, enum story_kind kind, uint16_t index)
{
    made->others[made->control.entry_count++] = (struct story_entry){.at_us = at_us,
                                                                     .kind = kind,
                                                                     .index = index,
                                                                     .scope = SCOPE_ROUTER,
                                                                     .step = -1,
                                                                     .cause = -1,
                                                                     .text = "",
                                                                     .why = ""};
}

static void differ(struct made *made, int64_t from_us, int64_t until_us, uint32_t mocked)
{
    made->spans[made->facts.differing_count++] =
        (struct story_span){.from_us = from_us, .until_us = until_us, .mocked = mocked, .text = ""};
}

static struct drill_play play_of(struct made *made)
{
    return (struct drill_play){.scenario = &made->scenario,
                               .facts = &made->facts,
                               .control = &made->control,
                               .budget_orders = made->budget,
                               .faults_met = made->faults_met,
                               .false_entry = made->false_entry};
}

static void measure(struct made *made)
{
    memset(made->seconds, 0, sizeof made->seconds);
    for (uint32_t i = 0; i < ORDERS; i++) {
        struct story_second *const second = &made->seconds[i + 1];
        second->judged += made->here[i].judged;
        second->ok += made->here[i].judged && made->here[i].ok;
        second->bad += made->here[i].judged && made->here[i].bad;
    }
    const struct drill_play play = play_of(made);
    drill_find_false(&play);
    drill_find_marks(&play, &made->marks);
    drill_measure(&play, &made->marks, made->values);
}

#define CHECK_KNOWN(made, measure, wanted)                                                         \
    do {                                                                                           \
        assert_int_equal((made)->values[measure].state, DRILL_KNOWN);                              \
        CHECK_NEAR((made)->values[measure].value, wanted, 1e-9);                                   \
    } while (0)
#define CHECK_STATE(made, measure, wanted)                                                         \
    assert_int_equal((made)->values[measure].state, DRILL_##wanted)

/* ---- marks ---- */

static void has_nothing_to_mend_when_all_was_absorbed(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    note(made, SECOND(700), STORY_FIRED, DOWN);
    note(made, SECOND(700), STORY_TOLD, DOWN);
    measure(made);
    assert_true(made->marks.absorbed);
    assert_true(made->marks.impact_us == INT64_MAX && made->marks.recover_us == INT64_MAX);
    CHECK_STATE(made, DRILL_TTD, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_TTM, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_TTR, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_TTI, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_TTM_FROM_FAULT, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_TTR_FROM_FAULT, NOT_APPLICABLE);
    CHECK_KNOWN(made, DRILL_TTD_FROM_FAULT, 100);
    CHECK_KNOWN(made, DRILL_RTO_MET, 1);
    CHECK_KNOWN(made, DRILL_BUDGET_BURNED, 0);
    CHECK_KNOWN(made, DRILL_PAGES, 1);
    done(made);
}

static void is_never_detected_without_a_page(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    spoil(made, 605, 1100);
    note(made, SECOND(650), STORY_FIRED, SLOW); /* a ticket wakes nobody */
    note(made, SECOND(660), STORY_ACK, 0);
    measure(made);
    CHECK_STATE(made, DRILL_TTD, NEVER);
    CHECK_STATE(made, DRILL_TTD_FROM_FAULT, NEVER);
    CHECK_STATE(made, DRILL_TTA, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_TIME_TO_ACT, NOT_APPLICABLE);
    CHECK_KNOWN(made, DRILL_TTI, 4.5);
    assert_int_equal(made->marks.detected_by, -1);
    done(made);
}

static void may_be_detected_before_it_hurts(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    spoil(made, 701, 1100);
    note(made, SECOND(640), STORY_FIRED, DOWN);
    note(made, SECOND(645), STORY_TOLD, DOWN);
    note(made, SECOND(670), STORY_ACK, 0);
    note(made, SECOND(690), STORY_LIVE, 0);
    measure(made);
    CHECK_KNOWN(made, DRILL_TTD, 640 - 700.5);
    CHECK_KNOWN(made, DRILL_TTA, 30);
    CHECK_KNOWN(made, DRILL_TIME_TO_ACT, 50);
    assert_true(made->marks.told_us == SECOND(645));
    done(made);
}

static void calls_alerts_false_that_the_control_has_or_that_come_before(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    spoil(made, 601, 1100);
    note(made, SECOND(300), STORY_FIRED, DOWN); /* before the fault */
    note(made, SECOND(300), STORY_TOLD, DOWN);
    note(made, SECOND(400), STORY_RESOLVED, DOWN);
    note(made, SECOND(620), STORY_FIRED, DOWN); /* the control fires at 610, too */
    note(made, SECOND(620), STORY_TOLD, DOWN);
    note(made, SECOND(680), STORY_RESOLVED, DOWN);
    note(made, SECOND(720), STORY_FIRED, DOWN); /* there it is over */
    note(made, SECOND(730), STORY_TOLD, DOWN);
    note_other(made, SECOND(610), STORY_FIRED, DOWN);
    note_other(made, SECOND(700), STORY_RESOLVED, DOWN);
    measure(made);
    static const bool wanted[] = {true, true, false, true, true, false, false, false};
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(made->false_entry[i], wanted[i]);
    assert_true(made->marks.detect_us == SECOND(720) && made->marks.told_us == SECOND(730));
    CHECK_KNOWN(made, DRILL_PAGES, 3);
    CHECK_KNOWN(made, DRILL_FALSE_PAGES, 2);
    done(made);
}

/* 95% of 120 orders are 114: six may be bad. */
static void is_mitigated_by_the_first_good_spell_though_it_relapses(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    spoil(made, 601, 700);
    spoil(made, 901, 1000);
    measure(made);
    assert_true(made->marks.impact_us == SECOND(600) + US_PER_SECOND / 2);
    assert_int_equal(made->marks.mitigate_us, SECOND(694));
    CHECK_KNOWN(made, DRILL_TTM, 93.5);
    CHECK_KNOWN(made, DRILL_TTM_FROM_FAULT, 94);
    done(made);
}

static void is_not_mitigated_by_the_end_of_the_fault(void **state)
{
    (void)state;
    struct made *made = make(PLAIN);
    spoil(made, 601, 1087); /* well from 1081 on, two minutes of which end at 1201 */
    measure(made);
    CHECK_STATE(made, DRILL_TTM, NEVER);
    done(made);
    made = make(PLAIN);
    spoil(made, 601, 1086); /* and here at 1200 */
    measure(made);
    CHECK_KNOWN(made, DRILL_TTM_FROM_FAULT, 480);
    done(made);
}

static void has_nothing_to_mitigate_when_few_are_hit(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    spoil(made, 640, 645); /* six of 120 */
    measure(made);
    assert_true(made->marks.never_out && !made->marks.absorbed);
    CHECK_STATE(made, DRILL_TTM, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_TTM_FROM_FAULT, NOT_APPLICABLE);
    CHECK_KNOWN(made, DRILL_TTR_FROM_FAULT, 600); /* recovered when it is over */
    done(made);
}

static void is_not_recovered_while_settings_are_not_back(void **state)
{
    (void)state;
    struct made *made = make(PROBED);
    spoil(made, 601, 700);
    differ(made, SECOND(700), SECOND(1500), 1);
    measure(made);
    assert_true(made->marks.undone_us == SECOND(1500));
    CHECK_KNOWN(made, DRILL_TTR_FROM_FAULT, 900);
    CHECK_KNOWN(made, DRILL_TIME_DIFFERING, 800);
    CHECK_KNOWN(made, DRILL_TIME_IN_MOCK, 800);
    CHECK_KNOWN(made, DRILL_DEBT_TIME, 300);
    CHECK_KNOWN(made, DRILL_DEBT_ORDERS, 300);
    CHECK_KNOWN(made, DRILL_RTO_MET, 1); /* 899.5 s after the impact, of 900 */
    done(made);
    made = make(PROBED);
    spoil(made, 601, 700);
    differ(made, SECOND(700), SECOND(800), 0);
    differ(made, SECOND(900), MINUTE(30) + SECOND(3), 2); /* to the end */
    measure(made);
    CHECK_STATE(made, DRILL_TTR, NEVER);
    CHECK_KNOWN(made, DRILL_RTO_MET, 0);
    CHECK_KNOWN(made, DRILL_DEBT_ORDERS, 600);
    CHECK_KNOWN(made, DRILL_TIME_DIFFERING, 100 + 903);
    CHECK_KNOWN(made, DRILL_TIME_IN_MOCK, 903);
    done(made);
}

static void recovers_when_all_probes_hold_for_long_enough(void **state)
{
    (void)state;
    struct made *const made = make(PROBED);
    spoil(made, 601, 1250);
    for (uint32_t k = 60; k < LOOKS; k++) { /* look k is at 10 * (k + 1) s */
        const int at = 10 * ((int)k + 1);
        made->looks[k] = at >= 1300 && at != 1400;
    }
    made->looks[150] = 2; /* 1510 s: nothing can be said, so nothing is known to hold */
    measure(made);
    assert_int_equal(made->marks.recover_us, SECOND(1520));
    done(made);
}

static void recovers_by_the_share_of_good_orders_without_probes(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    spoil(made, 601, 1250);
    measure(made);
    assert_int_equal(made->marks.recover_us, SECOND(1244));
    CHECK_KNOWN(made, DRILL_TTR_FROM_FAULT, 644);
    done(made);
}

static void is_not_recovered_from_ones_own_doing_before_users_are_well(void **state)
{
    (void)state;
    struct made *made = make(PROBED);
    made->scenario.fault_count = 0;
    made->facts.first_fault_us = made->facts.last_clear_us = INT64_MAX;
    spoil(made, 601, 700); /* too short for the probes' windows: all looks are well */
    note(made, SECOND(590), STORY_ACK, 0);
    note(made, SECOND(600), STORY_LIVE, 0); /* he did it */
    note(made, SECOND(660), STORY_ACK, 1);
    note(made, SECOND(690), STORY_LIVE, 1);
    measure(made);
    assert_true(made->marks.ack_us == SECOND(660) && made->marks.act_us == SECOND(690));
    assert_int_equal(made->marks.mitigate_us, SECOND(694));
    assert_int_equal(made->marks.recover_us, SECOND(700));
    CHECK_STATE(made, DRILL_TTR_FROM_FAULT, NOT_APPLICABLE);
    spoil(made, 701, 1800);
    measure(made);
    CHECK_STATE(made, DRILL_TTM, NEVER);
    CHECK_STATE(made, DRILL_TTR, NEVER);
    done(made);
}

static void counts_nobody_as_called_who_was_at_work_before(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    spoil(made, 605, 1100);
    note(made, SECOND(500), STORY_ACK, 0);
    note(made, SECOND(550), STORY_LIVE, 0);
    note(made, SECOND(700), STORY_FIRED, DOWN);
    note(made, SECOND(760), STORY_ACK, 1);
    note(made, SECOND(790), STORY_LIVE, 0);
    measure(made);
    CHECK_KNOWN(made, DRILL_TTA, 60);
    CHECK_KNOWN(made, DRILL_TIME_TO_ACT, 90);
    done(made);
}

/* ---- budget ---- */

static uint32_t bad_in(const struct made *made, int after_s, int until_s)
{
    uint32_t bad = 0;
    for (uint32_t i = 0; i < ORDERS; i++) {
        const int64_t us = made->here[i].judged_us;
        bad += made->here[i].bad && us > SECOND(after_s) && us <= SECOND(until_s);
    }
    return bad;
}

static void splits_the_budget_into_parts_that_add_up(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 3; order++) {
        struct made *const made = make(PLAIN);
        spoil(made, 550, 560); /* before: not the fault's */
        spoil(made, 601, 700);
        spoil(made, 1150, 1260);
        spoil(made, 1700, 1720);
        /* detected before, after the mitigation, never */
        if (order < 2) note(made, SECOND(order == 0 ? 650 : 1160), STORY_FIRED, DOWN);
        measure(made);
        assert_int_equal(made->marks.mitigate_us, SECOND(694));
        assert_int_equal(made->marks.recover_us, SECOND(1254));
        const int detect = order == 0 ? 650 : order == 1 ? 1160 : 1254;
        const int mitigate = detect > 694 ? detect : 694;
        CHECK_KNOWN(made, DRILL_BUDGET_BEFORE_DETECT, bad_in(made, 600, detect) / 100.0);
        CHECK_KNOWN(made, DRILL_BUDGET_BEFORE_MITIGATE, bad_in(made, detect, mitigate) / 100.0);
        CHECK_KNOWN(made, DRILL_BUDGET_BEFORE_RECOVER, bad_in(made, mitigate, 1254) / 100.0);
        CHECK_KNOWN(made, DRILL_BUDGET_AFTER, bad_in(made, 1254, 1800) / 100.0);
        CHECK_KNOWN(made, DRILL_BUDGET_BURNED, bad_in(made, 600, 1800) / 100.0);
        done(made);
    }
    struct made *const made = make(PLAIN);
    made->budget = 0; /* no objective */
    measure(made);
    CHECK_STATE(made, DRILL_BUDGET_BURNED, NOT_APPLICABLE);
    CHECK_STATE(made, DRILL_BUDGET_AFTER, NOT_APPLICABLE);
    done(made);
}

/* ---- orders ---- */

static void randomize(struct story_order *order, uint64_t bits)
{
    order->judged = bits % 11 != 0;
    order->canned = bits / 11 % 5 == 0;
    const bool routed = bits / 55 % 4 != 0;
    order->total_cents = routed ? (int32_t)(bits / 220 % 3) * 500 + 500 : -1;
    order->commission_cents = routed ? order->total_cents / 33 : 0;
    order->winner = (uint8_t)(routed ? bits / 660 % PROVIDER_COUNT : PROVIDER_COUNT);
    order->ok = routed && !order->canned;
    order->bad = !order->ok;
}

static void compares_orders_with_those_of_the_control(void **state)
{
    (void)state;
    struct made *const made = make(PLAIN);
    double lost = 0, gained = 0, other = 0, judged = 0, bad = 0, failed = 0, canned = 0, routed = 0;
    double commission = 0, revenue = 0, price = 0, both = 0;
    for (uint32_t i = 0; i < ORDERS; i++) {
        struct story_order *const a = &made->here[i], *const b = &made->there[i];
        randomize(a, random_draw(1, i));
        randomize(b, random_draw(i % 3 == 0 ? 2 : 1, i));
        if (!a->judged) continue;
        judged++;
        bad += a->bad;
        failed += a->winner == PROVIDER_COUNT;
        routed += a->winner < PROVIDER_COUNT;
        canned += a->winner < PROVIDER_COUNT && a->canned;
        if (!b->judged) continue;
        lost += a->bad && !b->bad;
        gained += b->bad && !a->bad;
        if (a->bad != b->bad || a->winner != b->winner || a->total_cents != b->total_cents) other++;
        const bool real_a = a->winner < PROVIDER_COUNT && !a->canned;
        const bool real_b = b->winner < PROVIDER_COUNT && !b->canned;
        commission += (real_b ? b->commission_cents : 0) - (real_a ? a->commission_cents : 0);
        revenue += (real_b ? b->total_cents : 0) - (real_a ? a->total_cents : 0);
        if (real_a && real_b) price += a->total_cents - b->total_cents, both++;
    }
    measure(made);
    assert_true(lost > 10 && gained > 10 && other > lost + gained && both > 10);
    CHECK_KNOWN(made, DRILL_ORDERS_LOST, lost);
    CHECK_KNOWN(made, DRILL_ORDERS_GAINED, gained);
    CHECK_KNOWN(made, DRILL_BLAST_RADIUS, other / judged);
    CHECK_KNOWN(made, DRILL_BAD_ORDERS, bad);
    CHECK_KNOWN(made, DRILL_FAILED_ORDERS, failed);
    CHECK_KNOWN(made, DRILL_FAKE_PRICE_ORDERS, canned);
    CHECK_KNOWN(made, DRILL_AUTHENTIC_RATIO, (routed - canned) / routed);
    CHECK_KNOWN(made, DRILL_COMMISSION_LOST, commission);
    CHECK_KNOWN(made, DRILL_REVENUE_LOST, revenue);
    CHECK_KNOWN(made, DRILL_PRICE_DELTA, price / both);
    done(made);
}

/* ---- the verdict of a repeat ---- */

static enum drill_verdict judge(struct made *made, const char *word)
{
    struct arena arena = {0};
    const struct drill_play play = play_of(made);
    drill_judge_repeat(&play, &made->repeat, &arena);
    if (strstr(made->repeat.why, word) == NULL) fail_msg("\"%s\"", made->repeat.why);
    arena_release(&arena);
    return made->repeat.verdict;
}

static void takes_the_worst_verdict_first(void **state)
{
    (void)state;
    struct made *const made = make(PROBED);
    assert_int_equal(judge(made, ""), VERDICT_PASS);
    made->probes[1].met = 1;
    assert_int_equal(judge(made, "throughout"), VERDICT_DEVIATED);
    made->probes[1].met = 2;
    made->probes[0].at_end = 0;
    assert_int_equal(judge(made, "restored"), VERDICT_DEVIATED);
    made->facts.stopped_us = MINUTE(15);
    assert_int_equal(judge(made, "stop condition"), VERDICT_ABORTED);
    /* Before the first fault a stop leaves nothing to be met, evaluated or hit. */
    made->facts.stopped_us = made->facts.first_fault_us - MINUTE(1);
    made->probes[0].at_start = -1;
    made->faults_met = 0;
    assert_int_equal(judge(made, "stop condition"), VERDICT_ABORTED);
    made->faults_met = 1;
    made->facts.stopped_us = made->facts.first_fault_us + MINUTE(1);
    made->probes[0].at_start = 0;
    assert_int_equal(judge(made, "before the method"), VERDICT_INVALID);
    made->probes[0].at_start = -1;
    assert_int_equal(judge(made, "too little"), VERDICT_INVALID);
    made->probes[0].at_start = 1;
    made->facts.stopped_us = INT64_MAX;
    made->probes[1].evaluated = made->probes[1].met = 0;
    assert_int_equal(judge(made, "never evaluated"), VERDICT_INVALID);
    made->probes[1].evaluated = made->probes[1].met = 2;
    made->faults_met = 0;
    assert_int_equal(judge(made, "no fault"), VERDICT_INVALID);
    done(made);
}

/* ---- over repeats ---- */

static struct drill_repeat repeat_of(double value, enum drill_known known)
{
    struct drill_repeat repeat = {.why = ""};
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
        repeat.values[m] = (struct drill_value){value, known};
    return repeat;
}

static void takes_quantiles_as_gsl_does(void **state)
{
    (void)state;
    enum { MOST = 40 };
    struct drill_repeat repeats[MOST];
    double sorted[MOST];
    for (uint32_t n = 1; n <= MOST; n++) {
        for (uint32_t i = 0; i < n; i++) {
            sorted[i] = random_unit(random_draw(n, i)) * 100 - 20;
            repeats[i] = repeat_of(sorted[i], DRILL_KNOWN);
        }
        gsl_sort(sorted, 1, n);
        for (double p = 0.0; p <= 1.0; p += 0.125) {
            const struct drill_value value = drill_quantile(repeats, n, DRILL_TTM, p);
            assert_int_equal(value.state, DRILL_KNOWN);
            CHECK_NEAR(value.value, gsl_stats_quantile_from_sorted_data(sorted, 1, n, p), 1e-9);
        }
        struct drill_distribution all;
        drill_distribute(repeats, n, DRILL_TTM, &all);
        assert_int_equal(all.n, n);
        CHECK_NEAR(all.least.value, sorted[0], 0);
        CHECK_NEAR(all.most.value, sorted[n - 1], 0);
        CHECK_NEAR(all.mean, gsl_stats_mean(sorted, 1, n), 1e-9);
    }
}

/* How often the median lies between two order statistics, by ranks from 1. */
static double coverage(uint32_t n, uint32_t low, uint32_t high)
{
    return gsl_cdf_binomial_P(high - 1, 0.5, n) - gsl_cdf_binomial_P(low - 1, 0.5, n);
}

static void takes_the_interval_of_the_median_from_its_ranks(void **state)
{
    (void)state;
    enum { MOST = 40 };
    struct drill_repeat repeats[MOST];
    for (uint32_t n = 1; n <= MOST; n++) {
        uint32_t narrowest = UINT32_MAX;
        for (uint32_t low = 1; low <= n; low++) {
            for (uint32_t high = low; high <= n; high++) {
                if (coverage(n, low, high) >= 0.95 && high - low < narrowest)
                    narrowest = high - low;
            }
        }
        for (uint32_t k = 0; k < n; k++)
            repeats[k] = repeat_of(n - k, DRILL_KNOWN); /* values are ranks */
        struct drill_distribution all;
        drill_distribute(repeats, n, DRILL_TTR, &all);
        assert_int_equal(all.p50_low.state, n < 6 ? DRILL_NOT_APPLICABLE : DRILL_KNOWN);
        assert_int_equal(all.p50_high.state, all.p50_low.state);
        assert_true((narrowest == UINT32_MAX) == (n < 6));
        if (n < 6) continue;
        const uint32_t low = (uint32_t)all.p50_low.value, high = (uint32_t)all.p50_high.value;
        assert_true(coverage(n, low, high) >= 0.95);
        assert_int_equal(high - low, narrowest);
    }
}

static void holds_never_for_longer_than_anything(void **state)
{
    (void)state;
    struct drill_repeat repeats[8];
    for (uint32_t i = 0; i < 8; i++)
        repeats[i] = repeat_of(i, i < 5 ? DRILL_KNOWN : i < 7 ? DRILL_NEVER : DRILL_NOT_APPLICABLE);
    struct drill_distribution all;
    drill_distribute(repeats, 8, DRILL_TTD, &all); /* 0 1 2 3 4 never never */
    assert_int_equal(all.n, 7);
    assert_int_equal(all.never, 2);
    CHECK_NEAR(all.p50.value, 3, 0);
    assert_int_equal(all.p90.state, DRILL_NEVER);
    assert_int_equal(all.most.state, DRILL_NEVER);
    assert_int_equal(all.p50_high.state, DRILL_NEVER);
    assert_int_equal(all.p50_low.state, DRILL_KNOWN);
    assert_false(all.has_mean);
    /* Between 4 and never: never; at 4 itself: 4. */
    assert_int_equal(drill_quantile(repeats, 8, DRILL_TTD, 0.7).state, DRILL_NEVER);
    CHECK_NEAR(drill_quantile(repeats, 5, DRILL_TTD, 1.0).value, 4, 0);
    assert_int_equal(drill_quantile(&repeats[7], 1, DRILL_TTD, 0.5).state, DRILL_NOT_APPLICABLE);
    repeats[0].left_out = repeats[6].left_out = true;
    drill_distribute(repeats, 8, DRILL_TTD, &all); /* 1 2 3 4 never */
    assert_int_equal(all.n, 5);
    assert_int_equal(all.never, 1);
    CHECK_NEAR(all.p50.value, 3, 0);
    CHECK_NEAR(all.least.value, 1, 0);
}

static void gives_the_mean_an_interval_of_students(void **state)
{
    (void)state;
    struct drill_repeat repeats[4];
    for (uint32_t i = 0; i < 4; i++)
        repeats[i] = repeat_of(i + 1, DRILL_KNOWN);
    struct drill_distribution all;
    drill_distribute(repeats, 4, DRILL_TTD, &all);
    /* sd 1.290994, t(0.975, 3) 3.182446 */
    CHECK_NEAR(all.mean_low, 2.5 - 3.18244630528 * 1.29099444874 / 2, 1e-8);
    CHECK_NEAR(all.mean_high, 2.5 + 3.18244630528 * 1.29099444874 / 2, 1e-8);
    drill_distribute(repeats, 1, DRILL_TTD, &all);
    assert_true(all.has_mean && isnan(all.mean_low) && isnan(all.mean_high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_nothing_to_mend_when_all_was_absorbed),
        cmocka_unit_test(is_never_detected_without_a_page),
        cmocka_unit_test(may_be_detected_before_it_hurts),
        cmocka_unit_test(calls_alerts_false_that_the_control_has_or_that_come_before),
        cmocka_unit_test(is_mitigated_by_the_first_good_spell_though_it_relapses),
        cmocka_unit_test(is_not_mitigated_by_the_end_of_the_fault),
        cmocka_unit_test(has_nothing_to_mitigate_when_few_are_hit),
        cmocka_unit_test(is_not_recovered_while_settings_are_not_back),
        cmocka_unit_test(recovers_when_all_probes_hold_for_long_enough),
        cmocka_unit_test(recovers_by_the_share_of_good_orders_without_probes),
        cmocka_unit_test(is_not_recovered_from_ones_own_doing_before_users_are_well),
        cmocka_unit_test(counts_nobody_as_called_who_was_at_work_before),
        cmocka_unit_test(splits_the_budget_into_parts_that_add_up),
        cmocka_unit_test(compares_orders_with_those_of_the_control),
        cmocka_unit_test(takes_the_worst_verdict_first),
        cmocka_unit_test(takes_quantiles_as_gsl_does),
        cmocka_unit_test(takes_the_interval_of_the_median_from_its_ranks),
        cmocka_unit_test(holds_never_for_longer_than_anything),
        cmocka_unit_test(gives_the_mean_an_interval_of_students),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
