/* sim/analysis/front.h - Pareto fronts: who is on them, how surely, how much they cover, the knee.
 *
 * A point dominates another when it is at least as good in every objective and better in one.
 * On the front are those that nobody dominates; equal points do not dominate each other, so all
 * copies of a point on the front are on it. A point with a NaN is never on the front and dominates
 * nobody. Everything here is exact: comparisons of the doubles given, no tolerance.
 *
 *   2 objectives   one sort, one sweep: O(n log n)
 *   3 objectives   one sort, a sweep over a staircase (Kung, Luccio, Preparata, "On finding the
 *                  maxima of a set of vectors", JACM 1975): O(n log n), plus moves in the staircase
 *   4, 5           each against the best corners of tiles of like points, and against the members
 *                  of the few tiles whose corner is no worse: n^2/32 at worst, far less in earnest
 *
 * The hypervolume is the volume dominated by the points and bounded by a reference point; only
 * points strictly better than the reference in every objective pass, and how many do is told,
 * because a volume of 0 is else a riddle. 2-D and 3-D by sweeps; 4-D and 5-D by exclusive volumes
 * (While, Bradstreet, Barone, "A fast way of calculating exact hypervolumes", IEEE TEC 2012), whose
 * cost is n sweeps of 3-D, or n squared: good for hundreds of points in 5-D, thousands in 4-D.
 *
 * Ownership: callers own all arrays. Failure: false with an err when memory is out.
 */
#ifndef SIM_ANALYSIS_FRONT_H
#define SIM_ANALYSIS_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "router/base/err.h"
#include "sim/analysis/stats_bootstrap.h"

enum { FRONT_OBJECTIVES_LEAST = 2, FRONT_OBJECTIVES_MAX = 5 };

struct front_points {
    const double *values; /* values[point * objectives + objective] */
    size_t count;
    uint32_t objectives;                     /* 2 to FRONT_OBJECTIVES_MAX */
    bool most_is_best[FRONT_OBJECTIVES_MAX]; /* else least is */
};

/* on_front[point]; `front_count` of them are true. */
bool front_find(const struct front_points *points, bool *on_front, size_t *front_count,
                struct err *err);

struct front_volume {
    double volume;  /* in the product of the objectives' units; 0 when nobody passes */
    size_t passing; /* points better than the reference in every objective */
};

/* Points need not be on the front. `reference` has a finite value an objective, in its own
 * direction; a point with an infinite one does not pass. */
bool front_hypervolume(const struct front_points *points, const double *reference,
                       struct front_volume *volume, struct err *err);

/* ---- knee ---- */

struct front_knee {
    bool found;
    size_t point;    /* index into the points */
    double distance; /* from the chord or plane, towards the ideal point, objectives scaled to the
                      * front's own range; NaN: none found */
};

/* The front's point furthest from the line (plane) through its extremes, on the side of the ideal
 * point (Das, "On characterizing the knee of the Pareto curve", 1999). Extremes are the best in
 * each objective, ties by the sum of the others, then the first. If they lie in no plane of their
 * own, or it does not fall in every objective, the plane through the unit points is taken. None is
 * found when no point lies on that side (a straight or hollow front has no knee) and when a value
 * is infinite. Of equal distances the first point wins. Points not in `on_front` are ignored. */
struct front_knee front_find_knee(const struct front_points *points, const bool *on_front);

/* ---- how surely ---- */

/* Candidates known by sums per cluster, under the common draws of a bootstrap. The denominators
 * (orders in a cluster) must be the same for all candidates: then means stand in the order of sums,
 * and sums are all that is needed. Sums of whole numbers are exact under 2^53. A candidate with a
 * sum that is not finite is never on the front. */
struct front_candidates {
    const double *sums; /* sums[(candidate * objectives + objective) * clusters + cluster] */
    size_t count;
    uint32_t objectives;
    bool most_is_best[FRONT_OBJECTIVES_MAX];
};

struct front_certainty {
    uint32_t replicates;
    size_t pruned; /* candidates that one and the same other dominates in every single cluster, and
                    * hence in every replicate: never on the front, not looked at again */
};

/* hits[candidate]: in how many replicates it was on the front; the probability is hits over
 * replicates. The same for any number of threads (at least 1): counts are whole numbers. */
bool front_probabilities(const struct front_candidates *candidates,
                         const struct bootstrap_counts *counts, uint32_t threads, uint32_t *hits,
                         struct front_certainty *certainty, struct err *err);

#endif
