/* sim/analysis/sobol.h - how much of a result each input is answerable for: Sobol indices.
 *
 * f has d inputs, independent and uniform in [0, 1). The first-order index S of an input is the
 * share of f's variance that knowing this input alone takes away; the total index ST the share that
 * is left when everything but it is known. Their difference is interaction. An input with ST near 0
 * may be fixed without harm.
 *
 * Saltelli's design, N (d + 2) evaluations: N rows A, N rows B, and for each input N rows of A with
 * that input taken from B. Rows come from Sobol's sequence in 2d dimensions (gsl_qrng_sobol).
 *   V   the variance over A and B together
 *   S   mean of f(B) (f(AB) - f(A)) / V, f centred (Saltelli et al., "Variance based sensitivity
 *       analysis of model output", Computer Physics Communications 2010)
 *   ST  mean of (f(A) - f(AB))^2 / 2V (Jansen, "Analysis of variance designs for model output",
 *       Computer Physics Communications 1999)
 * S may come out a little below 0, where it is 0. Intervals are percentiles of a bootstrap over
 * rows; rows of a low-discrepancy sequence spread more evenly than chance, so they are too wide
 * rather than too narrow: a guard against too small an N, not a law of the error.
 *
 * NaN: all indices when f is constant or anywhere not finite; their intervals without resamples.
 *
 * Ownership: the caller owns all arrays.
 * Failure:   false with an err when memory is out.
 */
#ifndef SIM_ANALYSIS_SOBOL_H
#define SIM_ANALYSIS_SOBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "router/base/err.h"

enum {
    SOBOL_INPUTS_MAX = 20, /* GSL's sequence has 40 dimensions, and two rows are drawn at once */
    SOBOL_ROWS_MAX = UINT16_MAX
};

/* Evaluates `count` points at once, so that one pass over the orders may serve many:
 * values[i] = f(points + i * inputs). */
typedef void (*sobol_evaluate)(void *context, const double *points, size_t count, double *values);

struct sobol_design {
    uint32_t inputs;    /* d: 1 to SOBOL_INPUTS_MAX */
    uint32_t rows;      /* N: a power of 2 fills the cube most evenly; 2 to SOBOL_ROWS_MAX */
    uint32_t batch;     /* points a call at most; 0: as many as there are */
    uint32_t resamples; /* of the bootstrap; 0: no intervals */
    double level;
    uint64_t seed;
};

struct sobol_index {
    double value;
    double low, high;
};

struct sobol_result {
    struct sobol_index first[SOBOL_INPUTS_MAX], total[SOBOL_INPUTS_MAX];
    double mean, variance; /* of f */
    uint64_t evaluations;  /* rows * (inputs + 2) */
};

bool sobol_indices(const struct sobol_design *design, struct sobol_result *result, struct err *err,
                   void *context, sobol_evaluate evaluate);

/* A point of the unit cube to a point of the simplex: -ln(u) of each, over their sum. Uniform in
 * the cube comes out uniform on the simplex (Dirichlet with all parameters 1; Devroye, "Non-uniform
 * random variate generation", 1986, chapter V.2); dividing uniforms by their sum would crowd the
 * middle. A u of 0 counts as 2^-54; if all are 1 the weights are equal. */
void sobol_to_simplex(const double *unit, uint32_t count, double *weights);

#endif
