#include "sim/analysis/change_points.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_interp.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/random.h"
#include "sim/analysis/change_state.h"
#include "sim/analysis/latency_scores.h"

static const double bai_975 = 11.03; /* of argmax W(s) - |s|/2: Bai 1997, equation 17 ff. */
static const double place_level = 1.96;

static bool no_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for changes");
}

/* 95th percentiles of the least penalty that shows no change, in random orders of the normal scores
 * of so many samples: 40,000 orders each up to 150, 20,000 up to 500, 12,000, 5,000 and 1,500. */
static const struct {
    double points, penalty;
} penalties[] = {{20, 3.95},   {24, 5.39},    {30, 6.17},    {40, 6.97},
                 {60, 7.79},   {100, 8.58},   {150, 9.12},   {250, 9.68},
                 {500, 10.52}, {1000, 11.12}, {2000, 11.78}, {4096, 12.41}};
enum { PENALTIES = sizeof penalties / sizeof *penalties };

double change_penalty(uint32_t points)
{
    assert(points >= 2 * CHANGE_SEGMENT_LEAST);
    double x[PENALTIES], y[PENALTIES];
    for (uint32_t i = 0; i < PENALTIES; i++) {
        x[i] = log(penalties[i].points);
        y[i] = penalties[i].penalty;
    }
    const double at = log(points);
    const size_t below = gsl_interp_bsearch(x, at, 0, PENALTIES - 1);
    const double part = fmin((at - x[below]) / (x[below + 1] - x[below]), 1.0);
    return y[below] + part * (y[below + 1] - y[below]);
}

/* ---- blocks, and from blocks back to samples ---- */

struct track { /* a series that is cut: sums before every sample, and before every block */
    double *sums, *weights, *block_sums, *block_weights, *xlogx;
    uint32_t *cuts;
    uint32_t samples, block, blocks, cut_count;
};

static void track_release(struct track *track)
{
    free(track->sums);
    free(track->weights);
    free(track->block_sums);
    free(track->block_weights);
    free(track->xlogx);
    free(track->cuts);
}

static bool track_make(struct track *track, const double *values, uint32_t samples, uint32_t most,
                       bool binomial)
{
    const uint32_t block = (samples + most - 1) / most, blocks = (samples + block - 1) / block;
    const size_t size = sizeof(double);
    *track = (struct track){.sums = calloc(samples + 1, size),
                            .weights = calloc(samples + 1, size),
                            .block_sums = calloc(blocks + 1, size),
                            .block_weights = calloc(blocks + 1, size),
                            .xlogx = binomial ? calloc(samples + 1, size) : NULL,
                            .cuts = calloc(blocks, sizeof(uint32_t)),
                            .samples = samples,
                            .block = block,
                            .blocks = blocks};
    if (track->sums == NULL || track->weights == NULL || track->block_sums == NULL ||
        track->block_weights == NULL || track->cuts == NULL || (binomial && track->xlogx == NULL))
        return false;
    for (uint32_t i = 0; i < samples; i++) {
        track->sums[i + 1] = track->sums[i] + values[i];
        track->weights[i + 1] = i + 1;
        if (binomial) track->xlogx[i + 1] = (i + 1.0) * log(i + 1.0);
    }
    for (uint32_t b = 1; b <= blocks; b++) {
        const uint32_t end = b == blocks ? samples : b * block;
        track->block_sums[b] = track->sums[end];
        track->block_weights[b] = end;
    }
    return true;
}

static struct change_costs costs_of_blocks(const struct track *track)
{
    return (struct change_costs){track->block_sums, track->block_weights, track->xlogx,
                                 track->blocks};
}

static uint32_t level_begin(const struct track *track, uint32_t cut)
{
    return cut == 0 ? 0 : track->cuts[cut - 1];
}

static uint32_t level_end(const struct track *track, uint32_t cut)
{
    return cut + 1 >= track->cut_count ? track->samples : track->cuts[cut + 1];
}

