#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <pthread.h>

#include "mocks/law_shape.h"

#define CELL 0x1p-12 /* the probability of a cell */
#define FINE 0x1p-24 /* of a tail's cell */
#define EDGE 0x1p-25 /* what lies beyond the outermost quantiles of the tables */

double law_table_probability(enum law_table table, uint32_t cell)
{
    assert(cell <= LAW_CELLS);
    double probability = cell * (table == LAW_TABLE_WHOLE ? CELL : FINE);
    if (table == LAW_TABLE_HIGH) probability += 1 - CELL;
    return fmin(fmax(probability, EDGE), 1 - EDGE);
}

/* The normal quantiles of the tables' probabilities. They are the same for every law, and finding
 * them is most of the work, so that a process does it once. */
static double normal[LAW_TABLE_COUNT][LAW_CELLS + 1];
static pthread_once_t normal_once = PTHREAD_ONCE_INIT;

static void fill_normal(void)
{
    for (enum law_table table = 0; table < LAW_TABLE_COUNT; table++) {
        for (uint32_t i = 0; i <= LAW_CELLS; i++) {
            normal[table][i] = gsl_cdf_ugaussian_Pinv(law_table_probability(table, i));
        }
    }
}

/* log(quantile) as a curve over the normal quantile z, in cubic pieces through exact values and
 * slopes. */
enum { KNOTS_A_UNIT = 64, KNOTS = 11 * KNOTS_A_UNIT + 1 };
#define KNOT_FIRST (-5.5) /* EDGE lies at 5.42 */

struct knot {
    double value, slope;
};

static void fill_knots(const struct law_shape *shape, struct knot knots[KNOTS])
{
    for (uint32_t k = 0; k < KNOTS; k++) {
        const double z = KNOT_FIRST + (double)k / KNOTS_A_UNIT;
        const double log_us = law_shape_log_quantile(shape, gsl_cdf_ugaussian_P(z));
        const double density = law_shape_log_density(shape, log_us);
        knots[k] = (struct knot){.value = log_us, .slope = gsl_ran_ugaussian_pdf(z) / density};
    }
}

static double curve_at(const struct knot knots[KNOTS], double z)
{
    const double place = (z - KNOT_FIRST) * KNOTS_A_UNIT;
    const uint32_t k = (uint32_t)place;
    assert(k + 1 < KNOTS);
    const struct knot *const from = &knots[k], *const to = &knots[k + 1];
    const double t = place - k, width = 1.0 / KNOTS_A_UNIT;
    const double rise = to->value - from->value;
    const double bend_from = from->slope * width - rise, bend_to = rise - to->slope * width;
    return from->value + t * rise + t * (1 - t) * ((1 - t) * bend_from + t * bend_to);
}

void law_shape_tabulate(const struct law_shape *shape, double us[LAW_TABLE_COUNT][LAW_CELLS + 1])
{
    (void)pthread_once(&normal_once, fill_normal);
    const bool is_curve = shape->kind == LAW_GAMMA || shape->kind == LAW_BODY_TAIL;
    const bool is_normal = shape->kind == LAW_LOGNORMAL || shape->kind == LAW_REGIMES;
    struct knot knots[KNOTS];
    if (is_curve) fill_knots(shape, knots);
    for (enum law_table table = 0; table < LAW_TABLE_COUNT; table++) {
        for (uint32_t i = 0; i <= LAW_CELLS; i++) {
            const double z = normal[table][i];
            if (is_curve)
                us[table][i] = exp(curve_at(knots, z));
            else if (is_normal)
                us[table][i] = shape->median * exp(shape->sigma * z);
            else
                us[table][i] = law_shape_quantile(shape, law_table_probability(table, i));
        }
    }
}
