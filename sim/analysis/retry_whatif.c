#include "sim/analysis/retry_whatif.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "sim/analysis/retry_whatif_state.h"
#include "sim/analysis/stats_binomial.h"
#include "sim/analysis/survival.h"

#define LEVEL 0.95
/* 1 - F of a product of shares is off by its rounding: what is that near has been reached. */
#define ROUNDING 1e-12

enum { SAMPLES_BEYOND = 10 }; /* what makes a quantile worth printing */

const double whatif_delays[WHATIF_DELAYS] = {0.5, 0.9, 0.95, 0.99};
const double whatif_quantiles[WHATIF_QUANTILES] = {0.5, 0.95, 0.99, 0.999};
const char *const whatif_method_names[3] = {"measured", "independent", "shared"};

/* ---- neighbours ------------------------------------------------------------------------------ */

const struct latency_sample *whatif_neighbour(const struct latency_series *series, uint32_t index,
                                              int64_t from_us, const struct whatif_setup *setup,
                                              uint32_t *hint)
{
    if (!setup->has_time) {
        return index + 1 < series->count ? &series->samples[index + 1] : NULL;
    }
    uint32_t next = *hint > index + 1 ? *hint : index + 1;
    while (next < series->count && series->samples[next].at_us < from_us)
        next++;
    *hint = next;
    if (next == series->count || series->samples[next].at_us > from_us + setup->within_us) {
        return NULL;
    }
    return &series->samples[next];
}

void whatif_near_judge(struct whatif_near *near)
{
    near->after = near->low = near->high = NAN;
    if (near->pairs == 0) return;
    const double tail = (1.0 - LEVEL) / 2.0;
    near->after = (double)near->both / near->pairs;
    near->low = stats_binomial_p_at_least(near->both, near->pairs, tail);
    near->high = stats_binomial_p_at_most(near->both, near->pairs, tail);
}

/* ---- latency after hedging --------------------------------------------------------------------
 */

/* A curve walked upwards: S(t) for instants t that never go back. */
struct walk {
    const struct survival *curve;
    uint32_t next;
    double survival;
};

static double walk_to(struct walk *walk, int64_t us)
{
    while (walk->next < walk->curve->count && walk->curve->steps[walk->next].us <= us)
        walk->survival = walk->curve->steps[walk->next++].survival;
    return walk->survival;
}

/* The next instant at which the walk's curve falls; INT64_MAX: it falls no more. */
static int64_t next_us(const struct walk *walk)
{
    return walk->next < walk->curve->count ? walk->curve->steps[walk->next].us : INT64_MAX;
}

static int64_t later_us(int64_t us, int64_t by_us)
{
    return us == INT64_MAX ? INT64_MAX : us + by_us;
}

/* Whether S is known at an instant: to the longest watched call, or everywhere when all of the
 * curve's calls have answered. */
static bool is_known_at(const struct survival *curve, int64_t us)
{
    return us <= curve->last_us ||
           (curve->count > 0 && curve->steps[curve->count - 1].survival <= 0.0);
}

/* Whether a quantile rests on enough: 10 calls beyond it, were nothing hedged; or beyond the
 * instant found in either curve. The last answers of all are no measure of how slow answers can be.
 */
static bool is_enough(const struct survival *first, double probability)
{
    return first->n * (1.0 - probability) >= SAMPLES_BEYOND * (1.0 - ROUNDING);
}

/* S of `first` to the delay, S of `first` times S of `second` a delay later beyond it: the product
 * falls where either does, so its quantiles are among the instants of both. */
