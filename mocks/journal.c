#include "mocks/journal.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/journal_state.h"
#include "router/base/memory.h"

/* So many entries are looked at before the lock is let go for others: some 20 us. */
enum { SCAN_ENTRIES = 512 };

static_assert(sizeof(struct journal_entry) <= 1024, "the capacities' sizes in journal.h");

struct journal {
    pthread_mutex_t lock;
    uint32_t capacity;
    uint64_t clears;   /* a query that meets another number than it began with is over */
    uint64_t appended; /* the newest sequence number; it lies at (appended - 1) % capacity */
    struct journal_entry entries[];
};

/* ---- lifetime -------------------------------------------------------------------------------- */

struct journal *journal_create(uint32_t capacity, struct err *err)
{
    assert(capacity > 0);
    assert(capacity <= JOURNAL_CAPACITY_MAX);
    const size_t size = sizeof(struct journal) + capacity * sizeof(struct journal_entry);
    struct journal *const journal = memory_zeroed(size);
    if (journal != NULL && pthread_mutex_init(&journal->lock, NULL) == 0) {
        journal->capacity = capacity;
        return journal;
    }
    free(journal);
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                   "out of memory for a journal of %lu entries", (unsigned long)capacity);
    return NULL;
}

void journal_destroy(struct journal *journal)
{
    if (journal == NULL) return;
    const int destroyed = pthread_mutex_destroy(&journal->lock);
    assert(destroyed == 0); /* somebody still holds it */
    (void)destroyed;
    free(journal);
}

static void lock(struct journal *journal)
{
    const int locked = pthread_mutex_lock(&journal->lock);
    assert(locked == 0);
    (void)locked;
}

static void unlock(struct journal *journal)
{
    const int unlocked = pthread_mutex_unlock(&journal->lock);
    assert(unlocked == 0);
    (void)unlocked;
}

/* ---- the ring -------------------------------------------------------------------------------- */

static uint64_t oldest(const struct journal *journal)
{
    return journal->appended > journal->capacity ? journal->appended - journal->capacity + 1 : 1;
}

static struct journal_entry *entry_at(struct journal *journal, uint64_t sequence)
{
    assert(sequence >= oldest(journal));
    assert(sequence <= journal->appended);
    return &journal->entries[(sequence - 1) % journal->capacity];
}

uint64_t journal_append(struct journal *journal, const struct journal_entry *entry)
{
    assert(entry->provider < PROVIDER_COUNT);
    lock(journal);
    const uint64_t sequence = ++journal->appended;
    struct journal_entry *const kept = entry_at(journal, sequence);
    *kept = *entry;
    kept->sequence = sequence;
    unlock(journal);
    return sequence;
}

void journal_clear(struct journal *journal)
{
    lock(journal);
    journal->appended = 0;
    journal->clears++;
    unlock(journal);
}

struct journal_stats journal_stats(struct journal *journal)
{
    lock(journal);
    const uint64_t lost = oldest(journal) - 1;
    const struct journal_stats stats = {.appended = journal->appended,
                                        .kept = journal->appended - lost,
                                        .lost = lost,
                                        .capacity = journal->capacity};
    unlock(journal);
    return stats;
}

/* ---- walking over it ------------------------------------------------------------------------- */

struct walk { /* over what was there when it began */
    uint64_t next;
    uint64_t last;
    uint64_t clears;
    uint64_t lost; /* of these, gone before we came to them */
};

static struct walk begin_walk(struct journal *journal, uint64_t since)
{
    lock(journal);
    const struct walk walk = {.next = since < UINT64_MAX ? since + 1 : since,
                              .last = journal->appended,
                              .clears = journal->clears};
    unlock(journal);
    return walk;
}

static bool is_over(const struct walk *walk)
{
    return walk->next > walk->last;
}

/* Passes over what is gone; the caller holds the lock. */
static void skip_lost(const struct journal *journal, struct walk *walk)
{
    const uint64_t there = journal->clears == walk->clears ? oldest(journal) : walk->last + 1;
    if (there <= walk->next) return;
    const uint64_t to = there <= walk->last ? there : walk->last + 1;
    walk->lost += to - walk->next;
    walk->next = to;
}

bool journal_matches(const struct journal_filter *filter, const struct journal_entry *entry)
{
    return entry->sequence > filter->since && journal_judge(filter, entry).failed == 0;
}

static bool find_some(struct journal *journal, const struct journal_filter *filter,
                      struct walk *walk, struct journal_entry *entry)
{
    for (unsigned i = 0; i < SCAN_ENTRIES && !is_over(walk); i++) {
        const struct journal_entry *const kept = entry_at(journal, walk->next++);
        if (journal_judge(filter, kept).failed == 0) {
            *entry = *kept;
            return true;
        }
    }
    return false;
}

