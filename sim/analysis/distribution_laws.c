#include <assert.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_erf.h>
#include <gsl/gsl_sf_gamma.h>

#include "sim/analysis/distribution_state.h"

const char *const fit_law_names[FIT_LAWS] = {
    "lognormal", "gamma", "weibull", "loglogistic", "shifted_lognormal", "body_tail"};
const char *const fit_parameter_names[FIT_LAWS][FIT_PARAMETERS_MAX] = {
    [FIT_LOGNORMAL] = {"median_us", "sigma"},
    [FIT_GAMMA] = {"shape", "scale_us"},
    [FIT_WEIBULL] = {"shape", "scale_us"},
    [FIT_LOGLOGISTIC] = {"median_us", "shape"},
    [FIT_SHIFTED_LOGNORMAL] = {"floor_us", "median_us", "sigma"},
    [FIT_BODY_TAIL] = {"median_us", "sigma", "tail_weight", "tail_factor", "tail_sigma"}};
const uint32_t fit_answers_least[FIT_LAWS] = {5, 5, 5, 5, 10, 25};
const char *const fit_reason_texts[FIT_REASONS] = {"fitted",
                                                   "no answers",
                                                   "too few answers",
                                                   "fewer than three different times",
                                                   "an answer after 0 us",
                                                   "the search did not settle"};

/* Beyond these no latency is; and GSL's incomplete gamma function is at home within. */
static const double shape_least = 1e-3, shape_most = 1e6;

uint32_t fit_law_parameters(enum fit_law law)
{
    uint32_t count = 0;
    while (count < FIT_PARAMETERS_MAX && fit_parameter_names[law][count] != NULL)
        count++;
    return count;
}

/* ---- coordinates ---- */

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double logit(double share)
{
    const double inside = fmin(fmax(share, 1e-9), 1.0 - 1e-9);
    return log(inside / (1.0 - inside));
}

void fit_law_values(enum fit_law law, const double *coordinates, double fastest_us, double *values)
{
    const double *x = coordinates;
    switch (law) {
    case FIT_LOGNORMAL:
    case FIT_LOGLOGISTIC:
    case FIT_WEIBULL:
        values[0] = exp(x[0]);
        values[1] = exp(x[1]);
        break;
    case FIT_GAMMA: /* mean and shape, which are independent in the limit */
        values[0] = exp(x[0]);
        values[1] = exp(x[1]) / values[0];
        break;
    case FIT_SHIFTED_LOGNORMAL:
        values[0] = FIT_FLOOR_MOST * fastest_us * logistic(x[0]);
        values[1] = exp(x[1]);
        values[2] = exp(x[2]);
        break;
    case FIT_BODY_TAIL:
        values[0] = exp(x[0]);
        values[1] = exp(x[1]);
        values[2] = FIT_WEIGHT_MOST * logistic(x[2]);
        values[3] = exp(FIT_LOG_FACTOR_MOST * logistic(x[3]));
        values[4] = values[1] * (1.0 + (FIT_SIGMAS_MOST - 1.0) * logistic(x[4]));
        break;
    case FIT_LAWS:
        break;
    }
}

void fit_law_coordinates(enum fit_law law, const double *values, double fastest_us,
                         double *coordinates)
{
    double *x = coordinates;
    switch (law) {
    case FIT_LOGNORMAL:
    case FIT_LOGLOGISTIC:
    case FIT_WEIBULL:
        x[0] = log(values[0]);
        x[1] = log(values[1]);
        break;
    case FIT_GAMMA:
        x[0] = log(values[0]);
        x[1] = log(values[0] * values[1]);
        break;
    case FIT_SHIFTED_LOGNORMAL:
        x[0] = logit(values[0] / (FIT_FLOOR_MOST * fastest_us));
        x[1] = log(values[1]);
        x[2] = log(values[2]);
        break;
    case FIT_BODY_TAIL:
        x[0] = log(values[0]);
        x[1] = log(values[1]);
        x[2] = logit(values[2] / FIT_WEIGHT_MOST);
        x[3] = logit(log(values[3]) / FIT_LOG_FACTOR_MOST);
        x[4] = logit((values[4] / values[1] - 1.0) / (FIT_SIGMAS_MOST - 1.0));
        break;
    case FIT_LAWS:
        break;
    }
}

