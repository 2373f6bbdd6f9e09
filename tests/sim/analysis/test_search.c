/* The search against an obvious one over a small simplex; what it promises, held to its word. */
#include <math.h>
#include <string.h>

#include "sim/analysis/search.h"
#include "sim/analysis/stats.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

enum { STEPS = 5 };

struct rig {
    struct decision_set set;
    struct replay_table table;
    struct search_objective objectives[2];
    struct search_constraint constraints[2];
    struct search_request request;
};

static void set_up(struct rig *rig, uint32_t orders, uint64_t seed)
{
    struct err err;
    *rig = (struct rig){0};
    decisions_fixture(&rig->set, orders, seed, false);
    const struct replay_table_request request = {.set = &rig->set, .blocks = 20};
    assert_true(replay_table_make(&rig->table, &request, &err));
    uint32_t count;
    assert_true(search_read_objectives("commission:3,price:1", rig->objectives, &count, &err));
    assert_int_equal(count, 2);
    CHECK_NEAR(rig->objectives[0].weight, 0.75, 0.0);
    rig->request = (struct search_request){.tables = &rig->table,
                                           .table_count = 1,
                                           .baseline = score_weights_default,
                                           .presets = search_presets,
                                           .preset_count = 4,
                                           .objectives = rig->objectives,
                                           .objective_count = 2,
                                           .steps = STEPS,
                                           .priorities = {0.0, 1.0},
                                           .priority_count = 2,
                                           .resamples = 200,
                                           .level = 0.95,
                                           .seed = 7,
                                           .jobs = 1};
}

static void tear_down(struct rig *rig)
{
    replay_table_release(&rig->table);
    decisions_release(&rig->set);
}

static double mean_of(const struct rig *rig, const struct score_weights *weights,
                      enum replay_outcome outcome)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < rig->table.count; i++) {
        const struct replay_order *order = &rig->table.orders[i];
        sum += rig->table.fates[i].of[replay_winner(order, weights)][outcome];
    }
    return (double)sum * replay_outcome_traits[outcome].scale / rig->table.count;
}

static void every_point_of_the_simplex_is_there_once_and_replayed(void **state)
{
    struct rig rig;
    struct search search;
    struct err err;
    (void)state;
    set_up(&rig, 600, 1);
    assert_true(search_run(&search, &rig.request, &err));
    /* C(5 + 4, 4) = 126 points, twice; the baseline, four presets; then what refining added. */
    assert_true(search.count >= 5 + 2 * 126 && search.count <= 5 + 2 * 126 + 4);
    for (uint32_t i = 0; i < search.count; i += 7) {
        const struct search_candidate *candidate = &search.candidates[i];
        for (unsigned k = 0; k < search.column_count; k++)
            CHECK_NEAR(candidate->means[k], mean_of(&rig, &candidate->weights, search.columns[k]),
                       1e-9);
    }
    for (uint32_t i = 5; i < 5 + 2 * 126; i++) {
        const struct score_weights *w = &search.candidates[i].weights;
        CHECK_NEAR(w->price + w->speed + w->commission + w->availability + w->reliability, 1.0,
                   1e-12);
        for (uint32_t j = 5; j < i; j++)
            assert_int_not_equal(memcmp(w, &search.candidates[j].weights, sizeof *w), 0);
    }
    search_release(&search);
    tear_down(&rig);
}

/* Price against the baseline's, and every share, each with its interval over clusters. */
static bool surely_keeps(const struct rig *rig, const struct score_weights *weights, double factor,
                         double share)
{
    struct stats_block price[20] = {{0}}, won[PROVIDER_COUNT][20] = {{{0}}};
    for (uint32_t i = 0; i < rig->table.count; i++) {
        const struct replay_order *order = &rig->table.orders[i];
        const struct replay_fates *fates = &rig->table.fates[i];
        const uint32_t is = replay_winner(order, weights);
        const uint32_t was = replay_winner(order, &score_weights_default);
        struct stats_block *block = &price[order->cluster];
        block->n++;
        block->weight += 1.0;
        block->difference += fates->of[is][OUTCOME_PRICE] - factor * fates->of[was][OUTCOME_PRICE];
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            won[p][order->cluster].n++;
            won[p][order->cluster].weight += 1.0;
            won[p][order->cluster].difference += (order->quotes[is].provider == p) - share;
        }
    }
    bool kept = stats_mean_difference(price, 20, 0.95).high <= 1e-9;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct stats_estimate excess = stats_mean_difference(won[p], 20, 0.95);
        kept = kept && (excess.method == STATS_EXACT ? excess.value : excess.high) <= 1e-9;
    }
    return kept;
}

