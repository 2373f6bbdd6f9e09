#include "sim/analysis/stats_select.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sort.h>

#include "router/base/memory.h"

/* Three kinds of input share one text: the kind is a constant in every call of an inlined function,
 * so the compiler writes three loops. */
enum element { ELEMENT_DOUBLE, ELEMENT_INT64, ELEMENT_UINT32 };

struct column {
    const void *values;
    size_t count;
    enum element element;
};

#define INLINED static inline __attribute__((always_inline))

INLINED double value_at(const void *values, enum element element, size_t i)
{
    switch (element) {
    case ELEMENT_DOUBLE:
        return ((const double *)values)[i];
    case ELEMENT_INT64:
        return (double)((const int64_t *)values)[i];
    case ELEMENT_UINT32:
        return (double)((const uint32_t *)values)[i];
    }
    return (double)NAN;
}

/* ---- which ranks are wanted ---- */

enum { RANKS_MAX = 2 * STATS_SELECT_QUANTILES_MAX };

struct wanted {
    uint64_t rank; /* 0-based */
    uint64_t key;  /* of the value there, once found */
};

struct ranks {
    struct wanted items[RANKS_MAX]; /* rising, no rank twice */
    uint32_t count;
};

/* Of a quantile: the rank below it and the share of the next one. */
static uint64_t split_index(double probability, size_t count, double *delta)
{
    assert(probability >= 0.0);
    assert(probability <= 1.0);
    const double index = probability * (double)(count - 1);
    const uint64_t rank = (uint64_t)index;
    *delta = index - (double)rank;
    return rank;
}

static void want_rank(struct ranks *ranks, uint64_t rank)
{
    uint32_t place = ranks->count;
    while (place > 0 && ranks->items[place - 1].rank > rank)
        place--;
    if (place > 0 && ranks->items[place - 1].rank == rank) return;
    memmove(ranks->items + place + 1, ranks->items + place,
            (ranks->count - place) * sizeof ranks->items[0]);
    ranks->items[place] = (struct wanted){.rank = rank};
    ranks->count++;
    assert(ranks->count <= RANKS_MAX);
}

static struct ranks want_ranks(struct stats_probabilities probabilities, size_t count)
{
    struct ranks ranks = {.count = 0};
    for (uint32_t q = 0; q < probabilities.count; q++) {
        double delta;
        const uint64_t rank = split_index(probabilities.items[q], count, &delta);
        want_rank(&ranks, rank);
        if (delta > 0.0) want_rank(&ranks, rank + 1);
    }
    return ranks;
}

static double found_value(const struct ranks *ranks, uint64_t rank)
{
    uint32_t place = 0;
    while (ranks->items[place].rank != rank)
        place++;
    return stats_select_value(ranks->items[place].key);
}

static void interpolate(const struct ranks *ranks, struct stats_probabilities probabilities,
                        size_t count, double *quantiles)
{
    for (uint32_t q = 0; q < probabilities.count; q++) {
        double delta;
        const uint64_t rank = split_index(probabilities.items[q], count, &delta);
        const double low = found_value(ranks, rank);
        quantiles[q] =
            delta > 0.0 ? (1.0 - delta) * low + delta * found_value(ranks, rank + 1) : low;
    }
}

/* ---- few values: sorted ---- */

static bool sort_and_pick(struct column column, struct ranks *ranks, bool *has_nan)
{
    double *sorted = memory_resize(NULL, column.count, sizeof *sorted);
    if (sorted == NULL) return false;
    for (size_t i = 0; i < column.count; i++) {
        sorted[i] = value_at(column.values, column.element, i);
        if (isnan(sorted[i])) *has_nan = true;
    }
    if (!*has_nan) {
        gsl_sort(sorted, 1, column.count);
        for (uint32_t r = 0; r < ranks->count; r++)
            ranks->items[r].key = stats_select_key(sorted[ranks->items[r].rank]);
    }
    free(sorted);
    return true;
}

/* ---- first pass: how many values in each bucket ---- */

INLINED void count_kind(const void *values, enum element element, size_t count, uint32_t *bins)
{
    for (size_t i = 0; i < count; i++)
        bins[stats_select_bucket(value_at(values, element, i))]++;
}

