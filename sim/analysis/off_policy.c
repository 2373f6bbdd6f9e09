#include "sim/analysis/off_policy.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"

void off_policy_explore(uint32_t best, double epsilon, uint32_t actions, double *probabilities)
{
    assert(best < actions);
    assert(epsilon >= 0.0);
    assert(epsilon <= 1.0);
    for (uint32_t a = 0; a < actions; a++)
        probabilities[a] = epsilon / actions + (a == best ? 1.0 - epsilon : 0.0);
}

/* ---- is the log one? ---- */

static bool refuse(struct err *err, size_t decision, const char *what)
{
    return err_fail(err, ERR_INPUT, (struct place){0}, "decision %zu: %s", decision, what);
}

static bool is_distribution(const double *row, uint32_t actions)
{
    double sum = 0.0;
    for (uint32_t a = 0; a < actions; a++) {
        if (!(row[a] >= 0.0)) return false;
        sum += row[a];
    }
    return fabs(sum - 1.0) <= 1e-9;
}

static bool model_is_finite(const struct off_policy_log *log, size_t row)
{
    for (uint32_t a = 0; log->model != NULL && a < log->actions; a++) {
        if (!isfinite(log->model[row + a])) return false;
    }
    return true;
}

static bool check_decision(const struct off_policy_log *log, size_t i, struct err *err)
{
    const size_t row = i * log->actions;
    assert(log->taken[i] < log->actions);
    if (!is_distribution(log->logging + row, log->actions))
        return refuse(err, i, "the logged probabilities do not sum to 1");
    if (!is_distribution(log->target + row, log->actions))
        return refuse(err, i, "the target policy's probabilities do not sum to 1");
    if (!(log->logging[row + log->taken[i]] > 0.0))
        return refuse(err, i, "what was taken was logged with probability 0");
    if (!isfinite(log->rewards[i])) return refuse(err, i, "the reward is not a finite number");
    if (!model_is_finite(log, row))
        return refuse(err, i, "the model's value is not a finite number");
    return true;
}

static bool is_supported(const struct off_policy_log *log, size_t i)
{
    const size_t row = i * log->actions;
    for (uint32_t a = 0; a < log->actions; a++) {
        if (log->target[row + a] > 0.0 && !(log->logging[row + a] > 0.0)) return false;
    }
    return true;
}

static bool check_log(const struct off_policy_log *log, struct off_policy_result *result,
                      struct err *err)
{
    for (size_t i = 0; i < log->count; i++) {
        if (!check_decision(log, i, err)) return false;
        if (is_supported(log, i)) continue;
        if (result->unsupported == 0) result->first_unsupported = i;
        result->unsupported++;
    }
    return true;
}

/* ---- the estimators: sums per cluster ---- */

struct sums {
    struct stats_block *ips, *snips, *dr; /* of each cluster */
    uint32_t clusters;
    double weights, squares;
};

static double weight_of(const struct off_policy_log *log, size_t i)
{
    const size_t at = i * log->actions + log->taken[i];
    return log->target[at] / log->logging[at];
}

/* What the model expects of the target policy, and its error where it can be seen. */
static double doubly_robust(const struct off_policy_log *log, size_t i, double weight)
{
    const size_t row = i * log->actions;
    double expected = 0.0;
    for (uint32_t a = 0; a < log->actions; a++)
        expected += log->target[row + a] * log->model[row + a];
    return expected + weight * (log->rewards[i] - log->model[row + log->taken[i]]);
}

static void add_to(struct stats_block *block, double value, double weight)
{
    block->n++;
    block->difference += value;
    block->weight += weight;
}

static void add_decision(const struct off_policy_log *log, size_t i, struct sums *sums,
                         struct off_policy_result *result)
{
    const size_t cluster = log->clusters == NULL ? i : log->clusters[i];
    assert(cluster < sums->clusters);
    double weight = weight_of(log, i);
    result->mean_weight += weight / (double)log->count;
    result->largest_weight = fmax(result->largest_weight, weight);
    if (log->weight_limit > 0.0 && weight > log->weight_limit) {
        weight = log->weight_limit;
        result->clipped++;
    }
    sums->weights += weight;
    sums->squares += weight * weight;
    add_to(&sums->ips[cluster], weight * log->rewards[i], 1.0);
    add_to(&sums->snips[cluster], weight * log->rewards[i], weight);
    if (log->model != NULL) add_to(&sums->dr[cluster], doubly_robust(log, i, weight), 1.0);
}

static bool estimate(const struct off_policy_log *log, struct off_policy_result *result)
{
    struct sums sums = {.clusters =
                            log->clusters == NULL ? (uint32_t)log->count : log->cluster_count};
    struct stats_block *blocks = memory_zeroed(3 * (size_t)sums.clusters * sizeof *blocks);
    if (blocks == NULL) return false;
    sums.ips = blocks;
    sums.snips = blocks + sums.clusters;
    sums.dr = blocks + 2 * (size_t)sums.clusters;
    result->mean_weight = result->largest_weight = 0.0;
    for (size_t i = 0; i < log->count; i++)
        add_decision(log, i, &sums, result);
    result->state = OFF_POLICY_IDENTIFIED;
    result->effective_n = sums.squares > 0.0 ? sums.weights * sums.weights / sums.squares : 0.0;
    result->ips = stats_mean_difference(sums.ips, sums.clusters, log->level);
    result->snips = stats_mean_difference(sums.snips, sums.clusters, log->level);
    if (log->model != NULL) result->dr = stats_mean_difference(sums.dr, sums.clusters, log->level);
    free(blocks);
    return true;
}

bool off_policy_evaluate(const struct off_policy_log *log, struct off_policy_result *result,
                         struct err *err)
{
    assert(log->actions > 0);
    assert(log->count <= UINT32_MAX);
    assert(log->weight_limit >= 0.0);
    const struct stats_estimate unknown = {
        .value = NAN, .low = NAN, .high = NAN, .p = NAN, .n = log->count};
    *result = (struct off_policy_result){.ips = unknown,
                                         .snips = unknown,
                                         .dr = unknown,
                                         .effective_n = NAN,
                                         .mean_weight = NAN,
                                         .largest_weight = NAN};
    if (!check_log(log, result, err)) return false;
    if (log->count == 0) return true;
    if (result->unsupported > 0) {
        result->state = OFF_POLICY_NOT_IDENTIFIED;
        return true;
    }
    if (estimate(log, result)) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}
