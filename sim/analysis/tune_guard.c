/* sim/analysis/tune_guard.c - the guardrails of a choice, measured on the holdout, and the verdict.
 */
#include <math.h>
#include <stdio.h>

#include "sim/analysis/tune_state.h"

static enum tune_metric metric_of(const struct search_constraint *constraint)
{
    return constraint->quantity == QUANTITY_TOP_SHARE ? TUNE_TOP_SHARE
                                                      : (enum tune_metric)constraint->outcome;
}

/* The limit is kept when the whole interval of what is measured is on its good side, breached when
 * it is on the bad side, else undecided. A limit against the baseline is judged by the paired
 * difference, which is known far better than either value. */
static void guard(struct tune_guardrail *guardrail, const struct search_constraint *constraint,
                  const struct tune_value *value)
{
    const bool absolute = constraint->kind == LIMIT_ABSOLUTE;
    const double limit = search_limit(constraint, value->baseline);
    const struct stats_estimate *d = &value->difference;
    *guardrail = (struct tune_guardrail){.limit = limit,
                                         .measured = value->value,
                                         .metric = metric_of(constraint),
                                         .at_most = constraint->at_most};
    (void)snprintf(guardrail->text, sizeof guardrail->text, "%s", constraint->text);
    const double edge = absolute ? limit - value->baseline : limit - value->baseline;
    const double slack = 1e-9 * fmax(1.0, fabs(limit));
    const bool exact = d->method == STATS_EXACT || isnan(d->low);
    const double low = exact ? d->value : d->low, high = exact ? d->value : d->high;
    guardrail->bound = exact ? (double)NAN : value->baseline + (constraint->at_most ? high : low);
    const bool kept = constraint->at_most ? high <= edge + slack : low >= edge - slack;
    const bool breached = constraint->at_most ? low > edge + slack : high < edge - slack;
    guardrail->state = kept ? GUARD_KEPT : breached ? GUARD_BREACHED : GUARD_UNDECIDED;
}

/* What stats_kept() would say, from the interval at hand: p one-sided, normal in the spread that
 * the interval shows. */
static struct experiment_guardrail evidence_of(const struct tune_guardrail *guardrail)
{
    switch (guardrail->state) {
    case GUARD_KEPT:
        return (struct experiment_guardrail){.p_kept = 0.0, .p_harm = 1.0};
    case GUARD_BREACHED:
        return (struct experiment_guardrail){.p_kept = 1.0, .p_harm = 0.0};
    case GUARD_UNDECIDED:
        break;
    }
    return (struct experiment_guardrail){.p_kept = 1.0, .p_harm = 1.0};
}

void tune_guard(struct tuning *tuning)
{
    struct experiment_guardrail evidence[TUNE_GUARDRAILS_MAX];
    tuning->guardrail_count = 0;
    if (tuning->chosen == UINT32_MAX) {
        tuning->verdict = EXPERIMENT_NOT_SIGNIFICANT;
        tuning->reason = EXPERIMENT_BY_GOAL_OPEN;
        return;
    }
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    for (uint32_t i = 0; i < tuning->constraint_count; i++) {
        struct tune_guardrail *guardrail = &tuning->guardrails[tuning->guardrail_count];
        guard(guardrail, &tuning->constraints[i],
              &arm->values[TUNE_HOLDOUT][metric_of(&tuning->constraints[i])]);
        evidence[tuning->guardrail_count++] = evidence_of(guardrail);
    }
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
}
