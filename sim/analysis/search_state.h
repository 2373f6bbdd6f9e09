/* sim/analysis/search_state.h - between the files of the search.
 *
 * `sums` holds, for each candidate, objective and cluster, the sum of the objective's outcome over
 * the cluster's orders: whole numbers in doubles, as front.h wants them.
 */
#ifndef SIM_ANALYSIS_SEARCH_STATE_H
#define SIM_ANALYSIS_SEARCH_STATE_H

#include "sim/analysis/search.h"
#include "sim/analysis/stats.h"
#include "sim/analysis/stats_bootstrap.h"

struct search_points {  /* feasible candidates that decide apart */
    uint32_t *point_of; /* of a candidate; UINT32_MAX: infeasible */
    uint32_t *first;    /* a point's first candidate */
    uint32_t count;
};

struct searching {
    const struct search_request *request;
    struct search *search;
    uint32_t capacity; /* of candidates */
    double *sums;      /* [(candidate * objectives + objective) * clusters + cluster] */
    uint32_t clusters;
    double *orders;   /* by cluster */
    double *baseline; /* [column * clusters + cluster]: sums of candidate 0, the baseline */
    struct stats_block *blocks;
    struct bootstrap_counts counts;
    struct search_points points;
};

/* ---- search_space.c ---- */

/* Presets, then the simplex for each priority; false with an err. */
bool search_make_space(struct searching *searching, struct err *err);
bool search_add(struct searching *searching, const struct score_weights *weights, struct err *err);

/* ---- search_replay.c ---- */

/* Replays candidates [first, count) on the first table: means, shares and sums. */
bool search_replay(struct searching *searching, uint32_t first, struct err *err);
/* Normalises the objectives over all candidates so far. */
void search_scale(struct searching *searching);
/* Goals and feasibility of candidates [first, count). */
void search_judge(struct searching *searching, uint32_t first);
double search_goal(const struct search *search, const struct search_request *request,
                   const double *means, const double *baseline_means);
/* `margins` may be NULL. */
bool search_allows(const struct searching *searching, const double *means, const double *shares,
                   const double *margins);
unsigned search_column(const struct search *search, enum replay_outcome outcome);
/* The goal of a candidate in one cluster, as a sum over its orders; the baseline's is not
 * subtracted. */
double search_cluster_goal(const struct searching *searching, uint32_t candidate, uint32_t cluster);
/* The feasible candidate of the highest goal, UINT32_MAX without one; ties go to the one nearest to
 * the baseline. */
uint32_t search_best(const struct searching *searching);
double search_distance(const struct score_weights *a, const struct score_weights *b);

/* Half the width of each constraint's interval under some weights: how far from a limit a mean has
 * to stay so that the interval is on the good side too. */
bool search_margins(const struct searching *searching, const struct score_weights *weights,
                    double margins[SEARCH_CONSTRAINTS_MAX], struct err *err);

/* ---- search_refine.c, search_points.c, search_front.c, search_set.c, search_robust.c ---- */

bool search_refine(struct searching *searching, struct err *err);
bool search_find_points(struct searching *searching, struct err *err);
bool search_find_front(struct searching *searching, struct err *err);
bool search_find_set(struct searching *searching, struct err *err);
bool search_find_robust(struct searching *searching, struct err *err);

#endif
