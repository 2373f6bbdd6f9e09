#include "sim/analysis/front.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_linalg.h>

#include "router/base/memory.h"
#include "sim/analysis/front_state.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

/* ---- what all searches need ---- */

bool front_work_init(struct front_work *work, size_t capacity)
{
    *work = (struct front_work){.capacity = capacity};
    const size_t tiles = capacity / FRONT_TILE + 1 + FRONT_STEP;
    work->placed = memory_resize(NULL, capacity, sizeof *work->placed);
    bool ready = work->placed != NULL;
    for (uint32_t o = 0; o < FRONT_OBJECTIVES_MAX; o++) {
        work->columns[o] = memory_resize(NULL, capacity, sizeof *work->columns[o]);
        work->corners[o] = memory_resize(NULL, tiles, sizeof *work->corners[o]);
        ready = ready && work->columns[o] != NULL && work->corners[o] != NULL;
    }
    if (!ready) front_work_release(work);
    return ready;
}

void front_work_release(struct front_work *work)
{
    for (uint32_t o = 0; o < FRONT_OBJECTIVES_MAX; o++) {
        free(work->columns[o]);
        free(work->corners[o]);
    }
    free(work->placed);
    *work = (struct front_work){.capacity = 0};
}

/* ---- order ---- */

static int by_code(const void *a, const void *b)
{
    const struct front_placed *x = a, *y = b;
    if (x->code != y->code) return x->code < y->code ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Twelve bits of each objective between its least and its greatest, shuffled into each other. What
 * infinities make of that is as good as any code. */
static uint64_t code_of(const double *values, const double *least, const double *range,
                        uint32_t objectives)
{
    enum { BITS = 12 };
    uint64_t code = 0;
    for (unsigned bit = BITS; bit-- > 0;) {
        for (uint32_t o = 0; o < objectives; o++) {
            const double share = (values[o] - least[o]) / range[o];
            const double within = share > 0.0 ? fmin(share, 1.0) : 0.0;
            code = code << 1 | ((uint64_t)(within * ((1 << BITS) - 1)) >> bit & 1);
        }
    }
    return code;
}

void front_order(const struct front_entry *entries, size_t count, uint32_t objectives,
                 struct front_placed *placed)
{
    double least[FRONT_OBJECTIVES_MAX], range[FRONT_OBJECTIVES_MAX];
    for (uint32_t o = 0; o < objectives; o++) {
        double most = -HUGE_VAL;
        least[o] = HUGE_VAL;
        for (size_t i = 0; i < count; i++) {
            least[o] = fmin(least[o], entries[i].values[o]);
            most = fmax(most, entries[i].values[o]);
        }
        range[o] = most - least[o];
    }
    for (size_t i = 0; i < count; i++) {
        placed[i] = (struct front_placed){
            .code = code_of(entries[i].values, least, range, objectives), .index = (uint32_t)i};
    }
    qsort(placed, count, sizeof *placed, by_code);
}

static int by_objectives(const void *a, const void *b)
{
    const struct front_entry *x = a, *y = b;
    for (uint32_t o = 0; o < FRONT_OBJECTIVES_MAX; o++) {
        if (x->values[o] != y->values[o]) return x->values[o] < y->values[o] ? -1 : 1;
    }
    return (x->point > y->point) - (x->point < y->point);
}

void front_sort(struct front_entry *entries, size_t count)
{
    qsort(entries, count, sizeof *entries, by_objectives);
}

static bool same_place(const struct front_entry *a, const struct front_entry *b)
{
    for (uint32_t o = 0; o < FRONT_OBJECTIVES_MAX; o++) {
        if (a->values[o] != b->values[o]) return false;
    }
    return true;
}

/* ---- two objectives: whoever comes later must be better in the second ---- */

static bool joins_two(double *least, const double *values)
{
    if (values[1] >= *least) return false;
    *least = values[1];
    return true;
}

/* ---- three: a staircase of the second (rising) and the third (falling) objective
 *
 *      third |  o
 *            |     o        a newcomer is dominated if the stair at or left of it is not higher;
 *            |       x o    else it takes its place and the stairs it is not higher than, to the
 *            +----------    right, go
 */

struct staircase {
    double *second, *third;
    size_t count;
};

static size_t first_stair_from(const struct staircase *stairs, double second)
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

static bool joins_three(struct staircase *stairs, const double *values)
{
    const double second = values[1], third = values[2];
    const size_t place = first_stair_from(stairs, second);
    if (place > 0 && stairs->third[place - 1] <= third) return false;
    if (place < stairs->count && stairs->second[place] == second && stairs->third[place] <= third)
        return false;
    size_t next = place;
    while (next < stairs->count && stairs->third[next] >= third)
        next++;
    const size_t bytes = (stairs->count - next) * sizeof(double);
    memmove(stairs->second + place + 1, stairs->second + next, bytes);
    memmove(stairs->third + place + 1, stairs->third + next, bytes);
    stairs->second[place] = second;
    stairs->third[place] = third;
    stairs->count = stairs->count - (next - place) + 1;
    return true;
}

/* ---- four and five: against all others, but by tiles of like ones. Whoever dominates a point has
 * a corner that is no worse than the point, and of most tiles the corner is worse somewhere ---- */

typedef int64_t pair_mask __attribute__((vector_size(2 * sizeof(int64_t))));

static void fill_tiles(struct front_work *work, uint32_t objectives,
                       const struct front_entry *entries, size_t count)
{
    const size_t tiles = (count + FRONT_TILE - 1) / FRONT_TILE;
    front_order(entries, count, objectives, work->placed);
    for (uint32_t o = 0; o < objectives; o++) {
        for (size_t tile = 0; tile < tiles + FRONT_STEP; tile++)
            work->corners[o][tile] = NAN; /* no worse than nothing */
        for (size_t place = 0; place < count; place++) {
            const double value = entries[work->placed[place].index].values[o];
            double *const corner = &work->corners[o][place / FRONT_TILE];
            work->columns[o][place] = value;
            *corner = fmin(*corner, value);
        }
    }
}

static bool tile_dominates(const struct front_work *work, size_t tile, uint32_t objectives,
                           size_t count, const double *values)
{
    const size_t first = tile * FRONT_TILE;
    const size_t end = first + FRONT_TILE < count ? first + FRONT_TILE : count;
    for (size_t place = first; place < end; place++) {
        double other[FRONT_OBJECTIVES_MAX];
        for (uint32_t o = 0; o < objectives; o++)
            other[o] = work->columns[o][place];
        if (front_dominates(other, values, objectives)) return true;
    }
    return false;
}

/* Two corners: which are no worse than the point? */
static inline pair_mask no_worse(const struct front_work *work, size_t tile, uint32_t objectives,
                                 const double *values)
{
    pair_mask found = front_load(work->corners[0] + tile) <= values[0];
    for (uint32_t o = 1; o < objectives; o++)
        found &= front_load(work->corners[o] + tile) <= values[o];
    return found;
}

/* `guess` is the tile that dominated the point before, and becomes that of this one. */
static bool is_dominated(const struct front_work *work, uint32_t objectives, size_t count,
                         const double *values, size_t *guess)
{
    const size_t tiles = (count + FRONT_TILE - 1) / FRONT_TILE;
    if (tile_dominates(work, *guess, objectives, count, values)) return true;
    for (size_t group = 0; group < tiles; group += FRONT_STEP) {
        pair_mask masks[FRONT_STEP / 2], any = {0, 0};
        for (size_t i = 0; i < FRONT_STEP / 2; i++) {
            masks[i] = no_worse(work, group + 2 * i, objectives, values);
            any |= masks[i];
        }
        for (size_t i = 0; (any[0] | any[1]) != 0 && i < FRONT_STEP; i++) {
            if (masks[i / 2][i % 2] == 0 ||
                !tile_dominates(work, group + i, objectives, count, values))
                continue;
            *guess = group + i;
            return true;
        }
    }
    return false;
}

static void mark_many(struct front_work *work, uint32_t objectives, struct front_entry *entries,
                      size_t count)
{
    fill_tiles(work, objectives, entries, count);
    size_t guess = 0;
    for (size_t place = 0; place < count; place++) {
        struct front_entry *const entry = &entries[work->placed[place].index];
        entry->on_front = objectives == 4 ? !is_dominated(work, 4, count, entry->values, &guess)
                                          : !is_dominated(work, 5, count, entry->values, &guess);
    }
}

/* ---- two and three: copies of a point stand next to each other, only the first is looked at ----
 */

static void mark_few(struct front_work *work, uint32_t objectives, struct front_entry *entries,
                     size_t count)
{
    struct staircase stairs = {.second = work->columns[1], .third = work->columns[2]};
    double least = HUGE_VAL;
    for (size_t i = 0; i < count; i++) {
        struct front_entry *const entry = &entries[i];
        if (i > 0 && same_place(entry, &entries[i - 1])) {
            entry->on_front = entries[i - 1].on_front;
        } else {
            entry->on_front = objectives == 2 ? i == 0 || joins_two(&least, entry->values)
                                              : joins_three(&stairs, entry->values);
            if (i == 0) least = entry->values[1]; /* the first is on it, were it infinite */
        }
    }
}

size_t front_mark(struct front_work *work, uint32_t objectives, struct front_entry *entries,
                  size_t count)
{
    assert(objectives >= FRONT_OBJECTIVES_LEAST);
    assert(objectives <= FRONT_OBJECTIVES_MAX);
    assert(count <= work->capacity);
    if (objectives > 3) {
        mark_many(work, objectives, entries, count);
    } else {
        mark_few(work, objectives, entries, count);
    }
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += entries[i].on_front;
    return all;
}

/* ---- the front ---- */

/* Entries of the points without a NaN. */
static size_t take_points(const struct front_points *points, struct front_entry *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        struct front_entry entry = {.point = (uint32_t)i};
        bool known = true;
        for (uint32_t o = 0; o < points->objectives; o++) {
            const double value = points->values[i * points->objectives + o];
            entry.values[o] = front_turned(value, points->most_is_best[o]);
            known = known && !isnan(value);
        }
        if (known) entries[count++] = entry;
    }
    return count;
}

