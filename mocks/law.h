/* mocks/law.h - latency laws: a distribution, compiled into a table that a draw looks up.
 *
 * A law is given by its parameters or by two of its quantiles (p50 and p95). law_compile() turns it
 * into a quantile table: 4,096 equal cells of probability, with linear interpolation inside a cell,
 * and a second table of 4,096 cells for each of the two outermost cells, so that a tail is resolved
 * down to one part in 16 million; a straight line inside a cell is within 0.2% of the
 * quantile of every law tested. Values are whole microseconds. The table is the law: GSL's inverse
 * CDFs build it, no libm function is called when drawing, and the same bits give the same latency
 * everywhere. tests/mocks/test_law.c holds every law to its CDF (Kolmogorov-Smirnov on 10^5 draws)
 * and to GSL's own samplers.
 *
 * `regimes` multiplies its lognormal body by `bad_factor` while a two-state Markov process is in
 * its bad state; sojourns are exponential, keyed by (seed, entity, step), and do not depend on
 * traffic. The first state is drawn from the stationary law. `empirical` takes values
 * (milliseconds, decimals allowed) from a CSV column, in order (one a call of its operation) or
 * resampled by key.
 *
 * A table's values end at LAW_US_MAX, 71 minutes: a draw beyond is that long.
 *
 * Ownership: a compiled law owns its tables through the arena given to law_compile().
 * Failure:   law_compile(): ERR_INPUT for parameters that make no distribution, or a bad CSV row.
 */
#ifndef MOCKS_LAW_H
#define MOCKS_LAW_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/arena.h"
#include "router/base/err.h"

enum law_kind {
    LAW_CONSTANT,
    LAW_UNIFORM,
    LAW_LOGNORMAL,
    LAW_GAMMA,
    LAW_WEIBULL,
    LAW_LOGLOGISTIC,
    LAW_BODY_TAIL,
    LAW_REGIMES,
    LAW_EMPIRICAL,
    LAW_KIND_COUNT
};
extern const char *const law_kind_names[LAW_KIND_COUNT + 1];

enum { LAW_PATH_MAX = 256, LAW_COLUMN_MAX = 64 };

struct law_spec { /* as a scenario gives it; a span of -1 and a number of -1 mean: not given */
    enum law_kind kind;
    struct place place;      /* of the law in the scenario, for messages */
    int64_t p50_us, p95_us;  /* every law but constant, uniform and empirical */
    int64_t value_us;        /* constant */
    int64_t low_us, high_us; /* uniform */
    int64_t median_us;       /* lognormal, loglogistic, body_tail, regimes */
    double sigma;            /* lognormal, body_tail, regimes: of the logarithm */
    double shape;            /* gamma, weibull, loglogistic */
    int64_t scale_us;        /* gamma, weibull */
    double tail_weight;      /* body_tail: share of calls in the tail */
    double tail_factor;      /* body_tail: the tail's median, in medians of the body */
    double tail_sigma;       /* body_tail: of the tail's logarithm; not given: the body's sigma */
    double bad_factor;       /* regimes */
    int64_t good_for_us, bad_for_us; /* regimes: mean sojourns */
    int64_t floor_us;                /* added to every draw: a network's round trip */
    char file[LAW_PATH_MAX];         /* empirical; relative to the scenario's folder */
    char column[LAW_COLUMN_MAX];
    char where_column[LAW_COLUMN_MAX]; /* empirical: only rows whose where_column is where_value */
    char where_value[LAW_COLUMN_MAX];
    bool resample; /* empirical: draw rows by key instead of in order */
    bool cycle;    /* empirical in order: start again at the end; else: stop (an error) */
};

struct law_spec law_spec_none(void); /* nothing given */

enum { LAW_CELLS = 4096 };
#define LAW_US_MAX INT64_C(4294967295)

struct law { /* compiled */
    enum law_kind kind;
    int64_t floor_us;
    int64_t constant_us;
    const uint32_t *cells;     /* LAW_CELLS + 1 quantiles, us */
    const uint32_t *low_tail;  /* of the first cell */
    const uint32_t *high_tail; /* of the last cell; ends at the quantile 1 - 2^-25 */
    /* regimes */
    uint64_t regime_key; /* set by law_seed() */
    double bad_factor;
    double good_for_us, bad_for_us;
    int64_t regime_from_us, regime_until_us; /* the sojourn looked at last */
    uint64_t regime_step;
    bool regime_bad;
    /* empirical */
    const int64_t *rows;
    uint32_t row_count;
    uint32_t row_next;
    bool resample;
    bool cycle;
    bool exhausted; /* in order, at_end stop: a call found no row left */
};

/* `folder` is what relative files are relative to; "" or NULL: the current one. */
bool law_compile(const struct law_spec *spec, const char *folder, struct arena *arena,
                 struct law *law, struct err *err);

/* Starts a replication: regimes are keyed by `key`, empirical rows begin anew. */
void law_seed(struct law *law, uint64_t key);

/* A latency for 64 uniform bits, at an instant (regimes) - the hot path. Instants may go back. */
int64_t law_draw(struct law *law, uint64_t bits, int64_t now_us);

/* The law's own quantile and CDF (without regimes and floor), for tests and reports; from GSL. NaN
 * for parameters that make no distribution, and for an empirical law. */
double law_quantile_us(const struct law_spec *spec, double probability);
double law_cdf(const struct law_spec *spec, double us);

#endif
