#include "router/base/json.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/json_scan.h"
#include "router/base/memory.h"
#include "router/base/random.h"

static const char byte_order_mark[] = "\xEF\xBB\xBF";

static bool fail_memory(struct err *err, const char *file)
{
    const struct place whole = {.file = file};
    return err_fail(err, ERR_ENVIRONMENT, whole, "out of memory");
}

/* ---- tying nodes to places ----
 *
 * cJSON has no field for us, but one it no longer needs: valueint is a rounded copy of valuedouble,
 * which its own documentation tells people not to write. We put the node's index there. The scanner
 * adds spans as values begin, and cJSON links children in the order it meets them, duplicates
 * included: counting nodes on the way down therefore counts spans.
 */
static void tie_nodes(cJSON *node, uint32_t *next_index)
{
    for (; node != NULL; node = node->next) {
        node->valueint = (int)(*next_index)++;
        if (node->child != NULL) tie_nodes(node->child, next_index);
    }
}

static const struct json_span *span_of(const struct json *json, const cJSON *node)
{
    assert(node != NULL);
    assert(node->valueint >= 0);
    assert((uint32_t)node->valueint < json->span_count);
    return &json->spans[node->valueint];
}

static struct place place_of(const struct json *json, struct json_spot spot)
{
    return (struct place){json->file, spot.line, spot.column, spot.width};
}

struct place json_place(const struct json *json, const cJSON *node)
{
    return place_of(json, span_of(json, node)->value);
}

struct place json_key_place(const struct json *json, const cJSON *node)
{
    const struct json_span *span = span_of(json, node);
    return place_of(json, span->key.line != 0 ? span->key : span->value);
}

/* ---- duplicate keys ---- */

/* A hash table of one object's keys, so that an object of a million keys takes no longer per key
 * than one of ten. Open addressing; at most half full. */
struct key_table {
    const cJSON **slots;
    uint32_t mask;
};

static uint32_t child_count(const cJSON *object)
{
    uint32_t count = 0;
    for (const cJSON *child = object->child; child != NULL; child = child->next)
        count++;
    return count;
}

static bool make_key_table(struct key_table *table, uint32_t keys)
{
    uint32_t slots = 8;
    while (slots / 2 < keys)
        slots *= 2;
    table->mask = slots - 1;
    table->slots = memory_zeroed(slots * sizeof table->slots[0]);
    return table->slots != NULL;
}

/* The member that already has this key, or NULL, and then `member` is in the table. */
static const cJSON *find_or_add(struct key_table *table, const cJSON *member)
{
    uint32_t at = (uint32_t)random_hash_text(member->string) & table->mask;
    while (table->slots[at] != NULL) {
        if (strcmp(table->slots[at]->string, member->string) == 0) return table->slots[at];
        at = (at + 1) & table->mask;
    }
    table->slots[at] = member;
    return NULL;
}

static void report_duplicate(const struct json *json, const cJSON *first, const cJSON *again,
                             struct err_list *list)
{
    char hint[ERR_HINT_MAX];
    (void)snprintf(hint, sizeof hint, "the first one is in line %u; keep one of them",
                   (unsigned)json_key_place(json, first).line);
    err_add(list, json_key_place(json, again), hint, "the key \"%s\" stands here a second time",
            again->string);
}

/* Few keys are compared with each other, which beats making a table. */
static void find_duplicates_among_few(const struct json *json, const cJSON *object,
                                      struct err_list *list)
{
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        const cJSON *first = object->child;
        while (first != member && strcmp(first->string, member->string) != 0)
            first = first->next;
        if (first != member) report_duplicate(json, first, member, list);
    }
}

static bool find_duplicates_of(const struct json *json, const cJSON *object, struct err_list *list)
{
    enum { FEW = 12 };
    const uint32_t count = child_count(object);
    if (count <= FEW) {
        find_duplicates_among_few(json, object, list);
        return true;
    }
    struct key_table table;
    if (!make_key_table(&table, count)) return false;
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        const cJSON *first = find_or_add(&table, member);
        if (first != NULL) report_duplicate(json, first, member, list);
    }
    free(table.slots);
    return true;
}

static bool find_duplicates(const struct json *json, const cJSON *node, struct err_list *list)
{
    if (cJSON_IsObject(node) && !find_duplicates_of(json, node, list)) return false;
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        if (child->child != NULL && !find_duplicates(json, child, list)) return false;
    }
    return true;
}

/* ---- reading ---- */

