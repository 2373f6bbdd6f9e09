/* tests/calibration/calibrate.h - do tests and intervals err as often as they say?
 *
 * A calibration simulates one kind of experiment whose truth is known, ten thousand times, and
 * counts how often each of its figures happened: a false alarm, an interval that held the truth, an
 * effect that was found. What was counted has to lie in the central 99.9% region of the binomial
 * distribution with the figure's nominal rate, so that among a hundred figures that are right one
 * run in ten has one outside; and seeds are fixed, so a figure is inside for good or is not.
 *
 * To add one: a file tests/calibration/calibrate_x.c with a `const struct calibration
 * calibrate_x`, and a line in calibrate_table.c. `make calibration` runs all of them in full and
 * prints the table; tests/calibration/test_calibration.c runs each a little, within `make test`.
 *
 * Results do not depend on the number of threads: experiments are cut into parts of fixed size,
 * and the parts' sums added in order.
 */
#ifndef TESTS_CALIBRATION_CALIBRATE_H
#define TESTS_CALIBRATION_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

#include <gsl/gsl_cdf.h>

#include "router/base/random.h"

enum calibration_claim {
    CALIBRATION_NOMINAL, /* happens at the nominal rate: neither more nor less often */
    CALIBRATION_AT_MOST, /* at most: only the region's upper end counts */
    CALIBRATION_AT_LEAST
};

struct calibration_figure {
    const char *what; /* NULL ends the list */
    double nominal;
    enum calibration_claim claim;
};

enum { CALIBRATION_FIGURES_MAX = 8, CALIBRATION_EXPERIMENTS = 10000 };

struct calibration {
    const char *name;
    const char *how;      /* what one experiment is, in a line */
    uint64_t experiments; /* CALIBRATION_EXPERIMENTS, unless each takes long */
    struct calibration_figure figures[CALIBRATION_FIGURES_MAX + 1];
    /* One experiment: fills a number a figure, 1 (happened), 0 or a share between. Called from
     * several threads at once. */
    void (*run)(uint64_t experiment, double *happened);
};

extern const struct calibration *const calibrations[]; /* ends with NULL */

/* ---- counting ---- */

struct calibration_counts {
    uint64_t experiments;
    double happened[CALIBRATION_FIGURES_MAX]; /* sums */
};

/* Experiments from 0 on. */
struct calibration_counts calibration_count(const struct calibration *calibration,
                                            uint64_t experiments, uint32_t threads);

struct calibration_region {
    double low, high; /* rates, both still inside */
};

struct calibration_region calibration_region(struct calibration_figure figure,
                                             uint64_t experiments);
bool calibration_holds(struct calibration_region region, double rate);

/* ---- draws for experiments ---- */

/* The key of an experiment's draws; `stream` keeps several kinds of draws apart. */
static inline uint64_t calibration_key(uint64_t seed, uint64_t experiment, uint64_t stream)
{
    return random_key(random_key(seed, experiment), stream);
}

static inline double calibration_unit(uint64_t key, uint64_t index) /* in (0, 1) */
{
    return random_unit(random_draw(key, index)) + 0x1p-54;
}

static inline double calibration_normal(uint64_t key, uint64_t index)
{
    return gsl_cdf_ugaussian_Pinv(calibration_unit(key, index));
}

/* Of n draws, how many happened at this rate. */
static inline uint64_t calibration_hits(uint64_t key, uint64_t n, double rate)
{
    uint64_t hits = 0;
    for (uint64_t i = 0; i < n; i++)
        hits += random_unit(random_draw(key, i)) < rate;
    return hits;
}

#endif
