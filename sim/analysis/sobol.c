#include "sim/analysis/sobol.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_qrng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "sim/analysis/stats_bootstrap.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

/* ---- the design ---- */

struct study {
    const struct sobol_design *design;
    double *rows;   /* rows[row * 2d]: of A, then of B */
    double *points; /* one batch */
    double *values; /* of A; of B; of each AB; N each */
};

static void draw_rows(const struct study *study, gsl_qrng *sequence)
{
    const size_t width = 2 * (size_t)study->design->inputs;
    for (uint32_t row = 0; row < study->design->rows; row++)
        gsl_qrng_get(sequence, study->rows + row * width);
}

enum { BLOCK_A, BLOCK_B, BLOCK_MIXED }; /* BLOCK_MIXED + i: A, input i from B */

static void write_point(const struct study *study, uint32_t block, uint32_t row, double *point)
{
    const uint32_t inputs = study->design->inputs;
    const double *of_a = study->rows + (size_t)row * 2 * inputs, *of_b = of_a + inputs;
    memcpy(point, block == BLOCK_B ? of_b : of_a, inputs * sizeof *point);
    if (block >= BLOCK_MIXED) point[block - BLOCK_MIXED] = of_b[block - BLOCK_MIXED];
}

static void evaluate_all(const struct study *study, size_t batch, void *context,
                         sobol_evaluate evaluate)
{
    const uint32_t inputs = study->design->inputs, rows = study->design->rows;
    const size_t all = (size_t)rows * (inputs + 2);
    for (size_t first = 0; first < all; first += batch) {
        const size_t count = all - first < batch ? all - first : batch;
        for (size_t i = 0; i < count; i++) {
            const size_t at = first + i;
            write_point(study, (uint32_t)(at / rows), (uint32_t)(at % rows),
                        study->points + i * inputs);
        }
        evaluate(context, study->points, count, study->values + first);
    }
}

/* ---- the indices ---- */

static const double *block_of(const struct study *study, uint32_t block)
{
    return study->values + (size_t)block * study->design->rows;
}

/* How often a row counts: `times` NULL is once. */
static double weight_of(const uint16_t *times, uint32_t row)
{
    return times == NULL ? 1.0 : (double)times[row];
}

static double variance_of(const struct study *study, const uint16_t *times, double *mean)
{
    const double *of_a = block_of(study, BLOCK_A), *of_b = block_of(study, BLOCK_B);
    const uint32_t rows = study->design->rows;
    double sum = 0.0, squares = 0.0;
    for (uint32_t row = 0; row < rows; row++)
        sum += weight_of(times, row) * (of_a[row] + of_b[row]);
    *mean = sum / (2.0 * rows);
    for (uint32_t row = 0; row < rows; row++) {
        const double a = of_a[row] - *mean, b = of_b[row] - *mean;
        squares += weight_of(times, row) * (a * a + b * b);
    }
    return squares / (2.0 * rows);
}

struct pair {
    double first, total;
};

static struct pair indices_of(const struct study *study, const uint16_t *times, uint32_t input,
                              double mean, double variance)
{
    const double *of_a = block_of(study, BLOCK_A), *of_b = block_of(study, BLOCK_B);
    const double *mixed = block_of(study, BLOCK_MIXED + input);
    const uint32_t rows = study->design->rows;
    struct pair sums = {0.0, 0.0};
    for (uint32_t row = 0; row < rows; row++) {
        const double step = mixed[row] - of_a[row], weight = weight_of(times, row);
        sums.first += weight * (of_b[row] - mean) * step;
        sums.total += weight * step * step;
    }
    return (struct pair){sums.first / rows / variance, sums.total / rows / (2.0 * variance)};
}

static bool all_finite(const struct study *study)
{
    const size_t all = (size_t)study->design->rows * (study->design->inputs + 2);
    for (size_t i = 0; i < all; i++) {
        if (!isfinite(study->values[i])) return false;
    }
    return true;
}

/* ---- intervals ---- */

/* Of the known ones among `count`, which end sorted. */
static void interval_of(double *replicates, uint32_t count, double level, struct sobol_index *index)
{
    uint32_t known = 0;
    for (uint32_t r = 0; r < count; r++) {
        if (!isnan(replicates[r])) replicates[known++] = replicates[r];
    }
    if (known < 2) return;
    gsl_sort(replicates, 1, known);
    const double tail = (1.0 - level) / 2.0;
    index->low = gsl_stats_quantile_from_sorted_data(replicates, 1, known, tail);
    index->high = gsl_stats_quantile_from_sorted_data(replicates, 1, known, 1.0 - tail);
}

