#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>

#include "router/base/random.h"
#include "sim/analysis/distribution_state.h"
#include "sim/analysis/stats.h"

/* ---- distances ---- */

/* The integral of (c - u)^2 / (u (1 - u)) from a to b, given what is left above each: of
 * -1 + c^2/u + (1-c)^2/(1-u). */
struct stop {
    double below, above; /* u, 1 - u */
};

static double squared_distance(double c, struct stop a, struct stop b)
{
    double sum = -(b.below - a.below);
    if (c > 0.0) sum += c * c * log(b.below / a.below);
    if (c < 1.0) sum += (1.0 - c) * (1.0 - c) * log(a.above / b.above);
    return sum;
}

static struct stop stop_at(const struct fit_point *point, const struct fit_atom *atom)
{
    const double log_above = fit_log_survival(point, atom->us, atom->log_us);
    return (struct stop){-expm1(log_above), exp(log_above)};
}

/* Along the Kaplan-Meier curve, which is the empirical one where nothing is censored. */
void fit_distances(const struct fit *fit, const struct fit_sample *sample, double *ks, double *ad)
{
    const struct fit_point point = fit_point_of(fit->law, fit->values);
    const double n = (double)(sample->answered + sample->censored);
    double at_risk = n, left = 1.0, sum = 0.0;
    struct stop from = {0.0, 1.0};
    *ks = 0.0;
    for (uint32_t i = 0; i < sample->count; i++) {
        const struct fit_atom *atom = &sample->atoms[i];
        const bool last = i + 1 == sample->count;
        if (atom->answered > 0.0 || last) {
            const struct stop here = stop_at(&point, atom);
            sum += squared_distance(1.0 - left, from, here);
            *ks = fmax(*ks, fabs(here.above - left));
            left *= 1.0 - atom->answered / at_risk;
            if (last && !(atom->censored > 0.0)) left = 0.0;
            *ks = fmax(*ks, fabs(here.above - left));
            from = here;
        }
        at_risk -= atom->answered + atom->censored;
    }
    if (!(left > 0.0)) sum += squared_distance(1.0, from, (struct stop){1.0, 0.0});
    *ad = isnan(sum) ? (double)INFINITY : n * sum;
}

/* ---- draws ---- */

struct caps {             /* when watching ended: the Kaplan-Meier curve of censoring */
    double *us, *reached; /* up to this time, so much of it has ended */
    uint32_t count;
};

static bool caps_make(struct caps *caps, const struct fit_sample *sample)
{
    *caps = (struct caps){.us = calloc(sample->count, sizeof *caps->us),
                          .reached = calloc(sample->count, sizeof *caps->reached)};
    if (caps->us == NULL || caps->reached == NULL) return false;
    double at_risk = (double)(sample->answered + sample->censored), left = 1.0;
    for (uint32_t i = 0; i < sample->count; i++) {
        const struct fit_atom *atom = &sample->atoms[i];
        at_risk -= atom->answered; /* an answer of the same time came first */
        if (atom->censored > 0.0) {
            left *= 1.0 - atom->censored / at_risk;
            caps->us[caps->count] = atom->us;
            caps->reached[caps->count++] = 1.0 - left;
        }
        at_risk -= atom->censored;
    }
    return true;
}

static double cap_at(const struct caps *caps, double share)
{
    for (uint32_t i = 0; i < caps->count; i++)
        if (share < caps->reached[i]) return caps->us[i];
    return INFINITY;
}

static double unit(uint64_t key, uint64_t what)
{
    return random_unit(random_draw(key, what)) + 0x1p-54;
}

static double draw(const struct fit *fit, uint64_t key)
{
    const double u = unit(key, 0);
    if (fit->law != FIT_BODY_TAIL) return fit_quantile(fit, u).us;
    const double z = gsl_cdf_ugaussian_Pinv(u);
    const bool tail = unit(key, 1) < fit->values[2];
    return fit->values[0] *
           (tail ? fit->values[3] * exp(fit->values[4] * z) : exp(fit->values[1] * z));
}

static double draw_key(const struct fit *fit, const struct caps *caps, double grain_us,
                       uint64_t key)
{
    const double us = fmax(grain_us, grain_us * round(draw(fit, key) / grain_us));
    const double cap = caps->count > 0 ? cap_at(caps, unit(key, 2)) : (double)INFINITY;
    return us > cap ? cap + 0.5 : us;
}

