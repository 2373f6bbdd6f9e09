#include "sim/analysis/latency_quantile.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "sim/analysis/stats.h"

const char *const latency_method_names[LATENCY_METHODS] = {
    [LATENCY_NAIVE] = "naive", [LATENCY_CENSORED_RANKS] = "censored", [LATENCY_KM] = "km"};

/* ---- sorting once ---- */

/* An answer after its timeout is one that nobody had: a log of that time has a timeout there. */
static bool came_in_time(const struct latency_sample *sample)
{
    return sample->fate == LATENCY_ANSWERED &&
           (sample->timeout_us == 0 || sample->us < sample->timeout_us);
}

/* The curve has the answers in order already. */
static void take_all_answers(struct latency_ranks *ranks)
{
    for (uint32_t i = 0; i < ranks->curve.count; i++) {
        const struct survival_step *step = &ranks->curve.steps[i];
        for (uint32_t k = 0; k < step->events; k++)
            ranks->in_time_us[ranks->in_time++] = (double)step->us;
    }
}

static void take_in_time(struct latency_ranks *ranks, const struct latency_series *series)
{
    uint32_t in_time = 0;
    for (uint32_t i = 0; i < series->count; i++)
        in_time += came_in_time(&series->samples[i]);
    if (in_time == ranks->curve.events) {
        take_all_answers(ranks);
        return;
    }
    for (uint32_t i = 0; i < series->count; i++) {
        if (came_in_time(&series->samples[i]))
            ranks->in_time_us[ranks->in_time++] = (double)series->samples[i].us;
    }
    gsl_sort(ranks->in_time_us, 1, ranks->in_time);
}

static void take_watched(struct latency_ranks *ranks, const struct latency_series *series)
{
    ranks->watched = ranks->curve.n;
    ranks->known = ranks->curve.n;
    for (uint32_t i = 0; i < ranks->watched; i++)
        ranks->watched_us[i] = (double)ranks->curve.watched_us[i];
    if (ranks->curve.censored == 0) return;
    int64_t first_us = INT64_MAX;
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *sample = &series->samples[i];
        if (sample->fate == LATENCY_CENSORED && sample->us < first_us) first_us = sample->us;
    }
    ranks->first_censored_us = first_us;
    ranks->known = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *sample = &series->samples[i];
        ranks->known += sample->fate == LATENCY_ANSWERED && sample->us <= first_us;
    }
}

bool latency_ranks_make(struct latency_ranks *ranks, const struct latency_series *series,
                        double level, struct err *err)
{
    *ranks = (struct latency_ranks){0};
    if (!survival_make(&ranks->curve, series, level, err)) return false;
    ranks->in_time_us = memory_resize(NULL, ranks->curve.n + 1u, sizeof *ranks->in_time_us);
    ranks->watched_us = memory_resize(NULL, ranks->curve.n + 1u, sizeof *ranks->watched_us);
    if (ranks->in_time_us == NULL || ranks->watched_us == NULL) {
        latency_ranks_release(ranks);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a ranking");
    }
    take_in_time(ranks, series);
    take_watched(ranks, series);
    assert(ranks->in_time <= ranks->watched);
    assert(ranks->known <= ranks->watched);
    return true;
}

void latency_ranks_release(struct latency_ranks *ranks)
{
    free(ranks->in_time_us);
    free(ranks->watched_us);
    survival_release(&ranks->curve);
    *ranks = (struct latency_ranks){0};
}

/* ---- one quantile ---- */

struct sorted { /* values of which the first `known` are what they are, the others more than `cap`
                 */
    const double *us;
    uint32_t count, known;
    double cap_us;
};

static const struct latency_end no_end = {LATENCY_END_NONE, (double)NAN};

static struct latency_end end_at(const struct sorted *sorted, uint64_t rank)
{
    assert(rank >= 1);
    assert(rank <= sorted->count);
    if (rank <= sorted->known) return (struct latency_end){LATENCY_END_KNOWN, sorted->us[rank - 1]};
    return (struct latency_end){LATENCY_END_BEYOND, sorted->cap_us};
}

static void fill_ends(struct latency_quantile *quantile, const struct sorted *sorted, double level)
{
    uint64_t low, high;
    quantile->exact = true;
    if (sorted->count == 0 ||
        !stats_quantile_ranks(sorted->count, quantile->probability, level, &low, &high))
        return;
    quantile->low = end_at(sorted, low);
    quantile->high = end_at(sorted, high);
}

