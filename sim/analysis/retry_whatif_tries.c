/* Retries within a deadline: by dynamic programming over what time is left. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/retry_whatif.h"
#include "sim/analysis/retry_whatif_state.h"
#include "sim/analysis/survival.h"

/* One try: shares of all calls, on the grid. `answered` is a sum up to each instant, `ended` is
 * what ends unanswered at each, by itself or because it is given up, and may be tried again. */
struct one_try {
    double answered[WHATIF_GRID + 1];
    double ended[WHATIF_GRID + 1];
};

struct table { /* with so much time left: answered, and tries made */
    double success[WHATIF_GRID + 1];
    double load[WHATIF_GRID + 1];
};

struct workings {
    double fail_times[WHATIF_GRID + 1]; /* shares of the failed calls that fail then; timed ones */
    double late_fails;                  /* the rest */
    struct one_try first, next;
    struct table tables[2];
    int64_t step_us, deadline_us;
    uint32_t give_up; /* grid instant at which a try is given up; past the grid: never */
    uint32_t wait;    /* of the backoff, rounded up */
};

static uint32_t grid_up(const struct workings *work, int64_t us)
{
    const int64_t at = (us + work->step_us - 1) / work->step_us;
    return at > WHATIF_GRID ? WHATIF_GRID + 1 : (uint32_t)at;
}

static void take_fail_times(struct workings *work, const struct latency_series *series)
{
    uint32_t failed = series->fates[LATENCY_FAILED] + series->fates[LATENCY_UNTIMED];
    work->late_fails = 0.0;
    if (failed == 0) return;
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *sample = &series->samples[i];
        if (sample->fate != LATENCY_FAILED && sample->fate != LATENCY_UNTIMED) continue;
        const uint32_t at =
            sample->fate == LATENCY_FAILED ? grid_up(work, sample->us) : WHATIF_GRID + 1;
        if (at > WHATIF_GRID) {
            work->late_fails += 1.0 / failed;
        } else {
            work->fail_times[at] += 1.0 / failed;
        }
    }
}

/* F at the grid's instants; where nobody watched, what was known last. */
static double reached_by(const struct survival *curve, uint32_t *next, int64_t us)
{
    while (*next < curve->count && curve->steps[*next].us <= us)
        ++*next;
    return *next == 0 ? 0.0 : curve->steps[*next - 1].reached;
}

static void make_try(struct one_try *one, const struct workings *work, const struct survival *curve,
                     double failing)
{
    uint32_t next = 0;
    double out = 1.0; /* neither answered nor failed yet */
    for (uint32_t g = 0; g <= WHATIF_GRID; g++) {
        one->ended[g] = 0.0;
        if (g > work->give_up) {
            one->answered[g] = one->answered[g - 1];
            continue;
        }
        /* An answer at the deadline's own microsecond is late. */
        int64_t us = (int64_t)g * work->step_us;
        if (us >= work->deadline_us) us = work->deadline_us - 1;
        one->answered[g] = (1.0 - failing) * reached_by(curve, &next, us);
        one->ended[g] = failing * work->fail_times[g];
        out -= (g > 0 ? one->answered[g] - one->answered[g - 1] : one->answered[g]) + one->ended[g];
        if (g == work->give_up) one->ended[g] += fmax(0.0, out);
    }
}

/* One more try before those of `rest`, which are NULL when it is the last. */
static void put_before(struct table *table, const struct one_try *one, const struct table *rest,
                       uint32_t wait)
{
    for (uint32_t left = 0; left <= WHATIF_GRID; left++) {
        double success = one->answered[left], load = 1.0;
        for (uint32_t g = 0; rest != NULL && g + wait < left; g++) {
            if (one->ended[g] == 0.0) continue;
            success += one->ended[g] * rest->success[left - g - wait];
            load += one->ended[g] * rest->load[left - g - wait];
        }
        table->success[left] = success;
        table->load[left] = load;
    }
}

/* Success and load by the deadline with 1, 2, ... tries: the last is made first, and each one more
 * is put before it. Only the first of a call is `first`; what follows a failure is `next`. */