/* Cuts between blocks become cuts between samples, each put where its two levels fit best. */
static void refine(struct track *track)
{
    const struct change_costs costs = {track->sums, track->weights, track->xlogx, track->samples};
    for (uint32_t c = 0; c < track->cut_count; c++)
        track->cuts[c] *= track->block;
    for (uint32_t c = 0; track->block > 1 && c < track->cut_count; c++) {
        const uint32_t begin = level_begin(track, c), end = level_end(track, c);
        const uint32_t middle = track->cuts[c];
        double best = INFINITY;
        for (uint32_t at = middle - track->block + 1; at < middle + track->block; at++) {
            if (at <= begin || at >= end) continue;
            const double cost = change_cost(&costs, begin, at) + change_cost(&costs, at, end);
            if (!(cost < best)) continue;
            best = cost;
            track->cuts[c] = at;
        }
    }
}

static bool track_cut(struct track *track, double penalty, struct err *err)
{
    const struct change_costs costs = costs_of_blocks(track);
    if (!change_pelt(&costs, CHANGE_SEGMENT_LEAST, penalty, track->cuts, &track->cut_count, err))
        return false;
    refine(track);
    return true;
}

/* ---- latency ---- */

struct timed {
    struct latency_sample *samples, *room; /* room: to sort a level in */
    uint32_t *places;
    double *values; /* scores, then logarithms */
    uint32_t count;
};

static bool timed_make(struct timed *timed, const struct latency_series *series)
{
    const size_t count = series->count > 0 ? series->count : 1;
    *timed = (struct timed){.samples = calloc(count, sizeof *timed->samples),
                            .room = calloc(count, sizeof *timed->room),
                            .places = calloc(count, sizeof *timed->places),
                            .values = calloc(count, sizeof *timed->values)};
    if (timed->samples == NULL || timed->room == NULL || timed->places == NULL ||
        timed->values == NULL)
        return false;
    timed->count = latency_scores_timed(series, timed->samples, timed->places);
    return true;
}

static void timed_release(struct timed *timed)
{
    free(timed->samples);
    free(timed->room);
    free(timed->places);
    free(timed->values);
}

static bool median_of(struct timed *timed, uint32_t begin, uint32_t end, double *median,
                      struct err *err)
{
    memcpy(timed->room, timed->samples + begin, (end - begin) * sizeof *timed->room);
    if (!latency_scores_sort(timed->room, end - begin, err)) return false;
    *median = latency_scores_quantile(timed->room, end - begin, 0.5);
    return true;
}

static double mean_of(const struct track *track, uint32_t begin, uint32_t end)
{
    return (track->sums[end] - track->sums[begin]) / (end - begin);
}

/* Half the width of Bai's interval, in samples. */
static double half_width(const struct track *track, const double *scores, uint32_t cut)
{
    const uint32_t begin = level_begin(track, cut), at = track->cuts[cut];
    const uint32_t end = level_end(track, cut);
    const double before = mean_of(track, begin, at), after = mean_of(track, at, end);
    double squares = 0.0;
    for (uint32_t i = begin; i < end; i++)
        squares += pow(scores[i] - (i < at ? before : after), 2.0);
    const double variance = end - begin > 2 ? squares / (end - begin - 2) : 0.0;
    return bai_975 * variance / pow(after - before, 2.0);
}

static void place_change(struct change *change, const struct latency_series *series,
                         const struct timed *timed, const struct track *track, uint32_t cut)
{
    const uint32_t begin = level_begin(track, cut), at = track->cuts[cut];
    const uint32_t end = level_end(track, cut);
    const double half = ceil(half_width(track, timed->values, cut)) + 1.0;
    const double low = fmax((double)at - half, begin + 1.0), high = fmin(at + half, end - 1.0);
    change->index = timed->places[at];
    change->low = timed->places[(uint32_t)low];
    change->high = timed->places[(uint32_t)high];
    change->at_us = series->samples[change->index].at_us;
    change->low_us = series->samples[change->low].at_us;
    change->high_us = series->samples[change->high].at_us;
    change->step = mean_of(track, at, end) - mean_of(track, begin, at);
}

