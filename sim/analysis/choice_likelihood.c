#include <assert.h>
#include <math.h>
#include <string.h>

#include "sim/analysis/choice_state.h"

static const double nothing[CHOICE_PARAMETERS_MAX]; /* the features of leaving */

uint32_t choice_options(const struct choice_data *data,
                        const struct choice_observation *observation)
{
    return observation->rows + (data->outside ? 1 : 0);
}

const double *choice_option(const struct choice_data *data,
                            const struct choice_observation *observation, uint32_t option)
{
    assert(option <= observation->rows);
    if (option == observation->rows) return nothing;
    return data->features + ((size_t)observation->first + option) * data->parameters;
}

const double *choice_chosen(const struct choice_data *data,
                            const struct choice_observation *observation)
{
    const bool left = observation->chosen == CHOICE_OUTSIDE;
    return choice_option(data, observation, left ? observation->rows : observation->chosen);
}

/* Utility of an option above that of the chosen one. */
static double advantage(const double *option, const double *chosen, const double *beta,
                        uint32_t parameters)
{
    double sum = 0.0;
    for (uint32_t k = 0; k < parameters; k++)
        sum += (option[k] - chosen[k]) * beta[k];
    return sum;
}

struct sums { /* over options, by their probability once divided by `weight` */
    double weight;
    double first[CHOICE_PARAMETERS_MAX];
    double second[CHOICE_PARAMETERS_MAX][CHOICE_PARAMETERS_MAX]; /* its lower triangle */
};

static void add_option(struct sums *sums, const double *option, const double *chosen,
                       uint32_t parameters, double weight, bool second)
{
    sums->weight += weight;
    for (uint32_t k = 0; k < parameters; k++) {
        const double apart = weight * (option[k] - chosen[k]);
        sums->first[k] += apart;
        for (uint32_t l = 0; second && l <= k; l++)
            sums->second[k][l] += apart * (option[l] - chosen[l]);
    }
}

/* Everything is measured from the chosen option: its utility is 0, ln P = -ln(sum of e^V), the
 * score is minus the mean difference, and no digits are lost where features are large and alike. */
double choice_terms(const struct choice_data *data, const struct choice_observation *observation,
                    const double *beta, double *score, double *information)
{
    const uint32_t p = data->parameters, options = choice_options(data, observation);
    const double *chosen = choice_chosen(data, observation);
    double most = 0.0;
    for (uint32_t j = 0; j < options; j++)
        most = fmax(most, advantage(choice_option(data, observation, j), chosen, beta, p));
    struct sums sums = {0};
    for (uint32_t j = 0; j < options; j++) {
        const double *option = choice_option(data, observation, j);
        const double weight = exp(advantage(option, chosen, beta, p) - most);
        add_option(&sums, option, chosen, p, weight, information != NULL);
    }
    for (uint32_t k = 0; k < p; k++) {
        const double mean = sums.first[k] / sums.weight;
        score[k] = -mean;
        for (uint32_t l = 0; information != NULL && l <= k; l++) {
            const double value = (sums.second[k][l] - mean * sums.first[l]) / sums.weight;
            information[k * p + l] = value;
            information[l * p + k] = value;
        }
    }
    return -(most + log(sums.weight));
}

double choice_log_likelihood(const struct choice_data *data, const double *beta, double *gradient,
                             double *hessian)
{
    const uint32_t p = data->parameters;
    double score[CHOICE_PARAMETERS_MAX], information[CHOICE_PARAMETERS_MAX * CHOICE_PARAMETERS_MAX];
    if (gradient != NULL) memset(gradient, 0, p * sizeof *gradient);
    if (hessian != NULL) memset(hessian, 0, (size_t)p * p * sizeof *hessian);
    double sum = 0.0;
    for (uint32_t i = 0; i < data->count; i++) {
        const struct choice_observation *observation = &data->observations[i];
        if (choice_options(data, observation) < 2) continue; /* certain, whatever b is */
        sum += choice_terms(data, observation, beta, score, hessian == NULL ? NULL : information);
        for (uint32_t k = 0; gradient != NULL && k < p; k++)
            gradient[k] += score[k];
        for (uint32_t k = 0; hessian != NULL && k < p * p; k++)
            hessian[k] -= information[k];
    }
    return sum;
}
