/* sim/analysis/ab_judge.c - whether arms got their traffic, guardrails, corrections, verdicts. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/analysis/ab_state.h"
#include "sim/analysis/stats_many.h"

#define US_PER_HOUR INT64_C(3600000000)

enum { HOURS = 24 };

/* ---- sample ratio mismatch ---- */

static struct ab_strata test_strata(const struct ab_result *result, const uint64_t *counts,
                                    uint32_t strata, const double *shares)
{
    struct stats_srm tests[HOURS];
    double adjusted[HOURS];
    struct ab_strata found = {.p = (double)NAN, .p_least = (double)NAN};
    stats_srm_strata(counts, strata, shares, result->arm_count, tests, adjusted);
    for (uint32_t s = 0; s < strata; s++) {
        if (isnan(adjusted[s])) continue;
        found.strata++;
        if (isnan(found.p) || adjusted[s] < found.p) {
            found.p = adjusted[s];
            found.p_least = tests[s].p;
            found.worst = s;
        }
    }
    return found;
}

void ab_check_assignment(struct ab_work *work)
{
    struct ab_result *result = work->result;
    const struct decision_set *set = work->table.set;
    uint64_t hours[HOURS * AB_ARMS_MAX] = {0};
    uint64_t quotes[(PROVIDER_COUNT + 1) * AB_ARMS_MAX] = {0};
    double shares[AB_ARMS_MAX], p[3], adjusted[3];
    const uint32_t arms = result->arm_count;
    for (uint32_t a = 0; a < arms; a++)
        shares[a] = result->arms[a].share;
    for (uint32_t i = 0; i < result->used; i++) {
        const struct replay_order *order = &work->table.orders[i];
        if (work->arm_of[i] == AB_OUTSIDE) continue;
        const int64_t at_us =
            set->header.start_unix_us + set->orders[order->source].as.order.start_us;
        const int64_t hour = (at_us / US_PER_HOUR % HOURS + HOURS) % HOURS;
        hours[(uint32_t)hour * arms + work->arm_of[i]]++;
        quotes[order->count * arms + work->arm_of[i]]++;
    }
    result->srm = stats_srm_test(result->counts, shares, arms);
    result->srm_hours = test_strata(result, hours, HOURS, shares);
    result->srm_quotes = test_strata(result, quotes, PROVIDER_COUNT + 1, shares);
    p[0] = result->srm.p;
    p[1] = result->srm_hours.p;
    p[2] = result->srm_quotes.p;
    stats_holm(p, 3, adjusted);
    result->srm_p = adjusted[0];
    for (unsigned i = 1; i < 3; i++)
        if (adjusted[i] < result->srm_p) result->srm_p = adjusted[i];
}

/* ---- guardrails ---- */

static double top_share(const struct ab_work *work, unsigned arm, uint64_t *n)
{
    uint64_t won[PROVIDER_COUNT] = {0}, most = 0;
    *n = 0;
    for (uint32_t i = 0; i < work->result->used; i++) {
        if (work->arm_of[i] != arm) continue;
        const unsigned provider = work->table.orders[i].quotes[work->winners[arm][i]].provider;
        ++*n;
        if (++won[provider] > most) most = won[provider];
    }
    return *n > 0 ? (double)most / (double)*n : (double)NAN;
}

/* A share, or the difference of two, by the normal approximation. */
static struct stats_test share_test(double value, double variance, uint64_t n)
{
    return (struct stats_test){.value = value,
                               .error = sqrt(variance),
                               .freedom = (double)NAN,
                               .n_b = n,
                               .method = n > 0 ? STATS_TEST_Z : STATS_TEST_NONE};
}

static struct stats_test top_share_test(const struct ab_work *work, uint32_t variant, bool absolute,
                                        double *baseline)
{
    uint64_t n_a, n_b;
    const double a = top_share(work, 0, &n_a), b = top_share(work, variant + 1, &n_b);
    const double in_b = b * (1.0 - b) / (double)n_b, in_a = a * (1.0 - a) / (double)n_a;
    *baseline = a;
    return absolute ? share_test(b, in_b, n_b) : share_test(b - a, in_a + in_b, n_a + n_b);
}

/* The variant's own mean, as a test against 0. */
static struct stats_test own_mean(const struct ab_work *work, uint32_t variant, unsigned metric)
{
    double sum = 0.0, squares = 0.0, n = 0.0;
    for (uint32_t i = 0; i < work->result->used; i++) {
        if (work->arm_of[i] != variant + 1) continue;
        sum += ab_seen(work, i, work->winners[variant + 1][i], metric);
        n += 1.0;
    }
    const double mean = sum / n;
    for (uint32_t i = 0; i < work->result->used; i++) {
        if (work->arm_of[i] != variant + 1) continue;
        const double off = ab_seen(work, i, work->winners[variant + 1][i], metric) - mean;
        squares += off * off;
    }
    return (struct stats_test){.value = mean,
                               .error = sqrt(squares / (n - 1.0) / n),
                               .freedom = n - 1.0,
                               .n_b = (uint64_t)n,
                               .method = n > 1.0 ? STATS_TEST_WELCH : STATS_TEST_NONE};
}