static char *copy_bytes(const char *bytes, size_t length)
{
    char *copy = memory_resize(NULL, length + 1, 1);
    if (copy == NULL) return NULL;
    if (length != 0) memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

/* Scans and parses a copy of json->source; the copy is gone afterwards, whatever happens. */
static bool parse_copy(struct json *json, size_t length, struct err *err)
{
    char *copy = copy_bytes(json->source, length);
    if (copy == NULL) return fail_memory(err, json->file);

    struct json_scan scan = {.file = json->file, .bytes = copy, .length = length, .err = err};
    const bool valid = json_scan_document(&scan);
    json->spans = scan.spans;
    json->span_count = scan.span_count;
    if (valid) {
        /* The scanner has accepted every byte, so that a NULL here is memory and nothing else. */
        json->root = cJSON_ParseWithLengthOpts(copy, length + 1, NULL, 1);
        if (json->root == NULL) (void)fail_memory(err, json->file);
    }
    free(copy);
    return json->root != NULL;
}

static bool read_document(struct json *json, const char *bytes, size_t length,
                          struct err_list *list, struct err *err)
{
    if (length > JSON_BYTES_MAX) {
        const struct place whole = {.file = json->file};
        return err_fail(err, ERR_INPUT, whole, "%zu bytes of JSON are more than %zu", length,
                        JSON_BYTES_MAX);
    }
    const size_t mark = strlen(byte_order_mark);
    if (length >= mark && memcmp(bytes, byte_order_mark, mark) == 0) {
        bytes += mark;
        length -= mark;
    }
    json->source = copy_bytes(bytes, length);
    if (json->source == NULL) return fail_memory(err, json->file);
    if (!parse_copy(json, length, err)) return false;

    uint32_t nodes = 0;
    tie_nodes(json->root, &nodes);
    assert(nodes == json->span_count);
    return find_duplicates(json, json->root, list) || fail_memory(err, json->file);
}

bool json_read(struct json *json, const char *file, const char *bytes, size_t length,
               struct err_list *list)
{
    assert(json != NULL);
    assert(list != NULL);
    assert(bytes != NULL || length == 0);
    *json = (struct json){.file = file};
    struct err err;
    if (read_document(json, bytes, length, list, &err)) return true;
    err_list_add(list, &err);
    cJSON_Delete(json->root);
    json->root = NULL;
    return false;
}

void json_release(struct json *json)
{
    if (json == NULL) return;
    cJSON_Delete(json->root);
    free(json->spans);
    free(json->source);
    *json = (struct json){0};
}

bool json_whole(const cJSON *node, int64_t *value)
{
    if (!cJSON_IsNumber(node)) return false;
    const double number = node->valuedouble;
    if (number != floor(number) || fabs(number) > 0x1p53) return false;
    *value = (int64_t)number;
    return true;
}

/* ---- files ---- */

struct loading {
    char *bytes;
    size_t length;
    size_t capacity;
};

static bool make_room(struct loading *loading)
{
    if (loading->capacity - loading->length > 1) return true; /* one byte is kept for the NUL */
    const size_t capacity = loading->capacity == 0 ? 65536 : loading->capacity * 2;
    char *bytes = memory_resize(loading->bytes, capacity, 1);
    if (bytes == NULL) return false;
    loading->bytes = bytes;
    loading->capacity = capacity;
    return true;
}

static bool read_stream(FILE *stream, struct place whole, size_t limit, struct loading *loading,
                        struct err *err)
{
    for (;;) {
        if (!make_room(loading)) return fail_memory(err, whole.file);
        const size_t room = loading->capacity - loading->length - 1;
        const size_t got = fread(loading->bytes + loading->length, 1, room, stream);
        loading->length += got;
        if (ferror(stream)) {
            return err_fail(err, ERR_INPUT, whole, "cannot be read: %s", strerror(errno));
        }
        if (loading->length > limit) {
            return err_fail(err, ERR_INPUT, whole, "is longer than %zu bytes", limit);
        }
        if (got < room) break;
    }
    loading->bytes[loading->length] = '\0';
    return true;
}

char *json_load(const char *path, size_t limit, size_t *length, struct err *err)
{
    assert(path != NULL);
    assert(length != NULL);
    const bool standard_input = strcmp(path, "-") == 0;
    const struct place whole = {.file = standard_input ? "standard input" : path};
    FILE *stream = standard_input ? stdin : fopen(path, "rb");
    if (stream == NULL) {
        (void)err_fail(err, ERR_INPUT, whole, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    struct loading loading = {0};
    const bool loaded = read_stream(stream, whole, limit, &loading, err);
    if (!standard_input) (void)fclose(stream);
    if (!loaded) {
        free(loading.bytes);
        return NULL;
    }
    *length = loading.length;
    return loading.bytes;
}
