#include "sim/world/scenario_keys.h"
#include "sim/world/scenario_rows.h"

static void fresh_fault(void *object)
{
    *(struct cache_fault_spec *)object = (struct cache_fault_spec){.for_us = -1, .share = 1.0};
}

static const struct scenario_key fault_keys[] = {
    {"id", KEY_TEXT, AT(cache_fault_spec, id), .flags = KEY_REQUIRED | KEY_NAME,
     .help = "Names it in checks and figures, beside the faults of providers."},
    {"kind", KEY_ENUM, AT(cache_fault_spec, kind), .names = cache_fault_kind_names,
     .flags = KEY_REQUIRED,
     .help =
         "`down`: refuses at once. `slow`: every answer comes `add` later. `hang`: none comes, "
         "and the router waits for `router.policy.cache.timeout`. `evict`: a `share` of what it "
         "keeps is gone when it begins, and the same share of what it is given after that."},
    {"at", KEY_SPAN, AT(cache_fault_spec, at_us), RANGE(0, DURATION_US_MAX),
     .help = "When it begins."},
    {"for", KEY_SPAN, AT(cache_fault_spec, for_us), RANGE(US_PER_MS, DURATION_US_MAX),
     .flags = KEY_UNSET, .defaults = "to the end of the run", .help = "How long it lasts."},
    {"add", KEY_SPAN, AT(cache_fault_spec, add_us), RANGE(0, US_PER_HOUR),
     .help = "`slow`: added to each get and set."},
    {"share", KEY_SHARE, AT(cache_fault_spec, share), .help = "`evict`: of the quotes."},
    {.name = NULL}};
static const struct scenario_key fault_element = {.type = KEY_OBJECT,
                                                  .size = sizeof(struct cache_fault_spec),
                                                  .keys = fault_keys,
                                                  PLACE_IN(cache_fault_spec)};

const struct scenario_key scenario_cache_keys[] = {
    {"kind", KEY_ENUM, AT(cache_spec, kind), .names = cache_kind_names,
     .help = "`memory`: in the router's own process, which answers at once. `redis`: a server, "
             "simulated, or a real one where the command names it."},
    {"latency", KEY_OBJECT, AT(cache_spec, latency), .keys = scenario_law_keys,
     .prepare = scenario_prepare_law, PLACE_IN(law_spec),
     .help = "`redis`: how long a get takes, and a set. The default is an assumption."},
    {"entries", KEY_WHOLE, AT(cache_spec, entries), RANGE(1, CACHE_ENTRIES_MAX), .unit = "quotes",
     .help = "The most it holds; the one used longest ago makes room."},
    {"faults", KEY_LIST, AT(cache_spec, faults), .element = &fault_element, .identity = "id",
     .capacity = CACHE_FAULTS_MAX, .stride = sizeof(struct cache_fault_spec),
     .count_offset = offsetof(struct cache_spec, fault_count), .fresh = fresh_fault,
     .help = "What goes wrong with it."},
    {.name = NULL}};