/* p's that hold at any look: the sequence's, of a value that lies exactly on the limit. */
static void judge_always(const struct ab_work *work, struct ab_guardrail *guardrail,
                         const struct stats_test *test, double edge)
{
    const uint64_t n = test->method == STATS_TEST_PAIRED ? test->n_a : test->n_a + test->n_b;
    const struct sequence_look look = sequence_of(
        (struct sequence_estimate){.value = test->value - edge, .error = test->error, .n = n},
        (struct sequence_rule){.alpha = work->result->alpha,
                               .tuning = fmax(SEQUENCE_UNITS_LEAST, work->result->tuning)});
    const bool harm = guardrail->at_most ? test->value > edge : test->value < edge;
    guardrail->kind = EXPERIMENT_ALWAYS_VALID;
    guardrail->bound = (double)NAN;
    guardrail->p_kept = harm ? 1.0 : look.p;
    guardrail->p_harm = harm ? look.p : 1.0;
    if (test->method == STATS_TEST_SAME) { /* known without any doubt */
        guardrail->p_kept = harm ? 1.0 : 0.0;
        guardrail->p_harm = harm ? 0.0 : 1.0;
    }
}

static void judge_at_the_look(const struct ab_work *work, struct ab_guardrail *guardrail,
                              const struct stats_test *test, double edge)
{
    struct stats_test from_limit = *test;
    from_limit.value -= edge;
    const struct stats_kept kept =
        stats_test_kept(&from_limit, (struct stats_margin){.more_is_better = !guardrail->at_most,
                                                           .alpha = work->result->alpha});
    guardrail->kind = EXPERIMENT_FIXED_HORIZON;
    guardrail->bound = kept.bound + edge;
    guardrail->p_kept = kept.p;
    guardrail->p_harm = kept.p_harm;
    if (test->method == STATS_TEST_SAME && from_limit.value == 0.0) guardrail->p_kept = 0.0;
}

static void guard(struct ab_work *work, uint32_t variant,
                  const struct search_constraint *constraint, struct ab_guardrail *guardrail)
{
    const struct ab_result *result = work->result;
    const struct ab_value *value = &result->variants[variant].values[constraint->outcome];
    const bool absolute = constraint->kind == LIMIT_ABSOLUTE;
    double baseline = value->a;
    struct stats_test test;
    *guardrail = (struct ab_guardrail){.metric = (enum tune_metric)constraint->outcome,
                                       .at_most = constraint->at_most,
                                       .absolute = absolute};
    (void)snprintf(guardrail->text, sizeof guardrail->text, "%s", constraint->text);
    if (constraint->quantity == QUANTITY_TOP_SHARE) {
        guardrail->metric = TUNE_TOP_SHARE;
        test = top_share_test(work, variant, absolute, &baseline);
    } else if (absolute) {
        test = own_mean(work, variant, constraint->outcome);
    } else {
        test = value->tests[value->judged_by];
    }
    const double limit = search_limit(constraint, baseline);
    guardrail->limit = absolute ? limit : limit - baseline;
    guardrail->value = test.value;
    if (result->reached) {
        judge_at_the_look(work, guardrail, &test, guardrail->limit);
    } else {
        judge_always(work, guardrail, &test, guardrail->limit);
    }
}

/* Holm's over a variant's guardrails, the first step of which counts every variant's. */
static void adjust_guardrails(struct ab_result *result, uint32_t variant)
{
    struct ab_variant *of = &result->variants[variant];
    double p[SEARCH_CONSTRAINTS_MAX], adjusted[SEARCH_CONSTRAINTS_MAX];
    const double variants = result->arm_count - 1.0;
    for (uint32_t i = 0; i < result->constraint_count; i++)
        p[i] = fmin(1.0, variants * of->guardrails[i].p_harm);
    for (uint32_t i = 0; i < result->constraint_count; i++)
        if (isnan(of->guardrails[i].p_harm)) p[i] = (double)NAN; /* fmin() drops it */
    stats_holm(p, result->constraint_count, adjusted);
    for (uint32_t i = 0; i < result->constraint_count; i++) {
        struct ab_guardrail *guardrail = &of->guardrails[i];
        guardrail->p_adjusted = adjusted[i];
        guardrail->state = adjusted[i] <= result->alpha         ? AB_GUARD_BREACHED
                           : guardrail->p_kept <= result->alpha ? AB_GUARD_KEPT
                                                                : AB_GUARD_OPEN;
    }
}

/* ---- exploring ---- */