static void fill_quantiles(struct whatif_outcome *outcome, const struct survival *first,
                           const struct survival *second, int64_t after_us)
{
    struct walk one = {.curve = first, .survival = 1.0};
    struct walk two = {.curve = second, .survival = 1.0};
    unsigned found = 0;
    while (found < WHATIF_QUANTILES) {
        const int64_t one_us = next_us(&one), two_us = later_us(next_us(&two), after_us);
        const int64_t at_us = one_us < two_us ? one_us : two_us;
        const bool hedged = at_us >= after_us; /* an answer may take no time at all */
        const bool known = at_us != INT64_MAX && is_known_at(first, at_us) &&
                           (!hedged || is_known_at(second, at_us - after_us));
        if (!known) break;
        const double slow = walk_to(&one, at_us);
        const double again = hedged ? walk_to(&two, at_us - after_us) : 1.0;
        const bool many =
            hedged && first->n * slow >= SAMPLES_BEYOND && second->n * again >= SAMPLES_BEYOND;
        for (; found < WHATIF_QUANTILES; found++) {
            const double probability = whatif_quantiles[found];
            if (slow * again > 1.0 - probability + ROUNDING) break;
            const bool enough = many || (second == first && is_enough(first, probability));
            outcome->quantiles[found] = enough || (!hedged && is_enough(first, probability))
                                            ? (struct whatif_time){WHATIF_KNOWN, at_us}
                                            : (struct whatif_time){WHATIF_TOO_FEW, 0};
        }
    }
    const int64_t second_us = second->last_us + after_us;
    const int64_t last_us = first->last_us < second_us ? first->last_us : second_us;
    for (; found < WHATIF_QUANTILES; found++) {
        outcome->quantiles[found] = is_enough(first, whatif_quantiles[found])
                                        ? (struct whatif_time){WHATIF_BEYOND, last_us}
                                        : (struct whatif_time){WHATIF_TOO_FEW, 0};
    }
}

static double survival_of(const struct survival *curve, int64_t us)
{
    struct walk walk = {.curve = curve, .survival = 1.0};
    if (!is_known_at(curve, us)) return NAN;
    return walk_to(&walk, us);
}

/* Answered by the deadline. An answer due at that very microsecond is late. */
static double in_time(const struct survival *first, const struct survival *second, int64_t after_us,
                      int64_t deadline_us)
{
    if (deadline_us <= 0) return NAN;
    const int64_t last_us = deadline_us - 1;
    const double slow = survival_of(first, last_us);
    return 1.0 - (last_us <= after_us ? slow : slow * survival_of(second, last_us - after_us));
}

static struct whatif_outcome outcome_of(const struct survival *first, const struct survival *second,
                                        int64_t after_us, int64_t deadline_us,
                                        enum whatif_method method)
{
    struct whatif_outcome outcome = {.method = method,
                                     .model = method != WHATIF_MEASURED,
                                     .known = true,
                                     .n = second->n,
                                     .in_time = in_time(first, second, after_us, deadline_us)};
    fill_quantiles(&outcome, first, second, after_us);
    return outcome;
}

/* ---- what neighbours of slow calls took -------------------------------------------------------
 */

static bool is_watched(const struct latency_sample *sample)
{
    return sample->fate == LATENCY_ANSWERED || sample->fate == LATENCY_CENSORED;
}

/* Neighbours, into `near_slow`, of calls that took longer than the delay. Returns how many. */
static uint32_t find_neighbours(struct latency_sample *near_slow, struct whatif_near *slow,
                                const struct latency_series *series,
                                const struct whatif_setup *setup, int64_t after_us)
{
    uint32_t hint = 0, count = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample *sample = &series->samples[i];
        if (!is_watched(sample) || sample->us <= after_us) continue;
        const struct latency_sample *other =
            whatif_neighbour(series, i, sample->at_us + after_us, setup, &hint);
        if (other == NULL || !is_watched(other)) continue;
        near_slow[count++] = *other;
        if (other->fate == LATENCY_CENSORED && other->us <= after_us) continue; /* who knows */
        slow->pairs++;
        slow->both += other->us > after_us;
    }
    return count;
}

static bool fill_shared(struct whatif_hedge *hedge, const struct survival *curve,
                        const struct latency_series *series, const struct whatif_setup *setup,
                        struct err *err)
{
    struct latency_sample *near_slow = memory_resize(NULL, series->count + 1, sizeof *near_slow);
    struct survival second = {0};
    bool made = near_slow != NULL;
    if (!made) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for neighbours");
        goto done;
    }
    const uint32_t count = find_neighbours(near_slow, &hedge->slow, series, setup, hedge->after.us);
    whatif_near_judge(&hedge->slow);
    if (count < WHATIF_PAIRS_LEAST) goto done;
    made = survival_from_samples(&second, near_slow, count, LEVEL, err);
    if (!made) goto done;
    hedge->shared = outcome_of(curve, &second, hedge->after.us, setup->deadline_us, WHATIF_SHARED);
done:
    survival_release(&second);
    free(near_slow);
    return made;
}

