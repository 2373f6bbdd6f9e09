#include "sim/world/cache_spec.h"

#include <assert.h>
#include <stdio.h>

#include "router/base/duration.h"

const char *const cache_kind_names[CACHE_KIND_COUNT + 1] = {"memory", "redis", NULL};
const char *const cache_fault_kind_names[CACHE_FAULT_KIND_COUNT + 1] = {"down", "slow", "hang",
                                                                        "evict", NULL};

/* A Redis in the same zone, behind one client library: nobody publishes what ours would take, so
 * the law is an assumption. 100,000 quotes of 96 bytes and their keys are some 20 MB. */
struct cache_spec cache_spec_default(void)
{
    struct cache_spec spec = {.kind = CACHE_MEMORY, .latency = law_spec_none(), .entries = 100000};
    spec.latency.kind = LAW_LOGNORMAL;
    spec.latency.median_us = 600;
    spec.latency.sigma = 0.4;
    spec.latency.floor_us = 0;
    return spec;
}

void cache_fault_label(const struct cache_fault_spec *fault, char label[FAULT_LABEL_MAX])
{
    char span[DURATION_TEXT_MAX];
    switch (fault->kind) {
    case CACHE_FAULT_DOWN:
        (void)snprintf(label, FAULT_LABEL_MAX, "Quote cache: down");
        return;
    case CACHE_FAULT_SLOW:
        duration_format(fault->add_us, span);
        (void)snprintf(label, FAULT_LABEL_MAX, "Quote cache: %s slower", span);
        return;
    case CACHE_FAULT_HANG:
        (void)snprintf(label, FAULT_LABEL_MAX, "Quote cache: hangs");
        return;
    case CACHE_FAULT_EVICT:
        (void)snprintf(label, FAULT_LABEL_MAX, "Quote cache: evicts %g%%", 100 * fault->share);
        return;
    case CACHE_FAULT_KIND_COUNT:
        break;
    }
    assert(!"a kind of cache fault outside its enum");
    label[0] = '\0';
}
