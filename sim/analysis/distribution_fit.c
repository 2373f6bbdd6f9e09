#include "sim/analysis/distribution_fit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>

#include "mocks/law_shape.h"
#include "sim/analysis/distribution_state.h"

enum { SIMPLEX_MOST = 3000, NEWTON_MOST = 12, STARTS_MOST = 4 };

static const double simplex_done = 1e-4, simplex_done_quick = 2e-3;
static const double newton_done = 1e-8; /* of the log likelihood that a step promises */
static const double difference = 1e-4;  /* of coordinates, which are logarithms */
static const double impossible = 1e300; /* GSL's simplex takes no infinity */

struct search {
    const struct fit_sample *sample;
    enum fit_law law;
    uint32_t size;
    double fastest_us;
    double at[FIT_PARAMETERS_MAX];
    double log_likelihood;
};

static double value_at(const struct search *search, const double *at)
{
    double values[FIT_PARAMETERS_MAX] = {0};
    fit_law_values(search->law, at, search->fastest_us, values);
    return fit_log_likelihood(search->sample, search->law, values) - fit_law_wall(search->law, at);
}

/* ---- where to start ---- */

struct outline { /* of the logarithm; a censored sample counts at its bound */
    double center, spread;
};

static struct outline outline_of(const struct fit_sample *sample, double low, double high)
{
    const double n = (double)(sample->answered + sample->censored);
    double seen = 0.0, at_low = NAN, at_half = NAN, at_high = NAN;
    for (uint32_t i = 0; i < sample->count; i++) {
        const struct fit_atom *atom = &sample->atoms[i];
        seen += atom->answered + atom->censored;
        if (isnan(at_low) && seen >= low * n) at_low = atom->log_us;
        if (isnan(at_half) && seen >= 0.5 * n) at_half = atom->log_us;
        if (isnan(at_high) && seen >= high * n) at_high = atom->log_us;
    }
    const double width = gsl_cdf_ugaussian_Pinv(high) - gsl_cdf_ugaussian_Pinv(low);
    return (struct outline){at_half, fmax((at_high - at_low) / width, 1e-3)};
}

static uint32_t starts_of(const struct search *search,
                          double starts[STARTS_MOST][FIT_PARAMETERS_MAX])
{
    const struct outline whole = outline_of(search->sample, 0.1, 0.9);
    const struct outline body = outline_of(search->sample, 0.25, 0.75);
    const double median = exp(whole.center), spread = whole.spread;
    static const double floors[STARTS_MOST] = {0.05, 0.5, 0.8, 0.95};
    static const double tails[STARTS_MOST][3] = {
        {0.01, 4.0, 2.0}, {0.05, 2.5, 2.0}, {0.2, 1.5, 1.5}, {0.4, 1.6, 1.2}};
    double first[FIT_PARAMETERS_MAX] = {median, spread};
    uint32_t count = 1;
    switch (search->law) {
    case FIT_LOGNORMAL:
        break;
    case FIT_GAMMA:
        first[0] = 1.0 / (spread * spread);
        first[1] = median / first[0];
        break;
    case FIT_WEIBULL:
        first[0] = 1.2 / spread;
        first[1] = median * exp(0.4 * spread);
        break;
    case FIT_LOGLOGISTIC:
        first[1] = 1.7 / spread;
        break;
    case FIT_SHIFTED_LOGNORMAL:
        for (count = 0; count < STARTS_MOST; count++) {
            const double floor_us = floors[count] * FIT_FLOOR_MOST * search->fastest_us;
            const double rest = fmax(median - floor_us, 1e-3 * median);
            const double values[] = {floor_us, rest, spread * median / rest};
            fit_law_coordinates(search->law, values, search->fastest_us, starts[count]);
        }
        return count;
    case FIT_BODY_TAIL:
        for (count = 0; count < STARTS_MOST; count++) {
            const double center = body.center - tails[count][0] * log(tails[count][1]);
            const double values[] = {exp(center), 0.9 * body.spread, tails[count][0],
                                     tails[count][1], 0.9 * body.spread * tails[count][2]};
            fit_law_coordinates(search->law, values, search->fastest_us, starts[count]);
        }
        return count;
    case FIT_LAWS:
        return 0;
    }
    fit_law_coordinates(search->law, first, search->fastest_us, starts[0]);
    return count;
}

