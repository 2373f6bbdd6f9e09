/* Goal: early decisions. Their instants and winners against a slow version that builds the order as
 * it would be if who is awaited came as imagined (waiting_truth.h); and that CERTAIN is certain:
 * whatever is drawn for those who are awaited, none of them wins. Broken on purpose while it was
 * written: pending ones tried alone only, an ETA of 0, a total of 100 cents, the median's totals
 * left as they were. */
#include "router/base/memory.h"
#include "tests/sim/analysis/waiting_fixture.h"
#include "tests/sim/analysis/waiting_truth.h"
#include "tests/support.h"

enum { ORDERS = 1200, SETS = 3, VIEWS = 3, DRAWS = 40 };
static const struct waiting_prices prices = {.wait_per_s = 2, .lost_quote = 1, .lost_order = 500};
static const struct waiting_rule rules[] = {
    {.kind = EARLY_AT_LEAST, .at_least = 1},
    {.kind = EARLY_AT_LEAST, .at_least = 3},
    {.kind = EARLY_AT_LEAST, .at_least = 9},
    {.kind = EARLY_CERTAIN},
    {.kind = EARLY_LIKELY, .total_share = 0.7, .eta_share = 0.5},
    {.kind = EARLY_LIKELY, .total_share = 0.95, .eta_share = 1.0},
};
enum { RULES = sizeof rules / sizeof *rules };

static struct waiting_patience *patience_of(const struct decision_set *set, uint8_t without)
{
    struct err err = {0};
    struct waiting_patience *patience = waiting_patience_make(set, without, &err);
    if (patience == NULL) fail_msg("%s", err.message);
    return patience;
}

static struct waiting_early_outcome early_of(const struct waiting_patience *patience,
                                             const struct decision_view *view,
                                             const struct waiting_rule *rule)
{
    struct waiting_early_outcome outcome;
    struct err err = {0};
    if (!waiting_early(patience, view, rule, &prices, &outcome, &err)) fail_msg("%s", err.message);
    return outcome;
}

static void check_rule(const struct decision_set *set, const struct decision_view *view,
                       const struct waiting_rule *rule)
{
    const struct truth_set truth = {set, 0};
    struct waiting_patience *const patience = patience_of(set, 0);
    struct truth_choice *const choices = memory_zeroed(set->count * sizeof *choices);
    int64_t *const saved_us = memory_zeroed(set->count * sizeof *saved_us);
    struct waiting_outcome should;
    uint64_t early = 0;
    double sum_ms = 0.0;
    assert_non_null(choices);
    assert_non_null(saved_us);
    for (uint32_t i = 0; i < set->count; i++) {
        choices[i] = truth_choose_early(&truth, i, view, rule);
        saved_us[i] = truth_choose(&truth, i, view).wait_us - choices[i].wait_us;
        early += saved_us[i] > 0;
        sum_ms += (double)saved_us[i] / 1000.0;
    }
    truth_outcome(&truth, choices, &prices, &should);
    const struct waiting_early_outcome is = early_of(patience, view, rule);
    truth_check_outcome(&is.outcome, &should);
    assert_int_equal(is.early, early);
    truth_check_same(is.saved_ms, sum_ms / set->count);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        truth_check_same(is.saved_ms_quantiles[q],
                         truth_quantile_ms(saved_us, set->count, waiting_quantiles[q]));
    free(choices);
    free(saved_us);
    waiting_patience_release(patience);
}

static void every_rule_decides_when_and_what_the_slow_version_does(void **state)
{
    (void)state;
    for (uint32_t s = 0; s < SETS; s++) {
        struct decision_set set;
        waiting_fixture(&set, ORDERS, 300 + s, s == 1);
        for (uint32_t v = 0; v < VIEWS; v++)
            for (unsigned r = 0; r < RULES; r++) {
                const struct decision_view view =
                    v == 0 ? (struct decision_view){.without = 0} : waiting_fixture_view(9, v);
                check_rule(&set, &view, &rules[r]);
            }
        decisions_release(&set);
    }
}

static void a_run_is_decided_early(void **state)
{
    (void)state;
    const struct decision_view recorded = {.without = 0};
    struct decision_set set;
    waiting_fixture_run(&set, true);
    for (unsigned r = 0; r < RULES; r++)
        check_rule(&set, &recorded, &rules[r]);
    decisions_release(&set);
}

