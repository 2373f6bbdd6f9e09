/* sim/analysis/tune_evolve.c - arms judged with histories of their own: two runs of one scenario,
 * under two weights, paired by order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/tune_state.h"

/* Both runs' selections as one table: quote 0 is the baseline's, quote 1 the arm's. */
static bool pair_up(struct replay_table *pairs, const struct replay_table *a,
                    const struct replay_table *b, struct err *err)
{
    void *orders = NULL;
    *pairs = (struct replay_table){.cluster_count = a->cluster_count, .clustered = a->clustered};
    if (posix_memalign(&orders, 64, (a->count + 1u) * sizeof *pairs->orders) == 0)
        pairs->orders = orders;
    pairs->fates = calloc(a->count + 1u, sizeof *pairs->fates);
    if (pairs->orders == NULL || pairs->fates == NULL) {
        replay_table_release(pairs);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    uint32_t other = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct quote_record *was = &a->set->orders[a->orders[i].source];
        while (other < b->count &&
               b->set->orders[b->orders[other].source].as.order.start_us < was->as.order.start_us)
            other++;
        uint32_t found = other;
        while (found < b->count &&
               b->set->orders[b->orders[found].source].as.order.start_us ==
                   was->as.order.start_us &&
               b->set->orders[b->orders[found].source].as.order.index != was->as.order.index)
            found++;
        if (found >= b->count ||
            b->set->orders[b->orders[found].source].as.order.index != was->as.order.index ||
            a->orders[i].recorded == 255 || b->orders[found].recorded == 255)
            continue;
        struct replay_order *order = &pairs->orders[pairs->count];
        *order = (struct replay_order){.cluster = a->orders[i].cluster, .count = 2};
        order->quotes[0] = a->orders[i].quotes[a->orders[i].recorded];
        order->quotes[1] = b->orders[found].quotes[b->orders[found].recorded];
        memcpy(pairs->fates[pairs->count].of[0], a->fates[i].of[a->orders[i].recorded],
               sizeof pairs->fates->of[0]);
        memcpy(pairs->fates[pairs->count].of[1], b->fates[found].of[b->orders[found].recorded],
               sizeof pairs->fates->of[0]);
        pairs->count++;
    }
    return true;
}

/* The holdout's orders alone: the arm was chosen on the others. */
static uint32_t first_after(const struct decision_set *set, const struct tuning *tuning)
{
    uint32_t first = 0;
    while (first < set->count && set->orders[first].as.order.start_us < tuning->train_until_us)
        first++;
    return first;
}

bool tune_evolve(struct tuning *tuning, const struct tune_request *request, uint32_t arm,
                 const struct decision_set *baseline, const struct decision_set *other,
                 struct err *err)
{
    struct replay_table a = {0}, b = {0}, pairs = {0};
    const struct replay_table_request for_a = {.set = baseline,
                                               .first = first_after(baseline, tuning)};
    const struct replay_table_request for_b = {.set = other, .first = first_after(other, tuning)};
    bool ok = replay_table_make(&a, &for_a, err) && replay_table_make(&b, &for_b, err);
    if (ok) {
        tune_fill_table(&a, request);
        tune_fill_table(&b, request);
        ok = pair_up(&pairs, &a, &b, err);
    }
    uint8_t *zeros = ok ? calloc(pairs.count + 1u, 1) : NULL,
            *ones = ok ? malloc(pairs.count + 1u) : NULL;
    if (ok && (zeros == NULL || ones == NULL))
        ok = err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    if (ok) {
        struct tune_arm *into = &tuning->arms[arm];
        memset(ones, 1, pairs.count + 1u);
        tune_compare(tuning, &pairs, zeros, ones, into->evolved_values);
        /* Satisfaction is against the best quote of the order, and only two are here. */
        into->evolved_values[TUNE_SATISFACTION].value = (double)NAN;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            into->evolved_shares[p] = 0.0;
        for (uint32_t i = 0; i < pairs.count; i++)
            into->evolved_shares[pairs.orders[i].quotes[1].provider] += 1.0 / pairs.count;
        into->evolved = pairs.count > 0;
    }
    free(zeros);
    free(ones);
    replay_table_release(&pairs);
    replay_table_release(&a);
    replay_table_release(&b);
    return ok;
}
