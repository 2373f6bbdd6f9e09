/* Goal: what a policy earns by a fitted model comes with the model's part and the orders' part of
 * what is not known, and both are what theory says.
 * Method: draws against the covariance they were drawn from; the parts against the delta method and
 * the textbook error of a mean; differences of policies that share orders. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/choice_metric.h"
#include "sim/analysis/choice_tastes.h"

enum { PARAMETERS = 3, ORDERS = 3000, DRAWS = 3000 };

static double features[2][ORDERS * PARAMETERS];
static double worth[2][ORDERS];
static uint32_t clusters[ORDERS];

/* A fit as choice_fit() would leave it. */
static struct choice_fit fit_by_hand(void)
{
    struct choice_fit fit = {.state = CHOICE_FITTED, .parameters = PARAMETERS, .n = 1000};
    const double errors[PARAMETERS] = {0.2, 0.05, 1e-3};
    const double correlations[PARAMETERS][PARAMETERS] = {
        {1, -0.6, 0.3}, {-0.6, 1, 0.1}, {0.3, 0.1, 1}};
    const double beta[PARAMETERS] = {0.3, -0.5, 0.004};
    memcpy(fit.beta, beta, sizeof beta);
    for (unsigned k = 0; k < PARAMETERS; k++)
        for (unsigned l = 0; l < PARAMETERS; l++) {
            fit.robust[k][l] = errors[k] * errors[l] * correlations[k][l];
            fit.model[k][l] = (double)NAN;
        }
    return fit;
}

/* Clusters of `size` orders each, which have the first feature in common. */
static void draw_orders(uint32_t size)
{
    for (uint32_t i = 0; i < ORDERS; i++) {
        clusters[i] = 2 * (i / size); /* every other one is empty */
        const double shared = random_unit(test_bits(1, i / size));
        for (unsigned policy = 0; policy < 2; policy++) {
            double *row = features[policy] + (size_t)i * PARAMETERS;
            row[0] = 1.0;
            row[1] = 4 * shared + random_unit(test_bits(2, i)) + 0.1 * policy;
            row[2] = 300 * random_unit(test_bits(3 + policy, i));
            worth[policy][i] = 100 + 100 * random_unit(test_bits(5, i)) + 4 * policy;
        }
    }
}

static const struct choice_policy policies[2] = {{features[0], worth[0]}, {features[1], worth[1]}};

static struct choice_metric_request request_of(const struct choice_fit *fit)
{
    return (struct choice_metric_request){.fit = fit,
                                          .which = CHOICE_ROBUST,
                                          .policies = policies,
                                          .policy_count = 2,
                                          .orders = ORDERS,
                                          .clusters = clusters,
                                          .cluster_count = 2 * ORDERS,
                                          .draws = DRAWS,
                                          .level = 0.95,
                                          .seed = 9};
}

static void run(struct choice_metric_request request, struct choice_metric *metrics)
{
    struct err err;
    assert_true(choice_metric_run(&request, metrics, &err));
}

/* ---- draws ---- */

static void draws_have_the_covariance_they_were_drawn_from(void **state)
{
    (void)state;
    enum { MANY = 40000 };
    static double betas[MANY * PARAMETERS];
    const struct choice_fit fit = fit_by_hand();
    choice_draw_betas(&fit, CHOICE_ROBUST, MANY, 3, betas);
    for (unsigned k = 0; k < PARAMETERS; k++) {
        for (unsigned l = 0; l <= k; l++) {
            double sum = 0.0;
            for (uint32_t d = 0; d < MANY; d++)
                sum += (betas[d * PARAMETERS + k] - fit.beta[k]) *
                       (betas[d * PARAMETERS + l] - fit.beta[l]);
            const double scale = sqrt(fit.robust[k][k] * fit.robust[l][l]);
            CHECK_NEAR(sum / MANY / scale, fit.robust[k][l] / scale, 0.025);
        }
    }
    double fewer[10 * PARAMETERS];
    choice_draw_betas(&fit, CHOICE_ROBUST, 10, 3, fewer);
    assert_memory_equal(fewer, betas, sizeof fewer); /* however many */
}

