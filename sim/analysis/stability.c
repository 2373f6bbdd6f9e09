#include "sim/analysis/stability.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "sim/analysis/stats.h"
#include "sim/analysis/stats_tests.h"

static const double level = 0.95;

const double stability_probabilities[STABILITY_QUANTILES] = {0.5, 0.95, 0.99};
const char *const stability_verdict_names[STABILITY_VERDICTS] = {"held", "missed", "stale", "n/a"};
const char *const stability_freshness_names[STABILITY_FRESHNESSES] = {"all", "since", "stale",
                                                                      "unknown"};

/* ---- parts ---- */

struct latency_series stability_part(const struct latency_series *series, uint32_t first,
                                     uint32_t count)
{
    assert(first <= series->count);
    assert(count <= series->count - first);
    struct latency_series part = *series;
    part.samples = count > 0 ? series->samples + first : NULL;
    part.count = part.capacity = count;
    part.at_timeout = 0;
    for (uint32_t f = 0; f < LATENCY_FATES; f++)
        part.fates[f] = 0;
    for (uint32_t i = 0; i < count; i++) {
        part.fates[part.samples[i].fate]++;
        part.at_timeout +=
            part.samples[i].fate == LATENCY_CENSORED && part.samples[i].us == series->timeout_us;
    }
    return part;
}

uint32_t stability_part_begin(const struct latency_series *series, uint32_t part, uint32_t parts)
{
    assert(part <= parts);
    return (uint32_t)((uint64_t)series->count * part / parts);
}

/* ---- prediction ---- */

/* P(at least k of n successes lie in the first part | all of them are k + y). */
static double at_least(uint64_t k, uint64_t n, uint64_t m, uint64_t y)
{
    if (k == 0) return 1.0;
    return gsl_cdf_hypergeometric_Q((unsigned)(k - 1), (unsigned)n, (unsigned)m, (unsigned)(k + y));
}

static uint64_t lower_limit(uint64_t k, uint64_t n, uint64_t m, double tail)
{
    uint64_t low = 0, high = m; /* the chance rises with y */
    while (low < high) {
        const uint64_t y = low + (high - low) / 2;
        if (at_least(k, n, m, y) > tail) {
            high = y;
        } else {
            low = y + 1;
        }
    }
    return low;
}

void stability_prediction(uint64_t k, uint64_t n, uint64_t m, double confidence, uint64_t *low,
                          uint64_t *high)
{
    assert(k <= n);
    assert(n > 0);
    assert(m > 0);
    assert(n + m <= UINT32_MAX);
    const double tail = (1.0 - confidence) / 2.0;
    *low = lower_limit(k, n, m, tail);
    *high = m - lower_limit(n - k, n, m, tail); /* failures, seen from the other side */
}

/* ---- halves ---- */

static bool has_failed(const struct latency_sample *sample)
{
    return sample->fate == LATENCY_FAILED || sample->fate == LATENCY_UNTIMED;
}

static struct stats_share failures_of(const struct latency_series *part)
{
    return (struct stats_share){part->fates[LATENCY_FAILED] + part->fates[LATENCY_UNTIMED],
                                part->count};
}

