/* sim/analysis/choice_state.h - the parts of choice_fit.h's fit that its files share.
 *
 * A search moves in scaled coordinates: b_k * spread_k, where spread_k^2 is the mean over
 * observations of the feature's variance among their options, each option alike. So at b = 0 the
 * negated Hessian has the number of observations all along its diagonal, whatever the units.
 *
 * Ownership: plain data; `data` is borrowed. Failure: none; a search says how it ended.
 */
#ifndef SIM_ANALYSIS_CHOICE_STATE_H
#define SIM_ANALYSIS_CHOICE_STATE_H

#include "sim/analysis/choice_fit.h"

enum choice_end {
    CHOICE_END_FOUND,    /* the maximum */
    CHOICE_END_STUCK,    /* no step along Newton's direction rises */
    CHOICE_END_FAR,      /* 15 spreads from 0 and still going */
    CHOICE_END_VANISHED, /* the Hessian lost rank on the way */
    CHOICE_END_ENDLESS   /* too many iterations */
};

struct choice_search {
    const struct choice_data *data;
    double spread[CHOICE_PARAMETERS_MAX];
    double partial[CHOICE_PARAMETERS_MAX]; /* share of the spread that other features leave */
    double beta[CHOICE_PARAMETERS_MAX];    /* where it is, unscaled */
    double step[CHOICE_PARAMETERS_MAX];    /* the last one, unscaled */
    double log_likelihood;                 /* there */
    uint32_t iterations;
    double inverse[CHOICE_PARAMETERS_MAX * CHOICE_PARAMETERS_MAX]; /* scaled; once found */
};

/* How many options an observation has, and the features of one of them (the last: zeros, where
 * leaving is an option). */
uint32_t choice_options(const struct choice_data *data,
                        const struct choice_observation *observation);
const double *choice_option(const struct choice_data *data,
                            const struct choice_observation *observation, uint32_t option);
const double *choice_chosen(const struct choice_data *data,
                            const struct choice_observation *observation);

/* The observation's own log likelihood, its score (a value a parameter) and, unless NULL, the
 * negated Hessian (row-major, parameters wide). */
double choice_terms(const struct choice_data *data, const struct choice_observation *observation,
                    const double *beta, double *score, double *information);

enum choice_identity {
    CHOICE_IDENTIFIED,
    CHOICE_FLAT,    /* `culprit` is the same for all options of every observation */
    CHOICE_COMBINED /* differences in `culprit` follow from those in other features */
};

/* Looks at b = 0, n observations leaving a choice; begins there. */
enum choice_identity choice_search_begin(struct choice_search *search,
                                         const struct choice_data *data, uint32_t n,
                                         uint32_t *culprit);

/* Both go on from search->beta. */
enum choice_end choice_search_newton(struct choice_search *search);
enum choice_end choice_search_bfgs(struct choice_search *search);

/* The parameter whose last step was the longest in spreads. */
uint32_t choice_search_fastest(const struct choice_search *search);

#endif