static bool fill_hedge(struct whatif_hedge *hedge, const struct survival *curve,
                       const struct latency_series *series, const struct whatif_setup *setup,
                       struct err *err)
{
    hedge->independent = (struct whatif_outcome){.method = WHATIF_INDEPENDENT, .model = true};
    hedge->shared = (struct whatif_outcome){.method = WHATIF_SHARED, .model = true};
    hedge->slow = (struct whatif_near){.alone = NAN};
    hedge->load = NAN;
    whatif_near_judge(&hedge->slow);
    if (hedge->after.state != WHATIF_KNOWN) return true;
    hedge->load = hedge->slow.alone = survival_of(curve, hedge->after.us);
    hedge->independent =
        outcome_of(curve, curve, hedge->after.us, setup->deadline_us, WHATIF_INDEPENDENT);
    return fill_shared(hedge, curve, series, setup, err);
}

static struct whatif_time quantile_of(const struct survival *curve, double probability)
{
    if (curve->n * (1.0 - probability) < SAMPLES_BEYOND * (1.0 - ROUNDING)) {
        return (struct whatif_time){WHATIF_TOO_FEW, 0};
    }
    const struct survival_end end = survival_quantile(curve, probability).value;
    return (struct whatif_time){end.state == SURVIVAL_REACHED ? WHATIF_KNOWN : WHATIF_BEYOND,
                                end.us};
}

bool whatif_hedges_make(struct whatif_hedges *whatif, const struct latency_series *series,
                        const struct whatif_setup *setup, struct err *err)
{
    struct survival curve = {0};
    if (!survival_make(&curve, series, LEVEL, err)) return false;
    *whatif = (struct whatif_hedges){.n = curve.n,
                                     .answered = curve.events,
                                     .censored = curve.censored,
                                     .failed = curve.failed + curve.untimed};
    /* A hedge after everything is none. */
    whatif->before = outcome_of(&curve, &curve, INT64_MAX / 2, setup->deadline_us, WHATIF_MEASURED);
    bool made = true;
    for (unsigned d = 0; d < WHATIF_DELAYS && made; d++) {
        struct whatif_hedge *hedge = &whatif->hedges[d];
        hedge->delay_quantile = whatif_delays[d];
        hedge->after = quantile_of(&curve, whatif_delays[d]);
        made = fill_hedge(hedge, &curve, series, setup, err);
    }
    survival_release(&curve);
    return made;
}

bool whatif_hedge_at(struct whatif_hedge *hedge, const struct latency_series *series,
                     const struct whatif_setup *setup, int64_t after_us, struct err *err)
{
    struct survival curve = {0};
    if (!survival_make(&curve, series, LEVEL, err)) return false;
    const bool known = is_known_at(&curve, after_us);
    *hedge = (struct whatif_hedge){
        .delay_quantile = 1.0 - survival_of(&curve, after_us),
        .after = {known ? WHATIF_KNOWN : WHATIF_BEYOND, known ? after_us : curve.last_us}};
    const bool made = fill_hedge(hedge, &curve, series, setup, err);
    survival_release(&curve);
    return made;
}

/* ---- whether to ---- */

#define WORTH_LOAD 0.10
#define WORTH_FALL 0.10

struct whatif_choice whatif_choose(const struct whatif_hedges *whatif)
{
    enum { P99 = 2 };
    struct whatif_choice choice = {.worth = WHATIF_NA};
    const struct whatif_time *before = &whatif->before.quantiles[P99];
    if (!whatif->before.known || before->state != WHATIF_KNOWN) return choice;
    for (unsigned d = 0; d < WHATIF_DELAYS; d++) {
        const struct whatif_hedge *hedge = &whatif->hedges[d];
        if (hedge->after.state != WHATIF_KNOWN || hedge->load > WORTH_LOAD + ROUNDING) continue;
        const struct whatif_time *after = &hedge->shared.quantiles[P99];
        if (!hedge->shared.known || after->state != WHATIF_KNOWN) continue;
        if (choice.hedge != NULL && after->us >= choice.hedge->shared.quantiles[P99].us) continue;
        const bool falls = (double)after->us < (1.0 - WORTH_FALL) * (double)before->us;
        choice = (struct whatif_choice){falls ? WHATIF_YES : WHATIF_NO, hedge};
    }
    return choice;
}
