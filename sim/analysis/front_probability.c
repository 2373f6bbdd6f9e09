#include "sim/analysis/front.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "sim/analysis/front_state.h"

/* The work is a product of matrices, sums times draws, and a front for each of its columns. Nearly
 * all of it can be left out without changing the answer:
 *
 *   - Candidates lie in tiles of like ones. A tile has a corner, the best of its members in each
 *     cluster and objective, so in every replicate the corner is no worse than any member.
 *   - In each replicate the strong, a few candidates along the front of all data, come first. Where
 *     one of them dominates a corner, it dominates the whole tile, which is not even summed up.
 *   - Of the tiles that remain, members that a strong one dominates are dropped, and only what is
 *     left is sorted and swept.
 */
enum {
    TILE = 16,      /* candidates whose sums lie together, so that the product runs along them */
    LANES = 8,      /* of them are summed at once, in registers */
    STRONG_MAX = 32 /* candidates that weed */
};

static_assert(TILE % LANES == 0 && LANES == 8, "lanes fill a tile");

struct block { /* some candidates' sums, turned so that least is best */
    size_t count;
    double *sums; /* [tile][objective][cluster][TILE]; the last tile is filled up with zeros */
};

struct layout { /* what every thread reads */
    const struct bootstrap_counts *counts;
    uint32_t objectives;
    struct block members; /* candidates not pruned, by place */
    struct block corners; /* of each tile of members */
    struct block strong;
    uint32_t *candidates; /* candidates[place]: whose */
};

/* ---- pruning ---- */

struct pruning {
    const struct front_candidates *candidates;
    uint32_t clusters;
    struct front_entry *totals; /* of all candidates, sorted and marked */
    size_t front_count;
};

static const double *sums_of(const struct pruning *pruning, uint32_t candidate, uint32_t objective)
{
    const struct front_candidates *candidates = pruning->candidates;
    return candidates->sums +
           ((size_t)candidate * candidates->objectives + objective) * pruning->clusters;
}

/* In each cluster no worse anywhere and better somewhere: then so it is in every sum of clusters,
 * whichever are drawn. */
static bool dominates_in_every_cluster(const struct pruning *pruning, uint32_t a, uint32_t b)
{
    const struct front_candidates *candidates = pruning->candidates;
    for (uint32_t g = 0; g < pruning->clusters; g++) {
        bool better = false;
        for (uint32_t o = 0; o < candidates->objectives; o++) {
            const bool most = candidates->most_is_best[o];
            const double of_a = front_turned(sums_of(pruning, a, o)[g], most);
            const double of_b = front_turned(sums_of(pruning, b, o)[g], most);
            if (!(of_a <= of_b)) return false;
            better |= of_a < of_b;
        }
        if (!better) return false;
    }
    return true;
}

/* Those on the front of all data are tried: to be dominated everywhere is to be dominated there. */
static bool is_hopeless(const struct pruning *pruning, const struct front_entry *front,
                        const struct front_entry *entry)
{
    if (entry->on_front) return false;
    for (size_t i = 0; i < pruning->front_count; i++) {
        if (front_dominates(front[i].values, entry->values, pruning->candidates->objectives) &&
            dominates_in_every_cluster(pruning, front[i].point, entry->point))
            return true;
    }
    return false;
}

static bool sums_are_known(const struct pruning *pruning, uint32_t candidate)
{
    const size_t count = (size_t)pruning->candidates->objectives * pruning->clusters;
    const double *sums = sums_of(pruning, candidate, 0);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(sums[i])) return false;
    }
    return true;
}

/* Totals of the candidates all of whose sums are finite. */
static size_t take_totals(const struct pruning *pruning)
{
    size_t count = 0;
    for (uint32_t k = 0; k < pruning->candidates->count; k++) {
        if (!sums_are_known(pruning, k)) continue;
        struct front_entry entry = {.point = k};
        for (uint32_t o = 0; o < pruning->candidates->objectives; o++) {
            double total = 0.0;
            for (uint32_t g = 0; g < pruning->clusters; g++)
                total += sums_of(pruning, k, o)[g];
            entry.values[o] = front_turned(total, pruning->candidates->most_is_best[o]);
        }
        pruning->totals[count++] = entry;
    }
    return count;
}

/* ---- who weeds: of the front, cut into equal parts along the first objective, from each part the
 * one that dominates the largest box below the worst values ---- */