static void count_buckets(struct column column, uint32_t *bins)
{
    switch (column.element) {
    case ELEMENT_DOUBLE:
        count_kind(column.values, ELEMENT_DOUBLE, column.count, bins);
        break;
    case ELEMENT_INT64:
        count_kind(column.values, ELEMENT_INT64, column.count, bins);
        break;
    case ELEMENT_UINT32:
        count_kind(column.values, ELEMENT_UINT32, column.count, bins);
        break;
    }
}

/* A NaN falls outside the infinities' buckets, or into one of them: only when those hold something
 * need anybody look at the values again. */
static bool holds_nan(struct column column, const uint32_t *bins)
{
    if (column.element != ELEMENT_DOUBLE) return false;
    uint64_t suspects = 0;
    for (uint32_t b = 0; b <= stats_select_bucket(-INFINITY); b++)
        suspects += bins[b];
    for (uint32_t b = stats_select_bucket(INFINITY); b < STATS_SELECT_BUCKETS; b++)
        suspects += bins[b];
    if (suspects == 0) return false;
    for (size_t i = 0; i < column.count; i++) {
        if (isnan(((const double *)column.values)[i])) return true;
    }
    return false;
}

/* ---- second pass: the buckets that hold a wanted rank ---- */

struct group {       /* a bucket that is gathered */
    uint64_t before; /* values in lower buckets */
    uint64_t *keys;  /* where its keys go */
    size_t count;
    size_t gathered;
};

struct groups {
    struct group items[RANKS_MAX + 1]; /* from 1 */
    uint32_t count;
    size_t keys; /* in all */
    uint32_t of_rank[RANKS_MAX];
};

/* Numbers in `numbers` the buckets where ranks lie, from 1. */
static void find_groups(const struct ranks *ranks, const uint32_t *bins, uint8_t *numbers,
                        struct groups *groups)
{
    uint32_t next = 0;
    uint64_t before = 0;
    for (uint32_t b = 0; next < ranks->count; b++) {
        assert(b < STATS_SELECT_BUCKETS);
        const uint64_t after = before + bins[b];
        if (ranks->items[next].rank < after) {
            numbers[b] = (uint8_t)++groups->count;
            groups->items[groups->count] = (struct group){.before = before, .count = bins[b]};
            groups->keys += bins[b];
            while (next < ranks->count && ranks->items[next].rank < after)
                groups->of_rank[next++] = groups->count;
        }
        before = after;
    }
}

INLINED void gather_kind(const void *values, enum element element, size_t count,
                         const uint8_t *numbers, struct groups *groups)
{
    for (size_t i = 0; i < count; i++) {
        const uint64_t key = stats_select_key(value_at(values, element, i));
        const unsigned number = numbers[key >> STATS_SELECT_BUCKET_SHIFT];
        if (number == 0) continue;
        struct group *const group = &groups->items[number];
        group->keys[group->gathered++] = key;
    }
}

static void gather(struct column column, const uint8_t *numbers, struct groups *groups)
{
    switch (column.element) {
    case ELEMENT_DOUBLE:
        gather_kind(column.values, ELEMENT_DOUBLE, column.count, numbers, groups);
        break;
    case ELEMENT_INT64:
        gather_kind(column.values, ELEMENT_INT64, column.count, numbers, groups);
        break;
    case ELEMENT_UINT32:
        gather_kind(column.values, ELEMENT_UINT32, column.count, numbers, groups);
        break;
    }
}

/* ---- a rank within a bucket ---- */

enum { DIGIT_BITS = 15, DIGITS = 1 << DIGIT_BITS, FEW = 64 };
static_assert(STATS_SELECT_BUCKET_SHIFT % DIGIT_BITS == 0, "digits fill the rest of a key");

static void sort_few(uint64_t *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const uint64_t key = keys[i];
        size_t place = i;
        for (; place > 0 && keys[place - 1] > key; place--)
            keys[place] = keys[place - 1];
        keys[place] = key;
    }
}

/* Narrows the keys to those that share the wanted one's next digit, which come to the front; the
 * others stay behind them, for the next rank that is asked of this bucket. */
