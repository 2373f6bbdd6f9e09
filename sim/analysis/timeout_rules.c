#include "sim/analysis/timeout_rules.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/latency_quantile.h"
#include "sim/analysis/stats.h"
#include "sim/analysis/stats_binomial.h"

const char *const timeout_rule_names[TIMEOUT_RULES + 1] = {
    [TIMEOUT_TODAY] = "today", [TIMEOUT_P95_PLUS] = "p95+", [TIMEOUT_P99] = "p99",
    [TIMEOUT_P999] = "p99.9",  [TIMEOUT_CLAMP] = "clamp",   [TIMEOUT_TARGET] = "target",
    [TIMEOUT_KNEE] = "knee",   [TIMEOUT_COST] = "cost",
};

#define LEVEL 0.95
enum { SHAPE_LEAST = 50 }; /* samples of a curve whose knee, or cheapest point, means anything */

struct timeout_setup timeout_setup_default(void)
{
    return (struct timeout_setup){.base_us = 2000000,
                                  .clamp_quantile = 0.99,
                                  .clamp_base_us = 500000,
                                  .least_us = 1000000,
                                  .most_us = 15000000,
                                  .target = 0.99};
}

/* ---- what a timeout achieves ---- */

/* Clopper and Pearson's interval about hits of n. */
static struct timeout_share share_of(uint64_t hits, uint64_t n)
{
    struct timeout_share share = {hits, n, (double)NAN, (double)NAN, (double)NAN};
    assert(hits <= n);
    if (n == 0) return share;
    share.value = (double)hits / (double)n;
    stats_binomial_interval(hits, n, LEVEL, &share.low, &share.high);
    return share;
}

struct ends { /* the instants of a series at which something became known, rising */
    int64_t *answered_us, *censored_us;
    uint32_t answered, censored, asked;
    uint32_t given_up; /* censored, and not at a hard cap */
};

static int compare_us(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static void ends_release(struct ends *ends)
{
    free(ends->answered_us);
    free(ends->censored_us);
}

static bool ends_make(struct ends *ends, const struct latency_series *series, struct err *err)
{
    *ends = (struct ends){.asked = series->count};
    ends->answered_us = memory_resize(NULL, series->count + 1u, sizeof *ends->answered_us);
    ends->censored_us = memory_resize(NULL, series->count + 1u, sizeof *ends->censored_us);
    if (ends->answered_us == NULL || ends->censored_us == NULL) {
        ends_release(ends);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for latencies");
    }
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *sample = &series->samples[i];
        if (sample->fate == LATENCY_ANSWERED) ends->answered_us[ends->answered++] = sample->us;
        if (sample->fate == LATENCY_CENSORED) ends->censored_us[ends->censored++] = sample->us;
        ends->given_up += sample->fate == LATENCY_CENSORED && !sample->capped;
    }
    if (ends->answered > 1)
        qsort(ends->answered_us, ends->answered, sizeof *ends->answered_us, compare_us);
    if (ends->censored > 1)
        qsort(ends->censored_us, ends->censored, sizeof *ends->censored_us, compare_us);
    return true;
}

/* How many of them lie before `us`. */
static uint32_t before(const int64_t *sorted_us, uint32_t count, int64_t us)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (sorted_us[middle] < us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct timeout_achieved achieved_by(const struct ends *ends, const struct survival *curve,
                                           int64_t timeout_us)
{
    const uint32_t in_time = before(ends->answered_us, ends->answered, timeout_us);
    const uint32_t unknown = before(ends->censored_us, ends->censored, timeout_us);
    const double asked = (double)ends->asked;
    struct timeout_achieved achieved = {
        .success = share_of(in_time, ends->asked),
        .success_possible = (double)NAN,
        .caught = timeout_us > 0 ? survival_at(curve, timeout_us - 1).reached : 0.0,
        .false_timeouts = share_of(ends->answered - in_time, ends->asked),
        .false_possible = (double)NAN,
    };
    if (ends->asked == 0) return achieved;
    /* What nobody knows widens the interval: none of it, or all of it. */
    achieved.success.high = share_of(in_time + unknown, ends->asked).high;
    achieved.false_timeouts.high =
        share_of(ends->answered - in_time + ends->given_up, ends->asked).high;
    if (ends->given_up > 0 && ends->answered == in_time) /* none was seen, and none could be */
        achieved.false_timeouts.value = (double)NAN;
    achieved.success_possible = (double)(in_time + unknown) / asked;
    achieved.false_possible = (double)(ends->answered - in_time + ends->censored) / asked;
    return achieved;
}

/* The calls that were answered, or may have been: without those that hung to the hard cap. */
static bool answerable(const struct latency_series *series, struct latency_series *kept,
                       struct err *err)
{
    *kept = (struct latency_series){.provider = series->provider};
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *sample = &series->samples[i];
        if (sample->fate == LATENCY_CENSORED && sample->capped) continue;
        if (!latency_add(kept, sample, err)) return false;
    }
    return true;
}