static double box_of(const struct front_entry *entry, const double *worst, uint32_t objectives)
{
    double box = 1.0;
    for (uint32_t o = 0; o < objectives; o++)
        box *= worst[o] - entry->values[o];
    return box;
}

static size_t choose_strong(const struct pruning *pruning, const struct front_entry *front,
                            size_t all, uint32_t *strong)
{
    const uint32_t objectives = pruning->candidates->objectives;
    double worst[FRONT_OBJECTIVES_MAX];
    for (uint32_t o = 0; o < objectives; o++) {
        worst[o] = -HUGE_VAL;
        for (size_t i = 0; i < all; i++)
            worst[o] = fmax(worst[o], pruning->totals[i].values[o]);
    }
    const size_t parts = pruning->front_count < STRONG_MAX ? pruning->front_count : STRONG_MAX;
    for (size_t part = 0; part < parts; part++) {
        const size_t first = pruning->front_count * part / parts;
        const size_t end = pruning->front_count * (part + 1) / parts;
        size_t best = first;
        for (size_t i = first + 1; i < end; i++) {
            if (box_of(&front[i], worst, objectives) > box_of(&front[best], worst, objectives))
                best = i;
        }
        strong[part] = front[best].point;
    }
    return parts;
}

/* ---- the layout ---- */

static size_t tiles_of(const struct block *block)
{
    return (block->count + TILE - 1) / TILE;
}

static double *row_of(const struct layout *layout, const struct block *block, size_t tile,
                      uint32_t objective)
{
    return block->sums + (tile * layout->objectives + objective) * layout->counts->clusters * TILE;
}

static bool block_init(const struct layout *layout, struct block *block, size_t count)
{
    block->count = count;
    block->sums = memory_zeroed(tiles_of(block) * layout->objectives * layout->counts->clusters *
                                TILE * sizeof *block->sums);
    return block->sums != NULL;
}

static void lay_out(const struct layout *layout, const struct block *block,
                    const uint32_t *candidates, const struct pruning *pruning)
{
    for (size_t place = 0; place < block->count; place++) {
        for (uint32_t o = 0; o < layout->objectives; o++) {
            double *const row = row_of(layout, block, place / TILE, o) + place % TILE;
            const double *sums = sums_of(pruning, candidates[place], o);
            for (uint32_t g = 0; g < pruning->clusters; g++)
                row[(size_t)g * TILE] = front_turned(sums[g], pruning->candidates->most_is_best[o]);
        }
    }
}

static void find_corner(const struct layout *layout, size_t tile)
{
    const struct block *members = &layout->members;
    const size_t count = members->count - tile * TILE < TILE ? members->count - tile * TILE : TILE;
    for (uint32_t o = 0; o < layout->objectives; o++) {
        double *const row = row_of(layout, &layout->corners, tile / TILE, o) + tile % TILE;
        const double *of_tile = row_of(layout, members, tile, o);
        for (size_t g = 0; g < layout->counts->clusters; g++) {
            double best = HUGE_VAL;
            for (size_t i = 0; i < count; i++)
                best = fmin(best, of_tile[g * TILE + i]);
            row[g * TILE] = best;
        }
    }
}

/* Keeps those with hope; returns how many. */
static size_t keep_hopeful(const struct pruning *pruning, const struct front_entry *front,
                           size_t all, struct front_entry *kept)
{
    size_t count = 0;
    for (size_t i = 0; i < all; i++) {
        if (!is_hopeless(pruning, front, &pruning->totals[i])) kept[count++] = pruning->totals[i];
    }
    return count;
}

static bool fill_layout(struct layout *layout, const struct pruning *pruning,
                        const struct front_entry *kept, const struct front_placed *placed,
                        size_t count, const uint32_t *strong, size_t strong_count)
{
    for (size_t place = 0; place < count; place++)
        layout->candidates[place] = kept[placed[place].index].point;
    if (!block_init(layout, &layout->members, count) ||
        !block_init(layout, &layout->corners, tiles_of(&layout->members)) ||
        !block_init(layout, &layout->strong, strong_count))
        return false;
    lay_out(layout, &layout->members, layout->candidates, pruning);
    lay_out(layout, &layout->strong, strong, pruning);
    for (size_t tile = 0; tile < layout->corners.count; tile++)
        find_corner(layout, tile);
    return true;
}