/* ---- the simplex ---- */

static double negated(const gsl_vector *at, void *context)
{
    const double value = value_at(context, at->data);
    return value > -impossible ? -value : impossible;
}

/* Leaves search->at at the best of the simplex. False: no memory. */
static bool walk(struct search *search, const double *start, bool quick, bool *settled)
{
    gsl_multimin_fminimizer *simplex =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, search->size);
    if (simplex == NULL) return false;
    double at[FIT_PARAMETERS_MAX], steps[FIT_PARAMETERS_MAX];
    memcpy(at, start, sizeof at);
    for (uint32_t k = 0; k < search->size; k++)
        steps[k] = quick ? 0.1 : 0.3;
    gsl_vector_view from = gsl_vector_view_array(at, search->size);
    gsl_vector_view reach = gsl_vector_view_array(steps, search->size);
    gsl_multimin_function function = {negated, search->size, search};
    const double done = quick ? simplex_done_quick : simplex_done;
    *settled = false;
    int status = gsl_multimin_fminimizer_set(simplex, &function, &from.vector, &reach.vector);
    for (uint32_t i = 0; status == GSL_SUCCESS && !*settled && i < SIMPLEX_MOST; i++) {
        status = gsl_multimin_fminimizer_iterate(simplex);
        *settled = gsl_multimin_fminimizer_size(simplex) < done;
    }
    for (uint32_t k = 0; k < search->size; k++)
        search->at[k] = gsl_vector_get(gsl_multimin_fminimizer_x(simplex), k);
    search->log_likelihood = -gsl_multimin_fminimizer_minimum(simplex);
    *settled = *settled && search->log_likelihood > -impossible;
    gsl_multimin_fminimizer_free(simplex);
    return true;
}

/* ---- Newton ---- */

struct slopes { /* of the coordinates that are not at an edge */
    uint32_t free[FIT_PARAMETERS_MAX], count;
    double gradient[FIT_PARAMETERS_MAX];
    double information[FIT_PARAMETERS_MAX * FIT_PARAMETERS_MAX]; /* negated Hessian; its factor */
};

static double value_moved(const struct search *search, uint32_t j, double by_j, uint32_t k,
                          double by_k)
{
    double at[FIT_PARAMETERS_MAX];
    memcpy(at, search->at, sizeof at);
    at[j] += by_j;
    at[k] += by_k;
    return value_at(search, at);
}

/* True when the information is positive definite, and factored. */
static bool look(const struct search *search, struct slopes *slopes)
{
    const double h = difference, here = value_at(search, search->at);
    double values[FIT_PARAMETERS_MAX] = {0};
    bool edges[FIT_PARAMETERS_MAX];
    fit_law_values(search->law, search->at, search->fastest_us, values);
    fit_law_edges(search->law, values, search->fastest_us, edges);
    slopes->count = 0;
    for (uint32_t k = 0; k < search->size; k++)
        if (!edges[k]) slopes->free[slopes->count++] = k;
    const uint32_t count = slopes->count;
    for (uint32_t a = 0; a < count; a++) {
        const uint32_t j = slopes->free[a];
        const double up = value_moved(search, j, h, j, 0.0);
        const double down = value_moved(search, j, -h, j, 0.0);
        slopes->gradient[a] = (up - down) / (2.0 * h);
        slopes->information[a * count + a] = -(up - 2.0 * here + down) / (h * h);
        for (uint32_t b = 0; b < a; b++) {
            const uint32_t k = slopes->free[b];
            const double cross =
                value_moved(search, j, h, k, h) + value_moved(search, j, -h, k, -h) -
                value_moved(search, j, h, k, -h) - value_moved(search, j, -h, k, h);
            slopes->information[a * count + b] = slopes->information[b * count + a] =
                -cross / (4.0 * h * h);
        }
    }
    /* GSL's Cholesky calls its error handler for what is not positive definite; this one does not.
     */
    for (uint32_t k = 0; k < count * count; k++)
        if (!isfinite(slopes->information[k])) return false;
    if (count == 0) return false;
    gsl_matrix_view view = gsl_matrix_view_array(slopes->information, count, count);
    double room[FIT_PARAMETERS_MAX * FIT_PARAMETERS_MAX];
    memcpy(room, slopes->information, sizeof room);
    for (uint32_t k = 0; k < count; k++) { /* pivots, by elimination */
        if (!(room[k * count + k] > 1e-10 * fabs(slopes->information[k * count + k]))) return false;
        for (uint32_t i = k + 1; i < count; i++)
            for (uint32_t j = k + 1; j < count; j++)
                room[i * count + j] -=
                    room[i * count + k] * room[k * count + j] / room[k * count + k];
    }
    return gsl_linalg_cholesky_decomp1(&view.matrix) == GSL_SUCCESS;
}

