#include "mocks/law_shape.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

/* ---- quantiles and CDFs ---------------------------------------------------------------------- */

/* Gamma and body_tail have no inverse in closed form. Both are looked at in y = log(x / scale),
 * where their CDFs are smooth: a tail is the CDF from below or from above, whichever is the smaller
 * and therefore the exact one. */
static double log_scale(const struct law_shape *shape)
{
    return log(shape->kind == LAW_GAMMA ? shape->scale : shape->median);
}

static double tail_at(const struct law_shape *shape, double y, bool upper)
{
    if (shape->kind == LAW_GAMMA) {
        /* Far below, where exp(y) may not even be a number any more, the power law is all there is.
         */
        if (y < -50 && !upper) return exp(shape->shape * y - lgamma(shape->shape + 1));
        return upper ? gsl_cdf_gamma_Q(exp(y), shape->shape, 1)
                     : gsl_cdf_gamma_P(exp(y), shape->shape, 1);
    }
    const double body = y / shape->sigma;
    const double tail = (y - log(shape->tail_factor)) / shape->tail_sigma;
    double (*const phi)(double) = upper ? gsl_cdf_ugaussian_Q : gsl_cdf_ugaussian_P;
    return (1 - shape->tail_weight) * phi(body) + shape->tail_weight * phi(tail);
}

static double density_at(const struct law_shape *shape, double y) /* of y, not of x */
{
    if (shape->kind == LAW_GAMMA) return exp(shape->shape * y - exp(y) - lgamma(shape->shape));
    const double tail = y - log(shape->tail_factor);
    return (1 - shape->tail_weight) * gsl_ran_gaussian_pdf(y, shape->sigma) +
           shape->tail_weight * gsl_ran_gaussian_pdf(tail, shape->tail_sigma);
}

struct bracket {
    double low, high, start;
};

static struct bracket bracket_of(const struct law_shape *shape, double probability)
{
    const double z = gsl_cdf_ugaussian_Pinv(probability);
    if (shape->kind == LAW_BODY_TAIL) { /* the mixture lies between its parts */
        const double of_body = shape->sigma * z;
        const double of_tail = log(shape->tail_factor) + shape->tail_sigma * z;
        return (struct bracket){fmin(of_body, of_tail), fmax(of_body, of_tail), of_body};
    }
    /* The CDF is at most x^a / Gamma(a + 1), and nothing that a table holds is forty sd above the
     * mean. Wilson and Hilferty's cube root gives the start where it is above the lower bound. */
    const double a = shape->shape, root = 1 - 1 / (9 * a) + z / (3 * sqrt(a));
    const double low = (log(probability) + lgamma(a + 1)) / a;
    const double high = log(a + 40 * sqrt(a) + 60);
    const double guess = root > 0 ? log(a) + 3 * log(root) : low;
    return (struct bracket){low - 1e-9 * (1 + fabs(low)), high, fmin(fmax(guess, low), high)};
}

/* Newton on the logarithm of the nearer tail, which is close to a parabola, kept inside its
 * bracket. */
static double solve(const struct law_shape *shape, double probability)
{
    const bool upper = probability > 0.5;
    const double wanted = log(upper ? 1 - probability : probability);
    const double sign = upper ? -1 : 1; /* of the tail's derivative */
    struct bracket at = bracket_of(shape, probability);
    double y = at.start;
    for (int i = 0; i < 200 && at.high - at.low > 1e-12; i++) {
        const double tail = tail_at(shape, y, upper);
        const double over = tail > 0 ? log(tail) - wanted : -1e9;
        if (sign * over > 0)
            at.high = y;
        else
            at.low = y;
        double next = y - over * tail / (sign * density_at(shape, y));
        if (!(next > at.low && next < at.high)) next = 0.5 * (at.low + at.high);
        if (fabs(next - y) < 1e-7) return next; /* it closes in quadratically: within 1e-13 */
        y = next;
    }
    return y;
}

double law_shape_log_quantile(const struct law_shape *shape, double probability)
{
    assert(shape->kind == LAW_GAMMA || shape->kind == LAW_BODY_TAIL);
    return log_scale(shape) + solve(shape, probability);
}

double law_shape_log_density(const struct law_shape *shape, double log_us)
{
    assert(shape->kind == LAW_GAMMA || shape->kind == LAW_BODY_TAIL);
    return density_at(shape, log_us - log_scale(shape));
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
    case LAW_WEIBULL:
        return gsl_cdf_weibull_Pinv(probability, shape->scale, shape->shape);
    case LAW_LOGLOGISTIC:
        return shape->median * exp(logit / shape->shape);
    case LAW_GAMMA:
    case LAW_BODY_TAIL:
        return exp(law_shape_log_quantile(shape, probability));
    case LAW_EMPIRICAL:
    case LAW_KIND_COUNT:
        break;
    }
    return NAN;
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
        return tail_at(shape, log(us / shape->median), false);
    case LAW_CONSTANT:
    case LAW_UNIFORM:
    case LAW_EMPIRICAL:
    case LAW_KIND_COUNT:
        break;
    }
    return NAN;
}

/* ---- settling the parameters ----------------------------------------------------------------- */

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
        shape->scale = 1;
        unit_p50 = law_shape_quantile(shape, 0.5);
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
