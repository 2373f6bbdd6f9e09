#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>

#include "sim/analysis/choice_state.h"

enum { NEWTON_MOST = 100, HALVINGS_MOST = 40, BFGS_MOST = 500 };

static const double step_done = 1e-9;         /* spreads: Newton squares it, the next is rounding */
static const double bfgs_done = 1e-6;         /* what Newton's step would still be, in spreads */
static const double spread_least = 1e-12;     /* of the largest value: below it is rounding */
static const double identified_least = 1e-10; /* 1 - R^2 of a feature given the others, at b = 0 */
static const double rank_least = 1e-13;       /* pivot over the first, away from b = 0 */
static const double far = 15.0;               /* spreads */
static const double armijo = 1e-4;            /* of the rise that the gradient promises */
static const double rounding = 1e-12;         /* of a log likelihood summed up */

/* ---- linear systems ---- */

struct factored { /* P S P' = L D L', by GSL */
    double values[CHOICE_PARAMETERS_MAX * CHOICE_PARAMETERS_MAX];
    size_t order[CHOICE_PARAMETERS_MAX];
    uint32_t size;
};

static gsl_permutation permutation_of(struct factored *factored)
{
    return (gsl_permutation){.size = factored->size, .data = factored->order};
}

/* True when every pivot exceeds `least` times the first; else `culprit` is the parameter of the
 * first that does not: the largest pivots come first, so it is a combination of those before. */
static bool factor(struct factored *factored, const double *matrix, uint32_t size, double least,
                   uint32_t *culprit)
{
    factored->size = size;
    memcpy(factored->values, matrix, (size_t)size * size * sizeof *matrix);
    gsl_matrix_view view = gsl_matrix_view_array(factored->values, size, size);
    gsl_permutation order = permutation_of(factored);
    (void)gsl_linalg_pcholesky_decomp(&view.matrix, &order);
    const double first = factored->values[0];
    for (uint32_t k = 0; k < size; k++) {
        const double pivot = factored->values[k * size + k];
        if (first > 0.0 && pivot > least * first) continue; /* false for NaN */
        *culprit = (uint32_t)factored->order[k];
        return false;
    }
    return true;
}

static void solve(struct factored *factored, const double *right, double *solution)
{
    gsl_matrix_const_view matrix =
        gsl_matrix_const_view_array(factored->values, factored->size, factored->size);
    gsl_permutation order = permutation_of(factored);
    gsl_vector_const_view b = gsl_vector_const_view_array(right, factored->size);
    gsl_vector_view x = gsl_vector_view_array(solution, factored->size);
    (void)gsl_linalg_pcholesky_solve(&matrix.matrix, &order, &b.vector, &x.vector);
}

static void invert(struct factored *factored, double *inverse)
{
    gsl_matrix_const_view matrix =
        gsl_matrix_const_view_array(factored->values, factored->size, factored->size);
    gsl_permutation order = permutation_of(factored);
    gsl_matrix_view result = gsl_matrix_view_array(inverse, factored->size, factored->size);
    (void)gsl_linalg_pcholesky_invert(&matrix.matrix, &order, &result.matrix);
}

/* ---- where a search stands ---- */

struct local { /* the likelihood at a point, in scaled coordinates */
    double value;
    double gradient[CHOICE_PARAMETERS_MAX];
    double information[CHOICE_PARAMETERS_MAX * CHOICE_PARAMETERS_MAX]; /* negated Hessian */
};

static void look(const struct choice_search *search, const double *beta, struct local *local)
{
    const uint32_t p = search->data->parameters;
    local->value = choice_log_likelihood(search->data, beta, local->gradient, local->information);
    for (uint32_t k = 0; k < p; k++) {
        local->gradient[k] /= search->spread[k];
        for (uint32_t l = 0; l < p; l++)
            local->information[k * p + l] /= -search->spread[k] * search->spread[l];
    }
}

static double largest_value(const struct choice_data *data, uint32_t parameter)
{
    double most = 0.0;
    for (uint32_t i = 0; i < data->count; i++) {
        const uint32_t options = choice_options(data, &data->observations[i]);
        for (uint32_t j = 0; options > 1 && j < options; j++)
            most = fmax(most, fabs(choice_option(data, &data->observations[i], j)[parameter]));
    }
    return most;
}

enum choice_identity choice_search_begin(struct choice_search *search,
                                         const struct choice_data *data, uint32_t n,
                                         uint32_t *culprit)
{
    const uint32_t p = data->parameters;
    *search = (struct choice_search){.data = data};
    for (uint32_t k = 0; k < p; k++)
        search->spread[k] = 1.0;
    struct local local;
    look(search, search->beta, &local);
    search->log_likelihood = local.value;
    for (uint32_t k = 0; k < p; k++) {
        search->spread[k] = sqrt(fmax(local.information[k * p + k], 0.0) / n);
        *culprit = k;
        if (!(search->spread[k] > spread_least * largest_value(data, k))) return CHOICE_FLAT;
    }
    look(search, search->beta, &local);
    struct factored factored;
    if (!factor(&factored, local.information, p, identified_least, culprit)) return CHOICE_COMBINED;
    invert(&factored, search->inverse);
    for (uint32_t k = 0; k < p; k++)
        search->partial[k] = 1.0 / sqrt(search->inverse[k * p + k] * n);
    *culprit = UINT32_MAX;
    return CHOICE_IDENTIFIED;
}

uint32_t choice_search_fastest(const struct choice_search *search)
{
    uint32_t fastest = 0;
    double most = -1.0;
    for (uint32_t k = 0; k < search->data->parameters; k++) {
        const double reach = fabs(search->step[k]) * search->spread[k] * search->partial[k];
        if (reach <= most) continue;
        fastest = k;
        most = reach;
    }
    return fastest;
}

