#include "providers/cassette_tape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "router/base/random.h"

void tape_init(struct tape *tape)
{
    *tape = (struct tape){.head = {.program = "", .scenario = "", .seed = "", .clock = ""},
                          .end = {.stopped_by = ""}};
    memset(tape->first_of, 0xFF, sizeof tape->first_of);
    memset(tape->last_of, 0xFF, sizeof tape->last_of);
    assert(tape->first_of[0][0] == TAPE_END);
}

void tape_release(struct tape *tape)
{
    free(tape->takes);
    free(tape->keys);
    free(tape->slots);
    arena_release(&tape->arena);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static uint64_t hash_key(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a: keys may hold NUL bytes */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
    return random_mix(hash);
}

/* The slot of a key, or the free one where it belongs. */
static uint32_t *slot_of(const struct tape *tape, const char *bytes, size_t length, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & tape->slot_mask;
    for (; tape->slots[at] != 0; at = (at + 1) & tape->slot_mask) {
        const struct tape_key *const there = &tape->keys[tape->slots[at] - 1];
        if (there->hash == hash && there->length == length &&
            memcmp(there->bytes, bytes, length) == 0) {
            break;
        }
    }
    return &tape->slots[at];
}

static bool grow_slots(struct tape *tape)
{
    const uint32_t count = tape->slots == NULL ? 64 : (tape->slot_mask + 1) * 2;
    uint32_t *const slots = memory_zeroed(count * sizeof *slots);
    if (slots == NULL) return false;
    free(tape->slots);
    tape->slots = slots;
    tape->slot_mask = count - 1;
    for (uint32_t i = 0; i < tape->key_count; i++) {
        const struct tape_key *const key = &tape->keys[i];
        *slot_of(tape, key->bytes, key->length, key->hash) = i + 1;
    }
    return true;
}

static bool grow_keys(struct tape *tape)
{
    if (tape->key_count < tape->key_capacity) return true;
    const uint32_t capacity = tape->key_capacity == 0 ? 32 : tape->key_capacity * 2;
    struct tape_key *const keys = memory_resize(tape->keys, capacity, sizeof *keys);
    if (keys == NULL) return false;
    tape->keys = keys;
    tape->key_capacity = capacity;
    return true;
}

/* The place of a key, which is added if it is new; TAPE_END when memory is out. */
static uint32_t find_or_add(struct tape *tape, const char *key, size_t length)
{
    if (tape->slots == NULL || tape->key_count >= (tape->slot_mask + 1) / 2) {
        if (!grow_slots(tape)) return TAPE_END;
    }
    const uint64_t hash = hash_key(key, length);
    uint32_t *const slot = slot_of(tape, key, length, hash);
    if (*slot != 0) return *slot - 1;
    const char *const bytes = arena_text(&tape->arena, key, length);
    if (bytes == NULL || !grow_keys(tape)) return TAPE_END;
    tape->keys[tape->key_count] = (struct tape_key){.bytes = bytes, .length = length, .hash = hash};
    tape->keys[tape->key_count].first = tape->keys[tape->key_count].last = TAPE_END;
    *slot = ++tape->key_count;
    return *slot - 1;
}

static uint32_t find(const struct tape *tape, const char *key, size_t length)
{
    if (tape->slots == NULL) return TAPE_END;
    const uint32_t slot = *slot_of(tape, key, length, hash_key(key, length));
    return slot != 0 ? slot - 1 : TAPE_END;
}

uint32_t tape_find(const struct tape *tape, const struct text *key)
{
    return find(tape, key->bytes, key->length);
}

/* An order's own call: no request's key begins with this byte. */
enum { OWN_KEY_MARK = 0xFF, OWN_KEY_BYTES = 1 + 4 + 8 + 4 + 4 };

static void make_own_key(uint32_t key, int64_t order, uint32_t item, uint32_t attempt,
                         char own[OWN_KEY_BYTES])
{
    own[0] = (char)OWN_KEY_MARK;
    memcpy(own + 1, &key, sizeof key);
    memcpy(own + 5, &order, sizeof order);
    memcpy(own + 13, &item, sizeof item);
    memcpy(own + 17, &attempt, sizeof attempt);
}

uint32_t tape_find_own(const struct tape *tape, uint32_t key, int64_t order, uint32_t item,
                       uint32_t attempt)
{
    char own[OWN_KEY_BYTES];
    if (order == CASSETTE_NO_ORDER) return TAPE_END;
    make_own_key(key, order, item, attempt, own);
    return find(tape, own, sizeof own);
}

/* ---- takes ----------------------------------------------------------------------------------- */

static bool grow_takes(struct tape *tape)
{
    if (tape->take_count < tape->take_capacity) return true;
    const uint32_t capacity = tape->take_capacity == 0 ? 64 : tape->take_capacity * 2;
    struct tape_take *const takes = memory_resize(tape->takes, capacity, sizeof *takes);
    if (takes == NULL) return false;
    tape->takes = takes;
    tape->take_capacity = capacity;
    return true;
}

bool tape_add(struct tape *tape, const struct tape_take *take, const struct text *key)
{
    assert(take->provider < PROVIDER_COUNT);
    assert(take->operation < OPERATION_COUNT);
    const uint32_t place = find_or_add(tape, key->bytes, key->length);
    uint32_t own_place = TAPE_END;
    if (place == TAPE_END || !grow_takes(tape)) return false;
    if (take->order != CASSETTE_NO_ORDER) {
        char own[OWN_KEY_BYTES];
        make_own_key(place, take->order, take->item, take->attempt, own);
        own_place = find_or_add(tape, own, sizeof own);
        if (own_place == TAPE_END) return false;
    }
    struct tape_take *const to = &tape->takes[tape->take_count];
    *to = *take;
    to->number = tape->take_count++;
    to->key = place;
    to->own_key = own_place;
    return true;
}

/* ---- chains ---------------------------------------------------------------------------------- */

static int by_sending(const void *left, const void *right)
{
    const struct tape_take *const a = left, *const b = right;
    if (a->at_us != b->at_us) return a->at_us < b->at_us ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void link_take(struct tape *tape, uint32_t added)
{
    struct tape_take *const takes = tape->takes, *const take = &takes[added];
    take->next_of_key = take->next_of_own_key = take->next_of_operation = TAPE_END;

    struct tape_key *const same = &tape->keys[take->key];
    if (same->first == TAPE_END) {
        same->first = added;
    } else {
        takes[same->last].next_of_key = added;
    }
    same->last = added;
    if (take->own_key != TAPE_END) {
        struct tape_key *const own = &tape->keys[take->own_key];
        if (own->first == TAPE_END) {
            own->first = added;
        } else {
            takes[own->last].next_of_own_key = added;
        }
        own->last = added;
    }
    uint32_t *const last = &tape->last_of[take->provider][take->operation];
    if (*last == TAPE_END) {
        tape->first_of[take->provider][take->operation] = added;
    } else {
        takes[*last].next_of_operation = added;
    }
    *last = added;
}

void tape_link(struct tape *tape)
{
    if (tape->take_count == 0) return;
    qsort(tape->takes, tape->take_count, sizeof tape->takes[0], by_sending);
    for (uint32_t i = 0; i < tape->take_count; i++)
        link_take(tape, i);
}
