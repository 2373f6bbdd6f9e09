#include "sim/analysis/geometry.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <gsl/gsl_vector.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/replay_kernel.h"
#include "sim/analysis/sweep.h"

#define NEAR_TIE 1.0 /* points of score */

static const double radii[8] = {0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5};

/* The weights as each preference has them. */
struct scaled {
    struct score_weights of[PREFERENCE_COUNT];
    double factor[PREFERENCE_COUNT][REPLAY_PARTS]; /* what the preference multiplies a weight by */
};

static void scale(struct scaled *scaled, const struct score_weights *weights)
{
    const struct score_weights ones = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0};
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        const struct score_weights factors = score_weights_for(&ones, (enum preference)p);
        scaled->of[p] = score_weights_for(weights, (enum preference)p);
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            scaled->factor[p][k] = score_weight_of(&factors, (enum replay_part)k);
    }
}

/* ---- identifiability ---- */

static bool can_move(const struct replay_order *order, const struct score_weights *weights,
                     enum replay_part part, uint32_t winner)
{
    double breaks[3];
    uint8_t winners[4];
    const uint32_t count = sweep_order(order, weights, part, 0.0, 1.0, breaks, winners);
    for (uint32_t i = 0; i <= count; i++)
        if (winners[i] != winner) return true;
    return false;
}

double geometry_movable(const struct replay_table *table, const struct score_weights *weights,
                        enum replay_part part)
{
    uint64_t movable = 0;
    for (uint32_t i = 0; i < table->count; i++)
        movable +=
            can_move(&table->orders[i], weights, part, replay_winner(&table->orders[i], weights));
    return table->count > 0 ? (double)movable / table->count : 0.0;
}

static void measure_weights(struct geometry *geometry, const struct replay_table *table,
                            const struct score_weights *weights)
{
    static const unsigned levels_most = 255;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        bool seen[512] = {false};
        struct geometry_weight *of = &geometry->weights[k];
        unsigned levels = 0;
        for (uint32_t i = 0; i < table->count; i++) {
            const struct replay_order *order = &table->orders[i];
            of->movable_orders +=
                can_move(order, weights, (enum replay_part)k, replay_winner(order, weights));
            for (unsigned q = 0; q < order->count; q++) {
                const int level = order->quotes[q].parts[k] & 511;
                levels += !seen[level];
                seen[level] = true;
            }
        }
        of->levels = (uint8_t)(levels < levels_most ? levels : levels_most);
        of->movable = table->count > 0 ? (double)of->movable_orders / table->count : 0.0;
        of->no_effect = of->movable < GEOMETRY_NO_EFFECT;
    }
}

/* Sums of products of the components, centred within each order. */
static void pooled_products(const struct replay_table *table,
                            double products[REPLAY_PARTS][REPLAY_PARTS], uint64_t *quotes)
{
    *quotes = 0;
    memset(products, 0, sizeof(double) * REPLAY_PARTS * REPLAY_PARTS);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        double mean[REPLAY_PARTS] = {0};
        for (unsigned q = 0; q < order->count; q++)
            for (unsigned k = 0; k < REPLAY_PARTS; k++)
                mean[k] += (double)order->quotes[q].parts[k] / order->count;
        for (unsigned q = 0; q < order->count; q++)
            for (unsigned a = 0; a < REPLAY_PARTS; a++)
                for (unsigned b = 0; b < REPLAY_PARTS; b++)
                    products[a][b] += (order->quotes[q].parts[a] - mean[a]) *
                                      (order->quotes[q].parts[b] - mean[b]);
        *quotes += order->count;
    }
}

/* The condition number of the matrix with its columns scaled to one length (Belsley, Kuh and
 * Welsch, "Regression Diagnostics", 1980): a component that never varies makes it singular. */
static double condition_of(double products[REPLAY_PARTS][REPLAY_PARTS])
{
    double store[REPLAY_PARTS * REPLAY_PARTS], values[REPLAY_PARTS];
    for (unsigned a = 0; a < REPLAY_PARTS; a++) {
        if (!(products[a][a] > 0.0)) return HUGE_VAL;
        for (unsigned b = 0; b < REPLAY_PARTS; b++)
            store[a * REPLAY_PARTS + b] =
                products[a][b] / sqrt(products[a][a]) / sqrt(products[b][b]);
    }
    gsl_matrix_view matrix = gsl_matrix_view_array(store, REPLAY_PARTS, REPLAY_PARTS);
    gsl_vector_view eigenvalues = gsl_vector_view_array(values, REPLAY_PARTS);
    gsl_eigen_symm_workspace *workspace = gsl_eigen_symm_alloc(REPLAY_PARTS);
    if (workspace == NULL) return (double)NAN;
    (void)gsl_eigen_symm(&matrix.matrix, &eigenvalues.vector, workspace);
    gsl_eigen_symm_free(workspace);
    double least = HUGE_VAL, most = 0.0;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        if (values[k] < least) least = values[k];
        if (values[k] > most) most = values[k];
    }
    return least > most * 1e-14 ? sqrt(most / least) : HUGE_VAL;
}

