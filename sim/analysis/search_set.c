/* sim/analysis/search_set.c - what cannot be told apart: the front and how surely, the set around
 * the best, and its centre. */
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/analysis/front.h"
#include "sim/analysis/search_state.h"

enum { SET_MOST = 4000, CENTRE_MOST = 512, CENTRE_ORDERS = 20000, VOLUME_REPLICATES = 200 };

#define FAR_OFF 6.0 /* standard errors: nothing so far from the best is in its set */

/* ---- the front ---- */

static double outcome_mean(const struct searching *searching, uint32_t candidate,
                           uint32_t objective)
{
    const struct search *search = searching->search;
    return search->candidates[candidate]
        .means[search_column(search, searching->request->objectives[objective].outcome)];
}

/* The feasible candidates as front.h wants them. Many weights decide alike: those of the same sums
 * are one point. */
struct points {
    uint32_t *point_of; /* of a candidate; UINT32_MAX: infeasible */
    uint32_t *first;    /* a point's first candidate */
    double *values, *sums;
    bool *on_front;
    uint32_t *hits;
    uint32_t count;
};

static void release_points(struct points *points)
{
    free(points->point_of);
    free(points->first);
    free(points->values);
    free(points->sums);
    free(points->on_front);
    free(points->hits);
}

static uint64_t hash_row(const double *row, size_t count)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &row[i], sizeof bits);
        hash = random_mix(hash ^ bits);
    }
    return hash;
}

/* Finds each candidate's point by its sums; `slots` is an open table of point + 1, `mask` its size
 * less one. */
static void take_points(const struct searching *searching, struct points *points, uint32_t *slots,
                        uint64_t mask)
{
    const struct search *search = searching->search;
    const uint32_t objectives = searching->request->objective_count;
    const size_t row = (size_t)objectives * searching->clusters;
    for (uint32_t i = 0; i < search->count; i++) {
        const double *sums = searching->sums + i * row;
        points->point_of[i] = UINT32_MAX;
        if (!search->candidates[i].feasible) continue;
        uint64_t at = hash_row(sums, row) & mask;
        while (slots[at] != 0 &&
               memcmp(points->sums + (slots[at] - 1) * row, sums, row * sizeof *sums) != 0)
            at = (at + 1) & mask;
        if (slots[at] == 0) {
            const uint32_t point = points->count++;
            slots[at] = points->count;
            points->first[point] = i;
            memcpy(points->sums + point * row, sums, row * sizeof *sums);
            for (uint32_t o = 0; o < objectives; o++)
                points->values[(size_t)point * objectives + o] = outcome_mean(searching, i, o);
        }
        points->point_of[i] = slots[at] - 1;
    }
}

static bool gather(const struct searching *searching, struct points *points)
{
    const struct search *search = searching->search;
    const uint32_t objectives = searching->request->objective_count;
    const size_t most = search->feasible + 1u, row = (size_t)objectives * searching->clusters;
    uint64_t size = 16;
    while (size < 2 * most)
        size *= 2;
    uint32_t *slots = calloc(size, sizeof *slots);
    points->point_of = malloc((search->count + 1u) * sizeof *points->point_of);
    points->first = malloc(most * sizeof *points->first);
    points->values = malloc(most * objectives * sizeof *points->values);
    points->sums = malloc(most * row * sizeof *points->sums);
    points->on_front = calloc(most, sizeof *points->on_front);
    points->hits = calloc(most, sizeof *points->hits);
    const bool room = slots != NULL && points->point_of != NULL && points->first != NULL &&
                      points->values != NULL && points->sums != NULL && points->on_front != NULL &&
                      points->hits != NULL;
    if (room) take_points(searching, points, slots, size - 1);
    free(slots);
    return room;
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
        const uint32_t point = points->point_of[i];
        if (point == UINT32_MAX) continue;
        search->candidates[i].front = points->on_front[point];
        search->candidates[i].on_front = (double)points->hits[point] / certainty.replicates;
        search->front_count += points->on_front[point];
    }
    search->front_points = (uint32_t)on_front;
    search->points = points->count;
    const struct front_knee knee = front_find_knee(&front, points->on_front);
    if (objectives == 2 && knee.found) search->knee = points->first[knee.point];
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

