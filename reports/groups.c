#include "reports/groups.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "router/base/memory.h"

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Of the finite ones among `count` values; sorts them in place. */
static double median(double *values, uint32_t count)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < count; i++)
        if (isfinite(values[i])) values[known++] = values[i];
    if (known == 0) return NAN;
    qsort(values, known, sizeof *values, compare_doubles);
    return known % 2 == 1 ? values[known / 2] : (values[known / 2 - 1] + values[known / 2]) / 2;
}

static void add_provider(struct group_provider *sum, const struct result_bucket_provider *part)
{
    sum->quotes += part->quotes;
    sum->timeouts += part->timeouts;
    sum->wins += part->wins;
    sum->canned += part->canned;
    sum->settled += part->quotes + part->timeouts;
    sum->errors[QUOTE_TIMEOUT] += part->timeouts;
    for (unsigned kind = QUOTE_TIMEOUT + 1; kind < QUOTE_OUTCOME_COUNT; kind++) {
        sum->errors[kind] += part->errors[kind];
        sum->settled += part->errors[kind];
    }
}

static void add_counts(struct group *group, const struct result_bucket *bucket)
{
    group->orders += bucket->router.orders;
    group->failed += bucket->router.failed;
    group->routed += bucket->router.routed;
    group->authentic += bucket->router.authentic;
    group->ok += bucket->router.ok;
    group->budget_burned = bucket->budget_burned;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        add_provider(&group->providers[p], &bucket->providers[p]);
}

static void take_together(struct group *group, const struct result_bucket *buckets, uint32_t count,
                          int64_t bucket_us, double *scratch)
{
    group->from_us = buckets[0].from_us;
    group->until_us = buckets[count - 1].from_us + bucket_us;
    for (uint32_t i = 0; i < count; i++)
        add_counts(group, &buckets[i]);
    for (uint32_t i = 0; i < count; i++)
        scratch[i] = buckets[i].router.p50_ms;
    group->p50_ms = median(scratch, count);
    for (uint32_t i = 0; i < count; i++)
        scratch[i] = buckets[i].router.p95_ms;
    group->p95_ms = median(scratch, count);
    for (uint32_t i = 0; i < count; i++)
        scratch[i] = buckets[i].router.p99_ms;
    group->p99_ms = median(scratch, count);
}

bool groups_make(struct groups *groups, const struct result *result, uint32_t limit,
                 struct err *err)
{
    assert(limit > 0);
    *groups = (struct groups){.buckets_each = 1, .each_us = result->bucket_us};
    if (result->bucket_count == 0) return true;

    const uint32_t each = (result->bucket_count + limit - 1) / limit;
    const uint32_t count = (result->bucket_count + each - 1) / each;
    double *scratch = memory_resize(NULL, each, sizeof *scratch);
    groups->items = memory_zeroed(count * sizeof *groups->items);
    if (scratch == NULL || groups->items == NULL) {
        free(scratch);
        groups_release(groups);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the figures");
    }
    groups->count = count;
    groups->buckets_each = each;
    groups->each_us = result->bucket_us * each;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t first = i * each;
        const uint32_t left = result->bucket_count - first;
        take_together(&groups->items[i], &result->buckets[first], left < each ? left : each,
                      result->bucket_us, scratch);
    }
    free(scratch);
    return true;
}

void groups_release(struct groups *groups)
{
    free(groups->items);
    *groups = (struct groups){0};
}
