/* sim/world/run_state.h - what replications are merged into; only sim/world/run*.c include it. */
#ifndef SIM_WORLD_RUN_STATE_H
#define SIM_WORLD_RUN_STATE_H

#include "sim/world/run.h"

/* Which segments make a phase. */
struct phase_plan {
    const char *name;
    int64_t from_us, until_us;
    enum { PHASE_ALL, PHASE_QUIET, PHASE_FAULT, PHASE_AFTER } kind;
    uint32_t fault;
};

struct spread { /* of one metric over replications (Welford 1962) */
    uint32_t n;
    double mean;
    double m2;
};

struct run_sums {
    const struct run_request *request;
    const struct world_plan *plan;
    struct phase_plan phases[RESULT_PHASES_MAX];
    uint32_t phase_count;
    struct world_segment *segments;
    uint32_t segment_count;
    struct tally scratch; /* a phase, put together from its segments */
    struct operation_sum {
        uint64_t calls;
        struct samples latency;
    } operations[PROVIDER_COUNT][OPERATION_COUNT];
    struct spread (*spreads)[SCOPE_COUNT][METRIC_COUNT]; /* by phase; NULL with one replication */
    uint64_t orders, calls, unknown_names;
    uint64_t event_lines, event_lines_due, hash;
    struct memo_counters stores, skus;                          /* as world_facts, of all */
    uint64_t hedges, hedges_won, hedges_denied, retries_denied; /* as world_facts, of all */
    struct cache_counters quotes;                               /* as world_facts, and these two */
    uint64_t breaker_opened, pushed_out;
    uint64_t thief_calls[PROVIDER_COUNT];
    struct live_calls live[PROVIDER_COUNT];
    struct replay_calls replay[PROVIDER_COUNT];
    uint64_t late_calls[PROVIDER_COUNT];
    uint64_t withheld, mismatched; /* as wire_facts */
    bool capped;
    uint64_t starved, left_out; /* as wire_facts and world_facts */
    int starved_error;
    uint64_t order_calls, calls_left; /* as world_facts */
    uint32_t replications;            /* merged */
    bool stopped;
    int64_t stopped_us;
    struct router_config config;
    struct err_list config_warnings;
    struct result_bucket *buckets; /* replication 0's */
    uint32_t bucket_count;
    int64_t bucket_us;
    struct metric_context context;
};

/* Puts a phase together in `scratch` from `segments`. A phase of one segment is used where it lies.
 */
struct tally *run_phase_tally(const struct phase_plan *phase, struct world_segment *segments,
                              uint32_t count, struct tally *scratch);

/* Every metric of a phase into `values`. */
void run_phase_values(struct tally *tally, const struct metric_context *context,
                      struct metric_value values[SCOPE_COUNT][METRIC_COUNT]);

/* run_result.c: from sums to what reports show. */
bool run_result_fill(struct run_sums *sums, struct result *result, struct err *err);

#endif