bool front_find(const struct front_points *points, bool *on_front, size_t *front_count,
                struct err *err)
{
    assert(points->count <= UINT32_MAX);
    *front_count = 0;
    for (size_t i = 0; i < points->count; i++)
        on_front[i] = false;
    struct front_work work = {.capacity = 0};
    struct front_entry *entries = memory_resize(NULL, points->count, sizeof *entries);
    const bool ready = entries != NULL && front_work_init(&work, points->count);
    if (ready) {
        const size_t count = take_points(points, entries);
        front_sort(entries, count);
        *front_count = front_mark(&work, points->objectives, entries, count);
        for (size_t i = 0; i < count; i++)
            on_front[entries[i].point] = entries[i].on_front;
    }
    front_work_release(&work);
    free(entries);
    return ready || out_of_memory(err);
}

/* ---- the knee ---- */

struct scale { /* of the front: 0 is its best, 1 its worst in each objective */
    double best[FRONT_OBJECTIVES_MAX], worst[FRONT_OBJECTIVES_MAX];
};

static void scaled(const struct front_points *points, const struct scale *scale, size_t point,
                   double *values)
{
    for (uint32_t o = 0; o < points->objectives; o++) {
        const double value =
            front_turned(points->values[point * points->objectives + o], points->most_is_best[o]);
        const double range = scale->worst[o] - scale->best[o];
        values[o] = range > 0.0 ? (value - scale->best[o]) / range : 0.0;
    }
}

