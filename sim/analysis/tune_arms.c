/* sim/analysis/tune_arms.c - what each weights would have brought, against the baseline, order by
 * order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/tune_state.h"

#define NOISE_POINTS 0.002 /* of shares near 0 or 1, and of the goal */

const char *const tune_part_names[TUNE_PARTS] = {"train", "holdout", "all"};
const char *const tune_evidence_names[3] = {"exact", "interval", "model"};
const char *const tune_change_names[5] = {"better", "worse", "same", "undecided", "changed"};

const struct tune_metric_traits tune_metric_traits[TUNE_METRICS] = {
    [OUTCOME_PRICE] = {"price", "Price paid", TUNE_CENTS, -1, EVIDENCE_EXACT},
    [OUTCOME_ETA] = {"eta", "Quoted ETA", TUNE_MINUTES, -1, EVIDENCE_EXACT},
    [OUTCOME_COMMISSION] = {"commission", "Commission", TUNE_CENTS, 1, EVIDENCE_EXACT},
    [OUTCOME_AVAILABILITY] = {"availability", "Items available", TUNE_SHARE, 1, EVIDENCE_EXACT},
    [OUTCOME_SAVINGS] = {"savings", "Savings vs next cheapest", TUNE_CENTS, 1, EVIDENCE_EXACT},
    [OUTCOME_REGRET] = {"regret", "Paid above the cheapest", TUNE_CENTS, -1, EVIDENCE_EXACT},
    [OUTCOME_CANNED] = {"canned", "Won by canned quotes", TUNE_SHARE, -1, EVIDENCE_EXACT},
    [OUTCOME_BUYS] = {"conversion", "Orders bought", TUNE_SHARE, 1, EVIDENCE_MODEL},
    [OUTCOME_EARNS] = {"expected_commission", "Expected commission", TUNE_CENTS, 1, EVIDENCE_MODEL},
    [OUTCOME_SURPLUS] = {"surplus", "Consumer surplus", TUNE_CENTS, 1, EVIDENCE_MODEL},
    [TUNE_GOAL] = {"goal", "Goal", TUNE_POINTS, 1, EVIDENCE_EXACT},
    [TUNE_TOP_SHARE] = {"top_share", "Largest provider's share", TUNE_SHARE, 0, EVIDENCE_EXACT},
    [TUNE_HHI] = {"hhi", "Concentration (HHI)", TUNE_SHARE, 0, EVIDENCE_EXACT},
    [TUNE_SATISFACTION] = {"satisfaction", "Satisfaction index", TUNE_SHARE, 1, EVIDENCE_MODEL},
};

double tune_goal_factor(const struct tuning *tuning, enum replay_outcome outcome)
{
    for (uint32_t o = 0; o < tuning->objective_count; o++) {
        const struct search_objective *objective = &tuning->objectives[o];
        if (objective->outcome != outcome || !(tuning->search.scales[o] > 0.0)) continue;
        return objective->weight * replay_outcome_traits[outcome].better *
               replay_outcome_traits[outcome].scale / tuning->search.scales[o];
    }
    return 0.0;
}

/* ---- sums per cluster ---- */

struct cluster {
    uint64_t orders;
    int64_t baseline[OUTCOME_COUNT], arm[OUTCOME_COUNT];
    double best_buys_baseline, best_buys_arm; /* satisfaction: sums of P(buy) / P(buy | best) */
    uint64_t won_baseline[PROVIDER_COUNT], won_arm[PROVIDER_COUNT];
};

static double contentment(const struct replay_table *table, uint32_t place, unsigned winner)
{
    const struct replay_fates *fates = &table->fates[place];
    int32_t best = 0;
    for (unsigned q = 0; q < table->orders[place].count; q++)
        if (fates->of[q][OUTCOME_BUYS] > best) best = fates->of[q][OUTCOME_BUYS];
    return best > 0 ? (double)fates->of[winner][OUTCOME_BUYS] / best : 0.0;
}

static void sum_up(const struct replay_table *table, const uint8_t *baseline, const uint8_t *arm,
                   struct cluster *clusters)
{
    memset(clusters, 0, table->cluster_count * sizeof *clusters);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        struct cluster *cluster = &clusters[order->cluster];
        const struct replay_quote *was = &order->quotes[baseline[i]], *is = &order->quotes[arm[i]];
        cluster->orders++;
        cluster->won_baseline[was->provider]++;
        cluster->won_arm[is->provider]++;
        for (unsigned k = 0; k < OUTCOME_COUNT; k++) {
            cluster->baseline[k] += table->fates[i].of[baseline[i]][k];
            cluster->arm[k] += table->fates[i].of[arm[i]][k];
        }
        cluster->best_buys_baseline += contentment(table, i, baseline[i]);
        cluster->best_buys_arm += contentment(table, i, arm[i]);
    }
}

/* ---- means ---- */

