#include "sim/analysis/experiment.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/analysis/stats.h"

const char *const experiment_verdict_names[EXPERIMENT_VERDICTS] = {
    [EXPERIMENT_COLLECTING_DATA] = "collecting_data",
    [EXPERIMENT_NOT_SIGNIFICANT] = "not_significant",
    [EXPERIMENT_VARIANT_WINS] = "variant_wins",
    [EXPERIMENT_VARIANT_LOSES] = "variant_loses",
    [EXPERIMENT_GUARDRAIL_BREACHED] = "guardrail_breached",
    [EXPERIMENT_INVALID_SRM] = "invalid_srm"};

/* ---- assignment ---- */

enum { DIGITS_MAX = 24 };
static const uint32_t fnv_offset = 0x811C9DC5u;

static uint32_t fnv1a32_on(uint32_t hash, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x01000193u;
    return hash;
}

uint32_t experiment_fnv1a32(const char *bytes, size_t count)
{
    return fnv1a32_on(fnv_offset, bytes, count);
}

uint32_t experiment_bucket(const char *salt, const char *id)
{
    const uint32_t salted = fnv1a32_on(fnv_offset, salt, strlen(salt));
    const uint32_t once = fnv1a32_on(salted, id, strlen(id));
    char digits[DIGITS_MAX];
    const int length = snprintf(digits, sizeof digits, "%" PRIu32, once);
    return experiment_fnv1a32(digits, (size_t)length) % EXPERIMENT_BUCKETS;
}

bool experiment_plan_is_valid(const struct experiment_plan *plan)
{
    if (plan->salt == NULL || plan->arms < 2 || plan->arms > EXPERIMENT_ARMS_MAX) return false;
    if (plan->coverage > EXPERIMENT_BUCKETS) return false;
    uint64_t sum = 0;
    for (uint32_t arm = 0; arm < plan->arms; arm++)
        sum += plan->shares[arm];
    return sum == EXPERIMENT_BUCKETS;
}

uint32_t experiment_arm(const struct experiment_plan *plan, uint32_t bucket)
{
    assert(bucket < EXPERIMENT_BUCKETS);
    uint32_t from = 0;
    for (uint32_t arm = 0; arm < plan->arms; arm++) {
        const uint32_t share = plan->shares[arm];
        /* (bucket - from) / share < coverage / 10,000, in whole numbers */
        if (bucket < from + share) {
            return (bucket - from) * EXPERIMENT_BUCKETS < plan->coverage * share
                       ? arm
                       : EXPERIMENT_OUTSIDE;
        }
        from += share;
    }
    return EXPERIMENT_OUTSIDE;
}

uint32_t experiment_assign(const struct experiment_plan *plan, const char *id)
{
    assert(experiment_plan_is_valid(plan));
    return experiment_arm(plan, experiment_bucket(plan->salt, id));
}

uint32_t experiment_assign_number(const struct experiment_plan *plan, uint64_t id)
{
    char digits[DIGITS_MAX];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, id);
    return experiment_assign(plan, digits);
}

/* ---- verdict ---- */

static bool counts_now(enum experiment_kind kind, const struct experiment_evidence *evidence)
{
    const bool reached = evidence->planned_n > 0 && evidence->n >= evidence->planned_n;
    return kind == EXPERIMENT_ALWAYS_VALID || reached;
}

/* The guardrail that is surely breached, the surest one of several. */
static uint32_t find_breached(const struct experiment_evidence *evidence)
{
    double p[EXPERIMENT_GUARDRAILS_MAX], adjusted[EXPERIMENT_GUARDRAILS_MAX];
    uint32_t worst = UINT32_MAX;
    for (uint32_t i = 0; i < evidence->guardrail_count; i++) {
        const struct experiment_guardrail *guardrail = &evidence->guardrails[i];
        p[i] = counts_now(guardrail->kind, evidence) ? guardrail->p_harm : (double)NAN;
    }
    stats_holm(p, evidence->guardrail_count, adjusted);
    for (uint32_t i = 0; i < evidence->guardrail_count; i++)
        if (adjusted[i] <= evidence->alpha && (worst == UINT32_MAX || p[i] < p[worst])) worst = i;
    return worst;
}

static uint32_t find_unshown(const struct experiment_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->guardrail_count; i++) {
        const struct experiment_guardrail *guardrail = &evidence->guardrails[i];
        if (!counts_now(guardrail->kind, evidence) || !(guardrail->p_kept <= evidence->alpha))
            return i;
    }
    return UINT32_MAX;
}

static struct experiment_judgement judge(enum experiment_verdict verdict,
                                         enum experiment_reason reason, uint32_t guardrail)
{
    return (struct experiment_judgement){verdict, reason, guardrail};
}

struct experiment_judgement experiment_judge(const struct experiment_evidence *evidence)
{
    assert(evidence->alpha > 0.0);
    assert(evidence->alpha < 1.0);
    assert(evidence->guardrail_count <= EXPERIMENT_GUARDRAILS_MAX);
    const uint32_t none = UINT32_MAX;
    if (evidence->srm_p < STATS_SRM_ALPHA)
        return judge(EXPERIMENT_INVALID_SRM, EXPERIMENT_BY_SRM, none);
    const uint32_t breached = find_breached(evidence);
    if (breached != none)
        return judge(EXPERIMENT_GUARDRAIL_BREACHED, EXPERIMENT_BY_GUARDRAIL, breached);

    const struct experiment_goal *goal = &evidence->goal;
    const bool reached = counts_now(EXPERIMENT_FIXED_HORIZON, evidence);
    const enum experiment_verdict undecided =
        reached ? EXPERIMENT_NOT_SIGNIFICANT : EXPERIMENT_COLLECTING_DATA;
    const bool decided = counts_now(goal->kind, evidence) && goal->p <= evidence->alpha;
    if (!decided && !reached) return judge(undecided, EXPERIMENT_BY_TOO_FEW, none);
    if (isnan(goal->p)) return judge(undecided, EXPERIMENT_BY_GOAL_UNKNOWN, none);
    if (!decided) return judge(undecided, EXPERIMENT_BY_GOAL_OPEN, none);
    if ((goal->value > 0.0) != goal->more_is_better)
        return judge(EXPERIMENT_VARIANT_LOSES, EXPERIMENT_BY_GOAL, none);
    const uint32_t unshown = find_unshown(evidence);
    if (unshown != none) return judge(undecided, EXPERIMENT_BY_GUARDRAIL, unshown);
    return judge(EXPERIMENT_VARIANT_WINS, EXPERIMENT_BY_GOAL, none);
}
