/* sim/analysis/ab_plan.c - before an experiment: how many orders, which effect, how many days. */
#include <math.h>

#include "sim/analysis/ab_state.h"
#include "sim/analysis/stats_power.h"

struct spread { /* sums over orders of what either policy brings, about a centre */
    double n;
    double a, aa, b, bb;  /* values and expected squares */
    double x, xx, ax, bx; /* x: the mean of both expectations */
    double d, dd;         /* differences of expectations */
};

/* What an order is expected to bring under a quote, and its expected square. */
static void expect(const struct ab_work *work, uint32_t order, unsigned quote, unsigned metric,
                   double centre, double *mean, double *square)
{
    struct ab_part part = ab_part_of(work, order, quote, metric);
    const double p = part.g == 0.0 ? 0.0 : ab_buys(work, order, quote);
    part.e -= centre;
    *mean = part.e + p * part.g;
    *square = part.e * part.e + p * (2.0 * part.e * part.g + part.g * part.g);
}

static void add(struct spread *spread, double a, double aa, double b, double bb)
{
    const double x = 0.5 * (a + b);
    spread->n += 1.0;
    spread->a += a;
    spread->aa += aa;
    spread->b += b;
    spread->bb += bb;
    spread->x += x;
    spread->xx += x * x;
    spread->ax += a * x;
    spread->bx += b * x;
    spread->d += b - a;
    spread->dd += (b - a) * (b - a);
}

static double covariance(double sum, double u, double v, double n)
{
    return n > 0.0 ? sum / n - u / n * (v / n) : 0.0;
}

static double root(double variance)
{
    return variance > 0.0 ? sqrt(variance) : 0.0;
}

static struct power_spread raw_spread(const struct spread *of)
{
    return (struct power_spread){root(covariance(of->aa, of->a, of->a, of->n)),
                                 root(covariance(of->bb, of->b, of->b, of->n))};
}

static struct power_spread cuped_spread(const struct spread *of)
{
    const double xx = covariance(of->xx, of->x, of->x, of->n);
    const double ax = covariance(of->ax, of->a, of->x, of->n);
    const double bx = covariance(of->bx, of->b, of->x, of->n);
    if (!(xx > 0.0)) return raw_spread(of);
    const double theta = 0.5 * (ax + bx) / xx, common = theta * theta * xx;
    return (struct power_spread){
        root(covariance(of->aa, of->a, of->a, of->n) - 2.0 * theta * ax + common),
        root(covariance(of->bb, of->b, of->b, of->n) - 2.0 * theta * bx + common)};
}

static void measure(const struct ab_work *work, uint32_t variant, unsigned metric,
                    struct spread *all, struct spread *triggered)
{
    double sum = 0.0;
    *all = *triggered = (struct spread){0};
    for (uint32_t i = 0; i < work->table.count; i++)
        sum += ab_expected(work, i, work->winners[0][i], metric);
    const double centre = sum / work->table.count;
    for (uint32_t i = 0; i < work->table.count; i++) {
        double a, aa, b, bb;
        expect(work, i, work->winners[0][i], metric, centre, &a, &aa);
        expect(work, i, work->winners[variant + 1][i], metric, centre, &b, &bb);
        add(all, a, aa, b, bb);
        if (ab_differs(work, i, variant)) add(triggered, a, aa, b, bb);
    }
}

