#include <assert.h>
#include <stdlib.h>

#include "mocks/law.h"
#include "router/base/memory.h"
#include "router/base/random.h"
#include "sim/analysis/cache_trace.h"

/* Orders come as the world starts them: by instant, and at one instant what was put down first.
 * What the world's wheel holds of that lies in a heap here. */

struct due { /* somebody will order */
    int64_t at_us;
    uint64_t sequence; /* of being put down */
    uint64_t arrival;  /* whose cart it is */
    uint32_t asked;    /* how often it was asked for before; 0: an arrival */
};

struct comings {
    const struct scenario *scenario;
    struct catalogue catalogue;
    struct workload workload;
    struct workload_cursor cursor;
    struct law requote_after;
    struct arena arena;
    uint64_t seed;
    uint64_t arrivals, sequence, orders;
    struct due *heap; /* the first is the next */
    uint32_t count, capacity;
};

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a trace of orders");
}

/* ---- the heap -------------------------------------------------------------------------------- */

static bool is_before(const struct due *a, const struct due *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->sequence < b->sequence;
}

static bool put_down(struct comings *comings, struct due due)
{
    if (comings->count == comings->capacity) {
        const uint32_t capacity = comings->capacity == 0 ? 64 : 2 * comings->capacity;
        struct due *const grown = memory_resize(comings->heap, capacity, sizeof *grown);
        if (grown == NULL) return false;
        comings->heap = grown;
        comings->capacity = capacity;
    }
    due.sequence = comings->sequence++;
    uint32_t at = comings->count++;
    while (at > 0 && is_before(&due, &comings->heap[(at - 1) / 2])) {
        comings->heap[at] = comings->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    comings->heap[at] = due;
    return true;
}

static struct due take_next(struct comings *comings)
{
    assert(comings->count > 0);
    const struct due next = comings->heap[0];
    const struct due last = comings->heap[--comings->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= comings->count) break;
        if (child + 1 < comings->count &&
            is_before(&comings->heap[child + 1], &comings->heap[child])) {
            child++;
        }
        if (!is_before(&comings->heap[child], &last)) break;
        comings->heap[at] = comings->heap[child];
        at = child;
    }
    comings->heap[at] = last;
    return next;
}

/* ---- who comes ------------------------------------------------------------------------------- */

static bool is_full(const struct comings *comings)
{
    const uint64_t limit = comings->scenario->workload.arrivals.limit;
    return limit > 0 && comings->orders >= limit;
}

static bool await_arrival(struct comings *comings)
{
    const int64_t at_us = workload_next_us(&comings->workload, &comings->cursor);
    if (at_us >= comings->scenario->duration_us || is_full(comings)) return true;
    return put_down(comings, (struct due){.at_us = at_us, .arrival = comings->arrivals++});
}

/* The draws of sim/world/world_requotes.c. */
static bool plan_requote(struct comings *comings, const struct due *due)
{
    const double share = comings->scenario->workload.requote;
    if (share == 0.0) return true;
    const uint64_t key = random_key(comings->seed, due->arrival);
    const unsigned times = due->asked & UINT16_MAX;
    const uint64_t whether = random_draw(key, random_what(RANDOM_REQUOTE, 0, 0, times, 0));
    if (random_unit(whether) >= share) return true;
    const uint64_t when = random_draw(key, random_what(RANDOM_REQUOTE, 0, 0, times, 1));
    const int64_t at_us = due->at_us + law_draw(&comings->requote_after, when, due->at_us);
    if (at_us >= comings->scenario->duration_us) return true;
    return put_down(comings,
                    (struct due){.at_us = at_us, .arrival = due->arrival, .asked = due->asked + 1});
}

static bool take_order(struct comings *comings, struct cache_trace *trace, const struct due *due,
                       struct err *err)
{
    struct order_request request;
    struct order_item items[ORDER_ITEMS_MAX];
    char user[WORKLOAD_USER_MAX];
    const uint64_t key = random_key(comings->seed, due->arrival);
    workload_order(&comings->workload, key, due->arrival, &request, items);
    workload_user(&comings->workload, key, due->arrival, user);
    request.user_id = user;
    comings->orders++;
    return cache_trace_add(trace, due->at_us, &request, err);
}

static bool take_orders(struct comings *comings, struct cache_trace *trace, struct err *err)
{
    if (!await_arrival(comings)) return out_of_memory(err);
    while (comings->count > 0) {
        const struct due due = take_next(comings);
        if (due.asked > 0 && is_full(comings)) continue;
        if (!take_order(comings, trace, &due, err)) return trace->cut;
        const bool room = plan_requote(comings, &due) && (due.asked > 0 || await_arrival(comings));
        if (!room) return out_of_memory(err);
    }
    return true;
}

static bool begin(struct comings *comings, const struct scenario *scenario, uint64_t seed,
                  struct err *err)
{
    comings->scenario = scenario;
    comings->seed = random_replication(seed, 0);
    if (!catalogue_load(&scenario->catalogue, scenario->folder, scenario->seed, &comings->arena,
                        &comings->catalogue, err) ||
        !workload_load(scenario, &comings->catalogue, &comings->arena, &comings->workload, err)) {
        return false;
    }
    workload_start(&comings->cursor, comings->seed);
    if (scenario->workload.requote == 0.0) return true;
    if (!law_compile(&scenario->workload.requote_after, scenario->folder, &comings->arena,
                     &comings->requote_after, err)) {
        return false;
    }
    law_seed(&comings->requote_after,
             random_key(comings->seed, random_what(RANDOM_REQUOTE, PROVIDER_COUNT, 0, 0, 0)));
    return true;
}

bool cache_trace_from_scenario(struct cache_trace *trace, const struct scenario *scenario,
                               uint64_t seed, struct err *err)
{
    *trace = (struct cache_trace){.has_times = true,
                                  .generated = scenario->workload.carts.kind == CART_GENERATED};
    struct comings *const comings = memory_zeroed(sizeof *comings);
    if (comings == NULL) return out_of_memory(err);
    const bool made = begin(comings, scenario, seed, err) && take_orders(comings, trace, err);
    if (!made) {
        err->place.file = err_keep_name(err->place.file);
        cache_trace_release(trace);
    }
    free(comings->heap);
    arena_release(&comings->arena);
    free(comings);
    return made;
}