static double noise_of(enum tune_metric metric, double baseline)
{
    if (metric == TUNE_GOAL) return NOISE_POINTS;
    if (tune_metric_traits[metric].unit == TUNE_SHARE) /* of its rarer side, but not nothing */
        return fmax(TUNE_NOISE * fmin(fabs(baseline), fabs(1.0 - baseline)), NOISE_POINTS);
    return TUNE_NOISE * fabs(baseline);
}

/* A metric that is a mean over orders: the pair of sums of each cluster. */
static void judge_mean(struct tune_value *value, const struct stats_block *blocks, uint32_t count,
                       double baseline_sum, double arm_sum, uint64_t orders, double level)
{
    value->baseline = baseline_sum / (double)orders;
    value->value = arm_sum / (double)orders;
    value->difference = stats_mean_difference(blocks, count, level);
}

static void judge_outcome(const struct cluster *clusters, uint32_t count, enum replay_outcome k,
                          uint64_t orders, struct stats_block *blocks, double level,
                          struct tune_value *value)
{
    const double scale = replay_outcome_traits[k].scale;
    int64_t baseline = 0, arm = 0;
    for (uint32_t c = 0; c < count; c++) {
        blocks[c] = (struct stats_block){
            .n = clusters[c].orders,
            .difference = (double)(clusters[c].arm[k] - clusters[c].baseline[k]) * scale,
            .weight = (double)clusters[c].orders};
        baseline += clusters[c].baseline[k];
        arm += clusters[c].arm[k];
    }
    judge_mean(value, blocks, count, (double)baseline * scale, (double)arm * scale, orders, level);
}

static void judge_goal(const struct tuning *tuning, const struct cluster *clusters, uint32_t count,
                       uint64_t orders, struct stats_block *blocks, struct tune_value *value)
{
    double sum = 0.0;
    for (uint32_t c = 0; c < count; c++) {
        blocks[c] =
            (struct stats_block){.n = clusters[c].orders, .weight = (double)clusters[c].orders};
        for (unsigned k = 0; k < OUTCOME_COUNT; k++)
            blocks[c].difference += tune_goal_factor(tuning, (enum replay_outcome)k) *
                                    (double)(clusters[c].arm[k] - clusters[c].baseline[k]);
        sum += blocks[c].difference;
    }
    judge_mean(value, blocks, count, 0.0, sum, orders, tuning->level);
}

static void judge_satisfaction(const struct cluster *clusters, uint32_t count, uint64_t orders,
                               struct stats_block *blocks, double level, struct tune_value *value)
{
    double baseline = 0.0, arm = 0.0;
    for (uint32_t c = 0; c < count; c++) {
        blocks[c] = (struct stats_block){.n = clusters[c].orders,
                                         .difference = clusters[c].best_buys_arm -
                                                       clusters[c].best_buys_baseline,
                                         .weight = (double)clusters[c].orders};
        baseline += clusters[c].best_buys_baseline;
        arm += clusters[c].best_buys_arm;
    }
    judge_mean(value, blocks, count, baseline, arm, orders, level);
}

/* ---- shares: no means, so the jackknife over clusters says how they vary ---- */

static double top_share(const uint64_t *won, double orders)
{
    uint64_t top = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (won[p] > top) top = won[p];
    return (double)top / orders;
}

static double concentration(const uint64_t *won, double orders)
{
    double sum = 0.0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        sum += (double)won[p] / orders * ((double)won[p] / orders);
    return sum;
}

/* Pseudo-values (Tukey; Efron and Tibshirani, chapter 11) as blocks of one pair each. */
static void judge_shares(const struct cluster *clusters, uint32_t count, uint64_t orders,
                         struct stats_block *blocks, double level,
                         double (*statistic)(const uint64_t *, double), struct tune_value *value)
{
    uint64_t baseline[PROVIDER_COUNT] = {0}, arm[PROVIDER_COUNT] = {0};
    for (uint32_t c = 0; c < count; c++)
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            baseline[p] += clusters[c].won_baseline[p];
            arm[p] += clusters[c].won_arm[p];
        }
    value->baseline = statistic(baseline, (double)orders);
    value->value = statistic(arm, (double)orders);
    const double difference = value->value - value->baseline;
    uint32_t used = 0;
    for (uint32_t c = 0; c < count; c++) {
        uint64_t b[PROVIDER_COUNT], a[PROVIDER_COUNT];
        const double left = (double)(orders - clusters[c].orders);
        if (clusters[c].orders == 0 || !(left > 0.0)) continue;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            b[p] = baseline[p] - clusters[c].won_baseline[p];
            a[p] = arm[p] - clusters[c].won_arm[p];
        }
        blocks[used++] = (struct stats_block){
            .n = 1, .difference = statistic(a, left) - statistic(b, left), .weight = 1.0};
    }
    for (uint32_t c = 0; c < used; c++)
        blocks[c].difference = used * difference - (used - 1.0) * blocks[c].difference;
    value->difference = stats_mean_difference(blocks, used, level);
    const double shift = difference - value->difference.value; /* the jackknife's bias */
    value->difference.value = difference;
    value->difference.low += shift;
    value->difference.high += shift;
    value->difference.n = orders;
}

