/* sim/world/run.h - all replications of a scenario, merged into one result.
 *
 * Replications are independent and sequential inside; threads take them in order and hand in what
 * they counted in order, so the result has the same bytes for any number of threads. Logs and
 * series are replication 0's; every other figure is over all of them. With two replications or more
 * each metric carries a 95% confidence interval (Student's t over replications).
 *
 * Ownership: the caller releases the result. Failure: as world_create() and world_run().
 */
#ifndef SIM_WORLD_RUN_H
#define SIM_WORLD_RUN_H

#include "sim/world/world.h"

/* Who looks on: at each replication before and after it runs, in its thread, and in order when all
 * before it are in. With `pairs` worlds keep what becomes of each order (sim/world/story.h). */
struct run_observer {
    void *context;
    bool pairs;
    /* Once a thread, and at its end; `state` is the thread's own. */
    bool (*hired)(void *context, void **state, struct err *err);
    void (*dismissed)(void *context, void *state);
    /* False, err filled, ends the run. */
    bool (*ran)(void *context, void *state, struct world *world, uint32_t replication,
                struct err *err);
};

struct run_request {
    const struct scenario *scenario;
    const struct wire_spec *wire;           /* NULL: structs, in virtual time */
    const struct cache_client_maker *cache; /* NULL: a quote cache is simulated */
    uint32_t jobs;                          /* threads; 0 counts as 1 */
    const double *percents;                 /* of --percentiles; NULL: 50, 95, 99 */
    uint32_t percent_count;
    uint32_t sample_limit;               /* --exact; 0: SAMPLES_LIMIT_DEFAULT */
    const struct world_outputs *outputs; /* replication 0 */
    const struct world_control *control; /* progress: of replication 0, then by replications */
    void (*replicated)(void *context, uint32_t done, uint32_t of); /* NULL, or after each */
    void *replicated_context;
    const struct run_observer *observer; /* NULL: nobody */
    const char *program;                 /* "routesim 0.1.0" */
    const char *command;                 /* canonical */
    const char *replayed; /* the recordings that are played back, by what they hold; NULL: none */
    const char *replay_flaws; /* what they lack, in sentences; NULL or "": nothing */
    bool unanswered_allowed;  /* calls that no recording has an answer to are no failure */
};

bool run_scenario(const struct run_request *request, struct result *result, struct err *err);

#endif
