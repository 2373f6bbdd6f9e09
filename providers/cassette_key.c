#include "providers/cassette_key.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "providers/cassette_lexer.h"
#include "providers/cassette_names.h"
#include "providers/cassette_scrub.h"
#include "providers/cassette_views.h"
#include "router/base/memory.h"

/* ---- entries that are sorted ----------------------------------------------------------------- */

struct entry {
    struct text text; /* what is written */
    size_t name_end;  /* `text` up to here is what it is sorted by; equal names keep their order */
    size_t place;
};

struct entries {
    struct entry *items;
    size_t count, capacity;
    bool failed; /* memory is out */
};

static struct entry *add_entry(struct entries *entries)
{
    if (entries->count == entries->capacity) {
        const size_t capacity = entries->capacity == 0 ? 8 : entries->capacity * 2;
        struct entry *const items = memory_resize(entries->items, capacity, sizeof *items);
        if (items == NULL) {
            entries->failed = true;
            return NULL;
        }
        entries->items = items;
        entries->capacity = capacity;
    }
    struct entry *const entry = &entries->items[entries->count];
    *entry = (struct entry){.place = entries->count++};
    return entry;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *const one = a, *const other = b;
    const size_t shorter = one->name_end < other->name_end ? one->name_end : other->name_end;
    const int order = shorter > 0 ? memcmp(one->text.bytes, other->text.bytes, shorter) : 0;
    if (order != 0) return order;
    if (one->name_end != other->name_end) return one->name_end < other->name_end ? -1 : 1;
    return one->place < other->place ? -1 : 1;
}

/* Sorts, writes with `between`, and frees. */
static void put_entries(struct entries *entries, char between, struct text *to)
{
    bool failed = entries->failed;
    for (size_t i = 0; i < entries->count; i++)
        failed = failed || entries->items[i].text.failed;
    if (!failed && entries->count > 1) {
        qsort(entries->items, entries->count, sizeof entries->items[0], compare_entries);
    }
    for (size_t i = 0; i < entries->count; i++) {
        const struct text *const text = &entries->items[i].text;
        if (i > 0) text_char(to, between);
        if (!failed) text_append(to, text->bytes, text->length);
    }
    to->failed = to->failed || failed;
}

static void release_entries(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        text_release(&entries->items[i].text);
    free(entries->items);
}

