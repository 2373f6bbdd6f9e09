/* providers/cassette_tape.h - the takes of a cassette in memory, as its files share them.
 *
 * A tape is what a file holds: it is read once and never changed, so that several players in
 * several threads may play it. Takes of one key form a chain in the order in which they were sent,
 * and so do those of one provider and operation. In real time they end, and are recorded, in
 * another order: tape_link() makes the chains when all takes are there.
 *
 * A key is a request's, or that of an order's own call: the request's place, order, item and
 * attempt.
 *
 * Ownership: all texts live in the tape's arena.
 */
#ifndef PROVIDERS_CASSETTE_TAPE_H
#define PROVIDERS_CASSETTE_TAPE_H

#include "providers/cassette_line.h"
#include "router/base/arena.h"

#define CASSETTE_SCHEMA  "routesim.cassette/"
#define CASSETTE_VERSION "2"

#define TAPE_END UINT32_MAX

struct tape_take {
    enum provider provider;
    enum api api;
    enum operation operation;
    enum call_fate fate;
    int64_t order; /* CASSETTE_NO_ORDER: nobody's own */
    uint32_t item, attempt;
    int64_t at_us, latency_us;
    uint16_t status; /* from here on: what answered */
    uint32_t retry_after_s;
    bool truncated;
    const char *content_type; /* NULL: none */
    const char *body;
    size_t body_length;
    uint32_t number;            /* in the file */
    uint32_t key;               /* place in tape->keys */
    uint32_t own_key;           /* the same; TAPE_END: no order owns it */
    uint32_t next_of_key;       /* the next take of the same request; TAPE_END: none */
    uint32_t next_of_own_key;   /* the next one of the same order's same call */
    uint32_t next_of_operation; /* the next one of provider and operation */
};

struct tape_key {
    const char *bytes;
    size_t length;
    uint64_t hash;
    uint32_t first, last; /* takes */
};

struct tape {
    struct arena arena;
    struct cassette_head head;
    struct cassette_end end;
    bool ended;   /* the last line is there */
    bool altered; /* it names another number of takes, or another sum */
    struct tape_take *takes;
    uint32_t take_count, take_capacity;
    struct tape_key *keys;
    uint32_t key_count, key_capacity;
    uint32_t *slots; /* 1 + place of a key; open addressing, at most half full; 0: free */
    uint32_t slot_mask;
    uint32_t first_of[PROVIDER_COUNT][OPERATION_COUNT]; /* TAPE_END: no take */
    uint32_t last_of[PROVIDER_COUNT][OPERATION_COUNT];
};

void tape_init(struct tape *tape);
void tape_release(struct tape *tape);

/* Appends a take; `key` is copied. False when memory is out. */
bool tape_add(struct tape *tape, const struct tape_take *take, const struct text *key);

/* All takes are there: puts them in the order in which they were sent, and makes the chains. */
void tape_link(struct tape *tape);

/* The place of a key; TAPE_END: no take has it. */
uint32_t tape_find(const struct tape *tape, const struct text *key);

/* The place of the key of an order's own call of a request; TAPE_END: no take has it. */
uint32_t tape_find_own(const struct tape *tape, uint32_t key, int64_t order, uint32_t item,
                       uint32_t attempt);

/* A player that owns the tape, which was allocated; NULL when memory is out, and then it does not.
 */
struct cassette *cassette_of_tape(struct tape *tape);

#endif
