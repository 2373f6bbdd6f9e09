#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/analysis/change_state.h"

struct candidate {
    uint32_t at;    /* where the last segment may begin */
    uint32_t until; /* it is beaten from this end on */
};

struct search {
    double *best;   /* of points before i: cost and penalties */
    uint32_t *last; /* where its last segment begins */
    struct candidate *candidates;
    uint32_t count;
};

/* A candidate that is beaten at `end` even without a penalty stays beaten, because a cut at `end`
 * costs no more; but that cut leaves a segment that has to be long enough itself. */
static void look(struct search *search, const struct change_costs *costs, uint32_t end,
                 uint32_t least, double penalty)
{
    double best = INFINITY;
    uint32_t last = 0;
    for (uint32_t c = 0; c < search->count; c++) {
        const uint32_t at = search->candidates[c].at;
        const double value = search->best[at] + change_cost(costs, at, end) + penalty;
        if (!(value < best)) continue;
        best = value;
        last = at;
    }
    search->best[end] = best;
    search->last[end] = last;
    uint32_t kept = 0;
    for (uint32_t c = 0; c < search->count; c++) {
        struct candidate candidate = search->candidates[c];
        const double value = search->best[candidate.at] + change_cost(costs, candidate.at, end);
        if (value > best && candidate.until > end + least) candidate.until = end + least;
        if (candidate.until > end + 1) search->candidates[kept++] = candidate;
    }
    search->count = kept;
}

static void cut(const struct search *search, uint32_t points, uint32_t *cuts, uint32_t *count)
{
    *count = 0;
    for (uint32_t end = search->last[points]; end > 0; end = search->last[end])
        cuts[(*count)++] = end;
    for (uint32_t i = 0; i < *count / 2; i++) {
        const uint32_t other = cuts[*count - 1 - i];
        cuts[*count - 1 - i] = cuts[i];
        cuts[i] = other;
    }
}

bool change_pelt(const struct change_costs *costs, uint32_t least, double penalty, uint32_t *cuts,
                 uint32_t *count, struct err *err)
{
    const uint32_t points = costs->points;
    assert(least >= 1);
    assert(points >= least);
    struct search search = {.best = calloc(points + 1, sizeof *search.best),
                            .last = calloc(points + 1, sizeof *search.last),
                            .candidates = calloc(points + 1, sizeof *search.candidates)};
    const bool made = search.best != NULL && search.last != NULL && search.candidates != NULL;
    if (made) {
        search.best[0] = -penalty;
        for (uint32_t end = least; end <= points; end++) {
            const uint32_t at = end - least;
            if (at == 0 || at >= least)
                search.candidates[search.count++] = (struct candidate){at, UINT32_MAX};
            look(&search, costs, end, least, penalty);
        }
        cut(&search, points, cuts, count);
    }
    free(search.best);
    free(search.last);
    free(search.candidates);
    return made || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for changes");
}

double change_gain(const struct change_costs *costs, uint32_t least, double *room)
{
    const uint32_t points = costs->points;
    const double none = change_cost(costs, 0, points);
    double one = 0.0, two = 0.0;
    for (uint32_t end = 2 * least; end <= points; end++) {
        double best = INFINITY;
        for (uint32_t at = least; at + least <= end; at++)
            best = fmin(best, change_cost(costs, 0, at) + change_cost(costs, at, end));
        room[end] = best;
    }
    if (points >= 2 * least) one = none - room[points];
    for (uint32_t at = 2 * least; at + least <= points; at++)
        two = fmax(two, none - room[at] - change_cost(costs, at, points));
    return fmax(one, two / 2.0);
}
