/* sim/analysis/tune.h - `routesim tune`: what other weights would have decided, which to choose,
 * and how sure that is. Plain data for a report, and the function that fills it.
 *
 * Orders are cut in time: weights are chosen on the first part (train), and what is said of the
 * choice is measured once on the rest (holdout). Differences are paired, order by order; what an
 * order would have had under other weights is exact, and the interval is about other orders of the
 * same kind (clusters of neighbouring orders vary, sim/analysis/stats.h). Every figure says what it
 * rests on:
 *
 *   exact     counted on these very orders, nothing estimated
 *   interval  a 95% interval over clusters stands beside it
 *   model     rests on a choice model, fitted or assumed
 *
 * History is frozen: each quote is scored with the history its order met. Of a scenario,
 * tune_evolve() also judges arms with histories of their own, by running it again under each arm's
 * weights with the same luck; the search stays with frozen history. A record or a log does not tell
 * what would have become of other decisions, so there it is not offered.
 *
 * The verdict is experiment.h's: variant_wins needs the goal better on the holdout with an interval
 * that excludes 0 and every guardrail kept. Each part of the goal is a guardrail too: what one
 * gains is not paid for by another (TUNE_NOISE). Nothing is ever applied.
 *
 * Ownership: a tuning owns all it points to but the request; tuning_release() frees it.
 * Failure:   ERR_INPUT when there is too little to tune on (fewer than TUNE_ORDERS_LEAST decisions
 *            in either part); as search.h and replay.h.
 */
#ifndef SIM_ANALYSIS_TUNE_H
#define SIM_ANALYSIS_TUNE_H

#include "sim/analysis/experiment.h"
#include "sim/analysis/geometry.h"
#include "sim/analysis/search.h"
#include "sim/analysis/stats.h"
#include "sim/analysis/sweep.h"

struct choice_prior; /* sim/analysis/choice.h */
struct choice_fit;
struct choice_ratings;

enum {
    TUNE_ORDERS_LEAST = 200,
    TUNE_ARMS_MAX = 16,
    TUNE_FLIPS_MAX = 24,
    TUNE_SIMPLEX_STEPS = 28,
    TUNE_SIMPLEX_POINTS = (TUNE_SIMPLEX_STEPS + 1) * (TUNE_SIMPLEX_STEPS + 2) / 2,
    TUNE_SWEEP_POINTS = 240,
    TUNE_GUARDRAILS_MAX = SEARCH_CONSTRAINTS_MAX,
    TUNE_NOTES_MAX = 16,
    TUNE_PARTS = 3
};

enum tune_part { TUNE_TRAIN, TUNE_HOLDOUT, TUNE_ALL };
extern const char *const tune_part_names[TUNE_PARTS]; /* "train", "holdout", "all" */

enum tune_metric { /* the outcomes first: tune_metric of an outcome is its own number */
                   TUNE_GOAL = OUTCOME_COUNT, /* search.h's, 0 is the baseline */
                   TUNE_TOP_SHARE,            /* the largest provider's */
                   TUNE_HHI,                  /* sum of squared shares, 0..1 */
                   TUNE_SATISFACTION,         /* model: 100 * P(buy) / P(buy | best quote) */
                   TUNE_METRICS
};

enum tune_evidence { EVIDENCE_EXACT, EVIDENCE_INTERVAL, EVIDENCE_MODEL };
extern const char *const tune_evidence_names[3];

struct tune_metric_traits {
    const char *name, *label;
    enum { TUNE_CENTS, TUNE_MINUTES, TUNE_SHARE, TUNE_POINTS } unit;
    int better;                  /* +1, -1, 0 */
    enum tune_evidence evidence; /* of the value; its difference has an interval besides */
};
extern const struct tune_metric_traits tune_metric_traits[TUNE_METRICS];

enum tune_change { CHANGE_BETTER, CHANGE_WORSE, CHANGE_SAME, CHANGE_UNDECIDED, CHANGE_NEITHER };
extern const char
    *const tune_change_names[5]; /* "better", "worse", "same", "undecided", "changed" */

struct tune_value {
    double baseline, value;           /* NaN: not known */
    struct stats_estimate difference; /* value - baseline, paired */
    double p_adjusted;                /* Holm's over the metrics of the arm; of the goal its own */
    double noise;                     /* half the width of the zone that counts as no change */
    enum tune_change change;
};

