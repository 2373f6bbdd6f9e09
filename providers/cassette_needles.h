/* providers/cassette_needles.h - texts that must not appear, and how to find all of them at once.
 *
 * A needle is a text and what takes its place: "[hidden]", or a token's number. Texts of 4 bytes
 * and more are also looked for within base64, where a text leaves one of three traces, by its
 * offset modulo 3 in what was encoded; the trace is what its own bits decide alone, and then the
 * whole run of base64 around it is found.
 *
 * Ownership: needles keep copies, and wipe them. Failure: `failed`, when memory is out.
 */
#ifndef PROVIDERS_CASSETTE_NEEDLES_H
#define PROVIDERS_CASSETTE_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct needle;

struct needles {
    struct needle *items;
    uint32_t count, capacity;
    uint32_t *by_text;   /* 1 + place; open addressing by the whole text, 0: free */
    uint32_t *by_prefix; /* 1 + place of the newest needle that begins like this, 0: none */
    uint32_t mask;       /* of both tables */
    uint32_t shortest;   /* 1 + place of the newest needle below 4 bytes, 0: none */
    bool failed;
};

/* Adds a text; an empty one is none. `token` 0: it is to be hidden. A text that is there already
 * keeps its token, or gets this one. */
void needles_add(struct needles *needles, const char *bytes, size_t length, uint32_t token);

/* Remembers a text's token without looking for the text: one so short that it may be a word. */
void needles_note(struct needles *needles, const char *bytes, size_t length, uint32_t token);

/* The token of a text; 0: it has none. */
uint32_t needles_token(const struct needles *needles, const char *bytes, size_t length);

typedef void (*needle_found)(void *context, size_t start, size_t end, uint32_t token);

/* Every place of every needle. `cut`: the text was cut off, and may end in a needle's first bytes,
 * 4 or more of them, which are found as well. */
void needles_find(const struct needles *needles, const char *bytes, size_t length, bool cut,
                  void *context, needle_found found);

void needles_release(struct needles *needles);

#endif
