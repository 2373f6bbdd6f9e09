/* Goal: what is made of many views at once, each against one view at a time: the value of an
 * instant, a sweep of one provider's timeouts, whose tail it is, joint quantiles, and the cheapest
 * of all combinations of timeouts. Broken on purpose while it was written: an answer in time at its
 * timeout, points won by those who had no quote, a sign of the sums over sets, the last of equal
 * costs, canned quotes counted as calls. Each turned this red. */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "tests/sim/analysis/waiting_fixture.h"
#include "tests/sim/analysis/waiting_truth.h"
#include "tests/support.h"

enum { ORDERS = 1100, INSTANTS = 40, STEPS = 24, GRID = 12 };
static const struct waiting_prices prices = {.wait_per_s = 40, .lost_quote = 9, .lost_order = 800};

static struct waiting_patience *patience_of(const struct decision_set *set, uint8_t without)
{
    struct err err = {0};
    struct waiting_patience *patience = waiting_patience_make(set, without, &err);
    if (patience == NULL) fail_msg("%s", err.message);
    return patience;
}

static struct waiting_outcome outcome_under(const struct waiting_patience *patience,
                                            const struct decision_view *view)
{
    struct waiting_outcome outcome;
    struct err err = {0};
    if (!waiting_under(patience, view, &prices, &outcome, &err)) fail_msg("%s", err.message);
    return outcome;
}

static struct decision_view view_of(uint32_t index)
{
    return index == 0 ? (struct decision_view){.without = 0} : waiting_fixture_view(11, index);
}

/* ---- the value of an instant ---- */

struct moment {
    uint32_t winner;
    double points;
};

static void check_instants(const struct truth_set *truth, const struct decision_view *view,
                           const struct waiting_instant *instants, uint32_t count)
{
    const uint32_t orders = truth->set->count;
    struct moment *const before = memory_zeroed(orders * sizeof *before);
    assert_non_null(before);
    for (uint32_t k = 0; k < count; k++) {
        const int64_t at_us = (int64_t)llround(instants[k].ms * 1000.0);
        uint64_t undecided = 0, without = 0, changed = 0;
        double points = 0.0, cents = 0.0, points_won = 0.0, quotes_won = 0.0;
        for (uint32_t i = 0; i < orders; i++) {
            const struct truth_choice choice = truth_choose_at(truth, i, view, at_us);
            const struct truth_regret regret = truth_regret_of(truth, i, choice.winner);
            undecided += truth_pending(truth, i, view, at_us) != 0;
            without += choice.winner == 255;
            changed += regret.changed;
            points += regret.points;
            cents += regret.cents;
            if (k > 0 && before[i].winner != 255) points_won += before[i].points - regret.points;
            if (k > 0 && before[i].winner == 255) quotes_won += choice.winner != 255;
            before[i] = (struct moment){choice.winner, regret.points};
        }
        assert_int_equal(instants[k].undecided, undecided);
        assert_int_equal(instants[k].without_quote, without);
        assert_int_equal(instants[k].changed, changed);
        truth_check_same(instants[k].points, points / (double)(orders - without));
        truth_check_same(instants[k].cents, cents / (double)(orders - without));
        if (k == 0) continue;
        const double span_ms = instants[k].ms - instants[k - 1].ms;
        assert_true(span_ms > 0.0);
        truth_check_same(instants[k - 1].points_per_ms, 1000.0 * points_won / orders / span_ms);
        truth_check_same(instants[k - 1].quotes_per_ms, 1000.0 * quotes_won / orders / span_ms);
    }
    assert_true(isnan(instants[count - 1].points_per_ms));
    assert_true(isnan(instants[count - 1].quotes_per_ms));
    free(before);
}

