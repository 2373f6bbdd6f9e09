/* router/base/json.h - JSON with positions: cJSON parses, our scanner knows where everything
 * stands.
 *
 * json_read() scans a text once: it blanks comments (`//` and slash-star) in a copy, keeping every
 * offset, notes the place of each key and value in document order, and finds duplicate keys. Then
 * cJSON parses the blanked copy, and the same document-order walk ties each cJSON node to its
 * place. On bad syntax only that first error is reported, since what follows would be noise. A
 * UTF-8 byte order mark is skipped; depth is limited to JSON_DEPTH_MAX; NUL bytes, bad UTF-8,
 * trailing commas, NaN, numbers that overflow a double or take more than 63 characters are errors.
 *
 * Ownership: `struct json` owns copy, tree and places; json_release() frees them. Nodes borrow.
 * Failure:   ERR_INPUT with a place; ERR_ENVIRONMENT when memory is out or a file cannot be read.
 */
#ifndef ROUTER_BASE_JSON_H
#define ROUTER_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "router/base/err.h"

enum { JSON_DEPTH_MAX = 64 };            /* the scanner, cJSON and the walks recurse */
#define JSON_BYTES_MAX ((size_t)1 << 30) /* lines, columns and nodes stay within 31 bits */

struct json_span; /* places of one node: key and value, start and end */

struct json {
    const char *file; /* borrowed name, for places */
    char *source;     /* the text as given (owned copy, no byte order mark), for excerpts */
    cJSON *root;      /* NULL after a failure. valueint is ours: read numbers from valuedouble */
    struct json_span *spans; /* in document order; a node's index is kept in cJSON.valueint */
    uint32_t span_count;
};

/* Parses `length` bytes. Duplicate keys are added to `list` as errors, and the answer is true
 * still: the tree holds them all, and cJSON_GetObjectItemCaseSensitive() finds the first. After a
 * failure `source` is there for the excerpt. Either way json_release() ends it. */
bool json_read(struct json *json, const char *file, const char *bytes, size_t length,
               struct err_list *list);

/* Reads a whole file ("-": standard input) of at most `limit` bytes. The caller frees the answer,
 * which has a NUL behind its `length` bytes; NULL on failure. */
char *json_load(const char *path, size_t limit, size_t *length, struct err *err);

/* Where a node's value, or its key, stands; where the value does if it has no key. An object or
 * array is underlined by its opening bracket alone. */
struct place json_place(const struct json *json, const cJSON *node);
struct place json_key_place(const struct json *json, const cJSON *node);

/* An int64 if the node is a number that is whole and within +-2^53. */
bool json_whole(const cJSON *node, int64_t *value);

void json_release(struct json *json);

#endif
