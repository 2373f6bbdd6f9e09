/* sim/world/result.h - what came out of a run: every figure that a report shows, computed.
 *
 * Reports render this and decide nothing. A run writes it as summary.json and series.csv; `routesim
 * report DIR` reads it back (reports/summary_read.c), so nothing outside it may enter a report.
 *
 * Metrics have one table (metric.c): name, unit, scope, direction, help and how to compute it from
 * a tally. Checks, `--check`, compare, console, CSV and report all go by it. Values are given for
 * every phase: the whole run (0), "quiet" (no fault active, from an order's start to its end), and
 * each fault's window, by the instant of completion. A percentile with fewer than 10 samples beyond
 * it is not known; one that lies among right-censored samples (timeouts) is known only as a bound.
 *
 * Ownership: a result owns its arrays through its arena; result_release() frees it.
 */
#ifndef SIM_WORLD_RESULT_H
#define SIM_WORLD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/arena.h"
#include "router/base/err.h"
#include "router/cache.h"
#include "router/provider.h"
#include "router/quote.h"
#include "sim/world/live_calls.h"
#include "sim/world/replay_calls.h"

enum metric {                /* of the router: scope "router" */
              METRIC_ORDERS, /* completed, measured */
              METRIC_ROUTED,
              METRIC_ERROR_RATE,      /* failed / orders */
              METRIC_OK_RATE,         /* a real call's quote won, and confirming did not fail */
              METRIC_AUTHENTIC_RATIO, /* routed orders won by a real quote */
              METRIC_P50_MS,
              METRIC_P95_MS,
              METRIC_P99_MS,
              METRIC_MEAN_MS,
              METRIC_MAX_MS,
              METRIC_CART_CENTS,         /* mean total of the selected quote */
              METRIC_COMMISSION_CENTS,   /* mean per routed order */
              METRIC_SAVINGS_BEST_CENTS, /* mean: cheapest quote not chosen minus the chosen */
              METRIC_SAVINGS_MEAN_CENTS, /* mean: mean of the other quotes minus the chosen */
              METRIC_FILL_RATE, /* lines found or substituted in selected carts / lines asked for */
              METRIC_ESTIMATED_WINS, /* routed orders won by a quote from a declared price list */
              METRIC_EMPTY_WINS,     /* routed orders whose selected cart had nothing in it */
              METRIC_ETA_MINUTES,    /* mean of the selected quote */
              METRIC_QUOTES_PER_ORDER,
              METRIC_CALLS_PER_ORDER,
              METRIC_CALL_COST_CENTS,   /* per order */
              METRIC_CONFIRMED,         /* orders placed */
              METRIC_CONFIRM_FAIL_RATE, /* confirmations that failed, failover included */
              METRIC_FAILOVERS,
              METRIC_DELIVERED_RATE, /* of placed orders */
              METRIC_LATE_RATE,      /* of delivered ones */
              METRIC_SHORT_RATE,
              METRIC_CANCELLED_RATE, /* of placed ones */
              METRIC_RATING,         /* mean */
              METRIC_BUDGET_BURNED,  /* share of the SLO period's error budget */
              METRIC_TOP_SHARE,      /* the largest provider's share of selections */
              METRIC_CLOSE_CALLS,    /* routed orders whose best two scores lie within one point */
              /* of the quote cache: absent from summaries where there is none */
              METRIC_CACHE_HIT_RATE, /* of quotes that might have been kept */
              METRIC_CACHE_ERRORS,
              METRIC_CACHE_SKIPPED,
              METRIC_CACHED_WINS, /* routed orders won by a kept quote */
              METRIC_CACHE_SAVED_CALLS,
              METRIC_CACHE_SAVED_CENTS, /* what these would have cost, in all */
              METRIC_CACHE_AGE_P50_MS,  /* of hits */
              METRIC_CACHE_AGE_P95_MS,
              METRIC_CACHE_COST_P50_MS, /* how much later providers were asked */
              METRIC_CACHE_COST_P95_MS,
              METRIC_CACHE_COST_P99_MS,
              METRIC_ROUTER_COUNT,
              /* of a provider: scope its id */
              METRIC_ASKED = METRIC_ROUTER_COUNT, /* quotes asked for, canned ones apart */
              METRIC_QUOTES,                      /* real quotes that came in time */
              METRIC_ESTIMATED, /* of the quotes, priced from a declared list: the API states none
                                 */
              METRIC_CANNED,    /* canned quotes: forced, or standing in */
              METRIC_SUCCESS_RATE, /* quotes / settled, canned apart */
              METRIC_PROVIDER_ERROR_RATE,
              METRIC_TIMEOUTS,
              METRIC_TIMEOUT_RATE,
              METRIC_WINS,
              METRIC_SELECTION_PCT,   /* share of routed orders, 0..1 */
              METRIC_PROVIDER_P50_MS, /* quotes and timeouts, the latter censored; errors apart */
              METRIC_PROVIDER_P95_MS,
              METRIC_PROVIDER_P99_MS,
              METRIC_PROVIDER_MEAN_MS, /* of quotes that came */
              METRIC_TOTAL_CENTS,      /* mean of its real quotes */
              METRIC_PROVIDER_FILL_RATE,
              METRIC_PROVIDER_ETA_MINUTES,
              METRIC_CALLS,
              METRIC_COST_CENTS,
              METRIC_LATE_ANSWERS, /* quotes that came after their deadline, unheard */
              METRIC_TOKEN_FETCHES,
              METRIC_RETRIES,
              METRIC_HEDGES,         /* second calls beside one that had not answered */
              METRIC_HEDGE_LOAD,     /* these over all other calls */
              METRIC_HEDGE_WIN_RATE, /* of these, whose answer was taken */
              METRIC_AUTH_ERRORS,
              METRIC_RATE_LIMITED,
              METRIC_NETWORK_ERRORS,
              METRIC_HTTP_ERRORS,
              METRIC_INVALID_RESPONSES,
              METRIC_COUNT
};

