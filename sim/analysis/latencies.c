#include "sim/analysis/latencies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the latencies");
}

/* ---- series ---- */

struct latency_series *latency_series_of(struct latency_set *set, const char *name, struct err *err)
{
    for (uint32_t s = 0; s < set->count; s++) {
        if (strcmp(set->series[s].name, name) == 0) return &set->series[s];
    }
    const size_t length = strlen(name);
    if (length >= LATENCY_NAME_MAX) {
        (void)err_fail(err, ERR_INPUT, (struct place){0},
                       "\"%.40s...\" has %zu bytes, a name has %d at most", name, length,
                       LATENCY_NAME_MAX - 1);
        return NULL;
    }
    if (set->count == LATENCY_SERIES_MAX) {
        (void)err_fail(err, ERR_INPUT, (struct place){0},
                       "\"%s\" is the name of one series more than the %d there is room for", name,
                       LATENCY_SERIES_MAX);
        (void)err_hint(err, "is this the column of providers?");
        return NULL;
    }
    struct latency_series *all = memory_resize(set->series, set->count + 1u, sizeof *all);
    if (all == NULL) {
        (void)out_of_memory(err);
        return NULL;
    }
    set->series = all;
    struct latency_series *series = &all[set->count++];
    *series = (struct latency_series){.provider = PROVIDER_COUNT};
    memcpy(series->name, name, length + 1);
    enum provider provider;
    if (provider_by_id(name, &provider)) series->provider = provider;
    return series;
}

bool latency_add(struct latency_series *series, const struct latency_sample *sample,
                 struct err *err)
{
    assert(sample->fate < LATENCY_FATES);
    assert(sample->us >= 0);
    assert(sample->us <= LATENCY_US_MAX);
    assert(sample->fate != LATENCY_UNTIMED || sample->us == 0);
    if (series->count == series->capacity) {
        if (series->capacity > UINT32_MAX / 4) return out_of_memory(err);
        const uint32_t capacity = series->capacity * 2 + 64;
        struct latency_sample *samples = memory_resize(series->samples, capacity, sizeof *samples);
        if (samples == NULL) return out_of_memory(err);
        series->samples = samples;
        series->capacity = capacity;
    }
    series->samples[series->count++] = *sample;
    series->fates[sample->fate]++;
    series->at_timeout += sample->fate == LATENCY_CENSORED && !sample->capped;
    return true;
}

struct placed { /* an instant and where its sample lies, for a sort that keeps equals in order */
    int64_t at_us;
    uint32_t place;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *const a = left, *const b = right;
    if (a->at_us != b->at_us) return a->at_us < b->at_us ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static bool is_sorted(const struct latency_series *series)
{
    for (uint32_t i = 1; i < series->count; i++) {
        if (series->samples[i].at_us < series->samples[i - 1].at_us) return false;
    }
    return true;
}

static bool sort_by_time(struct latency_series *series, struct err *err)
{
    if (is_sorted(series)) return true;
    struct placed *placed = memory_resize(NULL, series->count, sizeof *placed);
    struct latency_sample *samples = memory_resize(NULL, series->count, sizeof *samples);
    const bool room = placed != NULL && samples != NULL;
    if (room) {
        for (uint32_t i = 0; i < series->count; i++)
            placed[i] = (struct placed){series->samples[i].at_us, i};
        qsort(placed, series->count, sizeof *placed, compare_placed);
        for (uint32_t i = 0; i < series->count; i++)
            samples[i] = series->samples[placed[i].place];
        free(series->samples);
        series->samples = samples;
        series->capacity = series->count;
    } else {
        free(samples);
    }
    free(placed);
    return room || out_of_memory(err);
}

bool latency_finish(struct latency_series *series, struct err *err)
{
    if (!sort_by_time(series, err)) return false;
    series->timeout_us = 0;
    series->timeouts_differ = false;
    for (uint32_t i = 0; i < series->count; i++) {
        const int64_t timeout_us = series->samples[i].timeout_us;
        if (timeout_us == 0) continue;
        series->timeouts_differ |= series->timeout_us != 0 && series->timeout_us != timeout_us;
        series->timeout_us = timeout_us;
    }
    return true;
}

void latency_series_release(struct latency_series *series)
{
    free(series->samples);
    *series = (struct latency_series){.provider = PROVIDER_COUNT};
}

void latencies_release(struct latency_set *set)
{
    for (uint32_t s = 0; s < set->count; s++)
        latency_series_release(&set->series[s]);
    free(set->series);
    *set = (struct latency_set){0};
}

/* ---- parts ---- */

static struct latency_sample cut_sample(struct latency_sample sample, int64_t timeout_us)
{
    /* Watching ended before the new timeout: it was another one that ended it. */
    if (sample.fate == LATENCY_CENSORED && sample.us < timeout_us) return sample;
    sample.timeout_us = timeout_us;
    /* Nobody knows when an UNTIMED call failed: it stays a failure. */
    if (sample.fate == LATENCY_UNTIMED || sample.us < timeout_us) return sample;
    sample.fate = LATENCY_CENSORED;
    sample.us = timeout_us;
    sample.capped = false;
    return sample;
}

bool latency_cut(struct latency_series *cut, const struct latency_series *series,
                 int64_t timeout_us, struct err *err)
{
    assert(cut != series);
    assert(timeout_us > 0);
    *cut = (struct latency_series){.provider = series->provider};
    memcpy(cut->name, series->name, sizeof cut->name);
    for (uint32_t i = 0; i < series->count; i++) {
        const struct latency_sample sample = cut_sample(series->samples[i], timeout_us);
        if (latency_add(cut, &sample, err)) continue;
        latency_series_release(cut);
        return false;
    }
    return latency_finish(cut, err);
}
