/* mocks/law_shape.h - a law's distribution with every parameter settled, and its exact quantiles.
 *
 * What a scenario leaves to be derived (a law given by its p50 and p95) is solved here. Values are
 * microseconds as doubles. Only compiling a law and testing it come here; drawing does not.
 *
 * Failure: law_shape_settle(): ERR_INPUT at the law's place, naming the parameter.
 */
#ifndef MOCKS_LAW_SHAPE_H
#define MOCKS_LAW_SHAPE_H

#include "mocks/law.h"

struct law_shape {
    enum law_kind kind;
    double low, high;   /* uniform; constant has both alike */
    double median;      /* lognormal, loglogistic, body_tail (of the body), regimes */
    double sigma;       /* lognormal, body_tail, regimes */
    double shape;       /* gamma, weibull, loglogistic */
    double scale;       /* gamma, weibull */
    double tail_weight; /* body_tail */
    double tail_factor;
    double tail_sigma;
};

bool law_shape_settle(const struct law_spec *spec, struct law_shape *shape, struct err *err);

double law_shape_cdf(const struct law_shape *shape, double us);

/* Of gamma and body_tail: the logarithm of a quantile, and the density of the logarithm. In
 * logarithms because a very uneven gamma law has quantiles too small for a double. */
double law_shape_log_quantile(const struct law_shape *shape, double probability);
double law_shape_log_density(const struct law_shape *shape, double log_us);

/* 0 < probability < 1. Gamma and body_tail are solved with GSL's CDFs, the others by GSL's
 * inverse ones. */
double law_shape_quantile(const struct law_shape *shape, double probability);

/* Every quantile that a compiled law holds, LAW_CELLS + 1 a table: of the whole, of the first and
 * of the last cell. Gamma and body_tail are solved at 705 knots and interpolated between them on
 * the normal scale, where their logarithm is nearly straight, or solved where it is not: within
 * 2e-6 of law_shape_quantile(). */
enum law_table { LAW_TABLE_WHOLE, LAW_TABLE_LOW, LAW_TABLE_HIGH, LAW_TABLE_COUNT };
double law_table_probability(enum law_table table, uint32_t cell);
void law_shape_tabulate(const struct law_shape *shape, double us[LAW_TABLE_COUNT][LAW_CELLS + 1]);

#endif
