/* sim/analysis/calibrate.h - how long to wait for each provider, what to remember, and how sure
 * that is: from latencies, or from orders with all their quotes, to a recommendation.
 *
 * Two kinds of input. *Orders* (a scenario, a finished run, an event log) are decided again exactly
 * under every timeout, so that a rule is judged by what it does to the router: waits, winners,
 * orders without a quote, cents. *Latencies* (a CSV, each value of its provider column a provider)
 * know calls alone: the same rules, the same shares and intervals; of the router what follows from
 * independence, labelled a model.
 *
 * Everything is a function of the request and its input: the same bytes twice, and for any number
 * of threads.
 *
 * Ownership: a calibration owns what hangs below it; calibration_release() frees it. Failure:
 *            ERR_INPUT when there is nothing to calibrate from; ERR_ENVIRONMENT for memory.
 */
#ifndef SIM_ANALYSIS_CALIBRATE_H
#define SIM_ANALYSIS_CALIBRATE_H

#include "sim/analysis/cache_sweep.h"
#include "sim/analysis/distribution_fit.h"
#include "sim/analysis/latency_quantile.h"
#include "sim/analysis/retry_whatif.h"
#include "sim/analysis/stability.h"
#include "sim/analysis/timeout_rules.h"
#include "sim/analysis/waiting.h"

enum calibrate_source {
    CALIBRATE_SCENARIO,
    CALIBRATE_RUN,
    CALIBRATE_LOG,
    CALIBRATE_CSV,
    CALIBRATE_LIVE,
    CALIBRATE_SOURCES
};

enum {
    CALIBRATE_STEPS = 60,    /* of a provider's curve */
    CALIBRATE_INSTANTS = 60, /* of the value of waiting */
    CALIBRATE_EARLY = 6,     /* rules tried */
    CALIBRATE_JOINTS = 5,    /* 0.5, 0.9, 0.95, 0.99, 0.999 */
    CALIBRATE_FANS = 3,      /* slow with 5%, 1%, 0.1% */
    CALIBRATE_NOTES_MAX = 24
};

/* One step of a provider's curve: its timeout is `us`. */
struct calibrate_step {
    int64_t us;
    struct timeout_achieved achieved; /* calls */
    struct waiting_step router;       /* orders; unset without them */
};

/* Does it hold? What a rule says of the first part of the samples, judged on the rest. */
struct calibrate_held {
    struct timeout_advice advice;    /* from the first part alone */
    struct stability_timeout judged; /* of FOUND; else its verdict is NA */
};

struct calibrate_stability {
    bool known; /* enough samples to cut in two */
    struct change_set changes;
    struct stability_fresh fresh;
    struct stability_halves halves;
    struct calibrate_held held[TIMEOUT_RULES];
    struct stability_third thirds[STABILITY_PARTS];
    struct timeout_advice third_advice[STABILITY_PARTS]; /* of the rule that is recommended by */
    struct fit fits[FIT_LAWS];
    double weights[FIT_LAWS];      /* Akaike's */
    enum fit_law best;             /* FIT_LAWS: no law fits */
    struct fit_goodness goodness;  /* of the best */
    struct fit_goodness lognormal; /* what everybody assumes; tails, no p */
};

struct calibrate_provider {
    const struct latency_series *series; /* in calibration.latencies */
    const char *name;                    /* display name, or the CSV's */
    const char *key; /* "LOOPGPT_KROGER_TIMEOUT"; NULL: a site of a CSV, no key of ours */
    bool key_read;   /* whether production reads it: not under as_coded */
    uint64_t asked, answered, failed, censored;
    double at_timeout; /* share of asked that was not answered within the timeout in force */
    struct latency_hidden hidden;          /* what of the tail nobody saw */
    bool censoring_matters;                /* more than 0.5% of it */
    struct latency_quantile p50, p95, p99; /* with what was given up counted */
    struct timeout_advice advice[TIMEOUT_RULES];
    enum timeout_rule chosen; /* the rule of the recommendation */
    bool recommended;         /* else today's stays, and `reason` says why: the rule has no answer,
                                 or one that nobody should act on */
    const char *reason;
    int64_t recommended_us; /* today's where nothing is recommended; 0: that is not known */
    struct timeout_achieved achieved; /* by it; all n are 0 where it is 0 */
    struct calibrate_step *steps;
    uint32_t step_count;
    /* The trap, and how far it leads: p95 + 2 s of answers alone, again and again, from today's
     * timeout. 0: nothing to show. */
    int64_t naive_us, naive_settled_us;
    struct timeout_achieved naive_achieved;
    struct calibrate_stability stability;
    /* What second calls would do; the deadline is the recommended timeout, else today's. */
    struct whatif_hedges hedges;
    bool retries_known; /* a deadline is */
    struct whatif_retries retries;
};

