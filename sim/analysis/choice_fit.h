/* sim/analysis/choice_fit.h - the conditional logit, with or without an outside option, and what it
 * says about willingness to pay.
 *
 * An observation is one customer before some alternatives (rows of features). Alternative j has the
 * utility U_j = x_j b; leaving, where that is possible, has utility 0; and
 *
 *   P(j) = e^U_j / (e^0 + sum over k of e^U_k)     (without the outside option: no e^0)
 *
 * (McFadden, "Conditional logit analysis of qualitative choice behavior", 1974). One shown quote
 * and the outside option make it the ordinary binary logit. A column of ones is a constant, and
 * without an outside option says nothing.
 *
 * Fit: Newton's method on the exact gradient and Hessian, features scaled by their spread within
 * observations, the step halved until the likelihood has risen enough (Armijo); linear systems by
 * GSL's pivoted Cholesky. The log likelihood is concave, so what it finds is the one maximum. Done
 * when the next step is below 1e-9 spreads. A step that cannot rise hands over to GSL's BFGS.
 *
 * What has no answer is said, and then covariances are NaN:
 *   not identified  a feature does not vary within any observation, or is a combination of others:
 *                   the Hessian at b = 0 is singular (exact: there every alternative counts alike)
 *   separated       some direction tells purchases from others without fault, and the likelihood
 *                   rises for ever along it (Albert and Anderson, Biometrika 1984). Suspected when
 *                   |b| exceeds 15 spreads of what the other features leave of that feature, when
 *                   the Hessian vanishes on the way or when Newton does not end; `separation_shown`
 *                   says that the direction was found and checked against every observation.
 *
 * Covariances: `model` is the inverse of the negated Hessian, right if the model is. `robust` is
 * the sandwich over clusters, H^-1 (sum over clusters of s s') H^-1 * G/(G-1), s being a cluster's
 * sum of scores (Liang and Zeger, Biometrika 1986; the factor is Stata's): right also where orders
 * of a cluster go together. It needs many clusters: with fewer than parameters + 1 it has not even
 * full rank, with 1 it is NaN.
 *
 * Sums run over observations in the order given; another order changes the last bits only.
 *
 * Ownership: callers own all arrays; a fit is plain data.
 * Failure:   ERR_INPUT for data that are none (a feature that is not finite, a chosen alternative
 *            that was not there), naming the observation, counted from 0; ERR_ENVIRONMENT when
 *            memory is out. Data without an answer are no failure: `state` says so.
 */
#ifndef SIM_ANALYSIS_CHOICE_FIT_H
#define SIM_ANALYSIS_CHOICE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "router/base/err.h"

enum { CHOICE_PARAMETERS_MAX = 12, CHOICE_REASON_MAX = 160 };

#define CHOICE_OUTSIDE UINT32_MAX /* chosen: none of the alternatives */

struct choice_observation {
    uint32_t first;   /* row of its first alternative */
    uint32_t rows;    /* alternatives, the outside option not counted */
    uint32_t chosen;  /* which of them, from 0; or CHOICE_OUTSIDE */
    uint32_t cluster; /* any number; equal ones belong together */
};

struct choice_data {
    const struct choice_observation *observations;
    uint32_t count;
    const double *features;   /* features[row * parameters + parameter] */
    uint32_t rows;            /* of features */
    uint32_t parameters;      /* 1 to CHOICE_PARAMETERS_MAX */
    const char *const *names; /* of the parameters, for reasons; NULL: by number */
    bool outside;             /* leaving is an option */
};

enum choice_state {
    CHOICE_NONE,           /* no observation leaves a choice */
    CHOICE_NOT_IDENTIFIED, /* `culprit` cannot be told */
    CHOICE_SEPARATED,      /* no finite maximum: `culprit` runs away fastest */
    CHOICE_FITTED,
    CHOICE_STATES
};
extern const char *const choice_state_names[CHOICE_STATES]; /* "fitted", ... */