static struct scale scale_of(const struct front_points *points, const bool *on_front)
{
    struct scale scale = {.best = {0}};
    for (uint32_t o = 0; o < points->objectives; o++) {
        scale.best[o] = HUGE_VAL;
        scale.worst[o] = -HUGE_VAL;
        for (size_t i = 0; i < points->count; i++) {
            if (!on_front[i]) continue;
            const double value =
                front_turned(points->values[i * points->objectives + o], points->most_is_best[o]);
            scale.best[o] = fmin(scale.best[o], value);
            scale.worst[o] = fmax(scale.worst[o], value);
        }
    }
    return scale;
}

static double sum_of(const double *values, uint32_t count)
{
    double sum = 0.0;
    for (uint32_t o = 0; o < count; o++)
        sum += values[o];
    return sum;
}

/* The scaled extremes, one a row. */
static void find_extremes(const struct front_points *points, const bool *on_front,
                          const struct scale *scale, double *rows)
{
    const uint32_t objectives = points->objectives;
    for (uint32_t o = 0; o < objectives; o++) {
        double *const row = rows + (size_t)o * objectives;
        bool found = false;
        for (size_t i = 0; i < points->count; i++) {
            if (!on_front[i]) continue;
            double values[FRONT_OBJECTIVES_MAX];
            scaled(points, scale, i, values);
            const bool better =
                !found || values[o] < row[o] ||
                (values[o] == row[o] && sum_of(values, objectives) < sum_of(row, objectives));
            if (better) memcpy(row, values, objectives * sizeof *row);
            found = true;
        }
    }
}

