/* sim/world/signal.h - what alerts, probes and stop conditions look at: metrics of a sliding
 * window.
 *
 * Everything is counted when an order completes, in windows (t - W, t] that are open on the left,
 * as Prometheus 3 has them (rulings 17). Instants t and spans W are whole seconds, so a window is a
 * difference of two running totals and exact; second s holds what completed in (s - 1, s].
 * Percentiles are of every sample in the window (GSL's and PERCENTILE_CONT's linear interpolation),
 * timeouts at their limit, with no minimum of samples: whoever alerts on them has `min_volume`.
 *
 *   router    error_rate success_rate ok_rate authentic_ratio p50_ms p95_ms p99_ms slow_rate
 *             requests_per_hour burn_rate budget_burned
 *   provider  error_rate success_rate timeout_rate selection_pct p50_ms p95_ms p99_ms
 *
 * of which, over the window: error_rate is failed over completed orders (a provider's: failed over
 * settled calls, canned ones apart), success_rate the rest of it, ok_rate good over judged orders,
 * authentic_ratio real over all winning quotes, slow_rate the share of orders slower than
 * `slow_over`, burn_rate the share of bad orders over that which the objective allows,
 * selection_pct a provider's share of routed orders. budget_burned has no window: it is the share
 * of the period's budget since the warm-up. A ratio out of nothing is unknown (Prometheus: NaN),
 * requests_per_hour of nothing is 0. That one divides what was counted by the whole window, also
 * while the run is younger than that: Prometheus' increase() would extrapolate, and nobody knows
 * what came before.
 *
 * Ownership: signals_init() allocates; signals_release() frees.
 * Failure:   out of memory: false at signals_init(); later, when more samples lie in a window than
 * before, `failed` is set and percentiles are unknown.
 */
#ifndef SIM_WORLD_SIGNAL_H
#define SIM_WORLD_SIGNAL_H

#include "router/router.h"
#include "sim/world/result.h"

enum signal_kind {
    SIGNAL_ERROR_RATE,
    SIGNAL_SUCCESS_RATE,
    SIGNAL_OK_RATE,
    SIGNAL_AUTHENTIC_RATIO,
    SIGNAL_P50_MS,
    SIGNAL_P95_MS,
    SIGNAL_P99_MS,
    SIGNAL_SLOW_RATE,
    SIGNAL_REQUESTS_PER_HOUR,
    SIGNAL_BURN_RATE,
    SIGNAL_BUDGET_BURNED,
    SIGNAL_TIMEOUT_RATE,
    SIGNAL_SELECTION_PCT,
    SIGNAL_KIND_COUNT
};

struct signal_traits {
    const char *name; /* "p95_ms" */
    enum metric_unit unit;
    bool of_router, of_provider;
    bool is_counter;   /* a ratio of counters, so that promtool's rate() can compute it too */
    const char *label; /* "p95 latency" */
};
extern const struct signal_traits signal_traits[SIGNAL_KIND_COUNT];

enum { SIGNAL_NAME_MAX = 64, SCOPE_EACH_PROVIDER = SCOPE_COUNT }; /* "provider.success_rate" */

/* Percentiles and slow_rate: asked only of scopes whose latencies are kept. */
bool signal_is_of_latencies(enum signal_kind kind);

/* "router.p95_ms", "KROGER_API.error_rate", "provider.error_rate" (each enabled provider) -> kind
 * and scope (a provider, SCOPE_ROUTER or SCOPE_EACH_PROVIDER); false with a suggestion in `hint`.
 */
bool signal_find(const char *name, unsigned *scope, enum signal_kind *kind, char *hint,
                 size_t hint_size);
void signal_name(unsigned scope, enum signal_kind kind, char name[SIGNAL_NAME_MAX]);

struct signal_value {
    double value; /* in the metric's unit: shares 0..1, ms, per hour; NaN when not known */
    uint64_t n;   /* orders, calls or samples in the window */
    bool known;
};

struct signal_query {
    enum signal_kind kind;
    unsigned scope; /* a provider or SCOPE_ROUTER */
    int64_t window_s;
    int64_t slow_over_us; /* SIGNAL_SLOW_RATE */
};

struct signal_totals { /* since the start of the run, of what was counted */
    uint32_t orders, failed, routed, authentic;
    uint32_t judged, ok, bad; /* at an order's last act */
    struct signal_provider_totals {
        uint32_t settled, quotes, timeouts, wins;
    } providers[PROVIDER_COUNT];
};

struct signal_latencies { /* one scope's samples, in order of completion; a ring */
    uint32_t *us;
    uint32_t *second;
    uint64_t first, count; /* of all that were ever added, those still here */
    uint32_t capacity;     /* a power of two */
};

struct signals {
    int64_t longest_s; /* window that may be asked for */
    int64_t now_s;     /* the second being filled: (now_s - 1, now_s] */
    struct signal_totals now;
    struct signal_totals *ring; /* totals at the end of each of the last longest_s + 1 seconds */
    uint64_t ring_size;
    bool wants_latency[SCOPE_COUNT];
    struct signal_latencies latencies[SCOPE_COUNT];
    uint32_t *scratch; /* for selecting */
    uint32_t scratch_size;
    double objective;     /* of the SLO; 0: none, and burn_rate is unknown */
    double budget_orders; /* bad orders that the period allows; 0: no SLO */
    bool failed;
};

struct signals_setup {
    int64_t longest_s;
    bool wants_latency[SCOPE_COUNT]; /* whose percentiles or slow_rate may be asked for */
    double objective, budget_orders;
};

bool signals_init(struct signals *signals, const struct signals_setup *setup);
void signals_release(struct signals *signals);
void signals_clear(struct signals *signals); /* a new replication */

/* A decided order, and later its last act; `now_us` never goes back. */
void signals_order(struct signals *signals, const struct router_order *order, int64_t now_us);
void signals_judged(struct signals *signals, bool ok, bool bad, int64_t now_us);

/* Asks at the end of a second: all that completed at or before now_s has been told. A window that
 * begins before instant 0 begins there. Latencies take time in proportion to the window's samples,
 * all else takes the same whatever the window. */
struct signal_value signals_read(struct signals *signals, const struct signal_query *query,
                                 int64_t now_s);

/* The running totals at the end of a second that is not longer ago than the longest window. */
struct signal_totals signals_totals(const struct signals *signals, int64_t at_s);

#endif
