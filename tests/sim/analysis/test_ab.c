/* An A/B played on orders whose every quote is known: it errs as often as it says, finds what is
 * there, and sees when arms did not get their traffic. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "router/base/random.h"
#include "sim/analysis/ab.h"
#include "sim/analysis/choice_ratings.h"
#include "sim/analysis/choice_tastes.h"
#include "sim/analysis/stats_binomial.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

struct rig {
    struct decision_set set;
    struct ab_arm arms[AB_ARMS_MAX];
    struct search_objective objectives[SEARCH_OBJECTIVES_MAX];
    struct search_constraint constraints[SEARCH_CONSTRAINTS_MAX];
    struct ab_request request;
    struct ab_result *result, *other;
};

static void set_up(struct rig *rig, uint32_t orders, uint64_t seed, const char *objectives)
{
    struct err err;
    uint32_t count;
    *rig = (struct rig){0};
    decisions_fixture(&rig->set, orders, seed, false);
    assert_true(search_read_objectives(objectives, rig->objectives, &count, &err));
    rig->arms[0] = (struct ab_arm){"baseline", score_weights_default, 5000};
    rig->arms[1] = (struct ab_arm){"variant", score_weights_default, 5000};
    rig->request = (struct ab_request){.name = "made up",
                                       .source_path = "made up",
                                       .seed = seed,
                                       .arms = rig->arms,
                                       .arm_count = 2,
                                       .salt = "one",
                                       .objectives = rig->objectives,
                                       .objective_count = count,
                                       .constraints = rig->constraints,
                                       .alpha = 0.05,
                                       .power = 0.8,
                                       .peeks = 20,
                                       .resamples = 400,
                                       .set = &rig->set};
    rig->result = malloc(sizeof *rig->result);
    rig->other = malloc(sizeof *rig->other);
    assert_non_null(rig->result);
    assert_non_null(rig->other);
}

static void tear_down(struct rig *rig)
{
    decisions_release(&rig->set);
    free(rig->result);
    free(rig->other);
}

static void cheap(struct score_weights *weights) /* price alone */
{
    *weights = (struct score_weights){.price = 1.0};
}

static void run(struct rig *rig)
{
    struct err err;
    assert_true(ab_run(rig->result, &rig->request, &err));
}

static const struct ab_value *goal_of(const struct ab_result *result)
{
    return &result->variants[0].values[AB_GOAL];
}

/* The central 99.9% region of a share of n. */
static bool is_within(uint64_t hits, uint64_t n, double rate)
{
    return stats_binomial_at_most(hits, n, rate) > 0.0005 &&
           stats_binomial_at_least(hits, n, rate) > 0.0005;
}

static void two_arms_of_the_same_weights_differ_as_often_as_alpha_says(void **state)
{
    enum { EXPERIMENTS = 600 };
    struct rig rig;
    uint64_t fixed = 0, always = 0, raw = 0, imbalanced = 0;
    char salt[16];
    (void)state;
    set_up(&rig, 600, 3, "conversion");
    rig.request.salt = salt;
    for (unsigned i = 0; i < EXPERIMENTS; i++) {
        (void)snprintf(salt, sizeof salt, "salt-%u", i);
        rig.request.seed = i;
        run(&rig);
        assert_true(rig.result->reached);
        fixed += goal_of(rig.result)->tests[AB_CUPED].p <= 0.05;
        raw += goal_of(rig.result)->tests[AB_RAW].p <= 0.05;
        always += rig.result->variants[0].decided_at != UINT32_MAX;
        imbalanced += rig.result->srm_p < STATS_SRM_ALPHA;
    }
    assert_true(is_within(fixed, EXPERIMENTS, 0.05));
    assert_true(is_within(raw, EXPERIMENTS, 0.05));
    assert_true(stats_binomial_at_least(always, EXPERIMENTS, 0.05) > 0.0005);
    assert_true(stats_binomial_at_least(imbalanced, EXPERIMENTS, 0.001) > 0.0005);
    tear_down(&rig);
}

static void equal_weights_trigger_nothing_and_quotes_cannot_differ(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 800, 5, "price");
    run(&rig);
    const struct ab_variant *variant = &rig.result->variants[0];
    assert_int_equal(variant->triggered, 0);
    assert_int_equal(goal_of(rig.result)->tests[AB_CUPED].method, STATS_TEST_SAME);
    CHECK_NEAR(goal_of(rig.result)->tests[AB_CUPED].p, 1.0, 0.0);
    CHECK_NEAR(goal_of(rig.result)->truth.value, 0.0, 0.0);
    assert_int_equal(rig.result->verdict, EXPERIMENT_NOT_SIGNIFICANT);
    assert_true(isinf(goal_of(rig.result)->cost.n[AB_RAW]));
    tear_down(&rig);
}

