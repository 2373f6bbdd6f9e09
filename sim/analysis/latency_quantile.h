/* sim/analysis/latency_quantile.h - quantiles of one series, three ways, none without saying what
 * it rests on.
 *
 *   NAIVE     of answers that came in time alone: what a query over success rows gives. Every call
 *             that was given up is missing from it, so it looks best where things are worst. It is
 *             here to be shown beside the others as the trap it is, never to set a timeout from
 *   CENSORED  of all watched calls, a given-up one at the instant it was given up: what the
 *             runbook's query gives where timeouts are rows at their timeout. Right below the first
 *             censoring; from there on the rank's value is only known to be more
 *   KM        by Kaplan and Meier (survival.h): also right beyond the first censoring, where
 *             timeouts differed and longer ones saw further
 *
 * NAIVE and CENSORED are type 7 of Hyndman and Fan, which is PostgreSQL's PERCENTILE_CONT and GSL's
 * gsl_stats_quantile_from_sorted_data(); KM's is the first answer at which F reaches p. PromQL's
 * histogram_quantile interpolates within buckets and agrees with neither.
 *
 * A quantile needs 10 samples beyond it, n >= 10 / (1 - p); with fewer it is TOO_FEW. Where its
 * rank lies among what was censored it is BEYOND, more than `beyond_us` and no number: the first
 * censoring, or, when only the upper of the two samples it lies between is unknown, what lies
 * between the lower one and the censoring.
 *
 * Intervals are those of order statistics, exact for any distribution: the ranks between which the
 * quantile lies with at least `level` (stats_quantile_ranks). An end whose rank lies beyond the
 * first censoring is BEYOND as well, and without such a pair of ranks there is no interval. KM's
 * has the same ends where both ranks lie below the first censoring; else survival.h's, which hold
 * for large numbers (`exact` is false). A NAIVE interval is one of the wrong thing.
 *
 * Ownership: a ranking owns its arrays; latency_ranks_release() frees them (a zeroed one is fine).
 * Failure:   ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_LATENCY_QUANTILE_H
#define SIM_ANALYSIS_LATENCY_QUANTILE_H

#include "sim/analysis/latencies.h"
#include "sim/analysis/survival.h"

enum latency_method { LATENCY_NAIVE, LATENCY_CENSORED_RANKS, LATENCY_KM, LATENCY_METHODS };
extern const char *const latency_method_names[LATENCY_METHODS]; /* "naive", "censored", "km" */

enum { LATENCY_SAMPLES_BEYOND = 10 };

struct latency_ranks {  /* a series, sorted once */
    double *in_time_us; /* answers within their timeout, rising */
    uint32_t in_time;
    double *watched_us; /* all watched calls, rising; answers before what was censored with them */
    uint32_t watched;
    uint32_t known;            /* of those, the least ones, whose ranks no censoring can change */
    int64_t first_censored_us; /* 0: nothing was */
    struct survival curve;
};
bool latency_ranks_make(struct latency_ranks *ranks, const struct latency_series *series,
                        double level, struct err *err);
void latency_ranks_release(struct latency_ranks *ranks);

enum latency_state {
    LATENCY_OK,
    LATENCY_TOO_FEW, /* fewer than 10 samples beyond it: n/a */
    LATENCY_BEYOND   /* "> T" */
};
enum latency_end_state { LATENCY_END_KNOWN, LATENCY_END_BEYOND, LATENCY_END_NONE };
struct latency_end {
    enum latency_end_state state;
    double us; /* BEYOND: it is more than that; NaN for NONE */
};

struct latency_quantile {
    enum latency_method method;
    double probability;
    uint32_t n;
    enum latency_state state;
    double us;        /* OK; else NaN */
    double beyond_us; /* BEYOND; else NaN */
    struct latency_end low, high;
    bool exact; /* the interval holds for any distribution and any n */
};
/* 0 < probability < 1; intervals at the level that the ranking was made with. */
struct latency_quantile latency_quantile(const struct latency_ranks *ranks,
                                         enum latency_method method, double probability);

/* ---- how much is hidden ---- */

#define LATENCY_HIDDEN_WARN 0.005 /* of the watched calls */

struct latency_hidden {
    uint32_t hits;    /* censored at a timeout */
    uint32_t n;       /* watched: answered or censored */
    double share;     /* NaN of none */
    double low, high; /* Clopper-Pearson; NaN of none */
    bool warn;        /* share > LATENCY_HIDDEN_WARN: the tail is cut off where it matters */
};
struct latency_hidden latency_hidden(const struct latency_series *series, double level);

#endif