/* ---- Newton ---- */

static double longest(const double *values, uint32_t count)
{
    double most = 0.0;
    for (uint32_t k = 0; k < count; k++)
        most = fmax(most, fabs(values[k]));
    return most;
}

static bool is_far(const struct choice_search *search)
{
    for (uint32_t k = 0; k < search->data->parameters; k++) {
        if (fabs(search->beta[k]) * search->spread[k] * search->partial[k] > far) return true;
    }
    return false;
}

/* Halves the scaled `step` until it rises; leaves search->step at what was taken. */
static bool climb(struct choice_search *search, const struct local *local, const double *step)
{
    const uint32_t p = search->data->parameters;
    double promise = 0.0;
    for (uint32_t k = 0; k < p; k++)
        promise += local->gradient[k] * step[k];
    double part = 1.0;
    for (unsigned halving = 0; halving <= HALVINGS_MOST; halving++, part *= 0.5) {
        double there[CHOICE_PARAMETERS_MAX] = {0};
        for (uint32_t k = 0; k < p; k++) {
            search->step[k] = part * step[k] / search->spread[k];
            there[k] = search->beta[k] + search->step[k];
        }
        const double value = choice_log_likelihood(search->data, there, NULL, NULL);
        const double slack = rounding * fabs(local->value);
        if (!(value >= local->value + armijo * part * promise - slack)) continue;
        memcpy(search->beta, there, sizeof there);
        search->log_likelihood = value;
        return true;
    }
    return false;
}

enum choice_end choice_search_newton(struct choice_search *search)
{
    const uint32_t p = search->data->parameters;
    for (search->iterations = 0; search->iterations < NEWTON_MOST;) {
        struct local local;
        struct factored factored;
        double step[CHOICE_PARAMETERS_MAX] = {0};
        uint32_t culprit;
        look(search, search->beta, &local);
        search->log_likelihood = local.value;
        if (!factor(&factored, local.information, p, rank_least, &culprit))
            return CHOICE_END_VANISHED;
        solve(&factored, local.gradient, step);
        if (longest(step, p) < step_done) {
            invert(&factored, search->inverse);
            return CHOICE_END_FOUND;
        }
        search->iterations++;
        if (!climb(search, &local, step)) return CHOICE_END_STUCK;
        if (is_far(search)) return CHOICE_END_FAR;
    }
    return CHOICE_END_ENDLESS;
}

/* ---- BFGS, by GSL, which minimises ---- */

static void minus_both(const gsl_vector *scaled, void *context, double *value, gsl_vector *gradient)
{
    const struct choice_search *search = context;
    const uint32_t p = search->data->parameters;
    double beta[CHOICE_PARAMETERS_MAX] = {0}, slope[CHOICE_PARAMETERS_MAX];
    for (uint32_t k = 0; k < p; k++)
        beta[k] = gsl_vector_get(scaled, k) / search->spread[k];
    const double found = choice_log_likelihood(search->data, beta, slope, NULL);
    if (value != NULL) *value = -found;
    for (uint32_t k = 0; gradient != NULL && k < p; k++)
        gsl_vector_set(gradient, k, -slope[k] / search->spread[k]);
}

static double minus_value(const gsl_vector *scaled, void *context)
{
    double value;
    minus_both(scaled, context, &value, NULL);
    return value;
}

static void minus_gradient(const gsl_vector *scaled, void *context, gsl_vector *gradient)
{
    minus_both(scaled, context, NULL, gradient);
}

/* Takes search->beta to where the minimiser stands, and looks whether that is the maximum: what
 * Newton would still do must be nothing. */
static bool is_found(struct choice_search *search, const gsl_vector *scaled)
{
    const uint32_t p = search->data->parameters;
    for (uint32_t k = 0; k < p; k++)
        search->beta[k] = gsl_vector_get(scaled, k) / search->spread[k];
    struct local local;
    struct factored factored;
    double step[CHOICE_PARAMETERS_MAX] = {0};
    uint32_t culprit;
    look(search, search->beta, &local);
    search->log_likelihood = local.value;
    if (!factor(&factored, local.information, p, rank_least, &culprit)) return false;
    solve(&factored, local.gradient, step);
    for (uint32_t k = 0; k < p; k++)
        search->step[k] = step[k] / search->spread[k];
    invert(&factored, search->inverse);
    return longest(step, p) < bfgs_done;
}

enum choice_end choice_search_bfgs(struct choice_search *search)
{
    const uint32_t p = search->data->parameters;
    double start[CHOICE_PARAMETERS_MAX];
    for (uint32_t k = 0; k < p; k++)
        start[k] = search->beta[k] * search->spread[k];
    gsl_vector_view from = gsl_vector_view_array(start, p);
    gsl_multimin_function_fdf problem = {minus_value, minus_gradient, minus_both, p, search};
    gsl_multimin_fdfminimizer *minimizer =
        gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, p);
    if (minimizer == NULL) return CHOICE_END_STUCK;
    (void)gsl_multimin_fdfminimizer_set(minimizer, &problem, &from.vector, 0.1, 0.1);
    enum choice_end end = CHOICE_END_ENDLESS;
    for (unsigned round = 0; round < BFGS_MOST && end == CHOICE_END_ENDLESS; round++) {
        search->iterations++;
        const int status = gsl_multimin_fdfminimizer_iterate(minimizer);
        if (is_found(search, minimizer->x))
            end = CHOICE_END_FOUND;
        else if (is_far(search))
            end = CHOICE_END_FAR;
        else if (status != GSL_SUCCESS)
            end = CHOICE_END_STUCK;
    }
    gsl_multimin_fdfminimizer_free(minimizer);
    return end;
}