/* One step, halved until it rises. What it promised; negative when nothing rose. */
static double step(struct search *search, const struct slopes *slopes)
{
    double move[FIT_PARAMETERS_MAX], promise = 0.0;
    gsl_matrix_const_view matrix =
        gsl_matrix_const_view_array(slopes->information, slopes->count, slopes->count);
    gsl_vector_const_view gradient = gsl_vector_const_view_array(slopes->gradient, slopes->count);
    gsl_vector_view moves = gsl_vector_view_array(move, slopes->count);
    (void)gsl_linalg_cholesky_solve(&matrix.matrix, &gradient.vector, &moves.vector);
    for (uint32_t a = 0; a < slopes->count; a++)
        promise += 0.5 * move[a] * slopes->gradient[a];
    for (double part = 1.0; part > 1e-4; part /= 2.0) {
        double there[FIT_PARAMETERS_MAX];
        memcpy(there, search->at, sizeof there);
        for (uint32_t a = 0; a < slopes->count; a++)
            there[slopes->free[a]] += part * move[a];
        const double value = value_at(search, there);
        if (!(value > search->log_likelihood)) continue;
        search->log_likelihood = value;
        memcpy(search->at, there, sizeof there);
        return promise;
    }
    return -1.0;
}

/* Standard errors of the parameters, by how each follows the coordinates. */
static void fill_errors(struct fit *fit, const struct search *search, const struct slopes *slopes)
{
    double slope[FIT_PARAMETERS_MAX][FIT_PARAMETERS_MAX] = {{0}}; /* [parameter][coordinate] */
    for (uint32_t a = 0; a < slopes->count; a++) {
        double at[FIT_PARAMETERS_MAX], up[FIT_PARAMETERS_MAX], down[FIT_PARAMETERS_MAX];
        memcpy(at, search->at, sizeof at);
        at[slopes->free[a]] += difference;
        fit_law_values(search->law, at, search->fastest_us, up);
        at[slopes->free[a]] -= 2.0 * difference;
        fit_law_values(search->law, at, search->fastest_us, down);
        for (uint32_t k = 0; k < search->size; k++)
            slope[k][a] = (up[k] - down[k]) / (2.0 * difference);
    }
    gsl_matrix_const_view matrix =
        gsl_matrix_const_view_array(slopes->information, slopes->count, slopes->count);
    for (uint32_t k = 0; k < search->size; k++) {
        double solved[FIT_PARAMETERS_MAX], variance = 0.0;
        gsl_vector_const_view right = gsl_vector_const_view_array(slope[k], slopes->count);
        gsl_vector_view left = gsl_vector_view_array(solved, slopes->count);
        (void)gsl_linalg_cholesky_solve(&matrix.matrix, &right.vector, &left.vector);
        for (uint32_t a = 0; a < slopes->count; a++)
            variance += slope[k][a] * solved[a];
        if (variance > 0.0) fit->errors[k] = sqrt(variance);
    }
}

