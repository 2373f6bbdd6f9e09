/* sim/analysis/distribution_state.h - the laws' formulas; for distribution_*.c only.
 *
 * A search moves in coordinates without bounds; fit_law_values() turns them into parameters.
 */
#ifndef SIM_ANALYSIS_DISTRIBUTION_STATE_H
#define SIM_ANALYSIS_DISTRIBUTION_STATE_H

#include "sim/analysis/distribution_fit.h"

#define FIT_FLOOR_MOST      0.99 /* of the fastest sample */
#define FIT_WEIGHT_MOST     0.5
#define FIT_SIGMAS_MOST     8.0 /* the tail's sigma over the body's */
#define FIT_LOG_FACTOR_MOST 7.0 /* the tail's median is at most 1,097 times the body's */

struct fit_point { /* what the density needs of the parameters, computed once a point */
    enum fit_law law;
    double values[FIT_PARAMETERS_MAX];
    double center, constant; /* of the law's own kind: see fit_point_of() */
    double tail_center, tail_constant, rest_constant;
};

uint32_t fit_law_parameters(enum fit_law law);

/* `fastest_us` is what the floor is a share of. */
void fit_law_values(enum fit_law law, const double *coordinates, double fastest_us, double *values);
void fit_law_coordinates(enum fit_law law, const double *values, double fastest_us,
                         double *coordinates);
/* Towards a bound the likelihood is flat and a search would walk for ever: what to take off it
 * beyond where fit_law_edges() sees a bound. */
double fit_law_wall(enum fit_law law, const double *coordinates);

void fit_law_edges(enum fit_law law, const double *values, double fastest_us,
                   bool edges[FIT_PARAMETERS_MAX]); /* by coordinate */

struct fit_point fit_point_of(enum fit_law law, const double *values);
double fit_log_density(const struct fit_point *point, double us, double log_us);
double fit_log_survival(const struct fit_point *point, double us, double log_us);

/* Sum over the sample; -infinity where the law allows not all of it. */
double fit_log_likelihood(const struct fit_sample *sample, enum fit_law law, const double *values);

/* A sample from rising keys: the time, and half a microsecond more of a censored one. */
bool fit_sample_from(struct fit_sample *sample, const double *keys, uint32_t count,
                     struct err *err);

/* From where `start` stands, without Newton's steps and errors (resamples); NULL: in full. */
bool fit_search(struct fit *fit, const struct fit_sample *sample, enum fit_law law,
                const struct fit *start, struct err *err);

/* Distances alone. */
void fit_distances(const struct fit *fit, const struct fit_sample *sample, double *ks, double *ad);

#endif
