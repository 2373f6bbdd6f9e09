#include "sim/analysis/choice_fit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "router/base/memory.h"
#include "sim/analysis/choice_state.h"

const char *const choice_state_names[CHOICE_STATES] = {
    [CHOICE_NONE] = "no data",
    [CHOICE_NOT_IDENTIFIED] = "not identified",
    [CHOICE_SEPARATED] = "separated",
    [CHOICE_FITTED] = "fitted",
};

static const struct place nowhere;
static const double value_most = 1e100; /* so that squares and their sums are numbers */
static const double tolerance = 1e-6;   /* of the largest utility along a direction */

/* ---- is it data? ---- */

static const char *name_of(const struct choice_data *data, uint32_t parameter,
                           char buffer[static 24])
{
    if (data->names != NULL) return data->names[parameter];
    (void)snprintf(buffer, 24, "parameter %u", parameter + 1);
    return buffer;
}

static bool check_features(const struct choice_data *data, uint32_t i, struct err *err)
{
    const struct choice_observation *observation = &data->observations[i];
    for (uint32_t j = 0; j < observation->rows; j++) {
        const double *row = choice_option(data, observation, j);
        for (uint32_t k = 0; k < data->parameters; k++) {
            if (fabs(row[k]) <= value_most) continue;
            char buffer[24];
            return err_fail(err, ERR_INPUT, nowhere,
                            "observation %u, alternative %u: %s is %g, which is no feature", i, j,
                            name_of(data, k, buffer), row[k]);
        }
    }
    return true;
}

static bool check_observation(const struct choice_data *data, uint32_t i, struct err *err)
{
    const struct choice_observation *observation = &data->observations[i];
    if (observation->first > data->rows || observation->rows > data->rows - observation->first) {
        return err_fail(err, ERR_INPUT, nowhere, "observation %u: rows %u to %u of %u", i,
                        observation->first, observation->first + observation->rows, data->rows);
    }
    if (observation->chosen == CHOICE_OUTSIDE) {
        if (data->outside || observation->rows == 0) return check_features(data, i, err);
        return err_fail(err, ERR_INPUT, nowhere,
                        "observation %u: leaving was chosen and is no option", i);
    }
    if (observation->chosen < observation->rows) return check_features(data, i, err);
    return err_fail(err, ERR_INPUT, nowhere, "observation %u: alternative %u of %u was chosen", i,
                    observation->chosen, observation->rows);
}

/* ---- clusters ---- */

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Cluster and place of every observation that leaves a choice, by cluster, in one number each. */
static uint64_t *sort_clusters(const struct choice_data *data, struct choice_fit *fit,
                               struct err *err)
{
    uint64_t *sorted = memory_resize(NULL, (size_t)data->count + 1, sizeof *sorted);
    if (sorted == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, nowhere, "out of memory");
        return NULL;
    }
    for (uint32_t i = 0; i < data->count; i++) {
        if (choice_options(data, &data->observations[i]) < 2) continue;
        sorted[fit->n++] = (uint64_t)data->observations[i].cluster << 32 | i;
    }
    fit->without = data->count - fit->n;
    qsort(sorted, fit->n, sizeof *sorted, by_value);
    for (uint32_t i = 0; i < fit->n; i++) {
        if (i == 0 || sorted[i] >> 32 != sorted[i - 1] >> 32) fit->clusters++;
    }
    return sorted;
}

/* Sum over clusters of s s', scaled. */
static void sum_cluster_scores(const struct choice_search *search, const uint64_t *sorted,
                               uint32_t n, double *meat)
{
    const struct choice_data *data = search->data;
    const uint32_t p = data->parameters;
    double sum[CHOICE_PARAMETERS_MAX] = {0}, score[CHOICE_PARAMETERS_MAX];
    memset(meat, 0, (size_t)p * p * sizeof *meat);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t place = (uint32_t)sorted[i];
        (void)choice_terms(data, &data->observations[place], search->beta, score, NULL);
        for (uint32_t k = 0; k < p; k++)
            sum[k] += score[k] / search->spread[k];
        if (i + 1 < n && sorted[i + 1] >> 32 == sorted[i] >> 32) continue;
        for (uint32_t k = 0; k < p * p; k++)
            meat[k] += sum[k / p] * sum[k % p];
        memset(sum, 0, sizeof sum);
    }
}

static void multiply(const double *a, const double *b, uint32_t p, double *product)
{
    for (uint32_t i = 0; i < p; i++) {
        for (uint32_t j = 0; j < p; j++) {
            double sum = 0.0;
            for (uint32_t k = 0; k < p; k++)
                sum += a[i * p + k] * b[k * p + j];
            product[i * p + j] = sum;
        }
    }
}

static void fill_covariances(struct choice_fit *fit, const struct choice_search *search,
                             const uint64_t *sorted)
{
    enum { VALUES = CHOICE_PARAMETERS_MAX * CHOICE_PARAMETERS_MAX };
    const uint32_t p = fit->parameters;
    double meat[VALUES], half[VALUES], robust[VALUES];
    sum_cluster_scores(search, sorted, fit->n, meat);
    multiply(search->inverse, meat, p, half);
    multiply(half, search->inverse, p, robust);
    const double factor =
        fit->clusters < 2 ? (double)NAN : (double)fit->clusters / (fit->clusters - 1.0);
    for (uint32_t k = 0; k < p; k++) {
        for (uint32_t l = 0; l < p; l++) {
            const double scale = search->spread[k] * search->spread[l];
            fit->model[k][l] = search->inverse[k * p + l] / scale;
            /* Both halves differ in the last bit. */
            fit->robust[k][l] = 0.5 * (robust[k * p + l] + robust[l * p + k]) / scale * factor;
        }
    }
}