/* Whether a name is no part of what a request is. */
static bool is_left_out(const char *name, size_t length)
{
    switch (name_classify(name, length, false)) {
    case NAME_SECRET:
    case NAME_TOKEN:
    case NAME_VARIES:
        return true;
    case NAME_PLAIN:
    case NAME_CUSTOMER:
        break;
    }
    return false;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static bool put_value(struct lexer *lexer, unsigned depth, struct text *to);

/* Between quotes, with its escapes undone: "\u0041" and "A" are the same. */
static bool put_string(const struct lexer *lexer, const struct lexeme *string, struct text *to)
{
    if (!string->closed) return false;
    struct text plain = {0};
    view_undo(VIEW_JSON, lexer->bytes + string->start + 1, string->end - string->start - 2, &plain);
    text_char(to, '"');
    for (size_t i = 0; i < plain.length; i++) {
        if (plain.bytes[i] == '"' || plain.bytes[i] == '\\') text_char(to, '\\');
        text_char(to, plain.bytes[i]);
    }
    text_char(to, '"');
    to->failed = to->failed || plain.failed;
    text_release(&plain);
    return true;
}

static bool is_mark(const struct lexeme *lexeme, char mark)
{
    return lexeme->kind == LEXEME_MARK && lexeme->mark == mark;
}

/* After an element: true when another follows, and *valid whether the text is right so far. */
static bool goes_on(struct lexer *lexer, char closing, bool *valid)
{
    const struct lexeme next = lexer_next(lexer);
    *valid = is_mark(&next, ',') || is_mark(&next, closing);
    return is_mark(&next, ',');
}

static bool put_elements(struct lexer *lexer, unsigned depth, struct text *to)
{
    text_char(to, '[');
    struct lexeme next = lexer_peek(lexer);
    if (is_mark(&next, ']')) {
        (void)lexer_next(lexer);
        text_char(to, ']');
        return true;
    }
    bool valid = true;
    for (;;) {
        if (!put_value(lexer, depth + 1, to)) return false;
        if (!goes_on(lexer, ']', &valid)) break;
        text_char(to, ',');
    }
    text_char(to, ']');
    return valid;
}

/* One member; it is dropped again when its name is left out. */
static bool take_member(struct lexer *lexer, unsigned depth, struct entries *entries)
{
    const struct lexeme name = lexer_next(lexer);
    if (name.kind != LEXEME_STRING) return false;
    const struct lexeme colon = lexer_next(lexer);
    if (!is_mark(&colon, ':')) return false;
    struct entry *const entry = add_entry(entries);
    if (entry == NULL) return false;
    if (!put_string(lexer, &name, &entry->text)) return false;
    entry->name_end = entry->text.length;
    text_char(&entry->text, ':');
    if (!put_value(lexer, depth + 1, &entry->text)) return false;
    if (!entry->text.failed && is_left_out(entry->text.bytes, entry->name_end)) {
        text_release(&entry->text);
        entries->count--;
    }
    return true;
}

static bool put_members(struct lexer *lexer, unsigned depth, struct text *to)
{
    struct lexeme next = lexer_peek(lexer);
    if (is_mark(&next, '}')) {
        (void)lexer_next(lexer);
        text_put(to, "{}");
        return true;
    }
    struct entries entries = {0};
    bool valid = true;
    do {
        valid = take_member(lexer, depth, &entries);
    } while (valid && goes_on(lexer, '}', &valid));
    to->failed = to->failed || entries.failed;
    text_char(to, '{');
    if (valid) put_entries(&entries, ',', to);
    text_char(to, '}');
    release_entries(&entries);
    return valid;
}

static bool put_value(struct lexer *lexer, unsigned depth, struct text *to)
{
    if (depth > CASSETTE_KEY_DEPTH_MAX) return false;
    const struct lexeme first = lexer_next(lexer);
    switch (first.kind) {
    case LEXEME_STRING:
        return put_string(lexer, &first, to);
    case LEXEME_WORD:
        text_append(to, lexer->bytes + first.start, first.end - first.start);
        return lexer_is_value(lexer->bytes + first.start, first.end - first.start);
    case LEXEME_MARK:
        if (first.mark == '{') return put_members(lexer, depth, to);
        return first.mark == '[' && put_elements(lexer, depth, to);
    case LEXEME_END:
        break;
    }
    return false;
}

bool cassette_key_json(const char *bytes, size_t length, struct text *to)
{
    struct lexer lexer = {bytes, length, 0};
    struct text normal = {0};
    const bool valid = put_value(&lexer, 0, &normal) && lexer_peek(&lexer).kind == LEXEME_END;
    if (valid) text_append(to, normal.bytes, normal.length);
    to->failed = to->failed || normal.failed;
    text_release(&normal);
    return valid;
}

/* ---- pairs and paths ------------------------------------------------------------------------- */

/* Percent-encodes all but unreserved characters. */
static void put_encoded(const struct text *plain, struct text *to)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < plain->length; i++) {
        const unsigned char c = (unsigned char)plain->bytes[i];
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || (c != 0 && strchr("-._~", c) != NULL);
        if (unreserved) {
            text_char(to, (char)c);
        } else {
            const char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
            text_append(to, escape, sizeof escape);
        }
    }
}

/* A segment at a time: an encoded slash is none between segments. */
static void put_path(const char *path, size_t length, struct text *to)
{
    struct text plain = {0};
    for (size_t at = 0; at < length;) {
        const char *const slash = memchr(path + at, '/', length - at);
        const size_t end = slash != NULL ? (size_t)(slash - path) : length;
        text_clear(&plain);
        view_undo(VIEW_PERCENT, path + at, end - at, &plain);
        put_encoded(&plain, to);
        if (slash != NULL) text_char(to, '/');
        at = end + 1;
    }
    to->failed = to->failed || plain.failed;
    text_release(&plain);
}

static bool take_pair(const char *pair, size_t length, struct text *plain, struct entries *entries)
{
    const char *const equals = memchr(pair, '=', length);
    const size_t name = equals != NULL ? (size_t)(equals - pair) : length;
    text_clear(plain);
    view_undo(VIEW_FORM, pair, name, plain);
    if (plain->failed) return false;
    if (plain->length > 0 && is_left_out(plain->bytes, plain->length)) return true;
    struct entry *const entry = add_entry(entries);
    if (entry == NULL) return false;
    put_encoded(plain, &entry->text);
    entry->name_end = entry->text.length;
    text_char(&entry->text, '=');
    if (equals == NULL) return true;
    text_clear(plain);
    view_undo(VIEW_FORM, equals + 1, length - name - 1, plain);
    struct text normal = {0}; /* MealMe's cart is JSON in a query */
    const bool json = plain->length > 0 && plain->bytes[0] == '{' &&
                      cassette_key_json(plain->bytes, plain->length, &normal);
    put_encoded(json ? &normal : plain, &entry->text);
    plain->failed = plain->failed || normal.failed;
    text_release(&normal);
    return !plain->failed;
}

