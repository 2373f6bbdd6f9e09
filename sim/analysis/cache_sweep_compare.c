#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/analysis/cache_sweep_state.h"

enum { NOBODY = 255 };

struct contest { /* one order, in both runs */
    const struct quote_record *base, *cached;
    uint32_t base_place; /* in its set */
    uint32_t block;
};

struct sums {
    struct stats_block changed[CACHE_SWEEP_BLOCKS], gap[CACHE_SWEEP_BLOCKS],
        regret[CACHE_SWEEP_BLOCKS], stale_regret[CACHE_SWEEP_BLOCKS], latency[CACHE_SWEEP_BLOCKS],
        differs[CACHE_SWEEP_BLOCKS];
    struct block_samples sizes;
};

static void add(struct stats_block blocks[], uint32_t block, double value)
{
    blocks[block].n++;
    blocks[block].difference += value;
    blocks[block].weight += 1;
}

/* ---- one order ------------------------------------------------------------------------------- */

/* In time, or canned in its place: what the scorer saw. */
static bool is_quote(const struct quote_record_quote *quote)
{
    return quote->outcome == QUOTE_OK || (quote->flags & QUOTE_FLAG_FELL_BACK) != 0;
}

static const struct quote_record_quote *quote_of(const struct quote_record *record,
                                                 unsigned provider)
{
    for (unsigned q = 0; q < record->as.order.quote_count; q++) {
        const struct quote_record_quote *const quote = &record->as.order.quotes[q];
        if (quote->provider == provider && is_quote(quote)) return quote;
    }
    return NULL;
}

static unsigned selected_by(const struct quote_record *record)
{
    const uint8_t slot = record->as.order.selected;
    return slot == NOBODY ? (unsigned)PROVIDER_COUNT : record->as.order.quotes[slot].provider;
}

static bool says_otherwise(const struct quote_record_quote *a, const struct quote_record_quote *b)
{
    return a->total_cents != b->total_cents || a->found != b->found ||
           a->substituted != b->substituted || a->eta_minutes != b->eta_minutes;
}

static void find_cause(struct cache_effect *effect, const struct contest *contest)
{
    bool arrival = false, content = false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct quote_record_quote *const a = quote_of(contest->base, p);
        const struct quote_record_quote *const b = quote_of(contest->cached, p);
        arrival = arrival || (a == NULL) != (b == NULL);
        content = content || (a != NULL && b != NULL && says_otherwise(a, b));
    }
    effect->changed_by_arrival += arrival;
    effect->changed_by_quotes += !arrival && content;
    effect->changed_by_history += !arrival && !content;
}

/* What the customer was shown, and what it was truly. */
static bool weigh_shown(struct cache_effect *effect, const struct contest *contest,
                        struct sums *sums)
{
    const unsigned shown = selected_by(contest->cached), best = selected_by(contest->base);
    if (shown == PROVIDER_COUNT) return true;
    const struct quote_record_quote *const truth = quote_of(contest->base, shown);
    if (truth == NULL || best == PROVIDER_COUNT) {
        effect->truth_unknown++;
        return true;
    }
    const int64_t gap_cents = truth->total_cents - quote_of(contest->cached, shown)->total_cents;
    effect->shown++;
    effect->shown_differs += gap_cents != 0;
    add(sums->gap, contest->block, (double)gap_cents);
    add(sums->differs, contest->block, gap_cents != 0);
    add(sums->regret, contest->block,
        (double)(truth->total_cents - quote_of(contest->base, best)->total_cents));
    if (gap_cents == 0) return true;
    return block_samples_add(&sums->sizes, (uint32_t)llabs(gap_cents), 0);
}

/* Base's order with what the cache remembered, all else the same. */
static void decide_stale(struct cache_effect *effect, const struct decision_set *base,
                         const struct contest *contest, struct sums *sums)
{
    struct decision_inputs inputs;
    decision_inputs_of(base, contest->base_place, NULL, &inputs);
    if (inputs.count == 0) return;
    const struct score_weights weights = decision_weights(base, contest->base_place);
    const enum preference preference = (enum preference)contest->base->as.order.preference;
    const uint32_t truly = decision_select(&inputs, &weights, preference, NULL);
    const int64_t truly_cents = inputs.inputs[truly].total_cents;
    struct decision_inputs stale = inputs;
    for (uint32_t i = 0; i < stale.count; i++) {
        struct score_input *const input = &stale.inputs[i];
        const struct quote_record_quote *const truth = quote_of(contest->base, input->provider);
        const struct quote_record_quote *const seen = quote_of(contest->cached, input->provider);
        if (seen == NULL || truth == NULL) continue;
        input->total_cents += seen->total_cents - truth->total_cents;
        input->eta_minutes = seen->eta_minutes;
        input->found = seen->found;
        input->substituted = seen->substituted;
    }
    const uint32_t chosen = decision_select(&stale, &weights, preference, NULL);
    effect->stale_orders++;
    effect->stale_changed += chosen != truly;
    add(sums->stale_regret, contest->block,
        (double)(inputs.inputs[chosen].total_cents - truly_cents));
}

