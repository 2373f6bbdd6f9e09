#include "providers/cassette_scrub.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "providers/cassette_base64.h"
#include "providers/cassette_find.h"
#include "providers/cassette_lexer.h"
#include "providers/cassette_names.h"
#include "providers/cassette_views.h"
#include "router/base/memory.h"

/* Shorter values are hidden where their name stands, and not looked for elsewhere: they may be
 * words. Of a header's credentials even shorter ones are. */
enum { LEARNED_BYTES_LEAST = 8, HEADER_BYTES_LEAST = 6, CUSTOMER_BYTES_LEAST = 6 };

/* ---- learning -------------------------------------------------------------------------------- */

struct learning {
    struct scrubber *scrubber;
    const struct scrub_part *part;
};

static void learn_token(struct scrubber *scrubber, const char *value, size_t length)
{
    if (length == 0 || needles_token(&scrubber->needles, value, length) != 0) return;
    const uint32_t token = ++scrubber->token_count;
    if (length >= LEARNED_BYTES_LEAST) {
        needles_add(&scrubber->needles, value, length, token);
    } else {
        needles_note(&scrubber->needles, value, length, token);
    }
}

static void learn_secret(struct scrubber *scrubber, const struct found_value *found)
{
    if (found->length < LEARNED_BYTES_LEAST) return;
    if (!value_looks_random(found->value, found->length)) return;
    needles_add(&scrubber->needles, found->value, found->length, 0);
}

static void learn_customer(struct scrubber *scrubber, const struct found_value *found)
{
    if (found->length < CUSTOMER_BYTES_LEAST) return;
    needles_note(&scrubber->customer, found->value, found->length, 1);
    if (memchr(found->value, '@', found->length) == NULL) return;
    needles_add(&scrubber->needles, found->value, found->length, 0);
}

static void learn_value(void *context, const struct found_value *found)
{
    const struct learning *const learning = context;
    const bool response = learning->part->response;
    switch (found->class) {
    case NAME_TOKEN:
        if (response && found->how == HIDE_TEXT) {
            learn_token(learning->scrubber, found->value, found->length);
        } else {
            learn_secret(learning->scrubber, found);
        }
        break;
    case NAME_SECRET:
        learn_secret(learning->scrubber, found);
        break;
    case NAME_CUSTOMER:
        if (!response) learn_customer(learning->scrubber, found);
        break;
    case NAME_PLAIN:
    case NAME_VARIES:
        break;
    }
}

void scrubber_learn(struct scrubber *scrubber, const struct scrub_part *part)
{
    struct learning learning = {scrubber, part};
    if (!find_by_name(part, NULL, &learning, learn_value)) scrubber->failed = true;
    scrubber->failed = scrubber->failed || scrubber->needles.failed || scrubber->customer.failed;
}

static void learn_credential(struct scrubber *scrubber, const char *value, size_t length)
{
    if (length < HEADER_BYTES_LEAST) return;
    needles_add(&scrubber->needles, value, length, 0);
    const char *const colon = memchr(value, ':', length);
    if (colon == NULL) return; /* "id:secret", "account:uuid" */
    const size_t behind = length - (size_t)(colon + 1 - value);
    if (behind >= HEADER_BYTES_LEAST) needles_add(&scrubber->needles, colon + 1, behind, 0);
}

/* "Bearer x", "Basic x", or the credential alone. */
static void learn_header_value(struct scrubber *scrubber, const char *value, size_t length)
{
    learn_credential(scrubber, value, length);
    const char *const space = memchr(value, ' ', length);
    if (space == NULL) return;
    const char *const rest = space + 1;
    const size_t rest_length = length - (size_t)(rest - value);
    learn_credential(scrubber, rest, rest_length);
    struct text plain = {0};
    if (cassette_base64_decode(&plain, rest, rest_length) && plain.length > 0) {
        learn_credential(scrubber, plain.bytes, plain.length);
        const char *const colon = memchr(plain.bytes, ':', plain.length);
        const size_t id = colon != NULL ? (size_t)(colon - plain.bytes) : 0;
        if (id >= HEADER_BYTES_LEAST) needles_add(&scrubber->needles, plain.bytes, id, 0);
    }
    scrubber->failed = scrubber->failed || plain.failed;
    text_release(&plain);
}