static void put_pairs(const char *pairs, size_t length, struct text *to)
{
    struct entries entries = {0};
    struct text plain = {0};
    bool taken = true;
    for (size_t at = 0; at < length && taken;) {
        const char *const next = memchr(pairs + at, '&', length - at);
        const size_t end = next != NULL ? (size_t)(next - pairs) : length;
        if (end > at) taken = take_pair(pairs + at, end - at, &plain, &entries);
        at = end + 1;
    }
    if (taken) put_entries(&entries, '&', to);
    to->failed = to->failed || !taken;
    release_entries(&entries);
    text_release(&plain);
}

/* ---- the key --------------------------------------------------------------------------------- */

/* Without parameters: "application/json; charset=utf-8" says no more than "application/json". */
static size_t media_type_length(const char *content_type)
{
    size_t length = strcspn(content_type, ";");
    while (length > 0 && content_type[length - 1] == ' ')
        length--;
    return length;
}

bool cassette_is_form(const char *content_type)
{
    static const char form[] = "application/x-www-form-urlencoded";
    return content_type != NULL && media_type_length(content_type) == sizeof form - 1 &&
           strncasecmp(content_type, form, sizeof form - 1) == 0;
}

static void put_media_type(const char *content_type, struct text *to)
{
    const size_t length = media_type_length(content_type);
    for (size_t i = 0; i < length; i++) {
        const char c = content_type[i];
        text_char(to, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

static void put_body(const struct text *body, bool form, struct text *to)
{
    if (body->length == 0) return;
    if (form) {
        text_put(to, "form ");
        put_pairs(body->bytes, body->length, to);
        return;
    }
    if (cassette_key_json(body->bytes, body->length, to)) return;
    text_put(to, "bytes ");
    text_append(to, body->bytes, body->length);
}

static bool is_same(const struct text *text, const char *bytes, size_t length)
{
    return text->length == length && (length == 0 || memcmp(text->bytes, bytes, length) == 0);
}

/* Until nothing changes any more: what stands for a hidden value may make its neighbour look like a
 * secret, and what is read from a file has been scrubbed once already. */
static void scrub_part(const char *bytes, size_t length, bool pairs, struct text *scrubbed)
{
    enum { ROUNDS_MOST = 16 };
    struct text before = {0};
    struct scrub_part part = {.bytes = bytes, .length = length, .pairs = pairs};
    text_clear(scrubbed);
    scrubber_write(NULL, &part, scrubbed);
    for (int i = 0; i < ROUNDS_MOST && !is_same(scrubbed, part.bytes, part.length); i++) {
        text_clear(&before);
        text_append(&before, scrubbed->bytes, scrubbed->length);
        if (before.failed || scrubbed->failed) break;
        part.bytes = before.bytes != NULL ? before.bytes : "";
        part.length = before.length;
        text_clear(scrubbed);
        scrubber_write(NULL, &part, scrubbed);
    }
    if (before.failed) scrubbed->failed = true;
    text_release(&before);
}

void cassette_key(const struct key_request *request, struct text *key)
{
    const char *const mark = memchr(request->target, '?', request->target_length);
    const size_t path = mark != NULL ? (size_t)(mark - request->target) : request->target_length;
    struct text part = {0};
    text_put(key, provider_traits[request->provider].id);
    text_char(key, ' ');
    text_put(key, request->method);
    text_char(key, ' ');
    scrub_part(request->target, path, false, &part);
    put_path(part.bytes, part.length, key);
    text_char(key, '?');
    if (mark != NULL) {
        scrub_part(mark + 1, request->target_length - path - 1, true, &part);
        put_pairs(part.bytes, part.length, key);
    }
    if (request->content_type != NULL) {
        const bool form = cassette_is_form(request->content_type);
        text_char(key, '\n');
        put_media_type(request->content_type, key);
        text_char(key, '\n');
        scrub_part(request->body, request->body_length, form, &part);
        put_body(&part, form, key);
    }
    key->failed = key->failed || part.failed;
    text_release(&part);
}