static void at_least_as_many_as_there_are_is_waiting_for_all(void **state)
{
    (void)state;
    const struct decision_view recorded = {.without = 0};
    const struct waiting_rule all = {.kind = EARLY_AT_LEAST, .at_least = PROVIDER_COUNT + 1};
    struct decision_set set;
    struct err err = {0};
    struct waiting_outcome under;
    waiting_fixture(&set, ORDERS, 310, false);
    struct waiting_patience *const patience = patience_of(&set, 0);
    const struct waiting_early_outcome early = early_of(patience, &recorded, &all);
    assert_true(waiting_under(patience, &recorded, &prices, &under, &err));
    assert_int_equal(early.early, 0);
    assert_true(early.saved_ms == 0.0);
    truth_check_outcome(&early.outcome, &under);
    waiting_patience_release(patience);
    decisions_release(&set);
}

/* ---- how certain CERTAIN is ---- */

static void under_a_negative_weight_nothing_is_certain(void **state)
{
    (void)state;
    const struct decision_view recorded = {.without = 0};
    const struct waiting_rule certain = {.kind = EARLY_CERTAIN};
    for (unsigned weight = 0; weight < 6; weight++) {
        struct decision_set set;
        waiting_fixture(&set, ORDERS, 311, false);
        for (uint32_t c = 0; c < set.config_count; c++)
            set.configs[c].as.config.weights[weight] = -0.01;
        struct waiting_patience *const patience = patience_of(&set, 0);
        const struct waiting_early_outcome early = early_of(patience, &recorded, &certain);
        const bool of_the_quote = weight == 1 || weight == 2 || weight == 4;
        assert_int_equal(early.early == 0, of_the_quote);
        waiting_patience_release(patience);
        decisions_release(&set);
    }
}

static uint32_t below(uint64_t key, uint32_t what, uint32_t limit)
{
    return random_below(random_draw(key, what), limit);
}

/* Somebody who is awaited comes, or not, with a quote that is drawn from all that there could be.
 */
static void draw_quote(struct quote_record_quote *quote, uint16_t items, uint64_t key)
{
    static const int64_t most[] = {1, 100, 5000, 20000, 1000000};
    quote->flags &= (uint8_t)~QUOTE_FLAG_FELL_BACK;
    quote->outcome = (uint8_t)(below(key, 0, 4) == 0 ? QUOTE_TIMEOUT : QUOTE_OK);
    quote->total_cents = 1 + (int64_t)below(key, 1, (uint32_t)most[below(key, 2, 5)]);
    quote->subtotal_cents = below(key, 3, 2) == 0
                                ? quote->total_cents
                                : 1 + (int64_t)below(key, 4, (uint32_t)quote->total_cents);
    quote->eta_minutes = below(key, 5, 2) == 0 ? 1 : (int32_t)below(key, 6, 200);
    quote->found = (uint16_t)(below(key, 7, 2) == 0 ? items : below(key, 8, items + 1u));
    quote->substituted = (uint16_t)below(key, 9, (uint32_t)(items - quote->found) + 1u);
}

/* The mask of those that had arrived when the order was decided early; 0: it was not. */
static uint8_t decided_with(const struct decision_set *one, const struct decision_view *view,
                            uint8_t *pending)
{
    const struct truth_set truth = {one, 0};
    static const struct waiting_rule certain = {.kind = EARLY_CERTAIN};
    struct waiting_patience *const patience = patience_of(one, 0);
    const struct waiting_early_outcome outcome = early_of(patience, view, &certain);
    waiting_patience_release(patience);
    const int64_t at_us = (int64_t)llround(outcome.outcome.mean_wait_ms * 1000.0);
    *pending = truth_pending(&truth, 0, view, at_us);
    if (outcome.early == 0) return 0;
    return (uint8_t)((1u << one->orders[0].as.order.quote_count) - 1u) & (uint8_t) ~*pending;
}