/* The plane slopes . x = 1 through the rows; false when there is none that falls in every
 * objective. */
static bool plane_through(double *rows, uint32_t objectives, double *slopes)
{
    double ones[FRONT_OBJECTIVES_MAX] = {1, 1, 1, 1, 1};
    size_t places[FRONT_OBJECTIVES_MAX];
    gsl_permutation permutation = {.size = objectives, .data = places};
    gsl_matrix_view matrix = gsl_matrix_view_array(rows, objectives, objectives);
    gsl_vector_view right = gsl_vector_view_array(ones, objectives);
    gsl_vector_view solution = gsl_vector_view_array(slopes, objectives);
    int sign;
    gsl_linalg_LU_decomp(&matrix.matrix, &permutation, &sign);
    /* No row or column at all makes the decomposition divide by 0. */
    if (!(fabs(gsl_linalg_LU_det(&matrix.matrix, sign)) >= 1e-9)) return false;
    gsl_linalg_LU_solve(&matrix.matrix, &permutation, &right.vector, &solution.vector);
    for (uint32_t o = 0; o < objectives; o++) {
        if (!(slopes[o] > 0.0)) return false;
    }
    return true;
}

static double distance_to(const double *slopes, const double *values, uint32_t objectives)
{
    double along = 0.0, squares = 0.0;
    for (uint32_t o = 0; o < objectives; o++) {
        along += slopes[o] * values[o];
        squares += slopes[o] * slopes[o];
    }
    return (1.0 - along) / sqrt(squares);
}

struct front_knee front_find_knee(const struct front_points *points, const bool *on_front)
{
    struct front_knee knee = {.distance = NAN};
    const struct scale scale = scale_of(points, on_front);
    double rows[FRONT_OBJECTIVES_MAX * FRONT_OBJECTIVES_MAX];
    double slopes[FRONT_OBJECTIVES_MAX];
    bool wide = false; /* a single place, however many points are there, bends nowhere */
    for (uint32_t o = 0; o < points->objectives; o++) {
        if (!isfinite(scale.best[o]) || !isfinite(scale.worst[o])) return knee;
        wide = wide || scale.best[o] < scale.worst[o];
    }
    if (!wide) return knee;
    find_extremes(points, on_front, &scale, rows);
    if (!plane_through(rows, points->objectives, slopes)) {
        for (uint32_t o = 0; o < points->objectives; o++)
            slopes[o] = 1.0;
    }
    double furthest = 1e-9; /* nearer than that is on the plane */
    for (size_t i = 0; i < points->count; i++) {
        if (!on_front[i]) continue;
        double values[FRONT_OBJECTIVES_MAX];
        scaled(points, &scale, i, values);
        const double distance = distance_to(slopes, values, points->objectives);
        if (distance <= furthest) continue;
        furthest = distance;
        knee = (struct front_knee){.found = true, .point = i, .distance = distance};
    }
    return knee;
}
