#include "sim/analysis/front.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "sim/analysis/front_state.h"

/* All entries are strictly better than the reference, and sorted. `scratch` has `count` entries
 * for each objective past the third; `reference` is turned as the entries are. */
struct volume_work {
    struct front_work front;
    struct front_entry *scratch[FRONT_OBJECTIVES_MAX];
};

/* ---- two objectives: slabs between one point and the next that is better in the second ---- */

static double area_under(const struct front_entry *entries, size_t count, const double *reference)
{
    double area = 0.0, ceiling = reference[1];
    for (size_t i = 0; i < count; i++) {
        assert(entries[i].values[1] <= ceiling); /* all are on the front; a copy adds nothing */
        area += (reference[0] - entries[i].values[0]) * (ceiling - entries[i].values[1]);
        ceiling = entries[i].values[1];
    }
    return area;
}

/* ---- three: the area under a staircase of the second and third objective, times how long it
 * stays as it is along the first ---- */

struct stairs {
    double *second, *third;
    size_t count;
};

static size_t first_from(const struct stairs *stairs, double second)
{
    size_t below = 0, reached = stairs->count;
    while (below < reached) {
        const size_t middle = below + (reached - below) / 2;
        if (stairs->second[middle] >= second) {
            reached = middle;
        } else {
            below = middle + 1;
        }
    }
    return reached;
}

/* What the newcomer adds: strips from its own place to the next stair that stays, under what was
 * the ceiling there.
 *
 *      third |   o . . . . .   ceiling
 *            |       x :::::   newcomer
 *            |       ::::o     goes
 *            |       ::::::::o stays
 */
static double add_stair(struct stairs *stairs, const double *reference, double second, double third)
{
    const size_t place = first_from(stairs, second);
    double ceiling = place > 0 ? stairs->third[place - 1] : reference[2];
    if (ceiling <= third) return 0.0;
    double added = 0.0, at = second;
    size_t next = place;
    for (; next < stairs->count && stairs->third[next] >= third; next++) {
        added += (stairs->second[next] - at) * (ceiling - third);
        at = stairs->second[next];
        ceiling = stairs->third[next];
    }
    const double end = next < stairs->count ? stairs->second[next] : reference[1];
    if (end == second) return 0.0; /* the stair at the same place is lower */
    added += (end - at) * (ceiling - third);

    const size_t bytes = (stairs->count - next) * sizeof(double);
    memmove(stairs->second + place + 1, stairs->second + next, bytes);
    memmove(stairs->third + place + 1, stairs->third + next, bytes);
    stairs->second[place] = second;
    stairs->third[place] = third;
    stairs->count = stairs->count - (next - place) + 1;
    return added;
}

static double volume_of_three(struct volume_work *work, const struct front_entry *entries,
                              size_t count, const double *reference)
{
    struct stairs stairs = {.second = work->front.columns[1], .third = work->front.columns[2]};
    double volume = 0.0, area = 0.0;
    for (size_t i = 0; i < count; i++) {
        area += add_stair(&stairs, reference, entries[i].values[1], entries[i].values[2]);
        const double next = i + 1 < count ? entries[i + 1].values[0] : reference[0];
        volume += (next - entries[i].values[0]) * area;
    }
    return volume;
}

/* ---- more: each point's own volume, that of nobody before it
 *
 * Along the first objective a point reaches from its own value to the reference, and everybody
 * before it reaches at least as far. So its own volume is that length times what it covers in the
 * other objectives beyond the others; theirs is limited to its box. ---- */

static double volume_of(struct volume_work *work, uint32_t objectives, struct front_entry *entries,
                        size_t count, const double *reference);

static size_t limit_to_box(const struct front_entry *entries, size_t count, uint32_t objectives,
                           struct front_entry *limited)
{
    const double *corner = entries[count].values;
    for (size_t j = 0; j < count; j++) {
        limited[j] = (struct front_entry){.point = (uint32_t)j};
        for (uint32_t o = 1; o < objectives; o++)
            limited[j].values[o - 1] = fmax(entries[j].values[o], corner[o]);
    }
    front_sort(limited, count);
    return count;
}

static size_t keep_front(struct volume_work *work, uint32_t objectives, struct front_entry *entries,
                         size_t count)
{
    front_mark(&work->front, objectives, entries, count);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].on_front) entries[kept++] = entries[i];
    }
    return kept;
}

static double volume_of_more(struct volume_work *work, uint32_t objectives,
                             struct front_entry *entries, size_t count, const double *reference)
{
    struct front_entry *const limited = work->scratch[objectives - 1];
    double volume = 0.0;
    for (size_t i = 0; i < count; i++) {
        double own = 1.0;
        for (uint32_t o = 1; o < objectives; o++)
            own *= reference[o] - entries[i].values[o];
        size_t others = limit_to_box(entries, i, objectives, limited);
        if (objectives > 4) others = keep_front(work, objectives - 1, limited, others);
        own -= volume_of(work, objectives - 1, limited, others, reference + 1);
        volume += own * (reference[0] - entries[i].values[0]);
    }
    return volume;
}

static double volume_of(struct volume_work *work, uint32_t objectives, struct front_entry *entries,
                        size_t count, const double *reference)
{
    if (objectives == 2) return area_under(entries, count, reference);
    if (objectives == 3) return volume_of_three(work, entries, count, reference);
    return volume_of_more(work, objectives, entries, count, reference);
}

/* ---- the whole ---- */

static size_t take_passing(const struct front_points *points, const double *turned,
                           struct front_entry *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        struct front_entry entry = {.point = (uint32_t)i};
        bool passes = true;
        for (uint32_t o = 0; o < points->objectives; o++) {
            entry.values[o] =
                front_turned(points->values[i * points->objectives + o], points->most_is_best[o]);
            passes = passes && isfinite(entry.values[o]) && entry.values[o] < turned[o];
        }
        if (passes) entries[count++] = entry;
    }
    return count;
}

static bool work_init(struct volume_work *work, const struct front_points *points)
{
    *work = (struct volume_work){.scratch = {NULL}};
    if (!front_work_init(&work->front, points->count)) return false;
    for (uint32_t o = 3; o < points->objectives; o++) {
        work->scratch[o] = memory_resize(NULL, points->count, sizeof *work->scratch[o]);
        if (work->scratch[o] == NULL) return false;
    }
    return true;
}

bool front_hypervolume(const struct front_points *points, const double *reference,
                       struct front_volume *volume, struct err *err)
{
    assert(points->objectives >= FRONT_OBJECTIVES_LEAST);
    assert(points->objectives <= FRONT_OBJECTIVES_MAX);
    assert(points->count <= UINT32_MAX);
    *volume = (struct front_volume){.volume = 0.0};
    double turned[FRONT_OBJECTIVES_MAX];
    for (uint32_t o = 0; o < points->objectives; o++) {
        assert(isfinite(reference[o]));
        turned[o] = front_turned(reference[o], points->most_is_best[o]);
    }
    struct volume_work work = {.scratch = {NULL}};
    struct front_entry *entries = memory_resize(NULL, points->count, sizeof *entries);
    const bool ready = entries != NULL && work_init(&work, points);
    if (ready) {
        volume->passing = take_passing(points, turned, entries);
        front_sort(entries, volume->passing);
        const size_t kept = keep_front(&work, points->objectives, entries, volume->passing);
        volume->volume = volume_of(&work, points->objectives, entries, kept, turned);
    }
    for (uint32_t o = 0; o < FRONT_OBJECTIVES_MAX; o++)
        free(work.scratch[o]);
    front_work_release(&work.front);
    free(entries);
    return ready || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}