static void adjust_others(struct ab_result *result)
{
    double p[AB_VARIANTS_MAX * AB_METRICS] = {0}, adjusted[AB_VARIANTS_MAX * AB_METRICS];
    const uint32_t variants = result->arm_count - 1;
    for (uint32_t v = 0; v < variants; v++)
        for (unsigned m = 0; m < AB_GOAL; m++) {
            const struct ab_value *value = &result->variants[v].values[m];
            p[v * AB_GOAL + m] = value->tests[value->judged_by].p;
        }
    stats_benjamini_hochberg(p, variants * AB_GOAL, adjusted);
    for (uint32_t v = 0; v < variants; v++)
        for (unsigned m = 0; m < AB_GOAL; m++)
            result->variants[v].values[m].p_adjusted = adjusted[v * AB_GOAL + m];
}

/* ---- verdicts ---- */

static struct experiment_judgement judge(const struct ab_result *result, uint32_t variant)
{
    const struct ab_variant *of = &result->variants[variant];
    const struct ab_value *goal = &of->values[AB_GOAL];
    const double variants = result->arm_count - 1.0;
    struct experiment_guardrail guardrails[SEARCH_CONSTRAINTS_MAX];
    uint64_t n = result->counts[0] < result->counts[variant + 1] ? result->counts[0]
                                                                 : result->counts[variant + 1];
    for (uint32_t i = 0; i < result->constraint_count; i++) {
        const struct ab_guardrail *guardrail = &of->guardrails[i];
        guardrails[i] = (struct experiment_guardrail){
            .p_kept = guardrail->p_kept,
            .p_harm =
                isnan(guardrail->p_harm) ? (double)NAN : fmin(1.0, variants * guardrail->p_harm),
            .kind = guardrail->kind};
    }
    if (result->reached) n = result->planned_n;
    const struct experiment_evidence evidence = {
        .goal = {.value = goal->tests[goal->judged_by].value,
                 .p = goal->p_adjusted,
                 .more_is_better = result->goal_more_is_better,
                 .kind = result->reached ? EXPERIMENT_FIXED_HORIZON : EXPERIMENT_ALWAYS_VALID},
        .guardrails = guardrails,
        .guardrail_count = result->constraint_count,
        .srm_p = result->srm_p,
        .alpha = result->alpha,
        .n = n,
        .planned_n = result->planned_n};
    return experiment_judge(&evidence);
}

/* A variant that wins before one that does not; of those the better goal. */
static bool is_better(const struct ab_result *result, uint32_t a, uint32_t b)
{
    const bool wins_a = result->variants[a].judgement.verdict == EXPERIMENT_VARIANT_WINS;
    const bool wins_b = result->variants[b].judgement.verdict == EXPERIMENT_VARIANT_WINS;
    const struct ab_value *of_a = &result->variants[a].values[AB_GOAL];
    const struct ab_value *of_b = &result->variants[b].values[AB_GOAL];
    const double sign = result->goal_more_is_better ? 1.0 : -1.0;
    if (wins_a != wins_b) return wins_a;
    return sign * of_a->tests[of_a->judged_by].value > sign * of_b->tests[of_b->judged_by].value;
}

static_assert(AB_ORDERS_LEAST == 200, "a note says so");

static void take_notes(struct ab_result *result)
{
    const struct ab_value *goal = &result->variants[result->best].values[AB_GOAL];
    if (result->planned && result->planned_n < AB_ORDERS_LEAST)
        ab_note(result, "Fewer than 200 orders an arm were planned: too few for intervals and p's "
                        "that rest on many orders, and for any change but a large one.");
    if (result->goal_of_purchases && result->observed == 0)
        ab_note(result, "No purchase was observed: all are drawn from the choice model, whose "
                        "tastes are an assumption. Give --purchases to judge by what customers "
                        "did.");
    if (result->goal_of_purchases && result->observed > 0 && result->observed < result->used)
        ab_note(result, "Purchases are known of the quotes that were really shown. Where an arm "
                        "selects another one its purchase is drawn from the choice model: only a "
                        "live A/B sees it.");
    if (!result->goal_of_purchases)
        ab_note(result,
                "The goal follows from quotes alone, so the replay knows it exactly: no A/B "
                "is needed for it, only for what customers do.");
    if (goal->sign_flip && goal->judged_by == AB_CUPED && goal->tests[AB_RAW].p <= result->alpha)
        ab_note(result, "Without its control variate the goal would be significant on the other "
                        "side: look at the balance of the arms before believing either.");
    if (result->variants[result->best].triggered == 0)
        ab_note(result, "Both policies decide every order alike: an A/A test.");
}

bool ab_judge(struct ab_work *work, struct err *err)
{
    struct ab_result *result = work->result;
    for (uint32_t v = 0; v + 1 < result->arm_count; v++) {
        for (uint32_t i = 0; i < result->constraint_count; i++)
            guard(work, v, &result->constraints[i], &result->variants[v].guardrails[i]);
        adjust_guardrails(result, v);
    }
    adjust_others(result);
    if (!ab_adjust_goals(work, err)) return false;
    for (uint32_t v = 0; v + 1 < result->arm_count; v++) {
        result->variants[v].judgement = judge(result, v);
        if (v > 0 && is_better(result, v, result->best)) result->best = v;
    }
    result->verdict = result->variants[result->best].judgement.verdict;
    take_notes(result);
    return true;
}
