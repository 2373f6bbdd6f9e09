/* providers/memo.h - a table of answers that are remembered for a while: stores and prices.
 *
 * A key's hash picks a set of MEMO_WAYS places, in which entries stand by last use, the latest in
 * front. An answer serves until before expires_us; asking for it makes it younger in its set, but
 * its life no longer. A new answer takes the place of the same key's old one; else one that is
 * empty or has expired; else that of the answer not asked for longest, which is an eviction. One
 * set alone is a true LRU cache; of many, a set can overflow while others have room: with keys at
 * half the places, one in 120 finds none free (Poisson, 4 a set).
 *
 * Key:       64 bits, well mixed in the upper half, and taken for what they stand for: among
 *            10^6 keys two are the same by chance in 3 tables of 10^8.
 * Time:      of one clock that does not go back while the table is in use.
 * Memory:    MEMO_ENTRY_BYTES an entry, the caller's; nothing is allocated.
 */
#ifndef PROVIDERS_MEMO_H
#define PROVIDERS_MEMO_H

#include <stdbool.h>
#include <stdint.h>

enum { MEMO_WAYS = 8, MEMO_ENTRY_BYTES = 24 };

struct memo_answer {
    uint32_t number; /* a store's, or the cents of one unit */
    bool found;      /* false: the provider has none, which is remembered too */
    bool exact;      /* of products: not a substitute */
};

struct memo_entry {
    uint64_t key;
    int64_t expires_us; /* 0: an empty place */
    struct memo_answer answer;
};

struct memo {
    struct memo_entry *entries; /* MEMO_WAYS a set; borrowed. NULL: remembers nothing */
    uint32_t sets;
};

struct memo_counters {
    uint64_t hits, misses;
    uint64_t evictions; /* answers that were alive when they had to go */
};

/* As many sets as hold `entries`. */
static inline uint32_t memo_sets(uint32_t entries)
{
    return entries / MEMO_WAYS + (entries % MEMO_WAYS != 0);
}

void memo_forget(const struct memo *memo);

/* The answer, if one is alive; valid until the next call. */
const struct memo_answer *memo_find(const struct memo *memo, uint64_t key, int64_t now_us);

/* Remembers an answer until `expires_us`, which lies after now. True when a living one had to go.
 */
bool memo_keep(const struct memo *memo, uint64_t key, struct memo_answer answer, int64_t now_us,
               int64_t expires_us);

void memo_counters_add(struct memo_counters *sum, const struct memo_counters *counters);

#endif