/* ---- verdicts ---- */

static enum tune_change change_of(enum tune_metric metric, const struct tune_value *value,
                                  double alpha)
{
    const struct stats_estimate *d = &value->difference;
    const int better = tune_metric_traits[metric].better;
    if (d->method == STATS_EXACT && d->value == 0.0) return CHANGE_SAME;
    const bool beyond = fabs(d->value) > value->noise;
    const bool sure = d->method == STATS_EXACT || value->p_adjusted <= alpha;
    if (sure && beyond) {
        if (better == 0) return CHANGE_NEITHER;
        return better * d->value > 0.0 ? CHANGE_BETTER : CHANGE_WORSE;
    }
    return d->low >= -value->noise && d->high <= value->noise ? CHANGE_SAME : CHANGE_UNDECIDED;
}

static void adjust(struct tune_value values[TUNE_METRICS], double level)
{
    double p[TUNE_METRICS], adjusted[TUNE_METRICS];
    for (unsigned m = 0; m < TUNE_METRICS; m++)
        p[m] = values[m].difference.method == STATS_EXACT ? (double)NAN : values[m].difference.p;
    const double goal = p[TUNE_GOAL]; /* the one question that was asked beforehand */
    p[TUNE_GOAL] = (double)NAN;
    stats_holm(p, TUNE_METRICS, adjusted);
    adjusted[TUNE_GOAL] = goal;
    for (unsigned m = 0; m < TUNE_METRICS; m++) {
        values[m].p_adjusted = adjusted[m];
        values[m].noise = noise_of((enum tune_metric)m, values[m].baseline);
        values[m].change = change_of((enum tune_metric)m, &values[m], 1.0 - level);
    }
}

void tune_compare(const struct tuning *tuning, const struct replay_table *table,
                  const uint8_t *baseline, const uint8_t *arm,
                  struct tune_value values[TUNE_METRICS])
{
    static const struct tune_value unknown = {.baseline = (double)NAN, .value = (double)NAN};
    const uint32_t count = table->cluster_count;
    struct cluster *clusters = malloc((count + 1u) * sizeof *clusters);
    struct stats_block *blocks = malloc((count + 1u) * sizeof *blocks);
    for (unsigned m = 0; m < TUNE_METRICS; m++)
        values[m] = unknown;
    if (clusters != NULL && blocks != NULL && table->count > 0) {
        sum_up(table, baseline, arm, clusters);
        for (unsigned k = 0; k < OUTCOME_COUNT; k++)
            judge_outcome(clusters, count, (enum replay_outcome)k, table->count, blocks,
                          tuning->level, &values[k]);
        judge_goal(tuning, clusters, count, table->count, blocks, &values[TUNE_GOAL]);
        judge_satisfaction(clusters, count, table->count, blocks, tuning->level,
                           &values[TUNE_SATISFACTION]);
        judge_shares(clusters, count, table->count, blocks, tuning->level, top_share,
                     &values[TUNE_TOP_SHARE]);
        judge_shares(clusters, count, table->count, blocks, tuning->level, concentration,
                     &values[TUNE_HHI]);
        adjust(values, tuning->level);
    }
    free(clusters);
    free(blocks);
}

/* ---- arms ---- */

static void count_wins(struct tune_arm *arm, unsigned part, const struct replay_table *table,
                       const uint8_t *baseline, const uint8_t *winners)
{
    memset(arm->wins[part], 0, sizeof arm->wins[part]);
    arm->changed[part] = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        arm->wins[part][table->orders[i].quotes[winners[i]].provider]++;
        arm->changed[part] += winners[i] != baseline[i];
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        arm->shares[part][p] =
            table->count > 0 ? (double)arm->wins[part][p] / table->count : (double)NAN;
}

bool tune_judge_arms(struct tuning *tuning, struct err *err)
{
    uint8_t *baseline = malloc(tuning->all.count + 1u), *winners = malloc(tuning->all.count + 1u);
    const bool ok = baseline != NULL && winners != NULL;
    for (unsigned part = 0; ok && part < TUNE_PARTS; part++) {
        const struct replay_table *table = tune_table(tuning, part);
        replay_winners(table, &tuning->arms[0].weights, baseline);
        for (uint32_t a = 0; a < tuning->arm_count; a++) {
            struct tune_arm *arm = &tuning->arms[a];
            replay_winners(table, &arm->weights, winners);
            count_wins(arm, part, table, baseline, winners);
            tune_compare(tuning, table, baseline, winners, arm->values[part]);
        }
    }
    free(baseline);
    free(winners);
    return ok || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}
