/* sim/analysis/experiment.h - who is in which arm of an A/B, and what may be concluded.
 *
 * Assignment is a hash, so that it needs no memory, is the same on every machine and does not hang
 * together with anything else: bucket = fnv1a32(decimal digits of fnv1a32(salt id)) mod 10,000.
 * That is GrowthBook's hash version 2 (its salt is called seed), so that arms assigned there can be
 * recomputed here; hashing twice takes away the likeness of neighbouring ids under one FNV round.
 * Ids are bytes; for those beyond ASCII GrowthBook hashes UTF-16 units instead.
 *
 * Give another salt to every experiment: under the same one the arms of two experiments would be
 * the same people. Assign by user where users come again, and then count by user.
 *
 * The verdict is a pure function of the evidence, in this order of precedence:
 *
 *   1. invalid_srm         the arms did not get their traffic: srm_p < STATS_SRM_ALPHA. Whatever
 * made orders go missing may have made the difference as well.
 *   2. guardrail_breached  a guardrail is worse by more than its margin, for sure (p_harm <= alpha,
 *                          Holm's over the guardrails), and that evidence counts now.
 *   3. collecting_data     the smallest arm has fewer than planned_n units, and no always-valid
 *                          evidence has decided. Nothing planned (planned_n 0) is never reached.
 *   4. variant_loses       the goal is worse: p <= alpha, on the wrong side.
 *   5. variant_wins        the goal is better, and every guardrail is shown to be kept (p_kept <=
 *                          alpha: each must be, which needs no correction). One that is not
 *                          shown yet leaves it at collecting_data before planned_n, and at
 *                          not_significant from there on.
 *   6. not_significant     all else. It does not mean that there is no effect.
 *
 * Evidence counts at every look when it is always-valid (stats_sequence.h), and from planned_n on
 * when it is of a fixed horizon: then it must be that of the one look at planned_n, not of later,
 * more convenient ones. A p of NaN is no evidence. With several variants the caller hands in p's
 * corrected for them.
 *
 * Ownership: plans and evidence are borrowed.
 * Failure:   none; plans are checked by experiment_plan_is_valid().
 */
#ifndef SIM_ANALYSIS_EXPERIMENT_H
#define SIM_ANALYSIS_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/analysis/stats_tests.h"

/* ---- assignment ---- */

enum { EXPERIMENT_BUCKETS = 10000, EXPERIMENT_ARMS_MAX = STATS_ARMS_MAX };
#define EXPERIMENT_OUTSIDE UINT32_MAX /* in no arm: not covered */

struct experiment_plan {
    const char *salt;
    uint32_t shares[EXPERIMENT_ARMS_MAX]; /* of 10,000; they sum to that */
    uint32_t arms;
    uint32_t coverage; /* of 10,000: how much of each arm's share is let in */
};

bool experiment_plan_is_valid(const struct experiment_plan *plan);

uint32_t experiment_fnv1a32(const char *bytes, size_t count);

uint32_t experiment_bucket(const char *salt, const char *id); /* [0, 10,000) */

/* The arm of a bucket. Arm k owns the buckets from the sum of the shares before it, and lets in the
 * first `coverage` of them: raising the coverage moves nobody from one arm to another. */
uint32_t experiment_arm(const struct experiment_plan *plan, uint32_t bucket);

uint32_t experiment_assign(const struct experiment_plan *plan, const char *id);
uint32_t experiment_assign_number(const struct experiment_plan *plan, uint64_t id); /* its digits */

/* ---- verdict ---- */

enum experiment_verdict {
    EXPERIMENT_COLLECTING_DATA,
    EXPERIMENT_NOT_SIGNIFICANT,
    EXPERIMENT_VARIANT_WINS,
    EXPERIMENT_VARIANT_LOSES,
    EXPERIMENT_GUARDRAIL_BREACHED,
    EXPERIMENT_INVALID_SRM,
    EXPERIMENT_VERDICTS
};
extern const char *const experiment_verdict_names[EXPERIMENT_VERDICTS]; /* "collecting_data", ... */

enum experiment_reason { /* what tipped it */
                         EXPERIMENT_BY_SRM,
                         EXPERIMENT_BY_GUARDRAIL, /* `guardrail` says which; breached, or not shown
                                                     to be kept */
                         EXPERIMENT_BY_TOO_FEW,   /* units, and nothing always-valid decided */
                         EXPERIMENT_BY_GOAL,      /* p <= alpha */
                         EXPERIMENT_BY_GOAL_OPEN, /* p > alpha */
                         EXPERIMENT_BY_GOAL_UNKNOWN /* p NaN */
};

enum experiment_kind { EXPERIMENT_FIXED_HORIZON, EXPERIMENT_ALWAYS_VALID };

struct experiment_goal {
    double value; /* variant minus baseline */
    double p;     /* two-sided */
    bool more_is_better;
    enum experiment_kind kind;
};

struct experiment_guardrail {
    double p_kept, p_harm; /* one-sided, stats_kept's p and p_harm */
    enum experiment_kind kind;
};

struct experiment_evidence {
    struct experiment_goal goal;
    const struct experiment_guardrail *guardrails;
    uint32_t guardrail_count; /* at most EXPERIMENT_GUARDRAILS_MAX */
    double srm_p;             /* NaN: not asked (one and the same order in both arms) */
    double alpha;             /* 0.05 */
    uint64_t n;               /* units of the smallest arm, so far */
    uint64_t planned_n;       /* an arm; 0: no plan */
};

enum { EXPERIMENT_GUARDRAILS_MAX = 16 };

struct experiment_judgement {
    enum experiment_verdict verdict;
    enum experiment_reason reason;
    uint32_t guardrail; /* UINT32_MAX: none */
};

struct experiment_judgement experiment_judge(const struct experiment_evidence *evidence);

#endif