static void an_instant_is_what_deciding_then_gives(void **state)
{
    (void)state;
    struct decision_set set;
    waiting_fixture(&set, ORDERS, 400, false);
    const struct truth_set truth = {&set, 0};
    struct waiting_patience *const patience = patience_of(&set, 0);
    for (uint32_t v = 0; v < 4; v++) {
        struct waiting_instant instants[INSTANTS];
        const struct decision_view view = view_of(v);
        assert_int_equal(waiting_value(patience, &view, instants, INSTANTS), INSTANTS);
        check_instants(&truth, &view, instants, INSTANTS);
        const struct waiting_outcome last = outcome_under(patience, &view);
        assert_int_equal(instants[INSTANTS - 1].without_quote, last.without_quote);
        assert_int_equal(instants[INSTANTS - 1].changed, last.changed);
        truth_check_same(instants[INSTANTS - 1].points, last.points.value);
    }
    waiting_patience_release(patience);
    decisions_release(&set);
}

static void without_arrivals_there_is_no_instant(void **state)
{
    (void)state;
    const struct decision_view view = {.without = 15};
    struct waiting_instant instants[2];
    struct decision_set set;
    waiting_fixture(&set, 100, 401, false);
    struct waiting_patience *const patience = patience_of(&set, 0);
    assert_int_equal(waiting_value(patience, &view, instants, 2), 0);
    waiting_patience_release(patience);
    decisions_release(&set);
}

/* ---- a sweep ---- */

static void check_step(const struct truth_set *truth, const struct waiting_patience *patience,
                       const struct decision_view *view, enum provider provider, int64_t us,
                       const struct waiting_step *step)
{
    struct decision_view at = *view;
    uint64_t asked = 0, in_time = 0;
    at.timeout_us[provider] = us;
    const struct waiting_outcome should = outcome_under(patience, &at);
    const bool asks = (((unsigned)view->without | truth->without) >> provider & 1u) == 0;
    for (uint32_t i = 0; asks && i < truth->set->count; i++)
        for (unsigned s = 0; s < truth->set->orders[i].as.order.quote_count; s++) {
            const struct quote_record_quote *known = decision_quote(truth->set, i, s);
            if (known->provider != provider) continue;
            asked++;
            in_time += known->outcome == QUOTE_OK && known->latency_us < us;
        }
    truth_check_same(step->ms, (double)us / 1000.0);
    assert_int_equal(step->asked, asked);
    assert_int_equal(step->in_time, in_time);
    assert_int_equal(step->without_quote, should.without_quote);
    assert_int_equal(step->changed, should.changed);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        assert_int_equal(step->won[p], should.won[p]);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        truth_check_same(step->wait_ms[q], should.waits[q].ms);
    truth_check_same(step->mean_wait_ms, should.mean_wait_ms);
    truth_check_same(step->points, should.points.value);
    truth_check_same(step->cents, should.cents.value);
    truth_check_same(step->cost_cents, should.cost_cents);
}

static void a_step_of_a_sweep_is_the_view_with_that_timeout(void **state)
{
    (void)state;
    struct decision_set set;
    struct err err = {0};
    int64_t timeouts_us[STEPS];
    struct waiting_step steps[STEPS];
    waiting_fixture(&set, ORDERS, 410, true);
    const struct truth_set truth = {&set, 1u << PROVIDER_INSTACART};
    struct waiting_patience *const patience = patience_of(&set, truth.without);
    for (uint32_t v = 0; v < 3; v++) {
        const struct decision_view view = view_of(v);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            for (unsigned k = 0; k < STEPS; k++) /* some at the very instant of an answer */
                timeouts_us[k] = (k + 1) * INT64_C(500000);
            timeouts_us[3] = decision_quote(&set, 7, 0)->latency_us % 400000 + 1700000;
            assert_true(waiting_sweep(patience, &view, (enum provider)p, &prices, timeouts_us,
                                      STEPS, steps, &err));
            for (unsigned k = 0; k < STEPS; k++)
                check_step(&truth, patience, &view, (enum provider)p, timeouts_us[k], &steps[k]);
        }
    }
    waiting_patience_release(patience);
    decisions_release(&set);
}