/* Orders an arm, and what AB_TRIAL_DAYS detect; of shadow scores: orders in all. */
static void size(const struct ab_result *result, struct ab_cost *cost, const struct spread *all,
                 const struct spread *triggered, bool counted)
{
    const struct power_test test = {.alpha = result->alpha, .power = result->power};
    const bool flows = result->orders_per_day > 0.0;
    const struct power_traffic traffic = {
        .orders_per_day = result->orders_per_day, .share = 1.0, .arms = result->arm_count};
    const double n = flows ? power_n_of(AB_TRIAL_DAYS, traffic) : (double)NAN;
    const double share = triggered->n / all->n,
                 sd = root(covariance(all->dd, all->d, all->d, all->n));
    const struct power_spread raw = raw_spread(all), cuped = cuped_spread(all);
    for (unsigned e = 0; e < AB_ESTIMATORS; e++)
        cost->n[e] = cost->days[e] = cost->mde[e] = (double)NAN;
    cost->n[AB_RAW] = power_n_means(cost->difference, raw, test);
    cost->n[AB_CUPED] = power_n_means(cost->difference, cuped, test);
    cost->n[AB_DISCORDANT] = HUGE_VAL;
    if (flows) cost->mde[AB_RAW] = power_mde_means(n, raw, test);
    if (flows) cost->mde[AB_CUPED] = power_mde_means(n, cuped, test);
    if (share > 0.0) {
        const struct power_spread spread = raw_spread(triggered);
        const struct power_trigger trigger = {.share = share,
                                              .difference = triggered->d / triggered->n,
                                              .triggered = spread,
                                              .all = raw};
        cost->n[AB_DISCORDANT] = power_dilute(trigger, test).n_triggered;
        if (flows) cost->mde[AB_DISCORDANT] = share * power_mde_means(n * share, spread, test);
    }
    if (counted) {
        cost->n[AB_SHADOW] = power_n_pairs(cost->difference, sd, test);
        if (flows)
            cost->mde[AB_SHADOW] =
                power_mde_pairs(AB_TRIAL_DAYS * result->orders_per_day, sd, test);
    }
    for (unsigned e = 0; flows && e < AB_ESTIMATORS; e++)
        cost->days[e] = e == AB_SHADOW ? power_days_of_pairs(cost->n[e], result->orders_per_day)
                                       : power_days(cost->n[e], traffic);
}

/* Two proportions have a formula of their own. */
static void size_conversion(const struct ab_result *result, struct ab_cost *cost, double a,
                            double b)
{
    const struct power_test test = {.alpha = result->alpha, .power = result->power};
    const struct power_traffic traffic = {
        .orders_per_day = result->orders_per_day, .share = 1.0, .arms = result->arm_count};
    cost->n[AB_RAW] = power_n_shares((struct power_shares){a, b}, test);
    if (!(result->orders_per_day > 0.0)) return;
    cost->days[AB_RAW] = power_days(cost->n[AB_RAW], traffic);
    cost->mde[AB_RAW] =
        power_mde_shares(power_n_of(AB_TRIAL_DAYS, traffic), a, cost->difference < 0.0, test);
}

void ab_measure_costs(struct ab_work *work)
{
    struct ab_result *result = work->result;
    for (uint32_t v = 0; v + 1 < result->arm_count; v++)
        for (unsigned m = 0; m < AB_METRICS; m++) {
            struct ab_cost *cost = &result->variants[v].values[m].cost;
            struct spread all, triggered;
            result->variants[v].values[m].judged_by = ab_judge_of(result, m);
            measure(work, v, m, &all, &triggered);
            cost->difference = triggered.d / all.n; /* elsewhere it is nothing, to the bit */
            cost->sd_a = raw_spread(&all).sd_a;
            cost->sd_b = raw_spread(&all).sd_b;
            size(result, cost, &all, &triggered, !ab_is_of_purchases(result, m));
            if (m != OUTCOME_BUYS &&
                (m != AB_GOAL || result->goal != (enum tune_metric)OUTCOME_BUYS))
                continue;
            double a = 0.0; /* without the centre */
            for (uint32_t i = 0; i < work->table.count; i++)
                a += ab_expected(work, i, work->winners[0][i], OUTCOME_BUYS);
            a /= work->table.count;
            size_conversion(result, cost, a, fmin(1.0, fmax(0.0, a + cost->difference)));
        }
}

/* ---- what to do ---- */

void ab_plan(struct ab_work *work)
{
    struct ab_result *result = work->result;
    const struct ab_value *goal = &result->variants[result->best].values[AB_GOAL];
    const enum ab_estimator estimator = ab_judge_of(result, AB_GOAL);
    result->plan_n = goal->cost.n[estimator];
    result->plan_days = goal->cost.days[estimator];
    result->plan_peeks = AB_TRIAL_DAYS;
    if (result->plan_days >= 1.0)
        result->plan_peeks = (uint32_t)fmin(AB_PEEKS_MAX, ceil(result->plan_days));
    /* z at which a chi-square of arms - 1 degrees reaches STATS_SRM_ALPHA, as for two arms: 3.29 */
    const double n = isfinite(result->plan_n) && result->plan_n > 0.0
                         ? result->plan_n * (estimator == AB_SHADOW ? 1.0 : result->arm_count)
                         : (double)result->orders;
    const double share = result->arms[1].share / (double)EXPERIMENT_BUCKETS;
    result->srm_shift = 3.2905 * sqrt(share * (1.0 - share) / n);
}
