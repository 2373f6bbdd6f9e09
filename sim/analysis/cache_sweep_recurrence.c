#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "sim/analysis/cache_sweep_state.h"

const char *const cache_recurrence_names[RECUR_KINDS] = {
    [RECUR_CART] = "cart",           [RECUR_CART_MULTI] = "cart_multi",
    [RECUR_CART_ONE] = "cart_one",   [RECUR_CART_PLACE] = "cart_place",
    [RECUR_CART_USER] = "cart_user", [RECUR_USER] = "user",
    [RECUR_ITEM] = "item",
};

const char *const cache_recurrence_labels[RECUR_KINDS] = {
    [RECUR_CART] = "exact cart, all orders",
    [RECUR_CART_MULTI] = "exact cart, orders of two lines or more",
    [RECUR_CART_ONE] = "exact cart, orders of one line",
    [RECUR_CART_PLACE] = "exact cart in the same postal code",
    [RECUR_CART_USER] = "exact cart of the same user",
    [RECUR_USER] = "user",
    [RECUR_ITEM] = "item, line by line",
};

struct watch {        /* one kind, while the trace goes by */
    int64_t *last_us; /* by key; INT64_MIN: never */
    double *gaps_us;
    size_t gap_count;
    struct stats_block blocks[CACHE_SWEEP_BLOCKS];
};

static bool begin(struct watch *watch, uint32_t keys, size_t requests)
{
    *watch = (struct watch){.last_us = memory_resize(NULL, keys + 1ull, sizeof(int64_t)),
                            .gaps_us = memory_resize(NULL, requests + 1, sizeof(double))};
    if (watch->last_us == NULL || watch->gaps_us == NULL) return false;
    for (uint32_t k = 0; k < keys; k++)
        watch->last_us[k] = INT64_MIN;
    return true;
}

static void see(struct watch *watch, uint32_t key, int64_t at_us, uint32_t block)
{
    watch->blocks[block].n++;
    watch->blocks[block].weight += 1;
    if (watch->last_us[key] != INT64_MIN) {
        watch->blocks[block].difference += 1;
        watch->gaps_us[watch->gap_count++] = (double)(at_us - watch->last_us[key]);
    }
    watch->last_us[key] = at_us;
}

static uint32_t keys_of(const struct cache_trace *trace, enum cache_recurrence_kind kind)
{
    switch (kind) {
    case RECUR_CART:
    case RECUR_CART_MULTI:
    case RECUR_CART_ONE:
        return trace->cart_count;
    case RECUR_CART_PLACE:
        return trace->cart_place_count;
    case RECUR_CART_USER:
        return trace->cart_user_count;
    case RECUR_USER:
        return trace->user_count;
    case RECUR_ITEM:
        return trace->item_count;
    case RECUR_KINDS:
        break;
    }
    assert(!"a kind of recurrence outside its enum");
    return 0;
}

static void see_order(struct watch *watch, enum cache_recurrence_kind kind,
                      const struct cache_trace *trace, const struct cache_order *order,
                      uint32_t block)
{
    const int64_t at_us = order->at_us;
    switch (kind) {
    case RECUR_CART:
        see(watch, order->cart, at_us, block);
        return;
    case RECUR_CART_MULTI:
        if (order->line_count > 1) see(watch, order->cart, at_us, block);
        return;
    case RECUR_CART_ONE:
        if (order->line_count == 1) see(watch, order->cart, at_us, block);
        return;
    case RECUR_CART_PLACE:
        see(watch, order->cart_place, at_us, block);
        return;
    case RECUR_CART_USER:
        see(watch, order->cart_user, at_us, block);
        return;
    case RECUR_USER:
        see(watch, order->user, at_us, block);
        return;
    case RECUR_ITEM:
        for (uint32_t l = 0; l < order->line_count; l++)
            see(watch, trace->lines[order->first_line + l].item, at_us, block);
        return;
    case RECUR_KINDS:
        break;
    }
    assert(!"a kind of recurrence outside its enum");
}

static void sum_up(struct watch *watch, struct cache_recurrence *recurrence)
{
    enum { P50_LEAST = 20, P90_LEAST = 100 }; /* 10 samples beyond */
    const size_t n = watch->gap_count;
    gsl_sort(watch->gaps_us, 1, n);
    *recurrence = (struct cache_recurrence){
        .before = cache_share_of(watch->blocks, 1), .gap_us_p50 = NAN, .gap_us_p90 = NAN};
    if (n >= P50_LEAST) {
        recurrence->gap_us_p50 = gsl_stats_quantile_from_sorted_data(watch->gaps_us, 1, n, 0.5);
    }
    if (n >= P90_LEAST) {
        recurrence->gap_us_p90 = gsl_stats_quantile_from_sorted_data(watch->gaps_us, 1, n, 0.9);
    }
}

bool cache_sweep_recurrences(const struct cache_trace *trace,
                             struct cache_recurrence recurrences[static RECUR_KINDS],
                             struct err *err)
{
    for (enum cache_recurrence_kind kind = 0; kind < RECUR_KINDS; kind++) {
        struct watch watch;
        const bool room = begin(&watch, keys_of(trace, kind),
                                kind == RECUR_ITEM ? trace->line_count : trace->count);
        for (uint32_t i = 0; room && i < trace->count; i++)
            see_order(&watch, kind, trace, &trace->orders[i], cache_block_of(trace, i));
        if (room) sum_up(&watch, &recurrences[kind]);
        free(watch.last_us);
        free(watch.gaps_us);
        if (!room) {
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                            "out of memory for what recurs");
        }
    }
    return true;
}
