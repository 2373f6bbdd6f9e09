/* sim/analysis/ab.h - `routesim ab`: an A/B of weight sets, played on orders whose every quote is
 * known, and what a live one would cost.
 *
 * Each order goes to one arm by a hash of its index (experiment.h) and is decided by that arm's
 * weights; nothing else of it is looked at, as in a live A/B. Beside the estimate stands what only
 * a replay knows: the exact difference between both policies on the very same orders. So a person
 * sees what an A/B would find, how sure it would be of it, and how long it would take.
 *
 * Estimates of b (a variant) minus a (the baseline), an order:
 *
 *   raw         Welch's t over the orders of the two arms (shares: z or Fisher, Newcombe)
 *   cuped       the same of y - theta (x - mean x), x the mean of what the replay expects of this
 *               order under both policies: known for every order, whatever its arm, and so no
 *               effect of it (Deng, Xu, Kohavi and Walker, "Improving the sensitivity of online
 *               controlled experiments by utilizing pre-experiment data", WSDM 2013). theta is the
 *               slope within arms, pooled. `imbalance_p` is Welch's of x between the arms.
 *   discordant  raw over the orders that both policies decide differently (triggered), times their
 *               share: the others cannot have an effect
 *   shadow      both policies score every order: the mean of differences, Student's t over orders,
 *               and the exact sign test over those that differ (McNemar). Not for purchases: those
 *               are seen only of the quote that was served.
 *
 * Split judges by cuped; interleaved by shadow, and by discordant where purchases matter.
 *
 * Purchases: of the quote that was really shown, as observed (`purchases`); else drawn, keyed by
 * seed and order, from the choice model: fitted, or the middle of the stated prior. Draws are a
 * model's; `observed` says how many orders are not. One draw an order serves all arms.
 *
 * When to look: orders count up to the planned look, the first at which the smallest arm has
 * planned_n. There the fixed-horizon p's are read, once; before it they are NaN. The always-valid
 * sequence of the goal is kept at every peek. The verdict takes the fixed p at the planned look and
 * the always-valid one before it, never both. Who asks again as orders come in, and stops at
 * whichever is first, spends alpha twice: then halve it.
 *
 * Many tests: the goal of several variants by max-T over resampled clusters (before the planned
 * look by Bonferroni); guardrails by Holm, times the number of variants; all other metrics by
 * Benjamini and Hochberg.
 *
 * Assignment (SRM): all arms, within hours of the day, and within numbers of quotes; Holm's over
 * the three, each stratum's first.
 *
 * Nothing depends on threads. NaN is "not known" everywhere.
 *
 * Fewer than AB_ORDERS_LEAST planned orders an arm are judged all the same, with a note.
 *
 * Ownership: a result is plain data and borrows the request's texts.
 * Failure:   ERR_INPUT with fewer than AB_ORDERS_LEAST orders; ERR_ENVIRONMENT for memory.
 */
#ifndef SIM_ANALYSIS_AB_H
#define SIM_ANALYSIS_AB_H

#include "sim/analysis/stats_sequence.h"
#include "sim/analysis/tune.h"

enum {
    AB_ARMS_MAX = 8,
    AB_VARIANTS_MAX = AB_ARMS_MAX - 1,
    AB_PEEKS_MAX = 200,
    AB_GOAL = OUTCOME_COUNT, /* as a metric, behind the outcomes */
    AB_METRICS,
    AB_ORDERS_LEAST = 200,
    AB_NOTES_MAX = 8,
    AB_TRIAL_DAYS = 14, /* what detectable effects are given for */
    AB_OUTSIDE = 255    /* in no arm */
};

struct ab_arm {
    char name[SEARCH_NAME_MAX];
    struct score_weights weights;
    uint32_t share; /* of 10,000; all together 10,000 */
};

struct ab_request {
    const char *name, *source_path;
    enum tune_source source;
    uint64_t seed;
    const struct ab_arm *arms; /* the baseline first */
    uint32_t arm_count;
    const char *salt; /* another one for every experiment */
    bool interleave;
    bool plan_only;                            /* costs alone: no order is assigned */
    const struct search_objective *objectives; /* several: a sum in the baseline's deviations */
    uint32_t objective_count;
    const struct search_constraint *constraints;
    uint32_t constraint_count;
    double alpha, power;
    uint64_t planned_n;                     /* orders an arm; 0: all that are there */
    uint32_t peeks;                         /* at most AB_PEEKS_MAX */
    uint32_t resamples;                     /* of max-T */
    const struct choice_prior *prior;       /* NULL: the default one */
    const struct choice_fit *fit;           /* NULL: the prior's middle */
    const struct choice_ratings *purchases; /* NULL: all are drawn */
    struct decision_view view;
    const uint8_t *assigned; /* arm of each order of the set, or AB_OUTSIDE; NULL: by hash */
    const struct decision_set *set;
};

enum ab_estimator { AB_RAW, AB_CUPED, AB_DISCORDANT, AB_SHADOW, AB_ESTIMATORS };
extern const char *const ab_estimator_names[AB_ESTIMATORS]; /* "raw", ... */

struct ab_cost {       /* before any experiment: from the replay's own spread, over all orders */
    double difference; /* that is to be seen; a model's where purchases matter */
    double sd_a, sd_b; /* of an order under either policy */
    /* By estimator. n: orders an arm (shadow: orders in all) until `difference` is seen with the
     * power asked for; HUGE_VAL when it is 0. mde: what AB_TRIAL_DAYS would detect. NaN: shadow of
     * purchases; days and mde of a source without a span. */
    double n[AB_ESTIMATORS], days[AB_ESTIMATORS], mde[AB_ESTIMATORS];
};

