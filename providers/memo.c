#include "providers/memo.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct memo_entry) == MEMO_ENTRY_BYTES, "manuals say what an entry takes");

static struct memo_entry *set_of(const struct memo *memo, uint64_t key)
{
    const uint64_t set = ((key >> 32) * memo->sets) >> 32;
    return &memo->entries[set * MEMO_WAYS];
}

/* MEMO_WAYS: nowhere. An empty place has no key. */
static unsigned place_of(const struct memo_entry *set, uint64_t key)
{
    unsigned place = 0;
    while (place < MEMO_WAYS && (set[place].key != key || set[place].expires_us == 0))
        place++;
    return place;
}

/* Whoever stood before `place` moves one back. */
static void put_in_front(struct memo_entry *set, unsigned place, struct memo_entry entry)
{
    memmove(&set[1], &set[0], place * sizeof *set);
    set[0] = entry;
}

void memo_forget(const struct memo *memo)
{
    if (memo->entries == NULL) return;
    memset(memo->entries, 0, (size_t)memo->sets * MEMO_WAYS * sizeof *memo->entries);
}

const struct memo_answer *memo_find(const struct memo *memo, uint64_t key, int64_t now_us)
{
    if (memo->entries == NULL) return NULL;
    struct memo_entry *const set = set_of(memo, key);
    const unsigned place = place_of(set, key);
    if (place == MEMO_WAYS || set[place].expires_us <= now_us) return NULL;
    if (place > 0) put_in_front(set, place, set[place]);
    return &set[0].answer;
}

/* Where a key that is not there goes: what has expired, or is empty, before what is alive. */
static unsigned place_for(const struct memo_entry *set, int64_t now_us)
{
    for (unsigned place = MEMO_WAYS; place-- > 0;) {
        if (set[place].expires_us <= now_us) return place;
    }
    return MEMO_WAYS - 1;
}

bool memo_keep(const struct memo *memo, uint64_t key, struct memo_answer answer, int64_t now_us,
               int64_t expires_us)
{
    assert(expires_us > now_us && expires_us > 0);
    if (memo->entries == NULL) return false;
    struct memo_entry *const set = set_of(memo, key);
    unsigned place = place_of(set, key);
    bool evicts = false;
    if (place == MEMO_WAYS) {
        place = place_for(set, now_us);
        evicts = set[place].expires_us > now_us;
    }
    put_in_front(set, place,
                 (struct memo_entry){.key = key, .expires_us = expires_us, .answer = answer});
    return evicts;
}

void memo_counters_add(struct memo_counters *sum, const struct memo_counters *counters)
{
    sum->hits += counters->hits;
    sum->misses += counters->misses;
    sum->evictions += counters->evictions;
}
