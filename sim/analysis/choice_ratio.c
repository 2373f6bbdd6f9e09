#include <assert.h>
#include <math.h>

#include "sim/analysis/choice_fit.h"

static struct choice_ratio unknown(double level)
{
    return (struct choice_ratio){.value = (double)NAN,
                                 .error = (double)NAN,
                                 .low = (double)NAN,
                                 .high = (double)NAN,
                                 .fieller = FIELLER_NONE,
                                 .fieller_low = (double)NAN,
                                 .fieller_high = (double)NAN,
                                 .level = level};
}

/* Of r = -a/b: dr/da = -1/b, dr/db = a/b^2 = -r/b. */
static void fill_delta(struct choice_ratio *ratio, struct choice_pair pair, double critical)
{
    const double r = -pair.a / pair.b;
    const double variance =
        (pair.variance_a + 2.0 * r * pair.covariance + r * r * pair.variance_b) / (pair.b * pair.b);
    if (!isfinite(r) || !isfinite(variance)) return;
    ratio->value = r;
    ratio->error = sqrt(fmax(variance, 0.0));
    ratio->low = r - critical * ratio->error;
    ratio->high = r + critical * ratio->error;
}

/* All r with square r^2 + 2 half r + constant <= 0. */
static void fill_quadratic(struct choice_ratio *ratio, double square, double half, double constant)
{
    const double under = half * half - square * constant;
    if (square == 0.0) {
        if (half == 0.0) {
            ratio->fieller = constant <= 0.0 ? FIELLER_ANYTHING : FIELLER_NONE;
            return;
        }
        ratio->fieller = half > 0.0 ? FIELLER_BELOW : FIELLER_ABOVE;
        *(half > 0.0 ? &ratio->fieller_high : &ratio->fieller_low) = -0.5 * constant / half;
        return;
    }
    if (square < 0.0 && under <= 0.0) {
        ratio->fieller = FIELLER_ANYTHING;
        return;
    }
    /* For square > 0 the ratio itself lies in the set, so `under` is negative by rounding alone. */
    const double far = -(half + copysign(sqrt(fmax(under, 0.0)), half)); /* no cancellation */
    const double one = far / square, other = far == 0.0 ? one : constant / far;
    ratio->fieller = square > 0.0 ? FIELLER_BOUNDED : FIELLER_OUTSIDE;
    ratio->fieller_low = fmin(one, other);
    ratio->fieller_high = fmax(one, other);
}

struct choice_ratio choice_ratio_of(struct choice_pair pair, double critical, double level)
{
    struct choice_ratio ratio = unknown(level);
    const double known = pair.a + pair.b + pair.variance_a + pair.covariance + pair.variance_b;
    if (!isfinite(known) || !isfinite(critical)) return ratio;
    assert(critical >= 0.0 && pair.variance_a >= 0.0 && pair.variance_b >= 0.0);
    const double squared = critical * critical;
    fill_delta(&ratio, pair, critical);
    fill_quadratic(&ratio, pair.b * pair.b - squared * pair.variance_b,
                   pair.a * pair.b - squared * pair.covariance,
                   pair.a * pair.a - squared * pair.variance_a);
    return ratio;
}

struct choice_ratio choice_ratio(const struct choice_fit *fit, uint32_t a, uint32_t b,
                                 enum choice_covariance which, double level)
{
    assert(a < fit->parameters && b < fit->parameters && a != b);
    const double(*covariance)[CHOICE_PARAMETERS_MAX] =
        which == CHOICE_MODEL ? fit->model : fit->robust;
    if (fit->state != CHOICE_FITTED) return unknown(level);
    const struct choice_pair pair = {.a = fit->beta[a],
                                     .b = fit->beta[b],
                                     .variance_a = covariance[a][a],
                                     .covariance = covariance[a][b],
                                     .variance_b = covariance[b][b]};
    struct choice_ratio ratio = choice_ratio_of(pair, choice_critical(fit, which, level), level);
    ratio.n = fit->n;
    ratio.clusters = fit->clusters;
    return ratio;
}

bool choice_fieller_holds(const struct choice_ratio *ratio, double value)
{
    switch (ratio->fieller) {
    case FIELLER_NONE:
        return false;
    case FIELLER_BOUNDED:
        return value >= ratio->fieller_low && value <= ratio->fieller_high;
    case FIELLER_OUTSIDE:
        return value <= ratio->fieller_low || value >= ratio->fieller_high;
    case FIELLER_BELOW:
        return value <= ratio->fieller_high;
    case FIELLER_ABOVE:
        return value >= ratio->fieller_low;
    case FIELLER_ANYTHING:
        return true;
    case FIELLER_KINDS:
        break;
    }
    return false;
}