struct ab_value {
    double a, b; /* raw means of what the arms were seen to have */
    /* The same as the estimator that judges has them: `adjusted_b` less `adjusted_a` is its value.
     * CUPED: of both arms less what the replay expects of their orders, so that both stand for the
     * orders of both. Shadow: over all orders under either policy. Discordant: the baseline's raw
     * mean, and that with the change. */
    double adjusted_a, adjusted_b;
    struct stats_test tests[AB_ESTIMATORS]; /* fixed horizon: p and interval NaN before it */
    struct stats_test triggered;            /* on triggered orders, not diluted */
    struct sequence_look always;            /* of the estimator that judges, at the last order */
    struct stats_estimate truth; /* the replay's, over the same orders; of purchases a model's */
    struct stats_estimate sign;  /* interleaved: gained less lost; else NaN */
    double p_adjusted;           /* the goal's: max-T; others': Benjamini-Hochberg */
    double theta, reduction;     /* share of the variance that cuped takes away */
    double imbalance_p;          /* of x between arms */
    bool sign_flip;              /* cuped and raw point different ways */
    enum ab_estimator judged_by;
    struct ab_cost cost;
};

struct ab_guardrail {
    char text[48];
    enum tune_metric metric;
    bool at_most, absolute; /* absolute: `value` and `limit` are the variant's own, not b - a */
    double limit, value;
    double bound; /* one-sided, at 1 - alpha; NaN before the planned look */
    double p_kept, p_harm;
    double p_adjusted; /* of p_harm */
    enum experiment_kind kind;
    enum { AB_GUARD_KEPT, AB_GUARD_BREACHED, AB_GUARD_OPEN } state;
};

struct ab_peek {
    uint32_t orders; /* come so far */
    int64_t at_us;   /* from the first order */
    struct sequence_look look;
    double p_least; /* so far */
    double srm_p;   /* sequential, all arms */
};

struct ab_variant {
    struct ab_value values[AB_METRICS];
    struct ab_guardrail guardrails[SEARCH_CONSTRAINTS_MAX];
    struct ab_peek peeks[AB_PEEKS_MAX];
    uint32_t decided_at; /* the first peek whose p is <= alpha / variants; UINT32_MAX: none */
    uint64_t triggered;  /* of orders, all arms */
    double triggered_share;
    double shares[PROVIDER_COUNT]; /* of its selections, its own orders */
    struct experiment_judgement judgement;
};

struct ab_strata {
    uint32_t strata;   /* with orders */
    uint32_t worst;    /* hour of the day (UTC), or number of quotes */
    double p, p_least; /* Holm's of the worst; NaN: none had orders */
};

struct ab_result {
    const char *name, *source_path, *salt;
    enum tune_source source;
    uint64_t seed;
    struct decision_coverage coverage;
    struct ab_arm arms[AB_ARMS_MAX];
    uint32_t arm_count;
    struct ab_variant variants[AB_VARIANTS_MAX]; /* of arm 1 on */
    bool interleave, plan_only;
    double alpha, power;

    struct search_objective objectives[SEARCH_OBJECTIVES_MAX];
    uint32_t objective_count;
    enum tune_metric goal; /* how to show it: an outcome, or TUNE_GOAL of several */
    bool goal_more_is_better;
    bool goal_of_purchases; /* it rests on what customers do */
    struct search_constraint constraints[SEARCH_CONSTRAINTS_MAX];
    uint32_t constraint_count;

    uint32_t orders; /* that can be decided */
    uint32_t used;   /* up to the planned look */
    int64_t span_us;
    double orders_per_day;
    uint64_t counts[AB_ARMS_MAX]; /* of the orders used */
    uint64_t planned_n;
    bool planned; /* by the user; else all there are */
    bool reached;
    uint32_t peeks;
    double tuning; /* units at which the sequence is narrowest: those planned */

    struct stats_srm srm;
    struct ab_strata srm_hours, srm_quotes;
    double srm_p;     /* Holm's least of the three: what is judged */
    double srm_shift; /* of an arm's share, at the planned n: what SRM would find half the time */

    bool fitted;                     /* the choice model, on purchases; else assumed */
    uint64_t observed;               /* orders used whose purchase was seen, not drawn */
    uint32_t best;                   /* variant */
    enum experiment_verdict verdict; /* of the best */

    double plan_n, plan_days;        /* for the goal of the best, by the estimator that judges */
    uint32_t plan_peeks;             /* one a day, at most AB_PEEKS_MAX */
    const char *notes[AB_NOTES_MAX]; /* constant sentences */
    uint32_t note_count;
};

bool ab_run(struct ab_result *result, const struct ab_request *request, struct err *err);

/* Whether what a metric shows rests on purchases. */
static inline bool ab_is_of_purchases(const struct ab_result *result, unsigned metric)
{
    return metric == AB_GOAL ? result->goal_of_purchases
                             : metric == OUTCOME_BUYS || metric == OUTCOME_EARNS;
}

/* How a metric is shown (tune_metric_traits). */
static inline enum tune_metric ab_shown_as(const struct ab_result *result, unsigned metric)
{
    return metric == AB_GOAL ? result->goal : (enum tune_metric)metric;
}

#endif