/* Prunes, chooses, lays out. */
static bool layout_init(struct layout *layout, const struct front_candidates *candidates,
                        const struct bootstrap_counts *counts, size_t *pruned)
{
    struct pruning pruning = {.candidates = candidates, .clusters = counts->clusters};
    struct front_work work = {.capacity = 0};
    struct front_entry *front = NULL, *kept = NULL;
    struct front_placed *placed = NULL;
    bool ready = false;
    *layout = (struct layout){.counts = counts, .objectives = candidates->objectives};
    layout->candidates = memory_resize(NULL, candidates->count, sizeof *layout->candidates);
    pruning.totals = memory_resize(NULL, candidates->count, sizeof *pruning.totals);
    kept = memory_resize(NULL, candidates->count, sizeof *kept);
    placed = memory_resize(NULL, candidates->count, sizeof *placed);
    if (layout->candidates == NULL || pruning.totals == NULL || kept == NULL || placed == NULL)
        goto done;
    if (!front_work_init(&work, candidates->count)) goto done;

    const size_t all = take_totals(&pruning);
    front_sort(pruning.totals, all);
    pruning.front_count = front_mark(&work, candidates->objectives, pruning.totals, all);
    front = memory_resize(NULL, pruning.front_count, sizeof *front);
    if (front == NULL) goto done;
    for (size_t i = 0, next = 0; i < all; i++) {
        if (pruning.totals[i].on_front) front[next++] = pruning.totals[i];
    }
    uint32_t strong[STRONG_MAX];
    const size_t strong_count = choose_strong(&pruning, front, all, strong);
    const size_t count = keep_hopeful(&pruning, front, all, kept);
    *pruned = all - count;
    front_order(kept, count, candidates->objectives, placed);
    ready = fill_layout(layout, &pruning, kept, placed, count, strong, strong_count);
done:
    free(placed);
    free(kept);
    free(front);
    front_work_release(&work);
    free(pruning.totals);
    return ready;
}

static void layout_release(struct layout *layout)
{
    free(layout->members.sums);
    free(layout->corners.sums);
    free(layout->strong.sums);
    free(layout->candidates);
}

/* ---- one thread: some of the replicates ---- */

struct share {
    const struct layout *layout;
    uint32_t first, end; /* replicates */
    struct front_work work;
    double *times; /* of one replicate, as doubles */
    struct front_entry *entries;
    uint32_t *hits; /* by place */
    pthread_t thread;
    bool started;
};

static bool share_init(struct share *share, const struct layout *layout)
{
    share->layout = layout;
    share->times = memory_resize(NULL, layout->counts->clusters, sizeof *share->times);
    share->entries = memory_resize(NULL, layout->members.count, sizeof *share->entries);
    share->hits = memory_zeroed(layout->members.count * sizeof *share->hits);
    return front_work_init(&share->work, layout->members.count) && share->times != NULL &&
           share->entries != NULL && share->hits != NULL;
}

static void share_release(struct share *share)
{
    front_work_release(&share->work);
    free(share->times);
    free(share->entries);
    free(share->hits);
}

/* Sums of LANES candidates, held in four pairs; clusters in order, so the bits are always the same.
 */
static void sum_lanes(const double *row, const double *times, uint32_t clusters, double *values)
{
    front_pair a = {0, 0}, b = {0, 0}, c = {0, 0}, d = {0, 0};
    for (uint32_t g = 0; g < clusters; g++, row += TILE) {
        a += front_load(row) * times[g];
        b += front_load(row + 2) * times[g];
        c += front_load(row + 4) * times[g];
        d += front_load(row + 6) * times[g];
    }
    const front_pair sums[LANES / 2] = {a, b, c, d};
    memcpy(values, sums, sizeof sums);
}

/* Entries of a tile, numbered by place; returns how many. */
static size_t sum_tile(const struct share *share, const struct block *block, size_t tile,
                       struct front_entry *entries)
{
    const struct layout *layout = share->layout;
    const size_t first = tile * TILE;
    const size_t count = block->count - first < TILE ? block->count - first : TILE;
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct front_entry){.point = (uint32_t)(first + i)};
    for (uint32_t o = 0; o < layout->objectives; o++) {
        const double *row = row_of(layout, block, tile, o);
        double values[TILE];
        for (unsigned lane = 0; lane < TILE; lane += LANES)
            sum_lanes(row + lane, share->times, layout->counts->clusters, values + lane);
        for (size_t i = 0; i < count; i++)
            entries[i].values[o] = values[i];
    }
    return count;
}

struct weeders { /* the strong in one replicate; who weeded last comes first */
    struct front_entry items[STRONG_MAX];
    size_t count;
};

