/* sim/analysis/front_state.h - what the files front*.c share; nobody else includes it.
 *
 * Inside, every objective is turned so that least is best, and points are entries that carry their
 * objectives: they can be sorted without looking anything up. Unused objectives are 0 in all.
 */
#ifndef SIM_ANALYSIS_FRONT_STATE_H
#define SIM_ANALYSIS_FRONT_STATE_H

#include <string.h>

#include "sim/analysis/front.h"

/* Two doubles at once is what every 64-bit machine has. */
typedef double front_pair __attribute__((vector_size(2 * sizeof(double))));

static inline front_pair front_load(const double *two)
{
    front_pair pair;
    memcpy(&pair, two, sizeof pair);
    return pair;
}

struct front_entry {
    double values[FRONT_OBJECTIVES_MAX];
    uint32_t point;
    bool on_front;
};

/* Entries along a curve that keeps neighbours together (Morton's): so many in a row are a tile of
 * like ones. */
struct front_placed {
    uint64_t code;
    uint32_t index; /* into the entries */
};

void front_order(const struct front_entry *entries, size_t count, uint32_t objectives,
                 struct front_placed *placed);

enum {
    FRONT_TILE = 32, /* entries whose corner, the best of them in each objective, is tried first */
    FRONT_STEP = 8   /* corners are compared in groups of so many */
};

/* Room for one search over at most `capacity` entries. */
struct front_work {
    double *columns[FRONT_OBJECTIVES_MAX]; /* entries by place; of two, the staircase */
    double *corners[FRONT_OBJECTIVES_MAX]; /* of each tile, and NaNs up to a whole group */
    struct front_placed *placed;
    size_t capacity;
};

bool front_work_init(struct front_work *work, size_t capacity);
void front_work_release(struct front_work *work);

/* By the first objective, ties by the next, ...: whoever dominates stands before. No NaN. */
void front_sort(struct front_entry *entries, size_t count);

/* Sets on_front in sorted entries; returns how many. */
size_t front_mark(struct front_work *work, uint32_t objectives, struct front_entry *entries,
                  size_t count);

static inline bool front_dominates(const double *a, const double *b, uint32_t objectives)
{
    bool better = false;
    for (uint32_t o = 0; o < objectives; o++) {
        if (a[o] > b[o]) return false;
        better |= a[o] < b[o];
    }
    return better;
}

static inline double front_turned(double value, bool most_is_best)
{
    return most_is_best ? -value : value;
}

#endif
