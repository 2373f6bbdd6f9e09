/* sim/analysis/search_space.c - every candidate: the presets, and the simplex for each priority. */
#include <math.h>
#include <stdlib.h>

#include "sim/analysis/search_state.h"

const struct search_preset search_presets[4] = {
    {"baseline", {1.0, 0.30, 0.15, 0.20, 0.25, 0.10}},
    {"price-first", {1.0, 0.50, 0.15, 0.20, 0.25, 0.10}},
    {"revenue-first", {1.0, 0.20, 0.15, 0.40, 0.25, 0.10}},
    {"speed-first", {1.0, 0.30, 0.40, 0.20, 0.25, 0.10}},
};

#define GRID 1e4 /* a weight is one that people can write down */

/* The five that lie on the simplex. */
static const enum replay_part five[5] = {PART_PRICE, PART_SPEED, PART_COMMISSION, PART_AVAILABILITY,
                                         PART_RELIABILITY};

struct score_weights search_normalise(const struct score_weights *weights)
{
    struct score_weights normal = *weights;
    double sum = 0.0;
    for (unsigned i = 0; i < 5; i++)
        sum += score_weight_of(weights, five[i]);
    if (!(sum > 0.0)) return normal;            /* priority alone: any scale is as good */
    if (fabs(sum - 1.0) < 1e-12) return normal; /* it is 1, but for the rounding of the sum */
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        *score_weight(&normal, (enum replay_part)k) /= sum;
    return normal;
}

bool search_add(struct searching *searching, const struct score_weights *weights, struct err *err)
{
    struct search *search = searching->search;
    if (search->count == searching->capacity) {
        const uint32_t capacity = searching->capacity * 2u + 1024u;
        const size_t row =
            (size_t)searching->request->objective_count * searching->clusters * sizeof(double);
        struct search_candidate *candidates =
            realloc(search->candidates, capacity * sizeof *candidates);
        if (candidates != NULL) search->candidates = candidates;
        double *sums = realloc(searching->sums, capacity * row + sizeof(double));
        if (sums != NULL) searching->sums = sums;
        if (candidates == NULL || sums == NULL)
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for %u weights",
                            (unsigned)capacity);
        searching->capacity = capacity;
    }
    search->candidates[search->count++] = (struct search_candidate){
        .weights = *weights, .preset = -1, .goal_low = (double)NAN, .goal_high = (double)NAN};
    return true;
}

struct axes { /* the free weights of the simplex */
    enum replay_part parts[5];
    unsigned count;
    double room; /* what the held ones leave of 1 */
};

/* Weights `used` of the steps are spent on the parts before `level`. */
static bool add_points(struct searching *searching, const struct axes *axes, unsigned level,
                       uint32_t used, struct score_weights *weights, struct err *err)
{
    const uint32_t steps = searching->request->steps;
    const uint32_t least = level + 1 == axes->count ? steps - used : 0;
    for (uint32_t k = least; used + k <= steps; k++) {
        *score_weight(weights, axes->parts[level]) = rint(axes->room * k / steps * GRID) / GRID;
        if (level + 1 == axes->count) {
            if (!search_add(searching, weights, err)) return false;
        } else if (!add_points(searching, axes, level + 1, used + k, weights, err)) {
            return false;
        }
    }
    return true;
}

static bool is_held(const struct search_request *request, enum replay_part part)
{
    return (request->fixed >> part & 1u) != 0;
}

static bool add_simplex(struct searching *searching, struct err *err)
{
    const struct search_request *request = searching->request;
    const struct score_weights normal = search_normalise(&request->baseline);
    struct axes axes = {.room = 1.0};
    for (unsigned i = 0; i < 5; i++) {
        if (is_held(request, five[i])) {
            axes.room -= score_weight_of(&normal, five[i]);
        } else {
            axes.parts[axes.count++] = five[i];
        }
    }
    if (axes.count == 0 || !(axes.room > 1e-12)) return true;
    const bool held = is_held(request, PART_PRIORITY);
    for (uint32_t p = 0; p < (held ? 1u : request->priority_count); p++) {
        struct score_weights weights = normal;
        if (!held) weights.priority = request->priorities[p];
        if (!add_points(searching, &axes, 0, 0, &weights, err)) return false;
    }
    return true;
}

bool search_make_space(struct searching *searching, struct err *err)
{
    const struct search_request *request = searching->request;
    struct search *search = searching->search;
    const struct score_weights baseline = search_normalise(&request->baseline);
    search->baseline = 0;
    if (!search_add(searching, &baseline, err)) return false;
    for (uint32_t p = 0; p < request->preset_count; p++) {
        const struct score_weights weights = search_normalise(&request->presets[p].weights);
        if (search_distance(&weights, &baseline) < 1e-12) continue; /* it is there already */
        if (!search_add(searching, &weights, err)) return false;
        search->candidates[search->count - 1].preset = (int16_t)p;
    }
    return add_simplex(searching, err);
}
