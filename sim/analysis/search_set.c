/* sim/analysis/search_set.c - what cannot be told apart from the best, and its centre. */
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/search_state.h"

enum { SET_MOST = 4000, CENTRE_MOST = 512, CENTRE_ORDERS = 20000 };

#define FAR_OFF 6.0 /* standard errors: nothing so far from the best is in its set */

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

static double t_of(const struct rival *rival)
{
    if (rival->difference <= 1e-15) return 0.0;
    return rival->error > 0.0 ? rival->difference / rival->error : HUGE_VAL;
}

static int compare_rivals(const void *left, const void *right)
{
    const struct rival *const a = left, *const b = right;
    const double ta = t_of(a), tb = t_of(b);
    if (ta != tb) return ta < tb ? -1 : 1;
    return a->candidate < b->candidate ? -1 : 1;
}

/* One rival a point within FAR_OFF errors, likeliest first, at most SET_MOST; the baseline is
 * always compared, however far it is. */
static uint32_t find_rivals(struct searching *searching, uint32_t best, struct rival *rivals,
                            double *deviations)
{
    struct search *search = searching->search;
    const struct search_points *points = &searching->points;
    const uint32_t baseline = points->point_of[search->baseline];
    uint32_t count = 0;
    for (uint32_t p = 0; p < points->count; p++) {
        struct rival rival = {.candidate = points->first[p]};
        if (p == points->point_of[best]) continue;
        paired(searching, best, &rival, deviations);
        if (t_of(&rival) <= FAR_OFF || p == baseline) rivals[count++] = rival;
    }
    qsort(rivals, count, sizeof *rivals, compare_rivals);
    if (count <= SET_MOST) return count;
    search->set_capped = true;
    for (uint32_t i = SET_MOST; i < count; i++)
        if (points->point_of[rivals[i].candidate] == baseline) rivals[SET_MOST - 1] = rivals[i];
    return SET_MOST;
}

/* The quantile over replicates of the largest |t| among the rivals: with it, intervals hold for all
 * of them at once (Westfall and Young, "Resampling-based multiple testing", 1993). */
static double critical_value(const struct searching *searching, uint32_t best,
                             const struct rival *rivals, uint32_t count, double *deviations,
                             double *largest)
{
    const struct bootstrap_counts *counts = &searching->counts;
    /* What resampling G clusters loses of the spread (stats_bootstrap.h). */
    const double stretch =
        searching->clusters > 1 ? sqrt(searching->clusters / (searching->clusters - 1.0)) : 1.0;
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
            const double t = orders > 0.0 ? stretch * fabs(sum / orders) / again.error : 0.0;
            if (t > largest[r]) largest[r] = t;
        }
    }
    gsl_sort(largest, 1, counts->replicates);
    const double place = ceil(searching->request->level * (counts->replicates + 1.0)) - 1.0;
    return largest[(uint32_t)fmin(place, counts->replicates - 1.0)];
}

static void widen(struct score_weights *low, struct score_weights *high,
                  const struct score_weights *weights)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const enum replay_part part = (enum replay_part)k;
        const double weight = score_weight_of(weights, part);
        if (weight < score_weight_of(low, part)) *score_weight(low, part) = weight;
        if (weight > score_weight_of(high, part)) *score_weight(high, part) = weight;
    }
}

/* What holds for a point holds for every candidate of it. `by_point` is scratch. */
static void mark_set(struct searching *searching, uint32_t best, const struct rival *rivals,
                     uint32_t count, double critical, const struct rival **by_point)
{
    struct search *search = searching->search;
    const struct search_points *points = &searching->points;
    for (uint32_t p = 0; p < points->count; p++)
        by_point[p] = NULL;
    for (uint32_t i = 0; i < count; i++)
        by_point[points->point_of[rivals[i].candidate]] = &rivals[i];
    search->set_low = search->set_high = search->candidates[best].weights;
    for (uint32_t i = 0; i < search->count; i++) {
        struct search_candidate *candidate = &search->candidates[i];
        const uint32_t point = points->point_of[i];
        if (point == UINT32_MAX) continue;
        const bool same = point == points->point_of[best];
        const struct rival *rival = by_point[point];
        if (!same && rival == NULL) continue;
        const double half = same ? 0.0 : critical * rival->error;
        const double difference = same ? 0.0 : -rival->difference;
        candidate->goal_low = difference - half;
        candidate->goal_high = difference + half;
        candidate->in_set = candidate->goal_high >= 0.0;
        if (!candidate->in_set) continue;
        search->set_count++;
        widen(&search->set_low, &search->set_high, &candidate->weights);
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
    struct rival *rivals = malloc((searching->points.count + 1u) * sizeof *rivals);
    const struct rival **by_point = malloc((searching->points.count + 1u) * sizeof *by_point);
    double *deviations = malloc((searching->clusters + 1u) * sizeof *deviations);
    double *largest = malloc((searching->counts.replicates + 1u) * sizeof *largest);
    const bool ok = rivals != NULL && by_point != NULL && deviations != NULL && largest != NULL;
    if (ok) {
        const uint32_t count = find_rivals(searching, search->best, rivals, deviations);
        const double critical =
            critical_value(searching, search->best, rivals, count, deviations, largest);
        mark_set(searching, search->best, rivals, count, critical, by_point);
    } else {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    free(rivals);
    free(by_point);
    free(deviations);
    free(largest);
    return ok && choose_centre(searching, err);
}
