#include "providers/cassette.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "providers/cassette_key.h"
#include "providers/cassette_tape.h"
#include "router/base/memory.h"

struct cassette { /* a player; the one that was opened owns the tape */
    const struct tape *tape;
    struct tape *owned; /* NULL: a fork */
    bool *used;         /* per take */
    uint32_t *next;     /* per key: its first take that may be unused; TAPE_END: all are used */
    uint32_t next_of[PROVIDER_COUNT][OPERATION_COUNT];
    struct cassette_counters counters[PROVIDER_COUNT];
    struct text key; /* of the request at hand */
};

/* ---- opening and closing --------------------------------------------------------------------- */

static struct cassette *make_player(const struct tape *tape)
{
    struct cassette *const cassette = memory_zeroed(sizeof *cassette);
    if (cassette == NULL) return NULL;
    cassette->tape = tape;
    cassette->used = memory_resize(NULL, (size_t)tape->take_count + 1, sizeof cassette->used[0]);
    cassette->next = memory_resize(NULL, (size_t)tape->key_count + 1, sizeof cassette->next[0]);
    if (cassette->used == NULL || cassette->next == NULL) {
        cassette_close(cassette);
        return NULL;
    }
    cassette_rewind(cassette);
    return cassette;
}

struct cassette *cassette_of_tape(struct tape *tape)
{
    struct cassette *const cassette = make_player(tape);
    if (cassette != NULL) cassette->owned = tape;
    return cassette;
}

struct cassette *cassette_fork(const struct cassette *cassette, struct err *err)
{
    struct cassette *const fork = make_player(cassette->tape);
    if (fork == NULL) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    return fork;
}

void cassette_close(struct cassette *cassette)
{
    if (cassette == NULL) return;
    if (cassette->owned != NULL) {
        tape_release(cassette->owned);
        free(cassette->owned);
    }
    free(cassette->used);
    free(cassette->next);
    text_release(&cassette->key);
    free(cassette);
}

void cassette_rewind(struct cassette *cassette)
{
    const struct tape *const tape = cassette->tape;
    memset(cassette->used, 0, tape->take_count * sizeof cassette->used[0]);
    for (uint32_t i = 0; i < tape->key_count; i++)
        cassette->next[i] = tape->keys[i].first;
    memcpy(cassette->next_of, tape->first_of, sizeof cassette->next_of);
}

/* ---- finding a take -------------------------------------------------------------------------- */

/* Operations whose answer hardly depends on what was asked, or where any is better than none. */
static bool may_be_like(enum operation operation)
{
    switch (operation) {
    case OPERATION_TOKEN:
    case OPERATION_STORE:
    case OPERATION_CART:
    case OPERATION_QUOTE:
    case OPERATION_SLOTS:
    case OPERATION_HEALTH:
        return true;
    case OPERATION_SEARCH:
    case OPERATION_SINGLE:
    case OPERATION_CONFIRM:
    case OPERATION_COUNT:
        break;
    }
    return false;
}

/* The next unused take of an order's own call; TAPE_END: none. Hardly ever there are two. */
static uint32_t take_of_own(const struct cassette *cassette, uint32_t key,
                            const struct cassette_call *call)
{
    const struct tape *const tape = cassette->tape;
    const uint32_t own = tape_find_own(tape, key, call->order, call->item, call->attempt);
    if (own == TAPE_END) return TAPE_END;
    uint32_t next = tape->keys[own].first;
    while (next != TAPE_END && cassette->used[next])
        next = tape->takes[next].next_of_own_key;
    return next;
}

/* The next unused take of a key, or its last. */
static uint32_t take_of_key(struct cassette *cassette, uint32_t key, enum cassette_match *match)
{
    const struct tape *const tape = cassette->tape;
    uint32_t *const next = &cassette->next[key];
    while (*next != TAPE_END && cassette->used[*next])
        *next = tape->takes[*next].next_of_key;
    *match = *next != TAPE_END ? CASSETTE_EXACT : CASSETTE_AGAIN;
    return *next != TAPE_END ? *next : tape->keys[key].last;
}

static uint32_t take_of_operation(struct cassette *cassette, enum provider provider,
                                  enum operation operation)
{
    if (!may_be_like(operation)) return TAPE_END;
    uint32_t *const next = &cassette->next_of[provider][operation];
    while (*next != TAPE_END && cassette->used[*next])
        *next = cassette->tape->takes[*next].next_of_operation;
    return *next;
}

/* False when memory is out. */
static bool make_key(struct cassette *cassette, const struct cassette_call *call)
{
    const struct http_request *const request = call->request;
    text_clear(&cassette->key);
    cassette->key.failed = false;
    const struct key_request of = {.provider = call->provider,
                                   .method = http_method_names[request->method],
                                   .target = request->target.bytes,
                                   .target_length = request->target.length,
                                   .content_type = request->content_type,
                                   .body = request->body.bytes,
                                   .body_length = request->body.length};
    cassette_key(&of, &cassette->key);
    return !cassette->key.failed;
}