static bool find_intervals(const struct study *study, struct sobol_result *result, struct err *err)
{
    const struct sobol_design *design = study->design;
    struct bootstrap_counts counts;
    if (!bootstrap_counts_draw(&counts, design->resamples, design->rows, design->seed, err))
        return false;
    const size_t size = (size_t)design->inputs * design->resamples;
    double *replicates = memory_resize(NULL, 2 * size, sizeof *replicates);
    for (uint32_t r = 0; replicates != NULL && r < design->resamples; r++) {
        const uint16_t *times = bootstrap_times(&counts, r);
        double mean;
        const double variance = variance_of(study, times, &mean);
        for (uint32_t i = 0; i < design->inputs; i++) {
            const struct pair pair = variance > 0.0 ? indices_of(study, times, i, mean, variance)
                                                    : (struct pair){(double)NAN, (double)NAN};
            replicates[(size_t)i * design->resamples + r] = pair.first;
            replicates[size + (size_t)i * design->resamples + r] = pair.total;
        }
    }
    for (uint32_t i = 0; replicates != NULL && i < design->inputs; i++) {
        double *const of_input = replicates + (size_t)i * design->resamples;
        interval_of(of_input, design->resamples, design->level, &result->first[i]);
        interval_of(of_input + size, design->resamples, design->level, &result->total[i]);
    }
    const bool done = replicates != NULL;
    free(replicates);
    bootstrap_counts_release(&counts);
    return done || out_of_memory(err);
}

/* ---- the whole ---- */

static bool summarise(const struct study *study, struct sobol_result *result, struct err *err)
{
    const struct sobol_design *design = study->design;
    const struct sobol_index unknown = {NAN, NAN, NAN};
    for (uint32_t i = 0; i < design->inputs; i++)
        result->first[i] = result->total[i] = unknown;
    if (!all_finite(study)) return true;
    result->variance = variance_of(study, NULL, &result->mean);
    if (!(result->variance > 0.0)) return true;
    for (uint32_t i = 0; i < design->inputs; i++) {
        const struct pair pair = indices_of(study, NULL, i, result->mean, result->variance);
        result->first[i].value = pair.first;
        result->total[i].value = pair.total;
    }
    return design->resamples == 0 || find_intervals(study, result, err);
}

bool sobol_indices(const struct sobol_design *design, struct sobol_result *result, struct err *err,
                   void *context, sobol_evaluate evaluate)
{
    assert(design->inputs >= 1);
    assert(design->inputs <= SOBOL_INPUTS_MAX);
    assert(design->rows >= 2);
    assert(design->rows <= SOBOL_ROWS_MAX);
    const size_t all = (size_t)design->rows * (design->inputs + 2);
    const size_t batch = design->batch == 0 || design->batch > all ? all : design->batch;
    *result = (struct sobol_result){.mean = NAN, .variance = NAN, .evaluations = all};
    struct study study = {.design = design};
    bool done = false, ready = false;
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, 2 * design->inputs);
    study.rows = memory_resize(NULL, 2 * (size_t)design->rows * design->inputs, sizeof(double));
    study.points = memory_resize(NULL, batch * design->inputs, sizeof *study.points);
    study.values = memory_resize(NULL, all, sizeof *study.values);
    ready = sequence != NULL && study.rows != NULL && study.points != NULL && study.values != NULL;
    if (ready) {
        draw_rows(&study, sequence);
        evaluate_all(&study, batch, context, evaluate);
        done = summarise(&study, result, err);
    }
    if (sequence != NULL) gsl_qrng_free(sequence);
    free(study.rows);
    free(study.points);
    free(study.values);
    return ready ? done : out_of_memory(err);
}

void sobol_to_simplex(const double *unit, uint32_t count, double *weights)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        assert(unit[i] >= 0.0);
        assert(unit[i] <= 1.0);
        weights[i] = -log(fmax(unit[i], 0x1p-54));
        sum += weights[i];
    }
    for (uint32_t i = 0; i < count; i++)
        weights[i] = sum > 0.0 ? weights[i] / sum : 1.0 / count;
}