static void every_estimator_finds_what_the_replay_knows(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 6000, 7, "price");
    cheap(&rig.arms[1].weights);
    run(&rig);
    const struct ab_value *goal = goal_of(rig.result);
    const double truth = goal->truth.value;
    assert_true(truth < -50.0); /* cents: the cheapest quote always */
    for (unsigned e = 0; e < AB_ESTIMATORS - 1; e++)
        assert_true(fabs(goal->tests[e].value - truth) < 4.0 * goal->tests[e].error);
    CHECK_NEAR(goal->tests[AB_SHADOW].value, truth, 1e-9);
    CHECK_NEAR(goal->cost.difference, truth, 1e-9);
    assert_true(goal->tests[AB_CUPED].error < 0.7 * goal->tests[AB_RAW].error);
    assert_true(goal->tests[AB_DISCORDANT].error < goal->tests[AB_RAW].error);
    CHECK_NEAR(goal->triggered.value * rig.result->variants[0].triggered_share,
               goal->tests[AB_DISCORDANT].value, 1e-9);
    assert_int_equal(rig.result->verdict, EXPERIMENT_VARIANT_WINS);
    tear_down(&rig);
}

static void the_errors_that_were_planned_with_are_those_that_come(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 6000, 8, "expected_commission");
    cheap(&rig.arms[1].weights);
    run(&rig);
    for (unsigned m = 0; m < AB_METRICS; m++) {
        const struct ab_value *value = &rig.result->variants[0].values[m];
        if (m == OUTCOME_CANNED) continue;
        const double n = (double)rig.result->planned_n;
        const double planned =
            sqrt((value->cost.sd_a * value->cost.sd_a + value->cost.sd_b * value->cost.sd_b) / n);
        assert_true(fabs(value->tests[AB_RAW].error / planned - 1.0) < 0.1);
    }
    tear_down(&rig);
}

static void interleaved_is_surer_than_split(void **state)
{
    static const char *const goals[] = {"price", "conversion", "eta"};
    (void)state;
    for (unsigned g = 0; g < sizeof goals / sizeof *goals; g++) {
        struct rig rig;
        struct err err;
        set_up(&rig, 4000, 9, goals[g]);
        rig.arms[1].weights.price = 0.5;
        run(&rig);
        rig.request.interleave = true;
        assert_true(ab_run(rig.other, &rig.request, &err));
        const struct ab_value *split = goal_of(rig.result), *inter = goal_of(rig.other);
        assert_int_equal(split->judged_by, AB_CUPED);
        assert_int_equal(inter->judged_by, g == 1 ? AB_DISCORDANT : AB_SHADOW);
        assert_true(inter->tests[inter->judged_by].error < split->tests[AB_RAW].error);
        assert_true(inter->tests[inter->judged_by].error < split->tests[split->judged_by].error);
        assert_true(inter->cost.n[inter->judged_by] < inter->cost.n[AB_RAW]);
        tear_down(&rig);
    }
}

static void a_tampered_assignment_is_seen(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 4000, 11, "price");
    cheap(&rig.arms[1].weights);
    uint8_t *assigned = malloc(rig.set.count);
    const struct experiment_plan plan = {
        .salt = "one", .shares = {5000, 5000}, .arms = 2, .coverage = EXPERIMENT_BUCKETS};
    assert_non_null(assigned);
    for (uint32_t i = 0; i < rig.set.count; i++)
        assigned[i] = (uint8_t)experiment_assign_number(&plan, rig.set.orders[i].as.order.index);
    rig.request.assigned = assigned;
    run(&rig);
    assert_int_equal(rig.result->verdict, EXPERIMENT_VARIANT_WINS);
    for (uint32_t i = 0; i < rig.set.count; i++) /* a fifth of the variant's orders is lost */
        if (assigned[i] == 1 && i % 5 == 0) assigned[i] = AB_OUTSIDE;
    run(&rig);
    assert_int_equal(rig.result->verdict, EXPERIMENT_INVALID_SRM);
    for (uint32_t i = 0; i < rig.set.count; i++) /* half of them: seen while looking, too */
        if (assigned[i] == 1 && i % 2 == 0) assigned[i] = AB_OUTSIDE;
    run(&rig);
    assert_true(rig.result->variants[0].peeks[19].srm_p < STATS_SRM_ALPHA);
    free(assigned);
    tear_down(&rig);
}