static void the_best_is_the_highest_goal_within_the_constraints(void **state)
{
    struct rig rig;
    struct search search;
    struct err err;
    (void)state;
    set_up(&rig, 600, 2);
    assert_true(search_read_constraint("price<=+0.5%", &rig.constraints[0], &err));
    assert_true(search_read_constraint("share<=60%", &rig.constraints[1], &err));
    rig.request.constraints = rig.constraints;
    rig.request.constraint_count = 2;
    assert_true(search_run(&search, &rig.request, &err));
    const double price = mean_of(&rig, &score_weights_default, OUTCOME_PRICE);
    const double commission = mean_of(&rig, &score_weights_default, OUTCOME_COMMISSION);
    uint32_t best = UINT32_MAX, feasible = 0;
    double highest = 0.0;
    for (uint32_t i = 0; i < search.count; i++) {
        const struct search_candidate *candidate = &search.candidates[i];
        const double paid = mean_of(&rig, &candidate->weights, OUTCOME_PRICE);
        const double earned = mean_of(&rig, &candidate->weights, OUTCOME_COMMISSION);
        double top = 0.0;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            top = fmax(top, candidate->shares[p]);
        const bool may = paid <= price * 1.005 + 1e-6 && top <= 0.6 + 1e-9 &&
                         surely_keeps(&rig, &candidate->weights, 1.005, 0.6);
        const double goal = 0.75 * (earned - commission) / search.scales[0] -
                            0.25 * (paid - price) / search.scales[1];
        CHECK_NEAR(candidate->goal, goal, 1e-9);
        assert_int_equal(candidate->feasible, may);
        feasible += may;
        if (may && (best == UINT32_MAX || goal > highest + 1e-12)) {
            best = i;
            highest = goal;
        }
    }
    assert_true(feasible > 0 && feasible < search.count);
    assert_int_equal(search.feasible, feasible);
    CHECK_NEAR(search.candidates[search.best].goal, highest, 1e-12);
    search_release(&search);
    tear_down(&rig);
}

static void refining_never_loses_and_the_centre_lies_in_the_set(void **state)
{
    struct rig rig;
    struct search search;
    struct err err;
    (void)state;
    set_up(&rig, 800, 3);
    assert_true(search_run(&search, &rig.request, &err));
    double grid = -HUGE_VAL;
    for (uint32_t i = 0; i < 5 + 2 * 126; i++)
        if (search.candidates[i].feasible) grid = fmax(grid, search.candidates[i].goal);
    assert_true(search.candidates[search.best].goal >= grid);
    assert_true(search.candidates[search.best].in_set);
    assert_true(search.candidates[search.chosen].in_set);
    uint32_t members = 0;
    for (uint32_t i = 0; i < search.count; i++) {
        members += search.candidates[i].in_set;
        if (!search.candidates[i].in_set) continue;
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            const double weight =
                score_weight_of(&search.candidates[i].weights, (enum replay_part)k);
            assert_true(weight >= score_weight_of(&search.set_low, (enum replay_part)k));
            assert_true(weight <= score_weight_of(&search.set_high, (enum replay_part)k));
        }
    }
    assert_int_equal(members, search.set_count);
    assert_true(search.set_agreement > 0.0 && search.set_agreement <= 1.0);
    search_release(&search);
    tear_down(&rig);
}

static void what_dominates_is_on_the_front_and_its_probability_says_so(void **state)
{
    struct rig rig;
    struct search search;
    struct err err;
    (void)state;
    set_up(&rig, 500, 4);
    assert_true(search_run(&search, &rig.request, &err));
    uint32_t on = 0;
    for (uint32_t i = 0; i < search.count; i++) {
        const struct search_candidate *a = &search.candidates[i];
        bool dominated = false;
        for (uint32_t j = 0; j < search.count; j++) {
            const struct search_candidate *b = &search.candidates[j];
            const bool as_good = b->means[0] >= a->means[0] && b->means[1] <= a->means[1];
            dominated =
                dominated || (as_good && (b->means[0] > a->means[0] || b->means[1] < a->means[1]));
        }
        assert_int_equal(a->front, !dominated);
        on += a->front;
    }
    assert_int_equal(on, search.front_count);
    assert_true(search.hypervolume > 0.0 && search.hypervolume <= 1.0);
    search_release(&search);
    tear_down(&rig);
}

static void threads_change_nothing(void **state)
{
    struct rig rig;
    struct search one, two;
    struct err err;
    (void)state;
    set_up(&rig, 700, 5);
    assert_true(search_run(&one, &rig.request, &err));
    rig.request.jobs = 2;
    assert_true(search_run(&two, &rig.request, &err));
    assert_int_equal(one.count, two.count);
    assert_int_equal(one.chosen, two.chosen);
    for (uint32_t i = 0; i < one.count; i++) {
        const struct search_candidate *a = &one.candidates[i], *b = &two.candidates[i];
        assert_memory_equal(a->means, b->means, one.column_count * sizeof *a->means);
        assert_true(a->goal == b->goal && a->on_front == b->on_front && a->in_set == b->in_set);
    }
    search_release(&one);
    search_release(&two);
    tear_down(&rig);
}

