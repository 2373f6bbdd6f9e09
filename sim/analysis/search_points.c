/* sim/analysis/search_points.c - feasible candidates that decide apart. Many weights decide every
 * order alike: those of the same sums are one point. */
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/analysis/search_state.h"

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
static void take_points(struct searching *searching, uint32_t *slots, uint64_t mask)
{
    const struct search *search = searching->search;
    struct search_points *points = &searching->points;
    const size_t row = (size_t)searching->request->objective_count * searching->clusters;
    for (uint32_t i = 0; i < search->count; i++) {
        const double *sums = searching->sums + i * row;
        points->point_of[i] = UINT32_MAX;
        if (!search->candidates[i].feasible) continue;
        uint64_t at = hash_row(sums, row) & mask;
        while (slots[at] != 0 && memcmp(searching->sums + points->first[slots[at] - 1] * row, sums,
                                        row * sizeof *sums) != 0)
            at = (at + 1) & mask;
        if (slots[at] == 0) {
            points->first[points->count++] = i;
            slots[at] = points->count;
        }
        points->point_of[i] = slots[at] - 1;
    }
}

bool search_find_points(struct searching *searching, struct err *err)
{
    const struct search *search = searching->search;
    struct search_points *points = &searching->points;
    const size_t most = search->feasible + 1u;
    uint64_t size = 16;
    while (size < 2 * most)
        size *= 2;
    uint32_t *slots = calloc(size, sizeof *slots);
    points->point_of = malloc((search->count + 1u) * sizeof *points->point_of);
    points->first = malloc(most * sizeof *points->first);
    const bool room = slots != NULL && points->point_of != NULL && points->first != NULL;
    if (room) take_points(searching, slots, size - 1);
    free(slots);
    searching->search->points = points->count;
    return room || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}