static void arms_that_are_mixed_up_in_one_hour_alone_are_seen(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 14400, 12, "price"); /* a second apart: four hours */
    uint8_t *assigned = malloc(rig.set.count);
    assert_non_null(assigned);
    for (uint32_t i = 0; i < rig.set.count; i++) /* balanced over all, not within hours */
        assigned[i] = (uint8_t)(i % 7200 < 3600 ? i % 9 < 4 : i % 9 < 5);
    rig.request.assigned = assigned;
    run(&rig);
    assert_true(rig.result->srm.p > 0.01);
    assert_true(rig.result->srm_hours.p < STATS_SRM_ALPHA);
    assert_int_equal(rig.result->srm_hours.strata, 4);
    assert_int_equal(rig.result->verdict, EXPERIMENT_INVALID_SRM);
    free(assigned);
    tear_down(&rig);
}

static void before_the_planned_look_only_what_is_always_valid_counts(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 3000, 13, "conversion");
    rig.request.planned_n = 100000;
    run(&rig);
    assert_false(rig.result->reached);
    assert_int_equal(rig.result->verdict, EXPERIMENT_COLLECTING_DATA);
    assert_true(isnan(goal_of(rig.result)->tests[AB_CUPED].p));
    assert_true(isnan(goal_of(rig.result)->tests[AB_RAW].low));
    assert_true(goal_of(rig.result)->tests[AB_RAW].error > 0.0);
    tear_down(&rig);
    set_up(&rig, 3000, 13, "price");
    rig.request.planned_n = 100000;
    cheap(&rig.arms[1].weights);
    run(&rig);
    assert_int_equal(rig.result->verdict, EXPERIMENT_VARIANT_WINS);
    assert_true(rig.result->variants[0].decided_at < 20);
    tear_down(&rig);
}

static void orders_after_the_planned_look_are_not_looked_at(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 4000, 14, "price");
    cheap(&rig.arms[1].weights);
    rig.request.planned_n = 700;
    run(&rig);
    assert_true(rig.result->reached);
    assert_int_equal(rig.result->counts[0] < rig.result->counts[1] ? rig.result->counts[0]
                                                                   : rig.result->counts[1],
                     700);
    assert_true(rig.result->used < 1600);
    assert_int_equal(rig.result->variants[0].peeks[19].orders, rig.result->used);
    tear_down(&rig);
}

static void the_sequence_is_wider_than_the_fixed_interval_and_narrows(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 5000, 15, "commission");
    rig.arms[1].weights.commission = 0.6;
    run(&rig);
    const struct ab_variant *variant = &rig.result->variants[0];
    const struct ab_value *goal = goal_of(rig.result);
    const struct ab_peek *first = &variant->peeks[1], *last = &variant->peeks[19];
    assert_true(last->look.high - last->look.low < first->look.high - first->look.low);
    assert_true(last->look.high - last->look.low >
                goal->tests[AB_CUPED].high - goal->tests[AB_CUPED].low);
    CHECK_NEAR(last->look.value, goal->tests[AB_CUPED].value, 1e-12);
    for (unsigned i = 1; i < 20; i++) {
        assert_true(variant->peeks[i].orders > variant->peeks[i - 1].orders);
        assert_true(variant->peeks[i].p_least <= variant->peeks[i - 1].p_least);
    }
    tear_down(&rig);
}

static void a_guardrail_that_is_clearly_broken_is_called_so(void **state)
{
    struct rig rig;
    struct err err;
    (void)state;
    set_up(&rig, 4000, 16, "price");
    cheap(&rig.arms[1].weights);
    assert_true(search_read_constraint("eta<=+0.1min", &rig.constraints[0], &err));
    assert_true(search_read_constraint("share<=100%", &rig.constraints[1], &err));
    rig.request.constraint_count = 2;
    run(&rig);
    const struct ab_guardrail *guardrails = rig.result->variants[0].guardrails;
    assert_int_equal(guardrails[0].state, AB_GUARD_BREACHED);
    assert_int_equal(guardrails[1].state, AB_GUARD_KEPT);
    assert_int_equal(rig.result->verdict, EXPERIMENT_GUARDRAIL_BREACHED);
    assert_true(search_read_constraint("eta<=+600min", &rig.constraints[0], &err));
    run(&rig);
    assert_int_equal(guardrails[0].state, AB_GUARD_KEPT);
    assert_int_equal(rig.result->verdict, EXPERIMENT_VARIANT_WINS);
    tear_down(&rig);
}

