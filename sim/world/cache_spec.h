/* sim/world/cache_spec.h - the cache of quotes as a scenario describes it: where it is, how fast it
 * answers, how much it holds, and what goes wrong with it.
 *
 * Whether there is a cache at all, for how long it keeps a quote and how long the router waits for
 * it is the router's policy (router/policy.h: policy.cache). This is its surroundings.
 *
 * CACHE_MEMORY lies in the router's process: it answers at once, and only eviction befalls it.
 * CACHE_REDIS is a server: each get and set takes a draw of `latency`.
 */
#ifndef SIM_WORLD_CACHE_SPEC_H
#define SIM_WORLD_CACHE_SPEC_H

#include "mocks/fault.h"
#include "mocks/law.h"

enum cache_kind { CACHE_MEMORY, CACHE_REDIS, CACHE_KIND_COUNT };
extern const char *const cache_kind_names[CACHE_KIND_COUNT + 1];

enum cache_fault_kind {
    CACHE_FAULT_DOWN,  /* refuses every get and set at once */
    CACHE_FAULT_SLOW,  /* each takes `add` longer */
    CACHE_FAULT_HANG,  /* answers nothing: the router waits for its own timeout */
    CACHE_FAULT_EVICT, /* `share` of what is kept is gone when it begins, and of what comes later */
    CACHE_FAULT_KIND_COUNT
};
extern const char *const cache_fault_kind_names[CACHE_FAULT_KIND_COUNT + 1];

enum { CACHE_FAULTS_MAX = 16, CACHE_ENTRIES_MAX = 10000000 };

struct cache_fault_spec {
    char id[FAULT_ID_MAX];
    struct place place;
    enum cache_fault_kind kind;
    int64_t at_us;
    int64_t for_us; /* -1 while reading: to the end of the run */
    int64_t add_us; /* slow */
    double share;   /* evict */
};

struct cache_spec {
    enum cache_kind kind;
    struct law_spec latency; /* redis: of a get, and of a set */
    uint32_t entries;        /* the most it holds; the one used longest ago makes room */
    struct cache_fault_spec faults[CACHE_FAULTS_MAX];
    uint32_t fault_count;
};

struct cache_spec cache_spec_default(void);

/* "Quote cache: down" / "Quote cache: 50 ms slower": for lanes and tables. */
void cache_fault_label(const struct cache_fault_spec *fault, char label[FAULT_LABEL_MAX]);

#endif