bool timeout_curve(const struct latency_series *series, const int64_t *timeouts_us, uint32_t count,
                   struct timeout_achieved *achieved, struct err *err)
{
    struct ends ends;
    struct latency_series kept;
    struct survival curve = {0};
    if (!ends_make(&ends, series, err)) return false;
    const bool ok = answerable(series, &kept, err) && survival_make(&curve, &kept, LEVEL, err);
    for (uint32_t i = 0; ok && i < count; i++)
        achieved[i] = achieved_by(&ends, &curve, timeouts_us[i]);
    survival_release(&curve);
    latency_series_release(&kept);
    ends_release(&ends);
    return ok;
}

bool timeout_achieves(const struct latency_series *series, int64_t timeout_us,
                      struct timeout_achieved *achieved, struct err *err)
{
    return timeout_curve(series, &timeout_us, 1, achieved, err);
}

/* ---- the rules ---- */

/* The least whole millisecond before which an answer at `us` has come. */
static int64_t just_after(double us)
{
    return ((int64_t)floor(us) / 1000 + 1) * 1000;
}

static const struct timeout_advice none = {
    .state = TIMEOUT_UNKNOWN, .low_us = -1, .high_us = -1, .target = (double)NAN};

static struct timeout_advice found(double us)
{
    struct timeout_advice advice = none;
    advice.state = TIMEOUT_FOUND;
    advice.us = just_after(us);
    return advice;
}

static struct timeout_advice too_few(uint64_t needs)
{
    struct timeout_advice advice = none;
    advice.state = TIMEOUT_TOO_FEW;
    advice.needs = needs;
    return advice;
}

static struct timeout_advice beyond(double us)
{
    struct timeout_advice advice = none;
    advice.state = TIMEOUT_BEYOND;
    advice.us = (int64_t)us;
    return advice;
}

static int64_t end_of(const struct latency_end *end, int64_t plus_us)
{
    switch (end->state) {
    case LATENCY_END_KNOWN:
        return just_after(end->us) + plus_us;
    case LATENCY_END_BEYOND:
        return INT64_MAX;
    case LATENCY_END_NONE:
        break;
    }
    return -1;
}

/* What timed out counts; Kaplan and Meier's curve sees further where timeouts differed. */
static struct latency_quantile quantile_of(const struct latency_ranks *ranks, double probability)
{
    const struct latency_quantile plain =
        latency_quantile(ranks, LATENCY_CENSORED_RANKS, probability);
    if (plain.state != LATENCY_BEYOND) return plain;
    const struct latency_quantile curve = latency_quantile(ranks, LATENCY_KM, probability);
    return curve.state == LATENCY_OK ? curve : plain;
}

static struct timeout_advice by_quantile(const struct latency_ranks *ranks, double probability,
                                         int64_t plus_us)
{
    const struct latency_quantile quantile = quantile_of(ranks, probability);
    struct timeout_advice advice = none;
    switch (quantile.state) {
    case LATENCY_OK:
        advice = found(quantile.us);
        advice.us += plus_us;
        break;
    case LATENCY_TOO_FEW:
        return too_few((uint64_t)ceil(LATENCY_SAMPLES_BEYOND / (1.0 - probability) - 1e-9));
    case LATENCY_BEYOND:
        advice = beyond(quantile.beyond_us + (double)plus_us);
        break;
    }
    advice.low_us = end_of(&quantile.low, plus_us);
    advice.high_us = end_of(&quantile.high, plus_us);
    return advice;
}

static int64_t clamp(int64_t us, const struct timeout_setup *setup)
{
    if (us == INT64_MAX || us < 0) return us;
    return us < setup->least_us ? setup->least_us : us > setup->most_us ? setup->most_us : us;
}

static struct timeout_advice by_clamp(const struct latency_ranks *ranks,
                                      const struct timeout_setup *setup)
{
    struct timeout_advice advice = by_quantile(ranks, setup->clamp_quantile, setup->clamp_base_us);
    if (advice.state == TIMEOUT_BEYOND && advice.us >= setup->most_us)
        advice.state = TIMEOUT_FOUND; /* however much it is beyond, it is cut to that */
    if (advice.state != TIMEOUT_FOUND) return advice;
    advice.us = clamp(advice.us, setup);
    advice.low_us = clamp(advice.low_us, setup);
    advice.high_us = clamp(advice.high_us, setup);
    return advice;
}

/* The least rank whose order statistic is, with 95% confidence, no less than the quantile: 0 when n
 * carries none. P(X(r) >= q) = P(fewer than r of n lie below q) = P(B <= r - 1). */
