#include "sim/analysis/pairing.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "router/history.h"

enum { RING_FIRST = 1024 };

enum waiting { WAITING_NONE, WAITING_A, WAITING_B, WAITING_PAIRED };

struct place_in_ring {
    struct pair_side a, b;
    enum waiting state;
};

struct ring {
    struct place_in_ring *places;
    uint64_t capacity; /* a power of two */
    uint64_t base;     /* the lowest index that has not been handed out */
    uint64_t unpaired_a, unpaired_b;
};

struct stream {
    struct quote_record_reader reader;
    struct pairing_side *side;
    const char *path;
    bool ended;
};

static bool damaged(const struct stream *stream, struct err *err, const char *what, uint64_t index)
{
    return err_fail(err, ERR_INPUT, (struct place){.file = stream->path},
                    "record %" PRIu64 " is damaged: order %" PRIu64 " %s",
                    stream->reader.record - 1, index, what);
}

/* ---- one record ---- */

static void read_savings(const struct quote_record *record, struct pair_side *side)
{
    int64_t cheapest_cents = INT64_MAX, sum_cents = 0, others = 0;
    side->quotes = 1;
    for (unsigned i = 0; i < record->as.order.quote_count; i++) {
        const struct quote_record_quote *quote = &record->as.order.quotes[i];
        if (i == record->as.order.selected || (quote->flags & QUOTE_FLAG_SCORED) == 0) continue;
        side->quotes++;
        others++;
        sum_cents += quote->total_cents;
        if (quote->total_cents < cheapest_cents) cheapest_cents = quote->total_cents;
    }
    if (others == 0) return;
    side->saved_best_cents = cheapest_cents - side->total_cents;
    side->saved_mean_hundredths_cents = sum_cents * 100 / others - side->total_cents * 100;
}

static void read_order(const struct quote_record *record, struct pair_side *side)
{
    *side = (struct pair_side){
        .start_us = record->as.order.start_us,
        .latency_us = record->as.order.decided_us - record->as.order.start_us,
        .items = record->as.order.items,
        .code = record->as.order.code,
        .selected = PAIRING_NONE,
    };
    for (unsigned i = 0; i < record->as.order.quote_count; i++) {
        const struct quote_record_quote *quote = &record->as.order.quotes[i];
        const bool stands_in = (quote->flags & QUOTE_FLAG_FELL_BACK) != 0;
        if ((quote->flags & QUOTE_FLAG_CANNED) != 0 && !stands_in) continue;
        if ((quote->flags & QUOTE_FLAG_CACHED) != 0) continue; /* kept: nobody was asked */
        side->asked |= (uint8_t)(1u << quote->provider);
        if (quote->outcome == QUOTE_OK) side->answered |= (uint8_t)(1u << quote->provider);
    }
    if (side->code != ORDER_ROUTED) return;
    const struct quote_record_quote *won = &record->as.order.quotes[record->as.order.selected];
    side->selected = won->provider;
    side->canned = (won->flags & QUOTE_FLAG_CANNED) != 0;
    side->filled = (uint32_t)won->found + won->substituted;
    side->eta_minutes = won->eta_minutes;
    side->total_cents = won->total_cents;
    side->commission_cents =
        history_commission_cents((enum provider)won->provider, won->total_cents);
    read_savings(record, side);
}

/* ---- the ring ---- */

static bool ring_reach(struct ring *ring, uint64_t index, struct err *err)
{
    uint64_t capacity = ring->capacity == 0 ? RING_FIRST : ring->capacity;
    while (index - ring->base >= capacity)
        capacity *= 2;
    if (capacity == ring->capacity) return true;
    struct place_in_ring *places = calloc(capacity, sizeof *places);
    if (places == NULL) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint64_t i = ring->base; i < ring->base + ring->capacity; i++)
        places[i & (capacity - 1)] = ring->places[i & (ring->capacity - 1)];
    free(ring->places);
    ring->places = places;
    ring->capacity = capacity;
    return true;
}

static bool same_order(const struct pairing *pairing, uint64_t index, const struct pair_side *a,
                       const struct pair_side *b, struct err *err)
{
    if (a->start_us == b->start_us && a->items == b->items) return true;
    (void)err_fail(err, ERR_INPUT, (struct place){.file = pairing->path_b},
                   "order %" PRIu64 " starts at %" PRId64 " us with %u lines here, and at %" PRId64
                   " us with %u lines in %s",
                   index, b->start_us, (unsigned)b->items, a->start_us, (unsigned)a->items,
                   pairing->path_a);
    return err_hint(err, "the two runs did not have the same workload");
}