static enum cassette_match find_take(struct cassette *cassette, const struct cassette_call *call,
                                     uint32_t *take)
{
    enum cassette_match match = CASSETTE_LIKE;
    const uint32_t key = tape_find(cassette->tape, &cassette->key);
    if (key == TAPE_END) {
        *take = take_of_operation(cassette, call->provider, call->operation);
    } else {
        *take = take_of_own(cassette, key, call);
        if (*take != TAPE_END) return CASSETTE_EXACT;
        *take = take_of_key(cassette, key, &match);
    }
    return *take != TAPE_END ? match : CASSETTE_NONE;
}

/* ---- playing --------------------------------------------------------------------------------- */

static void count_match(struct cassette_counters *counters, enum cassette_match match)
{
    switch (match) {
    case CASSETTE_NONE:
        counters->none++;
        break;
    case CASSETTE_EXACT:
        counters->exact++;
        break;
    case CASSETTE_AGAIN:
        counters->again++;
        break;
    case CASSETTE_LIKE:
        counters->like++;
        break;
    case CASSETTE_MATCH_COUNT:
        assert(false);
    }
}

static void put_response(const struct tape_take *take, struct http_response *response)
{
    response->status = take->status;
    response->content_type = take->content_type;
    response->retry_after_s = take->retry_after_s;
    response->truncated = take->truncated;
    text_append(&response->body, take->body, take->body_length);
}

enum cassette_match cassette_play(struct cassette *cassette, const struct cassette_call *call,
                                  struct http_response *response, enum call_fate *fate,
                                  int64_t *latency_us)
{
    assert(call->provider < PROVIDER_COUNT);
    assert(call->operation < OPERATION_COUNT);
    http_response_clear(response);
    *fate = CALL_ANSWERED;
    *latency_us = 0;
    uint32_t place = TAPE_END;
    enum cassette_match match = CASSETTE_NONE;
    if (make_key(cassette, call)) {
        match = find_take(cassette, call, &place);
    } else {
        response->body.failed = true;
    }
    if (match != CASSETTE_NONE) {
        const struct tape_take *const take = &cassette->tape->takes[place];
        assert(take->provider == call->provider);
        cassette->used[place] = true;
        *fate = take->fate;
        *latency_us = take->latency_us;
        if (take->fate == CALL_ANSWERED) put_response(take, response);
    }
    count_match(&cassette->counters[call->provider], match);
    return match;
}

struct cassette_counters cassette_counters(const struct cassette *cassette, enum provider provider)
{
    assert(provider < PROVIDER_COUNT);
    return cassette->counters[provider];
}

uint32_t cassette_take_count(const struct cassette *cassette, enum provider provider, enum api api)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cassette->tape->take_count; i++) {
        const struct tape_take *const take = &cassette->tape->takes[i];
        count += take->provider == provider && take->api == api;
    }
    return count;
}

bool cassette_holds(const struct cassette *cassette, enum provider provider, enum api api,
                    enum operation operation)
{
    for (uint32_t i = 0; i < cassette->tape->take_count; i++) {
        const struct tape_take *const take = &cassette->tape->takes[i];
        if (take->provider == provider && take->api == api && take->operation == operation) {
            return true;
        }
    }
    return false;
}

/* ---- what was recorded ----------------------------------------------------------------------- */

const struct cassette_head *cassette_head(const struct cassette *cassette)
{
    return &cassette->tape->head;
}

uint64_t cassette_orders(const struct cassette *cassette)
{
    return cassette->tape->end.orders;
}

static void say_calls(struct text *text, uint64_t calls)
{
    text_format(text, "%" PRIu64 " call%s", calls, calls == 1 ? "" : "s");
}

static void say_alteration(const struct tape *tape, const char *name, struct text *text)
{
    text_format(text, "%s was altered after it was recorded: its last line ", name);
    if (tape->end.takes == tape->take_count) {
        text_put(text, "has another checksum than its lines.");
        return;
    }
    text_put(text, "counts ");
    say_calls(text, tape->end.takes);
    text_format(text, ", and %" PRIu32 " %s there.", tape->take_count,
                tape->take_count == 1 ? "is" : "are");
}

void cassette_say_flaws(const struct cassette *cassette, const char *name, struct text *text)
{
    const struct tape *const tape = cassette->tape;
    const struct cassette_end *const end = &tape->end;
    if (!tape->ended) {
        text_format(text,
                    "%s is partial: its last line is missing, so it was cut, or its "
                    "recording was interrupted; ",
                    name);
        say_calls(text, tape->take_count);
        text_format(text, " %s left.", tape->take_count == 1 ? "is" : "are");
        return;
    }
    if (tape->altered) say_alteration(tape, name, text);
    if (end->stopped_by[0] != '\0') {
        text_format(text, "%s%s is partial: its recording was stopped early by %s, after ",
                    text->length > 0 ? " " : "", name, end->stopped_by);
        say_calls(text, end->takes);
        text_char(text, '.');
    }
    if (end->refused > 0) {
        text_format(text, "%s%s lacks ", text->length > 0 ? " " : "", name);
        say_calls(text, end->refused);
        text_put(text, " that were too long to be kept.");
    }
}