static void measure_spread(struct geometry *geometry, const struct replay_table *table)
{
    double products[REPLAY_PARTS][REPLAY_PARTS];
    uint64_t quotes;
    pooled_products(table, products, &quotes);
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        geometry->weights[k].spread = quotes > 0 ? sqrt(products[k][k] / (double)quotes) : 0.0;
    geometry->condition = quotes > 0 ? condition_of(products) : (double)NAN;
}

/* ---- how firmly ---- */

/* Over all rivals the least gap / sum |d|: how far every weight may move at once. `gap` is the
 * least gap itself; HUGE_VAL both when there is no rival. */
static double radius_of(const struct replay_order *order, uint32_t winner,
                        const struct scaled *scaled, double *least_gap)
{
    const struct score_weights *w = &scaled->of[order->preference];
    double least = HUGE_VAL;
    *least_gap = HUGE_VAL;
    for (unsigned q = 0; q < order->count; q++) {
        if (q == winner) continue;
        double gap = 0.0, size = 0.0;
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            const double d = order->quotes[winner].parts[k] - order->quotes[q].parts[k];
            gap += score_weight_of(w, (enum replay_part)k) * d;
            size += fabs(d) * scaled->factor[order->preference][k];
        }
        if (gap < 0.0) gap = 0.0; /* a tie, up to rounding */
        if (gap < *least_gap) *least_gap = gap;
        if (size > 0.0 && gap / size < least) least = gap / size;
    }
    return least;
}

static bool measure_radii(struct geometry *geometry, const struct replay_table *table,
                          const struct score_weights *weights, struct err *err)
{
    struct scaled scaled;
    uint64_t exact = 0, near = 0, within[8] = {0};
    size_t known = 0;
    double *radius = malloc((table->count + 1u) * sizeof *radius);
    if (radius == NULL) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    scale(&scaled, weights);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        double gap;
        const double of = radius_of(order, replay_winner(order, weights), &scaled, &gap);
        exact += gap <= 1e-9;
        near += gap <= NEAR_TIE;
        if (!(of < HUGE_VAL)) continue;
        radius[known++] = of;
        for (unsigned r = 0; r < 8; r++)
            within[r] += of <= radii[r];
    }
    gsl_sort(radius, 1, known);
    geometry->radius_least = known > 0 ? radius[0] : (double)NAN;
    geometry->radius_median =
        known > 0 ? gsl_stats_quantile_from_sorted_data(radius, 1, known, 0.5) : (double)NAN;
    const double orders = table->count > 0 ? table->count : 1;
    geometry->exact_ties = (double)exact / orders;
    geometry->near_ties = (double)near / orders;
    for (unsigned r = 0; r < 8; r++) {
        geometry->radius[r] = radii[r];
        geometry->within[r] = (double)within[r] / orders;
    }
    free(radius);
    return true;
}

/* ---- priority, regret, reversals ---- */

static double share_differing(const struct replay_table *table, const struct score_weights *a,
                              const struct score_weights *b)
{
    uint64_t differing = 0;
    for (uint32_t i = 0; i < table->count; i++)
        differing += replay_winner(&table->orders[i], a) != replay_winner(&table->orders[i], b);
    return table->count > 0 ? (double)differing / table->count : 0.0;
}

static void measure_regret(struct geometry *geometry, const struct replay_table *table,
                           const struct score_weights *weights)
{
    int64_t sums[OUTCOME_COUNT] = {0};
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        const struct replay_fates *fates = &table->fates[i];
        const uint32_t won = replay_winner(order, weights);
        for (unsigned k = 0; k < OUTCOME_COUNT; k++) {
            const int better = replay_outcome_traits[k].better;
            int64_t best = INT64_MIN;
            for (unsigned q = 0; q < order->count; q++) {
                const int64_t value = better * (int64_t)fates->of[q][k];
                if (value > best) best = value;
            }
            sums[k] += best - better * (int64_t)fates->of[won][k];
        }
    }
    for (unsigned k = 0; k < OUTCOME_COUNT; k++)
        geometry->regret[k] = table->count > 0 ? (double)sums[k] / table->count : 0.0;
}

static bool reverses(const struct replay_table *table, const struct replay_order *order,
                     const struct score_weights *weights)
{
    const struct replay_quote *won = &order->quotes[replay_winner(order, weights)];
    for (unsigned q = 0; q < order->count; q++) {
        struct decision_inputs inputs;
        const struct replay_quote *dropped = &order->quotes[q];
        const struct decision_view view = {.without = (uint8_t)(1u << dropped->provider)};
        if (dropped == won) continue;
        /* The table's own view may have left out more; what it left out stays out. */
        decision_inputs_of(table->set, order->source, &view, &inputs);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < inputs.count; i++) {
            bool here = false;
            for (unsigned k = 0; k < order->count; k++)
                here = here || order->quotes[k].slot == inputs.slots[i];
            if (!here) continue;
            inputs.slots[kept] = inputs.slots[i];
            inputs.inputs[kept++] = inputs.inputs[i];
        }
        inputs.count = kept;
        const uint32_t now =
            decision_select(&inputs, weights, (enum preference)order->preference, NULL);
        if (inputs.slots[now] != won->slot) return true;
    }
    return false;
}