static void solve(struct workings *work, double success[WHATIF_TRIES], double load[WHATIF_TRIES])
{
    const struct table *rest = NULL;
    for (unsigned tries = 0; tries < WHATIF_TRIES; tries++) {
        double all = work->first.answered[WHATIF_GRID], made = 1.0;
        for (uint32_t g = 0; rest != NULL && g + work->wait < WHATIF_GRID; g++) {
            const uint32_t left = WHATIF_GRID - g - work->wait;
            all += work->first.ended[g] * rest->success[left];
            made += work->first.ended[g] * rest->load[left];
        }
        success[tries] = all;
        load[tries] = made;
        struct table *more = &work->tables[tries % 2];
        put_before(more, &work->next, rest, work->wait);
        rest = more;
    }
}

static bool has_failed(const struct latency_sample *sample)
{
    return sample->fate == LATENCY_FAILED || sample->fate == LATENCY_UNTIMED;
}

static void count_fails(struct whatif_near *fails, const struct latency_series *series,
                        const struct whatif_setup *setup, int64_t backoff_us)
{
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *sample = &series->samples[i];
        if (!has_failed(sample)) continue;
        uint32_t hint = 0; /* failures are not known in the order in which calls were asked */
        const struct latency_sample *other =
            whatif_neighbour(series, i, sample->at_us + sample->us + backoff_us, setup, &hint);
        if (other == NULL) continue;
        fails->pairs++;
        fails->both += has_failed(other);
    }
    whatif_near_judge(fails);
}

static void fill_tries(struct whatif_retries *whatif, struct workings *work,
                       const struct survival *curve)
{
    double success[WHATIF_TRIES], load[WHATIF_TRIES];
    make_try(&work->first, work, curve, whatif->failing);
    work->next = work->first;
    solve(work, success, load);
    for (uint32_t t = 0; t < WHATIF_TRIES; t++)
        whatif->tries[t] = (struct whatif_tries){t + 1, success[t], NAN, load[t], NAN};
    if (!whatif->shared_known) return;
    make_try(&work->next, work, curve, whatif->fails.after);
    solve(work, success, load);
    for (uint32_t t = 0; t < WHATIF_TRIES; t++) {
        whatif->tries[t].success_shared = success[t];
        whatif->tries[t].load_shared = load[t];
    }
}

bool whatif_retries_make(struct whatif_retries *whatif, const struct latency_series *series,
                         const struct whatif_setup *setup, const struct whatif_retry_policy *policy,
                         struct err *err)
{
    assert(setup->deadline_us > 0);
    struct survival curve = {0};
    struct workings *work = memory_zeroed(sizeof *work);
    bool made = work != NULL;
    if (!made) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for retries");
        goto done;
    }
    made = survival_make(&curve, series, 0.95, err);
    if (!made) goto done;
    const uint32_t failed = curve.failed + curve.untimed;
    *whatif = (struct whatif_retries){.n = curve.n + failed,
                                      .failing = NAN,
                                      .untimed = curve.untimed,
                                      .beyond = setup->deadline_us > curve.last_us};
    if (whatif->n == 0) {
        whatif_near_judge(&whatif->fails);
        whatif->fails.alone = NAN;
        for (uint32_t t = 0; t < WHATIF_TRIES; t++)
            whatif->tries[t] = (struct whatif_tries){t + 1, NAN, NAN, NAN, NAN};
        goto done;
    }
    whatif->failing = whatif->fails.alone = (double)failed / whatif->n;
    count_fails(&whatif->fails, series, setup, policy->backoff_us);
    whatif->shared_known = whatif->fails.pairs >= WHATIF_PAIRS_LEAST;
    work->deadline_us = setup->deadline_us;
    work->step_us = (setup->deadline_us + WHATIF_GRID - 1) / WHATIF_GRID;
    work->give_up = policy->try_us > 0 ? grid_up(work, policy->try_us) : WHATIF_GRID + 1;
    work->wait = grid_up(work, policy->backoff_us);
    take_fail_times(work, series);
    fill_tries(whatif, work, &curve);
done:
    survival_release(&curve);
    free(work);
    return made;
}
