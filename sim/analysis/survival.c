#include "sim/analysis/survival.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "router/base/memory.h"

/* A quantile of .95 where 95 of 100 answers have come: both are doubles nearest to the same number,
 * but after a censoring F carries the rounding of its product. */
#define ROUNDING 1e-12

/* ---- in order of time ---- */

static int compare_keys(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* A time, and in its lowest bit whether watching ended there: answers sort before what was censored
 * at the same instant. */
static int64_t key_of(const struct latency_sample *sample)
{
    return sample->us * 2 + (sample->fate == LATENCY_CENSORED);
}

static bool is_rising(const int64_t *keys, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (keys[i] < keys[i - 1]) return false;
    }
    return true;
}

static int64_t longest_of(const struct latency_sample *samples, uint32_t count)
{
    int64_t longest_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        const bool watched =
            samples[i].fate == LATENCY_ANSWERED || samples[i].fate == LATENCY_CENSORED;
        if (watched && samples[i].us > longest_us) longest_us = samples[i].us;
    }
    return longest_us;
}

static void take_samples(struct survival *curve, int64_t *keys,
                         const struct latency_sample *samples, uint32_t count)
{
    const int64_t longest_us = longest_of(samples, count);
    for (uint32_t i = 0; i < count; i++) {
        struct latency_sample hung = samples[i];
        hung.us = longest_us;
        switch ((enum latency_fate)samples[i].fate) {
        case LATENCY_ANSWERED:
            curve->events++;
            keys[curve->n++] = key_of(&samples[i]);
            break;
        case LATENCY_CENSORED:
            curve->censored++;
            keys[curve->n++] = key_of(samples[i].capped ? &hung : &samples[i]);
            break;
        case LATENCY_FAILED:
            curve->failed++;
            break;
        case LATENCY_UNTIMED:
            curve->untimed++;
            break;
        case LATENCY_FATES:
            assert(false);
        }
    }
    if (!is_rising(keys, curve->n)) qsort(keys, curve->n, sizeof *keys, compare_keys);
}

/* ---- the curve ---- */

/* S and F at the last censoring and how many were watched after it: from there on S falls by whole
 * shares of what it was, which is the product of Kaplan and Meier with its inner factors cancelled,
 * and without their rounding. */
struct base {
    double survival, reached;
    uint32_t watched;
};

static void fill_interval(struct survival_step *step, double deviate)
{
    step->low = step->high = (double)NAN;
    if (!(step->survival > 0.0 && step->survival < 1.0)) return;
    const double width = deviate * sqrt(step->greenwood) / fabs(log(step->survival));
    step->low = pow(step->survival, exp(width));
    step->high = pow(step->survival, exp(-width));
}

static void add_step(struct survival *curve, struct base base, int64_t us, uint32_t at_risk,
                     uint32_t events, double deviate)
{
    const struct survival_step *before = curve->count == 0 ? NULL : &curve->steps[curve->count - 1];
    struct survival_step *step = &curve->steps[curve->count++];
    const uint32_t gone = base.watched - (at_risk - events); /* answers since the base */
    const double left = (double)(at_risk - events), n = (double)at_risk, d = (double)events;
    *step = (struct survival_step){.us = us, .at_risk = at_risk, .events = events};
    step->survival = base.survival * (left / (double)base.watched);
    step->reached = base.reached + base.survival * ((double)gone / (double)base.watched);
    if (at_risk == events) step->reached = 1.0;
    step->greenwood = (before == NULL ? 0.0 : before->greenwood) +
                      (left > 0.0 ? d / (n * left) : (double)INFINITY);
    fill_interval(step, deviate);
    step->least_low = fmin(before == NULL ? 1.0 : before->least_low, step->low);
    step->least_high = fmin(before == NULL ? 1.0 : before->least_high, step->high);
}

/* Walks the keys: runs of equal answers make steps, censorings begin a new base. */
static void walk(struct survival *curve, const int64_t *keys, double deviate)
{
    struct base base = {1.0, 0.0, curve->n};
    for (uint32_t i = 0; i < curve->n;) {
        uint32_t next = i + 1;
        while (next < curve->n && keys[next] == keys[i])
            next++;
        if ((keys[i] & 1) == 0) {
            add_step(curve, base, keys[i] / 2, curve->n - i, next - i, deviate);
        } else {
            const struct survival_step *last =
                curve->count == 0 ? NULL : &curve->steps[curve->count - 1];
            base = (struct base){last == NULL ? 1.0 : last->survival,
                                 last == NULL ? 0.0 : last->reached, curve->n - next};
        }
        i = next;
    }
}

static uint32_t count_steps(const int64_t *keys, uint32_t count)
{
    uint32_t steps = 0;
    for (uint32_t i = 0; i < count; i++)
        steps += (keys[i] & 1) == 0 && (i == 0 || keys[i - 1] != keys[i]);
    return steps;
}

