#include "sim/analysis/stats_sequence.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_sf_gamma.h>

const struct sequence_seen sequence_unseen = {.low = -HUGE_VAL, .high = HUGE_VAL, .p = 1.0};

double sequence_rho(struct sequence_rule rule)
{
    assert(rule.alpha > 0.0);
    assert(rule.alpha < 1.0);
    assert(rule.tuning > 0.0);
    const double twice = -2.0 * log(rule.alpha);
    return sqrt((twice + log(twice + 1.0)) / rule.tuning);
}

/* Both methods mix over normal effects: `ratio` is the mixture's variance over the estimate's. The
 * log of the mixture's likelihood ratio is ratio z^2 / (2 (1 + ratio)) - ln(1 + ratio) / 2, and the
 * interval holds the values it does not rule out. */
static struct sequence_look mixed(struct sequence_estimate estimate, double ratio, double alpha,
                                  enum sequence_method method)
{
    const double z = estimate.value / estimate.error;
    const double evidence = 0.5 * (ratio * z * z / (1.0 + ratio) - log1p(ratio));
    const double reach =
        estimate.error * sqrt((1.0 + ratio) / ratio * (log1p(ratio) - 2.0 * log(alpha)));
    return (struct sequence_look){.value = estimate.value,
                                  .low = estimate.value - reach,
                                  .high = estimate.value + reach,
                                  .p = evidence > 0.0 ? exp(-evidence) : 1.0,
                                  .n = estimate.n,
                                  .method = method};
}

static struct sequence_look untold(struct sequence_estimate estimate)
{
    return (struct sequence_look){
        .value = estimate.value, .low = NAN, .high = NAN, .p = 1.0, .n = estimate.n};
}

static bool is_known(struct sequence_estimate estimate)
{
    return estimate.n >= SEQUENCE_UNITS_LEAST && estimate.error > 0.0 && isfinite(estimate.error) &&
           isfinite(estimate.value);
}

struct sequence_look sequence_of(struct sequence_estimate estimate, struct sequence_rule rule)
{
    const double rho = sequence_rho(rule);
    if (!is_known(estimate)) return untold(estimate);
    return mixed(estimate, (double)estimate.n * rho * rho, rule.alpha, SEQUENCE_CONFIDENCE);
}

struct sequence_look sequence_msprt(struct sequence_estimate estimate, double tau, double alpha)
{
    assert(tau > 0.0);
    assert(alpha > 0.0);
    assert(alpha < 1.0);
    if (!is_known(estimate)) return untold(estimate);
    const double ratio = tau / estimate.error;
    return mixed(estimate, ratio * ratio, alpha, SEQUENCE_MSPRT);
}

static double squared_error(struct stats_moments arm)
{
    return arm.n < 2 ? (double)NAN : arm.variance / (double)arm.n;
}

struct sequence_look sequence_of_means(struct stats_moments a, struct stats_moments b,
                                       struct sequence_rule rule)
{
    return sequence_of(
        (struct sequence_estimate){.value = b.mean - a.mean,
                                   .error = sqrt(squared_error(a) + squared_error(b)),
                                   .n = a.n + b.n},
        rule);
}

struct sequence_look sequence_of_pairs(struct stats_moments differences, struct sequence_rule rule)
{
    return sequence_of((struct sequence_estimate){.value = differences.mean,
                                                  .error = sqrt(squared_error(differences)),
                                                  .n = differences.n},
                       rule);
}

static struct stats_moments share_moments(struct stats_share share)
{
    assert(share.hits <= share.n);
    const double p = (double)share.hits / (double)share.n; /* 0/0 is NaN, which is meant */
    return (struct stats_moments){.n = share.n, .mean = p, .variance = p * (1.0 - p)};
}

struct sequence_look sequence_of_shares(struct stats_share a, struct stats_share b,
                                        struct sequence_rule rule)
{
    return sequence_of_means(share_moments(a), share_moments(b), rule);
}

void sequence_follow(struct sequence_seen *seen, const struct sequence_look *look)
{
    seen->looks++;
    seen->p = fmin(seen->p, look->p);
    if (look->method == SEQUENCE_NONE) return;
    seen->low = fmax(seen->low, look->low);
    seen->high = fmin(seen->high, look->high);
    seen->empty = seen->low > seen->high;
}

double sequence_srm(const uint64_t *counts, const double *shares, uint32_t arms)
{
    assert(arms >= 2);
    assert(arms <= STATS_ARMS_MAX);
    double whole = 0.0, n = 0.0;
    for (uint32_t arm = 0; arm < arms; arm++) {
        assert(shares[arm] > 0.0);
        whole += shares[arm];
        n += (double)counts[arm];
    }
    double factor =
        gsl_sf_lngamma(SEQUENCE_SRM_CONCENTRATION) - gsl_sf_lngamma(SEQUENCE_SRM_CONCENTRATION + n);
    for (uint32_t arm = 0; arm < arms; arm++) {
        const double expected = shares[arm] / whole, x = (double)counts[arm];
        const double prior = SEQUENCE_SRM_CONCENTRATION * expected;
        factor += gsl_sf_lngamma(prior + x) - gsl_sf_lngamma(prior) - x * log(expected);
    }
    return factor > 0.0 ? exp(-factor) : 1.0;
}
