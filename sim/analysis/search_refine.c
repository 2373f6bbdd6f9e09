/* sim/analysis/search_refine.c - line searches from the best candidates: one weight at a time,
 * along the exact curve of every breakpoint, until no weight improves the goal. */
#include <math.h>
#include <string.h>

#include "sim/analysis/search_state.h"
#include "sim/analysis/sweep.h"

enum { STARTS = 4, ROUNDS = 6 };

#define GRID       1e4  /* a weight found is rounded to 10^-4 where the stretch allows it */
#define LEAST_GAIN 1e-9 /* of the goal */

static bool is_held(const struct search_request *request, enum replay_part part)
{
    return (request->fixed >> part & 1u) != 0;
}

/* The curves of all columns along one weight: their points are the same. */
struct curves {
    struct sweep_curve of[SEARCH_COLUMNS_MAX / REPLAY_COLUMNS];
    uint32_t count;
};

static void release(struct curves *curves)
{
    for (uint32_t i = 0; i < curves->count; i++)
        sweep_release(&curves->of[i]);
    curves->count = 0;
}

static bool make_curves(const struct searching *searching, const struct score_weights *weights,
                        enum replay_part part, struct curves *curves, struct err *err)
{
    const struct search *search = searching->search;
    curves->count = 0;
    for (unsigned first = 0; first < search->column_count; first += REPLAY_COLUMNS) {
        struct sweep_request request = {.table = &searching->request->tables[0],
                                        .weights = *weights,
                                        .part = part,
                                        .low = 0.0,
                                        .high = 1.0};
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            request.columns[k] =
                first + k < search->column_count ? search->columns[first + k] : OUTCOME_PRICE;
        if (!sweep_make(&curves->of[curves->count], &request, err)) {
            release(curves);
            return false;
        }
        curves->count++;
    }
    return true;
}

static void means_at(const struct searching *searching, const struct curves *curves, uint32_t point,
                     double *means, double *shares)
{
    const struct search *search = searching->search;
    const double orders = curves->of[0].orders;
    for (unsigned k = 0; k < search->column_count; k++)
        means[k] =
            (double)curves->of[k / REPLAY_COLUMNS].points[point].columns[k % REPLAY_COLUMNS] *
            replay_outcome_traits[search->columns[k]].scale / orders;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        shares[p] = curves->of[0].points[point].won[p] / orders;
}

/* A value within a stretch: on the grid if one lies in it, else its middle. */
static double value_in(double from, double until)
{
    const double middle = (from + until) / 2;
    const double rounded = rint(middle * GRID) / GRID;
    const double margin = (until - from) * 1e-3;
    return rounded > from + margin && rounded < until - margin ? rounded : middle;
}

/* Moves one weight to the best stretch of its curve; true when that gained something. */
static bool improve_one(const struct searching *searching, struct score_weights *weights,
                        enum replay_part part, double *goal, bool *improved, struct err *err)
{
    const struct search *search = searching->search;
    const double *baseline = search->candidates[search->baseline].means;
    struct curves curves;
    double best = *goal, value = score_weight_of(weights, part);
    double margins[SEARCH_CONSTRAINTS_MAX];
    if (!search_margins(searching, weights, margins, err)) return false;
    if (!make_curves(searching, weights, part, &curves, err)) return false;
    for (uint32_t i = 0; i < curves.of[0].count; i++) {
        double means[SEARCH_COLUMNS_MAX], shares[PROVIDER_COUNT];
        const double from = curves.of[0].points[i].from;
        const double until =
            i + 1 < curves.of[0].count ? curves.of[0].points[i + 1].from : curves.of[0].high;
        if (until - from < 1e-6) continue;
        means_at(searching, &curves, i, means, shares);
        const double found = search_goal(search, searching->request, means, baseline);
        if (found <= best + LEAST_GAIN || !search_allows(searching, means, shares, margins))
            continue;
        best = found;
        value = value_in(from, until);
    }
    release(&curves);
    if (best > *goal) {
        *score_weight(weights, part) = value;
        *goal = best;
        *improved = true;
    }
    return true;
}

/* Rounded to the grid where that changes nothing that matters is left to the replay: what is
 * recommended is replayed as it is written. */
static bool improve(struct searching *searching, struct score_weights weights, double goal,
                    struct err *err)
{
    bool any = false;
    for (unsigned round = 0; round < ROUNDS; round++) {
        bool improved = false;
        for (unsigned part = 0; part < REPLAY_PARTS; part++) {
            if (is_held(searching->request, (enum replay_part)part)) continue;
            if (!improve_one(searching, &weights, (enum replay_part)part, &goal, &improved, err))
                return false;
        }
        if (!improved) break;
        any = true;
    }
    if (!any) return true;
    /* Held weights keep their share only while the sum is 1. */
    struct score_weights normal =
        searching->request->fixed == 0 ? search_normalise(&weights) : weights;
    for (unsigned part = 0; part < REPLAY_PARTS; part++) {
        double *weight = score_weight(&normal, (enum replay_part)part);
        *weight = rint(*weight * GRID) / GRID;
    }
    return search_add(searching, &normal, err);
}

/* The best feasible candidates, mutually apart by more than two steps of the simplex. */
static uint32_t starts_of(const struct searching *searching, uint32_t starts[STARTS])
{
    const struct search *search = searching->search;
    uint32_t count = 0;
    while (count < STARTS) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < search->count; i++) {
            const struct search_candidate *candidate = &search->candidates[i];
            bool apart = candidate->feasible;
            for (uint32_t s = 0; apart && s < count; s++)
                apart =
                    search_distance(&candidate->weights, &search->candidates[starts[s]].weights) >
                    4.0 / searching->request->steps;
            if (apart && (best == UINT32_MAX || candidate->goal > search->candidates[best].goal))
                best = i;
        }
        if (best == UINT32_MAX) break;
        starts[count++] = best;
    }
    return count;
}

bool search_refine(struct searching *searching, struct err *err)
{
    struct search *search = searching->search;
    uint32_t starts[STARTS];
    const uint32_t before = search->count, count = starts_of(searching, starts);
    for (uint32_t s = 0; s < count; s++) {
        const struct search_candidate start = search->candidates[starts[s]];
        if (!improve(searching, start.weights, start.goal, err)) return false;
    }
    if (search->count == before) return true;
    if (!search_replay(searching, before, err)) return false;
    search_judge(searching, before);
    return true;
}