bool survival_from_samples(struct survival *curve, const struct latency_sample *samples,
                           uint32_t count, double level, struct err *err)
{
    assert(level > 0.0);
    assert(level < 1.0);
    *curve = (struct survival){.level = level};
    int64_t *keys = memory_resize(NULL, count + 1u, sizeof *keys);
    if (keys != NULL) {
        take_samples(curve, keys, samples, count);
        curve->steps = memory_resize(NULL, count_steps(keys, curve->n) + 1u, sizeof *curve->steps);
    }
    if (keys == NULL || curve->steps == NULL) {
        free(keys);
        *curve = (struct survival){.level = level};
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a curve");
    }
    walk(curve, keys, gsl_cdf_ugaussian_Pinv(0.5 + level / 2.0));
    for (uint32_t i = 0; i < curve->n; i++)
        keys[i] /= 2;
    curve->watched_us = keys;
    if (curve->n > 0) curve->last_us = keys[curve->n - 1];
    return true;
}

bool survival_make(struct survival *curve, const struct latency_series *series, double level,
                   struct err *err)
{
    return survival_from_samples(curve, series->samples, series->count, level, err);
}

void survival_release(struct survival *curve)
{
    free(curve->steps);
    free(curve->watched_us);
    *curve = (struct survival){0};
}

/* ---- questions ---- */

/* The last step at or before an instant; NULL before the first. */
static const struct survival_step *step_at(const struct survival *curve, int64_t us)
{
    uint32_t below = 0, above = curve->count; /* steps before `below` are at or before us */
    while (below < above) {
        const uint32_t middle = below + (above - below) / 2;
        if (curve->steps[middle].us <= us) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    return below == 0 ? NULL : &curve->steps[below - 1];
}

static uint32_t watched_for(const struct survival *curve, int64_t us)
{
    uint32_t below = 0, above = curve->n;
    while (below < above) {
        const uint32_t middle = below + (above - below) / 2;
        if (curve->watched_us[middle] < us) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    return curve->n - below;
}

struct survival_point survival_at(const struct survival *curve, int64_t us)
{
    const struct survival_step *step = step_at(curve, us);
    struct survival_point point = {.survival = 1.0,
                                   .reached = 0.0,
                                   .low = (double)NAN,
                                   .high = (double)NAN,
                                   .at_risk = watched_for(curve, us)};
    if (step != NULL) {
        point.survival = step->survival;
        point.reached = step->reached;
        point.error = step->survival > 0.0 ? step->survival * sqrt(step->greenwood) : 0.0;
        point.low = step->low;
        point.high = step->high;
    }
    if (curve->n > 0 && (us <= curve->last_us || point.survival == 0.0)) return point;
    return (struct survival_point){(double)NAN, (double)NAN, (double)NAN,
                                   (double)NAN, (double)NAN, 0};
}

/* The first step at which what falls along the curve has come down to a bound. */
typedef bool (*survival_test)(const struct survival_step *step, double probability);

static bool has_reached(const struct survival_step *step, double probability)
{
    return step->reached >= probability - ROUNDING;
}

static bool low_has_come_down(const struct survival_step *step, double probability)
{
    return step->least_low <= 1.0 - probability + ROUNDING;
}

static bool high_has_come_down(const struct survival_step *step, double probability)
{
    return step->least_high <= 1.0 - probability + ROUNDING;
}

static struct survival_end first_step(const struct survival *curve, double probability,
                                      survival_test test)
{
    uint32_t below = 0, above = curve->count;
    while (below < above) {
        const uint32_t middle = below + (above - below) / 2;
        if (test(&curve->steps[middle], probability)) {
            above = middle;
        } else {
            below = middle + 1;
        }
    }
    if (below < curve->count)
        return (struct survival_end){SURVIVAL_REACHED, curve->steps[below].us};
    return (struct survival_end){SURVIVAL_BEYOND, curve->last_us};
}

struct survival_quantile survival_quantile(const struct survival *curve, double probability)
{
    assert(probability > 0.0);
    assert(probability < 1.0);
    const struct survival_end unknown = {SURVIVAL_UNKNOWN, 0};
    struct survival_quantile quantile = {unknown, unknown, unknown};
    if (curve->n == 0) return quantile;
    quantile.value = first_step(curve, probability, has_reached);
    quantile.low = first_step(curve, probability, low_has_come_down);
    quantile.high = first_step(curve, probability, high_has_come_down);
    /* Where S falls to 0 at once no bound came down before it: the curve's own fall is one. */
    if (quantile.value.state == SURVIVAL_REACHED &&
        (quantile.low.state != SURVIVAL_REACHED || quantile.low.us > quantile.value.us))
        quantile.low = unknown;
    return quantile;
}
