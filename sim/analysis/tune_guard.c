/* sim/analysis/tune_guard.c - the guardrails of a choice, measured on the holdout, and the verdict.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/tune_state.h"

static enum tune_metric metric_of(const struct search_constraint *constraint)
{
    return constraint->quantity == QUANTITY_TOP_SHARE ? TUNE_TOP_SHARE
                                                      : (enum tune_metric)constraint->outcome;
}

/* What is measured for one constraint: how far the arm is on the bad side of the limit, cluster by
 * cluster. A limit of its own (absolute) is about the arm's value, with all the spread that has;
 * one that counts from the baseline is about the paired difference, which is known far better. */
struct excess {
    const struct search_constraint *constraint;
    double edge; /* absolute: the limit; else what the difference may be */
    struct stats_block *blocks;
};

static double excess_of(const struct excess *excess, const struct replay_table *table, uint32_t i,
                        unsigned was, unsigned is, unsigned provider)
{
    const struct search_constraint *constraint = excess->constraint;
    const double sign = constraint->at_most ? 1.0 : -1.0;
    if (constraint->quantity == QUANTITY_TOP_SHARE)
        return sign * ((table->orders[i].quotes[is].provider == provider) - excess->edge);
    const double scale = replay_outcome_traits[constraint->outcome].scale;
    const struct replay_fates *fates = &table->fates[i];
    const double value = scale * fates->of[is][constraint->outcome];
    const double from =
        constraint->kind == LIMIT_ABSOLUTE ? 0.0 : scale * fates->of[was][constraint->outcome];
    return sign * (value - from - excess->edge);
}

static struct stats_estimate measure(const struct tuning *tuning, const struct tune_arm *arm,
                                     const struct excess *excess, unsigned provider)
{
    const struct replay_table *table = &tuning->holdout;
    memset(excess->blocks, 0, table->cluster_count * sizeof *excess->blocks);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        const unsigned was = replay_winner(order, &tuning->arms[0].weights);
        const unsigned is = replay_winner(order, &arm->weights);
        struct stats_block *block = &excess->blocks[order->cluster];
        block->n++;
        block->weight += 1.0;
        block->difference += excess_of(excess, table, i, was, is, provider);
    }
    return stats_mean_difference(excess->blocks, table->cluster_count, tuning->level);
}

/* p of "on the good side" and "on the bad side": twice the one-sided ones of the t test of 0, so
 * that p at most 5% and a two-sided 95% interval on that side are one rule. */
static struct experiment_guardrail evidence_of(const struct stats_estimate *excess)
{
    if (excess->method == STATS_EXACT || isnan(excess->p)) {
        const bool kept = excess->value <= 1e-9;
        return (struct experiment_guardrail){.p_kept = kept ? 0.0 : 1.0,
                                             .p_harm = kept ? 1.0 : 0.0};
    }
    const bool bad = excess->value > 0.0;
    return (struct experiment_guardrail){.p_kept = bad ? 1.0 : excess->p,
                                         .p_harm = bad ? excess->p : 1.0};
}

/* Of several providers the one that is worst off decides. */
static struct stats_estimate worst_of(const struct tuning *tuning, const struct tune_arm *arm,
                                      const struct excess *excess)
{
    const bool share = excess->constraint->quantity == QUANTITY_TOP_SHARE;
    struct stats_estimate worst = measure(tuning, arm, excess, 0);
    for (unsigned p = 1; share && excess->constraint->at_most && p < PROVIDER_COUNT; p++) {
        const struct stats_estimate found = measure(tuning, arm, excess, p);
        if (found.value > worst.value) worst = found;
    }
    return worst;
}