static bool weigh_order(struct cache_effect *effect, const struct decision_set *base,
                        const struct contest *contest, struct sums *sums)
{
    const struct quote_record *const a = contest->base, *const b = contest->cached;
    const bool changed = selected_by(a) != selected_by(b);
    effect->orders++;
    effect->changed += changed;
    add(sums->changed, contest->block, changed);
    add(sums->latency, contest->block,
        (double)((b->as.order.decided_us - b->as.order.start_us) -
                 (a->as.order.decided_us - a->as.order.start_us)) /
            (double)US_PER_MS);
    if (changed) find_cause(effect, contest);
    decide_stale(effect, base, contest, sums);
    return weigh_shown(effect, contest, sums);
}

/* ---- two sets -------------------------------------------------------------------------------- */

/* Sets are in order of start, then index: -1, 0 or 1. */
static int which_first(const struct quote_record *a, const struct quote_record *b)
{
    if (a->as.order.start_us != b->as.order.start_us) {
        return a->as.order.start_us < b->as.order.start_us ? -1 : 1;
    }
    return (a->as.order.index > b->as.order.index) - (a->as.order.index < b->as.order.index);
}

static bool not_the_same(uint64_t index, struct err *err)
{
    return err_fail(err, ERR_INPUT, (struct place){0},
                    "order %llu differs between the two runs: they are not of one workload",
                    (unsigned long long)index);
}

static bool walk(struct cache_effect *effect, const struct decision_set *base,
                 const struct decision_set *cached, struct sums *sums, struct err *err)
{
    uint32_t i = 0, j = 0;
    while (i < base->count && j < cached->count) {
        const struct quote_record *const a = &base->orders[i], *const b = &cached->orders[j];
        const int first = which_first(a, b);
        if (first != 0 && a->as.order.index == b->as.order.index) {
            return not_the_same(a->as.order.index, err); /* another start */
        }
        effect->unpaired += first != 0;
        if (first == 0) {
            if (a->as.order.items != b->as.order.items ||
                a->as.order.preference != b->as.order.preference) {
                return not_the_same(a->as.order.index, err);
            }
            const struct contest contest = {
                a, b, i, (uint32_t)((uint64_t)i * CACHE_SWEEP_BLOCKS / base->count)};
            if (!weigh_order(effect, base, &contest, sums)) {
                return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                                "out of memory for a comparison");
            }
        }
        i += first <= 0;
        j += first >= 0;
    }
    effect->unpaired += (base->count - i) + (cached->count - j);
    return true;
}

static struct stats_estimate mean(const struct stats_block blocks[])
{
    return stats_mean_difference(blocks, CACHE_SWEEP_BLOCKS, 0.95);
}

static bool sum_up(struct cache_effect *effect, struct sums *sums)
{
    enum { P50_LEAST = 20, P95_LEAST = 200 }; /* 10 samples beyond */
    static const double probabilities[2] = {0.5, 0.95};
    effect->changed_share = mean(sums->changed);
    effect->gap_cents = mean(sums->gap);
    effect->regret_cents = mean(sums->regret);
    effect->stale_regret_cents = mean(sums->stale_regret);
    effect->latency_ms = mean(sums->latency);
    effect->differs = cache_share_of(sums->differs, 1);
    effect->differs_cents_p50 = effect->differs_cents_p95 = NAN;
    effect->known = true;
    struct stats_atoms atoms;
    if (sums->sizes.n < P50_LEAST) return true;
    if (!block_samples_atoms(&sums->sizes, &atoms)) return false;
    double quantiles[2];
    stats_quantiles(atoms, NULL, probabilities, 2, quantiles);
    effect->differs_cents_p50 = quantiles[0];
    if (sums->sizes.n >= P95_LEAST) effect->differs_cents_p95 = quantiles[1];
    return true;
}

bool cache_sweep_compare(struct cache_row *row, const struct decision_set *base,
                         const struct decision_set *cached, struct err *err)
{
    struct cache_effect effect = {0};
    struct sums sums = {0};
    bool done = walk(&effect, base, cached, &sums, err);
    if (done && effect.orders == 0) {
        done = err_fail(err, ERR_INPUT, (struct place){0}, "the two runs have no order in common");
    }
    if (done && !sum_up(&effect, &sums)) {
        done = err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a comparison");
    }
    block_samples_release(&sums.sizes);
    if (done) row->effect = effect;
    return done;
}
