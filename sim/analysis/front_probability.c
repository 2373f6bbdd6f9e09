#include "sim/analysis/front.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "sim/analysis/front_state.h"

/* The work is a product of matrices, sums times draws, and a front for each of its columns. Sums
 * are laid out in tiles of candidates so that the product runs along them; a few strong candidates
 * then weed out most of the others, and only what is left is sorted and swept. Neither changes the
 * answer: whoever is weeded out is dominated. */
enum {
    TILE = 64,      /* candidates whose sums lie together */
    LANES = 8,      /* of them are summed at once, in registers */
    TOGETHER = 8,   /* replicates that share one pass over the sums */
    STRONG_MAX = 64 /* candidates that weed */
};

struct layout { /* what every thread reads */
    const struct bootstrap_counts *counts;
    uint32_t objectives;
    size_t count;         /* candidates not pruned */
    size_t tiles;         /* of TILE; the last is filled up with zeros */
    double *sums;         /* sums[((tile * objectives + objective) * clusters + cluster)][TILE] */
    uint32_t *candidates; /* candidates[place]: whose */
    size_t strong[STRONG_MAX]; /* places */
    size_t strong_count;
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

static double *row_of(const struct layout *layout, size_t tile, uint32_t objective)
{
    return layout->sums + (tile * layout->objectives + objective) * layout->counts->clusters * TILE;
}

static void lay_out(struct layout *layout, const struct pruning *pruning)
{
    const uint32_t clusters = layout->counts->clusters;
    for (size_t place = 0; place < layout->count; place++) {
        for (uint32_t o = 0; o < layout->objectives; o++) {
            double *const row = row_of(layout, place / TILE, o) + place % TILE;
            const double *sums = sums_of(pruning, layout->candidates[place], o);
            for (uint32_t g = 0; g < clusters; g++)
                row[(size_t)g * TILE] = front_turned(sums[g], pruning->candidates->most_is_best[o]);
        }
    }
}

static void find_strong_places(struct layout *layout, const uint32_t *strong, size_t strong_count)
{
    for (size_t place = 0; place < layout->count; place++) {
        for (size_t i = 0; i < strong_count; i++) {
            if (layout->candidates[place] == strong[i])
                layout->strong[layout->strong_count++] = place;
        }
    }
    assert(layout->strong_count == strong_count);
}

/* Keeps in `candidates` those with hope, in their own order. */
static void keep_hopeful(struct layout *layout, const struct pruning *pruning, size_t all,
                         const struct front_entry *front, bool *hopeful)
{
    for (size_t i = 0; i < all; i++)
        hopeful[pruning->totals[i].point] = !is_hopeless(pruning, front, &pruning->totals[i]);
    for (uint32_t k = 0; k < pruning->candidates->count; k++) {
        if (hopeful[k]) layout->candidates[layout->count++] = k;
    }
    layout->tiles = (layout->count + TILE - 1) / TILE;
}

/* Prunes, chooses, lays out. */
static bool layout_init(struct layout *layout, const struct front_candidates *candidates,
                        const struct bootstrap_counts *counts, size_t *pruned)
{
    struct pruning pruning = {.candidates = candidates, .clusters = counts->clusters};
    struct front_work work = {.capacity = 0};
    struct front_entry *front = NULL;
    *layout = (struct layout){.counts = counts, .objectives = candidates->objectives};
    bool ready = false;
    bool *hopeful = memory_zeroed(candidates->count * sizeof *hopeful);
    layout->candidates = memory_resize(NULL, candidates->count, sizeof *layout->candidates);
    pruning.totals = memory_resize(NULL, candidates->count, sizeof *pruning.totals);
    if (hopeful == NULL || layout->candidates == NULL || pruning.totals == NULL) goto done;
    if (!front_work_init(&work, candidates->count)) goto done;

    const size_t all = take_totals(&pruning);
    front_sort(pruning.totals, all);
    pruning.front_count = front_mark(&work, candidates->objectives, pruning.totals, all);
    front = memory_resize(NULL, pruning.front_count, sizeof *front);
    if (front == NULL) goto done;
    for (size_t i = 0, next = 0; i < all; i++) {
        if (pruning.totals[i].on_front) front[next++] = pruning.totals[i];
    }
    keep_hopeful(layout, &pruning, all, front, hopeful);
    *pruned = all - layout->count;
    layout->sums = memory_zeroed(layout->tiles * candidates->objectives * counts->clusters * TILE *
                                 sizeof *layout->sums);
    if (layout->sums == NULL) goto done;
    lay_out(layout, &pruning);
    uint32_t strong[STRONG_MAX];
    find_strong_places(layout, strong, choose_strong(&pruning, front, all, strong));
    ready = true;
done:
    free(front);
    front_work_release(&work);
    free(pruning.totals);
    free(hopeful);
    return ready;
}

static void layout_release(struct layout *layout)
{
    free(layout->sums);
    free(layout->candidates);
}

/* ---- one thread: some of the replicates ---- */

struct share {
    const struct layout *layout;
    uint32_t first, end; /* replicates */
    struct front_work work;
    double *values; /* values[(replicate * objectives + objective) * tiles * TILE + place] */
    double *times;  /* of TOGETHER replicates, as doubles */
    struct front_entry *entries;
    uint32_t *hits; /* by place */
    pthread_t thread;
    bool started;
};

static bool share_init(struct share *share, const struct layout *layout)
{
    const size_t places = layout->tiles * TILE;
    share->layout = layout;
    share->values =
        memory_resize(NULL, TOGETHER * layout->objectives * places, sizeof *share->values);
    share->times =
        memory_resize(NULL, (size_t)TOGETHER * layout->counts->clusters, sizeof *share->times);
    share->entries = memory_resize(NULL, layout->count, sizeof *share->entries);
    share->hits = memory_zeroed(layout->count * sizeof *share->hits);
    return front_work_init(&share->work, layout->count) && share->values != NULL &&
           share->times != NULL && share->entries != NULL && share->hits != NULL;
}

static void share_release(struct share *share)
{
    front_work_release(&share->work);
    free(share->values);
    free(share->times);
    free(share->entries);
    free(share->hits);
}

/* One replicate's sums of LANES candidates; clusters in order, so the bits are always the same. */
static void sum_lanes(const double *restrict row, const double *restrict times, uint32_t clusters,
                      double *restrict values)
{
    double sums[LANES] = {0};
    for (uint32_t g = 0; g < clusters; g++) {
        for (unsigned lane = 0; lane < LANES; lane++)
            sums[lane] += times[g] * row[(size_t)g * TILE + lane];
    }
    memcpy(values, sums, sizeof sums);
}

static double *values_of(const struct share *share, uint32_t replicate, uint32_t objective)
{
    const struct layout *layout = share->layout;
    return share->values +
           ((size_t)replicate * layout->objectives + objective) * layout->tiles * TILE;
}

static void sum_replicates(const struct share *share, uint32_t first, uint32_t count)
{
    const struct layout *layout = share->layout;
    const uint32_t clusters = layout->counts->clusters;
    for (uint32_t r = 0; r < count; r++) {
        for (uint32_t g = 0; g < clusters; g++)
            share->times[r * clusters + g] = bootstrap_times(layout->counts, first + r)[g];
    }
    for (size_t tile = 0; tile < layout->tiles; tile++) {
        for (uint32_t o = 0; o < layout->objectives; o++) {
            const double *row = row_of(layout, tile, o);
            for (uint32_t r = 0; r < count; r++) {
                double *const values = values_of(share, r, o) + tile * TILE;
                for (unsigned lane = 0; lane < TILE; lane += LANES)
                    sum_lanes(row + lane, share->times + r * clusters, clusters, values + lane);
            }
        }
    }
}

static struct front_entry entry_at(const struct share *share, uint32_t replicate, size_t place)
{
    struct front_entry entry = {.point = (uint32_t)place};
    for (uint32_t o = 0; o < share->layout->objectives; o++)
        entry.values[o] = values_of(share, replicate, o)[place];
    return entry;
}

static bool is_weeded(const struct front_entry *strong, size_t count,
                      const struct front_entry *entry, uint32_t objectives)
{
    for (size_t i = 0; i < count; i++) {
        if (front_dominates(strong[i].values, entry->values, objectives)) return true;
    }
    return false;
}

static void count_front(struct share *share, uint32_t replicate)
{
    const struct layout *layout = share->layout;
    struct front_entry strong[STRONG_MAX];
    for (size_t i = 0; i < layout->strong_count; i++)
        strong[i] = entry_at(share, replicate, layout->strong[i]);
    size_t left = 0;
    for (size_t place = 0; place < layout->count; place++) {
        const struct front_entry entry = entry_at(share, replicate, place);
        if (!is_weeded(strong, layout->strong_count, &entry, layout->objectives))
            share->entries[left++] = entry;
    }
    front_sort(share->entries, left);
    front_mark(&share->work, layout->objectives, share->entries, left);
    for (size_t i = 0; i < left; i++)
        share->hits[share->entries[i].point] += share->entries[i].on_front;
}

static void *count_share(void *argument)
{
    struct share *const share = argument;
    for (uint32_t r = share->first; r < share->end; r += TOGETHER) {
        const uint32_t count = share->end - r < TOGETHER ? share->end - r : TOGETHER;
        sum_replicates(share, r, count);
        for (uint32_t i = 0; i < count; i++)
            count_front(share, i);
    }
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
        for (size_t place = 0; ready && place < layout->count; place++)
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
