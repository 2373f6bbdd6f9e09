/* router/base/random.h - keyed randomness: every draw is a pure function of what it is for.
 *
 * There is no stream and no state. A draw's key names the replication's seed, the purpose, the
 * order (or the entity and its step in time), the provider, the operation, the item and the
 * attempt, so that adding a fault, a provider or a cache hit moves no other number, and two
 * policies meet the same luck order by order (common random numbers).
 *
 * The mixing function is the 64-bit finaliser of splitmix64 (Steele, Lea, Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014; the constants are variant 13 of David Stafford).
 * Keys are combined by multiplying with odd constants before mixing, two rounds for anything that a
 * key is derived from. tests/router/base/test_random.c checks uniformity, bit balance and
 * independence of neighbouring keys.
 */
#ifndef ROUTER_BASE_RANDOM_H
#define ROUTER_BASE_RANDOM_H

#include <stdint.h>

static inline uint64_t random_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

/* A key one level down: of a replication from the seed, of an order from the replication, ... */
static inline uint64_t random_key(uint64_t parent, uint64_t child)
{
    return random_mix(random_mix(parent + UINT64_C(0x9E3779B97F4A7C15)) ^
                      (child * UINT64_C(0xD1342543DE82EF95) + UINT64_C(0x2545F4914F6CDD1D)));
}

/* The seed of a replication; replication 0 keeps the seed itself. */
static inline uint64_t random_replication(uint64_t seed, uint32_t replication)
{
    return replication == 0 ? seed : random_key(seed, replication);
}

enum random_purpose { /* what a draw is for; part of its key, so the numbers are never reused */
                      RANDOM_ARRIVAL = 1,
                      RANDOM_CART_SIZE,
                      RANDOM_CART_ITEM,
                      RANDOM_QUANTITY,
                      RANDOM_PREFERENCE,
                      RANDOM_POSTAL,
                      RANDOM_LATENCY,
                      RANDOM_ERROR,
                      RANDOM_FAULT,
                      RANDOM_REGIME,
                      RANDOM_PRICE,
                      RANDOM_PROMOTION,
                      RANDOM_STOCK,
                      RANDOM_ETA,
                      RANDOM_RETRY,
                      RANDOM_CONFIRM,
                      RANDOM_OUTCOME,
                      RANDOM_EVENT_SAMPLE,
                      RANDOM_TOKEN,
                      RANDOM_BOOTSTRAP,
                      RANDOM_PROBE,
                      RANDOM_FOREIGN,  /* calls of HTTP clients that are not ours */
                      RANDOM_CACHE,    /* how long a get or a set takes */
                      RANDOM_EVICTION, /* whether a kept quote is lost to a fault */
                      RANDOM_REQUOTE,
                      RANDOM_USER,
                      RANDOM_ACK,     /* how long an operator takes to acknowledge */
                      RANDOM_STEP,    /* how long a step takes */
                      RANDOM_MISTAKE, /* whether one is made in it */
                      RANDOM_RECYCLE, /* when an isolate is replaced */
                      RANDOM_PHASE,   /* of alert ticks, in repeats */
};

/* One draw, 64 uniform bits, under a key (an order's, an entity's). `what` packs the rest. */
static inline uint64_t random_draw(uint64_t key, uint64_t what)
{
    return random_mix(key ^ (what * UINT64_C(0x9E3779B97F4A7C15)));
}

/* Packs purpose (8 bits), provider (8), operation (8), item (16) and attempt (8) without overlap.
 */
static inline uint64_t random_what(enum random_purpose purpose, unsigned provider,
                                   unsigned operation, unsigned item, unsigned attempt)
{
    return ((uint64_t)purpose << 48) | ((uint64_t)(provider + 1) << 40) |
           ((uint64_t)operation << 32) | ((uint64_t)item << 8) | attempt;
}

static inline double random_unit(uint64_t bits) /* [0, 1) with 53 bits */
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* True with probability `rate`, given as round(rate * 2^32); 2^32 is certain. */
static inline int random_chance(uint64_t bits, uint64_t rate_q32)
{
    return (bits >> 32) < rate_q32;
}

static inline uint32_t random_below(uint64_t bits, uint32_t limit) /* [0, limit), bias < 2^-32 */
{
    return (uint32_t)(((bits >> 32) * limit) >> 32);
}

uint64_t random_hash_text(const char *text); /* FNV-1a, mixed: the key of a name */
uint64_t random_rate_q32(double rate);       /* clamps to [0, 1] */

#endif