static void polish(struct fit *fit, struct search *search)
{
    struct slopes slopes;
    bool definite = look(search, &slopes);
    for (uint32_t i = 0; definite && i < NEWTON_MOST; i++) {
        const double promise = step(search, &slopes);
        definite = look(search, &slopes);
        if (promise < newton_done) break;
    }
    if (definite) fill_errors(fit, search, &slopes);
}

/* ---- fits ---- */

static struct fit unfit(enum fit_law law, const struct fit_sample *sample, enum fit_reason reason)
{
    struct fit fit = {.law = law,
                      .reason = reason,
                      .parameters = fit_law_parameters(law),
                      .log_likelihood = NAN,
                      .aic = NAN,
                      .aicc = NAN,
                      .bic = NAN,
                      .n = sample->answered + sample->censored,
                      .last_answer_us = sample->last_answer_us};
    for (uint32_t k = 0; k < FIT_PARAMETERS_MAX; k++)
        fit.values[k] = fit.errors[k] = NAN;
    return fit;
}

static enum fit_reason obstacle(const struct fit_sample *sample, enum fit_law law)
{
    if (sample->answered == 0) return FIT_NO_ANSWERS;
    for (uint32_t i = 0; i < sample->count && !(sample->atoms[i].us > 0.0); i++)
        if (sample->atoms[i].answered > 0.0) return FIT_ZERO_TIME;
    if (sample->answered < fit_answers_least[law]) return FIT_TOO_FEW;
    return sample->distinct < 3 ? FIT_NO_SPREAD : FIT_FINE;
}

static double fastest_answer(const struct fit_sample *sample)
{
    for (uint32_t i = 0; i < sample->count; i++)
        if (sample->atoms[i].answered > 0.0) return sample->atoms[i].us;
    return NAN;
}

static void conclude(struct fit *fit, const struct search *search, const struct fit_sample *sample)
{
    bool edges[FIT_PARAMETERS_MAX];
    fit_law_values(search->law, search->at, search->fastest_us, fit->values);
    fit_law_edges(search->law, fit->values, search->fastest_us, edges);
    for (uint32_t k = 0; k < FIT_PARAMETERS_MAX; k++)
        if (edges[k]) {
            fit->at_edge = true;
            fit->errors[k] = NAN;
        }
    const double p = fit->parameters, n = (double)fit->n;
    fit->reason = FIT_FINE;
    fit->log_likelihood = fit_log_likelihood(sample, search->law, fit->values);
    fit->aic = 2.0 * p - 2.0 * fit->log_likelihood;
    fit->bic = log(n) * p - 2.0 * fit->log_likelihood;
    if (n > p + 1.0) fit->aicc = fit->aic + 2.0 * p * (p + 1.0) / (n - p - 1.0);
}

bool fit_search(struct fit *fit, const struct fit_sample *sample, enum fit_law law,
                const struct fit *start, struct err *err)
{
    assert(law < FIT_LAWS);
    *fit = unfit(law, sample, obstacle(sample, law));
    if (fit->reason != FIT_FINE) return true;
    struct search search = {.sample = sample,
                            .law = law,
                            .size = fit->parameters,
                            .fastest_us = fastest_answer(sample),
                            .log_likelihood = -INFINITY};
    double starts[STARTS_MOST][FIT_PARAMETERS_MAX] = {{0}};
    uint32_t count = 1;
    if (start == NULL) {
        count = starts_of(&search, starts);
    } else {
        fit_law_coordinates(law, start->values, search.fastest_us, starts[0]);
    }
    bool any = false;
    for (uint32_t s = 0; s < count; s++) {
        struct search each = search;
        bool settled;
        if (!walk(&each, starts[s], start != NULL, &settled))
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a fit");
        if (!settled || (any && each.log_likelihood <= search.log_likelihood)) continue;
        search = each;
        any = true;
    }
    fit->reason = FIT_NOT_SETTLED;
    if (!any) return true;
    if (start == NULL) polish(fit, &search);
    conclude(fit, &search, sample);
    return true;
}