static bool fill_move(struct stability_move *move, const struct latency_series *series,
                      const struct change_set *changes, uint32_t split, struct err *err)
{
    const struct latency_series first = stability_part(series, 0, split);
    const struct latency_series rest = stability_part(series, split, series->count - split);
    struct latency_sample *timed = calloc(series->count + 1, sizeof *timed);
    if (timed == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for halves");
    const uint32_t count = latency_scores_timed(series, timed, NULL);
    const uint32_t before = first.fates[LATENCY_ANSWERED] + first.fates[LATENCY_CENSORED];
    const bool ok = latency_scores_rank_sum(timed, count, before, &move->levels, err);
    free(timed);
    if (!ok) return false;
    move->failures_p = stats_test_shares(failures_of(&first), failures_of(&rest), level).p;
    move->changed = changes->count > 0 || changes->rate_count > 0;
    move->moved = move->changed || 2.0 * move->levels.p <= 1.0 - level ||
                  2.0 * move->failures_p <= 1.0 - level;
    return true;
}

/* Successes within the timeout; those that may be ones are added to `unknown`. */
static uint64_t successes(const struct latency_series *series, uint32_t from, uint32_t until,
                          int64_t timeout_us, uint64_t *unknown)
{
    uint64_t count = 0;
    for (uint32_t i = from; i < until; i++) {
        const struct latency_sample *sample = &series->samples[i];
        if (sample->us >= timeout_us || has_failed(sample)) continue; /* due then is late */
        if (sample->fate == LATENCY_ANSWERED) {
            count++;
        } else {
            (*unknown)++;
        }
    }
    return count;
}

static void judge(struct stability_timeout *timeout, const struct latency_series *series,
                  const struct stability_halves *halves)
{
    const uint32_t split = halves->split, all = series->count;
    const int64_t timeout_us = timeout->timeout_us;
    *timeout = (struct stability_timeout){
        .timeout_us = timeout_us, .n = split, .m = all - split, .verdict = STABILITY_NA};
    timeout->k = successes(series, 0, split, timeout_us, &timeout->unknown);
    timeout->y = successes(series, split, all, timeout_us, &timeout->unknown);
    timeout->high = timeout->m;
    if (timeout->n == 0 || timeout->m == 0) return;
    stability_prediction(timeout->k, timeout->n, timeout->m, level, &timeout->low, &timeout->high);
    if (timeout->n < STABILITY_LEAST || timeout->m < STABILITY_LEAST || timeout->unknown > 0)
        return;
    timeout->verdict = halves->move.moved ? STABILITY_STALE : STABILITY_MISSED;
    if (timeout->y >= timeout->low && timeout->y <= timeout->high)
        timeout->verdict = STABILITY_HELD;
}

bool stability_judge(struct stability_halves *halves, struct stability_timeout *timeouts,
                     uint32_t count, const struct latency_series *series,
                     const struct change_set *changes, double share, struct err *err)
{
    assert(share > 0.0);
    assert(share < 1.0);
    *halves = (struct stability_halves){.split = (uint32_t)(share * series->count)};
    if (halves->split < series->count) halves->split_us = series->samples[halves->split].at_us;
    if (!fill_move(&halves->move, series, changes, halves->split, err)) return false;
    for (uint32_t t = 0; t < count; t++)
        judge(&timeouts[t], series, halves);
    return true;
}

/* ---- thirds ---- */

static bool fill_third(struct stability_third *third, const struct latency_series *series,
                       uint32_t part, struct err *err)
{
    const uint32_t first = stability_part_begin(series, part, STABILITY_PARTS);
    const uint32_t end = stability_part_begin(series, part + 1, STABILITY_PARTS);
    const struct latency_series view = stability_part(series, first, end - first);
    *third = (struct stability_third){.first = first, .count = end - first};
    if (third->count > 0) {
        third->from_us = view.samples[0].at_us;
        third->until_us = view.samples[view.count - 1].at_us;
    }
    for (uint32_t f = 0; f < LATENCY_FATES; f++)
        third->fates[f] = view.fates[f];
    struct latency_ranks ranks;
    if (!latency_ranks_make(&ranks, &view, level, err)) return false;
    for (uint32_t q = 0; q < STABILITY_QUANTILES; q++)
        third->quantiles[q] =
            latency_quantile(&ranks, LATENCY_CENSORED_RANKS, stability_probabilities[q]);
    latency_ranks_release(&ranks);
    return true;
}

bool stability_thirds(struct stability_third thirds[static STABILITY_PARTS],
                      const struct latency_series *series, struct err *err)
{
    for (uint32_t part = 0; part < STABILITY_PARTS; part++)
        if (!fill_third(&thirds[part], series, part, err)) return false;
    return true;
}

/* ---- freshness ---- */

static bool latency_matters(const struct change *change)
{
    return !(change->ratio < STABILITY_RATIO && change->ratio > 1.0 / STABILITY_RATIO);
}

static bool success_matters(const struct rate_change *change)
{
    const double before = (double)change->failed_before / (double)change->before;
    const double after = (double)change->failed_after / (double)change->after;
    return fabs(after - before) >= STABILITY_RATE;
}

struct stability_fresh stability_fresh(const struct latency_series *series,
                                       const struct change_set *changes)
{
    struct stability_fresh fresh = {.freshness = STABILITY_FRESH_ALL};
    uint32_t changed = 0; /* where the change itself is put */
    for (uint32_t c = 0; c < changes->count; c++) {
        if (!latency_matters(&changes->items[c])) continue;
        changed = changes->items[c].index;
        fresh.index = changes->items[c].high;
    }
    for (uint32_t c = 0; c < changes->rate_count; c++) {
        if (!success_matters(&changes->rates[c]) || changes->rates[c].index < changed) continue;
        changed = changes->rates[c].index;
        fresh.by_success = true;
        if (changed > fresh.index) fresh.index = changed;
    }
    fresh.count = series->count - fresh.index;
    fresh.fresh_from_us = series->count > 0 ? series->samples[fresh.index].at_us : 0;
    if (!changes->known && !changes->rates_known) {
        fresh.freshness = STABILITY_FRESH_UNKNOWN;
    } else if (changed > 0) {
        const uint32_t last_third = stability_part_begin(series, 2, STABILITY_PARTS);
        fresh.freshness = changed >= last_third || fresh.count < STABILITY_FRESH_LEAST
                              ? STABILITY_FRESH_STALE
                              : STABILITY_FRESH_SINCE;
    }
    return fresh;
}
