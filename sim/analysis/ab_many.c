/* sim/analysis/ab_many.c - the goal of several variants at once: max-T over resampled clusters,
 * which keeps what their estimates share (the baseline's arm, the same bad hours). */
#include <math.h>
#include <stdlib.h>

#include "sim/analysis/ab_state.h"
#include "sim/analysis/stats_bootstrap.h"
#include "sim/analysis/stats_many.h"

enum { RESAMPLES = 2000 };

struct cell { /* residuals of a cluster: baseline's arm, variant's */
    double n[2], r[2], rr[2];
};

static double t_of(const struct cell *sum, enum ab_estimator estimator, double about)
{
    double value = 0.0, variance = 0.0;
    for (unsigned s = estimator == AB_SHADOW ? 1 : 0; s < 2; s++) {
        if (sum->n[s] < 2.0) return (double)NAN;
        const double mean = sum->r[s] / sum->n[s];
        value += s == 0 ? -mean : mean;
        variance += fmax(0.0, sum->rr[s] / sum->n[s] - mean * mean) / (sum->n[s] - 1.0);
    }
    return variance > 0.0 ? (value - about) / sqrt(variance) : (double)NAN;
}

static double value_of(const struct cell *sum, enum ab_estimator estimator)
{
    const double b = sum->n[1] > 0.0 ? sum->r[1] / sum->n[1] : 0.0;
    const double a = sum->n[0] > 0.0 ? sum->r[0] / sum->n[0] : 0.0;
    return estimator == AB_SHADOW ? b : b - a;
}

static void put(struct cell *cell, unsigned side, double r)
{
    cell->n[side] += 1.0;
    cell->r[side] += r;
    cell->rr[side] += r * r;
}

/* The residual that the estimator averages: of which arm, and whether it counts at all. */
static void fill(const struct ab_work *work, uint32_t variant, enum ab_estimator estimator,
                 struct cell *cells, const uint32_t *place)
{
    const struct ab_value *goal = &work->result->variants[variant].values[AB_GOAL];
    struct ab_sample sample;
    ab_sample_begin(work, &sample, variant, AB_GOAL);
    for (uint32_t i = 0; i < work->result->used; i++) {
        struct cell *cell = &cells[place[work->table.orders[i].cluster]];
        const uint8_t was = work->winners[0][i], is = work->winners[variant + 1][i];
        const double a = ab_expected(work, i, was, AB_GOAL);
        const double b = was == is ? a : ab_expected(work, i, is, AB_GOAL);
        const unsigned arm = work->arm_of[i];
        if (estimator == AB_SHADOW) {
            put(cell, 1, b - a);
        } else if (arm == 0 || arm == variant + 1) {
            const unsigned side = arm == 0 ? 0 : 1;
            const double y = ab_seen(work, i, side == 0 ? was : is, AB_GOAL) - sample.centre;
            const double x = 0.5 * (a + b) - sample.centre;
            if (estimator == AB_CUPED) put(cell, side, y - goal->theta * x);
            if (estimator == AB_DISCORDANT && was != is) put(cell, side, y);
        }
    }
}

static struct cell total_of(const struct cell *cells, const uint16_t *times, uint32_t clusters)
{
    struct cell sum = {{0.0}, {0.0}, {0.0}};
    for (uint32_t c = 0; c < clusters; c++) {
        const double weight = times == NULL ? 1.0 : times[c];
        for (unsigned s = 0; s < 2; s++) {
            sum.n[s] += weight * cells[c].n[s];
            sum.r[s] += weight * cells[c].r[s];
            sum.rr[s] += weight * cells[c].rr[s];
        }
    }
    return sum;
}

/* Clusters that hold orders, numbered anew. */
static uint32_t place_clusters(const struct ab_work *work, uint32_t *place)
{
    uint32_t count = 0, last = UINT32_MAX;
    for (uint32_t i = 0; i < work->result->used; i++) {
        const uint32_t cluster = work->table.orders[i].cluster;
        if (cluster == last) continue;
        last = cluster;
        place[cluster] = count++;
    }
    return count;
}

struct resampling {
    struct cell *cells; /* variant * clusters */
    double *t;          /* replicate * variants */
    struct bootstrap_counts counts;
    uint32_t clusters, variants;
};

static bool resample(const struct ab_work *work, struct resampling *of, struct err *err)
{
    const struct ab_result *result = work->result;
    const enum ab_estimator estimator = ab_judge_of(result, AB_GOAL);
    const uint32_t replicates = work->request->resamples > 0 ? work->request->resamples : RESAMPLES;
    uint32_t place[REPLAY_CLUSTERS_MAX] = {0};
    double observed[AB_VARIANTS_MAX], adjusted[AB_VARIANTS_MAX], value[AB_VARIANTS_MAX];
    of->variants = result->arm_count - 1;
    of->clusters = place_clusters(work, place);
    of->cells = calloc((size_t)of->variants * of->clusters, sizeof *of->cells);
    of->t = malloc((size_t)replicates * of->variants * sizeof *of->t);
    if (of->cells == NULL || of->t == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint32_t v = 0; v < of->variants; v++) {
        struct cell *cells = &of->cells[(size_t)v * of->clusters];
        fill(work, v, estimator, cells, place);
        const struct cell sum = total_of(cells, NULL, of->clusters);
        observed[v] = t_of(&sum, estimator, 0.0);
        value[v] = value_of(&sum, estimator);
    }
    if (!bootstrap_counts_draw(&of->counts, replicates, of->clusters, result->seed, err))
        return false;
    for (uint32_t r = 0; r < replicates; r++)
        for (uint32_t v = 0; v < of->variants; v++) {
            const struct cell sum = total_of(&of->cells[(size_t)v * of->clusters],
                                             bootstrap_times(&of->counts, r), of->clusters);
            of->t[(size_t)r * of->variants + v] = t_of(&sum, estimator, value[v]);
        }
    const struct stats_max_t input = {.observed = observed,
                                      .resampled = of->t,
                                      .count = of->variants,
                                      .replicates = replicates,
                                      .level = 1.0 - result->alpha};
    if (!stats_max_t(&input, adjusted, NULL, err)) return false;
    for (uint32_t v = 0; v < of->variants; v++) {
        struct ab_value *goal = &work->result->variants[v].values[AB_GOAL];
        const double own = goal->tests[goal->judged_by].p; /* never better than alone */
        goal->p_adjusted = isnan(adjusted[v]) ? own : fmax(adjusted[v], own);
    }
    return true;
}

bool ab_adjust_goals(struct ab_work *work, struct err *err)
{
    struct ab_result *result = work->result;
    const uint32_t variants = result->arm_count - 1;
    for (uint32_t v = 0; v < variants; v++) {
        struct ab_value *goal = &result->variants[v].values[AB_GOAL];
        goal->p_adjusted =
            result->reached ? goal->tests[goal->judged_by].p : fmin(1.0, variants * goal->always.p);
    }
    if (!result->reached || variants == 1) return true;
    struct resampling of = {0};
    const bool ok = resample(work, &of, err);
    free(of.cells);
    free(of.t);
    bootstrap_counts_release(&of.counts);
    return ok;
}
