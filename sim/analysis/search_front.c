/* sim/analysis/search_front.c - the Pareto front of the objectives, how surely, and how much it
 * covers. */
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/front.h"
#include "sim/analysis/search_state.h"

enum { VOLUME_REPLICATES = 200 };

static double outcome_mean(const struct searching *searching, uint32_t candidate,
                           uint32_t objective)
{
    const struct search *search = searching->search;
    return search->candidates[candidate]
        .means[search_column(search, searching->request->objectives[objective].outcome)];
}

struct points { /* as front.h wants them */
    double *values, *sums;
    bool *on_front;
    uint32_t *hits;
    uint32_t count;
};

static void release_points(struct points *points)
{
    free(points->values);
    free(points->sums);
    free(points->on_front);
    free(points->hits);
}

static bool gather(const struct searching *searching, struct points *points)
{
    const uint32_t objectives = searching->request->objective_count;
    const size_t row = (size_t)objectives * searching->clusters;
    points->count = searching->points.count;
    points->values = malloc((points->count + 1u) * objectives * sizeof *points->values);
    points->sums = malloc((points->count + 1u) * row * sizeof *points->sums);
    points->on_front = calloc(points->count + 1u, sizeof *points->on_front);
    points->hits = calloc(points->count + 1u, sizeof *points->hits);
    if (points->values == NULL || points->sums == NULL || points->on_front == NULL ||
        points->hits == NULL)
        return false;
    for (uint32_t p = 0; p < points->count; p++) {
        const uint32_t i = searching->points.first[p];
        memcpy(points->sums + p * row, searching->sums + i * row, row * sizeof *points->sums);
        for (uint32_t o = 0; o < objectives; o++)
            points->values[(size_t)p * objectives + o] = outcome_mean(searching, i, o);
    }
    return true;
}

static void set_directions(const struct searching *searching,
                           bool most_is_best[FRONT_OBJECTIVES_MAX])
{
    for (uint32_t o = 0; o < searching->request->objective_count; o++)
        most_is_best[o] =
            replay_outcome_traits[searching->request->objectives[o].outcome].better > 0;
}

/* The box between the worst and the best feasible value of each objective. */
static double box_of(const struct searching *searching, const struct points *points)
{
    struct search *search = searching->search;
    const uint32_t objectives = searching->request->objective_count;
    double box = 1.0;
    for (uint32_t o = 0; o < objectives; o++) {
        const int better = replay_outcome_traits[searching->request->objectives[o].outcome].better;
        double worst = HUGE_VAL, best = -HUGE_VAL;
        for (uint32_t i = 0; i < points->count; i++) {
            const double value = better * points->values[(size_t)i * objectives + o];
            worst = fmin(worst, value);
            best = fmax(best, value);
        }
        search->reference[o] = better * worst;
        box *= best - worst;
    }
    return box;
}

/* A mean of a replicate: sums of clusters by how often they were drawn. */
static double drawn_mean(const struct searching *searching, const uint16_t *times,
                         const double *row, double orders, uint32_t objective)
{
    double sum = 0.0;
    for (uint32_t c = 0; c < searching->clusters; c++)
        sum += times[c] * row[c];
    return sum / orders *
           replay_outcome_traits[searching->request->objectives[objective].outcome].scale;
}

/* The volume's spread: the points that may be on the front, resampled. Dearer carts move all
 * weights alike, the baseline too, and say nothing of the front: values count from the baseline's
 * in the same draw. */
