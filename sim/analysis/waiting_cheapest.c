#include "sim/analysis/waiting_state.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"

enum {
    AXIS_MAX = WAITING_GRID_MAX + 1, /* the grid, and the view's own */
    MERGED_MAX = WAITING_GRID_MAX + PROVIDER_COUNT
};

struct axis { /* the timeouts of one provider */
    int64_t at_us[AXIS_MAX];
    uint32_t merged[AXIS_MAX]; /* places among all timeouts */
    uint32_t count;            /* 1, of any value, for one that is not asked */
    size_t stride;             /* between cells of neighbouring timeouts */
};

struct search {
    const struct waiting_patience *patience;
    const struct waiting_prices *prices;
    unsigned without, asked; /* masks of providers */
    struct axis axes[PROVIDER_COUNT];
    int64_t merged_us[MERGED_MAX]; /* all timeouts, rising */
    uint32_t merged_count;
    size_t cell_count;
    double *cells; /* cents of all orders without their waits, by combination of timeouts */
    /* Sum over the orders that asked all of a set of providers, of the least of the set's calls,
     * capped by each timeout; cents. */
    double waits[WAITING_SETS][MERGED_MAX];
};

/* ---- the axes ---- */

static void insert(int64_t *rising, uint32_t *count, int64_t us)
{
    uint32_t place = 0;
    while (place < *count && rising[place] < us)
        place++;
    if (place < *count && rising[place] == us) return;
    for (uint32_t i = *count; i > place; i--)
        rising[i] = rising[i - 1];
    rising[place] = us;
    ++*count;
}

static unsigned asked_of(const struct waiting_patience *patience, unsigned without)
{
    unsigned asked = 0;
    for (uint32_t i = 0; i < patience->count; i++)
        for (unsigned s = 0; s < patience->orders[i].count; s++)
            asked |= 1u << patience->orders[i].slots[s].provider;
    return asked & ~without;
}

static void make_axes(struct search *search, const struct decision_view *view,
                      const int64_t *grid_us, uint32_t count)
{
    size_t stride = 1;
    for (unsigned p = PROVIDER_COUNT; p-- > 0;) {
        struct axis *const axis = &search->axes[p];
        const bool asked = (search->asked >> p & 1u) != 0;
        for (uint32_t k = 0; asked && k < count; k++)
            insert(axis->at_us, &axis->count, grid_us[k]);
        if (asked && view->timeout_us[p] > 0)
            insert(axis->at_us, &axis->count, view->timeout_us[p]);
        for (uint32_t k = 0; k < axis->count; k++)
            insert(search->merged_us, &search->merged_count, axis->at_us[k]);
        if (!asked) axis->count = 1;
        axis->stride = stride;
        stride *= axis->count;
    }
    search->cell_count = stride;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct axis *const axis = &search->axes[p];
        uint32_t place = 0;
        for (uint32_t k = 0; (search->asked >> p & 1u) != 0 && k < axis->count; k++) {
            while (search->merged_us[place] != axis->at_us[k])
                place++;
            axis->merged[k] = place;
        }
    }
}

/* How many of the timeouts are `us` or shorter: also the first that is longer. */
static uint32_t reached(const int64_t *rising, uint32_t count, int64_t us)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (rising[middle] > us) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* ---- what is decided: prefix sums over the grid ---- */

/* What the quotes in time cost the order, but for its wait: `in_time` is a mask of slots. */
static double cents_of(const struct search *search, const struct waiting_order *order,
                       unsigned slots, unsigned in_time)
{
    struct waiting_quotes quotes = {0, 0};
    for (unsigned s = 0; s < order->count; s++) {
        const struct waiting_slot *slot = &order->slots[s];
        const bool answered = (in_time >> s & 1u) != 0;
        if ((slots >> s & 1u) == 0) continue;
        if (answered && slot->usable) quotes.answers |= (uint8_t)(1u << s);
        if (!answered && slot->stands_in) quotes.standing |= (uint8_t)(1u << s);
    }
    const uint8_t winner = waiting_winner(search->patience, order, quotes);
    const int lost = order->known - waiting_bits(quotes.answers | quotes.standing);
    return search->prices->lost_quote * lost +
           (winner == WAITING_NOBODY ? search->prices->lost_order : 0.0);
}

/* cents_of(M) is the sum of brings[S] over the subsets S of M. */
static void turn_into_sums(double brings[WAITING_SETS])
{
    for (unsigned bit = 1; bit < WAITING_SETS; bit <<= 1)
        for (unsigned set = 0; set < WAITING_SETS; set++)
            if ((set & bit) != 0) brings[set] -= brings[set ^ bit];
}

static void put_decisions(struct search *search, const struct waiting_order *order)
{
    double brings[WAITING_SETS];
    size_t from[PROVIDER_COUNT]; /* first cell in which the slot is in time */
    unsigned slots = 0, never = 0;
    for (unsigned s = 0; s < PROVIDER_COUNT; s++) {
        never |= 1u << s;
        if (s >= order->count) continue;
        const struct waiting_slot *slot = &order->slots[s];
        const struct axis *axis = &search->axes[slot->provider];
        if ((search->without >> slot->provider & 1u) != 0) continue;
        slots |= 1u << s;
        const uint32_t place = reached(axis->at_us, axis->count, slot->answered_us);
        from[s] = place * axis->stride;
        if (place < axis->count) never &= ~(1u << s);
    }
    for (unsigned set = 0; set < WAITING_SETS; set++)
        brings[set] = cents_of(search, order, slots, set & ~never);
    turn_into_sums(brings);
    for (unsigned set = 0; set < WAITING_SETS; set++) {
        size_t cell = 0;
        if ((set & never) != 0) continue;
        for (unsigned s = 0; s < PROVIDER_COUNT; s++)
            if ((set >> s & 1u) != 0) cell += from[s];
        search->cells[cell] += brings[set];
    }
}