struct tune_arm {
    char name[SEARCH_NAME_MAX];
    struct score_weights weights; /* as one would configure them */
    int32_t candidate;            /* of the search; -1: none (a weights of the user's) */
    struct tune_value values[TUNE_PARTS][TUNE_METRICS];
    double shares[TUNE_PARTS][PROVIDER_COUNT];
    uint64_t wins[TUNE_PARTS][PROVIDER_COUNT];
    uint64_t changed[TUNE_PARTS]; /* orders decided otherwise than by the baseline */
    bool evolved;                 /* the next is filled */
    struct tune_value evolved_values[TUNE_METRICS]; /* over the holdout, history recomputed */
    double evolved_shares[PROVIDER_COUNT];
};

struct tune_guardrail {
    char text[64];          /* "largest provider's share <= 80%" */
    double limit, measured; /* on the holdout, in the metric's unit */
    double bound;           /* the end of its interval that matters; NaN: exact */
    enum tune_metric metric;
    bool at_most;
    enum { GUARD_KEPT, GUARD_BREACHED, GUARD_UNDECIDED } state;
};

struct tune_sensitivity {            /* of one weight, all else as the chosen arm has it */
    double goal_down, goal_up;       /* goal with the weight at 80% and 120% */
    double changed_down, changed_up; /* share of orders decided otherwise */
    double first, first_low,
        first_high; /* Sobol indices of the goal: weights independent, 0 to 1 */
    double total, total_low, total_high;
};

struct tune_simplex_point {
    double price, speed, commission; /* sum 1; the rest held at the baseline's */
    double goal;
};

struct tune_third { /* the search repeated on a third of the training orders */
    struct score_weights chosen;
    double goal_of_chosen; /* the recommended weights' goal there */
    double goal_of_own;    /* of the third's own choice, there */
    bool kept;             /* the recommended weights are sure to keep the guardrails there */
    bool same;             /* and lie in the third's set */
};

enum { TUNE_TASTES = 4 };
struct tune_taste { /* a coefficient of the choice model (sim/analysis/choice_tastes.h) */
    const char *name;
    double value;
    double error; /* robust over blocks; NaN: assumed, not fitted */
};

/* How sure a fitted model's difference to the baseline is: what the coefficients, what the orders
 * leave open, and both together, which alone is the whole truth. */
struct tune_uncertainty {
    double value; /* cents an order, or a share; NaN: no fit */
    double model_low, model_high, orders_low, orders_high, low, high;
};

struct tune_break_even {   /* the model's sensitivity: where the recommendation would flip */
    const char *parameter; /* "price" */
    double low, mid, high; /* the prior's range */
    double flips_at;       /* NaN: nowhere in the range */
    uint32_t flips;        /* how often the sign changes along the range */
    double elasticity;     /* of buying what the baseline selects, where it flips; NaN: nowhere */
    double at_low, at_mid, at_high; /* difference of expected commission, cents an order */
};

enum tune_source { TUNE_SCENARIO, TUNE_RUN, TUNE_LOG };

struct tuning {
    /* input */
    const char *name; /* of the scenario, folder or log; borrowed from the request */
    const char *source_path;
    enum tune_source source;
    uint64_t seed;
    struct decision_coverage coverage;
    bool weights_known;  /* false: a log does not tell the weights it was decided under */
    bool baseline_given; /* the user named the baseline */
    uint64_t reproduced, reproducible; /* recorded selections met again under recorded weights */
    uint32_t orders[TUNE_PARTS];
    uint32_t clusters[TUNE_PARTS];
    enum replay_clusters clustered[TUNE_PARTS];
    uint32_t days;          /* UTC days with an order */
    int64_t train_until_us; /* where the holdout begins, from the start */
    int64_t span_us;
    double level;
    uint32_t resamples;

    /* arms: baseline first, then the presets, the user's own, the chosen last */
    struct tune_arm arms[TUNE_ARMS_MAX];
    uint32_t arm_count;
    uint32_t chosen; /* arm; UINT32_MAX: no candidate is better than the baseline, or feasible */
    struct search_objective objectives[SEARCH_OBJECTIVES_MAX];
    uint32_t objective_count;
    struct search_constraint constraints[SEARCH_CONSTRAINTS_MAX];
    uint32_t constraint_count;
    struct search search;
    double shrunk_goal; /* the holdout's goal, divided by the training's: 1 is no winner's curse */

    enum experiment_verdict verdict;
    enum experiment_reason reason; /* what tipped it */
    uint32_t baseline_breaks; /* constraint that the baseline itself is sure to break; UINT32_MAX */
    double baseline_breach;   /* by this value of its */
    struct tune_guardrail guardrails[TUNE_GUARDRAILS_MAX];
    uint32_t guardrail_count;