/* ---- the set ---- */

struct rival { /* a candidate that may be as good as the best */
    uint32_t candidate;
    double difference, error; /* of the mean goal, best minus it */
};

static void paired(const struct searching *searching, uint32_t best, struct rival *rival,
                   double *deviations)
{
    const uint32_t clusters = searching->clusters;
    double sum = 0.0, orders = 0.0, squares = 0.0;
    for (uint32_t c = 0; c < clusters; c++) {
        deviations[c] = search_cluster_goal(searching, best, c) -
                        search_cluster_goal(searching, rival->candidate, c);
        sum += deviations[c];
        orders += searching->orders[c];
    }
    rival->difference = sum / orders;
    for (uint32_t c = 0; c < clusters; c++) {
        deviations[c] -= rival->difference * searching->orders[c];
        squares += deviations[c] * deviations[c];
    }
    rival->error =
        clusters > 1 ? sqrt(squares * clusters / (clusters - 1.0)) / orders : (double)NAN;
}

static int compare_rivals(const void *left, const void *right)
{
    const struct rival *const a = left, *const b = right;
    if (a->difference != b->difference) return a->difference < b->difference ? -1 : 1;
    return a->candidate < b->candidate ? -1 : 1;
}

/* Rivals within FAR_OFF errors, nearest first, at most SET_MOST. */
static uint32_t find_rivals(const struct searching *searching, uint32_t best, struct rival *rivals,
                            double *deviations)
{
    const struct search *search = searching->search;
    uint32_t count = 0;
    for (uint32_t i = 0; i < search->count; i++) {
        if (!search->candidates[i].feasible || i == best) continue;
        struct rival rival = {.candidate = i};
        paired(searching, best, &rival, deviations);
        if (!(rival.difference <= FAR_OFF * rival.error + 1e-15)) continue;
        rivals[count++] = rival;
    }
    qsort(rivals, count, sizeof *rivals, compare_rivals);
    return count < SET_MOST ? count : SET_MOST;
}

/* The quantile over replicates of the largest |t| among the rivals: with it, intervals hold for all
 * of them at once (Westfall and Young, "Resampling-based multiple testing", 1993). */
static double critical_value(const struct searching *searching, uint32_t best,
                             const struct rival *rivals, uint32_t count, double *deviations,
                             double *largest)
{
    const struct bootstrap_counts *counts = &searching->counts;
    for (uint32_t r = 0; r < counts->replicates; r++)
        largest[r] = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        struct rival again = rivals[i];
        if (!(again.error > 0.0)) continue;
        paired(searching, best, &again, deviations);
        for (uint32_t r = 0; r < counts->replicates; r++) {
            const uint16_t *times = bootstrap_times(counts, r);
            double sum = 0.0, orders = 0.0;
            for (uint32_t c = 0; c < searching->clusters; c++) {
                sum += times[c] * deviations[c];
                orders += times[c] * searching->orders[c];
            }
            const double t = orders > 0.0 ? fabs(sum / orders) / again.error : 0.0;
            if (t > largest[r]) largest[r] = t;
        }
    }
    gsl_sort(largest, 1, counts->replicates);
    const double place = ceil(searching->request->level * (counts->replicates + 1.0)) - 1.0;
    return largest[(uint32_t)fmin(place, counts->replicates - 1.0)];
}

static void mark_set(struct searching *searching, uint32_t best, const struct rival *rivals,
                     uint32_t count, double critical)
{
    struct search *search = searching->search;
    search->candidates[best].in_set = true;
    search->candidates[best].goal_low = search->candidates[best].goal_high = 0.0;
    search->set_count = 1;
    search->set_low = search->set_high = search->candidates[best].weights;
    for (uint32_t i = 0; i < count; i++) {
        struct search_candidate *candidate = &search->candidates[rivals[i].candidate];
        const double half = critical * rivals[i].error;
        candidate->goal_low = -rivals[i].difference - half;
        candidate->goal_high = -rivals[i].difference + half;
        candidate->in_set = candidate->goal_high >= 0.0;
        if (!candidate->in_set) continue;
        search->set_count++;
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            const enum replay_part part = (enum replay_part)k;
            const double weight = score_weight_of(&candidate->weights, part);
            double *low = score_weight(&search->set_low, part);
            double *high = score_weight(&search->set_high, part);
            if (weight < *low) *low = weight;
            if (weight > *high) *high = weight;
        }
    }
}