static bool spread_volume(struct searching *searching, const struct points *points, double box,
                          struct err *err)
{
    struct search *search = searching->search;
    const uint32_t objectives = searching->request->objective_count;
    const uint32_t replicates = searching->counts.replicates < VOLUME_REPLICATES
                                    ? searching->counts.replicates
                                    : VOLUME_REPLICATES;
    struct front_points resampled = {.objectives = objectives};
    double *values = malloc((points->count + 1u) * objectives * sizeof *values);
    double *volumes = malloc((replicates + 1u) * sizeof *volumes);
    bool ok = values != NULL && volumes != NULL;
    if (!ok) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    set_directions(searching, resampled.most_is_best);
    resampled.values = values;
    for (uint32_t r = 0; ok && r < replicates; r++) {
        const uint16_t *times = bootstrap_times(&searching->counts, r);
        struct front_volume volume;
        double orders = 0.0;
        for (uint32_t c = 0; c < searching->clusters; c++)
            orders += times[c] * searching->orders[c];
        resampled.count = 0;
        for (uint32_t i = 0; i < points->count; i++) {
            if (points->hits[i] == 0) continue;
            for (uint32_t o = 0; o < objectives; o++) {
                const double *row =
                    points->sums + ((size_t)i * objectives + o) * searching->clusters;
                const double *baseline =
                    searching->sums +
                    ((size_t)search->baseline * objectives + o) * searching->clusters;
                values[resampled.count * objectives + o] =
                    outcome_mean(searching, search->baseline, o) +
                    drawn_mean(searching, times, row, orders, o) -
                    drawn_mean(searching, times, baseline, orders, o);
            }
            resampled.count++;
        }
        ok = front_hypervolume(&resampled, search->reference, &volume, err);
        volumes[r] = ok ? volume.volume / box : 0.0;
    }
    if (ok && replicates >= 40) {
        gsl_sort(volumes, 1, replicates);
        const uint32_t tail = replicates / 40; /* 2.5% */
        search->hypervolume_low = volumes[tail];
        search->hypervolume_high = volumes[replicates - 1 - tail];
    }
    free(values);
    free(volumes);
    return ok;
}

static bool measure_front(struct searching *searching, struct points *points, struct err *err)
{
    struct search *search = searching->search;
    const uint32_t objectives = searching->request->objective_count;
    struct front_points front = {
        .values = points->values, .count = points->count, .objectives = objectives};
    struct front_candidates candidates = {
        .sums = points->sums, .count = points->count, .objectives = objectives};
    struct front_certainty certainty;
    struct front_volume volume;
    size_t on_front = 0;
    set_directions(searching, front.most_is_best);
    set_directions(searching, candidates.most_is_best);
    if (!front_find(&front, points->on_front, &on_front, err) ||
        !front_probabilities(&candidates, &searching->counts,
                             searching->request->jobs > 0 ? searching->request->jobs : 1,
                             points->hits, &certainty, err))
        return false;
    for (uint32_t i = 0; i < search->count; i++) {
        const uint32_t point = searching->points.point_of[i];
        if (point == UINT32_MAX) continue;
        search->candidates[i].front = points->on_front[point];
        search->candidates[i].on_front = (double)points->hits[point] / certainty.replicates;
        search->front_count += points->on_front[point];
    }
    search->front_points = (uint32_t)on_front;
    const struct front_knee knee = front_find_knee(&front, points->on_front);
    if (objectives == 2 && knee.found) search->knee = searching->points.first[knee.point];
    const double box = box_of(searching, points);
    if (!(box > 0.0)) return true; /* nothing to choose between: n/a */
    if (!front_hypervolume(&front, search->reference, &volume, err)) return false;
    search->hypervolume = volume.volume / box;
    search->beyond_reference = (uint32_t)volume.passing;
    return objectives > 3 || spread_volume(searching, points, box, err);
}

bool search_find_front(struct searching *searching, struct err *err)
{
    struct search *search = searching->search;
    struct points points = {0};
    search->hypervolume = search->hypervolume_low = search->hypervolume_high = (double)NAN;
    if (searching->request->objective_count < FRONT_OBJECTIVES_LEAST || search->feasible == 0)
        return true;
    const bool room = gather(searching, &points);
    if (!room) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    const bool ok = room && measure_front(searching, &points, err);
    release_points(&points);
    return ok;
}
