#include "mocks/law_shape.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

/* ---- quantiles and CDFs -------------------------------------------------------------------------
 */

/* The mixture of body_tail in y = log(x / median of the body): its CDF from below or from above,
 * whichever is the smaller and therefore the exact one, and its density. */
static double mixture_tail(const struct law_shape *shape, double y, bool upper)
{
    const double body = y / shape->sigma;
    const double tail = (y - log(shape->tail_factor)) / shape->tail_sigma;
    double (*const phi)(double) = upper ? gsl_cdf_ugaussian_Q : gsl_cdf_ugaussian_P;
    return (1 - shape->tail_weight) * phi(body) + shape->tail_weight * phi(tail);
}

static double mixture_density(const struct law_shape *shape, double y)
{
    const double tail = y - log(shape->tail_factor);
    return (1 - shape->tail_weight) * gsl_ran_gaussian_pdf(y, shape->sigma) +
           shape->tail_weight * gsl_ran_gaussian_pdf(tail, shape->tail_sigma);
}

/* Newton on the logarithm of the nearer tail, which is close to a parabola, kept inside a bracket.
 * The mixture's quantile lies between its two parts' quantiles, so that bracket is there from the
 * start. */
static double mixture_quantile(const struct law_shape *shape, double probability)
{
    const double z = gsl_cdf_ugaussian_Pinv(probability);
    const double of_body = shape->sigma * z;
    const double of_tail = log(shape->tail_factor) + shape->tail_sigma * z;
    const bool upper = probability > 0.5;
    const double wanted = log(upper ? 1 - probability : probability);
    const double sign = upper ? -1 : 1; /* of the derivative of the tail that is looked at */
    double low = fmin(of_body, of_tail), high = fmax(of_body, of_tail);
    double y = of_body;
    for (int i = 0; i < 200 && high - low > 1e-12; i++) {
        const double tail = mixture_tail(shape, y, upper);
        const double over = tail > 0 ? log(tail) - wanted : -1e9;
        if (sign * over > 0)
            high = y;
        else
            low = y;
        const double step = over * tail / (sign * mixture_density(shape, y));
        double next = y - step;
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        if (fabs(next - y) < 1e-7) return next; /* it closes in quadratically: 1e-13 */
        y = next;
    }
    return y;
}

double law_shape_quantile(const struct law_shape *shape, double probability)
{
    assert(probability > 0 && probability < 1);
    const double logit = log(probability / (1 - probability));
    switch (shape->kind) {
    case LAW_CONSTANT:
    case LAW_UNIFORM:
        return gsl_cdf_flat_Pinv(probability, shape->low, shape->high);
    case LAW_LOGNORMAL:
    case LAW_REGIMES:
        return gsl_cdf_lognormal_Pinv(probability, log(shape->median), shape->sigma);
    case LAW_GAMMA:
        return gsl_cdf_gamma_Pinv(probability, shape->shape, shape->scale);
    case LAW_WEIBULL:
        return gsl_cdf_weibull_Pinv(probability, shape->scale, shape->shape);
    case LAW_LOGLOGISTIC:
        return shape->median * exp(logit / shape->shape);
    case LAW_BODY_TAIL:
        return shape->median * exp(mixture_quantile(shape, probability));
    case LAW_EMPIRICAL:
    case LAW_KIND_COUNT:
        break;
    }
    return NAN;
}

double law_shape_density(const struct law_shape *shape, double us)
{
    assert(us > 0);
    assert(shape->kind == LAW_GAMMA || shape->kind == LAW_BODY_TAIL);
    if (shape->kind == LAW_GAMMA) return gsl_ran_gamma_pdf(us, shape->shape, shape->scale);
    return mixture_density(shape, log(us / shape->median)) / us;
}

double law_shape_cdf(const struct law_shape *shape, double us)
{
    if (shape->kind == LAW_CONSTANT) return us < shape->low ? 0 : 1;
    if (shape->kind == LAW_UNIFORM) return gsl_cdf_flat_P(us, shape->low, shape->high);
    if (us <= 0) return shape->kind == LAW_EMPIRICAL ? NAN : 0;
    switch (shape->kind) {
    case LAW_LOGNORMAL:
    case LAW_REGIMES:
        return gsl_cdf_lognormal_P(us, log(shape->median), shape->sigma);
    case LAW_GAMMA:
        return gsl_cdf_gamma_P(us, shape->shape, shape->scale);
    case LAW_WEIBULL:
        return gsl_cdf_weibull_P(us, shape->scale, shape->shape);
    case LAW_LOGLOGISTIC:
        return gsl_cdf_logistic_P(log(us / shape->median), 1 / shape->shape);
    case LAW_BODY_TAIL:
        return mixture_tail(shape, log(us / shape->median), false);
    case LAW_CONSTANT:
    case LAW_UNIFORM:
    case LAW_EMPIRICAL:
    case LAW_KIND_COUNT:
        break;
    }
    return NAN;
}

/* ---- settling the parameters --------------------------------------------------------------------
 */

static bool refuse(const struct law_spec *spec, struct err *err, const char *what)
{
    return err_fail(err, ERR_INPUT, spec->place, "%s law: %s", law_kind_names[spec->kind], what);
}

/* p95 / p50 of a law whose one free parameter is `x`, with scale 1. */
static double spread_at(struct law_shape shape, double x)
{
    shape.median = shape.scale = 1;
    if (shape.kind == LAW_GAMMA)
        shape.shape = x;
    else {
        if (shape.tail_sigma == shape.sigma) shape.tail_sigma = x;
        shape.sigma = x;
    }
    return law_shape_quantile(&shape, 0.95) / law_shape_quantile(&shape, 0.5);
}

