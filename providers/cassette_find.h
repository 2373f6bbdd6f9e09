/* providers/cassette_find.h - where in a text the values stand that must not be seen.
 *
 * Offsets are the text's own. Ownership: a found value lives during the call that reports it.
 * Failure: false when memory is out.
 */
#ifndef PROVIDERS_CASSETTE_FIND_H
#define PROVIDERS_CASSETTE_FIND_H

#include "providers/cassette_names.h"
#include "providers/cassette_scrub.h"

enum hide_how { /* what stands for it: of the same JSON type */
                HIDE_TEXT,
                HIDE_NUMBER,
                HIDE_OBJECT,
                HIDE_ARRAY,
                HIDE_OPEN_OBJECT, /* the text ends within it */
                HIDE_OPEN_ARRAY
};

struct found_value {
    enum name_class class;
    enum hide_how how;
    size_t start, end; /* without quotes */
    const char *value; /* with its escapes undone; of an object or array as it stands */
    size_t length;
};

typedef void (*value_found)(void *context, const struct found_value *found);
typedef void (*place_found)(void *context, size_t start, size_t end, uint32_t token);

/* Values whose name says so, but for true, false, null and empty ones; of a response also those
 * that are among `customer` (may be NULL), whatever their name. */
bool find_by_name(const struct scrub_part *part, const struct needles *customer, void *context,
                  value_found found);

/* Values in any text that stand behind a secret's name, or a scheme's, and look random. Their token
 * is 0. */
void find_by_looks(const char *bytes, size_t length, void *context, place_found found);

#endif
