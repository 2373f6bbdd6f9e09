/* router/cache.h - quotes that are kept for a while: their keys, their bytes, and when not to ask.
 *
 * Nothing here keeps anything: where quotes are kept is the world's business, behind
 * struct router_port. Here is what production and a simulation must have in common: what a key is
 * made of, which bytes stand for a quote, and the circuit breaker that keeps a dead cache from
 * costing every order its timeout.
 *
 * A key is 128 bits over the provider, the postal code, and the cart as a set of lines (name and
 * quantity; their order does not matter), and with QUOTE_KEY_USER the user too. Its text is what
 * Redis sees: "quote:KROGER_API:" and 32 hexadecimal digits. The preference is no part of it:
 * providers are not told.
 *
 * Bytes are little-endian, of one fixed length, with a version, the key they were written for and a
 * check sum over all of them: what another program, another version or a broken disk left under our
 * key reads as damaged, and is asked for again.
 *
 * The breaker counts failures in a row. At `failures` it opens: for `skip_us` the cache is not
 * asked at all. Then one recall may try it; while that one is out, others still go without. Its
 * success closes the breaker, its failure opens it for another span.
 *
 * Ownership: everything is the caller's, nothing is allocated.
 * Failure:   none; damaged bytes are an outcome.
 */
#ifndef ROUTER_CACHE_H
#define ROUTER_CACHE_H

#include <stddef.h>

#include "router/order.h"
#include "router/policy.h"
#include "router/quote.h"

enum cache_error {
    CACHE_OK,
    CACHE_REFUSED, /* nobody there, or the connection broke */
    CACHE_TIMEOUT, /* no answer within policy.cache.timeout_us */
    CACHE_FAILED,  /* it answered that it cannot: out of memory, loading, a wrong type */
    CACHE_DAMAGED, /* it answered with bytes that are none of ours */
    CACHE_ERROR_COUNT
};
extern const char *const cache_error_names[CACHE_ERROR_COUNT]; /* "OK", "REFUSED", ... */

/* ---- keys ---- */

struct cache_key {
    enum provider provider;
    uint64_t high, low;
};

enum { CACHE_KEY_TEXT_MAX = 64, CACHE_QUOTE_BYTES = 96 };

struct cache_key cache_key_make(enum quote_key kind, enum provider provider,
                                const struct order_request *request);
void cache_key_text(const struct cache_key *key, char text[static CACHE_KEY_TEXT_MAX]);

/* ---- bytes ---- */

struct cache_quote {
    struct quote quote;
    int64_t made_us; /* when the provider's answer came */
    int64_t expires_us;
    uint16_t calls; /* that the provider took to give it: what a hit saves */
};

void cache_quote_write(const struct cache_quote *cached, const struct cache_key *key,
                       unsigned char bytes[static CACHE_QUOTE_BYTES]);

/* False when these are not the bytes of a quote under this key. */
bool cache_quote_read(struct cache_quote *cached, const struct cache_key *key,
                      const unsigned char *bytes, size_t length);

struct cache_answer { /* of a recall */
    enum cache_error error;
    const unsigned char *bytes; /* borrowed for the call; not read when length is 0 */
    size_t length;              /* 0: nothing is kept */
};

/* ---- the breaker ---- */

struct cache_breaker {
    uint32_t failed;       /* in a row */
    bool trying;           /* the one recall that tries a cache given up on is out */
    int64_t open_until_us; /* 0: closed */
    uint64_t opened;       /* times */
};

/* Whether a recall may go out now. With true, its end is told by one of the two below. */
bool cache_breaker_allows(struct cache_breaker *breaker, int64_t now_us);
void cache_breaker_good(struct cache_breaker *breaker);
void cache_breaker_bad(struct cache_breaker *breaker, const struct cache_policy *policy,
                       int64_t now_us);

/* ---- what is counted ---- */

enum recall {                 /* what came of asking for one kept quote */
              RECALL_UNASKED, /* no quote cache, or the provider is a forced mock */
              RECALL_HIT,
              RECALL_MISS,    /* nothing was kept */
              RECALL_EXPIRED, /* something was, and its life was over */
              RECALL_REFUSED, /* as enum cache_error, from here */
              RECALL_TIMEOUT,
              RECALL_FAILED,
              RECALL_DAMAGED, /* to here */
              RECALL_LATE,    /* the order's deadline came first */
              RECALL_SKIPPED, /* the breaker was open: not asked */
              RECALL_COUNT
};
extern const char *const recall_names[RECALL_COUNT + 1]; /* "unasked", "hit", ...; NULL ends */

/* Whether the cache was asked. */
static inline bool recall_asked(enum recall recall)
{
    return recall != RECALL_UNASKED && recall != RECALL_SKIPPED;
}

struct cache_counters {
    uint64_t recalls[RECALL_COUNT];
    uint64_t sets;
    uint64_t sets_skipped; /* the breaker was open */
    uint64_t set_errors;
};

#endif
