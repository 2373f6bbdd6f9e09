#include "providers/cassette_tape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "router/base/random.h"

void tape_init(struct tape *tape)
{
    *tape = (struct tape){.program = ""};
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

static uint64_t hash_key(const struct text *key)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325); /* FNV-1a: keys may hold NUL bytes */
    for (size_t i = 0; i < key->length; i++)
        hash = (hash ^ (unsigned char)key->bytes[i]) * UINT64_C(0x100000001B3);
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
static uint32_t find_or_add(struct tape *tape, const struct text *key)
{
    if (tape->slots == NULL || tape->key_count >= (tape->slot_mask + 1) / 2) {
        if (!grow_slots(tape)) return TAPE_END;
    }
    const uint64_t hash = hash_key(key);
    uint32_t *const slot = slot_of(tape, key->bytes, key->length, hash);
    if (*slot != 0) return *slot - 1;
    const char *const bytes = arena_text(&tape->arena, key->bytes, key->length);
    if (bytes == NULL || !grow_keys(tape)) return TAPE_END;
    tape->keys[tape->key_count] =
        (struct tape_key){.bytes = bytes, .length = key->length, .hash = hash};
    tape->keys[tape->key_count].first = tape->keys[tape->key_count].last = TAPE_END;
    *slot = ++tape->key_count;
    return *slot - 1;
}

uint32_t tape_find(const struct tape *tape, const struct text *key)
{
    if (tape->slots == NULL) return TAPE_END;
    const uint32_t slot = *slot_of(tape, key->bytes, key->length, hash_key(key));
    return slot != 0 ? slot - 1 : TAPE_END;
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
    const uint32_t place = find_or_add(tape, key);
    if (place == TAPE_END || !grow_takes(tape)) return false;
    const uint32_t added = tape->take_count++;
    struct tape_take *const to = &tape->takes[added];
    *to = *take;
    to->key = place;
    to->next_of_key = to->next_of_operation = TAPE_END;

    struct tape_key *const same = &tape->keys[place];
    if (same->first == TAPE_END) {
        same->first = added;
    } else {
        tape->takes[same->last].next_of_key = added;
    }
    same->last = added;
    uint32_t *const last = &tape->last_of[take->provider][take->operation];
    if (*last == TAPE_END) {
        tape->first_of[take->provider][take->operation] = added;
    } else {
        tape->takes[*last].next_of_operation = added;
    }
    *last = added;
    return true;
}
