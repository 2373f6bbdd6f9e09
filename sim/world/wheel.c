#include "sim/world/wheel.h"

#include <assert.h>
#include <stdlib.h>

#include "router/base/memory.h"

enum {
    DIGIT_BITS = 12, /* 64 words of 64 bits: one word says which of them are not zero */
    BUCKETS = 1 << DIGIT_BITS,
    LEVELS = 5,
    WORDS = BUCKETS / 64,
    CACHED_COUNT = 8192, /* up to so many nodes are likely to lie in a near cache */
};

struct wheel_bucket { /* a list's two ends, laid out as a node begins */
    struct wheel_node *next;
    struct wheel_node *prev;
};
static_assert(offsetof(struct wheel_bucket, next) == offsetof(struct wheel_node, next), "one ring");
static_assert(offsetof(struct wheel_bucket, prev) == offsetof(struct wheel_node, prev), "one ring");

struct wheel {
    int64_t now_us;
    size_t count;
    uint64_t filled_words[LEVELS];  /* bit i: word i of the level has a bit */
    uint64_t filled[LEVELS][WORDS]; /* bit i of word w: bucket 64 w + i has a node */
    struct wheel_bucket buckets[LEVELS][BUCKETS];
};

/* The ring's own link, which stands before the first node and after the last. Only its `next` and
 * `prev` exist; a whole node a bucket would double what has to fit into the cache. */
static inline struct wheel_node *ring_of(struct wheel *wheel, unsigned level, unsigned index)
{
    return (struct wheel_node *)(void *)&wheel->buckets[level][index];
}

struct wheel *wheel_create(void)
{
    struct wheel *wheel = memory_zeroed(sizeof *wheel);
    if (wheel == NULL) return NULL;
    for (unsigned level = 0; level < LEVELS; level++) {
        for (unsigned index = 0; index < BUCKETS; index++) {
            struct wheel_node *const ring = ring_of(wheel, level, index);
            ring->next = ring;
            ring->prev = ring;
        }
    }
    return wheel;
}

void wheel_destroy(struct wheel *wheel)
{
    free(wheel);
}

int64_t wheel_now_us(const struct wheel *wheel)
{
    return wheel->now_us;
}

size_t wheel_count(const struct wheel *wheel)
{
    return wheel->count;
}

static inline unsigned digit_of(int64_t us, unsigned level)
{
    return (unsigned)((uint64_t)us >> (level * DIGIT_BITS)) & (BUCKETS - 1u);
}

/* The level of the highest digit in which two instants differ; 0 when none does. */
static inline unsigned level_of(int64_t due_us, int64_t now_us)
{
    const uint64_t differ = (uint64_t)(due_us ^ now_us);
    if (differ < BUCKETS) return 0;
    if (differ < (uint64_t)BUCKETS * BUCKETS) return 1;
    return (63u - (unsigned)__builtin_clzll(differ)) / DIGIT_BITS;
}

static inline void append(struct wheel *wheel, struct wheel_node *node)
{
    const unsigned level = level_of(node->due_us, wheel->now_us);
    const unsigned index = digit_of(node->due_us, level);
    struct wheel_node *const ring = ring_of(wheel, level, index);
    struct wheel_node *const last = ring->prev;
    node->next = ring;
    node->prev = last;
    node->bucket = level * BUCKETS + index;
    last->next = node;
    ring->prev = node;
    wheel->filled[level][index / 64] |= UINT64_C(1) << (index % 64);
    wheel->filled_words[level] |= UINT64_C(1) << (index / 64);
}

static inline void mark_empty(struct wheel *wheel, unsigned level, unsigned index)
{
    uint64_t *const word = &wheel->filled[level][index / 64];
    *word &= ~(UINT64_C(1) << (index % 64));
    if (*word == 0) wheel->filled_words[level] &= ~(UINT64_C(1) << (index / 64));
}

static inline void take_out(struct wheel *wheel, struct wheel_node *node)
{
    struct wheel_node *const next = node->next;
    struct wheel_node *const prev = node->prev;
    prev->next = next;
    next->prev = prev;
    node->next = NULL;
    wheel->count--;
    /* Both neighbours are one thing only if that is the ring: it was the last node in there. */
    if (next == prev) mark_empty(wheel, node->bucket / BUCKETS, node->bucket % BUCKETS);
}

void wheel_add(struct wheel *wheel, struct wheel_node *node, int64_t due_us)
{
    assert(node->next == NULL);
    assert(due_us >= wheel->now_us);
    assert(due_us <= WHEEL_DUE_US_MAX);
    node->due_us = due_us;
    append(wheel, node);
    wheel->count++;
}

