#include <assert.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_keys.h"

struct cache_fault_case {
    const struct scenario *scenario;
    const struct cache_fault_spec *fault;
    struct err_list *list;
};

static struct place place_of(const struct cache_fault_case *about, const void *address, size_t size)
{
    return scenario_place(about->scenario, address, size, about->fault->place);
}
#define PLACE(member) place_of(about, &about->fault->member, sizeof about->fault->member)

static bool is_given(const struct cache_fault_case *about, const void *address, size_t size)
{
    const struct place unseen = {.line = UINT32_MAX};
    return scenario_place(about->scenario, address, size, unseen).line != UINT32_MAX;
}
#define GIVEN(member) is_given(about, &about->fault->member, sizeof about->fault->member)

/* Checks name faults of providers and of the cache alike, so all ids differ. */
static void validate_id(const struct cache_fault_case *about, uint32_t index)
{
    const char *id = about->fault->id;
    if (id[0] == '\0') return; /* said already */
    if (strcmp(id, "quiet") == 0 || strcmp(id, "all") == 0) {
        err_add(about->list, PLACE(id), "checks use the word for a part of the run",
                "a fault cannot be called \"%s\"", id);
    }
    for (uint32_t i = 0; i < about->scenario->fault_count + index; i++) {
        const struct fault_window other = scenario_window(about->scenario, i);
        if (strcmp(other.id, id) != 0) continue;
        err_add(about->list, PLACE(id), NULL,
                "two faults are called \"%s\"; the other stands in line %u", id,
                (unsigned)other.place.line);
        return;
    }
}

static void validate_kind(const struct cache_fault_case *about)
{
    const struct cache_fault_spec *fault = about->fault;
    if (about->scenario->cache.kind == CACHE_MEMORY && fault->kind != CACHE_FAULT_EVICT) {
        err_add(about->list, PLACE(kind), "say \"kind\": \"redis\" of the cache",
                "a cache in the router's own process cannot be \"%s\", only \"evict\"",
                cache_fault_kind_names[fault->kind]);
    }
    if (fault->kind == CACHE_FAULT_SLOW && fault->add_us == 0) {
        err_add(about->list, PLACE(kind), NULL, "fault \"%s\" needs \"add\": by how much",
                fault->id);
    }
    if (fault->kind != CACHE_FAULT_SLOW && GIVEN(add_us)) {
        err_add(about->list, PLACE(add_us), NULL, "\"add\" means nothing for a fault \"%s\"",
                cache_fault_kind_names[fault->kind]);
    }
    if (fault->kind != CACHE_FAULT_EVICT && GIVEN(share)) {
        err_add(about->list, PLACE(share), NULL, "\"share\" means nothing for a fault \"%s\"",
                cache_fault_kind_names[fault->kind]);
    }
}

static void validate_time(const struct cache_fault_case *about)
{
    const struct cache_fault_spec *fault = about->fault;
    const int64_t run_us = about->scenario->duration_us;
    char at[DURATION_TEXT_MAX], end[DURATION_TEXT_MAX], run[DURATION_TEXT_MAX];
    duration_format(fault->at_us, at);
    duration_format(fault->at_us + fault->for_us, end);
    duration_format(run_us, run);
    if (fault->at_us >= run_us) {
        err_add(about->list, PLACE(at_us), NULL,
                "fault \"%s\" begins at %s, but the run ends at %s", fault->id, at, run);
    } else if (fault->at_us + fault->for_us > run_us) {
        err_warn(about->list, PLACE(for_us), NULL,
                 "fault \"%s\" lasts until %s, but the run ends at %s", fault->id, end, run);
    }
}

static void validate_whole(const struct scenario *scenario, struct err_list *list)
{
    const struct place place = scenario_place(scenario, &scenario->cache, sizeof scenario->cache,
                                              (struct place){.file = scenario->file});
    if (scenario_window_count(scenario) > FAULTS_MAX) {
        err_add(list, place, NULL, "more than %d faults, those of the cache included", FAULTS_MAX);
    }
    if (scenario->cache.fault_count > 0 && scenario->policy.cache.quote_us == 0) {
        err_warn(list, place, "\"router\": {\"policy\": {\"cache\": {\"quote\": \"5m\"}}}",
                 "nothing is kept in the cache, so its faults hit nobody");
    }
}

void scenario_validate_cache(struct scenario *scenario, struct err_list *list)
{
    validate_whole(scenario, list);
    for (uint32_t i = 0; i < scenario->cache.fault_count; i++) {
        const struct cache_fault_case about = {
            .scenario = scenario, .fault = &scenario->cache.faults[i], .list = list};
        validate_id(&about, i);
        if (scenario_is_refused(scenario, about.fault, sizeof *about.fault)) continue;
        validate_kind(&about);
        if (!scenario_is_refused(scenario, &scenario->duration_us, sizeof scenario->duration_us)) {
            validate_time(&about);
        }
    }
}
