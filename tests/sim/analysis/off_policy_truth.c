#include "tests/sim/analysis/off_policy_truth.h"

#include <math.h>
#include <stdlib.h>

#include "router/base/random.h"
#include "sim/analysis/off_policy.h"

enum { SETS = 4096, QUOTES = 4, ORDERS = 1000 };
static const double epsilon = 0.4, level = 0.95;
static const uint64_t seed = 20251123;

struct quote {
    double cents, minutes;
};

struct population {
    struct quote quotes[SETS][QUOTES];
    uint32_t logging[SETS], target[SETS]; /* the best quote by either policy */
    double model[QUOTES];
    double truth;
};

static double unit(uint64_t what, uint64_t index)
{
    return random_unit(random_draw(random_key(seed, what), index));
}

static uint32_t best_of(const struct quote *quotes, double minutes_weight)
{
    uint32_t best = 0;
    for (uint32_t q = 1; q < QUOTES; q++) {
        if (quotes[q].cents + minutes_weight * quotes[q].minutes <
            quotes[best].cents + minutes_weight * quotes[best].minutes)
            best = q;
    }
    return best;
}

/* A cart has its size, a provider its own price level, and haste costs. */
static struct population *make_population(void)
{
    struct population *population = calloc(1, sizeof *population);
    if (population == NULL) abort();
    for (uint32_t s = 0; s < SETS; s++) {
        struct quote *const quotes = population->quotes[s];
        const double cart = 3000.0 * exp(0.4 * (unit(1, s) + unit(2, s) - 1.0));
        for (uint32_t q = 0; q < QUOTES; q++) {
            const uint64_t at = s * QUOTES + q;
            quotes[q].minutes = 20.0 + 60.0 * unit(3, at);
            quotes[q].cents = cart * (1.0 + 0.03 * q + 0.2 * unit(4, at) + 3.0 / quotes[q].minutes);
            population->model[q] += quotes[q].cents / SETS;
        }
        population->logging[s] = best_of(quotes, 0.0);
        population->target[s] = best_of(quotes, 30.0);
        population->truth += quotes[population->target[s]].cents / SETS;
    }
    return population;
}

struct masked { /* all that the estimators are given */
    uint32_t taken[ORDERS];
    double rewards[ORDERS];
    double logging[ORDERS * QUOTES], target[ORDERS * QUOTES], model[ORDERS * QUOTES];
};

static uint32_t take(const double *probabilities, double u)
{
    uint32_t action = 0;
    while (action + 1 < QUOTES && u >= probabilities[action])
        u -= probabilities[action++];
    return action;
}

static void log_run(const struct population *population, uint32_t run, struct masked *masked)
{
    const uint64_t key = random_key(random_key(seed, 5), run);
    for (uint32_t i = 0; i < ORDERS; i++) {
        const uint32_t s = random_below(random_draw(key, 2 * i), SETS);
        double *const probabilities = masked->logging + (size_t)i * QUOTES;
        off_policy_explore(population->logging[s], epsilon, QUOTES, probabilities);
        off_policy_explore(population->target[s], 0.0, QUOTES, masked->target + (size_t)i * QUOTES);
        masked->taken[i] = take(probabilities, random_unit(random_draw(key, 2 * i + 1)));
        masked->rewards[i] = population->quotes[s][masked->taken[i]].cents;
        for (uint32_t q = 0; q < QUOTES; q++)
            masked->model[(size_t)i * QUOTES + q] = population->model[q];
    }
}

static void note(struct off_policy_truth_row *row, const struct stats_estimate *estimate,
                 double truth, uint32_t runs)
{
    row->covered += estimate->low <= truth && truth <= estimate->high;
    row->mean += estimate->value / runs;
    row->width += (estimate->high - estimate->low) / runs;
}

struct off_policy_truth off_policy_truth_count(uint32_t first, uint32_t runs)
{
    struct population *population = make_population();
    struct masked *masked = malloc(sizeof *masked);
    if (masked == NULL) abort();
    struct off_policy_truth found = {.runs = runs, .truth = population->truth};
    for (uint32_t run = first; run < first + runs; run++) {
        log_run(population, run, masked);
        const struct off_policy_log log = {.count = ORDERS,
                                           .actions = QUOTES,
                                           .taken = masked->taken,
                                           .rewards = masked->rewards,
                                           .logging = masked->logging,
                                           .target = masked->target,
                                           .model = masked->model,
                                           .level = level};
        struct off_policy_result result;
        struct err err;
        if (!off_policy_evaluate(&log, &result, &err)) abort();
        note(&found.ips, &result.ips, found.truth, runs);
        note(&found.snips, &result.snips, found.truth, runs);
        note(&found.dr, &result.dr, found.truth, runs);
        for (uint32_t i = 0; i < ORDERS; i++)
            found.logging += masked->rewards[i] / ORDERS / runs;
    }
    free(masked);
    free(population);
    return found;
}
