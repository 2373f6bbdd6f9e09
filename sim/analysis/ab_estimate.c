/* sim/analysis/ab_estimate.c - from sums over orders to estimates: raw, cuped, discordant, shadow.
 */
#include <assert.h>
#include <math.h>

#include "sim/analysis/ab_state.h"

/* A variance that small beside what it was left of is rounding. */
#define NOTHING 1e-12

enum ab_estimator ab_judge_of(const struct ab_result *result, unsigned metric)
{
    if (!result->interleave) return AB_CUPED;
    return ab_is_of_purchases(result, metric) ? AB_DISCORDANT : AB_SHADOW;
}

/* ---- sums ---- */

static bool is_share(const struct ab_result *result, unsigned metric)
{
    const unsigned of = metric == AB_GOAL ? (unsigned)result->goal : metric;
    return of == OUTCOME_BUYS || of == OUTCOME_CANNED;
}

void ab_sample_begin(const struct ab_work *work, struct ab_sample *sample, uint32_t variant,
                     unsigned metric)
{
    *sample = (struct ab_sample){.variant = variant,
                                 .metric = metric,
                                 .shares = is_share(work->result, metric),
                                 .counted = !ab_is_of_purchases(work->result, metric)};
    if (sample->shares) return; /* hits are counted: no centre */
    double sum = 0.0;
    for (uint32_t i = 0; i < work->table.count; i++)
        sum += ab_expected(work, i, work->winners[0][i], metric);
    sample->centre = sum / work->table.count;
}

static void add(struct ab_sums *sums, double y, double x)
{
    sums->n++;
    sums->y += y;
    sums->yy += y * y;
    sums->x += x;
    sums->xx += x * x;
    sums->xy += x * y;
}

void ab_sample_take(const struct ab_work *work, struct ab_sample *sample, uint32_t order)
{
    const uint8_t was = work->winners[0][order], is = work->winners[sample->variant + 1][order];
    const double a = ab_expected(work, order, was, sample->metric);
    const double b = was == is ? a : ab_expected(work, order, is, sample->metric);
    const unsigned arm = work->arm_of[order];
    sample->orders++;
    sample->differing += was != is;
    sample->gained += b > a;
    sample->lost += b < a;
    add(&sample->shadow, b - a, a - sample->centre);
    if (arm != 0 && arm != sample->variant + 1) return;
    const unsigned side = arm == 0 ? 0 : 1;
    const double y = ab_seen(work, order, side == 0 ? was : is, sample->metric) - sample->centre;
    const double x = 0.5 * (a + b) - sample->centre;
    add(&sample->all[side], y, x);
    if (was != is) add(&sample->discordant[side], y, x);
}

/* ---- moments ---- */

static double within(double squares, double a, double b, uint64_t n) /* sum of products */
{
    return n == 0 ? 0.0 : squares - a * b / (double)n;
}

static struct stats_moments moments_of(const struct ab_sums *sums, double centre)
{
    const double n = (double)sums->n, left = within(sums->yy, sums->y, sums->y, sums->n);
    struct stats_moments moments = {.n = sums->n,
                                    .mean = sums->n > 0 ? centre + sums->y / n : (double)NAN,
                                    .variance = (double)NAN};
    if (sums->n < 2) return moments;
    moments.variance = left > NOTHING * sums->yy ? left / (n - 1.0) : 0.0;
    return moments;
}

/* Slope of y on x within arms. */
static double slope_of(const struct ab_sums sums[2])
{
    double xx = 0.0, xy = 0.0, squares = 0.0;
    for (unsigned s = 0; s < 2; s++) {
        xx += within(sums[s].xx, sums[s].x, sums[s].x, sums[s].n);
        xy += within(sums[s].xy, sums[s].x, sums[s].y, sums[s].n);
        squares += sums[s].xx;
    }
    return xx > NOTHING * squares ? xy / xx : 0.0;
}

/* Moments of y - theta (x - mean of x over both arms). */
static struct stats_moments adjusted_moments(const struct ab_sample *sample, unsigned side,
                                             double theta)
{
    const struct ab_sums *sums = &sample->all[side];
    const uint64_t both = sample->all[0].n + sample->all[1].n;
    const double mean_x = (sample->all[0].x + sample->all[1].x) / (double)both;
    struct stats_moments moments = moments_of(sums, sample->centre);
    if (sums->n < 2) return moments;
    const double yy = within(sums->yy, sums->y, sums->y, sums->n);
    const double xy = within(sums->xy, sums->x, sums->y, sums->n);
    const double xx = within(sums->xx, sums->x, sums->x, sums->n);
    const double left = yy - 2.0 * theta * xy + theta * theta * xx;
    moments.mean -= theta * (sums->x / (double)sums->n - mean_x);
    moments.variance = left > NOTHING * yy ? left / ((double)sums->n - 1.0) : 0.0;
    return moments;
}

/* ---- tests ---- */

static struct stats_test nothing_known(void)
{
    return (struct stats_test){.value = (double)NAN,
                               .low = (double)NAN,
                               .high = (double)NAN,
                               .error = (double)NAN,
                               .statistic = (double)NAN,
                               .freedom = (double)NAN,
                               .p = (double)NAN};
}

/* The policies decide alike: no order can differ. */
static struct stats_test no_difference(uint64_t n_a, uint64_t n_b)
{
    return (struct stats_test){.statistic = (double)NAN,
                               .freedom = (double)NAN,
                               .p = 1.0,
                               .n_a = n_a,
                               .n_b = n_b,
                               .method = STATS_TEST_SAME};
}

static struct stats_share hits_of(const struct ab_sums *sums)
{
    return (struct stats_share){(uint64_t)llround(sums->y), sums->n};
}

