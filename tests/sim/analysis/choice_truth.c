#include "tests/sim/analysis/choice_truth.h"

#include <math.h>
#include <stdlib.h>

#include "router/base/random.h"

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
