/* sim/analysis/search.h - which weights, of all of them: the whole simplex, not a lucky walk.
 *
 * Candidates are the presets and every point of the simplex of the five weights without priority at
 * step 1/steps (25: 23,751 points), for each priority weight of the axis {0, 0.25, 0.5, 1}. Scores
 * are scale-free, so presets are divided by their five-sum, priority too, to lie on the same
 * simplex. Each is replayed exactly on the training orders, in sums per cluster.
 *
 *   goal         a weighted sum of objectives, each normalised: (value - baseline) * better /
 *                (best - worst over the candidates), so 0 is the baseline and 1 the whole range
 *   constraints  against the baseline or absolute; "share<=80%" is the largest provider's. A
 *                candidate keeps one when its 95% interval on the training orders (paired with the
 *                baseline where the limit counts from it, over clusters) lies on the good side: a
 *                search that only asked for the mean would end at the limit, and on the wrong side
 *                of it every second time. Others are infeasible and never chosen.
 *   refine       exact line sweeps (sweep.h) along each weight from the best feasible candidates,
 *                until no weight improves the goal
 *   front        Pareto front of the objectives over feasible candidates (front.h), with each
 *                point's probability of being on it over the bootstrap, hypervolume with its
 *                reference point, knee
 *   the set      candidates whose goal cannot be told from the best one's: the simultaneous
 *                (max-T) interval of the paired difference over clusters contains 0; the baseline
 * is always compared the centre   of that set, the candidate farthest from changing (largest share
 * of orders that keep their winner under all others of the set; ties: nearest to the baseline).
 * This one is recommended, not the lucky best. robust       over several tables (scenarios): worst
 * case, CVaR at 20%, minimax regret of the goal
 *
 * Ownership: a search owns its arrays; search_release() frees them.
 * Failure:   ERR_INPUT for an objective or constraint that cannot be read; ERR_ENVIRONMENT.
 */
#ifndef SIM_ANALYSIS_SEARCH_H
#define SIM_ANALYSIS_SEARCH_H

#include "sim/analysis/replay.h"

enum {
    SEARCH_OBJECTIVES_MAX = 4,
    SEARCH_CONSTRAINTS_MAX = 12,
    SEARCH_COLUMNS_MAX = 2 * REPLAY_COLUMNS, /* outcomes kept for every candidate */
    SEARCH_PRESETS_MAX = 16,
    SEARCH_SCENARIOS_MAX = 16,
    SEARCH_NAME_MAX = 32
};

struct search_preset {
    char name[SEARCH_NAME_MAX];
    struct score_weights weights; /* as configured */
};
/* The runbook's: "baseline" (production's defaults), "price-first", "revenue-first",
 * "speed-first". Revenue-first is price 0.20, commission 0.40; the other two raise their weight to
 * 0.50 and 0.40 and are our reading, for the runbook's figures are not public. */
extern const struct search_preset search_presets[4];

/* On the scale on which the five weights without priority add up to 1. */
struct score_weights search_normalise(const struct score_weights *weights);

struct search_objective {
    enum replay_outcome outcome;
    double weight;
};

enum search_quantity { /* what a constraint may be about, besides outcomes */
                       QUANTITY_OUTCOME,
                       QUANTITY_TOP_SHARE /* the largest provider's share of selections */
};

struct search_constraint {
    enum search_quantity quantity;
    enum replay_outcome outcome;
    bool at_most; /* <= ; else >= */
    enum {
        LIMIT_ABSOLUTE,  /* "eta<=45min" */
        LIMIT_RELATIVE,  /* "price<=+0.5%": of the baseline's value */
        LIMIT_DIFFERENCE /* "eta<=+2min", "availability>=-0.5pp" */
    } kind;
    double limit;  /* in the outcome's unit, or a share */
    char text[48]; /* as given */
};

/* "commission:0.5,savings:0.5" and "price<=+0.5%". */
bool search_read_objectives(const char *text, struct search_objective *objectives, uint32_t *count,
                            struct err *err);
bool search_read_constraint(const char *text, struct search_constraint *constraint,
                            struct err *err);

/* A constraint's limit in its outcome's unit, given the baseline's value. */
double search_limit(const struct search_constraint *constraint, double baseline);

struct search_request {
    const struct replay_table *tables; /* the first is tuned on; all are met by robust choice */
    uint32_t table_count;
    struct score_weights baseline;
    const struct search_preset *presets;
    uint32_t preset_count;
    const struct search_objective *objectives;
    uint32_t objective_count;
    const struct search_constraint *constraints;
    uint32_t constraint_count;
    const double *scales; /* of another search, to compare with; NULL: its own */
    uint32_t steps;       /* 25 */
    double priorities[8]; /* {0, 0.25, 0.5, 1} */
    uint32_t priority_count;
    uint8_t fixed;      /* bit part: this weight is held at the baseline's share (a weight
                           without effect, or one the user holds) */
    uint32_t resamples; /* 2000 */
    double level;       /* 0.95 */
    uint64_t seed;
    uint32_t jobs;
    void (*progress)(void *context, uint64_t done, uint64_t of);
    void *progress_context;
};

struct search_candidate {
    struct score_weights weights;     /* five weights of sum 1, and priority on that scale */
    double means[SEARCH_COLUMNS_MAX]; /* training mean of search.columns, in the outcome's unit */
    double shares[PROVIDER_COUNT];
    double goal;
    double on_front;            /* probability over the bootstrap; 0: dominated in every cluster */
    double goal_low, goal_high; /* of the paired difference to the best, simultaneous; NaN where
                                   not computed: too far off to matter */
    int16_t preset;             /* index, or -1 */
    bool sure;                  /* each constraint's interval lies on its good side */
    bool feasible;              /* sure, and its means are */
    bool front;                 /* on the front of the training means */
    bool in_set;                /* cannot be told from the best */
};

struct search_robust { /* a candidate over all tables; goal differences to the baseline */
    uint32_t candidate;
    double worst, cvar20, mean, regret; /* regret: largest distance to a table's own best */
};

struct search {
    struct search_candidate *candidates; /* presets first, then the simplex, then refined ones */
    uint32_t count;
    uint32_t evaluated; /* weights replayed, refinement included */
    enum replay_outcome columns[SEARCH_COLUMNS_MAX];
    uint32_t column_count;
    uint32_t baseline;           /* candidates */
    uint32_t best, chosen, knee; /* UINT32_MAX: none is feasible; knee: with two objectives */
    uint32_t feasible, front_count, set_count; /* candidates */
    bool set_capped; /* more than 4,000 points could be in the set: counts are at least */
    uint32_t points, front_points; /* among the feasible, and on the front, that decide apart */
    double scales[SEARCH_OBJECTIVES_MAX]; /* best - worst, what an objective is divided by */
    double hypervolume, hypervolume_low, hypervolume_high; /* share of the box between reference
                                                               and ideal point */
    double reference[SEARCH_OBJECTIVES_MAX]; /* the worst feasible value of each objective */
    uint32_t beyond_reference;               /* points that pass it */
    struct score_weights set_low, set_high;  /* the set's extent, weight by weight */
    double set_agreement;                    /* share of orders that all of the set decide alike */
    struct search_robust *robust; /* of baseline, best, chosen, and the minimax-regret choice */
    uint32_t robust_count;
    uint32_t minimax, cvar_best; /* candidates; UINT32_MAX with one table */
};

bool search_run(struct search *search, const struct search_request *request, struct err *err);
void search_release(struct search *search);

#endif