double fit_law_wall(enum fit_law law, const double *coordinates)
{
    const double begins = 7.5; /* beyond near_ends(), which is at 6.9 */
    double sum = 0.0;
    if (law != FIT_SHIFTED_LOGNORMAL && law != FIT_BODY_TAIL) return sum;
    const uint32_t from = law == FIT_BODY_TAIL ? 2 : 0, until = law == FIT_BODY_TAIL ? 5 : 1;
    for (uint32_t k = from; k < until; k++) {
        const double far = fmax(fabs(coordinates[k]) - begins, 0.0);
        sum += 0.01 * far * far;
    }
    return sum;
}

static bool near_ends(double share)
{
    return share < 1e-3 || share > 1.0 - 1e-3;
}

void fit_law_edges(enum fit_law law, const double *values, double fastest_us,
                   bool edges[FIT_PARAMETERS_MAX])
{
    memset(edges, 0, FIT_PARAMETERS_MAX * sizeof *edges);
    if (law == FIT_SHIFTED_LOGNORMAL)
        edges[0] = near_ends(values[0] / (FIT_FLOOR_MOST * fastest_us));
    if (law == FIT_BODY_TAIL) {
        edges[2] = near_ends(values[2] / FIT_WEIGHT_MOST);
        edges[3] = near_ends(log(values[3]) / FIT_LOG_FACTOR_MOST);
        edges[4] = near_ends((values[4] / values[1] - 1.0) / (FIT_SIGMAS_MOST - 1.0));
    }
}

/* ---- densities ---- */

static bool is_allowed(enum fit_law law, const double *values)
{
    for (uint32_t k = 0; k < fit_law_parameters(law); k++)
        if (!isfinite(values[k]) || values[k] < 0.0 || values[k] > 1e30) return false;
    switch (law) {
    case FIT_LOGNORMAL:
        return values[1] > 1e-6;
    case FIT_GAMMA:
        return values[0] > shape_least && values[0] < shape_most;
    case FIT_WEIBULL:
        return values[0] > shape_least && values[0] < shape_most && values[1] > 0.0;
    case FIT_LOGLOGISTIC:
        return values[1] > shape_least && values[1] < shape_most;
    case FIT_SHIFTED_LOGNORMAL:
        return values[1] > 0.0 && values[2] > 1e-6;
    case FIT_BODY_TAIL:
        return values[1] > 1e-6 && values[3] >= 1.0;
    case FIT_LAWS:
        break;
    }
    return false;
}

/* A point of Weibull has its shape in values[0], of log-logistic in values[1]: scenarios' order. */
struct fit_point fit_point_of(enum fit_law law, const double *values)
{
    struct fit_point point = {.law = law};
    const double log_root_2pi = 0.5 * log(2.0 * M_PI);
    memcpy(point.values, values, sizeof point.values);
    switch (law) {
    case FIT_LOGNORMAL:
        point.center = log(values[0]);
        point.constant = -log(values[1]) - log_root_2pi;
        break;
    case FIT_GAMMA:
        point.constant = -values[0] * log(values[1]) - gsl_sf_lngamma(values[0]);
        break;
    case FIT_WEIBULL:
        point.center = log(values[1]);
        point.constant = log(values[0]);
        break;
    case FIT_LOGLOGISTIC:
        point.center = log(values[0]);
        point.constant = log(values[1]);
        break;
    case FIT_SHIFTED_LOGNORMAL:
        point.center = log(values[1]);
        point.constant = -log(values[2]) - log_root_2pi;
        break;
    case FIT_BODY_TAIL:
        point.center = log(values[0]);
        point.tail_center = point.center + log(values[3]);
        point.rest_constant = log1p(-values[2]);
        point.constant = point.rest_constant - log(values[1]) - log_root_2pi;
        point.tail_constant = log(values[2]) - log(values[4]) - log_root_2pi;
        break;
    case FIT_LAWS:
        break;
    }
    return point;
}

