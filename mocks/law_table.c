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
 * slopes. A mixture whose parts lie far apart all but jumps from one to the other; a piece that
 * misses its own middle there is not used, and what lies in it is solved one by one. */
enum { KNOTS_A_UNIT = 64, KNOTS = 11 * KNOTS_A_UNIT + 1 };
#define KNOT_FIRST (-5.5) /* EDGE lies at 5.42 */
#define KNOT_WIDTH (1.0 / KNOTS_A_UNIT)
#define PIECE_MISS 1e-6

struct knot {
    double value, slope;
    bool bent; /* the piece from here to the next knot is not to be used */
};

static double knot_z(uint32_t knot)
{
    return KNOT_FIRST + knot * KNOT_WIDTH;
}

/* The piece's cubic, at a share `t` of its width. */
static double piece_at(const struct knot *from, double t)
{
    const struct knot *const to = from + 1;
    const double rise = to->value - from->value;
    const double bend_from = from->slope * KNOT_WIDTH - rise,
                 bend_to = rise - to->slope * KNOT_WIDTH;
    return from->value + t * rise + t * (1 - t) * ((1 - t) * bend_from + t * bend_to);
}

/* Slopes of at most three times the rise keep a cubic from turning back (Fritsch and Carlson). */
static bool is_bent(const struct law_shape *shape, const struct knot *from, double z_middle)
{
    const double steepest = 3 * (from[1].value - from[0].value) / KNOT_WIDTH;
    if (!(from[0].slope <= steepest && from[1].slope <= steepest)) return true;
    const double middle = law_shape_log_quantile(shape, gsl_cdf_ugaussian_P(z_middle));
    return !(fabs(piece_at(from, 0.5) - middle) <= PIECE_MISS);
}

static void fill_knots(const struct law_shape *shape, struct knot knots[KNOTS])
{
    for (uint32_t k = 0; k < KNOTS; k++) {
        const double z = knot_z(k);
        const double log_us = law_shape_log_quantile(shape, gsl_cdf_ugaussian_P(z));
        const double density = law_shape_log_density(shape, log_us);
        knots[k] = (struct knot){.value = log_us, .slope = gsl_ran_ugaussian_pdf(z) / density};
    }
    for (uint32_t k = 0; k + 1 < KNOTS; k++) {
        knots[k].bent = is_bent(shape, &knots[k], knot_z(k) + KNOT_WIDTH / 2);
    }
}

static double log_quantile(const struct law_shape *shape, const struct knot knots[KNOTS],
                           enum law_table table, uint32_t cell)
{
    const double place = (normal[table][cell] - KNOT_FIRST) * KNOTS_A_UNIT;
    const uint32_t k = (uint32_t)place;
    assert(k + 1 < KNOTS);
    if (!knots[k].bent) return piece_at(&knots[k], place - k);
    return law_shape_log_quantile(shape, law_table_probability(table, cell));
}

/* The knots of a shape with scale 1. A provider's operations mostly differ in scale alone, so that
 * the shape solved last in this thread serves the next law too. It changes no number, only when it
 * is found. */
static _Thread_local struct knot knots_kept[KNOTS];
static _Thread_local struct law_shape knots_of = {.kind = LAW_KIND_COUNT};

static bool is_same_shape(const struct law_shape *a, const struct law_shape *b)
{
    return a->kind == b->kind && a->shape == b->shape && a->sigma == b->sigma &&
           a->tail_weight == b->tail_weight && a->tail_factor == b->tail_factor &&
           a->tail_sigma == b->tail_sigma;
}

static void tabulate_curve(const struct law_shape *shape, double us[LAW_TABLE_COUNT][LAW_CELLS + 1])
{
    struct law_shape unit = *shape;
    unit.median = unit.scale = 1;
    if (!is_same_shape(&knots_of, &unit)) {
        fill_knots(&unit, knots_kept);
        knots_of = unit;
    }
    const double scale = shape->kind == LAW_GAMMA ? shape->scale : shape->median;
    for (enum law_table table = 0; table < LAW_TABLE_COUNT; table++) {
        for (uint32_t i = 0; i <= LAW_CELLS; i++) {
            us[table][i] = scale * exp(log_quantile(&unit, knots_kept, table, i));
        }
    }
}

void law_shape_tabulate(const struct law_shape *shape, double us[LAW_TABLE_COUNT][LAW_CELLS + 1])
{
    (void)pthread_once(&normal_once, fill_normal);
    if (shape->kind == LAW_GAMMA || shape->kind == LAW_BODY_TAIL) {
        tabulate_curve(shape, us);
        return;
    }
    const bool is_normal = shape->kind == LAW_LOGNORMAL || shape->kind == LAW_REGIMES;
    for (enum law_table table = 0; table < LAW_TABLE_COUNT; table++) {
        for (uint32_t i = 0; i <= LAW_CELLS; i++) {
            us[table][i] = is_normal ? shape->median * exp(shape->sigma * normal[table][i])
                                     : law_shape_quantile(shape, law_table_probability(table, i));
        }
    }
}