static void sum_cells(struct search *search)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct axis *axis = &search->axes[p];
        for (size_t cell = 0; cell < search->cell_count; cell++)
            if (cell / axis->stride % axis->count != 0)
                search->cells[cell] += search->cells[cell - axis->stride];
    }
}

/* ---- what is waited: sums over sets of providers ---- */

struct bins { /* by how many of the timeouts the least of a set's calls outlasts */
    int64_t us[WAITING_SETS][MERGED_MAX + 1];
    uint64_t calls[WAITING_SETS][MERGED_MAX + 1];
};

static void put_waits(const struct search *search, const struct waiting_order *order,
                      struct bins *bins)
{
    uint32_t bin[PROVIDER_COUNT];
    for (unsigned s = 0; s < order->count; s++)
        bin[s] = reached(search->merged_us, search->merged_count, order->slots[s].ended_us);
    for (unsigned set = 1; set < 1u << order->count; set++) {
        int64_t least_us = WAITING_NEVER;
        uint32_t least_bin = search->merged_count;
        unsigned providers = 0;
        for (unsigned s = 0; s < order->count; s++) {
            if ((set >> s & 1u) == 0) continue;
            providers |= 1u << order->slots[s].provider;
            if (order->slots[s].ended_us < least_us) least_us = order->slots[s].ended_us;
            if (bin[s] < least_bin) least_bin = bin[s];
        }
        bins->calls[providers][least_bin]++;
        if (least_bin < search->merged_count) bins->us[providers][least_bin] += least_us;
    }
}

static void sum_waits(struct search *search, const struct bins *bins)
{
    for (unsigned set = 1; set < WAITING_SETS; set++) {
        const bool odd = waiting_bits(set) % 2 != 0;
        uint64_t beyond = 0;
        int64_t within_us = 0;
        for (uint32_t k = 0; k <= search->merged_count; k++)
            beyond += bins->calls[set][k];
        for (uint32_t k = 0; k < search->merged_count; k++) {
            within_us += bins->us[set][k];
            beyond -= bins->calls[set][k];
            const int64_t us = within_us + (int64_t)beyond * search->merged_us[k];
            search->waits[set][k] =
                (odd ? 1.0 : -1.0) * search->prices->wait_per_s * ((double)us / 1e6);
        }
    }
}

/* ---- the search ---- */

static double cost_of(const struct search *search, size_t cell,
                      const uint32_t places[PROVIDER_COUNT])
{
    double cents = search->cells[cell];
    uint32_t shortest[WAITING_SETS]; /* place of a set's shortest timeout */
    shortest[0] = UINT32_MAX;
    for (unsigned set = 1; set < WAITING_SETS; set++) {
        if ((set & ~search->asked) != 0) continue;
        unsigned first = 0;
        while ((set >> first & 1u) == 0)
            first++;
        const uint32_t rest = shortest[set & (set - 1)], own = places[first];
        shortest[set] = own < rest ? own : rest;
        cents += search->waits[set][shortest[set]];
    }
    return cents;
}

/* Cells are passed with the first provider's timeout changing last, shortest first. What sums round
 * differently makes none cheaper. */
static void find_cheapest(const struct search *search, struct decision_view *best)
{
    double least = INFINITY;
    for (size_t cell = 0; cell < search->cell_count; cell++) {
        uint32_t places[PROVIDER_COUNT], merged[PROVIDER_COUNT];
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct axis *axis = &search->axes[p];
            places[p] = (uint32_t)(cell / axis->stride % axis->count);
            merged[p] = axis->merged[places[p]];
        }
        const double cost = cost_of(search, cell, merged);
        if (!(isinf(least) || cost < least - 1e-12 * fabs(least))) continue;
        least = cost;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if ((search->asked >> p & 1u) != 0)
                best->timeout_us[p] = search->axes[p].at_us[places[p]];
    }
}

bool waiting_cheapest(const struct waiting_patience *patience, const struct decision_view *view,
                      const struct waiting_prices *prices, const int64_t *grid_us, uint32_t count,
                      struct decision_view *best, struct err *err)
{
    assert(count >= 1);
    assert(count <= WAITING_GRID_MAX);
    struct search *const search = memory_zeroed(sizeof *search);
    struct bins *const bins = memory_zeroed(sizeof *bins);
    bool ok = search != NULL && bins != NULL;
    *best = *view;
    if (ok) {
        search->patience = patience;
        search->prices = prices;
        search->without = (unsigned)view->without | patience->without;
        search->asked = asked_of(patience, search->without);
        make_axes(search, view, grid_us, count);
        search->cells = memory_zeroed(search->cell_count * sizeof *search->cells);
        ok = search->cells != NULL;
    }
    if (!ok) (void)waiting_out_of_memory(err, patience->count);
    for (uint32_t i = 0; ok && i < patience->count; i++) {
        put_decisions(search, &patience->orders[i]);
        put_waits(search, &patience->orders[i], bins);
    }
    if (ok) {
        sum_cells(search);
        sum_waits(search, bins);
        find_cheapest(search, best);
    }
    if (search != NULL) free(search->cells);
    free(search);
    free(bins);
    return ok;
}
