/* Making and unmaking a world: its segments, backends, wire and counters. */
#include <assert.h>
#include <stdlib.h>

#include "sim/world/world_state.h"

static int by_instant(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* When a fault's window ends; one that lasts to the run's end also covers what completes after it.
 */
static int64_t window_end_us(const struct scenario *scenario, struct fault_window fault)
{
    const int64_t end_us = fault.at_us + fault.for_us;
    return end_us >= scenario->duration_us ? INT64_MAX : end_us;
}

static bool init_tally(const struct world *world, struct tally *tally, uint32_t sample_limit)
{
    const bool keeps = world->scenario->policy.cache.quote_us > 0;
    return tally_init(tally, sample_limit) && (!keeps || tally_keep_cache(tally, sample_limit));
}

/* Cuts the run at every instant at which some fault's window begins or ends. */
static bool cut_segments(struct world *world, uint32_t sample_limit)
{
    const struct scenario *scenario = world->scenario;
    const uint32_t faults = scenario_window_count(scenario);
    int64_t cuts[2 * FAULTS_MAX + 1];
    uint32_t count = 0;
    cuts[count++] = 0;
    assert(faults <= FAULTS_MAX);
    for (uint32_t f = 0; f < faults; f++) {
        const struct fault_window fault = scenario_window(scenario, f);
        cuts[count++] = fault.at_us;
        const int64_t end_us = window_end_us(scenario, fault);
        if (end_us != INT64_MAX) cuts[count++] = end_us;
    }
    qsort(cuts, count, sizeof cuts[0], by_instant);
    world->segments = calloc(count, sizeof *world->segments);
    if (world->segments == NULL) return false;
    for (uint32_t c = 0; c < count; c++) {
        if (c + 1 < count && cuts[c] == cuts[c + 1]) continue;
        struct world_segment *segment = &world->segments[world->segment_count];
        if (!init_tally(world, &segment->tally, sample_limit)) return false;
        world->segment_count++;
        segment->from_us = cuts[c];
        segment->until_us = c + 1 < count ? cuts[c + 1] : INT64_MAX;
        for (uint32_t f = 0; f < faults; f++) {
            const struct fault_window fault = scenario_window(scenario, f);
            if (fault.at_us <= segment->from_us &&
                segment->from_us < window_end_us(scenario, fault)) {
                segment->active |= UINT64_C(1) << f;
            }
        }
        if (segment->active != 0 || world->segment_count == 1) continue;
        if (!init_tally(world, &segment->wake, sample_limit)) return false;
        segment->has_wake = true;
    }
    return true;
}

static bool make_backends(struct world *world, struct err *err)
{
    const struct scenario *scenario = world->scenario;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        world->backends[p] = backend_create(
            (enum provider)p, &scenario->providers[p].backend, &world->plan->catalogue,
            scenario->faults, scenario->fault_count, scenario->folder, &world->arena, err);
        if (world->backends[p] == NULL) return false;
        const struct cache_policy *cache = &scenario->policy.cache;
        if (cache->sku_us == 0 || !operation_exists((enum provider)p, OPERATION_SEARCH)) continue;
        struct memo *skus = &world->adapters.skus[p];
        skus->sets = memo_sets(cache->sku_entries);
        skus->entries = arena_push(&world->arena, struct memo_entry, skus->sets * MEMO_WAYS);
        if (skus->entries == NULL) {
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        }
    }
    return true;
}

static bool make_wire(struct world *world, struct err *err)
{
    const struct wire_spec *spec = &world->plan->wire;
    if (!wire_check(spec, world->scenario, err)) return false;
    if (!wire_is_needed(spec, world->scenario)) return true;
    world->real = spec->clock == WIRE_CLOCK_REAL;
    world->next_cart = arena_push(&world->arena, struct order_item, ORDER_ITEMS_MAX);
    if (world->next_cart == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    const struct wire_setup setup = {.spec = spec,
                                     .scenario = world->scenario,
                                     .catalogue = &world->plan->catalogue,
                                     .backends = world->backends};
    world->wire = wire_create(&setup, err);
    return world->wire != NULL;
}

static bool make_counters(struct world *world, uint32_t sample_limit)
{
    world->outcomes = calloc(OUTCOME_SECONDS, sizeof *world->outcomes);
    bool made = world->outcomes != NULL && cut_segments(world, sample_limit) &&
                series_init(&world->series, world->scenario->duration_us);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (!operation_exists((enum provider)p, (enum operation)o)) continue;
            made = made && samples_init(&world->operations[p][o].latency, sample_limit);
        }
    }
    return made;
}

struct world *world_create(const struct world_plan *plan, uint32_t sample_limit, struct err *err)
{
    struct world *world = calloc(1, sizeof *world);
    if (world == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return NULL;
    }
    world->plan = plan;
    world->scenario = plan->scenario;
    world->wheel = wheel_create();
    if (world->wheel == NULL || !make_counters(world, sample_limit)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        world_destroy(world);
        return NULL;
    }
    if (!make_backends(world, err) || !make_wire(world, err) || !world_cache_make(world, err) ||
        !world_requotes_make(world, err) || !world_story_make(world, err)) {
        if (err->place.file != NULL) err->place.file = err_keep_name(err->place.file);
        world_destroy(world);
        return NULL;
    }
    return world;
}

void world_destroy(struct world *world)
{
    if (world == NULL) return;
    wire_destroy(world->wire);
    world_cache_destroy(world);
    story_destroy(world->story);
    for (uint32_t i = 0; i < world->segment_count; i++) {
        tally_release(&world->segments[i].tally);
        tally_release(&world->segments[i].wake);
    }
    free(world->segments);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            samples_release(&world->operations[p][o].latency);
        }
    }
    series_release(&world->series);
    free(world->outcomes);
    wheel_destroy(world->wheel);
    text_release(&world->events);
    arena_release(&world->arena);
    free(world);
}