void wheel_cancel(struct wheel *wheel, struct wheel_node *node)
{
    if (node->next != NULL) take_out(wheel, node);
}

/* Brings a list into the cache from both ends at once. A walk waits for one node before it knows
 * where the next is; two walks wait for two. With 10^6 events pending that saves a third. */
static void fetch(const struct wheel_node *ring)
{
    const struct wheel_node *front = ring->next;
    const struct wheel_node *back = ring->prev;
    while (front != back && front->next != back) {
        front = front->next;
        back = back->prev;
        __builtin_prefetch(front);
        __builtin_prefetch(back);
    }
}

/* Deals a bucket's nodes to lower levels, in order; now has just entered it. */
static void deal(struct wheel *wheel, unsigned level, unsigned index)
{
    struct wheel_node *const ring = ring_of(wheel, level, index);
    if (wheel->count > CACHED_COUNT) fetch(ring);
    struct wheel_node *node = ring->next;
    ring->next = ring;
    ring->prev = ring;
    mark_empty(wheel, level, index);
    while (node != ring) {
        struct wheel_node *const next = node->next;
        append(wheel, node);
        node = next;
    }
}

/* The first bucket of a level that is not empty; it has one. No node is due before now, so the
 * first of all is the first from now on. */
static inline unsigned first_filled(const struct wheel *wheel, unsigned level)
{
    const unsigned word = (unsigned)__builtin_ctzll(wheel->filled_words[level]);
    return word * 64 + (unsigned)__builtin_ctzll(wheel->filled[level][word]);
}

int64_t wheel_next_us(const struct wheel *wheel)
{
    if (wheel->count == 0) return INT64_MAX;
    unsigned level = 0;
    while (wheel->filled_words[level] == 0)
        level++;
    const unsigned index = first_filled(wheel, level);
    const struct wheel_bucket *const bucket = &wheel->buckets[level][index];
    if (level == 0 || bucket->next == bucket->prev) return bucket->next->due_us;
    const unsigned shift = level * DIGIT_BITS;
    const uint64_t above = (uint64_t)wheel->now_us >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
    return (int64_t)(above | (uint64_t)index << shift);
}

/* Nothing is due up to `until_us`: enters its buckets, from the widest down. */
static void advance(struct wheel *wheel, int64_t until_us)
{
    const uint64_t passed = (uint64_t)(until_us ^ wheel->now_us);
    wheel->now_us = until_us;
    if (wheel->count == 0) return;
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        const unsigned index = digit_of(until_us, level);
        if (passed >> (level * DIGIT_BITS) == 0) continue;
        if (wheel->filled[level][index / 64] >> (index % 64) & 1) deal(wheel, level, index);
    }
}

/* The next node lies in a bucket of `level`, the levels below being empty. A single one is the
 * answer; else now enters the bucket, and the answer is NULL. Neither goes beyond `until_us`. */
static struct wheel_node *enter(struct wheel *wheel, unsigned level, int64_t until_us, bool *beyond)
{
    const unsigned index = first_filled(wheel, level);
    const unsigned shift = level * DIGIT_BITS;
    const uint64_t above = (uint64_t)wheel->now_us >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
    const int64_t start_us = (int64_t)(above | (uint64_t)index << shift);
    struct wheel_node *const ring = ring_of(wheel, level, index);
    struct wheel_node *const first = ring->next;
    if (first == ring->prev) {
        *beyond = first->due_us > until_us;
        return *beyond ? NULL : first;
    }
    *beyond = start_us > until_us;
    if (*beyond) return NULL;
    wheel->now_us = start_us;
    deal(wheel, level, index);
    return NULL;
}

struct wheel_node *wheel_pop(struct wheel *wheel, int64_t until_us)
{
    if (until_us < wheel->now_us) return NULL;
    bool beyond = wheel->count == 0;
    while (!beyond) {
        unsigned level = 0;
        while (wheel->filled_words[level] == 0)
            level++;
        struct wheel_node *node;
        if (level == 0) {
            node = ring_of(wheel, 0, first_filled(wheel, 0))->next;
            beyond = node->due_us > until_us;
            if (beyond) node = NULL;
        } else {
            node = enter(wheel, level, until_us, &beyond);
        }
        if (node == NULL) continue;
        take_out(wheel, node);
        wheel->now_us = node->due_us;
        return node;
    }
    advance(wheel, until_us);
    return NULL;
}