static void measure_reversals(struct geometry *geometry, const struct replay_table *table,
                              const struct score_weights *weights)
{
    for (uint32_t i = 0; table->set != NULL && i < table->count; i++)
        if (table->orders[i].count >= 3)
            geometry->reversal_orders += reverses(table, &table->orders[i], weights);
    geometry->reversals = table->count > 0 ? (double)geometry->reversal_orders / table->count : 0.0;
}

bool geometry_make(struct geometry *geometry, const struct replay_table *table,
                   const struct score_weights *weights, struct err *err)
{
    struct score_weights without_priority = *weights;
    *geometry = (struct geometry){.orders = table->count};
    without_priority.priority = 0.0;
    measure_weights(geometry, table, weights);
    measure_spread(geometry, table);
    geometry->without_priority = share_differing(table, weights, &without_priority);
    measure_regret(geometry, table, weights);
    measure_reversals(geometry, table, weights);
    return measure_radii(geometry, table, weights, err);
}

/* ---- flips ---- */

static double score_of(const struct replay_quote *quote, const struct score_weights *scaled)
{
    double score = 0.0;
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        score += score_weight_of(scaled, (enum replay_part)k) * quote->parts[k];
    return score;
}

static unsigned explain(struct geometry_flip *flip, const struct replay_order *order,
                        const struct scaled *a, const struct scaled *b)
{
    const struct score_weights *wa = &a->of[order->preference], *wb = &b->of[order->preference];
    const struct replay_quote *qa = &order->quotes[flip->a], *qb = &order->quotes[flip->b];
    unsigned cause = 0;
    flip->margin_a = score_of(qa, wa) - score_of(qb, wa);
    flip->margin_b = score_of(qb, wb) - score_of(qa, wb);
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        flip->by_part[k] =
            (score_weight_of(wb, (enum replay_part)k) - score_weight_of(wa, (enum replay_part)k)) *
            (qb->parts[k] - qa->parts[k]);
        if (flip->by_part[k] > flip->by_part[cause]) cause = k;
    }
    return cause;
}

static struct score_weights on_one_scale(const struct score_weights *weights)
{
    struct score_weights normal = *weights;
    const double sum = weights->price + weights->speed + weights->commission +
                       weights->availability + weights->reliability;
    for (unsigned k = 0; sum > 0.0 && k < REPLAY_PARTS; k++)
        *score_weight(&normal, (enum replay_part)k) /= sum;
    return normal;
}

static void count_moves(const struct replay_table *table, const struct score_weights *a,
                        const struct score_weights *b, const struct scaled *scaled_a,
                        const struct scaled *scaled_b, struct geometry_moves *moves)
{
    *moves = (struct geometry_moves){0};
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        struct geometry_flip flip = {.order = i,
                                     .a = (uint8_t)replay_winner(order, a),
                                     .b = (uint8_t)replay_winner(order, b)};
        const unsigned from = order->quotes[flip.a].provider, to = order->quotes[flip.b].provider;
        moves->from_to[from][to]++;
        if (flip.a == flip.b) continue;
        moves->flips++;
        moves->by_cause[explain(&flip, order, scaled_a, scaled_b)]++;
    }
}

uint32_t geometry_flips(const struct replay_table *table, const struct score_weights *a,
                        const struct score_weights *b, struct geometry_flip *flips, uint32_t most,
                        struct geometry_moves *moves)
{
    struct scaled scaled_a, scaled_b;
    uint64_t met[REPLAY_PARTS] = {0}, wanted[REPLAY_PARTS], causes = 0;
    uint32_t count = 0;
    /* Scores are scale-free: causes are told on one scale. */
    const struct score_weights normal_a = on_one_scale(a), normal_b = on_one_scale(b);
    scale(&scaled_a, &normal_a);
    scale(&scaled_b, &normal_b);
    count_moves(table, a, b, &scaled_a, &scaled_b, moves);
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        causes += moves->by_cause[k] > 0;
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        wanted[k] = causes > 0 ? (most + causes - 1) / causes : 0;
    for (uint32_t i = 0; i < table->count && count < most; i++) {
        const struct replay_order *order = &table->orders[i];
        struct geometry_flip flip = {.order = i,
                                     .a = (uint8_t)replay_winner(order, a),
                                     .b = (uint8_t)replay_winner(order, b)};
        if (flip.a == flip.b) continue;
        const unsigned cause = explain(&flip, order, &scaled_a, &scaled_b);
        /* Evenly over the orders of a cause: the m-th of M is taken when m * wanted / M steps. */
        const uint64_t m = met[cause]++, all = moves->by_cause[cause];
        if (m * wanted[cause] / all != (m + 1) * wanted[cause] / all || all <= wanted[cause])
            flips[count++] = flip;
    }
    return count;
}