struct calibrate_arm { /* one rule for every provider at once; where a provider has none, today's */
    enum timeout_rule rule;
    bool known; /* at least one provider has it */
    struct decision_view view;
    struct waiting_outcome outcome; /* with orders */
    /* By independence, without orders: the router's quantiles; a model. NaN: not known. */
    double model_ms[WAITING_QUANTILES];
};

/* What formulas say (retry_model.h), calls independent of each other: a model. */
struct calibrate_facts {
    uint32_t answers;               /* that an order waits for: as many as providers */
    double slow[CALIBRATE_FANS];    /* share of calls */
    double fan_out[CALIBRATE_FANS]; /* share of orders that meet one of them */
    double each;                    /* quantile that each answer keeps for all to keep 0.99 */
    uint32_t tries, layers;         /* 3, 5 */
    double layer_calls;             /* that reach the lowest layer while everything fails */
    double budget, budget_load;     /* 10%: tries a call under it while everything fails */
    double throttle_limit;          /* failing share that ends retries at gRPC's ratio of 0.1 */
};

struct calibration {
    const char *name, *source_path;
    enum calibrate_source source;
    uint64_t seed;
    bool as_coded;
    struct timeout_setup setup;
    struct waiting_prices prices;
    bool prices_assumed;    /* nobody stated them */
    enum timeout_rule rule; /* asked for */
    double split;
    uint32_t resamples;
    struct decision_view today; /* timeouts in force that are not the recorded ones */
    struct latency_set latencies;
    struct decision_set set; /* empty: latencies alone */
    bool has_orders;
    struct calibrate_provider *providers; /* as many as latencies.count, in that order */
    struct calibrate_arm arms[TIMEOUT_RULES];
    struct calibrate_arm recommended; /* each provider's recommended timeout */
    bool starves; /* by the rule orders would lose their only quote: nothing is recommended */
    bool unseen;  /* late answers are not recorded: longer waits are judged by what came in time */
    bool dearer;  /* what is recommended costs more than today's timeouts, by the prices */

    /* the router's view; with orders alone */
    struct waiting_tail tail;
    struct waiting_joint joints[CALIBRATE_JOINTS];
    struct waiting_early_outcome early[CALIBRATE_EARLY];
    uint32_t early_count;
    struct waiting_instant instants[CALIBRATE_INSTANTS];
    uint32_t instant_count;

    struct calibrate_facts facts;

    /* what remembering would do: of a scenario alone */
    bool caches_known;
    struct cache_sweep caches;

    const char *notes[CALIBRATE_NOTES_MAX]; /* constant sentences */
    uint32_t note_count;
};

struct calibrate_request {
    const char *name, *source_path;
    enum calibrate_source source;
    uint64_t seed;
    bool as_coded;
    enum timeout_rule rule;
    struct timeout_setup setup;
    struct waiting_prices prices;
    bool prices_assumed;
    double split;       /* share of samples in the first part, that the rest judges; 0.5 */
    uint32_t resamples; /* of a fitted law, to judge how well it fits; 0: no p */
    /* In force, where orders were waited for longer than that to see more; 0: as recorded. */
    int64_t today_us[PROVIDER_COUNT];
    const struct scenario *scenario; /* NULL: none, and nothing is said of caches */
    void (*progress)(void *context, const char *step, uint64_t done, uint64_t of);
    void *progress_context;
};

/* Takes over `latencies` and, where there are orders, `set` (empty afterwards, whether it succeeds
 * or not); a set without orders is NULL. Latencies of orders may be left empty: they are made. */
bool calibrate_run(struct calibration *calibration, const struct calibrate_request *request,
                   struct latency_set *latencies, struct decision_set *set, struct err *err);
void calibration_release(struct calibration *calibration);

#endif