/* Every timeout is somebody's latency: what comes in that microsecond is late. */
static void an_answer_at_the_timeout_itself_is_late(void **state)
{
    (void)state;
    struct decision_set set;
    struct err err = {0};
    waiting_fixture(&set, 300, 411, false);
    const struct truth_set truth = {&set, 0};
    const struct decision_view view = {.without = 0};
    struct waiting_patience *const patience = patience_of(&set, 0);
    for (uint32_t i = 0; i < 40; i++) {
        const struct quote_record_quote *known = decision_quote(&set, i, 0);
        struct waiting_step step;
        if (known->outcome != QUOTE_OK || known->latency_us == 0) continue;
        const enum provider provider = (enum provider)known->provider;
        assert_true(
            waiting_sweep(patience, &view, provider, &prices, &known->latency_us, 1, &step, &err));
        check_step(&truth, patience, &view, provider, known->latency_us, &step);
        struct decision_view on_grid = view, best;
        on_grid.without = (uint8_t)(15u & ~(1u << provider));
        assert_true(
            waiting_cheapest(patience, &on_grid, &prices, &known->latency_us, 1, &best, &err));
        assert_int_equal(best.timeout_us[provider], known->latency_us);
    }
    waiting_patience_release(patience);
    decisions_release(&set);
}

/* ---- tails ---- */

static void check_tail(const struct truth_set *truth, const struct decision_view *view,
                       const struct waiting_tail *tail)
{
    const uint32_t count = truth->set->count;
    int64_t *const us = memory_zeroed(count * sizeof *us);
    assert_non_null(us);
    for (unsigned p = 0; p <= PROVIDER_COUNT; p++) { /* the last: with everybody */
        struct decision_view both = *view;
        both.without |= truth->without;
        const bool left_out = p < PROVIDER_COUNT && ((unsigned)both.without >> p & 1u) != 0;
        if (p < PROVIDER_COUNT) both.without |= (uint8_t)(1u << p);
        for (uint32_t i = 0; i < count; i++)
            us[i] = decision_wait(truth->set, i, &both);
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            truth_check_same(p < PROVIDER_COUNT ? tail->without_ms[p][q] : tail->ms[q],
                             left_out ? (double)NAN
                                      : truth_quantile_ms(us, count, waiting_quantiles[q]));
    }
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        uint64_t beyond = 0, slowest[PROVIDER_COUNT] = {0};
        struct decision_view both = *view;
        both.without |= truth->without;
        for (uint32_t i = 0; i < count; i++) { /* `us` holds the waits with everybody */
            if ((double)us[i] / 1000.0 < tail->ms[q]) continue;
            beyond++;
            for (unsigned s = 0; s < truth->set->orders[i].as.order.quote_count; s++) {
                const unsigned p = truth->set->orders[i].as.order.quotes[s].provider;
                if (((unsigned)both.without >> p & 1u) != 0) continue;
                if (decision_slot_wait(truth->set, i, s, &both) != us[i]) continue;
                slowest[p]++;
                break;
            }
        }
        assert_int_equal(tail->beyond[q], beyond);
        assert_memory_equal(tail->slowest[q], slowest, sizeof slowest);
    }
    free(us);
}

static void the_tail_is_of_who_was_waited_for_last(void **state)
{
    (void)state;
    struct decision_set set;
    struct err err = {0};
    waiting_fixture(&set, ORDERS, 420, false);
    const struct truth_set truth = {&set, 0};
    struct waiting_patience *const patience = patience_of(&set, 0);
    for (uint32_t v = 0; v < 4; v++) {
        struct waiting_tail tail;
        const struct decision_view view = view_of(v);
        assert_true(waiting_tail_of(patience, &view, &tail, &err));
        check_tail(&truth, &view, &tail);
    }
    waiting_patience_release(patience);
    decisions_release(&set);
}

/* ---- joint quantiles ---- */

/* How long a call took; infinite: not seen. Negative: it was none. */
static double call_us(const struct decision_set *set, uint32_t order, unsigned slot)
{
    const struct quote_record_quote *asked = &set->orders[order].as.order.quotes[slot];
    const struct quote_record_quote *known = decision_quote(set, order, slot);
    if ((asked->flags & QUOTE_FLAG_CANNED) != 0 && (asked->flags & QUOTE_FLAG_FELL_BACK) == 0)
        return -1.0;
    return known->outcome == QUOTE_TIMEOUT ? (double)INFINITY : (double)known->latency_us;
}