/* ---- no maximum ---- */

/* Whether along the last step no observation's choice becomes less likely, and some more. */
static bool separates(const struct choice_search *search, const struct choice_data *data)
{
    double most = 0.0, against = 0.0;
    for (uint32_t i = 0; i < data->count; i++) {
        const struct choice_observation *observation = &data->observations[i];
        const double *chosen = choice_chosen(data, observation);
        for (uint32_t j = 0; j < choice_options(data, observation); j++) {
            const double *option = choice_option(data, observation, j);
            double gain = 0.0; /* of the chosen one over this one */
            for (uint32_t k = 0; k < data->parameters; k++)
                gain += (chosen[k] - option[k]) * search->step[k];
            most = fmax(most, gain);
            against = fmax(against, -gain);
        }
    }
    return most > 0.0 && against <= tolerance * most;
}

static void say_separated(struct choice_fit *fit, const struct choice_search *search)
{
    char buffer[24];
    const struct choice_data *data = search->data;
    fit->state = CHOICE_SEPARATED;
    fit->culprit = choice_search_fastest(search);
    fit->separation_shown = separates(search, data);
    (void)snprintf(fit->reason, sizeof fit->reason,
                   fit->separation_shown
                       ? "the data separate: the likelihood rises for ever as %.60s runs to %s"
                       : "no maximum was found, the data may separate: %.60s runs towards %s",
                   name_of(data, fit->culprit, buffer),
                   search->step[fit->culprit] > 0.0 ? "+infinity" : "-infinity");
}

static void say_not_identified(struct choice_fit *fit, const struct choice_data *data,
                               enum choice_identity identity, uint32_t culprit)
{
    char buffer[24];
    fit->state = CHOICE_NOT_IDENTIFIED;
    fit->culprit = culprit;
    fit->log_likelihood = (double)NAN;
    (void)snprintf(fit->reason, sizeof fit->reason,
                   identity == CHOICE_FLAT
                       ? "%.60s is the same for all options of every observation: it tells nothing"
                       : "what %.60s says follows from the other features: it cannot be told",
                   name_of(data, culprit, buffer));
}

static void fill_unknown(struct choice_fit *fit)
{
    fit->log_likelihood = fit->log_likelihood_null = fit->mcfadden = (double)NAN;
    for (uint32_t k = 0; k < CHOICE_PARAMETERS_MAX; k++) {
        fit->beta[k] = (double)NAN;
        for (uint32_t l = 0; l < CHOICE_PARAMETERS_MAX; l++)
            fit->model[k][l] = fit->robust[k][l] = (double)NAN;
    }
}

/* ---- the fit ---- */

static void search_maximum(struct choice_fit *fit, const struct choice_data *data,
                           const uint64_t *sorted)
{
    struct choice_search search;
    uint32_t culprit;
    const enum choice_identity identity = choice_search_begin(&search, data, fit->n, &culprit);
    fit->log_likelihood_null = search.log_likelihood;
    if (identity != CHOICE_IDENTIFIED) {
        say_not_identified(fit, data, identity, culprit);
        return;
    }
    enum choice_end end = choice_search_newton(&search);
    if (end == CHOICE_END_STUCK) {
        fit->solver = CHOICE_BFGS;
        end = choice_search_bfgs(&search);
    }
    fit->iterations = search.iterations;
    fit->log_likelihood = search.log_likelihood;
    fit->mcfadden = 1.0 - search.log_likelihood / fit->log_likelihood_null;
    memcpy(fit->beta, search.beta, data->parameters * sizeof *fit->beta);
    if (end != CHOICE_END_FOUND) {
        say_separated(fit, &search);
        return;
    }
    fit->state = CHOICE_FITTED;
    fill_covariances(fit, &search, sorted);
}

bool choice_fit(const struct choice_data *data, struct choice_fit *fit, struct err *err)
{
    assert(data->parameters > 0 && data->parameters <= CHOICE_PARAMETERS_MAX);
    *fit = (struct choice_fit){.parameters = data->parameters, .culprit = UINT32_MAX};
    fill_unknown(fit);
    for (uint32_t i = 0; i < data->count; i++) {
        if (!check_observation(data, i, err)) return false;
    }
    uint64_t *sorted = sort_clusters(data, fit, err);
    if (sorted == NULL) return false;
    if (fit->n == 0)
        (void)snprintf(fit->reason, sizeof fit->reason, "no observation leaves a choice");
    else
        search_maximum(fit, data, sorted);
    free(sorted);
    return true;
}

/* ---- errors ---- */

double choice_error(const struct choice_fit *fit, uint32_t parameter, enum choice_covariance which)
{
    assert(parameter < fit->parameters);
    const double variance = which == CHOICE_MODEL ? fit->model[parameter][parameter]
                                                  : fit->robust[parameter][parameter];
    return sqrt(variance);
}

double choice_critical(const struct choice_fit *fit, enum choice_covariance which, double level)
{
    assert(level > 0.0 && level < 1.0);
    const double tail = 0.5 * (1.0 - level);
    if (which == CHOICE_MODEL) return gsl_cdf_ugaussian_Qinv(tail);
    if (fit->clusters < 2) return (double)NAN;
    return gsl_cdf_tdist_Qinv(tail, fit->clusters - 1.0);
}
