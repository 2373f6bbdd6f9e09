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

/* 0 < probability < 1. `near_us`, where positive, is a quantile close by that shortens the search.
 */
double law_shape_quantile(const struct law_shape *shape, double probability, double near_us);

#endif
