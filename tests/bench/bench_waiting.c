/* What does it cost to decide every order again under other timeouts?
 *
 * Goal: time for orders with up to four quotes that came within 0.3 to 12 s: deciding each from
 * every choice of its quotes, once; then one view, a sweep of one provider over 60 timeouts, and
 * the cheapest of 40^4 combinations by look-up. Beside them the same one view decided the obvious
 * way, every order scored again by the router's scorer, as anybody would who has not the table.
 *
 * Method: fixed seed; a round to warm up and ROUNDS that count, best and median; processor time of
 * one thread. The obvious way has to count as many changed winners as the look-up.
 *
 * Usage: bench_waiting [smoke]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gsl/gsl_sort.h>

#include "router/base/random.h"
#include "sim/analysis/waiting.h"
#include "tests/sim/analysis/decisions_fixture.c"

enum { ROUNDS = 7, STEPS = 60, GRID = 40 };
static const uint64_t seed = 20251123;
static const struct waiting_prices prices = {1.0, 20.0, 150.0};

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

struct bench {
    struct decision_set set;
    struct waiting_patience *patience;
    struct decision_view patient, view;
    uint64_t changed; /* under the view, against the patient decision */
};

static void must(bool ok)
{
    if (!ok) abort();
}

/* Evenly in log time, from 0.3 to 12 s. */
static void spread_latencies(struct decision_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        for (unsigned q = 0; q < set->orders[i].as.order.quote_count; q++) {
            const double unit = random_unit(random_draw(random_key(seed, i), q));
            struct quote_record_quote *quote = &set->orders[i].as.order.quotes[q];
            quote->latency_us = (int64_t)(300000.0 * exp(unit * log(40.0)));
            quote->timeout_us = 15000000;
        }
}

/* ---- what is timed ---- */

static void make(struct bench *bench)
{
    struct err err;
    waiting_patience_release(bench->patience);
    bench->patience = waiting_patience_make(&bench->set, 0, &err);
    must(bench->patience != NULL);
}

static void look_up(struct bench *bench)
{
    struct waiting_outcome outcome;
    struct err err;
    must(waiting_under(bench->patience, &bench->view, &prices, &outcome, &err));
    bench->changed = outcome.changed;
}

static int32_t winner_of(const struct bench *bench, uint32_t order,
                         const struct decision_view *view)
{
    struct decision_inputs inputs;
    const struct score_weights weights = decision_weights(&bench->set, order);
    decision_inputs_of(&bench->set, order, view, &inputs);
    if (inputs.count == 0) return -1;
    return inputs.slots[decision_select(
        &inputs, &weights, (enum preference)bench->set.orders[order].as.order.preference, NULL)];
}

static void obvious(struct bench *bench)
{
    uint64_t changed = 0;
    for (uint32_t i = 0; i < bench->set.count; i++)
        changed += winner_of(bench, i, &bench->view) != winner_of(bench, i, &bench->patient);
    bench->changed = changed;
}

static void sweep(struct bench *bench)
{
    static struct waiting_step steps[STEPS];
    int64_t timeouts_us[STEPS];
    struct err err;
    for (int i = 0; i < STEPS; i++)
        timeouts_us[i] = 200000 * (i + 1);
    memset(steps, 0, sizeof steps);
    must(waiting_sweep(bench->patience, &bench->view, PROVIDER_KROGER_API, &prices, timeouts_us,
                       STEPS, steps, &err));
}

static void cheapest(struct bench *bench)
{
    struct decision_view best;
    int64_t grid_us[GRID];
    struct err err;
    for (int i = 0; i < GRID; i++)
        grid_us[i] = 300000 * (i + 1);
    must(waiting_cheapest(bench->patience, &bench->view, &prices, grid_us, GRID, &best, &err));
}

/* ---- timing ---- */

static double timed(struct bench *bench, const char *what, void (*work)(struct bench *bench))
{
    double ms[ROUNDS];
    work(bench);
    for (int r = 0; r < ROUNDS; r++) {
        const double from = now_ms();
        work(bench);
        ms[r] = now_ms() - from;
    }
    gsl_sort(ms, 1, ROUNDS);
    printf("%-44s %8.1f ms best, %8.1f median; %7.0f ns an order\n", what, ms[0], ms[ROUNDS / 2],
           ms[0] * 1e6 / bench->set.count);
    return ms[0];
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const uint32_t orders = smoke ? 2000 : 100000;
    struct bench bench = {.patience = NULL};
    decisions_fixture(&bench.set, orders, seed, false);
    spread_latencies(&bench.set);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        bench.patient.timeout_us[p] = INT64_C(1) << 40;
        bench.view.timeout_us[p] = 2500000;
    }
    printf("waiting: %u orders of up to four quotes, seed %llu, one thread, processor time\n",
           orders, (unsigned long long)seed);
    (void)timed(&bench, "every choice of quotes decided once", make);
    const double fast = timed(&bench, "one view, looked up", look_up);
    const uint64_t changed = bench.changed;
    const double slow = timed(&bench, "one view, every order scored again", obvious);
    must(bench.changed == changed);
    printf("  looked up / scored again: %.1f times as fast, %llu winners changed by both\n",
           slow / fast, (unsigned long long)changed);
    (void)timed(&bench, "one provider's timeout at 60 places", sweep);
    (void)timed(&bench, "the cheapest of 40^4 combinations", cheapest);
    waiting_patience_release(bench.patience);
    decisions_release(&bench.set);
    return 0;
}