static bool fill_changes(struct change_set *set, const struct latency_series *series,
                         struct timed *timed, const struct track *track, struct err *err)
{
    double before = NAN;
    if (track->cut_count == 0) return true;
    set->items = calloc(track->cut_count, sizeof *set->items);
    if (set->items == NULL) return no_memory(err);
    set->count = track->cut_count;
    if (!median_of(timed, 0, track->cuts[0], &before, err)) return false;
    for (uint32_t c = 0; c < track->cut_count; c++) {
        struct change *change = &set->items[c];
        place_change(change, series, timed, track, c);
        change->before = before;
        if (!median_of(timed, track->cuts[c], level_end(track, c), &change->after, err))
            return false;
        before = change->after;
        change->ratio = change->before > 0.0 ? change->after / change->before : (double)NAN;
    }
    return true;
}

/* ---- neighbours ---- */

static double lag_1(const double *values, uint32_t count)
{
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    if (count < 3 || !isfinite(low) || !(high - low > 1e-12)) return NAN;
    return gsl_stats_lag1_autocorrelation(values, 1, count);
}

static void correlate(struct change_set *set, const struct timed *timed, const struct track *track)
{
    double *logs = timed->values;
    for (uint32_t i = 0; i < timed->count; i++)
        logs[i] = log((double)timed->samples[i].us);
    set->autocorrelation = set->autocorrelation_within = lag_1(logs, timed->count);
    set->autocorrelation_bound =
        timed->count >= 3 ? place_level / sqrt((double)timed->count) : (double)NAN;
    if (track->cut_count == 0 || isnan(set->autocorrelation)) return;
    for (uint32_t c = 0; c <= track->cut_count; c++) {
        const uint32_t begin = level_begin(track, c);
        const uint32_t end = c == track->cut_count ? track->samples : track->cuts[c];
        const double mean = gsl_stats_mean(logs + begin, 1, end - begin);
        for (uint32_t i = begin; i < end; i++)
            logs[i] -= mean;
    }
    set->autocorrelation_within = lag_1(logs, timed->count);
}

static bool find_levels(struct change_set *set, const struct latency_series *series,
                        struct timed *timed, struct err *err)
{
    struct track track = {0};
    bool ok = true;
    set->samples = timed->count;
    if (timed->count >= 2 * CHANGE_SEGMENT_LEAST) {
        ok = latency_scores_normal(timed->samples, timed->count, timed->values, err);
        if (ok && !track_make(&track, timed->values, timed->count, CHANGE_POINTS_MOST, false))
            ok = no_memory(err);
        if (ok) {
            set->known = true;
            set->block = track.block;
            set->penalty = change_penalty(track.blocks);
            ok = track_cut(&track, set->penalty, err) &&
                 fill_changes(set, series, timed, &track, err);
        }
    }
    if (ok) correlate(set, timed, &track);
    track_release(&track);
    return ok;
}

/* ---- success ---- */

static bool has_failed(const struct latency_sample *sample)
{
    return sample->fate == LATENCY_FAILED || sample->fate == LATENCY_UNTIMED;
}

/* Puts the rarer fate on `rare` places anew, and sums by blocks: the costs of failures and of
 * successes are the same. `order` stays a permutation, so the next shuffle starts from it. */
static void shuffle(struct track *track, uint32_t *order, uint32_t rare, uint64_t key)
{
    memset(track->block_sums, 0, (track->blocks + 1) * sizeof *track->block_sums);
    for (uint32_t i = 0; i < rare; i++) {
        const uint32_t other = i + random_below(random_draw(key, i), track->samples - i);
        const uint32_t place = order[other];
        order[other] = order[i];
        order[i] = place;
        track->block_sums[place / track->block + 1] += 1.0;
    }
    for (uint32_t b = 1; b <= track->blocks; b++)
        track->block_sums[b] += track->block_sums[b - 1];
}