static double log_sum(double a, double b) /* log(e^a + e^b) */
{
    const double most = a > b ? a : b;
    return isinf(most) ? most : most + log1p(exp(-fabs(a - b)));
}

static double normal_log_survival(double z)
{
    return gsl_sf_log_erfc(z * M_SQRT1_2) - M_LN2;
}

double fit_log_density(const struct fit_point *point, double us, double log_us)
{
    const double *values = point->values;
    double z;
    switch (point->law) {
    case FIT_LOGNORMAL:
        z = (log_us - point->center) / values[1];
        return point->constant - log_us - 0.5 * z * z;
    case FIT_GAMMA:
        return point->constant + (values[0] - 1.0) * log_us - us / values[1];
    case FIT_WEIBULL:
        z = values[0] * (log_us - point->center);
        return point->constant - log_us + z - exp(z);
    case FIT_LOGLOGISTIC:
        z = fabs(values[1] * (log_us - point->center));
        return point->constant - log_us - z - 2.0 * log1p(exp(-z));
    case FIT_SHIFTED_LOGNORMAL: {
        if (!(us > values[0])) return -INFINITY;
        const double log_rest = log(us - values[0]);
        z = (log_rest - point->center) / values[2];
        return point->constant - log_rest - 0.5 * z * z;
    }
    case FIT_BODY_TAIL: {
        z = (log_us - point->center) / values[1];
        const double tail_z = (log_us - point->tail_center) / values[4];
        return log_sum(point->constant - 0.5 * z * z,
                       point->tail_constant - 0.5 * tail_z * tail_z) -
               log_us;
    }
    case FIT_LAWS:
        break;
    }
    return NAN;
}

/* Where GSL's tail has run out of doubles, the first two terms of its expansion. */
static double gamma_log_survival(double x, double shape)
{
    const double tail = gsl_cdf_gamma_Q(x, shape, 1.0);
    if (tail > 1e-290) return log(tail);
    return (shape - 1.0) * log(x) - x - gsl_sf_lngamma(shape) + log1p((shape - 1.0) / x);
}

double fit_log_survival(const struct fit_point *point, double us, double log_us)
{
    const double *values = point->values;
    if (!(us > 0.0)) return 0.0;
    double z;
    switch (point->law) {
    case FIT_LOGNORMAL:
        return normal_log_survival((log_us - point->center) / values[1]);
    case FIT_GAMMA:
        return gamma_log_survival(us / values[1], values[0]);
    case FIT_WEIBULL:
        return -exp(values[0] * (log_us - point->center));
    case FIT_LOGLOGISTIC:
        z = values[1] * (log_us - point->center);
        return -(z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z)));
    case FIT_SHIFTED_LOGNORMAL:
        if (!(us > values[0])) return 0.0;
        return normal_log_survival((log(us - values[0]) - point->center) / values[2]);
    case FIT_BODY_TAIL:
        z = (log_us - point->center) / values[1];
        return log_sum(point->rest_constant + normal_log_survival(z),
                       log(values[2]) +
                           normal_log_survival((log_us - point->tail_center) / values[4]));
    case FIT_LAWS:
        break;
    }
    return NAN;
}

double fit_log_likelihood(const struct fit_sample *sample, enum fit_law law, const double *values)
{
    if (!is_allowed(law, values)) return -INFINITY;
    const struct fit_point point = fit_point_of(law, values);
    double sum = 0.0;
    for (uint32_t i = 0; i < sample->group_count; i++) {
        const struct fit_atom *atom = &sample->groups[i];
        if (atom->answered > 0.0)
            sum += atom->answered * fit_log_density(&point, atom->us, atom->log_us);
        if (atom->censored > 0.0)
            sum += atom->censored * fit_log_survival(&point, atom->us, atom->log_us);
    }
    return isnan(sum) ? -(double)INFINITY : sum;
}