static void adjusted_means_differ_by_the_change_that_is_judged(void **state)
{
    (void)state;
    for (unsigned interleave = 0; interleave < 2; interleave++) {
        struct rig rig;
        set_up(&rig, 3000, 23, "price");
        cheap(&rig.arms[1].weights);
        rig.request.interleave = interleave == 1;
        run(&rig);
        for (unsigned m = 0; m < AB_METRICS; m++) {
            const struct ab_value *value = &rig.result->variants[0].values[m];
            const double change = value->tests[value->judged_by].value;
            assert_true(fabs(value->adjusted_b - value->adjusted_a - change) <= 1e-9);
            if (m != OUTCOME_PRICE) continue;
            assert_true(fabs(value->b - value->a - change) > 1e-6); /* raw ones do not */
            assert_true(fabs(value->adjusted_a - value->a) < 0.2 * value->a);
        }
        tear_down(&rig);
    }
}

static void of_several_variants_the_best_is_named_at_a_price(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 6000, 17, "price");
    for (unsigned a = 0; a < 4; a++)
        rig.arms[a].share = 2500;
    rig.arms[1].weights.price = 0.40;
    (void)strcpy(rig.arms[2].name, "cheap");
    cheap(&rig.arms[2].weights);
    (void)strcpy(rig.arms[3].name, "same");
    rig.arms[3].weights = score_weights_default;
    rig.request.arm_count = 4;
    run(&rig);
    assert_int_equal(rig.result->best, 1);
    for (unsigned v = 0; v < 3; v++) {
        const struct ab_value *goal = &rig.result->variants[v].values[AB_GOAL];
        assert_true(goal->p_adjusted >= goal->tests[AB_CUPED].p);
    }
    assert_int_equal(rig.result->variants[1].judgement.verdict, EXPERIMENT_VARIANT_WINS);
    assert_int_equal(rig.result->variants[2].judgement.verdict, EXPERIMENT_NOT_SIGNIFICANT);
    tear_down(&rig);
}

static void observed_purchases_count_where_the_quote_was_shown(void **state)
{
    struct rig rig;
    struct err err;
    struct choice_ratings ratings;
    char *csv = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&csv, &length);
    (void)state;
    set_up(&rig, 1200, 18, "conversion");
    cheap(&rig.arms[1].weights);
    fprintf(stream, "order_index,bought,rating\n");
    for (unsigned i = 0; i < 600; i++) /* nobody */
        fprintf(stream, "%u,0,\n", i);
    assert_int_equal(fclose(stream), 0);
    assert_true(choice_ratings_from_bytes(&ratings, "p.csv", csv, length, 1200, &err));
    run(&rig);
    const double without = goal_of(rig.result)->a;
    assert_int_equal(rig.result->observed, 0);
    rig.request.purchases = &ratings;
    run(&rig);
    /* The baseline shows what was shown; the variant differs in some. */
    assert_true(rig.result->observed > 300);
    assert_true(rig.result->observed < 600);
    assert_true(goal_of(rig.result)->a < 0.7 * without);
    choice_ratings_release(&ratings);
    free(csv);
    tear_down(&rig);
}

static void a_plan_assigns_nobody(void **state)
{
    struct rig rig;
    (void)state;
    set_up(&rig, 2000, 19, "conversion");
    cheap(&rig.arms[1].weights);
    rig.request.plan_only = true;
    run(&rig);
    const struct ab_cost *cost = &goal_of(rig.result)->cost;
    assert_int_equal(rig.result->counts[0], 0);
    assert_true(cost->difference > 0.0);
    /* Two proportions: within a hair of the means' formula. */
    assert_true(cost->n[AB_RAW] > cost->n[AB_DISCORDANT]);
    assert_true(isnan(cost->n[AB_SHADOW]));
    assert_true(cost->days[AB_RAW] > 0.0);
    CHECK_NEAR(cost->days[AB_RAW], cost->n[AB_RAW] * 2.0 / rig.result->orders_per_day, 1e-6);
    assert_true(rig.result->plan_peeks >= 1);
    const struct ab_cost *price = &rig.result->variants[0].values[OUTCOME_PRICE].cost;
    assert_true(price->n[AB_SHADOW] < 2.0 * price->n[AB_RAW]);
    assert_true(price->mde[AB_SHADOW] < price->mde[AB_CUPED]);
    assert_true(price->mde[AB_CUPED] < price->mde[AB_RAW]);
    tear_down(&rig);
}

