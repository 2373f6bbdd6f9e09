/* reports/groups.h - the series in as many points as a picture can show.
 *
 * Neighbouring buckets are taken together until at most `limit` groups are left. Counts are added,
 * so rates stay exact. Percentiles cannot be added: a group shows the median of its buckets'
 * percentiles, and whoever shows one says so. What never happened in a group is NaN.
 *
 * Ownership: groups_release() frees the array.
 */
#ifndef REPORTS_GROUPS_H
#define REPORTS_GROUPS_H

#include "sim/world/result.h"

struct group {
    int64_t from_us, until_us;
    uint64_t orders, failed, routed, authentic, ok;
    double p50_ms, p95_ms, p99_ms;
    double budget_burned; /* at its end */
    struct group_provider {
        uint64_t quotes, timeouts, wins, canned;
        uint64_t errors[QUOTE_OUTCOME_COUNT]; /* timeouts included */
        uint64_t settled;                     /* quotes, timeouts and errors */
    } providers[PROVIDER_COUNT];
};

struct groups {
    struct group *items;
    uint32_t count;
    uint32_t buckets_each;
    int64_t each_us;
};

bool groups_make(struct groups *groups, const struct result *result, uint32_t limit,
                 struct err *err);
void groups_release(struct groups *groups);

#endif
