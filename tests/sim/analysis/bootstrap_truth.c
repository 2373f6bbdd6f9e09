#include "tests/sim/analysis/bootstrap_truth.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "router/base/random.h"
#include "sim/analysis/stats_bootstrap.h"

enum { DAYS = 50 };
static const double truth = 2.0, level = 0.95;

static double exponential(uint64_t key, uint64_t index) /* mean 1 */
{
    return -log(random_unit(random_draw(key, index)) + 0x1p-54);
}

static void make_days(uint32_t run, double *numerators, double *denominators)
{
    const uint64_t key = random_key(UINT64_C(0xB007), run);
    uint64_t at = 0;
    for (unsigned day = 0; day < DAYS; day++) {
        const double luck = 0.3 * (exponential(key, at++) - 1.0);
        const uint32_t orders = 10 + random_below(random_draw(key, at++), 20);
        denominators[day] = orders;
        numerators[day] = 0.0;
        for (uint32_t i = 0; i < orders; i++)
            numerators[day] += truth + luck + exponential(key, at++) - 1.0;
    }
}

static bool covers(const struct bootstrap_counts *counts, struct bootstrap_sums sums,
                   enum bootstrap_kind kind)
{
    struct bootstrap_interval interval;
    struct err err;
    if (!bootstrap_interval(counts, sums, kind, level, &interval, &err)) abort();
    return interval.low <= truth && truth <= interval.high;
}

struct bootstrap_truth bootstrap_truth_count(uint32_t first, uint32_t runs, uint32_t replicates)
{
    struct bootstrap_truth found = {.runs = runs};
    for (uint32_t run = first; run < first + runs; run++) {
        double numerators[DAYS], denominators[DAYS];
        make_days(run, numerators, denominators);
        const struct bootstrap_sums sums = {numerators, denominators};
        struct bootstrap_counts counts;
        struct err err;
        if (!bootstrap_counts_draw(&counts, replicates, DAYS, run, &err)) abort();
        found.percentile += covers(&counts, sums, BOOTSTRAP_PERCENTILE);
        found.studentised += covers(&counts, sums, BOOTSTRAP_STUDENTISED);
        found.bca += covers(&counts, sums, BOOTSTRAP_BCA);
        bootstrap_counts_release(&counts);
    }
    return found;
}