/* Type 7; the two samples it lies between are looked at before what GSL makes of them. */
static void fill_value(struct latency_quantile *quantile, const struct sorted *sorted)
{
    const double index = quantile->probability * (double)(sorted->count - 1);
    const uint32_t lower = (uint32_t)index;
    const double delta = index - (double)lower;
    if (lower + (delta > 0.0) < sorted->known) {
        quantile->state = LATENCY_OK;
        quantile->us = gsl_stats_quantile_from_sorted_data(sorted->us, 1, sorted->count,
                                                           quantile->probability);
        return;
    }
    quantile->state = LATENCY_BEYOND;
    quantile->beyond_us = sorted->cap_us;
    if (lower < sorted->known)
        quantile->beyond_us = (1.0 - delta) * sorted->us[lower] + delta * sorted->cap_us;
}

static struct latency_end end_of(struct survival_end end)
{
    switch (end.state) {
    case SURVIVAL_REACHED:
        return (struct latency_end){LATENCY_END_KNOWN, (double)end.us};
    case SURVIVAL_BEYOND:
        return (struct latency_end){LATENCY_END_BEYOND, (double)end.us};
    case SURVIVAL_UNKNOWN:
        break;
    }
    return no_end;
}

static void fill_from_curve(struct latency_quantile *quantile, const struct survival *curve)
{
    const struct survival_quantile found = survival_quantile(curve, quantile->probability);
    const double us = (double)found.value.us;
    if (quantile->low.state != LATENCY_END_KNOWN || quantile->high.state != LATENCY_END_KNOWN) {
        quantile->exact = false;
        quantile->low = end_of(found.low);
        quantile->high = end_of(found.high);
    }
    if (quantile->state == LATENCY_TOO_FEW) return;
    if (found.value.state == SURVIVAL_REACHED) {
        quantile->state = LATENCY_OK;
        quantile->us = us;
    } else {
        quantile->state = LATENCY_BEYOND;
        quantile->beyond_us = us;
    }
}

/* By whole samples: 10 / (1 - .99) in doubles is a little less than 1000. */
static bool too_few(uint32_t n, double probability)
{
    return (double)n * (1.0 - probability) < LATENCY_SAMPLES_BEYOND - 1e-9;
}

static struct sorted sorted_of(const struct latency_ranks *ranks, enum latency_method method)
{
    if (method == LATENCY_NAIVE)
        return (struct sorted){ranks->in_time_us, ranks->in_time, ranks->in_time, (double)NAN};
    return (struct sorted){ranks->watched_us, ranks->watched, ranks->known,
                           (double)ranks->first_censored_us};
}

struct latency_quantile latency_quantile(const struct latency_ranks *ranks,
                                         enum latency_method method, double probability)
{
    assert(probability > 0.0);
    assert(probability < 1.0);
    assert(method < LATENCY_METHODS);
    const struct sorted sorted = sorted_of(ranks, method);
    struct latency_quantile quantile = {.method = method,
                                        .probability = probability,
                                        .n = sorted.count,
                                        .state = LATENCY_TOO_FEW,
                                        .us = (double)NAN,
                                        .beyond_us = (double)NAN,
                                        .low = no_end,
                                        .high = no_end};
    if (!too_few(sorted.count, probability)) quantile.state = LATENCY_OK;
    fill_ends(&quantile, &sorted, ranks->curve.level);
    if (method == LATENCY_KM) {
        fill_from_curve(&quantile, &ranks->curve);
    } else if (quantile.state == LATENCY_OK) {
        fill_value(&quantile, &sorted);
    }
    return quantile;
}

/* ---- how much is hidden ---- */

struct latency_hidden latency_hidden(const struct latency_series *series, double level)
{
    struct latency_hidden hidden = {.hits = series->at_timeout,
                                    .n = latency_watched(series),
                                    .share = (double)NAN,
                                    .low = (double)NAN,
                                    .high = (double)NAN};
    if (hidden.n == 0) return hidden;
    hidden.share = (double)hidden.hits / (double)hidden.n;
    hidden.warn = hidden.share > LATENCY_HIDDEN_WARN;
    stats_binomial_interval(hidden.hits, hidden.n, level, &hidden.low, &hidden.high);
    return hidden;
}
