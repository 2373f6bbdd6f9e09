/* Near misses: the part of text.h that guesses what a person meant to type. */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "router/base/text.h"

enum { WORD_LENGTH_MAX = 96, SUGGESTIONS_MAX = 3, CONTAINED_LENGTH_MIN = 3 };

/* By hand: tolower() follows the locale, and a suggestion should not. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned text_distance(const char *a, const char *b)
{
    const size_t a_length = strlen(a);
    const size_t b_length = strlen(b);
    if (a_length > WORD_LENGTH_MAX || b_length > WORD_LENGTH_MAX) return UINT_MAX;

    /* Three rows of the table of prefixes are alive at a time: the one being filled and, for a
     * transposition, the two above it. */
    unsigned rows[3][WORD_LENGTH_MAX + 1];
    for (unsigned j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above_two = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            const char from = lower(a[i - 1]);
            const char to = lower(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (from == to ? 0 : 1));
            if (i > 1 && j > 1 && from == lower(b[j - 2]) && lower(a[i - 2]) == to) {
                row[j] = least(row[j], above_two[j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

static bool starts_with(const char *text, const char *start)
{
    while (*start != '\0' && lower(*text) == lower(*start)) {
        text++;
        start++;
    }
    return *start == '\0';
}

static bool contains(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        if (starts_with(text, part)) return true;
    }
    return false;
}

/* A word that is part of a name was probably meant to be that name: KROGER for KROGER_API. */
static bool is_near(const char *word, const char *candidate, unsigned distance)
{
    const size_t length = strlen(word);
    const size_t limit = length / 3 > 1 ? length / 3 : 1;
    if (distance <= limit) return true;
    return length >= CONTAINED_LENGTH_MIN && contains(candidate, word);
}

struct suggestions { /* the nearest so far, nearest first; equals keep the candidates' order */
    const char *words[SUGGESTIONS_MAX];
    unsigned distances[SUGGESTIONS_MAX];
    unsigned count;
};

static void insert(struct suggestions *found, const char *word, unsigned distance)
{
    unsigned at = found->count;
    while (at > 0 && found->distances[at - 1] > distance)
        at--;
    if (at == SUGGESTIONS_MAX) return;
    if (found->count < SUGGESTIONS_MAX) found->count++;
    for (unsigned i = found->count - 1; i > at; i--) {
        found->words[i] = found->words[i - 1];
        found->distances[i] = found->distances[i - 1];
    }
    found->words[at] = word;
    found->distances[at] = distance;
}

static void write_hint(const struct suggestions *found, char *hint, size_t hint_size)
{
    assert(found->count >= 1);
    assert(found->count <= SUGGESTIONS_MAX);
    const char *const *words = found->words;
    if (found->count == 1) {
        (void)snprintf(hint, hint_size, "did you mean \"%s\"?", words[0]);
    } else if (found->count == 2) {
        (void)snprintf(hint, hint_size, "did you mean \"%s\" or \"%s\"?", words[0], words[1]);
    } else {
        (void)snprintf(hint, hint_size, "did you mean \"%s\", \"%s\" or \"%s\"?", words[0],
                       words[1], words[2]);
    }
}

bool text_suggest(const char *word, const char *const *candidates, char *hint, size_t hint_size)
{
    assert(hint != NULL);
    assert(hint_size > 0);
    hint[0] = '\0';
    struct suggestions found = {0};
    for (; *candidates != NULL; candidates++) {
        const unsigned distance = text_distance(word, *candidates);
        if (is_near(word, *candidates, distance)) insert(&found, *candidates, distance);
    }
    if (found.count == 0) return false;
    write_hint(&found, hint, hint_size);
    return true;
}
