#include "sim/analysis/choice_metric.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "router/base/random.h"
#include "sim/analysis/choice_tastes.h"
#include "sim/analysis/stats_bootstrap.h"

/* ---- draws of coefficients ---- */

enum { VALUES_MAX = CHOICE_PARAMETERS_MAX * CHOICE_PARAMETERS_MAX };

static const double rank_least = 1e-12; /* pivot of a correlation: below it is rounding */

struct root { /* covariance = R R' */
    double values[VALUES_MAX];
    uint32_t size;
};

/* Of the correlations, by GSL's pivoted Cholesky (P C P' = L D L'), with the errors put back:
 * R = errors P' L sqrt(D). Columns from the first pivot of nothing on are 0. */
static void take_root(const struct choice_fit *fit, enum choice_covariance which, struct root *root)
{
    const uint32_t p = root->size = fit->parameters;
    const double(*covariance)[CHOICE_PARAMETERS_MAX] =
        which == CHOICE_MODEL ? fit->model : fit->robust;
    double correlation[VALUES_MAX], errors[CHOICE_PARAMETERS_MAX];
    for (uint32_t k = 0; k < p; k++)
        errors[k] = choice_error(fit, k, which);
    for (uint32_t k = 0; k < p * p; k++) {
        const double scale = errors[k / p] * errors[k % p];
        correlation[k] = scale > 0.0 ? covariance[k / p][k % p] / scale : 0.0;
    }
    size_t order[CHOICE_PARAMETERS_MAX];
    gsl_permutation permutation = {.size = p, .data = order};
    gsl_matrix_view view = gsl_matrix_view_array(correlation, p, p);
    (void)gsl_linalg_pcholesky_decomp(&view.matrix, &permutation);
    memset(root->values, 0, sizeof root->values);
    for (uint32_t j = 0; j < p && correlation[j * p + j] > rank_least; j++) {
        for (uint32_t i = j; i < p; i++) {
            const double below = i == j ? 1.0 : correlation[i * p + j];
            root->values[order[i] * p + j] =
                errors[order[i]] * below * sqrt(correlation[j * p + j]);
        }
    }
}

static double draw_normal(uint64_t key, uint32_t which)
{
    const uint64_t bits = random_draw(key, random_what(RANDOM_BOOTSTRAP, 0, 1, which, 0));
    return gsl_cdf_ugaussian_Pinv(random_unit(bits) + 0x1p-54); /* never 0 */
}

void choice_draw_betas(const struct choice_fit *fit, enum choice_covariance which, uint32_t count,
                       uint64_t seed, double *betas)
{
    assert(fit->state == CHOICE_FITTED && isfinite(choice_error(fit, 0, which)));
    struct root root;
    take_root(fit, which, &root);
    const uint32_t p = fit->parameters;
    for (uint32_t d = 0; d < count; d++) {
        double *beta = betas + (size_t)d * p;
        memcpy(beta, fit->beta, p * sizeof *beta);
        const uint64_t key = random_key(seed, d);
        for (uint32_t j = 0; j < p; j++) {
            const double normal = draw_normal(key, j);
            for (uint32_t k = 0; k < p; k++)
                beta[k] += root.values[k * p + j] * normal;
        }
    }
}

/* ---- a policy under coefficients ---- */

struct study {
    const struct choice_metric_request *request;
    uint32_t clusters; /* that hold any order */
    bool modelled;     /* coefficients can be drawn */
    bool sampled;      /* clusters can be */
    double *betas;     /* draws rows */
    uint32_t *dense;   /* of each order: its cluster among those that hold any */
    double *sizes;     /* orders of each such cluster */
    double *sums;      /* scratch: an entry a cluster */
    struct bootstrap_counts counts;
    double *of_first, *of_this; /* draws by model; by orders; by both */
    double *scratch;            /* draws */
};

static void sum_clusters(const struct study *study, const struct choice_policy *policy,
                         const double *beta)
{
    const uint32_t p = study->request->fit->parameters;
    memset(study->sums, 0, study->clusters * sizeof *study->sums);
    for (uint32_t i = 0; i < study->request->orders; i++) {
        const double *features = policy->features + (size_t)i * p;
        double utility = 0.0;
        for (uint32_t k = 0; k < p; k++)
            utility += features[k] * beta[k];
        const double worth = policy->worth == NULL ? 1.0 : policy->worth[i];
        study->sums[study->dense[i]] += worth * choice_probability(utility);
    }
}

/* `times` NULL: once each. */
static double mean_of(const struct study *study, const uint16_t *times)
{
    double above = 0.0, below = 0.0;
    for (uint32_t g = 0; g < study->clusters; g++) {
        const double weight = times == NULL ? 1.0 : times[g];
        above += weight * study->sums[g];
        below += weight * study->sizes[g];
    }
    return above / below; /* no cluster is empty */
}

/* How much further from the centre an order's draw stands than resampling shows. */
static double stretch_of(const struct study *study)
{
    return sqrt((double)study->clusters / ((double)study->clusters - 1.0));
}

/* Fills the three rows of `draws`, and returns the value itself. */
static double draw_policy(const struct study *study, const struct choice_policy *policy,
                          double *draws)
{
    const uint32_t count = study->request->draws;
    double *by_model = draws, *by_orders = draws + count, *by_both = by_orders + count;
    sum_clusters(study, policy, study->request->fit->beta);
    const double value = mean_of(study, NULL);
    for (uint32_t d = 0; d < count && study->sampled; d++) {
        const double drawn = mean_of(study, bootstrap_times(&study->counts, d));
        by_orders[d] = value + stretch_of(study) * (drawn - value);
    }
    for (uint32_t d = 0; d < count && study->modelled; d++) {
        sum_clusters(study, policy, study->betas + (size_t)d * study->request->fit->parameters);
        by_model[d] = mean_of(study, NULL);
        if (!study->sampled) continue;
        const double drawn = mean_of(study, bootstrap_times(&study->counts, d));
        by_both[d] = by_model[d] + stretch_of(study) * (drawn - by_model[d]);
    }
    return value;
}