enum metric_unit {
    UNIT_COUNT,
    UNIT_SHARE, /* 0..1, shown as percent */
    UNIT_MS,
    UNIT_CENTS,
    UNIT_MINUTES,
    UNIT_SCORE
};

enum metric_direction { BETTER_NEITHER, BETTER_LOW, BETTER_HIGH };

struct metric_traits {
    const char *name; /* "p95_ms" */
    enum metric_unit unit;
    enum metric_direction better;
    const char *label; /* "p95 latency" */
    const char *help;  /* one sentence */
};
extern const struct metric_traits metric_traits[METRIC_COUNT];

static inline bool metric_of_cache(enum metric metric)
{
    return metric >= METRIC_CACHE_HIT_RATE && metric <= METRIC_CACHE_COST_P99_MS;
}

enum value_state {
    VALUE_KNOWN,
    VALUE_NONE,    /* n/a: nothing to compute it from */
    VALUE_TOO_FEW, /* n/a: too few samples for this percentile; `needs` says how many */
    VALUE_ABOVE,   /* right-censored: it lies above `value` */
};

struct metric_value {
    double value;
    double needs; /* samples needed, with VALUE_TOO_FEW */
    uint64_t n;   /* samples, or the denominator */
    enum value_state state;
    double low, high; /* 95% confidence interval over replications; equal to value with one */
};

enum {
    SCOPE_ROUTER = PROVIDER_COUNT,
    SCOPE_COUNT = PROVIDER_COUNT + 1
}; /* scopes: provider, router */

/* "KROGER_API.p95_ms" -> scope and metric; a suggestion in `hint` when there is none. */
bool metric_find(const char *name, unsigned *scope, enum metric *metric, char *hint,
                 size_t hint_size);
/* "router.p95_ms" into `name`. */
enum { METRIC_NAME_MAX = 64 };
void metric_name(unsigned scope, enum metric metric, char name[METRIC_NAME_MAX]);

enum {
    RESULT_PHASES_MAX = 2 + 128, /* all, quiet, each fault, after those that checks ask for */
    RESULT_CURVE_MAX = 64,
    RESULT_QUANTILES_MAX = 12,
};

struct result_quantile {
    double percent; /* 99.9 */
    struct metric_value value;
};

struct result_latency { /* of the whole run, all replications */
    uint64_t n;         /* samples, censored ones included */
    uint64_t censored;  /* timeouts: they lie above their value */
    bool exact;         /* computed from every sample; else from a histogram */
    double error_bound; /* relative, of a histogram; 0 when exact */
    double mean_ms, max_ms, min_ms;
    struct result_quantile quantiles[RESULT_QUANTILES_MAX]; /* of --percentiles */
    uint32_t quantile_count;
    struct { /* for a curve towards the tail: x = -log10(1 - p) */
        double x, ms;
    } curve[RESULT_CURVE_MAX];
    uint32_t curve_count;
};

struct result_phase {
    const char *name; /* "all", "quiet", or the fault's id */
    int64_t from_us, until_us;
    struct metric_value values[SCOPE_COUNT]
                              [METRIC_COUNT]; /* router metrics under SCOPE_ROUTER only */
};

struct result_fault {
    const char *id;
    const char *label; /* fault_label() */
    const char *kind;
    uint32_t provider_mask;
    int64_t from_us, until_us;
};

struct result_check {
    const char *name;   /* for people */
    const char *metric; /* "router.p95_ms" */
    const char *during; /* "" or a phase */
    const char *op;     /* "<=" */
    double limit;
    const char *limit_text;
    unsigned scope;
    enum metric metric_id;
    struct metric_value measured;
    enum { CHECK_PASSED, CHECK_FAILED, CHECK_INCONCLUSIVE } verdict;
    const char *file; /* where it stands; NULL: the command line */
    uint32_t line;
};

