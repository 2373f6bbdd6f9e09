#include "sim/analysis/stats_power.h"

#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

static double z_of_alpha(struct power_test test)
{
    assert(test.alpha > 0.0);
    assert(test.alpha < 1.0);
    return gsl_cdf_ugaussian_Qinv(test.one_sided ? test.alpha : test.alpha / 2.0);
}

static double z_of_both(struct power_test test)
{
    assert(test.power > 0.0);
    assert(test.power < 1.0);
    return z_of_alpha(test) + gsl_cdf_ugaussian_Pinv(test.power);
}

/* ---- one sum of n variances: means and pairs are this ---- */

static double power_of(double n, double difference, double variance, struct power_test test)
{
    assert(n > 0.0);
    assert(variance >= 0.0);
    if (difference == 0.0 || variance == 0.0)
        return difference == 0.0 ? gsl_cdf_ugaussian_Q(z_of_alpha(test)) : 1.0;
    return gsl_cdf_ugaussian_P(fabs(difference) * sqrt(n / variance) - z_of_alpha(test));
}

/* Below it even no effect at all would be "found" as often as asked: power <= alpha. */
static double n_of(double difference, double variance, struct power_test test)
{
    const double z = fmax(0.0, z_of_both(test));
    return difference == 0.0 ? HUGE_VAL : z * z * variance / (difference * difference);
}

static double mde_of(double n, double variance, struct power_test test)
{
    assert(n > 0.0);
    return fmax(0.0, z_of_both(test)) * sqrt(variance / n);
}

/* ---- means ---- */

static double sum_of_variances(struct power_spread spread)
{
    return spread.sd_a * spread.sd_a + spread.sd_b * spread.sd_b;
}

double power_of_means(double n, double difference, struct power_spread spread,
                      struct power_test test)
{
    return power_of(n, difference, sum_of_variances(spread), test);
}

double power_n_means(double difference, struct power_spread spread, struct power_test test)
{
    return n_of(difference, sum_of_variances(spread), test);
}

double power_mde_means(double n, struct power_spread spread, struct power_test test)
{
    return mde_of(n, sum_of_variances(spread), test);
}

/* ---- pairs ---- */

double power_of_pairs(double n, double difference, double sd, struct power_test test)
{
    return power_of(n, difference, sd * sd, test);
}

double power_n_pairs(double difference, double sd, struct power_test test)
{
    return n_of(difference, sd * sd, test);
}

double power_mde_pairs(double n, double sd, struct power_test test)
{
    return mde_of(n, sd * sd, test);
}

/* ---- shares ---- */

static double under_null(struct power_shares shares) /* sd of the difference, times sqrt(n) */
{
    assert(shares.a >= 0.0 && shares.a <= 1.0);
    assert(shares.b >= 0.0 && shares.b <= 1.0);
    const double mean = 0.5 * (shares.a + shares.b);
    return sqrt(2.0 * mean * (1.0 - mean));
}

static double under_effect(struct power_shares shares)
{
    return sqrt(shares.a * (1.0 - shares.a) + shares.b * (1.0 - shares.b));
}

double power_of_shares(double n, struct power_shares shares, struct power_test test)
{
    assert(n > 0.0);
    const double spread = under_effect(shares);
    const double room = sqrt(n) * fabs(shares.b - shares.a) - z_of_alpha(test) * under_null(shares);
    /* No spread: 0 against 1, seen for sure once n is large enough; or no difference. */
    if (spread == 0.0) return room > 0.0 ? 1.0 : 0.0;
    return gsl_cdf_ugaussian_P(room / spread);
}

double power_n_shares(struct power_shares shares, struct power_test test)
{
    const double difference = shares.b - shares.a;
    if (difference == 0.0) return HUGE_VAL;
    const double reach = z_of_alpha(test) * under_null(shares) +
                         gsl_cdf_ugaussian_Pinv(test.power) * under_effect(shares);
    const double root = fmax(0.0, reach) / difference;
    return root * root;
}

double power_mde_shares(double n, double share, bool falls, struct power_test test)
{
    assert(n > 0.0);
    const double direction = falls ? -1.0 : 1.0;
    double small = 0.0, large = falls ? share : 1.0 - share;
    const struct power_shares furthest = {share, falls ? 0.0 : 1.0};
    if (!(power_of_shares(n, furthest, test) >= test.power)) return NAN;
    /* The power rises with the step: halve until the doubles meet. */
    for (int step = 0; step < 200; step++) {
        const double middle = 0.5 * (small + large);
        const struct power_shares shares = {share, share + direction * middle};
        if (power_of_shares(n, shares, test) >= test.power) {
            large = middle;
        } else {
            small = middle;
        }
    }
    return large;
}

/* ---- dilution and traffic ---- */

struct power_dilution power_dilute(struct power_trigger trigger, struct power_test test)
{
    assert(trigger.share > 0.0);
    assert(trigger.share <= 1.0);
    const double diluted = trigger.difference * trigger.share;
    return (struct power_dilution){
        .difference = diluted,
        .n_triggered = power_n_means(trigger.difference, trigger.triggered, test) / trigger.share,
        .n_all = power_n_means(diluted, trigger.all, test)};
}

static double orders_per_day_and_arm(struct power_traffic traffic)
{
    assert(traffic.orders_per_day > 0.0);
    assert(traffic.share > 0.0);
    assert(traffic.share <= 1.0);
    assert(traffic.arms > 0);
    return traffic.orders_per_day * traffic.share / (double)traffic.arms;
}

double power_days(double n, struct power_traffic traffic)
{
    return n / orders_per_day_and_arm(traffic);
}

double power_n_of(double days, struct power_traffic traffic)
{
    return days * orders_per_day_and_arm(traffic);
}

double power_days_of_pairs(double pairs, double orders_per_day)
{
    assert(orders_per_day > 0.0);
    return pairs / orders_per_day;
}