static void sum_strong(const struct share *share, struct weeders *weeders)
{
    weeders->count = 0;
    for (size_t tile = 0; tile < tiles_of(&share->layout->strong); tile++) {
        weeders->count +=
            sum_tile(share, &share->layout->strong, tile, weeders->items + weeders->count);
    }
}

static bool is_weeded(struct weeders *weeders, const struct front_entry *entry, uint32_t objectives)
{
    for (size_t i = 0; i < weeders->count; i++) {
        if (!front_dominates(weeders->items[i].values, entry->values, objectives)) continue;
        const struct front_entry found = weeders->items[i];
        weeders->items[i] = weeders->items[0];
        weeders->items[0] = found;
        return true;
    }
    return false;
}

/* Adds those of a tile that nobody strong dominates. */
static size_t take_tile(const struct share *share, size_t tile, struct weeders *weeders,
                        size_t left)
{
    struct front_entry entries[TILE];
    const size_t count = sum_tile(share, &share->layout->members, tile, entries);
    for (size_t i = 0; i < count; i++) {
        if (!is_weeded(weeders, &entries[i], share->layout->objectives))
            share->entries[left++] = entries[i];
    }
    return left;
}

static void count_front(struct share *share, uint32_t replicate)
{
    const struct layout *layout = share->layout;
    for (uint32_t g = 0; g < layout->counts->clusters; g++)
        share->times[g] = bootstrap_times(layout->counts, replicate)[g];
    struct weeders weeders;
    sum_strong(share, &weeders);
    size_t left = 0;
    for (size_t group = 0; group < tiles_of(&layout->corners); group++) {
        struct front_entry corners[TILE];
        const size_t count = sum_tile(share, &layout->corners, group, corners);
        for (size_t i = 0; i < count; i++) {
            if (!is_weeded(&weeders, &corners[i], layout->objectives))
                left = take_tile(share, corners[i].point, &weeders, left);
        }
    }
    front_sort(share->entries, left);
    front_mark(&share->work, layout->objectives, share->entries, left);
    for (size_t i = 0; i < left; i++)
        share->hits[share->entries[i].point] += share->entries[i].on_front;
}

static void *count_share(void *argument)
{
    struct share *const share = argument;
    for (uint32_t r = share->first; r < share->end; r++)
        count_front(share, r);
    return NULL;
}

/* ---- the whole ---- */

/* Shares but the first get threads; one that cannot start is done here. */
static void count_shares(struct share *shares, uint32_t threads)
{
    for (uint32_t t = 1; t < threads; t++)
        shares[t].started = pthread_create(&shares[t].thread, NULL, count_share, &shares[t]) == 0;
    for (uint32_t t = 0; t < threads; t++) {
        if (!shares[t].started) (void)count_share(&shares[t]);
    }
    for (uint32_t t = 1; t < threads; t++) {
        if (shares[t].started) (void)pthread_join(shares[t].thread, NULL);
    }
}

static bool count_hits(const struct layout *layout, uint32_t threads, uint32_t *hits)
{
    const uint64_t replicates = layout->counts->replicates;
    struct share *shares = memory_zeroed(threads * sizeof *shares);
    bool ready = shares != NULL;
    for (uint32_t t = 0; ready && t < threads; t++) {
        shares[t].first = (uint32_t)(replicates * t / threads);
        shares[t].end = (uint32_t)(replicates * (t + 1) / threads);
        ready = share_init(&shares[t], layout);
    }
    if (ready) count_shares(shares, threads);
    for (uint32_t t = 0; shares != NULL && t < threads; t++) {
        for (size_t place = 0; ready && place < layout->members.count; place++)
            hits[layout->candidates[place]] += shares[t].hits[place];
        share_release(&shares[t]);
    }
    free(shares);
    return ready;
}

bool front_probabilities(const struct front_candidates *candidates,
                         const struct bootstrap_counts *counts, uint32_t threads, uint32_t *hits,
                         struct front_certainty *certainty, struct err *err)
{
    assert(threads > 0);
    assert(candidates->count <= UINT32_MAX);
    assert(candidates->objectives >= FRONT_OBJECTIVES_LEAST);
    assert(candidates->objectives <= FRONT_OBJECTIVES_MAX);
    *certainty = (struct front_certainty){.replicates = counts->replicates};
    for (size_t k = 0; k < candidates->count; k++)
        hits[k] = 0;
    struct layout layout;
    const bool done = layout_init(&layout, candidates, counts, &certainty->pruned) &&
                      count_hits(&layout, threads, hits);
    layout_release(&layout);
    return done || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}