struct result_operation { /* per provider and operation: every call, also unheard ones */
    const char *name;
    uint64_t calls;
    struct result_latency latency; /* of answered calls */
};

struct result_bucket { /* of the series: replication 0 */
    int64_t from_us;
    struct result_bucket_router {
        uint32_t orders, failed, routed, authentic, ok;
        double p50_ms, p95_ms, p99_ms; /* NaN: nothing completed */
    } router;
    struct result_bucket_provider {
        uint32_t asked, quotes, timeouts, wins, canned;
        uint32_t errors[QUOTE_OUTCOME_COUNT];
        double p50_ms, p95_ms, p99_ms;
    } providers[PROVIDER_COUNT];
    double budget_burned; /* cumulative, share of the period's budget */
};

struct result_file {
    const char *path; /* in the output folder */
    uint64_t bytes;
    char sha256[65];
};

enum { RESULT_NOTES_MAX = 32 };

struct result_cache { /* the quote cache, of the whole run */
    bool on;
    const char *kind;   /* "memory", "redis": simulated; "client": a real one */
    const char *key;    /* "cart", "user" */
    int64_t quote_us;   /* how long a quote is kept */
    int64_t timeout_us; /* how long it was waited for */
    uint64_t recalls[RECALL_COUNT];
    uint64_t sets, sets_skipped, set_errors;
    uint64_t breaker_opened; /* times */
    uint64_t pushed_out;     /* to make room, by a simulated one */
};

struct result {
    struct arena arena;
    const char *program;  /* "routesim 0.1.0" */
    const char *scenario; /* name */
    const char *title;
    const char *description;
    const char *file;    /* as given */
    const char *command; /* canonical: no -j, no --out */
    const char *seed_text;
    const char *profile;
    const char *clock;     /* "virtual", or "real": measured */
    const char *wire;      /* "struct", "bytes", "http" */
    const char *live;      /* the real providers that were called: "KROGER_API, MEALME"; or "" */
    const char *elsewhere; /* those that were mock servers of other processes; or "" */
    const char *replayed; /* those that were played back, and what: "KROGER_API 3fa2fc033c7784b5" */
    const char *replay_flaws; /* what these recordings lack, in sentences; "": nothing */
    bool unanswered_allowed;  /* --allow-unanswered */
    struct replay_calls replay_calls[PROVIDER_COUNT];
    struct live_calls live_calls[PROVIDER_COUNT];
    /* A run that the cap on live calls ended: what its next order might have taken of them, and
     * what was left. 0: no cap ended it. */
    uint64_t order_calls, calls_left;
    struct result_cache cache;
    uint64_t scenario_hash;   /* without seed and router */
    uint64_t experiment_hash; /* with the router */
    uint64_t event_hash;      /* rolling, replication 0 */
    int64_t start_unix_us;
    int64_t timezone_us;
    int64_t duration_us;
    uint32_t replications;
    /* Connections that this process could not make or accept: it had no descriptor, or no memory,
     * left. The run was ended then. */
    uint64_t local_failures;
    const char *local_error; /* "Too many open files"; "": there were none */
    uint64_t left_out;       /* orders that were under way then, and are in no figure */
    bool complete;
    const char *stopped_by; /* "" when complete */
    uint64_t orders;        /* begun, all replications, warm-up included */
    uint64_t events_written, events_total;
    uint64_t calls;

    struct result_phase *phases;
    uint32_t phase_count;
    struct result_latency router_latency;
    struct result_latency provider_latency[PROVIDER_COUNT]; /* quotes, timeouts censored */
    struct result_operation *operations[PROVIDER_COUNT];
    uint32_t operation_count[PROVIDER_COUNT];
    uint64_t errors[PROVIDER_COUNT][QUOTE_OUTCOME_COUNT]; /* by kind, whole run */
    uint64_t order_codes[8];                              /* enum order_code */
    const char *order_code_names[8]; /* as the profile calls them; NULL: no such code */
    bool enabled[PROVIDER_COUNT];
    int64_t timeout_us[PROVIDER_COUNT]; /* of a quote, as configured at the start */

    struct result_fault *faults;
    uint32_t fault_count;
    struct result_check *checks;
    uint32_t check_count;
    uint32_t checks_passed, checks_failed, checks_inconclusive;

    bool slo_given;
    const char *slo_indicator;
    double slo_objective;
    int64_t slo_period_us;

    int64_t bucket_us;
    struct result_bucket *buckets;
    uint32_t bucket_count;

    const char *notes[RESULT_NOTES_MAX]; /* honest remarks: assumptions, sampling, unread keys */
    uint32_t note_count;
};

/* Whether live calls were tried and not one of them got an answer: then the run measured this
 * machine's network, whatever its figures say. */
bool result_is_deaf(const struct result *result);

/* Whether calls were made that no recording has an answer to, and nobody has allowed that: then
 * the recording is of another run. */
bool result_lacks_answers(const struct result *result);

void result_release(struct result *result);

#endif