enum choice_solver { CHOICE_NEWTON, CHOICE_BFGS };

struct choice_fit {
    enum choice_state state;
    enum choice_solver solver; /* that ended the search */
    uint32_t parameters;
    uint32_t n;        /* observations that left a choice */
    uint32_t without;  /* that left none: nothing was shown, or one thing only and no way out */
    uint32_t clusters; /* that hold any of the n */
    uint32_t iterations;
    uint32_t culprit;               /* parameter; UINT32_MAX: none */
    bool separation_shown;          /* else, if separated, suspected */
    char reason[CHOICE_REASON_MAX]; /* a sentence unless fitted, else empty */

    double beta[CHOICE_PARAMETERS_MAX]; /* separated: where the search stopped; NaN if none */
    double model[CHOICE_PARAMETERS_MAX][CHOICE_PARAMETERS_MAX];
    double robust[CHOICE_PARAMETERS_MAX][CHOICE_PARAMETERS_MAX];
    double log_likelihood;      /* separated: what it has risen to */
    double log_likelihood_null; /* all b 0: every option alike */
    double mcfadden;            /* 1 - log_likelihood / log_likelihood_null */
};

bool choice_fit(const struct choice_data *data, struct choice_fit *fit, struct err *err);

/* Log likelihood at `beta`, and its first and second derivatives (gradient[parameter], hessian
 * [parameter * parameters + parameter], which is negative semidefinite); both may be NULL. */
double choice_log_likelihood(const struct choice_data *data, const double *beta, double *gradient,
                             double *hessian);

enum choice_covariance { CHOICE_MODEL, CHOICE_ROBUST };

/* Standard error of a parameter; NaN unless fitted. */
double choice_error(const struct choice_fit *fit, uint32_t parameter, enum choice_covariance which);

/* The quantile that an interval at `level` takes: the normal's for CHOICE_MODEL, Student's with
 * clusters - 1 degrees of freedom for CHOICE_ROBUST; NaN with one cluster. */
double choice_critical(const struct choice_fit *fit, enum choice_covariance which, double level);

/* ---- willingness to pay ---- */

/* What one unit of `a` is worth in units of `b`: -b_a / b_b, cents per minute for a = minutes and
 * b = cents.
 *
 * Delta: symmetric, and never unbounded: wrong when b_b may as well be 0. Fieller (Journal of the
 * Royal Statistical Society B 1954): all r for which b_a + r b_b is compatible with 0. That set is
 * an interval only while b_b itself is clearly not 0; otherwise it is everything outside of an
 * interval, or everything. A ratio that cannot be told from infinity is honestly so wide. */
enum choice_fieller {
    FIELLER_NONE,     /* not known */
    FIELLER_BOUNDED,  /* low to high */
    FIELLER_OUTSIDE,  /* up to low, and from high on: all but what lies between */
    FIELLER_BELOW,    /* up to high; low is NaN */
    FIELLER_ABOVE,    /* from low on; high is NaN */
    FIELLER_ANYTHING, /* every number; both are NaN */
    FIELLER_KINDS
};

struct choice_pair { /* two coefficients and what is known of them */
    double a, b;
    double variance_a, covariance, variance_b;
};

struct choice_ratio {
    double value;                /* NaN: b_b is 0, or nothing is known */
    double error;                /* delta method */
    double low, high;            /* delta method */
    enum choice_fieller fieller; /* what the next two bound */
    double fieller_low, fieller_high;
    double level;
    uint32_t n, clusters; /* of the fit; 0 from a bare pair */
};

struct choice_ratio choice_ratio_of(struct choice_pair pair, double critical, double level);
struct choice_ratio choice_ratio(const struct choice_fit *fit, uint32_t a, uint32_t b,
                                 enum choice_covariance which, double level);

/* Whether the Fieller set holds `ratio`; false for FIELLER_NONE. */
bool choice_fieller_holds(const struct choice_ratio *ratio, double value);

#endif