static void a_covariance_without_full_rank_moves_only_what_it_may(void **state)
{
    (void)state;
    struct choice_fit fit = fit_by_hand();
    for (unsigned k = 0; k < PARAMETERS; k++)
        for (unsigned l = 0; l < PARAMETERS; l++)
            fit.robust[k][l] = (k == 2 || l == 2) ? 0.0 : (k == 0 ? 1 : -2) * (l == 0 ? 1.0 : -2.0);
    double betas[100 * PARAMETERS];
    choice_draw_betas(&fit, CHOICE_ROBUST, 100, 3, betas);
    double moved = 0.0;
    for (uint32_t d = 0; d < 100; d++) {
        const double *beta = betas + d * PARAMETERS;
        CHECK_NEAR(beta[1] - fit.beta[1], -2 * (beta[0] - fit.beta[0]), 1e-9);
        CHECK_NEAR(beta[2], fit.beta[2], 0.0);
        moved = fmax(moved, fabs(beta[0] - fit.beta[0]));
    }
    assert_true(moved > 1.0);
}

/* ---- parts ---- */

/* Delta method: error^2 = g V g, g the mean over orders of worth P (1 - P) x. */
static double delta_error(const struct choice_fit *fit, unsigned policy)
{
    double slope[PARAMETERS] = {0};
    for (uint32_t i = 0; i < ORDERS; i++) {
        const double *row = features[policy] + (size_t)i * PARAMETERS;
        double utility = 0.0;
        for (unsigned k = 0; k < PARAMETERS; k++)
            utility += row[k] * fit->beta[k];
        const double p = choice_probability(utility);
        for (unsigned k = 0; k < PARAMETERS; k++)
            slope[k] += worth[policy][i] * p * (1 - p) * row[k] / ORDERS;
    }
    double variance = 0.0;
    for (unsigned k = 0; k < PARAMETERS; k++)
        for (unsigned l = 0; l < PARAMETERS; l++)
            variance += slope[k] * slope[l] * fit->robust[k][l];
    return sqrt(variance);
}

/* Mean and its error over clusters of equal size. */
static double cluster_error(const struct choice_fit *fit, unsigned policy, uint32_t size,
                            double *mean)
{
    const uint32_t count = ORDERS / size;
    double sum = 0.0, squares = 0.0;
    for (uint32_t g = 0; g < count; g++) {
        double of_cluster = 0.0;
        for (uint32_t i = g * size; i < (g + 1) * size; i++) {
            const double *row = features[policy] + (size_t)i * PARAMETERS;
            double utility = 0.0;
            for (unsigned k = 0; k < PARAMETERS; k++)
                utility += row[k] * fit->beta[k];
            of_cluster += worth[policy][i] * choice_probability(utility) / size;
        }
        sum += of_cluster;
        squares += of_cluster * of_cluster;
    }
    *mean = sum / count;
    return sqrt((squares / count - *mean * *mean) / (count - 1));
}

static void both_parts_are_what_theory_says_and_add_up(void **state)
{
    (void)state;
    const struct choice_fit fit = fit_by_hand();
    static const uint32_t sizes[3] = {1, 30, 500};
    for (unsigned s = 0; s < 3; s++) {
        draw_orders(sizes[s]);
        struct choice_metric metrics[2];
        run(request_of(&fit), metrics);
        for (unsigned k = 0; k < 2; k++) {
            const struct choice_spread *value = &metrics[k].value;
            double mean;
            const double orders = cluster_error(&fit, k, sizes[s], &mean);
            const double model = delta_error(&fit, k);
            print_message("clusters of %u: model %.3f (%.3f), orders %.3f (%.3f), both %.3f\n",
                          sizes[s], value->model.error, model, value->orders.error, orders,
                          value->both.error);
            CHECK_NEAR(value->value, mean, 1e-9);
            CHECK_NEAR(value->model.error / model, 1.0, 0.06);
            CHECK_NEAR(value->orders.error / orders, 1.0, 0.06);
            CHECK_NEAR(value->both.error / hypot(model, orders), 1.0, 0.06);
            CHECK_NEAR((value->both.high - value->both.low) / value->both.error, 3.92, 0.3);
            assert_true(value->both.low < mean && mean < value->both.high);
            assert_int_equal(metrics[k].n, ORDERS);
            assert_int_equal(metrics[k].clusters, ORDERS / sizes[s]);
        }
    }
}