static struct experiment_guardrail guard(const struct tuning *tuning, const struct tune_arm *arm,
                                         const struct search_constraint *constraint,
                                         struct stats_block *blocks,
                                         struct tune_guardrail *guardrail)
{
    const struct tune_value *value = &arm->values[TUNE_HOLDOUT][metric_of(constraint)];
    const double limit = search_limit(constraint, value->baseline);
    const bool share = constraint->quantity == QUANTITY_TOP_SHARE;
    const struct excess excess = {
        .constraint = constraint,
        .edge = constraint->kind == LIMIT_ABSOLUTE || share ? limit : limit - value->baseline,
        .blocks = blocks};
    const struct stats_estimate found = worst_of(tuning, arm, &excess);
    const bool exact = found.method == STATS_EXACT || isnan(found.low);
    const double low = exact ? found.value : found.low, high = exact ? found.value : found.high;
    *guardrail = (struct tune_guardrail){.limit = limit,
                                         .measured = value->value,
                                         .metric = metric_of(constraint),
                                         .at_most = constraint->at_most};
    (void)snprintf(guardrail->text, sizeof guardrail->text, "%s", constraint->text);
    guardrail->bound = exact ? (double)NAN : limit + (constraint->at_most ? high : -high);
    guardrail->state = high <= 1e-9 ? GUARD_KEPT : low > 1e-9 ? GUARD_BREACHED : GUARD_UNDECIDED;
    return evidence_of(&found);
}

/* Whether the baseline itself is on the bad side of a limit of its own, for sure. */
static void judge_baseline(struct tuning *tuning, struct stats_block *blocks)
{
    struct tune_guardrail guardrail;
    tuning->baseline_breaks = UINT32_MAX;
    for (uint32_t i = 0; i < tuning->constraint_count; i++) {
        (void)guard(tuning, &tuning->arms[0], &tuning->constraints[i], blocks, &guardrail);
        if (guardrail.state != GUARD_BREACHED || tuning->baseline_breaks != UINT32_MAX) continue;
        tuning->baseline_breaks = i;
        tuning->baseline_breach = guardrail.measured;
    }
}

/* A breach counts when it does after Holm's correction for all guardrails, as in the verdict. */
static void confirm_breaches(struct tuning *tuning, const struct experiment_guardrail *evidence)
{
    double p[TUNE_GUARDRAILS_MAX], adjusted[TUNE_GUARDRAILS_MAX];
    for (uint32_t i = 0; i < tuning->guardrail_count; i++)
        p[i] = evidence[i].p_harm;
    stats_holm(p, tuning->guardrail_count, adjusted);
    for (uint32_t i = 0; i < tuning->guardrail_count; i++)
        if (tuning->guardrails[i].state == GUARD_BREACHED && !(adjusted[i] <= 1.0 - tuning->level))
            tuning->guardrails[i].state = GUARD_UNDECIDED;
}

bool tune_guard(struct tuning *tuning, struct err *err)
{
    struct experiment_guardrail evidence[TUNE_GUARDRAILS_MAX];
    struct stats_block *blocks = malloc((tuning->holdout.cluster_count + 1u) * sizeof *blocks);
    if (blocks == NULL) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    tuning->guardrail_count = 0;
    tuning->verdict = EXPERIMENT_NOT_SIGNIFICANT;
    tuning->reason = EXPERIMENT_BY_GOAL_OPEN;
    judge_baseline(tuning, blocks);
    const struct tune_arm *arm =
        tuning->chosen != UINT32_MAX ? &tuning->arms[tuning->chosen] : NULL;
    for (uint32_t i = 0; arm != NULL && i < tuning->constraint_count; i++)
        evidence[i] = guard(tuning, arm, &tuning->constraints[i], blocks,
                            &tuning->guardrails[tuning->guardrail_count++]);
    free(blocks);
    if (arm == NULL) return true;
    confirm_breaches(tuning, evidence);
    const struct tune_value *goal = &arm->values[TUNE_HOLDOUT][TUNE_GOAL];
    const struct experiment_evidence found = {
        .goal = {.value = goal->difference.value,
                 .p = goal->difference.method == STATS_EXACT
                          ? (goal->difference.value == 0.0 ? 1.0 : 0.0)
                          : goal->difference.p,
                 .more_is_better = true,
                 .kind = EXPERIMENT_FIXED_HORIZON},
        .guardrails = evidence,
        .guardrail_count = tuning->guardrail_count,
        .srm_p = (double)NAN,
        .alpha = 1.0 - tuning->level,
        .n = tuning->orders[TUNE_HOLDOUT],
        .planned_n = TUNE_ORDERS_LEAST};
    const struct experiment_judgement judgement = experiment_judge(&found);
    tuning->verdict = judgement.verdict;
    tuning->reason = judgement.reason;
    return true;
}