    /* what decisions rest on */
    struct geometry geometry; /* of the baseline on the five-sum scale, all orders */
    struct geometry_rates rates;
    uint8_t held; /* bit part: not tuned, by wish or because it moves nothing */
    struct sweep_curve sweeps[REPLAY_PARTS]; /* around the baseline */
    struct geometry_flip flips[TUNE_FLIPS_MAX];
    uint32_t flip_count;
    struct geometry_moves moves;
    struct tune_sensitivity sensitivity[REPLAY_PARTS];
    struct tune_simplex_point *simplex; /* TUNE_SIMPLEX_POINTS */
    struct tune_third thirds[3];
    uint32_t third_count; /* 0: too few orders */

    /* customers: a model */
    bool model_fitted; /* on purchases; else assumed */
    struct tune_taste tastes[TUNE_TASTES];
    uint32_t purchases_known, purchases; /* what it was fitted on; 0: assumed */
    struct tune_uncertainty buys, earns; /* of the suggestion over all orders */
    /* the survey: shares of purchases under the recorded weights; logged, no model */
    uint64_t rated, satisfied;
    double csat, csat_low, csat_high, silent; /* NaN: no ratings */
    struct tune_break_even break_even[3];
    uint32_t break_even_count;
    double surplus_per_commission; /* cents of surplus given up per cent of commission won; NaN */

    /* before a live A/B */
    double mde_conversion; /* detectable at 80% power in 14 days of this traffic; NaN */
    double orders_per_day;
    double triggered;           /* share of orders that differ between baseline and chosen */
    double days_for_conversion; /* to see the model's difference of conversion; NaN: none */

    const char *notes[TUNE_NOTES_MAX]; /* constant sentences */
    uint32_t note_count;

    /* for the flip table */
    struct decision_set set;
    struct replay_table all, train, holdout;
};

struct tune_request {
    const char *name, *source_path;
    enum tune_source source;
    uint64_t seed;
    bool baseline_given; /* else the recorded weights (a log's: the defaults) */
    struct score_weights baseline;
    const struct search_preset *own; /* the user's weights, to be judged beside the presets */
    uint32_t own_count;
    const struct search_objective *objectives; /* none: commission and savings, half each */
    uint32_t objective_count;
    const struct search_constraint *constraints; /* none: the defaults, see tune_constraints */
    uint32_t constraint_count;
    double holdout; /* 0.3 */
    uint32_t steps; /* 25 */
    uint32_t resamples;
    uint32_t jobs;
    uint8_t fixed;                        /* bit part: held at the baseline's */
    const struct choice_prior *prior;     /* NULL: the default one */
    const struct choice_fit *fit;         /* NULL: assumed */
    const struct choice_ratings *ratings; /* what it was fitted on; NULL: none */
    struct decision_view view;
    const struct decision_set *others; /* further scenarios, for robust choice */
    uint32_t other_count;
    void (*progress)(void *context, const char *step, uint64_t done, uint64_t of);
    void *progress_context;
};

/* "price<=+0.5%", "eta<=+2min", ...: what a choice must keep unless told
 * otherwise. */
extern const char *const tune_constraints_default[];
/* Changes within this share of the baseline's value count as none; no part of a goal may lose more,
 * unless a constraint says otherwise. */
#define TUNE_NOISE 0.01

/* Fits customers' tastes to what they did with the quotes that were selected for them, by order
 * index; blocks of neighbouring orders are its clusters. The fit's state says whether it succeeded.
 */
bool tune_fit_purchases(const struct decision_set *set, const struct choice_ratings *ratings,
                        struct choice_fit *fit, struct err *err);

/* Whether the suggestion is one to act on: only a win is. */
static inline bool tune_recommends(const struct tuning *tuning)
{
    return tuning->chosen != UINT32_MAX && tuning->verdict == EXPERIMENT_VARIANT_WINS;
}

/* Takes over `set` (empty afterwards), whether it succeeds or not. */
bool tune_run(struct tuning *tuning, const struct tune_request *request, struct decision_set *set,
              struct err *err);

/* Judges an arm with histories of its own: `baseline` and `other` are decisions of one scenario,
 * run under the baseline's weights and under the arm's, so that what became of orders has fed the
 * scores of later ones in both. Orders are paired by start and index. */
bool tune_evolve(struct tuning *tuning, const struct tune_request *request, uint32_t arm,
                 const struct decision_set *baseline, const struct decision_set *other,
                 struct err *err);
void tuning_release(struct tuning *tuning);

#endif