/* Hands out every pair that is complete up to the first that is not. */
static bool ring_drain(struct ring *ring, struct pairing *pairing, struct err *err)
{
    for (;;) {
        struct place_in_ring *place = &ring->places[ring->base & (ring->capacity - 1)];
        if (place->state != WAITING_PAIRED) return true;
        if (!same_order(pairing, ring->base, &place->a, &place->b, err)) return false;
        pairing->take(pairing->context, ring->base, &place->a, &place->b);
        place->state = WAITING_NONE;
        ring->base++;
        pairing->pairs++;
    }
}

static bool ring_add(struct ring *ring, struct pairing *pairing, const struct stream *stream,
                     const struct quote_record *record, struct err *err)
{
    const bool is_a = stream->side == &pairing->a;
    const enum waiting mine = is_a ? WAITING_A : WAITING_B;
    const uint64_t index = record->as.order.index;
    if (index < ring->base) return damaged(stream, err, "comes twice", index);
    if (index - ring->base >= PAIRING_RING_MAX) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = stream->path},
                       "order %" PRIu64 " comes, and order %" PRIu64
                       " is still missing here or in its partner",
                       index, ring->base);
        return false;
    }
    if (!ring_reach(ring, index, err)) return false;
    struct place_in_ring *place = &ring->places[index & (ring->capacity - 1)];
    if (place->state == mine || place->state == WAITING_PAIRED)
        return damaged(stream, err, "comes twice", index);
    read_order(record, is_a ? &place->a : &place->b);
    if (place->state == WAITING_NONE) {
        place->state = mine;
        ring->unpaired_a += is_a;
        ring->unpaired_b += !is_a;
        return true;
    }
    ring->unpaired_a -= place->state == WAITING_A;
    ring->unpaired_b -= place->state == WAITING_B;
    place->state = WAITING_PAIRED;
    return index != ring->base || ring_drain(ring, pairing, err);
}

/* ---- the two files ---- */

static bool stream_open(struct stream *stream, uint64_t *records, struct err *err)
{
    struct stat facts;
    const struct place place = {.file = stream->path};
    if (stat(stream->path, &facts) != 0 && errno == ENOENT) {
        (void)err_fail(err, ERR_INPUT, place, "there is no such file: the run kept no quotes");
        return err_hint(err, "run it again without --no-quotes");
    }
    if (!quote_record_open(&stream->reader, stream->path, err)) return false;
    stream->side->header = stream->reader.header;
    *records = 0;
    if (stat(stream->path, &facts) == 0)
        *records = (uint64_t)facts.st_size / sizeof(struct quote_record);
    return true;
}

/* One record of an order into the ring; settings of the router on the way to it are noted. */
static bool stream_step(struct stream *stream, struct ring *ring, struct pairing *pairing,
                        struct err *err)
{
    struct quote_record record;
    while (!stream->ended) {
        if (!quote_record_next(&stream->reader, &record, err)) {
            stream->ended = true;
            return err->code == ERR_NONE;
        }
        if (record.kind == QUOTE_RECORD_ORDER) return ring_add(ring, pairing, stream, &record, err);
        if (record.kind == QUOTE_RECORD_LATE) continue; /* no part of any decision */
        if (stream->side->configs++ == 0) stream->side->config = record;
    }
    return true;
}

/* A file cut off between two records looks whole: its partner knows better. */
static bool all_paired(const struct ring *ring, const struct pairing *pairing, struct err *err)
{
    if (ring->unpaired_a == 0 && ring->unpaired_b == 0) return true;
    const bool a_lacks = ring->unpaired_b > 0;
    (void)err_fail(err, ERR_INPUT,
                   (struct place){.file = a_lacks ? pairing->path_a : pairing->path_b},
                   "%" PRIu64 " orders are missing that %s has, order %" PRIu64
                   " first: it is cut off, or the runs differ",
                   a_lacks ? ring->unpaired_b : ring->unpaired_a,
                   a_lacks ? pairing->path_b : pairing->path_a, ring->base);
    return err_hint(err, "run the scenario again");
}

bool pairing_run(struct pairing *pairing, struct err *err)
{
    assert(pairing->take != NULL);
    struct stream a = {.side = &pairing->a, .path = pairing->path_a};
    struct stream b = {.side = &pairing->b, .path = pairing->path_b};
    struct ring ring = {0};
    uint64_t records_a = 0, records_b = 0;
    bool ok = stream_open(&a, &records_a, err) && stream_open(&b, &records_b, err);
    pairing->records_most = records_a > records_b ? records_a : records_b;
    while (ok && !(a.ended && b.ended)) {
        ok = stream_step(&a, &ring, pairing, err) && stream_step(&b, &ring, pairing, err);
    }
    ok = ok && all_paired(&ring, pairing, err);
    quote_record_close(&a.reader);
    quote_record_close(&b.reader);
    free(ring.places);
    return ok;
}