static struct stats_test share_test(const struct ab_sums sums[2], double level)
{
    const struct stats_shares found =
        stats_test_shares(hits_of(&sums[0]), hits_of(&sums[1]), level);
    if (found.method == STATS_TEST_NONE) return nothing_known();
    const double a = found.share_a, b = found.share_b;
    return (struct stats_test){
        .value = found.difference,
        .low = found.low,
        .high = found.high,
        .error = sqrt(a * (1.0 - a) / (double)found.n_a + b * (1.0 - b) / (double)found.n_b),
        .statistic = found.method == STATS_TEST_Z ? found.z_pooled : (double)NAN,
        .freedom = (double)NAN,
        .p = found.p,
        .n_a = found.n_a,
        .n_b = found.n_b,
        .method = found.method};
}

static struct stats_test unpaired(const struct ab_sample *sample, const struct ab_sums sums[2],
                                  double level)
{
    if (sample->shares) return share_test(sums, level);
    return stats_test_welch(moments_of(&sums[0], sample->centre),
                            moments_of(&sums[1], sample->centre), level);
}

/* What is seen on the triggered, over all: the others cannot differ. */
static struct stats_test diluted(const struct ab_sample *sample, double level)
{
    const double share =
        sample->orders > 0 ? (double)sample->differing / (double)sample->orders : 0.0;
    if (sample->differing == 0) return no_difference(0, 0);
    struct stats_test test = unpaired(sample, sample->discordant, level);
    test.value *= share;
    test.low *= share;
    test.high *= share;
    test.error *= share;
    return test;
}

struct stats_test ab_estimate_triggered(const struct ab_sample *sample, double level)
{
    return sample->differing == 0 ? nothing_known() : unpaired(sample, sample->discordant, level);
}

struct stats_test ab_estimate(const struct ab_sample *sample, enum ab_estimator estimator,
                              double level)
{
    switch (estimator) {
    case AB_RAW:
        return unpaired(sample, sample->all, level);
    case AB_CUPED: {
        if (sample->all[0].n == 0 || sample->all[1].n == 0) return nothing_known();
        if (sample->counted && sample->differing == 0) /* x is y */
            return no_difference(sample->all[0].n, sample->all[1].n);
        const double theta = slope_of(sample->all);
        return stats_test_welch(adjusted_moments(sample, 0, theta),
                                adjusted_moments(sample, 1, theta), level);
    }
    case AB_DISCORDANT:
        return diluted(sample, level);
    case AB_SHADOW:
        return stats_test_paired(moments_of(&sample->shadow, 0.0), level);
    case AB_ESTIMATORS:
        break;
    }
    assert(!"an estimator");
    return nothing_known();
}

static void adjust_means(const struct ab_sample *sample, struct ab_value *value)
{
    const struct ab_sums *shadow = &sample->shadow;
    const bool both = sample->all[0].n > 0 && sample->all[1].n > 0;
    value->adjusted_a = value->a;
    if (value->judged_by == AB_CUPED && both)
        value->adjusted_a = adjusted_moments(sample, 0, value->theta).mean;
    if (value->judged_by == AB_SHADOW && shadow->n > 0)
        value->adjusted_a = sample->centre + shadow->x / (double)shadow->n;
    value->adjusted_b = value->adjusted_a + value->tests[value->judged_by].value;
}

/* After `tests`. */
void ab_describe(const struct ab_sample *sample, struct ab_value *value)
{
    const struct stats_moments a = moments_of(&sample->all[0], sample->centre);
    const struct stats_moments b = moments_of(&sample->all[1], sample->centre);
    struct ab_sums x[2] = {sample->all[0], sample->all[1]};
    double before = 0.0, after = 0.0;
    value->a = a.mean;
    value->b = b.mean;
    value->theta = slope_of(sample->all);
    for (unsigned s = 0; s < 2; s++) {
        const struct ab_sums *sums = &sample->all[s];
        const double xx = within(sums->xx, sums->x, sums->x, sums->n);
        const double xy = within(sums->xy, sums->x, sums->y, sums->n);
        const double yy = within(sums->yy, sums->y, sums->y, sums->n);
        before += yy;
        after += yy - 2.0 * value->theta * xy + value->theta * value->theta * xx;
        x[s].y = sums->x;
        x[s].yy = sums->xx;
    }
    value->reduction = before > 0.0 ? fmax(0.0, 1.0 - after / before) : (double)NAN;
    adjust_means(sample, value);
    value->imbalance_p = stats_test_welch(moments_of(&x[0], 0.0), moments_of(&x[1], 0.0), 0.95).p;
}

/* ---- looks ---- */

uint64_t ab_units(const struct ab_sample *sample, enum ab_estimator estimator)
{
    switch (estimator) {
    case AB_RAW:
    case AB_CUPED:
        return sample->all[0].n + sample->all[1].n;
    case AB_DISCORDANT:
        return sample->discordant[0].n + sample->discordant[1].n;
    case AB_SHADOW:
        return sample->orders;
    case AB_ESTIMATORS:
        break;
    }
    return 0;
}

struct sequence_look ab_look(const struct ab_work *work, const struct ab_sample *sample,
                             const struct stats_test *test, enum ab_estimator estimator)
{
    const struct ab_result *result = work->result;
    const double of_all = estimator == AB_DISCORDANT
                              ? result->variants[sample->variant].triggered_share
                          : estimator == AB_SHADOW ? 0.5 * result->arm_count
                                                   : 1.0;
    const struct sequence_rule rule = {
        .alpha = result->alpha, .tuning = fmax(SEQUENCE_UNITS_LEAST, result->tuning * of_all)};
    return sequence_of((struct sequence_estimate){.value = test->value,
                                                  .error = test->error,
                                                  .n = ab_units(sample, estimator)},
                       rule);
}