static void a_held_weight_keeps_the_baseline_s_share(void **state)
{
    struct rig rig;
    struct search search;
    struct err err;
    (void)state;
    set_up(&rig, 300, 6);
    rig.request.fixed = 1u << PART_COMMISSION | 1u << PART_PRIORITY;
    assert_true(search_run(&search, &rig.request, &err));
    for (uint32_t i = 5; i < search.count; i++) {
        CHECK_NEAR(search.candidates[i].weights.commission, 0.20, 1e-12);
        CHECK_NEAR(search.candidates[i].weights.priority, 1.0, 1e-12);
    }
    search_release(&search);
    tear_down(&rig);
}

static void robust_choices_are_judged_on_every_table(void **state)
{
    struct rig rig, other;
    struct search search;
    struct err err;
    (void)state;
    set_up(&rig, 400, 7);
    set_up(&other, 400, 8);
    const struct replay_table tables[2] = {rig.table, other.table};
    rig.request.tables = tables;
    rig.request.table_count = 2;
    assert_true(search_run(&search, &rig.request, &err));
    assert_true(search.robust_count >= 3);
    assert_int_equal(search.robust[0].candidate, search.baseline);
    CHECK_NEAR(search.robust[0].mean, 0.0, 1e-12);
    for (uint32_t i = 0; i < search.robust_count; i++) {
        assert_true(search.robust[i].worst <= search.robust[i].cvar20 + 1e-12);
        assert_true(search.robust[i].cvar20 <= search.robust[i].mean + 1e-12);
        if (search.robust[i].candidate != search.minimax) continue;
        for (uint32_t j = 0; j < search.robust_count; j++)
            assert_true(search.robust[i].regret <= search.robust[j].regret + 1e-12);
    }
    search_release(&search);
    tear_down(&rig);
    tear_down(&other);
}

static void refuse(const char *text, const char *word)
{
    struct search_constraint constraint;
    struct err err;
    assert_false(search_read_constraint(text, &constraint, &err));
    assert_non_null(strstr(err.message, word));
    assert_true(err.hint[0] != '\0' || strstr(err.message, "number") != NULL);
}

static void constraints_and_objectives_are_read_or_refused_with_a_hint(void **state)
{
    struct search_constraint constraint;
    struct search_objective objectives[SEARCH_OBJECTIVES_MAX];
    struct err err;
    uint32_t count;
    (void)state;
    assert_true(search_read_constraint("eta<=45min", &constraint, &err));
    assert_int_equal(constraint.kind, LIMIT_ABSOLUTE);
    CHECK_NEAR(constraint.limit, 45.0, 0.0);
    assert_true(search_read_constraint("price<=+1.50usd", &constraint, &err));
    assert_int_equal(constraint.kind, LIMIT_DIFFERENCE);
    CHECK_NEAR(constraint.limit, 150.0, 1e-12);
    assert_true(search_read_constraint("availability>=-0.5pp", &constraint, &err));
    CHECK_NEAR(constraint.limit, -0.005, 1e-12);
    assert_false(constraint.at_most);
    CHECK_NEAR(search_limit(&constraint, 0.9), 0.895, 1e-12);
    assert_true(search_read_constraint("commission>=-2%", &constraint, &err));
    CHECK_NEAR(search_limit(&constraint, 200.0), 196.0, 1e-12);
    refuse("share<=80", "no share is larger");
    refuse("availability>=+50", "no share is larger");
    refuse("price", "no constraint");
    refuse("price<+1%", "no constraint");
    refuse("prize<=+1%", "prize");
    refuse("price<=min", "no number");
    refuse("price<=3min", "min");
    refuse("eta<=+2pp", "pp");
    assert_false(search_read_objectives("price:1,price:2", objectives, &count, &err));
    assert_false(search_read_objectives("price:0", objectives, &count, &err));
    assert_false(search_read_objectives("", objectives, &count, &err));
    assert_false(search_read_objectives("comission", objectives, &count, &err));
    assert_non_null(strstr(err.hint, "commission"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_of_the_simplex_is_there_once_and_replayed),
        cmocka_unit_test(the_best_is_the_highest_goal_within_the_constraints),
        cmocka_unit_test(refining_never_loses_and_the_centre_lies_in_the_set),
        cmocka_unit_test(what_dominates_is_on_the_front_and_its_probability_says_so),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_held_weight_keeps_the_baseline_s_share),
        cmocka_unit_test(robust_choices_are_judged_on_every_table),
        cmocka_unit_test(constraints_and_objectives_are_read_or_refused_with_a_hint),
    };
    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