/* ---- its centre ---- */

/* Decisions of every member on a sample of orders: members * orders winners. */
static uint32_t find_centre(struct searching *searching, const uint32_t *members, uint32_t count,
                            uint8_t *winners, uint32_t step, uint32_t orders)
{
    struct search *search = searching->search;
    const struct replay_table *table = &searching->request->tables[0];
    const struct score_weights *baseline = &search->candidates[search->baseline].weights;
    for (uint32_t m = 0; m < count; m++)
        for (uint32_t i = 0; i < orders; i++)
            winners[(size_t)m * orders + i] = (uint8_t)replay_winner(
                &table->orders[(size_t)i * step], &search->candidates[members[m]].weights);
    uint64_t *agreement = calloc(count, sizeof *agreement);
    if (agreement == NULL) return members[0];
    uint64_t unanimous = 0;
    for (uint32_t i = 0; i < orders; i++) {
        uint32_t votes[PROVIDER_COUNT] = {0};
        for (uint32_t m = 0; m < count; m++)
            votes[winners[(size_t)m * orders + i]]++;
        for (uint32_t m = 0; m < count; m++)
            agreement[m] += votes[winners[(size_t)m * orders + i]];
        unanimous += votes[winners[i]] == count;
    }
    search->set_agreement = orders > 0 ? (double)unanimous / orders : 1.0;
    uint32_t centre = 0;
    for (uint32_t m = 1; m < count; m++) {
        if (agreement[m] < agreement[centre]) continue;
        if (agreement[m] == agreement[centre] &&
            search_distance(&search->candidates[members[m]].weights, baseline) >=
                search_distance(&search->candidates[members[centre]].weights, baseline))
            continue;
        centre = m;
    }
    free(agreement);
    return members[centre];
}

/* Up to CENTRE_MOST members, evenly over the set; the best is always among them. */
static uint32_t gather_members(const struct search *search, uint32_t *members)
{
    const uint32_t every = (search->set_count + CENTRE_MOST - 1) / CENTRE_MOST;
    uint32_t met = 0, count = 0;
    members[count++] = search->best;
    for (uint32_t i = 0; i < search->count && count < CENTRE_MOST; i++)
        if (search->candidates[i].in_set && met++ % every == 0 && i != search->best)
            members[count++] = i;
    return count;
}

static bool choose_centre(struct searching *searching, struct err *err)
{
    struct search *search = searching->search;
    const struct replay_table *table = &searching->request->tables[0];
    const uint32_t step = (table->count + CENTRE_ORDERS - 1) / CENTRE_ORDERS;
    const uint32_t orders = step > 0 ? table->count / step : 0;
    uint32_t *members = malloc(CENTRE_MOST * sizeof *members);
    uint8_t *winners = malloc((size_t)CENTRE_MOST * orders + 1);
    const bool ok = members != NULL && winners != NULL;
    if (ok) {
        const uint32_t count = gather_members(search, members);
        search->chosen = find_centre(searching, members, count, winners, step, orders);
    } else {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    free(members);
    free(winners);
    return ok;
}

bool search_find_set(struct searching *searching, struct err *err)
{
    struct search *search = searching->search;
    if (search->best == UINT32_MAX) return true;
    struct rival *rivals = malloc((search->feasible + 1u) * sizeof *rivals);
    double *deviations = malloc((searching->clusters + 1u) * sizeof *deviations);
    double *largest = malloc((searching->counts.replicates + 1u) * sizeof *largest);
    const bool ok = rivals != NULL && deviations != NULL && largest != NULL;
    if (ok) {
        const uint32_t count = find_rivals(searching, search->best, rivals, deviations);
        const double critical =
            critical_value(searching, search->best, rivals, count, deviations, largest);
        mark_set(searching, search->best, rivals, count, critical);
    } else {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    free(rivals);
    free(deviations);
    free(largest);
    return ok && choose_centre(searching, err);
}
