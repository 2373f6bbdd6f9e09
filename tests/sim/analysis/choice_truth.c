#include "tests/sim/analysis/choice_truth.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "router/base/random.h"
#include "sim/analysis/choice_metric.h"
#include "sim/analysis/choice_tastes.h"

static const uint64_t seed = 20251124;
static const double level = 0.95;

const double choice_truth_beta[CHOICE_TRUTH_PARAMETERS] = {8.0, -0.125, -0.03, 1.5};
const char *const choice_truth_names[CHOICE_TRUTH_PARAMETERS] = {"constant", "dollars", "minutes",
                                                                 "found"};

static double unit(uint64_t key, uint64_t what)
{
    return random_unit(random_draw(key, what));
}

static void draw_quotes(uint64_t key, double *rows)
{
    const double cart = 40.0 + 40.0 * unit(key, 1);
    for (uint32_t q = 0; q < CHOICE_TRUTH_SHOWN; q++) {
        double *row = rows + q * CHOICE_TRUTH_PARAMETERS;
        row[TRUTH_CONSTANT] = 1.0;
        row[TRUTH_DOLLARS] = cart * (0.9 + 0.3 * unit(key, 10 + q));
        row[TRUTH_MINUTES] = 20.0 + 100.0 * unit(key, 20 + q);
        row[TRUTH_FOUND] = 1.0 - 0.4 * unit(key, 30 + q) * unit(key, 40 + q);
    }
}

/* By the distribution function over the options, leaving last. */
static uint32_t choose(const double *rows, double drawn)
{
    double weights[CHOICE_TRUTH_SHOWN], sum = 1.0;
    for (uint32_t q = 0; q < CHOICE_TRUTH_SHOWN; q++) {
        double utility = 0.0;
        for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++)
            utility += choice_truth_beta[k] * rows[q * CHOICE_TRUTH_PARAMETERS + k];
        sum += weights[q] = exp(utility);
    }
    double left = drawn * sum;
    for (uint32_t q = 0; q < CHOICE_TRUTH_SHOWN; q++) {
        left -= weights[q];
        if (left < 0.0) return q;
    }
    return CHOICE_OUTSIDE;
}

void choice_truth_draw(struct choice_truth_sample sample, uint64_t experiment)
{
    for (uint32_t i = 0; i < sample.count; i++) {
        const uint64_t key = random_key(random_key(seed, experiment), i);
        double *rows = sample.features + (size_t)i * CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS;
        draw_quotes(key, rows);
        sample.observations[i] = (struct choice_observation){.first = i * CHOICE_TRUTH_SHOWN,
                                                             .rows = CHOICE_TRUTH_SHOWN,
                                                             .chosen = choose(rows, unit(key, 50)),
                                                             .cluster = i};
    }
}

struct choice_data choice_truth_data(struct choice_truth_sample sample)
{
    return (struct choice_data){.observations = sample.observations,
                                .count = sample.count,
                                .features = sample.features,
                                .rows = sample.count * CHOICE_TRUTH_SHOWN,
                                .parameters = CHOICE_TRUTH_PARAMETERS,
                                .names = choice_truth_names,
                                .outside = true};
}

static void count_run(struct choice_truth *truth, const struct choice_fit *fit)
{
    const double worth = -choice_truth_beta[TRUTH_MINUTES] / choice_truth_beta[TRUTH_DOLLARS];
    const struct choice_ratio model =
        choice_ratio(fit, TRUTH_MINUTES, TRUTH_DOLLARS, CHOICE_MODEL, level);
    const struct choice_ratio robust =
        choice_ratio(fit, TRUTH_MINUTES, TRUTH_DOLLARS, CHOICE_ROBUST, level);
    truth->runs++;
    truth->fitted += fit->state == CHOICE_FITTED;
    truth->delta_model += model.low <= worth && worth <= model.high;
    truth->delta_robust += robust.low <= worth && worth <= robust.high;
    truth->fieller_model += choice_fieller_holds(&model, worth);
    truth->fieller_robust += choice_fieller_holds(&robust, worth);
}

void choice_truth_run(uint64_t experiment, struct choice_truth *truth)
{
    enum { VALUES = CHOICE_TRUTH_CUSTOMERS * CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS };
    struct choice_observation observations[CHOICE_TRUTH_CUSTOMERS];
    double features[VALUES];
    const struct choice_truth_sample sample = {observations, features, CHOICE_TRUTH_CUSTOMERS};
    const struct choice_data data = choice_truth_data(sample);
    struct choice_fit fit;
    struct err err;
    choice_truth_draw(sample, experiment);
    if (!choice_fit(&data, &fit, &err)) abort();
    count_run(truth, &fit);
}

/* ---- what a policy earns ---- */

enum { METRIC_ORDERS = 300, METRIC_DRAWS = 1000, METRIC_POPULATION = 200000, POLICIES = 2 };

