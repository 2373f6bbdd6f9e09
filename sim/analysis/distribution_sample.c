#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>

#include "sim/analysis/distribution_state.h"
#include "sim/analysis/latency_scores.h"

static const double group_share = 1.0 / 512.0; /* of the middle half's width, in logarithms */

static bool no_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a fit");
}

static void describe(struct fit_sample *sample)
{
    for (uint32_t i = 0; i < sample->count; i++) {
        const struct fit_atom *atom = &sample->atoms[i];
        sample->answered += (uint64_t)atom->answered;
        sample->censored += (uint64_t)atom->censored;
        sample->largest_us = atom->us;
        if (!(atom->answered > 0.0)) continue;
        sample->last_answer_us = atom->us;
        if (sample->distinct < 3) sample->distinct++;
    }
    sample->grain_us = 1;
    for (bool divides = sample->largest_us > 0.0; divides;) {
        const int64_t grain = 10 * sample->grain_us;
        for (uint32_t i = 0; divides && i < sample->count; i++)
            divides = (int64_t)sample->atoms[i].us % grain == 0;
        if (divides) sample->grain_us = grain;
    }
}

/* The logarithm below which a share of all samples lies. */
static double log_quantile(const struct fit_sample *sample, double share)
{
    const double wanted = share * (double)(sample->answered + sample->censored);
    double seen = 0.0;
    for (uint32_t i = 0; i < sample->count; i++) {
        seen += sample->atoms[i].answered + sample->atoms[i].censored;
        if (seen >= wanted) return sample->atoms[i].log_us;
    }
    return NAN;
}

static bool group(struct fit_sample *sample, struct err *err)
{
    sample->groups = sample->atoms;
    sample->group_count = sample->count;
    if (sample->count <= FIT_ATOMS_MOST) return true;
    const double width = group_share * (log_quantile(sample, 0.75) - log_quantile(sample, 0.25));
    sample->groups = calloc(sample->count, sizeof *sample->groups);
    if (sample->groups == NULL) return no_memory(err);
    sample->group_count = 0;
    double begin = -INFINITY;
    struct fit_atom *groups = sample->groups;
    for (uint32_t i = 0; i < sample->count; i++) {
        const struct fit_atom atom = sample->atoms[i];
        if (!(atom.log_us - begin <= width)) {
            begin = atom.log_us;
            groups[sample->group_count++] = atom;
            continue;
        }
        struct fit_atom *into = &groups[sample->group_count - 1];
        const double all = into->answered + into->censored, more = atom.answered + atom.censored;
        into->us += (atom.us - into->us) * more / (all + more);
        into->log_us += (atom.log_us - into->log_us) * more / (all + more);
        into->answered += atom.answered;
        into->censored += atom.censored;
    }
    return true;
}

bool fit_sample_from(struct fit_sample *sample, const double *keys, uint32_t count, struct err *err)
{
    *sample = (struct fit_sample){0};
    sample->atoms = calloc(count > 0 ? count : 1, sizeof *sample->atoms);
    if (sample->atoms == NULL) return no_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        const double us = floor(keys[i]);
        struct fit_atom *atom = sample->count > 0 ? &sample->atoms[sample->count - 1] : NULL;
        if (atom == NULL || atom->us < us) {
            atom = &sample->atoms[sample->count++];
            *atom = (struct fit_atom){.us = us, .log_us = log(us)};
        }
        *(keys[i] > us ? &atom->censored : &atom->answered) += 1.0;
    }
    describe(sample);
    return group(sample, err);
}

bool fit_sample_make(struct fit_sample *sample, const struct latency_series *series,
                     struct err *err)
{
    *sample = (struct fit_sample){0};
    double *keys = calloc(series->count > 0 ? series->count : 1, sizeof *keys);
    if (keys == NULL) return no_memory(err);
    uint32_t count = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *each = &series->samples[i];
        if (!latency_scores_takes(each)) continue;
        assert(each->us >= 0);
        keys[count++] = (double)each->us + (each->fate == LATENCY_CENSORED ? 0.5 : 0.0);
    }
    gsl_sort(keys, 1, count);
    const bool made = fit_sample_from(sample, keys, count, err);
    free(keys);
    if (!made) fit_sample_release(sample);
    return made;
}

void fit_sample_release(struct fit_sample *sample)
{
    if (sample->groups != sample->atoms) free(sample->groups);
    free(sample->atoms);
    *sample = (struct fit_sample){0};
}