/* The free parameter that gives `wanted` = p95 / p50, by bisecting its logarithm; NaN: none does.
 */
static double spread_solve(const struct law_shape *shape, double wanted, double low, double high)
{
    const bool rising = spread_at(*shape, high) > spread_at(*shape, low);
    const double least = spread_at(*shape, rising ? low : high);
    const double most = spread_at(*shape, rising ? high : low);
    if (!(wanted >= least && wanted <= most)) return NAN;
    double from = log(low), until = log(high);
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (from + until);
        if ((spread_at(*shape, exp(middle)) < wanted) == rising)
            from = middle;
        else
            until = middle;
    }
    return exp(0.5 * (from + until));
}

/* Solves for the parameters that a p50 and a p95 leave open. */
static bool settle_by_quantiles(const struct law_spec *spec, struct law_shape *shape,
                                struct err *err)
{
    const double p50 = (double)spec->p50_us, p95 = (double)spec->p95_us;
    if (!(p50 > 0)) return refuse(spec, err, "p50 has to be more than nothing");
    if (!(p95 > p50)) return refuse(spec, err, "p95 has to be longer than p50");
    const double spread = p95 / p50;
    double unit_p50 = 1; /* the median when median or scale is 1 */
    switch (spec->kind) {
    case LAW_LOGNORMAL:
    case LAW_REGIMES:
        shape->sigma = log(spread) / gsl_cdf_ugaussian_Pinv(0.95);
        break;
    case LAW_LOGLOGISTIC:
        shape->shape = log(19.0) / log(spread);
        break;
    case LAW_WEIBULL:
        shape->shape = log(log(20.0) / log(2.0)) / log(spread);
        unit_p50 = pow(log(2.0), 1 / shape->shape);
        break;
    case LAW_GAMMA:
        shape->shape = spread_solve(shape, spread, 0.02, 1e5);
        if (isnan(shape->shape)) return refuse(spec, err, "no shape has this p95 over p50");
        unit_p50 = gsl_cdf_gamma_Pinv(0.5, shape->shape, 1);
        break;
    case LAW_BODY_TAIL: {
        const bool same = spec->tail_sigma <= 0;
        shape->sigma = 1;
        if (same) shape->tail_sigma = 1;
        const double sigma = spread_solve(shape, spread, 1e-3, 5);
        if (isnan(sigma)) return refuse(spec, err, "no body has this p95 over p50 with this tail");
        shape->sigma = sigma;
        if (same) shape->tail_sigma = sigma;
        shape->median = 1;
        unit_p50 = law_shape_quantile(shape, 0.5);
        break;
    }
    case LAW_CONSTANT:
    case LAW_UNIFORM:
    case LAW_EMPIRICAL:
    case LAW_KIND_COUNT:
        return refuse(spec, err, "takes no p50 and p95");
    }
    shape->median = shape->scale = p50 / unit_p50;
    return true;
}

static bool settle_by_parameters(const struct law_spec *spec, struct law_shape *shape,
                                 struct err *err)
{
    const bool scaled = spec->kind == LAW_GAMMA || spec->kind == LAW_WEIBULL;
    if (scaled && spec->scale_us <= 0) return refuse(spec, err, "needs a scale, or p50 and p95");
    if (!scaled && spec->median_us <= 0) return refuse(spec, err, "needs a median, or p50 and p95");
    if (scaled || spec->kind == LAW_LOGLOGISTIC) {
        if (!(spec->shape > 0)) return refuse(spec, err, "needs a shape above 0, or p50 and p95");
    } else if (!(spec->sigma > 0)) {
        return refuse(spec, err, "needs a sigma above 0, or p50 and p95");
    }
    shape->median = (double)spec->median_us;
    shape->scale = (double)spec->scale_us;
    shape->sigma = spec->sigma;
    shape->shape = spec->shape;
    if (spec->kind == LAW_BODY_TAIL && spec->tail_sigma <= 0) shape->tail_sigma = spec->sigma;
    return true;
}

bool law_shape_settle(const struct law_spec *spec, struct law_shape *shape, struct err *err)
{
    *shape = (struct law_shape){.kind = spec->kind};
    if (spec->kind == LAW_EMPIRICAL) return true; /* its rows are the law */
    if (spec->kind == LAW_CONSTANT) {
        if (spec->value_us < 0) return refuse(spec, err, "needs a value");
        shape->low = shape->high = (double)spec->value_us;
        return true;
    }
    if (spec->kind == LAW_UNIFORM) {
        if (spec->low_us < 0 || spec->high_us <= spec->low_us) {
            return refuse(spec, err, "needs a low and a longer high");
        }
        shape->low = (double)spec->low_us;
        shape->high = (double)spec->high_us;
        return true;
    }
    if (spec->kind == LAW_BODY_TAIL) {
        if (!(spec->tail_weight >= 0 && spec->tail_weight < 1)) {
            return refuse(spec, err, "needs a tail weight from 0 to below 1");
        }
        if (!(spec->tail_factor >= 1))
            return refuse(spec, err, "needs a tail factor of at least 1");
        shape->tail_weight = spec->tail_weight;
        shape->tail_factor = spec->tail_factor;
        shape->tail_sigma = spec->tail_sigma;
    }
    if (spec->kind == LAW_REGIMES) {
        if (!(spec->bad_factor > 0)) return refuse(spec, err, "needs a bad factor above 0");
        if (spec->good_for_us <= 0 || spec->bad_for_us <= 0) {
            return refuse(spec, err, "needs how long good and bad spells last");
        }
    }
    return spec->p50_us >= 0 || spec->p95_us >= 0 ? settle_by_quantiles(spec, shape, err)
                                                  : settle_by_parameters(spec, shape, err);
}