void scrubber_learn_headers(struct scrubber *scrubber, const char *lines, size_t length)
{
    for (size_t at = 0; at < length;) {
        const char *const line = lines + at;
        const char *const end = memchr(line, '\n', length - at);
        const size_t line_length = end != NULL ? (size_t)(end - line) : length - at;
        at += line_length + 1;
        const char *const colon = memchr(line, ':', line_length);
        if (colon == NULL || !name_is_credential_header(line, (size_t)(colon - line))) continue;
        size_t value = (size_t)(colon + 1 - line);
        while (value < line_length && line[value] == ' ')
            value++;
        learn_header_value(scrubber, line + value, line_length - value);
    }
    scrubber->failed = scrubber->failed || scrubber->needles.failed;
}

void scrubber_learn_secret(struct scrubber *scrubber, const char *secret)
{
    needles_add(&scrubber->needles, secret, strlen(secret), 0);
    scrubber->failed = scrubber->failed || scrubber->needles.failed;
}

void scrubber_next_take(struct scrubber *scrubber)
{
    needles_release(&scrubber->customer);
}

void scrubber_release(struct scrubber *scrubber)
{
    needles_release(&scrubber->needles);
    needles_release(&scrubber->customer);
}

/* ---- what is to be replaced ------------------------------------------------------------------ */

struct hit {
    size_t start, end;
    uint32_t token;
    enum hide_how how;
};

struct scrubbing {
    const struct scrubber *scrubber;
    const struct scrub_part *part;
    const struct view *view; /* the reading that is searched */
    struct hit *hits;
    size_t count, capacity;
    bool failed;
};

static void add_hit(struct scrubbing *scrubbing, struct hit hit)
{
    assert(hit.start <= hit.end);
    if (hit.start == hit.end || scrubbing->failed) return;
    if (scrubbing->count == scrubbing->capacity) {
        const size_t capacity = scrubbing->capacity == 0 ? 16 : scrubbing->capacity * 2;
        struct hit *const hits =
            memory_resize(scrubbing->hits, capacity, sizeof scrubbing->hits[0]);
        if (hits == NULL) {
            scrubbing->failed = true;
            return;
        }
        scrubbing->hits = hits;
        scrubbing->capacity = capacity;
    }
    scrubbing->hits[scrubbing->count++] = hit;
}

static void hit_value(void *context, const struct found_value *found)
{
    struct scrubbing *const scrubbing = context;
    const bool issued = found->class == NAME_TOKEN && scrubbing->part->response &&
                        found->how == HIDE_TEXT && scrubbing->scrubber != NULL;
    add_hit(scrubbing, (struct hit){.start = found->start,
                                    .end = found->end,
                                    .how = found->how,
                                    .token = issued ? needles_token(&scrubbing->scrubber->needles,
                                                                    found->value, found->length)
                                                    : 0});
}

static void hit_in_view(void *context, size_t start, size_t end, uint32_t token)
{
    struct scrubbing *const scrubbing = context;
    add_hit(scrubbing, (struct hit){.start = view_from(scrubbing->view, start),
                                    .end = view_from(scrubbing->view, end),
                                    .token = token,
                                    .how = HIDE_TEXT});
}

static void search_view(void *context, const struct view *view)
{
    struct scrubbing *const scrubbing = context;
    scrubbing->view = view;
    find_by_looks(view->bytes, view->length, scrubbing, hit_in_view);
    if (scrubbing->scrubber == NULL) return;
    needles_find(&scrubbing->scrubber->needles, view->bytes, view->length, scrubbing->part->cut,
                 scrubbing, hit_in_view);
}

/* By place; of those that begin together the longest first, then the one that says most. */
static int compare_hits(const void *a, const void *b)
{
    const struct hit *const one = a, *const other = b;
    if (one->start != other->start) return one->start < other->start ? -1 : 1;
    if (one->end != other->end) return one->end > other->end ? -1 : 1;
    if (one->token != other->token) return one->token > other->token ? -1 : 1;
    return (int)other->how - (int)one->how;
}

/* Sorts, and leaves no two that overlap. */
static void merge_hits(struct scrubbing *scrubbing)
{
    if (scrubbing->count == 0) return;
    qsort(scrubbing->hits, scrubbing->count, sizeof scrubbing->hits[0], compare_hits);
    size_t kept = 0;
    for (size_t i = 1; i < scrubbing->count; i++) {
        struct hit *const last = &scrubbing->hits[kept];
        const struct hit next = scrubbing->hits[i];
        if (next.start >= last->end) {
            scrubbing->hits[++kept] = next;
        } else if (next.end > last->end) {
            last->end = next.end;
        }
    }
    scrubbing->count = kept + 1;
}

