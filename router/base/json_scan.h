/* router/base/json_scan.h - the strict scanner behind json.h: grammar, comments, places.
 *
 * One pass over a copy of the text. Comments are overwritten with spaces, line ends kept, so that
 * what remains is plain JSON with every byte where it was. Each value gets a span, in the order in
 * which the values begin. Only json.c has a use for this.
 *
 * Ownership: the caller frees `spans`, also after a failure.
 * Failure:   the first mistake, ERR_INPUT with its place; ERR_ENVIRONMENT when memory is out.
 */
#ifndef ROUTER_BASE_JSON_SCAN_H
#define ROUTER_BASE_JSON_SCAN_H

#include <stddef.h>

#include "router/base/err.h"

struct json_spot { /* counted as in struct place */
    uint32_t line;
    uint32_t column;
    uint32_t width;
};

struct json_span {
    struct json_spot key;   /* quotes included; line 0: the node has no key */
    struct json_spot value; /* of an object or array, only its opening bracket */
};

struct json_scan {
    const char *file;
    char *bytes; /* the copy, NUL-terminated; comments in it are blanked */
    size_t length;
    size_t cursor;
    uint32_t line;
    uint32_t column;
    uint32_t depth;
    struct json_span *spans;
    uint32_t span_count;
    uint32_t span_capacity;
    struct err *err;
};

/* Scans scan->bytes from the start; everything but file, bytes, length and err begins as zero. */
bool json_scan_document(struct json_scan *scan);

#endif