static double cents_of(const double *row)
{
    return 3.0 * row[TRUTH_DOLLARS]; /* 3% */
}

/* The cheapest quote (policy 0) or the fastest (1). */
static const double *selected(const double *rows, unsigned policy)
{
    const unsigned by = policy == 0 ? TRUTH_DOLLARS : TRUTH_MINUTES;
    const double *best = rows;
    for (uint32_t q = 1; q < CHOICE_TRUTH_SHOWN; q++) {
        const double *row = rows + q * CHOICE_TRUTH_PARAMETERS;
        if (row[by] < best[by]) best = row;
    }
    return best;
}

static double true_probability(const double *row)
{
    double utility = 0.0;
    for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++)
        utility += choice_truth_beta[k] * row[k];
    return choice_probability(utility);
}

static double true_earnings[POLICIES];
static pthread_once_t population_once = PTHREAD_ONCE_INIT;

static void measure_population(void)
{
    const uint64_t key = random_key(seed, UINT64_MAX);
    double rows[CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS];
    for (uint32_t i = 0; i < METRIC_POPULATION; i++) {
        draw_quotes(random_key(key, i), rows);
        for (unsigned policy = 0; policy < POLICIES; policy++) {
            const double *row = selected(rows, policy);
            true_earnings[policy] += true_probability(row) * cents_of(row) / METRIC_POPULATION;
        }
    }
}

static void fit_shown(uint64_t experiment, struct choice_fit *fit)
{
    struct choice_observation observations[CHOICE_TRUTH_CUSTOMERS];
    double features[CHOICE_TRUTH_CUSTOMERS * CHOICE_TRUTH_PARAMETERS];
    for (uint32_t i = 0; i < CHOICE_TRUTH_CUSTOMERS; i++) {
        const uint64_t key = random_key(random_key(seed + 1, experiment), i);
        double rows[CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS];
        double *shown = features + i * CHOICE_TRUTH_PARAMETERS;
        draw_quotes(key, rows); /* the first of them is as random as any */
        for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++)
            shown[k] = rows[k];
        const bool buys = unit(key, 50) < true_probability(shown);
        observations[i] = (struct choice_observation){
            .first = i, .rows = 1, .chosen = buys ? 0 : CHOICE_OUTSIDE, .cluster = i};
    }
    struct err err;
    if (!choice_fit(&(struct choice_data){.observations = observations,
                                          .count = CHOICE_TRUTH_CUSTOMERS,
                                          .features = features,
                                          .rows = CHOICE_TRUTH_CUSTOMERS,
                                          .parameters = CHOICE_TRUTH_PARAMETERS,
                                          .outside = true},
                    fit, &err))
        abort();
}

static void measure_policies(uint64_t experiment, const struct choice_fit *fit,
                             struct choice_metric metrics[POLICIES])
{
    double features[POLICIES][METRIC_ORDERS * CHOICE_TRUTH_PARAMETERS];
    double worth[POLICIES][METRIC_ORDERS];
    uint32_t clusters[METRIC_ORDERS];
    for (uint32_t i = 0; i < METRIC_ORDERS; i++) {
        double rows[CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS];
        draw_quotes(random_key(random_key(seed + 2, experiment), i), rows);
        clusters[i] = i;
        for (unsigned policy = 0; policy < POLICIES; policy++) {
            const double *row = selected(rows, policy);
            worth[policy][i] = cents_of(row);
            for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++)
                features[policy][i * CHOICE_TRUTH_PARAMETERS + k] = row[k];
        }
    }
    const struct choice_policy policies[POLICIES] = {{features[0], worth[0]},
                                                     {features[1], worth[1]}};
    struct err err;
    if (!choice_metric_run(&(struct choice_metric_request){.fit = fit,
                                                           .which = CHOICE_ROBUST,
                                                           .policies = policies,
                                                           .policy_count = POLICIES,
                                                           .orders = METRIC_ORDERS,
                                                           .clusters = clusters,
                                                           .cluster_count = METRIC_ORDERS,
                                                           .draws = METRIC_DRAWS,
                                                           .level = level,
                                                           .seed = experiment},
                           metrics, &err))
        abort();
}

static bool holds(struct choice_part part, double truth)
{
    return part.low <= truth && truth <= part.high;
}

void choice_truth_metric_run(uint64_t experiment, struct choice_truth_metric *truth)
{
    (void)pthread_once(&population_once, measure_population);
    struct choice_fit fit;
    struct choice_metric metrics[POLICIES];
    fit_shown(experiment, &fit);
    measure_policies(experiment, &fit, metrics);
    const double difference = true_earnings[1] - true_earnings[0];
    truth->runs++;
    truth->value += holds(metrics[0].value.both, true_earnings[0]);
    truth->difference += holds(metrics[1].difference.both, difference);
    truth->by_model += holds(metrics[0].value.model, true_earnings[0]);
    truth->by_orders += holds(metrics[0].value.orders, true_earnings[0]);
}
