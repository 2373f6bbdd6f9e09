/* How long does a whole tuning of a million orders take, and what of it is which step?
 *
 * Goal: seconds of tune_run() with what `routesim tune` has by default: the simplex at step 0.04
 * (23,751 candidates), thirds, the front with 2,000 bootstraps, arms, guardrails, sweeps,
 * sensitivity, the choice model. A tenth of the orders also on one thread, and what one and two
 * find must be the same bits.
 *
 * Method: random orders (decisions_fixture.h of the tests) a second apart, fixed seed, one run
 * each. Wall-clock time between the steps that tune_run() reports, and processor time of all.
 *
 * Usage: bench_tune [smoke | ORDERS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "router/base/random.h"
#include "sim/analysis/tune.h"
/* Its one user outside of tests: libtests.a cannot be built where cmocka is missing. */
#include "tests/sim/analysis/decisions_fixture.c"

enum { STEPS_MAX = 32, SEED = 20251123, RESAMPLES = 2000 };

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- time by step ---- */

struct steps {
    struct step {
        char name[64];
        double took;
    } of[STEPS_MAX];
    unsigned count, current;
    double since;
};

static void on_step(void *context, const char *name, uint64_t done, uint64_t of)
{
    struct steps *steps = context;
    const double now = seconds(CLOCK_MONOTONIC);
    char called[64];
    (void)snprintf(called, sizeof called, "%s%s", of > 1 && done >= of ? "after " : "", name);
    steps->of[steps->current].took += now - steps->since;
    steps->since = now;
    unsigned at = 0;
    while (at < steps->count && strcmp(steps->of[at].name, called) != 0)
        at++;
    if (at == STEPS_MAX) abort();
    if (at == steps->count)
        (void)snprintf(steps->of[steps->count++].name, sizeof steps->of[at].name, "%s", called);
    steps->current = at;
}

/* ---- one tuning ---- */

static uint64_t mix(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return random_mix(hash ^ bits);
}

static uint64_t digest(const struct tuning *tuning)
{
    uint64_t hash = tuning->chosen;
    for (uint32_t a = 0; a < tuning->arm_count; a++)
        for (unsigned part = 0; part < TUNE_PARTS; part++)
            for (unsigned k = 0; k < TUNE_METRICS; k++) {
                const struct tune_value *value = &tuning->arms[a].values[part][k];
                hash = mix(mix(hash, value->value), value->difference.low);
                hash = mix(hash, value->p_adjusted);
            }
    for (unsigned part = 0; part < REPLAY_PARTS; part++)
        hash = mix(mix(hash, tuning->sensitivity[part].goal_up), tuning->sensitivity[part].total);
    return hash;
}

struct took {
    double wall, processor;
    uint64_t found;
};

static struct took tune(uint32_t orders, bool smoke, uint32_t jobs)
{
    static struct tuning tuning;
    struct decision_set set;
    struct err err;
    struct steps steps = {.count = 1, .of = {{.name = "tables"}}};
    decisions_fixture(&set, orders, SEED, false);
    const struct tune_request request = {.name = "made up",
                                         .source_path = "made-up.json",
                                         .seed = SEED,
                                         .holdout = 0.3,
                                         .steps = smoke ? 6 : 25,
                                         .resamples = smoke ? 200 : RESAMPLES,
                                         .jobs = jobs,
                                         .progress = on_step,
                                         .progress_context = &steps};
    const double busy = seconds(CLOCK_PROCESS_CPUTIME_ID), began = seconds(CLOCK_MONOTONIC);
    steps.since = began;
    if (!tune_run(&tuning, &request, &set, &err)) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    on_step(&steps, "end", 1, 1);
    const struct took took = {seconds(CLOCK_MONOTONIC) - began,
                              seconds(CLOCK_PROCESS_CPUTIME_ID) - busy, digest(&tuning)};
    printf("%u orders, %u candidates, %u objectives, %u resamples, %u thread%s: %.2f s, "
           "%.2f s of processor\n",
           (unsigned)orders, (unsigned)tuning.search.count, (unsigned)tuning.objective_count,
           (unsigned)tuning.resamples, (unsigned)jobs, jobs == 1 ? "" : "s", took.wall,
           took.processor);
    for (unsigned i = 0; i + 1 < steps.count; i++)
        printf("  %-48s %7.2f s\n", steps.of[i].name, steps.of[i].took);
    tuning_release(&tuning);
    return took;
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const uint32_t orders = smoke ? 2000u : argc > 1 ? (uint32_t)atoi(argv[1]) : 1000000u;
    const uint32_t fewer = smoke ? orders : orders / 10;
    const struct took one = tune(fewer, smoke, 1), two = tune(fewer, smoke, 2);
    printf("two threads are %.2f times as fast as one, and find %s\n", one.wall / two.wall,
           one.found == two.found ? "the same" : "something else");
    if (!smoke) (void)tune(orders, smoke, 2);
    return one.found == two.found ? 0 : 1;
}