/* Whoever wins when those that are awaited come as drawn. */
static uint32_t winner_of_draw(const struct decision_set *one, const struct decision_view *view,
                               uint8_t arrived, uint8_t pending, uint64_t key)
{
    struct quote_record record = one->orders[0];
    struct decision_set changed = {.orders = &record, .config_of = one->config_of, .count = 1};
    struct decision_inputs inputs, here;
    struct decision_view arrived_only = *view;
    memcpy(changed.configs, one->configs, sizeof changed.configs);
    for (unsigned s = 0; s < record.as.order.quote_count; s++)
        if (((unsigned)pending >> s & 1u) != 0)
            arrived_only.without |= (uint8_t)(1u << record.as.order.quotes[s].provider);
    decision_inputs_of(one, 0, &arrived_only, &here);
    for (unsigned s = 0; s < record.as.order.quote_count; s++) {
        struct quote_record_quote *quote = &record.as.order.quotes[s];
        quote->outcome = QUOTE_NETWORK_ERROR; /* but for those below */
        quote->flags &= (uint8_t)~QUOTE_FLAG_FELL_BACK;
        if (((unsigned)pending >> s & 1u) != 0)
            draw_quote(quote, record.as.order.items, random_key(key, s));
    }
    for (uint32_t i = 0; i < here.count; i++) {
        record.as.order.quotes[here.slots[i]] = *here.quotes[i];
        record.as.order.quotes[here.slots[i]].outcome = QUOTE_OK;
    }
    assert_true(arrived != 0);
    decision_inputs_of(&changed, 0, NULL, &inputs);
    const struct score_weights weights = decision_weights(&changed, 0);
    return inputs.slots[decision_select(&inputs, &weights,
                                        (enum preference)record.as.order.preference, NULL)];
}

/* The set's orders, each as a set of its own. */
static void take_one(const struct decision_set *set, uint32_t order, struct decision_set *one,
                     struct decision_late late[PROVIDER_COUNT])
{
    *one = (struct decision_set){.orders = set->orders + order,
                                 .config_of = set->config_of + order,
                                 .count = 1,
                                 .late = late};
    memcpy(one->configs, set->configs, sizeof one->configs);
    for (uint32_t i = 0; i < set->late_count; i++) {
        if (set->late[i].order != order) continue;
        late[one->late_count] = set->late[i];
        late[one->late_count++].order = 0;
    }
}

/* All that is known comes under it. */
static struct decision_view long_view(void)
{
    struct decision_view view = {.without = 0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        view.timeout_us[p] = 20000000;
    return view;
}

static void whatever_comes_later_never_wins_against_certain(void **state)
{
    (void)state;
    static struct decision_set one;
    struct decision_set set;
    const struct decision_view view = long_view();
    uint32_t early = 0, reordered = 0;
    waiting_fixture(&set, 2000, 320, false);
    for (uint32_t i = 0; i < set.count; i++) {
        struct decision_late late[PROVIDER_COUNT];
        uint8_t pending;
        take_one(&set, i, &one, late);
        const uint8_t arrived = decided_with(&one, &view, &pending);
        if (arrived == 0) continue;
        early++;
        const struct truth_set truth = {&one, 0};
        const struct truth_choice all = truth_choose(&truth, 0, &view);
        assert_true((arrived >> all.winner & 1u) != 0);
        for (uint32_t d = 0; d < DRAWS; d++) {
            const uint32_t winner = winner_of_draw(&one, &view, arrived, pending, random_key(i, d));
            assert_true((arrived >> winner & 1u) != 0);
            reordered += winner != all.winner;
        }
    }
    assert_true(early > 100);
    assert_true(reordered > 10); /* the draws do move what there is to move */
    decisions_release(&set);
}

static void the_patient_winner_had_arrived_when_certain_decided(void **state)
{
    (void)state;
    static struct decision_set one;
    struct decision_set set;
    uint32_t early = 0, differ = 0;
    const struct decision_view view = long_view();
    waiting_fixture(&set, 2000, 321, false);
    for (uint32_t i = 0; i < set.count; i++) {
        struct decision_late late[PROVIDER_COUNT];
        uint8_t pending;
        take_one(&set, i, &one, late);
        const uint8_t arrived = decided_with(&one, &view, &pending);
        if (arrived == 0) continue;
        early++;
        const struct truth_set truth = {&one, 0};
        const struct truth_choice patient = truth_choose(&truth, 0, &view);
        struct decision_view here = view;
        for (unsigned s = 0; s < PROVIDER_COUNT; s++)
            if (((unsigned)pending >> s & 1u) != 0)
                here.without |= (uint8_t)(1u << one.orders[0].as.order.quotes[s].provider);
        assert_true((arrived >> patient.winner & 1u) != 0);
        differ += truth_choose(&truth, 0, &here).winner != patient.winner;
    }
    assert_true(early > 100);
    assert_true(differ > 0); /* those who had arrived are reordered now and then */
    decisions_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_decides_when_and_what_the_slow_version_does),
        cmocka_unit_test(a_run_is_decided_early),
        cmocka_unit_test(at_least_as_many_as_there_are_is_waiting_for_all),
        cmocka_unit_test(under_a_negative_weight_nothing_is_certain),
        cmocka_unit_test(whatever_comes_later_never_wins_against_certain),
        cmocka_unit_test(the_patient_winner_had_arrived_when_certain_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