static double own_quantile(const struct decision_set *set, unsigned provider, double p)
{
    double *const us = memory_zeroed(set->count * sizeof *us);
    size_t count = 0;
    assert_non_null(us);
    for (uint32_t i = 0; i < set->count; i++)
        for (unsigned s = 0; s < set->orders[i].as.order.quote_count; s++)
            if (set->orders[i].as.order.quotes[s].provider == provider && call_us(set, i, s) >= 0.0)
                us[count++] = call_us(set, i, s);
    gsl_sort(us, 1, count);
    const double quantile = gsl_stats_quantile_from_sorted_data(us, 1, count, p);
    free(us);
    return quantile;
}

static void a_joint_quantile_counts_orders_with_nobody_beyond_its_own(void **state)
{
    (void)state;
    struct decision_set set;
    struct err err = {0};
    struct waiting_joint joint;
    waiting_fixture(&set, 4000, 430, false);
    struct waiting_patience *const patience = patience_of(&set, 0);
    for (double p = 0.3; p < 0.8; p += 0.2) {
        double quantiles[PROVIDER_COUNT], independent = 0.0;
        uint64_t within = 0, orders = 0;
        for (unsigned provider = 0; provider < PROVIDER_COUNT; provider++)
            quantiles[provider] = own_quantile(&set, provider, p);
        for (uint32_t i = 0; i < set.count; i++) {
            unsigned calls = 0, good = 0;
            for (unsigned s = 0; s < set.orders[i].as.order.quote_count; s++) {
                const double us = call_us(&set, i, s);
                calls += us >= 0.0;
                good += us >= 0.0 && !isinf(us) &&
                        us <= quantiles[set.orders[i].as.order.quotes[s].provider];
            }
            if (calls == 0) continue;
            orders++;
            within += good == calls;
            independent += pow(p, calls);
        }
        assert_true(waiting_joint_of(patience, p, &joint, &err));
        assert_int_equal(joint.orders, orders);
        assert_int_equal(joint.within, within);
        assert_int_equal(joint.providers, PROVIDER_COUNT);
        truth_check_same(joint.independent, independent / (double)orders);
        truth_check_same(pow(joint.needed, 4.0), p);
        /* The fixture's calls are independent: five standard errors. */
        const double share = (double)within / (double)orders;
        CHECK_NEAR(share, joint.independent, 5.0 * sqrt(share * (1.0 - share) / (double)orders));
    }
    waiting_patience_release(patience);
    decisions_release(&set);
}

/* ---- the cheapest ---- */

/* The least cost over the grid for those that `view` asks, one timeout after the other. */
static double brute_force(const struct waiting_patience *patience, struct decision_view view,
                          const int64_t *grid_us, uint32_t count, unsigned provider)
{
    if (provider == PROVIDER_COUNT) return outcome_under(patience, &view).cost_cents;
    if (((unsigned)view.without >> provider & 1u) != 0)
        return brute_force(patience, view, grid_us, count, provider + 1);
    const int64_t own_us = view.timeout_us[provider];
    double least = INFINITY;
    for (uint32_t k = 0; k < count; k++) {
        view.timeout_us[provider] = grid_us[k];
        least = fmin(least, brute_force(patience, view, grid_us, count, provider + 1));
    }
    view.timeout_us[provider] = own_us;
    if (own_us != 0) least = fmin(least, brute_force(patience, view, grid_us, count, provider + 1));
    return least;
}

static void check_cheapest(const struct waiting_patience *patience, struct decision_view view,
                           const int64_t *grid_us, uint32_t count)
{
    struct decision_view best;
    struct err err = {0};
    assert_true(waiting_cheapest(patience, &view, &prices, grid_us, count, &best, &err));
    assert_int_equal(best.without, view.without);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        bool offered = best.timeout_us[p] == view.timeout_us[p];
        for (uint32_t k = 0; k < count; k++)
            offered = offered || best.timeout_us[p] == grid_us[k];
        assert_true(offered);
    }
    truth_check_same(outcome_under(patience, &best).cost_cents,
                     brute_force(patience, view, grid_us, count, 0));
}