/* ---- JSON stays JSON ------------------------------------------------------------------------- */

/* Where the escape begins that `at` lies within, or `at`; its length goes to *length. */
static size_t escape_around(const char *bytes, size_t at, size_t *length)
{
    enum { LONGEST = 6 };
    for (size_t back = 1; back < LONGEST && back <= at; back++) {
        size_t slashes = 0;
        while (slashes <= at - back && bytes[at - back - slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0) continue;
        *length = bytes[at - back + 1] == 'u' ? LONGEST : 2;
        return back < *length ? at - back : at;
    }
    return at;
}

static void widen_over_escapes(struct hit *hit, const struct lexeme *string, const char *bytes)
{
    size_t length = 0;
    if (hit->start > string->start && hit->start < string->end) {
        hit->start = escape_around(bytes, hit->start, &length);
    }
    if (hit->end > string->start && hit->end < string->end) {
        const size_t escape = escape_around(bytes, hit->end, &length);
        const size_t last = string->end - (string->closed ? 1 : 0);
        if (escape != hit->end) hit->end = escape + length < last ? escape + length : last;
    }
}

/* A hit that begins or ends within an escape takes all of it, and one within a number becomes a
 * number. */
static void mend_json(struct scrubbing *scrubbing)
{
    const struct scrub_part *const part = scrubbing->part;
    if (scrubbing->count == 0 || part->pairs || !lexer_begins_json(part->bytes, part->length)) {
        return;
    }
    struct lexer lexer = {part->bytes, part->length, 0};
    size_t first = 0; /* the first hit that ends behind the lexeme's start */
    for (struct lexeme lexeme; (lexeme = lexer_next(&lexer)).kind != LEXEME_END;) {
        while (first < scrubbing->count && scrubbing->hits[first].end <= lexeme.start)
            first++;
        for (size_t i = first; i < scrubbing->count; i++) {
            struct hit *const hit = &scrubbing->hits[i];
            if (hit->start >= lexeme.end) break;
            if (lexeme.kind == LEXEME_STRING) {
                widen_over_escapes(hit, &lexeme, lexer.bytes);
            } else if (lexeme.kind == LEXEME_WORD && hit->start >= lexeme.start &&
                       hit->end <= lexeme.end) {
                *hit = (struct hit){lexeme.start, lexeme.end, 0, HIDE_NUMBER};
            }
        }
    }
    merge_hits(scrubbing);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_stand_in(struct text *to, const struct hit *hit)
{
    switch (hit->how) {
    case HIDE_TEXT:
        if (hit->token == 0) {
            text_put(to, CASSETTE_HIDDEN);
        } else {
            text_put(to, CASSETTE_TOKEN);
            text_int(to, hit->token);
        }
        break;
    case HIDE_NUMBER:
        text_char(to, '0');
        break;
    case HIDE_OBJECT:
        text_put(to, "{}");
        break;
    case HIDE_ARRAY:
        text_put(to, "[]");
        break;
    case HIDE_OPEN_OBJECT:
        text_char(to, '{');
        break;
    case HIDE_OPEN_ARRAY:
        text_char(to, '[');
        break;
    }
}

static void put_scrubbed(const struct scrubbing *scrubbing, struct text *to)
{
    size_t copied = 0;
    for (size_t i = 0; i < scrubbing->count; i++) {
        const struct hit *const hit = &scrubbing->hits[i];
        assert(hit->start >= copied);
        assert(hit->end <= scrubbing->part->length);
        text_append(to, scrubbing->part->bytes + copied, hit->start - copied);
        put_stand_in(to, hit);
        copied = hit->end;
    }
    text_append(to, scrubbing->part->bytes + copied, scrubbing->part->length - copied);
}

void scrubber_write(const struct scrubber *scrubber, const struct scrub_part *part, struct text *to)
{
    if (part->length == 0) return;
    struct scrubbing scrubbing = {.scrubber = scrubber, .part = part};
    const struct needles *const customer = scrubber != NULL ? &scrubber->customer : NULL;
    if (!find_by_name(part, customer, &scrubbing, hit_value) ||
        !views_visit(part->bytes, part->length, &scrubbing, search_view)) {
        scrubbing.failed = true;
    }
    if (scrubbing.failed) {
        to->failed = true; /* rather nothing than a secret */
    } else {
        merge_hits(&scrubbing);
        mend_json(&scrubbing);
        put_scrubbed(&scrubbing, to);
    }
    free(scrubbing.hits);
}