static uint64_t rank_above(uint64_t n, double probability)
{
    if (n == 0 || stats_binomial_at_most(n - 1, n, probability) < LEVEL) return 0;
    uint64_t low = 1, high = n;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (stats_binomial_at_most(middle - 1, n, probability) >= LEVEL) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static struct timeout_advice by_target(const struct latency_ranks *ranks,
                                       const struct timeout_setup *setup)
{
    static const double lowered[] = {0.99, 0.95, 0.90, 0.80};
    const uint64_t n = ranks->watched;
    double target = setup->target;
    uint64_t rank = rank_above(n, target);
    for (size_t i = 0; rank == 0 && i < sizeof lowered / sizeof lowered[0]; i++) {
        if (lowered[i] >= setup->target) continue;
        target = lowered[i];
        rank = rank_above(n, target);
    }
    if (rank == 0) {
        const double least = setup->target < 0.80 ? setup->target : 0.80;
        return too_few((uint64_t)ceil(log(1.0 - LEVEL) / log(least) - 1e-9));
    }
    struct timeout_advice advice = rank <= ranks->known ? found(ranks->watched_us[rank - 1])
                                                        : beyond((double)ranks->first_censored_us);
    const struct latency_quantile quantile =
        latency_quantile(ranks, LATENCY_CENSORED_RANKS, target);
    advice.target = target;
    advice.low_us = end_of(&quantile.low, 0);
    advice.high_us = end_of(&quantile.high, 0);
    return advice;
}

static struct timeout_advice by_knee(const struct survival *curve)
{
    if (curve->n < SHAPE_LEAST || curve->count == 0) return too_few(SHAPE_LEAST);
    const struct survival_step *first = &curve->steps[0], *last = &curve->steps[curve->count - 1];
    const double width = (double)(last->us - first->us);
    uint32_t best = 0;
    double most = -1.0;
    for (uint32_t i = 0; i < curve->count && width > 0.0; i++) {
        const double x = (double)(curve->steps[i].us - first->us) / width;
        const double y = curve->steps[i].reached / last->reached;
        if (y - x > most) {
            most = y - x;
            best = i;
        }
    }
    return found((double)curve->steps[best].us);
}

/* Waiting costs by the second that a call takes, capped by the timeout; every answer that it cuts
 * off costs a quote. Just after an answer is where a timeout can be cheapest. */
static struct timeout_advice by_cost(const struct survival *curve,
                                     const struct timeout_setup *setup)
{
    if (!(setup->wait_cents_per_s > 0.0) || !(setup->lost_quote_cents > 0.0)) return none;
    if (curve->n < SHAPE_LEAST) return too_few(SHAPE_LEAST);
    double waited_s = 0.0, cheapest = HUGE_VAL;
    int64_t at_us = 0, best_us = 0;
    for (uint32_t i = 0; i < curve->count; i++) {
        const struct survival_step *step = &curve->steps[i];
        const double alive = i == 0 ? 1.0 : curve->steps[i - 1].survival;
        waited_s += alive * (double)(step->us - at_us) * 1e-6;
        at_us = step->us;
        const double cost =
            setup->wait_cents_per_s * waited_s - setup->lost_quote_cents * step->reached;
        if (cost < cheapest) {
            cheapest = cost;
            best_us = step->us;
        }
    }
    return curve->count == 0 ? too_few(SHAPE_LEAST) : found((double)best_us);
}

static struct timeout_advice by_today(const struct latency_series *series)
{
    struct timeout_advice advice = none;
    if (series->timeout_us <= 0) return advice;
    advice.state = TIMEOUT_FOUND;
    advice.us = series->timeout_us;
    return advice;
}

static bool apply_target(const struct latency_series *series, const struct timeout_setup *setup,
                         struct timeout_advice *advice, struct err *err)
{
    struct latency_series kept;
    struct latency_ranks ranks = {0};
    const bool ok = answerable(series, &kept, err) && latency_ranks_make(&ranks, &kept, LEVEL, err);
    if (ok) *advice = by_target(&ranks, setup);
    latency_ranks_release(&ranks);
    latency_series_release(&kept);
    return ok;
}

bool timeout_rules_apply(const struct latency_series *series, const struct timeout_setup *setup,
                         struct timeout_advice advice[TIMEOUT_RULES], struct err *err)
{
    struct latency_ranks ranks;
    if (!latency_ranks_make(&ranks, series, LEVEL, err)) return false;
    advice[TIMEOUT_TODAY] = by_today(series);
    advice[TIMEOUT_P95_PLUS] = by_quantile(&ranks, 0.95, setup->base_us);
    advice[TIMEOUT_P99] = by_quantile(&ranks, 0.99, 0);
    advice[TIMEOUT_P999] = by_quantile(&ranks, 0.999, 0);
    advice[TIMEOUT_CLAMP] = by_clamp(&ranks, setup);
    advice[TIMEOUT_KNEE] = by_knee(&ranks.curve);
    advice[TIMEOUT_COST] = by_cost(&ranks.curve, setup);
    latency_ranks_release(&ranks);
    if (!apply_target(series, setup, &advice[TIMEOUT_TARGET], err)) return false;
    int64_t timeouts_us[TIMEOUT_RULES] = {0};
    struct timeout_achieved achieved[TIMEOUT_RULES];
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        if (advice[r].state == TIMEOUT_FOUND) timeouts_us[r] = advice[r].us;
    if (!timeout_curve(series, timeouts_us, TIMEOUT_RULES, achieved, err)) return false;
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        if (advice[r].state == TIMEOUT_FOUND) advice[r].achieved = achieved[r];
    return true;
}