static void no_combination_of_two_timeouts_is_cheaper(void **state)
{
    (void)state;
    int64_t grid_us[GRID];
    for (unsigned k = 0; k < GRID; k++)
        grid_us[k] = 150000 + (int64_t)k * k * 70000 + k * INT64_C(100000);
    for (uint32_t s = 0; s < 3; s++) {
        struct decision_set set;
        waiting_fixture(&set, 400, 440 + s, s == 1);
        struct waiting_patience *const patience = patience_of(&set, s == 2 ? 1 : 0);
        struct decision_view view = {.without = 1u << PROVIDER_MEALME | 1u << PROVIDER_INSTACART};
        check_cheapest(patience, view, grid_us, GRID);
        view.timeout_us[PROVIDER_KROGER_API] = 2345678;
        check_cheapest(patience, view, grid_us, GRID);
        waiting_patience_release(patience);
        decisions_release(&set);
    }
}

/* Few orders, and every timeout is the latency of one: what comes in that microsecond is late. */
static void no_combination_of_latencies_is_cheaper(void **state)
{
    (void)state;
    for (uint32_t s = 0; s < 12; s++) {
        int64_t grid_us[GRID];
        uint32_t count = 0;
        struct decision_set set;
        waiting_fixture(&set, 60, 470 + s, false);
        for (uint32_t i = 0; i < set.count && count < GRID; i++) {
            const struct quote_record_quote *known = decision_quote(&set, i, 0);
            uint32_t place = count;
            if (known->outcome != QUOTE_OK || known->latency_us == 0) continue;
            for (; place > 0 && grid_us[place - 1] > known->latency_us; place--)
                grid_us[place] = grid_us[place - 1];
            grid_us[place] = known->latency_us;
            count++;
        }
        assert_int_equal(count, GRID);
        struct waiting_patience *const patience = patience_of(&set, 0);
        const unsigned others = 1u << PROVIDER_MEALME | 1u << PROVIDER_INSTACART;
        check_cheapest(patience, (struct decision_view){.without = (uint8_t)others}, grid_us, GRID);
        waiting_patience_release(patience);
        decisions_release(&set);
    }
}

static void no_combination_of_four_timeouts_is_cheaper(void **state)
{
    (void)state;
    static const int64_t grid_us[] = {400000, 1500000, 3000000, 4500000};
    struct decision_set set;
    waiting_fixture(&set, 300, 450, false);
    struct waiting_patience *const patience = patience_of(&set, 0);
    struct decision_view view = {.without = 0};
    check_cheapest(patience, view, grid_us, 4);
    view.timeout_us[PROVIDER_WALMART_API] = 2000000;
    check_cheapest(patience, view, grid_us, 4);
    waiting_patience_release(patience);
    decisions_release(&set);
}

static void of_equal_costs_the_shortest_timeouts_are_taken(void **state)
{
    (void)state;
    static const int64_t grid_us[] = {30000000, 40000000, 50000000}; /* nothing changes there */
    static const struct waiting_prices free_wait = {.wait_per_s = 0, .lost_quote = 0.3};
    struct decision_set set;
    struct decision_view best;
    const struct decision_view view = {.without = 0};
    struct err err = {0};
    waiting_fixture(&set, 500, 460, false);
    struct waiting_patience *const patience = patience_of(&set, 0);
    assert_true(waiting_cheapest(patience, &view, &free_wait, grid_us, 3, &best, &err));
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        assert_int_equal(best.timeout_us[p], grid_us[0]);
    waiting_patience_release(patience);
    decisions_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_is_what_deciding_then_gives),
        cmocka_unit_test(without_arrivals_there_is_no_instant),
        cmocka_unit_test(a_step_of_a_sweep_is_the_view_with_that_timeout),
        cmocka_unit_test(an_answer_at_the_timeout_itself_is_late),
        cmocka_unit_test(the_tail_is_of_who_was_waited_for_last),
        cmocka_unit_test(a_joint_quantile_counts_orders_with_nobody_beyond_its_own),
        cmocka_unit_test(no_combination_of_two_timeouts_is_cheaper),
        cmocka_unit_test(no_combination_of_latencies_is_cheaper),
        cmocka_unit_test(no_combination_of_four_timeouts_is_cheaper),
        cmocka_unit_test(of_equal_costs_the_shortest_timeouts_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