/* The gain that 10 of 199 shuffles reach. Rounding must not make a tie a gain: hence the margin. */
static bool shuffled_penalty(const struct track *cut, uint32_t rare, uint64_t seed, double *penalty,
                             struct err *err)
{
    struct track track = *cut;
    double gains[CHANGE_PERMUTATIONS];
    track.block_sums = calloc(track.blocks + 1, sizeof *track.block_sums);
    double *room = calloc(track.blocks + 1, sizeof *room);
    uint32_t *order = calloc(track.samples, sizeof *order);
    const bool made = track.block_sums != NULL && room != NULL && order != NULL;
    for (uint32_t i = 0; made && i < track.samples; i++)
        order[i] = i;
    for (uint32_t p = 0; made && p < CHANGE_PERMUTATIONS; p++) {
        shuffle(&track, order, rare, random_key(random_key(seed, RANDOM_BOOTSTRAP), p));
        const struct change_costs costs = costs_of_blocks(&track);
        gains[p] = change_gain(&costs, CHANGE_SEGMENT_LEAST, room);
    }
    if (made) {
        gsl_sort(gains, 1, CHANGE_PERMUTATIONS);
        *penalty = gains[CHANGE_PERMUTATIONS - (CHANGE_PERMUTATIONS + 1) / 20] + 1e-9;
    }
    free(track.block_sums);
    free(room);
    free(order);
    return made || no_memory(err);
}

static bool fill_rates(struct change_set *set, const struct latency_series *series,
                       const struct track *track, struct err *err)
{
    if (track->cut_count == 0) return true;
    set->rates = calloc(track->cut_count, sizeof *set->rates);
    if (set->rates == NULL) return no_memory(err);
    set->rate_count = track->cut_count;
    for (uint32_t c = 0; c < track->cut_count; c++) {
        const uint32_t begin = level_begin(track, c), at = track->cuts[c];
        const uint32_t end = level_end(track, c);
        set->rates[c] =
            (struct rate_change){.index = at,
                                 .at_us = series->samples[at].at_us,
                                 .failed_before = (uint64_t)(track->sums[at] - track->sums[begin]),
                                 .before = at - begin,
                                 .failed_after = (uint64_t)(track->sums[end] - track->sums[at]),
                                 .after = end - at};
    }
    return true;
}

static bool find_rates(struct change_set *set, const struct latency_series *series, double *values,
                       uint64_t seed, struct err *err)
{
    const uint32_t count = series->count;
    if (count < 2 * CHANGE_SEGMENT_LEAST) return true;
    uint32_t failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = has_failed(&series->samples[i]) ? 1.0 : 0.0;
        failed += has_failed(&series->samples[i]);
    }
    set->rates_known = true;
    set->rate_block = 1;
    if (failed == 0 || failed == count) return true;
    struct track track;
    const uint32_t rare = failed < count - failed ? failed : count - failed;
    bool ok = track_make(&track, values, count, CHANGE_RATE_POINTS_MOST, true) || no_memory(err);
    ok = ok && shuffled_penalty(&track, rare, seed, &set->rate_penalty, err) &&
         track_cut(&track, set->rate_penalty, err) && fill_rates(set, series, &track, err);
    set->rate_block = track.block;
    track_release(&track);
    return ok;
}

bool change_points_find(struct change_set *set, const struct latency_series *series, uint64_t seed,
                        struct err *err)
{
    *set = (struct change_set){.penalty = NAN, .rate_penalty = NAN, .block = 1, .rate_block = 1};
    struct timed timed;
    bool ok = timed_make(&timed, series) || no_memory(err);
    ok = ok && find_levels(set, series, &timed, err) &&
         find_rates(set, series, timed.values, seed, err);
    timed_release(&timed);
    if (!ok) change_set_release(set);
    return ok;
}

void change_set_release(struct change_set *set)
{
    free(set->items);
    free(set->rates);
    *set = (struct change_set){0};
}