/* ---- p ---- */

struct further { /* resamples that lie at least as far off */
    uint32_t ks, ad;
};

static bool resample(struct fit_goodness *goodness, const struct fit *fit,
                     const struct fit_sample *sample, const struct caps *caps, uint64_t key,
                     double *keys, struct further *further, struct err *err)
{
    const uint32_t n = (uint32_t)fit->n;
    for (uint32_t i = 0; i < n; i++)
        keys[i] = draw_key(fit, caps, (double)sample->grain_us, random_key(key, i));
    gsl_sort(keys, 1, n);
    struct fit_sample drawn;
    struct fit again;
    bool ok =
        fit_sample_from(&drawn, keys, n, err) && fit_search(&again, &drawn, fit->law, fit, err);
    if (ok && again.reason == FIT_FINE) {
        double ks, ad;
        fit_distances(&again, &drawn, &ks, &ad);
        goodness->resamples++;
        further->ks += ks >= goodness->ks - 1e-12;
        further->ad += ad >= goodness->ad - 1e-12;
    } else if (ok) {
        goodness->unfit++;
    }
    fit_sample_release(&drawn);
    return ok;
}

static bool bootstrap(struct fit_goodness *goodness, const struct fit *fit,
                      const struct fit_sample *sample, uint32_t resamples, uint64_t seed,
                      struct err *err)
{
    struct caps caps;
    struct further further = {0};
    double *keys = calloc(fit->n, sizeof *keys);
    bool ok = caps_make(&caps, sample) && keys != NULL;
    if (!ok) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a fit");
    const uint64_t key = random_key(random_key(seed, RANDOM_BOOTSTRAP), fit->law);
    for (uint32_t i = 0; ok && i < resamples; i++)
        ok = resample(goodness, fit, sample, &caps, random_key(key, i), keys, &further, err);
    if (goodness->resamples > 0) {
        goodness->ks_p = (1.0 + further.ks) / (1.0 + goodness->resamples);
        goodness->ad_p = (1.0 + further.ad) / (1.0 + goodness->resamples);
    }
    free(keys);
    free(caps.us);
    free(caps.reached);
    return ok;
}

/* ---- tails ---- */

static struct fit_tail tail_of(const struct fit *fit, const struct fit_sample *sample,
                               double probability)
{
    struct fit_tail tail = {.probability = probability,
                            .at = fit_quantile(fit, probability),
                            .n = sample->answered + sample->censored,
                            .share = NAN,
                            .low = NAN,
                            .high = NAN};
    if (tail.at.reach == FIT_NO_VALUE) return tail;
    for (uint32_t i = 0; i < sample->count; i++) {
        const struct fit_atom *atom = &sample->atoms[i];
        if (atom->us > tail.at.us) tail.above += (uint64_t)atom->answered;
        if (atom->us >= tail.at.us) {
            tail.above += (uint64_t)atom->censored;
        } else {
            tail.unknown += (uint64_t)atom->censored;
        }
    }
    double ignored;
    stats_binomial_interval(tail.above, tail.n, 0.95, &tail.low, &ignored);
    stats_binomial_interval(tail.above + tail.unknown, tail.n, 0.95, &ignored, &tail.high);
    if (tail.unknown == 0) tail.share = (double)tail.above / (double)tail.n;
    return tail;
}

bool fit_judge(struct fit_goodness *goodness, const struct fit *fit,
               const struct fit_sample *sample, uint32_t resamples, uint64_t seed, struct err *err)
{
    *goodness = (struct fit_goodness){.ks = NAN, .ad = NAN, .ks_p = NAN, .ad_p = NAN};
    goodness->tails[0] = tail_of(fit, sample, 0.99);
    goodness->tails[1] = tail_of(fit, sample, 0.999);
    if (fit->reason != FIT_FINE) return true;
    assert(fit->n == sample->answered + sample->censored);
    fit_distances(fit, sample, &goodness->ks, &goodness->ad);
    if (resamples == 0 || fit->n > FIT_BOOTSTRAP_MOST) return true;
    return bootstrap(goodness, fit, sample, resamples, seed, err);
}