static void what_two_policies_share_cancels(void **state)
{
    (void)state;
    const struct choice_fit fit = fit_by_hand();
    draw_orders(30);
    struct choice_metric metrics[2];
    run(request_of(&fit), metrics);
    CHECK_NEAR(metrics[1].difference.value, metrics[1].value.value - metrics[0].value.value, 1e-12);
    assert_true(metrics[1].difference.both.error < 0.3 * metrics[1].value.both.error);
    assert_true(metrics[1].difference.model.error < 0.3 * metrics[1].value.model.error);
    const struct choice_policy twice[2] = {policies[0], policies[0]};
    struct choice_metric_request request = request_of(&fit);
    request.policies = twice;
    run(request, metrics);
    CHECK_NEAR(metrics[1].difference.value, 0.0, 0.0);
    CHECK_NEAR(metrics[1].difference.both.error, 0.0, 0.0);
    CHECK_NEAR(metrics[1].difference.both.high, 0.0, 0.0);
    CHECK_NEAR(metrics[0].difference.model.low, 0.0, 0.0);
    /* A policy's figures do not depend on which others stand beside it. */
    struct choice_metric alone[1];
    request.policy_count = 1;
    run(request, alone);
    assert_memory_equal(&alone[0].value, &metrics[0].value, sizeof alone[0].value);
}

static void without_worth_it_is_the_share_that_buys(void **state)
{
    (void)state;
    const struct choice_fit fit = fit_by_hand();
    draw_orders(30);
    const struct choice_policy buys = {features[0], NULL};
    struct choice_metric_request request = request_of(&fit);
    request.policies = &buys;
    request.policy_count = 1;
    struct choice_metric metric;
    run(request, &metric);
    assert_true(metric.value.value > 0.2 && metric.value.value < 0.8);
    assert_true(metric.value.both.high < 1.0);
}

/* ---- what is not known ---- */

static void what_is_not_known_is_nan(void **state)
{
    (void)state;
    struct choice_fit fit = fit_by_hand();
    draw_orders(ORDERS / 4); /* four clusters */
    struct choice_metric metrics[2];
    run(request_of(&fit), metrics);
    assert_true(isfinite(metrics[0].value.value) && isfinite(metrics[0].value.model.error));
    assert_true(isnan(metrics[0].value.orders.error) && isnan(metrics[0].value.both.low));
    draw_orders(30);
    struct choice_metric_request request = request_of(&fit);
    request.which = CHOICE_MODEL; /* which this fit does not have */
    run(request, metrics);
    assert_true(isnan(metrics[1].value.model.error) && isnan(metrics[1].difference.both.error));
    assert_true(isfinite(metrics[1].value.orders.error));
    fit.state = CHOICE_SEPARATED;
    run(request_of(&fit), metrics);
    assert_true(isnan(metrics[1].value.value) && isnan(metrics[1].difference.value));
}

static void no_memory_is_an_error_and_leaves_none_behind(void **state)
{
    (void)state;
    const struct choice_fit fit = fit_by_hand();
    draw_orders(30);
    struct choice_metric_request request = request_of(&fit);
    request.draws = 20;
    struct choice_metric metrics[2];
    unsigned failures = 0;
    for (uint32_t countdown = 1; countdown < 20; countdown++) {
        struct err err;
        memory_fail_after(countdown);
        const bool done = choice_metric_run(&request, metrics, &err);
        memory_fail_after(0);
        if (done) break;
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        failures++;
    }
    assert_int_equal(failures, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_have_the_covariance_they_were_drawn_from),
        cmocka_unit_test(a_covariance_without_full_rank_moves_only_what_it_may),
        cmocka_unit_test(both_parts_are_what_theory_says_and_add_up),
        cmocka_unit_test(what_two_policies_share_cancels),
        cmocka_unit_test(without_worth_it_is_the_share_that_buys),
        cmocka_unit_test(what_is_not_known_is_nan),
        cmocka_unit_test(no_memory_is_an_error_and_leaves_none_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