/* A copy of the next entry that fits; false when there is none. */
static bool find_next(struct journal *journal, const struct journal_filter *filter,
                      struct walk *walk, struct journal_entry *entry)
{
    bool found = false;
    while (!found && !is_over(walk)) {
        lock(journal);
        skip_lost(journal, walk);
        found = find_some(journal, filter, walk, entry);
        unlock(journal);
    }
    return found;
}

/* ---- asking ---------------------------------------------------------------------------------- */

struct journal_filter journal_filter_any(void)
{
    return (struct journal_filter){
        .provider = JOURNAL_ANY, .operation = JOURNAL_ANY, .status = JOURNAL_ANY};
}

/* Looks back from the end of a walk for `limit` entries that fit, and begins the walk at the first
 * of them. */
static void begin_at_newest(struct journal *journal, const struct journal_filter *filter,
                            struct walk *walk)
{
    uint64_t at = walk->last, first = walk->last + 1, count = 0;
    bool there = true;
    while (there && count < filter->limit) {
        lock(journal);
        for (unsigned i = 0; i < SCAN_ENTRIES && count < filter->limit; i++) {
            there = at >= walk->next && journal->clears == walk->clears && at >= oldest(journal);
            if (!there) break;
            if (journal_judge(filter, entry_at(journal, at)).failed == 0) {
                first = at;
                count++;
            }
            at--;
        }
        unlock(journal);
    }
    walk->next = first;
}

uint64_t journal_query(struct journal *journal, const struct journal_filter *filter, void *context,
                       journal_visit visit)
{
    struct walk walk = begin_walk(journal, filter->since);
    if (filter->newest && filter->limit > 0) begin_at_newest(journal, filter, &walk);
    struct journal_entry entry;
    uint64_t count = 0;
    while ((filter->limit == 0 || count < filter->limit) &&
           find_next(journal, filter, &walk, &entry)) {
        visit(context, &entry);
        count++;
    }
    return count;
}

struct writing {
    struct text *text;
    int form;
};

static void write_entry(void *context, const struct journal_entry *entry)
{
    const struct writing *const writing = context;
    journal_write_entry(entry, writing->form, writing->text);
}

uint64_t journal_json(struct journal *journal, const struct journal_filter *filter, int form,
                      struct text *text)
{
    struct writing writing = {.text = text, .form = form};
    return journal_query(journal, filter, &writing, write_entry);
}

/* ---- verifying ------------------------------------------------------------------------------- */

/* Of `count` that fit, and up to `lost` more that might have. */
static enum journal_verdict judge_count(uint64_t count, uint64_t lost, uint64_t min, uint64_t max)
{
    const uint64_t most = count + lost;
    assert(most >= count);
    if (count > max || most < min) return JOURNAL_FAILS;
    if (count >= min && most <= max) return JOURNAL_HOLDS;
    return JOURNAL_UNDECIDED;
}

uint64_t journal_verify(struct journal *journal, const struct journal_filter *filter, uint64_t min,
                        uint64_t max, struct journal_verification *verification)
{
    struct walk walk = begin_walk(journal, filter->since);
    struct journal_entry entry;
    uint64_t count = 0;
    while (find_next(journal, filter, &walk, &entry))
        count++;
    verification->verdict = judge_count(count, walk.lost, min, max);
    verification->count = count;
    verification->lost = walk.lost;
    verification->near_miss = (struct journal_near_miss){0};
    if (count == 0 && min > 0) journal_nearest(journal, filter, &verification->near_miss);
    return count;
}

struct nearness {
    unsigned failed;
    size_t path; /* in common */
};

static unsigned bits_of(unsigned set)
{
    unsigned count = 0;
    for (; set != 0; set &= set - 1)
        count++;
    return count;
}

static bool is_as_near(const struct nearness *a, const struct nearness *b)
{
    return a->failed != b->failed ? a->failed < b->failed : a->path >= b->path;
}

/* Newer ones come later, so what is as near takes the place of what was found. */
static void look_at_some(struct journal *journal, const struct journal_filter *filter,
                         struct walk *walk, struct nearness *best,
                         struct journal_near_miss *near_miss)
{
    for (unsigned i = 0; i < SCAN_ENTRIES && !is_over(walk); i++) {
        const struct journal_entry *const kept = entry_at(journal, walk->next++);
        const struct nearness nearness = {.failed = bits_of(journal_judge(filter, kept).failed),
                                          .path = journal_path_in_common(filter, kept)};
        if (near_miss->there && !is_as_near(&nearness, best)) continue;
        *best = nearness;
        near_miss->entry = *kept;
        near_miss->there = true;
    }
}

void journal_nearest(struct journal *journal, const struct journal_filter *filter,
                     struct journal_near_miss *near_miss)
{
    *near_miss = (struct journal_near_miss){0};
    struct walk walk = begin_walk(journal, filter->since);
    struct nearness best = {0};
    while (!is_over(&walk)) {
        lock(journal);
        skip_lost(journal, &walk);
        look_at_some(journal, filter, &walk, &best, near_miss);
        unlock(journal);
    }
    journal_explain(filter, near_miss);
}
