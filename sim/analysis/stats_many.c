#include "sim/analysis/stats_many.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sort.h>

#include "router/base/memory.h"

void stats_benjamini_hochberg(const double *p, uint32_t count, double *adjusted)
{
    uint32_t tests = 0;
    for (uint32_t i = 0; i < count; i++)
        tests += isnan(p[i]) ? 0u : 1u;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t rank = 0; /* the last among equals */
        for (uint32_t j = 0; j < count; j++)
            rank += p[j] <= p[i];
        adjusted[i] = isnan(p[i]) ? (double)NAN : fmin(1.0, (double)tests * p[i] / (double)rank);
    }
    /* The least over tests that come no earlier. Those already lowered were lowered to such a
     * least, so they can stand for what they were. */
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            if (p[j] >= p[i]) adjusted[i] = fmin(adjusted[i], adjusted[j]);
}

/* ---- max-T ---- */

static double size_of(double t, bool one_sided)
{
    if (isnan(t)) return one_sided ? -HUGE_VAL : 0.0;
    return one_sided ? t : fabs(t);
}

struct max_t_room {
    size_t *order;    /* tests, the largest t first; NaN's not among them */
    double *sizes;    /* of the observed, to sort by */
    double *largest;  /* a replicate's largest over all tests */
    uint64_t *beyond; /* replicates whose largest among the tests from this rank on is as large */
};

static bool max_t_take(struct max_t_room *room, uint32_t count, uint32_t replicates,
                       struct err *err)
{
    room->order = memory_zeroed((size_t)count * sizeof *room->order);
    room->sizes = memory_zeroed((size_t)count * sizeof *room->sizes);
    room->beyond = memory_zeroed((size_t)count * sizeof *room->beyond);
    room->largest = memory_zeroed((size_t)replicates * sizeof *room->largest);
    if (room->order != NULL && room->sizes != NULL && room->beyond != NULL && room->largest != NULL)
        return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static void max_t_release(struct max_t_room *room)
{
    free(room->order);
    free(room->sizes);
    free(room->beyond);
    free(room->largest);
}

/* Sorts what is a test to the front, the largest first. */
static uint32_t rank_tests(const struct stats_max_t *input, struct max_t_room *room)
{
    for (uint32_t i = 0; i < input->count; i++) {
        const double t = input->observed[i];
        room->sizes[i] = isnan(t) ? HUGE_VAL : -size_of(t, input->one_sided);
    }
    gsl_sort_index(room->order, room->sizes, 1, input->count);
    uint32_t tests = 0;
    while (tests < input->count && !isnan(input->observed[room->order[tests]]))
        tests++;
    return tests;
}

/* From the smallest observed up, with the largest resampled so far: each test is held against the
 * tests that are not more extreme than it. */
static void count_beyond(const struct stats_max_t *input, struct max_t_room *room, uint32_t tests)
{
    for (uint32_t r = 0; r < input->replicates; r++) {
        const double *row = input->resampled + (size_t)r * input->count;
        double largest = -HUGE_VAL;
        for (uint32_t rank = tests; rank-- > 0;) {
            const size_t test = room->order[rank];
            largest = fmax(largest, isnan(row[test]) ? 0.0 : size_of(row[test], input->one_sided));
            if (largest >= size_of(input->observed[test], input->one_sided)) room->beyond[rank]++;
        }
        room->largest[r] = largest;
    }
}

bool stats_max_t(const struct stats_max_t *input, double *adjusted, double *critical,
                 struct err *err)
{
    assert(input->level > 0.0);
    assert(input->level < 1.0);
    struct max_t_room room = {0};
    const bool taken = max_t_take(&room, input->count, input->replicates, err);
    if (!taken) goto done;
    const uint32_t tests = rank_tests(input, &room);
    count_beyond(input, &room, tests);
    for (uint32_t i = 0; i < input->count; i++)
        adjusted[i] = NAN;
    double least = 0.0; /* a less extreme test may not have a smaller p */
    for (uint32_t rank = 0; rank < tests && input->replicates > 0; rank++) {
        const double p = ((double)room.beyond[rank] + 1.0) / ((double)input->replicates + 1.0);
        least = fmax(least, p);
        adjusted[room.order[rank]] = least;
    }
    if (critical != NULL) {
        /* The rank that makes "beyond it" as rare as p <= 1 - level. */
        const double rank = ceil(input->level * ((double)input->replicates + 1.0));
        *critical = NAN;
        gsl_sort(room.largest, 1, input->replicates);
        if (tests > 0 && input->replicates > 0 && rank <= (double)input->replicates)
            *critical = room.largest[(size_t)rank - 1];
    }
done:
    max_t_release(&room);
    return taken;
}
