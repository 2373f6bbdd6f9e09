#include "providers/cassette_needles.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "providers/cassette_base64.h"
#include "router/base/memory.h"
#include "router/base/random.h"

enum { PREFIX_BYTES = 4, SLOTS_LEAST = 64 };

struct needle {
    char *bytes;
    size_t length;
    uint32_t token;
    uint32_t next; /* 1 + place of an older needle of the same prefix, or as short; 0: none */
    bool sought;
    bool trace; /* of another needle in base64 */
};

/* ---- tables ---------------------------------------------------------------------------------- */

static uint32_t hash_text(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
    return (uint32_t)random_mix(hash);
}

static inline uint32_t hash_prefix(const char *bytes)
{
    uint32_t prefix;
    memcpy(&prefix, bytes, sizeof prefix);
    return prefix * UINT32_C(2654435769) >> 7;
}

static uint32_t *text_slot(const struct needles *needles, const char *bytes, size_t length)
{
    uint32_t at = hash_text(bytes, length) & needles->mask;
    for (; needles->by_text[at] != 0; at = (at + 1) & needles->mask) {
        const struct needle *const there = &needles->items[needles->by_text[at] - 1];
        if (there->length == length && memcmp(there->bytes, bytes, length) == 0) break;
    }
    return &needles->by_text[at];
}

static void chain(struct needles *needles, uint32_t place)
{
    struct needle *const needle = &needles->items[place];
    uint32_t *const head = needle->length < PREFIX_BYTES
                               ? &needles->shortest
                               : &needles->by_prefix[hash_prefix(needle->bytes) & needles->mask];
    needle->next = *head;
    *head = place + 1;
}

static bool make_tables(struct needles *needles, uint32_t slots)
{
    uint32_t *const by_text = memory_zeroed(slots * sizeof *by_text);
    uint32_t *const by_prefix = memory_zeroed(slots * sizeof *by_prefix);
    if (by_text == NULL || by_prefix == NULL) {
        free(by_text);
        free(by_prefix);
        return false;
    }
    free(needles->by_text);
    free(needles->by_prefix);
    needles->by_text = by_text;
    needles->by_prefix = by_prefix;
    needles->mask = slots - 1;
    needles->shortest = 0;
    for (uint32_t i = 0; i < needles->count; i++) {
        *text_slot(needles, needles->items[i].bytes, needles->items[i].length) = i + 1;
        if (needles->items[i].sought) chain(needles, i);
    }
    return true;
}