bool fit_law(struct fit *fit, const struct fit_sample *sample, enum fit_law law, struct err *err)
{
    return fit_search(fit, sample, law, NULL, err);
}

bool fit_all(struct fit fits[static FIT_LAWS], const struct fit_sample *sample, struct err *err)
{
    for (enum fit_law law = 0; law < FIT_LAWS; law++)
        if (!fit_law(&fits[law], sample, law, err)) return false;
    return true;
}

enum fit_law fit_best(const struct fit fits[static FIT_LAWS], double weights[FIT_LAWS])
{
    enum fit_law best = FIT_LAWS;
    for (enum fit_law law = 0; law < FIT_LAWS; law++)
        if (!isnan(fits[law].aicc) && (best == FIT_LAWS || fits[law].aicc < fits[best].aicc))
            best = law;
    if (weights == NULL) return best;
    double sum = 0.0;
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        weights[law] = NAN;
        if (best == FIT_LAWS) continue;
        weights[law] = isnan(fits[law].aicc) ? 0.0 : exp(-0.5 * (fits[law].aicc - fits[best].aicc));
        sum += weights[law];
    }
    for (enum fit_law law = 0; best != FIT_LAWS && law < FIT_LAWS; law++)
        weights[law] /= sum;
    return best;
}

/* ---- what a fit says ---- */

double fit_survival(const struct fit *fit, double us)
{
    if (fit->reason != FIT_FINE) return NAN;
    const struct fit_point point = fit_point_of(fit->law, fit->values);
    return exp(fit_log_survival(&point, us, log(us)));
}

double fit_cdf(const struct fit *fit, double us)
{
    if (fit->reason != FIT_FINE) return NAN;
    const struct fit_point point = fit_point_of(fit->law, fit->values);
    return -expm1(fit_log_survival(&point, us, log(us)));
}

static struct law_shape shape_of(const struct fit *fit)
{
    const double *values = fit->values;
    switch (fit->law) {
    case FIT_LOGNORMAL:
        return (struct law_shape){.kind = LAW_LOGNORMAL, .median = values[0], .sigma = values[1]};
    case FIT_GAMMA:
        return (struct law_shape){.kind = LAW_GAMMA, .shape = values[0], .scale = values[1]};
    case FIT_WEIBULL:
        return (struct law_shape){.kind = LAW_WEIBULL, .shape = values[0], .scale = values[1]};
    case FIT_LOGLOGISTIC:
        return (struct law_shape){.kind = LAW_LOGLOGISTIC, .median = values[0], .shape = values[1]};
    case FIT_SHIFTED_LOGNORMAL:
        return (struct law_shape){.kind = LAW_LOGNORMAL, .median = values[1], .sigma = values[2]};
    case FIT_BODY_TAIL:
        return (struct law_shape){.kind = LAW_BODY_TAIL,
                                  .median = values[0],
                                  .sigma = values[1],
                                  .tail_weight = values[2],
                                  .tail_factor = values[3],
                                  .tail_sigma = values[4]};
    case FIT_LAWS:
        break;
    }
    assert(!"a law");
    return (struct law_shape){.kind = LAW_KIND_COUNT};
}

struct fit_quantile fit_quantile(const struct fit *fit, double probability)
{
    if (fit->reason != FIT_FINE || !(probability > 0.0 && probability < 1.0))
        return (struct fit_quantile){NAN, FIT_NO_VALUE};
    const struct law_shape shape = shape_of(fit);
    double us = law_shape_quantile(&shape, probability);
    if (fit->law == FIT_SHIFTED_LOGNORMAL) us += fit->values[0];
    return (struct fit_quantile){us, us > fit->last_answer_us ? FIT_EXTRAPOLATED : FIT_WITHIN};
}