/* ---- what the draws say ---- */

static const struct choice_part part_unknown = {(double)NAN, (double)NAN, (double)NAN};

static struct choice_part part_of(const struct study *study, const double *draws, bool known)
{
    const uint32_t count = study->request->draws;
    const double tail = 0.5 * (1.0 - study->request->level);
    if (!known || count < 2) return part_unknown;
    memcpy(study->scratch, draws, count * sizeof *draws);
    gsl_sort(study->scratch, 1, count);
    return (struct choice_part){
        .error = gsl_stats_sd(draws, 1, count),
        .low = gsl_stats_quantile_from_sorted_data(study->scratch, 1, count, tail),
        .high = gsl_stats_quantile_from_sorted_data(study->scratch, 1, count, 1.0 - tail)};
}

static struct choice_spread spread_of(const struct study *study, double value, const double *draws)
{
    const uint32_t count = study->request->draws;
    return (struct choice_spread){
        .value = value,
        .model = part_of(study, draws, study->modelled),
        .orders = part_of(study, draws + count, study->sampled),
        .both = part_of(study, draws + 2 * (size_t)count, study->modelled && study->sampled)};
}

static void judge(const struct study *study, struct choice_metric *metrics)
{
    const struct choice_metric_request *request = study->request;
    for (uint32_t k = 0; k < request->policy_count; k++) {
        double *draws = k == 0 ? study->of_first : study->of_this;
        const double value = draw_policy(study, &request->policies[k], draws);
        metrics[k] = (struct choice_metric){.n = request->orders,
                                            .clusters = study->clusters,
                                            .draws = request->draws,
                                            .value = spread_of(study, value, draws)};
        for (size_t d = 0; d < 3 * (size_t)request->draws; d++)
            study->of_this[d] = draws[d] - study->of_first[d];
        metrics[k].difference = spread_of(study, value - metrics[0].value.value, study->of_this);
    }
}

/* ---- the study ---- */

/* Numbers the clusters that hold any order, from 0. */
static bool number_clusters(struct study *study)
{
    const struct choice_metric_request *request = study->request;
    uint32_t *numbers = memory_zeroed((size_t)request->cluster_count * sizeof *numbers);
    if (numbers == NULL) return false;
    for (uint32_t i = 0; i < request->orders; i++) {
        assert(request->clusters[i] < request->cluster_count);
        numbers[request->clusters[i]] = 1;
    }
    for (uint32_t g = 0; g < request->cluster_count; g++)
        if (numbers[g] != 0) numbers[g] = ++study->clusters;
    for (uint32_t i = 0; i < request->orders; i++) {
        study->dense[i] = numbers[request->clusters[i]] - 1;
        study->sizes[study->dense[i]] += 1.0;
    }
    free(numbers);
    return true;
}

static bool allocate(struct study *study)
{
    const struct choice_metric_request *request = study->request;
    const size_t draws = request->draws, size = sizeof(double);
    study->betas = memory_zeroed(draws * request->fit->parameters * size);
    study->dense = memory_zeroed(request->orders * sizeof *study->dense);
    study->sizes = memory_zeroed(request->cluster_count * size);
    study->sums = memory_zeroed(request->cluster_count * size);
    study->of_first = memory_zeroed(3 * draws * size);
    study->of_this = memory_zeroed(3 * draws * size);
    study->scratch = memory_zeroed(draws * size);
    return study->betas != NULL && study->dense != NULL && study->sizes != NULL &&
           study->sums != NULL && study->of_first != NULL && study->of_this != NULL &&
           study->scratch != NULL && number_clusters(study);
}

static bool prepare(struct study *study, struct err *err)
{
    const struct choice_metric_request *request = study->request;
    if (!allocate(study)) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    study->modelled = isfinite(choice_error(request->fit, 0, request->which));
    if (study->modelled)
        choice_draw_betas(request->fit, request->which, request->draws,
                          random_key(request->seed, 1), study->betas);
    study->sampled =
        study->clusters >= BOOTSTRAP_CLUSTERS_LEAST && study->clusters <= BOOTSTRAP_CLUSTERS_MAX;
    if (!study->sampled) return true;
    return bootstrap_counts_draw(&study->counts, request->draws, study->clusters,
                                 random_key(request->seed, 2), err);
}

static void release(struct study *study)
{
    free(study->betas);
    free(study->dense);
    free(study->sizes);
    free(study->sums);
    free(study->of_first);
    free(study->of_this);
    free(study->scratch);
    bootstrap_counts_release(&study->counts);
}

static void fill_unknown(const struct choice_metric_request *request, struct choice_metric *metrics)
{
    const struct choice_spread unknown = {
        .value = (double)NAN, .model = part_unknown, .orders = part_unknown, .both = part_unknown};
    for (uint32_t k = 0; k < request->policy_count; k++)
        metrics[k] =
            (struct choice_metric){.value = unknown, .difference = unknown, .n = request->orders};
}

bool choice_metric_run(const struct choice_metric_request *request, struct choice_metric *metrics,
                       struct err *err)
{
    assert(request->level > 0.0 && request->level < 1.0);
    if (request->fit->state != CHOICE_FITTED || request->orders == 0) {
        fill_unknown(request, metrics);
        return true;
    }
    struct study study = {.request = request};
    const bool ready = prepare(&study, err);
    if (ready) judge(&study, metrics);
    release(&study);
    return ready;
}