/* Half of the orders are in either arm: the power that the plan's number of orders stands for. */
static double power_at(double n, double needed)
{
    const double z = gsl_cdf_ugaussian_Pinv(0.975), reach = z + gsl_cdf_ugaussian_Pinv(0.8);
    return gsl_cdf_ugaussian_P(sqrt(n / needed) * reach - z);
}

static void effects_are_found_as_often_as_the_plan_says(void **state)
{
    enum { EXPERIMENTS = 400, ORDERS = 600 };
    struct rig rig;
    uint64_t raw = 0, cuped = 0;
    char salt[16];
    (void)state;
    set_up(&rig, ORDERS, 22, "conversion");
    cheap(&rig.arms[1].weights);
    rig.request.peeks = 0;
    rig.request.salt = salt;
    for (unsigned i = 0; i < EXPERIMENTS; i++) {
        (void)snprintf(salt, sizeof salt, "salt-%u", i);
        rig.request.seed = i;
        run(&rig);
        raw += goal_of(rig.result)->tests[AB_RAW].p <= 0.05;
        cuped += goal_of(rig.result)->tests[AB_CUPED].p <= 0.05;
    }
    const double half = 0.5 * rig.result->orders, *needed = goal_of(rig.result)->cost.n;
    assert_true(power_at(half, needed[AB_RAW]) > 0.3);
    assert_true(is_within(raw, EXPERIMENTS, power_at(half, needed[AB_RAW])));
    assert_true(is_within(cuped, EXPERIMENTS, power_at(half, needed[AB_CUPED])));
    tear_down(&rig);
}

static void the_same_input_is_the_same_result_and_another_salt_is_another(void **state)
{
    struct rig rig;
    struct err err;
    (void)state;
    set_up(&rig, 1500, 20, "conversion:1,price:1");
    cheap(&rig.arms[1].weights);
    run(&rig);
    assert_int_equal(rig.result->goal, TUNE_GOAL);
    assert_true(ab_run(rig.other, &rig.request, &err));
    CHECK_NEAR(goal_of(rig.result)->tests[AB_CUPED].value,
               goal_of(rig.other)->tests[AB_CUPED].value, 0.0);
    rig.request.salt = "two";
    assert_true(ab_run(rig.other, &rig.request, &err));
    assert_true(goal_of(rig.result)->tests[AB_CUPED].value !=
                goal_of(rig.other)->tests[AB_CUPED].value);
    CHECK_NEAR(goal_of(rig.result)->cost.difference, goal_of(rig.other)->cost.difference, 0.0);
    tear_down(&rig);
}

static void too_few_orders_are_refused(void **state)
{
    struct rig rig;
    struct err err;
    (void)state;
    set_up(&rig, 150, 21, "price");
    assert_false(ab_run(rig.result, &rig.request, &err));
    assert_int_equal(err.code, ERR_INPUT);
    tear_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_arms_of_the_same_weights_differ_as_often_as_alpha_says),
        cmocka_unit_test(equal_weights_trigger_nothing_and_quotes_cannot_differ),
        cmocka_unit_test(every_estimator_finds_what_the_replay_knows),
        cmocka_unit_test(the_errors_that_were_planned_with_are_those_that_come),
        cmocka_unit_test(interleaved_is_surer_than_split),
        cmocka_unit_test(a_tampered_assignment_is_seen),
        cmocka_unit_test(arms_that_are_mixed_up_in_one_hour_alone_are_seen),
        cmocka_unit_test(before_the_planned_look_only_what_is_always_valid_counts),
        cmocka_unit_test(orders_after_the_planned_look_are_not_looked_at),
        cmocka_unit_test(the_sequence_is_wider_than_the_fixed_interval_and_narrows),
        cmocka_unit_test(a_guardrail_that_is_clearly_broken_is_called_so),
        cmocka_unit_test(adjusted_means_differ_by_the_change_that_is_judged),
        cmocka_unit_test(of_several_variants_the_best_is_named_at_a_price),
        cmocka_unit_test(observed_purchases_count_where_the_quote_was_shown),
        cmocka_unit_test(a_plan_assigns_nobody),
        cmocka_unit_test(effects_are_found_as_often_as_the_plan_says),
        cmocka_unit_test(the_same_input_is_the_same_result_and_another_salt_is_another),
        cmocka_unit_test(too_few_orders_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