/* Room for one more needle, in tables at most a quarter full: few places share a slot by chance. */
static bool make_room(struct needles *needles)
{
    if (needles->count == needles->capacity) {
        const uint32_t capacity = needles->capacity == 0 ? 16 : needles->capacity * 2;
        struct needle *const items =
            memory_resize(needles->items, capacity, sizeof needles->items[0]);
        if (items == NULL) return false;
        needles->items = items;
        needles->capacity = capacity;
    }
    if (needles->mask == 0) return make_tables(needles, SLOTS_LEAST);
    if (needles->count < (needles->mask + 1) / 4) return true;
    return make_tables(needles, (needles->mask + 1) * 2);
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* Adds a text or mends the one that is there, as `traits` say; true when it is sought only from now
 * on. */
static bool add(struct needles *needles, const char *bytes, size_t length, struct needle traits)
{
    if (needles->failed || length == 0) return false;
    char *copy = NULL;
    needles->failed = !make_room(needles);
    uint32_t *const slot = needles->failed ? NULL : text_slot(needles, bytes, length);
    if (slot != NULL && *slot == 0) {
        copy = memory_resize(NULL, length, 1);
        needles->failed = copy == NULL;
    }
    if (needles->failed) return false;
    if (copy != NULL) {
        memcpy(copy, bytes, length);
        needles->items[needles->count] =
            (struct needle){.bytes = copy, .length = length, .trace = traits.trace};
        *slot = ++needles->count;
    }
    struct needle *const needle = &needles->items[*slot - 1];
    if (needle->token == 0) needle->token = traits.token;
    needle->trace = needle->trace && traits.trace;
    if (needle->sought || !traits.sought) return false;
    needle->sought = true;
    chain(needles, *slot - 1);
    return true;
}

/* The characters that a text's own bits decide, when `before` other bytes stand in front of it. */
static void add_trace(struct needles *needles, const char *bytes, size_t length, size_t before)
{
    static const char zeros[2];
    const struct needle traits = {.sought = true, .trace = true};
    struct text framed = {0}, encoded = {0};
    text_append(&framed, zeros, before);
    text_append(&framed, bytes, length);
    if (!framed.failed) cassette_base64_encode(&encoded, framed.bytes, framed.length);
    if (framed.failed || encoded.failed) {
        needles->failed = true;
    } else {
        char *const trace = encoded.bytes + (before * 8 + 5) / 6;
        const size_t count = framed.length * 8 / 6 - (before * 8 + 5) / 6;
        (void)add(needles, trace, count, traits);
        for (size_t i = 0; i < count; i++) { /* the alphabet of URLs */
            if (trace[i] == '+') trace[i] = '-';
            if (trace[i] == '/') trace[i] = '_';
        }
        (void)add(needles, trace, count, traits);
        OPENSSL_cleanse(encoded.bytes, encoded.length);
    }
    if (framed.bytes != NULL) OPENSSL_cleanse(framed.bytes, framed.length);
    text_release(&encoded);
    text_release(&framed);
}

void needles_add(struct needles *needles, const char *bytes, size_t length, uint32_t token)
{
    const struct needle traits = {.token = token, .sought = true};
    if (!add(needles, bytes, length, traits) || length < PREFIX_BYTES) return;
    for (size_t before = 0; before < 3; before++)
        add_trace(needles, bytes, length, before);
}

void needles_note(struct needles *needles, const char *bytes, size_t length, uint32_t token)
{
    (void)add(needles, bytes, length, (struct needle){.token = token});
}

uint32_t needles_token(const struct needles *needles, const char *bytes, size_t length)
{
    if (needles->mask == 0) return 0;
    const uint32_t *const slot = text_slot(needles, bytes, length);
    return *slot != 0 ? needles->items[*slot - 1].token : 0;
}

void needles_release(struct needles *needles)
{
    for (uint32_t i = 0; i < needles->count; i++) {
        OPENSSL_cleanse(needles->items[i].bytes, needles->items[i].length);
        free(needles->items[i].bytes);
    }
    free(needles->items);
    free(needles->by_text);
    free(needles->by_prefix);
    *needles = (struct needles){0};
}

/* ---- finding --------------------------------------------------------------------------------- */

struct search {
    const char *bytes;
    size_t length;
    void *context;
    needle_found found;
    size_t traced_to; /* the end of the last run of base64 that was found */
};

static void report(struct search *search, const struct needle *needle, size_t start, size_t end)
{
    if (needle->trace) { /* the bytes around it were encoded with it */
        if (end <= search->traced_to) return;
        while (start > 0 && cassette_base64_bits(search->bytes[start - 1]) >= 0)
            start--;
        while (end < search->length && cassette_base64_bits(search->bytes[end]) >= 0)
            end++;
        while (end < search->length && search->bytes[end] == '=')
            end++;
        search->traced_to = end;
    }
    search->found(search->context, start, end, needle->trace ? 0 : needle->token);
}

static void try_chain(const struct needles *needles, uint32_t place, struct search *search,
                      size_t at)
{
    while (place != 0) {
        const struct needle *const needle = &needles->items[place - 1];
        if (needle->length <= search->length - at &&
            memcmp(search->bytes + at, needle->bytes, needle->length) == 0) {
            report(search, needle, at, at + needle->length);
        }
        place = needle->next;
    }
}

static void find_cut(const struct needles *needles, struct search *search)
{
    for (uint32_t i = 0; i < needles->count; i++) {
        const struct needle *const needle = &needles->items[i];
        if (!needle->sought || needle->length <= PREFIX_BYTES) continue;
        size_t part = needle->length - 1 < search->length ? needle->length - 1 : search->length;
        for (; part >= PREFIX_BYTES; part--) {
            const size_t start = search->length - part;
            if (memcmp(search->bytes + start, needle->bytes, part) != 0) continue;
            report(search, needle, start, search->length);
            break;
        }
    }
}

void needles_find(const struct needles *needles, const char *bytes, size_t length, bool cut,
                  void *context, needle_found found)
{
    if (needles->count == 0) return;
    struct search search = {bytes, length, context, found, 0};
    for (size_t at = 0; at < length; at++) {
        if (needles->shortest != 0) try_chain(needles, needles->shortest, &search, at);
        if (length - at < PREFIX_BYTES) continue;
        const uint32_t place = needles->by_prefix[hash_prefix(bytes + at) & needles->mask];
        if (place != 0) try_chain(needles, place, &search, at);
    }
    if (cut) find_cut(needles, &search);
}