static uint64_t key_at_rank(uint64_t *keys, size_t count, uint64_t rank, uint32_t *digits)
{
    assert(rank < count);
    for (unsigned shift = STATS_SELECT_BUCKET_SHIFT; shift > 0 && count > FEW;) {
        shift -= DIGIT_BITS;
        memset(digits, 0, DIGITS * sizeof *digits);
        for (size_t i = 0; i < count; i++)
            digits[keys[i] >> shift & (DIGITS - 1)]++;
        uint32_t digit = 0;
        for (; rank >= digits[digit]; digit++)
            rank -= digits[digit];
        size_t front = 0;
        for (size_t i = 0; i < count && front < digits[digit]; i++) {
            const uint64_t key = keys[i];
            if ((key >> shift & (DIGITS - 1)) != digit) continue;
            keys[i] = keys[front];
            keys[front++] = key;
        }
        count = front;
    }
    if (count <= FEW) sort_few(keys, count);
    return keys[rank]; /* of more than a few all are alike by now */
}

/* ---- the whole ---- */

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static bool pick_from_groups(struct column column, const uint8_t *numbers, struct groups *groups,
                             struct ranks *ranks, uint32_t *digits)
{
    uint64_t *keys = memory_resize(NULL, groups->keys, sizeof *keys);
    if (keys == NULL) return false;
    size_t start = 0;
    for (uint32_t g = 1; g <= groups->count; g++) {
        groups->items[g].keys = keys + start;
        start += groups->items[g].count;
    }
    gather(column, numbers, groups);
    for (uint32_t r = 0; r < ranks->count; r++) {
        const struct group *group = &groups->items[groups->of_rank[r]];
        assert(group->gathered == group->count);
        ranks->items[r].key =
            key_at_rank(group->keys, group->count, ranks->items[r].rank - group->before, digits);
    }
    free(keys);
    return true;
}

static bool guide_and_pick(struct column column, struct ranks *ranks, bool *has_nan)
{
    bool done = false;
    uint32_t *bins = memory_zeroed(STATS_SELECT_BUCKETS * sizeof *bins);
    uint8_t *numbers = memory_zeroed(STATS_SELECT_BUCKETS);
    if (bins == NULL || numbers == NULL) goto done;
    count_buckets(column, bins);
    *has_nan = holds_nan(column, bins);
    done = true;
    if (*has_nan) goto done;
    struct groups groups = {.count = 0};
    find_groups(ranks, bins, numbers, &groups);
    done = pick_from_groups(column, numbers, &groups, ranks, bins); /* bins are spent: digits */
done:
    free(numbers);
    free(bins);
    return done;
}

static bool find_quantiles(struct column column, struct stats_probabilities probabilities,
                           double *quantiles, struct err *err)
{
    assert(probabilities.count <= STATS_SELECT_QUANTILES_MAX);
    assert(column.count <= UINT32_MAX);
    for (uint32_t q = 0; q < probabilities.count; q++)
        quantiles[q] = NAN;
    if (column.count == 0 || probabilities.count == 0) return true;
    struct ranks ranks = want_ranks(probabilities, column.count);
    bool has_nan = false;
    const bool done = column.count < STATS_SELECT_SORTS_BELOW
                          ? sort_and_pick(column, &ranks, &has_nan)
                          : guide_and_pick(column, &ranks, &has_nan);
    if (!done) return out_of_memory(err);
    if (has_nan) {
        return err_fail(err, ERR_INPUT, (struct place){0},
                        "a value that is not a number (NaN) has no rank: no quantile is known");
    }
    interpolate(&ranks, probabilities, column.count, quantiles);
    return true;
}

bool stats_select_quantiles(const double *values, size_t count,
                            struct stats_probabilities probabilities, double *quantiles,
                            struct err *err)
{
    return find_quantiles((struct column){values, count, ELEMENT_DOUBLE}, probabilities, quantiles,
                          err);
}

bool stats_select_quantiles_int64(const int64_t *values, size_t count,
                                  struct stats_probabilities probabilities, double *quantiles,
                                  struct err *err)
{
    return find_quantiles((struct column){values, count, ELEMENT_INT64}, probabilities, quantiles,
                          err);
}

bool stats_select_quantiles_uint32(const uint32_t *values, size_t count,
                                   struct stats_probabilities probabilities, double *quantiles,
                                   struct err *err)
{
    return find_quantiles((struct column){values, count, ELEMENT_UINT32}, probabilities, quantiles,
                          err);
}
